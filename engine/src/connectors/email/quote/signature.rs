//! The end of what a person wrote that is the same in every mail: a signature, a phone's line, a lawyer's paragraph.

use super::headers::rule;
use super::needles::Needles;
use super::phrases::{CLOSINGS, DEVICES, DISCLAIMERS, SENT_FROM, SENT_FROM_ENDS};
use std::sync::LazyLock;

static BEGINNINGS: LazyLock<Needles> = LazyLock::new(|| Needles::new(SENT_FROM));
static ENDINGS: LazyLock<Needles> = LazyLock::new(|| Needles::new(SENT_FROM_ENDS));

/// Most lines with text below a mark that leaves doubts.
const SHORT: usize = 14;
/// Most lines with text below the classic mark.
const LONG: usize = 41;
/// Longest line of a signature without a mark, in characters.
const NARROW: usize = 64;

/// A line that a phone or a program added.
pub fn sent_from(line: &str) -> bool {
    let line = line
        .trim()
        .trim_matches(|c: char| {
            matches!(
                c,
                '*' | '_' | '>' | '<' | '"' | '\u{200e}' | '\u{200f}' | '|'
            )
        })
        .trim();
    if line.is_empty() || line.len() > 240 {
        return false;
    }
    let lower = line.to_lowercase();
    let begins = BEGINNINGS.starts(&lower).next();
    if begins.is_none() && !ENDINGS.ends(&lower) {
        return false;
    }
    // An address of the shop where the program can be had may follow.
    let words = lower
        .split(['<', '(', '['])
        .next()
        .unwrap_or(&lower)
        .trim()
        .trim_end_matches(['.', '!']);
    let device = DEVICES.iter().any(|d| words.contains(d));
    let count = words.split_whitespace().count();
    match begins {
        Some(p) if p.starts_with("sent from") => {
            (!words.contains(',') || device && count <= 12)
                && count <= 14
                && (device || count <= 7)
                && !words.contains(" is ")
        }
        Some(p)
            if p.contains("outlook")
                || p.contains("brevity")
                || p.contains("kürze")
                || p.ends_with(':') =>
        {
            true
        }
        Some(_) => device && count <= 14,
        None => device && count <= 8,
    }
}

/// The classic mark: two dashes, with or without the space behind them.
fn delimiter(line: &str) -> bool {
    matches!(
        line.trim(),
        "--" | "—" | "---" | "–" | "__" | "___" | "- -" | "-- -"
    ) || rule(line) && line.trim().len() >= 3 && !line.contains('=') && !line.contains('*')
}

fn blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn narrow(line: &str, most: usize) -> bool {
    line.len() <= 4 * most && line.trim().chars().count() <= most
}

/// Where the signature of these lines begins: what one person wrote in one piece, up to its end or to a quotation.
/// `start` says that the piece is the mail's beginning, whose first line is never a signature.
pub fn begins(lines: &[&str], start: bool) -> Option<usize> {
    let full: Vec<usize> = (0..lines.len())
        .filter(|i| lines.get(*i).is_some_and(|l| !blank(l)))
        .collect();
    full.first()?;
    // A signature has an end: what stands far above the last lines is none.
    let tail: Vec<usize> = full
        .iter()
        .copied()
        .skip(full.len().saturating_sub(LONG).max(usize::from(start)))
        .collect();
    let at = |i: usize| lines.get(i).copied().unwrap_or_default();
    let below = |i: usize| tail.iter().filter(move |j| **j > i).copied();
    let small = |i: usize, most: usize, width: usize| {
        below(i).count() <= most && below(i).all(|j| narrow(at(j), width))
    };
    let found = tail.iter().copied().find(|i| {
        let line = at(*i);
        if line.len() > 300 {
            return false;
        }
        // RFC 3676: the mark with its space says it plainly.
        (line.trim_start() == "-- " || line.trim() == "--") && below(*i).count() < LONG
            || delimiter(line) && below(*i).next().is_some() && small(*i, SHORT, 80) && below(*i).all(|j| !sentence(at(j)))
            // A name alone below "Thanks," was typed; more than that was put there.
            || closing(line) && below(*i).count() >= 2 && small(*i, 10, NARROW) && below(*i).all(|j| signs(at(j)))
            || dashed_name(line) && small(*i, 8, 72) && below(*i).all(|j| !sentence(at(j)) || sent_from(at(j))) && !listed(&full, *i, at)
            || disclaimer(line) && below(*i).count() <= 30
    });
    found
        .or_else(|| card(&tail, lines, at))
        .map(|i| contacts_above(&full, i, lines))
}

