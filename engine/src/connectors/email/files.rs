//! The files of a mail: their names, types and bytes.

use super::budget::MAX_FIELD;
use super::headers::Headers;
use super::html;
use super::mime::Part;
use super::words;
use crate::model::{IncomingFile, filename};
use std::collections::HashSet;

/// One file; `shown` are the Content-IDs that the text shows.
pub(super) fn file(
    part: &Part<'_>,
    number: usize,
    shown: &HashSet<String>,
    declared: Option<&str>,
) -> IncomingFile {
    let bytes = part.bytes();
    let claimed = Some(part.kind.word.as_str()).filter(|k| {
        !part
            .headers
            .text("content-type")
            .unwrap_or_default()
            .is_empty()
            || *k != "text/plain"
    });
    let mime = media_type(&bytes, claimed, part);
    let content_id = part
        .headers
        .first("content-id")
        .map(|c| {
            String::from_utf8_lossy(c)
                .trim()
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_owned()
        })
        .filter(|c| !c.is_empty() && c.len() <= MAX_FIELD);
    // A picture that the text does not show would be lost if it were not listed, whatever its disposition says.
    let inline = content_id.as_ref().is_some_and(|c| shown.contains(c));
    let given = given_name(part, declared).or_else(|| nested_name(part, &bytes));
    IncomingFile {
        name: safe_name(given.as_deref().unwrap_or_default(), &mime, number),
        mime,
        content_id,
        inline,
        bytes,
    }
}

/// The name that the sender gave it.
pub(super) fn given_name(part: &Part<'_>, declared: Option<&str>) -> Option<String> {
    part.disposition
        .text("filename", declared)
        .or_else(|| part.kind.text("name", declared))
}

fn nested_name(part: &Part<'_>, bytes: &[u8]) -> Option<String> {
    if !part.is_mail() {
        return None;
    }
    let subject = words::decode(Headers::read(bytes).first("subject")?, None);
    (!subject.trim().is_empty()).then(|| format!("{}.eml", html::cut(&subject, 80)))
}

fn media_type(bytes: &[u8], claimed: Option<&str>, part: &Part<'_>) -> String {
    if part.is_mail() {
        return "message/rfc822".to_owned();
    }
    let plain = |m: &str| {
        m.len() <= 127
            && m.contains('/')
            && m.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '+' | '-' | '_'))
    };
    let told = infer::get(bytes).map(|k| k.mime_type());
    match (told, claimed.filter(|m| plain(m))) {
        // Office documents are zip archives: the claim is the finer word there.
        (Some("application/zip"), Some(claim)) if claim.starts_with("application/vnd.") => {
            claim.to_owned()
        }
        (Some(told), _) => told.to_owned(),
        (None, Some(claim)) => claim.to_owned(),
        (None, None) => "text/plain".to_owned(),
    }
}

/// A name that is safe to show and to save; where none is left, one by number and kind.
#[must_use]
pub fn safe_name(given: &str, mime: &str, number: usize) -> String {
    filename::safe(given).unwrap_or_else(|| format!("file-{number}.{}", extension(mime)))
}

/// Marks that turn the reading direction, so that a name or subject reads as another one.
pub(super) fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

fn extension(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "text/plain" | "message/delivery-status" | "text/rfc822-headers" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "application/ms-tnef" | "application/vnd.ms-tnef" => "dat",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "p7m",
        "application/pgp-signature" => "asc",
        "message/rfc822" => "eml",
        _ => "bin",
    }
}
