//! One act on many conversations: one group of log entries, so that one `undo` takes all of it back.

use super::dto::{BulkAct, BulkDone};
use super::{Desk, actions, args, customer};
use crate::error::{Error, Result};
use crate::model::{CustomerId, GroupId};
use crate::store::{Tx, conversations, log, reads};
use rusqlite::OptionalExtension;

/// Most conversations of one call: one transaction, after which others may write.
const MOST: usize = 500;

pub(super) async fn bulk(a: args::Bulk, desk: &Desk) -> Result<BulkDone> {
    if a.conversations.len() > MOST {
        return Err(Error::Invalid(format!(
            "an act on many is asked for at most {MOST} conversations at once"
        )));
    }
    let act = match a.act {
        BulkAct::Tag { tag, on } => BulkAct::Tag {
            tag: actions::tag_of(&tag)?,
            on,
        },
        other => other,
    };
    desk.engine
        .store()
        .write(move |tx| {
            let group = match a.group {
                Some(g) => mine(tx, g)?,
                None => GroupId::random(),
            };
            let mut changed = Vec::new();
            for c in a.conversations {
                match one(tx, group, c, &act) {
                    Ok(true) => changed.push(c),
                    // What one conversation does not allow must not hold up the others.
                    Ok(false) | Err(Error::Refused(_)) => {}
                    Err(e) => return Err(e),
                }
            }
            let undo = !log::of_group(tx, group)?.is_empty();
            Ok(BulkDone {
                group,
                changed,
                undo,
            })
        })
        .await
}

/// A group may be continued by who began it, until it is taken back.
fn mine(tx: &Tx<'_>, group: GroupId) -> Result<GroupId> {
    let strange: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE grp = ?1 AND (device <> ?2 OR agent IS NOT ?3))
                 OR EXISTS (SELECT 1 FROM entry WHERE undoes = ?1)",
        )?
        .query_row((group, tx.identity.device, tx.identity.agent), |r| r.get(0))?;
    if strange {
        return Err(Error::Refused(
            "this action was taken back meanwhile; it is not continued".into(),
        ));
    }
    Ok(group)
}

/// Does it to one; false where it is so already, or where there is no such conversation any more.
fn one(tx: &mut Tx<'_>, group: GroupId, c: CustomerId, act: &BulkAct) -> Result<bool> {
    let root = conversations::root(tx, c)?;
    if is_so(tx, root, act)? {
        return Ok(false);
    }
    match act {
        BulkAct::Resolve => actions::close(tx, group, root)?,
        BulkAct::Reopen => actions::open_again(tx, group, root)?,
        BulkAct::Snooze { until } => actions::sleep(tx, group, root, *until)?,
        BulkAct::Assign { agent } => actions::to_agent(tx, group, root, *agent)?,
        BulkAct::Tag { tag, on } => actions::put_tag(tx, group, root, tag, *on)?,
        BulkAct::Stage { stage } => {
            customer::put_stage(tx, group, root, stage.as_deref(), None)?;
        }
        BulkAct::NoReply => actions::end_waits(tx, group, root)?,
        BulkAct::Read { read } => {
            for member in conversations::members(tx, root)? {
                reads::mark(tx, member, *read)?;
            }
        }
    }
    Ok(true)
}

/// Whether a conversation is already as it shall be; what is shown nowhere is.
fn is_so(tx: &Tx<'_>, root: CustomerId, act: &BulkAct) -> Result<bool> {
    let so = match act {
        BulkAct::Resolve | BulkAct::Reopen | BulkAct::NoReply => "0",
        BulkAct::Snooze { until: Some(_) } => "0",
        BulkAct::Snooze { until: None } => "snoozed_until IS NULL",
        BulkAct::Assign { .. } => "assignee IS ?2",
        BulkAct::Stage { .. } => "stage IS ?2",
        BulkAct::Tag { on: true, .. } => "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?2)",
        BulkAct::Tag { on: false, .. } => {
            "NOT EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?2)"
        }
        BulkAct::Read { read: true } => "unread = 0",
        BulkAct::Read { read: false } => "unread > 0",
    };
    let value: Box<dyn rusqlite::ToSql> = match act {
        BulkAct::Assign { agent } => Box::new(*agent),
        BulkAct::Stage { stage } => Box::new(stage.clone()),
        BulkAct::Tag { tag, .. } => Box::new(tag.clone()),
        _ => Box::new(rusqlite::types::Null),
    };
    let found: Option<bool> = tx
        .prepare_cached(&format!(
            "SELECT {so} FROM conversation WHERE id = ?1 AND (?2 IS ?2)"
        ))?
        .query_row((root, value.as_ref()), |r| r.get(0))
        .optional()?;
    Ok(found.unwrap_or(true))
}
