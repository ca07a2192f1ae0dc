//! What a certificate says of itself, to be shown to a person. Nothing here decides whether it is trusted.
//!
//! A reader of its own, because only a few fields are wanted and the bytes come from a stranger: it walks definite
//! lengths inside what it was given and gives nothing where anything is odd.

use crate::time::Millis;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Most names that are shown of one certificate.
const MOST_NAMES: usize = 20;
/// Longest text of one field.
const MOST_LETTERS: usize = 200;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
const UNIT: &[u8] = &[0x55, 0x04, 0x0b];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// What stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Described {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) names: Vec<String>,
    pub(super) from: Option<Millis>,
    pub(super) until: Option<Millis>,
}

/// SHA-256 of a certificate, as it is compared and shown.
pub(super) fn fingerprint(der: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(der))
}

/// A fingerprint as typed or copied (`AB:CD:…`, upper case, spaces), perhaps followed by the host it is for, in the
/// one form that is stored. `None` when it is none.
#[must_use]
pub fn canonical_fingerprint(text: &str) -> Option<String> {
    let text = text.trim();
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ':' | ' ' | '\t'))
        .take(64)
        .collect();
    if digits.len() != 64 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    // What stands behind the 64th digit is the host.
    let mut left = 64;
    let rest = text.trim_start_matches(|c: char| {
        if c.is_ascii_hexdigit() && left > 0 {
            left -= 1;
            true
        } else {
            left > 0
        }
    });
    let digits = digits.to_ascii_lowercase();
    match rest.trim() {
        "" => Some(digits),
        _ if !rest.starts_with(' ') => None,
        host if host.len() <= 253
            && !host
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == '/') =>
        {
            Some(format!("{digits} {}", host.to_ascii_lowercase()))
        }
        _ => None,
    }
}

/// Reads what can be read; what cannot is empty.
pub(super) fn describe(der: &[u8]) -> Described {
    read(der).unwrap_or_default()
}

/// One value in its wrapping, and what follows it.
struct Value<'a> {
    tag: u8,
    body: &'a [u8],
    rest: &'a [u8],
}

fn value(der: &[u8]) -> Option<Value<'_>> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let bytes = rest.get(..count)?;
        rest = rest.get(count..)?;
        bytes.iter().fold(0usize, |n, b| (n << 8) | usize::from(*b))
    };
    Some(Value {
        tag,
        body: rest.get(..length)?,
        rest: rest.get(length..)?,
    })
}

fn expect(der: &[u8], tag: u8) -> Option<Value<'_>> {
    value(der).filter(|v| v.tag == tag)
}

fn read(der: &[u8]) -> Option<Described> {
    let whole = expect(der, SEQUENCE)?;
    let mut at = expect(whole.body, SEQUENCE)?.body;
    if let Some(version) = expect(at, 0xa0) {
        at = version.rest;
    }
    let serial = value(at)?;
    let algorithm = expect(serial.rest, SEQUENCE)?;
    let issuer = expect(algorithm.rest, SEQUENCE)?;
    let validity = expect(issuer.rest, SEQUENCE)?;
    let subject = expect(validity.rest, SEQUENCE)?;
    let key = expect(subject.rest, SEQUENCE)?;
    let from = value(validity.body)?;
    Some(Described {
        subject: name(subject.body),
        issuer: name(issuer.body),
        names: extensions(key.rest).map(names).unwrap_or_default(),
        from: instant(&from),
        until: value(from.rest).as_ref().and_then(instant),
    })
}

/// The common name, the unit and the organisation, in this order.
fn name(mut der: &[u8]) -> String {
    let mut found: [Option<String>; 3] = Default::default();
    while let Some(set) = expect(der, SET) {
        der = set.rest;
        let Some(pair) = expect(set.body, SEQUENCE) else {
            continue;
        };
        let Some(kind) = expect(pair.body, 0x06) else {
            continue;
        };
        let place = [COMMON_NAME, UNIT, ORGANISATION]
            .iter()
            .position(|k| *k == kind.body);
        if let (Some(slot), Some(text)) = (
            place.and_then(|p| found.get_mut(p)),
            value(kind.rest).and_then(|v| text(&v)),
        ) {
            slot.get_or_insert(text);
        }
    }
    let all: Vec<String> = found.into_iter().flatten().collect();
    all.join(", ")
}

