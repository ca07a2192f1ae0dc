//! Servers that do what Dovecot will not do on demand, and networks that do worse: whatever happens on the way, what
//! lies in the workspace in the end is what is true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod email_support;

use email_support::desk::{Mailbox, QUICK, Workspace, counted, plain_config};
use email_support::{PASSWORD, connector, mail};
use parley_engine::connectors::Connector;
use parley_engine::connectors::email::Email;
use parley_engine::error::Error;
use parley_engine::model::{EmailConfig, Event, FolderUse, Place, Remedy};
use parley_engine::time::SystemClock;
use parley_sandbox::faultproxy::{Direction, Fault, FaultProxy};
use parley_sandbox::imap::{Gmail, ImapServer, Quirks, World};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Mails arrive at this time and later; the present is long after it.
const THEN: i64 = 1_700_000_000;

/// Five mails in the inbox, two in Sent.
fn filled(mut world: World) -> World {
    for n in 1..=5 {
        let uid = world
            .folder("INBOX")
            .add(&mail(&format!("in {n}")), THEN + n);
        world.folder("INBOX").mark_seen(uid, n == 1);
    }
    for n in 1..=2 {
        world
            .folder("Sent")
            .add(&mail(&format!("out {n}")), THEN + n);
    }
    world
}

const ALL: [&str; 7] = ["in 1", "in 2", "in 3", "in 4", "in 5", "out 1", "out 2"];

async fn served(world: World) -> ImapServer {
    ImapServer::start(world).await.unwrap()
}

async fn in_store(server: &ImapServer, desk: &Workspace, user: &str) -> Mailbox {
    desk.connect(plain_config(server.port(), user)).await
}

/// What is in the end, with `quirks` in force from the beginning and then gone.
async fn outcome(world: World, quirks: Quirks) -> (Vec<String>, Vec<String>) {
    let server = served(filled(world)).await;
    server.change(|w| w.quirks = quirks);
    let desk = Workspace::new();
    let mailbox = in_store(&server, &desk, "team").await;
    mailbox.poll_until_quiet().await;
    let gaps = mailbox.gaps().await.into_iter().map(|g| g.reason);
    let gaps: Vec<String> = gaps.collect();
    server.change(|w| w.quirks = Quirks::default());
    mailbox.poll_until_quiet().await;
    (mailbox.subjects().await, gaps)
}

