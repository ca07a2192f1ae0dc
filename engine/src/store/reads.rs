//! Read marks: what people read here, what providers say, and what they shall still be told.
//!
//! A mark that was made here and is not yet told wins over what the provider says; once it is told, the provider says
//! the same. A mark is only queued where something changed here, so that nothing goes round in a circle.

use super::timeline::Place;
use super::{Tx, conversations};
use crate::error::Result;
use crate::model::{AccountId, CustomerId, Mark, MessageId, ReadMark, RemoteId, UpTo};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use std::ops::RangeInclusive;

/// Most marks that are told in one go.
const MOST: u32 = 500;
/// Most messages that one press makes unread: the newest.
const MOST_UNREAD: u32 = 1_000;

/// A mark that is still to be told, with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The mark.
    pub mark: ReadMark,
    made: i64,
}

/// Everything in a conversation has been read, or its last message from outside shall be unread again.
///
/// # Errors
/// When the store fails.
pub fn mark(tx: &mut Tx<'_>, conversation: CustomerId, read: bool) -> Result<()> {
    let which = if read {
        "SELECT message FROM timeline WHERE conversation = ?1 AND unread = 1"
    } else {
        "SELECT t.message FROM timeline t JOIN message m ON m.rid = t.rid
         WHERE t.conversation = ?1 AND m.direction = 0 ORDER BY t.sent_at DESC, t.message DESC LIMIT 1"
    };
    let messages: Vec<MessageId> = {
        let mut s = tx.prepare_cached(which)?;
        s.query_map([conversation], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for m in messages {
        tx.prepare_cached(
            "UPDATE timeline SET unread = ?3 WHERE conversation = ?1 AND message = ?2",
        )?
        .execute(params![conversation, m, !read])?;
        queue(tx, m, read, None)?;
        tx.touch(conversation);
    }
    Ok(())
}

/// What the customer wrote from a place on is unread again.
///
/// # Errors
/// When the store fails.
pub fn mark_from(tx: &mut Tx<'_>, conversation: CustomerId, from: Place) -> Result<()> {
    let messages: Vec<MessageId> = {
        let mut s = tx.prepare_cached(
            "SELECT t.message FROM timeline t JOIN message m ON m.rid = t.rid
             WHERE t.conversation = ?1 AND (t.sent_at, t.message) >= (?2, ?3) AND m.direction = 0 AND t.unread = 0
             ORDER BY t.sent_at DESC, t.message DESC LIMIT ?4",
        )?;
        s.query_map(params![conversation, from.0, from.1, MOST_UNREAD], |r| {
            r.get(0)
        })?
        .collect::<rusqlite::Result<_>>()?
    };
    for m in messages {
        tx.prepare_cached(
            "UPDATE timeline SET unread = 1 WHERE conversation = ?1 AND message = ?2",
        )?
        .execute(params![conversation, m])?;
        queue(tx, m, false, None)?;
        tx.touch(conversation);
    }
    Ok(())
}

/// Tell the providers whose accounts want it, but not the one that it was heard from.
fn queue(tx: &Tx<'_>, m: MessageId, seen: bool, heard_from: Option<AccountId>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO read_mark (account, remote_id, seen, made)
         SELECT d.account, d.remote_id, ?2, (SELECT coalesce(max(made), 0) + 1 FROM read_mark)
         FROM delivery d JOIN account a ON a.id = d.account
         WHERE d.message = ?1 AND d.vanished = 0 AND a.connected = 1 AND coalesce(json_extract(a.config, '$.sync_read'), a.channel IN ('matrix', 'webchat')) = 1
           AND d.account IS NOT ?3
           AND (d.seen IS NOT ?2 OR EXISTS (SELECT 1 FROM read_mark r WHERE r.account = d.account AND r.remote_id = d.remote_id))
         ON CONFLICT (account, remote_id) DO UPDATE SET seen = excluded.seen, made = excluded.made",
    )?
    .execute(params![m, seen, heard_from])?;
    Ok(())
}

/// Whether an account's read marks go both ways.
pub(super) fn wanted(conn: &Connection, account: AccountId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            // Where people chat, whoever writes sees that it was read.
            "SELECT coalesce(json_extract(config, '$.sync_read'), channel IN ('matrix', 'webchat')) FROM account WHERE id = ?1",
        )?
        .query_row([account], |r| r.get(0))?)
}

