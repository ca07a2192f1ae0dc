//! Imports and exports.

use crate::model::ImportId;
use crate::store::transfer::{Counts, ImportState};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// An import of a file or folder.
    pub struct ImportItem {
        /// Id.
        pub id: ImportId,
        /// What is imported.
        pub path: String,
        /// State.
        pub state: ImportState,
        /// Under way in this very process; a running one that is not was cut short and can go on.
        pub active: bool,
        /// It brought customers of a table, not messages.
        pub contacts: bool,
        /// Why it failed.
        pub says: String,
        /// Bytes done.
        #[ts(type = "number")] pub done: u64,
        /// Bytes in all.
        #[ts(type = "number")] pub total: u64,
        /// What came of it so far.
        pub counts: Counts,
        /// Begun.
        #[ts(type = "number")] pub started_at: i64,
        /// Ended.
        #[ts(type = "number | null")] pub ended_at: Option<i64>,
    }
    /// Something that could not be taken, or only as bytes.
    pub struct ImportProblem {
        /// The file.
        pub file: String,
        /// Byte of a mailbox, line of an interchange file.
        #[ts(type = "number")] pub at: u64,
        /// Why.
        pub reason: String,
        /// Kept as an unreadable message.
        pub kept: bool,
    }
    /// An import and its problems, at most 1,000.
    pub struct ImportReport {
        /// The import.
        pub import: ImportItem,
        /// Its problems, in order.
        pub problems: Vec<ImportProblem>,
        /// The content's digest as the file gives it.
        pub digest: Option<String>,
    }
    /// What was exported.
    pub struct ExportDone {
        /// Where to; null = the person chose no file.
        pub path: Option<String>,
        /// A person stopped it; nothing of it stayed.
        pub stopped: bool,
        /// Messages.
        #[ts(type = "number")] pub messages: u64,
        /// Entries of the log.
        #[ts(type = "number")] pub entries: u64,
        /// Bytes.
        #[ts(type = "number")] pub bytes: u64,
        /// Files whose content is damaged or missing here.
        #[ts(type = "number")] pub missing_files: u64,
        /// The content's digest, independent of ids.
        pub digest: Option<String>,
    }
}
