//! Arguments about searching.

use crate::api::dto::SearchOrder;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Search messages.
    pub struct Search {
        /// Query.
        pub query: String,
        /// At most (200).
        pub limit: u32,
        /// Where the page before ended.
        #[serde(default)] pub before: Option<String>,
        /// Newest or best first.
        #[serde(default)] pub order: SearchOrder,
    }
    /// The saved searches.
    pub struct Views {}
    /// Keep a search as a view, or change one.
    pub struct ViewSave {
        /// The view; null = a new one.
        #[serde(default)] pub id: Option<String>,
        /// Its name.
        pub name: String,
        /// Its query.
        pub query: String,
    }
    /// Forget a view.
    pub struct ViewRemove { /** View. */ pub id: String }
}
