//! Finding one's way within one conversation: by day, by file, by word. What each costs has a bound, whatever the
//! conversation's length.

use super::conversations::members;
use super::files::{self, FileRow};
use super::search::Query;
use super::timeline::Place;
use crate::error::Result;
use crate::model::{CustomerId, Direction, MessageId};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// Up to so many messages are each asked of the index; of more, the index is asked for all that match.
const FEW: usize = 400;
/// One page of files reads at most so many messages.
const READ: usize = 5_000;
/// A count of messages ends here.
pub const COUNTED: u32 = 1_000;

/// The first message at or after an instant, else the last before it.
///
/// # Errors
/// When the store fails.
pub fn message_at(
    conn: &Connection,
    conversation: CustomerId,
    at: Millis,
) -> Result<Option<MessageId>> {
    let mut after: Option<Place> = None;
    let mut before: Option<Place> = None;
    for c in members(conn, conversation)? {
        let here = |sql: &str| -> Result<Option<Place>> {
            Ok(conn
                .prepare_cached(sql)?
                .query_row(params![c, at], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()?)
        };
        let next = here(
            "SELECT sent_at, message FROM timeline WHERE conversation = ?1 AND sent_at >= ?2 ORDER BY sent_at, message LIMIT 1",
        )?;
        let last = here(
            "SELECT sent_at, message FROM timeline WHERE conversation = ?1 AND sent_at < ?2 ORDER BY sent_at DESC, message DESC LIMIT 1",
        )?;
        after = match (after, next) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        before = before.max(last);
    }
    Ok(after.or(before).map(|p| p.1))
}

/// Of each stretch between two instants, whether anything was written in it.
///
/// # Errors
/// When the store fails.
pub fn written(
    conn: &Connection,
    conversation: CustomerId,
    bounds: &[Millis],
) -> Result<Vec<bool>> {
    let all = members(conn, conversation)?;
    let mut s = conn.prepare_cached(
        "SELECT 1 FROM timeline WHERE conversation = ?1 AND sent_at >= ?2 AND sent_at < ?3",
    )?;
    let mut out = Vec::new();
    for pair in bounds.windows(2) {
        let mut any = false;
        for c in &all {
            any = any || s.exists(params![c, pair[0], pair[1]])?;
        }
        out.push(any);
    }
    Ok(out)
}

/// How many messages stand in a stretch, up to [`COUNTED`].
///
/// # Errors
/// When the store fails.
pub fn count(conn: &Connection, member: CustomerId, from: Millis, to: Millis) -> Result<u32> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM timeline WHERE conversation = ?1 AND sent_at >= ?2 AND sent_at < ?3 LIMIT ?4)",
        )?
        .query_row(params![member, from, to, COUNTED], |r| r.get(0))?)
}

/// A file with the message it came by.
#[derive(Debug, Clone)]
pub struct FileIn {
    /// The file.
    pub file: FileRow,
    /// Its message.
    pub message: MessageId,
    /// When that was sent.
    pub at: Millis,
    /// Which way.
    pub direction: Direction,
}

/// Files of a conversation, newest message first, and where to read on.
#[derive(Debug, Clone, Default)]
pub struct FilesPage {
    /// The files.
    pub files: Vec<FileIn>,
    /// Where the next page begins; none where every message was read.
    pub next: Option<Place>,
}

/// The files of messages older than a place: at least `limit` of them, unless too many messages without any lie between.
///
/// # Errors
/// When the store fails.
pub fn files(
    conn: &Connection,
    conversation: CustomerId,
    before: Place,
    limit: usize,
) -> Result<FilesPage> {
    let mut bearing: BTreeMap<Place, Option<Direction>> = BTreeMap::new();
    let mut more = false;
    for c in members(conn, conversation)? {
        let mut s = conn.prepare_cached(
            "SELECT t.sent_at, t.message, CASE WHEN m.has_files THEN m.direction END FROM timeline t JOIN message m ON m.rid = t.rid
             WHERE t.conversation = ?1 AND (t.sent_at, t.message) < (?2, ?3) ORDER BY t.sent_at DESC, t.message DESC LIMIT ?4",
        )?;
        let read = i64::try_from(READ).unwrap_or(i64::MAX);
        let mut rows = s.query(params![c, before.0, before.1, read])?;
        let mut seen = 0;
        while let Some(r) = rows.next()? {
            let which = r.get::<_, Option<i64>>(2)?.map(Direction::from_i64);
            bearing.insert((r.get(0)?, r.get(1)?), which);
            seen += 1;
        }
        more = more || seen == READ;
    }
    let mut page = FilesPage::default();
    for (i, (place, direction)) in bearing.iter().rev().enumerate() {
        if i == READ || page.files.len() >= limit {
            more = true;
            break;
        }
        page.next = Some(*place);
        let Some(direction) = direction else {
            continue;
        };
        let here = files::of_message(conn, place.1)?.into_iter();
        page.files.extend(here.map(|file| FileIn {
            file,
            message: place.1,
            at: place.0,
            direction: *direction,
        }));
    }
    page.next = page.next.filter(|_| more);
    Ok(page)
}

