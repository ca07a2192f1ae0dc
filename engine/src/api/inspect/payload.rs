//! What a provider's data says: a page of its interface, or the body of one of its webhooks.

use super::provider::guess;
use crate::connectors::http::json;
use crate::connectors::{matrix, meta, smsgate, telegram, twilio};
use crate::model::{Afterwards, Card, CardKind, Event, Incoming, Later, Place, Reached, RemoteId};
use crate::time::Millis;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What `inspect payload` prints.
#[derive(Debug, Default, Serialize)]
pub struct Payload {
    /// Messages, in the order in which they stand.
    pub messages: Vec<PayloadMessage>,
    /// What is told of messages later.
    pub later: Vec<PayloadLater>,
}

/// A message.
#[derive(Debug, Serialize)]
pub struct PayloadMessage {
    /// The provider's id.
    pub external_id: String,
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    /// Whose, as the channel names them.
    pub from: Option<String>,
    /// What it says.
    pub text: String,
    /// Its files, and what it links to in their place.
    pub attachments: Vec<PayloadFile>,
    /// `text`, `image`, `video`, `audio`, `file`, or the kind of its first card; `unknown` and `unreadable` for what is
    /// not understood.
    pub kind: String,
    /// When, in Unix seconds.
    pub at: Option<i64>,
}

/// A file, or a link in the place of one.
#[derive(Debug, Serialize)]
pub struct PayloadFile {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its media type, where it is told.
    pub mime: Option<String>,
    /// Where it lies.
    pub url: Option<String>,
}

/// Something that is told of a message.
#[derive(Debug, Serialize)]
pub struct PayloadLater {
    /// The message.
    pub external_id: String,
    /// `edited`, `unsent`, `reaction`, `delivered`, `read`, `undelivered`.
    pub what: &'static str,
    /// What it says now; with what somebody reacted; why it was not delivered.
    pub text: Option<String>,
    /// When, in Unix seconds.
    pub at: i64,
}

/// Reads the data of a provider: `instagram`, `messenger`, `twilio`, `whatsapp`, `smsgate`, `telegram`, `matrix`; of
/// the one whose shape it has, where none is named.
///
/// # Errors
/// Where it is no data, or of a provider that is not known.
pub fn payload(input: &[u8], provider: &str) -> Result<Payload, String> {
    let json = read(input)?;
    let provider = match provider.trim() {
        "" => guess(&json).ok_or_else(|| which("its shape does not tell whose it is"))?,
        named => named,
    };
    let events = match provider {
        "telegram" => telegram::payload::payload(&json, None),
        "twilio" | "whatsapp" => twilio::payload::payload(&json, None),
        "instagram" | "messenger" => meta::convert::payload(&json, None),
        "matrix" => matrix::payload::payload(&json, None),
        "smsgate" => smsgate::payload::payload(&json, None),
        other => {
            return Err(which(&format!("“{other}” is no provider")));
        }
    };
    // These say by themselves what is not known; what they say nothing of is known and is no message.
    let says = matches!(provider, "smsgate" | "telegram" | "twilio" | "whatsapp");
    let mut out = Payload::default();
    events.into_iter().for_each(|e| out.take(e));
    if provider == "matrix" {
        out.without_rooms();
    }
    if !says && out.messages.is_empty() && out.later.is_empty() && !is_empty_page(&json) {
        out.messages.push(unknown(&json));
    }
    Ok(out)
}

/// Whose data can be read.
pub const PROVIDERS: [&str; 7] = [
    "instagram",
    "messenger",
    "matrix",
    "smsgate",
    "telegram",
    "twilio",
    "whatsapp",
];

fn which(why: &str) -> String {
    let all = PROVIDERS.join(", ");
    format!("{why}; say by --hint which one it is: {all}")
}

/// JSON, or a form as some webhooks have it.
fn read(input: &[u8]) -> Result<Value, String> {
    match json::read(input) {
        Ok(json) => Ok(json),
        Err(e) => form(input).ok_or_else(|| format!("it is neither JSON nor a form: {e}")),
    }
}

/// The fields of a form, as an object of texts.
fn form(input: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(input).ok()?.trim();
    let plain = !text.is_empty() && text.contains('=') && !text.contains(char::is_whitespace);
    if !plain || text.starts_with(['{', '[', '<']) {
        return None;
    }
    let fields = ::url::form_urlencoded::parse(text.as_bytes()).into_owned();
    let object: serde_json::Map<_, _> = fields.map(|(n, v)| (n, Value::String(v))).collect();
    Some(Value::Object(object))
}

