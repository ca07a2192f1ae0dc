//! Where a polled message belongs, which way it went, when, and whether it counts: a pure function of the message,
//! its deliveries, the accounts, and the messages that it answers. Whatever of these comes later, the outcome is
//! made anew, so that every order of arrival ends in the same rows.

use super::ingest::{Participants, direction, handle, is_own, sent_at};
use super::{Tx, conversations, threads, trust, variants};
use crate::error::Result;
use crate::model::threads::Ref;
use crate::model::{
    AccountId, Channel, Class, CustomerId, Direction, HandleId, MessageId, Party, Times,
    address_key, email_key,
};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// What decides where a message belongs.
pub(super) struct Letter<'a> {
    pub me: MessageId,
    pub account: AccountId,
    pub channel: Channel,
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
pub(super) struct Home {
    pub conversation: Option<CustomerId>,
    pub handle: Option<HandleId>,
    pub also: Vec<CustomerId>,
    /// An outbound that answers something known here may start an episode.
    pub opens: bool,
}

/// Where a message belongs (`model.md`, Whose conversation).
pub(super) fn home(tx: &mut Tx<'_>, l: &Letter<'_>, direction: Direction) -> Result<Home> {
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
            let handle = handle(tx, l.channel, "", &value, name, l.claimed_at.unwrap_or(0))?;
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
            let c = CustomerId(handle(tx, l.channel, "", &a, p.name.as_deref(), 0)?.0);
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

/// A polled message as it stands.
struct Stands {
    rid: i64,
    account: AccountId,
    channel: Channel,
    direction: Direction,
    machine_class: Class,
    class: i64,
    live: bool,
    sent_at: Millis,
    claimed_at: Option<Millis>,
    opens: bool,
    handle: Option<HandleId>,
    conversation: Option<CustomerId>,
    own_ref: Option<Vec<u8>>,
    verified: Option<bool>,
    says: Option<String>,
    variant: bool,
    people: Participants,
}

fn stands(conn: &Connection, id: MessageId) -> Result<Option<Stands>> {
    let mut s = conn.prepare_cached(
        "SELECT rid, account, channel, direction, machine_class, class, live, sent_at, claimed_at, opens, handle, conversation, ref, verified, participants, sender_says, variant_of IS NOT NULL
         FROM message WHERE id = ?1 AND author IS NULL",
    )?;
    Ok(s.query_row([id], |r| {
        Ok(Stands {
            rid: r.get(0)?,
            account: r.get(1)?,
            channel: Channel::parse(&r.get::<_, String>(2)?).unwrap_or(Channel::Email),
            direction: Direction::from_i64(r.get(3)?),
            machine_class: Class::from_i64(r.get(4)?),
            class: r.get(5)?,
            live: r.get(6)?,
            sent_at: r.get(7)?,
            claimed_at: r.get(8)?,
            opens: r.get(9)?,
            handle: r.get(10)?,
            conversation: r.get(11)?,
            own_ref: r.get(12)?,
            verified: r.get(13)?,
            people: serde_json::from_str(&r.get::<_, String>(14)?).unwrap_or_default(),
            says: r.get(15)?,
            variant: r.get(16)?,
        })
    })
    .optional()?)
}

/// What all deliveries of a message say together.
struct Told {
    account: AccountId,
    in_sent: bool,
    verified: Option<bool>,
    /// A server whose word counts said something about the sender, whatever it was.
    judged: bool,
    says: Option<String>,
    sent_at: Millis,
    live: bool,
}

impl Told {
    fn vouched(&self) -> bool {
        self.verified != Some(false) && (!self.judged || self.verified == Some(true))
    }
}

fn told(conn: &Connection, id: MessageId, claimed: Option<Millis>) -> Result<Option<Told>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT d.account, d.place = 'sent', CASE WHEN d.server IS NULL THEN d.authenticated WHEN {counts} THEN d.claim END, d.server_at, d.received, a.live_from, {counts}, d.says
         FROM delivery d JOIN account a ON a.id = d.account {joins} WHERE d.message = ?1 ORDER BY d.account, d.remote_id",
        counts = trust::COUNTS,
        joins = trust::JOINS,
    ))?;
    let mut rows = s.query([id])?;
    let mut all: Option<(Told, Millis)> = None;
    while let Some(r) = rows.next()? {
        let (server, live_from): (Millis, Millis) = (r.get(3)?, r.get(5)?);
        let received = r.get::<_, bool>(4)?.then_some(server);
        let at = sent_at(
            &Times {
                claimed,
                received,
                provider: Some(server),
            },
            live_from,
            server,
        );
        let (in_sent, verified): (bool, Option<bool>) = (r.get(1)?, r.get(2)?);
        let judged: bool = r.get(6)?;
        let says = r
            .get::<_, Option<String>>(7)?
            .filter(|w| judged && !w.is_empty());
        all = Some(match all {
            None => (
                Told {
                    account: r.get(0)?,
                    in_sent,
                    verified,
                    judged,
                    says,
                    sent_at: at,
                    live: false,
                },
                live_from,
            ),
            Some((t, from)) => (
                Told {
                    in_sent: t.in_sent || in_sent,
                    verified: t.verified.max(verified),
                    judged: t.judged || judged,
                    says: t.says.or(says),
                    sent_at: t.sent_at.min(at),
                    ..t
                },
                from.min(live_from),
            ),
        });
    }
    // It counts if it counts at one of the accounts that hold it.
    Ok(all.map(|(t, from)| Told {
        live: t.sent_at >= from,
        ..t
    }))
}

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
    let letter = Letter {
        me: id,
        account: told.account,
        channel: old.channel,
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
pub(super) fn ours_changed(tx: &mut Tx<'_>, addresses: &[String]) -> Result<()> {
    let mut affected: BTreeSet<MessageId> = BTreeSet::new();
    for a in addresses {
        let mut s = tx.prepare_cached(
            "SELECT t.message FROM handle h JOIN timeline t ON t.conversation = h.id WHERE h.channel = 'email' AND h.scope = '' AND h.value = ?1",
        )?;
        affected.extend(
            s.query_map([a], |r| r.get::<_, MessageId>(0))?
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

/// The account counts from another instant on.
pub(super) fn live_from_changed(tx: &mut Tx<'_>, account: AccountId) -> Result<()> {
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
