//! What the tests of telephone channels share: a connector beside its fake, on one clock.
#![allow(dead_code)]

use parley_engine::connectors::http::Net;
use parley_engine::connectors::{Connector, Context, Password};
use parley_engine::model::{
    Batch, ChannelError, Cursor, Event, Incoming, Later, MessageId, Outgoing, Party, Reached,
};
use parley_engine::time::{Clock, ManualClock, Millis};
use parley_sandbox::http::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// When these tests happen.
pub const START: Millis = 1_800_000_000_000;
pub const ANNA: &str = "+14155550111";
pub const TOM: &str = "+14155550112";

/// What surrounds a connector, and the clock that it and its fake share.
pub struct Desk {
    pub clock: ManualClock,
    world: World,
}

impl Desk {
    pub fn new(world: &World) -> Self {
        world.time.hold_at(START);
        Self {
            clock: ManualClock::at(START),
            world: world.clone(),
        }
    }

    pub fn context(&self, secret: &str) -> Context {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Context {
            net: Arc::new(Net::new(Arc::clone(&clock))),
            credentials: Arc::new(Password(secret.to_owned().into())),
            clock,
        }
    }

    pub fn clock_now(&self) -> Millis {
        self.clock.now()
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(seconds * 1_000);
        self.world.time.shift(seconds * 1_000);
    }
}

/// What polls brought, as a store would hold it: each message once, by its id.
#[derive(Default)]
pub struct Held {
    pub cursor: Option<Cursor>,
    pub messages: BTreeMap<String, Incoming>,
    /// The ids in the order in which they came for the first time.
    pub order: Vec<String>,
    pub told: Vec<(String, Reached)>,
    pub wishes: Vec<(String, bool)>,
    pub unreadable: Vec<String>,
    pub gaps: usize,
    /// How many events came in all.
    pub events: usize,
}

impl Held {
    /// Polls until nothing more is waiting.
    pub async fn poll(&mut self, connector: &dyn Connector) -> Result<usize, ChannelError> {
        let before = self.events;
        for _ in 0..100 {
            let batch = connector.poll(self.cursor.as_ref()).await?;
            let more = batch.more;
            self.keep(batch);
            if !more {
                break;
            }
        }
        Ok(self.events - before)
    }

    pub fn keep(&mut self, batch: Batch) {
        assert!(batch.events.len() <= 100, "a batch has at most 100 events");
        self.events += batch.events.len();
        self.gaps += batch.gaps.len();
        for event in batch.events {
            match event {
                Event::Message(m) => {
                    let id = m.remote_id.0.clone();
                    if self.messages.insert(id.clone(), *m).is_none() {
                        self.order.push(id);
                    }
                }
                Event::Later(a) => {
                    if let Later::Reached(r) = a.what {
                        self.told.push((a.of.0, r));
                    }
                }
                Event::Person(p) => self.wishes.push((p.address, p.opted_out.unwrap())),
                Event::Unreadable { remote_id, .. } => self.unreadable.push(remote_id.0),
                other => panic!("{other:?}"),
            }
        }
        self.cursor = Some(batch.next);
    }

    /// The texts in the order in which they came.
    pub fn texts(&self) -> Vec<&str> {
        let ids = self.order.iter();
        ids.map(|id| self.messages[id].text.as_str()).collect()
    }
}

/// A message to somebody.
pub fn outgoing(from: &str, to: &str, text: &str) -> Outgoing {
    let party = |address: &str| Party {
        name: None,
        address: address.to_owned(),
    };
    Outgoing {
        key: MessageId::random(),
        from: party(from),
        to: vec![party(to)],
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: None,
        text: text.to_owned(),
        html: None,
        signature: String::new(),
        history: None,
        files: Vec::new(),
        route: None,
        template: None,
        message_id: "m@parley".into(),
        in_reply_to: None,
        references: Vec::new(),
        customer_wrote: None,
        date: START,
    }
}

/// A file to send along.
pub fn file() -> parley_engine::model::OutgoingFile {
    parley_engine::model::OutgoingFile {
        id: parley_engine::model::FileId::random(),
        name: "a.png".into(),
        mime: "image/png".into(),
        inline: false,
        bytes: vec![1],
    }
}
