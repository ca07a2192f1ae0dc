//! The one way to the vendors' HTTP interfaces: bounded, without redirects, with allowances and circuits that all
//! accounts share, and with failures said in the words and remedies of [`ChannelError`].
//!
//! A connector asks with [`Net::ask`] and reads the [`Answer`]; what a vendor's own codes mean, it says itself.

mod answer;
mod base;
mod budget;
mod circuit;
mod form;
pub mod json;
mod mend;
#[cfg(test)]
mod tests;

pub use answer::{Answer, retry_after};
pub use base::{Base, Reach};
pub use budget::Budget;
pub use form::{FormFile, form_data};

use super::Result;
use crate::model::{ChannelError, Remedy};
use crate::time::Clock;
use circuit::Circuits;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// Most bytes of an answer that is data.
pub const MOST_DATA: usize = 16 * 1024 * 1024;
/// Most bytes of a file that a customer sent.
pub const MOST_FILE: usize = 50 * 1024 * 1024;
/// For one whole exchange.
const TIME: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("Parley/", env!("CARGO_PKG_VERSION"));

/// What is asked.
pub struct Ask {
    /// How.
    pub method: reqwest::Method,
    /// Where.
    pub url: Url,
    /// Headers; secrets among them are never logged.
    pub headers: Vec<(&'static str, String)>,
    /// What goes along.
    pub body: Body,
    /// It changes something at the provider: an answer that is lost leaves it uncertain.
    pub acts: bool,
    /// For the whole exchange.
    pub time: Duration,
    /// Most bytes of the answer.
    pub most: usize,
    /// The step that a failure names.
    pub step: &'static str,
}

/// What goes along with an [`Ask`].
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(serde_json::Value),
    /// A form, keys repeated where given twice.
    Form(Vec<(String, String)>),
    /// Bytes of this media type.
    Bytes(String, Vec<u8>),
}

impl Ask {
    /// A question that changes nothing.
    #[must_use]
    pub fn get(url: Url, step: &'static str) -> Self {
        Self {
            method: reqwest::Method::GET,
            url,
            headers: Vec::new(),
            body: Body::None,
            acts: false,
            time: TIME,
            most: MOST_DATA,
            step,
        }
    }

    /// A request that changes something.
    #[must_use]
    pub fn post(url: Url, step: &'static str, body: Body) -> Self {
        Self {
            method: reqwest::Method::POST,
            body,
            acts: true,
            ..Self::get(url, step)
        }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With so much time for all of it.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// With so many bytes of the answer at most.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

/// The way to the vendors, one a program.
pub struct Net {
    client: std::result::Result<reqwest::Client, String>,
    clock: Arc<dyn Clock>,
    circuits: Circuits,
    budgets: Mutex<HashMap<String, Arc<Budget>>>,
}

impl Net {
    /// A way; nothing is connected yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        // A program that installed another one before keeps it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(60))
            .build();
        Self {
            client: client.map_err(|e| e.to_string()),
            clock,
            circuits: Circuits::default(),
            budgets: Mutex::default(),
        }
    }

    /// The allowance of this name; accounts that name the same share it. Begun with `per_second` and `burst` by
    /// whoever asks first.
    #[must_use]
    pub fn budget(&self, name: &str, per_second: f64, burst: u32) -> Arc<Budget> {
        let mut all = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Budget::new(Arc::clone(&self.clock), per_second, burst));
        Arc::clone(all.entry(name.to_owned()).or_insert_with(fresh))
    }

    /// The computer slept or came to another network: how hosts failed before says nothing of how they are now.
    pub fn rouse(&self) {
        self.circuits.forget();
    }

    /// Ask, and give back whatever was answered, with any status. Redirects are not followed.
    ///
    /// # Errors
    /// When nothing was answered, or too much: [`Remedy::Retry`] where nothing can have happened, and
    /// [`Remedy::Uncertain`] where something may have.
    pub async fn ask(&self, ask: Ask) -> Result<Answer> {
        let host = ask.url.host_str().unwrap_or_default().to_owned();
        let (step, acts) = (ask.step, ask.acts);
        let pass = self.circuits.enter(&host, step, self.clock.now())?;
        let got = self.exchange(ask, &host).await;
        let reached = match &got {
            Ok(answer) => answer.status < 500,
            Err(_) => false,
        };
        pass.leave(reached, self.clock.now());
        got.map_err(|failure| failure.said(&host, step, acts))
    }

    async fn exchange(&self, ask: Ask, host: &str) -> std::result::Result<Answer, Failure> {
        let client = self
            .client
            .as_ref()
            .map_err(|e| Failure::Before(e.clone()))?;
        let mut request = client.request(ask.method, ask.url).timeout(ask.time);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        request = match ask.body {
            Body::None => request,
            Body::Json(value) => request.json(&value),
            Body::Form(fields) => request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form(&fields)),
            Body::Bytes(mime, bytes) => request.header("content-type", mime).body(bytes),
        };
        let response = request.send().await.map_err(|e| Failure::of(&e))?;
        Answer::read(response, host, ask.most).await
    }
}

fn form(fields: &[(String, String)]) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        out.append_pair(name, value);
    }
    out.finish()
}

/// Why nothing usable was answered.
pub(crate) enum Failure {
    /// Nothing can have reached the provider.
    Before(String),
    /// Something may have.
    After(String),
    /// The answer has more bytes than are taken.
    TooMuch(usize),
}

impl Failure {
    fn of(e: &reqwest::Error) -> Self {
        if e.is_connect() || e.is_builder() {
            Self::Before(reason(e))
        } else {
            Self::After(reason(e))
        }
    }

    fn said(self, host: &str, step: &'static str, acts: bool) -> ChannelError {
        match self {
            Self::Before(why) => ChannelError::new(
                Remedy::Retry,
                "connect",
                format!("{host} could not be reached: {why}."),
            ),
            Self::After(why) => ChannelError::new(
                if acts {
                    Remedy::Uncertain
                } else {
                    Remedy::Retry
                },
                step,
                format!("{host} did not answer in full: {why}."),
            ),
            Self::TooMuch(most) => ChannelError::new(
                if acts {
                    Remedy::Uncertain
                } else {
                    Remedy::Final
                },
                step,
                format!("{host} answered with more than {} MB.", most >> 20),
            ),
        }
    }
}

/// The innermost cause, without addresses that may bear a token.
fn reason(e: &reqwest::Error) -> String {
    if e.is_timeout() {
        return "it took too long".into();
    }
    let mut cause: &dyn std::error::Error = e;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let said = cause.to_string();
    if said.contains("://") {
        "the connection failed".into()
    } else {
        said
    }
}
