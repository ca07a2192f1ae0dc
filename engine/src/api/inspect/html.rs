//! `parleyctl inspect html`: what the sanitiser makes of a piece of HTML.

use crate::connectors::email::html::{as_text, unfolded};
use serde::Serialize;

/// What is shown of a piece of HTML, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HtmlSeen {
    /// Clean HTML; links are `part-link:N`.
    pub html: String,
    /// Everything remote that was not loaded.
    pub blocked: Vec<String>,
}

/// Cleans HTML as a mail's is when it comes in, before its quotations are folded. What is over its budget is shown as text.
#[must_use]
pub fn html(input: &[u8]) -> HtmlSeen {
    let source = String::from_utf8_lossy(input);
    match unfolded(&source) {
        Some(clean) => HtmlSeen {
            html: clean.html,
            blocked: clean.blocked,
        },
        None => HtmlSeen {
            html: as_text(&source),
            blocked: Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_shown_as_it_would_be_and_what_is_over_its_budget_as_text() {
        let seen = html(b"<p onclick=x>Hi \xff<img src=http://a.test/1></p>");
        assert_eq!(seen.html, "<p>Hi \u{fffd}<img data-remote=\"0\"></p>");
        assert_eq!(seen.blocked, ["http://a.test/1"]);
        let deep = html(format!("{}<b>x</b>", "<div>".repeat(300)).as_bytes());
        assert_eq!(deep.html, "<p>x</p>");
    }
}
