//! Lists: ids of a view by keyset, rows by id, numbers from their table. Never OFFSET, never COUNT over messages.

use super::conversations::OPEN;
use crate::error::{Error, Result};
use crate::model::{AgentId, CardKind, Channel, CustomerId, Direction, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};

/// Which conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// On a shelf.
    Shelf(i64),
    /// Open and assigned to.
    Assigned(AgentId),
    /// Open and assigned to nobody.
    Unassigned,
    /// Open and waiting.
    Waiting,
    /// A send went wrong.
    Problem,
    /// All.
    All,
}

/// A filter over a view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this stage.
    pub stage: Option<String>,
    /// Only this tag.
    pub tag: Option<String>,
    /// Only this part of the list.
    pub part: Option<Part>,
}

/// One part of a list that is grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// In this stage, or in none.
    Stage(Option<String>),
    /// Assigned to this agent, or to nobody.
    Assignee(Option<AgentId>),
    /// Whose last message came by this channel.
    Channel(Channel),
    /// Whose last activity lies from the first instant to before the second.
    Span(Option<Millis>, Option<Millis>),
}

/// What a list is grouped by, where a column says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The stage.
    Stage,
    /// The assignee.
    Assignee,
    /// The channel of the last message.
    Channel,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Latest activity first.
    Newest,
    /// Latest activity last.
    Oldest,
    /// Longest wait first; who does not wait comes last.
    LongestWait,
    /// What wakes up first; what is awake comes last.
    WakesNext,
}

impl Order {
    /// What is ordered by, and whether it falls.
    const fn key(self) -> (&'static str, bool) {
        match self {
            Self::Newest => ("last_at", true),
            Self::Oldest => ("last_at", false),
            Self::LongestWait => ("coalesce(wait_since, 9223372036854775807)", false),
            Self::WakesNext => ("coalesce(snoozed_until, 9223372036854775807)", false),
        }
    }
}

/// A condition that grows, with its bound values.
#[derive(Default)]
struct Where {
    sql: String,
    args: Vec<Box<dyn ToSql>>,
}

impl Where {
    fn bind(&mut self, v: impl ToSql + 'static) -> String {
        self.args.push(Box::new(v));
        format!("?{}", self.args.len())
    }

    fn new(which: &Which, filter: &Filter) -> Self {
        let mut w = Self::default();
        w.sql = match which {
            Which::Shelf(s) => format!("shelf = {}", w.bind(*s)),
            Which::Assigned(a) => format!("shelf = {OPEN} AND assignee = {}", w.bind(*a)),
            Which::Unassigned => format!("shelf = {OPEN} AND assignee IS NULL"),
            Which::Waiting => format!("shelf = {OPEN} AND wait_since IS NOT NULL"),
            Which::Problem => "problem = 1".to_owned(),
            Which::All => "1".to_owned(),
        };
        if let Some(s) = &filter.stage {
            let s = w.bind(s.clone());
            w.and(&format!("stage = {s}"));
        }
        if let Some(t) = &filter.tag {
            let t = w.bind(t.clone());
            w.and(&format!(
                "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = {t})"
            ));
        }
        if let Some(part) = &filter.part {
            w.part(part);
        }
        w
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Stage(s) => {
                let s = self.bind(s.clone());
                self.and(&format!("stage IS {s}"));
            }
            Part::Assignee(a) => {
                let a = self.bind(*a);
                self.and(&format!("assignee IS {a}"));
            }
            Part::Channel(c) => {
                let c = self.bind(c.as_str());
                self.and(&format!("channel = {c}"));
            }
            Part::Span(from, to) => {
                if let Some(from) = *from {
                    let from = self.bind(from);
                    self.and(&format!("last_at >= {from}"));
                }
                if let Some(to) = *to {
                    let to = self.bind(to);
                    self.and(&format!("last_at < {to}"));
                }
            }
        }
    }
}

