//! Damage: found before or while the workspace is used, answered by the newest backup that verifies and by what can
//! still be read of the damaged database.

use super::backup::{self, Entry};
use super::mark::{self, Amount, Mark};
use super::salvage::{self, Salvaged};
use super::{BESIDE, DATABASE, restore};
use crate::error::{Error, Result};
use crate::secrets::Key;
use crate::store::files::write_whole;
use crate::store::{CACHE_ASIDE_KIB, check, connect, keys, migrate, open_read_only};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Up to this size a database is read whole before it is opened after an unclean end; larger ones are opened at once
/// and read in the background.
const READ_BEFORE: u64 = 64 * 1024 * 1024;

/// What happened to a damaged workspace, until a person has read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescued {
    /// When.
    pub at: Millis,
    /// What was wrong, in words.
    pub what: String,
    /// The folder in the workspace that holds the damaged files; `None` when no file was damaged.
    pub set_aside: Option<String>,
    /// When the backup was made that took its place; `None` when there was none.
    pub backup: Option<Millis>,
    /// Messages that the damaged database still gave.
    pub messages: i64,
    /// Decisions and other entries of the log that it still gave.
    pub entries: i64,
    /// Messages that were there and are not any more. Those still at the mail servers come back by themselves.
    pub missing_messages: i64,
    /// Entries of the log that were there and are not any more: they are lost.
    pub missing_entries: i64,
    /// All of the damaged database could be read but for pages that nothing was on.
    pub whole: bool,
}

fn report_file(dir: &Path) -> PathBuf {
    dir.join("rescue.json")
}

/// What happened, if nobody has read it yet.
#[must_use]
pub fn told(dir: &Path) -> Option<Rescued> {
    serde_json::from_slice(&std::fs::read(report_file(dir)).ok()?).ok()
}

/// A person has read it.
///
/// # Errors
/// When the folder cannot be written.
pub fn read(dir: &Path) -> Result<()> {
    match std::fs::remove_file(report_file(dir)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("removing rescue.json", e))
        }
        _ => Ok(()),
    }
}

fn tell(dir: &Path, r: &Rescued) -> Result<()> {
    let json = serde_json::to_vec_pretty(r).map_err(|e| Error::Internal(e.to_string()))?;
    write_whole(&report_file(dir), &[&json]).map_err(|e| Error::io("writing rescue.json", e))
}

/// Before the database is opened: finish what was begun, miss what is missing, and look for damage where the last
/// end was not a clean one. Says whether all of it should still be read, in the background.
///
/// # Errors
/// [`Error::Missing`] when the database is gone, [`Error::Corrupt`] when it is damaged and nothing can be made of it.
pub fn ready(dir: &Path, key: &Key, now: Millis) -> Result<bool> {
    restore::finish(dir)?;
    let db = dir.join(DATABASE);
    if !db.exists() {
        return if keys::was_opened(dir)? {
            Err(gone(dir))
        } else {
            Ok(false)
        };
    }
    let before = mark::read(dir);
    // While a workspace is open there always is one; only closing takes it away.
    let wal_there = dir.join(BESIDE[0]).exists();
    let unclean = !before.is_some_and(|m| m.clean);
    let passed_over = unclean && super::wal::lost(dir, key, now)?;
    let small = std::fs::metadata(&db).map_or(0, |m| m.len()) <= READ_BEFORE;
    let found = if unclean && small {
        examine(dir, key)?
    } else {
        // The first page and the schema at least, and that it is a database of ours.
        glance(dir, key)?
    };
    if let Some(what) = found {
        return rescue(dir, key, now, &what).map(|_| false);
    }
    if let Some(m) = before {
        went_back(dir, key, now, m, passed_over || !m.clean && !wal_there)?;
    }
    Ok(unclean && !small)
}

fn gone(dir: &Path) -> Error {
    let backups = backup::list(dir).len();
    Error::Missing(format!(
        "{} has its key file, and no database beside it. {} No new one was made in its place",
        dir.display(),
        if backups == 0 {
            "Put parley.db back; to begin anew, move key.json away."
        } else {
            "Put parley.db back, or restore a backup: there are some."
        }
    ))
}

/// Read the whole database. `Some` says what is wrong with it.
///
/// # Errors
/// Errors that are not damage: of the disk, of a newer version.
pub fn examine(dir: &Path, key: &Key) -> Result<Option<String>> {
    damage(dir, key, || {
        let conn = connect(&dir.join(DATABASE), key, CACHE_ASIDE_KIB, false)?;
        Ok(check::quick(&conn)?.into_iter().next())
    })
}

