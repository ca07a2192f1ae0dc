//! What this agent did on this desktop, newest first, and taking back or doing again one action of it that need not be
//! the newest.

use super::log::{self, Undone};
use super::{Tx, conversations};
use crate::error::{Error, Result};
use crate::model::log::{Entity, Entry, FieldChange, Stamp};
use crate::model::{AgentId, CustomerId, DeviceId, EntryId, GroupId, MessageId, random_id};
use crate::time::Millis;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// One action: a group of entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The group.
    pub group: GroupId,
    /// Its first entry, which says what was done.
    pub first: Entry,
    /// The command.
    pub kind: String,
    /// When.
    pub at: Millis,
    /// The conversation as it is shown now, where it is about one.
    pub conversation: Option<CustomerId>,
    /// How many conversations it is about.
    pub conversations: u32,
    /// It was taken back.
    pub undone: bool,
}

/// The latest actions of an agent on a device, newest first: what can be taken back, and what was.
///
/// # Errors
/// When the store fails.
pub fn latest(
    conn: &Connection,
    device: DeviceId,
    agent: AgentId,
    limit: usize,
) -> Result<Vec<Action>> {
    let mut s = conn.prepare_cached(
        "SELECT grp FROM entry WHERE device = ?1 AND agent = ?2 AND undoes IS NULL AND erased IS NULL AND kind NOT LIKE 'auto.%'
           AND entity NOT IN ('account', 'setting', 'agent') ORDER BY stamp DESC",
    )?;
    let mut rows = s.query(params![device, agent])?;
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let group: GroupId = r.get(0)?;
        if !seen.insert(group.hex()) {
            continue;
        }
        out.extend(action(conn, group)?);
        if out.len() >= limit {
            break;
        }
    }
    Ok(out)
}

/// What a group did, unless it is a send that has gone out: that is a fact.
fn action(conn: &Connection, group: GroupId) -> Result<Option<Action>> {
    let send = sends_of(conn, group)?
        .into_iter()
        .next()
        .map(|(_, state)| state);
    if send
        .as_deref()
        .is_some_and(|s| !matches!(s, "held" | "queued" | "cancelled"))
    {
        return Ok(None);
    }
    let Some(first) = log::of_group(conn, group)?.into_iter().next() else {
        return Ok(None);
    };
    let undone = send.as_deref() == Some("cancelled") || is_undone(conn, group)?;
    let conversations: u32 = conn
        .prepare_cached(
            "SELECT count(DISTINCT coalesce(c.root, e.conversation)) FROM entry e LEFT JOIN customer c ON c.id = e.conversation WHERE e.grp = ?1",
        )?
        .query_row([group], |r| r.get(0))?;
    let conversation = match first.conversation.filter(|_| conversations == 1) {
        Some(c) => Some(conversations::root(conn, c)?),
        None => None,
    };
    Ok(Some(Action {
        group,
        kind: if send.is_some() {
            "send".into()
        } else {
            first.kind.clone()
        },
        at: first.stamp.clock().millis(),
        conversation,
        conversations,
        undone,
        first,
    }))
}

/// The sends that belong to a group, with their states, the last part first.
///
/// # Errors
/// When the store fails.
pub fn sends_of(conn: &Connection, group: GroupId) -> Result<Vec<(MessageId, String)>> {
    let mut s = conn
        .prepare_cached("SELECT id, state FROM outbox WHERE grp = ?1 ORDER BY authored_at DESC")?;
    Ok(s.query_map([group], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

fn is_undone(conn: &Connection, group: GroupId) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE undoes = ?1)")?
        .query_row([group], |r| r.get(0))?)
}

/// Take back one action of this agent, the newest or an older one. What was changed again since stays as it is.
///
/// # Errors
/// [`Error::Refused`] when it is somebody else's, a fact, taken back already, or when nothing of it stands any more.
pub fn undo_one(tx: &mut Tx<'_>, group: GroupId) -> Result<Undone> {
    let entries = mine(tx, group)?;
    if is_undone(tx, group)? {
        return Err(Error::Refused("this was already taken back".into()));
    }
    let fields = undoable(&entries);
    if !fields.is_empty() && !any_stands(tx, &fields, group)? {
        return Err(Error::Refused(
            "all of this was changed again since; take the newer action back first".into(),
        ));
    }
    log::undo(tx, group)
}

