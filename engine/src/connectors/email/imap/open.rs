//! Opening a folder, with what the server can tell about it since the last time.

use super::answer::{Answer, Said};
use super::fault::{Fault, Outcome};
use super::talk::quote;
use super::{Edges, Reader, decode_utf7};
use crate::connectors::Result;
use crate::model::RemoteFolder;

/// Counting mails costs a question for each folder; further ones are listed without.
const MOST_COUNTED: usize = 200;

/// What a server said about a folder when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Opened {
    /// The folder's numbering.
    pub(super) uidvalidity: u32,
    /// The next mail's number; 0 = not told.
    pub(super) uidnext: u32,
    /// How many mails there are.
    pub(super) exists: u32,
    /// The folder's state (CONDSTORE), where it is kept.
    pub(super) modseq: Option<u64>,
    /// The folder's own id (RFC 8474).
    pub(super) mailbox: Option<String>,
    /// Since the last time (QRESYNC): what went.
    pub(super) vanished: Vec<(u32, u32)>,
    /// Since the last time (QRESYNC): read marks.
    pub(super) marks: Vec<(u32, bool)>,
    /// Whether the two above are all there was.
    pub(super) resynced: bool,
}

impl Opened {
    fn take(&mut self, a: &Answer) {
        match a {
            Answer::Exists(n) => self.exists = *n,
            Answer::Status(said) => self.say(said),
            Answer::Vanished(true, runs) => self.vanished.extend_from_slice(runs),
            Answer::Fetch(f) => {
                if let (Some(uid), Some(seen)) = (f.uid, f.seen()) {
                    self.marks.push((uid, seen));
                }
            }
            _ => {}
        }
    }

    fn say(&mut self, said: &Said) {
        if let Some(n) = said.number("UIDVALIDITY") {
            self.uidvalidity = n;
        } else if let Some(n) = said.number("UIDNEXT") {
            self.uidnext = n;
        } else if let Some(n) = said.number::<u64>("HIGHESTMODSEQ") {
            self.modseq = Some(n).filter(|n| *n > 0);
        } else if said.is("MAILBOXID") {
            self.mailbox = said
                .code
                .as_ref()
                .map(|c| c.1.trim_matches(['(', ')', ' ']).to_owned());
        }
    }
}

impl Reader {
    /// Opens a folder for reading only.
    pub(super) async fn examine(&mut self, name: &str, edges: Option<&Edges>) -> Outcome<Opened> {
        let known = edges.and_then(|e| Some((e, e.modseq?)));
        if let Some((edges, modseq)) = known.filter(|_| self.skills.qresync) {
            let how = format!(
                " (QRESYNC ({} {modseq} {}:{}))",
                edges.uidvalidity,
                edges.lower.max(1),
                edges.upper.max(edges.lower).max(1)
            );
            match self.open_as("EXAMINE", name, &how).await {
                Ok(mut opened) => {
                    opened.resynced =
                        opened.uidvalidity == edges.uidvalidity && opened.modseq.is_some();
                    return Ok(opened);
                }
                Err(Fault::Refused(_)) => self.skills.qresync = false,
                Err(fault) => return Err(fault),
            }
        }
        if self.skills.condstore {
            match self.open_as("EXAMINE", name, " (CONDSTORE)").await {
                // Either the folder, or the way of asking is refused: the plain way tells which.
                Err(Fault::Refused(_)) => {}
                other => return other,
            }
        }
        self.open_as("EXAMINE", name, "").await
    }

    /// The open folder, if it is this one.
    pub(super) async fn examine_again(&mut self, name: &str) -> Outcome<Opened> {
        match &self.open {
            Some((open, opened)) if open == name => Ok(opened.clone()),
            _ => self.examine(name, None).await,
        }
    }

    /// Opens a folder so that marks can be stored.
    pub(super) async fn select(&mut self, name: &str) -> Outcome<Opened> {
        let opened = self.open_as("SELECT", name, "").await;
        // The next reading opens it for reading only again.
        self.open = None;
        opened
    }

    async fn open_as(&mut self, verb: &str, name: &str, how: &str) -> Outcome<Opened> {
        let mut opened = Opened::default();
        self.open = None;
        self.ask(&format!("{verb} {}{how}", quote(name)), 0, |a| {
            opened.take(a);
        })
        .await?;
        self.open = Some((name.to_owned(), opened.clone()));
        Ok(opened)
    }

    /// Every folder, for a person to choose from.
    pub(in crate::connectors::email) async fn folders_to_choose(
        &mut self,
    ) -> Result<Vec<RemoteFolder>> {
        let mut all = Vec::new();
        for listed in self.listed.clone().into_iter().filter(|l| l.selectable) {
            let asked = all.len() < MOST_COUNTED;
            let figures = if asked {
                self.figures(&listed.name, "MESSAGES").await
            } else {
                Ok(Vec::new())
            };
            let figures = figures.map_err(|f| self.folder_error(&listed.name, f))?;
            all.push(RemoteFolder {
                title: decode_utf7(&listed.name),
                purpose: listed.purpose(),
                messages: figures
                    .iter()
                    .find(|f| f.0 == "MESSAGES")
                    .and_then(|f| f.1.parse().ok()),
                read: self.folders.iter().any(|f| f.name == listed.name),
                name: listed.name,
            });
        }
        Ok(all)
    }

    /// Figures of a folder that is not open; empty where the server refuses.
    pub(super) async fn figures(
        &mut self,
        name: &str,
        what: &str,
    ) -> Outcome<Vec<(String, String)>> {
        let mut figures = Vec::new();
        let asked = self
            .ask(&format!("STATUS {} ({what})", quote(name)), 0, |a| {
                if let Answer::Figures(_, all) = a {
                    figures.clone_from(all);
                }
            })
            .await;
        match asked {
            Ok(()) | Err(Fault::Refused(_)) => Ok(figures),
            Err(fault) => Err(fault),
        }
    }
}
