//! Charsets of seven bits that switch between ASCII and pairs of bytes: ISO-2022-KR (RFC 1557) and HZ (RFC 1843). The
//! Web's list of charsets leaves them out, because a page could hide a script in them; here the letters are made first
//! and all cleaning comes after.
//!
//! Both carry the letters of a charset of eight bits (EUC-KR, GBK) with the eighth bit taken off. So the bytes are put
//! back and read as that one. A line always begins in ASCII, so that one lost byte spoils one line.

use encoding_rs::{EUC_KR, GBK};

/// What a byte becomes that is half of a pair whose other half is missing: in neither charset does a letter begin so.
const HALF: u8 = 0xFF;

/// A charset of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shifted {
    /// ISO-2022-KR.
    Korean,
    /// HZ.
    Chinese,
}

/// The one of this (tidy) label.
pub(super) fn named(label: &str) -> Option<Shifted> {
    match label.replace('_', "-").as_str() {
        "iso-2022-kr" | "iso2022-kr" | "iso2022kr" | "csiso2022kr" => Some(Shifted::Korean),
        "hz-gb-2312" | "hz-gb2312" | "hz" | "hzgb2312" | "x-hz" => Some(Shifted::Chinese),
        _ => None,
    }
}

/// What a Korean text of seven bits says of itself.
pub(super) const KOREAN: &[u8] = b"\x1b$)C";

impl Shifted {
    /// Reads text. Whatever the bytes are, something comes out, and never more letters than bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        let (charset, plain) = match self {
            Self::Korean => (EUC_KR, korean(bytes)),
            Self::Chinese => (GBK, chinese(bytes)),
        };
        let (text, _) = charset.decode_without_bom_handling(&plain);
        text.into_owned()
    }
}

/// What comes next in pairs: the bytes that were used, after writing what they stand for.
fn pair(rest: &[u8], leads: std::ops::RangeInclusive<u8>, out: &mut Vec<u8>) -> usize {
    match rest {
        [a, b @ 0x21..=0x7E, ..] if leads.contains(a) => {
            out.extend([a | 0x80, b | 0x80]);
            2
        }
        [a, ..] if leads.contains(a) => {
            out.push(HALF);
            1
        }
        // Spaces and controls stand for themselves.
        _ => plain(rest, out),
    }
}

/// A byte that stands for itself.
fn plain(rest: &[u8], out: &mut Vec<u8>) -> usize {
    out.extend(rest.first());
    1
}

fn korean(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut shifted) = (0, false);
    while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
        at += match rest {
            _ if rest.starts_with(KOREAN) => KOREAN.len(),
            [0x0E, ..] => {
                shifted = true;
                1
            }
            [0x0F, ..] => {
                shifted = false;
                1
            }
            [b'\r' | b'\n', ..] => {
                shifted = false;
                plain(rest, &mut out)
            }
            _ if shifted => pair(rest, 0x21..=0x7E, &mut out),
            _ => plain(rest, &mut out),
        };
    }
    out
}

fn chinese(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut shifted) = (0, false);
    while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
        at += match rest {
            [b'~', b'{', ..] => {
                shifted = true;
                2
            }
            [b'~', b'}', ..] => {
                shifted = false;
                2
            }
            [b'~', b'~', ..] if !shifted => {
                out.push(b'~');
                2
            }
            // A line that goes on.
            [b'~', b'\r', b'\n', ..] => 3,
            [b'~', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => {
                shifted = false;
                plain(rest, &mut out)
            }
            // No letter begins with what ends the pairs.
            _ if shifted => pair(rest, 0x21..=0x7D, &mut out),
            _ => plain(rest, &mut out),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_of_seven_bits_is_read() {
        for (bytes, want) in [
            (&b"\x1b$)C\x0eGQ1[\x0f OK"[..], "한글 OK"),
            // Without its announcement, and over two lines of which the second begins anew.
            (b"\x0eGQ\x0f\r\n\x0e1[\x0f", "한\r\n글"),
            // Never shifted back: the line's end does it.
            (b"\x1b$)C\x0eGQ\r\nabc", "한\r\nabc"),
            (b"\x0eGQ 1[\x0f", "한 글"),
            // Not of seven bits at all.
            (b"\xc7\xd1 OK", "한 OK"),
        ] {
            assert_eq!(Shifted::Korean.decode(bytes), want, "{bytes:?}");
        }
    }

    #[test]
    fn chinese_of_seven_bits_is_read() {
        for (bytes, want) in [
            (&b"~{VPND~} OK"[..], "中文 OK"),
            (b"a ~~ b ~ c", "a ~ b ~ c"),
            (b"one ~\r\nline", "one line"),
            (b"one ~\nline", "one line"),
            (b"~{VP\r\nabc", "中\r\nabc"),
            (b"\xd6\xd0 OK", "中 OK"),
        ] {
            assert_eq!(Shifted::Chinese.decode(bytes), want, "{bytes:?}");
        }
    }

    #[test]
    fn half_a_letter_is_a_mark_and_takes_nothing_with_it() {
        for (bytes, want) in [
            (&b"\x0eG"[..], "\u{FFFD}"),
            (b"\x0eGQ1\x0f<b>", "한\u{FFFD}<b>"),
            (b"\x0eG\r\n<b>", "\u{FFFD}\r\n<b>"),
            (b"\x0e\x0e\x0f\x0f\x1b$)\x1b$)C", "\u{1b}$)"),
        ] {
            assert_eq!(Shifted::Korean.decode(bytes), want, "{bytes:?}");
        }
        for (bytes, want) in [
            (&b"~{V"[..], "\u{FFFD}"),
            (b"~{VP~}<b>~{~}", "中<b>"),
            (b"~{V\n<b>", "\u{FFFD}\n<b>"),
            (b"~", "~"),
            (b"~{~{~}~}", ""),
        ] {
            assert_eq!(Shifted::Chinese.decode(bytes), want, "{bytes:?}");
        }
    }

    #[test]
    fn whatever_the_bytes_are_something_comes_out_and_never_more_than_went_in() {
        let pieces: &[&[u8]] = &[
            b"\x0e", b"\x0f", b"\x1b$)C", b"\x1b", b"~", b"~{", b"~}", b"~\n", b"~~", b"\r\n",
            b"G", b"Q1", b"}", b"\x80", b"\xff", b"\xc7", b"\0", b" ", b"<a>",
        ];
        let mut state = 5u64;
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let n = usize::try_from(state >> 33).unwrap() % pieces.len();
                bytes.extend(pieces[n]);
            }
            for charset in [Shifted::Korean, Shifted::Chinese] {
                let text = charset.decode(&bytes);
                assert!(text.chars().count() <= bytes.len(), "{charset:?} {bytes:?}");
                let lines = |b: &[u8]| b.iter().filter(|b| **b == b'\n').count();
                let has = |what: &[u8]| bytes.windows(what.len()).filter(|w| *w == what).count();
                let joined = has(b"~\n") + has(b"~\r\n");
                assert!(
                    lines(text.as_bytes()) + joined >= lines(&bytes),
                    "a line is lost: {charset:?} {bytes:?}"
                );
            }
        }
    }
}
