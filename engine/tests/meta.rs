//! Instagram and Messenger against the fake of Meta's interface: each test is a sentence that a customer was promised.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "meta/allowance.rs"]
mod allowance;
#[path = "meta/files.rs"]
mod files;
#[path = "meta/gaps.rs"]
mod gaps;
#[path = "meta/gone.rs"]
mod gone;
#[path = "meta/pages.rs"]
mod pages;
#[path = "meta/reading.rs"]
mod reading;
#[path = "meta/sending.rs"]
mod sending;
#[path = "meta/shop.rs"]
mod shop;
#[path = "meta/tokens.rs"]
mod tokens;
#[path = "meta/unread.rs"]
mod unread;
