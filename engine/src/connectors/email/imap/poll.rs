//! One poll: news, then what changed, then history, within the limits of a batch.

use super::super::cursor::{Edges, Marks};
use super::super::net::at;
use super::fault::{self, Fault, Outcome};
use super::folders::{self, decode_utf7};
use super::open::Opened;
use super::{Backlog, Folder, Reader};
use crate::connectors::{Recall, Result};
use crate::model::{BATCH_EVENTS, Batch, Cursor, Event, Gap, Place};
use crate::time::Millis;
use std::collections::HashMap;
use std::sync::Arc;

/// Most bytes of mail in one batch, unless a single mail has more.
pub(super) const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// Most characters of the numbers that are remembered of a folder.
const HAVE_CHARACTERS: usize = 4_000;

/// What the account's settings and the person want of a poll.
#[derive(Clone, Default)]
pub(in crate::connectors::email) struct Wishes {
    /// Whether read marks and removals are followed.
    pub(in crate::connectors::email) sync_read: bool,
    /// Whether older mail is read.
    pub(in crate::connectors::email) history: bool,
    /// What is here already.
    pub(in crate::connectors::email) recall: Option<Arc<dyn Recall>>,
}

/// What outlives a connection and not the program.
#[derive(Debug, Default)]
pub(in crate::connectors::email) struct Memory {
    /// The last answer with mails in it could not be read: each is asked for alone.
    pub(super) careful: bool,
    /// How often a mail broke its connection, so that one of them cannot stop the account for ever.
    pub(super) tries: HashMap<(String, u32, u32), u8>,
    /// Read marks that were told, by folder and numbering.
    pub(super) told: HashMap<(String, u32), HashMap<u32, bool>>,
    /// Gmail's numbers of mails that were read, by folder and numbering.
    pub(super) gmail: HashMap<(String, u32), HashMap<u32, u64>>,
    last: Option<Cursor>,
}

impl Memory {
    /// What was told of after another cursor than this may not have been stored.
    fn begin(&mut self, cursor: Option<&Cursor>) {
        if self.last.as_ref() != cursor {
            self.told.clear();
        }
    }
}

/// What one poll gathers, within its limits.
pub(super) struct Gathering {
    pub(super) events: Vec<Event>,
    pub(super) bytes: u64,
    pub(super) gaps: Vec<Gap>,
    pub(super) more: bool,
}

impl Gathering {
    pub(super) fn room(&self) -> usize {
        if self.bytes >= BATCH_BYTES {
            0
        } else {
            BATCH_EVENTS.saturating_sub(self.events.len())
        }
    }
}

/// A poll under way.
pub(super) struct Poll<'a> {
    pub(super) r: &'a mut Reader,
    pub(super) marks: Marks,
    /// Nothing at all was read from this account before.
    first: bool,
    pub(super) got: Gathering,
    pub(super) memory: &'a mut Memory,
    pub(super) wishes: &'a Wishes,
}

/// Numbers that were dealt with, and the provider's time of each.
pub(super) type Handled = Vec<(u32, Option<Millis>)>;

impl Reader {
    /// News first, oldest first; then history, newest first, as long as there is room. Also gives the inbox's
    /// next number, by which waiting tells whether something came meanwhile.
    pub(in crate::connectors::email) async fn poll(
        &mut self,
        cursor: Option<&Cursor>,
        memory: &mut Memory,
        wishes: &Wishes,
    ) -> Result<(Batch, u32)> {
        memory.begin(cursor);
        let marks = Marks::read(cursor);
        let poll = Poll {
            r: self,
            first: marks.folders.is_empty(),
            marks,
            got: Gathering {
                events: Vec::new(),
                bytes: 0,
                gaps: Vec::new(),
                more: false,
            },
            memory,
            wishes,
        };
        poll.run().await
    }
}

