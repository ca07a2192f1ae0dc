//! Telegram's Bot API as it is asked, and what its refusals mean. The token stands in every address: no address is
//! ever put into words.

use super::convert::fingerprint;
use crate::connectors::http::{
    Answer, Ask, Base, Body, FormFile, MOST_DATA, Net, Reach, form_data,
};
use crate::connectors::{Context, Credentials, Proof, Result};
use crate::model::{ChannelError, Remedy, TelegramConfig};
use crate::time::{Clock, Millis, SECOND};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const VENDOR: &str = "https://api.telegram.org";
/// The vendor gives no larger files.
pub(super) const MOST_FILE: u64 = 20 * 1024 * 1024;
/// The vendor takes no larger ones.
pub(super) const MOST_SENT: u64 = 50 * 1024 * 1024;
/// Nor larger photographs.
pub(super) const MOST_PHOTO: usize = 10 * 1024 * 1024;
/// Updates of one page: each becomes three events at most.
pub(super) const PAGE: usize = 30;
/// Messages a second to one chat, after so many at once: the vendor allows short bursts.
const CHAT: (f64, u32) = (1.0, 3);
/// A file's time: this, and a second for so many of its bytes.
const FILE_TIME: Duration = Duration::from_secs(30);
const FILE_PACE: u64 = 64 * 1024;
/// How long the vendor is asked to wait for news.
const LONG_POLL: u32 = 30;
/// What is asked for; the vendor tells reactions only by name.
const KINDS: [&str; 9] = [
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "message_reaction",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
];

/// The way to one bot.
pub(super) struct Api {
    base: Result<Base>,
    bot_id: String,
    net: Arc<Net>,
    clock: Arc<dyn Clock>,
    credentials: Arc<dyn Credentials>,
}

/// What a method is asked with.
enum With<'a> {
    Json(Value),
    File(Vec<(&'a str, String)>, FormFile<'a>),
}

impl Api {
    pub(super) fn new(config: &TelegramConfig, context: Context) -> Self {
        Self {
            base: Base::of(&config.base_url, VENDOR, Reach::Loopback),
            bot_id: config.bot_id.clone(),
            net: context.net,
            clock: context.clock,
            credentials: context.credentials,
        }
    }

    pub(super) fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(super) fn host(&self) -> &str {
        self.base.as_ref().map_or("Telegram", Base::host)
    }

    /// Which server numbers the news: nothing for the vendor's own, else a mark of its address.
    pub(super) fn server(&self) -> String {
        let own = |given: &str| Base::of(given, VENDOR, Reach::Loopback).map(|b| b.at(&[]));
        match (self.base.as_ref().map(|b| b.at(&[])), own("")) {
            (Ok(here), Ok(vendor)) if here != vendor => {
                format!("{:016x}", fingerprint(here.as_str().as_bytes()))
            }
            _ => String::new(),
        }
    }

    /// Waits until this chat takes another message, then until the bot may send one.
    async fn turn(&self, chat: i64) {
        let name = format!("telegram:{}:{chat}", self.bot_id);
        self.net.budget(&name, CHAT.0, CHAT.1).turn().await;
        self.budget().turn().await;
    }

    /// The allowance of sends: 30 a second for a bot, of which a few are left.
    pub(super) fn budget(&self) -> Arc<crate::connectors::http::Budget> {
        let name = format!("telegram:{}", self.bot_id);
        self.net.budget(&name, 25.0, 25)
    }

    /// The token, if it is one and this bot's.
    async fn token(&self) -> Result<SecretString> {
        let secret = match self.credentials.proof(None).await? {
            Proof::Password(s) | Proof::Token(s) => s,
        };
        let bot = bot_of(&secret).ok_or_else(|| {
            reconnect("This is no token of a Telegram bot. It has digits, a colon and letters; @BotFather shows it.")
        })?;
        if !self.bot_id.is_empty() && bot != self.bot_id {
            return Err(reconnect(
                "This token belongs to another bot than the account. Connect that bot as an account of its own.",
            ));
        }
        Ok(secret.expose_secret().trim().to_owned().into())
    }

    pub(super) async fn me(&self) -> Result<Value> {
        self.ask("getMe", With::Json(json!({})), "login", false, None)
            .await
    }

