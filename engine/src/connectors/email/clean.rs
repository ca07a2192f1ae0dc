//! What programs leave around and inside a mail's header is put right before the mail is read. Only reading sees
//! the clean form: what is kept, and what makes the mail this mail, are its bytes as they came.

use super::headers::{split_line, strip_noise};
use std::borrow::Cow;

/// Most lines of a header that are looked at; a longer one is over its budget anyway.
const MAX_LINES: usize = 20_000;
/// Fields that every program writes: where one follows, the header has not ended yet.
const COMMON: &[&str] = &[
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "received",
    "return-path",
    "reply-to",
    "in-reply-to",
    "references",
    "x-mailer",
    "sender",
];

/// The mail with one header that ends in one blank line.
pub(super) fn clean(raw: &[u8]) -> Cow<'_, [u8]> {
    let start = strip_front(raw);
    let unified = line_ends(start);
    match fixed_header(&unified) {
        Some(fixed) => Cow::Owned(fixed),
        None => unified,
    }
}

/// Without byte order marks, NULs, blank lines and separators of mailbox files.
fn strip_front(raw: &[u8]) -> &[u8] {
    let mut rest = raw;
    for _ in 0..16 {
        let shorter = rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest);
        let zeros = shorter.iter().position(|b| *b != 0).unwrap_or(0);
        let shorter = strip_noise(shorter.get(zeros..).unwrap_or_default());
        let (line, after) = split_line(shorter);
        let shorter = if !after.is_empty() && line.trim_ascii().is_empty() {
            after
        } else {
            shorter
        };
        if shorter.len() == rest.len() {
            break;
        }
        rest = shorter;
    }
    rest
}

/// A mail in UTF-16 as bytes, and a mail of an old Mac, whose lines end with CR alone, with line feeds.
fn line_ends(raw: &[u8]) -> Cow<'_, [u8]> {
    if matches!(raw.get(..2), Some([0xFF, 0xFE] | [0xFE, 0xFF])) {
        return Cow::Owned(encoding_rs::UTF_8.decode(raw).0.into_owned().into_bytes());
    }
    let head = raw.get(..4_096).unwrap_or(raw);
    if !head.contains(&b'\n') && head.contains(&b'\r') {
        return Cow::Owned(
            raw.iter()
                .map(|b| if *b == b'\r' { b'\n' } else { *b })
                .collect(),
        );
    }
    Cow::Borrowed(raw)
}

/// A field's name in lower case, if the line is one.
fn field_name(line: &[u8]) -> Option<String> {
    let at = line.iter().position(|b| *b == b':')?;
    let name = line.get(..at)?.trim_ascii_end();
    let fits = !name.is_empty()
        && name.len() <= 200
        && name.iter().all(|b| b.is_ascii_graphic() && *b != b':');
    fits.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

/// The mail with its header put right, or `None` where nothing is wrong.
fn fixed_header(raw: &[u8]) -> Option<Vec<u8>> {
    let mut out: Vec<u8> = Vec::new();
    let mut changed = false;
    let mut rest = raw;
    for _ in 0..MAX_LINES {
        let (line, after) = split_line(rest);
        if rest.is_empty() || line.is_empty() {
            break;
        }
        let tidy = tidy_line(line);
        changed |= tidy.len() != line.len();
        match kind(&tidy, out.is_empty(), after) {
            Kind::Field => push(&mut out, &tidy, &mut changed),
            Kind::Continued => {
                out.extend_from_slice(b" ");
                push(&mut out, &tidy, &mut changed);
                changed = true;
            }
            Kind::Blank => {
                // White space alone on a line ends no header if fields follow.
                changed = true;
                if !more_fields(after) {
                    out.extend_from_slice(b"\r\n");
                    out.extend_from_slice(after);
                    return Some(out);
                }
            }
            Kind::Nothing => changed = true,
            Kind::Body => {
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(rest);
                return Some(out);
            }
        }
        rest = after;
    }
    if !changed {
        return None;
    }
    out.extend_from_slice(rest);
    Some(out)
}

fn push(out: &mut Vec<u8>, line: &[u8], changed: &mut bool) {
    // `Subject : hello` is a field for most programs.
    if let Some(colon) = line.iter().position(|b| *b == b':')
        && !line.starts_with(b" ")
        && !line.starts_with(b"\t")
        && let (name, value) = line.split_at(colon)
        && name.trim_ascii_end().len() < name.len()
    {
        *changed = true;
        out.extend_from_slice(name.trim_ascii_end());
        out.extend_from_slice(value);
    } else {
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b"\r\n");
}

/// Without NULs, and without carriage returns that end no line.
fn tidy_line(line: &[u8]) -> Cow<'_, [u8]> {
    if line.iter().any(|b| matches!(b, 0 | b'\r')) {
        return Cow::Owned(
            line.iter()
                .copied()
                .filter(|b| !matches!(b, 0 | b'\r'))
                .collect(),
        );
    }
    Cow::Borrowed(line)
}

