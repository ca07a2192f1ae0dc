//! Search: newest first or best first, every word must be there, the last one may be a beginning.

pub mod index;
mod marks;
mod query;

pub use marks::{MarkedText, Marks, excerpt, marked};
pub use query::{Condition, Query, Who, parse, today};

use super::files::unpack_text;
use super::normalise::{Purpose, tokens};
use crate::error::Result;
use crate::model::{AgentId, Channel, CustomerId, Direction, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, ToSql, params_from_iter};

/// Relevance is that of the newest so many hits: ranking all of them would cost a second at a million messages.
const RANKED: usize = 2_000;
/// Conditions that so few conversations meet are asked of those conversations, not of every message.
const FEW: usize = 200;
/// A view of found conversations reads at most so many hits.
const DEEPEST: usize = 20_000;

/// The order of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Latest first.
    #[default]
    Newest,
    /// Most relevant first, among the newest [`RANKED`].
    Best,
}

/// What is asked beside the query.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Who searches.
    pub me: AgentId,
    /// In which order.
    pub order: Order,
    /// At most so many.
    pub limit: usize,
    /// Where the page before ended ([`Found::place`]).
    pub after: Option<i64>,
}

/// One found message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its place in the order, for paging.
    pub place: i64,
    /// Message.
    pub message: MessageId,
    /// Shown conversation.
    pub conversation: CustomerId,
    /// Customer's name.
    pub name: String,
    /// When.
    pub at: Millis,
    /// Channel.
    pub channel: Channel,
    /// Which way.
    pub direction: Direction,
    /// Subject.
    pub subject: Option<MarkedText>,
    /// Around the first hit.
    pub snippet: MarkedText,
}

/// Messages that match.
///
/// # Errors
/// When the store fails.
pub fn find(conn: &Connection, q: &Query, ask: &Ask) -> Result<Vec<Found>> {
    if q.is_empty() {
        return Ok(Vec::new());
    }
    let best = ask.order == Order::Best && !q.matching.is_empty();
    let mut sql = Sql::default();
    if best {
        sql.ranked(q);
    } else {
        sql.newest(q, ask.after);
    }
    sql.conditions(conn, q, ask.me)?;
    let limit = i64::try_from(ask.limit).unwrap_or(200);
    let limit = sql.bind(limit);
    if best {
        // The pages of a ranking are counted: it is made of the same few hits each time.
        let skip = sql.bind(ask.after.map_or(0, |n| n.saturating_add(1)));
        sql.text.push_str(&format!(
            " ORDER BY s.score, m.rid DESC LIMIT {limit} OFFSET {skip}"
        ));
    } else {
        sql.text
            .push_str(&format!(" ORDER BY {} DESC LIMIT {limit}", key(q)));
    }
    let mut s = conn.prepare_cached(&sql.text)?;
    let mut rows = s.query(params_from_iter(sql.args.iter().map(AsRef::as_ref)))?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let place = if best {
            ask.after.map_or(0, |n| n.saturating_add(1)) + i64::try_from(out.len()).unwrap_or(0)
        } else {
            r.get(0)?
        };
        out.push(found(r, place, q)?);
    }
    Ok(out)
}

fn found(r: &rusqlite::Row<'_>, place: i64, q: &Query) -> Result<Found> {
    let subject: Option<String> = r.get(7)?;
    let body = unpack_text(&r.get::<_, Vec<u8>>(8)?)?;
    Ok(Found {
        place,
        message: r.get(1)?,
        conversation: r.get(2)?,
        name: r.get(3)?,
        at: r.get(4)?,
        channel: Channel::parse(&r.get::<_, String>(5)?).unwrap_or(Channel::Email),
        direction: Direction::from_i64(r.get(6)?),
        subject: subject.map(|t| marked(t, &q.marks)),
        snippet: excerpt(&body, &q.marks),
    })
}

