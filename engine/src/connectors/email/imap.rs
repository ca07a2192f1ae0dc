//! Reading over IMAP. Folders are only ever examined, never selected for writing: no flag is stored, nothing is
//! moved, nothing is deleted. The one thing written is a copy of a sent mail.

mod folders;
mod guard;
mod poll;

pub(in crate::connectors) use folders::place_of;

pub(super) use folders::decode_utf7;
pub(super) use poll::Suspects;

use super::net::{self, Lines, Patience, Protocol, Wire, at, broken, mend, retry};
use crate::connectors::Result;
use crate::model::{ChannelError, EmailConfig, MailServer, Place, Remedy, RemoteId};
use async_imap::imap_proto::{MailboxDatum, Response, ResponseCode, Status};
use async_imap::{Client, Session};
use folders::{Listed, choose};
use guard::Guarded;
use poll::remote_id;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// The separator inside a remote id; no folder name holds it.
const UNIT: char = '\u{1f}';

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
    let mut wire = net::open(
        server,
        config.trusted_certificate.as_deref(),
        Protocol::Imap,
    )
    .await?;
    let greeted = server.security == crate::model::Security::Starttls;
    let read = Lines::new(&mut wire, server).imap_capabilities(greeted);
    let capabilities = timeout(net::TOTAL, read).await.map_err(|_| {
        retry(
            "greeting",
            format!("{} took too long to greet.", at(server)),
        )
    })??;
    Ok((wire, capabilities))
}

/// Signs in and learns which folders there are.
pub(super) async fn login(
    config: &EmailConfig,
    secret: &SecretString,
    wire: Wire,
    offered: &[String],
) -> Result<Reader> {
    let server = &config.imap;
    let patience = wire.patience.clone();
    let session = timeout(net::TOTAL, sign_in(server, secret, wire, offered))
        .await
        .map_err(|_| retry("login", format!("{} took too long to sign in.", at(server))))??;
    let mut reader = Reader {
        session,
        patience,
        server: server.clone(),
        folders: Vec::new(),
        delimiter: None,
        prefix_inbox: false,
        idle: false,
        open: None,
        backlog: HashMap::new(),
    };
    let capabilities = reader
        .capabilities()
        .await
        .map_err(|f| reader.error("login", f))?;
    reader.idle = capabilities.iter().any(|c| c == "IDLE");
    reader.list(&capabilities).await?;
    Ok(reader)
}

async fn sign_in(
    server: &MailServer,
    secret: &SecretString,
    wire: Wire,
    offered: &[String],
) -> Result<Session<Guarded>> {
    let has = |c: &str| offered.iter().any(|o| o.eq_ignore_ascii_case(c));
    let client = Client::new(Guarded::new(wire));
    let done = if has("AUTH=PLAIN") {
        client
            .authenticate(
                "PLAIN",
                Plain {
                    user: server.user.clone(),
                    secret: secret.clone(),
                },
            )
            .await
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
    format!(
        "{} takes no passwords on this connection. Some providers (Microsoft 365 among them) let programs in only through their own sign-in page, which Parley does not offer yet; ask your provider for an app password.",
        at(server)
    )
}

fn login_failure(server: &MailServer, e: &async_imap::error::Error) -> ChannelError {
    use async_imap::error::Error;
    let at = at(server);
    match e {
        Error::No(said) | Error::Bad(said) => {
            let lower = said.to_lowercase();
            if [
                "unavailable",
                "inuse",
                "in use",
                "try again",
                "temporar",
                "limit",
                "too many",
            ]
            .iter()
            .any(|w| lower.contains(w))
                && !lower.contains("authenticationfailed")
            {
                return retry(
                    "login",
                    format!(
                        "{at} cannot sign anybody in at the moment: {}. It is tried again by itself.",
                        server_words(said)
                    ),
                );
            }
            if lower.contains("disabled") {
                return mend("login", no_passwords(server));
            }
            mend(
                "login",
                format!(
                    "{at} refused the user name or password: {}. Check both; some providers want an app password made for this program.",
                    server_words(said)
                ),
            )
        }
        Error::Validate(_) => mend(
            "login",
            "The user name or password holds a line break. Type them again.".to_owned(),
        ),
        Error::Io(e) => broken(server, "login", e),
        other => retry(
            "login",
            format!(
                "{at} closed the connection while signing in ({other}). It is tried again by itself."
            ),
        ),
    }
}

/// The server's own sentence, short and on one line.
fn server_words(said: &str) -> String {
    let text = said
        .rsplit_once("info: Some(\"")
        .map_or(said, |(_, t)| t.trim_end_matches("\")"));
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    format!("“{}”", plain.trim())
}

impl Lines<'_> {
    /// What the server offers before anybody has signed in.
    async fn imap_capabilities(mut self, greeted: bool) -> Result<Vec<String>> {
        if !greeted {
            let greeting = self.line().await?;
            if greeting.starts_with("* BYE") {
                return Err(retry(
                    "greeting",
                    format!(
                        "{} turns connections away at the moment: {}.",
                        at(self.server),
                        server_words(&greeting)
                    ),
                ));
            }
            if !greeting.starts_with("* OK") {
                return Err(retry(
                    "greeting",
                    format!(
                        "{} does not greet as an IMAP server does. Perhaps the port is wrong.",
                        at(self.server)
                    ),
                ));
            }
        }
        self.say("s2 CAPABILITY\r\n").await?;
        let mut found = Vec::new();
        for _ in 0..50 {
            let line = self.line().await?;
            if let Some(list) = line.strip_prefix("* CAPABILITY ") {
                found = list
                    .split_whitespace()
                    .map(str::to_ascii_uppercase)
                    .collect();
            }
            if line.starts_with("s2 ") {
                return Ok(found);
            }
        }
        Err(retry(
            "greeting",
            format!("{} does not speak IMAP.", at(self.server)),
        ))
    }
}