/// Ids in order, with the key after which the next page begins.
///
/// # Errors
/// [`Error::Invalid`] for a key that is none.
pub fn ids(
    conn: &Connection,
    which: &Which,
    filter: &Filter,
    order: Order,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<CustomerId>, Option<String>)> {
    let (key, falls) = order.key();
    let mut w = Where::new(which, filter);
    if let Some(a) = after {
        let (at, id) = parse_key(a)?;
        let (at, id) = (w.bind(at), w.bind(id));
        w.and(&if falls {
            format!("({key} < {at} OR {key} = {at} AND id > {id})")
        } else {
            format!("({key}, id) > ({at}, {id})")
        });
    }
    let n = w.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let way = if falls { " DESC" } else { "" };
    let Where { sql, args } = w;
    let sql =
        format!("SELECT id, {key} FROM conversation WHERE {sql} ORDER BY {key}{way}, id LIMIT {n}");
    let mut s = conn.prepare_cached(&sql)?;
    let rows: Vec<(CustomerId, Millis)> = s
        .query_map(params_from_iter(args.iter().map(AsRef::as_ref)), |r| {
            Ok((r.get(0)?, r.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let next = if rows.len() == limit {
        rows.last().map(|(id, at)| format!("{at}.{id}"))
    } else {
        None
    };
    Ok((rows.into_iter().map(|r| r.0).collect(), next))
}

/// How many conversations each value of a column has in a list, in the order of the values.
///
/// # Errors
/// When the store fails.
pub fn by_column(
    conn: &Connection,
    which: &Which,
    filter: &Filter,
    column: Column,
) -> Result<Vec<(Part, u32)>> {
    let name = match column {
        Column::Stage => "stage",
        Column::Assignee => "assignee",
        Column::Channel => "channel",
    };
    let Where { sql, args } = Where::new(which, filter);
    let mut s = conn.prepare_cached(&format!(
        "SELECT {name}, count(*) FROM conversation WHERE {sql} GROUP BY {name} ORDER BY {name}"
    ))?;
    let rows = s.query_map(params_from_iter(args.iter().map(AsRef::as_ref)), |r| {
        let part = match column {
            Column::Stage => Part::Stage(r.get(0)?),
            Column::Assignee => Part::Assignee(r.get(0)?),
            Column::Channel => {
                Part::Channel(Channel::parse(&r.get::<_, String>(0)?).unwrap_or(Channel::Email))
            }
        };
        Ok((part, r.get(1)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many conversations of a list were last active in each of the spans that `cuts`, which rise, part time into.
/// Spans in which nothing lies are left out.
///
/// # Errors
/// When the store fails.
pub fn by_span(
    conn: &Connection,
    which: &Which,
    filter: &Filter,
    cuts: &[Millis],
) -> Result<Vec<(Part, u32)>> {
    let mut found = Vec::new();
    for i in 0..=cuts.len() {
        let from = i.checked_sub(1).and_then(|i| cuts.get(i)).copied();
        let part = Part::Span(from, cuts.get(i).copied());
        let narrowed = Filter {
            part: Some(part.clone()),
            ..filter.clone()
        };
        let Where { sql, args } = Where::new(which, &narrowed);
        let n: u32 = conn
            .prepare_cached(&format!("SELECT count(*) FROM conversation WHERE {sql}"))?
            .query_row(params_from_iter(args.iter().map(AsRef::as_ref)), |r| {
                r.get(0)
            })?;
        if n > 0 {
            found.push((part, n));
        }
    }
    Ok(found)
}

fn parse_key(s: &str) -> Result<(Millis, CustomerId)> {
    s.split_once('.')
        .and_then(|(at, id)| Some((at.parse().ok()?, CustomerId::parse(id)?)))
        .ok_or_else(|| Error::Invalid("this is not a place in a list".into()))
}

/// A row of the list as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// Shown conversation.
    pub id: CustomerId,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Channel of the last message.
    pub channel: Channel,
    /// Shelf.
    pub shelf: i64,
    /// Last activity.
    pub last_at: Millis,
    /// Its direction.
    pub last_direction: Direction,
    /// Subject.
    pub subject: Option<String>,
    /// One line.
    pub snippet: String,
    /// What the last message is where it has no words.
    pub brief: Option<String>,
    /// Unread.
    pub unread: u32,
    /// Messages.
    pub messages: u32,
    /// Waiting since.
    pub wait_since: Option<Millis>,
    /// The wait is for the first answer.
    pub wait_first: bool,
    /// Assignee with name.
    pub assignee: Option<(AgentId, String)>,
    /// Stage.
    pub stage: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Asleep until.
    pub snoozed_until: Option<Millis>,
    /// A send went wrong.
    pub problem: bool,
    /// This agent has a draft.
    pub draft: bool,
}

/// The name under which a conversation is listed, or `None` when it is not shown.
///
/// # Errors
/// When the store fails.
pub fn name(conn: &Connection, id: CustomerId) -> Result<Option<String>> {
    use rusqlite::OptionalExtension;
    Ok(conn
        .prepare_cached("SELECT name FROM conversation WHERE id = ?1")?
        .query_row([id], |r| r.get(0))
        .optional()?)
}

/// One row, or `None` when it is not shown.
///
/// # Errors
/// When the store fails.
pub fn row(conn: &Connection, id: CustomerId, me: AgentId) -> Result<Option<ListRow>> {
    let mut s = conn.prepare_cached(
        "SELECT c.id, c.name, c.address, c.channel, c.shelf, c.last_at, c.last_direction, c.subject, c.snippet, c.unread, c.messages, c.wait_since, c.wait_first, c.assignee, a.name, c.stage, c.tags,
                c.snoozed_until, c.problem, EXISTS (SELECT 1 FROM draft d WHERE d.agent = ?2 AND (d.conversation = c.id OR d.conversation IN (SELECT m.id FROM customer m WHERE m.root = c.id)))
         FROM conversation c LEFT JOIN agent a ON a.id = c.assignee WHERE c.id = ?1",
    )?;
    let row = s
        .query_row(params![id, me], |r| {
            let assignee: Option<AgentId> = r.get(13)?;
            let name: Option<String> = r.get(14)?;
            Ok(ListRow {
                id: r.get(0)?,
                name: r.get(1)?,
                address: r.get(2)?,
                channel: Channel::parse(&r.get::<_, String>(3)?).unwrap_or(Channel::Email),
                shelf: r.get(4)?,
                last_at: r.get(5)?,
                last_direction: Direction::from_i64(r.get(6)?),
                subject: r.get(7)?,
                snippet: r.get(8)?,
                brief: None,
                unread: r.get(9)?,
                messages: r.get(10)?,
                wait_since: r.get(11)?,
                wait_first: r.get(12)?,
                assignee: assignee.map(|a| (a, name.unwrap_or_default())),
                stage: r.get(15)?,
                tags: serde_json::from_str(&r.get::<_, String>(16)?).unwrap_or_default(),
                snoozed_until: r.get(17)?,
                problem: r.get(18)?,
                draft: r.get(19)?,
            })
        })
        .optional()?;
    let Some(mut row) = row else { return Ok(None) };
    if row.snippet.is_empty() && row.subject.as_ref().is_none_or(String::is_empty) {
        row.brief = brief(conn, id)?;
    }
    Ok(Some(row))
}

/// What the last message of a conversation is, for one that has no words.
fn brief(conn: &Connection, id: CustomerId) -> Result<Option<String>> {
    let mut last: Option<(Millis, MessageId, i64, bool)> = None;
    for m in super::conversations::members(conn, id)? {
        let one = conn
            .prepare_cached(
                "SELECT t.sent_at, t.message, t.rid, m.unsent_at IS NOT NULL FROM timeline t JOIN message m ON m.rid = t.rid
                 WHERE t.conversation = ?1 ORDER BY t.sent_at DESC, t.message DESC LIMIT 1",
            )?
            .query_row([m], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
            .optional()?;
        last = last.max(one);
    }
    match last {
        Some((_, message, rid, unsent)) => brief_of(conn, message, rid, unsent),
        None => Ok(None),
    }
}

/// What a message is that has no words: what its first file or card is, or that it was taken back.
///
/// # Errors
/// When the store fails.
pub fn brief_of(
    conn: &Connection,
    message: MessageId,
    rid: i64,
    unsent: bool,
) -> Result<Option<String>> {
    if unsent {
        return Ok(Some("unsent".into()));
    }
    if let Some(f) = super::files::of_message(conn, message)?.first() {
        return Ok(Some(kind_of(&f.mime).into()));
    }
    let Some(card) = super::afterwards::cards(conn, rid)?.into_iter().next() else {
        return Ok(None);
    };
    if let (CardKind::Media, Some(mime)) = (card.kind, &card.mime) {
        return Ok(Some(kind_of(mime).into()));
    }
    // As it is written in JSON, which is also how the window names it.
    Ok(serde_json::to_value(card.kind)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned)))
}

fn kind_of(mime: &str) -> &'static str {
    match mime.split('/').next() {
        Some("image") => "picture",
        Some("video") => "video",
        Some("audio") => "voice",
        _ => "file",
    }
}

/// A number of the sidebar.
///
/// # Errors
/// When the store fails.
pub fn count(conn: &Connection, key: &str) -> Result<u32> {
    Ok(conn
        .prepare_cached("SELECT n FROM counter WHERE key = ?1")?
        .query_row([key], |r| r.get::<_, i64>(0))
        .optional()?
        .map_or(0, |n| u32::try_from(n).unwrap_or(0)))
}

/// Numbers whose key begins with `prefix`, without it, greatest first.
///
/// # Errors
/// When the store fails.
pub fn counts(conn: &Connection, prefix: &str) -> Result<Vec<(String, u32)>> {
    let mut s = conn.prepare_cached("SELECT substr(key, ?2), n FROM counter WHERE key >= ?1 AND key < ?1 || char(1114111) AND n > 0 ORDER BY n DESC, key LIMIT 200")?;
    let rows = s.query_map(
        params![prefix, i64::try_from(prefix.len()).unwrap_or(0) + 1],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The counter behind a view.
#[must_use]
pub fn counter_key(which: &Which) -> String {
    match which {
        Which::Shelf(s) => format!("shelf:{s}"),
        Which::Assigned(a) => format!("assignee:{}", a.hex()),
        Which::Unassigned => "unassigned".into(),
        Which::Waiting => "waiting".into(),
        Which::Problem => "problem".into(),
        Which::All => "all".into(),
    }
}
