//! Polling: each account goes on by itself, and says in words how it is.

use crate::scene::{Mail, Scene, TEAM, key, mailbox};
use async_trait::async_trait;
use parley_engine::api::{Desk, NoHost, Role, args, ask, dto};
use parley_engine::connectors::{Connector, Factory, Result as ChannelResult, Step};
use parley_engine::model::{
    AccountId, AccountState, Batch, Capabilities, Channel, ChannelError, Cursor, Formatting, Gap,
    Outgoing, Profile, Receipt, Remedy,
};
use parley_engine::time::ManualClock;
use parley_engine::{Engine, sync};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

enum Says {
    Batch(Batch),
    Error(ChannelError),
    Panic,
}

/// A provider whose polls are scripted; without a script it has nothing.
#[derive(Default)]
struct Scripted {
    polls: Mutex<VecDeque<Says>>,
    asked: AtomicUsize,
}

struct Line(Arc<Scripted>);

#[async_trait]
impl Connector for Line {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            channel: Channel::Email,
            formatting: Formatting::Html,
            text_limit: None,
            subject: true,
            copies: true,
            attachments: true,
            max_attachment: None,
            reply_window_hours: None,
            may_write_first: true,
            deduplicates: false,
            pushes: true,
            poll_seconds: 60,
            may_keep_media: true,
            rereads: true,
            ..Capabilities::of_text(Channel::Email)
        }
    }
    async fn check(&self) -> (Vec<Step>, ChannelResult<Profile>) {
        (
            Vec::new(),
            Err(ChannelError::new(Remedy::Reconnect, "login", "refused")),
        )
    }
    async fn poll(&self, cursor: Option<&Cursor>) -> ChannelResult<Batch> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let says = self.0.polls.lock().unwrap().pop_front();
        match says {
            Some(Says::Batch(b)) => Ok(b),
            Some(Says::Error(e)) => Err(e),
            Some(Says::Panic) => panic!("a defect of this connector, played"),
            None => Ok(Batch {
                events: Vec::new(),
                next: cursor.cloned().unwrap_or(Cursor("0".into())),
                more: false,
                gaps: Vec::new(),
                progress: None,
            }),
        }
    }
    async fn send(&self, _: &Outgoing) -> ChannelResult<Receipt> {
        Ok(Receipt {
            remote_id: None,
            max_message: None,
            note: String::new(),
            needs_filing: false,
        })
    }
    async fn wait(&self, _: Option<&Cursor>) {
        std::future::pending::<()>().await;
    }
}

struct Office {
    rt: tokio::runtime::Runtime,
    desk: Desk,
    lines: Vec<Arc<Scripted>>,
    ids: Vec<AccountId>,
    _dir: tempfile::TempDir,
}

const ADDRESSES: [&str; 2] = ["one@parley.test", "two@parley.test"];

