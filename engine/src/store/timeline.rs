//! Timelines: a conversation's messages by (`sent_at`, message id), a page at a time, whatever its length.

use super::Tx;
use super::conversations::members;
use super::files::{pack, unpack, unpack_text};
use super::ingest::Participants;
use crate::error::{Error, Result};
use crate::model::{
    AccountId, AgentId, Channel, Class, CleanHtml, CustomerId, Direction, Folds, MessageId,
    OutboxState, Remote,
};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};

/// A place in a timeline.
pub type Place = (Millis, MessageId);

/// From where to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The newest.
    Newest,
    /// Older than.
    Before(Place),
    /// Newer than.
    After(Place),
    /// Around.
    Around(Place),
}

/// A message as stored.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    /// Local row.
    pub rid: i64,
    /// Id.
    pub id: MessageId,
    /// Original conversation.
    pub conversation: Option<CustomerId>,
    /// Account.
    pub account: AccountId,
    /// The account's configuration, JSON.
    pub account_config: Option<String>,
    /// Channel.
    pub channel: Channel,
    /// Which way.
    pub direction: Direction,
    /// Class that counts.
    pub class: Class,
    /// Why not a person.
    pub class_reason: Option<String>,
    /// When.
    pub sent_at: Millis,
    /// Claimed.
    pub claimed_at: Option<Millis>,
    /// From another program.
    pub outside: bool,
    /// Who wrote it.
    pub author: Option<(AgentId, String)>,
    /// State of the send.
    pub send: Option<SendRow>,
    /// Sender's authentication.
    pub verified: Option<bool>,
    /// Why it cannot be read.
    pub unreadable: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// People.
    pub people: Participants,
    /// It has HTML.
    pub has_html: bool,
    /// It has files.
    pub has_files: bool,
    /// The conversation whose signed token it names.
    pub signed_for: Option<CustomerId>,
    /// What the receiving server said about the sender, in its own short words.
    pub sender_says: Option<String>,
    /// Unread.
    pub unread: bool,
}

/// A send's state beside its message.
#[derive(Debug, Clone)]
pub struct SendRow {
    /// State.
    pub state: OutboxState,
    /// Held until.
    pub hold_until: Millis,
    /// Why not sent.
    pub error: Option<String>,
    /// Calls made.
    pub tries: u32,
    /// Tried again at.
    pub next_try: Option<Millis>,
}

const COLUMNS: &str = "m.rid, m.id, m.conversation, m.account, acc.config, m.channel, m.direction, m.class, m.class_reason, m.sent_at, m.claimed_at, m.outside, m.author, ag.name,
    m.send_state, o.hold_until, o.error, o.tries, o.next_try, m.verified, m.unreadable, m.subject, m.participants, m.has_html, m.has_files, m.signed_for, m.sender_says";
const JOINS: &str = "LEFT JOIN account acc ON acc.id = m.account LEFT JOIN agent ag ON ag.id = m.author LEFT JOIN outbox o ON o.id = m.id";

fn stored(r: &rusqlite::Row<'_>) -> rusqlite::Result<StoredMessage> {
    let author: Option<AgentId> = r.get(12)?;
    let name: Option<String> = r.get(13)?;
    let state: Option<String> = r.get(14)?;
    let send = match state.as_deref().and_then(OutboxState::parse) {
        Some(state) => Some(SendRow {
            state,
            hold_until: r.get::<_, Option<Millis>>(15)?.unwrap_or(0),
            error: r.get(16)?,
            tries: r.get::<_, Option<u32>>(17)?.unwrap_or(0),
            next_try: r.get(18)?,
        }),
        None => None,
    };
    Ok(StoredMessage {
        rid: r.get(0)?,
        id: r.get(1)?,
        conversation: r.get(2)?,
        account: r.get(3)?,
        account_config: r.get(4)?,
        channel: Channel::parse(&r.get::<_, String>(5)?).unwrap_or(Channel::Email),
        direction: Direction::from_i64(r.get(6)?),
        class: Class::from_i64(r.get(7)?),
        class_reason: r.get(8)?,
        sent_at: r.get(9)?,
        claimed_at: r.get(10)?,
        outside: r.get(11)?,
        author: author.map(|a| (a, name.unwrap_or_default())),
        send,
        verified: r.get(19)?,
        unreadable: r.get(20)?,
        subject: r.get(21)?,
        people: serde_json::from_str(&r.get::<_, String>(22)?).unwrap_or_default(),
        has_html: r.get(23)?,
        has_files: r.get(24)?,
        signed_for: r.get(25)?,
        sender_says: r.get(26)?,
        unread: false,
    })
}

/// One message.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn message(conn: &Connection, id: MessageId) -> Result<StoredMessage> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message m {JOINS} WHERE m.id = ?1"
    ))?
    .query_row([id], stored)
    .optional()?
    .ok_or_else(|| Error::NotFound("this message".into()))
}

