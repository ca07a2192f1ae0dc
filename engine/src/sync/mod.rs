//! Floor 2: one supervised task an account that polls it into the store.

use crate::connectors::{Live, Recall};
use crate::error::{Error, Result};
use crate::model::{
    AccountId, AccountState, Batch, ChannelError, Cursor, Mark, ReadMark, Remedy, RemoteId,
};
use crate::store::accounts::{self, Health};
use crate::store::{Store, ingest, reads};
use crate::time::{Millis, SECOND};
use async_trait::async_trait;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The first pause after a failure; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Millis = 5 * SECOND;
/// Ten minutes: a server that is back is noticed by then at the latest.
const LONGEST_PAUSE: Millis = 600 * SECOND;

/// Poll everything that is waiting right now. Returns how many messages were new.
///
/// # Errors
/// What the channel or the store says; what was stored before stays stored.
pub async fn poll_once(store: &Store, live: &Live) -> Result<u32> {
    let mut new = 0;
    loop {
        let (brought, more) = poll_batch(store, live).await?;
        new += brought;
        if !more {
            return Ok(new);
        }
    }
}

/// One batch: the cursor moves with what was polled, or not at all.
async fn poll_batch(store: &Store, live: &Live) -> Result<(u32, bool)> {
    let id = live.id;
    let cursor = store
        .read(move |c| Ok(accounts::get(c, id)?.cursor))
        .await?;
    tell_read(store, live, cursor.as_ref()).await?;
    let batch = live.connector.poll(cursor.as_ref()).await?;
    let more = batch.more;
    // Nothing new, and nothing to remember of it: most polls of a quiet account write nothing.
    if batch.events.is_empty()
        && batch.gaps.is_empty()
        && batch.progress.is_none()
        && cursor.as_ref() == Some(&batch.next)
    {
        return Ok((0, more));
    }
    let new = keep(store, id, batch).await?;
    if new > 0 {
        live.lively(store.clock().now());
    }
    Ok((new, more))
}

/// How long to rest before the next poll of an account that is not pushed to, a little longer for some than for
/// others, so that they do not march in step.
#[must_use]
pub fn pace(live: &Live, now: Millis) -> Duration {
    let can = live.connector.capabilities();
    let seconds = if now < live.lively_until() {
        can.poll_seconds
    } else {
        can.idle_seconds.max(can.poll_seconds)
    };
    let pause = Millis::from(seconds.max(1)) * SECOND;
    let spread = pause / 10 * (now.rem_euclid(97) + i64::from(live.id.0[0])).rem_euclid(97) / 97;
    Duration::from_millis((pause + spread).unsigned_abs())
}

/// Read again what an earlier version did not understand.
///
/// # Errors
/// When the store fails.
pub async fn read_again(store: &Store, live: &Live) -> Result<()> {
    const MOST: u32 = 200;
    let (id, version) = (live.id, live.connector.reads_version());
    loop {
        let waiting = store
            .read(move |c| ingest::to_read_again(c, id, version, MOST))
            .await?;
        if waiting.is_empty() {
            return Ok(());
        }
        for (remote, raw) in waiting {
            let events = live.connector.read_again(&raw);
            store
                .write(move |tx| ingest::read_again(tx, id, &remote, version, events.as_deref()))
                .await?;
        }
    }
}

/// Keep a batch in transactions so short that whoever works in the window never waits long for the writer. The cursor
/// moves with the last of them: what was kept before a failure is told again and known. Returns how many were new.
///
/// # Errors
/// When the store or the disk fails.
pub async fn keep(store: &Store, id: AccountId, mut batch: Batch) -> Result<u32> {
    /// Messages in the first transaction.
    const FIRST: usize = 16;
    /// What a transaction should take.
    const SHORT: Duration = Duration::from_millis(25);
    let (mut step, mut new) = (FIRST, 0);
    while batch.events.len() > step {
        let later = batch.events.split_off(step);
        let events = std::mem::replace(&mut batch.events, later);
        let begin = Instant::now();
        let b = store
            .write(move |tx| ingest::first(tx, id, &events))
            .await?;
        new += b.new + b.unreadable;
        step = match begin.elapsed() {
            long if long > SHORT * 2 => (step / 2).max(1),
            short if short < SHORT / 2 => step * 2,
            _ => step,
        };
    }
    let b = store.write(move |tx| ingest::batch(tx, id, &batch)).await?;
    Ok(new + b.new + b.unreadable)
}

/// Tell the provider what was read here, before it is asked what was read there.
async fn tell_read(store: &Store, live: &Live, cursor: Option<&Cursor>) -> Result<()> {
    let id = live.id;
    let untold = store.read(move |c| reads::untold(c, id)).await?;
    if untold.is_empty() {
        return Ok(());
    }
    let marks: Vec<ReadMark> = untold.iter().map(|u| u.mark.clone()).collect();
    live.connector.store_read(cursor, &marks).await?;
    store.write(move |tx| reads::told(tx, id, &untold)).await
}

