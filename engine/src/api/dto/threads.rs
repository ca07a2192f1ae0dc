//! Replies about threads and who wrote what.

use crate::model::{CustomerId, HintWhy};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// A suggestion that a message may belong to another conversation; a person decides.
    pub struct ThreadHint {
        /// The other conversation.
        pub conversation: CustomerId,
        /// The name it is listed under.
        pub name: String,
        /// The evidence.
        pub why: HintWhy,
    }
}
