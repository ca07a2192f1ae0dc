//! What a vendor answered.

use super::{Failure, json, reason};
use crate::connectors::Result;
use crate::model::{ChannelError, Remedy};
use crate::time::{Millis, SECOND};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The server.
    pub host: String,
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) async fn read(
        mut response: reqwest::Response,
        host: &str,
        most: usize,
    ) -> std::result::Result<Self, Failure> {
        let mut answer = Self {
            host: host.to_owned(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await {
                Ok(Some(piece)) if answer.body.len() + piece.len() > most => {
                    return Err(Failure::TooMuch(most));
                }
                Ok(Some(piece)) => answer.body.extend_from_slice(&piece),
                Ok(None) => return Ok(answer),
                Err(e) => return Err(Failure::After(reason(&e))),
            }
        }
    }

    /// Whether it went well.
    #[must_use]
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON of this shape. A web page in the place of data, as hotels and broken gateways give, is told
    /// apart from data of another shape. What a stranger nested too deep in it is left out.
    ///
    /// # Errors
    /// [`Remedy::Retry`] for a page, and for data that is none; where the request acted, [`Remedy::Uncertain`].
    pub fn json<T: DeserializeOwned>(&self, step: &'static str, acted: bool) -> Result<T> {
        json::read(&self.body).map_err(|e| {
            let what = if self.is_page() {
                format!("{} answered with a web page in the place of data; a sign-in page of this network may be in the way.", self.host)
            } else {
                format!("{} answered with data that cannot be read (line {}, column {}).", self.host, e.line(), e.column())
            };
            let remedy = if acted { Remedy::Uncertain } else { Remedy::Retry };
            ChannelError::new(remedy, step, what)
        })
    }

    /// Whether it is a web page.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let start = self.body.iter().find(|b| !b.is_ascii_whitespace());
        start == Some(&b'<')
            || self
                .header("content-type")
                .is_some_and(|t| t.contains("html"))
    }

    /// What every server means by these statuses, for answers that bear no code of the vendor's own: too many (429) and
    /// busy (503) wait as told, other 5xx are tried again. Where the request acted, every 5xx is uncertain: that it
    /// was never looked at is documented of 429 alone.
    #[must_use]
    pub fn failure(&self, step: &'static str, acted: bool, now: Millis) -> ChannelError {
        let host = &self.host;
        let wait = retry_after(&self.headers, now);
        let (remedy, what) = match self.status {
            401 => (
                Remedy::Reconnect,
                format!("{host} refuses the sign-in. Connect the account again."),
            ),
            429 => (Remedy::Wait, format!("{host} asks to wait.")),
            503 if !acted => (Remedy::Wait, format!("{host} is busy.")),
            s if s >= 500 && acted => (Remedy::Uncertain, format!("{host} failed inside ({s}).")),
            s if s >= 500 => (Remedy::Retry, format!("{host} failed inside ({s}).")),
            s if (300..400).contains(&s) => (
                Remedy::Final,
                format!(
                    "{host} leads somewhere else ({s}). Look at the address in the account's settings."
                ),
            ),
            s => (Remedy::Final, format!("{host} refused ({s}).")),
        };
        ChannelError {
            retry_after: wait,
            ..ChannelError::new(remedy, step, what)
        }
    }
}

/// How long a server asks to wait (RFC 9110 §10.2.3): seconds, or an instant; at most a day.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Millis> {
    const DAY: Millis = 86_400 * SECOND;
    let said = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = match said.parse::<f64>() {
        #[allow(clippy::cast_possible_truncation)]
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            (seconds.min(86_400.0) * 1_000.0) as Millis
        }
        Ok(_) => return None,
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(said).ok()?;
            at.timestamp().as_millisecond() - now
        }
    };
    Some(wait.clamp(0, DAY))
}
