//! A send in several messages: what becomes of one counts for those after it.

use super::super::Tx;
use super::attempts::record;
use super::{COLUMNS, OutboxItem, item};
use crate::error::{Error, Result};
use crate::model::OutboxState;
use rusqlite::{Connection, params};

/// The messages of a send, in their order.
fn all(conn: &Connection, o: &OutboxItem) -> Result<Vec<OutboxItem>> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE account = ?1 AND conversation = ?2 AND grp = ?3 ORDER BY authored_at, id"
    ))?;
    Ok(
        s.query_map(params![o.account, o.conversation, o.group], item)?
            .collect::<rusqlite::Result<_>>()?,
    )
}

/// This one did not go, or nobody knows: the later ones, which would be read without it, are a person's question too,
/// instead of waiting in silence and holding back whatever is written next.
pub(super) fn hold_back(tx: &mut Tx<'_>, o: &OutboxItem, became: OutboxState) -> Result<()> {
    let why = match became {
        OutboxState::Uncertain => {
            "Nobody knows whether the part before it went out, so this one waits. Look at that one first."
        }
        _ => "The part before it did not go out, so this one did not either. Sent again, both go.",
    };
    for later in all(tx, o)? {
        let waits = matches!(later.state, OutboxState::Held | OutboxState::Queued);
        if waits && later.authored_at > o.authored_at {
            let attempt = later.attempt;
            record(
                tx,
                &later,
                attempt,
                OutboxState::Failed,
                Some(why),
                Vec::new(),
            )?;
        }
    }
    Ok(())
}

/// What goes again with a message that a person sends again: all of its send that failed, in order.
pub(super) fn to_go_again(conn: &Connection, o: &OutboxItem) -> Result<Vec<OutboxItem>> {
    let all = all(conn, o)?;
    let unknown = |p: &&OutboxItem| {
        p.state == OutboxState::Uncertain && p.authored_at < o.authored_at && p.id != o.id
    };
    if all.iter().any(|p| unknown(&p)) {
        return Err(Error::Refused(
            "the part before it may have gone out: check that one, send it again or mark it as sent first".into(),
        ));
    }
    Ok(all
        .into_iter()
        .filter(|p| p.id == o.id || p.state == OutboxState::Failed)
        .collect())
}
