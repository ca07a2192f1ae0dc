//! Why a command failed, and the exit code that says so to scripts.

use parley_engine::api::dto::ErrorBody;
use parley_engine::api::headless::{Error, RoundError};
use serde::Serialize;

/// Exit codes, as `docs/parleyctl.md` promises them. 2 (not understood) is the argument parser's own.
pub mod exit {
    /// It failed; the text says why.
    pub const FAILED: u8 = 1;
    /// `check` found something, or `import` could not take everything.
    pub const FOUND: u8 = 3;
    /// No key, or the wrong passphrase.
    pub const LOCKED: u8 = 4;
    /// Another Parley has the workspace open.
    pub const BUSY: u8 = 5;
    /// There is no such thing.
    pub const NOT_FOUND: u8 = 6;
    /// Understood, and refused or not valid.
    pub const REFUSED: u8 = 7;
}

/// The result of a command.
pub type Result<T> = std::result::Result<T, Failure>;

/// A command's failure.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The same codes the window gets.
    pub code: String,
    /// In words.
    pub message: String,
    /// The step of a mail server's conversation that failed, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The exit code.
    #[serde(skip)]
    pub exit: u8,
}

impl Failure {
    fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let code = code.into();
        let exit = match code.as_str() {
            "locked" => exit::LOCKED,
            "busy" => exit::BUSY,
            "not_found" => exit::NOT_FOUND,
            "refused" | "invalid" => exit::REFUSED,
            _ => exit::FAILED,
        };
        Self {
            code,
            message: message.into(),
            step: None,
            exit,
        }
    }

    /// What was asked for makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid", message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("not_found", message)
    }

    /// The workspace cannot be unlocked.
    pub fn locked(message: impl Into<String>) -> Self {
        Self::new("locked", message)
    }

    /// A file or stream could not be read.
    pub fn storage(message: impl Into<String>) -> Self {
        Self::new("storage", message)
    }

    /// A mail server said no at this step.
    pub fn channel(step: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            step: Some(step.into()),
            ..Self::new("channel", message)
        }
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        RoundError::from(&e).into()
    }
}

impl From<RoundError> for Failure {
    fn from(e: RoundError) -> Self {
        let ErrorBody { code, message } = e.body;
        Self {
            step: e.step.map(str::to_owned),
            ..Self::new(code, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_error_has_the_documented_exit_code() {
        let code = |e: Error| Failure::from(e).exit;
        assert_eq!(code(Error::Locked("x".into())), 4);
        assert_eq!(code(Error::Busy("x".into())), 5);
        assert_eq!(code(Error::NotFound("x".into())), 6);
        assert_eq!(code(Error::Invalid("x".into())), 7);
        assert_eq!(code(Error::Refused("x".into())), 7);
        assert_eq!(code(Error::Corrupt("x".into())), 1);
        assert_eq!(code(Error::Stopped), 1);
    }
}
