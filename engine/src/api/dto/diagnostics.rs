//! Where the data lies and how large it is, and what a bundle for support holds.

use super::NamedCount;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// Where the workspace lies, and how large its parts are in bytes.
    pub struct DataSize {
        /// Its folder.
        pub dir: String,
        /// The database with what is being written to it; the search index is inside.
        #[ts(type = "number")]
        pub database: u64,
        /// The search index within the database; `None` where the database is too large to count it at once.
        #[ts(type = "number | null")]
        pub index: Option<u64>,
        /// Attachments and other kept files.
        #[ts(type = "number")]
        pub files: u64,
        /// Backups.
        #[ts(type = "number")]
        pub backups: u64,
        /// The log.
        #[ts(type = "number")]
        pub logs: u64,
        /// Everything else in the folder.
        #[ts(type = "number")]
        pub rest: u64,
        /// How much of what there is: messages, conversations and so on.
        pub counted: Vec<NamedCount>,
    }
    /// A file of the bundle, as it would be saved.
    pub struct DiagnosticsPart {
        /// Its name in the bundle.
        pub name: String,
        /// Its text.
        pub text: String,
    }
    /// All of the bundle.
    pub struct Diagnostics {
        /// The files.
        pub parts: Vec<DiagnosticsPart>,
    }
    /// Whether the bundle was saved.
    pub struct DiagnosticsSaved {
        /// False where the person chose no file.
        pub saved: bool,
    }
}
