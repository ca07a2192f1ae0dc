//! An Instagram account by its own door, and a Page's Messenger, at our fake of the Graph API.

use crate::subject::{self, Act, Subject, Trouble};
use async_trait::async_trait;
use parley_engine::model::{AccountConfig, MetaConfig, MetaDoor};
use parley_sandbox::graph::{ANNA, Attached, Graph, Kind, Message, Options, POISON, Platform};
use parley_sandbox::http::{Fault, Quota};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;

const READ: (&str, &str) = ("GET", "/v*/conversations");
const SEND: (&str, &str) = ("POST", "/v*/messages");

pub struct Meta {
    graph: Graph,
    platform: Platform,
}

pub async fn start(platform: Platform) -> Option<Arc<dyn Subject>> {
    let options = match platform {
        Platform::Instagram => Options::instagram(),
        Platform::Messenger => Options::page(),
    };
    let graph = Graph::start(options).await.unwrap();
    // A program that begins anew within the same second does not know what it has used of the vendor's two calls.
    graph
        .api()
        .with(|account, _| account.quota = Quota::unlimited());
    Some(Arc::new(Meta { graph, platform }))
}

impl Meta {
    fn sent(&self) -> Vec<Value> {
        self.graph.sent().into_iter().map(|s| s.body).collect()
    }
}

#[async_trait]
impl Subject for Meta {
    fn name(&self) -> &'static str {
        self.platform.word()
    }

    fn account(&self) -> (AccountConfig, SecretString) {
        let (instagram, page) = self
            .graph
            .api()
            .with(|a, _| (a.instagram.clone(), a.page.clone()));
        let config = MetaConfig {
            name: "lampshop".into(),
            base_url: self.graph.base(),
            keep_media: true,
            ..MetaConfig::default()
        };
        let config = match self.platform {
            Platform::Instagram => AccountConfig::Instagram(MetaConfig {
                id: instagram,
                ..config
            }),
            Platform::Messenger => AccountConfig::Messenger(MetaConfig {
                id: page.clone(),
                page,
                door: MetaDoor::Page,
                ..config
            }),
        };
        (config, self.graph.token().into())
    }

    fn customer(&self) -> String {
        ANNA.into()
    }

    /// The vendor gives a conversation's twenty newest messages and no more.
    fn more_than_a_page(&self) -> usize {
        6
    }

    /// All that one customer wrote comes with their conversation, in one reading.
    fn reads_of_three_pages(&self) -> u32 {
        1
    }

    async fn writes(&self, text: &str) -> String {
        self.graph.writes(self.platform, ANNA, text)
    }

    async fn does(&self, act: Act<'_>) -> bool {
        match act {
            Act::Unsend { of } => self.graph.unsends(of),
            Act::React { of, emoji } => self.graph.change(of, |m| {
                m.reactions.remove(ANNA);
                m.reactions
                    .extend(emoji.map(|e| (ANNA.to_owned(), e.to_owned())));
            }),
            Act::File { bytes, .. } => {
                let id = self.graph.keeps("image/png", bytes);
                self.graph
                    .brings(self.platform, ANNA, Message::with(Kind::Image, &id));
                true
            }
            Act::Poison => {
                self.graph
                    .world()
                    .faults
                    .on(READ.0, READ.1)
                    .once(Fault::flag(POISON));
                true
            }
            Act::Edit { of, text } => self.graph.change(of, |m| text.clone_into(&mut m.text)),
            Act::Unknown => {
                let strange = json!({ "id": "1", "hologram_data": { "x": 1 } });
                let message = Message {
                    files: vec![Attached::Strange(strange)],
                    ..Message::default()
                };
                self.graph.brings(self.platform, ANNA, message);
                true
            }
            // The vendor blocks whoever wants no more, and tells nobody.
            Act::Refuse => false,
        }
    }

    async fn suffers(&self, trouble: Trouble) -> bool {
        let gone = json!({ "error": { "code": 190, "error_subcode": 463, "type": "OAuthException", "message": "abgelaufen" } });
        subject::http(
            self.graph.world(),
            READ,
            SEND,
            &Fault::answer(401, gone),
            trouble,
        );
        true
    }

    async fn mends(&self) {
        self.graph.world().faults.clear();
    }

    async fn took(&self) -> Vec<String> {
        let text = |b: &Value| {
            b.pointer("/message/text")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        self.sent().iter().filter_map(text).collect()
    }

    async fn took_files(&self) -> usize {
        let file = |b: &&Value| b.pointer("/message/attachment").is_some();
        self.sent().iter().filter(file).count()
    }

    fn lists_own(&self) -> bool {
        true
    }

    fn calls(&self) -> Option<usize> {
        Some(self.graph.world().calls.count("", ""))
    }

    fn allowance(&self) -> Option<(usize, Vec<i64>)> {
        let reads = self.graph.world().calls.to(READ.0, READ.1);
        Some((2, reads.iter().map(|c| c.at).collect()))
    }
}
