//! Makes a line of the log, or a sentence of an account's state, fit for strangers: what names a person, a business, a
//! place or a secret is replaced by its kind. What is wrongly taken out costs a question; what is wrongly left in costs
//! trust, so this errs on the side of taking out.

use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// A string with letters and digits of this length or more may be a token.
const SECRET: usize = 16;
/// So many digits may be a telephone number, an order or a card.
const DIGITS: usize = 7;
/// Names of this length or less are words of every language.
const SHORT: usize = 2;
/// Ends of names that are files of ours, not hosts.
const FILES: &[&str] = &[
    "rs", "log", "json", "db", "wal", "shm", "toml", "zip", "mbox", "eml", "csv", "jsonl", "txt",
    "svelte", "ts",
];
/// Mail hosts of millions: they name nobody, and their quirks are what support asks for.
const PUBLIC: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "google.com",
    "outlook.com",
    "office365.com",
    "hotmail.com",
    "live.com",
    "microsoftonline.com",
    "yahoo.com",
    "icloud.com",
    "me.com",
    "mail.me.com",
    "gmx.net",
    "gmx.de",
    "web.de",
    "fastmail.com",
    "zoho.com",
    "zoho.eu",
    "aol.com",
    "t-online.de",
    "ionos.com",
    "ionos.de",
    "strato.de",
    "ovh.net",
    "mailbox.org",
    "posteo.de",
    "protonmail.ch",
];

/// Stand for what was taken out until the line is done; no other control character is left in it by then.
const TEXT: char = '\u{1}';
const NUMBER: char = '\u{2}';

/// Replaces what must not leave the computer.
pub struct Redactor {
    /// Makes the short marks differ from bundle to bundle, so that nobody can try names against them.
    salt: [u8; 16],
    /// Words of names that the workspace knows: customers, the team, accounts.
    names: HashSet<String>,
}

impl Redactor {
    /// One that knows these names. They are cut into words; a word of one or two letters is none.
    pub fn new(salt: [u8; 16], names: impl IntoIterator<Item = String>) -> Self {
        let words = names.into_iter().flat_map(|name| {
            words_of(&name)
                .map(str::to_lowercase)
                .filter(|w| w.chars().count() > SHORT)
                .collect::<Vec<_>>()
        });
        Self {
            salt,
            names: words.collect(),
        }
    }

    /// A short mark that is the same for the same thing within one bundle, and says nothing of it.
    pub fn mark(&self, thing: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.salt);
        hash.update(thing.to_lowercase());
        data_encoding::HEXLOWER.encode(&hash.finalize()[..3])
    }

    /// A host's name: of a provider for everybody as it is, else a mark.
    pub fn host(&self, host: &str) -> String {
        let lower = host.trim().trim_end_matches('.').to_ascii_lowercase();
        let public = PUBLIC
            .iter()
            .any(|p| lower == *p || lower.ends_with(&format!(".{p}")));
        if public {
            lower
        } else {
            format!("<host {}>", self.mark(&lower))
        }
    }

    /// An address, by the shape it has.
    pub fn address(&self, address: &str) -> String {
        match address.rsplit_once('@') {
            Some((_, domain)) => format!("a***@{}", self.host(domain)),
            None => "<address>".into(),
        }
    }

    /// A line. Its own time at the very start stays.
    pub fn line(&self, line: &str) -> String {
        let (time, rest) = leading_time(line);
        let plain: String = rest
            .chars()
            .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
            .collect();
        let quoted = without_quotations(&plain);
        let counted = without_numbers(&quoted);
        let mut out = String::from(time);
        for piece in pieces(&counted) {
            out.push_str(&self.piece(piece));
        }
        out.replace(TEXT, "<text>").replace(NUMBER, "<number>")
    }

    fn piece(&self, piece: &str) -> String {
        // A letter or digit is what everything below is made of.
        if !piece.chars().any(char::is_alphanumeric) {
            return piece.to_owned();
        }
        let start =
            piece.find(|c: char| c.is_alphanumeric() || matches!(c, '/' | '\\' | ':' | '~'));
        let (before, core) = piece.split_at(start.unwrap_or(0));
        let end = core
            .rfind(|c: char| c.is_alphanumeric() || c == '/')
            .map_or(core.len(), |at| {
                at + core[at..].chars().next().map_or(1, char::len_utf8)
            });
        let (core, after) = core.split_at(end);
        format!("{before}{}{after}", self.core(core))
    }

    fn core(&self, core: &str) -> String {
        if core.contains('@') {
            return "<address>".into();
        }
        if is_link(core) {
            return "<link>".into();
        }
        if is_path(core) {
            return "<path>".into();
        }
        // `key=value` and `host:port` are two things.
        for mark in ['=', ':'] {
            if let Some((left, right)) = core.split_once(mark)
                && !core.contains("::")
                && !is_ip(core)
            {
                return format!("{}{mark}{}", self.core(left), self.piece(right));
            }
        }
        if is_ip(core) {
            return "<ip>".into();
        }
        if core.len() == 32 && core.bytes().all(|b| b.is_ascii_hexdigit()) {
            return format!("<id {}>", self.mark(core));
        }
        if is_secret(core) {
            return "<secret>".into();
        }
        if is_host(core) {
            return self.host(core);
        }
        if core.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) || self.is_name(core) {
            return "<text>".into();
        }
        core.to_owned()
    }

    /// Whether a word of it is a name that the workspace knows. The language of the log is English and its words small:
    /// a customer called “Will” costs the word.
    fn is_name(&self, core: &str) -> bool {
        !core.contains("::") && words_of(core).any(|w| self.names.contains(&w.to_lowercase()))
    }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
}

