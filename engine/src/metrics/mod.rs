//! Floor 2: the figures of `metrics.md`, read from the facts that the ingest transaction keeps.

use crate::error::Result;
use crate::model::{AgentId, Channel, CustomerId, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// n, median, 90th percentile, mean; empty when n = 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figure {
    /// Count.
    pub n: u32,
    /// Median.
    pub p50: Option<i64>,
    /// 90th percentile.
    pub p90: Option<i64>,
    /// Mean.
    pub mean: Option<f64>,
}

/// Nearest rank: the value at ⌈p·n/100⌉, counted from 1, in integers.
#[must_use]
pub fn percentile(sorted: &[i64], p: usize) -> Option<i64> {
    let rank = (p * sorted.len()).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// The figure of these durations.
#[must_use]
pub fn figure(mut seconds: Vec<i64>) -> Figure {
    if seconds.is_empty() {
        return Figure::default();
    }
    seconds.sort_unstable();
    #[allow(clippy::cast_precision_loss)]
    let mean = seconds.iter().sum::<i64>() as f64 / seconds.len() as f64;
    Figure {
        n: u32::try_from(seconds.len()).unwrap_or(u32::MAX),
        p50: percentile(&seconds, 50),
        p90: percentile(&seconds, 90),
        mean: Some(mean),
    }
}

/// What rows are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Who answered.
    Agent,
    /// Channel.
    Channel,
}

/// A row's durations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// First responses.
    pub first: Vec<i64>,
    /// Next responses.
    pub next: Vec<i64>,
    /// Resolutions.
    pub resolution: Vec<i64>,
    /// Episodes of the range that nobody answered.
    pub unanswered: u32,
}

/// The key of replies typed elsewhere.
pub const OUTSIDE: &str = "outside_app";
/// The key of what nobody is credited with (an unanswered episode, by agent).
pub const NOBODY: &str = "nobody";

fn key(by: By, agent: Option<AgentId>, channel: Option<String>, none: &str) -> String {
    match by {
        By::Agent => agent.map_or_else(|| none.to_owned(), |a| a.hex()),
        By::Channel => channel.unwrap_or_else(|| Channel::Email.as_str().to_owned()),
    }
}

/// A reply that ended waits in several conversations is credited once: where it was written, else in the one with
/// the least id.
const CREDITED: &str = "NOT EXISTS (SELECT 1 FROM wait x JOIN message m ON m.id = x.reply WHERE x.reply = w.reply AND x.conversation <> w.conversation
    AND (x.conversation = m.conversation OR w.conversation <> m.conversation AND x.conversation < w.conversation))";

/// Durations by key: responses by the time of the reply, resolutions by the resolve, unanswered by the start.
///
/// # Errors
/// When the store fails.
pub fn response_times(
    conn: &Connection,
    from: Millis,
    to: Millis,
    by: By,
) -> Result<BTreeMap<String, Group>> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut s = conn.prepare_cached(&format!("SELECT agent, channel, first, seconds FROM wait w WHERE seconds IS NOT NULL AND ended_at >= ?1 AND ended_at < ?2 AND {CREDITED}"))?;
    let mut rows = s.query([from, to])?;
    while let Some(r) = rows.next()? {
        let g = groups
            .entry(key(by, r.get(0)?, r.get(1)?, OUTSIDE))
            .or_default();
        let list = if r.get(2)? { &mut g.first } else { &mut g.next };
        list.push(r.get(3)?);
    }
    let mut s = conn.prepare_cached("SELECT resolved_by, channel, (resolved_at - opened_at) / 1000 FROM episode WHERE resolved_at >= ?1 AND resolved_at < ?2 AND no_reply_needed = 0")?;
    let mut rows = s.query([from, to])?;
    while let Some(r) = rows.next()? {
        groups
            .entry(key(by, r.get(0)?, r.get(1)?, NOBODY))
            .or_default()
            .resolution
            .push(r.get::<_, i64>(2)?.max(0));
    }
    let mut s = conn.prepare_cached(
        "SELECT channel, count(*) FROM episode WHERE opened_at >= ?1 AND opened_at < ?2 AND by_agent = 0 AND replied = 0 AND no_reply_needed = 0 GROUP BY channel",
    )?;
    let mut rows = s.query([from, to])?;
    while let Some(r) = rows.next()? {
        groups
            .entry(key(by, None, r.get(0)?, NOBODY))
            .or_default()
            .unanswered += r.get::<_, u32>(1)?;
    }
    Ok(groups)
}

