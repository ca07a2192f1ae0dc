//! Sending mail through real servers, and through connections that break at every possible byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod email_support;

use email_support::{CUSTOMER, PASSWORD, TEAM, config, connector, server};
use mail_parser::{MessageParser, MimeHeaders};
use parley_engine::connectors::Connector;
use parley_engine::connectors::email::Email;
use parley_engine::model::{
    EmailConfig, FileId, MessageId, Outgoing, OutgoingFile, Party, Remedy, Security, SentCopy,
};
use parley_sandbox::dovecot::Options;
use parley_sandbox::faultproxy::{Direction, Fault as Cut, FaultProxy};
use parley_sandbox::relay::{self, Fault, Tls};
use parley_sandbox::{Dovecot, Relay};
use std::time::Duration;

fn party(address: &str) -> Party {
    Party {
        name: None,
        address: address.into(),
    }
}

fn outgoing() -> Outgoing {
    Outgoing {
        route: None,
        template: None,
        key: MessageId::parse(&"5a".repeat(16)).unwrap(),
        from: Party {
            name: Some("The Shop".into()),
            address: TEAM.into(),
        },
        to: vec![party(CUSTOMER)],
        cc: vec![],
        bcc: vec![],
        signature: String::new(),
        history: None,
        subject: Some("Re: Größe".into()),
        html: None,
        text: "Dear Anna,\n.\nyours\n".into(),
        files: vec![],
        message_id: "t-1.k3f9@shop.test".into(),
        in_reply_to: Some("q1@customer.test".into()),
        references: vec!["q0@customer.test".into(), "q1@customer.test".into()],
        customer_wrote: None,
        date: 1_704_186_000_000,
    }
}

async fn relay(tls: Tls) -> Relay {
    Relay::start(relay::Options {
        users: vec![(TEAM.into(), PASSWORD.into())],
        tls,
        login_needs_tls: tls != Tls::None,
        ..relay::Options::default()
    })
    .await
    .unwrap()
}

/// Settings for sending alone; reading leads nowhere.
fn sending(relay: &Relay, security: Security) -> EmailConfig {
    EmailConfig {
        address: TEAM.into(),
        display_name: "The Shop".into(),
        imap: server(1, Security::Tls),
        smtp: server(relay.port(), security),
        aliases: vec![],
        sent_copy: SentCopy::Auto,
        trusted_certificate: Some(relay.ca_pem().into()),
        auth: parley_engine::model::Auth::default(),
        trusted_fingerprints: Vec::new(),
        signature: String::new(),
        folders: Vec::new(),
        sync_read: false,
    }
}

fn email(relay: &Relay, security: Security) -> Email {
    connector(sending(relay, security), PASSWORD)
}

#[tokio::test]
async fn a_mail_goes_out_encrypted_and_arrives_as_it_was_written() {
    for (tls, security) in [
        (Tls::Implicit, Security::Tls),
        (Tls::StartTls, Security::Starttls),
        (Tls::None, Security::None),
    ] {
        let relay = relay(tls).await;
        let mut message = outgoing();
        message.cc = vec![party("bob@customer.test")];
        message.files = vec![OutgoingFile {
            id: FileId::random(),
            inline: false,
            name: "résumé.pdf".into(),
            mime: "application/pdf".into(),
            bytes: b"%PDF-1.4\r\n.\r\n\0\xff".to_vec(),
        }];
        let receipt = email(&relay, security)
            .send(&message)
            .await
            .unwrap_or_else(|e| panic!("{tls:?}: {e}"));
        assert!(
            receipt.needs_filing && receipt.note.starts_with("250"),
            "{receipt:?}"
        );
        let accepted = relay.accepted();
        let [got] = accepted.as_slice() else {
            panic!("{} mails", accepted.len())
        };
        assert_eq!(
            (got.sender.as_str(), got.recipients.as_slice()),
            (
                TEAM,
                &[CUSTOMER.to_owned(), "bob@customer.test".to_owned()][..]
            )
        );
        assert_eq!(
            (got.encrypted, got.login.as_deref()),
            (tls != Tls::None, Some(TEAM))
        );
        let mail = MessageParser::default().parse(&got.mail).unwrap();
        assert_eq!(
            (mail.message_id(), mail.in_reply_to().as_text()),
            (Some("t-1.k3f9@shop.test"), Some("q1@customer.test"))
        );
        assert_eq!(
            mail.references().as_text_list().unwrap(),
            ["q0@customer.test", "q1@customer.test"]
        );
        assert_eq!(
            mail.body_text(0).unwrap().replace("\r\n", "\n").trim_end(),
            "Dear Anna,\n.\nyours"
        );
        let file = mail.attachment(0).unwrap();
        assert_eq!(
            (file.attachment_name(), file.contents()),
            (Some("résumé.pdf"), &b"%PDF-1.4\r\n.\r\n\0\xff"[..])
        );
    }
}

