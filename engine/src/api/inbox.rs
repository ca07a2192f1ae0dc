//! The sidebar, the lists and the wait board.

use super::dto::{
    AccountLight, Agent, ConversationRow, IdPage, NamedCount, Notice, Sort, Status, View,
    ViewCount, WaitRow,
};
use super::{Desk, args, dto};
use crate::error::{Error, Result};
use crate::model::{AgentId, CustomerId, MessageId};
use crate::store::conversations::{AUTOMATIC, OPEN, RESOLVED, SNOOZED};
use crate::store::lists::{self, Filter, ListRow, Order, Which};
use crate::store::{accounts, search, timeline};
use rusqlite::Connection;

const VIEWS: [View; 9] = [
    View::Inbox,
    View::Mine,
    View::Unassigned,
    View::Waiting,
    View::Snoozed,
    View::Resolved,
    View::Automatic,
    View::Problems,
    View::All,
];

pub(super) fn order(sort: Sort) -> Order {
    match sort {
        Sort::Newest => Order::Newest,
        Sort::Oldest => Order::Oldest,
        Sort::LongestWait => Order::LongestWait,
        Sort::WakesNext => Order::WakesNext,
    }
}

pub(super) fn which(view: View, me: AgentId) -> Which {
    match view {
        View::Inbox => Which::Shelf(OPEN),
        View::Mine => Which::Assigned(me),
        View::Unassigned => Which::Unassigned,
        View::Waiting => Which::Waiting,
        View::Snoozed => Which::Shelf(SNOOZED),
        View::Resolved => Which::Shelf(RESOLVED),
        View::Automatic => Which::Shelf(AUTOMATIC),
        View::Problems => Which::Problem,
        View::All => Which::All,
    }
}

pub(super) fn agent(conn: &Connection, id: AgentId, me: AgentId) -> Result<Agent> {
    let name: String = conn
        .prepare_cached("SELECT name FROM agent WHERE id = ?1")?
        .query_row([id], |r| r.get(0))?;
    Ok(Agent {
        id,
        name,
        me: id == me,
    })
}

pub(super) async fn sidebar(_: args::Sidebar, desk: &Desk) -> Result<dto::Sidebar> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let views = VIEWS
                .into_iter()
                .map(|view| {
                    Ok(ViewCount {
                        view,
                        count: lists::count(c, &lists::counter_key(&which(view, me)))?,
                    })
                })
                .collect::<Result<_>>()?;
            let named = |prefix: &str| {
                Ok::<_, Error>(
                    lists::counts(c, prefix)?
                        .into_iter()
                        .map(|(key, count)| NamedCount { key, count })
                        .collect(),
                )
            };
            let accounts = accounts::all(c)?
                .into_iter()
                .map(|a| AccountLight {
                    id: a.id,
                    channel: a.config.channel(),
                    address: a.config.address().to_owned(),
                    state: a.state,
                    says: a.says,
                    progress: a.progress,
                    history: a.history,
                })
                .collect();
            Ok(dto::Sidebar {
                views,
                stages: named("stage:")?,
                tags: named("tag:")?,
                saved: super::search::saved(c)?,
                accounts,
                me: agent(c, me, me)?,
            })
        })
        .await
}

/// A page of a list's ids, of at most 20,000.
pub(super) fn page_of(
    c: &Connection,
    which: &Which,
    filter: &Filter,
    sort: Sort,
    after: Option<&str>,
    limit: u32,
) -> Result<IdPage> {
    const MOST: u32 = 20_000;
    let limit = limit.clamp(1, MOST) as usize;
    let (ids, next) = lists::ids(c, which, filter, order(sort), after, limit)?;
    Ok(IdPage { ids, next })
}

pub(super) async fn conversation_ids(a: args::ConversationIds, desk: &Desk) -> Result<IdPage> {
    const MOST_FOUND: usize = 5_000;
    let me = desk.engine.store().identity().agent;
    let now = desk.engine.store().clock().now();
    desk.engine
        .store()
        .read(move |c| {
            if let Some(view) = &a.saved {
                let q = super::search::of_view(c, view, now)?;
                let ids = search::conversations(c, &q, me, MOST_FOUND)?;
                return Ok(IdPage { ids, next: None });
            }
            let filter = Filter {
                stage: a.stage,
                tag: a.tag,
                part: None,
            };
            page_of(
                c,
                &which(a.view, me),
                &filter,
                a.sort,
                a.after.as_deref(),
                a.limit,
            )
        })
        .await
}

