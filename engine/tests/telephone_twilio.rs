//! The connector for Twilio against a Twilio that remembers, ages and fails as told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod telephone;

use parley_engine::connectors::twilio::{Twilio, find};
use parley_engine::connectors::{Connector, Step, factory};
use parley_engine::model::{
    AccountConfig, CardKind, ChannelError, Class, Cursor, Event, Place, Reached, Remedy, SmsConfig,
    SmsVia, Template, TemplateUse, TextUnit, TwilioAccess, WhatsappConfig,
};
use parley_engine::store::accounts;
use parley_engine::{Engine, sync};
use parley_sandbox::http::{DUPLICATE, Fault, SHUFFLE};
use parley_sandbox::twilio::{self as fake, ELSEWHERE, ENDLESS, Fate, Options, Picture};
use secrecy::{SecretBox, SecretString};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use telephone::{ANNA, Desk, Held, START, TOM, file, outgoing};

struct Line {
    fake: fake::Twilio,
    desk: Desk,
    access: TwilioAccess,
    secret: String,
}

async fn line_with(options: Options) -> Line {
    let access = TwilioAccess {
        account_sid: options.account.clone(),
        key_sid: options.key.0.clone(),
        base_url: String::new(),
        messaging_service: String::new(),
    };
    let secret = options.key.1.clone();
    let fake = fake::Twilio::start(options).await.unwrap();
    let desk = Desk::new(fake.world());
    fake.cdn().world().time.hold_at(START);
    let access = TwilioAccess {
        base_url: fake.base(),
        ..access
    };
    Line {
        fake,
        desk,
        access,
        secret,
    }
}

async fn line() -> Line {
    line_with(Options::default()).await
}

impl Line {
    fn config(&self) -> SmsConfig {
        SmsConfig {
            number: self.fake.number().into(),
            name: "The Shop".into(),
            via: SmsVia::Twilio(self.access.clone()),
        }
    }

    fn sms(&self) -> Twilio {
        Twilio::sms(
            &self.config(),
            &self.access,
            &self.desk.context(&self.secret),
        )
    }

    fn whatsapp(&self, templates: Vec<Template>) -> Twilio {
        let config = WhatsappConfig {
            number: self.fake.number().into(),
            name: String::new(),
            twilio: self.access.clone(),
            templates,
        };
        Twilio::whatsapp(&config, &self.desk.context(&self.secret))
    }

    /// So many messages of customers, a second apart.
    fn many(&self, n: usize) {
        for i in 0..n {
            self.fake
                .writes(if i % 3 == 0 { TOM } else { ANNA }, &format!("message {i}"));
            self.desk.advance(1);
        }
    }

    fn lists(&self) -> usize {
        let calls = self.fake.world().calls.all();
        calls
            .iter()
            .filter(|c| c.path.ends_with("/Messages.json") && c.method == "GET")
            .count()
    }

    async fn send(&self, text: &str) -> Result<String, ChannelError> {
        let receipt = self
            .sms()
            .send(&outgoing(self.fake.number(), ANNA, text))
            .await?;
        Ok(receipt.remote_id.unwrap().0)
    }
}

#[tokio::test]
async fn what_customers_write_comes_oldest_first_and_only_once() {
    let l = line().await;
    let sms = l.sms();
    l.many(3);
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    assert_eq!(held.texts(), ["message 0", "message 1", "message 2"]);
    let m = held.messages.values().next().unwrap();
    assert_eq!((m.place, m.class), (Place::Inbox, Class::Human));
    assert_eq!(m.to[0].address, l.fake.number());
    let before = held.cursor.clone();
    assert_eq!(held.poll(&sms).await.unwrap(), 0);
    assert_eq!(held.cursor, before, "a quiet poll leaves nothing to write");
    let quiet = l.lists();
    held.poll(&sms).await.unwrap();
    assert_eq!(l.lists() - quiet, 2, "one page to the number, one from it");
}

#[tokio::test]
async fn messages_of_one_second_keep_their_order_also_where_some_of_them_are_known_already() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    for text in ["one", "two"] {
        l.fake.writes(ANNA, text);
    }
    held.poll(&sms).await.unwrap();
    l.fake.writes(ANNA, "three");
    held.poll(&sms).await.unwrap();
    let mut said: Vec<_> = held.messages.values().collect();
    said.sort_by_key(|m| m.times.provider);
    let texts: Vec<&str> = said.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let seconds: BTreeSet<_> = said
        .iter()
        .filter_map(|m| m.times.provider)
        .map(|at| at / 1_000)
        .collect();
    assert_eq!(seconds.len(), 1, "nothing leaves its second");
}

#[tokio::test]
async fn many_messages_come_in_batches_and_none_is_missing_after_a_restart_in_between() {
    let l = line().await;
    let mut held = Held::default();
    held.poll(&l.sms()).await.unwrap();
    l.many(320);
    let sms = l.sms();
    let batch = sms.poll(held.cursor.as_ref()).await.unwrap();
    assert!(batch.more && batch.progress.is_some());
    held.keep(batch);
    // Another process goes on from the cursor.
    held.poll(&l.sms()).await.unwrap();
    let expected: Vec<String> = (0..320).map(|i| format!("message {i}")).collect();
    assert_eq!(held.texts(), expected);
    assert_eq!(held.events, 320, "no event came twice");
}