enum Kind {
    Field,
    Continued,
    Blank,
    Nothing,
    Body,
}

fn kind(line: &[u8], first: bool, after: &[u8]) -> Kind {
    if line.is_empty() {
        return if more_fields(after) {
            Kind::Nothing
        } else {
            Kind::Blank
        };
    }
    if line.trim_ascii().is_empty() {
        return if first { Kind::Nothing } else { Kind::Blank };
    }
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return if first { Kind::Nothing } else { Kind::Field };
    }
    if field_name(line).is_some() {
        return Kind::Field;
    }
    if line.starts_with(b"From ") || line.starts_with(b">From ") {
        return Kind::Nothing;
    }
    if !more_fields(after) {
        return if first { Kind::Field } else { Kind::Body };
    }
    if first {
        Kind::Nothing
    } else {
        Kind::Continued
    }
}

/// Whether a field that every program writes stands in what is left of the header.
fn more_fields(after: &[u8]) -> bool {
    let mut rest = after;
    for _ in 0..40 {
        let (line, next) = split_line(rest);
        if line.trim_ascii().is_empty() {
            return false;
        }
        if field_name(line).is_some_and(|n| COMMON.contains(&n.as_str())) {
            return true;
        }
        rest = next;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(raw: &str) -> String {
        String::from_utf8_lossy(&clean(raw.as_bytes())).replace("\r\n", "\n")
    }

    #[test]
    fn a_sound_mail_is_left_as_it_is() {
        let raw = b"From: a@b\r\nSubject: x\r\n y\r\n\r\nbody\0\r\n";
        assert!(matches!(clean(raw), Cow::Borrowed(b) if b == raw));
    }

    #[test]
    fn what_stands_in_front_goes() {
        let mail = "From: a@b\nTo: c@d\n\nhi";
        for front in [
            "\n\n",
            "\u{FEFF}",
            "From x Mon Jan 1\n",
            "\n  \nFrom x\n\n",
            "\0\0",
            ">From x\n\u{FEFF}",
        ] {
            assert_eq!(cleaned(&format!("{front}{mail}")), mail, "{front:?}");
        }
        assert_eq!(cleaned(&mail.replace('\n', "\r")), mail);
    }

    #[test]
    fn a_header_ends_where_it_ends_and_not_before() {
        // No blank line in front of the body.
        assert_eq!(
            cleaned("From: a@b\nSubject: x\nHello there\nthis is text"),
            "From: a@b\nSubject: x\n\nHello there\nthis is text"
        );
        // A fold that lost its white space.
        assert_eq!(
            cleaned("Subject: one\ntwo\nFrom: a@b\n\nhi"),
            "Subject: one\n two\nFrom: a@b\n\nhi"
        );
        assert_eq!(
            cleaned("Subject : x\nFrom: a@b\n\nhi"),
            "Subject: x\nFrom: a@b\n\nhi"
        );
        assert_eq!(
            cleaned("Subject: x\n \t\nFrom: a@b\n\nhi"),
            "Subject: x\nFrom: a@b\n\nhi"
        );
        assert_eq!(
            cleaned("Subject: x\0y\nFrom: a@b\n\nhi"),
            "Subject: xy\nFrom: a@b\n\nhi"
        );
    }
}
