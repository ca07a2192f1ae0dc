//! Reading mail from a real Dovecot: signing in, first sync, news, pushes, and what a server can do to us.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod email_support;

use email_support::desk::Workspace;
use email_support::{CUSTOMER, Mailbox, PASSWORD, TEAM, config, connector, mail, server};
use parley_engine::connectors::Connector;
use parley_engine::connectors::email::Email;
use parley_engine::model::{
    Batch, Cursor, EmailConfig, Event, Identity, MailServer, Place, Remedy, Security,
};
use parley_sandbox::Dovecot;
use parley_sandbox::dovecot::Options;
use parley_sandbox::faultproxy::{Direction, Fault, FaultProxy};
use std::collections::HashSet;
use std::time::{Duration, Instant};

fn dovecot() -> Dovecot {
    Dovecot::start(Options::users(&[(TEAM, PASSWORD)])).unwrap()
}

fn subject(event: &Event) -> String {
    match event {
        Event::Message(m) => m.subject.clone().unwrap_or_default(),
        other => panic!("not a message: {other:?}"),
    }
}

fn subjects(batch: &Batch) -> Vec<String> {
    batch.events.iter().map(subject).collect()
}

fn remote(event: &Event) -> String {
    match event {
        Event::Message(m) => m.remote_id.0.clone(),
        Event::Unreadable { remote_id, .. } => remote_id.0.clone(),
        other => panic!("{other:?}"),
    }
}

fn identity(event: &Event) -> Identity {
    match event {
        Event::Message(m) => m.identity.clone(),
        Event::Unreadable { identity, .. } => identity.clone(),
        other => panic!("{other:?}"),
    }
}

async fn poll_all(email: &Email, mut cursor: Option<Cursor>) -> (Vec<Event>, Cursor) {
    let mut all = Vec::new();
    for _ in 0..50 {
        let batch = email.poll(cursor.as_ref()).await.unwrap();
        all.extend(batch.events);
        cursor = Some(batch.next);
        if !batch.more {
            return (all, cursor.unwrap());
        }
    }
    panic!("polling never ends");
}

#[tokio::test]
async fn it_signs_in_over_tls_and_over_starttls_with_an_authority_of_its_own() {
    let dovecot = dovecot();
    for (port, security) in [
        (dovecot.imaps_port(), Security::Tls),
        (dovecot.imap_port(), Security::Starttls),
        (dovecot.imap_port(), Security::None),
    ] {
        let email = connector(
            EmailConfig {
                imap: server(port, security),
                ..config(&dovecot)
            },
            PASSWORD,
        );
        let batch = email
            .poll(None)
            .await
            .unwrap_or_else(|e| panic!("{security:?}: {e}"));
        assert!(batch.events.is_empty() && !batch.more);
    }
}

#[tokio::test]
async fn a_wrong_password_asks_for_a_person_and_says_at_which_step() {
    let dovecot = dovecot();
    let email = connector(config(&dovecot), "wrong");
    let (steps, result) = email.check().await;
    let e = result.unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "login"));
    assert!(
        e.what.contains(&dovecot.imaps_port().to_string()) && !e.what.contains("wrong"),
        "{e}"
    );
    assert_eq!(
        steps.iter().map(|s| (s.step, s.ok)).collect::<Vec<_>>(),
        [
            ("dns", true),
            ("connect", true),
            ("tls", true),
            ("greeting", true),
            ("capabilities", true),
            ("login", false)
        ]
    );
    assert_eq!(
        email.poll(None).await.unwrap_err().remedy,
        Remedy::Reconnect
    );
}

