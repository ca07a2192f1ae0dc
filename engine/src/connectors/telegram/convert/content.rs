//! What a message holds: words, files, and cards for the rest.

use super::{name, words};
use crate::model::{Card, CardKind, Class, Incoming, filename};
use serde_json::Value;

/// So much of a message that is answered is repeated.
const QUOTED: usize = 200;

/// A file that is yet to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Wanted {
    pub(in super::super) id: String,
    pub(in super::super) name: String,
    /// As the vendor says.
    pub(in super::super) mime: Option<String>,
    pub(in super::super) size: Option<u64>,
    /// It is a sticker, which also has a card.
    pub(in super::super) inline: bool,
}

impl Wanted {
    /// What stands for it where it is not fetched.
    pub(in super::super) fn card(&self) -> Card {
        Card {
            mime: self.mime.clone(),
            ..Card::of(CardKind::Media).saying(self.name.clone())
        }
    }
}

/// Fills in what a message holds; false where nothing of it is known.
pub(super) fn fill(m: &Value, out: &mut Incoming, wanted: &mut Vec<Wanted>) -> bool {
    around(m, out);
    let before = out.cards.len();
    if let Some((text, html)) = words(m) {
        out.text = text;
        out.html = html;
    }
    files(m, wanted);
    cards(m, out);
    let said = !out.text.is_empty() || !wanted.is_empty() || out.cards.len() > before;
    if said {
        return true;
    }
    let Some(notice) = notice(m) else {
        return false;
    };
    out.class = Class::Machine;
    out.class_reason = Some("notice");
    out.cards.push(Card::of(CardKind::Notice).saying(notice));
    true
}

/// What it answers and from where it was passed on.
fn around(m: &Value, out: &mut Incoming) {
    let beginning = |v: &Value| {
        let text = v["text"]
            .as_str()
            .or(v["caption"].as_str())
            .unwrap_or_default();
        text.chars().take(QUOTED).collect::<String>()
    };
    let answered = &m["reply_to_message"];
    if let Some(quote) = m["quote"]["text"].as_str() {
        let quote: String = quote.chars().take(QUOTED).collect();
        out.cards.push(Card::of(CardKind::Quote).saying(quote));
    } else if answered.is_object() {
        let mut said = beginning(answered);
        if said.is_empty() {
            said = kind_of(answered).to_owned();
        }
        out.cards.push(Card::of(CardKind::Quote).saying(said));
    }
    if m["reply_to_story"].is_object() {
        out.cards.push(Card::of(CardKind::StoryReply));
    }
    let origin = &m["forward_origin"];
    if origin.is_object() {
        let who = name(&origin["sender_user"])
            .or_else(|| origin["sender_user_name"].as_str().map(str::to_owned))
            .or_else(|| origin["sender_chat"]["title"].as_str().map(str::to_owned))
            .or_else(|| origin["chat"]["title"].as_str().map(str::to_owned));
        let mut card = Card::of(CardKind::Share).saying(who.unwrap_or_default());
        let post = (
            origin["chat"]["username"].as_str(),
            origin["message_id"].as_i64(),
        );
        if let (Some(channel), Some(id)) = post {
            card = card.leading(&format!("https://t.me/{channel}/{id}"));
        }
        out.cards.push(card);
    }
}

/// What a message without words is, in a word or two.
fn kind_of(m: &Value) -> &'static str {
    const KINDS: [(&str, &str); 8] = [
        ("photo", "Photo"),
        ("video", "Video"),
        ("voice", "Voice message"),
        ("audio", "Audio"),
        ("document", "File"),
        ("sticker", "Sticker"),
        ("location", "Location"),
        ("contact", "Contact"),
    ];
    let found = KINDS.iter().find(|(key, _)| m.get(*key).is_some());
    found.map_or("", |(_, word)| word)
}

