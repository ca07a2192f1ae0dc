//! A throw-away certificate authority and one server certificate for this machine's loopback names.

use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Error, Result};

/// An authority's certificate and a leaf it signed for `localhost`, `127.0.0.1` and `::1`, all as PEM.
///
/// The authority's key is thrown away at once: nothing else can ever be signed by it.
#[derive(Clone)]
pub struct Certificates {
    ca: String,
    leaf: String,
    key: String,
}

impl Certificates {
    /// Makes a new authority and leaf.
    pub fn generate() -> Result<Self> {
        make().map_err(|error| Error::Certificate(error.to_string()))
    }

    /// Makes one certificate that nobody vouches for: it is its own authority and the server's at once, as home-made
    /// servers show it, or a mere leaf that signed itself.
    pub fn home_made(is_authority: bool) -> Result<Self> {
        make_alone(is_authority).map_err(|error| Error::Certificate(error.to_string()))
    }

    /// Reads the certificates of an earlier run from `folder`, or makes and keeps new ones there.
    pub fn load_or_generate(folder: &Path) -> Result<Self> {
        let read = |name: &str| std::fs::read_to_string(folder.join(name));
        if let (Ok(ca), Ok(leaf), Ok(key)) = (read("ca.pem"), read("leaf.pem"), read("key.pem")) {
            return Ok(Self { ca, leaf, key });
        }
        let made = Self::generate()?;
        made.write(folder)?;
        Ok(made)
    }

    /// Writes `ca.pem`, `leaf.pem` and, readable by the owner alone, `key.pem` into `folder`.
    pub fn write(&self, folder: &Path) -> Result<()> {
        for (name, text) in [
            ("ca.pem", &self.ca),
            ("leaf.pem", &self.leaf),
            ("key.pem", &self.key),
        ] {
            let path = folder.join(name);
            crate::files::write_private(&path, text.as_bytes())?;
        }
        Ok(())
    }

    /// The authority's certificate: what a client has to trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca
    }

    /// A TLS server configuration with the leaf.
    pub fn server_config(&self) -> Result<Arc<rustls::ServerConfig>> {
        let broken = |error: &dyn std::fmt::Display| Error::Certificate(error.to_string());
        let leaf = CertificateDer::from_pem_slice(self.leaf.as_bytes()).map_err(|e| broken(&e))?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|e| broken(&e))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![leaf], key)
            })
            .map_err(|e| broken(&e))?;
        Ok(Arc::new(config))
    }
}

fn make_alone(is_authority: bool) -> std::result::Result<Certificates, rcgen::Error> {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Home-made server");
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate()?;
    let made = params.self_signed(&key)?;
    Ok(Certificates {
        ca: made.pem(),
        leaf: made.pem(),
        key: key.serialize_pem(),
    })
}

fn make() -> std::result::Result<Certificates, rcgen::Error> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority
        .distinguished_name
        .push(DnType::CommonName, "Parley sandbox authority");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name
        .push(DnType::CommonName, "localhost");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, &authority)?;
    Ok(Certificates {
        ca: authority.pem(),
        leaf: leaf.pem(),
        key: key.serialize_pem(),
    })
}
