//! What is sent, and the states of a send (`model.md`, Sending).

use super::letter::History;
use super::{FileId, MessageId, Party, RemoteId, TemplateUse};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a send stands. `held → queued → sending → sent | failed | uncertain`, `cancelled` from held or queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// Waits for its undo time to pass.
    Held,
    /// Waits for the account.
    Queued,
    /// An attempt is recorded and under way.
    Sending,
    /// The provider refused, finally.
    Failed,
    /// It may have gone out; a person is asked unless the provider's copy turns up.
    Uncertain,
    /// Taken back before it went.
    Cancelled,
    /// The provider accepted it.
    Sent,
}

impl OutboxState {
    /// All states in their rank within one attempt.
    pub const ALL: [Self; 7] = [
        Self::Held,
        Self::Queued,
        Self::Sending,
        Self::Failed,
        Self::Uncertain,
        Self::Cancelled,
        Self::Sent,
    ];

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Cancelled => "cancelled",
            Self::Sent => "sent",
        }
    }

    /// From the word in the database.
    #[must_use]
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|x| x.as_str() == s)
    }

    /// Whether a person or a server still has to decide it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Held | Self::Queued | Self::Sending)
    }
}

/// A file to send along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingFile {
    /// The staged file.
    pub id: FileId,
    /// Name as the customer sees it.
    pub name: String,
    /// Media type, e.g. `image/png`.
    pub mime: String,
    /// Shown inside the text rather than listed: pictures only.
    pub inline: bool,
    /// Content.
    pub bytes: Vec<u8>,
}

/// A message ready for a connector.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Stable across retries: the outbox id.
    pub key: MessageId,
    /// Our address and name.
    pub from: Party,
    /// The recipients.
    pub to: Vec<Party>,
    /// Visible copies.
    pub cc: Vec<Party>,
    /// Hidden copies: nobody else learns of them.
    pub bcc: Vec<Party>,
    /// Subject, where the channel has one.
    pub subject: Option<String>,
    /// The text as it was typed.
    pub text: String,
    /// The same with its formatting, where it has some.
    pub html: Option<String>,
    /// The signature below it; empty = none.
    pub signature: String,
    /// What it answers or passes on, below both.
    pub history: Option<History>,
    /// Files.
    pub files: Vec<OutgoingFile>,
    /// What its connector needs to answer this person, as the person's last message here said: a room, a chat.
    pub route: Option<String>,
    /// When this person last wrote to the account, where that is known.
    pub customer_wrote: Option<Millis>,
    /// An approved text in the place of this one.
    pub template: Option<TemplateUse>,
    /// Our own Message-ID without angle brackets, fixed before the first try.
    pub message_id: String,
    /// The Message-ID that is answered, without angle brackets.
    pub in_reply_to: Option<String>,
    /// Message-IDs of the thread, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// When this attempt is made (the mail's Date).
    pub date: Millis,
}

/// The provider's word that it took a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The provider's id of the message, if it gives one.
    pub remote_id: Option<RemoteId>,
    /// What the provider said, for the record.
    pub note: String,
    /// The largest message that the provider takes, in bytes, where it said so.
    pub max_message: Option<u64>,
    /// Whether a copy must still be filed in Sent.
    pub needs_filing: bool,
}