/// A page, oldest first, and whether there is more before and after it.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Messages.
    pub messages: Vec<StoredMessage>,
    /// Older ones exist.
    pub older: bool,
    /// Newer ones exist.
    pub newer: bool,
}

/// Read a page of a shown conversation.
///
/// # Errors
/// When the store fails.
pub fn page(
    conn: &Connection,
    conversation: CustomerId,
    window: Window,
    limit: usize,
) -> Result<Page> {
    let all = members(conn, conversation)?;
    let older = |from: Place, n| side(conn, &all, from, n, true);
    let newer = |from: Place, n| side(conn, &all, from, n, false);
    let end: Place = (Millis::MAX, MessageId([0xff; 16]));
    let mut page = match window {
        Window::Newest | Window::Before(_) => {
            let from = if let Window::Before(p) = window {
                p
            } else {
                end
            };
            let (mut m, more) = older(from, limit)?;
            m.reverse();
            Page {
                messages: m,
                older: more,
                newer: window != Window::Newest,
            }
        }
        Window::After(p) => {
            let (m, more) = newer(p, limit)?;
            Page {
                messages: m,
                older: true,
                newer: more,
            }
        }
        Window::Around(p) => {
            let half = limit.div_ceil(2);
            let (mut before, older_more) = older(p, half)?;
            before.reverse();
            // The message itself is the first that is not older.
            let (after, newer_more) = newer((p.0, just_before(p.1)), half + 1)?;
            before.extend(after);
            Page {
                messages: before,
                older: older_more,
                newer: newer_more,
            }
        }
    };
    mark_unread(conn, &mut page.messages)?;
    Ok(page)
}

fn just_before(id: MessageId) -> MessageId {
    MessageId((u128::from_be_bytes(id.0).saturating_sub(1)).to_be_bytes())
}

