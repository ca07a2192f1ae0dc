//! TLS with the system's authorities, widened by what an account trusts: certificates in PEM form, and fingerprints
//! of certificates that a person has looked at. There is no "ignore".

use super::certificate::{describe, fingerprint};
use super::{IDLE, at, done, mend, retry};
use crate::connectors::{Result, Step};
use crate::model::{ChannelError, EmailConfig, Hint, MailServer, SeenCertificate};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What an account trusts besides what the system does.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::connectors::email) struct Trust<'a> {
    /// Certificates in PEM form.
    pub(in crate::connectors::email) certificate: Option<&'a str>,
    /// Fingerprints, each for any server of the account or for the one behind the space.
    pub(in crate::connectors::email) fingerprints: &'a [String],
}

impl<'a> Trust<'a> {
    /// What this account trusts.
    pub(in crate::connectors::email) fn of(config: &'a EmailConfig) -> Self {
        Self {
            certificate: config.trusted_certificate.as_deref(),
            fingerprints: &config.trusted_fingerprints,
        }
    }

    /// The fingerprints that count for this host.
    fn pins(&self, host: &str) -> Vec<String> {
        let host = host.trim().to_ascii_lowercase();
        let counts = |f: &String| match f.split_once(' ') {
            Some((digits, for_host)) => (for_host == host).then(|| digits.to_owned()),
            None => Some(f.clone()),
        };
        self.fingerprints.iter().filter_map(counts).collect()
    }

    /// Whether a person has trusted a certificate of this very host before.
    fn knows(&self, host: &str) -> bool {
        let host = host.trim().to_ascii_lowercase();
        self.fingerprints
            .iter()
            .any(|f| f.split_once(' ').is_some_and(|(_, h)| h == host))
    }
}

