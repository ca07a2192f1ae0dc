use super::super::dto::{BulkAct, Parting, Section, Sort, View};
use crate::model::{CustomerId, GroupId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// The groups of a list that have conversations, with how many.
    pub struct ConversationSections {
        /// View.
        pub view: View,
        /// Only this stage.
        #[serde(default)] pub stage: Option<String>,
        /// Only this tag.
        #[serde(default)] pub tag: Option<String>,
        /// What it is grouped by.
        pub by: Parting,
        /// For days: the instants at which a new group begins, rising, at most 64. Only the window knows its midnights.
        #[serde(default)] #[ts(type = "Array<number>")] pub cuts: Vec<i64>,
    }
    /// The conversations of one group of a view, in order.
    pub struct SectionIds {
        /// View.
        pub view: View,
        /// Only this stage.
        #[serde(default)] pub stage: Option<String>,
        /// Only this tag.
        #[serde(default)] pub tag: Option<String>,
        /// The group.
        pub section: Section,
        /// Order.
        pub sort: Sort,
        /// Where the last page ended.
        #[serde(default)] pub after: Option<String>,
        /// At most so many (20,000 at most).
        pub limit: u32,
    }
    /// Do the same to many conversations, as one action that one `undo` takes back. Those to whom it does not apply
    /// are passed over.
    pub struct Bulk {
        /// Conversations, at most 500. More take several calls with one group.
        pub conversations: Vec<CustomerId>,
        /// What is done.
        pub act: BulkAct,
        /// The group that an earlier call of the same act answered.
        #[serde(default)] #[ts(type = "string | null")] pub group: Option<GroupId>,
    }
}
