//! Search over all messages, and searches that are kept as views.

use super::dto::{Done, Hit, Marked, SavedView, SearchOrder, SearchPage};
use super::{Desk, args};
use crate::error::{Error, Result};
use crate::model::log::Entity;
use crate::model::{EntryId, GroupId, random_id};
use crate::store::log::{Writing, write};
use crate::store::search::{self as index, Ask, MarkedText, Order, Query};
use crate::time::Millis;
use rusqlite::Connection;
use serde_json::json;

/// Characters of a query.
const LONGEST: usize = 500;

fn marked(m: MarkedText) -> Marked {
    Marked {
        text: m.text,
        marks: m.marks,
    }
}

pub(super) fn understood(query: &str, now: Millis) -> Result<Query> {
    if query.chars().count() > LONGEST {
        return Err(Error::Invalid(format!(
            "a search has at most {LONGEST} characters"
        )));
    }
    Ok(index::parse(query, index::today(now)))
}

/// A place in what was found.
pub(super) fn place(word: &str) -> Result<i64> {
    i64::from_str_radix(word, 16)
        .map_err(|_| Error::Invalid("this is not a place in a search".into()))
}

pub(super) async fn search(a: args::Search, desk: &Desk) -> Result<SearchPage> {
    let q = understood(&a.query, desk.engine.store().clock().now())?;
    // The place is an opaque word to callers: a row id exceeds what a window can count.
    let after = a.before.as_deref().map(place).transpose()?;
    let ask = Ask {
        me: desk.engine.store().identity().agent,
        order: match a.order {
            SearchOrder::Newest => Order::Newest,
            SearchOrder::Best => Order::Best,
        },
        limit: a.limit.clamp(1, 200) as usize,
        after,
    };
    desk.engine.store().read(move |c| page(c, q, &ask)).await
}

fn page(c: &Connection, mut q: Query, ask: &Ask) -> Result<SearchPage> {
    let found = index::find(c, &q, ask)?;
    if !index::index::is_whole(c)? {
        q.warnings.push(
            "the search index is being made anew, newest first; older messages are found soon"
                .into(),
        );
    }
    let next = if found.len() == ask.limit {
        found.last().map(|f| format!("{:x}", f.place))
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
}

pub(super) async fn views(_: args::Views, desk: &Desk) -> Result<Vec<SavedView>> {
    desk.engine.store().read(saved).await
}

pub(super) fn saved(c: &Connection) -> Result<Vec<SavedView>> {
    let mut s =
        c.prepare_cached("SELECT id, name, query FROM view WHERE active = 1 ORDER BY name, id")?;
    let rows = s.query_map([], |r| {
        Ok(SavedView {
            id: r.get(0)?,
            name: r.get(1)?,
            query: r.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) async fn view_save(a: args::ViewSave, desk: &Desk) -> Result<SavedView> {
    let name = a.name.trim().to_owned();
    let query = a.query.trim().to_owned();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err(Error::Invalid(
            "a view has a name of one line and at most 60 characters".into(),
        ));
    }
    if understood(&query, desk.engine.store().clock().now())?.is_empty() {
        return Err(Error::Invalid(
            "there is nothing to search for in it".into(),
        ));
    }
    let id = a.id.unwrap_or_else(|| EntryId(random_id()).hex());
    let view = SavedView { id, name, query };
    let out = view.clone();
    desk.engine
        .store()
        .write(move |tx| {
            let fields = vec![
                ("name", json!(view.name)),
                ("query", json!(view.query)),
                ("on", json!(true)),
            ];
            let w = Writing::new(Entity::View, view.id, None, fields);
            write(tx, "view_save", GroupId::random(), w)
        })
        .await?;
    Ok(out)
}

pub(super) async fn view_remove(a: args::ViewRemove, desk: &Desk) -> Result<Done> {
    desk.engine
        .store()
        .write(move |tx| {
            if !tx
                .prepare_cached("SELECT 1 FROM view WHERE id = ?1 AND active = 1")?
                .exists([&a.id])?
            {
                return Err(Error::NotFound("this view".into()));
            }
            let w = Writing::new(Entity::View, a.id, None, vec![("on", json!(false))]);
            write(tx, "view_remove", GroupId::random(), w)
        })
        .await?;
    Ok(Done { undo: true })
}

/// The query of a saved view, understood.
pub(super) fn of_view(c: &Connection, id: &str, now: Millis) -> Result<Query> {
    let query: Option<String> = rusqlite::OptionalExtension::optional(
        c.prepare_cached("SELECT query FROM view WHERE id = ?1 AND active = 1")?
            .query_row([id], |r| r.get(0)),
    )?;
    understood(
        &query.ok_or_else(|| Error::NotFound("this view".into()))?,
        now,
    )
}
