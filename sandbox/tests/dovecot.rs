//! The throw-away Dovecot is what the other tests think it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use parley_sandbox::{Dovecot, Error, dovecot::Options};

const ANNA: &str = "anna@shop.test";
const MAIL: &[u8] = b"From: bob@shop.test\nTo: anna@shop.test\nSubject: Hello\nMessage-ID: <1@shop.test>\n\nText\n.\nend\n";

struct Imap {
    reader: BufReader<TcpStream>,
}

impl Imap {
    fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut imap = Self {
            reader: BufReader::new(stream),
        };
        imap.line();
        imap
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line
    }

    fn ask(&mut self, command: &str) -> String {
        self.reader
            .get_mut()
            .write_all(format!("t {command}\r\n").as_bytes())
            .unwrap();
        let mut all = String::new();
        loop {
            let line = self.line();
            all += &line;
            if line.is_empty() || line.starts_with("t ") {
                return all;
            }
        }
    }
}

#[test]
fn a_delivered_mail_is_in_the_inbox_and_the_special_folders_exist() {
    let server = Dovecot::start(Options::users(&[(ANNA, "s3:cret \"x")])).unwrap();
    server.deliver(ANNA, MAIL).unwrap();
    let mut imap = Imap::connect(server.imap_port());
    assert!(
        imap.ask(r#"LOGIN anna@shop.test "s3:cret \"x""#)
            .contains("t OK")
    );
    let list = imap.ask(r#"LIST (SPECIAL-USE) "" "*""#);
    for name in ["Sent", "Drafts", "Trash", "Junk", "Archive"] {
        assert!(
            list.contains(&format!("\\{name})")),
            "{name} is missing in {list}"
        );
    }
    assert!(imap.ask("SELECT INBOX").contains("* 1 EXISTS"));
    assert!(
        imap.ask("FETCH 1 BODY.PEEK[TEXT]")
            .contains("Text\r\n.\r\nend")
    );
    let mails = server.mails(ANNA, "INBOX").unwrap();
    assert_eq!(mails.len(), 1);
    assert!(String::from_utf8_lossy(&mails[0]).contains("Subject: Hello"));
    assert!(server.mails(ANNA, "Sent").unwrap().is_empty());
}

#[test]
fn a_wrong_password_is_refused_without_delay_and_a_changed_one_works() {
    let mut server = Dovecot::start(Options::users(&[(ANNA, "right")])).unwrap();
    let begin = Instant::now();
    for _ in 0..4 {
        assert!(
            Imap::connect(server.imap_port())
                .ask("LOGIN anna@shop.test wrong")
                .contains("t NO")
        );
    }
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "the server holds back after wrong passwords"
    );
    server.set_password(ANNA, "changed").unwrap();
    // The file's time has a coarse clock in Dovecot's eyes: it may need a moment to notice.
    let deadline = Instant::now() + Duration::from_secs(5);
    while !Imap::connect(server.imap_port())
        .ask("LOGIN anna@shop.test changed")
        .contains("t OK")
    {
        assert!(
            Instant::now() < deadline,
            "the new password is never accepted"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_stop_breaks_connections_and_a_restart_keeps_ports_and_mail() {
    let mut server = Dovecot::start(Options::users(&[(ANNA, "s3cret")])).unwrap();
    server.deliver(ANNA, MAIL).unwrap();
    let port = server.imap_port();
    let mut imap = Imap::connect(port);
    imap.ask("LOGIN anna@shop.test s3cret");
    imap.ask("SELECT INBOX");
    server.stop().unwrap();
    let mut rest = Vec::new();
    let _ = imap.reader.read_to_end(&mut rest);
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "the port still accepts connections"
    );
    server.restart().unwrap();
    assert_eq!(server.imap_port(), port);
    let mut imap = Imap::connect(port);
    imap.ask("LOGIN anna@shop.test s3cret");
    assert!(imap.ask("SELECT INBOX").contains("* 1 EXISTS"));
}

#[test]
fn dropping_the_server_ends_it_and_removes_its_folder() {
    let server = Dovecot::start(Options::users(&[(ANNA, "s3cret")])).unwrap();
    let (port, maildir) = (server.imap_port(), server.maildir(ANNA));
    server.deliver(ANNA, MAIL).unwrap();
    assert!(maildir.exists());
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!maildir.exists());
}

#[test]
fn a_taken_fixed_port_is_an_error_that_says_so() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let options = Options {
        imap_port: Some(port),
        ..Options::users(&[(ANNA, "s3cret")])
    };
    match Dovecot::start(options) {
        Err(Error::Start { reason, .. }) => {
            assert!(reason.contains("Address already in use"), "{reason}");
        }
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("started on a taken port"),
    }
}

#[test]
fn the_capability_line_can_look_like_another_server() {
    let capability = "IMAP4rev1 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+";
    let options = Options {
        imap_capability: Some(capability.into()),
        ..Options::users(&[(ANNA, "s3cret")])
    };
    let server = Dovecot::start(options).unwrap();
    let mut imap = Imap::connect(server.imap_port());
    imap.ask("LOGIN anna@shop.test s3cret");
    let answer = imap.ask("CAPABILITY");
    assert!(
        answer.contains("UNSELECT") && !answer.contains("CONDSTORE"),
        "{answer}"
    );
}

#[test]
fn an_address_that_would_leave_its_folder_is_refused() {
    assert!(matches!(
        Dovecot::start(Options::users(&[("../x@y", "p")])),
        Err(Error::Option(_))
    ));
}
