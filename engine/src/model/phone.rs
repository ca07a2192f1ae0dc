//! Phone numbers as handles: E.164 or nothing.
//!
//! The tables are libphonenumber's, as the crate `phonenumber` carries them. Its own parser is not used: it takes the
//! national prefix away where that loses digits (Russian and Kazakh 8-800 numbers, Belarus, Lithuania) and matches
//! patterns at their beginning only, so that numbers with digits too many are valid for it. What is made here is
//! read back once more and must give itself.

use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

/// Longest input that is looked at.
const MAX_INPUT: usize = 250;
/// Most digits of a national number.
const MAX_NATIONAL: usize = 17;
/// Most digits after the plus (ITU-T E.164).
const MAX_E164: usize = 15;

/// The one form of a phone number that is compared: `+` and digits, or `None` for what nobody can be reached at.
///
/// `region` is the country in which a number without country code was written (`DE`); with an unknown or empty one,
/// only international numbers (`+…`, `00…`) are read. Short codes, emergency numbers, and numbers too short, too
/// long or in no plan are none. An extension is left out: it cannot be reached from outside by itself. A `tel:`
/// address, any punctuation and the digits of any script are understood.
#[must_use]
pub fn phone_key(number: &str, region: &str) -> Option<String> {
    let region = region.trim().to_ascii_uppercase();
    let home = DATABASE.by_id(&region).filter(|m| m.id() != "001");
    let e164 = read(number, home)?;
    // What does not survive its own canonical form would be another number on the next desktop.
    (read(&e164, None).as_deref() == Some(e164.as_str())).then_some(e164)
}

/// The country of a canonical number, two letters; of several that share a code, the main one.
#[must_use]
pub fn region_of(e164: &str) -> Option<&'static str> {
    international(e164.strip_prefix('+')?)
        .map(|(meta, _)| meta.id())
        .filter(|id| id.len() == 2)
}

fn read(number: &str, home: Option<&Metadata>) -> Option<String> {
    if number.len() > MAX_INPUT {
        return None;
    }
    let plain: String = number.chars().filter_map(plain).collect();
    let (body, context) = uri(plain.trim());
    let body = without_extension(body.trim());
    let (plus, digits) = digits(body)?;
    let context = context.and_then(|c| c.strip_prefix('+').map(only_digits));
    let (meta, national) = match (plus, context) {
        (true, _) => international(&digits)?,
        (false, Some(code)) if !code.is_empty() => {
            let all = format!("{code}{}", digits.trim_start_matches('0'));
            international(&all)?
        }
        _ => domestic(&digits, home)?,
    };
    let code = meta.country_code();
    let significant = without_prefix(meta, &national);
    let fits = (2..=MAX_NATIONAL).contains(&significant.len())
        && significant.len() + code.to_string().len() <= MAX_E164;
    (fits && is_valid(code, &significant)).then(|| format!("+{code}{significant}"))
}

// ---- what was written ---------------------------------------------------------------------------------

/// A digit of any script as ASCII, every dash as one, and nothing for what cannot be seen.
fn plain(c: char) -> Option<char> {
    const ZEROS: [u32; 17] = [
        0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6,
        0x0D66, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0xFF10,
    ];
    let n = c as u32;
    if let Some(zero) = ZEROS.iter().find(|z| (**z..**z + 10).contains(&n)) {
        return char::from_digit(n - zero, 10);
    }
    match c {
        '\u{FF0B}' => Some('+'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FF0D}' => Some('-'),
        '\u{00A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{3000}' => Some(' '),
        '\u{FF08}' => Some('('),
        '\u{FF09}' => Some(')'),
        '\u{FF0E}' => Some('.'),
        '\u{FF0F}' => Some('/'),
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'
        | '\u{2066}'..='\u{2069}'
        | '\u{00AD}'
        | '\u{FEFF}' => None,
        c => Some(c),
    }
}

/// The number of a `tel:` address (RFC 3966), and the context it is written in.
fn uri(text: &str) -> (&str, Option<&str>) {
    let body = match text.get(..4) {
        Some(t) if t.eq_ignore_ascii_case("tel:") => text.get(4..).unwrap_or_default(),
        _ => text,
    };
    let mut parts = body.split(';');
    let number = parts.next().unwrap_or_default();
    let context = parts.find_map(|p| p.trim().strip_prefix("phone-context="));
    (number, context)
}

