//! Customers' files, by their ids.

use super::convert::{Read, Wanted};
use super::{Telegram, api};
use crate::connectors::Result;
use crate::model::{Card, Event, IncomingFile, Remedy};

/// A file that could not be fetched so often is shown as a card, so that what comes after it is read.
const MOST_TRIES: u32 = 3;

impl Telegram {
    /// The events of an update, its message's files fetched.
    pub(super) async fn with_files(&self, read: Read) -> Result<Vec<Event>> {
        let Read {
            mut events, wanted, ..
        } = read;
        let message = events.iter_mut().find_map(|e| match e {
            Event::Message(m) => Some(m),
            _ => None,
        });
        let Some(message) = message else {
            return Ok(events);
        };
        for w in wanted {
            match self.fetched(&w).await? {
                Some(file) => message.files.push(file),
                None => message.cards.push(not_here(&w)),
            }
        }
        Ok(events)
    }

    /// A file, or none where it cannot be had.
    async fn fetched(&self, w: &Wanted) -> Result<Option<IncomingFile>> {
        if w.size.is_some_and(|s| s > api::MOST_FILE) {
            return Ok(None);
        }
        match self.api.file(&w.id).await {
            Ok(bytes) => {
                self.state().missed.remove(&w.id);
                Ok(Some(IncomingFile {
                    name: w.name.clone(),
                    mime: media_type(&bytes, w.mime.as_deref()),
                    content_id: None,
                    inline: w.inline,
                    bytes,
                }))
            }
            Err(e) if matches!(e.remedy, Remedy::Final | Remedy::Uncertain) => Ok(None),
            Err(e) if e.remedy == Remedy::Reconnect => Err(e),
            Err(e) => {
                let mut state = self.state();
                let tries = state.missed.entry(w.id.clone()).or_default();
                *tries += 1;
                if *tries >= MOST_TRIES {
                    state.missed.remove(&w.id);
                    return Ok(None);
                }
                Err(e)
            }
        }
    }
}

fn not_here(w: &Wanted) -> Card {
    let mb = w
        .size
        .map(|s| s.div_ceil(1 << 20))
        .filter(|_| w.size.is_some_and(|s| s > api::MOST_FILE));
    let says = match mb {
        Some(mb) => format!("{} ({mb} MB; Telegram gives bots at most 20 MB)", w.name),
        None => w.name.clone(),
    };
    Card {
        text: Some(says),
        ..w.card()
    }
}

/// What the content tells; else what is claimed.
fn media_type(bytes: &[u8], claimed: Option<&str>) -> String {
    let told = infer::get(bytes).map(|k| k.mime_type());
    let fits = |m: &&str| {
        m.len() <= 127
            && m.contains('/')
            && m.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b))
    };
    let claimed = claimed.filter(fits);
    match (told, claimed) {
        // Office documents are zip archives: the claim is the finer word there.
        (Some("application/zip"), Some(c)) if c.starts_with("application/vnd.") => c.to_owned(),
        (Some(told), _) => told.to_owned(),
        (None, Some(claim)) => claim.to_owned(),
        (None, None) => "application/octet-stream".to_owned(),
    }
}
