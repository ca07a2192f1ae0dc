//! A small IMAP server in memory, for what real ones will not do on demand: each misbehaviour is a switch.
//!
//! It serves folders and mails well enough to be read from, with or without CONDSTORE, QRESYNC, OBJECTID and Gmail's
//! own items, and lets a test change the world between two questions.

mod fetch;
mod session;
mod set;
mod world;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::error::{Error, Result};

pub use world::{Gmail, Mail, Mailbox, Quirks, World};

/// A running server; dropping it ends it and its connections. Needs a tokio runtime.
pub struct ImapServer {
    shared: Arc<Shared>,
    port: u16,
    task: JoinHandle<()>,
}

struct Shared {
    world: Mutex<World>,
    changed: watch::Sender<u64>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ImapServer {
    /// Starts a server with this world on a free loopback port, without encryption. Any name and password sign in.
    pub async fn start(world: World) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::system("listen on a free port"))?;
        let port = listener
            .local_addr()
            .map_err(Error::system("ask for the server's port"))?
            .port();
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            changed: watch::channel(0).0,
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { shared, port, task })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes the world; clients that wait hear of it.
    pub fn change<T>(&self, how: impl FnOnce(&mut World) -> T) -> T {
        let done = how(&mut self.shared.world());
        self.shared.changed.send_modify(|n| *n += 1);
        done
    }

    /// How many commands with these words were heard.
    pub fn heard(&self, words: &str) -> usize {
        let world = self.shared.world();
        world.heard.iter().filter(|c| c.contains(words)).count()
    }

    /// Forgets what was heard.
    pub fn forget(&self) {
        self.shared.world().heard.clear();
    }
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and the connections with it.
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                sessions.spawn(session::serve(stream, shared.clone()));
            }
            Some(_) = sessions.join_next() => {}
        }
    }
}
