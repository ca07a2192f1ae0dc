//! What the session itself answers: keys, backups, the way back. These commands open, close and replace the
//! workspace, so they stand beside the table of those that need an open one. Whoever holds the session is its owner.

use super::dto::{
    BackupItem, BackupKind, DiskTrouble, KeepStatus, KeyPlace, Nothing, RecoveryState,
    RecoveryWords, RescueReport, Restored, SessionStatus, Trouble,
};
use super::session::{App, Unlock, blocking};
use super::{Desk, args};
use crate::error::{Error, KeyTrouble, Result};
use crate::secrets::Key;
use crate::store::keep::backup::{self, Entry, Kind};
use crate::store::keep::{folder, rescue, restore};
use crate::store::keys;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

macro_rules! table {
    ($with:ident) => {
        $with! {
            SessionRecover "session_recover" -> dto::SessionStatus, recover;
            SessionRestore "session_restore" -> dto::SessionStatus, restore_closed;
            KeepGet "keep_get" -> dto::KeepStatus, keep_status;
            RecoveryIssue "recovery_issue" -> dto::RecoveryWords, recovery_issue;
            RecoveryConfirm "recovery_confirm" -> dto::KeepStatus, recovery_confirm;
            KeyChange "key_change" -> dto::KeepStatus, key_change;
            Backups "backups" -> Vec<dto::BackupItem>, backups;
            BackupNow "backup_now" -> dto::BackupItem, backup_now;
            BackupRestore "backup_restore" -> dto::SessionStatus, backup_restore;
            RescueSeen "rescue_seen" -> dto::Nothing, rescue_seen;
            LanguageGet "language_get" -> dto::LanguageChoice, language_get;
            LanguageSet "language_set" -> dto::LanguageChoice, language_set;
        }
    };
}
pub(crate) use table;

macro_rules! answers { ($($args:ident $name:literal -> $reply:ty, $run:ident;)*) => {
    /// Answer one of the session's own commands; `None` when it is none of them.
    pub(super) async fn answer(app: &Arc<App>, name: &str, args: Value) -> Option<Result<Value>> {
        match name {
            $($name => Some(async {
                let a: args::$args = serde_json::from_value(args)
                    .map_err(|e| Error::Invalid(format!("{name}: {e}")))?;
                let reply = app.$run(a).await?;
                serde_json::to_value(reply).map_err(|e| Error::Internal(e.to_string()))
            }.await),)*
            _ => None,
        }
    }
}; }
table!(answers);

/// What is in the way of opening.
pub(super) fn trouble(e: &Error) -> Trouble {
    match e {
        Error::Key { trouble, .. } => match trouble {
            KeyTrouble::KeyringLocked => Trouble::KeyringLocked,
            KeyTrouble::KeyringAbsent => Trouble::KeyringAbsent,
            KeyTrouble::EntryGone => Trouble::EntryGone,
            KeyTrouble::KeyringChanged => Trouble::KeyringChanged,
            KeyTrouble::EntryWrong => Trouble::EntryWrong,
            KeyTrouble::KeyFileGone => Trouble::KeyFileGone,
            KeyTrouble::KeyFileDamaged => Trouble::KeyFileDamaged,
            KeyTrouble::PassphraseWanted | KeyTrouble::PassphraseWrong | KeyTrouble::WordsWrong => {
                Trouble::Other
            }
        },
        Error::Missing(_) => Trouble::DatabaseGone,
        Error::Corrupt(_) => Trouble::Damaged,
        Error::Newer { .. } => Trouble::Newer,
        Error::Busy(_) => Trouble::Busy,
        Error::DiskFull(_) | Error::ReadOnly(_) | Error::Disk(_) => Trouble::Disk,
        _ => Trouble::Other,
    }
}

pub(super) fn item(e: &Entry) -> BackupItem {
    BackupItem {
        name: e.name.clone(),
        at: e.manifest.at,
        kind: match e.manifest.kind {
            Kind::Hourly => BackupKind::Hourly,
            Kind::Daily => BackupKind::Daily,
            Kind::Manual => BackupKind::Manual,
        },
        bytes: e.manifest.bytes,
        messages: e.manifest.messages,
        files: e.manifest.files,
    }
}