// ---- commands -----------------------------------------------------------------------------------------

impl Reader {
    /// Sends one command and hands every answer to `on` until the server is done with it.
    async fn command(
        &mut self,
        command: &str,
        expected_bytes: u64,
        mut on: impl FnMut(&Response<'_>),
    ) -> Outcome<()> {
        // A slow line still carries 32 KB in a second.
        let limit = net::TOTAL + Duration::from_secs(expected_bytes / 32_768);
        let exchange = async {
            let id = self
                .session
                .run_command(command)
                .await
                .map_err(|e| lost(&self.server, e))?;
            loop {
                let answer = self
                    .session
                    .read_response()
                    .await
                    .map_err(|e| unreadable(&self.server, &e))?;
                // The end of the stream must never pass for the end of a list.
                let Some(answer) = answer else {
                    return Err(Fault::Broken(closed(&self.server)));
                };
                match answer.parsed() {
                    Response::Done {
                        tag,
                        status,
                        outcome,
                    } if *tag == id => return verdict(status, outcome.information.as_deref()),
                    Response::Data {
                        status: Status::Bye,
                        outcome,
                    } => {
                        return Err(Fault::Broken(bye(
                            &self.server,
                            outcome.information.as_deref(),
                        )));
                    }
                    other => on(other),
                }
            }
        };
        match timeout(limit, exchange).await {
            Ok(done) => done,
            Err(_) => Err(Fault::Broken(retry(
                "fetch",
                format!(
                    "{} took longer than {} s for one answer. It is tried again by itself.",
                    at(&self.server),
                    limit.as_secs()
                ),
            ))),
        }
    }

    /// The failure that the caller sees.
    fn error(&self, step: &'static str, fault: Fault) -> ChannelError {
        match fault {
            Fault::Broken(e) | Fault::Garbled(e) => ChannelError {
                step: if e.step == "fetch" { step } else { e.step },
                ..e
            },
            Fault::Refused(said) => retry(
                step,
                format!(
                    "{} refused a command: {}. It is tried again by itself.",
                    at(&self.server),
                    server_words(&said)
                ),
            ),
        }
    }

    fn folder_error(&self, folder: &Folder, fault: Fault) -> ChannelError {
        match fault {
            Fault::Refused(said) => retry(
                "folder",
                format!(
                    "{} does not open the folder {}: {}.",
                    at(&self.server),
                    decode_utf7(&folder.name),
                    server_words(&said)
                ),
            ),
            other => self.error("folder", other),
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
        let command = if has("SPECIAL-USE") && has("LIST-EXTENDED") {
            "LIST \"\" \"*\" RETURN (SPECIAL-USE)"
        } else {
            "LIST \"\" \"*\""
        };
        let mut found = Vec::new();
        let mut delimiter = None;
        let listed = self.command(command, 0, |r| {
            if let Response::MailboxData(MailboxDatum::List(l)) = r {
                delimiter = l
                    .delimiter
                    .as_deref()
                    .map(str::to_owned)
                    .or(delimiter.take());
                found.push(Listed::new(
                    &l.name,
                    &l.name_attributes,
                    l.delimiter.as_deref(),
                ));
            }
        });
        listed.await.map_err(|f| self.error("folder", f))?;
        self.prefix_inbox = found.len() > 1
            && found.iter().all(|l| {
                l.name.eq_ignore_ascii_case("INBOX") || l.name.to_uppercase().starts_with("INBOX")
            });
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
        other => Fault::Broken(retry(
            "fetch",
            format!(
                "The connection to {} broke ({other}). It is tried again by itself.",
                at(server)
            ),
        )),
    }
}

fn unreadable(server: &MailServer, e: &io::Error) -> Fault {
    // The parser's own failures are of kind Other and quote what they could not read, which is no text for a log.
    match e.kind() {
        io::ErrorKind::Other | io::ErrorKind::InvalidData => Fault::Garbled(retry(
            "fetch",
            format!(
                "{} sent an answer that is not IMAP. It is tried again by itself.",
                at(server)
            ),
        )),
        _ => Fault::Broken(broken(server, "fetch", e)),
    }
}

fn closed(server: &MailServer) -> ChannelError {
    retry(
        "fetch",
        format!(
            "{} closed the connection. It is tried again by itself.",
            at(server)
        ),
    )
}

fn bye(server: &MailServer, said: Option<&str>) -> ChannelError {
    retry(
        "fetch",
        format!(
            "{} closed the connection: {}. It is tried again by itself.",
            at(server),
            server_words(said.unwrap_or("no reason given"))
        ),
    )
}

fn quote(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n' | '\0'))
        .collect();
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
    let word = |(a, b): &(u32, u32)| {
        if a == b {
            a.to_string()
        } else {
            format!("{a}:{b}")
        }
    };
    runs.iter().map(word).collect::<Vec<_>>().join(",")
}

// ---- sent mail ----------------------------------------------------------------------------------------

impl Reader {
    /// Looks for a mail in Sent by its Message-ID.
    pub(super) async fn find_sent(&mut self, message_id: &str) -> Result<Option<RemoteId>> {
        let Some(sent) = self.sent() else {
            return Ok(None);
        };
        self.find(&sent, message_id).await.map_err(|f| {
            self.folder_error(
                &Folder {
                    name: sent.clone(),
                    place: Place::Sent,
                },
                f,
            )
        })
    }

    fn sent(&self) -> Option<String> {
        self.folders
            .iter()
            .find(|f| f.place == Place::Sent)
            .map(|f| f.name.clone())
    }

    async fn find(&mut self, folder: &str, message_id: &str) -> Outcome<Option<RemoteId>> {
        if message_id.is_empty() || !message_id.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(None);
        }
        let opened = self.examine(folder).await?;
        let found = self
            .search(&format!(
                "HEADER Message-ID {}",
                quote(&format!("<{message_id}>"))
            ))
            .await?;
        Ok(found
            .last()
            .map(|uid| remote_id(folder, opened.uidvalidity, *uid)))
    }

    /// Files a copy in Sent unless one is there.
    pub(super) async fn file_sent(
        &mut self,
        message_id: &str,
        raw: &[u8],
    ) -> Result<Option<RemoteId>> {
        let sent = match self.sent() {
            Some(sent) => sent,
            None => self.create_sent().await?,
        };
        let folder = Folder {
            name: sent.clone(),
            place: Place::Sent,
        };
        if let Some(there) = self
            .find(&sent, message_id)
            .await
            .map_err(|f| self.folder_error(&folder, f))?
        {
            return Ok(Some(there));
        }
        self.append(&sent, raw)
            .await
            .map_err(|f| self.folder_error(&folder, f))?;
        self.find(&sent, message_id)
            .await
            .map_err(|f| self.folder_error(&folder, f))
    }

    async fn create_sent(&mut self) -> Result<String> {
        let name = match (&self.delimiter, self.prefix_inbox) {
            (Some(d), true) => format!("INBOX{d}Sent"),
            _ => "Sent".to_owned(),
        };
        let folder = Folder {
            name: name.clone(),
            place: Place::Sent,
        };
        self.command(&format!("CREATE {}", quote(&name)), 0, |_| {})
            .await
            .map_err(|f| self.folder_error(&folder, f))?;
        self.folders.push(folder);
        Ok(name)
    }

    async fn append(&mut self, folder: &str, raw: &[u8]) -> Outcome<()> {
        let limit = net::TOTAL + Duration::from_secs(raw.len() as u64 / 32_768);
        let exchange = async {
            let id = self
                .session
                .run_command(format!(
                    "APPEND {} (\\Seen) {{{}}}",
                    quote(folder),
                    raw.len()
                ))
                .await
                .map_err(|e| lost(&self.server, e))?;
            loop {
                let answer = self
                    .session
                    .read_response()
                    .await
                    .map_err(|e| unreadable(&self.server, &e))?;
                let Some(answer) = answer else {
                    return Err(Fault::Broken(closed(&self.server)));
                };
                match answer.parsed() {
                    Response::Continue(_) => {
                        let stream = self.session.get_mut();
                        let written = async {
                            stream.write_all(raw).await?;
                            stream.write_all(b"\r\n").await?;
                            stream.flush().await
                        };
                        written
                            .await
                            .map_err(|e| Fault::Broken(broken(&self.server, "folder", &e)))?;
                    }
                    Response::Done {
                        tag,
                        status,
                        outcome,
                    } if *tag == id => {
                        return verdict(status, outcome.information.as_deref());
                    }
                    Response::Data {
                        status: Status::Bye,
                        outcome,
                    } => {
                        return Err(Fault::Broken(bye(
                            &self.server,
                            outcome.information.as_deref(),
                        )));
                    }
                    _ => {}
                }
            }
        };
        match timeout(limit, exchange).await {
            Ok(done) => done,
            Err(_) => Err(Fault::Broken(retry(
                "folder",
                format!("{} took too long to file a sent mail.", at(&self.server)),
            ))),
        }
    }
}

// ---- waiting ------------------------------------------------------------------------------------------

impl Reader {
    /// Returns once the inbox has changed or the time is over. `known` is the inbox's next number as last polled.
    pub(super) async fn idle(&mut self, known: u32, limit: Duration) -> Result<()> {
        let inbox = self
            .folders
            .first()
            .map_or_else(|| "INBOX".to_owned(), |f| f.name.clone());
        let opened = self
            .examine(&inbox)
            .await
            .map_err(|f| self.error("folder", f))?;
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
        let id = self
            .session
            .run_command("IDLE")
            .await
            .map_err(|e| lost(&self.server, e))?;
        let news = async {
            loop {
                let answer = self
                    .session
                    .read_response()
                    .await
                    .map_err(|e| unreadable(&self.server, &e))?;
                let Some(answer) = answer else {
                    return Err(Fault::Broken(closed(&self.server)));
                };
                match answer.parsed() {
                    Response::MailboxData(MailboxDatum::Exists(_))
                    | Response::Expunge(_)
                    | Response::Fetch(..) => return Ok(true),
                    Response::Done {
                        tag,
                        status,
                        outcome,
                    } if *tag == id => {
                        return verdict(status, outcome.information.as_deref()).map(|()| false);
                    }
                    Response::Data {
                        status: Status::Bye,
                        outcome,
                    } => {
                        return Err(Fault::Broken(bye(
                            &self.server,
                            outcome.information.as_deref(),
                        )));
                    }
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
        self.session
            .run_command_untagged("DONE")
            .await
            .map_err(|e| lost(&self.server, e))?;
        let done = async {
            loop {
                let answer = self
                    .session
                    .read_response()
                    .await
                    .map_err(|e| unreadable(&self.server, &e))?;
                let Some(answer) = answer else {
                    return Err(Fault::Broken(closed(&self.server)));
                };
                if let Response::Done { tag, .. } = answer.parsed()
                    && *tag == id
                {
                    return Ok(());
                }
            }
        };
        timeout(net::IDLE, done)
            .await
            .unwrap_or_else(|_| Err(Fault::Broken(closed(&self.server))))
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_servers_reason_is_shown_on_one_line() {
        assert_eq!(
            server_words("code: None, info: Some(\"no\\r\\n such user\")")
                .matches('\n')
                .count(),
            0
        );
        assert_eq!(server_words("plain"), "“plain”");
    }
}
