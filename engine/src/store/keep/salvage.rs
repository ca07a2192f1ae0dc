//! What can still be read of a damaged database, row by row, into a whole one.
//!
//! Only what is true by itself is taken over: messages with their texts, the log, accounts, sends, drafts. Everything
//! that follows from those (waits, lists, counters, the index) is made anew.

use crate::error::Result;
use crate::model::{CustomerId, MessageId};
use crate::store::files::Files;
use crate::store::{Tx, conversations, log, migrate, search, tx};
use crate::time::Millis;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use std::collections::BTreeSet;

/// How often a hole of unreadable rows is probed for what lies behind it.
const PROBES: u32 = 400;

/// What was brought in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Salvaged {
    /// Messages that the base had not.
    pub messages: i64,
    /// Entries that the base had not.
    pub entries: i64,
    /// Messages that the damaged database says it had.
    pub seen_messages: i64,
    /// Entries that it says it had.
    pub seen_entries: i64,
    /// Every table could be read to its end.
    pub whole: bool,
}

/// Who the damaged workspace is, for a new database without a backup.
pub(super) fn identity(from: &Connection, to: &Connection) -> Result<()> {
    for key in ["id_key", "agent"] {
        let v: Vec<u8> =
            from.query_row("SELECT value FROM meta WHERE key = ?1", [key], |r| r.get(0))?;
        to.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", (key, v))?;
    }
    to.execute(
        "INSERT INTO meta (key, value) VALUES ('created_at', ?1), ('normaliser', ?2)",
        (
            from.query_row("SELECT value FROM meta WHERE key = 'created_at'", [], |r| {
                r.get::<_, i64>(0)
            })
            .unwrap_or(0),
            crate::store::normalise::VERSION,
        ),
    )?;
    Ok(())
}

/// Bring in what can be read, in one transaction.
pub(super) fn salvage(
    from: &Connection,
    to: &mut Connection,
    now: Millis,
    files: Files,
    anew: bool,
) -> Result<Salvaged> {
    let identity = migrate::identity(to, now, None)?;
    let (out, _) = tx::run(to, identity, now, files, |tx| bring(from, tx, anew))?;
    Ok(out)
}

fn bring(from: &Connection, tx: &mut Tx<'_>, anew: bool) -> Result<Salvaged> {
    let mut s = Salvaged {
        whole: true,
        ..Salvaged::default()
    };
    let seen = |sql: &str| from.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap_or(0);
    s.seen_messages = seen("SELECT count(*) FROM message");
    s.seen_entries = seen("SELECT coalesce(max(seq), 0) FROM entry");
    // Where the newest part of the damaged one is lost, the backup knows better what stood last.
    let newer = s.seen_entries
        >= tx.query_row("SELECT coalesce(max(seq), 0) FROM entry", [], |r| {
            r.get::<_, i64>(0)
        })?;
    for (table, key) in [
        ("agent", "id"),
        ("handle", "id"),
        ("own_address", "value"),
        ("naming", "ref"),
        ("bounce", "ref"),
        ("auth_server", "account"),
        ("read_mark", "account"),
        ("remote_picture", "message"),
        ("picture_sender", "address"),
        ("afterwards", "account"),
        ("edition", "message"),
        ("route", "account"),
        ("person", "handle"),
        ("touch", "account"),
        ("quarantine", "account"),
    ] {
        s.whole &= copy(from, tx, table, key)?;
    }
    // A staged file of the base may have become a message's since.
    let or = if newer { "REPLACE" } else { "IGNORE" };
    s.whole &= copy_with(from, tx, "file", "id", or)?;
    let mut touched = BTreeSet::new();
    s.messages = messages(from, tx, &mut touched, &mut s.whole)?;
    s.entries = entries(from, tx, &mut s.whole)?;
    s.whole &= outbox(from, tx)?;
    s.whole &= copy(from, tx, "draft", "conversation")?;
    if newer {
        s.whole &= settings(from, tx)?;
        s.whole &= accounts(from, tx)?;
    }
    if anew {
        read_again(tx)?;
    }
    tx.execute(
        "UPDATE message SET send_state = (SELECT state FROM outbox o WHERE o.id = message.id) WHERE id IN (SELECT id FROM outbox)",
        [],
    )?;
    cancelled(tx, &mut touched)?;
    for c in touched {
        tx.recount(c);
    }
    Ok(s)
}

