//! A message, and what it looks like at a given time.

use serde_json::{Value, json};

use super::account::{Account, Fate};
use super::numbers::SAMPLE_ANSWER;
use super::text::{rfc2822, segments};

/// How long a message takes to be `sending`, `sent` and at its end, in milliseconds.
const SENDING: i64 = 1_000;
const SENT: i64 = 2_000;
const END: i64 = 5_000;
/// How long a customer's message on WhatsApp may be answered freely.
pub(super) const WINDOW: i64 = 24 * 60 * 60 * 1_000;

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Media type.
    pub kind: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// A message of the account, in or out.
#[derive(Debug, Clone)]
pub struct Message {
    /// `SM…` or, with files, `MM…`.
    pub sid: String,
    /// `inbound`, `outbound-api` or `outbound-reply`.
    pub direction: &'static str,
    /// Who wrote it: a number, or `whatsapp:` and a number.
    pub from: String,
    /// To whom.
    pub to: String,
    /// Its text.
    pub body: String,
    /// When it was made, by the fake's time.
    pub created: i64,
    /// For how long it was kept before it went out: it was scheduled.
    pub held: i64,
    /// How it ends.
    pub fate: Fate,
    /// The service it was sent through.
    pub service: Option<String>,
    /// The sids of its files.
    pub media: Vec<String>,
    /// Where its files came from, where they were given by address.
    pub media_urls: Vec<String>,
}

/// How far a message is.
pub(super) struct Status {
    pub(super) word: &'static str,
    pub(super) code: Option<u32>,
    pub(super) since: i64,
    pub(super) sent: Option<i64>,
}

impl Message {
    /// When it began on its way.
    pub(super) fn begun(&self) -> i64 {
        self.created + self.held
    }

    pub(super) fn status(&self, now: i64) -> Status {
        let inbound = self.direction == "inbound";
        let begun = self.begun();
        let age = now - begun;
        let at = |word, after: i64, sent: bool| Status {
            word,
            code: None,
            since: begun + after,
            sent: sent.then_some(begun + SENT),
        };
        let ended = |word, code| Status {
            code: Some(code),
            ..at(word, END, matches!(word, "undelivered"))
        };
        match (age, self.fate) {
            _ if inbound => at("received", 0, false),
            (..SENDING, _) => at("queued", 0, false),
            (_, Fate::Failed(code)) => ended("failed", code),
            (..SENT, _) => at("sending", SENDING, false),
            (..END, _) | (_, Fate::Silent) => at("sent", SENT, true),
            (_, Fate::Undelivered(code)) => ended("undelivered", code),
            (_, Fate::Read) => at("read", END, true),
            _ => at("delivered", END, true),
        }
    }
}

impl Account {
    /// A customer's message comes in; gives its sid.
    pub(super) fn inbound(
        &mut self,
        from: &str,
        to: &str,
        body: &str,
        pictures: &[Picture],
        now: i64,
    ) -> String {
        let sid = self.new_sid(if pictures.is_empty() { "SM" } else { "MM" });
        let media = pictures.iter().map(|p| self.keep_media(p)).collect();
        self.messages.push(Message {
            sid: sid.clone(),
            direction: "inbound",
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            created: now,
            held: 0,
            fate: Fate::Delivered,
            service: None,
            media,
            media_urls: Vec::new(),
        });
        self.react(from, to, body, now);
        sid
    }

    /// What the vendor itself does when a message comes in: opt-outs and sample answers.
    fn react(&mut self, from: &str, to: &str, body: &str, now: i64) {
        if to.starts_with("whatsapp:") {
            return;
        }
        let pair = (to.to_owned(), from.to_owned());
        let answer = match body.trim().to_ascii_uppercase().as_str() {
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => {
                self.opted_out.insert(pair).then_some(
                    "You have successfully been unsubscribed. You will not receive any more messages from this \
                     number. Reply START to resubscribe.",
                )
            }
            "START" | "YES" | "UNSTOP" => self
                .opted_out
                .remove(&pair)
                .then_some("You have successfully been re-subscribed to messages from this number."),
            _ => self
                .numbers
                .iter()
                .any(|n| n.phone == to && n.is_sample())
                .then_some(SAMPLE_ANSWER),
        };
        if let Some(answer) = answer {
            let sid = self.outbound(to, from, answer, now);
            if let Some(message) = self.messages.iter_mut().find(|m| m.sid == sid) {
                message.direction = "outbound-reply";
            }
        }
    }

    /// A message goes out without any of the checks of the API: from another program, or from the vendor.
    pub(super) fn outbound(&mut self, from: &str, to: &str, body: &str, now: i64) -> String {
        let sid = self.new_sid("SM");
        let fate = self.fates.get(to).copied().unwrap_or(Fate::Delivered);
        self.messages.push(Message {
            sid: sid.clone(),
            direction: "outbound-api",
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            created: now,
            held: 0,
            fate,
            service: None,
            media: Vec::new(),
            media_urls: Vec::new(),
        });
        sid
    }

    /// When this customer last wrote to this address.
    pub(super) fn last_inbound(&self, own: &str, customer: &str) -> Option<i64> {
        self.messages
            .iter()
            .rev()
            .find(|m| m.direction == "inbound" && m.to == own && m.from == customer)
            .map(|m| m.created)
    }

    pub(super) fn render(&self, message: &Message, now: i64) -> Value {
        let status = message.status(now);
        let outbound = message.direction != "inbound";
        let sent = status
            .sent
            .or((!outbound && self.dates_inbound).then_some(message.created));
        let by_service = message.service.is_some() && status.word == "queued";
        let parts = if by_service {
            0
        } else {
            segments(&message.body).0
        };
        let uri = self.path(&format!("Messages/{}.json", message.sid));
        let media = self.path(&format!("Messages/{}/Media.json", message.sid));
        json!({
            "account_sid": self.sid,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": rfc2822(message.created),
            "date_sent": sent.map(rfc2822),
            "date_updated": rfc2822(status.since),
            "direction": message.direction,
            "error_code": status.code,
            "error_message": status.code.map(|code| format!("the sandbox says {code}")),
            "from": (!by_service).then_some(&message.from),
            "messaging_service_sid": message.service,
            "num_media": message.media.len().max(message.media_urls.len()).to_string(),
            "num_segments": parts.to_string(),
            "price": (outbound && status.sent.is_some()).then_some("-0.00750"),
            "price_unit": "USD",
            "sid": message.sid,
            "status": status.word,
            "subresource_uris": { "media": media },
            "to": message.to,
            "uri": uri,
        })
    }
}
