//! What only a process without a window asks: one round instead of tasks that run for ever.
//!
//! Also the few plain types such a process needs to speak with the commands, so that it imports nothing below.

pub use super::archives::erase_now as erase_archive;
pub use super::contacts::{bring as import_contacts, is_table};
pub use super::export::{to_file as export_to_file, to_writer as export_to};
pub use super::sample::{now as sample_load, printed as sample_print};
pub use super::transfer::{adopt, content, rest, run as import};
pub use crate::connectors::email::canonical_fingerprint;
pub use crate::error::Error;
pub use crate::model::Place;
pub use crate::model::{
    AccountConfig, AccountId, AccountState, AgentId, Auth, Channel, Class, CustomerId, Direction,
    EmailConfig, Hint, MailServer, MessageId, OauthProvider, OutboxState, Party, Security,
    SeenCertificate, SentCopy,
};
pub use crate::store::transfer::ImportState;
pub use crate::time::{Millis, SystemClock};
pub use crate::transfer::Options as ImportOptions;
pub use crate::transfer::contacts::{ContactUse, Mapping as ContactsMapping};
pub use crate::transfer::export::{Attached, Exported, Options as ExportOptions};

use super::Desk;
use super::dto::{ErrorBody, SendStatus};
use crate::connectors::Live;
use crate::error::Result;
use crate::model::{ChannelError, Remedy};
use crate::store::accounts::{self, AccountRow, Health};
use crate::store::{conversations, outbox as rows};
use crate::{outbox, sync};
use serde::Serialize;
use std::sync::Arc;

/// What one round of an account did.
#[derive(Debug, Clone, Serialize)]
pub struct SyncOutcome {
    /// Account.
    pub account: AccountId,
    /// Address.
    pub address: String,
    /// Nothing was done because a person paused it.
    pub paused: bool,
    /// Messages that were new.
    pub new: u32,
    /// Sends that were tried.
    pub sends: Vec<SendOutcome>,
    /// Why the round ended early; what was stored before stays stored.
    pub error: Option<RoundError>,
}

/// Why a round ended early.
#[derive(Debug, Clone, Serialize)]
pub struct RoundError {
    /// As the window gets it.
    #[serde(flatten)]
    pub body: ErrorBody,
    /// The step of the channel that failed.
    pub step: Option<&'static str>,
}

/// How a send stands after it was tried.
#[derive(Debug, Clone, Serialize)]
pub struct SendOutcome {
    /// Outbox id.
    pub id: MessageId,
    /// Conversation.
    pub conversation: CustomerId,
    /// Where it stands.
    pub send: SendStatus,
}

impl From<&Error> for RoundError {
    fn from(e: &Error) -> Self {
        let step = if let Error::Channel(c) = e {
            Some(c.step)
        } else {
            None
        };
        Self {
            body: ErrorBody {
                code: e.code().to_owned(),
                message: e.to_string(),
            },
            step,
        }
    }
}

/// One round: what is due is sent, then everything that waits at the servers is fetched. An account that fails
/// does not keep the others from their turn.
///
/// # Errors
/// When the store fails, or the account asked for does not exist or is paused.
pub async fn sync_once(desk: &Desk, account: Option<AccountId>) -> Result<Vec<SyncOutcome>> {
    let todo = chosen(desk, account).await?;
    desk.engine.recover().await?;
    desk.engine.store().write(conversations::wake).await?;
    let mut out = Vec::new();
    for a in todo {
        let mut o = SyncOutcome {
            account: a.id,
            address: a.config.address().to_owned(),
            paused: a.paused,
            new: 0,
            sends: Vec::new(),
            error: None,
        };
        if !a.paused {
            let done = round(desk, &a, &mut o).await;
            o.error = done.as_ref().err().map(RoundError::from);
        }
        out.push(o);
    }
    Ok(out)
}

async fn chosen(desk: &Desk, account: Option<AccountId>) -> Result<Vec<AccountRow>> {
    match account {
        None => desk.engine.store().read(accounts::all).await,
        Some(id) => {
            let row = desk
                .engine
                .store()
                .read(move |c| accounts::get(c, id))
                .await?;
            if row.paused {
                Err(Error::Refused("this account is paused".into()))
            } else {
                Ok(vec![row])
            }
        }
    }
}

