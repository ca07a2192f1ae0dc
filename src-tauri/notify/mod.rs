//! Notifications of the operating system: new messages of customers, waits over their target, sends that failed,
//! accounts that need a person. What is told and when is the person's choice ([`rules`]).

mod compose;
mod deeds;
mod held;
#[cfg(target_os = "linux")]
mod outlet_linux;
#[cfg(not(target_os = "linux"))]
mod outlet_others;
mod rules;
mod teller;
#[cfg(test)]
mod teller_tests;
mod watch;

#[cfg(target_os = "linux")]
use outlet_linux::Bus as SystemOutlet;
#[cfg(not(target_os = "linux"))]
use outlet_others::Thread as SystemOutlet;

use crate::engine::Handle;
use crate::{ipc, window};
use async_trait::async_trait;
use parley_engine::api::dto::{Change, Notice};
use parley_engine::model::{AccountId, CustomerId};
use parley_engine::time::SystemClock;
use std::sync::Arc;
use std::time::Duration;
use tauri::AppHandle;
use teller::Teller;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Messages within this time of the first are told together.
const TOGETHER: Duration = Duration::from_secs(2);
/// The clock is looked at so often: it may have been set, or have stood still while the computer slept.
const LOOK: Duration = Duration::from_secs(30);

/// What a notification is about. There is at most one about each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// Messages and waits of a conversation.
    Conversation(CustomerId),
    /// What could not be sent in a conversation.
    Failed(CustomerId),
    /// An account that needs a person.
    Account(AccountId),
    /// Many messages at once.
    Summary,
    /// What came in quiet hours.
    Quiet,
    /// Something that was asked for in a notification and could not be done.
    Trouble,
}

/// A notification as it is handed to the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// In one line.
    pub title: String,
    /// What more there is to say.
    pub body: String,
    /// What a click opens; none = just the window.
    pub conversation: Option<CustomerId>,
    /// Whether it can be snoozed and answered here.
    pub deeds: bool,
    /// With a sound.
    pub sound: bool,
    /// It came as a message, rather than as a worry.
    pub message: bool,
}

/// What a person does with a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Show what it is about.
    Open,
    /// Snooze its conversation until tomorrow.
    Snooze,
    /// Answer its conversation.
    Reply(String),
    /// Wiped it away.
    Dismiss,
}

/// What the teller hears.
#[derive(Debug)]
enum Event {
    /// New messages, and how many more there were.
    Messages(Vec<Notice>, usize),
    /// Something changed.
    Changed(Change),
    /// Somebody did something with a notification.
    Did(Key, Deed),
}

/// Where notifications go out.
#[async_trait]
pub trait Outlet: Send {
    /// Shows it, in the place of the one about the same.
    async fn show(&mut self, key: Key, bill: &Bill) -> Result<(), String>;
    /// Takes it away, if it is there.
    async fn close(&mut self, key: Key);
}

/// The window as notifications see it.
pub trait Window: Send + Sync {
    /// Whether it has the keyboard, and which conversation it shows.
    fn look(&self) -> window::Look;
    /// Brings it to the front, with this conversation.
    fn raise(&self, conversation: Option<CustomerId>);
}

impl Window for AppHandle {
    fn look(&self) -> window::Look {
        window::look(self)
    }
    fn raise(&self, conversation: Option<CustomerId>) {
        window::raise(self, conversation);
    }
}

/// Tells for as long as the engine runs.
pub async fn run(app: AppHandle, engine: Handle) {
    let (send, mut events) = mpsc::channel(64);
    let notices = engine.notices();
    tauri::async_runtime::spawn(batches(notices, send.clone()));
    ipc::opened(&app).await;
    tauri::async_runtime::spawn(changes(engine.changes(), send.clone()));
    let outlet = SystemOutlet::new(send);
    let mut teller = Teller::new(engine, Arc::new(SystemClock), Arc::new(app), outlet);
    teller.prime().await;
    loop {
        let pause = teller.rest().min(LOOK);
        match tokio::time::timeout(pause, events.recv()).await {
            Ok(Some(event)) => teller.hear(event).await,
            Ok(None) => return,
            Err(_) => teller.look_at_the_clock().await,
        }
    }
}

async fn batches(mut notices: broadcast::Receiver<Notice>, send: mpsc::Sender<Event>) {
    while let Some((batch, more)) = collect(&mut notices).await {
        if send.send(Event::Messages(batch, more)).await.is_err() {
            return;
        }
    }
}

async fn changes(mut changes: broadcast::Receiver<Change>, send: mpsc::Sender<Event>) {
    /// Counts and lists this close together are asked for once.
    const QUIET: Duration = Duration::from_millis(500);
    while let Some(mut change) = ipc::next(&mut changes).await {
        tokio::time::sleep(QUIET).await;
        ipc::fold_waiting(&mut changes, &mut change);
        if send.send(Event::Changed(change)).await.is_err() {
            return;
        }
    }
}

/// The notices of the next [`TOGETHER`], and how many more were missed because they came too fast.
async fn collect(notices: &mut broadcast::Receiver<Notice>) -> Option<(Vec<Notice>, usize)> {
    let (mut batch, mut missed) = (Vec::new(), 0);
    let mut end: Option<Instant> = None;
    loop {
        let next = match end {
            None => notices.recv().await,
            Some(end) => match tokio::time::timeout_at(end, notices.recv()).await {
                Ok(next) => next,
                Err(_) => return Some((batch, missed)),
            },
        };
        match next {
            Ok(notice) => batch.push(notice),
            Err(RecvError::Lagged(n)) => missed += usize::try_from(n).unwrap_or(usize::MAX),
            Err(RecvError::Closed) if batch.is_empty() && missed == 0 => return None,
            Err(RecvError::Closed) => return Some((batch, missed)),
        }
        end.get_or_insert_with(|| Instant::now() + TOGETHER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_engine::model::{Channel, MessageId};

    #[tokio::test(start_paused = true)]
    async fn messages_within_two_seconds_go_together_and_later_ones_apart() {
        let (send, mut receive) = broadcast::channel(64);
        tokio::spawn(async move {
            for pause in [0, 500, 1_000, 5_000] {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                send.send(Notice {
                    conversation: CustomerId::random(),
                    message: MessageId::random(),
                    name: "Ada".into(),
                    channel: Channel::Email,
                    snippet: "Hello".into(),
                    brief: None,
                })
                .unwrap();
            }
        });
        let mut sizes = Vec::new();
        while let Some((batch, _)) = collect(&mut receive).await {
            sizes.push(batch.len());
        }
        assert_eq!(sizes, [3, 1]);
    }
}
