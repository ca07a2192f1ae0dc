//! `parleyctl inspect url`: whether a link is opened, and which host a person is shown.

use crate::model::url::openable;
use serde::Serialize;

/// What the policy on addresses says of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UrlSeen {
    /// Whether it may be opened.
    pub openable: bool,
    /// The host that a person is shown before it is.
    pub shown_host: Option<String>,
    /// Its scheme, where it may be opened.
    pub scheme: Option<String>,
}

/// Reads a link as one in a mail.
#[must_use]
pub fn url(input: &[u8]) -> UrlSeen {
    let link = std::str::from_utf8(input)
        .ok()
        .and_then(|t| openable(t).ok());
    UrlSeen {
        openable: link.is_some(),
        shown_host: link.as_ref().and_then(|l| l.shown_host.clone()),
        scheme: link.map(|l| l.scheme),
    }
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
}
