//! What a look asks the vendor: pages of conversations, and what pages leave open.

use super::api::Counts;
use super::convert::{self, Somebody};
use super::cursor::State;
use super::diff::{Told, next};
use super::faults::Refused;
use super::poll::Memory;
use super::{Meta, when};
use crate::connectors::Result;
use crate::model::{Channel, ChannelError, Event, Gap, Remedy};
use crate::time::{DAY, Millis};
use serde_json::Value;

/// Fields that were refused are asked for again after this.
const LEVEL_AGAIN: Millis = DAY;
/// Pages of ids that are counted for a gap.
const GAP_PAGES: usize = 5;

/// A page as it came.
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    pub(super) after: Option<String>,
}

impl Meta {
    /// A person's name, where only the user name is told. Without an answer it stays so. False where it is to be asked
    /// for later: names can wait while little is left of the allowance.
    pub(super) async fn profile(&self, customer: &mut Somebody) -> bool {
        if self.channel != Channel::Instagram || customer.name.is_some() {
            return true;
        }
        if self.api.is_short() {
            return false;
        }
        let Ok(token) = self.tokens.token(&self.api).await else {
            return false;
        };
        let fields = [("fields", "name,username")];
        let path = [customer.id.as_str()];
        let asked = self
            .api
            .get(&token, &path, &fields, "profile", Counts::Other);
        if let Ok(json) = asked.await {
            customer.name = convert::words(&json, "name");
            customer.username = convert::words(&json, "username").or(customer.username.take());
        }
        true
    }

    /// Whether a message that is not listed any more was taken back. Only the vendor's word for it counts: lists have
    /// holes when it has trouble. “There is no such thing” is also what it says to who may not ask, so it counts only
    /// where another message of the same conversation is given.
    pub(super) async fn is_gone(&self, id: &str, other: Option<&str>) -> Result<bool> {
        let refused = match self.ask_message(id).await {
            Ok(()) => return Ok(false),
            Err(refused) => refused,
        };
        if refused.is_deleted() {
            return Ok(true);
        }
        if refused.is_nothing() {
            let Some(other) = other else {
                return Ok(false);
            };
            return Ok(self.ask_message(other).await.is_ok());
        }
        if refused.is_its_word() {
            return Ok(false);
        }
        Err(refused.error)
    }

    /// Whether an id is among all those that a conversation lists, with details or without. Where that cannot be seen, it
    /// is not said to be missing.
    pub(super) async fn is_listed(&self, talk: &str, id: &str) -> Result<bool> {
        let token = self.tokens.token(&self.api).await?;
        let (path, query) = ([talk, "messages"], [("fields", "id"), ("limit", "100")]);
        let asked = self
            .api
            .get(&token, &path, &query, "messages", Counts::Conversations);
        let page = match asked.await {
            Ok(page) => page,
            Err(refused) if refused.is_its_word() => return Ok(true),
            Err(refused) => return Err(refused.error),
        };
        let Some(rows) = page.get("data").and_then(Value::as_array) else {
            return Ok(true);
        };
        let is_it = |r: &Value| r.get("id").and_then(convert::id).as_deref() == Some(id);
        Ok(rows.iter().any(is_it) || next(Some(&page)).is_some())
    }

    async fn ask_message(&self, id: &str) -> std::result::Result<(), Refused> {
        let token = self.tokens.token(&self.api).await?;
        let (path, query) = ([id], [("fields", "id")]);
        let asked = self
            .api
            .get(&token, &path, &query, "message", Counts::Conversations);
        asked.await.map(|_| ())
    }

    /// How many messages came since and have no details any more, as a message and for the account. Where that cannot be
    /// found out, it is said without a number: what can be read does not wait for it.
    pub(super) async fn gap(
        &self,
        talk: &str,
        older: Option<&str>,
        since: Millis,
        customer: &Somebody,
        told: &Told,
    ) -> Option<(Event, Gap)> {
        let counted = self.count(talk, older, since, told).await;
        let count = match counted {
            Ok(0) => return None,
            Ok(missing) => Some(u32::try_from(missing).unwrap_or(u32::MAX)),
            Err(e) => {
                tracing::warn!(step = e.step, "missing messages could not be counted");
                None
            }
        };
        let first = told.drafts.first();
        let at = first.map_or(since, |d| d.at - 1);
        let key = convert::digest(format!("{talk}\n{since}\n{at}").as_bytes());
        let marker = convert::missing(&self.owner(), customer, &key, count, at);
        let name = self.named();
        let many = count.map_or_else(|| "Some".to_owned(), |n| n.to_string());
        let gap = Gap {
            place: name.to_owned(),
            reason: format!(
                "{many} messages of one conversation came faster than {name} lets them be read; they are marked there and can be read in {name}."
            ),
            since: Some(since),
        };
        Some((Event::Message(Box::new(marker)), gap))
    }

