//! Servers that write letters only: whom a mail did not reach, read from prose.

use super::super::addresses;
use super::super::bounce_reason as reason;
use super::super::budget::MAX_BOUNCED;
use super::super::html::cut;
use super::Letter;
use super::report::made;
use super::said::{Said, returned_field};
use crate::model::{Bounced, Party, email_key};

/// The lines that speak of an address: from its own on, until another one's.
pub(super) fn about(human: &str, address: &str) -> String {
    let lower = address.to_lowercase();
    let mut lines = human
        .lines()
        .skip_while(|l| !l.to_lowercase().contains(&lower));
    let mut out = String::new();
    for (i, line) in lines.by_ref().take(12).enumerate() {
        if i > 0
            && (leading(line).is_some_and(|a| !a.eq_ignore_ascii_case(address))
                || line.trim().is_empty() && out.len() > 40 && i > 3)
        {
            break;
        }
        out.push_str(line.trim());
        out.push(' ');
    }
    if out.trim().is_empty() {
        cut(human, 4_000).to_owned()
    } else {
        out
    }
}

pub(super) fn by_text(letter: &Letter<'_>, said: &Said) -> Vec<Bounced> {
    let marked = letter
        .headers
        .first("x-failed-recipients")
        .map(|v| found_in(&String::from_utf8_lossy(v)))
        .unwrap_or_default();
    let candidates = [
        marked,
        strong(letter, &said.text),
        returned_field(said, "to")
            .map(|v| found_in(&v))
            .filter(|a| a.len() == 1)
            .unwrap_or_default(),
        weak(letter, &said.text),
        own(&said.text),
        returned_field(said, "to")
            .map(|v| found_in(&v))
            .unwrap_or_default(),
        returned_field(said, "x-original-to")
            .or_else(|| returned_field(said, "delivered-to"))
            .map(|v| found_in(&v))
            .unwrap_or_default(),
    ];
    let found = candidates
        .into_iter()
        .find(|c| !c.is_empty())
        .unwrap_or_default();
    found
        .into_iter()
        .take(MAX_BOUNCED)
        .map(|address| {
            let near = about(&said.text, &address);
            let near_code = reason::code_in(&near).or_else(|| reason::code_in(&said.text));
            let mut why = reason::of(near_code.as_deref(), &near);
            if why.key == "other" {
                why = reason::of(near_code.as_deref(), &said.text);
            }
            let delayed = is_delay(letter.subject, &said.text);
            made(
                address,
                if delayed { "delayed" } else { "failed" },
                near_code,
                near.trim(),
                why,
            )
        })
        .collect()
}

fn is_delay(subject: &str, text: &str) -> bool {
    let (subject, text) = (subject.to_lowercase(), cut(text, 10_000).to_lowercase());
    (subject.contains("delay") || subject.starts_with("warning")) && !text.contains("permanent")
        || text.contains("will continue to be attempted")
        || text.contains("you do not need to resend")
}

/// An address at the beginning of a line, alone or with what befell it: `<a@b>: 550 …`, `a@b`, `  a@b...`.
fn leading(line: &str) -> Option<String> {
    let l = line.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '-' | '>' | '|' | '+' | '\u{2022}')
    });
    let l = l.strip_prefix("mailto:").unwrap_or(l);
    if let Some(rest) = l.strip_prefix('<') {
        let (inner, _) = rest.split_once('>')?;
        return email_key(inner).map(|_| inner.trim().to_owned());
    }
    let word = l.split_whitespace().next()?;
    let word = word
        .split("...")
        .next()
        .unwrap_or(word)
        .trim_matches(|c: char| {
            matches!(
                c,
                ':' | ',' | ';' | '.' | '"' | '\'' | '(' | ')' | '[' | ']'
            )
        });
    let rest = l
        .get(word.len()..)
        .unwrap_or_default()
        .trim_start_matches([':', ',', '.', ';'])
        .trim();
    let alone = rest.is_empty()
        || l.get(word.len()..)
            .is_some_and(|r| r.starts_with([':', ',', ';']) || r.starts_with("..."))
        || rest.starts_with(['(', '<', '[']);
    (alone && is_bare(word)).then(|| word.to_owned())
}

