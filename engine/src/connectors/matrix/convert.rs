//! Events of a room, as they come, into what Parley knows. Pure: whoever calls adds names, files and authors.
//!
//! Everything is read from loose JSON: what a homeserver leaves out or gets wrong is absent, never an error.

use super::said::text;
use crate::model::{
    Afterwards, Card, CardKind, Class, CleanHtml, Event, Identity, Incoming, Kind, Later,
    MessageId, Party, Place, RemoteId, Touch, Touched,
};
use crate::time::Millis;
use serde_json::Value;

/// The version of what turns events into messages.
pub(super) const VERSION: u32 = 1;
/// The state event in which a visitor of a website leaves name and address.
const VISITOR: &str = "chat.parley.visitor";
/// The state event that says how a visitor came.
const TOUCH: &str = "chat.parley.touch";
const MOST_NAME: usize = 200;

/// A file that an event names and that is fetched apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    /// The homeserver that has it, and its id there.
    pub(super) server: String,
    pub(super) id: String,
    /// The name that the sender gave.
    pub(super) name: String,
    /// The media type that the sender claims.
    pub(super) mime: String,
    /// Its size, as claimed.
    pub(super) size: u64,
}

/// What an event is.
#[derive(Debug)]
pub(super) enum Piece {
    /// A message, perhaps with a file.
    Message(Box<Incoming>, Option<Media>),
    /// A message that cannot be read. Told once a day for a room and whoever writes there.
    Encrypted(Box<Incoming>),
    /// A message that lacks what every message has.
    Broken(Event),
    /// A message was changed; only its writer may.
    Edit {
        /// The event that is changed.
        of: String,
        /// Who says so.
        by: String,
        /// When.
        at: Millis,
        /// What it says now.
        text: String,
        /// The same with its formatting.
        html: Option<CleanHtml>,
    },
    /// An event was taken back.
    Redaction {
        /// The event.
        of: String,
        /// Who took it back.
        by: String,
        /// When.
        at: Millis,
    },
    /// A reaction, with its own id, by which it may be taken back.
    Reaction {
        /// Its own event.
        id: String,
        /// The message.
        of: String,
        /// Whose.
        by: String,
        /// With what.
        emoji: String,
        /// When.
        at: Millis,
    },
    /// Somebody's name.
    Named {
        /// Whose.
        user: String,
        /// The name.
        name: String,
        /// When.
        at: Millis,
    },
    /// A visitor left name and address.
    Visitor {
        /// Whose.
        user: String,
        /// A name.
        name: Option<String>,
        /// A mail address.
        email: Option<String>,
        /// When.
        at: Millis,
    },
    /// How a visitor came.
    Touch(Box<Touched>),
}

/// The id of an event at an account: room ids and event ids hold no space.
pub(super) fn remote_id(room: &str, event: &str) -> RemoteId {
    RemoteId(format!("{room} {event}"))
}

/// A later fact of an event.
pub(super) fn later(room: &str, event: &str, at: Millis, what: Later) -> Afterwards {
    Afterwards {
        of: remote_id(room, event),
        at,
        what,
    }
}

/// What is common to all events.
pub(super) struct Seen<'a> {
    own: &'a str,
    pub(super) room: &'a str,
    id: &'a str,
    pub(super) sender: &'a str,
    pub(super) kind: &'a str,
    pub(super) at: Millis,
    pub(super) content: &'a Value,
    pub(super) event: &'a Value,
}

