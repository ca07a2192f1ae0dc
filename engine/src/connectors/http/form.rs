//! `multipart/form-data` (RFC 7578), as interfaces take files.

use super::Body;
use crate::model::MessageId;

/// A file of a form.
#[derive(Debug)]
pub struct FormFile<'a> {
    /// The field.
    pub field: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its media type.
    pub mime: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// A form of these fields and files.
#[must_use]
pub fn form_data(fields: &[(&str, String)], files: &[FormFile<'_>]) -> Body {
    let boundary = format!("parley-{}", MessageId::random().hex());
    let mut out = Vec::new();
    for (name, value) in fields {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
            quoted(name)
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    for f in files {
        let mime = if plain(f.mime) {
            f.mime
        } else {
            "application/octet-stream"
        };
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {mime}\r\n\r\n",
            quoted(f.field),
            quoted(f.name),
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(f.bytes);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Body::Bytes(format!("multipart/form-data; boundary={boundary}"), out)
}

fn plain(mime: &str) -> bool {
    mime.contains('/')
        && mime
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b))
}

/// As browsers write names: nothing in them ends the header.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        let file = FormFile {
            field: "document",
            name: "a\"\r\nX: y.pdf",
            mime: "text/html\r\nX: y",
            bytes: b"x",
        };
        let Body::Bytes(kind, body) = form_data(&[("chat_id", "42".into())], &[file]) else {
            panic!("no bytes");
        };
        let body = String::from_utf8(body).unwrap();
        assert!(kind.starts_with("multipart/form-data; boundary=parley-"));
        assert!(body.contains("name=\"chat_id\"\r\n\r\n42\r\n"), "{body}");
        assert!(body.contains("filename=\"a%22%0D%0AX: y.pdf\"\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n"), "{body}");
    }
}
