//! The phone's data without an account: a page of its inbox or of what it sent, or what its webhooks are told.

use super::convert::{received, sent};
use crate::model::{Card, CardKind, Event, RemoteId};
use serde_json::{Value, json};

/// Messages and what is told of them, from rows of the inbox, of what was sent, or from a webhook's body; nothing for
/// what is known and says nothing of messages. Files are cards, and ids are the program's own. `ours` is the SIM's
/// number, where it is known.
#[must_use]
pub fn payload(json: &Value, ours: Option<&str>) -> Vec<Event> {
    let own = ours.unwrap_or_default();
    let rows: Vec<&Value> = match json {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    let mut out = Vec::new();
    for one in rows {
        match one["event"].as_str() {
            Some(event) => match told(event, &one["payload"]) {
                Some(row) => push(&row, own, &mut out),
                None => push(one, own, &mut out),
            },
            None => push(one, own, &mut out),
        }
    }
    out
}

fn push(row: &Value, own: &str, out: &mut Vec<Event>) {
    if let Some(s) = row.get("recipients").and_then(|_| sent(row)) {
        out.extend(s.message(own).map(|m| Event::Message(Box::new(m))));
        out.extend(s.reached(0).map(Event::Later));
        return;
    }
    match received(row) {
        Ok(r) => {
            let cards = r.files.iter().map(|f| Card {
                mime: Some(f.mime.clone()).filter(|m| !m.is_empty()),
                ..Card::of(CardKind::Media).saying(f.name.clone())
            });
            let mut message = r.message(own, Vec::new(), cards.collect());
            message.remote_id = RemoteId(r.id.clone());
            out.push(Event::Message(Box::new(message)));
        }
        Err(unread) => {
            let mut event = unread.event();
            if let (Event::Unreadable { remote_id, .. }, Some(id)) =
                (&mut event, row["id"].as_str().filter(|id| !id.is_empty()))
            {
                id.clone_into(&mut remote_id.0);
            }
            out.push(event);
        }
    }
}

/// A webhook's payload as the row that it speaks of.
fn told(event: &str, p: &Value) -> Option<Value> {
    let text = |name: &str| p[name].as_str().unwrap_or_default();
    let whose = ["sender", "phoneNumber"]
        .into_iter()
        .find(|n| !text(n).is_empty());
    let whose = whose.map(text).unwrap_or_default();
    let kind = match event {
        "sms:received" => "SMS",
        "sms:data-received" => "DATA_SMS",
        "mms:received" => "MMS",
        "mms:downloaded" => "MMS_DOWNLOADED",
        "sms:sent" | "sms:delivered" | "sms:failed" => {
            let (state, at) = match event {
                "sms:delivered" => ("Delivered", text("deliveredAt")),
                "sms:failed" => ("Failed", text("failedAt")),
                _ => ("Sent", text("sentAt")),
            };
            return Some(json!({
                "id": text("messageId"), "state": state, "states": { state: at },
                "recipients": [{ "phoneNumber": if whose.is_empty() { text("recipient") } else { whose }, "error": text("reason") }],
            }));
        }
        _ => return None,
    };
    let said = ["message", "body", "subject"]
        .into_iter()
        .map(text)
        .find(|t| !t.is_empty());
    Some(json!({
        "id": text("messageId"), "type": kind, "sender": whose, "contentPreview": said.unwrap_or_default(),
        "createdAt": text("receivedAt"), "attachments": p["attachments"],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_says_what_the_inbox_would() {
        let hook = json!({ "event": "sms:received", "payload": { "messageId": "a1", "phoneNumber": "+4917", "message": "hi", "receivedAt": "2026-01-31T09:30:00.000+00:00" } });
        let row = json!({ "id": "a1", "type": "SMS", "sender": "+4917", "contentPreview": "hi", "createdAt": "2026-01-31T09:30:00Z" });
        let text = |v: &Value| match payload(v, None).remove(0) {
            Event::Message(m) => (m.remote_id.0, m.text),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(&hook), text(&json!([row])));
        assert_eq!(text(&hook).0, "a1", "the id that the program gives");
        let sent = json!({ "event": "sms:sent", "payload": { "messageId": "b", "phoneNumber": "+4917", "sentAt": "2026-01-31T09:30:00Z" } });
        assert!(
            payload(&sent, None).is_empty(),
            "known, and nothing is told by it"
        );
        let done = json!({ "event": "sms:delivered", "payload": { "messageId": "b", "phoneNumber": "+4917", "deliveredAt": "2026-01-31T09:30:00Z" } });
        assert!(matches!(payload(&done, None).as_slice(), [Event::Later(_)]));
        let odd = json!({ "event": "system:ping", "payload": {} });
        assert!(matches!(
            payload(&odd, None).as_slice(),
            [Event::Unreadable { .. }]
        ));
    }
}
