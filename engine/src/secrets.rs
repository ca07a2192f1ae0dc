//! Where the workspace's key is kept: the keyring of the operating system, or a passphrase.

use secrecy::SecretBox;

/// A raw 256-bit key.
pub type Key = SecretBox<[u8; 32]>;

/// Why a keyring could not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretsError {
    /// No keyring service runs in this session.
    #[error("no keyring service is available in this session: {0}")]
    Unavailable(String),
    /// The keyring is there but locked, or the person refused to unlock it.
    #[error("the keyring is locked: {0}")]
    Locked(String),
    /// The keyring answered with something that is no key.
    #[error("the keyring's entry is not a Parley key: {0}")]
    Damaged(String),
}

/// A store of small secrets outside the database. Calls may block for as long as a person needs to
/// answer a prompt: never call them on an async thread.
pub trait Secrets: Send + Sync + 'static {
    /// What to call this store in words ("the system keyring").
    fn name(&self) -> &'static str;
    /// Which of several stores of this kind it is, as a person knows it ("the keyring of GNOME"): another desktop has
    /// another one, and a key that was filed there is not here.
    fn place(&self) -> String {
        self.name().to_owned()
    }
    /// The key filed under `id`, or `None` when the store works and has no such entry.
    ///
    /// # Errors
    /// When the store cannot be asked.
    fn load(&self, id: &str) -> Result<Option<Key>, SecretsError>;
    /// File `key` under `id`.
    ///
    /// # Errors
    /// When the store cannot keep it.
    fn save(&self, id: &str, key: &Key) -> Result<(), SecretsError>;
}
