//! What an export gives, page by page: accounts, agents, handles, messages with their deliveries, entries.

use super::super::files::{self, FileRow, unpack_text};
use super::super::ingest::Participants;
use super::super::{afterwards, timeline};
use crate::error::{Error, Result};
use crate::model::interchange::{
    AccountLine, AgentLine, Delivery, EntryLine, HandleLine, Instant, MessageLine, Sending, Thread,
};
use crate::model::log::Entry;
use crate::model::threads::ref_hash;
use crate::model::{
    AccountConfig, AccountId, AgentId, Archive, Channel, Class, CustomerId, Direction, HandleId,
    MessageId, OutboxState, Place,
};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What is exported: everything, or these original conversations.
pub type Scope = Option<BTreeSet<CustomerId>>;

/// A message to be exported, and what is too large to be held for many.
#[derive(Debug)]
pub struct Given {
    /// Its local row, for what lies beside it.
    pub rid: i64,
    /// Its id.
    pub id: MessageId,
    /// Its line, without files, HTML, raw form and identity.
    pub line: MessageLine,
    /// Its files.
    pub files: Vec<FileRow>,
    /// Its clean HTML, with links by number.
    pub html: Option<String>,
    /// Where the links lead.
    pub links: Vec<String>,
    /// It was polled: its identity follows from its raw form.
    pub polled: bool,
}

/// The accounts, connected or not. Settings only where all is exported.
///
/// # Errors
/// When the store fails.
pub fn given_accounts(conn: &Connection, scope: &Scope) -> Result<Vec<AccountLine>> {
    let mut s = conn.prepare("SELECT id, channel, config FROM account ORDER BY live_from, id")?;
    let rows: Vec<(AccountId, String, String)> = s
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    rows.into_iter()
        .map(|(id, channel, config)| {
            let config: Value = serde_json::from_str(&config)
                .map_err(|_| Error::Corrupt(format!("the account {id} cannot be read")))?;
            let told = described(&config);
            Ok(AccountLine {
                id: id.hex(),
                channel: Channel::parse(&channel).unwrap_or(Channel::Email),
                address: told.address,
                name: told.name,
                own: told.own,
                scope: told.scope,
                config: scope.is_none().then_some(config),
                unknown: Map::new(),
            })
        })
        .collect()
}

/// What an account's settings say of it.
#[derive(Default)]
pub(super) struct Described {
    /// The address under which it writes.
    pub(super) address: String,
    name: Option<String>,
    own: Vec<String>,
    scope: String,
}

pub(super) fn described(config: &Value) -> Described {
    if let Ok(c) = serde_json::from_value::<AccountConfig>(config.clone()) {
        let aliases = c.email().map(|e| e.aliases.clone());
        return Described {
            address: c.sender().to_owned(),
            name: Some(c.display_name().to_owned()).filter(|n| !n.is_empty()),
            own: aliases.unwrap_or_default(),
            scope: c.handle_scope().to_owned(),
        };
    }
    serde_json::from_value::<Archive>(config.clone())
        .map(|a| Described {
            address: a.address,
            name: Some(a.name),
            own: a.own,
            scope: a.scope,
        })
        .unwrap_or_default()
}

/// The people of the team.
///
/// # Errors
/// When the store fails.
pub fn given_agents(conn: &Connection) -> Result<Vec<AgentLine>> {
    let mut s = conn.prepare("SELECT id, name FROM agent ORDER BY id")?;
    Ok(s.query_map([], |r| {
        Ok(AgentLine {
            id: r.get::<_, AgentId>(0)?.hex(),
            name: r.get(1)?,
            unknown: Map::new(),
        })
    })?
    .collect::<rusqlite::Result<_>>()?)
}

