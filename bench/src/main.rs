//! `make bench`: figures of the engine side by side with notmuch and mu on one corpus, as a table. Never fails a build.

mod channels;
mod corpus;
mod peers;
mod transfer;

use clap::Parser;
use corpus::Corpus;
use parley_engine::connectors::{self, email};
use parley_engine::metrics::{self, By};
use parley_engine::model::{
    AccountConfig, Batch, Cursor, CustomerId, EmailConfig, MailServer, Place, RemoteId, Security,
    SentCopy,
};
use parley_engine::secrets::Key;
use parley_engine::store::accounts;
use parley_engine::store::lists::{self, Filter, Which};
use parley_engine::store::search::{self, Ask, Order};
use parley_engine::store::timeline::{self, Window};
use parley_engine::sync;
use parley_engine::time::{Clock, ManualClock, SystemClock};
use parley_engine::{Engine, Result};
use secrecy::{SecretBox, SecretString};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Measure Parley's engine against its peers.
#[derive(Parser)]
struct Options {
    /// Messages in the corpus.
    #[arg(long, default_value_t = 100_000)]
    n: usize,
    /// Leave the peers out.
    #[arg(long)]
    alone: bool,
    /// How long accounts are watched that have nothing to say, in seconds.
    #[arg(long, default_value_t = 120)]
    idle: u64,
    /// Play the providers of these accounts, for the bench itself.
    #[arg(long, hide = true)]
    providers: bool,
}

/// One line of the table.
struct Line {
    what: String,
    ours: String,
    peers: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    if options.providers {
        return channels::play().await;
    }
    let dir = tempfile::tempdir()
        .map_err(|e| parley_engine::Error::io("making a folder for the bench", e))?;
    let mut lines = Vec::new();
    let engine = ingested(dir.path(), options.n, &mut lines).await?;
    searches(&engine, &mut lines).await?;
    lists_and_timelines(&engine, &mut lines).await?;
    report(&engine, options.n, &mut lines).await?;
    transfer::measure(&engine, options.n.min(20_000), &mut lines).await?;
    engine.stop().await;
    channels::measure(options.n.min(50_000), options.idle, &mut lines).await?;
    if !options.alone {
        peers::measure(dir.path(), options.n, &mut lines);
    }
    print(options.n, &lines);
    Ok(())
}

fn print(n: usize, lines: &[Line]) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "\n{n} messages · {} · parley {}\n",
        std::env::consts::ARCH,
        env!("CARGO_PKG_VERSION")
    );
    let _ = writeln!(out, "| what | Parley | peers |\n| --- | --- | --- |");
    for l in lines {
        let _ = writeln!(out, "| {} | {} | {} |", l.what, l.ours, l.peers);
    }
}

/// CPU time of this process so far, from the kernel's clock ticks (100 a second on Linux).
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |x| x.1);
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|f| f.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn config() -> AccountConfig {
    let server = |port| MailServer {
        host: "mail.desk.test".into(),
        port,
        security: Security::Tls,
        user: "support@desk.test".into(),
    };
    AccountConfig::Email(EmailConfig {
        address: "support@desk.test".into(),
        display_name: "Support".into(),
        imap: server(993),
        smtp: server(465),
        aliases: Vec::new(),
        sent_copy: SentCopy::Auto,
        trusted_certificate: None,
        auth: parley_engine::model::Auth::default(),
        trusted_fingerprints: Vec::new(),
        signature: String::new(),
        folders: Vec::new(),
        sync_read: false,
    })
}

