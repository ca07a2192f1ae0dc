//! Remote pictures that a person had loaded, and the senders whose pictures are loaded at once.

use super::{Tx, timeline::StoredHtml};
use crate::error::Result;
use crate::model::{CleanHtml, MessageId, Remote};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};

/// The numbers of a message's loaded pictures.
///
/// # Errors
/// When the store fails.
pub fn loaded(c: &Connection, m: MessageId) -> Result<Vec<u32>> {
    let mut s =
        c.prepare_cached("SELECT number FROM remote_picture WHERE message = ?1 ORDER BY number")?;
    Ok(s.query_map([m], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Where a loaded picture's content lies.
///
/// # Errors
/// When the store fails.
pub fn hash(c: &Connection, m: MessageId, number: u32) -> Result<Option<Vec<u8>>> {
    Ok(
        c.prepare_cached("SELECT hash FROM remote_picture WHERE message = ?1 AND number = ?2")?
            .query_row(params![m, number], |r| r.get(0))
            .optional()?,
    )
}

/// Keep a loaded picture.
///
/// # Errors
/// When the store or the disk fails.
pub fn keep(tx: &Tx<'_>, m: MessageId, number: u32, bytes: &[u8]) -> Result<()> {
    let hash = tx.files.keep(bytes)?;
    tx.prepare_cached("INSERT INTO remote_picture (message, number, hash) VALUES (?1, ?2, ?3) ON CONFLICT (message, number) DO UPDATE SET hash = excluded.hash")?
        .execute(params![m, number, &hash[..]])?;
    Ok(())
}

/// Clean HTML that a newer sanitiser made takes the place of the old; what was loaded under the old numbers goes.
///
/// # Errors
/// When the store fails.
pub fn renew(tx: &Tx<'_>, m: MessageId, rid: i64, clean: &CleanHtml) -> Result<()> {
    super::timeline::put_html(tx, rid, clean)?;
    tx.execute("DELETE FROM remote_picture WHERE message = ?1", [m])?;
    Ok(())
}

/// The pictures of a message that can be loaded and are not, and where they lie.
#[must_use]
pub fn missing(html: &StoredHtml, loaded: &[u32]) -> Vec<(u32, String)> {
    (0u32..)
        .zip(&html.remote)
        .filter(|(n, (_, kind))| *kind == Remote::Picture && !loaded.contains(n))
        .map(|(n, (url, _))| (n, url.clone()))
        .collect()
}

/// Load pictures of this sender's verified mails from now on.
///
/// # Errors
/// When the store fails.
pub fn trust(tx: &Tx<'_>, address: &str) -> Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO picture_sender (address, at) VALUES (?1, ?2)",
        params![address, tx.now],
    )?;
    Ok(())
}

/// Take that back.
///
/// # Errors
/// When the store fails.
pub fn distrust(tx: &Tx<'_>, address: &str) -> Result<bool> {
    Ok(tx.execute("DELETE FROM picture_sender WHERE address = ?1", [address])? > 0)
}

/// Whether pictures of this sender are loaded at once.
///
/// # Errors
/// When the store fails.
pub fn is_trusted(c: &Connection, address: &str) -> Result<bool> {
    Ok(
        c.prepare_cached("SELECT 1 FROM picture_sender WHERE address = ?1")?
            .exists([address])?,
    )
}

/// The senders whose pictures are loaded at once, with when that was said.
///
/// # Errors
/// When the store fails.
pub fn trusted(c: &Connection) -> Result<Vec<(String, Millis)>> {
    let mut s =
        c.prepare_cached("SELECT address, at FROM picture_sender ORDER BY address LIMIT 1000")?;
    Ok(s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}