#[tokio::test]
async fn what_a_server_says_wrongly_or_not_at_all_changes_nothing_in_the_end() {
    let cases: Vec<(&str, Quirks)> = vec![
        ("nothing odd", Quirks::default()),
        (
            "lines that are no IMAP",
            Quirks {
                garbage: true,
                ..Quirks::default()
            },
        ),
        (
            "answers nobody asked for",
            Quirks {
                unsolicited: true,
                ..Quirks::default()
            },
        ),
        (
            "no next number",
            Quirks {
                without_uidnext: true,
                ..Quirks::default()
            },
        ),
        (
            "a next number that is too low",
            Quirks {
                uidnext: Some(1),
                ..Quirks::default()
            },
        ),
        (
            "a next number that is too high",
            Quirks {
                uidnext: Some(900),
                ..Quirks::default()
            },
        ),
        (
            "no mails",
            Quirks {
                exists: Some(0),
                ..Quirks::default()
            },
        ),
        (
            "too many mails",
            Quirks {
                exists: Some(99),
                ..Quirks::default()
            },
        ),
        (
            "no sizes",
            Quirks {
                without_size: true,
                ..Quirks::default()
            },
        ),
        (
            "times that are nothing",
            Quirks {
                nil_dates: true,
                ..Quirks::default()
            },
        ),
        (
            "texts without numbers",
            Quirks {
                without_uid: true,
                ..Quirks::default()
            },
        ),
        (
            "numbered anew under our hands",
            Quirks {
                renumber_on_fetch: Some(77),
                ..Quirks::default()
            },
        ),
        (
            "no state",
            Quirks {
                without_state: true,
                ..Quirks::default()
            },
        ),
        (
            "one number twice",
            Quirks {
                same_number: true,
                ..Quirks::default()
            },
        ),
        (
            "no searching by state",
            Quirks {
                refuse: Some(("ENABLE".into(), "BAD unknown".into())),
                ..Quirks::default()
            },
        ),
    ];
    for (what, quirks) in cases {
        for (kind, world) in [
            ("plain", World::plain()),
            ("modern", World::modern()),
            ("exchange", World::exchange()),
        ] {
            let (subjects, gaps) = outcome(world, quirks.clone()).await;
            assert_eq!(subjects, ALL, "{kind}: {what}: {gaps:?}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_is_given_wrongly_costs_no_other_and_is_told() {
    let cases: Vec<(&str, Quirks)> = vec![
        (
            "nothing",
            Quirks {
                nil_body: Some(2),
                ..Quirks::default()
            },
        ),
        (
            "four gigabytes",
            Quirks {
                huge_literal: Some(2),
                ..Quirks::default()
            },
        ),
        (
            "too few bytes",
            Quirks {
                short_literal: Some(2),
                ..Quirks::default()
            },
        ),
        (
            "too many bytes",
            Quirks {
                long_literal: Some(2),
                ..Quirks::default()
            },
        ),
        (
            "half of it",
            Quirks {
                cut_literal: Some(2),
                ..Quirks::default()
            },
        ),
    ];
    for (what, quirks) in cases {
        let (subjects, gaps) = outcome(World::plain(), quirks).await;
        // Sent's second mail has the same number.
        assert_eq!(
            subjects,
            ["in 1", "in 3", "in 4", "in 5", "out 1"],
            "{what}: {gaps:?}"
        );
        assert!(gaps.iter().any(|g| g.contains("ail 2")), "{what}: {gaps:?}");
    }
}

#[tokio::test]
async fn a_mail_that_goes_while_the_list_is_read_is_no_gap() {
    let quirks = Quirks {
        expunge_on_list: Some(3),
        ..Quirks::default()
    };
    let (subjects, gaps) = outcome(World::plain(), quirks).await;
    assert_eq!(subjects, ["in 1", "in 2", "in 4", "in 5", "out 1", "out 2"]);
    assert!(gaps.is_empty(), "{gaps:?}");
}

#[tokio::test]
async fn a_good_bye_at_any_command_loses_and_doubles_nothing() {
    let mut failures = 0;
    for n in 0..40 {
        for world in [World::plain(), World::modern()] {
            let server = served(filled(world)).await;
            server.change(|w| w.quirks.bye_after = Some(n));
            let desk = Workspace::new();
            let mailbox = in_store(&server, &desk, "team").await;
            failures += mailbox.poll_until_quiet().await;
            assert_eq!(mailbox.subjects().await, ALL, "after {n} commands");
        }
    }
    assert!(failures > 10, "{failures}");
}

#[tokio::test]
async fn throttling_is_waited_out_as_long_as_the_server_needs() {
    for (said, pause) in [
        (
            "NO Account exceeded command or bandwidth limits. (Failure)",
            900_000,
        ),
        ("NO [LIMIT] slow down", 600_000),
        ("NO [INUSE] locked by another", 60_000),
        ("BAD Too many simultaneous connections. (Failure)", 60_000),
    ] {
        for command in ["AUTHENTICATE", "EXAMINE", "UID SEARCH", "UID FETCH"] {
            let server = served(filled(World::plain())).await;
            server.change(|w| w.quirks.refuse = Some((command.into(), said.into())));
            let desk = Workspace::new();
            let mailbox = in_store(&server, &desk, "team").await;
            let Err(Error::Channel(e)) = mailbox.poll().await else {
                panic!("{command}: {said}")
            };
            assert_eq!(
                (e.remedy, e.retry_after),
                (Remedy::Wait, Some(pause)),
                "{command}: {e}"
            );
        }
    }
}

#[tokio::test]
async fn a_sentence_the_server_wants_read_is_shown() {
    let quirks = Quirks {
        alert: Some("Your mailbox is nearly full".into()),
        ..Quirks::default()
    };
    let (subjects, gaps) = outcome(World::plain(), quirks).await;
    assert_eq!(subjects, ALL);
    assert!(
        gaps.len() == 1 && gaps[0].contains("nearly full"),
        "{gaps:?}"
    );
}

#[tokio::test]
async fn moved_and_renumbered_mail_is_known_again_without_its_text_being_read_twice() {
    for world in [World::plain(), World::modern()] {
        let server = served(filled(world)).await;
        let desk = Workspace::new();
        let mut mailbox = in_store(&server, &desk, "team").await;
        mailbox.poll().await.unwrap();
        let texts = server.heard("BODY.PEEK[]");
        server.change(|w| w.folder("INBOX").renumber(500));
        mailbox.poll().await.unwrap();
        server.change(|w| {
            w.move_mail(2, "INBOX", "Sent");
            w.folder("Sent").remove(1);
        });
        mailbox.begin_anew().await;
        mailbox.poll().await.unwrap();
        assert_eq!(server.heard("BODY.PEEK[]"), texts, "texts were read again");
        assert_eq!(mailbox.subjects().await, ALL);
        let gone = mailbox.ask("SELECT remote_id FROM delivery WHERE account = ?1 AND vanished = 1 ORDER BY remote_id").await;
        assert_eq!(gone, ["INBOX\u{1f}500\u{1f}2", "Sent\u{1f}12\u{1f}1"]);
        // Nothing is left to do.
        server.forget();
        mailbox.poll().await.unwrap();
        assert_eq!(server.heard("FETCH"), 0);
    }
}

#[tokio::test]
async fn numbers_that_go_back_without_a_new_numbering_lose_nothing() {
    for world in [World::plain(), World::modern()] {
        let server = served(filled(world)).await;
        let desk = Workspace::new();
        let mailbox = in_store(&server, &desk, "team").await;
        mailbox.poll().await.unwrap();
        // Put back to an earlier state, and other mail came since under the same numbers.
        server.change(|w| {
            let inbox = w.folder("INBOX");
            for uid in [3, 4, 5] {
                inbox.remove(uid);
            }
            inbox.number_anew();
            inbox.add(&mail("other 3"), THEN + 60);
        });
        mailbox.poll().await.unwrap();
        let mut all: Vec<String> = ALL.iter().map(|s| (*s).to_owned()).collect();
        all.push("other 3".into());
        all.sort();
        assert_eq!(mailbox.subjects().await, all);
        server.change(|w| w.folder("INBOX").add(&mail("zzz"), THEN + 70));
        mailbox.poll().await.unwrap();
        all.push("zzz".into());
        assert_eq!(mailbox.subjects().await, all);
    }
}

#[tokio::test]
async fn a_renamed_folder_is_read_on_and_a_deleted_one_is_told() {
    for world in [World::plain(), World::modern()] {
        let mut world = filled(world);
        world
            .folders
            .push(parley_sandbox::imap::Mailbox::new("Orders", 40));
        for n in 1..=3 {
            world
                .folder("Orders")
                .add(&mail(&format!("order {n}")), THEN + n);
        }
        let server = served(world).await;
        let desk = Workspace::new();
        let config = EmailConfig {
            folders: vec!["INBOX".into(), "Orders".into()],
            ..plain_config(server.port(), "team")
        };
        let mut mailbox = desk.connect(config).await;
        mailbox.poll().await.unwrap();
        let read = [
            "in 1", "in 2", "in 3", "in 4", "in 5", "order 1", "order 2", "order 3",
        ];
        assert_eq!(mailbox.subjects().await, read);
        let texts = server.heard("BODY.PEEK[]");
        server.change(|w| {
            w.folder("Orders").name = b"Auftr&AOQ-ge".to_vec();
            w.folder("Auftr&AOQ-ge").add(&mail("order 4"), THEN + 9);
        });
        // The open connection notices at its next question, and the one after it finds the folder.
        mailbox.poll().await.unwrap();
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.subjects().await.len(), 9);
        assert_eq!(
            server.heard("BODY.PEEK[]"),
            texts + 1,
            "texts were read again"
        );
        let gaps = mailbox.gaps().await;
        assert!(
            gaps.iter()
                .any(|g| g.place == "Orders" && g.reason.contains("Aufträge")),
            "{gaps:?}"
        );
        // It stays found, also for another process; then it is deleted.
        mailbox.begin_anew().await;
        server.change(|w| w.folder("Auftr&AOQ-ge").add(&mail("order 5"), THEN + 10));
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.subjects().await.len(), 10);
        server.change(|w| w.folders.retain(|f| f.name != b"Auftr&AOQ-ge"));
        mailbox.begin_anew().await;
        mailbox.poll().await.unwrap();
        let gaps = mailbox.gaps().await;
        assert!(
            gaps.iter()
                .any(|g| g.reason.contains("no longer at the server")),
            "{gaps:?}"
        );
        assert_eq!(mailbox.subjects().await.len(), 10);
    }
}

#[tokio::test]
async fn folders_are_listed_with_what_they_are_for_and_how_much_is_in_them() {
    let mut world = filled(World::modern());
    world
        .folders
        .push(parley_sandbox::imap::Mailbox::new("Auftr&AOQ-ge", 40));
    let mut odd = parley_sandbox::imap::Mailbox::new("x", 41);
    odd.name = b"Caf\xe9".to_vec();
    world.folders.push(odd);
    let server = served(world).await;
    let email = connector(plain_config(server.port(), "team"), PASSWORD);
    let folders = email.folders().await.unwrap();
    let shown: Vec<_> = folders
        .iter()
        .map(|f| (f.title.as_str(), f.purpose, f.messages, f.read))
        .collect();
    assert_eq!(
        shown,
        [
            ("INBOX", FolderUse::Inbox, Some(5), true),
            ("Sent", FolderUse::Sent, Some(2), true),
            ("Junk", FolderUse::Junk, Some(0), true),
            ("Aufträge", FolderUse::Other, Some(0), false),
        ]
    );
}

#[tokio::test]
async fn at_gmail_all_mail_is_read_once_and_labels_tell_the_place() {
    let mut world = World::gmail();
    let labels: [(&str, &[&str]); 5] = [
        ("in", &["\\Inbox", "Customers"]),
        ("archived", &["Customers"]),
        ("sent", &["\\Sent"]),
        ("draft", &["\\Draft"]),
        ("answered", &["\\Inbox"]),
    ];
    for (n, (subject, labels)) in (1..).zip(labels) {
        let all = world.folder("[Gmail]/All Mail");
        all.add(&mail(subject), THEN + n);
        all.mails.last_mut().unwrap().gmail = Gmail {
            message: 9_000 + n.unsigned_abs(),
            thread: 77,
            labels: labels.iter().map(|l| (*l).to_owned()).collect(),
        };
    }
    world.folder("INBOX").add(&mail("in"), THEN + 1);
    let server = served(world).await;
    let email = connector(plain_config(server.port(), "team"), PASSWORD);
    let batch = email.poll(None).await.unwrap();
    let mut found: Vec<_> = batch
        .events
        .iter()
        .map(|e| match e {
            Event::Message(m) => (
                m.subject.clone().unwrap(),
                m.place,
                m.thread.provider.clone(),
                m.remote_id.0.clone(),
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let places: Vec<_> = found.iter().map(|f| (f.0.as_str(), f.1)).collect();
    assert_eq!(
        places,
        [
            ("answered", Place::Inbox),
            ("archived", Place::Other),
            ("in", Place::Inbox),
            ("sent", Place::Sent)
        ]
    );
    assert!(found.iter().all(|f| f.2.as_deref() == Some("gm-4d")));
    assert!(found[0].3.ends_with("gm\u{1f}9005"), "{}", found[0].3);
    assert!(server.heard("ID (\"name\" \"Parley\"") == 1);
    for label in ["INBOX", "Customers", "Sent Mail", "Trash"] {
        assert_eq!(server.heard(&format!("EXAMINE \"{label}")), 0, "{label}");
    }
    // Another numbering is no other mail.
    server.change(|w| w.folder("[Gmail]/All Mail").renumber(99));
    let again = email.poll(Some(&batch.next)).await.unwrap();
    let ids: BTreeSet<_> = again
        .events
        .iter()
        .map(|e| match e {
            Event::Message(m) => m.remote_id.0.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, found.iter().map(|f| f.3.clone()).collect());
}

/// Adds a mail to a folder at Gmail.
fn at_gmail(world: &mut World, folder: &str, subject: &str, n: i64, number: u64) {
    let folder = world.folder(folder);
    folder.add(&mail(subject), THEN + n);
    folder.mails.last_mut().unwrap().gmail = Gmail {
        message: number,
        thread: number,
        labels: vec!["\\Inbox".into()],
    };
}

/// Removes the mail with Gmail's number from a folder.
fn gone(world: &mut World, folder: &str, number: u64) {
    let folder = world.folder(folder);
    let is = |m: &&parley_sandbox::imap::Mail| m.gmail.message == number;
    let uid = folder.mails.iter().find(is).unwrap().uid;
    folder.remove(uid);
}

const GONE: &str =
    "SELECT remote_id FROM delivery WHERE account = ?1 AND vanished = 1 ORDER BY remote_id";

const ALL_MAIL: &str = "[Gmail]/All Mail";

#[tokio::test]
async fn what_goes_at_gmail_is_noted_whoever_read_it() {
    // Gmail's numbers rise with time, but for a mail that was in the bin meanwhile.
    let numbers: Vec<u64> = (0..200u64).map(|n| 1_000 + 10 * n).collect();
    for restarted in [false, true] {
        let mut world = World::gmail();
        for (n, number) in (0..).zip(&numbers) {
            at_gmail(&mut world, ALL_MAIL, &format!("m{n:03}"), n, *number);
        }
        let server = served(world).await;
        let desk = Workspace::new();
        let mut mailbox = in_store(&server, &desk, "team").await;
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.subjects().await.len(), 200);
        if restarted {
            mailbox.begin_anew().await;
        }
        server.change(|w| {
            for number in [1_000, 1_500, 1_510, 2_990] {
                gone(w, ALL_MAIL, number);
            }
            let uid = w.folder(ALL_MAIL).mails[4].uid;
            // Binned and taken out again: another number in the folder, the same mail.
            w.move_mail(uid, ALL_MAIL, "[Gmail]/Trash");
            w.move_mail(1, "[Gmail]/Trash", ALL_MAIL);
            at_gmail(w, ALL_MAIL, "new", 900, 9_000);
        });
        mailbox.poll().await.unwrap();
        let id = |n: u64| format!("{ALL_MAIL}\u{1f}gm\u{1f}{n}");
        let went = [1_000, 1_500, 1_510, 2_990].map(id);
        assert_eq!(mailbox.ask(GONE).await, went, "restarted: {restarted}");
        assert_eq!(mailbox.subjects().await.len(), 201);
        // What comes back is there again.
        server.change(|w| at_gmail(w, ALL_MAIL, "m050", 50, 1_500));
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.ask(GONE).await.len(), 3);
        assert_eq!(mailbox.subjects().await.len(), 201);
        // Nothing is left to do.
        server.forget();
        mailbox.poll().await.unwrap();
        assert_eq!(server.heard("FETCH") + server.heard("SEARCH"), 0);
    }
}

#[tokio::test]
async fn hundreds_that_go_at_gmail_at_once_are_all_noted() {
    let mut world = World::gmail();
    for n in 0..450 {
        at_gmail(
            &mut world,
            ALL_MAIL,
            &format!("m{n:03}"),
            n,
            1_000 + n.unsigned_abs(),
        );
    }
    let server = served(world).await;
    let desk = Workspace::new();
    let mut mailbox = in_store(&server, &desk, "team").await;
    mailbox.poll().await.unwrap();
    mailbox.begin_anew().await;
    server.change(|w| w.folder(ALL_MAIL).mails.retain(|m| m.uid % 2 == 0));
    mailbox.poll().await.unwrap();
    assert_eq!(mailbox.ask(GONE).await.len(), 225);
}

#[tokio::test]
async fn a_label_that_is_taken_off_at_gmail_ends_that_delivery_and_no_other() {
    let mut world = World::gmail();
    for n in 1..=3u64 {
        let at = i64::try_from(n).unwrap();
        for folder in ["INBOX", "Customers"] {
            at_gmail(&mut world, folder, &format!("m{n}"), at, 5_000 + n);
        }
    }
    let server = served(world).await;
    let desk = Workspace::new();
    let config = EmailConfig {
        folders: vec!["INBOX".into(), "Customers".into()],
        ..plain_config(server.port(), "team")
    };
    let mut mailbox = desk.connect(config).await;
    mailbox.poll().await.unwrap();
    mailbox.begin_anew().await;
    server.change(|w| gone(w, "INBOX", 5_002));
    mailbox.poll().await.unwrap();
    assert_eq!(mailbox.ask(GONE).await, ["INBOX\u{1f}gm\u{1f}5002"]);
    assert_eq!(mailbox.subjects().await, ["m1", "m2", "m3"]);
}

/// Puts the inbox back to its first two mails and lets others arrive under the numbers after them.
fn put_back(world: &mut World, others: i64) {
    let inbox = world.folder("INBOX");
    for uid in [3, 4, 5] {
        inbox.remove(uid);
    }
    inbox.number_anew();
    for n in 1..=others {
        inbox.add(&mail(&format!("other {n}")), THEN + 60 + n);
    }
}

#[tokio::test]
async fn numbers_that_went_back_and_past_what_was_read_are_noticed() {
    // Two: below what was read; three: exactly as far; eight: past it.
    for (others, reconnected) in [(2, true), (3, true), (8, true), (2, false), (8, false)] {
        for world in [World::plain(), World::modern(), World::exchange()] {
            let server = served(filled(world)).await;
            let desk = Workspace::new();
            let mut mailbox = in_store(&server, &desk, "team").await;
            mailbox.poll().await.unwrap();
            server.change(|w| w.folder("INBOX").add(&mail("in 6"), THEN + 6));
            mailbox.poll().await.unwrap();
            server.change(|w| w.folder("INBOX").remove(6));
            mailbox.poll().await.unwrap();
            server.change(|w| put_back(w, others));
            if reconnected {
                mailbox.begin_anew().await;
            }
            mailbox.poll().await.unwrap();
            let mut all: Vec<String> = ALL.iter().map(|s| (*s).to_owned()).collect();
            all.push("in 6".into());
            all.extend((1..=others).map(|n| format!("other {n}")));
            all.sort();
            assert_eq!(mailbox.subjects().await, all, "{others}, {reconnected}");
            // Once is enough, and nothing is left to do.
            mailbox.poll().await.unwrap();
            let texts = server.heard("BODY.PEEK[]");
            server.change(|w| w.folder("INBOX").add(&mail("zzz"), THEN + 90));
            mailbox.poll().await.unwrap();
            assert_eq!(server.heard("BODY.PEEK[]"), texts + 1);
            all.push("zzz".into());
            assert_eq!(mailbox.subjects().await, all);
        }
    }
}

#[tokio::test]
async fn mails_whose_times_changed_at_the_server_are_not_read_again() {
    let server = served(filled(World::plain())).await;
    let desk = Workspace::new();
    let mut mailbox = in_store(&server, &desk, "team").await;
    mailbox.poll().await.unwrap();
    mailbox.poll().await.unwrap();
    let texts = server.heard("BODY.PEEK[]");
    server.change(|w| {
        for m in &mut w.folder("INBOX").mails {
            m.at += 1_000;
        }
    });
    mailbox.begin_anew().await;
    mailbox.poll().await.unwrap();
    assert_eq!(server.heard("BODY.PEEK[]"), texts);
    assert_eq!(mailbox.subjects().await, ALL);
}

#[tokio::test]
async fn read_marks_go_both_ways_and_not_round_in_circles() {
    for world in [World::plain(), World::modern(), World::exchange()] {
        let server = served(world).await;
        let desk = Workspace::new();
        let config = EmailConfig {
            sync_read: true,
            ..plain_config(server.port(), "team")
        };
        let mut mailbox = desk.connect(config).await;
        mailbox.poll().await.unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = i64::try_from(now.as_secs()).unwrap() + 5;
        server.change(|w| {
            for n in 1..=3 {
                w.folder("INBOX")
                    .add(&fresh(&format!("live {n}"), now + n), now + n);
            }
        });
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.unread().await, ["live 1", "live 2", "live 3"]);
        // There, then here.
        server.change(|w| w.folder("INBOX").mark_seen(2, true));
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.unread().await, ["live 1", "live 3"]);
        assert_eq!(server.heard("UID STORE"), 0);
        // Here, then there; also when it has to wait for the next start.
        mailbox.mark(true).await;
        assert!(mailbox.unread().await.is_empty());
        assert_eq!(
            mailbox
                .ask("SELECT count(*) FROM read_mark WHERE account = ?1")
                .await,
            ["2"]
        );
        mailbox.begin_anew().await;
        mailbox.poll().await.unwrap();
        assert!(server.change(|w| w.folder("INBOX").mails.iter().all(|m| m.seen)));
        assert_eq!(mailbox.ask("SELECT count(*) FROM read_mark").await, ["0"]);
        let stored = server.heard("UID STORE");
        for _ in 0..3 {
            mailbox.poll().await.unwrap();
        }
        assert_eq!(
            (server.heard("UID STORE"), mailbox.unread().await.len()),
            (stored, 0)
        );
        // Unread again here, and at the same time read there: what a person did here wins.
        mailbox.mark(false).await;
        server.change(|w| {
            w.folder("INBOX").mark_seen(3, false);
            w.folder("INBOX").mark_seen(3, true);
        });
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.unread().await, ["live 3"]);
        assert!(!server.change(|w| w.folder("INBOX").mails[2].seen));
        // Unread again there.
        server.change(|w| w.folder("INBOX").mark_seen(1, false));
        mailbox.poll().await.unwrap();
        assert_eq!(mailbox.unread().await, ["live 1", "live 3"]);
    }
}

