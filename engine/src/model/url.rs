//! The one policy on addresses: what may be opened, in which form, and which host a person is shown before it is.

use ::url::{Host, Url};

/// Longest address that is looked at, in bytes.
pub const MAX_URL: usize = 4_096;
/// Longest name of a host (RFC 1035).
const MAX_HOST: usize = 253;

/// An address that may be handed to another program, in the one form that is shown and opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Openable {
    /// The address, in ASCII, without a user name or password.
    pub url: String,
    /// `http`, `https`, `mailto` or `tel`.
    pub scheme: String,
    /// The host that will be asked, in its ASCII form, with a port that is not the usual one; of web addresses only.
    pub shown_host: Option<String>,
}

impl Openable {
    /// What a person is shown of where it leads: the host, or the address itself where there is none.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.shown_host {
            Some(host) => host.clone(),
            None => self.url.chars().take(120).collect(),
        }
    }
}

/// Why an address is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is longer than [`MAX_URL`].
    #[error("the link is longer than {MAX_URL} characters")]
    TooLong,
    /// It has characters that hide what it is: controls, marks of the reading direction, invisible ones.
    #[error("the link has characters in it that hide where it leads")]
    Hidden,
    /// It is no absolute address, or none that can be read in one way only.
    #[error("the link is no whole address")]
    Unclear,
    /// It is of a kind that is never opened.
    #[error("links of this kind are not opened")]
    Scheme,
    /// It names no host.
    #[error("the link names no host")]
    NoHost,
}

/// Reads an address. Browsers repair much before they open it; what would need repair is refused, so that what was
/// looked at is what is opened.
///
/// # Errors
/// [`Refused`] says why.
pub fn openable(text: &str) -> Result<Openable, Refused> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    if text.len() > MAX_URL {
        return Err(Refused::TooLong);
    }
    if text.chars().any(hides) {
        return Err(Refused::Hidden);
    }
    let (scheme, rest) = text.split_once(':').ok_or(Refused::Unclear)?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => web(text, rest),
        "mailto" => mail(text),
        "tel" => phone(rest),
        _ => Err(Refused::Scheme),
    }
}

/// Characters that are not seen, or turn what is seen around. A backslash is a slash to browsers and none to readers.
fn hides(c: char) -> bool {
    c.is_control()
        || c == '\\'
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFC}' | '\u{E0000}'..='\u{E0FFF}')
        || (c.is_whitespace() && c != ' ')
}

fn web(text: &str, rest: &str) -> Result<Openable, Refused> {
    // `https:host`, `https:/host` and `https:///host` are the same host to a browser, and to nobody else.
    let authority = rest.strip_prefix("//").ok_or(Refused::Unclear)?;
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') {
        return Err(Refused::NoHost);
    }
    if authority.contains(' ') {
        return Err(Refused::Unclear);
    }
    let mut url = Url::parse(text).map_err(|_| Refused::Unclear)?;
    // What stands before an @ is there to be taken for the host.
    url.set_username("").map_err(|()| Refused::Unclear)?;
    url.set_password(None).map_err(|()| Refused::Unclear)?;
    let host = match url.host().ok_or(Refused::NoHost)? {
        Host::Domain(name) => {
            let bare = name.trim_end_matches('.');
            if bare.is_empty()
                || name.len() > MAX_HOST
                || bare.split('.').any(|l| l.is_empty() || l.len() > 63)
            {
                return Err(Refused::NoHost);
            }
            name.to_owned()
        }
        address => address.to_string(),
    };
    let shown_host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    done(&url, Some(shown_host))
}

fn done(url: &Url, shown_host: Option<String>) -> Result<Openable, Refused> {
    if url.as_str().len() > MAX_URL {
        return Err(Refused::TooLong);
    }
    Ok(Openable {
        url: url.as_str().to_owned(),
        scheme: url.scheme().to_owned(),
        shown_host,
    })
}

/// What a link may fill in for a mail. Everything else would speak to the mail program, as `attach` does.
const MAIL_FIELDS: &[&str] = &["to", "cc", "subject", "body"];

fn mail(text: &str) -> Result<Openable, Refused> {
    let mut url = Url::parse(text).map_err(|_| Refused::Unclear)?;
    let path = url.path().to_ascii_lowercase();
    if path.starts_with('/') || path.contains("%0a") || path.contains("%0d") || path.contains("%00")
    {
        return Err(Refused::Unclear);
    }
    url.set_fragment(None);
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.to_ascii_lowercase();
            let line = value.contains("%0a") || value.contains("%0d");
            let name = name.to_ascii_lowercase();
            MAIL_FIELDS.contains(&name.as_str()) && (name == "body" || !line)
        })
        .collect();
    let kept = kept.join("&");
    url.set_query(Some(kept.as_str()).filter(|q| !q.is_empty()));
    if url.path().is_empty() && kept.is_empty() {
        return Err(Refused::Unclear);
    }
    done(&url, None)
}