#[tokio::test]
async fn a_refused_password_asks_for_a_person_and_sends_nothing() {
    let relay = relay(Tls::StartTls).await;
    let e = connector(sending(&relay, Security::Starttls), "wrong")
        .send(&outgoing())
        .await
        .unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "smtp_login"));
    relay.fault_once(Fault::LoginLater);
    assert_eq!(
        email(&relay, Security::Starttls)
            .send(&outgoing())
            .await
            .unwrap_err()
            .remedy,
        Remedy::Retry
    );
    assert!(relay.accepted().is_empty());
}

#[tokio::test]
async fn an_unknown_certificate_or_no_encryption_sends_nothing() {
    let secure = relay(Tls::StartTls).await;
    let untrusted = EmailConfig {
        trusted_certificate: None,
        auth: parley_engine::model::Auth::default(),
        trusted_fingerprints: Vec::new(),
        signature: String::new(),
        folders: Vec::new(),
        sync_read: false,
        ..sending(&secure, Security::Starttls)
    };
    let e = connector(untrusted, PASSWORD)
        .send(&outgoing())
        .await
        .unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "tls"));
    let plain = relay(Tls::None).await;
    let e = email(&plain, Security::Starttls)
        .send(&outgoing())
        .await
        .unwrap_err();
    assert!(
        e.remedy == Remedy::Reconnect && e.what.contains("STARTTLS"),
        "{e}"
    );
    assert!(secure.accepted().is_empty() && plain.accepted().is_empty());
}

#[tokio::test]
async fn each_answer_of_the_server_has_its_remedy() {
    let relay = relay(Tls::None).await;
    let email = email(&relay, Security::None);
    for (fault, remedy, step) in [
        (Fault::Busy, Remedy::Retry, "greeting"),
        (Fault::RefuseLogin, Remedy::Reconnect, "smtp_login"),
        (Fault::RefuseRecipient, Remedy::Final, "recipient"),
        (Fault::RecipientLater, Remedy::Retry, "recipient"),
        (Fault::DataLater, Remedy::Retry, "data"),
        (Fault::RefuseMail, Remedy::Final, "data"),
        (Fault::MailLater, Remedy::Retry, "data"),
        // The whole of a small mail has left by then, and nobody here can know that it was not read.
        (Fault::DropDuringData, Remedy::Uncertain, "data"),
    ] {
        relay.fault_once(fault);
        let e = email.send(&outgoing()).await.expect_err("must fail");
        assert_eq!((e.remedy, e.step), (remedy, step), "{fault:?}: {e}");
        assert!(e.what.contains(&relay.port().to_string()), "{e}");
        assert!(relay.accepted().is_empty(), "{fault:?}");
    }
    email.send(&outgoing()).await.unwrap();
    for (accepted, taken) in [(true, 2), (false, 2)] {
        relay.fault_once(Fault::DropAfterData { accepted });
        let e = email.send(&outgoing()).await.unwrap_err();
        assert_eq!((e.remedy, e.step), (Remedy::Uncertain, "data"));
        assert_eq!(relay.accepted().len(), taken);
    }
}

