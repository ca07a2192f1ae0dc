//! Floor 0: plain data and pure functions. No I/O, no clock, nothing of ours from above.

pub mod account;
pub mod archive;
pub mod episode;
pub mod handle;
pub mod id;
pub mod interchange;
pub mod log;
pub mod message;
pub mod send;
pub mod stage;
pub mod threads;

pub use account::*;
pub use archive::*;
pub use handle::*;
pub use id::*;
pub use message::*;
pub use send::*;
