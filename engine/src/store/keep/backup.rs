//! Backups: an encrypted copy of the database under the same key, with the kept files it names.
//!
//! A backup is a folder in `backups/`: the database, the key file, a manifest of numbers. Kept files never change, so
//! all backups share one pool of links to them. A backup is made aside, verified, and only then renamed into its
//! place and older ones taken away; a kill leaves a folder that the next one removes.

use super::{DATABASE, make_dir, rename, stamp, sync_dir, unused};
use crate::error::{Error, Result};
use crate::secrets::Key;
use crate::store::files::write_whole;
use crate::store::{CACHE_ASIDE_KIB, check, connect, keys, open_read_only};
use crate::time::{DAY, Millis, SECOND};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Of each kind so many are kept.
pub const KEPT: usize = 7;
/// Copied at once (4 KB each): some milliseconds, so that nobody waits for the disk.
const SLICE: i32 = 256;
/// Between two slices while a window is open.
pub const PACE: Duration = Duration::from_millis(4);
const HOUR: Millis = 3_600 * SECOND;
/// A copy takes at most a twentieth of the time: a large workspace is copied less often than hourly.
const SHARE: Millis = 20;

/// Which kind of backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Made each hour in which something changed.
    Hourly,
    /// Made each day in which something changed.
    Daily,
    /// Asked for.
    Manual,
}

impl Kind {
    /// As in the folder's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Manual => "manual",
        }
    }
}

/// What a backup holds: numbers only, for it lies in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    version: u32,
    /// Kind.
    pub kind: Kind,
    /// When its snapshot was taken.
    pub at: Millis,
    /// Messages in it.
    pub messages: i64,
    /// Entries of the log in it.
    pub entries: i64,
    /// Kept files it names.
    pub files: i64,
    /// Bytes of its database.
    pub bytes: u64,
    /// The database's schema.
    pub schema: i64,
    took: Millis,
    /// A hash of what changes when something changes.
    fingerprint: String,
}

/// A backup on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub path: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

/// A backup to be made.
pub struct Job<'a> {
    /// The workspace's folder.
    pub dir: &'a Path,
    /// Its key.
    pub key: &'a Key,
    /// Kind.
    pub kind: Kind,
    /// Into this folder instead of `backups/`, with the kept files inside it.
    pub to: Option<&'a Path>,
    /// The time.
    pub now: Millis,
    /// Pause between two slices.
    pub pace: Duration,
    /// Ends it early.
    pub stop: &'a AtomicBool,
}

/// Where a workspace's backups lie.
#[must_use]
pub fn place(dir: &Path) -> PathBuf {
    dir.join("backups")
}

/// The workspace's backups, newest first. What has no manifest is none.
#[must_use]
pub fn list(dir: &Path) -> Vec<Entry> {
    let mut all: Vec<Entry> = std::fs::read_dir(place(dir))
        .into_iter()
        .flatten()
        .filter_map(|e| at(&e.ok()?.path()))
        .collect();
    all.sort_by(|a, b| (b.manifest.at, &b.name).cmp(&(a.manifest.at, &a.name)));
    all
}

/// The backup in a folder.
#[must_use]
pub fn at(path: &Path) -> Option<Entry> {
    let name = path.file_name()?.to_str()?.to_owned();
    if name.starts_with('.') {
        return None;
    }
    let manifest = serde_json::from_slice(&std::fs::read(path.join("manifest.json")).ok()?).ok()?;
    Some(Entry {
        name,
        path: path.to_path_buf(),
        manifest,
    })
}

/// Bytes of all backups, their pool of kept files not counted: those are links to files that are there anyway.
#[must_use]
pub fn size(all: &[Entry]) -> u64 {
    all.iter().map(|e| e.manifest.bytes).sum()
}

