//! Webhook bodies. Parley asks and is not called, so these come from a person who looks at what another program got;
//! the shapes are those of the vendor's documents.

use super::page::unreadable;
use super::{
    Draft, Media, Owner, Somebody, VERSION, id, is_true, kept, parts, remote, short, until, when,
    words,
};
use crate::model::{
    Afterwards, Card, CardKind, Channel, Event, Incoming, Later, Place, Reached, Touch, Touched,
};
use crate::time::Millis;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a webhook tells.
pub(super) fn events(json: &Value, ours: Option<&str>) -> Vec<Event> {
    let channel = match json.get("object").and_then(Value::as_str) {
        Some("page") => Channel::Messenger,
        _ => Channel::Instagram,
    };
    let mut events = Vec::new();
    let entries = json.get("entry").and_then(Value::as_array);
    for entry in entries.into_iter().flatten() {
        let given = entry.get("id").and_then(id);
        let owner = Owner {
            channel,
            id: ours
                .map(str::to_owned)
                .or(given.clone())
                .unwrap_or_default(),
            name: String::new(),
            also: given.into_iter().collect(),
        };
        for list in ["messaging", "standby"] {
            let told = entry.get(list).and_then(Value::as_array);
            for one in told.into_iter().flatten() {
                events.extend(event(one, &owner));
            }
        }
    }
    events
}

