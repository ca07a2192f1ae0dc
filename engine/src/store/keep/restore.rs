//! One database in the place of another. The old one is set aside, never deleted; a kill in the middle is finished at
//! the next start.
//!
//! What comes from a backup knows less than the world: a send that waited in it may have gone out since. So nothing
//! that it still wanted to send goes out by itself, and its entries are written as another device from then on.

use super::backup::{self, Entry};
use super::{BESIDE, DATABASE, make_dir, rename, stamp, sync_dir, unused};
use crate::error::{Error, Result};
use crate::model::random_id;
use crate::secrets::Key;
use crate::store::files::write_whole;
use crate::store::{CACHE_ASIDE_KIB, Database, connect, keys, migrate};
use crate::time::Millis;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The backup.
    pub backup: Entry,
    /// Where the former database lies now; `None` when there was none.
    pub set_aside: Option<PathBuf>,
    /// Kept files that are neither in the workspace nor in the backup.
    pub missing_files: u32,
}

/// The swap that is under way; `swap.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Swap {
    new: String,
    aside: String,
}

fn swap_file(dir: &Path) -> PathBuf {
    dir.join("swap.json")
}

/// Put a backup in the place of the workspace's database. The workspace must be closed.
///
/// # Errors
/// When the backup does not verify or the disk fails; the present database is untouched then.
pub fn restore(dir: &Path, key: &Key, from: &Entry, now: Millis) -> Result<Restored> {
    finish(dir)?;
    backup::verify(from, key)?;
    let new = fresh_dir(dir)?;
    let prepared = prepare(dir, &new, key, from, now);
    let missing_files = match prepared {
        Ok(n) => n,
        Err(e) => {
            let _ = std::fs::remove_dir_all(&new);
            return Err(e);
        }
    };
    let set_aside = swap(dir, &new, "set-aside", now)?;
    super::mark::write(
        dir,
        super::mark::Mark {
            clean: true,
            amount: super::mark::Amount::default(),
        },
    );
    Ok(Restored {
        backup: from.clone(),
        set_aside,
        missing_files,
    })
}

/// Make a workspace of a backup in a folder that holds none.
///
/// # Errors
/// [`Error::Refused`] when the folder holds something, or what the disk says.
pub fn restore_to(to: &Path, key: &Key, from: &Entry, now: Millis) -> Result<Restored> {
    if to.join(DATABASE).exists() || keys::file(to).exists() {
        return Err(Error::Refused(format!(
            "{} already holds a workspace; choose an empty folder",
            to.display()
        )));
    }
    make_dir(to)?;
    if !keys::put_back(to, &from.path)? {
        return Err(Error::NotFound(format!(
            "a key file in {}",
            from.path.display()
        )));
    }
    restore(to, key, from, now)
}

pub(super) fn fresh_dir(dir: &Path) -> Result<PathBuf> {
    // What an earlier try left before it came to the swap.
    for e in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if e.file_name().to_string_lossy().starts_with(".new-") {
            let _ = std::fs::remove_dir_all(e.path());
        }
    }
    let new = dir.join(format!(
        ".new-{}",
        data_encoding::HEXLOWER.encode(&random_id()[..6])
    ));
    make_dir(&new)?;
    Ok(new)
}

/// Copy the backup's database aside, bring it up to date and tell it that it comes from a backup.
fn prepare(dir: &Path, new: &Path, key: &Key, from: &Entry, _now: Millis) -> Result<u32> {
    let db = new.join(DATABASE);
    copy_database(from, &db)?;
    let mut conn = connect(&db, key, CACHE_ASIDE_KIB, true)?;
    migrate::migrate(&mut conn)?;
    came_back(&conn)?;
    let missing = backup::take_files(dir, &from.path, &conn)?;
    settle_file(conn, &db)?;
    Ok(missing)
}

pub(super) fn copy_database(from: &Entry, db: &Path) -> Result<()> {
    let source = from.path.join(DATABASE);
    std::fs::copy(&source, db)
        .map_err(|e| Error::io(format!("copying {}", source.display()), e))?;
    Ok(())
}

/// Close a database so that it is one whole file on the disk.
pub(super) fn settle_file(conn: Database, db: &Path) -> Result<()> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    conn.close()?;
    std::fs::File::open(db)
        .and_then(|f| f.sync_all())
        .map_err(|e| Error::io("writing the restored database", e))
}

/// This database goes on from an earlier state: another device writes from here on, and what waits to be sent asks a
/// person first ([`crate::store::outbox::recover`]).
pub(super) fn came_back(conn: &Connection) -> Result<()> {
    let put = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    conn.execute(put, ("device", &random_id()[..]))?;
    conn.execute(put, ("came_back", 1))?;
    Ok(())
}

/// Put the database in `new` into its place; what lies there goes into a folder named after `what` and the time.
pub(super) fn swap(dir: &Path, new: &Path, what: &str, now: Millis) -> Result<Option<PathBuf>> {
    sync_dir(new)?;
    let aside = unused(dir, &format!("{what}-{}", stamp(now)));
    let name = |p: &Path| {
        p.file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let s = Swap {
        new: name(new),
        aside: name(&aside),
    };
    let json = serde_json::to_vec(&s).map_err(|e| Error::Internal(e.to_string()))?;
    write_whole(&swap_file(dir), &[&json]).map_err(|e| Error::io("writing swap.json", e))?;
    finish(dir)?;
    Ok(aside.exists().then_some(aside))
}

/// Finish a swap that was begun. Doing it twice is doing it once.
pub(super) fn finish(dir: &Path) -> Result<()> {
    let bytes = match std::fs::read(swap_file(dir)) {
        Ok(b) => b,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io("reading swap.json", e)),
    };
    let s: Swap = serde_json::from_slice(&bytes)
        .map_err(|e| Error::Corrupt(format!("swap.json cannot be read: {e}")))?;
    let plain = |n: &str| !n.is_empty() && !n.contains(['/', '\\']) && n != ".." && n != ".";
    if !plain(&s.new) || !plain(&s.aside) {
        return Err(Error::Corrupt("swap.json names no folder of ours".into()));
    }
    let (new, aside) = (dir.join(&s.new), dir.join(&s.aside));
    if new.join(DATABASE).exists() {
        set_aside(dir, &aside)?;
        rename(&new.join(DATABASE), &dir.join(DATABASE))?;
        sync_dir(dir)?;
    }
    let _ = std::fs::remove_dir_all(&new);
    std::fs::remove_file(swap_file(dir)).map_err(|e| Error::io("finishing the restore", e))?;
    sync_dir(dir)
}

/// Move the database and what lies beside it into `aside`. The files beside it go first: they mean nothing alone.
fn set_aside(dir: &Path, aside: &Path) -> Result<()> {
    for f in BESIDE.into_iter().chain([DATABASE]) {
        let from = dir.join(f);
        if from.exists() {
            make_dir(aside)?;
            rename(&from, &aside.join(f))?;
        }
    }
    if aside.exists() {
        // With its key file, so that the folder can be opened again one day.
        if let Ok(k) = std::fs::read(keys::file(dir)) {
            let _ = write_whole(&keys::file(aside), &[&k]);
        }
        sync_dir(aside)?;
    }
    Ok(())
}
