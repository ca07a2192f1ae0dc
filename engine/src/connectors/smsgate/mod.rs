//! Text messages by one's own phone: the program *SMS Gateway for Android* in its local mode (`channels.md`, D2).
//!
//! Its ids of the inbox are hashes of 32 bits, so that a message is known by id, sender and time; and its times are
//! those of the network, so that what was under way for long appears in the middle of the list. Three days are looked
//! at again each time, which is as long as networks keep a message.

mod api;
mod convert;
mod cursor;
pub mod payload;
mod walk;

use super::{Connector, Context, Result, Step};
use crate::model::{
    Batch, Capabilities, Channel, ChannelError, Cursor, Event, GatewayAccess, Outgoing, Profile,
    Receipt, Remedy, RemoteId, SmsConfig, Standing, TextLimit, TextUnit, sms,
};
use crate::time::{Clock, Millis};
use api::Api;
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest text: what carriers put together again without loss.
const SEGMENTS: u32 = 10;

/// A number in one's own phone.
pub struct SmsGate {
    number: String,
    api: Result<Api>,
    clock: Arc<dyn Clock>,
    history: AtomicBool,
    walk: tokio::sync::Mutex<walk::Memory>,
    notes: Mutex<Vec<String>>,
    /// What was handed over since the last poll, to be followed: id and time.
    handed: Mutex<Vec<(String, Millis)>>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SmsGate {
    /// A number by the phone of these settings.
    #[must_use]
    pub fn new(config: &SmsConfig, access: &GatewayAccess, context: &Context) -> Self {
        Self {
            number: config.number.clone(),
            api: Api::new(access, context),
            clock: Arc::clone(&context.clock),
            history: AtomicBool::new(true),
            walk: tokio::sync::Mutex::default(),
            notes: Mutex::default(),
            handed: Mutex::default(),
        }
    }

    fn api(&self) -> Result<&Api> {
        self.api.as_ref().map_err(Clone::clone)
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }

    fn note(&self, notes: Vec<String>) {
        *lock(&self.notes) = notes;
    }

    async fn steps(&self, steps: &mut Vec<Step>) -> Result<Profile> {
        let done = |step, note: &str| Step {
            step,
            ok: true,
            note: note.to_owned(),
            hint: None,
        };
        let api = self.api()?;
        let version = api.health().await?;
        let answers = match &version {
            Some(v) => format!("The phone answers: SMS Gateway {v}."),
            None => "The phone answers.".to_owned(),
        };
        steps.push(done("connect", &answers));
        let now = self.now();
        api.inbox(now - crate::time::DAY, 0, 1).await?;
        steps.push(done("login", "The user name and password are accepted."));
        steps.push(done("messages", "The phone's inbox can be read."));
        api.outbox(now - crate::time::DAY, 1).await?;
        Ok(Profile {
            name: self.number.clone(),
            notes: vec![
                answers,
                "What is sent by the phone itself, outside of the program, is not seen here."
                    .into(),
            ],
        })
    }
}

#[async_trait]
impl Connector for SmsGate {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            text_limit: Some(TextLimit {
                most: SEGMENTS,
                unit: TextUnit::Segments,
            }),
            may_write_first: true,
            deduplicates: true,
            ..Capabilities::of_text(Channel::Sms)
        }
    }

    async fn check(&self) -> (Vec<Step>, Result<Profile>) {
        let mut steps = Vec::new();
        let result = self.steps(&mut steps).await;
        if let Err(e) = &result {
            steps.push(Step {
                step: e.step,
                ok: false,
                note: e.what.clone(),
                hint: e.hint.clone(),
            });
        }
        (steps, result)
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        self.news(cursor).await
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt> {
        let refuse = |what: &str| Err(ChannelError::new(Remedy::Final, "send", what));
        if !message.files.is_empty() {
            return refuse(
                "No files can be sent by the phone's program. Put a link into the text.",
            );
        }
        let [to] = message.to.as_slice() else {
            return refuse("A message goes to one person.");
        };
        let id = message.key.hex();
        let state = self.api()?.send(&id, &to.address, &message.text).await?;
        let state = state.as_deref().unwrap_or("taken before");
        lock(&self.handed).push((id.clone(), self.now()));
        Ok(Receipt {
            remote_id: Some(RemoteId(id)),
            note: format!("{state}, {} SMS", sms::segments(&message.text)),
            ..Receipt::default()
        })
    }

    fn standing(&self) -> Standing {
        Standing {
            held_until: self.api.as_ref().ok().and_then(Api::held),
            notes: lock(&self.notes).clone(),
            ..Standing::default()
        }
    }

    fn rewound(&self, cursor: Option<&Cursor>, since: Millis) -> Option<Cursor> {
        let place = cursor.and_then(cursor::Place::read);
        let place = place.unwrap_or_else(|| cursor::Place::fresh(since));
        Some(place.from(since).cursor(self.now()))
    }

    fn read_again(&self, raw: &[u8]) -> Option<Vec<Event>> {
        let value = serde_json::from_slice(raw).ok()?;
        let row = convert::received(&value).ok()?;
        if row.what == convert::What::Unknown {
            return None;
        }
        let missing =
            |_| super::received::missing("it came with a message that was not understood at first");
        let cards = row.files.iter().map(missing).collect();
        let message = row.message(&self.number, Vec::new(), cards);
        let mut events = vec![Event::Message(Box::new(message))];
        events.extend(row.person(&self.number).map(Event::Person));
        Some(events)
    }

    fn reads_version(&self) -> u32 {
        convert::VERSION
    }

    fn read_history(&self, on: bool) {
        self.history.store(on, Ordering::SeqCst);
    }
}
