//! One process's session: locked or open, the lock on the folder, and what changed.

use super::dto::{Change, ErrorBody, Notice, SessionState, SessionStatus};
use super::{Desk, Host, Role, call};
use crate::Engine;
use crate::connectors::{Factory, factory};
use crate::error::{Error, Result};
use crate::secrets::Secrets;
use crate::store::keys;
use crate::time::Clock;
use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

/// A host without a window: nobody to ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

#[async_trait]
impl Host for NoHost {
    async fn pick_files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
    async fn save_file(&self, _suggested: &str) -> Option<PathBuf> {
        None
    }
    async fn open_url(&self, _url: &str) -> std::result::Result<(), String> {
        Err("there is no window to open a link from".into())
    }
}

/// What a process starts with.
pub struct AppOptions {
    /// Where the workspace lies.
    pub data_dir: PathBuf,
    /// The keyring.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The window.
    pub host: Arc<dyn Host>,
    /// A passphrase given at the start, for headless use.
    pub passphrase: Option<SecretString>,
}

struct Open {
    desk: Arc<Desk>,
    /// Held as long as the workspace is open.
    _lock: std::fs::File,
}

/// The session of this process.
pub struct App {
    options: AppOptions,
    connect: Factory,
    open: Mutex<Option<Open>>,
    opening: tokio::sync::Mutex<()>,
    online: AtomicBool,
    changes: broadcast::Sender<Change>,
    notices: broadcast::Sender<Notice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenArgs {
    passphrase: Option<String>,
}

impl App {
    /// A session that is not open yet.
    #[must_use]
    pub fn new(options: AppOptions) -> Arc<Self> {
        Self::with_connectors(options, factory())
    }

    /// A session with other connectors, for tests.
    #[must_use]
    pub fn with_connectors(options: AppOptions, connect: Factory) -> Arc<Self> {
        Arc::new(Self {
            options,
            connect,
            open: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            online: AtomicBool::new(false),
            changes: broadcast::channel(256).0,
            notices: broadcast::channel(64).0,
        })
    }

    /// Poll and send as soon as the workspace is open, as a desktop does. The command line reads without it.
    pub fn go_online(&self) {
        self.online.store(true, Ordering::SeqCst);
    }

    /// What changed, for the window.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// New messages from customers, for notifications.
    #[must_use]
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// The open workspace.
    #[must_use]
    pub fn desk(&self) -> Option<Arc<Desk>> {
        crate::store::lock(&self.open)
            .as_ref()
            .map(|o| Arc::clone(&o.desk))
    }

    /// Answer a call of the window.
    ///
    /// # Errors
    /// What the command says, as the window gets it.
    pub async fn call(
        self: &Arc<Self>,
        name: &str,
        args: Value,
    ) -> std::result::Result<Value, ErrorBody> {
        let out = match name {
            "session_status" => self
                .status()
                .await
                .and_then(|s| serde_json::to_value(s).map_err(|e| Error::Internal(e.to_string()))),
            "session_open" => self.open_with(args).await,
            _ => match self.desk() {
                Some(desk) => call(&desk, name, args).await,
                None => Err(Error::Locked("the workspace is not open".into())),
            },
        };
        out.map_err(|e| {
            if !matches!(
                e,
                Error::Invalid(_) | Error::Refused(_) | Error::NotFound(_)
            ) {
                tracing::warn!(command = name, code = e.code(), "a command failed");
            }
            ErrorBody::from(e)
        })
    }

    async fn open_with(self: &Arc<Self>, args: Value) -> Result<Value> {
        let a: OpenArgs = serde_json::from_value(args)
            .map_err(|e| Error::Invalid(format!("session_open: {e}")))?;
        let status = self
            .open(
                a.passphrase
                    .filter(|p| !p.is_empty())
                    .map(SecretString::from),
            )
            .await?;
        serde_json::to_value(status).map_err(|e| Error::Internal(e.to_string()))
    }

    /// How the workspace is. A workspace whose key is at hand is opened on the way.
    ///
    /// # Errors
    /// Never for what a person can mend: that is in the status.
    pub async fn status(self: &Arc<Self>) -> Result<SessionStatus> {
        if self.desk().is_some() {
            return Ok(self.describe(SessionState::Open, None));
        }
        let dir = self.options.data_dir.clone();
        match blocking(move || keys::state(&dir)).await {
            Ok(keys::State::Fresh) => Ok(self.describe(SessionState::Fresh, None)),
            Ok(keys::State::Passphrase) if self.options.passphrase.is_none() => {
                Ok(self.describe(SessionState::Locked, None))
            }
            Ok(_) => match self.open(None).await {
                Ok(s) => Ok(s),
                Err(e) => Ok(self.describe(SessionState::Failed, Some(e.to_string()))),
            },
            Err(e) => Ok(self.describe(SessionState::Failed, Some(e.to_string()))),
        }
    }

