//! A workspace with a subject's account.

use crate::subject::Subject;
use parley_engine::api::{Desk as Api, NoHost, Role, args, ask};
use parley_engine::connectors::{Live, factory};
use parley_engine::model::{
    AccountId, Capabilities, Cursor, FileId, MessageId, OutboxState, Party,
};
use parley_engine::secrets::Key;
use parley_engine::store::{accounts, check, outbox};
use parley_engine::time::{Clock, Millis, SystemClock};
use parley_engine::{Engine, Error, Result, outbox as sender, sync};
use secrecy::SecretBox;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Nothing in a test takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn key() -> Key {
    SecretBox::new(Box::new([42; 32]))
}

/// The computer's clock, which somebody sets.
#[derive(Clone, Default)]
pub struct Jumping(Arc<AtomicI64>);

impl Jumping {
    pub fn jump(&self, by: Millis) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for Jumping {
    fn now(&self) -> Millis {
        SystemClock.now() + self.0.load(Ordering::SeqCst)
    }
}

pub struct Desk {
    pub engine: Arc<Engine>,
    pub live: Arc<Live>,
    pub id: AccountId,
    pub clock: Jumping,
    pub dir: tempfile::TempDir,
    customer: String,
}

impl Desk {
    pub async fn of(subject: &dyn Subject) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Jumping::default();
        let engine = open(dir.path(), &clock);
        let (config, secret) = subject.account();
        let store = engine.store();
        let id = store
            .write(move |tx| accounts::save(tx, &config, Some(&secret)))
            .await
            .unwrap();
        let row = store.read(move |c| accounts::get(c, id)).await.unwrap();
        let live = engine.live(&row).await.unwrap();
        let desk = Self {
            engine,
            live,
            id,
            clock,
            dir,
            customer: subject.customer(),
        };
        let at_once = args::SettingsSet {
            hold_seconds: Some(0),
            ..args::SettingsSet::default()
        };
        ask(&desk.api(), at_once).await.unwrap();
        desk
    }

    fn api(&self) -> Api {
        Api {
            engine: Arc::clone(&self.engine),
            host: Arc::new(NoHost),
            role: Role::Owner,
        }
    }

    pub fn can(&self) -> Capabilities {
        self.live.connector.capabilities()
    }

    /// As after the program was ended and begun again.
    pub async fn again(&mut self) {
        self.live.connector.close().await;
        self.engine.stop().await;
        self.engine = open(self.dir.path(), &self.clock);
        self.engine.recover().await.unwrap();
        let id = self.id;
        let store = self.engine.store();
        let row = store.read(move |c| accounts::get(c, id)).await.unwrap();
        self.live = self.engine.live(&row).await.unwrap();
    }

    /// The same account once more, as another one of the same app would be.
    pub async fn beside(&self) -> Arc<Live> {
        let id = self.id;
        let read = self.engine.store().read(move |c| accounts::get(c, id));
        self.engine.live(&read.await.unwrap()).await.unwrap()
    }

    /// Everything that is waiting.
    pub async fn poll(&self) -> Result<u32> {
        let polled = sync::poll_once(self.engine.store(), &self.live);
        tokio::time::timeout(PATIENCE, polled)
            .await
            .expect("a poll that ends")
    }

    /// Everything that is waiting, however often it fails; gives how often it did.
    pub async fn polls_until_quiet(&self) -> usize {
        for failures in 0..10 {
            match self.poll().await {
                Ok(_) => return failures,
                Err(_) => {
                    self.live.connector.close().await;
                    // Longer than anybody was asked to wait.
                    self.clock.jump(120_000);
                }
            }
        }
        panic!("the account is stuck");
    }