#[tokio::test]
async fn doubled_and_shuffled_pages_lose_and_double_nothing() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    let faults = &l.fake.world().faults;
    faults
        .on("GET", "/2010-04-01/*/Messages.json")
        .always(Fault::flag(DUPLICATE));
    faults
        .on("GET", "/2010-04-01/*/Messages.json")
        .always(Fault::flag(SHUFFLE));
    for _ in 0..4 {
        l.many(60);
        held.poll(&sms).await.unwrap();
    }
    assert_eq!(held.messages.len(), 240);
    assert_eq!(held.events, 240);
    assert_eq!(held.poll(&sms).await.unwrap(), 0);
}

#[tokio::test]
async fn a_list_without_end_ends_and_one_that_leads_elsewhere_is_not_followed() {
    let l = line().await;
    l.many(2);
    let faults = &l.fake.world().faults;
    faults.on("GET", "").always(Fault::flag(ENDLESS));
    let mut held = Held::default();
    held.poll(&l.sms()).await.unwrap();
    assert_eq!(held.messages.len(), 2);
    assert!(l.lists() < 10);
    faults.clear();
    faults.on("GET", "").always(Fault::flag(ELSEWHERE));
    let e = Held::default().poll(&l.sms()).await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Retry);
    assert!(
        l.fake.cdn().world().calls.all().is_empty(),
        "nobody else was asked"
    );
}

#[tokio::test]
async fn a_lost_or_foreign_cursor_begins_again_and_gives_the_same_messages() {
    let l = line().await;
    l.many(5);
    let mut held = Held::default();
    held.poll(&l.sms()).await.unwrap();
    let ids: BTreeSet<String> = held.messages.keys().cloned().collect();
    for lost in [
        None,
        Some(Cursor("{}".into())),
        Some(Cursor("not ours".into())),
    ] {
        let mut again = Held {
            cursor: lost,
            ..Held::default()
        };
        again.poll(&l.sms()).await.unwrap();
        assert_eq!(again.messages.keys().cloned().collect::<BTreeSet<_>>(), ids);
    }
    let since = START + 3_000;
    let rewound = l.sms().rewound(held.cursor.as_ref(), since).unwrap();
    let mut again = Held {
        cursor: Some(rewound),
        ..Held::default()
    };
    again.poll(&l.sms()).await.unwrap();
    assert!(again.texts().contains(&"message 4"));
}

#[tokio::test]
async fn what_is_older_than_three_months_is_left_where_it_is() {
    let l = line().await;
    l.fake.writes(ANNA, "long ago");
    l.desk.advance(91 * 86_400);
    l.fake.writes(ANNA, "lately");
    let mut held = Held::default();
    held.poll(&l.sms()).await.unwrap();
    assert_eq!(held.texts(), ["lately"]);
}

#[tokio::test]
async fn what_other_programs_send_is_seen_and_the_numbers_own_answers_are_a_machines() {
    let options = Options {
        answers_by_itself: true,
        ..Options::default()
    };
    let l = line_with(options).await;
    l.fake.writes(ANNA, "hello");
    l.fake
        .api()
        .act(
            "sent_elsewhere",
            &json!({ "to": ANNA, "text": "from the console" }),
        )
        .unwrap();
    let mut held = Held::default();
    held.poll(&l.sms()).await.unwrap();
    let of = |text: &str| {
        held.messages
            .values()
            .find(|m| m.text.starts_with(text))
            .unwrap()
    };
    assert_eq!(of("from the console").place, Place::Sent);
    assert_eq!(of("from the console").class, Class::Human);
    assert_eq!(of("Thanks for the message").class, Class::Machine);
}

#[tokio::test]
async fn a_send_is_followed_to_its_end_and_then_no_more() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    l.fake.fate(TOM, Fate::Undelivered(30003));
    let receipt = sms
        .send(&outgoing(l.fake.number(), ANNA, "Yes, it is."))
        .await
        .unwrap();
    let good = receipt.remote_id.unwrap().0;
    assert_eq!(receipt.note, "queued, 1 SMS");
    let bad = sms
        .send(&outgoing(l.fake.number(), TOM, "Yes."))
        .await
        .unwrap();
    let bad = bad.remote_id.unwrap().0;
    held.poll(&sms).await.unwrap();
    assert_eq!(held.messages[&good].place, Place::Sent);
    assert!(held.told.is_empty());
    l.desk.advance(10);
    held.poll(&sms).await.unwrap();
    assert_eq!(held.told[0], (good, Reached::Delivered));
    let (of, why) = &held.told[1];
    assert_eq!(of, &bad);
    assert!(matches!(why, Reached::Undelivered(u) if u.code == "30003" && !u.hard));
    l.desk.advance(60);
    assert_eq!(held.poll(&sms).await.unwrap(), 0, "each is told once");
}

