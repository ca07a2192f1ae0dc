//! The pool of kept files: which lie there that nothing names any more, and taking them away.
//!
//! A file is stored before the transaction that names it commits, and both happen on the writer's thread. So whoever
//! asks again on that thread, in a transaction of its own, sees every name there is, and no file that is still to be
//! named.

use super::{DATABASE, backup};
use crate::error::Result;
use crate::secrets::Key;
use crate::store::files::Files;
use crate::store::{Store, Tx, open_read_only};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Databases that were set aside still name files of the pool.
const ASIDE: [&str; 2] = ["set-aside-", "damaged-"];

/// The names of the files in a pool, in order.
fn lying(dir: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for shelf in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        for file in std::fs::read_dir(shelf.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
                all.push(name);
            }
        }
    }
    all.sort();
    all
}

/// Whether a database names the file of this hash.
fn named(conn: &Connection, hash: &[u8]) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM file WHERE hash = ?1) OR EXISTS (SELECT 1 FROM raw WHERE hash = ?1) OR EXISTS (SELECT 1 FROM remote_picture WHERE hash = ?1)",
        )?
        .query_row([hash], |r| r.get(0))?)
}

/// The kept files that this database does not name: what a crash left, or what was erased since.
///
/// # Errors
/// When the store fails.
pub fn orphans(conn: &Connection, files: &Files) -> Result<Vec<Vec<u8>>> {
    let mut out = Vec::new();
    for name in lying(files.dir()) {
        if let Ok(hash) = data_encoding::HEXLOWER_PERMISSIVE.decode(name.as_bytes())
            && !named(conn, &hash)?
        {
            out.push(hash);
        }
    }
    Ok(out)
}

/// The folders of databases that were set aside.
fn set_aside(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|e| {
            let name = e.file_name().to_string_lossy().into_owned();
            ASIDE.iter().any(|a| name.starts_with(a))
        })
        .map(|e| e.path().join(DATABASE))
        .filter(|p| p.is_file())
        .collect();
    all.sort();
    all
}

/// What the databases that were set aside still name; `None` where one of them cannot be read, for then nobody knows.
#[must_use]
pub fn wanted_aside(dir: &Path, key: &Key) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for path in set_aside(dir) {
        let conn = open_read_only(&path, key).ok()?;
        all.extend(backup::hashes(&conn).ok()?);
    }
    Some(all)
}

/// Take these files away, but for those that are named by now. Returns how many went, and their bytes.
///
/// # Errors
/// When the store fails. A file that cannot be removed stays, and is an orphan again the next time.
pub fn remove(tx: &Tx<'_>, hashes: &[Vec<u8>]) -> Result<(u64, u64)> {
    let (mut gone, mut bytes) = (0, 0);
    for h in hashes {
        if !named(tx, h)?
            && let Some(n) = tx.files.remove(h)
        {
            gone += 1;
            bytes += n;
        }
    }
    Ok((gone, bytes))
}

/// Take the files away that no backup names any more. Looks into the backups only where there are candidates: what
/// the workspace itself still has is none.
pub(super) fn prune_backups(dir: &Path, key: &Key) -> Result<u64> {
    let (pool, own) = (backup::place(dir).join("files"), dir.join("files"));
    let candidates: Vec<PathBuf> = lying(&pool)
        .into_iter()
        .map(|hex| backup::kept_path(&pool, &hex))
        .filter(|p| {
            let hex = p.file_name().unwrap_or_default().to_string_lossy();
            !backup::kept_path(&own, &hex).exists()
        })
        .collect();
    if candidates.is_empty() {
        return Ok(0);
    }
    let mut wanted = BTreeSet::new();
    for b in backup::list(dir) {
        let opened = open_read_only(&b.path.join(DATABASE), key)?;
        wanted.extend(backup::hashes(&opened)?);
    }
    let mut gone = 0;
    for p in candidates {
        let name = p.file_name().unwrap_or_default().to_string_lossy();
        if !wanted.contains(name.as_ref()) && std::fs::remove_file(&p).is_ok() {
            gone += 1;
        }
    }
    Ok(gone)
}

/// What was taken out of the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files.
    pub files: u64,
    /// Their bytes on the disk.
    pub bytes: u64,
    /// A database that was set aside cannot be read, so nobody knows what it still names, and nothing was taken away.
    pub blocked: bool,
}

/// Take the files away that nothing names any more. No backup may be made meanwhile: it would miss what it has just
/// read the name of.
///
/// # Errors
/// When the store fails; what was taken away before was named by nothing.
pub async fn prune(store: &Store) -> Result<Pruned> {
    const AT_ONCE: usize = 200;
    let (files, dir, key) = (store.files(), store.dir().to_path_buf(), store.key());
    let found = store
        .read(move |c| {
            let all = orphans(c, &files)?;
            if all.is_empty() {
                return Ok(Some(all));
            }
            let Some(aside) = wanted_aside(&dir, &key) else {
                return Ok(None);
            };
            let wanted = |h: &Vec<u8>| aside.contains(&data_encoding::HEXLOWER.encode(h));
            Ok(Some(all.into_iter().filter(|h| !wanted(h)).collect()))
        })
        .await?;
    let Some(found) = found else {
        return Ok(Pruned {
            blocked: true,
            ..Pruned::default()
        });
    };
    let mut done = Pruned::default();
    for some in found.chunks(AT_ONCE) {
        let some = some.to_vec();
        let (files, bytes) = store.write(move |tx| remove(tx, &some)).await?;
        done.files += files;
        done.bytes += bytes;
    }
    Ok(done)
}
