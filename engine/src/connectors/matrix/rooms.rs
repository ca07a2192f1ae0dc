//! What is known of rooms while the program runs: who is in them, who wrote what, what was not read yet. All of it can
//! be asked again, so nothing is kept.

use super::api::{Api, Call};
use super::convert::name;
use crate::connectors::Result;
use crate::model::Remedy;
use crate::time::Millis;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rooms that are remembered at once.
const MOST_ROOMS: usize = 2_000;
/// Events whose writers, and reactions whose aims, are remembered.
const MOST_EVENTS: usize = 10_000;
/// Unread messages of ours that are remembered of one room.
const MOST_UNREAD: usize = 200;

/// What is known of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// The names of those who are or were in it.
    pub(super) names: BTreeMap<String, String>,
    /// Whom we talk with: whoever made it or was invited, or wrote last.
    pub(super) peer: Option<String>,
    /// It is encrypted.
    pub(super) encrypted: bool,
}

/// A reaction that may be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aim {
    /// The message.
    pub(super) of: String,
    /// Whose.
    pub(super) by: String,
}

/// A list that forgets its oldest.
struct Short<V> {
    map: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Default for Short<V> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<V> Short<V> {
    fn put(&mut self, key: &str, value: V, most: usize) {
        if self.map.insert(key.to_owned(), value).is_none() {
            self.order.push_back(key.to_owned());
        }
        while self.order.len() > most {
            if let Some(oldest) = self.order.pop_front() {
                self.map.remove(&oldest);
            }
        }
    }
}

#[derive(Default)]
struct Known {
    rooms: Short<Arc<Room>>,
    writers: Short<String>,
    aims: Short<Aim>,
    unread: HashMap<String, VecDeque<(String, Millis)>>,
}

/// All that is known of an account's rooms.
#[derive(Default)]
pub(super) struct Rooms(Mutex<Known>);

impl Rooms {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A room, asked for where it is not known yet. One that we are no longer in is one of which nothing is known.
    pub(super) async fn room(&self, api: &Api, id: &str) -> Result<Arc<Room>> {
        if let Some(room) = self.known().rooms.map.get(id) {
            return Ok(Arc::clone(room));
        }
        let room = match api.json(&Call::get(&["rooms", id, "state"], "room")).await {
            Ok(state) => of_state(&api.config.user_id, state.as_array().map_or(&[], |s| s)),
            Err(e) if e.remedy == Remedy::Final => Room::default(),
            Err(e) => return Err(e),
        };
        let room = Arc::new(room);
        self.known().rooms.put(id, Arc::clone(&room), MOST_ROOMS);
        Ok(room)
    }

    /// An event of a room changes what is known of it.
    pub(super) fn note(&self, own: &str, id: &str, event: &Value) {
        let (Some(kind), Some(sender)) = (event["type"].as_str(), event["sender"].as_str()) else {
            return;
        };
        let mut known = self.known();
        if let Some(event_id) = event["event_id"].as_str() {
            known.writers.put(event_id, sender.to_owned(), MOST_EVENTS);
            if kind == "m.room.message" && sender == own {
                let at = event["origin_server_ts"].as_i64().unwrap_or(0);
                let unread = known.unread.entry(id.to_owned()).or_default();
                unread.push_back((event_id.to_owned(), at));
                if unread.len() > MOST_UNREAD {
                    unread.pop_front();
                }
            }
        }
        let Some(room) = known.rooms.map.get_mut(id) else {
            return;
        };
        match kind {
            "m.room.member" | "m.room.encryption" if event["state_key"].is_string() => {
                take(Arc::make_mut(room), own, event);
            }
            "m.room.message" if sender != own && room.peer.as_deref() != Some(sender) => {
                Arc::make_mut(room).peer = Some(sender.to_owned());
            }
            _ => {}
        }
    }

