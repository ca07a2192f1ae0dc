//! The common ground of the fakes: faults come as they were scripted, calls are logged as they were made, and the
//! fake's time is its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::{Duration, Instant};

use parley_sandbox::http::client::{Answer, ask};
use parley_sandbox::http::{
    DUPLICATE, Fake, Fault, Quota, Request, Response, SHUFFLE, Server, World,
};
use serde_json::{Value, json};

/// Long enough for a slow computer, never waited for when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps notes, and says them one after the other.
struct Notes {
    kept: Vec<String>,
    quota: Quota,
}

impl Fake for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        if let Err(over) = self.quota.take("all", world.time.now()) {
            return Response::empty(429).with("Retry-After", &over.seconds().to_string());
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/notes") => {
                self.kept.push(request.text());
                Response::json(201, &json!({ "number": self.kept.len() }))
            }
            ("GET", "/notes") => {
                let mut notes = self.kept.clone();
                if request.flagged(DUPLICATE) {
                    notes.extend(self.kept.clone());
                }
                if request.flagged(SHUFFLE) {
                    notes.reverse();
                }
                Response::json(200, &json!(notes))
            }
            ("GET", "/next") if self.kept.is_empty() && !request.last_chance() => {
                let patience = request.query("patience").and_then(|p| p.parse().ok());
                Response::not_yet(Duration::from_millis(patience.unwrap_or(60_000)))
            }
            ("GET", "/next") => Response::json(200, &json!(self.kept.first())),
            _ => Response::empty(404),
        }
    }

    fn state(&self, _: &World) -> Value {
        json!({ "kept": self.kept })
    }

    fn act(&mut self, order: &str, with: &Value, _: &World) -> Result<Value, String> {
        let text = with.get("text").and_then(Value::as_str);
        match (order, text) {
            ("note", Some(text)) => {
                self.kept.push(text.to_owned());
                Ok(json!({}))
            }
            _ => Err(format!("{order} is not done here")),
        }
    }
}

async fn notes() -> Server<Notes> {
    let fake = Notes {
        kept: Vec::new(),
        quota: Quota::unlimited(),
    };
    Server::start(fake).await.unwrap()
}

async fn get(server: &Server<Notes>, path: &str) -> std::io::Result<Answer> {
    ask("GET", &format!("{}{path}", server.base()), &[], b"").await
}

async fn post(server: &Server<Notes>, text: &str) -> std::io::Result<Answer> {
    ask(
        "POST",
        &format!("{}/notes", server.base()),
        &[],
        text.as_bytes(),
    )
    .await
}

fn kept(server: &Server<Notes>) -> Vec<String> {
    server.with(|notes, _| notes.kept.clone())
}

#[tokio::test]
async fn a_fault_happens_at_its_turn_and_then_no_more() {
    let server = notes().await;
    server
        .world()
        .faults
        .on("GET", "/no")
        .nth(2)
        .once(Fault::too_many(Some(7)));
    assert_eq!(get(&server, "/notes").await.unwrap().status, 200);
    assert_eq!(post(&server, "a").await.unwrap().status, 201, "not a GET");
    let second = get(&server, "/notes").await.unwrap();
    assert_eq!(
        (second.status, second.header("retry-after")),
        (429, Some("7"))
    );
    assert_eq!(get(&server, "/notes").await.unwrap().status, 200);
    assert!(server.world().faults.rules().is_empty(), "it is spent");
}

#[tokio::test]
async fn two_faults_for_the_next_request_come_one_after_the_other() {
    let server = notes().await;
    let faults = &server.world().faults;
    faults.on("", "").once(Fault::status(500));
    faults.on("", "").times(2, Fault::Html);
    let mut met = Vec::new();
    for _ in 0..4 {
        let answer = get(&server, "/notes").await.unwrap();
        met.push((
            answer.status,
            answer.text().contains("<h1>Welcome to our network</h1>"),
        ));
    }
    assert_eq!(met, [(500, false), (200, true), (200, true), (200, false)]);
    faults
        .on("", "")
        .always(Fault::answer(503, json!({ "error": "later" })));
    for _ in 0..3 {
        assert_eq!(
            get(&server, "/notes").await.unwrap().json(),
            json!({ "error": "later" })
        );
    }
    faults.clear();
    assert_eq!(get(&server, "/notes").await.unwrap().status, 200);
}

