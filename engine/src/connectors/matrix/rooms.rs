//! What is known of rooms while the program runs: who is in them, who wrote what, up to where they were read. All of it
//! can be asked again, so nothing is kept.

use super::api::{Api, Call};
use super::convert::{instant, name, replacement};
use crate::connectors::Result;
use crate::model::{Remedy, RemoteId};
use crate::time::Millis;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rooms that are remembered at once.
const MOST_ROOMS: usize = 2_000;
/// Events whose writers are remembered.
const MOST_EVENTS: usize = 10_000;
/// Events of one room of which it is remembered that they were read.
const MOST_RECEIPTS: usize = 50;

/// What is known of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Room {
    /// The names of those who are or were in it.
    pub(super) names: BTreeMap<String, String>,
    /// Who is in it or invited, ourselves among them.
    pub(super) here: BTreeSet<String>,
    /// Who made it.
    pub(super) maker: Option<String>,
    /// It is encrypted.
    pub(super) encrypted: bool,
    /// It was closed, and goes on in this room, which this server knows.
    pub(super) moved: Option<(String, String)>,
}

impl Room {
    /// Those in it besides us.
    pub(super) fn others<'a>(&'a self, own: &'a str) -> impl Iterator<Item = &'a str> {
        self.here
            .iter()
            .map(String::as_str)
            .filter(move |u| *u != own)
    }

    /// Whom we talk with, where there is exactly one.
    pub(super) fn only_other<'a>(&'a self, own: &'a str) -> Option<&'a str> {
        let mut others = self.others(own);
        others.next().filter(|_| others.next().is_none())
    }

    /// Whether nobody but us and one other may read what is said in it: a stranger who made it could come back.
    pub(super) fn is_of_two(&self, own: &str, peer: &str) -> bool {
        self.here.contains(own)
            && self
                .only_other(own)
                .is_some_and(|other| is_same(other, peer))
            && self
                .maker
                .as_deref()
                .is_some_and(|m| m == own || is_same(m, peer))
    }

    /// Whether somebody is in it or invited.
    pub(super) fn has(&self, user: &str) -> bool {
        self.here.iter().any(|u| is_same(u, user))
    }
}

/// Ids are kept in small letters here, and some of long ago have large ones.
fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
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

    fn drop(&mut self, key: &str) {
        if self.map.remove(key).is_some() {
            self.order.retain(|k| k != key);
        }
    }
}

