//! Linking two customers by hand: whom one may mean, and what cutting a link would leave where.

use super::dto::{CustomerFound, FoundWhy, TimelineItem, UnlinkPreview};
use super::{Desk, args, customer, timeline};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{Channel, CustomerId, MessageId};
use crate::store::timeline as rows;
use crate::store::{conversations, log};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, BTreeSet};

/// Most lines of what stays.
const LISTED: usize = 50;
/// Most customers that fit what was typed; who sees so many types on.
const CONSIDERED: usize = 2_000;

/// A handle with what is looked at when a customer is looked for.
struct Known {
    root: CustomerId,
    channel: Channel,
    value: String,
    names: Vec<String>,
    username: Option<String>,
    given: Option<String>,
}

/// What is asked for, or known of the customer at hand.
struct Asked {
    words: Vec<String>,
    names: BTreeSet<String>,
    values: BTreeSet<String>,
    given: BTreeSet<String>,
}

pub(super) async fn find(a: args::CustomersFind, desk: &Desk) -> Result<Vec<CustomerFound>> {
    let limit = a.limit.clamp(1, 50) as usize;
    desk.engine
        .store()
        .read(move |c| {
            let me = conversations::root(c, a.with)?;
            let asked = asked(c, me, &a.query)?;
            let mut best: BTreeMap<CustomerId, (FoundWhy, Known)> = BTreeMap::new();
            each(c, |k| {
                if k.root == me {
                    return;
                }
                if let Some(why) = fits(&k, &asked)
                    && best.len() < CONSIDERED
                {
                    let better = best.get(&k.root).is_none_or(|b| why < b.0);
                    if better {
                        best.insert(k.root, (why, k));
                    }
                }
            })?;
            let mut out = Vec::new();
            for (id, (why, known)) in best {
                let row: Option<(String, Millis)> = c
                    .prepare_cached("SELECT name, last_at FROM conversation WHERE id = ?1")?
                    .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
                    .optional()?;
                if let Some((name, last_at)) = row {
                    out.push(CustomerFound {
                        id,
                        name,
                        address: known.value,
                        username: known.username,
                        channel: known.channel,
                        last_at,
                        why,
                    });
                }
            }
            if asked.words.is_empty() {
                out.extend(lately(c, me, limit, &out)?);
            }
            out.sort_by(|x, y| {
                (x.why, std::cmp::Reverse(x.last_at), x.id).cmp(&(
                    y.why,
                    std::cmp::Reverse(y.last_at),
                    y.id,
                ))
            });
            out.truncate(limit);
            Ok(out)
        })
        .await
}

/// Whoever is open and was active last, for where nothing says who it may be.
fn lately(
    c: &Connection,
    me: CustomerId,
    limit: usize,
    found: &[CustomerFound],
) -> Result<Vec<CustomerFound>> {
    let mut s = c.prepare_cached(
        "SELECT c.id, c.name, c.address, c.channel, c.last_at,
                (SELECT p.username FROM customer u JOIN handle h ON h.id = u.id JOIN person p ON p.handle = h.id WHERE u.root = c.id AND h.channel = c.channel AND h.value = c.address AND p.username <> '' LIMIT 1)
         FROM conversation c WHERE c.shelf = 0 ORDER BY c.last_at DESC, c.id LIMIT 60",
    )?;
    let rows = s.query_map([], |r| {
        Ok(CustomerFound {
            id: r.get(0)?,
            name: r.get(1)?,
            address: r.get(2)?,
            channel: Channel::parse(&r.get::<_, String>(3)?).unwrap_or(Channel::Email),
            last_at: r.get(4)?,
            username: r.get(5)?,
            why: FoundWhy::Lately,
        })
    })?;
    let rows: Vec<CustomerFound> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(rows
        .into_iter()
        .filter(|r| r.id != me && !found.iter().any(|f| f.id == r.id))
        .take(limit)
        .collect())
}

