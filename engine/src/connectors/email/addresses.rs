//! Address lists as they stand in headers (RFC 5322 §3.4), also as programs really write them.

use super::budget::{MAX_ADDRESSES, MAX_GROUP_DEPTH};
use super::words;
use crate::model::{Party, email_key};

/// Reads a list: names with commas, groups, comments, encoded words, addresses without brackets.
///
/// What names nobody (an empty group) gives nobody; a name without an address keeps an empty one.
pub(super) fn list(value: &str) -> Vec<Party> {
    let mut out: Vec<Party> = Vec::new();
    // Words that were cut off by a comma nobody quoted belong to the name that follows: `Berg, Anna <a@b>`.
    let mut loose: Vec<String> = Vec::new();
    for piece in pieces(value) {
        if out.len() > MAX_ADDRESSES {
            break;
        }
        let mailbox = piece.read();
        match mailbox {
            // `MAILER-DAEMON <>` says that there is no address.
            Some(m) if m.address.is_empty() && piece.angle.is_some() => out.push(m),
            Some(m) if m.address.is_empty() => loose.extend(m.name),
            Some(mut m) => {
                if piece.angle.is_some() && !piece.quoted && !loose.is_empty() {
                    loose.extend(m.name.take());
                    m.name = Some(std::mem::take(&mut loose).join(", "));
                }
                release(&mut loose, &mut out);
                out.push(m);
            }
            None => {}
        }
        if piece.ends_group {
            release(&mut loose, &mut out);
        }
    }
    release(&mut loose, &mut out);
    out
}

fn release(loose: &mut Vec<String>, out: &mut Vec<Party>) {
    for name in loose.drain(..) {
        // `root` and `MAILER-DAEMON` are addresses of this very server, `Anna Berg` is none.
        let local = !name.contains(char::is_whitespace) && name.is_ascii();
        out.push(if local {
            Party {
                name: None,
                address: name,
            }
        } else {
            Party {
                name: Some(name),
                address: String::new(),
            }
        });
    }
}

/// What stands between two commas.
#[derive(Default)]
struct Piece {
    /// Outside of brackets and comments, quotes undone.
    words: String,
    /// In angle brackets.
    angle: Option<String>,
    /// In parentheses.
    comment: String,
    /// The name was quoted, so that it is whole.
    quoted: bool,
    /// Quoted words that hold an `@` are a name, not an address.
    at_outside: bool,
    ends_group: bool,
}

impl Piece {
    fn read(&self) -> Option<Party> {
        let name = tidy(&words::decode_text(&self.words));
        let comment = tidy(&words::decode_text(&self.comment));
        let named = |n: String| Some(n).filter(|n| !n.is_empty());
        if let Some(angle) = &self.angle {
            let address = bare(angle);
            if !address.is_empty() {
                // Some write the address into its own brackets and brackets around them.
                return Some(Party {
                    name: named(name).or_else(|| named(comment)),
                    address,
                });
            }
        }
        if self.at_outside
            && let Some((name, address)) = without_brackets(&self.words)
        {
            let name = tidy(&words::decode_text(&name));
            return Some(Party {
                name: named(name).or_else(|| named(comment)),
                address,
            });
        }
        // A whole mailbox in one encoded word.
        if self.words.contains("=?")
            && let Some((inner, address)) = name.rsplit_once('<')
            && let Some(address) = address
                .trim()
                .strip_suffix('>')
                .filter(|a| email_key(a).is_some())
        {
            return Some(Party {
                name: named(tidy(inner)),
                address: address.trim().to_owned(),
            });
        }
        if self.words.contains("=?") && email_key(&name).is_some() && !name.contains('<') {
            return Some(Party {
                name: None,
                address: name,
            });
        }
        named(name).or_else(|| named(comment)).map(|n| Party {
            name: Some(n),
            address: String::new(),
        })
    }
}

/// An address that stands beside its name: `anna@shop.test Anna` and `Anna anna@shop.test`.
fn without_brackets(text: &str) -> Option<(String, String)> {
    if text.trim().starts_with('"') && email_key(text).is_some() {
        return Some((String::new(), text.trim().to_owned()));
    }
    let mut found: Option<&str> = None;
    for word in text.split_whitespace() {
        if word.contains('@') && word.len() > 1 && (found.is_none() || email_key(word).is_some()) {
            found = Some(word);
        }
    }
    // `anna @ shop.test`.
    let Some(word) = found else {
        let close: String = text.split_whitespace().collect();
        return email_key(&close).map(|_| (String::new(), close));
    };
    let name: Vec<&str> = text.split_whitespace().filter(|w| *w != word).collect();
    let address = word.trim_matches(|c| matches!(c, '<' | '>' | '[' | ']' | '\'' | ','));
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    let close: String = text.split_whitespace().collect();
    if email_key(address).is_none() && email_key(&close).is_some() {
        return Some((String::new(), close));
    }
    Some((name.join(" "), address.to_owned()))
}

