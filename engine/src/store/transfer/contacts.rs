//! Customers that a person's list names, before they ever wrote: handles with the day they became known, and what the
//! list says of them as entries of the log, so that one undo takes the whole list back.

use super::super::{Tx, conversations, ingest, log};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{Channel, CustomerId, GroupId};
use rusqlite::OptionalExtension;
use serde_json::{Value, json};

/// The command under which a list's entries stand.
const KIND: &str = "contacts_import";

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The line it begins in.
    pub line: u64,
    /// Name.
    pub name: Option<String>,
    /// Canonical addresses; the first is the customer's, the others are linked with it.
    pub handles: Vec<(Channel, String)>,
    /// Tags.
    pub tags: Vec<String>,
    /// A note.
    pub note: Option<String>,
}

/// What became of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Put {
    /// The customer was not known.
    pub new: bool,
    /// Entries written.
    pub changes: u32,
    /// What was left out of it, and why.
    pub told: Option<String>,
}

/// Make or update the customer of a row. What is so already is not written again, and what a person decided here
/// stays: a name given by hand, a link that was cut.
///
/// # Errors
/// [`Error::Invalid`] with the reason when none of its addresses can be a customer's; else when the store fails.
pub fn put(tx: &mut Tx<'_>, group: GroupId, c: &Contact) -> Result<Put> {
    let mut out = Put::default();
    let mut ids = Vec::new();
    for (channel, value) in &c.handles {
        if ingest::is_own(tx, value)? {
            out.told = Some("an address in it is one of your own, and was left out".into());
            continue;
        }
        ids.push((
            CustomerId(ingest::handle_id(&tx.identity.ids, *channel, "", value).0),
            *channel,
            value,
        ));
    }
    let Some((first, ..)) = ids.first().copied() else {
        return Err(Error::Invalid("its address is one of your own".into()));
    };
    out.new = !known(tx, first)?;
    for (id, channel, value) in &ids {
        let is = json!({ "channel": channel.as_str(), "value": value });
        let at = ("known", is);
        out.changes += set(tx, group, Entity::Handle, id.hex(), *id, at)?;
        if *id != first {
            out.changes += link(tx, group, first, *id)?;
        }
    }
    if let Some(name) = &c.name
        && may_name(tx, first)?
    {
        let field = ("name", json!(name));
        out.changes += set(tx, group, Entity::Customer, first.hex(), first, field)?;
    }
    for tag in &c.tags {
        let field = ("on", json!(true));
        out.changes += set(
            tx,
            group,
            Entity::Tag,
            format!("{first}:{tag}"),
            first,
            field,
        )?;
    }
    if let Some(text) = &c.note {
        out.changes += note(tx, group, first, text)?;
    }
    Ok(out)
}

/// Whether it has messages, or a list named it before.
fn known(tx: &Tx<'_>, c: CustomerId) -> Result<bool> {
    Ok(tx
        .prepare_cached(
            "SELECT 1 FROM customer WHERE id = ?1 AND (messages > 0 OR known_at IS NOT NULL)",
        )?
        .exists([c])?)
}

/// Set one field, unless it is so already.
fn set(
    tx: &mut Tx<'_>,
    group: GroupId,
    entity: Entity,
    id: String,
    c: CustomerId,
    (field, value): (&'static str, Value),
) -> Result<u32> {
    if log::value(tx, entity, &id, field)?.as_ref() == Some(&value) {
        return Ok(0);
    }
    let w = log::Writing::new(entity, id, Some(c), vec![(field, value)]);
    log::write(tx, KIND, group, w)?;
    Ok(1)
}

/// A name that a person gave by hand stays, to whichever of the linked customers it was given; one that a list gave
/// follows the list.
fn may_name(tx: &Tx<'_>, c: CustomerId) -> Result<bool> {
    let mut newest: Option<(String, CustomerId)> = None;
    for m in conversations::members(tx, c)? {
        if let Some(r) = log::register(tx, Entity::Customer, &m.hex(), "name")?
            && !r.value.is_null()
        {
            newest = newest.max(Some((r.stamp.as_str().to_owned(), m)));
        }
    }
    let Some((stamp, m)) = newest else {
        return Ok(true);
    };
    let kind: Option<String> = tx
        .prepare_cached(
            "SELECT kind FROM entry WHERE entity = 'customer' AND entity_id = ?1 AND stamp = ?2",
        )?
        .query_row([m.hex().as_str(), stamp.as_str()], |r| r.get(0))
        .optional()?;
    Ok(kind.is_some_and(|k| k.ends_with(KIND)))
}

/// The list says that both are one person's. Where somebody cut that link, it stays cut.
fn link(tx: &mut Tx<'_>, group: GroupId, a: CustomerId, b: CustomerId) -> Result<u32> {
    let id = format!("{}:{}", a.min(b), a.max(b));
    if let Some(r) = log::register(tx, Entity::Link, &id, "on")? {
        let kind: Option<String> = tx
            .prepare_cached(
                "SELECT kind FROM entry WHERE entity = 'link' AND entity_id = ?1 AND stamp = ?2",
            )?
            .query_row([id.as_str(), r.stamp.as_str()], |r| r.get(0))
            .optional()?;
        let cut = kind.as_deref() == Some("unlink");
        if cut || r.value == json!(true) {
            return Ok(0);
        }
    }
    set(tx, group, Entity::Link, id, a.min(b), ("on", json!(true)))
}

/// The same text at the same customer is the same note.
fn note(tx: &mut Tx<'_>, group: GroupId, c: CustomerId, text: &str) -> Result<u32> {
    let id = tx
        .identity
        .ids
        .id(&[b"note", b"contacts", &c.0, text.as_bytes()]);
    let id = data_encoding::HEXLOWER.encode(&id);
    if log::value(tx, Entity::Note, &id, "on")? == Some(json!(true)) {
        return Ok(0);
    }
    let fields = vec![
        ("conversation", json!(c)),
        ("text", json!(text)),
        ("on", json!(true)),
    ];
    log::write(
        tx,
        KIND,
        group,
        log::Writing::new(Entity::Note, id, Some(c), fields),
    )?;
    Ok(1)
}
