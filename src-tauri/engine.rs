//! What the shell needs of the engine. The shell's parts are written against this, so that each can be tested
//! with an engine of a few lines.

use async_trait::async_trait;
use parley_engine::api::dto::{Change, ErrorBody, Notice};
use serde_json::Value;
use std::sync::Arc;
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
    /// Closes connections and the database.
    async fn stop(&self);
}

/// The engine as the shell holds it.
pub type Handle = Arc<dyn Engine>;

/// What only a window can do; the engine asks for it.
#[async_trait]
pub trait Host: Send + Sync {
    /// Lets the person choose files.
    async fn pick_files(&self) -> Vec<std::path::PathBuf>;
    /// Lets the person choose where to save a file.
    async fn save_file(&self, suggested: &str) -> Option<std::path::PathBuf>;
    /// Opens a link after asking the person.
    async fn open_url(&self, url: &str) -> Result<(), String>;
}
