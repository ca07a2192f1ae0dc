//! What is told of a message after it was written: changed, taken back, reacted to, arrived, seen, or lost.
//!
//! Each fact is kept under the provider's id, whether the message is here already or comes later, so that the order
//! does not matter; told twice, it changes nothing.

use super::files::{pack, unpack_text};
use super::ingest::{Source, snippet_of};
use super::{Tx, conversations, outbox, reads, search, timeline};
use crate::error::{Error, Result};
use crate::model::interchange::{Instant, LaterLine};
use crate::model::{
    AccountId, Afterwards, Card, Later, MessageId, Reached, RemoteId, Undelivered, UpTo,
};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

/// A reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Whose: a canonical address of the channel.
    pub by: String,
    /// With what.
    pub emoji: String,
    /// When.
    pub at: Millis,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Became {
    /// Its writer changed it last then.
    pub edited_at: Option<Millis>,
    /// Its writer took it back then.
    pub unsent_at: Option<Millis>,
    /// It is on the customer's device since.
    pub delivered_at: Option<Millis>,
    /// The customer saw it then.
    pub read_at: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
struct Edit {
    text: String,
    #[serde(default)]
    html: Option<KeptHtml>,
}

#[derive(Serialize, Deserialize)]
struct KeptHtml {
    html: String,
    links: Vec<String>,
    version: u32,
}

/// Take in a fact.
///
/// # Errors
/// When the store fails.
pub(super) fn heard(tx: &mut Tx<'_>, source: &Source, a: &Afterwards) -> Result<()> {
    let named;
    let (kind, who, value) = match &a.what {
        // What was taken back is not said again, in whatever order it is told.
        Later::Edited { .. } if was_unsent(tx, source.id, &a.of)? => ("edited", "", None),
        Later::Edited { text, html } => {
            let html = html.as_ref().map(|h| KeptHtml {
                html: h.html.clone(),
                links: h.links.clone(),
                version: h.version,
            });
            let edit = Edit {
                text: text.clone(),
                html,
            };
            ("edited", "", Some(json(&edit)?))
        }
        // What is taken back may be a reaction.
        Later::Unsent if unreacted(tx, source.id, &a.of, a.at)? => return Ok(()),
        Later::Unsent => ("unsent", "", None),
        Later::Reacted { by, emoji, .. } => {
            named = several(by, emoji);
            ("reaction", named.as_str(), Some(json(emoji)?))
        }
        Later::Reaction { by, emoji } => (
            "reaction",
            by.as_str(),
            emoji.as_ref().map(json).transpose()?,
        ),
        Later::Reached(Reached::Delivered) => ("delivered", "", None),
        Later::Reached(Reached::Read) => ("read", "", None),
        Later::Reached(Reached::Undelivered(u)) => ("undelivered", "", Some(json(u)?)),
    };
    // The first word counts for what happens once, the last one for what changes.
    let newer = match kind {
        "edited" | "reaction" => {
            "excluded.at > at OR excluded.at = at AND coalesce(excluded.value, '') > coalesce(value, '')"
        }
        _ => "excluded.at < at",
    };
    let own_id = match &a.what {
        Later::Reacted { id, .. } if is_unsent(tx, source.id, id)? => return Ok(()),
        Later::Reacted { id, .. } => Some(&id.0),
        _ => None,
    };
    let changed = tx
        .prepare_cached(&format!(
            "INSERT INTO afterwards (account, remote_id, kind, who, value, at, own_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (account, remote_id, kind, who) DO UPDATE SET value = excluded.value, at = excluded.at, own_id = excluded.own_id WHERE {newer}"
        ))?
        .execute(params![source.id, a.of.0, kind, who, value, a.at, own_id])?;
    if matches!(a.what, Later::Unsent) {
        tx.prepare_cached("UPDATE afterwards SET value = NULL WHERE account = ?1 AND remote_id = ?2 AND kind = 'edited'")?
            .execute(params![source.id, a.of.0])?;
    }
    if changed > 0
        && let Some(id) = delivered_as(tx, source.id, &a.of)?
    {
        settle(tx, source.id, &a.of, id)?;
    }
    Ok(())
}

fn was_unsent(conn: &Connection, account: AccountId, remote: &RemoteId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM afterwards WHERE account = ?1 AND remote_id = ?2 AND kind = 'unsent'
             UNION ALL SELECT 1 FROM delivery d JOIN message m ON m.id = d.message WHERE d.account = ?1 AND d.remote_id = ?2 AND m.unsent_at IS NOT NULL",
        )?
        .exists(params![account, remote.0])?)
}

