//! From what was told to events: names, addressees, files, and whether a writer may.

use super::Matrix;
use super::api::Call;
use super::convert::{self, Piece, instant, later, remote_id};
use super::rooms::{Room, speaker};
use super::sync::{MOST_OF_ONE, Told};
use crate::connectors::Result;
use crate::model::{Event, Incoming, Later, Party, PersonSays, Reached, Remedy, UpTo};
use serde_json::Value;

/// What is known of an event beside what it says.
struct Around<'a> {
    room: &'a str,
    event: &'a Value,
    /// Who of the others spoke last before it.
    earlier: Option<&'a str>,
}

impl Matrix {
    pub(super) async fn hand_over(&self, told: &Told, events: &mut Vec<Event>) -> Result<()> {
        match told {
            Told::Receipts(room, read) => self.receipts(room, read, events),
            Told::Event(room, event, earlier) => {
                let own = &self.api.config.user_id;
                let around = Around {
                    room,
                    event,
                    earlier: earlier.as_deref(),
                };
                if let Some(piece) = convert::piece(own, room, event, self.api.latest()) {
                    self.complete(&around, piece, events).await?;
                }
            }
        }
        Ok(())
    }

    /// What others have read of ours, and what was read by us elsewhere: a receipt stands for all before it. Of many,
    /// those that reach farthest.
    fn receipts(&self, room: &str, read: &Value, events: &mut Vec<Event>) {
        let (own, now) = (&self.api.config.user_id, self.api.latest());
        let (mut ours, mut theirs, mut single) = (Vec::new(), Vec::new(), Vec::new());
        for (event, kinds) in read.as_object().into_iter().flatten() {
            for (kind, users) in kinds.as_object().into_iter().flatten() {
                for (user, what) in users.as_object().into_iter().flatten() {
                    let at = instant(&what["ts"], now).unwrap_or(now);
                    let of = remote_id(room, event);
                    let thread = what["thread_id"].as_str().unwrap_or("main");
                    let up_to = UpTo {
                        of: of.clone(),
                        within: room.to_owned(),
                        until: self.rooms.when(event).unwrap_or(at),
                    };
                    match (user == own, kind.as_str()) {
                        (true, _) if self.rooms.gave(&of) => {}
                        (true, "m.read" | "m.read.private") if thread == "main" => ours.push(up_to),
                        (true, "m.read" | "m.read.private") => single.push(Event::Read {
                            remote_id: of,
                            seen: true,
                        }),
                        (false, "m.read") if thread == "main" => theirs.push((up_to, at)),
                        (false, "m.read") => {
                            let what = Later::Reached(Reached::Read);
                            single.push(Event::Later(later(room, event, at, what)));
                        }
                        _ => {}
                    }
                }
            }
        }
        ours.sort_by_key(|u| -u.until);
        theirs.sort_by_key(|(u, _)| -u.until);
        let ours = ours.into_iter().take(1).map(Event::ReadUpTo);
        let theirs = theirs
            .into_iter()
            .take(2)
            .map(|(up_to, at)| Event::ReachedUpTo {
                up_to,
                at,
                what: Reached::Read,
            });
        events.extend(ours.chain(theirs).chain(single).take(MOST_OF_ONE));
    }

    /// Adds what an event alone does not say: names, files, and whether its writer may.
    async fn complete(
        &self,
        around: &Around<'_>,
        piece: Piece,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let room = around.room;
        match piece {
            Piece::Message(mut message, media) => {
                self.people(around, &mut message).await?;
                if let Some(media) = media {
                    self.attach(&mut message, media).await?;
                }
                events.push(Event::Message(message));
            }
            Piece::Encrypted(mut message) => {
                self.people(around, &mut message).await?;
                events.push(Event::Message(message));
            }
            Piece::Broken(event) => events.push(event),
            Piece::Edit {
                of,
                by,
                at,
                text,
                html,
            } => {
                // A homeserver passes on anybody's edit of anything.
                if self.is_writer(room, &of, &by).await? {
                    let what = Later::Edited { text, html };
                    events.push(Event::Later(later(room, &of, at, what)));
                }
            }
            Piece::Redaction { of, by, at } => {
                // Of a message or of a reaction. What somebody else takes away, as a customer who made the room may,
                // stays here.
                if self.is_writer(room, &of, &by).await? {
                    events.push(Event::Later(later(room, &of, at, Later::Unsent)));
                }
            }
            Piece::Reaction {
                id,
                of,
                by,
                emoji,
                at,
            } => {
                let id = remote_id(room, &id);
                let what = Later::Reacted { id, by, emoji };
                events.push(Event::Later(later(room, &of, at, what)));
            }
            Piece::Named { user, name, at } => {
                events.push(Event::Person(PersonSays {
                    address: user,
                    name: Some(name),
                    at,
                    ..PersonSays::default()
                }));
            }
            Piece::Visitor {
                user,
                name,
                email,
                at,
            } => events.push(Event::Person(PersonSays {
                address: user,
                name,
                email,
                at,
                ..PersonSays::default()
            })),
            Piece::Touch(touched) => events.push(Event::Touched(*touched)),
        }
        Ok(())
    }

    async fn is_writer(&self, room: &str, event: &str, who: &str) -> Result<bool> {
        let writer = self.rooms.writer(&self.api, room, event).await?;
        Ok(writer.as_deref() == Some(who))
    }

    /// The names of those who take part, and to whom something of ours went.
    async fn people(&self, around: &Around<'_>, message: &mut Incoming) -> Result<()> {
        let room = self.rooms.room(&self.api, around.room).await?;
        if message.to.is_empty()
            && let Some(address) = self.addressee(around, &room, message).await?
        {
            let name = None;
            message.to.push(Party { name, address });
        }
        for party in message.from.iter_mut().chain(&mut message.to) {
            party.name = room.names.get(&party.address).cloned();
        }
        Ok(())
    }

    /// Whom something of ours was meant for: whoever it answers, whoever spoke last before it, the only other one.
    async fn addressee(
        &self,
        around: &Around<'_>,
        room: &Room,
        message: &Incoming,
    ) -> Result<Option<String>> {
        let own = &self.api.config.user_id;
        let answers = &around.event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"];
        if let Some(of) = answers.as_str() {
            let writer = self.rooms.writer(&self.api, around.room, of).await?;
            if let Some(writer) = writer.filter(|w| w != own) {
                return Ok(Some(writer));
            }
        }
        if let Some(known) = around.earlier.or(room.only_other(own)) {
            return Ok(Some(known.to_owned()));
        }
        // What this program wrote is known by its key, and with it whom it was for.
        if message.key.is_none()
            && let Some(found) = self.spoke_before(around).await?
        {
            return Ok(Some(found));
        }
        let maker = room.maker.as_deref().filter(|m| *m != own);
        Ok(maker.or(room.others(own).next()).map(String::from))
    }

    /// Who of the others spoke last before an event, as the homeserver knows.
    async fn spoke_before(&self, around: &Around<'_>) -> Result<Option<String>> {
        let id = around.event["event_id"].as_str().unwrap_or_default();
        let call = Call::get(&["rooms", around.room, "context", id], "fetch").asking("limit", "30");
        let found = match self.api.json(&call).await {
            Err(e) if e.remedy == Remedy::Final => return Ok(None),
            other => other?,
        };
        let before = found["events_before"].as_array();
        let own = &self.api.config.user_id;
        // Newest first.
        let speakers = before.into_iter().flatten().filter_map(|e| speaker(own, e));
        Ok(speakers.map(String::from).next())
    }
}
