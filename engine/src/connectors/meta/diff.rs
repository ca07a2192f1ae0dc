//! One conversation as it stands now against what it looked like: what is new, what was changed, reacted to, perhaps
//! taken back, and what came too fast to be read.

use super::convert::{self, Draft, Owner, Read, Somebody};
use super::cursor::{Seen, SeenMessage, check};
use super::when;
use crate::model::{Afterwards, Event, Later, RemoteId};
use crate::time::{DAY, Millis, SECOND};
use serde_json::Value;
use std::collections::BTreeSet;

/// So many messages of a conversation have details.
pub(super) const DETAILED: usize = 20;

/// A message that is not listed and yet was there is asked for again after this, or as soon as the list changes.
const ASKED_AGAIN: Millis = 3_600 * SECOND;

/// Stands for the text of what could not be read; no text has this check value but by chance.
const UNREAD: u32 = 0;

/// A conversation of a page.
pub(super) struct Talk {
    pub(super) id: String,
    pub(super) updated: Millis,
    pub(super) customer: Option<Somebody>,
    /// Oldest first, each once.
    reads: Vec<Read>,
    /// The cursor behind its messages, where there are older ones.
    pub(super) older: Option<String>,
}

/// What a conversation tells.
#[derive(Default)]
pub(super) struct Told {
    /// New messages, oldest first.
    pub(super) drafts: Vec<Draft>,
    /// What is told of messages, and what cannot be read.
    pub(super) events: Vec<Event>,
    /// What it looks like now.
    pub(super) seen: Seen,
    /// Messages that were there and are not any more; perhaps taken back.
    pub(super) absent: BTreeSet<String>,
    /// The oldest that is listed with details. All that is newer has details, or was taken back.
    pub(super) oldest: Millis,
    /// Those of them that are to be asked for, in this order.
    pub(super) due: Vec<String>,
    /// Between what was known and what is there, messages may be missing: those after this instant.
    pub(super) gap_since: Option<Millis>,
    /// So many of them are listed, without details.
    pub(super) bare: usize,
}

/// Against what a conversation is held.
pub(super) struct Against<'a> {
    pub(super) known: Option<&'a Seen>,
    /// Everything that moved until then was read.
    pub(super) edge: Option<Millis>,
    /// It is news, and not a conversation of old.
    pub(super) news: bool,
    /// Whether reactions were asked for.
    pub(super) reactions: bool,
    pub(super) now: Millis,
}

impl Talk {
    /// Reads a conversation of a page; none where it has no id.
    pub(super) fn read(json: &Value, owner: &Owner, now: Millis) -> Option<Self> {
        let id = json.get("id").and_then(convert::id)?;
        let customer = convert::customer(json, owner);
        let mut told = BTreeSet::new();
        let mut reads = Vec::new();
        for m in convert::messages(json) {
            let read = convert::message(m, owner, customer.as_ref(), now);
            if told.insert(read.id().to_owned()) {
                reads.push(read);
            }
        }
        // One wrong time must not hide what comes until then.
        let sane = |at: &Millis| *at <= now + DAY;
        for read in &mut reads {
            read.at_latest(now);
        }
        reads.reverse();
        // Pages come out of order at times; what came within one second stays as it is listed.
        reads.sort_by_key(|r| r.at().unwrap_or(Millis::MIN));
        let newest = reads.iter().filter_map(Read::at).max();
        let said = json.get("updated_time").and_then(when::read);
        let updated = said.filter(sane).or(newest).or(said.map(|_| now))?;
        Some(Self {
            customer: customer.or_else(|| writer(&reads)),
            id,
            updated,
            reads,
            older: next(json.get("messages")),
        })
    }

