//! Files: staged for sending, saved to disk, shown inside a message.

use super::dto::{FileItem, Nothing};
use super::{Desk, args, timeline};
use crate::error::{Error, Result};
use crate::model::picture::redrawn;
use crate::model::{FileId, MessageId, filename};
use crate::store::files::{self as rows, FileRow};
use crate::store::pictures;
use rusqlite::params;
use std::path::Path;

/// One piece from the window.
const PIECE: usize = 1024 * 1024;
/// One staged file.
const LARGEST: u64 = 50 * 1024 * 1024;

/// A name that can stand in a mail and on a disk.
fn safe_name(name: &str) -> String {
    filename::safe(name).unwrap_or_else(|| "file".into())
}

fn mime_of(name: &str, bytes: &[u8]) -> String {
    if let Some(t) = infer::get(bytes) {
        return t.mime_type().to_owned();
    }
    let ext = name
        .rsplit_once('.')
        .map(|(_, e)| e.to_lowercase())
        .unwrap_or_default();
    match ext.as_str() {
        "txt" | "log" | "md" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "json" => "application/json",
        "ics" => "text/calendar",
        "svg" => "image/svg+xml",
        "eml" => "message/rfc822",
        _ => "application/octet-stream",
    }
    .into()
}

pub(super) async fn stage(a: args::FileStage, desk: &Desk) -> Result<FileItem> {
    let piece = data_encoding::BASE64
        .decode(a.data.as_bytes())
        .map_err(|_| Error::Invalid("a piece of a file is not base64".into()))?;
    if piece.len() > PIECE {
        return Err(Error::Invalid("a piece of a file is at most 1 MB".into()));
    }
    let name = safe_name(&a.name);
    desk.engine
        .store()
        .write(move |tx| {
            let id = a.id.unwrap_or_else(FileId::random);
            let mut bytes = match a.id {
                Some(known) => {
                    let f = rows::get(tx, known)?;
                    let free: bool = tx.query_row(
                        "SELECT message IS NULL FROM file WHERE id = ?1",
                        [known],
                        |r| r.get(0),
                    )?;
                    if !free {
                        return Err(Error::Refused(
                            "this file is already part of a message".into(),
                        ));
                    }
                    tx.files.read(&f.hash)?
                }
                None => Vec::new(),
            };
            bytes.extend(piece);
            if bytes.len() as u64 > LARGEST {
                return Err(Error::Invalid(format!(
                    "“{name}” is larger than {} MB",
                    LARGEST >> 20
                )));
            }
            tx.execute("DELETE FROM file WHERE id = ?1", [id])?;
            rows::add(
                tx,
                id,
                None,
                0,
                &name,
                &mime_of(&name, &bytes),
                None,
                false,
                &bytes,
            )?;
            Ok(timeline::file(rows::get(tx, id)?))
        })
        .await
}

pub(super) async fn pick(_: args::FilePick, desk: &Desk) -> Result<Vec<FileItem>> {
    let mut out = Vec::new();
    for path in desk.host.pick_files().await {
        out.push(stage_path(desk, &path).await?);
    }
    Ok(out)
}

/// Stage a file from the disk.
///
/// # Errors
/// When it cannot be read or is too large; the text names the file.
pub async fn stage_path(desk: &Desk, path: &Path) -> Result<FileItem> {
    let shown = path.display().to_string();
    let name = safe_name(
        &path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default(),
    );
    let owned = path.to_path_buf();
    let bytes = super::session::blocking(move || {
        let size = std::fs::metadata(&owned)
            .map_err(|e| Error::io(format!("reading {shown}"), e))?
            .len();
        if size > LARGEST {
            return Err(Error::Invalid(format!(
                "{shown} is larger than {} MB",
                LARGEST >> 20
            )));
        }
        std::fs::read(&owned).map_err(|e| Error::io(format!("reading {shown}"), e))
    })
    .await?;
    desk.engine
        .store()
        .write(move |tx| {
            let id = FileId::random();
            rows::add(
                tx,
                id,
                None,
                0,
                &name,
                &mime_of(&name, &bytes),
                None,
                false,
                &bytes,
            )?;
            Ok(timeline::file(rows::get(tx, id)?))
        })
        .await
}