    /// The first column of rows, asked with the account as ?1.
    pub async fn ask(&self, sql: &'static str) -> Vec<String> {
        let id = self.id;
        let rows = self.engine.store().read(move |c| {
            let mut s = c.prepare(sql)?;
            let params = [id];
            let with = usize::from(s.parameter_count() > 0);
            let rows = s.query_map(rusqlite::params_from_iter(&params[..with]), |r| {
                Ok(match r.get(0)? {
                    rusqlite::types::Value::Text(t) => t,
                    rusqlite::types::Value::Integer(n) => n.to_string(),
                    other => format!("{other:?}"),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        });
        rows.await.unwrap()
    }

    /// What the customer wrote, as it is here, each as often as it is.
    pub async fn texts(&self) -> Vec<String> {
        self.ask("SELECT trim(snippet) FROM message WHERE direction = 0 AND unreadable IS NULL ORDER BY snippet").await
    }

    /// What lies in every table, so that a change of anything shows.
    pub async fn digest(&self) -> BTreeMap<String, String> {
        let all = self.engine.store().read(|c| {
            let names: Vec<String> = c
                .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite_%'")?
                .query_map([], |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut out = BTreeMap::new();
            for name in names {
                let mut s = c.prepare(&format!("SELECT * FROM \"{name}\""))?;
                let columns = s.column_count();
                let mut rows: Vec<String> = s
                    .query_map([], |r| {
                        let cell = |i| r.get::<_, rusqlite::types::Value>(i).map(|v| format!("{v:?}"));
                        Ok((0..columns).map(cell).collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
                    })?
                    .collect::<rusqlite::Result<_>>()?;
                rows.sort();
                out.insert(name, rows.join("\n"));
            }
            Ok(out)
        });
        all.await.unwrap()
    }

    pub async fn cursor(&self) -> Option<Cursor> {
        let id = self.id;
        let read = self.engine.store().read(move |c| accounts::get(c, id));
        read.await.unwrap().cursor
    }

    pub async fn set_cursor(&self, to: Option<&'static str>) {
        let id = self.id;
        let set = self.engine.store().write(move |tx| {
            Ok(tx.execute("UPDATE account SET cursor = ?2 WHERE id = ?1", (id, to))?)
        });
        set.await.unwrap();
    }

    pub async fn quarantined(&self) -> u32 {
        let id = self.id;
        let read = self.engine.store().read(move |c| accounts::get(c, id));
        read.await.unwrap().quarantined
    }

    pub async fn is_sound(&self) {
        let files = self.engine.store().files();
        let report = self.engine.store().read(move |c| check::check(c, &files));
        assert_eq!(report.await.unwrap().findings, [], "the store is not sound");
    }

    /// A person writes to the customer. It goes with the next [`Desk::sends_due`].
    pub async fn writes(&self, text: &str, files: Vec<FileId>) -> Result<MessageId> {
        let can = self.can();
        let send = args::Send {
            conversation: None,
            account: self.id,
            from: None,
            to: vec![Party {
                name: None,
                address: self.customer.clone(),
            }],
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: can.subject.then(|| "About the lamp".to_owned()),
            text: text.to_owned(),
            html: None,
            signature: false,
            quote: None,
            files,
            inline: Vec::new(),
            answering: None,
            forwarding: None,
            resolve: false,
            template: None,
            split: false,
        };
        ask(&self.api(), send).await.map(|q| q.id)
    }

    pub async fn stages(&self, name: &str, bytes: &[u8]) -> FileId {
        let staged = args::FileStage {
            id: None,
            name: name.to_owned(),
            data: data_encoding::BASE64.encode(bytes),
            last: true,
        };
        ask(&self.api(), staged).await.unwrap().id
    }

    pub async fn sends_due(&self) {
        let sent = sender::flush(self.engine.store(), &self.live);
        tokio::time::timeout(PATIENCE, sent)
            .await
            .expect("a send that ends")
            .unwrap();
    }

    pub async fn state(&self, id: MessageId) -> (OutboxState, String) {
        let read = self.engine.store().read(move |c| {
            let o = outbox::get(c, id)?;
            Ok((o.state, o.error.unwrap_or_default()))
        });
        read.await.unwrap()
    }
}

pub fn open(dir: &Path, clock: &Jumping) -> Arc<Engine> {
    Engine::open(dir, &key(), Arc::new(clock.clone()), factory()).unwrap()
}

/// What a channel said was wrong.
pub fn trouble(e: &Error) -> &parley_engine::model::ChannelError {
    match e {
        Error::Channel(c) => c,
        other => panic!("no failure of a channel: {other}"),
    }
}
