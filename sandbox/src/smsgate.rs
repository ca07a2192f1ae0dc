//! A fake of SMS Gateway for Android in its local mode: the web server that runs on a phone. The app's own OpenAPI judges
//! it (`sandbox/tests/vendors.rs`).
//!
//! What it knows beyond storing messages:
//! - **Ids of the inbox are no ids**: they are made from a 32-bit hash in the real app, and a message with the id of
//!   another one takes its place. [`SmsGate::writes_as`] does that.
//! - **What came while the app was off** lies in the phone's own store ([`SmsGate::missed`]) until `POST /inbox/refresh`
//!   fetches it; its date is when it was sent, so it appears in the middle of the list.
//! - **MMS** appears as a notice first (`MMS`) and again with its files (`MMS_DOWNLOADED`), under another id.
//! - **The client's id makes sending idempotent**: a second message with it is answered with 409.
//! - **States follow the fake's time**: `Pending`, after 1 s `Processed`, after 2 s `Sent`, after 5 s `Delivered`.

mod inbox;
mod outbox;

pub use inbox::{Attachment, Received};
pub use outbox::{End, Sent};

use std::collections::HashMap;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::error::Result;
use crate::http::{Fake, Request, Response, Server, World};

/// A running fake of a phone.
pub struct SmsGate {
    server: Server<Phone>,
}

/// The phone and the app on it.
pub struct Phone {
    user: String,
    password: String,
    number: String,
    inbox: Vec<Received>,
    /// In the phone, and not in the app.
    missed: Vec<Received>,
    sent: Vec<Sent>,
    ends: HashMap<String, End>,
    made: u64,
    /// The app is in its cloud mode, which lists no inbox.
    pub cloud: bool,
}

/// How a phone begins.
#[derive(Debug, Clone)]
pub struct Options {
    /// The user that the app shows.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The number of its SIM.
    pub number: String,
    /// The port, 0 for a free one.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user: "sms".into(),
            password: "sandbox-phone".into(),
            number: "+15557650200".into(),
            port: 0,
        }
    }
}

impl SmsGate {
    /// Switches the phone on.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: Options) -> Result<Self> {
        let phone = Phone {
            user: options.user,
            password: options.password,
            number: options.number,
            inbox: Vec::new(),
            missed: Vec::new(),
            sent: Vec::new(),
            ends: HashMap::new(),
            made: 0,
            cloud: false,
        };
        let server = Server::start_at(phone, options.port).await?;
        Ok(Self { server })
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Server<Phone> {
        &self.server
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> String {
        self.server.base()
    }

    /// What stands around it.
    #[must_use]
    pub fn world(&self) -> &World {
        self.server.world()
    }

    /// Somebody writes; gives the message's id.
    pub fn writes(&self, from: &str, text: &str) -> String {
        self.server
            .with(|phone, world| phone.receive(Received::text(from, text, world.time.now())))
    }

    /// Somebody writes, and the message gets this id.
    pub fn writes_as(&self, id: &str, from: &str, text: &str) {
        self.server.with(|phone, world| {
            let mut message = Received::text(from, text, world.time.now());
            message.id = id.to_owned();
            phone.receive(message);
        });
    }

    /// Somebody sends an MMS; the app has its notice and, where `downloaded`, its files.
    pub fn writes_mms(&self, from: &str, text: &str, files: Vec<Attachment>, downloaded: bool) {
        self.server.with(|phone, world| {
            phone.receive_mms(from, text, files, downloaded, world.time.now());
        });
    }

    /// Somebody wrote at this time while the app was off.
    pub fn missed(&self, from: &str, text: &str, at: i64) {
        self.server.with(|phone, _| {
            let message = phone.named(Received::text(from, text, at));
            phone.missed.push(message);
        });
    }

    /// What happens to messages to this number from now on.
    pub fn end(&self, number: &str, end: End) {
        self.server.with(|phone, _| {
            phone.ends.insert(number.to_owned(), end);
        });
    }

    /// What was sent through the phone, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.server.with(|phone, _| phone.sent.clone())
    }
}

