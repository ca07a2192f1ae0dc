//! What an account told becomes rows: messages, deliveries, threads, index, cursor and clocks, in one transaction.
//!
//! Polling twice changes nothing: ids are deterministic and a delivery is known by the provider's id. Nothing here
//! writes a log entry for what can be derived again.

mod again;
mod echoes;

pub use again::{read_again, to_read_again};

use super::files::pack;
use super::places::{self, Home, Letter};
use super::{
    Tx, afterwards, bounces, conversations, files, outbox, persons, reads, search, threads, trust,
    variants,
};
use crate::error::{Error, Result};
use crate::model::threads::partition::provider_ref;
use crate::model::threads::{ref_hash, token};
use crate::model::{
    AccountId, Batch, CLASSIFIER_VERSION, Channel, Class, CustomerId, Direction, Event, FileId,
    Fold, Folds, Gap, HandleId, IdKey, Identity, Incoming, Mark, MessageId, Party, Place, RemoteId,
    Times, address_key, email_key, part,
};
use crate::time::{DAY, Millis};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The account a batch comes from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Account.
    pub id: AccountId,
    /// Its channel.
    pub channel: Channel,
    /// Within which the ids of its customers are unique.
    pub scope: String,
    /// Older human messages open nothing.
    pub live_from: Millis,
}

/// What a batch brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    /// New messages.
    pub new: u32,
    /// Known ones, seen again.
    pub known: u32,
    /// Unreadable ones.
    pub unreadable: u32,
}

/// The people of a message as they stand in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participants {
    /// Sender.
    pub from: Option<Party>,
    /// Where answers are asked to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<Party>,
    /// Recipients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Party>,
    /// Copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Party>,
    /// The mailing list that it came over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

impl Participants {
    /// All of them in canonical form.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        let all = self
            .from
            .iter()
            .chain(&self.reply_to)
            .chain(&self.to)
            .chain(&self.cc);
        all.filter_map(|p| email_key(&p.address)).collect()
    }
}

/// Take in a batch: events, cursor, gaps, progress.
///
/// # Errors
/// When the store or the disk fails; then nothing of the batch is kept and the cursor stays.
pub fn batch(tx: &mut Tx<'_>, account: AccountId, batch: &Batch) -> Result<Brought> {
    let brought = first(tx, account, &batch.events)?;
    let gaps = gaps(tx, account, &batch.gaps)?;
    tx.prepare_cached(
        "UPDATE account SET cursor = ?2, progress = ?3, gaps = coalesce(?4, gaps) WHERE id = ?1",
    )?
    .execute(params![
        account,
        batch.next.0,
        batch.progress.map(|(a, b)| format!("[{a},{b}]")),
        gaps
    ])?;
    Ok(brought)
}

/// Take in the first events of a batch. The cursor stays: should the rest not come to be kept, these are told again
/// and known.
///
/// # Errors
/// When the store or the disk fails; then nothing of them is kept.
pub fn first(tx: &mut Tx<'_>, account: AccountId, events: &[Event]) -> Result<Brought> {
    let source = source(tx, account)?;
    let mut brought = Brought::default();
    let received = trust::total(tx, account)?;
    for event in events {
        take(tx, &source, event, &mut brought)?;
    }
    trust::settle(tx, account, received)?;
    tx.prepare_cached("UPDATE account SET messages = messages + ?2 WHERE id = ?1")?
        .execute(params![account, brought.new + brought.unreadable])?;
    Ok(brought)
}

/// The holes that are known with these; `None` = no new one. The newest stay, so that a server's complaint at each poll
/// does not hide what is missing.
fn gaps(conn: &Connection, account: AccountId, new: &[Gap]) -> Result<Option<String>> {
    const MOST: usize = 20;
    if new.is_empty() {
        return Ok(None);
    }
    let known: String = conn
        .prepare_cached("SELECT gaps FROM account WHERE id = ?1")?
        .query_row([account], |r| r.get(0))?;
    let mut all: Vec<Gap> = serde_json::from_str(&known).unwrap_or_default();
    all.retain(|g| !new.contains(g));
    all.extend_from_slice(new);
    all.drain(..all.len().saturating_sub(MOST));
    serde_json::to_string(&all)
        .map(Some)
        .map_err(|e| Error::Internal(e.to_string()))
}

