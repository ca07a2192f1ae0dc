//! How Parley understands one thing, as `parleyctl inspect` prints it. Pure functions over bytes: no workspace, no
//! store, no network. Each calls the very code that ingest and the window use.

pub mod address;
pub mod html;
pub mod mail;
pub mod payload;
pub mod phone;
mod provider;
pub mod reply;
pub mod thread;
pub mod url;

use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What may be inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A mail.
    Mail,
    /// HTML of a mail.
    Html,
    /// A text with quoted history.
    Reply,
    /// A phone number.
    Phone,
    /// A link.
    Url,
    /// A mail address.
    Address,
    /// Mails that may answer each other.
    Thread,
    /// A provider's data.
    Payload,
}

/// What Parley makes of `input`, as JSON. `hint` is what the input does not say itself: a region for a phone number,
/// `text`, `html` or `eml` for a reply, the provider of a payload.
///
/// # Errors
/// In words, when nothing can be made of it. A fault in the code is such an answer as well, never a panic.
pub fn inspect(what: What, input: &[u8], hint: &str) -> Result<serde_json::Value, String> {
    catch_unwind(AssertUnwindSafe(|| run(what, input, hint)))
        .unwrap_or_else(|_| Err("it broke the reader".to_owned()))
}

fn run(what: What, input: &[u8], hint: &str) -> Result<serde_json::Value, String> {
    match what {
        What::Mail => json(&mail::mail(input)?),
        What::Html => json(&html::html(input)),
        What::Reply => json(&reply::reply(
            input,
            reply::Hint::parse(hint).unwrap_or_default(),
        )),
        What::Phone => json(&phone::phone(input, hint)),
        What::Url => json(&url::url(input)),
        What::Address => json(&address::address(input)),
        What::Thread => json(&thread::threads(input)?),
        What::Payload => json(&payload::payload(input, hint)?),
    }
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value, String> {
    serde_json::to_value(value).map_err(|e| e.to_string())
}

/// Input that is text; bytes that are none are read as well as they can be.
fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