    /// How many messages came since and have no details: those listed without, and those behind the list.
    async fn count(
        &self,
        talk: &str,
        older: Option<&str>,
        since: Millis,
        told: &Told,
    ) -> Result<usize> {
        match self.count_behind(talk, older, since).await {
            Ok(behind) => Ok(told.bare + behind),
            // The documents name a way by the conversation itself as well.
            Err(refused) if refused.is_its_word() => {
                Ok(self.count_within(talk, since, told).await?)
            }
            Err(refused) => Err(refused.error),
        }
    }

    async fn count_behind(
        &self,
        talk: &str,
        older: Option<&str>,
        since: Millis,
    ) -> std::result::Result<usize, Refused> {
        let mut after = older.map(str::to_owned);
        let mut missing = 0;
        for _ in 0..GAP_PAGES {
            let Some(at) = after.take() else { break };
            let token = self.tokens.token(&self.api).await?;
            let query = [
                ("fields", "id,created_time"),
                ("limit", "100"),
                ("after", &at),
            ];
            let path = [talk, "messages"];
            let page = self
                .api
                .get(&token, &path, &query, "messages", Counts::Conversations)
                .await?;
            let rows = page.get("data").and_then(Value::as_array);
            let rows: Vec<&Value> = rows.into_iter().flatten().collect();
            let new = rows.iter().take_while(|r| is_since(r, since)).count();
            missing += new;
            if new == rows.len() && !rows.is_empty() {
                after = next(Some(&page)).filter(|a| *a != at);
            }
        }
        Ok(missing)
    }

    async fn count_within(
        &self,
        talk: &str,
        since: Millis,
        told: &Told,
    ) -> std::result::Result<usize, Refused> {
        let token = self.tokens.token(&self.api).await?;
        let query = [("fields", "messages.limit(100){id,created_time}")];
        let json = self
            .api
            .get(&token, &[talk], &query, "messages", Counts::Conversations)
            .await?;
        let rows = convert::messages(&json).into_iter();
        let missing = rows.filter(|r| {
            let id = r.get("id").and_then(convert::id);
            is_since(r, since) && id.is_some_and(|id| told.seen.find(&id).is_none())
        });
        Ok(missing.count())
    }

    /// A page of conversations, with fewer fields where some are refused.
    pub(super) async fn ask_page(
        &self,
        after: Option<&str>,
        state: &mut State,
        memory: &mut Memory,
    ) -> Result<Page> {
        let now = self.clock.now();
        let before = state.level;
        if state.level > 0 && now - state.level_at >= LEVEL_AGAIN {
            state.level = 0;
        }
        let mut after = after;
        loop {
            let asked = self.list(after, state.level, memory.page).await;
            match asked {
                Ok(page) => {
                    if state.level != before {
                        state.level_at = now;
                    }
                    return Ok(page);
                }
                // A cursor that ran out: from the beginning.
                Err(refused)
                    if refused.of_the_question() && after.is_some() && state.level == before =>
                {
                    after = None;
                }
                Err(refused) if refused.of_the_question() && state.level < 2 => {
                    state.level += 1;
                    state.level_at = now;
                }
                Err(refused) => {
                    if refused.too_much() {
                        memory.page = (memory.page / 2).max(5);
                    }
                    return Err(refused.error);
                }
            }
        }
    }

    async fn list(
        &self,
        after: Option<&str>,
        level: u8,
        limit: u32,
    ) -> std::result::Result<Page, Refused> {
        let token = self.tokens.token(&self.api).await?;
        let (fields, limit) = (fields(level), limit.to_string());
        let mut query = vec![
            ("platform", self.api.platform()),
            ("limit", limit.as_str()),
            ("fields", fields.as_str()),
        ];
        query.extend(after.map(|a| ("after", a)));
        let path = [self.api.owner.as_str(), "conversations"];
        let json = self
            .api
            .get(
                &token,
                &path,
                &query,
                "conversations",
                Counts::Conversations,
            )
            .await?;
        let rows = json.get("data").and_then(Value::as_array).cloned();
        let Some(rows) = rows else {
            return Err(ChannelError::new(
                Remedy::Retry,
                "conversations",
                "Meta answered the question for conversations with something else.",
            )
            .into());
        };
        Ok(Page {
            rows,
            after: next(Some(&json)),
        })
    }
}

fn is_since(row: &Value, since: Millis) -> bool {
    let at = row.get("created_time").and_then(when::read);
    at.is_some_and(|at| at > since)
}

/// The fields that are asked for: all that is of use, without what was seen to be refused, text alone.
pub(super) fn fields(level: u8) -> String {
    const FILES: &str = "attachments{id,mime_type,name,size,image_data,video_data,file_url}";
    let more = match level {
        0 => format!(
            ",is_unsupported,sticker,{FILES},shares{{link,name,description,template}},story,reactions"
        ),
        1 => format!(",{FILES}"),
        _ => String::new(),
    };
    format!(
        "id,updated_time,participants,messages.limit(20){{id,created_time,from,to,message{more}}}"
    )
}
