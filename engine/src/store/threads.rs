//! Threads in the store: which messages bear and which name a Message-ID. What a thread is follows from that by
//! [`partition`] whenever somebody asks, so that no order of arrival can leave a trace.

use super::Tx;
use super::ingest::Participants;
use crate::error::Result;
use crate::model::threads::partition::{Heads, partition};
use crate::model::threads::{Ref, nearest_first, ref_hash};
use crate::model::{MessageId, ThreadRefs, email_key};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

/// Stands behind everything that a mail names itself.
const PROVIDER: i64 = 1_000;

/// Keep what a message bears and names.
pub(super) fn keep(tx: &Tx<'_>, id: MessageId, t: &ThreadRefs) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT OR IGNORE INTO naming (ref, message, nearness) VALUES (?1, ?2, ?3)",
    )?;
    if let Some(own) = &t.message_id {
        insert.execute(params![&ref_hash(own)[..], id, 0])?;
    }
    for (i, name) in nearest_first(t).into_iter().enumerate() {
        let near = i64::try_from(i + 1)
            .unwrap_or(PROVIDER - 1)
            .min(PROVIDER - 1);
        insert.execute(params![&name[..], id, near])?;
    }
    Ok(())
}

/// Keep the provider's own thread, which a delivery tells.
pub(super) fn keep_provider(tx: &Tx<'_>, id: MessageId, thread: Ref) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO naming (ref, message, nearness) VALUES (?1, ?2, ?3)")?
        .execute(params![&thread[..], id, PROVIDER])?;
    Ok(())
}

/// What a message names, the nearest first.
pub(super) fn named(conn: &Connection, id: MessageId) -> Result<Vec<Ref>> {
    let mut s = conn.prepare_cached(
        "SELECT ref FROM naming WHERE message = ?1 AND nearness BETWEEN 1 AND 999 ORDER BY nearness, ref",
    )?;
    Ok(s.query_map([id], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Our own polled mails that name one of these ids: their conversation may follow from it.
pub(super) fn naming_ours(conn: &Connection, own: &[u8]) -> Result<Vec<MessageId>> {
    let mut s = conn.prepare_cached(
        "SELECT m.id FROM naming n JOIN message m ON m.id = n.message WHERE n.ref = ?1 AND n.nearness > 0 AND m.direction <> 0 AND m.author IS NULL",
    )?;
    Ok(s.query_map([own], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Our own polled mails below this one, however indirectly; it is among them if they run in a circle.
pub(super) fn below(conn: &Connection, id: MessageId) -> Result<BTreeSet<MessageId>> {
    let mut found = BTreeSet::new();
    let mut open = vec![id];
    let mut own =
        conn.prepare_cached("SELECT ref FROM message WHERE id = ?1 AND ref IS NOT NULL")?;
    while let Some(x) = open.pop() {
        let Some(own) = own.query_row([x], |r| r.get::<_, Vec<u8>>(0)).optional()? else {
            continue;
        };
        for y in naming_ours(conn, &own)? {
            if found.insert(y) {
                open.push(y);
            }
        }
    }
    Ok(found)
}

/// The messages of a message's thread, itself included, in the order of their ids.
///
/// # Errors
/// When the store fails.
pub fn of(conn: &Connection, id: MessageId) -> Result<Vec<MessageId>> {
    let ids: Vec<MessageId> = kin(conn, id)?.into_iter().collect();
    let heads = ids
        .iter()
        .map(|m| heads(conn, *m))
        .collect::<Result<Vec<_>>>()?;
    let group = partition(&heads)
        .into_iter()
        .find(|g| g.iter().any(|i| ids[*i] == id))
        .unwrap_or_default();
    Ok(group.into_iter().map(|i| ids[i]).collect())
}

/// All messages that ids bring together, agreed or not.
fn kin(conn: &Connection, id: MessageId) -> Result<BTreeSet<MessageId>> {
    let mut found = BTreeSet::from([id]);
    let mut asked: BTreeSet<Ref> = BTreeSet::new();
    let mut open = vec![id];
    let mut refs = conn.prepare_cached("SELECT ref FROM naming WHERE message = ?1")?;
    let mut messages = conn.prepare_cached("SELECT message FROM naming WHERE ref = ?1")?;
    while let Some(x) = open.pop() {
        let about: Vec<Ref> = refs
            .query_map([x], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for r in about.into_iter().filter(|r| asked.insert(*r)) {
            for y in messages
                .query_map([&r[..]], |r| r.get::<_, MessageId>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?
            {
                if found.insert(y) {
                    open.push(y);
                }
            }
        }
    }
    Ok(found)
}

fn heads(conn: &Connection, id: MessageId) -> Result<Heads> {
    let mut h = Heads {
        copy_of: Some(id.0),
        ..Heads::default()
    };
    let mut s = conn.prepare_cached("SELECT ref, nearness FROM naming WHERE message = ?1")?;
    let rows: BTreeMap<Ref, i64> = s
        .query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    h.own = rows.iter().find(|(_, n)| **n == 0).map(|(r, _)| *r);
    h.names = rows
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(r, _)| r)
        .collect();
    let people: String = conn
        .prepare_cached("SELECT participants FROM message WHERE id = ?1")?
        .query_row([id], |r| r.get(0))?;
    let people: Participants = serde_json::from_str(&people).unwrap_or_default();
    h.from = people.from.as_ref().and_then(|p| email_key(&p.address));
    h.people = people.keys();
    h.add_lists(people.list.as_deref());
    Ok(h)
}