/// An address in brackets, without a route (`@a,@b:c@d`), spaces and what was doubled.
fn bare(angle: &str) -> String {
    let decoded = words::decode_text(angle);
    let mut a = decoded
        .trim()
        .trim_matches(|c| matches!(c, '<' | '>'))
        .trim();
    if a.starts_with('@')
        && let Some((_, last)) = a.rsplit_once(':')
    {
        a = last;
    }
    if let Some(rest) = a
        .get(..7)
        .filter(|m| m.eq_ignore_ascii_case("mailto:"))
        .and_then(|_| a.get(7..))
    {
        a = rest;
    }
    if a.starts_with('"') {
        a.to_owned()
    } else {
        a.split_whitespace().collect()
    }
}

/// A name without the quotes that programs put into quotes, and with single spaces.
fn tidy(name: &str) -> String {
    let joined = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut n = joined.as_str();
    for q in ['"', '\''] {
        if let Some(inner) = n.strip_prefix(q).and_then(|r| r.strip_suffix(q)) {
            n = inner.trim();
        }
    }
    n.to_owned()
}

/// Splits at commas, semicolons and group names; never looks back, whatever is nested.
fn pieces(value: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut now = Piece::default();
    let mut groups = 0usize;
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        if out.len() > 2 * MAX_ADDRESSES || groups > MAX_GROUP_DEPTH {
            break;
        }
        match c {
            '"' => {
                let (text, closed) = quoted(&mut chars);
                // The local part of an address may be quoted.
                if closed && chars.peek() == Some(&'@') {
                    now.words.push_str(&format!(
                        "\"{}\"",
                        text.replace('\\', "\\\\").replace('"', "\\\"")
                    ));
                } else {
                    now.quoted = true;
                    now.words.push_str(&text);
                }
            }
            '(' => now.comment = comment(&mut chars, now.comment),
            '<' => {
                let text = angle(&mut chars);
                // Of two, the one that is an address counts, the last one if both are.
                let better = now
                    .angle
                    .as_ref()
                    .is_none_or(|a| email_key(a).is_none() || email_key(&text).is_some());
                if better {
                    if let Some(old) = now.angle.take() {
                        now.words.push_str(&old);
                    }
                    now.angle = Some(text);
                }
            }
            ',' | ';' => {
                now.ends_group = c == ';';
                if now.ends_group {
                    groups = groups.saturating_sub(1);
                }
                out.push(std::mem::take(&mut now));
            }
            ':' if now.angle.is_none()
                && !now.at_outside
                && !now.words.trim().is_empty()
                && !is_word(&now.words) =>
            {
                groups += 1;
                now = Piece::default();
            }
            // A bracket too many.
            '>' => {}
            c => {
                now.at_outside |= c == '@';
                now.words.push(if c.is_control() { ' ' } else { c });
            }
        }
    }
    out.push(now);
    out
}

/// `mailto:` names no group, and an encoded word may hold a colon.
fn is_word(words: &str) -> bool {
    let w = words.trim();
    w.eq_ignore_ascii_case("mailto")
        || w.rfind("=?")
            .is_some_and(|at| !w.get(at + 2..).unwrap_or_default().contains("?="))
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> (String, bool) {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => return (text, true),
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    (text, false)
}

fn comment(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, mut text: String) -> String {
    let mut depth = 1usize;
    if !text.is_empty() {
        text.push(' ');
    }
    while let Some(c) = chars.next() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return text;
                }
            }
            '\\' => {
                text.extend(chars.next());
                continue;
            }
            _ => {}
        }
        text.push(c);
    }
    text
}

