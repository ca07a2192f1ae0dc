//! What people say of themselves at a channel, how they came here, and how they are answered there.

use super::ingest::{Source, handle};
use super::{Tx, conversations};
use crate::error::{Error, Result};
use crate::model::{
    AccountId, CustomerId, HandleId, PersonSays, Touch, Touched, address_key, email_key,
};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};

/// What is known of a person at a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// A user name.
    pub username: Option<String>,
    /// A mail address that nobody vouches for.
    pub email: Option<String>,
    /// They want no more messages from at least one account; [`opted_out`] says from which.
    pub opted_out: bool,
}

/// Take in what somebody says of themselves: the newest word stands.
pub(super) fn says(tx: &mut Tx<'_>, source: &Source, p: &PersonSays) -> Result<()> {
    let Some(address) = address_key(source.channel, &p.address) else {
        return Ok(());
    };
    let h = handle(
        tx,
        source.channel,
        &source.scope,
        &address,
        p.name.as_deref(),
        p.at,
    )?;
    let email = p.email.as_deref().and_then(email_key);
    tx.prepare_cached(
        "INSERT INTO person (handle, username, email, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (handle) DO UPDATE SET
           username = CASE WHEN excluded.username IS NOT NULL AND excluded.at >= at THEN excluded.username ELSE username END,
           email = CASE WHEN excluded.email IS NOT NULL AND excluded.at >= at THEN excluded.email ELSE email END,
           at = max(at, excluded.at)",
    )?
    .execute(params![h, p.username, email, p.at])?;
    if let Some(wish) = p.opted_out {
        tx.prepare_cached(
            "INSERT INTO opt_out (account, handle, wish, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, handle) DO UPDATE SET wish = excluded.wish, at = excluded.at WHERE excluded.at >= at",
        )?
        .execute(params![source.id, h, wish, p.at])?;
    }
    tx.touch(CustomerId(h.0));
    Ok(())
}

/// Take in how somebody came here, once.
pub(super) fn touched(tx: &mut Tx<'_>, source: &Source, t: &Touched) -> Result<()> {
    let Some(address) = address_key(source.channel, &t.address) else {
        return Ok(());
    };
    let h = handle(tx, source.channel, &source.scope, &address, None, 0)?;
    let value = serde_json::to_string(&t.touch).map_err(|e| Error::Internal(e.to_string()))?;
    tx.prepare_cached("INSERT OR IGNORE INTO touch (account, remote_id, handle, at, value) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![source.id, t.remote_id.0, h, t.at, value])?;
    tx.touch(CustomerId(h.0));
    Ok(())
}

/// The newest wish of the people at a handle, by account: of telephone numbers one for all their accounts.
const WISHES: &str = "SELECT o.wish, row_number() OVER (PARTITION BY CASE WHEN a.channel IN ('sms', 'whatsapp') THEN 'telephone' ELSE hex(o.account) END ORDER BY o.at DESC, o.wish DESC) AS newest
    FROM opt_out o JOIN account a ON a.id = o.account WHERE o.handle = ?1";

/// Whether somebody wants no more messages from an account. Who writes STOP by telephone means all that is sent to that
/// number, by text message or WhatsApp; elsewhere each account is let in or shut out by itself.
///
/// # Errors
/// When the store fails.
pub fn opted_out(conn: &Connection, account: AccountId, handle: HandleId) -> Result<bool> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT 1 FROM ({WISHES} AND (o.account = ?2 OR a.channel IN ('sms', 'whatsapp') AND (SELECT channel FROM account WHERE id = ?2) IN ('sms', 'whatsapp')))
             WHERE newest = 1 AND wish = 1"
        ))?
        .exists(params![handle, account])?)
}

/// What is known of a person.
///
/// # Errors
/// When the store fails.
pub fn known(conn: &Connection, handle: HandleId) -> Result<Known> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT username, email, EXISTS (SELECT 1 FROM ({WISHES}) WHERE newest = 1 AND wish = 1) FROM person WHERE handle = ?1",
        ))?
        .query_row([handle], |r| {
            Ok(Known {
                username: r.get(0)?,
                email: r.get(1)?,
                opted_out: r.get(2)?,
            })
        })
        .optional()?
        .unwrap_or_default())
}

/// How the people of a shown customer came here, oldest first.
///
/// # Errors
/// When the store fails.
pub fn touches(conn: &Connection, customer: CustomerId) -> Result<Vec<(Millis, String, Touch)>> {
    let mut all = Vec::new();
    for member in conversations::members(conn, customer)? {
        let mut s = conn.prepare_cached(
            "SELECT t.at, a.channel, t.value FROM touch t JOIN account a ON a.id = t.account WHERE t.handle = ?1 ORDER BY t.at LIMIT 50",
        )?;
        let rows = s.query_map([HandleId(member.0)], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get::<_, String>(2)?))
        })?;
        for row in rows {
            let (at, channel, value): (Millis, String, String) = row?;
            if let Ok(touch) = serde_json::from_str(&value) {
                all.push((at, channel, touch));
            }
        }
    }
    all.sort_by_key(|t| t.0);
    Ok(all)
}

/// What a connector needs to answer somebody: as the newest message said.
pub(super) fn keep_route(
    tx: &Tx<'_>,
    account: AccountId,
    handle: HandleId,
    route: &str,
    at: Millis,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO route (account, handle, value, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account, handle) DO UPDATE SET value = excluded.value, at = excluded.at WHERE excluded.at >= at",
    )?
    .execute(params![account, handle, route, at])?;
    Ok(())
}

/// What a connector needs to answer somebody.
///
/// # Errors
/// When the store fails.
pub fn route(conn: &Connection, account: AccountId, handle: HandleId) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached("SELECT value FROM route WHERE account = ?1 AND handle = ?2")?
        .query_row(params![account, handle], |r| r.get(0))
        .optional()?)
}

/// When somebody last wrote by a channel to an account, as the vendor counts it: whatever a person here made of the
/// message or its writer since.
///
/// # Errors
/// When the store fails.
pub fn last_wrote(
    conn: &Connection,
    account: AccountId,
    handle: HandleId,
) -> Result<Option<Millis>> {
    Ok(conn
        .prepare_cached("SELECT max(m.sent_at) FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND t.home = 1 AND m.account = ?2 AND m.direction = 0 AND m.machine_class = 0")?
        .query_row(params![CustomerId(handle.0), account], |r| r.get(0))?)
}

/// Whether an address of an account's channel is the account's own.
///
/// # Errors
/// When the store fails.
pub fn is_own(conn: &Connection, account: AccountId, address: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM own_address WHERE account = ?1 AND value = ?2")?
        .exists(params![account, address])?)
}

/// The name that came with an address of an account's channel; empty where none did.
///
/// # Errors
/// When the store fails.
pub fn name(conn: &Connection, account: AccountId, address: &str) -> Result<String> {
    let source = super::ingest::source(conn, account)?;
    let name: Option<Option<String>> = conn
        .prepare_cached("SELECT name FROM handle WHERE channel = ?1 AND scope = ?2 AND value = ?3")?
        .query_row(
            params![source.channel.of_handles().as_str(), source.scope, address],
            |r| r.get(0),
        )
        .optional()?;
    Ok(name.flatten().unwrap_or_default())
}
