//! A Telegram bot, and the business accounts that connected it.
//!
//! Updates are confirmed by asking for later ones: the number from which to ask stands in the cursor, which is stored
//! with the messages, so that nothing is confirmed that is not kept. The vendor lets one program read a bot; it does not
//! give back what the bot itself sent, so that a send whose answer was lost stays a question for a person.

mod api;
pub mod convert;
mod cursor;
mod entities;
mod media;
mod send;

#[cfg(test)]
mod tests;

use super::{Connector, Context, Found, Proof, Result, Step};
use crate::model::{
    AccountConfig, BATCH_EVENTS, Batch, Capabilities, Channel, ChannelError, Cursor, Event,
    Formatting, Outgoing, PersonSays, Profile, Receipt, Remedy, Standing, TelegramConfig,
    TextLimit, TextUnit,
};
use crate::time::{Millis, SECOND};
use api::Api;
use async_trait::async_trait;
use convert::Read;
use cursor::At;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long to rest after waiting for news failed.
const PAUSE: Duration = Duration::from_secs(3);

/// One bot.
pub struct Telegram {
    api: Api,
    config: TelegramConfig,
    state: Mutex<State>,
    /// Held by whoever asks for news, since the vendor hears only one; who waits lets go when another wants to ask.
    reading: tokio::sync::Mutex<()>,
    let_go: tokio::sync::Notify,
}

#[derive(Default)]
struct State {
    /// News that came while waiting, and from which number on they were asked for.
    waited: Option<(i64, Vec<Value>)>,
    /// Why waiting failed, where a person or time must mend it.
    stumbled: Option<ChannelError>,
    /// To be told with the next news: who turned out to have blocked the bot.
    blocked: Vec<PersonSays>,
    /// What the owner should know, by what it is about.
    notes: BTreeMap<String, String>,
    /// How often a file could not be fetched.
    missed: BTreeMap<String, u32>,
}