/// The account that messages come from.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn source(conn: &Connection, id: AccountId) -> Result<Source> {
    conn.prepare_cached("SELECT channel, live_from, scope FROM account WHERE id = ?1")?
        .query_row([id], |r| {
            Ok(Source {
                id,
                channel: Channel::parse(&r.get::<_, String>(0)?).unwrap_or(Channel::Email),
                live_from: r.get(1)?,
                scope: r.get(2)?,
            })
        })
        .optional()?
        .ok_or_else(|| Error::NotFound(format!("account {id}")))
}

/// Take in what an import read. No cursor moves, and nobody is told of each message.
///
/// # Errors
/// When the store or the disk fails; then nothing of it is kept.
pub fn import(tx: &mut Tx<'_>, account: AccountId, events: &[Event]) -> Result<Brought> {
    let source = source(tx, account)?;
    let mut brought = Brought::default();
    for event in events {
        take(tx, &source, event, &mut brought)?;
    }
    count_import(tx, account, brought)?;
    Ok(brought)
}

/// Messages that an import brought to an account.
pub(super) fn count_import(tx: &mut Tx<'_>, account: AccountId, b: Brought) -> Result<()> {
    tx.notices.clear();
    if b.new + b.unreadable > 0 {
        tx.prepare_cached("UPDATE account SET imported = imported + ?2 WHERE id = ?1")?
            .execute(params![account, b.new + b.unreadable])?;
        tx.changes.accounts = true;
    }
    Ok(())
}

pub(super) fn take(
    tx: &mut Tx<'_>,
    source: &Source,
    event: &Event,
    brought: &mut Brought,
) -> Result<()> {
    match event {
        Event::Message(m) => {
            if known(tx, source, &m.remote_id)? {
                // What could not be read, and now can, takes its place.
                if again::makes_way(tx, source, m)? {
                    message(tx, source, m)?;
                }
                brought.known += 1;
            } else if message(tx, source, m)? {
                brought.new += 1;
            } else {
                brought.known += 1;
            }
        }
        Event::Unreadable {
            remote_id,
            place,
            identity,
            from,
            at,
            reason,
            raw,
        } => {
            if known(tx, source, remote_id)? {
                brought.known += 1;
            } else {
                let id = message_id(&tx.identity.ids, source, identity, remote_id);
                let mut card = unreadable(remote_id, *place, identity, *at, raw);
                card.from.clone_from(from);
                if message(tx, source, &card)? {
                    again::aside(tx, source, &card, id)?;
                    tx.execute(
                        "UPDATE message SET unreadable = ?2 WHERE id = ?1",
                        params![id, reason],
                    )?;
                    brought.unreadable += 1;
                } else {
                    brought.known += 1;
                }
            }
        }
        Event::Again {
            remote_id,
            place,
            mark,
            seen,
        } => {
            if !known(tx, source, remote_id)? {
                elsewhere(tx, source, remote_id, *place, mark, *seen)?;
            }
            brought.known += 1;
        }
        Event::Vanished { remote_id } => {
            tx.prepare_cached(
                "UPDATE delivery SET vanished = 1 WHERE account = ?1 AND remote_id = ?2",
            )?
            .execute(params![source.id, remote_id.0])?;
        }
        Event::Read { remote_id, seen } => reads::heard(tx, source.id, remote_id, *seen)?,
        Event::ReadUpTo(up_to) => reads::heard_up_to(tx, source.id, up_to)?,
        Event::ReachedUpTo { up_to, at, what } => {
            afterwards::heard_up_to(tx, source, up_to, *at, what)?;
        }
        Event::Later(a) => afterwards::heard(tx, source, a)?,
        Event::Person(p) => persons::says(tx, source, p)?,
        Event::Touched(t) => persons::touched(tx, source, t)?,
    }
    Ok(())
}

/// A card for what cannot be read: machine mail from nobody, so that it opens and waits for nothing.
fn unreadable(
    remote_id: &RemoteId,
    place: Place,
    identity: &Identity,
    at: Option<Millis>,
    raw: &[u8],
) -> Incoming {
    Incoming {
        identity: identity.clone(),
        times: Times {
            claimed: None,
            received: None,
            provider: at,
        },
        class: Class::Machine,
        class_reason: Some("unreadable"),
        kind: crate::model::Kind::Auto,
        raw: raw.to_vec(),
        ..Incoming::chat(remote_id.0.clone(), place, 0)
    }
}

