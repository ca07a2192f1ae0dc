//! The configuration file that domains publish (`config-v1.1.xml`): small, without entities, read for IMAP and SMTP.

use super::{Address, Found, NOTE_ELSEWHERE, Source, guard, is_within};
use crate::connectors::email::presets::Way;
use crate::model::{MailServer, OauthProvider, Security};
use roxmltree::{Document, Node, ParsingOptions};

/// The largest file that is read.
pub(super) const LARGEST: usize = 256 * 1024;
/// Most elements and texts in it.
const MOST_NODES: u32 = 5_000;

/// A server with how one signs in.
struct Offer {
    server: MailServer,
    oauth: bool,
}

/// The best offers of a file; `None` where it has none that protects the connection.
pub(super) fn read(bytes: &[u8], address: &Address, source: Source) -> Option<Found> {
    if bytes.len() > LARGEST {
        return None;
    }
    let text = std::str::from_utf8(bytes)
        .ok()?
        .trim_start_matches('\u{feff}');
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).ok()?;
    let root = document.root_element();
    let provider = root.children().find(|n| n.has_tag_name("emailProvider"))?;
    let imap = best(provider, "incomingServer", "imap", address)?;
    let smtp = best(provider, "outgoingServer", "smtp", address)?;
    let oauth = (imap.oauth && smtp.oauth).then(|| issuer(root)).flatten();
    let elsewhere = source != Source::Directory
        && [&imap, &smtp]
            .iter()
            .any(|o| !is_within(&o.server.host, &address.domain));
    Some(Found {
        imap: imap.server,
        smtp: smtp.server,
        source,
        provider: name(provider),
        way: Way::Password,
        oauth,
        notes: if elsewhere {
            vec![NOTE_ELSEWHERE]
        } else {
            Vec::new()
        },
    })
}

/// The file's order is its preference, but encryption from the first byte comes before encryption later.
fn best(provider: Node<'_, '_>, tag: &str, kind: &str, address: &Address) -> Option<Offer> {
    let offers: Vec<Offer> = provider
        .children()
        .filter(|n| n.has_tag_name(tag) && n.attribute("type") == Some(kind))
        .take(20)
        .filter_map(|n| offer(n, address))
        .collect();
    let tls = offers
        .iter()
        .position(|o| o.server.security == Security::Tls);
    offers.into_iter().nth(tls.unwrap_or(0))
}

fn offer(node: Node<'_, '_>, address: &Address) -> Option<Offer> {
    let host = filled(&text(node, "hostname")?, address)?.to_ascii_lowercase();
    let security = match text(node, "socketType")?.to_ascii_uppercase().as_str() {
        "SSL" | "TLS" => Security::Tls,
        "STARTTLS" => Security::Starttls,
        // A password is never sent unprotected.
        _ => return None,
    };
    let user = match text(node, "username") {
        Some(u) => filled(&u, address)?,
        None => address.whole.clone(),
    };
    let ways = || {
        node.children()
            .filter(|n| n.has_tag_name("authentication"))
            .filter_map(|n| n.text())
    };
    let server = MailServer {
        port: text(node, "port")?.parse().ok().filter(|p| *p != 0)?,
        host: Some(host).filter(|h| guard::is_mail_host(h, &address.domain))?,
        security,
        user,
    };
    Some(Offer {
        server,
        oauth: ways().any(|w| w.trim().eq_ignore_ascii_case("OAuth2")),
    })
}

fn text(node: Node<'_, '_>, tag: &str) -> Option<String> {
    let found = node
        .children()
        .find(|n| n.has_tag_name(tag))?
        .text()?
        .trim();
    (!found.is_empty() && found.len() <= 253 && !found.chars().any(char::is_control))
        .then(|| found.to_owned())
}

/// The text with the address's parts in their places; `None` where a place remains that nobody can fill.
fn filled(text: &str, address: &Address) -> Option<String> {
    // In one pass, because an address may hold a per cent sign itself.
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let (name, behind) = after.split_once('%')?;
        out.push_str(before);
        out.push_str(match name {
            "EMAILADDRESS" => &address.whole,
            "EMAILLOCALPART" => &address.local,
            "EMAILDOMAIN" => &address.domain,
            _ => return None,
        });
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

fn name(provider: Node<'_, '_>) -> String {
    let shown = text(provider, "displayShortName").or_else(|| text(provider, "displayName"));
    let shown = shown.unwrap_or_default();
    if shown.contains('%') {
        return String::new();
    }
    shown.chars().take(60).collect()
}

/// Only the sign-in pages that are known here: a file could name any page.
fn issuer(root: Node<'_, '_>) -> Option<OauthProvider> {
    let oauth = root.children().find(|n| n.has_tag_name("oAuth2"))?;
    match text(oauth, "issuer")?.as_str() {
        "accounts.google.com" => Some(OauthProvider::Google),
        "login.microsoftonline.com" => Some(OauthProvider::Microsoft),
        _ => None,
    }
}
