//! Sending over SMTP, step by step, so that it is always known whether a mail may have gone out.

mod sign_in;

use super::net::{self, Protocol, Wire, at, mend, retry};
use super::presets;
use super::render::{Rendered, one_line, refuse, render};
use crate::connectors::{Proof, Result, Step};
use crate::model::{ChannelError, EmailConfig, MailServer, Outgoing, Receipt, Remedy, SentCopy};
use lettre::transport::smtp;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// How long a server may think about a mail that it has received whole.
const VERDICT: Duration = Duration::from_secs(120);
/// What is known of the bytes on an SMTP connection.
#[derive(Debug, Clone, Default)]
struct Watch(Arc<Watched>);

#[derive(Debug, Default)]
struct Watched {
    /// The mail itself is on its way.
    data: AtomicBool,
    /// The last bytes that were handed to the network.
    tail: Mutex<Vec<u8>>,
    /// The end of the mail was handed to the network: from here on the server may have taken it.
    ended: AtomicBool,
    /// What the server said at first, for what the client library does not keep.
    heard: Mutex<Vec<u8>>,
}

const TERMINATOR: &[u8] = b"\r\n.\r\n";

/// As many of the last bytes as could belong to the terminator.
fn last(bytes: &[u8]) -> &[u8] {
    bytes
        .get(bytes.len().saturating_sub(TERMINATOR.len())..)
        .unwrap_or_default()
}

impl Watch {
    fn data_begins(&self) {
        self.tail().clear();
        self.0.data.store(true, Ordering::SeqCst);
    }

    /// Before the network gets the bytes: a failure while they are handed over may come after they left.
    fn writing(&self, bytes: &[u8]) {
        let joined = [self.tail().as_slice(), last(bytes)].concat();
        if self.0.data.load(Ordering::SeqCst) && joined.ends_with(TERMINATOR) {
            self.0.ended.store(true, Ordering::SeqCst);
        }
    }

    fn written(&self, bytes: &[u8]) {
        let joined = [self.tail().as_slice(), last(bytes)].concat();
        *self.tail() = last(&joined).to_vec();
    }

    fn tail(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn may_have_gone_out(&self) -> bool {
        self.0.ended.load(Ordering::SeqCst)
    }

    fn heard(&self, bytes: &[u8]) {
        let mut heard = self.0.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() < 8_192 {
            heard.extend_from_slice(bytes);
        }
    }

    /// The largest mail that the server takes, as it said in its greeting.
    fn size_limit(&self) -> Option<u64> {
        let heard = self.0.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&heard).to_ascii_uppercase();
        let line = text
            .lines()
            .find_map(|l| l.get(4..)?.strip_prefix("SIZE "))?
            .trim()
            .parse()
            .ok()?;
        (line > 0).then_some(line)
    }
}

/// The stream that the client library gets: what it must hear first is replayed, what it says is watched.
#[derive(Debug)]
struct Handed {
    wire: Wire,
    replay: Vec<u8>,
    watch: Watch,
}

impl AsyncRead for Handed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.replay.is_empty() {
            let n = self.replay.len().min(buf.remaining());
            let first: Vec<u8> = self.replay.drain(..n).collect();
            buf.put_slice(&first);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let done = Pin::new(&mut self.wire).poll_read(cx, buf);
        self.watch
            .heard(buf.filled().get(before..).unwrap_or_default());
        done
    }
}

impl AsyncWrite for Handed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.watch.writing(bytes);
        let done = Pin::new(&mut self.wire).poll_write(cx, bytes);
        if let Poll::Ready(Ok(n)) = done {
            self.watch.written(bytes.get(..n).unwrap_or(bytes));
        }
        done
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Handed {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.wire.peer)
    }
}

/// A connection that has been greeted.
pub(super) struct Sender {
    connection: AsyncSmtpConnection,
    watch: Watch,
    patience: net::Patience,
    server: MailServer,
}

/// Connects as far as encryption goes.
pub(super) async fn connect(config: &EmailConfig, told: &mut Vec<Step>) -> Result<Wire> {
    net::open(&config.smtp, &net::Trust::of(config), Protocol::Smtp, told).await
}

/// Says hello.
pub(super) async fn greet(config: &EmailConfig, wire: Wire) -> Result<Sender> {
    let server = config.smtp.clone();
    let replay = if server.security == crate::model::Security::Starttls {
        b"220 encrypted\r\n".to_vec()
    } else {
        Vec::new()
    };
    let watch = Watch::default();
    let patience = wire.patience.clone();
    let stream = Box::new(Handed {
        wire,
        replay,
        watch: watch.clone(),
    });
    // An address of its own says nothing of this computer.
    let hello = ClientId::Ipv4(Ipv4Addr::LOCALHOST);
    let connection = limited(
        &server,
        "greeting",
        AsyncSmtpConnection::connect_with_transport(stream, &hello),
    )
    .await?;
    Ok(Sender {
        connection,
        watch,
        patience,
        server,
    })
}

