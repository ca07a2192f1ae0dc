//! Conversations and messages, and how they look to who asks for some of their fields.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::fields::Field;
use super::media;

/// How many of a conversation's messages have details.
pub(super) const DETAILED: usize = 20;

/// Where people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Instagram.
    Instagram,
    /// Messenger.
    Messenger,
}

impl Platform {
    /// Its word in the interface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Messenger => "messenger",
        }
    }

    /// From its word in the interface.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Instagram, Self::Messenger]
            .into_iter()
            .find(|p| p.word() == word)
    }
}

/// What a file is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// Anything else, recordings too.
    File,
}

/// A file in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attached {
    /// One that lies on the media server.
    Kept {
        /// Sent as.
        kind: Kind,
        /// Its id there.
        id: String,
    },
    /// One of the vendor's rules against giving it in Europe: an id and a sentence.
    Withheld,
    /// One of a kind that nobody knows.
    Strange(Value),
}

/// What of a story a message is about; the id of a file on the media server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Story {
    /// It answers a story of ours.
    Reply(String),
    /// It names us in a story of theirs.
    Mention(String),
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Its id, when it is read.
    pub id: String,
    /// When, in milliseconds.
    pub at: i64,
    /// From the account.
    pub ours: bool,
    /// Text.
    pub text: String,
    /// Files.
    pub files: Vec<Attached>,
    /// What was passed on: addresses with names.
    pub shares: Vec<(String, String)>,
    /// A story.
    pub story: Option<Story>,
    /// A sticker's address.
    pub sticker: Option<String>,
    /// Who reacted, and with what.
    pub reactions: BTreeMap<String, String>,
    /// The interface says no more than that there is something.
    pub unsupported: bool,
    /// It was taken back.
    pub deleted: bool,
    /// It takes its place in lists and is not given there.
    pub hidden: bool,
}

impl Message {
    /// With a text.
    #[must_use]
    pub fn saying(text: &str) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// With a file that lies on the media server.
    #[must_use]
    pub fn with(kind: Kind, id: &str) -> Self {
        Self {
            files: vec![Attached::Kept {
                kind,
                id: id.into(),
            }],
            ..Self::default()
        }
    }
}

/// A conversation with one person.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) id: String,
    pub(super) platform: Platform,
    pub(super) person: String,
    pub(super) updated: i64,
    /// Oldest first.
    pub(super) messages: Vec<Message>,
}

impl Thread {
    /// Newest first, without those that were taken back.
    pub(super) fn listed(&self) -> Vec<&Message> {
        let mut all: Vec<&Message> = self.messages.iter().filter(|m| !m.deleted).collect();
        all.reverse();
        all.sort_by_key(|m| std::cmp::Reverse(m.at));
        all
    }

    /// Whether details of a message are given.
    pub(super) fn detailed(&self, id: &str) -> bool {
        let listed = self.listed();
        listed.iter().take(DETAILED).any(|m| m.id == id)
    }
}

/// `2022-07-12T19:11:07+0000`.
pub(super) fn time(at: i64) -> String {
    Timestamp::from_millisecond(at)
        .map(|t| t.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string())
        .unwrap_or_default()
}

fn wants(asked: &[Field], name: &str) -> bool {
    asked.is_empty() || asked.iter().any(|f| f.name == name)
}