fn phone(rest: &str) -> Result<Openable, Refused> {
    let rest = rest
        .trim_start_matches("//")
        .replace("%20", "")
        .replace([' ', '\u{2d}'], "");
    // Stars and hashes are commands to a telephone, no numbers.
    let number = rest.split(';').next().unwrap_or_default();
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '(' | ')');
    let whole = number.trim_start_matches('+');
    if digits < 2
        || number.len() > 40
        || number.len() - whole.len() > 1
        || !whole.chars().all(plain)
    {
        return Err(Refused::Unclear);
    }
    let url = Url::parse(&format!("tel:{number}")).map_err(|_| Refused::Unclear)?;
    done(&url, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str) -> Option<String> {
        openable(url).ok().and_then(|o| o.shown_host)
    }

    #[test]
    fn the_host_that_will_be_asked_is_shown_whatever_stands_around_it() {
        for (url, shown) in [
            ("https://shop.test/a?b#c", "shop.test"),
            ("HTTPS://Shop.TEST", "shop.test"),
            (" https://shop.test/\n", "shop.test"),
            ("https://shop.test:443/", "shop.test"),
            ("https://shop.test:8443/a", "shop.test:8443"),
            ("https://bank.example@evil.test/login", "evil.test"),
            ("https://bank.example:secret@evil.test/", "evil.test"),
            ("https://bank.example%2F@evil.test/", "evil.test"),
            ("https://bank.example#@evil.test/", "bank.example"),
            ("https://b\u{430}nk.example/", "xn--bnk-6cd.example"),
            (
                "https://\u{430}\u{440}\u{440}\u{04cf}\u{435}.example/",
                "xn--80ak6aa92e.example",
            ),
            ("https://b\u{fc}cher.test/", "xn--bcher-kva.test"),
            ("https://\u{ff45}vil.test/", "evil.test"),
            ("https://%65vil.test/", "evil.test"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://0177.0.0.1/", "127.0.0.1"),
            ("http://[::ffff:7f00:1]:8080/", "[::ffff:7f00:1]:8080"),
        ] {
            assert_eq!(host(url).as_deref(), Some(shown), "{url}");
        }
    }

    #[test]
    fn a_user_name_is_never_handed_on() {
        let link = openable("https://bank.example:pw@evil.test/login").unwrap();
        assert_eq!(link.url, "https://evil.test/login");
    }

    #[test]
    fn what_is_no_plain_address_of_four_kinds_is_refused() {
        for url in [
            "",
            "x",
            "//evil.test",
            "/a",
            "#a",
            "javascript:alert(1)",
            "JaVaScRiPt:1",
            "java\tscript:1",
            "data:text/html,x",
            "file:///etc/passwd",
            "vbscript:x",
            "about:blank",
            "blob:https://a.test/1",
            "smb://a/b",
            "ms-msdt:/id",
            "part-link:0",
            "part://localhost/1",
            "ftp://a.test",
            "intent://x",
            "view-source:https://a.test",
            "jar:https://a.test!/",
            "https:",
            "https:/",
            "https://",
            "https:///",
            "https:evil.test",
            "https:/evil.test",
            "https:///evil.test",
            "https://:80/",
            "https://@/",
            "https://a b.test/",
            "https:\\\\evil.test",
            "https://good.test\\@evil.test",
            "https://good.test\\.evil.test",
            "https://a.test/\u{202e}gpj.exe",
            "https://a\u{200b}.test/",
            "https://a.test/\u{0}",
            "https://a.test/a\nb",
            "https://a.test\t.evil.test",
            "https://a.test:99999/",
            "https://a..test/",
            "https://[::1/",
            "https://a.test\u{ad}/",
            "https://exa<mple.test/",
            "mailto:",
            "mailto:a@b.test%0d%0aBcc:c@d.test",
            "tel:",
            "tel:*21*1234567#",
            "tel:x",
            "tel:++12",
            "ht\u{200b}tps://a.test",
        ] {
            assert!(openable(url).is_err(), "{url:?} → {:?}", openable(url));
        }
        assert_eq!(
            openable(&format!("https://a.test/{}", "x".repeat(MAX_URL))),
            Err(Refused::TooLong)
        );
        let fits = format!("https://a.test/{}", "x".repeat(MAX_URL - 15));
        assert!(openable(&fits).is_ok());
        assert!(openable(&(fits + "x")).is_err());
    }

    #[test]
    fn a_mail_link_fills_in_a_mail_and_tells_the_program_nothing_else() {
        let link = |t: &str| openable(t).unwrap().url;
        assert_eq!(link("mailto:a@b.test"), "mailto:a@b.test");
        assert_eq!(
            link(
                "MAILTO:a@b.test?subject=Hi%20you&attach=/etc/passwd&body=1%0d%0a2&cc=c@d.test&bcc=e@f.test"
            ),
            "mailto:a@b.test?subject=Hi%20you&body=1%0d%0a2&cc=c@d.test"
        );
        assert_eq!(
            link("mailto:a@b.test?subject=x%0d%0aBcc:e@f.test"),
            "mailto:a@b.test"
        );
        assert_eq!(openable("mailto:a@b.test").unwrap().shown_host, None);
        assert_eq!(
            openable("mailto:a@b.test").unwrap().shown(),
            "mailto:a@b.test"
        );
    }

    #[test]
    fn a_number_is_dialled_and_commands_are_not() {
        assert_eq!(
            openable("tel:+31 20 123-45-67").unwrap().url,
            "tel:+31201234567"
        );
        assert_eq!(openable("tel:112").unwrap().scheme, "tel");
    }

    #[test]
    fn what_was_made_openable_stays_as_it_is() {
        for url in [
            "https://a.test/a b?c=d|e",
            "https://b\u{fc}cher.test/\u{e4}",
            "mailto:a@b.test?subject=a b",
            "tel:(020) 1234",
        ] {
            let once = openable(url).unwrap();
            assert_eq!(openable(&once.url), Ok(once.clone()), "{url}");
        }
    }
}