fn files(m: &Value, wanted: &mut Vec<Wanted>) {
    // The same picture in several sizes: the largest.
    let largest = |sizes: &Value| {
        let all = sizes.as_array()?.iter();
        all.max_by_key(|p| p["width"].as_u64().unwrap_or(0) * p["height"].as_u64().unwrap_or(0))
            .cloned()
    };
    // A live photo's picture stands in both places, for programs that know only the one.
    if let Some(photo) = largest(&m["photo"]).or_else(|| largest(&m["live_photo"]["photo"])) {
        wanted.extend(file(&photo, "photo.jpg", Some("image/jpeg")));
    }
    // A moving picture comes as a document as well.
    let document = if m["animation"].is_object() {
        ""
    } else {
        "document"
    };
    for (key, name, mime) in [
        ("animation", "animation.mp4", Some("video/mp4")),
        ("video", "video.mp4", Some("video/mp4")),
        ("video_note", "video.mp4", Some("video/mp4")),
        ("live_photo", "video.mp4", Some("video/mp4")),
        ("voice", "voice.ogg", Some("audio/ogg")),
        ("audio", "audio.mp3", None),
        (document, "file", None),
        ("sticker", "sticker.webp", None),
    ] {
        if m[key].is_object() {
            wanted.extend(file(&m[key], name, mime).map(|w| Wanted {
                inline: key == "sticker",
                ..w
            }));
        }
    }
}

fn file(f: &Value, name: &str, mime: Option<&str>) -> Option<Wanted> {
    let given = f["file_name"].as_str().and_then(filename::safe);
    Some(Wanted {
        id: f["file_id"].as_str()?.to_owned(),
        name: given.unwrap_or_else(|| name.to_owned()),
        mime: f["mime_type"].as_str().or(mime).map(str::to_owned),
        size: f["file_size"].as_u64(),
        inline: false,
    })
}

fn cards(m: &Value, out: &mut Incoming) {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    if m["sticker"].is_object() {
        out.cards
            .push(Card::of(CardKind::Sticker).saying(text(&m["sticker"]["emoji"])));
    }
    let place = if m["venue"].is_object() {
        &m["venue"]["location"]
    } else {
        &m["location"]
    };
    if let (Some(lat), Some(lon)) = (place["latitude"].as_f64(), place["longitude"].as_f64()) {
        let called = format!(
            "{}\n{}",
            text(&m["venue"]["title"]),
            text(&m["venue"]["address"])
        );
        let link =
            format!("https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=16/{lat}/{lon}");
        out.cards.push(
            Card::of(CardKind::Location)
                .saying(called.trim())
                .leading(&link),
        );
    }
    if m["contact"].is_object() {
        let c = &m["contact"];
        let says = format!(
            "{}\n{}",
            name(c).unwrap_or_default(),
            text(&c["phone_number"])
        );
        out.cards
            .push(Card::of(CardKind::Contact).saying(says.trim()));
    }
    for who in m["users_shared"]["users"].as_array().into_iter().flatten() {
        out.cards
            .push(Card::of(CardKind::Contact).saying(name(who).unwrap_or_default()));
    }
    if m["dice"].is_object() {
        let says = format!("{} {}", text(&m["dice"]["emoji"]), m["dice"]["value"]);
        out.cards.push(Card::of(CardKind::Sticker).saying(says));
    }
    if m["poll"].is_object() {
        let options = m["poll"]["options"].as_array().into_iter().flatten();
        let lines = options.map(|o| format!("\n- {}", text(&o["text"])));
        let says = text(&m["poll"]["question"]) + &lines.collect::<String>();
        out.cards.push(Card::of(CardKind::Share).saying(says));
    }
    if m["checklist"].is_object() {
        let tasks = m["checklist"]["tasks"].as_array().into_iter().flatten();
        let lines = tasks.map(|t| format!("\n- {}", text(&t["text"])));
        let says = text(&m["checklist"]["title"]) + &lines.collect::<String>();
        out.cards.push(Card::of(CardKind::Share).saying(says));
    }
    if m["web_app_data"].is_object() {
        let says = text(&m["web_app_data"]["button_text"]);
        out.cards.push(Card::of(CardKind::Button).saying(says));
    }
    for (key, title) in [("story", ""), ("game", "title"), ("invoice", "title")] {
        if m[key].is_object() {
            out.cards
                .push(Card::of(CardKind::Share).saying(text(&m[key][title])));
        }
    }
    let others = ["passport_data", "giveaway", "chat_shared"];
    for key in MORE.into_iter().chain(others) {
        if m[key].is_object() {
            out.cards.push(Card::of(CardKind::Unsupported));
        }
    }
}

