//! Files: the API leads to another server, which wants no password and refuses to be shown one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::account::{Account, failed};
use super::list::Page;
use super::message::Picture;
use super::text::rfc2822;
use crate::http::{Fake, Request, Response, World};

/// How long a signed address is good, in milliseconds.
const SIGNED: i64 = 4 * 60 * 60 * 1_000;

/// Files by their sid.
#[derive(Debug, Default)]
pub struct Store {
    files: HashMap<String, Picture>,
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The server on which files lie.
#[derive(Debug, Default)]
pub struct Cdn {
    store: Arc<Mutex<Store>>,
}

impl Cdn {
    pub(super) fn store(&self) -> Arc<Mutex<Store>> {
        Arc::clone(&self.store)
    }
}

impl Fake for Cdn {
    fn name(&self) -> &'static str {
        "twilio media"
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        if request.header("authorization").is_some() {
            return Response::text(400, "Only one auth mechanism allowed");
        }
        let expires = request.query("expires").and_then(|e| e.parse::<i64>().ok());
        if expires.is_none_or(|at| at < world.time.now()) {
            return Response::text(403, "Request has expired");
        }
        let parts = request.segments();
        let found = parts
            .last()
            .and_then(|sid| lock(&self.store).files.get(sid).cloned());
        match found {
            Some(file) => Response::bytes(200, &file.kind, file.bytes),
            None => Response::text(404, "NoSuchKey"),
        }
    }

    fn state(&self, _: &World) -> Value {
        json!({ "files": lock(&self.store).files.len() })
    }
}

impl Account {
    pub(super) fn keep_media(&mut self, file: &Picture) -> String {
        let sid = self.new_sid("ME");
        lock(&self.store).files.insert(sid.clone(), file.clone());
        sid
    }

    pub(super) fn media_list(&self, message: &str, request: &Request) -> Response {
        let (Some(found), Some(page)) = (self.find(message), Page::of(request)) else {
            return failed(20404);
        };
        let rows = found
            .media
            .iter()
            .filter_map(|sid| self.render_media(message, sid, found.created));
        let path = self.path(&format!("Messages/{message}/Media.json"));
        Response::json(
            200,
            &page.frame(&path, ("media_list", rows.collect()), None),
        )
    }

    /// The description of a file (`.json`), or the way to its bytes.
    pub(super) fn media(&self, message: &str, file: &str, now: i64) -> Response {
        let sid = file.strip_suffix(".json").unwrap_or(file);
        let Some(found) = self
            .find(message)
            .filter(|m| m.media.iter().any(|held| held == sid))
        else {
            return failed(20404);
        };
        if file.ends_with(".json") {
            return match self.render_media(message, sid, found.created) {
                Some(media) => Response::json(200, &media),
                None => failed(20404),
            };
        }
        let expires = now + SIGNED;
        Response::redirect(
            307,
            &format!("{}/{}/{sid}?expires={expires}", self.cdn, self.sid),
        )
    }

    fn render_media(&self, message: &str, sid: &str, created: i64) -> Option<Value> {
        let kind = lock(&self.store).files.get(sid)?.kind.clone();
        Some(json!({
            "account_sid": self.sid,
            "content_type": kind,
            "date_created": rfc2822(created),
            "date_updated": rfc2822(created),
            "parent_sid": message,
            "sid": sid,
            "uri": self.path(&format!("Messages/{message}/Media/{sid}.json")),
        }))
    }
}