/// What an event of a room says; `None` for what nobody needs to see. `now` is the latest instant at which anything can
/// have been said: the homeserver of whoever writes sets the time, and may set any.
pub(super) fn piece(own: &str, room: &str, event: &Value, now: Millis) -> Option<Piece> {
    let seen = Seen {
        own,
        room,
        id: word(event, "event_id").filter(|id| is_id(id))?,
        sender: word(event, "sender").filter(|s| is_id(s))?,
        kind: word(event, "type")?,
        at: instant(&event["origin_server_ts"], now).unwrap_or(0),
        content: &event["content"],
        event,
    };
    if event.get("state_key").is_some_and(Value::is_string) {
        return seen.state();
    }
    // What was taken back before it was seen has nothing to show.
    if event["unsigned"].get("redacted_because").is_some() {
        return None;
    }
    match seen.kind {
        "m.room.message" | "m.sticker" => seen.said(),
        "m.room.encrypted" if seen.ours() => None,
        "m.room.encrypted" => Some(Piece::Encrypted(Box::new(seen.encrypted()))),
        "m.room.redaction" => seen.redaction(),
        "m.reaction" => seen.reaction(),
        "m.call.invite" => {
            let mut call = seen.message();
            call.cards.push(Card::of(CardKind::Call));
            Some(Piece::Message(Box::new(call), None))
        }
        kind if is_noise(kind) => None,
        _ => Some(Piece::Message(Box::new(seen.unknown()), None)),
    }
}

/// When something happened, as a homeserver says: a large number is one of the future all the same.
pub(super) fn instant(said: &Value, now: Millis) -> Option<Millis> {
    let whole = said.as_i64();
    let at = whole.or_else(|| said.as_u64().map(|_| Millis::MAX))?;
    Some(at.clamp(0, now.max(0)))
}

/// An event that lacks what every event has: it is kept and shown as a card.
pub(super) fn unreadable(room: &str, event: &Value, at: Option<Millis>) -> Event {
    let id = event["event_id"].as_str().unwrap_or_default();
    Event::Unreadable {
        remote_id: RemoteId(format!("{room} {id}").trim().to_owned()),
        place: Place::Inbox,
        identity: Identity::Provider,
        from: None,
        at,
        reason: "it lacks what every event has".into(),
        raw: event.to_string().into_bytes(),
    }
}

/// The room that goes on where one was closed.
pub(super) fn replacement(content: &Value) -> Option<&str> {
    word(content, "replacement_room").filter(|r| r.starts_with('!') && is_id(r))
}

/// What programs say to each other.
fn is_noise(kind: &str) -> bool {
    const BEGINNINGS: [&str; 8] = [
        "m.call.",
        "m.key.",
        "m.room.pinned",
        "m.rtc.",
        "org.matrix.call",
        "org.matrix.msc3401",
        "org.matrix.msc4075",
        "io.element.",
    ];
    BEGINNINGS.iter().any(|b| kind.starts_with(b))
}

pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 255 && !id.chars().any(|c| c.is_whitespace() || c.is_control())
}

pub(super) fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// A name on one line; nothing where nothing is left.
pub(super) fn name(given: &str) -> Option<String> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let plain: String = given
        .chars()
        .filter(|c| c.is_whitespace() || !hidden(*c))
        .take(MOST_NAME)
        .collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(number) = visitor(&line) {
        return Some(format!("Visitor {}", number.to_ascii_uppercase()));
    }
    (!line.is_empty()).then_some(line)
}

/// The end of the name that our chat on a website gives to a visitor who has told none (`widget/src/register.ts`).
fn visitor(name: &str) -> Option<&str> {
    let random = name.strip_prefix("web-").filter(|r| r.len() == 16)?;
    let hex = random.bytes().all(|b| b.is_ascii_hexdigit());
    random.get(12..).filter(|_| hex)
}

