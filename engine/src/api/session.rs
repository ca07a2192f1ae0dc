//! One process's session: locked or open, the lock on the folder, and what changed.

use super::dto::{Change, ErrorBody, Notice, SessionState, SessionStatus};
use super::{Desk, Host, Role, call};
use crate::Engine;
use crate::connectors::email::oauth::{self, Issuers};
use crate::connectors::{Factory, factory};
use crate::error::{Error, Result};
use crate::secrets::Secrets;
use crate::store::keep::folder::{Lock, lock as lock_folder};
use crate::store::keep::{backup, rescue};
use crate::store::keys;
use crate::time::Clock;
use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::broadcast;

/// The providers' sign-in pages. A development build may be led to a server on this computer instead, to try it
/// without a provider; what people install knows no such way.
fn sign_in_pages() -> Issuers {
    #[cfg(debug_assertions)]
    if let Some(pages) = std::env::var("PARLEY_SIGN_IN_AT")
        .ok()
        .and_then(|base| oauth::issuers_at(&base))
    {
        return pages;
    }
    oauth::issuers()
}

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
    lock: Lock,
}

/// What opens a workspace.
pub enum Unlock {
    /// Its keyring, or this passphrase.
    Usual(Option<SecretString>),
    /// The words of its recovery key.
    Words(SecretString),
}

