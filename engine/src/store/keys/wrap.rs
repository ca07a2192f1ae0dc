//! A key wrapped under another: XChaCha20-Poly1305, the other one stretched from a passphrase by Argon2id.

use crate::error::{Error, KeyTrouble, Result};
use crate::secrets::Key;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// 64 MiB, three passes, one lane (`security.md` §4).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// Shorter ones are guessed too fast even so.
const SHORTEST: usize = 8;

/// A wrapped key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrapped {
    nonce: String,
    wrapped: String,
}

/// How a passphrase was stretched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stretch {
    salt: String,
    memory_kib: u32,
    passes: u32,
}

pub(super) fn damaged() -> Error {
    Error::key(
        KeyTrouble::KeyFileDamaged,
        "key.json is damaged; put it back from a backup of this folder (each folder in backups holds a copy)",
    )
}

pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut out = Zeroizing::new([0u8; N]);
    getrandom::fill(&mut *out)
        .map_err(|_| Error::Internal("the system gives no random bytes".into()))?;
    Ok(out)
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    data_encoding::HEXLOWER
        .decode(hex.as_bytes())
        .map_err(|_| damaged())
}

fn hex(b: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(b)
}

/// Wrap `key` under `with`.
pub(super) fn seal(with: &[u8; 32], key: &Key) -> Result<Wrapped> {
    let nonce = random::<24>()?;
    let wrapped = XChaCha20Poly1305::new(&(*with).into())
        .encrypt(&XNonce::from(*nonce), &key.expose_secret()[..])
        .map_err(|_| Error::Internal("the key could not be wrapped".into()))?;
    Ok(Wrapped {
        nonce: hex(&*nonce),
        wrapped: hex(&wrapped),
    })
}

/// What was wrapped; `None` when it was under another key.
pub(super) fn open(with: &[u8; 32], w: &Wrapped) -> Result<Option<Key>> {
    let nonce: [u8; 24] = bytes(&w.nonce)?.try_into().map_err(|_| damaged())?;
    let Ok(raw) = XChaCha20Poly1305::new(&(*with).into())
        .decrypt(&XNonce::from(nonce), &bytes(&w.wrapped)?[..])
    else {
        return Ok(None);
    };
    let raw = Zeroizing::new(raw);
    let key: [u8; 32] = raw.as_slice().try_into().map_err(|_| damaged())?;
    Ok(Some(SecretBox::new(Box::new(key))))
}

fn stretch(phrase: &SecretString, s: &Stretch) -> Result<Zeroizing<[u8; 32]>> {
    // Bounds keep a tampered file from asking for all memory.
    let params = argon2::Params::new(
        s.memory_kib.clamp(8 * 1024, 1024 * 1024),
        s.passes.clamp(1, 16),
        1,
        Some(32),
    )
    .map_err(|e| Error::Internal(e.to_string()))?;
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut out = Zeroizing::new([0u8; 32]);
    argon
        .hash_password_into(
            phrase.expose_secret().as_bytes(),
            &bytes(&s.salt)?,
            &mut *out,
        )
        .map_err(|e| Error::Internal(e.to_string()))?;
    Ok(out)
}

/// Wrap `key` under a passphrase.
pub(super) fn with_passphrase(phrase: &SecretString, key: &Key) -> Result<(Stretch, Wrapped)> {
    if phrase.expose_secret().chars().count() < SHORTEST {
        return Err(Error::Invalid(format!(
            "choose a passphrase of at least {SHORTEST} characters"
        )));
    }
    let s = Stretch {
        salt: hex(&*random::<16>()?),
        memory_kib: MEMORY_KIB,
        passes: PASSES,
    };
    let w = seal(&*stretch(phrase, &s)?, key)?;
    Ok((s, w))
}

/// The key under a passphrase.
pub(super) fn by_passphrase(phrase: &SecretString, s: &Stretch, w: &Wrapped) -> Result<Key> {
    open(&*stretch(phrase, s)?, w)?.ok_or_else(|| {
        Error::key(
            KeyTrouble::PassphraseWrong,
            "this is not the passphrase of this workspace; check Caps Lock and the keyboard layout, or unlock it with the recovery key",
        )
    })
}
