//! The engine at work: the store, and for each connected account a poller and a sender.

pub mod proofs;

use crate::connectors::email::oauth::{self, Flows, Issuers};
use crate::connectors::fetch::Fetcher;
use crate::connectors::{Context, Credentials, Factory, Live};
use crate::error::Result;
use crate::keep::Backups;
use crate::model::AccountId;
use crate::secrets::Key;
use crate::store::accounts::{self, AccountRow};
use crate::store::search::index;
use crate::store::{Store, conversations, outbox as outbox_rows};
use crate::time::{Clock, Millis, SECOND};
use crate::{outbox, sync};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// An open workspace.
pub struct Engine {
    store: Arc<Store>,
    connect: Factory,
    running: Mutex<HashMap<AccountId, Running>>,
    keeper: Mutex<Option<JoinHandle<()>>>,
    backups: Arc<Backups>,
    backing_up: Mutex<Option<JoinHandle<()>>>,
    /// Sign-ins at a provider's page that are under way.
    flows: Arc<Flows>,
    proofs: proofs::Proofs,
    /// The window is in front.
    front: std::sync::atomic::AtomicBool,
    /// The way to the vendors' interfaces, shared by all accounts.
    net: Arc<crate::connectors::http::Net>,
    /// Whether accounts are polled; the command line reads without it.
    online: std::sync::atomic::AtomicBool,
    /// When everything was last roused.
    roused: Mutex<Option<Instant>>,
    /// Fetches remote pictures when a person asks for them.
    fetcher: std::sync::OnceLock<Fetcher>,
    imports: crate::transfer::Running,
    exports: crate::transfer::Exports,
    picked: crate::transfer::Picked,
}

struct Running {
    live: Arc<Live>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        for t in &self.tasks {
            t.abort();
        }
    }
}

impl Engine {
    /// Open the workspace in `dir`. Sends that were under way when Parley stopped become uncertain. Blocks.
    ///
    /// # Errors
    /// What [`Store::open`] says.
    pub fn open(
        dir: &Path,
        key: &Key,
        clock: Arc<dyn Clock>,
        connect: Factory,
    ) -> Result<Arc<Self>> {
        Self::open_with(dir, key, clock, connect, oauth::issuers())
    }

