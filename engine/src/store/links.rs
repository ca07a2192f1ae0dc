//! Who was one customer with whom, and when: while two are linked, a reply to either ends the waits of both, by its
//! `sent_at` and the link's interval (`metrics.md`).

use super::{conversations, log};
use crate::error::Result;
use crate::model::CustomerId;
use crate::model::episode::{Answers, Outcome, Reply};
use crate::model::log::Entity;
use crate::time::Millis;
use rusqlite::Connection;
use std::collections::BTreeSet;

/// A link's history: from each instant on it was on or off.
struct History {
    a: CustomerId,
    b: CustomerId,
    turns: Vec<(Millis, bool)>,
}

impl History {
    /// At an instant; `None` = now.
    fn on(&self, at: Option<Millis>) -> bool {
        self.turns
            .iter()
            .rev()
            .find(|t| at.is_none_or(|at| t.0 <= at))
            .is_some_and(|t| t.1)
    }
}

/// These and all that were ever linked with one of them, however indirectly.
pub(super) fn ever_with(
    conn: &Connection,
    from: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<CustomerId>> {
    let mut found = from.clone();
    let mut open: Vec<CustomerId> = from.iter().copied().collect();
    let mut s = conn.prepare_cached(
        "SELECT b FROM link WHERE a = ?1 UNION ALL SELECT a FROM link WHERE b = ?1",
    )?;
    while let Some(x) = open.pop() {
        for y in s
            .query_map([x], |r| r.get::<_, CustomerId>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?
        {
            if found.insert(y) {
                open.push(y);
            }
        }
    }
    Ok(found)
}

/// The replies to customers who were one with `c` when they were sent, and are not shown at `c` anyway.
pub(super) fn replies(conn: &Connection, c: CustomerId, own: &[Reply]) -> Result<Vec<Reply>> {
    let all = ever_with(conn, &BTreeSet::from([c]))?;
    if all.len() < 2 {
        return Ok(Vec::new());
    }
    let histories = histories(conn, &all)?;
    let shown: BTreeSet<_> = own.iter().map(|r| r.id).collect();
    let mut taken = BTreeSet::new();
    let mut out = Vec::new();
    for other in all.into_iter().filter(|x| *x != c) {
        for r in conversations::exchanged(conn, other)?.1 {
            let at = match r.outcome {
                Outcome::Sent(at) => Some(at),
                // Whether it will end a wait is known when it is sent; until then, today's link tells.
                Outcome::Pending => None,
                Outcome::Dead => continue,
            };
            if !shown.contains(&r.id) && joined(&histories, c, other, at) && taken.insert(r.id) {
                out.push(Reply {
                    answers: Answers::AllEarlier,
                    opens: false,
                    here: false,
                    ..r
                });
            }
        }
    }
    Ok(out)
}

/// The links' histories among these customers.
fn histories(conn: &Connection, among: &BTreeSet<CustomerId>) -> Result<Vec<History>> {
    let mut s = conn.prepare_cached("SELECT b FROM link WHERE a = ?1 ORDER BY b")?;
    let mut out = Vec::new();
    for a in among {
        for b in s
            .query_map([a], |r| r.get::<_, CustomerId>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?
        {
            out.push(History {
                a: *a,
                b,
                turns: turns(conn, *a, b)?,
            });
        }
    }
    Ok(out)
}

/// What the log says of one link, by its stamps: the entries' order of arrival does not matter.
fn turns(conn: &Connection, a: CustomerId, b: CustomerId) -> Result<Vec<(Millis, bool)>> {
    let mut out = Vec::new();
    for e in log::of_entity(conn, Entity::Link, &format!("{a}:{b}"))? {
        for x in e.changes.iter().filter(|x| x.field == "on") {
            out.push((e.stamp.clock().millis(), x.value.as_bool().unwrap_or(false)));
        }
    }
    Ok(out)
}

/// Whether two customers were one at an instant.
fn joined(histories: &[History], x: CustomerId, y: CustomerId, at: Option<Millis>) -> bool {
    let mut found = BTreeSet::from([x]);
    let mut open = vec![x];
    while let Some(p) = open.pop() {
        if p == y {
            return true;
        }
        for h in histories
            .iter()
            .filter(|h| (h.a == p || h.b == p) && h.on(at))
        {
            let q = if h.a == p { h.b } else { h.a };
            if found.insert(q) {
                open.push(q);
            }
        }
    }
    false
}