#[tokio::test]
async fn an_unknown_certificate_is_not_trusted_and_the_password_stays_here() {
    let dovecot = dovecot();
    for (port, security) in [
        (dovecot.imaps_port(), Security::Tls),
        (dovecot.imap_port(), Security::Starttls),
    ] {
        let email = connector(
            EmailConfig {
                imap: server(port, security),
                trusted_certificate: None,
                auth: parley_engine::model::Auth::default(),
                trusted_fingerprints: Vec::new(),
                signature: String::new(),
                folders: Vec::new(),
                sync_read: false,
                ..config(&dovecot)
            },
            PASSWORD,
        );
        let e = email.poll(None).await.unwrap_err();
        assert_eq!((e.remedy, e.step), (Remedy::Reconnect, "tls"));
        assert!(
            e.what.contains("certificate") && e.what.contains(&port.to_string()),
            "{e}"
        );
    }
    let other = parley_sandbox::Certificates::generate().unwrap();
    let email = connector(
        EmailConfig {
            trusted_certificate: Some(other.ca_pem().into()),
            auth: parley_engine::model::Auth::default(),
            trusted_fingerprints: Vec::new(),
            signature: String::new(),
            folders: Vec::new(),
            sync_read: false,
            ..config(&dovecot)
        },
        PASSWORD,
    );
    assert_eq!(
        email.poll(None).await.unwrap_err().remedy,
        Remedy::Reconnect
    );
    assert!(!dovecot.log().contains("Login:"), "{}", dovecot.log());
}

#[tokio::test]
async fn a_servers_own_certificate_can_be_trusted_without_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = parley_sandbox::Certificates::load_or_generate(folder.path()).unwrap();
    let dovecot = Dovecot::start(Options {
        certificates: Some(certificates),
        ..Options::users(&[(TEAM, PASSWORD)])
    })
    .unwrap();
    let leaf = std::fs::read_to_string(folder.path().join("leaf.pem")).unwrap();
    let email = connector(
        EmailConfig {
            trusted_certificate: Some(leaf.clone()),
            auth: parley_engine::model::Auth::default(),
            trusted_fingerprints: Vec::new(),
            signature: String::new(),
            folders: Vec::new(),
            sync_read: false,
            ..config(&dovecot)
        },
        PASSWORD,
    );
    email.poll(None).await.unwrap();
    // It stands for that one server only.
    let other = self::dovecot();
    let email = connector(
        EmailConfig {
            trusted_certificate: Some(leaf),
            auth: parley_engine::model::Auth::default(),
            trusted_fingerprints: Vec::new(),
            signature: String::new(),
            folders: Vec::new(),
            sync_read: false,
            ..config(&other)
        },
        PASSWORD,
    );
    assert_eq!(email.poll(None).await.unwrap_err().step, "tls");
}

#[tokio::test]
async fn the_kind_of_encryption_on_the_wrong_port_is_told() {
    let dovecot = dovecot();
    let e = connector(
        EmailConfig {
            imap: server(dovecot.imap_port(), Security::Tls),
            ..config(&dovecot)
        },
        PASSWORD,
    )
    .poll(None)
    .await
    .unwrap_err();
    assert!(e.step == "tls" && e.what.contains("STARTTLS"), "{e}");
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_read_on_from_where_it_was() {
    let mut dovecot = dovecot();
    dovecot.deliver(TEAM, &mail("one")).unwrap();
    let email = connector(config(&dovecot), PASSWORD);
    let (first, cursor) = poll_all(&email, None).await;
    assert_eq!(first.len(), 1);
    dovecot.stop().unwrap();
    let e = email.poll(Some(&cursor)).await.unwrap_err();
    assert_eq!((e.remedy, e.step), (Remedy::Retry, "connect"));
    dovecot.restart().unwrap();
    dovecot.deliver(TEAM, &mail("two")).unwrap();
    let batch = email.poll(Some(&cursor)).await.unwrap();
    assert_eq!(subjects(&batch), ["two"]);
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_without_a_word() {
    let mut dovecot = dovecot();
    let email = connector(config(&dovecot), PASSWORD);
    let (_, cursor) = poll_all(&email, None).await;
    dovecot.restart().unwrap();
    dovecot.deliver(TEAM, &mail("after")).unwrap();
    assert_eq!(
        subjects(&email.poll(Some(&cursor)).await.unwrap()),
        ["after"]
    );
}

#[tokio::test]
async fn new_mail_is_pushed_within_seconds() {
    let dovecot = dovecot();
    let email = connector(config(&dovecot), PASSWORD);
    let (_, cursor) = poll_all(&email, None).await;
    for round in 0..2 {
        let started = Instant::now();
        let deliver = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            dovecot
                .deliver(TEAM, &mail(&format!("push {round}")))
                .unwrap();
            Instant::now()
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            tokio::join!(email.wait(Some(&cursor)), deliver)
        });
        let ((), delivered) = waited.await.expect("the push came too late");
        assert!(
            delivered.elapsed() < Duration::from_secs(5)
                && started.elapsed() > Duration::from_millis(600)
        );
    }
    assert_eq!(
        subjects(&email.poll(Some(&cursor)).await.unwrap()),
        ["push 0", "push 1"]
    );
}

