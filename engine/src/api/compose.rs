//! Writing: what the composer starts from, drafts, sending, and the outbox in a person's hands.

use super::dto::{
    Draft, FromOption, Nothing, OutboxRow, Queued, RecipientKind, ReplyOptions, SendStatus,
    ToOption, Undone,
};
use super::{Desk, args, timeline};
use crate::error::{Error, Result};
use crate::model::threads::{references_for_reply, reply_subject};
use crate::model::{
    AccountConfig, AccountId, Channel, CustomerId, HandleId, MessageId, Party, email_key,
};
use crate::store::accounts::{self, AccountRow};
use crate::store::outbox::{self, Authored, Mail, OutboxItem};
use crate::store::timeline::{self as rows, StoredMessage};
use crate::store::{Tx, conversations, files, ingest};
use crate::time::SECOND;
use rusqlite::{Connection, OptionalExtension};

/// Recipients of one mail.
const RECIPIENTS: usize = 100;

fn own(c: &Connection, p: &Party) -> Result<bool> {
    match email_key(&p.address) {
        Some(a) => Ok(c
            .prepare_cached("SELECT 1 FROM own_address WHERE value = ?1")?
            .exists([a])?),
        None => Ok(false),
    }
}

pub(super) async fn reply_options(a: args::ReplyOptions, desk: &Desk) -> Result<ReplyOptions> {
    let (all, answered, mut options) = desk
        .engine
        .store()
        .read(move |c| {
            let id = match a.answering {
                Some(m) => Some(m),
                None => rows::last_inbound(c, a.conversation)?,
            };
            let answered = id.map(|m| rows::message(c, m)).transpose()?;
            let options = ReplyOptions {
                from: Vec::new(),
                to: recipients(c, a.conversation, answered.as_ref())?,
                cc: others(c, answered.as_ref())?,
                subject: subject(c, a.conversation, answered.as_ref())?,
                answering: id,
            };
            Ok((accounts::all(c)?, answered, options))
        })
        .await?;
    options.from = senders(desk, all, answered.map(|m| m.account)).await;
    Ok(options)
}

/// The account that the customer wrote to comes first.
async fn senders(
    desk: &Desk,
    mut all: Vec<AccountRow>,
    first: Option<AccountId>,
) -> Vec<FromOption> {
    all.sort_by_key(|a| Some(a.id) != first);
    all.into_iter()
        .map(|a| {
            let AccountConfig::Email(e) = &a.config;
            let live = desk
                .engine
                .running(a.id)
                .unwrap_or_else(|| std::sync::Arc::new(desk.engine.idle(a.id, &a.config)));
            FromOption {
                account: a.id,
                address: e.address.clone(),
                name: e.display_name.clone(),
                state: a.state,
                capabilities: live.connector.capabilities(),
            }
        })
        .collect()
}