/// Numbers in this range with which ids of an account's deliveries go on that begin so and did not go, greatest first.
///
/// # Errors
/// When the store fails.
pub fn present(
    conn: &Connection,
    account: AccountId,
    beginning: &str,
    numbers: RangeInclusive<u64>,
    most: usize,
) -> Result<Vec<u64>> {
    let whole = |n: &u64| i64::try_from(*n).unwrap_or(i64::MAX);
    // Behind the digits there is nothing, and after them comes the colon.
    let mut s = conn.prepare_cached(
        "SELECT DISTINCT CAST(substr(remote_id, length(?2) + 1) AS INTEGER) AS number FROM delivery
         WHERE account = ?1 AND remote_id >= ?2 AND remote_id < ?2 || ':' AND vanished = 0
           AND CAST(substr(remote_id, length(?2) + 1) AS INTEGER) BETWEEN ?3 AND ?4
         ORDER BY number DESC LIMIT ?5",
    )?;
    let rows = s.query_map(
        params![
            account,
            beginning,
            whole(numbers.start()),
            whole(numbers.end()),
            i64::try_from(most).unwrap_or(i64::MAX)
        ],
        |r| r.get::<_, i64>(0),
    )?;
    let found: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(found
        .into_iter()
        .filter_map(|n| n.try_into().ok())
        .collect())
}

