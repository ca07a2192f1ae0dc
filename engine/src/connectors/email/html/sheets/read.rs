//! A sheet's rules, as far as they are honoured.

use super::super::css;
use super::selector::{self, Selector};
use super::{MAX_SELECTORS, Sheets};
use cssparser::{Delimiter, ParseError, Parser, Token};

/// Deepest nesting of `@media`.
const MAX_MEDIA: usize = 4;

/// Reads the rules of the first `most` bytes of a sheet.
pub(super) fn read(sheet: &str, most: usize, into: &mut Sheets) {
    let text = sheet
        .get(..sheet.floor_char_boundary(most))
        .unwrap_or_default();
    // A rule that was cut in two is none: everything in front of the last whole one is kept.
    let text = if text.len() < sheet.len() {
        text.get(..text.rfind('}').map_or(0, |at| at + 1))
            .unwrap_or_default()
    } else {
        text
    };
    rules(&mut Parser::new(text), 0, into);
}

/// Whether a list of media, of an `@media` or a tag's attribute, holds for every screen: a query that asks for
/// anything more is taken not to hold, so that the same mail looks the same in every window.
pub(in super::super) fn applies_to_screens(media: &str) -> bool {
    queries(&mut Parser::new(media))
}

fn queries(p: &mut Parser<'_>) -> bool {
    let (mut words, mut odd, mut any, mut some) = (Vec::new(), false, false, false);
    let holds = |words: &[String], odd: bool| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        !odd && matches!(words[..], ["screen" | "all"] | ["only", "screen" | "all"])
    };
    while let Ok(token) = p.next() {
        some = true;
        match token {
            Token::Comma => {
                any |= holds(&words, odd);
                words.clear();
                odd = false;
            }
            Token::Ident(word) if words.len() < 4 => words.push(word.to_ascii_lowercase()),
            _ => odd = true,
        }
    }
    !some || any || holds(&words, odd)
}

type Css<T> = Result<T, ParseError<()>>;

fn rules(p: &mut Parser<'_>, depth: usize, into: &mut Sheets) {
    while !into.is_full() {
        let start = p.state();
        let at = match p.next() {
            Err(_) => return,
            // Old mail hides its sheet in a comment of HTML.
            Ok(Token::CDO | Token::CDC | Token::Semicolon) => continue,
            Ok(Token::AtKeyword(name)) => Some(name.eq_ignore_ascii_case("media")),
            Ok(_) => None,
        };
        match at {
            Some(media) => at_rule(p, media, depth, into),
            None => {
                p.reset(&start);
                rule(p, into);
            }
        }
    }
}

/// Every at-rule is left out whole, but for media that every screen is.
fn at_rule(p: &mut Parser<'_>, media: bool, depth: usize, into: &mut Sheets) {
    let holds = p
        .parse_until_before(Delimiter::CurlyBracketBlock | Delimiter::Semicolon, |p| {
            Css::Ok(queries(p))
        })
        .unwrap_or(false);
    if matches!(p.next(), Ok(Token::CurlyBracketBlock)) && media && holds && depth < MAX_MEDIA {
        let _ = p.parse_nested_block(|p| {
            rules(p, depth + 1, into);
            while p.next().is_ok() {}
            Css::Ok(())
        });
    }
}

fn rule(p: &mut Parser<'_>, into: &mut Sheets) {
    let room = MAX_SELECTORS - into.selectors.len();
    let selectors: Vec<Selector> = p
        .parse_until_before(Delimiter::CurlyBracketBlock, |p| {
            Css::Ok(selector::list(p, room))
        })
        .unwrap_or_default();
    if !matches!(p.next(), Ok(Token::CurlyBracketBlock)) {
        return;
    }
    let declared = p
        .parse_nested_block(|p| Css::Ok(css::declared(p)))
        .unwrap_or_default();
    into.add(selectors, declared);
}
