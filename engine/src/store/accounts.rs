//! Connected accounts: what people decided of them is in the log, how they are is local.

use super::Tx;
use super::log::{Writing, write};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{AccountConfig, AccountId, AccountState, Cursor, Gap, GroupId, IdKey};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// An account as stored.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Id.
    pub id: AccountId,
    /// How it is reached.
    pub config: AccountConfig,
    /// Since when human messages count.
    pub live_from: Millis,
    /// Paused by a person.
    pub paused: bool,
    /// Whether older messages are read.
    pub history: bool,
    /// State.
    pub state: AccountState,
    /// State in words.
    pub says: String,
    /// Cursor.
    pub cursor: Option<Cursor>,
    /// Last successful poll.
    pub last_success: Option<Millis>,
    /// Next try.
    pub next_try: Option<Millis>,
    /// First sync.
    pub progress: Option<(u64, u64)>,
    /// Holes.
    pub gaps: Vec<Gap>,
    /// Messages stored.
    pub messages: u32,
    /// Messages that were not understood in whole.
    pub quarantined: u32,
    /// The largest message that its server takes, in bytes, as it said when something was last sent.
    pub max_message: Option<u64>,
}

const COLUMNS: &str = "id, config, live_from, paused, state, says, cursor, last_success, next_try, progress, gaps, messages + imported, max_message, history, (SELECT count(*) FROM quarantine q WHERE q.account = account.id)";

fn row(r: &rusqlite::Row<'_>) -> rusqlite::Result<AccountRow> {
    let config: String = r.get(1)?;
    let config = serde_json::from_str(&config).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(e))
    })?;
    Ok(AccountRow {
        id: r.get(0)?,
        config,
        live_from: r.get(2)?,
        paused: r.get(3)?,
        state: serde_json::from_value(json!(r.get::<_, String>(4)?))
            .unwrap_or(AccountState::Connecting),
        says: r.get(5)?,
        cursor: r.get::<_, Option<String>>(6)?.map(Cursor),
        last_success: r.get(7)?,
        next_try: r.get(8)?,
        progress: r
            .get::<_, Option<String>>(9)?
            .and_then(|p| serde_json::from_str(&p).ok()),
        gaps: serde_json::from_str(&r.get::<_, String>(10)?).unwrap_or_default(),
        messages: r.get(11)?,
        max_message: r
            .get::<_, Option<i64>>(12)?
            .and_then(|n| u64::try_from(n).ok()),
        history: r.get(13)?,
        quarantined: r.get(14)?,
    })
}

/// The connected accounts, oldest first.
///
/// # Errors
/// When the store fails.
pub fn all(conn: &Connection) -> Result<Vec<AccountRow>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM account WHERE connected = 1 AND archive = 0 ORDER BY live_from, id"
    ))?;
    Ok(s.query_map([], row)?.collect::<rusqlite::Result<_>>()?)
}

/// One connected account.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn get(conn: &Connection, id: AccountId) -> Result<AccountRow> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM account WHERE id = ?1 AND connected = 1 AND archive = 0"
    ))?
    .query_row([id], row)
    .optional()?
    .ok_or_else(|| Error::NotFound("this account".into()))
}

/// The id of an account: channel and canonical address at the provider.
#[must_use]
pub fn id_of(ids: &IdKey, config: &AccountConfig) -> AccountId {
    AccountId(ids.id(&[
        b"account",
        config.channel().as_str().as_bytes(),
        config.identity().as_bytes(),
    ]))
}

/// Connect an account or change it. Human messages count from its first connection on.
///
/// # Errors
/// When the store fails.
pub fn save(
    tx: &mut Tx<'_>,
    config: &AccountConfig,
    secret: Option<&SecretString>,
) -> Result<AccountId> {
    let id = id_of(&tx.identity.ids, config);
    let known = super::log::register(tx, Entity::Account, &id.hex(), "live_from")?.is_some();
    let config = serde_json::to_value(config).map_err(|e| Error::Internal(e.to_string()))?;
    let mut fields = vec![("config", config), ("on", json!(true))];
    if !known {
        // Mail servers tell time in whole seconds: what arrives in this very second is new.
        fields.push(("live_from", json!(tx.now - tx.now.rem_euclid(1_000))));
    }
    write(
        tx,
        "account_save",
        GroupId::random(),
        Writing::new(Entity::Account, id.hex(), None, fields),
    )?;
    if let Some(s) = secret {
        tx.execute(
            "UPDATE account SET secret = ?2 WHERE id = ?1",
            params![id, s.expose_secret()],
        )?;
    }
    tx.execute(
        "UPDATE account SET state = 'connecting', says = 'Connecting' WHERE id = ?1 AND paused = 0",
        [id],
    )?;
    // What was missing with other settings may be there now; what still is missing is told again.
    tx.execute("UPDATE account SET gaps = '[]' WHERE id = ?1", [id])?;
    tx.changes.accounts = true;
    Ok(id)
}

