//! The durable outbox: every send's state, each change of it a fact in the log (`model.md`, Sending).
//!
//! A crash between an attempt's record and its outcome leaves `sending`; [`recover`] makes that `uncertain`,
//! because it may have gone out.

mod attempts;
mod author;
mod decided;
mod parts;
mod recovery;
mod stop;

pub use attempts::{begin, confirmed, failed, filed, held_back, retry_later, sent, uncertain};
pub use author::author;
pub(super) use decided::withdraw;
pub use decided::{again, cancel, mark_sent};
pub use recovery::{disconnected, recover, recover_account};
pub use stop::{STOPPED, opted_out, stopped};

use super::Tx;
use crate::error::{Error, Result};
use crate::model::letter::{self, History};
use crate::model::rich::Rich;
use crate::model::{
    AccountId, CleanHtml, CustomerId, FileId, GroupId, HandleId, MessageId, OutboxState, Party,
    TemplateUse, address_key,
};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

/// What is sent, as it was authored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Our address.
    pub from: Party,
    /// Recipients.
    pub to: Vec<Party>,
    /// Copies.
    pub cc: Vec<Party>,
    /// Hidden copies.
    #[serde(default)]
    pub bcc: Vec<Party>,
    /// Subject.
    pub subject: Option<String>,
    /// Text as it was typed.
    pub text: String,
    /// The same with its formatting, where it has some, in the one form of [`Rich`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The signature below it.
    #[serde(default)]
    pub signature: String,
    /// What it answers or passes on, below both.
    #[serde(default)]
    pub history: Option<History>,
    /// Files.
    pub files: Vec<FileId>,
    /// The Message-ID that is answered.
    pub in_reply_to: Option<String>,
    /// The thread.
    pub references: Vec<String>,
    /// An approved text in the place of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateUse>,
    /// The message that is answered.
    pub answering: Option<MessageId>,
    /// The message that is passed on.
    #[serde(default)]
    pub forwarding: Option<MessageId>,
    /// Where it was passed on from, which is not where it goes.
    #[serde(default)]
    pub written_in: Option<CustomerId>,
}

impl Mail {
    /// The plain text that goes out: what was typed, the signature, the history.
    #[must_use]
    pub fn whole_text(&self) -> String {
        letter::plain(&self.text, &self.signature, self.history.as_ref())
    }

    /// The bytes of the HTML that was written, and of the history's.
    #[must_use]
    pub fn html_size(&self) -> usize {
        let history = self.history.as_ref().and_then(|h| h.html.as_ref());
        history.map_or(0, String::len) + self.html.as_ref().map_or(0, String::len)
    }

    /// What was written as a draft keeps it: of text alone where it had no formatting.
    #[must_use]
    pub fn written(&self) -> Rich {
        let html = self.html.as_deref().and_then(|h| Rich::read(h).ok());
        html.unwrap_or_else(|| Rich::of_text(&self.text))
    }
}

/// A send to be stored.
#[derive(Debug, Clone)]
pub struct Authored {
    /// Its conversation (original customer); `None` = that of the first recipient.
    pub conversation: Option<CustomerId>,
    /// From which account.
    pub account: AccountId,
    /// The mail.
    pub mail: Mail,
    /// What the timeline shows of its formatting, where it has some; a picture's Content-ID is its file's id.
    pub shown: Option<CleanHtml>,
    /// Milliseconds to hold it for undo.
    pub hold: Millis,
    /// Resolve as well.
    pub resolve: bool,
    /// The command's group, where it stores several sends.
    pub group: Option<GroupId>,
    /// How many of them come after it.
    pub later: u32,
}

/// A send as it stands.
#[derive(Debug, Clone)]
pub struct OutboxItem {
    /// Id.
    pub id: MessageId,
    /// Original conversation.
    pub conversation: CustomerId,
    /// Account.
    pub account: AccountId,
    /// The mail.
    pub mail: Mail,
    /// Our Message-ID.
    pub message_id: String,
    /// State.
    pub state: OutboxState,
    /// Counts queueings: a state of a later one beats all of earlier ones.
    pub attempt: i64,
    /// Calls made to the provider.
    pub tries: i64,
    /// Held until.
    pub hold_until: Millis,
    /// Tried again at.
    pub next_try: Option<Millis>,
    /// Why it is not sent.
    pub error: Option<String>,
    /// Authored.
    pub authored_at: Millis,
    /// The group of the command.
    pub group: GroupId,
    /// The resolve made with it.
    pub resolve_act: Option<String>,
}

/// Whether something goes before it. Where messages are short and stand in one line after another, an earlier one that
/// waits holds back the later ones; everywhere, an earlier part of the same send that did not go.
const HELD_BACK: &str = "EXISTS (SELECT 1 FROM outbox e WHERE e.account = o.account AND e.conversation = o.conversation AND e.authored_at < o.authored_at
     AND (e.state IN ('held', 'queued', 'sending') AND EXISTS (SELECT 1 FROM account a WHERE a.id = o.account AND a.channel <> 'email')
       OR e.grp = o.grp AND e.state IN ('failed', 'uncertain')))";
