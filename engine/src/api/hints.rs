//! What a person decides about *may belong to …*.

use super::customer::link_id;
use super::dto::Done;
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{CustomerId, GroupId, MessageId};
use crate::store::hints::{self, Hint};
use crate::store::log::{Writing, write};
use crate::store::{Tx, conversations, timeline};
use serde_json::json;

/// The suggestion as it stands, and the customer whose message carries it.
fn hint(tx: &Tx<'_>, message: MessageId) -> Result<(CustomerId, Hint)> {
    let m = timeline::message(tx, message)?;
    let gone = || Error::NotFound("this suggestion: it was decided meanwhile".into());
    let hint = hints::of(tx, &m)?.ok_or_else(gone)?;
    let own = m.conversation.ok_or_else(gone)?;
    Ok((conversations::root(tx, own)?, hint))
}

pub(super) async fn accept(a: args::HintAccept, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            let (own, hint) = hint(tx, a.message)?;
            let mut w = Writing::new(
                Entity::Link,
                link_id(own, hint.conversation),
                Some(own.min(hint.conversation)),
                vec![("on", json!(true))],
            );
            w.why = Some(json!({ "message": a.message, "hint": hint.why }));
            write(tx, "hint_accept", GroupId::random(), w)?;
            Ok(Done { undo: true })
        })
        .await
}

pub(super) async fn dismiss(a: args::HintDismiss, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            let (own, hint) = hint(tx, a.message)?;
            let mut w = Writing::new(
                Entity::Message,
                a.message.hex(),
                Some(own),
                vec![("hint", json!(false))],
            );
            w.why = Some(json!({ "conversation": hint.conversation, "hint": hint.why }));
            write(tx, "hint_dismiss", GroupId::random(), w)?;
            Ok(Done { undo: true })
        })
        .await
}