/// What is content and has no more than a card here.
const MORE: [&str; 2] = ["paid_media", "rich_message"];

/// Whether it holds what a later version may show.
pub(super) fn holds_more(m: &Value) -> bool {
    MORE.iter().any(|key| m[*key].is_object())
}

/// What else happens where nobody wrote, mostly in groups; it has no words of its own here.
const OTHER_NOTICES: [&str; 35] = [
    "channel_chat_created",
    "chat_owner_changed",
    "chat_owner_left",
    "community_chat_added",
    "community_chat_joined",
    "community_chat_removed",
    "delete_chat_photo",
    "direct_message_price_changed",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "group_chat_created",
    "left_chat_member",
    "migrate_from_chat_id",
    "migrate_to_chat_id",
    "new_chat_members",
    "new_chat_photo",
    "new_chat_title",
    "paid_message_price_changed",
    "poll_option_added",
    "poll_option_deleted",
    "suggested_post_approval_failed",
    "suggested_post_approved",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "supergroup_chat_created",
    "video_chat_ended",
    "video_chat_participants_invited",
    "video_chat_scheduled",
    "video_chat_started",
    "giveaway",
    "chat_shared",
    "users_shared",
];

/// What happened where nobody wrote.
fn notice(m: &Value) -> Option<String> {
    const NOTICES: [(&str, &str); 20] = [
        ("pinned_message", "Pinned a message"),
        (
            "message_auto_delete_timer_changed",
            "Changed when messages are deleted",
        ),
        ("chat_background_set", "Changed the background"),
        ("connected_website", "Signed in to a website"),
        ("write_access_allowed", "Allowed the bot to write"),
        ("successful_payment", "Paid"),
        ("refunded_payment", "Was refunded"),
        ("gift", "Sent a gift"),
        ("unique_gift", "Sent a gift"),
        ("gift_upgrade_sent", "Sent a gift"),
        ("giveaway_created", "Began a giveaway"),
        ("giveaway_winners", "A giveaway ended"),
        ("giveaway_completed", "A giveaway ended"),
        ("boost_added", "Boosted the chat"),
        ("proximity_alert_triggered", "Came near"),
        ("checklist_tasks_done", "Changed a list"),
        ("checklist_tasks_added", "Changed a list"),
        ("forum_topic_created", "Began a topic"),
        ("forum_topic_edited", "Changed a topic"),
        ("managed_bot_created", "Made a bot"),
    ];
    let found = NOTICES.iter().find(|(key, _)| m.get(*key).is_some());
    let Some((key, word)) = found else {
        let other = OTHER_NOTICES.iter().any(|key| m.get(*key).is_some());
        return other.then(String::new);
    };
    let paid = &m[*key];
    // Smallest units of the currency: two digits for most, none for Telegram's own stars.
    let sum = match (paid["total_amount"].as_i64(), paid["currency"].as_str()) {
        (Some(n), Some("XTR")) => format!(" {n} ⭐"),
        (Some(n), Some(currency)) => format!(" {}.{:02} {currency}", n / 100, n % 100),
        _ => String::new(),
    };
    Some(format!("{word}{sum}"))
}
