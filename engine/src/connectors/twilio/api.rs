//! The vendor's interface: who we are, where it is, and how its pages and files are walked.

use super::convert;
use super::errors::refused;
use crate::connectors::fetch::is_public;
use crate::connectors::http::{Answer, Ask, Base, Body, Budget, MOST_FILE, Net, Reach};
use crate::connectors::{Context, Credentials, Proof, Result};
use crate::model::{ChannelError, Remedy, TwilioAccess};
use crate::time::{Clock, Millis, SECOND};
use data_encoding::BASE64;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use url::{Host, Url};

const VENDOR: &str = "https://api.twilio.com";
const VERSION: &str = "2010-04-01";
/// Calls a second that all accounts of one project make together, after so many at once.
const PACE: (f64, u32) = (20.0, 200);
/// Longer waits that the vendor asks for are told, shorter ones waited for.
const SHORT: Millis = 2 * SECOND;
/// How often a file may lead elsewhere.
const REDIRECTS: usize = 3;

/// One account at the vendor.
pub(super) struct Api {
    base: Base,
    account: String,
    user: String,
    credentials: Arc<dyn Credentials>,
    net: Arc<Net>,
    clock: Arc<dyn Clock>,
    budget: Arc<Budget>,
}

/// A page of a list.
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    /// Where the next one is, as the vendor writes it.
    pub(super) next: Option<String>,
}

/// What became of a file.
pub(super) enum Fetched {
    /// It is here, of this claimed type.
    File(String, Vec<u8>),
    /// It is not to be had any more.
    Gone(&'static str),
}

impl Api {
    pub(super) fn new(access: &TwilioAccess, context: &Context) -> Result<Self> {
        // The version belongs to the path, and people copy addresses with it.
        let given = access.base_url.trim().trim_end_matches('/');
        let given = given.strip_suffix(VERSION).unwrap_or(given);
        let base = Base::of(given, VENDOR, Reach::Loopback)?;
        let account = access.account_sid.trim().to_owned();
        let user = match access.key_sid.trim() {
            "" => account.clone(),
            key => key.to_owned(),
        };
        let name = format!("{} {account}", base.host());
        Ok(Self {
            budget: context.net.budget(&name, PACE.0, PACE.1),
            base,
            account,
            user,
            credentials: Arc::clone(&context.credentials),
            net: Arc::clone(&context.net),
            clock: Arc::clone(&context.clock),
        })
    }

    pub(super) fn held(&self) -> Option<Millis> {
        self.budget.held()
    }

    fn at(&self, rest: &[&str]) -> Url {
        let mut segments = vec![VERSION, "Accounts", self.account.as_str()];
        segments.extend(rest);
        self.base.at(&segments)
    }

    /// Asks with our proof; any status comes back, but what every status of refusal means is not looked at.
    async fn signed(&self, ask: Ask) -> Result<Answer> {
        self.turn(ask.step).await?;
        let secret = match self.credentials.proof(None).await? {
            Proof::Password(s) | Proof::Token(s) => s,
        };
        let both = format!("{}:{}", self.user, secret.expose_secret());
        let ask = ask.with(
            "authorization",
            format!("Basic {}", BASE64.encode(both.as_bytes())),
        );
        let answer = self.net.ask(ask).await?;
        if answer.status == 429 {
            let told = refused(&answer, "wait", false, self.clock.now());
            self.budget
                .hold_until(self.clock.now() + told.retry_after.unwrap_or(SECOND));
        }
        Ok(answer)
    }

    async fn turn(&self, step: &'static str) -> Result<()> {
        let wait = self.budget.held().map(|until| until - self.clock.now());
        if let Some(wait) = wait.filter(|w| *w > SHORT) {
            let host = self.base.host();
            return Err(ChannelError {
                retry_after: Some(wait),
                ..ChannelError::new(Remedy::Wait, step, format!("{host} asked to wait."))
            }
            .before_asking());
        }
        self.budget.turn().await;
        Ok(())
    }

    async fn get(&self, url: Url, step: &'static str) -> Result<Value> {
        let answer = self.signed(Ask::get(url, step)).await?;
        if answer.ok() {
            return answer.json(step, false);
        }
        Err(refused(&answer, step, false, self.clock.now()))
    }

    /// The newest messages to (`To`) or from (`From`) an address.
    pub(super) async fn messages(&self, side: &str, address: &str, size: u32) -> Result<Page> {
        let mut url = self.at(&["Messages.json"]);
        url.query_pairs_mut()
            .append_pair(side, address)
            .append_pair("PageSize", &size.to_string());
        self.page(url, "messages").await
    }

    /// The page that another one named; `None` where that is at another address than the interface.
    pub(super) async fn next(&self, uri: &str) -> Result<Option<Page>> {
        match self.base.on_same_host(uri) {
            Some(url) => self.page(url, "messages").await.map(Some),
            None => Ok(None),
        }
    }

