//! The engine of Parley: everything that can be tested without a window.

pub mod api;
pub mod connectors;
pub mod error;
pub mod model;
pub mod secrets;
pub mod time;

pub use error::{Error, Result};
