//! Customers' files, by their ids.

use super::convert::{Read, Wanted};
use super::{Telegram, api};
use crate::connectors::Result;
use crate::model::{Card, ChannelError, Event, IncomingFile, Remedy};

/// An update whose files could not be fetched so often is given with cards in their place, and so is what comes with
/// it: an album of ten, each of whose pictures is tried so often, would hold everybody's messages back.
const MOST_TRIES: u32 = 3;

impl Telegram {
    /// The events of an update, its message's files fetched. `hopeless`: files of this batch were given up already.
    pub(super) async fn with_files(
        &self,
        read: Read,
        update: i64,
        hopeless: &mut bool,
    ) -> Result<Vec<Event>> {
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
            match self.fetched(&w).await {
                Ok(Some(file)) => message.files.push(file),
                Ok(None) => message.cards.push(not_here(&w)),
                Err(e) if e.remedy == Remedy::Reconnect && e.step != "file" => return Err(e),
                Err(_) if *hopeless || self.is_tried_enough(update) => {
                    *hopeless = true;
                    message.cards.push(not_here(&w));
                }
                Err(e) => {
                    return Err(ChannelError {
                        // A file's address is refused for its own sake; whether the token is, the next question tells.
                        remedy: match e.remedy {
                            Remedy::Wait => Remedy::Wait,
                            _ => Remedy::Retry,
                        },
                        ..e
                    });
                }
            }
        }
        self.state().missed.remove(&update);
        Ok(events)
    }

    /// Counts another try of this update's files.
    fn is_tried_enough(&self, update: i64) -> bool {
        let mut state = self.state();
        let tries = state.missed.entry(update).or_default();
        *tries += 1;
        *tries >= MOST_TRIES
    }

    /// A file, or none where it cannot be had.
    async fn fetched(&self, w: &Wanted) -> Result<Option<IncomingFile>> {
        if w.size.is_some_and(|s| s > api::MOST_FILE) {
            return Ok(None);
        }
        match self.api.file(&w.id).await {
            Ok(bytes) => Ok(Some(IncomingFile {
                name: w.name.clone(),
                mime: media_type(&bytes, w.mime.as_deref()),
                content_id: None,
                inline: w.inline,
                bytes,
            })),
            Err(e) if matches!(e.remedy, Remedy::Final | Remedy::Uncertain) => Ok(None),
            Err(e) => Err(e),
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
