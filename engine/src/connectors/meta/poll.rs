//! Looking for news, and reading older conversations page by page.
//!
//! A page brings conversations with their newest messages, those that moved last first. So one question a look is
//! enough while little happens; it goes on to older pages as long as a page holds nothing but news. Whether the vendor
//! keeps that order is not promised anywhere: now and then a look goes over all pages, and often where the order was
//! seen to be another.
//!
//! What of a page does not fit into a batch waits in memory. Should it be lost, the page is asked for again, and the
//! store knows what it has.

use super::convert::{self, Draft, Media};
use super::cursor::{Deep, OVERLAP, Scan, Seen, SeenMessage, State};
use super::diff::{Against, Talk, Told, later};
use super::{Meta, media};
use crate::connectors::Result;
use crate::model::{BATCH_EVENTS, Batch, Card, CardKind, Cursor, Event, Gap, Later, RemoteId};
use crate::time::{DAY, Millis, SECOND};
use std::collections::{BTreeSet, VecDeque};

/// While older conversations are read, news are looked for so often.
const LOOK: Millis = 10 * SECOND;
/// A look goes over all pages so often.
const FULL: Millis = 6 * 3_600 * SECOND;
/// The same where pages came in another order than was thought.
const FULL_DISORDERED: Millis = 900 * SECOND;
/// Conversations of a page.
const PAGE: u32 = 20;
/// Most pages of one look.
const MOST_PAGES: u32 = 500;
/// Bytes of files in one batch.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Messages that are asked for one by one, whether they were taken back, in one look.
const MOST_ASKED: usize = 10;

/// What is remembered between polls and may be lost.
pub(super) struct Memory {
    pending: Option<Pending>,
    last_look: Millis,
    last_full: Millis,
    disordered: bool,
    /// Conversations of a page.
    pub(super) page: u32,
    /// This page waited once for a file that could not be had. It does so once, whatever is the matter with how many.
    waited: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            pending: None,
            last_look: Millis::MIN / 2,
            last_full: Millis::MIN / 2,
            disordered: false,
            page: PAGE,
            waited: false,
        }
    }
}

/// The rest of a page.
struct Pending {
    /// The cursor that was given with what came before.
    cursor: Cursor,
    units: VecDeque<Unit>,
    turn: Turn,
}

/// A part of what a conversation tells, at most a batch.
struct Unit {
    pieces: Vec<Piece>,
    /// What the conversation looks like once this is told.
    seen: Option<(String, Seen)>,
    gaps: Vec<Gap>,
}

enum Piece {
    Event(Event),
    Draft(Box<Draft>),
}

/// What follows a page once all of it is told.
enum Turn {
    /// The look goes on.
    On(Scan),
    /// The look is over: everything until then is known, and older conversations begin there.
    Over {
        top: Millis,
        below: Option<String>,
        /// It went over all pages, or what it left out is read as older conversations.
        all: bool,
    },
    /// Older conversations go on, or end.
    Deep(Option<String>),
}

/// Which page is asked for.
enum Want {
    News { scan: Scan },
    Deep { after: String },
}

impl Meta {
    pub(super) async fn look(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        let mut memory = self.memory.lock().await;
        let mut state = State::read(cursor, self.clock.now());
        self.set_level(state.level);
        let kept = memory.pending.take().filter(|p| Some(&p.cursor) == cursor);
        let mut pending = match kept {
            Some(pending) => pending,
            None => self.page(&mut state, &mut memory).await?,
        };
        let mut batch = Batch {
            events: Vec::new(),
            next: Cursor(String::new()),
            more: false,
            gaps: Vec::new(),
            progress: None,
        };
        let told = self
            .tell(&mut pending, &mut state, &mut memory, &mut batch)
            .await;
        if let Err(e) = told {
            // What was told so far is told again, and known.
            memory.pending = None;
            return Err(e);
        }
        if pending.units.is_empty() {
            finish(&mut state, pending.turn);
            memory.waited = false;
            batch.next = state.write();
            batch.more = state.scan.is_some() || self.reads_deep(&state);
        } else {
            batch.next = state.write();
            batch.more = true;
            pending.cursor = batch.next.clone();
            memory.pending = Some(pending);
        }
        Ok(batch)
    }

