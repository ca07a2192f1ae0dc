//! After the computer slept: what hangs on a dead connection is given up, and everything is asked anew.

use crate::scene::Scene;
use async_trait::async_trait;
use parley_engine::connectors::{Connector, Live, Result as ChannelResult, Step};
use parley_engine::model::{
    Batch, Capabilities, Channel, ChannelError, Cursor, Outgoing, Profile, Receipt, Remedy,
};
use parley_engine::sync;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// A server whose connection died: the first poll hears nothing for ever, the second is well, waiting hangs too.
#[derive(Default)]
struct Dead {
    polls: AtomicUsize,
    waits: AtomicUsize,
    abandoned: AtomicUsize,
    /// The poll that fails instead of hanging.
    fails: bool,
}

#[async_trait]
impl Connector for Dead {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            pushes: true,
            ..Capabilities::of_text(Channel::Email)
        }
    }
    async fn check(&self) -> (Vec<Step>, ChannelResult<Profile>) {
        unreachable!("nobody asks")
    }
    async fn poll(&self, _: Option<&Cursor>) -> ChannelResult<Batch> {
        if self.polls.fetch_add(1, Ordering::SeqCst) == 0 {
            if self.fails {
                // Without being roused it would rest for an hour.
                return Err(ChannelError {
                    retry_after: Some(3_600_000),
                    ..ChannelError::new(Remedy::Retry, "connect", "no network.")
                });
            }
            std::future::pending::<()>().await;
        }
        Ok(Batch {
            events: Vec::new(),
            next: Cursor("0".into()),
            more: false,
            gaps: Vec::new(),
            progress: None,
        })
    }
    async fn send(&self, _: &Outgoing) -> ChannelResult<Receipt> {
        unreachable!("nothing is sent")
    }
    async fn wait(&self, _: Option<&Cursor>) {
        self.waits.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
    async fn abandon(&self) {
        self.abandoned.fetch_add(1, Ordering::SeqCst);
    }
}

async fn reaches(counter: &AtomicUsize, n: usize) {
    let reached = async {
        while counter.load(Ordering::SeqCst) < n {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached)
        .await
        .unwrap();
}

fn live(s: &Scene, dead: &Arc<Dead>) -> Arc<Live> {
    Arc::new(Live {
        lively_until: 0.into(),
        refused: false.into(),
        id: s.account,
        connector: Arc::clone(dead) as Arc<dyn Connector>,
        poll: Notify::new(),
        send: Notify::new(),
        rouse: Notify::new(),
    })
}

#[test]
fn a_poll_and_a_wait_that_hang_on_a_dead_connection_are_given_up_after_sleep() {
    let s = Scene::new();
    let dead = Arc::new(Dead::default());
    let live = live(&s, &dead);
    s.run(async {
        let task = tokio::spawn(sync::run(Arc::clone(s.store()), Arc::clone(&live)));
        reaches(&dead.polls, 1).await;
        live.rouse.notify_one();
        reaches(&dead.waits, 1).await;
        live.rouse.notify_one();
        reaches(&dead.waits, 2).await;
        task.abort();
    });
    assert_eq!(
        (
            dead.polls.load(Ordering::SeqCst),
            dead.abandoned.load(Ordering::SeqCst)
        ),
        (3, 2)
    );
}

#[test]
fn an_account_that_rests_after_a_failure_tries_again_at_once_after_sleep() {
    let s = Scene::new();
    let dead = Arc::new(Dead {
        fails: true,
        ..Dead::default()
    });
    let live = live(&s, &dead);
    s.run(async {
        let task = tokio::spawn(sync::run(Arc::clone(s.store()), Arc::clone(&live)));
        reaches(&dead.polls, 1).await;
        // Told in the middle of the failure or of the rest: it counts either way.
        live.rouse.notify_one();
        reaches(&dead.waits, 1).await;
        task.abort();
    });
    assert!(dead.polls.load(Ordering::SeqCst) >= 2);
}

#[test]
fn hosts_that_failed_on_the_network_before_are_asked_again_on_the_new_one() {
    use parley_engine::connectors::http::Ask;
    let s = Scene::new();
    // Nobody listens there.
    let nobody = || Ask::get("http://127.0.0.1:1/".parse().unwrap(), "poll");
    let unasked = || s.run(s.engine.net().ask(nobody())).unwrap_err().unasked;
    let first: Vec<bool> = (0..6).map(|_| unasked()).collect();
    assert_eq!(first, [false, false, false, false, false, true]);
    s.engine.rouse();
    assert!(!unasked());
}