fn folded(s: &str) -> String {
    s.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

fn asked(c: &Connection, me: CustomerId, query: &str) -> Result<Asked> {
    let mut out = Asked {
        words: folded(query)
            .split(' ')
            .filter(|w| !w.is_empty())
            .map(|w| w.trim_start_matches('@').to_owned())
            .collect(),
        names: BTreeSet::new(),
        values: BTreeSet::new(),
        given: BTreeSet::new(),
    };
    each(c, |k| {
        if k.root == me {
            out.values.insert(k.value);
            out.names.extend(k.names.iter().map(|n| folded(n)));
            out.given.extend(k.given);
        }
    })?;
    out.names.retain(|n| !n.is_empty());
    Ok(out)
}

fn fits(k: &Known, asked: &Asked) -> Option<FoundWhy> {
    if !asked.words.is_empty() {
        let all = folded(&format!("{} {}", k.names.join(" "), k.value));
        return asked
            .words
            .iter()
            .all(|w| all.contains(w.as_str()))
            .then_some(FoundWhy::Asked);
    }
    let gave = asked.given.contains(&k.value)
        || k.given
            .as_ref()
            .is_some_and(|g| asked.values.contains(g) || asked.given.contains(g));
    if gave {
        return Some(FoundWhy::Given);
    }
    if k.names.iter().any(|n| asked.names.contains(&folded(n))) {
        return Some(FoundWhy::Name);
    }
    None
}

/// Every handle of a customer that is shown.
fn each(c: &Connection, mut see: impl FnMut(Known)) -> Result<()> {
    let mut s = c.prepare_cached(
        "SELECT u.root, h.channel, h.value, h.name, u.name, p.username, p.email FROM handle h JOIN customer u ON u.id = h.id LEFT JOIN person p ON p.handle = h.id
         WHERE h.scope <> 'internal'",
    )?;
    let mut rows = s.query([])?;
    while let Some(r) = rows.next()? {
        let Some(channel) = Channel::parse(&r.get::<_, String>(1)?) else {
            continue;
        };
        let username: Option<String> = r.get(5)?;
        let names: [Option<String>; 3] = [r.get(3)?, r.get(4)?, username.clone()];
        see(Known {
            root: r.get(0)?,
            channel,
            value: r.get(2)?,
            names: names.into_iter().flatten().collect(),
            username: username.filter(|u| !u.is_empty()),
            given: r.get(6)?,
        });
    }
    Ok(())
}

pub(super) async fn preview(a: args::UnlinkPreview, desk: &Desk) -> Result<UnlinkPreview> {
    desk.engine
        .store()
        .read(move |c| {
            let members = conversations::members(c, a.id)?;
            let root = conversations::root(c, a.id)?;
            if a.id == root || !members.contains(&a.id) {
                return Err(Error::Invalid(
                    "nothing is linked to this customer that could be cut off".into(),
                ));
            }
            let links = links(c, &members)?;
            let split = beyond(&members, &links, root, a.id);
            let rest: Vec<CustomerId> = members
                .iter()
                .copied()
                .filter(|m| !split.contains(m))
                .collect();
            let since = since(c, &links, &split)?;
            let mut stays = match since {
                Some(at) => stays(c, &rest, &split, at)?,
                None => Vec::new(),
            };
            let more = stays.len() > LISTED;
            stays.truncate(LISTED);
            Ok(UnlinkPreview {
                addresses: addresses(c, &split)?,
                split: split.into_iter().collect(),
                since,
                stays: stays.into_iter().map(|(_, item)| item).collect(),
                more,
            })
        })
        .await
}

type Pair = (CustomerId, CustomerId);

fn links(c: &Connection, members: &[CustomerId]) -> Result<Vec<Pair>> {
    let mut s = c.prepare_cached("SELECT b FROM link WHERE a = ?1 AND linked = 1")?;
    let mut out = Vec::new();
    for a in members {
        for b in s.query_map([a], |r| r.get(0))? {
            out.push((*a, b?));
        }
    }
    Ok(out)
}

/// What goes when one is cut off: itself, and what is joined to the root by it alone.
fn beyond(
    members: &[CustomerId],
    links: &[Pair],
    root: CustomerId,
    cut: CustomerId,
) -> BTreeSet<CustomerId> {
    let mut stays = BTreeSet::from([root]);
    let mut open = vec![root];
    while let Some(x) = open.pop() {
        for (a, b) in links {
            let other = match (*a == x, *b == x) {
                (true, _) => *b,
                (_, true) => *a,
                _ => continue,
            };
            if other != cut && stays.insert(other) {
                open.push(other);
            }
        }
    }
    members
        .iter()
        .copied()
        .filter(|m| !stays.contains(m))
        .collect()
}

/// When the newest link across the boundary was made.
fn since(c: &Connection, links: &[Pair], split: &BTreeSet<CustomerId>) -> Result<Option<Millis>> {
    let mut at = None;
    for (a, b) in links
        .iter()
        .filter(|(a, b)| split.contains(a) != split.contains(b))
    {
        let made = log::of_entity(c, Entity::Link, &customer::link_id(*a, *b))?
            .into_iter()
            .rfind(|e| e.undoes.is_none() && e.changes.iter().any(|x| x.value == true))
            .map(|e| e.stamp.clock().millis());
        at = at.max(made);
    }
    Ok(at)
}

/// What was authored to those who go, noted and decided, in what stays.
fn stays(
    c: &Connection,
    rest: &[CustomerId],
    split: &BTreeSet<CustomerId>,
    since: Millis,
) -> Result<Vec<(Millis, TimelineItem)>> {
    let mut out: Vec<(Millis, TimelineItem)> = Vec::new();
    for m in rest {
        let sent: Vec<MessageId> = {
            let mut s = c.prepare_cached(
                "SELECT m.id FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND t.sent_at >= ?2 AND t.home = 1 AND m.author IS NOT NULL ORDER BY t.sent_at LIMIT 500",
            )?;
            s.query_map((m, since), |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?
        };
        for id in sent {
            if out.len() > LISTED {
                break;
            }
            if also_at(c, id, split)? {
                let item = timeline::message(c, rows::message(c, id)?)?;
                out.push((item.at, TimelineItem::Message(Box::new(item))));
            }
        }
        let notes = timeline::notes(c, *m, since, Millis::MAX)?;
        out.extend(notes.into_iter().map(|n| (n.at, TimelineItem::Note(n))));
        let changes = timeline::changes(c, *m, since + 1, Millis::MAX)?;
        out.extend(
            changes
                .into_iter()
                .filter(|x| !matches!(x.what, super::dto::ChangeKind::Linked))
                .map(|x| (x.at, TimelineItem::Change(x))),
        );
    }
    out.sort_by_key(|x| x.0);
    Ok(out)
}

/// Whether a message is shown at one of these as well.
fn also_at(c: &Connection, id: MessageId, split: &BTreeSet<CustomerId>) -> Result<bool> {
    let mut s = c.prepare_cached("SELECT conversation FROM timeline WHERE message = ?1")?;
    let mut rows = s.query([id])?;
    while let Some(r) = rows.next()? {
        if split.contains(&r.get(0)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn addresses(c: &Connection, split: &BTreeSet<CustomerId>) -> Result<Vec<String>> {
    let mut s = c.prepare_cached("SELECT value FROM handle WHERE id = ?1")?;
    let mut out = Vec::new();
    for m in split {
        out.extend(s.query_row([m], |r| r.get::<_, String>(0)).optional()?);
    }
    Ok(out)
}
