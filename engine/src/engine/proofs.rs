//! What accounts prove with who they are: made from what is stored, shared by all connections of an account, and kept
//! when it was renewed.

use super::lock;
use crate::connectors::email::oauth::{Flows, Keeper, TokenSet, Tokens};
use crate::connectors::{Credentials, Password, Proof, Result};
use crate::model::{AccountConfig, AccountId, Auth, ChannelError, Remedy};
use crate::store::{Store, accounts};
use async_trait::async_trait;
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// The proofs of all accounts of one process.
pub struct Proofs {
    store: Arc<Store>,
    flows: Arc<Flows>,
    tokens: Mutex<HashMap<AccountId, Weak<Tokens>>>,
}

impl Proofs {
    pub(super) fn new(store: Arc<Store>, flows: Arc<Flows>) -> Self {
        Self {
            store,
            flows,
            tokens: Mutex::default(),
        }
    }

    /// Those of a stored account. All its connections get the same tokens, so that one renewal serves all.
    #[must_use]
    pub fn stored(
        &self,
        id: AccountId,
        config: &AccountConfig,
        secret: SecretString,
    ) -> Arc<dyn Credentials> {
        let AccountConfig::Email(e) = config else {
            return Arc::new(Stored::new(Arc::clone(&self.store), id, secret));
        };
        let set = TokenSet::read(&secret);
        let Auth::Oauth { .. } = e.auth else {
            return match set {
                Some(_) => Arc::new(Nothing(ENTER)),
                None => Arc::new(Password(secret)),
            };
        };
        let mut all = lock(&self.tokens);
        if let Some(known) = all.get(&id).and_then(Weak::upgrade) {
            return known;
        }
        let Some(set) = set else {
            return Arc::new(Nothing(SIGN_IN));
        };
        let keeper = Kept {
            store: Arc::clone(&self.store),
            id,
            last: Mutex::new(secret),
        };
        match self.tokens(&e.auth, set, Some(Arc::new(keeper))) {
            Ok(tokens) => {
                let tokens = Arc::new(tokens);
                all.insert(id, Arc::downgrade(&tokens));
                tokens
            }
            Err(e) => Arc::new(Failed(e)),
        }
    }

    /// Those that a sign-in at a provider's page has brought and that are not stored yet.
    ///
    /// # Errors
    /// When that sign-in is over, or was for another provider or client.
    pub fn of_flow(&self, config: &AccountConfig, flow: &str) -> Result<Arc<dyn Credentials>> {
        let set = self.brought(config, flow)?;
        let AccountConfig::Email(e) = config else {
            return Err(missing(ENTER));
        };
        let keeper = InFlow {
            flows: Arc::clone(&self.flows),
            flow: flow.to_owned(),
        };
        Ok(Arc::new(self.tokens(
            &e.auth,
            set,
            Some(Arc::new(keeper)),
        )?))
    }

    /// What to store of a sign-in at a provider's page.
    ///
    /// # Errors
    /// When that sign-in is over, or was for another provider or client.
    pub fn secret_of_flow(&self, config: &AccountConfig, flow: &str) -> Result<SecretString> {
        self.brought(config, flow).map(|set| set.secret())
    }

    fn brought(&self, config: &AccountConfig, flow: &str) -> Result<TokenSet> {
        let set = match config.email().map(|e| &e.auth) {
            Some(Auth::Oauth {
                provider,
                client_id,
                ..
            }) => self.flows.brought(flow, *provider, client_id),
            _ => None,
        };
        set.ok_or_else(|| {
            missing(
                "This sign-in is over, or was for another provider or client id. Sign in again.",
            )
        })
    }

    fn tokens(
        &self,
        auth: &Auth,
        set: TokenSet,
        keeper: Option<Arc<dyn Keeper>>,
    ) -> Result<Tokens> {
        let Auth::Oauth {
            provider,
            client_id,
            tenant,
        } = auth
        else {
            return Err(missing(ENTER));
        };
        let issuer = self.flows.issuer(*provider, tenant)?;
        let clock = Arc::clone(self.store.clock());
        Ok(Tokens::new(issuer, client_id, set, clock, keeper))
    }