/// Whether this delivery is here. One that was thought gone and is told again is back.
fn known(conn: &Connection, source: &Source, remote: &RemoteId) -> Result<bool> {
    let vanished: Option<bool> = conn
        .prepare_cached("SELECT vanished FROM delivery WHERE account = ?1 AND remote_id = ?2")?
        .query_row(params![source.id, remote.0], |r| r.get(0))
        .optional()?;
    // What was known from the provider's answer alone was now found there.
    conn.prepare_cached("UPDATE delivery SET place = 'sent' WHERE account = ?1 AND remote_id = ?2 AND place = 'receipt'")?
        .execute(params![source.id, remote.0])?;
    if vanished == Some(true) {
        conn.prepare_cached(
            "UPDATE delivery SET vanished = 0 WHERE account = ?1 AND remote_id = ?2",
        )?
        .execute(params![source.id, remote.0])?;
    }
    Ok(vanished.is_some())
}

/// A message that is here already lies at the provider under another id too, or now.
fn elsewhere(
    tx: &mut Tx<'_>,
    source: &Source,
    remote: &RemoteId,
    place: Place,
    mark: &Mark,
    seen: bool,
) -> Result<()> {
    let Some(id) = reads::marked(tx, source.id, mark)? else {
        // The connector asked just before. Nothing of the batch is kept, and the next poll fetches the mail itself.
        return Err(Error::Internal("a mail that was here is gone".into()));
    };
    let digest = mark.digest();
    tx.prepare_cached(
        "INSERT INTO delivery (account, remote_id, message, place, authenticated, server_at, received, seen, mark)
         SELECT account, ?3, message, ?4, authenticated, server_at, received, ?5, mark FROM delivery
         WHERE account = ?1 AND mark = ?2 AND message = ?6 LIMIT 1",
    )?
    .execute(params![source.id, &digest[..], remote.0, place_word(place), seen, id])?;
    if seen && reads::wanted(tx, source.id)? {
        reads::set(tx, id, true, source.id)?;
    }
    places::rederive(tx, id)
}

fn place_word(place: Place) -> &'static str {
    match place {
        Place::Inbox => "inbox",
        Place::Sent => "sent",
        Place::Junk => "junk",
        Place::Other => "other",
    }
}

/// The message's id (`model.md`, Identity).
#[must_use]
pub fn message_id(
    ids: &IdKey,
    source: &Source,
    identity: &Identity,
    remote: &RemoteId,
) -> MessageId {
    MessageId(match identity {
        Identity::Provider => ids.id(&[b"message", &source.id.0, remote.0.as_bytes()]),
        Identity::Content(parts) => {
            let mut all: Vec<&[u8]> = vec![b"message"];
            all.extend(parts.iter().map(Vec::as_slice));
            ids.id(&all)
        }
        Identity::Given(id) => id.0,
    })
}

/// The handle of a canonical address.
#[must_use]
pub fn handle_id(ids: &IdKey, channel: Channel, scope: &str, value: &str) -> HandleId {
    HandleId(ids.id(&[
        b"handle",
        channel.of_handles().as_str().as_bytes(),
        scope.as_bytes(),
        value.as_bytes(),
    ]))
}