impl Poll<'_> {
    async fn run(mut self) -> Result<(Batch, u32)> {
        self.look_for_lost()
            .await
            .map_err(|f| self.r.error("folder", f))?;
        let folders = self.wanted();
        self.r.folders.clone_from(&folders);
        let mut inbox_next = 0;
        for (i, folder) in folders.iter().enumerate() {
            let next = self.folder(folder).await?;
            if i == 0 {
                inbox_next = next;
            }
        }
        if self.wishes.history {
            self.history(&folders)
                .await
                .map_err(|f| self.r.error("fetch", f))?;
        }
        self.memory.careful = false;
        self.alerts();
        let unread = |f: &Folder| {
            self.marks
                .folders
                .get(&f.name)
                .is_some_and(Edges::has_history)
        };
        let more = self.got.more || (self.wishes.history && folders.iter().any(unread));
        let next = self.marks.write();
        self.memory.last = Some(next.clone());
        let names: Vec<&str> = folders.iter().map(|f| f.name.as_str()).collect();
        let batch = Batch {
            events: self.got.events,
            next,
            more,
            gaps: self.got.gaps,
            progress: self.marks.progress(&names),
        };
        Ok((batch, inbox_next))
    }

    /// The folders to read; those that have another name now than the one they were picked by among them.
    fn wanted(&self) -> Vec<Folder> {
        let picked = &self.r.config.folders;
        let mut names = picked.clone();
        let listed = |n: &str| self.r.listed.iter().any(|l| l.name == n && l.selectable);
        for (name, edges) in &self.marks.folders {
            let was_picked = |n: &String| picked.contains(n) && !listed(n);
            if !names.contains(name) && edges.names.iter().any(was_picked) {
                names.push(name.clone());
            }
        }
        // An account whose labels were read one by one before goes on so: nothing is read again.
        let labels = self.marks.folders.contains_key("INBOX");
        folders::choose(&self.r.listed, &names, self.r.skills.gmail && !labels)
    }

    fn alerts(&mut self) {
        for words in std::mem::take(&mut self.r.talk.alerts) {
            self.got.gaps.push(Gap {
                place: at(self.r.server()),
                reason: format!("The server wants you to know: {words}"),
                since: None,
            });
        }
    }

    /// One folder's news and changes. Gives its next number.
    async fn folder(&mut self, folder: &Folder) -> Result<u32> {
        let known = self.marks.folders.get(&folder.name).cloned();
        let opened = match self.r.examine(&folder.name, known.as_ref()).await {
            Ok(opened) => opened,
            // A folder other than the inbox may have gone; the next connection lists anew.
            Err(Fault::Refused(said)) if folder.place != Place::Inbox => {
                self.r.relist = true;
                let at = at(self.r.server());
                let said = fault::words(&said.text);
                self.gap(folder, format!("{at} does not open this folder: {said}"));
                return Ok(0);
            }
            Err(fault) => return Err(self.r.folder_error(&folder.name, fault)),
        };
        let read = self.read_folder(folder, known, &opened).await;
        read.map_err(|f| self.r.error("fetch", f))?;
        Ok(opened.uidnext)
    }

    async fn read_folder(
        &mut self,
        folder: &Folder,
        known: Option<Edges>,
        opened: &Opened,
    ) -> Outcome<()> {
        let mut opened = opened.clone();
        let edges = match known {
            None => self.first_sight(folder, &opened, None).await?,
            Some(e) if e.uidvalidity != opened.uidvalidity => {
                self.first_sight(folder, &opened, Some(&e)).await?
            }
            Some(mut e) => {
                if self.went_back(folder, &mut e, &mut opened).await? {
                    let new = self.first_sight(folder, &opened, Some(&e)).await?;
                    let epoch = e.epoch + 1;
                    self.keep(folder, Edges { epoch, ..new });
                    return Ok(());
                }
                self.news(folder, &opened, &mut e).await?;
                self.changes(folder, &opened, &mut e).await?;
                e
            }
        };
        self.keep(folder, edges);
        Ok(())
    }

    /// Notes how far a folder is read.
    pub(super) fn keep(&mut self, folder: &Folder, mut edges: Edges) {
        edges.have.keep_within(HAVE_CHARACTERS);
        self.marks.folders.insert(folder.name.clone(), edges);
    }

    /// Whether numbers that were given are given again though the numbering has the same name: a server that was
    /// put back to an earlier state. The word of some on the next number is worth nothing.
    async fn went_back(
        &mut self,
        folder: &Folder,
        edges: &mut Edges,
        opened: &mut Opened,
    ) -> Outcome<bool> {
        if opened.uidnext == 0 || opened.uidnext > edges.upper {
            return self.replaced(folder, opened, edges).await;
        }
        let found = self.r.search(&format!("UID {}:*", edges.upper)).await?;
        if found.last().is_some_and(|last| *last >= edges.upper) {
            opened.uidnext = 0;
            return self.replaced(folder, opened, edges).await;
        }
        Ok(true)
    }

    async fn news(&mut self, folder: &Folder, opened: &Opened, edges: &mut Edges) -> Outcome<()> {
        let from = edges.upper.saturating_add(1);
        if opened.uidnext > 0 && opened.uidnext <= from {
            self.counted(opened, edges, 0);
            return Ok(());
        }
        // `n:*` always names the last mail, even when its number is below n.
        let mut fresh = self.r.search(&format!("UID {from}:*")).await?;
        fresh.retain(|uid| *uid > edges.upper);
        let all = fresh.len();
        fresh.truncate(self.got.room());
        self.got.more |= fresh.len() < all;
        if fresh.is_empty() {
            if all == 0 {
                self.counted(opened, edges, 0);
            }
            return Ok(());
        }
        let handled = self.fetch(folder, edges, &fresh, true).await?;
        self.got.more |= handled.len() < fresh.len();
        let highest = handled.iter().map(|h| h.0).max();
        edges.upper = edges.upper.max(highest.unwrap_or(0));
        if handled.len() == all {
            self.counted(opened, edges, all);
        } else {
            edges.count = edges
                .count
                .map(|c| c.saturating_add(u32::try_from(handled.len()).unwrap_or(u32::MAX)));
        }
        Ok(())
    }

    /// All news are read: whether there are as many mails as there must be if none went.
    fn counted(&self, opened: &Opened, edges: &mut Edges, fresh: usize) {
        let fresh = u32::try_from(fresh).unwrap_or(u32::MAX);
        let went = edges
            .count
            .is_some_and(|c| c.saturating_add(fresh) != opened.exists);
        edges.count = Some(opened.exists);
        if went && !opened.resynced {
            edges.sweep = Some(edges.upper);
        }
    }

    /// The edges of a folder that was never read, or that was numbered anew.
    async fn first_sight(
        &mut self,
        folder: &Folder,
        opened: &Opened,
        before: Option<&Edges>,
    ) -> Outcome<Edges> {
        let all = if opened.exists == 0 && opened.uidnext <= 1 {
            Vec::new()
        } else {
            self.r.search("ALL").await?
        };
        let newest = all.last().copied().unwrap_or(0);
        // Old junk is nobody's history; new junk may hold a customer's mail.
        let history = if folder.place == Place::Junk && before.is_none() {
            0
        } else {
            all.len() as u64
        };
        let backlog = Backlog {
            uidvalidity: opened.uidvalidity,
            below: newest.saturating_add(1),
            uids: all,
        };
        self.r.backlog.insert(folder.name.clone(), backlog);
        Ok(Edges {
            modseq: opened.modseq,
            mailbox: opened.mailbox.clone(),
            count: Some(opened.exists),
            rematch: before.is_some() || !self.first,
            key: before.and_then(|e| e.key.clone()),
            names: before.map(|e| e.names.clone()).unwrap_or_default(),
            ..Edges::fresh(opened.uidvalidity, newest, history)
        })
    }

    pub(super) fn gap(&mut self, folder: &Folder, reason: String) {
        self.got.gaps.push(Gap {
            place: decode_utf7(&folder.name),
            reason,
            since: None,
        });
    }
}