fn angle(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    let mut in_quotes = false;
    while let Some(c) = chars.peek().copied() {
        match c {
            '>' if !in_quotes => {
                chars.next();
                return text;
            }
            // A bracket that is never closed ends with its address.
            ',' if !in_quotes && text.contains('@') && !text.starts_with('@') => return text,
            '"' => in_quotes = !in_quotes,
            _ => {}
        }
        chars.next();
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(String, String)> {
        list(value)
            .into_iter()
            .map(|p| (p.name.unwrap_or_default(), p.address))
            .collect()
    }

    fn one(value: &str) -> (String, String) {
        let mut all = read(value);
        assert_eq!(all.len(), 1, "{value}: {all:?}");
        all.remove(0)
    }

    #[test]
    fn one_mailbox_in_every_way_it_is_written() {
        for (value, name, address) in [
            ("anna@shop.test", "", "anna@shop.test"),
            ("<anna@shop.test>", "", "anna@shop.test"),
            ("Anna Berg <anna@shop.test>", "Anna Berg", "anna@shop.test"),
            (
                "\"Berg, Anna\" <anna@shop.test>",
                "Berg, Anna",
                "anna@shop.test",
            ),
            (
                "Berg, Anna <anna@shop.test>",
                "Berg, Anna",
                "anna@shop.test",
            ),
            (
                "\"Anna \\\"B\\\" Berg\" <anna@shop.test>",
                "Anna \"B\" Berg",
                "anna@shop.test",
            ),
            ("anna@shop.test (Anna Berg)", "Anna Berg", "anna@shop.test"),
            (
                "=?utf-8?Q?Berg=2C_J=C3=BCrgen?= <j@shop.test>",
                "Berg, Jürgen",
                "j@shop.test",
            ),
            (
                "\"=?utf-8?Q?J=C3=BCrgen?=\" <j@shop.test>",
                "Jürgen",
                "j@shop.test",
            ),
            (
                "=?utf-8?Q?J=C3=BCrgen_=3Cj=40shop.test=3E?=",
                "Jürgen",
                "j@shop.test",
            ),
            (
                "'anna@shop.test' <anna@shop.test>",
                "anna@shop.test",
                "anna@shop.test",
            ),
            (
                "\"anna@shop.test\" <anna@shop.test>",
                "anna@shop.test",
                "anna@shop.test",
            ),
            ("Anna Berg anna@shop.test", "Anna Berg", "anna@shop.test"),
            (
                "<@relay.test,@other.test:anna@shop.test>",
                "",
                "anna@shop.test",
            ),
            ("Anna <mailto:anna@shop.test>", "Anna", "anna@shop.test"),
            ("Anna <<anna@shop.test>>", "Anna", "anna@shop.test"),
            ("\"a b\"@shop.test", "", "\"a b\"@shop.test"),
            ("Anna <anna@shop.test", "Anna", "anna@shop.test"),
            (
                "Mail Delivery System <MAILER-DAEMON>",
                "Mail Delivery System",
                "MAILER-DAEMON",
            ),
            ("Anna: Sales <anna@shop.test>", "Sales", "anna@shop.test"),
            ("anna @ shop.test", "", "anna@shop.test"),
            ("root", "", "root"),
            ("MAILER-DAEMON <>", "MAILER-DAEMON", ""),
            ("Anna Berg", "Anna Berg", ""),
        ] {
            assert_eq!(one(value), (name.to_owned(), address.to_owned()), "{value}");
        }
    }

    #[test]
    fn lists_and_groups_give_everybody_once() {
        let addresses = |v: &str| read(v).into_iter().map(|p| p.1).collect::<Vec<_>>();
        assert_eq!(
            addresses("a@b, C <c@d>; e@f ,, <g@h>,"),
            ["a@b", "c@d", "e@f", "g@h"]
        );
        assert_eq!(addresses("Team: a@b, B <b@c>;, d@e"), ["a@b", "b@c", "d@e"]);
        assert!(addresses("undisclosed-recipients:;").is_empty());
        assert!(addresses("\"Undisclosed recipients\": ;").is_empty());
        assert!(addresses("").is_empty());
        assert_eq!(addresses("A <a@b, B <c@d>"), ["a@b", "c@d"]);
    }

    #[test]
    fn groups_are_read_to_their_depth_and_not_deeper() {
        let nested = |n: usize| format!("{}a@b{}", "g: ".repeat(n), ";".repeat(n));
        assert_eq!(list(&nested(MAX_GROUP_DEPTH - 1)).len(), 1);
        assert_eq!(list(&nested(MAX_GROUP_DEPTH)).len(), 1);
        assert!(list(&nested(MAX_GROUP_DEPTH + 1)).is_empty());
        assert!(list(&nested(100_000)).is_empty());
        list(&"(".repeat(1_000_000));
        list(&"<".repeat(100_000));
    }
}