#[tokio::test]
async fn a_send_that_fell_off_the_list_is_asked_for_by_itself_and_given_up_after_three_days() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    l.fake.fate(ANNA, Fate::Silent);
    let silent = sms
        .send(&outgoing(l.fake.number(), ANNA, "?"))
        .await
        .unwrap()
        .remote_id
        .unwrap()
        .0;
    held.poll(&sms).await.unwrap();
    for _ in 0..60 {
        l.fake
            .api()
            .act("sent_elsewhere", &json!({ "to": TOM, "text": "x" }))
            .unwrap();
    }
    let asked = |path: &str| {
        let calls = &l.fake.world().calls;
        calls.count("GET", &format!("/2010-04-01/*{path}"))
    };
    held.poll(&sms).await.unwrap();
    l.desk.advance(1_300);
    held.poll(&sms).await.unwrap();
    assert_eq!(asked(&format!("{silent}.json")), 1);
    held.poll(&sms).await.unwrap();
    assert_eq!(asked(&format!("{silent}.json")), 1, "not at each poll");
    l.desk.advance(3_700);
    held.poll(&sms).await.unwrap();
    assert_eq!(asked(&format!("{silent}.json")), 2);
    l.desk.advance(72 * 3_600);
    held.poll(&sms).await.unwrap();
    let then = asked(&format!("{silent}.json"));
    l.desk.advance(7_200);
    held.poll(&sms).await.unwrap();
    assert_eq!(asked(&format!("{silent}.json")), then);
    assert!(!held.told.iter().any(|(of, _)| of == &silent));
}

#[tokio::test]
async fn stop_is_heard_in_what_comes_and_the_vendors_refusal_is_final() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    l.fake.writes(ANNA, "Stop");
    held.poll(&sms).await.unwrap();
    assert_eq!(held.wishes, [(ANNA.to_owned(), true)]);
    let e = l.send("hello?").await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    assert!(
        e.what.contains("STOP") && !e.what.contains(ANNA),
        "{}",
        e.what
    );
    l.fake.writes(ANNA, "START");
    held.poll(&sms).await.unwrap();
    assert_eq!(held.wishes.last(), Some(&(ANNA.to_owned(), false)));
    assert!(l.send("hello!").await.is_ok());
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let l = line().await;
    for (code, remedy) in [
        (21211, Remedy::Final),
        (21408, Remedy::Final),
        (21606, Remedy::Final),
        (21610, Remedy::Final),
        (21611, Remedy::Wait),
        (21612, Remedy::Final),
        (21614, Remedy::Final),
        (21617, Remedy::Final),
    ] {
        l.fake.fate(ANNA, Fate::Refused(code));
        let e = l.send("hello").await.unwrap_err();
        assert_eq!(e.remedy, remedy, "{code}");
        assert!(e.what.contains(&code.to_string()));
    }
    l.fake.fate(ANNA, Fate::Delivered);
    let faults = &l.fake.world().faults;
    for (fault, remedy) in [
        (
            Fault::answer(404, json!({ "code": 20404 })),
            Remedy::Reconnect,
        ),
        (
            Fault::answer(401, json!({ "code": 20003 })),
            Remedy::Reconnect,
        ),
        (Fault::status(403), Remedy::Reconnect),
        (Fault::status(500), Remedy::Uncertain),
        (Fault::status(502), Remedy::Uncertain),
        (
            Fault::status(503).header("Retry-After", "5"),
            Remedy::Uncertain,
        ),
        (Fault::Html, Remedy::Uncertain),
        (Fault::answer(201, json!({})), Remedy::Uncertain),
        (Fault::CloseAfter, Remedy::Uncertain),
        (Fault::Cut { after: 20 }, Remedy::Uncertain),
    ] {
        let word = fault.word();
        faults.on("POST", "").once(fault);
        assert_eq!(l.send("hello").await.unwrap_err().remedy, remedy, "{word}");
    }
    faults.clear();
    for (fault, remedy) in [
        (Fault::status(500), Remedy::Retry),
        (Fault::Html, Remedy::Retry),
        (Fault::Cut { after: 20 }, Remedy::Retry),
        (Fault::CloseBefore, Remedy::Retry),
        (
            Fault::answer(401, json!({ "code": 20003 })),
            Remedy::Reconnect,
        ),
        (
            Fault::status(307).header("Location", "http://127.0.0.1:9/"),
            Remedy::Final,
        ),
    ] {
        let word = fault.word();
        faults.on("GET", "").times(2, fault);
        let e = Held::default().poll(&l.sms()).await.unwrap_err();
        assert_eq!(e.remedy, remedy, "{word}: {}", e.what);
        faults.clear();
    }
    let sent = l.fake.sent().len();
    assert_eq!(sent, 2, "only what was acted on before its answer was lost");
}

#[tokio::test]
async fn the_vendor_is_left_alone_for_as_long_as_it_asks() {
    let l = line().await;
    let faults = &l.fake.world().faults;
    for (fault, wait) in [
        (Fault::too_many(Some(30)), 30_000),
        (Fault::too_many(None), 10_000),
    ] {
        let sms = l.sms();
        let mut held = Held::default();
        faults.on("GET", "").once(fault);
        let e = held.poll(&sms).await.unwrap_err();
        assert_eq!((e.remedy, e.retry_after), (Remedy::Wait, Some(wait)));
        let before = l.fake.world().calls.all().len();
        assert_eq!(sms.standing().held_until, Some(l.desk.clock_now() + wait));
        let e = held.poll(&sms).await.unwrap_err();
        assert_eq!(e.remedy, Remedy::Wait);
        assert_eq!(
            l.fake.world().calls.all().len(),
            before,
            "nothing was asked meanwhile"
        );
        l.desk.advance(wait / 1_000);
        held.poll(&sms).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_is_revoked_in_the_middle_asks_for_a_person_and_loses_nothing() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    l.many(120);
    let faults = &l.fake.world().faults;
    let gone = Fault::answer(
        401,
        json!({ "code": 20003, "message": "Authenticate", "status": 401 }),
    );
    faults.on("GET", "").nth(3).always(gone);
    let e = held.poll(&sms).await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Reconnect);
    assert!(!e.what.contains(&l.secret));
    faults.clear();
    held.poll(&l.sms()).await.unwrap();
    assert_eq!(held.messages.len(), 120);
}

