//! Updates become events. Pure: files are named, and fetched by who asks for them.

use super::entities;
use crate::connectors::email::html::sanitise;
use crate::model::{
    Afterwards, BUSINESS_ROUTE, Card, CardKind, CleanHtml, Event, Identity, Incoming, Later, Party,
    PersonSays, Place, RemoteId, Touch, Touched,
};
use crate::time::{Millis, SECOND};
use serde_json::Value;

mod content;

pub(super) use content::Wanted;

/// The version of this converter: what an earlier one did not understand is read again by a later one.
pub(super) const READS: u32 = 1;

/// What one update says.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// What happened. A message's files are not in it yet.
    pub(super) events: Vec<Event>,
    /// The files of its message.
    pub(super) wanted: Vec<Wanted>,
    /// What the account's owner should know of it.
    pub(super) note: Option<Note>,
}

/// Something about the account, by what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) about: String,
    pub(super) says: Option<String>,
}

/// The events with a card for each file that is not fetched.
pub(super) fn with_cards(read: Read) -> Vec<Event> {
    let Read {
        mut events, wanted, ..
    } = read;
    if let Some(Event::Message(m)) = events.iter_mut().find(|e| matches!(e, Event::Message(_))) {
        m.cards.extend(wanted.iter().map(Wanted::card));
    }
    events
}

/// One update. `now` is for what has no time of its own.
pub(super) fn update(update: &Value, ours: &str, now: Millis) -> Read {
    let mut read = Read::default();
    let Some((kind, what)) = update
        .as_object()
        .and_then(|o| o.iter().find(|(k, v)| *k != "update_id" && v.is_object()))
    else {
        unreadable(update, "it holds nothing that is known here", &mut read);
        return read;
    };
    // The vendor tells time in seconds, and several things happen within one: they keep the order of their updates.
    let order = update["update_id"].as_i64().unwrap_or(0).rem_euclid(SECOND);
    match kind.as_str() {
        "message" | "business_message" => message(what, update, ours, order, &mut read),
        "edited_message" | "edited_business_message" => edited(what, order, &mut read),
        "deleted_business_messages" => deleted(what, now, &mut read),
        "message_reaction" => reaction(what, order, &mut read),
        "my_chat_member" => member(what, order, &mut read),
        "business_connection" => business(what, &mut read),
        "callback_query" => button(what, ours, now, &mut read),
        // Told although they were never asked for; nobody wrote them to us.
        "channel_post"
        | "edited_channel_post"
        | "guest_message"
        | "message_reaction_count"
        | "inline_query"
        | "chosen_inline_result"
        | "shipping_query"
        | "pre_checkout_query"
        | "purchased_paid_media"
        | "poll"
        | "poll_answer"
        | "chat_member"
        | "chat_join_request"
        | "chat_boost"
        | "removed_chat_boost"
        | "managed_bot" => {}
        _ => unreadable(update, "it is of a kind that is not known here", &mut read),
    }
    read
}

fn unreadable(update: &Value, reason: &str, read: &mut Read) {
    let raw = update.to_string().into_bytes();
    let id = update["update_id"].as_i64().map_or_else(
        || format!("update:{:016x}", fingerprint(&raw)),
        |id| format!("update:{id}"),
    );
    read.events.push(Event::Unreadable {
        remote_id: RemoteId(id),
        place: Place::Inbox,
        identity: Identity::Provider,
        from: None,
        at: None,
        reason: reason.to_owned(),
        raw,
    });
}

/// The same for the same bytes, on every computer and in every version (FNV-1a).
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The provider's id of a message: numbers of messages are unique within a chat, and within a business account's.
fn remote(message: &Value) -> Option<RemoteId> {
    let (chat, id) = (
        message["chat"]["id"].as_i64()?,
        message["message_id"].as_i64()?,
    );
    Some(remote_of(
        message["business_connection_id"].as_str(),
        chat,
        id,
    ))
}

pub(super) fn remote_of(business: Option<&str>, chat: i64, id: i64) -> RemoteId {
    RemoteId(match business {
        Some(b) => format!("{b}:{chat}:{id}"),
        None => format!("{chat}:{id}"),
    })
}

/// What is needed to answer in this chat.
pub(super) fn route_of(business: Option<&str>) -> String {
    business.map_or_else(|| "chat".to_owned(), |b| format!("{BUSINESS_ROUTE}{b}"))
}

