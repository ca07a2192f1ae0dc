//! What came since: updates in their order, as many as make a batch.

use super::convert;
use super::cursor::At;
use super::{Telegram, api};
use crate::connectors::Result;
use crate::model::{BATCH_EVENTS, Batch, Cursor, Event};
use crate::time::SECOND;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

impl Telegram {
    pub(super) async fn news(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        let before = At::read(cursor, &self.server);
        let got = self.updates(before.offset).await?;
        let came = !got.is_empty();
        let mut more = got.len() >= api::PAGE;
        let (updates, anew) = in_order(got, before.offset);
        let mut next = if anew { 0 } else { before.offset };
        let (mut told, mut hopeless) = (Told::default(), false);
        let now = self.api.now();
        for (n, update) in updates.into_iter().enumerate() {
            let number = update["update_id"].as_i64();
            let mut read = convert::update(&update, &self.config.bot_id, now);
            if !told.fits(read.events.len()) {
                more = true;
                break;
            }
            self.note(&mut read);
            let key = number.unwrap_or_default();
            match self.with_files(read, key, &mut hopeless).await {
                Ok(events) => told.take(in_their_second(events)),
                Err(e) if n == 0 => return Err(e),
                // Others need not wait for it: what came before is given, and it begins the next batch.
                Err(_) => {
                    more = false;
                    break;
                }
            }
            if let Some(n) = number {
                next = next.max(n.saturating_add(1));
            }
        }
        let stuck = came && next == before.offset;
        let blocked = {
            let mut state = self.state();
            state.stuck = stuck;
            std::mem::take(&mut state.blocked)
        };
        told.take(blocked.into_iter().map(Event::Person).collect());
        let next = match cursor {
            // The very same words where nothing came.
            Some(c) if next == before.offset && At::read(Some(c), &self.server).cursor() == *c => {
                c.clone()
            }
            _ => At::of(next, &self.server).cursor(),
        };
        Ok(Batch {
            events: told.events,
            next,
            more: more && !stuck,
            gaps: Vec::new(),
            progress: None,
        })
    }
}

/// The events of a batch.
#[derive(Default)]
struct Told {
    events: Vec<Event>,
    /// Where in them a person was spoken of last.
    people: HashMap<String, usize>,
}

impl Told {
    fn fits(&self, more: usize) -> bool {
        self.events.is_empty() || self.events.len() + more <= BATCH_EVENTS
    }

    /// People are named once a batch, unless more is said than before; whether they want messages stands with its
    /// newest time.
    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            if let Event::Person(p) = &event {
                let last = self.people.get(&p.address).copied();
                if let Some(Event::Person(before)) = last.and_then(|at| self.events.get_mut(at))
                    && p.opted_out.is_none_or(|out| before.opted_out == Some(out))
                {
                    if p.opted_out.is_some() {
                        before.at = before.at.max(p.at);
                    }
                    continue;
                }
                self.people.insert(p.address.clone(), self.events.len());
            }
            self.events.push(event);
        }
    }
}

/// The updates in their order, each once, and none that was confirmed; what has no number comes first. Where all of
/// them have lower numbers than are expected they are counted anew, which the vendor does after a week without news,
/// and another server by itself: none of them was read.
fn in_order(mut updates: Vec<Value>, offset: i64) -> (Vec<Value>, bool) {
    let number = |u: &Value| u["update_id"].as_i64();
    let greatest = updates.iter().filter_map(number).max();
    let anew = greatest.is_some_and(|n| n < offset);
    let mut seen = HashSet::new();
    updates.retain(|u| number(u).is_none_or(|n| (anew || n >= offset) && seen.insert(n)));
    updates.sort_by_key(number);
    (updates, anew)
}

/// Messages of one second in the order of their numbers, which grow in every chat.
pub(super) fn in_their_second(mut events: Vec<Event>) -> Vec<Event> {
    for event in &mut events {
        if let Event::Message(m) = event
            && let Some((_, id)) = m.remote_id.0.rsplit_once(':')
            && let Ok(id) = id.parse::<i64>()
        {
            m.in_its_second(id.rem_euclid(SECOND));
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn numbers(all: &[i64], offset: i64) -> (Vec<i64>, bool) {
        let all = all.iter().map(|n| json!({ "update_id": n })).collect();
        let (kept, anew) = in_order(all, offset);
        let kept = kept.iter().filter_map(|u| u["update_id"].as_i64());
        (kept.collect(), anew)
    }

    #[test]
    fn lower_numbers_are_old_ones_beside_expected_ones_and_new_ones_by_themselves() {
        assert_eq!(numbers(&[7, 5, 6, 6], 6), (vec![6, 7], false));
        assert_eq!(numbers(&[3, 2], 900), (vec![2, 3], true));
        assert_eq!(numbers(&[3], 0), (vec![3], false));
        assert_eq!(numbers(&[], 6), (Vec::new(), false));
    }
}
