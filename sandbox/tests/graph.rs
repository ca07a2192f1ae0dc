//! The fake of Meta's Graph API does what the vendor's documents say, and what was seen of the real one.
#![allow(clippy::unwrap_used)] // helpers fail as tests do

use parley_sandbox::graph::{ANNA, Graph, Kind, Message, Options, Platform, TOM};
use parley_sandbox::http::client::{Answer, ask};
use serde_json::json;
use std::time::Duration;

const MESSAGES: &str = "id,updated_time,participants,messages.limit(20){id,created_time,from,to,message,attachments,shares{link}}";

async fn get(graph: &Graph, path: &str) -> Answer {
    let token = format!("Bearer {}", graph.token());
    let url = format!("{}/v26.0/{path}", graph.base());
    let headers = [("authorization", token.as_str())];
    ask("GET", &url, &headers, b"").await.unwrap()
}

async fn post(graph: &Graph, path: &str, body: serde_json::Value) -> Answer {
    let token = format!("Bearer {}", graph.token());
    let url = format!("{}/v26.0/{path}", graph.base());
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    ask("POST", &url, &headers, body.to_string().as_bytes())
        .await
        .unwrap()
}

fn code(answer: &Answer) -> (u64, u64) {
    let body = answer.json();
    let number = |name: &str| body["error"][name].as_u64().unwrap_or(0);
    (number("code"), number("error_subcode"))
}

