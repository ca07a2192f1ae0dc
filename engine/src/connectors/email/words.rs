//! Encoded words of headers (RFC 2047), also as programs really write them.

use super::charset;
use super::transfer::{base64, quoted_printable};

/// Reads a header's value: 8-bit letters, encoded words, and nothing else is changed.
pub(super) fn decode(value: &[u8], declared: Option<&str>) -> String {
    decode_text(&charset::header(value, declared))
}

/// Encoded words in text become their letters. Words that stand side by side are one text, and a letter may be cut
/// between two of them.
pub(super) fn decode_text(text: &str) -> String {
    if !text.contains("=?") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut run: Option<(String, Vec<Vec<u8>>)> = None;
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        let (before, word_on) = rest.split_at(at);
        match word(word_on) {
            Some((label, bytes, after)) => {
                // White space between two words belongs to neither.
                let glue = before.trim().is_empty() && run.is_some();
                if !glue {
                    flush(&mut run, &mut out);
                    out.push_str(before);
                }
                match &mut run {
                    Some((known, so_far)) if known.eq_ignore_ascii_case(&label) => {
                        so_far.push(bytes);
                    }
                    _ => {
                        flush(&mut run, &mut out);
                        run = Some((label, vec![bytes]));
                    }
                }
                rest = after;
            }
            None => {
                flush(&mut run, &mut out);
                out.push_str(before);
                out.push_str("=?");
                rest = word_on.get(2..).unwrap_or_default();
            }
        }
    }
    flush(&mut run, &mut out);
    out.push_str(rest);
    out
}

/// Words of one charset as one text, unless each is whole in itself and they are not together.
fn flush(run: &mut Option<(String, Vec<Vec<u8>>)>, out: &mut String) {
    let Some((label, words)) = run.take() else {
        return;
    };
    let lost = |text: &str| text.matches('\u{FFFD}').count();
    let joined = charset::decode(Some(&label), &words.concat());
    if words.len() > 1 && lost(&joined) > 0 {
        let apart: String = words
            .iter()
            .map(|w| charset::decode(Some(&label), w))
            .collect();
        if lost(&apart) < lost(&joined) {
            out.push_str(&apart);
            return;
        }
    }
    out.push_str(&joined);
}

/// One encoded word at the beginning: its charset, its bytes and what follows it.
fn word(text: &str) -> Option<(String, Vec<u8>, &str)> {
    let inner = text.strip_prefix("=?")?;
    let (label, rest) = inner.split_once('?')?;
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '*' | '"' | '+' | '\'')
    };
    if label.is_empty() || label.len() > 60 || !label.chars().all(plain) {
        return None;
    }
    let mut chars = rest.chars();
    let encoding = chars.next()?.to_ascii_uppercase();
    let body = chars.as_str().strip_prefix('?')?;
    let (content, after) = end(body);
    let label = label.split('*').next().unwrap_or(label).to_owned();
    let bytes = match encoding {
        'B' => base64(content.as_bytes()),
        'Q' => quoted_printable(content.replace('_', " ").as_bytes(), true),
        _ => return None,
    };
    Some((label, bytes, after))
}

/// Where the word ends: at `?=`, else with the line's word, as some programs cut it there.
fn end(body: &str) -> (&str, &str) {
    if let Some((content, after)) = body.split_once("?=") {
        // The end of another word is not this one's.
        if !content.contains("=?") {
            return (content, after);
        }
    }
    let at = body.find(|c: char| c.is_whitespace()).unwrap_or(body.len());
    let (content, after) = body.split_at(at);
    (content.trim_end_matches('?'), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_should_be_written() {
        for (raw, want) in [
            ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?UTF-8?b?8J+YgA==?= hi", "😀 hi"),
            (
                "Re: =?iso-8859-1?Q?a_b?= =?iso-8859-1?Q?c?= d",
                "Re: a bc d",
            ),
            ("=?utf-8*de?Q?x?=", "x"),
            ("plain =? text", "plain =? text"),
            ("a =?utf-8?X?b?= c", "a =?utf-8?X?b?= c"),
        ] {
            assert_eq!(decode(raw.as_bytes(), None), want, "{raw}");
        }
    }

    #[test]
    fn broken_words_are_read_as_they_were_meant() {
        for (raw, want) in [
            // A letter cut between two words, by bytes and by Base64 without padding.
            ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
            ("=?utf-8?B?R3LD?=\t=?utf-8?B?vMOfZQ?=", "Grüße"),
            // Spaces within, no spaces between, no end.
            ("=?utf-8?Q?Hello World =C3=BC?=", "Hello World ü"),
            ("x=?utf-8?Q?=C3=BC?=y", "xüy"),
            ("=?utf-8?Q?=C3=BCber", "über"),
            ("=?utf-8?B?w7xiZXI", "über"),
            // A wrong charset, or none that is known.
            ("=?us-ascii?Q?Gr=FC=DFe?=", "Grüße"),
            ("=?x-unknown?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?\"utf-8\"?Q?=C3=BC?=", "ü"),
            // Damage in the encoding itself.
            ("=?utf-8?Q?100=25 =ZZ =?=", "100% =ZZ ="),
        ] {
            assert_eq!(decode(raw.as_bytes(), None), want, "{raw}");
        }
        assert_eq!(decode(b"Gr\xfc\xdfe", None), "Grüße");
        assert_eq!(decode(b"\xcf\xf0\xe8", Some("windows-1251")), "При");
    }
}