/// Which backup is due now; `None` when none is. A daily one serves the hour as well.
#[must_use]
pub fn due(all: &[Entry], now: Millis) -> Option<Kind> {
    // One from the future says nothing: the clock was wrong then or is wrong now.
    let since = |only: Option<Kind>| {
        all.iter()
            .filter(|e| e.manifest.kind == only.unwrap_or(e.manifest.kind))
            .map(|e| now - e.manifest.at)
            .filter(|age| *age >= 0)
            .min()
    };
    let longest = all.iter().map(|e| e.manifest.took).max().unwrap_or(0);
    if since(Some(Kind::Daily)).is_none_or(|age| age >= DAY) {
        Some(Kind::Daily)
    } else if since(None).is_none_or(|age| age >= HOUR.max(longest * SHARE)) {
        Some(Kind::Hourly)
    } else {
        None
    }
}

/// Whether anything that a person would miss changed since the newest backup.
///
/// # Errors
/// When the store fails.
pub fn changed(conn: &Connection, all: &[Entry]) -> Result<bool> {
    let newest = all.first().map(|e| e.manifest.fingerprint.as_str());
    Ok(newest != Some(fingerprint(conn)?.as_str()))
}

/// Cheap at any size: greatest keys, small tables whole.
fn fingerprint(conn: &Connection) -> Result<String> {
    const PARTS: &[&str] = &[
        "SELECT coalesce(max(seq), 0) FROM entry",
        "SELECT coalesce(max(rid), 0) FROM message",
        "SELECT coalesce(sum(messages), 0) FROM account",
        "SELECT group_concat(key || value, char(10)) FROM (SELECT key, value FROM setting ORDER BY key)",
        "SELECT group_concat(hex(id) || config || coalesce(secret, '') || paused, char(10)) FROM (SELECT * FROM account ORDER BY id)",
        "SELECT count(*) || ' ' || coalesce(max(updated_at), 0) FROM draft",
        "SELECT count(*) || ' ' || coalesce(sum(attempt), 0) FROM outbox",
        "SELECT coalesce(sum(unread), 0) || ' ' || count(*) FROM conversation",
    ];
    let mut h = Sha256::new();
    for sql in PARTS {
        let v: rusqlite::types::Value = conn.query_row(sql, [], |r| r.get(0))?;
        h.update(format!("{v:?}\n"));
    }
    Ok(data_encoding::HEXLOWER.encode(&h.finalize()))
}

/// Make a backup and verify it. Afterwards older ones beyond [`KEPT`] are gone.
///
/// # Errors
/// When it cannot be written or does not verify; nothing of it is left then, and nothing older is touched.
pub fn make(job: &Job<'_>) -> Result<Entry> {
    let home = job.to.map_or_else(|| place(job.dir), Path::to_path_buf);
    make_dir(&home)?;
    sweep(&home);
    let aside = home.join(format!(
        ".new-{}",
        data_encoding::HEXLOWER.encode(&crate::model::random_id()[..6])
    ));
    let made = into(job, &home, &aside);
    if made.is_err() {
        let _ = std::fs::remove_dir_all(&aside);
    }
    let made = made?;
    if job.to.is_none() {
        prune(job.dir, job.kind);
        // What cannot be looked into now is looked into after the next one.
        let _ = super::pool::prune_backups(job.dir, job.key);
    }
    Ok(made)
}

/// What a killed one left.
fn sweep(home: &Path) {
    for e in std::fs::read_dir(home).into_iter().flatten().flatten() {
        if e.file_name().to_string_lossy().starts_with(".new-") {
            let _ = std::fs::remove_dir_all(e.path());
        }
    }
}

fn into(job: &Job<'_>, home: &Path, aside: &Path) -> Result<Entry> {
    let began = Instant::now();
    make_dir(aside)?;
    let db = aside.join(DATABASE);
    let mut manifest = copy(job, &db)?;
    pass_files(job, home, aside, &db)?;
    let key_file = std::fs::read(keys::file(job.dir));
    if let Ok(k) = key_file {
        write_whole(&keys::file(aside), &[&k])
            .map_err(|e| Error::io("writing the backup's key file", e))?;
    }
    verify_database(&db, job.key, &manifest)?;
    manifest.bytes = std::fs::metadata(&db).map_or(0, |m| m.len());
    manifest.took = Millis::try_from(began.elapsed().as_millis()).unwrap_or(Millis::MAX);
    let json = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::Internal(e.to_string()))?;
    write_whole(&aside.join("manifest.json"), &[&json])
        .map_err(|e| Error::io("writing the backup's manifest", e))?;
    sync_dir(aside)?;
    let path = unused(home, &format!("{}-{}", job.kind.as_str(), stamp(job.now)));
    rename(aside, &path)?;
    sync_dir(home)?;
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(Entry {
        name,
        path,
        manifest,
    })
}