/// Conversations with a message that matches, the latest match first, each once.
///
/// # Errors
/// When the store fails.
pub fn conversations(
    conn: &Connection,
    q: &Query,
    me: AgentId,
    limit: usize,
) -> Result<Vec<CustomerId>> {
    if q.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::default();
    if q.only_conversations() {
        sql.text.push_str("SELECT c.id FROM conversation c WHERE 1");
        sql.conversation_conditions(conn, q, me)?;
        sql.text.push_str(" ORDER BY c.last_at DESC, c.id");
    } else {
        sql.text.push_str("SELECT c.id FROM ");
        sql.sources(q);
        sql.matching(q, None);
        sql.conditions(conn, q, me)?;
        sql.text
            .push_str(&format!(" ORDER BY {} DESC LIMIT {DEEPEST}", key(q)));
    }
    let mut s = conn.prepare_cached(&sql.text)?;
    let mut rows = s.query(params_from_iter(sql.args.iter().map(AsRef::as_ref)))?;
    let (mut seen, mut out) = (std::collections::HashSet::new(), Vec::new());
    while let Some(r) = rows.next()? {
        let id: CustomerId = r.get(0)?;
        if seen.insert(id) {
            out.push(id);
            if out.len() == limit {
                break;
            }
        }
    }
    Ok(out)
}

/// What orders by time: the index's own row id where it is asked, so that newest first costs nothing.
fn key(q: &Query) -> &'static str {
    if q.matching.is_empty() {
        "m.rid"
    } else {
        "s.rowid"
    }
}

const COLUMNS: &str =
    "SELECT m.rid, m.id, c.id, c.name, m.sent_at, m.channel, m.direction, m.subject, b.text FROM ";
const JOINS: &str = " JOIN body b ON b.rid = m.rid JOIN customer o ON o.id = m.conversation JOIN conversation c ON c.id = o.root WHERE 1";

/// A statement under construction: text and what stands for its question marks.
#[derive(Default)]
struct Sql {
    text: String,
    args: Vec<Box<dyn ToSql>>,
}

impl Sql {
    fn bind(&mut self, v: impl ToSql + 'static) -> String {
        self.args.push(Box::new(v));
        format!("?{}", self.args.len())
    }

    fn newest(&mut self, q: &Query, after: Option<i64>) {
        self.text.push_str(COLUMNS);
        self.sources(q);
        self.matching(q, after);
    }

    fn sources(&mut self, q: &Query) {
        self.text.push_str(if q.matching.is_empty() {
            "message m"
        } else {
            "search s JOIN message m ON m.rid = s.rowid"
        });
        self.text.push_str(JOINS);
    }

    fn matching(&mut self, q: &Query, after: Option<i64>) {
        if !q.matching.is_empty() {
            let m = self.bind(q.matching.clone());
            self.text.push_str(&format!(" AND search MATCH {m}"));
        }
        if let Some(a) = after {
            let a = self.bind(a);
            self.text.push_str(&format!(" AND {} < {a}", key(q)));
        }
        self.range(q, key(q));
        for w in &q.without {
            let w = self.bind(w.clone());
            self.text.push_str(&format!(
                " AND NOT EXISTS (SELECT 1 FROM search x WHERE x.search MATCH {w} AND x.rowid = m.rid)"
            ));
        }
    }

    fn range(&mut self, q: &Query, key: &str) {
        let rid = |at: Millis| at.clamp(0, (1 << 43) - 1) << 20;
        if let Some(b) = q.before {
            let b = self.bind(rid(b));
            self.text.push_str(&format!(" AND {key} < {b}"));
        }
        if let Some(a) = q.after {
            let a = self.bind(rid(a));
            self.text.push_str(&format!(" AND {key} >= {a}"));
        }
    }

    /// A hit in the subject or the sender says more than one in a long text.
    fn ranked(&mut self, q: &Query) {
        self.text
            .push_str("WITH s AS MATERIALIZED (SELECT rowid AS rid, bm25(search, 6.0, 4.0, 2.0, 1.0, 3.0) AS score FROM search WHERE search MATCH ");
        let m = self.bind(q.matching.clone());
        self.text.push_str(&m);
        self.range(q, "rowid");
        self.text
            .push_str(&format!(" ORDER BY rowid DESC LIMIT {RANKED}) "));
        self.text.push_str(COLUMNS);
        self.text.push_str("s JOIN message m ON m.rid = s.rid");
        self.text.push_str(JOINS);
    }

