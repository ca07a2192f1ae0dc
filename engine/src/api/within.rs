//! Finding one's way within one conversation: a day, its files, its words; and what is done from one message on.

use super::dto::{
    FileInConversation, FilesPage, FoundMessage, FoundWithin, MessagePlace, Nothing, WrittenDays,
};
use super::{Desk, args, search, timeline};
use crate::error::{Error, Result};
use crate::model::MessageId;
use crate::store::timeline::{self as rows, Place};
use crate::store::{conversations, reads, within};
use crate::time::Millis;

/// Days of one question: a month as calendars show it, and some more.
const MOST_BOUNDS: usize = 63;

pub(super) async fn message_at(a: args::MessageAt, desk: &Desk) -> Result<MessagePlace> {
    desk.engine
        .store()
        .read(move |c| {
            Ok(MessagePlace {
                message: within::message_at(c, a.conversation, a.at)?,
            })
        })
        .await
}

pub(super) async fn days(a: args::MessageDays, desk: &Desk) -> Result<WrittenDays> {
    if a.bounds.len() > MOST_BOUNDS || !a.bounds.is_sorted() {
        return Err(Error::Invalid(format!(
            "days are asked for in order, with at most {MOST_BOUNDS} bounds"
        )));
    }
    desk.engine
        .store()
        .read(move |c| {
            Ok(WrittenDays {
                written: within::written(c, a.conversation, &a.bounds)?,
            })
        })
        .await
}

pub(super) async fn files(a: args::ConversationFiles, desk: &Desk) -> Result<FilesPage> {
    let end: Place = (Millis::MAX, MessageId([0xff; 16]));
    let before = a.before.as_deref().map_or(Ok(end), timeline::place)?;
    desk.engine
        .store()
        .read(move |c| {
            let page = within::files(c, a.conversation, before, a.limit.clamp(1, 200) as usize)?;
            let file = |f: within::FileIn| FileInConversation {
                file: timeline::file(f.file),
                message: f.message,
                at: f.at,
                direction: f.direction,
            };
            Ok(FilesPage {
                files: page.files.into_iter().map(file).collect(),
                next: page.next.map(timeline::name_place),
            })
        })
        .await
}

pub(super) async fn find(a: args::FindWithin, desk: &Desk) -> Result<FoundWithin> {
    let q = search::understood(&a.query, desk.engine.store().clock().now())?;
    let before = a.before.as_deref().map(search::place).transpose()?;
    let limit = a.limit.clamp(1, 1_000) as usize;
    desk.engine
        .store()
        .read(move |c| {
            let page = within::matching(c, a.conversation, &q, limit, before)?;
            let one = |(message, at)| FoundMessage { message, at };
            Ok(FoundWithin {
                found: page.found.into_iter().map(one).collect(),
                next: page.next.map(|n| format!("{n:x}")),
            })
        })
        .await
}

pub(super) async fn mark_unread_from(a: args::MarkUnreadFrom, desk: &Desk) -> Result<Nothing> {
    desk.engine
        .store()
        .write(move |tx| {
            let m = rows::message(tx, a.message)?;
            let home = m
                .conversation
                .ok_or_else(|| Error::NotFound("the conversation of this message".into()))?;
            for c in conversations::members(tx, home)? {
                reads::mark_from(tx, c, (m.sent_at, m.id))?;
            }
            Ok(Nothing {})
        })
        .await
}
