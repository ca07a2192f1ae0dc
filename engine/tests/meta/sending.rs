//! Sending: shapes, windows, files, lost answers, refusals.

use super::shop::{Shop, messages};
use parley_engine::connectors::Connector;
use parley_engine::model::{Channel, Place, Remedy, TextUnit};
use parley_sandbox::graph::{ANNA, Options, Platform};
use parley_sandbox::http::Fault;
use serde_json::json;
use std::time::Duration;

const MESSAGES: &str = "/v26.0/*/messages";

#[tokio::test]
async fn a_text_goes_as_each_door_wants_it_and_comes_back_as_ours() {
    let shop = Shop::instagram().await;
    shop.graph.api().with(|a, _| a.receipts_differ = true);
    shop.graph
        .writes(Platform::Instagram, ANNA, "Is this available?");
    shop.poll().await.unwrap();
    let receipt = shop
        .connector
        .send(&shop.outgoing(ANNA, "Yes 🎉"))
        .await
        .unwrap();
    let sent = shop.graph.sent();
    assert_eq!(
        sent[0].body,
        json!({ "recipient": { "id": ANNA }, "message": { "text": "Yes 🎉" } })
    );
    assert_eq!(receipt.remote_id.unwrap().0, sent[0].receipt);
    let events = shop.poll().await.unwrap();
    let back = messages(&events)[0];
    assert_eq!(
        (back.place, back.remote_id.0.as_str(), back.text.as_str()),
        (Place::Sent, sent[0].id.as_str(), "Yes 🎉")
    );
    let shop = Shop::messenger().await;
    shop.graph.writes(Platform::Messenger, ANNA, "Hello");
    shop.connector
        .send(&shop.outgoing(ANNA, "Hi"))
        .await
        .unwrap();
    assert_eq!(shop.graph.sent()[0].body["messaging_type"], "RESPONSE");
}

#[tokio::test]
async fn each_account_says_what_it_can_do() {
    let by_instagram = Shop::instagram().await.connector.capabilities();
    assert!(!by_instagram.attachments && by_instagram.max_attachment.is_none());
    let limit = by_instagram.text_limit.unwrap();
    assert_eq!((limit.most, limit.unit), (1_000, TextUnit::Bytes));
    assert_eq!(
        (
            by_instagram.reply_window_hours,
            by_instagram.may_write_first
        ),
        (Some(24), false)
    );
    let by_page = Shop::open(Options::page(), Channel::Instagram, |c| {
        c.human_agent = true;
    })
    .await
    .connector
    .capabilities();
    assert!(
        by_page.attachments
            && by_page.files_apart
            && by_page.file_types.contains(&"application/pdf".to_owned())
    );
    assert_eq!(by_page.reply_window_hours, Some(168));
    let messenger = Shop::messenger().await.connector.capabilities();
    let limit = messenger.text_limit.unwrap();
    assert_eq!((limit.most, limit.unit), (2_000, TextUnit::Chars));
    assert!(messenger.attachments && messenger.file_types.is_empty());
}

#[tokio::test]
async fn a_text_that_is_too_long_is_never_offered() {
    let shop = Shop::instagram().await;
    shop.graph.writes(Platform::Instagram, ANNA, "Hello");
    let fits = "ä".repeat(500);
    shop.connector
        .send(&shop.outgoing(ANNA, &fits))
        .await
        .unwrap();
    let e = shop
        .connector
        .send(&shop.outgoing(ANNA, &format!("{fits}x")))
        .await
        .unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    assert!(e.what.contains("1001 bytes"), "{}", e.what);
    assert_eq!(shop.graph.world().calls.count("POST", MESSAGES), 1);
}

