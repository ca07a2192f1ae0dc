//! Archives in a person's hands: listed, renamed, erased.

use super::dto::{ArchiveErased, ArchiveImport, ArchiveItem, ArchiveWeight, Nothing};
use super::{Desk, args, transfer::item};
use crate::error::{Error, Result};
use crate::model::AccountId;
use crate::store::transfer::erase::{self as rows, Weight};
use crate::store::transfer::{self as stored, ArchiveRow};
use crate::transfer;

pub(super) async fn list(_: args::Archives, desk: &Desk) -> Result<Vec<ArchiveItem>> {
    let all = desk.engine.store().read(stored::archives).await?;
    let brought = all.into_iter().filter(|a| !a.archive.sample);
    Ok(brought.map(|a| shown(desk, a)).collect())
}

fn shown(desk: &Desk, a: ArchiveRow) -> ArchiveItem {
    ArchiveItem {
        id: a.id,
        name: a.name,
        channel: a.archive.medium,
        own: a.archive.own,
        messages: a.messages,
        measured: a.live_from == 0,
        imports: a
            .imports
            .into_iter()
            .map(|(import, messages)| ArchiveImport {
                import: item(desk, import),
                messages,
            })
            .collect(),
    }
}

pub(super) async fn rename(a: args::ArchiveRename, desk: &Desk) -> Result<Nothing> {
    desk.engine
        .store()
        .write(move |tx| stored::rename(tx, a.id, &a.name))
        .await?;
    Ok(Nothing {})
}

pub(super) async fn weigh(a: args::ArchiveWeigh, desk: &Desk) -> Result<ArchiveWeight> {
    let id = a.id;
    let w = desk
        .engine
        .store()
        .read(move |c| rows::weigh(c, id))
        .await?;
    Ok(weight(w))
}

fn weight(w: Weight) -> ArchiveWeight {
    ArchiveWeight {
        messages: w.messages,
        staying: w.staying,
        conversations: w.conversations,
    }
}

pub(super) async fn erase(a: args::ArchiveErase, desk: &Desk) -> Result<ArchiveErased> {
    let id = a.id;
    let (row, w) = desk
        .engine
        .store()
        .read(move |c| {
            let row = stored::archives(c)?.into_iter().find(|r| r.id == id);
            Ok((row, rows::weigh(c, id)?))
        })
        .await?;
    let name = row.map(|r| r.name).unwrap_or_default();
    let yes = format!("Erase {} messages", w.messages);
    if !desk.host.confirm(&question(&name, w), &yes).await {
        return Ok(ArchiveErased {
            done: false,
            weight: weight(w),
            files: 0,
            bytes: 0,
            files_stay: false,
        });
    }
    erase_now(desk, id, |_, _| {}).await
}

/// The same question of a connected account.
pub(super) fn account_question(name: &str, w: Weight) -> String {
    asked(&format!("Disconnect “{name}” and erase its messages?"), w)
}

fn question(name: &str, w: Weight) -> String {
    let mut text = asked(&format!("Erase the archive “{name}”?"), w);
    text.push_str(" The file that was imported is not touched.");
    text
}

fn asked(question: &str, w: Weight) -> String {
    let mut text = format!(
        "{question}\n\n{} messages go, with their files and their place in the search. {} conversations consist of nothing else and go with their notes, tags and drafts.",
        w.messages, w.conversations
    );
    if w.staying > 0 {
        text.push_str(&format!(
            " {} messages stay, because another account holds them too.",
            w.staying
        ));
    }
    text.push_str("\n\nThis cannot be taken back. Backups that were made before still hold it until newer ones replace them.");
    text
}

/// Erase an archive without asking, and what of the pool of kept files nothing names any more.
///
/// # Errors
/// [`Error::Refused`] while something is imported or exported, [`Error::NotFound`] when it is no archive.
pub async fn erase_now(
    desk: &Desk,
    id: AccountId,
    told: impl FnMut(u32, u32),
) -> Result<ArchiveErased> {
    nothing_under_way(desk)?;
    let store = desk.engine.store();
    let went = transfer::erase::archive(store, id, told).await?;
    let pruned = desk.engine.backups().prune_files(store).await?;
    Ok(ArchiveErased {
        done: true,
        weight: weight(went),
        files: pruned.files,
        bytes: pruned.bytes,
        files_stay: pruned.blocked,
    })
}

/// What is read or written at length must not lose what it stands on.
pub(super) fn nothing_under_way(desk: &Desk) -> Result<()> {
    let what = if desk.engine.imports().any() {
        "an import"
    } else if desk.engine.exports().now().is_some() {
        "an export"
    } else {
        return Ok(());
    };
    Err(Error::Refused(format!(
        "{what} is under way; stop it first, or wait for its end"
    )))
}
