//! Keeps the shell's walls standing until the engine's front door is there: every command is refused in words.

use crate::engine::{Engine, Handle, Host};
use crate::{host, place};
use async_trait::async_trait;
use parley_engine::api::dto::{Change, ErrorBody, Notice};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tauri::AppHandle;
use tokio::sync::broadcast;

struct Absent {
    data_dir: PathBuf,
    changes: broadcast::Sender<Change>,
    notices: broadcast::Sender<Notice>,
    _host: Arc<dyn Host>,
}

/// An engine that opens nothing.
pub fn start(
    app: &AppHandle,
    place: &place::Place,
    _passphrase: Option<secrecy::SecretString>,
) -> Handle {
    let host = Arc::new(host::Desktop::new(app.clone()));
    Arc::new(Absent {
        data_dir: place.data_dir.clone(),
        changes: broadcast::channel(1).0,
        notices: broadcast::channel(1).0,
        _host: host,
    })
}

#[async_trait]
impl Engine for Absent {
    async fn call(&self, name: &str, _args: Value) -> Result<Value, ErrorBody> {
        let message = "this build has no engine";
        if name == "session_status" {
            return Ok(
                json!({ "state": "failed", "keyring": false, "message": message, "data_dir": self.data_dir, "version": env!("CARGO_PKG_VERSION") }),
            );
        }
        Err(ErrorBody {
            code: "internal".into(),
            message: message.into(),
        })
    }
    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }
    async fn part(&self, _path: &str) -> Option<(String, Vec<u8>)> {
        None
    }
    async fn stop(&self) {}
}