/// Whether an error of opening says that the database is damaged.
#[must_use]
pub fn is_damage(dir: &Path, key: &Key, e: &Error) -> bool {
    match e {
        Error::Corrupt(_) => true,
        Error::Locked(_) => keys::is_certain(dir, key),
        Error::Sql(e) => looks_damaged(e),
        _ => false,
    }
}

fn glance(dir: &Path, key: &Key) -> Result<Option<String>> {
    damage(dir, key, || {
        let conn = connect(&dir.join(DATABASE), key, CACHE_ASIDE_KIB, false)?;
        conn.query_row("SELECT count(*) FROM meta", [], |r| r.get::<_, i64>(0))?;
        Ok(None)
    })
}

fn damage(
    dir: &Path,
    key: &Key,
    look: impl FnOnce() -> Result<Option<String>>,
) -> Result<Option<String>> {
    match look() {
        Ok(found) => Ok(found),
        Err(Error::Corrupt(what)) => Ok(Some(what)),
        // The key is known to be right, so it is the file that is wrong.
        Err(Error::Locked(_)) if keys::is_certain(dir, key) => {
            Ok(Some("its first page cannot be read".into()))
        }
        Err(Error::Sql(e)) if looks_damaged(&e) => Ok(Some(e.to_string())),
        Err(e) => Err(e),
    }
}

/// Damage in the schema shows as SQL that makes no sense.
fn looks_damaged(e: &rusqlite::Error) -> bool {
    matches!(
        e.sqlite_error_code(),
        Some(rusqlite::ErrorCode::Unknown | rusqlite::ErrorCode::CannotOpen)
    ) || e.sqlite_error_code().is_none()
}

/// Less is there than was noted: an older database or a lost write-ahead file. It is whole, but it went back in time;
/// where the newest backup holds more, that takes its place.
fn went_back(dir: &Path, key: &Key, now: Millis, before: Mark, no_wal: bool) -> Result<()> {
    const WHAT: &str = "The newest part of the database is gone: the file parley.db-wal was damaged or removed, or an older database was put in its place";
    let conn = connect(&dir.join(DATABASE), key, CACHE_ASIDE_KIB, true)?;
    let version: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    let here = if version == 0 {
        Amount::default()
    } else {
        mark::amount(&conn)?
    };
    let less = Amount {
        messages: (before.amount.messages - here.messages).max(0),
        entries: (before.amount.entries - here.entries).max(0),
    };
    let empty = version == 0 && keys::was_opened(dir)?;
    if less == Amount::default() && !no_wal && !empty {
        return Ok(());
    }
    let better = backup::list(dir)
        .into_iter()
        .next()
        .is_some_and(|b| b.manifest.messages > here.messages || b.manifest.entries > here.entries);
    if better || empty {
        conn.close()?;
        // What is gone stood in no file any more: how much it was is known only as far as it was noted.
        let r = rescue(dir, key, now, WHAT)?;
        return tell(dir, &Rescued { whole: false, ..r });
    }
    if version == 0 {
        return Ok(());
    }
    restore::came_back(&conn)?;
    tell(
        dir,
        &Rescued {
            at: now,
            what: format!("{WHAT}."),
            set_aside: None,
            backup: None,
            messages: 0,
            entries: 0,
            missing_messages: less.messages,
            missing_entries: less.entries,
            whole: false,
        },
    )?;
    mark::write(
        dir,
        Mark {
            clean: false,
            amount: here,
        },
    );
    Ok(())
}

