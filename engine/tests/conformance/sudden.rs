//! Killed at any write and begun again, an account ends where it would have ended anyway.
//!
//! The parent runs this very program again as a child that reads and sends, and aborts at the k-th row it writes:
//! triggers of its connection's own count the rows (as in `tests/kill.rs`). Then the parent goes on.

use crate::desk::{Desk, Jumping, open};
use crate::reading::{numbered, write_all};
use crate::subject::Subject;
use parley_engine::model::OutboxState;
use parley_engine::store::accounts;
use parley_engine::{outbox as sender, sync};
use rusqlite::functions::FunctionFlags;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Rows still to be written before the end.
static LEFT: AtomicI64 = AtomicI64::new(i64::MAX);
const POINTS: i64 = 10;
const ANSWER: &str = "The answer to all of it";

async fn count_rows(engine: &parley_engine::Engine) {
    let counted = engine.store().write(|tx| {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        tx.create_scalar_function("count_a_row", 0, flags, |_| {
            if LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
                std::process::abort();
            }
            Ok(0)
        })?;
        let tables: Vec<String> = tx
            .prepare("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite_%'")?
            .query_map([], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for t in &tables {
            for act in ["INSERT", "UPDATE", "DELETE"] {
                tx.execute_batch(&format!("CREATE TEMP TRIGGER \"kill_{t}_{act}\" AFTER {act} ON main.\"{t}\" BEGIN SELECT count_a_row(); END;"))?;
            }
        }
        Ok(())
    });
    counted.await.unwrap();
}

/// The child: works until it is killed. Without a folder given there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_until_it_is_killed() {
    let Some(dir) = std::env::var_os("PARLEY_CONFORMANCE_DIR") else {
        return;
    };
    let dir = Path::new(&dir);
    let at: i64 = std::env::var("PARLEY_CONFORMANCE_AT")
        .unwrap()
        .parse()
        .unwrap();
    let engine = open(dir, &Jumping::default());
    count_rows(&engine).await;
    LEFT.store(at, Ordering::SeqCst);
    let store = engine.store();
    let row = store.read(accounts::all).await.unwrap().remove(0);
    let live = engine.live(&row).await.unwrap();
    sync::poll_once(store, &live).await.unwrap();
    sender::flush(store, &live).await.unwrap();
    sync::poll_once(store, &live).await.unwrap();
    let written = at - LEFT.load(Ordering::SeqCst);
    std::fs::write(dir.join("written.txt"), written.to_string()).unwrap();
}

/// How many rows it wrote, where it came to its end.
async fn child(dir: &Path, at: i64) -> Option<i64> {
    let out = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sudden::works_until_it_is_killed",
            "--test-threads=1",
        ])
        .env("PARLEY_CONFORMANCE_DIR", dir)
        .env("PARLEY_CONFORMANCE_AT", at.to_string())
        .output()
        .await
        .unwrap();
    let written = std::fs::read_to_string(dir.join("written.txt")).ok();
    assert_eq!(
        written.is_some(),
        out.status.success(),
        "the child failed otherwise: {}",
        String::from_utf8_lossy(&out.stdout)
    );
    written.map(|w| w.parse().unwrap())
}

pub async fn a_kill_at_any_write_loses_and_doubles_nothing(subject: Arc<dyn Subject>) {
    // The first child is not killed: it tells how many writes there are.
    let mut desk = Desk::of(&*subject).await;
    subject.writes("hello").await;
    desk.poll().await.unwrap();
    let (mut all, mut answers) = (vec!["hello".to_owned()], 0);
    let mut writes = i64::MAX;
    for point in 0..=POINTS {
        let texts: Vec<String> = numbered(6)
            .iter()
            .map(|t| format!("{t} of point {point:02}"))
            .collect();
        write_all(&*subject, &texts).await;
        all.extend(texts);
        let id = desk
            .writes(&format!("{ANSWER} {point:02}"), Vec::new())
            .await
            .unwrap();
        desk.live.connector.close().await;
        desk.engine.stop().await;
        let _ = std::fs::remove_file(desk.dir.path().join("written.txt"));
        let at = if point == 0 {
            i64::MAX
        } else {
            1 + (writes - 2) * (point - 1) / (POINTS - 1)
        };
        let end = child(desk.dir.path(), at).await;
        if point == 0 {
            writes = end.expect("the work has an end");
            assert!(writes > 40, "only {writes} rows were counted");
        }
        desk.again().await;
        desk.is_sound().await;
        desk.polls_until_quiet().await;
        desk.sends_due().await;
        desk.polls_until_quiet().await;
        let mut here = desk.texts().await;
        here.sort();
        all.sort();
        assert_eq!(here, all, "after a kill at write {at} of {writes}");
        let took = subject.took().await;
        let times = took
            .iter()
            .filter(|t| **t == format!("{ANSWER} {point:02}"))
            .count();
        match desk.state(id).await {
            (OutboxState::Sent, _) => assert_eq!(times, 1, "at write {at} of {writes}"),
            // Nobody knows whether it went, and nobody sent it again.
            (OutboxState::Uncertain, _) => assert!(times <= 1, "at write {at} of {writes}"),
            (state, why) => panic!("{state:?} after a kill at write {at} of {writes}: {why}"),
        }
        answers += times;
        desk.is_sound().await;
    }
    assert!(
        answers >= usize::try_from(POINTS).unwrap() - 3,
        "hardly anything was sent"
    );
}
