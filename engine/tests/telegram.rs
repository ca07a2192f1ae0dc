//! The Telegram connector at our fake of the Bot API: what is Telegram's own. What holds for every channel is in
//! `conformance`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

use data_encoding::BASE64;
use parley_engine::connectors::http::Net;
use parley_engine::connectors::telegram::Telegram as Connected;
use parley_engine::connectors::{Connector, Context, Password, find};
use parley_engine::model::{
    AccountConfig, Batch, CardKind, ChannelError, Cursor, Event, FileId, Incoming, MessageId,
    Outgoing, OutgoingFile, Party, Place, Receipt, Remedy, TelegramConfig,
};
use parley_engine::time::{ManualClock, SystemClock};
use parley_sandbox::http::Fault;
use parley_sandbox::telegram::{Options, Telegram};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const ANNA: i64 = 880_000_000_001;
const OWNER: i64 = 880_000_000_900;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and more";

fn context(token: &str) -> Context {
    let clock = Arc::new(SystemClock);
    Context {
        net: Arc::new(Net::new(clock.clone())),
        clock,
        credentials: Arc::new(Password(token.to_owned().into())),
    }
}

fn config(telegram: &Telegram) -> TelegramConfig {
    TelegramConfig {
        bot_id: "7700112233".into(),
        name: "lamp_shop_bot".into(),
        base_url: telegram.base(),
    }
}

async fn both() -> (Telegram, Connected) {
    let telegram = Telegram::start(Options::default()).await.unwrap();
    let bot = Connected::new(config(&telegram), context(&Options::default().token));
    (telegram, bot)
}

fn outgoing(text: &str) -> Outgoing {
    Outgoing {
        key: MessageId::random(),
        from: Party::default(),
        to: vec![Party {
            name: None,
            address: ANNA.to_string(),
        }],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: None,
        text: text.into(),
        html: None,
        signature: String::new(),
        history: None,
        files: Vec::new(),
        route: None,
        template: None,
        message_id: "m@parley.test".into(),
        in_reply_to: None,
        references: Vec::new(),
        customer_wrote: None,
        date: 0,
    }
}

fn file(name: &str, mime: &str, bytes: &[u8]) -> OutgoingFile {
    OutgoingFile {
        id: FileId::random(),
        name: name.into(),
        mime: mime.into(),
        inline: false,
        bytes: bytes.to_vec(),
    }
}

fn messages(batch: &Batch) -> Vec<&Incoming> {
    fn message(e: &Event) -> Option<&Incoming> {
        match e {
            Event::Message(m) => Some(m),
            _ => None,
        }
    }
    batch.events.iter().filter_map(message).collect()
}

/// Whatever is said holds no token.
fn is_discreet(e: &ChannelError) {
    let said = format!("{e:?}{e}");
    assert!(!said.contains("AAsandbox"), "the token is in {said}");
}

#[tokio::test]
async fn a_token_tells_which_bot_it_is_for() {
    let (telegram, bot) = both().await;
    let asked = AccountConfig::Telegram(TelegramConfig {
        base_url: telegram.base(),
        ..TelegramConfig::default()
    });
    let found = find(&asked, context(&Options::default().token))
        .await
        .unwrap();
    assert_eq!(found[0].label, "@lamp_shop_bot");
    assert_eq!(found[0].config, AccountConfig::Telegram(config(&telegram)));
    let (steps, profile) = bot.check().await;
    assert!(steps.iter().all(|s| s.ok) && steps.len() == 2, "{steps:?}");
    assert_eq!(profile.unwrap().name, "Lamp Shop");
    for wrong in [
        "",
        "nonsense",
        "12:../../x",
        "7700112299:AAsandbox-another-token-0123456789",
    ] {
        let other = Connected::new(config(&telegram), context(wrong));
        let e = other.check().await.1.unwrap_err();
        assert_eq!(e.remedy, Remedy::Reconnect, "{wrong}: {e}");
        assert!(e.refuses_secret(), "{wrong}: {e}");
        is_discreet(&e);
    }
    assert_eq!(
        telegram.world().calls.count("", ""),
        5,
        "no token of another form goes anywhere"
    );
}

#[tokio::test]
async fn what_was_read_once_is_not_offered_to_be_read_again() {
    let (_telegram, bot) = both().await;
    assert!(!bot.capabilities().rereads);
    let before = Cursor("{}".into());
    assert_eq!(bot.rewound(Some(&before), 0), Some(before));
}

