//! A user of a real Matrix homeserver, behind a proxy that does what bad networks do.

use crate::subject::{Act, Subject, Trouble};
use async_trait::async_trait;
use parley_engine::model::{AccountConfig, MatrixConfig, MatrixSignIn};
use parley_sandbox::Error;
use parley_sandbox::faultproxy::{Direction, Fault, FaultProxy};
use parley_sandbox::synapse::{MatrixUser, Synapse, Wishes};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::block_in_place;

pub struct Home {
    desk: MatrixUser,
    anna: MatrixUser,
    room: String,
    proxy: FaultProxy,
    made: AtomicUsize,
    reactions: Mutex<HashMap<String, String>>,
    _synapse: Synapse,
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
    let port = synapse.url().rsplit(':').next().unwrap().parse().unwrap();
    let proxy = FaultProxy::start(([127, 0, 0, 1], port).into())
        .await
        .unwrap();
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
    Some(Arc::new(Home {
        desk,
        anna,
        room,
        proxy,
        made: AtomicUsize::new(0),
        reactions: Mutex::default(),
        _synapse: synapse,
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
            homeserver: format!("http://127.0.0.1:{}", self.proxy.port()),
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
        30
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
            Act::Poison => {
                self.says(
                    "m.room.message",
                    &json!({ "msgtype": 17, "body": { "no": "text" } }),
                );
            }
            Act::Refuse => return false,
        }
        true
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        let fault = match trouble {
            Trouble::Cut => Fault::Cut {
                direction: Direction::ToClient,
                after: 700,
            },
            Trouble::Drip => Fault::Drip(Duration::from_micros(100)),
            Trouble::Broken => Fault::Reset,
            // The request reaches the server, and no byte of the answer comes back.
            Trouble::SendLost => Fault::Cut {
                direction: Direction::ToClient,
                after: 0,
            },
            _ => return false,
        };
        self.proxy.set(fault).await.unwrap();
        true
    }

    async fn mends(&self) {
        self.proxy.set(Fault::Pass).await.unwrap();
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
        None
    }
}
