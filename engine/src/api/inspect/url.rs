//! `parleyctl inspect url`: whether a link is opened, and which host a person is shown.

use super::text;
use crate::model::url::openable;
use ::url::Url;
use serde::Serialize;

/// Longest refused link that is still read for what it names.
const MAX_REFUSED: usize = 64 * 1024;

/// What the policy on addresses says of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UrlSeen {
    /// Whether it may be opened.
    pub openable: bool,
    /// The host that a person is shown before it is; of a refused link the host that a browser would ask, if any.
    pub shown_host: Option<String>,
    /// Its scheme, where it has one.
    pub scheme: Option<String>,
}

/// Reads a link as one in a mail.
#[must_use]
pub fn url(input: &[u8]) -> UrlSeen {
    let link = std::str::from_utf8(input)
        .ok()
        .and_then(|t| openable(t).ok());
    match link {
        Some(link) => UrlSeen {
            openable: true,
            shown_host: link.shown_host,
            scheme: Some(link.scheme),
        },
        None => refused(&text(input.get(..MAX_REFUSED).unwrap_or(input))),
    }
}

/// What a browser would make of a link that is not opened.
fn refused(link: &str) -> UrlSeen {
    let read = Url::parse(link).ok();
    // What other kinds have in that place is no host of a network.
    let host = read.as_ref().filter(|u| u.is_special()).and_then(|u| {
        let host = u.host_str().filter(|h| !h.is_empty())?;
        Some(match u.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    });
    UrlSeen {
        openable: false,
        shown_host: host,
        scheme: read.map(|u| u.scheme().to_owned()).or_else(|| scheme(link)),
    }
}

/// The scheme that a link begins with, though the rest of it cannot be read.
fn scheme(link: &str) -> Option<String> {
    let (word, _) = link.trim().split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(plain))
        .then(|| word.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_shows_its_true_host_or_is_not_opened() {
        let seen = url(b"https://bank.example@b\xc3\xbccher.test/\n");
        assert_eq!(seen.shown_host.as_deref(), Some("xn--bcher-kva.test"));
        assert_eq!(seen.scheme.as_deref(), Some("https"));
        assert!(!url(b"javascript:alert(1)").openable && !url(b"\xff").openable);
    }

    #[test]
    fn a_refused_link_still_says_its_scheme_and_the_host_a_browser_would_ask() {
        for (link, scheme, host) in [
            ("javascript:alert(1)", Some("javascript"), None),
            ("java\tscript:alert(1)", Some("javascript"), None),
            ("DATA:text/html,x", Some("data"), None),
            ("ftp://a.test:2121/x", Some("ftp"), Some("a.test:2121")),
            ("http:\\\\evil.test\\x", Some("http"), Some("evil.test")),
            ("https:evil.test", Some("https"), Some("evil.test")),
            ("https://", Some("https"), None),
            ("http://[::1", Some("http"), None),
            ("file:///etc/passwd", Some("file"), None),
            ("intent://evil.test/", Some("intent"), None),
            ("//evil.test", None, None),
            ("evil", None, None),
            ("", None, None),
        ] {
            let seen = url(link.as_bytes());
            assert!(!seen.openable, "{link}");
            assert_eq!(seen.scheme.as_deref(), scheme, "{link}");
            assert_eq!(seen.shown_host.as_deref(), host, "{link}");
        }
    }
}