#[tokio::test]
async fn whoever_else_reads_the_bot_is_named() {
    let (telegram, bot) = both().await;
    telegram.rival(true);
    let e = bot.poll(None).await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Reconnect);
    assert!(e.what.contains("Another program"), "{e}");
    assert!(!e.refuses_secret(), "another token does not stop it");
    telegram.rival(false);
    telegram.does(
        "webhook",
        &json!({ "url": "https://bots.elsewhere.test/secret/path" }),
    );
    let e = bot.poll(None).await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Reconnect);
    assert!(
        e.what.contains("bots.elsewhere.test") && !e.what.contains("secret"),
        "{e}"
    );
    let (steps, failed) = bot.check().await;
    assert!(failed.is_err());
    assert_eq!((steps[1].step, steps[1].ok), ("webhook", false));
}

#[tokio::test]
async fn messages_of_one_second_keep_their_order_over_several_polls() {
    let (telegram, bot) = both().await;
    telegram.world().time.hold_at(1_800_000_000_000);
    telegram.writes(ANNA, "one");
    let first = bot.poll(None).await.unwrap();
    telegram.writes(ANNA, "two");
    let second = bot.poll(Some(&first.next)).await.unwrap();
    let at = |batch| messages(batch)[0].times.provider.unwrap();
    assert!(at(&first) < at(&second));
    assert_eq!(at(&first) / 1_000, at(&second) / 1_000);
}

#[tokio::test]
async fn waiting_ends_with_news_and_gives_way_to_who_asks() {
    let (telegram, bot) = both().await;
    let bot = Arc::new(bot);
    let first = bot.poll(None).await.unwrap();
    let waits = |cursor: Cursor| {
        let bot = bot.clone();
        tokio::spawn(async move { bot.wait(Some(&cursor)).await })
    };
    let asked = |n| {
        telegram
            .world()
            .calls
            .reach(n, "POST", "/bot*/getUpdates", Duration::from_secs(10))
    };
    let waiting = waits(first.next.clone());
    assert!(asked(2).await);
    telegram.writes(ANNA, "hello");
    waiting.await.unwrap();
    let calls = telegram.world().calls.count("", "");
    let batch = bot.poll(Some(&first.next)).await.unwrap();
    assert_eq!(messages(&batch)[0].text, "hello");
    assert_eq!(
        telegram.world().calls.count("", ""),
        calls,
        "it was not asked for twice"
    );
    assert_eq!(
        telegram.waiting(),
        1,
        "nothing is confirmed that is not stored"
    );
    let waiting = waits(batch.next.clone());
    assert!(asked(3).await);
    assert!(bot.poll(Some(&batch.next)).await.unwrap().events.is_empty());
    tokio::time::timeout(Duration::from_secs(5), waiting)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(telegram.waiting(), 0, "now it is confirmed");
}

#[tokio::test]
async fn a_business_account_is_answered_in_its_own_name() {
    let (telegram, bot) = both().await;
    telegram.does("connect_business", &json!({ "owner": OWNER }));
    telegram.does(
        "business",
        &json!({ "from": ANNA, "text": "Do you deliver?" }),
    );
    telegram.does(
        "business",
        &json!({ "from": ANNA, "text": "We do!", "owner": true }),
    );
    let batch = bot.poll(None).await.unwrap();
    let all = messages(&batch);
    assert_eq!((all[0].place, all[1].place), (Place::Inbox, Place::Sent));
    assert_eq!(all[1].to[0].address, ANNA.to_string());
    assert!(
        bot.standing().notes[0].contains("Mara"),
        "{:?}",
        bot.standing()
    );
    let answer = Outgoing {
        route: all[0].route.clone(),
        ..outgoing("Within two days")
    };
    bot.send(&answer).await.unwrap();
    let sent = telegram.sent();
    assert_eq!(sent[0]["from"]["id"], json!(OWNER));
    assert_eq!(
        sent[0]["sender_business_bot"]["id"],
        json!(7_700_112_233_i64)
    );
}

