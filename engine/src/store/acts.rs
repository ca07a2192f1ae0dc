//! Projections: what a changed register means for the tables that are read. They only ever follow the registers,
//! so any order of entries ends in the same rows.

use super::{Tx, conversations, log};
use crate::error::Result;
use crate::model::log::Entity;
use crate::model::{AgentId, Channel, CustomerId, HandleId, MessageId, OutboxState};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;
use std::collections::BTreeSet;

/// Follow one changed field.
pub(super) fn project(tx: &mut Tx<'_>, entity: Entity, id: &str, field: &str) -> Result<()> {
    match entity {
        Entity::Conversation | Entity::Customer => customer(tx, entity, id, field),
        Entity::Resolve | Entity::Reopen | Entity::NoReply => act(tx, entity, id),
        Entity::Tag => tag(tx, id),
        Entity::Note => note(tx, id),
        Entity::Link => link(tx, id),
        Entity::Message => class(tx, id),
        Entity::Handle if field == "known" => known(tx, id),
        Entity::Handle => handle(tx, id),
        Entity::Outbox => sending(tx, id),
        Entity::Account => account(tx, id),
        Entity::Agent => agent(tx, id),
        Entity::Setting => setting(tx, id),
        Entity::View => view(tx, id),
    }
}

fn text(tx: &Tx<'_>, entity: Entity, id: &str, field: &str) -> Result<Option<String>> {
    Ok(log::value(tx, entity, id, field)?.and_then(|v| v.as_str().map(str::to_owned)))
}

fn on(tx: &Tx<'_>, entity: Entity, id: &str) -> Result<bool> {
    Ok(log::value(tx, entity, id, "on")?
        .and_then(|v| v.as_bool())
        .unwrap_or(false))
}

fn customer(tx: &mut Tx<'_>, entity: Entity, id: &str, field: &str) -> Result<()> {
    let (Some(c), Some(r)) = (CustomerId::parse(id), log::register(tx, entity, id, field)?) else {
        return Ok(());
    };
    conversations::ensure(tx, c)?;
    let word = r.value.as_str();
    match field {
        "assignee" => tx.execute("UPDATE customer SET assignee = ?2, assignee_stamp = ?3 WHERE id = ?1", params![c, word.and_then(AgentId::parse), r.stamp.as_str()])?,
        "snooze" => tx.execute(
            "UPDATE customer SET snooze_until = ?2, snooze_seen = ?3, snooze_stamp = ?4 WHERE id = ?1",
            params![c, r.value.get("until").and_then(Value::as_i64), r.value.get("seen").map(Value::to_string), r.stamp.as_str()],
        )?,
        "name" => tx.execute("UPDATE customer SET name = ?2, name_stamp = ?3 WHERE id = ?1", params![c, word, r.stamp.as_str()])?,
        "stage" => tx.execute("UPDATE customer SET stage = ?2, stage_stamp = ?3 WHERE id = ?1", params![c, word, r.stamp.as_str()])?,
        _ => 0,
    };
    tx.touch(c);
    Ok(())
}

fn act(tx: &mut Tx<'_>, entity: Entity, id: &str) -> Result<()> {
    // The act's clock is that of its making, not of a later undo.
    let Some(made) = log::register(tx, entity, id, "conversation")? else {
        return Ok(());
    };
    let Some(c) = made.value.as_str().and_then(CustomerId::parse) else {
        return Ok(());
    };
    conversations::ensure(tx, c)?;
    let who = log::of_entity(tx, entity, id)?
        .into_iter()
        .find(|e| e.stamp == made.stamp)
        .and_then(|e| e.agent);
    let covers = log::value(tx, entity, id, "covers")?.unwrap_or_else(|| Value::Array(Vec::new()));
    let days = log::value(tx, entity, id, "n")?
        .and_then(|v| v.as_i64())
        .unwrap_or(3);
    let active = on(tx, entity, id)?;
    tx.prepare_cached(
        "INSERT INTO act (id, conversation, kind, at, stamp, agent, covers, days, active) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET conversation = excluded.conversation, at = excluded.at, stamp = excluded.stamp, agent = excluded.agent, covers = excluded.covers, days = excluded.days, active = excluded.active",
    )?
    .execute(params![id, c, entity.as_str(), made.stamp.clock().millis(), made.stamp.as_str(), who, covers.to_string(), days, active])?;
    tx.touch(c);
    Ok(())
}