/// Without an extension in any of the ways it is written.
fn without_extension(text: &str) -> &str {
    static EXTENSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?i)[\s,;:]*(?:e?xt(?:ensi[oó]n)?\.?|extn\.?|anexo|int\.?|доб\.?|durchwahl|dw\.?|poste|[x×#~])\s*[:.\-]?\s*\d{1,9}#?\s*$",
        )
        .ok()
    });
    match EXTENSION.as_ref().and_then(|e| e.find(text)) {
        Some(m)
            if text
                .get(..m.start())
                .is_some_and(|t| only_digits(t).len() >= 4) =>
        {
            text.get(..m.start()).unwrap_or(text).trim()
        }
        _ => text,
    }
}

/// Whether it begins with a plus, and its digits. Letters stand for digits only in a number such as 1-800-FLOWERS.
fn digits(text: &str) -> Option<(bool, String)> {
    let start = text.find(|c: char| c == '+' || c.is_ascii_digit() || c == '(')?;
    // Words in front (»Tel.«) are no part of it; a sentence is no number.
    let front = text.get(..start)?;
    if front.len() > 16 || front.chars().any(|c| matches!(c, '*' | '#')) {
        return None;
    }
    let body = text
        .get(start..)?
        .trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let bracketed = body.trim_start_matches('(');
    let plus = bracketed.starts_with('+');
    let letters = body.chars().filter(char::is_ascii_alphabetic).count();
    if letters > 0
        && (letters < 3
            || body.chars().any(|c| c.is_ascii_lowercase())
            || only_digits(body).len() < 3)
    {
        return None;
    }
    let mut out = String::new();
    for c in bracketed.trim_start_matches('+').chars() {
        match c {
            '0'..='9' => out.push(c),
            'A'..='Z' => out.push(key(c)),
            ' ' | '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\t' | '~' | '\'' => {}
            _ => return None,
        }
    }
    (out.len() >= 3).then_some((plus, out))
}

/// The key of a telephone that carries a letter (ITU-T E.161).
fn key(c: char) -> char {
    match c {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        _ => '9',
    }
}

fn only_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

// ---- country and national number ----------------------------------------------------------------------

/// The plan of a number that begins with its country code, and the rest.
fn international(digits: &str) -> Option<(&'static Metadata, String)> {
    if digits.starts_with('0') {
        return None;
    }
    (1..=3).find_map(|n| {
        let (code, rest) = digits.split_at_checked(n)?;
        Some((main_plan(code.parse().ok()?)?, rest.to_owned()))
    })
}

fn main_plan(code: u16) -> Option<&'static Metadata> {
    DATABASE.by_code(&code)?.into_iter().next()
}

fn domestic<'m>(digits: &str, home: Option<&'m Metadata>) -> Option<(&'m Metadata, String)> {
    let Some(home) = home else {
        return international(digits.strip_prefix("00")?);
    };
    let idd = home.international_prefix().map(|r| r.as_str().to_owned());
    if let Some(end) = idd.and_then(|p| at_start(&p, digits)) {
        let rest = digits.get(end..).unwrap_or_default();
        if !rest.starts_with('0')
            && let Some((meta, national)) = international(rest)
        {
            return Some((meta, national));
        }
    }
    // Some leave the plus out. It is a country code if the number is none of the country otherwise.
    let code = home.country_code().to_string();
    if let Some(rest) = digits.strip_prefix(&code) {
        let inner = without_prefix(home, rest);
        let too_long = lengths(home)
            .last()
            .is_some_and(|most| digits.len() > usize::from(*most));
        if !whole(home.descriptors().general(), digits)
            && whole(home.descriptors().general(), &inner)
            || too_long
        {
            return Some((home, rest.to_owned()));
        }
    }
    Some((home, digits.to_owned()))
}