    /// Open with other sign-in pages, for tests. Blocks.
    ///
    /// # Errors
    /// What [`Store::open`] says.
    pub fn open_with(
        dir: &Path,
        key: &Key,
        clock: Arc<dyn Clock>,
        connect: Factory,
        issuers: Issuers,
    ) -> Result<Arc<Self>> {
        let flows = Arc::new(Flows::new(issuers, Arc::clone(&clock)));
        let net = Arc::new(crate::connectors::http::Net::new(Arc::clone(&clock)));
        let store = Arc::new(Store::open(dir, key, clock)?);
        Ok(Arc::new(Self {
            proofs: proofs::Proofs::new(Arc::clone(&store), Arc::clone(&flows)),
            flows,
            store,
            connect,
            running: Mutex::default(),
            keeper: Mutex::default(),
            backups: Arc::default(),
            backing_up: Mutex::default(),
            net,
            front: false.into(),
            online: false.into(),
            roused: Mutex::default(),
            fetcher: std::sync::OnceLock::new(),
            imports: crate::transfer::Running::default(),
            exports: crate::transfer::Exports::default(),
            picked: crate::transfer::Picked::default(),
        }))
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The backups.
    #[must_use]
    pub fn backups(&self) -> &Arc<Backups> {
        &self.backups
    }

    /// The way to the vendors' interfaces.
    #[must_use]
    pub fn net(&self) -> &Arc<crate::connectors::http::Net> {
        &self.net
    }

    /// The window is in front, or no more: while it is, accounts that are not pushed to are polled at their quick pace.
    pub fn attention(&self, on: bool) {
        self.front.store(on, std::sync::atomic::Ordering::SeqCst);
        let now = self.store.clock().now();
        for r in lock(&self.running).values() {
            r.live.attended(now, on);
        }
    }

    /// What fetches remote pictures: the guarded one, unless a test put another in its place.
    #[must_use]
    pub fn fetcher(&self) -> &Fetcher {
        self.fetcher.get_or_init(Fetcher::default)
    }

    /// Put a fetcher in the place of the guarded one, before the first picture. For tests with servers of their own.
    pub fn set_fetcher(&self, fetcher: Fetcher) {
        let _ = self.fetcher.set(fetcher);
    }

    /// The imports under way.
    #[must_use]
    pub fn imports(&self) -> &crate::transfer::Running {
        &self.imports
    }

    /// The export under way.
    #[must_use]
    pub fn exports(&self) -> &crate::transfer::Exports {
        &self.exports
    }

    /// The table that a person chose.
    #[must_use]
    pub fn picked(&self) -> &crate::transfer::Picked {
        &self.picked
    }

    /// Begin to poll and to send, and keep the sleepers' alarm.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(self: &Arc<Self>) -> Result<()> {
        self.recover().await?;
        self.online.store(true, std::sync::atomic::Ordering::SeqCst);
        for a in self.store.read(accounts::all).await? {
            self.run(&a).await?;
        }
        let me = Arc::downgrade(self);
        let mut announced = self.store.announcements();
        let keeper = tokio::spawn(async move {
            let mut watch = SleepWatch::default();
            loop {
                let Some(engine) = me.upgrade() else { return };
                let pause = engine.keep(&watch).await;
                watch.rests_until(engine.store.clock().now(), pause);
                drop(engine);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    a = announced.recv() => {
                        let outbox = match a {
                            Ok(a) => a.changes.outbox,
                            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => true,
                            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                        };
                        if outbox && let Some(e) = me.upgrade() { e.wake_senders() }
                    }
                }
            }
        });
        *lock(&self.keeper) = Some(keeper);
        tokio::spawn(fill_index(Arc::downgrade(self)));
        tokio::spawn(go_on_erasing(
            Arc::clone(&self.store),
            Arc::clone(&self.backups),
        ));
        let backing_up = Arc::clone(&self.backups).run(Arc::downgrade(&self.store));
        *lock(&self.backing_up) = Some(tokio::spawn(backing_up));
        Ok(())
    }

    /// What was being sent when Parley last stopped may have gone out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover(&self) -> Result<usize> {
        self.store.write(outbox_rows::recover).await
    }

    /// Wake sleepers; after the computer slept, wake everything. Returns how long to rest.
    async fn keep(&self, watch: &SleepWatch) -> Duration {
        const REST: Millis = 30 * SECOND;
        /// While the disk lets nothing be written.
        const LOOK: Duration = Duration::from_secs(3);
        if self.store.health().trouble().is_some() {
            if !self.store.probe().await {
                return LOOK;
            }
            tracing::info!("the disk takes writes again; accounts are polled at once");
            self.wake_all();
        }
        let now = self.store.clock().now();
        if watch.slept(now) {
            self.rouse();
            // Waits and times on screen stand still meanwhile.
            let told = self.store.write(|tx| {
                tx.changes.lists = true;
                Ok(())
            });
            if let Err(e) = told.await {
                tracing::warn!(
                    code = e.code(),
                    "the window could not be told that the computer slept"
                );
            }
        }
        let wake = |tx: &mut crate::store::Tx<'_>| {
            crate::store::files::expire(tx)?;
            conversations::wake(tx)
        };
        match self.store.write(wake).await {
            Ok(Some(next)) => Duration::from_millis((next - now).clamp(50, REST).unsigned_abs()),
            Ok(None) => Duration::from_millis(REST.unsigned_abs()),
            Err(e) => {
                tracing::error!(code = e.code(), "sleepers could not be woken");
                Duration::from_millis(REST.unsigned_abs())
            }
        }
    }

    /// Poll and send for this account from now on, unless it is paused or we only read.
    ///
    /// # Errors
    /// When its secret cannot be read.
    pub async fn run(&self, a: &AccountRow) -> Result<()> {
        self.halt(a.id);
        let id = a.id;
        // The sender just stopped may have been in the middle of a call.
        self.store
            .write(move |tx| outbox_rows::recover_account(tx, id))
            .await?;
        if a.paused || !self.online.load(std::sync::atomic::Ordering::SeqCst) {
            return Ok(());
        }
        let live = self.live(a).await?;
        if self.front.load(std::sync::atomic::Ordering::SeqCst) {
            live.attended(self.store.clock().now(), true);
        }
        let tasks = vec![
            tokio::spawn(supervised(a.id, "poller", {
                let (s, l) = (Arc::clone(&self.store), Arc::clone(&live));
                move || sync::run(Arc::clone(&s), Arc::clone(&l))
            })),
            tokio::spawn(supervised(a.id, "sender", {
                let (s, l) = (Arc::clone(&self.store), Arc::clone(&live));
                move || outbox::run(Arc::clone(&s), Arc::clone(&l))
            })),
        ];
        lock(&self.running).insert(a.id, Running { live, tasks });
        Ok(())
    }

    /// A connection of its own to an account.
    ///
    /// # Errors
    /// When its secret cannot be read.
    pub async fn live(&self, a: &AccountRow) -> Result<Arc<Live>> {
        let id = a.id;
        let secret = self.store.read(move |c| accounts::secret(c, id)).await?;
        let proof = self.proofs.stored(id, &a.config, secret);
        let live = self.connector(id, &a.config, proof);
        live.connector.read_history(a.history);
        live.connector
            .recall_from(Arc::new(sync::StoreRecall::new(self.store.clone(), id)));
        Ok(Arc::new(live))
    }

    /// A connector for settings that need not be stored.
    #[must_use]
    pub fn connector(
        &self,
        id: AccountId,
        config: &crate::model::AccountConfig,
        credentials: Arc<dyn Credentials>,
    ) -> Live {
        let context = Context {
            clock: Arc::clone(self.store.clock()),
            credentials,
            net: Arc::clone(&self.net),
        };
        Live {
            id,
            connector: (self.connect)(config, context),
            poll: tokio::sync::Notify::new(),
            send: tokio::sync::Notify::new(),
            rouse: tokio::sync::Notify::new(),
            lively_until: 0.into(),
            refused: false.into(),
        }
    }

    /// A connector that is only asked what it can do.
    #[must_use]
    pub fn idle(&self, id: AccountId, config: &crate::model::AccountConfig) -> Live {
        let nothing = crate::connectors::Password(String::new().into());
        self.connector(id, config, Arc::new(nothing))
    }

    /// What accounts prove with who they are.
    #[must_use]
    pub fn proofs(&self) -> &proofs::Proofs {
        &self.proofs
    }

    /// Sign-ins at a provider's page that are under way.
    #[must_use]
    pub fn flows(&self) -> &Flows {
        &self.flows
    }

    /// The running connection of an account.
    #[must_use]
    pub fn running(&self, id: AccountId) -> Option<Arc<Live>> {
        lock(&self.running).get(&id).map(|r| Arc::clone(&r.live))
    }

    /// Stop polling and sending for an account.
    pub fn halt(&self, id: AccountId) {
        lock(&self.running).remove(&id);
    }

    fn wake_senders(&self) {
        for r in lock(&self.running).values() {
            r.live.send.notify_one();
        }
    }

    /// Poll and send everywhere at once.
    pub fn wake_all(&self) {
        for r in lock(&self.running).values() {
            r.live.poll.notify_one();
            r.live.send.notify_one();
        }
    }

    /// The computer has been asleep, or came to another network: all accounts poll at once on new connections, and
    /// what is to be sent is looked at. Told twice within a moment, by the system and by the clock, it happens once.
    pub fn rouse(&self) {
        const MOMENT: Duration = Duration::from_secs(10);
        let now = Instant::now();
        {
            let mut roused = lock(&self.roused);
            if roused.is_some_and(|then| now.duration_since(then) < MOMENT) {
                return;
            }
            *roused = Some(now);
        }
        tracing::info!(
            "the computer was asleep or changed its network; accounts are polled at once"
        );
        self.net.rouse();
        for r in lock(&self.running).values() {
            r.live.rouse.notify_one();
            r.live.send.notify_one();
        }
    }

    /// Stop all tasks, say goodbye to the servers, close the store.
    pub async fn stop(&self) {
        self.imports.cancel_all();
        self.exports.cancel();
        if let Some(k) = lock(&self.keeper).take() {
            k.abort();
        }
        self.backups.stop();
        if let Some(b) = lock(&self.backing_up).take() {
            // A copy under way ends by itself at its next slice.
            b.abort();
        }
        let running: Vec<Running> = lock(&self.running).drain().map(|(_, r)| r).collect();
        for r in running {
            let live = Arc::clone(&r.live);
            drop(r);
            let _ = tokio::time::timeout(Duration::from_secs(2), live.connector.close()).await;
        }
        let store = Arc::clone(&self.store);
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }
}

