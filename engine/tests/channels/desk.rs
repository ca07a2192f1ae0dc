//! A team with accounts of several channels.

use crate::scene::Scene;
use parley_engine::api::args;
use parley_engine::model::*;
use parley_engine::store::{accounts, ingest};
use std::ops::Deref;
use std::sync::Arc;

pub const BOT: &str = "7000001";
pub const NUMBER: &str = "+4930901820";
pub const MARA: &str = "+491701234567";

pub struct Team {
    pub scene: Scene,
    pub telegram: AccountId,
    pub sms: AccountId,
    pub whatsapp: AccountId,
}

impl Deref for Team {
    type Target = Scene;
    fn deref(&self) -> &Scene {
        &self.scene
    }
}

pub fn telegram() -> AccountConfig {
    bot(BOT)
}

pub fn bot(id: &str) -> AccountConfig {
    AccountConfig::Telegram(TelegramConfig {
        bot_id: id.into(),
        ..TelegramConfig::default()
    })
}

pub fn sms(number: &str) -> AccountConfig {
    AccountConfig::Sms(SmsConfig {
        number: number.into(),
        name: String::new(),
        via: SmsVia::Twilio(TwilioAccess {
            account_sid: "AC1".into(),
            ..TwilioAccess::default()
        }),
    })
}

pub fn instagram(id: &str) -> AccountConfig {
    AccountConfig::Instagram(MetaConfig {
        id: id.into(),
        ..MetaConfig::default()
    })
}

fn whatsapp(number: &str) -> AccountConfig {
    AccountConfig::Whatsapp(WhatsappConfig {
        number: number.into(),
        name: String::new(),
        twilio: TwilioAccess {
            account_sid: "AC1".into(),
            ..TwilioAccess::default()
        },
        templates: Vec::new(),
    })
}

impl Team {
    pub fn new() -> Self {
        let scene = Scene::new();
        let telegram = scene.connect_to(&telegram());
        let sms = scene.connect_to(&sms(NUMBER));
        // Another number, so that the played providers are told apart.
        let whatsapp = scene.connect_to(&whatsapp("+4930901821"));
        Self {
            scene,
            telegram,
            sms,
            whatsapp,
        }
    }

    /// What the provider of an account can do.
    pub fn can(&self, account: AccountId, change: impl FnOnce(&mut Capabilities)) {
        let row = self.read(move |c| accounts::get(c, account));
        let played = self.provider(row.config.address());
        change(
            played
                .can
                .lock()
                .unwrap()
                .as_mut()
                .expect("a channel of short texts"),
        );
    }

    /// A customer writes.
    pub fn hears(&self, account: AccountId, id: &str, from: &str, text: &str) -> MessageId {
        self.event(
            account,
            Event::Message(Box::new(self.message(id, from, text))),
        );
        self.id_of(account, id)
    }

    pub fn message(&self, id: &str, from: &str, text: &str) -> Incoming {
        Incoming {
            from: Some(Party {
                name: Some("Mara".into()),
                address: from.into(),
            }),
            text: text.into(),
            ..Incoming::chat(id, Place::Inbox, self.now())
        }
    }

    /// What was sent from this account, as its provider lists it.
    pub fn listed(&self, account: AccountId, id: &str, to: &str, text: &str) -> Incoming {
        let own = self.read(move |c| accounts::get(c, account)).config;
        Incoming {
            from: Some(Party {
                name: None,
                address: own.sender().into(),
            }),
            to: vec![Party {
                name: None,
                address: to.into(),
            }],
            text: text.into(),
            ..Incoming::chat(id, Place::Sent, self.now())
        }
    }

    pub fn event(&self, account: AccountId, event: Event) {
        self.take(account, vec![event]);
    }

    pub fn later_event(&self, account: AccountId, of: &str, what: Later) {
        self.event(
            account,
            Event::Later(Afterwards {
                of: RemoteId(of.into()),
                at: self.now(),
                what,
            }),
        );
    }

    pub fn id_of(&self, account: AccountId, remote: &str) -> MessageId {
        let remote = remote.to_owned();
        self.read(move |c| {
            Ok(c.query_row(
                "SELECT message FROM delivery WHERE account = ?1 AND remote_id = ?2",
                (account, remote),
                |r| r.get(0),
            )?)
        })
    }

    pub fn handle_on(&self, channel: Channel, scope: &str, value: &str) -> HandleId {
        ingest::handle_id(&self.store().identity().ids, channel, scope, value)
    }

    pub fn customer_on(&self, channel: Channel, value: &str) -> CustomerId {
        CustomerId(self.handle_on(channel, "", value).0)
    }

    /// The messages of a conversation as the window shows them.
    pub fn shown(&self, c: CustomerId) -> Vec<parley_engine::api::dto::MessageItem> {
        use parley_engine::api::dto::TimelineItem;
        let page = self.does(args::TimelinePage {
            conversation: c,
            before: None,
            after: None,
            around: None,
            limit: 50,
        });
        page.items
            .into_iter()
            .filter_map(|i| match i {
                TimelineItem::Message(m) => Some(*m),
                _ => None,
            })
            .collect()
    }

    pub fn send(&self, account: AccountId, c: CustomerId, to: &str, text: &str) -> args::Send {
        args::Send {
            conversation: Some(c),
            account,
            from: None,
            to: vec![Party {
                name: None,
                address: to.into(),
            }],
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: None,
            text: text.into(),
            html: None,
            signature: false,
            quote: None,
            files: Vec::new(),
            inline: Vec::new(),
            answering: None,
            forwarding: None,
            resolve: false,
            template: None,
            split: false,
        }
    }

    /// Everything that is due goes out; the number of calls.
    pub fn goes(&self, account: AccountId) -> u32 {
        self.later(60_000);
        let row = self.read(move |c| accounts::get(c, account));
        let live = self.run(self.engine.live(&row)).unwrap();
        self.run(parley_engine::outbox::flush(self.store(), &live))
            .unwrap()
    }

    /// What the provider of an account was given, in order.
    pub fn given(&self, account: AccountId) -> Vec<Outgoing> {
        let row = self.read(move |c| accounts::get(c, account));
        let sent = Arc::clone(&self.provider(row.config.address()));
        sent.sent.lock().unwrap().clone()
    }

    pub fn answers(&self, account: AccountId, id: &str) {
        let row = self.read(move |c| accounts::get(c, account));
        self.provider(row.config.address()).will_answer(Ok(Receipt {
            remote_id: Some(RemoteId(id.into())),
            ..Receipt::default()
        }));
    }
}

impl Team {
    /// The account's task begins: what was not understood is read again.
    pub fn reads_again(&self, account: AccountId) {
        let row = self.read(move |c| accounts::get(c, account));
        let live = self.run(self.engine.live(&row)).unwrap();
        self.run(parley_engine::sync::read_again(self.store(), &live))
            .unwrap();
    }
}
