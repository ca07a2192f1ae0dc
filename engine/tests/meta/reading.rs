//! Reading: news, pages, gaps, what was taken back, media, trouble.

use super::shop::{Shop, later, messages, only_card, texts};
use parley_engine::connectors::Connector;
use parley_engine::model::{CardKind, Channel, Class, Event, Later, Place, Remedy};
use parley_sandbox::graph::{
    ANNA, Attached, Kind, Message, Options, POISON, Platform, Story, TOM, Usage,
};
use parley_sandbox::http::{DUPLICATE, Fault, SHUFFLE};
use serde_json::json;
use std::time::Duration;

const LIST: &str = "/v26.0/*/conversations";

#[tokio::test]
async fn a_customers_message_comes_with_her_name_and_answers_by_phone_are_ours() {
    let shop = Shop::instagram().await;
    shop.graph
        .writes(Platform::Instagram, ANNA, "Is this available?");
    shop.graph.writes(Platform::Instagram, ANNA, "Hello?");
    shop.graph
        .answers_elsewhere(Platform::Instagram, ANNA, "Yes, it is");
    let events = shop.poll().await.unwrap();
    let got: Vec<_> = messages(&events)
        .iter()
        .map(|m| (m.text.clone(), m.place))
        .collect();
    let expected = [
        ("Is this available?", Place::Inbox),
        ("Hello?", Place::Inbox),
        ("Yes, it is", Place::Sent),
    ];
    assert_eq!(
        got,
        expected.map(|(t, p)| (t.to_owned(), p)),
        "in the order of writing"
    );
    let sent = messages(&events)[2];
    assert_eq!(sent.from.as_ref().unwrap().address, shop.config.id);
    assert_eq!(sent.to[0].address, ANNA);
    let named = events.iter().any(|e| {
        matches!(e, Event::Person(p) if p.address == ANNA
        && p.name.as_deref() == Some("Anna Berg") && p.username.as_deref() == Some("anna.paints"))
    });
    assert!(named, "{events:?}");
}

#[tokio::test]
async fn polling_an_unchanged_account_asks_once_and_brings_nothing() {
    let mut shop = Shop::instagram().await;
    assert!(shop.poll().await.unwrap().is_empty(), "an empty account");
    shop.graph.writes(Platform::Instagram, ANNA, "One");
    assert_eq!(texts(&shop.poll().await.unwrap()), ["One"]);
    let (cursor, calls) = (shop.cursor(), shop.list_calls());
    assert!(shop.poll().await.unwrap().is_empty());
    assert_eq!(
        (shop.cursor(), shop.list_calls()),
        (cursor.clone(), calls + 1)
    );
    // A program takes longer to start than the vendor counts calls together.
    shop.graph.world().time.advance(Duration::from_secs(2));
    shop.begin_anew();
    assert!(shop.poll().await.unwrap().is_empty(), "also after a start");
    assert_eq!(shop.cursor(), cursor);
    shop.graph.writes(Platform::Instagram, ANNA, "Two");
    assert_eq!(
        texts(&shop.poll().await.unwrap()),
        ["Two"],
        "only what is new"
    );
}

#[tokio::test]
async fn many_conversations_are_read_by_cursors_within_two_calls_a_second() {
    let shop = Shop::messenger().await;
    for n in 0..45 {
        let person = format!("71000000{n:08}");
        for i in 0..3 {
            shop.graph
                .writes(Platform::Messenger, &person, &format!("{n}.{i}"));
        }
    }
    let events = shop.poll().await.unwrap();
    assert_eq!(texts(&events).len(), 135);
    let calls = shop.graph.world().calls.all();
    assert!(
        calls.iter().all(|c| c.status == Some(200)),
        "never too many at once"
    );
    assert!(
        calls.iter().all(|c| c.query("access_token").is_none()),
        "the way that holds the token is not taken"
    );
    assert!(
        calls
            .iter()
            .filter(|c| c.path.ends_with("/conversations"))
            .all(|c| c.query("platform") == Some("messenger"))
    );
    assert!(shop.poll().await.unwrap().is_empty());
}

