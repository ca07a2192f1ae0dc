//! Keys, backups, damage and the disk.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// Why a workspace cannot be opened.
    pub enum Trouble {
        /// The keyring is locked, its prompt was refused or nobody answered it.
        KeyringLocked,
        /// No keyring answers.
        KeyringAbsent,
        /// The keyring has no entry for it any more.
        EntryGone,
        /// Its key is in the keyring of another desktop.
        KeyringChanged,
        /// The keyring holds another key.
        EntryWrong,
        /// The key file is gone.
        KeyFileGone,
        /// The key file cannot be read.
        KeyFileDamaged,
        /// The database is gone.
        DatabaseGone,
        /// The database is damaged, and nothing could be made of it.
        Damaged,
        /// A newer Parley wrote it.
        Newer,
        /// Another Parley has it open.
        Busy,
        /// The disk is full, read-only or failing.
        Disk,
        /// Anything else; the message says it.
        Other,
    }
    /// Where the key is kept.
    pub enum KeyPlace {
        /// In the system's keyring.
        Keyring,
        /// Under a passphrase.
        Passphrase,
    }
    /// Whether there is a recovery key.
    pub enum RecoveryState {
        /// No.
        None,
        /// Its words were shown, and nobody has said to have written them down.
        Shown,
        /// Yes.
        Set,
    }
    /// Kinds of backups.
    pub enum BackupKind {
        /// Made each hour in which something changed.
        Hourly,
        /// Made each day in which something changed.
        Daily,
        /// Asked for.
        Manual,
    }
}

dto! {
    /// A backup.
    pub struct BackupItem {
        /// Its name.
        pub name: String,
        /// When its snapshot was taken.
        pub at: i64,
        /// Kind.
        pub kind: BackupKind,
        /// Bytes of its database.
        pub bytes: u64,
        /// Messages in it.
        pub messages: i64,
        /// Kept files that it names.
        pub files: i64,
    }
    /// What happened to a damaged workspace.
    pub struct RescueReport {
        /// When.
        pub at: i64,
        /// What was wrong, in words.
        pub what: String,
        /// The folder in the workspace's folder that holds the damaged files.
        pub set_aside: Option<String>,
        /// When the backup was made that took its place.
        pub backup: Option<i64>,
        /// Messages newer than the backup that could still be read.
        pub messages: i64,
        /// Entries of the log newer than the backup that could still be read.
        pub entries: i64,
        /// Messages that are missing now; those still at the mail servers come back by themselves.
        pub missing_messages: i64,
        /// Entries of the log that are lost.
        pub missing_entries: i64,
        /// These numbers are all; otherwise more may be missing than anybody noted.
        pub certain: bool,
    }
    /// What keeps a command from writing.
    pub struct DiskTrouble {
        /// `disk_full`, `read_only` or `disk`.
        pub code: String,
        /// In words.
        pub message: String,
    }
    /// How the open workspace is kept.
    pub struct KeepStatus {
        /// Where its key is.
        pub key: KeyPlace,
        /// The name of the system's keyring.
        pub keyring: String,
        /// Whether there is a recovery key.
        pub recovery: RecoveryState,
        /// When the newest backup was made.
        pub last_backup: Option<i64>,
        /// Bytes of all backups.
        pub backup_bytes: u64,
        /// Why the last backup could not be made.
        pub backup_error: Option<String>,
        /// Nothing can be written.
        pub disk: Option<DiskTrouble>,
        /// What is risky about the folder it lies in.
        pub folder: Option<String>,
        /// Damage that was answered, until somebody has read it.
        pub rescue: Option<RescueReport>,
    }
    /// The words of a new recovery key: shown once, kept nowhere.
    pub struct RecoveryWords {
        /// 24 words, in order.
        pub words: Vec<String>,
    }
    /// What was restored.
    pub struct Restored {
        /// The backup.
        pub backup: BackupItem,
        /// Where the former database lies now.
        pub set_aside: Option<String>,
        /// Kept files that are nowhere.
        pub missing_files: u32,
    }
}
