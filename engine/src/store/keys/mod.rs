//! The workspace's key: in the system's keyring, or wrapped under a passphrase (Argon2id); beside either, wrapped
//! under a recovery key. Never in the clear.

mod recovery;
mod wrap;

pub use recovery::WORDS;

use super::files::write_whole;
use crate::error::{Error, KeyTrouble, Result};
use crate::model::random_id;
use crate::secrets::{Key, Secrets, SecretsError};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use wrap::{Stretch, Wrapped};
use zeroize::Zeroizing;

/// The newest form of the file.
const VERSION: u32 = 2;

/// How the key is kept; stands in `key.json` beside the database and holds no key in the clear.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    backend: Backend,
    version: u32,
    /// Under which id the keyring holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Which keyring: another desktop has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory_kib: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passes: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapped: Option<String>,
    /// A hash of the key: tells a wrong key from a damaged database. 256 random bits cannot be guessed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
    /// The database was opened with it: where that is gone, none is made in its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    opened: bool,
    /// The key under the recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recovery: Option<Wrapped>,
    /// The key under a recovery key whose words nobody has said to have written down yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recovery_new: Option<Wrapped>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Backend {
    Keyring,
    Passphrase,
}

/// How a workspace stands before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Fresh,
    /// Its key is in the keyring.
    Keyring,
    /// It needs a passphrase.
    Passphrase,
}

/// Whether a recovery key opens this workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// No.
    None,
    /// Words were shown, and nobody has said to have written them down.
    Shown,
    /// Yes.
    Set,
}

/// Where the key is to be kept from now on.
pub enum Keep<'a> {
    /// In the system's keyring.
    Keyring,
    /// Under this passphrase.
    Passphrase(&'a SecretString),
}

/// The key file of a folder.
#[must_use]
pub fn file(dir: &Path) -> PathBuf {
    dir.join("key.json")
}

fn kept(dir: &Path) -> Result<Option<KeyFile>> {
    let path = file(dir);
    match std::fs::read(&path) {
        Ok(bytes) => match serde_json::from_slice::<KeyFile>(&bytes) {
            Ok(k) if k.version > VERSION => Err(Error::Newer {
                found: i64::from(k.version),
                known: i64::from(VERSION),
            }),
            Ok(k) => Ok(Some(k)),
            Err(e) => Err(Error::key(
                KeyTrouble::KeyFileDamaged,
                format!(
                    "{} cannot be read ({e}); put it back from a backup of this folder (each folder in backups holds a copy)",
                    path.display()
                ),
            )),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(format!("reading {}", path.display()), e)),
    }
}

fn put(dir: &Path, k: &KeyFile) -> Result<()> {
    let json = serde_json::to_vec_pretty(k).map_err(|e| Error::Internal(e.to_string()))?;
    let path = file(dir);
    write_whole(&path, &[&json])
        .map_err(|e| Error::io(format!("writing {}", path.display()), e))?;
    restrict(&path);
    Ok(())
}

fn existing(dir: &Path) -> Result<KeyFile> {
    kept(dir)?.ok_or_else(|| Error::NotFound("this workspace".into()))
}

fn mark(key: &Key) -> String {
    let mut h = Sha256::new();
    h.update(b"parley key mark 1");
    h.update(key.expose_secret());
    data_encoding::HEXLOWER.encode(&h.finalize()[..16])
}

/// How the workspace in `dir` is locked.
///
/// # Errors
/// When the folder cannot be read, or a database lies there without its key file: never is a new one made over it.
pub fn state(dir: &Path) -> Result<State> {
    match kept(dir)?.map(|k| k.backend) {
        Some(Backend::Keyring) => Ok(State::Keyring),
        Some(Backend::Passphrase) => Ok(State::Passphrase),
        None if dir.join("parley.db").exists() => Err(Error::key(
            KeyTrouble::KeyFileGone,
            format!(
                "{} holds a database but not its key file key.json. Put that file back (each folder in backups holds a copy), or choose another folder",
                dir.display()
            ),
        )),
        None => Ok(State::Fresh),
    }
}