/// What the store knows of an account's messages, for its connector.
pub struct StoreRecall {
    store: Arc<Store>,
    account: AccountId,
}

impl StoreRecall {
    /// Of this account.
    #[must_use]
    pub fn new(store: Arc<Store>, account: AccountId) -> Self {
        Self { store, account }
    }
}

#[async_trait]
impl Recall for StoreRecall {
    async fn known(&self, marks: Vec<Mark>) -> Vec<bool> {
        let (account, all) = (self.account, marks.len());
        let known = self
            .store
            .read(move |c| reads::known(c, account, &marks))
            .await;
        // A store that cannot answer knows nothing: the mails are fetched.
        known.unwrap_or_else(|_| vec![false; all])
    }

    async fn present(
        &self,
        beginning: &str,
        numbers: RangeInclusive<u64>,
        most: usize,
    ) -> Vec<u64> {
        let (account, beginning) = (self.account, beginning.to_owned());
        let present = self
            .store
            .read(move |c| reads::present(c, account, &beginning, numbers, most))
            .await;
        present.unwrap_or_default()
    }

    async fn holds(&self, id: &RemoteId) -> bool {
        let (account, id) = (self.account, id.clone());
        let held = self.store.read(move |c| reads::holds(c, account, &id));
        held.await.unwrap_or(false)
    }
}

/// Poll for ever: news as they come, failures with growing pauses. Ends when the account needs a person.
pub async fn run(store: Arc<Store>, live: Arc<Live>) {
    let mut failures = 0u32;
    if let Err(e) = read_again(&store, &live).await {
        tracing::warn!(account = %live.id, code = e.code(), "what was not understood could not be read again");
    }
    loop {
        let round = async {
            match until_quiet(&store, &live).await {
                Ok(()) => {
                    failures = 0;
                    wait_for_news(&store, &live).await;
                    true
                }
                Err(Error::Stopped | Error::NotFound(_)) => false,
                Err(e) => {
                    live.connector.close().await;
                    let pause = rest(&store, &live, &e, failures).await;
                    failures = match recover(&live, pause).await {
                        Recovered::ByItself => failures.saturating_add(1),
                        Recovered::Asked => 0,
                    };
                    true
                }
            }
        };
        // What is in the middle of a call when the computer falls asleep waits for an answer that never comes.
        let go_on = tokio::select! {
            go_on = round => go_on,
            () = live.rouse.notified() => {
                failures = 0;
                live.connector.abandon().await;
                tokio::time::sleep(jitter(live.id)).await;
                true
            }
        };
        if !go_on {
            return;
        }
    }
}

/// So that the accounts of many computers, woken together, do not knock at one server in the same instant.
fn jitter(id: AccountId) -> Duration {
    let spread = u64::from(id.0[0]) << 8 | u64::from(id.0[1]);
    Duration::from_millis(spread * 3_000 / 65_536)
}

async fn wait_for_news(store: &Store, live: &Live) {
    let id = live.id;
    let cursor = store
        .read(move |c| Ok(accounts::get(c, id)?.cursor))
        .await
        .ok()
        .flatten();
    let news = async {
        if live.connector.capabilities().pushes {
            live.connector.wait(cursor.as_ref()).await;
        } else {
            tokio::time::sleep(pace(live, store.clock().now())).await;
        }
    };
    tokio::select! {
        () = news => {}
        () = live.poll.notified() => {}
    }
}

/// What ended a pause after a failure.
enum Recovered {
    /// It was over.
    ByItself,
    /// Somebody asked for another try.
    Asked,
}

async fn recover(live: &Live, pause: Option<Millis>) -> Recovered {
    let Some(ms) = pause else {
        // Only a person can mend this; the window says so.
        live.poll.notified().await;
        return Recovered::Asked;
    };
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())) => Recovered::ByItself,
        () = live.poll.notified() => Recovered::Asked,
    }
}

/// Batches until nothing is waiting; says that all is well after the first one.
async fn until_quiet(store: &Store, live: &Live) -> Result<()> {
    loop {
        let (_, more) = poll_batch(store, live).await?;
        live.refused.store(false, Ordering::SeqCst);
        say(
            store,
            live,
            AccountState::Ok,
            if more {
                "Connected; older messages are still coming in".into()
            } else {
                "Connected".into()
            },
            next_look(live, more, store.clock().now()),
            true,
        )
        .await;
        if !more {
            return Ok(());
        }
        // A send must not wait for a long first sync.
        tokio::task::yield_now().await;
    }
}

