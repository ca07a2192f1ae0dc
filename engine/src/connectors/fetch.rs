//! Remote pictures of a mail, fetched because a person asked: by this program alone, to public addresses alone, and
//! drawn anew. The mail's own frame never reaches the network.

mod guard;
#[cfg(test)]
mod tests;

pub use guard::is_public;

use crate::model::picture::{NotShown, Picture, redrawn};
use async_trait::async_trait;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::{Host, Url};

/// Most pictures of one mail.
pub const MAX_PICTURES: usize = 50;
/// Most at once.
const AT_ONCE: usize = 4;
/// Most redirects of one.
const MAX_REDIRECTS: usize = 5;
/// Says no more than that a program asks, and the same from every computer.
const USER_AGENT: &str = "Mozilla/5.0 (compatible; mail picture)";
const ACCEPT: &str = "image/webp,image/png,image/jpeg,image/gif";

/// Why a picture was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none that is fetched from.
    #[error("{0} is no address of the public web; nothing was asked there")]
    Refused(String),
    /// The name leads nowhere.
    #[error("{0} was not found")]
    NoHost(String),
    /// The server did not give it.
    #[error("{host} answered {status}")]
    Status {
        /// The server.
        host: String,
        /// What it answered.
        status: u16,
    },
    /// It led from one place to the next without end.
    #[error("{0} leads on and on")]
    Redirects(String),
    /// It has more bytes than are taken.
    #[error("what {0} gave has too many bytes")]
    TooLarge(String),
    /// It took too long.
    #[error("{0} was too slow")]
    Slow(String),
    /// The connection failed.
    #[error("{0} could not be reached")]
    Lost(String),
    /// What came is not shown.
    #[error("what {0} gave is not shown: {1}")]
    Picture(String, NotShown),
}

/// Finds the addresses of a name.
#[async_trait]
pub trait Names: Send + Sync {
    /// All addresses of `host`.
    ///
    /// # Errors
    /// When the name is not known.
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The computer's own resolver.
struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0))
            .await?
            .map(|a| a.ip())
            .collect())
    }
}

/// Where may be asked: an address and a port.
type Allowed = Arc<dyn Fn(IpAddr, u16) -> bool + Send + Sync>;

/// What may be fetched, and how much of it.
#[derive(Clone)]
pub struct Policy {
    /// Whether this address and port may be asked.
    pub allowed: Allowed,
    /// For one picture, redirects included.
    pub time: Duration,
    /// Bytes of one picture, after unpacking.
    pub bytes: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            allowed: Arc::new(|ip, port| is_public(ip) && matches!(port, 80 | 443)),
            time: Duration::from_secs(10),
            bytes: 10 * 1024 * 1024,
        }
    }
}

/// Fetches pictures under a policy.
#[derive(Clone)]
pub struct Fetcher {
    policy: Policy,
    names: Arc<dyn Names>,
    places: Arc<Semaphore>,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::new(Policy::default(), Arc::new(SystemNames))
    }
}