fn seconds(v: &Value) -> Option<Millis> {
    v.as_i64().map(|s| s.saturating_mul(SECOND))
}

/// The name that somebody goes by.
fn name(user: &Value) -> Option<String> {
    let word = |n: &str| user[n].as_str().unwrap_or_default().trim();
    let name = format!("{} {}", word("first_name"), word("last_name"));
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn person(user: &Value, at: Millis) -> Option<PersonSays> {
    let address = user["id"].as_i64()?.to_string();
    Some(PersonSays {
        address,
        name: name(user),
        username: user["username"].as_str().map(str::to_owned),
        at,
        ..PersonSays::default()
    })
}

fn is_private(chat: &Value) -> bool {
    chat["type"].as_str() == Some("private")
}

/// Groups are not read: a note says so, once a group.
fn group(chat: &Value) -> Note {
    let called = chat["title"].as_str().unwrap_or("without a name");
    Note {
        about: format!("group:{}", chat["id"]),
        says: Some(format!(
            "The bot is in the group “{called}”. Parley reads only what people write to the bot itself."
        )),
    }
}

pub(super) fn message(m: &Value, update: &Value, ours: &str, order: Millis, read: &mut Read) {
    let (Some(id), Some(at)) = (remote(m), seconds(&m["date"])) else {
        return unreadable(update, "it lacks what every message has", read);
    };
    let chat = &m["chat"];
    if !is_private(chat) {
        read.note = Some(group(chat));
        return;
    }
    let customer = chat["id"].to_string();
    let business = m["business_connection_id"].as_str();
    let from = m["from"]["id"].as_i64().map(|id| id.to_string());
    // In somebody's chat, whoever else writes is the team: the account's owner on a phone, or the bot.
    let theirs = from.as_ref().is_none_or(|f| *f == customer);
    let place = if theirs { Place::Inbox } else { Place::Sent };
    let mut out = Incoming::chat(id.0.clone(), place, at);
    let they = Party {
        name: name(chat),
        address: customer.clone(),
    };
    let we = Party {
        name: None,
        address: ours.to_owned(),
    };
    (out.from, out.to) = if theirs {
        (Some(they), vec![we])
    } else {
        (Some(we), vec![they])
    };
    out.route = Some(route_of(business));
    let known = content::fill(m, &mut out, &mut read.wanted);
    if !known {
        out.cards.push(Card::of(CardKind::Unknown));
    }
    // A later version may show what has no more than a card here.
    if !known || content::holds_more(m) {
        out.quarantine = Some(READS);
        out.raw = update.to_string().into_bytes();
    }
    let says = person(chat, at + order).map(|says| PersonSays {
        // Whoever writes may be answered where they wrote, whatever they said or a send was answered before.
        opted_out: theirs.then_some(false),
        ..says
    });
    read.events.extend(says.map(Event::Person));
    if theirs && let Some(reference) = deep_link(m) {
        read.events.push(Event::Touched(Touched {
            remote_id: RemoteId(format!("start:{}", id.0)),
            address: customer,
            at,
            touch: Touch {
                reference: Some(reference),
                ..Touch::default()
            },
        }));
        "/start".clone_into(&mut out.text);
    }
    read.events.push(Event::Message(Box::new(out)));
}

/// What stood behind `?start=` in the link by which somebody came.
fn deep_link(m: &Value) -> Option<String> {
    let word = m["text"].as_str()?.strip_prefix("/start ")?.trim();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    (!word.is_empty() && word.len() <= 64 && word.bytes().all(allowed)).then(|| word.to_owned())
}

pub(super) fn edited(m: &Value, order: Millis, read: &mut Read) {
    let (Some(of), true) = (remote(m), is_private(&m["chat"])) else {
        return;
    };
    // A place that moves and a picture that was exchanged have no new words.
    let Some((text, html)) = words(m) else { return };
    let at = seconds(&m["edit_date"]).or_else(|| seconds(&m["date"]));
    read.events.push(Event::Later(Afterwards {
        of,
        at: at.unwrap_or_default() + order,
        what: Later::Edited { text, html },
    }));
}

/// The text or the caption.
fn words(m: &Value) -> Option<(String, Option<CleanHtml>)> {
    let (text, entities) = match m["text"].as_str() {
        Some(text) => (text, &m["entities"]),
        None => (m["caption"].as_str()?, &m["caption_entities"]),
    };
    let html = entities::html(text, entities)
        .and_then(|html| sanitise(&html))
        .map(|s| s.clean);
    Some((text.to_owned(), html))
}

fn deleted(what: &Value, now: Millis, read: &mut Read) {
    let Some(chat) = what["chat"]["id"].as_i64() else {
        return;
    };
    let business = what["business_connection_id"].as_str();
    let ids = what["message_ids"].as_array().into_iter().flatten();
    for id in ids.filter_map(Value::as_i64) {
        read.events.push(Event::Later(Afterwards {
            of: remote_of(business, chat, id),
            at: now,
            what: Later::Unsent,
        }));
    }
}

fn reaction(what: &Value, order: Millis, read: &mut Read) {
    let (Some(of), Some(at)) = (remote(what), seconds(&what["date"])) else {
        return;
    };
    // In a private chat only the other one reacts, also where the vendor does not say who.
    let by = what["user"]["id"]
        .as_i64()
        .or_else(|| what["chat"]["id"].as_i64());
    let (Some(by), true) = (by, is_private(&what["chat"])) else {
        return;
    };
    let last = what["new_reaction"].as_array().and_then(|all| all.last());
    let emoji = last.map(|r| match r["type"].as_str() {
        Some("emoji") => r["emoji"].as_str().unwrap_or("👍").to_owned(),
        Some("paid") => "⭐".to_owned(),
        _ => "✨".to_owned(),
    });
    read.events.push(Event::Later(Afterwards {
        of,
        at: at + order,
        what: Later::Reaction {
            by: by.to_string(),
            emoji,
        },
    }));
}

/// The bot was blocked or let in again; or put into a group.
fn member(what: &Value, order: Millis, read: &mut Read) {
    let chat = &what["chat"];
    let status = what["new_chat_member"]["status"]
        .as_str()
        .unwrap_or_default();
    let out = matches!(status, "kicked" | "left");
    if !is_private(chat) {
        let note = group(chat);
        read.note = Some(if out {
            Note { says: None, ..note }
        } else {
            note
        });
        return;
    }
    let at = seconds(&what["date"]).unwrap_or_default() + order;
    if let Some(says) = person(chat, at) {
        read.events.push(Event::Person(PersonSays {
            opted_out: Some(out),
            ..says
        }));
    }
}

fn business(what: &Value, read: &mut Read) {
    let who = name(&what["user"]).unwrap_or_else(|| "Somebody".into());
    let on = what["is_enabled"].as_bool() == Some(true);
    let may = what["rights"]["can_reply"]
        .as_bool()
        .or(what["can_reply"].as_bool())
        == Some(true);
    read.note = Some(Note {
        about: format!("business:{}", what["id"].as_str().unwrap_or_default()),
        says: match (on, may) {
            (false, _) => None,
            (true, true) => Some(format!("The business account of {who} is connected.")),
            (true, false) => Some(format!(
                "The business account of {who} is connected, but the bot may not answer there: allow it in Telegram under Settings > Business > Chatbots."
            )),
        },
    });
}

/// A button of a message that some program sent by this bot. When it was pressed is not told, only when the message
/// with it was written, which may be long ago.
fn button(what: &Value, ours: &str, now: Millis, read: &mut Read) {
    let chat = &what["message"]["chat"];
    let (Some(id), Some(who)) = (what["id"].as_str(), what["from"]["id"].as_i64()) else {
        return;
    };
    if !is_private(chat) {
        return;
    }
    let data = what["data"].as_str();
    let rows = what["message"]["reply_markup"]["inline_keyboard"].as_array();
    let buttons = rows
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten();
    let label = buttons
        .into_iter()
        .find(|b| b["callback_data"].as_str() == data)
        .and_then(|b| b["text"].as_str());
    let mut out = Incoming::chat(format!("button:{id}"), Place::Inbox, now);
    out.from = Some(Party {
        name: name(&what["from"]),
        address: who.to_string(),
    });
    out.to = vec![Party {
        name: None,
        address: ours.to_owned(),
    }];
    out.route = Some(route_of(what["message"]["business_connection_id"].as_str()));
    out.cards
        .push(Card::of(CardKind::Button).saying(label.or(data).unwrap_or_default()));
    read.events.push(Event::Message(Box::new(out)));
}