/// Ingest the corpus as a poll does: convert, then a hundred events a transaction, all of them live.
async fn ingested(dir: &Path, n: usize, lines: &mut Vec<Line>) -> Result<Arc<Engine>> {
    let begin = SystemClock.now() - i64::try_from(n).unwrap_or(0) * 90_000 - 86_400_000;
    let key: Key = SecretBox::new(Box::new([7; 32]));
    let clock = ManualClock::at(begin - 1_000);
    let engine = Engine::open(dir, &key, Arc::new(clock.clone()), connectors::factory())?;
    let account = engine
        .store()
        .write(|tx| accounts::save(tx, &config(), Some(&SecretString::from("x"))))
        .await?;
    clock.set(SystemClock.now());
    let (wall, before) = (Instant::now(), cpu());
    let mut making = Duration::ZERO;
    let mut corpus = Corpus::new(n, begin);
    let somebody = Somebody::open(&engine);
    let mut bytes = 0usize;
    let mut done = 0usize;
    loop {
        let t = Instant::now();
        let mails: Vec<corpus::Mail> = corpus.by_ref().take(100).collect();
        making += t.elapsed();
        if mails.is_empty() {
            break;
        }
        bytes += mails.iter().map(|m| m.raw.len()).sum::<usize>();
        let batch = batch(&mails, done);
        done += mails.len();
        sync::keep(engine.store(), account, batch).await?;
        if done.is_multiple_of(20_000) {
            let _ = writeln!(std::io::stderr(), "  {done} of {n} messages");
        }
    }
    let (wall, used) = (wall.elapsed() - making, cpu() - before - making);
    let each = |d: Duration| d.as_micros() / n.max(1) as u128;
    lines.push(Line {
        what: "ingest, CPU a message (parse, store, thread, index, clocks)".into(),
        ours: format!("{} µs", each(used)),
        peers: String::new(),
    });
    lines.push(Line {
        what: "ingest, wall".into(),
        ours: format!("{:.1} s", wall.as_secs_f64()),
        peers: String::new(),
    });
    lines.push(Line {
        what: "a write of the window meanwhile, p50 / p99 / longest".into(),
        ours: somebody.close().await,
        peers: String::new(),
    });
    let size = std::fs::metadata(dir.join("parley.db")).map_or(0, |m| m.len());
    let raw: i64 = engine
        .store()
        .read(|c| {
            Ok(
                c.query_row("SELECT coalesce(sum(length(bytes)), 0) FROM raw", [], |r| {
                    r.get(0)
                })?,
            )
        })
        .await?;
    lines.push(Line {
        what: format!(
            "database a message, without and with its mail of {} bytes, compressed",
            bytes / n.max(1)
        ),
        ours: format!(
            "{} / {} bytes",
            size.saturating_sub(raw.unsigned_abs()) / n.max(1) as u64,
            size / n.max(1) as u64
        ),
        peers: String::new(),
    });
    Ok(engine)
}

/// Somebody who works in the window while mail comes in.
struct Somebody {
    stop: Arc<AtomicBool>,
    work: tokio::task::JoinHandle<Vec<Duration>>,
}

impl Somebody {
    fn open(engine: &Arc<Engine>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, end) = (Arc::clone(engine), Arc::clone(&stop));
        let work = tokio::spawn(async move {
            let mut all = Vec::new();
            while !end.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(37)).await;
                let t = Instant::now();
                if engine.store().write(|_| Ok(())).await.is_ok() {
                    all.push(t.elapsed());
                }
            }
            all
        });
        Self { stop, work }
    }

    async fn close(self) -> String {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = self.work.await.unwrap_or_default();
        all.sort_unstable();
        let at = |p: usize| {
            all.get((p * all.len()).div_ceil(100).saturating_sub(1))
                .map_or(0, Duration::as_millis)
        };
        format!("{} / {} / {} ms", at(50), at(99), at(100))
    }
}

fn batch(mails: &[corpus::Mail], first: usize) -> Batch {
    let events = mails
        .iter()
        .enumerate()
        .map(|(i, m)| {
            email::convert::convert(
                &m.raw,
                RemoteId(format!("INBOX\u{1f}1\u{1f}{}", first + i)),
                if m.ours { Place::Sent } else { Place::Inbox },
                Some(m.at),
                true,
            )
        })
        .collect();
    Batch {
        events,
        next: Cursor(format!("{}", first + mails.len())),
        more: true,
        gaps: Vec::new(),
        progress: None,
    }
}

