//! Our own sends, come back from the provider.

use super::Source;
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::threads::ref_hash;
use crate::model::{Channel, Incoming, MessageId, Place, address_key};
use crate::store::log;
use crate::store::outbox::Mail;
use crate::time::{Millis, SECOND};
use rusqlite::{Connection, OptionalExtension, params};

/// The provider's clock and ours may differ so much, and its answer may take so long.
const APART: Millis = 120 * SECOND;
/// No call lasts longer.
const CALL: Millis = 300 * SECOND;
/// How the log names what became of a send.
const STATES: &str = "auto.send.";

/// The send of ours that this is, if it is one (`model.md`, Identity): by the key that we gave, by the id that the
/// provider answered with, by our Message-ID, and where the provider gives nothing better by text and time.
pub(super) fn of(conn: &Connection, source: &Source, m: &Incoming) -> Result<Option<MessageId>> {
    if let Some(key) = m.key {
        let ours = conn
            .prepare_cached("SELECT id FROM outbox WHERE id = ?1 AND account = ?2")?
            .query_row(params![key, source.id], |r| r.get(0))
            .optional()?;
        if ours.is_some() {
            return Ok(ours);
        }
    }
    if source.channel == Channel::Email {
        return of_mail(conn, m);
    }
    let answered = conn
        .prepare_cached("SELECT id FROM outbox WHERE account = ?1 AND provider_id = ?2")?
        .query_row(params![source.id, m.remote_id.0], |r| r.get(0))
        .optional()?;
    if answered.is_some() {
        return Ok(answered);
    }
    alike(conn, source, m)
}

/// By our Message-ID and our From. Whoever got our mail knows both, so outside of Sent it must also say what we said;
/// else it is a forgery, or our mail altered on its way, and swallows nothing.
fn of_mail(conn: &Connection, m: &Incoming) -> Result<Option<MessageId>> {
    let Some(own) = m.thread.message_id.as_deref() else {
        return Ok(None);
    };
    let row: Option<(MessageId, String, String)> = conn
        .prepare_cached("SELECT id, message_id, mail FROM outbox WHERE ref = ?1")?
        .query_row([&ref_hash(own)[..]], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .optional()?;
    let Some((id, known, mail)) = row else {
        return Ok(None);
    };
    if known != own {
        return Ok(None);
    }
    if m.place == Place::Sent {
        return Ok(Some(id));
    }
    let sent = parsed(id, &mail)?.whole_text();
    let same = sent.split_whitespace().eq(m.text.split_whitespace());
    Ok(same.then_some(id))
}

/// The send to the same person that says the same, was not found yet, and was tried at about that time: of several
/// the nearest.
fn alike(conn: &Connection, source: &Source, m: &Incoming) -> Result<Option<MessageId>> {
    let (Some(at), Some(to)) = (m.times.provider, m.to.first()) else {
        return Ok(None);
    };
    let Some(to) = address_key(source.channel, &to.address) else {
        return Ok(None);
    };
    let mut s = conn.prepare_cached(
        "SELECT o.id, o.mail, o.sent_at FROM outbox o WHERE o.account = ?1 AND o.authored_at <= ?2 + ?3
           AND (o.state = 'sent' AND o.sent_at BETWEEN ?2 - ?3 AND ?2 + ?3 OR o.state IN ('sending', 'uncertain')
             OR o.state IN ('queued', 'failed') AND (o.tries > 0 OR o.attempt > 0))
           AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = o.id AND d.account = o.account AND d.place <> 'receipt')
         ORDER BY o.authored_at",
    )?;
    let rows = s.query_map(params![source.id, at, APART], |r| {
        Ok((
            r.get::<_, MessageId>(0)?,
            r.get::<_, String>(1)?,
            r.get::<_, Option<Millis>>(2)?,
        ))
    })?;
    let mut nearest: Option<(Millis, MessageId)> = None;
    for row in rows {
        let (id, mail, sent_at) = row?;
        let mail = parsed(id, &mail)?;
        let there = mail
            .to
            .iter()
            .any(|p| address_key(source.channel, &p.address).as_deref() == Some(to.as_str()));
        if !there || !says_the_same(&mail, m) {
            continue;
        }
        let tried = match sent_at {
            Some(sent) => vec![(sent, sent)],
            None => attempts(conn, id)?,
        };
        let apart = tried
            .into_iter()
            .map(|(from, to)| (from - at).max(at - to).max(0))
            .min();
        if let Some(apart) = apart.filter(|a| *a <= APART)
            && nearest.is_none_or(|(other, _)| apart < other)
        {
            nearest = Some((apart, id));
        }
    }
    Ok(nearest.map(|(_, id)| id))
}

/// From when to when a provider may have taken each attempt of a send that is not known to have gone. What a provider
/// refused it did not take.
fn attempts(conn: &Connection, id: MessageId) -> Result<Vec<(Millis, Millis)>> {
    let told: Vec<(String, Millis)> = log::of_entity(conn, Entity::Outbox, &id.hex())?
        .into_iter()
        .filter(|e| e.kind.starts_with(STATES))
        .map(|e| (e.kind, e.stamp.clock().millis()))
        .collect();
    let mut out = Vec::new();
    for (i, (kind, began)) in told.iter().enumerate() {
        let state = &kind[STATES.len()..];
        let next = told.get(i + 1);
        let refused = next.is_some_and(|(kind, _)| kind[STATES.len()..] == *"failed");
        if state == "sending" && !refused {
            let ended = next.map_or(began + CALL, |(_, at)| *at);
            out.push((*began, ended.clamp(*began, began + CALL)));
        }
        // Nobody here tried it: it waited in a copy of this workspace whose other one may have sent it when it was due.
        if state == "uncertain" && (i == 0 || told[i - 1].0[STATES.len()..] != *"sending") {
            let due: Millis = conn
                .prepare_cached(
                    "SELECT max(hold_until, coalesce(next_try, 0)) FROM outbox WHERE id = ?1",
                )?
                .query_row([id], |r| r.get(0))?;
            out.push((due, due));
        }
    }
    Ok(out)
}

/// Signs around words and white space may have been changed on the way.
fn says_the_same(mail: &Mail, m: &Incoming) -> bool {
    let sent = mail.whole_text();
    let letters = |t: &str| {
        t.chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
    };
    let (a, b) = (letters(&sent), letters(&m.text));
    if !a.is_empty() || !b.is_empty() {
        return a == b;
    }
    let bare = |t: &str| t.split_whitespace().collect::<String>();
    let carries = !m.files.is_empty() || !m.cards.is_empty();
    bare(&sent) == bare(&m.text) && mail.files.is_empty() != carries
}

fn parsed(id: MessageId, mail: &str) -> Result<Mail> {
    serde_json::from_str(mail)
        .map_err(|e| Error::Corrupt(format!("the send {id} cannot be read: {e}")))
}
