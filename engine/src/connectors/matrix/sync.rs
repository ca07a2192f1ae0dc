//! Reading: news by `/sync`, what it leaves out page by page, at most a hundred events at a time.

use super::Matrix;
use super::api::Call;
use super::convert::{instant, replacement};
use super::cursor::{Hole, Point};
use super::rooms::speaker;
use crate::connectors::Result;
use crate::model::{BATCH_EVENTS, Batch, Cursor, Event, Gap, Remedy};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Events of one room in one answer; the others are read as pages.
const NEWS: u32 = 30;
/// Events of one page.
const PAGE: &str = "60";
/// An event makes at most so many of ours; a batch ends before it would hold too many.
pub(super) const MOST_OF_ONE: usize = 4;
/// A batch ends with the message that brings it over so many bytes of files.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// One thing that the homeserver told.
pub(super) enum Told {
    /// An event of a room, and of ours whom it may be meant for: whoever spoke last before it.
    Event(String, Value, Option<String>),
    /// Who has read up to where in a room.
    Receipts(String, Value),
}

/// What was told and has not been handed over in whole. The cursor moves with its last part.
pub(super) struct Work {
    from: Cursor,
    told: VecDeque<Told>,
    next: Point,
    gaps: Vec<Gap>,
    /// Nothing happened since the cursor, so that it may stay as it is.
    quiet: bool,
}

impl Matrix {
    /// The next batch.
    pub(super) async fn read(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        let point = Point::read(cursor);
        let from = cursor.cloned().unwrap_or(Cursor(String::new()));
        let mut slot = self.work.lock().await;
        // Taken out: after a failure everything is asked for again from the cursor.
        let mut work = match slot.take().filter(|w| w.from == from) {
            Some(work) => work,
            None => self.begin(&point, from).await?,
        };
        let events = self.fill(&mut work).await?;
        if !work.told.is_empty() {
            let batch = batch(events, work.from.clone(), true, Vec::new());
            *slot = Some(work);
            return Ok(batch);
        }
        let joined = self.come_in(&mut work.next, &mut work.gaps).await;
        let history = self.history.load(Ordering::SeqCst);
        let now = self.api.now();
        let more = joined
            || work.next.next_hole(history).is_some()
            || work.next.next_join(now).is_some_and(|at| at <= now);
        // Nothing came: the same words again, so that nothing is written.
        let same = Point {
            since: point.since.clone(),
            ..work.next.clone()
        };
        let idle = work.quiet && events.is_empty() && same == point;
        let next = if idle { work.from } else { work.next.cursor() };
        Ok(batch(events, next, more, work.gaps))
    }

