//! JSON as vendors write it, and as strangers have them hand it on: with half characters, or nested too deep.

use super::mend;
use serde::de::DeserializeOwned;

/// Reads JSON. Half a character (`\ud83d` without its other half, where somebody cut a text between the two) is read
/// as `\ufffd`, and what lies too deep as `null`, so that one such row does not make a whole page unreadable.
///
/// # Errors
/// Where it is no JSON of this shape all the same; what is said is of the bytes as they came.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    let read = serde_json::from_slice(bytes);
    if read.is_ok() {
        return read;
    }
    let whole = whole(bytes);
    let shallow = mend::shallow(whole.as_deref().unwrap_or(bytes));
    let mended = shallow
        .or(whole)
        .and_then(|b| serde_json::from_slice(&b).ok());
    mended.map_or(read, Ok)
}

/// Without halves of characters; `None` where there are none.
fn whole(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut mended) = (0, false);
    while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
        let taken = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended = true;
                out.extend_from_slice(br"\ufffd");
                at += 6;
                continue;
            }
            (Some(_), _) => 6,
            // What is escaped begins no escape of its own.
            (None, _) if rest.first() == Some(&b'\\') => 2,
            (None, _) => 1,
        };
        out.extend_from_slice(rest.get(..taken).unwrap_or(rest));
        at += taken;
    }
    mended.then_some(out)
}

/// The unit of UTF-16 that is escaped here.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(br"\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn half_a_character_costs_itself_and_nothing_beside_it() {
        for (written, text) in [
            (r#""x \ud83d""#, "x \u{fffd}"),
            (r#""\udca1\ud83d x""#, "\u{fffd}\u{fffd} x"),
            (r#""\ud83d\ud83d\udca1""#, "\u{fffd}\u{1f4a1}"),
            (
                r#""\ud83d\n\\ud83d \\\uD83D""#,
                "\u{fffd}\n\\ud83d \\\u{fffd}",
            ),
        ] {
            assert_eq!(
                read::<Value>(written.as_bytes()).unwrap(),
                json!(text),
                "{written}"
            );
        }
        let page = br#"[{"body":"cut \ud83d"},{"body":"whole"}]"#;
        assert_eq!(read::<Value>(page).unwrap()[1]["body"], "whole");
    }

    #[test]
    fn what_is_no_json_is_none_afterwards() {
        for bad in [r#""\ud83d"#, r#"{"a":"\ud83d",}"#, "<html>", r"\u", ""] {
            assert!(read::<Value>(bad.as_bytes()).is_err(), "{bad}");
        }
        let e = read::<Value>(b"[1,\n2,").unwrap_err();
        assert_eq!(e.line(), 2);
    }
}
