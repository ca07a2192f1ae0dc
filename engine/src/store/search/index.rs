//! The index: one row a message, words from the one normaliser, no text. What is missing is filled in newest first.

use crate::error::Result;
use crate::model::Party;
use crate::store::files::unpack_text;
use crate::store::ingest::Participants;
use crate::store::{Tx, normalise};
use rusqlite::{Connection, OptionalExtension, ToSql, params};

/// `meta` key: messages from this row id down are still to be indexed; absent = the index is whole.
const MISSING_FROM: &str = "index_todo";

/// What of a message can be found.
#[derive(Debug, Clone, Default)]
pub struct Entry<'a> {
    /// Subject.
    pub subject: &'a str,
    /// Who wrote it.
    pub from: Option<&'a Party>,
    /// To whom, copies included.
    pub to: Vec<&'a Party>,
    /// Text.
    pub body: &'a str,
    /// Names of its files.
    pub files: String,
}

/// Index a new message, unless the filling will come by it anyway.
///
/// # Errors
/// When the store fails.
pub fn put(tx: &Tx<'_>, rid: i64, e: &Entry<'_>) -> Result<()> {
    if todo(tx)?.is_some_and(|t| rid <= t) {
        return Ok(());
    }
    write(tx, rid, e)
}

fn write(tx: &Tx<'_>, rid: i64, e: &Entry<'_>) -> Result<()> {
    let people = |all: &mut dyn Iterator<Item = &Party>| {
        let mut out = String::new();
        for p in all {
            for part in [p.name.as_deref().unwrap_or(""), &p.address] {
                normalise::append(&mut out, part);
            }
        }
        out
    };
    tx.prepare_cached("INSERT INTO search (rowid, subject, sender, recipients, body, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            rid,
            normalise::document(e.subject),
            people(&mut e.from.into_iter()),
            people(&mut e.to.iter().copied()),
            normalise::document(e.body),
            normalise::document(&e.files),
        ])?;
    Ok(())
}

/// Take a message out of the index.
///
/// # Errors
/// When the store fails.
pub fn remove(tx: &Tx<'_>, rid: i64) -> Result<()> {
    if todo(tx)?.is_none_or(|t| rid > t) {
        tx.execute("DELETE FROM search WHERE rowid = ?1", [rid])?;
    }
    Ok(())
}

fn todo(conn: &Connection) -> Result<Option<i64>> {
    Ok(conn
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([MISSING_FROM], |r| r.get(0))
        .optional()?)
}

/// Whether every message is in the index.
///
/// # Errors
/// When the store fails.
pub fn is_whole(conn: &Connection) -> Result<bool> {
    Ok(todo(conn)?.is_none())
}

/// Begin anew, because the normaliser that made the index was another one. Run when the database is opened.
///
/// # Errors
/// When the store fails.
pub fn renew_if_old(conn: &Connection) -> Result<()> {
    let made_by: Option<i64> = conn
        .query_row("SELECT value FROM meta WHERE key = 'normaliser'", [], |r| {
            r.get(0)
        })
        .optional()?;
    if made_by == Some(normalise::VERSION) {
        return Ok(());
    }
    conn.execute("INSERT INTO search (search) VALUES ('delete-all')", [])?;
    conn.execute(
        "INSERT OR REPLACE INTO meta (key, value) SELECT ?1, max(rid) FROM message HAVING max(rid) IS NOT NULL",
        [MISSING_FROM],
    )?;
    conn.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('normaliser', ?1)",
        [normalise::VERSION],
    )?;
    Ok(())
}

/// Index the next `most` messages that are missing, newest first. Returns whether more are missing.
///
/// # Errors
/// When the store fails.
pub fn fill(tx: &mut Tx<'_>, most: usize) -> Result<bool> {
    let Some(from) = todo(tx)? else {
        return Ok(false);
    };
    let rows = missing(
        tx,
        "m.rid <= ?1 ORDER BY m.rid DESC LIMIT ?2",
        &[&from, &i64::try_from(most).unwrap_or(200)],
    )?;
    for m in rows.iter().filter(|m| !m.cancelled) {
        m.write(tx)?;
    }
    match rows.last().filter(|_| rows.len() == most) {
        Some(last) => {
            tx.execute(
                "UPDATE meta SET value = ?2 WHERE key = ?1",
                params![MISSING_FROM, last.rid - 1],
            )?;
            Ok(true)
        }
        None => {
            tx.execute("DELETE FROM meta WHERE key = ?1", [MISSING_FROM])?;
            Ok(false)
        }
    }
}

/// Index a message that is stored and was never indexed here.
///
/// # Errors
/// When the store fails.
pub fn put_stored(tx: &Tx<'_>, rid: i64) -> Result<()> {
    if todo(tx)?.is_some_and(|t| rid <= t) {
        return Ok(());
    }
    for m in missing(tx, "m.rid = ?1", &[&rid])? {
        if !m.cancelled {
            m.write(tx)?;
        }
    }
    Ok(())
}

fn missing(tx: &Tx<'_>, which: &str, args: &[&dyn ToSql]) -> Result<Vec<Missing>> {
    let mut s = tx.prepare_cached(&format!(
        "SELECT m.rid, m.subject, m.participants, b.text, m.send_state IS 'cancelled' OR m.unsent_at IS NOT NULL,
                (SELECT group_concat(name, ' ') FROM file f WHERE f.message = m.id)
         FROM message m JOIN body b ON b.rid = m.rid WHERE {which}"
    ))?;
    let rows = s.query_map(args, |r| {
        Ok(Missing {
            rid: r.get(0)?,
            subject: r.get::<_, Option<String>>(1)?.unwrap_or_default(),
            people: r.get(2)?,
            text: r.get(3)?,
            cancelled: r.get(4)?,
            files: r.get::<_, Option<String>>(5)?.unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

struct Missing {
    rid: i64,
    subject: String,
    people: String,
    text: Vec<u8>,
    cancelled: bool,
    files: String,
}

impl Missing {
    fn write(&self, tx: &Tx<'_>) -> Result<()> {
        let people: Participants = serde_json::from_str(&self.people).unwrap_or_default();
        let body = unpack_text(&self.text)?;
        let entry = Entry {
            subject: &self.subject,
            from: people.from.as_ref(),
            to: people.to.iter().chain(&people.cc).collect(),
            body: &body,
            files: self.files.clone(),
        };
        write(tx, self.rid, &entry)
    }
}
