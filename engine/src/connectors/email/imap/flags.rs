//! Storing read marks that a person changed here. This is the one change that is made to mails at the server, and
//! only where the account's settings ask for it.

use super::fault::{Fault, Outcome};
use super::uids::uid_set;
use super::{Reader, UNIT};
use crate::connectors::Result;
use crate::connectors::email::cursor::Marks;
use crate::model::{Cursor, ReadMark};
use std::collections::BTreeMap;

/// Where a mail is, from its id.
enum Spot {
    Number { numbering: String, uid: u32 },
    Gmail(u64),
}

impl Reader {
    /// Stores the marks. A mail that is gone, or whose folder was numbered anew, has no mark to store.
    pub(in crate::connectors::email) async fn store_marks(
        &mut self,
        cursor: Option<&Cursor>,
        marks: &[ReadMark],
    ) -> Result<()> {
        let known = Marks::read(cursor);
        let mut by_folder: BTreeMap<&str, Vec<(Spot, bool)>> = BTreeMap::new();
        for mark in marks {
            if let Some((key, spot)) = spot(&mark.remote_id.0) {
                by_folder.entry(key).or_default().push((spot, mark.seen));
            }
        }
        for (key, spots) in by_folder {
            let renamed = known
                .folders
                .iter()
                .find(|(_, e)| e.key.as_deref() == Some(key));
            let folder = renamed.map_or(key, |(name, _)| name.as_str());
            let epoch = known.folders.get(folder).map_or(0, |e| e.epoch);
            self.store_in(folder, epoch, &spots)
                .await
                .map_err(|f| self.folder_error(folder, f))?;
        }
        Ok(())
    }

    async fn store_in(&mut self, folder: &str, epoch: u32, spots: &[(Spot, bool)]) -> Outcome<()> {
        let opened = match self.select(folder).await {
            Ok(opened) => opened,
            // The folder is gone: there is nothing to mark.
            Err(Fault::Refused(_)) => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let mut now = opened.uidvalidity.to_string();
        if epoch > 0 {
            now = format!("{now}-{epoch}");
        }
        let (mut read, mut unread) = (Vec::new(), Vec::new());
        for (spot, seen) in spots {
            let found = match spot {
                Spot::Number { numbering, uid } if *numbering == now => vec![*uid],
                Spot::Number { .. } => Vec::new(),
                Spot::Gmail(n) => self.search(&format!("X-GM-MSGID {n}")).await?,
            };
            if *seen { &mut read } else { &mut unread }.extend(found);
        }
        self.store(&read, "+").await?;
        self.store(&unread, "-").await
    }

    async fn store(&mut self, uids: &[u32], sign: &str) -> Outcome<()> {
        if uids.is_empty() {
            return Ok(());
        }
        let set = uid_set(uids);
        let stored = self
            .ask(
                &format!("UID STORE {set} {sign}FLAGS.SILENT (\\Seen)"),
                0,
                |_| {},
            )
            .await;
        match stored {
            // A folder that takes no marks takes none the next time either.
            Ok(()) | Err(Fault::Refused(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

fn spot(remote: &str) -> Option<(&str, Spot)> {
    let mut parts = remote.split(UNIT);
    let (key, numbering, number) = (parts.next()?, parts.next()?, parts.next()?);
    if numbering == "gm" {
        return Some((key, Spot::Gmail(number.parse().ok()?)));
    }
    // The second of two mails under one number has more behind it, and no number of its own.
    let uid = number.parse().ok()?;
    let numbering = numbering.to_owned();
    Some((key, Spot::Number { numbering, uid }))
}