/// Take in one message that has no delivery here yet. Returns whether it was new.
fn message(tx: &mut Tx<'_>, source: &Source, m: &Incoming) -> Result<bool> {
    let ours = match m
        .from
        .as_ref()
        .and_then(|f| address_key(source.channel, &f.address))
    {
        Some(a) => is_own(tx, &a)?,
        None => false,
    };
    if (ours || m.key.is_some())
        && let Some(id) = echoes::of(tx, source, m)?
    {
        deliver(tx, source, m, id)?;
        outbox::confirmed(tx, id)?;
        return Ok(false);
    }
    let id = message_id(&tx.identity.ids, source, &m.identity, &m.remote_id);
    if tx
        .prepare_cached("SELECT 1 FROM message WHERE id = ?1")?
        .exists([id])?
    {
        again(tx, source, m, id)?;
        return Ok(false);
    }
    // Its places are found before its own row is there, and then once more with it: what it names may be among the
    // mails that name it.
    let direction = direction(ours, m.place == Place::Sent, m.authenticated == Some(true));
    let sent_at = sent_at(&m.times, source.live_from, tx.now);
    let letter = Letter {
        me: id,
        account: source.id,
        channel: source.channel,
        scope: &source.scope,
        from: m.from.as_ref(),
        to: &m.to,
        cc: &m.cc,
        // What comes in lies with its sender, whatever it names.
        names: Vec::new(),
        vouched: true,
        claimed_at: m.times.claimed,
    };
    let home = match direction {
        // Not in the way of what is known already, and its turn comes below.
        Direction::Outbound | Direction::Internal => Home::default(),
        Direction::Inbound => places::home(tx, &letter, direction)?,
    };
    let new = New {
        id,
        direction,
        sent_at,
        live: sent_at >= source.live_from,
        home,
    };
    insert(tx, source, m, &new)?;
    if let Some(version) = m.quarantine {
        tx.prepare_cached("INSERT OR REPLACE INTO quarantine (account, remote_id, message, version) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![source.id, m.remote_id.0, id, version])?;
    }
    deliver(tx, source, m, id)?;
    places::arrived(tx, id)?;
    keep_route(tx, source, m, id)?;
    if let Some(b) = &m.bounce {
        bounces::keep(tx, id, b, sent_at)?;
    }
    Ok(true)
}

/// Outbound iff its From is ours and it lies in Sent or passed DMARC (`model.md`, Whose conversation).
pub(super) fn direction(ours: bool, in_sent: bool, authenticated: bool) -> Direction {
    match ours {
        true if in_sent || authenticated => Direction::Outbound,
        true => Direction::Internal,
        false => Direction::Inbound,
    }
}

pub(super) fn is_own(conn: &Connection, address: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM own_address WHERE value = ?1")?
        .exists([address])?)
}

/// How the person of a message is answered at this account.
fn keep_route(tx: &Tx<'_>, source: &Source, m: &Incoming, id: MessageId) -> Result<()> {
    let Some(route) = &m.route else {
        return Ok(());
    };
    let whose: Option<CustomerId> = tx
        .prepare_cached("SELECT coalesce(handle, conversation) FROM message WHERE id = ?1")?
        .query_row([id], |r| r.get(0))
        .optional()?
        .flatten();
    match whose {
        Some(c) => {
            let at = m.times.provider.unwrap_or(0);
            persons::keep_route(tx, source.id, HandleId(c.0), route, at)
        }
        None => Ok(()),
    }
}

fn deliver(tx: &mut Tx<'_>, source: &Source, m: &Incoming, id: MessageId) -> Result<()> {
    let mark = mark(m).map(|m| m.digest().to_vec());
    let server = m.times.received.or(m.times.provider).unwrap_or(tx.now);
    tx.prepare_cached("INSERT OR IGNORE INTO delivery (account, remote_id, message, place, authenticated, server_at, received, server, near, claim, says, seen, mark) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")?.execute(params![
        source.id,
        m.remote_id.0,
        id,
        place_word(m.place),
        m.authenticated,
        server,
        m.times.received.is_some(),
        m.word.as_ref().map(|w| w.server.as_str()),
        m.word.as_ref().is_some_and(|w| w.near),
        m.word.as_ref().and_then(|w| w.dmarc),
        m.word.as_ref().map(|w| w.says.as_str()),
        m.seen,
        mark,
    ])?;
    trust::count(tx, source.id, m)?;
    afterwards::settle(tx, source.id, &m.remote_id, id)?;
    if let Some(thread) = &m.thread.provider {
        threads::keep_provider(tx, id, provider_ref(&format!("{}:{thread}", source.id)))?;
    }
    Ok(())
}

/// What a mail is known by without its bytes.
fn mark(m: &Incoming) -> Option<Mark> {
    Some(Mark {
        message_id: m.thread.message_id.clone()?,
        size: Some(m.raw.len() as u64).filter(|n| *n > 0)?,
        at: m.times.provider?,
    })
}

