//! The page that the browser shows when the sign-in came back. It loads nothing, runs nothing, and says nothing that
//! came from outside.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// Signed in.
    Done,
    /// The provider or the person said no.
    Refused,
    /// Nothing of ours.
    Unknown,
}

/// A whole HTTP answer.
pub(super) fn answer(page: Page) -> Vec<u8> {
    let (status, title, text) = match page {
        Page::Done => (
            "200 OK",
            "Signed in",
            "You can close this page and go back to Parley.",
        ),
        Page::Refused => (
            "200 OK",
            "Not signed in",
            "The provider did not let Parley in. Close this page and go back to Parley to see why.",
        ),
        Page::Unknown => (
            "404 Not Found",
            "Nothing here",
            "This page belongs to a sign-in of Parley that is over, or to none.",
        ),
    };
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} – Parley</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;color-scheme:light dark}}</style><h1>{title}</h1><p>{text}</p></html>"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_nothing_and_counts_its_bytes() {
        for page in [Page::Done, Page::Refused, Page::Unknown] {
            let text = String::from_utf8(answer(page)).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
            assert!(head.contains("default-src 'none'"));
            assert!(
                !["<script", "src=", "href=", "http:", "https:", "<img"]
                    .iter()
                    .any(|w| body.contains(w))
            );
        }
    }
}
