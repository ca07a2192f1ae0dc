//! The calls of Matrix's client API: signing in, asking, and what refusals mean.

use crate::connectors::http::{Answer, Ask, Base, Body, Net, Reach};
use crate::connectors::{Context, Credentials, Proof, Result};
use crate::model::{ChannelError, MatrixConfig, MatrixSignIn, Remedy};
use crate::time::{Clock, Millis, SECOND};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// A request, said so that it can be said again after signing in anew.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The path behind `/_matrix`, in segments that are escaped one by one.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// A file in the place of JSON: its media type and bytes.
    pub(super) file: Option<(String, Arc<Vec<u8>>)>,
    pub(super) step: &'static str,
    pub(super) time: Duration,
    pub(super) most: Option<usize>,
}

impl Call {
    pub(super) fn new(method: Method, path: &[&str], step: &'static str) -> Self {
        Self {
            method,
            path: path.iter().map(|p| (*p).to_owned()).collect(),
            query: Vec::new(),
            body: None,
            file: None,
            step,
            time: Duration::from_secs(30),
            most: None,
        }
    }

    /// A question of the client API.
    pub(super) fn get(path: &[&str], step: &'static str) -> Self {
        Self::new(Method::GET, &[&["client", "v3"], path].concat(), step)
    }

    /// What is said to the client API.
    pub(super) fn put(path: &[&str], body: Value, step: &'static str) -> Self {
        let call = Self::new(Method::PUT, &[&["client", "v3"], path].concat(), step);
        Self {
            body: Some(body),
            ..call
        }
    }

    /// What is asked of the client API to do.
    pub(super) fn post(path: &[&str], body: Value, step: &'static str) -> Self {
        Self {
            method: Method::POST,
            ..Self::put(path, body, step)
        }
    }

    pub(super) fn asking(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

/// What is kept of an account that signs in with a password: the token that it brought, and its device, so that sends
/// go on to be told apart from their repetitions.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    parley: String,
    password: String,
    token: String,
    device: String,
}

/// A signed-in user of a homeserver.
pub(super) struct Api {
    net: Arc<Net>,
    clock: Arc<dyn Clock>,
    credentials: Arc<dyn Credentials>,
    base: Result<Base>,
    pub(super) config: MatrixConfig,
    token: Mutex<Option<SecretString>>,
    /// What the homeserver's clock said last.
    told: AtomicI64,
}

impl Api {
    pub(super) fn new(config: MatrixConfig, context: Context) -> Self {
        Self {
            base: Base::of(&config.homeserver, "", Reach::Loopback),
            net: context.net,
            clock: context.clock,
            credentials: context.credentials,
            config,
            token: Mutex::default(),
            told: AtomicI64::new(0),
        }
    }

    pub(super) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// The latest instant at which anything can have been said: this computer's clock may be slow, and the homeserver's
    /// tells seconds.
    pub(super) fn latest(&self) -> Millis {
        let told = self.told.load(Ordering::SeqCst);
        self.now().max(told.saturating_add(SECOND - 1))
    }

    /// The homeserver.
    pub(super) fn base(&self) -> Result<&Base> {
        self.base.as_ref().map_err(Clone::clone)
    }

    /// The homeserver's name, for words.
    pub(super) fn host(&self) -> String {
        self.base
            .as_ref()
            .map_or_else(|_| self.config.homeserver.clone(), |b| b.host().to_owned())
    }

    /// Asks as the account and gives what was answered, or what a refusal means.
    pub(super) async fn json(&self, call: &Call) -> Result<Value> {
        self.answer(call).await?.json(call.step, false)
    }

    /// The answer where it went well.
    pub(super) async fn answer(&self, call: &Call) -> Result<Answer> {
        let answer = self.raw(call).await?;
        if answer.ok() {
            return Ok(answer);
        }
        Err(refusal(&answer, call.step, self.now()))
    }

    /// Whatever was answered; a token that has run out is renewed once where a password is known.
    pub(super) async fn raw(&self, call: &Call) -> Result<Answer> {
        let token = self.token(None).await?;
        let answer = self.once(call, Some(&token)).await?;
        let lost = answer.status == 401 && code(&answer) == "M_UNKNOWN_TOKEN";
        if !lost || self.config.sign_in == MatrixSignIn::Token {
            return Ok(answer);
        }
        let token = self.token(Some(&token)).await?;
        self.once(call, Some(&token)).await
    }

    /// Asks once. Nothing here is uncertain: what acts bears a transaction id, or may happen twice without harm.
    pub(super) async fn once(&self, call: &Call, token: Option<&SecretString>) -> Result<Answer> {
        let base = self.base()?;
        let mut segments = vec!["_matrix"];
        segments.extend(call.path.iter().map(String::as_str));
        let mut url = base.at(&segments);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let body = match (&call.file, &call.body) {
            (Some((mime, bytes)), _) => Body::Bytes(mime.clone(), bytes.to_vec()),
            (None, Some(json)) => Body::Json(json.clone()),
            (None, None) => Body::None,
        };
        let mut ask = Ask::get(url, call.step).within(call.time);
        ask.method = call.method.clone();
        ask.body = body;
        if let Some(most) = call.most {
            ask = ask.at_most(most);
        }
        if let Some(token) = token {
            ask = ask.with("authorization", format!("Bearer {}", token.expose_secret()));
        }
        let answer = self.net.ask(ask).await?;
        let date = answer.header("date").map(jiff::fmt::rfc2822::parse);
        if let Some(Ok(at)) = date {
            let at = at.timestamp().as_millisecond();
            self.told.store(at, Ordering::SeqCst);
        }
        Ok(answer)
    }

