//! My latest actions: to look at, to take one back, to do one again.

use super::dto::{UndoItem, Undone};
use super::{Desk, args, compose};
use crate::error::Result;
use crate::model::log::Entity;
use crate::model::{AgentId, GroupId, OutboxState};
use crate::store::history::{self, Action};
use crate::store::{conversations, lists};
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

/// Most actions of one answer.
const MOST: usize = 200;
/// Characters of a note that tell which one it was.
const NOTE: usize = 80;

pub(super) async fn list(a: args::UndoHistory, desk: &Desk) -> Result<Vec<UndoItem>> {
    let me = desk.engine.store().identity().clone();
    let limit = (a.limit as usize).clamp(1, MOST);
    desk.engine
        .store()
        .read(move |c| {
            history::latest(c, me.device, me.agent, limit)?
                .into_iter()
                .map(|x| item(c, x, me.agent))
                .collect()
        })
        .await
}

fn item(c: &Connection, x: Action, me: AgentId) -> Result<UndoItem> {
    let name = match x.conversation {
        Some(id) => lists::row(c, id, me)?.map(|r| r.name),
        None => None,
    };
    let set = x
        .first
        .changes
        .iter()
        .find(|f| x.first.entity.undoable(&f.field));
    let value = set.map(|f| &f.value);
    let word = value.and_then(Value::as_str);
    let said = match x.first.entity {
        Entity::Tag => x.first.entity_id.split_once(':').map(|(_, t)| t.to_owned()),
        Entity::Note => x
            .first
            .changes
            .iter()
            .find(|f| f.field == "text")
            .and_then(|f| f.value.as_str())
            .map(|t| t.chars().take(NOTE).collect()),
        Entity::Conversation if x.kind == "assign" => match word.and_then(AgentId::parse) {
            // A colleague's name may arrive later than the assignment.
            Some(a) => c
                .prepare_cached("SELECT name FROM agent WHERE id = ?1")?
                .query_row([a], |r| r.get(0))
                .optional()?,
            None => None,
        },
        Entity::Customer => word.map(str::to_owned),
        _ => None,
    };
    Ok(UndoItem {
        redo: x.undone && x.kind != "send",
        group: x.group,
        command: x.kind,
        at: x.at,
        conversation: x.conversation,
        name,
        conversations: x.conversations,
        value: said,
        until: value.and_then(|v| v.get("until")).and_then(Value::as_i64),
        on: !matches!(value, None | Some(Value::Null | Value::Bool(false))),
        undone: x.undone,
    })
}

/// Take one action back. A held send comes back as a draft, as with `undo`.
pub(super) fn take_back(
    tx: &mut crate::store::Tx<'_>,
    group: GroupId,
    older: bool,
) -> Result<Undone> {
    let sends = history::sends_of(tx, group)?;
    let waits = [OutboxState::Held, OutboxState::Queued];
    let waiting = |(_, s): &(_, String)| OutboxState::parse(s).is_some_and(|s| waits.contains(&s));
    if sends.iter().any(waiting) {
        return compose::take_back(tx, group, &waits);
    }
    if let [(id, _)] = sends.as_slice()
        && older
    {
        return compose::cancelled(tx, *id);
    }
    let done = if older {
        history::undo_one(tx, group)?
    } else {
        crate::store::log::undo(tx, group)?
    };
    shown(tx, done)
}

fn shown(c: &Connection, done: crate::store::log::Undone) -> Result<Undone> {
    Ok(Undone {
        command: done.kind,
        conversation: match done.conversation {
            Some(x) => Some(conversations::root(c, x)?),
            None => None,
        },
        draft: false,
        gone: 0,
    })
}

pub(super) async fn undo(a: args::UndoOne, desk: &Desk) -> Result<Undone> {
    desk.engine
        .store()
        .write(move |tx| take_back(tx, a.group, true))
        .await
}

pub(super) async fn redo(a: args::Redo, desk: &Desk) -> Result<Undone> {
    desk.engine
        .store()
        .write(move |tx| {
            let done = history::redo_one(tx, a.group)?;
            shown(tx, done)
        })
        .await
}