#[tokio::test]
async fn mail_that_came_between_a_poll_and_waiting_is_not_waited_for() {
    let dovecot = dovecot();
    let email = connector(config(&dovecot), PASSWORD);
    let (_, cursor) = poll_all(&email, None).await;
    dovecot.deliver(TEAM, &mail("in between")).unwrap();
    tokio::time::timeout(Duration::from_secs(5), email.wait(Some(&cursor)))
        .await
        .expect("waited though something was there");
}

#[tokio::test]
async fn polling_and_sending_go_on_while_another_call_waits() {
    let dovecot = dovecot();
    let email = connector(config(&dovecot), PASSWORD);
    let (_, cursor) = poll_all(&email, None).await;
    let both = async {
        tokio::select! {
            () = email.wait(Some(&cursor)) => panic!("nothing came"),
            polled = async { tokio::time::sleep(Duration::from_millis(500)).await; email.poll(Some(&cursor)).await } => polled.unwrap(),
        }
    };
    tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .expect("the poll was held up");
}

#[tokio::test]
async fn the_first_sync_is_newest_first_and_resumes_without_gaps_or_doubles() {
    const MAILS: usize = 260;
    let dovecot = dovecot();
    let box_ = Mailbox::open(&dovecot).await;
    for n in 0..MAILS {
        box_.append("INBOX", &mail(&format!("m{n:04}"))).await;
    }
    for n in 0..30 {
        box_.append("Sent", &mail(&format!("s{n:04}"))).await;
    }
    let first = connector(config(&dovecot), PASSWORD)
        .poll(None)
        .await
        .unwrap();
    assert_eq!(first.events.len(), 100);
    assert!(
        first.more
            && first
                .progress
                .is_some_and(|(done, all)| done == 100 && all == 290),
        "{:?}",
        first.progress
    );
    assert_eq!(subject(&first.events[0]), "m0259");
    assert!(
        subjects(&first).contains(&"s0029".to_owned()),
        "Sent waits for the whole inbox"
    );

    // News overtakes history, and each poll may be the first of a new process.
    dovecot.deliver(TEAM, &mail("news")).unwrap();
    let mut all: Vec<Event> = first.events;
    let (mut cursor, mut more, mut polls) = (first.next, true, 0);
    while more {
        let email = connector(config(&dovecot), PASSWORD);
        let batch = email.poll(Some(&cursor)).await.unwrap();
        assert!(batch.events.len() <= 100 && batch.gaps.is_empty());
        if polls == 0 {
            assert_eq!(subject(&batch.events[0]), "news");
        }
        // A poll whose result was lost is simply asked again.
        let again = email.poll(Some(&cursor)).await.unwrap();
        assert_eq!(subjects(&again), subjects(&batch));
        all.extend(batch.events);
        (cursor, more) = (batch.next, batch.more);
        polls += 1;
    }
    let inbox: Vec<String> = all
        .iter()
        .map(subject)
        .filter(|s| s.starts_with('m'))
        .collect();
    let mut sorted = inbox.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(inbox, sorted, "history is not newest first");
    assert_eq!((inbox.len(), all.len()), (MAILS, MAILS + 30 + 1));
    assert_eq!(
        all.iter().map(remote).collect::<HashSet<_>>().len(),
        all.len()
    );
    assert!(
        connector(config(&dovecot), PASSWORD)
            .poll(Some(&cursor))
            .await
            .unwrap()
            .events
            .is_empty()
    );
}

#[tokio::test]
async fn a_folder_that_is_numbered_anew_is_read_again_under_the_same_identities() {
    let mut dovecot = dovecot();
    for n in 0..5 {
        dovecot.deliver(TEAM, &mail(&format!("m{n}"))).unwrap();
    }
    let email = connector(config(&dovecot), PASSWORD);
    let (before, cursor) = poll_all(&email, None).await;
    dovecot.stop().unwrap();
    for name in [
        "dovecot-uidlist",
        "dovecot.index",
        "dovecot.index.log",
        "dovecot.index.cache",
        "dovecot-uidvalidity",
    ] {
        let _ = std::fs::remove_file(dovecot.maildir(TEAM).join(name));
    }
    // The new numbering is made from the time in seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    dovecot.restart().unwrap();
    let (after, cursor) = poll_all(&email, Some(cursor)).await;
    let set =
        |events: &[Event], f: fn(&Event) -> String| events.iter().map(f).collect::<HashSet<_>>();
    assert_eq!(after.len(), 5);
    assert_eq!(
        before.iter().map(identity).collect::<HashSet<_>>(),
        after.iter().map(identity).collect::<HashSet<_>>()
    );
    assert!(set(&before, remote).is_disjoint(&set(&after, remote)));
    assert!(poll_all(&email, Some(cursor)).await.0.is_empty());
}

