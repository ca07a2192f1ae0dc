//! Floor 0: plain data and pure functions. No I/O, no clock, nothing of ours from above.

pub mod account;
pub mod archive;
pub mod daytime;
pub mod episode;
pub mod filename;
pub mod handle;
pub mod hint;
pub mod id;
pub mod interchange;
pub mod letter;
pub mod linkify;
pub mod log;
pub mod message;
pub mod phone;
pub mod picture;
pub mod remote;
pub mod rich;
pub mod send;
pub mod stage;
pub mod threads;
pub mod url;

pub use account::*;
pub use archive::*;
pub use handle::*;
pub use hint::*;
pub use id::*;
pub use message::*;
pub use phone::phone_key;
pub use remote::*;
pub use send::*;
