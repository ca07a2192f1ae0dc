//! From the phone's rows to events. Nothing in a row is trusted to be there or to have its type.

use crate::model::{
    Afterwards, Card, CardKind, Class, Event, Identity, Incoming, IncomingFile, Kind, Later,
    MessageId, Party, PersonSays, Place, Reached, RemoteId, Undelivered, phone, sms,
};
use crate::time::Millis;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of what is done here; a greater one reads again what an earlier one left.
pub(super) const VERSION: u32 = 1;

/// What kind of message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A text message.
    Text,
    /// An MMS with what belongs to it.
    Mms,
    /// The notice that an MMS lies at the carrier.
    Notice,
    /// Data for a program.
    Data,
    /// Something of a later version.
    Unknown,
}

/// A file of an MMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileRow {
    pub(super) part: u64,
    pub(super) name: String,
    pub(super) mime: String,
}

/// A message in the phone's inbox.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Received {
    /// The app's own id, by which files are fetched. It is not unique.
    pub(super) id: String,
    /// What makes it this message: id, sender and time.
    pub(super) key: String,
    pub(super) what: What,
    pub(super) sender: String,
    pub(super) text: String,
    pub(super) at: Millis,
    pub(super) files: Vec<FileRow>,
    raw: Vec<u8>,
}

/// What cannot be read, with an id and the reason.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unread {
    pub(super) key: String,
    reason: &'static str,
    raw: Vec<u8>,
}

/// A message that went out through the phone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) at: Millis,
    to: Vec<String>,
    text: Option<String>,
    pub(super) standing: Standing,
    changed: Millis,
    error: String,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is not at its end.
    Open,
    /// It is on the person's phone.
    Delivered,
    /// The phone could not send it.
    Failed,
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn instant(text: &str) -> Option<Millis> {
    let at: jiff::Timestamp = text.trim().parse().ok()?;
    Some(at.as_millisecond())
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    BASE64URL_NOPAD.encode(&hash.finalize()[..9])
}

/// Reads a row of the inbox.
pub(super) fn received(value: &Value) -> Result<Received, Unread> {
    let raw = value.to_string().into_bytes();
    let unread = |reason| Unread {
        key: format!("unread:{}", digest(&[&raw])),
        reason,
        raw: raw.clone(),
    };
    let (id, sender, created) = (
        text(value, "id"),
        text(value, "sender"),
        text(value, "createdAt"),
    );
    if id.is_empty() || id.len() > 200 {
        return Err(unread("it has no id"));
    }
    if sender.trim().is_empty() || sender.len() > 254 {
        return Err(unread("it does not say who wrote it"));
    }
    let Some(at) = instant(created) else {
        return Err(unread("it has no date"));
    };
    let what = match text(value, "type") {
        "SMS" => What::Text,
        "MMS_DOWNLOADED" => What::Mms,
        "MMS" => What::Notice,
        "DATA_SMS" => What::Data,
        _ => What::Unknown,
    };
    let rows = value.get("attachments").and_then(Value::as_array);
    let files = rows.into_iter().flatten().filter_map(|f| {
        Some(FileRow {
            part: f.get("partId")?.as_u64()?,
            name: text(f, "name").to_owned(),
            mime: text(f, "contentType").to_owned(),
        })
    });
    Ok(Received {
        id: id.to_owned(),
        // The time as a number: versions of the app write it in different ways.
        key: format!(
            "in:{}",
            digest(&[id.as_bytes(), sender.as_bytes(), &at.to_be_bytes()])
        ),
        what,
        sender: sender.trim().to_owned(),
        text: text(value, "contentPreview").to_owned(),
        at,
        files: files.collect(),
        raw: if what == What::Unknown {
            raw
        } else {
            Vec::new()
        },
    })
}

