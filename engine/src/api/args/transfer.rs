//! Imports and exports.

use crate::model::{AccountId, CustomerId, ImportId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Ask the person for files or a folder, and import them.
    pub struct ImportStart {
        /// A folder instead of files.
        #[serde(default)] pub folder: bool,
        /// Into this account; else into an archive.
        #[serde(default)] pub account: Option<AccountId>,
        /// The archive's name.
        #[serde(default)] pub archive: Option<String>,
        /// Our addresses.
        #[serde(default)] pub own: Vec<String>,
        /// Counts as if it came today; else it is history.
        #[serde(default)] pub measured: bool,
    }
    /// The imports, newest first.
    pub struct Imports {}
    /// What came of an import.
    pub struct ImportReport { /** Import. */ pub id: ImportId }
    /// Let an import rest; it can go on.
    pub struct ImportCancel { /** Import. */ pub id: ImportId }
    /// Go on with an import, or do it again.
    pub struct ImportResume { /** Import. */ pub id: ImportId }
    /// Ask the person where to, and export.
    pub struct ExportStart {
        /// Only these conversations; none = everything.
        #[serde(default)] pub conversations: Vec<CustomerId>,
        /// Files of messages as well.
        pub attachments: bool,
        /// Mails as they came as well.
        pub raw: bool,
    }
}