/// A backup by its name in the workspace, or by the folder it lies in.
fn find(dir: &Path, name: &str) -> Result<Entry> {
    backup::list(dir)
        .into_iter()
        .find(|e| e.name == name)
        .or_else(|| backup::at(Path::new(name)))
        .ok_or_else(|| Error::NotFound(format!("the backup {name:?}")))
}

fn report(r: rescue::Rescued) -> RescueReport {
    RescueReport {
        at: r.at,
        what: r.what,
        set_aside: r.set_aside,
        backup: r.backup,
        messages: r.messages,
        entries: r.entries,
        missing_messages: r.missing_messages,
        missing_entries: r.missing_entries,
        certain: r.whole,
    }
}

impl App {
    fn dir(&self) -> PathBuf {
        self.options().data_dir.clone()
    }

    fn opened(&self) -> Result<Arc<Desk>> {
        self.desk()
            .ok_or_else(|| Error::Locked("the workspace is not open".into()))
    }

    async fn recover(self: &Arc<Self>, a: args::SessionRecover) -> Result<SessionStatus> {
        self.open_by(Unlock::Words(SecretString::from(a.words)))
            .await
    }

    /// How the workspace is kept.
    ///
    /// # Errors
    /// When it is not open.
    pub async fn keep_status(self: &Arc<Self>, _: args::KeepGet) -> Result<KeepStatus> {
        let desk = self.opened()?;
        let (dir, me) = (self.dir(), Arc::clone(self));
        blocking(move || {
            let all = backup::list(&dir);
            Ok(KeepStatus {
                key: match keys::state(&dir)? {
                    keys::State::Passphrase => KeyPlace::Passphrase,
                    _ => KeyPlace::Keyring,
                },
                keyring: me.options().secrets.place(),
                recovery: match keys::recovery(&dir)? {
                    keys::Recovery::None => RecoveryState::None,
                    keys::Recovery::Shown => RecoveryState::Shown,
                    keys::Recovery::Set => RecoveryState::Set,
                },
                last_backup: all.first().map(|e| e.manifest.at),
                backup_bytes: backup::size(&all),
                backup_error: desk.engine.backups().error(),
                disk: desk.engine.store().health().refusal().map(|e| DiskTrouble {
                    code: e.code().to_owned(),
                    message: e.to_string(),
                }),
                folder: folder::warning(&dir),
                rescue: rescue::told(&dir).map(report),
            })
        })
        .await
    }

    /// New words for the recovery key.
    ///
    /// # Errors
    /// When the workspace is not open or the key file cannot be written.
    pub async fn recovery_issue(self: &Arc<Self>, _: args::RecoveryIssue) -> Result<RecoveryWords> {
        let (dir, key) = (self.dir(), self.opened()?.engine.store().key());
        let words = blocking(move || keys::issue_recovery(&dir, &key)).await?;
        Ok(RecoveryWords {
            words: words
                .expose_secret()
                .split(' ')
                .map(str::to_owned)
                .collect(),
        })
    }

    /// The new words are written down.
    ///
    /// # Errors
    /// When none were issued.
    pub async fn recovery_confirm(
        self: &Arc<Self>,
        _: args::RecoveryConfirm,
    ) -> Result<KeepStatus> {
        self.opened()?;
        let dir = self.dir();
        blocking(move || keys::confirm_recovery(&dir)).await?;
        self.keep_status(args::KeepGet {}).await
    }

    /// Keep the key in another way.
    ///
    /// # Errors
    /// When the keyring does not take it, or the passphrase is too short; the old way goes on then.
    pub async fn key_change(self: &Arc<Self>, a: args::KeyChange) -> Result<KeepStatus> {
        let (dir, key) = (self.dir(), self.opened()?.engine.store().key());
        let secrets = Arc::clone(&self.options().secrets);
        blocking(move || {
            let phrase = a.passphrase.map(SecretString::from);
            let keep = match (a.to, &phrase) {
                (KeyPlace::Keyring, _) => keys::Keep::Keyring,
                (KeyPlace::Passphrase, Some(p)) => keys::Keep::Passphrase(p),
                (KeyPlace::Passphrase, None) => {
                    return Err(Error::Invalid("choose a passphrase".into()));
                }
            };
            keys::change(&dir, &key, secrets.as_ref(), &keep)
        })
        .await?;
        self.keep_status(args::KeepGet {}).await
    }