/// The national number without what is dialled in front of it within the country.
fn without_prefix(meta: &Metadata, national: &str) -> String {
    let pattern = match (meta.national_prefix_for_parsing(), meta.national_prefix()) {
        (Some(p), _) => p.as_str().to_owned(),
        (None, Some(p)) => p.to_owned(),
        (None, None) => return national.to_owned(),
    };
    let Some(found) = regex(&format!("^(?:{pattern})")).and_then(|r| {
        let caps = r.captures(national)?;
        let end = caps.get(0)?.end();
        // The rule rewrites only where its last group took part.
        let last = (1..caps.len()).next_back().and_then(|i| caps.get(i));
        Some(match (meta.national_prefix_transform_rule(), last) {
            (Some(rule), Some(_)) => {
                let mut out = String::new();
                caps.expand(&braced(rule), &mut out);
                out + national.get(end..).unwrap_or_default()
            }
            _ => national.get(end..).unwrap_or_default().to_owned(),
        })
    }) else {
        return national.to_owned();
    };
    let viable = whole(meta.descriptors().general(), national);
    if viable && !whole(meta.descriptors().general(), &found) {
        return national.to_owned();
    }
    // What would leave too little of it was no prefix.
    let possible = lengths(meta);
    let length = u16::try_from(found.len()).unwrap_or(u16::MAX);
    if possible.first().is_some_and(|least| length < *least)
        || !possible.contains(&length) && possible.last().is_some_and(|most| length < *most)
    {
        return national.to_owned();
    }
    found
}

/// `$1` as the regex crate wants it, which would read `$15` as the fifteenth group.
fn braced(rule: &str) -> String {
    let mut out = String::new();
    let mut chars = rule.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '$'
            && let Some(n) = chars.next_if(char::is_ascii_digit)
        {
            out.push_str(&format!("{{{n}}}"));
        }
    }
    out
}

// ---- validity -----------------------------------------------------------------------------------------

fn kinds(meta: &Metadata) -> impl Iterator<Item = &Descriptor> {
    [
        meta.descriptors().fixed_line(),
        meta.descriptors().mobile(),
        meta.descriptors().toll_free(),
        meta.descriptors().premium_rate(),
        meta.descriptors().shared_cost(),
        meta.descriptors().voip(),
        meta.descriptors().personal_number(),
        meta.descriptors().pager(),
        meta.descriptors().uan(),
        meta.descriptors().voicemail(),
    ]
    .into_iter()
    .flatten()
}

/// How long a national number may be, shortest first.
fn lengths(meta: &Metadata) -> Vec<u16> {
    let mut all: Vec<u16> = kinds(meta)
        .flat_map(|d| d.possible_length().iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn is_valid(code: u16, national: &str) -> bool {
    let plans = DATABASE.by_code(&code).unwrap_or_default();
    let shared = plans.len() > 1;
    plans.into_iter().any(|meta| {
        let leads = match meta.leading_digits() {
            Some(lead) if shared => at_start(lead.as_str(), national).is_some(),
            _ => true,
        };
        leads
            && whole(meta.descriptors().general(), national)
            && kinds(meta).any(|d| whole(d, national))
    })
}

fn whole(d: &Descriptor, national: &str) -> bool {
    let length = u16::try_from(national.len()).unwrap_or(u16::MAX);
    let possible = d.possible_length();
    (possible.is_empty() || possible.contains(&length))
        && regex(&format!("^(?:{})$", d.national_number().as_str()))
            .is_some_and(|r| r.is_match(national))
}

/// Where a pattern at the beginning ends.
fn at_start(pattern: &str, text: &str) -> Option<usize> {
    regex(&format!("^(?:{pattern})"))?
        .find(text)
        .map(|m| m.end())
}

/// A compiled pattern of the tables; there are a few thousand of them at most.
fn regex(pattern: &str) -> Option<Arc<Regex>> {
    static KNOWN: LazyLock<RwLock<HashMap<String, Arc<Regex>>>> = LazyLock::new(RwLock::default);
    if let Ok(known) = KNOWN.read()
        && let Some(r) = known.get(pattern)
    {
        return Some(Arc::clone(r));
    }
    let made = Arc::new(
        RegexBuilder::new(pattern)
            .ignore_whitespace(true)
            .build()
            .ok()?,
    );
    if let Ok(mut known) = KNOWN.write() {
        known.insert(pattern.to_owned(), Arc::clone(&made));
    }
    Some(made)
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;
