//! What was found, marked in the text that is shown. The index keeps no text, so the places are found anew.

use crate::store::normalise::{Purpose, Token, tokens};

/// A stretch of text with the found places, in UTF-16 units as the window counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedText {
    /// Text.
    pub text: String,
    /// `[start, end)`.
    pub marks: Vec<(u32, u32)>,
}

/// Words with whether a beginning suffices.
pub type Marks = [(String, bool)];

fn hit(t: &Token, marks: &Marks) -> bool {
    marks.iter().any(|(w, open)| {
        if *open {
            t.word.starts_with(w.as_str())
        } else {
            t.word == *w
        }
    })
}

/// A text with its found places.
#[must_use]
pub fn marked(text: String, marks: &Marks) -> MarkedText {
    let mut spans: Vec<(usize, usize)> = tokens(&text, Purpose::Document)
        .iter()
        .filter(|t| hit(t, marks))
        .map(|t| (t.start, t.end))
        .collect();
    spans.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (a, b) in spans {
        match merged.last_mut() {
            Some(l) if a <= l.1 => l.1 = l.1.max(b),
            _ => merged.push((a, b)),
        }
    }
    let utf16 = |to: usize| u32::try_from(text[..to].encode_utf16().count()).unwrap_or(u32::MAX);
    let marks = merged
        .into_iter()
        .map(|(a, b)| (utf16(a), utf16(b)))
        .collect();
    MarkedText { text, marks }
}

/// At most 180 characters around the first hit, on one line.
#[must_use]
pub fn excerpt(body: &str, marks: &Marks) -> MarkedText {
    const BEFORE: usize = 50;
    const LENGTH: usize = 180;
    let first = first_hit(body, marks).unwrap_or(0);
    let from = body[..first]
        .char_indices()
        .rev()
        .take(BEFORE)
        .last()
        .map_or(first, |(at, _)| at);
    let line: String = body[from..]
        .chars()
        .take(LENGTH)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let line = line
        .split(' ')
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let line = if from > 0 { format!("…{line}") } else { line };
    marked(line, marks)
}

/// Where the first hit stands. Reads slice by slice, since most hits are near the beginning, and gives up deep inside
/// a very long text.
fn first_hit(body: &str, marks: &Marks) -> Option<usize> {
    const SLICE: usize = 600;
    const DEEPEST: usize = 100_000;
    if marks.is_empty() {
        return None;
    }
    let mut at = 0;
    while at < body.len().min(DEEPEST) {
        let end = slice_end(body, at, SLICE);
        let found = tokens(&body[at..end], Purpose::Document)
            .iter()
            .filter(|t| hit(t, marks))
            .map(|t| at + t.start)
            .min();
        if found.is_some() {
            return found;
        }
        at = end;
    }
    None
}

/// The end of a slice: the next white space after `len` bytes, so that no word is cut, unless there is none for long.
fn slice_end(body: &str, at: usize, len: usize) -> usize {
    let wanted = body.ceil_char_boundary((at + len).min(body.len()));
    let limit = body.ceil_char_boundary((wanted + len).min(body.len()));
    body[wanted..limit]
        .find(char::is_whitespace)
        .map_or(limit, |i| wanted + i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_count_as_the_window_counts() {
        let m = marked("😀 Lämpchen lamp".into(), &[("lamp".into(), true)]);
        assert_eq!(m.marks, [(3, 11), (12, 16)]);
    }

    #[test]
    fn an_excerpt_is_cut_around_a_hit_however_deep_and_whatever_the_script() {
        let deep = format!("{} the lamp is here", "word ".repeat(3_000));
        let e = excerpt(&deep, &[("lamp".into(), false)]);
        assert!(
            e.text.starts_with('…') && e.text.contains("the lamp is here"),
            "{}",
            e.text
        );
        assert_eq!(e.marks.len(), 1);
        let chinese = format!("{}退款", "政策".repeat(2_000));
        let e = excerpt(&chinese, &[("退款".into(), false)]);
        assert!(e.text.contains("退款"), "{}", e.text);
    }

    #[test]
    fn an_excerpt_without_a_hit_is_the_beginning() {
        let e = excerpt("Dear Anna,\n\nthe  lamp", &[("sofa".into(), false)]);
        assert_eq!((e.text.as_str(), e.marks.len()), ("Dear Anna, the lamp", 0));
    }
}
