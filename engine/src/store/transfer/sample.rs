//! Made-up conversations in the database: which accounts hold them, what of them may be said, and what goes with them.

use super::super::{Tx, conversations, log};
use super::{Import, forget, get};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{
    AccountId, AgentId, CustomerId, GroupId, ImportId, MessageId, Party, email_key,
};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

/// The accounts of the sample.
const ACCOUNTS: &str = "SELECT id FROM account WHERE archive = 1 AND connected = 1 AND json_extract(config, '$.sample') = 1";

/// Why nothing is sent from it.
const NOT_SENT: &str = "this is sample data: nobody would receive it, so nothing is sent. Write a note instead, or add an account to write to real people";

/// Its accounts, and how many messages each holds.
///
/// # Errors
/// When the store fails.
pub fn accounts(conn: &Connection) -> Result<Vec<(AccountId, u32)>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT id, imported FROM account WHERE id IN ({ACCOUNTS}) ORDER BY id"
    ))?;
    Ok(s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// The import that brought it or is to bring it, the newest if there were several.
///
/// # Errors
/// When the store fails.
pub fn import(conn: &Connection) -> Result<Option<Import>> {
    let id: Option<ImportId> = conn
        .prepare_cached("SELECT id FROM import WHERE json_extract(options, '$.sample') IS NOT NULL ORDER BY started_at DESC, id LIMIT 1")?
        .query_row([], |r| r.get(0))
        .optional()?;
    id.map(|id| get(conn, id)).transpose()
}

/// How many archives were erased before, those of earlier samples among them, as the log has it.
///
/// # Errors
/// When the store fails.
pub fn erased(conn: &Connection) -> Result<u32> {
    Ok(conn.query_row(
        "SELECT count(*) FROM entry WHERE kind = 'archive_erase'",
        [],
        |r| r.get(0),
    )?)
}

/// Whether a message is made up.
fn is_of(conn: &Connection, message: MessageId) -> Result<bool> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT 1 FROM message WHERE id = ?1 AND account IN ({ACCOUNTS})"
        ))?
        .exists([message])?)
}

/// Whether all that was ever said in a conversation is made up.
///
/// # Errors
/// When the store fails.
pub fn is_all_of(conn: &Connection, conversation: CustomerId) -> Result<bool> {
    // The first message of another account decides, so that a long conversation is not read.
    let root = conversations::root(conn, conversation)?;
    let here = |within: &str| -> Result<bool> {
        Ok(conn
            .prepare_cached(&format!(
                "SELECT 1 FROM customer u JOIN timeline t ON t.conversation = u.id JOIN message m ON m.rid = t.rid
                 WHERE u.root = ?1 AND m.account {within} ({ACCOUNTS})"
            ))?
            .exists([root])?)
    };
    Ok(!here("NOT IN")? && here("IN")?)
}

/// Whether an answer to this message in this conversation would reach nobody.
///
/// # Errors
/// When the store fails.
pub fn reaches_nobody(
    conn: &Connection,
    conversation: Option<CustomerId>,
    about: Option<MessageId>,
) -> Result<bool> {
    if let Some(message) = about
        && is_of(conn, message)?
    {
        return Ok(true);
    }
    conversation.map_or(Ok(false), |c| is_all_of(conn, c))
}

/// Nothing made up goes out, and nothing goes to somebody who is made up.
///
/// # Errors
/// [`Error::Refused`] with what to do instead.
pub fn check_send<'p>(
    conn: &Connection,
    conversation: Option<CustomerId>,
    about: Option<MessageId>,
    recipients: impl Iterator<Item = &'p Party>,
) -> Result<()> {
    if accounts(conn)?.is_empty() {
        return Ok(());
    }
    let refused = || Err(Error::Refused(NOT_SENT.into()));
    if reaches_nobody(conn, conversation, about)? {
        return refused();
    }
    for key in recipients.filter_map(|p| email_key(&p.address)) {
        let known: Option<CustomerId> = conn
            .prepare_cached("SELECT c.id FROM handle h JOIN customer c ON c.id = h.id WHERE h.channel = 'email' AND h.scope = '' AND h.value = ?1")?
            .query_row([key], |r| r.get(0))
            .optional()?;
        if let Some(c) = known
            && only_known_from(conn, c)?
        {
            return refused();
        }
    }
    Ok(())
}

/// Whether the messages of one address are all made up, whoever else it was linked with.
fn only_known_from(conn: &Connection, c: CustomerId) -> Result<bool> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT count(*) > 0 AND min(m.account IN ({ACCOUNTS})) = 1 FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1"
        ))?
        .query_row([c], |r| r.get(0))?)
}

/// A send that stands in the sample is never tried.
///
/// # Errors
/// [`Error::Refused`] with what to do instead.
pub fn check_retry(conn: &Connection, send: MessageId) -> Result<()> {
    if is_of(conn, send)? {
        return Err(Error::Refused(NOT_SENT.into()));
    }
    Ok(())
}

/// After its archives are gone: its imports are forgotten, and its colleagues go unless something real still names them.
///
/// # Errors
/// When the store fails.
pub fn end(tx: &mut Tx<'_>, colleagues: &[AgentId]) -> Result<()> {
    while let Some(import) = import(tx)? {
        tx.execute("DELETE FROM import_into WHERE import = ?1", [import.id])?;
        forget(tx, import.id)?;
    }
    for agent in colleagues {
        released(tx, *agent)?;
        tx.execute(
            "DELETE FROM agent WHERE id = ?1
               AND NOT EXISTS (SELECT 1 FROM note WHERE agent = ?1) AND NOT EXISTS (SELECT 1 FROM act WHERE agent = ?1)
               AND NOT EXISTS (SELECT 1 FROM draft WHERE agent = ?1) AND NOT EXISTS (SELECT 1 FROM message WHERE author = ?1)",
            [agent],
        )?;
    }
    tx.changes.settings = true;
    tx.changes.accounts = true;
    tx.changes.lists = true;
    Ok(())
}

/// What a person gave to somebody who does not exist belongs to nobody again.
fn released(tx: &mut Tx<'_>, agent: AgentId) -> Result<()> {
    let given: Vec<CustomerId> = {
        let mut s = tx.prepare("SELECT id FROM customer WHERE assignee = ?1")?;
        s.query_map(params![agent], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    let group = GroupId::random();
    for c in given {
        let mut w = log::Writing::new(
            Entity::Conversation,
            c.hex(),
            Some(c),
            vec![("assignee", Value::Null)],
        );
        w.why = Some(json!({ "sample": "removed" }));
        log::write(tx, "assign", group, w)?;
    }
    Ok(())
}