#[tokio::test]
async fn media_are_fetched_and_the_password_stays_with_the_vendor() {
    let l = line().await;
    let png = Picture {
        kind: "image/png".into(),
        bytes: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
    };
    let card = Picture {
        kind: "text/vcard".into(),
        bytes: b"BEGIN:VCARD".to_vec(),
    };
    l.fake
        .writes_with(ANNA, l.fake.number(), "look", &[png.clone(), card]);
    let mut held = Held::default();
    held.poll(&l.sms()).await.unwrap();
    let m = held.messages.values().next().unwrap();
    assert_eq!(
        (m.files[0].name.as_str(), m.files[0].mime.as_str()),
        ("file-1.png", "image/png")
    );
    assert_eq!(m.files[0].bytes, png.bytes);
    assert_eq!(
        (m.files[1].name.as_str(), m.files[1].mime.as_str()),
        ("file-2.vcf", "text/vcard")
    );
    let there = l.fake.cdn().world().calls.all();
    assert_eq!(there.len(), 2);
    assert!(there.iter().all(|c| c.header("authorization").is_none()));
    let api = l.fake.world().calls.to("GET", "/2010-04-01/*/Media/");
    assert!(api.iter().all(|c| c.header("authorization").is_some()));
}

#[tokio::test]
async fn a_file_that_cannot_be_had_holds_nothing_up_for_long() {
    let l = line().await;
    let sms = l.sms();
    let png = Picture {
        kind: "image/png".into(),
        bytes: b"\x89PNG".to_vec(),
    };
    l.fake.writes(TOM, "before");
    l.desk.advance(1);
    l.fake.writes_with(ANNA, l.fake.number(), "look", &[png]);
    l.desk.advance(1);
    l.fake.writes(TOM, "after");
    l.fake
        .cdn()
        .world()
        .faults
        .on("", "")
        .always(Fault::status(503));
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    assert_eq!(held.texts(), ["before", "after"], "others pass it");
    l.desk.advance(60);
    // Another process tries it again, and it is back.
    l.fake.cdn().world().faults.clear();
    held.poll(&l.sms()).await.unwrap();
    let look = held.messages.values().find(|m| m.text == "look").unwrap();
    assert_eq!(look.files.len(), 1);
    assert_eq!(held.poll(&sms).await.unwrap(), 0);

    let broken = Picture {
        kind: "image/png".into(),
        bytes: b"\x89PNG".to_vec(),
    };
    let faults = &l.fake.cdn().world().faults;
    faults.on("", "").always(Fault::status(503));
    l.fake
        .writes_with(ANNA, l.fake.number(), "and this", &[broken]);
    for _ in 0..11 {
        assert_eq!(held.poll(&sms).await.unwrap(), 0);
        l.desk.advance(55);
    }
    held.poll(&sms).await.unwrap();
    let m = held
        .messages
        .values()
        .find(|m| m.text == "and this")
        .unwrap();
    assert_eq!((m.files.len(), m.cards[0].kind), (0, CardKind::Media));
    faults.clear();
    // One that leads to somewhere else is not asked for there.
    let lead = Fault::status(307).header("Location", "http://169.254.169.254/latest");
    l.fake
        .world()
        .faults
        .on("GET", "/2010-04-01/*/Media/")
        .once(lead);
    let gif = Picture {
        kind: "image/gif".into(),
        bytes: b"GIF89a".to_vec(),
    };
    l.fake.writes_with(ANNA, l.fake.number(), "another", &[gif]);
    held.poll(&sms).await.unwrap();
    let m = held
        .messages
        .values()
        .find(|m| m.text == "another")
        .unwrap();
    assert_eq!(m.cards[0].kind, CardKind::Media);
}

fn png() -> Picture {
    Picture {
        kind: "image/png".into(),
        bytes: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
    }
}

