//! The relay takes what it should, goes wrong where it is told to, and stands what hostile clients send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use parley_sandbox::relay::{Fault, Options, Tls};
use parley_sandbox::{Dovecot, Relay, dovecot};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

// "\0support@desk.test\0s3cret"
const PLAIN_RIGHT: &str = "AUTH PLAIN AHN1cHBvcnRAZGVzay50ZXN0AHMzY3JldA==";
const PLAIN_WRONG: &str = "AUTH PLAIN AHN1cHBvcnRAZGVzay50ZXN0AHdyb25n";

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

struct Client {
    wire: BufReader<Box<dyn Wire>>,
}

impl Client {
    async fn connect(relay: &Relay) -> Self {
        let stream = TcpStream::connect(relay.address()).await.unwrap();
        let mut client = Self {
            wire: BufReader::new(Box::new(stream)),
        };
        assert!(client.reply().await.starts_with("220"));
        client
    }

    async fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            let read = self.wire.read_line(&mut line);
            let length = tokio::time::timeout(Duration::from_secs(5), read)
                .await
                .expect("no answer")
                .unwrap_or(0);
            all += &line;
            if length == 0 || line.as_bytes().get(3) != Some(&b'-') {
                return all;
            }
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        let _ = self.wire.get_mut().write_all(bytes).await;
    }

    async fn say(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes()).await;
        self.reply().await
    }

    async fn encrypt(self, ca_pem: &str) -> Self {
        let wire = tls(self.wire.into_inner(), ca_pem).await;
        Self {
            wire: BufReader::new(Box::new(wire)),
        }
    }

    /// Everything up to DATA.
    async fn envelope(&mut self) {
        assert!(self.say("EHLO test").await.starts_with("250"));
        assert!(
            self.say("MAIL FROM:<support@desk.test>")
                .await
                .starts_with("250")
        );
        assert!(
            self.say("RCPT TO:<anna@shop.test>")
                .await
                .starts_with("250")
        );
    }
}

async fn tls<S: Wire>(stream: S, ca_pem: &str) -> tokio_rustls::client::TlsStream<S> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

async fn relay(options: Options) -> Relay {
    Relay::start(options).await.unwrap()
}

fn with_user() -> Options {
    Options {
        users: vec![("support@desk.test".into(), "s3cret".into())],
        ..Options::default()
    }
}

#[tokio::test]
async fn takes_a_mail_after_starttls_and_login_and_removes_the_dots() {
    let relay = relay(Options {
        login_needs_tls: true,
        ..with_user()
    })
    .await;
    let mut client = Client::connect(&relay).await;
    let hello = client.say("EHLO test").await;
    assert!(
        hello.contains("STARTTLS") && !hello.contains("AUTH"),
        "{hello}"
    );
    assert!(client.say("STARTTLS").await.starts_with("220"));
    let mut client = client.encrypt(relay.ca_pem()).await;
    let hello = client.say("EHLO test").await;
    assert!(
        hello.contains("AUTH PLAIN LOGIN") && !hello.contains("STARTTLS"),
        "{hello}"
    );
    assert!(client.say(PLAIN_RIGHT).await.starts_with("235"));
    client.envelope_after_login().await;
    assert!(client.say("DATA").await.starts_with("354"));
    client
        .send(b"Subject: x\r\n\r\n..dot\r\n...\r\n.\r\n")
        .await;
    assert!(client.reply().await.starts_with("250"));
    assert!(client.say("QUIT").await.starts_with("221"));
    let accepted = relay.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].mail, b"Subject: x\r\n\r\n.dot\r\n..\r\n");
    assert_eq!(accepted[0].sender, "support@desk.test");
    assert_eq!(accepted[0].recipients, ["anna@shop.test"]);
    assert_eq!(accepted[0].login.as_deref(), Some("support@desk.test"));
    assert!(accepted[0].encrypted);
}

impl Client {
    async fn envelope_after_login(&mut self) {
        assert!(
            self.say("MAIL FROM:<support@desk.test> SIZE=100")
                .await
                .starts_with("250")
        );
        assert!(
            self.say("RCPT TO:<anna@shop.test>")
                .await
                .starts_with("250")
        );
    }
}

#[tokio::test]
async fn speaks_tls_from_the_first_byte_when_asked_to() {
    let relay = relay(Options {
        tls: Tls::Implicit,
        ..Options::default()
    })
    .await;
    let stream = TcpStream::connect(relay.address()).await.unwrap();
    let mut client = Client {
        wire: BufReader::new(Box::new(tls(stream, relay.ca_pem()).await)),
    };
    assert!(client.reply().await.starts_with("220"));
    client.envelope().await;
}

