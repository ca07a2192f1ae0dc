//! From the vendor's rows to events. Nothing in a row is trusted to be there or to have its type.

use super::errors;
use crate::model::{
    Afterwards, Card, CardKind, Channel, Class, Event, Identity, Incoming, IncomingFile, Kind,
    Later, Party, PersonSays, Place, Reached, RemoteId, sms,
};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of what is done here; a greater one reads again what an earlier one left.
pub(super) const VERSION: u32 = 1;

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    /// It is not at its end; also what is said in words of a later version.
    Open,
    /// It came in whole.
    Received,
    /// It is on the person's device.
    Delivered,
    /// The person saw it.
    Read,
    /// It did not arrive.
    Lost,
}

/// A message as the vendor lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) sid: String,
    pub(super) inbound: bool,
    /// The vendor's own answer, by no person.
    pub(super) by_machine: bool,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) body: String,
    pub(super) standing: Standing,
    word: String,
    code: Option<u32>,
    pub(super) files: u32,
    pub(super) created: Millis,
    /// When it went out, or was handed to who answers for the number.
    #[serde(default)]
    sent: Option<Millis>,
    /// Its place among those of the same second, by the vendor's list.
    pub(super) place: Millis,
    updated: Millis,
    /// It is still on its way in.
    pub(super) arriving: bool,
    /// The row itself, where it says nothing that a person could read.
    #[serde(default)]
    raw: String,
}

/// What cannot be read, with its id and the reason.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unread {
    pub(super) id: String,
    pub(super) reason: &'static str,
    pub(super) raw: Vec<u8>,
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An address without the word in front by which the vendor names a channel.
pub(super) fn bare(address: &str) -> &str {
    address.strip_prefix("whatsapp:").unwrap_or(address).trim()
}

fn instant(row: &Value, name: &str) -> Option<Millis> {
    let at = jiff::fmt::rfc2822::parse(text(row, name).trim()).ok()?;
    Some(at.timestamp().as_millisecond())
}

/// Reads a row. `own` is the account's number, for rows that do not say which way they went.
pub(super) fn row(value: &Value, own: &str) -> Result<Row, Unread> {
    let sid = text(value, "sid");
    let known_sid = (2..=64).contains(&sid.len())
        && sid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let unread = |reason| {
        let raw = value.to_string().into_bytes();
        let id = if known_sid {
            sid.to_owned()
        } else {
            let digest = Sha256::digest(&raw);
            format!("unread:{}", data_encoding::HEXLOWER.encode(&digest[..12]))
        };
        Unread { id, reason, raw }
    };
    if !known_sid {
        return Err(unread("it has no sid"));
    }
    let dates = ["date_created", "date_sent", "date_updated"];
    let Some(created) = dates.iter().find_map(|name| instant(value, name)) else {
        return Err(unread("it has no date"));
    };
    let (from, to) = (text(value, "from"), text(value, "to"));
    let direction = text(value, "direction");
    let inbound = match direction {
        "inbound" => true,
        d if d.starts_with("outbound") => false,
        _ if bare(to) == own => true,
        _ if bare(from) == own => false,
        _ => return Err(unread("it does not say which way it went")),
    };
    let other = if inbound { from } else { to };
    if bare(other).is_empty() || bare(other).len() > 254 {
        return Err(unread("it does not say whose it is"));
    }
    let word = text(value, "status");
    let standing = match word {
        "received" => Standing::Received,
        "delivered" => Standing::Delivered,
        "read" => Standing::Read,
        "undelivered" | "failed" | "canceled" => Standing::Lost,
        _ => Standing::Open,
    };
    let files = value.get("num_media").and_then(errors::number).unwrap_or(0);
    let says_nothing = inbound && files == 0 && text(value, "body").trim().is_empty();
    Ok(Row {
        sid: sid.to_owned(),
        inbound,
        by_machine: direction == "outbound-reply",
        from: from.to_owned(),
        to: to.to_owned(),
        body: text(value, "body").to_owned(),
        standing,
        word: word.to_owned(),
        code: value.get("error_code").and_then(errors::number),
        files,
        created,
        sent: instant(value, "date_sent"),
        place: 0,
        updated: instant(value, "date_updated").unwrap_or(created),
        arriving: inbound && word == "receiving",
        raw: if says_nothing {
            value.to_string()
        } else {
            String::new()
        },
    })
}

impl Row {
    /// When it was made, or where that is later, sent: what is scheduled is made long before.
    pub(super) fn latest(&self) -> Millis {
        self.sent
            .map_or(self.created, |sent| sent.max(self.created))
    }

