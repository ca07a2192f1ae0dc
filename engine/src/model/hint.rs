//! What a person can do about a failed sign-in, as data: the window puts it into words and buttons.

use crate::time::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A server's certificate that this computer does not trust by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SeenCertificate {
    /// The server that showed it.
    pub host: String,
    /// SHA-256 of the whole certificate, lower-case hexadecimal.
    pub fingerprint: String,
    /// Whom it names; empty where it cannot be read.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// Valid from.
    #[ts(type = "number | null")]
    pub valid_from: Option<Millis>,
    /// Valid until.
    #[ts(type = "number | null")]
    pub valid_until: Option<Millis>,
    /// Another certificate of this server was trusted before.
    pub changed: bool,
}

/// What to do about a failure, where more is known than its words say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hint {
    /// The provider wants a password made for this program.
    AppPassword,
    /// The provider lets programs in through its own sign-in page only.
    SignInPage,
    /// Reading by other programs has to be switched on in the provider's settings.
    SwitchOn,
    /// Sending by programs is switched off for this mailbox; its administrator can switch it on.
    SendingOff,
    /// The access token was refused; another may do.
    TokenRefused,
    /// The certificate may be trusted after a look at it.
    Certificate(Box<SeenCertificate>),
}
