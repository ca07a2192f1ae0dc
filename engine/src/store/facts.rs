//! Episodes and waits as rows: what a fold found is kept, and only what differs is written.

use super::Tx;
use crate::error::Result;
use crate::model::episode::{Episode, Folded, Wait, WaitEnd};
use crate::model::{AgentId, Channel, CustomerId, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// Bring a conversation's facts to what its fold says. A long conversation gets one message at a time; rewriting
/// all its facts each time would cost more than everything else together.
pub(super) fn keep(tx: &Tx<'_>, c: CustomerId, f: &Folded) -> Result<()> {
    keep_episodes(tx, c, &f.episodes)?;
    keep_waits(tx, c, &f.waits)?;
    let waiting = f
        .waits
        .iter()
        .filter(|w| w.end == WaitEnd::Open)
        .min_by_key(|w| w.start);
    tx.prepare_cached(
        "UPDATE customer SET open = ?2, wait_since = ?3, wait_first = ?4 WHERE id = ?1",
    )?
    .execute(params![
        c,
        f.open,
        waiting.map(|w| w.start),
        waiting.is_some_and(|w| w.first)
    ])?;
    Ok(())
}

/// All columns of an episode but its key.
#[derive(PartialEq, Eq)]
struct EpisodeRow {
    opened_at: Millis,
    first_message: Option<MessageId>,
    channel: Option<String>,
    by_agent: bool,
    resolved_at: Option<Millis>,
    resolved_by: Option<AgentId>,
    replied: bool,
    no_reply_needed: bool,
}

impl From<&Episode> for EpisodeRow {
    fn from(e: &Episode) -> Self {
        Self {
            opened_at: e.opened_at,
            first_message: e.first_message,
            channel: e.channel.map(|c| c.as_str().to_owned()),
            by_agent: e.by_agent,
            resolved_at: e.resolved_at,
            resolved_by: e.resolved_by,
            replied: e.replied,
            no_reply_needed: e.no_reply_needed,
        }
    }
}

fn keep_episodes(tx: &Tx<'_>, c: CustomerId, episodes: &[Episode]) -> Result<()> {
    let mut known = known_episodes(tx, c)?;
    for e in episodes {
        let row = EpisodeRow::from(e);
        if known.remove(&e.number).is_some_and(|k| k == row) {
            continue;
        }
        tx.prepare_cached(
            "INSERT OR REPLACE INTO episode (conversation, number, opened_at, first_message, channel, by_agent, resolved_at, resolved_by, replied, no_reply_needed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![c, e.number, row.opened_at, row.first_message, row.channel, row.by_agent, row.resolved_at, row.resolved_by, row.replied, row.no_reply_needed])?;
    }
    for gone in known.keys() {
        tx.prepare_cached("DELETE FROM episode WHERE conversation = ?1 AND number = ?2")?
            .execute(params![c, gone])?;
    }
    Ok(())
}

fn known_episodes(conn: &Connection, c: CustomerId) -> Result<HashMap<u32, EpisodeRow>> {
    let mut s = conn.prepare_cached("SELECT number, opened_at, first_message, channel, by_agent, resolved_at, resolved_by, replied, no_reply_needed FROM episode WHERE conversation = ?1")?;
    let rows = s.query_map([c], |r| {
        let row = EpisodeRow {
            opened_at: r.get(1)?,
            first_message: r.get(2)?,
            channel: r.get(3)?,
            by_agent: r.get(4)?,
            resolved_at: r.get(5)?,
            resolved_by: r.get(6)?,
            replied: r.get(7)?,
            no_reply_needed: r.get(8)?,
        };
        Ok((r.get(0)?, row))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// All columns of a wait but its key.
#[derive(PartialEq, Eq)]
struct WaitRow {
    episode: u32,
    started_at: Millis,
    channel: Channel,
    first: bool,
    ended: &'static str,
    ended_at: Option<Millis>,
    reply: Option<MessageId>,
    agent: Option<AgentId>,
}

impl From<&Wait> for WaitRow {
    fn from(w: &Wait) -> Self {
        let (ended, ended_at, reply, agent) = match &w.end {
            WaitEnd::Open => ("open", None, None, None),
            WaitEnd::Promised => ("promised", None, None, None),
            WaitEnd::Closed { at, .. } => ("closed", Some(*at), None, None),
            WaitEnd::Replied { message, at, agent } => {
                ("replied", Some(*at), Some(*message), *agent)
            }
        };
        Self {
            episode: w.episode,
            started_at: w.start,
            channel: w.channel,
            first: w.first,
            ended,
            ended_at,
            reply,
            agent,
        }
    }
}

fn keep_waits(tx: &Tx<'_>, c: CustomerId, waits: &[Wait]) -> Result<()> {
    let mut known = known_waits(tx, c)?;
    for w in waits {
        let row = WaitRow::from(w);
        if known.remove(&w.message).is_some_and(|k| k == row) {
            continue;
        }
        tx.prepare_cached(
            "INSERT OR REPLACE INTO wait (conversation, message, episode, started_at, channel, first, ended, ended_at, reply, agent, seconds) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![c, w.message, row.episode, row.started_at, row.channel.as_str(), row.first, row.ended, row.ended_at, row.reply, row.agent, w.seconds()])?;
    }
    for gone in known.keys() {
        tx.prepare_cached("DELETE FROM wait WHERE conversation = ?1 AND message = ?2")?
            .execute(params![c, gone])?;
    }
    Ok(())
}

/// `seconds` follows from the rest, so it is not compared.
fn known_waits(conn: &Connection, c: CustomerId) -> Result<HashMap<MessageId, WaitRow>> {
    let mut s = conn.prepare_cached("SELECT message, episode, started_at, channel, first, ended, ended_at, reply, agent FROM wait WHERE conversation = ?1")?;
    let rows = s.query_map([c], |r| {
        let row = WaitRow {
            episode: r.get(1)?,
            started_at: r.get(2)?,
            channel: Channel::parse(&r.get::<_, String>(3)?).unwrap_or(Channel::Email),
            first: r.get(4)?,
            ended: match r.get::<_, String>(5)?.as_str() {
                "open" => "open",
                "promised" => "promised",
                "closed" => "closed",
                _ => "replied",
            },
            ended_at: r.get(6)?,
            reply: r.get(7)?,
            agent: r.get(8)?,
        };
        Ok((r.get(0)?, row))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
