//! What agents did in another program, as entries of the log: stamped with the time of the deed, and made once.

use super::super::{Tx, ingest, log};
use super::entries::{deed_id, device_of};
use super::ids::Naming;
use crate::error::{Error, Result};
use crate::model::interchange::{Deed, EventLine};
use crate::model::log::{Entity, Entry, FieldChange, Hlc, Stamp};
use crate::model::stage::default_stages;
use crate::model::{
    AgentId, Channel, CustomerId, EntryId, GroupId, HandleId, MessageId, address_key,
};
use crate::time::{DAY, Millis};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};

/// Most of a note or name.
const MAX_TEXT: usize = 64 * 1024;

/// One entry to be: kind, entity, its id, fields.
struct Made {
    kind: &'static str,
    entity: Entity,
    id: String,
    fields: Vec<(&'static str, Value)>,
}

/// Write down a deed. Returns whether it was new.
///
/// # Errors
/// [`Error::Invalid`] with the reason when this line cannot be taken; else when the store fails.
pub fn event(tx: &mut Tx<'_>, naming: &Naming, line: &EventLine) -> Result<bool> {
    if line.at.0 > tx.now + DAY || line.at.0 < 0 {
        return Err(Error::Invalid(
            "its “at” lies in the future, or before 1970".into(),
        ));
    }
    let c = customer(tx, line.channel, &line.customer)?;
    let who = match line.agent.as_deref() {
        Some(name) => Some(agent(tx, naming, name)?),
        None => None,
    };
    let said = serde_json::to_vec(line).map_err(|e| Error::Internal(e.to_string()))?;
    let id = deed_id(tx, &[&said]);
    if tx
        .prepare_cached("SELECT 1 FROM entry WHERE id = ?1")?
        .exists([id])?
    {
        return Ok(false);
    }
    let made = made(tx, naming, line, c, id)?;
    let device = device_of(tx);
    let entry = Entry {
        id,
        device,
        agent: who,
        stamp: Stamp::new(Hlc(line.at.0.cast_unsigned() << 16), device),
        group: GroupId(id.0),
        entity: made.entity,
        entity_id: made.id,
        kind: made.kind.to_owned(),
        conversation: Some(c),
        why: Some(json!({ "import": true })),
        undoes: None,
        changes: made
            .fields
            .into_iter()
            .map(|(field, value)| FieldChange {
                field: field.to_owned(),
                value,
            })
            .collect(),
    };
    log::append(tx, &entry)
}

fn made(
    tx: &mut Tx<'_>,
    naming: &Naming,
    line: &EventLine,
    c: CustomerId,
    id: EntryId,
) -> Result<Made> {
    let own = id.hex();
    let make = |kind, entity, id: String, fields| Made {
        kind,
        entity,
        id,
        fields,
    };
    let here = ("conversation", json!(c));
    let on = ("on", json!(true));
    Ok(match line.deed {
        Deed::Assigned => {
            let to = match line.to.as_deref() {
                Some(name) => json!(agent(tx, naming, name)?),
                None => Value::Null,
            };
            make(
                "assign",
                Entity::Conversation,
                c.hex(),
                vec![("assignee", to)],
            )
        }
        Deed::Resolved => {
            let covers = inbound_until(tx, c, line.at.0)?;
            let days = json!(super::super::log_acts::reopen_days(tx)?);
            make(
                "resolve",
                Entity::Resolve,
                own,
                vec![here, ("covers", json!(covers)), ("n", days), on],
            )
        }
        Deed::Reopened => make("reopen", Entity::Reopen, own, vec![here, on]),
        Deed::NoReplyNeeded => {
            let covers = inbound_until(tx, c, line.at.0)?;
            make(
                "no_reply_needed",
                Entity::NoReply,
                own,
                vec![here, ("covers", json!(covers)), on],
            )
        }
        Deed::Tagged | Deed::Untagged => {
            let tag = need(line.tag.as_deref(), "tag")?.to_lowercase();
            let on = json!(line.deed == Deed::Tagged);
            make(
                "tag_set",
                Entity::Tag,
                format!("{c}:{tag}"),
                vec![("on", on)],
            )
        }
        Deed::StageChanged => {
            let stage = stage(&need(line.to.as_deref(), "to")?)?;
            make(
                "stage_set",
                Entity::Customer,
                c.hex(),
                vec![("stage", json!(stage))],
            )
        }
        Deed::Renamed => {
            let name = need(line.to.as_deref(), "to")?;
            make(
                "customer_rename",
                Entity::Customer,
                c.hex(),
                vec![("name", json!(name))],
            )
        }
        Deed::Noted => {
            let text = need(line.text.as_deref(), "text")?;
            make(
                "note_add",
                Entity::Note,
                own,
                vec![here, ("text", json!(text)), on],
            )
        }
        Deed::Snoozed => {
            let until = line.until.ok_or_else(|| missing("until"))?.0;
            let seen = inbound_until(tx, c, line.at.0)?;
            make(
                "snooze",
                Entity::Conversation,
                c.hex(),
                vec![("snooze", json!({ "until": until, "seen": seen }))],
            )
        }
        Deed::Linked | Deed::Unlinked => {
            let channel = line.with_channel.unwrap_or(line.channel);
            let with = customer(tx, channel, &need(line.with.as_deref(), "with")?)?;
            if with == c {
                return Err(Error::Invalid(
                    "a customer cannot be linked with itself".into(),
                ));
            }
            let (a, b) = if c < with { (c, with) } else { (with, c) };
            let on = json!(line.deed == Deed::Linked);
            let kind = if line.deed == Deed::Linked {
                "link"
            } else {
                "unlink"
            };
            make(kind, Entity::Link, format!("{a}:{b}"), vec![("on", on)])
        }
        Deed::NotACustomer => make(
            "not_customer",
            Entity::Handle,
            c.hex(),
            vec![("not_customer", json!(true))],
        ),
    })
}

/// A stage by its key or its name.
fn stage(said: &str) -> Result<String> {
    let low = said.to_lowercase();
    default_stages()
        .into_iter()
        .find(|s| s.key == low || s.name.to_lowercase() == low)
        .map(|s| s.key)
        .ok_or_else(|| Error::Invalid("there is no such stage".into()))
}

fn missing(field: &str) -> Error {
    Error::Invalid(format!("it has no “{field}”"))
}

fn need(value: Option<&str>, field: &str) -> Result<String> {
    let text = value
        .map(str::trim)
        .filter(|v| !v.is_empty())
        .ok_or_else(|| missing(field))?;
    if text.len() > MAX_TEXT
        || field != "text" && (text.len() > 200 || text.chars().any(char::is_control))
    {
        return Err(Error::Invalid(format!(
            "its “{field}” is too long, or has more than one line"
        )));
    }
    Ok(text.to_owned())
}

/// The customer of an address; it must have written or been written to.
fn customer(tx: &Tx<'_>, channel: Channel, address: &str) -> Result<CustomerId> {
    let value = address_key(channel, address)
        .ok_or_else(|| Error::Invalid("its “customer” is no address".into()))?;
    let h: HandleId = ingest::handle_id(&tx.identity.ids, channel, "", &value);
    let known = tx
        .prepare_cached("SELECT 1 FROM handle WHERE id = ?1")?
        .exists([h])?;
    if known {
        Ok(CustomerId(h.0))
    } else {
        Err(Error::Invalid(
            "its customer has no message: a deed stands after the messages that it is about".into(),
        ))
    }
}

/// What a person at the conversation could see at that time.
fn inbound_until(tx: &Tx<'_>, c: CustomerId, at: Millis) -> Result<Vec<MessageId>> {
    let mut s = tx.prepare_cached(
        "SELECT m.id FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND t.home = 1 AND t.live = 1 AND t.sent_at <= ?2 AND m.direction = 0 AND m.class = 0 ORDER BY t.sent_at, m.id",
    )?;
    Ok(s.query_map(params![c, at], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// An agent that a file names by an id of its own. A name that is here already stays.
///
/// # Errors
/// When the store fails.
pub fn agent_named(tx: &mut Tx<'_>, naming: &Naming, id: &str, name: &str) -> Result<()> {
    let Some(id) = AgentId::parse(id) else {
        let known = agent(tx, naming, name)?;
        return naming.remember(tx, &format!("agent {id}"), known.0);
    };
    let name = need(Some(name), "name")?;
    tx.execute(
        "INSERT OR IGNORE INTO agent (id, name) VALUES (?1, ?2)",
        params![id, name],
    )?;
    Ok(())
}

/// The agent of an id or a name; a name that is not known yet becomes an agent.
pub(super) fn agent(tx: &mut Tx<'_>, naming: &Naming, said: &str) -> Result<AgentId> {
    if let Some(id) = AgentId::parse(said) {
        return Ok(id);
    }
    if let Some(known) = naming.known(tx, &format!("agent {said}"))? {
        return Ok(AgentId(known));
    }
    let name = need(Some(said), "agent")?;
    let known: Option<AgentId> = tx
        .prepare_cached("SELECT id FROM agent WHERE lower(name) = lower(?1) ORDER BY id LIMIT 1")?
        .query_row([&name], |r| r.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let id = AgentId(
        tx.identity
            .ids
            .id(&[b"agent", name.to_lowercase().as_bytes()]),
    );
    log::write(
        tx,
        "settings_set",
        GroupId::random(),
        log::Writing::new(Entity::Agent, id.hex(), None, vec![("name", json!(name))]),
    )?;
    Ok(id)
}
