//! The log's tables: appending joins each field into its register and projects it; nothing changes state around it.

use super::Tx;
use crate::error::{Error, Result};
use crate::model::log::{Entity, Entry, FieldChange, Register, Stamp, join};
use crate::model::{AgentId, CustomerId, DeviceId, EntryId, GroupId, random_id};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What a command is about to write.
pub struct Writing {
    /// What it is about.
    pub entity: Entity,
    /// The entity's id.
    pub id: String,
    /// The conversation it is shown in.
    pub conversation: Option<CustomerId>,
    /// Evidence.
    pub why: Option<Value>,
    /// The fields.
    pub fields: Vec<(&'static str, Value)>,
}

impl Writing {
    /// One entity's fields.
    #[must_use]
    pub fn new(
        entity: Entity,
        id: impl Into<String>,
        conversation: Option<CustomerId>,
        fields: Vec<(&'static str, Value)>,
    ) -> Self {
        Self {
            entity,
            id: id.into(),
            conversation,
            why: None,
            fields,
        }
    }
}

/// Write an entry of this device's agent in `group`.
///
/// # Errors
/// When the store fails.
pub fn write(tx: &mut Tx<'_>, kind: &str, group: GroupId, w: Writing) -> Result<EntryId> {
    let entry = Entry {
        id: EntryId(random_id()),
        device: tx.identity.device,
        agent: Some(tx.identity.agent),
        stamp: tx.stamp()?,
        group,
        entity: w.entity,
        entity_id: w.id,
        kind: kind.to_owned(),
        conversation: w.conversation,
        why: w.why,
        undoes: None,
        changes: w
            .fields
            .into_iter()
            .map(|(f, value)| FieldChange {
                field: f.to_owned(),
                value,
            })
            .collect(),
    };
    append(tx, &entry)?;
    Ok(entry.id)
}

/// Append an entry from here or elsewhere. Twice is once. Returns whether it was new.
///
/// # Errors
/// When the store fails.
pub fn append(tx: &mut Tx<'_>, e: &Entry) -> Result<bool> {
    tx.saw(e.stamp.clock())?;
    let changes = serde_json::to_string(&e.changes).map_err(|x| Error::Internal(x.to_string()))?;
    let salt = salt();
    let chain = chain(tx, e, &salt, &changes)?;
    let new = tx
        .prepare_cached(
            "INSERT INTO entry (id, device, agent, stamp, grp, entity, entity_id, kind, conversation, why, undoes, changes, salt, chain)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            e.id,
            e.device,
            e.agent,
            e.stamp.as_str(),
            e.group,
            e.entity.as_str(),
            e.entity_id,
            e.kind,
            e.conversation,
            e.why.as_ref().map(Value::to_string),
            e.undoes,
            changes,
            &salt[..],
            &chain[..],
        ])?;
    if new == 0 {
        return Ok(false);
    }
    for c in &e.changes {
        if join_into(tx, e, c)? {
            super::acts::project(tx, e.entity, &e.entity_id, &c.field)?;
        }
    }
    if let Some(c) = e.conversation {
        tx.touch(c);
    }
    Ok(true)
}

fn salt() -> [u8; 16] {
    random_id()
}

/// The device's chain: over the skeleton and a salted hash of the values, so that erasing values keeps it whole.
fn chain(conn: &Connection, e: &Entry, salt: &[u8; 16], changes: &str) -> Result<[u8; 32]> {
    let before: Option<Vec<u8>> = conn
        .prepare_cached("SELECT chain FROM entry WHERE device = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([e.device], |r| r.get(0))
        .optional()?;
    let mut h = Sha256::new();
    h.update(before.unwrap_or_default());
    for part in [
        &e.id.0[..],
        e.stamp.as_str().as_bytes(),
        e.entity.as_str().as_bytes(),
        e.entity_id.as_bytes(),
        e.kind.as_bytes(),
        &values_hash(salt, changes),
    ] {
        h.update((part.len() as u64).to_be_bytes());
        h.update(part);
    }
    Ok(h.finalize().into())
}

/// The salted hash of an entry's values, which the chain runs over.
pub(super) fn values_hash(salt: &[u8], changes: &str) -> [u8; 32] {
    let mut values = Sha256::new();
    values.update(salt);
    values.update(changes.as_bytes());
    values.finalize().into()
}

/// Erase all values of the entities whose entries `which` names: the skeletons stay, and the chain still verifies. What
/// they had set is no state any more.
///
/// # Errors
/// When the store fails.
pub(super) fn erase(tx: &Tx<'_>, which: &str, args: &[&dyn rusqlite::ToSql]) -> Result<()> {
    let entities: Vec<(String, String)> = {
        let mut s = tx.prepare_cached(&format!(
            "SELECT DISTINCT entity, entity_id FROM entry WHERE erased IS NULL AND {which}"
        ))?;
        s.query_map(args, |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?
    };
    for (entity, id) in entities {
        let rows: Vec<(i64, Vec<u8>, String)> = {
            let mut s = tx.prepare_cached(
                "SELECT seq, salt, changes FROM entry WHERE entity = ?1 AND entity_id = ?2 AND erased IS NULL",
            )?;
            s.query_map([&entity, &id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                .collect::<rusqlite::Result<_>>()?
        };
        for (seq, salt, changes) in rows {
            tx.prepare_cached(
                "UPDATE entry SET changes = '[]', salt = x'', why = NULL, erased = ?2 WHERE seq = ?1",
            )?
            .execute(params![seq, &values_hash(&salt, &changes)[..]])?;
        }
        tx.prepare_cached("DELETE FROM register WHERE entity = ?1 AND id = ?2")?
            .execute([&entity, &id])?;
    }
    Ok(())
}

/// Whether the register changed.
fn join_into(tx: &Tx<'_>, e: &Entry, c: &FieldChange) -> Result<bool> {
    let old = register(tx, e.entity, &e.entity_id, &c.field)?;
    let new = Register {
        stamp: e.stamp.clone(),
        value: c.value.clone(),
    };
    let joined = match old.clone() {
        Some(o) => join(e.entity.join(&c.field), o, new),
        None => new,
    };
    if old.as_ref() == Some(&joined) {
        return Ok(false);
    }
    tx.prepare_cached("INSERT INTO register (entity, id, field, stamp, value) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET stamp = excluded.stamp, value = excluded.value")?
        .execute(params![e.entity.as_str(), e.entity_id, c.field, joined.stamp.as_str(), joined.value.to_string()])?;
    Ok(true)
}

/// The present value of a field.
///
/// # Errors
/// When the store fails.
pub fn register(
    conn: &Connection,
    entity: Entity,
    id: &str,
    field: &str,
) -> Result<Option<Register>> {
    let row = conn
        .prepare_cached(
            "SELECT stamp, value FROM register WHERE entity = ?1 AND id = ?2 AND field = ?3",
        )?
        .query_row(params![entity.as_str(), id, field], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?))
        })
        .optional()?;
    row.map(|(stamp, value)| {
        let value = serde_json::from_str(&value).map_err(|e| {
            Error::Corrupt(format!(
                "a register of {} is not JSON: {e}",
                entity.as_str()
            ))
        })?;
        Ok(Register {
            stamp: Stamp::from_text(stamp),
            value,
        })
    })
    .transpose()
}

/// The value of a field, if it was ever set.
///
/// # Errors
/// When the store fails.
pub fn value(conn: &Connection, entity: Entity, id: &str, field: &str) -> Result<Option<Value>> {
    Ok(register(conn, entity, id, field)?
        .map(|r| r.value)
        .filter(|v| !v.is_null()))
}

/// What an undo took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The command.
    pub kind: String,
    /// Its conversation.
    pub conversation: Option<CustomerId>,
    /// The group.
    pub group: GroupId,
}

/// This agent's newest group on this device that can be taken back, with its command.
///
/// # Errors
/// When the store fails.
pub fn newest_group(tx: &Tx<'_>) -> Result<Option<(GroupId, String)>> {
    Ok(tx
        .query_row(
            "SELECT grp, kind FROM entry e WHERE device = ?1 AND agent = ?2 AND undoes IS NULL AND erased IS NULL AND kind NOT LIKE 'auto.%'
               AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.undoes = e.grp)
               AND (NOT EXISTS (SELECT 1 FROM outbox o WHERE o.grp = e.grp) OR EXISTS (SELECT 1 FROM outbox o WHERE o.grp = e.grp AND o.state IN ('held', 'queued')))
               AND entity NOT IN ('account', 'setting', 'agent')
             ORDER BY stamp DESC LIMIT 1",
            params![tx.identity.device, tx.identity.agent],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .optional()?)
}

/// Take back a group, whole: each field gets the join of its entries without the undone ones.
///
/// # Errors
/// [`Error::Refused`] with the colleague's name when a newer value of somebody else would be lost.
pub fn undo(tx: &mut Tx<'_>, group: GroupId) -> Result<Undone> {
    let entries = of_group(tx, group)?;
    let first = entries
        .first()
        .ok_or_else(|| Error::NotFound("the action to take back".into()))?
        .clone();
    let back = GroupId::random();
    let fields: Vec<(Entry, String)> = entries
        .iter()
        .flat_map(|e| {
            e.changes
                .iter()
                .filter(|c| e.entity.undoable(&c.field))
                .map(|c| (e.clone(), c.field.clone()))
        })
        .collect();
    if fields.is_empty() {
        return Err(Error::Refused(
            "this action is a fact and cannot be taken back".into(),
        ));
    }
    for (e, field) in &fields {
        refuse_if_lost(tx, e, field, group)?;
    }
    for (e, field) in fields {
        let value = without(tx, &e, &field, group)?;
        let entry = Entry {
            id: EntryId(random_id()),
            device: tx.identity.device,
            agent: Some(tx.identity.agent),
            stamp: tx.stamp()?,
            group: back,
            kind: format!("undo.{}", e.kind),
            undoes: Some(group),
            why: None,
            changes: vec![FieldChange { field, value }],
            ..e
        };
        append(tx, &entry)?;
    }
    Ok(Undone {
        kind: first.kind,
        conversation: first.conversation,
        group,
    })
}

/// Somebody else's newer value would be lost. What was taken back meanwhile is no value.
fn refuse_if_lost(tx: &Tx<'_>, e: &Entry, field: &str, group: GroupId) -> Result<()> {
    let newest = standing(tx, e, field)?
        .into_iter()
        .max_by(|a, b| a.stamp.cmp(&b.stamp));
    match newest {
        Some(w)
            if w.group != group
                && w.agent.is_some()
                && w.agent != Some(tx.identity.agent)
                && w.stamp > e.stamp =>
        {
            let name: Option<String> = tx
                .query_row("SELECT name FROM agent WHERE id = ?1", [w.agent], |r| {
                    r.get(0)
                })
                .optional()?;
            Err(Error::Refused(format!(
                "{} has changed this since; taking it back would lose that",
                name.unwrap_or_else(|| "A colleague".into())
            )))
        }
        _ => Ok(()),
    }
}

/// The entries that set this field and stand: neither undone nor undoing.
pub(super) fn standing(tx: &Tx<'_>, e: &Entry, field: &str) -> Result<Vec<Entry>> {
    let mut out = Vec::new();
    for x in of_entity(tx, e.entity, &e.entity_id)? {
        let sets = x.undoes.is_none() && x.changes.iter().any(|c| c.field == field);
        if sets
            && !tx
                .prepare_cached("SELECT 1 FROM entry WHERE undoes = ?1")?
                .exists([x.group])?
        {
            out.push(x);
        }
    }
    Ok(out)
}

/// The field's value had the group, and all that is already taken back, never been.
fn without(tx: &Tx<'_>, e: &Entry, field: &str, group: GroupId) -> Result<Value> {
    let kind = e.entity.join(field);
    let registers = standing(tx, e, field)?
        .into_iter()
        .filter(|x| x.group != group)
        .flat_map(|x| {
            let stamp = x.stamp;
            x.changes
                .into_iter()
                .filter(|c| c.field == field)
                .map(move |c| Register {
                    stamp: stamp.clone(),
                    value: c.value,
                })
        });
    let best = registers.reduce(|a, b| join(kind, a, b));
    Ok(best.map_or_else(
        || {
            if field == "on" {
                Value::Bool(false)
            } else {
                Value::Null
            }
        },
        |r| r.value,
    ))
}

pub(super) const COLUMNS: &str =
    "id, device, agent, stamp, grp, entity, entity_id, kind, conversation, why, undoes, changes";

/// The entries of a group, in the order they were written.
///
/// # Errors
/// When the store fails.
pub fn of_group(conn: &Connection, group: GroupId) -> Result<Vec<Entry>> {
    collect(conn, "grp = ?1 ORDER BY stamp", &[&group])
}

/// The entries about an entity.
///
/// # Errors
/// When the store fails.
pub fn of_entity(conn: &Connection, entity: Entity, id: &str) -> Result<Vec<Entry>> {
    collect(
        conn,
        "entity = ?1 AND entity_id = ?2 ORDER BY stamp",
        &[&entity.as_str(), &id],
    )
}

/// The whole log, in the order of arrival.
///
/// # Errors
/// When the store fails.
pub fn all(conn: &Connection) -> Result<Vec<Entry>> {
    collect(conn, "1 ORDER BY seq", &[])
}

/// A page of the log in the order of arrival, after a place in it.
///
/// # Errors
/// When the store fails.
pub fn page(conn: &Connection, after: i64, limit: u32) -> Result<Vec<(i64, Entry)>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, seq FROM entry WHERE seq > ?1 ORDER BY seq LIMIT ?2"
    ))?;
    let rows = s
        .query_map(params![after, limit], |r| {
            Ok(entry(r)?.map(|e| (r.get(12), e)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter()
        .map(|r| r.and_then(|(seq, e)| Ok((seq?, e))))
        .collect()
}

/// Entries shown in a conversation within `[from, to)` clock milliseconds, newest first.
///
/// # Errors
/// When the store fails.
pub fn of_conversation(
    conn: &Connection,
    conversation: CustomerId,
    from: &str,
    to: &str,
) -> Result<Vec<Entry>> {
    collect(
        conn,
        "conversation = ?1 AND stamp >= ?2 AND stamp < ?3 ORDER BY stamp DESC",
        &[&conversation, &from, &to],
    )
}

fn collect(
    conn: &Connection,
    condition: &str,
    args: &[&dyn rusqlite::ToSql],
) -> Result<Vec<Entry>> {
    let mut s = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM entry WHERE {condition}"))?;
    let rows = s
        .query_map(args, entry)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().collect()
}

pub(super) fn entry(r: &Row<'_>) -> rusqlite::Result<Result<Entry>> {
    let entity: String = r.get(5)?;
    let why: Option<String> = r.get(9)?;
    let changes: String = r.get(11)?;
    let (Some(entity), Ok(changes)) = (Entity::parse(&entity), serde_json::from_str(&changes))
    else {
        return Ok(Err(Error::Corrupt(
            "an entry of the log cannot be read".into(),
        )));
    };
    Ok(Ok(Entry {
        id: r.get(0)?,
        device: r.get::<_, DeviceId>(1)?,
        agent: r.get::<_, Option<AgentId>>(2)?,
        stamp: Stamp::from_text(r.get(3)?),
        group: r.get(4)?,
        entity,
        entity_id: r.get(6)?,
        kind: r.get(7)?,
        conversation: r.get(8)?,
        why: why.and_then(|w| serde_json::from_str(&w).ok()),
        undoes: r.get(10)?,
        changes,
    }))
}
