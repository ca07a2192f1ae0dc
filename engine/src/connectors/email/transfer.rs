//! Transfer encodings, undone as far as they can be: what is damaged stays as it is written.

/// How a part's bytes were made fit to travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transfer {
    /// Not at all, or in a way nobody knows.
    Plain,
    /// Base64.
    Base64,
    /// Quoted-printable.
    QuotedPrintable,
}

impl Transfer {
    /// From Content-Transfer-Encoding.
    pub(super) fn named(value: &str) -> Self {
        let word: String = value
            .trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        match word.to_ascii_lowercase().as_str() {
            "base64" | "base-64" | "x-base64" => Self::Base64,
            "quoted-printable" | "quotedprintable" => Self::QuotedPrintable,
            _ => Self::Plain,
        }
    }

    /// The bytes as they were before they travelled.
    pub(super) fn undo(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Base64 if looks_like_base64(bytes) => base64(bytes),
            // Text under a wrong label is worth more than what it would decode to.
            Self::Base64 => bytes.to_vec(),
            Self::QuotedPrintable => quoted_printable(bytes, false),
        }
    }
}

fn looks_like_base64(bytes: &[u8]) -> bool {
    let head = bytes.get(..4_096).unwrap_or(bytes);
    let strange = head
        .iter()
        .filter(|b| value(**b).is_none() && !b.is_ascii_whitespace() && **b != b'=')
        .count();
    let spaces = head.iter().filter(|b| **b == b' ').count();
    strange * 20 <= head.len() && spaces * 10 <= head.len()
}

fn value(b: u8) -> Option<u8> {
    match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Base64, without what is none. Padding ends a quantum, not the data: some join pieces that were encoded apart.
pub(super) fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for b in bytes {
        if *b == b'=' {
            (bits, held) = (0, 0);
            continue;
        }
        let Some(v) = value(*b) else { continue };
        bits = bits << 6 | u32::from(v);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xFF) as u8);
        }
    }
    out
}

/// Quoted-printable; `word` is its form in headers, which knows no line ends.
pub(super) fn quoted_printable(bytes: &[u8], word: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((b, after)) = rest.split_first() {
        rest = after;
        if *b != b'=' {
            out.push(*b);
            continue;
        }
        if let [h, l, after @ ..] = rest
            && let (Some(h), Some(l)) = (hex(*h), hex(*l))
        {
            out.push(h << 4 | l);
            rest = after;
        } else if !word && let Some(after) = soft_break(rest) {
            rest = after;
        } else {
            out.push(b'=');
        }
    }
    out
}

fn hex(b: u8) -> Option<u8> {
    (b as char).to_digit(16).map(|d| d as u8)
}

/// What follows a soft line break, white space before it left out; the end of the data is one too.
fn soft_break(rest: &[u8]) -> Option<&[u8]> {
    let at = rest
        .iter()
        .position(|b| !matches!(b, b' ' | b'\t'))
        .unwrap_or(rest.len());
    match rest.get(at..)? {
        [] => Some(&[]),
        [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] | [b'\r', after @ ..] => Some(after),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_costs_only_what_is_damaged() {
        for (given, want) in [
            ("a=3D=\r\nb", "a=b"),
            ("a= \t\nb", "ab"),
            ("100=% =ZZ", "100=% =ZZ"),
            ("end=", "end"),
            ("=e2=82=ac", "€"),
        ] {
            assert_eq!(
                quoted_printable(given.as_bytes(), false),
                want.as_bytes(),
                "{given}"
            );
        }
        for (given, want) in [
            ("aGk=", "hi"),
            ("aG\r\nk", "hi"),
            ("aGk=aGk=", "hihi"),
            ("a!G*k", "hi"),
            ("====", ""),
        ] {
            assert_eq!(base64(given.as_bytes()), want.as_bytes(), "{given}");
        }
    }

    #[test]
    fn what_is_called_base64_and_is_text_stays_text() {
        let text = b"This was never encoded, whatever the header says.";
        assert_eq!(Transfer::Base64.undo(text), text);
        assert_eq!(Transfer::named(" \"Base64\" (yes)"), Transfer::Base64);
        assert_eq!(Transfer::named("x-uuencode"), Transfer::Plain);
    }
}
