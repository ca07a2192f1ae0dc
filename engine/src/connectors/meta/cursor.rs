//! The point up to which an account was read, and what its conversations looked like then.
//!
//! What of a conversation is remembered serves to tell what is new, what was changed, reacted to or taken back. It is
//! remembered of the conversations that moved last; the others are known by the edge alone, and by the store, which knows
//! every message by its id.

use crate::model::Cursor;
use crate::time::{DAY, Millis, SECOND};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const VERSION: u32 = 1;
/// At least so many conversations are remembered.
const REMEMBERED: usize = 30;
/// At most so many.
const MOST_REMEMBERED: usize = 120;
/// Clocks of the vendor's servers may differ so much, and a list may lag behind by so much.
pub(super) const OVERLAP: Millis = 120 * SECOND;
/// Messages older than this before the conversation's last change are not watched any more.
const WATCHED: Millis = 7 * DAY;

/// Where reading stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct State {
    v: u32,
    /// Everything that moved until then was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) edge: Option<Millis>,
    /// Everything that moved until then was read, wherever in the list it stands: the last look over all pages says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) swept: Option<Millis>,
    /// A look for news that goes over several pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scan: Option<Scan>,
    /// What was read is read once more, up to the end of the present look: nothing of it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) again: bool,
    /// Older conversations.
    pub(super) deep: Deep,
    /// Which fields are asked for: 0 all, 1 fewer, 2 text alone.
    #[serde(default)]
    pub(super) level: u8,
    /// Since when fewer are asked for.
    #[serde(default)]
    pub(super) level_at: Millis,
    /// What conversations looked like, by id.
    #[serde(default)]
    pub(super) talks: BTreeMap<String, Seen>,
}

/// A look for news.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Scan {
    /// The next page.
    pub(super) after: String,
    /// The edge when it is over.
    pub(super) top: Millis,
    /// It goes on to the last page, whatever it finds.
    #[serde(default)]
    pub(super) full: bool,
    /// How many pages it had.
    #[serde(default)]
    pub(super) pages: u32,
}

/// How far older conversations were read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Deep {
    /// It is not known yet whether there are any.
    #[default]
    Unknown,
    /// From this page on they were not.
    After(String),
    /// All were.
    Done,
}

/// What a conversation looked like.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Seen {
    /// When it moved.
    #[serde(rename = "u")]
    pub(super) updated: Millis,
    /// Messages from then on are in the list.
    #[serde(rename = "l")]
    pub(super) low: Millis,
    /// The newest of its messages.
    #[serde(rename = "n")]
    pub(super) newest: Millis,
    /// What its customer was called, as a check value.
    #[serde(rename = "p", default)]
    pub(super) person: u32,
    /// Its messages.
    #[serde(rename = "m")]
    pub(super) messages: Vec<SeenMessage>,
}

/// What a message looked like.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct SeenMessage {
    #[serde(rename = "i")]
    pub(super) id: String,
    #[serde(rename = "t")]
    pub(super) at: Millis,
    /// Its text as a check value.
    #[serde(rename = "h")]
    pub(super) text: u32,
    /// When it was not listed, and was there when it was asked for; 0 = it is listed.
    #[serde(rename = "a", default, skip_serializing_if = "is_zero")]
    pub(super) asked: Millis,
    /// Who reacted with what.
    #[serde(rename = "r", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) reactions: BTreeMap<String, String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks by reference
fn is_zero(at: &Millis) -> bool {
    *at == 0
}

impl Seen {
    pub(super) fn find(&self, id: &str) -> Option<&SeenMessage> {
        self.messages.iter().find(|m| m.id == id)
    }

    /// What is watched from now on: what is young enough.
    pub(super) fn trimmed(mut self) -> Self {
        self.low = self.low.max(self.updated - WATCHED);
        self.messages.retain(|m| m.at >= self.low);
        self
    }
}

impl State {
    /// From a cursor; one that cannot be read is a new account's. No instant lies ahead: one that does would keep
    /// silent about all that comes until then.
    pub(super) fn read(cursor: Option<&Cursor>, now: Millis) -> Self {
        let read = cursor.and_then(|c| serde_json::from_str::<Self>(&c.0).ok());
        let fresh = Self {
            v: VERSION,
            ..Self::default()
        };
        let state = read.filter(|s| s.v == VERSION).unwrap_or(fresh);
        state.not_ahead_of(now + DAY, now)
    }

