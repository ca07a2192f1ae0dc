//! Connected accounts: how to reach them, what they can do, and how they are.

use super::{Hint, MatrixConfig, MetaConfig, SmsConfig, TelegramConfig, Template, WhatsappConfig};
use crate::time::{Millis, SECOND};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A kind of medium. The text is what stands in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Electronic mail.
    Email,
    /// Instagram direct messages.
    Instagram,
    /// Facebook Messenger.
    Messenger,
    /// Text messages.
    Sms,
    /// WhatsApp.
    Whatsapp,
    /// Telegram.
    Telegram,
    /// Matrix.
    Matrix,
    /// The chat window on a website.
    Webchat,
}

impl Channel {
    /// All channels, in the order of their numbers in the database.
    pub const ALL: [Self; 8] = [
        Self::Email,
        Self::Instagram,
        Self::Messenger,
        Self::Sms,
        Self::Whatsapp,
        Self::Telegram,
        Self::Matrix,
        Self::Webchat,
    ];

    /// The channel under which a person's address is kept: a telephone number is one on all of its channels.
    #[must_use]
    pub fn of_handles(self) -> Self {
        match self {
            Self::Whatsapp => Self::Sms,
            other => other,
        }
    }

    /// The word used in the database and in searches.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Instagram => "instagram",
            Self::Messenger => "messenger",
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::Matrix => "matrix",
            Self::Webchat => "webchat",
        }
    }

    /// From the word used in the database.
    #[must_use]
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == s)
    }
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// Plain at first, upgraded before anything is said. Refusal to upgrade ends the connection.
    Starttls,
    /// No protection. Accepted only for a server on this very computer (loopback).
    None,
}

/// One mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection of the connection.
    pub security: Security,
    /// The name to sign in with.
    pub user: String,
}

/// Who files the copy of a sent mail in the Sent folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum SentCopy {
    /// Decided from the server: the big providers do it, others do not.
    #[default]
    Auto,
    /// The server does.
    Server,
    /// Parley appends it.
    Append,
}

/// Who gives out the tokens of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum OauthProvider {
    /// Google.
    Google,
    /// Microsoft 365 and Outlook.com.
    Microsoft,
}

/// How to prove to a server who one is. The secret itself is kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Auth {
    /// A password, or an app password.
    #[default]
    Password,
    /// A token (XOAUTH2), refreshed when it runs out.
    Oauth {
        /// Whose.
        provider: OauthProvider,
        /// The id under which this program is known there; the user's own where a review would be needed.
        client_id: String,
        /// Microsoft's tenant; `common` if empty.
        #[serde(default)]
        tenant: String,
    },
}

/// Everything about a mailbox but its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// The address that mail is sent from.
    pub address: String,
    /// The name shown beside the address.
    pub display_name: String,
    /// Where mail is read.
    pub imap: MailServer,
    /// Where mail is handed in.
    pub smtp: MailServer,
    /// Other addresses that are this mailbox.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Who files sent mail.
    #[serde(default)]
    pub sent_copy: SentCopy,
    /// A certificate (PEM) to trust besides the system's: for servers with a private authority.
    #[serde(default)]
    pub trusted_certificate: Option<String>,
    /// How to prove who one is.
    #[serde(default)]
    pub auth: Auth,
    /// SHA-256 fingerprints (lower-case hexadecimal) of server certificates that a person has looked at and trusts;
    /// with a space and a host name behind it, for that server only.
    #[serde(default)]
    pub trusted_fingerprints: Vec<String>,
    /// The signature put under what is sent from here; plain text.
    #[serde(default)]
    pub signature: String,
    /// The folders to read, as the server names them; empty = the usual ones.
    #[serde(default)]
    pub folders: Vec<String>,
    /// Whether read marks go to the server and come from it.
    #[serde(default)]
    pub sync_read: bool,
}

