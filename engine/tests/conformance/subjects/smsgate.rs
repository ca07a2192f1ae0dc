//! A number in one's own phone, at our fake of the program on it.

use super::injected;
use crate::subject::{self, Act, Subject, Trouble};
use async_trait::async_trait;
use data_encoding::BASE64;
use parley_engine::model::{AccountConfig, GatewayAccess, SmsConfig, SmsVia};
use parley_sandbox::http::Fault;
use parley_sandbox::smsgate::{Attachment, Options, SmsGate};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;

const ANNA: &str = "+15557650001";
const READ: (&str, &str) = ("GET", "/inbox");
const SEND: (&str, &str) = ("POST", "/messages");

pub struct Phone(SmsGate);

pub async fn start() -> Option<Arc<dyn Subject>> {
    Some(Arc::new(Phone(
        SmsGate::start(Options::default()).await.unwrap(),
    )))
}

impl Phone {
    async fn injects(&self, row: serde_json::Value) {
        let o = Options::default();
        let user = format!(
            "Basic {}",
            BASE64.encode(format!("{}:{}", o.user, o.password).as_bytes())
        );
        let page = format!("{}/inbox?limit=400", self.0.base());
        injected(self.0.world(), READ, &page, &user, "", row).await;
    }
}

#[async_trait]
impl Subject for Phone {
    fn name(&self) -> &'static str {
        "smsgate"
    }

    fn account(&self) -> (AccountConfig, SecretString) {
        let o = Options::default();
        let config = SmsConfig {
            number: o.number,
            name: String::new(),
            via: SmsVia::Phone(GatewayAccess {
                base_url: self.0.base(),
                user: o.user,
            }),
        };
        (AccountConfig::Sms(config), o.password.into())
    }

    fn customer(&self) -> String {
        ANNA.into()
    }

    fn more_than_a_page(&self) -> usize {
        60
    }

    async fn writes(&self, text: &str) -> String {
        self.0.writes(ANNA, text)
    }

    async fn does(&self, act: Act<'_>) -> bool {
        match act {
            Act::File { name, bytes } => {
                let file = Attachment {
                    name: name.into(),
                    kind: "image/png".into(),
                    bytes: bytes.to_vec(),
                };
                self.0.writes_mms(ANNA, "look", vec![file], true);
            }
            Act::Unknown => {
                self.injects(json!({ "id": "rcs:1", "type": "RCS", "sender": ANNA, "contentPreview": "?", "createdAt": "2026-01-31T09:30:00.000+00:00" })).await;
            }
            Act::Poison => self.injects(json!({ "id": 17, "sender": null })).await,
            Act::Refuse => drop(self.0.writes(ANNA, "STOP")),
            _ => return false,
        }
        true
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        let gone =
            Fault::status(401).header("WWW-Authenticate", "Basic realm=\"Access to SMS Gateway\"");
        subject::http(self.0.world(), READ, SEND, &gone, trouble);
        true
    }

    async fn mends(&self) {
        self.0.world().faults.clear();
    }

    async fn took(&self) -> Vec<String> {
        self.0.sent().into_iter().map(|m| m.text).collect()
    }

    async fn took_files(&self) -> usize {
        0
    }

    fn lists_own(&self) -> bool {
        true
    }

    fn calls(&self) -> Option<usize> {
        Some(self.0.world().calls.count("", ""))
    }
}
