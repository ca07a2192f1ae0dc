//! The outbox in a person's hands.

use super::dto::{Draft, Nothing, OutboxRow, SendStatus, Undone};
use super::{Desk, args, drafts, timeline};
use crate::error::{Error, Result};
use crate::model::{Channel, CustomerId, GroupId, MessageId, OutboxState};
use crate::store::outbox::{self, OutboxItem};
use crate::store::transfer::sample;
use crate::store::{Tx, accounts, conversations, files, history, ingest};
use rusqlite::{Connection, OptionalExtension};

/// What a person takes back of a send by name. (`z` takes back what waits alone: a failure is no action.)
const TAKEN_BACK: [OutboxState; 3] = [OutboxState::Held, OutboxState::Queued, OutboxState::Failed];

/// Take back what of a send can be taken back, all of it: it becomes a draft again, in its order, and a draft begun
/// meanwhile is kept below it. Of several parts those that have gone, or may have, are counted and stay.
pub(super) fn take_back(tx: &mut Tx<'_>, group: GroupId, states: &[OutboxState]) -> Result<Undone> {
    let mut done = None;
    let mut gone = 0;
    // The last part first, so that each is put above the one that came after it.
    for (id, state) in history::sends_of(tx, group)? {
        match OutboxState::parse(&state) {
            Some(s) if states.contains(&s) => done = Some(one_back(tx, id)?),
            Some(OutboxState::Sending | OutboxState::Sent | OutboxState::Uncertain) => gone += 1,
            _ => {}
        }
    }
    let conversation = done.ok_or_else(|| Error::Internal("a send without parts".into()))?;
    Ok(Undone {
        command: "send".into(),
        conversation: Some(conversations::root(tx, conversation)?),
        draft: true,
        gone,
    })
}

fn one_back(tx: &mut Tx<'_>, id: MessageId) -> Result<CustomerId> {
    let o = outbox::cancel(tx, id)?;
    let rich = o.mail.written();
    let files = o
        .mail
        .files
        .iter()
        .map(|f| Ok(timeline::file(files::get(tx, *f)?)))
        .collect::<Result<Vec<_>>>()?;
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
        files,
        of: Vec::new(),
        updated_at: tx.now,
    };
    let newer = drafts::at(tx, o.conversation, tx.identity.agent, false)?;
    let d = match newer {
        Some(n) => drafts::above(d, n),
        None => d,
    };
    drafts::keep(tx, o.conversation, d)?;
    tx.touch(o.conversation);
    Ok(o.conversation)
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
        .write(move |tx| cancelled(tx, a.id))
        .await
}

/// Take back the send that a message belongs to, with its other parts.
pub(super) fn cancelled(tx: &mut Tx<'_>, id: MessageId) -> Result<Undone> {
    let o = outbox::get(tx, id)?;
    let can = |(_, s): &(MessageId, String)| {
        OutboxState::parse(s).is_some_and(|s| TAKEN_BACK.contains(&s))
    };
    if history::sends_of(tx, o.group)?.iter().any(can) {
        return take_back(tx, o.group, &TAKEN_BACK);
    }
    // It says why not. What was taken back already is a draft already.
    outbox::cancel(tx, id)?;
    Ok(Undone {
        command: "send".into(),
        conversation: Some(conversations::root(tx, o.conversation)?),
        draft: true,
        gone: 0,
    })
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
