//! Conversations: the facts that follow from messages and log, and the row that the list shows.

use super::variants::{stand_ins, with_stand_ins};
use super::{Tx, bounces, facts, links, log};
use crate::error::Result;
use crate::model::episode::{Act, ActKind, Answers, Folded, Inbound, Outcome, Reply, fold};
use crate::model::log::Entity;
use crate::model::{AgentId, Channel, Class, CustomerId, Direction, HandleId, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

/// Open and awake.
pub const OPEN: i64 = 0;
/// Asleep.
pub const SNOOZED: i64 = 1;
/// Done, or never opened.
pub const RESOLVED: i64 = 2;
/// Only machines wrote.
pub const AUTOMATIC: i64 = 3;

/// Known from a person's list, and nothing was written yet.
pub const KNOWN: i64 = 4;

/// The customer exists as a row, even before its first message (an entry may arrive first).
pub(super) fn ensure(tx: &Tx<'_>, c: CustomerId) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO customer (id, root) VALUES (?1, ?1)")?
        .execute([c])?;
    Ok(())
}

/// The id under which a customer is shown.
///
/// # Errors
/// When the store fails.
pub fn root(conn: &Connection, c: CustomerId) -> Result<CustomerId> {
    Ok(conn
        .prepare_cached("SELECT root FROM customer WHERE id = ?1")?
        .query_row([c], |r| r.get(0))
        .optional()?
        .unwrap_or(c))
}

/// The original customers that are shown as one, lowest first.
///
/// # Errors
/// When the store fails.
pub fn members(conn: &Connection, c: CustomerId) -> Result<Vec<CustomerId>> {
    let root = root(conn, c)?;
    let mut s = conn.prepare_cached("SELECT id FROM customer WHERE root = ?1 ORDER BY id")?;
    let all = s
        .query_map([root], |r| r.get(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(if all.is_empty() { vec![c] } else { all })
}

/// The original conversations of a shown one that are open.
///
/// # Errors
/// When the store fails.
pub fn open_members(conn: &Connection, c: CustomerId) -> Result<Vec<CustomerId>> {
    let mut s =
        conn.prepare_cached("SELECT id FROM customer WHERE root = ?1 AND open = 1 ORDER BY id")?;
    Ok(s.query_map([root(conn, c)?], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Give the component of `c` its lowest id as root.
pub(super) fn reroot(tx: &mut Tx<'_>, c: CustomerId) -> Result<()> {
    let before = root(tx, c)?;
    let mut found = BTreeSet::from([c]);
    let mut open = vec![c];
    while let Some(x) = open.pop() {
        let mut s = tx.prepare_cached("SELECT b FROM link WHERE a = ?1 AND linked = 1 UNION SELECT a FROM link WHERE b = ?1 AND linked = 1")?;
        for y in s
            .query_map([x], |r| r.get::<_, CustomerId>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?
        {
            if found.insert(y) {
                open.push(y);
            }
        }
    }
    let lowest = found.first().copied().unwrap_or(c);
    for m in &found {
        tx.execute(
            "UPDATE customer SET root = ?2 WHERE id = ?1",
            params![m, lowest],
        )?;
        tx.touch(*m);
    }
    tx.touch(before);
    Ok(())
}

/// Make the facts and the row of an original conversation anew.
pub(super) fn settle(tx: &mut Tx<'_>, c: CustomerId) -> Result<()> {
    if tx
        .prepare_cached("SELECT 1 FROM customer WHERE id = ?1")?
        .exists([c])?
    {
        let folded = folded(tx, c)?;
        facts::keep(tx, c, &folded)?;
    }
    let root = root(tx, c)?;
    if root != c {
        show(tx, c)?;
    }
    show(tx, root)
}

/// Fold a conversation as it stands.
///
/// # Errors
/// When the store fails.
pub fn folded(conn: &Connection, c: CustomerId) -> Result<Folded> {
    let (inbound, mut replies) = exchanged(conn, c)?;
    let acts = acts(conn, c)?;
    if !inbound.is_empty() {
        replies.extend(links::replies(conn, c, &replies)?);
    }
    if inbound.is_empty() && replies.is_empty() && acts.is_empty() {
        return Ok(Folded::default());
    }
    Ok(fold(&inbound, &replies, &acts))
}

pub(super) fn exchanged(conn: &Connection, c: CustomerId) -> Result<(Vec<Inbound>, Vec<Reply>)> {
    let mut s = conn.prepare_cached(
        "SELECT m.id, m.direction, m.class, m.sent_at, m.channel, m.outside, m.author, m.authored_at, m.send_state, m.answers, t.home, m.opens
         FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND t.live = 1",
    )?;
    let mut rows = s.query([c])?;
    let (mut inbound, mut replies) = (Vec::new(), Vec::new());
    let same = stand_ins(conn, c)?;
    while let Some(r) = rows.next()? {
        let (id, direction, class, sent_at): (MessageId, i64, i64, Millis) =
            (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
        if class != Class::Human.as_i64() {
            continue;
        }
        let home = r.get::<_, i64>(10)? == 1;
        match direction {
            0 if home => inbound.push(Inbound {
                id,
                sent_at,
                channel: Channel::parse(&r.get::<_, String>(4)?).unwrap_or(Channel::Email),
            }),
            1 => {
                let outside = r.get::<_, i64>(5)? == 1;
                let state: Option<String> = r.get(8)?;
                let answers: Option<String> = r.get(9)?;
                let answers = match answers.filter(|_| home && !outside).map(|a| ids(&a)) {
                    Some(these) => Answers::These(with_stand_ins(these, &same)),
                    None => Answers::AllEarlier,
                };
                replies.push(Reply {
                    id,
                    authored_at: r.get::<_, Option<Millis>>(7)?.unwrap_or(sent_at),
                    outcome: outcome(state.as_deref(), sent_at),
                    answers,
                    agent: r.get::<_, Option<AgentId>>(6)?.filter(|_| !outside),
                    opens: home && r.get::<_, i64>(11)? == 1,
                    here: true,
                });
            }
            _ => {}
        }
    }
    Ok((inbound, replies))
}

fn outcome(state: Option<&str>, sent_at: Millis) -> Outcome {
    match state {
        None | Some("sent") => Outcome::Sent(sent_at),
        Some("failed" | "cancelled") => Outcome::Dead,
        Some(_) => Outcome::Pending,
    }
}

pub(super) fn ids(json: &str) -> Vec<MessageId> {
    serde_json::from_str(json).unwrap_or_default()
}

fn acts(conn: &Connection, c: CustomerId) -> Result<Vec<Act>> {
    let same = stand_ins(conn, c)?;
    let mut s = conn.prepare_cached("SELECT id, at, agent, kind, covers, days, stamp FROM act WHERE conversation = ?1 AND active = 1")?;
    let rows = s.query_map([c], |r| {
        let covers = with_stand_ins(ids(&r.get::<_, String>(4)?), &same);
        let what = match r.get::<_, String>(3)?.as_str() {
            "resolve" => ActKind::Resolve {
                covers,
                days: r.get(5)?,
            },
            "reopen" => ActKind::Reopen,
            _ => ActKind::NoReply { covers },
        };
        Ok(Act {
            id: r.get(0)?,
            at: r.get(1)?,
            stamp: r.get(6)?,
            agent: r.get(2)?,
            what,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A shown row as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    name: String,
    address: String,
    channel: String,
    shelf: i64,
    last_at: Millis,
    last_direction: i64,
    subject: Option<String>,
    snippet: String,
    unread: i64,
    messages: i64,
    wait_since: Option<Millis>,
    wait_first: bool,
    assignee: Option<AgentId>,
    stage: Option<String>,
    tags: String,
    snoozed_until: Option<Millis>,
    problem: bool,
}

impl Row {
    /// What this row adds to the sidebar's numbers.
    fn counts(&self) -> Vec<String> {
        let mut keys = vec!["all".to_owned(), format!("shelf:{}", self.shelf)];
        if self.shelf == OPEN {
            keys.push(
                self.assignee
                    .map_or_else(|| "unassigned".into(), |a| format!("assignee:{}", a.hex())),
            );
            if self.wait_since.is_some() {
                keys.push("waiting".into());
            }
            let tags: Vec<String> = serde_json::from_str(&self.tags).unwrap_or_default();
            keys.extend(tags.into_iter().map(|t| format!("tag:{t}")));
        }
        if self.shelf <= SNOOZED
            && let Some(s) = &self.stage
        {
            keys.push(format!("stage:{s}"));
        }
        if self.problem {
            keys.push("problem".into());
        }
        keys
    }
}

/// One original customer of a shown one.
struct Member {
    id: CustomerId,
    name: Option<(String, String)>,
    stage: Option<(String, Option<String>)>,
    assignee: Option<(String, Option<AgentId>)>,
    snooze: Option<(String, Option<Millis>, Vec<MessageId>)>,
    messages: i64,
    here: i64,
    human: i64,
    open: bool,
    wait: Option<(Millis, bool)>,
    known: Option<Millis>,
}

fn load_members(conn: &Connection, root: CustomerId) -> Result<Vec<Member>> {
    let mut s = conn.prepare_cached(
        "SELECT id, name, name_stamp, stage, stage_stamp, assignee, assignee_stamp, snooze_until, snooze_seen, snooze_stamp, messages, here, human, open, wait_since, wait_first, known_at
         FROM customer WHERE root = ?1 ORDER BY id",
    )?;
    let rows = s.query_map([root], |r| {
        let stamp = |i: usize| r.get::<_, Option<String>>(i);
        Ok(Member {
            id: r.get(0)?,
            name: r
                .get::<_, Option<String>>(1)?
                .zip(stamp(2)?)
                .map(|(n, s)| (s, n)),
            stage: stamp(4)?
                .map(|s| Ok::<_, rusqlite::Error>((s, r.get(3)?)))
                .transpose()?,
            assignee: stamp(6)?
                .map(|s| Ok::<_, rusqlite::Error>((s, r.get(5)?)))
                .transpose()?,
            snooze: stamp(9)?
                .map(|s| {
                    Ok::<_, rusqlite::Error>((
                        s,
                        r.get(7)?,
                        r.get::<_, Option<String>>(8)?
                            .map(|x| ids(&x))
                            .unwrap_or_default(),
                    ))
                })
                .transpose()?,
            messages: r.get(10)?,
            here: r.get(11)?,
            human: r.get(12)?,
            open: r.get(13)?,
            wait: r.get::<_, Option<Millis>>(14)?.zip(r.get(15)?),
            known: r.get(16)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Write the row that the list shows, with its counts, or take it away.
fn show(tx: &mut Tx<'_>, id: CustomerId) -> Result<()> {
    let members = load_members(tx, id)?;
    let exists = members.iter().map(|m| m.here).sum::<i64>() > 0
        || members.iter().any(|m| m.known.is_some());
    let new = if exists {
        build(tx, id, &members)?
    } else {
        None
    };
    let old = stored(tx, id)?;
    tx.changes.conversations.insert(id);
    if old == new {
        return Ok(());
    }
    tx.changes.lists = true;
    recount(tx, old.as_ref(), new.as_ref())?;
    match new {
        Some(row) => put(tx, id, &row),
        None => {
            tx.prepare_cached("DELETE FROM conversation WHERE id = ?1")?
                .execute([id])?;
            Ok(())
        }
    }
}

fn build(tx: &Tx<'_>, id: CustomerId, members: &[Member]) -> Result<Option<Row>> {
    let (last, written) = match (last_message(tx, members)?, known(tx, id, members)?) {
        (Some(last), _) => (last, true),
        (None, Some(known)) => (known, false),
        (None, None) => return Ok(None),
    };
    let open = members.iter().any(|m| m.open);
    let snooze = members
        .iter()
        .filter_map(|m| m.snooze.as_ref())
        .max_by(|a, b| a.0.cmp(&b.0));
    let asleep = match snooze {
        Some((_, Some(until), seen))
            if open && tx.now < *until && nothing_unseen(tx, members, seen)? =>
        {
            Some(*until)
        }
        _ => None,
    };
    let shelf = match (open, asleep) {
        (true, Some(_)) => SNOOZED,
        (true, None) => OPEN,
        (false, _) if !written => KNOWN,
        (false, _) if members.iter().all(|m| m.human == 0) => AUTOMATIC,
        (false, _) => RESOLVED,
    };
    let wait = members
        .iter()
        .filter(|m| m.open)
        .filter_map(|m| m.wait)
        .min();
    let (name, address) = naming(tx, id, members)?;
    Ok(Some(Row {
        name,
        address,
        channel: last.channel,
        shelf,
        last_at: last.at,
        last_direction: last.direction,
        subject: last.subject,
        snippet: last.snippet,
        unread: unread(tx, members)?,
        messages: members.iter().map(|m| m.messages).sum(),
        wait_since: wait.map(|w| w.0),
        wait_first: wait.is_some_and(|w| w.1),
        assignee: members
            .iter()
            .filter_map(|m| m.assignee.as_ref())
            .max_by(|a, b| a.0.cmp(&b.0))
            .and_then(|a| a.1),
        stage: members
            .iter()
            .filter_map(|m| m.stage.as_ref())
            .max_by(|a, b| a.0.cmp(&b.0))
            .and_then(|s| s.1.clone()),
        tags: serde_json::to_string(&tags(tx, members)?).unwrap_or_else(|_| "[]".into()),
        snoozed_until: asleep,
        problem: problem(tx, members)?,
    }))
}

struct Last {
    at: Millis,
    id: MessageId,
    direction: i64,
    channel: String,
    subject: Option<String>,
    snippet: String,
}

/// What stands in the place of a last message where a list alone knows the customer: the address, and the list's day.
fn known(conn: &Connection, id: CustomerId, members: &[Member]) -> Result<Option<Last>> {
    let Some(at) = members.iter().filter_map(|m| m.known).max() else {
        return Ok(None);
    };
    let mut all = Vec::new();
    for m in members {
        let row: Option<(String, String)> = conn
            .prepare_cached("SELECT channel, value FROM handle WHERE id = ?1")?
            .query_row([HandleId(m.id.0)], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        all.extend(row);
    }
    let addresses: Vec<&str> = all.iter().map(|a| a.1.as_str()).collect();
    let channel = all.first().map_or("email", |a| a.0.as_str());
    Ok(Some(Last {
        at,
        id: MessageId(id.0),
        direction: Direction::Inbound.as_i64(),
        channel: channel.to_owned(),
        subject: None,
        snippet: addresses.join(" · "),
    }))
}

fn last_message(conn: &Connection, members: &[Member]) -> Result<Option<Last>> {
    let mut best: Option<Last> = None;
    for m in members {
        let mut s = conn.prepare_cached(
            "SELECT t.sent_at, t.message, m.direction, m.channel, m.subject, m.snippet FROM timeline t JOIN message m ON m.rid = t.rid
             WHERE t.conversation = ?1 ORDER BY t.sent_at DESC, t.message DESC LIMIT 1",
        )?;
        let last = s
            .query_row([m.id], |r| {
                Ok(Last {
                    at: r.get(0)?,
                    id: r.get(1)?,
                    direction: r.get(2)?,
                    channel: r.get(3)?,
                    subject: r.get(4)?,
                    snippet: r.get(5)?,
                })
            })
            .optional()?;
        if let Some(l) = last
            && best.as_ref().is_none_or(|b| (b.at, b.id) < (l.at, l.id))
        {
            best = Some(l);
        }
    }
    Ok(best)
}

/// In force until somebody writes what the sleeper had not seen; waking writes nothing.
fn nothing_unseen(conn: &Connection, members: &[Member], seen: &[MessageId]) -> Result<bool> {
    for m in members {
        let seen = with_stand_ins(seen.to_vec(), &stand_ins(conn, m.id)?);
        if folded(conn, m.id)?
            .uncovered
            .iter()
            .any(|u| !seen.contains(u))
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn naming(conn: &Connection, id: CustomerId, members: &[Member]) -> Result<(String, String)> {
    let mut given = members
        .iter()
        .filter_map(|m| m.name.as_ref())
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|n| n.1.clone())
        .filter(|n| !n.is_empty());
    let mut address = String::new();
    let mut newest: Option<(Millis, String)> = None;
    for m in members {
        let row: Option<(String, Option<String>, Millis)> = conn
            .prepare_cached("SELECT value, name, name_at FROM handle WHERE id = ?1")?
            .query_row([HandleId(m.id.0)], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?))
            })
            .optional()?;
        if let Some((value, name, at)) = row {
            if m.id == id || address.is_empty() {
                address = value;
            }
            if let Some(n) = name.filter(|n| !n.trim().is_empty())
                && newest.as_ref().is_none_or(|x| x.0 < at)
            {
                newest = Some((at, n));
            }
        }
    }
    let name = given
        .take()
        .or(newest.map(|n| n.1))
        .unwrap_or_else(|| address.clone());
    Ok((name, address))
}

fn unread(conn: &Connection, members: &[Member]) -> Result<i64> {
    let mut n = 0;
    for m in members {
        n += conn
            .prepare_cached("SELECT count(*) FROM timeline WHERE conversation = ?1 AND unread = 1")?
            .query_row([m.id], |r| r.get::<_, i64>(0))?;
    }
    Ok(n)
}

fn tags(conn: &Connection, members: &[Member]) -> Result<Vec<String>> {
    let mut newest: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for m in members {
        let mut s = conn.prepare_cached("SELECT tag, active FROM tag WHERE conversation = ?1")?;
        for (tag, active) in s
            .query_map([m.id], |r| {
                Ok((r.get::<_, String>(0)?, r.get::<_, bool>(1)?))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?
        {
            // Stamps only matter where several customers are shown as one.
            let stamp = if members.len() > 1 {
                log::register(conn, Entity::Tag, &format!("{}:{tag}", m.id), "on")?
                    .map(|r| r.stamp.as_str().to_owned())
            } else {
                None
            };
            let entry = (stamp.unwrap_or_default(), active);
            newest
                .entry(tag)
                .and_modify(|e| {
                    if e.0 < entry.0 {
                        *e = entry.clone();
                    }
                })
                .or_insert(entry);
        }
    }
    Ok(newest
        .into_iter()
        .filter(|(_, (_, active))| *active)
        .map(|(t, _)| t)
        .collect())
}

fn problem(conn: &Connection, members: &[Member]) -> Result<bool> {
    for m in members {
        if conn
            .prepare_cached(
                "SELECT 1 FROM outbox WHERE conversation = ?1 AND state IN ('failed', 'uncertain')",
            )?
            .exists([m.id])?
            || bounces::unanswered(conn, m.id)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn stored(conn: &Connection, id: CustomerId) -> Result<Option<Row>> {
    let mut s = conn.prepare_cached(
        "SELECT name, address, channel, shelf, last_at, last_direction, subject, snippet, unread, messages, wait_since, wait_first, assignee, stage, tags, snoozed_until, problem FROM conversation WHERE id = ?1",
    )?;
    Ok(s.query_row([id], |r| {
        Ok(Row {
            name: r.get(0)?,
            address: r.get(1)?,
            channel: r.get(2)?,
            shelf: r.get(3)?,
            last_at: r.get(4)?,
            last_direction: r.get(5)?,
            subject: r.get(6)?,
            snippet: r.get(7)?,
            unread: r.get(8)?,
            messages: r.get(9)?,
            wait_since: r.get(10)?,
            wait_first: r.get(11)?,
            assignee: r.get(12)?,
            stage: r.get(13)?,
            tags: r.get(14)?,
            snoozed_until: r.get(15)?,
            problem: r.get(16)?,
        })
    })
    .optional()?)
}

fn put(tx: &Tx<'_>, id: CustomerId, r: &Row) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO conversation (id, name, address, channel, shelf, last_at, last_direction, subject, snippet, unread, messages, wait_since, wait_first, assignee, stage, tags, snoozed_until, problem)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address, channel = excluded.channel, shelf = excluded.shelf, last_at = excluded.last_at,
           last_direction = excluded.last_direction, subject = excluded.subject, snippet = excluded.snippet, unread = excluded.unread, messages = excluded.messages,
           wait_since = excluded.wait_since, wait_first = excluded.wait_first, assignee = excluded.assignee, stage = excluded.stage, tags = excluded.tags,
           snoozed_until = excluded.snoozed_until, problem = excluded.problem",
    )?
    .execute(params![
        id, r.name, r.address, r.channel, r.shelf, r.last_at, r.last_direction, r.subject, r.snippet, r.unread, r.messages, r.wait_since, r.wait_first, r.assignee, r.stage, r.tags, r.snoozed_until, r.problem
    ])?;
    Ok(())
}

fn recount(tx: &Tx<'_>, old: Option<&Row>, new: Option<&Row>) -> Result<()> {
    let mut delta: BTreeMap<String, i64> = BTreeMap::new();
    for k in old.map(Row::counts).unwrap_or_default() {
        *delta.entry(k).or_default() -= 1;
    }
    for k in new.map(Row::counts).unwrap_or_default() {
        *delta.entry(k).or_default() += 1;
    }
    for (key, n) in delta.into_iter().filter(|(_, n)| *n != 0) {
        tx.prepare_cached("INSERT INTO counter (key, n) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET n = n + excluded.n")?.execute(params![key, n])?;
    }
    Ok(())
}

/// Count the sidebar's numbers from the rows, for checks.
///
/// # Errors
/// When the store fails.
pub fn counted(conn: &Connection) -> Result<BTreeMap<String, i64>> {
    let mut all: BTreeMap<String, i64> = BTreeMap::new();
    let mut s = conn.prepare("SELECT id FROM conversation")?;
    for id in s
        .query_map([], |r| r.get::<_, CustomerId>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?
    {
        for k in stored(conn, id)?.map(|r| r.counts()).unwrap_or_default() {
            *all.entry(k).or_default() += 1;
        }
    }
    Ok(all)
}

/// Wake what has slept long enough. Returns when the next sleeper wakes.
///
/// # Errors
/// When the store fails.
pub fn wake(tx: &mut Tx<'_>) -> Result<Option<Millis>> {
    let due: Vec<CustomerId> = {
        let mut s = tx.prepare_cached("SELECT id FROM conversation WHERE snoozed_until <= ?1")?;
        s.query_map([tx.now], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for c in due {
        tx.touch(c);
    }
    Ok(tx.query_row(
        "SELECT min(snoozed_until) FROM conversation WHERE snoozed_until > ?1",
        [tx.now],
        |r| r.get(0),
    )?)
}

/// The class that counts: a person's word, else *internal* and *not a customer* are machines, else the classifier.
pub(super) fn class_that_counts(
    conn: &Connection,
    id: MessageId,
    direction: Direction,
    machine: Class,
    not_customer: bool,
) -> Result<Class> {
    if let Some(said) = log::value(conn, Entity::Message, &id.hex(), "class")?
        .and_then(|v| serde_json::from_value::<Class>(v).ok())
    {
        return Ok(said);
    }
    Ok(match direction {
        Direction::Internal => Class::Machine,
        Direction::Inbound if not_customer && machine == Class::Human => Class::Machine,
        _ => machine,
    })
}

/// Give messages the class that counts.
pub(super) fn reclassify(tx: &mut Tx<'_>, which: &str, arg: &[&dyn rusqlite::ToSql]) -> Result<()> {
    let rows: Vec<(i64, MessageId, i64, i64, Option<i64>, i64)> = {
        let sql = format!(
            "SELECT m.rid, m.id, m.machine_class, m.class, (SELECT not_customer FROM handle h WHERE h.id = m.handle), m.direction FROM message m WHERE {which}"
        );
        let mut s = tx.prepare(&sql)?;
        s.query_map(arg, |r| {
            Ok((
                r.get(0)?,
                r.get(1)?,
                r.get(2)?,
                r.get(3)?,
                r.get(4)?,
                r.get(5)?,
            ))
        })?
        .collect::<rusqlite::Result<_>>()?
    };
    for (rid, id, machine, old, not_customer, direction) in rows {
        let class = class_that_counts(
            tx,
            id,
            Direction::from_i64(direction),
            Class::from_i64(machine),
            not_customer == Some(1),
        )?
        .as_i64();
        if class != old {
            tx.execute(
                "UPDATE message SET class = ?2 WHERE rid = ?1",
                params![rid, class],
            )?;
            let counts = direction != Direction::Internal.as_i64();
            let human = i64::from(counts && class == Class::Human.as_i64())
                - i64::from(counts && old == Class::Human.as_i64());
            tx.execute("UPDATE customer SET human = human + ?2 WHERE id IN (SELECT conversation FROM timeline WHERE message = ?1)", params![id, human])?;
            if class != Class::Human.as_i64() {
                tx.execute("UPDATE timeline SET unread = 0 WHERE message = ?1", [id])?;
            }
        }
        touch_all(tx, id)?;
    }
    Ok(())
}

/// Everywhere a message is shown.
pub(super) fn touch_all(tx: &mut Tx<'_>, m: MessageId) -> Result<()> {
    for c in shown_in(tx, m)? {
        tx.touch(c);
    }
    Ok(())
}

/// The original conversations that show a message.
pub(super) fn shown_in(conn: &Connection, m: MessageId) -> Result<Vec<CustomerId>> {
    let mut s = conn.prepare_cached("SELECT conversation FROM timeline WHERE message = ?1")?;
    Ok(s.query_map([m], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// A message's `sent_at` became known better. The row's id stays: it is only a search order.
pub(super) fn resent(tx: &mut Tx<'_>, m: MessageId, at: Millis) -> Result<()> {
    tx.prepare_cached("UPDATE message SET sent_at = ?2 WHERE id = ?1")?
        .execute(params![m, at])?;
    tx.prepare_cached("UPDATE timeline SET sent_at = ?2 WHERE message = ?1")?
        .execute(params![m, at])?;
    for c in shown_in(tx, m)? {
        tx.recount(c);
    }
    Ok(())
}

/// What a customer's counts take from one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct One {
    /// It belongs there, and is not only shown.
    pub home: bool,
    pub class: Class,
    pub direction: Direction,
    pub sent_at: Millis,
}

/// A message is shown in a conversation in which it was not.
pub(super) fn count_in(tx: &mut Tx<'_>, c: CustomerId, one: One) -> Result<()> {
    let at = |d: Direction| (one.direction == d).then_some(one.sent_at);
    let human = one.class == Class::Human && one.direction != Direction::Internal;
    tx.prepare_cached(
        "UPDATE customer SET messages = messages + 1, here = here + ?2, human = human + ?3, last_in = max(coalesce(last_in, ?4), coalesce(?4, last_in)),
           last_out = max(coalesce(last_out, ?5), coalesce(?5, last_out)), since = min(coalesce(since, ?6), ?6) WHERE id = ?1",
    )?
    .execute(params![c, one.home, human, at(Direction::Inbound), at(Direction::Outbound), one.sent_at])?;
    tx.touch(c);
    Ok(())
}

/// Count a customer's messages anew, where something else than a new message changed them. [`Tx::recount`] asks for it.
pub(super) fn recount_customer(tx: &Tx<'_>, c: CustomerId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE customer SET
           messages = (SELECT count(*) FROM timeline WHERE conversation = ?1),
           here = (SELECT count(*) FROM timeline WHERE conversation = ?1 AND home = 1),
           human = (SELECT count(*) FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND m.class = 0 AND m.direction <> 2),
           last_in = (SELECT max(t.sent_at) FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND m.direction = 0),
           last_out = (SELECT max(t.sent_at) FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND m.direction = 1),
           since = (SELECT min(sent_at) FROM timeline WHERE conversation = ?1)
         WHERE id = ?1",
    )?
    .execute([c])?;
    Ok(())
}
