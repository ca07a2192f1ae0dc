//! The one command `call`, and the one stream of changes.

use crate::engine::Handle;
use crate::{spelling, tray, words};
use parley_engine::api::dto::{Change, ErrorBody};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tauri::{AppHandle, Emitter, EventTarget, Manager, State};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

/// Calls a second that a window may keep up.
const PER_SECOND: u32 = 50;
/// Calls that may come at once after a quiet while: a screen that opens asks for everything it shows.
const BURST: u32 = 100;
/// How long a call may be held back before it is refused.
const PATIENCE: Duration = Duration::from_secs(2);
/// Changes within this time go out as one event: a frame of the screen.
const FRAME: Duration = Duration::from_millis(16);
/// More conversations than this are told as "all".
const MOST_NAMED: usize = 200;

/// The pace of calls: a burst goes through at once, then calls are spaced out, and a flood is refused.
/// Holding back beats refusing: a busy screen gets slower for a moment instead of showing errors.
#[derive(Debug)]
pub struct Pace {
    start: Instant,
    /// When the call after the last one would be due if all came evenly.
    due: Mutex<Duration>,
    flooded: AtomicBool,
}

impl Pace {
    /// A pace with its whole burst ahead.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            due: Mutex::default(),
            flooded: AtomicBool::new(false),
        }
    }

    /// How long the call must wait, or `None` when there are too many before it.
    pub fn admit(&self) -> Option<Duration> {
        let now = self.start.elapsed();
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let (wait, next) = admit(*due, now)?;
        *due = next;
        Some(wait)
    }

    /// What a refused call hears. Logged once: a flood of calls must not become a flood of lines.
    fn refuse(&self) -> ErrorBody {
        if !self.flooded.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "the window asked faster than {PER_SECOND} times a second and calls were refused; this is said once"
            );
        }
        ErrorBody {
            code: "busy".into(),
            message: "Parley is asked too much at once; try again in a moment".into(),
        }
    }
}

fn admit(due: Duration, now: Duration) -> Option<(Duration, Duration)> {
    let step = Duration::from_secs(1) / PER_SECOND;
    let wait = due.saturating_sub(step * (BURST - 1)).saturating_sub(now);
    (wait <= PATIENCE).then(|| (wait, due.max(now) + step))
}

/// Whether the workspace has been opened. The page opens it, with a passphrase if need be; until then there is
/// nothing to count and there are no settings to obey.
#[derive(Debug)]
pub struct Opened(watch::Sender<bool>);

impl Opened {
    /// A workspace that is not open yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    fn learn(&self, command: &str, reply: &Value) {
        if command.starts_with("session_") && reply["state"] == "open" {
            self.0.send_replace(true);
        }
    }
}

/// Waits until the workspace is open.
pub async fn opened(app: &AppHandle) {
    let mut opened = app.state::<Opened>().0.subscribe();
    // The sender lives as long as the program.
    let _ = opened.wait_for(|open| *open).await;
}

/// Asks the engine: the only door from the window inwards. The engine's table checks names, arguments and roles.
#[tauri::command]
pub async fn call(
    name: String,
    args: Value,
    app: AppHandle,
    engine: State<'_, Handle>,
    pace: State<'_, Pace>,
    opened: State<'_, Opened>,
) -> Result<Value, ErrorBody> {
    match pace.admit() {
        None => return Err(pace.refuse()),
        Some(wait) if wait.is_zero() => {}
        Some(wait) => tokio::time::sleep(wait).await,
    }
    if name == words::COMMAND {
        words::learn(args)?;
        spelling::check(&app);
        tray::retell(&app, &engine).await;
        return Ok(Value::Null);
    }
    let reply = engine.call(&name, args).await?;
    opened.learn(&name, &reply);
    Ok(reply)
}

/// Sends changes to the window for as long as the engine runs.
pub async fn forward(app: AppHandle, changes: broadcast::Receiver<Change>) {
    coalesce(changes, FRAME, |change| {
        if let Err(e) = app.emit_to(
            EventTarget::webview_window(crate::window::LABEL),
            "change",
            change,
        ) {
            tracing::warn!(error = %e, "the window could not be told of a change");
        }
    })
    .await;
}

/// Tells of changes at once, but at most once in `every`; what comes between goes together.
async fn coalesce(
    mut changes: broadcast::Receiver<Change>,
    every: Duration,
    tell: impl Fn(Change),
) {
    loop {
        let Some(mut change) = next(&mut changes).await else {
            return;
        };
        loop {
            match changes.try_recv() {
                Ok(more) => fold(&mut change, more),
                Err(broadcast::error::TryRecvError::Lagged(_)) => change = everything(),
                Err(_) => break,
            }
        }
        tell(change);
        tokio::time::sleep(every).await;
    }
}

