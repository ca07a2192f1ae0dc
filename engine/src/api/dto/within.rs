//! What is found within one conversation.

use super::FileItem;
use crate::model::{Direction, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// A message, if there is one.
    pub struct MessagePlace {
        /// The message.
        pub message: Option<MessageId>,
    }
    /// On which days anything was written.
    pub struct WrittenDays {
        /// Day by day.
        pub written: Vec<bool>,
    }
    /// A file with the message it came by.
    pub struct FileInConversation {
        /// The file.
        pub file: FileItem,
        /// Its message.
        pub message: MessageId,
        /// When that was sent.
        #[ts(type = "number")]
        pub at: i64,
        /// Which way it went.
        pub direction: Direction,
    }
    /// Files of a conversation, newest message first.
    pub struct FilesPage {
        /// The files.
        pub files: Vec<FileInConversation>,
        /// Give as `before` for more; null = that was all.
        pub next: Option<String>,
    }
    /// A message that matches.
    pub struct FoundMessage {
        /// Message.
        pub message: MessageId,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
    }
    /// Messages that match, newest first.
    pub struct FoundWithin {
        /// The messages.
        pub found: Vec<FoundMessage>,
        /// Give as `before` for more; null = that was all.
        pub next: Option<String>,
    }
}
