//! Customers' files: fetched with their message, or later where they cannot be had now.

use super::Twilio;
use super::api::Fetched;
use super::convert::{self, Row};
use super::cursor::{Aside, Place};
use super::walk::{EVENTS_EACH, WITH_FILES};
use crate::connectors::{Result, received};
use crate::model::{BATCH_EVENTS, Card, Event, IncomingFile, Remedy};
use std::collections::HashMap;

/// What a note is about.
const FILES: &str = "files";

impl Twilio {
    /// Tries the files of messages again that were put aside; after a while they are given without.
    pub(super) async fn retry_aside(
        &self,
        place: &mut Place,
        rows: &HashMap<String, Row>,
        events: &mut Vec<Event>,
    ) {
        let now = self.now();
        for aside in place.aside.clone().into_iter().take(WITH_FILES) {
            if events.len() + EVENTS_EACH > BATCH_EVENTS {
                return;
            }
            place.tried(&aside.sid);
            let row = match self.waiting(&aside, rows).await {
                Ok(Some(row)) => row,
                Ok(None) => {
                    place.aside.retain(|a| a.sid != aside.sid);
                    continue;
                }
                Err(_) => continue,
            };
            match self.files(&row).await {
                Ok((files, cards)) => self.give_row(&row, files, cards, place, events),
                Err(e) if aside.is_given_up(now) => {
                    let card = received::missing(&e.what);
                    self.give_row(&row, Vec::new(), vec![card], place, events);
                }
                Err(_) => {}
            }
        }
    }

    /// The row of what waits: as it is listed now, as it was listed, or as the vendor gives it alone.
    async fn waiting(&self, aside: &Aside, rows: &HashMap<String, Row>) -> Result<Option<Row>> {
        let kept = aside.row();
        if let Some(row) = rows.get(&aside.sid) {
            // Where it stands in its second was seen when all of that was.
            let mut row = row.clone();
            row.place = kept.map_or(row.place, |k| k.place.max(row.place));
            return Ok(Some(row));
        }
        if kept.is_some() {
            return Ok(kept);
        }
        let found = self.api()?.message(&aside.sid).await?;
        Ok(found.and_then(|value| convert::row(&value, &self.number).ok()))
    }

    /// The files of a message, and cards for those that are gone. A key that may read messages and no files is no
    /// reason to read nothing any more: a person is told.
    pub(super) async fn files(&self, row: &Row) -> Result<(Vec<IncomingFile>, Vec<Card>)> {
        if row.files == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let got = self.fetched(row).await;
        match &got {
            Ok(_) => self.note(FILES, None),
            Err(e) if e.remedy == Remedy::Reconnect => {
                let says = format!("Files that customers send cannot be fetched. {}", e.what);
                self.note(FILES, Some(says));
            }
            Err(_) => {}
        }
        got
    }

    async fn fetched(&self, row: &Row) -> Result<(Vec<IncomingFile>, Vec<Card>)> {
        let api = self.api()?;
        let (mut files, mut cards) = (Vec::new(), Vec::new());
        let listed = api.files(&row.sid).await?;
        if listed.is_empty() {
            cards.push(received::missing("it was deleted"));
        }
        for (n, (sid, claimed)) in listed.iter().enumerate() {
            match api.file(&row.sid, sid).await? {
                Fetched::File(kind, bytes) => {
                    let kind = if kind.is_empty() { claimed } else { &kind };
                    files.push(received::file("", kind, n + 1, bytes));
                }
                Fetched::Gone(why) => cards.push(received::missing(why)),
            }
        }
        Ok((files, cards))
    }
}