#[tokio::test]
async fn words_go_with_their_marks_and_without_previews() {
    let (telegram, bot) = both().await;
    telegram.writes(ANNA, "hi");
    let rich = Outgoing {
        html: Some("<p>See <strong>this</strong>: <a href=\"https://shop.test/a?b=1&amp;c=2\">lamp</a></p><ul><li><p>1 &lt; 2</p></li></ul>".into()),
        ..outgoing("See this: lamp <https://shop.test/a?b=1&c=2>\n- 1 < 2")
    };
    let Receipt { remote_id, .. } = bot.send(&rich).await.unwrap();
    let sent = telegram.sent();
    assert_eq!(sent[0]["text"], "See this: lamp\n- 1 < 2");
    let kinds: Vec<&Value> = sent[0]["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["type"])
        .collect();
    assert_eq!(kinds, ["bold", "text_link"]);
    assert_eq!(sent[0]["link_preview_options"]["is_disabled"], true);
    assert_eq!(
        remote_id.unwrap().0,
        format!("{ANNA}:{}", sent[0]["message_id"])
    );
}

#[tokio::test]
async fn files_go_as_what_they_are() {
    let (telegram, bot) = both().await;
    telegram.writes(ANNA, "hi");
    for (name, mime, bytes, field) in [
        ("a.png", "image/png", PNG, "photo"),
        // A picture that is none, as the vendor says, goes as a file after all.
        ("b.png", "image/png", b"no picture".as_slice(), "document"),
        ("c.pdf", "application/pdf", b"%PDF".as_slice(), "document"),
        ("d.ogg", "audio/ogg", b"OggS".as_slice(), "voice"),
        ("e \"quoted\".mp4", "video/mp4", b"mp4".as_slice(), "video"),
    ] {
        let with = Outgoing {
            files: vec![file(name, mime, bytes)],
            ..outgoing("")
        };
        bot.send(&with).await.unwrap();
        let sent = telegram.sent().pop().unwrap();
        assert!(sent.get(field).is_some(), "{name} went as {sent}");
    }
    let refused = Outgoing {
        files: vec![file("a.png", "image/png", PNG)],
        ..outgoing("with words")
    };
    assert_eq!(bot.send(&refused).await.unwrap_err().remedy, Remedy::Final);
}

#[tokio::test]
async fn a_file_that_cannot_be_had_is_a_card_and_stops_nothing() {
    let (telegram, bot) = both().await;
    let file = |size: usize| json!({ "from": ANNA, "kind": "document", "name": "plan.pdf", "base64": BASE64.encode(b"%PDF-1.4"), "size": size });
    telegram.does("file", &file(8));
    telegram.does("file", &file(30 << 20));
    let batch = bot.poll(None).await.unwrap();
    let all = messages(&batch);
    assert_eq!(
        (all[0].files[0].name.as_str(), all[0].files[0].mime.as_str()),
        ("plan.pdf", "application/pdf")
    );
    assert_eq!(all[1].cards[0].kind, CardKind::Media);
    assert!(all[1].cards[0].text.as_ref().unwrap().contains("30 MB"));
    telegram
        .world()
        .faults
        .on("GET", "/file/")
        .always(Fault::status(502));
    for n in 0..3 {
        match bot.poll(None).await {
            Err(e) => {
                assert!(n < 2, "it never gives up");
                assert_eq!(e.remedy, Remedy::Retry);
                is_discreet(&e);
            }
            Ok(batch) => assert_eq!(messages(&batch)[0].cards[0].kind, CardKind::Media),
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_had_holds_nobody_else_back_and_an_album_is_given_up_as_one() {
    let (telegram, bot) = both().await;
    telegram.writes(ANNA, "before");
    let picture = json!({ "base64": BASE64.encode(PNG) });
    telegram.does(
        "write",
        &json!({ "from": ANNA, "pictures": [picture, picture, picture, picture] }),
    );
    telegram.writes(ANNA, "after");
    telegram
        .world()
        .faults
        .on("GET", "/file/")
        .always(Fault::status(502));
    let first = bot.poll(None).await.unwrap();
    let texts: Vec<&str> = messages(&first).iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["before"], "it does not wait for the file behind it");
    assert!(!first.more, "it is not asked for again at once");
    assert_eq!(
        bot.poll(Some(&first.next)).await.unwrap_err().remedy,
        Remedy::Retry
    );
    let rest = bot.poll(Some(&first.next)).await.unwrap();
    let rest = messages(&rest);
    assert_eq!((rest.len(), rest[4].text.as_str()), (5, "after"));
    assert!(rest[..4].iter().all(|m| m.cards[0].kind == CardKind::Media));
}

#[tokio::test]
async fn news_that_are_counted_anew_are_read_and_confirmed() {
    let (telegram, bot) = both().await;
    telegram.writes(ANNA, "before the quiet week");
    let first = bot.poll(None).await.unwrap();
    bot.poll(Some(&first.next)).await.unwrap();
    telegram.does("renumber", &json!({ "from": 1_000 }));
    for n in 0..40 {
        telegram.writes(ANNA, &format!("after it {n}"));
    }
    let (mut cursor, mut texts) = (first.next, Vec::new());
    for _ in 0..4 {
        let batch = bot.poll(Some(&cursor)).await.unwrap();
        texts.extend(messages(&batch).iter().map(|m| m.text.clone()));
        cursor = batch.next;
    }
    let all: Vec<String> = (0..40).map(|n| format!("after it {n}")).collect();
    assert_eq!(texts, all);
    assert_eq!(telegram.waiting(), 0, "and they are confirmed");
}

#[tokio::test]
async fn another_server_counts_by_itself() {
    let (vendor, bot) = both().await;
    vendor.writes(ANNA, "there");
    let cursor = bot.poll(None).await.unwrap().next;
    let own = Telegram::start(Options::default()).await.unwrap();
    own.writes(ANNA, "here");
    own.writes(ANNA, "and here");
    let moved = Connected::new(config(&own), context(&Options::default().token));
    let batch = moved.poll(Some(&cursor)).await.unwrap();
    let texts: Vec<&str> = messages(&batch).iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["here", "and here"]);
}

#[tokio::test]
async fn news_that_change_nothing_are_not_asked_for_without_a_pause() {
    let (telegram, bot) = both().await;
    let cursor = bot.poll(None).await.unwrap().next;
    let odd: Vec<Value> = (0..40)
        .map(|n| json!({ "message": { "odd": n } }))
        .collect();
    telegram
        .world()
        .faults
        .on("POST", "/bot*/getUpdates")
        .always(Fault::answer(200, json!({ "ok": true, "result": odd })));
    let batch = bot.poll(Some(&cursor)).await.unwrap();
    assert!(!batch.more && batch.next == cursor && !batch.events.is_empty());
    let waits = tokio::time::timeout(Duration::from_millis(500), bot.wait(Some(&cursor)));
    assert!(waits.await.is_err(), "the same would come at once");
}

#[tokio::test]
async fn each_chat_waits_its_turn_and_holds_no_other_up() {
    let telegram = Telegram::start(Options::default()).await.unwrap();
    let clock = ManualClock::at(1_800_000_000_000);
    let bot = Arc::new(Connected::new(
        config(&telegram),
        Context {
            net: Arc::new(Net::new(Arc::new(clock.clone()))),
            clock: Arc::new(clock.clone()),
            ..context(&Options::default().token)
        },
    ));
    let tom = ANNA + 1;
    telegram.writes(ANNA, "hi");
    telegram.writes(tom, "hi");
    for n in 0..3 {
        bot.send(&outgoing(&format!("{n}"))).await.unwrap();
    }
    let fourth = tokio::spawn({
        let bot = bot.clone();
        async move { bot.send(&outgoing("3")).await }
    });
    let mut to_tom = outgoing("to another one");
    to_tom.to[0].address = tom.to_string();
    bot.send(&to_tom).await.unwrap();
    assert!(!fourth.is_finished() && telegram.sent().len() == 4);
    clock.advance(1_000);
    fourth.await.unwrap().unwrap();
    assert_eq!(telegram.sent().len(), 5);
}

fn wishes(batch: &Batch) -> Vec<(i64, bool)> {
    let said = batch.events.iter().filter_map(|e| match e {
        Event::Person(p) => p.opted_out.map(|out| (p.at, out)),
        _ => None,
    });
    let mut said: Vec<_> = said.collect();
    said.sort_unstable();
    said
}

#[tokio::test]
async fn whoever_writes_again_may_be_answered_though_nobody_told_that_they_let_the_bot_in() {
    let (telegram, bot) = both().await;
    let before = bot.poll(None).await.unwrap();
    telegram.does("block", &json!({ "from": ANNA }));
    assert!(bot.send(&outgoing("Are you there?")).await.is_err());
    let batch = bot.poll(Some(&before.next)).await.unwrap();
    assert!(wishes(&batch).iter().all(|(_, out)| *out));
    telegram.does("unblock", &json!({ "from": ANNA }));
    // The vendor forgets it after a day.
    telegram.world().time.shift(25 * 3_600_000);
    for _ in 0..3 {
        telegram.writes(ANNA, "I am");
    }
    let batch = bot.poll(Some(&batch.next)).await.unwrap();
    let said = wishes(&batch);
    assert_eq!(said.len(), 1, "once a batch");
    assert!(!said[0].1);
}

#[tokio::test]
async fn a_refusal_in_a_business_accounts_chat_marks_nobody() {
    let (telegram, bot) = both().await;
    telegram.does("connect_business", &json!({ "owner": OWNER }));
    telegram.does("business", &json!({ "from": ANNA, "text": "Hello?" }));
    let batch = bot.poll(None).await.unwrap();
    let refused = json!({ "ok": false, "error_code": 403, "description": "Forbidden: BUSINESS_PEER_USAGE_MISSING" });
    telegram
        .world()
        .faults
        .on("POST", "/bot*/sendMessage")
        .once(Fault::answer(403, refused));
    let answer = Outgoing {
        route: messages(&batch)[0].route.clone(),
        ..outgoing("Hello!")
    };
    assert_eq!(bot.send(&answer).await.unwrap_err().remedy, Remedy::Final);
    let batch = bot.poll(Some(&batch.next)).await.unwrap();
    assert!(wishes(&batch).is_empty());
}

#[tokio::test]
async fn who_blocks_the_bot_wants_no_more_messages() {
    let (telegram, bot) = both().await;
    telegram.writes(ANNA, "hi");
    let before = bot.poll(None).await.unwrap();
    telegram.does("block", &json!({ "from": ANNA }));
    let e = bot.send(&outgoing("Are you there?")).await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    is_discreet(&e);
    telegram.does("unblock", &json!({ "from": ANNA }));
    let batch = bot.poll(Some(&before.next)).await.unwrap();
    let said: Vec<bool> = batch
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Person(p) => p.opted_out,
            _ => None,
        })
        .collect();
    assert_eq!(
        said,
        [true, false, true],
        "as told, and as the send was answered"
    );
}

