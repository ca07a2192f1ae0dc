//! What searching and saved searches answer.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// The order of what was found.
    #[derive(Default)]
    pub enum SearchOrder {
        /// Latest first.
        #[default]
        Newest,
        /// Most relevant first, among the newest 2,000.
        Best,
    }
}

dto! {
    /// A search that is kept as a view.
    pub struct SavedView {
        /// Id.
        pub id: String,
        /// What it is called.
        pub name: String,
        /// The query.
        pub query: String,
    }
}
