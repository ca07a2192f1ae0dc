//! What a search found.

use super::Marked;
use crate::model::{Channel, CustomerId, Direction, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// One found message.
    pub struct Hit {
        /// Conversation.
        pub conversation: CustomerId,
        /// Message.
        pub message: MessageId,
        /// Customer's name.
        pub name: String,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// Channel.
        pub channel: Channel,
        /// Which way.
        pub direction: Direction,
        /// Subject.
        pub subject: Option<Marked>,
        /// The stretch of text around the first hit.
        pub snippet: Marked,
    }
    /// Search results, newest first.
    pub struct SearchPage {
        /// Hits.
        pub hits: Vec<Hit>,
        /// Give as `before` for more.
        pub next: Option<String>,
        /// Words of the query that were not understood, in words.
        pub warnings: Vec<String>,
    }
}