impl Telegram {
    /// A bot with these settings; nothing is asked yet.
    #[must_use]
    pub fn new(config: TelegramConfig, context: Context) -> Self {
        Self {
            api: Api::new(&config, context),
            config,
            state: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            let_go: tokio::sync::Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn updates(&self, offset: i64) -> Result<Vec<Value>> {
        let (waited, stumbled) = {
            let mut s = self.state();
            (s.waited.take(), s.stumbled.take())
        };
        if let Some(e) = stumbled {
            return Err(e);
        }
        // What waiting brought a moment ago, be it nothing, need not be asked for again.
        if let Some((from, news)) = waited
            && from == offset
        {
            return Ok(news);
        }
        self.let_go.notify_waiters();
        let _reading = self.reading.lock().await;
        self.api.updates(offset, false).await
    }

    fn note(&self, read: &mut Read) {
        let Some(note) = read.note.take() else { return };
        let mut s = self.state();
        match note.says {
            Some(says) => drop(s.notes.insert(note.about, says)),
            None => drop(s.notes.remove(&note.about)),
        }
    }
}

/// The updates in their order, each once, and none that was confirmed; what has no number comes first.
fn in_order(mut updates: Vec<Value>, offset: i64) -> Vec<Value> {
    let number = |u: &Value| u["update_id"].as_i64();
    let mut seen = HashSet::new();
    updates.retain(|u| number(u).is_none_or(|n| n >= offset && seen.insert(n)));
    updates.sort_by_key(number);
    updates
}

/// Messages of one second in the order of their numbers, which grow in every chat.
fn in_their_second(mut events: Vec<Event>) -> Vec<Event> {
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

#[async_trait]
impl Connector for Telegram {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            formatting: Formatting::Words,
            text_limit: Some(TextLimit {
                most: 4_096,
                unit: TextUnit::Chars,
            }),
            attachments: true,
            max_attachment: Some(api::MOST_SENT),
            // A caption is shorter than a text may be.
            files_apart: true,
            pushes: true,
            // What was taken from the queue is gone there.
            rereads: false,
            ..Capabilities::of_text(Channel::Telegram)
        }
    }

    async fn check(&self) -> (Vec<Step>, Result<Profile>) {
        let mut steps = Vec::new();
        let found = look(&self.api, &mut steps).await;
        let found = found.map(|(_, profile)| profile);
        (steps, found)
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        let before = At::read(cursor);
        let got = self.updates(before.offset).await?;
        let full = got.len() >= api::PAGE;
        let (mut events, mut next) = (Vec::new(), before.offset);
        let mut named = HashSet::new();
        let mut more = full;
        let now = self.api.now();
        for update in in_order(got, before.offset) {
            let mut read = convert::update(&update, &self.config.bot_id, now);
            if !events.is_empty() && events.len() + read.events.len() > BATCH_EVENTS {
                more = true;
                break;
            }
            self.note(&mut read);
            let of_update = in_their_second(self.with_files(read).await?);
            events.extend(of_update.into_iter().filter(|e| match e {
                // Once a batch is enough, unless it says more than a name.
                Event::Person(p) => p.opted_out.is_some() || named.insert(p.address.clone()),
                _ => true,
            }));
            if let Some(n) = update["update_id"].as_i64() {
                next = next.max(n.saturating_add(1));
            }
        }
        let blocked = std::mem::take(&mut self.state().blocked);
        events.extend(blocked.into_iter().map(Event::Person));
        let next = match cursor {
            // The very same words where nothing came.
            Some(c) if next == before.offset && At::read(Some(c)).cursor() == *c => c.clone(),
            _ => At::of(next).cursor(),
        };
        Ok(Batch {
            events,
            next,
            more,
            gaps: Vec::new(),
            progress: None,
        })
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt> {
        let sent = send::send(&self.api, message).await;
        if let Err(e) = &sent
            && e.step == api::BLOCKED
        {
            self.is_blocked_by(message);
        }
        sent
    }

    async fn wait(&self, cursor: Option<&Cursor>) {
        let offset = At::read(cursor).offset;
        let got = {
            let let_go = self.let_go.notified();
            tokio::pin!(let_go);
            let_go.as_mut().enable();
            let _reading = self.reading.lock().await;
            tokio::select! {
                got = self.api.updates(offset, true) => got,
                () = let_go => return,
            }
        };
        match got {
            Ok(news) => self.state().waited = Some((offset, news)),
            Err(e) => {
                if matches!(e.remedy, Remedy::Reconnect | Remedy::Wait | Remedy::Final) {
                    self.state().stumbled = Some(e);
                } else {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn standing(&self) -> Standing {
        Standing {
            held_until: self.api.budget().held(),
            notes: self.state().notes.values().cloned().collect(),
            ..Standing::default()
        }
    }

    /// The vendor keeps nothing that was confirmed: there is nothing to read once more.
    fn rewound(&self, cursor: Option<&Cursor>, _since: Millis) -> Option<Cursor> {
        cursor.cloned()
    }

    fn read_again(&self, raw: &[u8]) -> Option<Vec<Event>> {
        let update: Value = serde_json::from_slice(raw).ok()?;
        let read = convert::update(&update, &self.config.bot_id, self.api.now());
        let events = in_their_second(convert::with_cards(read));
        let understood = |e: &Event| match e {
            Event::Message(m) => m.quarantine.is_none(),
            Event::Unreadable { .. } => false,
            _ => true,
        };
        (!events.is_empty() && events.iter().all(understood)).then_some(events)
    }

    fn reads_version(&self) -> u32 {
        convert::READS
    }

    async fn close(&self) {
        self.state().waited = None;
    }
}

impl Telegram {
    fn is_blocked_by(&self, message: &Outgoing) {
        let Some(to) = message.to.first() else { return };
        let says = PersonSays {
            address: to.address.clone(),
            opted_out: Some(true),
            // In whole seconds as the vendor tells time, so that a word of the same second counts after it.
            at: self.api.now().div_euclid(1_000) * 1_000,
            ..PersonSays::default()
        };
        self.state().blocked.push(says);
    }
}

/// Who the bot is and whether it can be read.
async fn look(api: &Api, steps: &mut Vec<Step>) -> Result<(Value, Profile)> {
    let me = stepped(steps, "login", api.me().await, |me| {
        format!("signed in as @{}", text(me, "username"))
    })?;
    let hook = api.webhook().await;
    let url = hook
        .as_ref()
        .ok()
        .map(|h| text(h, "url"))
        .unwrap_or_default();
    let hook = match hook {
        Ok(_) if !url.is_empty() => Err(ChannelError::new(
            Remedy::Reconnect,
            "webhook",
            "This bot's messages are handed to another service (a webhook is set). Disconnect the bot there first, or make a new bot with @BotFather.",
        )),
        other => other,
    };
    let hook = stepped(steps, "webhook", hook, |_| {
        "nobody else is handed its messages".into()
    })?;
    let mut notes = Vec::new();
    let waiting = hook["pending_update_count"].as_u64().unwrap_or(0);
    if waiting > 0 {
        notes.push(format!(
            "{waiting} messages of the last 24 hours are waiting."
        ));
    }
    if me["can_connect_to_business"].as_bool() == Some(true) {
        notes.push("A Telegram Business account can connect this bot, under Settings > Business > Chatbots.".into());
    }
    let name = text(&me, "first_name");
    Ok((me, Profile { name, notes }))
}

fn stepped(
    steps: &mut Vec<Step>,
    step: &'static str,
    got: Result<Value>,
    well: impl Fn(&Value) -> String,
) -> Result<Value> {
    let note = match &got {
        Ok(v) => well(v),
        Err(e) => e.what.clone(),
    };
    steps.push(Step {
        step,
        ok: got.is_ok(),
        note,
        hint: None,
    });
    got
}

fn text(v: &Value, name: &str) -> String {
    v[name].as_str().unwrap_or_default().to_owned()
}

/// The bot that a token is for.
///
/// # Errors
/// What Telegram says, and what is no token.
pub(super) async fn find(config: &TelegramConfig, context: Context) -> Result<Vec<Found>> {
    let secret = match context.credentials.proof(None).await? {
        Proof::Password(s) | Proof::Token(s) => s,
    };
    let bot_id = api::bot_of(&secret).unwrap_or_default();
    let config = TelegramConfig {
        bot_id,
        ..config.clone()
    };
    let api = Api::new(&config, context);
    let me = api.me().await?;
    let name = text(&me, "username");
    let mut notes = match look(&api, &mut Vec::new()).await {
        Ok((_, profile)) => profile.notes,
        Err(e) => vec![e.what],
    };
    notes.push("Only one program can read a bot: if another one uses this token, make a new bot with @BotFather.".into());
    Ok(vec![Found {
        label: format!("@{name}"),
        config: AccountConfig::Telegram(TelegramConfig { name, ..config }),
        notes,
    }])
}
