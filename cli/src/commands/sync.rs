//! Sending and fetching: one round, or until told to stop.

use super::account::state;
use super::{Context, End, find, outbox};
use crate::failure::{Failure, exit};
use crate::{Outcome, Stop, print, time};
use parley_engine::api::dto::{Change, Notice};
use parley_engine::api::headless::{
    AccountId, Millis, OutboxState, SyncOutcome, follow, sync_once,
};
use parley_engine::api::{args, ask};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::sync::broadcast::error::RecvError;

pub async fn run(cx: &Context<'_>, once: bool, account: Option<&str>) -> End {
    let account = match account {
        Some(a) => Some(find::account(&cx.session.desk, a).await?.id),
        None => None,
    };
    if once {
        round(cx, account).await
    } else {
        on_and_on(cx, account).await
    }
}

async fn round(cx: &Context<'_>, account: Option<AccountId>) -> End {
    let mut interrupted = std::pin::pin!(interrupt());
    let done = tokio::select! {
        done = sync_once(&cx.session.desk, account) => done?,
        () = &mut interrupted => return Err(Failure::storage("stopped; what was fetched before is kept").into()),
    };
    cx.answer(&done, |all| {
        if all.is_empty() {
            "no account is connected\n".into()
        } else {
            all.iter().map(told).collect()
        }
    })?;
    let well = done
        .iter()
        .all(|o| o.error.is_none() && o.sends.iter().all(|s| s.send.state == OutboxState::Sent));
    Ok(if well {
        Outcome::Done
    } else {
        Outcome::Code(exit::FAILED)
    })
}

fn told(o: &SyncOutcome) -> String {
    let mut out = match &o.error {
        _ if o.paused => format!("{}: paused\n", print::line(&o.address)),
        Some(e) => format!(
            "{}: {}\n",
            print::line(&o.address),
            print::line(&e.body.message)
        ),
        None => format!("{}: {} new\n", print::line(&o.address), o.new),
    };
    out.extend(o.sends.iter().map(|s| format!("  {}", outbox::outcome(s))));
    out
}

/// Until Ctrl-C, or until the system ends us.
async fn on_and_on(cx: &Context<'_>, account: Option<AccountId>) -> End {
    let app = &cx.session.app;
    // Heard from before the first poll on, so that nothing of it is missed.
    let (mut changes, mut notices) = (app.changes(), app.notices());
    let mut work = std::pin::pin!(async {
        match account {
            Some(id) => follow(&cx.session.desk, id).await?,
            None => cx.session.desk.engine.start().await?,
        }
        if account.is_none() {
            std::future::pending().await
        } else {
            Ok::<(), Failure>(())
        }
    });
    let mut interrupted = std::pin::pin!(interrupt());
    let mut seen = BTreeMap::new();
    accounts(cx, &mut seen).await?;
    loop {
        tokio::select! {
            () = &mut interrupted => return Ok(Outcome::Done),
            ended = &mut work => { ended?; return Ok(Outcome::Done) }
            n = notices.recv() => match n {
                Ok(n) => notice(cx, &n)?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(Outcome::Done),
            },
            c = changes.recv() => match c {
                Ok(c) => change(cx, &c, &mut seen).await?,
                Err(RecvError::Lagged(_)) => accounts(cx, &mut seen).await?,
                Err(RecvError::Closed) => return Ok(Outcome::Done),
            },
        }
    }
}

pub(super) fn now() -> Millis {
    jiff::Timestamp::now().as_millisecond()
}

fn notice(cx: &Context<'_>, n: &Notice) -> Result<(), Stop> {
    crate::written(cx.out.answer(&json!({ "at": now(), "notice": n }), |_| {
        format!(
            "{}  new message · {} · {}: {}\n",
            time::local(now()),
            find::short(&n.conversation.hex()),
            print::line(&n.name),
            print::line(n.brief.as_deref().unwrap_or(&n.snippet))
        )
    }))
}

async fn change(
    cx: &Context<'_>,
    c: &Change,
    seen: &mut BTreeMap<AccountId, String>,
) -> Result<(), Stop> {
    if c.accounts {
        accounts(cx, seen).await?;
    }
    if !c.all && c.conversations.is_empty() {
        return Ok(());
    }
    crate::written(cx.out.answer(
        &json!({ "at": now(), "conversations": c.conversations, "all": c.all }),
        |_| {
            let ids: Vec<String> = c
                .conversations
                .iter()
                .map(|id| find::short(&id.hex()).to_owned())
                .collect();
            let what = if c.all {
                "many conversations".to_owned()
            } else {
                ids.join(" ")
            };
            format!("{}  changed · {what}\n", time::local(now()))
        },
    ))
}

/// The accounts whose state is another than when it was last said.
async fn accounts(cx: &Context<'_>, seen: &mut BTreeMap<AccountId, String>) -> Result<(), Stop> {
    for a in ask(&cx.session.desk, args::Accounts {}).await? {
        let says = format!("{} · {}", state(a.state), a.says);
        if seen.get(&a.id) == Some(&says) {
            continue;
        }
        crate::written(cx.out.answer(&json!({ "at": now(), "account": a.id, "address": a.config.address(), "state": a.state, "says": a.says }), |_| {
            format!("{}  {} · {}\n", time::local(now()), print::line(a.config.address()), print::line(&says))
        }))?;
        seen.insert(a.id, says);
    }
    Ok(())
}

/// Returns when a person or the system asks us to end.
async fn interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut int), Ok(mut term)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) {
            tokio::select! { _ = int.recv() => {}, _ = term.recv() => {} }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
