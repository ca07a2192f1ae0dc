//! Lists with cursors; the way to the next page holds the token, as the real one does.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::errors::failed;
use super::fields::{self, Field};
use super::message::{Platform, Thread, time};
use super::{HOLLOW, POISON, UNPAGED};
use crate::http::{DUPLICATE, Request, Response, SHUFFLE, World};

const USUAL: usize = 25;
const MOST: usize = 100;

/// The cursor behind the nth thing of a list.
fn cursor(n: usize) -> String {
    format!("QVFIUk{n}ZD")
}

fn read_cursor(text: &str) -> Option<usize> {
    text.strip_prefix("QVFIUk")?
        .strip_suffix("ZD")?
        .parse()
        .ok()
}

impl Account {
    fn within_quota(&mut self, world: &World) -> Result<(), Response> {
        if self.access_off {
            return Err(failed(200, 2_534_041));
        }
        let now = world.time.now();
        self.quota
            .take("conversations", now)
            .map_err(|_| failed(613, 2_534_040))
    }

    /// `paging` around what was given: cursors, and `next` where there is more.
    fn paging(
        &self,
        request: &Request,
        world: &World,
        edge: &str,
        given: (usize, usize, bool),
    ) -> Value {
        let (from, until, more) = given;
        let mut paging = json!({ "cursors": { "before": cursor(from), "after": cursor(until) } });
        if more && let Some(paging) = paging.as_object_mut() {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("access_token", &self.token);
            for (name, value) in request
                .pairs
                .iter()
                .filter(|(n, _)| n != "after" && n != "access_token")
            {
                query.append_pair(name, value);
            }
            query.append_pair("after", &cursor(until));
            let next = format!("{}/v26.0/{edge}?{}", world.base(), query.finish());
            paging.insert("next".into(), next.into());
        }
        paging
    }

    /// Conversations as they are listed.
    fn in_order(&self) -> impl Iterator<Item = &Thread> {
        let mut all: Vec<&Thread> = self.threads.iter().collect();
        if self.unordered {
            all.sort_by(|a, b| a.id.cmp(&b.id));
        } else {
            all.sort_by_key(|t| std::cmp::Reverse(t.updated));
        }
        all.into_iter()
    }

    /// The people of a platform's conversations in the order in which these are listed.
    #[must_use]
    pub fn listed_people(&self, platform: Platform) -> Vec<String> {
        let all = self.in_order().filter(|t| t.platform == platform);
        all.map(|t| t.person.clone()).collect()
    }

    pub(super) fn conversations(&mut self, request: &Request, world: &World) -> Response {
        if let Err(refused) = self.within_quota(world) {
            return refused;
        }
        let asked = match self.asked(request, "id,updated_time", fields::of_conversation) {
            Ok(asked) => asked,
            Err(refused) => return refused,
        };
        // Without the parameter, it is Messenger alone.
        let platform = Platform::parse(request.query("platform").unwrap_or("messenger"));
        let Some(platform) = platform else {
            return failed(100, 0);
        };
        let after = match request.query("after") {
            None => Some(0),
            Some(text) => read_cursor(text),
        };
        let Some(after) = after else {
            return failed(100, 0);
        };
        let limit = request.query("limit").and_then(|l| l.parse().ok());
        let limit = limit.unwrap_or(USUAL).clamp(1, MOST);
        let person = request.query("user_id");
        let wanted = |t: &&Thread| {
            t.platform == platform && person.is_none_or(|p| p == t.person) && !t.messages.is_empty()
        };
        let all: Vec<&Thread> = self.in_order().filter(wanted).collect();
        let mut rows: Vec<&Thread> = all.iter().skip(after).take(limit).copied().collect();
        let until = after + rows.len();
        if request.flagged(DUPLICATE) {
            let again = rows.clone();
            rows.extend(again);
        }
        if request.flagged(SHUFFLE) {
            rows.reverse();
        }
        let data = rows.iter().map(|t| self.shown(t, &asked, request, world));
        let data: Vec<Value> = data.collect();
        let edge = match self.door {
            super::Door::Instagram => "me/conversations".to_owned(),
            super::Door::Page => format!("{}/conversations", self.page),
        };
        let paging = self.paging(request, world, &edge, (after, until, until < all.len()));
        Response::json(200, &json!({ "data": data, "paging": paging }))
    }

