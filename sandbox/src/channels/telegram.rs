//! Telegram on the page.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Customer, Gesture, Line, On, Playground};
use crate::error::Result;
use crate::telegram::{Options, Telegram};

/// A bot and three people.
pub(super) async fn telegram(port: u16) -> Result<Playground> {
    let options = |port| Options {
        port,
        ..Options::default()
    };
    let telegram = match Telegram::start(options(port)).await {
        Err(_) if port != 0 => Telegram::start(options(0)).await?,
        other => other?,
    };
    let telegram = Arc::new(telegram);
    let known = Options::default();
    let names = ["Anna Berg", "Tom Okafor", "Lea Moreau"];
    let people = known.people.iter().zip(names);
    Ok(Playground {
        id: "telegram",
        title: "Telegram",
        settings: vec![("Address", telegram.base()), ("Token", known.token.clone())],
        customers: people
            .map(|(p, name)| Customer {
                name,
                address: p.id.to_string(),
            })
            .collect(),
        fake: telegram.server().played(),
        to: None,
        lines,
        pictures: true,
        gestures: vec![
            gesture("react", "👍", On::Ours, json!({ "emoji": "👍" })),
            gesture(
                "edit",
                "Change",
                On::Theirs,
                json!({ "text": "I meant something else" }),
            ),
            gesture(
                "start",
                "Start by a link",
                On::Channel,
                json!({ "payload": "spring" }),
            ),
            gesture("block", "Block the bot", On::Channel, json!({})),
            gesture("unblock", "Unblock the bot", On::Channel, json!({})),
            gesture(
                "raw",
                "Send a place",
                On::Channel,
                json!({ "message": { "location": { "latitude": 52.52, "longitude": 13.405 } } }),
            ),
            gesture(
                "rival",
                "Another program reads",
                On::Channel,
                json!({ "on": true }),
            ),
            gesture(
                "rival",
                "It stopped reading",
                On::Channel,
                json!({ "on": false }),
            ),
            gesture("revoke", "Revoke the token", On::Channel, json!({})),
            gesture("restore", "Restore the token", On::Channel, json!({})),
        ],
        keep: telegram,
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

const FILES: [&str; 8] = [
    "photo",
    "video",
    "voice",
    "audio",
    "document",
    "sticker",
    "animation",
    "video_note",
];

fn lines(state: &Value, _: Option<&str>, customer: &str) -> Vec<Line> {
    let all = state.get("messages").and_then(Value::as_array);
    let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let mut out = Vec::new();
    for m in all.into_iter().flatten() {
        let chat = m["chat"]["id"].as_i64().map(|id| id.to_string());
        if chat.as_deref() != Some(customer) {
            continue;
        }
        let ours = m["_ours"] == json!(true);
        out.push(Line {
            id: m["message_id"].to_string(),
            ours,
            text: format!("{}{}", word(&m["text"]), word(&m["caption"])),
            files: FILES.iter().filter(|f| m.get(**f).is_some()).count(),
            status: if ours { "sent".into() } else { String::new() },
            marks: word(&m["_reaction"][0]["emoji"]),
        });
    }
    out
}