    /// The account was changed: the next connection begins with what is stored then.
    pub fn forget(&self, id: AccountId) {
        lock(&self.tokens).remove(&id);
    }
}

const ENTER: &str = "The password is missing. Enter it in the account's settings.";
const SIGN_IN: &str =
    "Nobody has signed in yet. Sign in with the provider in the account's settings.";

fn missing(what: &str) -> ChannelError {
    ChannelError::new(Remedy::Reconnect, "login", what)
}

/// A stored secret that its connector may renew.
struct Stored {
    store: Arc<Store>,
    id: AccountId,
    now: Mutex<SecretString>,
}

impl Stored {
    fn new(store: Arc<Store>, id: AccountId, secret: SecretString) -> Self {
        Self {
            store,
            id,
            now: Mutex::new(secret),
        }
    }
}

#[async_trait]
impl Credentials for Stored {
    async fn proof(&self, _refused: Option<&Proof>) -> Result<Proof> {
        Ok(Proof::Password(lock(&self.now).clone()))
    }

    async fn keep(&self, renewed: SecretString) -> Result<()> {
        let (id, old, new) = (self.id, lock(&self.now).clone(), renewed.clone());
        let kept = self
            .store
            .write(move |tx| accounts::replace_secret(tx, id, &old, &new))
            .await;
        match kept {
            Ok(true) => {
                *lock(&self.now) = renewed;
                Ok(())
            }
            Ok(false) => {
                // Another connection of this account, or a person, was first: theirs is used from now on.
                let theirs = self.store.read(move |c| accounts::secret(c, id)).await;
                if let Ok(theirs) = theirs {
                    *lock(&self.now) = theirs;
                }
                Ok(())
            }
            Err(e) => Err(ChannelError::new(
                Remedy::Retry,
                "token",
                format!("The renewed sign-in could not be kept: {e}."),
            )),
        }
    }
}

/// A secret that is only tried, and forgotten with what renewed it.
pub struct Tried(Mutex<SecretString>);

impl Tried {
    /// With this secret.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self(Mutex::new(secret))
    }

    /// The secret as it stands after the try.
    #[must_use]
    pub fn secret(&self) -> SecretString {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl Credentials for Tried {
    async fn proof(&self, _refused: Option<&Proof>) -> Result<Proof> {
        Ok(Proof::Password(self.secret()))
    }

    async fn keep(&self, renewed: SecretString) -> Result<()> {
        *lock(&self.0) = renewed;
        Ok(())
    }
}

/// Nothing to prove with.
struct Nothing(&'static str);

#[async_trait]
impl Credentials for Nothing {
    async fn proof(&self, _refused: Option<&Proof>) -> Result<Proof> {
        Err(missing(self.0))
    }
}

/// Settings that cannot work.
struct Failed(ChannelError);

#[async_trait]
impl Credentials for Failed {
    async fn proof(&self, _refused: Option<&Proof>) -> Result<Proof> {
        Err(self.0.clone())
    }
}

/// Keeps a renewed sign-in in the account's row, unless somebody has signed in anew meanwhile.
struct Kept {
    store: Arc<Store>,
    id: AccountId,
    last: Mutex<SecretString>,
}

#[async_trait]
impl Keeper for Kept {
    async fn keep(&self, secret: SecretString) -> std::result::Result<(), String> {
        let (id, old, new) = (self.id, lock(&self.last).clone(), secret.clone());
        let kept = self
            .store
            .write(move |tx| accounts::replace_secret(tx, id, &old, &new))
            .await
            .map_err(|e| e.to_string())?;
        if !kept {
            return Err("somebody signed in anew".into());
        }
        *lock(&self.last) = secret;
        Ok(())
    }
}

struct InFlow {
    flows: Arc<Flows>,
    flow: String,
}

#[async_trait]
impl Keeper for InFlow {
    async fn keep(&self, secret: SecretString) -> std::result::Result<(), String> {
        self.flows.renewed(&self.flow, &secret);
        Ok(())
    }
}
