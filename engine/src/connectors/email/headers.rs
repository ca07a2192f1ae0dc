//! The header block as raw bytes: what identity and classification read, without any MIME parser.

/// The fields of a mail's header block, in order, and its body.
pub(super) struct Headers<'a> {
    fields: Vec<(String, Vec<u8>)>,
    /// Everything after the empty line.
    pub(super) body: &'a [u8],
    /// Length of the header block in bytes.
    pub(super) block_len: usize,
}

/// No more fields than this are kept; a mail with more is over its budget anyway.
const KEPT_FIELDS: usize = 2_000;

impl<'a> Headers<'a> {
    /// Reads the block, after [`strip_noise`].
    pub(super) fn read(raw: &'a [u8]) -> Self {
        Self::block(strip_noise(raw))
    }

    /// Reads the block at the very beginning.
    pub(super) fn block(raw: &'a [u8]) -> Self {
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        let mut rest = raw;
        while !rest.is_empty() {
            let (line, after) = split_line(rest);
            rest = after;
            if line.is_empty() {
                break;
            }
            push_line(&mut fields, line);
        }
        let fields = fields
            .into_iter()
            .map(|(n, v)| (n, v.trim_ascii().to_vec()))
            .collect();
        Self {
            fields,
            body: rest,
            block_len: raw.len() - rest.len(),
        }
    }

    /// The first field of that name (lower case), unfolded and trimmed.
    pub(super) fn first(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_slice())
    }

    /// Every field of that name (lower case), in order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_slice())
    }

    /// The first field of that name as lower-case text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.first(name)
            .map(|v| String::from_utf8_lossy(v).to_lowercase())
    }

    /// All fields of that name as one text.
    pub(super) fn joined(&self, name: &str) -> String {
        let all = self.fields.iter().filter(|(n, _)| n == name);
        all.map(|(_, v)| String::from_utf8_lossy(v))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The first field of that name as lower-case text, and how many fields stand above it.
    pub(super) fn position(&self, name: &str) -> Option<(usize, String)> {
        let at = self.fields.iter().position(|(n, _)| n == name)?;
        Some((at, self.text(name)?))
    }

    /// The servers that the mail passed, as they name themselves, newest first, each with its place in the block.
    pub(super) fn received_by(&self) -> Vec<(usize, String)> {
        let by = |value: &[u8]| {
            let text = String::from_utf8_lossy(value).to_lowercase();
            let mut words = text.split_whitespace();
            words
                .find(|w| *w == "by")
                .and_then(|_| words.next())
                .map(|w| w.trim_matches([';', '(', ')', '[', ']']).to_owned())
        };
        let received = self
            .fields
            .iter()
            .enumerate()
            .filter(|(_, (n, _))| n == "received");
        received
            .filter_map(|(i, (_, v))| by(v).map(|b| (i, b)))
            .collect()
    }

    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }
}

/// Without the blank lines and the mbox separator that some programs leave in front of a mail.
pub(super) fn strip_noise(raw: &[u8]) -> &[u8] {
    let mut rest = raw;
    for _ in 0..8 {
        let (line, after) = split_line(rest);
        if !after.is_empty()
            && (line.is_empty() || line.starts_with(b"From ") || line.starts_with(b">From "))
        {
            rest = after;
        } else {
            break;
        }
    }
    rest
}

fn push_line(fields: &mut Vec<(String, Vec<u8>)>, line: &[u8]) {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        if let Some((_, value)) = fields.last_mut() {
            value.extend_from_slice(line);
        }
        return;
    }
    let Some(colon) = line.iter().position(|b| *b == b':') else {
        // Some programs break `Content-Type` in front of a parameter without the white space that a fold needs.
        if let Some((name, value)) = fields.last_mut()
            && name.starts_with("content-")
            && value.trim_ascii_end().ends_with(b";")
        {
            value.extend_from_slice(line);
        }
        return;
    };
    if fields.len() < KEPT_FIELDS {
        let (name, value) = line.split_at(colon);
        fields.push((
            String::from_utf8_lossy(name).trim().to_ascii_lowercase(),
            value.get(1..).unwrap_or_default().to_vec(),
        ));
    }
}

/// The first line without its end, and what follows it.
pub(super) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|b| *b == b'\n') {
        None => (bytes, &[]),
        Some(at) => {
            let (line, rest) = bytes.split_at(at);
            (
                line.strip_suffix(b"\r").unwrap_or(line),
                rest.get(1..).unwrap_or_default(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_fields_are_joined_and_names_compared_without_case() {
        let h = Headers::read(b"SUBJECT: a\r\n  b\r\nX: 1\r\n\r\nbody\r\n");
        assert_eq!(h.first("subject"), Some(&b"a  b"[..]));
        assert_eq!((h.len(), h.body), (2, &b"body\r\n"[..]));
    }

    #[test]
    fn a_leading_blank_line_or_mbox_separator_does_not_hide_the_header() {
        for front in [
            "\r\n",
            "\n\n",
            "From a@b Mon Jan  1 00:00:00 2024\n",
            ">From x\n\n",
        ] {
            let raw = format!("{front}From: a@b\n\nhi");
            let h = Headers::read(raw.as_bytes());
            assert_eq!(
                (h.first("from"), h.body),
                (Some(&b"a@b"[..]), &b"hi"[..]),
                "{front:?}"
            );
        }
    }

    #[test]
    fn a_mail_without_a_body_has_an_empty_one() {
        assert!(Headers::read(b"A: b").body.is_empty());
        assert!(Headers::read(b"").body.is_empty());
    }
}
