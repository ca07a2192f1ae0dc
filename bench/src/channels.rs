//! Channels of short texts: how fast pages of an interface become messages, and what ten accounts cost that have
//! nothing to say.

use super::{Line, cpu};
use parley_engine::connectors::{factory, meta, telegram};
use parley_engine::model::{
    AccountConfig, Batch, Cursor, Event, GatewayAccess, MetaConfig, SmsConfig, SmsVia,
    TelegramConfig, TwilioAccess,
};
use parley_engine::secrets::Key;
use parley_engine::store::accounts;
use parley_engine::time::{ManualClock, SystemClock};
use parley_engine::{Engine, Error, Result, sync};
use parley_sandbox::{Graph, SmsGate, Telegram, Twilio, graph, smsgate, twilio};
use secrecy::{SecretBox, SecretString};
use serde_json::{Value, json};
use std::any::Any;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Messages of one page of an interface.
const PAGE: usize = 30;
/// 9 October 2025, 00:00 UTC.
const BEGIN: i64 = 1_759_968_000;
const OWN: &str = "17841400000000077";
const WORDS: [&str; 8] = [
    "lamp", "blue", "when", "delivery", "Friday", "order", "please", "thanks",
];

pub(crate) async fn measure(n: usize, seconds: u64, lines: &mut Vec<Line>) -> Result<()> {
    let bot = AccountConfig::Telegram(TelegramConfig {
        bot_id: OWN.into(),
        ..TelegramConfig::default()
    });
    let shop = AccountConfig::Instagram(MetaConfig {
        id: OWN.into(),
        name: "lampshop".into(),
        ..MetaConfig::default()
    });
    ingest(
        "Telegram's",
        bot,
        n,
        updates,
        telegram::payload::payload,
        lines,
    )
    .await?;
    ingest(
        "Graph's",
        shop,
        n,
        conversations,
        meta::convert::payload,
        lines,
    )
    .await?;
    idle(seconds, lines).await
}

fn open(dir: &Path, clock: Arc<dyn parley_engine::time::Clock>) -> Result<Arc<Engine>> {
    let key: Key = SecretBox::new(Box::new([9; 32]));
    Engine::open(dir, &key, clock, factory())
}

fn folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|e| Error::io("making a folder for the bench", e))
}

/// Pages as they come over the wire, to messages in the store.
async fn ingest(
    whose: &str,
    config: AccountConfig,
    n: usize,
    page: fn(usize) -> Value,
    read: fn(&Value, Option<&str>) -> Vec<Event>,
    lines: &mut Vec<Line>,
) -> Result<()> {
    let dir = folder()?;
    let clock = ManualClock::at((BEGIN - 1) * 1_000);
    let engine = open(dir.path(), Arc::new(clock.clone()))?;
    let account = engine
        .store()
        .write(move |tx| accounts::save(tx, &config, Some(&SecretString::from("x"))))
        .await?;
    clock.set((BEGIN + 10 * 86_400) * 1_000);
    let pages: Vec<String> = (0..n.div_ceil(PAGE)).map(|i| page(i).to_string()).collect();
    let (wall, before, mut done) = (Instant::now(), cpu(), 0);
    for (i, page) in pages.iter().enumerate() {
        let json: Value = serde_json::from_str(page).unwrap_or_default();
        let events = read(&json, Some(OWN));
        done += events
            .iter()
            .filter(|e| matches!(e, Event::Message(_)))
            .count();
        let batch = Batch {
            events,
            next: Cursor(format!("{i}")),
            more: true,
            gaps: Vec::new(),
            progress: None,
        };
        sync::keep(engine.store(), account, batch).await?;
    }
    let (wall, used) = (wall.elapsed(), cpu() - before);
    let each = u128::try_from(done.max(1)).unwrap_or(1);
    lines.push(Line {
        what: format!("pages of {whose} interface to messages, {done} messages"),
        ours: format!(
            "{} µs CPU a message, {}/s",
            used.as_micros() / each,
            each * 1_000_000 / wall.as_micros().max(1)
        ),
        peers: String::new(),
    });
    engine.stop().await;
    Ok(())
}

fn said(n: usize) -> String {
    let words: Vec<&str> = (0..12).map(|k| WORDS[(n * 7 + k * k) % 8]).collect();
    words.join(" ")
}

/// A page as Telegram writes it: five hundred people, every tenth message formatted.
fn updates(page: usize) -> Value {
    let update = |i: usize| {
        let n = page * PAGE + i;
        let who = 880_000_000_000 + n % 500;
        let mut m = json!({
            "message_id": n + 1, "date": BEGIN + i64::try_from(n).unwrap_or(0),
            "chat": { "id": who, "type": "private", "first_name": "Customer", "last_name": who.to_string() },
            "from": { "id": who, "is_bot": false, "first_name": "Customer", "language_code": "en" },
            "text": said(n),
        });
        if n.is_multiple_of(10) {
            m["entities"] = json!([{ "type": "bold", "offset": 0, "length": 4 }]);
        }
        json!({ "update_id": n + 1, "message": m })
    };
    json!({ "ok": true, "result": (0..PAGE).map(update).collect::<Vec<_>>() })
}