    fn conditions(&mut self, conn: &Connection, q: &Query, me: AgentId) -> Result<()> {
        for (c, not) in &q.conditions {
            let text = match c {
                Condition::Channel(c) => format!("m.channel = {}", self.bind(c.as_str())),
                Condition::Files => "m.has_files = 1".into(),
                Condition::Mine => format!("coalesce(m.author = {}, 0)", self.bind(me)),
                _ => continue,
            };
            self.and(&text, *not);
        }
        if q.conditions.iter().any(|(c, _)| c.of_conversation()) && !self.few(conn, q, me)? {
            self.conversation_conditions(conn, q, me)?;
        }
        Ok(())
    }

    fn and(&mut self, text: &str, not: bool) {
        self.text
            .push_str(&format!(" AND {}({text})", if not { "NOT " } else { "" }));
    }

    fn conversation_conditions(&mut self, conn: &Connection, q: &Query, me: AgentId) -> Result<()> {
        for (c, not) in &q.conditions {
            let Some(text) = self.of_conversation(conn, c, me)? else {
                continue;
            };
            self.and(&text, *not);
        }
        Ok(())
    }

    fn of_conversation(
        &mut self,
        conn: &Connection,
        c: &Condition,
        me: AgentId,
    ) -> Result<Option<String>> {
        Ok(Some(match c {
            Condition::Tag(t) => format!(
                "EXISTS (SELECT 1 FROM json_each(c.tags) WHERE value = {})",
                self.bind(t.clone())
            ),
            Condition::Stage(s) => format!("coalesce(c.stage, '') = {}", self.bind(s.clone())),
            Condition::Assignee(Who::Nobody) => "c.assignee IS NULL".into(),
            Condition::Assignee(Who::Me) => self.assigned(&[me]),
            Condition::Assignee(Who::Named(words)) => self.assigned(&named(conn, words)?),
            Condition::Is(state) => is(state).into(),
            Condition::Channel(_) | Condition::Files | Condition::Mine => return Ok(None),
        }))
    }

    fn assigned(&mut self, agents: &[AgentId]) -> String {
        let all: Vec<String> = agents.iter().map(|a| self.bind(*a)).collect();
        format!(
            "c.assignee IS NOT NULL AND c.assignee IN ({})",
            all.join(", ")
        )
    }

    /// Where few conversations meet the conditions and no word is asked for, their messages are read and no others.
    fn few(&mut self, conn: &Connection, q: &Query, me: AgentId) -> Result<bool> {
        if !q.matching.is_empty() {
            return Ok(false);
        }
        let mut those = Self::default();
        those
            .text
            .push_str("SELECT c.id FROM conversation c WHERE 1");
        those.conversation_conditions(conn, q, me)?;
        those.text.push_str(&format!(" LIMIT {}", FEW + 1));
        let mut s = conn.prepare_cached(&those.text)?;
        let ids: Vec<CustomerId> = s
            .query_map(
                params_from_iter(those.args.iter().map(AsRef::as_ref)),
                |r| r.get(0),
            )?
            .collect::<rusqlite::Result<_>>()?;
        if ids.len() > FEW {
            return Ok(false);
        }
        let ids: Vec<String> = ids.into_iter().map(|id| self.bind(id)).collect();
        self.text.push_str(&format!(
            " AND m.rid IN (SELECT t.rid FROM customer k JOIN timeline t ON t.conversation = k.id WHERE k.root IN ({}) AND t.home = 1)",
            ids.join(", ")
        ));
        Ok(true)
    }
}

fn is(state: &str) -> &'static str {
    match state {
        "open" => "c.shelf = 0",
        "waiting" => "c.shelf = 0 AND c.wait_since IS NOT NULL",
        "unassigned" => "c.shelf = 0 AND c.assignee IS NULL",
        "snoozed" => "c.shelf = 1",
        "unread" => "c.unread > 0",
        _ => "c.shelf = 2",
    }
}

/// People of the team each of whose asked words begins a word of the name.
fn named(conn: &Connection, words: &[String]) -> Result<Vec<AgentId>> {
    let mut s = conn.prepare_cached("SELECT id, name FROM agent")?;
    let all: Vec<(AgentId, String)> = s
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let is_named = |name: &str| {
        let own = tokens(name, Purpose::Document);
        words
            .iter()
            .all(|w| own.iter().any(|t| t.word.starts_with(w.as_str())))
    };
    Ok(all
        .into_iter()
        .filter(|(_, name)| !words.is_empty() && is_named(name))
        .map(|(id, _)| id)
        .collect())
}
