//! Events of a room, as they come, into what Parley knows. Pure: whoever calls adds names, files and authors.
//!
//! Everything is read from loose JSON: what a homeserver leaves out or gets wrong is absent, never an error.

use crate::model::{
    Afterwards, Card, CardKind, Class, Incoming, Kind, Later, MessageId, Party, Place, RemoteId,
    Touch, Touched,
};
use crate::time::Millis;
use serde_json::Value;

/// The version of what turns events into messages.
pub(super) const VERSION: u32 = 1;
/// The state event in which a visitor of a website leaves name and address.
const VISITOR: &str = "chat.parley.visitor";
/// The state event that says how a visitor came.
const TOUCH: &str = "chat.parley.touch";
const MOST_TEXT: usize = 200_000;
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
    /// A message that cannot be read. Told once for a room.
    Encrypted(Box<Incoming>),
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

/// The events in what a homeserver gives, with their rooms: an answer of `/sync`, a page, a list, or one event.
pub(super) fn all(data: &Value) -> Vec<(String, &Value)> {
    let own = |e: &Value| e["room_id"].as_str().unwrap_or_default().to_owned();
    if let Some(rooms) = data["rooms"]["join"].as_object() {
        return rooms
            .iter()
            .flat_map(|(room, told)| {
                let (room, events) = (room.clone(), told["timeline"]["events"].as_array());
                let events = events.map_or(&[][..], Vec::as_slice).iter();
                events.map(move |e| (room.clone(), e))
            })
            .collect();
    }
    let list = data["chunk"].as_array().or_else(|| data.as_array());
    match list {
        Some(events) => events.iter().map(|e| (own(e), e)).collect(),
        None => vec![(own(data), data)],
    }
}

/// What is common to all events.
struct Seen<'a> {
    own: &'a str,
    room: &'a str,
    id: &'a str,
    sender: &'a str,
    kind: &'a str,
    at: Millis,
    content: &'a Value,
    event: &'a Value,
}