#[derive(Default)]
struct Known {
    rooms: Short<Arc<Room>>,
    /// Who wrote an event, and when.
    writers: Short<(String, Millis)>,
    /// Who of the others spoke last in a room.
    spoke: Short<String>,
    /// What was told last of who has read up to where.
    receipts: Short<Value>,
    /// Receipts of ours that this program gave.
    given: Short<()>,
    /// How often a file was asked for in vain.
    tries: Short<u32>,
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
            Ok(state) => of_state(state.as_array().map_or(&[], |s| s)),
            Err(e) if e.remedy == Remedy::Final => Room::default(),
            Err(e) => return Err(e),
        };
        let room = Arc::new(room);
        self.known().rooms.put(id, Arc::clone(&room), MOST_ROOMS);
        Ok(room)
    }

    /// News of a room change what is known of it.
    pub(super) fn note(&self, own: &str, id: &str, event: &Value, now: Millis) {
        self.wrote(event, now);
        let mut known = self.known();
        if let Some(room) = known.rooms.map.get_mut(id)
            && event["state_key"].is_string()
        {
            take(Arc::make_mut(room), event);
        }
        if let Some(other) = speaker(own, event) {
            known.spoke.put(id, other.to_owned(), MOST_ROOMS);
        }
    }

    /// Who wrote an event, of whatever time.
    pub(super) fn wrote(&self, event: &Value, now: Millis) {
        if let (Some(id), Some(sender)) = (event["event_id"].as_str(), event["sender"].as_str()) {
            let at = instant(&event["origin_server_ts"], now).unwrap_or(0);
            let writer = (sender.to_owned(), at);
            self.known().writers.put(id, writer, MOST_EVENTS);
        }
    }

    /// Who of the others spoke last in a room, as far as is remembered.
    pub(super) fn spoke(&self, room: &str) -> Option<String> {
        self.known().spoke.map.get(room).cloned()
    }

    /// Who wrote an event; asked for where it is not remembered.
    pub(super) async fn writer(
        &self,
        api: &Api,
        room: &str,
        event: &str,
    ) -> Result<Option<String>> {
        if let Some((writer, _)) = self.known().writers.map.get(event) {
            return Ok(Some(writer.clone()));
        }
        match api
            .json(&Call::get(&["rooms", room, "event", event], "fetch"))
            .await
        {
            Ok(found) => {
                self.wrote(&found, api.latest());
                Ok(found["sender"].as_str().map(String::from))
            }
            Err(e) if e.remedy == Remedy::Final => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// When an event was written, where that is remembered.
    pub(super) fn when(&self, event: &str) -> Option<Millis> {
        self.known().writers.map.get(event).map(|w| w.1)
    }

    /// Remembers what was told of who has read up to where.
    pub(super) fn read(&self, room: &str, told: &Value) {
        let mut known = self.known();
        let mut all = known.receipts.map.get(room).cloned().unwrap_or_default();
        match (all.as_object_mut(), told.as_object()) {
            (Some(all), Some(new)) if all.len() + new.len() <= MOST_RECEIPTS => {
                all.extend(new.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            _ => all = told.clone(),
        }
        known.receipts.put(room, all, MOST_ROOMS);
    }

    /// What was told last of who has read up to where.
    pub(super) fn last_read(&self, room: &str) -> Option<Value> {
        self.known().receipts.map.get(room).cloned()
    }

    /// This program gives a receipt: what it says comes back, and is no news of what was read elsewhere.
    pub(super) fn gives(&self, receipt: &RemoteId) {
        self.known().given.put(&receipt.0, (), MOST_EVENTS);
    }

    /// Whether this program gave a receipt.
    pub(super) fn gave(&self, receipt: &RemoteId) -> bool {
        self.known().given.map.contains_key(&receipt.0)
    }

    /// A file was asked for in vain; how often by now.
    pub(super) fn tried(&self, media: &str) -> u32 {
        let mut known = self.known();
        let tries = known.tries.map.get(media).copied().unwrap_or(0) + 1;
        known.tries.put(media, tries, MOST_ROOMS);
        tries
    }

    /// The room in which somebody is talked with alone, among those that are known.
    pub(super) fn with(&self, own: &str, peer: &str) -> Option<String> {
        let known = self.known();
        let all = known.rooms.map.iter();
        let fitting =
            all.filter(|(_, r)| r.moved.is_none() && !r.encrypted && r.is_of_two(own, peer));
        fitting.map(|(id, _)| id.clone()).min()
    }

    /// What is known of a room may be out of date: it is asked for anew.
    pub(super) fn forget(&self, room: &str) {
        let mut known = self.known();
        known.rooms.drop(room);
        known.spoke.drop(room);
    }
}

/// Who said something in a room, if it was not us.
pub(super) fn speaker<'a>(own: &str, event: &'a Value) -> Option<&'a str> {
    let said = matches!(
        event["type"].as_str(),
        Some("m.room.message" | "m.sticker" | "m.room.encrypted")
    );
    event["sender"].as_str().filter(|s| said && *s != own)
}

/// What a room's state says.
fn of_state(state: &[Value]) -> Room {
    let mut room = Room::default();
    for event in state {
        take(&mut room, event);
    }
    room
}

fn take(room: &mut Room, event: &Value) {
    let content = &event["content"];
    match event["type"].as_str() {
        Some("m.room.encryption") => room.encrypted = true,
        Some("m.room.create") => room.maker = event["sender"].as_str().map(String::from),
        Some("m.room.tombstone") => {
            let server = event["sender"].as_str().and_then(|s| s.split_once(':'));
            room.moved = replacement(content)
                .map(|next| (next.to_owned(), server.map_or("", |s| s.1).to_owned()));
        }
        Some("m.room.member") => member(room, event),
        _ => {}
    }
}

fn member(room: &mut Room, event: &Value) {
    let Some(user) = event["state_key"].as_str() else {
        return;
    };
    let content = &event["content"];
    if let Some(said) = content["displayname"].as_str().and_then(name) {
        room.names.insert(user.to_owned(), said);
    }
    if matches!(content["membership"].as_str(), Some("join" | "invite")) {
        room.here.insert(user.to_owned());
    } else {
        room.here.remove(user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OWN: &str = "@support:desk.test";
    const WEB: &str = "@web:x";

    fn member(who: &str, name: &str, membership: &str) -> Value {
        json!({"type": "m.room.member", "state_key": who, "sender": who, "content": {"membership": membership, "displayname": name}})
    }

    fn made_by(who: &str) -> Value {
        json!({"type": "m.room.create", "sender": who, "state_key": ""})
    }

    #[test]
    fn a_room_is_of_two_only_while_nobody_else_is_in_it_made_it_or_is_invited() {
        let of = |maker: &str, others: &[(&str, &str)]| {
            let mut state = vec![made_by(maker), member(OWN, "Desk", "join")];
            state.extend(others.iter().map(|(who, how)| member(who, "x", how)));
            of_state(&state).is_of_two(OWN, WEB)
        };
        assert!(of(WEB, &[(WEB, "join")]));
        assert!(of(OWN, &[(WEB, "invite")]));
        assert!(of(OWN, &[(WEB, "join"), ("@mallory:x", "leave")]));
        assert!(!of(OWN, &[(WEB, "join"), ("@mallory:x", "invite")]));
        assert!(!of(
            "@mallory:x",
            &[(WEB, "invite"), ("@mallory:x", "join")]
        ));
        assert!(!of(
            "@mallory:x",
            &[(WEB, "invite"), ("@mallory:x", "leave")]
        ));
        assert!(!of(OWN, &[(WEB, "leave")]));
    }

    #[test]
    fn a_room_knows_its_names_and_where_it_goes_on() {
        let room = of_state(&[
            member(WEB, "\u{202e}Visitor\n", "join"),
            json!({"type": 5, "state_key": {}, "content": []}),
            json!({"type": "m.room.tombstone", "state_key": "", "sender": "@web:x:8448", "content": {"replacement_room": "!next:x"}}),
        ]);
        assert_eq!(room.names[WEB], "Visitor");
        assert_eq!(room.moved, Some(("!next:x".into(), "x:8448".into())));
        assert!(!room.encrypted);
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