    /// With what lies behind a limit taken back to what is sure: what was read of the conversations, else a week ago.
    fn not_ahead_of(mut self, limit: Millis, now: Millis) -> Self {
        for seen in self.talks.values_mut() {
            for at in [&mut seen.updated, &mut seen.low, &mut seen.newest] {
                *at = if *at > limit { now } else { *at };
            }
        }
        let ahead = |at: &Option<Millis>| at.is_some_and(|at| at > limit);
        let scan = self.scan.as_ref().map(|s| s.top);
        if ahead(&self.edge) || ahead(&self.swept) || ahead(&scan) {
            let sure = now - WATCHED;
            self.edge = self.edge.map(|e| if e > limit { sure } else { e });
            self.swept = self.swept.map(|s| if s > limit { sure } else { s });
            self.scan = None;
        }
        self
    }

    /// Since when what moved is news: to a look at the newest, or to one over all pages.
    pub(super) fn news_since(&self, over_all: bool) -> Option<Millis> {
        match (self.edge, self.swept) {
            (Some(edge), Some(swept)) if over_all => Some(edge.min(swept)),
            (edge, _) => edge,
        }
    }

    /// As a cursor. The same state is the same text.
    pub(super) fn write(&self) -> Cursor {
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }

    /// Forgets conversations that did not move for long.
    pub(super) fn forget(&mut self) {
        let mut times: Vec<Millis> = self.talks.values().map(|s| s.updated).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        let young = self.edge.unwrap_or(Millis::MAX).saturating_sub(5 * OVERLAP);
        let nth = |n: usize| times.get(n).copied().unwrap_or(Millis::MIN);
        let keep = nth(REMEMBERED).min(young).max(nth(MOST_REMEMBERED));
        self.talks.retain(|_, s| s.updated >= keep);
    }

    /// A state from which what moved since an instant is read once more.
    pub(super) fn rewound(mut self, since: Millis) -> Self {
        self.scan = None;
        self.again = true;
        self.talks.clear();
        self.edge = self.edge.map(|e| e.min(since));
        self.swept = self.swept.map(|s| s.min(since));
        self
    }
}

/// A check value of a text (FNV-1a): for telling that it changed, and nothing else.
pub(super) fn check(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |h, b| {
        (h ^ u32::from(b)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_cannot_be_read_is_a_new_accounts() {
        for bad in ["", "{", "null", r#"{"v":99,"deep":"done"}"#, "[]"] {
            let state = State::read(Some(&Cursor(bad.into())), 0);
            assert_eq!(state, State::read(None, 0), "{bad}");
        }
        let mut state = State::read(None, 0);
        state.edge = Some(7);
        state.deep = Deep::After("x".into());
        assert_eq!(State::read(Some(&state.write()), 0), state);
    }

    #[test]
    fn what_moved_last_is_remembered_and_not_more_than_fits() {
        let mut state = State::read(None, 0);
        let talk = |updated| Seen {
            updated,
            ..Seen::default()
        };
        state.edge = Some(1_000_000_000);
        for n in 0..500_i64 {
            state.talks.insert(format!("t{n}"), talk(n * 1_000_000));
        }
        state.forget();
        assert_eq!(state.talks.len(), REMEMBERED + 1);
        assert!(state.talks.contains_key("t499"));
        for n in 0..500_i64 {
            state.talks.insert(format!("s{n}"), talk(1_000_000_000 - n));
        }
        state.forget();
        assert!(state.talks.len() <= MOST_REMEMBERED + 1);
    }

    #[test]
    fn an_instant_far_ahead_is_taken_back_so_that_news_are_news() {
        const YEAR: Millis = 365 * DAY;
        let now = 50 * YEAR;
        let mut state = State::read(None, now);
        (state.edge, state.swept) = (Some(now + 80 * YEAR), Some(now - DAY));
        state.talks.insert(
            "t".into(),
            Seen {
                low: now + 80 * YEAR,
                ..Seen::default()
            },
        );
        let read = State::read(Some(&state.write()), now);
        assert!(read.edge.is_some_and(|e| e < now), "{read:?}");
        assert_eq!(read.swept, Some(now - DAY));
        assert!(read.talks.values().all(|t| t.low <= now));
        state.edge = Some(now + DAY / 2);
        state.talks.clear();
        assert_eq!(
            State::read(Some(&state.write()), now),
            state,
            "clocks may differ"
        );
    }
}