/// Whether a recovery key opens the workspace in `dir`.
///
/// # Errors
/// When the key file cannot be read.
pub fn recovery(dir: &Path) -> Result<Recovery> {
    Ok(match kept(dir)? {
        Some(k) if k.recovery.is_some() => Recovery::Set,
        Some(k) if k.recovery_new.is_some() => Recovery::Shown,
        _ => Recovery::None,
    })
}

/// Whether a database was opened with this key file: where it is gone, it is missing and not new.
///
/// # Errors
/// When the key file cannot be read.
pub fn was_opened(dir: &Path) -> Result<bool> {
    // Before version 2 nobody noted it; those workspaces are all in use.
    Ok(kept(dir)?.is_some_and(|k| k.opened || k.version < 2))
}

/// The database opened with `key`: from now on a missing one is missed, and another key is known as such.
///
/// # Errors
/// When the key file cannot be written.
pub fn note_opened(dir: &Path, key: &Key) -> Result<()> {
    let mut k = existing(dir)?;
    let mark = mark(key);
    if k.opened && k.mark.as_ref() == Some(&mark) {
        return Ok(());
    }
    k.opened = true;
    k.mark = Some(mark);
    k.version = VERSION;
    put(dir, &k)
}

/// Whether `key` is known to be this workspace's, so that a database it does not open is a damaged one.
#[must_use]
pub fn is_certain(dir: &Path, key: &Key) -> bool {
    matches!(kept(dir), Ok(Some(k)) if k.mark == Some(mark(key)))
}

/// The key of an existing workspace.
///
/// # Errors
/// [`Error::Key`] when the keyring or the passphrase does not give it; the text says which and what to do.
pub fn load(dir: &Path, secrets: &dyn Secrets, passphrase: Option<&SecretString>) -> Result<Key> {
    let k = existing(dir)?;
    let key = match k.backend {
        Backend::Keyring => from_keyring(&k, secrets)?,
        Backend::Passphrase => {
            let phrase = passphrase.ok_or_else(|| {
                Error::key(
                    KeyTrouble::PassphraseWanted,
                    "this workspace opens with its passphrase",
                )
            })?;
            let (s, w) = k.by_passphrase()?;
            wrap::by_passphrase(phrase, &s, &w)?
        }
    };
    if k.mark.as_ref().is_some_and(|m| *m != mark(&key)) {
        return Err(Error::key(
            KeyTrouble::EntryWrong,
            format!(
                "{} holds another key under the name of this workspace; nothing here was changed. Unlock it with the recovery key",
                secrets.place()
            ),
        ));
    }
    Ok(key)
}

impl KeyFile {
    fn by_passphrase(&self) -> Result<(Stretch, Wrapped)> {
        let stretch = serde_json::json!({ "salt": self.salt, "memory_kib": self.memory_kib, "passes": self.passes });
        let wrapped = serde_json::json!({ "nonce": self.nonce, "wrapped": self.wrapped });
        let (Ok(s), Ok(w)) = (
            serde_json::from_value(stretch),
            serde_json::from_value(wrapped),
        ) else {
            return Err(wrap::damaged());
        };
        Ok((s, w))
    }

    /// Another desktop's keyring holds the key.
    fn elsewhere(&self, secrets: &dyn Secrets) -> Option<String> {
        self.place
            .as_ref()
            .filter(|p| **p != secrets.place())
            .map(|p| {
                format!(
                    "its key is in {p}, and this session uses {}. Sign in to that desktop and change to a passphrase there, or unlock it with the recovery key; nothing here was changed",
                    secrets.place()
                )
            })
    }
}

