//! The invariants that hold after every fault (`docs/security.md`), and the digest that two replicas compare.

use super::conversations;
use super::log;
use crate::error::Result;
use crate::model::log::{Register, join};
use crate::model::{CustomerId, DeviceId, EntryId, MessageId};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub invariant: &'static str,
    /// What, with ids.
    pub what: String,
}

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Wrong.
    pub findings: Vec<Finding>,
    /// Looked at.
    pub counted: Vec<(&'static str, u32)>,
}

/// Check all invariants.
///
/// # Errors
/// When the store cannot be read at all.
pub fn check(conn: &Connection, files: &super::files::Files) -> Result<Report> {
    // One snapshot: what is written meanwhile must not look like a contradiction.
    let conn = &*conn.unchecked_transaction()?;
    let mut r = Report::default();
    once(conn, &mut r)?;
    outbox(conn, &mut r)?;
    whole(conn, &mut r)?;
    index(conn, &mut r)?;
    state(conn, &mut r)?;
    facts(conn, &mut r)?;
    chains(conn, &mut r)?;
    kept_files(conn, files, &mut r)?;
    Ok(r)
}

/// Read all of the database's file and say what is wrong with it. Quicker than [`check`], and about the file alone.
///
/// # Errors
/// When it cannot be read; that is damage too when it is [`crate::error::Error::Corrupt`].
pub fn quick(conn: &Connection) -> Result<Vec<String>> {
    let mut s = conn.prepare("PRAGMA quick_check(20)")?;
    let lines: Vec<String> = s
        .query_map([], |x| x.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|l| l != "ok").collect())
}

fn find(
    conn: &Connection,
    r: &mut Report,
    invariant: &'static str,
    what: &str,
    sql: &str,
) -> Result<()> {
    let mut s = conn.prepare(sql)?;
    for id in s.query_map([], |x| x.get::<_, Vec<u8>>(0))?.take(20) {
        r.findings.push(Finding {
            invariant,
            what: format!("{what}: {}", data_encoding::HEXLOWER.encode(&id?)),
        });
    }
    Ok(())
}

/// I1 every inbound item exactly once · I4 a cursor never ahead of stored data.
fn once(conn: &Connection, r: &mut Report) -> Result<()> {
    find(
        conn,
        r,
        "I1",
        "a delivery without its message",
        "SELECT message FROM delivery d WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.id = d.message)",
    )?;
    find(
        conn,
        r,
        "I1",
        "a message without a conversation",
        "SELECT id FROM message m WHERE conversation IS NULL OR send_state IS NOT 'cancelled' AND variant_of IS NULL AND NOT EXISTS (SELECT 1 FROM timeline t WHERE t.message = m.id AND t.home = 1)",
    )?;
    find(
        conn,
        r,
        "I1",
        "another body of a message that stands in a timeline itself, or of one that does not",
        "SELECT id FROM message v WHERE variant_of IS NOT NULL AND (EXISTS (SELECT 1 FROM timeline t WHERE t.message = v.id)
           OR NOT EXISTS (SELECT 1 FROM message m WHERE m.id = v.variant_of AND m.variant_of IS NULL))",
    )?;
    find(
        conn,
        r,
        "I1",
        "a message without its text",
        "SELECT id FROM message m WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.rid = m.rid)",
    )?;
    find(
        conn,
        r,
        "I1",
        "a polled message without a delivery",
        "SELECT id FROM message m WHERE author IS NULL AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = m.id)",
    )?;
    find(
        conn,
        r,
        "I4",
        "an account with messages and no cursor",
        // After a rescue without a backup a mailbox is read from its beginning, and has not been yet.
        "SELECT id FROM account WHERE messages > 0 AND cursor IS NULL AND last_success IS NOT NULL",
    )?;
    r.counted
        .push(("messages", count(conn, "SELECT count(*) FROM message")?));
    r.counted
        .push(("deliveries", count(conn, "SELECT count(*) FROM delivery")?));
    Ok(())
}

