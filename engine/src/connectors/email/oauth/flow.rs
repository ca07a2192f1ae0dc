//! Sign-ins that are under way or done and not yet used. What they brought stays here: a window gets a number.

use super::exchange::{self, Post};
use super::listener::Listener;
use super::{Issuer, Issuers, PATIENCE, TokenSet};
use crate::connectors::Result;
use crate::connectors::email::net::{mend, retry};
use crate::model::{ChannelError, OauthProvider};
use crate::time::Clock;
use data_encoding::HEXLOWER;
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long what a sign-in brought waits to be used.
const UNUSED: Duration = Duration::from_secs(1_800);
/// Most sign-ins at once; the oldest goes.
const MOST: usize = 8;

/// What a person wants to sign in to.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Whose page.
    pub provider: OauthProvider,
    /// This program's id there.
    pub client_id: String,
    /// What some providers call its secret.
    pub client_secret: Option<SecretString>,
    /// Microsoft's tenant.
    pub tenant: String,
    /// The address, so that the page can fill it in.
    pub address: String,
}

/// A sign-in that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Its number.
    pub id: String,
    /// The page to open.
    pub url: String,
}

type Outcome = Option<std::result::Result<TokenSet, ChannelError>>;

struct Under {
    wish: Wish,
    begun: Instant,
    outcome: watch::Receiver<Outcome>,
    /// What it brought, renewed since.
    renewed: Option<TokenSet>,
    task: tokio::task::AbortHandle,
}

impl Drop for Under {
    /// Ends the waiting and closes its port.
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The sign-ins of one process.
pub struct Flows {
    issuers: Issuers,
    clock: Arc<dyn Clock>,
    all: Mutex<HashMap<String, Under>>,
}

impl std::fmt::Debug for Flows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flows({})", self.all().len())
    }
}

impl Flows {
    /// None yet.
    #[must_use]
    pub fn new(issuers: Issuers, clock: Arc<dyn Clock>) -> Self {
        Self {
            issuers,
            clock,
            all: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Under>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The issuer of a provider.
    ///
    /// # Errors
    /// When the tenant cannot be one.
    pub fn issuer(&self, provider: OauthProvider, tenant: &str) -> Result<Issuer> {
        (self.issuers)(provider, tenant)
    }

    /// Begin: listen for the answer, and give the page to open.
    ///
    /// # Errors
    /// When there is no client id, or no port to listen on.
    pub async fn begin(&self, wish: Wish) -> Result<Flow> {
        if wish.client_id.trim().is_empty() {
            return Err(mend(
                "token",
                "The client id is missing. Register Parley at the provider (the guide says how) and enter the id.",
            ));
        }
        let issuer = self.issuer(wish.provider, &wish.tenant)?;
        let listener = Listener::bind(issuer.loopback, issuer.path).await?;
        let begun = Begun::new(&issuer, &wish, listener)?;
        let flow = Flow {
            id: random_id()?,
            url: begun.url.clone(),
        };
        let clock = Arc::clone(&self.clock);
        let (tell, outcome) = watch::channel(None);
        let task = tokio::spawn(async move {
            let done = match tokio::time::timeout(PATIENCE, begun.finish(clock)).await {
                Ok(done) => done,
                Err(_) => Err(mend(
                    "token",
                    "Nobody signed in within five minutes. Begin again.",
                )),
            };
            let _ = tell.send(Some(done));
        });
        let mut all = self.all();
        all.retain(|_, u| u.begun.elapsed() < UNUSED);
        if all.len() >= MOST
            && let Some(oldest) = all
                .iter()
                .min_by_key(|(_, u)| u.begun)
                .map(|(id, _)| id.clone())
        {
            all.remove(&oldest);
        }
        all.insert(
            flow.id.clone(),
            Under {
                wish,
                begun: Instant::now(),
                outcome,
                renewed: None,
                task: task.abort_handle(),
            },
        );
        Ok(flow)
    }

    /// Wait until the person has signed in.
    ///
    /// # Errors
    /// When they or the provider refused, when they took too long, or when the sign-in was cancelled.
    pub async fn wait(&self, id: &str) -> Result<()> {
        let gone = || {
            mend(
                "token",
                "This sign-in is over or was cancelled. Begin again.",
            )
        };
        let mut outcome = self
            .all()
            .get(id)
            .map(|u| u.outcome.clone())
            .ok_or_else(gone)?;
        let done = outcome
            .wait_for(Option::is_some)
            .await
            .map_err(|_| gone())?
            .clone();
        match done {
            Some(Ok(_)) => Ok(()),
            Some(Err(e)) => {
                self.all().remove(id);
                Err(e)
            }
            None => Err(gone()),
        }
    }

    /// What a sign-in brought, if it was for this provider and client; it stays until [`Self::end`].
    #[must_use]
    pub fn brought(&self, id: &str, provider: OauthProvider, client_id: &str) -> Option<TokenSet> {
        let all = self.all();
        let under = all.get(id).filter(|u| {
            u.wish.provider == provider
                && u.wish.client_id.trim() == client_id.trim()
                && u.begun.elapsed() < UNUSED
        })?;
        if let Some(renewed) = &under.renewed {
            return Some(renewed.clone());
        }
        let outcome = under.outcome.borrow();
        outcome.as_ref()?.as_ref().ok().cloned()
    }

    /// What a sign-in brought was renewed while it was tried.
    pub fn renewed(&self, id: &str, secret: &SecretString) {
        if let (Some(under), Some(set)) = (self.all().get_mut(id), TokenSet::read(secret)) {
            under.renewed = Some(set);
        }
    }

    /// Cancel a sign-in, or forget what it brought.
    pub fn end(&self, id: &str) {
        self.all().remove(id);
    }
}

fn random_id() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| {
        retry(
            "token",
            format!("This computer gives no random numbers at the moment ({e}). Try again."),
        )
    })?;
    Ok(HEXLOWER.encode(&bytes))
}

/// A sign-in whose page is open.
struct Begun {
    issuer: Issuer,
    listener: Listener,
    client: exchange::Client,
    client_secret: Option<String>,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    back: RedirectUrl,
    url: String,
}

impl Begun {
    fn new(issuer: &Issuer, wish: &Wish, listener: Listener) -> Result<Self> {
        let back = RedirectUrl::new(listener.address()).map_err(|e| {
            retry(
                "token",
                format!("The address for the provider's answer cannot be used ({e})."),
            )
        })?;
        let client = exchange::client(issuer, wish.client_id.trim(), wish.client_secret.as_ref());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .set_pkce_challenge(challenge)
            .set_redirect_uri(std::borrow::Cow::Borrowed(&back))
            .add_scopes(issuer.scopes());
        for (name, value) in &issuer.extra {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        if !wish.address.trim().is_empty() {
            request = request.add_extra_param("login_hint", wish.address.trim().to_owned());
        }
        let (url, state) = request.url();
        Ok(Self {
            issuer: issuer.clone(),
            listener,
            client,
            client_secret: wish
                .client_secret
                .as_ref()
                .map(|s| s.expose_secret().to_owned()),
            state,
            verifier,
            back,
            url: url.into(),
        })
    }

    async fn finish(self, clock: Arc<dyn Clock>) -> Result<TokenSet> {
        let code = self.listener.code(self.state.secret()).await?;
        let answer = Post::new(&self.issuer)?
            .code(&self.client, code, self.verifier, self.back)
            .await?;
        exchange::token_set(&answer, clock.now(), None, self.client_secret)
    }
}
