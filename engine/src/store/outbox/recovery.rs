//! What was under way when the program stopped, or when the database was another one.

use super::super::Tx;
use super::attempts::{gave_up, record, reopen, uncertain};
use super::get;
use crate::error::Result;
use crate::model::{AccountId, MessageId, OutboxState};

/// After a start: what was being sent when we stopped may have gone out.
///
/// # Errors
/// When the store fails.
pub fn recover(tx: &mut Tx<'_>) -> Result<usize> {
    Ok(interrupted(tx, None)? + went_back(tx)?)
}

/// The database came from a backup, or is a copy of another one: what waits in it may have gone out since, and a
/// person decides.
fn went_back(tx: &mut Tx<'_>) -> Result<usize> {
    if tx.execute("DELETE FROM meta WHERE key = 'came_back'", [])? == 0 {
        return Ok(0);
    }
    let ids: Vec<MessageId> = {
        let mut s = tx.prepare("SELECT id FROM outbox WHERE state IN ('held', 'queued')")?;
        s.query_map([], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for id in &ids {
        // An attempt of the other life of this workspace, as far as anybody knows.
        tx.execute(
            "UPDATE outbox SET tries = max(tries, 1) WHERE id = ?1",
            [id],
        )?;
        let o = get(tx, *id)?;
        record(
            tx,
            &o,
            o.attempt,
            OutboxState::Uncertain,
            Some(
                "This workspace was restored or copied, and this waited to be sent in it. It may have gone out since: check the Sent folder before sending it again.",
            ),
            Vec::new(),
        )?;
        reopen(tx, &o)?;
    }
    Ok(ids.len())
}

/// Before an account's sender starts: what its last one was sending when it was stopped may have gone out.
///
/// # Errors
/// When the store fails.
pub fn recover_account(tx: &mut Tx<'_>, account: AccountId) -> Result<usize> {
    interrupted(tx, Some(account))
}

/// An account is disconnected while its messages stay: what waits fails, so that it does not go out weeks later when
/// the account comes back, and what is on its way may have gone out.
///
/// # Errors
/// When the store fails.
pub fn disconnected(tx: &mut Tx<'_>, account: AccountId) -> Result<usize> {
    recover_account(tx, account)?;
    let ids: Vec<MessageId> = {
        // The last parts first: each says the true reason.
        let mut s = tx.prepare(
            "SELECT id FROM outbox WHERE state IN ('held', 'queued') AND account = ?1 ORDER BY authored_at DESC",
        )?;
        s.query_map([account], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for id in &ids {
        let o = get(tx, *id)?;
        gave_up(
            tx,
            &o,
            "Its account was disconnected before it went out. Connect the account again, then send it again.",
        )?;
    }
    Ok(ids.len())
}

fn interrupted(tx: &mut Tx<'_>, account: Option<AccountId>) -> Result<usize> {
    let ids: Vec<MessageId> = {
        let mut s = tx.prepare(
            "SELECT id FROM outbox WHERE state = 'sending' AND (?1 IS NULL OR account = ?1)",
        )?;
        s.query_map([account], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for id in &ids {
        uncertain(
            tx,
            *id,
            "Parley stopped while this was being sent. It may have arrived: check the Sent folder or ask the customer before sending it again.",
        )?;
    }
    Ok(ids.len())
}