/// I2 every send in exactly one state; `sent` has an instant · I3 no attempt without record.
fn outbox(conn: &Connection, r: &mut Report) -> Result<()> {
    find(
        conn,
        r,
        "I2",
        "a send without its message",
        "SELECT id FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.id = o.id)",
    )?;
    find(
        conn,
        r,
        "I2",
        "a sent one without an instant",
        "SELECT id FROM outbox WHERE state = 'sent' AND sent_at IS NULL",
    )?;
    find(
        conn,
        r,
        "I2",
        "a send whose message says otherwise",
        "SELECT o.id FROM outbox o JOIN message m ON m.id = o.id WHERE m.send_state IS NOT o.state",
    )?;
    find(
        conn,
        r,
        "I3",
        "a sent one that was never tried",
        "SELECT id FROM outbox WHERE state = 'sent' AND tries = 0",
    )?;
    r.counted
        .push(("sends", count(conn, "SELECT count(*) FROM outbox")?));
    Ok(())
}

/// I5 the file itself.
fn whole(conn: &Connection, r: &mut Report) -> Result<()> {
    // FTS5's own check trusts the segments that this connection saw last; a query makes it look again. Without it a
    // connection that searched before the writer merged segments reports a corruption that is none.
    conn.query_row(
        "SELECT rowid FROM search WHERE search MATCH '\"parley\"' LIMIT 1",
        [],
        |x| x.get::<_, i64>(0),
    )
    .optional()?;
    for pragma in ["integrity_check", "cipher_integrity_check"] {
        let mut s = conn.prepare(&format!("PRAGMA {pragma}"))?;
        let lines: Vec<String> = s
            .query_map([], |x| x.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        r.findings.extend(
            lines
                .into_iter()
                .filter(|l| l != "ok")
                .take(20)
                .map(|what| Finding {
                    invariant: "I5",
                    what,
                }),
        );
    }
    Ok(())
}

/// I5 the index holds exactly what it should.
fn index(conn: &Connection, r: &mut Report) -> Result<()> {
    // One that is still being filled holds less, and says so where it is asked.
    if !super::search::index::is_whole(conn)? {
        return Ok(());
    }
    let indexed = count(conn, "SELECT count(*) FROM search_docsize")?;
    let wanted = count(
        conn,
        "SELECT count(*) FROM message WHERE send_state IS NOT 'cancelled' AND unsent_at IS NULL",
    )?;
    if indexed != wanted {
        r.findings.push(Finding {
            invariant: "I5",
            what: format!("the index holds {indexed} messages, the store {wanted}"),
        });
    }
    let mut s = conn.prepare("SELECT rowid FROM search WHERE search MATCH ?1 AND rowid = ?2")?;
    let mut rows = conn.prepare("SELECT m.rid, m.id, b.text FROM message m JOIN body b ON b.rid = m.rid WHERE m.send_state IS NOT 'cancelled' AND m.unsent_at IS NULL ORDER BY m.id LIMIT 500")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let (rid, id): (i64, MessageId) = (row.get(0)?, row.get(1)?);
        let text = super::files::unpack_text(&row.get::<_, Vec<u8>>(2)?)?;
        let start: String = text.chars().take(4_000).collect();
        // A word that was cut in the middle is none that the index knows.
        let whole = match start.rsplit_once(char::is_whitespace) {
            _ if start.len() == text.len() => start.as_str(),
            Some((before, _)) => before,
            None => continue,
        };
        let words = super::normalise::document(whole);
        let Some(word) = words.split(' ').find(|w| w.len() > 3 && w.is_ascii()) else {
            continue;
        };
        if s.query_row((format!("\"{word}\""), rid), |x| x.get::<_, i64>(0))
            .optional()?
            .is_none()
        {
            r.findings.push(Finding {
                invariant: "I5",
                what: format!("the index does not find message {id}"),
            });
        }
    }
    Ok(())
}

