//! Arguments of what a person decides about a suggestion.

use crate::model::MessageId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// The message's customer and the suggested one are the same person: link them.
    pub struct HintAccept {
        /// The message that carries the suggestion.
        pub message: MessageId,
    }
    /// They are two; do not suggest it again.
    pub struct HintDismiss {
        /// The message that carries the suggestion.
        pub message: MessageId,
    }
}
