//! What was read already, and which sends are followed to their end.

use super::convert::Row;
use crate::model::Cursor;
use crate::time::{DAY, Millis, SECOND};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// So much before the newest message the lists are read again: those of a vendor are not written in one order.
pub(super) const OVERLAP: Millis = 600 * SECOND;
/// So much before the newest message is taken where it is listed and not known: what was scheduled, and what a carrier
/// held back, is dated long before it appears.
const LATE: Millis = DAY;
/// How far back a new account is read.
pub(super) const FIRST: Millis = 90 * DAY;
/// How long a send is followed.
const FOLLOWED: Millis = 3 * DAY;
/// Most sends that are followed at once, the newest.
const MOST_OPEN: usize = 500;
/// How long a message waits for its files before it is given without them, and how often they are tried.
const PATIENCE: Millis = 600 * SECOND;
const TRIES: u32 = 4;
/// Most ids that are known.
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
    /// How often its files were tried; time alone says nothing where the computer slept.
    #[serde(default)]
    pub(super) tries: u32,
    /// What was listed of it, for it may be deleted at the vendor meanwhile.
    #[serde(default)]
    row: Option<Value>,
}

impl Aside {
    /// It is given without its files now.
    pub(super) fn is_given_up(&self, now: Millis) -> bool {
        self.tries >= TRIES && now - self.since >= PATIENCE
    }

    pub(super) fn row(&self) -> Option<Row> {
        Row::deserialize(self.row.as_ref()?).ok()
    }
}

/// Up to where an account was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    v: u32,
    /// All that was made until then was given.
    pub(super) mark: Millis,
    /// Nothing older is taken; before it was said, what lay before the overlap was not known.
    #[serde(default)]
    from: Option<Millis>,
    /// What was given of the day before the mark, with when it was made or sent.
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
            from: Some(from.saturating_sub(OVERLAP)),
            seen: Vec::new(),
            open: Vec::new(),
            aside: Vec::new(),
        }
    }

    /// What a cursor says; `None` where it is none of ours.
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        let mut place: Self = serde_json::from_str(&cursor.0).ok()?;
        let from = place.mark.saturating_sub(OVERLAP);
        place.from.get_or_insert(from);
        (place.v == 1).then_some(place)
    }

    /// The same, read once more from an instant on.
    pub(super) fn again(self, since: Millis) -> Self {
        Self {
            open: self.open,
            aside: self.aside,
            ..Self::fresh(since)
        }
    }

    /// Nothing more is to be expected of the time before the mark.
    pub(super) fn settled(&self, now: Millis) -> bool {
        now.saturating_sub(self.mark) > 2 * OVERLAP
    }

    /// Older than this the lists need not be read.
    pub(super) fn edge(&self) -> Millis {
        self.mark.saturating_sub(OVERLAP)
    }

    /// Older than this nothing is taken; what is not known since is new.
    pub(super) fn oldest(&self) -> Millis {
        let late = self.mark.saturating_sub(LATE);
        self.from.map_or(late, |from| late.max(from))
    }

    pub(super) fn knows(&self, sid: &str) -> bool {
        self.seen.iter().any(|(s, _)| s == sid) || self.aside.iter().any(|a| a.sid == sid)
    }

    /// It waits for its files; it moves the mark as if it were given.
    pub(super) fn put_aside(&mut self, row: &Row, now: Millis) {
        self.mark = self.mark.max(row.created);
        self.aside.push(Aside {
            sid: row.sid.clone(),
            since: now,
            tries: 1,
            row: serde_json::to_value(row).ok(),
        });
    }

    /// Its files could not be had once more.
    pub(super) fn tried(&mut self, sid: &str) {
        let waits = self.aside.iter_mut().filter(|a| a.sid == sid);
        waits.for_each(|a| a.tries += 1);
    }

    pub(super) fn give(&mut self, row: &Row) {
        self.mark = self.mark.max(row.created);
        self.aside.retain(|a| a.sid != row.sid);
        if !self.knows(&row.sid) {
            self.seen.push((row.sid.clone(), row.latest()));
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
        // A little longer than needed: when it was sent may be told after it was made.
        let edge = self.oldest().saturating_sub(OVERLAP);
        self.seen.retain(|(_, at)| *at >= edge);
        let most = self.seen.len().saturating_sub(MOST_SEEN);
        if most > 0 {
            // What is forgotten must not be taken for new.
            self.seen.sort_by_key(|(_, at)| *at);
            let forgotten = self.seen.drain(..most).map(|(_, at)| at).max();
            let from = forgotten.map(|at| at.saturating_add(1));
            self.from = self.from.max(from);
        }
        self.open.retain(|o| o.at + FOLLOWED > now);
        let most = self.open.len().saturating_sub(MOST_OPEN);
        self.open.drain(..most);
        Cursor(serde_json::to_string(&self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_an_earlier_version_goes_on_where_it_stood() {
        let old = r#"{"v":1,"mark":9000000000,"seen":[["SM1",9000000000]],"open":[],"aside":[{"sid":"MM1","since":5}]}"#;
        let place = Place::read(&Cursor(old.into())).unwrap();
        assert_eq!(place.oldest(), place.edge(), "the day before was not known");
        assert_eq!(place.aside[0].row(), None);
        let fresh = Place::fresh(9_000_000_000);
        assert_eq!(fresh.oldest(), 9_000_000_000 - OVERLAP);
    }

    #[test]
    fn what_no_more_ids_are_known_of_is_not_taken_for_new() {
        let mut place = Place::fresh(0);
        let now = 9_000_000_000;
        place.mark = now;
        let at = |n: usize| now - i64::try_from(n).unwrap();
        place.seen = (0..MOST_SEEN + 10)
            .map(|n| (format!("SM{n}"), at(n)))
            .collect();
        let place = Place::read(&place.cursor(now)).unwrap();
        assert_eq!(place.seen.len(), MOST_SEEN);
        assert!(place.oldest() > at(MOST_SEEN) && place.oldest() <= at(MOST_SEEN - 1));
        assert!(place.knows("SM0") && !place.knows(&format!("SM{MOST_SEEN}")));
    }
}
