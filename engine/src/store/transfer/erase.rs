//! An archive goes, and keeps nothing: its messages with their texts, files, index and raw forms, what was decided of
//! conversations that only consisted of it, and the archive itself. What another account holds too stays there.
//!
//! It is done piece by piece, each in one transaction and whole in itself, so that nobody waits for the writer; what
//! was stopped in the middle goes on when it is asked for again.

use super::super::{Tx, conversations, ingest, log, places, search, threads, variants};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{
    AccountId, Channel, CustomerId, GroupId, HandleId, ImportId, MessageId, address_key,
};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;
use std::collections::BTreeSet;

/// The messages that an account holds: what was delivered to it, and what was written in it.
const HELD: &str = "SELECT message FROM delivery WHERE account = ?1 UNION SELECT id FROM message WHERE account = ?1 AND author IS NOT NULL";

/// What erasing an archive takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// Messages that go.
    pub messages: u32,
    /// Messages that stay, because another account holds them too.
    pub staying: u32,
    /// Conversations that consist of nothing else and go with their notes, tags and drafts.
    pub conversations: u32,
}

fn is_archive(conn: &Connection, account: AccountId) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM account WHERE id = ?1 AND archive = 1")?
        .exists([account])?)
}

/// What erasing would take, counted.
///
/// # Errors
/// [`Error::NotFound`] when it is no archive.
pub fn weigh(conn: &Connection, account: AccountId) -> Result<Weight> {
    if !is_archive(conn, account)? {
        return Err(Error::NotFound("this archive".into()));
    }
    weigh_any(conn, account)
}

/// The same of any account, also of one that is still connected.
///
/// # Errors
/// When the store fails.
pub fn weigh_any(conn: &Connection, account: AccountId) -> Result<Weight> {
    let with = format!(
        "WITH held (m) AS MATERIALIZED ({HELD}),
              gone (m) AS MATERIALIZED (SELECT m FROM held WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = held.m AND d.account <> ?1)
                AND NOT EXISTS (SELECT 1 FROM message x WHERE x.id = held.m AND x.author IS NOT NULL AND x.account <> ?1))"
    );
    let (all, gone): (u32, u32) = conn.query_row(
        &format!("{with} SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM gone)"),
        [account],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    let conversations = conn.query_row(
        &format!(
            "{with}, touched (c) AS MATERIALIZED (SELECT DISTINCT u.root FROM gone JOIN timeline t ON t.message = gone.m JOIN customer u ON u.id = t.conversation)
             SELECT count(*) FROM touched WHERE NOT EXISTS (SELECT 1 FROM customer u WHERE u.root = touched.c AND u.known_at IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM customer u JOIN timeline t ON t.conversation = u.id WHERE u.root = touched.c AND t.message NOT IN (SELECT m FROM gone))"
        ),
        [account],
        |r| r.get(0),
    )?;
    Ok(Weight {
        messages: gone,
        staying: all - gone,
        conversations,
    })
}

/// Erase the next `most` messages. Returns how many there were; less than asked for is the end.
///
/// # Errors
/// [`Error::NotFound`] when it is no archive, else when the store fails.
pub fn some(tx: &mut Tx<'_>, account: AccountId, most: usize) -> Result<usize> {
    if !is_archive(tx, account)? {
        return Err(Error::NotFound("this archive".into()));
    }
    let ids: Vec<MessageId> = {
        let mut s = tx.prepare_cached(&format!("SELECT message FROM ({HELD}) LIMIT ?2"))?;
        s.query_map(
            params![account, i64::try_from(most).unwrap_or(i64::MAX)],
            |r| r.get(0),
        )?
        .collect::<rusqlite::Result<_>>()?
    };
    let mut left = Left::default();
    for id in &ids {
        one(tx, account, *id, &mut left)?;
    }
    left.settle(tx)?;
    let gone = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    tx.execute(
        "UPDATE account SET imported = max(imported - ?2, 0) WHERE id = ?1",
        params![account, gone],
    )?;
    tx.changes.accounts = true;
    tx.changes.lists = true;
    Ok(ids.len())
}