    /// The access token. `refused` is one that the homeserver knows no more.
    async fn token(&self, refused: Option<&SecretString>) -> Result<SecretString> {
        let mut known = self.token.lock().await;
        let same = |a: &SecretString, b: &SecretString| a.expose_secret() == b.expose_secret();
        if let Some(token) = known.as_ref()
            && refused.is_none_or(|r| !same(r, token))
        {
            return Ok(token.clone());
        }
        *known = None;
        let secret = match self.credentials.proof(None).await? {
            Proof::Password(secret) | Proof::Token(secret) => secret,
        };
        if self.config.sign_in == MatrixSignIn::Token {
            *known = Some(secret.clone());
            return Ok(secret);
        }
        let kept = serde_json::from_str::<Kept>(secret.expose_secret()).ok();
        if let Some(k) = &kept {
            let token = SecretString::from(k.token.clone());
            if refused.is_none_or(|r| !same(r, &token)) {
                *known = Some(token.clone());
                return Ok(token);
            }
        }
        let (password, device) = match kept {
            Some(k) => (SecretString::from(k.password), Some(k.device)),
            None => (secret, None),
        };
        let (token, device) = self.sign_in(&password, device.as_deref()).await?;
        let renewed = Kept {
            parley: "matrix".into(),
            password: password.expose_secret().to_owned(),
            token: token.expose_secret().to_owned(),
            device,
        };
        if let Ok(text) = serde_json::to_string(&renewed) {
            self.credentials.keep(SecretString::from(text)).await?;
        }
        *known = Some(token.clone());
        Ok(token)
    }

    /// Signs in with a password; gives the token and the device.
    async fn sign_in(
        &self,
        password: &SecretString,
        device: Option<&str>,
    ) -> Result<(SecretString, String)> {
        let mut body = json!({
            "type": "m.login.password",
            "identifier": { "type": "m.id.user", "user": self.config.user_id },
            "password": password.expose_secret(),
            "initial_device_display_name": "Parley",
        });
        if let Some(device) = device {
            body["device_id"] = device.into();
        }
        let call = Call::post(&["login"], body, "login");
        let answer = self.once(&call, None).await?;
        let host = self.host();
        if !answer.ok() {
            return Err(match code(&answer).as_str() {
                "M_FORBIDDEN" => ChannelError::new(
                    Remedy::Reconnect,
                    "login",
                    format!(
                        "{host} refused the user or the password. Check both in the account's settings."
                    ),
                ),
                "M_UNKNOWN" | "M_UNRECOGNIZED" if answer.status < 500 => ChannelError::new(
                    Remedy::Reconnect,
                    "login",
                    format!(
                        "{host} takes no passwords from programs. Sign in with an access token."
                    ),
                ),
                _ => refusal(&answer, "login", self.now()),
            });
        }
        let told: Value = answer.json("login", false)?;
        let word = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        if word("access_token").is_empty() {
            return Err(ChannelError::new(
                Remedy::Retry,
                "login",
                format!("{host} signed somebody in without giving a token."),
            ));
        }
        self.is_us(&word("user_id"))?;
        Ok((SecretString::from(word("access_token")), word("device_id")))
    }

    /// Whether the homeserver knows us as whom the settings name.
    pub(super) fn is_us(&self, user: &str) -> Result<()> {
        if user == self.config.user_id {
            return Ok(());
        }
        Err(ChannelError::new(
            Remedy::Reconnect,
            "login",
            format!(
                "{} knows this sign-in as {user}, not as {}. Correct the user in the account's settings.",
                self.host(),
                self.config.user_id
            ),
        ))
    }
}

/// The homeserver's own word for a refusal.
pub(super) fn code(answer: &Answer) -> String {
    body(answer)["errcode"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// What a refusal means. Its text is for developers and not repeated.
pub(super) fn refusal(answer: &Answer, step: &'static str, now: Millis) -> ChannelError {
    let host = &answer.host;
    let new = |remedy, what: String| ChannelError::new(remedy, step, what);
    match code(answer).as_str() {
        "M_LIMIT_EXCEEDED" => {
            let asked = body(answer)["retry_after_ms"].as_i64();
            let wait = asked.map(|ms| ms.clamp(SECOND, 3_600 * SECOND));
            ChannelError {
                retry_after: wait.or_else(|| answer.failure(step, false, now).retry_after),
                ..new(
                    Remedy::Wait,
                    format!("{host} asks to wait: too many requests."),
                )
            }
        }
        "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" => new(
            Remedy::Reconnect,
            format!(
                "{host} no longer accepts this sign-in. Enter the password or a new access token in the account's settings."
            ),
        ),
        "M_USER_DEACTIVATED" | "M_USER_LOCKED" | "M_USER_SUSPENDED" => new(
            Remedy::Reconnect,
            format!("{host} has closed this account. Ask whoever runs the homeserver."),
        ),
        "M_TOO_LARGE" => new(Remedy::Final, format!("This is more than {host} takes.")),
        "M_FORBIDDEN" => new(
            Remedy::Final,
            format!("{host} does not allow this in this room."),
        ),
        "M_NOT_FOUND" => new(Remedy::Final, format!("{host} does not have this.")),
        _ => answer.failure(step, false, now),
    }
}
