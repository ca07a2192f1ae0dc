//! What stands above a quoted or passed-on mail: its header written out, marks between dashes, and the request of a
//! ticket system.

use super::attribution::timed;
use super::needles::Needles;
use super::phrases::{FIELDS, FORWARDED, Field, ORIGINAL, REPLY_ABOVE};
use std::collections::HashMap;
use std::sync::LazyLock;

static NAMES: LazyLock<HashMap<&'static str, Field>> = LazyLock::new(|| {
    let all = FIELDS
        .iter()
        .rev()
        .flat_map(|(kind, names)| names.iter().map(|n| (*n, *kind)));
    all.collect()
});
static ORIGINALS: LazyLock<Needles> = LazyLock::new(|| Needles::new(ORIGINAL));
static PASSED_ON: LazyLock<Needles> = LazyLock::new(|| Needles::new(FORWARDED));
static ABOVE: LazyLock<Needles> = LazyLock::new(|| Needles::new(REPLY_ABOVE));

/// Longest line that is looked at, in bytes.
const LONGEST: usize = 500;
/// Most lines that a header is looked for in.
const LINES: usize = 14;

/// The field that a line names, and the rest of the line.
pub type Named<'a> = Option<(Field, &'a str)>;

/// The field that a line names.
pub fn field(line: &str) -> Named<'_> {
    if line.len() > LONGEST {
        return None;
    }
    let line = line.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '|' | '_' | '\u{200e}' | '\u{200f}')
    });
    let at = line.find([':', '：']).filter(|i| *i <= 48)?;
    let name = line
        .get(..at)?
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '|'))
        .to_lowercase();
    let kind = NAMES.get(name.as_str())?;
    let rest = line.get(at..)?.trim_start_matches([':', '：']);
    Some((
        *kind,
        rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '|')),
    ))
}

/// Whether a written-out header begins here; `fields` are what the lines name.
pub fn block_at(lines: &[&str], fields: &[Named<'_>]) -> bool {
    let Some((first, _)) = fields.first().copied().flatten() else {
        return false;
    };
    let (mut kinds, mut address, mut time, mut blanks, mut strange) =
        (Vec::new(), false, false, 0, 0);
    for (line, named) in lines.iter().zip(fields).take(LINES) {
        if line.trim().is_empty() {
            blanks += 1;
            // Between paragraphs of HTML there may be one blank line each.
            if blanks > kinds.len() {
                break;
            }
            continue;
        }
        match *named {
            Some((kind, value)) => {
                strange = 0;
                address |= value.contains('@');
                time |= kind == Field::Date
                    && (timed(value) || value.chars().filter(char::is_ascii_digit).count() >= 5);
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            None => {
                address |= strange == 0 && line.contains('@');
                strange += 1;
                // A value may be broken over a line, not more.
                if strange > 2 || blanks > 0 && strange > 1 {
                    break;
                }
            }
        }
    }
    let has = |f| kinds.contains(&f);
    let begins = matches!(first, Field::From | Field::Date) || kinds.len() >= 3;
    begins
        && kinds.len() >= 2
        && (has(Field::From) || has(Field::Date))
        && (address
            || time && kinds.len() >= 2 && (has(Field::From) || has(Field::Subject))
            || has(Field::Subject) && has(Field::From))
        && (has(Field::From) || has(Field::To) || kinds.len() >= 3)
}

fn framed(line: &str) -> bool {
    let frame = |c: char| {
        matches!(
            c,
            '-' | '_' | '=' | '*' | '—' | '–' | '~' | '<' | '>' | '#' | ' ' | '+'
        )
    };
    let line = line.trim();
    line.starts_with(frame) || line.ends_with(frame)
}

fn inner(line: &str) -> String {
    line.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '-' | '_' | '=' | '*' | '—' | '–' | '~' | '<' | '>' | '#' | ':' | '：' | '+'
            )
    })
    .to_lowercase()
}

/// "-----Original Message-----" and its like.
pub fn original(line: &str) -> bool {
    if line.len() > 160 {
        return false;
    }
    let inner = inner(line);
    ORIGINALS.starts(&inner).any(|p| inner == p || framed(line))
}

/// A frame of dashes around any words, which says something only together with a header below it.
pub fn frame(line: &str) -> bool {
    let line = line.trim();
    line.len() <= 160 && (line.starts_with("---") && line.ends_with("---") || rule(line))
}

/// A line of nothing but dashes or underscores.
pub fn rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3
        && line
            .chars()
            .all(|c| matches!(c, '-' | '_' | '=' | '*' | '—' | '–' | '─' | ' '))
}

/// The mark before a mail that is passed on.
pub fn forwarded(line: &str) -> bool {
    if line.len() > 160 {
        return false;
    }
    let inner = inner(line);
    let announced = || framed(line) || line.trim().ends_with([':', '：']);
    PASSED_ON
        .within(&inner)
        .any(|(_, p)| inner == p || inner.len() < p.len() + 60 && announced())
}

/// The request to write above this line.
pub fn reply_above(line: &str) -> bool {
    if line.len() > 200 {
        return false;
    }
    let lower = line.to_lowercase();
    (framed(line) || lower.len() < 120)
        && ABOVE.within(&lower).next().is_some()
        && (framed(line) || !line.trim().ends_with('?'))
}
