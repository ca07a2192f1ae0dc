//! What a message carries besides its text and files, as labelled cards; and what is told of a message later.

use super::{CleanHtml, RemoteId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a card is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// It answers a story of ours.
    StoryReply,
    /// We are named in a story of theirs.
    StoryMention,
    /// A post, a reel, a product, a page that was passed on.
    Share,
    /// A message that this one answers; `text` is its beginning.
    Quote,
    /// A picture, video, recording or file that is only linked to, because it may not be kept.
    Media,
    /// A sticker.
    Sticker,
    /// A place on the map; `link` leads there.
    Location,
    /// Somebody's contact details.
    Contact,
    /// A button of ours was pressed; `text` is what it says.
    Button,
    /// A call.
    Call,
    /// Something that the vendor's own program shows and this interface does not give.
    Unsupported,
    /// Something of a kind that is not known here; what came is kept.
    Unknown,
    /// Messages that cannot be had any more; `count` of them.
    Missing,
    /// An encrypted room, which cannot be read.
    Encrypted,
    /// Somebody came or went, or something else happened that nobody wrote.
    Notice,
}

/// A labelled card in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Card {
    /// What it is about.
    pub kind: CardKind,
    /// What is said on it; plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// Where it leads (absolute http or https).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
    /// The media type of what it leads to, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub mime: Option<String>,
    /// Until when it leads there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until: Option<Millis>,
    /// How many it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub count: Option<u32>,
}

impl Card {
    /// A card that says only what it is about.
    #[must_use]
    pub fn of(kind: CardKind) -> Self {
        Self {
            kind,
            text: None,
            link: None,
            mime: None,
            until: None,
            count: None,
        }
    }

    /// With what is said on it; nothing where that is empty.
    #[must_use]
    pub fn saying(self, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            text: Some(text).filter(|t| !t.trim().is_empty()),
            ..self
        }
    }

    /// With where it leads; anything but http and https leads nowhere.
    #[must_use]
    pub fn leading(self, link: &str) -> Self {
        let web = ::url::Url::parse(link)
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https"));
        Self {
            link: web.map(String::from),
            ..self
        }
    }
}

/// Why a message did not reach a person after its provider had taken it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// The provider's code.
    pub code: String,
    /// Why, and what to do, in words for a person.
    pub words: String,
    /// The address itself is no good: another try would fail as well.
    pub hard: bool,
}

/// How far a message of ours came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// It is on the person's device.
    Delivered,
    /// The person saw it.
    Read,
    /// It did not arrive after all.
    Undelivered(Undelivered),
}

/// Something that is told of a message after it was written. Told before the message itself comes, it waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Later {
    /// Its writer changed it.
    Edited {
        /// What it says now.
        text: String,
        /// The same with its formatting.
        html: Option<CleanHtml>,
    },
    /// Its writer took it back: its words go here too, a tombstone stays.
    Unsent,
    /// Somebody reacted to it.
    Reaction {
        /// Whose: a canonical address of the channel.
        by: String,
        /// With what; `None` = it was taken back.
        emoji: Option<String>,
    },
    /// Somebody reacted to it where a reaction has an id of its own, and one person may give several. It is taken back
    /// by [`Later::Unsent`] of that id.
    Reacted {
        /// The reaction, by the provider's id at this account.
        id: RemoteId,
        /// Whose: a canonical address of the channel.
        by: String,
        /// With what.
        emoji: String,
    },
    /// How far a message of ours came.
    Reached(Reached),
}

/// A [`Later`] with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Afterwards {
    /// The message, by the provider's id at this account.
    pub of: RemoteId,
    /// When.
    pub at: Millis,
    /// What.
    pub what: Later,
}

/// Everything up to a message, where a provider tells no more than the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpTo {
    /// The message, whether it is here or not.
    pub of: RemoteId,
    /// Within which conversation of the provider: the first word of all its ids.
    pub within: String,
    /// When the message was written, or the latest that it can have been.
    pub until: Millis,
}

/// What a person says of themselves at a channel; each `None` says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonSays {
    /// Whose: an address of the channel.
    pub address: String,
    /// A name.
    pub name: Option<String>,
    /// A user name.
    pub username: Option<String>,
    /// A mail address at which they can be reached. Nobody vouches for it.
    pub email: Option<String>,
    /// They want no more messages (`true`), or want them again.
    pub opted_out: Option<bool>,
    /// When they said so.
    pub at: Millis,
}

/// How a person came here: an attribution fact.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct Touch {
    /// The first page they looked at.
    #[serde(default)]
    pub page: Option<String>,
    /// The page that led there.
    #[serde(default)]
    pub referrer: Option<String>,
    /// The campaign's words: `source`, `medium`, `campaign`, `term`, `content`.
    #[serde(default)]
    pub utm: std::collections::BTreeMap<String, String>,
    /// An ad, a story, a deep link's parameter.
    #[serde(default)]
    pub reference: Option<String>,
}

/// A [`Touch`] with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The provider's id of what says so, unique at the account.
    pub remote_id: RemoteId,
    /// Whose: an address of the channel.
    pub address: String,
    /// When.
    pub at: Millis,
    /// How.
    pub touch: Touch,
}
