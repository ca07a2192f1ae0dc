//! The real network: HTTPS that never leads to machines around the corner, DNS, and knocking.

use super::{Answer, Net, Srv, autoconfig, guard};
use crate::connectors::Result;
use crate::connectors::email::net::{self, Protocol, Trust, client_config};
use crate::model::{ChannelError, Hint, MailServer, Remedy};
use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::net::SocketAddr;
use std::time::Duration;

/// Longest time for one file.
const FILE: Duration = Duration::from_secs(5);
/// Longest time for one question to the name service.
const DNS: Duration = Duration::from_secs(4);
const MOST_REDIRECTS: usize = 3;
const MOST_ANSWERS: usize = 20;

/// The network of this computer.
pub struct Internet {
    http: reqwest::Client,
    dns: Option<TokioResolver>,
}

impl std::fmt::Debug for Internet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Internet")
    }
}

impl Internet {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// When this computer cannot make encrypted connections.
    pub fn new() -> Result<Self> {
        let unusable = |why: String| {
            ChannelError::new(
                Remedy::Final,
                "tls",
                format!("No encrypted connection can be made on this computer ({why})."),
            )
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config().map_err(unusable)?)
            .https_only(true)
            .redirect(Policy::custom(|attempt| {
                let literal = match attempt.url().host() {
                    Some(url::Host::Ipv4(ip)) => !guard::is_public(ip.into()),
                    Some(url::Host::Ipv6(ip)) => !guard::is_public(ip.into()),
                    _ => false,
                };
                if literal || attempt.previous().len() > MOST_REDIRECTS {
                    attempt.stop()
                } else {
                    attempt.follow()
                }
            }))
            .dns_resolver(Guarded)
            // A proxy would look the name up itself, where nobody guards it.
            .no_proxy()
            .referer(false)
            .connect_timeout(FILE)
            .timeout(FILE)
            .build()
            .map_err(|e| unusable(e.to_string()))?;
        // Without a name service there is still what the domain's website says.
        let dns = TokioResolver::builder_tokio().and_then(|mut b| {
            b.options_mut().timeout = Duration::from_secs(2);
            b.options_mut().attempts = 2;
            b.build()
        });
        if let Err(e) = &dns {
            tracing::warn!("the system's name service cannot be asked for mail records: {e}");
        }
        Ok(Self {
            http,
            dns: dns.ok(),
        })
    }
}

/// Looks names up as the system does, and forgets addresses that a public name may not lead to.
struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let local = guard::is_local_name(&name);
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|a| local || guard::is_public(a.ip()))
                .collect();
            if found.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[async_trait]
impl Net for Internet {
    async fn file(&self, url: &str) -> std::result::Result<Vec<u8>, String> {
        let words = |e: reqwest::Error| e.without_url().to_string();
        let mut answer = self.http.get(url).send().await.map_err(words)?;
        if !answer.status().is_success() {
            return Err(format!("status {}", answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(words)? {
            body.extend_from_slice(&piece);
            if body.len() > autoconfig::LARGEST {
                return Err("too long".into());
            }
        }
        Ok(body)
    }

    async fn exchangers(&self, domain: &str) -> Vec<String> {
        let Some(dns) = &self.dns else {
            return Vec::new();
        };
        let asked = dns.mx_lookup(format!("{domain}."));
        let Ok(Ok(found)) = tokio::time::timeout(DNS, asked).await else {
            return Vec::new();
        };
        let mut all: Vec<(u16, String)> = found
            .answers()
            .iter()
            .filter_map(|r| match &r.data {
                RData::MX(mx) => Some((mx.preference, host(&mx.exchange.to_ascii()))),
                _ => None,
            })
            .filter(|(_, h)| !h.is_empty())
            .take(MOST_ANSWERS)
            .collect();
        all.sort();
        all.into_iter().map(|(_, h)| h).collect()
    }

    async fn services(&self, name: &str) -> Vec<Srv> {
        let Some(dns) = &self.dns else {
            return Vec::new();
        };
        let asked = dns.srv_lookup(format!("{name}."));
        let Ok(Ok(found)) = tokio::time::timeout(DNS, asked).await else {
            return Vec::new();
        };
        let srv = |data: &RData| match data {
            RData::SRV(s) => Some(Srv {
                priority: s.priority,
                weight: s.weight,
                port: s.port,
                host: host(&s.target.to_ascii()),
            }),
            _ => None,
        };
        found
            .answers()
            .iter()
            .filter_map(|r| srv(&r.data))
            .take(MOST_ANSWERS)
            .collect()
    }

    async fn knock(&self, server: &MailServer, reading: bool) -> Answer {
        let protocol = if reading {
            Protocol::Imap
        } else {
            Protocol::Smtp
        };
        match net::open(server, &Trust::default(), protocol, &mut Vec::new()).await {
            Ok(_) => Answer::Trusted,
            Err(e) if matches!(e.hint, Some(Hint::Certificate(_))) => Answer::Untrusted,
            Err(_) => Answer::Nothing,
        }
    }
}

fn host(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