    /// Whether older conversations are still to be read.
    fn reads_deep(&self, state: &State) -> bool {
        matches!(state.deep, Deep::After(_)) && self.reads_history()
    }

    /// Fills a batch with what a page tells.
    async fn tell(
        &self,
        pending: &mut Pending,
        state: &mut State,
        memory: &mut Memory,
        batch: &mut Batch,
    ) -> Result<()> {
        let mut bytes = 0;
        while let Some(unit) = pending.units.pop_front() {
            let full = batch.events.len() + unit.pieces.len() > BATCH_EVENTS || bytes > MOST_BYTES;
            if full && !batch.events.is_empty() {
                pending.units.push_front(unit);
                break;
            }
            let mut pieces = unit.pieces.into_iter();
            while bytes <= MOST_BYTES
                && let Some(piece) = pieces.next()
            {
                let event = match piece {
                    Piece::Event(event) => event,
                    Piece::Draft(draft) => {
                        let message = self.with_files(*draft, memory).await?;
                        bytes += message.files.iter().map(|f| f.bytes.len()).sum::<usize>();
                        Event::Message(Box::new(message))
                    }
                };
                batch.events.push(event);
            }
            let rest: Vec<Piece> = pieces.collect();
            if !rest.is_empty() {
                // Its files are large: the rest of it comes with the next batch, and is not held beside these.
                let rest = Unit {
                    pieces: rest,
                    seen: unit.seen,
                    gaps: unit.gaps,
                };
                pending.units.push_front(rest);
                break;
            }
            batch.gaps.extend(unit.gaps);
            if let Some((id, seen)) = unit.seen {
                state.talks.insert(id, seen);
            }
        }
        Ok(())
    }

    /// A message with its files, or with the ways to them.
    async fn with_files(
        &self,
        mut draft: Draft,
        memory: &mut Memory,
    ) -> Result<crate::model::Incoming> {
        let now = self.clock.now();
        if !self.config.keep_media {
            return Ok(self.with_previews(draft, now).await);
        }
        let mut left = Vec::new();
        for m in std::mem::take(&mut draft.media) {
            if m.card == CardKind::Sticker {
                left.push(m);
                continue;
            }
            match self.fetched(&m, memory).await? {
                Some(file) => draft.message.files.push(file),
                None => left.push(m),
            }
        }
        draft.media = left;
        Ok(draft.linked(now))
    }

    /// Links, with the small pictures that the vendor gives of what they lead to, for as long as they lead there.
    async fn with_previews(&self, mut draft: Draft, now: Millis) -> crate::model::Incoming {
        for m in &draft.media {
            let Some(url) = &m.preview else { continue };
            let small = Media {
                url: url.clone(),
                preview: None,
                ..m.clone()
            };
            // A picture less is no reason to wait for the message.
            let got = media::fetch(&self.net, &small, self.api.is_here()).await;
            if let Ok(Some(file)) = got
                && file.mime.starts_with("image/")
            {
                let until = convert::until(url, now).unwrap_or(now + DAY);
                let sooner = draft.message.files_until.unwrap_or(until).min(until);
                draft.message.files_until = Some(sooner);
                draft.message.files.push(file);
            }
        }
        draft.linked(now)
    }

    /// A file; none where it stays a link. A server that fails is asked again with the next poll, once a page: neither
    /// one that is down nor many files that it does not have keep messages waiting for long.
    async fn fetched(
        &self,
        m: &Media,
        memory: &mut Memory,
    ) -> Result<Option<crate::model::IncomingFile>> {
        match media::fetch(&self.net, m, self.api.is_here()).await {
            Ok(file) => Ok(file),
            Err(_) if memory.waited => Ok(None),
            Err(e) => {
                memory.waited = true;
                Err(e)
            }
        }
    }

