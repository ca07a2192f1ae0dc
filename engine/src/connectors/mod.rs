//! Floor 1: protocols. A connector speaks to one signed-in account and sees neither the store nor a global.

pub mod email;
pub mod fetch;
pub mod http;
pub mod matrix;
pub mod meta;
mod received;
pub mod smsgate;
pub mod telegram;
pub mod twilio;

use crate::model::{
    AccountConfig, Batch, Capabilities, Channel, ChannelError, Cursor, Event, Hint, Mark, Outgoing,
    Profile, ReadMark, Receipt, RemoteFolder, RemoteId, SmsConfig, SmsVia, Standing,
};
use crate::time::{Clock, Millis, SECOND};
use async_trait::async_trait;
use secrecy::SecretString;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The result of speaking to a channel.
pub type Result<T> = std::result::Result<T, ChannelError>;

/// What a connector may use of the world around it.
#[derive(Clone)]
pub struct Context {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What proves to the account's servers who one is.
    pub credentials: Arc<dyn Credentials>,
    /// The way to the vendors' interfaces, with the allowances and circuits that all accounts of this program share.
    pub net: Arc<http::Net>,
}

/// What is shown to a server to prove who one is.
#[derive(Debug, Clone)]
pub enum Proof {
    /// A password.
    Password(SecretString),
    /// An access token that runs out.
    Token(SecretString),
}

/// Where proofs come from. One per account, shared by all its connections, so that a token is renewed once however
/// many of them need it.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// What to prove with now. `refused` is what a server has just refused: another one is wanted, unless somebody
    /// else has got another one meanwhile.
    async fn proof(&self, refused: Option<&Proof>) -> Result<Proof>;

    /// Keep this in the place of what was stored, before it is used: a token that was renewed or signed in for. What
    /// [`Credentials::proof`] gives from now on is this.
    async fn keep(&self, _renewed: SecretString) -> Result<()> {
        Err(ChannelError::new(
            crate::model::Remedy::Final,
            "token",
            "What was renewed cannot be kept here.",
        ))
    }
}

/// A password, which never changes by itself.
#[derive(Debug, Clone)]
pub struct Password(pub SecretString);

#[async_trait]
impl Credentials for Password {
    async fn proof(&self, _refused: Option<&Proof>) -> Result<Proof> {
        Ok(Proof::Password(self.0.clone()))
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Context(..)")
    }
}

/// One step of signing in, as the "Test" button shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which step: `dns`, `connect`, `tls`, `greeting`, `capabilities`, `login`, `folders`, and of sending `smtp_dns`,
    /// `smtp_connect`, `smtp_tls`, `smtp_greeting`, `smtp_login`; `token` where an access token could not be had.
    pub step: &'static str,
    /// Whether it went well.
    pub ok: bool,
    /// What was found, or why it failed and what to do.
    pub note: String,
    /// What more is known of what a person can do.
    pub hint: Option<Hint>,
}

/// One signed-in account. Every method may be called again after a failure; a failure says what to do
/// ([`ChannelError::remedy`]).
#[async_trait]
pub trait Connector: Send + Sync {
    /// What this account can do, as data.
    fn capabilities(&self) -> Capabilities;

    /// Sign in everywhere and say what is there, step by step; stops at the first step that fails.
    async fn check(&self) -> (Vec<Step>, Result<Profile>);

    /// At most [`crate::model::BATCH_EVENTS`] events. `None` = first sync. The cursor holds an upper edge
    /// (news, oldest first) and a lower edge (history, newest first).
    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Batch>;

    /// Hand over one message. [`crate::model::Remedy::Uncertain`] iff it may have gone out.
    async fn send(&self, message: &Outgoing) -> Result<Receipt>;

    /// Returns when news may have arrived (IDLE, long poll) or when it is time to poll anyway. Asked only where
    /// [`Capabilities::pushes`]; the others are polled at the pace that they declare.
    async fn wait(&self, _cursor: Option<&Cursor>) {
        std::future::pending::<()>().await;
    }

    /// What is known of the account beside its state: its token's end, its allowance, what a person should know.
    fn standing(&self) -> Standing {
        Standing::default()
    }

    /// A cursor from which what came since an instant is read once more; `None` = as a new account is read.
    fn rewound(&self, _cursor: Option<&Cursor>, _since: Millis) -> Option<Cursor> {
        None
    }

    /// What was not understood by an earlier version, read again: the same events as a poll would bring of it now.
    /// `None` where this version understands no more of it.
    fn read_again(&self, _raw: &[u8]) -> Option<Vec<Event>> {
        None
    }

    /// The version of what turns the provider's data into events; a greater one reads again what an earlier one did
    /// not understand.
    fn reads_version(&self) -> u32 {
        1
    }

    /// File a copy of a sent message where the provider keeps sent ones, unless it is there.
    async fn file_sent(&self, _message: &Outgoing) -> Result<Option<RemoteId>> {
        Ok(None)
    }

    /// Whether the provider holds a message that we sent under this Message-ID.
    async fn find_sent(&self, _message_id: &str) -> Result<Option<RemoteId>> {
        Ok(None)
    }

    /// The folders there are, for a person to choose from; none where the channel has no folders.
    async fn folders(&self) -> Result<Vec<RemoteFolder>> {
        Ok(Vec::new())
    }

    /// Store read marks that were changed here. Messages that are gone are passed over; doing it twice is harmless.
    async fn store_read(&self, _cursor: Option<&Cursor>, _marks: &[ReadMark]) -> Result<()> {
        Ok(())
    }

