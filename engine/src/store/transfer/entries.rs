//! Entries of an exported log, appended here as a colleague's would be. A file is a stranger's until the opposite is
//! known: it may not change the settings of a mailbox that is connected here, nor move the clock.

use super::super::{Tx, log};
use super::ids::Naming;
use crate::error::{Error, Result};
use crate::model::interchange::EntryLine;
use crate::model::log::{Entity, Entry, FieldChange, Stamp};
use crate::model::{
    AccountConfig, AccountId, AgentId, Archive, CustomerId, DeviceId, EntryId, GroupId,
};
use crate::store::accounts;
use crate::time::DAY;
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

/// Most fields of one entry.
const MAX_CHANGES: usize = 50;

/// Append an entry of a file. Returns whether it was new.
///
/// # Errors
/// [`Error::Invalid`] or [`Error::Refused`] with the reason when it is not taken; else when the store fails.
pub fn entry(tx: &mut Tx<'_>, naming: &Naming, line: &EntryLine) -> Result<bool> {
    let mut e = read(tx, line)?;
    if tx
        .prepare_cached("SELECT 1 FROM entry WHERE id = ?1")?
        .exists([e.id])?
    {
        return Ok(false);
    }
    if e.entity == Entity::Setting && !naming.settings && !naming.same {
        return Err(Error::Refused(
            "settings of another workspace are not taken over where there are some already".into(),
        ));
    }
    rename(tx, naming, &mut e)?;
    if e.entity == Entity::Account {
        account(tx, &e)?;
    }
    let new = log::append(tx, &e)?;
    if e.entity == Entity::Account {
        rest(tx, &e.entity_id)?;
    }
    Ok(new)
}

fn read(tx: &Tx<'_>, line: &EntryLine) -> Result<Entry> {
    let bad = |what: &str| Error::Invalid(format!("its “{what}” is not one"));
    let entity = Entity::parse(&line.entity).ok_or_else(|| bad("entity"))?;
    let conversation = match &line.conversation {
        Some(c) => Some(CustomerId::parse(c).ok_or_else(|| bad("conversation"))?),
        None => None,
    };
    let agent = match &line.agent {
        Some(a) => Some(AgentId::parse(a).ok_or_else(|| bad("agent"))?),
        None => None,
    };
    let undoes = match &line.undoes {
        Some(u) => Some(GroupId::parse(u).ok_or_else(|| bad("undoes"))?),
        None => None,
    };
    let device = DeviceId::parse(&line.device).ok_or_else(|| bad("device"))?;
    let changes: Vec<FieldChange> = line.changes.clone();
    if changes.len() > MAX_CHANGES || line.entity_id.len() > 300 || line.kind.len() > 60 {
        return Err(Error::Invalid("it is larger than an entry can be".into()));
    }
    Ok(Entry {
        id: EntryId::parse(&line.id).ok_or_else(|| bad("id"))?,
        device,
        agent,
        stamp: stamp(tx, &line.stamp, device).ok_or_else(|| {
            Error::Invalid(
                "its “stamp” is none, or more than a day ahead of this computer's clock".into(),
            )
        })?,
        group: GroupId::parse(&line.group).ok_or_else(|| bad("group"))?,
        entity,
        entity_id: line.entity_id.clone(),
        kind: line.kind.clone(),
        conversation,
        why: line.why.clone(),
        undoes,
        changes,
    })
}

/// A stamp from the future would beat every decision to come, and drag this device's clock along.
fn stamp(tx: &Tx<'_>, text: &str, device: DeviceId) -> Option<Stamp> {
    let (clock, whose) = text.split_once('.')?;
    let formed = clock.len() == 16
        && clock
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && (whose == "rule" || whose == device.hex());
    let s = Stamp::from_text(text.to_owned());
    (formed && s.clock().millis() <= tx.now + DAY).then_some(s)
}

