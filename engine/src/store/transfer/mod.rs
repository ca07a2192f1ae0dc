//! Imports and exports in the database: how far an import came and what came of it, what an export gives, and how
//! an exported message becomes rows again.

mod bring;
pub mod contacts;
pub mod drafts;
mod entries;
pub mod erase;
mod events;
mod give;
mod ids;
pub mod sample;

pub use bring::{Body, Brings, Told, bring};
pub use entries::{entry, id_of as account_id};
pub use events::{agent_named, event};
pub use give::{Given, Scope, entry_line, given, given_accounts, given_agents, given_handles, raw};
pub use ids::{Naming, adopt, check, sealed};

use super::{Tx, ingest, log};
use crate::error::{Error, Result};
use crate::model::interchange::HandleLine;
use crate::model::log::Entity;
use crate::model::{AccountId, Archive, Channel, GroupId, HandleId, ImportId};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Most problems of one import that are written down; all are counted.
pub const MAX_PROBLEMS: u64 = 1_000;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Under way, or stopped in the middle without a word.
    Running,
    /// Stopped by a person; can go on.
    Paused,
    /// All was read.
    Done,
    /// It cannot go on; the reason is said.
    Failed,
}

impl ImportState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
    fn parse(s: &str) -> Self {
        match s {
            "running" => Self::Running,
            "paused" => Self::Paused,
            "done" => Self::Done,
            _ => Self::Failed,
        }
    }
}

/// What came of an import so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Counts {
    /// Messages and lines that were read.
    #[ts(type = "number")]
    pub read: u64,
    /// New messages.
    #[ts(type = "number")]
    pub new: u64,
    /// Messages that were here already.
    #[ts(type = "number")]
    pub known: u64,
    /// Messages that are kept but cannot be read.
    #[ts(type = "number")]
    pub unreadable: u64,
    /// Things that were not taken; the problems say why.
    #[ts(type = "number")]
    pub refused: u64,
    /// Left out on purpose: deleted mails, drafts, files that are no mail.
    #[ts(type = "number")]
    pub left_out: u64,
    /// What agents did: entries that were new.
    #[ts(type = "number")]
    pub events: u64,
    /// Fields of an interchange file that this version does not know.
    #[ts(type = "number")]
    pub unknown_fields: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn and(self, o: Self) -> Self {
        Self {
            read: self.read + o.read,
            new: self.new + o.new,
            known: self.known + o.known,
            unreadable: self.unreadable + o.unreadable,
            refused: self.refused + o.refused,
            left_out: self.left_out + o.left_out,
            events: self.events + o.events,
            unknown_fields: self.unknown_fields + o.unknown_fields,
        }
    }
}

/// Something that could not be taken, or only as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, below the path that was imported.
    pub file: String,
    /// Byte of a mailbox, line of an interchange file.
    pub at: u64,
    /// Why.
    pub reason: String,
    /// Kept as an unreadable message.
    pub kept: bool,
}

/// An import as it stands.
#[derive(Debug, Clone)]
pub struct Import {
    /// Id: the same path into the same account is the same import.
    pub id: ImportId,
    /// What is imported.
    pub path: String,
    /// How it was asked for, JSON; its maker reads it.
    pub options: String,
    /// Where messages go that name no account.
    pub account: Option<AccountId>,
    /// Where to go on; its maker reads it.
    pub position: Option<String>,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// State.
    pub state: ImportState,
    /// In words, when it failed.
    pub says: String,
    /// What came of it.
    pub counts: Counts,
    /// The content's digest, as the file gives it.
    pub digest: Option<String>,
    /// Begun.
    pub started_at: Millis,
    /// Ended.
    pub ended_at: Option<Millis>,
}

const COLUMNS: &str = "id, path, options, account, position, done, total, state, says, counts, digest, started_at, ended_at";

fn row(r: &rusqlite::Row<'_>) -> rusqlite::Result<Import> {
    Ok(Import {
        id: r.get(0)?,
        path: r.get(1)?,
        options: r.get(2)?,
        account: r.get(3)?,
        position: r.get(4)?,
        done: r.get::<_, i64>(5)?.unsigned_abs(),
        total: r.get::<_, i64>(6)?.unsigned_abs(),
        state: ImportState::parse(&r.get::<_, String>(7)?),
        says: r.get(8)?,
        counts: serde_json::from_str(&r.get::<_, String>(9)?).unwrap_or_default(),
        digest: r.get(10)?,
        started_at: r.get(11)?,
        ended_at: r.get(12)?,
    })
}

