//! What makes a mail the same mail in another mailbox (`model.md`, Identity, version 1). This can never
//! change after a release: the golden test below holds it.

use super::headers::Headers;
use crate::model::Identity;
use sha2::{Digest, Sha256};

/// The content identity of a mail.
#[must_use]
pub fn of(raw: &[u8]) -> Identity {
    let headers = Headers::read(raw);
    let field = |name| headers.first(name).unwrap_or_default().to_vec();
    Identity::Content(vec![
        b"mail1".to_vec(),
        field("message-id"),
        field("from"),
        field("date"),
        body_digest(headers.body),
    ])
}

/// SHA-256 over the body with LF line ends and without trailing blank lines.
fn body_digest(body: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    // Line ends are held back until something follows them, so that trailing ones are never hashed.
    let mut pending = 0usize;
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| matches!(b, b'\r' | b'\n'));
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        if !line.is_empty() {
            line_feeds(&mut hash, std::mem::take(&mut pending));
            hash.update(line);
        }
        let one = after.get(1..).unwrap_or_default();
        pending += usize::from(!after.is_empty());
        rest = after.strip_prefix(b"\r\n").unwrap_or(one);
    }
    hash.finalize().to_vec()
}

fn line_feeds(hash: &mut Sha256, mut count: usize) {
    const MANY: [u8; 64] = [b'\n'; 64];
    while let Some(some) = MANY.get(..count.min(MANY.len())).filter(|s| !s.is_empty()) {
        hash.update(some);
        count -= some.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] = b"Received: x\r\nMessage-ID: <1@a>\r\nFrom: Anna\r\n <anna@shop.test>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\nhello\r\nthere\r\n\r\n";

    #[test]
    fn the_parts_of_the_identity_never_change() {
        let Identity::Content(parts) = of(MAIL) else {
            panic!("mail has a content identity")
        };
        assert_eq!(parts.len(), 5);
        assert_eq!(
            parts[..4],
            [
                b"mail1".to_vec(),
                b"<1@a>".to_vec(),
                b"Anna <anna@shop.test>".to_vec(),
                b"Mon, 1 Jan 2024 00:00:00 +0000".to_vec()
            ]
        );
        assert_eq!(parts[4], Sha256::digest(b"hello\nthere").to_vec());
    }

    #[test]
    fn line_ends_trailing_blank_lines_and_transport_fields_do_not_matter() {
        let unix: Vec<u8> = MAIL.iter().copied().filter(|b| *b != b'\r').collect();
        let other = [
            b"Received: y\nX-Spam: no\n".as_slice(),
            &unix[12..],
            b"\n\n",
        ]
        .concat();
        assert_eq!(of(MAIL), of(&unix));
        assert_eq!(of(MAIL), of(&other));
    }

    #[test]
    fn another_body_or_sender_under_the_same_message_id_is_another_mail() {
        let text = String::from_utf8_lossy(MAIL).into_owned();
        assert_ne!(of(MAIL), of(text.replace("hello", "hullo").as_bytes()));
        assert_ne!(of(MAIL), of(text.replace("anna@", "eve@").as_bytes()));
        assert_ne!(of(b"A: b\n\nx\n\ny"), of(b"A: b\n\nx\ny"));
    }
}
