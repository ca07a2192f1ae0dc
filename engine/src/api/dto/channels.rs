//! What channels have beside text: how a person is reached, what became of a message, how people came here.

use crate::model::{AccountConfig, AccountId, Channel, Touch};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// An account by which a person can be reached, and until when.
    pub struct Reach {
        /// Account.
        pub account: AccountId,
        /// Until when one may answer, also where that is over; `None` = always, or not yet.
        #[ts(type = "number | null")]
        pub until: Option<i64>,
        /// One may not write now: the window is over, or they never wrote. Approved texts may still go.
        pub closed: bool,
        /// They want no more messages from it.
        pub opted_out: bool,
    }
    /// A reaction to a message.
    pub struct ReactionItem {
        /// Who; empty where nobody is known by that address.
        pub name: String,
        /// It is ours.
        pub ours: bool,
        /// With what.
        pub emoji: String,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
    }
    /// What a message said before a change.
    pub struct Edition {
        /// Until when.
        #[ts(type = "number")]
        pub until: i64,
        /// Text.
        pub text: String,
    }
    /// How somebody came here.
    pub struct TouchItem {
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// By which channel.
        pub channel: Channel,
        /// How.
        pub touch: Touch,
    }
    /// An account that a secret is for.
    pub struct FoundAccount {
        /// Its settings, to be connected with.
        pub config: AccountConfig,
        /// What to call it.
        pub label: String,
        /// What a person should know before connecting it.
        pub notes: Vec<String>,
    }
}
