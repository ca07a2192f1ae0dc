//! Sending over SMTP, step by step, so that it is always known whether a mail may have gone out.

mod sign_in;

use super::net::{self, Protocol, Wire, at, mend, retry};
use super::presets;
use crate::connectors::{Proof, Result, Step};
use crate::model::{
    ChannelError, EmailConfig, MailServer, Outgoing, Party, Receipt, Remedy, SentCopy,
};
use ammonia::Url;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use lettre::{Address, transport::smtp};
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// How long a server may think about a mail that it has received whole.
const VERDICT: Duration = Duration::from_secs(120);
/// Most ids in References: the first and the newest.
const MAX_REFERENCES: usize = 20;

// ---- the mail's bytes ---------------------------------------------------------------------------------

/// A mail ready to be handed over or filed.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    /// The bytes, the same each time for the same [`Outgoing`].
    pub(super) raw: Vec<u8>,
    envelope: Envelope,
}

/// Writes the mail. A failure is final: the message itself is at fault.
pub(super) fn render(message: &Outgoing) -> Result<Rendered> {
    let from = mailbox(&message.from)?;
    let (to, cc) = (mailboxes(&message.to)?, mailboxes(&message.cc)?);
    let mut recipients: Vec<Address> = Vec::new();
    for m in to.iter().chain(&cc) {
        if !recipients.contains(&m.email) {
            recipients.push(m.email.clone());
        }
    }
    let envelope = Envelope::new(Some(from.email.clone()), recipients).map_err(|_| {
        refuse(
            "recipient",
            "The message has no recipient. Add an address and send it again.",
        )
    })?;
    let mut builder = Message::builder()
        .from(from)
        .date(date(message))
        .message_id(Some(bracketed(&message.message_id)?))
        .envelope(envelope.clone());
    builder = to
        .into_iter()
        .fold(builder, lettre::message::MessageBuilder::to);
    builder = cc
        .into_iter()
        .fold(builder, lettre::message::MessageBuilder::cc);
    builder = builder.subject(one_line(message.subject.as_deref().unwrap_or_default()));
    if let Some(id) = &message.in_reply_to {
        builder = builder.in_reply_to(bracketed(id)?);
    }
    let references = references(&message.references);
    if !references.is_empty() {
        builder = builder.references(references);
    }
    let built = if message.files.is_empty() {
        builder.singlepart(text_part(message))
    } else {
        builder.multipart(with_files(message))
    };
    let mut raw = built
        .map_err(|e| {
            refuse(
                "message",
                format!("The message cannot be written as a mail ({e})."),
            )
        })?
        .formatted();
    while raw.ends_with(b"\r\n") {
        raw.truncate(raw.len() - 2);
    }
    raw.extend_from_slice(b"\r\n");
    Ok(Rendered { raw, envelope })
}

fn refuse(step: &'static str, what: impl Into<String>) -> ChannelError {
    ChannelError::new(Remedy::Final, step, what)
}

fn mailboxes(parties: &[Party]) -> Result<Vec<Mailbox>> {
    parties.iter().map(mailbox).collect()
}

fn mailbox(party: &Party) -> Result<Mailbox> {
    let bad = || {
        refuse(
            "recipient",
            format!(
                "“{}” is no mail address. Correct it and send again.",
                one_line(&party.address)
            ),
        )
    };
    let (local, domain) = party.address.trim().rsplit_once('@').ok_or_else(bad)?;
    let address = Address::new(local, ascii_domain(domain).ok_or_else(bad)?).map_err(|_| bad())?;
    // The address parser allows what a server would read as more than one word.
    if AsRef::<str>::as_ref(&address)
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>'))
    {
        return Err(bad());
    }
    let name = party
        .name
        .as_deref()
        .map(one_line)
        .filter(|n| !n.is_empty());
    Ok(Mailbox::new(name, address))
}

/// A domain in the letters that every server reads (IDNA).
fn ascii_domain(domain: &str) -> Option<String> {
    if domain.is_ascii() {
        return Some(domain.to_owned());
    }
    Url::parse(&format!("http://{domain}/"))
        .ok()?
        .host_str()
        .map(str::to_owned)
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

fn date(message: &Outgoing) -> SystemTime {
    // A mail's Date counts whole seconds.
    SystemTime::UNIX_EPOCH
        + Duration::from_secs(u64::try_from(message.date.div_euclid(1000)).unwrap_or(0))
}

fn clean_id(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    (!id.is_empty()
        && id.len() <= 900
        && id
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')))
    .then(|| id.to_owned())
}

fn bracketed(id: &str) -> Result<String> {
    clean_id(id)
        .map(|id| format!("<{id}>"))
        .ok_or_else(|| refuse("message", "The message's thread id cannot stand in a mail."))
}

fn references(ids: &[String]) -> String {
    let ids: Vec<String> = ids.iter().filter_map(|id| clean_id(id)).collect();
    let skip = ids.len().saturating_sub(MAX_REFERENCES);
    let kept = ids
        .iter()
        .enumerate()
        .filter(|(i, _)| *i == 0 || *i > skip || skip == 0)
        .map(|(_, id)| format!("<{id}>"));
    kept.collect::<Vec<_>>().join(" ")
}

fn text_part(message: &Outgoing) -> SinglePart {
    let text = message
        .text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "")
        .replace('\n', "\r\n");
    // Letters beyond ASCII cost three bytes each in quoted-printable, and four thirds of one in base64.
    let odd = text.bytes().filter(|b| !b.is_ascii()).count();
    let encoding = if odd * 6 > text.len() {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .header(encoding)
        .body(encoded(text.into_bytes(), encoding))
}

fn encoded(bytes: Vec<u8>, encoding: ContentTransferEncoding) -> Body {
    // Both encodings take any bytes, so the second way is never needed; it loses nothing either.
    Body::new_with_encoding(bytes, encoding).unwrap_or_else(Body::new)
}

fn with_files(message: &Outgoing) -> MultiPart {
    // The boundary comes from the message, so that the copy in Sent is the same to the byte.
    let boundary = format!("=_parley_{}", message.key.hex());
    let start = MultiPart::builder()
        .kind(lettre::message::MultiPartKind::Mixed)
        .boundary(boundary)
        .singlepart(text_part(message));
    message
        .files
        .iter()
        .enumerate()
        .fold(start, |parts, (i, f)| {
            let name = super::convert::safe_name(&f.name, &f.mime, i + 1);
            let kind = ContentType::parse(&one_line(&f.mime))
                .or_else(|_| ContentType::parse("application/octet-stream"))
                .unwrap_or(ContentType::TEXT_PLAIN);
            parts.singlepart(Attachment::new(name).body(
                encoded(f.bytes.clone(), ContentTransferEncoding::Base64),
                kind,
            ))
        })
}

// ---- the connection -----------------------------------------------------------------------------------

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
    let done = sender.hand_over(&mail).await;
    sender.quit().await;
    let response = done?;
    let note = response.message().collect::<Vec<_>>().join(" ");
    Ok(Receipt {
        remote_id: None,
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
#[path = "smtp_tests.rs"]
mod tests;
