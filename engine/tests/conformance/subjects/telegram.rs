//! A Telegram bot, at our fake of its Bot API.

use crate::subject::{self, Act, Subject, Trouble};
use async_trait::async_trait;
use data_encoding::BASE64;
use parley_engine::model::{AccountConfig, TelegramConfig};
use parley_sandbox::http::Fault;
use parley_sandbox::telegram::{Options, Telegram};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;

const ANNA: i64 = 880_000_000_001;
const READ: (&str, &str) = ("POST", "/bot*/getUpdates");
const SEND: (&str, &str) = ("POST", "/bot*/send");

pub struct Bot(Telegram);

pub async fn start() -> Option<Arc<dyn Subject>> {
    let bot = Telegram::start(Options::default()).await.unwrap();
    Some(Arc::new(Bot(bot)))
}

#[async_trait]
impl Subject for Bot {
    fn name(&self) -> &'static str {
        "telegram"
    }

    fn account(&self) -> (AccountConfig, SecretString) {
        let token = Options::default().token;
        let config = TelegramConfig {
            bot_id: token.split(':').next().unwrap().to_owned(),
            name: "lamp_shop_bot".into(),
            base_url: self.0.base(),
        };
        (AccountConfig::Telegram(config), token.into())
    }

    fn customer(&self) -> String {
        ANNA.to_string()
    }

    fn more_than_a_page(&self) -> usize {
        31
    }

    async fn writes(&self, text: &str) -> String {
        self.0.writes(ANNA, text).to_string()
    }

    async fn does(&self, act: Act<'_>) -> bool {
        match act {
            Act::Edit { of, text } => self.0.does("edit", &json!({ "id": of, "text": text })),
            // Customers cannot take back what they wrote to a bot.
            Act::Unsend { .. } => return false,
            Act::React { of, emoji } => {
                self.0.does("react", &json!({ "from": ANNA, "id": of, "emoji": emoji }))
            }
            Act::File { name, bytes } => self.0.does(
                "file",
                &json!({ "from": ANNA, "kind": "document", "name": name, "base64": BASE64.encode(bytes) }),
            ),
            Act::Unknown => {
                self.0.does("raw", &json!({ "from": ANNA, "message": { "hologram": { "depth": 3 } } }))
            }
            Act::Poison => self.0.does("update", &json!({ "update": { "message": { "text": 17 } } })),
            Act::Refuse => self.0.does("block", &json!({ "from": ANNA })),
        };
        true
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        let gone = json!({ "ok": false, "error_code": 401, "description": "Unauthorized" });
        subject::http(
            self.0.world(),
            READ,
            SEND,
            &Fault::answer(401, gone),
            trouble,
        );
        true
    }

    async fn mends(&self) {
        self.0.world().faults.clear();
    }

    async fn took(&self) -> Vec<String> {
        let text = |m: &serde_json::Value| m["text"].as_str().map(str::to_owned);
        self.0.sent().iter().filter_map(text).collect()
    }

    async fn took_files(&self) -> usize {
        self.0
            .sent()
            .iter()
            .filter(|m| m.get("photo").is_some())
            .count()
    }

    fn lists_own(&self) -> bool {
        false
    }

    fn calls(&self) -> Option<usize> {
        Some(self.0.world().calls.count("", ""))
    }
}
