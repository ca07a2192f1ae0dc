//! `inspect url`.

use super::text;
use serde::Serialize;

/// A link as it would be opened.
#[derive(Debug, Serialize)]
pub struct Link {
    /// Whether Parley opens it at all.
    pub openable: bool,
    /// The host as it is shown before it is opened.
    pub shown_host: Option<String>,
    /// Its scheme.
    pub scheme: Option<String>,
}

/// Reads a link.
#[must_use]
pub fn url(input: &[u8]) -> Link {
    let parsed = ::url::Url::parse(text(input).trim()).ok();
    let scheme = parsed.as_ref().map(|u| u.scheme().to_owned());
    let openable = matches!(scheme.as_deref(), Some("http" | "https" | "mailto" | "tel"));
    Link {
        openable,
        shown_host: parsed
            .as_ref()
            .and_then(|u| u.host_str())
            .map(str::to_owned),
        scheme,
    }
}
