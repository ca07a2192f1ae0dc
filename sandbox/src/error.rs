//! What can go wrong when a throw-away server is started or used, in words that say what to do.

use std::path::PathBuf;

/// A failure of the sandbox itself; faults that were asked for are never errors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program the server is made of is not installed.
    #[error("{program} is not installed; install it with: sudo apt-get install -y {packages}")]
    Missing {
        /// The program that was looked for.
        program: &'static str,
        /// The Debian and Ubuntu packages that bring it.
        packages: &'static str,
    },
    /// The installed program speaks another configuration language.
    #[error("{program} {found} is installed, the sandbox needs {needed}")]
    Version {
        /// The program that was asked for its version.
        program: &'static str,
        /// What it answered.
        found: String,
        /// What the sandbox can drive.
        needed: &'static str,
    },
    /// The server could not be used here and says why; tests print this and go on.
    #[error("skipped: {0}")]
    Skipped(String),
    /// An address or option was given that the sandbox refuses.
    #[error("{0}")]
    Option(String),
    /// The server was started and did not come up.
    #[error("{server} did not start: {reason}")]
    Start {
        /// Which server.
        server: &'static str,
        /// Its own last words.
        reason: String,
    },
    /// A started server answered something unexpected.
    #[error("{server} answered {answer:?} to {command}")]
    Answer {
        /// Which server.
        server: &'static str,
        /// The command it was given.
        command: String,
        /// What it said.
        answer: String,
    },
    /// A file or folder of the sandbox could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A socket or process failed.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Certificates could not be made or loaded.
    #[error("certificate: {0}")]
    Certificate(String),
}

/// Short for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn system(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::System { doing, source }
    }
}
