//! A send is stored: its message is in the timeline at once.

use super::super::ingest::{Participants, Row, handle, source};
use super::super::log::{Writing, write};
use super::super::{Tx, conversations, timeline};
use super::attempts::state_value;
use super::{Authored, OutboxItem, get};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::threads::{ref_hash, token};
use crate::model::{
    Channel, Class, CustomerId, Direction, Folds, GroupId, MessageId, OutboxState, ThreadRefs,
    address_key, email_key,
};
use crate::time::Millis;
use rusqlite::params;
use serde_json::json;

/// Store a send: its message is in the timeline at once, it goes out after the hold.
///
/// # Errors
/// [`Error::Invalid`] without a usable recipient.
pub fn author(tx: &mut Tx<'_>, a: &Authored) -> Result<OutboxItem> {
    let (conversation, also) = placed(tx, a)?;
    let id = MessageId::random();
    let group = a.group.unwrap_or_else(GroupId::random);
    // In the order of its parts, and none after what is decided with them.
    let at = tx.now - Millis::from(a.later);
    // What is passed on answers nobody.
    let answers = if a.mail.forwarding.is_some() {
        Vec::new()
    } else {
        conversations::folded(tx, conversation)?.unanswered
    };
    let message_id = own_message_id(tx, conversation, id, &a.mail.from.address);
    insert_message(tx, a, id, conversation, &also, &message_id, &answers)?;
    let hold_until = tx.now + a.hold;
    let mail = serde_json::to_string(&a.mail).map_err(|e| Error::Internal(e.to_string()))?;
    tx.execute(
        "INSERT INTO outbox (id, conversation, account, agent, grp, mail, message_id, ref, state, hold_until, authored_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'held', ?9, ?10)",
        params![id, conversation, a.account, tx.identity.agent, group, mail, message_id, &ref_hash(&message_id)[..], hold_until, at],
    )?;
    let authored =
        json!({ "conversation": conversation, "account": a.account, "answers": answers, "at": at });
    let fields = vec![
        ("authored", authored),
        ("state", state_value(0, OutboxState::Held)),
    ];
    write(
        tx,
        "send",
        group,
        Writing::new(Entity::Outbox, id.hex(), Some(conversation), fields),
    )?;
    if let Some(from) = a.mail.written_in {
        let to: Vec<&str> = a.mail.to.iter().map(|p| p.address.as_str()).collect();
        let fields = vec![("forwarded", json!(to.join(", ")))];
        let w = Writing::new(Entity::Conversation, from.hex(), Some(from), fields);
        write(tx, "send", group, w)?;
    }
    if a.resolve {
        // As for a resolve by hand: every open conversation of the customer as shown.
        let act = super::super::log_acts::resolve(tx, group, conversation)?;
        for other in conversations::open_members(tx, conversation)?
            .into_iter()
            .filter(|c| *c != conversation)
        {
            super::super::log_acts::resolve(tx, group, other)?;
        }
        tx.execute(
            "UPDATE outbox SET resolve_act = ?2 WHERE id = ?1",
            params![id, act],
        )?;
    }
    tx.changes.outbox = true;
    get(tx, id)
}

/// The conversation of a send and where else it is shown: under each other To that is a customer.
fn placed(tx: &mut Tx<'_>, a: &Authored) -> Result<(CustomerId, Vec<CustomerId>)> {
    let mut shown = Vec::new();
    let source = source(tx, a.account)?;
    for p in &a.mail.to {
        let value = address_key(source.channel, &p.address).ok_or_else(|| {
            let what = match source.channel {
                Channel::Email => "a mail address".to_owned(),
                other => format!("an address of {}", other.as_str()),
            };
            Error::Invalid(format!("“{}” is not {what}", p.address))
        })?;
        let own: bool = tx
            .prepare_cached("SELECT 1 FROM own_address WHERE value = ?1")?
            .exists([&value])?;
        if !own {
            shown.push(CustomerId(
                handle(
                    tx,
                    source.channel,
                    &source.scope,
                    &value,
                    p.name.as_deref(),
                    0,
                )?
                .0,
            ));
        }
    }
    let first = a
        .conversation
        .or(shown.first().copied())
        .or(a.mail.written_in)
        .ok_or_else(|| {
            Error::Invalid("add a recipient that is not one of your own addresses".into())
        })?;
    shown.retain(|c| *c != first);
    Ok((first, shown))
}

/// Unique, recognised as ours, and bound to its conversation by a signed token.
fn own_message_id(tx: &Tx<'_>, conversation: CustomerId, id: MessageId, from: &str) -> String {
    let domain = email_key(from)
        .and_then(|a| a.rsplit_once('@').map(|(_, d)| d.to_owned()))
        .unwrap_or_else(|| "parley.invalid".into());
    format!(
        "{}@{domain}",
        token::make(&tx.identity.ids, conversation, id)
    )
}

fn insert_message(
    tx: &mut Tx<'_>,
    a: &Authored,
    id: MessageId,
    conversation: CustomerId,
    also: &[CustomerId],
    message_id: &str,
    answers: &[MessageId],
) -> Result<()> {
    let names = a
        .mail
        .files
        .iter()
        .map(|f| Ok(super::super::files::get(tx, *f)?.name))
        .collect::<Result<Vec<_>>>()?;
    let people = Participants {
        from: Some(a.mail.from.clone()),
        reply_to: Vec::new(),
        to: a.mail.to.clone(),
        cc: a.mail.cc.clone(),
        list: None,
    };
    let refs = ThreadRefs {
        message_id: Some(message_id.to_owned()),
        in_reply_to: a.mail.in_reply_to.iter().cloned().collect(),
        references: a.mail.references.clone(),
        ..ThreadRefs::default()
    };
    let row = Row {
        id,
        conversation: Some(conversation),
        account: a.account,
        channel: super::super::ingest::source(tx, a.account)?.channel,
        handle: None,
        direction: Direction::Outbound,
        class: Class::Human,
        machine_class: Class::Human,
        class_reason: None,
        live: true,
        sent_at: tx.now - Millis::from(a.later),
        claimed_at: None,
        outside: false,
        opens: true,
        own_ref: Some(ref_hash(message_id)),
        verified: None,
        signed_for: None,
        hidden: false,
        subject: a.mail.subject.as_deref(),
        text: &a.mail.text,
        folds: &Folds::default(),
        people: &people,
        has_html: a.shown.is_some(),
        files: names.iter().map(String::as_str).collect(),
        unread: false,
        also,
        thread_ids: std::iter::once(message_id.to_owned())
            .chain(a.mail.references.iter().cloned())
            .collect(),
        answers: &refs.in_reply_to,
        author: Some((tx.identity.agent, tx.now - Millis::from(a.later), answers)),
    };
    let rid = row.insert(tx)?;
    if let Some(shown) = &a.shown {
        timeline::put_html(tx, rid, shown)?;
    }
    super::super::threads::keep(tx, id, &refs)?;
    for (i, f) in a.mail.files.iter().enumerate() {
        tx.execute(
            "UPDATE file SET message = ?2, position = ?3, staged_at = NULL, content_id = ?4 WHERE id = ?1",
            params![f, id, i64::try_from(i).unwrap_or(0), f.hex()],
        )?;
    }
    Ok(())
}
