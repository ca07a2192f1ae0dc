//! What events become, without a homeserver.

use super::convert::{Piece, piece as piece_until};
use super::said::mxc;
use crate::model::{Card, CardKind, Class, Event, Incoming, Place};
use crate::time::{DAY, Millis};
use serde_json::{Value, json};

const OWN: &str = "@support:desk.test";
const ANNA: &str = "@anna:home.test";

#[allow(clippy::needless_pass_by_value)] // json! makes values
fn event(kind: &str, content: Value) -> Value {
    json!({"type": kind, "event_id": "$1", "sender": ANNA, "origin_server_ts": 1_000, "content": content})
}

fn piece(own: &str, room: &str, event: &Value) -> Option<Piece> {
    piece_until(own, room, event, Millis::MAX)
}

fn said(content: Value) -> Option<Piece> {
    piece(OWN, "!r", &event("m.room.message", content))
}

fn message(content: Value) -> Incoming {
    match said(content) {
        Some(Piece::Message(message, _)) => *message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_visitor_without_a_name_is_called_one_and_others_as_they_say() {
    let called = |said: &str| super::convert::name(said);
    assert_eq!(
        called("web-36c2964fb7bdb969").as_deref(),
        Some("Visitor B969")
    );
    for other in ["web-36c2", "web-36c2964fb7bdb96z", "Web-Anna", "Anna"] {
        assert_eq!(called(other).as_deref(), Some(other));
    }
}

#[test]
fn a_text_knows_its_writer_its_room_and_its_time() {
    let m = message(json!({"msgtype": "m.text", "body": "Is the lamp in stock?"}));
    assert_eq!(m.remote_id.0, "!r $1");
    assert_eq!(m.text, "Is the lamp in stock?");
    assert_eq!(m.from.map(|p| p.address).as_deref(), Some(ANNA));
    assert_eq!((m.place, m.times.provider), (Place::Inbox, Some(1_000)));
    assert_eq!(m.route.as_deref(), Some("!r"));
    assert_eq!(m.class, Class::Human);
}

#[test]
fn what_we_wrote_elsewhere_lies_in_sent_and_bears_our_key_where_it_was_ours() {
    let mut own = event(
        "m.room.message",
        json!({"msgtype": "m.text", "body": "Yes."}),
    );
    own["sender"] = OWN.into();
    own["unsigned"] = json!({"transaction_id": "00112233445566778899aabbccddeeff"});
    let Some(Piece::Message(m, _)) = piece(OWN, "!r", &own) else {
        panic!()
    };
    assert_eq!(m.place, Place::Sent);
    assert_eq!(
        m.key.map(|k| k.to_string()).as_deref(),
        Some("00112233445566778899aabbccddeeff")
    );
    own["unsigned"] = json!({"transaction_id": "m123.element"});
    let Some(Piece::Message(m, _)) = piece(OWN, "!r", &own) else {
        panic!()
    };
    assert_eq!(m.key, None);
}

#[test]
fn a_notice_is_a_programs_and_waits_for_nobody() {
    assert_eq!(
        message(json!({"msgtype": "m.notice", "body": "Open until six"})).class,
        Class::Machine
    );
}

#[test]
fn an_answer_keeps_what_it_answers_on_a_card() {
    let m = message(
        json!({"msgtype": "m.text", "body": "> <@a:b> Which one?\n> The brass one?\n\nYes, that.", "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}),
    );
    assert_eq!(m.text, "Yes, that.");
    assert_eq!(
        m.cards,
        [Card::of(CardKind::Quote).saying("<@a:b> Which one?\nThe brass one?")]
    );
    let plain = message(json!({"msgtype": "m.text", "body": "> not an answer"}));
    assert_eq!(plain.text, "> not an answer");
}

#[test]
fn files_are_named_and_fetched_from_plain_addresses_only() {
    let file = |content: Value| match said(content) {
        Some(Piece::Message(m, media)) => (m.text, m.cards, media),
        other => panic!("{other:?}"),
    };
    let (text, _, media) = file(
        json!({"msgtype": "m.image", "body": "For you", "filename": "a.png", "url": "mxc://home.test/abc", "info": {"mimetype": "IMAGE/PNG", "size": 7}}),
    );
    let media = media.unwrap();
    assert_eq!(
        (
            text.as_str(),
            media.name.as_str(),
            media.mime.as_str(),
            media.size
        ),
        ("For you", "a.png", "image/png", 7)
    );
    let (_, cards, media) =
        file(json!({"msgtype": "m.file", "body": "a.pdf", "url": "mxc://home.test/../../admin"}));
    assert_eq!(
        (cards, media),
        (vec![Card::of(CardKind::Media).saying("a.pdf")], None)
    );
    let (_, cards, _) =
        file(json!({"msgtype": "m.file", "body": "a.pdf", "file": {"url": "mxc://home.test/abc"}}));
    assert_eq!(cards[0].kind, CardKind::Encrypted);
    for odd in [
        "",
        "mxc://",
        "mxc://a",
        "mxc:///b",
        "mxc://a/b/c",
        "mxc://../b",
        "mxc://a b/c",
        "https://a/b",
    ] {
        assert_eq!(mxc(odd), None, "{odd}");
    }
    assert!(mxc("mxc://home.test:8448/aB-_9").is_some());
}

#[test]
fn an_unknown_kind_is_a_labelled_card_and_is_kept_for_later() {
    for (kind, content) in [
        (
            "m.room.message",
            json!({"msgtype": "org.future", "body": "A hologram"}),
        ),
        ("org.future.thing", json!({"body": "A hologram"})),
    ] {
        let Some(Piece::Message(m, None)) = piece(OWN, "!r", &event(kind, content)) else {
            panic!()
        };
        assert_eq!(m.cards, [Card::of(CardKind::Unknown).saying("A hologram")]);
        assert!(m.quarantine.is_some() && !m.raw.is_empty());
    }
}

#[test]
fn an_encrypted_room_says_so_once_a_day_for_everybody_who_writes_and_never_for_us() {
    let id = |event_id: &str, sender: &str, at: Millis| {
        let mut e = event(
            "m.room.encrypted",
            json!({"algorithm": "m.megolm.v1.aes-sha2"}),
        );
        e["event_id"] = event_id.into();
        e["sender"] = sender.into();
        e["origin_server_ts"] = at.into();
        match piece(OWN, "!r", &e) {
            Some(Piece::Encrypted(m)) => Some((m.remote_id, m.cards)),
            None => None,
            other => panic!("{other:?}"),
        }
    };
    let first = id("$1", ANNA, 1_000);
    assert!(first.is_some());
    assert_eq!(first, id("$2", ANNA, 2_000));
    assert_ne!(first, id("$3", ANNA, DAY + 1_000));
    assert_ne!(first, id("$4", "@bert:home.test", 1_000));
    assert_eq!(id("$5", OWN, 1_000), None);
}

#[test]
fn a_time_that_is_yet_to_come_is_now() {
    for far in [
        json!((1_i64 << 53) - 1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(6_000),
    ] {
        let mut e = event("m.room.message", json!({"msgtype": "m.text", "body": "x"}));
        e["origin_server_ts"] = far;
        let Some(Piece::Message(m, _)) = piece_until(OWN, "!r", &e, 5_000) else {
            panic!()
        };
        assert_eq!(m.times.provider, Some(5_000));
    }
}

#[test]
fn formatting_is_kept_without_the_repeated_question_and_without_strangers_pictures() {
    let html = |kind: &str, formatted: &str| {
        message(json!({"msgtype": kind, "body": "x", "format": "org.matrix.custom.html", "formatted_body": formatted})).html
    };
    let shown = |formatted: &str| {
        html("m.text", formatted)
            .map(|h| h.html)
            .unwrap_or_default()
    };
    let bold = shown(
        "<mx-reply><blockquote>Which <i>one</i>?</blockquote></mx-reply>The <b>brass</b> one",
    );
    assert!(
        bold.contains("<b>brass</b>") || bold.contains("<strong>brass</strong>"),
        "{bold}"
    );
    assert!(!bold.contains("Which"), "{bold}");
    assert!(
        html("m.emote", "<em>waves</em>")
            .unwrap()
            .html
            .contains("* ")
    );
    assert!(html("m.notice", "<ul><li>One</li></ul>").is_some());
    assert_eq!(
        html("m.text", "The brass one"),
        None,
        "its text says everything"
    );
    let picture = html(
        "m.text",
        "<b>Look</b> <img src=\"https://spy.test/x.png\"><script>alert(1)</script>",
    )
    .unwrap();
    assert!(
        picture.blocked.is_empty()
            && !picture.html.contains("spy")
            && !picture.html.contains("alert")
    );
    let other = message(
        json!({"msgtype": "m.text", "body": "x", "format": "text/evil", "formatted_body": "<b>x</b>"}),
    );
    assert_eq!(other.html, None);
}

#[test]
fn a_change_has_formatting_too_and_one_that_says_nothing_changes_nothing() {
    let edit = |new: Value| {
        said(
            json!({"msgtype": "m.text", "body": "* x", "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}),
        )
    };
    let Some(Piece::Edit { text, html, .. }) = edit(
        json!({"msgtype": "m.text", "body": "brass", "format": "org.matrix.custom.html", "formatted_body": "<b>brass</b>"}),
    ) else {
        panic!()
    };
    assert_eq!((text.as_str(), html.is_some()), ("brass", true));
    for nothing in [json!(null), json!("brass"), json!({}), json!({"body": 7})] {
        assert!(edit(nothing.clone()).is_none(), "{nothing}");
    }
}

#[test]
fn a_message_without_words_of_any_kind_is_kept_as_unreadable() {
    assert!(matches!(
        said(json!({"msgtype": "m.text", "body": ["x"]})),
        Some(Piece::Broken(Event::Unreadable { raw, .. })) if !raw.is_empty()
    ));
    assert!(said(json!({})).is_none(), "it was taken back");
}

#[test]
fn places_lead_to_a_map_and_nowhere_else() {
    let card = |geo: &str| {
        message(json!({"msgtype": "m.location", "body": "Here", "geo_uri": geo}))
            .cards
            .remove(0)
    };
    assert_eq!(
        card("geo:52.5,13.4;u=35").link.as_deref(),
        Some("https://www.openstreetmap.org/?mlat=52.5&mlon=13.4")
    );
    for odd in [
        "geo:999,0",
        "geo:x,y",
        "geo:",
        "javascript:alert(1)",
        "geo:NaN,1",
    ] {
        assert_eq!(card(odd).link, None, "{odd}");
    }
}

#[test]
fn what_a_visitor_says_of_themselves_is_taken_and_ours_is_not() {
    let mut state = event(
        "chat.parley.visitor",
        json!({"name": " Anna\nBerg ", "email": "anna@shop.test"}),
    );
    state["state_key"] = "".into();
    let Some(Piece::Visitor {
        user, name, email, ..
    }) = piece(OWN, "!r", &state)
    else {
        panic!()
    };
    assert_eq!(
        (user.as_str(), name.as_deref(), email.as_deref()),
        (ANNA, Some("Anna Berg"), Some("anna@shop.test"))
    );
    state["sender"] = OWN.into();
    assert!(piece(OWN, "!r", &state).is_none());
    let mut touch = event(
        "chat.parley.touch",
        json!({"first_page": "https://shop.test/lamps", "referrer": "javascript:alert(1)", "utm": {"source": "news", "evil": "x"}}),
    );
    touch["state_key"] = "".into();
    let Some(Piece::Touch(t)) = piece(OWN, "!r", &touch) else {
        panic!()
    };
    assert_eq!(
        (t.touch.page.as_deref(), t.touch.referrer),
        (Some("https://shop.test/lamps"), None)
    );
    assert_eq!(
        t.touch.utm.into_iter().collect::<Vec<_>>(),
        [("source".to_owned(), "news".to_owned())]
    );
}

#[test]
fn nothing_a_homeserver_gets_wrong_is_an_error() {
    let good = event("m.room.message", json!({"msgtype": "m.text", "body": "x"}));
    let odd = [
        json!(null),
        json!([]),
        json!(7),
        json!({}),
        json!("x"),
        json!({"$": []}),
    ];
    for bad in &odd {
        for key in [
            "type",
            "event_id",
            "sender",
            "origin_server_ts",
            "content",
            "unsigned",
            "state_key",
        ] {
            let mut e = good.clone();
            e[key] = bad.clone();
            let _ = piece(OWN, "!r", &e);
        }
        for key in [
            "msgtype",
            "body",
            "url",
            "info",
            "filename",
            "m.relates_to",
            "geo_uri",
            "m.new_content",
        ] {
            for kind in ["m.text", "m.image", "m.location", "m.emote"] {
                let mut e = good.clone();
                e["content"]["msgtype"] = kind.into();
                e["content"][key] = bad.clone();
                let _ = piece(OWN, "!r", &e);
            }
        }
        for kind in [
            "m.reaction",
            "m.room.redaction",
            "m.room.encrypted",
            "m.sticker",
            "m.room.member",
        ] {
            let _ = piece(OWN, "!r", &event(kind, bad.clone()));
        }
        assert!(piece(OWN, "!r", bad).is_none());
    }
    let mut spaced = good;
    spaced["event_id"] = "$1 !other $2".into();
    assert!(piece(OWN, "!r", &spaced).is_none());
}
