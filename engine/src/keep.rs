//! Floor 2: backups as they fall due, and on request; one at a time.

use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::keep::backup::{self, Entry, Job, Kind};
use crate::store::keep::pool::{self, Pruned};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// After the start, so that the first screen has the disk to itself.
const FIRST_LOOK: Duration = Duration::from_secs(30);
/// Whether one is due is looked at so often.
const LOOK: Duration = Duration::from_secs(60);
/// After one that failed.
const AGAIN: Duration = Duration::from_secs(600);

/// The backups of an open workspace.
#[derive(Debug, Default)]
pub struct Backups {
    one: tokio::sync::Mutex<()>,
    stop: Arc<AtomicBool>,
    error: Mutex<Option<String>>,
}

impl Backups {
    /// Why the last one could not be made, in words; `None` when it could.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Take the files away that nothing names any more, while no backup is made.
    ///
    /// # Errors
    /// What [`pool::prune`] says.
    pub async fn prune_files(&self, store: &Store) -> Result<Pruned> {
        let _one = self.one.lock().await;
        pool::prune(store).await
    }

    /// Give up a backup under way; nothing of it stays.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Make one now. With `to`, into that folder, with the kept files in it.
    ///
    /// # Errors
    /// What [`backup::make`] says.
    pub async fn make(
        &self,
        store: &Store,
        kind: Kind,
        to: Option<PathBuf>,
        pace: Duration,
    ) -> Result<Entry> {
        let _one = self.one.lock().await;
        let (dir, key, now) = (store.dir().to_path_buf(), store.key(), store.clock().now());
        let stop = Arc::clone(&self.stop);
        let regular = to.is_none();
        let made = tokio::task::spawn_blocking(move || {
            backup::make(&Job {
                dir: &dir,
                key: &key,
                kind,
                to: to.as_deref(),
                now,
                pace,
                stop: &stop,
            })
        })
        .await
        .unwrap_or_else(|_| Err(Error::Internal("a backup panicked".into())));
        if regular && !matches!(made, Err(Error::Stopped)) {
            self.tell(store, made.as_ref().err().map(ToString::to_string));
        }
        if let Err(Error::Corrupt(_)) = &made {
            // It is the database that could not be read, or else the disk: somebody should look.
            store.health().suspect();
        }
        made
    }

    fn tell(&self, store: &Store, error: Option<String>) {
        if let Some(e) = &error {
            tracing::error!("a backup could not be made");
            tracing::debug!(error = %e, "why");
        }
        let mut kept = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = error;
        drop(kept);
        store.announce_health();
    }

    /// Make what is due, and nothing where nothing changed. Returns what was made.
    ///
    /// # Errors
    /// What [`backup::make`] says.
    pub async fn make_due(&self, store: &Store) -> Result<Option<Entry>> {
        let all = backup::list(store.dir());
        let Some(kind) = backup::due(&all, store.clock().now()) else {
            return Ok(None);
        };
        if store.health().trouble().is_some()
            || !store.read(move |c| backup::changed(c, &all)).await?
        {
            return Ok(None);
        }
        self.make(store, kind, None, backup::PACE).await.map(Some)
    }

    /// Make what is due for as long as the workspace is open.
    pub async fn run(self: Arc<Self>, store: Weak<Store>) {
        let mut pause = FIRST_LOOK;
        loop {
            tokio::time::sleep(pause).await;
            let Some(store) = store.upgrade() else { return };
            pause = match self.make_due(&store).await {
                Ok(made) => {
                    // Once a day what a crash left behind goes too.
                    if made.is_some_and(|e| e.manifest.kind == Kind::Daily) {
                        let _ = self.prune_files(&store).await;
                    }
                    LOOK
                }
                Err(Error::Stopped) => return,
                Err(_) => AGAIN,
            };
        }
    }
}
