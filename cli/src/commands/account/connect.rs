//! Accounts of every channel, connected by their settings.

use super::super::{Context, End, find};
use super::{own_fd, passed, steps};
use crate::args::AccountConnect;
use crate::failure::{Failure, Result};
use crate::{print, secret};
use parley_engine::api::headless::AccountConfig;
use parley_engine::api::{args, ask};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::io::Read;

const LONGEST: u64 = 256 * 1024;

pub(super) async fn connect(
    cx: &Context<'_>,
    c: &AccountConnect,
    passphrase_fd: Option<u32>,
) -> End {
    let desk = &cx.session.desk;
    let mut config = settings(&c.config)?;
    let secret = match c.secret_fd {
        Some(fd) => own_fd(fd, passphrase_fd)?,
        None => secret::prompt("Token, secret or password")?
            .ok_or_else(|| Failure::invalid("there is no secret; give it with --secret-fd"))?,
    };
    if c.find {
        config = found(cx, config, &secret).await?;
    }
    let mut tested = None;
    if !c.no_test {
        let try_it = args::AccountTest {
            config: config.clone(),
            password: Some(secret.expose_secret().to_owned()),
            oauth_flow: None,
            id: None,
        };
        let report = ask(desk, try_it).await?;
        if !report.ok && !cx.out.json() {
            print::aside(steps(&report).trim_end());
        }
        passed(&report)?;
        tested = Some(report);
    }
    let add = args::AccountAdd {
        config,
        password: secret.expose_secret().to_owned(),
        oauth_flow: None,
    };
    let item = ask(desk, add).await?;
    cx.answer(&item, |i| {
        let tested = tested.as_ref().map(steps).unwrap_or_default();
        format!(
            "{tested}{} is connected ({})\n",
            i.config.address(),
            find::short(&i.id.hex())
        )
    })
}

/// The only account that the secret is for.
async fn found(
    cx: &Context<'_>,
    config: AccountConfig,
    secret: &SecretString,
) -> Result<AccountConfig> {
    let look = args::AccountFind {
        config,
        secret: secret.expose_secret().to_owned(),
    };
    let mut all = ask(&cx.session.desk, look).await?;
    for note in all.iter().flat_map(|f| &f.notes) {
        print::aside(note);
    }
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only.config),
        (None, _) => Err(Failure::not_found(
            "an account that this secret is for does not exist",
        )),
        (Some(last), false) => {
            let names: Vec<String> = all
                .into_iter()
                .map(|f| f.label)
                .chain([last.label])
                .collect();
            Err(Failure::invalid(format!(
                "this secret is for several accounts; name one of them in the settings: {}",
                names.join(", ")
            )))
        }
    }
}

fn settings(typed: &str) -> Result<AccountConfig> {
    let text = if typed.trim_start().starts_with('{') {
        typed.to_owned()
    } else {
        read(typed)?
    };
    serde_json::from_str(&text)
        .map_err(|e| Failure::invalid(format!("these are no settings of an account: {e}")))
}

fn read(path: &str) -> Result<String> {
    let bad = |e: std::io::Error| Failure::invalid(format!("{path} cannot be read: {e}"));
    let mut text = String::new();
    let read = if path == "-" {
        std::io::stdin()
            .lock()
            .take(LONGEST)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .map_err(bad)?
            .take(LONGEST)
            .read_to_string(&mut text)
    };
    read.map_err(bad)?;
    Ok(text)
}

pub(super) async fn resync(cx: &Context<'_>, account: &str, days: u16) -> End {
    let a = find::account(&cx.session.desk, account).await?;
    let since = super::super::sync::now() - i64::from(days) * 86_400_000;
    ask(&cx.session.desk, args::AccountResync { id: a.id, since }).await?;
    cx.answer(&json!({ "id": a.id, "since": since }), |_| {
        format!(
            "{} is read again from the last {days} days at the next sync",
            a.config.address()
        )
    })
}
