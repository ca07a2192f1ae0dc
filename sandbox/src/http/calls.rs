//! What a fake was asked, for tests to judge by.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;

use super::{Request, fits};

/// Most calls that are kept; older ones are forgotten.
const KEPT: usize = 20_000;
/// Most bytes of a body that are kept as text.
const BODY: usize = 256 * 1024;

/// One request as it came, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Its number, from 1.
    pub number: u64,
    /// When it came, by the fake's clock.
    pub at: i64,
    /// `GET`, `POST` …
    pub method: String,
    /// The path as it was asked, without the query.
    pub path: String,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Headers with names in lower case, in order; also `authorization`.
    pub headers: Vec<(String, String)>,
    /// The body as text; bytes that are none are replaced.
    pub body: String,
    /// The status that was answered; none while it is not answered, and where it never was.
    pub status: Option<u16>,
    /// The fault that it met.
    pub fault: Option<String>,
    /// Whether the fake saw it: faults may keep requests from it.
    pub acted: bool,
}

impl Call {
    /// A value of the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The body's fields, where it is a form.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .into_owned()
            .collect()
    }
}

pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.as_str())
}

/// The log of all calls. Clones are the same log.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    log: Mutex<Log>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Log {
    made: u64,
    calls: VecDeque<Call>,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    /// Those with a number from this one on, oldest first.
    #[must_use]
    pub fn from(&self, number: u64) -> Vec<Call> {
        let log = self.lock();
        let wanted = log.calls.iter().filter(|c| c.number >= number);
        wanted.cloned().collect()
    }

    /// Those of a method (any where empty) whose path fits the pattern, oldest first.
    #[must_use]
    pub fn to(&self, method: &str, path: &str) -> Vec<Call> {
        let log = self.lock();
        let wanted = log
            .calls
            .iter()
            .filter(|c| (method.is_empty() || c.method == method) && fits(path, &c.path));
        wanted.cloned().collect()
    }

    /// How many there were of a method (any where empty) whose path fits the pattern.
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.to(method, path).len()
    }

    /// Forgets them; numbers go on.
    pub fn clear(&self) {
        self.lock().calls.clear();
    }

    /// Waits until there were so many of them, answered or not; false where the patience ended first.
    pub async fn reach(&self, count: usize, method: &str, path: &str, patience: Duration) -> bool {
        let reached = async {
            loop {
                let changed = self.0.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if self.count(method, path) >= count {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(patience, reached).await.is_ok()
    }

    /// Notes a request and gives its number.
    pub(super) fn came(&self, request: &Request, at: i64) -> u64 {
        let mut log = self.lock();
        log.made += 1;
        let number = log.made;
        let body = request.body.get(..BODY).unwrap_or(&request.body);
        log.calls.push_back(Call {
            number,
            at,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.pairs.clone(),
            headers: request.headers.clone(),
            body: String::from_utf8_lossy(body).into_owned(),
            status: None,
            fault: None,
            acted: false,
        });
        if log.calls.len() > KEPT {
            log.calls.pop_front();
        }
        drop(log);
        self.0.changed.notify_waiters();
        number
    }

    /// Notes more about a call.
    pub(super) fn note(&self, number: u64, change: impl FnOnce(&mut Call)) {
        let mut log = self.lock();
        if let Some(call) = log.calls.iter_mut().rev().find(|c| c.number == number) {
            change(call);
        }
        drop(log);
        self.0.changed.notify_waiters();
    }
}