use std::time::{SystemTime, UNIX_EPOCH};

/// A mail of a person that arrives now.
fn fresh(subject: &str, at: i64) -> Vec<u8> {
    let date = mail_date(at);
    let text = String::from_utf8(mail(subject)).unwrap();
    text.replace("Tue, 2 Jan 2024 10:00:00 +0000", &date)
        .into_bytes()
}

fn mail_date(at: i64) -> String {
    let t = mail_parser::DateTime::from_timestamp(at);
    t.to_rfc822()
}

#[tokio::test]
async fn without_the_setting_nothing_is_marked_anywhere() {
    let server = served(filled(World::modern())).await;
    let desk = Workspace::new();
    let mailbox = in_store(&server, &desk, "team").await;
    mailbox.poll().await.unwrap();
    mailbox.mark(true).await;
    server.change(|w| w.folder("INBOX").mark_seen(2, true));
    mailbox.poll().await.unwrap();
    for verb in ["UID STORE", "SELECT "] {
        assert_eq!(server.heard(verb), 0, "{verb}");
    }
    assert_eq!(mailbox.ask("SELECT count(*) FROM read_mark").await, ["0"]);
}

#[tokio::test]
async fn history_rests_and_goes_on_and_news_do_not_wait_for_it() {
    let mut world = World::plain();
    for n in 0..260 {
        world
            .folder("INBOX")
            .add(&mail(&format!("m{n:03}")), THEN + n);
    }
    let server = served(world).await;
    let mut desk = Workspace::new();
    let mut mailbox = in_store(&server, &desk, "team").await;
    mailbox.history(false).await;
    mailbox.poll().await.unwrap();
    assert_eq!(mailbox.subjects().await.len(), 0);
    server.change(|w| w.folder("INBOX").add(&mail("news"), THEN + 999));
    mailbox.poll().await.unwrap();
    assert_eq!(mailbox.subjects().await, ["news"]);
    // It still rests after a restart of the program.
    desk = desk.again().await;
    mailbox = in_store(&server, &desk, "team").await;
    mailbox.poll().await.unwrap();
    assert_eq!(mailbox.subjects().await, ["news"]);
    assert_eq!(
        mailbox
            .ask("SELECT progress FROM account WHERE id = ?1")
            .await,
        ["[0,260]"]
    );
    mailbox.history(true).await;
    mailbox.poll().await.unwrap();
    assert_eq!(mailbox.subjects().await.len(), 261);
}

