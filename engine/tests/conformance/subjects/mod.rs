//! The channels.

pub mod email;
pub mod telegram;
