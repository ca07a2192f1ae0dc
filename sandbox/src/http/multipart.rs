//! `multipart/form-data`, as programs upload files (RFC 7578).

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The field.
    pub name: String,
    /// The file's name, where it is a file.
    pub file: Option<String>,
    /// The media type, where it says one.
    pub kind: Option<String>,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Part {
    /// The content as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The parts of a body with this content type; none where it is something else.
pub(super) fn parts(kind: &str, body: &[u8]) -> Vec<Part> {
    let Some(boundary) = kind
        .strip_prefix("multipart/form-data")
        .and_then(|rest| param(rest, "boundary"))
    else {
        return Vec::new();
    };
    let mark = format!("--{boundary}");
    let mut out = Vec::new();
    let mut rest = body;
    while let Some(at) = find(rest, mark.as_bytes()) {
        let after = rest.get(at + mark.len()..).unwrap_or_default();
        let Some(content) = after.strip_prefix(b"\r\n") else {
            break;
        };
        let end = find(content, format!("\r\n{mark}").as_bytes()).unwrap_or(content.len());
        out.extend(content.get(..end).and_then(part));
        rest = content.get(end..).unwrap_or_default();
    }
    out
}

fn part(content: &[u8]) -> Option<Part> {
    let end = find(content, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(content.get(..end)?).into_owned();
    let mut part = Part {
        bytes: content.get(end + 4..)?.to_vec(),
        ..Part::default()
    };
    for line in head.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-disposition") {
            part.name = param(value, "name").unwrap_or_default();
            part.file = param(value, "filename");
        } else if name.eq_ignore_ascii_case("content-type") {
            part.kind = Some(value.trim().to_owned());
        }
    }
    Some(part)
}

/// A parameter of a header.
fn param(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|piece| {
        let (key, value) = piece.split_once('=')?;
        (key.trim().eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len().max(1)).position(|w| w == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_a_file_is_taken_apart() {
        let body = b"--xYz\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n42\r\n\
            --xYz\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\
            \x89PNG\r\n--x\r\n--xYz--\r\n";
        let found = parts("multipart/form-data; boundary=xYz", body);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].name.as_str(), found[0].text()),
            ("chat_id", "42".into())
        );
        assert_eq!(found[1].file.as_deref(), Some("a.png"));
        assert_eq!(found[1].kind.as_deref(), Some("image/png"));
        assert_eq!(
            found[1].bytes, b"\x89PNG\r\n--x",
            "what looks like a boundary is content"
        );
        assert!(parts("application/json", body).is_empty());
    }
}
