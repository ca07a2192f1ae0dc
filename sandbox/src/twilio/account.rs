//! The account: its state, who may ask, and which answer belongs to which address.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::media::Store;
use super::message::{Message, Picture};
use super::numbers::Number;
use crate::http::{Quota, Request, Response, World};

/// How a fake begins.
#[derive(Debug, Clone)]
pub struct Options {
    /// The account's sid.
    pub account: String,
    /// Its master secret.
    pub token: String,
    /// An API key of it: sid and secret.
    pub key: (String, String),
    /// Its first number.
    pub number: String,
    /// Its number on WhatsApp, where it has one.
    pub whatsapp: Option<String>,
    /// Plays SignalWire: the same API under another path.
    pub signalwire: bool,
    /// The number answers by itself, as new numbers do.
    pub answers_by_itself: bool,
    /// Inbound messages have a `date_sent`; they need not have one where no webhook is set.
    pub dates_inbound: bool,
    /// The port, 0 for a free one.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: "AC0123456789abcdef0123456789abcdef".into(),
            token: "0123456789abcdef0123456789abcdef".into(),
            key: (
                "SKfedcba9876543210fedcba9876543210".into(),
                "sandbox-key-secret".into(),
            ),
            number: "+15557650100".into(),
            whatsapp: Some("+15557650100".into()),
            signalwire: false,
            answers_by_itself: false,
            dates_inbound: false,
            port: 0,
        }
    }
}

/// How messages to a number end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Delivered, which is what happens anyway.
    Delivered,
    /// Delivered and read, which only WhatsApp tells.
    Read,
    /// Taken, sent, and not delivered: 30003 unreachable, 30007 filtered …
    Undelivered(u32),
    /// Taken, and failed before it was sent.
    Failed(u32),
    /// Refused at once: 21211 no number, 21408 region off, 21610 opted out, 21614 not mobile …
    Refused(u32),
    /// It stays `sent` for ever: the carrier tells nothing.
    Silent,
}

/// An account at Twilio.
pub struct Account {
    pub(super) sid: String,
    token: String,
    keys: HashMap<String, String>,
    pub(super) prefix: String,
    pub(super) numbers: Vec<Number>,
    pub(super) whatsapp: HashSet<String>,
    pub(super) messages: Vec<Message>,
    pub(super) opted_out: HashSet<(String, String)>,
    pub(super) fates: HashMap<String, Fate>,
    /// Templates by sid: `{{1}}` stands for the first variable.
    pub(super) templates: BTreeMap<String, String>,
    pub(super) dates_inbound: bool,
    pub(super) cdn: String,
    pub(super) store: Arc<Mutex<Store>>,
    /// Calls to the API; no limit until a test sets one.
    pub quota: Quota,
    /// The API key and the token are refused.
    pub revoked: bool,
    made: u64,
}

impl Account {
    pub(super) fn new(options: Options, cdn: &str, store: Arc<Mutex<Store>>) -> Self {
        let prefix = if options.signalwire { "/api/laml" } else { "" };
        let mut account = Self {
            sid: options.account,
            token: options.token,
            keys: HashMap::from([options.key]),
            prefix: prefix.into(),
            numbers: Vec::new(),
            whatsapp: options.whatsapp.into_iter().collect(),
            messages: Vec::new(),
            opted_out: HashSet::new(),
            fates: HashMap::new(),
            templates: BTreeMap::new(),
            dates_inbound: options.dates_inbound,
            cdn: cdn.to_owned(),
            store,
            quota: Quota::unlimited(),
            revoked: false,
            made: 0,
        };
        let sid = account.new_sid("PN");
        account
            .numbers
            .push(Number::new(sid, options.number, options.answers_by_itself));
        let template = "Hello {{1}}, your order {{2}} is ready.";
        let sid = account.new_sid("HX");
        account.templates.insert(sid, template.into());
        account
    }

    /// A sid that nothing else has.
    pub(super) fn new_sid(&mut self, kind: &str) -> String {
        self.made += 1;
        let digest = Sha256::digest(format!("{kind}{}{}", self.sid, self.made));
        format!(
            "{kind}{}",
            HEXLOWER.encode(digest.get(..16).unwrap_or(&digest))
        )
    }

