//! The one address that listens, for at most five minutes, on this computer only: it takes the provider's answer to one
//! sign-in and closes.

use super::page::{Page, answer};
use crate::connectors::Result;
use crate::connectors::email::net::{mend, quoted, retry};
use crate::model::ChannelError;
use sha2::{Digest, Sha256};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

const STEP: &str = "token";
/// A browser sends its request at once.
const REQUEST: Duration = Duration::from_secs(5);
/// The longest request that is read.
const LARGEST: usize = 16 * 1024;
const PORT_ATTEMPTS: usize = 8;
/// More connections than a browser opens.
const MOST_VISITS: usize = 32;

/// What listens for one answer.
#[derive(Debug)]
pub(super) struct Listener {
    four: TcpListener,
    /// A browser may take `localhost` for this one first; nobody else shall have it.
    six: Option<TcpListener>,
    host: String,
    path: &'static str,
}

/// What a request asks for.
enum Asked {
    /// The answer to our sign-in: a code, or why there is none.
    Code(String),
    Refused(String),
    /// Anything else.
    Unknown,
}

impl Listener {
    /// Takes a free port of this computer.
    pub(super) async fn bind(host: &str, path: &'static str) -> Result<Self> {
        let failed = |e: std::io::Error| {
            retry(
                STEP,
                format!(
                    "No port of this computer is free for the provider's answer ({e}). Try again."
                ),
            )
        };
        let mut last = None;
        for _ in 0..PORT_ATTEMPTS {
            let four = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .map_err(failed)?;
            let port = four.local_addr().map_err(failed)?.port();
            let six = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(six) => Some(six),
                Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
                    last = Some(e);
                    continue;
                }
                // A computer without IPv6 has no such address.
                Err(_) => None,
            };
            return Ok(Self {
                four,
                six,
                host: format!("{host}:{port}"),
                path,
            });
        }
        Err(failed(last.unwrap_or_else(|| {
            std::io::Error::from(std::io::ErrorKind::AddrInUse)
        })))
    }

    /// Where the provider sends the browser.
    pub(super) fn address(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    /// Waits for the answer that carries this state, and gives its code. Other requests are turned away and change
    /// nothing, so that another program on this computer cannot end a sign-in. Connections are served side by side,
    /// because browsers open some that they never use.
    pub(super) async fn code(self, state: &str) -> Result<String> {
        let door = Arc::new(Door {
            host: self.host.clone(),
            path: self.path,
            state: state.to_owned(),
        });
        let mut visits: JoinSet<Asked> = JoinSet::new();
        loop {
            tokio::select! {
                taken = self.accept(), if visits.len() < MOST_VISITS => match taken {
                    Ok(tcp) => {
                        let door = Arc::clone(&door);
                        visits.spawn(async move {
                            timeout(REQUEST, door.serve(tcp)).await.unwrap_or(Asked::Unknown)
                        });
                    }
                    // Out of descriptors or the like: not at once again.
                    Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                },
                Some(visit) = visits.join_next() => match visit {
                    Ok(Asked::Code(code)) => return Ok(code),
                    Ok(Asked::Refused(why)) => return Err(refused(&why)),
                    Ok(Asked::Unknown) | Err(_) => {}
                },
            }
        }
    }

    async fn accept(&self) -> std::io::Result<TcpStream> {
        let taken = match &self.six {
            Some(six) => tokio::select! {
                a = self.four.accept() => a,
                b = six.accept() => b,
            },
            None => self.four.accept().await,
        };
        let (tcp, from): (TcpStream, SocketAddr) = taken?;
        if from.ip().to_canonical().is_loopback() {
            Ok(tcp)
        } else {
            Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied))
        }
    }
}

/// What a visitor is compared with.
struct Door {
    host: String,
    path: &'static str,
    state: String,
}

impl Door {
    async fn serve(&self, mut tcp: TcpStream) -> Asked {
        let asked = match head(&mut tcp).await {
            Some(head) => self.read(&head),
            None => Asked::Unknown,
        };
        let page = match asked {
            Asked::Code(_) => Page::Done,
            Asked::Refused(_) => Page::Refused,
            Asked::Unknown => Page::Unknown,
        };
        let _ = tcp.write_all(&answer(page)).await;
        let _ = tcp.shutdown().await;
        asked
    }

