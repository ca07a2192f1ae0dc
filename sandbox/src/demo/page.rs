//! The page on which one reads and writes mail as a customer: plain HTML, loopback only, no scripts.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mail_parser::{Message, MessageParser, MimeHeaders};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::compose::Letter;
use crate::demo::{Facts, write_as_customer};
use crate::maildir;

const LARGEST_REQUEST: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

struct Site {
    facts: Facts,
    mail_folder: PathBuf,
}

/// Serves the page until the task is aborted.
pub(super) async fn serve(listener: TcpListener, facts: Facts, mail_folder: PathBuf) {
    let site = Arc::new(Site { facts, mail_folder });
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let site = site.clone();
                tokio::spawn(
                    async move { tokio::time::timeout(PATIENCE, answer(stream, &site)).await },
                );
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

struct Request {
    method: String,
    path: String,
    query: HashMap<String, String>,
    headers: HashMap<String, String>,
    form: HashMap<String, String>,
}

struct Response {
    status: &'static str,
    location: Option<String>,
    body: String,
}

async fn answer(mut stream: TcpStream, site: &Arc<Site>) -> io::Result<()> {
    let request = read_request(&mut stream).await?;
    let site = site.clone();
    // Reading mail files and delivering block for some milliseconds.
    let response = tokio::task::spawn_blocking(move || site.respond(&request))
        .await
        .map_err(io::Error::other)?;
    let location = response
        .location
        .map(|to| format!("Location: {to}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {}\r\n{location}Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; \
         form-action 'self'; frame-ancestors 'self'; base-uri 'none'\r\n\r\n",
        response.status,
        response.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(response.body.as_bytes()).await?;
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Request> {
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes.drain(..end + 4).collect()).map_err(|_| bad())?;
            let length = header_lines(&head)
                .get("content-length")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            break (head, length);
        }
        read_more(stream, &mut bytes).await?;
    };
    if length > LARGEST_REQUEST {
        return Err(bad());
    }
    while bytes.len() < length {
        read_more(stream, &mut bytes).await?;
    }
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: fields(query.as_bytes()),
        headers: header_lines(&head),
        form: fields(&bytes),
    })
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 8192];
    let length = stream.read(&mut piece).await?;
    if length == 0 || bytes.len() > LARGEST_REQUEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    bytes.extend_from_slice(&piece[..length]);
    Ok(())
}

fn header_lines(head: &str) -> HashMap<String, String> {
    let pairs = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    pairs
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

/// The fields of a form or query.
fn fields(encoded: &[u8]) -> HashMap<String, String> {
    let pairs = encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || unescaped(halves.next().unwrap_or_default());
            (half(), half())
        })
        .collect()
}