/// What erased messages leave to be made anew.
#[derive(Default)]
struct Left {
    conversations: BTreeSet<CustomerId>,
    /// Mails of ours whose place may have followed from an erased one.
    named_by: BTreeSet<MessageId>,
    /// Message-IDs under which other bodies may lie.
    refs: BTreeSet<Vec<u8>>,
    /// Customers whose shown name an erased message gave.
    names: BTreeSet<CustomerId>,
}

fn one(tx: &mut Tx<'_>, account: AccountId, id: MessageId, left: &mut Left) -> Result<()> {
    tx.prepare_cached("DELETE FROM read_mark WHERE account = ?1 AND remote_id IN (SELECT remote_id FROM delivery WHERE account = ?1 AND message = ?2)")?
        .execute(params![account, id])?;
    tx.prepare_cached("DELETE FROM afterwards WHERE account = ?1 AND remote_id IN (SELECT remote_id FROM delivery WHERE account = ?1 AND message = ?2)")?
        .execute(params![account, id])?;
    tx.prepare_cached("DELETE FROM delivery WHERE account = ?1 AND message = ?2")?
        .execute(params![account, id])?;
    let Some((rid, own, home, written)) = tx
        .prepare_cached("SELECT rid, ref, account, author IS NOT NULL FROM message WHERE id = ?1")?
        .query_row([id], |r| {
            Ok((
                r.get::<_, i64>(0)?,
                r.get::<_, Option<Vec<u8>>>(1)?,
                r.get::<_, AccountId>(2)?,
                r.get::<_, bool>(3)?,
            ))
        })
        .optional()?
    else {
        return Ok(());
    };
    let elsewhere: Option<AccountId> = tx
        .prepare_cached("SELECT min(account) FROM delivery WHERE message = ?1")?
        .query_row([id], |r| r.get(0))?;
    if written && home != account {
        return Ok(());
    }
    if let Some(other) = elsewhere {
        // It is another account's as well: there it stays, and follows from what is known of it there.
        if home == account {
            tx.execute(
                "UPDATE message SET account = ?2 WHERE id = ?1",
                params![id, other],
            )?;
        }
        return places::rederive(tx, id);
    }
    left.conversations.extend(conversations::shown_in(tx, id)?);
    left.note(tx, id, own)?;
    bounced(tx, id)?;
    for (entity, hex) in [(Entity::Message, id.hex()), (Entity::Outbox, id.hex())] {
        log::erase(
            tx,
            "entity = ?1 AND entity_id = ?2",
            &[&entity.as_str(), &hex],
        )?;
    }
    rows(tx, id, rid)
}

/// The rows of a message, but for its deliveries and what was decided of it.
pub(in crate::store) fn rows(tx: &mut Tx<'_>, id: MessageId, rid: i64) -> Result<()> {
    search::index::remove(tx, rid)?;
    for sql in [
        "DELETE FROM timeline WHERE message = ?1",
        "DELETE FROM edition WHERE message = ?1",
        "DELETE FROM naming WHERE message = ?1",
        "DELETE FROM remote_picture WHERE message = ?1",
        "DELETE FROM file WHERE message = ?1",
        "DELETE FROM bounce WHERE report = ?1",
        "DELETE FROM outbox WHERE id = ?1",
        "DELETE FROM message WHERE id = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([id])?;
    }
    for sql in [
        "DELETE FROM body WHERE rid = ?1",
        "DELETE FROM raw WHERE rid = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([rid])?;
    }
    Ok(())
}

