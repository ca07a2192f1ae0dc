//! Whose conversation a message is in.

use super::super::ingest::{Participants, handle, is_own};
use super::super::{Tx, threads};
use crate::error::Result;
use crate::model::threads::Ref;
use crate::model::{
    AccountId, Channel, CustomerId, Direction, HandleId, MessageId, Party, address_key, email_key,
};
use crate::time::Millis;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// What decides where a message belongs.
pub(in crate::store) struct Letter<'a> {
    pub me: MessageId,
    pub account: AccountId,
    pub channel: Channel,
    /// Within which the ids of the account's customers are unique.
    pub scope: &'a str,
    pub from: Option<&'a Party>,
    pub to: &'a [Party],
    pub cc: &'a [Party],
    /// What it names, the nearest first.
    pub names: Vec<Ref>,
    /// Nobody who should know said that it is not from us.
    pub vouched: bool,
    pub claimed_at: Option<Millis>,
}

/// Where a message belongs and where else it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Home {
    pub conversation: Option<CustomerId>,
    pub handle: Option<HandleId>,
    pub also: Vec<CustomerId>,
    /// An outbound that answers something known here may start an episode.
    pub opens: bool,
}

/// Where a message belongs (`model.md`, Whose conversation).
pub(in crate::store) fn home(
    tx: &mut Tx<'_>,
    l: &Letter<'_>,
    direction: Direction,
) -> Result<Home> {
    match direction {
        Direction::Inbound => {
            let (value, name) = match l.from {
                Some(p) => (
                    address_key(l.channel, &p.address)
                        .unwrap_or_else(|| p.address.trim().to_lowercase()),
                    p.name.as_deref(),
                ),
                None => (String::new(), None),
            };
            let handle = handle(
                tx,
                l.channel,
                l.scope,
                &value,
                name,
                l.claimed_at.unwrap_or(0),
            )?;
            Ok(Home {
                conversation: Some(CustomerId(handle.0)),
                handle: Some(handle),
                ..Home::default()
            })
        }
        Direction::Outbound => outbound_home(tx, l),
        Direction::Internal => Ok(Home {
            conversation: Some(internal_home(tx, l)?),
            ..Home::default()
        }),
    }
}

fn outbound_home(tx: &mut Tx<'_>, l: &Letter<'_>) -> Result<Home> {
    let mut shown: Vec<CustomerId> = Vec::new();
    for p in l.to {
        if let Some(a) = address_key(l.channel, &p.address)
            && !is_own(tx, &a)?
        {
            let c = CustomerId(handle(tx, l.channel, l.scope, &a, p.name.as_deref(), 0)?.0);
            if !shown.contains(&c) {
                shown.push(c);
            }
        }
    }
    let parent = answered(tx, l)?;
    let conversation = parent.or(shown.first().copied());
    let also = shown
        .into_iter()
        .filter(|c| Some(*c) != conversation)
        .collect();
    match conversation {
        Some(_) => Ok(Home {
            conversation,
            handle: None,
            also,
            opens: parent.is_some(),
        }),
        // Sent to nobody but ourselves.
        None => Ok(Home {
            conversation: Some(internal_home(tx, l)?),
            ..Home::default()
        }),
    }
}

/// Mail of the team lies in its thread's conversation, else in a conversation of its own under *Automatic*. Where a
/// server that should know did not vouch for it, its words say nothing: anybody can write our address into From and
/// a Message-ID into In-Reply-To.
fn internal_home(tx: &mut Tx<'_>, l: &Letter<'_>) -> Result<CustomerId> {
    if l.vouched
        && let Some(c) = answered(tx, l)?
    {
        return Ok(c);
    }
    let h = handle(
        tx,
        l.channel,
        "internal",
        &l.account.hex(),
        Some("Internal mail"),
        1,
    )?;
    Ok(CustomerId(h.0))
}

/// One who bears an id that a mail of ours names.
struct Borne {
    id: MessageId,
    conversation: CustomerId,
    ours: bool,
    people: Participants,
}

/// The customer's conversation in which the answered message lies: the nearest that is known and agrees.
fn answered(conn: &Connection, l: &Letter<'_>) -> Result<Option<CustomerId>> {
    let mut outside = BTreeSet::new();
    for p in l.to.iter().chain(l.cc) {
        if let Some(a) = email_key(&p.address)
            && !is_own(conn, &a)?
        {
            outside.insert(a);
        }
    }
    let mut below: Option<BTreeSet<MessageId>> = None;
    for name in &l.names {
        let mut bearers = borne(conn, name, l.me)?;
        if bearers.iter().any(|b| b.ours) {
            // Mails of ours that answer each other in a circle say nothing about where they belong.
            if below.is_none() {
                below = Some(threads::below(conn, l.me)?);
            }
            bearers.retain(|b| !b.ours || !below.as_ref().is_some_and(|x| x.contains(&b.id)));
        }
        if let Some(c) = agreed(&bearers, &outside) {
            return Ok(Some(c));
        }
    }
    Ok(None)
}

fn borne(conn: &Connection, name: &Ref, me: MessageId) -> Result<Vec<Borne>> {
    let mut s = conn.prepare_cached(
        "SELECT m.id, m.conversation, m.direction <> 0 AND m.author IS NULL, m.participants FROM naming n JOIN message m ON m.id = n.message JOIN handle h ON h.id = m.conversation
         WHERE n.ref = ?1 AND n.nearness = 0 AND m.id <> ?2 AND h.scope <> 'internal' ORDER BY m.direction = 2, m.id",
    )?;
    let rows = s.query_map(params![&name[..], me], |r| {
        Ok(Borne {
            id: r.get(0)?,
            conversation: r.get(1)?,
            ours: r.get(2)?,
            people: serde_json::from_str(&r.get::<_, String>(3)?).unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The one among several mails under one id that is meant: whose sender it goes to, else the only conversation whose
/// people it goes to. What goes to nobody outside can only mean the only one.
fn agreed(bearers: &[Borne], outside: &BTreeSet<String>) -> Option<CustomerId> {
    let goes_to = |p: &Party| email_key(&p.address).is_some_and(|a| outside.contains(&a));
    let to_sender = |b: &&Borne| b.people.from.iter().chain(&b.people.reply_to).any(goes_to);
    if let Some(b) = bearers.iter().find(to_sender) {
        return Some(b.conversation);
    }
    let among = |b: &&Borne| outside.is_empty() || !b.people.keys().is_disjoint(outside);
    let meant: BTreeSet<CustomerId> = bearers
        .iter()
        .filter(among)
        .map(|b| b.conversation)
        .collect();
    meant.first().copied().filter(|_| meant.len() == 1)
}
