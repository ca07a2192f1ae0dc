//! What the tests of mail share: a mailbox at a Dovecot and a way to put mail into its folders.
#![allow(dead_code)]

pub mod desk;

use parley_engine::connectors::email::Email;
use parley_engine::connectors::{Context, Credentials, Password};
use parley_engine::model::{EmailConfig, MailServer, Security, SentCopy};
use parley_engine::time::SystemClock;
use parley_sandbox::Dovecot;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

pub const TEAM: &str = "team@shop.test";
pub const CUSTOMER: &str = "anna@customer.test";
pub const PASSWORD: &str = "pass \"w\\örd";

pub fn server(port: u16, security: Security) -> MailServer {
    MailServer {
        host: "localhost".into(),
        port,
        security,
        user: TEAM.into(),
    }
}

pub fn config(dovecot: &Dovecot) -> EmailConfig {
    EmailConfig {
        address: TEAM.into(),
        display_name: "The Shop".into(),
        imap: server(dovecot.imaps_port(), Security::Tls),
        smtp: server(dovecot.submission_port(), Security::Starttls),
        aliases: vec![],
        sent_copy: SentCopy::Auto,
        trusted_certificate: Some(dovecot.ca_pem().into()),
        auth: parley_engine::model::Auth::default(),
        trusted_fingerprints: Vec::new(),
        signature: String::new(),
        folders: Vec::new(),
        sync_read: false,
    }
}

pub fn connector(config: EmailConfig, password: &str) -> Email {
    with_credentials(config, Arc::new(Password(password.to_owned().into())))
}

pub fn with_credentials(config: EmailConfig, credentials: Arc<dyn Credentials>) -> Email {
    Email::new(
        config,
        Context {
            clock: Arc::new(SystemClock),
            net: Arc::new(parley_engine::connectors::http::Net::new(Arc::new(
                SystemClock,
            ))),
            credentials,
        },
    )
}

pub fn mail(subject: &str) -> Vec<u8> {
    format!("Message-ID: <{}@customer.test>\r\nDate: Tue, 2 Jan 2024 10:00:00 +0000\r\nFrom: Anna <anna@customer.test>\r\nTo: team@shop.test\r\nSubject: {subject}\r\n\r\nHello from {subject}\r\n", subject.replace(' ', "-")).into_bytes()
}

/// A plain IMAP conversation, to fill folders with.
pub struct Mailbox(Mutex<BufReader<TcpStream>>);

impl Mailbox {
    pub async fn open(dovecot: &Dovecot) -> Self {
        let stream = BufReader::new(
            TcpStream::connect(("127.0.0.1", dovecot.imap_port()))
                .await
                .unwrap(),
        );
        let this = Self(Mutex::new(stream));
        this.until("* OK").await;
        let password = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
        this.say(&format!("a LOGIN {TEAM} \"{password}\"")).await;
        for folder in ["Sent", "Junk"] {
            this.0
                .lock()
                .await
                .get_mut()
                .write_all(format!("a CREATE {folder}\r\n").as_bytes())
                .await
                .unwrap();
            this.until("a ").await;
        }
        this
    }

    pub async fn append(&self, folder: &str, raw: &[u8]) {
        let command = format!("a APPEND {folder} {{{}+}}\r\n", raw.len());
        {
            let mut stream = self.0.lock().await;
            stream
                .get_mut()
                .write_all(&[command.as_bytes(), raw, b"\r\n"].concat())
                .await
                .unwrap();
        }
        let answer = self.until("a ").await;
        assert!(answer.starts_with("a OK"), "{answer}");
    }

    pub async fn say(&self, command: &str) {
        self.0
            .lock()
            .await
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes())
            .await
            .unwrap();
        let answer = self.until("a ").await;
        assert!(answer.starts_with("a OK"), "{answer}");
    }

    /// The line of the answer that begins so.
    pub async fn ask(&self, command: &str, wanted: &str) -> String {
        self.0
            .lock()
            .await
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes())
            .await
            .unwrap();
        let line = self.until(wanted).await;
        self.until("a OK").await;
        line
    }

    async fn until(&self, prefix: &str) -> String {
        let mut stream = self.0.lock().await;
        loop {
            let mut line = String::new();
            assert!(
                stream.read_line(&mut line).await.unwrap() > 0,
                "closed before {prefix}"
            );
            if line.starts_with(prefix) {
                return line;
            }
        }
    }
}
