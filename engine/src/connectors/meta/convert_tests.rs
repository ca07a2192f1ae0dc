use super::*;
use crate::model::{Event, Later, Reached};
use serde_json::json;
use std::path::PathBuf;

const NOW: Millis = 1_790_000_000_000;
const CDN: &str = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=7&signature=Ab";

fn owner() -> Owner {
    Owner {
        channel: Channel::Instagram,
        id: "1784".into(),
        name: "the.shop".into(),
        also: vec!["245".into()],
    }
}

#[allow(clippy::needless_pass_by_value)] // json! makes values
fn from_anna(more: Value) -> Value {
    let mut json = json!({
        "id": "aWdf1", "created_time": "2026-09-01T10:00:00+0000", "message": "",
        "from": { "username": "anna", "id": "61" }, "to": { "data": [{ "username": "the.shop", "id": "1784" }] },
    });
    for (name, value) in more.as_object().unwrap() {
        json[name] = value.clone();
    }
    json
}

fn draft(json: &Value) -> Draft {
    match message(json, &owner(), None, NOW) {
        Read::Message(draft) => *draft,
        other => panic!("no message: {other:?}"),
    }
}

fn cards(json: &Value) -> Vec<CardKind> {
    let m = draft(json).linked(NOW);
    m.cards.iter().map(|c| c.kind).collect()
}

#[test]
fn a_text_says_who_wrote_to_whom_and_when() {
    let m = draft(&from_anna(json!({ "message": "Hello 👋" }))).message;
    assert_eq!((m.text.as_str(), m.place), ("Hello 👋", Place::Inbox));
    assert_eq!(m.times.provider, Some(1_788_256_800_000));
    let from = m.from.unwrap();
    assert_eq!(
        (from.address.as_str(), from.name.as_deref()),
        ("61", Some("anna"))
    );
    assert_eq!(m.to[0].address, "1784");
    assert_eq!(m.quarantine, None);
}

#[test]
fn what_the_account_wrote_is_its_own_under_every_id_that_it_has() {
    for own in ["1784", "245"] {
        let json = json!({
            "id": "x", "created_time": "2026-09-01T10:00:00+0000", "message": "Yes",
            "from": { "username": "the.shop", "id": own },
            "to": { "data": [{ "username": "the.shop", "id": "245" }, { "username": "anna", "id": "61" }] },
        });
        let m = draft(&json).message;
        assert_eq!(m.place, Place::Sent, "{own}");
        assert_eq!(m.from.unwrap().address, "1784", "kept under the one id");
        assert_eq!(m.to[0].address, "61", "never the account itself");
    }
    let to_itself = json!({
        "id": "x", "created_time": "2026-09-01T10:00:00+0000", "message": "Yes",
        "from": { "id": "1784" }, "to": { "data": [{ "id": "245" }] },
    });
    assert!(matches!(
        message(&to_itself, &owner(), None, NOW),
        Read::Poison { .. }
    ));
}

#[test]
fn each_kind_of_the_table_becomes_its_card_or_file() {
    use CardKind::{Media, Share, Sticker, StoryMention, StoryReply, Unknown, Unsupported};
    let file = |data: Value| json!({ "attachments": { "data": [data] } });
    for (what, expected) in [
        (
            file(json!({ "id": "1", "mime_type": "image/jpeg", "image_data": { "url": CDN } })),
            vec![Media],
        ),
        (
            file(json!({ "id": "1", "image_data": { "url": CDN, "render_as_sticker": true } })),
            vec![Sticker],
        ),
        (
            file(
                json!({ "id": "1", "mime_type": "video/mp4", "image_data": { "width": 1 }, "video_data": { "url": CDN } }),
            ),
            vec![Media],
        ),
        (
            file(
                json!({ "id": "1", "mime_type": "audio/mp4", "name": "voice.m4a", "file_url": CDN }),
            ),
            vec![Media],
        ),
        (
            file(json!({ "id": "1", "name": "Media are not given here" })),
            vec![Unsupported],
        ),
        (
            file(json!({ "id": "1", "hologram_data": {} })),
            vec![Unknown],
        ),
        (
            file(
                json!({ "id": "1", "generic_template": { "title": "Blue jug", "cta": { "url": "https://shop.test/jug" } } }),
            ),
            vec![Share],
        ),
        (json!({ "sticker": CDN }), vec![Sticker]),
        (
            json!({ "story": { "reply_to": { "link": CDN, "id": "9" } }, "message": "Lovely" }),
            vec![StoryReply],
        ),
        (
            json!({ "story": { "mention": { "link": CDN, "id": "9" } } }),
            vec![StoryMention],
        ),
        (
            json!({ "shares": { "data": [{ "link": CDN }] } }),
            vec![Share],
        ),
        (
            json!({ "shares": { "data": [{ "template": { "payload": { "product": { "elements": { "data": [{ "name": "Jug" }] } } } } }] } }),
            vec![Share],
        ),
        (json!({ "is_unsupported": true }), vec![Unsupported]),
        (json!({ "is_unsupported": "true" }), vec![Unsupported]),
        (json!({}), vec![Unknown]),
    ] {
        assert_eq!(cards(&from_anna(what.clone())), expected, "{what}");
    }
}

