//! The token: as a person pasted it, then as it was renewed. What is kept says when it was got and until when it is good.

use super::api::Api;
use super::{faults, when};
use crate::connectors::{Credentials, Proof, Result};
use crate::model::{ChannelError, MetaDoor, Remedy};
use crate::time::{Clock, DAY, Millis, SECOND};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// A token that is older is renewed.
const OLD: Millis = 7 * DAY;
/// One whose end is not known yet is renewed as soon as the vendor does that: at a day's age, so that it is known.
const UNKNOWN: Millis = DAY + 3_600 * SECOND;
/// After a renewal that failed.
const AGAIN: Millis = 3_600 * SECOND;
/// A person is warned so long before its end.
const WARNED: Millis = 10 * DAY;

/// What is kept of a token.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    token: String,
    got_at: Millis,
    until: Option<Millis>,
}

/// What is kept, and whether it is already kept so and not as a person pasted it.
fn read(secret: &SecretString, now: Millis) -> (Kept, bool) {
    let text = secret.expose_secret().trim();
    match serde_json::from_str::<Kept>(text) {
        Ok(kept) => (kept, true),
        Err(_) => (
            Kept {
                token: text.to_owned(),
                got_at: now,
                until: None,
            },
            false,
        ),
    }
}

/// What is known of the token's end.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    until: Option<Millis>,
    got_at: Millis,
    tried: Millis,
    failed: bool,
    looked: bool,
}

/// One account's token; renewed by one at a time.
pub(super) struct Tokens {
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    runs_out: bool,
    flight: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

impl Tokens {
    pub(super) fn new(
        credentials: Arc<dyn Credentials>,
        clock: Arc<dyn Clock>,
        door: MetaDoor,
    ) -> Self {
        Self {
            credentials,
            clock,
            // A Page's own does not.
            runs_out: door == MetaDoor::Instagram,
            flight: tokio::sync::Mutex::new(()),
            known: Mutex::default(),
        }
    }

    /// The token to show now. Kept with its time when it was pasted, renewed when it is old, and kept before it is used.
    pub(super) async fn token(&self, api: &Api) -> Result<SecretString> {
        let _one = self.flight.lock().await;
        let now = self.clock.now();
        let mut kept = self.stored(now).await?;
        if !self.runs_out {
            return Ok(kept.token.into());
        }
        if let Some(until) = kept.until.filter(|until| *until <= now) {
            return Err(faults::ran_out(until));
        }
        if self.is_due(&kept, now) {
            self.note(|k| k.tried = now);
            let asked = api.renew(&SecretString::from(kept.token.clone())).await;
            self.note(|k| k.failed = asked.is_err());
            match asked {
                Ok((token, lasts)) => {
                    let renewed = Kept {
                        token: token.expose_secret().to_owned(),
                        got_at: now,
                        until: Some(now + lasts),
                    };
                    self.keep(&renewed).await?;
                    // Another program, or a person, may have been first: theirs is used then.
                    kept = self.stored(now).await?;
                }
                // A token that is dead is told of by what is asked with it; all else is tried again later.
                Err(refused) => {
                    tracing::warn!(step = refused.error.step, "the token could not be renewed");
                }
            }
        }
        self.note(|k| {
            k.until = kept.until;
            k.got_at = kept.got_at;
            k.looked = true;
        });
        Ok(kept.token.into())
    }

    /// Keeps another token in the place of this one: a Page's in the place of a person's.
    pub(super) async fn replace(&self, token: &str) -> Result<()> {
        let _one = self.flight.lock().await;
        self.keep(&Kept {
            token: token.to_owned(),
            got_at: self.clock.now(),
            until: None,
        })
        .await
    }

    async fn stored(&self, now: Millis) -> Result<Kept> {
        let (Proof::Password(secret) | Proof::Token(secret)) = self.credentials.proof(None).await?;
        let (kept, as_kept) = read(&secret, now);
        if kept.token.is_empty() {
            return Err(ChannelError::new(
                Remedy::Reconnect,
                "token",
                "The token is missing. Paste the one that the Meta app's dashboard gives.",
            ));
        }
        if !as_kept {
            self.keep(&kept).await?;
        }
        Ok(kept)
    }

    async fn keep(&self, kept: &Kept) -> Result<()> {
        let text = serde_json::to_string(kept).unwrap_or_default();
        self.credentials.keep(text.into()).await
    }

    fn is_due(&self, kept: &Kept, now: Millis) -> bool {
        let age = now - kept.got_at;
        let old = if kept.until.is_some() { OLD } else { UNKNOWN };
        age >= old && now - self.known().tried >= AGAIN
    }

    /// Until when it is good, where it runs out and that is known.
    pub(super) fn until(&self) -> Option<Millis> {
        self.known().until
    }

    /// What a person should know of it.
    pub(super) fn notes(&self) -> Vec<String> {
        let (known, now) = (self.known(), self.clock.now());
        let mut notes = Vec::new();
        if !self.runs_out || !known.looked {
            return notes;
        }
        if known.until.is_none() {
            notes.push("The token is good for 60 days from when it was made. Parley renews it when it is a day old, and says from then on until when it is good.".into());
        }
        if let Some(until) = known.until.filter(|until| until - now <= WARNED) {
            let days = ((until - now) / DAY).max(0);
            notes.push(format!(
                "The token runs out on {} (in {days} days). Should Parley not be able to renew it by then, generate a new one in the Meta app's dashboard and paste it here.",
                when::day(until)
            ));
        }
        if known.failed {
            notes.push(
                "The last try to renew the token failed; Parley tries again within the hour."
                    .into(),
            );
        }
        notes
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
