//! Kept files: each lies encrypted (XChaCha20-Poly1305) under the SHA-256 of its content.
//!
//! A crash leaves at most a file that nothing names; a row never names a file that is not there.

use super::Tx;
use crate::error::{Error, Result};
use crate::model::{FileId, MessageId};
use crate::secrets::Key;
use crate::time::Millis;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rusqlite::{Connection, OptionalExtension, params};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NONCE: usize = 24;

/// The key of the kept files, made from the workspace's.
pub struct FileKey([u8; 32]);

impl FileKey {
    pub(crate) fn derive(key: &Key) -> Self {
        let mut h = Sha256::new();
        h.update(b"parley files 1");
        h.update(key.expose_secret());
        Self(h.finalize().into())
    }
}

/// Where a file is while it is written, in the folder of kept files.
const ASIDE: &str = "aside";

/// Remove what a killed process was writing in a workspace's folder. Only while nobody else has it open.
pub(crate) fn sweep(dir: &Path) {
    for left in std::fs::read_dir(dir.join("files").join(ASIDE))
        .into_iter()
        .flatten()
        .flatten()
    {
        if let Err(e) = std::fs::remove_file(left.path()) {
            tracing::warn!(kind = %e.kind(), "what was left of a file could not be removed");
        }
    }
}

/// The folder of kept files.
#[derive(Clone)]
pub struct Files {
    dir: PathBuf,
    key: Arc<FileKey>,
}

impl Files {
    pub(crate) fn new(dir: PathBuf, key: Arc<FileKey>) -> Self {
        Self { dir, key }
    }

    fn path(&self, hash: &[u8]) -> PathBuf {
        let hex = data_encoding::HEXLOWER.encode(hash);
        self.dir.join(&hex[..2]).join(hex)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.key.0.into())
    }

    /// Keep these bytes; the same bytes are kept once.
    ///
    /// # Errors
    /// When the folder cannot be written (full or read-only disk).
    pub fn keep(&self, bytes: &[u8]) -> Result<[u8; 32]> {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let path = self.path(&hash);
        if path.exists() {
            return Ok(hash);
        }
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|_| Error::Internal("the system gives no random bytes".into()))?;
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), bytes)
            .map_err(|_| Error::Internal("a file could not be encrypted".into()))?;
        write_by(&self.dir.join(ASIDE), &path, &[&nonce, &sealed])
            .map_err(|e| Error::io("keeping an attachment", e))?;
        Ok(hash)
    }

    /// The bytes under a hash.
    ///
    /// # Errors
    /// When the file is missing or was tampered with.
    pub fn read(&self, hash: &[u8]) -> Result<Vec<u8>> {
        let sealed = std::fs::read(self.path(hash))
            .map_err(|e| Error::io("reading a kept attachment", e))?;
        let damaged = || Error::Corrupt("a kept attachment is damaged".into());
        let (nonce, body) = sealed.split_at_checked(NONCE).ok_or_else(damaged)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| damaged())?;
        self.cipher()
            .decrypt(&XNonce::from(nonce), body)
            .map_err(|_| damaged())
    }

    /// Bytes that only this workspace's key opens again, for one purpose.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, purpose: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|_| Error::Internal("the system gives no random bytes".into()))?;
        let payload = Payload {
            msg: bytes,
            aad: purpose,
        };
        let body = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Internal("a secret could not be sealed".into()))?;
        Ok([&nonce[..], &body].concat())
    }

    /// What [`Files::seal`] sealed for this purpose, if this is the workspace that did.
    #[must_use]
    pub fn unseal(&self, purpose: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: body,
            aad: purpose,
        };
        self.cipher().decrypt(&XNonce::from(nonce), payload).ok()
    }

    /// Where they lie.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Take a file away. Returns its bytes, or `None` where it is not there or stays.
    pub(crate) fn remove(&self, hash: &[u8]) -> Option<u64> {
        let path = self.path(hash);
        let bytes = std::fs::metadata(&path).ok()?.len();
        std::fs::remove_file(&path).ok().map(|()| bytes)
    }

    /// Whether a file lies under this hash.
    #[must_use]
    pub fn has(&self, hash: &[u8]) -> bool {
        self.path(hash).exists()
    }
}

/// Write aside, sync, rename, sync the folder: afterwards it is there whole, or not at all.
pub(crate) fn write_whole(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    write_by(folder_of(path)?, path, parts)
}

fn folder_of(path: &Path) -> std::io::Result<&Path> {
    path.parent()
        .ok_or_else(|| std::io::Error::other("no folder"))
}

