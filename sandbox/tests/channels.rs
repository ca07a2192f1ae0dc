//! The page on which a person plays the customer shows each channel and does what it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use parley_sandbox::channels;
use parley_sandbox::http::client::ask;
use serde_json::{Value, json};

#[tokio::test]
async fn each_channel_takes_a_customers_message_and_shows_it() {
    let running = channels::start(0).await.unwrap();
    let page = running.page();
    let get = async |path: &str| {
        let url = format!("{page}{path}");
        ask("GET", &url, &[], b"").await.unwrap()
    };
    for file in ["", "page.js", "page.css"] {
        let file = get(file).await;
        assert_eq!(file.status, 200);
        assert!(
            file.header("content-security-policy")
                .unwrap()
                .contains("default-src 'none'")
        );
    }
    let all = get("channels").await.json();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), running.settings().len());
    for channel in all {
        let id = channel["id"].as_str().unwrap();
        let customer = channel["customers"][0]["address"].as_str().unwrap();
        let post = async |path: &str, body: Value| {
            let url = format!("{page}channels/{id}/{path}");
            ask("POST", &url, &[], body.to_string().as_bytes())
                .await
                .unwrap()
        };
        let picture = json!({ "kind": "image/png", "name": "a.png", "base64": "iVBORw==" });
        let pictures = if channel["pictures"] == true {
            vec![picture]
        } else {
            Vec::new()
        };
        let write =
            json!({ "from": customer, "text": "Is this still there?", "pictures": pictures });
        let said = post("do/write", write).await;
        assert_eq!(said.status, 200, "{id}: {}", said.text());
        let query: String = url::form_urlencoded::byte_serialize(customer.as_bytes()).collect();
        let now = get(&format!("channels/{id}?customer={query}")).await.json();
        let line = &now["lines"][0];
        assert_eq!(
            (line["ours"].as_bool(), line["text"].as_str()),
            (Some(false), Some("Is this still there?")),
            "{id}"
        );
        assert_eq!(line["files"], pictures.len(), "{id}");
        assert_eq!(
            post("faults", json!({ "fault": { "kind": "html" } }))
                .await
                .status,
            200
        );
        assert_eq!(post("do/no_such_thing", json!({})).await.status, 400);
        for gesture in channel["gestures"].as_array().unwrap() {
            if gesture["on"] != "channel" {
                continue;
            }
            let mut with = gesture["with"].clone();
            with["from"] = customer.into();
            let done = post(&format!("do/{}", gesture["order"].as_str().unwrap()), with).await;
            assert_eq!(
                done.status,
                200,
                "{id}: {} {}",
                gesture["label"],
                done.text()
            );
        }
    }
    let foreign = [("origin", "https://evil.test")];
    let refused = ask("GET", &format!("{page}channels"), &foreign, b"")
        .await
        .unwrap();
    assert_eq!(refused.status, 403);
}
