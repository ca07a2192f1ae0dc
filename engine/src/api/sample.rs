//! Made-up conversations to look around with: loaded, told of, removed.

use super::dto::{SampleState, SampleStatus};
use super::{Desk, archives, args};
use crate::error::{Error, Result};
use crate::model::AgentId;
use crate::store::transfer::{self as rows, Import, ImportState};
use crate::transfer::sample::{self, Recipe};
use rusqlite::Connection;
use std::sync::Arc;

pub(super) async fn status(_: args::SampleStatus, desk: &Desk) -> Result<SampleStatus> {
    let (held, import) = desk.engine.store().read(stands).await?;
    let running = import
        .as_ref()
        .is_some_and(|i| desk.engine.imports().has(i.id));
    Ok(told(&held, import.as_ref(), running))
}

fn stands(c: &Connection) -> Result<(Vec<u32>, Option<Import>)> {
    let held = rows::sample::accounts(c)?;
    Ok((
        held.into_iter().map(|(_, n)| n).collect(),
        rows::sample::import(c)?,
    ))
}

fn told(held: &[u32], import: Option<&Import>, running: bool) -> SampleStatus {
    let messages: u32 = held.iter().sum();
    let state = match import {
        _ if running => SampleState::Loading,
        None if held.is_empty() => SampleState::Absent,
        // It came with another workspace's export.
        None => SampleState::Here,
        Some(i) if i.state == ImportState::Done && u64::from(messages) >= i.counts.new => {
            SampleState::Here
        }
        Some(_) => SampleState::Half,
    };
    let percent = match (state, import) {
        (SampleState::Here, _) => 100,
        (_, Some(i)) => (i.done * 100).checked_div(i.total).unwrap_or(0).min(100),
        _ => 0,
    };
    SampleStatus {
        state,
        percent: u32::try_from(percent).unwrap_or(100),
        accounts: u32::try_from(held.len()).unwrap_or(u32::MAX),
        messages,
    }
}

pub(super) async fn load(_: args::SampleLoad, desk: &Desk) -> Result<SampleStatus> {
    let import = sample::begin(desk.engine.store()).await?;
    let running = desk.engine.imports().has(import.id);
    if !running && import.state != ImportState::Done {
        let engine = Arc::clone(&desk.engine);
        let (tell, told) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let entered = || {
                let _ = tell.send(());
            };
            let loaded = sample::load(engine.store(), engine.imports(), &import, entered).await;
            if let Err(e) = loaded {
                tracing::warn!(code = e.code(), "the sample data was not loaded whole");
            }
        });
        // From here on whoever asks is told that it is loading.
        let _ = told.await;
    }
    status(args::SampleStatus {}, desk).await
}

pub(super) async fn remove(_: args::SampleRemove, desk: &Desk) -> Result<SampleStatus> {
    let store = desk.engine.store();
    sample::rest(store, desk.engine.imports()).await?;
    archives::nothing_under_way(desk)?;
    sample::remove(store, desk.engine.imports(), |_, _| {}).await?;
    desk.engine.backups().prune_files(store).await?;
    status(args::SampleStatus {}, desk).await
}

/// Load the sample in this process, to its end.
///
/// # Errors
/// When the store fails.
pub async fn now(desk: &Desk, mut tell: impl FnMut(&SampleStatus)) -> Result<SampleStatus> {
    let import = sample::begin(desk.engine.store()).await?;
    let work = sample::load(desk.engine.store(), desk.engine.imports(), &import, || {});
    tokio::pin!(work);
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(300));
    loop {
        tokio::select! {
            done = &mut work => {
                done?;
                return status(args::SampleStatus {}, desk).await;
            }
            _ = tick.tick() => tell(&status(args::SampleStatus {}, desk).await?),
        }
    }
}

/// The lines of a sample whose newest messages lie before `now`, without a workspace.
///
/// # Errors
/// [`Error::Invalid`] when the moment is none.
pub fn printed(now: i64, seed: u64) -> Result<Vec<String>> {
    // An id like those of the colleagues: whoever imports the lines is not taken for this person.
    let me = AgentId(*b"sample-agent-000");
    if now <= 0 {
        return Err(Error::Invalid(
            "the sample's moment lies before 1970".into(),
        ));
    }
    Ok(sample::lines(&Recipe {
        now,
        seed,
        me,
        name: "Robin Ash".into(),
        turn: 0,
    }))
}