impl Office {
    /// Two accounts, whose first polls are scripted.
    fn new(first: Vec<Says>, second: Vec<Says>) -> Self {
        let dir = crate::scene::folder();
        let lines: Vec<Arc<Scripted>> = [first, second]
            .into_iter()
            .map(|p| {
                Arc::new(Scripted {
                    polls: Mutex::new(p.into()),
                    asked: AtomicUsize::new(0),
                })
            })
            .collect();
        let known = lines.clone();
        let factory: Factory = Arc::new(move |config, _| {
            Arc::new(Line(Arc::clone(
                &known[usize::from(config.address() != ADDRESSES[0])],
            )))
        });
        let rt = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let engine = Engine::open(
            dir.path(),
            &key(),
            Arc::new(ManualClock::at(crate::scene::MONDAY)),
            factory,
        )
        .unwrap();
        let desk = Desk {
            engine,
            host: Arc::new(NoHost),
            role: Role::Owner,
        };
        let mut office = Self {
            rt,
            desk,
            lines,
            ids: Vec::new(),
            _dir: dir,
        };
        office.rt.block_on(office.desk.engine.start()).unwrap();
        for a in ADDRESSES {
            let item = office
                .rt
                .block_on(ask(
                    &office.desk,
                    args::AccountAdd {
                        config: mailbox(a),
                        password: "secret".into(),
                        oauth_flow: None,
                    },
                ))
                .unwrap();
            office.ids.push(item.id);
        }
        office
    }
    fn account(&self, n: usize) -> dto::AccountItem {
        let all = self
            .rt
            .block_on(ask(&self.desk, args::Accounts {}))
            .unwrap();
        all.into_iter().find(|a| a.id == self.ids[n]).unwrap()
    }
    fn until(
        &self,
        n: usize,
        what: &str,
        f: impl Fn(&dto::AccountItem) -> bool,
    ) -> dto::AccountItem {
        for _ in 0..800 {
            let a = self.account(n);
            if f(&a) {
                return a;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("account {n} never was {what}: {:?}", self.account(n));
    }
    fn asked(&self, n: usize) -> usize {
        self.lines[n].asked.load(Ordering::SeqCst)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.rt.block_on(self.desk.engine.stop());
    }
}

fn error(remedy: Remedy, words: &str) -> Says {
    Says::Error(ChannelError::new(remedy, "login", words))
}

#[test]
fn a_server_that_is_down_is_waited_for_and_poll_now_asks_at_once() {
    let o = Office::new(
        vec![error(Remedy::Retry, "mail.parley.test cannot be reached.")],
        vec![],
    );
    let a = o.until(0, "waiting", |a| a.state == AccountState::Waiting);
    assert!(a.says.contains("cannot be reached"));
    let pause = a.next_try.unwrap() - crate::scene::MONDAY;
    assert!((5_000..=6_000).contains(&pause), "{pause}");
    o.rt.block_on(ask(&o.desk, args::AccountPoll { id: o.ids[0] }))
        .unwrap();
    let a = o.until(0, "well", |a| a.state == AccountState::Ok);
    assert_eq!(
        (a.next_try, a.last_success),
        (None, Some(crate::scene::MONDAY))
    );
}

#[test]
fn a_wrong_password_waits_for_a_person_and_a_new_one_resumes() {
    let o = Office::new(
        vec![error(Remedy::Reconnect, "the server refused the password.")],
        vec![],
    );
    let a = o.until(0, "asking for a person", |a| {
        a.state == AccountState::NeedsAttention
    });
    assert_eq!((a.next_try, a.refused), (None, true));
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(o.asked(0), 1, "it is not tried again by itself");
    o.until(1, "well", |a| a.state == AccountState::Ok);
    o.rt.block_on(ask(
        &o.desk,
        args::AccountUpdate {
            id: o.ids[0],
            config: mailbox(ADDRESSES[0]),
            password: Some("right".into()),
            oauth_flow: None,
        },
    ))
    .unwrap();
    let a = o.until(0, "well", |a| a.state == AccountState::Ok);
    assert!(!a.refused);
}

#[test]
fn a_paused_account_is_not_polled_and_says_so_even_when_it_is_changed() {
    let o = Office::new(vec![], vec![]);
    o.until(0, "well", |a| a.state == AccountState::Ok);
    o.rt.block_on(ask(
        &o.desk,
        args::AccountPause {
            id: o.ids[0],
            on: true,
        },
    ))
    .unwrap();
    let asked = o.asked(0);
    o.rt.block_on(ask(
        &o.desk,
        args::AccountUpdate {
            id: o.ids[0],
            config: mailbox(ADDRESSES[0]),
            password: None,
            oauth_flow: None,
        },
    ))
    .unwrap();
    assert_eq!(
        (o.account(0).state, o.account(0).says.as_str()),
        (AccountState::Paused, "Paused")
    );
    assert!(
        o.rt.block_on(ask(&o.desk, args::AccountPoll { id: o.ids[0] }))
            .is_err()
    );
    assert_eq!(o.asked(0), asked);
    o.rt.block_on(ask(
        &o.desk,
        args::AccountPause {
            id: o.ids[0],
            on: false,
        },
    ))
    .unwrap();
    o.until(0, "well", |a| a.state == AccountState::Ok);
}

#[test]
fn a_connector_that_panics_is_started_again_and_the_others_go_on() {
    let o = Office::new(vec![Says::Panic], vec![]);
    o.until(1, "well", |a| a.state == AccountState::Ok);
    o.until(0, "well again", |a| a.state == AccountState::Ok);
    assert_eq!(o.asked(0), 2);
}

#[test]
fn holes_are_told_and_stay_until_others_come() {
    let gap = Gap {
        place: "INBOX".into(),
        reason: "its numbering changed".into(),
        since: None,
    };
    let batch = Batch {
        events: Vec::new(),
        next: Cursor("1".into()),
        more: true,
        gaps: vec![gap.clone()],
        progress: Some((1, 2)),
    };
    let o = Office::new(vec![Says::Batch(batch)], vec![]);
    let a = o.until(0, "well", |a| a.says == "Connected");
    assert_eq!((a.gaps, a.cursor.as_deref()), (vec![gap], Some("1")));
}

#[test]
fn what_is_waiting_is_polled_to_its_end() {
    let s = Scene::new();
    let now = s.now();
    for n in 0..3 {
        let batch = s.batch(vec![
            Mail::from("anna@shop.test")
                .text(&format!("mail {n}"))
                .event(now),
        ]);
        s.provider(TEAM).batches.lock().unwrap().push_back(batch);
    }
    let live = s.live();
    assert_eq!(s.run(sync::poll_once(s.store(), &live)).unwrap(), 3);
    assert_eq!(s.run(sync::poll_once(s.store(), &live)).unwrap(), 0);
    s.is_sound();
}
