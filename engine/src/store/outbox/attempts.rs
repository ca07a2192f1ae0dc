//! Attempts and how they ended: each change of state is recorded as a fact.

use super::super::ingest::source;
use super::super::log::{self, Writing, write};
use super::super::{Tx, afterwards, conversations};
use super::{OutboxItem, get, parts};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{Channel, GroupId, MessageId, OutboxState, RemoteId};
use crate::time::Millis;
use rusqlite::params;
use serde_json::{Value, json};

/// Record an attempt, before the call.
///
/// # Errors
/// [`Error::Refused`] when it was taken back meanwhile.
pub fn begin(tx: &mut Tx<'_>, id: MessageId) -> Result<OutboxItem> {
    let o = get(tx, id)?;
    if !matches!(o.state, OutboxState::Held | OutboxState::Queued) {
        return Err(Error::Refused("this send is not waiting any more".into()));
    }
    tx.execute(
        "UPDATE outbox SET tries = tries + 1, next_try = NULL WHERE id = ?1",
        [id],
    )?;
    record(tx, &o, o.attempt, OutboxState::Sending, None, Vec::new())?;
    get(tx, id)
}

/// The provider accepted it. No echo changes its time later.
///
/// # Errors
/// When the store fails.
pub fn sent(tx: &mut Tx<'_>, id: MessageId, provider_id: Option<&str>, filing: bool) -> Result<()> {
    let at = tx.now;
    sent_at(tx, id, at, provider_id, filing)
}

/// It went out with its last attempt, as we know only now.
pub(super) fn sent_after_all(tx: &mut Tx<'_>, o: &OutboxItem) -> Result<()> {
    let tried = log::of_entity(tx, Entity::Outbox, &o.id.hex())?
        .into_iter()
        .rev()
        .find(|e| e.kind == "auto.send.sending");
    let at = tried.map_or(tx.now, |e| {
        e.stamp
            .clock()
            .millis()
            .clamp(o.authored_at, tx.now.max(o.authored_at))
    });
    sent_at(tx, o.id, at, None, false)
}

fn sent_at(
    tx: &mut Tx<'_>,
    id: MessageId,
    at: Millis,
    provider_id: Option<&str>,
    filing: bool,
) -> Result<()> {
    let o = get(tx, id)?;
    if o.state == OutboxState::Sent {
        return Ok(());
    }
    tx.execute(
        "UPDATE outbox SET sent_at = ?2, provider_id = ?3, filing = ?4 WHERE id = ?1",
        params![id, at, provider_id, filing],
    )?;
    let mut more = vec![("sent_at", json!(at))];
    if let Some(p) = provider_id {
        more.push(("provider_id", json!(p)));
    }
    record(tx, &o, o.attempt, OutboxState::Sent, None, more)?;
    match provider_id {
        Some(p) if source(tx, o.account)?.channel != Channel::Email => receipt(tx, &o, p, at),
        _ => Ok(()),
    }
}

/// The provider's answer names the message: what it tells of it later finds it, whether its list shows it or not.
fn receipt(tx: &mut Tx<'_>, o: &OutboxItem, provider_id: &str, at: Millis) -> Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO delivery (account, remote_id, message, place, server_at, received, seen) VALUES (?1, ?2, ?3, 'receipt', ?4, 0, 1)",
        params![o.account, provider_id, o.id, at],
    )?;
    afterwards::settle(tx, o.account, &RemoteId(provider_id.to_owned()), o.id)
}

/// Nothing can have gone out: it is tried again at `next`. Says nothing when the attempt was decided meanwhile, as
/// by the provider's copy.
///
/// # Errors
/// When the store fails.
pub fn retry_later(tx: &mut Tx<'_>, id: MessageId, next: Millis, error: &str) -> Result<()> {
    let o = get(tx, id)?;
    if o.state != OutboxState::Sending {
        // Its copy was seen at the provider meanwhile: that outweighs a lost answer.
        return Ok(());
    }
    tx.execute(
        "UPDATE outbox SET next_try = ?2 WHERE id = ?1",
        params![id, next],
    )?;
    record(
        tx,
        &o,
        o.attempt + 1,
        OutboxState::Queued,
        Some(error),
        Vec::new(),
    )
}

/// We held back ourselves, and nothing was asked of the provider: it counts as no try.
///
/// # Errors
/// When the store fails.
pub fn held_back(tx: &mut Tx<'_>, id: MessageId, next: Millis, error: &str) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET tries = max(tries - 1, 0) WHERE id = ?1 AND state = 'sending'",
        [id],
    )?;
    retry_later(tx, id, next, error)
}

