//! Links in plain text. They are found and opened by the engine; the window only shows where they stand.

use super::url::openable;

/// Most links of one text.
pub const MAX_TEXT_LINKS: usize = 500;
/// Longest stretch that may be one link, in bytes.
const LONGEST: usize = 2_048;

/// A link in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// Where it leads, as [`openable`] writes it.
    pub url: String,
    /// What a person is shown of where it leads.
    pub shown: String,
}

/// The links of a text, in order and apart. Only what says by itself that it is one: `http://`, `https://`, `www.`,
/// and mail addresses.
#[must_use]
pub fn links(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut out: Vec<Found> = Vec::new();
    let (mut at, mut free) = (0, 0);
    while let Some(b) = bytes.get(at) {
        let found = match b {
            b':' => web(text, at, free),
            b'w' | b'W' => bare(text, at),
            b'@' => mail(text, at, free),
            _ => None,
        };
        match found {
            Some(f) => {
                at = f.end;
                free = f.end;
                out.push(f);
                if out.len() == MAX_TEXT_LINKS {
                    return out;
                }
            }
            None => at += 1,
        }
    }
    out
}

/// The number of UTF-16 units before each of these byte offsets, which must ascend.
#[must_use]
pub fn utf16(text: &str, offsets: &[usize]) -> Vec<u32> {
    let mut out = Vec::with_capacity(offsets.len());
    let (mut bytes, mut units) = (0, 0u32);
    for to in offsets {
        let piece = text.get(bytes..*to).unwrap_or_default();
        units += u32::try_from(piece.chars().map(char::len_utf16).sum::<usize>()).unwrap_or(0);
        bytes = *to;
        out.push(units);
    }
    out
}

/// A scheme before the colon at `at`, and an address behind it.
fn web(text: &str, at: usize, free: usize) -> Option<Found> {
    let after = text.get(at..)?.strip_prefix("://")?;
    let before = text.get(free..at)?;
    let long = [5, 4].into_iter().find(|n| {
        before
            .len()
            .checked_sub(*n)
            .and_then(|from| before.get(from..))
            .is_some_and(|s| s.eq_ignore_ascii_case("https") || s.eq_ignore_ascii_case("http"))
    })?;
    let start = at - long;
    if last(text, start)
        .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_'))
    {
        return None;
    }
    let end = at + 3 + extent(after);
    taken(text, start, end, "")
}

/// `www.` and what follows it.
fn bare(text: &str, at: usize) -> Option<Found> {
    let rest = text.get(at..)?;
    if !rest.get(..4)?.eq_ignore_ascii_case("www.") {
        return None;
    }
    if last(text, at).is_some_and(|c| {
        c.is_alphanumeric() && c.is_ascii() || matches!(c, '.' | '-' | '_' | '/' | '@' | ':' | '=')
    }) {
        return None;
    }
    let end = at + extent(rest);
    // A name, a dot and an ending at least.
    let host = text.get(at + 4..end)?.split(['/', '?', '#', ':']).next()?;
    let (name, ending) = host.rsplit_once('.')?;
    (!name.is_empty() && ending.chars().count() >= 2 && !host.starts_with('.'))
        .then(|| taken(text, at, end, "http://"))
        .flatten()
}

fn taken(text: &str, start: usize, end: usize, scheme: &str) -> Option<Found> {
    let given = text.get(start..end)?;
    // The part behind the scheme must begin a host.
    let host = given.split_once("://").map_or(given, |(_, r)| r);
    if !host.starts_with(|c: char| c.is_alphanumeric() || c == '[') {
        return None;
    }
    let link = openable(&format!("{scheme}{given}")).ok()?;
    Some(Found {
        start,
        end,
        shown: link.shown(),
        url: link.url,
    })
}