/// Nothing above changes where a signature begins, but a rule directly above it belongs to it.
fn contacts_above(full: &[usize], found: usize, lines: &[&str]) -> usize {
    let above = full.iter().rev().find(|j| **j < found).copied();
    match above {
        Some(j)
            if j > full.first().copied().unwrap_or(0) && lines.get(j).is_some_and(|l| rule(l)) =>
        {
            j
        }
        _ => found,
    }
}

/// "-Anna", "- Anna Meier".
fn dashed_name(line: &str) -> bool {
    let Some(name) = line.trim().strip_prefix(['-', '—', '–', '~']) else {
        return false;
    };
    let name = name.trim().trim_end_matches(['.', ',', '!']);
    let words: Vec<&str> = name.split_whitespace().collect();
    let letters = name
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '-'))
        && name.chars().any(char::is_alphabetic);
    let capital = |w: &&str| {
        w.chars()
            .next()
            .is_some_and(|c| c.is_uppercase() || !c.is_lowercase())
    };
    letters
        && !name.starts_with('-')
        && (words.len() == 1 && name.chars().count() <= 16
            || (2..=3).contains(&words.len()) && words.iter().all(capital) && name.len() <= 40)
}

/// Whether the line is one of a list.
fn listed<'a>(full: &[usize], i: usize, at: impl Fn(usize) -> &'a str) -> bool {
    let place = full.iter().position(|j| *j == i).unwrap_or(0);
    let item = |l: &str| l.trim_start().starts_with(['-', '*', '•', '–']);
    let above = place
        .checked_sub(1)
        .and_then(|p| full.get(p))
        .map(|j| at(*j))
        .unwrap_or_default();
    let below = full.get(place + 1).map(|j| at(*j)).unwrap_or_default();
    item(above) || above.trim_end().ends_with(':') || item(below)
}

fn closing(line: &str) -> bool {
    if line.len() > 120 {
        return false;
    }
    let words = line
        .trim()
        .trim_matches(|c: char| {
            c.is_ascii_punctuation()
                || matches!(c, '，' | '。' | '！' | '、' | '،' | '–' | '—' | '…')
        })
        .trim()
        .to_lowercase();
    words.len() > 1 && CLOSINGS.contains(&words.as_str())
}

/// A line that may stand below a closing: a name, a number, an address; nothing that is told or asked.
fn signs(line: &str) -> bool {
    !sentence(line) && !line.contains(['?', '？']) && !afterthought(line)
}

fn afterthought(line: &str) -> bool {
    let l = line.trim().to_lowercase();
    [
        "p.s", "ps:", "ps ", "pps", "nb:", "p.d", "edit:", "update:", "ps.", "з.ы", "ps,",
    ]
    .iter()
    .any(|p| l.starts_with(p))
}

/// Words that tell something, rather than a name or a place to reach somebody.
fn sentence(line: &str) -> bool {
    let line = line.trim();
    let words = line.split_whitespace().count();
    let web = line.contains("http") || line.contains("www.");
    afterthought(line)
        || words > 3
            && !web
            && (line.ends_with(['.', '!', '?', ';', '。', '！', '؟', '？'])
                || line.ends_with(',') && words > 5
                || line.ends_with(':') && words > 3)
        || words > 12 && !web
}

fn disclaimer(line: &str) -> bool {
    let head: String = line
        .trim()
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .chars()
        .take(80)
        .collect();
    let lower = head.to_lowercase();
    DISCLAIMERS.iter().any(|p| lower.starts_with(p))
}

/// A visiting card without a mark: the last paragraph, a name and at least two ways to reach somebody.
fn card<'a>(tail: &[usize], lines: &[&'a str], at: impl Fn(usize) -> &'a str) -> Option<usize> {
    let last = *tail.last()?;
    let mut first = last;
    while first > 0 && lines.get(first - 1).is_some_and(|l| !blank(l)) {
        first -= 1;
    }
    if !tail.contains(&first) || first == 0 || last - first > 9 || last == first {
        return None;
    }
    let all: Vec<&str> = (first..=last).map(at).collect();
    let fits = all.iter().all(|l| narrow(l, NARROW) && signs(l));
    let tagged = all.iter().all(|l| l.starts_with("#sig#"));
    let name = all.first().is_some_and(|l| {
        (1..=5).contains(&l.split_whitespace().count())
            && !l.trim_end().ends_with([':', ','])
            && l.chars().filter(char::is_ascii_digit).count() < 3
    });
    let any = |f: &dyn Fn(&str) -> bool| usize::from(all.iter().any(|l| f(l)));
    let mail = any(&|l| l.contains('@'));
    let web = any(&|l| l.contains("www.") || l.contains("http"));
    let phone = any(&|l| {
        l.chars().filter(char::is_ascii_digit).count() >= 7
            && !l.contains('@')
            && !l.contains("http")
    });
    (fits && name && (mail + web + phone >= 2 && mail + web >= 1) || tagged).then_some(first)
}