/// Accounts that were to go with their messages when Parley was stopped: the person agreed, so it is ended.
async fn go_on_erasing(store: Arc<Store>, backups: Arc<Backups>) {
    let erased = async {
        let waiting = store.read(accounts::waiting_to_be_erased).await?;
        for id in &waiting {
            crate::transfer::erase::archive(&store, *id, |_, _| {}).await?;
        }
        if !waiting.is_empty() {
            backups.prune_files(&store).await?;
        }
        Ok::<_, crate::error::Error>(())
    };
    if let Err(e) = erased.await {
        tracing::error!(
            code = e.code(),
            "an account that was disconnected could not be erased; it is tried again at the next start"
        );
    }
}

/// Fill the search index where it is not whole, in slices that leave the writer free in between.
async fn fill_index(engine: std::sync::Weak<Engine>) {
    const SLICE: usize = 100;
    while let Some(e) = engine.upgrade() {
        match e.store.write(|tx| index::fill(tx, SLICE)).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(e) => {
                tracing::error!(code = e.code(), "the search index could not be filled");
                return;
            }
        }
        drop(e);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A panic inside a task is a defect of one account only: the task begins anew after a pause.
async fn supervised<F, T>(id: AccountId, what: &'static str, make: F)
where
    F: Fn() -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let mut pause = Duration::from_secs(5);
    loop {
        let mut task = AbortOnDrop(tokio::spawn(make()));
        match (&mut task.0).await {
            Err(e) if e.is_panic() => {
                tracing::error!(account = %id, what, "a task panicked and is started again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(600));
            }
            _ => return,
        }
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Notices that the computer slept: a rest took far longer than it was meant to. Said by the wall clock alone, because
/// the monotonic one stands still during sleep on some systems and goes on on others.
#[derive(Default)]
struct SleepWatch {
    due: Option<Millis>,
}

impl SleepWatch {
    /// Longer than a busy computer lets a task wait.
    const LATE: Millis = 30 * SECOND;

    fn slept(&self, now: Millis) -> bool {
        self.due.is_some_and(|due| now - due > Self::LATE)
    }

    fn rests_until(&mut self, now: Millis, pause: Duration) {
        let pause = Millis::try_from(pause.as_millis()).unwrap_or(Millis::MAX);
        self.due = Some(now.saturating_add(pause));
    }
}

fn lock<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_that_took_far_longer_than_meant_was_a_sleep() {
        let mut w = SleepWatch::default();
        assert!(!w.slept(1_000), "the first look knows of no rest");
        w.rests_until(1_000, Duration::from_secs(30));
        assert!(!w.slept(5_000), "woken early, by news");
        assert!(!w.slept(31_000 + 30 * SECOND), "a busy computer");
        assert!(w.slept(31_000 + 31 * SECOND));
        let night = 31_000 + 8 * 3_600 * SECOND;
        assert!(w.slept(night));
        w.rests_until(night, Duration::from_secs(30));
        assert!(!w.slept(night + 30 * SECOND), "said once");
        assert!(!w.slept(0), "a clock that is set back is no sleep");
    }
}
