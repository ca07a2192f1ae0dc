//! What the composer starts from: an answer, or a message that is passed on.

use super::dto::{FromOption, History, RecipientKind, ReplyOptions, ToOption};
use super::{Desk, args, timeline};
use crate::error::Result;
use crate::model::letter::forward_subject;
use crate::model::threads::reply_subject;
use crate::model::{
    AccountConfig, Channel, CustomerId, Direction, FileId, HandleId, Party, email_key,
};
use crate::store::accounts::{self, AccountRow};
use crate::store::timeline::{self as rows, StoredMessage};
use crate::store::transfer::sample;
use crate::store::{conversations, files};
use rusqlite::{Connection, OptionalExtension};

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
                history: answered.as_ref().map(|m| history(c, m)).transpose()?,
                files: Vec::new(),
                sample: sample::reaches_nobody(c, Some(a.conversation), id)?,
            };
            Ok((accounts::all(c)?, answered, options))
        })
        .await?;
    options.from = senders(desk, &all, answered.as_ref());
    Ok(options)
}

/// A message that is passed on: its text stands below, its files are staged anew.
pub(super) async fn forward_options(a: args::ForwardOptions, desk: &Desk) -> Result<ReplyOptions> {
    let (all, passed, mut options) = desk
        .engine
        .store()
        .write(move |tx| {
            let m = rows::message(tx, a.message)?;
            let mut staged = Vec::new();
            for f in files::of_message(tx, a.message)? {
                let id = FileId::random();
                files::stage_again(tx, id, &f)?;
                staged.push(timeline::file(files::get(tx, id)?));
            }
            let options = ReplyOptions {
                from: Vec::new(),
                to: Vec::new(),
                cc: Vec::new(),
                subject: Some(forward_subject(m.subject.as_deref().unwrap_or(""))),
                answering: None,
                history: Some(history(tx, &m)?),
                files: staged,
                sample: sample::reaches_nobody(tx, None, Some(a.message))?,
            };
            Ok((accounts::all(tx)?, m, options))
        })
        .await?;
    options.from = senders(desk, &all, Some(&passed));
    Ok(options)
}

fn history(c: &Connection, m: &StoredMessage) -> Result<History> {
    const PREVIEW: usize = 400;
    let text = rows::text(c, m.rid)?;
    Ok(History {
        from: m.people.from.clone(),
        to: m.people.to.clone(),
        cc: m.people.cc.clone(),
        at: m.sent_at,
        subject: m.subject.clone(),
        preview: text.chars().take(PREVIEW).collect(),
    })
}

/// The address that the customer wrote to comes first, then the others of that account, then the other accounts.
fn senders(desk: &Desk, all: &[AccountRow], answered: Option<&StoredMessage>) -> Vec<FromOption> {
    let written_to: Vec<String> = answered
        .iter()
        .flat_map(|m| m.people.to.iter().chain(&m.people.cc).chain(&m.people.from))
        .filter_map(|p| email_key(&p.address))
        .collect();
    let account = answered.map(|m| m.account);
    let mut out: Vec<FromOption> = all.iter().flat_map(|a| of_account(desk, a)).collect();
    out.sort_by_key(|o| {
        let meant = email_key(&o.address).is_some_and(|a| written_to.contains(&a));
        (Some(o.account) != account, !meant)
    });
    out
}

fn of_account(desk: &Desk, a: &AccountRow) -> Vec<FromOption> {
    let AccountConfig::Email(e) = &a.config;
    let live = desk
        .engine
        .running(a.id)
        .unwrap_or_else(|| std::sync::Arc::new(desk.engine.idle(a.id, &a.config)));
    let mut capabilities = live.connector.capabilities();
    if let Some(most) = a.max_message {
        // Files travel as base64, four bytes for three, in lines.
        capabilities.max_attachment = Some(most.saturating_sub(50_000) / 78 * 57);
    }
    std::iter::once(&e.address)
        .chain(&e.aliases)
        .map(|address| FromOption {
            account: a.id,
            address: address.clone(),
            name: e.display_name.clone(),
            signature: e.signature.clone(),
            state: a.state,
            capabilities: capabilities.clone(),
            max_message: a.max_message,
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
            .filter(|_| m.direction == Direction::Inbound)
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

/// For an answer to all: everybody else in it, each once, without ourselves and without addresses that nobody reads.
fn others(c: &Connection, answered: Option<&StoredMessage>) -> Result<Vec<Party>> {
    let Some(m) = answered else {
        return Ok(Vec::new());
    };
    let author = m.people.from.iter().chain(&m.people.reply_to);
    let mut met: Vec<String> = author.filter_map(|p| email_key(&p.address)).collect();
    let mut out = Vec::new();
    for p in m.people.to.iter().chain(&m.people.cc) {
        let Some(key) = email_key(&p.address) else {
            continue;
        };
        if met.contains(&key) || own(c, p)? || nobody_reads(&key) {
            continue;
        }
        met.push(key);
        out.push(p.clone());
    }
    Ok(out)
}

fn nobody_reads(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    let plain: String = local.chars().filter(char::is_ascii_alphanumeric).collect();
    plain.starts_with("noreply") || plain.starts_with("donotreply") || plain == "mailerdaemon"
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
