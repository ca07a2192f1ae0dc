//! The interchange format, version 1: one JSON object a line (`docs/interchange.md`, `docs/interchange.schema.json`).
//!
//! What Parley writes carries everything; what other programs write needs only the fields without a default.
//! Unknown fields are ignored and counted.

use super::{Channel, Class, Direction, Party, Place};
use crate::time::Millis;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The version that is written, and the greatest that is read.
pub const VERSION: u32 = 1;
/// What stands under `parley` in the first line.
pub const FORMAT: &str = "interchange";

/// Fields that this version does not know.
pub type Unknown = Map<String, Value>;

/// An instant: milliseconds since 1970 UTC, or a text as RFC 3339 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Default)]
#[serde(transparent)]
pub struct Instant(pub Millis);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let said = Value::deserialize(d)?;
        let read = match &said {
            Value::Number(n) => n.as_i64(),
            Value::String(s) => s
                .parse::<jiff::Timestamp>()
                .ok()
                .map(jiff::Timestamp::as_millisecond),
            _ => None,
        };
        // The years 1 to 9999, as RFC 3339 has them.
        read.filter(|ms| (-62_135_596_800_000..=253_402_300_799_999).contains(ms))
            .map(Self)
            .ok_or_else(|| {
                serde::de::Error::custom(
                    "an instant is milliseconds since 1970, or a text such as 2026-03-02T09:00:00Z",
                )
            })
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Always `interchange`.
    pub parley: String,
    /// The format's version.
    pub version: u32,
    /// When it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported_at: Option<Instant>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether this is all of a workspace, or chosen conversations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<bool>,
    /// How many messages follow, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// Under which key its ids were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Ids>,
    /// The person who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// Tells whether ids may be kept, and lets the workspace's own key file bring them back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    /// The same in two files iff their ids were made under one key.
    pub check: String,
    /// The key of the ids, sealed under the workspace's key: useless without its key file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// An account that messages name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountLine {
    /// How lines of this file name it.
    pub id: String,
    /// Its channel.
    #[serde(default = "email")]
    pub channel: Channel,
    /// Its own address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Further addresses that are ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<String>,
    /// Within which its customers' ids are unique.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Parley's settings of it, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// What this version does not know.
    #[serde(flatten, skip_serializing)]
    pub unknown: Unknown,
}

fn email() -> Channel {
    Channel::Email
}

/// A canonical address of a person, and what Parley called it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandleLine {
    /// How lines of this file name it, and the customer made from it.
    pub id: String,
    /// Channel.
    pub channel: Channel,
    /// Where the value is unique; empty for mail and phone numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The address.
    pub value: String,
    /// Display name of the newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of when that name is.
    #[serde(default)]
    pub name_at: Instant,
    /// What this version does not know.
    #[serde(flatten, skip_serializing)]
    pub unknown: Unknown,
}

/// How a message names itself and what it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its own Message-ID, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_reply_to: Vec<String>,
    /// The thread so far, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The provider's own id of the thread, at this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The mailing list that it came over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Name.
    pub name: String,
    /// Media type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mime: String,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256 of the content, hexadecimal. Without `content` the file is `attachments/<sha256>` beside this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Content-ID without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Shown inside the text.
    #[serde(default, skip_serializing_if = "is_false")]
    pub inline: bool,
    /// The content, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks by reference
fn is_false(b: &bool) -> bool {
    !*b
}

/// One appearance of a message at an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Account.
    pub account: String,
    /// The provider's id there.
    pub remote_id: String,
    /// Where it was found.
    pub place: Place,
    /// The provider's word on the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<bool>,
    /// The server's time.
    pub server_at: Instant,
    /// Whether a Received header says so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub received: bool,
    /// No longer there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub vanished: bool,
}

/// How a message that was written in Parley was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sending {
    /// The group of the command.
    pub group: String,
    /// Counts queueings.
    pub attempt: i64,
    /// Calls made to the provider.
    pub tries: i64,
    /// Held until.
    pub hold_until: Instant,
    /// Why it is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// The resolve made with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_act: Option<String>,
    /// When the provider accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Instant>,
    /// What else was said of the mail; Parley's own.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub mail: Map<String, Value>,
}