fn tag(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some((c, tag)) = id
        .split_once(':')
        .and_then(|(c, t)| Some((CustomerId::parse(c)?, t)))
    else {
        return Ok(());
    };
    conversations::ensure(tx, c)?;
    let active = on(tx, Entity::Tag, id)?;
    tx.prepare_cached("INSERT INTO tag (conversation, tag, active) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET active = excluded.active")?.execute(params![c, tag, active])?;
    tx.touch(c);
    Ok(())
}

fn note(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some(made) = log::register(tx, Entity::Note, id, "conversation")? else {
        return Ok(());
    };
    let Some(c) = made.value.as_str().and_then(CustomerId::parse) else {
        return Ok(());
    };
    conversations::ensure(tx, c)?;
    let who = log::of_entity(tx, Entity::Note, id)?
        .into_iter()
        .find(|e| e.stamp == made.stamp)
        .and_then(|e| e.agent);
    let body = text(tx, Entity::Note, id, "text")?.unwrap_or_default();
    let active = on(tx, Entity::Note, id)?;
    tx.prepare_cached(
        "INSERT INTO note (id, conversation, at, agent, text, active) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET conversation = excluded.conversation, at = excluded.at, agent = excluded.agent, text = excluded.text, active = excluded.active",
    )?
    .execute(params![id, c, made.stamp.clock().millis(), who, body, active])?;
    tx.touch(c);
    Ok(())
}

fn link(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some((a, b)) = id
        .split_once(':')
        .and_then(|(a, b)| Some((CustomerId::parse(a)?, CustomerId::parse(b)?)))
    else {
        return Ok(());
    };
    conversations::ensure(tx, a)?;
    conversations::ensure(tx, b)?;
    let linked = on(tx, Entity::Link, id)?;
    tx.execute("INSERT INTO link (a, b, linked) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET linked = excluded.linked", params![a, b, linked])?;
    conversations::reroot(tx, a)?;
    conversations::reroot(tx, b)?;
    tx.touch(a);
    tx.touch(b);
    Ok(())
}

fn class(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some(m) = MessageId::parse(id) else {
        return Ok(());
    };
    conversations::reclassify(tx, "id = ?1", &[&m])
}

/// A person's list names an address: its customer is there before the first message, from the day of the list on.
fn known(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let (Some(h), Some(r)) = (
        HandleId::parse(id),
        log::register(tx, Entity::Handle, id, "known")?,
    ) else {
        return Ok(());
    };
    let said = |key: &str| r.value.get(key).and_then(Value::as_str);
    let at = match (said("channel").and_then(Channel::parse), said("value")) {
        (Some(channel), Some(value)) => {
            // An id that was not made of this address would be somebody else's.
            if super::ingest::handle_id(&tx.identity.ids, channel, "", value) != h {
                return Ok(());
            }
            super::ingest::handle(tx, channel, "", value, None, 0)?;
            Some(r.stamp.clock().millis())
        }
        _ => None,
    };
    tx.execute(
        "UPDATE customer SET known_at = ?2 WHERE id = ?1",
        params![h, at],
    )?;
    tx.touch(CustomerId(h.0));
    Ok(())
}

fn handle(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some(h) = HandleId::parse(id) else {
        return Ok(());
    };
    let not = log::value(tx, Entity::Handle, id, "not_customer")?
        .and_then(|v| v.as_bool())
        .unwrap_or(false);
    tx.execute(
        "UPDATE handle SET not_customer = ?2 WHERE id = ?1",
        params![h, not],
    )?;
    tx.touch(CustomerId(h.0));
    conversations::reclassify(tx, "handle = ?1", &[&h])
}

/// The message of a send follows its state; the outbox row itself is this executor's queue.
fn sending(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some(m) = MessageId::parse(id) else {
        return Ok(());
    };
    let state = log::value(tx, Entity::Outbox, id, "state")?.and_then(|v| {
        v.get(2)
            .and_then(Value::as_str)
            .and_then(OutboxState::parse)
    });
    let sent_at = log::value(tx, Entity::Outbox, id, "sent_at")?.and_then(|v| v.as_i64());
    if let Some(state) = state {
        tx.execute(
            "UPDATE message SET send_state = ?2 WHERE id = ?1",
            params![m, state.as_str()],
        )?;
    }
    if let Some(at) = sent_at {
        conversations::resent(tx, m, at)?;
    }
    conversations::touch_all(tx, m)
}

