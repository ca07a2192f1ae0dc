//! Quoted history and signatures, found so that they can be folded away on screen. Nothing is ever deleted: what is
//! shown and what is folded, joined, is the whole text.
//!
//! One engine ([`lines`]) reads lines, of plain text or of HTML flattened to lines; what differs is only how a line
//! comes to be known as quoted: by its `>` or by the element it stands in.

mod attribution;
mod headers;
mod html;
mod lines;
mod marks;
mod needles;
mod phrases;
mod signature;
mod text;

pub use html::{fold_html, fold_html_as, text_of};
pub(super) use marks::{ATTRIBUTE, mark, unmarked};
pub use text::{Segment, fold_text, fold_text_as, hidden, ranges, visible};

use crate::model::FoldedText;

/// The version stored beside folds; a greater one folds again.
pub const FOLD_VERSION: u32 = 1;

/// Whether a subject says that the mail passes another one on, so that the other one is what it wants to show.
#[must_use]
pub fn is_forward(subject: &str) -> bool {
    let head: String = subject.trim_start().chars().take(24).collect();
    let Some((mark, _)) = head.split_once([':', '：']) else {
        return false;
    };
    let mark = mark.trim().trim_start_matches('[').to_lowercase();
    phrases::FORWARD_SUBJECTS.contains(&mark.as_str())
}

/// Folds a text whose subject is known.
#[must_use]
pub fn folded(text: String, subject: Option<&str>) -> FoldedText {
    let segments = fold_text_as(&text, subject.is_some_and(is_forward));
    let folds = ranges(&segments);
    FoldedText { text, folds }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