/// What an event of a room says; `None` for what nobody needs to see.
pub(super) fn piece(own: &str, room: &str, event: &Value) -> Option<Piece> {
    let seen = Seen {
        own,
        room,
        id: word(event, "event_id").filter(|id| is_id(id))?,
        sender: word(event, "sender").filter(|s| is_id(s))?,
        kind: word(event, "type")?,
        at: event["origin_server_ts"].as_i64().unwrap_or(0).max(0),
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

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 255 && !id.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
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
    (!line.is_empty()).then_some(line)
}

fn text(content: &Value) -> String {
    let said = word(content, "body").unwrap_or_default();
    let mut end = said.len().min(MOST_TEXT);
    while !said.is_char_boundary(end) {
        end -= 1;
    }
    said[..end].to_owned()
}

impl Seen<'_> {
    fn message(&self) -> Incoming {
        let ours = self.sender == self.own;
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
    fn notice(&self, reason: &'static str) -> Incoming {
        Incoming {
            class: Class::Machine,
            class_reason: Some(reason),
            kind: Kind::Auto,
            ..self.message()
        }
    }

    fn said(&self) -> Option<Piece> {
        let relation = &self.content["m.relates_to"];
        if word(relation, "rel_type") == Some("m.replace") {
            return self.edit(relation);
        }
        let kind = match self.kind {
            "m.sticker" => "m.image",
            _ => word(self.content, "msgtype").unwrap_or_default(),
        };
        let mut message = match kind {
            "m.notice" => self.notice("notice"),
            _ => self.message(),
        };
        message.text = text(self.content);
        let media = match kind {
            "m.text" | "m.notice" => None,
            "m.emote" => {
                message.text = format!("* {}", message.text);
                None
            }
            "m.image" | "m.file" | "m.video" | "m.audio" => self.media(&mut message),
            "m.location" => {
                message.cards.push(self.location());
                None
            }
            kind if kind.starts_with("m.key.") => return None,
            _ => return Some(Piece::Message(Box::new(self.unknown()), None)),
        };
        self.quote(relation, &mut message);
        Some(Piece::Message(Box::new(message), media))
    }

    fn edit(&self, relation: &Value) -> Option<Piece> {
        let of = word(relation, "event_id").filter(|id| is_id(id))?;
        Some(Piece::Edit {
            of: of.to_owned(),
            by: self.sender.to_owned(),
            at: self.at,
            text: text(&self.content["m.new_content"]),
        })
    }

    /// An answer repeats in front what it answers, for programs that know no answers.
    fn quote(&self, relation: &Value, message: &mut Incoming) {
        let answers = &relation["m.in_reply_to"]["event_id"];
        if !answers.is_string() || !message.text.starts_with("> ") {
            return;
        }
        let quoted = message.text.lines().take_while(|l| l.starts_with('>'));
        let (lines, bytes) = quoted.fold((Vec::new(), 0), |(mut lines, bytes), l| {
            lines.push(l.trim_start_matches('>').trim_start().to_owned());
            (lines, bytes + l.len() + 1)
        });
        let rest = message.text.get(bytes..).unwrap_or_default();
        message.text = rest.trim_start_matches('\n').to_owned();
        message
            .cards
            .push(Card::of(CardKind::Quote).saying(lines.join("\n")));
    }

    /// The file that a message is. With a name of its own the body is what was written under it.
    fn media(&self, message: &mut Incoming) -> Option<Media> {
        let body = std::mem::take(&mut message.text);
        let named = word(self.content, "filename").filter(|n| *n != body);
        let (name, under) = match named {
            Some(named) => (named.to_owned(), body),
            None => (body, String::new()),
        };
        message.text = under;
        let info = &self.content["info"];
        let place = word(self.content, "url").and_then(mxc);
        let Some((server, id)) = place else {
            let kind = if self.content.get("file").is_some_and(Value::is_object) {
                CardKind::Encrypted
            } else {
                CardKind::Media
            };
            message.cards.push(Card::of(kind).saying(name));
            return None;
        };
        Some(Media {
            server,
            id,
            name,
            mime: word(info, "mimetype").unwrap_or_default().to_lowercase(),
            size: info["size"].as_u64().unwrap_or(0),
        })
    }

    fn location(&self) -> Card {
        let geo = word(self.content, "geo_uri").and_then(|g| g.strip_prefix("geo:"));
        let point = geo.and_then(|g| {
            let mut parts = g.split([',', ';']);
            let (lat, lon) = (
                parts.next()?.parse::<f64>().ok()?,
                parts.next()?.parse::<f64>().ok()?,
            );
            (lat.abs() <= 90.0 && lon.abs() <= 180.0).then_some((lat, lon))
        });
        let card = Card::of(CardKind::Location);
        match point {
            Some((lat, lon)) => card.leading(&format!(
                "https://www.openstreetmap.org/?mlat={lat}&mlon={lon}"
            )),
            None => card,
        }
    }

    /// A kind that is not known here: labelled, with what it says for such programs, and kept for a later version.
    fn unknown(&self) -> Incoming {
        let mut message = self.message();
        let said = text(self.content);
        let said = if said.is_empty() {
            self.kind.to_owned()
        } else {
            said
        };
        message.cards.push(Card::of(CardKind::Unknown).saying(said));
        message.raw = self.event.to_string().into_bytes();
        message.quarantine = Some(VERSION);
        message
    }

    fn encrypted(&self) -> Incoming {
        let mut message = self.message();
        // One for the room, whichever event it was seen at first.
        message.remote_id = remote_id(self.room, "encrypted");
        message.key = None;
        message.cards.push(Card::of(CardKind::Encrypted));
        message
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

/// An `mxc:` address in its two parts.
pub(super) fn mxc(uri: &str) -> Option<(String, String)> {
    let (server, id) = uri.strip_prefix("mxc://")?.split_once('/')?;
    let plain = |s: &str, more: &[char]| {
        !s.is_empty()
            && s.len() <= 255
            && s.chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    let fits = plain(server, &['.', '-', ':', '[', ']']) && plain(id, &['-', '_']);
    // A segment of dots would lead elsewhere.
    (fits && server.chars().any(|c| c.is_ascii_alphanumeric()))
        .then(|| (server.to_owned(), id.to_owned()))
}