#[tokio::test]
async fn refuses_a_wrong_password_and_sending_without_login_and_takes_the_login_mechanism() {
    let relay = relay(with_user()).await;
    let mut client = Client::connect(&relay).await;
    client.say("EHLO test").await;
    assert!(client.say("MAIL FROM:<a@b.test>").await.starts_with("530"));
    assert!(client.say(PLAIN_WRONG).await.starts_with("535"));
    assert!(client.say("AUTH LOGIN").await.starts_with("334"));
    assert!(
        client
            .say("c3VwcG9ydEBkZXNrLnRlc3Q=")
            .await
            .starts_with("334")
    );
    assert!(client.say("czNjcmV0").await.starts_with("235"));
    relay.set_password("support@desk.test", "changed");
    let mut client = Client::connect(&relay).await;
    client.say("EHLO test").await;
    assert!(client.say(PLAIN_RIGHT).await.starts_with("535"));
}

#[tokio::test]
async fn each_scripted_fault_comes_once_at_its_place_and_loses_the_mail() {
    let relay = relay(Options::default()).await;
    for (fault, place, code) in [
        (Fault::RefuseRecipient, "RCPT TO:<anna@shop.test>", "550"),
        (Fault::RecipientLater, "RCPT TO:<anna@shop.test>", "450"),
        (Fault::DataLater, "DATA", "451"),
        (Fault::RefuseMail, ".", "554"),
        (Fault::MailLater, ".", "451"),
        (Fault::DropDuringData, "Subject: x", ""),
        (Fault::DropAfterData { accepted: false }, ".", ""),
    ] {
        relay.fault_once(fault);
        let mut client = Client::connect(&relay).await;
        client.say("EHLO test").await;
        client.say("MAIL FROM:<support@desk.test>").await;
        let mut seen = Vec::new();
        for command in ["RCPT TO:<anna@shop.test>", "DATA"] {
            seen.push((command, client.say(command).await));
            if seen.last().unwrap().1.starts_with(['4', '5']) {
                break;
            }
        }
        if seen.last().unwrap().1.starts_with('3') {
            client.send(b"Subject: x\r\n\r\ntext\r\n.\r\n").await;
            let answer = client.reply().await;
            seen.push((
                if fault == Fault::DropDuringData {
                    "Subject: x"
                } else {
                    "."
                },
                answer,
            ));
        }
        let (at, answer) = seen.last().unwrap();
        assert_eq!(*at, place, "{fault:?}");
        assert!(
            answer.starts_with(code) && (!code.is_empty() || answer.is_empty()),
            "{fault:?}: {answer}"
        );
        assert!(relay.accepted().is_empty(), "{fault:?} kept the mail");
    }
    Client::connect(&relay).await.envelope().await;
}

#[tokio::test]
async fn a_lost_answer_can_hide_an_accepted_mail() {
    let relay = relay(Options::default()).await;
    relay.fault_once(Fault::DropAfterData { accepted: true });
    let mut client = Client::connect(&relay).await;
    client.envelope().await;
    client.say("DATA").await;
    client.send(b"x\r\n.\r\n").await;
    assert_eq!(client.reply().await, "");
    assert_eq!(relay.accepted().len(), 1);
}

