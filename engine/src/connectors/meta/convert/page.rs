//! Bodies as a whole, for a look at what Parley makes of them: a page of the interface, or a webhook's.

use super::{Owner, Read, Somebody, message, parts, remote, webhook};
use crate::model::{Afterwards, Channel, Event, Identity, Later, Party, PersonSays, Place};
use crate::time::Millis;
use serde_json::Value;

/// Stands for a writer who is not named.
const NOBODY: &str = "0";

/// The conversations of a page: the page of a list, or one conversation.
pub(in crate::connectors::meta) fn conversations(json: &Value) -> Vec<&Value> {
    match json.get("data").and_then(Value::as_array) {
        Some(all) => all.iter().collect(),
        None => vec![json],
    }
}

/// The messages of a conversation, as they stand there.
pub(in crate::connectors::meta) fn messages(conversation: &Value) -> Vec<&Value> {
    let edge = conversation.get("messages");
    let list = edge.and_then(|e| e.get("data").unwrap_or(e).as_array());
    list.into_iter().flatten().collect()
}

/// Whom a conversation is with: the first of its people who is not the account.
pub(in crate::connectors::meta) fn customer(
    conversation: &Value,
    owner: &Owner,
) -> Option<Somebody> {
    parts::each(conversation, "participants")
        .filter_map(Somebody::read)
        .find(|s| !owner.is(&s.id))
}

/// What is told by any body of Meta's for messages: a page of the interface, one conversation, messages, or a webhook.
/// `ours` is the account's id; where it is not known, it is guessed from the body.
#[must_use]
pub fn payload(json: &Value, ours: Option<&str>) -> Vec<Event> {
    if json.get("entry").is_some() {
        return webhook::events(json, ours);
    }
    let owner = guessed(json, ours);
    let mut events = Vec::new();
    let rows = match json.as_array() {
        Some(all) => all.iter().collect(),
        None => conversations(json),
    };
    for row in rows {
        if row.get("messages").is_some() || row.get("participants").is_some() {
            let customer = customer(row, &owner);
            events.extend(customer.as_ref().map(|c| person(c, 0)));
            for m in messages(row).into_iter().rev() {
                push(&mut events, m, &owner, customer.as_ref());
            }
        } else {
            push(&mut events, row, &owner, None);
        }
    }
    events
}

fn push(events: &mut Vec<Event>, json: &Value, owner: &Owner, customer: Option<&Somebody>) {
    match anyones(json, owner, customer) {
        Read::Message(draft) => {
            let (of, at, told) = (
                draft.message.remote_id.clone(),
                draft.at,
                draft.reactions.clone(),
            );
            events.push(Event::Message(Box::new(draft.linked(at))));
            events.extend(told.into_iter().map(|(by, emoji)| {
                let what = Later::Reaction {
                    by,
                    emoji: Some(emoji),
                };
                Event::Later(Afterwards {
                    of: of.clone(),
                    at,
                    what,
                })
            }));
        }
        Read::Bare { id, at } => events.push(unreadable(
            id,
            at,
            "the vendor gives its id and nothing else",
            Vec::new(),
            customer.map(Somebody::party),
        )),
        Read::Poison {
            id,
            at,
            reason,
            raw,
        } => events.push(unreadable(
            id,
            at,
            reason,
            raw,
            customer.map(Somebody::party),
        )),
    }
}

/// A message, also where it does not say who wrote it because nobody asked for that.
fn anyones(json: &Value, owner: &Owner, customer: Option<&Somebody>) -> Read {
    let silent = json.get("from").is_none() && json.get("to").is_none() && customer.is_none();
    let mut with_writer = json.clone();
    if let Some(o) = with_writer
        .as_object_mut()
        .filter(|o| silent && o.len() > 1)
    {
        o.entry("from")
            .or_insert_with(|| serde_json::json!({ "id": NOBODY }));
    }
    match message(&with_writer, owner, customer, 0) {
        Read::Message(mut draft) if silent => {
            draft.message.from = None;
            draft.reactions.remove(NOBODY);
            Read::Message(draft)
        }
        other => other,
    }
}

/// A message of which nothing can be made.
pub(in crate::connectors::meta) fn unreadable(
    id: String,
    at: Option<Millis>,
    reason: &str,
    raw: Vec<u8>,
    from: Option<Party>,
) -> Event {
    Event::Unreadable {
        from,
        remote_id: remote(id),
        place: Place::Inbox,
        identity: Identity::Provider,
        at,
        reason: format!("Meta sent a message that cannot be understood: {reason}."),
        raw,
    }
}

/// What a person is called.
pub(in crate::connectors::meta) fn person(c: &Somebody, at: Millis) -> Event {
    Event::Person(PersonSays {
        address: c.id.clone(),
        name: c.name.clone(),
        username: c.username.clone(),
        email: None,
        opted_out: None,
        at,
    })
}

/// The account, where nobody says which it is: who takes part in every conversation; of two, the one who is named last.
fn guessed(json: &Value, ours: Option<&str>) -> Owner {
    let rows = match json.as_array() {
        Some(all) => all.iter().collect(),
        None => conversations(json),
    };
    let named = |row: &Value| -> Vec<String> {
        let people = parts::each(row, "participants").filter_map(Somebody::read);
        let readers = row.get("to").into_iter();
        let readers = readers.flat_map(|to| to.get("data").and_then(Value::as_array));
        let readers = readers.flatten().filter_map(Somebody::read);
        people.chain(readers).map(|s| s.id).collect()
    };
    let people: Vec<Vec<String>> = rows.iter().map(|r| named(r)).collect();
    let common = people.first().and_then(|first| {
        let everywhere = |id: &&String| people.iter().all(|p| p.contains(id));
        first.iter().rfind(everywhere).cloned()
    });
    let id = ours.map(str::to_owned).or(common).unwrap_or_default();
    let messenger = rows
        .iter()
        .any(|r| words_of_messenger(r) || messages(r).iter().any(|m| words_of_messenger(m)));
    Owner {
        channel: if messenger {
            Channel::Messenger
        } else {
            Channel::Instagram
        },
        id,
        name: String::new(),
        also: Vec::new(),
    }
}

/// Messenger names people by mail addresses of its own, and ids of messages begin so.
fn words_of_messenger(json: &Value) -> bool {
    let id = json.get("id").and_then(Value::as_str).unwrap_or_default();
    id.starts_with("m_") || id.starts_with("t_") || json.pointer("/from/email").is_some()
}