/// A page of handles, after one.
///
/// # Errors
/// When the store fails.
pub fn given_handles(
    conn: &Connection,
    scope: &Scope,
    after: Option<HandleId>,
    limit: u32,
) -> Result<(Vec<HandleLine>, Option<HandleId>)> {
    let mut s = conn.prepare_cached("SELECT id, channel, scope, value, name, name_at FROM handle WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2")?;
    let rows: Vec<(HandleId, HandleLine)> = s
        .query_map(params![after, limit], |r| {
            let id: HandleId = r.get(0)?;
            Ok((
                id,
                HandleLine {
                    id: id.hex(),
                    channel: Channel::parse(&r.get::<_, String>(1)?).unwrap_or(Channel::Email),
                    scope: r.get(2)?,
                    value: r.get(3)?,
                    name: r.get(4)?,
                    name_at: Instant(r.get(5)?),
                    unknown: Map::new(),
                },
            ))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let last = rows.last().map(|r| r.0);
    let chosen = |h: &HandleId| scope.as_ref().is_none_or(|s| s.contains(&CustomerId(h.0)));
    let lines = rows
        .into_iter()
        .filter(|(h, _)| chosen(h))
        .map(|(_, l)| l)
        .collect();
    Ok((lines, last))
}

const MESSAGE: &str = "SELECT m.rid, m.id, m.conversation, m.account, m.channel, m.direction, m.machine_class, m.class_reason, m.sent_at, m.claimed_at, m.author, m.authored_at, m.send_state, m.answers, m.ref, NULL, m.unreadable, m.subject, m.participants, m.has_files, b.text, b.html, b.html_links, b.thread_ids, b.answers,
  (SELECT max(t.unread) FROM timeline t WHERE t.message = m.id), m.outside
  FROM message m JOIN body b ON b.rid = m.rid";

/// A page of messages in the order of their rows, after one.
///
/// # Errors
/// When the store fails.
pub fn given(
    conn: &Connection,
    scope: &Scope,
    after: i64,
    limit: u32,
) -> Result<(Vec<Given>, Option<i64>)> {
    let mut s = conn.prepare_cached(&format!(
        "{MESSAGE} WHERE m.rid > ?1 ORDER BY m.rid LIMIT ?2"
    ))?;
    let mut rows = s.query(params![after, limit])?;
    let (mut out, mut last) = (Vec::new(), None);
    while let Some(r) = rows.next()? {
        let rid: i64 = r.get(0)?;
        last = Some(rid);
        let home: Option<CustomerId> = r.get(2)?;
        if scope
            .as_ref()
            .is_none_or(|s| home.is_some_and(|h| s.contains(&h)))
        {
            out.push(message(conn, r)?);
        }
    }
    Ok((out, last))
}

fn message(conn: &Connection, r: &Row<'_>) -> Result<Given> {
    let (rid, id): (i64, MessageId) = (r.get(0)?, r.get(1)?);
    let author: Option<AgentId> = r.get(10)?;
    let people: Participants = serde_json::from_str(&r.get::<_, String>(18)?).unwrap_or_default();
    let sent_at: Millis = r.get(8)?;
    let state: Option<String> = r.get(12)?;
    let unread: Option<bool> = r.get(25)?;
    let direction = Direction::from_i64(r.get(5)?);
    let line = MessageLine {
        id: Some(id.hex()),
        account: Some(r.get::<_, AccountId>(3)?.hex()),
        channel: Channel::parse(&r.get::<_, String>(4)?).unwrap_or(Channel::Email),
        direction,
        author: people.from,
        to: people.to,
        cc: people.cc,
        reply_to: people.reply_to,
        sent_at: Instant(sent_at),
        claimed_at: r.get::<_, Option<Millis>>(9)?.map(Instant),
        subject: r.get(17)?,
        text: unpack_text(&r.get::<_, Vec<u8>>(20)?)?,
        html: None,
        attachments: Vec::new(),
        thread: thread(r, people.list)?,
        kind: Some(Class::from_i64(r.get(6)?)),
        kind_reason: r.get(7)?,
        delivery: state.as_deref().and_then(OutboxState::parse),
        read: (direction == Direction::Inbound).then_some(unread != Some(true)),
        unreadable: r.get(16)?,
        cards: afterwards::cards(conn, rid)?,
        later: afterwards::told(conn, id)?,
        agent: author.map(|a| a.hex()),
        authored_at: r.get::<_, Option<Millis>>(11)?.map(Instant),
        answers: r
            .get::<_, Option<String>>(13)?
            .map(|a| serde_json::from_str(&a).unwrap_or_default()),
        shown_in: Vec::new(),
        sending: None,
        deliveries: deliveries(conn, id)?,
        identity: Vec::new(),
        raw: None,
        raw_zstd: None,
        unknown: Map::new(),
    };
    let mut given = Given {
        rid,
        id,
        files: if r.get(19)? {
            files::of_message(conn, id)?
        } else {
            Vec::new()
        },
        html: r
            .get::<_, Option<Vec<u8>>>(21)?
            .map(|h| unpack_text(&h))
            .transpose()?,
        links: r
            .get::<_, Option<String>>(22)?
            .and_then(|l| serde_json::from_str(&l).ok())
            .unwrap_or_default(),
        polled: author.is_none(),
        line,
    };
    if author.is_some() {
        authored(conn, &mut given, r.get(2)?)?;
    }
    Ok(given)
}

/// The Message-IDs of a message.
fn thread(r: &Row<'_>, over: Option<String>) -> Result<Option<Thread>> {
    let own: Option<Vec<u8>> = r.get(14)?;
    let list = |j: Option<String>| -> Option<Vec<String>> { serde_json::from_str(&j?).ok() };
    let mut ids = list(r.get(23)?).unwrap_or_default();
    let is_own = |id: &String| own.as_deref().is_some_and(|h| ref_hash(id)[..] == *h);
    let message_id = if ids.first().is_some_and(is_own) {
        Some(ids.remove(0))
    } else {
        None
    };
    // Rows of the first version do not say what they answer; it is the last of what they name.
    let in_reply_to = list(r.get(24)?).unwrap_or_else(|| ids.last().cloned().into_iter().collect());
    let t = Thread {
        message_id,
        in_reply_to,
        references: ids,
        provider: None,
        list: over,
    };
    Ok((t != Thread::default()).then_some(t))
}

fn deliveries(conn: &Connection, id: MessageId) -> Result<Vec<Delivery>> {
    let mut s = conn.prepare_cached("SELECT account, remote_id, place, authenticated, server_at, received, vanished FROM delivery WHERE message = ?1 ORDER BY account, remote_id")?;
    Ok(s.query_map([id], |r| {
        let place: String = r.get(2)?;
        Ok(Delivery {
            account: r.get::<_, AccountId>(0)?.hex(),
            remote_id: r.get(1)?,
            place: serde_json::from_value(Value::String(place)).unwrap_or(Place::Other),
            authenticated: r.get(3)?,
            server_at: Instant(r.get(4)?),
            received: r.get(5)?,
            vanished: r.get(6)?,
        })
    })?
    .collect::<rusqlite::Result<_>>()?)
}

/// What was written here: where it is shown and how it was sent.
fn authored(conn: &Connection, g: &mut Given, home: Option<CustomerId>) -> Result<()> {
    g.line.shown_in = home.iter().map(CustomerId::hex).collect();
    let mut s = conn.prepare_cached(
        "SELECT conversation FROM timeline WHERE message = ?1 AND home = 0 ORDER BY conversation",
    )?;
    let also = s
        .query_map([g.id], |r| r.get::<_, CustomerId>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    g.line.shown_in.extend(also.iter().map(CustomerId::hex));
    g.line.sending = conn
        .prepare_cached("SELECT grp, attempt, tries, hold_until, error, provider_id, resolve_act, sent_at, mail FROM outbox WHERE id = ?1")?
        .query_row([g.id], |r| {
            let mail: String = r.get(8)?;
            Ok(Sending {
                group: r.get::<_, crate::model::GroupId>(0)?.hex(),
                attempt: r.get(1)?,
                tries: r.get(2)?,
                hold_until: Instant(r.get(3)?),
                error: r.get(4)?,
                provider_id: r.get(5)?,
                resolve_act: r.get(6)?,
                sent_at: r.get::<_, Option<Millis>>(7)?.map(Instant),
                mail: rest_of(&mail),
            })
        })
        .optional()?;
    Ok(())
}

/// What a mail's row says that its line does not.
fn rest_of(mail: &str) -> Map<String, Value> {
    const SAID: &[&str] = &[
        "from",
        "to",
        "cc",
        "subject",
        "text",
        "files",
        "in_reply_to",
        "references",
    ];
    let mut mail: Map<String, Value> = serde_json::from_str(mail).unwrap_or_default();
    mail.retain(|k, v| !SAID.contains(&k.as_str()) && !v.is_null());
    mail
}

/// An entry as a line.
#[must_use]
pub fn entry_line(e: &Entry) -> EntryLine {
    EntryLine {
        id: e.id.hex(),
        at: Instant(e.stamp.clock().millis()),
        kind: e.kind.clone(),
        agent: e.agent.map(|a| a.hex()),
        device: e.device.hex(),
        stamp: e.stamp.as_str().to_owned(),
        group: e.group.hex(),
        entity: e.entity.as_str().to_owned(),
        entity_id: e.entity_id.clone(),
        conversation: e.conversation.map(|c| c.hex()),
        why: e.why.clone(),
        undoes: e.undoes.map(|u| u.hex()),
        changes: e.changes.clone(),
        unknown: Map::new(),
    }
}

/// The raw form of a message, for its export.
///
/// # Errors
/// When the store or a kept file fails.
pub fn raw(conn: &Connection, kept: &files::Files, rid: i64) -> Result<Option<Vec<u8>>> {
    Ok(match timeline::raw(conn, rid)? {
        timeline::Raw::Bytes(b) => Some(b),
        timeline::Raw::File(h) => Some(kept.read(&h)?),
        timeline::Raw::None => None,
    })
}
