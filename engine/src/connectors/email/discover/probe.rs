//! The usual names, tried: whoever protects the connection is taken for the mail server.

use super::{Address, Answer, Found, NOTE_UNTRUSTED, Net, Source, guard, plain};
use crate::model::{MailServer, Security};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longest time for one name.
const EACH: Duration = Duration::from_secs(6);

pub(super) async fn probe(address: &Address, net: Arc<dyn Net>) -> Option<Found> {
    let exchanger = net
        .exchangers(&address.domain)
        .await
        .into_iter()
        .next()
        .filter(|x| guard::is_mail_host(x, &address.domain));
    let (imap, smtp) = tokio::join!(
        first(
            candidates(address, "imap", exchanger.as_deref(), (993, 143)),
            true,
            &net
        ),
        first(
            candidates(address, "smtp", exchanger.as_deref(), (465, 587)),
            false,
            &net
        )
    );
    let ((imap, a), (smtp, b)) = (imap?, smtp?);
    let untrusted = [a, b].contains(&Answer::Untrusted);
    Some(Found {
        notes: if untrusted {
            vec![NOTE_UNTRUSTED]
        } else {
            Vec::new()
        },
        ..plain(imap, smtp, Source::Probe)
    })
}

/// The likeliest first; encrypted from the first byte before encrypted later.
fn candidates(
    address: &Address,
    usual: &str,
    exchanger: Option<&str>,
    (tls, starttls): (u16, u16),
) -> Vec<MailServer> {
    let domain = &address.domain;
    let mut hosts = vec![
        format!("{usual}.{domain}"),
        format!("mail.{domain}"),
        domain.clone(),
    ];
    hosts.extend(exchanger.map(str::to_owned));
    hosts.dedup();
    let ways = [(tls, Security::Tls), (starttls, Security::Starttls)];
    ways.iter()
        .flat_map(|(port, security)| {
            hosts.iter().map(|host| MailServer {
                host: host.clone(),
                port: *port,
                security: *security,
                user: address.whole.clone(),
            })
        })
        .collect()
}

/// All are knocked at together. The first in order that is trusted, else the first that answers at all.
async fn first(
    all: Vec<MailServer>,
    reading: bool,
    net: &Arc<dyn Net>,
) -> Option<(MailServer, Answer)> {
    let knocks: Vec<(MailServer, JoinHandle<Answer>)> = all
        .into_iter()
        .map(|server| {
            let (s, n) = (server.clone(), Arc::clone(net));
            let knock = tokio::spawn(async move {
                timeout(EACH, n.knock(&s, reading))
                    .await
                    .unwrap_or(Answer::Nothing)
            });
            (server, knock)
        })
        .collect();
    let mut second = None;
    let mut found = None;
    for (server, knock) in knocks {
        if found.is_some() {
            knock.abort();
            continue;
        }
        match knock.await {
            Ok(Answer::Trusted) => found = Some((server, Answer::Trusted)),
            Ok(Answer::Untrusted) if second.is_none() => {
                second = Some((server, Answer::Untrusted));
            }
            _ => {}
        }
    }
    found.or(second)
}