/// Take in that all of ours up to a message came so far.
pub(super) fn heard_up_to(
    tx: &mut Tx<'_>,
    source: &Source,
    up_to: &UpTo,
    at: Millis,
    what: &Reached,
) -> Result<()> {
    /// What is older was told of long ago.
    const MOST: u32 = 500;
    let until = reads::written(tx, source.id, up_to)?;
    let ours: Vec<RemoteId> = {
        let mut s = tx.prepare_cached(
            "SELECT d.remote_id FROM delivery d JOIN message m ON m.id = d.message
             WHERE d.account = ?1 AND d.remote_id > ?2 || ' ' AND d.remote_id < ?2 || '!' AND m.sent_at <= ?3 AND m.direction = 1 AND m.read_at IS NULL
             ORDER BY m.sent_at DESC LIMIT ?4",
        )?;
        s.query_map(params![source.id, up_to.within, until, MOST], |r| {
            Ok(RemoteId(r.get(0)?))
        })?
        .collect::<rusqlite::Result<_>>()?
    };
    // The named one waits for its fact where it is not here yet.
    for of in ours.into_iter().chain([up_to.of.clone()]) {
        let what = Later::Reached(what.clone());
        heard(tx, source, &Afterwards { of, at, what })?;
    }
    Ok(())
}

/// Whose reaction with what, as one word: addresses hold no space.
fn several(by: &str, emoji: &str) -> String {
    format!("{by} {emoji}")
}

/// Whose a reaction is.
fn whose(who: &str, own_id: Option<&str>) -> String {
    let by = own_id.and_then(|_| who.split_once(' ')).map(|w| w.0);
    by.unwrap_or(who).to_owned()
}

/// Takes a reaction back by its own id; false where none has it.
fn unreacted(tx: &mut Tx<'_>, account: AccountId, id: &RemoteId, at: Millis) -> Result<bool> {
    let of: Option<String> = tx
        .prepare_cached("SELECT remote_id FROM afterwards WHERE account = ?1 AND own_id = ?2")?
        .query_row(params![account, id.0], |r| r.get(0))
        .optional()?;
    let Some(of) = of else {
        return Ok(false);
    };
    let changed = tx
        .prepare_cached("UPDATE afterwards SET value = NULL, at = max(at, ?3) WHERE account = ?1 AND own_id = ?2 AND value IS NOT NULL")?
        .execute(params![account, id.0, at])?;
    let of = RemoteId(of);
    if changed > 0
        && let Some(message) = delivered_as(tx, account, &of)?
    {
        settle(tx, account, &of, message)?;
    }
    Ok(true)
}

/// Whether it was told that this was taken back.
fn is_unsent(conn: &Connection, account: AccountId, id: &RemoteId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM afterwards WHERE account = ?1 AND remote_id = ?2 AND kind = 'unsent'",
        )?
        .exists(params![account, id.0])?)
}

/// The message that lies at an account under this id.
pub(super) fn delivered_as(
    conn: &Connection,
    account: AccountId,
    remote: &RemoteId,
) -> Result<Option<MessageId>> {
    Ok(conn
        .prepare_cached("SELECT message FROM delivery WHERE account = ?1 AND remote_id = ?2")?
        .query_row(params![account, remote.0], |r| r.get(0))
        .optional()?)
}

