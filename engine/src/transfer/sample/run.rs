//! The sample is written into a file and read from there as any other import; it goes as any other archive goes.

use super::{Recipe, colleagues, lines};
use crate::error::{Error, Result};
use crate::store::transfer::erase::Weight;
use crate::store::transfer::{self as rows, Import, ImportState};
use crate::store::{Store, Tx};
use crate::transfer::{Entered, Options, Running, erase, run_with};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Made-up texts lie here, in the workspace's folder, while they are read.
const FILE: &str = "sample.jsonl";
/// The dice of every sample; what differs is the moment.
const SEED: u64 = 0x1a39_5eed;
/// How long a load that was asked to rest may take for it.
const PATIENCE: u32 = 600;
const LOOK: Duration = Duration::from_millis(50);

/// Write down that a sample is to be loaded, or find the one whose loading was cut short; [`load`] does it.
///
/// # Errors
/// [`Error::Refused`] when a part of it is here that was being removed; else when the store fails.
pub async fn begin(store: &Store) -> Result<Import> {
    let path = file(store)?;
    store.write(move |tx| asked(tx, &path)).await
}

fn asked(tx: &mut Tx<'_>, path: &str) -> Result<Import> {
    let held: u32 = rows::sample::accounts(tx)?.iter().map(|(_, n)| n).sum();
    if let Some(known) = rows::sample::import(tx)? {
        if known.state != ImportState::Done {
            return rows::begin(tx, &known.path, &known.options, None);
        }
        if u64::from(held) >= known.counts.new {
            return Ok(known);
        }
    }
    if held > 0 || !rows::sample::accounts(tx)?.is_empty() {
        return Err(Error::Refused(
            "the sample data was being removed; remove the rest of it first".into(),
        ));
    }
    let me = tx.identity.agent;
    let name = tx.query_row("SELECT name FROM agent WHERE id = ?1", [me], |r| r.get(0))?;
    let options = Options {
        measured: true,
        sample: Some(Recipe {
            now: tx.now,
            seed: SEED,
            me,
            name,
            turn: rows::sample::erased(tx)?,
        }),
        ..Options::default()
    };
    let said = serde_json::to_string(&options).map_err(|e| Error::Internal(e.to_string()))?;
    rows::begin(tx, path, &said, None)
}

fn file(store: &Store) -> Result<String> {
    let path = store.dir().join(FILE);
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::Invalid("the workspace's path is no text".into()))
}

/// Load what [`begin`] wrote down, until the end or until it is asked to rest. `entered` hears when it counts as under
/// way.
///
/// # Errors
/// [`Error::Refused`] when it is being loaded already; else when the store or the disk fails. What was stored stays, and
/// it can go on.
pub async fn load(
    store: &Arc<Store>,
    running: &Running,
    import: &Import,
    entered: impl FnOnce(),
) -> Result<Import> {
    if import.state == ImportState::Done {
        return Ok(import.clone());
    }
    let Some(cancel) = running.enter(import.id) else {
        return Err(Error::Refused("the sample data is being loaded".into()));
    };
    let _entered = Entered(running, import.id);
    entered();
    let options: Options = serde_json::from_str(&import.options)
        .map_err(|e| Error::Corrupt(format!("the sample's import cannot be read: {e}")))?;
    let recipe = options
        .sample
        .ok_or_else(|| Error::Internal("an import of a sample has no recipe".into()))?;
    let path = PathBuf::from(&import.path);
    let at = path.clone();
    tokio::task::spawn_blocking(move || write(&at, &recipe))
        .await
        .map_err(|_| Error::Stopped)??;
    let ended = run_with(store, import.id, cancel, Arc::default()).await?;
    if ended.state == ImportState::Done {
        // It says nothing that is not in the program; a file that stays does no harm.
        let _ = tokio::fs::remove_file(&path).await;
    }
    Ok(ended)
}

/// Beside the place first, so that a reader never sees half of it.
fn write(path: &Path, recipe: &Recipe) -> Result<()> {
    let told = |e| Error::io(format!("writing {}", path.display()), e);
    let mut text = lines(recipe).join("\n");
    text.push('\n');
    let beside = path.with_extension("part");
    std::fs::write(&beside, text).map_err(told)?;
    std::fs::rename(&beside, path).map_err(told)
}

/// Remove all of the sample, whether it was loaded to its end or not. Stopped in the middle, it goes on when it is asked
/// for again. Returns how many messages went.
///
/// # Errors
/// When the store fails.
pub async fn remove(
    store: &Store,
    running: &Running,
    mut told: impl FnMut(u32, u32),
) -> Result<u32> {
    rest(store, running).await?;
    let accounts = store.read(rows::sample::accounts).await?;
    let all: u32 = accounts.iter().map(|(_, n)| n).sum();
    let mut gone = 0;
    for (account, _) in accounts {
        let before = gone;
        let went: Weight = erase::emptied(store, account, &mut |done, _| {
            told(before + done, all.max(before + done));
        })
        .await?;
        gone += went.messages;
    }
    let agents = colleagues();
    store
        .write(move |tx| rows::sample::end(tx, &agents))
        .await?;
    erase::scrubbed(store).await?;
    let path = store.dir().join(FILE);
    let _ = tokio::fs::remove_file(path.with_extension("part")).await;
    let _ = tokio::fs::remove_file(path).await;
    Ok(gone)
}

/// Ask a load that is under way to rest, and wait until it does.
///
/// # Errors
/// [`Error::Refused`] when it does not come to rest; else when the store fails.
pub async fn rest(store: &Store, running: &Running) -> Result<()> {
    let Some(import) = store.read(rows::sample::import).await? else {
        return Ok(());
    };
    for _ in 0..PATIENCE {
        if !running.has(import.id) {
            return Ok(());
        }
        let _ = running.cancel(import.id);
        tokio::time::sleep(LOOK).await;
    }
    Err(Error::Refused(
        "the sample data is still being loaded; try again in a moment".into(),
    ))
}
