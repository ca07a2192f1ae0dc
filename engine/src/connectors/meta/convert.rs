//! Messages as the interface gives them, made into what Parley knows. Pure: nobody is asked anything here.
//!
//! Everything is read leniently and by name, because what is known of these bodies was mostly seen in the field: a part
//! of another shape costs that part and not the message, and a message that cannot be placed costs itself alone.

mod page;
mod parts;
#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
mod webhook;

pub use page::payload;
pub(super) use page::{customer, messages, person, unreadable};

use super::when;
use crate::model::{
    Card, CardKind, Channel, Class, Incoming, Kind, MetaConfig, Party, Place, RemoteId,
};
use crate::time::{DAY, Millis};
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// The version of this converter ([`crate::connectors::Connector::reads_version`]).
pub const VERSION: u32 = 1;
/// Where a person finds what this interface does not give.
const INSTAGRAM: &str = "https://www.instagram.com/direct/inbox/";
const MESSENGER: &str = "https://business.facebook.com/latest/inbox";
/// Longest text of a card.
const LONGEST: usize = 300;

/// The account whose messages are read, and by which ids they may name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Instagram or Messenger.
    pub channel: Channel,
    /// The id that its messages are kept under.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Other ids that are it as well: the Page's, the app's own for the account.
    pub also: Vec<String>,
}

impl Owner {
    /// Of an account.
    #[must_use]
    pub fn of(channel: Channel, config: &MetaConfig) -> Self {
        let page = Some(config.page.clone()).filter(|p| !p.is_empty());
        Self {
            channel,
            id: config.id.clone(),
            name: config.name.clone(),
            also: page.into_iter().collect(),
        }
    }

    /// Whether an id is this account's. Compared with all of them: who knows only the Page's writes to himself.
    #[must_use]
    pub fn is(&self, id: &str) -> bool {
        id == self.id || self.also.iter().any(|a| a == id)
    }

    fn party(&self) -> Party {
        Party {
            name: Some(self.name.clone()).filter(|n| !n.is_empty()),
            address: self.id.clone(),
        }
    }

    /// Where a person sees everything.
    fn inbox(&self) -> &'static str {
        match self.channel {
            Channel::Messenger => MESSENGER,
            _ => INSTAGRAM,
        }
    }
}

/// A customer as a list or a message names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Somebody {
    /// The id that only this account knows them by.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// User name. Never a key: it changes hands.
    pub username: Option<String>,
}

impl Somebody {
    /// From `{id, name | username}`.
    pub(super) fn read(json: &Value) -> Option<Self> {
        Some(Self {
            id: id(json.get("id")?)?,
            name: words(json, "name"),
            username: words(json, "username"),
        })
    }

    pub(super) fn party(&self) -> Party {
        Party {
            name: self.name.clone().or_else(|| self.username.clone()),
            address: self.id.clone(),
        }
    }
}

/// A file that a message has, by where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Where, for a while.
    pub url: String,
    /// Its name, as given.
    pub name: Option<String>,
    /// Media type, as claimed.
    pub mime: Option<String>,
    /// Where a small picture of it lies, for a while.
    pub preview: Option<String>,
    /// What its card is about.
    pub card: CardKind,
}

impl Media {
    /// The file as a link, as long as that leads there.
    #[must_use]
    pub fn linked(&self, now: Millis) -> Card {
        Card {
            mime: self.mime.clone(),
            until: until(&self.url, now),
            ..Card::of(self.card)
                .saying(self.name.as_deref().map(short).unwrap_or_default())
                .leading(&self.url)
        }
    }
}

/// A message that was understood, whose files are not fetched yet.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The message without its files.
    pub message: Incoming,
    /// Its files.
    pub media: Vec<Media>,
    /// Who reacted, and with what.
    pub reactions: BTreeMap<String, String>,
    /// When, as the interface says it: in whole seconds.
    pub at: Millis,
}

impl Draft {
    /// The message with its files as links.
    #[must_use]
    pub fn linked(mut self, now: Millis) -> Incoming {
        let cards = self.media.iter().map(|m| m.linked(now));
        self.message.cards.extend(cards);
        self.message
    }
}

