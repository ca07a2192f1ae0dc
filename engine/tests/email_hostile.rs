//! Servers that answer as no server should, played by a script: nothing is lost silently and nothing stops the account.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod email_support;

use email_support::{PASSWORD, connector, mail, server};
use parley_engine::connectors::Connector;
use parley_engine::connectors::email::Email;
use parley_engine::model::{Batch, EmailConfig, Event, Remedy, Security, SentCopy};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the script does with one command: say something (the closing line included), say what is usual, or hang up.
enum Answer {
    Say(String),
    Usual,
    HangUp(String),
}

type Script = Arc<dyn Fn(&str) -> Answer + Send + Sync>;

/// A server with mails 1, 2 and 3 in its inbox.
struct Scripted {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn start(script: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (script, log): (Script, _) = (Arc::new(script), heard.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), log.clone()));
            }
        });
        Self { port, heard }
    }

    fn email(&self) -> Email {
        let here = server(self.port, Security::None);
        let config = EmailConfig {
            address: "team@shop.test".into(),
            display_name: String::new(),
            imap: here.clone(),
            smtp: here,
            aliases: vec![],
            sent_copy: SentCopy::Auto,
            trusted_certificate: None,
            auth: parley_engine::model::Auth::default(),
            trusted_fingerprints: Vec::new(),
            signature: String::new(),
            folders: Vec::new(),
            sync_read: false,
        };
        connector(config, PASSWORD)
    }

    async fn poll(&self) -> Batch {
        self.email().poll(None).await.unwrap()
    }

    fn heard(&self, what: &str) -> usize {
        self.heard
            .lock()
            .unwrap()
            .iter()
            .filter(|l| l.contains(what))
            .count()
    }
}

async fn serve(stream: TcpStream, script: Script, log: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let greeting = match script("") {
        Answer::Say(text) | Answer::HangUp(text) => text,
        Answer::Usual => "* OK ready\r\n".into(),
    };
    stream
        .get_mut()
        .write_all(greeting.as_bytes())
        .await
        .unwrap();
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|n| n > 0) {
        let (tag, command) = line
            .trim_end()
            .split_once(' ')
            .map(|(t, c)| (t.to_owned(), c.to_owned()))
            .unwrap_or_default();
        log.lock().unwrap().push(command.clone());
        let (text, last) = match script(&command) {
            Answer::Say(text) => (text, false),
            Answer::Usual => (usual(&command), false),
            Answer::HangUp(text) => (text, true),
        };
        let _ = stream
            .get_mut()
            .write_all(text.replace("TAG ", &format!("{tag} ")).as_bytes())
            .await;
        if last {
            return;
        }
        line.clear();
    }
}

fn usual(command: &str) -> String {
    let mut text = String::new();
    match command {
        "CAPABILITY" => text.push_str("* CAPABILITY IMAP4rev1\r\n"),
        c if c.starts_with("LIST") => text.push_str("* LIST () \"/\" INBOX\r\n"),
        c if c.starts_with("EXAMINE") => {
            text.push_str("* 3 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 4] ok\r\n");
        }
        "UID SEARCH UID 1:2" => text.push_str("* SEARCH 1 2\r\n"),
        c if c.starts_with("UID SEARCH") => text.push_str("* SEARCH 1 2 3\r\n"),
        c if c.contains("RFC822.SIZE") => numbers(c)
            .iter()
            .for_each(|n| text.push_str(&size_line(*n, body(*n).len()))),
        c if c.contains("BODY.PEEK[]") => numbers(c)
            .iter()
            .for_each(|n| text.push_str(&body_line(*n))),
        _ => {}
    }
    text + "TAG OK done\r\n"
}

/// The numbers in a set as the connector writes it: `1:3`, `2`, `1,3`.
fn numbers(command: &str) -> Vec<u32> {
    let set = command.split_whitespace().nth(2).unwrap_or_default();
    let one = |part: &str| {
        let (a, b) = part.split_once(':').unwrap_or((part, part));
        a.parse::<u32>().unwrap()..=b.parse::<u32>().unwrap()
    };
    set.split(',').flat_map(one).collect()
}

fn body(n: u32) -> String {
    String::from_utf8(mail(&format!("m{n}"))).unwrap()
}

fn size_line(n: u32, size: usize) -> String {
    format!(
        "* {n} FETCH (UID {n} RFC822.SIZE {size} INTERNALDATE \" 2-Jan-2024 10:00:0{n} +0000\" FLAGS ())\r\n"
    )
}

fn body_line(n: u32) -> String {
    format!(
        "* {n} FETCH (UID {n} BODY[] {{{}}}\r\n{})\r\n",
        body(n).len(),
        body(n)
    )
}

