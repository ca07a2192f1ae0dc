//! Conversations listed, shown and searched.

use super::{Context, End, find};
use crate::failure::Result;
use crate::{print, time};
use parley_engine::api::dto::{
    ChangeItem, ConversationRow, CustomerPanel, MessageHtml, MessageItem, SearchOrder, SearchPage,
    Sort, Status, Timeline, TimelineItem, View,
};
use parley_engine::api::headless::{Class, CustomerId, Direction, Party};
use parley_engine::api::{Desk, args, ask};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub async fn conversations(cx: &Context<'_>, view: View, longest_wait: bool, limit: u32) -> End {
    let desk = &cx.session.desk;
    let sort = if longest_wait {
        Sort::LongestWait
    } else {
        Sort::Newest
    };
    let page = ask(
        desk,
        args::ConversationIds {
            saved: None,
            view,
            stage: None,
            tag: None,
            sort,
            after: None,
            limit,
        },
    )
    .await?;
    let mut rows = Vec::new();
    for ids in page.ids.chunks(500) {
        rows.extend(ask(desk, args::ConversationRows { ids: ids.to_vec() }).await?);
    }
    cx.answer(&rows, |rows| listed(rows))
}

fn listed(rows: &[ConversationRow]) -> String {
    if rows.is_empty() {
        return "no conversation\n".into();
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|r| {
            vec![
                find::short(&r.id.hex()).into(),
                time::local(r.last_at),
                state(r).into(),
                if r.unread > 0 {
                    r.unread.to_string()
                } else {
                    String::new()
                },
                r.wait_since.map(time::local).unwrap_or_default(),
                print::fit(&print::line(&r.name), 28),
                print::fit(
                    &print::line(
                        r.subject
                            .as_deref()
                            .filter(|s| !s.is_empty())
                            .unwrap_or(&r.snippet),
                    ),
                    60,
                ),
            ]
        })
        .collect();
    print::table(
        &[
            "ID",
            "LAST",
            "STATE",
            "NEW",
            "WAITS SINCE",
            "CUSTOMER",
            "SUBJECT",
        ],
        &cells,
    )
}

fn state(r: &ConversationRow) -> &'static str {
    match r.status {
        _ if r.automatic => "automatic",
        Status::Open => "open",
        Status::Snoozed => "snoozed",
        Status::Resolved => "resolved",
    }
}

#[derive(Serialize)]
struct Shown {
    customer: CustomerPanel,
    timeline: Timeline,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<BTreeMap<String, MessageHtml>>,
}

pub async fn show(cx: &Context<'_>, typed: &str, html: bool, limit: u32) -> End {
    let desk = &cx.session.desk;
    let id = find::conversation(desk, typed).await?;
    let customer = ask(desk, args::Customer { id }).await?;
    let mut timeline = timeline(desk, customer.row.id, limit.max(1)).await?;
    for item in &mut timeline.items {
        if let TimelineItem::Message(m) = item
            && m.text_cut
        {
            let whole = ask(desk, args::MessageText { id: m.id }).await?;
            m.text = whole.text;
            m.folds = whole.folds;
            m.text_cut = false;
        }
    }
    let html = if html {
        Some(htmls(desk, &timeline).await?)
    } else {
        None
    };
    cx.answer(
        &Shown {
            customer,
            timeline,
            html,
        },
        shown,
    )
}

/// The newest messages and what stands between them, oldest first.
async fn timeline(desk: &Desk, conversation: CustomerId, limit: u32) -> Result<Timeline> {
    const PAGE: u32 = 200;
    let page = |before: Option<String>, limit: u32| args::TimelinePage {
        conversation,
        before,
        after: None,
        around: None,
        limit,
    };
    let mut all = ask(desk, page(None, limit.min(PAGE))).await?;
    let count = |t: &Timeline| {
        u32::try_from(
            t.items
                .iter()
                .filter(|i| matches!(i, TimelineItem::Message(_)))
                .count(),
        )
        .unwrap_or(u32::MAX)
    };
    let mut left = limit.saturating_sub(count(&all));
    while let Some(before) = all.older.take().filter(|_| left > 0) {
        let older = ask(desk, page(Some(before), left.min(PAGE))).await?;
        left = left.saturating_sub(count(&older).max(1));
        all.items.splice(0..0, older.items);
        all.older = older.older;
    }
    Ok(all)
}

async fn htmls(desk: &Desk, t: &Timeline) -> Result<BTreeMap<String, MessageHtml>> {
    let mut out = BTreeMap::new();
    for item in &t.items {
        if let TimelineItem::Message(m) = item
            && m.html
        {
            out.insert(m.id.hex(), ask(desk, args::MessageHtml { id: m.id }).await?);
        }
    }
    Ok(out)
}