/// A page as Graph writes it: three conversations of ten messages, the newest first, every fifth message ours.
fn conversations(page: usize) -> Value {
    let us = json!({ "id": OWN, "username": "lampshop" });
    let conversation = |c: usize| {
        let who = format!("61{:014}", (page * 3 + c) % 500);
        let them = json!({ "id": who, "username": format!("customer{who}") });
        let message = |i: usize| {
            let n = page * PAGE + c * 10 + 9 - i;
            let (from, to) = if n.is_multiple_of(5) {
                (&us, &them)
            } else {
                (&them, &us)
            };
            json!({
                "id": format!("aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAw{n:012}"),
                "created_time": time(n), "from": from, "to": { "data": [to] }, "message": said(n),
            })
        };
        json!({
            "id": format!("aWdfZAG06{who}"), "updated_time": time(page * PAGE + c * 10 + 9),
            "participants": { "data": [us, them] },
            "messages": { "data": (0..10).map(message).collect::<Vec<_>>() },
        })
    };
    json!({ "data": (0..3).map(conversation).collect::<Vec<_>>() })
}

/// So many seconds after the beginning, within its day.
fn time(n: usize) -> String {
    let (h, m, s) = (n / 3_600 % 24, n / 60 % 60, n % 60);
    format!("2025-10-09T{h:02}:{m:02}:{s:02}+0000")
}

/// What accounts cost that wait for news. Their providers are played by another process, so that its work is not
/// counted.
async fn idle(seconds: u64, lines: &mut Vec<Line>) -> Result<()> {
    let providers = Providers::start()?;
    let dir = folder()?;
    let engine = open(dir.path(), Arc::new(SystemClock))?;
    let found = providers.accounts.clone();
    let channels: std::collections::BTreeSet<_> = found.iter().map(|a| a.0.channel()).collect();
    engine
        .store()
        .write(move |tx| {
            for (config, secret) in &found {
                accounts::save(tx, config, Some(&SecretString::from(secret.clone())))?;
            }
            Ok(())
        })
        .await?;
    engine.start().await?;
    // Signing in and the first reading are not waiting.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (wall, before) = (Instant::now(), cpu());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (wall, used) = (wall.elapsed(), cpu() - before);
    lines.push(Line {
        what: format!(
            "{} accounts of {} channels with nothing to say, {seconds} s, of one core",
            providers.accounts.len(),
            channels.len()
        ),
        ours: format!(
            "{:.2} %",
            100.0 * used.as_secs_f64() / wall.as_secs_f64().max(0.001)
        ),
        peers: String::new(),
    });
    engine.stop().await;
    Ok(())
}

/// The providers in a process of their own.
struct Providers {
    child: Child,
    accounts: Vec<(AccountConfig, String)>,
}

impl Drop for Providers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Providers {
    fn start() -> Result<Self> {
        let io = |e| Error::io("starting the bench's providers", e);
        let me = std::env::current_exe().map_err(io)?;
        let mut child = Command::new(me)
            .arg("--providers")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(io)?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).map_err(io)?;
        }
        let accounts = serde_json::from_str(&line).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(Self { child, accounts })
    }
}

/// Plays the providers, says on one line how they are reached, and ends with its input.
pub(crate) async fn play() -> Result<()> {
    let mut running: Vec<Box<dyn Any>> = Vec::new();
    let mut accounts: Vec<(AccountConfig, String)> = Vec::new();
    let failed = |e: parley_sandbox::Error| Error::Internal(e.to_string());
    for n in 0..4 {
        let token = format!("77001122{n:02}:AAbench-bot-token_0123456789abcdefgh");
        let options = parley_sandbox::telegram::Options {
            token: token.clone(),
            ..parley_sandbox::telegram::Options::default()
        };
        let bot = Telegram::start(options).await.map_err(failed)?;
        let config = TelegramConfig {
            bot_id: format!("77001122{n:02}"),
            base_url: bot.base(),
            ..TelegramConfig::default()
        };
        accounts.push((AccountConfig::Telegram(config), token));
        running.push(Box::new(bot));
    }
    for n in 0..2 {
        let number = format!("+155576501{n:02}");
        let options = twilio::Options {
            number: number.clone(),
            ..twilio::Options::default()
        };
        let (sid, key) = (options.account.clone(), options.key.clone());
        let vendor = Twilio::start(options).await.map_err(failed)?;
        let access = TwilioAccess {
            account_sid: sid,
            key_sid: key.0,
            base_url: vendor.base(),
            messaging_service: String::new(),
        };
        accounts.push((sms(number, SmsVia::Twilio(access)), key.1));
        running.push(Box::new(vendor));
    }
    let options = smsgate::Options::default();
    let (number, user, password) = (
        options.number.clone(),
        options.user.clone(),
        options.password.clone(),
    );
    let phone = SmsGate::start(options).await.map_err(failed)?;
    let access = GatewayAccess {
        base_url: phone.base(),
        user,
    };
    accounts.push((sms(number, SmsVia::Phone(access)), password));
    running.push(Box::new(phone));
    for n in 0..3 {
        let meta = Graph::start(graph::Options::instagram())
            .await
            .map_err(failed)?;
        // Three accounts of one app: told apart by their names.
        let id = meta.api().with(|a, _| {
            a.instagram = format!("{}{n}", a.instagram);
            a.instagram.clone()
        });
        let config = MetaConfig {
            id,
            base_url: meta.base(),
            ..MetaConfig::default()
        };
        accounts.push((AccountConfig::Instagram(config), meta.token()));
        running.push(Box::new(meta));
    }
    let said = serde_json::to_string(&accounts).map_err(|e| Error::Internal(e.to_string()))?;
    let _ = writeln!(std::io::stdout().lock(), "{said}");
    let ended = tokio::task::spawn_blocking(|| {
        let mut rest = String::new();
        let _ = std::io::stdin().read_line(&mut rest);
    });
    let _ = ended.await;
    drop(running);
    Ok(())
}

fn sms(number: String, via: SmsVia) -> AccountConfig {
    AccountConfig::Sms(SmsConfig {
        number,
        name: String::new(),
        via,
    })
}
