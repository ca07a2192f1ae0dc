//! Up to where a homeserver has been read: an upper edge, and the holes below it that are read page by page.

use crate::model::Cursor;
use crate::time::{Millis, SECOND};
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
    /// Rooms that wait to be come into: a homeserver tells of each once.
    pub(super) invited: Vec<Invited>,
    /// What came since then is read once more, from the next answer on.
    pub(super) again: Option<Millis>,
}

/// A room that somebody invites to, or that goes on where one was closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Invited {
    /// The room.
    pub(super) room: String,
    /// A server that knows it, where ours may not.
    pub(super) via: String,
    /// How often it was tried in vain.
    pub(super) tries: u32,
    /// When it is tried next.
    pub(super) next: Millis,
}

impl Invited {
    /// The longest pause between two tries.
    const LONGEST: Millis = 3 * 3_600 * SECOND;
    /// Tries after which it is given up: half a day.
    const MOST: u32 = 10;

    /// Whether it is to be tried now. A clock that was set back lengthens no pause.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        self.next <= now || self.next > now + Self::LONGEST
    }

    /// It failed once more. Returns whether it is given up.
    pub(super) fn failed(&mut self, now: Millis) -> bool {
        self.tries += 1;
        let pause = 10 * SECOND * 3_i64.saturating_pow(self.tries - 1);
        self.next = now + pause.min(Self::LONGEST);
        self.tries >= Self::MOST
    }
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
    /// When what is read once more began.
    pub(super) down: Option<Millis>,
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
        let wanted = |h: &Hole| h.to.is_some() || h.down.is_some();
        let gap = self.holes.iter().position(wanted);
        gap.or_else(|| (history && !self.holes.is_empty()).then_some(0))
    }

    /// A room waits to be come into. Told again, it is tried at once.
    pub(super) fn invited_to(&mut self, room: &str, via: &str) {
        self.invited.retain(|i| i.room != room);
        self.invited.push(Invited {
            room: room.to_owned(),
            via: via.to_owned(),
            ..Invited::default()
        });
    }

    /// When the next room is to be tried that waits to be come into.
    pub(super) fn next_join(&self, now: Millis) -> Option<Millis> {
        let at = |i: &Invited| if i.is_due(now) { now } else { i.next };
        self.invited.iter().map(at).min()
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
            ..Hole::default()
        }
    }

    #[test]
    fn a_cursor_reads_as_it_was_written_and_one_of_nobody_is_a_first_sync() {
        let point = Point {
            since: "s1".into(),
            holes: vec![hole("!a", Some("s0"))],
            ..Point::default()
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
            ..Point::default()
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
            ..Point::default()
        };
        assert!(!point.paged(0, Some("p1".into())));
        assert_eq!(point.holes.len(), 1);
        let given_up = (0..100).any(|n| point.paged(0, Some(format!("q{n}"))));
        assert!(given_up && point.holes.is_empty());
    }

    #[test]
    fn an_invitation_is_tried_again_with_growing_pauses_until_it_is_given_up() {
        let mut point = Point::default();
        point.invited_to("!a", "");
        assert_eq!(point.next_join(1_000), Some(1_000));
        let one = &mut point.invited[0];
        assert!(!one.failed(1_000) && !one.is_due(1_000) && one.is_due(11_000));
        assert!(
            one.is_due(-90 * 24 * 3_600 * SECOND),
            "the clock was set back"
        );
        assert_eq!(point.next_join(1_000), Some(11_000));
        let tries = (0..20).position(|n| point.invited[0].failed(n)).unwrap();
        assert_eq!(tries, 8);
        // Told again, it begins anew.
        point.invited_to("!a", "");
        assert_eq!((point.invited.len(), point.invited[0].tries), (1, 0));
    }
}