fn from_keyring(k: &KeyFile, secrets: &dyn Secrets) -> Result<Key> {
    let id = k.id.as_ref().ok_or_else(wrap::damaged)?;
    match (secrets.load(id), k.elsewhere(secrets)) {
        (Ok(Some(key)), _) => Ok(key),
        (Err(SecretsError::Locked(why)), _) => Err(Error::key(
            KeyTrouble::KeyringLocked,
            format!("the keyring is locked: {why}. Nothing here was changed"),
        )),
        (Ok(None) | Err(SecretsError::Unavailable(_)), Some(says)) => {
            Err(Error::key(KeyTrouble::KeyringChanged, says))
        }
        (Ok(None), None) => Err(Error::key(
            KeyTrouble::EntryGone,
            format!(
                "{} has no entry for this workspace any more. Restore the keyring, or unlock it with the recovery key; nothing here was changed",
                secrets.place()
            ),
        )),
        (Err(e @ SecretsError::Unavailable(_)), None) => Err(Error::key(
            KeyTrouble::KeyringAbsent,
            format!(
                "{e}. Start it and try again, or unlock it with the recovery key; nothing here was changed"
            ),
        )),
        (Err(e @ SecretsError::Damaged(_)), _) => Err(Error::key(
            KeyTrouble::EntryWrong,
            format!("{e}. Unlock it with the recovery key; nothing here was changed"),
        )),
    }
}

/// The key of an existing workspace by its recovery key.
///
/// # Errors
/// [`Error::Key`] when these are not its words.
pub fn recover(dir: &Path, words: &SecretString) -> Result<Key> {
    let k = existing(dir)?;
    let wraps: Vec<&Wrapped> = k.recovery.iter().chain(&k.recovery_new).collect();
    recovery::open(words, &wraps)
}

/// New words for the recovery key. The old ones open the workspace until [`confirm_recovery`].
///
/// # Errors
/// When the key file cannot be written.
pub fn issue_recovery(dir: &Path, key: &Key) -> Result<SecretString> {
    let mut k = existing(dir)?;
    let (words, wrapped) = recovery::issue(key)?;
    k.recovery_new = Some(wrapped);
    k.version = VERSION;
    put(dir, &k)?;
    Ok(words)
}

/// The new words are written down: from now on they, and no older ones, open the workspace.
///
/// # Errors
/// [`Error::Refused`] when no words were issued, or when the key file cannot be written.
pub fn confirm_recovery(dir: &Path) -> Result<()> {
    let mut k = existing(dir)?;
    let new = k
        .recovery_new
        .take()
        .ok_or_else(|| Error::Refused("no new recovery key was made".into()))?;
    k.recovery = Some(new);
    put(dir, &k)
}

/// Make a new key and keep it: in the keyring, or under the passphrase if one is given.
///
/// # Errors
/// [`Error::Key`] when there is neither a keyring nor a passphrase; [`Error::Refused`] over an existing workspace.
pub fn create(dir: &Path, secrets: &dyn Secrets, passphrase: Option<&SecretString>) -> Result<Key> {
    if state(dir)? != State::Fresh {
        return Err(Error::Refused(format!(
            "{} already holds a workspace",
            dir.display()
        )));
    }
    let key: Key = SecretBox::new(Box::new(*wrap::random::<32>()?));
    let keep = passphrase.map_or(Keep::Keyring, Keep::Passphrase);
    put(dir, &kept_so(&key, secrets, &keep, None)?)?;
    Ok(key)
}

/// Keep the key of an open workspace in another way. The recovery key stays as it is.
///
/// # Errors
/// [`Error::Key`] when the keyring does not take it; the old way goes on then.
pub fn change(dir: &Path, key: &Key, secrets: &dyn Secrets, keep: &Keep<'_>) -> Result<()> {
    let before = existing(dir)?;
    put(dir, &kept_so(key, secrets, keep, Some(before))?)
}

