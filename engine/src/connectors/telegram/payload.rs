//! The vendor's data without an account: the answer to `getUpdates`, a webhook's body, or one message.

use super::convert::{Read, edited, message, update, with_cards};
use crate::model::{Event, Incoming, Party, Place};
use serde_json::{Value, json};

/// Messages and what is told of them, from the answer to `getUpdates`, a list of updates, one update (as a webhook
/// gets it) or one message; nothing for what is known and says nothing of messages. Files are cards. `ours` is the
/// bot's id, where it is known. Groups, which an account passes over, are shown like private chats.
#[must_use]
pub fn payload(json: &Value, ours: Option<&str>) -> Vec<Event> {
    let ours = ours.unwrap_or_default();
    let all: Vec<&Value> = match json {
        Value::Array(all) => all.iter().collect(),
        Value::Object(o) if o.contains_key("result") => match &json["result"] {
            Value::Array(all) => all.iter().collect(),
            one => vec![one],
        },
        one => vec![one],
    };
    all.into_iter().flat_map(|one| events(one, ours)).collect()
}

fn events(one: &Value, ours: &str) -> Vec<Event> {
    let (kind, said) = said(one);
    let known = matches!(kind, "message" | "business_message")
        || kind.starts_with("edited_")
        || kind.ends_with("channel_post");
    let public = known && said["chat"].is_object() && said["chat"]["type"] != json!("private");
    let read = if public {
        of_group(kind, said, one, ours)
    } else if one.get("update_id").is_none() && one.get("message_id").is_some() {
        let mut read = Read::default();
        message(one, one, ours, 0, &mut read);
        read
    } else {
        update(one, ours, 0)
    };
    let mut events = with_cards(read);
    for event in &mut events {
        if let Event::Message(m) = event
            && (public || ours.is_empty())
        {
            writer(m, said);
        }
    }
    events
}

/// What an update holds, and of which kind it is; a message by itself is one.
fn said(one: &Value) -> (&str, &Value) {
    if one.get("message_id").is_some() {
        return ("message", one);
    }
    let mut fields = one.as_object().into_iter().flatten();
    let found = fields.find(|(k, v)| *k != "update_id" && v.is_object());
    found.map_or(("", one), |(kind, said)| (kind.as_str(), said))
}

/// As if it had been said to the bot alone.
fn of_group(kind: &str, said: &Value, one: &Value, ours: &str) -> Read {
    let mut alone = said.clone();
    alone["chat"]["type"] = json!("private");
    if let Some(fields) = alone.as_object_mut() {
        fields.remove("from");
    }
    let mut read = Read::default();
    if kind.starts_with("edited_") {
        edited(&alone, 0, &mut read);
        return read;
    }
    message(&alone, one, ours, 0, &mut read);
    for event in &mut read.events {
        if let Event::Message(m) = event
            && !ours.is_empty()
            && said["from"]["id"]
                .as_i64()
                .is_some_and(|id| id.to_string() == ours)
        {
            m.place = Place::Sent;
        }
    }
    read
}

/// Without an account, who wrote is who the data names.
fn writer(m: &mut Incoming, said: &Value) {
    let from = [&said["from"], &said["sender_chat"], &said["chat"]];
    let by = from.iter().find_map(|who| who["id"].as_i64());
    if let Some(by) = by {
        let name = m.from.take().and_then(|p| p.name);
        m.from = Some(Party {
            name,
            address: by.to_string(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Later;

    fn chat(kind: &str, id: i64) -> Value {
        json!({ "id": id, "type": kind, "title": "Friends" })
    }

    #[test]
    fn a_groups_message_is_shown_with_its_text_and_its_writer() {
        let one = json!({ "update_id": 1, "message": { "message_id": 9, "date": 1_700_000_000, "chat": chat("supergroup", -7), "from": { "id": 5, "first_name": "Anna" }, "text": "hello all" } });
        let all = payload(&one, None);
        let Some(Event::Message(m)) = all.iter().find(|e| matches!(e, Event::Message(_))) else {
            panic!("{all:?}");
        };
        assert_eq!((m.text.as_str(), m.place), ("hello all", Place::Inbox));
        assert_eq!(m.from.as_ref().unwrap().address, "5");
        assert_eq!(m.remote_id.0, "-7:9");
        let post = json!({ "update_id": 2, "edited_channel_post": { "message_id": 9, "date": 1, "edit_date": 2, "chat": chat("channel", -8), "text": "new" } });
        let all = payload(&post, None);
        assert!(
            matches!(all.as_slice(), [Event::Later(l)] if matches!(l.what, Later::Edited { .. })),
            "{all:?}"
        );
    }

    #[test]
    fn what_is_known_and_no_message_is_nothing_and_what_is_not_known_is_something() {
        let private = json!({ "id": 5, "type": "private", "first_name": "Anna" });
        for nothing in [
            json!({ "update_id": 1, "my_chat_member": { "chat": chat("group", -7), "date": 1, "new_chat_member": { "status": "member" } } }),
            json!({ "update_id": 2, "edited_message": { "message_id": 9, "date": 1, "chat": private, "photo": [] } }),
            json!({ "update_id": 3, "poll": { "id": "1" } }),
        ] {
            assert!(payload(&nothing, None).is_empty(), "{nothing}");
        }
        let odd = json!({ "update_id": 4, "new_thing": { "chat": chat("group", -7) } });
        assert!(matches!(
            payload(&odd, None).as_slice(),
            [Event::Unreadable { .. }]
        ));
    }
}
