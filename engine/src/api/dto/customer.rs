//! What is known of a customer.

use super::{ConversationRow, EpisodeItem, NoteItem, TouchItem};
use crate::model::{Channel, CustomerId, HandleId, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// A customer's handle.
    pub struct HandleItem {
        /// Id.
        pub id: HandleId,
        /// Channel.
        pub channel: Channel,
        /// Canonical value.
        pub value: String,
        /// The name that came with it.
        pub name: Option<String>,
        /// A person said that this sender is not a customer.
        pub not_customer: bool,
        /// First contact by it.
        #[ts(type = "number | null")]
        pub first_seen: Option<i64>,
        /// Last message from it.
        #[ts(type = "number | null")]
        pub last_in: Option<i64>,
        /// When the name came with it.
        #[ts(type = "number | null")]
        pub name_at: Option<i64>,
        /// A user name.
        pub username: Option<String>,
        /// A mail address that they gave there; nobody vouches for it.
        pub email: Option<String>,
        /// They want no more messages there.
        pub opted_out: bool,
    }
    /// Where the shown name comes from, if not from the address alone.
    pub struct NameSource {
        /// The colleague who gave it; null = it came with a message.
        pub agent: Option<String>,
        /// The handle it came with.
        pub handle: Option<String>,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
    }
    /// One step in a lead's history.
    pub struct StageChange {
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// Who.
        pub agent: Option<String>,
        /// Stage key before.
        pub from: Option<String>,
        /// Stage key after.
        pub to: Option<String>,
        /// The message that was on screen.
        pub evidence: Option<MessageId>,
    }
    /// The customer panel.
    pub struct CustomerPanel {
        /// The list's row, for name, stage, tags, assignee, status.
        pub row: ConversationRow,
        /// Handles.
        pub handles: Vec<HandleItem>,
        /// Last message from the customer.
        #[ts(type = "number | null")]
        pub last_in: Option<i64>,
        /// Last message to the customer.
        #[ts(type = "number | null")]
        pub last_out: Option<i64>,
        /// The lead's history, newest first.
        pub stage_history: Vec<StageChange>,
        /// Episodes, newest first, at most 50.
        pub episodes: Vec<EpisodeItem>,
        /// Customers that were linked into this one.
        pub linked: Vec<LinkItem>,
        /// First contact.
        #[ts(type = "number | null")]
        pub since: Option<i64>,
        /// Where the name comes from.
        pub named: Option<NameSource>,
        /// Notes, newest first, at most 20.
        pub notes: Vec<NoteItem>,
        /// How they came here, oldest first.
        pub touches: Vec<TouchItem>,
    }
    /// A customer linked into another.
    pub struct LinkItem {
        /// The original customer.
        pub id: CustomerId,
        /// Its name.
        pub name: String,
        /// Who linked it; null = a rule.
        pub agent: Option<String>,
        /// When it was linked.
        #[ts(type = "number | null")]
        pub at: Option<i64>,
    }
    /// Text with the found stretches, in UTF-16 units.
    pub struct Marked {
        /// Text.
        pub text: String,
        /// `[start, end)` pairs.
        pub marks: Vec<(u32, u32)>,
    }
}