async fn content(desk: &Desk, id: FileId) -> Result<(FileRow, Vec<u8>)> {
    let kept = desk.engine.store().files();
    desk.engine
        .store()
        .read(move |c| {
            let f = rows::get(c, id)?;
            let bytes = kept.read(&f.hash)?;
            Ok((f, bytes))
        })
        .await
}

pub(super) async fn save(a: args::FileSave, desk: &Desk) -> Result<Nothing> {
    let (f, bytes) = content(desk, a.file).await?;
    save_as(desk, &safe_name(&f.name), bytes).await
}

/// Asks the person where to save these bytes, and saves them, marked as having come from outside.
pub(super) async fn save_as(desk: &Desk, name: &str, bytes: Vec<u8>) -> Result<Nothing> {
    let Some(path) = desk.host.save_file(name).await else {
        return Ok(Nothing {});
    };
    super::session::blocking(move || {
        std::fs::write(&path, &bytes)
            .map_err(|e| Error::io(format!("saving {}", path.display()), e))?;
        super::origin::mark(&path);
        Ok(())
    })
    .await?;
    Ok(Nothing {})
}

/// A picture by `f/<file>`, `m/<message>/cid/<content id>` or `m/<message>/img/<number>`: only of kinds that cannot
/// carry code, told by their content, and never as it came but drawn anew.
pub async fn part(desk: &Desk, path: &str) -> Option<(String, Vec<u8>)> {
    let path = path.trim_start_matches('/');
    if let Some((message, number)) = path.strip_prefix("m/").and_then(|p| p.split_once("/img/")) {
        let bytes = loaded(desk, MessageId::parse(message)?, number.parse().ok()?).await?;
        return Some((infer::get(&bytes)?.mime_type().to_owned(), bytes));
    }
    let id = match path.strip_prefix("f/") {
        Some(file) => FileId::parse(file)?,
        None => inline_file(desk, path.strip_prefix("m/")?).await?,
    };
    let (_, bytes) = content(desk, id).await.ok()?;
    let drawn = tokio::task::spawn_blocking(move || redrawn(&bytes))
        .await
        .ok()?
        .ok()?;
    Some((drawn.mime.to_owned(), drawn.bytes))
}

/// A remote picture that was loaded; it was drawn anew before it was kept.
async fn loaded(desk: &Desk, message: MessageId, number: u32) -> Option<Vec<u8>> {
    let kept = desk.engine.store().files();
    desk.engine
        .store()
        .read(move |c| match pictures::hash(c, message, number)? {
            Some(hash) => kept.read(&hash).map(Some),
            None => Ok(None),
        })
        .await
        .ok()?
}

/// The file that `<message>/cid/<content id>` names.
async fn inline_file(desk: &Desk, rest: &str) -> Option<FileId> {
    let (message, cid) = rest.split_once("/cid/")?;
    let message = MessageId::parse(message)?;
    let cid = percent_decoded(cid)?;
    desk.engine
        .store()
        .read(move |c| Ok(c.query_row("SELECT id FROM file WHERE message = ?1 AND content_id = ?2 ORDER BY position LIMIT 1", params![message, cid], |r| r.get(0))?))
        .await
        .ok()
}

fn percent_decoded(s: &str) -> Option<String> {
    let mut out = Vec::with_capacity(s.len());
    let mut bytes = s.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let hex = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            out.push(b);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_is_called_one() {
        assert_eq!(safe_name("..."), "file");
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
    }

    #[test]
    fn a_content_id_comes_out_of_its_url_form() {
        assert_eq!(percent_decoded("a%40b%2fc").as_deref(), Some("a@b/c"));
        assert_eq!(percent_decoded("%4"), None);
        assert_eq!(percent_decoded("%ff"), None);
    }
}
