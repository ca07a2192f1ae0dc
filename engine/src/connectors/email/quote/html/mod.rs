//! Clean HTML: flattened to lines, folded by the same engine as text, and wrapped where whole pieces are folded.

mod flat;
mod tree;
mod wrap;

use super::lines::find;
use crate::model::{Fold, FoldKind, FoldedText};
use std::fmt::Write as _;

/// Deepest nesting that is folded; deeper HTML is left as it is.
const DEEPEST: usize = 400;

/// What begins a folded piece in the HTML, with its kind between the two parts.
const OPEN: (&str, &str) = (
    "<details class=\"parley-fold\" data-kind=\"",
    "\"><summary></summary>",
);
const CLOSE: &str = "</details>";

/// Stand for the ends of folded pieces while HTML becomes text; no text has these (they are no characters).
const QUOTE: char = '\u{fdd0}';
const SIGNATURE: char = '\u{fdd1}';
const END: char = '\u{fdd2}';

/// Wraps what is folded of HTML that the sanitiser made into `<details class="parley-fold">`, whose empty summary the
/// frame draws as "…". It opens without any script. Nothing else changes but that the marks are taken off.
#[must_use]
pub fn fold_html(clean: &str) -> String {
    fold_html_as(clean, false)
}

/// The same where the mail passes another one on: that one is shown.
#[must_use]
pub fn fold_html_as(clean: &str, forward: bool) -> String {
    let tree = tree::Tree::read(clean);
    if tree.depth > DEEPEST {
        return tree.without_marks();
    }
    let flat = flat::flatten(&tree);
    let found = find(&flat.lines(), forward);
    wrap::write(&tree, &flat.folds(&found))
}

/// The text of folded HTML, with the same stretches folded. `to_text` makes text of HTML.
#[must_use]
pub fn text_of(folded: &str, to_text: impl Fn(&str) -> String) -> FoldedText {
    ranged(&to_text(&sentinels(folded)))
}

/// Puts sentinels where folded pieces begin and end.
fn sentinels(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    // For each open `details` whether it is one of ours.
    let mut open: Vec<bool> = Vec::new();
    let mut rest = folded;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        out.extend(
            text.chars()
                .filter(|c| !matches!(*c, QUOTE | SIGNATURE | END)),
        );
        let kind = tag
            .strip_prefix(OPEN.0)
            .and_then(|t| t.split_once(OPEN.1))
            .filter(|(k, _)| k.len() < 12);
        if let Some((kind, after)) = kind {
            open.push(true);
            out.push(if kind == "signature" {
                SIGNATURE
            } else {
                QUOTE
            });
            rest = after;
            continue;
        }
        let end = tag.find('>').map_or(tag.len(), |e| e + 1);
        let (tag, after) = tag.split_at(end);
        rest = after;
        if tag.starts_with("<details") {
            open.push(false);
        } else if tag == CLOSE && open.pop() == Some(true) {
            out.push(END);
            continue;
        }
        out.push_str(tag);
    }
    out.extend(
        rest.chars()
            .filter(|c| !matches!(*c, QUOTE | SIGNATURE | END)),
    );
    out
}

fn ranged(marked: &str) -> FoldedText {
    let mut text = String::with_capacity(marked.len());
    let mut folds: Vec<Fold> = Vec::new();
    let mut open: Option<(usize, FoldKind)> = None;
    for c in marked.chars() {
        match c {
            QUOTE => open = Some((text.len(), FoldKind::Quote)),
            SIGNATURE => open = Some((text.len(), FoldKind::Signature)),
            END => {
                if let Some((start, kind)) = open.take() {
                    folds.push(Fold {
                        start,
                        end: text.len(),
                        kind,
                    });
                }
            }
            c => text.push(c),
        }
    }
    let kept = text.trim_end().len();
    text.truncate(kept);
    let lead = text.len() - text.trim_start().len();
    text.drain(..lead);
    for f in &mut folds {
        f.start = f.start.saturating_sub(lead).min(text.len());
        f.end = f.end.saturating_sub(lead).min(text.len());
    }
    folds.retain(|f| f.start < f.end);
    FoldedText { text, folds }
}

/// Begins a folded piece.
fn open(out: &mut String, kind: FoldKind) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{}{}{}", OPEN.0, kind.as_str(), OPEN.1);
}