/// What was told of a message after it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaterLine {
    /// `edited` (its text is what it says since), `unsent` (its words are gone), `reaction`, `delivered`, `read` or
    /// `undelivered`.
    pub what: String,
    /// When.
    pub at: Instant,
    /// Whose reaction: an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// With what; none = taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// Why it did not arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<super::Undelivered>,
    /// The reaction's own id, where one person may give several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl LaterLine {
    /// As a connector would have told it; `None` for words of a later version. `text` is what the message says now.
    #[must_use]
    pub fn fact(&self, text: &str) -> Option<super::Later> {
        use super::{Later, Reached};
        Some(match self.what.as_str() {
            "edited" => Later::Edited {
                text: text.to_owned(),
                html: None,
            },
            "unsent" => Later::Unsent,
            "reaction" if self.id.is_some() && self.emoji.is_some() => Later::Reacted {
                id: super::RemoteId(self.id.clone()?),
                by: self.by.clone().unwrap_or_default(),
                emoji: self.emoji.clone()?,
            },
            // One of several that was taken back leaves no trace.
            "reaction" if self.id.is_some() => return None,
            "reaction" => Later::Reaction {
                by: self.by.clone().unwrap_or_default(),
                emoji: self.emoji.clone(),
            },
            "delivered" => Later::Reached(Reached::Delivered),
            "read" => Later::Reached(Reached::Read),
            "undelivered" => Later::Reached(Reached::Undelivered(self.why.clone()?)),
            _ => return None,
        })
    }
}

/// A message of any channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageLine {
    /// Its id, where this was written by Parley; else any name that is unique within the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its account; without one, that of the import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Channel.
    #[serde(default = "email")]
    pub channel: Channel,
    /// Which way it went.
    pub direction: Direction,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Party>,
    /// Recipients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Party>,
    /// Copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Party>,
    /// Where answers are asked to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<Party>,
    /// When it was sent.
    pub sent_at: Instant,
    /// What the sender claims, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<Instant>,
    /// Subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Text.
    #[serde(default)]
    pub text: String,
    /// HTML; sanitised when it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Threading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// Person, program or junk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Class>,
    /// Why, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind_reason: Option<String>,
    /// Where its sending stands: `sent`, `failed`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<super::OutboxState>,
    /// Whether it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// Why nobody can read it; `raw` holds what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// What it carries besides text and files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<super::Card>,
    /// What was told of it later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<LaterLine>,
    /// The agent who wrote it in Parley.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authored_at: Option<Instant>,
    /// The unanswered messages that its author saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Vec<String>>,
    /// The conversation that it was written in, and where else it is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown_in: Vec<String>,
    /// How it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<Sending>,
    /// Where it was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivery>,
    /// What makes it the same mail elsewhere, base64 parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<String>,
    /// The message as it came, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The same, compressed with zstd before base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_zstd: Option<String>,
    /// What this version does not know.
    #[serde(flatten, skip_serializing)]
    pub unknown: Unknown,
}

/// One field set by an entry of the log.
pub type Change = super::log::FieldChange;

/// An entry of the log, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryLine {
    /// Id.
    pub id: String,
    /// When, from its stamp; to be read by people.
    #[serde(default)]
    pub at: Instant,
    /// The command.
    pub kind: String,
    /// Who; without, a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Where it was written.
    pub device: String,
    /// Clock and device.
    pub stamp: String,
    /// What one undo takes back.
    pub group: String,
    /// What it is about.
    pub entity: String,
    /// The entity's id.
    pub entity_id: String,
    /// The conversation that it is shown in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Value>,
    /// The group that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The fields.
    pub changes: Vec<Change>,
    /// What this version does not know.
    #[serde(flatten, skip_serializing)]
    pub unknown: Unknown,
}

/// What an agent did, as other programs write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// `to`: an agent, or nobody.
    Assigned,
    /// All that had come by then.
    Resolved,
    /// Open again.
    Reopened,
    /// `tag`.
    Tagged,
    /// `tag`.
    Untagged,
    /// `to`: a stage.
    StageChanged,
    /// `text`.
    Noted,
    /// `until`.
    Snoozed,
    /// `with`: another address of the same person.
    Linked,
    /// `with`.
    Unlinked,
    /// `to`: a name.
    Renamed,
    /// What had come by then needs no answer.
    NoReplyNeeded,
    /// The sender is nobody's customer.
    NotACustomer,
}

/// An agent's deed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// What was done.
    #[serde(rename = "type")]
    pub deed: Deed,
    /// The customer's address.
    pub customer: String,
    /// Its channel.
    #[serde(default = "email")]
    pub channel: Channel,
    /// When.
    pub at: Instant,
    /// Who; without, the import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// To whom or to what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Another address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// Its channel, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_channel: Option<Channel>,
    /// What this version does not know.
    #[serde(flatten, skip_serializing)]
    pub unknown: Unknown,
}