    fn describe(&self, state: SessionState, message: Option<String>) -> SessionStatus {
        // An id that is never used: the question is only whether a keyring answers.
        let keyring = state != SessionState::Fresh
            || self
                .options
                .secrets
                .load("00000000000000000000000000000000")
                .is_ok();
        SessionStatus {
            state,
            keyring,
            message,
            data_dir: self.options.data_dir.display().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Open the workspace, or make a fresh one. With a passphrase where the keyring cannot keep the key.
    ///
    /// # Errors
    /// [`Error::Locked`] for a wrong passphrase or keyring, [`Error::Busy`] when another Parley has it open.
    pub async fn open(self: &Arc<Self>, passphrase: Option<SecretString>) -> Result<SessionStatus> {
        let _one = self.opening.lock().await;
        if self.desk().is_some() {
            return Ok(self.describe(SessionState::Open, None));
        }
        let me = Arc::clone(self);
        let (engine, lock) = blocking(move || me.open_blocking(passphrase.as_ref())).await?;
        let desk = Arc::new(Desk {
            engine: Arc::clone(&engine),
            host: Arc::clone(&self.options.host),
            role: Role::Owner,
        });
        self.forward(&desk);
        if self.online.load(Ordering::SeqCst) {
            engine.start().await?;
        } else {
            engine.recover().await?;
        }
        *crate::store::lock(&self.open) = Some(Open { desk, _lock: lock });
        Ok(self.describe(SessionState::Open, None))
    }

    fn open_blocking(
        &self,
        passphrase: Option<&SecretString>,
    ) -> Result<(Arc<Engine>, std::fs::File)> {
        let dir = &self.options.data_dir;
        std::fs::create_dir_all(dir)
            .map_err(|e| Error::io(format!("making the folder {}", dir.display()), e))?;
        restrict(dir);
        let lock = lock_folder(dir)?;
        let phrase = passphrase.or(self.options.passphrase.as_ref());
        let key = match keys::state(dir)? {
            keys::State::Fresh => keys::create(dir, self.options.secrets.as_ref(), phrase)?,
            _ => keys::load(dir, self.options.secrets.as_ref(), phrase)?,
        };
        let engine = Engine::open(
            dir,
            &key,
            Arc::clone(&self.options.clock),
            Arc::clone(&self.connect),
        )?;
        Ok((engine, lock))
    }

    /// Turn what the store announces into what the window hears.
    fn forward(self: &Arc<Self>, desk: &Arc<Desk>) {
        let mut announced = desk.engine.store().announcements();
        let (me, desk) = (Arc::downgrade(self), Arc::downgrade(desk));
        tokio::spawn(async move {
            loop {
                let a = announced.recv().await;
                let (Some(app), Some(desk)) = (me.upgrade(), desk.upgrade()) else {
                    return;
                };
                match a {
                    Ok(a) => {
                        let _ = app.changes.send(change(&a.changes));
                        for (conversation, message) in a.notices {
                            if let Ok(Some(n)) =
                                super::inbox::notice(&desk, conversation, message).await
                            {
                                let _ = app.notices.send(n);
                            }
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        let _ = app.changes.send(Change {
                            conversations: Vec::new(),
                            all: true,
                            lists: true,
                            accounts: true,
                            settings: true,
                        });
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
    }

    /// A picture inside a message, by the path of a `part:` URL: `/m/<message>/cid/<content id>`.
    pub async fn part(&self, path: &str) -> Option<(String, Vec<u8>)> {
        super::files::part(self.desk()?.as_ref(), path).await
    }

    /// Close the workspace. What was typed and what is to be sent is safe already.
    pub async fn stop(&self) {
        let open = crate::store::lock(&self.open).take();
        if let Some(o) = open {
            o.desk.engine.stop().await;
        }
    }
}

/// Run what blocks (keyring, Argon2id, opening the database) away from the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(f)
        .await
        .map_err(|_| Error::Internal("a task of Parley failed".into()))?
}

/// Two processes never open one workspace.
fn lock_folder(dir: &Path) -> Result<std::fs::File> {
    let path = dir.join("lock");
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| Error::io(format!("opening {}", path.display()), e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy(format!(
            "{}; close it first, or choose another folder",
            dir.display()
        ))),
        Err(std::fs::TryLockError::Error(e)) => Err(Error::io(
            format!(
                "locking {}; a network folder cannot hold a workspace",
                path.display()
            ),
            e,
        )),
    }
}

#[cfg(unix)]
fn restrict(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700));
}
#[cfg(not(unix))]
fn restrict(_dir: &Path) {}

fn change(c: &crate::store::Changes) -> Change {
    const NAMED: usize = 200;
    let all = c.conversations.len() > NAMED;
    Change {
        conversations: if all {
            Vec::new()
        } else {
            c.conversations.iter().copied().collect()
        },
        all,
        lists: c.lists || c.outbox,
        accounts: c.accounts,
        settings: c.settings,
    }
}
