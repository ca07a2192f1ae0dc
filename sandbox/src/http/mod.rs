//! The common ground of our fakes of other people's HTTP services: what every one of them needs, and what no vendor
//! would do for a test.
//!
//! A fake is a type that holds its state and says what it answers:
//!
//! ```no_run
//! use parley_sandbox::http::{Fake, Request, Response, Server, World};
//! use serde_json::{Value, json};
//!
//! struct Greeter { greeted: u32 }
//!
//! impl Fake for Greeter {
//!     fn name(&self) -> &'static str { "greeter" }
//!     fn answer(&mut self, request: &Request, world: &World) -> Response {
//!         if request.bearer() != Some("secret") {
//!             return Response::json(401, &json!({ "error": "who are you?" }));
//!         }
//!         self.greeted += 1;
//!         Response::json(200, &json!({ "hello": request.query("name"), "at": world.time.now() }))
//!     }
//!     fn state(&self, _: &World) -> Value { json!({ "greeted": self.greeted }) }
//! }
//!
//! # async fn example() -> parley_sandbox::Result<()> {
//! let server = Server::start(Greeter { greeted: 0 }).await?;
//! let _base = server.base(); // http://127.0.0.1:PORT
//! # Ok(()) }
//! ```
//!
//! The answer is made under one lock, so a fake sees one request at a time and needs no locks of its own. What it
//! cannot know yet (a long poll) it answers with [`Response::not_yet`]: it is asked again as soon as its state was
//! touched, and a last time when the patience is over ([`Request::last_chance`]).
//!
//! Around the fake stands its [`World`]:
//!
//! - [`Faults`] – scripted per request: `world.faults.on("GET", "/v1/*/messages").nth(3).once(Fault::status(429))`.
//!   A fault happens **before** the request is acted on (a status, HTML, nothing at all) or **after** (the answer is
//!   lost, cut, dripped). Flags ([`Fault::flag`]) are for the fake to read: pages doubled or shuffled.
//! - [`Calls`] – every request as it came, with what was answered. Tests judge by it.
//! - [`Time`] – the fake's own clock, for expiry, windows and quotas. It runs until a test holds it.
//! - [`Quota`] – calls within a window, which fakes keep in their state.
//!
//! # Playing by hand
//!
//! Each server also answers under `/_play/`, in JSON, for a person's page and for tests in other languages. These
//! requests are not logged, meet no faults, and are refused to pages of other origins.
//!
//! | Request | Does |
//! | --- | --- |
//! | `GET /_play/state` | What the fake shows of its state ([`Fake::state`]) |
//! | `POST /_play/do/NAME` with JSON | What only a customer or a vendor does ([`Fake::act`]): write, react, block … |
//! | `GET /_play/calls?from=N` | The log from number N on; `DELETE` empties it |
//! | `GET /_play/faults` | The rules that are set; `POST` adds one ([`Rule`] as JSON), `DELETE` takes all away |
//! | `GET /_play/time` | `{"now":ms,"runs":bool}`; `POST` with `set`, `advance` (ms) or `runs` |

mod calls;
pub mod client;
mod faults;
mod message;
mod multipart;
mod play;
mod quota;
mod server;
mod time;

pub use calls::{Call, Calls};
pub use faults::{DUPLICATE, Fault, Faults, On, Rule, SHUFFLE};
pub use message::{Request, Response};
pub use multipart::Part;
pub(crate) use play::is_own;
pub use quota::{Over, Quota};
pub use server::{Played, Server};
pub use time::Time;

use serde_json::Value;

/// Somebody else's service, played by us.
pub trait Fake: Send + 'static {
    /// A short name for logs and the page.
    fn name(&self) -> &'static str;

    /// What the service answers. Called under a lock: quick, and never waiting.
    fn answer(&mut self, request: &Request, world: &World) -> Response;

    /// What a person at the page may see of the state.
    fn state(&self, world: &World) -> Value;

    /// Does what only a customer or the vendor can do, by name; the text of a failure goes to who asked for it.
    ///
    /// # Errors
    /// Where the order is not known or cannot be done.
    fn act(
        &mut self,
        order: &str,
        _with: &Value,
        _world: &World,
    ) -> std::result::Result<Value, String> {
        Err(format!(
            "{} knows no order {order:?}; its documentation lists them",
            self.name()
        ))
    }
}

/// What stands around a fake. Clones are the same world.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// What shall go wrong.
    pub faults: Faults,
    /// What was asked.
    pub calls: Calls,
    /// What time it is there.
    pub time: Time,
    /// Where the fake itself is reached: `http://127.0.0.1:PORT`.
    base: String,
}

impl World {
    /// Where the fake itself is reached, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// Whether a text fits a pattern: `*` stands for any characters, and what follows the pattern does not matter.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_pattern_is_a_beginning_with_stars_in_it() {
        assert!(fits("", "/anything"));
        assert!(fits("/v1/", "/v1/messages"));
        assert!(fits("/bot*/getUpdates", "/bot12:ab/getUpdates"));
        assert!(fits("/a/*/b/*/c", "/a/1/b/2/c/more"));
        assert!(!fits("/v1/", "/v2/messages"));
        assert!(!fits("/bot*/getUpdates", "/bot12:ab/sendMessage"));
    }
}
