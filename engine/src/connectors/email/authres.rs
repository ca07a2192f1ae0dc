//! What a receiving server wrote about the sender: the topmost `Authentication-Results` (RFC 8601).
//!
//! Anybody may write such a field into his own mail, so only the topmost one is read, what relays wrote about each
//! other (ARC) is not, and whether its writer is the user's own server is said apart: by its name here, and by what
//! the account's mails have in common where the store has seen enough of them.

use super::headers::Headers;
use crate::model::{ServerWord, domain, email_key};

/// Most bytes of a field that are read.
const LONGEST: usize = 16 * 1024;

/// The word of the topmost field; `from` is the sender's address.
pub(super) fn read(headers: &Headers<'_>, from: Option<&str>) -> Option<ServerWord> {
    let (at, field) = headers.position("authentication-results")?;
    let results = parse(&field);
    let hops = headers.received_by();
    let above: Vec<&str> = hops
        .iter()
        .filter(|(i, _)| *i < at)
        .map(|(_, by)| by.as_str())
        .collect();
    let judges = if above.is_empty() {
        hops.iter().take(1).map(|(_, by)| by.as_str()).collect()
    } else {
        above
    };
    let server = results
        .server
        .clone()
        .unwrap_or_else(|| "outlook.com".to_owned());
    let near = match &results.server {
        Some(name) => judges
            .iter()
            .any(|by| house(name).is_some() && house(name) == house(by)),
        // Microsoft leaves its name out, so that the first result stands in its place.
        None => judges
            .iter()
            .any(|h| h.ends_with(".outlook.com") || h.ends_with(".office365.com")),
    };
    Some(ServerWord {
        server: house(&server)?,
        near,
        dmarc: results.dmarc(from),
        says: results.says(),
    })
}

struct Outcome {
    method: String,
    word: String,
    props: Vec<(String, String)>,
}

struct Results {
    server: Option<String>,
    outcomes: Vec<Outcome>,
}

impl Results {
    /// Pass or fail; anything else is no word. A pass for another domain than that of From is none either.
    fn dmarc(&self, from: Option<&str>) -> Option<bool> {
        let one = self.outcomes.iter().find(|o| o.method == "dmarc")?;
        let about = one
            .props
            .iter()
            .find(|(k, _)| k == "header.from")
            .map(|(_, v)| v.as_str());
        let sender = from.and_then(email_key);
        let same = match (about, sender.as_deref().and_then(domain)) {
            (Some(about), Some(sender)) => within(sender, about) || within(about, sender),
            _ => true,
        };
        match one.word.as_str() {
            "pass" if same => Some(true),
            "fail" => Some(false),
            _ => None,
        }
    }

