//! Instagram and Messenger on the page.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Customer, Gesture, Line, On, Playground};
use crate::error::Result;
use crate::graph::{ANNA, Graph, LEA, Options, TOM};

/// On the port that was wished for, or on any.
async fn graph(options: Options, port: u16) -> Result<Arc<Graph>> {
    let at = |port| Options {
        port,
        ..options.clone()
    };
    let graph = match Graph::start(at(port)).await {
        Err(_) if port != 0 => Graph::start(at(0)).await?,
        other => other?,
    };
    Ok(Arc::new(graph))
}

/// Instagram by its own door.
pub(super) async fn instagram(port: u16) -> Result<Playground> {
    let graph = graph(Options::instagram(), port).await?;
    let mut gestures = vec![
        at_channel("story_reply", "Answer a story", json!({})),
        at_channel("story_mention", "Mention us in a story", json!({})),
        at_channel("share", "Share a post", json!({})),
        at_channel("unsupported", "Send what programs cannot see", json!({})),
        at_channel(
            "access",
            "Switch access to messages off",
            json!({ "on": false }),
        ),
        at_channel(
            "access",
            "Switch access to messages on",
            json!({ "on": true }),
        ),
        at_channel(
            "refuse",
            "Refuse shares, story and reactions",
            json!({ "fields": "shares,story,reactions" }),
        ),
        at_channel("refuse", "Give all fields", json!({ "fields": "" })),
    ];
    gestures.extend(common());
    Ok(ground("instagram", "Instagram", graph, gestures))
}

/// Messenger by its Page.
pub(super) async fn messenger(port: u16) -> Result<Playground> {
    let graph = graph(Options::page(), port).await?;
    Ok(ground("messenger", "Messenger", graph, common()))
}

fn common() -> Vec<Gesture> {
    let theirs = |order, label, with| Gesture {
        order,
        label,
        on: On::Theirs,
        with,
    };
    vec![
        theirs("unsend", "Take back", json!({})),
        Gesture {
            order: "react",
            label: "React",
            on: On::Ours,
            with: json!({ "reaction": "love" }),
        },
        at_channel(
            "sent_elsewhere",
            "Answer with the phone",
            json!({ "text": "Sent with the phone" }),
        ),
        at_channel(
            "usage",
            "Nearly all calls used (80 %)",
            json!({ "percent": 80 }),
        ),
        at_channel("usage", "Few calls used", json!({ "percent": 5 })),
        at_channel("revoke", "End the token", json!({})),
        at_channel("restore", "Let the token live", json!({})),
    ]
}

fn at_channel(order: &'static str, label: &'static str, with: Value) -> Gesture {
    Gesture {
        order,
        label,
        on: On::Channel,
        with,
    }
}

fn ground(
    id: &'static str,
    title: &'static str,
    graph: Arc<Graph>,
    gestures: Vec<Gesture>,
) -> Playground {
    let people = [
        ("Anna Berg", ANNA),
        ("Tom Okafor", TOM),
        ("Lea Moreau", LEA),
    ];
    Playground {
        id,
        title,
        settings: vec![("Address", graph.base()), ("Token", graph.token())],
        customers: people
            .map(|(name, id)| Customer {
                name,
                address: id.into(),
            })
            .to_vec(),
        fake: graph.api().played(),
        to: Some(id.into()),
        lines,
        pictures: true,
        gestures,
        keep: graph,
    }
}

fn lines(state: &Value, own: Option<&str>, customer: &str) -> Vec<Line> {
    let text = |m: &Value, name: &str| {
        let found = m.get(name).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let all = state.get("messages").and_then(Value::as_array);
    let wanted = all.into_iter().flatten().filter(|m| {
        text(m, "person") == customer && own.is_none_or(|own| text(m, "platform") == own)
    });
    wanted
        .map(|m| {
            let deleted = m.get("deleted").and_then(Value::as_bool) == Some(true);
            let marks = m.get("marks").and_then(Value::as_array);
            let marks = marks.into_iter().flatten().filter_map(Value::as_str);
            Line {
                id: text(m, "id"),
                ours: m.get("ours").and_then(Value::as_bool) == Some(true),
                text: text(m, "text"),
                files: m
                    .get("files")
                    .and_then(Value::as_u64)
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(0),
                status: if deleted {
                    "taken back".into()
                } else {
                    text(m, "kind")
                },
                marks: marks.collect::<Vec<_>>().join(" "),
            }
        })
        .collect()
}
