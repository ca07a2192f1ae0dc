//! The vendor's data without an account: a page of its list, one message, or what its webhooks are told in forms.

use super::convert::{Row, bare, row};
use crate::model::{Card, CardKind, Event, RemoteId};
use serde_json::{Value, json};

/// Messages and what is told of them, from a page of the list, one message, or a webhook's fields. Files are cards.
/// `ours` is the account's number, where it is known.
#[must_use]
pub fn payload(json: &Value, ours: Option<&str>) -> Vec<Event> {
    let own = ours.unwrap_or_default();
    let rows: Vec<&Value> = match json {
        Value::Array(all) => all.iter().collect(),
        page if page["messages"].is_array() => {
            page["messages"].as_array().into_iter().flatten().collect()
        }
        one => vec![one],
    };
    let mut out = Vec::new();
    for one in rows {
        if one["MessageSid"].is_string() || one["SmsSid"].is_string() {
            webhook(one, own, &mut out);
            continue;
        }
        match row(one, own) {
            Ok(r) => {
                let cards = (0..r.files).map(|_| Card::of(CardKind::Media)).collect();
                push(&r, cards, true, &mut out);
            }
            Err(unread) => out.push(unread.event()),
        }
    }
    out
}

fn push(r: &Row, cards: Vec<Card>, dated: bool, out: &mut Vec<Event>) {
    let mut m = r.message(Vec::new(), cards);
    if !dated {
        m.times.provider = None;
    }
    out.push(Event::Message(Box::new(m)));
    out.extend(r.reached().map(Event::Later));
}

/// A webhook's fields as the row that they speak of. It has no date; a report of a message's way has no text.
fn webhook(fields: &Value, own: &str, out: &mut Vec<Event>) {
    let text = |name: &str| fields[name].as_str().unwrap_or_default();
    let first = |a: &str, b: &str| {
        if text(a).is_empty() {
            text(b).to_owned()
        } else {
            text(a).to_owned()
        }
    };
    let status = first("MessageStatus", "SmsStatus");
    let report = fields.get("Body").is_none();
    let as_row = json!({
        "sid": first("MessageSid", "SmsSid"),
        "direction": if report { "outbound-api" } else { "inbound" },
        "from": text("From"), "to": text("To"), "body": text("Body"), "status": status,
        "num_media": text("NumMedia"), "error_code": text("ErrorCode"),
        "date_created": "Thu, 01 Jan 1970 00:00:00 +0000",
    });
    let r = match row(&as_row, own) {
        Ok(r) => r,
        Err(unread) => return out.push(unread.event()),
    };
    if report {
        // What is told of it is all that there is.
        out.extend(r.reached().map(|a| {
            Event::Later(crate::model::Afterwards {
                of: RemoteId(r.sid.clone()),
                ..a
            })
        }));
        return;
    }
    let mut cards: Vec<Card> = (0..r.files)
        .map(|n| {
            let mime = text(&format!("MediaContentType{n}"));
            Card {
                mime: Some(mime.to_owned()).filter(|m| !m.is_empty()),
                ..Card::of(CardKind::Media).leading(text(&format!("MediaUrl{n}")))
            }
        })
        .collect();
    let (lat, lon) = (text("Latitude"), text("Longitude"));
    if let (Ok(lat), Ok(lon)) = (lat.parse::<f64>(), lon.parse::<f64>()) {
        let link =
            format!("https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=16/{lat}/{lon}");
        let says = format!("{}\n{}", text("Label"), text("Address"));
        cards.push(
            Card::of(CardKind::Location)
                .saying(says.trim())
                .leading(&link),
        );
    }
    push(&r, cards, false, out);
    let name = text("ProfileName");
    if !name.is_empty() {
        out.push(Event::Person(crate::model::PersonSays {
            address: bare(&r.from).to_owned(),
            name: Some(name.to_owned()),
            ..crate::model::PersonSays::default()
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    #[test]
    fn a_webhooks_form_is_a_message_or_a_report() {
        let inbound = json!({ "MessageSid": "SM01", "From": "whatsapp:+4917", "To": "whatsapp:+4930", "Body": "hi", "NumMedia": "1", "MediaUrl0": "https://api.vendor.test/m", "MediaContentType0": "image/png", "SmsStatus": "received" });
        let all = payload(&inbound, None);
        let Event::Message(m) = &all[0] else {
            panic!("{all:?}");
        };
        assert_eq!(
            (m.place, m.text.as_str(), m.times.provider),
            (Place::Inbox, "hi", None)
        );
        assert_eq!(m.from.as_ref().unwrap().address, "+4917");
        assert_eq!(m.cards[0].mime.as_deref(), Some("image/png"));
        let report = json!({ "MessageSid": "SM02", "From": "+4930", "To": "+4917", "MessageStatus": "delivered" });
        assert!(matches!(
            payload(&report, None).as_slice(),
            [Event::Later(_)]
        ));
        assert!(matches!(
            payload(&json!({ "hello": 1 }), None).as_slice(),
            [Event::Unreadable { .. }]
        ));
    }
}
