//! An account's tokens: one holder, one renewal at a time, and nothing used that has not been kept.

use super::exchange::{self, Post};
use super::{Issuer, TokenSet};
use crate::connectors::email::net::retry;
use crate::connectors::{Credentials, Proof, Result};
use crate::model::{ChannelError, Remedy};
use crate::time::{Clock, Millis, SECOND};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio::sync::Mutex;

/// A token is renewed this long before it runs out, so that it lasts through one exchange.
const EARLY: Millis = 90 * SECOND;

/// Keeps a renewed sign-in where the old one was.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// Keep it. The error says why it could not be kept.
    async fn keep(&self, secret: SecretString) -> std::result::Result<(), String>;
}

/// The tokens of one account.
pub struct Tokens {
    issuer: Issuer,
    client_id: String,
    clock: Arc<dyn Clock>,
    keeper: Option<Arc<dyn Keeper>>,
    state: Mutex<State>,
}

struct State {
    set: TokenSet,
    /// Renewed, but the disk did not take it yet.
    unkept: bool,
    /// The provider's last word: only a person can go on from here.
    ended: Option<ChannelError>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.issuer.name)
    }
}

impl Tokens {
    /// The tokens of a sign-in. Without a keeper they are only tried, such as before an account is connected.
    #[must_use]
    pub fn new(
        issuer: Issuer,
        client_id: &str,
        set: TokenSet,
        clock: Arc<dyn Clock>,
        keeper: Option<Arc<dyn Keeper>>,
    ) -> Self {
        Self {
            issuer,
            client_id: client_id.to_owned(),
            clock,
            keeper,
            state: Mutex::new(State {
                set,
                unkept: false,
                ended: None,
            }),
        }
    }

    async fn renew(&self, state: &mut State) -> Result<()> {
        if let Some(e) = &state.ended {
            return Err(e.clone());
        }
        let secret = state.set.client_secret.clone();
        let client = exchange::client(
            &self.issuer,
            &self.client_id,
            secret.clone().map(SecretString::from).as_ref(),
        );
        let old = state.set.refresh_token.clone();
        let answer = Post::new(&self.issuer)?
            .refresh(&client, &old, self.issuer.scopes())
            .await;
        match answer {
            Ok(answer) => {
                state.set = exchange::token_set(&answer, self.clock.now(), Some(&old), secret)?;
                state.unkept = true;
                Ok(())
            }
            Err(e) => {
                if e.remedy == Remedy::Reconnect {
                    state.ended = Some(e.clone());
                }
                Err(e)
            }
        }
    }

    /// Before use: a provider may take the old refresh token back as soon as it gave a new one.
    async fn keep(&self, state: &mut State) -> Result<()> {
        if let Some(keeper) = self.keeper.as_ref().filter(|_| state.unkept) {
            keeper.keep(state.set.secret()).await.map_err(|e| {
                retry(
                    "token",
                    format!(
                        "The renewed sign-in could not be kept: {e}. It is tried again by itself."
                    ),
                )
            })?;
        }
        state.unkept = false;
        Ok(())
    }
}

#[async_trait]
impl Credentials for Tokens {
    /// Whoever comes while a renewal is under way waits for it and takes what it brought.
    async fn proof(&self, refused: Option<&Proof>) -> Result<Proof> {
        let mut state = self.state.lock().await;
        let is_refused =
            matches!(refused, Some(Proof::Token(t)) if t.expose_secret() == state.set.access_token);
        if is_refused || state.set.expires_at - EARLY <= self.clock.now() {
            self.renew(&mut state).await?;
        }
        self.keep(&mut state).await?;
        Ok(Proof::Token(state.set.access()))
    }
}
