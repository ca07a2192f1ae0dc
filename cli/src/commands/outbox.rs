//! What is not sent yet, or went wrong.

use super::{Context, End, find, read};
use crate::args::Outbox;
use crate::{Outcome, failure, print, time};
use parley_engine::api::dto::OutboxRow;
use parley_engine::api::headless::{OutboxState, SendOutcome, flush_outbox};
use parley_engine::api::{args, ask};
use serde_json::json;

pub async fn run(cx: &Context<'_>, what: Option<&Outbox>) -> End {
    let desk = &cx.session.desk;
    match what {
        None | Some(Outbox::List) => {
            cx.answer(&ask(desk, args::Outbox {}).await?, |rows| list(rows))
        }
        Some(Outbox::Cancel { id }) => {
            let id = find::send(desk, id).await?;
            let undone = ask(desk, args::OutboxCancel { id }).await?;
            cx.answer(&undone, |_| {
                format!(
                    "{} is taken back and a draft again\n",
                    find::short(&id.hex())
                )
            })
        }
        Some(Outbox::Retry { id }) => {
            let id = find::send(desk, id).await?;
            ask(desk, args::OutboxRetry { id }).await?;
            cx.answer(&json!({ "id": id, "state": "queued" }), |_| {
                format!(
                    "{} goes out at the next sync or flush\n",
                    find::short(&id.hex())
                )
            })
        }
        Some(Outbox::MarkSent { id }) => {
            let id = find::send(desk, id).await?;
            ask(desk, args::OutboxMarkSent { id }).await?;
            cx.answer(&json!({ "id": id, "state": "sent" }), |_| {
                format!("{} counts as sent\n", find::short(&id.hex()))
            })
        }
        Some(Outbox::Check { id }) => {
            let id = find::send(desk, id).await?;
            ask(desk, args::OutboxCheck { id }).await?;
            cx.answer(&json!({ "id": id, "state": "sent" }), |_| {
                format!(
                    "{} is in the Sent folder: it went out\n",
                    find::short(&id.hex())
                )
            })
        }
        Some(Outbox::Flush { account }) => flush(cx, account.as_deref()).await,
    }
}

async fn flush(cx: &Context<'_>, account: Option<&str>) -> End {
    let desk = &cx.session.desk;
    let account = match account {
        Some(a) => Some(find::account(desk, a).await?.id),
        None => None,
    };
    let tried = flush_outbox(desk, account).await?;
    cx.answer(&tried, |t| {
        if t.is_empty() {
            "nothing was due\n".into()
        } else {
            t.iter().map(outcome).collect()
        }
    })?;
    Ok(if tried.iter().all(|s| s.send.state == OutboxState::Sent) {
        Outcome::Done
    } else {
        Outcome::Code(failure::exit::FAILED)
    })
}

/// How a send went, in one line.
pub fn outcome(s: &SendOutcome) -> String {
    let why = s
        .send
        .error
        .as_ref()
        .filter(|_| s.send.state != OutboxState::Sent)
        .map(|e| format!(": {}", print::line(e)))
        .unwrap_or_default();
    let again = s
        .send
        .next_try
        .filter(|_| s.send.state.is_open())
        .map(|at| format!(" (tried again after {})", time::local(at)))
        .unwrap_or_default();
    format!(
        "{} is {}{why}{again}\n",
        find::short(&s.id.hex()),
        read::word(&s.send.state)
    )
}

fn list(rows: &[OutboxRow]) -> String {
    if rows.is_empty() {
        return "the outbox is empty\n".into();
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|r| {
            vec![
                find::short(&r.id.hex()).into(),
                read::word(&r.send.state),
                time::local(r.authored_at),
                print::fit(&print::line(&r.name), 28),
                print::fit(&print::line(r.subject.as_deref().unwrap_or(&r.snippet)), 40),
                r.send.error.clone().unwrap_or_default(),
            ]
        })
        .collect();
    print::table(&["ID", "STATE", "WRITTEN", "TO", "SUBJECT", ""], &cells)
}
