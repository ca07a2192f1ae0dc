//! Reading over IMAP. Folders are only ever examined, never selected for writing: no flag is stored, nothing is
//! moved, nothing is deleted. The one thing written is a copy of a sent mail.

use super::convert::{self, MAX_MAIL};
use super::cursor::{Edges, Marks};
use super::net::{self, Lines, Patience, Protocol, Wire, at, broken, mend, retry};
use crate::connectors::Result;
use crate::model::{BATCH_EVENTS, Batch, ChannelError, Cursor, EmailConfig, Event, Gap, MailServer, Place, RemoteId, Remedy};
use crate::time::Millis;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, MessageSection, NameAttribute, Response, ResponseCode, SectionPath, Status};
use async_imap::{Client, Session};
use mail_parser::DateTime;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

/// Most bytes of mail in one batch, unless a single mail has more.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// Most mails of one folder's history in a row, so that the Sent folder does not wait for the whole inbox.
const HISTORY_STEP: usize = 50;
/// The separator inside a remote id; no folder name holds it.
const UNIT: char = '\u{1f}';
/// A mail that broke its connection so often is left out.
const TRIES: u8 = 3;

/// A folder that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    /// Its name on the wire.
    pub(super) name: String,
    /// What it is for.
    pub(super) place: Place,
}

/// What a server said about a folder when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Opened {
    uidvalidity: u32,
    uidnext: u32,
    exists: u32,
}

/// The numbers of all mails below one of them, rising. Kept, because asking costs much in large folders.
struct Backlog {
    uidvalidity: u32,
    below: u32,
    uids: Vec<u32>,
}

/// Why a command failed.
enum Fault {
    /// The server refused; the connection lives.
    Refused(String),
    /// The connection is of no more use.
    Broken(ChannelError),
    /// The server sent what cannot be read as IMAP.
    Garbled(ChannelError),
}

type Outcome<T> = std::result::Result<T, Fault>;

/// Mails that broke a connection, so that one of them cannot stop the account for ever.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    careful: bool,
    tries: HashMap<(String, u32, u32), u8>,
}

/// A signed-in connection.
pub(super) struct Reader {
    session: Session<Guarded>,
    patience: Patience,
    server: MailServer,
    /// The folders that are read: the inbox first.
    pub(super) folders: Vec<Folder>,
    delimiter: Option<String>,
    prefix_inbox: bool,
    /// Whether the server pushes.
    pub(super) idle: bool,
    open: Option<(String, Opened)>,
    /// Numbers of a folder's older mails, by folder.
    backlog: HashMap<String, Backlog>,
}

// ---- signing in ---------------------------------------------------------------------------------------

/// Opens the connection; signing in is a second step so that a test can tell them apart.
pub(super) async fn connect(config: &EmailConfig) -> Result<(Wire, Vec<String>)> {
    let server = &config.imap;
    let mut wire = net::open(server, config.trusted_certificate.as_deref(), Protocol::Imap).await?;
    let greeted = server.security == crate::model::Security::Starttls;
    let read = Lines::new(&mut wire, server).imap_capabilities(greeted);
    let capabilities = timeout(net::TOTAL, read).await.map_err(|_| retry("greeting", format!("{} took too long to greet.", at(server))))??;
    Ok((wire, capabilities))
}

/// Signs in and learns which folders there are.
pub(super) async fn login(config: &EmailConfig, secret: &SecretString, wire: Wire, offered: &[String]) -> Result<Reader> {
    let server = &config.imap;
    let patience = wire.patience.clone();
    let session = timeout(net::TOTAL, sign_in(server, secret, wire, offered)).await.map_err(|_| retry("login", format!("{} took too long to sign in.", at(server))))??;
    let mut reader = Reader { session, patience, server: server.clone(), folders: Vec::new(), delimiter: None, prefix_inbox: false, idle: false, open: None, backlog: HashMap::new() };
    let capabilities = reader.capabilities().await.map_err(|f| reader.error("login", f))?;
    reader.idle = capabilities.iter().any(|c| c == "IDLE");
    reader.list(&capabilities).await?;
    Ok(reader)
}

async fn sign_in(server: &MailServer, secret: &SecretString, wire: Wire, offered: &[String]) -> Result<Session<Guarded>> {
    let has = |c: &str| offered.iter().any(|o| o.eq_ignore_ascii_case(c));
    let client = Client::new(Guarded::new(wire));
    let done = if has("AUTH=PLAIN") {
        client.authenticate("PLAIN", Plain { user: server.user.clone(), secret: secret.clone() }).await
    } else if has("LOGINDISABLED") {
        return Err(mend("login", no_passwords(server)));
    } else {
        client.login(&server.user, secret.expose_secret()).await
    };
    done.map_err(|(e, _)| login_failure(server, &e))
}

struct Plain {
    user: String,
    secret: SecretString,
}

impl async_imap::Authenticator for Plain {
    type Response = String;
    fn process(&mut self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.secret.expose_secret())
    }
}

fn no_passwords(server: &MailServer) -> String {
    format!("{} takes no passwords on this connection. Some providers (Microsoft 365 among them) let programs in only through their own sign-in page, which Parley does not offer yet; ask your provider for an app password.", at(server))
}

fn login_failure(server: &MailServer, e: &async_imap::error::Error) -> ChannelError {
    use async_imap::error::Error;
    let at = at(server);
    match e {
        Error::No(said) | Error::Bad(said) => {
            let lower = said.to_lowercase();
            if ["unavailable", "inuse", "in use", "try again", "temporar", "limit", "too many"].iter().any(|w| lower.contains(w)) && !lower.contains("authenticationfailed") {
                return retry("login", format!("{at} cannot sign anybody in at the moment: {}. It is tried again by itself.", server_words(said)));
            }
            if lower.contains("disabled") {
                return mend("login", no_passwords(server));
            }
            mend("login", format!("{at} refused the user name or password: {}. Check both; some providers want an app password made for this program.", server_words(said)))
        }
        Error::Validate(_) => mend("login", "The user name or password holds a line break. Type them again.".to_owned()),
        Error::Io(e) => broken(server, "login", e),
        other => retry("login", format!("{at} closed the connection while signing in ({other}). It is tried again by itself.")),
    }
}