#[tokio::test]
async fn what_hangs_before_was_not_done_and_what_hangs_after_was() {
    let server = notes().await;
    let faults = &server.world().faults;
    let calls = &server.world().calls;
    let short = Duration::from_millis(150);
    faults.on("POST", "/notes").once(Fault::HangBefore);
    assert!(
        tokio::time::timeout(short, post(&server, "first"))
            .await
            .is_err()
    );
    assert!(kept(&server).is_empty());
    faults.on("POST", "/notes").once(Fault::HangAfter);
    assert!(
        tokio::time::timeout(short, post(&server, "second"))
            .await
            .is_err()
    );
    assert_eq!(kept(&server), ["second"]);
    faults.on("POST", "/notes").once(Fault::CloseBefore);
    assert!(post(&server, "third").await.is_err());
    faults.on("POST", "/notes").once(Fault::CloseAfter);
    assert!(post(&server, "fourth").await.is_err());
    faults.on("POST", "/notes").once(Fault::AnswerAfter {
        status: 502,
        headers: Default::default(),
        body: Value::Null,
    });
    assert_eq!(post(&server, "fifth").await.unwrap().status, 502);
    assert_eq!(kept(&server), ["second", "fourth", "fifth"]);
    let acted: Vec<_> = calls
        .to("POST", "/notes")
        .into_iter()
        .map(|c| (c.body, c.acted, c.status))
        .collect();
    let expected = [
        ("first", false, None),
        ("second", true, None),
        ("third", false, None),
        ("fourth", true, None),
        ("fifth", true, Some(502)),
    ];
    assert_eq!(
        acted,
        expected.map(|(body, acted, status)| (body.to_owned(), acted, status))
    );
}