    /// What it tells.
    pub(super) fn told(self, a: &Against<'_>) -> Told {
        let mut told = Told {
            seen: Seen {
                updated: self.updated,
                person: self.customer.as_ref().map_or(0, called),
                ..Seen::default()
            },
            ..Told::default()
        };
        if self.reads.is_empty() {
            // A list that came without its messages says nothing of them: all stays as it was.
            told.seen = Seen {
                updated: told.seen.updated,
                person: told.seen.person,
                ..a.known.cloned().unwrap_or_else(|| Seen {
                    low: Millis::MIN,
                    newest: a.edge.unwrap_or(self.updated),
                    ..Seen::default()
                })
            };
            return told;
        }
        let times = self.reads.iter().filter_map(|r| match r {
            Read::Message(d) => Some(d.at),
            _ => None,
        });
        let times: Vec<Millis> = times.collect();
        let (oldest, newest) = (times.first().copied(), times.last().copied());
        told.seen.newest = newest.unwrap_or(0).max(a.known.map_or(0, |k| k.newest));
        let before = a.known.map_or(self.updated, |k| k.low);
        told.seen.low = oldest.unwrap_or(before);
        told.gap_since = self.gap(a, oldest);
        let since = told.gap_since.unwrap_or(Millis::MAX);
        let bare = |r: &&Read| r.is_bare() && r.at().is_some_and(|at| at > since);
        told.bare = self.reads.iter().filter(bare).count();
        let absent = self.absent(a, oldest);
        told.oldest = oldest.unwrap_or(Millis::MAX);
        told.absent = absent.iter().map(|m| m.id.clone()).collect();
        told.due = self.due(a, &absent);
        // Perhaps taken back: watched until that is known.
        told.seen.messages.extend(absent);
        let mut last = Millis::MIN;
        for read in self.reads {
            match read {
                Read::Message(mut draft) => {
                    // The vendor says whole seconds; the order within one is that of its list.
                    last = draft.at.max(last.saturating_add(1));
                    draft.message.times.provider = Some(last);
                    heard(*draft, a, &mut told);
                }
                Read::Poison {
                    id,
                    at,
                    reason,
                    raw,
                } => {
                    let known = a.known.is_some_and(|k| k.find(&id).is_some());
                    told.seen.messages.push(SeenMessage {
                        id: id.clone(),
                        text: UNREAD,
                        at: at.unwrap_or(told.seen.low).max(told.seen.low),
                        ..SeenMessage::default()
                    });
                    if !known {
                        let from = self.customer.as_ref().map(convert::Somebody::party);
                        told.events
                            .push(convert::unreadable(id, at, reason, raw, from));
                    }
                }
                Read::Bare { .. } => {}
            }
        }
        told.seen
            .messages
            .sort_by(|x, y| (x.at, &x.id).cmp(&(y.at, &y.id)));
        told.seen = std::mem::take(&mut told.seen).trimmed();
        told
    }

    /// Only the newest messages have details: are those between what was known and these missing?
    fn gap(&self, a: &Against<'_>, oldest: Option<Millis>) -> Option<Millis> {
        let older_ones = self.older.is_some() || self.reads.iter().any(Read::is_bare);
        let oldest = oldest.filter(|_| a.news && older_ones)?;
        let (until, joined) = match a.known {
            Some(known) => {
                let joined = self.reads.iter().any(|r| known.find(r.id()).is_some());
                (known.newest, joined)
            }
            // Everything until the edge was read.
            None => (a.edge?, false),
        };
        (!joined && oldest > until).then_some(until)
    }

    /// What was there, is younger than the oldest that is there now, and is gone.
    fn absent(&self, a: &Against<'_>, oldest: Option<Millis>) -> Vec<SeenMessage> {
        let Some(known) = a.known else {
            return Vec::new();
        };
        // A list of all that there is has fewer than have details, and knows of no older ones.
        let bare = self.reads.iter().any(Read::is_bare);
        let complete = self.older.is_none() && !bare && self.reads.len() < DETAILED;
        let oldest = oldest.unwrap_or(Millis::MAX);
        let here: BTreeSet<&str> = self.reads.iter().map(Read::id).collect();
        let gone = known.messages.iter().filter(|m| {
            // What could not be read may come back under its true id.
            m.text != UNREAD
                && (complete || m.at > oldest)
                && !here.contains(m.id.as_str())
                && self.newer(known, m) < DETAILED
        });
        gone.cloned().collect()
    }

    /// How many messages are newer than one, or as new, as far as is known. From so many on as have details, the vendor
    /// says of it that it was deleted, whether it was or not: it cannot be told then, and is not asked for.
    fn newer(&self, known: &Seen, than: &SeenMessage) -> usize {
        let listed = self.reads.iter();
        let listed = listed.filter(|r| r.at().is_none_or(|at| at >= than.at));
        let were = known.messages.iter().filter(|m| m.at >= than.at);
        let ids: BTreeSet<&str> = listed.map(Read::id).chain(were.map(|m| &*m.id)).collect();
        ids.iter().filter(|id| **id != than.id).count()
    }

