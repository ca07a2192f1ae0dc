//! What somebody said, out of an event's content: words, formatting, files, places.

use super::convert::{Media, Piece, Seen, VERSION, is_id, remote_id, unreadable, word};
use crate::connectors::email::html::unfolded;
use crate::model::rich::Rich;
use crate::model::{Card, CardKind, CleanHtml, Incoming};
use crate::time::DAY;
use serde_json::Value;

const MOST_TEXT: usize = 200_000;

/// What an event says for programs that know nothing of its kind.
pub(super) fn text(content: &Value) -> String {
    let said = word(content, "body").unwrap_or_default();
    let mut end = said.len().min(MOST_TEXT);
    while !said.is_char_boundary(end) {
        end -= 1;
    }
    said[..end].to_owned()
}

/// The formatting of a text, where it has any. Nothing remote is taken along: a stranger's picture is no offer to load.
fn formatted(content: &Value, before: &str) -> Option<CleanHtml> {
    if word(content, "format") != Some("org.matrix.custom.html") {
        return None;
    }
    let html = without_reply(word(content, "formatted_body")?);
    let rich = Rich::read(&format!("{before}{html}")).ok()?;
    if rich.is_plain() {
        return None;
    }
    unfolded(&rich.letter(&[]))
}

/// Formatted words without the repetition of what they answer.
fn without_reply(html: &str) -> String {
    const CLOSED: &str = "</mx-reply>";
    let (Some(from), Some(to)) = (html.find("<mx-reply"), html.find(CLOSED)) else {
        return html.to_owned();
    };
    if to < from {
        return html.to_owned();
    }
    format!("{}{}", &html[..from], &html[to + CLOSED.len()..])
}

impl Seen<'_> {
    pub(super) fn said(&self) -> Option<Piece> {
        let relation = &self.content["m.relates_to"];
        if word(relation, "rel_type") == Some("m.replace") {
            return self.edit(relation);
        }
        let kind = match self.kind {
            "m.sticker" => "m.image",
            _ => word(self.content, "msgtype").unwrap_or_default(),
        };
        if word(self.content, "body").is_none() && !kind.starts_with("m.key.") {
            // What was taken back has no content at all.
            let gone = self
                .content
                .as_object()
                .is_some_and(serde_json::Map::is_empty);
            return (!gone)
                .then(|| Piece::Broken(unreadable(self.room, self.event, Some(self.at))));
        }
        let mut message = match kind {
            "m.notice" => self.notice("notice"),
            _ => self.message(),
        };
        message.text = text(self.content);
        let media = match kind {
            "m.text" | "m.notice" => {
                message.html = formatted(self.content, "");
                None
            }
            "m.emote" => {
                message.text = format!("* {}", message.text);
                message.html = formatted(self.content, "* ");
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

    /// A change; one that does not say what is said instead changes nothing.
    fn edit(&self, relation: &Value) -> Option<Piece> {
        let of = word(relation, "event_id").filter(|id| is_id(id))?;
        let new = &self.content["m.new_content"];
        word(new, "body")?;
        let emote = if word(new, "msgtype") == Some("m.emote") {
            "* "
        } else {
            ""
        };
        Some(Piece::Edit {
            of: of.to_owned(),
            by: self.sender.to_owned(),
            at: self.at,
            text: format!("{emote}{}", text(new)),
            html: formatted(new, emote),
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
    pub(super) fn unknown(&self) -> Incoming {
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

    pub(super) fn encrypted(&self) -> Incoming {
        let mut message = self.message();
        // One a day for whoever writes, whichever event of theirs was seen at first.
        let day = self.at.div_euclid(DAY);
        message.remote_id = remote_id(self.room, &format!("encrypted/{}/{day}", self.sender));
        message.key = None;
        message.cards.push(Card::of(CardKind::Encrypted));
        message
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
