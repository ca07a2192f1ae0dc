//! A website's chat at a real Synapse, behind a door at which things go wrong.

use crate::subject::{self, Act, Subject, Trouble};
use async_trait::async_trait;
use parley_engine::model::{AccountConfig, MatrixConfig, MatrixSignIn};
use parley_sandbox::Error;
use parley_sandbox::http::Fault;
use parley_sandbox::synapse::{Front, MatrixUser, Synapse, Wishes};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const READ: (&str, &str) = ("GET", "/_matrix/client/v3/sync");
const SEND: (&str, &str) = ("PUT", "/_matrix/client/v3/rooms/*/send/");

pub struct Room {
    front: Front,
    desk: MatrixUser,
    visitor: MatrixUser,
    id: String,
    made: AtomicUsize,
    reaction: Mutex<String>,
    _folder: tempfile::TempDir,
}

pub async fn start() -> Option<Arc<dyn Subject>> {
    let folder = tempfile::tempdir().unwrap();
    let synapse = match Synapse::start(folder.path(), &Wishes::default()) {
        Err(Error::Skipped(why)) => {
            eprintln!("skipped: {why}");
            return None;
        }
        other => other.unwrap(),
    };
    let desk = synapse.register("support").unwrap();
    let visitor = synapse.register("web-1").unwrap();
    let id = visitor.create_room(&[&desk.user_id], &json!([])).unwrap();
    desk.call("POST", &format!("/join/{id}"), &json!({}))
        .unwrap();
    Some(Arc::new(Room {
        front: Front::start(synapse).await.unwrap(),
        desk,
        visitor,
        id,
        made: AtomicUsize::new(0),
        reaction: Mutex::default(),
        _folder: folder,
    }))
}

impl Room {
    fn txn(&self) -> String {
        format!("c{}", self.made.fetch_add(1, Ordering::SeqCst))
    }

    fn sends(&self, kind: &str, content: &Value) -> String {
        let visitor = &self.visitor;
        visitor.send(&self.id, kind, &self.txn(), content).unwrap()
    }

    fn desks(&self) -> Vec<Value> {
        let all = self.visitor.events(&self.id).unwrap();
        let ours = |e: &Value| e["type"] == "m.room.message" && e["sender"] == self.desk.user_id;
        all.into_iter().filter(ours).collect()
    }
}

#[async_trait]
impl Subject for Room {
    fn name(&self) -> &'static str {
        "webchat"
    }

    fn account(&self) -> (AccountConfig, SecretString) {
        let config = MatrixConfig {
            homeserver: self.front.url(),
            user_id: self.desk.user_id.clone(),
            name: "Lamp Shop".into(),
            sign_in: MatrixSignIn::Token,
            registration_token: String::new(),
        };
        let token = self.desk.access_token.clone();
        (AccountConfig::Webchat(config), token.into())
    }

    fn customer(&self) -> String {
        self.visitor.user_id.clone()
    }

    fn more_than_a_page(&self) -> usize {
        61
    }

    async fn writes(&self, text: &str) -> String {
        self.sends(
            "m.room.message",
            &json!({ "msgtype": "m.text", "body": text }),
        )
    }

    async fn does(&self, act: Act<'_>) -> bool {
        match act {
            Act::Edit { of, text } => {
                let new = json!({ "msgtype": "m.text", "body": text });
                let relation = json!({ "rel_type": "m.replace", "event_id": of });
                self.sends("m.room.message", &json!({ "msgtype": "m.text", "body": text, "m.new_content": new, "m.relates_to": relation }));
            }
            Act::Unsend { of } => {
                self.visitor.redact(&self.id, of, &self.txn()).unwrap();
            }
            Act::React {
                of,
                emoji: Some(emoji),
            } => {
                let relation = json!({ "rel_type": "m.annotation", "event_id": of, "key": emoji });
                let id = self.sends("m.reaction", &json!({ "m.relates_to": relation }));
                *self.reaction.lock().unwrap() = id;
            }
            Act::React { emoji: None, .. } => {
                let id = self.reaction.lock().unwrap().clone();
                self.visitor.redact(&self.id, &id, &self.txn()).unwrap();
            }
            Act::File { name, bytes } => {
                let url = self.visitor.upload("image/png", bytes).unwrap();
                self.sends("m.room.message", &json!({ "msgtype": "m.image", "body": name, "url": url, "info": { "mimetype": "image/png", "size": bytes.len() } }));
            }
            Act::Unknown => {
                self.sends("org.future.hologram", &json!({ "depth": 3 }));
            }
            // What a homeserver passes on is an event, whatever stands in it; and nobody says to it that they want no
            // more messages.
            Act::Poison | Act::Refuse => return false,
        }
        true
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        if matches!(trouble, Trouble::Doubled | Trouble::Shuffled) {
            return false;
        }
        let gone = json!({ "errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token" });
        let expired = Fault::answer(401, gone);
        subject::http(self.front.world(), READ, SEND, &expired, trouble);
        true
    }

    async fn mends(&self) {
        self.front.world().faults.clear();
    }

    async fn took(&self) -> Vec<String> {
        let all = self.desks();
        let texts = all.iter().filter(|e| e["content"]["msgtype"] == "m.text");
        texts
            .filter_map(|e| e["content"]["body"].as_str().map(String::from))
            .collect()
    }

    async fn took_files(&self) -> usize {
        let all = self.desks();
        let files = all.iter().filter(|e| e["content"]["url"].is_string());
        files.count()
    }

    fn lists_own(&self) -> bool {
        true
    }

    fn calls(&self) -> Option<usize> {
        Some(self.front.world().calls.count("", ""))
    }
}