    /// Who wrote an event; asked for where it is not remembered.
    pub(super) async fn writer(
        &self,
        api: &Api,
        room: &str,
        event: &str,
    ) -> Result<Option<String>> {
        if let Some(writer) = self.known().writers.map.get(event) {
            return Ok(Some(writer.clone()));
        }
        match api
            .json(&Call::get(&["rooms", room, "event", event], "fetch"))
            .await
        {
            Ok(found) => {
                let writer = found["sender"].as_str().map(String::from);
                if let Some(w) = &writer {
                    self.known().writers.put(event, w.clone(), MOST_EVENTS);
                }
                Ok(writer)
            }
            Err(e) if e.remedy == Remedy::Final => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// A reaction was seen.
    pub(super) fn reacted(&self, id: &str, aim: Aim) {
        self.known().aims.put(id, aim, MOST_EVENTS);
    }

    /// What a reaction was about, where it is remembered.
    pub(super) fn aim(&self, id: &str) -> Option<Aim> {
        self.known().aims.map.get(id).cloned()
    }

    /// Our messages of a room that are read when somebody has read up to an instant; they are told once.
    pub(super) fn read_until(&self, room: &str, at: Millis) -> Vec<String> {
        let mut known = self.known();
        let Some(unread) = known.unread.get_mut(room) else {
            return Vec::new();
        };
        let (read, left): (VecDeque<_>, VecDeque<_>) =
            unread.drain(..).partition(|(_, sent)| *sent <= at);
        *unread = left;
        read.into_iter().map(|(id, _)| id).collect()
    }

    /// The room in which somebody is talked with, among those that are known.
    pub(super) fn with(&self, peer: &str) -> Option<String> {
        let known = self.known();
        let mut all = known.rooms.map.iter();
        all.find(|(_, r)| r.peer.as_deref() == Some(peer))
            .map(|(id, _)| id.clone())
    }

    /// A room is left: it is asked for anew when it comes again.
    pub(super) fn forget(&self, room: &str) {
        let mut known = self.known();
        known.rooms.map.remove(room);
        known.rooms.order.retain(|r| r != room);
        known.unread.remove(room);
    }
}

/// What a room's state says.
fn of_state(own: &str, state: &[Value]) -> Room {
    let mut room = Room::default();
    let maker = state
        .iter()
        .find(|e| e["type"] == "m.room.create")
        .and_then(|e| e["sender"].as_str())
        .filter(|s| *s != own);
    for event in state {
        take(&mut room, own, event);
    }
    if let Some(maker) = maker {
        room.peer = Some(maker.to_owned());
    }
    room
}

fn take(room: &mut Room, own: &str, event: &Value) {
    if event["type"] == "m.room.encryption" {
        room.encrypted = true;
    }
    let (Some(user), "m.room.member") = (
        event["state_key"].as_str(),
        event["type"].as_str().unwrap_or_default(),
    ) else {
        return;
    };
    let content = &event["content"];
    if let Some(said) = content["displayname"].as_str().and_then(name) {
        room.names.insert(user.to_owned(), said);
    }
    let here = matches!(content["membership"].as_str(), Some("join" | "invite"));
    if user != own && here && room.peer.is_none() {
        room.peer = Some(user.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OWN: &str = "@support:desk.test";

    #[test]
    fn whoever_made_a_room_is_whom_we_talk_with_even_when_others_are_in_it() {
        let member = |who: &str, name: &str| json!({"type": "m.room.member", "state_key": who, "sender": who, "content": {"membership": "join", "displayname": name}});
        let room = of_state(
            OWN,
            &[
                member("@a:x", "Anna"),
                member(OWN, "Desk"),
                member("@web:x", "\u{202e}Visitor\n"),
                json!({"type": "m.room.create", "sender": "@web:x", "state_key": ""}),
                json!({"type": 5, "state_key": {}, "content": []}),
            ],
        );
        assert_eq!(room.peer.as_deref(), Some("@web:x"));
        assert_eq!(room.names["@web:x"], "Visitor");
        assert!(!room.encrypted);
    }

    #[test]
    fn what_was_sent_before_somebody_read_is_read_and_told_once() {
        let rooms = Rooms::default();
        for (id, at) in [("$1", 10), ("$2", 20), ("$3", 30)] {
            rooms.note(OWN, "!r", &json!({"type": "m.room.message", "sender": OWN, "event_id": id, "origin_server_ts": at}));
        }
        assert_eq!(rooms.read_until("!r", 20), ["$1", "$2"]);
        assert_eq!(rooms.read_until("!r", 20), Vec::<String>::new());
        assert_eq!(rooms.read_until("!other", 99), Vec::<String>::new());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut short = Short::default();
        for n in 0..1_000 {
            short.put(&n.to_string(), n, 10);
        }
        assert_eq!((short.map.len(), short.order.len()), (10, 10));
        assert!(short.map.contains_key("999"));
    }
}