async fn limited<T>(
    server: &MailServer,
    step: &'static str,
    work: impl Future<Output = std::result::Result<T, smtp::Error>>,
) -> Result<T> {
    match timeout(net::TOTAL, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(e)) => Err(failure(server, step, &e)),
        Err(_) => Err(retry(
            step,
            format!("{} took too long. It is tried again by itself.", at(server)),
        )),
    }
}

/// A failure before the end of the mail was handed over: nothing can have gone out.
fn failure(server: &MailServer, step: &'static str, e: &smtp::Error) -> ChannelError {
    let at = at(server);
    match e.status().map(|c| (u16::from(c), e)) {
        Some((code @ (530 | 534 | 535 | 538), e)) => mend(
            step,
            format!(
                "{at} wants another sign-in ({}). Sign in again in the account's settings.",
                words(code, e)
            ),
        ),
        Some((code @ 400..=499, e)) => retry(
            step,
            format!(
                "{at} cannot take it at the moment ({}). It is tried again by itself.",
                words(code, e)
            ),
        ),
        Some((code, e)) => refuse(step, format!("{at} refused it ({}).", words(code, e))),
        None if e.is_timeout() => retry(
            step,
            format!("{at} stopped answering. It is tried again by itself."),
        ),
        None if e.is_client() => refuse(
            step,
            format!("{at} cannot take this mail ({}).", short(&e.to_string())),
        ),
        None => retry(
            step,
            format!(
                "The connection to {at} broke before the mail was handed over. It is tried again by itself."
            ),
        ),
    }
}

/// The server's code and sentence.
fn words(code: u16, e: &smtp::Error) -> String {
    let text = e.to_string();
    let said = text.split_once(": ").map_or("", |(_, t)| t);
    format!("{code} {}", short(said)).trim().to_owned()
}

fn short(text: &str) -> String {
    one_line(text).chars().take(300).collect()
}

impl Sender {
    /// Hands one mail over.
    pub(super) async fn hand_over(&mut self, mail: &Rendered) -> Result<Response> {
        self.check_size(mail)?;
        self.sender(mail).await?;
        self.recipients(mail).await?;
        let go = limited(&self.server, "data", self.connection.command(Data)).await?;
        if !go.has_code(354) {
            return Err(retry(
                "data",
                format!(
                    "{} answered out of turn. It is tried again by itself.",
                    at(&self.server)
                ),
            ));
        }
        self.content(mail).await
    }

    fn check_size(&self, mail: &Rendered) -> Result<()> {
        match self.watch.size_limit() {
            Some(limit) if mail.raw.len() as u64 > limit => Err(refuse(
                "size",
                format!(
                    "The mail has {:.1} MB, and {} takes at most {:.1} MB. Send fewer or smaller files.",
                    mega(mail.raw.len() as u64),
                    at(&self.server),
                    mega(limit)
                ),
            )),
            _ => Ok(()),
        }
    }