/// How to reach an account; secrets are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "channel", rename_all = "lowercase")]
pub enum AccountConfig {
    /// A mailbox.
    Email(EmailConfig),
    /// An Instagram professional account.
    Instagram(MetaConfig),
    /// A Facebook Page's Messenger.
    Messenger(MetaConfig),
    /// A number for text messages.
    Sms(SmsConfig),
    /// A WhatsApp number.
    Whatsapp(WhatsappConfig),
    /// A Telegram bot.
    Telegram(TelegramConfig),
    /// A user of a Matrix homeserver.
    Matrix(MatrixConfig),
    /// A website's chat, by a user of a Matrix homeserver.
    Webchat(MatrixConfig),
}

impl AccountConfig {
    /// The channel this account is on.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Instagram(_) => Channel::Instagram,
            Self::Messenger(_) => Channel::Messenger,
            Self::Sms(_) => Channel::Sms,
            Self::Whatsapp(_) => Channel::Whatsapp,
            Self::Telegram(_) => Channel::Telegram,
            Self::Matrix(_) => Channel::Matrix,
            Self::Webchat(_) => Channel::Webchat,
        }
    }

    /// The mailbox, if it is one.
    #[must_use]
    pub fn email(&self) -> Option<&EmailConfig> {
        match self {
            Self::Email(e) => Some(e),
            _ => None,
        }
    }

    /// The canonical address at the provider, part of the account's identity (`model.md`): mailbox host and user, the
    /// professional account's or Page's id, the number, the bot's id, the user.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Email(e) => format!(
                "{}@{}",
                e.imap.user.trim().to_lowercase(),
                e.imap.host.trim().to_lowercase()
            ),
            other => other.sender().to_owned(),
        }
    }

    /// What a person calls this account.
    #[must_use]
    pub fn address(&self) -> &str {
        let named = match self {
            Self::Instagram(m) | Self::Messenger(m) => &m.name,
            Self::Telegram(t) => &t.name,
            Self::Webchat(m) => &m.name,
            _ => "",
        };
        if named.is_empty() {
            self.sender()
        } else {
            named
        }
    }

    /// The address under which it writes, as its channel names it.
    #[must_use]
    pub fn sender(&self) -> &str {
        match self {
            Self::Email(e) => &e.address,
            Self::Instagram(m) | Self::Messenger(m) => &m.id,
            Self::Sms(s) => &s.number,
            Self::Whatsapp(w) => &w.number,
            Self::Telegram(t) => &t.bot_id,
            Self::Matrix(m) | Self::Webchat(m) => &m.user_id,
        }
    }

    /// The name under which it writes, where it has one.
    #[must_use]
    pub fn display_name(&self) -> &str {
        match self {
            Self::Email(e) => &e.display_name,
            Self::Instagram(m) | Self::Messenger(m) => &m.name,
            Self::Sms(s) => &s.name,
            Self::Whatsapp(w) => &w.name,
            Self::Telegram(t) => &t.name,
            Self::Matrix(m) | Self::Webchat(m) => &m.name,
        }
    }

    /// Within which its customers' ids are unique: the account or Page for Meta's ids, everywhere for the others.
    #[must_use]
    pub fn handle_scope(&self) -> &str {
        match self {
            Self::Instagram(m) | Self::Messenger(m) => &m.id,
            _ => "",
        }
    }

    /// Every canonical address that is this account's own.
    #[must_use]
    pub fn own_addresses(&self) -> Vec<String> {
        match self {
            Self::Email(e) => std::iter::once(&e.address)
                .chain(&e.aliases)
                .filter_map(|a| super::handle::email_key(a))
                .collect(),
            other => super::handle::address_key(other.channel(), other.sender())
                .into_iter()
                .collect(),
        }
    }
}

/// How an account is. Each state is shown with a sentence in the person's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Signing in, or the first poll is under way.
    Connecting,
    /// All is well.
    Ok,
    /// The server cannot be reached or is busy; tried again by itself.
    Waiting,
    /// A person must sign in again or mend the settings; not tried again by itself.
    NeedsAttention,
    /// Paused by a person.
    Paused,
}

