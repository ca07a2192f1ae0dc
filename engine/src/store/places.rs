//! Where a polled message belongs, which way it went, when, and whether it counts: a pure function of the message,
//! its deliveries, the accounts, and the messages that it answers. Whatever of these comes later, the outcome is
//! made anew, so that every order of arrival ends in the same rows.

mod home;
mod stands;

pub(super) use home::{Home, Letter, home};

use super::ingest::{direction, is_own};
use super::{Tx, conversations, threads, variants};
use crate::error::Result;
use crate::model::{AccountId, Channel, Class, CustomerId, Direction, MessageId, address_key};
use crate::time::Millis;
use rusqlite::{Connection, params};
use stands::{stands, told};
use std::collections::BTreeSet;

/// What became of a message when its facts were made anew.
enum Outcome {
    /// Nothing that matters to others.
    Stays,
    /// It belongs to another conversation; this is its Message-ID's hash.
    Moved(Vec<u8>),
    /// It goes another way: who is in a circle with whom changed too.
    Turned,
}

/// Make a polled message's derived facts anew, and those of what answers it. Mails of ours that answer each other in a
/// circle do not ask each other ([`answered`]), so this ends.
pub(super) fn rederive(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        match rederive_one(tx, id, false)? {
            Outcome::Stays => {}
            Outcome::Moved(own) => open.extend(threads::naming_ours(tx, &own)?),
            Outcome::Turned => open.extend(threads::below(tx, id)?),
        }
        variants::settle(tx, id)?;
    }
    Ok(())
}

/// A new message has its row: find its places, and those of what names it and came before it.
pub(super) fn arrived(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let Some(new) = stands(tx, id)? else {
        return Ok(());
    };
    if new.direction == Direction::Inbound {
        // Its places are known already; what counts of the server's word is not.
        if let Some(t) = told(tx, id, new.claimed_at)? {
            tx.prepare_cached("UPDATE message SET verified = ?2, sender_says = ?3 WHERE id = ?1")?
                .execute(params![id, t.verified, t.says])?;
        }
        variants::settle(tx, id)?;
    } else {
        rederive(tx, id)?;
    }
    let Some(own) = new.own_ref else {
        return Ok(());
    };
    let named_by = threads::naming_ours(tx, &own)?;
    if named_by.is_empty() {
        return Ok(());
    }
    let below = threads::below(tx, id)?;
    let again: Vec<MessageId> = if below.contains(&id) {
        below.into_iter().collect()
    } else {
        named_by
    };
    for id in again {
        rederive(tx, id)?;
    }
    Ok(())
}

/// Write a message's places anew, because it stands in for its copies now, or no more.
pub(super) fn show_anew(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    // What was written here stands in the timeline from the beginning, and is not looked at.
    rederive_one(tx, id, true).map(drop)
}

/// Give the message that stands in for its copies the read mark of the one that stood before.
pub(super) fn mark_read(tx: &mut Tx<'_>, id: MessageId, read: bool) -> Result<()> {
    tx.prepare_cached(
        "UPDATE timeline SET unread = ?2 WHERE message = ?1 AND home = 1 AND EXISTS (SELECT 1 FROM message m WHERE m.id = ?1 AND m.direction = 0 AND m.class = 0 AND m.live = 1)",
    )?
    .execute(params![id, !read])?;
    conversations::touch_all(tx, id)
}

fn rederive_one(tx: &mut Tx<'_>, id: MessageId, force: bool) -> Result<Outcome> {
    let Some(old) = stands(tx, id)? else {
        return Ok(Outcome::Stays);
    };
    let Some(told) = told(tx, id, old.claimed_at)? else {
        return Ok(Outcome::Stays);
    };
    let ours = match old
        .people
        .from
        .as_ref()
        .and_then(|f| address_key(old.channel, &f.address))
    {
        Some(a) => is_own(tx, &a)?,
        None => false,
    };
    let direction = direction(ours, told.in_sent, told.verified == Some(true));
    let names = if direction == Direction::Inbound {
        Vec::new()
    } else {
        threads::named(tx, id)?
    };
    let scope = super::ingest::source(tx, told.account).map(|s| s.scope);
    let letter = Letter {
        me: id,
        account: told.account,
        channel: old.channel,
        scope: scope.as_deref().unwrap_or_default(),
        from: old.people.from.as_ref(),
        to: &old.people.to,
        cc: &old.people.cc,
        names,
        vouched: told.vouched(),
        claimed_at: old.claimed_at,
    };
    let home = home(tx, &letter, direction)?;
    let not_customer = match home.handle {
        Some(h) => tx
            .prepare_cached("SELECT not_customer FROM handle WHERE id = ?1")?
            .query_row([h], |r| r.get(0))?,
        None => false,
    };
    let class =
        conversations::class_that_counts(tx, id, direction, old.machine_class, not_customer)?;
    let moved = old.conversation != home.conversation;
    let also: BTreeSet<CustomerId> = home.also.iter().copied().filter(|_| !old.variant).collect();
    let same = !moved
        && !force
        && (old.account, old.direction, old.class, old.live, old.sent_at)
            == (
                told.account,
                direction,
                class.as_i64(),
                told.live,
                told.sent_at,
            )
        && (old.opens, old.handle, old.verified) == (home.opens, home.handle, told.verified)
        && old.says == told.says
        && shown_besides(tx, id)? == also;
    if same {
        return Ok(Outcome::Stays);
    }
    tx.prepare_cached(
        "UPDATE message SET account = ?2, direction = ?3, class = ?4, live = ?5, sent_at = ?6, opens = ?7, handle = ?8, conversation = ?9, outside = ?10, verified = ?11, sender_says = ?12 WHERE id = ?1",
    )?
    .execute(params![
        id,
        told.account,
        direction.as_i64(),
        class.as_i64(),
        told.live,
        told.sent_at,
        home.opens,
        home.handle,
        home.conversation,
        direction == Direction::Outbound,
        told.verified,
        told.says
    ])?;
    let live = told.live && direction != Direction::Internal;
    let counts = live && direction == Direction::Inbound && class == Class::Human;
    show(
        tx,
        id,
        &Shown {
            rid: old.rid,
            sent_at: told.sent_at,
            live,
            may_be_unread: counts,
            home: home.conversation.filter(|_| !old.variant),
            also: &also,
            class,
            direction,
        },
    )?;
    Ok(match old.own_ref {
        Some(_) if old.direction != direction => Outcome::Turned,
        Some(own) if moved => Outcome::Moved(own),
        _ => Outcome::Stays,
    })
}

