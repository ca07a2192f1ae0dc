//! Archives, customers from a table, and an export under way.

use super::ImportItem;
use crate::model::{AccountId, Channel};
use crate::transfer::contacts::ContactUse;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// What was imported under one name.
    pub struct ArchiveItem {
        /// Its account.
        pub id: AccountId,
        /// What a person calls it.
        pub name: String,
        /// Its channel.
        pub channel: Channel,
        /// Addresses that are ours in it.
        pub own: Vec<String>,
        /// Messages that came into it.
        pub messages: u32,
        /// They count as if they had come that day; else they are history.
        pub measured: bool,
        /// What was brought to it, newest first.
        pub imports: Vec<ArchiveImport>,
    }
    /// An import, and what it brought to an archive.
    pub struct ArchiveImport {
        /// The import.
        pub import: ImportItem,
        /// Messages that it brought here.
        pub messages: u32,
    }
    /// What erasing an archive takes.
    pub struct ArchiveWeight {
        /// Messages that go.
        pub messages: u32,
        /// Messages that stay, because another account holds them too.
        pub staying: u32,
        /// Conversations that go with all that was decided about them.
        pub conversations: u32,
    }
    /// What went with an archive.
    pub struct ArchiveErased {
        /// The person agreed; else nothing was done.
        pub done: bool,
        /// What went.
        pub weight: ArchiveWeight,
        /// Kept files that nothing names any more and that went.
        #[ts(type = "number")] pub files: u64,
        /// Their bytes.
        #[ts(type = "number")] pub bytes: u64,
        /// Kept files stay for now: a database that was set aside cannot be read, and may still name them.
        pub files_stay: bool,
    }
    /// How far an export came.
    pub struct ExportNow {
        /// One is under way.
        pub active: bool,
        /// Where to.
        pub path: Option<String>,
        /// Messages done.
        #[ts(type = "number")] pub messages: u64,
        /// Messages in all.
        #[ts(type = "number")] pub of: u64,
        /// Bytes written.
        #[ts(type = "number")] pub bytes: u64,
    }
    /// A column of a table.
    pub struct ContactColumn {
        /// Its title; empty without one.
        pub title: String,
        /// What it holds.
        pub holds: ContactUse,
        /// Some of its cells.
        pub samples: Vec<String>,
    }
    /// A customer as a table gives it.
    pub struct ContactSample {
        /// The line it begins in.
        #[ts(type = "number")] pub line: u64,
        /// Name.
        pub name: Option<String>,
        /// Addresses.
        pub addresses: Vec<String>,
        /// Tags.
        pub tags: Vec<String>,
        /// Note.
        pub note: Option<String>,
    }
    /// A row that is not taken whole.
    pub struct ContactProblem {
        /// Its line.
        #[ts(type = "number")] pub line: u64,
        /// Why.
        pub reason: String,
        /// The rest of the row is taken.
        pub partly: bool,
    }
    /// What would become of a table; nothing is written.
    pub struct ContactsPlan {
        /// Names the table in further calls; null = the person chose none.
        pub table: Option<String>,
        /// The file's name.
        pub file: String,
        /// Its encoding.
        pub encoding: String,
        /// What stands between two cells.
        pub separator: String,
        /// Whether the first row holds titles.
        pub header: bool,
        /// Its columns.
        pub columns: Vec<ContactColumn>,
        /// The country that numbers without a country code were read with; empty = none.
        pub region: String,
        /// There are numbers without a country code, and no country.
        pub needs_region: bool,
        /// Rows.
        pub rows: u32,
        /// Rows that become or update a customer.
        pub taken: u32,
        /// The first of them.
        pub sample: Vec<ContactSample>,
        /// Rows that are not taken whole, the first of them.
        pub problems: Vec<ContactProblem>,
        /// How many there are.
        pub problem_count: u32,
    }
}