    fn read(&self, head: &str) -> Asked {
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some("GET"), Some(target)) = (first.next(), first.next()) else {
            return Asked::Unknown;
        };
        // A page elsewhere whose name was bent to this computer speaks under its own name.
        let for_us = lines
            .filter_map(|l| l.split_once(':'))
            .any(|(name, value)| {
                name.eq_ignore_ascii_case("host") && value.trim().eq_ignore_ascii_case(&self.host)
            });
        let address = Url::parse(&format!("http://{}", self.host)).and_then(|u| u.join(target));
        let Some(address) = address.ok().filter(|a| for_us && a.path() == self.path) else {
            return Asked::Unknown;
        };
        let one = |name: &str| {
            let mut all = address.query_pairs().filter(|(k, _)| k == name);
            let found = all.next().map(|(_, v)| v.into_owned());
            // Said twice is said by two.
            found.filter(|_| all.next().is_none())
        };
        if !one("state").is_some_and(|s| same(&s, &self.state)) {
            return Asked::Unknown;
        }
        match (one("code"), one("error")) {
            (Some(code), None) if !code.is_empty() => Asked::Code(code),
            (_, Some(why)) => Asked::Refused(one("error_description").unwrap_or(why)),
            _ => Asked::Unknown,
        }
    }
}

/// The request's head.
async fn head(tcp: &mut TcpStream) -> Option<String> {
    let mut got = Vec::new();
    let mut piece = [0u8; 2_048];
    loop {
        let n = tcp.read(&mut piece).await.ok().filter(|n| *n > 0)?;
        got.extend_from_slice(piece.get(..n)?);
        if let Some(end) = got.windows(4).position(|w| w == b"\r\n\r\n") {
            return String::from_utf8(got.get(..end)?.to_vec()).ok();
        }
        if got.len() > LARGEST {
            return None;
        }
    }
}

/// Whether two texts are the same, in a time that says nothing of where they differ.
fn same(a: &str, b: &str) -> bool {
    let (a, b) = (Sha256::digest(a), Sha256::digest(b));
    a.iter().zip(b.iter()).fold(0, |d, (x, y)| d | (x ^ y)) == 0
}

fn refused(why: &str) -> ChannelError {
    mend(
        STEP,
        format!(
            "The provider did not let Parley in: {}. Sign in again; where an administrator has to agree first, ask them.",
            quoted(why)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(port: u16, request: &str) -> String {
        let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut all = String::new();
        let _ = tcp.read_to_string(&mut all).await;
        all
    }

    fn get(port: u16, target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
    }

    async fn listening() -> (u16, tokio::task::JoinHandle<Result<String>>) {
        let listener = Listener::bind("127.0.0.1", "/cb").await.unwrap();
        let port = listener.four.local_addr().unwrap().port();
        assert_eq!(listener.address(), format!("http://127.0.0.1:{port}/cb"));
        (port, tokio::spawn(listener.code("right")))
    }

    #[tokio::test]
    async fn only_the_answer_with_our_state_ends_the_waiting() {
        let (port, waiting) = listening().await;
        let other_host = "GET /cb?state=right&code=x HTTP/1.1\r\nHost: evil.test\r\n\r\n";
        for wrong in [
            get(port, "/favicon.ico"),
            get(port, "/cb?code=x"),
            get(port, "/cb?state=wrong&code=x"),
            get(port, "/cb?state=wrong&error=access_denied"),
            get(port, "/cb?state=right&state=right&code=x"),
            get(port, "/cb?state=right"),
            get(port, "/other?state=right&code=x"),
            get(port, "http://evil.test/cb?state=right&code=x").replace(
                "GET http://evil.test/cb?state=right",
                "GET http://evil.test/x?state=right",
            ),
            get(port, "/cb?state=right&code=x").replace("GET", "POST"),
            other_host.to_owned(),
            "\r\n\r\n".to_owned(),
        ] {
            assert!(
                ask(port, &wrong).await.starts_with("HTTP/1.1 404"),
                "{wrong}"
            );
        }
        assert!(!waiting.is_finished());
        let page = ask(port, &get(port, "/cb?state=right&code=the%20code")).await;
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("Signed in"));
        assert_eq!(waiting.await.unwrap().unwrap(), "the code");
        assert!(
            TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .await
                .is_err(),
            "it is used once"
        );
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_providers_words_and_never_on_the_page() {
        let (port, waiting) = listening().await;
        let page = ask(
            port,
            &get(
                port,
                "/cb?state=right&error=access_denied&error_description=%3Cscript%3Eno%0d%0a",
            ),
        )
        .await;
        assert!(page.contains("Not signed in") && !page.contains("script"));
        let e = waiting.await.unwrap().unwrap_err();
        assert!(e.what.contains("“<script>no”"), "{e}");
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_holds_up_nobody() {
        let (port, waiting) = listening().await;
        let _idle = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let request = get(port, "/cb?state=right&code=c");
        timeout(REQUEST / 2, ask(port, &request))
            .await
            .expect("served at once");
        assert_eq!(waiting.await.unwrap().unwrap(), "c");
    }

    #[tokio::test]
    async fn an_endless_request_is_dropped() {
        let (port, waiting) = listening().await;
        let long = format!(
            "GET /cb?state=right&code={} HTTP/1.1\r\n",
            "x".repeat(40_000)
        );
        let _ = ask(port, &long).await;
        ask(port, &get(port, "/cb?state=right&code=c")).await;
        assert_eq!(waiting.await.unwrap().unwrap(), "c");
    }
}
