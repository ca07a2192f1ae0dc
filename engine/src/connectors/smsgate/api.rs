//! The program's interface on the phone.

use crate::connectors::http::{Answer, Ask, Base, Body, Budget, MOST_FILE, Net, Reach};
use crate::connectors::{Context, Credentials, Proof, Result};
use crate::model::{ChannelError, GatewayAccess, Remedy};
use crate::time::{Clock, Millis};
use data_encoding::BASE64;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A phone is no data centre.
const PACE: (f64, u32) = (5.0, 100);
/// The phone reads its whole inbox of a time before it answers.
const REFRESH: Duration = Duration::from_secs(60);
/// Most rows of a page.
pub(super) const ROWS: usize = 500;

/// One phone.
pub(super) struct Api {
    base: Base,
    user: String,
    credentials: Arc<dyn Credentials>,
    net: Arc<Net>,
    clock: Arc<dyn Clock>,
    budget: Arc<Budget>,
}

/// An instant as the program reads it.
fn iso(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map(|t| t.to_string())
        .unwrap_or_default()
}

impl Api {
    pub(super) fn new(access: &GatewayAccess, context: &Context) -> Result<Self> {
        let base = Base::of(&access.base_url, "", Reach::Network)?;
        let name = format!("phone {}", base.at(&[]));
        Ok(Self {
            budget: context.net.budget(&name, PACE.0, PACE.1),
            base,
            user: access.user.trim().to_owned(),
            credentials: Arc::clone(&context.credentials),
            net: Arc::clone(&context.net),
            clock: Arc::clone(&context.clock),
        })
    }

    pub(super) fn held(&self) -> Option<Millis> {
        self.budget.held()
    }

    async fn signed(&self, ask: Ask) -> Result<Answer> {
        self.budget.turn().await;
        let secret = match self.credentials.proof(None).await? {
            Proof::Password(s) | Proof::Token(s) => s,
        };
        let both = format!("{}:{}", self.user, secret.expose_secret());
        let ask = ask.with(
            "authorization",
            format!("Basic {}", BASE64.encode(both.as_bytes())),
        );
        self.net.ask(ask).await.map_err(near)
    }

    /// A failure, in words that help where one's own phone is the server.
    fn refused(&self, answer: &Answer, step: &'static str, acted: bool) -> ChannelError {
        let general = answer.failure(step, acted, self.clock.now());
        let (remedy, what) = match answer.status {
            401 => (
                Remedy::Reconnect,
                "The phone refuses the user name or password. The program on it shows both under Local Server.",
            ),
            403 => (
                Remedy::Reconnect,
                "The phone lets this user do less than is needed. Use the user name and password that the program shows under Local Server.",
            ),
            404 => (
                Remedy::Reconnect,
                "The phone does not know this. Update SMS Gateway for Android, and look at the address: it has no path.",
            ),
            501 => (
                Remedy::Reconnect,
                "This is the program's cloud, which gives no inbox. Switch on Local Server on the phone and enter its address.",
            ),
            _ => return general,
        };
        ChannelError::new(remedy, step, what)
    }

    async fn list(&self, url: Url) -> Result<Vec<Value>> {
        let answer = self.signed(Ask::get(url, "poll")).await?;
        if !answer.ok() {
            return Err(self.refused(&answer, "poll", false));
        }
        answer.json("poll", false)
    }

