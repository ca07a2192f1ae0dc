//! Whose word on a sender counts at an account: that of its own server. A server that vouches writes its name on top
//! of (nearly) every mail; a name that stands on few of them was written by whoever sent those.
//!
//! While an account has received few mails, the name of the server that the mail came through decides.

use super::{Tx, places};
use crate::error::Result;
use crate::model::{AccountId, Incoming, MessageId, Place};
use rusqlite::params;

/// Received mails from which on the account's own history decides.
pub(super) const ENOUGH: i64 = 10;

/// Joins a delivery `d` with what is known of its server (`s`) and of all mails of its account (`t`).
pub(super) const JOINS: &str = "LEFT JOIN auth_server s ON s.account = d.account AND s.server = d.server LEFT JOIN auth_server t ON t.account = d.account AND t.server = ''";
/// Whether the word of that delivery's server counts.
pub(super) const COUNTS: &str = "(d.server IS NOT NULL AND CASE WHEN coalesce(t.n, 0) < 10 THEN d.near ELSE coalesce(s.trusted, 0) END)";

/// A new delivery's word is counted, once for each mail that a server received.
pub(super) fn count(tx: &Tx<'_>, account: AccountId, m: &Incoming) -> Result<()> {
    if m.place == Place::Sent || m.times.received.is_none() {
        return Ok(());
    }
    let server = m.word.as_ref().map(|w| w.server.as_str());
    for name in [Some(""), server].into_iter().flatten() {
        tx.prepare_cached("INSERT INTO auth_server (account, server, n) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET n = n + 1")?
            .execute(params![account, name])?;
    }
    Ok(())
}

/// Follow what the counts say by now: messages whose verdict changes are derived anew.
pub(super) fn settle(tx: &mut Tx<'_>, account: AccountId, before: i64) -> Result<()> {
    let all = total(tx, account)?;
    let turned: Vec<String> = {
        let mut s = tx.prepare_cached(
            "SELECT server FROM auth_server WHERE account = ?1 AND server <> '' AND trusted <> (n * 2 >= ?2)",
        )?;
        s.query_map(params![account, all], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    tx.prepare_cached("UPDATE auth_server SET trusted = (n * 2 >= ?2) WHERE account = ?1 AND server <> '' AND trusted <> (n * 2 >= ?2)")?
        .execute(params![account, all])?;
    let mut affected: Vec<MessageId> = Vec::new();
    if before < ENOUGH && all >= ENOUGH {
        let mut s = tx.prepare_cached(
            "SELECT DISTINCT message FROM delivery WHERE account = ?1 AND server IS NOT NULL",
        )?;
        affected.extend(
            s.query_map([account], |r| r.get::<_, MessageId>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?,
        );
    } else if all >= ENOUGH {
        let mut s = tx.prepare_cached(
            "SELECT DISTINCT message FROM delivery WHERE account = ?1 AND server = ?2",
        )?;
        for server in &turned {
            affected.extend(
                s.query_map(params![account, server], |r| r.get::<_, MessageId>(0))?
                    .collect::<rusqlite::Result<Vec<_>>>()?,
            );
        }
    }
    for id in affected {
        places::rederive(tx, id)?;
    }
    Ok(())
}

/// Mails that a server received for the account.
pub(super) fn total(tx: &Tx<'_>, account: AccountId) -> Result<i64> {
    Ok(tx
        .prepare_cached(
            "SELECT coalesce(max(n), 0) FROM auth_server WHERE account = ?1 AND server = ''",
        )?
        .query_row([account], |r| r.get(0))?)
}
