//! Where a mail leads and what it would load: links by number, pictures by Content-ID or by number, everything else
//! remote only listed.

use super::{MAX_LINKS, css};
use crate::model::url::{MAX_URL, openable};
use std::collections::{HashMap, HashSet};
use url::Url;

/// Most remote addresses that are remembered.
pub(super) const MAX_BLOCKED: usize = 500;
/// How a picture of the mail itself is named.
const CID: &str = "part://localhost/cid/";

/// What was found while a mail was read.
#[derive(Default)]
pub(super) struct Found {
    /// Where link N leads.
    pub(super) links: Vec<String>,
    numbers: HashMap<String, usize>,
    /// What would have been loaded from elsewhere.
    pub(super) blocked: Vec<String>,
    places: HashMap<String, usize>,
    /// Those of `blocked` that are too small to be seen.
    pub(super) pixels: HashSet<usize>,
    /// The Content-IDs that are shown.
    pub(super) cids: HashSet<String>,
}

impl Found {
    /// The numbered form of a link, if it leads to what may be opened.
    pub(super) fn link(&mut self, href: &str) -> Option<String> {
        if is_numbered(href) {
            return Some(href.to_owned());
        }
        let url = openable(&unbroken(href)).ok()?.url;
        let next = self.links.len();
        let n = match self.numbers.get(&url) {
            Some(n) => *n,
            None if next < MAX_LINKS => {
                self.links.push(url.clone());
                self.numbers.insert(url, next);
                next
            }
            None => return None,
        };
        Some(format!("part-link:{n}"))
    }

    /// The Content-ID form of a picture that came with the mail.
    pub(super) fn own_picture(&mut self, src: &str) -> Option<String> {
        let src = src.trim();
        let cid = match src.strip_prefix(CID) {
            Some(known) if is_part(src) => known,
            _ => src
                .get(..4)
                .filter(|s| s.eq_ignore_ascii_case("cid:"))
                .and_then(|_| src.get(4..))?,
        };
        let cid = percent_decode(cid);
        let cid = cid.trim_matches(['<', '>']);
        if cid.is_empty() || cid.len() > 300 {
            return None;
        }
        self.cids.insert(cid.to_owned());
        Some(format!("{CID}{}", percent_encode(cid)))
    }

    /// Remembers a remote address and gives its number.
    pub(super) fn block(&mut self, src: &str) -> Option<usize> {
        let text = remote(src)?;
        if let Some(n) = self.places.get(&text) {
            return Some(*n);
        }
        let n = self.blocked.len();
        if n >= MAX_BLOCKED {
            return None;
        }
        self.places.insert(text.clone(), n);
        self.blocked.push(text);
        Some(n)
    }

    /// Remembers everything that an attribute would load.
    pub(super) fn loads(&mut self, tag: &str, name: &str, value: &str) {
        match (tag, name) {
            (
                _,
                "src" | "poster" | "background" | "data" | "lowsrc" | "dynsrc" | "xlink:href"
                | "classid" | "codebase",
            )
            | ("link" | "image" | "use" | "feimage" | "pattern" | "mpath", "href") => {
                self.block(value);
            }
            (_, "srcset" | "imagesrcset") => candidates(value).for_each(|u| {
                self.block(u);
            }),
            _ if value.contains('(') || value.contains("import") => self.style(value),
            _ => {}
        }
    }

    /// Remembers every address in CSS.
    pub(super) fn style(&mut self, sheet: &str) {
        css::addresses(sheet, &mut |u| {
            self.block(u);
        });
    }
}

/// The addresses of a `srcset`. They may hold commas; a comma before a new address parts them all the same.
fn candidates(value: &str) -> impl Iterator<Item = &str> {
    value.split_ascii_whitespace().flat_map(|word| {
        let mut rest = Some(word);
        std::iter::from_fn(move || {
            let word = rest?;
            let cut = [",http://", ",https://", ",//"]
                .iter()
                .filter_map(|s| word.find(s))
                .min();
            let (piece, after) = match cut {
                Some(at) => word.split_at(at),
                None => (word, ""),
            };
            rest = after.strip_prefix(',');
            Some(piece.trim_matches(','))
        })
        .filter(|piece| piece.contains("//"))
    })
}

/// An address of the web, as it is written where that is plain.
fn remote(src: &str) -> Option<String> {
    let src = src.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_control());
    if src.len() > MAX_URL {
        return None;
    }
    let base = Url::parse("https://relative.invalid/").ok()?;
    let url = base.join(src).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str() == Some("relative.invalid") {
        return None;
    }
    let whole = ["http://", "https://"].iter().any(|s| {
        src.get(..s.len())
            .is_some_and(|h| h.eq_ignore_ascii_case(s))
    });
    let plain = whole && src.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    Some(if plain { src.to_owned() } else { url.into() })
}

/// A link whose lines were broken by a mailer, in one line. Not so where the break would hide its kind.
fn unbroken(href: &str) -> String {
    let href = href.trim_matches(|c: char| c.is_ascii_whitespace());
    let web = ["http://", "https://", "mailto:"].iter().any(|s| {
        href.get(..s.len())
            .is_some_and(|h| h.eq_ignore_ascii_case(s))
    });
    if web {
        href.replace(['\n', '\r', '\t'], "")
    } else {
        href.to_owned()
    }
}