impl Seen<'_> {
    pub(super) fn ours(&self) -> bool {
        self.sender == self.own
    }

    pub(super) fn message(&self) -> Incoming {
        let ours = self.ours();
        let place = if ours { Place::Sent } else { Place::Inbox };
        let party = |address: &str| Party {
            name: None,
            address: address.to_owned(),
        };
        let txn = self.event["unsigned"]["transaction_id"].as_str();
        Incoming {
            from: Some(party(self.sender)),
            to: if ours {
                Vec::new()
            } else {
                vec![party(self.own)]
            },
            key: txn.and_then(MessageId::parse),
            route: Some(self.room.to_owned()),
            ..Incoming::chat(remote_id(self.room, self.id).0, place, self.at)
        }
    }

    /// What nobody wrote: it opens and waits for nothing.
    pub(super) fn notice(&self, reason: &'static str) -> Incoming {
        Incoming {
            class: Class::Machine,
            class_reason: Some(reason),
            kind: Kind::Auto,
            ..self.message()
        }
    }

    fn redaction(&self) -> Option<Piece> {
        // Rooms of version 11 and later hold it in the content.
        let of = word(self.content, "redacts").or_else(|| word(self.event, "redacts"))?;
        Some(Piece::Redaction {
            of: of.to_owned(),
            by: self.sender.to_owned(),
            at: self.at,
        })
    }

    fn reaction(&self) -> Option<Piece> {
        let relation = &self.content["m.relates_to"];
        if word(relation, "rel_type") != Some("m.annotation") {
            return None;
        }
        let of = word(relation, "event_id").filter(|id| is_id(id))?;
        let emoji: String = word(relation, "key")?.chars().take(16).collect();
        Some(Piece::Reaction {
            id: self.id.to_owned(),
            of: of.to_owned(),
            by: self.sender.to_owned(),
            emoji: name(&emoji)?,
            at: self.at,
        })
    }

    /// Facts of the room that a person should know of.
    fn state(&self) -> Option<Piece> {
        match self.kind {
            VISITOR if self.sender != self.own => Some(Piece::Visitor {
                user: self.sender.to_owned(),
                name: word(self.content, "name").and_then(name),
                email: word(self.content, "email")
                    .map(|e| e.trim().to_owned())
                    .filter(|e| e.len() <= 254 && e.contains('@')),
                at: self.at,
            }),
            TOUCH if self.sender != self.own => Some(Piece::Touch(Box::new(self.touch()))),
            "m.room.member" => self.member(),
            "m.room.tombstone" => {
                let mut message = self.notice("tombstone");
                let said = text(self.content);
                let said = if said.is_empty() {
                    "The room was closed."
                } else {
                    &said
                };
                message.cards.push(Card::of(CardKind::Notice).saying(said));
                // Whoever is answered from now on is answered there.
                if let Some(next) = replacement(self.content) {
                    message.route = Some(next.to_owned());
                }
                Some(Piece::Message(Box::new(message), None))
            }
            _ => None,
        }
    }

    fn member(&self) -> Option<Piece> {
        let user = word(self.event, "state_key").filter(|u| is_id(u) && *u != self.own)?;
        let before = word(&self.event["unsigned"]["prev_content"], "membership");
        match word(self.content, "membership")? {
            "join" => Some(Piece::Named {
                user: user.to_owned(),
                name: word(self.content, "displayname").and_then(name)?,
                at: self.at,
            }),
            "leave" | "ban" if before == Some("join") && self.sender == user => {
                let mut message = self.notice("left");
                let said = "Left the chat.";
                message.cards.push(Card::of(CardKind::Notice).saying(said));
                Some(Piece::Message(Box::new(message), None))
            }
            _ => None,
        }
    }

    fn touch(&self) -> Touched {
        let page = |key: &str| {
            word(self.content, key)
                .filter(|p| p.len() <= 2_000)
                .and_then(|p| url::Url::parse(p).ok())
                .filter(|u| matches!(u.scheme(), "http" | "https"))
                .map(String::from)
        };
        let utm = ["source", "medium", "campaign", "term", "content"]
            .into_iter()
            .filter_map(|key| {
                let said = word(&self.content["utm"], key).and_then(name)?;
                Some((key.to_owned(), said))
            })
            .collect();
        Touched {
            remote_id: remote_id(self.room, self.id),
            address: self.sender.to_owned(),
            at: self.at,
            touch: Touch {
                page: page("first_page"),
                referrer: page("referrer"),
                utm,
                reference: None,
            },
        }
    }
}
