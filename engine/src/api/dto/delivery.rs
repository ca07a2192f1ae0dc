//! What became of a message after it was sent.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A recipient whom a message of ours did not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct DeliveryProblem {
    /// The address.
    pub recipient: String,
    /// The address itself is no good: another try would fail as well.
    pub hard: bool,
    /// It is still being tried.
    pub delayed: bool,
    /// Why, as a key: `user_unknown`, `mailbox_full`, …
    pub reason: String,
    /// Why, in words.
    pub words: String,
    /// What the server said.
    pub diagnostic: String,
    /// When the server said so.
    #[ts(type = "number")]
    pub at: i64,
}
