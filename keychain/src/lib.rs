//! The keyring of the operating system as the engine's store of secrets: Secret Service on Linux, Keychain on
//! macOS, Credential Manager on Windows.
//!
//! The key is filed as 64 hexadecimal digits, because some keyrings show or copy entries as text. Every answer
//! comes within a bounded time: a prompt that nobody answers must end in words, not in a window that hangs.

use keyring::{Entry, Error as KeyringError};
use parley_engine::secrets::{Key, Secrets, SecretsError};
use secrecy::zeroize::{Zeroize, Zeroizing};
use secrecy::{ExposeSecret, SecretBox};
use std::sync::mpsc;
use std::time::Duration;

/// The service under which entries are filed; the entry's user is the id of the workspace.
pub const SERVICE: &str = "app.parley.desktop";

/// The variable that switches the keyring off when it is set to `off`.
pub const SWITCH: &str = "PARLEY_KEYRING";

/// How long a person has to answer the keyring's own prompt before Parley says that it is waiting in vain.
const PATIENCE: Duration = Duration::from_secs(30);

/// The system's keyring.
#[derive(Debug, Clone)]
pub struct Keychain {
    off: bool,
    patience: Duration,
}

impl Default for Keychain {
    fn default() -> Self {
        Self::new()
    }
}

impl Keychain {
    /// The keyring, unless the environment says `PARLEY_KEYRING=off`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            off: std::env::var_os(SWITCH).is_some_and(|v| v.eq_ignore_ascii_case("off")),
            patience: PATIENCE,
        }
    }

    /// A keyring that is switched off: every answer is [`SecretsError::Unavailable`].
    #[must_use]
    pub fn off() -> Self {
        Self {
            off: true,
            patience: PATIENCE,
        }
    }

    /// The same keyring with another bound on how long an answer may take.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Runs `ask` on its own thread: the system's calls block while a prompt is open and cannot be cancelled,
    /// and their D-Bus client must not run on a thread of an async runtime. A late answer is dropped.
    fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce() -> Result<T, SecretsError> + Send + 'static,
    ) -> Result<T, SecretsError> {
        if self.off {
            return Err(SecretsError::Unavailable(format!(
                "it is switched off by {SWITCH}=off"
            )));
        }
        let (tell, answer) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("keyring".into())
            .spawn(move || {
                // Nobody listens any more when the wait has ended; that is no error here.
                let _ = tell.send(ask());
            })
            .map_err(|e| {
                SecretsError::Unavailable(format!("no thread could be started to ask it: {e}"))
            })?;
        match answer.recv_timeout(self.patience) {
            Ok(answered) => answered,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                tracing::warn!(
                    seconds = self.patience.as_secs(),
                    "the keyring did not answer"
                );
                Err(SecretsError::Locked(format!(
                    "it did not answer within {} s; unlock it (its prompt may be hidden behind another window) and try again",
                    self.patience.as_secs()
                )))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(SecretsError::Unavailable(
                "its client stopped without an answer".into(),
            )),
        }
    }
}

impl Secrets for Keychain {
    fn name(&self) -> &'static str {
        "the system keyring"
    }

    fn place(&self) -> String {
        // A Secret Service is one per desktop: the key that GNOME's keyring holds is not in KDE's wallet.
        let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
        match desktop.rsplit(':').next().map(str::trim) {
            Some(d) if cfg!(target_os = "linux") && !d.is_empty() => format!("the keyring of {d}"),
            _ => "the system keyring".to_owned(),
        }
    }

    fn load(&self, id: &str) -> Result<Option<Key>, SecretsError> {
        let id = id.to_owned();
        self.ask(move || match entry(&id)?.get_secret() {
            Ok(bytes) => decode(&Zeroizing::new(bytes)).map(Some),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(e) => Err(say(e)),
        })
    }

    fn save(&self, id: &str, key: &Key) -> Result<(), SecretsError> {
        let id = id.to_owned();
        let text = encode(key);
        self.ask(move || entry(&id)?.set_secret(text.as_bytes()).map_err(say))
    }
}

fn entry(id: &str) -> Result<Entry, SecretsError> {
    // `Entry::new` hides why the keyring could not be reached; its status keeps the reason.
    if let Err(e) = Entry::store_status() {
        return Err(SecretsError::Unavailable(format!(
            "{e}; start one and open Parley again, or use a passphrase"
        )));
    }
    Entry::new(SERVICE, id).map_err(say)
}

