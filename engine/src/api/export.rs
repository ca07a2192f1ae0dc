//! Export for the window and the command line.

use super::dto::{ExportDone, ExportNow, Nothing};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::transfer::Meter;
use crate::transfer::export::{self as exports, Attached, Exported};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Told how far it came: messages done and in all.
pub type Progress = Box<dyn FnMut(u64, u64) + Send>;

pub(super) async fn start(a: args::ExportStart, desk: &Desk) -> Result<ExportDone> {
    let Some(path) = desk.host.save_file("parley.jsonl").await else {
        return Ok(done(None, false, Exported::default()));
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
    let (_under_way, meter) = desk.engine.exports().begin(path.clone())?;
    let watched = meter.clone();
    let written = write(
        desk,
        path.clone(),
        options,
        Box::new(move |n, of| watched.messages(n, of)),
        meter.clone(),
    )
    .await;
    match written {
        Ok(did) => {
            desk.engine.exports().ended(path.clone());
            Ok(done(Some(path.display().to_string()), false, did))
        }
        Err(_) if meter.is_cancelled() => Ok(done(None, true, Exported::default())),
        Err(e) => Err(e),
    }
}

fn done(path: Option<String>, stopped: bool, e: Exported) -> ExportDone {
    ExportDone {
        path,
        stopped,
        messages: e.messages,
        entries: e.entries,
        bytes: e.bytes,
        missing_files: e.missing_files,
        digest: e.digest,
    }
}

pub(super) async fn status(_: args::ExportStatus, desk: &Desk) -> Result<ExportNow> {
    Ok(match desk.engine.exports().now() {
        None => ExportNow {
            active: false,
            path: None,
            messages: 0,
            of: 0,
            bytes: 0,
        },
        Some((path, meter)) => {
            let (messages, of, bytes) = meter.read();
            ExportNow {
                active: true,
                path: Some(path.display().to_string()),
                messages,
                of,
                bytes,
            }
        }
    })
}

pub(super) async fn cancel(_: args::ExportCancel, desk: &Desk) -> Result<Nothing> {
    desk.engine.exports().cancel();
    Ok(Nothing {})
}

pub(super) async fn show(_: args::ExportShow, desk: &Desk) -> Result<Nothing> {
    let path = desk
        .engine
        .exports()
        .last()
        .ok_or_else(|| Error::NotFound("an export of this session".into()))?;
    desk.host
        .show_file(&path)
        .await
        .map(|()| Nothing {})
        .map_err(Error::Refused)
}

/// Export into a file: written aside first, so that an old export stays until the new one is whole.
///
/// # Errors
/// When the store cannot be read or the file not be written; nothing of it is left then.
pub async fn to_file(
    desk: &Desk,
    path: PathBuf,
    options: exports::Options,
    progress: Progress,
) -> Result<Exported> {
    write(desk, path, options, progress, Meter::default()).await
}

async fn write(
    desk: &Desk,
    path: PathBuf,
    options: exports::Options,
    progress: Progress,
    meter: Meter,
) -> Result<Exported> {
    let aside = aside_of(&path)?;
    let folder = aside.parent().map(Path::to_path_buf).unwrap_or_default();
    let open = aside.clone();
    let file = super::session::blocking(move || private(&open))
        .await
        .map_err(|e| plainly(e, &folder))?;
    let written = to_meter(
        desk,
        Box::new(BufWriter::new(file)),
        options,
        Some(folder.clone()),
        progress,
        meter,
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
        finished.map_err(|e| plainly(e, &folder))
    })
    .await
}

/// A name beside the export that nobody else uses.
fn aside_of(path: &Path) -> Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| Error::Invalid(format!("{} names no file", path.display())))?;
    let mark = data_encoding::HEXLOWER.encode(&crate::model::random_id()[..4]);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    Ok(folder
        .unwrap_or(Path::new("."))
        .join(format!(".{}.{mark}.part", name.to_string_lossy())))
}

/// A new file that its owner alone can read: an export is not encrypted.
fn private(path: &Path) -> Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|e| Error::io("writing the export", e))
}

/// What a folder or its disk says, and what to do. It is about that folder, not about the workspace's own disk.
fn plainly(e: Error, folder: &Path) -> Error {
    use std::io::ErrorKind;
    let place = folder.display();
    match e {
        Error::DiskFull(_) => Error::Refused(format!(
            "the export does not fit on the disk of {place}; what was written of it was taken away again. Make room there, or choose another disk"
        )),
        Error::ReadOnly(_) => Error::Refused(format!(
            "nothing can be written to {place}, its disk is read-only; choose another folder"
        )),
        Error::Io { source, .. } if source.kind() == ErrorKind::PermissionDenied => Error::Refused(
            format!("you may not write to {place}; choose another folder"),
        ),
        Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => Error::Refused(
            format!("the folder {place} is not there any more; choose another one"),
        ),
        other => other,
    }
}

/// Export to anything that takes bytes.
///
/// # Errors
/// When the store cannot be read or the bytes not be taken.
pub async fn to_writer(
    desk: &Desk,
    out: Box<dyn Write + Send>,
    options: exports::Options,
    beside: Option<PathBuf>,
    progress: Progress,
) -> Result<Exported> {
    to_meter(desk, out, options, beside, progress, Meter::default()).await
}

/// Tells the meter what passes.
struct Metered(Box<dyn Write + Send>, Meter);

impl Write for Metered {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.0.write(bytes)?;
        self.1.wrote(n);
        Ok(n)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

async fn to_meter(
    desk: &Desk,
    out: Box<dyn Write + Send>,
    options: exports::Options,
    beside: Option<PathBuf>,
    mut progress: Progress,
    meter: Meter,
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
            let mut out = Metered(out, meter.clone());
            exports::export(
                &from,
                &options,
                &mut out,
                beside.as_deref(),
                meter.cancel(),
                &mut *progress,
            )
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error as Io, ErrorKind};

    #[test]
    fn a_full_disk_and_a_forbidden_folder_are_told_by_their_names() {
        let told = |kind: ErrorKind| {
            plainly(
                Error::io("writing the export", Io::from(kind)),
                Path::new("/mnt/stick"),
            )
            .to_string()
        };
        assert!(told(ErrorKind::StorageFull).contains("does not fit on the disk of /mnt/stick"));
        assert!(told(ErrorKind::ReadOnlyFilesystem).contains("read-only"));
        assert!(told(ErrorKind::PermissionDenied).contains("may not write to /mnt/stick"));
        assert!(told(ErrorKind::NotFound).contains("not there any more"));
    }

    #[test]
    fn the_part_lies_beside_the_export_under_no_name_of_anybody() {
        let aside = aside_of(Path::new("/x/all.jsonl")).unwrap();
        assert_eq!(aside.parent(), Some(Path::new("/x")));
        assert_ne!(aside, aside_of(Path::new("/x/all.jsonl")).unwrap());
        assert_eq!(
            aside_of(Path::new("all.jsonl")).unwrap().parent(),
            Some(Path::new("."))
        );
        assert!(aside_of(Path::new("/")).is_err());
    }
}
