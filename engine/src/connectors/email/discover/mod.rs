//! Finding a mailbox's servers from its address: what is known, what the domain publishes, what answers.
//!
//! All sources are asked at once; the best that found something wins, in the order of [`Source`]. Nothing found here
//! is believed further than to fill in a form: signing in still checks every certificate.

mod autoconfig;
mod guard;
mod internet;
mod probe;

pub use guard::is_public;
pub use internet::Internet;

use super::presets::{self, Preset, Way};
use crate::connectors::Result;
use crate::model::{MailServer, OauthProvider, Security, handle};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// Longest time for everything together.
const TOTAL: Duration = Duration::from_secs(10);

/// Where settings were found; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The built-in table, by the address's domain.
    Builtin,
    /// The domain's own configuration server (`autoconfig.DOMAIN`).
    Autoconfig,
    /// A file of the domain's website.
    WellKnown,
    /// Mozilla's public directory, asked only if a person agrees.
    Directory,
    /// The built-in table, by where the domain's mail goes.
    Exchanger,
    /// The domain's DNS (RFC 6186, RFC 8314).
    Srv,
    /// A usual name that answers as a mail server does.
    Probe,
    /// A usual name that nobody has tried.
    Guess,
}

/// A server of a SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lower is better.
    pub priority: u16,
    /// Higher is likelier.
    pub weight: u16,
    /// Port.
    pub port: u16,
    /// Host; empty where the domain says that there is none.
    pub host: String,
}

/// What came of knocking at a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It protects the connection with a certificate that this computer trusts.
    Trusted,
    /// It protects it with one that a person would have to trust.
    Untrusted,
    /// Nobody there, or nobody who protects it.
    Nothing,
}

/// The network as this search needs it.
#[async_trait]
pub trait Net: Send + Sync + 'static {
    /// A small file over HTTPS. The error is for the log only.
    async fn file(&self, url: &str) -> std::result::Result<Vec<u8>, String>;
    /// Where the domain's mail goes, best first.
    async fn exchangers(&self, domain: &str) -> Vec<String>;
    /// The servers of a service.
    async fn services(&self, name: &str) -> Vec<Srv>;
    /// Connect as far as encryption goes; `reading` tells IMAP from SMTP.
    async fn knock(&self, server: &MailServer, reading: bool) -> Answer;
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where mail is read.
    pub imap: MailServer,
    /// Where mail is handed in.
    pub smtp: MailServer,
    /// Where this was found.
    pub source: Source,
    /// What people call the provider; empty if unknown.
    pub provider: String,
    /// How one signs in.
    pub way: Way,
    /// Whose sign-in page may be used.
    pub oauth: Option<OauthProvider>,
    /// What a person should know, as i18n keys.
    pub notes: Vec<&'static str>,
}

/// The servers belong to another domain than the address, and nobody vouches for that.
pub const NOTE_ELSEWHERE: &str = "elsewhere";
/// The server answers with a certificate that this computer does not trust.
pub const NOTE_UNTRUSTED: &str = "untrusted";

impl From<Preset> for Found {
    fn from(p: Preset) -> Self {
        Self {
            imap: p.imap,
            smtp: p.smtp,
            source: Source::Builtin,
            provider: p.name.to_owned(),
            way: p.way,
            oauth: p.oauth,
            notes: p.notes,
        }
    }
}

/// The address in its parts, as the sources need it.
#[derive(Debug, Clone)]
struct Address {
    whole: String,
    local: String,
    domain: String,
}

impl Address {
    fn read(text: &str) -> Option<Self> {
        let whole = handle::email_key(text)?;
        let domain = handle::domain(&whole)?.to_owned();
        let local = whole.strip_suffix(&domain)?.strip_suffix('@')?.to_owned();
        Some(Self {
            whole,
            local,
            domain,
        })
    }
}

/// The settings for an address. `directory` permits to ask Mozilla's directory, which then learns the domain.
/// `None` when the text is no address.
pub async fn discover(address: &str, directory: bool, net: Arc<dyn Net>) -> Option<Found> {
    let address = Address::read(address)?;
    if let Some(known) = presets::by_address(&address.whole) {
        return Some(known.into());
    }
    let found = best(sources(&address, directory, &net), TOTAL).await;
    let found = found.unwrap_or_else(|| guess(&address));
    Some(with_provider(found))
}

type Asked = JoinHandle<Option<Found>>;

