//! Instagram's direct messages and Messenger: Meta's Graph API, by either of its doors (`docs/connectors/instagram.md`,
//! `docs/connectors/messenger.md`).
//!
//! Nothing is pushed: news are polled, well within what the vendor allows. The vendor gives details of the twenty newest
//! messages of a conversation alone, says nowhere what was taken back, and refuses a whole question for one field that
//! it does not like; [`diff`] and [`poll`] live with that.

mod api;
mod asks;
pub mod convert;
mod cursor;
mod diff;
mod faults;
mod find;
mod media;
mod poll;
mod send;
mod token;
mod when;

use super::http::Net;
use super::{Connector, Context, Found, Result, Step};
use crate::model::{
    AccountConfig, Batch, Capabilities, Channel, ChannelError, Cursor, Event, MetaConfig, MetaDoor,
    Outgoing, Profile, Receipt, Remedy, Standing, TextLimit, TextUnit,
};
use crate::time::{Clock, Millis};
use api::Counts;
use async_trait::async_trait;
use convert::Owner;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One may answer so many hours after the customer's last message.
const WINDOW: u32 = 24;
/// A person may, where the vendor granted that.
const HUMAN_WINDOW: u32 = 7 * 24;

/// An Instagram account, or a Page's Messenger.
pub struct Meta {
    channel: Channel,
    config: MetaConfig,
    api: api::Api,
    tokens: token::Tokens,
    net: Arc<Net>,
    clock: Arc<dyn Clock>,
    memory: tokio::sync::Mutex<poll::Memory>,
    /// What the account is called, once the token was seen to be its own.
    identified: tokio::sync::Mutex<Option<String>>,
    /// Other ids by which the vendor names the account.
    learned: Mutex<Vec<String>>,
    restricted: Mutex<Option<(Millis, ChannelError)>>,
    level: AtomicU8,
    history: AtomicBool,
    /// When everything that there was had been read.
    looked: AtomicI64,
}

impl Meta {
    /// For an account; nothing is asked yet.
    #[must_use]
    pub fn new(channel: Channel, config: MetaConfig, context: Context) -> Self {
        let Context {
            clock,
            credentials,
            net,
        } = context;
        let api = api::Api::new(channel, &config, Arc::clone(&net), Arc::clone(&clock));
        Self {
            channel,
            api,
            tokens: token::Tokens::new(credentials, Arc::clone(&clock), config.door),
            config,
            net,
            clock,
            memory: tokio::sync::Mutex::default(),
            identified: tokio::sync::Mutex::default(),
            learned: Mutex::default(),
            restricted: Mutex::default(),
            level: AtomicU8::new(0),
            history: AtomicBool::new(true),
            looked: AtomicI64::new(Millis::MIN / 2),
        }
    }

    fn owner(&self) -> Owner {
        let mut owner = Owner::of(self.channel, &self.config);
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        owner.also.extend(learned.iter().cloned());
        owner
    }

    fn learn(&self, id: Option<String>) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.extend(id.filter(|id| !id.is_empty()));
    }

    fn named(&self) -> &'static str {
        match self.channel {
            Channel::Messenger => "Messenger",
            _ => "Instagram",
        }
    }

    fn level(&self) -> u8 {
        self.level.load(Ordering::Relaxed)
    }

    fn set_level(&self, level: u8) {
        self.level.store(level, Ordering::Relaxed);
    }

    fn reads_history(&self) -> bool {
        self.history.load(Ordering::Relaxed)
    }

    /// What is not given at this level, in words.
    fn left_out(&self) -> Option<String> {
        let what = match self.level() {
            0 => return None,
            1 => "shares, story replies and mentions, stickers and reactions",
            _ => "everything but text",
        };
        Some(format!(
            "{} refuses to give {what} to this app at the moment; such messages are marked, and can be seen in {}. Parley asks again once a day.",
            self.named(),
            self.named()
        ))
    }

    /// A look at the conversations, as the "Test" button makes it.
    async fn sees_conversations(&self) -> Result<()> {
        let token = self.tokens.token(&self.api).await?;
        let query = [
            ("platform", self.api.platform()),
            ("limit", "1"),
            ("fields", "id,updated_time"),
        ];
        let path = [self.api.owner.as_str(), "conversations"];
        let asked = self.api.get(
            &token,
            &path,
            &query,
            "conversations",
            Counts::Conversations,
        );
        asked.await?;
        Ok(())
    }

    /// Which fields are given, one kind after the other.
    async fn sees_fields(&self) -> Result<u8> {
        for level in 0..=2 {
            let token = self.tokens.token(&self.api).await?;
            let fields = asks::fields(level);
            let query = [
                ("platform", self.api.platform()),
                ("limit", "1"),
                ("fields", fields.as_str()),
            ];
            let path = [self.api.owner.as_str(), "conversations"];
            let asked = self
                .api
                .get(&token, &path, &query, "fields", Counts::Conversations);
            match asked.await {
                Ok(_) => return Ok(level),
                Err(refused) if refused.of_the_question() && level < 2 => {}
                Err(refused) => return Err(refused.error),
            }
        }
        Ok(2)
    }
}