/// Where a message is shown beside its own conversation.
fn shown_besides(conn: &Connection, id: MessageId) -> Result<BTreeSet<CustomerId>> {
    let mut s =
        conn.prepare_cached("SELECT conversation FROM timeline WHERE message = ?1 AND home = 0")?;
    Ok(s.query_map([id], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

struct Shown<'a> {
    rid: i64,
    sent_at: Millis,
    live: bool,
    may_be_unread: bool,
    home: Option<CustomerId>,
    also: &'a BTreeSet<CustomerId>,
    class: Class,
    direction: Direction,
}

/// Write the timelines' rows of a message anew; a read mark stays.
fn show(tx: &mut Tx<'_>, id: MessageId, s: &Shown<'_>) -> Result<()> {
    let before = conversations::shown_in(tx, id)?;
    let unread: bool = tx
        .prepare_cached("SELECT 1 FROM timeline WHERE message = ?1 AND unread = 1")?
        .exists([id])?;
    tx.prepare_cached("DELETE FROM timeline WHERE message = ?1")?
        .execute([id])?;
    for (c, home) in s
        .home
        .iter()
        .map(|c| (*c, true))
        .chain(s.also.iter().map(|c| (*c, false)))
    {
        conversations::ensure(tx, c)?;
        tx.prepare_cached("INSERT OR IGNORE INTO timeline (conversation, sent_at, message, rid, home, live, unread) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![c, s.sent_at, id, s.rid, home, s.live, home && unread && s.may_be_unread])?;
        if before.is_empty() {
            let one = conversations::One {
                home,
                class: s.class,
                direction: s.direction,
                sent_at: s.sent_at,
            };
            conversations::count_in(tx, c, one)?;
        } else {
            tx.recount(c);
        }
    }
    for c in before {
        tx.recount(c);
    }
    Ok(())
}

/// Addresses became ours, or are ours no more.
pub(super) fn ours_changed(
    tx: &mut Tx<'_>,
    channel: Channel,
    scope: &str,
    addresses: &[String],
) -> Result<()> {
    let mut affected: BTreeSet<MessageId> = BTreeSet::new();
    for a in addresses {
        let mut s = tx.prepare_cached(
            "SELECT t.message FROM handle h JOIN timeline t ON t.conversation = h.id WHERE h.channel = ?1 AND h.scope = ?2 AND h.value = ?3",
        )?;
        affected.extend(
            s.query_map(params![channel.of_handles().as_str(), scope, a], |r| {
                r.get::<_, MessageId>(0)
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?,
        );
        if is_own(tx, a)? {
            continue;
        }
        // No longer ours: what it wrote stands among our own mail, under no handle.
        let mut s = tx.prepare_cached("SELECT id FROM message WHERE direction <> 0 AND author IS NULL AND instr(lower(participants), ?1) > 0")?;
        affected.extend(
            s.query_map([a], |r| r.get::<_, MessageId>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?,
        );
    }
    for id in affected {
        rederive(tx, id)?;
    }
    Ok(())
}

/// The account counts from another instant on, or knows its customers within another scope.
pub(super) fn bounds_changed(tx: &mut Tx<'_>, account: AccountId) -> Result<()> {
    let held: Vec<MessageId> = {
        let mut s = tx.prepare("SELECT DISTINCT message FROM delivery WHERE account = ?1")?;
        s.query_map([account], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for id in held {
        rederive(tx, id)?;
        // Which body stands may hang on which of them counts.
        variants::settle(tx, id)?;
    }
    Ok(())
}
