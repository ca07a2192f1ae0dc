//! Reading: news by `/sync`, what it leaves out page by page, at most a hundred events at a time.

use super::Matrix;
use super::api::Call;
use super::convert::{self, Media, Piece, later, remote_id};
use super::cursor::{Hole, Point};
use super::rooms::Aim;
use crate::connectors::Result;
use crate::connectors::http::MOST_FILE;
use crate::model::filename::safe;
use crate::model::{
    BATCH_EVENTS, Batch, Card, CardKind, ChannelError, Cursor, Event, Gap, Incoming, IncomingFile,
    Later, PersonSays, Reached, Remedy,
};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Events of one room in one answer; the others are read as pages.
const NEWS: u32 = 30;
/// Events of one page.
const PAGE: &str = "60";
/// An event makes at most so many of ours; a batch ends before it would hold too many.
const MOST_OF_ONE: usize = 4;
/// Invitations that are taken with one poll.
const MOST_JOINS: usize = 50;

/// One thing that the homeserver told.
pub(super) enum Told {
    /// An event of a room.
    Event(String, Value),
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
    /// A room was come into: what was said there is asked for at once.
    joined: bool,
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
        let mut events = Vec::new();
        while events.len() + MOST_OF_ONE <= BATCH_EVENTS
            && let Some(told) = work.told.pop_front()
        {
            self.hand_over(told, &mut events).await?;
        }
        if !work.told.is_empty() {
            let batch = batch(events, work.from.clone(), true, Vec::new());
            *slot = Some(work);
            return Ok(batch);
        }
        let history = self.history.load(Ordering::SeqCst);
        let more = work.joined || work.next.next_hole(history).is_some();
        // Nothing came: the same words again, so that nothing is written.
        let idle = work.quiet && events.is_empty() && work.next.holes == point.holes;
        let next = if idle { work.from } else { work.next.cursor() };
        Ok(batch(events, next, more, work.gaps))
    }

    /// Asks for what there is from a point on: news, else a page of what was left out.
    async fn begin(&self, point: &Point, from: Cursor) -> Result<Work> {
        let (point, answer) = self.news(point).await?;
        let mut work = Work {
            from,
            told: VecDeque::new(),
            quiet: !point.since.is_empty() && !is_news(&answer),
            next: point.clone(),
            gaps: Vec::new(),
            joined: self.take_invitations(&answer["rooms"]["invite"]).await?,
        };
        self.take_rooms(&answer, &point, &mut work);
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
                "state": { "types": ["m.room.member", "m.room.encryption", "chat.parley.*"], "lazy_load_members": true },
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

    /// Comes into every room that somebody invites to. An invitation is told once: where joining fails for now, the
    /// cursor stays.
    async fn take_invitations(&self, invited: &Value) -> Result<bool> {
        let mut joined = false;
        let rooms = invited.as_object().into_iter().flatten().map(|(id, _)| id);
        for room in rooms.take(MOST_JOINS) {
            let call = Call::post(&["join", room], json!({}), "join");
            match self.api.answer(&call).await {
                Err(e) if e.remedy != Remedy::Final => return Err(e),
                // Taken back meanwhile, or of a room version that the homeserver does not know.
                Err(_) => {}
                Ok(_) => joined = true,
            }
        }
        Ok(joined)
    }

    fn take_rooms(&self, answer: &Value, point: &Point, work: &mut Work) {
        let own = &self.api.config.user_id;
        for (room, told) in answer["rooms"]["join"].as_object().into_iter().flatten() {
            let list = |part: &str| told[part]["events"].as_array().cloned().unwrap_or_default();
            let (state, timeline) = (list("state"), list("timeline"));
            let came = |e: &Value| e["type"] == "m.room.member" && e["state_key"] == own.as_str();
            let new_here = point.since.is_empty() || state.iter().chain(&timeline).any(came);
            for event in &state {
                self.rooms.note(own, room, event);
            }
            // Who is here is told with each message; of the rest only what visitors say of themselves is news.
            let facts = state.into_iter().filter(|e| e["type"] != "m.room.member");
            for event in facts.chain(timeline) {
                self.rooms.note(own, room, &event);
                work.told.push_back(Told::Event(room.clone(), event));
            }
            for event in list("ephemeral") {
                if event["type"] == "m.receipt" {
                    let read = event["content"].clone();
                    work.told.push_back(Told::Receipts(room.clone(), read));
                }
            }
            let before = told["timeline"]["prev_batch"].as_str();
            if told["timeline"]["limited"] == true
                && let Some(from) = before
            {
                work.next.holes.push(Hole {
                    room: room.clone(),
                    from: from.to_owned(),
                    to: (!new_here).then(|| point.since.clone()),
                    pages: 0,
                });
            }
        }
        for (room, told) in answer["rooms"]["leave"].as_object().into_iter().flatten() {
            for event in told["timeline"]["events"].as_array().into_iter().flatten() {
                work.told
                    .push_back(Told::Event(room.clone(), event.clone()));
            }
            work.next.holes.retain(|h| h.room != *room);
            self.rooms.forget(room);
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
        let end = page["end"].as_str().map(String::from);
        let end = end.filter(|_| !events.is_empty());
        for event in events {
            self.rooms
                .note(&self.api.config.user_id, &hole.room, &event);
            work.told.push_back(Told::Event(hole.room.clone(), event));
        }
        if work.next.paged(at, end) {
            work.gaps
                .push(gap(&hole.room, "more was said before than is read"));
        }
        Ok(())
    }

    async fn hand_over(&self, told: Told, events: &mut Vec<Event>) -> Result<()> {
        match told {
            Told::Receipts(room, read) => self.receipts(&room, &read, events),
            Told::Event(room, event) => {
                let own = &self.api.config.user_id;
                if let Some(piece) = convert::piece(own, &room, &event) {
                    self.complete(&room, piece, events).await?;
                }
            }
        }
        Ok(())
    }

    /// What others have read of ours, and what was read by us elsewhere.
    fn receipts(&self, room: &str, read: &Value, events: &mut Vec<Event>) {
        const MOST: usize = 40;
        for (event, kinds) in read.as_object().into_iter().flatten() {
            for (user, what) in kinds["m.read"].as_object().into_iter().flatten() {
                if events.len() >= BATCH_EVENTS - MOST_OF_ONE {
                    return;
                }
                if *user == self.api.config.user_id {
                    events.push(Event::Read {
                        remote_id: remote_id(room, event),
                        seen: true,
                    });
                    continue;
                }
                let at = what["ts"].as_i64().unwrap_or_else(|| self.api.now());
                let mut all = self.rooms.read_until(room, at);
                all.retain(|id| id != event);
                all.push(event.clone());
                let left = (BATCH_EVENTS - events.len()).min(MOST);
                let facts = all
                    .iter()
                    .rev()
                    .take(left)
                    .map(|id| Event::Later(later(room, id, at, Later::Reached(Reached::Read))));
                events.extend(facts);
            }
        }
    }

    /// Adds what an event alone does not say: names, files, and whether its writer may.
    async fn complete(&self, room: &str, piece: Piece, events: &mut Vec<Event>) -> Result<()> {
        match piece {
            Piece::Message(mut message, media) => {
                self.people(room, &mut message).await?;
                if let Some(media) = media {
                    self.attach(&mut message, media).await?;
                }
                events.push(Event::Message(message));
            }
            Piece::Encrypted(mut message) => {
                self.people(room, &mut message).await?;
                events.push(Event::Message(message));
            }
            Piece::Edit { of, by, at, text } => {
                // A homeserver passes on anybody's edit of anything.
                if self.rooms.writer(&self.api, room, &of).await?.as_deref() == Some(&by) {
                    let what = Later::Edited { text, html: None };
                    events.push(Event::Later(later(room, &of, at, what)));
                }
            }
            Piece::Redaction { of, by, at } => {
                if let Some(aim) = self.rooms.aim(&of) {
                    let what = Later::Reaction {
                        by: aim.by,
                        emoji: None,
                    };
                    events.push(Event::Later(later(room, &aim.of, at, what)));
                } else if self.rooms.writer(&self.api, room, &of).await?.as_deref() == Some(&by) {
                    // What somebody else takes away, as a customer who made the room may, stays here.
                    events.push(Event::Later(later(room, &of, at, Later::Unsent)));
                }
            }
            Piece::Reaction {
                id,
                of,
                by,
                emoji,
                at,
            } => {
                let aim = Aim {
                    of: of.clone(),
                    by: by.clone(),
                };
                self.rooms.reacted(&id, aim);
                let what = Later::Reaction {
                    by,
                    emoji: Some(emoji),
                };
                events.push(Event::Later(later(room, &of, at, what)));
            }
            Piece::Named { user, name, at } => events.push(Event::Person(PersonSays {
                address: user,
                name: Some(name),
                at,
                ..PersonSays::default()
            })),
            Piece::Visitor {
                user,
                name,
                email,
                at,
            } => events.push(Event::Person(PersonSays {
                address: user,
                name,
                email,
                at,
                ..PersonSays::default()
            })),
            Piece::Touch(touched) => events.push(Event::Touched(*touched)),
        }
        Ok(())
    }

    /// The names of those who take part, and to whom something of ours went.
    async fn people(&self, id: &str, message: &mut Incoming) -> Result<()> {
        let room = self.rooms.room(&self.api, id).await?;
        if message.to.is_empty()
            && let Some(peer) = &room.peer
        {
            message.to.push(crate::model::Party {
                name: None,
                address: peer.clone(),
            });
        }
        for party in message.from.iter_mut().chain(&mut message.to) {
            party.name = room.names.get(&party.address).cloned();
        }
        Ok(())
    }

    /// Fetches a message's file; one that cannot be had is a card that names it.
    async fn attach(&self, message: &mut Incoming, media: Media) -> Result<()> {
        match self.fetch(&media).await {
            Ok(bytes) => {
                let found = infer::get(&bytes).map(|kind| kind.mime_type().to_owned());
                let claimed = Some(media.mime).filter(|m| m.contains('/'));
                let mime = found.or(claimed);
                message.files.push(IncomingFile {
                    name: safe(&media.name).unwrap_or_else(|| "file".into()),
                    mime: mime.unwrap_or_else(|| "application/octet-stream".into()),
                    content_id: None,
                    inline: false,
                    bytes,
                });
            }
            Err(e) if is_passing(&e) => return Err(e),
            Err(_) => message
                .cards
                .push(Card::of(CardKind::Media).saying(media.name)),
        }
        Ok(())
    }

    async fn fetch(&self, media: &Media) -> Result<Vec<u8>> {
        let too_large = || ChannelError::new(Remedy::Final, "media", "The file is too large.");
        if media.size > MOST_FILE as u64 {
            return Err(too_large());
        }
        let place = [media.server.as_str(), media.id.as_str()];
        let of = |start: &[&str]| {
            let path = [start, &place].concat();
            let mut call = Call::new(reqwest::Method::GET, &path, "media");
            call.most = Some(MOST_FILE);
            call.time = Duration::from_secs(120);
            call
        };
        let answer = self
            .api
            .raw(&of(&["client", "v1", "media", "download"]))
            .await?;
        if answer.ok() {
            return Ok(answer.body);
        }
        // Homeservers before version 1.11 of the specification.
        if super::api::code(&answer) == "M_UNRECOGNIZED" {
            let older = self.api.answer(&of(&["media", "v3", "download"])).await?;
            return Ok(older.body);
        }
        Err(super::api::refusal(&answer, "media", self.api.now()))
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

/// Whether the whole poll is to be tried again: the homeserver is away or asks for patience. A file that it fails to
/// give (as one of another homeserver that is gone) must not stand in the way of all that follows.
fn is_passing(e: &ChannelError) -> bool {
    e.step == "connect" || matches!(e.remedy, Remedy::Wait | Remedy::Reconnect)
}

fn gap(room: &str, reason: &str) -> Gap {
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