/// A person of the team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentLine {
    /// How lines of this file name the agent.
    pub id: String,
    /// Name.
    pub name: String,
    /// What this version does not know.
    #[serde(flatten, skip_serializing)]
    pub unknown: Unknown,
}

/// What an agent had begun to write and not sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DraftLine {
    /// The conversation that it was begun in: the `id` of a handle line.
    pub conversation: String,
    /// Whose; without, the person who imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// A note rather than a reply.
    #[serde(default, skip_serializing_if = "is_false")]
    pub note: bool,
    /// Text.
    #[serde(default)]
    pub text: String,
    /// The same with its formatting, where it has some. A picture in it is `cid:` and the `content_id` of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Subject, if it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Recipients, if they were changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Party>,
    /// Copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Party>,
    /// Hidden copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Party>,
    /// The account to send from, if it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The address to send from, if it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whether the answered message stands below.
    #[serde(default, skip_serializing_if = "is_false")]
    pub quote: bool,
    /// Whether the account's signature stands below.
    #[serde(default, skip_serializing_if = "is_false")]
    pub signature: bool,
    /// The message that is passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarding: Option<String>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Last change; of two drafts in one place the newer stands.
    pub updated_at: Instant,
    /// What this version does not know.
    #[serde(flatten, skip_serializing)]
    pub unknown: Unknown,
}

/// The last line of what Parley writes: without it the file was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndLine {
    /// Messages written.
    pub messages: u64,
    /// Entries of the log written.
    pub entries: u64,
    /// The content's digest, independent of ids, where it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A line that is read.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The first line.
    Header(Header),
    /// An account.
    Account(AccountLine),
    /// A person of the team.
    Agent(AgentLine),
    /// An address.
    Handle(HandleLine),
    /// A message.
    Message(Box<MessageLine>),
    /// An entry of the log.
    Entry(Box<EntryLine>),
    /// A deed.
    Event(Box<EventLine>),
    /// A draft.
    Draft(Box<DraftLine>),
    /// The end.
    End(EndLine),
}

impl Line {
    /// Read a line.
    ///
    /// # Errors
    /// In words for a person: what is no JSON, of an unknown type, or without a field that must be there.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let value: Value =
            serde_json::from_slice(text).map_err(|e| format!("it is not JSON: {e}"))?;
        let Value::Object(mut object) = value else {
            return Err("it is not a JSON object".into());
        };
        if object.contains_key("parley") {
            return of(object).map(Self::Header);
        }
        let Some(kind) = object
            .get("type")
            .and_then(Value::as_str)
            .map(str::to_owned)
        else {
            return Err("it has no “type”".into());
        };
        if serde_json::from_value::<Deed>(Value::String(kind.clone())).is_ok() {
            return of(object).map(|e| Self::Event(Box::new(e)));
        }
        object.remove("type");
        match kind.as_str() {
            "account" => of(object).map(Self::Account),
            "agent" => of(object).map(Self::Agent),
            "handle" => of(object).map(Self::Handle),
            "message" => of(object).map(|m| Self::Message(Box::new(m))),
            "entry" => of(object).map(|e| Self::Entry(Box::new(e))),
            "draft" => of(object).map(|d| Self::Draft(Box::new(d))),
            "end" => of(object).map(Self::End),
            other => {
                let shown: String = other.chars().take(40).collect();
                Err(format!("its type “{shown}” is not known"))
            }
        }
    }

    /// How many of its fields this version does not know.
    #[must_use]
    pub fn unknown(&self) -> usize {
        match self {
            Self::Header(_) | Self::End(_) => 0,
            Self::Account(l) => l.unknown.len(),
            Self::Agent(l) => l.unknown.len(),
            Self::Handle(l) => l.unknown.len(),
            Self::Message(l) => l.unknown.len(),
            Self::Entry(l) => l.unknown.len(),
            Self::Event(l) => l.unknown.len(),
            Self::Draft(l) => l.unknown.len(),
        }
    }
}

fn of<T: serde::de::DeserializeOwned>(object: Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(object)).map_err(|e| {
        let text = e.to_string();
        // A field's value may be a customer's words: what serde quotes of it is cut short.
        text.chars().take(160).collect()
    })
}
