//! What was read already, and which sends are followed to their end.

use crate::model::Cursor;
use crate::time::{DAY, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// So much before the newest message is looked at again: lists of a vendor are not written in one order.
pub(super) const OVERLAP: Millis = 600 * SECOND;
/// How far back a new account is read.
pub(super) const FIRST: Millis = 90 * DAY;
/// How long a send is followed.
const FOLLOWED: Millis = 3 * DAY;
/// Most sends that are followed at once, the newest.
const MOST_OPEN: usize = 500;
/// How long a message waits for its files before it is given without them.
pub(super) const PATIENCE: Millis = 600 * SECOND;
/// Most ids that are known in the overlap.
const MOST_SEEN: usize = 5_000;

/// A send that is not at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) sid: String,
    /// When it was made.
    pub(super) at: Millis,
    /// That it was delivered was told; whether it was read is still to come.
    #[serde(default)]
    pub(super) told: bool,
}

/// A message whose files could not be had yet; others pass it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Aside {
    pub(super) sid: String,
    /// Since when it waits.
    pub(super) since: Millis,
}

/// Up to where an account was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    v: u32,
    /// All that was made until then was given.
    pub(super) mark: Millis,
    /// What was given of the overlap before the mark, with when it was made.
    pub(super) seen: Vec<(String, Millis)>,
    pub(super) open: Vec<Open>,
    #[serde(default)]
    pub(super) aside: Vec<Aside>,
}

impl Place {
    /// As a new account is read.
    pub(super) fn fresh(from: Millis) -> Self {
        Self {
            v: 1,
            mark: from,
            seen: Vec::new(),
            open: Vec::new(),
            aside: Vec::new(),
        }
    }

    /// What a cursor says; `None` where it is none of ours.
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(&cursor.0)
            .ok()
            .filter(|p: &Self| p.v == 1)
    }

    /// Nothing more is to be expected of the time before the mark.
    pub(super) fn settled(&self, now: Millis) -> bool {
        now.saturating_sub(self.mark) > 2 * OVERLAP
    }

    /// Older than this all is known.
    pub(super) fn edge(&self) -> Millis {
        self.mark.saturating_sub(OVERLAP)
    }

    pub(super) fn knows(&self, sid: &str) -> bool {
        self.seen.iter().any(|(s, _)| s == sid) || self.aside.iter().any(|a| a.sid == sid)
    }

    /// It waits for its files; it moves the mark as if it were given.
    pub(super) fn put_aside(&mut self, sid: &str, at: Millis, now: Millis) {
        self.mark = self.mark.max(at);
        self.aside.push(Aside {
            sid: sid.to_owned(),
            since: now,
        });
    }

    pub(super) fn give(&mut self, sid: &str, at: Millis) {
        self.mark = self.mark.max(at);
        self.aside.retain(|a| a.sid != sid);
        if !self.knows(sid) {
            self.seen.push((sid.to_owned(), at));
        }
    }

    /// What bears no date is known as long as there is room.
    pub(super) fn give_undated(&mut self, id: &str) {
        if !self.knows(id) {
            self.seen.push((id.to_owned(), Millis::MAX));
        }
    }

    pub(super) fn follow(&mut self, sid: &str, at: Millis, told: bool) {
        if !self.open.iter().any(|o| o.sid == sid) {
            self.open.push(Open {
                sid: sid.to_owned(),
                at,
                told,
            });
        }
    }

    /// Lets go of what is over, and gives the cursor.
    pub(super) fn cursor(mut self, now: Millis) -> Cursor {
        let edge = self.edge();
        self.seen.retain(|(_, at)| *at >= edge);
        let most = self.seen.len().saturating_sub(MOST_SEEN);
        self.seen.drain(..most);
        self.open.retain(|o| o.at + FOLLOWED > now);
        let most = self.open.len().saturating_sub(MOST_OPEN);
        self.open.drain(..most);
        Cursor(serde_json::to_string(&self).unwrap_or_default())
    }
}