/// The next change; one that says "everything" when some were missed; `None` when the engine is gone.
pub async fn next(changes: &mut broadcast::Receiver<Change>) -> Option<Change> {
    match changes.recv().await {
        Ok(change) => Some(change),
        Err(RecvError::Lagged(_)) => Some(everything()),
        Err(RecvError::Closed) => None,
    }
}

fn everything() -> Change {
    Change {
        conversations: Vec::new(),
        all: true,
        lists: true,
        accounts: true,
        settings: true,
    }
}

fn fold(into: &mut Change, more: Change) {
    into.all |= more.all;
    into.lists |= more.lists;
    into.accounts |= more.accounts;
    into.settings |= more.settings;
    for id in more.conversations {
        if !into.conversations.contains(&id) {
            into.conversations.push(id);
        }
        if into.conversations.len() > MOST_NAMED {
            into.all = true;
            break;
        }
    }
    if into.all {
        into.conversations.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_engine::model::CustomerId;
    use std::sync::Arc;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// Calls that come all at `now`: how many go at once, how many are held back, before one is refused.
    fn rush(due: &mut Duration, now: Duration) -> (u32, u32) {
        let (mut at_once, mut later) = (0, 0);
        while let Some((wait, next)) = admit(*due, now) {
            *due = next;
            if wait.is_zero() {
                at_once += 1;
            } else {
                later += 1;
            }
        }
        (at_once, later)
    }

    #[test]
    fn a_screen_that_opens_is_not_held_back_and_a_flood_is_refused() {
        let mut due = Duration::ZERO;
        assert_eq!(rush(&mut due, ms(0)), (100, 100));
        // A second later exactly fifty more may come.
        assert_eq!(rush(&mut due, ms(1000)), (0, 50));
        // After a quiet while the whole burst is back.
        assert_eq!(rush(&mut due, ms(60_000)), (100, 100));
    }

    #[test]
    fn the_workspace_counts_as_open_only_when_the_session_says_so() {
        let opened = Opened::new();
        for (command, state) in [
            ("session_status", "locked"),
            ("session_open", "failed"),
            ("search", "open"),
        ] {
            opened.learn(command, &serde_json::json!({ "state": state }));
            assert!(!*opened.0.borrow(), "{command} {state}");
        }
        opened.learn("session_status", &serde_json::json!({ "state": "open" }));
        assert!(*opened.0.borrow());
    }

    #[test]
    fn fifty_calls_a_second_go_on_for_ever_without_waiting() {
        let mut due = Duration::ZERO;
        for n in 0..5_000 {
            let (wait, next) = admit(due, ms(n * 20)).unwrap();
            assert!(wait.is_zero(), "call {n} waits {wait:?}");
            due = next;
        }
    }

    fn change(ids: &[CustomerId]) -> Change {
        Change {
            conversations: ids.to_vec(),
            all: false,
            lists: false,
            accounts: false,
            settings: false,
        }
    }

    #[test]
    fn changes_are_folded_without_losing_any() {
        let (a, b) = (CustomerId::random(), CustomerId::random());
        let mut sum = change(&[a]);
        fold(
            &mut sum,
            Change {
                lists: true,
                ..change(&[a, b])
            },
        );
        fold(
            &mut sum,
            Change {
                accounts: true,
                ..change(&[])
            },
        );
        assert_eq!(
            sum,
            Change {
                conversations: vec![a, b],
                all: false,
                lists: true,
                accounts: true,
                settings: false
            }
        );
    }

    #[test]
    fn more_than_two_hundred_conversations_are_told_as_all() {
        let mut sum = change(&[]);
        fold(
            &mut sum,
            change(&(0..200).map(|_| CustomerId::random()).collect::<Vec<_>>()),
        );
        assert!(!sum.all && sum.conversations.len() == 200);
        fold(&mut sum, change(&[CustomerId::random()]));
        assert!(sum.all && sum.conversations.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_storm_of_changes_becomes_one_event_a_frame() {
        let (send, receive) = broadcast::channel(64);
        let told = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&told);
        let task = tokio::spawn(coalesce(receive, FRAME, move |c| {
            record.lock().unwrap().push(c);
        }));
        let ids: Vec<_> = (0..30).map(|_| CustomerId::random()).collect();
        for id in &ids {
            send.send(change(&[*id])).unwrap();
            tokio::time::sleep(ms(2)).await;
        }
        drop(send);
        task.await.unwrap();
        let told = told.lock().unwrap();
        assert!(
            (4..=6).contains(&told.len()),
            "{} events in 60 ms",
            told.len()
        );
        assert_eq!(
            told.iter()
                .flat_map(|c| c.conversations.clone())
                .collect::<Vec<_>>(),
            ids
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_fell_behind_is_told_to_ask_for_everything() {
        let (send, receive) = broadcast::channel(2);
        for _ in 0..5 {
            send.send(change(&[CustomerId::random()])).unwrap();
        }
        drop(send);
        let told = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&told);
        coalesce(receive, FRAME, move |c| record.lock().unwrap().push(c)).await;
        assert!(told.lock().unwrap()[0].all);
    }
}
