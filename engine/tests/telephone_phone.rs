//! The connector for one's own phone against a phone that remembers, ages and fails as told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod telephone;

use parley_engine::connectors::Connector;
use parley_engine::connectors::smsgate::SmsGate;
use parley_engine::model::{
    CardKind, Class, GatewayAccess, Place, Reached, Remedy, SmsConfig, SmsVia,
};
use parley_sandbox::http::{DUPLICATE, Fault, SHUFFLE};
use parley_sandbox::smsgate::{self as fake, Attachment, End, Options};
use serde_json::json;
use telephone::{ANNA, Desk, Held, START, TOM, file, outgoing};

const OWN: &str = "+14155550200";
const DAY: i64 = 86_400_000;

struct Line {
    fake: fake::SmsGate,
    desk: Desk,
    access: GatewayAccess,
    password: String,
}

async fn line() -> Line {
    let options = Options::default();
    let (user, password) = (options.user.clone(), options.password.clone());
    let fake = fake::SmsGate::start(options).await.unwrap();
    let desk = Desk::new(fake.world());
    let access = GatewayAccess {
        base_url: fake.base(),
        user,
    };
    Line {
        fake,
        desk,
        access,
        password,
    }
}

impl Line {
    fn phone(&self) -> SmsGate {
        self.phone_with(&self.password)
    }

    fn phone_with(&self, password: &str) -> SmsGate {
        let config = SmsConfig {
            number: OWN.into(),
            name: String::new(),
            via: SmsVia::Phone(self.access.clone()),
        };
        SmsGate::new(&config, &self.access, &self.desk.context(password))
    }
}

#[tokio::test]
async fn what_people_write_comes_oldest_first_and_only_once() {
    let l = line().await;
    let phone = l.phone();
    for n in 0..3 {
        l.fake.writes(ANNA, &format!("message {n}"));
        l.desk.advance(1);
    }
    let mut held = Held::default();
    held.poll(&phone).await.unwrap();
    assert_eq!(held.texts(), ["message 0", "message 1", "message 2"]);
    let before = held.cursor.clone();
    assert_eq!(held.poll(&phone).await.unwrap(), 0);
    assert_eq!(held.cursor, before, "a quiet poll leaves nothing to write");
    assert_eq!(
        held.poll(&l.phone()).await.unwrap(),
        0,
        "nor does a new start"
    );
    let refreshes = l.fake.world().calls.to("POST", "/inbox/refresh");
    assert_eq!(refreshes.len(), 2, "once for each start");
    assert!(refreshes[0].body.contains("\"triggerWebhooks\":false"));
}

#[tokio::test]
async fn an_id_that_comes_again_is_another_message() {
    let l = line().await;
    let phone = l.phone();
    let mut held = Held::default();
    l.fake.writes_as("text:7", ANNA, "first");
    held.poll(&phone).await.unwrap();
    l.desk.advance(5);
    l.fake.writes_as("text:7", TOM, "second");
    held.poll(&phone).await.unwrap();
    assert_eq!(held.texts(), ["first", "second"]);
}

#[tokio::test]
async fn what_came_while_the_program_was_off_is_fetched_with_its_own_date() {
    let l = line().await;
    let mut held = Held::default();
    l.fake.writes(ANNA, "seen");
    held.poll(&l.phone()).await.unwrap();
    l.fake.missed(TOM, "missed", START - 2 * DAY);
    held.poll(&l.phone()).await.unwrap();
    assert_eq!(held.texts(), ["seen", "missed"]);
    let missed = held.messages.values().find(|m| m.text == "missed").unwrap();
    assert_eq!(missed.times.provider, Some(START - 2 * DAY));
}

#[tokio::test]
async fn what_came_while_the_phone_was_away_is_fetched_as_soon_as_it_answers() {
    let l = line().await;
    let phone = l.phone();
    let mut held = Held::default();
    held.poll(&phone).await.unwrap();
    let faults = &l.fake.world().faults;
    faults.on("GET", "/inbox").once(Fault::CloseBefore);
    assert!(held.poll(&phone).await.is_err());
    l.fake.missed(TOM, "missed", START);
    held.poll(&phone).await.unwrap();
    assert_eq!(held.texts(), ["missed"]);
}

#[tokio::test]
async fn looking_through_the_phone_that_failed_is_tried_again_in_minutes_and_blames_no_version() {
    let l = line().await;
    let phone = l.phone();
    let mut held = Held::default();
    let faults = &l.fake.world().faults;
    l.fake.missed(TOM, "missed", START - 1_000);
    faults.on("POST", "/inbox/refresh").once(Fault::status(500));
    held.poll(&phone).await.unwrap();
    l.desk.advance(299);
    held.poll(&phone).await.unwrap();
    assert!(held.texts().is_empty() && phone.standing().notes.is_empty());
    l.desk.advance(1);
    held.poll(&phone).await.unwrap();
    assert_eq!(held.texts(), ["missed"]);
    for old in [404, 405, 501] {
        let phone = l.phone();
        faults.on("POST", "/inbox/refresh").once(Fault::status(old));
        held.poll(&phone).await.unwrap();
        assert_eq!(phone.standing().notes.len(), 1, "{old}");
        l.desk.advance(300);
        held.poll(&phone).await.unwrap();
        assert!(phone.standing().notes.is_empty(), "it was updated");
    }
}

