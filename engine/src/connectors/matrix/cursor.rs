//! Up to where a homeserver has been read: an upper edge, and the holes below it that are read page by page.

use crate::model::Cursor;
use serde::{Deserialize, Serialize};

/// Pages of history that are read of one room; what is older stays at the homeserver.
const MOST_PAGES: u32 = 100;

/// The cursor's content.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Point {
    /// The homeserver's word for what was told already; empty = nothing.
    pub(super) since: String,
    /// What was left out of an answer: history, and gaps after a long absence.
    pub(super) holes: Vec<Hole>,
}

/// A stretch of a room that has not been read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Hole {
    /// The room.
    pub(super) room: String,
    /// Where to go on, backwards.
    pub(super) from: String,
    /// Where what is known begins; without it the room's beginning.
    pub(super) to: Option<String>,
    /// Pages that were read of it.
    pub(super) pages: u32,
}

impl Point {
    /// What a cursor says; one that cannot be read is a first sync.
    pub(super) fn read(cursor: Option<&Cursor>) -> Self {
        cursor
            .and_then(|c| serde_json::from_str(&c.0).ok())
            .unwrap_or_default()
    }

    /// As a cursor.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }

    /// The hole to read from next: gaps among what is recent first, then history where it is wanted.
    pub(super) fn next_hole(&self, history: bool) -> Option<usize> {
        let gap = self.holes.iter().position(|h| h.to.is_some());
        gap.or_else(|| (history && !self.holes.is_empty()).then_some(0))
    }

    /// A page of a hole was read, and there may be more from `end` on. Returns whether it was given up as too long.
    pub(super) fn paged(&mut self, at: usize, end: Option<String>) -> bool {
        let Some(hole) = self.holes.get_mut(at) else {
            return false;
        };
        hole.pages += 1;
        let long = hole.pages >= MOST_PAGES;
        match end.filter(|e| *e != hole.from && !long) {
            Some(end) => {
                hole.from = end;
                false
            }
            None => {
                self.holes.remove(at);
                long
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hole(room: &str, to: Option<&str>) -> Hole {
        Hole {
            room: room.into(),
            from: "p1".into(),
            to: to.map(String::from),
            pages: 0,
        }
    }

    #[test]
    fn a_cursor_reads_as_it_was_written_and_one_of_nobody_is_a_first_sync() {
        let point = Point {
            since: "s1".into(),
            holes: vec![hole("!a", Some("s0"))],
        };
        assert_eq!(Point::read(Some(&point.cursor())), point);
        for odd in ["", "{", "[]", "{\"since\":7}"] {
            assert_eq!(Point::read(Some(&Cursor(odd.into()))), Point::default());
        }
    }

    #[test]
    fn gaps_come_before_history_and_history_only_where_it_is_wanted() {
        let mut point = Point {
            since: "s1".into(),
            holes: vec![hole("!a", None), hole("!b", Some("s0"))],
        };
        assert_eq!(point.next_hole(false), Some(1));
        assert!(!point.paged(1, None));
        assert_eq!(point.next_hole(false), None);
        assert_eq!(point.next_hole(true), Some(0));
    }

    #[test]
    fn a_page_that_leads_nowhere_or_the_hundredth_ends_a_hole() {
        let mut point = Point {
            since: "s1".into(),
            holes: vec![hole("!a", None), hole("!b", None)],
        };
        assert!(!point.paged(0, Some("p1".into())));
        assert_eq!(point.holes.len(), 1);
        let given_up = (0..100).any(|n| point.paged(0, Some(format!("q{n}"))));
        assert!(given_up && point.holes.is_empty());
    }
}