#[tokio::test]
async fn a_silent_server_a_reset_and_a_drip_end_in_time_and_lose_nothing() {
    let server = served(filled(World::modern())).await;
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()).into())
        .await
        .unwrap();
    let desk = Workspace::new();
    let mailbox = desk.connect(plain_config(proxy.port(), "team")).await;
    for fault in [Fault::BlackHole, Fault::Reset, Fault::Refuse] {
        proxy.set(fault).await.unwrap();
        let started = Instant::now();
        let Err(Error::Channel(e)) = mailbox.poll().await else {
            panic!("{fault:?}")
        };
        assert_eq!(e.remedy, Remedy::Retry, "{fault:?}: {e}");
        assert!(started.elapsed() < Duration::from_secs(4), "{fault:?}");
    }
    // Silence in the middle of a kept connection.
    proxy.set(Fault::Pass).await.unwrap();
    mailbox.poll().await.unwrap();
    proxy.set(Fault::BlackHole).await.unwrap();
    assert!(mailbox.poll().await.is_err());
    proxy.set(Fault::Drip(Duration::ZERO)).await.unwrap();
    server.change(|w| w.folder("INBOX").add(&mail("slow"), THEN + 50));
    mailbox.poll_until_quiet().await;
    let mut all: Vec<String> = ALL.iter().map(|s| (*s).to_owned()).collect();
    all.push("slow".into());
    assert_eq!(mailbox.subjects().await, all);
    // A drip that would never end is ended.
    let slow = Quirks {
        drip: Some(Duration::from_millis(100)),
        ..Quirks::default()
    };
    server.change(|w| w.quirks = slow);
    proxy.set(Fault::Pass).await.unwrap();
    mailbox.live.connector.close().await;
    let started = Instant::now();
    assert!(mailbox.poll().await.is_err());
    assert!(started.elapsed() < QUICK.total * 3);
}