#[tokio::test]
async fn a_file_that_is_refused_is_no_refusal_of_the_account() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    let cdn = &l.fake.cdn().world().faults;
    for status in [401, 403] {
        cdn.on("", "").once(Fault::status(status));
        l.fake.writes_with(ANNA, l.fake.number(), "look", &[png()]);
        l.desk.advance(1);
        l.fake.writes(TOM, "and I?");
        held.poll(&sms).await.unwrap();
        assert_eq!(held.texts(), ["and I?"], "{status}");
        // The next signed address is a good one.
        held.poll(&sms).await.unwrap();
        assert_eq!(held.texts(), ["and I?", "look"], "{status}");
        let look = held.messages.values().find(|m| m.text == "look").unwrap();
        assert_eq!(look.files.len(), 1);
        held = Held {
            cursor: held.cursor,
            ..Held::default()
        };
    }
    assert!(sms.standing().notes.is_empty());

    // A key that may read messages and no files.
    let api = &l.fake.world().faults;
    let may_not = Fault::answer(403, json!({ "code": 70051, "status": 403 }));
    api.on("GET", "/2010-04-01/*/Media").always(may_not);
    l.fake
        .writes_with(ANNA, l.fake.number(), "this too", &[png()]);
    for _ in 0..6 {
        held.poll(&sms).await.unwrap();
        l.desk.advance(150);
    }
    let m = &held.messages.values().next().unwrap();
    assert_eq!(
        (m.text.as_str(), m.cards[0].kind),
        ("this too", CardKind::Media)
    );
    let notes = sms.standing().notes;
    assert!(notes.len() == 1 && notes[0].contains("Files"), "{notes:?}");
    api.clear();
    l.fake
        .writes_with(ANNA, l.fake.number(), "allowed", &[png()]);
    held.poll(&sms).await.unwrap();
    assert!(sms.standing().notes.is_empty(), "it is well again");
}

#[tokio::test]
async fn what_appears_late_is_taken_and_hides_nothing() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    l.many(60);
    held.poll(&sms).await.unwrap();
    l.desk.advance(1_800);
    l.fake.writes(ANNA, "now");
    held.poll(&sms).await.unwrap();
    let does = |order: &str, with: &Value| l.fake.api().act(order, with).unwrap();
    does(
        "write",
        &json!({ "from": TOM, "text": "held back", "ago": 720 }),
    );
    held.poll(&sms).await.unwrap();
    assert_eq!(held.order.len(), 62);
    assert_eq!(*held.texts().last().unwrap(), "held back");
    // Made days ago, gone out now: it stands in front of what is newer than it.
    for n in 0..60 {
        does(
            "sent_elsewhere",
            &json!({ "to": ANNA, "text": format!("sent {n}") }),
        );
        l.desk.advance(1);
    }
    does(
        "sent_elsewhere",
        &json!({ "to": TOM, "text": "planned", "ago": 3 * 86_400 }),
    );
    l.desk.advance(3);
    held.poll(&sms).await.unwrap();
    assert_eq!(held.order.len(), 62 + 61);
    assert!(held.texts().contains(&"planned") && held.texts().contains(&"sent 0"));
    l.desk.advance(60);
    held.poll(&sms).await.unwrap();
    assert_eq!(held.poll(&sms).await.unwrap(), 0, "each once");
}

#[tokio::test]
async fn to_whom_a_send_is_refused_as_unsubscribed_is_known_with_the_next_news() {
    let l = line().await;
    let sms = l.sms();
    let mut held = Held::default();
    l.fake.fate(ANNA, Fate::Refused(21610));
    let to_anna = outgoing(l.fake.number(), ANNA, "hello?");
    assert!(sms.send(&to_anna).await.is_err());
    held.poll(&sms).await.unwrap();
    assert_eq!(held.wishes, [(ANNA.to_owned(), true)]);
    held.poll(&sms).await.unwrap();
    assert_eq!(held.wishes.len(), 1, "once");
    l.fake.fate(ANNA, Fate::Refused(21614));
    assert!(sms.send(&to_anna).await.is_err());
    held.poll(&sms).await.unwrap();
    assert_eq!(held.wishes.len(), 1, "and for no other reason");
}

#[tokio::test]
async fn a_file_is_not_given_up_because_the_computer_slept() {
    let l = line().await;
    let cdn = &l.fake.cdn().world().faults;
    let mut held = Held::default();
    cdn.on("", "").always(Fault::status(500));
    l.fake.writes_with(ANNA, l.fake.number(), "look", &[png()]);
    held.poll(&l.sms()).await.unwrap();
    l.desk.advance(8 * 3_600);
    held.poll(&l.sms()).await.unwrap();
    assert!(held.messages.is_empty(), "it was tried twice");
    cdn.clear();
    held.poll(&l.sms()).await.unwrap();
    assert_eq!(held.messages.values().next().unwrap().files.len(), 1);
}

#[tokio::test]
async fn what_is_deleted_while_it_waits_for_its_file_keeps_its_text() {
    let l = line().await;
    let sms = l.sms();
    let cdn = &l.fake.cdn().world().faults;
    let mut held = Held::default();
    cdn.on("", "").always(Fault::status(500));
    let sid = l.fake.writes_with(ANNA, l.fake.number(), "look", &[png()]);
    held.poll(&sms).await.unwrap();
    assert!(held.messages.is_empty());
    l.fake.api().act("delete", &json!({ "sid": sid })).unwrap();
    held.poll(&sms).await.unwrap();
    let m = &held.messages[&sid];
    assert_eq!(
        (m.text.as_str(), m.cards[0].kind),
        ("look", CardKind::Media)
    );
    assert!(m.cards[0].text.as_ref().unwrap().contains("deleted"));
}