#[tokio::test]
async fn a_slow_answer_comes_late_and_login_and_greeting_can_fail() {
    let relay = relay(with_user()).await;
    relay.fault_once(Fault::RefuseLogin);
    relay.fault_once(Fault::LoginLater);
    relay.fault_once(Fault::SlowAnswer(Duration::from_millis(300)));
    let mut client = Client::connect(&relay).await;
    client.say("EHLO test").await;
    assert!(client.say(PLAIN_RIGHT).await.starts_with("535"));
    assert!(client.say(PLAIN_RIGHT).await.starts_with("454"));
    assert!(client.say(PLAIN_RIGHT).await.starts_with("235"));
    client.envelope_after_login().await;
    client.say("DATA").await;
    let begin = Instant::now();
    client.send(b"x\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("250"));
    assert!(begin.elapsed() >= Duration::from_millis(300));
    relay.fault_always(Some(Fault::Busy));
    for _ in 0..2 {
        let stream = TcpStream::connect(relay.address()).await.unwrap();
        let mut client = Client {
            wire: BufReader::new(Box::new(stream)),
        };
        assert!(client.reply().await.starts_with("421"));
    }
    relay.fault_always(None);
    Client::connect(&relay).await;
}

#[tokio::test]
async fn mail_larger_than_the_limit_is_refused_declared_or_not() {
    let relay = relay(Options {
        size_limit: 1000,
        ..Options::default()
    })
    .await;
    let mut client = Client::connect(&relay).await;
    client.say("EHLO test").await;
    assert!(
        client
            .say("MAIL FROM:<a@b.test> SIZE=1001")
            .await
            .starts_with("552")
    );
    client.envelope().await;
    client.say("DATA").await;
    for _ in 0..50 {
        client
            .send(&[b"a".repeat(98).as_slice(), b"\r\n"].concat())
            .await;
    }
    client.send(&b"b".repeat(100_000)).await;
    client.send(b"\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("552"));
    client.envelope().await;
    assert!(relay.accepted().is_empty());
}

#[tokio::test]
async fn a_bare_line_feed_before_the_dot_smuggles_nothing_in() {
    let relay = relay(Options::default()).await;
    let mut client = Client::connect(&relay).await;
    client.envelope().await;
    client.say("DATA").await;
    client
        .send(b"one\n.\r\nMAIL FROM:<evil@x.test>\r\n.\n\r\nend\r\n.\r\n")
        .await;
    assert!(client.reply().await.starts_with("250"));
    assert_eq!(relay.accepted().len(), 1);
    assert_eq!(
        relay.accepted()[0].mail,
        b"one\n.\r\nMAIL FROM:<evil@x.test>\r\n\n\r\nend\r\n"
    );
}

#[tokio::test]
async fn commands_behind_starttls_end_the_session() {
    let relay = relay(Options::default()).await;
    let mut client = Client::connect(&relay).await;
    client.say("EHLO test").await;
    client
        .send(b"STARTTLS\r\nMAIL FROM:<evil@x.test>\r\n")
        .await;
    assert!(client.reply().await.starts_with("554"));
    assert_eq!(client.reply().await, "");
}

#[tokio::test]
async fn endless_lines_binary_and_nonsense_do_no_harm_and_end_the_session() {
    let relay = relay(Options::default()).await;
    let mut client = Client::connect(&relay).await;
    client.send(&b"x".repeat(1_000_000)).await;
    assert!(client.say("").await.starts_with("500"));
    assert!(client.say("RCPT TO:<a@b.test>").await.starts_with("503"));
    client.send(b"\xff\xfe\x00\r\n").await;
    assert!(client.reply().await.starts_with("500"));
    client.say("EHLO test").await;
    for nonsense in [
        "MAIL FROM:",
        "MAIL FROM:<a b>",
        "MAIL",
        "MAIL FROM\u{e9}:<x>",
        "AUTH",
        "AUTH PLAIN",
    ] {
        let answer = client.say(nonsense).await;
        assert!(answer.starts_with('5'), "{nonsense}: {answer}");
    }
}

#[tokio::test]
async fn too_many_errors_end_the_session() {
    let relay = relay(Options::default()).await;
    let mut client = Client::connect(&relay).await;
    for _ in 0..20 {
        assert!(client.say("WHAT").await.starts_with("500"));
    }
    assert!(client.reply().await.starts_with("421"));
}

#[tokio::test]
async fn stop_closes_the_port_and_restart_opens_it_with_the_same_list() {
    let mut relay = relay(Options::default()).await;
    let mut client = Client::connect(&relay).await;
    client.envelope().await;
    client.say("DATA").await;
    client.send(b"x\r\n.\r\n").await;
    client.reply().await;
    relay.stop().await;
    assert_eq!(client.say("NOOP").await, "");
    assert!(TcpStream::connect(relay.address()).await.is_err());
    relay.restart().await.unwrap();
    Client::connect(&relay).await;
    assert_eq!(relay.accepted().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_for_a_local_mailbox_arrives_there_also_through_the_submission_port() {
    let mut server = dovecot::Options::users(&[
        ("anna@shop.test", "s3cret"),
        ("support@desk.test", "s3cret"),
    ]);
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = reserved.local_addr().unwrap().port();
    drop(reserved);
    server.relay = Some(([127, 0, 0, 1], port).into());
    let dovecot = Dovecot::start(server).unwrap();
    let relay = relay(Options {
        port: Some(port),
        delivery: Some(dovecot.lmtp()),
        mailboxes: vec!["anna@shop.test".into()],
        ..Options::default()
    })
    .await;
    let mut client = Client::connect(&relay).await;
    client.envelope().await;
    assert!(
        client
            .say("RCPT TO:<stranger@far.test>")
            .await
            .starts_with("250")
    );
    client.say("DATA").await;
    client.send(b"Subject: direct\r\n\r\n..x\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("250"));

    let stream = TcpStream::connect(("127.0.0.1", dovecot.submission_port()))
        .await
        .unwrap();
    let mut client = Client {
        wire: BufReader::new(Box::new(stream)),
    };
    client.reply().await;
    client.say("EHLO test").await;
    assert!(client.say(PLAIN_RIGHT).await.starts_with("235"));
    client.envelope_after_login().await;
    client.say("DATA").await;
    client.send(b"Subject: submitted\r\n\r\nx\r\n.\r\n").await;
    let answer = client.reply().await;
    assert!(answer.starts_with("250"), "{answer}");

    let mails = dovecot.mails("anna@shop.test", "INBOX").unwrap();
    let texts: Vec<_> = mails
        .iter()
        .map(|mail| String::from_utf8_lossy(mail))
        .collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts
            .iter()
            .any(|text| text.contains("Subject: direct") && text.contains("\n.x"))
    );
    assert!(texts.iter().any(|text| text.contains("Subject: submitted")));
}
