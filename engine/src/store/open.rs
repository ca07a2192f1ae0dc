//! Opening databases with their key, and knowing when the last one is closed.

use super::{CACHE_ASIDE_KIB, lock, migrate};
use crate::error::{Error, Result};
use crate::secrets::Key;
use rusqlite::{Connection, OpenFlags};
use secrecy::ExposeSecret;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How many databases this process has open.
static OPEN: Mutex<usize> = Mutex::new(0);
static CLOSED: Condvar = Condvar::new();

/// An open database.
pub(super) struct Database {
    // Closed before it is counted as closed.
    conn: Connection,
    _counted: Counted,
}

impl Database {
    /// Closes it, and says so where that fails.
    pub(super) fn close(self) -> Result<()> {
        self.conn.close().map_err(|(_, e)| e.into())
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.conn
    }
}

impl DerefMut for Database {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.conn
    }
}

struct Counted;

impl Counted {
    fn new() -> Self {
        *lock(&OPEN) += 1;
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        *lock(&OPEN) -= 1;
        CLOSED.notify_all();
    }
}

/// Waits until no database is open any more, at most so long; whether that came about. SQLCipher and the cryptography
/// under it tidy up when a process ends, and a thread that still reads or closes a database then makes it crash: whoever
/// ends a process stops what it does and then waits here.
#[must_use]
pub fn all_closed(within: Duration) -> bool {
    let waited = CLOSED.wait_timeout_while(lock(&OPEN), within, |open| *open > 0);
    let (open, _) = waited.unwrap_or_else(PoisonError::into_inner);
    *open == 0
}

/// The database and what SQLite lays beside it are the owner's alone, whatever the umask says.
fn own(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(|_| ())
        .map_err(|e| Error::io(format!("opening {}", path.display()), e))
}

/// Let nobody else open a database meanwhile: SQLCipher sets itself up with the first key of a process.
static OPENING: Mutex<()> = Mutex::new(());

/// Open a file with a key, and nothing else.
fn unlock(path: &Path, key: &Key, flags: OpenFlags) -> Result<Database> {
    let counted = Counted::new();
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let conn = Database {
        conn,
        _counted: counted,
    };
    let hex = zeroize::Zeroizing::new(format!(
        "x'{}'",
        data_encoding::HEXLOWER.encode(key.expose_secret())
    ));
    conn.pragma_update(None, "key", hex.as_str())?;
    // What is wrong is said by our errors; the library's own lines on stderr help nobody.
    conn.pragma_update(None, "cipher_log_level", "NONE")?;
    conn.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(conn)
}

/// The first read proves the key: a wrong one looks like a file that is no database.
fn prove(conn: &Connection) -> Result<()> {
    match conn.query_row("SELECT count(*) FROM sqlite_master", [], |r| {
        r.get::<_, i64>(0)
    }) {
        Ok(_) => Ok(()),
        Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(Error::Locked("the key does not open this database; it may be damaged, or it belongs to another key".into()))
        }
        Err(e) => Err(e.into()),
    }
}

/// An empty file that becomes a copy.
pub(super) fn connect_plain(path: &Path, key: &Key) -> Result<Database> {
    own(path)?;
    let _alone = lock(&OPENING);
    let conn = unlock(path, key, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    prove(&conn)?;
    conn.pragma_update(None, "cache_size", -CACHE_ASIDE_KIB)?;
    Ok(conn)
}

/// A database that must not change by being looked at.
pub(super) fn open_read_only(path: &Path, key: &Key) -> Result<Database> {
    let _alone = lock(&OPENING);
    let conn = unlock(path, key, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    prove(&conn)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -CACHE_ASIDE_KIB)?;
    Ok(conn)
}

pub(super) fn connect(path: &Path, key: &Key, cache_kib: i64, writer: bool) -> Result<Database> {
    if writer {
        own(path)?;
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    if writer {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let alone = lock(&OPENING);
    let conn = unlock(path, key, flags)?;
    prove(&conn)?;
    drop(alone);
    // Before anything is written: a newer database is left exactly as it is.
    migrate::refuse_newer(&conn)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -cache_kib)?;
    conn.pragma_update(None, "secure_delete", true)?;
    if !writer {
        conn.pragma_update(None, "query_only", true)?;
    }
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_wait_until_the_last_database_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let key: Key = secrecy::SecretBox::new(Box::new([7; 32]));
        let open = connect(&dir.path().join("a.db"), &key, CACHE_ASIDE_KIB, true).unwrap();
        assert!(!all_closed(Duration::from_millis(1)));
        let closing = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(open);
        });
        // Tests of one process may have others open; nextest gives each its own.
        assert!(all_closed(Duration::from_secs(60)));
        closing.join().unwrap();
    }
}
