use super::convert::update;
use super::payload::payload;
use crate::model::{CardKind, Event, Incoming, Later, Place};
use serde_json::{Value, json};
use std::path::PathBuf;

const OURS: &str = "77";

fn private() -> Value {
    json!({ "id": 5, "type": "private", "first_name": "Anna", "last_name": "Berg", "username": "anna" })
}

#[allow(clippy::needless_pass_by_value)] // what json! gives
fn of(more: Value) -> Value {
    let mut m = json!({ "message_id": 9, "date": 1_700_000_000, "chat": private(), "from": { "id": 5, "is_bot": false, "first_name": "Anna" } });
    for (k, v) in more.as_object().unwrap() {
        m[k] = v.clone();
    }
    json!({ "update_id": 1, "message": m })
}

fn message(more: Value) -> Incoming {
    let all = payload(&of(more), Some(OURS));
    let found = all.into_iter().find_map(|e| match e {
        Event::Message(m) => Some(*m),
        _ => None,
    });
    found.expect("a message")
}

#[test]
fn a_text_is_from_its_chat_to_the_bot() {
    let m = message(
        json!({ "text": "hi there", "entities": [{ "type": "bold", "offset": 0, "length": 2 }] }),
    );
    assert_eq!(m.remote_id.0, "5:9");
    assert_eq!(m.text, "hi there");
    assert!(m.html.unwrap().html.contains("<b>hi</b>"));
    assert_eq!(
        (m.from.unwrap().address, m.to[0].address.clone()),
        ("5".into(), OURS.into())
    );
    assert_eq!(m.times.provider, Some(1_700_000_000_000));
    assert_eq!(m.route.as_deref(), Some("chat"));
    assert_eq!(m.quarantine, None);
}

#[test]
fn every_kind_becomes_files_or_a_card() {
    let file = json!({ "file_id": "F", "file_unique_id": "U", "file_size": 3 });
    let size = json!({ "file_id": "S", "file_unique_id": "U", "width": 1, "height": 1 });
    for (more, kind, says) in [
        (
            json!({ "photo": [{ "file_id": "L", "width": 9, "height": 9 }, size] }),
            CardKind::Media,
            "photo.jpg",
        ),
        (
            json!({ "document": file, "animation": file }),
            CardKind::Media,
            "animation.mp4",
        ),
        (json!({ "voice": file }), CardKind::Media, "voice.ogg"),
        (
            json!({ "document": { "file_id": "F", "file_name": "../a.pdf" } }),
            CardKind::Media,
            "a.pdf",
        ),
        (
            json!({ "venue": { "location": { "latitude": 1.5, "longitude": 2.0 }, "title": "Shop", "address": "Road 1" } }),
            CardKind::Location,
            "Shop\nRoad 1",
        ),
        (
            json!({ "contact": { "phone_number": "+1", "first_name": "Tom" } }),
            CardKind::Contact,
            "Tom\n+1",
        ),
        (
            json!({ "poll": { "question": "Which?", "options": [{ "text": "a" }, { "text": "b" }] } }),
            CardKind::Share,
            "Which?\n- a\n- b",
        ),
        (
            json!({ "dice": { "emoji": "🎲", "value": 4 } }),
            CardKind::Sticker,
            "🎲 4",
        ),
        (
            json!({ "text": "yes", "reply_to_message": { "text": "Blue?" } }),
            CardKind::Quote,
            "Blue?",
        ),
        (
            json!({ "text": "see", "forward_origin": { "type": "hidden_user", "sender_user_name": "Kim" } }),
            CardKind::Share,
            "Kim",
        ),
    ] {
        let m = message(more.clone());
        let c = m.cards.iter().find(|c| c.kind == kind);
        assert_eq!(c.and_then(|c| c.text.as_deref()), Some(says), "{more}");
        assert_eq!(m.quarantine, None, "{more}");
    }
    let pinned = message(json!({ "pinned_message": { "message_id": 1 } }));
    assert_eq!(pinned.class, crate::model::Class::Machine);
}

#[test]
fn what_is_not_known_is_a_card_and_kept_for_later() {
    let m = message(json!({ "hologram": { "depth": 3 } }));
    assert_eq!(m.cards[0].kind, CardKind::Unknown);
    assert_eq!(m.quarantine, Some(1));
    assert!(String::from_utf8(m.raw).unwrap().contains("hologram"));
    for poison in [
        json!({ "update_id": 3 }),
        json!({ "update_id": 3, "message": { "text": 4 } }),
        json!(17),
        json!({ "update_id": 4, "new_thing": {} }),
    ] {
        let read = update(&poison, OURS, 0);
        assert!(
            matches!(read.events.as_slice(), [Event::Unreadable { .. }]),
            "{poison}"
        );
    }
}

#[test]
fn what_has_only_a_card_is_kept_for_later_too() {
    for more in [
        json!({ "rich_message": { "blocks": [] } }),
        json!({ "paid_media": { "star_count": 5, "paid_media": [] }, "caption": "look" }),
    ] {
        let m = message(more.clone());
        assert_eq!(m.cards[0].kind, CardKind::Unsupported, "{more}");
        assert_eq!(m.quarantine, Some(1), "{more}");
        assert!(!m.raw.is_empty());
    }
}

