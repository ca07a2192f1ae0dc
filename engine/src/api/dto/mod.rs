//! What goes over the wire between the engine and a window or the command line. Instants are milliseconds
//! since 1970 UTC, durations of reports are seconds, ids are 32 hexadecimal digits.

macro_rules! dto { ($($(#[$m:meta])* pub struct $name:ident { $($body:tt)* })*) => {$(
    $(#[$m])*
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
    #[serde(deny_unknown_fields)]
    pub struct $name { $($body)* }
)*}; }
macro_rules! words { ($($(#[$m:meta])* pub enum $name:ident { $($(#[$v:meta])* $variant:ident),* $(,)? })*) => {$(
    $(#[$m])*
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
    #[serde(rename_all = "snake_case")]
    pub enum $name { $($(#[$v])* $variant),* }
)*}; }

mod search;
pub use search::*;
mod fold;

pub use fold::*;
mod keep;
pub use keep::*;
mod threads;
pub use threads::*;
mod shown;
pub use shown::*;
mod mailbox;
pub use mailbox::*;
mod setup;
pub use setup::*;
mod delivery;
pub use delivery::*;
mod transfer;
pub use transfer::*;
mod archives;
pub use archives::*;
mod session;
pub use session::*;
mod lists;
pub use lists::*;
mod bulk;
mod channels;
pub use bulk::*;
pub use channels::*;
mod timeline;
pub use timeline::*;
mod customer;
pub use customer::*;
mod reply;
pub use reply::*;
mod found;
pub use found::*;
mod reports;
pub use reports::*;
mod settings;
pub use settings::*;
mod history;
pub use history::*;
mod language;
pub use language::*;
mod within;
pub use within::*;
mod notices;
pub use notices::*;
mod sample;
pub use sample::*;
mod window;
pub use window::*;
mod diagnostics;
pub use diagnostics::*;
mod linking;
pub use linking::*;
