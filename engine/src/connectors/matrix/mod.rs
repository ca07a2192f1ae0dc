//! Matrix, and the chat of a website whose visitors are users of a Matrix homeserver (`channels.md`, C3 and C4).

mod api;
mod convert;
mod cursor;
mod files;
pub(super) mod find;
mod join;
pub mod payload;
mod rooms;
mod said;
mod send;
mod sync;
#[cfg(test)]
mod tests;
mod told;

use super::fetch::Fetcher;
use super::{Connector, Context, Recall, Result, Step};
use crate::model::{
    Batch, Capabilities, Channel, ChannelError, Cursor, Event, Formatting, MatrixConfig, Outgoing,
    Profile, ReadMark, Receipt, Remedy, TextLimit, TextUnit,
};
use crate::time::Millis;
use api::{Api, Call};
use async_trait::async_trait;
use convert::{Piece, VERSION};
use rooms::Rooms;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long the homeserver keeps a question open, in milliseconds.
const LONG: u32 = 30_000;
/// Most bytes of a text: an event holds 65,536 with everything around it, twice where it is formatted.
const MOST_TEXT: u32 = 16_000;

/// A signed-in user of a homeserver.
pub struct Matrix {
    channel: Channel,
    api: Api,
    rooms: Rooms,
    /// What was told and is handed over batch by batch.
    work: Mutex<Option<sync::Work>>,
    /// What the long poll brought, and since when.
    ahead: Mutex<Option<(String, Value)>>,
    history: AtomicBool,
    /// The largest upload, once the homeserver has said so; 0 = it did not.
    largest: AtomicU64,
    /// It was asked for the largest upload.
    asked: AtomicBool,
    /// For files that lie elsewhere than at the homeserver.
    files: Fetcher,
    recall: OnceLock<Arc<dyn Recall>>,
}

impl Matrix {
    /// An account on this channel: [`Channel::Matrix`] or [`Channel::Webchat`].
    #[must_use]
    pub fn new(channel: Channel, config: MatrixConfig, context: Context) -> Self {
        let api = Api::new(config, context);
        Self {
            channel,
            files: files::fetcher(&api),
            api,
            rooms: Rooms::default(),
            work: Mutex::default(),
            ahead: Mutex::default(),
            history: AtomicBool::new(true),
            largest: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            recall: OnceLock::new(),
        }
    }

    async fn steps(&self, steps: &mut Vec<Step>) -> Result<Profile> {
        let host = self.api.host();
        let versions = Call::new(reqwest::Method::GET, &["client", "versions"], "connect");
        let answer = self.api.once(&versions, None).await?;
        let spoken: Value = answer.json("connect", false)?;
        if !answer.ok() || !spoken["versions"].is_array() {
            return Err(ChannelError::new(
                Remedy::Reconnect,
                "connect",
                format!(
                    "{host} is no Matrix homeserver. Its address may differ from the name behind the colon; ask whoever runs it."
                ),
            ));
        }
        steps.push(done("connect", format!("{host} is a Matrix homeserver")));
        let me = self
            .api
            .json(&Call::get(&["account", "whoami"], "login"))
            .await?;
        self.api.is_us(me["user_id"].as_str().unwrap_or_default())?;
        steps.push(done(
            "login",
            format!("signed in as {}", self.api.config.user_id),
        ));
        let joined = self
            .api
            .json(&Call::get(&["joined_rooms"], "rooms"))
            .await?;
        let count = joined["joined_rooms"].as_array().map_or(0, Vec::len);
        steps.push(done("rooms", format!("{count} rooms")));
        self.most().await?;
        let notes = self.visitors(steps).await?;
        Ok(Profile {
            name: self.api.config.user_id.clone(),
            notes,
        })
    }

    /// Whether visitors of the website get in with the token that stands in the page.
    async fn visitors(&self, steps: &mut Vec<Step>) -> Result<Vec<String>> {
        let token = self.api.config.registration_token.clone();
        if self.channel != Channel::Webchat || token.is_empty() {
            return Ok(Vec::new());
        }
        let path = [
            "client",
            "v1",
            "register",
            "m.login.registration_token",
            "validity",
        ];
        let call = Call::new(reqwest::Method::GET, &path, "visitors").asking("token", token);
        let answer = self.api.once(&call, None).await?;
        if !answer.ok() {
            return Ok(vec![format!(
                "{} does not say whether the registration token is good.",
                self.api.host()
            )]);
        }
        let said: Value = answer.json("visitors", false)?;
        if said["valid"] == true {
            steps.push(done("visitors", "the registration token is good".into()));
            return Ok(Vec::new());
        }
        Err(ChannelError::new(
            Remedy::Reconnect,
            "visitors",
            format!(
                "{} does not accept the registration token: it has run out, is used up, or was never made. Make a new one, and put it here and into the website.",
                self.api.host()
            ),
        ))
    }

