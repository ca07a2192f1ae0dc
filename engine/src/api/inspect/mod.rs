//! How Parley understands a thing, without a workspace: the very code that ingest uses.

pub mod html;
pub mod reply;
pub mod thread;
pub mod url;