#[tokio::test]
async fn one_refused_recipient_stops_the_mail_for_all_of_them() {
    let relay = relay(Tls::None).await;
    let mut message = outgoing();
    message.to = vec![
        party("a@customer.test"),
        party("b@customer.test"),
        party("c@customer.test"),
    ];
    relay.fault_once(Fault::RefuseRecipient);
    let e = email(&relay, Security::None)
        .send(&message)
        .await
        .unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    assert!(
        e.what
            .contains("1 of 3 recipients refused (a@customer.test)"),
        "{e}"
    );
    assert!(relay.accepted().is_empty());
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_not_even_begun() {
    let relay = Relay::start(relay::Options {
        tls: Tls::None,
        size_limit: 10_000,
        ..relay::Options::default()
    })
    .await
    .unwrap();
    let mut message = outgoing();
    message.files = vec![OutgoingFile {
        id: FileId::random(),
        inline: false,
        name: "big.bin".into(),
        mime: "application/octet-stream".into(),
        bytes: vec![7; 20_000],
    }];
    let e = email(&relay, Security::None)
        .send(&message)
        .await
        .unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Final, "size"));
    message.files.clear();
    email(&relay, Security::None).send(&message).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_again() {
    let mut relay = relay(Tls::None).await;
    relay.stop().await;
    let email = email(&relay, Security::None);
    let e = email.send(&outgoing()).await.unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Retry, "connect"));
    relay.restart().await.unwrap();
    email.send(&outgoing()).await.unwrap();
}

/// Cuts the connection after each number of bytes and compares what the sender believes with what the relay took.
async fn cut_everywhere(tls: Tls, security: Security, direction: Direction, step: usize) {
    let relay = relay(tls).await;
    let proxy = FaultProxy::start(relay.address()).await.unwrap();
    let email = connector(
        EmailConfig {
            smtp: server(proxy.port(), security),
            ..sending(&relay, security)
        },
        PASSWORD,
    );
    email.send(&outgoing()).await.unwrap();
    let counts = proxy.counts();
    let whole = if direction == Direction::ToServer {
        counts.to_server
    } else {
        counts.to_client
    };
    let mut seen = (0, 0, 0);
    for after in (0..=whole).step_by(step) {
        let before = relay.accepted().len();
        proxy.set(Cut::Cut { direction, after }).await.unwrap();
        let sent = email.send(&outgoing()).await;
        // A relay that heard the end just before the cut needs a moment to count the mail.
        tokio::time::sleep(Duration::from_millis(if step > 1 { 5 } else { 2 })).await;
        let taken = relay.accepted().len() - before;
        match sent.map_err(|e| (e.remedy, e)) {
            Ok(_) => {
                seen.0 += 1;
                assert_eq!(
                    taken, 1,
                    "sent, and not taken: cut after {after} of {whole}"
                );
            }
            Err((Remedy::Uncertain, _)) => seen.1 += 1,
            Err((Remedy::Retry, e)) => {
                seen.2 += 1;
                assert_eq!(
                    taken, 0,
                    "would be sent twice: cut after {after} of {whole}: {e}"
                );
            }
            Err((remedy, e)) => panic!("{remedy:?} after {after} of {whole}: {e}"),
        }
    }
    assert!(
        seen.2 > 10 && (direction == Direction::ToServer || seen.1 > 0),
        "(sent, uncertain, retry) = {seen:?} of {whole}"
    );
}

#[tokio::test]
async fn a_cut_at_any_byte_to_the_server_never_leads_to_a_second_mail() {
    cut_everywhere(Tls::None, Security::None, Direction::ToServer, 1).await;
}

#[tokio::test]
async fn a_cut_at_any_byte_from_the_server_never_leads_to_a_second_mail() {
    cut_everywhere(Tls::None, Security::None, Direction::ToClient, 1).await;
}

#[tokio::test]
async fn a_cut_of_an_encrypted_connection_never_leads_to_a_second_mail() {
    cut_everywhere(Tls::StartTls, Security::Starttls, Direction::ToServer, 11).await;
    cut_everywhere(Tls::Implicit, Security::Tls, Direction::ToClient, 11).await;
}

