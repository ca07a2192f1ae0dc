//! Instagram and Messenger against the fake of Meta's interface: each test is a sentence that a customer was promised.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "meta/reading.rs"]
mod reading;
#[path = "meta/sending.rs"]
mod sending;
#[path = "meta/shop.rs"]
mod shop;
#[path = "meta/tokens.rs"]
mod tokens;
