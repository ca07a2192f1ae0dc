//! One mail that came in several bodies: re-encoded on its way, or altered. Same Message-ID, sender and Date, so it is
//! one message to people: one card, one wait, one notification, and every body can be read.

use super::{Tx, places};
use crate::error::Result;
use crate::model::{CustomerId, MessageId, email_key};
use crate::time::Millis;
use rusqlite::{Connection, params};
use std::cmp::Reverse;
use std::collections::HashMap;

struct Copy {
    id: MessageId,
    authored: bool,
    direction: i64,
    claimed: Option<Millis>,
    from: Option<String>,
    verified: Option<bool>,
    class: i64,
    live: bool,
    snippet: String,
    variant_of: Option<MessageId>,
}

impl Copy {
    /// The greatest one stands in the timeline: what we wrote ourselves, then what is best vouched for, so that a
    /// forged copy never stands in the place of the true one; then what counts at its account, so that no wait is lost.
    /// The words decide the rest, and the id only where even they are the same: ids differ from workspace to workspace.
    fn rank(
        &self,
    ) -> (
        bool,
        u8,
        Reverse<i64>,
        bool,
        Reverse<&str>,
        Reverse<MessageId>,
    ) {
        let vouched = match self.verified {
            Some(true) => 2,
            None => 1,
            Some(false) => 0,
        };
        (
            self.authored,
            vouched,
            Reverse(self.class),
            self.live,
            Reverse(self.snippet.as_str()),
            Reverse(self.id),
        )
    }
}

/// The copies of this message, itself included; nothing where it has no Message-ID or sender.
fn copies(conn: &Connection, id: MessageId) -> Result<Vec<Copy>> {
    let mut s = conn.prepare_cached(
        "SELECT c.id, c.author IS NOT NULL, c.direction, c.claimed_at, c.participants, c.verified, c.machine_class, c.variant_of, c.live, c.snippet
         FROM message m JOIN message c ON c.ref = m.ref WHERE m.id = ?1 AND c.unreadable IS NULL ORDER BY c.id",
    )?;
    let all: Vec<Copy> = s
        .query_map([id], |r| {
            let people: super::ingest::Participants =
                serde_json::from_str(&r.get::<_, String>(4)?).unwrap_or_default();
            Ok(Copy {
                id: r.get(0)?,
                authored: r.get(1)?,
                direction: r.get(2)?,
                claimed: r.get(3)?,
                from: people.from.and_then(|p| email_key(&p.address)),
                verified: r.get(5)?,
                class: r.get(6)?,
                variant_of: r.get(7)?,
                live: r.get(8)?,
                snippet: r.get(9)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(all)
}

/// Direction, sender, Date; and itself, where nothing makes it the same as another.
type Sameness = (i64, Option<String>, Option<Millis>, Option<MessageId>);

/// The groups among mails that share a Message-ID: by direction, sender and Date. The Date of what we wrote here is
/// that of its last attempt, so any copy of it belongs to it.
fn groups(all: Vec<Copy>) -> Vec<Vec<Copy>> {
    let written: Vec<(i64, Option<String>)> = all
        .iter()
        .filter(|c| c.authored)
        .map(|c| (c.direction, c.from.clone()))
        .collect();
    let mut by: HashMap<Sameness, Vec<Copy>> = HashMap::new();
    for c in all {
        let ours = written.contains(&(c.direction, c.from.clone()));
        // Without a sender nothing says that two are one.
        let alone = c.from.is_none().then_some(c.id);
        let date = c.claimed.filter(|_| !ours);
        by.entry((c.direction, c.from.clone(), date, alone))
            .or_default()
            .push(c);
    }
    by.into_values().collect()
}

/// Decide anew which of the mails under this message's Message-ID stand in the timeline.
pub(super) fn settle(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let all = copies(tx, id)?;
    if all.len() < 2 && all.iter().all(|c| c.variant_of.is_none()) {
        return Ok(());
    }
    for group in groups(all) {
        let Some(stands) = group
            .iter()
            .max_by(|a, b| a.rank().cmp(&b.rank()))
            .map(|c| c.id)
        else {
            continue;
        };
        let mut turned = Vec::new();
        for c in &group {
            let variant_of = (c.id != stands).then_some(stands);
            if c.variant_of != variant_of {
                turned.push(c.id);
                tx.prepare_cached("UPDATE message SET variant_of = ?2 WHERE id = ?1")?
                    .execute(params![c.id, variant_of])?;
            }
        }
        if turned.is_empty() {
            continue;
        }
        let read = was_read(tx, &group)?;
        // First those that leave the timeline, so that the one that stands is counted alone.
        turned.sort_by_key(|c| *c == stands);
        for c in turned {
            places::show_anew(tx, c)?;
        }
        if let Some(read) = read {
            places::mark_read(tx, stands, read)?;
        }
    }
    Ok(())
}

/// Whether one that stood in the timeline was read; nothing where none of them asks to be.
fn was_read(conn: &Connection, group: &[Copy]) -> Result<Option<bool>> {
    let mut s = conn.prepare_cached(
        "SELECT t.unread FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.message = ?1 AND t.home = 1 AND m.class = 0 AND m.direction = 0 AND m.live = 1",
    )?;
    let mut read = None;
    for c in group {
        for unread in s.query_map([c.id], |r| r.get::<_, bool>(0))? {
            read = Some(read.unwrap_or(false) || !unread?);
        }
    }
    Ok(read)
}

/// Another mail with this Message-ID, sender and Date is known already.
pub(super) fn is_another_copy(conn: &Connection, id: MessageId) -> Result<bool> {
    let all = copies(conn, id)?;
    Ok(groups(all)
        .iter()
        .any(|g| g.len() > 1 && g.iter().any(|c| c.id == id)))
}

/// The other bodies of a message that stands in the timeline.
///
/// # Errors
/// When the store fails.
pub fn of(conn: &Connection, id: MessageId) -> Result<Vec<MessageId>> {
    let mut s = conn.prepare_cached("SELECT id FROM message WHERE variant_of = ?1 ORDER BY id")?;
    Ok(s.query_map([id], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// In a conversation: which message stands for which. What a person decided about one of them counts for all.
pub(super) fn stand_ins(conn: &Connection, c: CustomerId) -> Result<HashMap<MessageId, MessageId>> {
    let mut s = conn.prepare_cached(
        "SELECT id, variant_of FROM message WHERE conversation = ?1 AND variant_of IS NOT NULL",
    )?;
    Ok(s.query_map([c], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// These messages, and the ones that stand for them.
pub(super) fn with_stand_ins(
    mut ids: Vec<MessageId>,
    of: &HashMap<MessageId, MessageId>,
) -> Vec<MessageId> {
    if !of.is_empty() {
        let more: Vec<MessageId> = ids
            .iter()
            .filter_map(|i| of.get(i).copied())
            .filter(|i| !ids.contains(i))
            .collect();
        ids.extend(more);
    }
    ids
}