    /// Keeps a question open until something comes that is worth a poll.
    async fn listen(&self, since: &str) -> Result<()> {
        let mut from = since.to_owned();
        loop {
            let began = tokio::time::Instant::now();
            let answer = self.sync(&from, LONG).await?;
            if sync::is_news(&answer) {
                *self.ahead.lock().await = Some((since.to_owned(), answer));
                return Ok(());
            }
            // It may wake with nothing for us, and some answer at once for ever.
            if let Some(next) = answer["next_batch"].as_str() {
                next.clone_into(&mut from);
            }
            if began.elapsed() < Duration::from_secs(1) {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn done(step: &'static str, note: String) -> Step {
    Step {
        step,
        ok: true,
        note,
        hint: None,
    }
}

#[async_trait]
impl Connector for Matrix {
    fn capabilities(&self) -> Capabilities {
        let largest = self.largest.load(Ordering::SeqCst);
        Capabilities {
            formatting: Formatting::Blocks,
            text_limit: Some(TextLimit {
                most: MOST_TEXT,
                unit: TextUnit::Bytes,
            }),
            attachments: true,
            max_attachment: Some(largest).filter(|l| *l > 0),
            files_apart: true,
            may_write_first: self.channel == Channel::Matrix,
            deduplicates: true,
            pushes: true,
            ..Capabilities::of_text(self.channel)
        }
    }

    async fn check(&self) -> (Vec<Step>, Result<Profile>) {
        let mut steps = Vec::new();
        let outcome = self.steps(&mut steps).await;
        if let Err(e) = &outcome {
            steps.push(Step {
                step: e.step,
                ok: false,
                note: e.what.clone(),
                hint: e.hint.clone(),
            });
        }
        (steps, outcome)
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        self.read(cursor).await
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt> {
        self.hand_in(message).await
    }

    async fn wait(&self, cursor: Option<&Cursor>) {
        let point = cursor::Point::read(cursor);
        let now = self.api.now();
        let due = async {
            match point.next_join(now) {
                Some(at) => {
                    tokio::time::sleep(Duration::from_millis((at - now).unsigned_abs())).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // What went wrong is said by the poll that follows.
            _ = self.listen(&point.since) => {}
            () = due => {}
        }
    }

    fn read_again(&self, raw: &[u8]) -> Option<Vec<Event>> {
        let event: Value = serde_json::from_slice(raw).ok()?;
        let room = event["room_id"].as_str().unwrap_or_default();
        match convert::piece(&self.api.config.user_id, room, &event, self.api.latest())? {
            Piece::Message(message, None) if message.quarantine.is_none() => {
                Some(vec![Event::Message(message)])
            }
            _ => None,
        }
    }

    fn rewound(&self, cursor: Option<&Cursor>, since: Millis) -> Option<Cursor> {
        let point = cursor::Point::read(cursor);
        if point.since.is_empty() {
            return None;
        }
        let again = cursor::Point {
            since: String::new(),
            again: Some(since),
            ..point
        };
        Some(again.cursor())
    }

    fn reads_version(&self) -> u32 {
        VERSION
    }

    async fn store_read(&self, _cursor: Option<&Cursor>, marks: &[ReadMark]) -> Result<()> {
        // A receipt stands for all before it, and cannot be taken back.
        let mut last: std::collections::BTreeMap<&str, &str> = std::collections::BTreeMap::new();
        for mark in marks.iter().filter(|m| m.seen) {
            if let Some((room, event)) = mark.remote_id.0.split_once(' ')
                && event.starts_with('$')
            {
                last.insert(room, event);
            }
        }
        for (room, event) in last {
            self.rooms.gives(&convert::remote_id(room, event));
            let call = Call::post(
                &["rooms", room, "receipt", "m.read", event],
                json!({}),
                "read",
            );
            match self.api.answer(&call).await {
                Err(e) if e.remedy != Remedy::Final => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }

    fn recall_from(&self, recall: Arc<dyn Recall>) {
        // The first one stays; there is one store.
        let _ = self.recall.set(recall);
    }

    fn read_history(&self, on: bool) {
        self.history.store(on, Ordering::SeqCst);
    }

    async fn close(&self) {
        self.abandon().await;
    }

    async fn abandon(&self) {
        *self.ahead.lock().await = None;
        *self.work.lock().await = None;
    }
}