    /// A conversation with the fields that were asked for.
    fn shown(&self, thread: &Thread, asked: &[Field], request: &Request, world: &World) -> Value {
        let mut out = Map::new();
        out.insert("id".into(), thread.id.clone().into());
        for field in asked {
            let value = match field.name.as_str() {
                "messages" if request.flagged(HOLLOW) => continue,
                "updated_time" => time(thread.updated).into(),
                "participants" => json!({ "data": [
                    self.party(thread.platform, &self.own(thread.platform)),
                    self.party(thread.platform, &thread.person),
                ] }),
                "messages" => self.page_of(thread, field, 0, request, world),
                _ => continue,
            };
            out.insert(field.name.clone(), value);
        }
        out.into()
    }

    /// Some of a conversation's messages, newest first: all ids, and details of the newest alone.
    fn page_of(
        &self,
        thread: &Thread,
        asked: &Field,
        after: usize,
        request: &Request,
        world: &World,
    ) -> Value {
        let listed = thread.listed();
        let limit = asked.limit.unwrap_or(USUAL).clamp(1, MOST);
        let rows: Vec<_> = listed.iter().skip(after).take(limit).collect();
        let until = after + rows.len();
        let bare = [Field {
            name: "created_time".into(),
            ..Field::default()
        }];
        let now = world.time.now();
        let mut data: Vec<Value> = rows
            .into_iter()
            .filter(|m| !m.hidden)
            .map(|m| {
                let within = if thread.detailed(&m.id) && !asked.within.is_empty() {
                    &asked.within[..]
                } else {
                    &bare[..]
                };
                self.render(thread, m, within, now)
            })
            .collect();
        if request.flagged(DUPLICATE) {
            let again = data.clone();
            data.extend(again);
        }
        if request.flagged(SHUFFLE) {
            data.reverse();
        }
        if request.flagged(POISON)
            && let Some(first) = data.first_mut()
        {
            *first = json!({ "id": "poison", "created_time": 7, "from": ["nobody"], "message": { "a": 1 } });
        }
        let edge = format!("{}/messages", thread.id);
        json!({
            "data": data,
            "paging": self.paging(request, world, &edge, (after, until, until < listed.len() && !request.flagged(UNPAGED))),
        })
    }

    /// One conversation.
    pub(super) fn conversation(&mut self, id: &str, request: &Request, world: &World) -> Response {
        if let Err(refused) = self.within_quota(world) {
            return refused;
        }
        let asked = match self.asked(request, "id,updated_time", fields::of_conversation) {
            Ok(asked) => asked,
            Err(refused) => return refused,
        };
        match self.threads.iter().find(|t| t.id == id) {
            Some(thread) => Response::json(200, &self.shown(thread, &asked, request, world)),
            None => failed(100, 33),
        }
    }

    /// The messages of one conversation.
    pub(super) fn messages(&mut self, id: &str, request: &Request, world: &World) -> Response {
        if let Err(refused) = self.within_quota(world) {
            return refused;
        }
        let asked = match self.asked(request, "id,created_time", fields::of_message) {
            Ok(asked) => asked,
            Err(refused) => return refused,
        };
        let after = request.query("after").map_or(Some(0), read_cursor);
        let (Some(thread), Some(after)) = (self.threads.iter().find(|t| t.id == id), after) else {
            return failed(100, 33);
        };
        let field = Field {
            name: "messages".into(),
            limit: request.query("limit").and_then(|l| l.parse().ok()),
            within: asked,
        };
        Response::json(200, &self.page_of(thread, &field, after, request, world))
    }
}