#[tokio::test]
async fn more_news_than_a_page_holds_are_all_found() {
    let shop = Shop::messenger().await;
    shop.graph.writes(Platform::Messenger, ANNA, "first");
    shop.poll().await.unwrap();
    shop.graph.world().time.advance(Duration::from_secs(600));
    for n in 0..30 {
        shop.graph.writes(
            Platform::Messenger,
            &format!("72000000{n:08}"),
            &format!("news {n}"),
        );
    }
    assert_eq!(texts(&shop.poll().await.unwrap()).len(), 30);
}

#[tokio::test]
async fn conversations_in_no_order_are_found_by_a_look_over_all_pages() {
    let shop = Shop::messenger().await;
    shop.graph.api().with(|a, _| a.unordered = true);
    for n in 0..45 {
        shop.graph
            .writes(Platform::Messenger, &format!("73000000{n:08}"), "old");
        shop.graph.world().time.advance(Duration::from_secs(60));
    }
    shop.poll().await.unwrap();
    shop.graph.world().time.advance(Duration::from_secs(3_600));
    for n in 0..45 {
        shop.graph.writes(
            Platform::Messenger,
            &format!("73000000{n:08}"),
            &format!("new {n}"),
        );
    }
    shop.graph
        .world()
        .time
        .advance(Duration::from_secs(7 * 3_600));
    let events = shop.poll().await.unwrap();
    let new = texts(&events).into_iter().filter(|t| t.starts_with("new"));
    assert_eq!(new.count(), 45);
}

#[tokio::test]
async fn what_came_faster_than_it_can_be_read_leaves_a_mark_in_the_conversation_and_on_the_account()
{
    let shop = Shop::instagram().await;
    shop.graph.writes(Platform::Instagram, ANNA, "before");
    shop.poll().await.unwrap();
    shop.graph.world().time.advance(Duration::from_secs(60));
    for n in 0..33 {
        shop.graph
            .writes(Platform::Instagram, ANNA, &format!("burst {n}"));
    }
    let batch = shop.batch().await.unwrap();
    let marker: Vec<_> = messages(&batch.events)
        .into_iter()
        .filter(|m| m.class == Class::Machine)
        .collect();
    assert_eq!(marker.len(), 1);
    assert_eq!(
        (only_card(marker[0]).kind, only_card(marker[0]).count),
        (CardKind::Missing, Some(13))
    );
    assert_eq!(
        marker[0].from.as_ref().unwrap().address,
        ANNA,
        "in her conversation"
    );
    assert_eq!(
        texts(&batch.events)
            .iter()
            .filter(|t| t.starts_with("burst"))
            .count(),
        20
    );
    assert!(
        batch.gaps[0].reason.contains("13 messages"),
        "{:?}",
        batch.gaps
    );
    let again = shop.batch().await.unwrap();
    assert!(again.events.is_empty() && again.gaps.is_empty());
}

#[tokio::test]
async fn a_refused_field_costs_itself_is_told_and_is_asked_for_again_a_day_later() {
    let shop = Shop::instagram().await;
    shop.graph
        .api()
        .with(|a, _| a.refused.extend(["story".into(), "reactions".into()]));
    shop.graph.writes(Platform::Instagram, ANNA, "Hello");
    assert_eq!(texts(&shop.poll().await.unwrap()), ["Hello"]);
    let notes = shop.connector.standing().notes;
    assert!(
        notes.iter().any(|n| n.contains("story replies")),
        "{notes:?}"
    );
    let calls = shop.list_calls();
    shop.poll().await.unwrap();
    assert_eq!(shop.list_calls(), calls + 1, "it is remembered");
    shop.graph
        .api()
        .with(|a, _| a.refused.insert("attachments".into()));
    let picture = shop.graph.keeps("image/png", b"\x89PNG\r\n\x1a\n");
    shop.graph.brings(
        Platform::Instagram,
        TOM,
        Message::with(Kind::Image, &picture),
    );
    let events = shop.poll().await.unwrap();
    assert_eq!(only_card(messages(&events)[0]).kind, CardKind::Unsupported);
    assert!(
        shop.connector
            .standing()
            .notes
            .iter()
            .any(|n| n.contains("but text"))
    );
    shop.graph.api().with(|a, _| a.refused.clear());
    shop.graph
        .world()
        .time
        .advance(Duration::from_secs(25 * 3_600));
    shop.graph.brings(
        Platform::Instagram,
        TOM,
        Message {
            story: Some(Story::Mention(picture)),
            ..Message::default()
        },
    );
    let events = shop.poll().await.unwrap();
    assert_eq!(only_card(messages(&events)[0]).kind, CardKind::StoryMention);
    assert!(
        !shop
            .connector
            .standing()
            .notes
            .iter()
            .any(|n| n.contains("refuses"))
    );
}

