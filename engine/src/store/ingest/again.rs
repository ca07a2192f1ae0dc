//! What was not understood, read again by a later version of its converter.

use super::{Brought, Source, source, take};
use crate::error::Result;
use crate::model::{
    AccountId, Card, CardKind, Class, Event, Identity, Incoming, MessageId, RemoteId,
};
use crate::store::files::unpack;
use crate::store::transfer::erase;
use crate::store::{Tx, afterwards, conversations, search};
use rusqlite::{Connection, OptionalExtension, params};

/// What lies in quarantine under an older version than this, and its bytes.
///
/// # Errors
/// When the store fails.
pub fn to_read_again(
    conn: &Connection,
    account: AccountId,
    version: u32,
    most: u32,
) -> Result<Vec<(RemoteId, Vec<u8>)>> {
    let mut s = conn.prepare_cached(
        "SELECT q.remote_id, r.bytes FROM quarantine q JOIN message m ON m.id = q.message JOIN raw r ON r.rid = m.rid
         WHERE q.account = ?1 AND q.version < ?2 AND r.bytes IS NOT NULL LIMIT ?3",
    )?;
    let rows: Vec<(String, Vec<u8>)> = s
        .query_map(params![account, version, most], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    rows.into_iter()
        .map(|(remote, packed)| Ok((RemoteId(remote), unpack(&packed)?)))
        .collect()
}

/// Put what a later version made of a quarantined message in its place; without events it stays as it is, and is not
/// asked for again by this version. What was decided about it stays: its id is the same. So do its files, which its
/// bytes do not hold, and whether somebody read it.
///
/// # Errors
/// When the store fails.
pub fn read_again(
    tx: &mut Tx<'_>,
    account: AccountId,
    remote: &RemoteId,
    version: u32,
    events: Option<&[Event]>,
) -> Result<()> {
    tx.prepare_cached("UPDATE quarantine SET version = ?3 WHERE account = ?1 AND remote_id = ?2")?
        .execute(params![account, remote.0, version])?;
    let unreadable = |e: &Event| matches!(e, Event::Unreadable { .. });
    let Some(events) = events.filter(|e| !e.iter().any(unreadable)) else {
        return Ok(());
    };
    let mut kept = None;
    if let Some((id, rid)) = quarantined(tx, account, remote)? {
        let brings_files = |e: &Event| matches!(e, Event::Message(m) if m.remote_id == *remote && !m.files.is_empty());
        kept = Some(Kept::aside(tx, id, rid, events.iter().any(brings_files))?);
        forget(tx, account, remote, id, rid)?;
    }
    let source = source(tx, account)?;
    let mut brought = Brought::default();
    for e in events {
        match (e, &kept) {
            (Event::Message(m), Some(kept)) if m.remote_id == *remote => {
                let m = Event::Message(Box::new(kept.without_stand_ins(m)));
                take(tx, &source, &m, &mut brought)?;
            }
            _ => take(tx, &source, e, &mut brought)?,
        }
    }
    if let Some(kept) = kept {
        kept.back(tx)?;
    }
    // Nobody is told of what came long ago.
    tx.notices.clear();
    Ok(())
}

/// What a message had that its bytes do not say.
struct Kept {
    id: MessageId,
    /// Under which its files lie meanwhile.
    aside: MessageId,
    /// Their names and media types.
    files: Vec<(String, String)>,
    /// Cards for files that could not be had at first either.
    missing: usize,
    /// Whether a person's message was unread.
    unread: Option<bool>,
}

impl Kept {
    /// `replaced`: other files come in the place of its own.
    fn aside(tx: &Tx<'_>, id: MessageId, rid: i64, replaced: bool) -> Result<Self> {
        let mut s = tx.prepare_cached(
            "SELECT name, mime FROM file WHERE message = ?1 ORDER BY position, id",
        )?;
        let files = s
            .query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let unread = tx
            .prepare_cached("SELECT t.unread FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.message = ?1 AND t.home = 1 AND m.class = ?2")?
            .query_row(params![id, Class::Human.as_i64()], |r| r.get(0))
            .optional()?;
        let aside = MessageId::random();
        if !replaced {
            tx.prepare_cached("UPDATE file SET message = ?2 WHERE message = ?1")?
                .execute([id, aside])?;
        }
        Ok(Self {
            id,
            aside,
            files,
            missing: media(&afterwards::cards(tx, rid)?).count(),
            unread,
        })
    }

    /// The message without the cards in the place of files that are here.
    fn without_stand_ins(&self, m: &Incoming) -> Incoming {
        let mut m = m.clone();
        if !m.files.is_empty() {
            return m;
        }
        // Those that are called so first, then those of the kind, then any.
        let fits = |c: &Card| {
            let named = |(name, _): &(String, String)| c.text.as_deref() == Some(name.as_str());
            let typed = |(_, mime): &(String, String)| c.mime.as_deref() == Some(mime.as_str());
            match () {
                () if self.files.iter().any(named) => 0,
                () if self.files.iter().any(typed) => 1,
                () => 2,
            }
        };
        let mut all: Vec<usize> = media(&m.cards).map(|(i, _)| i).collect();
        let surplus = all.len().saturating_sub(self.missing);
        all.sort_by_key(|i| fits(&m.cards[*i]));
        all.truncate(surplus.min(self.files.len()));
        let mut at = 0..;
        m.cards
            .retain(|_| !at.next().is_some_and(|i| all.contains(&i)));
        m
    }

    /// Its files lie with it again, unless it brought its own or is none any more.
    fn back(self, tx: &mut Tx<'_>) -> Result<()> {
        let now: Option<(i64, bool)> = tx
            .prepare_cached("SELECT rid, has_files FROM message WHERE id = ?1")?
            .query_row([self.id], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let Some((rid, false)) = now.filter(|_| !self.files.is_empty()) else {
            tx.prepare_cached("DELETE FROM file WHERE message = ?1")?
                .execute([self.aside])?;
            return self.as_read(tx);
        };
        tx.prepare_cached("UPDATE file SET message = ?2 WHERE message = ?1")?
            .execute([self.aside, self.id])?;
        tx.prepare_cached("UPDATE message SET has_files = 1 WHERE rid = ?1")?
            .execute([rid])?;
        search::index::remove(tx, rid)?;
        search::index::put_stored(tx, rid)?;
        conversations::touch_all(tx, self.id)?;
        self.as_read(tx)
    }

    fn as_read(&self, tx: &mut Tx<'_>) -> Result<()> {
        if self.unread == Some(false) {
            tx.prepare_cached("UPDATE timeline SET unread = 0 WHERE message = ?1")?
                .execute([self.id])?;
            conversations::touch_all(tx, self.id)?;
        }
        Ok(())
    }
}

/// Cards that stand for a file, and their places.
fn media(cards: &[Card]) -> impl Iterator<Item = (usize, &Card)> {
    let all = cards.iter().enumerate();
    all.filter(|(_, c)| c.kind == CardKind::Media)
}

/// The message that stands for what lies in quarantine, and its row.
fn quarantined(
    tx: &Tx<'_>,
    account: AccountId,
    remote: &RemoteId,
) -> Result<Option<(MessageId, i64)>> {
    Ok(tx
        .prepare_cached("SELECT m.id, m.rid FROM quarantine q JOIN message m ON m.id = q.message WHERE q.account = ?1 AND q.remote_id = ?2")?
        .query_row(params![account, remote.0], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?)
}

/// What stands for a quarantined message goes, to make room for the message.
fn forget(
    tx: &mut Tx<'_>,
    account: AccountId,
    remote: &RemoteId,
    id: MessageId,
    rid: i64,
) -> Result<()> {
    let shown = conversations::shown_in(tx, id)?;
    erase::rows(tx, id, rid)?;
    tx.prepare_cached("DELETE FROM delivery WHERE message = ?1")?
        .execute([id])?;
    tx.prepare_cached("DELETE FROM quarantine WHERE account = ?1 AND remote_id = ?2")?
        .execute(params![account, remote.0])?;
    for c in shown {
        tx.recount(c);
    }
    Ok(())
}

/// What could not be read lies in quarantine as what was not understood does: of no version, so that each tries. A mail
/// is told by its bytes alone, and comes as it came.
pub(super) fn aside(tx: &Tx<'_>, source: &Source, card: &Incoming, id: MessageId) -> Result<()> {
    if !matches!(card.identity, Identity::Provider) || card.raw.is_empty() {
        return Ok(());
    }
    tx.prepare_cached("INSERT OR REPLACE INTO quarantine (account, remote_id, message, version) VALUES (?1, ?2, ?3, 0)")?
        .execute(params![source.id, card.remote_id.0, id])?;
    Ok(())
}

/// Makes room for a message that could not be read when it was told first; says whether it was one.
pub(super) fn makes_way(tx: &mut Tx<'_>, source: &Source, m: &Incoming) -> Result<bool> {
    let there = tx
        .prepare_cached("SELECT 1 FROM delivery d JOIN message m ON m.id = d.message JOIN quarantine q ON q.message = m.id AND q.account = d.account AND q.remote_id = d.remote_id WHERE d.account = ?1 AND d.remote_id = ?2 AND m.unreadable IS NOT NULL")?
        .exists(params![source.id, m.remote_id.0])?;
    if there && let Some((id, rid)) = quarantined(tx, source.id, &m.remote_id)? {
        forget(tx, source.id, &m.remote_id, id, rid)?;
    }
    Ok(there)
}
