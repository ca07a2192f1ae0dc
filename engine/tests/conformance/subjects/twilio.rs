//! A number at Twilio, for SMS and for WhatsApp, at our fake of its interface.

use super::injected;
use crate::subject::{self, Act, Subject, Trouble};
use async_trait::async_trait;
use data_encoding::BASE64;
use parley_engine::model::{AccountConfig, SmsConfig, SmsVia, TwilioAccess, WhatsappConfig};
use parley_sandbox::http::Fault;
use parley_sandbox::twilio::{Options, Picture, Twilio};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;

const ANNA: &str = "+15557650001";
const READ: (&str, &str) = ("GET", "/2010-04-01/Accounts/*/Messages.json");
const SEND: (&str, &str) = ("POST", "/2010-04-01/Accounts/*/Messages.json");

pub struct Number {
    fake: Twilio,
    whatsapp: bool,
}

pub async fn start(whatsapp: bool) -> Option<Arc<dyn Subject>> {
    let fake = Twilio::start(Options::default()).await.unwrap();
    Some(Arc::new(Number { fake, whatsapp }))
}

impl Number {
    fn named(&self, number: &str) -> String {
        let prefix = if self.whatsapp { "whatsapp:" } else { "" };
        format!("{prefix}{number}")
    }

    fn writes_with(&self, text: &str, pictures: &[Picture]) -> String {
        let (from, to) = (self.named(ANNA), self.named(self.fake.number()));
        self.fake.writes_with(&from, &to, text, pictures)
    }
}

#[async_trait]
impl Subject for Number {
    fn name(&self) -> &'static str {
        if self.whatsapp { "whatsapp" } else { "sms" }
    }

    fn account(&self) -> (AccountConfig, SecretString) {
        let o = Options::default();
        let twilio = TwilioAccess {
            account_sid: o.account,
            key_sid: o.key.0,
            base_url: self.fake.base(),
            messaging_service: String::new(),
        };
        let (number, name) = (self.fake.number().to_owned(), String::new());
        let config = if self.whatsapp {
            AccountConfig::Whatsapp(WhatsappConfig {
                number,
                name,
                twilio,
                templates: Vec::new(),
            })
        } else {
            AccountConfig::Sms(SmsConfig {
                number,
                name,
                via: SmsVia::Twilio(twilio),
            })
        };
        (config, o.key.1.into())
    }

    fn customer(&self) -> String {
        ANNA.into()
    }

    fn more_than_a_page(&self) -> usize {
        60
    }

    async fn writes(&self, text: &str) -> String {
        self.writes_with(text, &[])
    }

    async fn does(&self, act: Act<'_>) -> bool {
        match act {
            Act::File { bytes, .. } => {
                let picture = Picture {
                    kind: "image/png".into(),
                    bytes: bytes.to_vec(),
                };
                self.writes_with("", &[picture]);
            }
            Act::Poison => {
                let o = Options::default();
                let key = format!(
                    "Basic {}",
                    BASE64.encode(format!("{}:{}", o.key.0, o.key.1).as_bytes())
                );
                let page = format!(
                    "{}/2010-04-01/Accounts/{}/Messages.json",
                    self.fake.base(),
                    o.account
                );
                let poison = json!({ "sid": "SMpoison", "from": 17, "body": "?" });
                injected(self.fake.world(), READ, &page, &key, "/messages", poison).await;
            }
            Act::Refuse if !self.whatsapp => drop(self.writes_with("STOP", &[])),
            // Text messages are what they are, and every row of the list is one.
            _ => return false,
        }
        true
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        let gone = Fault::answer(
            401,
            json!({ "code": 20003, "message": "Authenticate", "status": 401 }),
        );
        subject::http(self.fake.world(), READ, SEND, &gone, trouble);
        true
    }

    async fn mends(&self) {
        self.fake.world().faults.clear();
    }

    async fn took(&self) -> Vec<String> {
        self.fake.sent().into_iter().map(|m| m.body).collect()
    }

    async fn took_files(&self) -> usize {
        self.fake.sent().iter().map(|m| m.media.len()).sum()
    }

    fn lists_own(&self) -> bool {
        true
    }

    fn calls(&self) -> Option<usize> {
        Some(self.fake.world().calls.count("", ""))
    }
}