/// Only what was asked for within a thing.
fn chosen(asked: &[Field], all: Value) -> Value {
    match all {
        Value::Object(all) => all
            .into_iter()
            .filter(|(name, _)| wants(asked, name))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

impl Account {
    /// A person, or the account itself, as it stands in messages and lists.
    pub(super) fn party(&self, platform: Platform, id: &str) -> Value {
        let ours = id == self.own(platform);
        let person = self.people.iter().find(|p| p.id == id);
        match platform {
            Platform::Instagram => {
                let name = person.map(|p| p.username.clone());
                let name = name.or_else(|| ours.then(|| self.username.clone()));
                json!({ "username": name, "id": id })
            }
            Platform::Messenger => {
                let name = person.map(|p| p.name.clone());
                let name = name.or_else(|| ours.then(|| self.page_name.clone()));
                json!({ "name": name, "email": format!("{id}@facebook.com"), "id": id })
            }
        }
    }

    /// A message with the fields that were asked for.
    pub(super) fn render(
        &self,
        thread: &Thread,
        message: &Message,
        asked: &[Field],
        now: i64,
    ) -> Value {
        let own = self.own(thread.platform);
        let (from, to) = if message.ours {
            (own.as_str(), thread.person.as_str())
        } else {
            (thread.person.as_str(), own.as_str())
        };
        let mut out = Map::new();
        out.insert("id".into(), message.id.clone().into());
        for field in asked {
            let value = match field.name.as_str() {
                "created_time" => Some(time(message.at).into()),
                "from" => Some(self.party(thread.platform, from)),
                "to" => Some(json!({ "data": [self.party(thread.platform, to)] })),
                "message" => Some(message.text.clone().into()),
                "is_unsupported" => message.unsupported.then(|| true.into()),
                "sticker" => message.sticker.clone().map(Value::from),
                "attachments" => self.attachments(message, &field.within, now),
                "shares" => shares(message, &field.within),
                "story" => message.story.as_ref().map(|s| self.story(s, now)),
                "reactions" => self.reactions(thread, message),
                _ => None,
            };
            if let Some(value) = value {
                out.insert(field.name.clone(), value);
            }
        }
        out.into()
    }

    fn attachments(&self, message: &Message, asked: &[Field], now: i64) -> Option<Value> {
        if message.files.is_empty() {
            return None;
        }
        let each = message.files.iter().enumerate().map(|(n, file)| match file {
            Attached::Kept { kind, id } => chosen(asked, self.attachment(*kind, id, now)),
            Attached::Withheld => json!({
                "id": format!("{}{n}", message.at),
                "name": "Medien sind aufgrund neuer Datenschutzregeln in Europa nicht verfügbar.",
            }),
            Attached::Strange(value) => value.clone(),
        });
        Some(json!({ "data": each.collect::<Vec<_>>() }))
    }

    fn attachment(&self, kind: Kind, id: &str, now: i64) -> Value {
        let url = media::address(&self.cdn, id, now);
        let (mime, size) = media::about(&self.store, id).unwrap_or_default();
        let ending = mime.rsplit('/').next().unwrap_or("bin").to_owned();
        let name = format!("{id}.{ending}");
        match kind {
            Kind::Image => json!({
                "id": id, "mime_type": mime, "name": name, "size": null,
                "image_data": {
                    "url": url, "preview_url": format!("{url}&size=small"), "width": 640, "height": 480, "max_width": 640, "max_height": 480,
                    "render_as_sticker": false, "image_type": 1,
                },
            }),
            Kind::Video => json!({
                "id": id, "mime_type": mime, "name": name, "size": size,
                "video_data": { "url": url, "preview_url": format!("{url}&size=small"), "width": 640, "height": 480, "length": 5 },
            }),
            Kind::File => {
                json!({ "id": id, "mime_type": mime, "name": name, "size": size, "file_url": url })
            }
        }
    }

    fn story(&self, story: &Story, now: i64) -> Value {
        let (word, id) = match story {
            Story::Reply(id) => ("reply_to", id),
            Story::Mention(id) => ("mention", id),
        };
        json!({ word: { "link": media::address(&self.cdn, id, now), "id": id } })
    }

    fn reactions(&self, thread: &Thread, message: &Message) -> Option<Value> {
        if message.reactions.is_empty() {
            return None;
        }
        let mut by_word: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (by, word) in &message.reactions {
            let users = by_word.entry(word).or_default();
            users.push(self.party(thread.platform, by));
        }
        let each = by_word
            .into_iter()
            .map(|(word, users)| json!({ "reaction": word, "users": users }));
        Some(json!({ "data": each.collect::<Vec<_>>() }))
    }
}

/// Without names of its own, the real one gives an empty list.
fn shares(message: &Message, asked: &[Field]) -> Option<Value> {
    if message.shares.is_empty() {
        return None;
    }
    let each = message
        .shares
        .iter()
        .map(|(link, name)| chosen(asked, json!({ "id": "1", "link": link, "name": name })));
    let data: Vec<Value> = if asked.is_empty() {
        Vec::new()
    } else {
        each.collect()
    };
    Some(json!({ "data": data, "paging": { "cursors": { "before": "x", "after": "y" } } }))
}
