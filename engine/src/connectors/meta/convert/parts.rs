//! What a message carries: files, stories, shares, stickers, reactions.

use super::{Media, id, is_true, short, until, words};
use crate::model::{Card, CardKind};
use crate::time::Millis;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most parts of one kind in a message.
const MOST: usize = 30;
/// Longest reaction that is none of the known words.
const LONGEST_REACTION: usize = 16;

/// The things of an edge: `{data: [..]}`, or a list.
pub(super) fn each<'a>(json: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let edge = json.get(name);
    let list = edge.and_then(|e| e.get("data").unwrap_or(e).as_array());
    list.into_iter().flatten().take(MOST)
}

/// A story that is answered, or in which we are named.
pub(super) fn story(json: &Value, now: Millis) -> Vec<Card> {
    let kinds = [
        ("reply_to", CardKind::StoryReply),
        ("mention", CardKind::StoryMention),
    ];
    let Some(story) = json.get("story") else {
        return Vec::new();
    };
    let told = kinds.into_iter().filter_map(|(name, kind)| {
        let about = story.get(name)?;
        let link = words(about, "link").or_else(|| words(about, "url"));
        let link = link.unwrap_or_default();
        Some(Card {
            until: until(&link, now),
            ..Card::of(kind).leading(&link)
        })
    });
    told.collect()
}

/// What was passed on, and whether something in it was not understood.
pub(super) fn shares(json: &Value, now: Millis) -> (Vec<Card>, bool) {
    let mut strange = false;
    let mut cards = Vec::new();
    for share in each(json, "shares") {
        let link = words(share, "link").unwrap_or_default();
        let said = words(share, "name")
            .or_else(|| words(share, "description"))
            .or_else(|| product(share));
        if link.is_empty() && said.is_none() {
            strange = true;
        }
        let card = Card::of(CardKind::Share).saying(said.as_deref().map(short).unwrap_or_default());
        cards.push(Card {
            until: until(&link, now),
            ..card.leading(&link)
        });
    }
    (cards, strange)
}

/// The name of a product that was passed on.
fn product(share: &Value) -> Option<String> {
    let elements = share.pointer("/template/payload/product/elements")?;
    let first = elements.get("data").unwrap_or(elements).get(0)?;
    words(first, "name")
}

/// The files of a message.
#[derive(Default)]
pub(super) struct Files {
    pub(super) media: Vec<Media>,
    pub(super) cards: Vec<Card>,
    pub(super) strange: bool,
}

/// Files, templates, and what is not given.
pub(super) fn attachments(json: &Value, inbox: &str) -> Files {
    let mut files = Files::default();
    for a in each(json, "attachments") {
        if let Some(media) = file(a) {
            files.media.push(media);
        } else if let Some(card) = template(a) {
            files.cards.push(card);
        } else if withheld(a) {
            let said = words(a, "name").unwrap_or_default();
            let card = Card::of(CardKind::Unsupported).saying(short(&said));
            files.cards.push(card.leading(inbox));
        } else {
            files.strange = true;
            files.cards.push(Card::of(CardKind::Unknown).leading(inbox));
        }
    }
    files
}

fn file(a: &Value) -> Option<Media> {
    let (picture, video) = (a.get("image_data"), a.get("video_data"));
    let claimed = words(a, "mime_type").map(|m| m.to_ascii_lowercase());
    let url_of = |data: Option<&Value>| data.and_then(|d| words(d, "url"));
    let video_url = url_of(video);
    let (url, usual, card) = if let Some(url) = video_url {
        // A video has a picture of itself beside it.
        (url, Some("video/mp4"), CardKind::Media)
    } else if let Some(url) = url_of(picture) {
        let sticker = picture
            .and_then(|p| p.get("render_as_sticker"))
            .is_some_and(is_true);
        let card = if sticker {
            CardKind::Sticker
        } else {
            CardKind::Media
        };
        (url, Some("image/jpeg"), card)
    } else {
        (words(a, "file_url")?, None, CardKind::Media)
    };
    // Some give the picture itself in the place of a small one.
    let preview = [video, picture]
        .into_iter()
        .flatten()
        .find_map(|data| words(data, "preview_url"))
        .filter(|p| *p != url);
    Some(Media {
        url,
        preview,
        name: words(a, "name"),
        mime: claimed.or_else(|| usual.map(str::to_owned)),
        card,
    })
}

/// A card with a button, as shops send them.
fn template(a: &Value) -> Option<Card> {
    let t = a.get("generic_template")?;
    let said = words(t, "title").or_else(|| words(t, "subtitle"));
    let link = t
        .get("cta")
        .and_then(|c| words(c, "url"))
        .or_else(|| words(t, "media_url"));
    let card = Card::of(CardKind::Share).saying(said.as_deref().map(short).unwrap_or_default());
    Some(card.leading(&link.unwrap_or_default()))
}

/// Of a file that may not be given in Europe, nothing but an id and a sentence comes.
fn withheld(a: &Value) -> bool {
    let known = ["id", "name", "mime_type", "size"];
    words(a, "name").is_some()
        && a.as_object()
            .is_some_and(|o| o.keys().all(|k| known.contains(&k.as_str())))
}

/// A sticker, which may be among the files as well.
pub(super) fn sticker(json: &Value, media: &mut Vec<Media>) {
    let Some(url) = words(json, "sticker") else {
        return;
    };
    let told = |m: &Media| m.url == url || m.card == CardKind::Sticker;
    if !media.iter().any(told) {
        media.push(Media {
            url,
            name: None,
            mime: Some("image/png".into()),
            preview: None,
            card: CardKind::Sticker,
        });
    }
}

/// Who reacted with what. Where nobody is named, it was the customer.
pub(super) fn reactions(json: &Value, customer: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for r in each(json, "reactions") {
        let said = words(r, "reaction").or_else(|| words(r, "emoji"));
        let Some(emoji) = said.as_deref().and_then(emoji) else {
            continue;
        };
        let mut named = false;
        for user in each(r, "users") {
            if let Some(by) = user.get("id").and_then(id) {
                named = true;
                all.insert(by, emoji.clone());
            }
        }
        if !named {
            all.insert(customer.to_owned(), emoji);
        }
    }
    all
}

/// A reaction as people see it: the interface gives words for the usual ones.
pub(super) fn emoji(said: &str) -> Option<String> {
    let known = match said {
        "love" => "❤️",
        "like" => "👍",
        "dislike" => "👎",
        "haha" | "smile" => "😆",
        "wow" => "😮",
        "sad" => "😢",
        "angry" => "😠",
        "other" => "💬",
        given => {
            let short =
                given.chars().count() <= LONGEST_REACTION && !given.chars().any(char::is_control);
            return (short && !given.is_empty()).then(|| given.to_owned());
        }
    };
    Some(known.to_owned())
}
