//! What was read already, and which sends are followed to their end.

use crate::model::Cursor;
use crate::time::{DAY, Millis};
use serde::{Deserialize, Serialize};

/// A message may be under way for so long before it appears, with the date on which it was sent.
pub(super) const OVERLAP: Millis = 3 * DAY;
/// How far back a new phone is read.
pub(super) const FIRST: Millis = 90 * DAY;
/// How long a send is followed.
const FOLLOWED: Millis = 3 * DAY;
/// Most messages that are known in the overlap.
const MOST_SEEN: usize = 3_000;
/// Most sends that are followed.
const MOST_OPEN: usize = 500;

/// A message that is known: what makes it this one, and its date.
pub(super) type Seen = (String, Millis);

/// Up to where a phone was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    v: u32,
    /// All that is dated until then was given, but for what is under way.
    pub(super) mark: Millis,
    /// What was given of the overlap.
    seen: Vec<Seen>,
    /// Sends that are not at their end: id and date.
    pub(super) open: Vec<Seen>,
}

impl Place {
    /// As a new phone is read.
    pub(super) fn fresh(from: Millis) -> Self {
        Self {
            v: 1,
            mark: from,
            seen: Vec::new(),
            open: Vec::new(),
        }
    }

    /// What a cursor says; `None` where it is none of ours.
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(&cursor.0)
            .ok()
            .filter(|p: &Self| p.v == 1)
    }

    /// The same, read once more from an instant on.
    pub(super) fn from(self, since: Millis) -> Self {
        Self {
            open: self.open,
            ..Self::fresh(since)
        }
    }

    /// Older than this nothing is looked at.
    pub(super) fn edge(&self) -> Millis {
        self.mark.saturating_sub(OVERLAP)
    }

    pub(super) fn knows(&self, key: &str) -> bool {
        self.seen.iter().any(|(k, _)| k == key)
    }

    pub(super) fn give(&mut self, key: &str, at: Millis, now: Millis) {
        // A phone's clock may be wrong; what is yet to come must not hide what comes meanwhile.
        self.mark = self.mark.max(at.min(now));
        if !self.knows(key) {
            self.seen.push((key.to_owned(), at));
        }
    }

    pub(super) fn follow(&mut self, id: &str, at: Millis) {
        if !self.open.iter().any(|(o, _)| o == id) {
            self.open.push((id.to_owned(), at));
        }
    }

    /// Lets go of what is over, and gives the cursor.
    pub(super) fn cursor(mut self, now: Millis) -> Cursor {
        let edge = self.edge();
        self.seen.retain(|(_, at)| *at >= edge);
        let most = self.seen.len().saturating_sub(MOST_SEEN);
        self.seen.drain(..most);
        self.open.retain(|(_, at)| *at + FOLLOWED > now);
        let most = self.open.len().saturating_sub(MOST_OPEN);
        self.open.drain(..most);
        Cursor(serde_json::to_string(&self).unwrap_or_default())
    }
}