/// The app's answer where it refuses.
fn failed(status: u16, why: &str) -> Response {
    Response::json(status, &json!({ "message": why }))
}

impl Fake for Phone {
    fn name(&self) -> &'static str {
        "phone"
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        let now = world.time.now();
        let parts = request.segments();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if let ("GET", ["health"]) = (request.method.as_str(), parts.as_slice()) {
            let health =
                json!({ "status": "pass", "version": "1.60.0", "releaseId": 1_000, "checks": {} });
            return Response::json(200, &health);
        }
        let shown = request.basic();
        if shown != Some((self.user.clone(), self.password.clone())) {
            return Response::empty(401)
                .with("WWW-Authenticate", "Basic realm=\"Access to SMS Gateway\"");
        }
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", []) => Response::json(200, &json!({ "status": "ok", "model": "Sandbox" })),
            ("GET", ["inbox"]) if self.cloud => failed(501, "Not implemented"),
            ("GET", ["inbox"]) => self.list(request, now),
            ("POST", ["inbox", "refresh"]) => self.refresh(request),
            ("GET", ["inbox", id, "attachments", part]) => self.attachment(id, part),
            ("POST", ["messages"]) => self.send(request, now),
            ("GET", ["messages"]) => self.sent_list(request, now),
            ("GET", ["messages", id]) => self.sent_one(id, now),
            _ => Response::empty(404),
        }
    }

    fn state(&self, world: &World) -> Value {
        let now = world.time.now();
        json!({
            "number": self.number,
            "inbox": self.inbox.iter().map(|m| m.shown(true)).collect::<Vec<_>>(),
            "missed": self.missed.len(),
            "sent": self.sent.iter().map(|m| m.shown(now, true)).collect::<Vec<_>>(),
        })
    }

    /// `write {from,text,pictures?:[{kind,base64}]}`, `missed {from,text,at}`, `end {number,kind,error?}`.
    fn act(
        &mut self,
        order: &str,
        with: &Value,
        world: &World,
    ) -> std::result::Result<Value, String> {
        let text = |name: &str| with.get(name).and_then(Value::as_str).map(str::to_owned);
        let need = |name: &str| text(name).ok_or_else(|| format!("{order} wants {name}"));
        let now = world.time.now();
        match order {
            "write" => {
                let (from, body) = (need("from")?, text("text").unwrap_or_default());
                let files = attachments(with)?;
                if files.is_empty() {
                    let id = self.receive(Received::text(&from, &body, now));
                    return Ok(json!({ "id": id }));
                }
                self.receive_mms(&from, &body, files, true, now);
                Ok(json!({}))
            }
            "missed" => {
                let at = with.get("at").and_then(Value::as_i64).unwrap_or(now);
                let message = self.named(Received::text(&need("from")?, &need("text")?, at));
                self.missed.push(message);
                Ok(json!({}))
            }
            "end" => {
                let end = match need("kind")?.as_str() {
                    "delivered" => End::Delivered,
                    "silent" => End::Silent,
                    "failed" => End::Failed(text("error").unwrap_or_default()),
                    other => return Err(format!("{other} is no end of a message")),
                };
                self.ends.insert(need("number")?, end);
                Ok(json!({}))
            }
            _ => Err(format!("there is write, missed and end, no {order}")),
        }
    }
}

fn attachments(with: &Value) -> std::result::Result<Vec<Attachment>, String> {
    let given = with.get("pictures").and_then(Value::as_array);
    let read = |(n, p): (usize, &Value)| {
        let kind = p.get("kind").and_then(Value::as_str)?;
        let bytes = p.get("base64").and_then(Value::as_str)?;
        let end = kind.rsplit('/').next().unwrap_or("bin");
        Some(Attachment {
            name: format!("picture{}.{end}", n + 1),
            kind: kind.into(),
            bytes: BASE64.decode(bytes.as_bytes()).ok()?,
        })
    };
    given
        .into_iter()
        .flatten()
        .enumerate()
        .map(|p| read(p).ok_or_else(|| "a picture has kind and base64".to_owned()))
        .collect()
}