    pub(super) async fn webhook(&self) -> Result<Value> {
        self.ask(
            "getWebhookInfo",
            With::Json(json!({})),
            "webhook",
            false,
            None,
        )
        .await
    }

    /// What came from this number on; everything before it is confirmed by asking. `patient` waits for news.
    pub(super) async fn updates(&self, offset: i64, patient: bool) -> Result<Vec<Value>> {
        let seconds = if patient { LONG_POLL } else { 0 };
        let mut with = json!({ "limit": PAGE, "timeout": seconds, "allowed_updates": KINDS });
        if offset != 0 {
            with["offset"] = json!(offset);
        }
        let time = Duration::from_secs(u64::from(seconds) + 15);
        let got = self
            .ask("getUpdates", With::Json(with), "poll", false, Some(time))
            .await;
        match got {
            Err(e) if e.step == CONFLICT => Err(self.conflict().await),
            Ok(Value::Array(all)) => Ok(all),
            Ok(_) => Err(ChannelError::new(
                Remedy::Retry,
                "poll",
                format!(
                    "{} answered with something else than a list of news.",
                    self.host()
                ),
            )),
            Err(e) => Err(e),
        }
    }

    /// Whoever else reads this bot.
    async fn conflict(&self) -> ChannelError {
        let hook = self.webhook().await.ok();
        let url = hook
            .as_ref()
            .and_then(|h| h["url"].as_str())
            .unwrap_or_default();
        if url.is_empty() {
            return ChannelError::new(
                Remedy::Reconnect,
                CONFLICT,
                "Another program reads this bot, and Telegram lets only one read. Stop the other one (another Parley, or a bot service), then try again; or make a new bot for Parley with @BotFather.",
            );
        }
        let host = ::url::Url::parse(url)
            .ok()
            .and_then(|u| u.host_str().map(str::to_owned))
            .unwrap_or_else(|| "another server".into());
        ChannelError::new(
            Remedy::Reconnect,
            CONFLICT,
            format!(
                "Telegram hands this bot's messages to {host} (a webhook is set), so that they cannot be read here. Disconnect the bot there, then try again; or make a new bot for Parley with @BotFather."
            ),
        )
    }

    pub(super) async fn send_json(&self, method: &str, chat: i64, with: Value) -> Result<Value> {
        self.turn(chat).await;
        self.ask(method, With::Json(with), "send", true, None).await
    }

    pub(super) async fn send_file(
        &self,
        method: &str,
        chat: i64,
        fields: Vec<(&str, String)>,
        file: FormFile<'_>,
    ) -> Result<Value> {
        self.turn(chat).await;
        // A slow line needs its time for 50 MB.
        let time = Some(Duration::from_secs(300));
        self.ask(method, With::File(fields, file), "send", true, time)
            .await
    }

    /// A file's content.
    pub(super) async fn file(&self, id: &str) -> Result<Vec<u8>> {
        let found = self
            .ask(
                "getFile",
                With::Json(json!({ "file_id": id })),
                "file",
                false,
                None,
            )
            .await?;
        let path = found["file_path"].as_str().unwrap_or_default();
        // A server of one's own in its local mode gives a path on its own disk.
        if path.is_empty() || path.starts_with('/') || path.split('/').any(|s| s == "..") {
            return Err(ChannelError::new(
                Remedy::Final,
                "file",
                format!("{} does not give the file.", self.host()),
            ));
        }
        let token = self.token().await?;
        let bot = format!("bot{}", token.expose_secret());
        let segments: Vec<&str> = ["file", &bot].into_iter().chain(path.split('/')).collect();
        let most = usize::try_from(MOST_FILE).unwrap_or(MOST_DATA);
        let size = found["file_size"].as_u64().unwrap_or(MOST_FILE);
        let ask = Ask::get(self.base()?.at(&segments), "file")
            .within(FILE_TIME + Duration::from_secs(size.min(MOST_FILE) / FILE_PACE))
            .at_most(most);
        let answer = self.net.ask(ask).await?;
        if answer.ok() {
            Ok(answer.body)
        } else {
            Err(answer.failure("file", false, self.now()))
        }
    }