#[tokio::test]
async fn reading_changes_nothing_on_the_server() {
    let dovecot = dovecot();
    dovecot.deliver(TEAM, &mail("untouched")).unwrap();
    let email = connector(config(&dovecot), PASSWORD);
    let (events, _) = poll_all(&email, None).await;
    assert!(matches!(&events[0], Event::Message(m) if !m.seen && m.place == Place::Inbox));
    email.close().await;
    let (again, _) = poll_all(&email, None).await;
    assert!(
        matches!(&again[0], Event::Message(m) if !m.seen),
        "reading marked the mail as read"
    );
    assert_eq!(dovecot.mails(TEAM, "INBOX").unwrap().len(), 1);
}

#[tokio::test]
async fn every_place_is_told_apart_and_old_junk_is_left() {
    let dovecot = dovecot();
    let box_ = Mailbox::open(&dovecot).await;
    box_.append("Junk", &mail("old junk")).await;
    box_.append("Sent", &mail("sent")).await;
    box_.append("INBOX", &mail("in")).await;
    let email = connector(config(&dovecot), PASSWORD);
    let (events, cursor) = poll_all(&email, None).await;
    let mut places: Vec<_> = events
        .iter()
        .map(|e| match e {
            Event::Message(m) => (subject(e), m.place),
            other => panic!("{other:?}"),
        })
        .collect();
    places.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        places,
        [
            ("in".to_owned(), Place::Inbox),
            ("sent".to_owned(), Place::Sent)
        ]
    );
    box_.append("Junk", &mail("new junk")).await;
    let (events, _) = poll_all(&email, Some(cursor)).await;
    assert!(
        matches!(&events[..], [Event::Message(m)] if m.place == Place::Junk && m.class_reason == Some("junk-folder"))
    );
}

#[tokio::test]
async fn an_unreadable_mail_is_handed_over_as_such_and_the_rest_goes_on() {
    let dovecot = dovecot();
    let box_ = Mailbox::open(&dovecot).await;
    box_.append("INBOX", &mail("before")).await;
    let flood = format!(
        "From: {CUSTOMER}\r\n{}\r\nx\r\n",
        "X-Y: z\r\n".repeat(1_500)
    );
    box_.append("INBOX", flood.as_bytes()).await;
    box_.append("INBOX", &mail("after")).await;
    let (events, _) = poll_all(&connector(config(&dovecot), PASSWORD), None).await;
    assert_eq!(events.len(), 3);
    assert!(
        matches!(&events[1], Event::Unreadable { reason, raw, .. } if reason.contains("fields") && raw.len() > 10_000)
    );
}

#[tokio::test]
async fn large_mails_come_in_small_batches() {
    let dovecot = dovecot();
    let box_ = Mailbox::open(&dovecot).await;
    for n in 0..4 {
        let big = [
            mail(&format!("big {n}")).as_slice(),
            "0123456789abcdef\r\n".repeat(170_000).as_bytes(),
        ]
        .concat();
        box_.append("INBOX", &big).await;
    }
    let email = connector(config(&dovecot), PASSWORD);
    let first = email.poll(None).await.unwrap();
    assert_eq!(subjects(&first), ["big 3", "big 2"]);
    assert!(first.more);
    assert_eq!(
        subjects(&email.poll(Some(&first.next)).await.unwrap()),
        ["big 1", "big 0"]
    );
}

