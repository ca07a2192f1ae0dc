//! The notification service of a Linux desktop (`org.freedesktop.Notifications`), over one connection.

use super::{Bill, Deed, Event, Key, Outlet};
use crate::words::{self, words};
use async_trait::async_trait;
use futures::StreamExt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use zbus::zvariant::Value;
use zbus::{Connection, MatchRule, Message, MessageStream};

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// A service that hangs must not hold up what comes after.
const PATIENCE: Duration = Duration::from_secs(5);
/// Notifications that ran out may still lie in the desktop's list and be clicked there; so many are known.
const MOST_KNOWN: usize = 64;

const OPEN: &str = "default";
const SNOOZE: &str = "snooze";
/// KDE's name of the action with a field to write in.
const REPLY: &str = "inline-reply";

/// The service, as far as it is known.
pub struct Bus {
    address: Option<String>,
    events: mpsc::Sender<Event>,
    link: Option<Link>,
}

struct Link {
    connection: Connection,
    can: Features,
    known: Arc<Mutex<Known>>,
    listener: tokio::task::JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// What the service says it can.
#[derive(Debug, Clone, Copy, Default)]
struct Features {
    actions: bool,
    reply: bool,
    markup: bool,
}

/// Which notification has which number.
#[derive(Debug, Default)]
struct Known {
    numbers: HashMap<Key, u32>,
    order: Vec<Key>,
    /// The connection that answered as the service. Signals of others mean nothing.
    service: Option<String>,
}

impl Known {
    fn learn(&mut self, key: Key, number: u32) {
        self.order.retain(|k| *k != key);
        self.order.push(key);
        self.numbers.insert(key, number);
        if self.order.len() > MOST_KNOWN {
            let oldest = self.order.remove(0);
            self.numbers.remove(&oldest);
        }
    }

    fn forget(&mut self, key: Key) -> Option<u32> {
        self.order.retain(|k| *k != key);
        self.numbers.remove(&key)
    }

    fn key(&self, number: u32) -> Option<Key> {
        self.numbers
            .iter()
            .find_map(|(key, n)| (*n == number).then_some(*key))
    }
}

impl Bus {
    /// The session's service.
    pub fn new(events: mpsc::Sender<Event>) -> Self {
        Self {
            address: None,
            events,
            link: None,
        }
    }

    async fn link(&mut self) -> zbus::Result<&Link> {
        if self.link.is_none() {
            let builder = match &self.address {
                None => zbus::connection::Builder::session()?,
                Some(address) => zbus::connection::Builder::address(address.as_str())?,
            };
            let connection = builder.build().await?;
            let rule = MatchRule::builder()
                .msg_type(zbus::message::Type::Signal)
                .sender(SERVICE)?
                .interface(SERVICE)?
                .build();
            let signals = MessageStream::for_match_rule(rule, &connection, Some(64)).await?;
            let known = Arc::new(Mutex::new(Known::default()));
            let listener = listen(signals, Arc::clone(&known), self.events.clone());
            self.link = Some(Link {
                can: features(&connection).await?,
                connection,
                known,
                listener: tokio::spawn(listener),
            });
        }
        self.link
            .as_ref()
            .ok_or_else(|| zbus::Error::Failure("not connected".into()))
    }

