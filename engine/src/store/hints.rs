//! *May belong to …*: a mail names a mail of somebody else's conversation, and its sender took no part in that. It may
//! be the same person under another address, or a stranger who saw an id. The machine decides nothing; a person links
//! the two or says that they are two. It follows from what is stored, so that it is the same in any order of arrival.

use super::timeline::StoredMessage;
use super::{conversations, lists, log, threads};
use crate::error::Result;
use crate::model::log::Entity;
use crate::model::{Class, CustomerId, Direction, HintWhy, email_key};
use rusqlite::Connection;

/// A suggestion that a message may belong to another conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The other customer, as shown.
    pub conversation: CustomerId,
    /// Their name, or address.
    pub name: String,
    /// The evidence.
    pub why: HintWhy,
}

/// The suggestion for a message, unless a person said no.
///
/// # Errors
/// When the store fails.
pub fn of(conn: &Connection, m: &StoredMessage) -> Result<Option<Hint>> {
    let (Direction::Inbound, Class::Human, Some(home)) = (m.direction, m.class, m.conversation)
    else {
        return Ok(None);
    };
    let home = conversations::root(conn, home)?;
    let Some((conversation, why)) = other(conn, m, home)? else {
        return Ok(None);
    };
    if dismissed(conn, m)? {
        return Ok(None);
    }
    Ok(lists::name(conn, conversation)?.map(|name| Hint {
        conversation,
        name,
        why,
    }))
}

fn dismissed(conn: &Connection, m: &StoredMessage) -> Result<bool> {
    let said = log::value(conn, Entity::Message, &m.id.hex(), "hint")?;
    Ok(said.and_then(|v| v.as_bool()) == Some(false))
}

/// What the mail names, the nearest first: a mail of another's conversation, else the token of one.
fn other(
    conn: &Connection,
    m: &StoredMessage,
    home: CustomerId,
) -> Result<Option<(CustomerId, HintWhy)>> {
    let from = m.people.from.as_ref().and_then(|p| email_key(&p.address));
    let mut s = conn.prepare_cached(
        "SELECT x.conversation, x.participants FROM naming n JOIN message x ON x.id = n.message JOIN handle h ON h.id = x.conversation
         WHERE n.ref = ?1 AND n.nearness = 0 AND x.id <> ?2 AND h.scope <> 'internal' ORDER BY x.id",
    )?;
    for named in threads::named(conn, m.id)? {
        let rows: Vec<(CustomerId, String)> = s
            .query_map((&named[..], m.id), |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut suggested = None;
        for (conversation, people) in rows {
            let people: super::ingest::Participants =
                serde_json::from_str(&people).unwrap_or_default();
            let took_part = from.as_ref().is_some_and(|f| people.keys().contains(f));
            let root = conversations::root(conn, conversation)?;
            if took_part || root == home {
                // An answer where it belongs, or of somebody who was asked as well.
                return Ok(None);
            }
            suggested = suggested.or(Some((root, HintWhy::Answers)));
        }
        if suggested.is_some() {
            return Ok(suggested);
        }
    }
    match m.signed_for {
        Some(c) => {
            let root = conversations::root(conn, c)?;
            Ok((root != home).then_some((root, HintWhy::Signed)))
        }
        None => Ok(None),
    }
}
