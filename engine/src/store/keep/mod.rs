//! What keeps the workspace: backups and their way back, damage and what follows, the disk, the folder.
//!
//! Everything here that replaces the database sets the old one aside first; nothing is ever deleted but what a newer
//! verified backup makes needless.

pub mod backup;
pub mod folder;
pub mod health;
mod mark;
pub mod pool;
pub mod rescue;
pub mod restore;
mod salvage;
mod wal;

pub use health::{Health, Trouble};
pub use rescue::{Rescued, ready};

use crate::error::{Error, Result};
use crate::time::Millis;
use std::path::{Path, PathBuf};

/// The database's file.
pub const DATABASE: &str = "parley.db";
/// What SQLite lays beside it.
const BESIDE: [&str; 2] = ["parley.db-wal", "parley.db-shm"];

/// An instant as part of a file's name: `20260302T090000.000Z`, without what some file systems refuse.
fn stamp(now: Millis) -> String {
    jiff::Timestamp::from_millisecond(now).map_or_else(
        |_| now.to_string(),
        |t| t.strftime("%Y%m%dT%H%M%S.%3fZ").to_string(),
    )
}

/// A folder of this name that is not there yet.
fn unused(dir: &Path, name: &str) -> PathBuf {
    let first = dir.join(name);
    if !first.exists() {
        return first;
    }
    (2..)
        .map(|n: u32| dir.join(format!("{name}-{n}")))
        .find(|p| !p.exists())
        .unwrap_or(first)
}

/// Make a folder that only its owner may enter.
fn make_dir(dir: &Path) -> Result<()> {
    let mut b = std::fs::DirBuilder::new();
    b.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut b, 0o700);
    b.create(dir)
        .map_err(|e| Error::io(format!("making the folder {}", dir.display()), e))
}

/// What a folder holds is on the disk, not only in its cache.
fn sync_dir(dir: &Path) -> Result<()> {
    #[cfg(unix)]
    std::fs::File::open(dir)
        .and_then(|f| f.sync_all())
        .map_err(|e| Error::io(format!("writing {}", dir.display()), e))?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to)
        .map_err(|e| Error::io(format!("moving {} to {}", from.display(), to.display()), e))
}
