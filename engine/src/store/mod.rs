//! Floor 1: the workspace's database. One writer, several readers; whoever writes holds a [`Tx`], whoever
//! reads a plain connection, so that writing outside a transaction does not compile.

pub mod accounts;
pub mod acts;
pub mod afterwards;
pub mod bounces;
pub mod check;
pub mod conversations;
mod facts;
pub mod files;
pub mod hints;
pub mod history;
pub mod ingest;
pub mod keep;
pub mod keys;
mod links;
pub mod lists;
pub mod log;
pub mod log_acts;
pub mod migrate;
pub mod normalise;
mod open;
pub mod outbox;
pub mod persons;
pub mod pictures;
mod places;
pub mod reads;
pub mod search;
pub mod threads;
pub mod timeline;
pub mod transfer;
mod trust;
mod tx;
pub mod variants;
pub mod within;

pub use open::all_closed;
pub use tx::{Changes, Tx};

use open::{Database, connect, connect_plain, open_read_only};

use crate::error::{Error, Result};
use crate::model::{AgentId, CustomerId, DeviceId, IdKey, MessageId};
use crate::secrets::Key;
use crate::time::Clock;
use rusqlite::Connection;
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use tokio::sync::{Semaphore, broadcast, oneshot};

const READERS: usize = 4;
/// 64 MB of page cache over all connections together, the writer's share first (KiB, negative for SQLite).
const WRITER_CACHE_KIB: i64 = 24 * 1024;
const READER_CACHE_KIB: i64 = 10 * 1024;
/// For a connection beside those, as backups use.
const CACHE_ASIDE_KIB: i64 = 2 * 1024;
/// Between two notes of how much there is, of a writer at rest.
const NOTE_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// Who we are and the workspace's keys, read once at opening.
#[derive(Debug, Clone)]
pub struct Identity {
    /// This installation.
    pub device: DeviceId,
    /// The person at it.
    pub agent: AgentId,
    /// Makes ids.
    pub ids: IdKey,
}

/// What a committed transaction changed.
#[derive(Debug, Clone, Default)]
pub struct Announced {
    /// Changes for the window.
    pub changes: Changes,
    /// New human inbound messages: (conversation root, message).
    pub notices: Vec<(CustomerId, MessageId)>,
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The open database.
pub struct Store {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    readers: Arc<Mutex<Vec<Database>>>,
    permits: Arc<Semaphore>,
    dir: PathBuf,
    key: Arc<Key>,
    file_key: Arc<files::FileKey>,
    health: Arc<keep::Health>,
    identity: Identity,
    /// Who we are since an export of this very workspace brought its ids back.
    adopted: std::sync::OnceLock<Identity>,
    clock: Arc<dyn Clock>,
    announce: broadcast::Sender<Announced>,
}

impl Store {
    /// Open the database in `dir`, creating or migrating it.
    ///
    /// # Errors
    /// [`Error::Locked`] when the key is wrong, [`Error::Newer`] for a database of a newer Parley,
    /// [`Error::Corrupt`] for a damaged one.
    pub fn open(dir: &Path, key: &Key, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::with_ids(dir, key, clock, None)
    }

    /// Open the database in `dir` as another desktop of a workspace whose ids are made under `ids`: the same
    /// customers and messages get the same ids here. A database that already belongs to a workspace keeps it.
    ///
    /// # Errors
    /// What [`Store::open`] says, and [`Error::Refused`] when this database belongs to another workspace.
    pub fn join(dir: &Path, key: &Key, clock: Arc<dyn Clock>, ids: &IdKey) -> Result<Self> {
        Self::with_ids(dir, key, clock, Some(ids))
    }

    fn with_ids(dir: &Path, key: &Key, clock: Arc<dyn Clock>, ids: Option<&IdKey>) -> Result<Self> {
        let path = dir.join("parley.db");
        let mut writer = connect(&path, key, WRITER_CACHE_KIB, true)?;
        migrate::migrate(&mut writer)?;
        keep::folder::settle_home(&writer, dir)?;
        let identity = migrate::identity(&mut writer, clock.now(), ids)?;
        search::index::renew_if_old(&writer)?;
        let readers = (0..READERS)
            .map(|_| connect(&path, key, READER_CACHE_KIB, false))
            .collect::<Result<Vec<_>>>()?;
        let (send, receive) = mpsc::channel::<Job>();
        let health = Arc::new(keep::Health::default());
        let (home, seen) = (dir.to_path_buf(), Arc::clone(&health));
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || work(&receive, writer, &home, &seen))
            .map_err(|e| Error::io("starting the store's writer", e))?;
        Ok(Self {
            jobs: Mutex::new(Some(send)),
            writer: Mutex::new(Some(thread)),
            readers: Arc::new(Mutex::new(readers)),
            permits: Arc::new(Semaphore::new(READERS)),
            dir: dir.to_path_buf(),
            file_key: Arc::new(files::FileKey::derive(key)),
            key: Arc::new(Key::new(Box::new(*key.expose_secret()))),
            health,
            identity,
            adopted: std::sync::OnceLock::new(),
            clock,
            announce: broadcast::channel(256).0,
        })
    }

