//! Updates: kept until they are confirmed.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use super::shapes::Asked;
use crate::http::{DUPLICATE, Request, Response, SHUFFLE, World};

/// How long they are kept.
const KEPT: i64 = 24 * 3_600_000;
/// Numbers begin after this.
const BEGIN: i64 = 500_000;
/// What is not told unless it is asked for by name.
const UNASKED: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

#[derive(Debug, Default)]
pub(super) struct Updates {
    queue: VecDeque<(i64, i64, Value)>,
    last: i64,
    /// Those asked for; all but [`UNASKED`] where empty.
    allowed: Vec<String>,
    /// The request that waits for news.
    reader: Option<u64>,
    /// Those that another one took over.
    ended: HashSet<u64>,
    /// What was given last, for a fault that doubles it.
    given: Vec<Value>,
}

impl Updates {
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn forget(&mut self) {
        self.queue.clear();
    }

    /// Counts on from another number, as the vendor does after a quiet week.
    pub(super) fn begin_anew(&mut self, from: i64) {
        self.last = from.max(1);
        self.queue.clear();
        self.given.clear();
    }

    pub(super) fn tell(&mut self, kind: &str, what: &Value, now: i64) {
        let wanted = if self.allowed.is_empty() {
            !UNASKED.contains(&kind)
        } else {
            self.allowed.iter().any(|a| a == kind)
        };
        if !wanted {
            return;
        }
        self.put(json!({ kind: what }), now);
    }

    /// Puts an update of any kind, as it is, with its number.
    pub(super) fn put(&mut self, mut update: Value, now: i64) -> i64 {
        // The real ones begin anywhere.
        self.last = if self.last == 0 { BEGIN } else { self.last } + 1;
        update["update_id"] = json!(self.last);
        self.queue.push_back((self.last, now, update));
        self.last
    }

    /// A reader comes, or comes again; true where another one took over meanwhile.
    pub(super) fn reads(&mut self, number: u64) -> bool {
        if self.ended.remove(&number) {
            return true;
        }
        if let Some(before) = self.reader.filter(|b| *b != number) {
            self.ended.insert(before);
        }
        self.reader = Some(number);
        false
    }

    pub(super) fn give(&mut self, request: &Request, asked: &Asked, world: &World) -> Response {
        let now = world.time.now();
        self.queue.retain(|(_, at, _)| at + KEPT > now);
        if let Some(kinds) = asked
            .value("allowed_updates")
            .and_then(|v| v.as_array().cloned())
        {
            let kinds = kinds.iter().filter_map(Value::as_str);
            self.allowed = kinds.map(str::to_owned).collect();
        }
        let offset = asked.number("offset").unwrap_or(0);
        if offset < 0 {
            let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
            let over = self.queue.len().saturating_sub(keep);
            self.queue.drain(..over);
        } else if offset <= self.last + 1 {
            self.queue.retain(|(id, ..)| *id >= offset);
        }
        let limit = asked.number("limit").unwrap_or(100).clamp(1, 100);
        let timeout = asked.number("timeout").unwrap_or(0).clamp(0, 50);
        let all = self.queue.iter().map(|(_, _, u)| u.clone());
        let mut found: Vec<Value> = all.take(usize::try_from(limit).unwrap_or(100)).collect();
        if found.is_empty() && timeout > 0 && !request.last_chance() {
            return Response::not_yet(Duration::from_secs(timeout.unsigned_abs()));
        }
        self.reader = None;
        let fresh = found.clone();
        if request.flagged(DUPLICATE) {
            found.splice(0..0, self.given.clone());
        }
        if request.flagged(SHUFFLE) {
            found.reverse();
        }
        self.given = fresh;
        Response::json(200, &json!({ "ok": true, "result": found }))
    }
}
