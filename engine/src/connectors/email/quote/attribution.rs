//! The line that introduces a quotation: "On Tuesday, Anna wrote:", in any order of date, name and verb, broken over
//! up to four lines.

use super::needles::Needles;
use super::phrases::{ON, WROTE};
use std::sync::LazyLock;

static OPENING: LazyLock<Needles> = LazyLock::new(|| Needles::new(ON));
static VERBS: LazyLock<Needles> = LazyLock::new(|| Needles::new(WROTE));

/// Most lines that it is broken over.
const LINES: usize = 4;
/// Longest line that is looked at, in bytes, and longest introduction.
const LONGEST: usize = 400;

/// How sure it is without a quotation below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sure {
    /// By itself.
    Alone,
    /// Only with quoted lines directly below.
    WithQuote,
}

/// Whether an introduction begins at this line: how many lines it has and how sure that is.
pub fn at(lines: &[&str]) -> Option<(usize, Sure)> {
    let mut joined = String::new();
    let first = lines.first()?.trim();
    if first.is_empty() || first.len() > LONGEST || !could_begin(first) {
        return None;
    }
    let mut last = 0;
    for (n, line) in lines.iter().take(LINES + 2).enumerate() {
        let line = line.trim();
        if line.is_empty() {
            // A break before an address in brackets.
            if n > 0
                && lines
                    .get(n + 1)
                    .is_some_and(|l| l.trim_start().starts_with('<'))
                && dated(&joined)
            {
                continue;
            }
            return None;
        }
        if last >= LINES && !joined.ends_with('<') && !line.ends_with("wrote:") {
            return None;
        }
        last += 1;
        if joined.len() + line.len() > LONGEST {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        let Some(sure) = reads_as_one(&joined) else {
            continue;
        };
        // What begins further down belongs to the line above by chance only.
        if n > 0 && !continues(first) && lines.get(1..=n).is_some_and(begins_later) {
            return None;
        }
        return Some((n + 1, sure));
    }
    None
}

/// Whether the first line can be a part of one at all; keeps the reading linear and cheap.
fn could_begin(line: &str) -> bool {
    line.chars()
        .any(|c| c.is_ascii_digit() || matches!(c, '@' | '<' | ':' | '：'))
        || line.starts_with("--")
        || opens(&line.to_lowercase())
}

/// Whether a first line announces that more follows.
fn continues(first: &str) -> bool {
    let lower = bare(first).to_lowercase();
    opens(&lower) && dated(&lower)
}

fn begins_later(rest: &[&str]) -> bool {
    (0..rest.len()).any(|i| {
        let own = rest.get(i..).unwrap_or_default().join(" ");
        let lower = bare(&own).to_lowercase();
        (opens(&lower) || starts_with_date(&lower)) && reads_as_one(&own).is_some()
    })
}

fn opens(lower: &str) -> bool {
    OPENING.starts(lower).next().is_some()
}

fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '-' | '*' | '_' | '"' | '\u{200e}' | '\u{200f}' | '\u{202a}'
                    ..='\u{202e}' | '\u{feff}'
            )
    })
}

fn reads_as_one(joined: &str) -> Option<Sure> {
    let whole = joined.trim();
    let dashes = whole.starts_with("---") || whole.ends_with("---");
    let core = bare(whole);
    let ends = core.ends_with([':', '：', '﹕']);
    // Most lines end here: what follows is dear.
    if !ends && !dashes && !core.ends_with('>') && !VERBS.ends(core) {
        return None;
    }
    let lower = core.to_lowercase();
    let verb = has_verb(&lower);
    if !(ends || dashes && verb) {
        // Gmail of old dates a quotation without any colon.
        let old = starts_with_date(&lower)
            && lower.ends_with('>')
            && lower.contains('@')
            && lower.len() < 200;
        // The colon is sometimes lost.
        let lost = verb && opens(&lower) && timed(&lower) && VERBS.ends(&lower);
        return (old || lost).then_some(Sure::WithQuote);
    }
    let at = lower.contains('@');
    let numbered = dated(&lower);
    if !verb && !at && !numbered {
        return None;
    }
    let address = at
        && (lower.contains('<')
            || lower.contains('(')
            || lower.contains("mailto:")
            || lower.contains('['));
    match (verb, timed(&lower), numbered) {
        (true, true, _)
            if opens(&lower)
                || at
                || starts_with_date(&lower)
                || starts_with_weekday(&lower)
                || dashes =>
        {
            Some(Sure::Alone)
        }
        (true, _, true) if opens(&lower) && (at || full_date(&lower)) => Some(Sure::Alone),
        (true, _, _) if at && lower.len() < 200 && !lower.contains(". ") => Some(Sure::Alone),
        (true, true, _) => Some(if full_date(&lower) {
            Sure::Alone
        } else {
            Sure::WithQuote
        }),
        (true, _, _) if dashes && lower.len() < 120 => Some(Sure::Alone),
        // Gmail in some languages has no verb: date, name, address, colon.
        (false, true, true) if address && lower.len() < 250 => Some(Sure::Alone),
        (true, _, _) if lower.len() < 160 => Some(Sure::WithQuote),
        (false, _, true) if lower.len() < 200 && groups(&lower) >= 2 => Some(Sure::WithQuote),
        (false, _, _) if at && lower.len() < 200 => Some(Sure::WithQuote),
        _ => None,
    }
}