#[tokio::test]
async fn a_session_cut_at_any_byte_loses_and_doubles_nothing() {
    let mut world = World::modern();
    for n in 1..=2 {
        world
            .folder("INBOX")
            .add(&mail(&format!("in {n}")), THEN + n);
    }
    let server = served(world).await;
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()).into())
        .await
        .unwrap();
    let through = plain_config(proxy.port(), "team");
    connector(through.clone(), PASSWORD)
        .poll(None)
        .await
        .unwrap();
    let counts = proxy.counts();
    let mut failures = 0;
    for (direction, whole, step) in [
        (Direction::ToClient, counts.to_client, 1),
        (Direction::ToServer, counts.to_server, 3),
    ] {
        for after in (0..whole + 5).step_by(step) {
            proxy.set(Fault::Cut { direction, after }).await.unwrap();
            let email = Email::with_limits(
                through.clone(),
                parley_engine::connectors::Context {
                    clock: Arc::new(SystemClock),
                    net: Arc::new(parley_engine::connectors::http::Net::new(Arc::new(
                        SystemClock,
                    ))),
                    credentials: std::sync::Arc::new(parley_engine::connectors::Password(
                        PASSWORD.to_owned().into(),
                    )),
                },
                QUICK,
            );
            match email.poll(None).await {
                Ok(batch) => assert_eq!(
                    (batch.events.len(), batch.more),
                    (2, false),
                    "{direction:?} {after}"
                ),
                Err(e) => {
                    failures += 1;
                    assert_eq!(e.remedy, Remedy::Retry, "{direction:?} {after}: {e}");
                }
            }
        }
    }
    assert!(failures > 500, "{failures} of {counts:?}");
}