/// The same message in another place: what several deliveries say is joined, so that their order does not matter.
fn again(tx: &mut Tx<'_>, source: &Source, m: &Incoming, id: MessageId) -> Result<()> {
    deliver(tx, source, m, id)?;
    if m.seen && reads::wanted(tx, source.id)? {
        reads::set(tx, id, true, source.id)?;
    }
    tx.prepare_cached("UPDATE message SET class_reason = CASE WHEN ?2 < machine_class THEN ?3 ELSE class_reason END, machine_class = min(machine_class, ?2) WHERE id = ?1 AND author IS NULL")?
        .execute(params![id, m.class.as_i64(), m.class_reason])?;
    places::rederive(tx, id)
}

/// When a mail was sent (`model.md`, Time and order): Date within a day before the server's time, never after it.
/// `now` only stands in where no server says anything.
#[must_use]
pub fn sent_at(t: &Times, live_from: Millis, now: Millis) -> Millis {
    let server = t.received.or(t.provider).unwrap_or(now);
    let Some(claimed) = t.claimed else {
        return server;
    };
    if t.received.is_none() || server < live_from {
        return claimed.min(server).max(0);
    }
    claimed.clamp(server - DAY, server)
}

struct New {
    id: MessageId,
    direction: Direction,
    sent_at: Millis,
    live: bool,
    home: Home,
}

/// The conversation whose token the mail names, the nearest first.
fn signed_for(tx: &Tx<'_>, m: &Incoming) -> Option<CustomerId> {
    let own = m.thread.message_id.as_deref();
    let named = m.thread.in_reply_to.iter();
    named
        .chain(m.thread.references.iter().rev())
        .find_map(|id| {
            token::verify(&tx.identity.ids, id)
                .filter(|_| own.is_none_or(|own| ref_hash(own) != ref_hash(id)))
        })
}

/// Make sure of a handle and of the customer made from it; the newest message's name stands.
pub(super) fn handle(
    tx: &Tx<'_>,
    channel: Channel,
    scope: &str,
    value: &str,
    name: Option<&str>,
    at: Millis,
) -> Result<HandleId> {
    let id = handle_id(&tx.identity.ids, channel, scope, value);
    let name = name.map(str::trim).filter(|n| !n.is_empty() && *n != value);
    tx.prepare_cached(
        // A person's word may have come before the first message.
        "INSERT INTO handle (id, channel, scope, value, name, name_at, not_customer)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce((SELECT value = 'true' FROM register WHERE entity = 'handle' AND id = ?7 AND field = 'not_customer'), 0))
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_at = excluded.name_at WHERE excluded.name IS NOT NULL AND (name IS NULL OR excluded.name_at > name_at OR excluded.name_at = name_at AND excluded.name > name)",
    )?
    .execute(params![id, channel.of_handles().as_str(), scope, value, name, at, id.hex()])?;
    conversations::ensure(tx, CustomerId(id.0))?;
    Ok(id)
}

/// One line of a message from what is shown of it; where nothing is, from the whole.
#[must_use]
pub fn snippet_of(text: &str, folds: &[Fold]) -> String {
    let (shown, _) = part(text, folds);
    if shown.trim().is_empty() {
        snippet(text)
    } else {
        snippet(&shown)
    }
}

