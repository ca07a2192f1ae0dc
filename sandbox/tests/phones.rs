//! The fakes of Twilio and of the phone do what the real ones are documented to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::Duration;

use data_encoding::BASE64;
use parley_sandbox::http::client::{Answer, ask};
use parley_sandbox::http::{DUPLICATE, Fault, Quota};
use parley_sandbox::smsgate::{self, SmsGate};
use parley_sandbox::twilio::{ELSEWHERE, ENDLESS, Fate, Options, Picture, Twilio};
use serde_json::json;

const ANNA: &str = "+15557650001";
const ACCOUNT: &str = "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef";

fn basic(user: &str, password: &str) -> String {
    format!(
        "Basic {}",
        BASE64.encode(format!("{user}:{password}").as_bytes())
    )
}

async fn twilio() -> Twilio {
    let twilio = Twilio::start(Options::default()).await.unwrap();
    twilio.world().time.hold_at(1_800_000_000_000);
    twilio
}

async fn get(twilio: &Twilio, path: &str) -> Answer {
    let key = Options::default().key;
    let url = format!("{}{path}", twilio.base());
    ask(
        "GET",
        &url,
        &[("authorization", &basic(&key.0, &key.1))],
        b"",
    )
    .await
    .unwrap()
}

/// Sends a form and gives the status and the code of refusal or the sid.
async fn send(twilio: &Twilio, fields: &[(&str, &str)]) -> (u16, String) {
    let key = Options::default().key;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let headers = [
        ("authorization", basic(&key.0, &key.1)),
        ("content-type", "application/x-www-form-urlencoded".into()),
    ];
    let headers = headers.each_ref().map(|(n, v)| (*n, v.as_str()));
    let url = format!("{}{ACCOUNT}/Messages.json", twilio.base());
    let answer = ask("POST", &url, &headers, form.as_bytes()).await.unwrap();
    let said = answer.json();
    let word = said["sid"]
        .as_str()
        .map_or_else(|| said["code"].to_string(), str::to_owned);
    (answer.status, word)
}

async fn text(twilio: &Twilio, to: &str, body: &str) -> (u16, String) {
    let from = twilio.number().to_owned();
    send(twilio, &[("To", to), ("From", &from), ("Body", body)]).await
}

fn code(n: u32) -> (u16, String) {
    (400, n.to_string())
}

#[tokio::test]
async fn stop_is_respected_until_start() {
    let twilio = twilio().await;
    assert_eq!(text(&twilio, ANNA, "hello").await.0, 201);
    twilio.writes(ANNA, " stop ");
    assert_eq!(text(&twilio, ANNA, "hello?").await, code(21610));
    twilio.writes(ANNA, "stop it please");
    twilio.writes(ANNA, "START");
    assert_eq!(text(&twilio, ANNA, "hello again").await.0, 201);
}

#[tokio::test]
async fn the_vendors_refusals_have_the_vendors_codes() {
    let twilio = twilio().await;
    for (to, refusal) in [
        ("+15005550001", 21211),
        ("not a number", 21211),
        ("+15005550003", 21408),
        ("+15005550009", 21614),
    ] {
        assert_eq!(text(&twilio, to, "x").await, code(refusal), "{to}");
    }
    assert_eq!(text(&twilio, ANNA, &"x".repeat(1_601)).await, code(21617));
    assert_eq!(text(&twilio, ANNA, "").await, code(21602));
    assert_eq!(
        send(
            &twilio,
            &[("To", ANNA), ("From", "+15550000000"), ("Body", "x")]
        )
        .await,
        code(21606)
    );
    let mixed = [
        ("To", "whatsapp:+15557650001"),
        ("From", "+15557650100"),
        ("Body", "x"),
    ];
    assert_eq!(send(&twilio, &mixed).await, code(21910));
    twilio.fate(ANNA, Fate::Refused(21612));
    assert_eq!(text(&twilio, ANNA, "x").await, code(21612));
    assert_eq!(
        get(&twilio, &format!("{ACCOUNT}/Messages/SM0.json"))
            .await
            .json()["code"],
        20404
    );
    twilio
        .api()
        .with(|account, _| account.quota = Quota::new(0, 1_000));
    assert_eq!(text(&twilio, ANNA, "x").await, (429, "20429".into()));
    twilio.api().with(|account, _| account.revoked = true);
    assert_eq!(text(&twilio, ANNA, "x").await, (401, "20003".into()));
}

