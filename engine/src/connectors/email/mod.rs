//! Electronic mail: IMAP to read, SMTP to send.

mod addresses;
mod authres;
mod body;
mod bounce;
mod bounce_reason;
pub mod budget;
mod calendar;
mod charset;
mod classify;
mod clean;
pub mod convert;
mod cursor;
mod date;
pub mod discover;
mod files;
mod flowed;
mod headers;
pub mod html;
pub mod identity;
mod imap;
mod mime;
mod net;
pub mod oauth;
mod params;
pub mod presets;
pub mod quote;
mod reasons;
mod render;
mod sasl;
mod smtp;
mod threading;
mod transfer;
mod words;

pub use net::canonical_fingerprint;

use super::{Connector, Context, Proof, Recall, Result, Step};
use crate::model::{
    Batch, Capabilities, Channel, ChannelError, Cursor, EmailConfig, Formatting, Hint, Outgoing,
    Place, Profile, ReadMark, Receipt, RemoteFolder, RemoteId,
};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// Seconds between polls while nothing is pushed.
const POLL_SECONDS: u32 = 120;
/// How long to wait where the server does not push.
const WITHOUT_PUSH: Duration = Duration::from_secs(60);
/// How long to wait after waiting itself has failed; the poll that follows shows why.
const AFTER_FAILURE: Duration = Duration::from_secs(15);
/// What the big providers take, their own encoding included.
const MAX_ATTACHMENT: u64 = 18 * 1024 * 1024;

/// How long a server that is read from may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest silence on an open connection.
    pub idle: Duration,
    /// Longest time for one whole exchange; large ones get more.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: net::IDLE,
            total: net::TOTAL,
        }
    }
}

/// One mailbox with its way out.
pub struct Email {
    config: EmailConfig,
    context: Context,
    limits: Limits,
    /// Whether older mail is read.
    history: AtomicBool,
    recall: OnceLock<Arc<dyn Recall>>,
    /// The connection for reading; thrown away on any failure.
    reader: Mutex<Option<imap::Reader>>,
    /// The connection that waits, so that reading and filing are never held up by it.
    waiter: Mutex<Option<imap::Reader>>,
    memory: Mutex<imap::Memory>,
    /// The inbox's next number when it was last polled.
    inbox_next: AtomicU32,
}

impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email({})", self.config.imap.host)
    }
}

impl Email {
    /// A mailbox; nothing is connected yet.
    #[must_use]
    pub fn new(config: EmailConfig, context: Context) -> Self {
        Self::with_limits(config, context, Limits::default())
    }

    /// A mailbox at a server that may take so long.
    #[must_use]
    pub fn with_limits(config: EmailConfig, context: Context, limits: Limits) -> Self {
        Self {
            config,
            context,
            limits,
            history: AtomicBool::new(true),
            recall: OnceLock::new(),
            reader: Mutex::new(None),
            waiter: Mutex::new(None),
            memory: Mutex::default(),
            inbox_next: AtomicU32::new(0),
        }
    }

    async fn sign_in(&self) -> Result<imap::Reader> {
        self.sign_in_told(&mut Vec::new()).await
    }

    /// Signs in; a token that the server refuses is renewed once, because clocks differ and tokens are revoked.
    async fn sign_in_told(&self, told: &mut Vec<Step>) -> Result<imap::Reader> {
        let proof = self.context.credentials.proof(None).await?;
        match self.sign_in_with(&proof, told).await {
            Err(e) if e.hint == Some(Hint::TokenRefused) => {
                let proof = self.context.credentials.proof(Some(&proof)).await?;
                told.clear();
                self.sign_in_with(&proof, told).await
            }
            done => done,
        }
    }

    async fn sign_in_with(&self, proof: &Proof, told: &mut Vec<Step>) -> Result<imap::Reader> {
        let (wire, offered) = imap::connect(&self.config, self.limits, told).await?;
        imap::login(&self.config, proof, wire, &offered, self.limits).await
    }

    fn wishes(&self) -> imap::Wishes {
        imap::Wishes {
            sync_read: self.config.sync_read,
            history: self.history.load(Ordering::SeqCst),
            recall: self.recall.get().map(Arc::clone),
        }
    }

    /// The kept connection, or a new one. The caller puts it back if it is still good; a call that is dropped
    /// half-way therefore leaves none.
    async fn reader(&self, kept: &mut Option<imap::Reader>) -> Result<(imap::Reader, bool)> {
        match kept.take() {
            Some(reader) => Ok((reader, true)),
            None => Ok((self.sign_in().await?, false)),
        }
    }