/// A page on which nothing stands says nothing, and that is no mystery.
fn is_empty_page(json: &Value) -> bool {
    let empty = |v: &Value| v.as_array().is_some_and(Vec::is_empty);
    let places = ["data", "result", "messages", "chunk", "entry"];
    empty(json) || places.iter().any(|p| json.get(*p).is_some_and(empty))
}

fn unknown(json: &Value) -> PayloadMessage {
    let id = ["id", "sid", "message_id", "update_id", "event_id"]
        .iter()
        .find_map(|n| json.get(*n))
        .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
    PayloadMessage {
        // The same for the same data, where it bears none.
        external_id: id.unwrap_or_else(|| {
            let digest = Sha256::digest(json.to_string());
            format!("unknown:{}", data_encoding::HEXLOWER.encode(&digest[..12]))
        }),
        direction: "inbound",
        from: None,
        text: String::new(),
        attachments: Vec::new(),
        kind: "unknown".into(),
        at: None,
    }
}

impl Payload {
    /// Events are named by themselves here, as their own data does; within an account their room stands before it.
    fn without_rooms(&mut self) {
        let messages = self.messages.iter_mut().map(|m| &mut m.external_id);
        let later = self.later.iter_mut().map(|l| &mut l.external_id);
        for id in messages.chain(later) {
            if let Some((_, event)) = id.rsplit_once(' ') {
                *id = event.to_owned();
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Message(m) => self.messages.push(message(*m)),
            Event::Unreadable {
                remote_id: RemoteId(external_id),
                place,
                at,
                ..
            } => self.messages.push(PayloadMessage {
                external_id,
                direction: direction(place),
                from: None,
                text: String::new(),
                attachments: Vec::new(),
                kind: "unreadable".into(),
                at: at.map(seconds),
            }),
            Event::Later(l) => self.later.push(later(l)),
            Event::Again { .. }
            | Event::Vanished { .. }
            | Event::Read { .. }
            | Event::ReadUpTo(_)
            | Event::ReachedUpTo { .. }
            | Event::Person(_)
            | Event::Touched(_) => {}
        }
    }
}

fn seconds(at: Millis) -> i64 {
    at.div_euclid(1_000)
}

fn direction(place: Place) -> &'static str {
    if place == Place::Sent {
        "outbound"
    } else {
        "inbound"
    }
}

fn message(m: Incoming) -> PayloadMessage {
    let kind = kind(&m);
    let files = m.files.iter().map(|f| PayloadFile {
        name: Some(f.name.clone()),
        mime: Some(f.mime.clone()),
        url: None,
    });
    let media = m.cards.iter().filter(|c| c.kind == CardKind::Media);
    let linked = media.map(|c| PayloadFile {
        name: c.text.clone(),
        mime: c.mime.clone(),
        url: c.link.clone(),
    });
    PayloadMessage {
        attachments: files.chain(linked).collect(),
        kind,
        external_id: m.remote_id.0,
        direction: direction(m.place),
        from: m.from.map(|p| p.address).filter(|a| !a.is_empty()),
        text: m.text,
        // What bears no time is given that of its reading, which is none here.
        at: m
            .times
            .provider
            .or(m.times.claimed)
            .filter(|at| *at != 0)
            .map(seconds),
    }
}

