//! The rules of the outbox, of polling, and of the commands.
#![allow(clippy::unwrap_used, clippy::panic)] // helpers fail as tests do

mod scene;

#[path = "rules/commands.rs"]
mod commands;
#[path = "rules/formatting.rs"]
mod formatting;
#[path = "rules/history.rs"]
mod history;
#[path = "rules/linking.rs"]
mod linking;
#[path = "rules/lists.rs"]
mod lists;
#[path = "rules/outbox.rs"]
mod outbox;
#[path = "rules/passing_on.rs"]
mod passing_on;
#[path = "rules/rouse.rs"]
mod rouse;
#[path = "rules/shown.rs"]
mod shown;
#[path = "rules/sync.rs"]
mod sync;