fn kept_so(
    key: &Key,
    secrets: &dyn Secrets,
    keep: &Keep<'_>,
    before: Option<KeyFile>,
) -> Result<KeyFile> {
    let (recovery, recovery_new, opened) = before.map_or((None, None, false), |k| {
        (k.recovery, k.recovery_new, k.opened || k.version < 2)
    });
    let mut k = KeyFile {
        backend: Backend::Keyring,
        version: VERSION,
        id: None,
        place: None,
        salt: None,
        memory_kib: None,
        passes: None,
        nonce: None,
        wrapped: None,
        mark: Some(mark(key)),
        opened,
        recovery,
        recovery_new,
    };
    match keep {
        Keep::Keyring => {
            // A new id each time: an entry that is in the way is never overwritten.
            let id = data_encoding::HEXLOWER.encode(&random_id());
            file_in_keyring(&id, key, secrets)?;
            k.id = Some(id);
            k.place = Some(secrets.place());
        }
        Keep::Passphrase(p) => {
            let (s, w) = wrap::with_passphrase(p, key)?;
            let both = serde_json::json!({ "s": s, "w": w });
            let text = |a: &str, b: &str| both[a][b].as_str().map(str::to_owned);
            let count = |b: &str| both["s"][b].as_u64().and_then(|n| u32::try_from(n).ok());
            k.backend = Backend::Passphrase;
            k.salt = text("s", "salt");
            k.memory_kib = count("memory_kib");
            k.passes = count("passes");
            k.nonce = text("w", "nonce");
            k.wrapped = text("w", "wrapped");
        }
    }
    Ok(k)
}

/// File the key and read it back: a keyring that only says yes must not be found out at the next start.
fn file_in_keyring(id: &str, key: &Key, secrets: &dyn Secrets) -> Result<()> {
    let no =
        |trouble, why: String| Error::key(trouble, format!("{why}; choose a passphrase instead"));
    let told = |e: SecretsError| {
        let trouble = match e {
            SecretsError::Locked(_) => KeyTrouble::KeyringLocked,
            _ => KeyTrouble::KeyringAbsent,
        };
        no(trouble, e.to_string())
    };
    secrets.save(id, key).map_err(told)?;
    match secrets.load(id).map_err(told)? {
        Some(back) if back.expose_secret() == key.expose_secret() => Ok(()),
        _ => Err(no(
            KeyTrouble::KeyringAbsent,
            format!("{} did not keep the key", secrets.name()),
        )),
    }
}

