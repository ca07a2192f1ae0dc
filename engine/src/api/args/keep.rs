//! Keys, backups and the way back.

use crate::api::dto::KeyPlace;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Open a workspace with its recovery key.
    pub struct SessionRecover { /** The 24 words. */ pub words: String }
    /// Put a backup in the place of a workspace that cannot be opened, and open it. The person is asked first.
    pub struct SessionRestore {
        /** The backup's name. */ pub name: String,
        /** The passphrase, where it opens with one. */ #[serde(default)] pub passphrase: Option<String>,
        /** Or the words of the recovery key. */ #[serde(default)] pub words: Option<String>,
    }
    /// How the workspace is kept.
    pub struct KeepGet {}
    /// New words for the recovery key. The old ones count until these are confirmed.
    pub struct RecoveryIssue {}
    /// The new words are written down.
    pub struct RecoveryConfirm {}
    /// Keep the key in another way.
    pub struct KeyChange {
        /** Where. */ pub to: KeyPlace,
        /** The new passphrase. */ #[serde(default)] pub passphrase: Option<String>,
    }
    /// The backups, newest first.
    pub struct Backups {}
    /// Make a backup now.
    pub struct BackupNow {}
    /// Go back to a backup. The person is asked first.
    pub struct BackupRestore { /** Its name. */ pub name: String }
    /// The report about damage was read.
    pub struct RescueSeen {}
}