/// Reply-To when it differs, shown loudly; else the sender; then the customer's other handles.
fn recipients(
    c: &Connection,
    conversation: CustomerId,
    answered: Option<&StoredMessage>,
) -> Result<Vec<ToOption>> {
    let mut out: Vec<ToOption> = Vec::new();
    let mut push = |party: Party, kind| {
        if email_key(&party.address).is_some_and(|k| {
            !out.iter()
                .any(|o| email_key(&o.party.address).as_ref() == Some(&k))
        }) {
            out.push(ToOption {
                party,
                channel: Channel::Email,
                kind,
            });
        }
    };
    if let Some(m) = answered {
        let sender = m.people.from.as_ref().and_then(|p| email_key(&p.address));
        for p in m
            .people
            .reply_to
            .iter()
            .filter(|p| email_key(&p.address) != sender)
        {
            push(p.clone(), RecipientKind::ReplyTo);
        }
        if let Some(p) = m
            .people
            .from
            .clone()
            .filter(|_| m.direction == crate::model::Direction::Inbound)
        {
            push(p, RecipientKind::Handle);
        }
    }
    for member in conversations::members(c, conversation)? {
        let row: Option<(String, Option<String>)> = c
            .prepare_cached(
                "SELECT value, name FROM handle WHERE id = ?1 AND channel = 'email' AND scope = ''",
            )?
            .query_row([HandleId(member.0)], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        if let Some((address, name)) = row {
            push(Party { name, address }, RecipientKind::Handle);
        }
    }
    Ok(out)
}

fn others(c: &Connection, answered: Option<&StoredMessage>) -> Result<Vec<Party>> {
    let Some(m) = answered else {
        return Ok(Vec::new());
    };
    let mut out = Vec::new();
    for p in m.people.to.iter().chain(&m.people.cc) {
        if email_key(&p.address).is_some() && !own(c, p)? {
            out.push(p.clone());
        }
    }
    Ok(out)
}

fn subject(
    c: &Connection,
    conversation: CustomerId,
    answered: Option<&StoredMessage>,
) -> Result<Option<String>> {
    if let Some(m) = answered {
        return Ok(Some(reply_subject(m.subject.as_deref().unwrap_or(""))));
    }
    let last: Option<Option<String>> = c
        .query_row(
            "SELECT subject FROM conversation WHERE id = ?1",
            [conversation],
            |r| r.get(0),
        )
        .optional()?;
    Ok(last.flatten().map(|s| reply_subject(&s)))
}

pub(super) async fn send(a: args::Send, desk: &Desk) -> Result<Queued> {
    if a.text.trim().is_empty() && a.files.is_empty() {
        return Err(Error::Invalid("write something, or add a file".into()));
    }
    if a.to.is_empty() {
        return Err(Error::Invalid("add a recipient".into()));
    }
    if a.to.len() + a.cc.len() > RECIPIENTS {
        return Err(Error::Invalid(format!(
            "a mail goes to at most {RECIPIENTS} recipients"
        )));
    }
    for p in a.to.iter().chain(&a.cc) {
        if email_key(&p.address).is_none() {
            return Err(Error::Invalid(format!(
                "“{}” is not a mail address",
                p.address
            )));
        }
    }
    if a.subject
        .as_deref()
        .is_some_and(|s| s.chars().any(char::is_control))
    {
        return Err(Error::Invalid("a subject has one line".into()));
    }
    let me = desk.engine.store().identity().agent;
    let limit = match desk.engine.running(a.account) {
        Some(l) => l.connector.capabilities().max_attachment,
        None => None,
    };
    desk.engine
        .store()
        .write(move |tx| {
            let AccountConfig::Email(from) = accounts::get(tx, a.account)?.config;
            let total = a
                .files
                .iter()
                .map(|f| Ok(files::get(tx, *f)?.size))
                .sum::<Result<u64>>()?;
            if let Some(most) = limit.filter(|m| total > *m) {
                return Err(Error::Invalid(format!(
                    "the files are {} MB together; this account sends at most {} MB",
                    total.div_ceil(1 << 20),
                    most >> 20
                )));
            }
            let (in_reply_to, references) = threading(tx, a.answering)?;
            let conversation = match (a.conversation, a.answering) {
                // The conversation of the handle that is answered, even where several are shown as one.
                (Some(_), Some(m)) => rows::message(tx, m)?.conversation,
                (Some(c), None) => Some(c),
                (None, _) => None,
            };
            let hold = super::settings::number(tx, "hold_seconds", 10)? * SECOND;
            let mail = Mail {
                from: Party {
                    name: Some(from.display_name).filter(|n| !n.is_empty()),
                    address: from.address,
                },
                to: a.to,
                cc: a.cc,
                subject: a.subject,
                text: a.text,
                files: a.files,
                in_reply_to,
                references,
                answering: a.answering,
            };
            let o = outbox::author(
                tx,
                &Authored {
                    conversation,
                    account: a.account,
                    mail,
                    hold,
                    resolve: a.resolve,
                },
            )?;
            let root = conversations::root(tx, o.conversation)?;
            tx.execute(
                "DELETE FROM draft WHERE conversation = ?1 AND agent = ?2 AND note = 0",
                (root, me),
            )?;
            Ok(Queued {
                id: o.id,
                conversation: root,
                hold_until: o.hold_until,
            })
        })
        .await
}

/// In-Reply-To and References of an answer.
fn threading(tx: &Tx<'_>, answering: Option<MessageId>) -> Result<(Option<String>, Vec<String>)> {
    let Some(m) = answering else {
        return Ok((None, Vec::new()));
    };
    let m = rows::message(tx, m)?;
    let mut ids = rows::thread_ids(tx, m.rid)?;
    let has_own: bool = tx.query_row(
        "SELECT ref IS NOT NULL FROM message WHERE rid = ?1",
        [m.rid],
        |r| r.get(0),
    )?;
    let own = (has_own && !ids.is_empty()).then(|| ids.remove(0));
    Ok((own.clone(), references_for_reply(&ids, own.as_deref())))
}

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
    desk.engine
        .store()
        .write(move |tx| {
            let root = conversations::root(tx, a.conversation)?;
            keep_draft(
                tx,
                root,
                &Draft {
                    updated_at: tx.now,
                    ..a.draft
                },
            )?;
            tx.touch(root);
            Ok(Nothing {})
        })
        .await
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
    let mut text = o.mail.text.clone();
    let mut kept = o
        .mail
        .files
        .iter()
        .map(|f| Ok(timeline::file(files::get(tx, *f)?)))
        .collect::<Result<Vec<_>>>()?;
    if let Some(n) = newer {
        text = format!("{text}\n\n{}", n.text);
        kept.extend(n.files);
    }
    let d = Draft {
        note: false,
        text,
        subject: o.mail.subject,
        to: o.mail.to,
        cc: o.mail.cc,
        account: Some(o.account),
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
        .write(move |tx| outbox::again(tx, a.id))
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
        .read(move |c| outbox::get(c, a.id))
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
    match crate::outbox::look_for(desk.engine.store(), &live, &o).await? {
        true => Ok(Nothing {}),
        false => Err(Error::Refused("it is not in the Sent folder. That does not prove that it did not go out: ask the customer, or send it again.".into())),
    }
}
