//! Waiting for news.

use super::Reader;
use super::answer::Answer;
use crate::connectors::Result;
use std::ops::ControlFlow;
use std::time::Duration;

impl Reader {
    /// Returns once the inbox has changed or the time is over. `known` is its next number as last polled.
    pub(in crate::connectors::email) async fn idle(
        &mut self,
        known: u32,
        limit: Duration,
    ) -> Result<()> {
        let inbox = self
            .folders
            .first()
            .map_or_else(|| "INBOX".to_owned(), |f| f.name.clone());
        let opened = self
            .examine(&inbox, None)
            .await
            .map_err(|f| self.folder_error(&inbox, f))?;
        if known > 0 && opened.uidnext > known {
            return Ok(());
        }
        let waited = self
            .talk
            .idle(limit, &mut |a| match a {
                Answer::Exists(_) | Answer::Expunge | Answer::Vanished(..) | Answer::Fetch(_) => {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            })
            .await;
        // The folder's numbers may have changed while it was open.
        self.open = None;
        waited.map_err(|f| self.error("folder", f))
    }
}
