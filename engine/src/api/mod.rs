//! Floor 3: every command a window or the command line may ask.

pub mod args;
pub mod dto;
pub mod typescript;
mod table;