pub(super) fn row(r: ListRow, me: AgentId) -> ConversationRow {
    let status = match r.shelf {
        OPEN => Status::Open,
        SNOOZED => Status::Snoozed,
        _ => Status::Resolved,
    };
    ConversationRow {
        id: r.id,
        name: r.name,
        address: r.address,
        channel: r.channel,
        status,
        unread: r.unread,
        wait_since: r.wait_since,
        last_at: r.last_at,
        last_direction: r.last_direction,
        subject: r.subject,
        snippet: r.snippet,
        brief: r.brief,
        stage: r.stage,
        tags: r.tags,
        assignee: r.assignee.map(|(id, name)| Agent {
            id,
            name,
            me: id == me,
        }),
        snoozed_until: r.snoozed_until,
        draft: r.draft,
        problem: r.problem,
        automatic: r.shelf == AUTOMATIC,
        messages: r.messages,
    }
}

pub(super) async fn conversation_rows(
    a: args::ConversationRows,
    desk: &Desk,
) -> Result<Vec<ConversationRow>> {
    if a.ids.len() > 500 {
        return Err(Error::Invalid("ask for at most 500 rows at once".into()));
    }
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            a.ids
                .into_iter()
                .filter_map(|id| lists::row(c, id, me).transpose())
                .map(|r| r.map(|r| row(r, me)))
                .collect()
        })
        .await
}

pub(super) async fn wait_board(a: args::WaitBoard, desk: &Desk) -> Result<Vec<WaitRow>> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let (ids, _) = lists::ids(
                c,
                &Which::Waiting,
                &Filter::default(),
                Order::LongestWait,
                None,
                a.limit.clamp(1, 500) as usize,
            )?;
            let rows = ids
                .into_iter()
                .filter_map(|id| lists::row(c, id, me).transpose())
                .collect::<Result<Vec<_>>>()?;
            Ok(rows
                .into_iter()
                .filter_map(|r| {
                    r.wait_since.map(|since| WaitRow {
                        since,
                        first: r.wait_first,
                        row: row(r, me),
                    })
                })
                .collect())
        })
        .await
}

pub(super) async fn tags(_: args::Tags, desk: &Desk) -> Result<Vec<NamedCount>> {
    desk.engine
        .store()
        .read(|c| {
            let mut s = c.prepare_cached("SELECT tag, count(*) AS n FROM tag WHERE active = 1 GROUP BY tag ORDER BY n DESC, tag LIMIT 1000")?;
            Ok(s.query_map([], |r| Ok(NamedCount { key: r.get(0)?, count: r.get(1)? }))?.collect::<rusqlite::Result<_>>()?)
        })
        .await
}

pub(super) async fn agents(_: args::Agents, desk: &Desk) -> Result<Vec<Agent>> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let mut s =
                c.prepare_cached("SELECT id, name FROM agent ORDER BY id = ?1 DESC, name")?;
            Ok(s.query_map([me], |r| Ok((r.get(0)?, r.get(1)?)))?
                .map(|r| {
                    r.map(|(id, name): (AgentId, String)| Agent {
                        id,
                        name,
                        me: id == me,
                    })
                })
                .collect::<rusqlite::Result<_>>()?)
        })
        .await
}

/// What a notification says of a message; `None` when it is shown nowhere any more.
pub(super) async fn notice(
    desk: &Desk,
    conversation: CustomerId,
    message: MessageId,
) -> Result<Option<Notice>> {
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .read(move |c| {
            let Some(r) = lists::row(c, conversation, me)? else {
                return Ok(None);
            };
            let m = timeline::message(c, message)?;
            let snippet: String = c.query_row(
                "SELECT snippet FROM message WHERE id = ?1",
                [message],
                |x| x.get(0),
            )?;
            let snippet = if snippet.is_empty() {
                m.subject.unwrap_or_default()
            } else {
                snippet
            };
            let brief = if snippet.is_empty() {
                lists::brief_of(c, message, m.rid, false)?
            } else {
                None
            };
            Ok(Some(Notice {
                conversation,
                message,
                name: r.name,
                channel: m.channel,
                snippet,
                brief,
            }))
        })
        .await
}