    /// The path of a thing of this account, as the vendor writes it.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{rest}", self.prefix, self.sid)
    }

    pub(super) fn route(&mut self, request: &Request, world: &World) -> Response {
        let now = world.time.now();
        let Some(path) = request.path.strip_prefix(&self.prefix) else {
            return failed(20404);
        };
        let path = path.to_owned();
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        if !self.admits(request) {
            return failed(20003);
        }
        if self.quota.take("api", now).is_err() {
            return failed(20429);
        }
        let ["2010-04-01", "Accounts", account, rest @ ..] = parts.as_slice() else {
            return failed(20404);
        };
        if *account != self.sid {
            return failed(20404);
        }
        match (request.method.as_str(), rest) {
            ("GET", ["Messages.json"]) => self.list(request, now),
            ("POST", ["Messages.json"]) => self.create(request, now),
            ("GET", ["Messages", file]) => self.fetch(file, now),
            ("GET", ["Messages", sid, "Media.json"]) => self.media_list(sid, request),
            ("GET", ["Messages", sid, "Media", file]) => self.media(sid, file, now),
            ("GET", ["IncomingPhoneNumbers.json"]) => self.number_list(request),
            ("POST", ["IncomingPhoneNumbers", file]) => self.number_change(file, request),
            _ => failed(20404),
        }
    }

    fn admits(&self, request: &Request) -> bool {
        let Some((user, secret)) = request.basic() else {
            return false;
        };
        !self.revoked
            && ((user == self.sid && secret == self.token)
                || self.keys.get(&user).is_some_and(|s| *s == secret))
    }

    fn fetch(&self, file: &str, now: i64) -> Response {
        let sid = file.strip_suffix(".json").unwrap_or(file);
        match self.find(sid) {
            Some(message) => Response::json(200, &self.render(message, now)),
            None => failed(20404),
        }
    }

    pub(super) fn find(&self, sid: &str) -> Option<&Message> {
        self.messages.iter().find(|m| m.sid == sid)
    }

    /// What only a customer or the vendor can do: `write {from,to?,text,pictures?:[{kind,base64}],ago?}` (which appears
    /// only now, `ago` seconds late), `fate {number,kind,code?}`, `revoke`, `restore`, `sample {on}`,
    /// `sent_elsewhere {to,text,ago?}` (which was scheduled so many seconds ago), `delete {sid}`.
    pub(super) fn obey(&mut self, order: &str, with: &Value, now: i64) -> Result<Value, String> {
        let text = |name: &str| with.get(name).and_then(Value::as_str).map(str::to_owned);
        let need = |name: &str| text(name).ok_or_else(|| format!("{order} wants {name}"));
        let own = || self.numbers.first().map(|n| n.phone.clone());
        let ago = with.get("ago").and_then(Value::as_i64).unwrap_or(0) * 1_000;
        match order {
            "write" => {
                let to = text("to").or_else(own).unwrap_or_default();
                let pictures = pictures(with)?;
                let body = text("text").unwrap_or_default();
                let sid = self.inbound(&need("from")?, &to, &body, &pictures, now - ago);
                Ok(json!({ "sid": sid }))
            }
            "sent_elsewhere" => {
                let from = text("from").or_else(own).unwrap_or_default();
                let sid = self.outbound(&from, &need("to")?, &need("text")?, now - ago);
                if let Some(made) = self.messages.iter_mut().find(|m| m.sid == sid) {
                    made.held = ago;
                }
                Ok(json!({ "sid": sid }))
            }
            "delete" => {
                let sid = need("sid")?;
                self.messages.retain(|m| m.sid != sid);
                Ok(json!({}))
            }
            "fate" => {
                let code = with.get("code").and_then(Value::as_u64).unwrap_or(0);
                let fate = fate(&need("kind")?, u32::try_from(code).unwrap_or(0))?;
                self.fates.insert(need("number")?, fate);
                Ok(json!({}))
            }
            "revoke" | "restore" => {
                self.revoked = order == "revoke";
                Ok(json!({ "revoked": self.revoked }))
            }
            "sample" => {
                let on = with.get("on").and_then(Value::as_bool).unwrap_or(true);
                for number in &mut self.numbers {
                    number.answers_by_itself(on);
                }
                Ok(json!({}))
            }
            _ => Err(format!(
                "there is write, sent_elsewhere, delete, fate, revoke, restore and sample, no {order}"
            )),
        }
    }
}

fn fate(kind: &str, code: u32) -> Result<Fate, String> {
    Ok(match kind {
        "delivered" => Fate::Delivered,
        "read" => Fate::Read,
        "undelivered" => Fate::Undelivered(code),
        "failed" => Fate::Failed(code),
        "refused" => Fate::Refused(code),
        "silent" => Fate::Silent,
        _ => return Err(format!("{kind} is no fate of a message")),
    })
}

fn pictures(with: &Value) -> Result<Vec<Picture>, String> {
    let given = with.get("pictures").and_then(Value::as_array);
    let read = |p: &Value| {
        let kind = p.get("kind").and_then(Value::as_str)?;
        let bytes = p.get("base64").and_then(Value::as_str)?;
        let bytes = BASE64.decode(bytes.as_bytes()).ok()?;
        Some(Picture {
            kind: kind.into(),
            bytes,
        })
    };
    given
        .into_iter()
        .flatten()
        .map(|p| read(p).ok_or_else(|| "a picture has kind and base64".to_owned()))
        .collect()
}

/// The vendor's answer for one of its error codes.
pub(super) fn failed(code: u32) -> Response {
    let (status, message) = match code {
        20003 => (401, "Authenticate"),
        20404 => (404, "The requested resource was not found"),
        20429 => (429, "Too Many Requests"),
        21211 => (400, "The 'To' number is not a valid phone number."),
        21212 => (400, "The 'From' number is not a valid phone number."),
        21408 => (
            400,
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
        ),
        21602 => (400, "Message body is required."),
        21603 => (400, "A 'From' phone number is required."),
        21604 => (400, "A 'To' phone number is required."),
        21606 => (
            400,
            "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination",
        ),
        21610 => (400, "Attempt to send to unsubscribed recipient"),
        21611 => (
            400,
            "This 'From' number has exceeded the maximum number of queued messages",
        ),
        21612 => (
            400,
            "The 'To' phone number cannot be reached from this 'From' number",
        ),
        21614 => (400, "'To' number is not a valid mobile number"),
        21617 => (
            400,
            "The concatenated message body exceeds the 1600 character limit",
        ),
        21620 => (400, "Invalid media URL(s)"),
        21623 => (400, "Number of media files exceeds allowed limit"),
        21655 => (400, "The ContentSid is Invalid"),
        21656 => (400, "The ContentVariables Parameter is invalid"),
        21910 => (
            400,
            "Invalid From and To pair. From and To should be of the same channel",
        ),
        _ => (400, "The request was refused"),
    };
    Response::json(
        status,
        &json!({
            "code": code,
            "message": message,
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
            "status": status,
        }),
    )
}
