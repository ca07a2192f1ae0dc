//! Finds what is new on the phone: all of the last days is listed each time, and what was not given yet is given,
//! oldest first.

use super::api::ROWS;
use super::convert::{self, Received, Sent, Standing, Unread, What};
use super::cursor::{FIRST, OVERLAP, Place};
use super::{SmsGate, lock};
use crate::connectors::{Result, received};
use crate::model::{BATCH_EVENTS, Batch, Card, Cursor, Event, Gap, IncomingFile, Remedy};
use crate::time::{Millis, SECOND};
use std::collections::{HashMap, HashSet, VecDeque};

/// Most pages in one go.
const PAGES: usize = 20;
/// A message makes up to two events.
const EVENTS_EACH: usize = 2;
/// Most messages with files in one batch, because each is fetched.
const WITH_FILES: usize = 5;
/// After so many tries a file is given up, and its message given without it.
const TRIES: u32 = 3;
/// Rows of what went out that are listed each time.
const OUT: usize = 100;
/// Most sends that are asked for one by one in one go.
const ASKED: usize = 10;
/// How often the phone's own store is looked through for what came while the program was off.
const REFRESHED: Millis = 6 * 3_600 * SECOND;
/// When that is tried again where it failed.
const REFUSED: Millis = 300 * SECOND;
/// So long a notice waits for its MMS before it is shown by itself.
const NOTICE: Millis = 900 * SECOND;
/// A notice and its MMS are so near to each other.
const NEAR: Millis = 900 * SECOND;

const OLD: &str = "The program on the phone does not take in what came while it was off. Update SMS Gateway for Android.";

/// What is remembered between polls; losing it costs calls and nothing else.
#[derive(Default)]
pub(super) struct Memory {
    found: VecDeque<Item>,
    after: Option<Cursor>,
    given: u64,
    /// When the phone's own store is looked through next; at once where the phone could not be reached meanwhile, for
    /// then the program may have been off.
    refresh: Option<Millis>,
    tries: HashMap<String, u32>,
}

enum Item {
    In(Box<Received>),
    Out(Box<Sent>),
    Unread(Unread),
}

impl Item {
    fn at(&self) -> Millis {
        match self {
            Self::In(m) => m.at,
            Self::Out(m) => m.at,
            Self::Unread(_) => Millis::MIN,
        }
    }
}

impl SmsGate {
    pub(super) async fn news(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        let mut memory = self.walk.lock().await;
        let now = self.now();
        let back = if self.history.load(std::sync::atomic::Ordering::SeqCst) {
            FIRST
        } else {
            0
        };
        let known = cursor.and_then(Place::read);
        let first = known.is_none();
        let mut place = known.unwrap_or_else(|| Place::fresh(now - back));
        let since = if first { now - back } else { place.edge() };
        let goes_on = !memory.found.is_empty() && memory.after.as_ref() == cursor;
        let (mut gaps, mut out) = (Vec::new(), HashMap::new());
        if !goes_on {
            self.refresh(&mut memory, since, now).await?;
            let look = self.look(&place, since, now, &mut gaps).await;
            if look.is_err() {
                memory.refresh = None;
            }
            (memory.found, out) = look?;
            memory.given = 0;
        }
        let mut events = self.give(&mut memory, &mut place, now).await?;
        // An old program does not list what went out; it tells of each when asked.
        for (id, at) in lock(&self.handed).drain(..) {
            place.follow(&id, at);
        }
        if memory.found.is_empty() {
            self.follow(&mut place, &out, now, &mut events).await?;
        }
        let more = !memory.found.is_empty() && memory.tries.is_empty();
        let expected = memory.given + memory.found.len() as u64;
        let progress = (more || goes_on).then_some((memory.given, expected));
        let next = place.cursor(now);
        memory.after = Some(next.clone());
        Ok(Batch {
            events,
            next,
            more,
            gaps,
            progress,
        })
    }

    /// Has the program take in what it missed, now and then. A program that cannot is used all the same.
    async fn refresh(&self, memory: &mut Memory, since: Millis, now: Millis) -> Result<()> {
        if memory.refresh.is_some_and(|next| next > now) {
            return Ok(());
        }
        memory.refresh = None;
        let pause = match self.api()?.refresh(since, now).await {
            Ok(true) => {
                self.note(Vec::new());
                REFRESHED
            }
            Ok(false) => {
                self.note(vec![OLD.to_owned()]);
                REFUSED
            }
            Err(e) if e.step == "connect" => return Err(e),
            Err(e) => {
                tracing::debug!(step = e.step, "the phone did not look through its store");
                REFUSED
            }
        };
        memory.refresh = Some(now + pause);
        Ok(())
    }

    /// Lists what came in and what went out.
    async fn look(
        &self,
        place: &Place,
        since: Millis,
        now: Millis,
        gaps: &mut Vec<Gap>,
    ) -> Result<(VecDeque<Item>, HashMap<String, Sent>)> {
        let api = self.api()?;
        let (mut items, mut met) = (Vec::new(), HashSet::new());
        for n in 0.. {
            if n >= PAGES {
                gaps.push(Gap {
                    place: "received".into(),
                    reason: "The phone holds more messages than are read at once; older ones were left out.".into(),
                    since: Some(since),
                });
                break;
            }
            let page = api.inbox(since, n * ROWS, ROWS).await?;
            for value in &page {
                match convert::received(value) {
                    Ok(m) if met.insert(m.key.clone()) => items.push(Item::In(Box::new(m))),
                    Err(u) if met.insert(u.key.clone()) => items.push(Item::Unread(u)),
                    _ => {}
                }
            }
            if page.len() < ROWS {
                break;
            }
        }
        items = shown(items, now);
        let mut out = HashMap::new();
        for value in &api.outbox(since, OUT).await? {
            let Some(m) = convert::sent(value) else {
                continue;
            };
            if met.insert(m.id.clone()) {
                if m.at >= since {
                    items.push(Item::Out(Box::new(m.clone())));
                }
                out.insert(m.id.clone(), m);
            }
        }
        items.retain(|item| match item {
            Item::In(m) => !place.knows(&m.key),
            Item::Out(m) => !place.knows(&m.id),
            Item::Unread(u) => !place.knows(&u.key),
        });
        items.sort_by_key(Item::at);
        Ok((items.into(), out))
    }

