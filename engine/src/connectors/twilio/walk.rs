//! Finds what is new. The vendor lists the newest first, in pages, to and from a number separately, and tells of no
//! change: so the beginning of both lists is read each time, back to a little before what is known, and what was not
//! given yet is given, oldest first.

use super::api::Page;
use super::convert::{self, Row, Standing, Unread};
use super::cursor::{FIRST, OVERLAP, Open, Place};
use super::{Twilio, lock};
use crate::connectors::Result;
use crate::model::{
    BATCH_EVENTS, Batch, Card, Channel, ChannelError, Cursor, Event, Gap, IncomingFile, Remedy,
};
use crate::time::{Millis, SECOND};
use serde_json::Value;
use std::collections::{HashMap, HashSet, VecDeque};

/// Rows of the usual page, and of pages where there is much to catch up with.
const USUAL: u32 = 50;
const LARGE: u32 = 1_000;
/// Most pages of one list in one go.
const PAGES: usize = 20;
/// Most messages that a new account begins with.
const MOST: usize = 5_000;
/// A message makes up to three events: itself, how far it came, what its writer wishes.
pub(super) const EVENTS_EACH: usize = 3;
/// Most messages with files in one batch, because each is fetched.
pub(super) const WITH_FILES: usize = 10;
/// Most sends that are asked for one by one in one go.
const ASKED: usize = 10;
/// A send that is not told of in the lists is asked for after a minute, then more and more seldom.
const SOON: Millis = 60 * SECOND;
const SELDOM: Millis = 3_600 * SECOND;
/// How often it is looked who else answers on the number.
const LOOKED: Millis = 3_600 * SECOND;

/// What is remembered between polls; losing it costs calls and nothing else.
#[derive(Default)]
pub(super) struct Memory {
    /// What was found and not given yet, and the cursor with which it goes on.
    found: VecDeque<Item>,
    after: Option<Cursor>,
    given: u64,
    /// When a followed send is asked for next.
    ask: HashMap<String, Millis>,
    /// When it was looked who else answers on the number.
    looked: Option<Millis>,
}

/// A row, readable or not.
enum Item {
    Row(Box<Row>),
    Unread(Unread),
}

/// All that one look at the lists brought.
#[derive(Default)]
struct Look {
    news: Vec<Item>,
    /// All rows that were seen, for how far the followed ones are.
    rows: HashMap<String, Row>,
    /// Their ids by second, as the lists have them: newest first.
    seconds: HashMap<Millis, Vec<String>>,
    gaps: Vec<Gap>,
}

impl Look {
    /// Places the rows of one second in the order of the list.
    fn place(&mut self) {
        for sids in self.seconds.values().filter(|s| s.len() > 1) {
            for (place, sid) in sids.iter().rev().enumerate() {
                if let Some(row) = self.rows.get_mut(sid) {
                    row.place = Millis::try_from(place).unwrap_or(Millis::MAX);
                }
            }
        }
        for item in &mut self.news {
            if let Item::Row(row) = item
                && let Some(seen) = self.rows.get(&row.sid)
            {
                row.place = seen.place;
            }
        }
    }
}

