//! Drafts, and the outbox in a person's hands.

use super::dto::{Draft, Nothing, OutboxRow, SendStatus, Undone};
use super::{Desk, args, send, timeline};
use crate::error::{Error, Result};
use crate::model::rich::{MAX_TEXT, Rich};
use crate::model::{Channel, CustomerId, FileId, MessageId, OutboxState};
use crate::store::outbox::{self, OutboxItem};
use crate::store::transfer::sample;
use crate::store::{Tx, accounts, conversations, files, ingest};
use rusqlite::{Connection, OptionalExtension};

pub(super) async fn drafts(a: args::Drafts, desk: &Desk) -> Result<Vec<Draft>> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let root = conversations::root(c, a.conversation)?;
            let mut s = c.prepare_cached(
                "SELECT body FROM draft WHERE conversation = ?1 AND agent = ?2 ORDER BY note",
            )?;
            let bodies: Vec<String> = s
                .query_map((root, me), |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(bodies
                .iter()
                .filter_map(|b| serde_json::from_str(b).ok())
                .collect())
        })
        .await
}

pub(super) async fn draft_save(a: args::DraftSave, desk: &Desk) -> Result<Nothing> {
    let draft = written(a.draft)?;
    desk.engine
        .store()
        .write(move |tx| {
            let root = conversations::root(tx, a.conversation)?;
            keep_draft(
                tx,
                root,
                &Draft {
                    updated_at: tx.now,
                    ..draft
                },
            )?;
            tx.touch(root);
            Ok(Nothing {})
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

fn keep_draft(tx: &Tx<'_>, root: CustomerId, d: &Draft) -> Result<()> {
    let me = tx.identity.agent;
    if d.text.trim().is_empty() && d.files.is_empty() {
        tx.execute(
            "DELETE FROM draft WHERE conversation = ?1 AND agent = ?2 AND note = ?3",
            (root, me, d.note),
        )?;
        return Ok(());
    }
    let body = serde_json::to_string(d).map_err(|e| Error::Internal(e.to_string()))?;
    tx.execute(
        "INSERT INTO draft (conversation, agent, note, body, updated_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
        (root, me, d.note, body, tx.now),
    )?;
    Ok(())
}

/// A send that is taken back becomes a draft again; a draft begun meanwhile is kept below it.
pub(super) fn take_back(tx: &mut Tx<'_>, id: MessageId) -> Result<Undone> {
    let o = outbox::cancel(tx, id)?;
    let root = conversations::root(tx, o.conversation)?;
    let newer: Option<String> = tx
        .query_row(
            "SELECT body FROM draft WHERE conversation = ?1 AND agent = ?2 AND note = 0",
            (root, tx.identity.agent),
            |r| r.get(0),
        )
        .optional()?;
    let newer = newer.and_then(|b| serde_json::from_str::<Draft>(&b).ok());
    let mut rich = o.mail.written();
    let mut kept = o
        .mail
        .files
        .iter()
        .map(|f| Ok(timeline::file(files::get(tx, *f)?)))
        .collect::<Result<Vec<_>>>()?;
    if let Some(n) = newer {
        let below = match send::formatted(n.html.as_deref())? {
            Some(below) => below,
            None => Rich::of_text(&n.text),
        };
        rich = rich.above(below);
        kept.extend(n.files);
    }
    let d = Draft {
        note: false,
        text: rich.text(),
        html: (!rich.is_plain()).then(|| rich.html()),
        subject: o.mail.subject,
        to: o.mail.to,
        cc: o.mail.cc,
        bcc: o.mail.bcc,
        account: Some(o.account),
        from: Some(o.mail.from.address),
        quote: o.mail.history.is_some(),
        signature: !o.mail.signature.is_empty(),
        forwarding: o.mail.forwarding,
        files: kept,
        updated_at: tx.now,
    };
    keep_draft(tx, root, &d)?;
    tx.touch(root);
    Ok(Undone {
        command: "send".into(),
        conversation: Some(root),
        draft: true,
    })
}

pub(super) async fn outbox(_: args::Outbox, desk: &Desk) -> Result<Vec<OutboxRow>> {
    desk.engine
        .store()
        .read(|c| {
            outbox::unfinished(c)?
                .into_iter()
                .map(|o| outbox_row(c, o))
                .collect()
        })
        .await
}

fn outbox_row(c: &Connection, o: OutboxItem) -> Result<OutboxRow> {
    let root = conversations::root(c, o.conversation)?;
    let name: Option<String> = c
        .query_row("SELECT name FROM conversation WHERE id = ?1", [root], |r| {
            r.get(0)
        })
        .optional()?;
    Ok(OutboxRow {
        id: o.id,
        conversation: root,
        name: name.unwrap_or_default(),
        snippet: ingest::snippet(&o.mail.text),
        subject: o.mail.subject,
        send: SendStatus {
            state: o.state,
            hold_until: o.hold_until,
            error: o.error,
            attempts: u32::try_from(o.tries).unwrap_or(0),
            next_try: o.next_try,
        },
        authored_at: o.authored_at,
    })
}

pub(super) async fn cancel(a: args::OutboxCancel, desk: &Desk) -> Result<Undone> {
    desk.engine
        .store()
        .write(move |tx| take_back(tx, a.id))
        .await
}

pub(super) async fn retry(a: args::OutboxRetry, desk: &Desk) -> Result<Nothing> {
    desk.engine
        .store()
        .write(move |tx| {
            sample::check_retry(tx, a.id)?;
            outbox::again(tx, a.id)
        })
        .await?;
    Ok(Nothing {})
}

pub(super) async fn mark_sent(a: args::OutboxMarkSent, desk: &Desk) -> Result<Nothing> {
    desk.engine
        .store()
        .write(move |tx| outbox::mark_sent(tx, a.id))
        .await?;
    Ok(Nothing {})
}

pub(super) async fn check_sent(a: args::OutboxCheck, desk: &Desk) -> Result<Nothing> {
    let o = desk
        .engine
        .store()
        .read(move |c| {
            sample::check_retry(c, a.id)?;
            outbox::get(c, a.id)
        })
        .await?;
    let account = o.account;
    let live = match desk.engine.running(account) {
        Some(l) => l,
        None => {
            let row = desk
                .engine
                .store()
                .read(move |c| accounts::get(c, account))
                .await?;
            desk.engine.live(&row).await?
        }
    };
    let store = desk.engine.store();
    if crate::outbox::look_for(store, &live, &o).await? {
        return Ok(Nothing {});
    }
    if live.connector.capabilities().channel == Channel::Email {
        return Err(Error::Refused("it is not in the Sent folder. That does not prove that it did not go out: ask the customer, or send it again.".into()));
    }
    // Where messages bear no id of ours, the provider's list tells.
    crate::sync::poll_once(store, &live).await?;
    let id = o.id;
    let now = store.read(move |c| outbox::get(c, id)).await?;
    if now.state == OutboxState::Sent {
        return Ok(Nothing {});
    }
    Err(Error::Refused("the provider does not list it. That does not prove that it did not go out: ask the customer, or send it again.".into()))
}