/// Do again what was taken back, as a new action.
///
/// # Errors
/// [`Error::Refused`] when it was not taken back, cannot be done again, or was changed since.
pub fn redo_one(tx: &mut Tx<'_>, group: GroupId) -> Result<Undone> {
    let entries = mine(tx, group)?;
    if !is_undone(tx, group)? {
        return Err(Error::Refused("this was not taken back".into()));
    }
    let fields = undoable(&entries);
    for (e, field) in &fields {
        if newer(tx, e, field, group)? {
            return Err(Error::Refused(
                "this was changed again since; doing it again would lose that".into(),
            ));
        }
    }
    let again = GroupId::random();
    let mut first: Option<&Entry> = None;
    for (e, field) in &fields {
        let Some(change) = e.changes.iter().find(|c| c.field == *field) else {
            continue;
        };
        let entry = Entry {
            id: EntryId(random_id()),
            stamp: tx.stamp()?,
            group: again,
            undoes: None,
            changes: vec![FieldChange {
                field: field.clone(),
                value: change.value.clone(),
            }],
            ..(*e).clone()
        };
        log::append(tx, &entry)?;
        first = first.or(Some(e));
    }
    let first = first.ok_or_else(|| {
        Error::Refused("this action is a fact and cannot be done again from here".into())
    })?;
    Ok(Undone {
        kind: first.kind.clone(),
        conversation: first.conversation,
        group: again,
    })
}

/// The entries of a group that this agent wrote here as an action.
fn mine(tx: &Tx<'_>, group: GroupId) -> Result<Vec<Entry>> {
    let entries = log::of_group(tx, group)?;
    let first = entries
        .first()
        .ok_or_else(|| Error::NotFound("the action to take back".into()))?;
    if first.device != tx.identity.device || first.agent != Some(tx.identity.agent) {
        return Err(Error::Refused(
            "only your own actions on this computer can be taken back here".into(),
        ));
    }
    let fact = first.undoes.is_some()
        || first.kind.starts_with("auto.")
        || matches!(
            first.entity,
            Entity::Account | Entity::Setting | Entity::Agent
        );
    if fact {
        return Err(Error::Refused(
            "this action is a fact and cannot be taken back".into(),
        ));
    }
    Ok(entries)
}

fn undoable(entries: &[Entry]) -> Vec<(&Entry, String)> {
    entries
        .iter()
        .flat_map(|e| {
            e.changes
                .iter()
                .filter(|c| e.entity.undoable(&c.field))
                .map(move |c| (e, c.field.clone()))
        })
        .collect()
}

fn any_stands(tx: &Tx<'_>, fields: &[(&Entry, String)], group: GroupId) -> Result<bool> {
    for (e, field) in fields {
        if !newer(tx, e, field, group)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a later action of this agent's own set this field anew, or opened what this closed. What colleagues did since is
/// refused by name when it comes to it.
fn newer(tx: &Tx<'_>, e: &Entry, field: &str, group: GroupId) -> Result<bool> {
    let later = |stamp: &Stamp, by: GroupId| by != group && *stamp > e.stamp;
    if log::standing(tx, e, field)?
        .iter()
        .any(|x| later(&x.stamp, x.group) && x.agent == Some(tx.identity.agent))
    {
        return Ok(true);
    }
    if !matches!(e.entity, Entity::Resolve | Entity::Reopen) {
        return Ok(false);
    }
    Ok(tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry x WHERE x.conversation = ?1 AND x.stamp > ?2 AND x.grp <> ?3 AND x.undoes IS NULL
               AND x.erased IS NULL AND x.entity IN ('resolve', 'reopen') AND NOT EXISTS (SELECT 1 FROM entry u WHERE u.undoes = x.grp))",
        )?
        .query_row(params![e.conversation, e.stamp.as_str(), group], |r| r.get(0))?)
}
