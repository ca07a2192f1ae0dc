//! Replies about grouped lists and acts on many conversations.

use crate::model::{AgentId, Channel, CustomerId, GroupId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// What a list is grouped by.
    pub enum Parting {
        /// The customer's stage.
        Stage,
        /// Who it is assigned to.
        Assignee,
        /// The channel of the last message.
        Channel,
        /// When something last happened.
        Day,
    }
}

/// One group of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Section {
    /// Customers in a stage, or in none.
    Stage {
        /// Stage key.
        key: Option<String>,
    },
    /// Conversations of an agent, or of nobody.
    Assignee {
        /// Agent.
        agent: Option<AgentId>,
    },
    /// Conversations whose last message came by a channel.
    Channel {
        /// Channel.
        channel: Channel,
    },
    /// Conversations in which something last happened within a span.
    Day {
        /// From this instant; without: from the beginning.
        #[ts(type = "number | null")]
        from: Option<i64>,
        /// To before this instant; without: to the end.
        #[ts(type = "number | null")]
        to: Option<i64>,
    },
}

/// What is done to many conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum BulkAct {
    /// Resolve what is open.
    Resolve,
    /// Open again what is resolved.
    Reopen,
    /// Put aside, or wake up.
    Snooze {
        /// Until when; without: wake up.
        #[ts(type = "number | null")]
        until: Option<i64>,
    },
    /// Assign.
    Assign {
        /// To whom; without: to nobody.
        agent: Option<AgentId>,
    },
    /// Put a tag on or take it off.
    Tag {
        /// Tag.
        tag: String,
        /// On or off.
        on: bool,
    },
    /// Set or take off the stage.
    Stage {
        /// Stage key.
        stage: Option<String>,
    },
    /// End the waits without a reply.
    NoReply,
    /// Mark read or unread. Read marks are no action: `undo` does not take them back, their opposite does.
    Read {
        /// Read or unread.
        read: bool,
    },
}

dto! {
    /// How many conversations a group has.
    pub struct SectionCount {
        /// The group.
        pub section: Section,
        /// Conversations.
        pub count: u32,
    }
    /// What an act on many did.
    pub struct BulkDone {
        /// Give this to the next call that belongs to the same act, and one `undo` takes all of it back.
        #[ts(type = "string")]
        pub group: GroupId,
        /// The conversations that are different now. The others already were so, allow it not, or are gone.
        pub changed: Vec<CustomerId>,
        /// Whether `z` takes it back.
        pub undo: bool,
    }
}