/// The server's own sentence, short and on one line.
fn server_words(said: &str) -> String {
    let text = said.rsplit_once("info: Some(\"").map_or(said, |(_, t)| t.trim_end_matches("\")"));
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    format!("“{}”", plain.trim())
}

impl Lines<'_> {
    /// What the server offers before anybody has signed in.
    async fn imap_capabilities(mut self, greeted: bool) -> Result<Vec<String>> {
        if !greeted {
            let greeting = self.line().await?;
            if greeting.starts_with("* BYE") {
                return Err(retry("greeting", format!("{} turns connections away at the moment: {}.", at(self.server), server_words(&greeting))));
            }
            if !greeting.starts_with("* OK") {
                return Err(retry("greeting", format!("{} does not greet as an IMAP server does. Perhaps the port is wrong.", at(self.server))));
            }
        }
        self.say("s2 CAPABILITY\r\n").await?;
        let mut found = Vec::new();
        for _ in 0..50 {
            let line = self.line().await?;
            if let Some(list) = line.strip_prefix("* CAPABILITY ") {
                found = list.split_whitespace().map(str::to_ascii_uppercase).collect();
            }
            if line.starts_with("s2 ") {
                return Ok(found);
            }
        }
        Err(retry("greeting", format!("{} does not speak IMAP.", at(self.server))))
    }
}

// ---- commands -----------------------------------------------------------------------------------------

