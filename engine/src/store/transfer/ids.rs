//! Ids of an exported workspace: kept where they were made under the same key, else made anew and remembered.

use super::super::files::Files;
use super::super::{Identity, Tx};
use crate::error::Result;
use crate::model::interchange::Ids;
use crate::model::{EntryId, IdKey, ImportId};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

/// The same for two workspaces iff their ids are made under one key; tells nothing of the key.
#[must_use]
pub fn check(ids: &IdKey) -> String {
    data_encoding::HEXLOWER.encode(&ids.id(&[b"interchange", b"check"]))
}

const PURPOSE: &[u8] = b"parley ids 1";

/// The key of the ids, sealed under the workspace's key.
///
/// # Errors
/// When the system gives no random bytes.
pub fn sealed(ids: &IdKey, files: &Files) -> Result<String> {
    Ok(data_encoding::BASE64.encode(&files.seal(PURPOSE, &ids.bytes()[..])?))
}

/// Take over the key of the ids of an export of this very workspace, if nothing is here yet. Returns who we are then.
///
/// # Errors
/// When the store fails.
pub fn adopt(tx: &mut Tx<'_>, ids: &Ids, agent: Option<&str>) -> Result<Option<Identity>> {
    if check(&tx.identity.ids) == ids.check || !super::is_empty(tx)? {
        return Ok(None);
    }
    let Some(opened) = ids.sealed.as_deref().and_then(|s| open(s, &tx.files)) else {
        return Ok(None);
    };
    if check(&opened) != ids.check {
        return Ok(None);
    }
    tx.execute(
        "UPDATE meta SET value = ?1 WHERE key = 'id_key'",
        [&opened.bytes()[..]],
    )?;
    let mut identity = Identity {
        ids: opened,
        ..tx.identity.clone()
    };
    if let Some(agent) = agent.and_then(crate::model::AgentId::parse) {
        tx.execute("UPDATE OR REPLACE agent SET id = ?1 WHERE id = (SELECT value FROM meta WHERE key = 'agent')", [agent])?;
        tx.execute("UPDATE meta SET value = ?1 WHERE key = 'agent'", [agent])?;
        identity.agent = agent;
    }
    tx.identity = identity.clone();
    Ok(Some(identity))
}

fn open(sealed: &str, files: &Files) -> Option<IdKey> {
    let bytes = data_encoding::BASE64.decode(sealed.as_bytes()).ok()?;
    Some(IdKey::new(files.unseal(PURPOSE, &bytes)?.try_into().ok()?))
}

/// How the ids of a file become ids here.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// The import that remembers them.
    pub import: ImportId,
    /// They were made under our key: they stay.
    pub same: bool,
    /// Settings of the team are taken over: nothing was here before.
    pub settings: bool,
}

impl Naming {
    /// Remember what an id of the file is here.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remember(&self, tx: &Tx<'_>, theirs: &str, ours: [u8; 16]) -> Result<()> {
        let known = EntryId::parse(theirs).map(|i| i.0);
        if self.same && known == Some(ours) {
            return Ok(());
        }
        tx.prepare_cached("INSERT INTO import_id (import, theirs, ours) VALUES (?1, ?2, ?3) ON CONFLICT (import, theirs) DO UPDATE SET ours = excluded.ours")?
            .execute(params![self.import, theirs.as_bytes(), &ours[..]])?;
        Ok(())
    }

    /// What an id of the file is here, if the file said.
    ///
    /// # Errors
    /// When the store fails.
    pub fn known(&self, tx: &Tx<'_>, theirs: &str) -> Result<Option<[u8; 16]>> {
        let found: Option<[u8; 16]> = tx
            .prepare_cached("SELECT ours FROM import_id WHERE import = ?1 AND theirs = ?2")?
            .query_row(params![self.import, theirs.as_bytes()], |r| r.get(0))
            .optional()?;
        Ok(match found {
            None if self.same => EntryId::parse(theirs).map(|i| i.0),
            other => other,
        })
    }

    /// A text that may be an id, as it is here.
    ///
    /// # Errors
    /// When the store fails.
    pub fn text(&self, tx: &Tx<'_>, theirs: &str) -> Result<String> {
        if self.same || theirs.len() != 32 {
            return Ok(theirs.to_owned());
        }
        Ok(match self.known(tx, theirs)? {
            Some(ours) => EntryId(ours).hex(),
            None => theirs.to_owned(),
        })
    }

    /// All ids in a value, as they are here.
    ///
    /// # Errors
    /// When the store fails.
    pub fn value(&self, tx: &Tx<'_>, v: Value) -> Result<Value> {
        Ok(match v {
            _ if self.same => v,
            Value::String(s) => Value::String(self.text(tx, &s)?),
            Value::Array(a) => Value::Array(
                a.into_iter()
                    .map(|x| self.value(tx, x))
                    .collect::<Result<_>>()?,
            ),
            Value::Object(o) => Value::Object(
                o.into_iter()
                    .map(|(k, x)| Ok((k, self.value(tx, x)?)))
                    .collect::<Result<_>>()?,
            ),
            other => other,
        })
    }
}