/// One line of a message: without quoted lines, white space folded.
#[must_use]
pub fn snippet(text: &str) -> String {
    let mut out = String::new();
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('>'));
    for word in lines.flat_map(str::split_whitespace) {
        if out.chars().count() + word.chars().count() > 160 {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if out.is_empty() {
        out = text
            .split_whitespace()
            .next()
            .unwrap_or("")
            .chars()
            .take(160)
            .collect();
    }
    out
}

fn insert(tx: &mut Tx<'_>, source: &Source, m: &Incoming, new: &New) -> Result<()> {
    let not_customer = match new.home.handle {
        Some(h) => tx
            .prepare_cached("SELECT not_customer FROM handle WHERE id = ?1")?
            .query_row([h], |r| r.get::<_, bool>(0))?,
        None => false,
    };
    let class = conversations::class_that_counts(tx, new.id, new.direction, m.class, not_customer)?;
    let people = Participants {
        from: m.from.clone(),
        reply_to: m.reply_to.clone(),
        to: m.to.clone(),
        cc: m.cc.clone(),
        list: m.thread.list.clone(),
    };
    let hidden = new.direction != Direction::Inbound;
    let row = Row {
        id: new.id,
        conversation: new.home.conversation,
        account: source.id,
        channel: source.channel,
        handle: new.home.handle,
        direction: new.direction,
        class,
        machine_class: m.class,
        class_reason: m.class_reason,
        live: new.live,
        sent_at: new.sent_at,
        claimed_at: m.times.claimed,
        outside: new.direction == Direction::Outbound,
        opens: new.home.opens,
        own_ref: m.thread.message_id.as_deref().map(ref_hash),
        verified: m.authenticated,
        signed_for: signed_for(tx, m),
        hidden,
        subject: m.subject.as_deref(),
        text: &m.text,
        folds: &m.folds,
        people: &people,
        has_html: m.html.is_some(),
        files: m.files.iter().map(|f| f.name.as_str()).collect(),
        unread: new.direction == Direction::Inbound && class == Class::Human && new.live && !m.seen,
        also: &new.home.also,
        thread_ids: m
            .thread
            .message_id
            .iter()
            .chain(&m.thread.references)
            .cloned()
            .collect(),
        answers: &m.thread.in_reply_to,
        author: None,
    };
    let rid = row.insert(tx)?;
    threads::keep(tx, new.id, &m.thread)?;
    if let Some(h) = &m.html {
        super::timeline::put_html(tx, rid, h)?;
    } else if let Some(version) = m.html_left_out {
        super::timeline::leave_html_out(tx, rid, version)?;
    }
    keep_raw(tx, rid, &m.raw)?;
    afterwards::put_cards(tx, rid, &m.cards)?;
    for (i, f) in m.files.iter().enumerate() {
        let id = FileId(
            tx.identity
                .ids
                .id(&[b"file", &new.id.0, &(i as u64).to_be_bytes()]),
        );
        files::add(
            tx,
            id,
            Some(new.id),
            i,
            &f.name,
            &f.mime,
            f.content_id.as_deref(),
            f.inline,
            &f.bytes,
        )?;
    }
    if let Some(until) = m.files_until {
        files::expire_at(tx, new.id, until)?;
    }
    if new.direction == Direction::Inbound
        && class == Class::Human
        && new.live
        && let Some(c) = new.home.conversation
        && !variants::is_another_copy(tx, new.id)?
    {
        tx.notices.push((c, new.id));
    }
    Ok(())
}

/// Small mails lie in the database, large ones as kept files.
pub(super) fn keep_raw(tx: &Tx<'_>, rid: i64, raw: &[u8]) -> Result<()> {
    const IN_DATABASE: usize = 256 * 1024;
    if raw.is_empty() {
        return Ok(());
    }
    if raw.len() <= IN_DATABASE {
        tx.prepare_cached("INSERT INTO raw (rid, bytes) VALUES (?1, ?2)")?
            .execute(params![rid, pack(raw)])?;
    } else {
        let hash = tx.files.keep(raw)?;
        tx.prepare_cached("INSERT INTO raw (rid, hash) VALUES (?1, ?2)")?
            .execute(params![rid, &hash[..]])?;
    }
    Ok(())
}

/// A message about to become rows, from a poll or from the composer.
pub(super) struct Row<'a> {
    pub id: MessageId,
    pub conversation: Option<CustomerId>,
    pub account: AccountId,
    pub channel: Channel,
    pub handle: Option<HandleId>,
    pub direction: Direction,
    pub class: Class,
    pub machine_class: Class,
    pub class_reason: Option<&'a str>,
    pub live: bool,
    pub sent_at: Millis,
    pub claimed_at: Option<Millis>,
    pub outside: bool,
    pub opens: bool,
    pub own_ref: Option<[u8; 16]>,
    pub verified: Option<bool>,
    pub signed_for: Option<CustomerId>,
    /// It has no place in a timeline yet.
    pub hidden: bool,
    pub subject: Option<&'a str>,
    pub text: &'a str,
    pub folds: &'a Folds,
    pub people: &'a Participants,
    pub has_html: bool,
    pub files: Vec<&'a str>,
    pub unread: bool,
    pub also: &'a [CustomerId],
    pub thread_ids: Vec<String>,
    /// The Message-IDs that it says it answers.
    pub answers: &'a [String],
    pub author: Option<(crate::model::AgentId, Millis, &'a [MessageId])>,
}

impl Row<'_> {
    /// Insert the message with its places, body and index. Returns its local row id.
    pub fn insert(&self, tx: &mut Tx<'_>) -> Result<i64> {
        let rid = free_rid(tx, self.sent_at)?;
        let people =
            serde_json::to_string(self.people).map_err(|e| Error::Internal(e.to_string()))?;
        let answers = self
            .author
            .map(|(_, _, a)| serde_json::to_string(a).unwrap_or_else(|_| "[]".into()));
        tx.prepare_cached(
            "INSERT INTO message (rid, id, conversation, account, channel, handle, direction, class, machine_class, class_version, class_reason, live, sent_at, claimed_at, received_at, outside, opens,
                                  author, authored_at, send_state, answers, ref, verified, subject, snippet, participants, has_html, has_files, signed_for)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
        )?
        .execute(params![
            rid,
            self.id,
            self.conversation,
            self.account,
            self.channel.as_str(),
            self.handle,
            self.direction.as_i64(),
            self.class.as_i64(),
            self.machine_class.as_i64(),
            CLASSIFIER_VERSION,
            self.class_reason,
            self.live,
            self.sent_at,
            self.claimed_at,
            tx.now,
            self.outside,
            self.opens,
            self.author.map(|a| a.0),
            self.author.map(|a| a.1),
            self.author.map(|_| "held"),
            answers,
            self.own_ref.map(|r| r.to_vec()),
            self.verified,
            self.subject,
            snippet_of(self.text, &self.folds.ranges),
            people,
            self.has_html,
            !self.files.is_empty(),
            self.signed_for,
        ])?;
        if !self.hidden {
            if let Some(c) = self.conversation {
                self.place(tx, c, rid, true)?;
            }
            for c in self.also {
                self.place(tx, *c, rid, false)?;
            }
        }
        let json = |ids: &[String]| serde_json::to_string(ids).unwrap_or_else(|_| "[]".into());
        let folds = serde_json::to_string(&self.folds.ranges).unwrap_or_else(|_| "[]".into());
        tx.prepare_cached("INSERT INTO body (rid, text, thread_ids, folds, fold_version, answers) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![rid, pack(self.text.as_bytes()), json(&self.thread_ids), folds, self.folds.version, json(self.answers)])?;
        self.index(tx, rid)?;
        Ok(rid)
    }

    fn place(&self, tx: &mut Tx<'_>, c: CustomerId, rid: i64, home: bool) -> Result<()> {
        conversations::ensure(tx, c)?;
        let live = self.live && self.direction != Direction::Internal;
        tx.prepare_cached("INSERT OR IGNORE INTO timeline (conversation, sent_at, message, rid, home, live, unread) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![c, self.sent_at, self.id, rid, home, live, home && self.unread])?;
        let one = conversations::One {
            home,
            class: self.class,
            direction: self.direction,
            sent_at: self.sent_at,
        };
        conversations::count_in(tx, c, one)
    }

    fn index(&self, tx: &Tx<'_>, rid: i64) -> Result<()> {
        let entry = search::index::Entry {
            subject: self.subject.unwrap_or(""),
            from: self.people.from.as_ref(),
            to: self.people.to.iter().chain(&self.people.cc).collect(),
            body: self.text,
            files: self.files.join(" "),
        };
        search::index::put(tx, rid, &entry)
    }
}

/// `sent_at << 20 | next free`, the time clamped to 43 bits: newest first is the index's own order.
fn free_rid(tx: &Tx<'_>, sent_at: Millis) -> Result<i64> {
    let base = sent_at.clamp(0, (1 << 43) - 1) << 20;
    let last: Option<i64> = tx
        .prepare_cached("SELECT max(rid) FROM message WHERE rid BETWEEN ?1 AND ?2")?
        .query_row([base, base | ((1 << 20) - 1)], |r| r.get(0))?;
    Ok(last.map_or(base, |l| l + 1))
}