    async fn give(
        &self,
        memory: &mut Memory,
        place: &mut Place,
        now: Millis,
    ) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut with_files = 0;
        while events.len() + EVENTS_EACH <= BATCH_EVENTS {
            let row = match memory.found.front() {
                None => break,
                Some(Item::Unread(u)) => {
                    events.push(u.event());
                    // It has no date; it is known for as long as anything of today is.
                    place.give(&u.key.clone(), now, place.mark);
                    None
                }
                Some(Item::Out(m)) => {
                    let m = m.clone();
                    self.give_sent(&m, place, now, &mut events);
                    None
                }
                Some(Item::In(m)) => Some(m.clone()),
            };
            if let Some(row) = row {
                with_files += usize::from(!row.files.is_empty());
                if with_files > WITH_FILES {
                    break;
                }
                let (files, cards) = match self.files(&row, memory).await {
                    Ok(got) => got,
                    Err(e) if events.is_empty() => return Err(e),
                    Err(_) => break,
                };
                let message = row.message(&self.number, files, cards);
                events.push(Event::Message(Box::new(message)));
                events.extend(row.person(&self.number).map(Event::Person));
                place.give(&row.key, row.at, now);
            }
            memory.found.pop_front();
            memory.given += 1;
        }
        Ok(events)
    }

    fn give_sent(&self, m: &Sent, place: &mut Place, now: Millis, events: &mut Vec<Event>) {
        events.extend(m.message(&self.number).map(|m| Event::Message(Box::new(m))));
        place.give(&m.id, m.at, now);
        match m.standing {
            Standing::Open => place.follow(&m.id, m.at),
            _ => events.extend(m.reached(now).map(Event::Later)),
        }
    }

    async fn files(
        &self,
        row: &Received,
        memory: &mut Memory,
    ) -> Result<(Vec<IncomingFile>, Vec<Card>)> {
        match self.fetched(row).await {
            Ok(got) => {
                memory.tries.remove(&row.key);
                Ok(got)
            }
            Err(e) if matches!(e.remedy, Remedy::Reconnect | Remedy::Wait) => Err(e),
            Err(e) => {
                let tries = memory.tries.entry(row.key.clone()).or_default();
                *tries += 1;
                if *tries < TRIES {
                    return Err(e);
                }
                memory.tries.remove(&row.key);
                Ok((Vec::new(), vec![received::missing(&e.what)]))
            }
        }
    }

    async fn fetched(&self, row: &Received) -> Result<(Vec<IncomingFile>, Vec<Card>)> {
        let (mut files, mut cards) = (Vec::new(), Vec::new());
        for (n, f) in row.files.iter().enumerate() {
            match self.api()?.file(&row.id, f.part).await? {
                Some((kind, bytes)) => {
                    let kind = if f.mime.is_empty() { &kind } else { &f.mime };
                    files.push(received::file(&f.name, kind, n + 1, bytes));
                }
                None => cards.push(received::missing("the phone does not have it any more")),
            }
        }
        Ok((files, cards))
    }

    /// Looks how far the followed sends are.
    async fn follow(
        &self,
        place: &mut Place,
        out: &HashMap<String, Sent>,
        now: Millis,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let (mut asked, mut failure) = (0, None);
        for (id, at) in std::mem::take(&mut place.open) {
            let full = events.len() + EVENTS_EACH > BATCH_EVENTS;
            let known = out.get(&id).filter(|_| !full).cloned();
            let row = if known.is_some() || full || failure.is_some() || asked >= ASKED {
                known
            } else {
                asked += 1;
                match self.api()?.message(&id).await {
                    Ok(Some(value)) => convert::sent(&value),
                    Ok(None) => continue,
                    Err(e) => {
                        failure = Some(e);
                        None
                    }
                }
            };
            match row.as_ref().map(|m| m.reached(now)) {
                Some(Some(told)) => events.push(Event::Later(told)),
                _ => place.open.push((id, at)),
            }
        }
        match failure {
            Some(e) if events.is_empty() => Err(e),
            _ => Ok(()),
        }
    }
}

/// Without the notices whose MMS is here, or may still come.
fn shown(items: Vec<Item>, now: Millis) -> Vec<Item> {
    let loaded: Vec<(String, Millis)> = items
        .iter()
        .filter_map(|item| match item {
            Item::In(m) if m.what == What::Mms => Some((m.sender.clone(), m.at)),
            _ => None,
        })
        .collect();
    let stays = |item: &Item| match item {
        Item::In(m) if m.what == What::Notice => {
            let here = loaded
                .iter()
                .any(|(sender, at)| *sender == m.sender && (at - m.at).abs() <= NEAR);
            !here && m.at + NOTICE <= now
        }
        _ => true,
    };
    items.into_iter().filter(stays).collect()
}

/// What is looked at again is what may still come.
const _: () = assert!(OVERLAP > NOTICE);
