//! SMS and WhatsApp by Twilio, and SMS by a phone, on the page.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Customer, Gesture, Line, On, Playground};
use crate::error::Result;
use crate::smsgate::{self, SmsGate};
use crate::twilio::{self, Twilio};

const PEOPLE: [(&str, &str); 3] = [
    ("Anna Berg", "+15557650001"),
    ("Tom Okafor", "+15557650002"),
    ("Lea Moreau", "+15557650003"),
];

fn people(prefix: &str) -> Vec<Customer> {
    PEOPLE
        .map(|(name, number)| Customer {
            name,
            address: format!("{prefix}{number}"),
        })
        .to_vec()
}

/// On the port that was wished for, or on any.
async fn gate(port: u16) -> Result<SmsGate> {
    let options = |port| smsgate::Options {
        port,
        ..smsgate::Options::default()
    };
    match SmsGate::start(options(port)).await {
        Err(_) if port != 0 => SmsGate::start(options(0)).await,
        other => other,
    }
}

/// SMS and WhatsApp of one account.
pub(super) async fn twilio(port: u16) -> Result<Vec<Playground>> {
    let options = |port| twilio::Options {
        port,
        ..twilio::Options::default()
    };
    let twilio = match Twilio::start(options(port)).await {
        Err(_) if port != 0 => Twilio::start(options(0)).await?,
        other => other?,
    };
    let twilio = Arc::new(twilio);
    let known = options(0);
    let ground = |id, title, own: String, prefix| Playground {
        id,
        title,
        settings: vec![
            ("Address", twilio.base()),
            ("Account SID", known.account.clone()),
            ("API key SID", known.key.0.clone()),
            ("API key secret", known.key.1.clone()),
            ("Number", known.number.clone()),
        ],
        customers: people(prefix),
        fake: twilio.api().played(),
        to: Some(own),
        lines: twilio_lines,
        pictures: true,
        gestures: vec![
            gesture(
                "sent_elsewhere",
                "Answer from another program",
                On::Channel,
                json!({ "text": "Sent from the console" }),
            ),
            gesture(
                "sample",
                "Let the number answer by itself",
                On::Channel,
                json!({ "on": true }),
            ),
            gesture(
                "sample",
                "Stop it answering by itself",
                On::Channel,
                json!({ "on": false }),
            ),
            gesture("revoke", "Revoke the key", On::Channel, json!({})),
            gesture("restore", "Restore the key", On::Channel, json!({})),
            gesture(
                "fate",
                "Unreachable from now on (30003)",
                On::Channel,
                json!({ "kind": "undelivered", "code": 30003 }),
            ),
            gesture(
                "fate",
                "Reachable again",
                On::Channel,
                json!({ "kind": "delivered" }),
            ),
        ],
        keep: twilio.clone(),
    };
    Ok(vec![
        ground("sms", "SMS by Twilio", known.number.clone(), ""),
        ground(
            "whatsapp",
            "WhatsApp by Twilio",
            format!("whatsapp:{}", known.number),
            "whatsapp:",
        ),
    ])
}

/// SMS by a phone.
pub(super) async fn gateway(port: u16) -> Result<Playground> {
    let phone = Arc::new(gate(port).await?);
    let known = smsgate::Options::default();
    Ok(Playground {
        id: "phone",
        title: "SMS by a phone",
        settings: vec![
            ("Address", phone.base()),
            ("User", known.user),
            ("Password", known.password),
            ("Number", known.number),
        ],
        customers: people(""),
        fake: phone.server().played(),
        to: None,
        lines: phone_lines,
        pictures: true,
        gestures: vec![
            gesture(
                "missed",
                "Write while the app is off",
                On::Channel,
                json!({ "text": "You were off when I wrote this" }),
            ),
            gesture(
                "end",
                "Unreachable from now on",
                On::Channel,
                json!({ "kind": "failed", "error": "RESULT_ERROR_NO_SERVICE" }),
            ),
            gesture(
                "end",
                "Reachable again",
                On::Channel,
                json!({ "kind": "delivered" }),
            ),
        ],
        keep: phone,
    })
}

fn gesture(order: &'static str, label: &'static str, on: On, with: Value) -> Gesture {
    Gesture {
        order,
        label,
        on,
        with,
    }
}

fn text(value: &Value, name: &str) -> String {
    let found = value.get(name).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn rows<'a>(state: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let found = state.get(name).and_then(Value::as_array);
    found.into_iter().flatten()
}

fn twilio_lines(state: &Value, own: Option<&str>, customer: &str) -> Vec<Line> {
    let own = own.unwrap_or_default();
    let mut lines = Vec::new();
    for m in rows(state, "messages") {
        let (from, to) = (text(m, "from"), text(m, "to"));
        let ours = from == own && to == customer;
        if !ours && (from != customer || to != own) {
            continue;
        }
        let code = m.get("error_code").and_then(Value::as_u64);
        let code = code.map(|code| format!(" · {code}")).unwrap_or_default();
        lines.push(Line {
            id: text(m, "sid"),
            ours,
            text: text(m, "body"),
            files: text(m, "num_media").parse().unwrap_or(0),
            status: format!("{}{code}", text(m, "status")),
            marks: String::new(),
        });
    }
    lines
}

fn phone_lines(state: &Value, _: Option<&str>, customer: &str) -> Vec<Line> {
    let mut dated: Vec<(String, Line)> = Vec::new();
    for m in rows(state, "inbox").filter(|m| text(m, "sender") == customer) {
        if text(m, "type") == "MMS" {
            continue;
        }
        let files = rows(m, "attachments").count();
        let line = Line {
            id: text(m, "id"),
            text: text(m, "contentPreview"),
            files,
            ..Line::default()
        };
        dated.push((text(m, "createdAt"), line));
    }
    for m in rows(state, "sent") {
        let recipient = m.pointer("/recipients/0");
        if recipient.map(|r| text(r, "phoneNumber")).as_deref() != Some(customer) {
            continue;
        }
        let error = recipient.map(|r| text(r, "error")).unwrap_or_default();
        let taken = m.pointer("/states/Pending").and_then(Value::as_str);
        let line = Line {
            id: text(m, "id"),
            ours: true,
            text: m
                .pointer("/textMessage")
                .map(|t| text(t, "text"))
                .unwrap_or_default(),
            status: format!("{} {error}", text(m, "state")).trim().to_owned(),
            ..Line::default()
        };
        dated.push((taken.unwrap_or_default().to_owned(), line));
    }
    dated.sort_by(|a, b| a.0.cmp(&b.0));
    dated.into_iter().map(|(_, line)| line).collect()
}
