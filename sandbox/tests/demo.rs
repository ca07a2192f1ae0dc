//! The demo's servers hold believable mail, take a customer's mail, and end with whoever started them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use parley_sandbox::demo::Facts;
use serde_json::{Value, json};

struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    facts: Facts,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_parley-sandbox"))
            .args(["demo-servers", "--control", "--dir"])
            .arg(folder)
            // A demo that is killed cannot remove its temporary files: they go with the test's folder.
            .env("TMPDIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        lines.read_line(&mut ready).unwrap();
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let facts = serde_json::from_value(ready["demo"].clone()).unwrap();
        Self {
            child,
            lines,
            facts,
        }
    }

    fn order(&mut self, order: &Value) -> Value {
        writeln!(self.child.stdin.as_mut().unwrap(), "{order}").unwrap();
        let mut answer = String::new();
        self.lines.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{order}: {answer}");
        answer["ok"].clone()
    }

    fn mails(&mut self, user: &str, mailbox: &str) -> Vec<String> {
        serde_json::from_value(
            self.order(&json!({ "do": "mails", "user": user, "mailbox": mailbox })),
        )
        .unwrap()
    }

    fn end(mut self) -> Facts {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        self.facts
    }
}

/// A request as a browser sends it, and the whole answer.
fn http(port: u16, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_first_start_brings_mail_and_the_second_keeps_mail_password_and_ports() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let mut demo = Running::start(folder.path());
    let inbox = demo.mails("support@desk.test", "INBOX");
    assert_eq!(inbox.len(), 8);
    for part in [
        "multipart/alternative",
        "filename=\"list.csv\"",
        "List-Id:",
        "report-type=delivery-status",
        "Auto-Submitted: auto-replied",
    ] {
        assert!(
            inbox.iter().any(|mail| mail.contains(part)),
            "no mail with {part}"
        );
    }
    assert_eq!(demo.mails("support@desk.test", "Sent").len(), 1);
    assert_eq!(demo.mails("anna@shop.test", "INBOX").len(), 1);
    demo.order(&json!({ "do": "write", "from": "Anna <anna@shop.test>", "subject": "Neu: ü", "text": "Hallo" }));
    let first = demo.end();
    assert!(
        TcpStream::connect(("127.0.0.1", first.imap_port)).is_err(),
        "a server outlives the demo"
    );

    let mut demo = Running::start(folder.path());
    assert_eq!(demo.mails("support@desk.test", "INBOX").len(), 9);
    let second = demo.end();
    assert_eq!(
        (
            &first.password,
            first.imap_port,
            first.smtp_port,
            first.page_port
        ),
        (
            &second.password,
            second.imap_port,
            second.smtp_port,
            second.page_port
        )
    );
}

#[test]
fn servers_stop_and_come_back_and_passwords_change_on_order() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let mut demo = Running::start(folder.path());
    for (server, port) in [
        ("imap", demo.facts.imap_port),
        ("smtp", demo.facts.smtp_port),
    ] {
        demo.order(&json!({ "do": "stop", "server": server }));
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{server}");
        demo.order(&json!({ "do": "start", "server": server }));
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "{server}");
    }
    demo.order(&json!({ "do": "password", "user": "support@desk.test", "password": "other" }));
    demo.order(&json!({ "do": "fault", "name": "refuse_recipient" }));
    assert_eq!(demo.order(&json!({ "do": "accepted" })), json!([]));
    demo.end();
}

#[test]
fn the_page_writes_as_a_customer_and_shows_the_customers_mail_harmlessly() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let mut demo = Running::start(folder.path());
    let port = demo.facts.page_port;
    let host = format!("Host: 127.0.0.1:{port}");
    let desk = http(port, &format!("GET / HTTP/1.1\r\n{host}"), "");
    assert!(
        desk.contains("Write to support@desk.test") && desk.contains("default-src 'none'"),
        "{desk}"
    );
    let sent = http(
        port,
        &format!("POST /write HTTP/1.1\r\n{host}"),
        "as=tom%40garden.test&subject=Gru%C3%9F&text=a+b%0D%0Ac&in_reply_to=",
    );
    assert!(sent.starts_with("HTTP/1.1 303"), "{sent}");
    let inbox = demo.mails("support@desk.test", "INBOX");
    let written = inbox
        .iter()
        .find(|mail| mail.contains("From: tom@garden.test"))
        .unwrap();
    assert!(written.contains("=?utf-8?B?"));

    demo.order(&json!({ "do": "deliver", "to": "tom@garden.test", "mail":
        "From: x@y.test\nSubject: <script>alert(1)</script>\nMessage-ID: <\"&@y.test>\n\n<img src=x onerror=y>\n" }));
    let mailbox = http(
        port,
        &format!("GET /mailbox?as=tom%40garden.test HTTP/1.1\r\n{host}"),
        "",
    );
    assert!(
        mailbox.contains("&lt;script&gt;") && mailbox.contains("&lt;img"),
        "{mailbox}"
    );
    assert!(
        !mailbox.contains("<script") && !mailbox.contains("<img"),
        "{mailbox}"
    );
    demo.end();
}

#[test]
fn the_page_refuses_other_names_and_other_sites() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let demo = Running::start(folder.path());
    let port = demo.facts.page_port;
    let rebound = http(port, "GET / HTTP/1.1\r\nHost: evil.test", "");
    assert!(rebound.starts_with("HTTP/1.1 403"), "{rebound}");
    let foreign =
        format!("POST /write HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: https://evil.test");
    let foreign = http(port, &foreign, "subject=x&text=y");
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    demo.end();
}

#[test]
fn a_killed_demo_leaves_no_server_behind() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let mut demo = Running::start(folder.path());
    demo.child.kill().unwrap();
    demo.child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(("127.0.0.1", demo.facts.imap_port)).is_ok() {
        assert!(
            Instant::now() < deadline,
            "Dovecot goes on without its owner"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_command_line_writes_as_a_customer() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let mut demo = Running::start(folder.path());
    let done = Command::new(env!("CARGO_BIN_EXE_parley-sandbox"))
        .args([
            "write-as-customer",
            "--subject",
            "From the shell",
            "--text",
            "Hello",
            "--dir",
        ])
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(done.success());
    assert!(
        demo.mails("support@desk.test", "INBOX")
            .iter()
            .any(|mail| mail.contains("Subject: From the shell"))
    );
    demo.end();
}

/// Where the tests run as root, Dovecot runs as nobody and has to reach its mail.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}