async fn round(desk: &Desk, a: &AccountRow, o: &mut SyncOutcome) -> Result<()> {
    let live = desk.engine.live(a).await?;
    let polled = async {
        o.sends = flush(desk, &live).await?;
        sync::poll_once(desk.engine.store(), &live).await
    }
    .await;
    live.connector.close().await;
    say(desk, a.id, polled.as_ref().err()).await?;
    o.new = polled?;
    Ok(())
}

/// The next reader of the account's state, window or not, sees how this round went.
async fn say(desk: &Desk, id: AccountId, e: Option<&Error>) -> Result<()> {
    let (state, says) = match e {
        None => (AccountState::Ok, "Connected".to_owned()),
        Some(
            e @ Error::Channel(ChannelError {
                remedy: Remedy::Reconnect | Remedy::Final,
                ..
            }),
        ) => (AccountState::NeedsAttention, e.to_string()),
        Some(e) => (AccountState::Waiting, e.to_string()),
    };
    let h = Health {
        state,
        says,
        next_try: None,
        success: e.is_none(),
    };
    desk.engine
        .store()
        .write(move |tx| accounts::health(tx, id, &h))
        .await
}

/// Send what is due now, on every account that is not paused or on one. Returns how each that was tried stands.
///
/// # Errors
/// When the store fails, or the account asked for does not exist or is paused. What a server says is in the outcome.
pub async fn flush_outbox(desk: &Desk, account: Option<AccountId>) -> Result<Vec<SendOutcome>> {
    let todo = chosen(desk, account).await?;
    desk.engine.recover().await?;
    let mut out = Vec::new();
    for a in todo.into_iter().filter(|a| !a.paused) {
        let live = desk.engine.live(&a).await?;
        let sends = flush(desk, &live).await;
        live.connector.close().await;
        out.extend(sends?);
    }
    Ok(out)
}

async fn flush(desk: &Desk, live: &Arc<Live>) -> Result<Vec<SendOutcome>> {
    let id = live.id;
    let of_account = move |c: &rusqlite::Connection| {
        Ok(rows::unfinished(c)?
            .into_iter()
            .filter(|o| o.account == id)
            .map(|o| (o.id, o.tries))
            .collect::<Vec<_>>())
    };
    let before = desk.engine.store().read(of_account).await?;
    outbox::flush(desk.engine.store(), live).await?;
    let tried = move |c: &rusqlite::Connection| {
        let now = before
            .into_iter()
            .map(|(id, tries)| Ok((rows::get(c, id)?, tries)))
            .collect::<Result<Vec<_>>>()?;
        now.into_iter()
            .filter(|(o, tries)| o.tries != *tries)
            .map(|(o, _)| outcome(c, o))
            .collect::<Result<Vec<_>>>()
    };
    desk.engine.store().read(tried).await
}

fn outcome(c: &rusqlite::Connection, o: rows::OutboxItem) -> Result<SendOutcome> {
    let send = SendStatus {
        state: o.state,
        hold_until: o.hold_until,
        error: o.error,
        attempts: u32::try_from(o.tries).unwrap_or(0),
        next_try: o.next_try,
    };
    Ok(SendOutcome {
        id: o.id,
        conversation: conversations::root(c, o.conversation)?,
        send,
    })
}

/// Give up the undo time of one send, try it now, and say how it stands. It stays in the outbox if its server
/// could not be reached.
///
/// # Errors
/// When the store fails or the send does not exist. What the server says is in the outcome.
pub async fn send_now(desk: &Desk, id: MessageId) -> Result<SendOutcome> {
    let account = desk
        .engine
        .store()
        .write(move |tx| {
            let o = rows::get(tx, id)?;
            tx.execute("UPDATE outbox SET hold_until = min(hold_until, ?2) WHERE id = ?1 AND state = 'held'", (id, tx.now))?;
            Ok(o.account)
        })
        .await?;
    flush_outbox(desk, Some(account)).await?;
    desk.engine
        .store()
        .read(move |c| outcome(c, rows::get(c, id)?))
        .await
}

/// Poll and send on one account until the caller has enough of it.
///
/// # Errors
/// When the account does not exist or is paused.
pub async fn follow(desk: &Desk, account: AccountId) -> Result<()> {
    let todo = chosen(desk, Some(account)).await?;
    desk.engine.recover().await?;
    for a in todo {
        let live = desk.engine.live(&a).await?;
        let store = desk.engine.store();
        tokio::join!(
            sync::run(Arc::clone(store), Arc::clone(&live)),
            outbox::run(Arc::clone(store), Arc::clone(&live))
        );
    }
    Ok(())
}
