//! What changed about mails that are known: removed ones and read marks. Nothing is deleted here because of it.

use super::super::cursor::Edges;
use super::answer::Answer;
use super::fault::Outcome;
use super::open::Opened;
use super::poll::Poll;
use super::{Folder, Uids, remote_id};
use crate::model::Event;

/// So many known mails are compared with what is there in one question.
const SLICE: usize = 2_000;
/// So many of the newest mails are looked at for read marks each time where the server keeps no state, and so many
/// older ones in turn.
const WINDOW: usize = 500;
/// Most read marks that are remembered of a folder.
const TOLD: usize = 50_000;

/// A mail's number, Gmail's number of it, and whether it has been read.
type Seen = (u32, Option<u64>, bool);

impl Poll<'_> {
    /// Everything that changed in a folder whose news are read.
    pub(super) async fn changes(
        &mut self,
        folder: &Folder,
        opened: &Opened,
        edges: &mut Edges,
    ) -> Outcome<()> {
        edges.mailbox = opened.mailbox.clone().or(edges.mailbox.take());
        let whole = if opened.resynced {
            self.vanished(folder, opened, edges).await?
        } else {
            self.sweep(folder, edges).await?;
            true
        };
        let told = if self.wishes.sync_read {
            self.marks_of(folder, opened, edges).await?
        } else {
            true
        };
        if whole && told {
            edges.modseq = opened.modseq;
        } else {
            self.got.more = true;
        }
        Ok(())
    }

    /// What the server says went (QRESYNC). Whether all of it had room.
    async fn vanished(
        &mut self,
        folder: &Folder,
        opened: &Opened,
        edges: &mut Edges,
    ) -> Outcome<bool> {
        let known = |(from, to): &(u32, u32)| edges.have.within(*from, *to).newest(usize::MAX);
        let gone: Uids = opened.vanished.iter().flat_map(known).collect();
        self.went(folder, edges, &gone.newest(usize::MAX)).await
    }

    /// Tells that these went, the greatest number first. Whether all of them had room.
    async fn went(&mut self, folder: &Folder, edges: &mut Edges, gone: &[u32]) -> Outcome<bool> {
        if self.r.skills.gmail {
            return self.went_from_gmail(folder, edges, gone).await;
        }
        for uid in gone {
            if self.got.room() == 0 {
                return Ok(false);
            }
            edges.have.remove(*uid);
            self.got.events.push(Event::Vanished {
                remote_id: remote_id(&folder.name, edges, *uid, None),
            });
        }
        Ok(true)
    }

    /// The next slice of known mails is compared with what is there.
    async fn sweep(&mut self, folder: &Folder, edges: &mut Edges) -> Outcome<()> {
        let Some(from) = edges.sweep.filter(|_| self.got.room() > 0) else {
            return Ok(());
        };
        let slice = edges.have.downward(from, SLICE);
        let (Some(high), Some(low)) = (slice.first().copied(), slice.last().copied()) else {
            edges.sweep = None;
            return Ok(());
        };
        let there = self.r.search(&format!("UID {low}:{high}")).await?;
        let there: Uids = there.into_iter().collect();
        let gone: Vec<u32> = slice.into_iter().filter(|uid| !there.has(*uid)).collect();
        if !self.went(folder, edges, &gone).await? {
            self.got.more = true;
            return Ok(());
        }
        edges.sweep = Some(low - 1).filter(|next| edges.have.least().is_some_and(|l| l <= *next));
        self.got.more |= edges.sweep.is_some();
        Ok(())
    }

    /// Read marks that changed. Whether all of them had room.
    async fn marks_of(
        &mut self,
        folder: &Folder,
        opened: &Opened,
        edges: &mut Edges,
    ) -> Outcome<bool> {
        if opened.resynced {
            let marks = opened.marks.iter().map(|(uid, seen)| (*uid, None, *seen));
            let marks: Vec<Seen> = marks.collect();
            return Ok(self.tell(folder, edges, &marks));
        }
        if let (Some(before), Some(now)) = (edges.modseq, opened.modseq) {
            if before >= now {
                return Ok(true);
            }
            let set = format!("{}:{}", edges.lower.max(1), edges.upper.max(edges.lower));
            let marks = self
                .flags(&set, &format!(" (CHANGEDSINCE {before})"))
                .await?;
            return Ok(self.tell(folder, edges, &marks));
        }
        // Looking costs a question each time; while history comes in, the news come first.
        if (self.wishes.history && edges.has_history()) || edges.have.is_empty() {
            return Ok(true);
        }
        let newest = edges.have.newest(WINDOW);
        if !self.look(folder, edges, &newest).await? {
            return Ok(false);
        }
        self.look_further(folder, edges, &newest).await
    }

    /// The older mails in turn, a slice each time.
    async fn look_further(
        &mut self,
        folder: &Folder,
        edges: &mut Edges,
        newest: &[u32],
    ) -> Outcome<bool> {
        let Some(oldest) = newest.last().filter(|_| newest.len() == WINDOW) else {
            return Ok(true);
        };
        let from = edges.rotor.unwrap_or(u32::MAX).min(oldest - 1);
        let slice = edges.have.downward(from, WINDOW);
        if self.look(folder, edges, &slice).await? {
            // Past the end it begins at the top again.
            edges.rotor = slice.last().map(|low| low - 1).filter(|low| *low > 0);
        }
        // What had no room is looked at again when it is its turn.
        Ok(true)
    }

    async fn look(&mut self, folder: &Folder, edges: &Edges, uids: &[u32]) -> Outcome<bool> {
        if uids.is_empty() {
            return Ok(true);
        }
        let set = uids.iter().copied().collect::<Uids>().text();
        let marks = self.flags(&set, "").await?;
        Ok(self.tell(folder, edges, &marks))
    }

    async fn flags(&mut self, set: &str, since: &str) -> Outcome<Vec<Seen>> {
        let items = if self.r.skills.gmail {
            "UID FLAGS X-GM-MSGID"
        } else {
            "UID FLAGS"
        };
        let mut marks = Vec::new();
        let command = format!("UID FETCH {set} ({items}){since}");
        self.r
            .ask(&command, 0, |a| {
                if let Answer::Fetch(f) = a
                    && let (Some(uid), Some(seen)) = (f.uid, f.seen())
                {
                    marks.push((uid, f.gmail, seen));
                }
            })
            .await?;
        Ok(marks)
    }

    /// Hands on those marks that were not told before, of mails that were read here. Whether all had room.
    fn tell(&mut self, folder: &Folder, edges: &Edges, marks: &[Seen]) -> bool {
        let key = (folder.name.clone(), edges.uidvalidity);
        let mut told = self.memory.told.remove(&key).unwrap_or_default();
        if told.len() > TOLD {
            told.clear();
        }
        let mut all = true;
        for (uid, gmail, seen) in marks {
            let here = (edges.lower..=edges.upper).contains(uid);
            if !here || told.get(uid) == Some(seen) || (self.r.skills.gmail && gmail.is_none()) {
                continue;
            }
            if self.got.room() == 0 {
                all = false;
                break;
            }
            told.insert(*uid, *seen);
            self.got.events.push(Event::Read {
                remote_id: remote_id(&folder.name, edges, *uid, *gmail),
                seen: *seen,
            });
        }
        self.memory.told.insert(key, told);
        all
    }
}