/// The imports, newest first.
///
/// # Errors
/// When the store fails.
pub fn all(conn: &Connection) -> Result<Vec<Import>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM import ORDER BY started_at DESC, id LIMIT 50"
    ))?;
    Ok(s.query_map([], row)?.collect::<rusqlite::Result<_>>()?)
}

/// One import.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn get(conn: &Connection, id: ImportId) -> Result<Import> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM import WHERE id = ?1"))?
        .query_row([id], row)
        .optional()?
        .ok_or_else(|| Error::NotFound("this import".into()))
}

/// What an import could not take, in order.
///
/// # Errors
/// When the store fails.
pub fn problems(conn: &Connection, id: ImportId, limit: u32) -> Result<Vec<Problem>> {
    let mut s = conn.prepare_cached(
        "SELECT file, at, reason, kept FROM import_problem WHERE import = ?1 ORDER BY n LIMIT ?2",
    )?;
    Ok(s.query_map(params![id, limit], |r| {
        Ok(Problem {
            file: r.get(0)?,
            at: r.get::<_, i64>(1)?.unsigned_abs(),
            reason: r.get(2)?,
            kept: r.get(3)?,
        })
    })?
    .collect::<rusqlite::Result<_>>()?)
}

/// Begin an import, or go on with one that did not end. One that ended begins anew, which is harmless.
///
/// # Errors
/// When the store fails.
pub fn begin(tx: &Tx<'_>, path: &str, options: &str, account: Option<AccountId>) -> Result<Import> {
    let whose = account.map(|a| a.0).unwrap_or_default();
    let id =
        ImportId(
            tx.identity
                .ids
                .id(&[b"import", path.as_bytes(), options.as_bytes(), &whose]),
        );
    let ended = match get(tx, id) {
        Ok(i) => matches!(i.state, ImportState::Done | ImportState::Failed),
        Err(Error::NotFound(_)) => true,
        Err(e) => return Err(e),
    };
    if ended {
        forget(tx, id)?;
        tx.execute(
            "INSERT INTO import (id, path, options, account, state, started_at) VALUES (?1, ?2, ?3, ?4, 'running', ?5)",
            params![id, path, options, account, tx.now],
        )?;
    } else {
        tx.execute(
            "UPDATE import SET state = 'running', says = '', ended_at = NULL WHERE id = ?1",
            [id],
        )?;
    }
    get(tx, id)
}

pub(super) fn forget(tx: &Tx<'_>, id: ImportId) -> Result<()> {
    tx.execute("DELETE FROM import WHERE id = ?1", [id])?;
    tx.execute("DELETE FROM import_problem WHERE import = ?1", [id])?;
    tx.execute("DELETE FROM import_id WHERE import = ?1", [id])?;
    Ok(())
}

/// How far an import came with a batch; in the batch's own transaction.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Where to go on.
    pub position: String,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// What came of the batch.
    pub counts: Counts,
    /// What it could not take.
    pub problems: Vec<Problem>,
}

/// Write down how far it came.
///
/// # Errors
/// When the store fails.
pub fn advance(tx: &Tx<'_>, id: ImportId, step: &Step) -> Result<()> {
    let import = get(tx, id)?;
    let counts = serde_json::to_string(&import.counts.and(step.counts))
        .map_err(|e| Error::Internal(e.to_string()))?;
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "UPDATE import SET position = ?2, done = ?3, total = ?4, counts = ?5 WHERE id = ?1",
    )?
    .execute(params![
        id,
        step.position,
        number(step.done),
        number(step.total),
        counts
    ])?;
    if step.problems.is_empty() {
        return Ok(());
    }
    let before: u64 = tx
        .prepare_cached("SELECT count(*) FROM import_problem WHERE import = ?1")?
        .query_row([id], |r| r.get::<_, i64>(0))?
        .unsigned_abs();
    for (n, p) in (before..MAX_PROBLEMS).zip(&step.problems) {
        let reason: String = p.reason.chars().take(300).collect();
        tx.prepare_cached("INSERT INTO import_problem (import, n, file, at, reason, kept) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![id, number(n), p.file, number(p.at), reason, p.kept])?;
    }
    Ok(())
}

