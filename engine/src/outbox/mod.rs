//! Floor 2: one task an account that sends what is due. Never twice, and never silently lost: an attempt is
//! recorded before the call, and a loss after the provider may have accepted is a question for a person.

use crate::connectors::Live;
use crate::error::{Error, Result};
use crate::model::{Outgoing, OutgoingFile, Receipt, Remedy};
use crate::store::outbox::{self as rows, OutboxItem};
use crate::store::{Store, accounts, files};
use crate::time::{DAY, Millis, SECOND};
use std::sync::Arc;
use std::time::Duration;

/// A send that could not be handed over is called failed after so long,
const LONGEST_WAIT: Millis = 2 * DAY;
/// unless it was tried less often than this: a computer that slept over the weekend has not tried yet.
const FEWEST_TRIES: i64 = 10;

/// Send for ever what comes due.
pub async fn run(store: Arc<Store>, live: Arc<Live>) {
    let mut fresh = true;
    loop {
        // An earlier sender of this account may have been stopped in the middle of a call.
        if std::mem::take(&mut fresh)
            && let Err(e) = interrupted(&store, &live).await
        {
            tracing::error!(account = %live.id, code = e.code(), "interrupted sends could not be looked at");
            fresh = true;
        }
        match step(&store, &live).await {
            Ok(Some(pause)) => {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = live.send.notified() => {}
                }
            }
            Ok(None) => {}
            Err(Error::Stopped) => return,
            Err(e) => {
                tracing::error!(account = %live.id, code = e.code(), "the outbox could not be worked on");
                // An outcome that could not be recorded is one that nobody knows any more.
                fresh = true;
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        }
    }
}

async fn interrupted(store: &Store, live: &Live) -> Result<usize> {
    let id = live.id;
    store.write(move |tx| rows::recover_account(tx, id)).await
}

/// Send everything that is due now; for the command line. Returns how many were tried.
///
/// # Errors
/// When the store fails.
pub async fn flush(store: &Store, live: &Live) -> Result<u32> {
    let mut tried = 0;
    while let Some(o) = next(store, live).await?.0 {
        attempt(store, live, o).await?;
        tried += 1;
    }
    file_copies(store, live).await?;
    Ok(tried)
}

async fn next(store: &Store, live: &Live) -> Result<(Option<OutboxItem>, Option<Millis>)> {
    let (id, now) = (live.id, store.clock().now());
    store.read(move |c| rows::due(c, id, now)).await
}

/// One thing to do, or how long to rest.
async fn step(store: &Store, live: &Live) -> Result<Option<Duration>> {
    let (due, later) = next(store, live).await?;
    if let Some(o) = due {
        attempt(store, live, o).await?;
        return Ok(None);
    }
    file_copies(store, live).await?;
    let now = store.clock().now();
    let pause = later.map_or(60 * SECOND, |at| (at - now).clamp(50, 60 * SECOND));
    Ok(Some(Duration::from_millis(pause.unsigned_abs())))
}

async fn attempt(store: &Store, live: &Live, o: OutboxItem) -> Result<()> {
    let id = o.id;
    // Everything that can fail here without a call fails before the attempt is recorded.
    let message = match outgoing(store, &o).await {
        Ok(m) => m,
        Err(e) => {
            let text = format!("It could not be prepared: {e}");
            let said = store
                .write(move |tx| {
                    rows::begin(tx, id)?;
                    rows::failed(tx, id, &text)
                })
                .await;
            // Taken back meanwhile: nothing is left to say.
            return if matches!(said, Err(Error::Refused(_))) {
                Ok(())
            } else {
                said
            };
        }
    };
    let begun = store.write(move |tx| {
        // Whoever asked for no more messages while it waited gets none.
        if rows::stopped(tx, id)? {
            return Ok(None);
        }
        rows::begin(tx, id).map(Some)
    });
    let begun = match begun.await {
        Ok(Some(b)) => b,
        // Taken back in the last moment.
        Ok(None) | Err(Error::Refused(_)) => return Ok(()),
        Err(e) => return Err(e),
    };
    live.lively(store.clock().now());
    match live.connector.send(&message).await {
        Ok(Receipt {
            remote_id,
            needs_filing,
            max_message,
            ..
        }) => {
            let account = live.id;
            store
                .write(move |tx| {
                    if let Some(most) = max_message {
                        accounts::learned_limit(tx, account, most)?;
                    }
                    rows::sent(
                        tx,
                        id,
                        remote_id.as_ref().map(|r| r.0.as_str()),
                        needs_filing,
                    )
                })
                .await
        }
        Err(e) => {
            tracing::warn!(account = %live.id, send = %id, step = e.step, "send failed");
            let now = store.clock().now();
            let what = e.what.clone();
            let giving_up = !e.unasked && gives_up(&begun, now);
            store
                .write(move |tx| match e.remedy {
                    Remedy::Uncertain => rows::uncertain(tx, id, &format!("It may have gone out: {what} Check the Sent folder before sending it again.")),
                    Remedy::Final => rows::failed(tx, id, &what),
                    Remedy::Reconnect => rows::failed(tx, id, &format!("{what} Mend the account in the settings, then send again.")),
                    Remedy::Retry | Remedy::Wait if giving_up => rows::failed(tx, id, &format!("{what} Given up after two days and {} tries.", begun.tries)),
                    Remedy::Retry | Remedy::Wait if e.unasked => {
                        rows::held_back(tx, id, now + e.retry_after.unwrap_or(SECOND).max(SECOND), &what)
                    }
                    Remedy::Retry | Remedy::Wait => {
                        // A provider may ask for a longer rest than ours, and never for a shorter one.
                        let pause = e.retry_after.unwrap_or(0).max(pause(begun.tries, now));
                        rows::retry_later(tx, id, now + pause, &what)
                    }
                })
                .await
        }
    }
}