#[tokio::test]
async fn a_message_that_waited_for_its_file_keeps_its_place_in_its_second() {
    let l = line().await;
    let sms = l.sms();
    let cdn = &l.fake.cdn().world().faults;
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    cdn.on("", "").always(Fault::status(500));
    l.fake.writes(ANNA, "one");
    l.fake.writes_with(ANNA, l.fake.number(), "two", &[png()]);
    held.poll(&sms).await.unwrap();
    // It is on the first page no more.
    l.desk.advance(1_500);
    l.many(70);
    held.poll(&sms).await.unwrap();
    l.desk.advance(1_300);
    cdn.clear();
    held.poll(&sms).await.unwrap();
    let at = |text: &str| {
        let m = held.messages.values().find(|m| m.text == text).unwrap();
        m.times.provider.unwrap()
    };
    assert!(at("one") < at("two"));
    assert_eq!(at("one") / 1_000, at("two") / 1_000);
}

#[tokio::test]
async fn what_says_nothing_here_is_kept_to_be_read_again() {
    let l = line().await;
    let (own, anna) = (
        format!("whatsapp:{}", l.fake.number()),
        format!("whatsapp:{ANNA}"),
    );
    l.fake.writes_with(&anna, &own, "", &[]);
    let whatsapp = l.whatsapp(Vec::new());
    let mut held = Held::default();
    held.poll(&whatsapp).await.unwrap();
    let m = held.messages.values().next().unwrap();
    assert_eq!(m.cards[0].kind, CardKind::Unsupported);
    assert_eq!(m.quarantine, Some(whatsapp.reads_version()));
    assert!(
        whatsapp.read_again(&m.raw).is_none(),
        "this version knows no more"
    );
    let mut row: Value = serde_json::from_slice(&m.raw).unwrap();
    row["body"] = json!("A place on the map");
    let again = whatsapp.read_again(row.to_string().as_bytes()).unwrap();
    assert!(
        matches!(&again[0], Event::Message(again) if again.remote_id == m.remote_id && again.quarantine.is_none())
    );
    row["date_created"] = json!("soon");
    row["date_updated"] = json!(null);
    assert!(whatsapp.read_again(row.to_string().as_bytes()).is_none());
}

#[tokio::test]
async fn who_else_answers_on_the_number_is_said_for_as_long_as_it_is_so() {
    let l = line_with(Options {
        answers_by_itself: true,
        ..Options::default()
    })
    .await;
    let sms = l.sms();
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    let notes = sms.standing().notes;
    assert!(
        notes.len() == 1 && notes[0].contains("answers by itself"),
        "{notes:?}"
    );
    let asked = || {
        let calls = &l.fake.world().calls;
        calls.count("GET", "/2010-04-01/*/IncomingPhoneNumbers.json")
    };
    let once = asked();
    held.poll(&sms).await.unwrap();
    assert_eq!(asked(), once, "not at each poll");
    l.fake.api().act("sample", &json!({ "on": false })).unwrap();
    l.desk.advance(3_600);
    held.poll(&sms).await.unwrap();
    assert!(sms.standing().notes.is_empty());
}

#[tokio::test]
async fn half_a_character_in_one_row_hides_no_other() {
    let l = line().await;
    let row = |sid: &str, body: &str| {
        format!(
            r#"{{"sid":"{sid}","direction":"inbound","from":"{ANNA}","to":"{}","body":"{body}","status":"received","num_media":"0","date_created":"Fri, 15 Jan 2027 08:00:00 +0000"}}"#,
            l.fake.number()
        )
    };
    let page = format!(
        r#"{{"messages":[{},{}],"next_page_uri":null}}"#,
        row("SM00000000000000000000000000000008", r"cut \ud83d"),
        row("SM00000000000000000000000000000007", "whole")
    );
    l.fake
        .world()
        .faults
        .on("GET", "")
        .once(Fault::answer(200, Value::String(page)));
    let mut held = Held::default();
    held.poll(&l.sms()).await.unwrap();
    assert_eq!(held.texts(), ["whole", "cut \u{fffd}"]);
}

#[tokio::test]
async fn poisoned_lists_are_told_from_empty_ones_and_good_rows_come_through() {
    let l = line().await;
    let faults = &l.fake.world().faults;
    let good = json!({
        "sid": "SM00000000000000000000000000000009", "direction": "inbound", "from": ANNA, "to": l.fake.number(),
        "body": "still here", "status": "received", "num_media": "0", "date_created": "Fri, 15 Jan 2027 08:00:00 +0000",
    });
    for poison in [
        json!(null),
        json!([]),
        json!({ "messages": null }),
        json!({ "messages": { "0": good } }),
        json!("<html>"),
    ] {
        faults
            .on("GET", "")
            .once(Fault::answer(200, poison.clone()));
        let e = Held::default().poll(&l.sms()).await.unwrap_err();
        assert_eq!(e.remedy, Remedy::Retry, "{poison}");
    }
    let deep = "[".repeat(20_000);
    faults
        .on("GET", "")
        .once(Fault::answer(200, Value::String(deep)));
    assert!(Held::default().poll(&l.sms()).await.is_err());
    let rows = json!({ "messages": [null, 7, "x", [], {}, { "sid": "SM1", "date_created": {} }, good], "next_page_uri": 5 });
    faults.on("GET", "").once(Fault::answer(200, rows.clone()));
    let sms = l.sms();
    let mut held = Held::default();
    held.poll(&sms).await.unwrap();
    assert_eq!(held.texts(), ["still here"]);
    assert_eq!(held.unreadable.len(), 6);
    faults.on("GET", "").once(Fault::answer(200, rows));
    assert_eq!(
        held.poll(&sms).await.unwrap(),
        0,
        "what cannot be read is told once"
    );
}