/// A send that was taken back is shown nowhere.
fn cancelled(tx: &Tx<'_>, touched: &mut BTreeSet<CustomerId>) -> Result<()> {
    let shown: Vec<(CustomerId, i64)> = {
        let mut s = tx.prepare("SELECT t.conversation, t.rid FROM message m JOIN timeline t ON t.message = m.id WHERE m.send_state = 'cancelled'")?;
        s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?
    };
    for (c, rid) in shown {
        tx.execute("DELETE FROM timeline WHERE rid = ?1", [rid])?;
        tx.execute("DELETE FROM search WHERE rowid = ?1", [rid])?;
        touched.insert(c);
    }
    Ok(())
}

/// The columns that both sides know.
fn columns(from: &Connection, to: &Connection, table: &str) -> Result<Vec<String>> {
    let names = |c: &Connection| -> Result<Vec<String>> {
        let mut s = c.prepare("SELECT name FROM pragma_table_info(?1)")?;
        Ok(s.query_map([table], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    };
    let theirs = names(from)?;
    Ok(names(to)?
        .into_iter()
        .filter(|n| theirs.contains(n))
        .collect())
}

fn values(r: &Row<'_>, n: usize) -> rusqlite::Result<Vec<Value>> {
    (0..n).map(|i| r.get(i)).collect()
}

fn insertion(table: &str, columns: &[String], or: &str) -> String {
    let marks = vec!["?"; columns.len()].join(", ");
    format!(
        "INSERT OR {or} INTO {table} ({}) VALUES ({marks})",
        columns.join(", ")
    )
}

/// Every readable row of a table. Returns whether it could be read to its end.
fn copy(from: &Connection, tx: &Tx<'_>, table: &str, key: &str) -> Result<bool> {
    copy_with(from, tx, table, key, "IGNORE")
}

fn copy_with(from: &Connection, tx: &Tx<'_>, table: &str, key: &str, or: &str) -> Result<bool> {
    let Ok(columns) = columns(from, tx, table) else {
        return Ok(false);
    };
    if columns.is_empty() {
        // An older database does not have this table.
        return Ok(true);
    }
    let sql = insertion(table, &columns, or);
    let list = columns.join(", ");
    each(from, table, &list, key, &mut |r| {
        let v = values(r, columns.len())?;
        tx.prepare_cached(&sql)?.execute(params_from_iter(v))
    })
}

/// Walk a table from both ends until something cannot be read; between, integer keys are probed for what lies behind
/// a hole. A row may be visited twice. Returns whether there was no hole.
fn each(
    from: &Connection,
    table: &str,
    columns: &str,
    key: &str,
    visit: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<usize>,
) -> Result<bool> {
    let mut walk = |range: &str, order: &str| -> Result<(Option<i64>, bool)> {
        let sql =
            format!("SELECT {columns}, {key} FROM {table} WHERE {range} ORDER BY {key} {order}");
        let mut last = None;
        let Ok(mut s) = from.prepare(&sql) else {
            return Ok((None, false));
        };
        let n = s.column_count();
        let Ok(mut rows) = s.query([]) else {
            return Ok((None, false));
        };
        loop {
            match rows.next() {
                Ok(Some(r)) => {
                    last = r.get::<_, i64>(n - 1).ok().or(last);
                    visit(r)?;
                }
                Ok(None) => return Ok((last, true)),
                Err(_) => return Ok((last, false)),
            }
        }
    };
    let (low, whole) = walk("1", "ASC")?;
    if whole {
        return Ok(true);
    }
    let (high, _) = walk("1", "DESC")?;
    let mut holes = vec![(low.unwrap_or(0), high.unwrap_or(i64::MAX))];
    let mut probes = if key == "rid" || key == "seq" {
        PROBES
    } else {
        0
    };
    while let Some((a, b)) = holes.pop() {
        if b.saturating_sub(a) <= 1 || probes == 0 {
            continue;
        }
        probes -= 1;
        let mid = a + (b - a) / 2;
        let (up, all) = walk(&format!("{key} >= {mid} AND {key} < {b}"), "ASC")?;
        if !all {
            let (down, _) = walk(&format!("{key} >= {mid} AND {key} < {b}"), "DESC")?;
            holes.push((up.unwrap_or(mid), down.unwrap_or(b)));
        }
        let (below, _) = walk(&format!("{key} > {a} AND {key} < {mid}"), "DESC")?;
        holes.push((a, below.unwrap_or(mid)));
    }
    Ok(false)
}

/// Messages that the base has not, each with its text, or not at all: the mail server has it still.
fn messages(
    from: &Connection,
    tx: &mut Tx<'_>,
    touched: &mut BTreeSet<CustomerId>,
    whole: &mut bool,
) -> Result<i64> {
    let Ok(columns) = columns(from, tx, "message") else {
        *whole = false;
        return Ok(0);
    };
    let sql = insertion("message", &columns, "IGNORE");
    let mut new: Vec<(i64, Vec<Value>)> = Vec::new();
    let list = columns.join(", ");
    let read = each(from, "message", &format!("id, {list}"), "rid", &mut |r| {
        let known = tx
            .prepare_cached("SELECT 1 FROM message WHERE id = ?1")?
            .exists([r.get::<_, Vec<u8>>(0)?])?;
        if !known {
            let v = (1..=columns.len())
                .map(|i| r.get(i))
                .collect::<rusqlite::Result<Vec<Value>>>()?;
            new.push((r.get(columns.len() + 1)?, v));
        }
        Ok(0)
    })?;
    *whole &= read;
    let mut n = 0;
    for (rid, v) in new {
        let Ok(Some(body)) = one(from, tx, "body", "rid", &Value::Integer(rid)) else {
            *whole = false;
            continue;
        };
        let Some(places) = rows(from, tx, "timeline", "message", rid) else {
            *whole = false;
            continue;
        };
        let Some(deliveries) = rows(from, tx, "delivery", "message", rid) else {
            *whole = false;
            continue;
        };
        if tx.prepare_cached(&sql)?.execute(params_from_iter(v))? == 0 {
            continue;
        }
        put(tx, "body", body)?;
        if let Ok(Some(raw)) = one(from, tx, "raw", "rid", &Value::Integer(rid)) {
            put(tx, "raw", raw)?;
        }
        for row in places
            .into_iter()
            .map(|r| ("timeline", r))
            .chain(deliveries.into_iter().map(|r| ("delivery", r)))
        {
            put(tx, row.0, row.1)?;
        }
        n += 1;
        index(tx, rid, touched)?;
    }
    Ok(n)
}

type Named = (Vec<String>, Vec<Value>);

fn one(
    from: &Connection,
    tx: &Tx<'_>,
    table: &str,
    key: &str,
    value: &Value,
) -> Result<Option<Named>> {
    let columns = columns(from, tx, table)?;
    let sql = format!(
        "SELECT {} FROM {table} WHERE {key} = ?1",
        columns.join(", ")
    );
    let v = from
        .prepare_cached(&sql)?
        .query_row([value], |r| values(r, columns.len()))
        .optional()?;
    Ok(v.map(|v| (columns, v)))
}

/// The rows about a message; `None` when they cannot be read.
fn rows(from: &Connection, tx: &Tx<'_>, table: &str, key: &str, rid: i64) -> Option<Vec<Named>> {
    let columns = columns(from, tx, table).ok()?;
    let sql = format!(
        "SELECT {} FROM {table} WHERE {key} = (SELECT id FROM message WHERE rid = ?1)",
        columns.join(", ")
    );
    let mut s = from.prepare_cached(&sql).ok()?;
    let n = columns.len();
    s.query_map([rid], |r| values(r, n))
        .ok()?
        .map(|v| v.map(|v| (columns.clone(), v)))
        .collect::<rusqlite::Result<_>>()
        .ok()
}

fn put(tx: &Tx<'_>, table: &str, (columns, v): Named) -> Result<()> {
    tx.prepare_cached(&insertion(table, &columns, "IGNORE"))?
        .execute(params_from_iter(v))?;
    Ok(())
}

/// A message that is new here is found by its words, and those who are shown it are counted anew.
fn index(tx: &mut Tx<'_>, rid: i64, touched: &mut BTreeSet<CustomerId>) -> Result<()> {
    let id: MessageId = tx
        .prepare_cached("SELECT id FROM message WHERE rid = ?1")?
        .query_row([rid], |r| r.get(0))?;
    for c in conversations::shown_in(tx, id)? {
        conversations::ensure(tx, c)?;
        touched.insert(c);
    }
    search::index::put_stored(tx, rid)
}

/// Entries that the base has not, in the order they were written; their chain is made anew here.
fn entries(from: &Connection, tx: &mut Tx<'_>, whole: &mut bool) -> Result<i64> {
    let mut found = std::collections::BTreeMap::new();
    *whole &= each(from, "entry", log::COLUMNS, "seq", &mut |r| {
        // What is no entry any more was on a damaged page.
        if let Ok(Ok(e)) = log::entry(r) {
            found.insert(r.get::<_, i64>(12)?, e);
        }
        Ok(0)
    })?;
    let mut n = 0;
    for e in found.values() {
        n += i64::from(log::append(tx, e)?);
    }
    Ok(n)
}

/// Sends. Where each stands follows from the log, which both sides were joined into; the row adds what is in no entry.
fn outbox(from: &Connection, tx: &Tx<'_>) -> Result<bool> {
    const SAID: &str = "(SELECT json_extract(value, '$[2]') FROM register WHERE entity = 'outbox' AND field = 'state' AND id = lower(hex(outbox.id)))";
    let whole = copy(from, tx, "outbox", "id")?;
    let moved = "id, state, attempt, tries, next_try, error, provider_id, filing, sent_at";
    let update = format!(
        "UPDATE outbox SET state = ?2, attempt = ?3, tries = ?4, next_try = ?5, error = ?6, provider_id = ?7, filing = ?8, sent_at = ?9 WHERE id = ?1 AND state <> ?2 AND {SAID} = ?2"
    );
    let read = each(from, "outbox", moved, "id", &mut |r| {
        tx.prepare_cached(&update)?
            .execute(params_from_iter(values(r, 9)?))
    })?;
    tx.execute(
        &format!(
            "UPDATE outbox SET state = {SAID}, tries = max(tries, 1),
               sent_at = coalesce((SELECT CAST(value AS INTEGER) FROM register WHERE entity = 'outbox' AND field = 'sent_at' AND id = lower(hex(outbox.id))), sent_at)
             WHERE state <> {SAID}"
        ),
        [],
    )?;
    tx.execute(
        "DELETE FROM outbox WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.id = outbox.id)",
        [],
    )?;
    Ok(whole && read)
}

fn settings(from: &Connection, tx: &Tx<'_>) -> Result<bool> {
    each(from, "setting", "key, value", "key", &mut |r| {
        tx.prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)")?
            .execute(params_from_iter(values(r, 2)?))
    })
}

/// Passwords are in no entry.
fn accounts(from: &Connection, tx: &Tx<'_>) -> Result<bool> {
    each(from, "account", "id, secret, paused", "id", &mut |r| {
        tx.prepare_cached(
            "UPDATE account SET secret = coalesce(?2, secret), paused = ?3 WHERE id = ?1",
        )?
        .execute(params_from_iter(values(r, 3)?))
    })
}

/// Without a backup every mailbox is read from its beginning: a cursor must never be ahead of what is there.
fn read_again(tx: &Tx<'_>) -> Result<()> {
    tx.execute(
        "UPDATE account SET cursor = NULL, last_success = NULL, messages = (SELECT count(*) FROM delivery d WHERE d.account = account.id)",
        [],
    )?;
    Ok(())
}