/// One snapshot, copied in slices. The reading transaction keeps the snapshot: writers go on beside it, and the copy
/// never has to begin anew.
fn copy(job: &Job<'_>, db: &Path) -> Result<Manifest> {
    let from = connect(&job.dir.join(DATABASE), job.key, CACHE_ASIDE_KIB, false)?;
    from.execute_batch("BEGIN")?;
    let amount = super::mark::amount(&from)?;
    let manifest = Manifest {
        version: 1,
        kind: job.kind,
        at: job.now,
        messages: amount.messages,
        entries: amount.entries,
        files: from.query_row(&format!("SELECT count(*) FROM ({HASHES})"), [], |r| {
            r.get(0)
        })?,
        bytes: 0,
        schema: from.query_row("PRAGMA user_version", [], |r| r.get(0))?,
        took: 0,
        fingerprint: fingerprint(&from)?,
    };
    let mut to = crate::store::connect_plain(db, job.key)?;
    {
        let run = Backup::new(&from, &mut to)?;
        loop {
            if job.stop.load(Ordering::SeqCst) {
                return Err(Error::Stopped);
            }
            match run.step(SLICE)? {
                StepResult::Done => break,
                StepResult::More => {}
                // Somebody has the file for a moment.
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
            if !job.pace.is_zero() {
                std::thread::sleep(job.pace);
            }
        }
    }
    // A backup is one file: it must not need a write-ahead file beside it.
    to.pragma_update(None, "journal_mode", "DELETE")?;
    to.close()?;
    std::fs::File::open(db)
        .and_then(|f| f.sync_all())
        .map_err(|e| Error::io("writing the backup", e))?;
    Ok(manifest)
}

const HASHES: &str = "SELECT hash FROM file UNION SELECT hash FROM raw WHERE hash IS NOT NULL UNION SELECT hash FROM remote_picture";

/// The hashes of the kept files that a database names.
pub(super) fn hashes(conn: &Connection) -> Result<BTreeSet<String>> {
    let mut s = conn.prepare(HASHES)?;
    let all = s
        .query_map([], |r| r.get::<_, Vec<u8>>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(all
        .iter()
        .map(|h| data_encoding::HEXLOWER.encode(h))
        .collect())
}

pub(super) fn kept_path(files: &Path, hex: &str) -> PathBuf {
    files.join(hex.get(..2).unwrap_or("xx")).join(hex)
}

/// Where the kept files of a backup lie: inside it, or in the pool beside it.
fn pool(backup: &Path) -> PathBuf {
    let own = backup.join("files");
    if own.is_dir() {
        own
    } else {
        backup.parent().unwrap_or(backup).join("files")
    }
}

/// Give each kept file that the copy names a place in the backup.
fn pass_files(job: &Job<'_>, home: &Path, aside: &Path, db: &Path) -> Result<()> {
    let to = if job.to.is_some() { aside } else { home }.join("files");
    if job.to.is_some() {
        make_dir(&to)?;
    }
    let from = job.dir.join("files");
    let copied = open_read_only(db, job.key)?;
    for hex in hashes(&copied)? {
        if job.stop.load(Ordering::SeqCst) {
            return Err(Error::Stopped);
        }
        hand_on(&kept_path(&from, &hex), &kept_path(&to, &hex))?;
    }
    Ok(())
}

/// Link a file that never changes, or copy it where links do not reach. One that is missing already is not missed
/// here: `check` says so.
fn hand_on(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    if let Some(dir) = to.parent() {
        make_dir(dir)?;
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(e)
            if matches!(
                e.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::AlreadyExists
            ) =>
        {
            Ok(())
        }
        Err(_) => {
            let bytes = std::fs::read(from).map_err(|e| Error::io("reading a kept file", e))?;
            write_whole(to, &[&bytes]).map_err(|e| Error::io("copying a kept file", e))
        }
    }
}

/// Give the workspace in `dir` the kept files that its database names and it has not. Returns how many are nowhere.
pub(super) fn take_files(dir: &Path, backup: &Path, conn: &Connection) -> Result<u32> {
    let (to, from) = (dir.join("files"), pool(backup));
    let mut missing = 0;
    for hex in hashes(conn)? {
        let (a, b) = (kept_path(&from, &hex), kept_path(&to, &hex));
        hand_on(&a, &b)?;
        if !b.exists() {
            missing += 1;
        }
    }
    Ok(missing)
}

fn verify_database(db: &Path, key: &Key, m: &Manifest) -> Result<()> {
    let conn = open_read_only(db, key)?;
    let bad = |what: String| Error::Corrupt(format!("the backup {}: {what}", db.display()));
    if let Some(first) = check::quick(&conn)?.first() {
        return Err(bad(first.clone()));
    }
    let held = super::mark::amount(&conn)?;
    if (held.messages, held.entries) != (m.messages, m.entries) {
        return Err(bad(format!(
            "it holds {} messages and {} entries, not the {} and {} of its manifest",
            held.messages, held.entries, m.messages, m.entries
        )));
    }
    Ok(())
}

/// Open a backup and read all of it. Returns how many kept files it names that are not with it.
///
/// # Errors
/// [`Error::Corrupt`] when it is damaged, or what opening says.
pub fn verify(e: &Entry, key: &Key) -> Result<u32> {
    let db = e.path.join(DATABASE);
    verify_database(&db, key, &e.manifest)?;
    let from = pool(&e.path);
    let opened = open_read_only(&db, key)?;
    let missing = hashes(&opened)?
        .iter()
        .filter(|h| !kept_path(&from, h).exists())
        .count();
    Ok(u32::try_from(missing).unwrap_or(u32::MAX))
}

/// Take away what is beyond the newest [`KEPT`] of a kind.
fn prune(dir: &Path, kind: Kind) {
    for old in list(dir)
        .into_iter()
        .filter(|e| e.manifest.kind == kind)
        .skip(KEPT)
    {
        // Renamed first: half a backup must not look like one.
        let aside = place(dir).join(format!(".new-old-{}", old.name));
        if std::fs::rename(&old.path, &aside).is_ok() {
            let _ = std::fs::remove_dir_all(&aside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: Kind, at: Millis, took: Millis) -> Entry {
        Entry {
            name: String::new(),
            path: PathBuf::new(),
            manifest: Manifest {
                version: 1,
                kind,
                at,
                messages: 0,
                entries: 0,
                files: 0,
                bytes: 0,
                schema: 1,
                took,
                fingerprint: String::new(),
            },
        }
    }

    #[test]
    fn a_day_and_an_hour_fall_due_and_a_large_workspace_less_often() {
        assert_eq!(due(&[], 0), Some(Kind::Daily));
        let day = entry(Kind::Daily, 0, 0);
        assert_eq!(due(std::slice::from_ref(&day), HOUR - 1), None);
        assert_eq!(due(std::slice::from_ref(&day), HOUR), Some(Kind::Hourly));
        let both = [entry(Kind::Hourly, 2 * HOUR, 0), day.clone()];
        assert_eq!(due(&both, 2 * HOUR + 1), None);
        assert_eq!(due(&both, DAY), Some(Kind::Daily));
        let slow = [entry(Kind::Daily, 0, 10 * 60_000)];
        assert_eq!(due(&slow, 3 * HOUR), None);
        assert_eq!(due(&slow, 4 * HOUR), Some(Kind::Hourly));
    }

    #[test]
    fn a_backup_from_the_future_does_not_stop_those_of_today() {
        assert_eq!(
            due(&[entry(Kind::Daily, 9 * DAY, 0)], DAY),
            Some(Kind::Daily)
        );
    }
}