    /// What is told of its way to the customer.
    pub(super) fn reached(&self) -> Option<Afterwards> {
        let reached = match self.standing {
            _ if self.inbound => return None,
            Standing::Delivered => Reached::Delivered,
            Standing::Read => Reached::Read,
            Standing::Lost => Reached::Undelivered(errors::undelivered(self.code, &self.word)),
            Standing::Open | Standing::Received => return None,
        };
        Some(Afterwards {
            of: RemoteId(self.sid.clone()),
            at: self.updated,
            what: Later::Reached(reached),
        })
    }

    /// What the customer says by it of messages to them: STOP and its kin, or the vendor's word that they said so. On
    /// WhatsApp these are words like others.
    pub(super) fn person(&self, channel: Channel) -> Option<PersonSays> {
        if channel != Channel::Sms {
            return None;
        }
        let opted_out = if self.inbound {
            sms::wish(&self.body).map(|w| w == sms::Wish::Stop)
        } else {
            errors::is_opt_out(self.code).then_some(true)
        };
        let address = if self.inbound { &self.from } else { &self.to };
        opted_out.map(|out| PersonSays {
            address: bare(address).to_owned(),
            opted_out: Some(out),
            at: self.updated.max(self.created),
            ..PersonSays::default()
        })
    }

    /// The message itself.
    pub(super) fn message(&self, files: Vec<IncomingFile>, mut cards: Vec<Card>) -> Incoming {
        let party = |address: &str| Party {
            name: None,
            address: bare(address).to_owned(),
        };
        let place = if self.inbound {
            Place::Inbox
        } else {
            Place::Sent
        };
        let blank =
            self.inbound && self.body.trim().is_empty() && files.is_empty() && cards.is_empty();
        if blank {
            // A place on the map, contact details and the like have no text in the list.
            cards.push(Card::of(CardKind::Unsupported));
        }
        let by_machine = self.by_machine;
        let mut message = Incoming {
            from: Some(party(&self.from)),
            to: vec![party(&self.to)],
            text: self.body.clone(),
            files,
            cards,
            class: if by_machine {
                Class::Machine
            } else {
                Class::Human
            },
            class_reason: by_machine.then_some("auto-reply"),
            kind: if by_machine { Kind::Auto } else { Kind::Person },
            raw: self.raw.clone().into_bytes(),
            quarantine: (blank && !self.raw.is_empty()).then_some(VERSION),
            ..Incoming::chat(self.sid.clone(), place, self.created)
        };
        message.in_its_second(self.place);
        message
    }
}

impl Unread {
    /// The card that stands for it.
    pub(super) fn event(&self) -> Event {
        Event::Unreadable {
            remote_id: RemoteId(self.id.clone()),
            place: Place::Inbox,
            identity: Identity::Provider,
            from: None,
            at: None,
            reason: format!("A message could not be read: {}.", self.reason),
            raw: self.raw.clone(),
        }
    }
}

