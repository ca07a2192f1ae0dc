//! One way to a mail server for both protocols: connect, protect, and say in a sentence what went wrong.

mod certificate;
mod connect;
mod lines;
mod tls;
mod wire;

pub use certificate::canonical_fingerprint;
pub(super) use lines::Lines;
pub(super) use tls::{Trust, client_config};
pub(super) use wire::{Patience, Wire};

use crate::connectors::{Result, Step};
use crate::model::{ChannelError, MailServer, Remedy, Security};
use std::io;
use std::time::Duration;
use tokio::time::timeout;
use wire::Io;

/// Longest wait for one address to answer.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence on an open connection.
pub(super) const IDLE: Duration = Duration::from_secs(30);
/// Longest time for one whole exchange.
pub(super) const TOTAL: Duration = Duration::from_secs(120);

/// Which protocol speaks, for the words before TLS starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Reading.
    Imap,
    /// Sending.
    Smtp,
}

/// Opens a connection as the server's settings ask, and tells how each step went. After [`Security::Tls`] and
/// [`Security::None`] the server's greeting is still to be read; after [`Security::Starttls`] it has been, and the
/// protocol starts anew.
pub(super) async fn open(
    server: &MailServer,
    trust: &Trust<'_>,
    protocol: Protocol,
    told: &mut Vec<Step>,
) -> Result<Wire> {
    let tcp = connect::connect(server, told).await?;
    let peer = tcp.peer_addr().map_err(|e| broken(server, "connect", &e))?;
    match server.security {
        Security::None if peer.ip().to_canonical().is_loopback() => {
            told.push(done(
                "tls",
                "Not protected; the server is on this computer.",
            ));
            Ok(Wire::new(Io::Plain(tcp), peer))
        }
        Security::None => Err(unprotected(server)),
        Security::Tls => {
            let tls = tls::handshake(server, trust, tcp, told).await?;
            Ok(Wire::new(Io::Tls(Box::new(tls)), peer))
        }
        Security::Starttls => {
            let mut plain = Wire::new(Io::Plain(tcp), peer);
            let asked = timeout(TOTAL, lines::ask_for_tls(&mut plain, server, protocol)).await;
            asked.map_err(|_| {
                retry(
                    "tls",
                    format!("{} took too long to start encryption.", at(server)),
                )
            })??;
            match plain.io {
                Io::Plain(tcp) => {
                    let tls = tls::handshake(server, trust, tcp, told).await?;
                    Ok(Wire::new(Io::Tls(Box::new(tls)), peer))
                }
                tls @ Io::Tls(_) => Ok(Wire::new(tls, peer)),
            }
        }
    }
}

/// `host:port`, as a person typed it.
pub(super) fn at(server: &MailServer) -> String {
    if server.host.contains(':') {
        format!("[{}]:{}", server.host.trim(), server.port)
    } else {
        format!("{}:{}", server.host.trim(), server.port)
    }
}

/// A step that went well.
pub(super) fn done(step: &'static str, note: impl Into<String>) -> Step {
    Step {
        step,
        ok: true,
        note: note.into(),
        hint: None,
    }
}

/// A server's own words: short, on one line, in quotation marks.
pub(super) fn quoted(said: &str) -> String {
    let plain: String = said
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    format!("“{}”", plain.trim())
}

/// A failure that is tried again by itself.
pub(super) fn retry(step: &'static str, what: impl Into<String>) -> ChannelError {
    ChannelError::new(Remedy::Retry, step, what)
}

/// A failure that a person must mend.
pub(super) fn mend(step: &'static str, what: impl Into<String>) -> ChannelError {
    ChannelError::new(Remedy::Reconnect, step, what)
}

/// A connection that broke.
pub(super) fn broken(server: &MailServer, step: &'static str, e: &io::Error) -> ChannelError {
    let at = at(server);
    let what = match e.kind() {
        io::ErrorKind::TimedOut => {
            format!("{at} stopped answering ({e}). It is tried again by itself.")
        }
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted => {
            format!("{at} closed the connection. It is tried again by itself.")
        }
        _ => format!("The connection to {at} broke ({e}). It is tried again by itself."),
    };
    retry(step, what)
}

fn unprotected(server: &MailServer) -> ChannelError {
    mend(
        "tls",
        format!(
            "{} is not on this computer, so the password and all mail would travel unprotected. Choose TLS or STARTTLS in the account's settings.",
            at(server)
        ),
    )
}

#[cfg(test)]
mod tests;
