//! A mailbox: a Dovecot behind a proxy that does what bad networks do, and a relay that takes mail.

use crate::email_support::desk::plain_config;
use crate::email_support::{CUSTOMER, PASSWORD, TEAM, server};
use crate::subject::{Act, Subject, Trouble};
use async_trait::async_trait;
use data_encoding::BASE64;
use mail_parser::{MessageParser, MimeHeaders};
use parley_engine::model::{AccountConfig, EmailConfig, Security};
use parley_sandbox::dovecot::Options;
use parley_sandbox::faultproxy::{Direction, Fault as Cut, FaultProxy};
use parley_sandbox::relay::{self, Fault, Tls};
use parley_sandbox::{Dovecot, Relay};
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub struct Mailbox {
    dovecot: Dovecot,
    proxy: FaultProxy,
    relay: Relay,
    made: AtomicUsize,
}

pub async fn start() -> Option<Arc<dyn Subject>> {
    let dovecot = match Dovecot::start(Options::users(&[(TEAM, PASSWORD)])) {
        Ok(d) => d,
        Err(e) => {
            eprintln!("skipped: no Dovecot can be started: {e}");
            return None;
        }
    };
    let proxy = FaultProxy::start(([127, 0, 0, 1], dovecot.imap_port()).into())
        .await
        .unwrap();
    let relay = Relay::start(relay::Options {
        users: vec![(TEAM.into(), PASSWORD.into())],
        tls: Tls::None,
        ..relay::Options::default()
    });
    Some(Arc::new(Mailbox {
        relay: relay.await.unwrap(),
        dovecot,
        proxy,
        made: AtomicUsize::new(0),
    }))
}

impl Mailbox {
    fn deliver(&self, head: &str, body: &str) -> String {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        let id = format!("c{n}@customer.test");
        let mail = format!(
            "Message-ID: <{id}>\r\nDate: Tue, 2 Jan 2024 10:{:02}:{:02} +0000\r\nFrom: Anna <{CUSTOMER}>\r\nTo: {TEAM}\r\nSubject: Lamps\r\n{head}\r\n{body}\r\n",
            n / 60,
            n % 60,
        );
        self.dovecot.deliver(TEAM, mail.as_bytes()).unwrap();
        id
    }
}

#[async_trait]
impl Subject for Mailbox {
    fn name(&self) -> &'static str {
        "email"
    }

    fn account(&self) -> (AccountConfig, SecretString) {
        let config = EmailConfig {
            smtp: server(self.relay.port(), Security::None),
            ..plain_config(self.proxy.port(), TEAM)
        };
        (AccountConfig::Email(config), SecretString::from(PASSWORD))
    }

    fn customer(&self) -> String {
        CUSTOMER.into()
    }

    fn more_than_a_page(&self) -> usize {
        30
    }

    async fn writes(&self, text: &str) -> String {
        self.deliver("", text)
    }

    async fn does(&self, act: Act<'_>) -> bool {
        match act {
            Act::File { name, bytes } => {
                let head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
                let body = format!(
                    "--b\r\nContent-Type: text/plain\r\n\r\nlook\r\n--b\r\nContent-Type: image/png; name={name}\r\nContent-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--",
                    BASE64.encode(bytes)
                );
                self.deliver(head, &body);
                true
            }
            // A mail is what it is: it is never changed, and never of an unknown kind. What is broken in it is read as
            // far as it can be (`email_hostile.rs`).
            _ => false,
        }
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        let fault = match trouble {
            Trouble::Cut => Cut::Cut {
                direction: Direction::ToClient,
                after: 900,
            },
            Trouble::Drip => Cut::Drip(Duration::from_micros(200)),
            Trouble::Broken => Cut::Reset,
            Trouble::SendLost => {
                self.relay
                    .fault_once(Fault::DropAfterData { accepted: true });
                return true;
            }
            Trouble::SendBusy => {
                self.relay.fault_once(Fault::RecipientLater);
                return true;
            }
            Trouble::SendExpired => {
                self.relay.fault_always(Some(Fault::RefuseLogin));
                return true;
            }
            _ => return false,
        };
        self.proxy.set(fault).await.unwrap();
        true
    }

    async fn mends(&self) {
        self.proxy.set(Cut::Pass).await.unwrap();
        self.relay.fault_always(None);
    }

    async fn took(&self) -> Vec<String> {
        let parsed = self.relay.accepted();
        let texts = parsed.iter().map(|a| {
            let mail = MessageParser::default().parse(&a.mail).unwrap();
            mail.body_text(0).unwrap_or_default().trim().to_owned()
        });
        texts.filter(|t| !t.is_empty()).collect()
    }

    async fn took_files(&self) -> usize {
        let all = self.relay.accepted();
        let files = all.iter().map(|a| {
            let mail = MessageParser::default().parse(&a.mail).unwrap();
            mail.attachments()
                .filter(|p| p.attachment_name().is_some())
                .count()
        });
        files.sum()
    }

    /// Mail that was handed in does not lie in the mailbox by itself.
    fn lists_own(&self) -> bool {
        false
    }

    fn calls(&self) -> Option<usize> {
        usize::try_from(self.relay.sessions()).ok()
    }
}
