//! Floor 2: import and export. Joins the readers of mail (`connectors`) with the store, one direction each.
//!
//! An import is read ahead on a thread of its own and stored in short transactions through the same ingest as polling;
//! how far it came is stored with what was stored, so that it goes on after any stop, and doing it again changes
//! nothing. An export reads one snapshot and holds a page of it at a time.

pub mod contacts;
pub mod digest;
pub mod erase;
pub mod export;
pub mod mbox;
mod read;
pub mod sample;
mod take;
mod underway;
pub mod walk;

pub use read::Gauge;
pub use underway::{Exporting, Exports, Meter, Picked};

use crate::error::{Error, Result};
use crate::model::{AccountId, Channel, ImportId, Place, address_key};
use crate::store::transfer::{self as rows, Brings, Import, ImportState};
use crate::store::{Store, lock};
use read::{Chunk, Rules};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use walk::Position;

/// Chunks that wait for the writer.
const AHEAD: usize = 2;

/// How an import was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Into this account; else into an archive.
    pub account: Option<AccountId>,
    /// The archive's name.
    pub archive: Option<String>,
    /// Our addresses.
    pub own: Vec<String>,
    /// Counts as if it came today; else it is history.
    pub measured: bool,
    /// What the mails are, whatever their folder is called.
    pub place: Option<Place>,
    /// It is made up, after this recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<sample::Recipe>,
}

impl Options {
    fn brings(&self) -> Brings {
        match self.account {
            Some(a) => Brings::Account(a),
            None => Brings::Archive {
                name: self
                    .archive
                    .clone()
                    .filter(|n| !n.trim().is_empty())
                    .unwrap_or_else(|| "Imported".into()),
                own: self.own.clone(),
                measured: self.measured,
                sample: self.sample.is_some(),
            },
        }
    }

    /// Options that make no sense are refused before anything is read.
    fn check(&self) -> Result<()> {
        if self.account.is_some() && self.measured {
            return Err(Error::Refused(
                "a connected mailbox counts from its first connection on, and that cannot be moved back; to measure old mail, import it into a new archive".into(),
            ));
        }
        for own in &self.own {
            if address_key(Channel::Email, own).is_none()
                && (own.trim().is_empty() || own.contains(char::is_control))
            {
                return Err(Error::Invalid(format!("“{own}” is no address")));
            }
        }
        if self
            .archive
            .as_ref()
            .is_some_and(|n| n.chars().count() > 100 || n.chars().any(char::is_control))
        {
            return Err(Error::Invalid(
                "an archive's name has at most 100 characters, on one line".into(),
            ));
        }
        Ok(())
    }
}

/// The imports under way in this process.
#[derive(Default)]
pub struct Running(Mutex<HashMap<ImportId, Arc<AtomicBool>>>);

impl Running {
    /// Whether it is under way here.
    #[must_use]
    pub fn has(&self, id: ImportId) -> bool {
        lock(&self.0).contains_key(&id)
    }
    /// Ask it to rest; it does after what it is storing.
    #[must_use]
    pub fn cancel(&self, id: ImportId) -> bool {
        lock(&self.0)
            .get(&id)
            .is_some_and(|c| !c.swap(true, Ordering::SeqCst))
    }
    /// Whether any is under way here.
    #[must_use]
    pub fn any(&self) -> bool {
        !lock(&self.0).is_empty()
    }
    /// Ask all to rest.
    pub fn cancel_all(&self) {
        for c in lock(&self.0).values() {
            c.store(true, Ordering::SeqCst);
        }
    }
    fn enter(&self, id: ImportId) -> Option<Arc<AtomicBool>> {
        let mut all = lock(&self.0);
        if all.contains_key(&id) {
            return None;
        }
        let cancel = Arc::new(AtomicBool::new(false));
        all.insert(id, Arc::clone(&cancel));
        Some(cancel)
    }
    fn leave(&self, id: ImportId) {
        lock(&self.0).remove(&id);
    }
}

/// Leaves whatever happens.
struct Entered<'a>(&'a Running, ImportId);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