impl Received {
    /// The message itself; `own` is the SIM's number.
    pub(super) fn message(
        &self,
        own: &str,
        files: Vec<IncomingFile>,
        mut cards: Vec<Card>,
    ) -> Incoming {
        let mut shown = self.text.clone();
        match self.what {
            What::Text => {}
            // The app says this where the MMS has no text.
            What::Mms => {
                if shown == "MMS content" && !(files.is_empty() && cards.is_empty()) {
                    shown.clear();
                }
            }
            What::Notice => {
                let subject = if shown == "MMS notification" {
                    ""
                } else {
                    &shown
                };
                cards.push(
                    Card::of(CardKind::Unsupported).saying(
                        format!("An MMS that the phone has not loaded. {subject}").trim_end(),
                    ),
                );
                shown.clear();
            }
            What::Data => {
                cards.push(
                    Card::of(CardKind::Unsupported)
                        .saying("A message for a program, not for people."),
                );
                shown.clear();
            }
            What::Unknown => cards.push(Card::of(CardKind::Unknown)),
        }
        // Names and short codes are programs of companies; nobody can answer them.
        let machine =
            self.what == What::Data || !self.sender.starts_with('+') && !dialled(&self.sender);
        Incoming {
            from: Some(Party {
                name: None,
                address: dialled_from(&self.sender, own),
            }),
            to: vec![Party {
                name: None,
                address: own.to_owned(),
            }],
            text: shown,
            files,
            cards,
            class: if machine {
                Class::Machine
            } else {
                Class::Human
            },
            class_reason: machine.then_some("no-number"),
            kind: if machine { Kind::Auto } else { Kind::Person },
            raw: self.raw.clone(),
            quarantine: (self.what == What::Unknown).then_some(VERSION),
            ..Incoming::chat(self.key.clone(), Place::Inbox, self.at)
        }
    }

    /// What they say of messages to them. No network keeps these words for one's own phone, so that only those count
    /// that mean nothing else in a conversation.
    pub(super) fn person(&self, own: &str) -> Option<PersonSays> {
        let wish = sms::wish(&self.text)?;
        let word = self.text.trim().to_ascii_uppercase();
        if matches!(word.as_str(), "CANCEL" | "END" | "QUIT" | "YES") {
            return None;
        }
        Some(PersonSays {
            address: dialled_from(&self.sender, own),
            opted_out: Some(wish == sms::Wish::Stop),
            at: self.at,
            ..PersonSays::default()
        })
    }
}

/// A number as one dials it at home: long enough to be a person's.
fn dialled(sender: &str) -> bool {
    let digits = sender.chars().filter(char::is_ascii_digit).count();
    let others = sender.chars().any(char::is_alphabetic);
    digits >= 7 && !others
}

/// A number as the world knows it: networks give those of their own country as one dials them there, and with the
/// country's code another time. Names, short codes and what is no number stay as they are.
fn dialled_from(number: &str, own: &str) -> String {
    if number.starts_with('+') || !dialled(number) {
        return number.to_owned();
    }
    let region = phone::region_of(own.trim()).unwrap_or_default();
    phone::phone_key(number, region).unwrap_or_else(|| number.to_owned())
}

impl Unread {
    /// The card that stands for it.
    pub(super) fn event(&self) -> Event {
        Event::Unreadable {
            remote_id: RemoteId(self.key.clone()),
            place: Place::Inbox,
            identity: Identity::Provider,
            from: None,
            at: None,
            reason: format!("A message of the phone could not be read: {}.", self.reason),
            raw: self.raw.clone(),
        }
    }
}

/// Reads a message that went out; `None` where it says too little.
pub(super) fn sent(value: &Value) -> Option<Sent> {
    let id = text(value, "id");
    let recipients = value.get("recipients").and_then(Value::as_array)?;
    let to: Vec<String> = recipients
        .iter()
        .map(|r| text(r, "phoneNumber").trim().to_owned())
        .filter(|n| !n.is_empty())
        .collect();
    let states = value.get("states").and_then(Value::as_object);
    let times: Vec<Millis> = states
        .into_iter()
        .flatten()
        .filter_map(|(_, at)| instant(at.as_str()?))
        .collect();
    let standing = match text(value, "state") {
        "Delivered" => Standing::Delivered,
        "Failed" => Standing::Failed,
        _ => Standing::Open,
    };
    let error = recipients
        .iter()
        .map(|r| text(r, "error"))
        .find(|e| !e.is_empty());
    let known = !id.is_empty() && id.len() <= 64 && !to.is_empty();
    known.then(|| Sent {
        id: id.to_owned(),
        at: times.iter().min().copied().unwrap_or(0),
        to,
        text: value
            .pointer("/textMessage/text")
            .and_then(Value::as_str)
            .map(str::to_owned),
        standing,
        changed: times.iter().max().copied().unwrap_or(0),
        error: error.unwrap_or_default().to_owned(),
    })
}