/// p50 and p99 of something done over and over.
async fn timed<T: Send + 'static>(
    engine: &Engine,
    times: usize,
    f: impl Fn(&rusqlite::Connection, usize) -> Result<T> + Send + Sync + 'static,
) -> Result<String> {
    let f = Arc::new(f);
    let mut all = Vec::with_capacity(times);
    for i in 0..times {
        let f = Arc::clone(&f);
        let t = Instant::now();
        engine.store().read(move |c| f(c, i).map(|_| ())).await?;
        all.push(t.elapsed());
    }
    all.sort_unstable();
    let at = |p: usize| {
        all.get((p * all.len()).div_ceil(100).saturating_sub(1))
            .copied()
            .unwrap_or_default()
    };
    let ms = |d: Duration| format!("{:.2}", d.as_secs_f64() * 1_000.0);
    Ok(format!("{} / {} ms", ms(at(50)), ms(at(99))))
}

async fn searches(engine: &Engine, lines: &mut Vec<Line>) -> Result<()> {
    let kinds: [(&str, &[&str]); 6] = [
        (
            "one word",
            &["order ", "lampship ", "bestell ", "commande "],
        ),
        ("a beginning", &["ord", "lam", "rech", "com"]),
        ("two words", &["order ship ", "lam pe ", "de ment "]),
        ("an order number", &["ORD-12345", "ord45678", "ORD-77777"]),
        ("Chinese", &["订单", "退款", "发货"]),
        ("Arabic", &["طلب", "شحن", "الفاتورة"]),
    ];
    for (name, queries) in kinds {
        let today = search::today(engine.store().clock().now());
        let queries: Vec<search::Query> = queries.iter().map(|q| search::parse(q, today)).collect();
        for (order, word) in [(Order::Newest, "newest"), (Order::Best, "best")] {
            let queries = queries.clone();
            let ask = Ask {
                me: engine.store().identity().agent,
                order,
                limit: 50,
                after: None,
            };
            let ours = timed(engine, 200, move |c, i| {
                search::find(c, &queries[i % queries.len()], &ask)
            })
            .await?;
            lines.push(Line {
                what: format!("search, {name}, {word} first: keystroke to 50 rows, p50 / p99"),
                ours,
                peers: String::new(),
            });
        }
    }
    Ok(())
}

async fn lists_and_timelines(engine: &Engine, lines: &mut Vec<Line>) -> Result<()> {
    let me = engine.store().identity().agent;
    let ids: Vec<CustomerId> = engine
        .store()
        .read(|c| {
            Ok(lists::ids(
                c,
                &Which::All,
                &Filter::default(),
                lists::Order::Newest,
                None,
                2_000,
            )?
            .0)
        })
        .await?;
    let shown = Arc::new(ids);
    let rows = Arc::clone(&shown);
    let list = timed(engine, 200, move |c, i| {
        rows.iter()
            .cycle()
            .skip(i * 50 % rows.len().max(1))
            .take(50)
            .map(|id| lists::row(c, *id, me))
            .collect::<Result<Vec<_>>>()
    })
    .await?;
    lines.push(Line {
        what: "list, 50 rows, p50 / p99".into(),
        ours: list,
        peers: String::new(),
    });
    let open = timed(engine, 200, move |c, i| {
        match shown.get(i % shown.len().max(1)) {
            Some(id) => timeline::page(c, *id, Window::Newest, 50).map(|p| p.messages.len()),
            None => Ok(0),
        }
    })
    .await?;
    lines.push(Line {
        what: "open a conversation, newest 50 messages, p50 / p99".into(),
        ours: open,
        peers: String::new(),
    });
    Ok(())
}

async fn report(engine: &Engine, n: usize, lines: &mut Vec<Line>) -> Result<()> {
    let (from, to) = (0, i64::MAX);
    let ours = timed(engine, if n > 200_000 { 5 } else { 20 }, move |c, _| {
        metrics::response_times(c, from, to, By::Agent).map(|g| {
            g.into_values()
                .map(|g| metrics::figure(g.first).n + metrics::figure(g.next).n)
                .sum::<u32>()
        })
    })
    .await?;
    lines.push(Line {
        what: "response-time report over everything, p50 / p99".into(),
        ours,
        peers: String::new(),
    });
    Ok(())
}
