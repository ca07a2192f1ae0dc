//! The scheme `part:`: pictures of a message and previews of its files, by id. Never a document, never a path.
//!
//! `part://localhost/m/<message>/cid/<content id, percent-encoded>` is a picture inside a mail,
//! `part://localhost/m/<message>/img/<number>` a remote one that was loaded on request,
//! `part://localhost/f/<file>`, or short `part://localhost/<file>`, the preview of an attached picture. (On Windows the same under
//! `http://part.localhost/`.)

use crate::engine::Handle;
use parley_engine::model::{FileId, MessageId};
use tauri::http::{Method, Request, Response, StatusCode, header};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder};

/// The scheme's name.
pub const SCHEME: &str = "part";

/// A content id longer than this is none that a mail program writes.
const LONGEST_CID: usize = 1_024;

/// Answers a request of the window, off the main thread.
pub fn answer<R: Runtime>(
    context: &UriSchemeContext<'_, R>,
    request: &Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let engine = context.app_handle().state::<Handle>().inner().clone();
    let path = (request.method() == Method::GET)
        .then(|| checked(request.uri().path()))
        .flatten();
    tauri::async_runtime::spawn(async move {
        let found = match path {
            Some(path) => engine.part(&path).await,
            None => None,
        };
        responder.respond(response(found));
    });
}

/// The path if it names a part, with its ids in their one form; the content id stays percent-encoded.
fn checked(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let mut words = path.split('/');
    let checked = match (words.next()?, words.next()) {
        (file, None) => format!("/f/{}", FileId::parse(file)?.hex()),
        ("m", Some(message)) => {
            let message = MessageId::parse(message)?;
            let (kind, name) = (words.next()?, words.next()?);
            let named = match kind {
                "cid" => is_cid(name),
                "img" => is_number(name),
                _ => false,
            };
            named.then(|| format!("/m/{}/{kind}/{name}", message.hex()))?
        }
        ("f", Some(file)) => format!("/f/{}", FileId::parse(file)?.hex()),
        _ => return None,
    };
    words.next().is_none().then_some(checked)
}

fn is_number(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_cid(cid: &str) -> bool {
    let mut bytes = cid.bytes();
    let mut plain = true;
    while let Some(b) = bytes.next() {
        plain &= match b {
            b'%' => {
                bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
            }
            b => b.is_ascii_graphic() && b != b'\\',
        };
    }
    plain && !cid.is_empty() && cid.len() <= LONGEST_CID && cid != "." && cid != ".."
}

/// The media type under which these bytes may be shown: the type they claim, if it is one of four and the bytes agree.
fn shown_as(claimed: &str, bytes: &[u8]) -> Option<&'static str> {
    let (mime, agrees) = match claimed {
        "image/png" => ("image/png", bytes.starts_with(b"\x89PNG\r\n\x1a\n")),
        "image/jpeg" => ("image/jpeg", bytes.starts_with(b"\xff\xd8\xff")),
        "image/gif" => (
            "image/gif",
            bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a"),
        ),
        "image/webp" => (
            "image/webp",
            bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        ),
        _ => return None,
    };
    agrees.then_some(mime)
}

fn response(found: Option<(String, Vec<u8>)>) -> Response<Vec<u8>> {
    let shown = found.and_then(|(claimed, bytes)| Some((shown_as(&claimed, &bytes)?, bytes)));
    let (status, mime, body) = match shown {
        Some((mime, bytes)) => (StatusCode::OK, mime, bytes),
        None => (StatusCode::NOT_FOUND, "text/plain", Vec::new()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, mime),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response
            .headers_mut()
            .insert(name, header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_picture_of_a_message_and_a_preview_have_paths() {
        assert_eq!(
            checked(&format!("/m/{ID}/cid/logo%40shop.example")),
            Some(format!("/m/{ID}/cid/logo%40shop.example"))
        );
        assert_eq!(
            checked(&format!("/m/{}/cid/a", ID.to_uppercase())),
            Some(format!("/m/{ID}/cid/a"))
        );
        assert_eq!(
            checked(&format!("/m/{ID}/img/12")),
            Some(format!("/m/{ID}/img/12"))
        );
        assert_eq!(checked(&format!("/f/{ID}")), Some(format!("/f/{ID}")));
        assert_eq!(checked(&format!("/{ID}")), Some(format!("/f/{ID}")));
    }

    #[test]
    fn nothing_else_has_a_path() {
        let long = format!("/m/{ID}/cid/{}", "a".repeat(LONGEST_CID + 1));
        for wrong in [
            "",
            "/",
            "/m",
            "/etc/passwd",
            "/f/../../etc/passwd",
            &format!("/m/{ID}"),
            &format!("/m/{ID}/cid"),
            &format!("/m/{ID}/cid/"),
            &format!("/m/{ID}/cid/a/b"),
            &format!("/m/{ID}/cid/.."),
            &format!("/m/{ID}/cid/%4"),
            &format!("/m/{ID}/cid/%zz"),
            &format!("/m/{ID}/cid/a\\b"),
            &format!("/m/{ID}/raw/a"),
            &format!("/m/{ID}/img/"),
            &format!("/m/{ID}/img/x"),
            &format!("/m/{ID}/img/-1"),
            &format!("/m/{ID}/img/1000"),
            &format!("/m/{}/cid/a", &ID[1..]),
            &format!("/f/{ID}/x"),
            &format!("m/{ID}/cid/a"),
            &format!("//m/{ID}/cid/a"),
            &long,
        ] {
            assert_eq!(checked(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_the_four_kinds_of_picture_are_served_and_only_when_their_bytes_agree() {
        let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
        assert_eq!(
            response(Some(("image/png".into(), png.clone()))).status(),
            200
        );
        for (claimed, bytes) in [
            ("text/html", png.clone()),
            ("image/svg+xml", b"<svg/>".to_vec()),
            ("image/png", b"<html>".to_vec()),
            ("image/jpeg", png),
            ("image/webp", b"RIFF".to_vec()),
        ] {
            let refused = response(Some((claimed.into(), bytes)));
            assert_eq!(
                (refused.status().as_u16(), refused.body().len()),
                (404, 0),
                "{claimed}"
            );
        }
    }

    #[test]
    fn every_answer_is_locked_down() {
        for answer in [
            response(None),
            response(Some(("image/gif".into(), b"GIF89a".to_vec()))),
        ] {
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            assert_eq!(
                answer.headers()["content-security-policy"],
                "default-src 'none'; sandbox"
            );
            assert_eq!(
                answer.headers()["cross-origin-resource-policy"],
                "same-origin"
            );
        }
    }
}
