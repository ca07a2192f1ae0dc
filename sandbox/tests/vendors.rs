//! The vendors' own documents judge our fakes: each request and each answer passes through a Prism that holds it
//! against their OpenAPI.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE64;
use parley_sandbox::http::client::Answer;
use parley_sandbox::prism::Violation;
use parley_sandbox::smsgate::{self, Attachment, End};
use parley_sandbox::twilio::{self, Fate, Picture};
use parley_sandbox::{Error, Prism, SmsGate, Twilio};

fn shared(path: &str) -> PathBuf {
    let shared = std::env::var_os("PARLEY_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    shared.join("data").join(path)
}

/// Prism with this document in front of this fake; none, with a line that says why, where that cannot be had.
async fn prism(document: &str, upstream: &str) -> Option<Prism> {
    match Prism::start(&shared(document), upstream).await {
        Ok(prism) => Some(prism),
        Err(Error::Skipped(why)) => {
            eprintln!("skipped: {why}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// What the documents forbid and the vendors do: Twilio's addresses of pages are relative and its empty ones empty (its
/// own examples have both), and the gateway's document wants its words (`Pending`, `SMS`) to be objects.
fn known(violation: &Violation) -> bool {
    let last = violation.place.rsplit('.').next().unwrap_or_default();
    let uris = [
        "first_page_uri",
        "next_page_uri",
        "previous_page_uri",
        "uri",
        "sms_url",
    ];
    let words = ["status", "state", "type"];
    violation.place.starts_with("response.body.")
        && ((uris.contains(&last) && violation.says.ends_with("format \"uri\""))
            || (words.contains(&last) && violation.says.ends_with("must be object")))
}

struct Asking<'a> {
    prism: &'a Prism,
    authorization: String,
}

impl Asking<'_> {
    async fn ask(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: &str,
    ) -> (Answer, Vec<Violation>) {
        let mut headers = vec![("authorization", self.authorization.as_str())];
        if !kind.is_empty() {
            headers.push(("content-type", kind));
        }
        self.prism
            .ask(method, path, &headers, body.as_bytes())
            .await
            .unwrap()
    }

    /// Asks, and wants no violation but the known ones.
    async fn clean(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let (answer, mut found) = self.ask(method, path, kind, body).await;
        found.retain(|v| !known(v));
        assert_eq!(found, [], "{method} {path} answered {}", answer.text());
        answer
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn basic(user: &str, password: &str) -> String {
    format!(
        "Basic {}",
        BASE64.encode(format!("{user}:{password}").as_bytes())
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn twilios_own_document_finds_nothing_wrong_with_our_fake() {
    let options = twilio::Options {
        answers_by_itself: true,
        ..twilio::Options::default()
    };
    let (account, key) = (options.account.clone(), options.key.clone());
    let fake = Twilio::start(options).await.unwrap();
    let Some(prism) = prism("twilio/twilio_api_v2010.json", &fake.base()).await else {
        return;
    };
    // Nothing comes of its age while Prism thinks.
    fake.world().time.hold();
    let asking = Asking {
        prism: &prism,
        authorization: basic(&key.0, &key.1),
    };
    let path = |rest: &str| format!("/2010-04-01/Accounts/{account}/{rest}");
    let photo = Picture {
        kind: "image/png".into(),
        bytes: b"\x89PNG".to_vec(),
    };
    fake.fate("+15557650009", Fate::Undelivered(30003));
    for n in 0..5 {
        fake.writes("+15557650001", &format!("message {n}"));
    }
    let with_photo = fake.writes_with("+15557650001", fake.number(), "look", &[photo]);
    for to in ["%2B15557650001", "%2B15557650009"] {
        let form = format!("To={to}&From=%2B15557650100&Body=Hello+%F0%9F%98%80");
        let made = asking
            .clean("POST", &path("Messages.json"), FORM, &form)
            .await;
        assert_eq!(
            (made.status, made.json()["status"].as_str()),
            (201, Some("queued"))
        );
    }
    let service = "To=%2B15557650001&MessagingServiceSid=MG0123456789abcdef0123456789abcdef&Body=x";
    asking
        .clean("POST", &path("Messages.json"), FORM, service)
        .await;

    let mut seen = Vec::new();
    let mut next = Some(path("Messages.json?PageSize=4"));
    while let Some(page) = next {
        let answer = asking.clean("GET", &page, "", "").await.json();
        for row in answer["messages"].as_array().unwrap() {
            seen.push(row["sid"].as_str().unwrap().to_owned());
        }
        next = answer["next_page_uri"].as_str().map(str::to_owned);
    }
    // Each of the customer's was answered by the number itself.
    assert_eq!(seen.len(), 6 + 6 + 3);
    for status in ["queued", "sending", "sent", "delivered"] {
        let one = path(&format!(
            "Messages/{}.json",
            seen.iter().find(|s| *s != &with_photo).unwrap()
        ));
        let one = asking.clean("GET", &one, "", "").await.json();
        assert_eq!(one["status"], status);
        let by = if status == "sent" { 4 } else { 1 };
        fake.world().time.advance(Duration::from_secs(by));
    }
    let dated = path("Messages.json?To=%2B15557650100&DateSent%3E=2020-01-01T00:00:00Z");
    asking.clean("GET", &dated, "", "").await;
    let media = path(&format!("Messages/{with_photo}/Media.json"));
    let media = asking.clean("GET", &media, "", "").await.json();
    let one = media["media_list"][0]["uri"].as_str().unwrap().to_owned();
    asking.clean("GET", &one, "", "").await;
    let numbers = path("IncomingPhoneNumbers.json?PhoneNumber=%2B15557650100");
    let numbers = asking.clean("GET", &numbers, "", "").await.json();
    let number = numbers["incoming_phone_numbers"][0]["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    // An empty address is none to the document, and is how one takes it away.
    let (emptied, _) = asking.ask("POST", &number, FORM, "SmsUrl=").await;
    assert_eq!(emptied.json()["sms_url"], "");

    // The judge is awake: what is wrong is found.
    let bad = "To=%2B15557650001&From=%2B15557650100&Body=x&SmartEncoded=perhaps";
    let (_, found) = asking.ask("POST", &path("Messages.json"), FORM, bad).await;
    assert!(
        found.iter().any(|v| v.place.contains("SmartEncoded")),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_own_document_finds_nothing_wrong_with_our_phone() {
    let options = smsgate::Options::default();
    let authorization = basic(&options.user, &options.password);
    let fake = SmsGate::start(options).await.unwrap();
    let Some(prism) = prism("sms-gate/swagger.json", &fake.base()).await else {
        return;
    };
    let asking = Asking {
        prism: &prism,
        authorization,
    };
    fake.writes("+15557650001", "one");
    let photo = Attachment {
        name: "a.png".into(),
        kind: "image/png".into(),
        bytes: b"\x89PNG".to_vec(),
    };
    fake.writes_mms("+15557650002", "two", vec![photo], true);
    fake.missed(
        "+15557650003",
        "while you were off",
        fake.world().time.now() - 60_000,
    );
    fake.end(
        "+15557650009",
        End::Failed("RESULT_ERROR_NO_SERVICE".into()),
    );
    asking.clean("GET", "/health", "", "").await;
    let first = asking
        .clean("GET", "/inbox?limit=500&includeAttachments=true", "", "")
        .await;
    assert_eq!(first.header("x-total-count"), Some("3"));
    let refresh = r#"{"since":"2020-01-01T00:00:00Z","until":"2100-01-01T00:00:00Z","messageTypes":["SMS","MMS"],"triggerWebhooks":false}"#;
    let accepted = asking.clean("POST", "/inbox/refresh", JSON, refresh).await;
    assert_eq!(accepted.status, 202);
    let second = asking
        .clean("GET", "/inbox?from=2020-01-01T00:00:00Z", "", "")
        .await;
    assert_eq!(second.header("x-total-count"), Some("4"));
    let mms = asking
        .clean(
            "GET",
            "/inbox?type=MMS_DOWNLOADED&includeAttachments=true",
            "",
            "",
        )
        .await;
    let id = mms.json()[0]["id"].as_str().unwrap().to_owned();
    // The document says bytes of any kind; the app (`InboxRoutes`) says which.
    let file = format!("/inbox/{id}/attachments/1");
    let (file, _) = asking.ask("GET", &file, "", "").await;
    assert_eq!(file.status, 200);
    for to in ["+15557650001", "+15557650009"] {
        let body = format!(
            r#"{{"id":"for {to}","textMessage":{{"text":"Hello"}},"phoneNumbers":["{to}"],"withDeliveryReport":true}}"#
        );
        let made = asking.clean("POST", "/messages", JSON, &body).await;
        assert_eq!(
            (made.status, made.json()["state"].as_str()),
            (202, Some("Pending"))
        );
        let again = asking.clean("POST", "/messages", JSON, &body).await;
        assert_eq!(again.status, 409);
    }
    fake.world().time.advance(Duration::from_secs(10));
    let states = asking
        .clean("GET", "/messages?includeContent=true&limit=10", "", "")
        .await
        .json();
    assert_eq!(
        (states[0]["state"].as_str(), states[1]["state"].as_str()),
        (Some("Failed"), Some("Delivered"))
    );
    asking
        .clean("GET", "/messages/for%20+15557650009", "", "")
        .await;
    let wide = asking.ask("GET", "/inbox?limit=1000", "", "").await;
    assert!(!wide.1.is_empty(), "the document knows the limit");
}
