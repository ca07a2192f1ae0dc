//! What a person decides about a send.

use super::super::log::{self, Writing, write};
use super::super::{Tx, search};
use super::attempts::{record, reopen, sent_after_all};
use super::{OutboxItem, get, parts, stop};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{CustomerId, GroupId, MessageId, OutboxState};
use rusqlite::params;
use serde_json::json;

/// Take a send back before it goes. Its text returns as a draft; a resolve made with it is undone.
///
/// # Errors
/// [`Error::Refused`] when it is already on its way or gone.
pub fn cancel(tx: &mut Tx<'_>, id: MessageId) -> Result<OutboxItem> {
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Held | OutboxState::Queued | OutboxState::Failed => {}
        OutboxState::Cancelled => return Ok(o),
        OutboxState::Sending => {
            return Err(Error::Refused(
                "it is being sent right now and can no longer be taken back".into(),
            ));
        }
        OutboxState::Sent | OutboxState::Uncertain => {
            return Err(Error::Refused(
                "it has already gone out and cannot be taken back".into(),
            ));
        }
    }
    record(tx, &o, o.attempt, OutboxState::Cancelled, None, Vec::new())?;
    reopen(tx, &o)?;
    unlink(tx, &o)?;
    withdraw(tx, id)?;
    Ok(o)
}

/// Whoever takes back what was written to an address takes back that both are one.
fn unlink(tx: &mut Tx<'_>, o: &OutboxItem) -> Result<()> {
    let back = GroupId::random();
    let linked = log::of_group(tx, o.group)?;
    for link in linked.into_iter().filter(|e| e.entity == Entity::Link) {
        let off = vec![("on", json!(false))];
        let w = Writing::new(Entity::Link, link.entity_id, link.conversation, off);
        write(tx, "auto.send.unlink", back, w)?;
    }
    Ok(())
}

/// A message that was taken back is shown and found nowhere; its files are staged again.
pub(in crate::store) fn withdraw(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let shown: Vec<CustomerId> = {
        let mut s = tx.prepare("SELECT conversation FROM timeline WHERE message = ?1")?;
        s.query_map([id], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    tx.execute("DELETE FROM timeline WHERE message = ?1", [id])?;
    let rid: i64 = tx.query_row("SELECT rid FROM message WHERE id = ?1", [id], |r| r.get(0))?;
    search::index::remove(tx, rid)?;
    tx.execute(
        "UPDATE file SET message = NULL, staged_at = ?2 WHERE message = ?1",
        params![id, tx.now],
    )?;
    for c in shown {
        tx.recount(c);
    }
    Ok(())
}

/// A person decided to send a failed or uncertain one again. What else of the same send failed goes with it.
///
/// # Errors
/// [`Error::Refused`] in any other state, where its account is gone, its recipient wants no more messages, or a part
/// before it may have gone out.
pub fn again(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Failed | OutboxState::Uncertain | OutboxState::Queued => {}
        _ => {
            return Err(Error::Refused(
                "only a failed or uncertain send can be tried again".into(),
            ));
        }
    }
    let goes = tx
        .prepare_cached("SELECT 1 FROM account WHERE id = ?1 AND connected = 1")?
        .exists([o.account])?;
    if !goes {
        return Err(Error::Refused(
            "the account it goes from is not connected any more; connect it again first".into(),
        ));
    }
    for to in &o.mail.to {
        if stop::opted_out(tx, o.account, to)? {
            return Err(Error::Refused(stop::STOPPED.into()));
        }
    }
    for part in parts::to_go_again(tx, &o)? {
        // A person's word counts its tries anew, and the time in which they are made.
        tx.execute(
            "UPDATE outbox SET next_try = NULL, tries = 0, hold_until = ?2 WHERE id = ?1",
            params![part.id, tx.now],
        )?;
        let attempt = part.attempt + 1;
        record(tx, &part, attempt, OutboxState::Queued, None, Vec::new())?;
    }
    Ok(())
}

/// A person found an uncertain send delivered.
///
/// # Errors
/// [`Error::Refused`] in any other state.
pub fn mark_sent(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Uncertain => sent_after_all(tx, &o),
        _ => Err(Error::Refused(
            "only an uncertain send can be marked as sent".into(),
        )),
    }
}