const COLUMNS: &str = "id, conversation, account, mail, message_id, state, attempt, tries, hold_until, next_try, error, authored_at, grp, resolve_act";

fn item(r: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxItem> {
    let bad = |i: usize, e: String| {
        rusqlite::Error::FromSqlConversionFailure(i, rusqlite::types::Type::Text, e.into())
    };
    Ok(OutboxItem {
        id: r.get(0)?,
        conversation: r.get(1)?,
        account: r.get(2)?,
        mail: serde_json::from_str(&r.get::<_, String>(3)?).map_err(|e| bad(3, e.to_string()))?,
        message_id: r.get(4)?,
        state: OutboxState::parse(&r.get::<_, String>(5)?)
            .ok_or_else(|| bad(5, "unknown state".into()))?,
        attempt: r.get(6)?,
        tries: r.get(7)?,
        hold_until: r.get(8)?,
        next_try: r.get(9)?,
        error: r.get(10)?,
        authored_at: r.get(11)?,
        group: r.get(12)?,
        resolve_act: r.get(13)?,
    })
}

/// One send.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn get(conn: &Connection, id: MessageId) -> Result<OutboxItem> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?
        .query_row([id], item)
        .optional()?
        .ok_or_else(|| Error::NotFound("this send".into()))
}

/// What a send of ours said is gone: it was taken back at the provider. That there was a send stays.
pub(super) fn forget_words(tx: &Tx<'_>, id: MessageId) -> Result<()> {
    let Some(o) = get(tx, id).map(Some).or_else(|e| match e {
        Error::NotFound(_) => Ok(None),
        e => Err(e),
    })?
    else {
        return Ok(());
    };
    let mail = Mail {
        subject: None,
        text: String::new(),
        html: None,
        signature: String::new(),
        history: None,
        files: Vec::new(),
        template: None,
        ..o.mail
    };
    let mail = serde_json::to_string(&mail).map_err(|e| Error::Internal(e.to_string()))?;
    tx.execute(
        "UPDATE outbox SET mail = ?2 WHERE id = ?1",
        params![id, mail],
    )?;
    Ok(())
}

/// Sends that are not finished or went wrong, newest first.
///
/// # Errors
/// When the store fails.
pub fn unfinished(conn: &Connection) -> Result<Vec<OutboxItem>> {
    let mut s = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE state NOT IN ('sent', 'cancelled') ORDER BY authored_at DESC LIMIT 500"))?;
    Ok(s.query_map([], item)?.collect::<rusqlite::Result<_>>()?)
}

/// The next send of an account that is due, and when the next one will be. What is held back has no time of its own:
/// it is looked at when what holds it back changes.
///
/// # Errors
/// When the store fails.
pub fn due(
    conn: &Connection,
    account: AccountId,
    now: Millis,
) -> Result<(Option<OutboxItem>, Option<Millis>)> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox o WHERE account = ?1 AND (state = 'held' AND hold_until <= ?2 OR state = 'queued' AND coalesce(next_try, 0) <= ?2)
           AND NOT {HELD_BACK} ORDER BY authored_at LIMIT 1"
    ))?;
    let next = s.query_row(params![account, now], item).optional()?;
    let later: Option<Millis> = conn
        .prepare_cached(&format!("SELECT min(CASE state WHEN 'held' THEN hold_until ELSE coalesce(next_try, 0) END) FROM outbox o WHERE account = ?1 AND state IN ('held', 'queued') AND NOT {HELD_BACK}"))?
        .query_row([account], |r| r.get(0))?;
    Ok((next, later))
}

/// What the account's connector needs to write to somebody, as the person's last message here said.
///
/// # Errors
/// When the store fails.
pub fn route(conn: &Connection, account: AccountId, to: &Party) -> Result<Option<String>> {
    match handle_of(conn, account, to)? {
        Some(h) => super::persons::route(conn, account, h),
        None => Ok(None),
    }
}

/// When somebody last wrote to an account.
///
/// # Errors
/// When the store fails.
pub fn customer_wrote(conn: &Connection, account: AccountId, to: &Party) -> Result<Option<Millis>> {
    match handle_of(conn, account, to)? {
        Some(h) => super::persons::last_wrote(conn, account, h),
        None => Ok(None),
    }
}

fn handle_of(conn: &Connection, account: AccountId, to: &Party) -> Result<Option<HandleId>> {
    let source = super::ingest::source(conn, account)?;
    let Some(key) = address_key(source.channel, &to.address) else {
        return Ok(None);
    };
    Ok(conn
        .prepare_cached("SELECT id FROM handle WHERE channel = ?1 AND scope = ?2 AND value = ?3")?
        .query_row(
            params![source.channel.of_handles().as_str(), source.scope, key],
            |r| r.get(0),
        )
        .optional()?)
}

/// Sends of an account whose copy must still be filed in Sent.
///
/// # Errors
/// When the store fails.
pub fn to_file(conn: &Connection, account: AccountId) -> Result<Vec<OutboxItem>> {
    let mut s = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE account = ?1 AND state = 'sent' AND filing = 1 ORDER BY authored_at LIMIT 20"))?;
    Ok(s.query_map([account], item)?
        .collect::<rusqlite::Result<_>>()?)
}
