//! What the shell needs of the engine. The shell's parts are written against this, so that each can be tested
//! with an engine of a few lines.

use crate::host::Desktop;
use crate::place::Place;
use async_trait::async_trait;
use parley_engine::api::dto::{Change, ErrorBody, Notice};
use parley_engine::api::{App, AppOptions};
use parley_engine::time::SystemClock;
use parley_keychain::Keychain;
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;
use tauri::AppHandle;
use tokio::sync::broadcast;

/// The engine as the shell sees it.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Runs a command of the engine's table.
    async fn call(&self, name: &str, args: Value) -> Result<Value, ErrorBody>;
    /// What changed, after it was committed.
    fn changes(&self) -> broadcast::Receiver<Change>;
    /// New messages of customers.
    fn notices(&self) -> broadcast::Receiver<Notice>;
    /// The picture at a checked path of `part:` (see [`crate::parts`]) with its media type.
    async fn part(&self, path: &str) -> Option<(String, Vec<u8>)>;
    /// The computer woke up, or has a network again.
    fn rouse(&self);
    /// Closes connections and the database.
    async fn stop(&self);
}

/// The engine as the shell holds it.
pub type Handle = Arc<dyn Engine>;

/// The engine at work.
struct Running(Arc<App>);

/// Starts the engine behind the window. It opens nothing before the page asks how the workspace is.
pub fn start(app: &AppHandle, place: &Place, passphrase: Option<SecretString>) -> Handle {
    let session = App::new(AppOptions {
        data_dir: place.data_dir.clone(),
        secrets: Arc::new(Keychain::new()),
        clock: Arc::new(SystemClock),
        host: Arc::new(Desktop::new(app.clone())),
        passphrase,
    });
    session.go_online();
    Arc::new(Running(session))
}

#[async_trait]
impl Engine for Running {
    async fn call(&self, name: &str, args: Value) -> Result<Value, ErrorBody> {
        self.0.call(name, args).await
    }
    fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes()
    }
    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.0.notices()
    }
    async fn part(&self, path: &str) -> Option<(String, Vec<u8>)> {
        self.0.part(path).await
    }
    fn rouse(&self) {
        self.0.rouse();
    }
    async fn stop(&self) {
        self.0.stop().await;
    }
}