    /// Whether older messages shall be read from now on; they are until this is said.
    fn read_history(&self, _on: bool) {}

    /// Whom to ask what is here already, before anything is fetched again.
    fn recall_from(&self, _recall: Arc<dyn Recall>) {}

    /// Drop open connections; the next call opens new ones.
    async fn close(&self) {}

    /// Let go of open connections without a word, which nobody may hear any more; the next call opens new ones.
    async fn abandon(&self) {}
}

/// What is known above of an account's messages.
#[async_trait]
pub trait Recall: Send + Sync {
    /// Which of these marks are of messages that are here; none where it cannot be told.
    async fn known(&self, marks: Vec<Mark>) -> Vec<bool>;
    /// Numbers in this range with which ids of mails go on that begin so and are not known to have gone, the greatest
    /// ones first; none where it cannot be told.
    async fn present(&self, beginning: &str, numbers: RangeInclusive<u64>, most: usize)
    -> Vec<u64>;
    /// Whether a message is here under this id, so that its files need not be fetched again; false where it cannot be
    /// told.
    async fn holds(&self, _id: &RemoteId) -> bool {
        false
    }
}

/// A signed-in account at work: its poller and its sender wake each other through it.
pub struct Live {
    /// Account.
    pub id: crate::model::AccountId,
    /// The connection.
    pub connector: Arc<dyn Connector>,
    /// Poll now.
    pub poll: tokio::sync::Notify,
    /// Look at the outbox now.
    pub send: tokio::sync::Notify,
    /// The computer slept or changed its network: give up what is under way and poll on new connections.
    pub rouse: tokio::sync::Notify,
    /// Until when somebody writes or looks, so that news are looked for often (milliseconds).
    pub lively_until: std::sync::atomic::AtomicI64,
    /// The provider refused the secret when it was last asked: only a new one helps.
    pub refused: std::sync::atomic::AtomicBool,
}

impl Live {
    /// For so long after a message somebody is taken to be writing still.
    const WHILE: Millis = 300 * SECOND;

    /// Somebody writes: news are looked for at the quick pace for a while.
    pub fn lively(&self, now: Millis) {
        self.lively_until
            .fetch_max(now + Self::WHILE, Ordering::SeqCst);
    }

    /// Somebody looks, or no more: news are looked for at the quick pace for as long as that.
    pub fn attended(&self, now: Millis, on: bool) {
        let until = if on { Millis::MAX } else { now + Self::WHILE };
        self.lively_until.store(until, Ordering::SeqCst);
        if on {
            self.poll.notify_one();
        }
    }

    /// Until when somebody writes or looks.
    #[must_use]
    pub fn lively_until(&self) -> Millis {
        self.lively_until.load(Ordering::SeqCst)
    }
}

/// An account that a secret is for.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its settings.
    pub config: AccountConfig,
    /// What to call it.
    pub label: String,
    /// What a person should know before connecting it.
    pub notes: Vec<String>,
}

/// Which accounts a secret is for, of the channel of these settings; what is empty in them is found out.
///
/// # Errors
/// What the provider says; [`crate::model::Remedy::Final`] where nothing can be found out.
pub async fn find(config: &AccountConfig, context: Context) -> Result<Vec<Found>> {
    match config {
        AccountConfig::Instagram(m) => meta::find(Channel::Instagram, m, context).await,
        AccountConfig::Messenger(m) => meta::find(Channel::Messenger, m, context).await,
        AccountConfig::Telegram(t) => telegram::find(t, context).await,
        AccountConfig::Matrix(m) | AccountConfig::Webchat(m) => {
            matrix::find::find(config.channel(), m, context).await
        }
        AccountConfig::Sms(SmsConfig {
            via: SmsVia::Twilio(_),
            ..
        })
        | AccountConfig::Whatsapp(_) => twilio::find(config, context).await,
        AccountConfig::Email(_) | AccountConfig::Sms(_) => Err(ChannelError::new(
            crate::model::Remedy::Final,
            "find",
            "Nothing can be found out about this account by itself; fill in its settings.",
        )),
    }
}

/// Makes connectors; tests give their own.
pub type Factory = Arc<dyn Fn(&AccountConfig, Context) -> Arc<dyn Connector> + Send + Sync>;

/// The connectors of this program.
#[must_use]
pub fn factory() -> Factory {
    Arc::new(|config, context| match config {
        AccountConfig::Email(c) => Arc::new(email::Email::new(c.clone(), context)),
        AccountConfig::Instagram(c) => {
            Arc::new(meta::Meta::new(Channel::Instagram, c.clone(), context))
        }
        AccountConfig::Messenger(c) => {
            Arc::new(meta::Meta::new(Channel::Messenger, c.clone(), context))
        }
        AccountConfig::Telegram(t) => Arc::new(telegram::Telegram::new(t.clone(), context)),
        AccountConfig::Sms(c) => match &c.via {
            SmsVia::Twilio(t) => Arc::new(twilio::Twilio::sms(c, t, &context)),
            SmsVia::Phone(p) => Arc::new(smsgate::SmsGate::new(c, p, &context)),
        },
        AccountConfig::Whatsapp(c) => Arc::new(twilio::Twilio::whatsapp(c, &context)),
        AccountConfig::Matrix(c) => {
            Arc::new(matrix::Matrix::new(Channel::Matrix, c.clone(), context))
        }
        AccountConfig::Webchat(c) => {
            Arc::new(matrix::Matrix::new(Channel::Webchat, c.clone(), context))
        }
    })
}