/// An import ended, or rests.
///
/// # Errors
/// When the store fails.
pub fn end(tx: &mut Tx<'_>, id: ImportId, state: ImportState, says: &str) -> Result<Import> {
    let ended = (state != ImportState::Running).then_some(tx.now);
    tx.execute(
        "UPDATE import SET state = ?2, says = ?3, ended_at = ?4 WHERE id = ?1",
        params![id, state.as_str(), says, ended],
    )?;
    if state == ImportState::Done {
        tx.execute("DELETE FROM import_id WHERE import = ?1", [id])?;
    }
    tx.changes.lists = true;
    get(tx, id)
}

/// The id of an archive.
#[must_use]
pub fn archive_id(tx: &Tx<'_>, a: &Archive) -> AccountId {
    AccountId(tx.identity.ids.id(&[
        b"account",
        a.medium.as_str().as_bytes(),
        a.identity().as_bytes(),
    ]))
}

/// Make an archive or use the one of this name, with these addresses among its own. `measured` counts all its
/// messages as if they came today; else they are history.
///
/// # Errors
/// [`Error::Refused`] when the archive is history already and is now to be measured.
pub fn archive(tx: &mut Tx<'_>, wanted: &Archive, measured: bool) -> Result<AccountId> {
    let id = archive_id(tx, wanted);
    let known: Option<(String, Millis)> = tx
        .query_row(
            "SELECT config, live_from FROM account WHERE id = ?1",
            [id],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .optional()?;
    let mut config = wanted.clone();
    let mut fields = Vec::new();
    match known {
        Some((_, live_from)) if measured && live_from > 0 => {
            return Err(Error::Refused(format!(
                "the archive “{}” holds history, and what counts cannot be moved back; import into a new archive",
                wanted.name
            )));
        }
        Some((old, _)) => {
            let old: Archive = serde_json::from_str(&old)
                .map_err(|_| Error::Corrupt(format!("the archive {id} cannot be read")))?;
            config = old.clone();
            for own in &wanted.own {
                if !config.own.contains(own) {
                    config.own.push(own.clone());
                }
            }
            if config.scope.is_empty() {
                config.scope.clone_from(&wanted.scope);
            }
            if config == old {
                return Ok(id);
            }
        }
        None => {
            let from = if measured { 0 } else { tx.now };
            fields.push(("live_from", json!(from)));
        }
    }
    fields.push(("config", json!(config)));
    fields.push(("on", json!(true)));
    log::write(
        tx,
        "account_save",
        GroupId::random(),
        log::Writing::new(Entity::Account, id.hex(), None, fields),
    )?;
    Ok(id)
}

/// Addresses that turned out to be ours: of an archive they become its own, of a mailbox they do not.
///
/// # Errors
/// When the store fails.
pub fn own(tx: &mut Tx<'_>, account: AccountId, address: &str) -> Result<bool> {
    let known: Option<(String, bool)> = tx
        .prepare_cached("SELECT config, archive FROM account WHERE id = ?1")?
        .query_row([account], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((config, true)) = known else {
        return Ok(false);
    };
    let Ok(a) = serde_json::from_str::<Archive>(&config) else {
        return Ok(false);
    };
    archive(
        tx,
        &Archive {
            own: vec![address.to_owned()],
            ..a
        },
        false,
    )?;
    Ok(true)
}

/// An archive as it is listed.
#[derive(Debug, Clone)]
pub struct ArchiveRow {
    /// Its account.
    pub id: AccountId,
    /// Its settings.
    pub archive: Archive,
    /// What a person calls it now.
    pub name: String,
    /// Messages that came by import.
    pub messages: u32,
    /// Counts from this instant on; 0 = everything counts.
    pub live_from: Millis,
    /// The imports that brought something, newest first.
    pub imports: Vec<(Import, u32)>,
}

/// The archives, oldest first.
///
/// # Errors
/// When the store fails.
pub fn archives(conn: &Connection) -> Result<Vec<ArchiveRow>> {
    let mut s = conn.prepare_cached(
        "SELECT id, config, imported, live_from FROM account WHERE archive = 1 AND connected = 1 ORDER BY live_from, id",
    )?;
    let rows = s
        .query_map([], |r| {
            Ok((
                r.get(0)?,
                r.get::<_, String>(1)?,
                r.get::<_, u32>(2)?,
                r.get(3)?,
            ))
        })?
        .collect::<rusqlite::Result<Vec<(AccountId, String, u32, Millis)>>>()?;
    rows.into_iter()
        .filter_map(|(id, config, n, from)| {
            Some((id, serde_json::from_str::<Archive>(&config).ok()?, n, from))
        })
        .map(|(id, archive, messages, live_from)| {
            let label = log::value(conn, Entity::Account, &id.hex(), "label")?
                .and_then(|v| v.as_str().map(str::to_owned));
            Ok(ArchiveRow {
                id,
                name: label.unwrap_or_else(|| archive.name.clone()),
                archive,
                messages,
                live_from,
                imports: imports_into(conn, id)?,
            })
        })
        .collect()
}

fn imports_into(conn: &Connection, account: AccountId) -> Result<Vec<(Import, u32)>> {
    let mut s = conn.prepare_cached(
        "SELECT import, messages FROM import_into WHERE account = ?1 ORDER BY import",
    )?;
    let ids = s
        .query_map([account], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(ImportId, u32)>>>()?;
    let mut out = Vec::new();
    for (id, n) in ids {
        match get(conn, id) {
            Ok(i) => out.push((i, n)),
            Err(Error::NotFound(_)) => {}
            Err(e) => return Err(e),
        }
    }
    out.sort_by_key(|(i, _)| std::cmp::Reverse(i.started_at));
    Ok(out)
}

/// Remember what an import brought to an account, so that one knows where it came from.
///
/// # Errors
/// When the store fails.
pub fn brought(
    tx: &Tx<'_>,
    import: ImportId,
    account: AccountId,
    n: ingest::Brought,
) -> Result<()> {
    let new = n.new + n.unreadable;
    if new == 0 {
        return Ok(());
    }
    tx.prepare_cached("INSERT INTO import_into (import, account, messages) VALUES (?1, ?2, ?3) ON CONFLICT (import, account) DO UPDATE SET messages = messages + excluded.messages")?
        .execute(params![import, account, new])?;
    Ok(())
}

/// Call an archive something else. What is imported under its first name still goes there.
///
/// # Errors
/// [`Error::NotFound`] without such an archive, [`Error::Invalid`] for a name that is none.
pub fn rename(tx: &mut Tx<'_>, id: AccountId, name: &str) -> Result<()> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::Invalid(
            "an archive's name has between 1 and 100 characters, on one line".into(),
        ));
    }
    if !archives(tx)?.iter().any(|a| a.id == id) {
        return Err(Error::NotFound("this archive".into()));
    }
    log::write(
        tx,
        "archive_rename",
        GroupId::random(),
        log::Writing::new(
            Entity::Account,
            id.hex(),
            None,
            vec![("label", json!(name))],
        ),
    )?;
    tx.changes.accounts = true;
    Ok(())
}