    /// Asks for the next page, and makes of it what is to be told.
    async fn page(&self, state: &mut State, memory: &mut Memory) -> Result<Pending> {
        let now = self.clock.now();
        let want = self.want(state, memory, now);
        let (after, deep) = match &want {
            Want::News { scan } => (scan.after.as_str(), false),
            Want::Deep { after } => (after.as_str(), true),
        };
        let after = Some(after).filter(|a| !a.is_empty());
        let page = self.ask_page(after, state, memory).await?;
        self.set_level(state.level);
        let owner = self.owner();
        let mut told = BTreeSet::new();
        let talks = page.rows.iter().filter_map(|r| Talk::read(r, &owner, now));
        let talks: Vec<Talk> = talks.filter(|t| told.insert(t.id.clone())).collect();
        let times: Vec<Millis> = talks.iter().map(|t| t.updated).collect();
        if times.windows(2).any(|w| w[0] < w[1]) {
            memory.disordered = true;
        }
        let turn = self.turn(&want, &times, page.after.clone(), state, memory, now);
        let over_all = matches!(&want, Want::News { scan } if scan.full);
        let since = state.news_since(over_all);
        let mut units = VecDeque::new();
        let mut asked = 0;
        for talk in talks {
            let moved = since.is_none_or(|e| talk.updated >= e - OVERLAP);
            let known = state.talks.get(&talk.id);
            if !deep && !moved && known.is_none() {
                continue;
            }
            let against = Against {
                known,
                edge: since,
                news: !deep && state.edge.is_some() && !state.again,
                reactions: state.level == 0,
                now,
            };
            let parts = self.units(talk, &against, &mut asked).await;
            // News are told oldest first, history newest first.
            if deep || state.edge.is_none() {
                units.extend(parts);
            } else {
                for part in parts.into_iter().rev() {
                    units.push_front(part);
                }
            }
        }
        Ok(Pending {
            cursor: Cursor(String::new()),
            units,
            turn,
        })
    }

    /// What to ask for now.
    fn want(&self, state: &State, memory: &mut Memory, now: Millis) -> Want {
        if let Some(scan) = &state.scan {
            return Want::News { scan: scan.clone() };
        }
        if let Deep::After(after) = &state.deep
            && self.reads_history()
            && now - memory.last_look < LOOK
        {
            return Want::Deep {
                after: after.clone(),
            };
        }
        memory.last_look = now;
        let pause = if memory.disordered {
            FULL_DISORDERED
        } else {
            FULL
        };
        // Where nobody wants older conversations, those that moved are found among them all the same.
        let settled = match state.deep {
            Deep::Unknown => false,
            Deep::After(_) => !self.reads_history(),
            Deep::Done => true,
        };
        let full = settled && now - memory.last_full >= pause;
        Want::News {
            scan: Scan {
                full,
                ..Scan::default()
            },
        }
    }

    /// What follows this page.
    fn turn(
        &self,
        want: &Want,
        times: &[Millis],
        after: Option<String>,
        state: &State,
        memory: &mut Memory,
        now: Millis,
    ) -> Turn {
        let scan = match want {
            Want::Deep { after: here } => return Turn::Deep(after.filter(|a| a != here)),
            Want::News { scan } => scan,
        };
        if scan.pages == 0 && (scan.full || state.edge.is_none()) {
            memory.last_full = now;
        }
        let newest = times.iter().copied().max();
        // What moves while this look is under way is news of the next one.
        let top = if scan.pages == 0 {
            newest.unwrap_or(0)
        } else {
            scan.top
        };
        let top = top.max(state.edge.unwrap_or(Millis::MIN));
        let all_news = state
            .edge
            .is_some_and(|edge| !times.is_empty() && times.iter().all(|t| *t >= edge));
        let goes_on = (scan.full || all_news) && scan.pages + 1 < MOST_PAGES;
        match after.clone().filter(|a| goes_on && *a != scan.after) {
            Some(after) => Turn::On(Scan {
                after,
                top,
                full: scan.full,
                pages: scan.pages + 1,
            }),
            None => Turn::Over {
                top,
                all: scan.full || state.edge.is_none() || after.is_none(),
                below: after,
            },
        }
    }