    /// The backups, newest first.
    ///
    /// # Errors
    /// Never; a folder that cannot be read holds none.
    pub async fn backups(self: &Arc<Self>, _: args::Backups) -> Result<Vec<BackupItem>> {
        let dir = self.dir();
        blocking(move || Ok(backup::list(&dir).iter().map(item).collect())).await
    }

    async fn backup_now(self: &Arc<Self>, _: args::BackupNow) -> Result<BackupItem> {
        self.back_up(None).await
    }

    /// Make a backup now; with `to`, into that folder, whole with its kept files.
    ///
    /// # Errors
    /// When the workspace is not open, or the backup cannot be made.
    pub async fn back_up(self: &Arc<Self>, to: Option<PathBuf>) -> Result<BackupItem> {
        let desk = self.opened()?;
        let engine = &desk.engine;
        let made = engine
            .backups()
            .make(engine.store(), Kind::Manual, to, backup::PACE)
            .await?;
        Ok(item(&made))
    }

    /// Read each backup whole and say which ones are damaged, and how.
    ///
    /// # Errors
    /// When the workspace is not open.
    pub async fn verify_backups(self: &Arc<Self>) -> Result<Vec<(BackupItem, Option<String>)>> {
        let (dir, key) = (self.dir(), self.opened()?.engine.store().key());
        blocking(move || {
            Ok(backup::list(&dir)
                .iter()
                .map(|e| {
                    let wrong = match backup::verify(e, &key) {
                        Ok(0) => None,
                        Ok(n) => Some(format!("{n} kept files are missing from it")),
                        Err(e) => Some(e.to_string()),
                    };
                    (item(e), wrong)
                })
                .collect())
        })
        .await
    }

    /// Read the database's file whole, and nothing else.
    ///
    /// # Errors
    /// When the workspace is not open.
    pub async fn check_quick(self: &Arc<Self>) -> Result<super::dto::CheckReport> {
        let (dir, key) = (self.dir(), self.opened()?.engine.store().key());
        let found = blocking(move || rescue::examine(&dir, &key)).await?;
        Ok(super::dto::CheckReport {
            ok: found.is_none(),
            findings: found
                .into_iter()
                .map(|what| super::dto::Finding {
                    invariant: "I5".into(),
                    what,
                })
                .collect(),
            counted: Vec::new(),
        })
    }

    async fn agree(&self, e: &Entry) -> Result<()> {
        let when = jiff::Timestamp::from_millisecond(e.manifest.at)
            .map(|t| {
                t.to_zoned(jiff::tz::TimeZone::system())
                    .strftime("%Y-%m-%d %H:%M")
                    .to_string()
            })
            .unwrap_or_default();
        let question = format!(
            "Go back to the backup of {when}?\n\nThe present database is set aside in the workspace's folder, not deleted. What was decided and written since then is not in the backup. Mail is fetched again. What waited to be sent in the backup is held until you decide."
        );
        if self.options().host.confirm(&question, "Restore").await {
            Ok(())
        } else {
            Err(Error::Refused("nothing was restored".into()))
        }
    }

    async fn backup_restore(self: &Arc<Self>, a: args::BackupRestore) -> Result<SessionStatus> {
        let key = self.opened()?.engine.store().key();
        let entry = find(&self.dir(), &a.name)?;
        self.agree(&entry).await?;
        self.replace(key, entry).await?;
        self.status().await
    }

    async fn restore_closed(self: &Arc<Self>, a: args::SessionRestore) -> Result<SessionStatus> {
        let entry = find(&self.dir(), &a.name)?;
        let unlock = match (a.words, a.passphrase) {
            (Some(w), _) => Unlock::Words(SecretString::from(w)),
            (None, p) => Unlock::Usual(p.filter(|p| !p.is_empty()).map(SecretString::from)),
        };
        let (me, at) = (Arc::clone(self), entry.path.clone());
        let key = blocking(move || me.key_for(&at, &unlock)).await?;
        self.agree(&entry).await?;
        self.replace(Arc::new(key), entry).await?;
        self.status().await
    }

    /// The key by this workspace's key file, or by the backup's where that is gone.
    fn key_for(&self, backup: &Path, unlock: &Unlock) -> Result<Key> {
        let dir = &self.options().data_dir;
        if !keys::file(dir).exists() && dir.join(crate::store::keep::DATABASE).exists() {
            keys::put_back(dir, backup)?;
        }
        let from = if keys::file(dir).exists() {
            dir
        } else {
            backup
        };
        self.key_of(from, unlock)
    }

