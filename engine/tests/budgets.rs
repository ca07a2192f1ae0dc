//! Every bound on what one mail may cost, tried one below it, at it, and one above it.
#![allow(clippy::unwrap_used, clippy::panic)] // tests fail by them

use parley_engine::connectors::email::budget::{
    CUT_MARK, MAX_ADDRESSES, MAX_FILE_NAME, MAX_HEADER, MAX_HEADER_BLOCK, MAX_HEADERS, MAX_MAIL,
    MAX_TEXT,
};
use parley_engine::connectors::email::convert::convert;
use parley_engine::connectors::email::html::{MAX_DEPTH, MAX_HTML, MAX_LINKS, MAX_TAGS, sanitise};
use parley_engine::model::{Event, Incoming, Place, RemoteId};

const FROM: &str = "From: anna@home.test\n";

/// A bound: its name, its number, and whether a mail of that measure is taken whole.
type Bound = (&'static str, usize, fn(usize) -> bool);

const BOUNDS: &[Bound] = &[
    ("header fields", MAX_HEADERS, fields),
    ("bytes of the header", MAX_HEADER_BLOCK, header_of),
    ("bytes of one field", MAX_HEADER, field_of),
    ("addresses", MAX_ADDRESSES, addresses),
    (
        "addresses over all fields",
        MAX_ADDRESSES,
        addresses_of_three_fields,
    ),
    ("bytes of text", MAX_TEXT, text_of),
    ("bytes of HTML", MAX_HTML, html_of),
    ("tags", MAX_TAGS, tags),
    ("depth", MAX_DEPTH, depth),
    ("links", MAX_LINKS, links),
    ("bytes of a file's name", MAX_FILE_NAME, file_name),
    (
        "bytes of a file's name in other letters",
        MAX_FILE_NAME,
        wide_file_name,
    ),
];

#[test]
fn each_bound_takes_what_is_below_and_at_it_and_not_what_is_above_it() {
    for (name, bound, whole) in BOUNDS {
        tried(name, *bound, *whole);
    }
}

#[test]
fn a_mail_of_fifty_megabytes_is_read_and_a_larger_one_is_kept_unread() {
    tried("bytes of a mail", MAX_MAIL, mail_of);
}

fn tried(name: &str, bound: usize, whole: fn(usize) -> bool) {
    for (n, taken) in [(bound - 1, true), (bound, true), (bound + 1, false)] {
        assert_eq!(whole(n), taken, "{name}: {n} of {bound}");
    }
}

/// The mail, or nothing where it is kept unread; then with its bytes and a reason.
fn read(raw: &[u8]) -> Option<Box<Incoming>> {
    match convert(raw, RemoteId(String::new()), Place::Inbox, None, false) {
        Event::Message(m) => Some(m),
        Event::Unreadable {
            raw: kept, reason, ..
        } => {
            assert!(kept == raw && !reason.is_empty());
            None
        }
        _ => panic!("a mail became something else"),
    }
}

fn mail_of(n: usize) -> bool {
    let mut raw = format!("{FROM}Content-Type: application/octet-stream\n\n").into_bytes();
    raw.resize(n, b'a');
    read(&raw).is_some_and(|m| m.files.len() == 1)
}

fn fields(n: usize) -> bool {
    read(format!("{FROM}{}\nhi", "X: y\n".repeat(n - 1)).as_bytes()).is_some_and(|m| m.text == "hi")
}

fn header_of(n: usize) -> bool {
    // The empty line at its end counts.
    let line = format!("X: {}\n", "y".repeat(600));
    let mut head = FROM.to_owned();
    while head.len() + line.len() + 10 < n {
        head.push_str(&line);
    }
    head.push_str(&format!("X: {}\n\n", "y".repeat(n - head.len() - 5)));
    assert_eq!(head.len(), n);
    read(format!("{head}hi").as_bytes()).is_some_and(|m| m.text == "hi")
}

/// What stands behind the bound is not looked at; the mail is read.
fn field_of(n: usize) -> bool {
    let (first, last) = ("a@home.test,", "z@home.test");
    let room = " ".repeat(n - first.len() - last.len());
    let m = read(format!("{FROM}To: {first}{room}{last}\n\nhi").as_bytes()).unwrap();
    assert_eq!(m.to[0].address, "a@home.test");
    m.to.get(1).is_some_and(|p| p.address == last)
}

fn list(name: &str, n: usize) -> String {
    let all: Vec<String> = (0..n).map(|i| format!("{name}{i}@b.test")).collect();
    format!("{name}: {}\n", all.join(", "))
}

fn addresses(n: usize) -> bool {
    let raw = format!("{FROM}{}\nhi", list("To", n));
    read(raw.as_bytes()).is_some_and(|m| m.to.len() == n)
}

fn addresses_of_three_fields(n: usize) -> bool {
    let third = n / 3;
    let raw = format!(
        "{FROM}{}{}{}\nhi",
        list("To", third),
        list("Cc", third),
        list("Reply-To", n - 2 * third)
    );
    read(raw.as_bytes()).is_some_and(|m| m.to.len() + m.cc.len() + m.reply_to.len() == n)
}

/// A longer text is cut and says so.
fn text_of(n: usize) -> bool {
    let line = format!("{}\n", "word ".repeat(400));
    let mut text = line.repeat(n / line.len());
    text.push_str(&"x".repeat(n - text.len()));
    let m = read(format!("{FROM}\n{text}").as_bytes()).unwrap();
    let cut = m.text.strip_suffix(CUT_MARK);
    assert!(cut.is_none_or(|t| t.len() == MAX_TEXT && text.starts_with(t)));
    m.text == text
}

fn html_of(n: usize) -> bool {
    let (front, back) = ("<!--", "--><p>hi</p>");
    let html = format!("{front}{}{back}", "x".repeat(n - front.len() - back.len()));
    sanitise(&html).is_some_and(|s| s.clean.html == "<p>hi</p>")
}

fn tags(n: usize) -> bool {
    sanitise(&"<br>".repeat(n)).is_some_and(|s| s.clean.html.len() == 4 * n)
}

fn depth(n: usize) -> bool {
    let html = format!("{}x{}", "<div>".repeat(n), "</div>".repeat(n));
    sanitise(&html).is_some_and(|s| s.clean.html == html)
}

/// Links beyond the bound are text; all others work.
fn links(n: usize) -> bool {
    let html: String = (0..n)
        .map(|i| format!("<a href=https://a.test/{i}>w{i}</a> "))
        .collect();
    let clean = sanitise(&html).unwrap().clean;
    assert!(clean.html.contains(&format!("w{}", n - 1)));
    clean.links.len() == n
}

fn named(name: &str) -> String {
    let raw = format!(
        "{FROM}Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"{name}\"\n\nx"
    );
    let name = read(raw.as_bytes()).unwrap().files[0].name.clone();
    assert!(name.len() <= MAX_FILE_NAME && name.ends_with(".txt"));
    name
}

/// A longer name is cut, and its ending kept.
fn file_name(n: usize) -> bool {
    let name = format!("{}.txt", "a".repeat(n - 4));
    named(&name) == name
}

fn wide_file_name(n: usize) -> bool {
    let name = format!("{}{}.txt", "é".repeat(80), "a".repeat(n - 164));
    named(&name) == name
}
