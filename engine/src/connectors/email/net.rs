//! One way to a mail server for both protocols: connect, protect, and say in a sentence what went wrong.

use crate::connectors::Result;
use crate::model::{ChannelError, MailServer, Remedy, Security};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

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

/// How long the other side may be silent; shared so that it can be changed on an open connection.
#[derive(Debug, Clone)]
pub(super) struct Patience(Arc<AtomicU64>);

impl Patience {
    fn new(limit: Duration) -> Self {
        let patience = Self(Arc::default());
        patience.set(limit);
        patience
    }

    /// From now on.
    pub(super) fn set(&self, limit: Duration) {
        self.0.store(
            u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// An open connection that fails when the other side is silent too long.
#[derive(Debug)]
pub(super) struct Wire {
    io: Io,
    /// How long silence is borne.
    pub(super) patience: Patience,
    timer: Option<Pin<Box<Sleep>>>,
    /// The other side.
    pub(super) peer: SocketAddr,
}

impl Wire {
    fn new(io: Io, peer: SocketAddr) -> Self {
        Self {
            io,
            patience: Patience::new(IDLE),
            timer: None,
            peer,
        }
    }

    fn timed<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Io, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = poll(&mut self.io, cx) {
            self.timer = None;
            return Poll::Ready(done);
        }
        let limit = self.patience.get();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        match timer.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                self.timer = None;
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("nothing came for {} s", limit.as_secs()),
                )))
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.timed(cx, |io, cx| match io {
            Io::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Io::Tls(s) => Pin::new(s).poll_read(cx, buf),
        })
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.timed(cx, |io, cx| match io {
            Io::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Io::Tls(s) => Pin::new(s).poll_write(cx, buf),
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.timed(cx, |io, cx| match io {
            Io::Plain(s) => Pin::new(s).poll_flush(cx),
            Io::Tls(s) => Pin::new(s).poll_flush(cx),
        })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.timed(cx, |io, cx| match io {
            Io::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Io::Tls(s) => Pin::new(s).poll_shutdown(cx),
        })
    }
}

/// Opens a connection as the server's settings ask. After [`Security::Tls`] and [`Security::None`] the server's
/// greeting is still to be read; after [`Security::Starttls`] it has been, and the protocol starts anew.
pub(super) async fn open(
    server: &MailServer,
    trusted: Option<&str>,
    protocol: Protocol,
) -> Result<Wire> {
    let tcp = connect(server).await?;
    let peer = tcp.peer_addr().map_err(|e| broken(server, "connect", &e))?;
    match server.security {
        Security::None if peer.ip().to_canonical().is_loopback() => {
            Ok(Wire::new(Io::Plain(tcp), peer))
        }
        Security::None => Err(unprotected(server)),
        Security::Tls => Ok(Wire::new(
            Io::Tls(Box::new(handshake(server, trusted, tcp).await?)),
            peer,
        )),
        Security::Starttls => {
            let mut plain = Wire::new(Io::Plain(tcp), peer);
            match timeout(TOTAL, ask_for_tls(&mut plain, server, protocol)).await {
                Ok(asked) => asked?,
                Err(_) => {
                    return Err(retry(
                        "tls",
                        format!("{} took too long to start encryption.", at(server)),
                    ));
                }
            }
            match plain.io {
                Io::Plain(tcp) => Ok(Wire::new(
                    Io::Tls(Box::new(handshake(server, trusted, tcp).await?)),
                    peer,
                )),
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

// ---- TCP ----------------------------------------------------------------------------------------------

async fn connect(server: &MailServer) -> Result<TcpStream> {
    let addresses = resolve(server).await?;
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
                return Ok(tcp);
            }
            Ok(Err(e)) => last = e,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "no answer"),
        }
    }
    Err(not_connected(server, &last))
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
fn alternate(all: Vec<SocketAddr>) -> Vec<SocketAddr> {
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

// ---- TLS ----------------------------------------------------------------------------------------------

async fn handshake(
    server: &MailServer,
    trusted: Option<&str>,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>> {
    let config = tls_config(trusted).map_err(|e| mend("tls", format!("The trusted certificate of this account cannot be used: {e}. Paste the server's certificate in PEM form again, or remove it.")))?;
    let name = server_name(server)?;
    let connecting = TlsConnector::from(config).connect(name, tcp);
    match timeout(IDLE, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(e)) => Err(tls_failure(server, &e)),
        Err(_) => Err(retry(
            "tls",
            format!(
                "{} did not finish the encryption handshake. Perhaps this port expects STARTTLS rather than TLS.",
                at(server)
            ),
        )),
    }
}

fn server_name(server: &MailServer) -> Result<ServerName<'static>> {
    let host = server
        .host
        .trim()
        .trim_matches(['[', ']'])
        .trim_end_matches('.');
    match host.parse::<IpAddr>() {
        Ok(ip) => Ok(ServerName::from(ip)),
        Err(_) => ServerName::try_from(host.to_owned()).map_err(|_| {
            mend(
                "dns",
                format!("{host} is no valid server name. Correct it in the account's settings."),
            )
        }),
    }
}

fn tls_config(trusted: Option<&str>) -> std::result::Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Verifier::new(trusted, &provider)?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|e| e.to_string())?;
    Ok(Arc::new(
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth(),
    ))
}

