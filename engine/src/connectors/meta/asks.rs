//! What a look asks the vendor: pages of conversations, and what pages leave open.

use super::api::Counts;
use super::convert::{self, Somebody};
use super::cursor::{SeenMessage, State};
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
    /// A person's name, where only the user name is told. Without an answer it stays so.
    pub(super) async fn profile(&self, customer: &mut Somebody) {
        if self.channel != Channel::Instagram || customer.name.is_some() {
            return;
        }
        let Ok(token) = self.tokens.token(&self.api).await else {
            return;
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
    }

    /// Whether a message that is not listed any more was taken back. Only the vendor's word for it counts: lists have
    /// holes when it has trouble. “There is no such thing” is also what it says to who may not ask, so it counts only
    /// where another message of the same conversation is given.
    pub(super) async fn is_gone(&self, message: &SeenMessage, other: Option<&str>) -> Result<bool> {
        let refused = match self.ask_message(&message.id).await {
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
        if refused.said.is_some() && !refused.throttled() {
            return Ok(false);
        }
        Err(refused.error)
    }

    async fn ask_message(&self, id: &str) -> std::result::Result<(), Refused> {
        let token = self.tokens.token(&self.api).await?;
        let (path, query) = ([id], [("fields", "id")]);
        let asked = self
            .api
            .get(&token, &path, &query, "message", Counts::Conversations);
        asked.await.map(|_| ())
    }

    /// How many messages came since and have no details any more, as a message and for the account.
    pub(super) async fn gap(
        &self,
        talk: &str,
        older: Option<&str>,
        since: Millis,
        customer: &Somebody,
        told: &Told,
    ) -> Result<Option<(Event, Gap)>> {
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
            let young = |row: &&&Value| {
                let at = row.get("created_time").and_then(when::read);
                at.is_some_and(|at| at > since)
            };
            let new = rows.iter().take_while(young).count();
            missing += new;
            if new == rows.len() && !rows.is_empty() {
                after = next(Some(&page)).filter(|a| *a != at);
            }
        }
        if missing == 0 {
            return Ok(None);
        }
        let count = u32::try_from(missing).unwrap_or(u32::MAX);
        let first = told.drafts.first();
        let at = first.map_or(since, |d| d.at - 1);
        let key = convert::digest(format!("{talk}\n{since}\n{at}").as_bytes());
        let owner = self.owner();
        let marker = convert::missing(&owner, customer, &key, count, at);
        let name = self.named();
        let gap = Gap {
            place: name.to_owned(),
            reason: format!(
                "{count} messages of one conversation came faster than {name} lets them be read; they are marked there and can be read in {name}."
            ),
            since: Some(since),
        };
        Ok(Some((Event::Message(Box::new(marker)), gap)))
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
