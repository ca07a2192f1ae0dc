//! Settings, stages, and the check of the invariants.

use super::dto::{CheckReport, Finding, NamedCount, NoticeSettings, Settings};
use super::{Desk, args, inbox};
use crate::error::{Error, Result};
use crate::model::GroupId;
use crate::model::daytime::DAY_MINUTES;
use crate::model::log::Entity;
use crate::model::stage::{Stage, default_stages};
use crate::store::log::{Writing, write};
use crate::store::{Tx, check as invariants};
use rusqlite::{Connection, OptionalExtension};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn stored<T: DeserializeOwned>(c: &Connection, key: &str) -> Result<Option<T>> {
    let v: Option<String> = c
        .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
        .query_row([key], |r| r.get(0))
        .optional()?;
    Ok(v.and_then(|v| serde_json::from_str(&v).ok()))
}

/// A number among the settings.
pub(super) fn number(c: &Connection, key: &str, default: i64) -> Result<i64> {
    Ok(stored(c, key)?.unwrap_or(default))
}

/// The stages: data, the default set until a team changes them.
pub(super) fn stages(c: &Connection) -> Result<Vec<Stage>> {
    Ok(stored(c, "stages")?.unwrap_or_else(default_stages))
}

fn all(c: &Connection, me: crate::model::AgentId) -> Result<Settings> {
    let count = |key: &str, default: i64| {
        Ok::<_, Error>(u32::try_from(number(c, key, default)?).unwrap_or(0))
    };
    Ok(Settings {
        hold_seconds: count("hold_seconds", 10)?,
        reopen_days: count("reopen_days", 3)?,
        theme: stored(c, "theme")?.unwrap_or_else(|| "system".into()),
        notify: stored(c, "notify")?.unwrap_or(true),
        notify_text: stored(c, "notify_text")?.unwrap_or(true),
        close_to_tray: stored(c, "close_to_tray")?.unwrap_or(true),
        stages: stages(c)?,
        my_name: inbox::agent(c, me, me)?.name,
        wait_target: count("wait_target", 3_600)?,
        notices: stored(c, "notices")?.unwrap_or_default(),
        keys: stored(c, "keys")?.unwrap_or_default(),
        searches: stored(c, "searches")?.unwrap_or_default(),
        zoom: count("zoom", 100)?,
    })
}

pub(super) async fn get(_: args::SettingsGet, desk: &Desk) -> Result<Settings> {
    let me = desk.engine.store().identity().agent;
    desk.engine.store().read(move |c| all(c, me)).await
}

fn within(what: &str, v: Option<u32>, from: u32, to: u32) -> Result<()> {
    match v {
        Some(v) if v < from || v > to => Err(Error::Invalid(format!(
            "{what} lies between {from} and {to}"
        ))),
        _ => Ok(()),
    }
}

/// Quiet hours that there are on a clock and in a week.
fn possible(n: &NoticeSettings) -> Result<()> {
    let mut days = n.quiet_days.clone();
    days.sort_unstable();
    days.dedup();
    if n.quiet_from >= DAY_MINUTES || n.quiet_to >= DAY_MINUTES {
        return Err(Error::Invalid(
            "quiet hours begin and end at a minute of the day".into(),
        ));
    }
    if days.len() != n.quiet_days.len() || days.iter().any(|d| !(1..=7).contains(d)) {
        return Err(Error::Invalid(
            "the days of quiet hours are 1 (Monday) to 7 (Sunday), each at most once".into(),
        ));
    }
    Ok(())
}

/// The window knows what keys and actions mean; here only their shape and size count.
fn keys_fit(keys: &BTreeMap<String, Vec<String>>) -> Result<()> {
    let word =
        |s: &str| !s.is_empty() && s.chars().count() <= 40 && !s.chars().any(char::is_control);
    let fits = keys.len() <= 100
        && keys.iter().all(|(action, keys)| {
            word(action)
                && action.chars().all(|c| c.is_ascii_alphanumeric())
                && keys.len() <= 4
                && keys.iter().all(|k| word(k))
        });
    if fits {
        Ok(())
    } else {
        Err(Error::Invalid(
            "keys are given to at most 100 actions, at most 4 to each, of at most 40 characters"
                .into(),
        ))
    }
}