    async fn sender(&mut self, mail: &Rendered) -> Result<()> {
        let mut options = Vec::new();
        if self.watch.size_limit().is_some() {
            options.push(MailParameter::Size(mail.raw.len()));
        }
        let odd = mail
            .envelope
            .to()
            .iter()
            .chain(mail.envelope.from())
            .any(|a| !AsRef::<str>::as_ref(a).is_ascii());
        if odd {
            if !self
                .connection
                .server_info()
                .supports_feature(Extension::SmtpUtfEight)
            {
                return Err(refuse(
                    "recipient",
                    format!(
                        "{} cannot deliver to addresses with letters beyond a to z.",
                        at(&self.server)
                    ),
                ));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        limited(
            &self.server,
            "sender",
            self.connection
                .command(Mail::new(mail.envelope.from().cloned(), options)),
        )
        .await?;
        Ok(())
    }

    /// All or none: who is left out of a mail to several should be known before any of them has it.
    async fn recipients(&mut self, mail: &Rendered) -> Result<()> {
        let mut refused = Vec::new();
        let (mut finally, mut later) = (None, None);
        for to in mail.envelope.to() {
            let said = timeout(
                net::TOTAL,
                self.connection.command(Rcpt::new(to.clone(), Vec::new())),
            )
            .await;
            let e = match said {
                Ok(Ok(_)) => continue,
                Ok(Err(e)) => e,
                Err(_) => {
                    return Err(retry(
                        "recipient",
                        format!(
                            "{} took too long. It is tried again by itself.",
                            at(&self.server)
                        ),
                    ));
                }
            };
            let failed = failure(&self.server, "recipient", &e);
            match (e.status(), failed.remedy) {
                // Nothing more is heard on a connection that broke.
                (None, _) => return Err(failed),
                (Some(_), Remedy::Final) => {
                    refused.push(to.to_string());
                    finally = Some(failed);
                }
                (Some(_), _) => later = Some(failed),
            }
        }
        match (finally, later) {
            (Some(e), _) => Err(refuse(
                "recipient",
                format!(
                    "{} of {} recipients refused ({}); nothing was sent to anybody. {}",
                    refused.len(),
                    mail.envelope.to().len(),
                    refused.join(", "),
                    e.what
                ),
            )),
            (None, Some(e)) => Err(e),
            (None, None) => Ok(()),
        }
    }

    async fn content(&mut self, mail: &Rendered) -> Result<Response> {
        self.watch.data_begins();
        // The client library adds the line end before the final dot itself.
        let body = mail.raw.strip_suffix(b"\r\n").unwrap_or(&mail.raw);
        let limit = net::TOTAL + VERDICT + Duration::from_secs(body.len() as u64 / 32_768);
        self.patience.set(VERDICT);
        let done = timeout(limit, self.connection.message(body)).await;
        self.patience.set(net::IDLE);
        let at = at(&self.server);
        match done {
            Ok(Ok(response)) if response.code().severity == Severity::PositiveCompletion => {
                Ok(response)
            }
            // The server's own refusal is as good as an answer at any time.
            Ok(Err(e)) if e.status().is_some() => Err(failure(&self.server, "data", &e)),
            Ok(Err(e)) if !self.watch.may_have_gone_out() => Err(failure(&self.server, "data", &e)),
            Err(_) if !self.watch.may_have_gone_out() => Err(retry(
                "data",
                format!("{at} took too long to take the mail. It is tried again by itself."),
            )),
            _ => Err(ChannelError::new(
                Remedy::Uncertain,
                "data",
                format!(
                    "The connection to {at} was lost after the mail was handed over and before the server confirmed it. It may have been sent; it is not sent again by itself."
                ),
            )),
        }
    }

    /// Says good-bye, without waiting long for an answer.
    pub(super) async fn quit(mut self) {
        if !self.connection.has_broken() {
            let _ = timeout(Duration::from_secs(2), self.connection.command(Quit)).await;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// Sends one mail over a connection of its own.
pub(super) async fn send(
    config: &EmailConfig,
    proof: &Proof,
    message: &Outgoing,
) -> Result<Receipt> {
    let mail = render(message)?;
    let wire = connect(config, &mut Vec::new()).await?;
    let mut sender = greet(config, wire).await?;
    sender.login(proof).await?;
    let limit = sender.watch.size_limit();
    let done = sender.hand_over(&mail).await;
    sender.quit().await;
    let response = done?;
    let note = response.message().collect::<Vec<_>>().join(" ");
    Ok(Receipt {
        remote_id: None,
        max_message: limit,
        note: short(&format!("{} {note}", response.code())),
        needs_filing: needs_filing(config),
    })
}

/// Whether Parley files the copy in Sent.
pub(super) fn needs_filing(config: &EmailConfig) -> bool {
    match config.sent_copy {
        SentCopy::Append => true,
        SentCopy::Server => false,
        SentCopy::Auto => !presets::files_sent_mail(&config.smtp.host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_mail_is_noticed_however_it_is_cut() {
        let stream = b"MAIL \r\n.\r\nbody\r\n.\r\n";
        for cut in 1..stream.len() {
            let w = Watch::default();
            w.writing(b"\r\n.\r\n");
            assert!(!w.may_have_gone_out(), "before DATA");
            w.data_begins();
            let body = &stream[9..];
            let cut = cut.min(body.len() - 1).max(1);
            for (i, piece) in body.chunks(cut).enumerate() {
                assert!(!w.may_have_gone_out(), "piece {i} of {cut}");
                w.writing(piece);
                w.written(piece);
            }
            assert!(w.may_have_gone_out(), "{cut}");
        }
    }

    #[test]
    fn the_size_limit_is_read_from_the_greeting() {
        let limit = |text: &str| {
            let w = Watch::default();
            w.heard(text.as_bytes());
            w.size_limit()
        };
        assert_eq!(
            limit("220 hi\r\n250-me\r\n250-SIZE 1000\r\n250 HELP\r\n"),
            Some(1000)
        );
        assert_eq!(limit("250-SIZE 0\r\n"), None);
        assert_eq!(limit("250-SIZE\r\n250 oversize 5\r\n"), None);
    }
}
