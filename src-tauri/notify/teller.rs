//! Decides what is told, and keeps what is shown true.

mod around;

use super::compose::{self, Manner};
use super::held::Held;
use super::rules::{self, Kind, Matter, Verdict};
use super::watch::Watch;
use super::{Bill, Deed, Event, Key, Outlet, Window, deeds};
use crate::engine::Handle;
use crate::words::words;
use jiff::tz::TimeZone;
use parley_engine::api::dto::{Change, ConversationRow, Notice, OutboxRow, Settings, Status};
use parley_engine::model::{CustomerId, Direction, OutboxState};
use parley_engine::time::{Clock, Millis};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// From so many conversations at once on, one notification stands for all.
const MANY: usize = 4;

/// What a notification on screen stands for.
#[derive(Debug, Clone, Copy)]
struct Standing {
    kind: Kind,
    count: usize,
    /// What a click opens.
    opens: Option<CustomerId>,
}

/// Tells a person what happens.
pub struct Teller<O> {
    engine: Handle,
    clock: Arc<dyn Clock>,
    window: Arc<dyn Window>,
    outlet: O,
    zone: fn() -> TimeZone,
    watch: Watch,
    held: Held,
    standing: HashMap<Key, Standing>,
    /// The next instant at which the clock alone brings news.
    next: Option<Millis>,
    failed: bool,
}

impl<O: Outlet> Teller<O> {
    /// A teller that has told nothing yet.
    pub fn new(engine: Handle, clock: Arc<dyn Clock>, window: Arc<dyn Window>, outlet: O) -> Self {
        Self {
            engine,
            clock,
            window,
            outlet,
            zone: TimeZone::system,
            watch: Watch::default(),
            held: Held::default(),
            standing: HashMap::new(),
            next: None,
            failed: false,
        }
    }

    /// The same where the clocks go otherwise.
    #[cfg(test)]
    pub fn in_zone(mut self, zone: fn() -> TimeZone) -> Self {
        self.zone = zone;
        self
    }

    #[cfg(test)]
    pub fn outlet(&mut self) -> &mut O {
        &mut self.outlet
    }

    /// Learns how things stand, so that only what is new is told.
    pub async fn prime(&mut self) {
        if let Some(settings) = self.settings().await {
            self.look_around(&settings).await;
        }
    }

    /// How long until the clock brings news.
    pub fn rest(&self) -> Duration {
        self.next.map_or(Duration::MAX, |at| {
            Duration::from_millis(u64::try_from(at - self.clock.now()).unwrap_or(0))
        })
    }

    /// The time may have come for something.
    pub async fn look_at_the_clock(&mut self) {
        if self.next.is_none_or(|at| at > self.clock.now()) {
            return;
        }
        if let Some(settings) = self.settings().await {
            self.look_around(&settings).await;
        }
    }

    /// Hears of something.
    pub async fn hear(&mut self, event: Event) {
        match event {
            Event::Messages(batch, missed) => {
                if let Some(settings) = self.settings().await {
                    self.messages(&settings, batch, missed).await;
                }
            }
            Event::Changed(change) => self.changed(change).await,
            Event::Did(key, deed) => self.did(key, deed).await,
        }
    }

    async fn settings(&self) -> Option<Settings> {
        deeds::ask(&self.engine, "settings_get", json!({}))
            .await
            .ok()
    }

    async fn rows(&self, ids: &[CustomerId]) -> Option<HashMap<CustomerId, ConversationRow>> {
        let args = json!({ "ids": ids });
        let rows: Vec<ConversationRow> = deeds::ask(&self.engine, "conversation_rows", args)
            .await
            .ok()?;
        Some(rows.into_iter().map(|r| (r.id, r)).collect())
    }

    fn judge(&self, settings: &Settings, matter: Matter) -> Verdict {
        let zone = (self.zone)();
        rules::judge(
            matter,
            settings,
            self.window.look(),
            self.clock.now(),
            &zone,
        )
    }

    // ---- new messages ----

    async fn messages(&mut self, settings: &Settings, batch: Vec<Notice>, missed: usize) {
        let mut order: Vec<CustomerId> = Vec::new();
        let mut by: HashMap<CustomerId, (Notice, usize)> = HashMap::new();
        for notice in batch {
            let id = notice.conversation;
            let count = by.get(&id).map_or(0, |(_, n)| *n) + 1;
            if by.insert(id, (notice, count)).is_none() {
                order.push(id);
            }
        }
        let rows = self.rows(&order).await.unwrap_or_default();
        let mut told = Vec::new();
        let mut held_until = None;
        for id in order {
            let Some((notice, count)) = by.remove(&id) else {
                continue;
            };
            let of_others = rows.get(&id).is_some_and(is_of_others);
            let matter = Matter {
                kind: Kind::Message,
                conversation: Some(id),
                of_others,
            };
            match self.judge(settings, matter) {
                Verdict::Tell => told.push((id, notice, count)),
                Verdict::Hold(until) => {
                    self.held.message(id, count);
                    held_until = Some(until);
                }
                Verdict::Drop => {}
            }
        }
        let missed = self.tell_missed(settings, missed);
        self.wake_at(held_until);
        self.tell_messages(manner(settings), told, missed).await;
    }