/// A verb of writing as a word of its own; in scripts without spaces anywhere.
fn has_verb(lower: &str) -> bool {
    VERBS.within(lower).any(|(i, v)| {
        let before = lower.get(..i).and_then(|s| s.chars().next_back());
        !v.is_ascii() || before.is_none_or(|c| !c.is_alphabetic() || v.starts_with(' '))
    })
}

fn dated(lower: &str) -> bool {
    groups(lower) >= 1
}

/// Numbers in it that could be of a date.
fn groups(text: &str) -> usize {
    let mut n = 0;
    let mut inside = false;
    for c in text.chars() {
        let digit = c.is_numeric();
        n += usize::from(digit && !inside);
        inside = digit;
    }
    n
}

/// A clock's time.
pub fn timed(text: &str) -> bool {
    if !text.contains([':', '.', 'h', '：', '時', '点']) {
        return false;
    }
    let b: Vec<char> = text.chars().collect();
    b.windows(4).any(|w| matches!(w, [h, s, m, n] if h.is_numeric() && matches!(s, ':' | '.' | 'h' | '：') && m.is_numeric() && n.is_numeric()))
        || text.contains('時')
        || text.contains('点')
}

/// A year, or day and month in numbers.
fn full_date(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|n| n.len() == 4 && (n.starts_with("19") || n.starts_with("20")))
        || text.split_whitespace().any(|w| {
            w.split(['.', '/', '-'])
                .filter(|p| !p.is_empty() && p.len() <= 4 && p.chars().all(|c| c.is_ascii_digit()))
                .count()
                >= 3
        })
}

fn starts_with_date(lower: &str) -> bool {
    let head: String = lower.chars().take(12).collect();
    head.starts_with(|c: char| c.is_ascii_digit()) && groups(&head) >= 2
}

fn starts_with_weekday(lower: &str) -> bool {
    // "Mon, 3 May", "пн, 5 мая", "pon., 6 maj": a short word, a comma or point, a number.
    let mut words = lower.split_whitespace();
    let (Some(day), Some(next)) = (words.next(), words.next()) else {
        return false;
    };
    day.ends_with([',', '.'])
        && day.chars().count() <= 14
        && (next.starts_with(|c: char| c.is_ascii_digit())
            || words
                .next()
                .is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit())))
}

/// Where an introduction begins inside a line that begins with own words.
pub fn inside(line: &str, more: &[&str]) -> Option<usize> {
    if line.len() > LONGEST {
        return None;
    }
    line.match_indices("On ")
        .map(|(i, _)| i)
        .filter(|i| *i > 0)
        .take(8)
        .find_map(|i| {
            let from = line.get(..i)?.trim_end_matches([' ', '-']).len();
            let own = line.get(i..)?;
            let head: String = own.chars().take(20).collect();
            let spaced = line
                .get(..i)
                .is_some_and(|s| s.ends_with([' ', '-', '\u{a0}']));
            if from == 0 || !spaced || !dated(&head) {
                return None;
            }
            let mut all = vec![own];
            all.extend(more.iter().take(2));
            at(&all)
                .filter(|(_, sure)| *sure == Sure::Alone)
                .map(|_| from)
        })
}