// ---- random histories ---------------------------------------------------------------------------------

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// What is in the folders that are read.
fn present(world: &World) -> BTreeSet<String> {
    let read = |f: &&parley_sandbox::imap::Mailbox| f.id != "FJunk" && f.id != "Fother";
    let subject = |raw: &Vec<u8>| {
        let text = String::from_utf8_lossy(raw).into_owned();
        text.lines()
            .find_map(|l| l.strip_prefix("Subject: ").map(str::to_owned))
            .unwrap()
    };
    world
        .folders
        .iter()
        .filter(read)
        .flat_map(|f| f.mails.iter().map(|m| subject(&m.raw)))
        .collect()
}

/// One thing that happens at the server.
fn happens(world: &mut World, random: &mut Random, case: u64, made: &mut i64) {
    let folder = random.below(world.folders.len());
    let name = String::from_utf8(world.folders[folder].name.clone()).unwrap();
    let uids: Vec<u32> = world.folders[folder].mails.iter().map(|m| m.uid).collect();
    let uid = if uids.is_empty() {
        0
    } else {
        uids[random.below(uids.len())]
    };
    // A folder without an id of its own that changes its name, its numbering and its mails at once is another folder.
    let same = world.capability.contains("OBJECTID") || world.folders[folder].id != "FOrders";
    match random.below(14) {
        0..=4 => {
            *made += 1;
            // Several arrive in one second.
            let at = THEN + *made / 3;
            world
                .folder(&name)
                .add(&mail(&format!("c{case} m{made}")), at);
        }
        5 | 6 => {
            let to = random.below(world.folders.len());
            let to = String::from_utf8(world.folders[to].name.clone()).unwrap();
            // What lies in a folder that is not read may still move; what is junk stays.
            if to != name && name != "Junk" && to != "Junk" {
                world.move_mail(uid, &name, &to);
            }
        }
        7 => {
            world.folder(&name).remove(uid);
        }
        8 => world.folder(&name).mark_seen(uid, random.below(2) == 0),
        9 if same => {
            let validity = world.folders[folder].validity + 1_000;
            world.folder(&name).renumber(validity);
        }
        10 if world.folders[folder].id == "FOrders" && uid > 0 => {
            *made += 1;
            world.folder(&name).name = format!("Orders {made}").into_bytes();
        }
        11 => {
            let after = random.below(30);
            let first = world.quirks.bye_after.filter(|n| *n == 0);
            world.quirks.bye_after = first.or(Some(after));
        }
        // The server is put back to an earlier state, which ends every connection, and then mail goes on arriving.
        13 if same && name != "Junk" => {
            for uid in uids.iter().rev().take(random.below(4)) {
                world.folder(&name).remove(*uid);
            }
            world.folder(&name).number_anew();
            world.quirks.bye_after = Some(0);
            for _ in 0..random.below(5) {
                *made += 1;
                let subject = format!("c{case} m{made}");
                world.folder(&name).add(&mail(&subject), THEN + *made / 3);
            }
        }
        12 => world.quirks.exists = (random.below(2) == 0).then_some(3),
        _ => {}
    }
}