/// Whether this is `part-link:N`.
pub(super) fn is_numbered(href: &str) -> bool {
    href.strip_prefix("part-link:").is_some_and(is_number)
}

/// Whether this is a number of at most three digits.
pub(super) fn is_number(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether this names a picture of the mail itself.
pub(super) fn is_part(src: &str) -> bool {
    src.strip_prefix(CID).is_some_and(|cid| {
        !cid.is_empty()
            && cid.len() <= 1_000
            && cid
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'%'))
    })
}

/// A value as it stands in HTML, with the entities undone that occur in addresses. What is missed leads nowhere: the
/// last word has [`super::allow::value`].
pub(super) fn decoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        match entity(rest) {
            Some((c, long)) => {
                out.push(c);
                rest = rest.get(long..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character that an entity at the beginning stands for, and how long it is.
fn entity(text: &str) -> Option<(char, usize)> {
    let body = text.get(1..)?;
    if let Some(number) = body.strip_prefix('#') {
        let hex = number.starts_with(['x', 'X']);
        let digits = number.get(usize::from(hex)..)?;
        let radix = if hex { 16 } else { 10 };
        let long = digits
            .bytes()
            .take_while(|b| char::from(*b).is_digit(radix))
            .count();
        let code = u32::from_str_radix(digits.get(..long)?, radix).ok()?;
        let end = 2 + usize::from(hex) + long;
        let end = end + usize::from(text.get(end..)?.starts_with(';'));
        return Some((
            char::from_u32(code)
                .filter(|c| *c != '\0')
                .unwrap_or('\u{FFFD}'),
            end,
        ));
    }
    let (name, _) = body.get(..body.floor_char_boundary(16))?.split_once(';')?;
    let c = match name {
        "amp" | "AMP" => '&',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "colon" => ':',
        "sol" => '/',
        "bsol" => '\\',
        "period" => '.',
        "comma" => ',',
        "num" => '#',
        "quest" => '?',
        "equals" => '=',
        "lpar" => '(',
        "rpar" => ')',
        "semi" => ';',
        "commat" => '@',
        "percnt" => '%',
        "Tab" => '\t',
        "NewLine" => '\n',
        "nbsp" => '\u{a0}',
        "ZeroWidthSpace" => '\u{200b}',
        _ => return None,
    };
    Some((c, name.len() + 2))
}

pub(super) fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut i = 0;
    while let Some(b) = bytes.get(i) {
        let hex = (*b == b'%')
            .then(|| text.get(i + 1..i + 3))
            .flatten()
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(hex.unwrap_or(*b));
        i += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encodes everything but letters, digits and `-._~`.
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_of_addresses_are_undone() {
        assert_eq!(
            decoded("https&colon;//a.test/?a=1&amp;b=2&c=3&#x26;d&#38;e&copy=1"),
            "https://a.test/?a=1&b=2&c=3&d&e&copy=1"
        );
        assert_eq!(decoded("&#0;&#x110000;&"), "\u{fffd}\u{fffd}&");
        assert_eq!(decoded("java&Tab;script&colon;x"), "java\tscript:x");
    }

    #[test]
    fn every_candidate_of_a_srcset_is_an_address_of_its_own() {
        let all: Vec<&str> = candidates(
            "http://a.test/1 1x, http://a.test/2,x 2x,http://a.test/3 3x, //a.test/4 4x",
        )
        .collect();
        assert_eq!(
            all,
            [
                "http://a.test/1",
                "http://a.test/2,x",
                "http://a.test/3",
                "//a.test/4"
            ]
        );
        assert_eq!(candidates("http://a.test/1,http://a.test/2").count(), 2);
    }

    #[test]
    fn a_remote_address_is_listed_as_it_was_written_and_an_odd_one_as_it_is_read() {
        assert_eq!(
            remote(" http://A.test/x?a=b ").as_deref(),
            Some("http://A.test/x?a=b")
        );
        assert_eq!(
            remote("//a.test/file:///x").as_deref(),
            Some("https://a.test/file:///x")
        );
        assert_eq!(remote("//a.test/x").as_deref(), Some("https://a.test/x"));
        assert_eq!(
            remote("ht\ntp://a.test/x").as_deref(),
            Some("http://a.test/x")
        );
        assert_eq!(
            remote("https:\\\\a.test\\x").as_deref(),
            Some("https://a.test/x")
        );
        for none in [
            "x.png",
            "/x",
            "cid:1",
            "data:image/png,x",
            "javascript:1",
            "",
            "#a",
        ] {
            assert_eq!(remote(none), None, "{none}");
        }
    }

    #[test]
    fn a_broken_line_in_a_link_is_mended_and_one_in_its_kind_is_not() {
        let mut found = Found::default();
        assert!(found.link("https://a.test/x\n  y").is_some());
        assert!(found.link("java\nscript:alert(1)").is_none());
        assert!(found.link("ht\ntps://a.test/x").is_none());
    }
}