/// When an account that is not pushed to is looked at next.
fn next_look(live: &Live, more: bool, now: Millis) -> Option<Millis> {
    let polled = !more && !live.connector.capabilities().pushes;
    polled.then(|| now + Millis::try_from(pace(live, now).as_millis()).unwrap_or(0))
}

/// Say what is wrong and for how long to rest; `None` = until a person acts.
async fn rest(store: &Store, live: &Live, e: &Error, failures: u32) -> Option<Millis> {
    let now = store.clock().now();
    let (state, pause) = match e {
        Error::Channel(ChannelError {
            remedy: Remedy::Reconnect | Remedy::Final,
            ..
        }) => (AccountState::NeedsAttention, None),
        Error::Channel(c) => (
            AccountState::Waiting,
            Some(told_or_backoff(c.retry_after, failures, now)),
        ),
        _ => (AccountState::Waiting, Some(backoff(failures, now))),
    };
    let refused = matches!(e, Error::Channel(c) if c.refuses_secret());
    live.refused.store(refused, Ordering::SeqCst);
    tracing::warn!(account = %live.id, step = step(e), code = e.code(), "poll failed");
    say(
        store,
        live,
        state,
        e.to_string(),
        pause.map(|p| now + p),
        false,
    )
    .await;
    pause
}

fn step(e: &Error) -> &'static str {
    if let Error::Channel(c) = e {
        c.step
    } else {
        "store"
    }
}

/// 5 s, 10 s, … 10 min, each up to a fifth longer so that accounts do not march in step.
#[must_use]
pub fn backoff(failures: u32, now: Millis) -> Millis {
    let pause = doubled(failures);
    pause + spread(pause, now)
}

/// As long as a server asks for, a little longer for some than for others. One that asks for no rest, or for one that
/// is over by its clock, is not asked again and again: up to a minute our own pauses are the least.
fn told_or_backoff(told: Option<Millis>, failures: u32, now: Millis) -> Millis {
    const MINUTE: Millis = 60 * SECOND;
    let Some(told) = told else {
        return backoff(failures, now);
    };
    let pause = told.max(doubled(failures).min(MINUTE));
    pause + spread(pause.min(LONGEST_PAUSE), now)
}

fn doubled(failures: u32) -> Millis {
    FIRST_PAUSE
        .saturating_mul(1 << failures.min(10))
        .min(LONGEST_PAUSE)
}

fn spread(pause: Millis, now: Millis) -> Millis {
    now.rem_euclid(97) * pause / 5 / 97
}

async fn say(
    store: &Store,
    live: &Live,
    state: AccountState,
    says: String,
    next_try: Option<Millis>,
    success: bool,
) {
    let id = live.id;
    let h = Health {
        state,
        says,
        next_try,
        success,
    };
    if let Err(e) = store.write(move |tx| accounts::health(tx, id, &h)).await {
        tracing::error!(account = %id, code = e.code(), "the account's state could not be kept");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_are_woken_together_begin_within_three_seconds_and_apart() {
        let all: Vec<_> = (0..50).map(|_| jitter(AccountId::random())).collect();
        assert!(all.iter().all(|j| *j < Duration::from_secs(3)));
        assert!(all.iter().max() > all.iter().min());
    }

    #[test]
    fn a_server_that_asks_for_no_rest_gets_ours_and_all_rests_are_spread() {
        let asked_again = |failures| told_or_backoff(Some(0), failures, 0);
        assert_eq!(asked_again(0), 5_000);
        assert_eq!(asked_again(2), 20_000);
        assert_eq!(asked_again(60), 60_000, "a minute is enough");
        assert_eq!(told_or_backoff(Some(30_000), 0, 0), 30_000, "as told");
        assert_eq!(told_or_backoff(Some(300_000), 60, 0), 300_000);
        assert_eq!(told_or_backoff(None, 3, 0), backoff(3, 0));
        let spread: std::collections::BTreeSet<_> = (0..97)
            .map(|now| told_or_backoff(Some(30_000), 0, now))
            .collect();
        assert!(spread.len() > 50 && spread.iter().all(|p| (30_000..=36_000).contains(p)));
        let day = 86_400_000;
        assert!(
            told_or_backoff(Some(day), 0, 96) <= day + 120_000,
            "a long rest is not made much longer"
        );
    }

    #[test]
    fn pauses_grow_to_ten_minutes_and_no_further() {
        assert_eq!(backoff(0, 0), 5_000);
        assert_eq!(backoff(1, 0), 10_000);
        assert_eq!(backoff(60, 0), 600_000);
        assert!((0..1_000).all(|n| backoff(3, n) >= 40_000 && backoff(3, n) <= 48_000));
    }
}