impl Twilio {
    pub(super) async fn news(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        let mut memory = self.walk.lock().await;
        let now = self.now();
        let known = cursor.and_then(Place::read);
        let first = known.is_none();
        let back = if self.history.load(std::sync::atomic::Ordering::SeqCst) {
            FIRST
        } else {
            OVERLAP
        };
        let mut place = known.unwrap_or_else(|| Place::fresh(now - back));
        let mut gaps = Vec::new();
        let goes_on = !memory.found.is_empty() && memory.after.as_ref() == cursor;
        let mut rows = HashMap::new();
        let mut events = Vec::new();
        if !goes_on {
            let look = self.look(&place, first).await?;
            memory.found = look.news.into();
            memory.given = 0;
            (rows, gaps) = (look.rows, look.gaps);
            let unsubscribed = std::mem::take(&mut *lock(&self.unsubscribed));
            events.extend(unsubscribed.into_iter().map(Event::Person));
            self.retry_aside(&mut place, &rows, &mut events).await;
            if memory.looked.is_none_or(|at| at + LOOKED <= now) {
                memory.looked = Some(now);
                self.look_who_answers().await;
            }
        }
        self.give(&mut memory, &mut place, &mut events).await;
        if memory.found.is_empty() {
            self.follow(&mut memory, &mut place, &rows, &mut events)
                .await?;
        }
        let more = !memory.found.is_empty();
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

    /// Reads the beginning of both lists.
    async fn look(&self, place: &Place, first: bool) -> Result<Look> {
        let mut look = Look::default();
        let mut met = HashSet::new();
        for side in ["To", "From"] {
            self.side(side, place, first, &mut met, &mut look).await?;
        }
        let age = |item: &Item| match item {
            Item::Row(row) => row.created,
            // Without a date it is given first, and moves nothing.
            Item::Unread(_) => Millis::MIN,
        };
        // What came within one second is listed newest first, too.
        look.place();
        look.news.reverse();
        look.news.sort_by_key(age);
        Ok(look)
    }

    async fn side(
        &self,
        side: &str,
        place: &Place,
        first: bool,
        met: &mut HashSet<String>,
        look: &mut Look,
    ) -> Result<()> {
        let (api, address) = (self.api()?, self.named(&self.number));
        let size = if first { LARGE } else { USUAL };
        let mut page = api.messages(side, &address, size).await?;
        let mut asked = HashSet::new();
        let before = look.news.len();
        for n in 1.. {
            let known = look.news.len();
            let past = self.take(&page, place, met, look);
            let much = (look.news.len() - known) * 2 > page.rows.len();
            let Some(next) = page.next.take().filter(|_| !past) else {
                return Ok(());
            };
            // A list that names a page twice has no end.
            if !asked.insert(next.clone()) {
                return Ok(());
            }
            if n >= PAGES || look.news.len() - before >= MOST {
                look.gaps.push(Gap {
                    place: if side == "To" { "received" } else { "sent" }.into(),
                    reason:
                        "There are more messages than are read at once; older ones were left out."
                            .into(),
                    since: Some(place.mark),
                });
                return Ok(());
            }
            // Much is new: larger pages from the beginning cost less than many small ones.
            page = if n == 1 && !first && much {
                api.messages(side, &address, LARGE).await?
            } else {
                api.next(&next).await?.ok_or_else(elsewhere)?
            };
        }
        Ok(())
    }

    /// Takes a page's rows; whether older ones are known all the same: none of these was new, and they reach back to
    /// where all is known. One old row says nothing, for what was scheduled stands among newer ones.
    fn take(&self, page: &Page, place: &Place, met: &mut HashSet<String>, look: &mut Look) -> bool {
        let (edge, oldest) = (place.edge(), place.oldest());
        let (mut past, mut all_known) = (false, true);
        for value in &page.rows {
            match convert::row(value, &self.number) {
                Ok(row) => {
                    past |= row.latest() < edge;
                    // It is taken when it has come in whole.
                    let arriving = row.arriving && row.created > self.now() - OVERLAP;
                    let new = row.latest() >= oldest && !place.knows(&row.sid);
                    all_known &= !new;
                    if met.insert(row.sid.clone()) {
                        if new && !arriving {
                            look.news.push(Item::Row(Box::new(row.clone())));
                        }
                        let second = look.seconds.entry(row.created).or_default();
                        second.push(row.sid.clone());
                        look.rows.insert(row.sid.clone(), row);
                    }
                }
                Err(unread) if !place.knows(&unread.id) && met.insert(unread.id.clone()) => {
                    look.news.push(Item::Unread(unread));
                }
                Err(_) => {}
            }
        }
        all_known && (past || place.settled(self.now()))
    }

    /// Turns what was found into events, as many as fit.
    async fn give(&self, memory: &mut Memory, place: &mut Place, events: &mut Vec<Event>) {
        let mut with_files = 0;
        while events.len() + EVENTS_EACH <= BATCH_EVENTS {
            let row = match memory.found.front() {
                None => break,
                Some(Item::Unread(unread)) => {
                    events.push(unread.event());
                    place.give_undated(&unread.id);
                    None
                }
                Some(Item::Row(row)) => Some(row.clone()),
            };
            if let Some(row) = row {
                with_files += usize::from(row.files > 0);
                if with_files > WITH_FILES {
                    break;
                }
                match self.files(&row).await {
                    Ok((files, cards)) => self.give_row(&row, files, cards, place, events),
                    // Others need not wait for it.
                    Err(_) => place.put_aside(&row, self.now()),
                }
            }
            memory.found.pop_front();
            memory.given += 1;
        }
    }

    pub(super) fn give_row(
        &self,
        row: &Row,
        files: Vec<IncomingFile>,
        cards: Vec<Card>,
        place: &mut Place,
        events: &mut Vec<Event>,
    ) {
        events.push(Event::Message(Box::new(row.message(files, cards))));
        place.give(row);
        events.extend(row.person(self.channel).map(Event::Person));
        self.told(row, place, events);
    }

    /// Tells how far a send came, and follows it while it goes on.
    fn told(&self, row: &Row, place: &mut Place, events: &mut Vec<Event>) {
        if row.inbound {
            return;
        }
        match row.standing {
            Standing::Open => place.follow(&row.sid, row.latest(), false),
            Standing::Delivered if self.tells_read() => place.follow(&row.sid, row.latest(), true),
            _ => {}
        }
        events.extend(row.reached().map(Event::Later));
    }

    /// Looks how far the followed sends are: in what was listed anyway, and some one by one.
    async fn follow(
        &self,
        memory: &mut Memory,
        place: &mut Place,
        rows: &HashMap<String, Row>,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let now = self.now();
        let (mut asked, mut failure) = (0, None);
        for open in std::mem::take(&mut place.open) {
            let full = events.len() + EVENTS_EACH > BATCH_EVENTS;
            let known = rows.get(&open.sid).filter(|_| !full).cloned();
            let may_ask = !full && failure.is_none() && asked < ASKED;
            let row = if known.is_some() || !may_ask || !due(memory, &open, now) {
                known
            } else {
                asked += 1;
                match self.api()?.message(&open.sid).await {
                    Ok(Some(value)) => convert::row(&value, &self.number).ok(),
                    // It was deleted there: nothing more will be told.
                    Ok(None) => continue,
                    Err(e) => {
                        failure = Some(e);
                        None
                    }
                }
            };
            match row {
                Some(row) => self.went_on(&open, &row, place, events),
                None => place.open.push(open),
            }
        }
        let followed: HashSet<&str> = place.open.iter().map(|o| o.sid.as_str()).collect();
        memory.ask.retain(|sid, _| followed.contains(sid.as_str()));
        // News are given even where this failed; it is tried again. What only a person can mend is told by the lists.
        match failure {
            Some(e) if events.is_empty() && matches!(e.remedy, Remedy::Retry | Remedy::Wait) => {
                Err(e)
            }
            _ => Ok(()),
        }
    }

    /// Tells what a followed send says that was not told yet.
    fn went_on(&self, open: &Open, row: &Row, place: &mut Place, events: &mut Vec<Event>) {
        let delivered = row.standing == Standing::Delivered;
        if !(open.told && delivered) {
            events.extend(row.reached().map(Event::Later));
            events.extend(row.person(self.channel).map(Event::Person));
        }
        if row.standing == Standing::Open || (delivered && self.tells_read()) {
            place.follow(&open.sid, open.at, delivered || open.told);
        }
    }

    /// Whether the channel tells that a message was read.
    fn tells_read(&self) -> bool {
        self.channel == Channel::Whatsapp
    }
}

/// Whether a send is to be asked for now; when next, grows with its age.
fn due(memory: &mut Memory, open: &Open, now: Millis) -> bool {
    let pause = ((now - open.at) / 4).clamp(SOON, SELDOM);
    let next = memory.ask.entry(open.sid.clone()).or_insert(now);
    let due = *next <= now;
    if due {
        *next = now + pause;
    }
    due
}

fn elsewhere() -> ChannelError {
    let what =
        "The vendor's list goes on at an address that is not the vendor's. It was not asked there.";
    ChannelError::new(Remedy::Retry, "poll", what)
}

/// The number of a row of the account's numbers.
pub(super) fn number_of(value: &Value) -> &str {
    value
        .get("phone_number")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
