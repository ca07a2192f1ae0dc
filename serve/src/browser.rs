//! What the desktop shell does for the engine, as far as a browser can: no dialogs, and nothing is opened.

use async_trait::async_trait;
use parley_engine::api::Host;
use std::path::{Path, PathBuf};

/// A desktop without dialogs. Files are saved below the workspace; questions are answered with yes.
pub struct Browser {
    saved: PathBuf,
}

impl Browser {
    /// For the workspace in `dir`.
    pub fn new(dir: &Path) -> Self {
        Self {
            saved: dir.join("saved"),
        }
    }
}

#[async_trait]
impl Host for Browser {
    async fn pick_files(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    async fn save_file(&self, suggested: &str) -> Option<PathBuf> {
        // A name, never a path: what is suggested may come from a stranger.
        let name = Path::new(suggested).file_name()?;
        tokio::fs::create_dir_all(&self.saved).await.ok()?;
        Some(self.saved.join(name))
    }

    async fn open_url(&self, url: &str) -> Result<(), String> {
        eprintln!("parley-serve: would open {url}");
        Ok(())
    }

    async fn confirm(&self, question: &str, yes: &str) -> bool {
        eprintln!("parley-serve: answers {yes:?} to {question:?}");
        true
    }
}
