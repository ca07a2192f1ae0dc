//! What shall go wrong, scripted per request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Request, Response, fits};

/// A flag for the fake: give what was on the page before once more.
pub const DUPLICATE: &str = "duplicate";
/// A flag for the fake: give a page's rows out of order.
pub const SHUFFLE: &str = "shuffle";

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Answered with this instead of being acted on.
    Answer {
        /// Status.
        status: u16,
        /// Headers, `Retry-After` for instance.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// A text, or JSON.
        #[serde(default)]
        body: Value,
    },
    /// Acted on, and answered with this all the same.
    AnswerAfter {
        /// Status.
        status: u16,
        /// Headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// A text, or JSON.
        #[serde(default)]
        body: Value,
    },
    /// Not acted on: somebody's web page with status 200, as captive portals and proxies give it.
    Html,
    /// Never answered, never acted on; the connection stays open.
    HangBefore,
    /// Acted on, and never answered; the connection stays open.
    HangAfter,
    /// The connection is closed instead of acting.
    CloseBefore,
    /// Acted on, and the connection is closed instead of an answer.
    CloseAfter,
    /// Acted on; the connection is closed after so many bytes of the body.
    Cut {
        /// Bytes of the body that are still given.
        after: usize,
    },
    /// Acted on; the body comes in pieces with pauses.
    Drip {
        /// Bytes of a piece.
        piece: usize,
        /// Milliseconds between pieces.
        pause: u64,
    },
    /// Acted on after a while.
    Delay {
        /// Milliseconds.
        by: u64,
    },
    /// The fake reads it with [`Request::flagged`] and does what it means there.
    Flag {
        /// [`DUPLICATE`], [`SHUFFLE`], or one of the fake's own.
        name: String,
    },
}

impl Fault {
    /// A bare status, not acted on.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer {
            status,
            headers: BTreeMap::new(),
            body: Value::Null,
        }
    }

    /// A status with JSON (or, given a string, text), not acted on.
    #[must_use]
    pub fn answer(status: u16, body: Value) -> Self {
        Self::Answer {
            status,
            headers: BTreeMap::new(),
            body,
        }
    }

    /// 429, not acted on, with `Retry-After` in seconds where given.
    #[must_use]
    pub fn too_many(retry_after: Option<u32>) -> Self {
        let fault = Self::status(429);
        match retry_after {
            Some(seconds) => fault.header("Retry-After", &seconds.to_string()),
            None => fault,
        }
    }

    /// A flag for the fake.
    #[must_use]
    pub fn flag(name: &str) -> Self {
        Self::Flag { name: name.into() }
    }

    /// With one more header, where the fault is an answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } | Self::AnswerAfter { headers, .. } = &mut self {
            headers.insert(name.into(), value.into());
        }
        self
    }

    /// With this body, where the fault is an answer.
    #[must_use]
    pub fn body(mut self, with: Value) -> Self {
        if let Self::Answer { body, .. } | Self::AnswerAfter { body, .. } = &mut self {
            *body = with;
        }
        self
    }

    /// Its word in the log.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Answer { status, .. } => format!("answer {status}"),
            Self::AnswerAfter { status, .. } => format!("answer {status} after"),
            Self::Html => "html".into(),
            Self::HangBefore => "hang before".into(),
            Self::HangAfter => "hang after".into(),
            Self::CloseBefore => "close before".into(),
            Self::CloseAfter => "close after".into(),
            Self::Cut { after } => format!("cut after {after}"),
            Self::Drip { piece, pause } => format!("drip {piece} per {pause} ms"),
            Self::Delay { by } => format!("delay {by} ms"),
            Self::Flag { name } => name.clone(),
        }
    }

    /// What it answers by itself, if it is one that does.
    pub(super) fn says(&self) -> Option<Response> {
        match self {
            Self::Html => Some(Response::html(
                200,
                "<!doctype html><title>Welcome</title><h1>Welcome to our network</h1><p>Please sign in.</p>",
            )),
            Self::Answer {
                status,
                headers,
                body,
            }
            | Self::AnswerAfter {
                status,
                headers,
                body,
            } => {
                let mut response = match body {
                    Value::Null => Response::empty(*status),
                    Value::String(text) => Response::text(*status, text),
                    json => Response::json(*status, json),
                };
                for (name, value) in headers {
                    response = response.with(name, value);
                }
                Some(response)
            }
            _ => None,
        }
    }
}

