//! Lists: ids of a view by keyset, rows by id, numbers from their table. Never OFFSET, never COUNT over messages.

use super::conversations::OPEN;
use crate::error::{Error, Result};
use crate::model::{AgentId, Channel, CustomerId, Direction};
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
}

/// Ids in order, with the key after which the next page begins.
///
/// # Errors
/// [`Error::Invalid`] for a key that is none.
pub fn ids(
    conn: &Connection,
    which: &Which,
    filter: &Filter,
    longest_wait: bool,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<CustomerId>, Option<String>)> {
    let key = if longest_wait {
        "coalesce(wait_since, 9223372036854775807)"
    } else {
        "last_at"
    };
    let mut args: Vec<Box<dyn ToSql>> = Vec::new();
    let mut sql = format!("SELECT id, {key} FROM conversation WHERE ");
    let mut bind = |v: Box<dyn ToSql>| {
        args.push(v);
        format!("?{}", args.len())
    };
    match which {
        Which::Shelf(s) => sql.push_str(&format!("shelf = {}", bind(Box::new(*s)))),
        Which::Assigned(a) => sql.push_str(&format!(
            "shelf = {OPEN} AND assignee = {}",
            bind(Box::new(*a))
        )),
        Which::Unassigned => sql.push_str(&format!("shelf = {OPEN} AND assignee IS NULL")),
        Which::Waiting => sql.push_str(&format!("shelf = {OPEN} AND wait_since IS NOT NULL")),
        Which::Problem => sql.push_str("problem = 1"),
        Which::All => sql.push('1'),
    }
    if let Some(s) = &filter.stage {
        sql.push_str(&format!(" AND stage = {}", bind(Box::new(s.clone()))));
    }
    if let Some(t) = &filter.tag {
        let t = bind(Box::new(t.clone()));
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = {t})"
        ));
    }
    if let Some(a) = after {
        let (at, id) = parse_key(a)?;
        let (at, id) = (bind(Box::new(at)), bind(Box::new(id)));
        if longest_wait {
            sql.push_str(&format!(" AND ({key}, id) > ({at}, {id})"));
        } else {
            sql.push_str(&format!(
                " AND (last_at < {at} OR last_at = {at} AND id > {id})"
            ));
        }
    }
    let n = bind(Box::new(i64::try_from(limit).unwrap_or(i64::MAX)));
    sql.push_str(&if longest_wait {
        format!(" ORDER BY {key}, id LIMIT {n}")
    } else {
        format!(" ORDER BY last_at DESC, id LIMIT {n}")
    });
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
                c.snoozed_until, c.problem, EXISTS (SELECT 1 FROM draft d WHERE d.conversation = c.id AND d.agent = ?2)
         FROM conversation c LEFT JOIN agent a ON a.id = c.assignee WHERE c.id = ?1",
    )?;
    Ok(s.query_row(params![id, me], |r| {
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
    .optional()?)
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