#[tokio::test]
async fn no_failure_tells_the_token() {
    let (telegram, bot) = both().await;
    telegram.writes(ANNA, "hi");
    for fault in [
        Fault::Html,
        Fault::CloseAfter,
        Fault::CloseBefore,
        Fault::Cut { after: 5 },
        Fault::status(302).header("Location", "https://elsewhere.test/"),
        Fault::answer(
            400,
            json!({ "ok": false, "error_code": 400, "description": "Bad Request: chat not found" }),
        ),
        Fault::answer(418, json!("teapot")),
        Fault::status(500),
    ] {
        telegram.world().faults.on("", "/bot").once(fault.clone());
        is_discreet(&bot.send(&outgoing("x")).await.unwrap_err());
        telegram.world().faults.on("", "/bot").once(fault);
        if let Err(e) = bot.poll(None).await {
            is_discreet(&e);
        }
    }
    let nowhere = TelegramConfig {
        base_url: "http://127.0.0.1:1".into(),
        ..config(&telegram)
    };
    let nowhere = Connected::new(nowhere, context(&Options::default().token));
    is_discreet(&nowhere.poll(None).await.unwrap_err());
}

/// The published description of the Bot API knows every method and every field that is asked.
#[tokio::test]
async fn everything_that_is_asked_is_described() {
    let shared = std::env::var("PARLEY_SHARED").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let Ok(read) = std::fs::read(shared.join("data/telegram/api.json")) else {
        eprintln!("skipped: the description of the Bot API does not lie here");
        return;
    };
    let api: Value = serde_json::from_slice(&read).unwrap();
    let (telegram, bot) = both().await;
    telegram.does(
        "file",
        &json!({ "from": ANNA, "kind": "voice", "base64": BASE64.encode(b"OggS") }),
    );
    let cursor = bot.poll(None).await.unwrap().next;
    bot.poll(Some(&cursor)).await.unwrap();
    bot.check().await.1.unwrap();
    bot.send(&outgoing("hello")).await.unwrap();
    let with = Outgoing {
        files: vec![file("a.png", "image/png", PNG)],
        ..outgoing("")
    };
    bot.send(&with).await.unwrap();
    let mut judged = 0;
    for call in telegram.world().calls.to("POST", "/bot") {
        let method = call.path.rsplit('/').next().unwrap();
        let known = api["methods"][method]["fields"].as_array();
        let known: Vec<&Value> = known.into_iter().flatten().collect();
        assert!(
            api["methods"].get(method).is_some(),
            "{method} is not described"
        );
        let given: Vec<String> = match serde_json::from_str::<Value>(&call.body) {
            Ok(v) => v.as_object().unwrap().keys().cloned().collect(),
            Err(_) => call
                .body
                .split("form-data; name=\"")
                .skip(1)
                .map(|p| p.split('"').next().unwrap().to_owned())
                .collect(),
        };
        for name in &given {
            assert!(
                known.iter().any(|f| f["name"] == json!(name)),
                "{method} has no {name}"
            );
        }
        for f in known.iter().filter(|f| f["required"] == json!(true)) {
            assert!(
                given.iter().any(|g| f["name"] == json!(g)),
                "{method} wants {}",
                f["name"]
            );
        }
        judged += 1;
    }
    assert!(judged >= 7);
}
