//! Folders that are gone: renamed ones are found again, and a person hears of both.

use super::super::cursor::Edges;
use super::fault::{Fault, Outcome};
use super::folders::decode_utf7;
use super::poll::Poll;
use crate::model::Gap;

/// So many folders are asked who they are.
const MOST_ASKED: usize = 100;

impl Poll<'_> {
    /// Once on each connection: folders that were read and are listed no more.
    pub(super) async fn look_for_lost(&mut self) -> Outcome<()> {
        if std::mem::replace(&mut self.r.looked, true) || self.r.listed.is_empty() {
            return Ok(());
        }
        let picked = self.r.config.folders.clone();
        let lost: Vec<(String, Edges)> = self
            .marks
            .folders
            .iter()
            .filter(|(name, _)| !self.listed(name) && !name.eq_ignore_ascii_case("INBOX"))
            .map(|(name, edges)| (name.clone(), edges.clone()))
            .collect();
        for (name, edges) in lost {
            let by = |p: &String| *p == name || edges.names.contains(p);
            let wanted = picked.is_empty() || picked.iter().any(by);
            match self.found_again(&edges).await? {
                Some((now, true)) => self.renamed(&name, &now, edges),
                Some((now, false)) => {
                    // Nothing of it is sure but that it may be the one: its mails are compared one by one.
                    let names = edges.names;
                    self.renamed(
                        &name,
                        &now,
                        Edges {
                            names,
                            ..Edges::default()
                        },
                    );
                }
                None => {
                    self.marks.folders.remove(&name);
                    if wanted && !picked.contains(&name) {
                        self.gone(&name);
                    }
                }
            }
        }
        for name in picked {
            let known = |e: &Edges| e.names.contains(&name);
            if !self.listed(&name) && !self.marks.folders.values().any(known) {
                self.gone(&name);
            }
        }
        Ok(())
    }

    fn listed(&self, name: &str) -> bool {
        let mut listed = self.r.listed.iter();
        listed.any(|l| l.name == name && l.selectable)
    }

    /// The folder that is this one under another name, and whether that is sure: by its own id, or by its numbering
    /// and the newest mails under their numbers. Many servers number all folders alike.
    async fn found_again(&mut self, edges: &Edges) -> Outcome<Option<(String, bool)>> {
        let by_id = self.r.skills.objectid && edges.mailbox.is_some();
        let what = if by_id {
            "MAILBOXID"
        } else {
            "UIDVALIDITY UIDNEXT"
        };
        let unknown = |n: &str| !self.marks.folders.contains_key(n);
        let candidates: Vec<String> = self
            .r
            .listed
            .iter()
            .filter(|l| l.selectable && unknown(&l.name))
            .map(|l| l.name.clone())
            .take(MOST_ASKED)
            .collect();
        let mut found = Vec::new();
        for name in candidates {
            let figures = self.r.figures(&name, what).await?;
            let figure = |key: &str| figures.iter().find(|f| f.0 == key).map(|f| f.1.as_str());
            let number = |key: &str| figure(key).and_then(|v| v.parse::<u32>().ok());
            let same = if by_id {
                figure("MAILBOXID") == edges.mailbox.as_deref()
            } else {
                number("UIDVALIDITY") == Some(edges.uidvalidity)
                    && number("UIDNEXT").is_some_and(|n| n > edges.upper)
            };
            if same {
                found.push(name);
            }
        }
        if by_id {
            return Ok(found.pop().map(|name| (name, true)));
        }
        for name in &found {
            if self.holds_the_newest(name, edges).await? {
                return Ok(Some((name.clone(), true)));
            }
        }
        Ok(found
            .pop()
            .filter(|_| found.is_empty())
            .map(|name| (name, false)))
    }

    async fn holds_the_newest(&mut self, name: &str, edges: &Edges) -> Outcome<bool> {
        let newest = edges.have.newest(3);
        if newest.is_empty() || self.wishes.recall.is_none() {
            return Ok(false);
        }
        match self.r.examine(name, None).await {
            Ok(_) => {}
            Err(Fault::Refused(_)) => return Ok(false),
            Err(fault) => return Err(fault),
        }
        let metas = self.metas(&newest, true).await?;
        Ok(self.known(&metas).await.len() == newest.len())
    }

    fn renamed(&mut self, was: &str, now: &str, mut edges: Edges) {
        if edges.uidvalidity != 0 {
            edges.key.get_or_insert_with(|| was.to_owned());
        }
        if !edges.names.iter().any(|n| n == was) {
            edges.names.push(was.to_owned());
        }
        self.marks.folders.remove(was);
        self.marks.folders.insert(now.to_owned(), edges);
        self.note(
            was,
            format!(
                "This folder is called {} at the server now. It is read on under that name; nothing is read twice.",
                decode_utf7(now)
            ),
        );
    }

    fn gone(&mut self, name: &str) {
        self.note(
            name,
            "This folder is no longer at the server, so nothing more is read from it. What was read stays here. If it has another name now, choose it in the account's settings.".to_owned(),
        );
    }

    fn note(&mut self, folder: &str, reason: String) {
        self.got.gaps.push(Gap {
            place: decode_utf7(folder),
            reason,
            since: None,
        });
    }
}
