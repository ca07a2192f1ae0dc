//! Import of a mailbox file into a fresh workspace, and export of the bench's.

use super::corpus::Corpus;
use super::{Line, cpu};
use parley_engine::secrets::Key;
use parley_engine::time::SystemClock;
use parley_engine::time::{Clock, Millis};
use parley_engine::transfer::{self, Options, Running, export};
use parley_engine::{Engine, Error, Result, connectors};
use secrecy::SecretBox;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

pub(crate) async fn measure(engine: &Arc<Engine>, n: usize, lines: &mut Vec<Line>) -> Result<()> {
    import(n, lines).await?;
    export(engine, lines).await
}

async fn import(n: usize, lines: &mut Vec<Line>) -> Result<()> {
    let io = |e| Error::io("making the bench's mailbox file", e);
    let dir = tempfile::tempdir().map_err(io)?;
    let path = dir.path().join("inbox.mbox");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).map_err(io)?);
    let begin: Millis = SystemClock.now() - i64::try_from(n).unwrap_or(0) * 90_000 - 86_400_000;
    for mail in Corpus::new(n, begin) {
        file.write_all(b"From bench@desk.test Thu Jan 15 10:00:05 2026\n")
            .and_then(|()| file.write_all(&mail.raw))
            .and_then(|()| file.write_all(b"\n\n"))
            .map_err(io)?;
    }
    file.flush().map_err(io)?;
    let key: Key = SecretBox::new(Box::new([8; 32]));
    let fresh = Engine::open(
        dir.path(),
        &key,
        Arc::new(SystemClock),
        connectors::factory(),
    )?;
    let import = transfer::begin(fresh.store(), &path, Options::default()).await?;
    let (wall, before) = (Instant::now(), cpu());
    let done = transfer::run(fresh.store(), &Running::default(), import.id).await?;
    let (wall, used) = (wall.elapsed(), cpu() - before);
    let read = u128::from(done.counts.read.max(1));
    lines.push(Line {
        what: format!("import of a mailbox file, {} mails", done.counts.read),
        ours: format!(
            "{} µs CPU a message, {}/s",
            used.as_micros() / read,
            read * 1_000_000 / wall.as_micros().max(1)
        ),
        peers: String::new(),
    });
    fresh.stop().await;
    Ok(())
}

async fn export(engine: &Arc<Engine>, lines: &mut Vec<Line>) -> Result<()> {
    let store = engine.store();
    let (files, ours, now) = (store.files(), store.identity().clone(), store.clock().now());
    let wall = Instant::now();
    let did = store
        .read(move |conn| {
            let from = export::From {
                conn,
                ours: &ours,
                files: &files,
                now,
            };
            let options = export::Options {
                attached: export::Attached::Left,
                ..export::Options::default()
            };
            let mut out = std::io::sink();
            export::export(
                &from,
                &options,
                &mut out,
                None,
                &AtomicBool::new(false),
                &mut |_, _| {},
            )
        })
        .await?;
    let micros = wall.elapsed().as_micros().max(1);
    lines.push(Line {
        what: "export without files".into(),
        ours: format!(
            "{} messages/s, {} MB/s",
            u128::from(did.messages) * 1_000_000 / micros,
            u128::from(did.bytes) / micros
        ),
        peers: String::new(),
    });
    Ok(())
}
