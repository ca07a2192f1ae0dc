//! People who asked for no more messages: looked at when a send is written, and again before it goes.

use super::super::ingest::{handle_id, source};
use super::super::{Tx, persons};
use super::attempts::gave_up;
use super::get;
use crate::error::Result;
use crate::model::{AccountId, Channel, MessageId, OutboxState, Party, address_key};

/// What is said to somebody who writes to such a person all the same.
pub const STOPPED: &str = "this person asked for no more messages here, and the vendor refuses them; write by another channel";

/// Whether somebody wants no more messages by an account's channel. Nobody asks that of mail here.
///
/// # Errors
/// When the store fails.
pub fn opted_out(tx: &Tx<'_>, account: AccountId, to: &Party) -> Result<bool> {
    let source = source(tx, account)?;
    if source.channel == Channel::Email {
        return Ok(false);
    }
    let Some(key) = address_key(source.channel, &to.address) else {
        return Ok(false);
    };
    let handle = handle_id(&tx.identity.ids, source.channel, &source.scope, &key);
    persons::opted_out(tx, account, handle)
}

/// A send that waited while its recipient asked for no more messages fails instead of going. Returns whether it did.
///
/// # Errors
/// When the store fails.
pub fn stopped(tx: &mut Tx<'_>, id: MessageId) -> Result<bool> {
    let o = get(tx, id)?;
    if !matches!(o.state, OutboxState::Held | OutboxState::Queued) {
        return Ok(false);
    }
    for to in &o.mail.to {
        if opted_out(tx, o.account, to)? {
            gave_up(tx, &o, STOPPED)?;
            return Ok(true);
        }
    }
    Ok(false)
}
