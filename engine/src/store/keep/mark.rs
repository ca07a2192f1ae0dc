//! `mark.json`: whether the last end was a clean one, and how much there was. It costs a small file at start and end
//! and tells two things that SQLite cannot: that a write-ahead file is gone, and that an old database lies in the
//! place of the present one.

use crate::error::Result;
use crate::store::files::write_whole;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::path::Path;

const FILE: &str = "mark.json";

/// How much there is: both only ever grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Amount {
    /// Messages.
    pub messages: i64,
    /// Entries of the log.
    pub entries: i64,
}

/// What was noted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The workspace was closed, and everything is in the database's file.
    pub clean: bool,
    /// How much there was at least.
    pub amount: Amount,
}

/// `None` where there is none, or none that can be read: then nothing is known.
pub(super) fn read(dir: &Path) -> Option<Mark> {
    serde_json::from_slice(&std::fs::read(dir.join(FILE)).ok()?).ok()
}

/// Note it. That it cannot be noted costs a longer look at the next start, and nothing else.
pub(super) fn write(dir: &Path, m: Mark) {
    let put = serde_json::to_vec(&m)
        .map_err(std::io::Error::other)
        .and_then(|json| write_whole(&dir.join(FILE), &[&json]));
    if let Err(e) = put {
        tracing::warn!(kind = %e.kind(), "the mark of this run could not be written");
        // An old one would say what is not true any more; taking it away works on a full disk.
        forget(dir);
    }
}

/// Nothing is known.
pub(super) fn forget(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(FILE));
}

/// How much a database holds.
pub(super) fn amount(conn: &Connection) -> Result<Amount> {
    let n = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i64>(0));
    Ok(Amount {
        // Counted on the narrowest index; rows of messages are never deleted.
        messages: n("SELECT count(*) FROM message")?,
        entries: n("SELECT coalesce(max(seq), 0) FROM entry")?,
    })
}