/// What became of one message of a list.
#[derive(Debug, Clone)]
pub enum Read {
    /// It was understood.
    Message(Box<Draft>),
    /// An id without details: older than the newest twenty, or taken back.
    Bare {
        /// The id.
        id: String,
        /// When, where that is said.
        at: Option<Millis>,
    },
    /// Nothing can be made of it.
    Poison {
        /// Its id, or one made from its bytes.
        id: String,
        /// When, where that is said.
        at: Option<Millis>,
        /// Why.
        reason: &'static str,
        /// Its bytes.
        raw: Vec<u8>,
    },
}

/// Reads one message. `customer` is whom the conversation is with, where that is known; `now` is when the links in it
/// were given.
#[must_use]
pub fn message(json: &Value, owner: &Owner, customer: Option<&Somebody>, now: Millis) -> Read {
    let at = json.get("created_time").and_then(when::read);
    let Some(remote) = json.get("id").and_then(id) else {
        return poison(json, at, "it has no id");
    };
    let (from, to) = (json.get("from"), json.get("to"));
    if bare(json) {
        return Read::Bare { id: remote, at };
    }
    // Without a time of its own, it was written before it was read.
    let at = at.unwrap_or(now);
    let Some((ours, customer)) = sides(from, to, owner, customer) else {
        return poison(json, Some(at), "it does not say who wrote to whom");
    };
    let place = if ours { Place::Sent } else { Place::Inbox };
    let mut m = Incoming::chat(remote, place, at);
    let (us, them) = (owner.party(), customer.party());
    (m.from, m.to) = if ours {
        (Some(us), vec![them])
    } else {
        (Some(them), vec![us])
    };
    let mut draft = Draft {
        message: m,
        media: Vec::new(),
        reactions: parts::reactions(json, &customer.id),
        at,
    };
    fill(&mut draft, json, owner, now);
    Read::Message(Box::new(draft))
}

/// Text, cards and files.
fn fill(draft: &mut Draft, json: &Value, owner: &Owner, now: Millis) {
    let m = &mut draft.message;
    m.text = json
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let mut strange = json
        .get("message")
        .is_some_and(|t| !t.is_string() && !t.is_null());
    m.cards.extend(parts::story(json, now));
    let (shares, odd) = parts::shares(json, now);
    m.cards.extend(shares);
    strange |= odd;
    let files = parts::attachments(json, owner.inbox());
    m.cards.extend(files.cards);
    strange |= files.strange;
    draft.media = files.media;
    parts::sticker(json, &mut draft.media);
    if json.get("is_unsupported").is_some_and(is_true) {
        let card = Card::of(CardKind::Unsupported).leading(owner.inbox());
        m.cards.push(card);
    }
    let nothing = m.text.trim().is_empty() && m.cards.is_empty() && draft.media.is_empty();
    if nothing || strange {
        if nothing {
            m.cards
                .push(Card::of(CardKind::Unknown).leading(owner.inbox()));
        }
        m.quarantine = Some(VERSION);
        m.raw = kept(json);
    }
}

/// Whether a message is nothing but its id and perhaps its time.
fn bare(json: &Value) -> bool {
    let known = ["id", "created_time"];
    json.as_object()
        .is_some_and(|o| o.keys().all(|k| known.contains(&k.as_str())))
}

/// Whether the account wrote it, and with whom. None where the message does not say it, or says that the account wrote
/// to itself.
fn sides(
    from: Option<&Value>,
    to: Option<&Value>,
    owner: &Owner,
    customer: Option<&Somebody>,
) -> Option<(bool, Somebody)> {
    let writer = from.and_then(Somebody::read);
    let readers: Vec<Somebody> = to
        .and_then(|t| t.get("data").unwrap_or(t).as_array())
        .into_iter()
        .flatten()
        .filter_map(Somebody::read)
        .collect();
    let known = |s: Somebody| match customer {
        Some(c) if c.id == s.id => Somebody {
            name: s.name.or_else(|| c.name.clone()),
            username: s.username.or_else(|| c.username.clone()),
            id: s.id,
        },
        _ => s,
    };
    match writer {
        Some(w) if owner.is(&w.id) => {
            let other = readers.into_iter().find(|r| !owner.is(&r.id));
            let other = other.or_else(|| customer.filter(|c| !owner.is(&c.id)).cloned())?;
            Some((true, known(other)))
        }
        Some(w) => Some((false, known(w))),
        None if readers.iter().any(|r| owner.is(&r.id)) => Some((false, customer?.clone())),
        None => None,
    }
}