/// Every source at work, best first.
fn sources(address: &Address, directory: bool, net: &Arc<dyn Net>) -> Vec<Asked> {
    let domain = &address.domain;
    let mail = url::form_urlencoded::byte_serialize(address.whole.as_bytes()).collect::<String>();
    let mut files = vec![
        (
            Source::Autoconfig,
            format!("https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={mail}"),
        ),
        (
            Source::WellKnown,
            format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
        ),
    ];
    if directory {
        files.push((
            Source::Directory,
            format!("https://autoconfig.thunderbird.net/v1.1/{domain}"),
        ));
    }
    let mut all: Vec<Asked> = Vec::new();
    for (source, url) in files {
        let (address, net) = (address.clone(), Arc::clone(net));
        all.push(tokio::spawn(async move {
            let text = net.file(&url).await.ok()?;
            autoconfig::read(&text, &address, source)
        }));
    }
    let (a, n) = (address.clone(), Arc::clone(net));
    all.push(tokio::spawn(async move {
        let exchangers = n.exchangers(&a.domain).await;
        let known = exchangers
            .iter()
            .find_map(|x| presets::by_exchanger(&a.whole, x))?;
        Some(Found {
            source: Source::Exchanger,
            ..known.into()
        })
    }));
    let (a, n) = (address.clone(), Arc::clone(net));
    all.push(tokio::spawn(async move { services(&a, &*n).await }));
    let (a, n) = (address.clone(), Arc::clone(net));
    all.push(tokio::spawn(async move { probe::probe(&a, n).await }));
    all
}

/// Waits for the best source first; when the time is over, takes the best of those that have answered.
async fn best(all: Vec<Asked>, patience: Duration) -> Option<Found> {
    let end = Instant::now() + patience;
    let mut all = all.into_iter();
    let mut found = None;
    for mut asked in all.by_ref() {
        found = match timeout_at(end, &mut asked).await {
            Ok(answer) => answer.ok().flatten(),
            Err(_) => None,
        };
        asked.abort();
        if found.is_some() {
            break;
        }
    }
    for rest in all {
        rest.abort();
    }
    found
}

/// RFC 6186 and RFC 8314: encrypted from the first byte before encrypted later.
async fn services(address: &Address, net: &dyn Net) -> Option<Found> {
    let ask = |name: &'static str| async move {
        let mut all = net
            .services(&format!("_{name}._tcp.{}", address.domain))
            .await;
        all.sort_by_key(|s| (s.priority, std::cmp::Reverse(s.weight)));
        all.into_iter().find(|s| !s.host.is_empty() && s.port != 0)
    };
    let (imaps, imap, submissions, submission) = tokio::join!(
        ask("imaps"),
        ask("imap"),
        ask("submissions"),
        ask("submission")
    );
    let server = |tls: Option<Srv>, starttls: Option<Srv>| {
        let (srv, security) = match (tls, starttls) {
            (Some(s), _) => (s, Security::Tls),
            (None, Some(s)) => (s, Security::Starttls),
            (None, None) => return None,
        };
        Some(MailServer {
            host: srv.host,
            port: srv.port,
            security,
            user: address.whole.clone(),
        })
    };
    let (imap, smtp) = match (server(imaps, imap), server(submissions, submission)) {
        (Some(imap), Some(smtp)) => (imap, smtp),
        (Some(imap), None) => (imap.clone(), at_usual_port(&imap, 465)),
        (None, Some(smtp)) => (at_usual_port(&smtp, 993), smtp),
        (None, None) => return None,
    };
    let elsewhere = [&imap, &smtp]
        .iter()
        .any(|s| !is_within(&s.host, &address.domain));
    Some(Found {
        notes: if elsewhere {
            vec![NOTE_ELSEWHERE]
        } else {
            Vec::new()
        },
        ..plain(imap, smtp, Source::Srv)
    })
}

fn at_usual_port(server: &MailServer, port: u16) -> MailServer {
    MailServer {
        port,
        security: Security::Tls,
        ..server.clone()
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|h| h.ends_with('.'))
}

fn plain(imap: MailServer, smtp: MailServer, source: Source) -> Found {
    Found {
        imap,
        smtp,
        source,
        provider: String::new(),
        way: Way::Password,
        oauth: None,
        notes: Vec::new(),
    }
}

fn guess(address: &Address) -> Found {
    let server = |prefix: &str, port| MailServer {
        host: format!("{prefix}.{}", address.domain),
        port,
        security: Security::Tls,
        user: address.whole.clone(),
    };
    plain(server("imap", 993), server("smtp", 465), Source::Guess)
}

/// However a big provider's servers were found, what is known of it holds.
fn with_provider(found: Found) -> Found {
    match presets::of_host(&found.imap.host) {
        Some(known) if found.source != Source::Exchanger => {
            let mut notes = known.notes;
            notes.extend(found.notes.iter().filter(|n| **n != NOTE_ELSEWHERE));
            Found {
                provider: known.name.to_owned(),
                way: known.way,
                oauth: known.oauth,
                notes,
                ..found
            }
        }
        _ => found,
    }
}

/// A source that needs a moment must not hold up what is known at once.
#[must_use]
pub fn is_known(address: &str) -> bool {
    presets::by_address(address).is_some()
}

/// The real network.
///
/// # Errors
/// When this computer cannot make encrypted connections.
pub fn internet() -> Result<Arc<dyn Net>> {
    Ok(Arc::new(Internet::new()?))
}

#[cfg(test)]
mod tests;