/// A report that goes says nothing of our mail any more.
fn bounced(tx: &mut Tx<'_>, report: MessageId) -> Result<()> {
    let about: Vec<MessageId> = {
        let mut s = tx.prepare_cached(
            "SELECT m.id FROM bounce b JOIN message m ON m.ref = b.ref WHERE b.report = ?1",
        )?;
        s.query_map([report], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for m in about {
        conversations::touch_all(tx, m)?;
    }
    Ok(())
}

impl Left {
    /// What hangs on a message, before it goes.
    fn note(&mut self, tx: &Tx<'_>, id: MessageId, own: Option<Vec<u8>>) -> Result<()> {
        if let Some(own) = own {
            self.named_by.extend(threads::naming_ours(tx, &own)?);
            self.named_by.extend(threads::below(tx, id)?);
            self.refs.insert(own);
        }
        let mut s = tx.prepare_cached(
            "SELECT h.id FROM message m JOIN handle h ON h.id = m.handle WHERE m.id = ?1 AND h.name = json_extract(m.participants, '$.from.name')",
        )?;
        let named: Option<CustomerId> = s.query_row([id], |r| r.get(0)).optional()?;
        self.names.extend(named);
        // A cancelled send is shown nowhere, and still belongs to somebody.
        let home: Option<CustomerId> = tx
            .prepare_cached("SELECT conversation FROM message WHERE id = ?1")?
            .query_row([id], |r| r.get(0))?;
        self.conversations.extend(home);
        Ok(())
    }

    fn settle(self, tx: &mut Tx<'_>) -> Result<()> {
        for own in self.refs {
            let other: Option<MessageId> = tx
                .prepare_cached("SELECT id FROM message WHERE ref = ?1 LIMIT 1")?
                .query_row([own], |r| r.get(0))
                .optional()?;
            if let Some(other) = other {
                variants::settle(tx, other)?;
            }
        }
        for id in self.named_by {
            places::rederive(tx, id)?;
        }
        for c in &self.conversations {
            tx.recount(*c);
        }
        for c in self.conversations {
            if !is_wanted(tx, c)? {
                for m in conversations::members(tx, c)? {
                    customer(tx, m)?;
                }
            }
        }
        for c in self.names {
            name_again(tx, c)?;
        }
        Ok(())
    }
}

/// Whether anything but decisions about it is left of a shown customer: a message, a send, or a person's list.
fn is_wanted(conn: &Connection, c: CustomerId) -> Result<bool> {
    let root = conversations::root(conn, c)?;
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM customer u WHERE u.root = ?1 AND (u.known_at IS NOT NULL
               OR EXISTS (SELECT 1 FROM timeline t WHERE t.conversation = u.id)
               OR EXISTS (SELECT 1 FROM outbox o WHERE o.conversation = u.id)
               OR EXISTS (SELECT 1 FROM message m WHERE m.handle = u.id)))",
        )?
        .query_row([root], |r| r.get(0))?)
}