/// Disconnect an account: its messages stay, its secret goes.
///
/// # Errors
/// When the store fails.
pub fn remove(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    write(
        tx,
        "account_remove",
        GroupId::random(),
        Writing::new(Entity::Account, id.hex(), None, vec![("on", json!(false))]),
    )?;
    tx.execute("UPDATE account SET secret = NULL WHERE id = ?1", [id])?;
    tx.changes.accounts = true;
    Ok(())
}

/// The account's password or token.
///
/// # Errors
/// [`Error::NotFound`] when none is kept.
pub fn secret(conn: &Connection, id: AccountId) -> Result<SecretString> {
    let s: Option<String> = conn
        .query_row("SELECT secret FROM account WHERE id = ?1", [id], |r| {
            r.get(0)
        })
        .optional()?
        .flatten();
    s.map(SecretString::from)
        .ok_or_else(|| Error::NotFound("this account's password".into()))
}

/// Put a renewed secret in the place of the old one. False, and nothing is written, where another one stands there.
///
/// # Errors
/// When the store fails.
pub fn replace_secret(
    tx: &mut Tx<'_>,
    id: AccountId,
    old: &SecretString,
    new: &SecretString,
) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE account SET secret = ?3 WHERE id = ?1 AND secret = ?2",
        params![id, old.expose_secret(), new.expose_secret()],
    )?;
    Ok(changed == 1)
}

/// How an account is now.
#[derive(Debug, Clone)]
pub struct Health {
    /// State.
    pub state: AccountState,
    /// In words.
    pub says: String,
    /// Next try.
    pub next_try: Option<Millis>,
    /// The poll succeeded.
    pub success: bool,
}

/// Record how an account is; announced only when it changed.
///
/// # Errors
/// When the store fails.
pub fn health(tx: &mut Tx<'_>, id: AccountId, h: &Health) -> Result<()> {
    let word = serde_json::to_value(h.state)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default();
    let now = h.success.then_some(tx.now);
    let before: Option<(String, String)> = tx
        .query_row("SELECT state, says FROM account WHERE id = ?1", [id], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .optional()?;
    tx.execute("UPDATE account SET state = ?2, says = ?3, next_try = ?4, last_success = coalesce(?5, last_success) WHERE id = ?1", params![id, word, h.says, h.next_try, now])?;
    if before.as_ref() != Some(&(word, h.says.clone())) {
        tx.changes.accounts = true;
    }
    Ok(())
}

/// Pause or go on.
///
/// # Errors
/// When the store fails.
pub fn pause(tx: &mut Tx<'_>, id: AccountId, on: bool) -> Result<()> {
    tx.execute(
        "UPDATE account SET paused = ?2, state = ?3, says = ?4 WHERE id = ?1",
        params![
            id,
            on,
            if on { "paused" } else { "connecting" },
            if on { "Paused" } else { "Connecting" }
        ],
    )?;
    tx.changes.accounts = true;
    Ok(())
}

/// The server said how large a message it takes.
///
/// # Errors
/// When the store fails.
pub fn learned_limit(tx: &Tx<'_>, id: AccountId, max_message: u64) -> Result<()> {
    tx.execute(
        "UPDATE account SET max_message = ?2 WHERE id = ?1",
        params![id, i64::try_from(max_message).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// The next poll begins here; `None` = as a new account does.
///
/// # Errors
/// When the store fails.
pub fn rewind(tx: &mut Tx<'_>, id: AccountId, cursor: Option<&Cursor>) -> Result<()> {
    tx.execute(
        "UPDATE account SET cursor = ?2, gaps = '[]' WHERE id = ?1",
        params![id, cursor.map(|c| c.0.as_str())],
    )?;
    tx.changes.accounts = true;
    Ok(())
}

/// A disconnected account waits to be erased with its messages, as an archive that is never polled.
///
/// # Errors
/// When the store fails.
pub fn to_be_erased(tx: &mut Tx<'_>, id: AccountId) -> Result<()> {
    tx.execute("UPDATE account SET archive = 1 WHERE id = ?1", [id])?;
    tx.changes.accounts = true;
    Ok(())
}

/// The disconnected accounts that wait to be erased, as when Parley was stopped in the middle of it.
///
/// # Errors
/// When the store fails.
pub fn waiting_to_be_erased(conn: &Connection) -> Result<Vec<AccountId>> {
    let mut s = conn
        .prepare_cached("SELECT id FROM account WHERE archive = 1 AND connected = 0 ORDER BY id")?;
    Ok(s.query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Let older messages rest, or go on reading them.
///
/// # Errors
/// When the store fails.
pub fn history(tx: &mut Tx<'_>, id: AccountId, on: bool) -> Result<()> {
    tx.execute(
        "UPDATE account SET history = ?2 WHERE id = ?1",
        params![id, on],
    )?;
    tx.changes.accounts = true;
    Ok(())
}