#[tokio::test]
async fn whatever_happens_at_the_server_nothing_is_lost_and_nothing_doubled() {
    let cases = std::env::var("PARLEY_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100u64);
    let desk = Workspace::new();
    for case in 0..cases {
        let mut random = Random(case.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1);
        let mut world = if case % 2 == 0 {
            World::plain()
        } else {
            World::modern()
        };
        world
            .folders
            .push(parley_sandbox::imap::Mailbox::new("Orders", 14));
        world
            .folders
            .push(parley_sandbox::imap::Mailbox::new("other", 15));
        let server = served(world).await;
        let config = EmailConfig {
            folders: vec!["INBOX".into(), "Sent".into(), "Orders".into()],
            sync_read: case % 3 == 0,
            ..plain_config(server.port(), &format!("team{case}"))
        };
        let mut mailbox = desk.connect(config).await;
        // A folder that was never read cannot be found again under another name.
        mailbox.poll_until_quiet().await;
        let (mut made, mut must) = (0, BTreeSet::new());
        for _ in 0..12 {
            for _ in 0..1 + random.below(5) {
                server.change(|w| happens(w, &mut random, case, &mut made));
            }
            match random.below(4) {
                0 => mailbox.begin_anew().await,
                // Some polls fail, and nothing may be expected of them.
                1 => {
                    let _ = mailbox.poll().await;
                    continue;
                }
                _ => {}
            }
            mailbox.poll_until_quiet().await;
            // A renamed folder is noticed by one poll and read by the next.
            mailbox.poll_until_quiet().await;
            must.extend(server.change(|w| present(w)));
        }
        let there = mailbox.subjects().await;
        let counts = counted(&there);
        assert!(
            counts.values().all(|n| *n == 1),
            "case {case}: doubled {counts:?}"
        );
        let lost: Vec<_> = must
            .iter()
            .filter(|s| !counts.contains_key(s.as_str()))
            .collect();
        assert!(lost.is_empty(), "case {case}: lost {lost:?}");
        let made_up: Vec<_> = there
            .iter()
            .filter(|s| !s.starts_with(&format!("c{case} ")))
            .collect();
        assert!(made_up.is_empty(), "case {case}: {made_up:?}");
    }
}
