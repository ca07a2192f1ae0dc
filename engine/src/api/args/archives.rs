//! Archives, customers from a table, and an export under way.

use crate::model::AccountId;
use crate::transfer::contacts::ContactUse;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// The archives of what was imported.
    pub struct Archives {}
    /// What erasing an archive would take.
    pub struct ArchiveWeigh { /** Archive. */ pub id: AccountId }
    /// Call an archive something else.
    pub struct ArchiveRename { /** Archive. */ pub id: AccountId, /** Its new name. */ pub name: String }
    /// Ask the person, and erase an archive with all that is only in it.
    pub struct ArchiveErase { /** Archive. */ pub id: AccountId }
    /// How far the export under way came.
    pub struct ExportStatus {}
    /// End the export under way; nothing of it stays.
    pub struct ExportCancel {}
    /// Show the file of the last export in its folder.
    pub struct ExportShow {}
    /// Ask the person for a table of customers, and say what would become of it.
    pub struct ContactsPick { /** Where numbers without a country code were written, as a guess. */ #[serde(default)] pub region: Option<String> }
    /// Say what would become of the chosen table, read in this way.
    pub struct ContactsPreview {
        /// The table.
        pub table: String,
        /// What each column holds; null = found out.
        #[serde(default)] pub uses: Option<Vec<ContactUse>>,
        /// Whether the first row holds titles; null = found out.
        #[serde(default)] pub header: Option<bool>,
        /// Where numbers without a country code were written; null = found out.
        #[serde(default)] pub region: Option<String>,
    }
    /// Make the customers of the chosen table, read in this way.
    pub struct ContactsImport {
        /// The table.
        pub table: String,
        /// What each column holds; null = found out.
        #[serde(default)] pub uses: Option<Vec<ContactUse>>,
        /// Whether the first row holds titles; null = found out.
        #[serde(default)] pub header: Option<bool>,
        /// Where numbers without a country code were written; null = found out.
        #[serde(default)] pub region: Option<String>,
    }
}