#[tokio::test]
async fn a_message_that_was_taken_back_is_told_and_a_hole_in_a_list_is_not_taken_for_it() {
    let shop = Shop::instagram().await;
    shop.graph.writes(Platform::Instagram, ANNA, "first");
    let wrong = shop
        .graph
        .writes(Platform::Instagram, ANNA, "my card number is");
    let last = shop.graph.writes(Platform::Instagram, ANNA, "sorry");
    shop.poll().await.unwrap();
    let list = shop.graph.world().calls.to("GET", LIST).len();
    let cursor = shop.cursor();
    // A list that has lost two messages, which are there when they are asked for.
    let state: serde_json::Value = serde_json::from_str(&cursor).unwrap();
    let talk = state["talks"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    let hole = json!({ "data": [{ "id": talk, "updated_time": "2026-01-01T00:00:00+0000", "messages": { "data": [
        { "id": last, "created_time": "2026-01-01T00:00:00+0000", "message": "sorry", "from": { "id": ANNA }, "to": { "data": [{ "id": shop.config.id }] } },
    ] } }] });
    shop.graph
        .world()
        .faults
        .on("GET", LIST)
        .once(Fault::answer(200, hole));
    assert!(
        later(&shop.poll().await.unwrap())
            .iter()
            .all(|(_, what)| **what != Later::Unsent)
    );
    assert!(shop.graph.world().calls.to("GET", LIST).len() > list);
    shop.graph.unsends(&wrong);
    let events = shop.poll().await.unwrap();
    assert_eq!(later(&events), [(wrong.as_str(), &Later::Unsent)]);
    assert!(shop.poll().await.unwrap().is_empty(), "told once");
    shop.graph.unsends(&last);
    assert_eq!(
        later(&shop.poll().await.unwrap()),
        [(last.as_str(), &Later::Unsent)]
    );
}

#[tokio::test]
async fn reactions_come_and_go() {
    let shop = Shop::instagram().await;
    let id = shop
        .graph
        .answers_elsewhere(Platform::Instagram, ANNA, "Thank you!");
    shop.graph.writes(Platform::Instagram, ANNA, "Bye");
    shop.poll().await.unwrap();
    shop.graph.change(&id, |m| {
        drop(m.reactions.insert(ANNA.into(), "love".into()));
    });
    let events = shop.poll().await.unwrap();
    let reaction = |emoji: Option<&str>| Later::Reaction {
        by: ANNA.into(),
        emoji: emoji.map(str::to_owned),
    };
    assert_eq!(later(&events), [(id.as_str(), &reaction(Some("❤️")))]);
    assert!(shop.poll().await.unwrap().is_empty());
    shop.graph.change(&id, |m| m.reactions.clear());
    assert_eq!(
        later(&shop.poll().await.unwrap()),
        [(id.as_str(), &reaction(None))]
    );
}

#[tokio::test]
async fn a_changed_text_is_told_as_changed() {
    let shop = Shop::instagram().await;
    let id = shop.graph.writes(Platform::Instagram, ANNA, "At noon");
    shop.poll().await.unwrap();
    shop.graph.change(&id, |m| m.text = "At one".into());
    let events = shop.poll().await.unwrap();
    assert!(
        matches!(later(&events)[0], (of, Later::Edited { text, .. }) if of == id && text == "At one")
    );
}

#[tokio::test]
async fn media_are_links_while_valid_or_kept_where_that_is_chosen_and_never_see_the_token() {
    let png = b"\x89PNG\r\n\x1a\n....";
    let shop = Shop::instagram().await;
    let picture = shop.graph.keeps("image/png", png);
    shop.graph.brings(
        Platform::Instagram,
        ANNA,
        Message::with(Kind::Image, &picture),
    );
    let events = shop.poll().await.unwrap();
    let card = only_card(messages(&events)[0]);
    assert_eq!(
        (card.kind, card.mime.as_deref()),
        (CardKind::Media, Some("image/png"))
    );
    let now = shop.graph.world().time.now();
    assert!(
        card.link.is_some()
            && card
                .until
                .is_some_and(|u| u > now && u < now + 26 * 3_600_000)
    );
    let asked = shop.graph.cdn().world().calls.all();
    assert!(
        !asked.is_empty()
            && asked.iter().all(|c| c
                .query
                .iter()
                .any(|(name, value)| name == "size" && value == "small")),
        "only a small picture is fetched, for as long as the link is valid: {asked:?}"
    );
    let shown = messages(&events)[0];
    assert_eq!((shown.files.len(), shown.files_until), (1, card.until));
    let shop = Shop::open(Options::instagram(), Channel::Instagram, |c| {
        c.keep_media = true;
    })
    .await;
    let picture = shop.graph.keeps("image/jpeg", png);
    let gone = "18079999999999999";
    shop.graph.brings(
        Platform::Instagram,
        ANNA,
        Message::with(Kind::Image, &picture),
    );
    shop.graph
        .brings(Platform::Instagram, ANNA, Message::with(Kind::File, gone));
    let events = shop.poll().await.unwrap();
    let all = messages(&events);
    assert_eq!(all[0].files[0].bytes, png);
    assert_eq!(
        all[0].files[0].mime, "image/png",
        "by content, not by claim"
    );
    assert!(all[0].cards.is_empty());
    assert_eq!(
        only_card(all[1]).kind,
        CardKind::Media,
        "what is not to be had stays a link"
    );
    assert!(shop.graph.cdn().with(|cdn, _| cdn.shown_a_token) == 0);
    assert!(
        shop.graph
            .cdn()
            .world()
            .calls
            .all()
            .iter()
            .all(|c| c.header("authorization").is_none())
    );
}

#[tokio::test]
async fn a_media_server_that_fails_is_tried_once_more_and_then_left_as_a_link() {
    let shop = Shop::open(Options::instagram(), Channel::Instagram, |c| {
        c.keep_media = true;
    })
    .await;
    let picture = shop.graph.keeps("image/png", b"\x89PNG\r\n\x1a\n");
    shop.graph.brings(
        Platform::Instagram,
        ANNA,
        Message::with(Kind::Image, &picture),
    );
    shop.graph
        .cdn()
        .world()
        .faults
        .on("GET", "/")
        .always(Fault::status(503));
    assert_eq!(shop.poll().await.unwrap_err().remedy, Remedy::Retry);
    let events = shop.poll().await.unwrap();
    assert_eq!(only_card(messages(&events)[0]).kind, CardKind::Media);
}

#[tokio::test]
async fn every_kind_of_message_is_shown_as_something() {
    let shop = Shop::instagram().await;
    let file = shop.graph.keeps("image/jpeg", b"\xff\xd8\xff\xe0");
    let link = (
        "https://www.instagram.com/p/1/".to_owned(),
        "A post".to_owned(),
    );
    let strange = json!({ "id": "1", "hologram_data": { "x": 1 } });
    for (message, kind) in [
        (
            Message {
                story: Some(Story::Reply(file.clone())),
                ..Message::saying("Lovely")
            },
            CardKind::StoryReply,
        ),
        (
            Message {
                story: Some(Story::Mention(file.clone())),
                ..Message::default()
            },
            CardKind::StoryMention,
        ),
        (
            Message {
                shares: vec![link],
                ..Message::default()
            },
            CardKind::Share,
        ),
        (
            Message {
                unsupported: true,
                ..Message::default()
            },
            CardKind::Unsupported,
        ),
        (
            Message {
                files: vec![Attached::Withheld],
                ..Message::default()
            },
            CardKind::Unsupported,
        ),
        (
            Message {
                sticker: Some("https://scontent.xx.fbcdn.net/s.png".into()),
                ..Message::default()
            },
            CardKind::Sticker,
        ),
        (Message::with(Kind::Video, &file), CardKind::Media),
        (
            Message {
                files: vec![Attached::Strange(strange)],
                ..Message::default()
            },
            CardKind::Unknown,
        ),
    ] {
        shop.graph.brings(Platform::Instagram, ANNA, message);
        let events = shop.poll().await.unwrap();
        let m = messages(&events)[0];
        assert_eq!(only_card(m).kind, kind);
        assert_eq!(m.quarantine.is_some(), kind == CardKind::Unknown);
        if m.quarantine.is_some() {
            assert!(
                shop.connector.read_again(&m.raw).is_none(),
                "this version knows no more of it"
            );
        }
    }
}

#[tokio::test]
async fn an_allowance_that_runs_short_makes_parley_slow_then_still() {
    let shop = Shop::instagram().await;
    let usage = |app, regain| Usage {
        app,
        business: 10,
        regain,
    };
    let pace = || shop.connector.capabilities().poll_seconds;
    shop.graph.api().with(|a, _| a.usage = usage(40, 0));
    shop.poll().await.unwrap();
    assert_eq!(
        (pace(), shop.connector.standing().used_percent),
        (15, Some(40))
    );
    shop.graph.api().with(|a, _| a.usage = usage(80, 0));
    shop.poll().await.unwrap();
    assert_eq!(pace(), 60);
    shop.graph.api().with(|a, _| a.usage = usage(96, 0));
    shop.poll().await.unwrap();
    let calls = shop.graph.world().calls.all().len();
    let e = shop.poll().await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Wait);
    assert!(e.retry_after.unwrap() > 60_000);
    assert_eq!(
        shop.graph.world().calls.all().len(),
        calls,
        "calls while blocked prolong the block"
    );
    assert!(shop.connector.standing().held_until.is_some());
    shop.graph.world().time.advance(Duration::from_secs(400));
    shop.graph.api().with(|a, _| a.usage = usage(99, 7));
    shop.poll().await.unwrap();
    let e = shop.poll().await.unwrap_err();
    assert!(
        (6 * 60_000..=7 * 60_000).contains(&e.retry_after.unwrap()),
        "as told: {e:?}"
    );
}