#[test]
fn what_is_not_understood_is_kept_without_the_ways_that_hold_the_token() {
    let strange = from_anna(json!({
        "attachments": { "data": [{ "id": "1", "hologram_data": { "x": 1 } }], "paging": { "next": "https://graph.test/?access_token=SECRET" } },
    }));
    let m = draft(&strange).message;
    assert_eq!(m.quarantine, Some(VERSION));
    let raw = String::from_utf8(m.raw).unwrap();
    assert!(
        raw.contains("hologram_data") && !raw.contains("SECRET"),
        "{raw}"
    );
}

#[test]
fn links_say_until_when_they_lead_anywhere() {
    let at = 1_790_000_900;
    assert_eq!(
        until(&format!("https://x.fbcdn.net/a?oe={at:X}"), NOW),
        Some(at * 1_000)
    );
    assert_eq!(
        until(&format!("https://lookaside.fbsbx.com/?ext={at}"), NOW),
        Some(at * 1_000)
    );
    assert_eq!(until(CDN, NOW), Some(NOW + DAY), "a day, as was seen");
    assert_eq!(until("https://shop.test/jug", NOW), None);
    assert_eq!(
        until("https://x.fbcdn.net/a?oe=1", NOW),
        Some(NOW + DAY),
        "long over is no word"
    );
}

#[test]
fn reactions_are_pictures_and_belong_to_somebody() {
    let json = from_anna(json!({ "message": "x", "reactions": { "data": [
        { "reaction": "love", "users": [{ "id": "61" }, { "id": "1784" }] }, { "reaction": "🎉" },
        { "reaction": "a very long word that is none at all" },
    ] } }));
    let all = draft(&json).reactions;
    assert_eq!(all.get("1784").map(String::as_str), Some("❤️"));
    assert_eq!(
        all.get("61").map(String::as_str),
        Some("🎉"),
        "nobody named: the customer"
    );
    assert_eq!(all.len(), 2);
}

#[test]
fn hostile_bodies_cost_themselves_alone() {
    for bad in [
        json!(null),
        json!([]),
        json!({ "id": 7 }),
        json!({ "id": {}, "from": "me" }),
        json!({ "id": "x", "created_time": "2026-09-01T10:00:00+0000", "from": [], "to": 5, "message": { "a": 1 } }),
        from_anna(
            json!({ "attachments": { "data": "x" }, "shares": [[]], "story": 5, "reactions": { "data": [5, { "reaction": {} }] } }),
        ),
        from_anna(json!({ "message": { "nested": true }, "sticker": ["x"] })),
    ] {
        let read = message(&bad, &owner(), None, NOW);
        assert!(
            !matches!(read, Read::Message(d) if d.message.quarantine.is_none()),
            "{bad}"
        );
        let _ = payload(&bad, None);
    }
    let deep = (0..200).fold(json!("x"), |inner, _| json!({ "data": [inner] }));
    let _ = payload(&deep, Some("1784"));
}

#[test]
fn a_link_is_never_a_program() {
    let json = from_anna(
        json!({ "shares": { "data": [{ "link": "javascript:alert(1)", "name": "x" }] } }),
    );
    assert_eq!(draft(&json).linked(NOW).cards[0].link, None);
}

