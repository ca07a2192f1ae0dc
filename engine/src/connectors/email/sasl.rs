//! How an access token is shown to a mail server, and how its refusal is heard.
//!
//! XOAUTH2 is Google's and Microsoft's own; OAUTHBEARER (RFC 7628) is the standard that others speak. In both the
//! server refuses in two steps: it gives its reasons as JSON, waits for an answer, and refuses then.

use crate::model::MailServer;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, Mutex, PoisonError};

/// A way to show a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenWay {
    Xoauth2,
    Oauthbearer,
}

impl TokenWay {
    /// The best way that is offered.
    pub(super) fn of(offers: impl Fn(&str) -> bool) -> Option<Self> {
        [Self::Xoauth2, Self::Oauthbearer]
            .into_iter()
            .find(|w| offers(w.name()))
    }

    /// Its name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Xoauth2 => "XOAUTH2",
            Self::Oauthbearer => "OAUTHBEARER",
        }
    }

    /// What is said first, before base64.
    pub(super) fn first(self, server: &MailServer, token: &SecretString) -> SecretString {
        let (user, token) = (plain(&server.user), plain(token.expose_secret()));
        match self {
            Self::Xoauth2 => format!("user={user}\x01auth=Bearer {token}\x01\x01"),
            Self::Oauthbearer => {
                let name = user.replace('=', "=3D").replace(',', "=2C");
                format!(
                    "n,a={name},\x01host={}\x01port={}\x01auth=Bearer {token}\x01\x01",
                    plain(&server.host),
                    server.port
                )
            }
        }
        .into()
    }

    /// What the server's reasons are answered with, so that it refuses.
    pub(super) fn after_refusal(self) -> &'static str {
        match self {
            Self::Xoauth2 => "",
            Self::Oauthbearer => "\x01",
        }
    }
}

/// Nothing may end a field before its time.
fn plain(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).collect()
}

/// A server's reasons for refusing a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// `401`, `invalid_token`, …
    pub(super) status: String,
}

/// Hears the reasons while the exchange goes on elsewhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Challenge(Arc<Mutex<Option<Vec<u8>>>>);

impl Challenge {
    /// The server gave its reasons.
    pub(super) fn heard(&self, reasons: &[u8]) {
        let kept = reasons.get(..reasons.len().min(2_048)).unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept.to_vec());
    }

    /// What they were, if it gave any.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let reasons = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        let status = serde_json::from_slice::<serde_json::Value>(&reasons)
            .ok()
            .and_then(|v| match v.get("status")? {
                serde_json::Value::String(s) => Some(s.clone()),
                other => Some(other.to_string()),
            })
            .unwrap_or_default();
        let status = status
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .take(40)
            .collect();
        Some(Refusal { status })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Security;

    fn server(user: &str) -> MailServer {
        MailServer {
            host: "imap.shop.test".into(),
            port: 993,
            security: Security::Tls,
            user: user.into(),
        }
    }

    #[test]
    fn a_token_is_shown_as_each_way_wants_it() {
        let token = SecretString::from("tok".to_owned());
        let said = |w: TokenWay, user| w.first(&server(user), &token).expose_secret().to_owned();
        assert_eq!(
            said(TokenWay::Xoauth2, "a@shop.test"),
            "user=a@shop.test\x01auth=Bearer tok\x01\x01"
        );
        assert_eq!(
            said(TokenWay::Oauthbearer, "a,b=c@shop.test"),
            "n,a=a=2Cb=3Dc@shop.test,\x01host=imap.shop.test\x01port=993\x01auth=Bearer tok\x01\x01"
        );
    }

    #[test]
    fn nothing_breaks_out_of_a_field() {
        let token = SecretString::from("tok\x01evil\r\n".to_owned());
        let said = TokenWay::Xoauth2.first(&server("a\x01auth=Bearer stolen"), &token);
        assert_eq!(said.expose_secret().matches('\x01').count(), 3);
    }

    #[test]
    fn the_known_way_is_preferred_and_none_is_invented() {
        assert_eq!(TokenWay::of(|_| true), Some(TokenWay::Xoauth2));
        assert_eq!(
            TokenWay::of(|n| n == "OAUTHBEARER"),
            Some(TokenWay::Oauthbearer)
        );
        assert_eq!(TokenWay::of(|_| false), None);
    }

    #[test]
    fn reasons_are_heard_whatever_they_are() {
        for (said, status) in [
            (&br#"{"status":"401","schemes":"Bearer"}"#[..], "401"),
            (br#"{"status":400}"#, "400"),
            (br#"{"status":"invalid_token\r\nX"}"#, "invalid_tokenX"),
            (b"", ""),
            (b"\xff\xfe", ""),
        ] {
            let challenge = Challenge::default();
            assert_eq!(challenge.refusal(), None);
            challenge.heard(said);
            assert_eq!(challenge.refusal().unwrap().status, status);
        }
    }
}
