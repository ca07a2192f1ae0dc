//! Whether the disk lets us write. What fails for the disk's sake is refused from then on, in words, until a probe
//! finds room again; a disk that reports failures is not trusted again before a new start.

use crate::error::{Error, Result};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What is wrong with the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No room.
    Full,
    /// Nothing may be written.
    ReadOnly,
    /// It reports failures.
    Failing,
}

/// Between two looks whether there is room again.
const PROBE_AFTER: Duration = Duration::from_secs(2);
/// So much room must be there before we go on: enough for a batch, so that the words do not flicker.
const ROOM: usize = 1024 * 1024;

#[derive(Debug)]
struct Now {
    trouble: Trouble,
    says: String,
    looked: Instant,
}

/// The disk, as the last writes found it.
#[derive(Debug, Default)]
pub struct Health {
    now: Mutex<Option<Now>>,
    suspect: tokio::sync::Notify,
}

impl Health {
    /// What is wrong, and in words.
    #[must_use]
    pub fn trouble(&self) -> Option<(Trouble, String)> {
        super::super::lock(&self.now)
            .as_ref()
            .map(|n| (n.trouble, n.says.clone()))
    }

    /// The same as an error of a write.
    #[must_use]
    pub fn refusal(&self) -> Option<Error> {
        const KEPT: &str = "nothing was written";
        self.trouble().map(|(t, _)| match t {
            Trouble::Full => Error::DiskFull(KEPT.into()),
            Trouble::ReadOnly => Error::ReadOnly(KEPT.into()),
            Trouble::Failing => Error::Disk(KEPT.into()),
        })
    }

    /// A write ended so. Returns whether that is news.
    pub fn heard(&self, e: &Error) -> bool {
        let trouble = match e {
            Error::DiskFull(_) => Trouble::Full,
            Error::ReadOnly(_) => Trouble::ReadOnly,
            Error::Disk(_) => Trouble::Failing,
            _ => return false,
        };
        let mut now = super::super::lock(&self.now);
        let news = now.as_ref().is_none_or(|n| n.trouble != trouble);
        *now = Some(Now {
            trouble,
            says: e.to_string(),
            looked: Instant::now(),
        });
        if news {
            tracing::error!(code = e.code(), "nothing is written for now");
        }
        news
    }

    /// Whether it is time to look for room.
    #[must_use]
    pub fn may_probe(&self) -> bool {
        super::super::lock(&self.now)
            .as_ref()
            .is_some_and(|n| n.trouble != Trouble::Failing && n.looked.elapsed() >= PROBE_AFTER)
    }

    /// Look whether the folder takes a file of some size again. Returns whether it does. Blocks.
    pub fn probe(&self, dir: &Path) -> bool {
        let path = dir.join(".room");
        let written = (|| {
            let mut f = std::fs::File::create(&path)?;
            f.write_all(&vec![0; ROOM])?;
            f.sync_all()
        })();
        let _ = std::fs::remove_file(&path);
        let mut now = super::super::lock(&self.now);
        if written.is_ok() {
            *now = None;
            tracing::info!("the disk takes writes again");
            true
        } else {
            if let Some(n) = now.as_mut() {
                n.looked = Instant::now();
            }
            false
        }
    }

    /// A read met what looks like damage: somebody should look.
    pub fn suspect(&self) {
        self.suspect.notify_one();
    }

    /// Wait until a read met what looks like damage.
    pub async fn suspected(&self) {
        self.suspect.notified().await;
    }
}

/// The result with its cause noted.
pub(in crate::store) fn noted<T>(health: &Health, out: Result<T>, news: &mut bool) -> Result<T> {
    if let Err(e) = &out {
        *news = health.heard(e);
        if matches!(e, Error::Corrupt(_)) {
            health.suspect();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_refuses_is_refused_until_there_is_room_again() {
        let dir = tempfile::tempdir().unwrap();
        let h = Health::default();
        assert!(h.refusal().is_none() && !h.heard(&Error::Stopped));
        assert!(h.heard(&Error::DiskFull("x".into())));
        assert!(!h.heard(&Error::DiskFull("x".into())), "no news");
        assert_eq!(h.refusal().unwrap().code(), "disk_full");
        assert!(!h.probe(&dir.path().join("gone")));
        assert!(h.refusal().is_some());
        assert!(h.probe(dir.path()));
        assert!(h.refusal().is_none());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failing_disk_is_not_probed_but_stays_refused() {
        let h = Health::default();
        assert!(h.heard(&Error::io("writing", std::io::Error::from_raw_os_error(5))));
        assert!(!h.may_probe());
        assert_eq!(h.refusal().unwrap().code(), "disk");
    }
}
