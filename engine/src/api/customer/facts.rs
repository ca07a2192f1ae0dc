//! Where the facts of the panel come from: who gave the name, who linked whom, what was noted.

use super::super::dto::{HandleItem, LinkItem, NameSource, NoteItem};
use crate::error::Result;
use crate::model::CustomerId;
use crate::model::log::{Entity, Entry};
use crate::store::log;
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension};

/// Notes that are read of each member.
const NOTES: u32 = 20;

/// Who wrote an entry; empty for a colleague whose name has not arrived here yet, `None` for a rule.
pub(super) fn who(c: &Connection, e: &Entry) -> Result<Option<String>> {
    let Some(agent) = e.agent else {
        return Ok(None);
    };
    let name: Option<String> = c
        .prepare_cached("SELECT name FROM agent WHERE id = ?1")?
        .query_row([agent], |r| r.get(0))
        .optional()?;
    Ok(Some(name.unwrap_or_default()))
}

/// Where the shown name comes from: a person's word first, else the newest name that came with a message.
pub(super) fn named(
    c: &Connection,
    members: &[CustomerId],
    handles: &[HandleItem],
) -> Result<Option<NameSource>> {
    let mut given: Option<(String, CustomerId)> = None;
    for m in members {
        let stamp: Option<(Option<String>, Option<String>)> = c
            .prepare_cached("SELECT name, name_stamp FROM customer WHERE id = ?1")?
            .query_row([m], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        if let Some((Some(_), Some(stamp))) = stamp
            && given.as_ref().is_none_or(|g| g.0 < stamp)
        {
            given = Some((stamp, *m));
        }
    }
    if let Some((stamp, m)) = given {
        let entries = log::of_entity(c, Entity::Customer, &m.hex())?;
        if let Some(e) = entries.iter().find(|e| e.stamp.as_str() == stamp) {
            return Ok(Some(NameSource {
                agent: who(c, e)?,
                handle: None,
                at: e.stamp.clock().millis(),
            }));
        }
    }
    let newest = handles
        .iter()
        .filter(|h| h.name.as_ref().is_some_and(|n| !n.trim().is_empty()))
        .filter_map(|h| Some((h.name_at?, h)))
        .max_by_key(|(at, _)| *at);
    Ok(newest.map(|(at, h)| NameSource {
        agent: None,
        handle: Some(h.value.clone()),
        at,
    }))
}

/// A linked customer, with who linked it and when.
pub(super) fn linked(c: &Connection, id: CustomerId, name: String) -> Result<LinkItem> {
    let pairs: Vec<(CustomerId, CustomerId)> = {
        let mut s = c.prepare_cached(
            "SELECT a, b FROM link WHERE linked = 1 AND a = ?1 UNION ALL SELECT a, b FROM link WHERE linked = 1 AND b = ?1",
        )?;
        s.query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?
    };
    let mut newest: Option<Entry> = None;
    for (a, b) in pairs {
        let made = log::of_entity(c, Entity::Link, &super::link_id(a, b))?
            .into_iter()
            .rfind(|e| e.undoes.is_none() && e.changes.iter().any(|x| x.value == true));
        if let Some(e) = made
            && newest.as_ref().is_none_or(|n| n.stamp < e.stamp)
        {
            newest = Some(e);
        }
    }
    Ok(LinkItem {
        id,
        name,
        agent: match &newest {
            Some(e) => who(c, e)?,
            None => None,
        },
        at: newest.map(|e| e.stamp.clock().millis()),
    })
}

/// The latest notes of one member.
pub(super) fn notes(c: &Connection, m: CustomerId) -> Result<Vec<NoteItem>> {
    let mut s = c.prepare_cached(
        "SELECT n.id, n.at, coalesce(a.name, ''), n.text FROM note n LEFT JOIN agent a ON a.id = n.agent WHERE n.conversation = ?1 AND n.active = 1 ORDER BY n.at DESC LIMIT ?2",
    )?;
    let rows = s.query_map((m, NOTES), |r| {
        Ok(NoteItem {
            id: r.get(0)?,
            at: r.get::<_, Millis>(1)?,
            agent: r.get(2)?,
            text: r.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