/// Encrypts the connection and tells by what.
pub(super) async fn handshake(
    server: &MailServer,
    trust: &Trust<'_>,
    tcp: TcpStream,
    told: &mut Vec<Step>,
) -> Result<TlsStream<TcpStream>> {
    let unusable = |e: String| {
        mend(
            "tls",
            format!(
                "The trusted certificate of this account cannot be used: {e}. Paste the server's certificate in PEM form again, or remove it."
            ),
        )
    };
    let provider = provider();
    let pins = trust.pins(&server.host);
    let verifier = Arc::new(Verifier::new(trust.certificate, pins, &provider).map_err(unusable)?);
    let config = config_with(provider, Arc::clone(&verifier)).map_err(unusable)?;
    let name = server_name(server)?;
    let connecting = TlsConnector::from(config).connect(name, tcp);
    match timeout(IDLE, connecting).await {
        Ok(Ok(stream)) => {
            told.push(done("tls", protection(&stream)));
            Ok(stream)
        }
        Ok(Err(e)) => Err(tls_failure(server, trust, &e, verifier.refused())),
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

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// For connections of other protocols: the system's verdict alone.
pub(in crate::connectors::email) fn client_config() -> std::result::Result<ClientConfig, String> {
    let provider = provider();
    let verifier = Arc::new(Verifier::new(None, Vec::new(), &provider)?);
    config_with(provider, verifier).map(Arc::unwrap_or_clone)
}

fn config_with(
    provider: Arc<CryptoProvider>,
    verifier: Arc<Verifier>,
) -> std::result::Result<Arc<ClientConfig>, String> {
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

/// What protects the connection, and until when its certificate is good.
fn protection(stream: &TlsStream<TcpStream>) -> String {
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS 1.2",
    };
    let seen = session
        .peer_certificates()
        .and_then(<[_]>::first)
        .map(|c| describe(c));
    match seen {
        Some(d) if !d.issuer.is_empty() => {
            format!("{version}; the certificate is issued by {}.", d.issuer)
        }
        _ => format!("{version}."),
    }
}

/// The system's verdict, widened by the certificates that this account trusts: as authorities, as exactly the
/// certificate that the server shows (home-made servers often show an authority's own certificate), and by the
/// fingerprint of exactly that certificate. The handshake's signature is checked in every case: whoever shows a
/// trusted certificate must hold its key.
#[derive(Debug)]
struct Verifier {
    system: rustls_platform_verifier::Verifier,
    pinned: Vec<CertificateDer<'static>>,
    fingerprints: Vec<String>,
    refused: Mutex<Option<Vec<u8>>>,
}

impl Verifier {
    fn new(
        trusted: Option<&str>,
        fingerprints: Vec<String>,
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
        Ok(Self {
            system,
            pinned,
            fingerprints,
            refused: Mutex::default(),
        })
    }

    /// The certificate that was refused.
    fn refused(&self) -> Option<Vec<u8>> {
        self.refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn trusts(&self, end: &CertificateDer<'_>, why: &CertificateError) -> bool {
        // Only where the certificate is no proper end of a chain: a wrong name or date stays wrong.
        let as_authority = matches!(
            why,
            CertificateError::UnknownIssuer | CertificateError::Other(_)
        ) && self.pinned.iter().any(|p| p == end);
        as_authority || (may_be_pinned(why) && self.fingerprints.contains(&fingerprint(end)))
    }
}

/// Whether a look at the certificate can settle this. A revoked or a broken one stays refused.
fn may_be_pinned(why: &CertificateError) -> bool {
    matches!(
        why,
        CertificateError::UnknownIssuer
            | CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
            | CertificateError::NotValidForName
            | CertificateError::NotValidForNameContext { .. }
            | CertificateError::InvalidPurpose
            | CertificateError::InvalidPurposeContext { .. }
            | CertificateError::Other(_)
    )
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
            Err(rustls::Error::InvalidCertificate(why)) if self.trusts(end, &why) => {
                Ok(ServerCertVerified::assertion())
            }
            Err(e) => {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(end.to_vec());
                Err(e)
            }
            good => good,
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

fn tls_failure(
    server: &MailServer,
    trust: &Trust<'_>,
    e: &io::Error,
    shown: Option<Vec<u8>>,
) -> ChannelError {
    let at = at(server);
    match e
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        Some(rustls::Error::InvalidCertificate(why)) => untrusted(server, trust, why, shown),
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

/// The failure, with what a person needs to decide whether to trust this very certificate.
fn untrusted(
    server: &MailServer,
    trust: &Trust<'_>,
    why: &CertificateError,
    shown: Option<Vec<u8>>,
) -> ChannelError {
    let changed = trust.knows(&server.host);
    let words = certificate_words(server, why);
    let words = if changed {
        format!(
            "The certificate of {} is not the one you trusted. If its operator did not tell you of a new one, somebody may be in between. {words}",
            at(server)
        )
    } else {
        words
    };
    let failure = mend("tls", words);
    match shown.filter(|_| may_be_pinned(why)) {
        Some(der) => {
            let d = describe(&der);
            failure.with_hint(Hint::Certificate(Box::new(SeenCertificate {
                host: server.host.trim().to_ascii_lowercase(),
                fingerprint: fingerprint(&der),
                subject: d.subject,
                issuer: d.issuer,
                names: d.names,
                valid_from: d.from,
                valid_until: d.until,
                changed,
            })))
        }
        None => failure,
    }
}

pub(super) fn certificate_words(server: &MailServer, e: &CertificateError) -> String {
    let at = at(server);
    match e {
        CertificateError::UnknownIssuer => format!(
            "The certificate of {at} is signed by nobody this computer trusts. If the server has its own authority, add its certificate to the account's settings, or trust this one certificate after comparing its fingerprint with what the operator tells you."
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
            "The certificate of {at} is home-made: nobody but the server itself vouches for it. Trust it only after comparing its fingerprint with what the server's operator tells you."
        ),
        other => format!(
            "The certificate of {at} cannot be used ({other:?}). Ask the server's operator, or add the certificate to the account's settings if you know it is right."
        ),
    }
}
