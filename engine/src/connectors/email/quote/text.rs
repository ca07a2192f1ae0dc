//! Plain text: its lines, and the stretches of it that are folded.

use super::lines::{Found, Line, Mark, find};
use crate::model::{Fold, FoldKind};

/// A stretch of a text; all of them joined are the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The stretch.
    pub text: &'a str,
    /// What it is, if it is folded away.
    pub kind: Option<FoldKind>,
}

impl Segment<'_> {
    /// Whether it is folded away.
    #[must_use]
    pub fn folded(&self) -> bool {
        self.kind.is_some()
    }
}

/// Folds a text.
#[must_use]
pub fn fold_text(text: &str) -> Vec<Segment<'_>> {
    fold_text_as(text, false)
}

/// Folds a text; in a mail that passes another one on, that other one is shown.
#[must_use]
pub fn fold_text_as(text: &str, forward: bool) -> Vec<Segment<'_>> {
    let whole: Vec<&str> = text.split_inclusive('\n').collect();
    let lines: Vec<Line<'_>> = whole
        .iter()
        .map(|l| line(l.trim_end_matches(['\n', '\r'])))
        .collect();
    join(text, &whole, &find(&lines, forward))
}

fn line(text: &str) -> Line<'_> {
    let start = text.trim_start();
    // `>From` is what old mailboxes made of a line's beginning.
    let quoted = start.starts_with('>') && !start.starts_with(">From ") || start.starts_with('＞');
    Line {
        text,
        mark: if quoted { Mark::Quoted } else { Mark::None },
        blank: !quoted
            && text
                .trim_matches(|c: char| {
                    c.is_whitespace()
                        || matches!(
                            c,
                            '\u{200b}' | '\u{feff}' | '\u{200c}' | '\u{ad}' | '\u{34f}'
                        )
                })
                .is_empty(),
    }
}

fn join<'a>(text: &'a str, whole: &[&'a str], found: &Found) -> Vec<Segment<'a>> {
    let mut out: Vec<Segment<'a>> = Vec::new();
    let (mut from, mut at) = (0, 0);
    let mut current: Option<Option<FoldKind>> = None;
    let mut close = |from: &mut usize, to: usize, kind: Option<Option<FoldKind>>| {
        if let (Some(kind), Some(part)) = (kind, text.get(*from..to))
            && !part.is_empty()
        {
            out.push(Segment { text: part, kind });
            *from = to;
        }
    };
    for (i, line) in whole.iter().enumerate() {
        let kind = found.kinds.get(i).copied().flatten();
        if current.is_some_and(|c| c != kind) {
            close(&mut from, at, current);
        }
        current = Some(kind);
        if let Some((_, split)) = found.split.filter(|s| s.0 == i) {
            close(&mut from, at + split, current);
            current = Some(Some(FoldKind::Quote));
        }
        at += line.len();
    }
    close(&mut from, at, current);
    out
}

/// What is shown.
#[must_use]
pub fn visible(segments: &[Segment<'_>]) -> String {
    segments
        .iter()
        .filter(|s| !s.folded())
        .map(|s| s.text)
        .collect()
}

/// What is folded away.
#[must_use]
pub fn hidden(segments: &[Segment<'_>]) -> String {
    segments
        .iter()
        .filter(|s| s.folded())
        .map(|s| s.text)
        .collect()
}

/// The folded stretches as places in the text, in bytes.
#[must_use]
pub fn ranges(segments: &[Segment<'_>]) -> Vec<Fold> {
    let mut at = 0;
    let mut out = Vec::new();
    for s in segments {
        let end = at + s.text.len();
        if let Some(kind) = s.kind {
            out.push(Fold {
                start: at,
                end,
                kind,
            });
        }
        at = end;
    }
    out
}