fn text(v: &Value<'_>) -> Option<String> {
    let raw = match v.tag {
        // UTF-8, printable, IA5, and the old eight-bit one, which is near enough to Latin-1.
        0x0c | 0x13 | 0x16 => String::from_utf8_lossy(v.body).into_owned(),
        0x14 => v.body.iter().map(|b| char::from(*b)).collect(),
        0x1e => char::decode_utf16(v.body.chunks_exact(2).map(|p| {
            u16::from_be_bytes([
                p.first().copied().unwrap_or(0),
                p.get(1).copied().unwrap_or(0),
            ])
        }))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect(),
        _ => return None,
    };
    let shown: String = raw
        .chars()
        .filter(|c| !c.is_control() && !is_steering(*c))
        .take(MOST_LETTERS)
        .collect();
    Some(shown).filter(|s| !s.trim().is_empty())
}

/// Signs that change the direction of what follows: a stranger's name must not rearrange our words.
fn is_steering(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn instant(v: &Value<'_>) -> Option<Millis> {
    let digits = std::str::from_utf8(v.body).ok()?.strip_suffix('Z')?;
    let (year, rest) = match v.tag {
        0x17 => {
            let year: i16 = digits.get(..2)?.parse().ok()?;
            (
                if year < 50 { 2000 + year } else { 1900 + year },
                digits.get(2..)?,
            )
        }
        0x18 => (digits.get(..4)?.parse().ok()?, digits.get(4..)?),
        _ => return None,
    };
    let two = |i: usize| rest.get(i..i + 2)?.parse::<i8>().ok();
    jiff::civil::DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|z| z.timestamp().as_millisecond())
}

fn extensions(mut der: &[u8]) -> Option<&[u8]> {
    loop {
        let v = value(der)?;
        if v.tag == 0xa3 {
            return expect(v.body, SEQUENCE).map(|s| s.body);
        }
        der = v.rest;
    }
}

fn names(mut der: &[u8]) -> Vec<String> {
    while let Some(extension) = expect(der, SEQUENCE) {
        der = extension.rest;
        let Some(kind) = expect(extension.body, 0x06).filter(|k| k.body == ALTERNATIVE_NAMES)
        else {
            continue;
        };
        // A flag "critical" may stand in between.
        let wrapped = expect(kind.rest, 0x01).map_or(kind.rest, |flag| flag.rest);
        let list = expect(wrapped, 0x04).and_then(|octets| expect(octets.body, SEQUENCE));
        return list.map(|l| alternative(l.body)).unwrap_or_default();
    }
    Vec::new()
}

fn alternative(mut der: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(v) = value(der) {
        der = v.rest;
        let name = match v.tag {
            0x82 => text(&Value { tag: 0x16, ..v }),
            0x87 => address(v.body),
            _ => None,
        };
        found.extend(name);
        if found.len() == MOST_NAMES {
            break;
        }
    }
    found
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|sixteen| Ipv6Addr::from(sixteen).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    fn sandbox() -> Vec<u8> {
        let made = parley_sandbox::Certificates::generate().unwrap();
        CertificateDer::from_pem_slice(made.ca_pem().as_bytes())
            .unwrap()
            .to_vec()
    }

    #[test]
    fn a_certificate_is_described_by_what_stands_in_it() {
        let d = describe(&sandbox());
        assert_eq!(d.subject, "Parley sandbox authority");
        assert_eq!(d.issuer, d.subject);
        assert!(d.from.unwrap() < d.until.unwrap());
    }

    #[test]
    fn a_certificate_cut_or_changed_anywhere_is_read_without_failing() {
        let whole = sandbox();
        for end in 0..whole.len() {
            let _ = describe(&whole[..end]);
            let mut bent = whole.clone();
            bent[end] ^= 0x9b;
            let d = describe(&bent);
            assert!(
                d.subject.chars().count() <= 3 * MOST_LETTERS + 4 && d.names.len() <= MOST_NAMES
            );
        }
        assert_eq!(describe(b""), Described::default());
    }

    #[test]
    fn a_fingerprint_is_taken_as_people_write_it() {
        let hex = "0f".repeat(32);
        let colons = vec!["0F"; 32].join(":");
        assert_eq!(canonical_fingerprint(&colons), Some(hex.clone()));
        assert_eq!(
            canonical_fingerprint(&format!(" {hex} Mail.Shop.test")),
            Some(format!("{hex} mail.shop.test"))
        );
        for wrong in [
            "",
            "0f",
            &hex[1..],
            &format!("{hex}0"),
            &format!("{hex} a b"),
            &"g".repeat(64),
        ] {
            assert_eq!(canonical_fingerprint(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn both_forms_of_a_date_are_understood() {
        let at = |tag, body: &[u8]| {
            instant(&Value {
                tag,
                body,
                rest: &[],
            })
        };
        assert_eq!(at(0x17, b"700101000001Z"), Some(1_000));
        assert_eq!(at(0x18, b"20380119031408Z"), Some(2_147_483_648_000));
        assert_eq!(at(0x18, b"20381319031408Z"), None);
        assert_eq!(at(0x17, b"7001"), None);
    }
}
