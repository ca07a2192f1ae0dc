//! Files lie elsewhere: an address with a signature leads to another one, which runs out. Neither wants the token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::http::{Fake, Request, Response, World};

/// How long a signed address is good, in seconds.
const SIGNED: i64 = 24 * 60 * 60;

/// Files by their id: media type and content.
#[derive(Debug, Default)]
pub struct Store {
    files: HashMap<String, (String, Vec<u8>)>,
    made: u64,
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The server on which files lie.
#[derive(Debug, Default)]
pub struct Cdn {
    store: Arc<Mutex<Store>>,
    /// How often somebody showed it a token.
    pub shown_a_token: u32,
}

impl Cdn {
    pub(super) fn store(&self) -> Arc<Mutex<Store>> {
        Arc::clone(&self.store)
    }
}

/// Keeps a file and gives its id.
pub(super) fn keep(store: &Mutex<Store>, kind: &str, bytes: &[u8]) -> String {
    let mut store = lock(store);
    store.made += 1;
    let id = (18_070_000_000_000_000 + store.made).to_string();
    store
        .files
        .insert(id.clone(), (kind.to_owned(), bytes.to_vec()));
    id
}

/// A file's media type and size.
pub(super) fn about(store: &Mutex<Store>, id: &str) -> Option<(String, usize)> {
    let store = lock(store);
    store
        .files
        .get(id)
        .map(|(kind, bytes)| (kind.clone(), bytes.len()))
}

/// The signed address of a file as it is given at this time; the same for an hour, as caches want it.
pub(super) fn address(cdn: &str, id: &str, now: i64) -> String {
    let until = now.div_euclid(3_600_000) * 3_600 + SIGNED;
    format!("{cdn}/ig_messaging_cdn/?asset_id={id}&signature=Abx{until}&ext={until}")
}

impl Fake for Cdn {
    fn name(&self) -> &'static str {
        "graph media"
    }

    fn answer(&mut self, request: &Request, world: &World) -> Response {
        if request.header("authorization").is_some() || request.query("access_token").is_some() {
            self.shown_a_token += 1;
            return Response::text(400, "Bad signature");
        }
        let parts = request.segments();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["ig_messaging_cdn"] => {
                let id = request.query("asset_id").unwrap_or_default();
                let until = request.query("ext").and_then(|e| e.parse::<i64>().ok());
                if until.is_none_or(|until| until < world.time.seconds()) {
                    return Response::text(403, "URL signature expired");
                }
                let until = until.unwrap_or_default();
                let size = request.query("size").map(|s| format!("&size={s}"));
                let size = size.unwrap_or_default();
                Response::redirect(302, &format!("{}/v/{id}?oe={until:X}{size}", world.base()))
            }
            ["v", id] => {
                let until = request
                    .query("oe")
                    .and_then(|e| i64::from_str_radix(e, 16).ok());
                if until.is_none_or(|until| until < world.time.seconds()) {
                    return Response::text(403, "URL signature expired");
                }
                match lock(&self.store).files.get(*id) {
                    Some((kind, bytes)) => Response::bytes(200, kind, bytes.clone()),
                    None => Response::text(404, "Not Found"),
                }
            }
            _ => Response::empty(404),
        }
    }

    fn state(&self, _: &World) -> Value {
        json!({ "files": lock(&self.store).files.len() })
    }
}
