//! Files, fetched from where the vendor keeps them: without the token, only from servers that are the vendor's, and
//! along redirects that are looked at one by one.

use super::convert::{Media, under, vendors};
use crate::connectors::Result;
use crate::connectors::http::{Ask, Net};
use crate::model::{ChannelError, IncomingFile, Remedy, filename};
use crate::time::SECOND;
use std::time::Duration;
use url::Url;

/// Largest file that is kept.
const MOST: usize = 26 * 1024 * 1024;
/// Most redirects.
const HOPS: usize = 5;
/// For one exchange.
const TIME: Duration = Duration::from_millis(60 * SECOND.unsigned_abs());
/// Servers of others to which the vendor's own links lead: moving pictures.
const OTHERS: [&str; 2] = ["giphy.com", "tenor.com"];

/// Fetches a file; none where it is not to be had (gone, run out, too large, or at somebody else's).
///
/// # Errors
/// What may be better later: [`Remedy::Retry`], [`Remedy::Wait`].
pub(super) async fn fetch(net: &Net, media: &Media, here: bool) -> Result<Option<IncomingFile>> {
    let Some(mut url) = Url::parse(&media.url).ok() else {
        return Ok(None);
    };
    for _ in 0..=HOPS {
        if !allowed(&url, here) {
            return Ok(None);
        }
        let ask = Ask::get(url.clone(), "media").within(TIME).at_most(MOST);
        let answer = match net.ask(ask).await {
            Ok(answer) => answer,
            Err(e) if matches!(e.remedy, Remedy::Final) => return Ok(None),
            Err(e) => return Err(e),
        };
        match answer.status {
            200 => {
                let kind = answer.header("content-type").unwrap_or_default();
                let page = kind.to_ascii_lowercase().contains("html");
                return Ok(Some(file(media, answer.body)).filter(|f| is_it(f, media, page)));
            }
            301 | 302 | 303 | 307 | 308 => {
                let to = answer.header("location").and_then(|l| url.join(l).ok());
                let Some(to) = to else { return Ok(None) };
                url = to;
            }
            429 | 500.. => {
                return Err(ChannelError::new(
                    Remedy::Retry,
                    "media",
                    format!("{} did not give a file ({}).", answer.host, answer.status),
                ));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The vendor's servers over TLS; and this computer's own where the interface itself is here.
fn allowed(url: &Url, here: bool) -> bool {
    let host = url.host_str().unwrap_or_default();
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if here && loopback {
        return matches!(url.scheme(), "http" | "https");
    }
    url.scheme() == "https"
        && url.port().is_none()
        && (vendors(url) || OTHERS.iter().any(|o| under(host, o)))
}

/// Whether what was given is the file: nothing at all is none, and a page that says why not in its place is none.
fn is_it(file: &IncomingFile, media: &Media, page: bool) -> bool {
    const PAGES: [&str; 2] = ["text/html", "application/xhtml+xml"];
    let claimed = media.mime.as_deref().unwrap_or_default();
    let page = page || PAGES.contains(&file.mime.as_str());
    !file.bytes.is_empty() && (!page || PAGES.contains(&claimed))
}

fn file(media: &Media, bytes: Vec<u8>) -> IncomingFile {
    let told = infer::get(&bytes).map(|t| t.mime_type().to_owned());
    let plain = |m: &&String| {
        m.len() <= 127
            && m.contains('/')
            && m.chars()
                .all(|c| c.is_ascii_alphanumeric() || "/.+-_".contains(c))
    };
    let claimed = media.mime.as_ref().filter(plain).cloned();
    let mime = told
        .or(claimed)
        .unwrap_or_else(|| "application/octet-stream".to_owned());
    let name = media.name.as_deref().and_then(filename::safe);
    IncomingFile {
        name: name.unwrap_or_else(|| format!("file.{}", ending(&mime))),
        mime,
        content_id: None,
        inline: false,
        bytes,
    }
}

fn ending(mime: &str) -> &'static str {
    match mime {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "video/mp4" => "mp4",
        "audio/mp4" | "audio/m4a" | "audio/x-m4a" => "m4a",
        "audio/mpeg" => "mp3",
        "audio/aac" => "aac",
        "application/pdf" => "pdf",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CardKind;

    #[test]
    fn a_page_or_nothing_in_the_place_of_a_file_is_no_file() {
        let media = |mime: &str| Media {
            url: String::new(),
            name: None,
            mime: Some(mime.into()),
            preview: None,
            card: CardKind::Media,
        };
        let is = |mime: &str, bytes: &[u8], page| {
            let media = media(mime);
            is_it(&file(&media, bytes.to_vec()), &media, page)
        };
        assert!(is("image/png", b"\x89PNG\r\n\x1a\n", false));
        assert!(is("application/pdf", b"%PDF-1.4", false));
        assert!(!is("image/png", b"", false));
        assert!(
            !is("image/png", b"<!DOCTYPE html><html>Gone</html>", false),
            "by content"
        );
        assert!(!is("image/png", b"Please sign in", true), "by claim");
        assert!(
            is("text/html", b"<html>a price list</html>", true),
            "a file may be a page"
        );
        assert!(is("text/xml", b"<?xml version='1.0'?><a/>", false));
    }

    #[test]
    fn files_are_fetched_from_the_vendors_servers_alone() {
        let ok = |u: &str, here| allowed(&Url::parse(u).unwrap(), here);
        assert!(ok(
            "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1",
            false
        ));
        assert!(ok("https://scontent.xx.fbcdn.net/v/1.jpg", false));
        assert!(ok("https://media2.giphy.com/media/1/giphy.gif", false));
        assert!(ok("http://127.0.0.1:9/v/1", true));
        for bad in [
            "http://lookaside.fbsbx.com/1",
            "https://evil-fbsbx.com/1",
            "https://fbsbx.com.evil.test/1",
            "https://fbsbx.com:8443/1",
            "https://127.0.0.1/1",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
        ] {
            assert!(!ok(bad, false), "{bad}");
        }
        assert!(!ok("http://192.168.1.1/1", true));
    }
}
