//! Import and export: what the files of other programs become, what cannot be taken and why, and a workspace that
//! goes out and comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do

mod scene;
#[path = "transfer/support.rs"]
mod support;

#[path = "transfer/archives.rs"]
mod archives;
#[path = "transfer/contacts.rs"]
mod contacts;
#[path = "transfer/interchange.rs"]
mod interchange;
#[path = "transfer/mailboxes.rs"]
mod mailboxes;
#[path = "transfer/round_trip.rs"]
mod round_trip;
#[path = "transfer/sample.rs"]
mod sample;
#[path = "transfer/schema.rs"]
mod schema;
#[path = "transfer/scopes.rs"]
mod scopes;
