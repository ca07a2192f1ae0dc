//! The sidebar and the lists of conversations.

use super::{Agent, SavedView};
use crate::model::{AccountId, AccountState, Channel, CustomerId, Direction};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// A view of the sidebar.
    pub enum View {
        /// Everything open and not snoozed.
        Inbox,
        /// Open and assigned to me.
        Mine,
        /// Open and assigned to nobody.
        Unassigned,
        /// Open with a customer waiting for an answer.
        Waiting,
        /// Asleep until an hour.
        Snoozed,
        /// Done.
        Resolved,
        /// Machine mail and junk only: nobody waits.
        Automatic,
        /// A send that failed or is uncertain.
        Problems,
        /// Every conversation.
        All,
    }
    /// The order of a list.
    pub enum Sort {
        /// Latest activity first.
        Newest,
        /// Longest wait first.
        LongestWait,
        /// Latest activity last: what has lain longest comes first.
        Oldest,
        /// What wakes up first.
        WakesNext,
    }
    /// Where a conversation stands.
    pub enum Status {
        /// Somebody has to do something.
        Open,
        /// Asleep.
        Snoozed,
        /// Done.
        Resolved,
    }
}

dto! {
    /// A number beside a view.
    pub struct ViewCount {
        /// The view.
        pub view: View,
        /// Conversations in it.
        pub count: u32,
    }
    /// A number beside a stage or tag.
    pub struct NamedCount {
        /// Stage key or tag.
        pub key: String,
        /// Open conversations with it.
        pub count: u32,
    }
    /// What the sidebar shows.
    pub struct Sidebar {
        /// The views with their counts.
        pub views: Vec<ViewCount>,
        /// Stages with open conversations.
        pub stages: Vec<NamedCount>,
        /// Tags with open conversations, most used first.
        pub tags: Vec<NamedCount>,
        /// Saved searches.
        pub saved: Vec<SavedView>,
        /// The accounts.
        pub accounts: Vec<AccountLight>,
        /// The person at this desktop.
        pub me: Agent,
    }
    /// An account in the sidebar.
    pub struct AccountLight {
        /// Id.
        pub id: AccountId,
        /// Channel.
        pub channel: Channel,
        /// Address.
        pub address: String,
        /// State.
        pub state: AccountState,
        /// The state in words.
        pub says: String,
        /// Older messages: read so far and expected, while they are being read.
        #[ts(type = "[number, number] | null")]
        pub progress: Option<(u64, u64)>,
        /// Whether older messages are read; else that rests.
        pub history: bool,
    }
    /// Ids of a view.
    pub struct IdPage {
        /// Conversations in order.
        pub ids: Vec<CustomerId>,
        /// Give this as `after` for the rest; `None` = all there is.
        pub next: Option<String>,
    }
    /// What one row of the list shows.
    pub struct ConversationRow {
        /// Conversation (its shown root).
        pub id: CustomerId,
        /// The customer's name, else the address.
        pub name: String,
        /// The customer's chief address.
        pub address: String,
        /// Channel of the last message.
        pub channel: Channel,
        /// Where it stands.
        pub status: Status,
        /// Unread inbound messages.
        pub unread: u32,
        /// Since when the customer waits.
        #[ts(type = "number | null")]
        pub wait_since: Option<i64>,
        /// Last activity.
        #[ts(type = "number")]
        pub last_at: i64,
        /// Which way the last message went.
        pub last_direction: Direction,
        /// Subject of the last message.
        pub subject: Option<String>,
        /// One line of the last message.
        pub snippet: String,
        /// What the last message is where it has no words: a card's kind, `picture`, `video`, `voice`, `file` or `unsent`.
        pub brief: Option<String>,
        /// Stage key.
        pub stage: Option<String>,
        /// Tags, sorted.
        pub tags: Vec<String>,
        /// Assignee.
        pub assignee: Option<Agent>,
        /// Asleep until.
        #[ts(type = "number | null")]
        pub snoozed_until: Option<i64>,
        /// Whether I have a draft here.
        pub draft: bool,
        /// Whether a send failed or is uncertain.
        pub problem: bool,
        /// Whether only machines ever wrote.
        pub automatic: bool,
        /// All messages.
        pub messages: u32,
    }
}
