//! Where Postfix can run, it takes mail from a logged-in client, delivers it, and bounces what it cannot deliver.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use parley_sandbox::{Dovecot, Error, Postfix, dovecot::Options};

const TEAM: &str = "support@desk.test";
const ANNA: &str = "anna@shop.test";

struct Client(BufReader<TcpStream>);

impl Client {
    fn say(&mut self, command: &str) -> String {
        write!(self.0.get_mut(), "{command}\r\n").unwrap();
        self.reply()
    }

    fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            all += &line;
            if line.as_bytes().get(3) != Some(&b'-') {
                return all;
            }
        }
    }
}

fn wait_for_mail(dovecot: &Dovecot, user: &str, part: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !dovecot
        .mails(user, "INBOX")
        .unwrap()
        .iter()
        .any(|mail| String::from_utf8_lossy(mail).contains(part))
    {
        assert!(Instant::now() < deadline, "{user} never got {part}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_logged_in_client_sends_and_an_unknown_recipient_bounces() {
    let dovecot = Dovecot::start(Options::users(&[(TEAM, "s3cret"), (ANNA, "s3cret")])).unwrap();
    let postfix = match Postfix::start(&dovecot) {
        Err(Error::Skipped(why)) => return println!("skipped: {why}"),
        other => other.unwrap_or_else(|error| panic!("{error}")),
    };
    let stream = TcpStream::connect(("127.0.0.1", postfix.submission_port())).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut client = Client(BufReader::new(stream));
    client.reply();
    assert!(client.say("EHLO test").contains("STARTTLS"));
    client.say("MAIL FROM:<support@desk.test>");
    assert!(
        client.say("RCPT TO:<anna@shop.test>").starts_with("554"),
        "anybody may send"
    );
    client.say("RSET");
    assert!(
        client
            .say("AUTH PLAIN AHN1cHBvcnRAZGVzay50ZXN0AHMzY3JldA==")
            .starts_with("235"),
        "{}",
        postfix.log()
    );
    assert!(
        client
            .say("MAIL FROM:<support@desk.test>")
            .starts_with("250")
    );
    assert!(client.say("RCPT TO:<anna@shop.test>").starts_with("250"));
    assert!(
        client
            .say("RCPT TO:<ghost@nowhere.test>")
            .starts_with("250")
    );
    assert!(client.say("DATA").starts_with("354"));
    assert!(
        client
            .say("Subject: through postfix\r\n\r\nText\r\n.")
            .starts_with("250")
    );
    wait_for_mail(&dovecot, ANNA, "Subject: through postfix");
    wait_for_mail(
        &dovecot,
        TEAM,
        "Final-Recipient: rfc822; ghost@nowhere.test",
    );
}
