//! What the phone received.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Phone, failed};
use crate::http::{DUPLICATE, Request, Response, SHUFFLE};

/// Most rows of a page.
const MOST: usize = 500;

/// A file of an MMS.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub kind: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A message in the inbox.
#[derive(Debug, Clone)]
pub struct Received {
    /// The app's id, which is not unique.
    pub id: String,
    /// `SMS`, `DATA_SMS`, `MMS` or `MMS_DOWNLOADED`.
    pub kind: &'static str,
    /// Who wrote: a number, or a name that the network gives.
    pub sender: String,
    /// Its text.
    pub text: String,
    /// When it was sent.
    pub at: i64,
    /// Its files.
    pub files: Vec<Attachment>,
}

/// `2026-01-31T09:30:00.000+00:00`.
pub(super) fn iso(at: i64) -> String {
    Timestamp::from_millisecond(at)
        .map(|t| t.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string())
        .unwrap_or_default()
}

/// A moment of a query, in milliseconds.
pub(super) fn moment(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_millisecond)
}

impl Received {
    pub(super) fn text(from: &str, text: &str, at: i64) -> Self {
        Self {
            id: String::new(),
            kind: "SMS",
            sender: from.to_owned(),
            text: text.to_owned(),
            at,
            files: Vec::new(),
        }
    }

    /// As the app writes it; what is null it leaves out.
    pub(super) fn shown(&self, with_files: bool) -> Value {
        let files = self.files.iter().zip(1..);
        let files = files.map(|(f, part): (&Attachment, u32)| {
            json!({ "partId": part, "name": f.name, "size": f.bytes.len(), "contentType": f.kind })
        });
        let files: Vec<Value> = if with_files {
            files.collect()
        } else {
            Vec::new()
        };
        json!({
            "id": self.id,
            "type": self.kind,
            "sender": self.sender,
            "simNumber": 1,
            "contentPreview": self.text,
            "createdAt": iso(self.at),
            "attachments": files,
        })
    }
}

impl Phone {
    /// A message with the id that the app would make: from a hash of 32 bits of what it is.
    pub(super) fn named(&self, mut message: Received) -> Received {
        let whole = format!("{}{}{}", message.sender, message.at, message.text);
        let digest = Sha256::digest(whole);
        let hash = digest
            .iter()
            .take(4)
            .fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte));
        let kind = match message.kind {
            "MMS" => "mms-header",
            "MMS_DOWNLOADED" => "mms",
            "DATA_SMS" => "data",
            _ => "text",
        };
        message.id = format!("{kind}:{}", hash.cast_signed());
        message
    }

    /// The app notices a message; one with the same id is replaced.
    pub(super) fn receive(&mut self, message: Received) -> String {
        let message = if message.id.is_empty() {
            self.named(message)
        } else {
            message
        };
        let id = message.id.clone();
        self.inbox.retain(|m| m.id != id);
        self.inbox.push(message);
        id
    }

    pub(super) fn receive_mms(
        &mut self,
        from: &str,
        text: &str,
        files: Vec<Attachment>,
        downloaded: bool,
        now: i64,
    ) {
        let notice = Received {
            kind: "MMS",
            ..Received::text(from, "MMS notification", now)
        };
        self.receive(notice);
        if downloaded {
            let whole = Received {
                kind: "MMS_DOWNLOADED",
                files,
                ..Received::text(from, text, now)
            };
            self.receive(whole);
        }
    }

    pub(super) fn list(&self, request: &Request, now: i64) -> Response {
        let number = |name: &str, usual: usize| match request.query(name) {
            None => Some(usual),
            Some(text) => text.parse().ok(),
        };
        let time = |name: &str, usual: i64| match request.query(name) {
            None => Some(usual),
            Some(text) => moment(text),
        };
        let (Some(limit), Some(offset)) = (number("limit", 50), number("offset", 0)) else {
            return failed(400, "limit and offset are numbers");
        };
        if !(1..=MOST).contains(&limit) {
            return failed(400, "limit must be between 1 and 500");
        }
        let (Some(from), Some(to)) = (time("from", 0), time("to", now)) else {
            return failed(400, "Invalid from datetime");
        };
        if from > to {
            return failed(400, "Start date cannot be after end date");
        }
        let with_files = request.query("includeAttachments") == Some("true");
        let mut rows: Vec<&Received> = self
            .inbox
            .iter()
            .filter(|m| request.query("type").is_none_or(|kind| kind == m.kind))
            .filter(|m| (from..=to).contains(&m.at))
            .collect();
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let total = rows.len();
        let page: Vec<&Received> = rows.into_iter().skip(offset).take(limit).collect();
        let mut page: Vec<Value> = page.iter().map(|m| m.shown(with_files)).collect();
        if request.flagged(DUPLICATE) {
            page.extend(page.clone());
        }
        if request.flagged(SHUFFLE) {
            page.reverse();
        }
        Response::json(200, &page.into()).with("X-Total-Count", &total.to_string())
    }

    /// Fetches what lies in the phone.
    pub(super) fn refresh(&mut self, request: &Request) -> Response {
        let asked = request.json().unwrap_or_default();
        let time = |name: &str| asked.get(name).and_then(Value::as_str).and_then(moment);
        let (Some(since), Some(until)) = (time("since"), time("until")) else {
            return failed(400, "since is required");
        };
        if since > until {
            return failed(400, "since must be before until");
        }
        let missed = std::mem::take(&mut self.missed);
        let (found, kept) = missed
            .into_iter()
            .partition(|m| (since..=until).contains(&m.at));
        self.missed = kept;
        let found: Vec<Received> = found;
        for message in found {
            self.receive(message);
        }
        Response::empty(202)
    }

    pub(super) fn attachment(&self, id: &str, part: &str) -> Response {
        let Ok(part) = part.parse::<usize>() else {
            return failed(400, "partId must be a number");
        };
        let message = self.inbox.iter().find(|m| m.id == id);
        let file = message.and_then(|m| m.files.get(part.checked_sub(1)?));
        match file {
            Some(file) => Response::bytes(200, &file.kind, file.bytes.clone()).with(
                "Content-Disposition",
                &format!("attachment; filename=\"{}\"", file.name),
            ),
            None => Response::empty(404),
        }
    }
}
