//! What the window of this desktop remembers, and how accounts are signed in.

use super::dto::{AccountToken, Nothing, WindowMemory};
use super::{Desk, args};
use crate::connectors::email::oauth::TokenSet;
use crate::error::{Error, Result};
use crate::model::{AccountConfig, Auth};
use crate::store::accounts;
use rusqlite::OptionalExtension;

/// Its place among the settings.
const KEY: &str = "window";
/// There are fewer views than this.
const MOST_LISTS: usize = 32;
/// Groups of one list that may be closed.
const MOST_CLOSED: usize = 200;
const LONGEST_NAME: usize = 200;
/// Narrower is no column, wider no screen.
const WIDTHS: std::ops::RangeInclusive<u32> = 120..=2_000;

pub(super) async fn memory(_: args::WindowMemory, desk: &Desk) -> Result<WindowMemory> {
    desk.engine
        .store()
        .read(|c| {
            let kept: Option<String> = c
                .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
                .query_row([KEY], |r| r.get(0))
                .optional()?;
            // What another version wrote and this one cannot read is no reason not to open a window.
            Ok(kept
                .and_then(|json| serde_json::from_str(&json).ok())
                .unwrap_or_default())
        })
        .await
}

pub(super) async fn remember(a: args::WindowRemember, desk: &Desk) -> Result<Nothing> {
    let memory = bounded(a.memory)?;
    let json = serde_json::to_string(&memory).map_err(|e| Error::Internal(e.to_string()))?;
    desk.engine
        .store()
        .write(move |tx| {
            // Nobody is told: the window that says it knows it, and for the others it counts from their next start.
            tx.execute(
                "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (KEY, &json),
            )?;
            Ok(Nothing {})
        })
        .await
}

fn bounded(memory: WindowMemory) -> Result<WindowMemory> {
    let long = |list: &super::dto::ListChoice| {
        list.closed.len() > MOST_CLOSED || list.closed.iter().any(|key| key.len() > LONGEST_NAME)
    };
    if memory.lists.len() > MOST_LISTS || memory.lists.iter().any(long) {
        return Err(Error::Invalid(
            "a window remembers at most 32 lists with 200 closed groups each".into(),
        ));
    }
    let widths = [memory.list_width, memory.panel_width];
    if widths.iter().flatten().any(|w| !WIDTHS.contains(w)) {
        return Err(Error::Invalid(
            "a column's width lies between 120 and 2000".into(),
        ));
    }
    Ok(memory)
}

pub(super) async fn tokens(_: args::AccountTokens, desk: &Desk) -> Result<Vec<AccountToken>> {
    desk.engine
        .store()
        .read(|c| {
            let signed_in = accounts::all(c)?.into_iter().filter_map(|a| {
                let AccountConfig::Email(e) = &a.config else {
                    return None;
                };
                let Auth::Oauth { provider, .. } = &e.auth else {
                    return None;
                };
                let until = accounts::secret(c, a.id)
                    .ok()
                    .and_then(|secret| TokenSet::read(&secret))
                    .map(|set| set.until());
                Some(AccountToken {
                    account: a.id,
                    provider: *provider,
                    until,
                })
            });
            Ok(signed_in.collect())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::super::dto::{ListChoice, Sort, View};
    use super::*;

    fn list(closed: Vec<String>) -> WindowMemory {
        WindowMemory {
            lists: vec![ListChoice {
                view: View::Inbox,
                sort: Sort::Oldest,
                group: None,
                closed,
            }],
            ..WindowMemory::default()
        }
    }

    #[test]
    fn a_window_cannot_have_endless_things_remembered() {
        assert!(bounded(list(vec!["stage:x".into(); 200])).is_ok());
        assert!(bounded(list(vec!["stage:x".into(); 201])).is_err());
        assert!(bounded(list(vec!["x".repeat(201)])).is_err());
        for (width, well) in [(119, false), (120, true), (2_000, true), (2_001, false)] {
            let memory = WindowMemory {
                list_width: Some(width),
                ..WindowMemory::default()
            };
            assert_eq!(bounded(memory).is_ok(), well, "{width}");
        }
    }
}
