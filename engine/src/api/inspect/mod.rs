//! How Parley understands a thing, by the very code that takes mail in.

pub mod html;
pub mod url;
