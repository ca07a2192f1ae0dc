//! What the composer starts from: an answer, or a message that is passed on.

use super::dto::{FromOption, History, Reach, RecipientKind, ReplyOptions, ToOption};
use super::send::chat::{Window, window};
use super::{Desk, args, timeline};
use crate::error::Result;
use crate::model::letter::forward_subject;
use crate::model::threads::reply_subject;
use crate::model::{
    AccountId, Capabilities, Channel, CustomerId, Direction, FileId, HandleId, IdKey, Party,
    address_key, email_key,
};
use crate::store::accounts::{self, AccountRow};
use crate::store::timeline::{self as rows, StoredMessage};
use crate::store::transfer::sample;
use crate::store::{conversations, files, ingest, persons};
use crate::time::Millis;
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
    let store = desk.engine.store();
    let (ids, now) = (store.identity().ids.clone(), store.clock().now());
    let accounts: Vec<(AccountRow, Capabilities)> = store
        .read(accounts::all)
        .await?
        .into_iter()
        .map(|row| {
            let can = capabilities(desk, &row);
            (row, can)
        })
        .collect();
    let (all, answered, mut options) = store
        .read(move |c| {
            let id = match a.answering {
                Some(m) => Some(m),
                None => rows::last_inbound(c, a.conversation)?,
            };
            let answered = id.map(|m| rows::message(c, m)).transpose()?;
            let options = ReplyOptions {
                from: Vec::new(),
                to: reached(
                    c,
                    &ids,
                    recipients(c, a.conversation, answered.as_ref())?,
                    &accounts,
                    answered.as_ref().map(|m| m.account),
                    now,
                )?,
                cc: others(c, answered.as_ref())?,
                subject: subject(c, a.conversation, answered.as_ref())?,
                answering: id,
                history: answered.as_ref().map(|m| history(c, m)).transpose()?,
                files: Vec::new(),
                sample: sample::reaches_nobody(c, Some(a.conversation), id)?,
            };
            let all: Vec<AccountRow> = accounts.into_iter().map(|(row, _)| row).collect();
            Ok((all, answered, options))
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
    let mut capabilities = capabilities(desk, a);
    let option = |address: &str, signature: &str, capabilities: &Capabilities| FromOption {
        account: a.id,
        address: address.to_owned(),
        name: a.config.display_name().to_owned(),
        signature: signature.to_owned(),
        state: a.state,
        capabilities: capabilities.clone(),
        max_message: a.max_message,
    };
    let Some(e) = a.config.email() else {
        return vec![option(a.config.address(), "", &capabilities)];
    };
    if let Some(most) = a.max_message {
        // Files travel as base64, four bytes for three, in lines.
        capabilities.max_attachment = Some(most.saturating_sub(50_000) / 78 * 57);
    }
    std::iter::once(&e.address)
        .chain(&e.aliases)
        .map(|address| option(address, &e.signature, &capabilities))
        .collect()
}

fn capabilities(desk: &Desk, a: &AccountRow) -> Capabilities {
    match desk.engine.running(a.id) {
        Some(live) => live.connector.capabilities(),
        None => desk.engine.idle(a.id, &a.config).connector.capabilities(),
    }
}

/// A way to reach somebody, before it is known by which accounts.
struct Way {
    party: Party,
    channel: Channel,
    scope: String,
    kind: RecipientKind,
}

/// Reply-To when it differs, shown loudly; else the sender; then the customer's other handles, and addresses that they
/// gave elsewhere.
fn recipients(
    c: &Connection,
    conversation: CustomerId,
    answered: Option<&StoredMessage>,
) -> Result<Vec<Way>> {
    let mut out: Vec<Way> = Vec::new();
    let mut push = |party: Party, channel: Channel, scope: &str, kind| {
        let key = address_key(channel, &party.address);
        let met = |w: &Way| {
            w.channel == channel
                && w.scope == scope
                && address_key(channel, &w.party.address) == key
        };
        if key.is_some() && !out.iter().any(met) {
            out.push(Way {
                party,
                channel,
                scope: scope.to_owned(),
                kind,
            });
        }
    };
    if let Some(m) = answered {
        let scope = ingest::source(c, m.account)
            .map(|s| s.scope)
            .unwrap_or_default();
        let sender = m.people.from.as_ref().and_then(|p| email_key(&p.address));
        for p in m
            .people
            .reply_to
            .iter()
            .filter(|p| email_key(&p.address) != sender)
        {
            push(p.clone(), m.channel, &scope, RecipientKind::ReplyTo);
        }
        if let Some(p) = m
            .people
            .from
            .clone()
            .filter(|_| m.direction == Direction::Inbound)
        {
            push(p, m.channel, &scope, RecipientKind::Handle);
        }
    }
    let mut given = Vec::new();
    for member in conversations::members(c, conversation)? {
        let row: Option<(String, String, String, Option<String>)> = c
            .prepare_cached(
                "SELECT channel, scope, value, name FROM handle WHERE id = ?1 AND scope <> 'internal'",
            )?
            .query_row([HandleId(member.0)], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
            })
            .optional()?;
        let Some((channel, scope, address, name)) = row else {
            continue;
        };
        let Some(channel) = Channel::parse(&channel) else {
            continue;
        };
        let party = Party { name, address };
        // A telephone number is reached on all of its channels.
        for by in Channel::ALL
            .into_iter()
            .filter(|by| by.of_handles() == channel)
        {
            push(party.clone(), by, &scope, RecipientKind::Handle);
        }
        let known = persons::known(c, HandleId(member.0))?;
        given.extend(known.email.map(|address| Party {
            name: party.name,
            address,
        }));
    }
    for p in given {
        push(p, Channel::Email, "", RecipientKind::Given);
    }
    Ok(out)
}

/// By which accounts the ways lead to the person, and which lead nowhere: those of telephone channels without an
/// account are left out, as nobody asked for them.
fn reached(
    c: &Connection,
    ids: &IdKey,
    ways: Vec<Way>,
    all: &[(AccountRow, Capabilities)],
    answered: Option<AccountId>,
    now: Millis,
) -> Result<Vec<ToOption>> {
    let mut out = Vec::new();
    for w in ways {
        let key = address_key(w.channel, &w.party.address).unwrap_or_default();
        let handle = ingest::handle_id(ids, w.channel, &w.scope, &key);
        let mut by = Vec::new();
        for (a, can) in all {
            let fits = a.config.channel() == w.channel
                && (w.channel == Channel::Email || a.config.handle_scope() == w.scope);
            if !fits {
                continue;
            }
            let route = persons::route(c, a.id, handle)?;
            let can = &can.by_route(route.as_deref());
            let last = match can.reply_window_hours {
                None if can.may_write_first => None,
                _ => persons::last_wrote(c, a.id, handle)?,
            };
            let (until, closed) = match window(can, last, now) {
                Window::Open(until) => (until, false),
                Window::Over => (can.window_end(last), true),
                Window::NotYet => (None, true),
            };
            by.push(Reach {
                account: a.id,
                until,
                closed,
                opted_out: persons::opted_out(c, a.id, handle)?,
            });
        }
        by.sort_by_key(|r| (r.opted_out, r.closed, Some(r.account) != answered));
        let telephone = w.channel.of_handles() == Channel::Sms;
        let asked_for = !telephone || !by.is_empty();
        if asked_for {
            out.push(ToOption {
                opted_out: if by.is_empty() {
                    persons::known(c, handle)?.opted_out
                } else {
                    by.iter().all(|r| r.opted_out)
                },
                party: w.party,
                channel: w.channel,
                kind: w.kind,
                by,
            });
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
