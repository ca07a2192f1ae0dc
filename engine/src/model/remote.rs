//! What a provider keeps besides messages: folders, and marks by which a message is known without its bytes.

use super::RemoteId;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;

/// What a folder at a provider is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum FolderUse {
    /// Where mail arrives.
    Inbox,
    /// What was sent.
    Sent,
    /// What the provider takes for junk.
    Junk,
    /// Put away.
    Archive,
    /// Not yet sent.
    Drafts,
    /// Deleted.
    Trash,
    /// Everything there is.
    All,
    /// Anything else.
    Other,
}

/// A folder at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFolder {
    /// As the provider names it; this is what settings hold.
    pub name: String,
    /// As people read it.
    pub title: String,
    /// What it is for.
    pub purpose: FolderUse,
    /// How many messages it holds, where the provider says so.
    pub messages: Option<u32>,
    /// Whether it is read with the present settings.
    pub read: bool,
}

/// What a mail is known by without its bytes: enough to tell that a mail under a new number is one that is here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Message-ID without angle brackets.
    pub message_id: String,
    /// Size in bytes.
    pub size: u64,
    /// When it arrived at the provider.
    pub at: Millis,
}

impl Mark {
    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(self.message_id.as_bytes());
        hash.update([0]);
        hash.update(self.size.to_be_bytes());
        hash.update(self.at.to_be_bytes());
        let mut out = [0; 16];
        out.iter_mut()
            .zip(hash.finalize())
            .for_each(|(to, from)| *to = from);
        out
    }
}

/// A read mark that a person changed and the provider shall know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMark {
    /// The message at the provider.
    pub remote_id: RemoteId,
    /// Read or not.
    pub seen: bool,
}
