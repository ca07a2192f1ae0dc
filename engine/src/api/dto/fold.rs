//! What is folded away of a text.

use crate::model::FoldKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A stretch of a message's text that is folded away until somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct FoldItem {
    /// Where it begins, in UTF-16 code units: as `String.slice` counts.
    pub start: u32,
    /// Where it ends, in the same units.
    pub end: u32,
    /// What it is.
    pub kind: FoldKind,
}
