//! Who may ask: only a page that this program served, on this computer, with the token it was opened with.

use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq;

/// The token and the one host name under which it counts.
#[derive(Clone)]
pub struct Guard {
    token: String,
    host: String,
}

impl Guard {
    /// A fresh token of 128 bits for this port.
    pub fn new(port: u16) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self {
            token: data_encoding::HEXLOWER.encode(&bytes),
            host: format!("127.0.0.1:{port}"),
        })
    }

    /// Where to go. The token stands behind `#`, which a browser sends to nobody.
    pub fn address(&self) -> String {
        format!("http://{}/#token={}", self.host, self.token)
    }

    /// Whether a request means this server by its own name: another site that points its name at this computer does not.
    pub fn is_ours(&self, headers: &HeaderMap) -> bool {
        let named = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let origin = format!("http://{}", self.host);
        named(header::HOST) == Some(self.host.as_str())
            && named(header::ORIGIN).is_none_or(|o| o == origin)
    }

    /// Whether this is the token.
    pub fn admits(&self, token: &str) -> bool {
        token.as_bytes().ct_eq(self.token.as_bytes()).into()
    }
}
