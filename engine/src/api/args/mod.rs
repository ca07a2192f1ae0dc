//! The commands' arguments: one struct a command, named as the command, unknown fields refused.

use super::dto::{Draft, GroupBy, Metric, NoticeSettings, Sort, View};
use crate::model::{AccountId, AgentId, Class, CustomerId, FileId, HandleId, MessageId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

macro_rules! args { ($($(#[$m:meta])* pub struct $name:ident { $($body:tt)* })*) => {$(
    $(#[$m])*
    #[derive(Debug, Clone, Serialize, Deserialize, TS)]
    #[serde(deny_unknown_fields)]
    #[ts(export_to = "args/")]
    pub struct $name { $($body)* }
)*}; }

mod compose;
mod search;
pub use compose::*;
pub use search::*;
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
mod transfer;
pub use transfer::*;
mod archives;
pub use archives::*;
mod language;
pub use language::*;
mod lists;
pub use lists::*;
mod within;
pub use within::*;
mod sample;
pub use sample::*;
mod history;
pub use history::*;
mod window;
pub use window::*;
mod diagnostics;
pub use diagnostics::*;
mod channels;
pub use channels::*;
mod linking;
pub use linking::*;
mod vendor;
pub use vendor::*;

args! {
    /// Counts, accounts and who I am.
    pub struct Sidebar {}
    /// The conversations of a view, in order.
    pub struct ConversationIds {
        /// Only what this saved search finds, the latest hit first; the view, stage and tag then do not count.
        #[serde(default)] pub saved: Option<String>,
        /// View.
        pub view: View,
        /// Only this stage.
        #[serde(default)] pub stage: Option<String>,
        /// Only this tag.
        #[serde(default)] pub tag: Option<String>,
        /// Order.
        pub sort: Sort,
        /// Where the last page ended.
        #[serde(default)] pub after: Option<String>,
        /// At most so many (20,000 at most).
        pub limit: u32,
    }
    /// Rows by id; ids that are gone are left out.
    pub struct ConversationRows { /** Ids, at most 500. */ pub ids: Vec<CustomerId> }
    /// A stretch of a timeline. Without position: the newest.
    pub struct TimelinePage {
        /// Conversation.
        pub conversation: CustomerId,
        /// Older than this place, or than the message of this id.
        #[serde(default)] pub before: Option<String>,
        /// Newer than this place, or than the message of this id.
        #[serde(default)] pub after: Option<String>,
        /// Around this message.
        #[serde(default)] pub around: Option<MessageId>,
        /// At most so many messages (200 at most).
        pub limit: u32,
    }
    /// HTML for the frame.
    pub struct MessageHtml { /** Message. */ pub id: MessageId }
    /// All of a long text.
    pub struct MessageText { /** Message. */ pub id: MessageId }
    /// The message as it came (headers and source, at most 1 MB).
    pub struct MessageSource { /** Message. */ pub id: MessageId }
    /// Opens link `link` of a message in the browser, by number.
    pub struct LinkOpen { /** Message. */ pub message: MessageId, /** Number. */ pub link: u32, /** Of its text, not of its HTML. */ #[serde(default)] pub text: bool }
    /// The customer panel.
    pub struct Customer { /** Customer or conversation. */ pub id: CustomerId }
    /// Give the customer a name.
    pub struct CustomerRename { /** Customer. */ pub id: CustomerId, /** Name; empty = back to what the mail says. */ pub name: String }
    /// Assign to somebody or nobody.
    pub struct Assign { /** Conversation. */ pub conversation: CustomerId, /** To whom. */ pub agent: Option<AgentId> }
    /// Sleep until an instant, or wake.
    pub struct Snooze { /** Conversation. */ pub conversation: CustomerId, /** Until; null = wake. */ #[ts(type = "number | null")] pub until: Option<i64> }
    /// Resolve what is here.
    pub struct Resolve { /** Conversation. */ pub conversation: CustomerId }
    /// Open again.
    pub struct Reopen { /** Conversation. */ pub conversation: CustomerId }
    /// End the wait without a reply.
    pub struct NoReplyNeeded { /** Conversation. */ pub conversation: CustomerId }
    /// Write a note.
    pub struct NoteAdd { /** Conversation. */ pub conversation: CustomerId, /** Text. */ pub text: String }
    /// Put a tag on or take it off.
    pub struct TagSet { /** Conversation. */ pub conversation: CustomerId, /** Tag. */ pub tag: String, /** On or off. */ pub on: bool }
    /// All tags ever used, most used first.
    pub struct Tags {}
    /// Set the lead's stage.
    pub struct StageSet { /** Customer. */ pub customer: CustomerId, /** Stage key; null = none. */ pub stage: Option<String>, /** The message that is the evidence. */ #[serde(default)] pub evidence: Option<MessageId> }
    /// The sender is (not) a customer.
    pub struct NotCustomer { /** Handle. */ pub handle: HandleId, /** True = not a customer. */ pub on: bool }
    /// A person's word on whether a person wrote this.
    pub struct ClassSet { /** Message. */ pub message: MessageId, /** Class. */ pub class: Class }
    /// Link two customers into one.
    pub struct Link { /** One. */ pub a: CustomerId, /** Other. */ pub b: CustomerId }
    /// Split customers off a linked one.
    pub struct Unlink { /** Originals to split off. */ pub split: Vec<CustomerId> }
    /// Everything here is read.
    pub struct MarkRead { /** Conversation. */ pub conversation: CustomerId }
    /// The last inbound message is unread.
    pub struct MarkUnread { /** Conversation. */ pub conversation: CustomerId }
    /// Take back my newest action.
    pub struct Undo {}
    /// What the composer starts from.
    pub struct ReplyOptions { /** Conversation. */ pub conversation: CustomerId, /** The message to answer; default the last inbound. */ #[serde(default)] pub answering: Option<MessageId> }
    /// My drafts of a conversation.
    pub struct Drafts { /** Conversation. */ pub conversation: CustomerId }
    /// Keep a draft; empty text without files deletes it.
    pub struct DraftSave { /** Conversation. */ pub conversation: CustomerId, /** The draft. */ pub draft: Draft }
    /// Stage a piece of a file (pasted or dropped), at most 1 MB a piece; base64.
    pub struct FileStage { /** The file so far; null = a new one. */ pub id: Option<FileId>, /** Name. */ pub name: String, /** Base64. */ pub data: String, /** The last piece. */ pub last: bool }
    /// Ask the person for files and stage them.
    pub struct FilePick {}
    /// Ask the person where to save a file, and save it.
    pub struct FileSave { /** File. */ pub file: FileId }
    /// Unfinished and failed sends.
    pub struct Outbox {}
    /// Take a held or queued send back into a draft.
    pub struct OutboxCancel { /** Outbox id. */ pub id: MessageId }
    /// Try a failed send again, or send an uncertain one again (a person's decision).
    pub struct OutboxRetry { /** Outbox id. */ pub id: MessageId }
    /// A person found an uncertain send delivered.
    pub struct OutboxMarkSent { /** Outbox id. */ pub id: MessageId }
    /// Look at the provider whether an uncertain send arrived.
    pub struct OutboxCheck { /** Outbox id. */ pub id: MessageId }
    /// Response times of a range.
    pub struct ReportResponseTimes { /** From, inclusive. */ #[ts(type = "number")] pub from: i64, /** To, exclusive. */ #[ts(type = "number")] pub to: i64, /** Grouping. */ pub by: GroupBy }
    /// The episodes behind a figure.
    pub struct ReportEpisodes {
        /// From, inclusive.
        #[ts(type = "number")] pub from: i64,
        /// To, exclusive.
        #[ts(type = "number")] pub to: i64,
        /// Grouping.
        pub by: GroupBy,
        /// The row's key.
        pub key: String,
        /// The figure.
        pub metric: Metric,
        /// At most (500).
        pub limit: u32,
    }
    /// Who waits, longest first.
    pub struct WaitBoard { /** At most (500). */ pub limit: u32 }
    /// The team.
    pub struct Agents {}
    /// Settings.
    pub struct SettingsGet {}
    /// Change settings; null = leave as is.
    #[derive(Default)]
    pub struct SettingsSet {
        /// See `Settings`.
        #[serde(default)] pub hold_seconds: Option<u32>,
        /// See `Settings`.
        #[serde(default)] pub reopen_days: Option<u32>,
        /// See `Settings`.
        #[serde(default)] pub theme: Option<String>,
        /// See `Settings`.
        #[serde(default)] pub notify: Option<bool>,
        /// See `Settings`.
        #[serde(default)] pub notify_text: Option<bool>,
        /// See `Settings`.
        #[serde(default)] pub close_to_tray: Option<bool>,
        /// See `Settings`.
        #[serde(default)] pub my_name: Option<String>,
        /// See `Settings`.
        #[serde(default)] pub wait_target: Option<u32>,
        /// See `Settings`.
        #[serde(default)] pub notices: Option<NoticeSettings>,
        /// See `Settings`: all that differ, not only what is new.
        #[serde(default)] #[ts(type = "Record<string, Array<string>> | null")] pub keys: Option<BTreeMap<String, Vec<String>>>,
        /// See `Settings`: at most ten.
        #[serde(default)] pub searches: Option<Vec<String>>,
        /// See `Settings`.
        #[serde(default)] pub zoom: Option<u32>,
    }
    /// The accounts with their states.
    pub struct Accounts {}
    /// Pause or go on.
    pub struct AccountPause { /** Account. */ pub id: AccountId, /** Pause. */ pub on: bool }
    /// Poll now.
    pub struct AccountPoll { /** Account. */ pub id: AccountId }
    /// Disconnect; its messages stay.
    pub struct AccountRemove { /** Account. */ pub id: AccountId, /** Its messages go too. */ #[serde(default)] pub erase: bool }
    /// Check the invariants.
    pub struct Check {}
}
