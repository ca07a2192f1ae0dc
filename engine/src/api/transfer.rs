//! Import for the window and the command line.

use super::dto::{ImportItem, ImportProblem, ImportReport, Nothing};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::model::ImportId;
use crate::model::interchange::{Header, Line};
use crate::store::transfer::{self as rows, Import};
use crate::transfer::{self, Options, contacts};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// Longest first line that is looked at.
const HEADER: u64 = 64 * 1024;

pub(super) fn item(desk: &Desk, i: Import) -> ImportItem {
    ImportItem {
        active: desk.engine.imports().has(i.id),
        contacts: contacts::mapping_of(&i).is_some(),
        id: i.id,
        path: i.path,
        state: i.state,
        says: i.says,
        done: i.done,
        total: i.total,
        counts: i.counts,
        started_at: i.started_at,
        ended_at: i.ended_at,
    }
}

pub(super) async fn start(a: args::ImportStart, desk: &Desk) -> Result<Vec<ImportItem>> {
    let options = Options {
        account: a.account,
        archive: a.archive,
        own: a.own,
        measured: a.measured,
        place: None,
        sample: None,
    };
    let mut out = Vec::new();
    for path in desk.host.pick_import(a.folder).await {
        if super::contacts::is_table(&path) {
            return Err(Error::Invalid(format!(
                "{} is a table. Bring it in with “Customers from a table”, where you see first what becomes of it",
                path.display()
            )));
        }
        let import = transfer::begin(desk.engine.store(), &path, options.clone()).await?;
        spawn(desk, import.id);
        out.push(item(desk, import));
    }
    Ok(out)
}

/// The row says how it ends.
pub(super) fn spawn(desk: &Desk, id: ImportId) {
    let engine = Arc::clone(&desk.engine);
    tokio::spawn(async move {
        if let Err(e) = transfer::run(engine.store(), engine.imports(), id).await {
            tracing::warn!(import = %id, code = e.code(), "an import rests");
        }
    });
}

pub(super) async fn imports(_: args::Imports, desk: &Desk) -> Result<Vec<ImportItem>> {
    let all = desk.engine.store().read(rows::all).await?;
    // What is made up was not brought by anybody.
    let brought = all.into_iter().filter(|i| !is_sample(i));
    Ok(brought.map(|i| item(desk, i)).collect())
}

fn is_sample(i: &Import) -> bool {
    serde_json::from_str::<Options>(&i.options).is_ok_and(|o| o.sample.is_some())
}

pub(super) async fn report(a: args::ImportReport, desk: &Desk) -> Result<ImportReport> {
    let (import, problems) = desk
        .engine
        .store()
        .read(move |c| Ok((rows::get(c, a.id)?, rows::problems(c, a.id, 1_000)?)))
        .await?;
    Ok(ImportReport {
        digest: import.digest.clone(),
        import: item(desk, import),
        problems: problems
            .into_iter()
            .map(|p| ImportProblem {
                file: p.file,
                at: p.at,
                reason: p.reason,
                kept: p.kept,
            })
            .collect(),
    })
}

pub(super) async fn cancel(a: args::ImportCancel, desk: &Desk) -> Result<Nothing> {
    if desk.engine.imports().cancel(a.id) {
        return Ok(Nothing {});
    }
    // Cut short earlier: it only has to be called resting.
    desk.engine
        .store()
        .write(move |tx| {
            if rows::get(tx, a.id)?.state == rows::ImportState::Running {
                rows::end(tx, a.id, rows::ImportState::Paused, "")?;
            }
            Ok(Nothing {})
        })
        .await
}

pub(super) async fn resume(a: args::ImportResume, desk: &Desk) -> Result<ImportItem> {
    if desk.engine.imports().has(a.id) {
        return Err(Error::Refused("this import is under way".into()));
    }
    let old = desk
        .engine
        .store()
        .read(move |c| rows::get(c, a.id))
        .await?;
    if let Some(mapping) = contacts::mapping_of(&old) {
        let done = contacts::run(desk.engine.store(), Path::new(&old.path), mapping).await?;
        return Ok(item(desk, done));
    }
    let import = desk
        .engine
        .store()
        .write(move |tx| {
            let i = rows::get(tx, a.id)?;
            rows::begin(tx, &i.path, &i.options, i.account)
        })
        .await?;
    spawn(desk, import.id);
    Ok(item(desk, import))
}

/// Begin and finish an import in this process.
///
/// # Errors
/// When the path is not there, the options cannot be, or the store fails.
pub async fn run(
    desk: &Desk,
    path: &Path,
    options: Options,
    mut told: impl FnMut(&ImportItem),
) -> Result<ImportReport> {
    let import = transfer::begin(desk.engine.store(), path, options).await?;
    let id = import.id;
    let work = transfer::run(desk.engine.store(), desk.engine.imports(), id);
    tokio::pin!(work);
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(500));
    let ended = loop {
        tokio::select! {
            r = &mut work => break r,
            _ = tick.tick() => {
                let now = desk.engine.store().read(move |c| rows::get(c, id)).await?;
                told(&item(desk, now));
            }
        }
    };
    ended?;
    report(args::ImportReport { id }, desk).await
}

/// Let this process's imports rest.
pub fn rest(desk: &Desk) {
    desk.engine.imports().cancel_all();
}

/// If this is an export of this very workspace and nothing is here yet, the ids come back with it.
///
/// # Errors
/// When the store fails.
pub async fn adopt(desk: &Desk, path: &Path) -> Result<bool> {
    let path = path.to_path_buf();
    let header = super::session::blocking(move || Ok(first_line(&path))).await?;
    match header {
        Some(Header {
            ids: Some(ids),
            agent,
            ..
        }) => desk.engine.store().adopt(ids, agent).await,
        _ => Ok(false),
    }
}

fn first_line(path: &Path) -> Option<Header> {
    let mut line = Vec::new();
    BufReader::new(std::fs::File::open(path).ok()?.take(HEADER))
        .read_until(b'\n', &mut line)
        .ok()?;
    match Line::read(&line).ok()? {
        Line::Header(h) => Some(h),
        _ => None,
    }
}

/// The digest of what the workspace holds, independent of ids.
///
/// # Errors
/// When the store fails.
pub async fn content(desk: &Desk) -> Result<String> {
    desk.engine.store().read(transfer::digest::content).await
}