#[tokio::test]
async fn an_mms_comes_once_with_its_files_and_a_notice_alone_after_a_while() {
    let l = line().await;
    let phone = l.phone();
    let photo = Attachment {
        name: "../../holiday.png".into(),
        kind: "image/png".into(),
        bytes: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
    };
    l.fake.writes_mms(ANNA, "look", vec![photo.clone()], true);
    l.fake.writes_mms(TOM, "never loaded", vec![photo], false);
    let mut held = Held::default();
    held.poll(&phone).await.unwrap();
    assert_eq!(held.texts(), ["look"]);
    let m = held.messages.values().next().unwrap();
    assert_eq!(m.files[0].mime, "image/png");
    assert!(!m.files[0].name.contains('/'), "{}", m.files[0].name);
    l.desk.advance(1_000);
    held.poll(&phone).await.unwrap();
    let notice = held
        .messages
        .values()
        .find(|m| m.from.as_ref().unwrap().address == TOM)
        .unwrap();
    assert_eq!(notice.cards[0].kind, CardKind::Unsupported);
    assert_eq!(held.messages.len(), 2);
}

#[tokio::test]
async fn doubled_and_shuffled_lists_lose_and_double_nothing() {
    let l = line().await;
    let phone = l.phone();
    let faults = &l.fake.world().faults;
    faults.on("GET", "/inbox").always(Fault::flag(DUPLICATE));
    faults.on("GET", "/inbox").always(Fault::flag(SHUFFLE));
    let mut held = Held::default();
    for n in 0..700 {
        l.fake.writes(ANNA, &format!("message {n}"));
        l.desk.advance(1);
    }
    held.poll(&phone).await.unwrap();
    assert_eq!((held.messages.len(), held.events), (700, 700));
    assert_eq!(held.texts()[..2], ["message 0", "message 1"]);
}

#[tokio::test]
async fn a_send_is_followed_to_its_end_and_recognised_by_its_key() {
    let l = line().await;
    let phone = l.phone();
    let mut held = Held::default();
    held.poll(&phone).await.unwrap();
    l.fake
        .end(TOM, End::Failed("SMS_RESULT_ERROR_NO_SERVICE".into()));
    let to_anna = outgoing(OWN, ANNA, "Yes, it is.");
    let good = phone.send(&to_anna).await.unwrap().remote_id.unwrap().0;
    let bad = phone
        .send(&outgoing(OWN, TOM, "Yes."))
        .await
        .unwrap()
        .remote_id
        .unwrap()
        .0;
    held.poll(&phone).await.unwrap();
    let echo = &held.messages[&good];
    assert_eq!((echo.place, echo.key), (Place::Sent, Some(to_anna.key)));
    l.desk.advance(10);
    held.poll(&phone).await.unwrap();
    held.told.sort_by_key(|(of, _)| *of == bad);
    assert_eq!(held.told[0], (good, Reached::Delivered));
    assert!(matches!(&held.told[1].1, Reached::Undelivered(u) if u.code == "no_service"));
    l.desk.advance(100);
    assert_eq!(held.poll(&phone).await.unwrap(), 0);
}

#[tokio::test]
async fn a_program_too_old_to_list_what_went_out_is_asked_for_each() {
    let l = line().await;
    let phone = l.phone();
    let faults = &l.fake.world().faults;
    let mut held = Held::default();
    let sent = phone
        .send(&outgoing(OWN, ANNA, "Yes."))
        .await
        .unwrap()
        .remote_id
        .unwrap()
        .0;
    l.desk.advance(10);
    faults.on("GET", "/messages").once(Fault::status(404));
    faults.on("POST", "/inbox/refresh").once(Fault::status(404));
    held.poll(&phone).await.unwrap();
    assert_eq!(held.told, [(sent, Reached::Delivered)]);
    assert_eq!(
        phone.standing().notes.len(),
        1,
        "and the person is told to update it"
    );
}

