//! Which mails went from a folder at Gmail. A delivery's id there is Gmail's own number of the mail, and a number in a
//! folder no longer tells it once the mail is gone. So what is here and lies about where the gap is (Gmail's numbers
//! rise with time, as the folder's do) is asked for, and what the folder does not hold is what went.

use super::super::cursor::Edges;
use super::answer::Answer;
use super::fault::{Fault, Outcome};
use super::poll::{Memory, Poll};
use super::uids::uid_set;
use super::{Folder, gmail_key, remote_id};
use crate::model::Event;
use std::collections::BTreeSet;

/// So many neighbours on each side say where a gap begins and ends.
const BESIDE: usize = 50;
/// So many mails are asked for at once.
const AT_ONCE: usize = 20;
/// Most numbers of a folder that are remembered while the program runs.
const REMEMBERED: usize = 20_000;

impl Memory {
    /// Remembers Gmail's number of a mail.
    pub(super) fn remember_gmail(&mut self, folder: &str, validity: u32, uid: u32, gmail: u64) {
        let numbers = self.gmail.entry((folder.to_owned(), validity));
        let numbers = numbers.or_default();
        if numbers.len() >= REMEMBERED {
            numbers.clear();
        }
        numbers.insert(uid, gmail);
    }
}

impl Poll<'_> {
    /// Tells which mails went with these numbers (greatest first). Whether all of them had room.
    pub(super) async fn went_from_gmail(
        &mut self,
        folder: &Folder,
        edges: &mut Edges,
        gone: &[u32],
    ) -> Outcome<bool> {
        let here = match self.perhaps_gone(folder, edges, gone).await {
            Ok(here) => here,
            // A server that does not answer this tells nothing of it; the mails stay as they are.
            Err(Fault::Refused(_)) => Vec::new(),
            Err(fault) => return Err(fault),
        };
        for some in here.chunks(AT_ONCE) {
            let there = match self.still_there(some).await {
                Ok(there) => there,
                Err(Fault::Refused(_)) => break,
                Err(fault) => return Err(fault),
            };
            for gmail in some.iter().filter(|n| !there.contains(n)) {
                if self.got.room() == 0 {
                    return Ok(false);
                }
                self.got.events.push(Event::Vanished {
                    remote_id: remote_id(&folder.name, edges, 0, Some(*gmail)),
                });
            }
        }
        for uid in gone {
            edges.have.remove(*uid);
        }
        Ok(true)
    }

    /// Gmail's numbers of mails that are here and may be those that went: the ones that this program read itself, and
    /// those between the gap's neighbours.
    async fn perhaps_gone(
        &mut self,
        folder: &Folder,
        edges: &Edges,
        gone: &[u32],
    ) -> Outcome<Vec<u64>> {
        let (Some(high), Some(low)) = (gone.first().copied(), gone.last().copied()) else {
            return Ok(Vec::new());
        };
        let key = (folder.name.clone(), edges.uidvalidity);
        let remembered = self.memory.gmail.get(&key);
        let of = |uid: &u32| remembered.and_then(|m| m.get(uid).copied());
        let mut all: Vec<u64> = gone.iter().filter_map(of).collect();
        let Some(recall) = self
            .wishes
            .recall
            .clone()
            .filter(|_| all.len() < gone.len())
        else {
            return Ok(all);
        };
        let above = edges.have.upward(high.saturating_add(1), BESIDE);
        let below = edges.have.downward(low.saturating_sub(1), BESIDE);
        let from = below.last().copied().unwrap_or(low);
        let to = above.last().copied().unwrap_or(high);
        let there = self.gmail_numbers(&format!("{from}:{to}")).await?;
        // At an end of the folder there is no neighbour.
        let least = there.first().copied().filter(|_| !below.is_empty());
        let most = there.last().copied().filter(|_| !above.is_empty());
        let range = least.unwrap_or(0)..=most.unwrap_or(u64::MAX);
        let room = there.len() + gone.len() + BESIDE;
        let here = recall
            .present(&gmail_key(&folder.name, edges), range, room)
            .await;
        let unseen = |n: &u64| !there.contains(n) && !all.contains(n);
        let more: Vec<u64> = here.into_iter().filter(unseen).collect();
        all.extend(more.into_iter().take(gone.len() + BESIDE));
        Ok(all)
    }

    /// Those of these mails that the open folder holds.
    async fn still_there(&mut self, gmail: &[u64]) -> Outcome<BTreeSet<u64>> {
        let mut query = String::new();
        for (i, n) in gmail.iter().enumerate() {
            if i + 1 < gmail.len() {
                query.push_str("OR ");
            }
            query.push_str(&format!("X-GM-MSGID {n} "));
        }
        let uids = self.r.search(query.trim_end()).await?;
        if uids.is_empty() {
            return Ok(BTreeSet::new());
        }
        self.gmail_numbers(&uid_set(&uids)).await
    }

    async fn gmail_numbers(&mut self, set: &str) -> Outcome<BTreeSet<u64>> {
        let mut numbers = BTreeSet::new();
        self.r
            .ask(&format!("UID FETCH {set} (UID X-GM-MSGID)"), 0, |a| {
                if let Answer::Fetch(f) = a {
                    numbers.extend(f.gmail);
                }
            })
            .await?;
        Ok(numbers)
    }
}