/// Whether nothing is here that was received, sent or decided. What was erased says nothing any more.
///
/// # Errors
/// When the store fails.
pub fn is_empty(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM message) AND NOT EXISTS (SELECT 1 FROM entry WHERE entity NOT IN ('setting', 'agent') AND erased IS NULL AND kind <> 'archive_erase')",
        [],
        |r| r.get(0),
    )?)
}

/// A channel's word for an account, for messages.
///
/// # Errors
/// When the store fails.
pub fn channel_of(conn: &Connection, id: AccountId) -> Result<Option<Channel>> {
    Ok(conn
        .prepare_cached("SELECT channel FROM account WHERE id = ?1")?
        .query_row([id], |r| r.get::<_, String>(0))
        .optional()?
        .and_then(|c| Channel::parse(&c)))
}

/// What the file says of its own content.
///
/// # Errors
/// When the store fails.
pub fn said_digest(tx: &Tx<'_>, id: ImportId, digest: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE import SET digest = ?2 WHERE id = ?1",
        params![id, digest],
    )?;
    Ok(())
}

/// Make sure of a handle that a file names. The value is canonical, and of internal mail an account of ours.
///
/// # Errors
/// [`Error::Invalid`] when the value is not canonical.
pub fn handle(tx: &Tx<'_>, h: &HandleLine, value: &str) -> Result<HandleId> {
    ingest::handle(
        tx,
        h.channel,
        &h.scope,
        value,
        h.name.as_deref(),
        h.name_at.0,
    )
}

/// Every address that is ours.
///
/// # Errors
/// When the store fails.
pub fn own_addresses(conn: &Connection) -> Result<Vec<String>> {
    let mut s = conn.prepare_cached("SELECT DISTINCT value FROM own_address")?;
    Ok(s.query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}