#[tokio::test]
async fn a_status_ends_as_the_numbers_fate_wants() {
    let twilio = twilio().await;
    for (fate, end, error) in [
        (Fate::Delivered, "delivered", json!(null)),
        (Fate::Undelivered(30003), "undelivered", json!(30003)),
        (Fate::Failed(30007), "failed", json!(30007)),
        (Fate::Silent, "sent", json!(null)),
    ] {
        twilio.fate(ANNA, fate);
        let (_, sid) = text(&twilio, ANNA, "x").await;
        twilio.world().time.advance(Duration::from_secs(60));
        let message = get(&twilio, &format!("{ACCOUNT}/Messages/{sid}.json"))
            .await
            .json();
        assert_eq!(
            (message["status"].as_str(), &message["error_code"]),
            (Some(end), &error)
        );
    }
}

#[tokio::test]
async fn free_text_on_whatsapp_fails_outside_the_window_and_a_template_does_not() {
    let twilio = twilio().await;
    let (own, anna) = ("whatsapp:+15557650100", "whatsapp:+15557650001");
    twilio.writes_with(anna, own, "hello", &[]);
    let free = [("To", anna), ("From", own), ("Body", "x")];
    let template = twilio.api().with(|account, _| {
        let state =
            parley_sandbox::http::Fake::state(account, &parley_sandbox::http::World::default());
        state["templates"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .clone()
    });
    let status = async |sid: &str| {
        twilio.world().time.advance(Duration::from_secs(10));
        let message = get(&twilio, &format!("{ACCOUNT}/Messages/{sid}.json"))
            .await
            .json();
        (
            message["status"].as_str().unwrap().to_owned(),
            message["error_code"].clone(),
        )
    };
    let (_, sid) = send(&twilio, &free).await;
    assert_eq!(status(&sid).await, ("delivered".into(), json!(null)));
    twilio.world().time.advance(Duration::from_secs(24 * 3_600));
    let (taken, sid) = send(&twilio, &free).await;
    assert_eq!(taken, 201, "it is taken first");
    assert_eq!(status(&sid).await, ("failed".into(), json!(63016)));
    let by_template = [
        ("To", anna),
        ("From", own),
        ("ContentSid", template.as_str()),
        ("ContentVariables", r#"{"1":"Anna","2":"42"}"#),
    ];
    let (_, sid) = send(&twilio, &by_template).await;
    assert_eq!(status(&sid).await.0, "delivered");
    assert_eq!(
        twilio.sent().last().unwrap().body,
        "Hello Anna, your order 42 is ready."
    );
}

#[tokio::test]
async fn pages_are_newest_first_and_flags_spoil_them() {
    let twilio = twilio().await;
    for n in 0..5 {
        twilio.writes(ANNA, &n.to_string());
        twilio.world().time.advance(Duration::from_secs(1));
    }
    twilio.writes("+15557650002", "another");
    let first = format!("{ACCOUNT}/Messages.json?From=%2B15557650001&PageSize=2");
    let bodies = |page: &serde_json::Value| -> Vec<String> {
        let rows = page["messages"].as_array().unwrap().iter();
        rows.map(|m| m["body"].as_str().unwrap().to_owned())
            .collect()
    };
    let page = get(&twilio, &first).await.json();
    assert_eq!(bodies(&page), ["4", "3"]);
    let next = page["next_page_uri"].as_str().unwrap().to_owned();
    twilio.writes(ANNA, "meanwhile");
    let page = get(&twilio, &next).await.json();
    assert_eq!(bodies(&page), ["2", "1"], "news do not shift pages");
    let faults = &twilio.world().faults;
    faults.on("GET", "").once(Fault::flag(DUPLICATE));
    assert_eq!(bodies(&get(&twilio, &next).await.json()).len(), 6);
    faults.on("GET", "").once(Fault::flag(ENDLESS));
    let again = get(&twilio, &next).await.json();
    assert_eq!(again["next_page_uri"].as_str(), Some(next.as_str()));
    faults.on("GET", "").once(Fault::flag(ELSEWHERE));
    let away = get(&twilio, &next).await.json();
    assert!(
        away["next_page_uri"]
            .as_str()
            .unwrap()
            .starts_with(&twilio.cdn().base())
    );
    let dated = get(
        &twilio,
        &format!("{ACCOUNT}/Messages.json?DateSent%3E=2000-01-01"),
    )
    .await;
    assert!(
        bodies(&dated.json()).is_empty(),
        "what came in was never sent by date"
    );
}

#[tokio::test]
async fn media_are_given_to_who_has_the_signed_address_and_shows_no_password() {
    let twilio = twilio().await;
    let photo = Picture {
        kind: "image/png".into(),
        bytes: b"\x89PNG".to_vec(),
    };
    twilio.cdn().world().time.hold_at(twilio.world().time.now());
    let sid = twilio.writes_with(ANNA, twilio.number(), "look", &[photo]);
    let media = get(&twilio, &format!("{ACCOUNT}/Messages/{sid}/Media.json"))
        .await
        .json();
    let uri = media["media_list"][0]["uri"]
        .as_str()
        .unwrap()
        .replace(".json", "");
    let led = get(&twilio, &uri).await;
    let to = led.header("location").unwrap().to_owned();
    assert_eq!(led.status, 307);
    assert!(to.starts_with(&twilio.cdn().base()) && !to.starts_with(&twilio.base()));
    assert_eq!(ask("GET", &to, &[], b"").await.unwrap().body, b"\x89PNG");
    let shown = [("authorization", "Basic eA==")];
    assert_eq!(ask("GET", &to, &shown, b"").await.unwrap().status, 400);
    twilio
        .cdn()
        .world()
        .time
        .advance(Duration::from_secs(5 * 3_600));
    assert_eq!(ask("GET", &to, &[], b"").await.unwrap().status, 403);
}

#[tokio::test]
async fn a_new_number_answers_by_itself_until_it_is_told_not_to() {
    let options = Options {
        answers_by_itself: true,
        signalwire: true,
        ..Options::default()
    };
    let twilio = Twilio::start(options).await.unwrap();
    assert!(twilio.base().ends_with("/api/laml"));
    twilio.writes(ANNA, "hello");
    let list = get(&twilio, &format!("{ACCOUNT}/Messages.json"))
        .await
        .json();
    assert_eq!(list["messages"][0]["direction"], "outbound-reply");
    assert!(
        list["first_page_uri"]
            .as_str()
            .unwrap()
            .starts_with("/api/laml/2010-04-01/")
    );
    twilio.api().act("sample", &json!({ "on": false })).unwrap();
    twilio.writes(ANNA, "hello?");
    let list = get(&twilio, &format!("{ACCOUNT}/Messages.json"))
        .await
        .json();
    assert_eq!(list["messages"][0]["body"], "hello?");
}

#[tokio::test]
async fn a_phone_forgets_a_message_whose_id_comes_again() {
    let phone = SmsGate::start(smsgate::Options::default()).await.unwrap();
    phone.writes_as("text:7", ANNA, "first");
    phone.writes_as("text:7", "+15557650002", "second");
    let options = smsgate::Options::default();
    let authorization = basic(&options.user, &options.password);
    let url = format!("{}/inbox", phone.base());
    let list = ask("GET", &url, &[("authorization", &authorization)], b"")
        .await
        .unwrap();
    assert_eq!(list.header("x-total-count"), Some("1"));
    assert_eq!(list.json()[0]["contentPreview"], "second");
    assert_eq!(ask("GET", &url, &[], b"").await.unwrap().status, 401);
    phone.server().with(|phone, _| phone.cloud = true);
    let cloud = ask("GET", &url, &[("authorization", &authorization)], b"")
        .await
        .unwrap();
    assert_eq!(cloud.status, 501);
}
