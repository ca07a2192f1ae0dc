//! A workspace that reads mailboxes, and what lies in it.

use super::{PASSWORD, TEAM, server};
use parley_engine::connectors::email::{Email, Limits};
use parley_engine::connectors::{Connector, Factory, Live};
use parley_engine::model::{
    AccountConfig, AccountId, EmailConfig, Gap, MailServer, Security, SentCopy,
};
use parley_engine::store::accounts;
use parley_engine::time::SystemClock;
use parley_engine::{Engine, Result, sync};
use secrecy::{SecretBox, SecretString};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Servers of tests are near.
pub const QUICK: Limits = Limits {
    idle: Duration::from_millis(400),
    total: Duration::from_secs(5),
};

/// A mailbox without encryption on this port.
pub fn plain_config(port: u16, user: &str) -> EmailConfig {
    let here = MailServer {
        user: user.into(),
        ..server(port, Security::None)
    };
    EmailConfig {
        address: TEAM.into(),
        display_name: "The Shop".into(),
        imap: here.clone(),
        smtp: here,
        aliases: vec![],
        sent_copy: SentCopy::Auto,
        trusted_certificate: None,
        auth: parley_engine::model::Auth::default(),
        trusted_fingerprints: Vec::new(),
        signature: String::new(),
        folders: Vec::new(),
        sync_read: false,
    }
}

/// A workspace in a folder of its own.
pub struct Workspace {
    pub engine: Arc<Engine>,
    dir: tempfile::TempDir,
}

impl Workspace {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        Self { engine, dir }
    }

    /// As after the program was ended and begun again.
    pub async fn again(self) -> Self {
        let Self { engine, dir } = self;
        engine.stop().await;
        drop(engine);
        let engine = open(dir.path());
        Self { engine, dir }
    }

    pub async fn connect(&self, config: EmailConfig) -> Mailbox {
        let config = AccountConfig::Email(config);
        let row = self
            .engine
            .store()
            .write(move |tx| {
                let secret = SecretString::from(PASSWORD);
                let id = accounts::save(tx, &config, Some(&secret))?;
                accounts::get(tx, id)
            })
            .await
            .unwrap();
        let live = self.engine.live(&row).await.unwrap();
        Mailbox {
            id: row.id,
            engine: self.engine.clone(),
            live,
        }
    }
}

fn open(dir: &Path) -> Arc<Engine> {
    let connect: Factory = Arc::new(|config, context| match config {
        AccountConfig::Email(c) => {
            Arc::new(Email::with_limits(c.clone(), context, QUICK)) as Arc<dyn Connector>
        }
        other => panic!("no mailbox: {other:?}"),
    });
    let key = SecretBox::new(Box::new([42; 32]));
    Engine::open(dir, &key, Arc::new(SystemClock), connect).unwrap()
}

/// A connected mailbox of a workspace.
pub struct Mailbox {
    pub id: AccountId,
    engine: Arc<Engine>,
    pub live: Arc<Live>,
}

impl Mailbox {
    /// Everything that is waiting.
    pub async fn poll(&self) -> Result<u32> {
        sync::poll_once(self.engine.store(), &self.live).await
    }

    /// Everything that is waiting, however often the server fails.
    pub async fn poll_until_quiet(&self) -> usize {
        for failures in 0..40 {
            match self.poll().await {
                Ok(_) => return failures,
                Err(_) => self.live.connector.close().await,
            }
        }
        panic!("the account is stuck");
    }

    /// As after the program was ended and begun again.
    pub async fn begin_anew(&mut self) {
        let id = self.id;
        let store = self.engine.store();
        let row = store.read(move |c| accounts::get(c, id)).await.unwrap();
        self.live.connector.close().await;
        self.live = self.engine.live(&row).await.unwrap();
    }

    /// The first column of rows, asked with the account's id as ?1.
    pub async fn ask(&self, sql: &'static str) -> Vec<String> {
        let id = self.id;
        self.engine
            .store()
            .read(move |c| {
                let mut s = c.prepare(sql)?;
                let with = usize::from(s.parameter_count() > 0);
                let params = [id];
                let rows = s.query_map(rusqlite::params_from_iter(&params[..with]), |r| {
                    let v: rusqlite::types::Value = r.get(0)?;
                    Ok(match v {
                        rusqlite::types::Value::Text(t) => t,
                        rusqlite::types::Value::Integer(n) => n.to_string(),
                        other => format!("{other:?}"),
                    })
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .await
            .unwrap()
    }

    /// Subjects of this account's messages, each as often as it is there.
    pub async fn subjects(&self) -> Vec<String> {
        self.ask("SELECT coalesce(subject, '(' || unreadable || ')') FROM message WHERE id IN (SELECT message FROM delivery WHERE account = ?1) ORDER BY subject").await
    }

    pub async fn unread(&self) -> Vec<String> {
        self.ask("SELECT m.subject FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.unread = 1 AND m.id IN (SELECT message FROM delivery WHERE account = ?1) ORDER BY m.subject").await
    }

    pub async fn gaps(&self) -> Vec<Gap> {
        let id = self.id;
        let store = self.engine.store();
        store
            .read(move |c| Ok(accounts::get(c, id)?.gaps))
            .await
            .unwrap()
    }

    /// Reads or unreads everything of a customer, as a person does.
    pub async fn mark(&self, read: bool) {
        let store = self.engine.store();
        store
            .write(move |tx| {
                let all: Vec<parley_engine::model::CustomerId> = {
                    let mut s = tx.prepare("SELECT DISTINCT conversation FROM timeline")?;
                    s.query_map([], |r| r.get(0))?
                        .collect::<rusqlite::Result<_>>()?
                };
                for c in all {
                    parley_engine::store::reads::mark(tx, c, read)?;
                }
                Ok(())
            })
            .await
            .unwrap();
    }

    pub async fn history(&self, on: bool) {
        let id = self.id;
        let store = self.engine.store();
        store
            .write(move |tx| accounts::history(tx, id, on))
            .await
            .unwrap();
        self.live.connector.read_history(on);
    }
}

/// How often each of these is there.
pub fn counted(all: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for s in all {
        *counts.entry(s.as_str()).or_default() += 1;
    }
    counts
}
