//! Import and export for the window and the command line.

use super::dto::{ExportDone, ImportItem, ImportProblem, ImportReport, Nothing};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::model::ImportId;
use crate::model::interchange::{Header, Line};
use crate::store::transfer::{self as rows, Import};
use crate::transfer::export::{self as exports, Attached, Exported};
use crate::transfer::{self, Options};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Longest first line that is looked at.
const HEADER: u64 = 64 * 1024;

pub(super) fn item(desk: &Desk, i: Import) -> ImportItem {
    ImportItem {
        active: desk.engine.imports().has(i.id),
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
    };
    let mut out = Vec::new();
    for path in desk.host.pick_import(a.folder).await {
        let import = transfer::begin(desk.engine.store(), &path, options.clone()).await?;
        spawn(desk, import.id);
        out.push(item(desk, import));
    }
    Ok(out)
}

/// The row says how it ends.
fn spawn(desk: &Desk, id: ImportId) {
    let engine = Arc::clone(&desk.engine);
    tokio::spawn(async move {
        if let Err(e) = transfer::run(engine.store(), engine.imports(), id).await {
            tracing::warn!(import = %id, code = e.code(), "an import rests");
        }
    });
}

pub(super) async fn imports(_: args::Imports, desk: &Desk) -> Result<Vec<ImportItem>> {
    let all = desk.engine.store().read(rows::all).await?;
    Ok(all.into_iter().map(|i| item(desk, i)).collect())
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

pub(super) async fn export(a: args::ExportStart, desk: &Desk) -> Result<ExportDone> {
    let Some(path) = desk.host.save_file("parley.jsonl").await else {
        return Ok(done(None, Exported::default()));
    };
    let options = exports::Options {
        conversations: a.conversations,
        attached: if a.attachments {
            Attached::Inline
        } else {
            Attached::Left
        },
        raw: a.raw,
        digest: true,
    };
    let shown = path.display().to_string();
    let did = to_file(desk, path, options, Box::new(|_, _| {})).await?;
    Ok(done(Some(shown), did))
}

fn done(path: Option<String>, e: Exported) -> ExportDone {
    ExportDone {
        path,
        messages: e.messages,
        entries: e.entries,
        bytes: e.bytes,
        missing_files: e.missing_files,
        digest: e.digest,
    }
}

/// Told how far it came: messages done and in all.
pub type Progress = Box<dyn FnMut(u64, u64) + Send>;

/// Export into a file: written aside first, so that an old export stays until the new one is whole.
///
/// # Errors
/// When the store cannot be read or the file not be written.
pub async fn to_file(
    desk: &Desk,
    path: PathBuf,
    options: exports::Options,
    progress: Progress,
) -> Result<Exported> {
    let aside = path.with_extension("jsonl-part");
    let open = aside.clone();
    let file = super::session::blocking(move || {
        private(&open).map_err(|e| Error::io(format!("writing {}", open.display()), e))
    })
    .await?;
    let beside = path.parent().map(Path::to_path_buf);
    let written = to_writer(
        desk,
        Box::new(BufWriter::new(file)),
        options,
        beside,
        progress,
    )
    .await;
    super::session::blocking(move || {
        let finished = written.and_then(|did| {
            std::fs::File::open(&aside)
                .and_then(|f| f.sync_all())
                .and_then(|()| std::fs::rename(&aside, &path))
                .map_err(|e| Error::io(format!("writing {}", path.display()), e))?;
            Ok(did)
        });
        if finished.is_err() {
            let _ = std::fs::remove_file(&aside);
        }
        finished
    })
    .await
}

/// A new file that its owner alone can read: an export is not encrypted.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Export to anything that takes bytes.
///
/// # Errors
/// When the store cannot be read or the bytes not be taken.
pub async fn to_writer(
    desk: &Desk,
    mut out: Box<dyn Write + Send>,
    options: exports::Options,
    beside: Option<PathBuf>,
    mut progress: Progress,
) -> Result<Exported> {
    let store = desk.engine.store();
    let (files, ours, now) = (store.files(), store.identity().clone(), store.clock().now());
    store
        .read(move |conn| {
            let from = exports::From {
                conn,
                ours: &ours,
                files: &files,
                now,
            };
            let never = AtomicBool::new(false);
            exports::export(
                &from,
                &options,
                &mut *out,
                beside.as_deref(),
                &never,
                &mut *progress,
            )
        })
        .await
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
