//! Channels of short texts: how fast pages of an interface become messages, and what ten accounts cost that have
//! nothing to say.

use super::{Line, cpu};
use parley_engine::connectors::{factory, telegram};
use parley_engine::model::{AccountConfig, Batch, Cursor, Event, TelegramConfig};
use parley_engine::secrets::Key;
use parley_engine::store::accounts;
use parley_engine::time::{ManualClock, SystemClock};
use parley_engine::{Engine, Error, Result, sync};
use parley_sandbox::telegram::{Options, Telegram};
use secrecy::{SecretBox, SecretString};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Accounts that wait for news.
const ACCOUNTS: usize = 10;
/// Messages of one page of an interface.
const PAGE: usize = 30;
const BEGIN: i64 = 1_760_000_000;

pub(crate) async fn measure(n: usize, seconds: u64, lines: &mut Vec<Line>) -> Result<()> {
    ingest(n, lines).await?;
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
async fn ingest(n: usize, lines: &mut Vec<Line>) -> Result<()> {
    let dir = folder()?;
    let clock = ManualClock::at((BEGIN - 1) * 1_000);
    let engine = open(dir.path(), Arc::new(clock.clone()))?;
    let config = AccountConfig::Telegram(TelegramConfig {
        bot_id: "77".into(),
        ..TelegramConfig::default()
    });
    let account = engine
        .store()
        .write(move |tx| accounts::save(tx, &config, Some(&SecretString::from("x"))))
        .await?;
    clock.set((BEGIN + 1_000_000_000) * 1_000);
    let pages: Vec<String> = (0..n.div_ceil(PAGE)).map(updates).collect();
    let (wall, before, mut done) = (Instant::now(), cpu(), 0);
    for (i, page) in pages.iter().enumerate() {
        let json: Value = serde_json::from_str(page).unwrap_or_default();
        let events = telegram::convert::payload(&json, Some("77"));
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
        what: format!("pages of Telegram's interface to messages, {done} messages"),
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

/// A page as the vendor writes it: five hundred people, every tenth message formatted.
fn updates(page: usize) -> String {
    const WORDS: [&str; 8] = [
        "lamp", "blue", "when", "delivery", "Friday", "order", "please", "thanks",
    ];
    let update = |i: usize| {
        let n = page * PAGE + i;
        let who = 880_000_000_000 + n % 500;
        let text: Vec<&str> = (0..12).map(|k| WORDS[(n * 7 + k * k) % 8]).collect();
        let mut m = json!({
            "message_id": n + 1, "date": BEGIN + i64::try_from(n).unwrap_or(0) * 20,
            "chat": { "id": who, "type": "private", "first_name": "Customer", "last_name": who.to_string() },
            "from": { "id": who, "is_bot": false, "first_name": "Customer", "language_code": "en" },
            "text": text.join(" "),
        });
        if n.is_multiple_of(10) {
            m["entities"] = json!([{ "type": "bold", "offset": 0, "length": 4 }]);
        }
        json!({ "update_id": n + 1, "message": m })
    };
    json!({ "ok": true, "result": (0..PAGE).map(update).collect::<Vec<_>>() }).to_string()
}

/// What accounts cost that wait for news. Their providers are played by another process, so that its work is not
/// counted.
async fn idle(seconds: u64, lines: &mut Vec<Line>) -> Result<()> {
    let providers = Providers::start()?;
    let dir = folder()?;
    let engine = open(dir.path(), Arc::new(SystemClock))?;
    let found = providers.accounts.clone();
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
        what: format!("{ACCOUNTS} accounts with nothing to say, {seconds} s, of one core"),
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
    let mut running = Vec::new();
    let mut accounts: Vec<(AccountConfig, String)> = Vec::new();
    for n in 0..ACCOUNTS {
        let token = format!("77001122{n:02}:AAbench-bot-token_0123456789abcdefgh");
        let options = Options {
            token: token.clone(),
            ..Options::default()
        };
        let bot = Telegram::start(options)
            .await
            .map_err(|e| Error::Internal(e.to_string()))?;
        let config = TelegramConfig {
            bot_id: format!("77001122{n:02}"),
            base_url: bot.base(),
            ..TelegramConfig::default()
        };
        accounts.push((AccountConfig::Telegram(config), token));
        running.push(bot);
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
