use crate::model::GroupId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// My latest actions on this computer, newest first.
    pub struct UndoHistory {
        /// At most so many (200 at most).
        pub limit: u32,
    }
    /// Take one of them back, the newest or an older one.
    pub struct UndoOne {
        /// The action.
        #[ts(type = "string")] pub group: GroupId,
    }
    /// Do again what was taken back, as a new action.
    pub struct Redo {
        /// The action.
        #[ts(type = "string")] pub group: GroupId,
    }
}