/// Team settings go through the log; how this desktop looks does not.
fn put(tx: &mut Tx<'_>, group: GroupId, key: &str, v: &Value, team: bool) -> Result<()> {
    if team {
        write(
            tx,
            "settings_set",
            group,
            Writing::new(Entity::Setting, key, None, vec![("value", v.clone())]),
        )?;
    } else {
        tx.execute("INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, v.to_string()))?;
        tx.changes.settings = true;
    }
    Ok(())
}

pub(super) async fn set(a: args::SettingsSet, desk: &Desk) -> Result<Settings> {
    within(
        "the time to undo a send, in seconds,",
        a.hold_seconds,
        0,
        120,
    )?;
    within(
        "the days in which a message continues an episode",
        a.reopen_days,
        0,
        365,
    )?;
    within(
        "the waiting time, in seconds,",
        a.wait_target,
        60,
        30 * 86_400,
    )?;
    within("the size, in percent,", a.zoom, 50, 300)?;
    if a.theme
        .as_deref()
        .is_some_and(|t| !matches!(t, "system" | "light" | "dark"))
    {
        return Err(Error::Invalid("the theme is system, light or dark".into()));
    }
    a.notices.as_ref().map_or(Ok(()), possible)?;
    a.keys.as_ref().map_or(Ok(()), keys_fit)?;
    let searches = a.searches.as_deref().unwrap_or_default();
    if searches.len() > 10 || searches.iter().any(|s| s.chars().count() > 500) {
        return Err(Error::Invalid(
            "at most ten searches of at most 500 characters are kept".into(),
        ));
    }
    let name = a.my_name.as_deref().map(str::trim).map(str::to_owned);
    if name
        .as_ref()
        .is_some_and(|n| n.is_empty() || n.chars().count() > 100 || n.chars().any(char::is_control))
    {
        return Err(Error::Invalid(
            "a name has between 1 and 100 characters, on one line".into(),
        ));
    }
    let me = desk.engine.store().identity().agent;
    desk.engine
        .store()
        .write(move |tx| {
            let group = GroupId::random();
            let values: &[(&str, Option<Value>, bool)] = &[
                ("reopen_days", a.reopen_days.map(|v| json!(v)), true),
                ("wait_target", a.wait_target.map(|v| json!(v)), true),
                ("hold_seconds", a.hold_seconds.map(|v| json!(v)), false),
                ("theme", a.theme.map(|v| json!(v)), false),
                ("notify", a.notify.map(|v| json!(v)), false),
                ("notify_text", a.notify_text.map(|v| json!(v)), false),
                ("close_to_tray", a.close_to_tray.map(|v| json!(v)), false),
                ("notices", a.notices.map(|v| json!(v)), false),
                ("keys", a.keys.map(|v| json!(v)), false),
                ("searches", a.searches.map(|v| json!(v)), false),
                ("zoom", a.zoom.map(|v| json!(v)), false),
            ];
            for (key, v, team) in values {
                if let Some(v) = v {
                    put(tx, group, key, v, *team)?;
                }
            }
            if let Some(n) = name {
                write(
                    tx,
                    "settings_set",
                    group,
                    Writing::new(Entity::Agent, me.hex(), None, vec![("name", json!(n))]),
                )?;
            }
            all(tx, me)
        })
        .await
}

pub(super) async fn check(_: args::Check, desk: &Desk) -> Result<CheckReport> {
    let kept = desk.engine.store().files();
    let r = desk
        .engine
        .store()
        .read(move |c| invariants::check(c, &kept))
        .await?;
    Ok(CheckReport {
        ok: r.findings.is_empty(),
        findings: r
            .findings
            .into_iter()
            .map(|f| Finding {
                invariant: f.invariant.to_owned(),
                what: f.what,
            })
            .collect(),
        counted: r
            .counted
            .into_iter()
            .map(|(key, count)| NamedCount {
                key: key.to_owned(),
                count,
            })
            .collect(),
    })
}
