//! The language of the window.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// The language that was chosen.
    pub struct LanguageGet {}
    /// Choose a language.
    pub struct LanguageSet {
        /** Its tag, such as `de`; none follows the system. */ #[serde(default)] pub language: Option<String>,
    }
}