fn event(json: &Value, owner: &Owner) -> Vec<Event> {
    let side = |name: &str| json.get(name).and_then(|s| id(s.get("id")?));
    let (sender, recipient) = (side("sender"), side("recipient"));
    let at = json.get("timestamp").and_then(when::read).unwrap_or(0);
    let (Some(sender), Some(recipient)) = (sender, recipient) else {
        return vec![strange(json, at)];
    };
    let ours = owner.is(&sender) || json.pointer("/message/is_echo").is_some_and(is_true);
    let them = if ours { recipient } else { sender.clone() };
    let them = Somebody {
        id: them,
        ..Somebody::default()
    };
    let later = |of: Option<String>, what: Later| {
        of.map(|of| {
            Event::Later(Afterwards {
                of: remote(of),
                at,
                what,
            })
        })
    };
    if let Some(m) = json.get("message") {
        return written(m, owner, &them, ours, at);
    }
    if let Some(r) = json.get("reaction") {
        let said = words(r, "emoji").or_else(|| words(r, "reaction"));
        let taken_back = r.get("action").and_then(Value::as_str) == Some("unreact");
        let emoji = said.as_deref().and_then(parts::emoji);
        let what = Later::Reaction {
            by: sender,
            emoji: emoji.filter(|_| !taken_back),
        };
        return later(r.get("mid").and_then(id), what).into_iter().collect();
    }
    if let Some(e) = json.get("message_edit") {
        let what = Later::Edited {
            text: words(e, "text").unwrap_or_default(),
            html: None,
        };
        return later(e.get("mid").and_then(id), what).into_iter().collect();
    }
    if let Some(r) = json.get("read") {
        let what = Later::Reached(Reached::Read);
        return later(r.get("mid").and_then(id), what).into_iter().collect();
    }
    if let Some(d) = json.get("delivery") {
        let ids = d
            .get("mids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let ids = ids.filter_map(id);
        return ids
            .filter_map(|of| later(Some(of), Later::Reached(Reached::Delivered)))
            .collect();
    }
    if let Some(p) = json.get("postback") {
        return pressed(p, owner, &them, at);
    }
    if let Some(r) = json.get("referral") {
        let key = format!("referral:{}:{at}", them.id);
        return vec![touched(r, key, &them, at)];
    }
    vec![strange(json, at)]
}

/// A message, or that one was taken back.
fn written(m: &Value, owner: &Owner, them: &Somebody, ours: bool, at: Millis) -> Vec<Event> {
    let Some(mid) = m.get("mid").and_then(id) else {
        return vec![strange(m, at)];
    };
    if m.get("is_deleted").is_some_and(is_true) {
        return vec![Event::Later(Afterwards {
            of: remote(mid),
            at,
            what: Later::Unsent,
        })];
    }
    let mut draft = placed(owner, them, ours, mid, at);
    let message = &mut draft.message;
    message.text = words(m, "text").unwrap_or_default();
    if let Some(story) = m.pointer("/reply_to/story") {
        message
            .cards
            .push(story_card(CardKind::StoryReply, story, at));
    } else if m.pointer("/reply_to/mid").is_some() {
        message.cards.push(Card::of(CardKind::Quote));
    }
    if let Some(pressed) = m.get("quick_reply").and_then(|q| words(q, "payload")) {
        message
            .cards
            .push(Card::of(CardKind::Button).saying(short(&pressed)));
    }
    let mut odd = false;
    for a in parts::each(m, "attachments") {
        odd |= attached(a, &mut draft, owner, at);
    }
    let message = &mut draft.message;
    if m.get("is_unsupported").is_some_and(is_true) {
        message
            .cards
            .push(Card::of(CardKind::Unsupported).leading(owner.inbox()));
    }
    let nothing = message.text.is_empty() && message.cards.is_empty() && draft.media.is_empty();
    if nothing {
        message
            .cards
            .push(Card::of(CardKind::Unknown).leading(owner.inbox()));
    }
    if nothing || odd {
        message.quarantine = Some(VERSION);
        message.raw = kept(m);
    }
    vec![Event::Message(Box::new(draft.linked(at)))]
}

fn placed(owner: &Owner, them: &Somebody, ours: bool, mid: String, at: Millis) -> Draft {
    let place = if ours { Place::Sent } else { Place::Inbox };
    let mut message = Incoming::chat(mid, place, at);
    let (us, them) = (owner.party(), them.party());
    (message.from, message.to) = if ours {
        (Some(us), vec![them])
    } else {
        (Some(them), vec![us])
    };
    Draft {
        message,
        media: Vec::new(),
        reactions: BTreeMap::new(),
        at,
    }
}

fn story_card(kind: CardKind, about: &Value, at: Millis) -> Card {
    let link = words(about, "url").unwrap_or_default();
    Card {
        until: until(&link, at),
        ..Card::of(kind).leading(&link)
    }
}

/// One attachment; whether it is of a kind that is not known.
fn attached(a: &Value, draft: &mut Draft, owner: &Owner, at: Millis) -> bool {
    let url = a.pointer("/payload/url").and_then(Value::as_str);
    let title = a.pointer("/payload/title").and_then(Value::as_str);
    let cards = &mut draft.message.cards;
    let kind = a.get("type").and_then(Value::as_str).unwrap_or_default();
    let mime = match kind {
        "image" => Some("image/jpeg"),
        "video" => Some("video/mp4"),
        "audio" => Some("audio/mp4"),
        _ => None,
    };
    match (kind, url) {
        ("image" | "video" | "audio" | "file" | "sticker", Some(url)) => {
            let sticker = kind == "sticker" || a.pointer("/payload/sticker_id").is_some();
            draft.media.push(Media {
                url: url.to_owned(),
                name: None,
                mime: mime.map(str::to_owned),
                preview: None,
                card: if sticker {
                    CardKind::Sticker
                } else {
                    CardKind::Media
                },
            });
        }
        ("story_mention", Some(_)) => {
            let about = a.get("payload").unwrap_or(&Value::Null);
            cards.push(story_card(CardKind::StoryMention, about, at));
        }
        ("share" | "ig_reel" | "reel" | "ig_post" | "post" | "fallback" | "template", _) => {
            let link = url.unwrap_or_default();
            let card = Card::of(CardKind::Share).saying(short(title.unwrap_or_default()));
            cards.push(Card {
                until: until(link, at),
                ..card.leading(link)
            });
        }
        ("location", _) => {
            cards.push(Card::of(CardKind::Location).leading(url.unwrap_or_default()));
        }
        ("unsupported_type" | "ephemeral", _) => {
            cards.push(Card::of(CardKind::Unsupported).leading(owner.inbox()));
        }
        _ => {
            cards.push(Card::of(CardKind::Unknown).leading(owner.inbox()));
            return true;
        }
    }
    false
}

/// A button of ours was pressed.
fn pressed(p: &Value, owner: &Owner, them: &Somebody, at: Millis) -> Vec<Event> {
    let mid = p.get("mid").and_then(id);
    let mid = mid.unwrap_or_else(|| format!("postback:{}:{at}", them.id));
    let mut draft = placed(owner, them, false, mid.clone(), at);
    let said = words(p, "title").or_else(|| words(p, "payload"));
    let said = short(said.as_deref().unwrap_or_default());
    draft
        .message
        .cards
        .push(Card::of(CardKind::Button).saying(said));
    let mut events = vec![Event::Message(Box::new(draft.message))];
    if let Some(r) = p.get("referral") {
        events.push(touched(r, format!("{mid}:referral"), them, at));
    }
    events
}

/// How somebody came here: an ad, a link.
fn touched(r: &Value, key: String, them: &Somebody, at: Millis) -> Event {
    let reference = ["ref", "ad_id", "source"].iter().find_map(|n| words(r, n));
    Event::Touched(Touched {
        remote_id: remote(key),
        address: them.id.clone(),
        at,
        touch: Touch {
            page: words(r, "referer_uri"),
            reference,
            ..Touch::default()
        },
    })
}

fn strange(json: &Value, at: Millis) -> Event {
    let raw = kept(json);
    let key = format!("unreadable:{}", super::digest(&raw));
    unreadable(
        key,
        Some(at),
        "it is of a kind that is not known",
        raw,
        None,
    )
}