fn one() -> u32 {
    1
}

/// When a fault happens. As JSON: `{"method":"GET","path":"/v1/*/messages","nth":2,"times":1,"fault":{"kind":"html"}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Only requests of this method; any where empty.
    #[serde(default)]
    pub method: String,
    /// Only paths that begin so; `*` stands for any characters.
    #[serde(default)]
    pub path: String,
    /// From the nth such request on, counted from 1 when the rule is set.
    #[serde(default = "one")]
    pub nth: u32,
    /// For so many requests; 0 is for ever.
    #[serde(default = "one")]
    pub times: u32,
    /// What happens.
    pub fault: Fault,
    /// How many such requests came.
    #[serde(default, skip_deserializing)]
    pub seen: u32,
}

impl Rule {
    /// Whether it happens to this request, which is counted.
    fn happens(&mut self, request: &Request) -> bool {
        let meant = (self.method.is_empty() || self.method == request.method)
            && fits(&self.path, &request.path);
        if !meant {
            return false;
        }
        self.seen += 1;
        self.seen >= self.nth && !self.past(self.seen)
    }

    /// Whether the seenth request comes too late for it.
    fn past(&self, seen: u32) -> bool {
        self.times > 0 && seen >= self.nth.saturating_add(self.times)
    }

    fn spent(&self) -> bool {
        self.past(self.seen.saturating_add(1))
    }
}

/// The rules. A request is offered to them in the order in which they were set; the first that happens takes it, so
/// that later ones do not even count it: two rules for the next request are one after the other. Flags take nothing.
/// Clones are the same rules.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Rule>>>);

/// What happens to one request.
#[derive(Debug, Default)]
pub(super) struct Happens {
    pub(super) fault: Option<Fault>,
    pub(super) flags: Vec<String>,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a rule for a method (any where empty) and paths that fit.
    pub fn on(&self, method: &str, path: &str) -> On {
        On {
            faults: self.clone(),
            method: method.into(),
            path: path.into(),
            nth: 1,
        }
    }

    /// Sets a rule.
    pub fn set(&self, rule: Rule) {
        self.lock().push(rule);
    }

    /// The rules that may still happen.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.lock().clone()
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn meet(&self, request: &Request) -> Happens {
        let mut rules = self.lock();
        let mut found = Happens::default();
        for rule in rules.iter_mut() {
            if !rule.happens(request) {
                continue;
            }
            if let Fault::Flag { name } = &rule.fault {
                found.flags.push(name.clone());
            } else {
                found.fault = Some(rule.fault.clone());
                break;
            }
        }
        rules.retain(|r| !r.spent());
        found
    }
}

/// A rule in the making.
#[derive(Debug)]
#[must_use = "say what happens: once, times or always"]
pub struct On {
    faults: Faults,
    method: String,
    path: String,
    nth: u32,
}

impl On {
    /// From the nth such request on, counted from 1; the next one where this is not said.
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth.max(1);
        self
    }

    /// It happens once.
    pub fn once(self, fault: Fault) {
        self.times(1, fault);
    }

    /// It happens to so many requests.
    pub fn times(self, times: u32, fault: Fault) {
        self.faults.set(Rule {
            method: self.method,
            path: self.path,
            nth: self.nth,
            times,
            fault,
            seen: 0,
        });
    }

    /// It happens until the rules are taken away.
    pub fn always(self, fault: Fault) {
        self.times(0, fault);
    }
}

impl Fault {
    /// How long a request waits before it is acted on.
    pub(super) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Delay { by } => Some(Duration::from_millis(*by)),
            _ => None,
        }
    }
}
