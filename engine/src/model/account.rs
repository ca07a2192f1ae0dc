//! Connected accounts: how to reach them, what they can do, and how they are.

use super::Hint;
use crate::time::Millis;
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
}

impl AccountConfig {
    /// The channel this account is on.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
        }
    }

    /// The canonical address at the provider, part of the account's identity (`model.md`): mailbox host and user.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Email(e) => format!(
                "{}@{}",
                e.imap.user.trim().to_lowercase(),
                e.imap.host.trim().to_lowercase()
            ),
        }
    }

    /// What a person calls this account.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Email(e) => &e.address,
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
    /// Hours after the customer's last message in which one may answer; `None` = always.
    pub reply_window_hours: Option<u32>,
    /// Whether one may write to somebody who never wrote.
    pub may_write_first: bool,
    /// Whether the provider drops a second send with the same key.
    pub deduplicates: bool,
    /// Whether news are pushed while waiting.
    pub pushes: bool,
    /// Seconds between polls while nothing is pushed.
    pub poll_seconds: u32,
    /// Whether the provider's media may be kept.
    pub may_keep_media: bool,
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
}

impl ChannelError {
    /// A failure with its remedy, the step and the words.
    pub fn new(remedy: Remedy, step: &'static str, what: impl Into<String>) -> Self {
        Self {
            remedy,
            what: what.into(),
            step,
            retry_after: None,
            hint: None,
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