fn side(
    conn: &Connection,
    members: &[CustomerId],
    from: Place,
    limit: usize,
    older: bool,
) -> Result<(Vec<StoredMessage>, bool)> {
    let (cmp, order) = if older { ("<", "DESC") } else { (">", "ASC") };
    let sql = format!(
        "SELECT {COLUMNS} FROM timeline t JOIN message m ON m.rid = t.rid {JOINS} WHERE t.conversation = ?1 AND (t.sent_at, t.message) {cmp} (?2, ?3) ORDER BY t.sent_at {order}, t.message {order} LIMIT ?4"
    );
    let mut found: Vec<StoredMessage> = Vec::new();
    for c in members {
        let mut s = conn.prepare_cached(&sql)?;
        let rows = s.query_map(
            params![
                c,
                from.0,
                from.1,
                i64::try_from(limit + 1).unwrap_or(i64::MAX)
            ],
            stored,
        )?;
        found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    found.sort_by_key(|m| (m.sent_at, m.id));
    // A message sent to two customers who are shown as one stands once.
    found.dedup_by_key(|m| m.id);
    if older {
        found.reverse();
    }
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

fn mark_unread(conn: &Connection, messages: &mut [StoredMessage]) -> Result<()> {
    let mut s = conn.prepare_cached("SELECT 1 FROM timeline WHERE message = ?1 AND unread = 1")?;
    for m in messages {
        m.unread = m.direction == Direction::Inbound && s.exists([m.id])?;
    }
    Ok(())
}

/// The first message that is not read yet.
///
/// # Errors
/// When the store fails.
pub fn first_unread(conn: &Connection, conversation: CustomerId) -> Result<Option<Place>> {
    let mut best: Option<Place> = None;
    for c in members(conn, conversation)? {
        let p = conn
            .prepare_cached("SELECT sent_at, message FROM timeline WHERE conversation = ?1 AND unread = 1 ORDER BY sent_at LIMIT 1")?
            .query_row([c], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        best = match (best, p) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(best)
}

/// The last human message from the customer, else the last from them at all.
///
/// # Errors
/// When the store fails.
pub fn last_inbound(conn: &Connection, conversation: CustomerId) -> Result<Option<MessageId>> {
    let mut best: Option<(bool, Millis, MessageId)> = None;
    for c in members(conn, conversation)? {
        for human in [true, false] {
            let p: Option<(Millis, MessageId)> = conn
                .prepare_cached(
                    "SELECT t.sent_at, t.message FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND m.direction = 0 AND (m.class = 0) = ?2 ORDER BY t.sent_at DESC, t.message DESC LIMIT 1",
                )?
                .query_row(params![c, human], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()?;
            best = best.max(p.map(|(at, m)| (human, at, m)));
        }
    }
    Ok(best.map(|b| b.2))
}

/// A message's text.
///
/// # Errors
/// When the store fails.
pub fn text(conn: &Connection, rid: i64) -> Result<String> {
    let packed: Option<Vec<u8>> = conn
        .prepare_cached("SELECT text FROM body WHERE rid = ?1")?
        .query_row([rid], |r| r.get(0))
        .optional()?;
    packed.map_or_else(|| Ok(String::new()), |p| unpack_text(&p))
}

/// A message's text with what was found to be folded in it.
///
/// # Errors
/// When the store fails.
pub fn folded_text(conn: &Connection, rid: i64) -> Result<(String, Folds)> {
    let row: Option<(Vec<u8>, String, u32)> = conn
        .prepare_cached("SELECT text, folds, fold_version FROM body WHERE rid = ?1")?
        .query_row([rid], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    let Some((packed, folds, version)) = row else {
        return Ok((String::new(), Folds::default()));
    };
    // What cannot be read is found again.
    let folds = serde_json::from_str(&folds)
        .map(|ranges| Folds { ranges, version })
        .unwrap_or_default();
    Ok((unpack_text(&packed)?, folds))
}

/// A message's HTML as it is kept.
#[derive(Debug, Clone)]
pub struct StoredHtml {
    /// Clean HTML.
    pub html: String,
    /// Where link N leads.
    pub links: Vec<String>,
    /// Everything remote that was left out, by number.
    pub remote: Vec<(String, Remote)>,
    /// The sanitiser that made it.
    pub version: u32,
}

/// A message's clean HTML, if it has any.
///
/// # Errors
/// When the store fails.
pub fn html(conn: &Connection, rid: i64) -> Result<Option<StoredHtml>> {
    type Kept = (Option<Vec<u8>>, Option<String>, Option<String>, Option<u32>);
    let row: Option<Kept> = conn
        .prepare_cached(
            "SELECT html, html_links, html_remote, html_version FROM body WHERE rid = ?1",
        )?
        .query_row([rid], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
        .optional()?;
    let Some((Some(html), links, remote, version)) = row else {
        return Ok(None);
    };
    Ok(Some(StoredHtml {
        html: unpack_text(&html)?,
        links: links
            .and_then(|l| serde_json::from_str(&l).ok())
            .unwrap_or_default(),
        remote: remote
            .and_then(|r| serde_json::from_str(&r).ok())
            .unwrap_or_default(),
        version: version.unwrap_or(0),
    }))
}

/// Remember that a message has HTML which the sanitiser of this version does not show.
///
/// # Errors
/// When the store fails.
pub fn leave_html_out(tx: &Tx<'_>, rid: i64, version: u32) -> Result<()> {
    tx.prepare_cached("UPDATE body SET html = NULL, html_version = ?2 WHERE rid = ?1")?
        .execute(params![rid, version])?;
    Ok(())
}

/// Whether a message has HTML that is not shown because it is too much.
///
/// # Errors
/// When the store fails.
pub fn html_left_out(conn: &Connection, rid: i64) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM body WHERE rid = ?1 AND html IS NULL AND html_version IS NOT NULL",
        )?
        .exists([rid])?)
}

/// Keep a message's clean HTML.
///
/// # Errors
/// When the store fails.
pub fn put_html(tx: &Tx<'_>, rid: i64, clean: &CleanHtml) -> Result<()> {
    let json = |e: serde_json::Error| Error::Internal(e.to_string());
    let remote: Vec<(&String, Remote)> = clean
        .blocked
        .iter()
        .zip(clean.kinds.iter().copied())
        .collect();
    tx.prepare_cached("UPDATE body SET html = ?2, html_links = ?3, html_blocked = ?4, html_remote = ?5, html_version = ?6 WHERE rid = ?1")?.execute(params![
        rid,
        pack(clean.html.as_bytes()),
        serde_json::to_string(&clean.links).map_err(json)?,
        i64::try_from(clean.blocked.len()).unwrap_or(0),
        serde_json::to_string(&remote).map_err(json)?,
        clean.version
    ])?;
    Ok(())
}

/// A message's own Message-ID and References: own first.
///
/// # Errors
/// When the store fails.
pub fn thread_ids(conn: &Connection, rid: i64) -> Result<Vec<String>> {
    let json: Option<String> = conn
        .prepare_cached("SELECT thread_ids FROM body WHERE rid = ?1")?
        .query_row([rid], |r| r.get(0))
        .optional()?
        .flatten();
    Ok(json
        .and_then(|j| serde_json::from_str(&j).ok())
        .unwrap_or_default())
}

/// The message as it came.
#[derive(Debug, Clone)]
pub enum Raw {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// A kept file under this hash.
    File(Vec<u8>),
    /// It never had a raw form.
    None,
}

/// The message as it came.
///
/// # Errors
/// When the store fails.
pub fn raw(conn: &Connection, rid: i64) -> Result<Raw> {
    type Kept = (Option<Vec<u8>>, Option<Vec<u8>>);
    let row: Option<Kept> = conn
        .prepare_cached("SELECT bytes, hash FROM raw WHERE rid = ?1")?
        .query_row([rid], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(match row {
        Some((Some(b), _)) => Raw::Bytes(unpack(&b)?),
        Some((_, Some(h))) => Raw::File(h),
        _ => Raw::None,
    })
}