#[tokio::test]
async fn a_cut_answer_promises_more_than_comes_and_a_dripping_one_comes_whole() {
    let server = notes().await;
    let long = "x".repeat(500);
    post(&server, &long).await.unwrap();
    let faults = &server.world().faults;
    faults.on("GET", "/notes").once(Fault::Cut { after: 100 });
    assert!(
        get(&server, "/notes").await.is_err(),
        "400 bytes are missing"
    );
    faults.on("GET", "/notes").once(Fault::Drip {
        piece: 100,
        pause: 5,
    });
    let began = Instant::now();
    assert_eq!(get(&server, "/notes").await.unwrap().json(), json!([long]));
    assert!(began.elapsed() >= Duration::from_millis(25), "five pauses");
    faults.on("GET", "/notes").once(Fault::Delay { by: 40 });
    let began = Instant::now();
    assert_eq!(get(&server, "/notes").await.unwrap().status, 200);
    assert!(began.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn pages_double_and_shuffle_where_the_fake_reads_the_flag() {
    let server = notes().await;
    post(&server, "a").await.unwrap();
    post(&server, "b").await.unwrap();
    let faults = &server.world().faults;
    faults.on("GET", "").times(2, Fault::flag(DUPLICATE));
    faults.on("GET", "").nth(2).once(Fault::flag(SHUFFLE));
    let first = get(&server, "/notes").await.unwrap().json();
    let second = get(&server, "/notes").await.unwrap().json();
    let third = get(&server, "/notes").await.unwrap().json();
    assert_eq!(first, json!(["a", "b", "a", "b"]));
    assert_eq!(second, json!(["b", "a", "b", "a"]), "flags come together");
    assert_eq!(third, json!(["a", "b"]));
}

#[tokio::test]
async fn a_long_poll_ends_with_news_or_with_its_patience() {
    let server = notes().await;
    let empty = get(&server, "/next?patience=30").await.unwrap();
    assert_eq!(empty.json(), Value::Null, "its patience is over");
    let url = format!("{}/next", server.base());
    let waiting = tokio::spawn(async move { ask("GET", &url, &[], b"").await });
    assert!(
        server
            .world()
            .calls
            .reach(2, "GET", "/next", PATIENCE)
            .await,
        "it was asked"
    );
    server.act("note", &json!({ "text": "news" })).unwrap();
    let answer = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    assert_eq!(answer.unwrap().unwrap().json(), json!("news"));
}

#[tokio::test]
async fn a_quota_follows_the_fakes_time_and_not_the_computers() {
    let server = notes().await;
    let time = &server.world().time;
    time.hold_at(1_000_000);
    server.with(|notes, _| notes.quota = Quota::new(1, 60_000));
    assert_eq!(get(&server, "/notes").await.unwrap().status, 200);
    let over = get(&server, "/notes").await.unwrap();
    assert_eq!((over.status, over.header("retry-after")), (429, Some("60")));
    time.advance(Duration::from_secs(60));
    assert_eq!(get(&server, "/notes").await.unwrap().status, 200);
    assert_eq!(time.now(), 1_060_000, "it stands still by itself");
    time.run();
    assert!((1_060_000..1_120_000).contains(&time.now()));
}

#[tokio::test]
async fn a_person_plays_over_http_and_pages_of_others_may_not() {
    let server = notes().await;
    let base = server.base();
    let play = async |method: &str, path: &str, body: Value| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let url = format!("{base}/_play/{path}");
        ask(method, &url, &[], body.as_bytes()).await.unwrap()
    };
    assert_eq!(
        play("POST", "do/note", json!({ "text": "hello" }))
            .await
            .status,
        200
    );
    let bad = play("POST", "do/dance", Value::Null).await;
    assert_eq!(
        (bad.status, bad.json()),
        (400, json!({ "error": "dance is not done here" }))
    );
    let state = play("GET", "state", Value::Null).await.json();
    assert_eq!(state["state"], json!({ "kept": ["hello"] }));
    let rule = json!({ "method": "GET", "path": "/notes", "fault": { "kind": "answer", "status": 418, "body": "no" } });
    assert_eq!(play("POST", "faults", rule).await.status, 200);
    assert_eq!(get(&server, "/notes").await.unwrap().status, 418);
    assert_eq!(
        play("POST", "faults", json!({ "fault": "what" }))
            .await
            .status,
        400
    );
    let calls = play("GET", "calls?from=1", Value::Null).await.json();
    assert_eq!(
        calls["calls"].as_array().unwrap().len(),
        1,
        "playing is not logged"
    );
    assert_eq!(calls["calls"][0]["fault"], "answer 418");
    let time = play(
        "POST",
        "time",
        json!({ "runs": false, "set": 5_000, "advance": 10 }),
    )
    .await;
    assert_eq!(time.json(), json!({ "now": 5_010, "runs": false }));
    let url = format!("{base}/_play/state");
    let foreign = [("origin", "https://evil.test")];
    let refused = ask("GET", &url, &foreign, b"").await.unwrap();
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn the_log_has_every_request_as_it_came() {
    let server = notes().await;
    server.world().time.hold_at(42);
    let url = format!("{}/notes?a=1%202&a=x", server.base());
    ask("POST", &url, &[("authorization", "Bearer t")], b"body")
        .await
        .unwrap();
    let call = server.world().calls.all().remove(0);
    assert_eq!(
        call.query,
        [("a", "1 2"), ("a", "x")].map(|(n, v)| (n.to_owned(), v.to_owned()))
    );
    assert_eq!(call.header("authorization"), Some("Bearer t"));
    assert_eq!(
        (call.number, call.at, call.body.as_str(), call.status),
        (1, 42, "body", Some(201))
    );
}

#[tokio::test]
async fn a_dropped_server_closes_what_hangs_on_it() {
    let server = notes().await;
    server.world().faults.on("", "").once(Fault::HangBefore);
    let url = format!("{}/notes", server.base());
    let again = url.clone();
    let hanging = tokio::spawn(async move { ask("GET", &url, &[], b"").await });
    assert!(server.world().calls.reach(1, "", "", PATIENCE).await);
    drop(server);
    let ended = tokio::time::timeout(PATIENCE, hanging).await.unwrap();
    assert!(ended.unwrap().is_err());
    assert!(ask("GET", &again, &[], b"").await.is_err());
}
