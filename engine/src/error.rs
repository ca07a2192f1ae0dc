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

impl Error {
    /// A short code where the window acts on the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sql(e) if is_full(e) => "disk_full",
            Self::Sql(_) | Self::Io { .. } => "storage",
            Self::Locked(_) => "locked",
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
        Self::Io {
            what: what.into(),
            source,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Self::Corrupt(
                "a part of it cannot be read. Copy the workspace's folder aside, then put it back from a backup".into(),
            ),
            _ => Self::Sql(e),
        }
    }
}

fn is_full(e: &rusqlite::Error) -> bool {
    e.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
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
