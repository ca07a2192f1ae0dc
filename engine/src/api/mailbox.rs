//! What a mailbox holds: its folders, and its older messages.

use super::accounts::{proof, validate};
use super::dto::{FolderItem, Nothing};
use super::{Desk, args};
use crate::error::Result;
use crate::model::AccountId;
use crate::store::accounts;

pub(super) async fn folders(a: args::AccountFolders, desk: &Desk) -> Result<Vec<FolderItem>> {
    let config = validate(&a.config)?;
    let proof = proof(desk, &config, a.oauth_flow, a.password, a.id).await?;
    let live = desk.engine.connector(AccountId::random(), &config, proof);
    let folders = live.connector.folders().await?;
    Ok(folders
        .into_iter()
        .map(|f| FolderItem {
            name: f.name,
            title: f.title,
            purpose: f.purpose,
            messages: f.messages,
            read: f.read,
        })
        .collect())
}

pub(super) async fn history(a: args::AccountHistory, desk: &Desk) -> Result<Nothing> {
    desk.engine
        .store()
        .write(move |tx| {
            accounts::get(tx, a.id)?;
            accounts::history(tx, a.id, a.on)
        })
        .await?;
    if let Some(live) = desk.engine.running(a.id) {
        live.connector.read_history(a.on);
        live.poll.notify_one();
    }
    Ok(Nothing {})
}