/// Nothing of a customer stays, nor of what was decided about it.
fn customer(tx: &mut Tx<'_>, c: CustomerId) -> Result<()> {
    let hex = c.hex();
    log::erase(tx, "conversation = ?1", &[&c])?;
    for entity in [Entity::Customer, Entity::Conversation, Entity::Handle] {
        log::erase(
            tx,
            "entity = ?1 AND entity_id = ?2",
            &[&entity.as_str(), &hex],
        )?;
    }
    for (entity, like) in [
        (Entity::Tag, format!("{hex}:%")),
        (Entity::Link, format!("{hex}:%")),
        (Entity::Link, format!("%:{hex}")),
    ] {
        log::erase(
            tx,
            "entity = ?1 AND entity_id LIKE ?2",
            &[&entity.as_str(), &like],
        )?;
    }
    let linked: Vec<CustomerId> = {
        let mut s = tx.prepare_cached(
            "SELECT b FROM link WHERE a = ?1 UNION SELECT a FROM link WHERE b = ?1",
        )?;
        s.query_map([c], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for sql in [
        "DELETE FROM link WHERE a = ?1 OR b = ?1",
        "DELETE FROM act WHERE conversation = ?1",
        "DELETE FROM tag WHERE conversation = ?1",
        "DELETE FROM note WHERE conversation = ?1",
        "DELETE FROM draft WHERE conversation = ?1",
        "DELETE FROM episode WHERE conversation = ?1",
        "DELETE FROM wait WHERE conversation = ?1",
        // What they reacted with, also to what never came here.
        "DELETE FROM afterwards WHERE kind = 'reaction' AND (account, who) IN (SELECT a.id, h.value FROM handle h JOIN account a ON a.scope = h.scope
           AND CASE a.channel WHEN 'whatsapp' THEN 'sms' ELSE a.channel END = h.channel WHERE h.id = ?1)",
        "DELETE FROM person WHERE handle = ?1",
        "DELETE FROM opt_out WHERE handle = ?1",
        "DELETE FROM route WHERE handle = ?1",
        "DELETE FROM touch WHERE handle = ?1",
        "DELETE FROM handle WHERE id = ?1",
        "DELETE FROM customer WHERE id = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([c])?;
    }
    for other in linked {
        if tx
            .prepare_cached("SELECT 1 FROM customer WHERE id = ?1")?
            .exists([other])?
        {
            conversations::reroot(tx, other)?;
        }
    }
    tx.touch(c);
    Ok(())
}

/// The name that the messages which are left give to a customer.
fn name_again(tx: &mut Tx<'_>, c: CustomerId) -> Result<()> {
    let known: Option<(String, String, String)> = tx
        .prepare_cached("SELECT channel, scope, value FROM handle WHERE id = ?1")?
        .query_row([HandleId(c.0)], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    let Some((channel, scope, value)) = known else {
        return Ok(());
    };
    let channel = Channel::parse(&channel).unwrap_or(Channel::Email);
    tx.execute(
        "UPDATE handle SET name = NULL, name_at = 0 WHERE id = ?1",
        [HandleId(c.0)],
    )?;
    let rows: Vec<(String, i64, bool)> = {
        let mut s = tx.prepare_cached(
            "SELECT m.participants, coalesce(m.claimed_at, 0), m.direction = 0 FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1",
        )?;
        s.query_map([c], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?
    };
    for (people, at, inbound) in rows {
        let people: ingest::Participants = serde_json::from_str(&people).unwrap_or_default();
        let (who, at): (Vec<_>, _) = if inbound {
            (people.from.iter().collect(), at)
        } else {
            (people.to.iter().collect(), 0)
        };
        for p in who {
            if address_key(channel, &p.address).as_deref() == Some(value.as_str()) {
                ingest::handle(tx, channel, &scope, &value, p.name.as_deref(), at)?;
            }
        }
    }
    tx.touch(c);
    Ok(())
}

/// The archive itself goes, when nothing is in it any more; that it went, and how much, is in the log.
///
/// # Errors
/// [`Error::Refused`] while it holds messages.
pub fn end(tx: &mut Tx<'_>, account: AccountId, messages: u32) -> Result<()> {
    if !is_archive(tx, account)? {
        return Err(Error::NotFound("this archive".into()));
    }
    let full = tx
        .prepare_cached(&format!("SELECT 1 FROM ({HELD})"))?
        .exists([account])?;
    if full {
        return Err(Error::Refused(
            "something was imported into this archive meanwhile; remove it again".into(),
        ));
    }
    let mut w = log::Writing::new(Entity::Account, account.hex(), None, Vec::new());
    w.why = Some(json!({ "messages": messages }));
    log::erase(
        tx,
        "entity = 'account' AND entity_id = ?1",
        &[&account.hex()],
    )?;
    log::write(tx, "archive_erase", GroupId::random(), w)?;
    let source = ingest::source(tx, account)?;
    let ours: Vec<String> = {
        let mut s = tx.prepare("SELECT value FROM own_address WHERE account = ?1")?;
        s.query_map([account], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for sql in [
        "DELETE FROM own_address WHERE account = ?1",
        "DELETE FROM auth_server WHERE account = ?1",
        "DELETE FROM read_mark WHERE account = ?1",
        "DELETE FROM afterwards WHERE account = ?1",
        "DELETE FROM quarantine WHERE account = ?1",
        "DELETE FROM route WHERE account = ?1",
        "DELETE FROM touch WHERE account = ?1",
        "DELETE FROM opt_out WHERE account = ?1",
        "DELETE FROM account WHERE id = ?1",
    ] {
        tx.execute(sql, [account])?;
    }
    imports(tx, account)?;
    // Addresses that were ours by the archive alone are anybody's again.
    places::ours_changed(tx, source.channel, &source.scope, &ours)?;
    ready(tx)?;
    tx.changes.accounts = true;
    tx.changes.lists = true;
    Ok(())
}

/// Imports that brought something to this archive and to no other account are forgotten, with their paths and problems.
fn imports(tx: &Tx<'_>, account: AccountId) -> Result<()> {
    let of: Vec<ImportId> = {
        let mut s = tx.prepare("SELECT import FROM import_into WHERE account = ?1")?;
        s.query_map([account], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    tx.execute("DELETE FROM import_into WHERE account = ?1", [account])?;
    for id in of {
        let elsewhere = tx
            .prepare_cached("SELECT 1 FROM import_into WHERE import = ?1")?
            .exists([id])?;
        if !elsewhere {
            super::forget(tx, id)?;
        }
    }
    Ok(())
}

/// Addresses that only stand ready, and say nothing: no message, no decision, no list names them.
fn ready(tx: &Tx<'_>) -> Result<()> {
    tx.execute(
        "DELETE FROM customer WHERE known_at IS NULL AND root = id AND coalesce(name_stamp, stage_stamp, assignee_stamp, snooze_stamp) IS NULL
           AND NOT EXISTS (SELECT 1 FROM timeline t WHERE t.conversation = customer.id)
           AND NOT EXISTS (SELECT 1 FROM customer u WHERE u.root = customer.id AND u.id <> customer.id)
           AND NOT EXISTS (SELECT 1 FROM act x WHERE x.conversation = customer.id)
           AND NOT EXISTS (SELECT 1 FROM tag x WHERE x.conversation = customer.id)
           AND NOT EXISTS (SELECT 1 FROM note x WHERE x.conversation = customer.id)
           AND NOT EXISTS (SELECT 1 FROM link x WHERE x.a = customer.id) AND NOT EXISTS (SELECT 1 FROM link x WHERE x.b = customer.id)
           AND NOT EXISTS (SELECT 1 FROM outbox x WHERE x.conversation = customer.id)
           AND NOT EXISTS (SELECT 1 FROM draft x WHERE x.conversation = customer.id)
           AND NOT EXISTS (SELECT 1 FROM message x WHERE x.handle = customer.id)",
        [],
    )?;
    tx.execute(
        "DELETE FROM handle WHERE NOT EXISTS (SELECT 1 FROM customer u WHERE u.id = handle.id)
           AND NOT EXISTS (SELECT 1 FROM message m WHERE m.handle = handle.id)",
        [],
    )?;
    Ok(())
}

/// One step of taking what was erased out of the index's old segments as well. `first` begins. Returns whether more is
/// to be done.
///
/// # Errors
/// When the store fails.
pub fn scrub_index(tx: &Tx<'_>, first: bool) -> Result<bool> {
    const PAGES: i64 = 400;
    let before = tx.total_changes();
    tx.execute(
        "INSERT INTO search (search, rank) VALUES ('merge', ?1)",
        [if first { -PAGES } else { PAGES }],
    )?;
    // SQLite counts two changes for a merge that found nothing to do.
    Ok(first || tx.total_changes() - before >= 2)
}