#[async_trait]
impl Connector for Meta {
    fn capabilities(&self) -> Capabilities {
        let by_page = self.config.door == MetaDoor::Page;
        let instagram = self.channel == Channel::Instagram;
        // Less often when the vendor says that little is left.
        let busy = self.api.used().is_some_and(|u| u >= api::BUSY);
        let slower = if busy { 4 } else { 1 };
        let limit = if instagram {
            (send::INSTAGRAM_BYTES, TextUnit::Bytes)
        } else {
            (send::MESSENGER_CHARS, TextUnit::Chars)
        };
        let types = by_page && instagram;
        Capabilities {
            text_limit: Some(TextLimit {
                most: limit.0,
                unit: limit.1,
            }),
            attachments: by_page,
            max_attachment: by_page.then_some(send::FILE as u64),
            max_by_type: by_page
                .then(|| ("image/*".to_owned(), send::PICTURE as u64))
                .into_iter()
                .collect(),
            files_apart: true,
            file_types: send::INSTAGRAM_TYPES
                .iter()
                .filter(|_| types)
                .map(|t| (*t).to_owned())
                .collect(),
            reply_window_hours: Some(if self.config.human_agent {
                HUMAN_WINDOW
            } else {
                WINDOW
            }),
            poll_seconds: 15 * slower,
            idle_seconds: 60 * slower,
            may_keep_media: self.config.keep_media,
            ..Capabilities::of_text(self.channel)
        }
    }

    async fn check(&self) -> (Vec<Step>, Result<Profile>) {
        let mut steps = Vec::new();
        let name = match self.ready().await {
            Ok(name) => name,
            Err(e) => return failed(steps, "login", e),
        };
        let until = self.tokens.until().map(when::day);
        let until = until
            .map(|day| format!(", good until {day}"))
            .unwrap_or_default();
        steps.push(went_well(
            "login",
            format!("The token is for “{name}”{until}."),
        ));
        if let Err(e) = self.sees_conversations().await {
            return failed(steps, "conversations", e);
        }
        steps.push(went_well("conversations", "Messages may be read.".into()));
        match self.sees_fields().await {
            Ok(level) => self.set_level(level),
            Err(e) => return failed(steps, "fields", e),
        }
        let left_out = self.left_out();
        let all = "Files, stories, shares and reactions are given.".to_owned();
        steps.push(went_well("fields", left_out.unwrap_or(all)));
        let notes = self.standing().notes;
        (steps, Ok(Profile { name, notes }))
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        self.ready().await?;
        let batch = self.look(cursor).await?;
        if !batch.more {
            self.looked.store(self.clock.now(), Ordering::Relaxed);
        }
        Ok(batch)
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt> {
        self.hand_over(message).await
    }

    fn standing(&self) -> Standing {
        let mut notes: Vec<String> = self.left_out().into_iter().collect();
        notes.extend(self.tokens.notes());
        notes.push(find::CHECKUP.to_owned());
        let restricted = self
            .restricted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((until, error)) = &*restricted
            && *until > self.clock.now()
        {
            notes.push(error.what.clone());
        }
        Standing {
            token_until: self.tokens.until(),
            used_percent: self.api.used(),
            held_until: self.api.held(),
            notes,
        }
    }

    fn rewound(&self, cursor: Option<&Cursor>, since: Millis) -> Option<Cursor> {
        let now = self.clock.now();
        let state = cursor.map(|_| cursor::State::read(cursor, now))?;
        Some(state.rewound(since).write())
    }

    fn read_again(&self, raw: &[u8]) -> Option<Vec<Event>> {
        let json: Value = serde_json::from_slice(raw).ok()?;
        let now = self.clock.now();
        match convert::message(&json, &self.owner(), None, now) {
            convert::Read::Message(draft) if draft.message.quarantine.is_none() => {
                Some(vec![Event::Message(Box::new(draft.linked(now)))])
            }
            _ => None,
        }
    }

    fn reads_version(&self) -> u32 {
        convert::VERSION
    }

    fn read_history(&self, on: bool) {
        self.history.store(on, Ordering::Relaxed);
    }
}

/// Which accounts a token is for.
///
/// # Errors
/// What the vendor says where it is for none; [`Remedy::Final`] for a token that opens no account of this channel.
pub async fn find(channel: Channel, config: &MetaConfig, context: Context) -> Result<Vec<Found>> {
    let found = find::accounts(channel, config, &context).await?;
    if found.is_empty() {
        let what = match channel {
            Channel::Messenger => {
                "This token opens no Facebook Page. It must come from somebody who may answer the Page's messages, with pages_show_list and pages_messaging."
            }
            _ => {
                "This token opens no Instagram professional account. The account must be a business or creator account; through a Page, it must be linked with that Page."
            }
        };
        return Err(ChannelError::new(Remedy::Final, "find", what));
    }
    Ok(found)
}

/// The account's settings, if it is one of these channels.
#[must_use]
pub fn config_of(config: &AccountConfig) -> Option<(Channel, &MetaConfig)> {
    match config {
        AccountConfig::Instagram(m) => Some((Channel::Instagram, m)),
        AccountConfig::Messenger(m) => Some((Channel::Messenger, m)),
        _ => None,
    }
}

fn went_well(step: &'static str, note: String) -> Step {
    Step {
        step,
        ok: true,
        note,
        hint: None,
    }
}

fn failed(
    mut steps: Vec<Step>,
    step: &'static str,
    e: ChannelError,
) -> (Vec<Step>, Result<Profile>) {
    steps.push(Step {
        step,
        ok: false,
        note: e.what.clone(),
        hint: e.hint.clone(),
    });
    (steps, Err(e))
}