#[tokio::test]
async fn the_twenty_newest_have_details_and_the_way_on_holds_the_token() {
    let graph = Graph::start(Options::instagram()).await.unwrap();
    let first = graph.writes(Platform::Instagram, ANNA, "number 0");
    for n in 1..25 {
        graph.writes(Platform::Instagram, ANNA, &format!("number {n}"));
    }
    graph.world().time.advance(Duration::from_secs(1));
    graph.writes(Platform::Instagram, TOM, "hello");
    let list = get(
        &graph,
        &format!("me/conversations?platform=instagram&limit=1&fields={MESSAGES}"),
    )
    .await;
    let body = list.json();
    assert_eq!(
        body["data"][0]["messages"]["data"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "Tom is the newest"
    );
    assert!(
        body["paging"]["next"]
            .as_str()
            .unwrap()
            .contains(&graph.token())
    );
    graph.world().time.advance(Duration::from_secs(1));
    let list = get(
        &graph,
        &format!("me/conversations?platform=instagram&user_id={ANNA}&fields={MESSAGES}"),
    )
    .await;
    let body = list.json();
    let shown = &body["data"][0]["messages"];
    assert_eq!(shown["data"][0]["message"], "number 24");
    assert_eq!(shown["data"].as_array().unwrap().len(), 20);
    let thread = body["data"][0]["id"].as_str().unwrap();
    let after = shown["paging"]["cursors"]["after"].as_str().unwrap();
    let rest = get(
        &graph,
        &format!("{thread}/messages?after={after}&limit=100&fields=id,created_time"),
    )
    .await
    .json();
    assert_eq!(rest["data"].as_array().unwrap().len(), 5);
    assert_eq!(code(&get(&graph, &first).await), (9_000_001, 0));
}

#[tokio::test]
async fn only_documented_fields_are_given_and_a_refused_one_fails_all() {
    let graph = Graph::start(Options::instagram()).await.unwrap();
    graph.api().with(|a, _| {
        a.quota = parley_sandbox::http::Quota::unlimited();
        a.refused.insert("story".into());
    });
    let id = graph.brings(
        Platform::Instagram,
        ANNA,
        Message {
            shares: vec![("https://www.instagram.com/p/1/".into(), String::new())],
            ..Message::default()
        },
    );
    for bad in ["mood", "story", "messages{story}"] {
        let answer = get(
            &graph,
            &format!("me/conversations?platform=instagram&fields={bad}"),
        )
        .await;
        assert_eq!((answer.status, code(&answer)), (400, (100, 0)), "{bad}");
    }
    let bare = get(&graph, &format!("{id}?fields=shares")).await.json();
    assert_eq!(
        bare["shares"]["data"],
        json!([]),
        "without names of its own it is empty"
    );
    let named = get(&graph, &format!("{id}?fields=shares{{link}}"))
        .await
        .json();
    assert!(named["shares"]["data"][0]["link"].is_string());
}

#[tokio::test]
async fn two_calls_a_second_tokens_of_sixty_days_and_a_renewal_after_one() {
    let graph = Graph::start(Options::instagram()).await.unwrap();
    graph.world().time.hold();
    for expected in [200, 200, 400] {
        assert_eq!(
            get(&graph, "me/conversations?platform=instagram")
                .await
                .status,
            expected
        );
    }
    let renew = |token: String| {
        format!("refresh_access_token?grant_type=ig_refresh_token&access_token={token}")
    };
    assert_eq!(
        get(&graph, &renew(graph.token())).await.status,
        400,
        "too young"
    );
    graph.world().time.advance(Duration::from_secs(25 * 3_600));
    let old = graph.token();
    assert_eq!(
        get(&graph, &renew(graph.token())).await.json()["expires_in"],
        5_184_000
    );
    assert_ne!(graph.token(), old);
    graph.world().time.advance(Duration::from_secs(61 * 86_400));
    assert_eq!(code(&get(&graph, "me").await), (190, 463));
}

#[tokio::test]
async fn answers_go_out_within_a_day_or_a_week_with_the_tag_that_was_granted() {
    let graph = Graph::start(Options::page()).await.unwrap();
    let path = "104000000000001/messages";
    let say = |extra: serde_json::Value| {
        let mut body = json!({ "recipient": { "id": ANNA }, "message": { "text": "Yes" } });
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        body
    };
    let plain = || say(json!({ "messaging_type": "RESPONSE" }));
    let tagged = || say(json!({ "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT" }));
    assert_eq!(
        code(&post(&graph, path, plain()).await),
        (100, 2_018_001),
        "she never wrote"
    );
    graph.writes(Platform::Messenger, ANNA, "Hello?");
    assert_eq!(
        code(&post(&graph, path, say(json!({}))).await),
        (100, 0),
        "the type is required"
    );
    assert_eq!(post(&graph, path, plain()).await.status, 200);
    graph.world().time.advance(Duration::from_secs(25 * 3_600));
    assert_eq!(code(&post(&graph, path, plain()).await), (10, 2_018_278));
    assert_eq!(
        code(&post(&graph, path, tagged()).await),
        (10, 0),
        "not granted"
    );
    graph.api().with(|a, _| a.human_agent = true);
    assert_eq!(post(&graph, path, tagged()).await.status, 200);
    assert_eq!(graph.sent().len(), 2);
}

#[tokio::test]
async fn files_lie_behind_a_redirect_that_runs_out_and_wants_no_token() {
    let graph = Graph::start(Options::instagram()).await.unwrap();
    let picture = graph.keeps("image/png", b"\x89PNG");
    let id = graph.brings(
        Platform::Instagram,
        ANNA,
        Message::with(Kind::Image, &picture),
    );
    let body = get(&graph, &format!("{id}?fields=attachments"))
        .await
        .json();
    let url = body["attachments"]["data"][0]["image_data"]["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = format!("Bearer {}", graph.token());
    let shown = ask("GET", &url, &[("authorization", &token)], b"")
        .await
        .unwrap();
    assert_eq!(shown.status, 400);
    let first = ask("GET", &url, &[], b"").await.unwrap();
    assert_eq!(first.status, 302);
    let there = first.header("location").unwrap().to_owned();
    assert_eq!(ask("GET", &there, &[], b"").await.unwrap().body, b"\x89PNG");
    graph
        .cdn()
        .world()
        .time
        .advance(Duration::from_secs(30 * 3_600));
    assert_eq!(ask("GET", &there, &[], b"").await.unwrap().status, 403);
}