fn subjects(batch: &Batch) -> Vec<String> {
    batch
        .events
        .iter()
        .map(|e| match e {
            Event::Message(m) => m.subject.clone().unwrap(),
            Event::Unreadable { reason, .. } => reason.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn the_script_plays_an_ordinary_server() {
    let server = Scripted::start(|_| Answer::Usual).await;
    let batch = server.poll().await;
    assert_eq!(subjects(&batch), ["m3", "m2", "m1"]);
    // Reading marks nothing, and what was read is not read again.
    let again = server.email().poll(Some(&batch.next)).await.unwrap();
    assert!(again.events.is_empty() && !again.more);
    for verb in ["SELECT", "STORE", "EXPUNGE", "DELETE", "BODY[]"] {
        assert_eq!(server.heard(verb), 0, "{verb}");
    }
}

#[tokio::test]
async fn a_mail_that_is_listed_and_not_given_is_a_gap_and_the_others_come() {
    let server = Scripted::start(|c| match c {
        c if c.contains("BODY.PEEK[]") => Answer::Say(
            numbers(c)
                .iter()
                .map(|n| {
                    if *n == 2 {
                        "* 2 FETCH (UID 2 BODY[] NIL)\r\n".into()
                    } else {
                        body_line(*n)
                    }
                })
                .collect::<String>()
                + "TAG OK done\r\n",
        ),
        _ => Answer::Usual,
    })
    .await;
    let batch = server.poll().await;
    assert_eq!(subjects(&batch), ["m3", "m1"]);
    assert!(
        batch.gaps.len() == 1
            && batch.gaps[0].place == "INBOX"
            && batch.gaps[0].reason.contains("mail 2"),
        "{:?}",
        batch.gaps
    );
    assert!(!batch.more);
}

#[tokio::test]
async fn a_refusal_of_all_bodies_at_once_leads_to_one_at_a_time() {
    let server = Scripted::start(|c| match c {
        c if c.contains("BODY.PEEK[]") && (numbers(c).len() > 1 || numbers(c) == [2]) => {
            Answer::Say("TAG NO some messages could not be fetched\r\n".into())
        }
        _ => Answer::Usual,
    })
    .await;
    let batch = server.poll().await;
    assert_eq!(
        (subjects(&batch), batch.gaps.len()),
        (vec!["m3".to_owned(), "m1".to_owned()], 1)
    );
}

#[tokio::test]
async fn mail_that_is_deleted_while_it_is_read_is_no_gap() {
    let server = Scripted::start(|c| match c {
        c if c.contains("RFC822.SIZE") => Answer::Say(
            numbers(c)
                .iter()
                .filter(|n| **n != 2)
                .map(|n| size_line(*n, body(*n).len()))
                .collect::<String>()
                + "* 2 EXPUNGE\r\nTAG OK done\r\n",
        ),
        c if c.contains("BODY.PEEK[]") => Answer::Say(format!(
            "{}* 2 EXPUNGE\r\n* 1 FETCH (FLAGS (\\Seen))\r\n{}TAG OK done\r\n",
            body_line(3),
            body_line(1)
        )),
        "UID SEARCH UID 2" => Answer::Say("* SEARCH\r\nTAG OK done\r\n".into()),
        _ => Answer::Usual,
    })
    .await;
    let batch = server.poll().await;
    assert_eq!(
        (subjects(&batch), batch.gaps.len(), batch.more),
        (vec!["m3".to_owned(), "m1".to_owned()], 0, false)
    );
}

#[tokio::test]
async fn a_connection_that_ends_inside_a_list_never_passes_for_the_end_of_the_list() {
    let server = Scripted::start(|c| {
        if c.contains("BODY.PEEK[]") {
            Answer::HangUp(body_line(3))
        } else {
            Answer::Usual
        }
    })
    .await;
    assert_eq!(
        server.email().poll(None).await.unwrap_err().remedy,
        Remedy::Retry
    );
    let server = Scripted::start(|c| {
        if c.contains("SEARCH") {
            Answer::HangUp("* SEARCH 3\r\n".into())
        } else {
            Answer::Usual
        }
    })
    .await;
    assert_eq!(
        server.email().poll(None).await.unwrap_err().remedy,
        Remedy::Retry
    );
    let server = Scripted::start(|c| {
        if c.contains("SEARCH") {
            Answer::HangUp("* BYE shutting down\r\n".into())
        } else {
            Answer::Usual
        }
    })
    .await;
    let e = server.email().poll(None).await.unwrap_err();
    assert!(
        e.remedy == Remedy::Retry && e.what.contains("shutting down"),
        "{e}"
    );
}

#[tokio::test]
async fn a_connection_that_ends_in_a_search_never_means_that_nothing_was_found() {
    let padding = "0123456789abcdef\r\n".repeat(280_000);
    let slow = Scripted::start(move |c| {
        let size = body(1).len() + padding.len();
        let given = |n: &u32| {
            format!(
                "* {n} FETCH (UID {n} BODY[] {{{size}}}\r\n{}{padding})\r\n",
                body(*n)
            )
        };
        match c {
            c if c.contains("RFC822.SIZE") => Answer::Say(
                numbers(c)
                    .iter()
                    .map(|n| size_line(*n, size))
                    .collect::<String>()
                    + "TAG OK done\r\n",
            ),
            c if c.contains("BODY.PEEK[]") => {
                Answer::Say(numbers(c).iter().map(given).collect::<String>() + "TAG OK done\r\n")
            }
            _ => Answer::Usual,
        }
    })
    .await;
    let first = slow.poll().await;
    assert!(first.more && subjects(&first) == ["m3"]);
    // The rest of the history must not be taken for read.
    let ending = Scripted::start(|c| match c {
        c if c.contains("SEARCH") => Answer::HangUp(String::new()),
        c if c.starts_with("LIST") => Answer::Say(
            "* LIST () \"/\" INBOX\r\n* LIST (\\Sent) \"/\" Sent\r\nTAG OK done\r\n".into(),
        ),
        _ => Answer::Usual,
    })
    .await;
    let lost = ending.email().poll(Some(&first.next)).await;
    assert_eq!(lost.unwrap_err().remedy, Remedy::Retry);
    // Nor a mail for one that was never sent.
    let found = ending.email().find_sent("t-1@shop.test").await;
    assert_eq!(found.unwrap_err().remedy, Remedy::Retry);
    let rest = Scripted::start(|_| Answer::Usual).await;
    let rest = rest.email().poll(Some(&first.next)).await.unwrap();
    assert_eq!(
        (subjects(&rest), rest.more),
        (vec!["m2".to_owned(), "m1".to_owned()], false)
    );
}

#[tokio::test]
async fn an_answer_that_is_nonsense_costs_only_the_mail_it_was_about() {
    let server = Scripted::start(|c| match c {
        c if c.contains("BODY.PEEK[]") => Answer::Say(
            numbers(c)
                .iter()
                .map(|n| match n {
                    2 => "* 2 FETCH (UID 2 BODY[] \"unclosed \\ nonsense\r\n* ((((\r\n\r\n\0\r\n"
                        .into(),
                    n => body_line(*n),
                })
                .collect::<String>()
                + "TAG OK done\r\n",
        ),
        _ => Answer::Usual,
    })
    .await;
    let batch = server.poll().await;
    assert_eq!(subjects(&batch), ["m3", "m1"]);
    assert!(
        batch.gaps.len() == 1 && batch.gaps[0].reason.contains("mail 2"),
        "{:?}",
        batch.gaps
    );
}

#[tokio::test]
async fn a_mail_that_breaks_the_connection_each_time_is_left_out_in_the_end() {
    let server = Scripted::start(|c| match c {
        c if c.contains("BODY.PEEK[]") && numbers(c).contains(&2) => {
            Answer::HangUp("* 2 FETCH (UID 2 BODY[] {40}\r\nFrom".into())
        }
        _ => Answer::Usual,
    })
    .await;
    let email = server.email();
    let mut failures = 0;
    let batch = loop {
        match email.poll(None).await {
            Ok(batch) => break batch,
            Err(e) => assert_eq!(e.remedy, Remedy::Retry),
        }
        failures += 1;
        assert!(failures < 10, "the account is stuck");
    };
    assert_eq!(subjects(&batch), ["m3", "m1"]);
    assert!(
        failures > 1 && batch.gaps.len() == 1 && batch.gaps[0].reason.contains("Mail 2"),
        "{failures} {:?}",
        batch.gaps
    );
}

#[tokio::test]
async fn the_last_mail_that_a_server_names_for_an_empty_range_is_not_news() {
    let server = Scripted::start(|c| match c {
        // A UIDNEXT that runs ahead makes the connector ask; the answer is the old last mail.
        c if c.starts_with("EXAMINE") => Answer::Say(
            "* 3 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 7] ok\r\nTAG OK done\r\n"
                .into(),
        ),
        c if c.contains("SEARCH UID 4:*") => Answer::Say("* SEARCH 3\r\nTAG OK done\r\n".into()),
        _ => Answer::Usual,
    })
    .await;
    let first = server.poll().await;
    let again = server.email().poll(Some(&first.next)).await.unwrap();
    assert_eq!(
        (
            first.events.len(),
            again.events.len(),
            server.heard("SEARCH UID 4:*")
        ),
        (3, 0, 1)
    );
}

#[tokio::test]
async fn an_enormous_mail_is_kept_as_a_card_with_its_header() {
    let server = Scripted::start(|c| match c {
        c if c.contains("RFC822.SIZE") => Answer::Say(numbers(c).iter().map(|n| size_line(*n, if *n == 2 { 90_000_000 } else { body(*n).len() })).collect::<String>() + "TAG OK done\r\n"),
        c if c.contains("BODY.PEEK[HEADER]") => Answer::Say("* 2 FETCH (UID 2 BODY[HEADER] {23}\r\nFrom: anna@x.test\r\n\r\n\r\n)\r\nTAG OK done\r\n".into()),
        c if c.contains("BODY.PEEK[]") => {
            assert!(!numbers(c).contains(&2), "the whole of it was asked for");
            Answer::Usual
        }
        _ => Answer::Usual,
    })
    .await;
    let batch = server.poll().await;
    assert_eq!(batch.events.len(), 3);
    assert!(
        matches!(&batch.events[1], Event::Unreadable { reason, raw, .. } if reason.contains("85 MB") && raw.starts_with(b"From: anna"))
    );
}

#[tokio::test]
async fn an_answer_of_hostile_size_is_not_waited_for() {
    let server = Scripted::start(|c| {
        if c.contains("BODY.PEEK[]") {
            Answer::Say("* 1 FETCH (UID 1 BODY[] {4000000000}\r\n".into())
        } else {
            Answer::Usual
        }
    })
    .await;
    let started = std::time::Instant::now();
    assert_eq!(
        server.email().poll(None).await.unwrap_err().remedy,
        Remedy::Retry
    );
    assert!(started.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn a_server_without_passwords_is_explained_and_never_hears_one() {
    let server = Scripted::start(|c| {
        if c == "CAPABILITY" {
            Answer::Say(
                "* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2\r\nTAG OK done\r\n".into(),
            )
        } else {
            Answer::Usual
        }
    })
    .await;
    let e = server.email().poll(None).await.unwrap_err();
    assert!(
        e.remedy == Remedy::Reconnect && e.step == "login" && e.what.contains("no passwords"),
        "{e}"
    );
    assert_eq!(server.heard("LOGIN "), 0);
}

#[tokio::test]
async fn a_server_that_is_busy_is_tried_again_and_a_refusal_is_not() {
    for (answer, remedy) in [
        ("TAG NO [UNAVAILABLE] try again later\r\n", Remedy::Retry),
        ("TAG NO [AUTHENTICATIONFAILED] wrong\r\n", Remedy::Reconnect),
        (
            "TAG NO [ALERT] Application-specific password required\r\n",
            Remedy::Reconnect,
        ),
    ] {
        let server = Scripted::start(move |c| {
            if c.starts_with("LOGIN") {
                Answer::Say(answer.into())
            } else {
                Answer::Usual
            }
        })
        .await;
        let e = server.email().poll(None).await.unwrap_err();
        assert_eq!((e.remedy, e.step), (remedy, "login"), "{answer}: {e}");
        assert!(
            !e.what.contains(PASSWORD) && !e.what.contains("pass \\\"w"),
            "{e}"
        );
    }
    let server = Scripted::start(|c| {
        if c.is_empty() {
            Answer::HangUp("* BYE too many connections\r\n".into())
        } else {
            Answer::Usual
        }
    })
    .await;
    let e = server.email().poll(None).await.unwrap_err();
    assert!(
        e.remedy == Remedy::Wait
            && e.retry_after == Some(60_000)
            && e.what.contains("too many connections"),
        "{e}"
    );
}

#[tokio::test]
async fn a_folder_that_does_not_open_is_a_gap_and_the_inbox_comes_all_the_same() {
    let server = Scripted::start(|c| match c {
        c if c.starts_with("LIST") => Answer::Say(
            "* LIST () \"/\" INBOX\r\n* LIST (\\Sent) \"/\" \"Sent Mail\"\r\nTAG OK done\r\n"
                .into(),
        ),
        "EXAMINE \"Sent Mail\"" => Answer::Say("TAG NO no such mailbox\r\n".into()),
        _ => Answer::Usual,
    })
    .await;
    let batch = server.poll().await;
    assert_eq!((batch.events.len(), batch.gaps.len()), (3, 1));
    assert_eq!(batch.gaps[0].place, "Sent Mail");
}
