//! An account of the fake, connected.

use async_trait::async_trait;
use parley_engine::connectors::http::Net;
use parley_engine::connectors::meta::Meta;
use parley_engine::connectors::{Connector, Context, Credentials, Proof, Result};
use parley_engine::model::{
    Batch, Card, Channel, Cursor, Event, Incoming, Later, MessageId, MetaConfig, MetaDoor,
    Outgoing, OutgoingFile, Party,
};
use parley_engine::time::{Clock, Millis};
use parley_sandbox::graph::{Door, Graph, Options};
use parley_sandbox::http::Time;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, Mutex};

/// The fake's clock is the engine's.
pub struct Its(pub Time);

impl Clock for Its {
    fn now(&self) -> Millis {
        self.0.now()
    }
}

/// What is kept of a secret, and what it was before.
pub struct Kept(pub Mutex<Vec<String>>);

impl Kept {
    pub fn now(&self) -> String {
        self.0.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait]
impl Credentials for Kept {
    async fn proof(&self, _: Option<&Proof>) -> Result<Proof> {
        Ok(Proof::Password(self.now().into()))
    }

    async fn keep(&self, renewed: SecretString) -> Result<()> {
        self.0
            .lock()
            .unwrap()
            .push(renewed.expose_secret().to_owned());
        Ok(())
    }
}

pub struct Shop {
    pub graph: Graph,
    pub config: MetaConfig,
    pub channel: Channel,
    pub secret: Arc<Kept>,
    pub connector: Arc<Meta>,
    pub cursor: Mutex<Option<Cursor>>,
}

pub fn context(graph: &Graph, secret: &Arc<Kept>) -> Context {
    let clock: Arc<dyn Clock> = Arc::new(Its(graph.world().time.clone()));
    Context {
        net: Arc::new(Net::new(Arc::clone(&clock))),
        credentials: Arc::clone(secret) as Arc<dyn Credentials>,
        clock,
    }
}

impl Shop {
    pub async fn instagram() -> Self {
        Self::open(Options::instagram(), Channel::Instagram, |_| {}).await
    }

    pub async fn messenger() -> Self {
        Self::open(Options::page(), Channel::Messenger, |_| {}).await
    }

    pub async fn open(
        options: Options,
        channel: Channel,
        change: impl FnOnce(&mut MetaConfig),
    ) -> Self {
        let graph = Graph::start(options.clone()).await.unwrap();
        // Rates are judged where they are the subject; elsewhere tests would only be slow.
        let (instagram, page) = graph
            .api()
            .with(|a, _| (a.instagram.clone(), a.page.clone()));
        let by_page = options.door == Door::Page;
        let mut config = MetaConfig {
            id: if channel == Channel::Messenger {
                page.clone()
            } else {
                instagram
            },
            name: "the.shop".into(),
            door: if by_page {
                MetaDoor::Page
            } else {
                MetaDoor::Instagram
            },
            page: if by_page { page } else { String::new() },
            base_url: graph.base(),
            ..MetaConfig::default()
        };
        change(&mut config);
        let secret = Arc::new(Kept(Mutex::new(vec![graph.token()])));
        let connector = Arc::new(Meta::new(channel, config.clone(), context(&graph, &secret)));
        Self {
            graph,
            config,
            channel,
            secret,
            connector,
            cursor: Mutex::new(None),
        }
    }

    /// As after a start of the program.
    pub fn begin_anew(&mut self) {
        let context = context(&self.graph, &self.secret);
        self.connector = Arc::new(Meta::new(self.channel, self.config.clone(), context));
    }

    pub async fn batch(&self) -> Result<Batch> {
        let cursor = self.cursor.lock().unwrap().clone();
        let batch = self.connector.poll(cursor.as_ref()).await?;
        assert!(batch.events.len() <= 100);
        *self.cursor.lock().unwrap() = Some(batch.next.clone());
        Ok(batch)
    }

    /// Everything that is waiting.
    pub async fn poll(&self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for _ in 0..200 {
            let batch = self.batch().await?;
            events.extend(batch.events);
            if !batch.more {
                return Ok(events);
            }
        }
        panic!("it never ends");
    }

    pub fn cursor(&self) -> String {
        self.cursor.lock().unwrap().as_ref().unwrap().0.clone()
    }

    /// The id of its only conversation.
    pub fn talk(&self) -> String {
        let state: serde_json::Value = serde_json::from_str(&self.cursor()).unwrap();
        let talks = state["talks"].as_object().unwrap();
        assert_eq!(talks.len(), 1);
        talks.keys().next().unwrap().clone()
    }

    /// How many questions for one thing of this id there were.
    pub fn asked_for(&self, id: &str) -> usize {
        let calls = self.graph.world().calls.all();
        calls.iter().filter(|c| c.path.ends_with(id)).count()
    }

    pub fn list_calls(&self) -> usize {
        let calls = self.graph.world().calls.all();
        calls
            .iter()
            .filter(|c| c.path.ends_with("/conversations"))
            .count()
    }

    pub fn outgoing(&self, to: &str, text: &str) -> Outgoing {
        let party = |address: &str| Party {
            name: None,
            address: address.into(),
        };
        Outgoing {
            key: MessageId::random(),
            from: party(&self.config.id),
            to: vec![party(to)],
            cc: vec![],
            bcc: vec![],
            subject: None,
            text: text.into(),
            html: None,
            signature: String::new(),
            history: None,
            files: vec![],
            route: None,
            template: None,
            message_id: String::new(),
            in_reply_to: None,
            references: vec![],
            customer_wrote: None,
            date: self.graph.world().time.now(),
        }
    }

    pub fn outgoing_file(&self, to: &str, name: &str, mime: &str, bytes: &[u8]) -> Outgoing {
        let file = OutgoingFile {
            id: parley_engine::model::FileId::random(),
            name: name.into(),
            mime: mime.into(),
            inline: false,
            bytes: bytes.to_vec(),
        };
        Outgoing {
            files: vec![file],
            ..self.outgoing(to, "")
        }
    }
}

pub fn messages(events: &[Event]) -> Vec<&Incoming> {
    let each = events.iter().filter_map(|e| match e {
        Event::Message(m) => Some(&**m),
        _ => None,
    });
    each.collect()
}

pub fn texts(events: &[Event]) -> Vec<&str> {
    messages(events).iter().map(|m| m.text.as_str()).collect()
}

pub fn later(events: &[Event]) -> Vec<(&str, &Later)> {
    let each = events.iter().filter_map(|e| match e {
        Event::Later(a) => Some((a.of.0.as_str(), &a.what)),
        _ => None,
    });
    each.collect()
}

pub fn only_card(m: &Incoming) -> &Card {
    assert_eq!(m.cards.len(), 1, "{:?}", m.cards);
    &m.cards[0]
}
