//! The workspace's key: in the system's keyring, or wrapped under a passphrase (Argon2id). Never in the clear.

use super::files::write_whole;
use crate::error::{Error, Result};
use crate::model::random_id;
use crate::secrets::{Key, Secrets, SecretsError};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// 64 MiB, three passes, one lane (`security.md` §4).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;

/// How the key is kept; stands in `key.json` beside the database and holds no key in the clear.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "backend", rename_all = "snake_case", deny_unknown_fields)]
enum Kept {
    /// The keyring holds it under `id`.
    Keyring { version: u32, id: String },
    /// Wrapped under a passphrase.
    Passphrase {
        version: u32,
        salt: String,
        memory_kib: u32,
        passes: u32,
        nonce: String,
        wrapped: String,
    },
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

fn file(dir: &Path) -> PathBuf {
    dir.join("key.json")
}

fn kept(dir: &Path) -> Result<Option<Kept>> {
    let path = file(dir);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| {
            Error::Corrupt(format!(
                "{} cannot be read ({e}); restore it from a backup of this folder",
                path.display()
            ))
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(format!("reading {}", path.display()), e)),
    }
}

/// How the workspace in `dir` is locked.
///
/// # Errors
/// When the folder cannot be read, or a database lies there without its key file: never is a new one made over it.
pub fn state(dir: &Path) -> Result<State> {
    match kept(dir)? {
        Some(Kept::Keyring { .. }) => Ok(State::Keyring),
        Some(Kept::Passphrase { .. }) => Ok(State::Passphrase),
        None if dir.join("parley.db").exists() => Err(Error::Locked(format!(
            "{} holds a database but not its key file key.json; put that file back from a backup, or choose another folder",
            dir.display()
        ))),
        None => Ok(State::Fresh),
    }
}

/// The key of an existing workspace.
///
/// # Errors
/// [`Error::Locked`] when the keyring or the passphrase does not give it; the text says which and what to do.
pub fn load(dir: &Path, secrets: &dyn Secrets, passphrase: Option<&SecretString>) -> Result<Key> {
    match kept(dir)? {
        None => Err(Error::NotFound("this workspace".into())),
        Some(Kept::Keyring { id, .. }) => match secrets.load(&id) {
            Ok(Some(key)) => Ok(key),
            Ok(None) => Err(Error::Locked(format!(
                "{} has no entry for this workspace any more; restore the keyring, nothing here was changed",
                secrets.name()
            ))),
            Err(e) => Err(Error::Locked(format!(
                "{e}; unlock it and try again, nothing here was changed"
            ))),
        },
        Some(Kept::Passphrase {
            salt,
            memory_kib,
            passes,
            nonce,
            wrapped,
            ..
        }) => {
            let phrase = passphrase
                .ok_or_else(|| Error::Locked("this workspace opens with its passphrase".into()))?;
            unwrap(phrase, &salt, memory_kib, passes, &nonce, &wrapped)
        }
    }
}

/// Make a new key and keep it: in the keyring, or under the passphrase if one is given.
///
/// # Errors
/// [`Error::Locked`] when there is neither a keyring nor a passphrase; [`Error::Refused`] over an existing workspace.
pub fn create(dir: &Path, secrets: &dyn Secrets, passphrase: Option<&SecretString>) -> Result<Key> {
    if state(dir)? != State::Fresh {
        return Err(Error::Refused(format!(
            "{} already holds a workspace",
            dir.display()
        )));
    }
    let mut raw = Zeroizing::new([0u8; 32]);
    getrandom::fill(&mut *raw)
        .map_err(|_| Error::Internal("the system gives no random bytes".into()))?;
    let key: Key = SecretBox::new(Box::new(*raw));
    let kept = match passphrase {
        Some(p) => wrap(p, &key)?,
        None => {
            let id = data_encoding::HEXLOWER.encode(&random_id());
            secrets.save(&id, &key).map_err(|e: SecretsError| {
                Error::Locked(format!("{e}; choose a passphrase instead"))
            })?;
            Kept::Keyring { version: 1, id }
        }
    };
    let json = serde_json::to_vec_pretty(&kept).map_err(|e| Error::Internal(e.to_string()))?;
    write_whole(&file(dir), &[&json])
        .map_err(|e| Error::io(format!("writing {}", file(dir).display()), e))?;
    restrict(&file(dir));
    Ok(key)
}

/// Only the owner reads it.
#[cfg(unix)]
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}
#[cfg(not(unix))]
fn restrict(_path: &Path) {}

fn stretch(
    phrase: &SecretString,
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
) -> Result<Zeroizing<[u8; 32]>> {
    // Bounds keep a tampered file from asking for all memory.
    let params = argon2::Params::new(
        memory_kib.clamp(8 * 1024, 1024 * 1024),
        passes.clamp(1, 16),
        1,
        Some(32),
    )
    .map_err(|e| Error::Internal(e.to_string()))?;
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut out = Zeroizing::new([0u8; 32]);
    argon
        .hash_password_into(phrase.expose_secret().as_bytes(), salt, &mut *out)
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(out)
}

fn wrap(phrase: &SecretString, key: &Key) -> Result<Kept> {
    if phrase.expose_secret().chars().count() < 8 {
        return Err(Error::Invalid(
            "choose a passphrase of at least 8 characters".into(),
        ));
    }
    let (mut salt, mut nonce) = ([0u8; 16], [0u8; 24]);
    for b in [&mut salt[..], &mut nonce[..]] {
        getrandom::fill(b)
            .map_err(|_| Error::Internal("the system gives no random bytes".into()))?;
    }
    let kek = stretch(phrase, &salt, MEMORY_KIB, PASSES)?;
    let wrapped = XChaCha20Poly1305::new(&(*kek).into())
        .encrypt(&XNonce::from(nonce), &key.expose_secret()[..])
        .map_err(|_| Error::Internal("the key could not be wrapped".into()))?;
    let hex = |b: &[u8]| data_encoding::HEXLOWER.encode(b);
    Ok(Kept::Passphrase {
        version: 1,
        salt: hex(&salt),
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        nonce: hex(&nonce),
        wrapped: hex(&wrapped),
    })
}

fn unwrap(
    phrase: &SecretString,
    salt: &str,
    memory_kib: u32,
    passes: u32,
    nonce: &str,
    wrapped: &str,
) -> Result<Key> {
    let damaged =
        || Error::Corrupt("key.json is damaged; restore it from a backup of this folder".into());
    let bytes = |s: &str| {
        data_encoding::HEXLOWER
            .decode(s.as_bytes())
            .map_err(|_| damaged())
    };
    let kek = stretch(phrase, &bytes(salt)?, memory_kib, passes)?;
    let nonce: [u8; 24] = bytes(nonce)?.try_into().map_err(|_| damaged())?;
    let raw = XChaCha20Poly1305::new(&(*kek).into())
        .decrypt(&XNonce::from(nonce), &bytes(wrapped)?[..])
        .map_err(|_| Error::Locked("this is not the passphrase of this workspace".into()))?;
    let raw = Zeroizing::new(raw);
    let key: [u8; 32] = raw.as_slice().try_into().map_err(|_| damaged())?;
    Ok(SecretBox::new(Box::new(key)))
}

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
            Err(Error::Locked(_))
        ));
        assert!(matches!(
            load(dir.path(), &NoKeyring, None),
            Err(Error::Locked(_))
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
            Err(Error::Locked(_))
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
            Err(Error::Locked(_))
        ));
        assert_eq!(
            std::fs::read(dir.path().join("parley.db")).unwrap(),
            b"precious"
        );
    }
}