impl Sent {
    /// The message itself, where the phone gives its text and time.
    pub(super) fn message(&self, own: &str) -> Option<Incoming> {
        let shown = self.text.clone().filter(|_| self.at > 0)?;
        let party = |address: &str| Party {
            name: None,
            address: address.to_owned(),
        };
        Some(Incoming {
            from: Some(party(own)),
            to: self
                .to
                .iter()
                .map(|n| party(&dialled_from(n, own)))
                .collect(),
            text: shown,
            key: MessageId::parse(&self.id),
            ..Incoming::chat(self.id.clone(), Place::Sent, self.at)
        })
    }

    /// What is told of its way to the customer.
    pub(super) fn reached(&self, now: Millis) -> Option<Afterwards> {
        let what = match self.standing {
            Standing::Open => return None,
            Standing::Delivered => Reached::Delivered,
            Standing::Failed => Reached::Undelivered(failed(&self.error)),
        };
        Some(Afterwards {
            of: RemoteId(self.id.clone()),
            at: if self.changed > 0 { self.changed } else { now },
            what: Later::Reached(what),
        })
    }
}

/// Android's names of failures are constants in every language.
fn failed(error: &str) -> Undelivered {
    let known = [
        ("NO_SERVICE", "no_service", "The phone had no network."),
        ("RADIO_OFF", "radio_off", "The phone was in flight mode."),
        (
            "LIMIT_EXCEEDED",
            "limit",
            "The phone sends no more for now: Android limits how many messages a program may send.",
        ),
        (
            "SHORT_CODE",
            "short_code",
            "Android does not let this short number be written to.",
        ),
        (
            "FDN",
            "fdn",
            "The SIM lets only some numbers be written to.",
        ),
        (
            "GENERIC_FAILURE",
            "failure",
            "The phone's network refused it. Look at the SIM's credit and reception.",
        ),
    ];
    let upper = error.to_ascii_uppercase();
    let found = known.iter().find(|(mark, ..)| upper.contains(mark));
    let (code, words) = found.map_or(("failed", "The phone could not send it."), |(_, c, w)| {
        (*c, *w)
    });
    Undelivered {
        code: code.into(),
        words: words.into(),
        hard: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given() -> Value {
        json!({
            "id": "text:12", "type": "SMS", "sender": "+14155550111", "simNumber": 1,
            "contentPreview": "Is it there?", "createdAt": "2026-03-01T10:00:00.000+02:00", "attachments": [],
        })
    }

    fn with(changes: &Value) -> Value {
        let mut row = given();
        for (name, value) in changes.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    }

    #[test]
    fn one_id_may_be_two_messages_and_one_instant_may_be_written_in_two_ways() {
        let a = received(&given()).unwrap();
        assert_eq!(a.at, 1_772_352_000_000);
        let same = received(&with(&json!({ "createdAt": "2026-03-01T08:00:00Z" }))).unwrap();
        assert_eq!(a.key, same.key);
        let later = received(&with(&json!({ "createdAt": "2026-03-01T08:00:01Z" }))).unwrap();
        let other = received(&with(&json!({ "sender": "+14155550112" }))).unwrap();
        assert_ne!(a.key, later.key);
        assert_ne!(a.key, other.key);
        assert!(!a.key.contains("555"), "no number in an id");
    }

    #[test]
    fn the_examples_of_the_programs_own_document_are_read() {
        let shared = std::env::var_os("PARLEY_SHARED").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
            std::path::PathBuf::from,
        );
        let path = shared.join("data/sms-gate/swagger.json");
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("skipped: no data at {} (PARLEY_SHARED)", path.display());
            return;
        };
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let schemas = &document["components"]["schemas"];
        let kinds = schemas["smsgateway.IncomingMessageType"]["enum"]
            .as_array()
            .unwrap();
        for kind in kinds {
            let fields = schemas["smsgateway.IncomingMessage"]["properties"]
                .as_object()
                .unwrap();
            let examples = fields
                .iter()
                .filter_map(|(n, f)| Some((n.clone(), f.get("example")?.clone())));
            let mut row = Value::Object(examples.collect());
            row["type"] = kind.clone();
            assert_ne!(received(&row).unwrap().what, What::Unknown, "{kind}");
        }
        let states = schemas["smsgateway.ProcessingState"]["enum"]
            .as_array()
            .unwrap();
        for state in states {
            let row = json!({ "id": "x", "state": state, "recipients": [{ "phoneNumber": "+1", "state": state }] });
            let over = matches!(state.as_str(), Some("Delivered" | "Failed"));
            assert_eq!(sent(&row).unwrap().reached(1).is_some(), over, "{state}");
        }
    }

    #[test]
    fn a_row_that_says_too_little_is_kept_as_unreadable_under_a_steady_id() {
        for poor in [
            json!(null),
            json!(3),
            with(&json!({ "id": null })),
            with(&json!({ "sender": " " })),
            with(&json!({ "createdAt": 1_772_352_000_000i64 })),
        ] {
            let a = received(&poor).unwrap_err();
            assert_eq!(a, received(&poor).unwrap_err());
            assert!(matches!(a.event(), Event::Unreadable { .. }));
        }
    }

    #[test]
    fn kinds_that_nobody_can_read_are_cards_and_unknown_ones_are_read_again_later() {
        let of = |kind: &str| {
            let row = received(&with(&json!({ "type": kind }))).unwrap();
            row.message("+14155550200", Vec::new(), Vec::new())
        };
        assert!(of("SMS").cards.is_empty());
        assert_eq!(of("MMS").cards[0].kind, CardKind::Unsupported);
        assert_eq!(of("DATA_SMS").class, Class::Machine);
        let unknown = of("RCS");
        assert_eq!(
            (unknown.cards[0].kind, unknown.quarantine),
            (CardKind::Unknown, Some(VERSION))
        );
        assert!(!unknown.raw.is_empty());
    }

    #[test]
    fn what_companies_send_is_a_machines_and_numbers_as_dialled_are_people() {
        let class = |sender: &str| {
            let row = received(&with(&json!({ "sender": sender }))).unwrap();
            row.message("+1", Vec::new(), Vec::new()).class
        };
        assert_eq!(class("+14155550111"), Class::Human);
        assert_eq!(class("0170 5550111"), Class::Human);
        assert_eq!(class("MyBank24"), Class::Machine);
        assert_eq!(class("80123"), Class::Machine);
    }

    #[test]
    fn a_number_as_one_dials_it_at_home_is_the_same_customer_as_with_its_countrys_code() {
        let of = |sender: &str, own: &str| {
            let row = received(&with(
                &json!({ "sender": sender, "contentPreview": "stop" }),
            ))
            .unwrap();
            let wish = row.person(own).unwrap().address;
            let m = row.message(own, Vec::new(), Vec::new());
            assert_eq!(m.from.as_ref().unwrap().address, wish);
            (wish, m.remote_id.0, row.key)
        };
        let own = "+4917012345670";
        let (home, id, key) = of("0170 1234567", own);
        assert_eq!(home, of("+491701234567", own).0);
        assert_eq!(id, key, "its id is of what the phone says");
        assert_ne!(id, of("+491701234567", own).1);
        for stays in ["MyBank24", "80123", "+4917099"] {
            assert_eq!(of(stays, own).0, stays);
        }
        assert_eq!(of("0170 1234567", "").0, "0170 1234567", "of no country");
    }

    #[test]
    fn only_words_that_mean_nothing_else_are_wishes() {
        let wish = |body: &str| {
            let row = received(&with(&json!({ "contentPreview": body }))).unwrap();
            row.person("+1").and_then(|p| p.opted_out)
        };
        assert_eq!(wish("Stop"), Some(true));
        assert_eq!(wish("START"), Some(false));
        for plain in ["Cancel", "End", "Yes", "quit", "Stop it"] {
            assert_eq!(wish(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_sends_way_is_told_with_its_time_and_its_reason() {
        let row = json!({
            "id": "0123456789abcdef0123456789abcdef", "state": "Failed", "textMessage": { "text": "Hello" },
            "recipients": [{ "phoneNumber": "+14155550111", "state": "Failed", "error": "SMS_RESULT_ERROR_NO_SERVICE" }],
            "states": { "Pending": "2026-03-01T10:00:00Z", "Failed": "2026-03-01T10:00:05Z" },
        });
        let s = sent(&row).unwrap();
        let m = s.message("+14155550200").unwrap();
        assert_eq!(m.key, MessageId::parse("0123456789abcdef0123456789abcdef"));
        assert_eq!(m.times.provider, Some(1_772_359_200_000));
        let told = s.reached(0).unwrap();
        assert_eq!(told.at, 1_772_359_205_000);
        assert!(
            matches!(told.what, Later::Reached(Reached::Undelivered(u)) if u.code == "no_service")
        );
        assert_eq!(sent(&json!({ "id": "x", "recipients": [] })), None);
        let bare = json!({ "id": "x", "state": "Pending", "recipients": [{ "phoneNumber": "1", "state": "Pending" }] });
        assert!(sent(&bare).unwrap().message("+1").is_none());
    }
}
