//! What mail servers say of messages of ours that did not arrive: facts beside the message.
//!
//! A report is kept under the Message-ID it names, whether that mail is known already or comes later, so that the
//! order does not matter. It counts only for a message of ours that went to the very recipient it names; any other
//! report is a machine's mail and nothing else.

use super::conversations;
use super::ingest::Participants;
use super::{Tx, afterwards};
use crate::error::Result;
use crate::model::threads::ref_hash;
use crate::model::{Bounce, MessageId, email_key};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;

/// What is known of one recipient of a message that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Canonical address.
    pub recipient: String,
    /// It is still being tried.
    pub delayed: bool,
    /// The address itself is no good.
    pub hard: bool,
    /// Why, as a key.
    pub reason: String,
    /// Why, in words.
    pub words: String,
    /// What the server said.
    pub diagnostic: String,
    /// When.
    pub at: Millis,
}

/// Keep a report. Keeping it again changes nothing.
pub(super) fn keep(tx: &mut Tx<'_>, report: MessageId, bounce: &Bounce, at: Millis) -> Result<()> {
    let Some(original) = bounce.original_message_id.as_deref() else {
        return Ok(());
    };
    let of = ref_hash(original);
    for b in &bounce.recipients {
        let Some(recipient) = email_key(&b.address) else {
            continue;
        };
        tx.prepare_cached(
            "INSERT OR IGNORE INTO bounce (ref, recipient, report, delayed, hard, status, reason, words, diagnostic, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            &of[..],
            recipient,
            report,
            b.action == "delayed",
            b.hard,
            b.status,
            b.reason,
            b.reason_words,
            b.diagnostic,
            at
        ])?;
    }
    let ours: Option<MessageId> = tx
        .prepare_cached("SELECT id FROM message WHERE ref = ?1 AND direction = 1")?
        .query_row([&of[..]], |r| r.get(0))
        .optional()?;
    match ours {
        Some(m) => conversations::touch_all(tx, m),
        None => Ok(()),
    }
}

/// Who a message of ours did not reach, each once: the last word counts, and a failure more than a delay.
///
/// # Errors
/// When the store fails.
pub fn of_message(conn: &Connection, id: MessageId) -> Result<Vec<Problem>> {
    let row: Option<(Option<Vec<u8>>, String)> = conn
        .prepare_cached("SELECT ref, participants FROM message WHERE id = ?1 AND direction = 1")?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((of, people)) = row else {
        return Ok(Vec::new());
    };
    if let Some((why, at)) = afterwards::undelivered(conn, id)? {
        let people: Participants = serde_json::from_str(&people).unwrap_or_default();
        let recipient = people.to.into_iter().next().map(|p| p.address);
        return Ok(vec![Problem {
            recipient: recipient.unwrap_or_default(),
            delayed: false,
            hard: why.hard,
            reason: "undelivered".into(),
            words: why.words,
            diagnostic: why.code,
            at,
        }]);
    }
    let Some(of) = of else {
        return Ok(Vec::new());
    };
    let mut s = conn.prepare_cached(
        "SELECT recipient, delayed, hard, reason, words, diagnostic, at FROM bounce WHERE ref = ?1 ORDER BY delayed, at DESC, report LIMIT 500",
    )?;
    let all = s
        .query_map([of], |r| {
            Ok(Problem {
                recipient: r.get(0)?,
                delayed: r.get(1)?,
                hard: r.get(2)?,
                reason: r.get(3)?,
                words: r.get(4)?,
                diagnostic: r.get(5)?,
                at: r.get(6)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    if all.is_empty() {
        return Ok(all);
    }
    let to = recipients(&people);
    let mut seen = HashSet::new();
    Ok(all
        .into_iter()
        .filter(|p| to.contains(&p.recipient) && seen.insert(p.recipient.clone()))
        .collect())
}

/// Everybody a message of ours went to.
fn recipients(people: &str) -> HashSet<String> {
    let people: Participants = serde_json::from_str(people).unwrap_or_default();
    people
        .to
        .iter()
        .chain(&people.cc)
        .filter_map(|p| email_key(&p.address))
        .collect()
}

/// Whether the last message of ours in a conversation failed for good with somebody, and nobody wrote since.
pub(super) fn unanswered(
    conn: &Connection,
    conversation: crate::model::CustomerId,
) -> Result<bool> {
    let last: Option<(MessageId, bool)> = conn
        .prepare_cached(
            "SELECT m.id, m.direction = 1 FROM timeline t JOIN message m ON m.rid = t.rid WHERE t.conversation = ?1 AND (m.direction = 1 OR m.direction = 0 AND m.class = 0) ORDER BY t.sent_at DESC, t.message DESC LIMIT 1",
        )?
        .query_row([conversation], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    match last {
        Some((id, true)) => Ok(of_message(conn, id)?.iter().any(|p| p.hard && !p.delayed)),
        _ => Ok(false),
    }
}
