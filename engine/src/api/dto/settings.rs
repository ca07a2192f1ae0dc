//! Settings, accounts, and the check of the workspace.

use super::{NamedCount, NoticeSettings};
use crate::model::{
    AccountConfig, AccountId, AccountState, Capabilities, Gap, Standing, stage::Stage,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

dto! {
    /// Settings of this desktop and workspace.
    pub struct Settings {
        /// Seconds a send is held for undo.
        pub hold_seconds: u32,
        /// Days in which a message continues a resolved episode.
        pub reopen_days: u32,
        /// `system`, `light` or `dark`.
        pub theme: String,
        /// Show notifications.
        pub notify: bool,
        /// Show a message's text in notifications.
        pub notify_text: bool,
        /// Keep polling when the window is closed.
        pub close_to_tray: bool,
        /// The stages.
        pub stages: Vec<Stage>,
        /// My name.
        pub my_name: String,
        /// Seconds a wait may last before it is shown in red; amber at 75 %.
        pub wait_target: u32,
        /// What notifications tell, and when.
        pub notices: NoticeSettings,
        /// The keys that differ from the usual ones: an action's name, and its keys as the window writes them.
        #[ts(type = "Record<string, Array<string>>")]
        pub keys: BTreeMap<String, Vec<String>>,
        /// The latest searches, newest first.
        pub searches: Vec<String>,
        /// How large everything is shown, in percent.
        pub zoom: u32,
    }
    /// An account as the settings show it.
    pub struct AccountItem {
        /// Id.
        pub id: AccountId,
        /// How it is reached.
        pub config: AccountConfig,
        /// State.
        pub state: AccountState,
        /// The state in words, with what to do.
        pub says: String,
        /// Last successful poll.
        #[ts(type = "number | null")]
        pub last_success: Option<i64>,
        /// Next poll or try.
        #[ts(type = "number | null")]
        pub next_try: Option<i64>,
        /// First sync: messages done and expected.
        #[ts(type = "[number, number] | null")]
        pub progress: Option<(u64, u64)>,
        /// Whether older messages are read; else that rests.
        pub history: bool,
        /// The cursor, for support.
        pub cursor: Option<String>,
        /// Holes.
        pub gaps: Vec<Gap>,
        /// Since when messages count for waits.
        #[ts(type = "number")]
        pub live_from: i64,
        /// What it can do.
        pub capabilities: Capabilities,
        /// Its token, its allowance, what a person should know.
        pub standing: Standing,
        /// Messages that were not understood in whole; a later version reads them again.
        pub quarantined: u32,
        /// Messages stored.
        pub messages: u32,
        /// The provider refuses the secret: only a new one helps.
        pub refused: bool,
    }
    /// One broken invariant.
    pub struct Finding {
        /// I1 … I5 (`docs/security.md`).
        pub invariant: String,
        /// What is wrong, with ids.
        pub what: String,
    }
    /// The invariants.
    pub struct CheckReport {
        /// Nothing was found.
        pub ok: bool,
        /// What was found.
        pub findings: Vec<Finding>,
        /// How many things were looked at, by name.
        pub counted: Vec<NamedCount>,
    }
}