/// A machine's message in a conversation: so many messages of it cannot be had; without a number, nobody knows how many.
#[must_use]
pub fn missing(
    owner: &Owner,
    customer: &Somebody,
    key: &str,
    count: Option<u32>,
    at: Millis,
) -> Incoming {
    Incoming {
        from: Some(customer.party()),
        to: vec![owner.party()],
        class: Class::Machine,
        class_reason: Some("gap"),
        kind: Kind::Auto,
        cards: vec![Card {
            count,
            ..Card::of(CardKind::Missing).leading(owner.inbox())
        }],
        ..Incoming::chat(format!("gap:{key}"), Place::Inbox, at)
    }
}

fn poison(json: &Value, at: Option<Millis>, reason: &'static str) -> Read {
    let raw = kept(json);
    let known = json.get("id").and_then(id);
    Read::Poison {
        id: known.unwrap_or_else(|| format!("unreadable:{}", digest(&raw))),
        at,
        reason,
        raw,
    }
}

/// The first half of a SHA-256, in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let all = Sha256::digest(bytes);
    data_encoding::HEXLOWER.encode(all.get(..16).unwrap_or(&all))
}

/// A message as it is kept for a later version: without the ways to other pages, which hold the token in clear.
#[must_use]
pub(super) fn kept(json: &Value) -> Vec<u8> {
    fn without_paging(json: &Value) -> Value {
        match json {
            Value::Object(o) => o
                .iter()
                .filter(|(name, _)| *name != "paging")
                .map(|(name, value)| (name.clone(), without_paging(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Array(a) => a.iter().map(without_paging).collect::<Vec<_>>().into(),
            other => other.clone(),
        }
    }
    serde_json::to_vec(&without_paging(json)).unwrap_or_default()
}

/// Until when a link leads somewhere: as it says itself (`ext` in seconds, `oe` in hexadecimal), else a day for the
/// vendor's own servers, and for ever elsewhere.
#[must_use]
pub fn until(link: &str, now: Millis) -> Option<Millis> {
    let url = Url::parse(link).ok()?;
    let said = url.query_pairs().find_map(|(name, value)| match &*name {
        "ext" => value.parse::<i64>().ok(),
        "oe" => i64::from_str_radix(&value, 16).ok(),
        _ => None,
    });
    let likely = said
        .and_then(|seconds| seconds.checked_mul(1_000))
        .filter(|at| (now..now + 400 * DAY).contains(at));
    likely.or_else(|| vendors(&url).then_some(now + DAY))
}

/// Whether an address is one of the vendor's servers for media, whose links run out.
#[must_use]
pub fn vendors(url: &Url) -> bool {
    const OWN: [&str; 4] = ["fbsbx.com", "fbcdn.net", "cdninstagram.com", "facebook.com"];
    url.host_str()
        .is_some_and(|h| OWN.iter().any(|own| under(h, own)))
}

/// Whether a host is this one or below it.
pub(super) fn under(host: &str, own: &str) -> bool {
    host.strip_suffix(own)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// An id: a text, or a number as old versions give it.
pub(super) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() && s.len() <= 1_000 => Some(s.clone()),
        Value::Number(n) => n.as_u64().map(|n| n.to_string()),
        _ => None,
    }
}

/// A field that holds words.
pub(super) fn words(json: &Value, name: &str) -> Option<String> {
    let text = json.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `true`, also as a word.
pub(super) fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

/// As much of a text as a card shows.
pub(super) fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// The provider's id of a message.
pub(super) fn remote(id: impl Into<String>) -> RemoteId {
    RemoteId(id.into())
}
