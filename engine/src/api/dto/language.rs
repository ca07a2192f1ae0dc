//! The language of the window.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// Which language the window was asked to speak.
    pub struct LanguageChoice {
        /// Its tag, such as `de`; none follows the system.
        pub language: Option<String>,
    }
}