#[tokio::test]
async fn a_connection_cut_anywhere_in_a_poll_fails_or_gives_everything() {
    let dovecot = dovecot();
    for n in 0..3 {
        dovecot.deliver(TEAM, &mail(&format!("m{n}"))).unwrap();
    }
    let proxy = FaultProxy::start(([127, 0, 0, 1], dovecot.imap_port()).into())
        .await
        .unwrap();
    let through = EmailConfig {
        imap: server(proxy.port(), Security::None),
        ..config(&dovecot)
    };
    connector(through.clone(), PASSWORD)
        .poll(None)
        .await
        .unwrap();
    let whole = usize::try_from(proxy.counts().to_client).unwrap();
    let mut failures = 0;
    for bytes in (0..whole + 50).step_by(13) {
        proxy
            .set(Fault::Cut {
                direction: Direction::ToClient,
                after: bytes as u64,
            })
            .await
            .unwrap();
        match connector(through.clone(), PASSWORD).poll(None).await {
            Ok(batch) => assert_eq!(
                (batch.events.len(), batch.more),
                (3, false),
                "cut after {bytes}"
            ),
            Err(e) => {
                failures += 1;
                assert_eq!(e.remedy, Remedy::Retry, "cut after {bytes}: {e}");
            }
        }
    }
    assert!(failures > 20, "{failures} of {whole} bytes");
}

#[tokio::test]
async fn one_mail_in_two_mailboxes_is_one_message_with_two_deliveries() {
    const OTHER: &str = "help@shop.test";
    let dovecot = Dovecot::start(Options::users(&[(TEAM, PASSWORD), (OTHER, PASSWORD)])).unwrap();
    let shared = mail("to both");
    for user in [TEAM, OTHER] {
        dovecot.deliver(user, &shared).unwrap();
    }
    dovecot.deliver(OTHER, &mail("to one")).unwrap();
    let desk = Workspace::new();
    let mut boxes = Vec::new();
    for user in [TEAM, OTHER] {
        let config = EmailConfig {
            address: user.into(),
            imap: MailServer {
                user: user.into(),
                ..server(dovecot.imaps_port(), Security::Tls)
            },
            ..config(&dovecot)
        };
        let mailbox = desk.connect(config).await;
        mailbox.poll().await.unwrap();
        boxes.push(mailbox);
    }
    assert_eq!(boxes[0].subjects().await, ["to both"]);
    assert_eq!(boxes[1].subjects().await, ["to both", "to one"]);
    let counts = boxes[0].ask("SELECT count(*) FROM message").await;
    let deliveries = boxes[0].ask("SELECT count(*) FROM delivery").await;
    assert_eq!(
        (counts, deliveries),
        (vec!["2".to_owned()], vec!["3".into()])
    );
}

#[tokio::test]
async fn what_changes_at_dovecot_is_followed_with_qresync_with_condstore_and_with_neither() {
    let plain = "IMAP4rev1 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+";
    for capability in [
        None,
        Some(format!("{plain} CONDSTORE ENABLE")),
        Some(plain.to_owned()),
    ] {
        let dovecot = Dovecot::start(Options {
            imap_capability: capability.clone(),
            ..Options::users(&[(TEAM, PASSWORD)])
        })
        .unwrap();
        for n in 1..=4 {
            dovecot.deliver(TEAM, &mail(&format!("m{n}"))).unwrap();
        }
        let desk = Workspace::new();
        let mailbox = desk
            .connect(EmailConfig {
                sync_read: true,
                ..config(&dovecot)
            })
            .await;
        mailbox.poll().await.unwrap();
        let elsewhere = Mailbox::open(&dovecot).await;
        elsewhere.say("a SELECT INBOX").await;
        elsewhere.say("a UID STORE 2 +FLAGS (\\Seen)").await;
        elsewhere.say("a UID MOVE 1 Sent").await;
        mailbox.poll().await.unwrap();
        mailbox.poll().await.unwrap();
        assert_eq!(
            mailbox.subjects().await,
            ["m1", "m2", "m3", "m4"],
            "{capability:?}"
        );
        let seen = mailbox.ask("SELECT m.subject FROM delivery d JOIN message m ON m.id = d.message WHERE d.account = ?1 AND d.seen = 1").await;
        assert_eq!(seen, ["m2"], "{capability:?}");
        let gone = mailbox.ask("SELECT d.place || ' ' || d.vanished FROM delivery d JOIN message m ON m.id = d.message WHERE m.subject = 'm1' ORDER BY 1").await;
        assert_eq!(gone, ["inbox 1", "sent 0"], "{capability:?}");
        assert!(mailbox.gaps().await.is_empty());
    }
}
