//! What the phone sends.

use serde_json::{Map, Value, json};

use super::inbox::iso;
use super::{Phone, failed};
use crate::http::{Request, Response};

/// After how many milliseconds a message is in its next state.
const STATES: [(&str, i64); 4] = [
    ("Pending", 0),
    ("Processed", 1_000),
    ("Sent", 2_000),
    ("Delivered", 5_000),
];

/// How a message ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Delivered, which is what happens anyway.
    Delivered,
    /// The phone fails to send it, and says this.
    Failed(String),
    /// It stays `Sent`: no report comes.
    Silent,
}

/// A message that was sent through the phone.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The client's id, or one of the app's.
    pub id: String,
    /// Its text.
    pub text: String,
    /// To whom.
    pub to: Vec<String>,
    /// When the app took it.
    pub at: i64,
    /// How it ends.
    pub end: End,
}

impl Sent {
    /// The states that it went through, with their times.
    fn history(&self, now: i64) -> Vec<(&'static str, i64)> {
        let mut past: Vec<_> = STATES
            .iter()
            .map(|(state, after)| (*state, self.at + after))
            .filter(|(_, at)| *at <= now.max(self.at))
            .collect();
        match &self.end {
            End::Delivered => {}
            End::Silent => past.truncate(3),
            End::Failed(_) if past.len() > 2 => {
                past.truncate(2);
                past.push(("Failed", self.at + 2_000));
            }
            End::Failed(_) => {}
        }
        past
    }

    pub(super) fn shown(&self, now: i64, with_text: bool) -> Value {
        let history = self.history(now);
        let state = history.last().map_or("Pending", |(state, _)| *state);
        let error = match &self.end {
            End::Failed(why) if state == "Failed" => Some(why),
            _ => None,
        };
        let recipient = |number: &String| {
            let mut shown = json!({ "phoneNumber": number, "state": state });
            if let (Some(error), Some(shown)) = (error, shown.as_object_mut()) {
                shown.insert("error".into(), error.clone().into());
            }
            shown
        };
        let states: Map<String, Value> = history
            .iter()
            .map(|(state, at)| ((*state).to_owned(), iso(*at).into()))
            .collect();
        let mut shown = json!({
            "id": self.id,
            "deviceId": "sandboxsandboxsandbox",
            "state": state,
            "isHashed": false,
            "isEncrypted": false,
            "recipients": self.to.iter().map(recipient).collect::<Vec<_>>(),
            "states": states,
        });
        if let (true, Some(shown)) = (with_text, shown.as_object_mut()) {
            shown.insert("textMessage".into(), json!({ "text": self.text }));
        }
        shown
    }
}

impl Phone {
    pub(super) fn send(&mut self, request: &Request, now: i64) -> Response {
        let Some(asked) = request.json() else {
            return failed(400, "Invalid request body");
        };
        let text = asked
            .pointer("/textMessage/text")
            .or(asked.get("message"))
            .and_then(Value::as_str);
        let Some(text) = text.filter(|t| !t.is_empty()) else {
            return failed(400, "Text message is empty");
        };
        let to = asked.get("phoneNumbers").and_then(Value::as_array);
        let to: Vec<String> = to
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let Some(first) = to.first() else {
            return failed(400, "Empty phone numbers list");
        };
        if to
            .iter()
            .any(|n| n.chars().filter(char::is_ascii_digit).count() < 5)
        {
            return failed(400, "Invalid phone number");
        }
        let end = self.ends.get(first).cloned().unwrap_or(End::Delivered);
        self.made += 1;
        let id = match asked.get("id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => format!("sandbox{:014}", self.made),
        };
        if self.sent.iter().any(|m| m.id == id) {
            return failed(409, "Message with such ID already exists");
        }
        let message = Sent {
            id,
            text: text.to_owned(),
            to,
            at: now,
            end,
        };
        let answer = Response::json(202, &message.shown(now, true));
        self.sent.push(message);
        answer
    }

    pub(super) fn sent_list(&self, request: &Request, now: i64) -> Response {
        let number = |name: &str, usual| {
            let given = request.query(name).and_then(|n| n.parse::<usize>().ok());
            given.unwrap_or(usual)
        };
        let with_text = request.query("includeContent") == Some("true");
        let rows = self.sent.iter().rev();
        let rows = rows.skip(number("offset", 0)).take(number("limit", 50));
        let rows: Vec<Value> = rows.map(|m| m.shown(now, with_text)).collect();
        Response::json(200, &rows.into()).with("X-Total-Count", &self.sent.len().to_string())
    }

    pub(super) fn sent_one(&self, id: &str, now: i64) -> Response {
        match self.sent.iter().find(|m| m.id == id) {
            Some(message) => Response::json(200, &message.shown(now, true)),
            None => Response::empty(404),
        }
    }
}