#[test]
fn a_live_photo_is_one_picture_and_its_film() {
    let sizes = json!([{ "file_id": "S", "width": 1, "height": 1 }]);
    let m = message(
        json!({ "photo": sizes, "live_photo": { "file_id": "L", "photo": sizes, "duration": 2 } }),
    );
    let names: Vec<_> = m.cards.iter().filter_map(|c| c.text.as_deref()).collect();
    assert_eq!(names, ["photo.jpg", "video.mp4"]);
}

#[test]
fn a_button_is_pressed_now_however_old_its_message_is() {
    let now = 1_800_000_000_123;
    for message in [
        json!({ "message_id": 9, "date": 1_600_000_000, "chat": private() }),
        // One that is out of reach.
        json!({ "message_id": 9, "date": 0, "chat": private() }),
    ] {
        let pressed = json!({ "update_id": 1, "callback_query": { "id": "4", "from": { "id": 5 }, "data": "yes", "message": message } });
        let read = update(&pressed, OURS, now);
        let Event::Message(m) = &read.events[0] else {
            panic!("{read:?}");
        };
        assert_eq!(m.times.provider, Some(now));
    }
}

#[test]
fn a_link_by_which_somebody_came_is_told_apart_from_what_they_say() {
    let all = payload(&of(json!({ "text": "/start spring_24" })), Some(OURS));
    let touched = all.iter().find_map(|e| match e {
        Event::Touched(t) => t.touch.reference.clone(),
        _ => None,
    });
    assert_eq!(touched.as_deref(), Some("spring_24"));
    assert_eq!(
        message(json!({ "text": "/start spring_24" })).text,
        "/start"
    );
    assert_eq!(
        message(json!({ "text": "/start no link, words" })).text,
        "/start no link, words"
    );
}

#[test]
fn a_business_account_writes_to_its_customers_and_takes_back() {
    let mut m = json!({ "message_id": 9, "date": 1, "chat": private(), "from": { "id": 6, "is_bot": false, "first_name": "Owner" }, "business_connection_id": "bc", "text": "from my phone" });
    let all = payload(
        &json!({ "update_id": 2, "business_message": m }),
        Some(OURS),
    );
    let Some(Event::Message(sent)) = all.iter().find(|e| matches!(e, Event::Message(_))) else {
        panic!("{all:?}");
    };
    assert_eq!(sent.place, Place::Sent);
    assert_eq!(
        (
            sent.from.as_ref().unwrap().address.as_str(),
            sent.to[0].address.as_str()
        ),
        (OURS, "5")
    );
    assert_eq!(sent.route.as_deref(), Some("business:bc"));
    m["text"] = json!("changed");
    let edit = payload(
        &json!({ "update_id": 3, "edited_business_message": m }),
        Some(OURS),
    );
    let gone = payload(
        &json!({ "update_id": 4, "deleted_business_messages": { "business_connection_id": "bc", "chat": private(), "message_ids": [9] } }),
        Some(OURS),
    );
    let (Event::Later(edit), Event::Later(gone)) = (&edit[0], &gone[0]) else {
        panic!("{edit:?}");
    };
    assert_eq!(edit.of, sent.remote_id);
    assert_eq!((&gone.of, &gone.what), (&sent.remote_id, &Later::Unsent));
}

#[test]
fn groups_are_not_read_but_said() {
    let mut u = of(json!({ "text": "hello all" }));
    u["message"]["chat"] = json!({ "id": -7, "type": "supergroup", "title": "Friends" });
    let read = update(&u, OURS, 0);
    assert!(read.events.is_empty());
    assert!(read.note.unwrap().says.unwrap().contains("Friends"));
}

/// The answers that another library of the Bot API is tested with.
#[test]
fn recorded_answers_are_understood() {
    let shared = std::env::var("PARLEY_SHARED").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let Ok(all) = std::fs::read_dir(shared.join("data/telegram/tgbot-0.48.1-tests-data")) else {
        eprintln!("skipped: recorded answers of the Bot API do not lie here");
        return;
    };
    let (mut messages, mut unknown) = (0, Vec::new());
    for file in all.map(|f| f.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let wanted = name.starts_with("get-updates") || name.starts_with("send-");
        let Ok(pair) = serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()) else {
            continue;
        };
        if !wanted || !pair["rep_body"].is_object() {
            continue;
        }
        // Most of them are of groups; as if somebody had said the same to the bot.
        let text = pair["rep_body"].to_string();
        let text = text.replace(r#""type":"group""#, r#""type":"private""#);
        let text = text.replace(r#""type":"supergroup""#, r#""type":"private""#);
        for event in payload(&serde_json::from_str(&text).unwrap(), Some(OURS)) {
            match event {
                Event::Message(m) => {
                    messages += 1;
                    // What has a card of its own is set aside for a later version all the same.
                    if m.cards.iter().any(|c| c.kind == CardKind::Unknown) {
                        assert!(m.quarantine.is_some());
                        unknown.push(name.clone());
                    }
                }
                Event::Unreadable { .. } => unknown.push(name.clone()),
                _ => {}
            }
        }
    }
    assert!(messages > 80, "{messages}");
    // Of kinds that the vendor's description does not have, or that are no messages.
    unknown.retain(|n| {
        !n.starts_with("send-chat-action")
            && !n.contains("-draft-")
            && !n.starts_with("get-updates-unknown")
            && !n.starts_with("get-updates-stopped")
            && !n.starts_with("get-updates-subscription")
            && !n.starts_with("send-gift")
            && !n.starts_with("send-chat-join-request")
    });
    // Seven of them hold nothing, and one something that was made up to be unknown.
    assert_eq!(unknown, ["get-updates-message.json"; 8]);
}
