//! A user of a real Matrix homeserver, behind a door at which things go wrong.

use crate::subject::{Act, Subject, Trouble, http};
use async_trait::async_trait;
use parley_engine::model::{AccountConfig, MatrixConfig, MatrixSignIn};
use parley_sandbox::Error;
use parley_sandbox::http::Fault;
use parley_sandbox::synapse::{Front, MatrixUser, Synapse, Wishes};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::task::block_in_place;

const READ: (&str, &str) = ("GET", "/_matrix/client/v3/sync");
const PAGE: (&str, &str) = ("GET", "/_matrix/client/v3/rooms/*/messages");
const SEND: (&str, &str) = ("PUT", "/_matrix/client/v3/rooms/*/send/");

pub struct Home {
    desk: MatrixUser,
    anna: MatrixUser,
    room: String,
    front: Front,
    made: AtomicUsize,
    reactions: Mutex<HashMap<String, String>>,
    _folder: tempfile::TempDir,
}

pub async fn start() -> Option<Arc<dyn Subject>> {
    let folder = tempfile::tempdir().unwrap();
    let synapse = match block_in_place(|| Synapse::start(folder.path(), &Wishes::default())) {
        Err(Error::Skipped(why)) => {
            eprintln!("skipped: {why}");
            return None;
        }
        other => other.unwrap(),
    };
    let (desk, anna) = block_in_place(|| {
        (
            synapse.register("support").unwrap(),
            synapse.register("anna").unwrap(),
        )
    });
    let room = block_in_place(|| anna.create_room(&[&desk.user_id], &json!([])).unwrap());
    // Invitations have tests of their own (`matrix.rs`).
    block_in_place(|| {
        desk.call("POST", &format!("/rooms/{room}/join"), &json!({}))
            .unwrap()
    });
    let front = Front::start(synapse).await.unwrap();
    Some(Arc::new(Home {
        desk,
        anna,
        room,
        front,
        made: AtomicUsize::new(0),
        reactions: Mutex::default(),
        _folder: folder,
    }))
}

impl Home {
    fn says(&self, kind: &str, content: &Value) -> String {
        let txn = format!("t{}", self.made.fetch_add(1, Ordering::SeqCst));
        block_in_place(|| self.anna.send(&self.room, kind, &txn, content).unwrap())
    }

    fn redacts(&self, event: &str) {
        let txn = format!("r{}", self.made.fetch_add(1, Ordering::SeqCst));
        block_in_place(|| self.anna.redact(&self.room, event, &txn).unwrap());
    }

    /// Contents of what the desk sent.
    fn sent(&self) -> Vec<Value> {
        let all = block_in_place(|| self.anna.events(&self.room).unwrap());
        let ours = all
            .into_iter()
            .filter(|e| e["sender"] == json!(self.desk.user_id) && e["type"] == "m.room.message");
        ours.map(|e| e["content"].clone()).collect()
    }
}

#[async_trait]
impl Subject for Home {
    fn name(&self) -> &'static str {
        "matrix"
    }

    fn account(&self) -> (AccountConfig, SecretString) {
        let config = MatrixConfig {
            homeserver: self.front.url(),
            user_id: self.desk.user_id.clone(),
            sign_in: MatrixSignIn::Token,
            ..MatrixConfig::default()
        };
        (
            AccountConfig::Matrix(config),
            self.desk.access_token.clone().into(),
        )
    }

    fn customer(&self) -> String {
        self.anna.user_id.clone()
    }

    fn more_than_a_page(&self) -> usize {
        31
    }

    fn reads_of_three_pages(&self) -> u32 {
        // News first, then the first page of what they leave out.
        1
    }

    async fn writes(&self, text: &str) -> String {
        self.says(
            "m.room.message",
            &json!({ "msgtype": "m.text", "body": text }),
        )
    }

    async fn does(&self, act: Act<'_>) -> bool {
        match act {
            Act::Edit { of, text } => {
                let new = json!({ "msgtype": "m.text", "body": text });
                let edit = json!({ "msgtype": "m.text", "body": format!("* {text}"), "m.new_content": new, "m.relates_to": { "rel_type": "m.replace", "event_id": of } });
                self.says("m.room.message", &edit);
            }
            Act::Unsend { of } => self.redacts(of),
            Act::React {
                of,
                emoji: Some(emoji),
            } => {
                let event = self.says("m.reaction", &json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": of, "key": emoji } }));
                self.reactions.lock().unwrap().insert(of.to_owned(), event);
            }
            Act::React { of, emoji: None } => {
                let event = self.reactions.lock().unwrap().remove(of).unwrap();
                self.redacts(&event);
            }
            Act::File { name, bytes } => {
                let uri = block_in_place(|| self.anna.upload("image/png", bytes).unwrap());
                self.says("m.room.message", &json!({ "msgtype": "m.image", "body": name, "url": uri, "info": { "mimetype": "image/png", "size": bytes.len() } }));
            }
            Act::Unknown => {
                self.says(
                    "m.room.message",
                    &json!({ "msgtype": "test.hologram", "body": "?", "depth": 3 }),
                );
            }
            // Nested as deep as the homeserver takes it, and without what every message has.
            Act::Poison => {
                let deep = (0..120).fold(json!(7), |inner, _| json!([inner]));
                self.says("m.sticker", &json!({ "url": deep }));
            }
            // Blocking somebody is told to nobody.
            Act::Refuse => return false,
        }
        true
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        let faults = &self.front.world().faults;
        let slow = |ms: Option<u32>| {
            let words = json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests" });
            let mut body = words;
            if let Some(ms) = ms {
                body["retry_after_ms"] = ms.into();
            }
            Fault::answer(429, body)
        };
        let gone = Fault::answer(
            401,
            json!({ "errcode": "M_UNKNOWN_TOKEN", "error": "Unknown token", "soft_logout": true }),
        );
        match trouble {
            // Nothing comes twice or out of order from a homeserver.
            Trouble::Doubled | Trouble::Shuffled => return false,
            Trouble::Busy(seconds) => {
                let fault = slow(seconds.map(|s| s * 1_000));
                faults.on(READ.0, READ.1).once(fault);
            }
            Trouble::SendBusy => faults.on(SEND.0, SEND.1).once(slow(Some(1_000))),
            Trouble::Expired(nth) => faults.on(PAGE.0, PAGE.1).nth(nth).always(gone),
            other => http(self.front.world(), READ, SEND, &gone, other),
        }
        true
    }

    async fn mends(&self) {
        self.front.world().faults.clear();
    }

    async fn took(&self) -> Vec<String> {
        let text = |c: &Value| {
            (c["msgtype"] == "m.text").then(|| c["body"].as_str().unwrap_or_default().to_owned())
        };
        self.sent().iter().filter_map(text).collect()
    }

    async fn took_files(&self) -> usize {
        self.sent()
            .iter()
            .filter(|c| c.get("url").is_some())
            .count()
    }

    fn lists_own(&self) -> bool {
        true
    }

    fn calls(&self) -> Option<usize> {
        Some(self.front.world().calls.count("", ""))
    }
}