/// What a message is above all: what is not known of it, then its card, its file, its words.
fn kind(m: &Incoming) -> String {
    let said = |k: CardKind| {
        let word = serde_json::to_value(k).ok();
        word.and_then(|w| w.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    // What it answers or comes from is around it, not what it is.
    let aside = |c: &&Card| !matches!(c.kind, CardKind::Quote | CardKind::Media);
    let card = m.cards.iter().find(aside).map(|c| c.kind);
    let media = m.cards.iter().find(|c| c.kind == CardKind::Media);
    let mime = m.files.first().map(|f| f.mime.as_str());
    let mime = mime.or(media.and_then(|c| c.mime.as_deref()));
    let has_file = media.is_some() || !m.files.is_empty();
    match card {
        None | Some(CardKind::Unknown) if m.quarantine.is_some() => "unknown".into(),
        Some(k) if !has_file && (m.text.is_empty() || k != CardKind::Share) => said(k),
        Some(k @ (CardKind::StoryReply | CardKind::StoryMention | CardKind::Sticker)) => said(k),
        _ if has_file => match mime.and_then(|m| m.split('/').next()) {
            Some(kind @ ("image" | "video" | "audio")) => kind.to_owned(),
            _ => "file".into(),
        },
        _ => "text".into(),
    }
}

fn later(l: Afterwards) -> PayloadLater {
    let (what, text) = match l.what {
        Later::Edited { text, .. } => ("edited", Some(text)),
        Later::Unsent => ("unsent", None),
        Later::Reaction { emoji, .. } => ("reaction", emoji),
        Later::Reacted { emoji, .. } => ("reaction", Some(emoji)),
        Later::Reached(Reached::Delivered) => ("delivered", None),
        Later::Reached(Reached::Read) => ("read", None),
        Later::Reached(Reached::Undelivered(u)) => ("undelivered", Some(u.code)),
    };
    PayloadLater {
        external_id: l.of.0,
        what,
        text,
        at: seconds(l.at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(json: &Value, provider: &str) -> Value {
        let read = payload(json.to_string().as_bytes(), provider).unwrap();
        serde_json::to_value(read).unwrap()
    }

    #[test]
    fn an_update_is_shown_as_the_message_that_it_is() {
        let chat = json!({ "id": 5, "type": "private", "first_name": "Anna" });
        let update = json!({ "update_id": 1, "message": { "message_id": 9, "date": 1_700_000_000, "chat": chat, "from": { "id": 5 }, "caption": "see", "photo": [{ "file_id": "F", "width": 1, "height": 1 }] } });
        let out = shown(&update, "telegram");
        assert_eq!(
            out["messages"],
            json!([{
                "external_id": "5:9", "direction": "inbound", "from": "5", "text": "see", "kind": "image", "at": 1_700_000_000,
                "attachments": [{ "name": "photo.jpg", "mime": "image/jpeg", "url": null }],
            }])
        );
        let page = json!({ "ok": true, "result": [update, { "update_id": 2, "message": { "message_id": 10, "date": 1, "chat": chat, "hologram": {} } }] });
        let out = shown(&page, "telegram");
        assert_eq!(out["messages"][1]["kind"], "unknown");
        assert_eq!(
            shown(&json!({ "ok": true, "result": [] }), "telegram")["messages"],
            json!([])
        );
        let edit = json!({ "update_id": 3, "edited_message": { "message_id": 9, "date": 1, "edit_date": 7, "chat": chat, "text": "new" } });
        assert_eq!(
            shown(&edit, "telegram")["later"],
            json!([{ "external_id": "5:9", "what": "edited", "text": "new", "at": 7 }])
        );
    }

    #[test]
    fn a_matrix_room_is_shown_in_every_form_it_comes_in() {
        let said = json!({ "type": "m.room.message", "event_id": "$1", "room_id": "!r", "sender": "@anna:home.test", "origin_server_ts": 1_700_000_000_000_i64, "content": { "msgtype": "m.text", "body": "Hello" } });
        for data in [
            said.clone(),
            json!([said]),
            json!({ "chunk": [said] }),
            json!({ "rooms": { "join": { "!r": { "timeline": { "events": [said] } } } } }),
        ] {
            let out = shown(&data, "matrix");
            assert_eq!(
                out["messages"],
                json!([{ "external_id": "$1", "direction": "inbound", "from": "@anna:home.test", "text": "Hello", "kind": "text", "at": 1_700_000_000, "attachments": [] }])
            );
        }
        assert_eq!(
            shown(&json!({ "chunk": [] }), "matrix")["messages"],
            json!([])
        );
        assert_eq!(
            shown(&json!({ "hello": 1 }), "matrix")["messages"][0]["kind"],
            "unknown"
        );
    }

    #[test]
    fn what_is_understood_and_is_no_message_is_none() {
        let chat = json!({ "id": 5, "type": "private", "first_name": "Anna" });
        for (provider, nothing) in [
            (
                "twilio",
                json!({ "MessageSid": "SM1", "From": "+4930", "To": "+4917", "MessageStatus": "sent" }),
            ),
            (
                "smsgate",
                json!({ "event": "sms:sent", "payload": { "messageId": "b", "phoneNumber": "+4917", "sentAt": "2026-01-31T09:30:00Z" } }),
            ),
            (
                "smsgate",
                json!({ "id": "b", "state": "Sent", "recipients": [{ "phoneNumber": "+4917", "state": "Sent" }] }),
            ),
            (
                "telegram",
                json!({ "update_id": 1, "my_chat_member": { "chat": chat, "date": 1, "new_chat_member": { "status": "kicked" } } }),
            ),
            (
                "telegram",
                json!({ "update_id": 2, "edited_message": { "message_id": 9, "date": 1, "chat": chat, "photo": [] } }),
            ),
        ] {
            let out = json!({ "messages": [], "later": [] });
            assert_eq!(shown(&nothing, provider), out, "{nothing}");
            assert_eq!(shown(&nothing, ""), out, "without a hint: {nothing}");
        }
    }

    #[test]
    fn ids_and_writers_are_those_of_the_data() {
        let first = |json: &Value| {
            let m = shown(json, "")["messages"][0].clone();
            (
                m["external_id"].clone(),
                m["direction"].clone(),
                m["from"].clone(),
            )
        };
        let chat = json!({ "id": 5, "type": "private", "first_name": "Anna" });
        let ours = json!({ "message_id": 9, "date": 1, "chat": chat, "from": { "id": 77, "is_bot": true }, "text": "Yes" });
        assert_eq!(first(&ours), (json!("5:9"), json!("outbound"), json!("77")));
        let row = json!({ "sid": "SM00000000000000000000000000000001", "direction": "outbound-api", "status": "accepted", "from": null, "to": "+4917", "body": "Yes", "date_created": "Fri, 24 May 2019 17:44:46 +0000" });
        assert_eq!(
            first(&json!({ "messages": [row] })),
            (row["sid"].clone(), json!("outbound"), json!(null))
        );
        let row = json!({ "id": "text:12", "type": "SMS", "sender": "+4917", "contentPreview": "hi", "createdAt": "2026-01-31T09:30:00Z" });
        assert_eq!(
            first(&json!([row])),
            (json!("text:12"), json!("inbound"), json!("+4917"))
        );
        let pressed = json!({ "update_id": 1, "callback_query": { "id": "4", "from": { "id": 5 }, "data": "yes", "message": { "message_id": 9, "date": 0, "chat": chat } } });
        assert_eq!(shown(&pressed, "")["messages"][0]["at"], json!(null));
    }

    #[test]
    fn a_shape_that_fits_one_provider_needs_no_hint_and_one_that_fits_none_says_so() {
        for (json, provider) in [
            (
                json!({ "ok": true, "result": [{ "update_id": 1 }] }),
                "telegram",
            ),
            (json!({ "MessageSid": "SM1" }), "twilio"),
            (
                json!([{ "sender": "+4917", "contentPreview": "hi" }]),
                "smsgate",
            ),
            (json!({ "next_batch": "s1" }), "matrix"),
            (json!({ "object": "instagram", "entry": [] }), "instagram"),
            (json!({ "object": "page", "entry": [] }), "messenger"),
        ] {
            assert_eq!(guess(&json), Some(provider), "{json}");
        }
        for none in [
            json!({ "hello": 1 }),
            json!([]),
            json!({ "update_id": 1, "MessageSid": "SM1" }),
        ] {
            assert_eq!(guess(&none), None);
            let e = payload(none.to_string().as_bytes(), "").unwrap_err();
            assert!(e.contains("--hint") && e.contains("smsgate"), "{e}");
        }
        let cut = br#"{"MessageSid":"SM1","From":"+4917","To":"+4930","Body":"x \ud83d"}"#;
        assert_eq!(payload(cut, "").unwrap().messages[0].text, "x \u{fffd}");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert_eq!(
            shown(&json!({ "hello": 1 }), "telegram")["messages"][0]["kind"],
            "unreadable"
        );
        let odd = shown(&json!({ "hello": 1 }), "matrix");
        assert!(
            odd["messages"][0]["external_id"].as_str().unwrap().len() > 10,
            "{odd}"
        );
        assert!(payload(b"<html>", "telegram").is_err());
        assert!(payload(b"{}", "pigeon").unwrap_err().contains("telegram"));
        assert_eq!(form(b"From=%2B49&Body=a+b").unwrap()["Body"], "a b");
    }
}