/// The time a line of our log begins with.
fn leading_time(line: &str) -> (&str, &str) {
    let end = line.find(' ').unwrap_or(line.len());
    let (first, rest) = line.split_at(end);
    let shape = first.len() >= 20
        && first.is_ascii()
        && first.as_bytes().get(4) == Some(&b'-')
        && first.as_bytes().get(10) == Some(&b'T')
        && first
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.' | b'T' | b'Z' | b'+'));
    if shape { (first, rest) } else { ("", line) }
}

/// Our sentences put what a person typed into curly quotation marks.
fn without_quotations(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find(['“', '«', '„']) {
        out.push_str(&rest[..open]);
        out.push(TEXT);
        let inside = &rest[open..];
        rest = match inside.find(['”', '»']) {
            Some(close) => inside[close..]
                .get(close_len(&inside[close..])..)
                .unwrap_or(""),
            None => "",
        };
    }
    out.push_str(rest);
    out
}

fn close_len(at: &str) -> usize {
    at.chars().next().map_or(0, char::len_utf8)
}

/// Takes out telephone numbers and the like, also with blanks, brackets and strokes inside.
fn without_numbers(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let begins =
            c.is_numeric() || (c == '+' && chars.get(at + 1).is_some_and(|n| n.is_numeric()));
        let inside_word = at > 0
            && chars
                .get(at - 1)
                .is_some_and(|p| p.is_alphabetic() || *p == '_');
        if !begins || inside_word {
            out.push(c);
            at += 1;
            continue;
        }
        let (digits, end) = number_from(&chars, at);
        let goes_on = chars.get(end).is_some_and(|n| n.is_alphabetic());
        if digits >= DIGITS && !goes_on {
            out.push(NUMBER);
        } else {
            out.extend(chars.get(at..end).unwrap_or_default());
        }
        at = end;
    }
    out
}

/// How many digits a number that begins here has, and where it ends. One separator at a time stays inside.
fn number_from(chars: &[char], from: usize) -> (usize, usize) {
    let (mut digits, mut end, mut i) = (0, from, from);
    let mut gap = 0;
    while let Some(c) = chars.get(i) {
        if c.is_numeric() {
            digits += 1;
            gap = 0;
            end = i + 1;
        } else if matches!(c, ' ' | '-' | '(' | ')' | '/' | '+' | '\u{a0}') && gap < 2 {
            gap += 1;
        } else {
            break;
        }
        i += 1;
    }
    (digits, end.max(from + 1))
}

/// A line cut at blanks, quotation marks, brackets and commas, with these.
fn pieces(line: &str) -> Vec<&str> {
    let cuts = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\''
                    | '`'
                    | ','
                    | ';'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '<'
                    | '>'
                    | TEXT
                    | NUMBER
            )
    };
    let mut out = Vec::new();
    let mut from = 0;
    for (at, c) in line.char_indices() {
        if cuts(c) {
            out.push(&line[from..at]);
            out.push(&line[at..at + c.len_utf8()]);
            from = at + c.len_utf8();
        }
    }
    out.push(&line[from..]);
    out
}

fn is_link(core: &str) -> bool {
    let scheme = core
        .split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    core.contains("://")
        || matches!(
            scheme.as_str(),
            "mailto" | "tel" | "sms" | "data" | "javascript"
        ) && core.contains(':')
}

fn is_path(core: &str) -> bool {
    let windows = core.len() > 2 && core.as_bytes().get(1) == Some(&b':') && core.contains('\\');
    windows
        || core.contains("\\\\")
        || core.starts_with("~/")
        || core.starts_with('/') && core.len() > 1
}

fn is_ip(core: &str) -> bool {
    let bare = core.split(['%', '/']).next().unwrap_or(core);
    let with_port = bare.rsplit_once(':').map_or(bare, |(host, _)| host);
    bare.parse::<std::net::IpAddr>().is_ok() || with_port.parse::<std::net::Ipv4Addr>().is_ok()
}