impl Reader {
    /// Sends one command and hands every answer to `on` until the server is done with it.
    async fn command(&mut self, command: &str, expected_bytes: u64, mut on: impl FnMut(&Response<'_>)) -> Outcome<()> {
        // A slow line still carries 32 KB in a second.
        let limit = net::TOTAL + Duration::from_secs(expected_bytes / 32_768);
        let exchange = async {
            let id = self.session.run_command(command).await.map_err(|e| lost(&self.server, e))?;
            loop {
                let answer = self.session.read_response().await.map_err(|e| unreadable(&self.server, &e))?;
                // The end of the stream must never pass for the end of a list.
                let Some(answer) = answer else { return Err(Fault::Broken(closed(&self.server))) };
                match answer.parsed() {
                    Response::Done { tag, status, outcome } if *tag == id => return verdict(status, outcome.information.as_deref()),
                    Response::Data { status: Status::Bye, outcome } => return Err(Fault::Broken(bye(&self.server, outcome.information.as_deref()))),
                    other => on(other),
                }
            }
        };
        match timeout(limit, exchange).await {
            Ok(done) => done,
            Err(_) => Err(Fault::Broken(retry("fetch", format!("{} took longer than {} s for one answer. It is tried again by itself.", at(&self.server), limit.as_secs())))),
        }
    }

    /// The failure that the caller sees.
    fn error(&self, step: &'static str, fault: Fault) -> ChannelError {
        match fault {
            Fault::Broken(e) | Fault::Garbled(e) => ChannelError { step: if e.step == "fetch" { step } else { e.step }, ..e },
            Fault::Refused(said) => retry(step, format!("{} refused a command: {}. It is tried again by itself.", at(&self.server), server_words(&said))),
        }
    }

    async fn capabilities(&mut self) -> Outcome<Vec<String>> {
        let mut found = Vec::new();
        self.command("CAPABILITY", 0, |r| {
            if let Response::Capabilities(all) = r {
                found = all.iter().map(capability_word).collect();
            }
        })
        .await?;
        Ok(found)
    }

    async fn list(&mut self, capabilities: &[String]) -> Result<()> {
        let has = |c: &str| capabilities.iter().any(|x| x == c);
        let command = if has("SPECIAL-USE") && has("LIST-EXTENDED") { "LIST \"\" \"*\" RETURN (SPECIAL-USE)" } else { "LIST \"\" \"*\"" };
        let mut found = Vec::new();
        let mut delimiter = None;
        let listed = self.command(command, 0, |r| {
            if let Response::MailboxData(MailboxDatum::List(l)) = r {
                delimiter = l.delimiter.as_deref().map(str::to_owned).or(delimiter.take());
                found.push(Listed::new(&l.name, &l.name_attributes, l.delimiter.as_deref()));
            }
        });
        listed.await.map_err(|f| self.error("folder", f))?;
        self.prefix_inbox = found.len() > 1 && found.iter().all(|l| l.name.eq_ignore_ascii_case("INBOX") || l.name.to_uppercase().starts_with("INBOX"));
        self.delimiter = delimiter;
        self.folders = choose(&found);
        Ok(())
    }

    /// Opens a folder for reading only.
    async fn examine(&mut self, name: &str) -> Outcome<Opened> {
        let mut opened = Opened::default();
        self.open = None;
        self.command(&format!("EXAMINE {}", quote(name)), 0, |r| match r {
            Response::MailboxData(MailboxDatum::Exists(n)) => opened.exists = *n,
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(n)) => opened.uidvalidity = n,
                Some(ResponseCode::UidNext(n)) => opened.uidnext = n,
                _ => {}
            },
            _ => {}
        })
        .await?;
        self.open = Some((name.to_owned(), opened));
        Ok(opened)
    }

    async fn examine_again(&mut self, name: &str) -> Outcome<Opened> {
        match &self.open {
            Some((open, opened)) if open == name => Ok(*opened),
            _ => self.examine(name).await,
        }
    }

    async fn search(&mut self, query: &str) -> Outcome<Vec<u32>> {
        let mut found = Vec::new();
        self.command(&format!("UID SEARCH {query}"), 0, |r| {
            if let Response::MailboxData(MailboxDatum::Search(all)) = r {
                found.extend_from_slice(all);
            }
        })
        .await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

fn capability_word(c: &async_imap::imap_proto::Capability<'_>) -> String {
    use async_imap::imap_proto::Capability;
    match c {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(a) => format!("AUTH={}", a.to_ascii_uppercase()),
        Capability::Atom(a) => a.to_ascii_uppercase(),
    }
}

fn verdict(status: &Status, said: Option<&str>) -> Outcome<()> {
    match status {
        Status::Ok => Ok(()),
        _ => Err(Fault::Refused(said.unwrap_or_default().to_owned())),
    }
}

fn lost(server: &MailServer, e: async_imap::error::Error) -> Fault {
    match e {
        async_imap::error::Error::Io(e) => unreadable(server, &e),
        other => Fault::Broken(retry("fetch", format!("The connection to {} broke ({other}). It is tried again by itself.", at(server)))),
    }
}

fn unreadable(server: &MailServer, e: &io::Error) -> Fault {
    // The parser's own failures are of kind Other and quote what they could not read, which is no text for a log.
    match e.kind() {
        io::ErrorKind::Other | io::ErrorKind::InvalidData => Fault::Garbled(retry("fetch", format!("{} sent an answer that is not IMAP. It is tried again by itself.", at(server)))),
        _ => Fault::Broken(broken(server, "fetch", e)),
    }
}

fn closed(server: &MailServer) -> ChannelError {
    retry("fetch", format!("{} closed the connection. It is tried again by itself.", at(server)))
}

fn bye(server: &MailServer, said: Option<&str>) -> ChannelError {
    retry("fetch", format!("{} closed the connection: {}. It is tried again by itself.", at(server), server_words(said.unwrap_or("no reason given"))))
}

fn quote(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Numbers as an IMAP set: `1:3,7`.
fn uid_set(uids: &[u32]) -> String {
    let mut sorted = uids.to_vec();
    sorted.sort_unstable();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in sorted {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 >= uid => *end = uid,
            _ => runs.push((uid, uid)),
        }
    }
    let word = |(a, b): &(u32, u32)| if a == b { a.to_string() } else { format!("{a}:{b}") };
    runs.iter().map(word).collect::<Vec<_>>().join(",")
}

// ---- folders ------------------------------------------------------------------------------------------

struct Listed {
    name: String,
    leaf: String,
    sent: bool,
    junk: bool,
    selectable: bool,
}

impl Listed {
    fn new(name: &str, attributes: &[NameAttribute<'_>], delimiter: Option<&str>) -> Self {
        let decoded = decode_utf7(name);
        let leaf = delimiter.filter(|d| !d.is_empty()).and_then(|d| decoded.rsplit(d).next()).unwrap_or(&decoded).to_lowercase();
        let is = |a: &NameAttribute<'_>| attributes.contains(a);
        let gone = attributes.iter().any(|a| matches!(a, NameAttribute::Extension(e) if e.eq_ignore_ascii_case("\\NonExistent")));
        Self { name: name.to_owned(), leaf, sent: is(&NameAttribute::Sent), junk: is(&NameAttribute::Junk), selectable: !is(&NameAttribute::NoSelect) && !gone && !name.contains(UNIT) }
    }
}

/// Names of the Sent folder where the server does not mark it, best first.
const SENT_NAMES: &[&str] = &[
    "sent", "sent items", "sent messages", "sent mail", "sent-mail", "gesendet", "gesendete objekte", "gesendete elemente", "gesendete nachrichten", "envoyés", "messages envoyés", "éléments envoyés", "courrier envoyé", "verzonden", "verzonden items",
    "verzonden berichten", "enviados", "elementos enviados", "mensajes enviados", "itens enviados", "inviati", "posta inviata", "elementi inviati", "wysłane", "elementy wysłane", "skickat", "sendt", "sendte elementer", "lähetetyt", "отправленные", "надіслані", "odeslané",
    "odoslané", "elküldött", "trimise", "gönderilmiş öğeler", "送信済み", "已发送", "已傳送",
];

/// Names of the junk folder where the server does not mark it, best first.
const JUNK_NAMES: &[&str] = &["junk", "spam", "junk e-mail", "junk email", "bulk mail", "spamverdacht", "unerwünscht", "courrier indésirable", "indésirables", "pourriel", "ongewenst", "ongewenste e-mail", "correo no deseado", "posta indesiderata", "lixo eletrônico", "спам", "迷惑メール", "垃圾邮件"];

/// The folders to read: the inbox, Sent, junk.
fn choose(found: &[Listed]) -> Vec<Folder> {
    let usable = || found.iter().filter(|l| l.selectable);
    let inbox = usable().find(|l| l.name.eq_ignore_ascii_case("INBOX")).map_or("INBOX", |l| l.name.as_str());
    let by_name = |names: &[&str]| names.iter().find_map(|n| usable().find(|l| l.leaf == *n)).map(|l| l.name.clone());
    let sent = usable().find(|l| l.sent).map(|l| l.name.clone()).or_else(|| by_name(SENT_NAMES));
    let junk = usable().find(|l| l.junk).map(|l| l.name.clone()).or_else(|| by_name(JUNK_NAMES));
    let mut folders = vec![Folder { name: inbox.to_owned(), place: Place::Inbox }];
    for (name, place) in [(sent, Place::Sent), (junk, Place::Junk)] {
        folders.extend(name.filter(|n| n != inbox).map(|name| Folder { name, place }));
    }
    folders
}

/// The modified UTF-7 of folder names (RFC 3501 §5.1.3); what is malformed stays as it is.
pub(super) fn decode_utf7(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((code, tail)) = after.split_once('-') else {
            out.push('&');
            rest = after;
            continue;
        };
        match decode_utf7_run(code) {
            _ if code.is_empty() => out.push('&'),
            Some(text) => out.push_str(&text),
            None => out.extend(["&", code, "-"]),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn decode_utf7_run(code: &str) -> Option<String> {
    let bytes = data_encoding::BASE64_NOPAD.decode(code.replace(',', "/").as_bytes()).ok()?;
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|b| u16::from_be_bytes(*b)).collect();
    String::from_utf16(&units).ok()
}

// ---- polling ------------------------------------------------------------------------------------------

/// What one poll gathers, within its limits.
struct Gathering {
    events: Vec<Event>,
    bytes: u64,
    gaps: Vec<Gap>,
    more: bool,
}

impl Gathering {
    fn room(&self) -> usize {
        if self.bytes >= BATCH_BYTES { 0 } else { BATCH_EVENTS.saturating_sub(self.events.len()) }
    }
}

impl Reader {
    /// News first, oldest first; then history, newest first, as long as there is room. Also gives the inbox's
    /// next number, by which waiting tells whether something came meanwhile.
    pub(super) async fn poll(&mut self, cursor: Option<&Cursor>, suspects: &mut Suspects) -> Result<(Batch, u32)> {
        let mut marks = Marks::read(cursor);
        let mut got = Gathering { events: Vec::new(), bytes: 0, gaps: Vec::new(), more: false };
        let mut inbox_next = 0;
        let folders = self.folders.clone();
        for folder in &folders {
            let opened = match self.examine(&folder.name).await {
                Ok(opened) => opened,
                // A folder other than the inbox may have gone; it is listed anew with the next connection.
                Err(Fault::Refused(said)) if folder.place != Place::Inbox => {
                    got.gaps.push(gap(folder, format!("{} does not open this folder: {}", at(&self.server), server_words(&said))));
                    continue;
                }
                Err(fault) => return Err(self.folder_error(folder, fault)),
            };
            if folder.place == Place::Inbox {
                inbox_next = opened.uidnext;
            }
            self.news(folder, opened, &mut marks, &mut got, suspects).await.map_err(|f| self.error("fetch", f))?;
        }
        self.history(&folders, &mut marks, &mut got, suspects).await.map_err(|f| self.error("fetch", f))?;
        suspects.careful = false;
        let more = got.more || folders.iter().any(|f| marks.folders.get(&f.name).is_some_and(Edges::has_history));
        Ok((Batch { events: got.events, next: marks.write(), more, gaps: got.gaps, progress: marks.progress() }, inbox_next))
    }

    fn folder_error(&self, folder: &Folder, fault: Fault) -> ChannelError {
        match fault {
            Fault::Refused(said) => retry("folder", format!("{} does not open the folder {}: {}.", at(&self.server), decode_utf7(&folder.name), server_words(&said))),
            other => self.error("folder", other),
        }
    }

    async fn news(&mut self, folder: &Folder, opened: Opened, marks: &mut Marks, got: &mut Gathering, suspects: &mut Suspects) -> Outcome<()> {
        let known = marks.folders.get(&folder.name).filter(|e| e.uidvalidity == opened.uidvalidity).cloned();
        let Some(mut edges) = known else {
            let edges = self.first_sight(folder, opened).await?;
            marks.folders.insert(folder.name.clone(), edges);
            return Ok(());
        };
        if opened.exists == 0 || (opened.uidnext > 0 && opened.uidnext <= edges.upper.saturating_add(1)) {
            return Ok(());
        }
        // `n:*` always names the last mail, even when its number is below n.
        let mut fresh = self.search(&format!("UID {}:*", edges.upper.saturating_add(1))).await?;
        fresh.retain(|uid| *uid > edges.upper);
        let room = got.room();
        got.more |= fresh.len() > room;
        fresh.truncate(room);
        if fresh.is_empty() {
            return Ok(());
        }
        let handled = self.fetch(folder, opened.uidvalidity, &fresh, got, suspects).await?;
        got.more |= handled.len() < fresh.len();
        edges.upper = handled.iter().map(|h| h.0).max().unwrap_or(edges.upper).max(edges.upper);
        marks.folders.insert(folder.name.clone(), edges);
        Ok(())
    }

    /// The edges of a folder that was never read, or that was numbered anew.
    async fn first_sight(&mut self, folder: &Folder, opened: Opened) -> Outcome<Edges> {
        if opened.exists == 0 {
            return Ok(Edges::fresh(opened.uidvalidity, 0, 0));
        }
        let all = self.search("ALL").await?;
        let newest = all.last().copied().unwrap_or(0);
        // Old junk is nobody's history; new junk may hold a customer's mail.
        let history = if folder.place == Place::Junk { 0 } else { all.len() as u64 };
        self.backlog.insert(folder.name.clone(), Backlog { uidvalidity: opened.uidvalidity, below: newest.saturating_add(1), uids: all });
        Ok(Edges::fresh(opened.uidvalidity, newest, history))
    }

    async fn history(&mut self, folders: &[Folder], marks: &mut Marks, got: &mut Gathering, suspects: &mut Suspects) -> Outcome<()> {
        // Folders that turn out to be numbered anew meanwhile wait for the next poll.
        let mut skip: Vec<&str> = Vec::new();
        while got.room() > 0 {
            let waiting = folders.iter().filter(|f| !skip.contains(&f.name.as_str()) && marks.folders.get(&f.name).is_some_and(Edges::has_history));
            // The folder whose unread history is the newest goes first; the inbox wins a tie.
            let newest = waiting.min_by_key(|f| marks.folders.get(&f.name).and_then(|e| e.lower_at).map_or(i64::MIN, |at| at.saturating_neg()));
            let Some(folder) = newest else { return Ok(()) };
            let Some(mut edges) = marks.folders.get(&folder.name).cloned() else { return Ok(()) };
            match self.examine_again(&folder.name).await {
                Ok(opened) if opened.uidvalidity == edges.uidvalidity => {}
                Ok(_) | Err(Fault::Refused(_)) => {
                    skip.push(&folder.name);
                    continue;
                }
                Err(fault) => return Err(fault),
            }
            let step = self.older(&folder.name, &edges, got.room().min(HISTORY_STEP)).await?;
            if step.is_empty() {
                edges.lower = 1;
                self.backlog.remove(&folder.name);
            } else {
                let handled = self.fetch(folder, edges.uidvalidity, &step, got, suspects).await?;
                let Some((lowest, at)) = handled.iter().min_by_key(|h| h.0) else { return Ok(()) };
                edges.lower = *lowest;
                edges.lower_at = at.or(edges.lower_at);
                edges.done += handled.len() as u64;
            }
            marks.folders.insert(folder.name.clone(), edges);
        }
        Ok(())
    }

    /// The newest numbers below the lower edge, newest first.
    async fn older(&mut self, folder: &str, edges: &Edges, most: usize) -> Outcome<Vec<u32>> {
        // An older cursor may come again, when what was read could not be stored.
        if self.backlog.get(folder).is_none_or(|b| b.uidvalidity != edges.uidvalidity || b.below < edges.lower) {
            let uids = self.search(&format!("UID 1:{}", edges.lower.saturating_sub(1).max(1))).await?;
            self.backlog.insert(folder.to_owned(), Backlog { uidvalidity: edges.uidvalidity, below: edges.lower, uids });
        }
        let uids = self.backlog.get(folder).map(|b| b.uids.as_slice()).unwrap_or_default();
        let end = uids.partition_point(|uid| *uid < edges.lower);
        Ok(uids.iter().take(end).rev().take(most).copied().collect())
    }
}

fn gap(folder: &Folder, reason: String) -> Gap {
    Gap { place: decode_utf7(&folder.name), reason, since: None }
}

// ---- fetching -----------------------------------------------------------------------------------------

#[derive(Debug, Clone, Default)]
struct Meta {
    size: u64,
    at: Option<Millis>,
    seen: bool,
}

/// Numbers that were dealt with, and the provider's time of each.
type Handled = Vec<(u32, Option<Millis>)>;

impl Reader {
    /// Fetches mails in the given order until the batch is full.
    async fn fetch(&mut self, folder: &Folder, validity: u32, uids: &[u32], got: &mut Gathering, suspects: &mut Suspects) -> Outcome<Handled> {
        let metas = self.metas(uids).await?;
        let (chosen, handled) = fitting(uids, &metas, got);
        let mut bodies = HashMap::new();
        let big: Vec<u32> = chosen.iter().copied().filter(|u| metas.get(u).is_some_and(|m| m.size > MAX_MAIL as u64)).collect();
        let normal: Vec<u32> = chosen.iter().copied().filter(|u| !big.contains(u)).collect();
        let bytes = normal.iter().filter_map(|u| metas.get(u)).map(|m| m.size).sum();
        if suspects.careful {
            self.bodies_one_by_one(folder, validity, &normal, &metas, &mut bodies, suspects, got).await?;
        } else if let Err(fault) = self.bodies(&normal, bytes, &mut bodies).await {
            match fault {
                // One mail may be the reason; the others must not suffer.
                Fault::Refused(_) => {}
                Fault::Garbled(e) => {
                    suspects.careful = true;
                    return Err(Fault::Garbled(e));
                }
                broken @ Fault::Broken(_) => return Err(broken),
            }
        }
        for uid in &normal {
            if !bodies.contains_key(uid) && !suspects.gave_up(folder, validity, *uid) {
                self.missing(folder, *uid, &mut bodies, got).await?;
            }
        }
        self.give(folder, validity, &chosen, &metas, bodies, got).await?;
        Ok(handled)
    }

    async fn metas(&mut self, uids: &[u32]) -> Outcome<HashMap<u32, Meta>> {
        let mut metas = HashMap::new();
        self.command(&format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE FLAGS)", uid_set(uids)), 0, |r| {
            let Response::Fetch(_, attributes) = r else { return };
            let mut meta = Meta::default();
            let mut number = None;
            for a in attributes {
                match a {
                    AttributeValue::Uid(uid) => number = Some(*uid),
                    AttributeValue::Rfc822Size(n) => meta.size = u64::from(*n),
                    AttributeValue::InternalDate(d) => meta.at = internal_date(d),
                    AttributeValue::Flags(flags) => meta.seen = flags.iter().any(|f| f.eq_ignore_ascii_case("\\Seen")),
                    _ => {}
                }
            }
            // A flag that changed meanwhile comes unasked and without a size.
            if let Some(uid) = number.filter(|uid| uids.contains(uid) && attributes.iter().any(|a| matches!(a, AttributeValue::Rfc822Size(_)))) {
                metas.insert(uid, meta);
            }
        })
        .await?;
        Ok(metas)
    }

    async fn bodies(&mut self, uids: &[u32], bytes: u64, into: &mut HashMap<u32, Vec<u8>>) -> Outcome<()> {
        if uids.is_empty() {
            return Ok(());
        }
        self.command(&format!("UID FETCH {} (UID BODY.PEEK[])", uid_set(uids)), bytes, |r| {
            let Response::Fetch(_, attributes) = r else { return };
            let uid = attributes.iter().find_map(|a| if let AttributeValue::Uid(u) = a { Some(*u) } else { None });
            let body = attributes.iter().find_map(|a| match a {
                AttributeValue::BodySection { section: None, data: Some(d), .. } | AttributeValue::Rfc822(Some(d)) => Some(d.to_vec()),
                _ => None,
            });
            if let (Some(uid), Some(body)) = (uid, body) {
                into.insert(uid, body);
            }
        })
        .await
    }

    /// After an answer that could not be read: each mail alone, so that the one at fault is known and left out.
    #[expect(clippy::too_many_arguments, reason = "one call, from the function that was split")]
    async fn bodies_one_by_one(&mut self, folder: &Folder, validity: u32, uids: &[u32], metas: &HashMap<u32, Meta>, into: &mut HashMap<u32, Vec<u8>>, suspects: &mut Suspects, got: &mut Gathering) -> Outcome<()> {
        for uid in uids {
            let tries = suspects.tries.entry((folder.name.clone(), validity, *uid)).or_default();
            if *tries >= TRIES {
                got.gaps.push(gap(folder, format!("Mail {uid} breaks the connection to {} each time it is read; it was left out.", at(&self.server))));
                continue;
            }
            *tries += 1;
            match self.bodies(&[*uid], metas.get(uid).map_or(0, |m| m.size), into).await {
                Ok(()) => {
                    suspects.tries.remove(&(folder.name.clone(), validity, *uid));
                }
                Err(Fault::Refused(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// A mail that the server listed and did not give: asked for once more, alone.
    async fn missing(&mut self, folder: &Folder, uid: u32, into: &mut HashMap<u32, Vec<u8>>, got: &mut Gathering) -> Outcome<()> {
        match self.bodies(&[uid], MAX_MAIL as u64, into).await {
            Ok(()) | Err(Fault::Refused(_)) if into.contains_key(&uid) => return Ok(()),
            Ok(()) | Err(Fault::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
        if !self.metas(&[uid]).await?.contains_key(&uid) {
            // It was deleted at the server between the two questions.
            return Ok(());
        }
        got.gaps.push(gap(folder, format!("{} lists mail {uid} but does not give it.", at(&self.server))));
        Ok(())
    }

    async fn header_only(&mut self, uid: u32) -> Outcome<Vec<u8>> {
        let mut header = Vec::new();
        self.command(&format!("UID FETCH {uid} (UID BODY.PEEK[HEADER])"), 0, |r| {
            let Response::Fetch(_, attributes) = r else { return };
            for a in attributes {
                if let AttributeValue::BodySection { section: Some(SectionPath::Full(MessageSection::Header)), data: Some(d), .. } = a {
                    header = d.to_vec();
                }
            }
        })
        .await?;
        Ok(header)
    }

    /// Turns bytes into events, in order. Reading mail is work for a thread of its own.
    async fn give(&mut self, folder: &Folder, validity: u32, chosen: &[u32], metas: &HashMap<u32, Meta>, mut bodies: HashMap<u32, Vec<u8>>, got: &mut Gathering) -> Outcome<()> {
        let mut work = Vec::new();
        for uid in chosen {
            let meta = metas.get(uid).cloned().unwrap_or_default();
            let remote = remote_id(&folder.name, validity, *uid);
            if meta.size > MAX_MAIL as u64 {
                let header = self.header_only(*uid).await?;
                work.push((remote, meta, header, true));
            } else if let Some(body) = bodies.remove(uid) {
                work.push((remote, meta, body, false));
            }
        }
        got.bytes += work.iter().map(|w| w.2.len() as u64).sum::<u64>();
        let place = folder.place;
        let read = tokio::task::spawn_blocking(move || work.into_iter().map(|(remote, meta, bytes, too_big)| event(&bytes, remote, place, &meta, too_big)).collect::<Vec<_>>());
        match read.await {
            Ok(events) => got.events.extend(events),
            Err(_) => return Err(Fault::Broken(retry("fetch", "Reading mail was interrupted. It is tried again by itself."))),
        }
        Ok(())
    }
}

impl Suspects {
    fn gave_up(&self, folder: &Folder, validity: u32, uid: u32) -> bool {
        self.tries.get(&(folder.name.clone(), validity, uid)).is_some_and(|t| *t >= TRIES)
    }
}

fn event(bytes: &[u8], remote: RemoteId, place: Place, meta: &Meta, too_big: bool) -> Event {
    if too_big {
        let reason = format!("it has {} MB; {} MB is the most that is read. Only its header was fetched", meta.size / 1_048_576, MAX_MAIL / 1_048_576);
        return convert::unreadable(bytes, remote, place, meta.at, reason);
    }
    convert::convert(bytes, remote, place, meta.at, meta.seen)
}

/// Which mails still fit, and which numbers are thereby dealt with (those that vanished meanwhile included).
fn fitting(uids: &[u32], metas: &HashMap<u32, Meta>, got: &Gathering) -> (Vec<u32>, Handled) {
    let mut bytes = got.bytes;
    let (mut chosen, mut handled) = (Vec::new(), Vec::new());
    for uid in uids {
        let Some(meta) = metas.get(uid) else {
            handled.push((*uid, None));
            continue;
        };
        let size = if meta.size > MAX_MAIL as u64 { 0 } else { meta.size };
        let first = chosen.is_empty() && got.events.is_empty();
        if !first && bytes + size > BATCH_BYTES {
            break;
        }
        bytes += size;
        chosen.push(*uid);
        handled.push((*uid, meta.at));
    }
    (chosen, handled)
}

pub(super) fn remote_id(folder: &str, validity: u32, uid: u32) -> RemoteId {
    RemoteId(format!("{folder}{UNIT}{validity}{UNIT}{uid}"))
}

/// `17-Jul-1996 02:44:25 -0700`, the day possibly with a leading space.
fn internal_date(text: &str) -> Option<Millis> {
    let date = DateTime::parse_rfc822(&text.trim().replacen('-', " ", 2))?;
    (date.is_valid() && date.year >= 1970).then(|| date.to_timestamp().saturating_mul(1000))
}

// ---- sent mail ----------------------------------------------------------------------------------------

impl Reader {
    /// Looks for a mail in Sent by its Message-ID.
    pub(super) async fn find_sent(&mut self, message_id: &str) -> Result<Option<RemoteId>> {
        let Some(sent) = self.sent() else { return Ok(None) };
        self.find(&sent, message_id).await.map_err(|f| self.folder_error(&Folder { name: sent.clone(), place: Place::Sent }, f))
    }

    fn sent(&self) -> Option<String> {
        self.folders.iter().find(|f| f.place == Place::Sent).map(|f| f.name.clone())
    }

    async fn find(&mut self, folder: &str, message_id: &str) -> Outcome<Option<RemoteId>> {
        if message_id.is_empty() || !message_id.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(None);
        }
        let opened = self.examine(folder).await?;
        let found = self.search(&format!("HEADER Message-ID {}", quote(&format!("<{message_id}>")))).await?;
        Ok(found.last().map(|uid| remote_id(folder, opened.uidvalidity, *uid)))
    }

    /// Files a copy in Sent unless one is there.
    pub(super) async fn file_sent(&mut self, message_id: &str, raw: &[u8]) -> Result<Option<RemoteId>> {
        let sent = match self.sent() {
            Some(sent) => sent,
            None => self.create_sent().await?,
        };
        let folder = Folder { name: sent.clone(), place: Place::Sent };
        if let Some(there) = self.find(&sent, message_id).await.map_err(|f| self.folder_error(&folder, f))? {
            return Ok(Some(there));
        }
        self.append(&sent, raw).await.map_err(|f| self.folder_error(&folder, f))?;
        self.find(&sent, message_id).await.map_err(|f| self.folder_error(&folder, f))
    }

    async fn create_sent(&mut self) -> Result<String> {
        let name = match (&self.delimiter, self.prefix_inbox) {
            (Some(d), true) => format!("INBOX{d}Sent"),
            _ => "Sent".to_owned(),
        };
        let folder = Folder { name: name.clone(), place: Place::Sent };
        self.command(&format!("CREATE {}", quote(&name)), 0, |_| {}).await.map_err(|f| self.folder_error(&folder, f))?;
        self.folders.push(folder);
        Ok(name)
    }

    async fn append(&mut self, folder: &str, raw: &[u8]) -> Outcome<()> {
        let limit = net::TOTAL + Duration::from_secs(raw.len() as u64 / 32_768);
        let exchange = async {
            let id = self.session.run_command(format!("APPEND {} (\\Seen) {{{}}}", quote(folder), raw.len())).await.map_err(|e| lost(&self.server, e))?;
            loop {
                let answer = self.session.read_response().await.map_err(|e| unreadable(&self.server, &e))?;
                let Some(answer) = answer else { return Err(Fault::Broken(closed(&self.server))) };
                match answer.parsed() {
                    Response::Continue(_) => {
                        let stream = self.session.get_mut();
                        let written = async {
                            stream.write_all(raw).await?;
                            stream.write_all(b"\r\n").await?;
                            stream.flush().await
                        };
                        written.await.map_err(|e| Fault::Broken(broken(&self.server, "folder", &e)))?;
                    }
                    Response::Done { tag, status, outcome } if *tag == id => {
                        return verdict(status, outcome.information.as_deref());
                    }
                    Response::Data { status: Status::Bye, outcome } => return Err(Fault::Broken(bye(&self.server, outcome.information.as_deref()))),
                    _ => {}
                }
            }
        };
        match timeout(limit, exchange).await {
            Ok(done) => done,
            Err(_) => Err(Fault::Broken(retry("folder", format!("{} took too long to file a sent mail.", at(&self.server))))),
        }
    }
}

// ---- waiting ------------------------------------------------------------------------------------------

impl Reader {
    /// Returns once the inbox has changed or the time is over. `known` is the inbox's next number as last polled.
    pub(super) async fn idle(&mut self, known: u32, limit: Duration) -> Result<()> {
        let inbox = self.folders.first().map_or_else(|| "INBOX".to_owned(), |f| f.name.clone());
        let opened = self.examine(&inbox).await.map_err(|f| self.error("folder", f))?;
        if known > 0 && opened.uidnext > known {
            return Ok(());
        }
        self.patience.set(limit + net::IDLE);
        let waited = self.idle_command(limit).await;
        self.patience.set(net::IDLE);
        // The folder's numbers may have changed while it was open.
        self.open = None;
        waited.map_err(|f| self.error("folder", f))
    }

    async fn idle_command(&mut self, limit: Duration) -> Outcome<()> {
        let id = self.session.run_command("IDLE").await.map_err(|e| lost(&self.server, e))?;
        let news = async {
            loop {
                let answer = self.session.read_response().await.map_err(|e| unreadable(&self.server, &e))?;
                let Some(answer) = answer else { return Err(Fault::Broken(closed(&self.server))) };
                match answer.parsed() {
                    Response::MailboxData(MailboxDatum::Exists(_)) | Response::Expunge(_) | Response::Fetch(..) => return Ok(true),
                    Response::Done { tag, status, outcome } if *tag == id => return verdict(status, outcome.information.as_deref()).map(|()| false),
                    Response::Data { status: Status::Bye, outcome } => return Err(Fault::Broken(bye(&self.server, outcome.information.as_deref()))),
                    _ => {}
                }
            }
        };
        match timeout(limit, news).await {
            Ok(Ok(false)) => return Ok(()),
            Ok(Err(fault)) => return Err(fault),
            Ok(Ok(true)) | Err(_) => {}
        }
        self.patience.set(net::IDLE);
        self.session.run_command_untagged("DONE").await.map_err(|e| lost(&self.server, e))?;
        let done = async {
            loop {
                let answer = self.session.read_response().await.map_err(|e| unreadable(&self.server, &e))?;
                let Some(answer) = answer else { return Err(Fault::Broken(closed(&self.server))) };
                if let Response::Done { tag, .. } = answer.parsed()
                    && *tag == id
                {
                    return Ok(());
                }
            }
        };
        timeout(net::IDLE, done).await.unwrap_or_else(|_| Err(Fault::Broken(closed(&self.server))))
    }

    /// Says good-bye, without waiting long for an answer.
    pub(super) async fn close(mut self) {
        let _ = timeout(Duration::from_secs(2), self.command("LOGOUT", 0, |_| {})).await;
    }
}

/// The remedy of a failure that should throw a cached connection away and try once with a new one.
pub(super) fn is_stale(e: &ChannelError) -> bool {
    e.remedy == Remedy::Retry && matches!(e.step, "folder" | "fetch")
}

// ---- a guard against endless answers ------------------------------------------------------------------

/// Longest literal that is borne; the parser would otherwise make room for whatever is announced.
const MAX_LITERAL: u64 = MAX_MAIL as u64 + 1024 * 1024;
/// Longest line: the numbers of some million mails.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// A connection that fails on answers no honest server gives.
#[derive(Debug)]
pub(super) struct Guarded {
    wire: Wire,
    scan: Scan,
}

#[derive(Debug, Default)]
struct Scan {
    /// Bytes of a literal still to come.
    literal: u64,
    /// Bytes of the present line.
    line: u64,
    /// The number in `{…` at the end of the line so far, and whether its brace is closed.
    number: Option<(u64, bool)>,
}

impl Scan {
    fn feed(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.literal > 0 {
                let skip = usize::try_from(self.literal).unwrap_or(usize::MAX).min(bytes.len());
                self.literal -= skip as u64;
                bytes = bytes.get(skip..).unwrap_or_default();
                continue;
            }
            let Some((b, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            self.byte(*b)?;
        }
        Ok(())
    }

    fn byte(&mut self, b: u8) -> io::Result<()> {
        self.line += 1;
        if self.line > MAX_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "endless line"));
        }
        self.number = match (b, self.number) {
            (b'{', _) => Some((0, false)),
            (b'0'..=b'9', Some((n, false))) => Some((n.saturating_mul(10).saturating_add(u64::from(b - b'0')), false)),
            (b'}', Some((n, false))) => Some((n, true)),
            (b'\r', kept @ Some((_, true))) => kept,
            (b'\n', Some((n, true))) => {
                self.line = 0;
                self.literal = n;
                if n > MAX_LITERAL {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "literal too large"));
                }
                None
            }
            _ => None,
        };
        if b == b'\n' {
            self.line = 0;
        }
        Ok(())
    }
}

impl Guarded {
    fn new(wire: Wire) -> Self {
        Self { wire, scan: Scan::default() }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default();
        Poll::Ready(self.scan.feed(fresh))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, attributes: &[NameAttribute<'_>]) -> Listed {
        Listed::new(name, attributes, Some("."))
    }

    #[test]
    fn the_servers_mark_beats_a_folders_name() {
        let found = [listed("INBOX", &[]), listed("Sent", &[]), listed("Archive.Out", &[NameAttribute::Sent]), listed("INBOX.Spam", &[])];
        let names: Vec<_> = choose(&found).into_iter().map(|f| (f.name, f.place)).collect();
        assert_eq!(names, [("INBOX".to_owned(), Place::Inbox), ("Archive.Out".to_owned(), Place::Sent), ("INBOX.Spam".to_owned(), Place::Junk)]);
    }

    #[test]
    fn sent_is_found_by_name_in_several_languages() {
        for name in ["INBOX.Sent", "Gesendete Objekte", "&AMk-l&AOk-ments envoy&AOk-s", "Verzonden items", "Enviados", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", "Sent Items"] {
            assert_eq!(choose(&[listed("INBOX", &[]), listed(name, &[])]).get(1).map(|f| f.name.as_str()), Some(name), "{} = {}", name, decode_utf7(name));
        }
        assert_eq!(choose(&[listed("INBOX", &[]), listed("Sent", &[NameAttribute::NoSelect])]).len(), 1);
        assert_eq!(choose(&[]).len(), 1);
    }

    #[test]
    fn folder_names_are_decoded_and_broken_ones_left() {
        assert_eq!(decode_utf7("Entw&APw-rfe"), "Entwürfe");
        assert_eq!(decode_utf7("A &- B"), "A & B");
        assert_eq!(decode_utf7("A & B"), "A & B");
        assert_eq!(decode_utf7("&%%-x"), "&%%-x");
    }

    #[test]
    fn numbers_are_written_as_runs() {
        assert_eq!(uid_set(&[7, 3, 1, 2, 9, 8]), "1:3,7:9");
        assert_eq!(uid_set(&[5]), "5");
    }

    #[test]
    fn nothing_typed_can_end_a_command() {
        assert_eq!(quote("a\"b\\c\r\nLOGOUT"), "\"a\\\"b\\\\cLOGOUT\"");
    }

    #[test]
    fn the_servers_own_times_are_read() {
        assert_eq!(internal_date("17-Jul-1996 02:44:25 -0700"), Some(837_596_665_000));
        assert_eq!(internal_date(" 1-Jan-2024 00:00:00 +0000"), Some(1_704_067_200_000));
        assert_eq!(internal_date("nonsense"), None);
    }

    #[test]
    fn an_announced_literal_of_hostile_size_ends_the_connection() {
        let fed = |text: &str| Scan::default().feed(text.as_bytes());
        assert!(fed("* 1 FETCH (BODY[] {999999999}\r\n").is_err());
        assert!(fed("* 1 FETCH (BODY[] {99999999999999999999999}\r\n").is_err());
        // The same bytes inside a mail are only text.
        assert!(fed("* 1 FETCH (BODY[] {13}\r\n{999999999}\r\n)\r\n").is_ok());
        assert!(fed("* OK {not a number}\r\n{5} x\r\n").is_ok());
        let mut scan = Scan::default();
        for piece in ["* 1 FETCH (BODY[] {1", "3}\r", "\n{9999", "99999}\r\n)\r\n* x {9999999999}", "\r\n"] {
            if scan.feed(piece.as_bytes()).is_err() {
                assert_eq!(piece, "\r\n");
                return;
            }
        }
        panic!("the second literal was not seen");
    }

    #[test]
    fn the_mails_that_fit_are_taken_in_order_and_one_always_fits() {
        let got = Gathering { events: Vec::new(), bytes: 0, gaps: Vec::new(), more: false };
        let meta = |size: u64| Meta { size, at: Some(1), seen: false };
        let metas = HashMap::from([(9, meta(BATCH_BYTES * 2)), (8, meta(10)), (6, meta(10))]);
        assert_eq!(fitting(&[9, 8], &metas, &got), (vec![9], vec![(9, Some(1))]));
        assert_eq!(fitting(&[8, 7, 6], &metas, &got), (vec![8, 6], vec![(8, Some(1)), (7, None), (6, Some(1))]));
    }

    #[test]
    fn the_servers_reason_is_shown_on_one_line() {
        assert_eq!(server_words("code: None, info: Some(\"no\\r\\n such user\")").matches('\n').count(), 0);
        assert_eq!(server_words("plain"), "“plain”");
    }
}