    /// As much of what was told as a batch holds. What comes before something that fails is handed over first.
    async fn fill(&self, work: &mut Work) -> Result<Vec<Event>> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while events.len() + MOST_OF_ONE <= BATCH_EVENTS
            && bytes < MOST_BYTES
            && let Some(told) = work.told.pop_front()
        {
            let before = events.len();
            if let Err(e) = self.hand_over(&told, &mut events).await {
                if events.is_empty() {
                    return Err(e);
                }
                work.told.push_front(told);
                break;
            }
            bytes += events[before..].iter().map(weight).sum::<usize>();
        }
        Ok(events)
    }

    /// Asks for what there is from a point on: news, else a page of what was left out.
    async fn begin(&self, point: &Point, from: Cursor) -> Result<Work> {
        // Before anybody may choose a file to send; where it is not said now, it is before the first upload.
        if !self.asked.load(Ordering::SeqCst) {
            let _ = self.most().await;
        }
        let (point, answer) = self.news(point).await?;
        let mut work = Work {
            from,
            told: VecDeque::new(),
            quiet: !point.since.is_empty() && !is_news(&answer),
            next: point.clone(),
            gaps: Vec::new(),
        };
        let invited = answer["rooms"]["invite"].as_object();
        for (room, _) in invited.into_iter().flatten() {
            work.next.invited_to(room, "");
        }
        self.take_rooms(&answer, &point, &mut work);
        work.next.again = None;
        if let Some(next) = answer["next_batch"].as_str() {
            next.clone_into(&mut work.next.since);
        }
        let history = self.history.load(Ordering::SeqCst);
        if work.told.is_empty()
            && let Some(at) = work.next.next_hole(history)
        {
            self.page(at, &mut work).await?;
        }
        Ok(work)
    }

    /// What came since a point, with that point; what the long poll has brought already is not asked for twice.
    async fn news(&self, point: &Point) -> Result<(Point, Value)> {
        let ahead = self.ahead.lock().await.take();
        if let Some((since, answer)) = ahead
            && since == point.since
        {
            return Ok((point.clone(), answer));
        }
        match self.sync(&point.since, 0).await {
            // A homeserver that was set up anew does not know its own old word: everything is read from the beginning.
            Err(e) if e.remedy == Remedy::Final && !point.since.is_empty() => {
                Ok((Point::default(), self.sync("", 0).await?))
            }
            other => Ok((point.clone(), other?)),
        }
    }

    /// One `/sync`.
    pub(super) async fn sync(&self, since: &str, wait: u32) -> Result<Value> {
        let filter = json!({
            "presence": { "types": [] },
            "account_data": { "types": [] },
            "room": {
                "account_data": { "types": [] },
                "ephemeral": { "types": ["m.receipt"] },
                // The first event of a room comes with those that we came into, and not with those that we were in.
                "state": { "types": ["m.room.create", "m.room.member", "m.room.encryption", "m.room.tombstone", "chat.parley.*"], "lazy_load_members": true },
                "timeline": { "limit": NEWS, "lazy_load_members": true },
            },
        });
        let mut call = Call::get(&["sync"], "sync")
            .asking("filter", filter.to_string())
            .asking("set_presence", "offline")
            .asking("timeout", wait.to_string());
        if !since.is_empty() {
            call = call.asking("since", since);
        }
        call.time = Duration::from_millis(u64::from(wait) + 60_000);
        self.api.json(&call).await
    }

    fn take_rooms(&self, answer: &Value, point: &Point, work: &mut Work) {
        for (room, told) in answer["rooms"]["join"].as_object().into_iter().flatten() {
            work.next.invited.retain(|i| i.room != *room);
            let state = list(told, "state");
            let new_here = self.take_room(room, told, point, work);
            for event in state.iter().chain(&list(told, "timeline")) {
                if event["type"] == "m.room.tombstone"
                    && let Some(next) = replacement(&event["content"])
                    && answer["rooms"]["join"].get(next).is_none()
                {
                    let server = event["sender"].as_str().and_then(|s| s.split_once(':'));
                    work.next.invited_to(next, server.map_or("", |s| s.1));
                }
            }
            self.hole(room, told, new_here, point, work);
        }
        for (room, told) in answer["rooms"]["leave"].as_object().into_iter().flatten() {
            work.next.invited.retain(|i| i.room != *room);
            let own = &self.api.config.user_id;
            let was_in = list(told, "timeline")
                .iter()
                .chain(&list(told, "state"))
                .any(|e| {
                    e["type"] == "m.room.member"
                        && e["state_key"] == own.as_str()
                        && e["unsigned"]["prev_content"]["membership"] == "join"
                });
            let new_here = self.take_room(room, told, point, work);
            // What was said before we were put out may still be read, and is a gap where it may not.
            if was_in {
                self.hole(room, told, new_here, point, work);
            }
            self.rooms.forget(room);
        }
    }

    /// What is told of a room. Returns whether it is told from its beginning: after a long absence, too, a homeserver
    /// repeats who we are to it.
    fn take_room(&self, room: &str, told: &Value, point: &Point, work: &mut Work) -> bool {
        let own = &self.api.config.user_id;
        let now = self.api.latest();
        let (state, timeline) = (list(told, "state"), list(told, "timeline"));
        let made = |e: &Value| e["type"] == "m.room.create";
        let new_here = point.since.is_empty() || state.iter().chain(&timeline).any(made);
        let limited = told["timeline"]["limited"] == true;
        if new_here || limited {
            // Of those who came and went meanwhile not all are told.
            self.rooms.forget(room);
        }
        let before = self.rooms.spoke(room);
        for event in state.iter().chain(&timeline) {
            self.rooms.note(own, room, event, now);
        }
        // Who is here is told with each message; of the rest only what visitors say of themselves is news.
        for event in state.into_iter().filter(|e| e["type"] != "m.room.member") {
            let told = Told::Event(room.to_owned(), event, None);
            work.told.push_back(told);
        }
        for (event, earlier) in after(own, before, timeline) {
            work.told
                .push_back(Told::Event(room.to_owned(), event, earlier));
        }
        for event in list(told, "ephemeral") {
            if event["type"] == "m.receipt" {
                let read = event["content"].clone();
                self.rooms.read(room, &read);
                work.told.push_back(Told::Receipts(room.to_owned(), read));
            }
        }
        new_here
    }

    /// What an answer leaves out of a room.
    fn hole(&self, room: &str, told: &Value, new_here: bool, point: &Point, work: &mut Work) {
        let before = told["timeline"]["prev_batch"].as_str();
        if told["timeline"]["limited"] == true
            && let Some(from) = before
        {
            work.next.holes.push(Hole {
                room: room.to_owned(),
                from: from.to_owned(),
                to: (!new_here).then(|| point.since.clone()),
                down: point.again,
                pages: 0,
            });
        }
    }

    /// One page of a hole.
    async fn page(&self, at: usize, work: &mut Work) -> Result<()> {
        let Some(hole) = work.next.holes.get(at).cloned() else {
            return Ok(());
        };
        let mut call = Call::get(&["rooms", &hole.room, "messages"], "history")
            .asking("dir", "b")
            .asking("limit", PAGE)
            .asking("from", hole.from.clone());
        if let Some(to) = &hole.to {
            call = call.asking("to", to.clone());
        }
        let page = match self.api.json(&call).await {
            Ok(page) => page,
            // Left since, or the homeserver has forgotten the place.
            Err(e) if e.remedy == Remedy::Final => {
                work.gaps
                    .push(gap(&hole.room, "what was said before cannot be read"));
                work.next.holes.remove(at);
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        let events = page["chunk"].as_array().cloned().unwrap_or_default();
        let now = self.api.latest();
        // Most of a page, so that what claims a time of its own ends nothing.
        let is_before = |down| {
            let at = |e: &Value| instant(&e["origin_server_ts"], now);
            let older = events.iter().filter_map(at).filter(|at| *at < down);
            older.count() * 2 > events.len()
        };
        let done = events.is_empty() || hole.down.is_some_and(is_before);
        let end = page["end"].as_str().map(String::from);
        let end = end.filter(|_| !done);
        for event in &events {
            self.rooms.wrote(event, now);
        }
        let oldest_first = events.into_iter().rev().collect();
        let own = &self.api.config.user_id;
        for (event, earlier) in after(own, None, oldest_first).into_iter().rev() {
            let told = Told::Event(hole.room.clone(), event, earlier);
            work.told.push_back(told);
        }
        if let Some(read) = self.rooms.last_read(&hole.room) {
            work.told.push_back(Told::Receipts(hole.room.clone(), read));
        }
        if work.next.paged(at, end) {
            work.gaps
                .push(gap(&hole.room, "more was said before than is read"));
        }
        Ok(())
    }
}

/// Events, oldest first, each with whoever of the others spoke last before it.
fn after(own: &str, mut last: Option<String>, events: Vec<Value>) -> Vec<(Value, Option<String>)> {
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        let said = speaker(own, &event).map(String::from);
        out.push((event, last.clone()));
        last = said.or(last);
    }
    out
}

fn list(told: &Value, part: &str) -> Vec<Value> {
    told[part]["events"].as_array().cloned().unwrap_or_default()
}

/// Bytes of files that an event brings.
fn weight(event: &Event) -> usize {
    match event {
        Event::Message(m) => m.files.iter().map(|f| f.bytes.len()).sum(),
        _ => 0,
    }
}

/// Whether anything happened in a room.
pub(super) fn is_news(answer: &Value) -> bool {
    ["join", "invite", "leave"].iter().any(|part| {
        answer["rooms"][part]
            .as_object()
            .is_some_and(|rooms| !rooms.is_empty())
    })
}

pub(super) fn gap(room: &str, reason: &str) -> Gap {
    Gap {
        place: room.to_owned(),
        reason: reason.to_owned(),
        since: None,
    }
}

fn batch(events: Vec<Event>, next: Cursor, more: bool, gaps: Vec<Gap>) -> Batch {
    Batch {
        events,
        next,
        more,
        gaps,
        progress: None,
    }
}
