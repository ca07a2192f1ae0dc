use super::super::dto::WindowMemory as Memory;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// How the window is arranged.
    pub struct WindowMemory {}
    /// Remember how the window is arranged.
    pub struct WindowRemember { /** All of it. */ pub memory: Memory }
    /// How the accounts are signed in at their providers.
    pub struct AccountTokens {}
}
