//! Files that customers sent, as the vendors of telephone channels give them.

use crate::model::{Card, CardKind, IncomingFile, filename};

/// A received file: its type by content where that can be told, else as claimed, and a name that is safe.
pub(super) fn file(name: &str, claimed: &str, number: usize, bytes: Vec<u8>) -> IncomingFile {
    let told = infer::get(&bytes);
    let claimed = claimed.split(';').next().unwrap_or_default().trim();
    let plain = |m: &str| {
        (3..=127).contains(&m.len())
            && m.contains('/')
            && m.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '+' | '-' | '_'))
    };
    let mime = match told {
        Some(kind) => kind.mime_type().to_owned(),
        None if plain(claimed) => claimed.to_ascii_lowercase(),
        None => "application/octet-stream".to_owned(),
    };
    let end = told.map_or_else(|| extension(&mime), |kind| kind.extension());
    IncomingFile {
        name: filename::safe(name).unwrap_or_else(|| format!("file-{number}.{end}")),
        mime,
        content_id: None,
        inline: false,
        bytes,
    }
}

fn extension(mime: &str) -> &'static str {
    match mime {
        "text/vcard" | "text/x-vcard" => "vcf",
        "text/plain" => "txt",
        "text/calendar" => "ics",
        "audio/amr" => "amr",
        "audio/ogg" => "ogg",
        "audio/mpeg" => "mp3",
        "video/3gpp" => "3gp",
        _ => "bin",
    }
}

/// A file that could not be had, with the reason.
pub(super) fn missing(why: &str) -> Card {
    Card::of(CardKind::Media).saying(format!("A file could not be fetched: {why}"))
}
