//! What people do to a conversation. Each command is one group of log entries, taken back whole by `undo`.

use super::dto::{Done, Nothing, Undone};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{AgentId, CustomerId, GroupId, MessageId};
use crate::store::log::{Writing, newest_group, write};
use crate::store::{Tx, conversations, log_acts, reads};
use crate::time::Millis;
use serde_json::{Value, json};

/// Longest note and tag, in characters.
const NOTE: usize = 100_000;
const TAG: usize = 60;

/// Do something as one group on a shown conversation.
async fn act(
    desk: &Desk,
    c: CustomerId,
    f: impl FnOnce(&mut Tx<'_>, GroupId, CustomerId) -> Result<()> + Send + 'static,
) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            let root = conversations::root(tx, c)?;
            if !tx
                .prepare_cached("SELECT 1 FROM conversation WHERE id = ?1")?
                .exists([root])?
            {
                return Err(Error::NotFound("this conversation".into()));
            }
            f(tx, GroupId::random(), root)?;
            Ok(Done { undo: true })
        })
        .await
}

pub(super) async fn assign(a: args::Assign, desk: &Desk) -> Result<Done> {
    act(desk, a.conversation, move |tx, group, c| {
        to_agent(tx, group, c, a.agent)
    })
    .await
}

pub(super) fn to_agent(
    tx: &mut Tx<'_>,
    group: GroupId,
    c: CustomerId,
    agent: Option<AgentId>,
) -> Result<()> {
    if let Some(agent) = agent
        && !tx
            .prepare_cached("SELECT 1 FROM agent WHERE id = ?1")?
            .exists([agent])?
    {
        return Err(Error::NotFound("this agent".into()));
    }
    write(
        tx,
        "assign",
        group,
        Writing::new(
            Entity::Conversation,
            c.hex(),
            Some(c),
            vec![("assignee", json!(agent))],
        ),
    )?;
    Ok(())
}

pub(super) async fn snooze(a: args::Snooze, desk: &Desk) -> Result<Done> {
    act(desk, a.conversation, move |tx, group, root| {
        sleep(tx, group, root, a.until)
    })
    .await
}

pub(super) fn sleep(
    tx: &mut Tx<'_>,
    group: GroupId,
    root: CustomerId,
    until: Option<Millis>,
) -> Result<()> {
    let value = |seen: Vec<MessageId>| {
        until.map_or(Value::Null, |until| json!({ "until": until, "seen": seen }))
    };
    if until.is_some_and(|u| u <= tx.now) {
        return Err(Error::Invalid("choose an hour in the future".into()));
    }
    let open = conversations::open_members(tx, root)?;
    if open.is_empty() && until.is_some() {
        return Err(Error::Refused(
            "only an open conversation can be snoozed".into(),
        ));
    }
    let targets = if open.is_empty() { vec![root] } else { open };
    // All that is there now is seen; the newest stamp counts over the component.
    let mut seen = Vec::new();
    for c in conversations::members(tx, root)? {
        seen.extend(conversations::folded(tx, c)?.uncovered);
    }
    for c in targets {
        write(
            tx,
            "snooze",
            group,
            Writing::new(
                Entity::Conversation,
                c.hex(),
                Some(c),
                vec![("snooze", value(seen.clone()))],
            ),
        )?;
    }
    Ok(())
}

pub(super) async fn resolve(a: args::Resolve, desk: &Desk) -> Result<Done> {
    act(desk, a.conversation, close).await
}

pub(super) fn close(tx: &mut Tx<'_>, group: GroupId, root: CustomerId) -> Result<()> {
    let open = conversations::open_members(tx, root)?;
    if open.is_empty() {
        return Err(Error::Refused(
            "this conversation is already resolved".into(),
        ));
    }
    for c in open {
        log_acts::resolve(tx, group, c)?;
    }
    Ok(())
}

pub(super) async fn reopen(a: args::Reopen, desk: &Desk) -> Result<Done> {
    act(desk, a.conversation, open_again).await
}

pub(super) fn open_again(tx: &mut Tx<'_>, group: GroupId, root: CustomerId) -> Result<()> {
    if !conversations::open_members(tx, root)?.is_empty() {
        return Err(Error::Refused("this conversation is already open".into()));
    }
    log_acts::reopen(tx, group, root)
}

pub(super) async fn no_reply_needed(a: args::NoReplyNeeded, desk: &Desk) -> Result<Done> {
    act(desk, a.conversation, end_waits).await
}

