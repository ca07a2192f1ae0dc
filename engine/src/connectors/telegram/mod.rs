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
mod news;
pub mod payload;
mod send;

#[cfg(test)]
mod tests;

use super::{Connector, Context, Found, Proof, Result, Step};
use crate::model::{
    AccountConfig, BUSINESS_ROUTE, Batch, Capabilities, Channel, ChannelError, Cursor, Event,
    Formatting, Outgoing, PersonSays, Profile, Receipt, Remedy, Standing, TelegramConfig,
    TextLimit, TextUnit,
};
use crate::time::{Millis, SECOND};
use api::Api;
use async_trait::async_trait;
use convert::Read;
use cursor::At;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long to rest after waiting for news failed.
const PAUSE: Duration = Duration::from_secs(3);

/// One bot.
pub struct Telegram {
    api: Api,
    config: TelegramConfig,
    /// Who numbers the news.
    server: String,
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
    /// How often the files of an update could not be fetched.
    missed: BTreeMap<i64, u32>,
    /// The last news changed nothing, so that the next ones would come at once and be the same.
    stuck: bool,
}

impl Telegram {
    /// A bot with these settings; nothing is asked yet.
    #[must_use]
    pub fn new(config: TelegramConfig, context: Context) -> Self {
        let api = Api::new(&config, context);
        Self {
            server: api.server(),
            api,
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
        self.news(cursor).await
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
        let offset = At::read(cursor, &self.server).offset;
        let stuck = std::mem::take(&mut self.state().stuck);
        if stuck {
            tokio::time::sleep(PAUSE).await;
        }
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
        let events = news::in_their_second(convert::with_cards(read));
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
        // In a business account's chats it is the account that may not write, or no more within its time.
        let business = message.route.as_deref();
        if business.is_some_and(|r| r.starts_with(BUSINESS_ROUTE)) {
            return;
        }
        let Some(to) = message.to.first() else { return };
        let says = PersonSays {
            address: to.address.clone(),
            opted_out: Some(true),
            // In whole seconds as the vendor tells time, so that a word of the same second counts after it.
            at: self.api.now().div_euclid(SECOND) * SECOND,
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
