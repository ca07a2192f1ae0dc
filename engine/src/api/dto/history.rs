//! What I did lately, for taking it back.

use crate::model::{CustomerId, GroupId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// One action of mine on this computer.
    pub struct UndoItem {
        /// Give this to `undo_one` or `redo`.
        #[ts(type = "string")]
        pub group: GroupId,
        /// The command.
        pub command: String,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// The conversation, where it is about one.
        pub conversation: Option<CustomerId>,
        /// The customer's name there.
        pub name: Option<String>,
        /// How many conversations it is about.
        pub conversations: u32,
        /// What was set: a stage's key, a tag, an agent's name, a customer's name, the text of a note.
        pub value: Option<String>,
        /// The instant that was set: until when it sleeps.
        #[ts(type = "number | null")]
        pub until: Option<i64>,
        /// Something was put on or set; else it was taken off.
        pub on: bool,
        /// It was taken back.
        pub undone: bool,
        /// It can be done again when it was taken back.
        pub redo: bool,
    }
}
