//! Questions to the interface: where they go, how often, and what the vendor says of its allowance beside its answers.

use super::faults::{self, Refused};
use crate::connectors::Result;
use crate::connectors::http::{Answer, Ask, Base, Body, Budget, Net, Reach};
use crate::model::{Channel, ChannelError, MetaConfig, MetaDoor, Remedy};
use crate::time::{Clock, Millis, SECOND};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// The newest version that is known.
pub(super) const VERSION: &str = "v26.0";
const INSTAGRAM: &str = "https://graph.instagram.com";
const PAGE: &str = "https://graph.facebook.com";
/// Two calls a second are allowed for conversations. A little less, one at a time: what leaves here half a second apart
/// may arrive closer together.
const CALLS: f64 = 1.8;
/// From so many percent of the allowance on, nothing is asked for a while.
const STOP: u32 = 95;
/// For so long then.
const STOPPED: Millis = 300 * SECOND;
/// So much may be known to be held without waiting inside a call.
const PATIENCE: Millis = 2 * SECOND;

/// One account's way to the interface.
pub(super) struct Api {
    base: Result<Base>,
    version: String,
    net: Arc<Net>,
    clock: Arc<dyn Clock>,
    channel: Channel,
    /// Whose messages: the segment in front of `conversations` and `messages`.
    pub(super) owner: String,
    /// For conversations.
    pub(super) reads: Arc<Budget>,
    /// For everything else.
    pub(super) sends: Arc<Budget>,
}

/// Which allowance a question counts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// That of conversations.
    Conversations,
    /// The other one.
    Other,
}

impl Api {
    pub(super) fn new(
        channel: Channel,
        config: &MetaConfig,
        net: Arc<Net>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let vendor = match config.door {
            MetaDoor::Instagram => INSTAGRAM,
            MetaDoor::Page => PAGE,
        };
        let version = config.version.trim();
        let owner = match (config.door, channel) {
            (MetaDoor::Instagram, _) => "me",
            (MetaDoor::Page, _) if !config.page.is_empty() => &config.page,
            (MetaDoor::Page, Channel::Messenger) => &config.id,
            (MetaDoor::Page, _) => "me",
        };
        // Both platforms of a Page count as one account.
        let who = match owner {
            "me" => &config.id,
            page => page,
        };
        Self {
            base: Base::of(&config.base_url, vendor, Reach::Loopback),
            version: if version.is_empty() { VERSION } else { version }.to_owned(),
            channel,
            owner: owner.to_owned(),
            reads: net.budget(&format!("meta:{who}"), CALLS, 1),
            sends: net.budget(&format!("meta:{who}:send"), 10.0, 5),
            net,
            clock,
        }
    }