/// The same, by way of a folder of the same disk.
fn write_by(by: &Path, path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let dir = folder_of(path)?;
    std::fs::create_dir_all(dir)?;
    std::fs::create_dir_all(by)?;
    let mut aside = path.file_name().unwrap_or_default().to_owned();
    let random = data_encoding::HEXLOWER.encode(&crate::model::random_id()[..4]);
    aside.push(format!(".new-{random}"));
    let aside = by.join(aside);
    let written = (|| {
        let mut f = std::fs::File::create(&aside)?;
        for p in parts {
            f.write_all(p)?;
        }
        f.sync_all()?;
        std::fs::rename(&aside, path)?;
        #[cfg(unix)]
        std::fs::File::open(dir)?.sync_all()?;
        Ok(())
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&aside);
    }
    written
}

/// A file of a message, or staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Id.
    pub id: FileId,
    /// Safe name.
    pub name: String,
    /// Media type.
    pub mime: String,
    /// Bytes.
    pub size: u64,
    /// Content-ID.
    pub content_id: Option<String>,
    /// Shown inside the text.
    pub inline: bool,
    /// Where the content lies.
    pub hash: Vec<u8>,
}

const COLUMNS: &str = "id, name, mime, size, content_id, inline, hash";

fn row(r: &rusqlite::Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        id: r.get(0)?,
        name: r.get(1)?,
        mime: r.get(2)?,
        size: r.get::<_, i64>(3)?.unsigned_abs(),
        content_id: r.get(4)?,
        inline: r.get(5)?,
        hash: r.get(6)?,
    })
}

/// The files of a message, in order.
///
/// # Errors
/// When the store fails.
pub fn of_message(conn: &Connection, m: MessageId) -> Result<Vec<FileRow>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM file WHERE message = ?1 ORDER BY position"
    ))?;
    Ok(s.query_map([m], row)?.collect::<rusqlite::Result<_>>()?)
}

/// One file.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn get(conn: &Connection, id: FileId) -> Result<FileRow> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM file WHERE id = ?1"))?
        .query_row([id], row)
        .optional()?
        .ok_or_else(|| Error::NotFound("this file".into()))
}

/// Add a file to a message (or stage it, without one).
///
/// # Errors
/// When the store or the disk fails.
#[allow(clippy::too_many_arguments)]
pub fn add(
    tx: &Tx<'_>,
    id: FileId,
    message: Option<MessageId>,
    position: usize,
    name: &str,
    mime: &str,
    content_id: Option<&str>,
    inline: bool,
    bytes: &[u8],
) -> Result<()> {
    let hash = tx.files.keep(bytes)?;
    tx.prepare_cached("INSERT OR IGNORE INTO file (id, message, position, name, mime, size, content_id, inline, hash, staged_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?.execute(params![
        id,
        message,
        i64::try_from(position).unwrap_or(i64::MAX),
        name,
        mime,
        i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        content_id,
        inline,
        &hash[..],
        message.is_none().then_some(tx.now),
    ])?;
    Ok(())
}

/// A message's files may be kept until then.
pub(super) fn expire_at(tx: &Tx<'_>, message: MessageId, until: Millis) -> Result<()> {
    tx.prepare_cached("UPDATE file SET expires_at = ?2 WHERE message = ?1")?
        .execute(params![message, until])?;
    Ok(())
}