    async fn page(&self, url: Url, name: &'static str) -> Result<Page> {
        let mut body = self.get(url, "poll").await?;
        let Some(rows) = body.get_mut(name).and_then(Value::as_array_mut) else {
            let what = format!(
                "{} answered without the list of messages.",
                self.base.host()
            );
            return Err(ChannelError::new(Remedy::Retry, "poll", what));
        };
        let rows = std::mem::take(rows);
        let next = body.get("next_page_uri").and_then(Value::as_str);
        Ok(Page {
            rows,
            next: next.filter(|n| !n.is_empty()).map(str::to_owned),
        })
    }

    /// One message; `None` where it was deleted.
    pub(super) async fn message(&self, sid: &str) -> Result<Option<Value>> {
        let url = self.at(&["Messages", &format!("{sid}.json")]);
        let answer = self.signed(Ask::get(url, "poll")).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.ok() => answer.json("poll", false).map(Some),
            _ => Err(refused(&answer, "poll", false, self.clock.now())),
        }
    }

    /// Sends, and gives what the vendor says of the message.
    pub(super) async fn create(&self, fields: Vec<(String, String)>) -> Result<Value> {
        let url = self.at(&["Messages.json"]);
        let answer = self
            .signed(Ask::post(url, "send", Body::Form(fields)))
            .await?;
        if answer.ok() {
            return answer.json("send", true);
        }
        Err(refused(&answer, "send", true, self.clock.now()))
    }

    /// The files of a message: sid and claimed type.
    pub(super) async fn files(&self, message: &str) -> Result<Vec<(String, String)>> {
        let url = self.at(&["Messages", message, "Media.json"]);
        let answer = self.signed(Ask::get(url, "media")).await?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        if !answer.ok() {
            return Err(refused(&answer, "media", false, self.clock.now()));
        }
        let body: Value = answer.json("media", false)?;
        let rows = body.get("media_list").and_then(Value::as_array);
        Ok(rows
            .into_iter()
            .flatten()
            .filter_map(convert::media)
            .collect())
    }

    /// A file's bytes. It lies on another server: our proof is shown to the interface, and to nobody that it leads to.
    /// What that one refuses says nothing of the account.
    pub(super) async fn file(&self, message: &str, file: &str) -> Result<Fetched> {
        let url = self.at(&["Messages", message, "Media", file]);
        let mut at = url.clone();
        let mut answer = self
            .signed(Ask::get(url, "media").at_most(MOST_FILE))
            .await?;
        let mut elsewhere = false;
        for _ in 0..REDIRECTS {
            if !(300..400).contains(&answer.status) {
                break;
            }
            let to = answer.header("location").and_then(|l| at.join(l).ok());
            let Some(to) = to.filter(|to| self.may_lead(to)) else {
                return Ok(Fetched::Gone("it lies at an address that is not asked"));
            };
            at = to.clone();
            elsewhere = true;
            answer = self
                .net
                .ask(Ask::get(to, "media").at_most(MOST_FILE))
                .await?;
        }
        match answer.status {
            _ if answer.ok() => {
                let kind = answer.header("content-type").unwrap_or_default().to_owned();
                Ok(Fetched::File(kind, answer.body))
            }
            404 | 410 => Ok(Fetched::Gone("it was deleted")),
            // A signed address that has run out: the next try is led to another one.
            401 | 403 if elsewhere => {
                let what = format!("{} does not give it ({}).", answer.host, answer.status);
                Err(ChannelError::new(Remedy::Retry, "media", what))
            }
            300..=399 => Ok(Fetched::Gone("it leads on and on")),
            _ => Err(refused(&answer, "media", false, self.clock.now())),
        }
    }

    /// Files are led to over TLS and on the public network; on this computer, to this computer.
    fn may_lead(&self, to: &Url) -> bool {
        let ip = match to.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
            None => return false,
        };
        let here = ip.is_some_and(|ip| ip.is_loopback());
        let we_are_here = matches!(self.base.host(), "127.0.0.1" | "localhost" | "[::1]");
        match to.scheme() {
            "https" => ip.is_none_or(is_public) || (here && we_are_here),
            "http" => here && we_are_here,
            _ => false,
        }
    }

    /// The account's numbers that contain this one, all of them where it is empty; `None` where the key may not ask.
    pub(super) async fn numbers(&self, number: &str) -> Result<Option<Vec<Value>>> {
        let mut url = self.at(&["IncomingPhoneNumbers.json"]);
        url.query_pairs_mut().append_pair("PageSize", "200");
        if !number.is_empty() {
            url.query_pairs_mut().append_pair("PhoneNumber", number);
        }
        let answer = self.signed(Ask::get(url, "login")).await?;
        if answer.status == 403 {
            return Ok(None);
        }
        if !answer.ok() {
            return Err(refused(&answer, "login", false, self.clock.now()));
        }
        let body: Value = answer.json("login", false)?;
        let rows = body.get("incoming_phone_numbers").and_then(Value::as_array);
        Ok(Some(rows.cloned().unwrap_or_default()))
    }
}