impl Fetcher {
    /// A fetcher with a policy and a resolver of its own.
    #[must_use]
    pub fn new(policy: Policy, names: Arc<dyn Names>) -> Self {
        Self {
            policy,
            names,
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// A fetcher with a policy of its own.
    #[must_use]
    pub fn of(policy: Policy) -> Self {
        Self::new(policy, Arc::new(SystemNames))
    }

    /// Fetches a file of any kind from where a server led to. It leads nowhere else.
    ///
    /// # Errors
    /// [`FetchError`] names the host and what went wrong there.
    pub async fn file(&self, url: &Url) -> Result<Vec<u8>, FetchError> {
        let host = host_of(url);
        let asked = tokio::time::timeout(self.policy.time, self.hop(url, "*/*"));
        match asked.await.map_err(|_| FetchError::Slow(host.clone()))?? {
            Hop::Body(bytes) => Ok(bytes),
            Hop::On(_) => Err(FetchError::Redirects(host)),
        }
    }

    /// Fetches pictures, at most [`MAX_PICTURES`], a few at once; what came first has no say over what comes next.
    pub async fn pictures(
        &self,
        urls: Vec<(u32, String)>,
    ) -> Vec<(u32, Result<Picture, FetchError>)> {
        let mut tasks = tokio::task::JoinSet::new();
        for (n, url) in urls.into_iter().take(MAX_PICTURES) {
            let me = self.clone();
            tasks.spawn(async move { (n, me.picture(&url).await) });
        }
        let mut out = Vec::new();
        while let Some(done) = tasks.join_next().await {
            out.extend(done.ok());
        }
        out.sort_by_key(|p| p.0);
        out
    }

    /// Fetches one picture and draws it anew.
    ///
    /// # Errors
    /// [`FetchError`] names the host and what went wrong there.
    pub async fn picture(&self, url: &str) -> Result<Picture, FetchError> {
        let _place = self.places.acquire().await;
        let parsed = Url::parse(url).map_err(|_| FetchError::Refused("this address".into()))?;
        let host = host_of(&parsed);
        let bytes = tokio::time::timeout(self.policy.time, self.bytes(parsed))
            .await
            .map_err(|_| FetchError::Slow(host.clone()))??;
        tokio::task::spawn_blocking(move || redrawn(&bytes))
            .await
            .unwrap_or(Err(NotShown::Damaged))
            .map_err(|e| FetchError::Picture(host, e))
    }

    async fn bytes(&self, mut url: Url) -> Result<Vec<u8>, FetchError> {
        for _ in 0..=MAX_REDIRECTS {
            match self.hop(&url, ACCEPT).await? {
                Hop::Body(bytes) => return Ok(bytes),
                Hop::On(next) => url = next,
            }
        }
        Err(FetchError::Redirects(host_of(&url)))
    }

    /// One question to one server, whose address was looked at and is the one that is connected to.
    async fn hop(&self, url: &Url, accept: &str) -> Result<Hop, FetchError> {
        let host = host_of(url);
        let addresses = self.checked(url).await?;
        let client = client(addresses).map_err(|_| FetchError::Lost(host.clone()))?;
        let mut plain = url.clone();
        let bare = plain
            .set_username("")
            .and_then(|()| plain.set_password(None));
        bare.map_err(|()| FetchError::Refused(host.clone()))?;
        plain.set_fragment(None);
        let mut answer = client
            .get(plain)
            .header("accept", accept)
            .send()
            .await
            .map_err(|_| FetchError::Lost(host.clone()))?;
        let status = answer.status();
        if status.is_redirection() {
            let to = answer
                .headers()
                .get("location")
                .and_then(|l| l.to_str().ok());
            let next = to
                .and_then(|to| url.join(to).ok())
                .ok_or_else(|| FetchError::Redirects(host.clone()))?;
            // Nobody who asked over TLS is led to ask in the open.
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(FetchError::Refused(host_of(&next)));
            }
            return Ok(Hop::On(next));
        }
        if status.as_u16() != 200 {
            return Err(FetchError::Status {
                host,
                status: status.as_u16(),
            });
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer
            .chunk()
            .await
            .map_err(|_| FetchError::Lost(host.clone()))?
        {
            if bytes.len() + piece.len() > self.policy.bytes {
                return Err(FetchError::TooLarge(host));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Hop::Body(bytes))
    }

    /// The addresses of a server, if every one of them may be asked: a name with one public and one private address
    /// is there to be asked twice.
    async fn checked(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let host = host_of(url);
        let refused = || FetchError::Refused(host.clone());
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused());
        }
        let port = url.port_or_known_default().ok_or_else(refused)?;
        let addresses = match url.host() {
            Some(Host::Ipv4(ip)) => vec![IpAddr::V4(ip)],
            Some(Host::Ipv6(ip)) => vec![IpAddr::V6(ip)],
            Some(Host::Domain(name)) => self
                .names
                .addresses(name)
                .await
                .map_err(|_| FetchError::NoHost(host.clone()))?,
            None => return Err(refused()),
        };
        if addresses.is_empty() {
            return Err(FetchError::NoHost(host));
        }
        if !addresses.iter().all(|ip| (self.policy.allowed)(*ip, port)) {
            return Err(refused());
        }
        Ok(addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, port))
            .collect())
    }
}

enum Hop {
    Body(Vec<u8>),
    On(Url),
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("this address").to_owned()
}

/// Names every server the same: the addresses that were looked at.
struct Pinned(Vec<SocketAddr>);

impl reqwest::dns::Resolve for Pinned {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let known = self.0.clone();
        Box::pin(async move { Ok(Box::new(known.into_iter()) as reqwest::dns::Addrs) })
    }
}

/// A client for one question: no proxy, no cookies, no referrer, no redirects of its own, no other resolver.
fn client(addresses: Vec<SocketAddr>) -> reqwest::Result<reqwest::Client> {
    // A second one is refused, and the first does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .dns_resolver(Arc::new(Pinned(addresses)))
        .no_proxy()
        .referer(false)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .user_agent(USER_AGENT)
        .build()
}