fn unescaped(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        let code = more.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, code.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &more[2..];
                continue;
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(*other),
        }
        rest = more;
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Site {
    fn respond(&self, request: &Request) -> Response {
        if !self.is_for_us(request) {
            return plain_response("403 Forbidden", "This page is for this machine only.");
        }
        let chosen = request.form.get("as").or_else(|| request.query.get("as"));
        let known = |address: &&String| self.facts.customers.contains(address);
        let Some(customer) = chosen.filter(known).or(self.facts.customers.first()) else {
            return plain_response("404 Not Found", "No such customer.");
        };
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/") => page(&self.desk(customer, request)),
            ("GET", "/mailbox") => page(&self.mailbox(customer)),
            ("POST", "/write") => self.write(customer, request),
            _ => plain_response("404 Not Found", "No such page."),
        }
    }

    /// Another site's page may neither read this one (by a name that leads here) nor post to it.
    fn is_for_us(&self, request: &Request) -> bool {
        let own = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{}", self.facts.page_port));
        let host_is_ours = request
            .headers
            .get("host")
            .is_some_and(|host| own.contains(host));
        let origin = request
            .headers
            .get("origin")
            .map(|origin| origin.trim_start_matches("http://").to_owned());
        host_is_ours && origin.is_none_or(|origin| own.contains(&origin))
    }

    fn write(&self, customer: &str, request: &Request) -> Response {
        let field = |name: &str| request.form.get(name).cloned().unwrap_or_default();
        let letter = Letter {
            from: customer.to_owned(),
            to: self.facts.address.clone(),
            subject: field("subject"),
            text: field("text"),
            in_reply_to: Some(field("in_reply_to")).filter(|id| !id.is_empty()),
        };
        match write_as_customer(&self.facts, &letter) {
            Ok(()) => Response {
                status: "303 See Other",
                location: Some(format!("/?as={customer}&sent=1")),
                body: String::new(),
            },
            Err(error) => plain_response(
                "502 Bad Gateway",
                &format!("The mail was not delivered: {error}"),
            ),
        }
    }

    fn desk(&self, customer: &str, request: &Request) -> String {
        let field = |name: &str| escaped(request.query.get(name).map_or("", String::as_str));
        let mut tabs = String::new();
        for other in &self.facts.customers {
            let mark = if other == customer {
                " class=\"here\""
            } else {
                ""
            };
            let _ = write!(tabs, "<a href=\"/?as={0}\"{mark}>{0}</a> ", escaped(other));
        }
        let sent = if request.query.contains_key("sent") {
            "<p class=\"done\">Sent.</p>"
        } else {
            ""
        };
        format!(
            "<nav>{tabs}</nav><main><section><h1>Write to {team}</h1>{sent}<form method=\"post\" action=\"/write\">\
             <input type=\"hidden\" name=\"as\" value=\"{who}\"><input type=\"hidden\" name=\"in_reply_to\" \
             value=\"{reply}\"><label>Subject<input name=\"subject\" value=\"{subject}\" required></label>\
             <label>Text<textarea name=\"text\" rows=\"10\" required></textarea></label>\
             <button>Send as {who}</button></form></section>\
             <iframe title=\"Mailbox\" src=\"/mailbox?as={who}\"></iframe></main>",
            team = escaped(&self.facts.address),
            who = escaped(customer),
            reply = field("reply"),
            subject = field("subject"),
        )
    }

    fn mailbox(&self, customer: &str) -> String {
        let mails =
            maildir::read(&maildir_of(&self.mail_folder, customer), "INBOX").unwrap_or_default();
        let shown = mails
            .iter()
            .rev()
            .take(50)
            .filter_map(|raw| MessageParser::default().parse(raw));
        let cards: String = shown.map(|mail| card(&mail, customer)).collect();
        let empty = if cards.is_empty() {
            "<p>No mail yet.</p>"
        } else {
            ""
        };
        format!(
            "<meta http-equiv=\"refresh\" content=\"3\"><h1>Mailbox of {}</h1>{empty}{cards}",
            escaped(customer)
        )
    }
}

fn maildir_of(mail_folder: &Path, customer: &str) -> PathBuf {
    mail_folder.join(customer).join("Maildir")
}

fn card(mail: &Message<'_>, customer: &str) -> String {
    let subject = mail.subject().unwrap_or("(no subject)");
    let from = mail
        .from()
        .and_then(|list| list.first())
        .and_then(|one| one.address())
        .unwrap_or_default();
    let text = mail.body_text(0).unwrap_or_default();
    let mut files = String::new();
    for part in mail.attachments() {
        let _ = write!(
            files,
            "<li>{}</li>",
            escaped(part.attachment_name().unwrap_or("attachment"))
        );
    }
    let reply_subject = if subject.starts_with("Re:") {
        subject.to_owned()
    } else {
        format!("Re: {subject}")
    };
    let id = mail
        .message_id()
        .map(|id| format!("<{id}>"))
        .unwrap_or_default();
    format!(
        "<article><h2>{}</h2><p class=\"from\">{}</p><pre>{}</pre><ul>{files}</ul>\
         <a target=\"_top\" href=\"/?as={}&amp;subject={}&amp;reply={}\">Reply</a></article>",
        escaped(subject),
        escaped(from),
        escaped(&text),
        in_query(customer),
        in_query(&reply_subject),
        in_query(&id)
    )
}

fn page(body: &str) -> Response {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Customer</title>{STYLE}{body}</html>"
    );
    Response {
        status: "200 OK",
        location: None,
        body,
    }
}

fn plain_response(status: &'static str, text: &str) -> Response {
    Response {
        status,
        ..page(&format!("<p>{}</p>", escaped(text)))
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn in_query(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

const STYLE: &str = "<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { margin: 1rem }
h1 { font-size: 1.1rem } h2 { font-size: 1rem; margin: 0 }
nav a { margin-inline-end: 1rem } .here { font-weight: bold }
main { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem }
label { display: block; margin-block-end: .6rem } input, textarea { display: block; inline-size: 100%; font: inherit; box-sizing: border-box }
iframe { border: 0; inline-size: 100%; block-size: 80vh }
article { border-block-start: 1px solid #8884; padding-block: .6rem }
.from { margin: 0; opacity: .7 } pre { white-space: pre-wrap; font: inherit } .done { color: #2a7a3f }
</style>";
