//! Arguments about finding one's way within one conversation.

use crate::model::{CustomerId, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// The first message at or after an instant, else the last before it.
    pub struct MessageAt { /** Conversation. */ pub conversation: CustomerId, /** Instant. */ #[ts(type = "number")] pub at: i64 }
    /// On which days anything was written.
    pub struct MessageDays { /** Conversation. */ pub conversation: CustomerId, /** Where each day begins, ascending, and where the last one ends; at most 63. */ #[ts(type = "number[]")] pub bounds: Vec<i64> }
    /// The files of a conversation, newest first.
    pub struct ConversationFiles { /** Conversation. */ pub conversation: CustomerId, /** Where the page before ended. */ #[serde(default)] pub before: Option<String>, /** At least so many, if there are (200 at most). */ pub limit: u32 }
    /// Messages of a conversation that match.
    pub struct FindWithin { /** Conversation. */ pub conversation: CustomerId, /** Words. */ pub query: String, /** Where the page before ended. */ #[serde(default)] pub before: Option<String>, /** At most (1,000). */ pub limit: u32 }
    /// This message and every later one of the customer are unread.
    pub struct MarkUnreadFrom { /** Message. */ pub message: MessageId }
}