/// The system's verdict, widened by the certificates that this account trusts: as authorities, and as exactly
/// the certificate that the server shows (home-made servers often show an authority's own certificate).
#[derive(Debug)]
struct Verifier {
    system: rustls_platform_verifier::Verifier,
    pinned: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn new(
        trusted: Option<&str>,
        provider: &Arc<CryptoProvider>,
    ) -> std::result::Result<Self, String> {
        let pinned = certificates(trusted)?;
        let with = rustls_platform_verifier::Verifier::new_with_extra_roots(
            pinned.clone(),
            Arc::clone(provider),
        );
        let system = match with {
            Ok(v) => v,
            Err(_) if !pinned.is_empty() => {
                rustls_platform_verifier::Verifier::new(Arc::clone(provider))
                    .map_err(|e| e.to_string())?
            }
            Err(e) => return Err(e.to_string()),
        };
        Ok(Self { system, pinned })
    }
}

fn certificates(
    trusted: Option<&str>,
) -> std::result::Result<Vec<CertificateDer<'static>>, String> {
    let Some(pem) = trusted.map(str::trim).filter(|p| !p.is_empty()) else {
        return Ok(Vec::new());
    };
    let all: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match all {
        Ok(all) if all.is_empty() => Err("it holds no certificate".into()),
        Ok(all) => Ok(all),
        Err(e) => Err(e.to_string()),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        match self.system.verify_server_cert(end, chain, name, ocsp, now) {
            // Only where the certificate is no proper end of a chain: a wrong name or date stays wrong.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::Other(_),
            )) if self.pinned.iter().any(|p| p == end) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.system.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.system.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

fn tls_failure(server: &MailServer, e: &io::Error) -> ChannelError {
    let at = at(server);
    match e
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::InvalidCertificate(c)) => mend("tls", certificate_words(server, c)),
        Some(rustls::Error::InvalidMessage(_)) => mend(
            "tls",
            format!(
                "{at} does not speak TLS on this port. Perhaps it expects STARTTLS, or the port is wrong."
            ),
        ),
        Some(rustls::Error::PeerIncompatible(why)) => mend(
            "tls",
            format!(
                "{at} offers no encryption that is safe today ({why:?}). Its operator must allow TLS 1.2 or newer."
            ),
        ),
        Some(rustls::Error::AlertReceived(alert)) => retry(
            "tls",
            format!("{at} broke off the encryption handshake ({alert:?})."),
        ),
        Some(other) => retry(
            "tls",
            format!("The encryption handshake with {at} failed ({other})."),
        ),
        None => retry(
            "tls",
            format!(
                "{at} broke off the encryption handshake ({e}). Perhaps this port expects STARTTLS rather than TLS."
            ),
        ),
    }
}