fn is_secret(core: &str) -> bool {
    let inner =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
    let (letters, digits) = core.bytes().fold((0, 0), |(l, d), b| {
        (
            l + usize::from(b.is_ascii_alphabetic()),
            d + usize::from(b.is_ascii_digit()),
        )
    });
    let upper = core.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = core.bytes().filter(u8::is_ascii_lowercase).count();
    let mixed = letters > 0 && digits > 1 || upper > 2 && lower > 2;
    core.len() >= SECRET && core.chars().all(inner) && mixed && !core.contains("::")
}

fn is_host(core: &str) -> bool {
    let Some((_, last)) = core.trim_end_matches('.').rsplit_once('.') else {
        return false;
    };
    let labels = core.trim_end_matches('.').split('.').all(|l| {
        !l.is_empty()
            && l.chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    });
    let word = last.chars().count() >= 2 && last.chars().any(char::is_alphabetic);
    labels && word && !FILES.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(
            [7; 16],
            ["Anna Berg".to_owned(), "Świętosława".into(), "Al".into()],
        )
    }

    #[test]
    fn what_support_needs_stays_readable() {
        let red = redactor();
        for line in [
            "2026-11-22T09:12:33.123456Z  INFO parley: started version=\"0.1.0\"",
            "2026-11-22T09:12:33.123456Z  WARN parley_engine::sync::poll: the folder was read messages=120 took=35ms",
            "the server refused the user name or password. Check both.",
            "stopped in_time=true at=session.rs:120 code=\"disk_full\"",
            "Al stays: two letters are a word of many languages",
        ] {
            assert_eq!(red.line(line), line);
        }
    }

    #[test]
    fn persons_places_and_secrets_do_not() {
        let red = redactor();
        for (line, gone) in [
            ("from anna.berg@shop.example now", "anna"),
            ("from <anna.berg@shop.example>, to x", "shop"),
            ("asked imap.shop.example:993 twice", "shop"),
            ("greeted by Anna, and by BERG", "nna"),
            ("greeted by Anna, and by BERG", "BERG"),
            ("called +31 20 123 45 67 back", "123"),
            ("called 0201234567 back", "0201"),
            ("order (020) 123-4567.", "4567"),
            ("see https://shop.example/reset?token=abc now", "reset"),
            ("key sk_live_51Hb9xKq2eZvKYlo2C is wrong", "51Hb9"),
            ("token=ya29.a0AfH6SMBx7Kp-_q19 is old", "a0AfH6"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.dBjftJeZ4CVP", "eyJ"),
            ("in /home/anna/.local/share/parley/parley.db", "home"),
            ("in C:\\Users\\anna\\AppData", "Users"),
            ("from 192.168.17.4:993", "192.168"),
            ("from 2001:db8::17", "2001"),
            ("the folder “Invoices 2024 Berg” is gone", "Invoices"),
            ("the folder “unfinished", "unfinished"),
            ("said Grüße an alle", "Grüße"),
            ("said Świętosława", "wi"),
            ("conversation=00112233445566778899aabbccddeeff", "0011"),
        ] {
            let out = red.line(line);
            assert!(!out.contains(gone), "{line} → {out}");
        }
    }

    #[test]
    fn the_same_thing_has_the_same_mark_within_a_bundle_and_another_in_the_next() {
        let (one, next) = (redactor(), Redactor::new([8; 16], []));
        assert_eq!(
            one.host("imap.shop.example"),
            one.host("IMAP.shop.example.")
        );
        assert_ne!(one.host("imap.shop.example"), one.host("smtp.shop.example"));
        assert_ne!(
            one.host("imap.shop.example"),
            next.host("imap.shop.example")
        );
    }

    #[test]
    fn a_provider_of_millions_names_nobody() {
        let red = redactor();
        assert_eq!(red.host("imap.gmail.com"), "imap.gmail.com");
        assert!(red.host("gmail.com.evil.example").starts_with("<host"));
        assert_eq!(red.address("anna@gmail.com"), "a***@gmail.com");
    }

    #[test]
    fn no_line_makes_it_fail() {
        let red = redactor();
        for line in [
            "", " ", "“", "”", "=", ":", "a=", "=b", "::", "+", "é", "a\u{0}b", "<", ">", "@",
            "1\u{a0}2",
        ] {
            let _ = red.line(line);
        }
        for n in 0..300_u32 {
            let odd: String = (0..n % 40)
                .map(|i| {
                    char::from_u32(n.wrapping_mul(7_919).wrapping_add(i * 104_729) % 0x2_fff)
                        .unwrap_or(' ')
                })
                .collect();
            let _ = red.line(&odd);
        }
    }
}
