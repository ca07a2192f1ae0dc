//! Numbered migrations, forward only, one transaction each; the number is the database's `user_version`.

use super::Identity;
use crate::error::{Error, Result};
use crate::model::{AgentId, DeviceId, IdKey, random_id};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// All migrations in order; never edited once released.
pub const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_init.sql"),
    include_str!("../../migrations/0002_email.sql"),
    include_str!("../../migrations/0003_channels.sql"),
];

/// The schema's number in the file, unless a newer Parley wrote it. Reads only.
pub(super) fn refuse_newer(conn: &Connection) -> Result<i64> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if found > known {
        Err(Error::Newer { found, known })
    } else {
        Ok(found)
    }
}

/// Bring the database up to date.
///
/// # Errors
/// [`Error::Newer`] when a newer Parley wrote it.
pub fn migrate(conn: &mut Connection) -> Result<()> {
    loop {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = refuse_newer(&tx)?;
        let Some(sql) = usize::try_from(found).ok().and_then(|i| MIGRATIONS.get(i)) else {
            return Ok(());
        };
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", found + 1)?;
        tx.commit()?;
    }
}

/// The schema as it stands, one statement a line group, for `schema.sql`.
///
/// # Errors
/// When the database cannot be read.
pub fn dump_schema(conn: &Connection) -> Result<String> {
    let mut s = conn.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, tbl_name, name")?;
    let rows = s
        .query_map([], |r| r.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(rows.join(";\n\n") + ";\n")
}

/// Who we are, made at the first opening; `join` is the id key of the workspace that this desktop joins.
pub(super) fn identity(
    conn: &mut Connection,
    now: Millis,
    join: Option<&IdKey>,
) -> Result<Identity> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: Option<Vec<u8>> = tx
        .query_row("SELECT value FROM meta WHERE key = 'id_key'", [], |r| {
            r.get(0)
        })
        .optional()?;
    if known.is_none() {
        let key = match join {
            Some(ids) => *ids.bytes(),
            None => random_key()?,
        };
        let put =
            |k: &str, v: &[u8]| tx.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", (k, v));
        put("id_key", &key)?;
        put("device", &random_id())?;
        put("agent", &random_id())?;
        tx.execute(
            "INSERT INTO meta (key, value) VALUES ('created_at', ?1), ('normaliser', ?2)",
            (now, super::normalise::VERSION),
        )?;
        tx.execute(
            "INSERT INTO agent (id, name) SELECT value, 'Me' FROM meta WHERE key = 'agent'",
            [],
        )?;
    }
    let get = |k: &str| {
        tx.query_row("SELECT value FROM meta WHERE key = ?1", [k], |r| {
            r.get::<_, Vec<u8>>(0)
        })
    };
    let whole = |b: Vec<u8>| {
        b.try_into()
            .map_err(|_| Error::Corrupt("the workspace's identity is cut short".into()))
    };
    let key: [u8; 32] = get("id_key")?
        .try_into()
        .map_err(|_| Error::Corrupt("the workspace's id key is cut short".into()))?;
    if join.is_some_and(|ids| *ids.bytes() != key) {
        return Err(Error::Refused(
            "this database belongs to another workspace; move it over by export and import".into(),
        ));
    }
    let identity = Identity {
        device: DeviceId(whole(get("device")?)?),
        agent: AgentId(whole(get("agent")?)?),
        ids: IdKey::new(key),
    };
    tx.commit()?;
    Ok(identity)
}

fn random_key() -> Result<[u8; 32]> {
    let mut key = [0u8; 32];
    getrandom::fill(&mut key)
        .map_err(|_| Error::Internal("the system gives no random bytes".into()))?;
    Ok(key)
}