    /// Who we are.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.adopted.get().unwrap_or(&self.identity)
    }

    /// Take the ids of an export of this very workspace over, if nothing is here yet. Returns whether it did.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn adopt(
        &self,
        ids: crate::model::interchange::Ids,
        agent: Option<String>,
    ) -> Result<bool> {
        let adopted = self
            .write(move |tx| transfer::adopt(tx, &ids, agent.as_deref()))
            .await?;
        Ok(match adopted {
            Some(identity) => self.adopted.set(identity).is_ok(),
            None => false,
        })
    }

    /// Where it lies.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The workspace's key, for backups.
    pub(crate) fn key(&self) -> Arc<Key> {
        Arc::clone(&self.key)
    }

    /// How the disk is.
    #[must_use]
    pub fn health(&self) -> &Arc<keep::Health> {
        &self.health
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Kept files.
    #[must_use]
    pub fn files(&self) -> files::Files {
        files::Files::new(self.dir.join("files"), Arc::clone(&self.file_key))
    }

    /// What committed transactions changed.
    #[must_use]
    pub fn announcements(&self) -> broadcast::Receiver<Announced> {
        self.announce.subscribe()
    }

    /// Read. Blocking work runs on a thread of its own.
    ///
    /// # Errors
    /// What `f` says, or [`Error::Stopped`].
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::Stopped)?;
        let (readers, closing) = (Arc::clone(&self.readers), Arc::clone(&self.permits));
        let health = Arc::clone(&self.health);
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let conn = lock(&readers).pop().ok_or(Error::Stopped)?;
            // A panic in a reader must not cost us the connection.
            let out = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(&conn)));
            let mut rest = lock(&readers);
            if !closing.is_closed() {
                rest.push(conn);
            }
            drop(rest);
            let out =
                out.unwrap_or_else(|_| Err(Error::Internal("a read of the store panicked".into())));
            if matches!(out, Err(Error::Corrupt(_))) {
                health.suspect();
            }
            out
        })
        .await
        .map_err(|_| Error::Stopped)?
    }

    /// Look whether a disk that was full or read-only takes writes again; announced when it does. Returns whether
    /// writes are possible.
    pub async fn probe(&self) -> bool {
        if self.health.may_probe() {
            let (health, dir) = (Arc::clone(&self.health), self.dir.clone());
            let well = tokio::task::spawn_blocking(move || health.probe(&dir)).await;
            if matches!(well, Ok(true)) {
                self.announce_health();
            }
        }
        self.health.trouble().is_none()
    }

    /// The window asks again how the workspace is.
    pub(crate) fn announce_health(&self) {
        let mut a = Announced::default();
        a.changes.settings = true;
        // Nobody listening is fine.
        let _ = self.announce.send(a);
    }

    /// Write: all of it in one transaction, or nothing. Changes are announced after the commit. While the disk lets
    /// nothing be written, nothing is tried but to find out whether it does again.
    ///
    /// # Errors
    /// What `f` says, or [`Error::Stopped`].
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if self.health.refusal().is_some()
            && !self.probe().await
            && let Some(e) = self.health.refusal()
        {
            return Err(e);
        }
        let (reply, answer) = oneshot::channel();
        let health = Arc::clone(&self.health);
        let identity = self.identity().clone();
        let clock = Arc::clone(&self.clock);
        let files = self.files();
        let announce = self.announce.clone();
        let job: Job = Box::new(move |conn| {
            let out = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                tx::run(conn, identity, clock.now(), files, f)
            }));
            let out = out.unwrap_or_else(|_| {
                Err(Error::Internal(
                    "a write to the store panicked and was rolled back".into(),
                ))
            });
            let mut news = false;
            let out = keep::health::noted(&health, out, &mut news);
            if news {
                let mut a = Announced::default();
                a.changes.settings = true;
                let _ = announce.send(a);
            }
            let out = out.map(|(value, announced)| {
                if !announced.changes.is_empty() || !announced.notices.is_empty() {
                    // Nobody listening is fine.
                    let _ = announce.send(announced);
                }
                value
            });
            let _ = reply.send(out);
        });
        lock(&self.jobs)
            .as_ref()
            .ok_or(Error::Stopped)?
            .send(job)
            .map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)?
    }

    /// Bring what was written into the database's file and empty the write-ahead file, so that no old page lies in it.
    /// Readers that are in the middle of something keep it as it is; it is emptied at the latest at the next start.
    ///
    /// # Errors
    /// [`Error::Stopped`] when the store is closed.
    pub async fn shorten_log(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            let _ = reply.send(());
        });
        lock(&self.jobs)
            .as_ref()
            .ok_or(Error::Stopped)?
            .send(job)
            .map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)
    }

    /// Finish what was asked and close the database. A read under way closes its own connection when it ends.
    pub fn close(&self) {
        self.permits.close();
        lock(&self.jobs).take();
        if let Some(t) = lock(&self.writer).take() {
            let _ = t.join();
        }
        lock(&self.readers).clear();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

/// The writer's thread: one job after the other, and a note of how much there is from time to time.
fn work(jobs: &mpsc::Receiver<Job>, mut writer: Database, dir: &Path, health: &keep::Health) {
    let mut noted = 0;
    keep::rescue::begin(dir);
    loop {
        match jobs.recv_timeout(NOTE_EVERY) {
            Ok(job) => job(&mut writer),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let changes = writer.total_changes();
                if changes != noted && health.trouble().is_none() {
                    noted = changes;
                    keep::rescue::note(dir, &writer, false);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    keep::rescue::end(dir, &writer, health);
}

/// A poisoned lock only says that somebody panicked; what it guards is whole.
pub(crate) fn lock<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