    async fn check_reading(&self, steps: &mut Vec<Step>) -> Result<Profile> {
        let reader = self.sign_in_told(steps).await?;
        steps.push(net::done(
            "login",
            format!("Signed in as {}.", self.config.imap.user),
        ));
        let mut notes: Vec<String> = reader
            .folders
            .iter()
            .map(|f| format!("{}: {}", place_word(f.place), imap::decode_utf7(&f.name)))
            .collect();
        steps.push(net::done("folders", notes.join(", ")));
        notes.push(if reader.pushes() {
            "New mail is pushed.".into()
        } else {
            "New mail is looked for each minute.".into()
        });
        reader.close().await;
        Ok(Profile {
            name: self.config.address.clone(),
            notes,
        })
    }

    async fn check_sending(&self, steps: &mut Vec<Step>) -> Result<()> {
        let proof = self.context.credentials.proof(None).await?;
        let mut told = Vec::new();
        let done = match self.sender(&proof, &mut told).await {
            Err(e) if e.hint == Some(Hint::TokenRefused) => {
                let proof = self.context.credentials.proof(Some(&proof)).await?;
                told.clear();
                self.sender(&proof, &mut told).await
            }
            done => done,
        };
        let named = |s: Step| Step {
            step: of_sending(s.step),
            ..s
        };
        steps.extend(told.into_iter().map(named));
        done.map_err(sending)?.quit().await;
        steps.push(net::done(
            "smtp_login",
            format!("Signed in as {}.", self.config.smtp.user),
        ));
        Ok(())
    }

    async fn sender(&self, proof: &Proof, told: &mut Vec<Step>) -> Result<smtp::Sender> {
        let wire = smtp::connect(&self.config, told).await?;
        let mut sender = smtp::greet(&self.config, wire).await?;
        told.push(net::done("greeting", sender.greeting()));
        sender.login(proof).await?;
        Ok(sender)
    }
}

/// The steps of sending have names of their own, so that a person sees which server it was.
fn sending(e: ChannelError) -> ChannelError {
    ChannelError {
        step: of_sending(e.step),
        ..e
    }
}

fn of_sending(step: &'static str) -> &'static str {
    match step {
        "dns" => "smtp_dns",
        "connect" => "smtp_connect",
        "tls" => "smtp_tls",
        "greeting" => "smtp_greeting",
        "token" => "token",
        _ => "smtp_login",
    }
}

/// How long to rest after waiting has failed: as long as the server needs, if it says so.
fn after(e: &ChannelError) -> Duration {
    e.retry_after
        .and_then(|ms| u64::try_from(ms).ok())
        .map_or(AFTER_FAILURE, Duration::from_millis)
}

/// A mail as it would go out; `None` where it would be refused.
#[must_use]
pub fn written(message: &Outgoing) -> Option<Vec<u8>> {
    render::render(message).ok().map(|mail| mail.raw)
}

/// Whether a line of an IMAP server is one that is understood, for tests of damaged ones.
#[must_use]
pub fn imap_understood(line: &[u8]) -> bool {
    imap::understood(line)
}

/// What a mail folder of this name usually holds, in the languages of the big programs.
#[must_use]
pub fn place_of(folder: &str) -> Place {
    imap::place_of(folder)
}

/// A folder's name as a person reads it (modified UTF-7, RFC 3501 §5.1.3).
#[must_use]
pub fn folder_name(name: &str) -> String {
    imap::decode_utf7(name)
}

fn place_word(place: Place) -> &'static str {
    match place {
        Place::Inbox => "Inbox",
        Place::Sent => "Sent",
        Place::Junk => "Junk",
        Place::Other => "Other",
    }
}