/// Write down that a path is to be imported; [`run`] does it. The same path into the same account is the same import.
///
/// # Errors
/// [`Error::NotFound`] without such a path or account, [`Error::Refused`] for options that cannot be.
pub async fn begin(store: &Store, path: &Path, options: Options) -> Result<Import> {
    options.check()?;
    let root = path.to_path_buf();
    let path = tokio::task::spawn_blocking(move || std::fs::canonicalize(&root))
        .await
        .map_err(|_| Error::Stopped)?
        .map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound(path.display().to_string()),
            _ => Error::io(format!("reading {}", path.display()), e),
        })?;
    let text = path.to_str().ok_or_else(|| {
        Error::Invalid(
            "the path is no text; give its folder another name, or import the folder above".into(),
        )
    })?;
    let (text, said) = (text.to_owned(), serde_json::to_string(&options));
    let said = said.map_err(|e| Error::Internal(e.to_string()))?;
    store
        .write(move |tx| {
            if let Some(a) = options.account
                && rows::channel_of(tx, a)?.is_none()
            {
                return Err(Error::NotFound("this account".into()));
            }
            rows::begin(tx, &text, &said, options.account)
        })
        .await
}

/// Import until the end, or until it is asked to rest. Returns how it stands.
///
/// # Errors
/// When the store fails (a full disk); what was stored before stays, and it can go on. [`Error::Refused`] when it is
/// under way already.
pub async fn run(store: &Arc<Store>, running: &Running, id: ImportId) -> Result<Import> {
    let Some(cancel) = running.enter(id) else {
        return Err(Error::Refused("this import is under way".into()));
    };
    let _entered = Entered(running, id);
    run_with(store, id, cancel, Arc::default()).await
}

/// The same, watched.
///
/// # Errors
/// What [`run`] says.
pub async fn run_with(
    store: &Arc<Store>,
    id: ImportId,
    cancel: Arc<AtomicBool>,
    gauge: Arc<Gauge>,
) -> Result<Import> {
    let import = store.read(move |c| rows::get(c, id)).await?;
    let options: Options = serde_json::from_str(&import.options)
        .map_err(|e| Error::Corrupt(format!("the import {id} cannot be read: {e}")))?;
    let outcome = store_all(store, &import, &options, &cancel, &gauge).await;
    let (state, says) = match &outcome {
        Ok(None) if cancel.load(Ordering::SeqCst) => (ImportState::Paused, String::new()),
        Ok(None) => (ImportState::Done, String::new()),
        Ok(Some(why)) => (ImportState::Failed, why.clone()),
        Err(e) => (ImportState::Paused, e.to_string()),
    };
    let ended = store.write(move |tx| rows::end(tx, id, state, &says)).await;
    outcome?;
    ended
}

/// `Some` = the path itself cannot be read, and why.
async fn store_all(
    store: &Arc<Store>,
    import: &Import,
    options: &Options,
    cancel: &Arc<AtomicBool>,
    gauge: &Arc<Gauge>,
) -> Result<Option<String>> {
    let root = PathBuf::from(&import.path);
    let position: Option<Position> = import
        .position
        .as_deref()
        .and_then(|p| serde_json::from_str(p).ok());
    let measured = root.clone();
    let total = tokio::task::spawn_blocking(move || walk::measure(&measured))
        .await
        .map_err(|_| Error::Stopped)?;
    let total = match total {
        Ok(t) => t,
        Err(e) => return Ok(Some(format!("{} cannot be read: {e}", root.display()))),
    };
    let rules = Rules {
        place: options.place,
        own: options
            .own
            .iter()
            .filter_map(|o| address_key(Channel::Email, o))
            .collect(),
    };
    let (send, mut chunks) = mpsc::channel::<std::result::Result<Chunk, String>>(AHEAD);
    let (stop, watch) = (Arc::clone(cancel), Arc::clone(gauge));
    let reader = std::thread::Builder::new()
        .name("import-reader".into())
        .spawn(move || read::read(&root, position, &rules, &watch, &stop, &send))
        .map_err(|e| Error::io("starting the import's reader", e))?;
    let (id, brings) = (import.id, options.brings());
    let mut failed = None;
    let mut taker = take::Taker::new(id, brings, total);
    let mut outcome = Ok(());
    while let Some(c) = chunks.recv().await {
        match c {
            Err(why) => failed = Some(why),
            Ok(c) => {
                let held = c.held();
                let stored = store.write(move |tx| taker.take(tx, c)).await;
                gauge.stored(&held);
                match stored {
                    Ok(t) => taker = t,
                    Err(e) => {
                        outcome = Err(e);
                        break;
                    }
                }
                if cancel.load(Ordering::SeqCst) {
                    break;
                }
            }
        }
    }
    // Whoever still reads finds nobody to give it to.
    drop(chunks);
    let _ = tokio::task::spawn_blocking(move || reader.join()).await;
    outcome.map(|()| failed)
}
