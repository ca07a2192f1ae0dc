//! Where a vendor's interface is: https, or plain within this computer or network.

use crate::connectors::Result;
use crate::model::{ChannelError, Remedy};
use std::net::IpAddr;
use url::{Host, Url};

/// From where plain connections are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This very computer only, as everywhere.
    Loopback,
    /// The network one is in too: a phone beside the computer has no certificate.
    Network,
}

/// The beginning of every address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(Url);

impl Base {
    /// What a person gave, or the vendor's own where that is empty.
    ///
    /// # Errors
    /// [`Remedy::Reconnect`] for what is no address, and for a plain one that leaves `reach`.
    pub fn of(given: &str, vendor: &str, reach: Reach) -> Result<Self> {
        let text = if given.trim().is_empty() {
            vendor
        } else {
            given.trim()
        };
        let url = Url::parse(text)
            .ok()
            .filter(|u| u.host().is_some() && !u.cannot_be_a_base());
        let Some(mut url) = url else {
            return Err(wrong(format!(
                "“{text}” is not an address; it begins with https://."
            )));
        };
        let plain_is_fine = url.host().is_some_and(|h| near(&h, reach));
        match url.scheme() {
            "https" => {}
            "http" if plain_is_fine => {}
            _ => {
                return Err(wrong(format!(
                    "“{text}” is not protected; an address that begins with https:// is needed."
                )));
            }
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(wrong(
                "an interface's address has no user, question mark or # in it.".into(),
            ));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    /// The address of these segments below it, each escaped.
    #[must_use]
    pub fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Scheme, host and port alone with this path and question, as a vendor gives for the next page. Another host is
    /// not followed.
    #[must_use]
    pub fn on_same_host(&self, reference: &str) -> Option<Url> {
        let url = self.0.join(reference).ok()?;
        (url.origin() == self.0.origin()).then_some(url)
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

fn wrong(what: String) -> ChannelError {
    ChannelError::new(Remedy::Reconnect, "settings", what)
}

fn near(host: &Host<&str>, reach: Reach) -> bool {
    let ip = match host {
        Host::Domain(name) => {
            return *name == "localhost"
                || reach == Reach::Network && !name.contains('.')
                || reach == Reach::Network && name.ends_with(".local");
        }
        Host::Ipv4(ip) => IpAddr::V4(*ip),
        Host::Ipv6(ip) => IpAddr::V6(*ip),
    };
    ip.is_loopback()
        || reach == Reach::Network
            && match ip {
                // 100.64.0.0/10: private networks laid over the public one (RFC 6598), as by Tailscale.
                IpAddr::V4(v4) => {
                    v4.is_private()
                        || v4.is_link_local()
                        || v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1])
                }
                IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
            }
}