fn certificate_words(server: &MailServer, e: &CertificateError) -> String {
    let at = at(server);
    match e {
        CertificateError::UnknownIssuer => format!(
            "The certificate of {at} is signed by nobody this computer trusts. If the server has its own authority, add its certificate to the account's settings; else do not trust it."
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "The certificate of {at} is for another name. Check the server's name in the account's settings; its provider may use another one."
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!(
            "The certificate of {at} has expired. Its operator must renew it; check this computer's date too."
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("The certificate of {at} is not valid yet. Check this computer's date.")
        }
        CertificateError::Revoked => format!(
            "The certificate of {at} has been revoked. Do not trust this server; ask its operator."
        ),
        CertificateError::Other(e) if e.to_string().contains("CaUsedAsEndEntity") => format!(
            "The certificate of {at} is home-made: nobody but the server itself vouches for it. If you know that it is right, add it to the account's settings; else do not trust this server."
        ),
        other => format!(
            "The certificate of {at} cannot be used ({other:?}). Ask the server's operator, or add the certificate to the account's settings if you know it is right."
        ),
    }
}

// ---- STARTTLS -----------------------------------------------------------------------------------------

async fn ask_for_tls(wire: &mut Wire, server: &MailServer, protocol: Protocol) -> Result<()> {
    let mut lines = Lines::new(wire, server);
    match protocol {
        Protocol::Imap => lines.imap().await?,
        Protocol::Smtp => lines.smtp().await?,
    }
    // Whatever came before the handshake was said by anybody; it must not be taken for the server's word later.
    if lines.buffer.is_empty() {
        Ok(())
    } else {
        Err(mend(
            "tls",
            format!(
                "{} sent text between STARTTLS and the encryption, which no honest server does. The connection was dropped.",
                at(server)
            ),
        ))
    }
}

/// The few lines that are spoken before a protocol's own client takes over.
pub(super) struct Lines<'a> {
    wire: &'a mut Wire,
    /// Whom we speak to.
    pub(super) server: &'a MailServer,
    buffer: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Over an open connection.
    pub(super) fn new(wire: &'a mut Wire, server: &'a MailServer) -> Self {
        Self {
            wire,
            server,
            buffer: Vec::new(),
        }
    }

    /// The next line without its end.
    pub(super) async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > 16_384 {
                return Err(retry(
                    "greeting",
                    format!(
                        "{} sent an endless line instead of a greeting. Perhaps the port is wrong.",
                        at(self.server)
                    ),
                ));
            }
            let mut chunk = [0u8; 1024];
            let n = self
                .wire
                .read(&mut chunk)
                .await
                .map_err(|e| broken(self.server, "greeting", &e))?;
            if n == 0 {
                return Err(retry(
                    "greeting",
                    format!(
                        "{} closed the connection before it said what it can do. The server may be busy, or this port expects another kind of encryption.",
                        at(self.server)
                    ),
                ));
            }
            self.buffer.extend(chunk.iter().take(n));
        }
    }

    /// Sends a line, its end included.
    pub(super) async fn say(&mut self, line: &str) -> Result<()> {
        let written = async {
            self.wire.write_all(line.as_bytes()).await?;
            self.wire.flush().await
        };
        written.await.map_err(|e| broken(self.server, "tls", &e))
    }

    fn refused(&self) -> ChannelError {
        mend(
            "tls",
            format!(
                "{} offers no STARTTLS. Choose TLS in the account's settings (usually port 993 for reading, 465 for sending).",
                at(self.server)
            ),
        )
    }

    async fn imap(&mut self) -> Result<()> {
        let greeting = self.line().await?;
        if !greeting.starts_with("* OK") {
            return Err(retry(
                "greeting",
                format!("{} does not greet as an IMAP server does.", at(self.server)),
            ));
        }
        self.say("s1 STARTTLS\r\n").await?;
        for _ in 0..50 {
            let line = self.line().await?;
            if let Some(answer) = line.strip_prefix("s1 ") {
                return if answer.starts_with("OK") {
                    Ok(())
                } else {
                    Err(self.refused())
                };
            }
        }
        Err(self.refused())
    }

    async fn smtp(&mut self) -> Result<()> {
        let (code, _) = self.reply().await?;
        if code != "220" {
            return Err(retry(
                "greeting",
                format!(
                    "{} does not greet as a mail server does (it answered {code}).",
                    at(self.server)
                ),
            ));
        }
        self.say("EHLO localhost\r\n").await?;
        let (code, lines) = self.reply().await?;
        let offered = lines
            .iter()
            .any(|l| l.trim().eq_ignore_ascii_case("STARTTLS"));
        if code != "250" || !offered {
            return Err(self.refused());
        }
        self.say("STARTTLS\r\n").await?;
        match self.reply().await?.0.as_str() {
            "220" => Ok(()),
            _ => Err(self.refused()),
        }
    }

    /// One SMTP reply: its code and the texts of its lines.
    async fn reply(&mut self) -> Result<(String, Vec<String>)> {
        let mut texts = Vec::new();
        for _ in 0..100 {
            let line = self.line().await?;
            let (Some(code), more) = (line.get(..3), line.get(3..4)) else {
                break;
            };
            if !code.bytes().all(|b| b.is_ascii_digit()) {
                break;
            }
            texts.push(line.get(4..).unwrap_or_default().to_owned());
            if more != Some("-") {
                return Ok((code.to_owned(), texts));
            }
        }
        Err(retry(
            "greeting",
            format!(
                "{} does not speak SMTP. Perhaps the port is wrong.",
                at(self.server)
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn server(host: &str, port: u16, security: Security) -> MailServer {
        MailServer {
            host: host.into(),
            port,
            security,
            user: "u".into(),
        }
    }

    /// A server that says `script` line by line, each after one read from the client.
    async fn scripted(script: Vec<&'static str>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            for (i, line) in script.into_iter().enumerate() {
                if i > 0 {
                    let _ = tcp.read(&mut [0u8; 1024]).await;
                }
                let _ = tcp.write_all(line.as_bytes()).await;
            }
            let _ = tcp.read(&mut [0u8; 1024]).await;
        });
        port
    }

    async fn failure(server: &MailServer, protocol: Protocol) -> ChannelError {
        open(server, None, protocol).await.expect_err("must fail")
    }

    #[tokio::test]
    async fn no_protection_is_refused_for_any_other_computer() {
        let e = failure(&server("192.0.2.1", 143, Security::None), Protocol::Imap).await;
        assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "tls"));
        assert!(e.what.contains("192.0.2.1:143") && e.what.contains("unprotected"));
        let port = scripted(vec!["* OK hi\r\n"]).await;
        assert!(
            open(
                &server("localhost", port, Security::None),
                None,
                Protocol::Imap
            )
            .await
            .is_ok()
        );
    }

    #[tokio::test]
    async fn each_way_of_not_connecting_has_its_own_sentence() {
        let e = failure(
            &server("no-such-host.invalid", 993, Security::Tls),
            Protocol::Imap,
        )
        .await;
        assert_eq!((e.remedy, e.step), (Remedy::Retry, "dns"));
        let unused = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let e = failure(&server("127.0.0.1", unused, Security::Tls), Protocol::Imap).await;
        assert_eq!((e.remedy, e.step), (Remedy::Retry, "connect"));
        assert!(e.what.contains("refuses") && e.what.contains(&unused.to_string()));
        let e = failure(&server(" ", 1, Security::Tls), Protocol::Imap).await;
        assert_eq!(e.remedy, Remedy::Reconnect);
    }

    #[tokio::test]
    async fn a_server_that_will_not_upgrade_never_hears_the_password() {
        let port = scripted(vec!["* OK hi\r\n", "s1 NO not here\r\n"]).await;
        let e = failure(
            &server("127.0.0.1", port, Security::Starttls),
            Protocol::Imap,
        )
        .await;
        assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "tls"));
        let port = scripted(vec!["220 hi\r\n", "250-me\r\n250 SIZE 100\r\n"]).await;
        let e = failure(
            &server("127.0.0.1", port, Security::Starttls),
            Protocol::Smtp,
        )
        .await;
        assert!(e.what.contains("no STARTTLS"), "{e}");
        let port = scripted(vec!["* PREAUTH hi\r\n"]).await;
        assert!(
            open(
                &server("127.0.0.1", port, Security::Starttls),
                None,
                Protocol::Imap
            )
            .await
            .is_err()
        );
    }

    #[tokio::test]
    async fn words_slipped_in_before_the_encryption_end_the_connection() {
        let port = scripted(vec![
            "* OK hi\r\n",
            "s1 OK go\r\n* CAPABILITY IMAP4rev1\r\n",
        ])
        .await;
        let e = failure(
            &server("127.0.0.1", port, Security::Starttls),
            Protocol::Imap,
        )
        .await;
        assert!(e.what.contains("no honest server"), "{e}");
        let port = scripted(vec![
            "220 hi\r\n",
            "250-me\r\n250 STARTTLS\r\n",
            "220 go\r\n250 evil\r\n",
        ])
        .await;
        let e = failure(
            &server("127.0.0.1", port, Security::Starttls),
            Protocol::Smtp,
        )
        .await;
        assert!(e.what.contains("no honest server"), "{e}");
    }

    #[tokio::test]
    async fn a_plain_server_on_a_tls_port_is_told_apart() {
        let port = scripted(vec!["220 plain smtp here\r\n"]).await;
        let e = failure(&server("127.0.0.1", port, Security::Tls), Protocol::Smtp).await;
        assert_eq!(e.step, "tls");
        assert!(e.what.contains("STARTTLS"), "{e}");
    }

    #[tokio::test]
    async fn silence_ends_a_connection() {
        let port = scripted(vec![""]).await;
        let mut wire = open(
            &server("127.0.0.1", port, Security::None),
            None,
            Protocol::Imap,
        )
        .await
        .unwrap();
        wire.patience.set(Duration::from_millis(50));
        let e = wire.read(&mut [0u8; 8]).await.unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn both_halves_of_the_internet_take_turns() {
        let a = |s: &str| s.parse::<SocketAddr>().unwrap();
        let all = vec![
            a("[::1]:1"),
            a("[::2]:1"),
            a("1.1.1.1:1"),
            a("2.2.2.2:1"),
            a("3.3.3.3:1"),
        ];
        assert_eq!(
            alternate(all),
            [
                a("[::1]:1"),
                a("1.1.1.1:1"),
                a("[::2]:1"),
                a("2.2.2.2:1"),
                a("3.3.3.3:1")
            ]
        );
    }

    #[test]
    fn each_fault_of_a_certificate_has_its_own_sentence() {
        let server = server("mail.shop.test", 993, Security::Tls);
        let all = [
            CertificateError::UnknownIssuer,
            CertificateError::NotValidForName,
            CertificateError::Expired,
            CertificateError::NotValidYet,
            CertificateError::Revoked,
            CertificateError::BadSignature,
        ];
        let words: std::collections::HashSet<String> =
            all.iter().map(|e| certificate_words(&server, e)).collect();
        assert_eq!(words.len(), all.len());
        assert!(words.iter().all(|w| w.contains("mail.shop.test:993")));
    }

    #[test]
    fn a_trusted_certificate_that_is_none_is_refused_with_words() {
        assert!(
            tls_config(Some("nonsense"))
                .unwrap_err()
                .contains("no certificate")
        );
    }
}