/// Set the damaged database aside, put the newest backup that verifies in its place, and bring in what can still be
/// read. The workspace must be closed.
///
/// # Errors
/// [`Error::Corrupt`] when there is no backup and the damaged database does not even say which workspace it is; then
/// nothing was moved. What the disk says.
pub fn rescue(dir: &Path, key: &Key, now: Millis, what: &str) -> Result<Rescued> {
    tracing::error!("the database is damaged; it is set aside and rebuilt");
    restore::finish(dir)?;
    let before = mark::read(dir).map(|m| m.amount).unwrap_or_default();
    let base = newest_good(dir, key);
    let new = restore::fresh_dir(dir)?;
    // Read where it lies: only once the new one is whole does anything move.
    let built = build(dir, key, now, &new, base.as_ref());
    let (salvaged, amount) = match built {
        Ok(b) => b,
        Err(e) => {
            let _ = std::fs::remove_dir_all(&new);
            return Err(e);
        }
    };
    let aside = restore::swap(dir, &new, "damaged", now)?;
    let r = Rescued {
        at: now,
        what: if what.starts_with("The ") {
            format!("{what}.")
        } else {
            format!("The database was damaged: {what}.")
        },
        set_aside: aside.and_then(|p| p.file_name().map(|n| n.to_string_lossy().into_owned())),
        backup: base.map(|b| b.manifest.at),
        messages: salvaged.messages,
        entries: salvaged.entries,
        missing_messages: (before.messages.max(salvaged.seen_messages) - amount.messages).max(0),
        missing_entries: (before.entries.max(salvaged.seen_entries) - amount.entries).max(0),
        whole: salvaged.whole,
    };
    tell(dir, &r)?;
    mark::write(
        dir,
        Mark {
            clean: true,
            amount,
        },
    );
    Ok(r)
}

fn newest_good(dir: &Path, key: &Key) -> Option<Entry> {
    backup::list(dir).into_iter().find(|e| {
        let good = backup::verify(e, key);
        if let Err(e) = &good {
            tracing::warn!(
                code = e.code(),
                "a backup does not verify and is passed over"
            );
        }
        good.is_ok()
    })
}

fn build(
    dir: &Path,
    key: &Key,
    now: Millis,
    new: &Path,
    base: Option<&Entry>,
) -> Result<(Salvaged, Amount)> {
    let db = new.join(DATABASE);
    if let Some(b) = base {
        restore::copy_database(b, &db)?;
    }
    let mut conn = connect(&db, key, CACHE_ASIDE_KIB, true)?;
    migrate::migrate(&mut conn)?;
    // Read from copies: opening the damaged file itself might change it.
    let scratch = new.join("damaged");
    super::make_dir(&scratch)?;
    for f in BESIDE.into_iter().take(1).chain([DATABASE]) {
        let from = dir.join(f);
        if from.exists() {
            std::fs::copy(&from, scratch.join(f))
                .map_err(|e| Error::io(format!("copying {}", from.display()), e))?;
        }
    }
    let source = open_read_only(&scratch.join(DATABASE), key).ok();
    if base.is_none() {
        let known = source
            .as_ref()
            .is_some_and(|s| salvage::identity(s, &conn).is_ok());
        if !known {
            return Err(Error::Corrupt(format!(
                "{} cannot be read at all and there is no backup; nothing was changed. Put back a copy of this folder, or move it away and begin anew: the mail is still at the mail servers",
                dir.join(DATABASE).display()
            )));
        }
    }
    restore::came_back(&conn)?;
    let files = crate::store::files::Files::new(
        dir.join("files"),
        std::sync::Arc::new(crate::store::files::FileKey::derive(key)),
    );
    let salvaged = match &source {
        Some(s) => salvage::salvage(s, &mut conn, now, files, base.is_none())?,
        None => Salvaged::default(),
    };
    drop(source);
    if let Some(b) = base {
        backup::take_files(dir, &b.path, &conn)?;
    }
    let amount = mark::amount(&conn)?;
    restore::settle_file(conn, &db)?;
    let _ = std::fs::remove_dir_all(&scratch);
    Ok((salvaged, amount))
}

/// The workspace is in use: what was noted stays true, and the end is no clean one yet.
pub(in crate::store) fn begin(dir: &Path) {
    let amount = mark::read(dir).map(|m| m.amount).unwrap_or_default();
    mark::write(
        dir,
        Mark {
            clean: false,
            amount,
        },
    );
}

/// Note how much there is, as long as counting is quick.
pub(in crate::store) fn note(dir: &Path, conn: &rusqlite::Connection, clean: bool) {
    let small = std::fs::metadata(dir.join(DATABASE)).is_ok_and(|m| m.len() <= READ_BEFORE);
    if (small || clean)
        && let Ok(amount) = mark::amount(conn)
    {
        mark::write(dir, Mark { clean, amount });
    }
}

/// The workspace is closed: everything goes into the one file, and that is noted.
pub(in crate::store) fn end(dir: &Path, conn: &rusqlite::Connection, health: &super::Health) {
    let settled = health.trouble().is_none()
        && conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .is_ok();
    if settled {
        note(dir, conn, true);
    } else {
        // Nothing is known then, which costs a longer look at the next start.
        mark::forget(dir);
    }
}
