//! The response-time report; every figure opens the episodes behind it.

use super::dto::{self, Figure, FigureRow, GroupBy, ReportRow, ResponseReport};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::metrics::{self, By, Group, NOBODY, OUTSIDE};
use crate::model::{AgentId, Channel};
use rusqlite::{Connection, OptionalExtension};

fn by(g: GroupBy) -> By {
    match g {
        GroupBy::Agent => By::Agent,
        GroupBy::Channel => By::Channel,
    }
}

fn range(from: i64, to: i64) -> Result<()> {
    if from < to {
        Ok(())
    } else {
        Err(Error::Invalid("the range ends before it begins".into()))
    }
}

fn figure(seconds: Vec<i64>) -> Figure {
    let f = metrics::figure(seconds);
    Figure {
        n: f.n,
        p50: f.p50,
        p90: f.p90,
        mean: f.mean,
    }
}

fn row(key: String, label: String, g: Group) -> ReportRow {
    ReportRow {
        key,
        label,
        first: figure(g.first),
        next: figure(g.next),
        resolution: figure(g.resolution),
        unanswered: g.unanswered,
    }
}

/// An agent's name; keys that are no agent keep their own word, which the window translates.
fn label(c: &Connection, key: &str) -> Result<String> {
    match AgentId::parse(key) {
        Some(a) if key != OUTSIDE && key != NOBODY => Ok(c
            .query_row("SELECT name FROM agent WHERE id = ?1", [a], |r| r.get(0))
            .optional()?
            .unwrap_or_else(|| key.to_owned())),
        _ => Ok(key.to_owned()),
    }
}

pub(super) async fn response_times(
    a: args::ReportResponseTimes,
    desk: &Desk,
) -> Result<ResponseReport> {
    range(a.from, a.to)?;
    desk.engine
        .store()
        .read(move |c| {
            let groups = metrics::response_times(c, a.from, a.to, by(a.by))?;
            let mut all = Group::default();
            let mut rows = Vec::new();
            for (key, g) in groups {
                all.first.extend(&g.first);
                all.next.extend(&g.next);
                all.resolution.extend(&g.resolution);
                all.unanswered += g.unanswered;
                let label = label(c, &key)?;
                rows.push(row(key, label, g));
            }
            Ok(ResponseReport {
                rows,
                total: row("all".into(), "all".into(), all),
                from: a.from,
                to: a.to,
            })
        })
        .await
}

pub(super) async fn episodes(a: args::ReportEpisodes, desk: &Desk) -> Result<Vec<FigureRow>> {
    range(a.from, a.to)?;
    let metric = match a.metric {
        dto::Metric::First => metrics::Metric::First,
        dto::Metric::Next => metrics::Metric::Next,
        dto::Metric::Resolution => metrics::Metric::Resolution,
        dto::Metric::Unanswered => metrics::Metric::Unanswered,
    };
    desk.engine
        .store()
        .read(move |c| {
            let found = metrics::behind(
                c,
                a.from,
                a.to,
                by(a.by),
                &a.key,
                metric,
                a.limit.clamp(1, 500) as usize,
            )?;
            Ok(found
                .into_iter()
                .map(|b| FigureRow {
                    conversation: b.conversation,
                    name: b.name,
                    episode: b.episode,
                    channel: Channel::parse(&b.channel).unwrap_or(Channel::Email),
                    start: b.start,
                    end: b.end,
                    seconds: b.seconds,
                    agent: b.agent_name,
                    message: b.message,
                })
                .collect())
        })
        .await
}