/// Words in front of the recipient's address in letters of servers.
const KEYS: &[&str] = &[
    "recipient",
    "to:",
    "rcpt to",
    "addressee",
    "user:",
    "user ",
    "account",
    "mailbox",
    "e-mail address",
    "address:",
    "delivery to",
    "for <",
    "for recipient",
    "your message to",
    "message to",
    "deliver to",
    "deliver mail to",
    "could not be delivered to",
    "delivered to",
    "sent to",
    "unknown",
    "an:",
    "empfänger",
    "destinataire",
    "destinatario",
    "failed:",
    "failure",
    "undeliverable",
    "following",
    "宛先",
    "did not reach",
];

fn strong(letter: &Letter<'_>, text: &str) -> Vec<String> {
    let fits = |a: &String| !is_other(letter, a);
    let lines = || text.lines().take(2_000);
    let leading: Vec<String> = lines().filter_map(leading).filter(fits).collect();
    if !leading.is_empty() {
        return leading;
    }
    let keyed = lines().filter(|l| {
        let lower = l.to_lowercase();
        KEYS.iter().any(|k| lower.contains(k))
            && !lower.contains("message-id")
            && !lower.trim_start().starts_with("from")
    });
    keyed.flat_map(found_in).filter(fits).collect()
}

/// Whoever wrote to himself, and it came back.
fn own(text: &str) -> Vec<String> {
    let line = |l: &str| match leading(l) {
        Some(address) => vec![address],
        None if l.to_ascii_lowercase().starts_with("final-recipient") => found_in(l),
        None => Vec::new(),
    };
    text.lines().take(2_000).flat_map(line).collect()
}

fn weak(letter: &Letter<'_>, text: &str) -> Vec<String> {
    let plain = |l: &&str| {
        !l.to_lowercase().contains("message-id")
            && !l.to_lowercase().trim_start().starts_with("from")
    };
    let all: Vec<String> = text
        .lines()
        .take(2_000)
        .filter(plain)
        .flat_map(found_in)
        .filter(|a| !is_other(letter, a))
        .collect();
    all.into_iter().take(1).collect()
}

/// Addresses that speak or are spoken to: the server, whoever sent the mail that came back, and those who help.
fn is_other(letter: &Letter<'_>, address: &str) -> bool {
    let Some(key) = email_key(address) else {
        return true;
    };
    let local = key.split('@').next().unwrap_or_default();
    if [
        "postmaster",
        "mailer-daemon",
        "abuse",
        "hostmaster",
        "helpdesk",
        "support",
        "unblock",
    ]
    .contains(&local)
    {
        return true;
    }
    let is = |p: &Party| email_key(&p.address).as_deref() == Some(&key);
    let to = letter
        .headers
        .first("to")
        .map(|v| addresses::list(&String::from_utf8_lossy(v)))
        .unwrap_or_default();
    letter.from.is_some_and(is) || to.iter().any(is)
}

/// Every address in a text, in order.
pub(super) fn found_in(text: &str) -> Vec<String> {
    text.split(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | '"' | '\'' | '|'
            )
    })
    .filter(|w| w.contains('@'))
    .map(|w| {
        w.rsplit(':')
            .next()
            .unwrap_or(w)
            .trim_matches(|c: char| matches!(c, '.' | ':' | '!' | '?' | '`' | '*' | '=' | '-'))
    })
    .filter(|w| is_bare(w))
    .map(str::to_owned)
    .collect()
}

/// An address and nothing around it.
fn is_bare(word: &str) -> bool {
    !word.contains(['<', '>', ':', '(']) && email_key(word).is_some()
}
