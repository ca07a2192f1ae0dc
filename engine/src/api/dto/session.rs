//! The session: who is signed in, what changed, and what went wrong.

use super::{BackupItem, Trouble};
use crate::model::{AgentId, Channel, CustomerId, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// How a workspace is.
    pub enum SessionState {
        /// There is none yet.
        Fresh,
        /// It is there and needs its passphrase.
        Locked,
        /// It is being opened; the message says what is waited for.
        Opening,
        /// Open.
        Open,
        /// It cannot be opened; the message says why and what to do.
        Failed,
    }
}

dto! {
    /// How the workspace is.
    pub struct SessionStatus {
        /// Its state.
        pub state: SessionState,
        /// Whether a keyring of the system is there to keep the key; otherwise a passphrase is needed.
        pub keyring: bool,
        /// Why it is not open, and what to do.
        pub message: Option<String>,
        /// What is in the way, for the screen to offer what helps.
        pub trouble: Option<Trouble>,
        /// A recovery key opens it.
        pub recovery: bool,
        /// The backups that may be put in its place when it cannot be opened, newest first.
        pub backups: Vec<BackupItem>,
        /// Where its files lie.
        pub data_dir: String,
        /// This program's version.
        pub version: String,
    }
    /// A person of the team.
    pub struct Agent {
        /// Id.
        pub id: AgentId,
        /// Name.
        pub name: String,
        /// Whether it is the person at this desktop.
        pub me: bool,
    }
    /// Nothing to say.
    pub struct Nothing {}
    /// An action was done.
    pub struct Done {
        /// Whether `z` takes it back.
        pub undo: bool,
    }
    /// What was taken back.
    pub struct Undone {
        /// The command, e.g. `assign`.
        pub command: String,
        /// Its conversation, if it had one.
        pub conversation: Option<CustomerId>,
        /// A draft was put back for this conversation (an undone send).
        pub draft: bool,
        /// How many messages of it have gone, or may have, and stay.
        pub gone: u32,
    }
    /// What changed: ask again for these. Carries ids only.
    pub struct Change {
        /// Rows and timelines of these conversations; more than 200 are folded into `all`.
        pub conversations: Vec<CustomerId>,
        /// Too many to name: ask for everything on screen again.
        pub all: bool,
        /// Sidebar counts or the order of a list.
        pub lists: bool,
        /// Account states.
        pub accounts: bool,
        /// Settings, stages, agents.
        pub settings: bool,
    }
    /// A new message from a customer, for a notification.
    pub struct Notice {
        /// Conversation.
        pub conversation: CustomerId,
        /// Message.
        pub message: MessageId,
        /// Customer's name.
        pub name: String,
        /// Channel.
        pub channel: Channel,
        /// One line of it.
        pub snippet: String,
        /// What it is where it has no words, as in a row of the list.
        pub brief: Option<String>,
    }
    /// An error as the window gets it.
    pub struct ErrorBody {
        /// Code where the window acts: `locked`, `refused`, `invalid`, `not_found`, `disk_full`, `storage`, `channel`, …
        pub code: String,
        /// In words.
        pub message: String,
    }
}