    fn base(&self) -> Result<&Base> {
        self.base.as_ref().map_err(Clone::clone)
    }

    async fn ask(
        &self,
        method: &str,
        with: With<'_>,
        step: &'static str,
        acts: bool,
        time: Option<Duration>,
    ) -> Result<Value> {
        let token = self.token().await?;
        let bot = format!("bot{}", token.expose_secret());
        let url = self.base()?.at(&[&bot, method]);
        let body = match with {
            With::Json(v) => Body::Json(v),
            With::File(fields, file) => form_data(&fields, &[file]),
        };
        let mut ask = Ask {
            acts,
            ..Ask::post(url, step, body)
        };
        if let Some(time) = time {
            ask = ask.within(time);
        }
        let answer = self.net.ask(ask).await?;
        let said = read(&answer, step, acts, self.now());
        if let Err(ChannelError {
            remedy: Remedy::Wait,
            retry_after: Some(wait),
            ..
        }) = &said
        {
            self.budget().hold_until(self.now() + wait);
        }
        said
    }
}

/// The step of a refusal because somebody else reads.
pub(super) const CONFLICT: &str = "conflict";

fn reconnect(what: &str) -> ChannelError {
    ChannelError::new(Remedy::Reconnect, "login", what)
}

/// The bot's id in front of its token.
pub(super) fn bot_of(token: &SecretString) -> Option<String> {
    let (id, rest) = token.expose_secret().trim().split_once(':')?;
    let digits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let safe = rest.len() >= 20
        && rest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (digits && safe).then(|| id.to_owned())
}

/// What an answer says: its result, or its refusal by its number.
fn read(answer: &Answer, step: &'static str, acted: bool, now: Millis) -> Result<Value> {
    if answer.status >= 500 {
        return Err(answer.failure(step, acted, now));
    }
    if answer.status == 413 {
        return Err(fails(
            Remedy::Final,
            step,
            format!("{} takes no file of this size.", answer.host),
        ));
    }
    let said: Value = match answer.json(step, acted) {
        Ok(v) => v,
        // Something in between answered.
        Err(_) if !answer.ok() => return Err(answer.failure(step, acted, now)),
        Err(e) => return Err(e),
    };
    if answer.ok() && said["ok"] == json!(true) {
        return Ok(said.get("result").cloned().unwrap_or(Value::Null));
    }
    let host = &answer.host;
    let code = said["error_code"]
        .as_u64()
        .unwrap_or(u64::from(answer.status));
    let words = words(&said);
    Err(match code {
        401 | 404 if step == "login" || step == "poll" || step == "send" => fails(
            Remedy::Reconnect,
            step,
            format!(
                "{host} does not know this token any more. Ask @BotFather for the bot's token and connect it again."
            ),
        ),
        403 if step == "send" => fails(
            Remedy::Final,
            BLOCKED,
            format!(
                "This person cannot be written to by the bot: they blocked it, never started it, or left Telegram ({words})."
            ),
        ),
        409 => fails(
            Remedy::Reconnect,
            CONFLICT,
            "Another program reads this bot.".into(),
        ),
        420 | 429 => {
            let told = said["parameters"]["retry_after"].as_i64();
            let wait = told
                .map(|s| s.clamp(1, 86_400) * SECOND)
                .or_else(|| crate::connectors::http::retry_after(&answer.headers, now));
            ChannelError {
                retry_after: wait,
                ..fails(Remedy::Wait, step, format!("{host} asks to wait."))
            }
        }
        400..=499 => fails(
            Remedy::Final,
            step,
            format!("{host} refused ({code}): {words}."),
        ),
        _ => answer.failure(step, acted, now),
    })
}

/// The step of a refusal because a person does not want it.
pub(super) const BLOCKED: &str = "recipient";

fn fails(remedy: Remedy, step: &'static str, what: String) -> ChannelError {
    ChannelError::new(remedy, step, what)
}

/// The vendor's own words for who looks into it; what they mean is told by numbers alone.
fn words(said: &Value) -> String {
    let words = said["description"].as_str().unwrap_or("no reason given");
    let line = words.chars().filter(|c| !c.is_control()).take(160);
    line.collect::<String>().trim_end_matches('.').to_owned()
}
