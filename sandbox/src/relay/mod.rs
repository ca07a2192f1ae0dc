//! A small SMTP relay: takes mail from a logged-in client, delivers what is for its own mailboxes,
//! and keeps everything it accepted for tests to look at.

mod lines;
mod session;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;
use crate::error::{Error, Result};
use crate::lmtp::Lmtp;

/// More clients than this at once wait for their turn.
const MOST_SESSIONS: usize = 64;

/// How the relay encrypts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: STARTTLS is not offered.
    None,
    /// After STARTTLS (as on port 587).
    #[default]
    StartTls,
    /// From the first byte (as on port 465).
    Implicit,
}

/// What the relay shall look like.
#[derive(Clone)]
pub struct Options {
    /// Names and passwords that may send. None means that nobody needs to log in.
    pub users: Vec<(String, String)>,
    /// Take access tokens signed with this key (XOAUTH2), besides passwords.
    pub token_key: Option<Vec<u8>>,
    /// How the relay encrypts.
    pub tls: Tls,
    /// Refuse a login over an unencrypted connection, as most real servers do.
    pub login_needs_tls: bool,
    /// The largest mail it takes, in bytes.
    pub size_limit: usize,
    /// A fixed port instead of a free one.
    pub port: Option<u16>,
    /// Use these certificates instead of new ones.
    pub certificates: Option<Certificates>,
    /// Where mail for `mailboxes` goes.
    pub delivery: Option<Lmtp>,
    /// The addresses that are delivered; mail for others is kept in the list of accepted mails only.
    pub mailboxes: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            users: Vec::new(),
            token_key: None,
            tls: Tls::default(),
            login_needs_tls: false,
            size_limit: 25 * 1024 * 1024,
            port: None,
            certificates: None,
            delivery: None,
            mailboxes: Vec::new(),
        }
    }
}

/// Something that goes wrong at its place in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 535 to a right password.
    RefuseLogin,
    /// 454 to a right password: the server cannot check it now.
    LoginLater,
    /// 550 to each recipient.
    RefuseRecipient,
    /// 450 to each recipient: try later.
    RecipientLater,
    /// 451 to DATA: try later, nothing was sent.
    DataLater,
    /// 554 after the mail: it was seen and refused.
    RefuseMail,
    /// 451 after the mail: it was seen and not taken; try later.
    MailLater,
    /// The connection ends after the mail, before any answer.
    DropAfterData {
        /// Whether the relay took the mail all the same, which the client cannot know.
        accepted: bool,
    },
    /// The connection ends in the middle of the mail.
    DropDuringData,
    /// The answer to the mail, which is taken, comes this much later.
    SlowAnswer(Duration),
    /// 421 instead of a greeting.
    Busy,
}

/// A mail the relay took responsibility for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The envelope's sender; empty for a bounce.
    pub sender: String,
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    /// The mail itself, dots removed, as the client meant it.
    pub mail: Vec<u8>,
    /// Who was logged in.
    pub login: Option<String>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
}

/// A running relay; dropping it ends it. Needs a tokio runtime.
pub struct Relay {
    shared: Arc<Shared>,
    port: u16,
    task: Option<JoinHandle<()>>,
}

struct Shared {
    options: Options,
    certificates: Certificates,
    tls: TlsAcceptor,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    users: Vec<(String, String)>,
    accepted: Vec<Accepted>,
    once: VecDeque<Fault>,
    standing: Option<Fault>,
    sessions: u64,
}

impl Relay {
    /// Starts a relay on a free loopback port.
    pub async fn start(options: Options) -> Result<Self> {
        let certificates = match &options.certificates {
            Some(given) => given.clone(),
            None => Certificates::generate()?,
        };
        let tls = TlsAcceptor::from(certificates.server_config()?);
        let listener = listen(options.port.unwrap_or(0)).await?;
        let port = listener
            .local_addr()
            .map_err(Error::system("ask for the relay's port"))?
            .port();
        let state = State {
            users: options.users.clone(),
            ..State::default()
        };
        let shared = Arc::new(Shared {
            options,
            certificates,
            tls,
            state: Mutex::new(state),
        });
        let task = Some(tokio::spawn(serve(listener, shared.clone())));
        Ok(Self { shared, port, task })
    }

    /// The port the relay listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the relay listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The authority a client has to trust.
    pub fn ca_pem(&self) -> &str {
        self.shared.certificates.ca_pem()
    }

    /// Every mail the relay took, oldest first.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.shared.state().accepted.clone()
    }

    /// How many clients have connected.
    pub fn sessions(&self) -> u64 {
        self.shared.state().sessions
    }

    /// Lets this go wrong the next time its place comes up, after those asked for before.
    pub fn fault_once(&self, fault: Fault) {
        self.shared.state().once.push_back(fault);
    }

    /// Lets this go wrong every time; `None` ends it.
    pub fn fault_always(&self, fault: Option<Fault>) {
        self.shared.state().standing = fault;
    }

    /// Changes a user's password from the next login on.
    pub fn set_password(&self, user: &str, password: &str) {
        for (name, old) in &mut self.shared.state().users {
            if name == user {
                password.clone_into(old);
            }
        }
    }

    /// Ends the relay and its connections; the list of accepted mails stays.
    pub async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Starts the relay again on the same port.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        let listener = listen(self.port).await?;
        self.task = Some(tokio::spawn(serve(listener, self.shared.clone())));
        Ok(())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Shared {
    /// A panic elsewhere cannot leave this state half-changed: every change is one push or assignment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault that is due at this place, if any.
    fn fault(&self, belongs_here: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut state = self.state();
        if state.once.front().copied().is_some_and(&belongs_here) {
            return state.once.pop_front();
        }
        state.standing.filter(|fault| belongs_here(*fault))
    }

    fn may_send(&self, name: &str, password: &str) -> bool {
        self.state()
            .users
            .iter()
            .any(|(user, right)| user == name && right == password)
    }
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(Error::system(format!("listen on 127.0.0.1:{port}")))
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(MOST_SESSIONS));
    // Dropped with this task, and the sessions with it.
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            client = listener.accept() => match client {
                Ok((stream, _)) => {
                    sessions.spawn(admit(stream, shared.clone(), places.clone()));
                }
                // Out of file descriptors, most likely: some will be free again soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = sessions.join_next() => {}
        }
    }
}

async fn admit(stream: TcpStream, shared: Arc<Shared>, places: Arc<Semaphore>) {
    let Ok(_place) = places.acquire().await else {
        return;
    };
    shared.state().sessions += 1;
    session::run(stream, shared).await;
}
