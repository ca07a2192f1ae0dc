//! Questions to the interface: where they go, how often, and what the vendor says of its allowance beside its answers.

use super::faults::{self, Aim, Refused};
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
/// From so many percent of the allowance on, only what must be asked is asked.
pub(super) const BUSY: u32 = 75;
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
    reads: Arc<Budget>,
    /// For everything else.
    sends: Arc<Budget>,
    app: App,
}

/// What the vendor counts for the app as a whole. Which app a token is of it does not say, so all accounts behind one
/// door share this.
struct App {
    reads: Arc<Budget>,
    sends: Arc<Budget>,
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
        let base = Base::of(&config.base_url, vendor, Reach::Loopback);
        let door = base.as_ref().map_or(vendor, Base::host).to_owned();
        // No pace of its own: it only rests.
        let app = |kind: &str| net.budget(&format!("meta-app:{door}{kind}"), 1_000.0, 1_000);
        Self {
            app: App {
                reads: app(""),
                sends: app(":send"),
            },
            base,
            version: if version.is_empty() { VERSION } else { version }.to_owned(),
            channel,
            owner: owner.to_owned(),
            reads: net.budget(&format!("meta:{who}"), CALLS, 1),
            sends: net.budget(&format!("meta:{who}:send"), 10.0, 5),
            net,
            clock,
        }
    }

    /// How much of the account's or the app's allowance is used, whichever is more, in percent.
    pub(super) fn used(&self) -> Option<u32> {
        self.reads.used().max(self.app.reads.used())
    }

    /// Until when nothing is looked for.
    pub(super) fn held(&self) -> Option<Millis> {
        self.reads.held().max(self.app.reads.held())
    }

    /// Little is left of the allowance: what can be done without is left out.
    pub(super) fn is_short(&self) -> bool {
        self.held().is_some() || self.used().is_some_and(|u| u >= BUSY)
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
        self.ask(with(ask, token), counts, Aim::Look).await
    }

    /// Does something.
    pub(super) async fn post(
        &self,
        token: &SecretString,
        segments: &[&str],
        body: Body,
        step: &'static str,
        aim: Aim,
    ) -> std::result::Result<Value, Refused> {
        let ask = Ask {
            acts: aim == Aim::Send,
            ..Ask::post(self.url(segments, &[])?, step, body)
        };
        self.ask(with(ask, token), Counts::Other, aim).await
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
        let ask = Ask::get(url, "token");
        let json = self.ask(ask, Counts::Other, Aim::Look).await?;
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

    async fn ask(&self, ask: Ask, counts: Counts, aim: Aim) -> std::result::Result<Value, Refused> {
        let (account, app) = match counts {
            Counts::Conversations => (&self.reads, &self.app.reads),
            Counts::Other => (&self.sends, &self.app.sends),
        };
        let (step, acts) = (ask.step, ask.acts);
        let now = self.clock.now();
        let held = account.held().max(app.held());
        if let Some(until) = held.filter(|until| until - now > PATIENCE) {
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
        app.turn().await;
        account.turn().await;
        let answer = self.net.ask(ask).await.map_err(|e| passing(e, aim))?;
        let regain = self.allowance(&answer);
        // A refusal may come with any status, also with that of success.
        let in_words = answer.ok() && faults::Said::read(&answer.body).is_some();
        if answer.ok() && !in_words {
            return Ok(answer.json(step, acts)?);
        }
        let now = self.clock.now();
        let refused = faults::refused(&answer, self.channel, step, aim, now, regain);
        // Without a word of how long, whoever asks again grows patient by itself.
        let rest = refused.error.retry_after;
        if let Some(rest) = rest.filter(|_| refused.throttled() || answer.status == 429) {
            let (reads, sends) = if refused.of_the_app() {
                (&self.app.reads, &self.app.sends)
            } else {
                (&self.reads, &self.sends)
            };
            reads.hold_until(now + rest);
            sends.hold_until(now + rest);
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
        let now = self.clock.now();
        if let Some(app) = read("x-app-usage") {
            let percent = percent(std::iter::once(&app));
            self.app.reads.told(percent);
            self.app.sends.told(percent);
            if percent >= STOP {
                // Answers of people still go out: only looking for news can wait.
                self.app.reads.hold_until(now + STOPPED);
            }
        }
        let business = read("x-business-use-case-usage")?;
        let each = business.as_object().into_iter().flat_map(|o| o.values());
        let each: Vec<&Value> = each.filter_map(Value::as_array).flatten().collect();
        let percent = percent(each.iter().copied());
        self.reads.told(percent);
        self.sends.told(percent);
        let regain = each
            .iter()
            .map(|u| number(u, "estimated_time_to_regain_access"));
        let regain = regain.max().unwrap_or(0);
        if regain > 0 {
            let rest = Millis::from(regain) * 60 * SECOND;
            self.reads.hold_until(now + rest);
            self.sends.hold_until(now + rest);
            return Some(rest);
        }
        if percent >= STOP {
            self.reads.hold_until(now + STOPPED);
        }
        None
    }
}

/// The worst of what is said of an allowance.
fn percent<'a>(each: impl Iterator<Item = &'a Value>) -> u32 {
    const KINDS: [&str; 3] = ["call_count", "total_time", "total_cputime"];
    let all = each.flat_map(|usage| KINDS.map(|name| number(usage, name)));
    all.max().unwrap_or(0)
}

fn number(usage: &Value, name: &str) -> u32 {
    let n = usage.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let n = n.clamp(0.0, 100_000.0) as u32;
    n
}

/// Whoever only asks, asks again: also after an answer that was too large, which somebody on the way may have made.
fn passing(error: ChannelError, aim: Aim) -> ChannelError {
    if aim == Aim::Look && error.remedy == Remedy::Final {
        return ChannelError {
            remedy: Remedy::Retry,
            ..error
        };
    }
    error
}

fn with(ask: Ask, token: &SecretString) -> Ask {
    ask.with("authorization", format!("Bearer {}", token.expose_secret()))
}