#[tokio::test]
async fn trouble_is_named_by_its_code_and_says_what_to_do() {
    let shop = Shop::instagram().await;
    shop.poll().await.unwrap();
    let faults = &shop.graph.world().faults;
    let said = |code: u32, sub: u32| {
        Fault::answer(
            400,
            json!({ "error": { "code": code, "error_subcode": sub, "message": "Une erreur", "fbtrace_id": "T1" } }),
        )
    };
    for (fault, remedy, words) in [
        (said(190, 460), Remedy::Reconnect, "password"),
        (said(200, 2_534_041), Remedy::Reconnect, "Connected Tools"),
        (
            said(10, 0),
            Remedy::Reconnect,
            "instagram_business_manage_messages",
        ),
        (said(2, 0), Remedy::Retry, "Meta's code 2"),
        (Fault::Html, Remedy::Retry, "web page"),
        (Fault::Cut { after: 10 }, Remedy::Retry, ""),
        (Fault::CloseBefore, Remedy::Retry, ""),
        (Fault::status(500), Remedy::Retry, ""),
        (Fault::too_many(None), Remedy::Wait, ""),
    ] {
        let what = format!("{fault:?}");
        faults.clear();
        faults.on("GET", LIST).always(fault);
        let e = shop.poll().await.unwrap_err();
        assert_eq!(e.remedy, remedy, "{what}: {e}");
        assert!(
            e.what.contains(words) && (!e.what.contains("Une") || words.starts_with("instagram_")),
            "{what}: {e}"
        );
        faults.clear();
        shop.poll().await.unwrap();
    }
    faults.on("GET", LIST).once(said(613, 2_534_040));
    let e = shop.poll().await.unwrap_err();
    assert_eq!((e.remedy, e.retry_after), (Remedy::Wait, Some(300_000)));
}