fn last(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

/// How far an address reaches that begins here: to where no address goes on, less the punctuation of the sentence.
fn extent(rest: &str) -> usize {
    // A host in another script goes on in that script; behind a plain host such a letter is the sentence's.
    let foreign = rest.chars().next().is_some_and(|c| !c.is_ascii());
    let mut host = true;
    let mut end = 0;
    for (i, c) in rest.char_indices() {
        host &= !matches!(c, '/' | '?' | '#');
        let goes_on = if c.is_ascii() {
            !(host && matches!(c, ',' | ';' | '\'')
                || c.is_ascii_control()
                || matches!(
                    c,
                    ' ' | '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^'
                ))
        } else {
            c.is_alphanumeric() && (foreign && host || accented(c))
        };
        if !goes_on || i >= LONGEST {
            break;
        }
        end = i + c.len_utf8();
    }
    trimmed(rest.get(..end).unwrap_or_default()).len()
}

/// Letters of scripts that set spaces between words, so that a link in them ends where the word does.
fn accented(c: char) -> bool {
    matches!(c, '\u{C0}'..='\u{24F}' | '\u{370}'..='\u{3FF}' | '\u{400}'..='\u{52F}' | '\u{1E00}'..='\u{1FFF}')
}

/// Without the punctuation behind it, and without closing brackets that it did not open.
fn trimmed(mut link: &str) -> &str {
    // Counted once, and kept while the end moves, so that a wall of brackets costs no time.
    let mut balance = [('(', ')'), ('[', ']')].map(|(open, close)| {
        let count = |x: char| link.bytes().filter(|b| char::from(*b) == x).count();
        (close, count(open), count(close))
    });
    while let Some(c) = link.chars().next_back() {
        let drop = match c {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '&' => true,
            '(' | '[' => true,
            ')' | ']' => balance.iter_mut().any(|(close, open, closed)| {
                let extra = *close == c && *closed > *open;
                if extra {
                    *closed -= 1;
                }
                extra
            }),
            _ => false,
        };
        if !drop {
            break;
        }
        link = link.strip_suffix(c).unwrap_or_default();
    }
    link
}

/// A mail address around the `@` at `at`, with `mailto:` before it if it is there.
fn mail(text: &str, at: usize, free: usize) -> Option<Found> {
    let local = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-' | b'&' | b'=' | b'\'')
    };
    let before = text.as_bytes().get(free.max(at.saturating_sub(64))..at)?;
    let long = before.iter().rev().take_while(|b| local(**b)).count();
    let mut start = at - long;
    // A quote or a dot at the beginning belongs to the sentence.
    while text
        .as_bytes()
        .get(start)
        .is_some_and(|b| matches!(b, b'.' | b'\'' | b'&' | b'=' | b'%'))
        && start < at
    {
        start += 1;
    }
    if start == at
        || last(text, start).is_some_and(|c| c == '/' || c == '@' || c.is_ascii_alphanumeric())
    {
        return None;
    }
    let domain = text.get(at + 1..)?;
    let end = domain
        .bytes()
        .take(254)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        .count();
    let domain = domain.get(..end)?.trim_end_matches(['.', '-']);
    let (name, ending) = domain.rsplit_once('.')?;
    let labels = domain
        .split('.')
        .all(|l| !l.is_empty() && l.len() <= 63 && !l.starts_with('-'));
    if name.is_empty()
        || !labels
        || ending.len() < 2
        || ending.bytes().any(|b| b.is_ascii_digit()) && !ending.starts_with("xn--")
    {
        return None;
    }
    let end = at + 1 + domain.len();
    // A letter of the same word behind it: no address, or one of a kind that is not known here.
    if text.get(end..)?.starts_with(['@', '_']) {
        return None;
    }
    let link = openable(&format!("mailto:{}", text.get(start..end)?)).ok()?;
    let prefix = start
        .checked_sub(7)
        .filter(|p| *p >= free)
        .and_then(|p| text.get(p..start));
    if prefix.is_some_and(|p| p.eq_ignore_ascii_case("mailto:")) {
        start -= 7;
    }
    Some(Found {
        start,
        end,
        shown: link.shown(),
        url: link.url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<&str> {
        links(text).iter().map(|f| &text[f.start..f.end]).collect()
    }

    #[test]
    fn a_link_ends_where_the_sentence_goes_on() {
        for (text, want) in [
            ("see https://a.test/x.", "https://a.test/x"),
            ("see https://a.test/x, and", "https://a.test/x"),
            ("(https://a.test/x)", "https://a.test/x"),
            ("(see https://a.test/x_(y))", "https://a.test/x_(y)"),
            ("https://a.test/x_(y)!", "https://a.test/x_(y)"),
            ("<https://a.test/x>", "https://a.test/x"),
            ("\"https://a.test/x\"", "https://a.test/x"),
            ("\u{201e}https://a.test/x\u{201c}", "https://a.test/x"),
            ("\u{ab}https://a.test/x\u{bb}", "https://a.test/x"),
            ("[https://a.test/x]", "https://a.test/x"),
            ("'https://a.test/x'", "https://a.test/x"),
            ("https://a.test?", "https://a.test"),
            ("https://a.test/?a=1&b=2#c", "https://a.test/?a=1&b=2#c"),
            ("*https://a.test/*", "https://a.test/"),
            ("HTTP://A.test:8080/x;y", "HTTP://A.test:8080/x;y"),
            ("https://a.test/k\u{e4}se", "https://a.test/k\u{e4}se"),
            ("https://b\u{fc}cher.test/x", "https://b\u{fc}cher.test/x"),
            (
                "\u{8bf7}\u{770b}https://a.test/x\u{8c22}\u{8c22}",
                "https://a.test/x",
            ),
            (
                "\u{8bf7}\u{770b}https://a.test/x\u{3002}\u{8c22}",
                "https://a.test/x",
            ),
            ("\u{ff08}https://a.test/x\u{ff09}", "https://a.test/x"),
            (
                "\u{300c}https://a.test/x\u{300d}\u{3092}",
                "https://a.test/x",
            ),
            (
                "\u{627}\u{646}\u{638}\u{631} https://a.test/x\u{60c} \u{634}",
                "https://a.test/x",
            ),
            (
                "\u{627}\u{646}\u{638}\u{631}https://a.test/x\u{61f}",
                "https://a.test/x",
            ),
            (
                "https://\u{4f8b}\u{3048}.test/x",
                "https://\u{4f8b}\u{3048}.test/x",
            ),
            ("https://a.test/x\u{202e}gpj.exe", "https://a.test/x"),
            ("https://a.test/x\u{200b}y", "https://a.test/x"),
            ("www.a.test/x.", "www.a.test/x"),
            ("anna.b+c@a-b.test, hello", "anna.b+c@a-b.test"),
            ("<anna@a.test>", "anna@a.test"),
            ("mailto:anna@a.test.", "mailto:anna@a.test"),
            ("'anna@a.test'", "anna@a.test"),
            ("write to anna@a.test\u{3002}", "anna@a.test"),
            ("https://me@a.test/x", "https://me@a.test/x"),
        ] {
            assert_eq!(found(text), [want], "{text}");
        }
        assert_eq!(
            found("https://a.test http://b.test,c@d.test"),
            ["https://a.test", "http://b.test", "c@d.test"]
        );
    }

    #[test]
    fn what_does_not_say_that_it_is_a_link_is_none() {
        for text in [
            "",
            "a.test",
            "file.txt",
            "javascript:alert(1)",
            "javascript://a.test/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "xhttps://a.test",
            "https://",
            "http://.",
            "https:// a.test",
            "www.",
            "www.a",
            "www..test",
            "awww.a.test",
            "a@b",
            "@a.test",
            "a@b.1",
            "a@.test",
            "a@b..test",
            "https://\u{202e}a.test",
            "https://\"onmouseover=alert(1)",
            "svn+https://a.test",
            "a@@b.test",
            "https://good.test\u{5c}@evil.test\u{5c}"
                .get(..3)
                .unwrap_or_default(),
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn where_a_link_leads_is_what_the_policy_says() {
        let f = links("https://bank.example@evil.test/ www.shop.test anna@shop.test");
        assert_eq!(f[0].shown, "evil.test");
        assert_eq!(f[1].url, "http://www.shop.test/");
        assert_eq!(f[2].url, "mailto:anna@shop.test");
    }

    #[test]
    fn offsets_are_the_ones_the_window_counts() {
        let text = "\u{1f600} \u{e4} https://a.test";
        let f = links(text);
        assert_eq!(utf16(text, &[f[0].start, f[0].end]), [5, 19]);
    }

    #[test]
    fn a_flood_of_beginnings_ends_at_a_bound() {
        assert_eq!(links(&"https://a.test ".repeat(600)).len(), MAX_TEXT_LINKS);
        assert!(links(&"http://".repeat(20_000)).len() <= MAX_TEXT_LINKS);
        assert!(links(&"@".repeat(200_000)).is_empty());
        assert!(links(&format!("https://a.test/{}", ")".repeat(200_000))).len() <= 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn links_stand_in_order_apart_and_on_letters(pieces in proptest::collection::vec(prop_oneof![
            Just("https://".to_owned()), Just("www.".to_owned()), Just("a.test/".to_owned()), Just("@".to_owned()), Just("://".to_owned()), "\\PC{0,4}", "[ .,()\\]\\[<>'\"]{1,3}"], 0..30)) {
            let text = pieces.concat();
            let mut end = 0;
            for f in links(&text) {
                prop_assert!(f.start >= end && f.end > f.start);
                prop_assert!(text.is_char_boundary(f.start) && text.is_char_boundary(f.end));
                prop_assert!(openable(&f.url).is_ok(), "{}", f.url);
                prop_assert!(!text[f.start..f.end].contains(char::is_whitespace));
                end = f.end;
            }
        }
    }
}