/// The session of this process.
pub struct App {
    options: AppOptions,
    connect: Factory,
    open: Mutex<Option<Open>>,
    opening: tokio::sync::Mutex<()>,
    /// A look at the status that takes longer than a window may wait.
    looking: Mutex<Option<tokio::task::JoinHandle<Result<SessionStatus>>>>,
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
            looking: Mutex::default(),
            online: AtomicBool::new(false),
            changes: broadcast::channel(256).0,
            notices: broadcast::channel(64).0,
        })
    }

    /// Poll and send as soon as the workspace is open, as a desktop does. The command line reads without it.
    pub fn go_online(&self) {
        self.online.store(true, Ordering::SeqCst);
    }

    /// The system says that the computer woke up, or that it has a network again.
    pub fn rouse(&self) {
        if let Some(desk) = self.desk() {
            desk.engine.rouse();
            self.announce_all();
        }
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
                .glance()
                .await
                .and_then(|s| serde_json::to_value(s).map_err(|e| Error::Internal(e.to_string()))),
            "session_open" => self.open_with(args).await,
            _ => match super::keep::answer(self, name, args.clone()).await {
                Some(answered) => answered,
                None => match self.desk() {
                    Some(desk) => call(&desk, name, args).await,
                    None => Err(Error::Locked("the workspace is not open".into())),
                },
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

    /// How the workspace is, for a window: what takes long (a keyring with a prompt, Argon2id, a database that is
    /// read whole) goes on meanwhile, and the answer is that it does.
    async fn glance(self: &Arc<Self>) -> Result<SessionStatus> {
        /// As long as a person does not mind an empty window.
        const PATIENCE: Duration = Duration::from_millis(1_200);
        let under_way = crate::store::lock(&self.looking).take();
        let me = Arc::clone(self);
        let mut look = under_way.unwrap_or_else(|| tokio::spawn(async move { me.status().await }));
        match tokio::time::timeout(PATIENCE, &mut look).await {
            Ok(done) => done.map_err(|_| Error::Internal("a task of Parley failed".into()))?,
            Err(_) => {
                *crate::store::lock(&self.looking) = Some(look);
                let says = "Waiting for the system's keyring. Its prompt may be hidden behind another window.";
                Ok(self.describe(SessionState::Opening, Some(says.into()), true))
            }
        }
    }

    /// How the workspace is. A workspace whose key is at hand is opened on the way.
    ///
    /// # Errors
    /// Never for what a person can mend: that is in the status.
    pub async fn status(self: &Arc<Self>) -> Result<SessionStatus> {
        if self.desk().is_some() {
            return Ok(self.describe(SessionState::Open, None, true));
        }
        let (dir, secrets) = (
            self.options.data_dir.clone(),
            Arc::clone(&self.options.secrets),
        );
        let state = blocking(move || {
            heal_key_file(&dir);
            let state = keys::state(&dir)?;
            // An id that is never used: the question is only whether a keyring answers.
            let keyring = state != keys::State::Fresh
                || secrets.load("00000000000000000000000000000000").is_ok();
            Ok((state, keyring))
        })
        .await;
        match state {
            Ok((keys::State::Fresh, keyring)) => {
                Ok(self.describe(SessionState::Fresh, None, keyring))
            }
            Ok((keys::State::Passphrase, _)) if self.options.passphrase.is_none() => {
                Ok(self.describe(SessionState::Locked, None, true))
            }
            Ok(_) => match self.open(None).await {
                Ok(s) => Ok(s),
                Err(e) => Ok(self.failed(&e)),
            },
            Err(e) => Ok(self.failed(&e)),
        }
    }

    fn failed(&self, e: &Error) -> SessionStatus {
        let mut s = self.describe(SessionState::Failed, Some(e.to_string()), true);
        s.trouble = Some(super::keep::trouble(e));
        s
    }

    fn describe(
        &self,
        state: SessionState,
        message: Option<String>,
        keyring: bool,
    ) -> SessionStatus {
        let dir = &self.options.data_dir;
        let closed = matches!(state, SessionState::Failed | SessionState::Locked);
        SessionStatus {
            state,
            keyring,
            message,
            trouble: None,
            recovery: closed && !matches!(keys::recovery(dir), Ok(keys::Recovery::None) | Err(_)),
            backups: if closed {
                backup::list(dir).iter().map(super::keep::item).collect()
            } else {
                Vec::new()
            },
            data_dir: dir.display().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Tells the window of a change that is the session's own.
    pub(super) fn tell(&self, change: Change) {
        // Nobody may be listening yet.
        let _ = self.changes.send(change);
    }

    pub(super) fn options(&self) -> &AppOptions {
        &self.options
    }

    /// Open the workspace, or make a fresh one. With a passphrase where the keyring cannot keep the key.
    ///
    /// # Errors
    /// [`Error::Key`] for a wrong passphrase or keyring, [`Error::Busy`] when another Parley has it open.
    pub async fn open(self: &Arc<Self>, passphrase: Option<SecretString>) -> Result<SessionStatus> {
        self.open_by(Unlock::Usual(passphrase)).await
    }

    /// The same by whatever opens it.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_by(self: &Arc<Self>, unlock: Unlock) -> Result<SessionStatus> {
        let _one = self.opening.lock().await;
        if self.desk().is_some() {
            return Ok(self.describe(SessionState::Open, None, true));
        }
        let me = Arc::clone(self);
        let (engine, lock, unclean) = blocking(move || {
            let lock = me.enter()?;
            let key = me.key_or_new(&unlock)?;
            let (engine, unclean) = me.assemble(&key)?;
            if matches!(unlock, Unlock::Words(_)) {
                me.file_again(&key);
            }
            Ok((engine, lock, unclean))
        })
        .await?;
        self.take_up(engine, lock, unclean).await?;
        Ok(self.describe(SessionState::Open, None, true))
    }

    /// The workspace is closed; its folder stays ours.
    pub(super) async fn close_keeping_lock(&self) -> Result<Lock> {
        let open = crate::store::lock(&self.open).take();
        let me = self.options.data_dir.clone();
        match open {
            Some(o) => {
                o.desk.engine.stop().await;
                Ok(o.lock)
            }
            None => blocking(move || lock_folder(&me)).await,
        }
    }

    /// Open the workspace again in a folder that is ours.
    pub(super) async fn open_with_lock(
        self: &Arc<Self>,
        key: Arc<crate::secrets::Key>,
        lock: Lock,
    ) -> Result<()> {
        let _one = self.opening.lock().await;
        let me = Arc::clone(self);
        let (engine, unclean) = blocking(move || me.assemble(&key)).await?;
        self.take_up(engine, lock, unclean).await
    }

    async fn take_up(
        self: &Arc<Self>,
        engine: Arc<Engine>,
        lock: Lock,
        unclean: bool,
    ) -> Result<()> {
        let desk = Arc::new(Desk {
            engine: Arc::clone(&engine),
            host: Arc::clone(&self.options.host),
            role: Role::Owner,
        });
        self.forward(&desk);
        if self.online.load(Ordering::SeqCst) {
            engine.start().await?;
            self.watch(&desk, unclean);
        } else {
            engine.recover().await?;
        }
        *crate::store::lock(&self.open) = Some(Open { desk, lock });
        Ok(())
    }

    /// The folder is there, ours and nobody else's.
    fn enter(&self) -> Result<Lock> {
        let dir = &self.options.data_dir;
        std::fs::create_dir_all(dir)
            .map_err(|e| Error::io(format!("making the folder {}", dir.display()), e))?;
        restrict(dir);
        let lock = lock_folder(dir)?;
        heal_key_file(dir);
        Ok(lock)
    }

    fn key_or_new(&self, unlock: &Unlock) -> Result<crate::secrets::Key> {
        let dir = &self.options.data_dir;
        match (keys::state(dir)?, unlock) {
            (keys::State::Fresh, Unlock::Usual(p)) => {
                let phrase = p.as_ref().or(self.options.passphrase.as_ref());
                keys::create(dir, self.options.secrets.as_ref(), phrase)
            }
            _ => self.key_of(dir, unlock),
        }
    }

    /// The key by the key file in `dir`.
    pub(super) fn key_of(&self, dir: &Path, unlock: &Unlock) -> Result<crate::secrets::Key> {
        match unlock {
            Unlock::Usual(p) => {
                let phrase = p.as_ref().or(self.options.passphrase.as_ref());
                keys::load(dir, self.options.secrets.as_ref(), phrase)
            }
            Unlock::Words(w) => keys::recover(dir, w),
        }
    }

    /// Open the database; a damaged one is rebuilt. Says whether all of it should be read soon.
    fn assemble(&self, key: &crate::secrets::Key) -> Result<(Arc<Engine>, bool)> {
        let dir = &self.options.data_dir;
        let now = self.options.clock.now();
        let unclean = rescue::ready(dir, key, now)?;
        crate::store::files::sweep(dir);
        let open = || {
            Engine::open_with(
                dir,
                key,
                Arc::clone(&self.options.clock),
                Arc::clone(&self.connect),
                sign_in_pages(),
            )
        };
        let engine = match open() {
            Err(e) if rescue::is_damage(dir, key, &e) => {
                rescue::rescue(dir, key, now, &e.to_string())?;
                open()?
            }
            other => other?,
        };
        keys::note_opened(dir, key)?;
        Ok((engine, unclean))
    }

    /// Opened by its recovery key, a workspace of a keyring is put into the keyring of today.
    fn file_again(&self, key: &crate::secrets::Key) {
        let dir = &self.options.data_dir;
        if matches!(keys::state(dir), Ok(keys::State::Keyring))
            && let Err(e) = keys::change(
                dir,
                key,
                self.options.secrets.as_ref(),
                &keys::Keep::Keyring,
            )
        {
            tracing::warn!(code = e.code(), "the key could not be put into the keyring");
        }
    }

    /// Everything may be different.
    pub(super) fn announce_all(&self) {
        let _ = self.changes.send(Change {
            conversations: Vec::new(),
            all: true,
            lists: true,
            accounts: true,
            settings: true,
        });
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
                        app.announce_all();
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

/// A key file that is gone is put back from the newest backup: it is the same key, and a wrong one opens nothing.
fn heal_key_file(dir: &Path) {
    if keys::file(dir).exists() || !dir.join(crate::store::keep::DATABASE).exists() {
        return;
    }
    for e in backup::list(dir) {
        if matches!(keys::put_back(dir, &e.path), Ok(true)) {
            tracing::warn!("key.json was gone and is put back from a backup");
            return;
        }
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
