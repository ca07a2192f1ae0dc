//! How far a mailbox has been read: per folder an upper edge (news) and a lower edge (history).

use crate::model::Cursor;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The edges of one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edges {
    /// The folder's numbering; another one makes every number below meaningless.
    pub(super) uidvalidity: u32,
    /// Greatest number that has been read.
    pub(super) upper: u32,
    /// Least number that has been read; 1 once there is no more history.
    pub(super) lower: u32,
    /// The provider's time of the mail at the lower edge.
    #[serde(default)]
    pub(super) lower_at: Option<Millis>,
    /// Mails of history that have been read.
    #[serde(default)]
    pub(super) done: u64,
    /// Mails of history there were when reading began.
    #[serde(default)]
    pub(super) expected: u64,
}

impl Edges {
    /// A folder that was just found, its newest mail having that number; `history` mails are below.
    pub(super) fn fresh(uidvalidity: u32, newest: u32, history: u64) -> Self {
        Self {
            uidvalidity,
            upper: newest,
            lower: if history == 0 {
                1
            } else {
                newest.saturating_add(1)
            },
            lower_at: None,
            done: 0,
            expected: history,
        }
    }

    /// Whether older mail is still to be read.
    pub(super) fn has_history(&self) -> bool {
        self.lower > 1
    }
}

/// The whole cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Marks {
    /// Version of this form.
    #[serde(default)]
    pub(super) v: u32,
    /// By the folder's name on the server.
    #[serde(default)]
    pub(super) folders: BTreeMap<String, Edges>,
}

impl Marks {
    /// Reads a cursor. One that cannot be read starts anew: reading twice changes nothing above.
    pub(super) fn read(cursor: Option<&Cursor>) -> Self {
        cursor
            .and_then(|c| serde_json::from_str::<Self>(&c.0).ok())
            .filter(|m| m.v == 1)
            .unwrap_or(Self {
                v: 1,
                folders: BTreeMap::new(),
            })
    }

    /// The cursor to store.
    pub(super) fn write(&self) -> Cursor {
        // A map of plain numbers under text keys always has a JSON form.
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }

    /// (read, expected) over all folders while history is being read.
    pub(super) fn progress(&self) -> Option<(u64, u64)> {
        if !self.folders.values().any(Edges::has_history) {
            return None;
        }
        let sum = |f: fn(&Edges) -> u64| self.folders.values().map(f).sum::<u64>();
        Some((sum(|e| e.done), sum(|e| e.expected.max(e.done))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_writing_and_reading() {
        let mut marks = Marks::read(None);
        marks
            .folders
            .insert("INBOX".into(), Edges::fresh(7, 100, 60));
        assert_eq!(Marks::read(Some(&marks.write())), marks);
        assert_eq!(marks.progress(), Some((0, 60)));
    }

    #[test]
    fn a_cursor_that_cannot_be_read_starts_anew() {
        for bad in ["", "{}", "nonsense", "{\"v\":2,\"folders\":{}}"] {
            assert_eq!(
                Marks::read(Some(&Cursor(bad.into()))),
                Marks::read(None),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_empty_folder_has_no_history() {
        assert!(!Edges::fresh(1, 0, 0).has_history());
        assert_eq!(
            Marks {
                v: 1,
                folders: BTreeMap::from([("INBOX".into(), Edges::fresh(1, 0, 0))])
            }
            .progress(),
            None
        );
    }
}
