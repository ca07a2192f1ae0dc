//! Text messages and WhatsApp through Twilio, or through any vendor that speaks its interface (SignalWire): polled, so
//! that no server of one's own is needed (`channels.md`, D1).
//!
//! `api` asks, `convert` reads rows, `walk` finds what is new in them, `files` fetches, `setup` tries an account and
//! finds numbers.

mod api;
mod convert;
mod cursor;
mod errors;
mod files;
pub mod payload;
mod setup;
mod walk;

pub use setup::find;

use super::{Connector, Context, Result, Step};
use crate::model::rich::Rich;
use crate::model::{
    Batch, Capabilities, Channel, ChannelError, Cursor, Event, Formatting, Outgoing, PersonSays,
    Profile, Receipt, Remedy, RemoteId, SmsConfig, Standing, Template, TextLimit, TextUnit,
    TwilioAccess, WhatsappConfig, sms,
};
use crate::time::{Clock, Millis, SECOND};
use api::Api;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest text message: what carriers put together again without loss, and within the vendor's 1,600 characters.
const SEGMENTS: u32 = 10;
/// Longest text to WhatsApp through the vendor.
const CHARACTERS: u32 = 1_600;
/// Hours in which one may answer on WhatsApp.
const WINDOW: u32 = 24;

/// A number at a telephone vendor.
pub struct Twilio {
    channel: Channel,
    number: String,
    access: TwilioAccess,
    templates: Vec<Template>,
    api: Result<Api>,
    clock: Arc<dyn Clock>,
    history: AtomicBool,
    walk: tokio::sync::Mutex<walk::Memory>,
    /// What a person should know, by what it is about.
    notes: Mutex<BTreeMap<&'static str, String>>,
    /// To be told with the next news: to whom a send was refused because they want no more.
    unsubscribed: Mutex<Vec<PersonSays>>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Twilio {
    /// A number for text messages.
    #[must_use]
    pub fn sms(config: &SmsConfig, access: &TwilioAccess, context: &Context) -> Self {
        Self::new(Channel::Sms, &config.number, access, Vec::new(), context)
    }

    /// A number on WhatsApp.
    #[must_use]
    pub fn whatsapp(config: &WhatsappConfig, context: &Context) -> Self {
        let templates = config.templates.clone();
        Self::new(
            Channel::Whatsapp,
            &config.number,
            &config.twilio,
            templates,
            context,
        )
    }

    fn new(
        channel: Channel,
        number: &str,
        access: &TwilioAccess,
        templates: Vec<Template>,
        context: &Context,
    ) -> Self {
        Self {
            channel,
            number: convert::bare(number).to_owned(),
            access: access.clone(),
            templates,
            api: Api::new(access, context),
            clock: Arc::clone(&context.clock),
            history: AtomicBool::new(true),
            walk: tokio::sync::Mutex::default(),
            notes: Mutex::default(),
            unsubscribed: Mutex::default(),
        }
    }

    fn api(&self) -> Result<&Api> {
        self.api.as_ref().map_err(Clone::clone)
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }

    /// An address as the vendor names it on this channel.
    fn named(&self, number: &str) -> String {
        match self.channel {
            Channel::Whatsapp => format!("whatsapp:{number}"),
            _ => number.to_owned(),
        }
    }

    /// What a person should know of this account; nothing where it is well again.
    fn note(&self, about: &'static str, says: Option<String>) {
        let mut notes = lock(&self.notes);
        match says {
            Some(says) => drop(notes.insert(about, says)),
            None => drop(notes.remove(about)),
        }
    }

    /// The vendor sends them nothing more, so that the composer is closed before the next try.
    fn is_refused_for(&self, message: &Outgoing) {
        if self.channel != Channel::Sms {
            return;
        }
        let Some(to) = message.to.first() else { return };
        lock(&self.unsubscribed).push(PersonSays {
            address: convert::bare(&to.address).to_owned(),
            opted_out: Some(true),
            // In whole seconds as the vendor tells time, so that a word of the same second counts after it.
            at: self.now().div_euclid(SECOND) * SECOND,
            ..PersonSays::default()
        });
    }

    /// What a send asks of the vendor.
    fn fields(&self, message: &Outgoing) -> Result<Vec<(String, String)>> {
        let refuse = |what: &str| ChannelError::new(Remedy::Final, "send", what);
        if !message.files.is_empty() {
            return Err(refuse(
                "No files can be sent here: the vendor fetches them from a public address only. Put a link into the text.",
            ));
        }
        let [to] = message.to.as_slice() else {
            return Err(refuse("A message goes to one person."));
        };
        let mut fields = vec![
            ("To", self.named(convert::bare(&to.address))),
            ("From", self.named(&self.number)),
        ];
        if self.channel == Channel::Sms && !self.access.messaging_service.is_empty() {
            fields.push(("MessagingServiceSid", self.access.messaging_service.clone()));
        }
        match &message.template {
            Some(t) => {
                fields.push(("ContentSid", t.id.clone()));
                let values = t.values.iter().enumerate();
                let values: serde_json::Map<String, Value> = values
                    .map(|(n, v)| ((n + 1).to_string(), json!(v.trim())))
                    .collect();
                if !values.is_empty() {
                    fields.push(("ContentVariables", Value::Object(values).to_string()));
                }
            }
            None => fields.push(("Body", self.body(message))),
        }
        Ok(fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())
    }

    /// The text, on WhatsApp with its signs for what is formatted, as far as they fit.
    fn body(&self, message: &Outgoing) -> String {
        let most = CHARACTERS as usize;
        let rich = message
            .html
            .as_deref()
            .and_then(|html| Rich::read(html).ok());
        rich.filter(|_| self.channel == Channel::Whatsapp)
            .map(|r| r.signs())
            .filter(|t| t.chars().count() <= most)
            .unwrap_or_else(|| message.text.clone())
    }
}

#[async_trait]
impl Connector for Twilio {
    fn capabilities(&self) -> Capabilities {
        let whatsapp = self.channel == Channel::Whatsapp;
        Capabilities {
            formatting: if whatsapp {
                Formatting::Signs
            } else {
                Formatting::None
            },
            text_limit: Some(if whatsapp {
                TextLimit {
                    most: CHARACTERS,
                    unit: TextUnit::Chars,
                }
            } else {
                TextLimit {
                    most: SEGMENTS,
                    unit: TextUnit::Segments,
                }
            }),
            reply_window_hours: whatsapp.then_some(WINDOW),
            may_write_first: !whatsapp || !self.templates.is_empty(),
            templates: self.templates.clone(),
            ..Capabilities::of_text(self.channel)
        }
    }

