//! Lead stages. They are data: this is the set a new workspace starts with.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One stage of a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Stage {
    /// Never changes; stands in the log.
    pub key: String,
    /// What people read.
    pub name: String,
    /// The digit after `q`.
    pub digit: u8,
    /// Reached by a lead that counts as qualified.
    pub qualified: bool,
    /// Nothing more is expected after it.
    pub closed: bool,
    /// The look of its chip: `neutral`, `blue`, `violet`, `green`, `red`, `grey`.
    pub tone: String,
}

/// New, Engaged, Qualified, Won, Lost, Not a lead.
#[must_use]
pub fn default_stages() -> Vec<Stage> {
    let row = |key: &str, name: &str, digit, qualified, closed, tone: &str| Stage {
        key: key.into(),
        name: name.into(),
        digit,
        qualified,
        closed,
        tone: tone.into(),
    };
    vec![
        row("new", "New", 1, false, false, "neutral"),
        row("engaged", "Engaged", 2, false, false, "blue"),
        row("qualified", "Qualified", 3, true, false, "violet"),
        row("won", "Won", 4, true, true, "green"),
        row("lost", "Lost", 5, false, true, "red"),
        row("not_a_lead", "Not a lead", 6, false, true, "grey"),
    ]
}
