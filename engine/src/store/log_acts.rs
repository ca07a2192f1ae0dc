//! The acts that people do to conversations, as entries of the log.

use super::log::{Writing, write};
use super::{Tx, conversations};
use crate::error::Result;
use crate::model::log::Entity;
use crate::model::{CustomerId, EntryId, GroupId, MessageId, random_id};
use serde_json::{Value, json};

fn new_id() -> String {
    EntryId(random_id()).hex()
}

fn covers(ids: &[MessageId]) -> Value {
    json!(ids)
}

/// Days in which a message continues a resolved episode.
///
/// # Errors
/// When the store fails.
pub fn reopen_days(tx: &Tx<'_>) -> Result<i64> {
    Ok(
        super::log::value(tx, Entity::Setting, "reopen_days", "value")?
            .and_then(|v| v.as_i64())
            .unwrap_or(3),
    )
}

/// Resolve one original conversation: it covers the uncovered human inbound messages that this replica holds.
///
/// # Errors
/// When the store fails.
pub fn resolve(tx: &mut Tx<'_>, group: GroupId, c: CustomerId) -> Result<String> {
    let folded = conversations::folded(tx, c)?;
    let days = reopen_days(tx)?;
    let id = new_id();
    let fields = vec![
        ("conversation", json!(c)),
        ("covers", covers(&folded.uncovered)),
        ("n", json!(days)),
        ("on", json!(true)),
    ];
    write(
        tx,
        "resolve",
        group,
        Writing::new(Entity::Resolve, id.clone(), Some(c), fields),
    )?;
    Ok(id)
}

/// Open one original conversation again.
///
/// # Errors
/// When the store fails.
pub fn reopen(tx: &mut Tx<'_>, group: GroupId, c: CustomerId) -> Result<()> {
    write(
        tx,
        "reopen",
        group,
        Writing::new(
            Entity::Reopen,
            new_id(),
            Some(c),
            vec![("conversation", json!(c)), ("on", json!(true))],
        ),
    )?;
    Ok(())
}

/// End the waits of one original conversation without a reply.
///
/// # Errors
/// When the store fails.
pub fn no_reply_needed(tx: &mut Tx<'_>, group: GroupId, c: CustomerId) -> Result<()> {
    let folded = conversations::folded(tx, c)?;
    let fields = vec![
        ("conversation", json!(c)),
        ("covers", covers(&folded.unanswered)),
        ("on", json!(true)),
    ];
    write(
        tx,
        "no_reply_needed",
        group,
        Writing::new(Entity::NoReply, new_id(), Some(c), fields),
    )?;
    Ok(())
}

/// Write a note.
///
/// # Errors
/// When the store fails.
pub fn note(tx: &mut Tx<'_>, group: GroupId, c: CustomerId, text: &str) -> Result<()> {
    let fields = vec![
        ("conversation", json!(c)),
        ("text", json!(text)),
        ("on", json!(true)),
    ];
    write(
        tx,
        "note_add",
        group,
        Writing::new(Entity::Note, new_id(), Some(c), fields),
    )?;
    Ok(())
}