/// What an account's provider shall still be told, oldest first.
///
/// # Errors
/// When the store fails.
pub fn untold(conn: &Connection, account: AccountId) -> Result<Vec<Untold>> {
    let mut s = conn.prepare_cached(
        "SELECT remote_id, seen, made FROM read_mark WHERE account = ?1 ORDER BY made LIMIT ?2",
    )?;
    let rows = s.query_map(params![account, MOST], |r| {
        Ok(Untold {
            mark: ReadMark {
                remote_id: RemoteId(r.get(0)?),
                seen: r.get(1)?,
            },
            made: r.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The provider was told these. One that was changed again meanwhile stays to be told.
///
/// # Errors
/// When the store fails.
pub fn told(tx: &mut Tx<'_>, account: AccountId, marks: &[Untold]) -> Result<()> {
    for m in marks {
        tx.prepare_cached("UPDATE delivery SET seen = ?3 WHERE account = ?1 AND remote_id = ?2")?
            .execute(params![account, m.mark.remote_id.0, m.mark.seen])?;
        tx.prepare_cached(
            "DELETE FROM read_mark WHERE account = ?1 AND remote_id = ?2 AND made = ?3",
        )?
        .execute(params![account, m.mark.remote_id.0, m.made])?;
    }
    Ok(())
}

/// A provider says whether a message is read there.
pub(super) fn heard(
    tx: &mut Tx<'_>,
    account: AccountId,
    remote: &RemoteId,
    seen: bool,
) -> Result<()> {
    let row: Option<(MessageId, Option<bool>, bool)> = tx
        .prepare_cached(
            "SELECT message, seen, EXISTS (SELECT 1 FROM read_mark r WHERE r.account = d.account AND r.remote_id = d.remote_id)
             FROM delivery d WHERE account = ?1 AND remote_id = ?2",
        )?
        .query_row(params![account, remote.0], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .optional()?;
    let Some((message, before, untold)) = row else {
        return Ok(());
    };
    if untold || before == Some(seen) {
        return Ok(());
    }
    tx.prepare_cached("UPDATE delivery SET seen = ?3 WHERE account = ?1 AND remote_id = ?2")?
        .execute(params![account, remote.0, seen])?;
    // What was never known as read there did not become unread now.
    if !seen && before.is_none() {
        return Ok(());
    }
    set(tx, message, seen, account)
}

/// Everything up to a message is read at the provider.
pub(super) fn heard_up_to(tx: &mut Tx<'_>, account: AccountId, up_to: &UpTo) -> Result<()> {
    let until = written(tx, account, up_to)?;
    let unread: Vec<RemoteId> = {
        let mut s = tx.prepare_cached(
            "SELECT d.remote_id FROM delivery d JOIN message m ON m.id = d.message
             WHERE d.account = ?1 AND d.remote_id > ?2 || ' ' AND d.remote_id < ?2 || '!' AND m.sent_at <= ?3
               AND EXISTS (SELECT 1 FROM timeline t WHERE t.message = m.id AND t.unread = 1)",
        )?;
        s.query_map(params![account, up_to.within, until], |r| {
            Ok(RemoteId(r.get(0)?))
        })?
        .collect::<rusqlite::Result<_>>()?
    };
    for remote in unread.iter().chain([&up_to.of]) {
        heard(tx, account, remote, true)?;
    }
    Ok(())
}

/// When the message that something reaches up to was written, by what is kept of it where it is here.
pub(super) fn written(conn: &Connection, account: AccountId, up_to: &UpTo) -> Result<Millis> {
    let kept = conn
        .prepare_cached(
            "SELECT m.sent_at FROM delivery d JOIN message m ON m.id = d.message WHERE d.account = ?1 AND d.remote_id = ?2",
        )?
        .query_row(params![account, up_to.of.0], |r| r.get(0))
        .optional()?;
    Ok(kept.unwrap_or(up_to.until))
}

/// Whether a message lies at an account under this id.
///
/// # Errors
/// When the store fails.
pub fn holds(conn: &Connection, account: AccountId, remote: &RemoteId) -> Result<bool> {
    Ok(super::afterwards::delivered_as(conn, account, remote)?.is_some())
}

/// A message is read, or not any more, because an account's provider says so.
pub(super) fn set(
    tx: &mut Tx<'_>,
    message: MessageId,
    seen: bool,
    heard_from: AccountId,
) -> Result<()> {
    let changed = if seen {
        tx.prepare_cached("UPDATE timeline SET unread = 0 WHERE message = ?1 AND unread = 1")?
            .execute([message])?
    } else {
        // Only what may be unread at all: a person's live message from outside, where it belongs.
        tx.prepare_cached(
            "UPDATE timeline SET unread = 1 WHERE message = ?1 AND home = 1 AND unread = 0 AND live = 1
               AND EXISTS (SELECT 1 FROM message m WHERE m.id = ?1 AND m.direction = 0 AND m.class = 0)",
        )?
        .execute([message])?
    };
    if changed > 0 {
        queue(tx, message, seen, Some(heard_from))?;
        conversations::touch_all(tx, message)?;
    }
    Ok(())
}

/// The message that an account holds under a mark. Junk is not answered for: what was junk and lies elsewhere now is
/// read again, so that it is judged anew.
pub(super) fn marked(
    conn: &Connection,
    account: AccountId,
    mark: &Mark,
) -> Result<Option<MessageId>> {
    Ok(conn
        .prepare_cached(
            "SELECT d.message FROM delivery d JOIN message m ON m.id = d.message
             WHERE d.account = ?1 AND d.mark = ?2 AND m.machine_class <> 2 LIMIT 1",
        )?
        .query_row(params![account, &mark.digest()[..]], |r| r.get(0))
        .optional()?)
}

/// Which of these marks are of messages that an account holds.
///
/// # Errors
/// When the store fails.
pub fn known(conn: &Connection, account: AccountId, marks: &[Mark]) -> Result<Vec<bool>> {
    marks
        .iter()
        .map(|m| Ok(marked(conn, account, m)?.is_some()))
        .collect()
}
