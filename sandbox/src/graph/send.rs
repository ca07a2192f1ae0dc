//! Sending: what the interface takes, from whom, until when.

use serde_json::{Value, json};

use super::account::{Account, Door};
use super::errors::failed;
use super::message::{Attached, Kind, Message, Platform};
use crate::http::{Request, Response};

const HOUR: i64 = 60 * 60 * 1_000;
/// How long one may answer.
const WINDOW: i64 = 24 * HOUR;
/// How long a person may, where that was granted.
const LONG_WINDOW: i64 = 7 * 24 * HOUR;

/// What went out.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// By which of the Page's platforms.
    pub platform: Platform,
    /// To whom.
    pub to: String,
    /// The request's body.
    pub body: Value,
    /// The id that the receipt bore.
    pub receipt: String,
    /// The id that it has when it is read.
    pub id: String,
    /// The file that went along, where one was uploaded.
    pub file: Option<Upload>,
}

/// A file that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// `image`, `video`, `audio` or `file`.
    pub kind: String,
    /// Media type.
    pub mime: String,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Account {
    pub(super) fn upload(&mut self, request: &Request) -> Response {
        let parts = request.parts();
        let part = |name: &str| parts.iter().find(|p| p.name == name);
        let message = part("message").and_then(|p| serde_json::from_slice::<Value>(&p.bytes).ok());
        let kind = message
            .as_ref()
            .and_then(|m| m.pointer("/attachment/type")?.as_str().map(str::to_owned));
        let (Some(kind), Some(data)) = (kind, part("filedata")) else {
            return failed(100, 2_018_047);
        };
        let most = if kind == "image" { 8 } else { 25 } * 1024 * 1024;
        if data.bytes.len() > most {
            return failed(100, 2_018_109);
        }
        let instagram = part("platform").is_some_and(|p| p.text() == "instagram");
        let mime = data.kind.clone().unwrap_or_default();
        if instagram && kind == "file" && mime != "application/pdf" {
            return failed(100, 2_018_047);
        }
        let id = format!("{}", 15_000_000_000_000 + self.uploads.len());
        self.uploads.insert(
            id.clone(),
            Upload {
                kind,
                mime,
                name: data.file.clone().unwrap_or_default(),
                bytes: data.bytes.clone(),
            },
        );
        Response::json(200, &json!({ "attachment_id": id }))
    }

    pub(super) fn send(&mut self, request: &Request, now: i64) -> Response {
        let Some(body) = request.json() else {
            return failed(100, 0);
        };
        let word = |path: &str| body.pointer(path).and_then(Value::as_str);
        let Some(to) = word("/recipient/id").map(str::to_owned) else {
            return failed(100, 0);
        };
        if to == self.instagram || to == self.page {
            return failed(100, 2_018_001);
        }
        let last = self.threads.iter().filter(|t| t.person == to);
        let last = last.filter_map(|t| {
            let wrote = t.messages.iter().filter(|m| !m.ours).map(|m| m.at).max();
            Some((t.platform, wrote?))
        });
        let Some((platform, wrote)) = last.max_by_key(|(_, at)| *at) else {
            return failed(
                100,
                if self.door == Door::Page {
                    2_018_001
                } else {
                    2_534_014
                },
            );
        };
        if let Some((code, sub)) = self.closed.get(&to) {
            return failed(*code, *sub);
        }
        if self.access_off && platform == Platform::Instagram {
            return failed(200, 2_534_041);
        }
        if let Err((code, sub)) = self.may(&body, platform, now - wrote) {
            return failed(code, sub);
        }
        let message = match self.content(&body, platform) {
            Ok(message) => message,
            Err((code, sub)) => return failed(code, sub),
        };
        let file = word("/message/attachment/payload/attachment_id")
            .and_then(|id| self.uploads.get(id).cloned());
        let id = self.brought(platform, &to, message, now);
        let receipt = if self.receipts_differ {
            self.new_id("aWdfZAG1sent")
        } else {
            id.clone()
        };
        self.sent.push(Sent {
            platform,
            to: to.clone(),
            body,
            receipt: receipt.clone(),
            id,
            file,
        });
        Response::json(200, &json!({ "recipient_id": to, "message_id": receipt }))
    }

    /// Whether one may write to a person who wrote so long ago.
    fn may(&self, body: &Value, platform: Platform, ago: i64) -> Result<(), (u32, u32)> {
        let word = |path: &str| body.pointer(path).and_then(Value::as_str);
        let outside = match platform {
            Platform::Instagram => 2_534_022,
            Platform::Messenger => 2_018_278,
        };
        match (word("/messaging_type"), word("/tag")) {
            (None, _) if self.door == Door::Page => Err((100, 0)),
            (Some("MESSAGE_TAG"), Some("HUMAN_AGENT")) => {
                if !self.human_agent {
                    return Err((10, 0));
                }
                (ago <= LONG_WINDOW).then_some(()).ok_or((10, outside))
            }
            // Other tags are gone.
            (Some("MESSAGE_TAG"), _) => Err((100, 0)),
            _ => (ago <= WINDOW).then_some(()).ok_or((10, outside)),
        }
    }

    /// The message that a body makes; text and a file are messages of their own.
    fn content(&self, body: &Value, platform: Platform) -> Result<Message, (u32, u32)> {
        let at = |path: &str| body.pointer(path);
        if let Some(text) = at("/message/text").and_then(Value::as_str) {
            let long = match platform {
                Platform::Instagram => text.len() > 1_000,
                Platform::Messenger => text.chars().count() > 2_000,
            };
            if long || text.is_empty() || at("/message/attachment").is_some() {
                return Err((100, 0));
            }
            return Ok(Message {
                ours: true,
                ..Message::saying(text)
            });
        }
        let attachment = at("/message/attachment").ok_or((100, 0))?;
        let kind = attachment.get("type").and_then(Value::as_str);
        let payload = attachment.get("payload").ok_or((100, 2_018_047))?;
        let as_kind = match kind {
            Some("image") => Kind::Image,
            Some("video") => Kind::Video,
            Some("audio" | "file") => Kind::File,
            _ => return Err((100, 2_018_047)),
        };
        let id = if let Some(id) = payload.get("attachment_id").and_then(Value::as_str) {
            let upload = self.uploads.get(id).ok_or((100, 2_018_074))?;
            super::media::keep(&self.store, &upload.mime, &upload.bytes)
        } else if payload.get("url").and_then(Value::as_str).is_some() {
            super::media::keep(&self.store, "image/jpeg", b"fetched")
        } else {
            return Err((100, 2_018_047));
        };
        Ok(Message {
            ours: true,
            files: vec![Attached::Kept { kind: as_kind, id }],
            ..Message::default()
        })
    }
}