    /// What came in since, newest first.
    pub(super) async fn inbox(
        &self,
        since: Millis,
        offset: usize,
        rows: usize,
    ) -> Result<Vec<Value>> {
        let mut url = self.base.at(&["inbox"]);
        url.query_pairs_mut()
            .append_pair("from", &iso(since))
            .append_pair("limit", &rows.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("includeAttachments", "true");
        self.list(url).await
    }

    /// Has the program take in what the phone received while it was off; false where it is too old for that. Webhooks
    /// hear nothing of it.
    pub(super) async fn refresh(&self, since: Millis, until: Millis) -> Result<bool> {
        let url = self.base.at(&["inbox", "refresh"]);
        let body = json!({
            "since": iso(since), "until": iso(until), "messageTypes": ["SMS", "MMS"], "triggerWebhooks": false,
        });
        let ask = Ask {
            // Doing it twice does nothing more.
            acts: false,
            ..Ask::post(url, "refresh", Body::Json(body)).within(REFRESH)
        };
        let answer = self.signed(ask).await?;
        match answer.status {
            404 | 405 | 501 => Ok(false),
            _ if answer.ok() => Ok(true),
            _ => Err(self.refused(&answer, "refresh", false)),
        }
    }

    /// What went out since, newest first; none where the program is too old to tell.
    pub(super) async fn outbox(&self, since: Millis, rows: usize) -> Result<Vec<Value>> {
        let mut url = self.base.at(&["messages"]);
        url.query_pairs_mut()
            .append_pair("from", &iso(since))
            .append_pair("limit", &rows.to_string())
            .append_pair("includeContent", "true");
        let answer = self.signed(Ask::get(url, "poll")).await?;
        match answer.status {
            404 | 405 => Ok(Vec::new()),
            _ if answer.ok() => answer.json("poll", false),
            _ => Err(self.refused(&answer, "poll", false)),
        }
    }

    /// One message that went out; `None` where the phone does not know it.
    pub(super) async fn message(&self, id: &str) -> Result<Option<Value>> {
        let url = self.base.at(&["messages", id]);
        let answer = self.signed(Ask::get(url, "poll")).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.ok() => answer.json("poll", false).map(Some),
            _ => Err(self.refused(&answer, "poll", false)),
        }
    }

    /// Hands over a text under an id of ours: a second time under the same id changes nothing, so that a lost answer
    /// may be tried again. Gives the state, where the phone says it.
    pub(super) async fn send(&self, id: &str, to: &str, text: &str) -> Result<Option<String>> {
        let url = self.base.at(&["messages"]);
        let body = json!({
            "id": id, "phoneNumbers": [to], "textMessage": { "text": text }, "withDeliveryReport": true,
        });
        let ask = Ask {
            acts: false,
            ..Ask::post(url, "send", Body::Json(body))
        };
        let answer = self.signed(ask).await?;
        let host = self.base.host();
        match answer.status {
            // It has been taken before.
            409 => Ok(None),
            400 => Err(ChannelError::new(
                Remedy::Final,
                "send",
                format!(
                    "The phone at {host} does not take this message. Look at the customer's number."
                ),
            )),
            _ if answer.ok() => {
                let taken: Value = answer.json("send", false)?;
                let state = taken.get("state").and_then(Value::as_str);
                Ok(state.map(str::to_owned))
            }
            _ => Err(self.refused(&answer, "send", false)),
        }
    }

    /// A file of an MMS; `None` where the phone does not have it any more.
    pub(super) async fn file(&self, message: &str, part: u64) -> Result<Option<(String, Vec<u8>)>> {
        let url = self
            .base
            .at(&["inbox", message, "attachments", &part.to_string()]);
        let answer = self
            .signed(Ask::get(url, "media").at_most(MOST_FILE))
            .await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.ok() => {
                let kind = answer.header("content-type").unwrap_or_default().to_owned();
                Ok(Some((kind, answer.body)))
            }
            _ => Err(self.refused(&answer, "media", false)),
        }
    }

    /// The program's version, which it tells without a password; `None` where it does not.
    pub(super) async fn health(&self) -> Result<Option<String>> {
        self.budget.turn().await;
        let url = self.base.at(&["health"]);
        let answer = self.net.ask(Ask::get(url, "connect")).await.map_err(near)?;
        let body: Option<Value> = answer.json("connect", false).ok();
        let version = body.as_ref().and_then(|b| b.get("version")?.as_str());
        Ok(version.map(str::to_owned))
    }
}

/// What to look at where a phone does not answer.
fn near(e: ChannelError) -> ChannelError {
    if e.step != "connect" {
        return e;
    }
    let what = format!(
        "{} Is the phone on and in this network, and its Local Server switched on?",
        e.what
    );
    ChannelError { what, ..e }
}