/// A file of a message: its sid and the type that the vendor claims.
pub(super) fn media(value: &Value) -> Option<(String, String)> {
    let sid = text(value, "sid");
    let plain = !sid.is_empty()
        && sid.len() <= 64
        && sid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then(|| (sid.to_owned(), text(value, "content_type").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given() -> Value {
        json!({
            "sid": "SM00000000000000000000000000000001", "direction": "inbound", "from": "+14155550111",
            "to": "+14155550100", "body": "Is it there?", "status": "received", "num_media": "0", "error_code": null,
            "date_created": "Fri, 24 May 2019 17:44:46 +0000", "date_sent": null,
            "date_updated": "Fri, 24 May 2019 17:44:47 +0000",
        })
    }

    fn with(changes: &Value) -> Value {
        let mut row = given();
        for (name, value) in changes.as_object().unwrap() {
            row[name] = value.clone();
        }
        row
    }

    fn read(value: &Value) -> Result<Row, Unread> {
        row(value, "+14155550100")
    }

    #[test]
    fn a_customers_message_has_its_text_its_sender_and_its_time() {
        let m = read(&given()).unwrap().message(Vec::new(), Vec::new());
        assert_eq!(m.remote_id.0, "SM00000000000000000000000000000001");
        assert_eq!((m.place, m.text.as_str()), (Place::Inbox, "Is it there?"));
        assert_eq!(m.from.unwrap().address, "+14155550111");
        assert_eq!(m.times.provider, Some(1_558_719_886_000));
    }

    #[test]
    fn numbers_as_texts_and_texts_as_numbers_are_read() {
        let r = read(&with(&json!({ "num_media": 2, "error_code": "30003" }))).unwrap();
        assert_eq!((r.files, r.code), (2, Some(30003)));
        let r = read(&with(
            &json!({ "num_media": "many", "error_code": -1, "body": null }),
        ))
        .unwrap();
        assert_eq!((r.files, r.code, r.body.as_str()), (0, None, ""));
    }

    #[test]
    fn a_row_that_says_too_little_is_kept_as_unreadable_under_a_steady_id() {
        for poor in [
            json!(null),
            json!([]),
            json!("row"),
            with(&json!({ "sid": 7 })),
            with(&json!({ "sid": "SM/../../x" })),
            with(&json!({ "date_created": "soon", "date_updated": 5 })),
            with(&json!({ "from": null })),
            with(&json!({ "direction": "sideways", "to": "+1" })),
        ] {
            let (a, b) = (read(&poor).unwrap_err(), read(&poor).unwrap_err());
            assert_eq!(a, b);
            assert!(!a.id.contains('/'), "{}", a.id);
            assert!(matches!(a.event(), Event::Unreadable { .. }));
        }
        assert_eq!(
            read(&with(&json!({ "date_created": "" }))).unwrap().created,
            1_558_719_887_000
        );
    }

    #[test]
    fn what_is_told_of_a_send_ends_with_the_vendors_last_word() {
        let sent = |status: &str, code: Value| {
            let row = with(
                &json!({ "direction": "outbound-api", "from": "+14155550100", "to": "+14155550111", "status": status, "error_code": code }),
            );
            read(&row).unwrap().reached().map(|a| a.what)
        };
        for open in [
            "accepted",
            "scheduled",
            "queued",
            "sending",
            "sent",
            "partially_delivered",
            "new word",
        ] {
            assert_eq!(sent(open, json!(null)), None, "{open}");
        }
        assert_eq!(
            sent("delivered", json!(null)),
            Some(Later::Reached(Reached::Delivered))
        );
        assert_eq!(
            sent("read", json!(null)),
            Some(Later::Reached(Reached::Read))
        );
        for (code, hard) in [
            (30003, false),
            (30004, true),
            (30005, true),
            (30006, true),
            (30007, false),
            (30008, false),
            (63016, false),
            (99999, false),
        ] {
            let Some(Later::Reached(Reached::Undelivered(u))) = sent("undelivered", json!(code))
            else {
                panic!("{code}");
            };
            assert_eq!((u.code.as_str(), u.hard), (code.to_string().as_str(), hard));
        }
        assert!(matches!(
            sent("failed", json!(null)),
            Some(Later::Reached(Reached::Undelivered(_)))
        ));
    }

    #[test]
    fn stop_is_heard_on_sms_and_is_a_word_like_others_on_whatsapp() {
        let stop = read(&with(&json!({ "body": " Stop " }))).unwrap();
        assert_eq!(stop.person(Channel::Sms).unwrap().opted_out, Some(true));
        assert_eq!(stop.person(Channel::Whatsapp), None);
        let start = read(&with(&json!({ "body": "START" }))).unwrap();
        assert_eq!(start.person(Channel::Sms).unwrap().opted_out, Some(false));
        assert_eq!(read(&given()).unwrap().person(Channel::Sms), None);
        let refused = with(
            &json!({ "direction": "outbound-api", "status": "failed", "error_code": 21610, "from": "+14155550100", "to": "+14155550111" }),
        );
        let says = read(&refused).unwrap().person(Channel::Sms).unwrap();
        assert_eq!(
            (says.address.as_str(), says.opted_out),
            ("+14155550111", Some(true))
        );
    }

    #[test]
    fn whatsapp_addresses_are_bare_numbers_and_what_has_no_text_says_so() {
        let place = with(
            &json!({ "from": "whatsapp:+14155550111", "to": "whatsapp:+14155550100", "body": "" }),
        );
        let m = read(&place).unwrap().message(Vec::new(), Vec::new());
        assert_eq!(m.from.unwrap().address, "+14155550111");
        assert_eq!(m.cards[0].kind, CardKind::Unsupported);
    }

    #[test]
    fn all_examples_of_the_vendors_own_document_are_read() {
        let shared = std::env::var_os("PARLEY_SHARED").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
            std::path::PathBuf::from,
        );
        let path = shared.join("data/twilio/twilio_api_v2010.json");
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("skipped: no data at {} (PARLEY_SHARED)", path.display());
            return;
        };
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let list = "/paths/~12010-04-01~1Accounts~1{AccountSid}~1Messages.json/get/responses/200/content/application~1json/examples";
        let examples = document.pointer(list).and_then(Value::as_object).unwrap();
        let rows = examples
            .values()
            .filter_map(|e| e.pointer("/value/messages")?.as_array());
        let rows: Vec<&Value> = rows.flatten().collect();
        assert!(rows.len() >= 2);
        for value in rows {
            let r = read(value).unwrap();
            assert!(!r.inbound || r.reached().is_none());
            assert!(r.created > 1_000_000_000_000);
        }
    }

    #[test]
    fn the_numbers_own_answer_is_a_machines() {
        let reply = with(
            &json!({ "direction": "outbound-reply", "from": "+14155550100", "to": "+14155550111" }),
        );
        let m = read(&reply).unwrap().message(Vec::new(), Vec::new());
        assert_eq!((m.class, m.place), (Class::Machine, Place::Sent));
    }
}
