//! Reading over IMAP. Folders are examined, not selected: reading stores no flag, moves and deletes nothing. Two
//! things are written: a copy of a sent mail, and, where a person wants that, the mark of having been read.

mod answer;
mod changes;
mod edge;
mod fault;
mod fetch;
mod flags;
mod folders;
mod gmail;
mod history;
mod idle;
mod login;
mod lost;
mod open;
mod poll;
mod sent;
mod sign_in;
mod talk;
mod uids;

pub(in crate::connectors) use folders::place_of;

pub(super) use edge::Witness;
pub(super) use folders::decode_utf7;
pub(super) use login::{connect, login};
pub(super) use poll::{Memory, Wishes};
pub(super) use uids::Uids;

use super::cursor::Edges;
use crate::model::{ChannelError, EmailConfig, MailServer, Place, Remedy, RemoteId};
use answer::Answer;
use fault::{Fault, Outcome};
use folders::Listed;
use open::Opened;
use std::collections::HashMap;
use talk::Talk;

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

/// The numbers of all mails below one of them, rising. Kept, because asking costs much in large folders.
struct Backlog {
    uidvalidity: u32,
    below: u32,
    uids: Vec<u32>,
}

/// What a server can do that matters here.
#[derive(Debug, Clone, Copy, Default)]
struct Skills {
    idle: bool,
    condstore: bool,
    qresync: bool,
    objectid: bool,
    gmail: bool,
    special_use: bool,
}

/// A signed-in connection.
pub(super) struct Reader {
    talk: Talk,
    config: EmailConfig,
    skills: Skills,
    /// Every folder the server lists.
    listed: Vec<Listed>,
    /// The folders that are read, the inbox first; those that were renamed may follow with the first poll.
    pub(super) folders: Vec<Folder>,
    open: Option<(String, Opened)>,
    /// Numbers of a folder's older mails, by folder.
    backlog: HashMap<String, Backlog>,
    /// Folders that are gone were looked for on this connection.
    looked: bool,
    /// Each folder's next number and count when its newest mails were last looked at on this connection.
    looked_at: HashMap<String, (u32, u32)>,
    /// A folder was not there: the next connection lists anew.
    pub(super) relist: bool,
}

impl Reader {
    /// Whether the server pushes.
    pub(super) fn pushes(&self) -> bool {
        self.skills.idle
    }

    fn server(&self) -> &MailServer {
        &self.talk.server
    }

    /// One command; every answer goes to `on`.
    async fn ask(
        &mut self,
        command: &str,
        expected_bytes: u64,
        mut on: impl FnMut(&Answer) + Send,
    ) -> Outcome<()> {
        let validity = self.open.as_ref().map_or(0, |o| o.1.uidvalidity);
        let mut shifted = false;
        let opens = command.starts_with("EXAMINE") || command.starts_with("SELECT");
        let done = self
            .talk
            .command(command, expected_bytes, |a| {
                if let Answer::Status(said) = a
                    && let Some(n) = said.number::<u32>("UIDVALIDITY")
                {
                    shifted |= !opens && validity != 0 && n != validity;
                }
                on(a);
            })
            .await;
        if shifted {
            // What was asked for by number may be about other mails.
            self.open = None;
            return Err(Fault::Broken(fault::closed(self.server())));
        }
        done.map(|_| ())
    }

    async fn search(&mut self, query: &str) -> Outcome<Vec<u32>> {
        let mut found = Vec::new();
        self.ask(&format!("UID SEARCH {query}"), 0, |a| {
            if let Answer::Search(all) = a {
                found.extend_from_slice(all);
            }
        })
        .await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn error(&self, step: &'static str, fault: Fault) -> ChannelError {
        fault::at_step(self.server(), step, fault)
    }

    fn folder_error(&self, name: &str, fault: Fault) -> ChannelError {
        fault::at_folder(self.server(), &decode_utf7(name), fault)
    }

    /// Says good-bye, without waiting long for an answer.
    pub(super) async fn close(mut self) {
        let patience = std::time::Duration::from_secs(2);
        let _ = tokio::time::timeout(patience, self.ask("LOGOUT", 0, |_| {})).await;
    }
}

/// The provider's id of a mail at this account. It stays when the folder is renamed, and changes with the folder's
/// numbering. Gmail has a number of its own for each mail.
fn remote_id(folder: &str, edges: &Edges, uid: u32, gmail: Option<u64>) -> RemoteId {
    if let Some(n) = gmail {
        return RemoteId(format!("{}{n}", gmail_key(folder, edges)));
    }
    let key = edges.key.as_deref().unwrap_or(folder);
    let validity = edges.uidvalidity;
    RemoteId(match edges.epoch {
        0 => format!("{key}{UNIT}{validity}{UNIT}{uid}"),
        epoch => format!("{key}{UNIT}{validity}-{epoch}{UNIT}{uid}"),
    })
}

/// What the ids of a folder's mails at Gmail begin with.
fn gmail_key(folder: &str, edges: &Edges) -> String {
    let key = edges.key.as_deref().unwrap_or(folder);
    format!("{key}{UNIT}gm{UNIT}")
}

/// Whether a server's line says anything that is asked for.
pub(super) fn understood(line: &[u8]) -> bool {
    let _ = answer::announced(line);
    !matches!(answer::read(line), Answer::Other)
}

/// Whether a failure should throw a kept connection away and try once with a new one.
pub(super) fn is_stale(e: &ChannelError) -> bool {
    e.remedy == Remedy::Retry && matches!(e.step, "folder" | "fetch")
}