fn shown(s: &Shown) -> String {
    let r = &s.customer.row;
    let mut out = String::new();
    let handles: Vec<String> = s
        .customer
        .handles
        .iter()
        .map(|h| print::line(&h.value))
        .collect();
    let _ = writeln!(out, "{}  <{}>", print::line(&r.name), handles.join(", "));
    let mut facts = vec![find::short(&r.id.hex()).to_owned(), state(r).to_owned()];
    facts.extend(
        r.assignee
            .as_ref()
            .map(|a| format!("assigned to {}", print::line(&a.name))),
    );
    facts.extend(
        r.stage
            .as_ref()
            .map(|s| format!("stage {}", print::line(s))),
    );
    facts.extend(r.tags.iter().map(|t| format!("#{}", print::line(t))));
    facts.extend(
        r.wait_since
            .map(|w| format!("waits since {}", time::local(w))),
    );
    let _ = writeln!(out, "{}", facts.join(" · "));
    if s.timeline.older.is_some() {
        let _ = writeln!(out, "\n(older messages are not shown; see --limit)");
    }
    for item in &s.timeline.items {
        match item {
            TimelineItem::Episode(e) => {
                let answered = e
                    .first_response
                    .map(|f| format!(", answered after {}", time::duration(f)))
                    .unwrap_or_default();
                let resolved = e
                    .resolved_at
                    .map(|at| format!(", resolved {}", time::local(at)))
                    .unwrap_or_default();
                let _ = writeln!(
                    out,
                    "\n== episode {} · {}{answered}{resolved}",
                    e.number,
                    time::local(e.opened_at)
                );
            }
            TimelineItem::Message(m) => message(&mut out, m, s.html.as_ref()),
            TimelineItem::Note(n) => {
                let _ = writeln!(
                    out,
                    "\n-- {} · note by {}\n{}",
                    time::local(n.at),
                    print::line(&n.agent),
                    indented(&n.text)
                );
            }
            TimelineItem::Change(c) => change(&mut out, c),
        }
    }
    out
}

fn person(p: &Party) -> String {
    match p.name.as_deref().filter(|n| !n.is_empty()) {
        Some(n) => format!("{} <{}>", print::line(n), print::line(&p.address)),
        None => print::line(&p.address),
    }
}

fn message(out: &mut String, m: &MessageItem, html: Option<&BTreeMap<String, MessageHtml>>) {
    let way = if m.direction == Direction::Inbound {
        "<-"
    } else {
        "->"
    };
    let from = m.from.as_ref().map(person).unwrap_or_default();
    let to: Vec<String> = m.to.iter().map(person).collect();
    let _ = writeln!(
        out,
        "\n{way} {} · {from} to {}",
        time::local(m.at),
        to.join(", ")
    );
    if let Some(p) = &m.reply_to {
        let _ = writeln!(
            out,
            "   asks for answers at {}, which is not its sender",
            person(p)
        );
    }
    if m.class != Class::Human {
        let _ = writeln!(
            out,
            "   {}{}",
            word(&m.class),
            m.class_reason
                .as_ref()
                .map(|r| format!(": {}", print::line(r)))
                .unwrap_or_default()
        );
    }
    if let Some(s) = &m.send {
        let _ = writeln!(
            out,
            "   {}{}",
            word(&s.state),
            s.error
                .as_ref()
                .map(|e| format!(": {}", print::line(e)))
                .unwrap_or_default()
        );
    }
    if let Some(s) = m.subject.as_deref().filter(|s| !s.is_empty()) {
        let _ = writeln!(out, "   Subject: {}", print::line(s));
    }
    if let Some(u) = &m.unreadable {
        let _ = writeln!(out, "   could not be read: {}", print::line(u));
    }
    let body = html
        .and_then(|h| h.get(&m.id.hex()))
        .map_or(&m.text, |h| &h.html);
    let _ = writeln!(out, "{}", indented(body));
    for f in &m.files {
        let _ = writeln!(
            out,
            "   [{} · {} · {} bytes]",
            print::line(&f.name),
            print::line(&f.mime),
            f.size
        );
    }
}

fn change(out: &mut String, c: &ChangeItem) {
    let who = c
        .agent
        .as_ref()
        .map(|a| format!(" by {}", print::line(a)))
        .unwrap_or_default();
    let value = c
        .value
        .as_ref()
        .map(|v| format!(" {}", print::line(v)))
        .unwrap_or_default();
    let until = c
        .at_value
        .map(|at| format!(" until {}", time::local(at)))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "\n-- {} · {}{value}{until}{who}",
        time::local(c.at),
        word(&c.what).replace('_', " ")
    );
}

/// An engine's word as it goes over the wire.
pub fn word<T: Serialize>(t: &T) -> String {
    match serde_json::to_value(t) {
        Ok(Value::String(s)) => s,
        _ => String::new(),
    }
}

fn indented(text: &str) -> String {
    print::clean(text)
        .trim_end()
        .lines()
        .map(|l| format!("   {l}").trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

pub async fn search(cx: &Context<'_>, query: &str, limit: u32, order: SearchOrder) -> End {
    let page = ask(
        &cx.session.desk,
        args::Search {
            query: query.to_owned(),
            limit,
            before: None,
            order,
        },
    )
    .await?;
    if !cx.out.json() {
        page.warnings
            .iter()
            .for_each(|w| print::aside(&format!("note: {w}")));
    }
    cx.answer(&page, |p| found(cx, p))
}

fn found(cx: &Context<'_>, p: &SearchPage) -> String {
    if p.hits.is_empty() {
        return "nothing found\n".into();
    }
    let mut out = String::new();
    for h in &p.hits {
        let way = if h.direction == Direction::Inbound {
            "<-"
        } else {
            "->"
        };
        let subject = h
            .subject
            .as_ref()
            .map(|s| cx.out.marked(&s.text, &s.marks))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "{} {way} {} · {} · {subject}",
            time::local(h.at),
            find::short(&h.conversation.hex()),
            print::line(&h.name)
        );
        let _ = writeln!(
            out,
            "   {}",
            cx.out.marked(&h.snippet.text, &h.snippet.marks)
        );
    }
    if p.next.is_some() {
        let _ = writeln!(out, "(there is more; see --limit)");
    }
    out
}