#[tokio::test]
async fn what_an_account_can_do_is_what_it_does() {
    let l = line().await;
    let sms = l.sms();
    let can = sms.capabilities();
    assert!(!can.attachments && !can.subject && !can.copies && can.may_write_first);
    assert_eq!(can.text_limit.unwrap().unit, TextUnit::Segments);
    let mut with_file = outgoing(l.fake.number(), ANNA, "look");
    with_file.files.push(file());
    assert_eq!(
        sms.send(&with_file).await.unwrap_err().remedy,
        Remedy::Final
    );
    let most = can.text_limit.unwrap().most as usize;
    for longest in ["a".repeat(153 * most), "ж".repeat(67 * most)] {
        sms.send(&outgoing(l.fake.number(), ANNA, &longest))
            .await
            .unwrap();
    }
    let whatsapp = l.whatsapp(Vec::new()).capabilities();
    assert!(!whatsapp.may_write_first && whatsapp.reply_window_hours == Some(24));
    let chars = whatsapp.text_limit.unwrap();
    assert_eq!((chars.most, chars.unit), (1_600, TextUnit::Chars));
    assert!(l.fake.sent().iter().all(|m| m.media_urls.is_empty()));
}

#[tokio::test]
async fn whatsapp_has_its_own_addresses_its_window_and_its_templates() {
    let l = line().await;
    let (own, anna) = (
        format!("whatsapp:{}", l.fake.number()),
        format!("whatsapp:{ANNA}"),
    );
    let template = l.fake.api().with(|account, world| {
        let state = parley_sandbox::http::Fake::state(account, world);
        let (id, text) = state["templates"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        Template {
            id: id.clone(),
            name: "Ready".into(),
            text: text.as_str().unwrap().into(),
        }
    });
    let w = l.whatsapp(vec![template.clone()]);
    assert!(w.capabilities().may_write_first);
    l.fake.writes(ANNA, "this is an SMS");
    l.fake.writes_with(&anna, &own, "stop", &[]);
    let mut held = Held::default();
    held.poll(&w).await.unwrap();
    assert_eq!(held.texts(), ["stop"]);
    assert!(held.wishes.is_empty(), "a word like others here");
    assert_eq!(
        held.messages
            .values()
            .next()
            .unwrap()
            .from
            .as_ref()
            .unwrap()
            .address,
        ANNA
    );
    l.fake.fate(&anna, Fate::Read);
    let read = w
        .send(&outgoing(l.fake.number(), ANNA, "Hello"))
        .await
        .unwrap();
    l.desk.advance(10);
    held.poll(&w).await.unwrap();
    assert_eq!(held.told, [(read.remote_id.unwrap().0, Reached::Read)]);
    l.fake.fate(&anna, Fate::Delivered);
    l.desk.advance(25 * 3_600);
    let late = w
        .send(&outgoing(l.fake.number(), ANNA, "Too late"))
        .await
        .unwrap();
    let mut by_template = outgoing(l.fake.number(), ANNA, "Hello Anna, your order 42 is ready.");
    by_template.template = Some(TemplateUse {
        id: template.id,
        values: vec!["Anna".into(), " 42 ".into()],
    });
    let good = w.send(&by_template).await.unwrap().remote_id.unwrap().0;
    l.desk.advance(10);
    held.poll(&w).await.unwrap();
    let (of, lost) = held
        .told
        .iter()
        .find(|(of, _)| *of == late.remote_id.as_ref().unwrap().0)
        .unwrap();
    assert!(
        matches!(lost, Reached::Undelivered(u) if u.code == "63016"),
        "{of}"
    );
    assert!(held.told.contains(&(good, Reached::Delivered)));
    assert_eq!(
        l.fake.sent().last().unwrap().body,
        "Hello Anna, your order 42 is ready."
    );
    // It may still be read, so it is followed, and told once.
    held.poll(&w).await.unwrap();
    assert_eq!(held.told.len(), 3);
}

#[tokio::test]
async fn a_messaging_service_and_signalwires_path_are_used_where_they_are_set() {
    let mut l = line_with(Options {
        signalwire: true,
        ..Options::default()
    })
    .await;
    l.access.messaging_service = "MG0123456789abcdef0123456789abcdef".into();
    // People copy the address with its version.
    l.access.base_url = format!("{}/2010-04-01/", l.fake.base());
    l.many(60);
    let mut held = Held::default();
    l.send("hello").await.unwrap();
    held.poll(&l.sms()).await.unwrap();
    l.many(60);
    held.poll(&l.sms()).await.unwrap();
    assert_eq!(held.messages.len(), 121);
    let sent = l.fake.sent().pop().unwrap();
    assert_eq!(
        sent.service.as_deref(),
        Some("MG0123456789abcdef0123456789abcdef")
    );
    assert_eq!(sent.from, l.fake.number());
}

fn words(steps: &[Step]) -> Vec<(&str, bool)> {
    steps.iter().map(|s| (s.step, s.ok)).collect()
}

#[tokio::test]
async fn trying_an_account_names_each_step_and_what_is_missing() {
    let mut l = line_with(Options {
        answers_by_itself: true,
        ..Options::default()
    })
    .await;
    let sms = l.sms();
    let (steps, profile) = sms.check().await;
    assert_eq!(
        words(&steps),
        [
            ("login", true),
            ("number", true),
            ("answers", false),
            ("messages", true)
        ]
    );
    assert!(steps[2].note.contains("A message comes in"));
    assert!(
        profile
            .unwrap()
            .notes
            .iter()
            .any(|n| n.contains("answers by itself"))
    );
    assert_eq!(
        sms.standing().notes.len(),
        1,
        "it is said for as long as it is so"
    );
    l.fake.api().act("sample", &json!({ "on": false })).unwrap();
    let (steps, profile) = sms.check().await;
    assert!(profile.is_ok() && steps.iter().all(|s| s.ok));
    assert!(sms.standing().notes.is_empty());

    let other = SmsConfig {
        number: "+14155550199".into(),
        ..l.config()
    };
    let other = Twilio::sms(&other, &l.access, &l.desk.context(&l.secret));
    let (steps, failed) = other.check().await;
    assert_eq!(words(&steps), [("login", true), ("number", false)]);
    assert!(failed.unwrap_err().what.contains(l.fake.number()));
    let wrong = Twilio::sms(&l.config(), &l.access, &l.desk.context("wrong"));
    let (steps, failed) = wrong.check().await;
    assert_eq!(words(&steps), [("login", false)]);
    assert_eq!(failed.unwrap_err().remedy, Remedy::Reconnect);
    l.fake
        .world()
        .faults
        .on("GET", "/2010-04-01/*/Incoming")
        .once(Fault::status(403));
    assert!(
        l.sms().check().await.1.is_ok(),
        "a key for messages alone is enough"
    );
    l.access.base_url = "http://93.184.216.34".into();
    let (steps, failed) = l.sms().check().await;
    assert_eq!(words(&steps), [("settings", false)]);
    assert_eq!(failed.unwrap_err().remedy, Remedy::Reconnect);
}

#[tokio::test]
async fn a_key_finds_its_numbers() {
    let l = line().await;
    let config = SmsConfig {
        number: String::new(),
        ..l.config()
    };
    let found = find(&AccountConfig::Sms(config), l.desk.context(&l.secret))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].config.sender(), l.fake.number());
    let config = AccountConfig::Sms(l.config());
    let e = find(&config, l.desk.context("wrong")).await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Reconnect);
}

