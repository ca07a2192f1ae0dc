//! Older mail, newest first, behind the news.

use super::super::cursor::Edges;
use super::fault::{Fault, Outcome};
use super::poll::Poll;
use super::{Backlog, Folder};

/// Most mails of one folder's history in a row, so that the Sent folder does not wait for the whole inbox.
const HISTORY_STEP: usize = 50;

impl Poll<'_> {
    /// Fills what room is left.
    pub(super) async fn history(&mut self, folders: &[Folder]) -> Outcome<()> {
        // Folders that turn out to be numbered anew meanwhile wait for the next poll.
        let mut skip: Vec<&str> = Vec::new();
        while self.got.room() > 0 {
            let Some(folder) = self.next_folder(folders, &skip) else {
                return Ok(());
            };
            let Some(edges) = self.marks.folders.get(&folder.name).cloned() else {
                return Ok(());
            };
            match self.r.examine_again(&folder.name).await {
                Ok(opened) if opened.uidvalidity == edges.uidvalidity => {}
                Ok(_) | Err(Fault::Refused(_)) => {
                    skip.push(&folder.name);
                    continue;
                }
                Err(fault) => return Err(fault),
            }
            if !self.step(folder, edges).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The folder whose unread history is the newest goes first; the inbox wins a tie.
    fn next_folder<'f>(&self, folders: &'f [Folder], skip: &[&str]) -> Option<&'f Folder> {
        let edges = |f: &Folder| self.marks.folders.get(&f.name);
        folders
            .iter()
            .filter(|f| {
                !skip.contains(&f.name.as_str()) && edges(f).is_some_and(Edges::has_history)
            })
            .min_by_key(|f| {
                edges(f)
                    .and_then(|e| e.lower_at)
                    .map_or(i64::MIN, i64::saturating_neg)
            })
    }

    /// A stretch of one folder's history. Whether there may be room for more.
    async fn step(&mut self, folder: &Folder, mut edges: Edges) -> Outcome<bool> {
        let most = self.got.room().min(HISTORY_STEP);
        let step = self.older(&folder.name, &edges, most).await?;
        if step.is_empty() {
            edges.lower = 1;
            edges.rematch = false;
            self.r.backlog.remove(&folder.name);
            self.keep(folder, edges);
            return Ok(true);
        }
        let rematch = edges.rematch;
        let handled = self.fetch(folder, &mut edges, &step, rematch).await?;
        let Some((lowest, at)) = handled.iter().min_by_key(|h| h.0) else {
            return Ok(false);
        };
        edges.lower = *lowest;
        edges.lower_at = at.or(edges.lower_at);
        edges.done += handled.len() as u64;
        self.keep(folder, edges);
        Ok(true)
    }

    /// The newest numbers below the lower edge, newest first.
    async fn older(&mut self, folder: &str, edges: &Edges, most: usize) -> Outcome<Vec<u32>> {
        // An older cursor may come again, when what was read could not be stored.
        let kept = self.r.backlog.get(folder);
        if kept.is_none_or(|b| b.uidvalidity != edges.uidvalidity || b.below < edges.lower) {
            let last = edges.lower.saturating_sub(1).max(1);
            let uids = self.r.search(&format!("UID 1:{last}")).await?;
            let backlog = Backlog {
                uidvalidity: edges.uidvalidity,
                below: edges.lower,
                uids,
            };
            self.r.backlog.insert(folder.to_owned(), backlog);
        }
        let uids = self.r.backlog.get(folder).map(|b| b.uids.as_slice());
        let uids = uids.unwrap_or_default();
        let end = uids.partition_point(|uid| *uid < edges.lower);
        Ok(uids.iter().take(end).rev().take(most).copied().collect())
    }
}