#[tokio::test]
async fn a_lost_answer_is_tried_again_and_the_customer_gets_one_message() {
    let l = line().await;
    let phone = l.phone();
    assert!(phone.capabilities().deduplicates);
    let message = outgoing(OWN, ANNA, "Only once");
    for fault in [
        Fault::CloseAfter,
        Fault::Cut { after: 10 },
        Fault::CloseBefore,
        Fault::Html,
    ] {
        let word = fault.word();
        l.fake.world().faults.on("POST", "/messages").once(fault);
        let e = phone.send(&message).await.unwrap_err();
        assert_eq!(e.remedy, Remedy::Retry, "{word}");
    }
    let receipt = phone.send(&message).await.unwrap();
    assert_eq!(receipt.remote_id.unwrap().0, message.key.hex());
    assert_eq!(l.fake.sent().len(), 1);
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let l = line().await;
    let faults = &l.fake.world().faults;
    for (fault, remedy) in [
        (Fault::status(401), Remedy::Reconnect),
        (Fault::status(403), Remedy::Reconnect),
        (Fault::status(501), Remedy::Reconnect),
        (Fault::status(404), Remedy::Reconnect),
        (Fault::status(500), Remedy::Retry),
        (Fault::too_many(Some(5)), Remedy::Wait),
        (Fault::Html, Remedy::Retry),
        (Fault::answer(200, json!({ "rows": 1 })), Remedy::Retry),
        (Fault::CloseBefore, Remedy::Retry),
    ] {
        let word = fault.word();
        faults.on("GET", "/inbox").once(fault);
        let e = Held::default().poll(&l.phone()).await.unwrap_err();
        assert_eq!(e.remedy, remedy, "{word}");
    }
    let e = l.phone().send(&outgoing(OWN, "12", "x")).await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Final);
    let mut with_file = outgoing(OWN, ANNA, "look");
    with_file.files.push(file());
    assert!(!l.phone().capabilities().attachments);
    assert_eq!(
        l.phone().send(&with_file).await.unwrap_err().remedy,
        Remedy::Final
    );
}

#[tokio::test]
async fn poison_comes_as_cards_and_keeps_nothing_back() {
    let l = line().await;
    let rows = json!([
        null, 5, {}, { "id": "a", "type": "SMS", "sender": ANNA, "createdAt": "soon" },
        { "id": "b", "type": "HOLOGRAM", "sender": ANNA, "contentPreview": "hm", "createdAt": "2027-01-15T08:00:00Z" },
        { "id": "c", "type": "SMS", "sender": ANNA, "contentPreview": ["x"], "createdAt": "2027-01-15T08:00:00Z", "attachments": "no" },
        { "id": "d", "type": "SMS", "sender": "BANK", "contentPreview": "code 1", "createdAt": "2027-01-15T08:00:00Z" },
    ]);
    l.fake
        .world()
        .faults
        .on("GET", "/inbox")
        .once(Fault::answer(200, rows.clone()));
    let phone = l.phone();
    let mut held = Held::default();
    held.poll(&phone).await.unwrap();
    assert_eq!((held.unreadable.len(), held.messages.len()), (4, 3));
    let unknown = held
        .messages
        .values()
        .find(|m| m.quarantine.is_some())
        .unwrap();
    assert_eq!(unknown.cards[0].kind, CardKind::Unknown);
    assert!(
        phone.read_again(&unknown.raw).is_none(),
        "this version knows no more"
    );
    let bank = held.messages.values().find(|m| m.text == "code 1").unwrap();
    assert_eq!(bank.class, Class::Machine);
    l.fake
        .world()
        .faults
        .on("GET", "/inbox")
        .once(Fault::answer(200, rows));
    assert_eq!(held.poll(&phone).await.unwrap(), 0);
}

#[tokio::test]
async fn stop_is_heard() {
    let l = line().await;
    let mut held = Held::default();
    l.fake.writes(ANNA, "STOP");
    l.fake.writes(TOM, "cancel");
    held.poll(&l.phone()).await.unwrap();
    assert_eq!(held.wishes, [(ANNA.to_owned(), true)]);
}

#[tokio::test]
async fn trying_a_phone_names_what_is_missing() {
    let mut l = line().await;
    let (steps, profile) = l.phone().check().await;
    assert!(profile.is_ok() && steps.iter().all(|s| s.ok), "{steps:?}");
    let (steps, failed) = l.phone_with("wrong").check().await;
    assert_eq!(steps.last().map(|s| s.ok), Some(false));
    assert!(failed.unwrap_err().what.contains("Local Server"));
    l.fake.server().with(|phone, _| phone.cloud = true);
    let (_, failed) = l.phone().check().await;
    assert!(failed.unwrap_err().what.contains("cloud"));
    l.access.base_url = "http://127.0.0.1:9".into();
    let (steps, failed) = l.phone().check().await;
    assert_eq!(steps.last().map(|s| s.step), Some("connect"));
    let e = failed.unwrap_err();
    assert_eq!(e.remedy, Remedy::Retry);
    assert!(e.what.contains("in this network"), "{}", e.what);
    l.access.base_url = "http://shop.test".into();
    assert_eq!(
        l.phone().check().await.1.unwrap_err().remedy,
        Remedy::Reconnect
    );
}

#[tokio::test]
async fn a_clock_that_is_ahead_hides_nothing() {
    let l = line().await;
    let phone = l.phone();
    let mut held = Held::default();
    held.poll(&phone).await.unwrap();
    l.fake.world().time.shift(30 * DAY);
    l.fake.writes(ANNA, "from the future");
    held.poll(&phone).await.unwrap();
    l.fake.world().time.shift(-30 * DAY);
    l.desk.advance(5);
    l.fake.writes(TOM, "from today");
    held.poll(&phone).await.unwrap();
    assert!(held.texts().contains(&"from today"));
}
