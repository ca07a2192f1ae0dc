//! The fake of the Bot API does what the real one is documented to do, and every answer of it has the shape that the
//! published description gives it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE64;
use parley_sandbox::http::Quota;
use parley_sandbox::http::client::ask;
use parley_sandbox::telegram::{Options, Telegram};
use serde_json::{Value, json};

const ANNA: i64 = 880_000_000_001;

async fn telegram() -> Telegram {
    Telegram::start(Options::default()).await.unwrap()
}

async fn call(telegram: &Telegram, method: &str, with: Value) -> (u16, Value) {
    let url = format!(
        "{}/bot{}/{method}",
        telegram.base(),
        Options::default().token
    );
    let headers = [("content-type", "application/json")];
    let answer = ask("POST", &url, &headers, with.to_string().as_bytes())
        .await
        .unwrap();
    (answer.status, answer.json())
}

async fn updates(telegram: &Telegram, with: Value) -> Vec<i64> {
    let (_, said) = call(telegram, "getUpdates", with).await;
    let all = said["result"].as_array().unwrap();
    all.iter()
        .map(|u| u["update_id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn updates_are_kept_until_a_greater_offset_confirms_them() {
    let t = telegram().await;
    for n in 0..3 {
        t.writes(ANNA, &format!("number {n}"));
    }
    let all = updates(&t, json!({})).await;
    assert_eq!(all.len(), 3);
    assert_eq!(updates(&t, json!({})).await, all, "nothing was confirmed");
    assert_eq!(updates(&t, json!({ "limit": 1 })).await, all[..1]);
    assert_eq!(updates(&t, json!({ "offset": all[1] })).await, all[1..]);
    assert_eq!(updates(&t, json!({})).await, all[1..], "the first is gone");
    assert_eq!(updates(&t, json!({ "offset": -1 })).await, all[2..]);
    assert_eq!(t.waiting(), 1, "all but the last are forgotten");
    t.world().time.advance(Duration::from_secs(25 * 3_600));
    assert!(updates(&t, json!({})).await.is_empty(), "after a day");
}

#[tokio::test]
async fn a_long_poll_ends_with_news_and_a_second_reader_ends_it_with_a_conflict() {
    let t = std::sync::Arc::new(telegram().await);
    let poll = |t: std::sync::Arc<Telegram>| {
        tokio::spawn(async move { call(&t, "getUpdates", json!({ "timeout": 20 })).await })
    };
    let first = poll(t.clone());
    let asked = |n| {
        t.world()
            .calls
            .reach(n, "POST", "/bot*/getUpdates", Duration::from_secs(10))
    };
    assert!(asked(1).await);
    let second = poll(t.clone());
    assert!(asked(2).await);
    let (status, said) = first.await.unwrap();
    assert_eq!((status, said["error_code"].clone()), (409, json!(409)));
    t.writes(ANNA, "hello");
    let (status, said) = second.await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(said["result"][0]["message"]["text"], "hello");
    t.does("webhook", &json!({ "url": "https://elsewhere.test/hook" }));
    let (status, said) = call(&t, "getUpdates", json!({})).await;
    assert_eq!(status, 409);
    assert!(said["description"].as_str().unwrap().contains("webhook"));
    call(&t, "deleteWebhook", json!({})).await;
    assert_eq!(call(&t, "getUpdates", json!({})).await.0, 200);
}

#[tokio::test]
async fn reactions_are_told_from_when_they_are_asked_for() {
    let t = telegram().await;
    let id = t.writes(ANNA, "hello");
    t.does("react", &json!({ "from": ANNA, "id": id, "emoji": "👍" }));
    assert_eq!(updates(&t, json!({})).await.len(), 1);
    let kinds = json!(["message", "message_reaction"]);
    updates(&t, json!({ "allowed_updates": kinds })).await;
    t.does("react", &json!({ "from": ANNA, "id": id }));
    t.does("block", &json!({ "from": ANNA }));
    assert_eq!(
        updates(&t, json!({})).await.len(),
        2,
        "the block was not asked for"
    );
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_as_the_vendor_refuses_it() {
    let t = telegram().await;
    let send = |with: Value| call(&t, "sendMessage", with);
    let (status, said) = send(json!({ "chat_id": ANNA, "text": "x" })).await;
    assert_eq!(
        (status, &said["description"]),
        (400, &json!("Bad Request: chat not found"))
    );
    t.does("start", &json!({ "from": ANNA, "payload": "spring" }));
    let (_, said) =
        send(json!({ "chat_id": ANNA, "text": "<b>x</b> &amp;", "parse_mode": "HTML" })).await;
    assert_eq!(said["result"]["text"], "x &");
    assert_eq!(said["result"]["entities"][0]["type"], "bold");
    for (with, status) in [
        (json!({ "chat_id": ANNA, "text": "" }), 400),
        (json!({ "chat_id": ANNA, "text": "x".repeat(4_097) }), 400),
        (
            json!({ "chat_id": ANNA, "text": "<p>x</p>", "parse_mode": "HTML" }),
            400,
        ),
        (json!({ "text": "x" }), 400),
        (
            json!({ "chat_id": ANNA, "text": "x", "reply_parameters": { "message_id": 99 } }),
            400,
        ),
        (
            json!({ "chat_id": ANNA, "text": "x", "business_connection_id": "b" }),
            400,
        ),
    ] {
        assert_eq!(send(with.clone()).await.0, status, "{with}");
    }
    t.server()
        .with(|bot, _| bot.per_chat = Quota::new(1, 4_000));
    send(json!({ "chat_id": ANNA, "text": "x" })).await;
    let (status, said) = send(json!({ "chat_id": ANNA, "text": "y" })).await;
    assert_eq!(
        (status, &said["parameters"]["retry_after"]),
        (429, &json!(4))
    );
    t.does("block", &json!({ "from": ANNA }));
    let (status, said) = send(json!({ "chat_id": ANNA, "text": "x" })).await;
    assert_eq!(status, 403);
    assert_eq!(said["error_code"], 403);
    t.does("revoke", &json!({}));
    assert_eq!(send(json!({ "chat_id": ANNA, "text": "x" })).await.0, 401);
}

#[tokio::test]
async fn a_file_is_fetched_in_two_steps_unless_it_is_too_big() {
    let t = telegram().await;
    let file = |size: usize| json!({ "from": ANNA, "kind": "document", "name": "offer.pdf", "mime": "application/pdf", "base64": BASE64.encode(b"%PDF-1.4"), "size": size });
    t.does("file", &file(8));
    t.does("file", &file(21 << 20));
    let (_, said) = call(&t, "getUpdates", json!({})).await;
    let id = |n: usize| said["result"][n]["message"]["document"]["file_id"].clone();
    let (_, found) = call(&t, "getFile", json!({ "file_id": id(0) })).await;
    let path = found["result"]["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{}/{path}", t.base(), Options::default().token);
    assert_eq!(ask("GET", &url, &[], b"").await.unwrap().body, b"%PDF-1.4");
    let (status, said) = call(&t, "getFile", json!({ "file_id": id(1) })).await;
    assert_eq!(
        (status, &said["description"]),
        (400, &json!("Bad Request: file is too big"))
    );
}

#[tokio::test]
async fn every_answer_has_the_published_shape() {
    let shared = std::env::var("PARLEY_SHARED").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let Ok(read) = std::fs::read(shared.join("data/telegram/api.json")) else {
        eprintln!("skipped: the description of the Bot API does not lie here");
        return;
    };
    let api: Value = serde_json::from_slice(&read).unwrap();
    let t = telegram().await;
    let all = api["types"]["Update"]["fields"].as_array().unwrap().iter();
    let kinds: Vec<&str> = all
        .map(|f| f["name"].as_str().unwrap())
        .filter(|n| *n != "update_id")
        .collect();
    call(&t, "getUpdates", json!({ "allowed_updates": kinds })).await;
    play(&t);
    let (_, said) = call(&t, "getUpdates", json!({})).await;
    let told = said["result"].as_array().unwrap();
    assert!(told.len() > 15);
    let judge = |kind: &str, v: &Value| {
        let mut wrong = Vec::new();
        judged(&api, kind, v, kind, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    };
    told.iter().for_each(|u| judge("Update", u));
    let (_, said) = call(&t, "getMe", json!({})).await;
    judge("User", &said["result"]);
    let (_, said) = call(&t, "getWebhookInfo", json!({})).await;
    judge("WebhookInfo", &said["result"]);
    let words = json!({ "chat_id": ANNA, "text": "<b>hi</b>", "parse_mode": "HTML", "link_preview_options": { "is_disabled": true }, "reply_parameters": { "message_id": 1 } });
    let (_, said) = call(&t, "sendMessage", words).await;
    judge("Message", &said["result"]);
    let (_, said) = call(
        &t,
        "getBusinessConnection",
        json!({ "business_connection_id": "bizconn-0001" }),
    )
    .await;
    judge("BusinessConnection", &said["result"]);
    let file = told
        .iter()
        .find_map(|u| u["message"]["voice"]["file_id"].as_str())
        .unwrap();
    let (_, said) = call(&t, "getFile", json!({ "file_id": file })).await;
    judge("File", &said["result"]);
}

fn play(t: &Telegram) {
    let picture = BASE64.encode(b"\x89PNG\r\n\x1a\n");
    t.does("start", &json!({ "from": ANNA, "payload": "spring" }));
    let id = t.writes(ANNA, "hello");
    t.does(
        "write",
        &json!({ "from": ANNA, "text": "again", "reply_to": id }),
    );
    t.does("write", &json!({ "from": ANNA, "text": "look", "pictures": [{ "kind": "image/png", "base64": picture }] }));
    for kind in [
        "photo",
        "video",
        "voice",
        "audio",
        "document",
        "sticker",
        "animation",
        "video_note",
    ] {
        t.does("file", &json!({ "from": ANNA, "kind": kind, "name": "a.bin", "mime": "application/x", "base64": picture }));
    }
    t.does("edit", &json!({ "id": id, "text": "hello you" }));
    t.does("react", &json!({ "from": ANNA, "id": id, "emoji": "👍" }));
    t.does("connect_business", &json!({ "owner": 880_000_000_900_i64 }));
    let done = t.does("business", &json!({ "from": ANNA, "text": "to the owner" }));
    t.does(
        "business",
        &json!({ "from": ANNA, "text": "from the owner", "owner": true }),
    );
    t.does(
        "business_edit",
        &json!({ "id": done["id"], "text": "to the owner!" }),
    );
    t.does("business_delete", &json!({ "id": done["id"] }));
    t.does("block", &json!({ "from": ANNA }));
    t.does("unblock", &json!({ "from": ANNA }));
}

/// Where a value is not of this type of the description.
fn judged(api: &Value, kind: &str, v: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(inner) = kind.strip_prefix("Array of ") {
        match v.as_array() {
            Some(all) => all
                .iter()
                .enumerate()
                .for_each(|(i, v)| judged(api, inner, v, &format!("{at}[{i}]"), wrong)),
            None => wrong.push(format!("{at} is no list")),
        }
        return;
    }
    let fits = match kind {
        "Integer" => v.is_i64() || v.is_u64(),
        "Float" => v.is_number(),
        "String" => v.is_string(),
        "Boolean" | "True" => v.is_boolean(),
        _ => v.is_object(),
    };
    if !fits {
        wrong.push(format!("{at} is no {kind}: {v}"));
        return;
    }
    let found = &api["types"][kind];
    if let Some(kinds) = found["subtypes"].as_array().filter(|k| !k.is_empty()) {
        let fits = kinds.iter().any(|k| {
            let mut inside = Vec::new();
            judged(api, k.as_str().unwrap(), v, at, &mut inside);
            inside.is_empty()
        });
        if !fits {
            wrong.push(format!("{at} is no {kind}: {v}"));
        }
        return;
    }
    let (Some(fields), Some(object)) = (found["fields"].as_array(), v.as_object()) else {
        return;
    };
    for f in fields {
        let name = f["name"].as_str().unwrap();
        let Some(value) = object.get(name) else {
            if f["required"] == json!(true) {
                wrong.push(format!("{at} has no {name}"));
            }
            continue;
        };
        let kinds = f["types"].as_array().unwrap();
        let fits = kinds.iter().any(|k| {
            let mut inside = Vec::new();
            judged(api, k.as_str().unwrap(), value, "", &mut inside);
            inside.is_empty()
        });
        if !fits {
            let first = kinds[0].as_str().unwrap();
            judged(api, first, value, &format!("{at}.{name}"), wrong);
        }
    }
    for name in object.keys() {
        if !fields.iter().any(|f| f["name"] == json!(name)) {
            wrong.push(format!("{at}.{name} is not described"));
        }
    }
}
