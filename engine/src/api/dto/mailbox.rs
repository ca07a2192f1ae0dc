//! What a mailbox holds besides messages.

use crate::model::FolderUse;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// A folder at a mail server.
    pub struct FolderItem {
        /// As the server names it; this goes into the settings.
        pub name: String,
        /// As people read it.
        pub title: String,
        /// What it is for.
        pub purpose: FolderUse,
        /// How many messages it holds, where the server says so.
        pub messages: Option<u32>,
        /// Whether it is read with these settings.
        pub read: bool,
    }
}
