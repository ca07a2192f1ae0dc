//! The copy of a sent mail: looked for, and filed where the server does not do it.

use super::fault::Outcome;
use super::talk::quote;
use super::{Edges, Reader, folders, remote_id};
use crate::connectors::Result;
use crate::model::RemoteId;

impl Reader {
    /// Looks for a mail in Sent by its Message-ID.
    pub(in crate::connectors::email) async fn find_sent(
        &mut self,
        message_id: &str,
    ) -> Result<Option<RemoteId>> {
        let Some(sent) = folders::sent(&self.listed) else {
            return Ok(None);
        };
        self.find(&sent, message_id)
            .await
            .map_err(|f| self.folder_error(&sent, f))
    }

    async fn find(&mut self, folder: &str, message_id: &str) -> Outcome<Option<RemoteId>> {
        if message_id.is_empty() || !message_id.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(None);
        }
        let opened = self.examine(folder, None).await?;
        let id = quote(&format!("<{message_id}>"));
        let found = self.search(&format!("HEADER Message-ID {id}")).await?;
        let edges = Edges::fresh(opened.uidvalidity, 0, 0);
        Ok(found
            .last()
            .map(|uid| remote_id(folder, &edges, *uid, None)))
    }

    /// Files a copy in Sent unless one is there.
    pub(in crate::connectors::email) async fn file_sent(
        &mut self,
        message_id: &str,
        raw: &[u8],
    ) -> Result<Option<RemoteId>> {
        let sent = match folders::sent(&self.listed) {
            Some(sent) => sent,
            None => self.create_sent().await?,
        };
        let filed = self.file(&sent, message_id, raw).await;
        filed.map_err(|f| self.folder_error(&sent, f))
    }

    async fn file(
        &mut self,
        sent: &str,
        message_id: &str,
        raw: &[u8],
    ) -> Outcome<Option<RemoteId>> {
        if let Some(there) = self.find(sent, message_id).await? {
            return Ok(Some(there));
        }
        self.append(sent, raw).await?;
        self.find(sent, message_id).await
    }

    async fn create_sent(&mut self) -> Result<String> {
        let name = folders::sent_to_make(&self.listed);
        self.ask(&format!("CREATE {}", quote(&name)), 0, |_| {})
            .await
            .map_err(|f| self.folder_error(&name, f))?;
        self.listed.push(folders::Listed::sent(&name));
        self.relist = true;
        Ok(name)
    }

    async fn append(&mut self, folder: &str, raw: &[u8]) -> Outcome<()> {
        let command = format!("APPEND {} (\\Seen) {{{}}}", quote(folder), raw.len());
        let mut body = Some([raw, b"\r\n"].concat());
        let mut more = |_: &str| body.take().unwrap_or_default();
        self.talk
            .converse(&command, raw.len() as u64, &mut more, &mut |_| {})
            .await
            .map(|_| ())
    }
}