fn dovecot(relay: &Relay, extra: Options) -> Dovecot {
    Dovecot::start(Options {
        users: vec![(TEAM.into(), PASSWORD.into())],
        relay: Some(relay.address()),
        ..extra
    })
    .unwrap()
}

#[tokio::test]
async fn a_reply_through_dovecot_arrives_and_is_filed_in_sent_once() {
    let relay = Relay::start(relay::Options {
        tls: Tls::None,
        ..relay::Options::default()
    })
    .await
    .unwrap();
    for extra in [
        Options::default(),
        Options {
            without_special_use: true,
            ..Options::default()
        },
    ] {
        let dovecot = dovecot(&relay, extra);
        let before = relay.accepted().len();
        let email = connector(config(&dovecot), PASSWORD);
        let (steps, profile) = email.check().await;
        profile.unwrap_or_else(|e| panic!("{e}"));
        assert!(
            steps.iter().all(|s| s.ok) && steps.last().is_some_and(|s| s.step == "smtp_login"),
            "{steps:?}"
        );
        let message = outgoing();
        assert_eq!(email.find_sent(&message.message_id).await.unwrap(), None);
        assert!(email.send(&message).await.unwrap().needs_filing);
        assert_eq!(
            email.find_sent(&message.message_id).await.unwrap(),
            None,
            "somebody else filed it"
        );
        let filed = email.file_sent(&message).await.unwrap().expect("filed");
        assert_eq!(
            email.file_sent(&message).await.unwrap(),
            Some(filed.clone())
        );
        assert_eq!(
            email.find_sent(&message.message_id).await.unwrap(),
            Some(filed)
        );
        let copies = dovecot.mails(TEAM, "Sent").unwrap();
        let accepted = relay.accepted();
        assert_eq!((copies.len(), accepted.len()), (1, before + 1));
        // Servers put their own lines in front of what they relay; the mail itself must be the same.
        let unix = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec())
                .unwrap()
                .replace("\r\n", "\n")
                .trim_end()
                .to_owned()
        };
        assert!(
            unix(&accepted[before].mail).ends_with(&unix(&copies[0])),
            "{}\n---\n{}",
            unix(&accepted[before].mail),
            unix(&copies[0])
        );
        assert_eq!(
            parley_engine::connectors::email::identity::of(&copies[0]),
            parley_engine::connectors::email::identity::of(&accepted[before].mail)
        );
    }
}

#[tokio::test]
async fn a_copy_that_the_server_files_itself_is_not_filed_again() {
    let relay = Relay::start(relay::Options {
        tls: Tls::None,
        ..relay::Options::default()
    })
    .await
    .unwrap();
    let dovecot = dovecot(&relay, Options::default());
    let email = connector(
        EmailConfig {
            sent_copy: SentCopy::Server,
            ..config(&dovecot)
        },
        PASSWORD,
    );
    assert!(!email.send(&outgoing()).await.unwrap().needs_filing);
    assert_eq!(email.file_sent(&outgoing()).await.unwrap(), None);
    assert!(dovecot.mails(TEAM, "Sent").unwrap().is_empty());
}

#[tokio::test]
async fn sending_problems_are_named_apart_from_reading_problems() {
    let relay = relay(Tls::None).await;
    let dovecot = dovecot(&relay, Options::default());
    let settings = EmailConfig {
        smtp: server(relay.port(), Security::Starttls),
        ..config(&dovecot)
    };
    let (steps, result) = connector(settings, PASSWORD).check().await;
    assert_eq!(result.unwrap_err().step, "smtp_tls");
    assert_eq!(
        steps.iter().map(|s| (s.step, s.ok)).collect::<Vec<_>>(),
        [
            ("dns", true),
            ("connect", true),
            ("tls", true),
            ("greeting", true),
            ("capabilities", true),
            ("login", true),
            ("folders", true),
            ("smtp_dns", true),
            ("smtp_connect", true),
            ("smtp_tls", false)
        ]
    );
}
