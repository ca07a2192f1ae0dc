//! Search over all messages.

use super::dto::{Hit, Marked, SearchPage};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::store::search::{self as index, MarkedText};

fn marked(m: MarkedText) -> Marked {
    Marked {
        text: m.text,
        marks: m.marks,
    }
}

pub(super) async fn search(a: args::Search, desk: &Desk) -> Result<SearchPage> {
    const LONGEST: usize = 500;
    if a.query.chars().count() > LONGEST {
        return Err(Error::Invalid(format!(
            "a search has at most {LONGEST} characters"
        )));
    }
    desk.engine
        .store()
        .read(move |c| {
            let q = index::parse(&a.query);
            // The place is an opaque word to callers: a row id exceeds what a window can count.
            let before = a
                .before
                .as_deref()
                .map(|b| {
                    i64::from_str_radix(b, 16)
                        .map_err(|_| Error::Invalid("this is not a place in a search".into()))
                })
                .transpose()?;
            let limit = a.limit.clamp(1, 200) as usize;
            let found = index::find(c, &q, limit, before)?;
            let next = if found.len() == limit {
                found.last().map(|f| format!("{:x}", f.rid))
            } else {
                None
            };
            let hits = found
                .into_iter()
                .map(|f| Hit {
                    conversation: f.conversation,
                    message: f.message,
                    name: f.name,
                    at: f.at,
                    channel: f.channel,
                    direction: f.direction,
                    subject: f.subject.map(marked),
                    snippet: marked(f.snippet),
                })
                .collect();
            Ok(SearchPage {
                hits,
                next,
                warnings: q.warnings,
            })
        })
        .await
}
