//! Electronic mail: IMAP to read, SMTP to send.

mod classify;
pub mod convert;
mod cursor;
mod headers;
pub mod html;
pub mod identity;
mod imap;
mod net;
pub mod presets;
mod smtp;

/// What a mail folder of this name usually holds, in the languages of the big programs.
#[must_use]
pub fn place_of(folder: &str) -> crate::model::Place {
    imap::place_of(folder)
}

use super::{Connector, Context, Result, Step};
use crate::model::{
    Batch, Capabilities, Channel, ChannelError, Cursor, EmailConfig, Outgoing, Place, Profile,
    Receipt, RemoteId,
};
use async_trait::async_trait;
use std::sync::atomic::{AtomicU32, Ordering};
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

/// One mailbox with its way out.
pub struct Email {
    config: EmailConfig,
    context: Context,
    /// The connection for reading; thrown away on any failure.
    reader: Mutex<Option<imap::Reader>>,
    /// The connection that waits, so that reading and filing are never held up by it.
    waiter: Mutex<Option<imap::Reader>>,
    suspects: Mutex<imap::Suspects>,
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
        Self {
            config,
            context,
            reader: Mutex::new(None),
            waiter: Mutex::new(None),
            suspects: Mutex::default(),
            inbox_next: AtomicU32::new(0),
        }
    }

    async fn sign_in(&self) -> Result<imap::Reader> {
        let (wire, offered) = imap::connect(&self.config).await?;
        imap::login(&self.config, &self.context.secret, wire, &offered).await
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
        let (wire, offered) = imap::connect(&self.config).await?;
        steps.push(done(
            "tls",
            format!("Connected to {}.", net::at(&self.config.imap)),
        ));
        let reader = imap::login(&self.config, &self.context.secret, wire, &offered).await?;
        steps.push(done(
            "login",
            format!("Signed in as {}.", self.config.imap.user),
        ));
        let mut notes: Vec<String> = reader
            .folders
            .iter()
            .map(|f| format!("{}: {}", place_word(f.place), imap::decode_utf7(&f.name)))
            .collect();
        steps.push(done("folders", notes.join(", ")));
        notes.push(if reader.idle {
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
        let wire = smtp::connect(&self.config).await.map_err(sending)?;
        steps.push(done(
            "smtp_tls",
            format!("Connected to {}.", net::at(&self.config.smtp)),
        ));
        let mut sender = smtp::greet(&self.config, wire).await.map_err(sending)?;
        let login = sender.login(&self.context.secret).await;
        sender.quit().await;
        login.map_err(sending)?;
        steps.push(done(
            "smtp_login",
            format!("Signed in as {}.", self.config.smtp.user),
        ));
        Ok(())
    }
}

fn done(step: &'static str, note: String) -> Step {
    Step {
        step,
        ok: true,
        note,
    }
}

/// The steps of sending have names of their own, so that a person sees which server it was.
fn sending(e: ChannelError) -> ChannelError {
    let step = match e.step {
        "dns" | "connect" | "greeting" => "smtp_connect",
        "tls" => "smtp_tls",
        _ => "smtp_login",
    };
    ChannelError { step, ..e }
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
            channel: Channel::Email,
            max_text: None,
            subject: true,
            copies: true,
            attachments: true,
            max_attachment: Some(MAX_ATTACHMENT),
            reply_window_hours: None,
            may_write_first: true,
            deduplicates: false,
            pushes: true,
            poll_seconds: POLL_SECONDS,
            may_keep_media: true,
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
            });
        }
        (steps, result)
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Batch> {
        let mut kept = self.reader.lock().await;
        let mut suspects = self.suspects.lock().await;
        let (mut reader, was_kept) = self.reader(&mut kept).await?;
        let mut got = reader.poll(cursor, &mut suspects).await;
        // A kept connection may have died in its sleep, which is no news for anybody.
        if was_kept && got.as_ref().is_err_and(imap::is_stale) {
            reader = self.sign_in().await?;
            got = reader.poll(cursor, &mut suspects).await;
        }
        let (batch, inbox_next) = got?;
        self.inbox_next.store(inbox_next, Ordering::SeqCst);
        // A folder that did not open may have been renamed: the next connection lists them anew.
        *kept = batch.gaps.is_empty().then_some(reader);
        Ok(batch)
    }

    async fn send(&self, message: &Outgoing) -> Result<Receipt> {
        smtp::send(&self.config, &self.context.secret, message).await
    }

    async fn wait(&self, _cursor: Option<&Cursor>) {
        let mut kept = self.waiter.lock().await;
        let Ok((mut reader, _)) = self.reader(&mut kept).await else {
            return tokio::time::sleep(AFTER_FAILURE).await;
        };
        if !reader.idle {
            reader.close().await;
            return tokio::time::sleep(WITHOUT_PUSH).await;
        }
        let known = self.inbox_next.load(Ordering::SeqCst);
        match reader
            .idle(known, Duration::from_secs(u64::from(POLL_SECONDS)))
            .await
        {
            Ok(()) => *kept = Some(reader),
            Err(_) => tokio::time::sleep(AFTER_FAILURE).await,
        }
    }

    async fn file_sent(&self, message: &Outgoing) -> Result<Option<RemoteId>> {
        if !smtp::needs_filing(&self.config) {
            return self.find_sent(&message.message_id).await;
        }
        let mail = smtp::render(message)?;
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