/// What of a text's formatting a channel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Formatting {
    /// Text and nothing else.
    None,
    /// Bold, italic, struck and code, by signs around the words; lists and links as text.
    Signs,
    /// Words with their marks, quotes and links; lists as text, no pictures.
    Words,
    /// All but pictures in the text.
    Blocks,
    /// Whatever can be written here (`model::rich`).
    Html,
}

/// What the length of a text is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// Unicode characters.
    Chars,
    /// Bytes of UTF-8.
    Bytes,
    /// Short messages that are sent as one (GSM 03.38, 3GPP TS 23.038).
    Segments,
}

/// The longest text that a channel takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TextLimit {
    /// So many.
    pub most: u32,
    /// Of these.
    pub unit: TextUnit,
}

/// What an account can do, as data: the window asks this and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Capabilities {
    /// The channel.
    pub channel: Channel,
    /// What of a text's formatting it carries.
    pub formatting: Formatting,
    /// Longest text; `None` = no limit of its own.
    pub text_limit: Option<TextLimit>,
    /// Whether a message has a subject.
    pub subject: bool,
    /// Whether copies can be sent to others.
    pub copies: bool,
    /// Whether files can be sent.
    pub attachments: bool,
    /// Largest file in bytes, where known.
    #[ts(type = "number | null")]
    pub max_attachment: Option<u64>,
    /// Largest file in bytes of some media types, as `image/*`, where it is less than that.
    #[serde(default)]
    #[ts(type = "Array<[string, number]>")]
    pub max_by_type: Vec<(String, u64)>,
    /// Most files of one message; the others go in messages of their own. 0 = as many as one likes.
    pub max_files: u32,
    /// A file goes without text, in a message of its own.
    pub files_apart: bool,
    /// Media types of files that can be sent, as `image/png` or `audio/*`; empty = all.
    pub file_types: Vec<String>,
    /// Hours after the customer's last message in which one may answer; `None` = always.
    pub reply_window_hours: Option<u32>,
    /// Whether one may write to somebody who never wrote.
    pub may_write_first: bool,
    /// Whether the provider drops a second send with the same key.
    pub deduplicates: bool,
    /// Whether news are pushed while waiting.
    pub pushes: bool,
    /// Seconds between polls while nothing is pushed and somebody writes or looks.
    pub poll_seconds: u32,
    /// Seconds between polls while nobody writes or looks.
    pub idle_seconds: u32,
    /// Texts that may be sent outside of the window.
    pub templates: Vec<Template>,
    /// Whether the provider's media may be kept.
    pub may_keep_media: bool,
    /// Whether what came before can be read once more; some providers give each message once.
    pub rereads: bool,
}

/// How routes into the chats of a Telegram Business account begin (`crate::connectors::telegram`).
pub const BUSINESS_ROUTE: &str = "business:";
/// Hours after a customer's last message in which a bot may answer in a business account's name.
const BUSINESS_HOURS: u32 = 24;

impl Capabilities {
    /// What holds for somebody who is answered by this route, as their last message named it.
    #[must_use]
    pub fn by_route(&self, route: Option<&str>) -> Self {
        let business = route.is_some_and(|r| r.starts_with(BUSINESS_ROUTE));
        Self {
            reply_window_hours: match self.channel {
                Channel::Telegram if business => Some(BUSINESS_HOURS),
                _ => self.reply_window_hours,
            },
            ..self.clone()
        }
    }

    /// When the time ends in which one may answer somebody who wrote last then; `None` where there is no such time.
    #[must_use]
    pub fn window_end(&self, last: Option<Millis>) -> Option<Millis> {
        let hours = Millis::from(self.reply_window_hours?);
        last.map(|at| at.saturating_add(hours * 3_600 * SECOND))
    }

    /// What a channel of short texts can do at least; a connector says what differs.
    #[must_use]
    pub fn of_text(channel: Channel) -> Self {
        Self {
            channel,
            formatting: Formatting::None,
            text_limit: None,
            subject: false,
            copies: false,
            attachments: false,
            max_attachment: None,
            max_by_type: Vec::new(),
            max_files: 1,
            files_apart: false,
            file_types: Vec::new(),
            reply_window_hours: None,
            may_write_first: false,
            deduplicates: false,
            pushes: false,
            poll_seconds: 15,
            idle_seconds: 60,
            templates: Vec::new(),
            may_keep_media: true,
            rereads: true,
        }
    }
}