    /// Of how many messages one is told without knowing whose they are.
    fn tell_missed(&mut self, settings: &Settings, missed: usize) -> usize {
        let matter = Matter {
            kind: Kind::Message,
            conversation: None,
            of_others: false,
        };
        match self.judge(settings, matter) {
            Verdict::Tell => missed,
            Verdict::Hold(_) => {
                self.held.missed(missed);
                0
            }
            Verdict::Drop => 0,
        }
    }

    async fn tell_messages(
        &mut self,
        manner: Manner,
        told: Vec<(CustomerId, Notice, usize)>,
        missed: usize,
    ) {
        let messages: usize = told.iter().map(|(_, _, n)| n).sum::<usize>() + missed;
        if told.len() >= MANY || missed > 0 {
            let customers = (missed == 0).then_some(told.len());
            let bill = compose::summary(manner, messages, customers);
            return self.show(Key::Summary, Kind::Message, messages, bill).await;
        }
        for (id, notice, count) in told {
            let key = Key::Conversation(id);
            let before = self.standing.get(&key).map_or(0, |s| s.count);
            let all = before + count;
            let said = compose::gist(&notice);
            let bill = compose::messages(manner, id, &notice.name, &said, all);
            self.show(key, Kind::Message, all, bill).await;
        }
    }

    // ---- keeping it true ----

    async fn changed(&mut self, change: Change) {
        let ids: Vec<CustomerId> = self
            .standing
            .keys()
            .filter_map(|key| match key {
                Key::Conversation(id) => Some(*id),
                _ => None,
            })
            .filter(|id| change.all || change.lists || change.conversations.contains(id))
            .collect();
        if !ids.is_empty()
            && let Some(rows) = self.rows(&ids).await
        {
            for id in ids {
                let key = Key::Conversation(id);
                let kind = self.standing.get(&key).map(|s| s.kind);
                if !kind.is_some_and(|kind| rows.get(&id).is_some_and(|r| is_true(kind, r))) {
                    self.close(key).await;
                }
            }
        }
        if (change.all || change.lists || change.accounts || change.settings)
            && let Some(settings) = self.settings().await
        {
            self.look_around(&settings).await;
        }
    }

    async fn did(&mut self, key: Key, deed: Deed) {
        let conversation = match key {
            Key::Conversation(id) | Key::Failed(id) => Some(id),
            _ => None,
        };
        let (done, what) = match (deed, conversation) {
            (Deed::Dismiss, _) => {
                self.standing.remove(&key);
                return;
            }
            (Deed::Open, _) => {
                let opens = self.standing.get(&key).and_then(|s| s.opens);
                self.window.raise(opens.or(conversation));
                self.close(key).await;
                return;
            }
            (Deed::Snooze, Some(id)) => {
                let (now, zone) = (self.clock.now(), (self.zone)());
                let done = deeds::snooze(&self.engine, id, now, &zone).await;
                (done.map_err(|e| (id, e)), &words().snooze_failed)
            }
            (Deed::Reply(text), Some(id)) => {
                let done = deeds::reply(&self.engine, id, &text).await;
                (done.map_err(|e| (id, e)), &words().reply_failed)
            }
            (Deed::Snooze | Deed::Reply(_), None) => return,
        };
        match done {
            Ok(()) => self.close(key).await,
            Err((id, e)) => {
                tracing::warn!(
                    code = e.code,
                    "what was asked for in a notification was not done"
                );
                let bill = compose::not_done(what, &e.message, id);
                self.show(Key::Trouble, Kind::Failed, 1, bill).await;
            }
        }
    }

    fn wake_at(&mut self, at: Option<Millis>) {
        self.next = match (self.next, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    async fn show(&mut self, key: Key, kind: Kind, count: usize, bill: Bill) {
        match self.outlet.show(key, &bill).await {
            Ok(()) => {
                let opens = bill.conversation;
                let standing = Standing { kind, count, opens };
                self.standing.insert(key, standing);
            }
            // A service that is not there would be said again with every message.
            Err(e) if !self.failed => {
                self.failed = true;
                tracing::warn!(
                    error = e,
                    "notifications cannot be shown; this is said once"
                );
            }
            Err(_) => {}
        }
    }

    async fn close(&mut self, key: Key) {
        if self.standing.remove(&key).is_some() {
            self.outlet.close(key).await;
        }
    }
}

fn manner(settings: &Settings) -> Manner {
    Manner {
        text: settings.notify_text,
        sound: settings.notices.sound,
    }
}

fn is_of_others(row: &ConversationRow) -> bool {
    row.assignee.as_ref().is_some_and(|a| !a.me)
}

fn has_failed(row: &OutboxRow) -> bool {
    matches!(row.send.state, OutboxState::Failed | OutboxState::Uncertain)
}

/// Whether what was told is still so.
fn is_true(kind: Kind, row: &ConversationRow) -> bool {
    let open = row.status == Status::Open;
    match kind {
        Kind::Overdue => open && row.wait_since.is_some(),
        _ => open && row.unread > 0 && row.last_direction == Direction::Inbound,
    }
}