/// Let go of the files that may be kept no longer.
///
/// # Errors
/// When the store fails.
pub fn expire(tx: &mut Tx<'_>) -> Result<()> {
    let of: Vec<MessageId> = {
        let mut s = tx.prepare_cached(
            "SELECT DISTINCT message FROM file WHERE expires_at <= ?1 AND message IS NOT NULL",
        )?;
        s.query_map([tx.now], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    if of.is_empty() {
        return Ok(());
    }
    tx.execute("DELETE FROM file WHERE expires_at <= ?1", [tx.now])?;
    for id in of {
        tx.prepare_cached("UPDATE message SET has_files = EXISTS (SELECT 1 FROM file f WHERE f.message = message.id) WHERE id = ?1")?
            .execute([id])?;
        let rid: i64 = tx
            .prepare_cached("SELECT rid FROM message WHERE id = ?1")?
            .query_row([id], |r| r.get(0))?;
        super::search::index::remove(tx, rid)?;
        super::search::index::put_stored(tx, rid)?;
        super::conversations::touch_all(tx, id)?;
    }
    Ok(())
}

/// Stage a kept file once more, for another message.
///
/// # Errors
/// When the store fails.
pub fn stage_again(tx: &Tx<'_>, id: FileId, f: &FileRow) -> Result<()> {
    tx.prepare_cached("INSERT INTO file (id, message, position, name, mime, size, content_id, inline, hash, staged_at) VALUES (?1, NULL, 0, ?2, ?3, ?4, NULL, 0, ?5, ?6)")?.execute(params![
        id,
        f.name,
        f.mime,
        i64::try_from(f.size).unwrap_or(i64::MAX),
        &f.hash[..],
        tx.now,
    ])?;
    Ok(())
}

/// Whether this is a kind of picture that mail programs show inside a text.
#[must_use]
pub fn is_picture(mime: &str) -> bool {
    matches!(
        mime,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp"
    )
}

/// A staged file is listed below the text, whatever was chosen for it before.
///
/// # Errors
/// When the store fails.
pub fn set_listed(tx: &Tx<'_>, id: FileId) -> Result<()> {
    tx.execute("UPDATE file SET inline = 0 WHERE id = ?1", [id])?;
    Ok(())
}

/// A staged picture is shown inside the text.
///
/// # Errors
/// [`Error::Invalid`] for a file that is no picture.
pub fn set_inline(tx: &Tx<'_>, id: FileId) -> Result<()> {
    let f = get(tx, id)?;
    if !is_picture(&f.mime) {
        return Err(Error::Invalid(format!(
            "“{}” is not a picture that mail programs show; send it as a file",
            f.name
        )));
    }
    tx.execute("UPDATE file SET inline = 1 WHERE id = ?1", [id])?;
    Ok(())
}

/// Text for a cold column: plain when short, zstd when that saves something.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    if text.len() > 400
        && let Some(z) = squeezed(text)
        && z.len() < text.len()
    {
        let mut out = Vec::with_capacity(z.len() + 1);
        out.push(1);
        out.extend(z);
        return out;
    }
    let mut out = Vec::with_capacity(text.len() + 1);
    out.push(0);
    out.extend_from_slice(text);
    out
}

/// A compressor costs more to make than a mail to compress, so each thread keeps one.
fn squeezed(text: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = zstd::bulk::Compressor::new(3).ok();
        }
        kept.as_mut()?.compress(text).ok()
    })
}

/// As with [`squeezed`], one for each thread.
fn unsqueezed(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
    }
    DECOMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = zstd::bulk::Decompressor::new().ok();
        }
        kept.as_mut()?.decompress(bytes, limit).ok()
    })
}

/// What [`pack`] packed. Bounded: nothing of ours is larger than the limit on a message.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>> {
    const LIMIT: usize = 64 * 1024 * 1024;
    match bytes.split_first() {
        Some((0, rest)) => Ok(rest.to_vec()),
        Some((1, rest)) => unsqueezed(rest, LIMIT)
            .ok_or_else(|| Error::Corrupt("a stored text cannot be unpacked".into())),
        _ => Err(Error::Corrupt("a stored text has no form".into())),
    }
}

/// A stored text as it was, or as it is stored when it cannot be unpacked.
#[must_use]
pub fn unpack_for_digest(bytes: &[u8]) -> Vec<u8> {
    unpack(bytes).unwrap_or_else(|_| bytes.to_vec())
}

pub(super) fn unpack_text(bytes: &[u8]) -> Result<String> {
    Ok(String::from_utf8_lossy(&unpack(bytes)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_whole() {
        for text in [String::new(), "short".into(), "long ".repeat(500)] {
            assert_eq!(unpack_text(&pack(text.as_bytes())).unwrap(), text);
        }
        assert!(unpack(&[9, 1]).is_err() && unpack(&[]).is_err());
    }

    #[test]
    fn what_a_killed_process_left_half_written_goes_and_what_is_kept_stays() {
        let dir = tempfile::tempdir().unwrap();
        sweep(dir.path());
        let files = Files::new(dir.path().join("files"), Arc::new(FileKey([3; 32])));
        let hash = files.keep(b"invoice of anna").unwrap();
        let aside = dir.path().join("files").join(ASIDE);
        std::fs::write(aside.join("ab12.new-00000000"), b"half").unwrap();
        sweep(dir.path());
        assert_eq!(std::fs::read_dir(&aside).unwrap().count(), 0);
        assert_eq!(files.read(&hash).unwrap(), b"invoice of anna");
    }

    #[test]
    fn a_kept_file_is_unreadable_on_disk_and_damage_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().into(), Arc::new(FileKey([3; 32])));
        let hash = files.keep(b"invoice of anna").unwrap();
        assert_eq!(files.read(&hash).unwrap(), b"invoice of anna");
        let path = files.path(&hash);
        let mut raw = std::fs::read(&path).unwrap();
        assert!(!raw.windows(4).any(|w| w == b"anna"));
        *raw.last_mut().unwrap() ^= 1;
        std::fs::write(&path, raw).unwrap();
        assert!(matches!(files.read(&hash), Err(Error::Corrupt(_))));
    }
}