/// The log's join equals the registers.
fn state(conn: &Connection, r: &mut Report) -> Result<()> {
    let mut joined: BTreeMap<(&'static str, String, String), Register> = BTreeMap::new();
    let entries = log::all(conn)?;
    r.counted
        .push(("entries", u32::try_from(entries.len()).unwrap_or(u32::MAX)));
    for e in entries {
        for c in e.changes {
            let key = (e.entity.as_str(), e.entity_id.clone(), c.field.clone());
            let new = Register {
                stamp: e.stamp.clone(),
                value: c.value,
            };
            let kind = e.entity.join(&c.field);
            joined
                .entry(key)
                .and_modify(|old| *old = join(kind, old.clone(), new.clone()))
                .or_insert(new);
        }
    }
    let mut s = conn.prepare("SELECT entity, id, field, stamp, value FROM register")?;
    let kept: BTreeMap<(String, String, String), (String, String)> = s
        .query_map([], |x| {
            Ok(((x.get(0)?, x.get(1)?, x.get(2)?), (x.get(3)?, x.get(4)?)))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let wanted: BTreeMap<(String, String, String), (String, String)> = joined
        .into_iter()
        .map(|((e, i, f), g)| {
            (
                (e.to_owned(), i, f),
                (g.stamp.as_str().to_owned(), g.value.to_string()),
            )
        })
        .collect();
    if kept != wanted {
        let key = wanted
            .iter()
            .find(|(k, v)| kept.get(*k) != Some(v))
            .map(|(k, _)| k)
            .or_else(|| kept.keys().find(|k| !wanted.contains_key(*k)));
        r.findings.push(Finding {
            invariant: "log",
            what: format!("the log's join is not the state, first at {key:?}"),
        });
    }
    Ok(())
}

/// Facts and counts equal what follows from messages and log.
fn facts(conn: &Connection, r: &mut Report) -> Result<()> {
    let mut s = conn.prepare("SELECT id, open, wait_since FROM customer")?;
    let rows: Vec<(CustomerId, bool, Option<i64>)> = s
        .query_map([], |x| Ok((x.get(0)?, x.get(1)?, x.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    r.counted
        .push(("customers", u32::try_from(rows.len()).unwrap_or(u32::MAX)));
    for (c, open, since) in rows {
        let f = conversations::folded(conn, c)?;
        if f.open != open || f.wait_since() != since {
            r.findings.push(Finding {
                invariant: "facts",
                what: format!("the episodes of {c} are out of date"),
            });
        }
    }
    let wanted = conversations::counted(conn)?;
    let mut s = conn.prepare("SELECT key, n FROM counter WHERE n <> 0")?;
    let kept: BTreeMap<String, i64> = s
        .query_map([], |x| Ok((x.get(0)?, x.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    if wanted != kept {
        r.findings.push(Finding {
            invariant: "facts",
            what: "the sidebar's numbers are not those of the rows".into(),
        });
    }
    Ok(())
}

/// The chain of each device verifies: no entry was changed or taken out.
fn chains(conn: &Connection, r: &mut Report) -> Result<()> {
    let mut last: BTreeMap<DeviceId, Vec<u8>> = BTreeMap::new();
    let mut s = conn.prepare("SELECT id, device, stamp, entity, entity_id, kind, changes, salt, chain, erased FROM entry ORDER BY seq")?;
    let mut rows = s.query([])?;
    while let Some(x) = rows.next()? {
        let (id, device): (EntryId, DeviceId) = (x.get(0)?, x.get(1)?);
        let (stamp, entity, entity_id, kind, changes): (String, String, String, String, String) =
            (x.get(2)?, x.get(3)?, x.get(4)?, x.get(5)?, x.get(6)?);
        let (salt, chain): (Vec<u8>, Vec<u8>) = (x.get(7)?, x.get(8)?);
        // Of erased values the hash alone is left.
        let values = match x.get::<_, Option<Vec<u8>>>(9)? {
            Some(erased) => erased,
            None => log::values_hash(&salt, &changes).to_vec(),
        };
        let mut h = Sha256::new();
        h.update(last.get(&device).cloned().unwrap_or_default());
        for part in [
            &id.0[..],
            stamp.as_bytes(),
            entity.as_bytes(),
            entity_id.as_bytes(),
            kind.as_bytes(),
            &values,
        ] {
            h.update((part.len() as u64).to_be_bytes());
            h.update(part);
        }
        if h.finalize().as_slice() != chain.as_slice() {
            r.findings.push(Finding {
                invariant: "log",
                what: format!("the chain breaks at entry {id}"),
            });
        }
        last.insert(device, chain);
    }
    Ok(())
}

/// Every row's file is there.
fn kept_files(conn: &Connection, files: &super::files::Files, r: &mut Report) -> Result<()> {
    let mut s =
        conn.prepare("SELECT hash FROM file UNION SELECT hash FROM raw WHERE hash IS NOT NULL UNION SELECT hash FROM remote_picture")?;
    let hashes: Vec<Vec<u8>> = s
        .query_map([], |x| x.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    r.counted
        .push(("files", u32::try_from(hashes.len()).unwrap_or(u32::MAX)));
    // No damage: a crash leaves some, and what was erased is taken away after it.
    let orphans = super::keep::pool::orphans(conn, files)?.len();
    r.counted.push((
        "files that nothing names",
        u32::try_from(orphans).unwrap_or(u32::MAX),
    ));
    r.findings
        .extend(hashes.iter().filter(|h| !files.has(h)).map(|h| Finding {
            invariant: "I1",
            what: format!("the file {} is missing", data_encoding::HEXLOWER.encode(h)),
        }));
    Ok(())
}

fn count(conn: &Connection, sql: &str) -> Result<u32> {
    Ok(conn.query_row(sql, [], |r| r.get(0))?)
}

/// What two replicas that know the same must agree on: messages with their facts, registers, episodes, waits and rows.
///
/// # Errors
/// When the store fails.
pub fn digest(conn: &Connection) -> Result<String> {
    const PARTS: &[&str] = &[
        "SELECT id, conversation, account, handle, direction, class, machine_class, live, sent_at, outside, opens, send_state, verified, variant_of, signed_for, sender_says, subject, snippet, participants FROM message ORDER BY id",
        "SELECT conversation, sent_at, message, home, live FROM timeline ORDER BY conversation, sent_at, message",
        "SELECT account, remote_id, message, place FROM delivery ORDER BY account, remote_id",
        "SELECT ref, message, nearness FROM naming ORDER BY ref, message",
        "SELECT entity, id, field, stamp, value FROM register ORDER BY entity, id, field",
        // A handle or a customer that only stands ready says nothing.
        "SELECT id, channel, scope, value, name, not_customer FROM handle h WHERE EXISTS (SELECT 1 FROM timeline t WHERE t.conversation = h.id) ORDER BY id",
        "SELECT id, root, name, stage, assignee, snooze_until, messages, here, human, last_in, last_out, since, open, wait_since FROM customer
         WHERE messages > 0 OR open OR root <> id OR coalesce(name_stamp, stage_stamp, assignee_stamp, snooze_stamp) IS NOT NULL ORDER BY id",
        "SELECT * FROM episode ORDER BY conversation, number",
        "SELECT * FROM wait ORDER BY conversation, message",
        "SELECT id, name, address, shelf, last_at, subject, snippet, messages, wait_since, assignee, stage, tags FROM conversation ORDER BY id",
        "SELECT key, n FROM counter WHERE n <> 0 ORDER BY key",
    ];
    let mut h = Sha256::new();
    for sql in PARTS {
        let mut s = conn.prepare(sql)?;
        let n = s.column_count();
        let mut rows = s.query([])?;
        while let Some(r) = rows.next()? {
            for i in 0..n {
                h.update(format!("{:?}|", r.get_ref(i)?).as_bytes());
            }
            h.update(b"\n");
        }
        h.update(b"--");
    }
    Ok(data_encoding::HEXLOWER.encode(&h.finalize()))
}