    /// The word for the platform.
    pub(super) fn platform(&self) -> &'static str {
        match self.channel {
            Channel::Messenger => "messenger",
            _ => "instagram",
        }
    }

    /// Whether the interface is a program on this very computer, as in tests: media may lie there too then.
    pub(super) fn is_here(&self) -> bool {
        let host = self.base.as_ref().map(Base::host).unwrap_or_default();
        matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    }

    /// The address of a thing. Ids go in as segments, escaped.
    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Url> {
        let base = self.base.as_ref().map_err(ChannelError::clone)?;
        let mut all = vec![self.version.as_str()];
        all.extend_from_slice(segments);
        let mut url = base.at(&all);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Reads something.
    pub(super) async fn get(
        &self,
        token: &SecretString,
        segments: &[&str],
        query: &[(&str, &str)],
        step: &'static str,
        counts: Counts,
    ) -> std::result::Result<Value, Refused> {
        let ask = Ask::get(self.url(segments, query)?, step);
        self.ask(with(ask, token), counts).await
    }

    /// Does something.
    pub(super) async fn post(
        &self,
        token: &SecretString,
        segments: &[&str],
        body: Body,
        step: &'static str,
        acts: bool,
    ) -> std::result::Result<Value, Refused> {
        let ask = Ask {
            acts,
            ..Ask::post(self.url(segments, &[])?, step, body)
        };
        self.ask(with(ask, token), Counts::Other).await
    }

    /// A new token for the old one. It is asked for as the vendor documents it: with the old one in the question.
    pub(super) async fn renew(
        &self,
        token: &SecretString,
    ) -> std::result::Result<(SecretString, Millis), Refused> {
        let base = self.base.as_ref().map_err(ChannelError::clone)?;
        let mut url = base.at(&["refresh_access_token"]);
        url.query_pairs_mut()
            .append_pair("grant_type", "ig_refresh_token")
            .append_pair("access_token", token.expose_secret());
        let json = self.ask(Ask::get(url, "token"), Counts::Other).await?;
        let new = json.get("access_token").and_then(Value::as_str);
        let lasts = json.get("expires_in").and_then(Value::as_i64);
        match (new, lasts) {
            (Some(new), Some(lasts)) if !new.is_empty() && lasts > 0 => {
                Ok((new.to_owned().into(), lasts.saturating_mul(SECOND)))
            }
            _ => Err(ChannelError::new(
                Remedy::Retry,
                "token",
                "Meta answered the renewal of the token with something else.",
            )
            .into()),
        }
    }

    async fn ask(&self, ask: Ask, counts: Counts) -> std::result::Result<Value, Refused> {
        let budget = match counts {
            Counts::Conversations => &self.reads,
            Counts::Other => &self.sends,
        };
        let (step, acts) = (ask.step, ask.acts);
        let now = self.clock.now();
        if let Some(until) = budget.held().filter(|until| until - now > PATIENCE) {
            return Err(ChannelError {
                retry_after: Some(until - now),
                ..ChannelError::new(
                    Remedy::Wait,
                    step,
                    "Meta's allowance for this account is nearly used up; Parley rests so that it is not blocked.",
                )
            }
            .before_asking()
            .into());
        }
        budget.turn().await;
        let answer = self.net.ask(ask).await?;
        let regain = self.allowance(&answer);
        // A refusal may come with any status, also with that of success.
        let in_words = answer.ok() && faults::Said::read(&answer.body).is_some();
        if answer.ok() && !in_words {
            return Ok(answer.json(step, acts)?);
        }
        let now = self.clock.now();
        let refused = faults::refused(&answer, self.channel, step, acts, now, regain);
        // Without a word of how long, whoever asks again grows patient by itself.
        let rest = refused.error.retry_after;
        if let Some(rest) = rest.filter(|_| refused.throttled() || answer.status == 429) {
            self.reads.hold_until(now + rest);
            self.sends.hold_until(now + rest);
        }
        Err(refused)
    }

    /// What the headers say of the allowance: slower from three quarters on, a rest when nearly nothing is left, and
    /// longer where the vendor says how long. Returns the latter.
    fn allowance(&self, answer: &Answer) -> Option<Millis> {
        let read = |name: &str| {
            let text = answer.header(name)?;
            serde_json::from_str::<Value>(text).ok()
        };
        let app = read("x-app-usage");
        let business = read("x-business-use-case-usage");
        if app.is_none() && business.is_none() {
            return None;
        }
        let each = business.iter().filter_map(Value::as_object);
        let each = each.flat_map(|o| o.values().filter_map(Value::as_array).flatten());
        let (mut percent, mut regain) = (0, 0);
        for usage in app.iter().chain(each) {
            let number = |name: &str| {
                let n = usage.get(name).and_then(Value::as_f64).unwrap_or(0.0);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let n = n.clamp(0.0, 100_000.0) as u32;
                n
            };
            for name in ["call_count", "total_time", "total_cputime"] {
                percent = percent.max(number(name));
            }
            regain = regain.max(number("estimated_time_to_regain_access"));
        }
        let now = self.clock.now();
        self.reads.told(percent);
        self.sends.told(percent);
        if regain > 0 {
            let rest = Millis::from(regain) * 60 * SECOND;
            self.reads.hold_until(now + rest);
            self.sends.hold_until(now + rest);
            return Some(rest);
        }
        if percent >= STOP {
            // Answers of people still go out: only looking for news can wait.
            self.reads.hold_until(now + STOPPED);
        }
        None
    }
}

fn with(ask: Ask, token: &SecretString) -> Ask {
    ask.with("authorization", format!("Bearer {}", token.expose_secret()))
}
