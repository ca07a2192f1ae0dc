//! Signing in with the provider: the system's browser, PKCE (RFC 7636), an answer over loopback (RFC 8252), and the
//! tokens that come of it, renewed by one at a time.

mod exchange;
mod flow;
mod listener;
mod page;
mod tokens;

pub use flow::{Flow, Flows, Wish};
pub use tokens::{Keeper, Tokens};

use crate::connectors::Result;
use crate::connectors::email::net;
use crate::model::{ChannelError, OauthProvider, Remedy};
use crate::time::Millis;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;

/// Longest time a person may take at the provider's page.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Where a provider signs people in and gives tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The page that the browser opens.
    pub authorize: Url,
    /// Where codes and refresh tokens become access tokens.
    pub token: Url,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// What else is sent to the page.
    pub extra: Vec<(String, String)>,
    /// The host of the answer's address, as the provider wants it.
    pub loopback: &'static str,
    /// Its path.
    pub path: &'static str,
    /// What people call it.
    pub name: &'static str,
}

impl Issuer {
    fn scopes(&self) -> Vec<oauth2::Scope> {
        self.scopes
            .iter()
            .cloned()
            .map(oauth2::Scope::new)
            .collect()
    }
}

/// Finds the issuer of a provider; tests give their own.
pub type Issuers = std::sync::Arc<dyn Fn(OauthProvider, &str) -> Result<Issuer> + Send + Sync>;

/// The providers as they publish themselves.
#[must_use]
pub fn issuers() -> Issuers {
    std::sync::Arc::new(published)
}

/// The providers with their addresses replaced by those of a server on this very computer: to try signing in without
/// a provider. `None` where the address is not on this computer.
#[must_use]
pub fn issuers_at(base: &str) -> Option<Issuers> {
    let base = Url::parse(base)
        .ok()
        .filter(|u| u.scheme() == "http" && exchange::is_loopback(u))?;
    let (authorize, token) = (base.join("authorize").ok()?, base.join("token").ok()?);
    Some(std::sync::Arc::new(move |provider, tenant| {
        Ok(Issuer {
            authorize: authorize.clone(),
            token: token.clone(),
            ..published(provider, tenant)?
        })
    }))
}

fn published(provider: OauthProvider, tenant: &str) -> Result<Issuer> {
    match provider {
        OauthProvider::Google => google(),
        OauthProvider::Microsoft => microsoft(tenant),
    }
}

fn google() -> Result<Issuer> {
    Ok(Issuer {
        authorize: address("https://accounts.google.com/o/oauth2/v2/auth")?,
        token: address("https://oauth2.googleapis.com/token")?,
        scopes: vec!["https://mail.google.com/".into()],
        // Without both, a second sign-in gives no refresh token.
        extra: pairs(&[("access_type", "offline"), ("prompt", "consent")]),
        loopback: "127.0.0.1",
        path: "/cb",
        name: "Google",
    })
}

fn microsoft(tenant: &str) -> Result<Issuer> {
    let tenant = match tenant.trim() {
        "" => "common",
        t if is_tenant(t) => t,
        _ => {
            return Err(net::mend(
                "token",
                "The tenant is a domain or an id of letters, digits, dots and hyphens. Correct it in the account's settings.",
            ));
        }
    };
    let base = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0");
    Ok(Issuer {
        authorize: address(&format!("{base}/authorize"))?,
        token: address(&format!("{base}/token"))?,
        scopes: vec![
            "https://outlook.office.com/IMAP.AccessAsUser.All".into(),
            "https://outlook.office.com/SMTP.Send".into(),
            "offline_access".into(),
        ],
        extra: pairs(&[("prompt", "select_account")]),
        // Microsoft takes any port for this name, and for this name only.
        loopback: "localhost",
        path: "/",
        name: "Microsoft",
    })
}

/// Whether this may stand in the address of Microsoft's sign-in page.
#[must_use]
pub fn is_tenant(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && !text.starts_with('.')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn address(text: &str) -> Result<Url> {
    Url::parse(text).map_err(|e| {
        ChannelError::new(
            Remedy::Final,
            "token",
            format!("The provider's address {text} cannot be used ({e})."),
        )
    })
}

/// What is kept of a sign-in, in the place of a password. Its text goes into the encrypted database only.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSet {
    access_token: String,
    refresh_token: String,
    /// When the access token runs out.
    expires_at: Millis,
    /// What some providers call a secret although every copy of a program holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl std::fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenSet(until {})", self.expires_at)
    }
}

impl TokenSet {
    /// From what was kept. `None` when that is no sign-in, such as a password.
    #[must_use]
    pub fn read(secret: &SecretString) -> Option<Self> {
        serde_json::from_str(secret.expose_secret()).ok()
    }

    /// What to keep.
    #[must_use]
    pub fn secret(&self) -> SecretString {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// When the access token runs out; it is renewed before.
    #[must_use]
    pub fn until(&self) -> Millis {
        self.expires_at
    }

    fn access(&self) -> SecretString {
        self.access_token.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_address_is_encrypted_and_the_tenant_cannot_move_it() {
        for i in [
            published(OauthProvider::Google, ""),
            published(OauthProvider::Microsoft, ""),
            published(OauthProvider::Microsoft, "shop.example"),
        ] {
            let i = i.unwrap();
            assert_eq!((i.authorize.scheme(), i.token.scheme()), ("https", "https"));
        }
        let of = |t: &str| published(OauthProvider::Microsoft, t);
        assert_eq!(
            of(" ").unwrap().token.as_str(),
            "https://login.microsoftonline.com/common/oauth2/v2.0/token"
        );
        for bad in ["a/b", "../x", "..", "a?b", "a#b", "a@b", "a b", "a\\b"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_page_to_try_with_lies_on_this_computer_and_asks_for_what_the_provider_is_asked() {
        let of = issuers_at("http://127.0.0.1:8090/").unwrap();
        let tried = of(OauthProvider::Google, "").unwrap();
        assert_eq!(tried.token.as_str(), "http://127.0.0.1:8090/token");
        let real = published(OauthProvider::Google, "").unwrap();
        assert_eq!((tried.scopes, tried.extra), (real.scopes, real.extra));
        for elsewhere in [
            "http://evil.example/",
            "https://127.0.0.1/",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1@evil.example/",
            "file:///127.0.0.1",
            "",
        ] {
            assert!(issuers_at(elsewhere).is_none(), "{elsewhere}");
        }
    }

    #[test]
    fn a_kept_sign_in_is_read_again_and_a_password_is_none() {
        let set = TokenSet {
            access_token: "a".into(),
            refresh_token: "r".into(),
            expires_at: 7,
            client_secret: None,
        };
        assert_eq!(TokenSet::read(&set.secret()).unwrap().refresh_token, "r");
        assert_eq!(format!("{set:?}"), "TokenSet(until 7)");
        assert!(TokenSet::read(&SecretString::from("hunter2".to_owned())).is_none());
    }
}