/// Messages that match, newest first, and where to read on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// The messages, each with when it was sent.
    pub found: Vec<(MessageId, Millis)>,
    /// Where the next page begins.
    pub next: Option<i64>,
}

/// Messages of a conversation whose subject, text or files match, newest first, and where to read on.
///
/// # Errors
/// When the store fails.
pub fn matching(
    conn: &Connection,
    conversation: CustomerId,
    q: &Query,
    limit: usize,
    before: Option<i64>,
) -> Result<Matches> {
    if q.matching.is_empty() {
        return Ok(Matches::default());
    }
    // Who wrote is the same throughout; that a name matches would make every message a hit.
    let asked = format!("{{subject body files}} : ({})", q.matching);
    let rids = rids(conn, conversation, before.unwrap_or(i64::MAX))?;
    let mut found = if rids.len() <= FEW {
        one_by_one(conn, &rids, &asked, limit + 1)?
    } else {
        all_that_match(conn, &rids, &asked, limit + 1)?
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().copied().filter(|_| more);
    let mut out = Vec::new();
    let mut s = conn.prepare_cached("SELECT id, sent_at FROM message WHERE rid = ?1")?;
    for rid in found {
        out.push(s.query_row([rid], |r| Ok((r.get(0)?, r.get(1)?)))?);
    }
    Ok(Matches { found: out, next })
}

/// The local rows of a conversation, ascending.
fn rids(conn: &Connection, conversation: CustomerId, before: i64) -> Result<Vec<i64>> {
    let mut out: Vec<i64> = Vec::new();
    for c in members(conn, conversation)? {
        let mut s =
            conn.prepare_cached("SELECT rid FROM timeline WHERE conversation = ?1 AND rid < ?2")?;
        let rows = s.query_map(params![c, before], |r| r.get::<_, i64>(0))?;
        for rid in rows {
            out.push(rid?);
        }
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

fn one_by_one(conn: &Connection, rids: &[i64], asked: &str, most: usize) -> Result<Vec<i64>> {
    let mut s = conn.prepare_cached("SELECT 1 FROM search WHERE search MATCH ?1 AND rowid = ?2")?;
    let mut out = Vec::new();
    for rid in rids.iter().rev() {
        if out.len() == most {
            break;
        }
        if s.exists(params![asked, rid])? {
            out.push(*rid);
        }
    }
    Ok(out)
}

fn all_that_match(conn: &Connection, rids: &[i64], asked: &str, most: usize) -> Result<Vec<i64>> {
    let (Some(first), Some(last)) = (rids.first(), rids.last()) else {
        return Ok(Vec::new());
    };
    let mut s = conn.prepare_cached(
        "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC",
    )?;
    let mut rows = s.query(params![asked, first, last])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let rid: i64 = r.get(0)?;
        if rids.binary_search(&rid).is_ok() {
            out.push(rid);
            if out.len() == most {
                break;
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(words: &[&str]) -> Connection {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(
            "CREATE VIRTUAL TABLE search USING fts5(subject, sender, recipients, body, files)",
        )
        .unwrap();
        for (i, w) in words.iter().enumerate() {
            let rid = i64::try_from(i).unwrap() + 1;
            c.execute(
                "INSERT INTO search (rowid, subject, sender, recipients, body, files) VALUES (?1, '', 'anna', '', ?2, '')",
                params![rid, w],
            )
            .unwrap();
        }
        c
    }

    #[test]
    fn both_ways_of_asking_the_index_find_the_same_newest_first() {
        let c = index(&["lamp", "shade", "lamp", "lamp", "anna lamp", "foot"]);
        let asked = "{subject body files} : ((\"lamp\"))";
        for (rids, expected) in [
            (vec![1, 2, 3, 5, 6], vec![5, 3, 1]),
            (vec![2, 6], vec![]),
            (vec![], vec![]),
        ] {
            assert_eq!(one_by_one(&c, &rids, asked, 9).unwrap(), expected);
            assert_eq!(all_that_match(&c, &rids, asked, 9).unwrap(), expected);
        }
        assert_eq!(one_by_one(&c, &[1, 3, 4], asked, 2).unwrap(), [4, 3]);
        assert_eq!(all_that_match(&c, &[1, 3, 4], asked, 2).unwrap(), [4, 3]);
    }

    #[test]
    fn the_name_of_who_wrote_is_no_hit() {
        let c = index(&["lamp", "for anna"]);
        let asked = "{subject body files} : ((\"anna\"))";
        assert_eq!(one_by_one(&c, &[1, 2], asked, 9).unwrap(), [2]);
    }
}