/// The keyring's error in the engine's terms. Never prints what an entry holds.
fn say(e: KeyringError) -> SecretsError {
    match e {
        KeyringError::NoStorageAccess(why) => {
            SecretsError::Locked(format!("{why}; unlock it and try again"))
        }
        KeyringError::BadEncoding(mut held) => {
            held.zeroize();
            SecretsError::Damaged("it is not text".into())
        }
        KeyringError::BadDataFormat(mut held, why) => {
            held.zeroize();
            SecretsError::Damaged(why.to_string())
        }
        KeyringError::BadStoreFormat(why) => SecretsError::Damaged(why),
        KeyringError::Ambiguous(all) => SecretsError::Damaged(format!(
            "there are {} entries for this workspace where one was filed; remove the wrong ones from {SERVICE}",
            all.len()
        )),
        KeyringError::PlatformFailure(why) if speaks_of_a_lock(&why.to_string()) => {
            SecretsError::Locked(format!("{why}; unlock it and try again"))
        }
        other => SecretsError::Unavailable(other.to_string()),
    }
}

/// Secret Service reports a locked collection on some paths only as a D-Bus error of this name.
fn speaks_of_a_lock(why: &str) -> bool {
    why.contains("IsLocked") || why.contains("Cannot create an item in a locked collection")
}

fn encode(key: &Key) -> Zeroizing<String> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // With room for all of it from the start, growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in key.expose_secret() {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn decode(text: &[u8]) -> Result<Key, SecretsError> {
    let damaged = || {
        SecretsError::Damaged(format!(
            "it has {} bytes where 64 hexadecimal digits were filed",
            text.len()
        ))
    };
    if text.len() != 64 {
        return Err(damaged());
    }
    let mut key = Zeroizing::new([0u8; 32]);
    for (byte, pair) in key.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])
            .zip(digit(pair[1]))
            .map(|(high, low)| high << 4 | low)
            .ok_or_else(damaged)?;
    }
    Ok(SecretBox::new(Box::new(*key)))
}

fn digit(c: u8) -> Option<u8> {
    char::from(c)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        SecretBox::new(Box::new([byte; 32]))
    }

    #[test]
    fn a_key_survives_its_written_form() {
        let mut bytes = [0u8; 32];
        for (i, b) in bytes.iter_mut().enumerate() {
            *b = u8::try_from(i * 8).unwrap();
        }
        let text = encode(&SecretBox::new(Box::new(bytes)));
        assert!(text.starts_with("000810"));
        let back = decode(text.as_bytes()).unwrap();
        assert_eq!(back.expose_secret(), &bytes);
    }

    #[test]
    fn an_entry_that_is_no_key_is_damaged_and_not_told() {
        for wrong in [&b"hunter2"[..], &[b'g'; 64][..], &[b'0'; 65][..], b""] {
            let e = decode(wrong).unwrap_err();
            assert!(matches!(&e, SecretsError::Damaged(_)));
            assert!(
                wrong.is_empty()
                    || !e
                        .to_string()
                        .contains(&String::from_utf8_lossy(wrong).into_owned())
            );
        }
    }

    #[test]
    fn a_keyring_that_is_switched_off_says_so_at_once() {
        let off = Keychain::off();
        assert!(
            matches!(off.load("w"), Err(SecretsError::Unavailable(why)) if why.contains(SWITCH))
        );
        assert!(matches!(
            off.save("w", &key(1)),
            Err(SecretsError::Unavailable(_))
        ));
    }

    #[test]
    fn a_prompt_that_nobody_answers_ends_in_words() {
        let hasty = Keychain {
            off: false,
            patience: Duration::from_millis(50),
        };
        let (open, prompt) = mpsc::channel::<()>();
        let answer = hasty.ask(move || {
            let _ = prompt.recv();
            Ok(())
        });
        assert!(matches!(answer, Err(SecretsError::Locked(why)) if why.contains("did not answer")));
        drop(open);
    }

    #[test]
    fn every_kind_of_failure_is_told_apart() {
        let box_up = |s: &str| Box::<dyn std::error::Error + Send + Sync>::from(s.to_owned());
        assert!(matches!(
            say(KeyringError::NoStorageAccess(box_up("dismissed"))),
            SecretsError::Locked(_)
        ));
        assert!(matches!(
            say(KeyringError::PlatformFailure(box_up(
                "org.freedesktop.Secret.Error.IsLocked"
            ))),
            SecretsError::Locked(_)
        ));
        assert!(matches!(
            say(KeyringError::PlatformFailure(box_up("no bus"))),
            SecretsError::Unavailable(_)
        ));
        assert!(matches!(
            say(KeyringError::BadEncoding(vec![0xff])),
            SecretsError::Damaged(_)
        ));
        assert!(matches!(
            say(KeyringError::NoDefaultStore),
            SecretsError::Unavailable(_)
        ));
    }
}
