//! A digest of what a workspace holds that does not depend on its ids, so that a workspace moved under another key
//! can be compared with the one it came from. The order of rows does not matter.

use crate::error::Result;
use crate::store::files::unpack_for_digest;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What is compared: each row of these is one line, its ids said in words.
const PARTS: &[&str] = &[
    "SELECT 'message', id, conversation, account, handle, direction, class, machine_class, live, sent_at, claimed_at, outside, opens, send_state, verified, subject, snippet, unreadable, author, edited_at, unsent_at, delivered_at, read_at FROM message",
    "SELECT 'shown', conversation, sent_at, message, home, live FROM timeline",
    "SELECT 'delivery', account, remote_id, message, place FROM delivery",
    "SELECT 'file', message, position, name, mime, size, hash FROM file WHERE message IS NOT NULL",
    "SELECT 'register', entity, id, field, stamp, value FROM register",
    "SELECT 'handle', id, name, not_customer FROM handle h WHERE EXISTS (SELECT 1 FROM timeline t WHERE t.conversation = h.id)",
    "SELECT 'customer', id, name, stage, assignee, snooze_until, messages, here, human, last_in, last_out, since, open, wait_since FROM customer
     WHERE messages > 0 OR open OR root <> id OR coalesce(name_stamp, stage_stamp, assignee_stamp, snooze_stamp) IS NOT NULL",
    "SELECT 'link', min(a, b), max(a, b), linked FROM link GROUP BY a, b",
    "SELECT 'episode', conversation, number, opened_at, first_message, channel, by_agent, resolved_at, resolved_by, replied, no_reply_needed FROM episode",
    // Where it was begun is said by the address that it answers, as the ids hang on the key.
    "SELECT 'draft', (SELECT min(h.channel || ' ' || h.value) FROM handle h WHERE h.id = draft.conversation AND h.scope <> 'internal'),
       note, updated_at, json_extract(body, '$.text'), json_extract(body, '$.subject'), json_extract(body, '$.to'), json_extract(body, '$.cc'), json_extract(body, '$.bcc'), json_extract(body, '$.from'), json_extract(body, '$.quote'), json_extract(body, '$.signature'),
       (SELECT group_concat(json_extract(f.value, '$.name') || ' ' || json_extract(f.value, '$.size'), '|') FROM json_each(body, '$.files') f) FROM draft",
    "SELECT 'wait', conversation, message, episode, started_at, channel, first, ended, ended_at, reply, agent, seconds FROM wait",
];

/// The digest of the content.
///
/// # Errors
/// When the store fails.
pub fn content(conn: &Connection) -> Result<String> {
    let (mut sum, mut rows_seen) = ([0u64; 4], 0u64);
    for sql in PARTS {
        let mut s = conn.prepare(sql)?;
        let n = s.column_count();
        let mut rows = s.query([])?;
        while let Some(r) = rows.next()? {
            let mut words = Vec::with_capacity(n);
            for i in 0..n {
                words.push(word(conn, r.get_ref(i)?)?);
            }
            // The two ends of a link stand in the order of their ids.
            if matches!(words.first().map(String::as_str), Some("'link'")) {
                words.get_mut(1..3).into_iter().for_each(<[String]>::sort);
            }
            let digest = Sha256::digest(words.join("|").as_bytes());
            for (total, part) in sum.iter_mut().zip(digest.chunks_exact(8)) {
                let part: [u8; 8] = part.try_into().unwrap_or_default();
                *total = total.wrapping_add(u64::from_be_bytes(part));
            }
            rows_seen += 1;
        }
    }
    let mut h = Sha256::new();
    h.update(rows_seen.to_be_bytes());
    for part in sum {
        h.update(part.to_be_bytes());
    }
    Ok(data_encoding::HEXLOWER.encode(&h.finalize()))
}

fn word(conn: &Connection, v: ValueRef<'_>) -> Result<String> {
    Ok(match v {
        ValueRef::Null => "-".into(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => x.to_string(),
        ValueRef::Blob(b) => match <[u8; 16]>::try_from(b) {
            Ok(id) => name(conn, id)?,
            Err(_) => data_encoding::HEXLOWER.encode(b),
        },
        ValueRef::Text(t) => text(conn, &String::from_utf8_lossy(t))?,
    })
}

/// A text may be an id, two of them, or JSON with ids in it.
fn text(conn: &Connection, t: &str) -> Result<String> {
    if let Some(id) = hex(t) {
        return name(conn, id);
    }
    if let Some((a, b)) = t.split_once(':')
        && let Some(a) = hex(a)
    {
        return Ok(match hex(b) {
            Some(b) => {
                let mut both = [name(conn, a)?, name(conn, b)?];
                both.sort();
                both.join(":")
            }
            None => format!("{}:'{b}'", name(conn, a)?),
        });
    }
    if t.starts_with(['[', '{', '"'])
        && let Ok(v) = serde_json::from_str::<Value>(t)
    {
        return Ok(value(conn, v)?.to_string());
    }
    Ok(format!("'{t}'"))
}

fn value(conn: &Connection, v: Value) -> Result<Value> {
    Ok(match v {
        Value::String(s) => match hex(&s) {
            Some(id) => Value::String(name(conn, id)?),
            None => Value::String(s),
        },
        Value::Array(a) => {
            let mut all = a
                .into_iter()
                .map(|x| value(conn, x))
                .collect::<Result<Vec<_>>>()?;
            // Sets of ids are written in the order of the ids.
            if all.iter().all(Value::is_string) {
                all.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            }
            Value::Array(all)
        }
        Value::Object(o) => Value::Object(
            o.into_iter()
                .map(|(k, x)| Ok((k, value(conn, x)?)))
                .collect::<Result<_>>()?,
        ),
        other => other,
    })
}

fn hex(t: &str) -> Option<[u8; 16]> {
    (t.len() == 32)
        .then(|| data_encoding::HEXLOWER.decode(t.as_bytes()).ok())
        .flatten()
        .and_then(|b| b.try_into().ok())
}

/// What an id stands for, where it was made from content; a random id stays.
fn name(conn: &Connection, id: [u8; 16]) -> Result<String> {
    let handle: Option<(String, String, String)> = conn
        .prepare_cached("SELECT channel, scope, value FROM handle WHERE id = ?1")?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    if let Some((channel, scope, value)) = handle {
        let value = match hex(&value) {
            Some(account) => name(conn, account)?,
            None => value,
        };
        return Ok(format!("customer({channel} {scope} {value})"));
    }
    let message: Option<String> = conn
        .prepare_cached("SELECT m.channel, m.direction, m.claimed_at, m.sent_at, m.subject, m.participants, b.text, b.thread_ids FROM message m JOIN body b ON b.rid = m.rid WHERE m.id = ?1 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = m.id)")?
        .query_row([id], |r| {
            let mut h = Sha256::new();
            for i in 0..8 {
                match r.get_ref(i)? {
                    ValueRef::Blob(b) => h.update(unpack_for_digest(b)),
                    other => h.update(format!("{other:?}|")),
                }
            }
            Ok(data_encoding::HEXLOWER.encode(&h.finalize()[..16]))
        })
        .optional()?;
    if let Some(m) = message {
        return Ok(format!("message({m})"));
    }
    let account: Option<(String, String)> = conn
        .prepare_cached("SELECT channel, config FROM account WHERE id = ?1")?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(match account {
        Some((channel, config)) => format!("account({channel} {config})"),
        None => data_encoding::HEXLOWER.encode(&id),
    })
}