#[test]
fn a_webhook_tells_messages_echoes_reactions_reading_and_taking_back() {
    let event = |more: Value| {
        let mut e = json!({ "sender": { "id": "61" }, "recipient": { "id": "1784" }, "timestamp": 1_788_256_800_000_i64 });
        for (name, value) in more.as_object().unwrap() {
            e[name] = value.clone();
        }
        e
    };
    let told = |more: Value| {
        let body = json!({ "object": "instagram", "entry": [{ "id": "1784", "time": 1, "messaging": [event(more)] }] });
        payload(&body, None)
    };
    let one = |more: Value| match told(more).remove(0) {
        Event::Message(m) => *m,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        one(json!({ "message": { "mid": "m1", "text": "Hi" } })).text,
        "Hi"
    );
    let echo = json!({ "sender": { "id": "1784" }, "recipient": { "id": "61" }, "message": { "mid": "m2", "text": "Yes", "is_echo": true } });
    assert_eq!(one(echo).place, Place::Sent);
    let odd = one(
        json!({ "message": { "mid": "m3", "attachments": [{ "type": "unsupported_type", "payload": { "url": CDN } }] } }),
    );
    assert_eq!(odd.cards[0].kind, CardKind::Unsupported);
    let story = one(
        json!({ "message": { "mid": "m4", "text": "wow", "reply_to": { "story": { "url": CDN, "id": "1" } } } }),
    );
    assert_eq!(story.cards[0].kind, CardKind::StoryReply);
    let later = |more: Value| match told(more).remove(0) {
        Event::Later(a) => (a.of.0, a.what),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        later(json!({ "message": { "mid": "m1", "is_deleted": true } })),
        ("m1".into(), Later::Unsent)
    );
    let reaction = |emoji: Option<&str>| Later::Reaction {
        by: "61".into(),
        emoji: emoji.map(str::to_owned),
    };
    assert_eq!(later(json!({ "reaction": { "mid": "m2", "action": "react", "reaction": "love", "emoji": "❤️" } })).1, reaction(Some("❤️")));
    assert_eq!(
        later(json!({ "reaction": { "mid": "m2", "action": "unreact" } })).1,
        reaction(None)
    );
    assert_eq!(
        later(json!({ "read": { "mid": "m2" } })).1,
        Later::Reached(Reached::Read)
    );
    assert_eq!(
        later(json!({ "delivery": { "mids": ["m2"] } })).1,
        Later::Reached(Reached::Delivered)
    );
    assert!(matches!(
        told(json!({ "hologram": {} }))[0],
        Event::Unreadable { .. }
    ));
    let pressed = told(
        json!({ "postback": { "mid": "p1", "title": "Sizes", "referral": { "ref": "spring", "source": "ADS" } } }),
    );
    assert!(
        matches!(&pressed[1], Event::Touched(t) if t.touch.reference.as_deref() == Some("spring"))
    );
}

#[test]
fn a_page_tells_its_people_and_its_messages_oldest_first() {
    let page = json!({ "data": [{
        "id": "c1", "updated_time": "2026-09-01T10:00:05+0000",
        "participants": { "data": [{ "username": "anna", "id": "61" }, { "username": "the.shop", "id": "1784" }] },
        "messages": { "data": [
            { "id": "2", "created_time": "2026-09-01T10:00:05+0000", "message": "b", "from": { "id": "1784" }, "to": { "data": [{ "id": "61" }] } },
            { "id": "1", "created_time": "2026-09-01T10:00:00+0000", "message": "a", "from": { "id": "61" }, "to": { "data": [{ "id": "1784" }] } },
        ] },
    }] });
    for ours in [Some("1784"), None] {
        let events = payload(&page, ours);
        let texts = events.iter().filter_map(|e| match e {
            Event::Message(m) => Some((m.text.clone(), m.place)),
            _ => None,
        });
        let expected = [
            ("a".to_owned(), Place::Inbox),
            ("b".to_owned(), Place::Sent),
        ];
        assert_eq!(texts.collect::<Vec<_>>(), expected, "{ours:?}");
        assert!(matches!(&events[0], Event::Person(p) if p.username.as_deref() == Some("anna")));
    }
}

fn shared() -> Option<PathBuf> {
    let dir = std::env::var("PARLEY_SHARED").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let dir = dir.join("data/restfb");
    dir.is_dir().then_some(dir)
}

/// Bodies that another project's tests hold as real are read whole.
#[test]
fn bodies_of_the_field_are_read() {
    let Some(dir) = shared() else {
        println!("skipped: no restfb bodies here (PARLEY_SHARED)");
        return;
    };
    let read = |name: &str| -> Vec<Event> {
        let text = std::fs::read(dir.join(name)).unwrap();
        payload(&serde_json::from_slice(&text).unwrap(), None)
    };
    let message = |name: &str| -> Incoming {
        match read(name).remove(0) {
            Event::Message(m) => *m,
            other => panic!("{name}: {other:?}"),
        }
    };
    let kinds = |m: &Incoming| m.cards.iter().map(|c| c.kind).collect::<Vec<_>>();
    assert_eq!(
        kinds(&message("v10_0/instagram-message-story.json")),
        [CardKind::StoryReply]
    );
    assert_eq!(
        kinds(&message("v2_11/message-with-sticker.json")),
        [CardKind::Sticker]
    );
    assert_eq!(
        kinds(&message("v7_0/message-eu.json")),
        [CardKind::Unsupported]
    );
    assert_eq!(
        kinds(&message("v2_5/message-with-share.json")),
        [CardKind::Share]
    );
    assert_eq!(
        kinds(&message("v10_0/message-with-generic-template.json")),
        [CardKind::Share]
    );
    assert_eq!(
        kinds(&message("instagram/messaging-attachment-unsupported.json")),
        [CardKind::Unsupported]
    );
    assert!(!message("v2_5/message.json").text.is_empty());
    let all = read("v2_5/messages-with-attachments.json");
    assert!(all.len() >= 5);
    for event in all {
        let Event::Message(m) = event else {
            panic!("{event:?}")
        };
        assert_eq!(kinds(&m), [CardKind::Media]);
        assert!(m.cards[0].link.is_some() && m.cards[0].mime.is_some());
        assert_eq!(m.quarantine, None);
    }
}
