//! Whether the mails at the upper edge are still the ones that were read. A server that was put back to an earlier state
//! gives numbers a second time under the same numbering, and by the time it is asked they may be past our edge again.

use super::super::convert;
use super::super::cursor::Edges;
use super::Folder;
use super::answer::Answer;
use super::fault::{Fault, Outcome};
use super::fetch::internal_date;
use super::open::Opened;
use super::poll::Poll;
use super::uids::uid_set;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// So many of the newest mails are remembered: some of them go, and one that stays is enough.
const MOST: usize = 8;

/// A mail under its number, as it was read: its number, a digest of its Message-ID (0 = none), and the server's time of
/// it (0 = none).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::connectors::email) struct Witness(u32, u32, Millis);

impl Witness {
    pub(super) fn new(uid: u32, message_id: Option<&str>, at: Option<Millis>) -> Self {
        Self(uid, message_id.map_or(0, short), at.unwrap_or(0))
    }

    /// Whether another mail lies under the number now. The Message-ID decides: a server's times may change when mails
    /// are copied to another disk.
    fn differs(self, now: Self) -> bool {
        let told = |a: bool, b: bool| a && b;
        if told(self.1 != 0, now.1 != 0) {
            self.1 != now.1
        } else {
            told(self.2 != 0, now.2 != 0) && self.2 != now.2
        }
    }

    fn says_something(self) -> bool {
        self.1 != 0 || self.2 != 0
    }
}

fn short(message_id: &str) -> u32 {
    let digest = Sha256::digest(message_id.as_bytes());
    let four = digest.iter().take(4);
    four.fold(0, |n, b| n << 8 | u32::from(*b)).max(1)
}

impl Edges {
    /// Remembers a mail that was read, if it is among the newest.
    pub(super) fn witness(&mut self, seen: Witness) {
        self.edge.retain(|w| w.0 != seen.0);
        if seen.says_something() {
            self.edge.push(seen);
        }
        self.edge.sort_unstable_by_key(|w| std::cmp::Reverse(w.0));
        self.edge.truncate(MOST);
    }

    /// Whether enough of the newest mails are remembered.
    pub(super) fn has_witnesses(&self) -> bool {
        self.edge.len() >= MOST
    }
}

impl Poll<'_> {
    /// Whether numbers that were read belong to other mails now. Asked with the first look on a connection (a server
    /// that is put back ends them all), and whenever the folder is not as it was; never when nothing happened.
    pub(super) async fn replaced(
        &mut self,
        folder: &Folder,
        opened: &Opened,
        edges: &mut Edges,
    ) -> Outcome<bool> {
        let now = (opened.uidnext, opened.exists);
        let before = self.r.looked_at.insert(folder.name.clone(), now);
        let back = edges.modseq.zip(opened.modseq).is_some_and(|(b, n)| n < b);
        if edges.have.is_empty() || (before == Some(now) && !back) {
            return Ok(false);
        }
        let known = edges.edge.clone();
        let uids: Vec<u32> = known.iter().map(|w| w.0).collect();
        let there = self.witnesses(&uids).await?;
        let mut present = false;
        for w in known {
            // Where a server gives one number to two mails, one of them is enough. One that went is remembered on: its
            // number never comes back but with another mail.
            let mut of = there.iter().filter(|t| t.0 == w.0).peekable();
            if of.peek().is_none() {
                continue;
            }
            match of.find(|t| !w.differs(**t)) {
                Some(same) => edges.witness(*same),
                None => return Ok(true),
            }
            present = true;
        }
        if !present {
            edges.edge.truncate(MOST / 2);
            let mut others = edges.have.newest(MOST);
            others.retain(|uid| !uids.contains(uid));
            let others = self.witnesses(&others).await?;
            for w in others.into_iter().take(MOST - edges.edge.len()) {
                edges.witness(w);
            }
        }
        Ok(false)
    }

    async fn witnesses(&mut self, uids: &[u32]) -> Outcome<Vec<Witness>> {
        let mut found = Vec::new();
        if uids.is_empty() {
            return Ok(found);
        }
        let items = "UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]";
        let command = format!("UID FETCH {} ({items})", uid_set(uids));
        let asked = self
            .r
            .ask(&command, 0, |a| {
                let Answer::Fetch(f) = a else { return };
                // What comes unasked tells no time.
                if let (Some(uid), Some(date)) = (f.uid.filter(|u| uids.contains(u)), &f.date) {
                    let id = f.header.as_deref().and_then(convert::message_id);
                    found.push(Witness::new(uid, id.as_deref(), internal_date(date)));
                }
            })
            .await;
        match asked {
            // A server that does not answer this tells nothing of it.
            Ok(()) | Err(Fault::Refused(_)) => Ok(found),
            Err(fault) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_another_one_by_its_message_id_and_without_one_by_its_time() {
        let of = |id, at| Witness::new(7, id, at);
        let first = of(Some("a@x"), Some(1_000));
        assert!(!first.differs(of(Some("a@x"), Some(2_000))));
        assert!(first.differs(of(Some("b@x"), Some(1_000))));
        assert!(first.differs(of(None, Some(2_000))));
        assert!(!first.differs(of(None, Some(1_000))));
        assert!(!first.differs(of(None, None)));
    }

    #[test]
    fn the_newest_are_remembered() {
        let mut edges = Edges::default();
        for uid in [5, 1, 2, 3, 4, 6, 7, 8, 9, 10, 9] {
            edges.witness(Witness::new(uid, Some("a@x"), None));
        }
        edges.witness(Witness::new(11, None, None));
        let uids: Vec<u32> = edges.edge.iter().map(|w| w.0).collect();
        assert_eq!(uids, [10, 9, 8, 7, 6, 5, 4, 3]);
    }
}
