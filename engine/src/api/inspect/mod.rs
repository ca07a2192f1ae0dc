//! How Parley understands a thing, without a workspace: the very code that ingest uses.

pub mod reply;
pub mod thread;