pub(super) fn end_waits(tx: &mut Tx<'_>, group: GroupId, root: CustomerId) -> Result<()> {
    let mut any = false;
    for c in conversations::members(tx, root)? {
        if !conversations::folded(tx, c)?.unanswered.is_empty() {
            log_acts::no_reply_needed(tx, group, c)?;
            any = true;
        }
    }
    if any {
        Ok(())
    } else {
        Err(Error::Refused("nobody is waiting here".into()))
    }
}

pub(super) async fn note_add(a: args::NoteAdd, desk: &Desk) -> Result<Done> {
    let text = a.text.trim_end().to_owned();
    if text.trim().is_empty() || text.chars().count() > NOTE {
        return Err(Error::Invalid(format!(
            "a note has between 1 and {NOTE} characters"
        )));
    }
    act(desk, a.conversation, move |tx, group, c| {
        log_acts::note(tx, group, c, &text)?;
        super::drafts::said(tx, c, true)
    })
    .await
}

pub(super) async fn tag_set(a: args::TagSet, desk: &Desk) -> Result<Done> {
    let tag = tag_of(&a.tag)?;
    act(desk, a.conversation, move |tx, group, root| {
        put_tag(tx, group, root, &tag, a.on)
    })
    .await
}

/// A tag as it is kept, from what somebody typed.
pub(super) fn tag_of(typed: &str) -> Result<String> {
    let tag = typed
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_start_matches('#')
        .to_lowercase();
    if tag.is_empty() || tag.chars().count() > TAG || tag.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "a tag has between 1 and {TAG} characters"
        )));
    }
    Ok(tag)
}

pub(super) fn put_tag(
    tx: &mut Tx<'_>,
    group: GroupId,
    root: CustomerId,
    tag: &str,
    on: bool,
) -> Result<()> {
    // Off must reach whichever of the linked customers carries it.
    let targets = if on {
        vec![root]
    } else {
        conversations::members(tx, root)?
    };
    for c in targets {
        if !on
            && !tx
                .prepare_cached(
                    "SELECT 1 FROM tag WHERE conversation = ?1 AND tag = ?2 AND active = 1",
                )?
                .exists((c, tag))?
        {
            continue;
        }
        write(
            tx,
            "tag_set",
            group,
            Writing::new(
                Entity::Tag,
                format!("{c}:{tag}"),
                Some(c),
                vec![("on", json!(on))],
            ),
        )?;
    }
    Ok(())
}

pub(super) async fn class_set(a: args::ClassSet, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            let conversation: Option<CustomerId> =
                crate::store::timeline::message(tx, a.message)?.conversation;
            let class =
                serde_json::to_value(a.class).map_err(|e| Error::Internal(e.to_string()))?;
            write(
                tx,
                "class_set",
                GroupId::random(),
                Writing::new(
                    Entity::Message,
                    a.message.hex(),
                    conversation,
                    vec![("class", class)],
                ),
            )?;
            Ok(Done { undo: true })
        })
        .await
}

async fn read_mark(desk: &Desk, conversation: CustomerId, read: bool) -> Result<Nothing> {
    desk.engine
        .store()
        .write(move |tx| {
            for c in conversations::members(tx, conversation)? {
                reads::mark(tx, c, read)?;
            }
            Ok(Nothing {})
        })
        .await
}

pub(super) async fn mark_read(a: args::MarkRead, desk: &Desk) -> Result<Nothing> {
    read_mark(desk, a.conversation, true).await
}

pub(super) async fn mark_unread(a: args::MarkUnread, desk: &Desk) -> Result<Nothing> {
    read_mark(desk, a.conversation, false).await
}

/// `z`: this agent's newest action on this device, whole. A held send comes back as a draft.
pub(super) async fn undo(_: args::Undo, desk: &Desk) -> Result<Undone> {
    desk.engine
        .store()
        .write(|tx| {
            let (group, kind) = newest_group(tx)?
                .ok_or_else(|| Error::Refused("there is nothing to take back".into()))?;
            let mut done = super::history::take_back(tx, group, false)?;
            if !done.draft {
                done.command = kind;
            }
            Ok(done)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_sending_cannot_be_taken_back() {
        assert!(!Entity::Outbox.undoable("state"));
        assert!(Entity::Conversation.undoable("assignee"));
        assert!(Entity::Note.undoable("on") && !Entity::Note.undoable("text"));
    }
}