impl Capabilities {
    /// Largest file of a media type in bytes, where known.
    #[must_use]
    pub fn most_of(&self, mime: &str) -> Option<u64> {
        let of_type = self
            .max_by_type
            .iter()
            .filter(|(t, _)| is_media_of(t, mime));
        of_type
            .map(|(_, most)| *most)
            .chain(self.max_attachment)
            .min()
    }
}

/// Whether a media type is the one that is named, or of the kind (`image/*`).
#[must_use]
pub fn is_media_of(named: &str, mime: &str) -> bool {
    match named.strip_suffix("/*") {
        Some(kind) => mime.split('/').next() == Some(kind),
        None => named == mime,
    }
}

/// How an account stands beside its state; what its connector alone knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Standing {
    /// When its token runs out and a person must bring another one, where it does.
    #[ts(type = "number | null")]
    pub token_until: Option<Millis>,
    /// Percent of the vendor's allowance that is used, as last told.
    pub used_percent: Option<u32>,
    /// The vendor asks to be left alone until then.
    #[ts(type = "number | null")]
    pub held_until: Option<Millis>,
    /// What a person should know, in words.
    pub notes: Vec<String>,
}

/// What the "Test" button found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Profile {
    /// What the provider calls the account.
    pub name: String,
    /// Notes for a person: the server's kind, folders found.
    pub notes: Vec<String>,
}

/// The opaque point up to which an account has been polled. Only the connector that made it reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(pub String);

/// A hole in what was polled, that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Gap {
    /// Where: a folder or a thread.
    pub place: String,
    /// What is missing, in words.
    pub reason: String,
    /// From when, if known.
    #[ts(type = "number | null")]
    pub since: Option<Millis>,
}

/// What to do about a failure of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// A person must sign in again or mend the settings.
    Reconnect,
    /// Wait as long as told, then try again.
    Wait,
    /// Try again with growing pauses; nothing can have gone out.
    Retry,
    /// Never try again: the provider's answer is final.
    Final,
    /// It may have happened. Never repeated without a person.
    Uncertain,
}

/// A failure of a channel: what happened, at which server or folder, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct ChannelError {
    /// What to do.
    pub remedy: Remedy,
    /// What happened, in words for a person. Names hosts and folders, never secrets or text.
    pub what: String,
    /// The step that failed: `dns`, `connect`, `tls`, `greeting`, `login`, `folder`, `fetch`, `recipient`, `data`, …
    pub step: &'static str,
    /// How long to wait, where the provider said so.
    pub retry_after: Option<Millis>,
    /// What more is known of what a person can do.
    pub hint: Option<Hint>,
    /// The provider was not even asked: we ourselves hold back for a while. It counts as no try.
    pub unasked: bool,
}

impl ChannelError {
    /// Whether the provider refused the secret, so that only a new one helps. A person may also be needed for an address
    /// that leads nowhere, a certificate, a number, or a program that takes the messages away.
    #[must_use]
    pub fn refuses_secret(&self) -> bool {
        const OTHERWISE: [&str; 10] = [
            "connect", "conflict", "dns", "find", "folder", "number", "settings", "tls",
            "visitors", "webhook",
        ];
        self.remedy == Remedy::Reconnect && !OTHERWISE.contains(&self.step)
    }

    /// A failure with its remedy, the step and the words.
    pub fn new(remedy: Remedy, step: &'static str, what: impl Into<String>) -> Self {
        Self {
            remedy,
            what: what.into(),
            step,
            retry_after: None,
            hint: None,
            unasked: false,
        }
    }

    /// The same, of something that the provider was not asked for.
    #[must_use]
    pub fn before_asking(self) -> Self {
        Self {
            unasked: true,
            ..self
        }
    }

    /// The same with what more is known.
    #[must_use]
    pub fn with_hint(self, hint: Hint) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}