/// Let a message have what was told of it. Doing it again changes nothing.
///
/// # Errors
/// When the store fails.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    account: AccountId,
    remote: &RemoteId,
    id: MessageId,
) -> Result<()> {
    let facts: Vec<(String, Option<String>, Millis)> = {
        let mut s = tx.prepare_cached(
            "SELECT kind, value, at FROM afterwards WHERE account = ?1 AND remote_id = ?2 ORDER BY kind = 'unsent'",
        )?;
        s.query_map(params![account, remote.0], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?
    };
    if facts.is_empty() {
        return Ok(());
    }
    for (kind, value, at) in facts {
        match kind.as_str() {
            "edited" => {
                // Without words it was a change of what was taken back since.
                if let Some(value) = &value {
                    edit(tx, id, value, at)?;
                }
            }
            "unsent" => unsend(tx, id, at)?,
            "delivered" => mark(tx, id, "delivered_at", at)?,
            "read" => mark(tx, id, "read_at", at)?,
            _ => {}
        }
    }
    conversations::touch_all(tx, id)
}

fn mark(tx: &Tx<'_>, id: MessageId, column: &str, at: Millis) -> Result<()> {
    tx.prepare_cached(&format!(
        "UPDATE message SET {column} = min(coalesce({column}, ?2), ?2) WHERE id = ?1 AND direction = 1"
    ))?
    .execute(params![id, at])?;
    Ok(())
}

/// What it says now stands in its body; what it said before is kept beside it.
fn edit(tx: &mut Tx<'_>, id: MessageId, value: &str, at: Millis) -> Result<()> {
    let Ok(new) = serde_json::from_str::<Edit>(value) else {
        return Err(Error::Corrupt(format!(
            "a change of message {id} cannot be read"
        )));
    };
    let row: Option<(i64, Option<Millis>, Vec<u8>)> = tx
        .prepare_cached(
            "SELECT m.rid, m.edited_at, b.text FROM message m JOIN body b ON b.rid = m.rid WHERE m.id = ?1 AND m.unsent_at IS NULL",
        )?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    let Some((rid, edited, before)) = row else {
        return Ok(());
    };
    // Of two changes in one instant, the one that is kept was chosen when it was heard of.
    if edited.is_some_and(|e| e > at) {
        return Ok(());
    }
    let same = unpack_text(&before)? == new.text;
    if same && new.html.is_none() {
        // Only its time is news, or it came with an export that holds what it says now.
        tx.prepare_cached("UPDATE message SET edited_at = ?2 WHERE id = ?1")?
            .execute(params![id, at])?;
        return Ok(());
    }
    if !same {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO edition (message, until, text) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![id, at, before])?;
    }
    tx.prepare_cached(
        "UPDATE body SET text = ?2, folds = '[]', html = NULL, html_links = NULL, html_blocked = 0, html_remote = NULL, html_version = NULL WHERE rid = ?1",
    )?
    .execute(params![rid, pack(new.text.as_bytes())])?;
    if let Some(h) = &new.html {
        let clean = crate::model::CleanHtml {
            html: h.html.clone(),
            links: h.links.clone(),
            version: h.version,
            ..crate::model::CleanHtml::default()
        };
        timeline::put_html(tx, rid, &clean)?;
    }
    tx.prepare_cached(
        "UPDATE message SET edited_at = ?2, snippet = ?3, has_html = ?4 WHERE id = ?1",
    )?
    .execute(params![
        id,
        at,
        snippet_of(&new.text, &[]),
        new.html.is_some()
    ])?;
    search::index::remove(tx, rid)?;
    search::index::put_stored(tx, rid)?;
    for c in conversations::shown_in(tx, id)? {
        tx.recount(c);
    }
    Ok(())
}

/// Its words, files and source go; that there was a message stays.
fn unsend(tx: &mut Tx<'_>, id: MessageId, at: Millis) -> Result<()> {
    let rid: Option<i64> = tx
        .prepare_cached("SELECT rid FROM message WHERE id = ?1 AND unsent_at IS NULL")?
        .query_row([id], |r| r.get(0))
        .optional()?;
    let Some(rid) = rid else {
        return Ok(());
    };
    for sql in [
        "DELETE FROM raw WHERE rid = ?1",
        "DELETE FROM file WHERE message = (SELECT id FROM message WHERE rid = ?1)",
        "DELETE FROM edition WHERE message = (SELECT id FROM message WHERE rid = ?1)",
        "DELETE FROM quarantine WHERE message = (SELECT id FROM message WHERE rid = ?1)",
        "UPDATE afterwards SET value = NULL WHERE kind = 'edited' AND (account, remote_id) IN (SELECT d.account, d.remote_id FROM delivery d JOIN message m ON m.id = d.message WHERE m.rid = ?1)",
    ] {
        tx.prepare_cached(sql)?.execute([rid])?;
    }
    tx.prepare_cached(
        "UPDATE body SET text = ?2, folds = '[]', cards = NULL, html = NULL, html_links = NULL, html_blocked = 0, html_remote = NULL, html_version = NULL WHERE rid = ?1",
    )?
    .execute(params![rid, pack(b"")])?;
    tx.prepare_cached("UPDATE message SET unsent_at = ?2, snippet = '', subject = NULL, has_html = 0, has_files = 0, unreadable = NULL WHERE rid = ?1")?
        .execute(params![rid, at])?;
    outbox::forget_words(tx, id)?;
    search::index::remove(tx, rid)?;
    for c in conversations::shown_in(tx, id)? {
        tx.recount(c);
    }
    Ok(())
}

/// What became of a message.
///
/// # Errors
/// When the store fails.
pub fn became(conn: &Connection, id: MessageId) -> Result<Became> {
    Ok(conn
        .prepare_cached(
            "SELECT edited_at, unsent_at, delivered_at, read_at FROM message WHERE id = ?1",
        )?
        .query_row([id], |r| {
            Ok(Became {
                edited_at: r.get(0)?,
                unsent_at: r.get(1)?,
                delivered_at: r.get(2)?,
                read_at: r.get(3)?,
            })
        })
        .optional()?
        .unwrap_or_default())
}

