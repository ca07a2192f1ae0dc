//! Writing to an address that a customer gave at another channel: whoever does so says that both are one.

use crate::api::args;
use crate::error::Result;
use crate::model::log::Entity;
use crate::model::{Channel, CustomerId, HandleId, email_key};
use crate::store::log::{Writing, write};
use crate::store::outbox::OutboxItem;
use crate::store::{Tx, conversations, ingest, persons};
use serde_json::json;

/// Link the address with the customer that gave it, in the same group as the send, so that both are taken back
/// together. An address that somebody else bears already is left alone: a person decides that.
pub(super) fn link(tx: &mut Tx<'_>, a: &args::Send, o: &OutboxItem) -> Result<()> {
    let (Some(conversation), [to]) = (a.conversation, a.to.as_slice()) else {
        return Ok(());
    };
    let Some(key) = email_key(&to.address) else {
        return Ok(());
    };
    let members = conversations::members(tx, conversation)?;
    let mut gave = None;
    for m in &members {
        if persons::known(tx, HandleId(m.0))?.email.as_deref() == Some(key.as_str()) {
            gave = Some(*m);
        }
    }
    let theirs = CustomerId(ingest::handle_id(&tx.identity.ids, Channel::Email, "", &key).0);
    let Some(gave) = gave.filter(|_| !members.contains(&theirs)) else {
        return Ok(());
    };
    let wrote: bool = tx
        .prepare_cached("SELECT 1 FROM message WHERE handle = ?1 AND direction = 0 LIMIT 1")?
        .exists([HandleId(theirs.0)])?;
    let linked_elsewhere = conversations::members(tx, theirs)?.len() > 1;
    if wrote || linked_elsewhere {
        return Ok(());
    }
    let w = Writing::new(
        Entity::Link,
        crate::api::customer::link_id(gave, theirs),
        Some(gave),
        vec![("on", json!(true))],
    );
    write(tx, "send", o.group, w)?;
    Ok(())
}
