//! What was not understood, read again by a later version of its converter.

use super::{Brought, Source, source, take};
use crate::error::Result;
use crate::model::{AccountId, Event, Identity, Incoming, MessageId, RemoteId};
use crate::store::files::unpack;
use crate::store::transfer::erase;
use crate::store::{Tx, conversations};
use rusqlite::{Connection, OptionalExtension, params};

/// What lies in quarantine under an older version than this, and its bytes.
///
/// # Errors
/// When the store fails.
pub fn to_read_again(
    conn: &Connection,
    account: AccountId,
    version: u32,
    most: u32,
) -> Result<Vec<(RemoteId, Vec<u8>)>> {
    let mut s = conn.prepare_cached(
        "SELECT q.remote_id, r.bytes FROM quarantine q JOIN message m ON m.id = q.message JOIN raw r ON r.rid = m.rid
         WHERE q.account = ?1 AND q.version < ?2 AND r.bytes IS NOT NULL LIMIT ?3",
    )?;
    let rows: Vec<(String, Vec<u8>)> = s
        .query_map(params![account, version, most], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    rows.into_iter()
        .map(|(remote, packed)| Ok((RemoteId(remote), unpack(&packed)?)))
        .collect()
}

/// Put what a later version made of a quarantined message in its place; without events it stays as it is, and is not
/// asked for again by this version. What was decided about it stays: its id is the same.
///
/// # Errors
/// When the store fails.
pub fn read_again(
    tx: &mut Tx<'_>,
    account: AccountId,
    remote: &RemoteId,
    version: u32,
    events: Option<&[Event]>,
) -> Result<()> {
    tx.prepare_cached("UPDATE quarantine SET version = ?3 WHERE account = ?1 AND remote_id = ?2")?
        .execute(params![account, remote.0, version])?;
    let unreadable = |e: &Event| matches!(e, Event::Unreadable { .. });
    let Some(events) = events.filter(|e| !e.iter().any(unreadable)) else {
        return Ok(());
    };
    forget(tx, account, remote)?;
    let source = source(tx, account)?;
    let mut brought = Brought::default();
    for e in events {
        take(tx, &source, e, &mut brought)?;
    }
    // Nobody is told of what came long ago.
    tx.notices.clear();
    Ok(())
}

/// What stands for a quarantined message goes, to make room for the message.
fn forget(tx: &mut Tx<'_>, account: AccountId, remote: &RemoteId) -> Result<()> {
    let old: Option<(MessageId, i64)> = tx
        .prepare_cached("SELECT m.id, m.rid FROM quarantine q JOIN message m ON m.id = q.message WHERE q.account = ?1 AND q.remote_id = ?2")?
        .query_row(params![account, remote.0], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((id, rid)) = old else { return Ok(()) };
    let shown = conversations::shown_in(tx, id)?;
    erase::rows(tx, id, rid)?;
    tx.prepare_cached("DELETE FROM delivery WHERE message = ?1")?
        .execute([id])?;
    tx.prepare_cached("DELETE FROM quarantine WHERE account = ?1 AND remote_id = ?2")?
        .execute(params![account, remote.0])?;
    for c in shown {
        tx.recount(c);
    }
    Ok(())
}

/// What could not be read lies in quarantine as what was not understood does: of no version, so that each tries. A mail
/// is told by its bytes alone, and comes as it came.
pub(super) fn aside(tx: &Tx<'_>, source: &Source, card: &Incoming, id: MessageId) -> Result<()> {
    if !matches!(card.identity, Identity::Provider) || card.raw.is_empty() {
        return Ok(());
    }
    tx.prepare_cached("INSERT OR REPLACE INTO quarantine (account, remote_id, message, version) VALUES (?1, ?2, ?3, 0)")?
        .execute(params![source.id, card.remote_id.0, id])?;
    Ok(())
}

/// Makes room for a message that could not be read when it was told first; says whether it was one.
pub(super) fn makes_way(tx: &mut Tx<'_>, source: &Source, m: &Incoming) -> Result<bool> {
    let there = tx
        .prepare_cached("SELECT 1 FROM delivery d JOIN message m ON m.id = d.message JOIN quarantine q ON q.message = m.id AND q.account = d.account AND q.remote_id = d.remote_id WHERE d.account = ?1 AND d.remote_id = ?2 AND m.unreadable IS NOT NULL")?
        .exists(params![source.id, m.remote_id.0])?;
    if there {
        forget(tx, source.id, &m.remote_id)?;
    }
    Ok(there)
}