    /// What a conversation tells, in parts that fit into batches.
    async fn units(&self, talk: Talk, against: &Against<'_>, asked: &mut usize) -> Vec<Unit> {
        let (id, older) = (talk.id.clone(), talk.older.clone());
        let (mut customer, now) = (talk.customer.clone(), against.now);
        let mut told = talk.told(against);
        let mut gaps = Vec::new();
        let mut pieces = Vec::new();
        if let Some(c) = &mut customer {
            let before = against.known.map_or(0, |k| k.person);
            let asked_for = before != 0 || self.profile(c).await;
            let news = before != told.seen.person && (asked_for || against.known.is_none());
            if !asked_for {
                told.seen.person = 0;
            }
            if news && (c.name.is_some() || c.username.is_some()) {
                let at = told.seen.updated;
                pieces.push(Piece::Event(convert::person(c, at)));
            }
            if let Some(since) = told.gap_since {
                let gap = self.gap(&id, older.as_deref(), since, c, &told).await;
                if let Some((marker, gap)) = gap {
                    pieces.push(Piece::Event(marker));
                    gaps.push(gap);
                }
            }
        }
        self.taken_back(&id, &mut told, now, asked).await;
        let drafts = std::mem::take(&mut told.drafts).into_iter();
        pieces.extend(drafts.map(|d| Piece::Draft(Box::new(self.at_level(d)))));
        pieces.extend(told.events.drain(..).map(Piece::Event));
        parted(id, pieces, told.seen, gaps)
    }

    /// Asks for messages that are not listed any more. One that is there after all says that the list has holes, and an
    /// answer that says nothing that this is no moment to ask: the others wait for the next look.
    async fn taken_back(&self, talk: &str, told: &mut Told, now: Millis, asked: &mut usize) {
        let listed = |m: &&SeenMessage| !told.absent.contains(&m.id);
        let other = told.seen.messages.iter().rev().find(listed);
        let other = other.map(|m| m.id.clone());
        for id in std::mem::take(&mut told.due) {
            if *asked >= MOST_ASKED {
                break;
            }
            *asked += 1;
            let detailed = told.seen.find(&id).is_some_and(|m| m.at > told.oldest);
            let gone = match self.is_gone(&id, other.as_deref()).await {
                // The vendor says that also of what is merely too old for details. Its id is listed then.
                Ok(true) if !detailed => self.is_listed(talk, &id).await.map(|there| !there),
                said => said,
            };
            match gone {
                Ok(true) => {
                    told.seen.messages.retain(|m| m.id != id);
                    told.events.push(later(&RemoteId(id), now, Later::Unsent));
                }
                Ok(false) => {
                    let there = told.seen.messages.iter_mut().find(|m| m.id == id);
                    if let Some(there) = there {
                        there.asked = now;
                    }
                    break;
                }
                Err(e) => {
                    tracing::warn!(step = e.step, "a message could not be asked for");
                    *asked = MOST_ASKED;
                }
            }
        }
    }

    /// A message without a word, while files and shares are not given, is one of those.
    fn at_level(&self, mut draft: Draft) -> Draft {
        let unknown = |c: &Card| c.kind == CardKind::Unknown;
        let m = &mut draft.message;
        if self.level() > 0 && m.quarantine.is_some() && m.cards.iter().all(unknown) {
            for card in &mut m.cards {
                card.kind = CardKind::Unsupported;
            }
        }
        draft
    }
}

/// What a page leaves behind once it is told.
fn finish(state: &mut State, turn: Turn) {
    match turn {
        Turn::On(scan) => state.scan = Some(scan),
        Turn::Over { top, below, all } => {
            if all {
                state.swept = Some(top);
            }
            if state.edge.is_none() || state.deep == Deep::Unknown {
                state.deep = below.map_or(Deep::Done, Deep::After);
            }
            state.scan = None;
            state.again = false;
            state.edge = Some(top);
            state.forget();
        }
        Turn::Deep(after) => {
            state.deep = after.map_or(Deep::Done, Deep::After);
            state.forget();
        }
    }
}

/// Parts of at most a batch; the last one says what the conversation looks like.
fn parted(id: String, pieces: Vec<Piece>, seen: Seen, gaps: Vec<Gap>) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut rest = pieces;
    loop {
        let later = rest.split_off(rest.len().min(BATCH_EVENTS));
        let last = later.is_empty();
        units.push(Unit {
            pieces: rest,
            seen: None,
            gaps: Vec::new(),
        });
        if last {
            break;
        }
        rest = later;
    }
    if let Some(last) = units.last_mut() {
        last.seen = Some((id, seen));
        last.gaps = gaps;
    }
    units
}