    async fn check(&self) -> (Vec<Step>, Result<Profile>) {
        self.tried().await
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        self.news(cursor).await
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt> {
        let fields = self.fields(message)?;
        let taken = self.api()?.create(fields).await.inspect_err(|e| {
            if e.step == errors::UNSUBSCRIBED {
                self.is_refused_for(message);
            }
        })?;
        let text = |name: &str| taken.get(name).and_then(Value::as_str);
        let Some(sid) = text("sid").filter(|s| !s.is_empty()) else {
            let what = "The vendor took the message and does not say under which number.";
            return Err(ChannelError::new(Remedy::Uncertain, "send", what));
        };
        let note = match self.channel {
            Channel::Sms => {
                let parts = sms::segments(&message.text);
                format!("{}, {parts} SMS", text("status").unwrap_or("taken"))
            }
            _ => text("status").unwrap_or("taken").to_owned(),
        };
        Ok(Receipt {
            remote_id: Some(RemoteId(sid.to_owned())),
            note,
            ..Receipt::default()
        })
    }

    fn standing(&self) -> Standing {
        Standing {
            held_until: self.api.as_ref().ok().and_then(Api::held),
            notes: lock(&self.notes).values().cloned().collect(),
            ..Standing::default()
        }
    }

    fn rewound(&self, cursor: Option<&Cursor>, since: Millis) -> Option<Cursor> {
        let place = cursor.and_then(cursor::Place::read);
        let place = place.unwrap_or_else(|| cursor::Place::fresh(since));
        Some(place.again(since).cursor(self.now()))
    }

    fn read_again(&self, raw: &[u8]) -> Option<Vec<Event>> {
        let value: Value = serde_json::from_slice(raw).ok()?;
        let row = convert::row(&value, &self.number).ok()?;
        let files = if row.files > 0 {
            vec![super::received::missing(
                "it came with a message that was not understood at first",
            )]
        } else {
            Vec::new()
        };
        let message = row.message(Vec::new(), files);
        if message.quarantine.is_some() {
            return None;
        }
        let mut events = vec![Event::Message(Box::new(message))];
        events.extend(row.person(self.channel).map(Event::Person));
        events.extend(row.reached().map(Event::Later));
        Some(events)
    }

    fn reads_version(&self) -> u32 {
        convert::VERSION
    }

    fn read_history(&self, on: bool) {
        self.history.store(on, Ordering::SeqCst);
    }
}