/// One number of what the store holds.
async fn count(engine: &Engine, sql: &'static str) -> i64 {
    let asked = engine
        .store()
        .read(move |c| Ok(c.query_row(sql, [], |r| r.get(0))?));
    asked.await.unwrap()
}

#[tokio::test]
async fn in_the_store_a_customer_of_sms_and_whatsapp_is_one_and_each_message_is_there_once() {
    let l = line().await;
    let dir = tempfile::tempdir().unwrap();
    let key = SecretBox::new(Box::new([42; 32]));
    let engine = Engine::open(dir.path(), &key, Arc::new(l.desk.clock.clone()), factory()).unwrap();
    let mut lives = Vec::new();
    for config in [
        AccountConfig::Sms(l.config()),
        AccountConfig::Whatsapp(WhatsappConfig {
            number: l.fake.number().into(),
            name: String::new(),
            twilio: l.access.clone(),
            templates: Vec::new(),
        }),
    ] {
        let secret = SecretString::from(l.secret.clone());
        let row = engine.store().write(move |tx| {
            let id = accounts::save(tx, &config, Some(&secret))?;
            accounts::get(tx, id)
        });
        lives.push(engine.live(&row.await.unwrap()).await.unwrap());
    }
    l.fake.writes(ANNA, "by SMS");
    l.desk.advance(1);
    let (own, anna) = (
        format!("whatsapp:{}", l.fake.number()),
        format!("whatsapp:{ANNA}"),
    );
    l.fake.writes_with(&anna, &own, "by WhatsApp", &[]);
    l.desk.advance(1);
    l.fake.fate(ANNA, Fate::Undelivered(30005));
    let elsewhere = json!({ "to": ANNA, "text": "from the console" });
    l.fake.api().act("sent_elsewhere", &elsewhere).unwrap();
    l.desk.advance(20);
    l.fake.writes(ANNA, "STOP");
    for _ in 0..3 {
        for live in &lives {
            sync::poll_once(engine.store(), live).await.unwrap();
        }
        l.desk.advance(60);
    }
    // The fourth is the vendor's own answer to STOP.
    assert_eq!(
        count(&engine, "SELECT count(*) FROM message WHERE direction = 0").await,
        3
    );
    assert_eq!(
        count(&engine, "SELECT count(*) FROM message WHERE direction = 1").await,
        2
    );
    assert_eq!(
        count(&engine, "SELECT count(DISTINCT conversation) FROM timeline").await,
        1
    );
    assert_eq!(
        count(&engine, "SELECT count(*) FROM opt_out WHERE wish = 1").await,
        1
    );
    assert_eq!(
        count(
            &engine,
            "SELECT count(*) FROM afterwards WHERE kind = 'undelivered'"
        )
        .await,
        2
    );
    engine.stop().await;
}
