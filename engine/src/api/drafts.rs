//! Drafts. Each lies at the original conversation that it was begun for, whatever that is linked with meanwhile
//! (`model.md`, The log): linking and cutting move none, and what lies at several that are shown as one is shown one
//! below the other.

use super::dto::{Draft, DraftKept};
use super::{Desk, args, send};
use crate::error::{Error, Result};
use crate::model::rich::{MAX_TEXT, Rich};
use crate::model::{AgentId, Channel, CustomerId, FileId, address_key};
use crate::store::{Tx, accounts, conversations, ingest, timeline};
use rusqlite::{Connection, OptionalExtension};

pub(super) async fn drafts(a: args::Drafts, desk: &Desk) -> Result<Vec<Draft>> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let mut shown = Vec::new();
            for note in [false, true] {
                shown.extend(
                    lying(c, a.conversation, me, note)?
                        .into_iter()
                        .reduce(above),
                );
            }
            Ok(shown)
        })
        .await
}

pub(super) async fn draft_save(a: args::DraftSave, desk: &Desk) -> Result<DraftKept> {
    let draft = written(a.draft)?;
    desk.engine
        .store()
        .write(move |tx| {
            let at = place(tx, a.conversation, &draft)?;
            let members = conversations::members(tx, a.conversation)?;
            // What was shown together with it is in it now.
            for of in draft.of.iter().filter(|of| members.contains(of)) {
                forget(tx, *of, draft.note)?;
                tx.touch(*of);
            }
            tx.touch(at);
            if draft.text.trim().is_empty() && draft.files.is_empty() {
                forget(tx, at, draft.note)?;
                return Ok(DraftKept { of: Vec::new() });
            }
            keep(tx, at, draft)?;
            Ok(DraftKept { of: vec![at] })
        })
        .await
}

/// A draft in its one form: its formatting made anew of what it may say, its text made of that. Pictures stand in it
/// as long as their files do. Notes have no formatting.
fn written(d: Draft) -> Result<Draft> {
    if d.text.len() > MAX_TEXT {
        return Err(Error::Invalid(format!(
            "the text is longer than {} kB",
            MAX_TEXT / 1_000
        )));
    }
    let Some(rich) = send::formatted(d.html.as_deref().filter(|_| !d.note))? else {
        return Ok(Draft { html: None, ..d });
    };
    let files: Vec<FileId> = d.files.iter().map(|f| f.id).collect();
    let rich = rich.showing_only(&files);
    Ok(Draft {
        text: rich.text(),
        html: (!rich.is_plain()).then(|| rich.html()),
        ..d
    })
}

/// Where a draft is kept: at the original conversation of the handle that it answers, unless another one lies there
/// that its writer has not seen.
fn place(tx: &Tx<'_>, conversation: CustomerId, d: &Draft) -> Result<CustomerId> {
    let members = conversations::members(tx, conversation)?;
    let seen = d.of.iter().copied().find(|of| members.contains(of));
    let mut wanted = None;
    if members.len() > 1 && !d.note {
        wanted = addressed(tx, d)?.filter(|w| members.contains(w));
        if wanted.is_none() && seen.is_none() {
            wanted = answered(tx, conversation)?.filter(|w| members.contains(w));
        }
    }
    let Some(wanted) = wanted.filter(|w| !d.of.contains(w)) else {
        return Ok(wanted.or(seen).unwrap_or(conversation));
    };
    let taken = at(tx, wanted, tx.identity.agent, d.note)?.is_some();
    Ok(match seen {
        _ if !taken => wanted,
        Some(seen) => seen,
        None => conversation,
    })
}

/// Whose handle a draft is written to, where it says so.
fn addressed(tx: &Tx<'_>, d: &Draft) -> Result<Option<CustomerId>> {
    let Some(to) = d.to.first() else {
        return Ok(None);
    };
    let (channel, scope) = match d.account {
        Some(id) => match accounts::get(tx, id) {
            Ok(row) => (row.config.channel(), row.config.handle_scope().to_owned()),
            Err(Error::NotFound(_)) => return Ok(None),
            Err(e) => return Err(e),
        },
        None => (Channel::Email, String::new()),
    };
    Ok(address_key(channel, &to.address)
        .map(|key| CustomerId(ingest::handle_id(&tx.identity.ids, channel, &scope, &key).0)))
}

/// Whose message is answered where nothing else is said: the newest.
fn answered(tx: &Tx<'_>, conversation: CustomerId) -> Result<Option<CustomerId>> {
    match timeline::last_inbound(tx, conversation)? {
        Some(m) => Ok(timeline::message(tx, m)?.conversation),
        None => Ok(None),
    }
}

/// This agent's drafts at the original conversations that are shown as one, newest first.
fn lying(
    conn: &Connection,
    conversation: CustomerId,
    me: AgentId,
    note: bool,
) -> Result<Vec<Draft>> {
    let mut all = Vec::new();
    for member in conversations::members(conn, conversation)? {
        all.extend(at(conn, member, me, note)?);
    }
    all.sort_by_key(|d| std::cmp::Reverse(d.updated_at));
    Ok(all)
}

/// The draft that lies at one original conversation.
pub(super) fn at(
    conn: &Connection,
    of: CustomerId,
    me: AgentId,
    note: bool,
) -> Result<Option<Draft>> {
    let body: Option<String> = conn
        .prepare_cached(
            "SELECT body FROM draft WHERE conversation = ?1 AND agent = ?2 AND note = ?3",
        )?
        .query_row((of, me, note), |r| r.get(0))
        .optional()?;
    Ok(body
        .and_then(|b| serde_json::from_str::<Draft>(&b).ok())
        .map(|d| Draft { of: vec![of], ..d }))
}

/// Two drafts as one, one below the other. It goes to whom the upper one goes.
pub(super) fn above(upper: Draft, mut lower: Draft) -> Draft {
    let both = rich(&upper).above(rich(&lower));
    let mut files = upper.files;
    files.append(&mut lower.files);
    let mut of = upper.of;
    of.append(&mut lower.of);
    Draft {
        text: both.text(),
        html: (!both.is_plain()).then(|| both.html()),
        files,
        of,
        updated_at: upper.updated_at.max(lower.updated_at),
        ..upper
    }
}

fn rich(d: &Draft) -> Rich {
    let html = d.html.as_deref().and_then(|h| Rich::read(h).ok());
    html.unwrap_or_else(|| Rich::of_text(&d.text))
}

/// Keep a draft at an original conversation.
pub(super) fn keep(tx: &Tx<'_>, of: CustomerId, d: Draft) -> Result<()> {
    let d = Draft {
        of: Vec::new(),
        updated_at: tx.now,
        ..d
    };
    let body = serde_json::to_string(&d).map_err(|e| Error::Internal(e.to_string()))?;
    tx.execute(
        "INSERT INTO draft (conversation, agent, note, body, updated_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
        (of, tx.identity.agent, d.note, body, tx.now),
    )?;
    Ok(())
}

fn forget(tx: &Tx<'_>, of: CustomerId, note: bool) -> Result<()> {
    tx.execute(
        "DELETE FROM draft WHERE conversation = ?1 AND agent = ?2 AND note = ?3",
        (of, tx.identity.agent, note),
    )?;
    Ok(())
}

/// What was drafted in a conversation as it is shown has been said.
pub(super) fn said(tx: &mut Tx<'_>, conversation: CustomerId, note: bool) -> Result<()> {
    for of in conversations::members(tx, conversation)? {
        forget(tx, of, note)?;
    }
    tx.touch(conversation);
    Ok(())
}
