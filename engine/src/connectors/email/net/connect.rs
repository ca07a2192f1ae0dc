//! Finding a server's addresses and reaching one of them.

use super::{CONNECT, Step, at, done, mend, retry, unprotected};
use crate::connectors::Result;
use crate::model::{ChannelError, MailServer, Security};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Connects to the first of the server's addresses that answers.
pub(super) async fn connect(server: &MailServer, told: &mut Vec<Step>) -> Result<TcpStream> {
    let addresses = resolve(server).await?;
    told.push(done("dns", found(server, &addresses)));
    if server.security == Security::None
        && !addresses
            .iter()
            .any(|a| a.ip().to_canonical().is_loopback())
    {
        return Err(unprotected(server));
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
    for address in addresses.into_iter().take(6) {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Small commands should not wait for more to be sent with them.
                let _ = tcp.set_nodelay(true);
                told.push(done("connect", format!("Connected to {}.", at(server))));
                return Ok(tcp);
            }
            Ok(Err(e)) => last = e,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "no answer"),
        }
    }
    Err(not_connected(server, &last))
}

fn found(server: &MailServer, addresses: &[SocketAddr]) -> String {
    let all: Vec<String> = addresses
        .iter()
        .take(4)
        .map(|a| a.ip().to_string())
        .collect();
    let more = if addresses.len() > all.len() {
        " …"
    } else {
        ""
    };
    format!("{} is {}{more}.", server.host.trim(), all.join(", "))
}

async fn resolve(server: &MailServer) -> Result<Vec<SocketAddr>> {
    let host = server.host.trim().trim_matches(['[', ']']);
    let unknown = |why: String| {
        retry(
            "dns",
            format!(
                "The name {host} could not be found ({why}). Check the spelling of the server's name and the internet connection."
            ),
        )
    };
    if host.is_empty() {
        return Err(mend(
            "dns",
            "No server name is given. Fill in the server in the account's settings.",
        ));
    }
    match timeout(CONNECT, tokio::net::lookup_host((host, server.port))).await {
        Ok(Ok(found)) => {
            let all: Vec<_> = found.collect();
            if all.is_empty() {
                Err(unknown("it has no address".into()))
            } else {
                Ok(alternate(all))
            }
        }
        Ok(Err(e)) => Err(unknown(e.to_string())),
        Err(_) => Err(unknown("the name service does not answer".into())),
    }
}

/// Takes turns between IPv6 and IPv4, so that a dead half of the internet costs one attempt only.
pub(super) fn alternate(all: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = all.first().is_some_and(SocketAddr::is_ipv6);
    let (a, b): (Vec<_>, Vec<_>) = all.into_iter().partition(|x| x.is_ipv6() == first_is_v6);
    let (mut a, mut b) = (a.into_iter(), b.into_iter());
    let mut out = Vec::new();
    loop {
        match (a.next(), b.next()) {
            (None, None) => return out,
            (x, y) => out.extend(x.into_iter().chain(y)),
        }
    }
}

fn not_connected(server: &MailServer, e: &io::Error) -> ChannelError {
    let at = at(server);
    let what = match e.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("{at} refuses connections. The server is down, or the port is wrong.")
        }
        io::ErrorKind::TimedOut => format!(
            "{at} does not answer. The server is down, the port is wrong, or a firewall is in between."
        ),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            format!("There is no way to {at} at the moment. Check the internet connection.")
        }
        _ => format!("{at} could not be reached ({e})."),
    };
    retry("connect", what)
}