    /// Close, put the backup in its place, open again.
    async fn replace(self: &Arc<Self>, key: Arc<Key>, entry: Entry) -> Result<Restored> {
        let lock = self.close_keeping_lock().await?;
        let (dir, now) = (self.dir(), self.options().clock.now());
        let with = Arc::clone(&key);
        let done = blocking(move || restore::restore(&dir, &with, &entry, now)).await;
        // Whatever came of it, the workspace is opened again.
        let opened = self.open_with_lock(key, lock).await;
        let done = done?;
        opened?;
        self.announce_all();
        Ok(restored(&done))
    }

    /// Restore without a window: `name` is a backup's name or folder, `to` another folder to make a workspace in.
    ///
    /// # Errors
    /// When there is no such backup, no key, or the backup does not verify; nothing is changed then.
    pub async fn restore(
        self: &Arc<Self>,
        name: &str,
        to: Option<PathBuf>,
        unlock: Unlock,
    ) -> Result<Restored> {
        let entry = find(&self.dir(), name)?;
        let me = Arc::clone(self);
        blocking(move || {
            let dir = me.dir();
            let now = me.options().clock.now();
            let key = me.key_for(&entry.path, &unlock)?;
            let target = to.as_ref().unwrap_or(&dir);
            std::fs::create_dir_all(target)
                .map_err(|e| Error::io(format!("making the folder {}", target.display()), e))?;
            let _lock = folder::lock(target)?;
            let fresh = !keys::file(target).exists();
            let done = match to {
                Some(to) => restore::restore_to(&to, &key, &entry, now)?,
                None if fresh => restore::restore_to(&dir, &key, &entry, now)?,
                None => restore::restore(&dir, &key, &entry, now)?,
            };
            Ok(restored(&done))
        })
        .await
    }

    async fn rescue_seen(self: &Arc<Self>, _: args::RescueSeen) -> Result<Nothing> {
        let dir = self.dir();
        blocking(move || rescue::read(&dir)).await?;
        Ok(Nothing {})
    }

    /// Look after damage for as long as this workspace is open.
    pub(super) fn watch(self: &Arc<Self>, desk: &Arc<Desk>, look_first: bool) {
        let (me, store) = (Arc::downgrade(self), Arc::downgrade(desk.engine.store()));
        tokio::spawn(async move {
            /// Once a day all of it is read, for damage that nobody has met yet.
            const NIGHTLY: std::time::Duration = std::time::Duration::from_secs(86_400);
            /// The first screen has the disk to itself.
            const SOON: std::time::Duration = std::time::Duration::from_secs(20);
            let mut pause = if look_first { SOON } else { NIGHTLY };
            loop {
                let Some(s) = store.upgrade() else { return };
                let health = Arc::clone(s.health());
                drop(s);
                tokio::select! {
                    () = health.suspected() => {}
                    () = tokio::time::sleep(pause) => {}
                }
                pause = NIGHTLY;
                let (Some(app), Some(store)) = (me.upgrade(), store.upgrade()) else {
                    return;
                };
                let (dir, key) = (app.dir(), store.key());
                drop(store);
                let with = Arc::clone(&key);
                if let Ok(Some(what)) = blocking(move || rescue::examine(&dir, &with)).await {
                    app.rescue_now(key, what).await;
                    return;
                }
            }
        });
    }

    async fn rescue_now(self: &Arc<Self>, key: Arc<Key>, what: String) {
        let Ok(lock) = self.close_keeping_lock().await else {
            return;
        };
        let (dir, now) = (self.dir(), self.options().clock.now());
        let with = Arc::clone(&key);
        let done = blocking(move || rescue::rescue(&dir, &with, now, &what).map(drop)).await;
        let opened = match done {
            Ok(()) => self.open_with_lock(key, lock).await,
            Err(e) => Err(e),
        };
        if let Err(e) = opened {
            tracing::error!(
                code = e.code(),
                "the damaged workspace could not be rebuilt"
            );
        }
        self.announce_all();
    }
}

fn restored(r: &restore::Restored) -> Restored {
    Restored {
        backup: item(&r.backup),
        set_aside: r.set_aside.as_ref().map(|p| p.display().to_string()),
        missing_files: r.missing_files,
    }
}