    /// `spf=pass dkim=fail dmarc=none`: for a person to read, never to decide by.
    fn says(&self) -> String {
        let told = |m: &str| {
            self.outcomes
                .iter()
                .find(|o| o.method == m)
                .map(|o| format!("{m}={}", o.word))
        };
        ["dmarc", "dkim", "spf"]
            .into_iter()
            .filter_map(told)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn within(inner: &str, outer: &str) -> bool {
    inner == outer || inner.strip_suffix(outer).is_some_and(|r| r.ends_with('.'))
}

fn parse(field: &str) -> Results {
    let field: String = field.chars().take(LONGEST).collect();
    let mut parts = split(&without_comments(&field)).into_iter();
    let first = parts.next().unwrap_or_default();
    let mut results = Results {
        server: None,
        outcomes: Vec::new(),
    };
    if first.contains('=') {
        results.outcomes.extend(outcome(&first));
    } else {
        let name = first.split_whitespace().next().unwrap_or_default();
        results.server = Some(name.trim_matches('"').to_owned());
    }
    results.outcomes.extend(parts.filter_map(|p| outcome(&p)));
    results
}

/// `method[/version]=result property=value …`
fn outcome(part: &str) -> Option<Outcome> {
    // White space is allowed around the equal signs.
    let mut tight = String::new();
    for word in part.split_whitespace() {
        let joins = word.starts_with('=') || tight.ends_with('=') || tight.is_empty();
        if !joins {
            tight.push(' ');
        }
        tight.push_str(word);
    }
    let mut words = tight.split(' ');
    let (method, word) = words.next()?.split_once('=')?;
    let method = method.split('/').next().unwrap_or(method);
    let plain = |w: &str| {
        w.trim_matches('"')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
    };
    let props = words
        .filter_map(|w| w.split_once('='))
        .map(|(k, v)| {
            (
                k.to_owned(),
                v.trim_matches('"').trim_end_matches('.').to_owned(),
            )
        })
        .collect();
    Some(Outcome {
        method: method.to_owned(),
        word: plain(word),
        props,
    })
}

/// Comments nest, and a quoted bracket is none.
fn without_comments(text: &str) -> String {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if std::mem::take(&mut escaped) {
            if depth == 0 {
                out.push(c);
            }
            continue;
        }
        match c {
            '\\' => escaped = true,
            '"' if depth == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                out.push(' ');
            }
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// At each semicolon outside of quotes.
fn split(text: &str) -> Vec<String> {
    let mut quoted = false;
    text.split(|c: char| {
        quoted ^= c == '"';
        c == ';' && !quoted
    })
    .map(|p| p.trim().to_owned())
    .collect()
}

/// The domain under which all servers of one operator stand: the last two names, three below a registry such as
/// `co.uk`; nothing for what is no name.
fn house(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.');
    let names: Vec<&str> = host.split('.').collect();
    if names.iter().any(|n| n.is_empty()) {
        return None;
    }
    let registry = matches!(names.as_slice(), [.., second, top] if top.len() == 2
        && (matches!(*second, "co" | "com" | "org" | "net" | "ac" | "gov" | "edu" | "gob" | "or" | "ne" | "go" | "gen" | "nom" | "sch" | "ltd" | "plc" | "me")));
    let keep = if registry { 3 } else { 2 };
    Some(names[names.len().saturating_sub(keep)..].join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(head: &str) -> Option<ServerWord> {
        read(
            &Headers::read(format!("{head}\r\n\r\n").as_bytes()),
            Some("anna@a.test"),
        )
    }

    fn trusted(head: &str) -> Option<bool> {
        word(head).filter(|w| w.near).and_then(|w| w.dmarc)
    }

    const OURS: &str =
        "Received: from x by mx.shop.test with ESMTPS; Tue, 2 Jan 2024 10:00:00 +0000";
    const THEIRS: &str = "Received: from y by out.evil.test; Tue, 2 Jan 2024 09:00:00 +0000";

    #[test]
    fn only_the_word_of_the_receiving_server_counts() {
        // In front of the server's Received or behind it, under its own name.
        assert_eq!(
            trusted(&format!(
                "{OURS}\r\nAuthentication-Results: shop.test; spf=pass; dmarc=pass (p=NONE) header.from=a.test"
            )),
            Some(true)
        );
        assert_eq!(
            trusted(&format!(
                "Authentication-Results: mail.shop.test;\r\n dkim=pass; dmarc=fail\r\n{OURS}\r\n{THEIRS}"
            )),
            Some(false)
        );
        // The sender's own words.
        assert_eq!(
            trusted(&format!(
                "{OURS}\r\n{THEIRS}\r\nAuthentication-Results: out.evil.org; dmarc=pass"
            )),
            None
        );
        assert_eq!(
            trusted(&format!(
                "{OURS}\r\nAuthentication-Results: evil.org; dmarc=pass\r\n{THEIRS}"
            )),
            None
        );
        assert_eq!(
            trusted("Authentication-Results: evil.test; dmarc=pass"),
            None
        );
        assert_eq!(
            trusted(&format!(
                "{OURS}\r\nARC-Authentication-Results: i=1; shop.test; dmarc=pass"
            )),
            None
        );
        // Only the topmost one is asked.
        assert_eq!(
            trusted(&format!(
                "{OURS}\r\nAuthentication-Results: shop.test; spf=pass\r\nAuthentication-Results: shop.test; dmarc=pass"
            )),
            None
        );
        assert_eq!(
            trusted(&format!(
                "{OURS}\r\nAuthentication-Results: shop.test; dmarc=none"
            )),
            None
        );
        let microsoft = "Received: from a by b.eurprd01.prod.outlook.com (::1); x\r\nAuthentication-Results: spf=pass smtp.mailfrom=a.test; dkim=pass;dmarc=pass action=none";
        assert_eq!(trusted(microsoft), Some(true));
        assert_eq!(
            trusted(&microsoft.replace("outlook.com", "shop.test")),
            None
        );
    }

    #[test]
    fn neighbours_below_one_registry_are_not_one_house() {
        let uk = OURS.replace("shop.test", "shop.co.uk");
        assert_eq!(
            trusted(&format!(
                "{uk}\r\nAuthentication-Results: mail.shop.co.uk; dmarc=pass"
            )),
            Some(true)
        );
        assert_eq!(
            trusted(&format!(
                "{uk}\r\nAuthentication-Results: evil.co.uk; dmarc=pass"
            )),
            None
        );
        assert_eq!(
            trusted(&format!(
                "{uk}\r\nAuthentication-Results: co.uk; dmarc=pass"
            )),
            None
        );
    }

    #[test]
    fn comments_quotes_versions_and_white_space_do_not_hide_a_word_or_make_one() {
        for (field, wanted) in [
            ("shop.test 1; dmarc/1 = pass header.from=a.test", Some(true)),
            ("\"shop.test\" (by us; dmarc=fail); dmarc=pass", Some(true)),
            (
                "shop.test; spf=pass (dmarc=pass (nested; dmarc=pass)) smtp.mailfrom=x",
                None,
            ),
            (
                "shop.test; dkim=fail reason=\"; dmarc=pass\"; dmarc=fail",
                Some(false),
            ),
            ("shop.test; dmarc=bestguesspass", None),
            ("shop.test; dmarc=temperror", None),
            ("shop.test; x-dmarc=pass", None),
            ("shop.test; none", None),
            ("shop.test", None),
            ("shop.test; dmarc=pass header.from=evil.test", None),
            ("shop.test; dmarc=pass header.from=mail.a.test", Some(true)),
            ("shop.test; DMARC=PASS", Some(true)),
            ("shop.test; (unclosed dmarc=pass", None),
            (";;;=", None),
        ] {
            assert_eq!(
                trusted(&format!("{OURS}\r\nAuthentication-Results: {field}")),
                wanted,
                "{field}"
            );
        }
        assert_eq!(
            word("Authentication-Results: shop.test; spf=softfail x=y; dkim=pass; dmarc=none")
                .map(|w| w.says)
                .as_deref(),
            Some("dmarc=none dkim=pass spf=softfail")
        );
    }
}
