//! Linking two customers by hand, and cutting the link.

use crate::model::{Channel, CustomerId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::TimelineItem;

dto! {
    /// A customer that may be the same person as another.
    pub struct CustomerFound {
        /// Its shown root.
        pub id: CustomerId,
        /// Name.
        pub name: String,
        /// By what it is found: its chief address, or the one that was asked for.
        pub address: String,
        /// The user name of that address, where it has one.
        pub username: Option<String>,
        /// The channel of that address.
        pub channel: Channel,
        /// Last activity.
        #[ts(type = "number")]
        pub last_at: i64,
        /// Why it may be the same.
        pub why: FoundWhy,
    }
    /// What cutting a link would do.
    pub struct UnlinkPreview {
        /// The originals that go: the one asked for, and those that hang on it alone.
        pub split: Vec<CustomerId>,
        /// Their addresses.
        pub addresses: Vec<String>,
        /// Since when the two sides are one.
        #[ts(type = "number | null")]
        pub since: Option<i64>,
        /// What was written and decided while they were one, and stays with the others; oldest first.
        pub stays: Vec<TimelineItem>,
        /// There is more than is listed.
        pub more: bool,
    }
}

/// Why a customer is proposed to be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FoundWhy {
    /// One gave the other's address.
    Given,
    /// They have the same name.
    Name,
    /// It fits what was asked for.
    Asked,
    /// It was active lately.
    Lately,
}
