//! Stoplight Prism in front of a fake: the vendor's own OpenAPI document judges every request and every answer.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::http::client::{Answer, ask};
use crate::process::Guarded;

/// How long it may take to read a large document.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running Prism that passes requests on; dropping it stops it.
pub struct Prism {
    base: String,
    _process: Guarded,
}

/// Something that the vendor's document does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: `response.body.status`.
    pub place: String,
    /// What is wrong there.
    pub says: String,
}

impl Prism {
    /// Puts Prism, as `scripts/setup.sh test` installs it (or as `PRISM` names it), in front of a server.
    ///
    /// # Errors
    /// [`Error::Skipped`] where Prism or the document is missing.
    pub async fn start(document: &Path, upstream: &str) -> Result<Self> {
        let program = program()?;
        if !document.is_file() {
            let missing = format!("no document at {} (PARLEY_SHARED)", document.display());
            return Err(Error::Skipped(missing));
        }
        let port = free_port()?;
        let command = [
            program.display().to_string(),
            "proxy".into(),
            "--host".into(),
            "127.0.0.1".into(),
            "--port".into(),
            port.to_string(),
            document.display().to_string(),
            upstream.to_owned(),
        ];
        let mut process = Guarded::spawn(&command)?;
        let deadline = Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_err()
        {
            if process.ended() || Instant::now() > deadline {
                return Err(Error::Start {
                    server: "Prism",
                    reason: format!("it does not listen; try: {}", command.join(" ")),
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self {
            base: format!("http://127.0.0.1:{port}"),
            _process: process,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks through it; gives the answer and what the document forbids of the request or of the answer.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(Answer, Vec<Violation>)> {
        let url = format!("{}{path}", self.base);
        let answer = ask(method, &url, headers, body)
            .await
            .map_err(Error::system("ask through Prism"))?;
        let found = answer.header("sl-violations").map(violations);
        Ok((answer, found.unwrap_or_default()))
    }
}

fn violations(header: &str) -> Vec<Violation> {
    let all: Value = serde_json::from_str(header).unwrap_or_default();
    let text = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or_default().to_owned();
    let place = |v: &Value| {
        let parts = v.get("location").and_then(Value::as_array);
        let parts = parts.into_iter().flatten();
        let parts: Vec<String> = parts
            .map(|p| p.as_str().map_or_else(|| p.to_string(), str::to_owned))
            .collect();
        parts.join(".")
    };
    let rows = all.as_array().into_iter().flatten();
    rows.map(|v| Violation {
        place: place(v),
        says: text(v.get("message")),
    })
    .collect()
}

fn program() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("PRISM") {
        return Ok(named.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|c| !c.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let place = cache.map(|c| c.join("parley/peers/prism/node_modules/.bin/prism"));
    place.filter(|p| p.is_file()).ok_or_else(|| {
        Error::Skipped("Prism is not installed; scripts/setup.sh test installs it".into())
    })
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|l| l.local_addr())
        .map_err(Error::system("find a free port"))?;
    Ok(listener.port())
}