#[tokio::test]
async fn doubled_and_shuffled_pages_bring_each_message_once_and_in_order() {
    let shop = Shop::instagram().await;
    let faults = &shop.graph.world().faults;
    faults.on("GET", LIST).always(Fault::flag(DUPLICATE));
    faults.on("GET", LIST).always(Fault::flag(SHUFFLE));
    for n in 0..5 {
        shop.graph
            .writes(Platform::Instagram, ANNA, &format!("{n}"));
        shop.graph.world().time.advance(Duration::from_secs(2));
    }
    shop.graph.writes(Platform::Instagram, TOM, "Tom");
    let events = shop.poll().await.unwrap();
    let hers: Vec<_> = texts(&events).into_iter().filter(|t| *t != "Tom").collect();
    assert_eq!(hers, ["0", "1", "2", "3", "4"]);
    assert_eq!(texts(&events).len(), 6);
    assert!(shop.poll().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_poisoned_message_is_shown_as_such_and_stops_nothing() {
    let shop = Shop::instagram().await;
    shop.graph.writes(Platform::Instagram, ANNA, "good");
    shop.graph.writes(Platform::Instagram, ANNA, "bad");
    shop.graph.writes(Platform::Instagram, TOM, "fine");
    shop.graph.writes(Platform::Instagram, TOM, "too");
    shop.graph
        .world()
        .faults
        .on("GET", LIST)
        .once(Fault::flag(POISON));
    let events = shop.poll().await.unwrap();
    assert!(events.iter().any(|e| matches!(e, Event::Unreadable { .. })));
    let mut read = texts(&events);
    read.sort_unstable();
    assert_eq!(read, ["fine", "good"]);
    let mut rest = shop.poll().await.unwrap();
    rest.retain(|e| matches!(e, Event::Message(_)));
    let mut read = texts(&rest);
    read.sort_unstable();
    assert_eq!(read, ["bad", "too"], "what the vendor mends is read");
}

#[tokio::test]
async fn a_window_is_read_again_and_a_lost_cursor_begins_anew() {
    let shop = Shop::instagram().await;
    let start = shop.graph.world().time.now();
    shop.graph.writes(Platform::Instagram, ANNA, "Hello");
    shop.poll().await.unwrap();
    let cursor = shop.cursor.lock().unwrap().clone();
    *shop.cursor.lock().unwrap() = shop.connector.rewound(cursor.as_ref(), start - 1_000);
    assert_eq!(texts(&shop.poll().await.unwrap()), ["Hello"]);
    *shop.cursor.lock().unwrap() = Some(parley_engine::model::Cursor("{broken".into()));
    assert_eq!(texts(&shop.poll().await.unwrap()), ["Hello"]);
}

#[tokio::test]
async fn nothing_is_called_missing_that_is_only_read_once_more() {
    let shop = Shop::instagram().await;
    let start = shop.graph.world().time.now();
    for _ in 0..3 {
        for n in 0..10 {
            shop.graph
                .writes(Platform::Instagram, ANNA, &format!("{n}"));
        }
        shop.poll().await.unwrap();
        shop.graph.world().time.advance(Duration::from_secs(60));
    }
    let cursor = shop.cursor.lock().unwrap().clone();
    *shop.cursor.lock().unwrap() = shop.connector.rewound(cursor.as_ref(), start - 1_000);
    let batch = shop.batch().await.unwrap();
    assert_eq!(texts(&batch.events).len(), 20);
    assert!(batch.gaps.is_empty(), "{:?}", batch.gaps);
}

#[tokio::test]
async fn old_conversations_are_left_alone_where_nobody_wants_them() {
    let shop = Shop::messenger().await;
    shop.connector.read_history(false);
    for n in 0..45 {
        shop.graph
            .writes(Platform::Messenger, &format!("74000000{n:08}"), "old");
    }
    assert_eq!(texts(&shop.poll().await.unwrap()).len(), 20);
    shop.connector.read_history(true);
    assert_eq!(texts(&shop.poll().await.unwrap()).len(), 25);
}