/// The reactions to a message, oldest first.
///
/// # Errors
/// When the store fails.
pub fn reactions(conn: &Connection, id: MessageId) -> Result<Vec<Reaction>> {
    let mut s = conn.prepare_cached(
        "SELECT DISTINCT a.who, a.value, a.at, a.own_id FROM delivery d JOIN afterwards a ON a.account = d.account AND a.remote_id = d.remote_id
         WHERE d.message = ?1 AND a.kind = 'reaction' AND a.value IS NOT NULL ORDER BY a.at, a.who LIMIT 100",
    )?;
    let rows = s.query_map([id], |r| {
        Ok(Reaction {
            by: whose(
                &r.get::<_, String>(0)?,
                r.get::<_, Option<String>>(3)?.as_deref(),
            ),
            emoji: serde_json::from_str(&r.get::<_, String>(1)?).unwrap_or_default(),
            at: r.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Why a message did not arrive after its provider had taken it, and when that was said.
///
/// # Errors
/// When the store fails.
pub fn undelivered(conn: &Connection, id: MessageId) -> Result<Option<(Undelivered, Millis)>> {
    let row: Option<(String, Millis)> = conn
        .prepare_cached(
            "SELECT a.value, a.at FROM delivery d JOIN afterwards a ON a.account = d.account AND a.remote_id = d.remote_id
             WHERE d.message = ?1 AND a.kind = 'undelivered' AND a.value IS NOT NULL LIMIT 1",
        )?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(row.and_then(|(value, at)| Some((serde_json::from_str(&value).ok()?, at))))
}

/// What a message said before each change of it, oldest first.
///
/// # Errors
/// When the store fails.
pub fn editions(conn: &Connection, id: MessageId) -> Result<Vec<(Millis, String)>> {
    let mut s = conn.prepare_cached(
        "SELECT until, text FROM edition WHERE message = ?1 ORDER BY until LIMIT 100",
    )?;
    let rows: Vec<(Millis, Vec<u8>)> = s
        .query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    rows.into_iter()
        .map(|(until, text)| Ok((until, unpack_text(&text)?)))
        .collect()
}

/// All that was told of a message, in order, each once however many deliveries it has.
///
/// # Errors
/// When the store fails.
pub fn told(conn: &Connection, id: MessageId) -> Result<Vec<LaterLine>> {
    let mut s = conn.prepare_cached(
        "SELECT DISTINCT a.kind, a.who, a.value, a.at, a.own_id FROM delivery d JOIN afterwards a ON a.account = d.account AND a.remote_id = d.remote_id
         WHERE d.message = ?1 ORDER BY a.at, a.kind, a.who LIMIT 500",
    )?;
    let rows = s.query_map([id], |r| {
        let (kind, who): (String, String) = (r.get(0)?, r.get(1)?);
        let (value, id): (Option<String>, Option<String>) = (r.get(2)?, r.get(4)?);
        let value = value.as_deref();
        Ok(LaterLine {
            emoji: value
                .filter(|_| kind == "reaction")
                .and_then(|v| serde_json::from_str(v).ok()),
            why: value
                .filter(|_| kind == "undelivered")
                .and_then(|v| serde_json::from_str(v).ok()),
            by: Some(whose(&who, id.as_deref())).filter(|w| !w.is_empty()),
            id,
            at: Instant(r.get(3)?),
            what: kind,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What a message carries besides text and files.
///
/// # Errors
/// When the store fails.
pub fn cards(conn: &Connection, rid: i64) -> Result<Vec<Card>> {
    let kept: Option<Option<String>> = conn
        .prepare_cached("SELECT cards FROM body WHERE rid = ?1")?
        .query_row([rid], |r| r.get(0))
        .optional()?;
    // A kind of a later version is left out rather than the whole message.
    let all: Vec<serde_json::Value> = kept
        .flatten()
        .and_then(|c| serde_json::from_str(&c).ok())
        .unwrap_or_default();
    Ok(all
        .into_iter()
        .filter_map(|c| serde_json::from_value(c).ok())
        .collect())
}

/// Keep what a message carries besides text and files.
pub(super) fn put_cards(tx: &Tx<'_>, rid: i64, cards: &[Card]) -> Result<()> {
    if cards.is_empty() {
        return Ok(());
    }
    tx.prepare_cached("UPDATE body SET cards = ?2 WHERE rid = ?1")?
        .execute(params![rid, json(&cards)?])?;
    Ok(())
}

fn json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Internal(e.to_string()))
}