/// Put the key file back from the newest backup that has one. Returns whether there was one.
///
/// # Errors
/// When it cannot be written.
pub fn put_back(dir: &Path, from: &Path) -> Result<bool> {
    match std::fs::read(file(from)) {
        Ok(bytes) if serde_json::from_slice::<KeyFile>(&bytes).is_ok() => {
            let bytes = Zeroizing::new(bytes);
            write_whole(&file(dir), &[&bytes])
                .map_err(|e| Error::io(format!("writing {}", file(dir).display()), e))?;
            restrict(&file(dir));
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Only the owner reads it.
#[cfg(unix)]
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}
#[cfg(not(unix))]
fn restrict(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoKeyring;
    impl Secrets for NoKeyring {
        fn name(&self) -> &'static str {
            "no keyring"
        }
        fn load(&self, _: &str) -> std::result::Result<Option<Key>, SecretsError> {
            Err(SecretsError::Unavailable("none".into()))
        }
        fn save(&self, _: &str, _: &Key) -> std::result::Result<(), SecretsError> {
            Err(SecretsError::Unavailable("none".into()))
        }
    }

    #[test]
    fn a_passphrase_opens_what_it_locked_and_another_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let right = SecretString::from("correct horse");
        let key = create(dir.path(), &NoKeyring, Some(&right)).unwrap();
        assert_eq!(
            load(dir.path(), &NoKeyring, Some(&right))
                .unwrap()
                .expose_secret(),
            key.expose_secret()
        );
        assert!(matches!(
            load(
                dir.path(),
                &NoKeyring,
                Some(&SecretString::from("wrong horse"))
            ),
            Err(Error::Key { .. })
        ));
        assert!(matches!(
            load(dir.path(), &NoKeyring, None),
            Err(Error::Key { .. })
        ));
    }

    #[test]
    fn the_key_file_does_not_hold_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let key = create(
            dir.path(),
            &NoKeyring,
            Some(&SecretString::from("correct horse")),
        )
        .unwrap();
        let text = std::fs::read_to_string(dir.path().join("key.json")).unwrap();
        assert!(!text.contains(&data_encoding::HEXLOWER.encode(key.expose_secret())));
    }

    #[test]
    fn without_keyring_and_passphrase_nothing_is_made() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            create(dir.path(), &NoKeyring, None),
            Err(Error::Key { .. })
        ));
        assert_eq!(state(dir.path()).unwrap(), State::Fresh);
    }

    #[test]
    fn a_database_without_its_key_file_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("parley.db"), b"precious").unwrap();
        assert!(matches!(
            create(
                dir.path(),
                &NoKeyring,
                Some(&SecretString::from("correct horse"))
            ),
            Err(Error::Key { .. })
        ));
        assert_eq!(
            std::fs::read(dir.path().join("parley.db")).unwrap(),
            b"precious"
        );
    }

    /// A keyring in memory, of one desktop.
    #[derive(Default)]
    struct Ring {
        desktop: &'static str,
        held: std::sync::Mutex<std::collections::BTreeMap<String, [u8; 32]>>,
        says: std::sync::Mutex<Option<SecretsError>>,
    }
    impl Secrets for Ring {
        fn name(&self) -> &'static str {
            "the keyring"
        }
        fn place(&self) -> String {
            format!("the keyring of {}", self.desktop)
        }
        fn load(&self, id: &str) -> std::result::Result<Option<Key>, SecretsError> {
            if let Some(e) = self.says.lock().unwrap().clone() {
                return Err(e);
            }
            let held = self.held.lock().unwrap().get(id).copied();
            Ok(held.map(|k| SecretBox::new(Box::new(k))))
        }
        fn save(&self, id: &str, key: &Key) -> std::result::Result<(), SecretsError> {
            if let Some(e) = self.says.lock().unwrap().clone() {
                return Err(e);
            }
            self.held
                .lock()
                .unwrap()
                .insert(id.into(), *key.expose_secret());
            Ok(())
        }
    }

    fn trouble(r: Result<Key>) -> KeyTrouble {
        match r {
            Err(Error::Key { trouble, says }) => {
                assert!(!says.is_empty());
                trouble
            }
            other => panic!("{:?}", other.map(|_| ())),
        }
    }

    #[test]
    fn each_state_of_a_keyring_is_told_apart_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Ring {
            desktop: "GNOME",
            ..Ring::default()
        };
        let key = create(dir.path(), &ring, None).unwrap();
        let before = std::fs::read(file(dir.path())).unwrap();
        let ask = |r: &Ring| trouble(load(dir.path(), r, None));
        *ring.says.lock().unwrap() = Some(SecretsError::Locked("x".into()));
        assert_eq!(ask(&ring), KeyTrouble::KeyringLocked);
        *ring.says.lock().unwrap() = Some(SecretsError::Unavailable("x".into()));
        assert_eq!(ask(&ring), KeyTrouble::KeyringAbsent);
        *ring.says.lock().unwrap() = Some(SecretsError::Damaged("x".into()));
        assert_eq!(ask(&ring), KeyTrouble::EntryWrong);
        *ring.says.lock().unwrap() = None;
        let kde = Ring {
            desktop: "KDE",
            ..Ring::default()
        };
        assert_eq!(ask(&kde), KeyTrouble::KeyringChanged);
        for held in ring.held.lock().unwrap().values_mut() {
            held[0] ^= 1;
        }
        assert_eq!(ask(&ring), KeyTrouble::EntryWrong, "another key");
        let mine = std::mem::take(&mut *ring.held.lock().unwrap());
        assert_eq!(ask(&ring), KeyTrouble::EntryGone);
        *ring.held.lock().unwrap() = mine
            .into_iter()
            .map(|(i, mut k)| {
                k[0] ^= 1;
                (i, k)
            })
            .collect();
        let again = load(dir.path(), &ring, None).unwrap();
        assert_eq!(again.expose_secret(), key.expose_secret());
        assert_eq!(std::fs::read(file(dir.path())).unwrap(), before);
    }

    #[test]
    fn new_words_replace_the_old_ones_once_they_are_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Ring::default();
        let key = create(dir.path(), &ring, None).unwrap();
        assert_eq!(recovery(dir.path()).unwrap(), Recovery::None);
        let first = issue_recovery(dir.path(), &key).unwrap();
        assert_eq!(recovery(dir.path()).unwrap(), Recovery::Shown);
        confirm_recovery(dir.path()).unwrap();
        assert_eq!(recovery(dir.path()).unwrap(), Recovery::Set);
        let second = issue_recovery(dir.path(), &key).unwrap();
        assert!(recover(dir.path(), &first).is_ok(), "not written down yet");
        confirm_recovery(dir.path()).unwrap();
        assert_eq!(trouble(recover(dir.path(), &first)), KeyTrouble::WordsWrong);
        let back = recover(dir.path(), &second).unwrap();
        assert_eq!(back.expose_secret(), key.expose_secret());
        let text = std::fs::read_to_string(file(dir.path())).unwrap();
        assert!(
            second
                .expose_secret()
                .split(' ')
                .filter(|w| w.len() > 6)
                .all(|w| !text.contains(w))
        );
    }

    #[test]
    fn the_way_to_keep_the_key_can_be_changed_there_and_back() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Ring::default();
        let key = create(dir.path(), &ring, None).unwrap();
        let words = issue_recovery(dir.path(), &key).unwrap();
        note_opened(dir.path(), &key).unwrap();
        let phrase = SecretString::from("correct horse");
        change(dir.path(), &key, &ring, &Keep::Passphrase(&phrase)).unwrap();
        assert_eq!(state(dir.path()).unwrap(), State::Passphrase);
        assert!(load(dir.path(), &NoKeyring, Some(&phrase)).is_ok());
        assert_eq!(
            trouble(load(dir.path(), &ring, None)),
            KeyTrouble::PassphraseWanted
        );
        change(dir.path(), &key, &NoKeyring, &Keep::Keyring).unwrap_err();
        assert_eq!(
            state(dir.path()).unwrap(),
            State::Passphrase,
            "the old way goes on"
        );
        change(dir.path(), &key, &ring, &Keep::Keyring).unwrap();
        assert_eq!(
            load(dir.path(), &ring, None).unwrap().expose_secret(),
            key.expose_secret()
        );
        assert!(recover(dir.path(), &words).is_ok() && was_opened(dir.path()).unwrap());
    }

    #[test]
    fn key_files_of_the_first_version_are_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            file(dir.path()),
            br#"{"backend":"keyring","version":1,"id":"ab"}"#,
        )
        .unwrap();
        let ring = Ring::default();
        ring.held.lock().unwrap().insert("ab".into(), [5; 32]);
        let key = load(dir.path(), &ring, None).unwrap();
        assert!(was_opened(dir.path()).unwrap() && !is_certain(dir.path(), &key));
        note_opened(dir.path(), &key).unwrap();
        assert!(is_certain(dir.path(), &key));
        std::fs::write(
            file(dir.path()),
            br#"{"backend":"keyring","version":9,"id":"ab"}"#,
        )
        .unwrap();
        assert!(matches!(state(dir.path()), Err(Error::Newer { .. })));
    }
}
