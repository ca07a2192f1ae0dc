//! `inspect reply`.

use super::{mail, text};
use crate::connectors::email::html::{sanitise, to_text};
use serde::Serialize;

/// What of a text is new, and what is history.
#[derive(Debug, Default, Serialize)]
pub struct Reply {
    /// Shown.
    pub visible: String,
    /// Folded away.
    pub hidden: String,
}

/// Splits a text (`text`), HTML (`html`) or a whole mail (`eml`) where quoted lines begin that nothing follows.
#[must_use]
pub fn reply(input: &[u8], hint: &str) -> Reply {
    let all = match hint {
        "html" => sanitise(&text(input))
            .map(|s| to_text(&s.clean.html))
            .unwrap_or_default(),
        "eml" => mail::mail(input).map(|m| m.text).unwrap_or_default(),
        _ => text(input),
    };
    let mut end = all.len();
    let mut start = all.len();
    for line in all.split_inclusive('\n').rev() {
        start -= line.len();
        if line.starts_with('>') {
            end = start;
        } else if !line.trim().is_empty() {
            break;
        }
    }
    let (visible, hidden) = all.split_at(end);
    Reply {
        visible: visible.to_owned(),
        hidden: hidden.to_owned(),
    }
}
