//! `Content-Type` and `Content-Disposition`: a word and its parameters, as RFC 2045 and RFC 2231 write them and as
//! programs do.

use super::{charset, words};

/// Most parameters of one field.
const MAX_PARAMETERS: usize = 64;

/// A field's word in lower case, and its parameters.
#[derive(Debug, Default, Clone)]
pub(super) struct Params {
    /// `text/plain`, `attachment`.
    pub(super) word: String,
    all: Vec<(String, Vec<u8>)>,
}

impl Params {
    /// Reads a field's value.
    pub(super) fn read(value: &[u8]) -> Self {
        let mut pieces = split(value).into_iter();
        let word = pieces.next().unwrap_or_default();
        let word = String::from_utf8_lossy(&word)
            .trim()
            .trim_matches('"')
            .to_ascii_lowercase();
        let all = pieces
            .take(MAX_PARAMETERS)
            .filter_map(|p| {
                let at = p.iter().position(|b| *b == b'=')?;
                let (name, value) = p.split_at(at);
                let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
                Some((name, unquote(value.get(1..).unwrap_or_default())))
            })
            .collect();
        Self {
            word: word.chars().filter(|c| !c.is_whitespace()).collect(),
            all,
        }
    }

    /// A plain parameter.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.raw(name)
            .map(|v| String::from_utf8_lossy(v).trim().to_owned())
            .filter(|v| !v.is_empty())
    }

    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.all
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_slice())
    }

    /// A parameter with letters: continued, with a charset of its own, as encoded words, or as it is.
    pub(super) fn text(&self, name: &str, declared: Option<&str>) -> Option<String> {
        let extended = self.extended(name, declared);
        let plain = || self.raw(name).map(|v| words::decode(v, declared));
        extended.or_else(plain).filter(|t| !t.trim().is_empty())
    }

    fn extended(&self, name: &str, declared: Option<&str>) -> Option<String> {
        if let Some(v) = self.raw(&format!("{name}*")) {
            let (label, bytes) = labelled(v);
            return Some(charset::decode(
                label.as_deref().or(declared),
                &unpercent(&bytes),
            ));
        }
        let mut bytes = Vec::new();
        let mut label = None;
        let mut plain = true;
        for i in 0..MAX_PARAMETERS {
            if let Some(v) = self.raw(&format!("{name}*{i}*")) {
                plain = false;
                let piece = if i == 0 {
                    let (l, rest) = labelled(v);
                    label = l;
                    rest
                } else {
                    v.to_vec()
                };
                bytes.extend(unpercent(&piece));
            } else if let Some(v) = self.raw(&format!("{name}*{i}")) {
                bytes.extend_from_slice(v);
            } else {
                break;
            }
        }
        if bytes.is_empty() {
            return None;
        }
        let text = charset::decode(label.as_deref().or(declared), &bytes);
        Some(if plain {
            words::decode_text(&text)
        } else {
            text
        })
    }
}

/// `charset'language'value`.
fn labelled(value: &[u8]) -> (Option<String>, Vec<u8>) {
    let mut parts = value.splitn(3, |b| *b == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(label), Some(_), Some(rest)) => (
            Some(String::from_utf8_lossy(label).into_owned()).filter(|l| !l.is_empty()),
            rest.to_vec(),
        ),
        _ => (None, value.to_vec()),
    }
}

fn unpercent(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((b, after)) = rest.split_first() {
        let digit = |i: usize| after.get(i).and_then(|b| (*b as char).to_digit(16));
        match (b, digit(0), digit(1)) {
            (b'%', Some(h), Some(l)) => {
                out.push((h << 4 | l) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*b);
                rest = after;
            }
        }
    }
    out
}

/// The pieces between semicolons outside of quotes; comments are left out.
fn split(value: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let (mut quoted, mut escaped, mut comment) = (false, false, 0usize);
    for (i, b) in value.iter().enumerate() {
        let literal = std::mem::take(&mut escaped);
        match b {
            b'\\' if quoted && !literal => {
                // A path of Windows is no escape.
                escaped = matches!(value.get(i + 1), Some(b'"' | b'\\'));
                if escaped {
                    continue;
                }
            }
            b'"' if !literal && comment == 0 => quoted = !quoted,
            b';' if !quoted && comment == 0 => {
                pieces.push(Vec::new());
                continue;
            }
            b'(' if !quoted && pieces.len() == 1 => comment += 1,
            b')' if !quoted && comment > 0 => {
                comment -= 1;
                continue;
            }
            _ => {}
        }
        if comment == 0
            && let Some(piece) = pieces.last_mut()
        {
            // A quote that was escaped must not look like the end of the value.
            piece.push(if literal && *b == b'"' { 0x01 } else { *b });
        }
    }
    pieces
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let v = value.trim_ascii();
    let v = v.strip_prefix(b"\"").map_or(v, |inner| {
        let end = inner.iter().position(|b| *b == b'"').unwrap_or(inner.len());
        inner.get(..end).unwrap_or(inner)
    });
    v.iter()
        .map(|b| if *b == 0x01 { b'"' } else { *b })
        .filter(|b| !matches!(b, b'\r' | b'\n'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_read_in_every_way_they_are_written() {
        for (value, want) in [
            ("attachment; filename=\"a b.pdf\"", "a b.pdf"),
            ("attachment; filename=a b.pdf", "a b.pdf"),
            ("attachment; filename=\"a;b\\\"c.pdf\"", "a;b\"c.pdf"),
            (
                "attachment; filename*=utf-8'de'Gr%C3%BC%C3%9Fe.pdf; filename=x.pdf",
                "Grüße.pdf",
            ),
            (
                "attachment; filename*0*=iso-8859-1''Gr%FC; filename*1=sse; filename*2*=.%70df",
                "Grüsse.pdf",
            ),
            (
                "attachment; filename*0=\"long\"; filename*1=\"er.pdf\"",
                "longer.pdf",
            ),
            (
                "attachment; filename=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?=\"",
                "Grüße.pdf",
            ),
            ("attachment; filename==?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
            (
                "attachment; filename*0=\"=?utf-8?Q?Gr=C3=BC=C3=9F\"; filename*1=\"e.pdf?=\"",
                "Grüße.pdf",
            ),
            ("attachment; filename=\"C:\\tmp\\x.txt\"", "C:\\tmp\\x.txt"),
            ("ATTACHMENT ;\r\n\tFILENAME=\"x", "x"),
        ] {
            assert_eq!(
                Params::read(value.as_bytes())
                    .text("filename", None)
                    .as_deref(),
                Some(want),
                "{value}"
            );
        }
        assert_eq!(
            Params::read(b"attachment; filename=Gr\xfc.pdf")
                .text("filename", None)
                .as_deref(),
            Some("Grü.pdf")
        );
    }

    #[test]
    fn a_type_is_a_word_whatever_stands_around_it() {
        let p = Params::read(b" Text / Plain (really); charset = \"UTF-8\"; format=flowed;");
        assert_eq!(
            (
                p.word.as_str(),
                p.get("charset").as_deref(),
                p.get("format").as_deref()
            ),
            ("text/plain", Some("UTF-8"), Some("flowed"))
        );
        assert_eq!(Params::read(b"").word, "");
    }
}
