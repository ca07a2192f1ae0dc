//! A shop's website with the chat in it, and the homeserver behind it: for talking to oneself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::synapse::{PASSWORD, Synapse, Wishes};

const PAGE: &str = include_str!("shop.html");
const STYLE: &str = include_str!("shop.css");
/// The registration token that stands in the page.
const TOKEN: &str = "lamp-shop";

/// What one has to know to use it.
#[derive(Debug, Clone, Serialize)]
pub struct Facts {
    /// The homeserver's address.
    pub homeserver: String,
    /// The support account.
    pub support: String,
    /// Its password.
    pub password: String,
    /// With what visitors register.
    pub registration_token: String,
    /// The shop.
    pub page: String,
}

/// A running homeserver and shop; they end with it.
pub struct Chat {
    _synapse: Synapse,
    facts: Facts,
}

impl Chat {
    /// Starts both. `script` is the built `parley-chat.js`; what the homeserver keeps lies in `dir`.
    ///
    /// # Errors
    /// [`Error::Skipped`] where Synapse is not installed; else what kept it from starting.
    pub fn start(dir: &Path, script: &Path) -> Result<Self> {
        let script = std::fs::read(script).map_err(Error::file(script))?;
        let synapse = Synapse::start(&dir.join("synapse"), &Wishes::default())?;
        let support = synapse.register("support")?;
        synapse.registration_token(TOKEN, None)?;
        let listener = listen(&dir.join("shop-port"))?;
        let port = listener
            .local_addr()
            .map_err(Error::system("ask for the shop's port"))?
            .port();
        let facts = Facts {
            homeserver: synapse.url(),
            support: support.user_id,
            password: PASSWORD.into(),
            registration_token: TOKEN.into(),
            page: format!("http://127.0.0.1:{port}/"),
        };
        let shop = Shop::new(&facts, script);
        std::thread::spawn(move || shop.serve(&listener));
        Ok(Self {
            _synapse: synapse,
            facts,
        })
    }

    /// What one has to know.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// On the port of before, so that a visitor who comes again is known; else on a free one.
fn listen(file: &PathBuf) -> Result<TcpListener> {
    let before = std::fs::read_to_string(file).unwrap_or_default();
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = bind(before.trim().parse().unwrap_or(0))
        .or_else(|_| bind(0))
        .map_err(Error::system("listen on 127.0.0.1"))?;
    if let Ok(address) = listener.local_addr() {
        std::fs::write(file, address.port().to_string()).map_err(Error::file(file))?;
    }
    Ok(listener)
}

struct Shop {
    page: String,
    policy: String,
    script: Vec<u8>,
}

impl Shop {
    fn new(facts: &Facts, script: Vec<u8>) -> Self {
        Self {
            page: PAGE
                .replace("{homeserver}", &facts.homeserver)
                .replace("{token}", &facts.registration_token)
                .replace("{support}", &facts.support),
            // What `docs/connectors/website-chat.md` names, and this page's own style sheet.
            policy: format!(
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src {}; img-src blob: data:; \
                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
                facts.homeserver
            ),
            script,
        }
    }

    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => drop(self.answer(stream)),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        const PATIENCE: Duration = Duration::from_secs(5);
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut first = String::new();
        let mut reader = BufReader::new((&stream).take(16_384));
        reader.read_line(&mut first)?;
        let mut rest = String::new();
        while reader.read_line(&mut rest)? > 2 {
            rest.clear();
        }
        let target = first.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let (status, kind, body) = match path {
            "/parley-chat.js" => ("200 OK", "text/javascript", self.script.as_slice()),
            "/shop.css" => ("200 OK", "text/css", STYLE.as_bytes()),
            "/" | "/lamps" | "/delivery" => ("200 OK", "text/html", self.page.as_bytes()),
            _ => (
                "404 Not Found",
                "text/plain",
                b"There is no such page.".as_slice(),
            ),
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: {}\r\n\r\n",
            body.len(),
            self.policy
        )?;
        stream.write_all(body)
    }
}