fn account(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some(a) = crate::model::AccountId::parse(id) else {
        return Ok(());
    };
    let Some(config) = log::value(tx, Entity::Account, id, "config")? else {
        return Ok(());
    };
    let Some(Described {
        channel,
        archive,
        scope,
        ours,
    }) = described(&config)
    else {
        return Ok(());
    };
    let live_from = log::value(tx, Entity::Account, id, "live_from")?
        .and_then(|v| v.as_i64())
        .unwrap_or(0);
    let connected = on(tx, Entity::Account, id)?;
    let before_bounds: Option<(i64, String)> = tx
        .query_row(
            "SELECT live_from, scope FROM account WHERE id = ?1",
            [a],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .optional()?;
    tx.execute(
        "INSERT INTO account (id, channel, config, live_from, connected, archive, scope) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET config = excluded.config, live_from = excluded.live_from, connected = excluded.connected, scope = excluded.scope, archive = CASE WHEN excluded.connected THEN excluded.archive ELSE max(archive, excluded.archive) END",
        params![a, channel.as_str(), config.to_string(), live_from, connected, archive, scope],
    )?;
    let before = own_addresses(tx, a)?;
    tx.execute("DELETE FROM own_address WHERE account = ?1", [a])?;
    for own in ours {
        tx.execute(
            "INSERT OR IGNORE INTO own_address (value, account) VALUES (?1, ?2)",
            params![own, a],
        )?;
    }
    // Messages that came before this was known follow it.
    let changed: Vec<String> = before
        .symmetric_difference(&own_addresses(tx, a)?)
        .cloned()
        .collect();
    super::places::ours_changed(tx, channel, &scope, &changed)?;
    if before_bounds.is_some_and(|b| b != (live_from, scope)) {
        super::places::bounds_changed(tx, a)?;
    }
    tx.changes.accounts = true;
    Ok(())
}

/// What of an account's settings matters for its messages.
struct Described {
    channel: Channel,
    archive: bool,
    scope: String,
    ours: Vec<String>,
}

fn described(config: &Value) -> Option<Described> {
    if let Ok(a) = serde_json::from_value::<crate::model::AccountConfig>(config.clone()) {
        return Some(Described {
            channel: a.channel(),
            archive: false,
            scope: a.handle_scope().to_owned(),
            ours: a.own_addresses(),
        });
    }
    let a: crate::model::Archive = serde_json::from_value(config.clone()).ok()?;
    Some(Described {
        channel: a.medium,
        archive: true,
        scope: a.scope.clone(),
        ours: a.own_addresses(),
    })
}

fn own_addresses(tx: &Tx<'_>, a: crate::model::AccountId) -> Result<BTreeSet<String>> {
    let mut s = tx.prepare_cached("SELECT value FROM own_address WHERE account = ?1")?;
    Ok(s.query_map([a], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

fn agent(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let Some(a) = AgentId::parse(id) else {
        return Ok(());
    };
    if let Some(name) = text(tx, Entity::Agent, id, "name")? {
        tx.execute("INSERT INTO agent (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name", params![a, name])?;
        tx.changes.settings = true;
    }
    Ok(())
}

fn setting(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    if let Some(v) = log::value(tx, Entity::Setting, id, "value")? {
        tx.execute("INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", params![id, v.to_string()])?;
        tx.changes.settings = true;
    }
    Ok(())
}

fn view(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    let name = text(tx, Entity::View, id, "name")?.unwrap_or_default();
    let query = text(tx, Entity::View, id, "query")?.unwrap_or_default();
    let at = log::register(tx, Entity::View, id, "query")?.map_or(0, |r| r.stamp.clock().millis());
    let active = on(tx, Entity::View, id)?;
    tx.execute(
        "INSERT INTO view (id, name, query, at, active) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, query = excluded.query, at = excluded.at, active = excluded.active",
        params![id, name, query, at, active],
    )?;
    tx.changes.settings = true;
    Ok(())
}