    /// Which of those that are absent are asked for: those that never were first, then the newest.
    fn due(&self, a: &Against<'_>, absent: &[SeenMessage]) -> Vec<String> {
        let as_before = |r: &Read| {
            let watched = |k: &Seen| r.at().is_some_and(|at| at >= k.low);
            let before = a.known.and_then(|k| k.find(r.id()));
            r.is_bare() || !a.known.is_some_and(watched) || before.is_some_and(|b| b.asked == 0)
        };
        let changed = !self.reads.iter().all(as_before);
        let is_due = |m: &&SeenMessage| changed || m.asked == 0 || a.now - m.asked >= ASKED_AGAIN;
        let mut due: Vec<&SeenMessage> = absent.iter().filter(is_due).collect();
        due.sort_by_key(|m| (m.asked, std::cmp::Reverse(m.at)));
        due.into_iter().map(|m| m.id.clone()).collect()
    }
}

/// One message: new, or known and perhaps changed.
fn heard(draft: Draft, a: &Against<'_>, told: &mut Told) {
    let id = draft.message.remote_id.clone();
    let before = a.known.and_then(|k| k.find(&id.0));
    if before.is_none() && a.known.is_some_and(|k| draft.at < k.low) {
        // Known, and too old to be watched.
        return;
    }
    let text = check(&draft.message.text);
    let mut now = SeenMessage {
        id: id.0.clone(),
        at: draft.at,
        text,
        asked: 0,
        reactions: draft.reactions.clone(),
    };
    if !a.reactions {
        // Nobody asked: what was known stays known.
        now.reactions = before.map(|b| b.reactions.clone()).unwrap_or_default();
    }
    let later = |what| later(&id, a.now, what);
    let none = Default::default();
    let earlier = before.map_or(&none, |b| &b.reactions);
    for (by, emoji) in &now.reactions {
        if earlier.get(by) != Some(emoji) {
            told.events.push(later(Later::Reaction {
                by: by.clone(),
                emoji: Some(emoji.clone()),
            }));
        }
    }
    for by in earlier.keys().filter(|by| !now.reactions.contains_key(*by)) {
        told.events.push(later(Later::Reaction {
            by: by.clone(),
            emoji: None,
        }));
    }
    // It is told as a whole, as if for the first time: of what could not be read, nobody has anything.
    let unread = before.is_some_and(|b| b.text == UNREAD);
    if !unread && before.is_some_and(|b| b.text != text) {
        told.events.push(later(Later::Edited {
            text: draft.message.text.clone(),
            html: None,
        }));
    }
    told.seen.messages.push(now);
    if before.is_none() || unread {
        told.drafts.push(draft);
    }
}

pub(super) fn later(of: &RemoteId, at: Millis, what: Later) -> Event {
    Event::Later(Afterwards {
        of: of.clone(),
        at,
        what,
    })
}

/// What somebody is called, as a check value.
pub(super) fn called(s: &Somebody) -> u32 {
    let name = s.name.as_deref().unwrap_or_default();
    let username = s.username.as_deref().unwrap_or_default();
    check(&format!("{name}\n{username}")).max(1)
}

/// The cursor behind a page, where another one follows. The address of that one holds the token, and is not looked at.
pub(super) fn next(page: Option<&Value>) -> Option<String> {
    let paging = page?.get("paging")?;
    paging.get("next")?.as_str()?;
    let after = paging.pointer("/cursors/after")?.as_str()?;
    (!after.is_empty() && after.len() <= 2_000).then(|| after.to_owned())
}

/// The customer of a conversation whose people are not named: who wrote to the account, or was written to.
fn writer(reads: &[Read]) -> Option<Somebody> {
    reads.iter().find_map(|r| {
        let Read::Message(d) = r else { return None };
        let m = &d.message;
        let party = match m.place {
            crate::model::Place::Sent => m.to.first(),
            _ => m.from.as_ref(),
        }?;
        Some(Somebody {
            id: party.address.clone(),
            name: party.name.clone(),
            username: None,
        })
    })
}

impl Read {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Message(d) => &d.message.remote_id.0,
            Self::Bare { id, .. } | Self::Poison { id, .. } => id,
        }
    }

    fn at(&self) -> Option<Millis> {
        match self {
            Self::Message(d) => Some(d.at),
            Self::Bare { at, .. } | Self::Poison { at, .. } => *at,
        }
    }

    /// A time that cannot be is the present.
    fn at_latest(&mut self, now: Millis) {
        let ahead = |at: Millis| at > now + DAY;
        match self {
            Self::Message(d) if ahead(d.at) => d.at = now,
            Self::Bare { at, .. } | Self::Poison { at, .. } if at.is_some_and(ahead) => {
                *at = Some(now);
            }
            _ => {}
        }
    }

    fn is_bare(&self) -> bool {
        matches!(self, Self::Bare { .. })
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
