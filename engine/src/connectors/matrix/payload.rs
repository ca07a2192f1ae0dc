//! Events without an account: one, a list, a page of a room, what an application service is told, or a whole `/sync`.

use super::convert::{Piece, instant, later, piece, remote_id, unreadable};
use crate::model::{Card, CardKind, Event, Later, PersonSays};
use crate::time::Millis;
use serde_json::Value;

/// Messages and what is told of them. Files are cards. `ours` is the account's user id, where it is known.
#[must_use]
pub fn payload(json: &Value, ours: Option<&str>) -> Vec<Event> {
    let own = ours.unwrap_or_default();
    let mut out = Vec::new();
    let rooms = json["rooms"]["join"].as_object();
    for (room, joined) in rooms.into_iter().flatten() {
        for part in ["state", "timeline"] {
            for event in joined[part]["events"].as_array().into_iter().flatten() {
                told(own, room, event, &mut out);
            }
        }
    }
    if json["rooms"].is_object() || json["next_batch"].is_string() {
        return out;
    }
    let listed = ["chunk", "events"].iter().find_map(|n| json[*n].as_array());
    let all: Vec<&Value> = match listed.or(json.as_array()) {
        Some(all) => all.iter().collect(),
        None => vec![json],
    };
    for event in all {
        told(
            own,
            event["room_id"].as_str().unwrap_or_default(),
            event,
            &mut out,
        );
    }
    out
}

fn told(own: &str, room: &str, event: &Value, out: &mut Vec<Event>) {
    let Some(found) = piece(own, room, event, Millis::MAX) else {
        let there = ["event_id", "sender", "type"].map(|n| event[n].is_string());
        // What has none of these is no event at all.
        if there.contains(&true) && there.contains(&false) {
            let at = instant(&event["origin_server_ts"], Millis::MAX);
            out.push(unreadable(room, event, at));
        }
        return;
    };
    out.push(match found {
        Piece::Message(mut m, file) => {
            m.cards.extend(file.map(|f| Card {
                mime: Some(f.mime).filter(|m| !m.is_empty()),
                ..Card::of(CardKind::Media).saying(f.name)
            }));
            Event::Message(m)
        }
        Piece::Encrypted(m) => Event::Message(m),
        Piece::Broken(event) => event,
        Piece::Edit {
            of, at, text, html, ..
        } => Event::Later(later(room, &of, at, Later::Edited { text, html })),
        Piece::Redaction { of, at, .. } => Event::Later(later(room, &of, at, Later::Unsent)),
        Piece::Reaction {
            id,
            of,
            by,
            emoji,
            at,
        } => {
            let id = remote_id(room, &id);
            Event::Later(later(room, &of, at, Later::Reacted { id, by, emoji }))
        }
        Piece::Named { user, name, at } => Event::Person(PersonSays {
            address: user,
            name: Some(name),
            at,
            ..PersonSays::default()
        }),
        Piece::Visitor {
            user,
            name,
            email,
            at,
        } => Event::Person(PersonSays {
            address: user,
            name,
            email,
            at,
            ..PersonSays::default()
        }),
        Piece::Touch(t) => Event::Touched(*t),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_a_page_and_a_sync_say_the_same() {
        let event = json!({ "event_id": "$1", "room_id": "!r:x.test", "sender": "@anna:x.test", "type": "m.room.message", "origin_server_ts": 5_000, "content": { "msgtype": "m.text", "body": "hi" } });
        let sync = json!({ "next_batch": "s1", "rooms": { "join": { "!r:x.test": { "timeline": { "events": [event] } } } } });
        for given in [
            event.clone(),
            json!([event]),
            json!({ "chunk": [event] }),
            sync,
        ] {
            let all = payload(&given, None);
            let [Event::Message(m)] = all.as_slice() else {
                panic!("{all:?}");
            };
            assert_eq!(
                (m.text.as_str(), m.remote_id.0.as_str()),
                ("hi", "!r:x.test $1")
            );
        }
        assert!(payload(&json!({ "hello": 1 }), None).is_empty());
        let broken = json!({ "type": "m.room.message", "content": {} });
        assert!(matches!(
            payload(&broken, None).as_slice(),
            [Event::Unreadable { .. }]
        ));
    }
}