#[tokio::test]
async fn after_a_day_nothing_goes_out_but_a_persons_answer_where_that_was_granted() {
    let shop = Shop::messenger().await;
    shop.graph.writes(Platform::Messenger, ANNA, "Hello");
    shop.graph
        .world()
        .time
        .advance(Duration::from_secs(25 * 3_600));
    let e = shop
        .connector
        .send(&shop.outgoing(ANNA, "Hi"))
        .await
        .unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    assert!(e.what.contains("24 hours"), "{}", e.what);
    let shop = Shop::open(Options::page(), Channel::Messenger, |c| {
        c.human_agent = true;
    })
    .await;
    shop.graph.api().with(|a, _| a.human_agent = true);
    shop.graph.writes(Platform::Messenger, ANNA, "Hello");
    shop.connector
        .send(&shop.outgoing(ANNA, "Within"))
        .await
        .unwrap();
    shop.graph
        .world()
        .time
        .advance(Duration::from_secs(25 * 3_600));
    shop.connector
        .send(&shop.outgoing(ANNA, "Outside"))
        .await
        .unwrap();
    let tags: Vec<_> = shop
        .graph
        .sent()
        .iter()
        .map(|s| s.body["tag"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        tags,
        [None, Some("HUMAN_AGENT".to_owned())],
        "the tag is for outside of the window alone"
    );
}

#[tokio::test]
async fn a_file_is_uploaded_and_sent_by_its_id_and_a_lost_upload_is_no_riddle() {
    let shop = Shop::open(Options::page(), Channel::Instagram, |_| {}).await;
    shop.graph
        .writes(Platform::Instagram, ANNA, "Have you got a picture?");
    let picture = shop.outgoing_file(ANNA, "jug.png", "image/png", b"\x89PNG\r\n\x1a\n\r\n--x");
    shop.graph
        .world()
        .faults
        .on("POST", "/v26.0/*/message_attachments")
        .once(Fault::CloseAfter);
    assert_eq!(
        shop.connector.send(&picture).await.unwrap_err().remedy,
        Remedy::Retry
    );
    assert!(shop.graph.sent().is_empty());
    shop.connector.send(&picture).await.unwrap();
    let sent = shop.graph.sent();
    let file = sent[0].file.clone().unwrap();
    assert_eq!(
        (file.kind.as_str(), file.mime.as_str(), file.name.as_str()),
        ("image", "image/png", "jug.png")
    );
    assert_eq!(file.bytes, b"\x89PNG\r\n\x1a\n\r\n--x");
    let zip = shop.outgoing_file(ANNA, "a.zip", "application/zip", b"PK");
    assert_eq!(
        shop.connector.send(&zip).await.unwrap_err().remedy,
        Remedy::Final
    );
    let huge = shop.outgoing_file(ANNA, "a.png", "image/png", &vec![0; 8 * 1024 * 1024 + 1]);
    assert!(
        shop.connector
            .send(&huge)
            .await
            .unwrap_err()
            .what
            .contains("8 MB")
    );
    let by_instagram = Shop::instagram().await;
    let e = by_instagram
        .connector
        .send(&by_instagram.outgoing_file(ANNA, "a.png", "image/png", b"x"))
        .await
        .unwrap_err();
    assert!(
        e.remedy == Remedy::Final && e.what.contains("Facebook Page"),
        "{e}"
    );
}

#[tokio::test]
async fn a_send_whose_answer_is_lost_is_uncertain_and_is_found_by_the_next_look() {
    let shop = Shop::instagram().await;
    shop.graph.writes(Platform::Instagram, ANNA, "Hello");
    shop.poll().await.unwrap();
    let faults = &shop.graph.world().faults;
    let unknown = json!({ "error": { "code": 1, "error_subcode": 1_357_046, "message": "?", "is_transient": true } });
    let after = Fault::AnswerAfter {
        status: 500,
        headers: Default::default(),
        body: unknown,
    };
    let strange = json!({ "error": { "code": -1, "message": "?", "is_transient": true } });
    let inside = Fault::AnswerAfter {
        status: 500,
        headers: Default::default(),
        body: strange,
    };
    let page = Fault::AnswerAfter {
        status: 200,
        headers: Default::default(),
        body: "<html>".into(),
    };
    for (n, fault) in [
        Fault::CloseAfter,
        Fault::Cut { after: 5 },
        after,
        inside,
        page,
    ]
    .into_iter()
    .enumerate()
    {
        let what = format!("{fault:?}");
        faults.on("POST", MESSAGES).once(fault);
        let e = shop
            .connector
            .send(&shop.outgoing(ANNA, &format!("answer {n}")))
            .await
            .unwrap_err();
        assert_eq!(e.remedy, Remedy::Uncertain, "{what}");
    }
    assert_eq!(shop.graph.sent().len(), 5, "all of them went out");
    let events = shop.poll().await.unwrap();
    let found = messages(&events)
        .iter()
        .filter(|m| m.place == Place::Sent)
        .count();
    assert_eq!(found, 5);
    faults.on("POST", MESSAGES).once(Fault::too_many(Some(30)));
    let e = shop
        .connector
        .send(&shop.outgoing(ANNA, "later"))
        .await
        .unwrap_err();
    assert_eq!((e.remedy, e.retry_after), (Remedy::Wait, Some(30_000)));
    assert_eq!(shop.graph.sent().len(), 5);
}

#[tokio::test]
async fn a_refusal_is_final_says_why_and_a_restricted_account_is_not_pressed_further() {
    let shop = Shop::instagram().await;
    shop.graph.writes(Platform::Instagram, ANNA, "Hello");
    for ((code, sub), words) in [
        ((551, 0), "blocked"),
        ((100, 2_534_014), "no such person"),
        ((100, 2_018_300), "Another program"),
    ] {
        shop.graph
            .api()
            .with(|a, _| a.closed.insert(ANNA.into(), (code, sub)));
        let e = shop
            .connector
            .send(&shop.outgoing(ANNA, "Hi"))
            .await
            .unwrap_err();
        assert_eq!(e.remedy, Remedy::Final);
        assert!(
            e.what.contains(words) && e.what.contains(&code.to_string()),
            "{}",
            e.what
        );
    }
    shop.graph
        .api()
        .with(|a, _| a.closed.insert(ANNA.into(), (368, 0)));
    for _ in 0..3 {
        let e = shop
            .connector
            .send(&shop.outgoing(ANNA, "Hi"))
            .await
            .unwrap_err();
        assert!(
            e.remedy == Remedy::Final && e.what.contains("restricted"),
            "{e}"
        );
    }
    assert_eq!(shop.graph.world().calls.count("POST", MESSAGES), 4);
    assert!(
        shop.connector
            .standing()
            .notes
            .iter()
            .any(|n| n.contains("restricted"))
    );
}

#[tokio::test]
async fn the_account_never_writes_to_itself() {
    let shop = Shop::open(Options::page(), Channel::Instagram, |_| {}).await;
    let own = [shop.config.id.clone(), shop.config.page.clone()];
    for to in own {
        let e = shop
            .connector
            .send(&shop.outgoing(&to, "Hi"))
            .await
            .unwrap_err();
        assert_eq!(e.remedy, Remedy::Final);
    }
    assert_eq!(shop.graph.world().calls.count("POST", MESSAGES), 0);
}

#[tokio::test]
async fn a_file_that_is_refused_is_refused_for_good_and_one_that_broke_is_tried_again() {
    let shop = Shop::open(Options::page(), Channel::Messenger, |_| {}).await;
    shop.graph.writes(Platform::Messenger, ANNA, "A picture?");
    let picture = shop.outgoing_file(ANNA, "jug.png", "image/png", b"\x89PNG\r\n\x1a\n");
    let said = |status: u16, code: i64, sub: i64| {
        Fault::answer(
            status,
            json!({ "error": { "code": code, "error_subcode": sub, "message": "Non" } }),
        )
    };
    let faults = &shop.graph.world().faults;
    for (fault, remedy) in [
        (said(400, 100, 0), Remedy::Final),
        (said(400, 100, 2_018_999), Remedy::Final),
        (said(400, 777, 0), Remedy::Final),
        (said(400, 100, 2_018_047), Remedy::Final),
        (said(400, 190, 463), Remedy::Reconnect),
        (said(400, 1, 0), Remedy::Retry),
        (said(500, -1, 0), Remedy::Retry),
        (Fault::status(502), Remedy::Retry),
        (said(400, 613, 0), Remedy::Wait),
    ] {
        let what = format!("{fault:?}");
        faults
            .on("POST", "/v26.0/*/message_attachments")
            .once(fault);
        let e = shop.connector.send(&picture).await.unwrap_err();
        assert_eq!(e.remedy, remedy, "{what}: {e}");
    }
    assert!(shop.graph.sent().is_empty());
}

#[tokio::test]
async fn a_window_that_is_surely_over_is_not_tried_without_the_tag() {
    let shop = Shop::open(Options::page(), Channel::Messenger, |c| {
        c.human_agent = true;
    })
    .await;
    shop.graph.api().with(|a, _| a.human_agent = true);
    shop.graph.writes(Platform::Messenger, ANNA, "Hello");
    let time = &shop.graph.world().time;
    let wrote = time.now();
    time.advance(Duration::from_secs(26 * 3_600));
    let after = |text: &str| parley_engine::model::Outgoing {
        customer_wrote: Some(wrote),
        ..shop.outgoing(ANNA, text)
    };
    let tries = || shop.graph.world().calls.count("POST", MESSAGES);
    shop.connector.send(&after("unsure")).await.unwrap();
    assert_eq!(
        tries(),
        2,
        "before anything was read, she may have written since"
    );
    shop.poll().await.unwrap();
    shop.connector.send(&after("sure")).await.unwrap();
    assert_eq!(tries(), 3);
    time.advance(Duration::from_secs(3_600));
    shop.connector.send(&after("stale")).await.unwrap();
    assert_eq!(tries(), 5, "what was read an hour ago says little");
    let tagged = shop.graph.sent();
    assert!(tagged.iter().all(|s| s.body["tag"] == "HUMAN_AGENT"));
}

#[tokio::test]
async fn pictures_have_a_limit_of_their_own() {
    let can = Shop::messenger().await.connector.capabilities();
    assert_eq!(can.most_of("image/png"), Some(8 << 20));
    assert_eq!(can.most_of("video/mp4"), Some(25 << 20));
    let by_instagram = Shop::instagram().await.connector.capabilities();
    assert!(by_instagram.max_by_type.is_empty());
}
