//! The engine of Parley: everything that can be tested without a window.
//!
//! ```text
//! model → store | connectors → sync, outbox, metrics, transfer → api → src-tauri | cli → ui
//! ```
//!
//! Floor 0 (`model`, `error`, `time`, `secrets`) imports nothing of ours from above. Floor 1 (`store`,
//! `connectors`) imports floor 0 and never each other. Floor 2  joins them. Floor 3
//! (`api`) holds every command a window or the command line may ask. `tests/floors.rs` keeps it so.

pub mod api;
pub mod connectors;
mod engine;
pub mod error;
pub mod keep;
pub mod metrics;
pub mod model;
pub mod outbox;
pub mod secrets;
pub mod store;
pub mod sync;
pub mod time;
pub mod transfer;

pub use engine::Engine;
pub use error::{Error, Result};