fn gives_up(o: &OutboxItem, now: Millis) -> bool {
    o.tries >= FEWEST_TRIES && now - o.hold_until >= LONGEST_WAIT
}

/// 5 s, 10 s, … two hours.
fn pause(tries: i64, now: Millis) -> Millis {
    let n = u32::try_from(tries.clamp(1, 12)).unwrap_or(1) - 1;
    let p = (5 * SECOND).saturating_mul(1 << n).min(7_200 * SECOND);
    p + now.rem_euclid(97) * p / 500
}

/// The send as the connector takes it.
async fn outgoing(store: &Store, o: &OutboxItem) -> Result<Outgoing> {
    let (ids, kept, date) = (o.mail.files.clone(), store.files(), store.clock().now());
    let (account, to) = (o.account, o.mail.to.first().cloned());
    let (files, route, customer_wrote) = store
        .read(move |c| {
            let (route, wrote) = match to {
                Some(p) => (
                    rows::route(c, account, &p)?,
                    rows::customer_wrote(c, account, &p)?,
                ),
                None => (None, None),
            };
            let files = ids
                .into_iter()
                .map(|id| {
                    let f = files::get(c, id)?;
                    Ok(OutgoingFile {
                        id,
                        inline: f.inline,
                        bytes: kept.read(&f.hash)?,
                        name: f.name,
                        mime: f.mime,
                    })
                })
                .collect::<Result<Vec<_>>>()?;
            Ok((files, route, wrote))
        })
        .await?;
    let m = &o.mail;
    Ok(Outgoing {
        key: o.id,
        from: m.from.clone(),
        to: m.to.clone(),
        cc: m.cc.clone(),
        bcc: m.bcc.clone(),
        subject: m.subject.clone(),
        text: m.text.clone(),
        html: m.html.clone(),
        signature: m.signature.clone(),
        history: m.history.clone(),
        files,
        route,
        customer_wrote,
        template: m.template.clone(),
        message_id: o.message_id.clone(),
        in_reply_to: m.in_reply_to.clone(),
        references: m.references.clone(),
        date,
    })
}

/// File copies in Sent where the server does not; a failure costs nothing but another try at the next round.
async fn file_copies(store: &Store, live: &Live) -> Result<()> {
    let account = live.id;
    for o in store.read(move |c| rows::to_file(c, account)).await? {
        let id = o.id;
        let mut message = outgoing(store, &o).await?;
        message.date = o.authored_at;
        match live.connector.file_sent(&message).await {
            Ok(_) => store.write(move |tx| rows::filed(tx, id)).await?,
            Err(e) => {
                tracing::warn!(account = %account, send = %id, step = e.step, "the copy in Sent could not be filed yet");
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Ask the provider whether an uncertain send arrived. Found = sent; not found changes nothing.
///
/// # Errors
/// When the account cannot be asked.
pub async fn look_for(store: &Store, live: &Live, o: &OutboxItem) -> Result<bool> {
    let found = live.connector.find_sent(&o.message_id).await?.is_some();
    if found {
        let id = o.id;
        store.write(move |tx| rows::confirmed(tx, id)).await?;
    }
    Ok(found)
}
