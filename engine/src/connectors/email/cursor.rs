//! How far a mailbox has been read: per folder an upper edge (news) and a lower edge (history).

use super::imap::{Uids, Witness};
use crate::model::Cursor;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version that is written; older ones are read.
const VERSION: u32 = 2;

/// The edges of one folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The folder's name when it was first read, where it has another one now: ids of its mails go on from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    /// Names it had before, by which a person may have picked it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<String>,
    /// How often the numbering went back without saying so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) epoch: u32,
    /// The folder's state as last read (CONDSTORE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) modseq: Option<u64>,
    /// The folder's own id (RFC 8474).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mailbox: Option<String>,
    /// The mails that were there when last looked at, the newest ones at least.
    #[serde(default, skip_serializing_if = "Uids::is_empty")]
    pub(super) have: Uids,
    /// Some of the newest mails, by which it is noticed that their numbers were given anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) edge: Vec<Witness>,
    /// How many mails there were when `have` was last found right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u32>,
    /// Looking for what went goes on below this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sweep: Option<u32>,
    /// Looking at old read marks goes on below this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rotor: Option<u32>,
    /// Its mails may be known from another name, numbering or folder: they are compared before they are read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) rematch: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(b: &bool) -> bool {
    !*b
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
            expected: history,
            ..Self::default()
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
            .filter(|m| (1..=VERSION).contains(&m.v))
            .unwrap_or_default()
            .current()
    }

    fn current(self) -> Self {
        Self { v: VERSION, ..self }
    }

    /// The cursor to store.
    pub(super) fn write(&self) -> Cursor {
        // A map of plain numbers under text keys always has a JSON form.
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }

    /// (read, expected) over these folders while history is being read.
    pub(super) fn progress(&self, folders: &[&str]) -> Option<(u64, u64)> {
        let read = || {
            let named = |n: &&str| self.folders.get(*n);
            folders.iter().filter_map(named)
        };
        if !read().any(Edges::has_history) {
            return None;
        }
        Some((
            read().map(|e| e.done).sum(),
            read().map(|e| e.expected.max(e.done)).sum(),
        ))
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
        assert_eq!(marks.progress(&["INBOX"]), Some((0, 60)));
    }

    #[test]
    fn a_cursor_that_cannot_be_read_starts_anew() {
        for bad in ["", "{}", "nonsense", "{\"v\":3,\"folders\":{}}"] {
            assert_eq!(
                Marks::read(Some(&Cursor(bad.into()))),
                Marks::read(None),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_cursor_of_the_first_version_is_read_on_from() {
        let old = r#"{"v":1,"folders":{"INBOX":{"uidvalidity":7,"upper":100,"lower":41,"lower_at":5,"done":60,"expected":100}}}"#;
        let marks = Marks::read(Some(&Cursor(old.into())));
        let edges = &marks.folders["INBOX"];
        assert_eq!((edges.uidvalidity, edges.upper, edges.lower), (7, 100, 41));
        assert!(edges.key.is_none() && edges.epoch == 0 && !edges.rematch);
        assert_eq!(
            (marks.v, marks.progress(&["INBOX", "Gone"])),
            (VERSION, Some((60, 100)))
        );
    }

    #[test]
    fn an_empty_folder_has_no_history() {
        assert!(!Edges::fresh(1, 0, 0).has_history());
        assert_eq!(
            Marks {
                v: VERSION,
                folders: BTreeMap::from([("INBOX".into(), Edges::fresh(1, 0, 0))])
            }
            .progress(&["INBOX"]),
            None
        );
    }
}