/// Which figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// First response.
    First,
    /// Next response.
    Next,
    /// Resolution.
    Resolution,
    /// Unanswered.
    Unanswered,
}

/// An episode behind a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Shown conversation.
    pub conversation: CustomerId,
    /// Name.
    pub name: String,
    /// Episode.
    pub episode: u32,
    /// Channel.
    pub channel: String,
    /// Start.
    pub start: Millis,
    /// End.
    pub end: Option<Millis>,
    /// Seconds.
    pub seconds: Option<i64>,
    /// Who.
    pub agent: Option<AgentId>,
    /// Whose name.
    pub agent_name: Option<String>,
    /// Where to jump.
    pub message: Option<MessageId>,
    /// The row it counts in.
    pub key: String,
}

/// The episodes behind a figure, newest first; `row` = `all` for the total.
///
/// # Errors
/// When the store fails.
pub fn behind(
    conn: &Connection,
    from: Millis,
    to: Millis,
    by: By,
    row: &str,
    metric: Metric,
    limit: usize,
) -> Result<Vec<Behind>> {
    let (sql, none) = match metric {
        Metric::First | Metric::Next => (
            format!(
                "SELECT c.id, c.name, w.episode, w.channel, w.started_at, w.ended_at, w.seconds, w.agent, a.name, w.message
                 FROM wait w JOIN customer o ON o.id = w.conversation JOIN conversation c ON c.id = o.root LEFT JOIN agent a ON a.id = w.agent
                 WHERE w.seconds IS NOT NULL AND w.ended_at >= ?1 AND w.ended_at < ?2 AND w.first = {} AND {CREDITED} ORDER BY w.ended_at DESC",
                i32::from(metric == Metric::First)
            ),
            OUTSIDE,
        ),
        Metric::Resolution => (
            "SELECT c.id, c.name, e.number, coalesce(e.channel, 'email'), e.opened_at, e.resolved_at, (e.resolved_at - e.opened_at) / 1000, e.resolved_by, a.name, e.first_message
             FROM episode e JOIN customer o ON o.id = e.conversation JOIN conversation c ON c.id = o.root LEFT JOIN agent a ON a.id = e.resolved_by
             WHERE e.resolved_at >= ?1 AND e.resolved_at < ?2 AND e.no_reply_needed = 0 ORDER BY e.resolved_at DESC"
                .to_owned(),
            NOBODY,
        ),
        Metric::Unanswered => (
            "SELECT c.id, c.name, e.number, coalesce(e.channel, 'email'), e.opened_at, e.resolved_at, NULL, NULL, NULL, e.first_message
             FROM episode e JOIN customer o ON o.id = e.conversation JOIN conversation c ON c.id = o.root
             WHERE e.opened_at >= ?1 AND e.opened_at < ?2 AND e.by_agent = 0 AND e.replied = 0 AND e.no_reply_needed = 0 ORDER BY e.opened_at DESC"
                .to_owned(),
            NOBODY,
        ),
    };
    let mut s = conn.prepare_cached(&sql)?;
    let mut rows = s.query(params![from, to])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let (agent, channel): (Option<AgentId>, String) = (r.get(7)?, r.get(3)?);
        let of = key(by, agent, Some(channel.clone()), none);
        if row != "all" && of != row {
            continue;
        }
        out.push(Behind {
            conversation: r.get(0)?,
            name: r.get(1)?,
            episode: r.get(2)?,
            channel,
            start: r.get(4)?,
            end: r.get(5)?,
            seconds: r.get(6)?,
            agent,
            agent_name: r.get(8)?,
            message: r.get(9)?,
            key: of,
        });
        if out.len() >= limit {
            break;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank_in_integers() {
        assert_eq!(percentile(&[10], 50), Some(10));
        assert_eq!(percentile(&[10, 20], 50), Some(10));
        assert_eq!(percentile(&[10, 20, 30], 50), Some(20));
        assert_eq!(percentile(&(1..=10).collect::<Vec<_>>(), 90), Some(9));
        assert_eq!(percentile(&(1..=11).collect::<Vec<_>>(), 90), Some(10));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_figure_of_nothing_is_empty_and_never_zero() {
        assert_eq!(
            figure(vec![]),
            Figure {
                n: 0,
                p50: None,
                p90: None,
                mean: None
            }
        );
        assert_eq!(
            figure(vec![30, 10]),
            Figure {
                n: 2,
                p50: Some(10),
                p90: Some(30),
                mean: Some(20.0)
            }
        );
    }
}