/// The provider's answer is final. A resolve that was made with it is taken back. Says nothing when the attempt was
/// decided meanwhile.
///
/// # Errors
/// When the store fails.
pub fn failed(tx: &mut Tx<'_>, id: MessageId, error: &str) -> Result<()> {
    let o = get(tx, id)?;
    if o.state != OutboxState::Sending {
        // Its copy was seen at the provider meanwhile: that outweighs a lost answer.
        return Ok(());
    }
    ended(tx, &o, OutboxState::Failed, error)
}

/// It may have gone out. A resolve that was made with it is taken back. Says nothing when the attempt was decided
/// meanwhile.
///
/// # Errors
/// When the store fails.
pub fn uncertain(tx: &mut Tx<'_>, id: MessageId, error: &str) -> Result<()> {
    let o = get(tx, id)?;
    if o.state != OutboxState::Sending {
        // Its copy was seen at the provider meanwhile: that outweighs a lost answer.
        return Ok(());
    }
    ended(tx, &o, OutboxState::Uncertain, error)
}

/// It did not go, or nobody knows: neither do the parts after it, and the conversation opens again.
fn ended(tx: &mut Tx<'_>, o: &OutboxItem, state: OutboxState, error: &str) -> Result<()> {
    record(tx, o, o.attempt, state, Some(error), Vec::new())?;
    parts::hold_back(tx, o, state)?;
    reopen(tx, o)
}

/// It will not be tried at all. A resolve that was made with it is taken back.
pub(super) fn gave_up(tx: &mut Tx<'_>, o: &OutboxItem, error: &str) -> Result<()> {
    ended(tx, o, OutboxState::Failed, error)
}

/// Take back the resolve that was made with a send, whichever of its parts it was recorded with.
pub(super) fn reopen(tx: &mut Tx<'_>, o: &OutboxItem) -> Result<()> {
    let back = GroupId::random();
    for act in log::of_group(tx, o.group)?
        .into_iter()
        .filter(|e| e.entity == Entity::Resolve)
    {
        if log::value(tx, Entity::Resolve, &act.entity_id, "on")? == Some(json!(false)) {
            continue;
        }
        write(
            tx,
            "auto.send.reopen",
            back,
            Writing::new(
                Entity::Resolve,
                act.entity_id,
                act.conversation,
                vec![("on", json!(false))],
            ),
        )?;
    }
    Ok(())
}

/// Its copy turned up at the provider: it went out, whatever we thought.
///
/// # Errors
/// When the store fails.
pub fn confirmed(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    tx.execute("UPDATE outbox SET filing = 0 WHERE id = ?1", [id])?;
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Uncertain | OutboxState::Sending => sent_after_all(tx, &o),
        // A failure was taken for harmless and was not: a second attempt would be a second mail. (A person's word
        // counts its tries anew, the attempt goes on counting.)
        OutboxState::Queued | OutboxState::Failed if o.tries > 0 || o.attempt > 0 => {
            sent_after_all(tx, &o)
        }
        _ => Ok(()),
    }
}

/// The copy was filed in Sent, or need not be.
///
/// # Errors
/// When the store fails.
pub fn filed(tx: &Tx<'_>, id: MessageId) -> Result<()> {
    tx.execute("UPDATE outbox SET filing = 0 WHERE id = ?1", [id])?;
    Ok(())
}

pub(super) fn state_value(attempt: i64, state: OutboxState) -> Value {
    let rank = OutboxState::ALL
        .iter()
        .position(|s| *s == state)
        .unwrap_or(0);
    json!([attempt, rank, state.as_str()])
}

/// Record a state: the row is the executor's queue, the entry is the fact.
pub(super) fn record(
    tx: &mut Tx<'_>,
    o: &OutboxItem,
    attempt: i64,
    state: OutboxState,
    error: Option<&str>,
    mut more: Vec<(&'static str, Value)>,
) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = ?2, attempt = ?3, error = ?4 WHERE id = ?1",
        params![o.id, state.as_str(), attempt, error],
    )?;
    more.push(("state", state_value(attempt, state)));
    if let Some(e) = error {
        more.push(("error", json!(e)));
    }
    write(
        tx,
        &format!("auto.send.{}", state.as_str()),
        GroupId::random(),
        Writing::new(Entity::Outbox, o.id.hex(), Some(o.conversation), more),
    )?;
    tx.changes.outbox = true;
    conversations::touch_all(tx, o.id)
}