/// Give the entry the ids that its things have here.
fn rename(tx: &Tx<'_>, naming: &Naming, e: &mut Entry) -> Result<()> {
    if naming.same {
        return Ok(());
    }
    if let Some(c) = e.conversation {
        e.conversation = CustomerId::parse(&naming.text(tx, &c.hex())?);
    }
    e.why = e.why.take().map(|w| naming.value(tx, w)).transpose()?;
    for c in &mut e.changes {
        c.value = naming.value(tx, c.value.take())?;
    }
    e.entity_id = match e.entity {
        Entity::Link => {
            let (a, b) = e
                .entity_id
                .split_once(':')
                .ok_or_else(|| Error::Invalid("a link names two customers".into()))?;
            let (a, b) = (naming.text(tx, a)?, naming.text(tx, b)?);
            if a < b {
                format!("{a}:{b}")
            } else {
                format!("{b}:{a}")
            }
        }
        Entity::Tag => match e.entity_id.split_once(':') {
            Some((c, tag)) => format!("{}:{tag}", naming.text(tx, c)?),
            None => return Err(Error::Invalid("a tag names a conversation".into())),
        },
        Entity::Account => {
            let config = e.changes.iter().find(|c| c.field == "config");
            match config.and_then(|c| id_of(tx, &c.value)) {
                Some(ours) => {
                    naming.remember(tx, &e.entity_id, ours.0)?;
                    ours.hex()
                }
                None => naming.text(tx, &e.entity_id)?,
            }
        }
        _ => naming.text(tx, &e.entity_id)?,
    };
    Ok(())
}

/// The id that an account of these settings has here.
#[must_use]
pub fn id_of(tx: &Tx<'_>, config: &Value) -> Option<AccountId> {
    if let Ok(c) = serde_json::from_value::<AccountConfig>(config.clone()) {
        return Some(accounts::id_of(&tx.identity.ids, &c));
    }
    let a: Archive = serde_json::from_value(config.clone()).ok()?;
    Some(super::archive_id(tx, &a))
}

/// A file never changes how a mailbox is reached whose password is kept here: it would be handed to whoever the file
/// names.
fn account(tx: &Tx<'_>, e: &Entry) -> Result<()> {
    let id = AccountId::parse(&e.entity_id)
        .ok_or_else(|| Error::Invalid("its “entity_id” is not one".into()))?;
    let has_secret: Option<bool> = tx
        .query_row(
            "SELECT secret IS NOT NULL FROM account WHERE id = ?1",
            [id],
            |r| r.get(0),
        )
        .optional()?;
    if has_secret == Some(true) {
        return Err(Error::Refused(
            "this mailbox is connected here: its settings are not taken from a file".into(),
        ));
    }
    for c in e.changes.iter().filter(|c| c.field == "config") {
        if id_of(tx, &c.value) != Some(id) {
            return Err(Error::Invalid(
                "the settings of the account are not those of this account".into(),
            ));
        }
    }
    Ok(())
}

/// A mailbox that came without its password rests until a person enters it.
fn rest(tx: &Tx<'_>, id: &str) -> Result<()> {
    tx.execute(
        "UPDATE account SET paused = 1, state = 'paused', says = 'Imported without its password: enter it, then go on' WHERE id = ?1 AND secret IS NULL AND archive = 0",
        params![AccountId::parse(id)],
    )?;
    Ok(())
}

/// The import's own mark on what it writes, so that it is written once.
pub(super) fn device_of(tx: &Tx<'_>) -> DeviceId {
    DeviceId(tx.identity.ids.id(&[b"device", b"interchange"]))
}

/// The same deed is the same entry, whichever import it comes with.
pub(super) fn deed_id(tx: &Tx<'_>, parts: &[&[u8]]) -> EntryId {
    let mut all: Vec<&[u8]> = vec![b"deed1"];
    all.extend(parts);
    EntryId(tx.identity.ids.id(&all))
}