#[async_trait]
impl Connector for Email {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            formatting: Formatting::Html,
            subject: true,
            copies: true,
            attachments: true,
            max_attachment: Some(MAX_ATTACHMENT),
            max_files: 0,
            may_write_first: true,
            pushes: true,
            poll_seconds: POLL_SECONDS,
            idle_seconds: POLL_SECONDS,
            ..Capabilities::of_text(Channel::Email)
        }
    }

    async fn check(&self) -> (Vec<Step>, Result<Profile>) {
        let mut steps = Vec::new();
        let result = async {
            let profile = self.check_reading(&mut steps).await?;
            self.check_sending(&mut steps).await?;
            Ok(profile)
        };
        let result: Result<Profile> = result.await;
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
        let mut kept = self.reader.lock().await;
        let mut memory = self.memory.lock().await;
        let wishes = self.wishes();
        let (mut reader, was_kept) = self.reader(&mut kept).await?;
        let mut got = reader.poll(cursor, &mut memory, &wishes).await;
        // A kept connection may have died in its sleep, which is no news for anybody.
        if was_kept && got.as_ref().is_err_and(imap::is_stale) {
            reader = self.sign_in().await?;
            got = reader.poll(cursor, &mut memory, &wishes).await;
        }
        let (batch, inbox_next) = got?;
        self.inbox_next.store(inbox_next, Ordering::SeqCst);
        // A folder that did not open may have been renamed: the next connection lists them anew.
        *kept = (!reader.relist).then_some(reader);
        Ok(batch)
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt> {
        let proof = self.context.credentials.proof(None).await?;
        match smtp::send(&self.config, &proof, message).await {
            // Refused at the door: nothing was handed over.
            Err(e) if e.hint == Some(Hint::TokenRefused) => {
                let proof = self.context.credentials.proof(Some(&proof)).await?;
                smtp::send(&self.config, &proof, message).await
            }
            done => done,
        }
    }

    async fn wait(&self, _cursor: Option<&Cursor>) {
        let mut kept = self.waiter.lock().await;
        let mut reader = match self.reader(&mut kept).await {
            Ok((reader, _)) => reader,
            Err(e) => return tokio::time::sleep(after(&e)).await,
        };
        if !reader.pushes() {
            reader.close().await;
            return tokio::time::sleep(WITHOUT_PUSH).await;
        }
        let known = self.inbox_next.load(Ordering::SeqCst);
        match reader
            .idle(known, Duration::from_secs(u64::from(POLL_SECONDS)))
            .await
        {
            Ok(()) => *kept = Some(reader),
            Err(e) => tokio::time::sleep(after(&e)).await,
        }
    }

    async fn file_sent(&self, message: &Outgoing) -> Result<Option<RemoteId>> {
        if !smtp::needs_filing(&self.config) {
            return self.find_sent(&message.message_id).await;
        }
        let mail = render::render(message)?;
        let mut kept = self.reader.lock().await;
        let (mut reader, was_kept) = self.reader(&mut kept).await?;
        let mut got = reader.file_sent(&message.message_id, &mail.raw).await;
        // Filing looks first, so doing it again files nothing twice.
        if was_kept && got.as_ref().is_err_and(imap::is_stale) {
            reader = self.sign_in().await?;
            got = reader.file_sent(&message.message_id, &mail.raw).await;
        }
        let filed = got?;
        *kept = Some(reader);
        Ok(filed)
    }

    async fn find_sent(&self, message_id: &str) -> Result<Option<RemoteId>> {
        let mut kept = self.reader.lock().await;
        let (mut reader, was_kept) = self.reader(&mut kept).await?;
        let mut got = reader.find_sent(message_id).await;
        if was_kept && got.as_ref().is_err_and(imap::is_stale) {
            reader = self.sign_in().await?;
            got = reader.find_sent(message_id).await;
        }
        let found = got?;
        *kept = Some(reader);
        Ok(found)
    }

    async fn folders(&self) -> Result<Vec<RemoteFolder>> {
        // Its own connection: a person waits, and a poll may take long.
        let mut reader = self.sign_in().await?;
        let folders = reader.folders_to_choose().await;
        reader.close().await;
        folders
    }

    async fn store_read(&self, cursor: Option<&Cursor>, marks: &[ReadMark]) -> Result<()> {
        let mut kept = self.reader.lock().await;
        let (mut reader, was_kept) = self.reader(&mut kept).await?;
        let mut done = reader.store_marks(cursor, marks).await;
        // Storing a mark twice is storing it once.
        if was_kept && done.as_ref().is_err_and(imap::is_stale) {
            reader = self.sign_in().await?;
            done = reader.store_marks(cursor, marks).await;
        }
        done?;
        *kept = Some(reader);
        Ok(())
    }

    fn read_history(&self, on: bool) {
        self.history.store(on, Ordering::SeqCst);
    }

    fn recall_from(&self, recall: Arc<dyn Recall>) {
        // The first one stays; there is one store.
        let _ = self.recall.set(recall);
    }

    async fn abandon(&self) {
        // Those of calls that were given up have gone with them.
        for kept in [&self.reader, &self.waiter] {
            if let Ok(mut kept) = kept.try_lock() {
                *kept = None;
            }
        }
    }

    async fn close(&self) {
        // A waiting call holds its connection; it ends with the task that waits.
        let readers = [
            self.reader.try_lock().ok().and_then(|mut r| r.take()),
            self.waiter.try_lock().ok().and_then(|mut r| r.take()),
        ];
        for reader in readers.into_iter().flatten() {
            reader.close().await;
        }
    }
}
