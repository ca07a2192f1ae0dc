//! What is under way in this process besides imports: one export, and the table that a person chose.

use crate::error::{Error, Result};
use crate::store::lock;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// How far an export came.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    cancel: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    of: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Meter {
    /// What ends it early.
    #[must_use]
    pub fn cancel(&self) -> &AtomicBool {
        &self.cancel
    }
    /// Whether somebody wants it to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::SeqCst)
    }
    /// Messages done, and in all.
    pub fn messages(&self, done: u64, of: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
    }
    /// More bytes were written.
    pub fn wrote(&self, n: usize) {
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
    }
    /// Messages done, messages in all, bytes.
    #[must_use]
    pub fn read(&self) -> (u64, u64, u64) {
        (
            self.done.load(Ordering::Relaxed),
            self.of.load(Ordering::Relaxed),
            self.bytes.load(Ordering::Relaxed),
        )
    }
}

/// The export under way, and the last one that ended well.
#[derive(Debug, Default)]
pub struct Exports {
    now: Mutex<Option<(PathBuf, Meter)>>,
    last: Mutex<Option<PathBuf>>,
}

/// An export under way; over when it is dropped.
pub struct Exporting<'a>(&'a Exports);

impl Drop for Exporting<'_> {
    fn drop(&mut self) {
        *lock(&self.0.now) = None;
    }
}

impl Exports {
    /// Begin one.
    ///
    /// # Errors
    /// [`Error::Refused`] while another one is under way.
    pub fn begin(&self, path: PathBuf) -> Result<(Exporting<'_>, Meter)> {
        let mut now = lock(&self.now);
        if now.is_some() {
            return Err(Error::Refused("an export is under way".into()));
        }
        let meter = Meter::default();
        *now = Some((path, meter.clone()));
        Ok((Exporting(self), meter))
    }
    /// The one under way.
    #[must_use]
    pub fn now(&self) -> Option<(PathBuf, Meter)> {
        lock(&self.now).clone()
    }
    /// Ask the one under way to end; nothing of it stays.
    pub fn cancel(&self) {
        if let Some((_, meter)) = &*lock(&self.now) {
            meter.cancel.store(true, Ordering::SeqCst);
        }
    }
    /// One ended well.
    pub fn ended(&self, path: PathBuf) {
        *lock(&self.last) = Some(path);
    }
    /// Where the last one that ended well lies.
    #[must_use]
    pub fn last(&self) -> Option<PathBuf> {
        lock(&self.last).clone()
    }
}

/// The table that a person chose: a window names it by a word and never by its path.
#[derive(Debug, Default)]
pub struct Picked(Mutex<Option<(String, PathBuf)>>);

impl Picked {
    /// Keep the one that was just chosen; an earlier one is forgotten.
    #[must_use]
    pub fn keep(&self, path: PathBuf) -> String {
        let word = data_encoding::HEXLOWER.encode(&crate::model::random_id());
        *lock(&self.0) = Some((word.clone(), path));
        word
    }
    /// The one of this word.
    ///
    /// # Errors
    /// [`Error::NotFound`] when another one was chosen since.
    pub fn get(&self, word: &str) -> Result<PathBuf> {
        lock(&self.0)
            .as_ref()
            .filter(|(w, _)| w == word)
            .map(|(_, p)| p.clone())
            .ok_or_else(|| Error::NotFound("the chosen table".into()))
    }
}
