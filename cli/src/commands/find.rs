//! From what a person types to the one thing that is meant.

use crate::failure::{Failure, Result};
use parley_engine::api::dto::{AccountItem, ArchiveItem, Sort, View};
use parley_engine::api::headless::{AccountId, AgentId, CustomerId, MessageId};
use parley_engine::api::{Desk, args, ask};

/// Fewer characters would name another thing tomorrow.
const SHORTEST: usize = 4;

/// What lists show of an id: enough to name it.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// The one id that begins with what was typed.
fn one<'a, T: Copy>(
    what: &str,
    typed: &str,
    all: impl Iterator<Item = (String, T)> + 'a,
) -> Result<T> {
    let start = typed.to_ascii_lowercase();
    if start.len() < SHORTEST || !start.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Failure::invalid(format!(
            "“{typed}” is not the id of {what}; give at least {SHORTEST} of its hexadecimal digits"
        )));
    }
    let mut found = all.filter(|(id, _)| id.starts_with(&start)).map(|(_, t)| t);
    match (found.next(), found.next()) {
        (Some(t), None) => Ok(t),
        (Some(_), Some(_)) => Err(Failure::invalid(format!(
            "more than one id of {what} begins with “{typed}”; give more of it"
        ))),
        (None, _) => Err(Failure::not_found(format!(
            "{what} “{typed}” does not exist"
        ))),
    }
}

/// A conversation by its id or the start of it.
pub async fn conversation(desk: &Desk, typed: &str) -> Result<CustomerId> {
    if let Some(id) = CustomerId::parse(typed) {
        ask(desk, args::Customer { id }).await?;
        return Ok(id);
    }
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = ask(
            desk,
            args::ConversationIds {
                saved: None,
                view: View::All,
                stage: None,
                tag: None,
                sort: Sort::Newest,
                after,
                limit: 20_000,
            },
        )
        .await?;
        all.extend(page.ids.into_iter().map(|id| (id.hex(), id)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    one("a conversation", typed, all.into_iter())
}

/// An account by its address, its id or the start of it.
pub async fn account(desk: &Desk, typed: &str) -> Result<AccountItem> {
    let mut all = ask(desk, args::Accounts {}).await?;
    let named: Vec<AccountId> = all
        .iter()
        .filter(|a| a.config.address().eq_ignore_ascii_case(typed))
        .map(|a| a.id)
        .collect();
    let id = match named[..] {
        [id] => id,
        [] if typed.contains('@') => {
            return Err(Failure::not_found(
                "an account of this address does not exist",
            ));
        }
        [] => one("an account", typed, all.iter().map(|a| (a.id.hex(), a.id)))?,
        _ => {
            return Err(Failure::invalid(
                "more than one account has this address; give an id",
            ));
        }
    };
    all.retain(|a| a.id == id);
    all.pop()
        .ok_or_else(|| Failure::not_found("this account does not exist"))
}

/// An archive by its name, its id or the start of it.
pub async fn archive(desk: &Desk, typed: &str) -> Result<ArchiveItem> {
    let mut all = ask(desk, args::Archives {}).await?;
    let named: Vec<AccountId> = all
        .iter()
        .filter(|a| a.name.to_lowercase() == typed.to_lowercase())
        .map(|a| a.id)
        .collect();
    let id = match named[..] {
        [id] => id,
        [] => one("an archive", typed, all.iter().map(|a| (a.id.hex(), a.id)))?,
        _ => {
            return Err(Failure::invalid(
                "more than one archive has this name; give an id",
            ));
        }
    };
    all.retain(|a| a.id == id);
    all.pop()
        .ok_or_else(|| Failure::not_found("this archive does not exist"))
}

/// A send in the outbox by its id or the start of it.
pub async fn send(desk: &Desk, typed: &str) -> Result<MessageId> {
    if let Some(id) = MessageId::parse(typed) {
        return Ok(id);
    }
    let all = ask(desk, args::Outbox {}).await?;
    one("a send", typed, all.iter().map(|o| (o.id.hex(), o.id)))
}

/// A colleague: `me`, a name, an id or the start of it.
pub async fn agent(desk: &Desk, typed: &str) -> Result<AgentId> {
    let all = ask(desk, args::Agents {}).await?;
    let named: Vec<AgentId> = all
        .iter()
        .filter(|a| typed == "me" && a.me || a.name.to_lowercase() == typed.to_lowercase())
        .map(|a| a.id)
        .collect();
    match named[..] {
        [id] => Ok(id),
        [] => one("an agent", typed, all.iter().map(|a| (a.id.hex(), a.id))),
        _ => Err(Failure::invalid(format!(
            "more than one agent is called “{typed}”; give an id"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(typed: &str) -> std::result::Result<u8, u8> {
        let all = [
            ("abcd1111".to_owned(), 1),
            ("abcd2222".to_owned(), 2),
            ("ffff0000".to_owned(), 3),
        ];
        one("a thing", typed, all.into_iter()).map_err(|f| f.exit)
    }

    #[test]
    fn the_start_of_an_id_names_it_only_if_no_other_begins_so() {
        assert_eq!(pick("FFFF"), Ok(3));
        assert_eq!(pick("abcd2"), Ok(2));
        assert_eq!(pick("abcd"), Err(7));
        assert_eq!(pick("0000"), Err(6));
        assert_eq!(pick("ff"), Err(7), "too short to stay unique");
        assert_eq!(pick("anna"), Err(7));
    }
}
