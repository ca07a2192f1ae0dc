//! What can go wrong, said so that a person can act on it.
//!
//! Errors name ids, hosts, folders and files; never message text, addresses or secrets.

/// The engine's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed; nothing of the transaction was kept.
    #[error("the store could not be used: {0}")]
    Sql(#[source] rusqlite::Error),
    /// A file could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// The act and the file, in words.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The disk is full; nothing of the act was kept.
    #[error("the disk is full: {0}. Make room on it; Parley goes on by itself")]
    DiskFull(String),
    /// The disk lets nothing be written.
    #[error("the disk cannot be written to: {0}. Make it writable again; Parley goes on by itself")]
    ReadOnly(String),
    /// The disk failed in the middle of something.
    #[error(
        "the disk reports a failure: {0}. Nothing more is written until Parley is started again; check the disk first"
    )]
    Disk(String),
    /// No key is to be had; `says` is what happened and what to do.
    #[error("the workspace is locked: {says}")]
    Key {
        /// What is in the way.
        trouble: KeyTrouble,
        /// In words.
        says: String,
    },
    /// The database is gone while its key file is there.
    #[error("the workspace's database is gone: {0}")]
    Missing(String),
    /// The key does not open this workspace, or no key is to be had.
    #[error("the workspace is locked: {0}")]
    Locked(String),
    /// Another process has this workspace open.
    #[error("another Parley has this workspace open: {0}")]
    Busy(String),
    /// The database was written by a newer Parley.
    #[error(
        "this workspace was written by a newer Parley (schema {found}, this one knows {known}); update Parley to open it"
    )]
    Newer {
        /// The schema number in the file.
        found: i64,
        /// The newest schema number this program knows.
        known: i64,
    },
    /// The database file is damaged.
    #[error("the workspace's database is damaged: {0}")]
    Corrupt(String),
    /// The thing asked for does not exist (any more).
    #[error("{0} does not exist")]
    NotFound(String),
    /// The request does not make sense as given.
    #[error("{0}")]
    Invalid(String),
    /// The request was understood and may not be done now; the text says why.
    #[error("{0}")]
    Refused(String),
    /// A channel said no, or could not be reached.
    #[error(transparent)]
    Channel(#[from] crate::model::ChannelError),
    /// The engine is shutting down.
    #[error("Parley is shutting down")]
    Stopped,
    /// A defect of Parley itself.
    #[error("Parley failed inside: {0}")]
    Internal(String),
}

/// Why there is no key, for the screen that says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTrouble {
    /// The keyring is locked, or its prompt was refused or not answered in time.
    KeyringLocked,
    /// No keyring answers in this session.
    KeyringAbsent,
    /// The keyring works and has no entry for this workspace.
    EntryGone,
    /// The key lies in the keyring of another desktop.
    KeyringChanged,
    /// The keyring's entry is not the key of this workspace.
    EntryWrong,
    /// It opens with a passphrase, and none was given.
    PassphraseWanted,
    /// It is not the passphrase.
    PassphraseWrong,
    /// They are not the words of this workspace's recovery key.
    WordsWrong,
    /// The key file is gone.
    KeyFileGone,
    /// The key file cannot be read.
    KeyFileDamaged,
}

impl Error {
    /// No key, with the reason in words.
    pub(crate) fn key(trouble: KeyTrouble, says: impl Into<String>) -> Self {
        Self::Key {
            trouble,
            says: says.into(),
        }
    }

    /// The disk is in the way of writing, not the request.
    #[must_use]
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::DiskFull(_) | Self::ReadOnly(_) | Self::Disk(_))
    }

    /// A short code where the window acts on the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DiskFull(_) => "disk_full",
            Self::ReadOnly(_) => "read_only",
            Self::Disk(_) => "disk",
            Self::Sql(_) | Self::Io { .. } => "storage",
            Self::Locked(_) | Self::Key { .. } => "locked",
            Self::Missing(_) => "missing",
            Self::Busy(_) => "busy",
            Self::Newer { .. } => "newer",
            Self::Corrupt(_) => "corrupt",
            Self::NotFound(_) => "not_found",
            Self::Invalid(_) => "invalid",
            Self::Refused(_) => "refused",
            Self::Channel(_) => "channel",
            Self::Stopped => "stopped",
            Self::Internal(_) => "internal",
        }
    }

    /// An I/O error with the act and the file that it happened to.
    pub fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        use std::io::ErrorKind;
        /// EIO: what a failing disk says; std has no name for it.
        const EIO: i32 = 5;
        let what = what.into();
        match source.kind() {
            // A limit on a file's size is met as a full disk is.
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::DiskFull(what)
            }
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(what),
            _ if cfg!(unix) && source.raw_os_error() == Some(EIO) => Self::Disk(what),
            _ => Self::Io { what, source },
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match e.sqlite_error_code() {
            // A page whose check value is wrong looks to SQLCipher like no database at all.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(
                "a part of it cannot be read. It is set aside and put back from the newest backup at the next start".into(),
            ),
            Some(ErrorCode::DiskFull) => Self::DiskFull("nothing of this was kept".into()),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly("nothing of this was kept".into()),
            Some(ErrorCode::SystemIoFailure) => Self::Disk(e.to_string()),
            _ => Self::Sql(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_database_is_named_as_such_and_not_as_a_failure_of_sql() {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        let e = Error::from(rusqlite::Error::SqliteFailure(code, None));
        assert_eq!(e.code(), "corrupt");
        assert!(e.to_string().contains("backup"));
    }
}