    async fn notify(&mut self, key: Key, bill: &Bill) -> zbus::Result<()> {
        let link = self.link().await?;
        let before = lock(&link.known).numbers.get(&key).copied().unwrap_or(0);
        let words = words();
        let mut actions = Vec::new();
        if link.can.actions {
            actions.extend([OPEN, words.show.as_str()]);
        }
        if link.can.actions && bill.deeds {
            if link.can.reply {
                actions.extend([REPLY, words.reply.as_str()]);
            }
            actions.extend([SNOOZE, words.snooze.as_str()]);
        }
        let category = if bill.message {
            "im.received"
        } else {
            "im.error"
        };
        let mut hints: HashMap<&str, Value<'_>> = HashMap::from([
            ("category", category.into()),
            ("desktop-entry", words::NAME.into()),
            ("urgency", 1_u8.into()),
        ]);
        if bill.sound {
            hints.insert("sound-name", "message-new-instant".into());
        } else {
            hints.insert("suppress-sound", true.into());
        }
        if link.can.reply && bill.deeds {
            hints.insert("x-kde-reply-submit-button-text", words.send.as_str().into());
        }
        let body = if link.can.markup {
            escape(&bill.body)
        } else {
            bill.body.clone()
        };
        let args = (
            words::NAME,
            before,
            "parley",
            &bill.title,
            &body,
            &actions,
            &hints,
            -1_i32,
        );
        let reply = call(&link.connection, "Notify", &args).await?;
        let number: u32 = reply.body().deserialize()?;
        let mut known = lock(&link.known);
        known.service = reply.header().sender().map(ToString::to_string);
        known.learn(key, number);
        Ok(())
    }
}

#[async_trait]
impl Outlet for Bus {
    async fn show(&mut self, key: Key, bill: &Bill) -> Result<(), String> {
        let shown = self.notify(key, bill).await;
        if shown.is_err() {
            // The bus or the service may have gone; the next one looks anew.
            self.link = None;
        }
        shown.map_err(|e| e.to_string())
    }

    async fn close(&mut self, key: Key) {
        let Some(link) = &self.link else { return };
        let number = lock(&link.known).forget(key);
        if let Some(number) = number {
            // One that is gone already is as good.
            let _ = call(&link.connection, "CloseNotification", &(number,)).await;
        }
    }
}

async fn call<B>(bus: &Connection, method: &str, body: &B) -> zbus::Result<Message>
where
    B: serde::Serialize + zbus::zvariant::DynamicType,
{
    let call = bus.call_method(Some(SERVICE), PATH, Some(SERVICE), method, body);
    tokio::time::timeout(PATIENCE, call)
        .await
        .unwrap_or_else(|_| {
            Err(zbus::Error::Failure(
                "the notification service does not answer".into(),
            ))
        })
}

async fn features(bus: &Connection) -> zbus::Result<Features> {
    let reply = call(bus, "GetCapabilities", &()).await?;
    let all: Vec<String> = reply.body().deserialize()?;
    let has = |name: &str| all.iter().any(|c| c == name);
    Ok(Features {
        actions: has("actions"),
        reply: has("inline-reply"),
        markup: has("body-markup"),
    })
}

async fn listen(mut signals: MessageStream, known: Arc<Mutex<Known>>, events: mpsc::Sender<Event>) {
    while let Some(message) = signals.next().await {
        let heard = message.ok().and_then(|m| hear(&m, &mut lock(&known)));
        if let Some((key, deed)) = heard
            && events.send(Event::Did(key, deed)).await.is_err()
        {
            return;
        }
    }
}

/// What a signal says about a notification of ours, if the service itself sent it.
fn hear(message: &Message, known: &mut Known) -> Option<(Key, Deed)> {
    let header = message.header();
    let sender = header.sender().map(ToString::to_string);
    if sender.is_none() || sender != known.service {
        return None;
    }
    let body = message.body();
    match header.member()?.as_str() {
        "ActionInvoked" => {
            let (number, action): (u32, String) = body.deserialize().ok()?;
            let deed = match action.as_str() {
                OPEN => Deed::Open,
                SNOOZE => Deed::Snooze,
                _ => return None,
            };
            Some((known.key(number)?, deed))
        }
        "NotificationReplied" => {
            let (number, text): (u32, String) = body.deserialize().ok()?;
            Some((known.key(number)?, Deed::Reply(text)))
        }
        "NotificationClosed" => {
            /// It ran out, and may lie in the desktop's list.
            const EXPIRED: u32 = 1;
            let (number, reason): (u32, u32) = body.deserialize().ok()?;
            let key = known.key(number).filter(|_| reason != EXPIRED)?;
            known.forget(key);
            Some((key, Deed::Dismiss))
        }
        _ => None,
    }
}

/// Many services read the body as markup, which may load pictures: a stranger's text must not be any.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "outlet_linux_tests.rs"]
mod tests;
