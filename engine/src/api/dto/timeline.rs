//! One conversation from top to bottom.

use super::{DeliveryProblem, FoldItem, ReactionItem, TextLink, ThreadHint};
use crate::model::filename::FileWarning;
use crate::model::{Card, Channel, Class, Direction, FileId, MessageId, OutboxState, Party};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// A change that stands as a quiet line in the timeline.
    pub enum ChangeKind {
        /// Assigned to `value`, or to nobody.
        Assigned,
        /// Asleep until `at_value`.
        Snoozed,
        /// Woken by hand.
        Unsnoozed,
        /// Resolved.
        Resolved,
        /// Opened again.
        Reopened,
        /// No reply needed.
        NoReplyNeeded,
        /// Tag `value` put on.
        Tagged,
        /// Tag `value` taken off.
        Untagged,
        /// Stage set to `value`.
        Staged,
        /// Renamed to `value`.
        Renamed,
        /// Linked with another customer.
        Linked,
        /// The link was cut.
        Unlinked,
        /// The sender is not a customer.
        NotCustomer,
        /// The sender is a customer after all.
        IsCustomer,
        /// A message was passed on to `value`.
        Forwarded,
        /// An action was taken back.
        Undone,
    }
}

dto! {
    /// A file of a message or staged for sending.
    pub struct FileItem {
        /// Id.
        pub id: FileId,
        /// Safe name.
        pub name: String,
        /// Media type.
        pub mime: String,
        /// Bytes.
        #[ts(type = "number")]
        pub size: u64,
        /// Shown inside the text.
        pub inline: bool,
        /// Runs when opened: only saved, never opened.
        pub risky: bool,
        /// Why to be careful with it.
        pub warning: Option<FileWarning>,
    }
    /// Where a send stands, on its message.
    pub struct SendStatus {
        /// State.
        pub state: OutboxState,
        /// Goes out at.
        #[ts(type = "number")]
        pub hold_until: i64,
        /// What went wrong and what to do.
        pub error: Option<String>,
        /// Attempts made.
        pub attempts: u32,
        /// When it is tried again.
        #[ts(type = "number | null")]
        pub next_try: Option<i64>,
    }
    /// A message in the timeline.
    pub struct MessageItem {
        /// Id.
        pub id: MessageId,
        /// When it was sent.
        #[ts(type = "number")]
        pub at: i64,
        /// What the sender's Date claims, where it differs by more than a minute.
        #[ts(type = "number | null")]
        pub claimed_at: Option<i64>,
        /// Which way it went.
        pub direction: Direction,
        /// Channel.
        pub channel: Channel,
        /// The account's address.
        pub account: String,
        /// Person, machine or junk.
        pub class: Class,
        /// Why it is taken for a machine's.
        pub class_reason: Option<String>,
        /// Sender.
        pub from: Option<Party>,
        /// Recipients.
        pub to: Vec<Party>,
        /// Copies.
        pub cc: Vec<Party>,
        /// Where answers are asked to go, when it differs.
        pub reply_to: Option<Party>,
        /// Subject.
        pub subject: Option<String>,
        /// Text, at most 16,000 characters.
        pub text: String,
        /// What of the text is quoted history or a signature, in order.
        pub folds: Vec<FoldItem>,
        /// Links in the text; `link_open` opens them by their place in this list.
        pub links: Vec<TextLink>,
        /// Whether there is more text (`message_text`).
        pub text_cut: bool,
        /// Whether it has HTML that is too much to be shown.
        pub html_left_out: bool,
        /// Whether it has HTML (`message_html`).
        pub html: bool,
        /// Files, inline ones included.
        pub files: Vec<FileItem>,
        /// The agent who wrote it.
        pub author: Option<String>,
        /// Sent from another program.
        pub outside_app: bool,
        /// The send, for messages of ours.
        pub send: Option<SendStatus>,
        /// Why it could not be read.
        pub unreadable: Option<String>,
        /// Sender's authentication: passed, failed, or nobody says.
        pub verified: Option<bool>,
        /// What the receiving server said about the sender, in its own short words (`dmarc=pass spf=fail`).
        pub sender_says: Option<String>,
        /// Another conversation that it may belong to.
        pub hint: Option<ThreadHint>,
        /// The same mail with other bodies, to be read like messages.
        pub variants: Vec<MessageId>,
        /// Not read yet.
        pub unread: bool,
        /// Whom it did not reach, for messages of ours.
        pub delivery: Vec<DeliveryProblem>,
        /// What it carries besides text and files.
        pub cards: Vec<Card>,
        /// Reactions to it.
        pub reactions: Vec<ReactionItem>,
        /// Its writer changed it last then (`message_editions`).
        #[ts(type = "number | null")]
        pub edited_at: Option<i64>,
        /// Its writer took it back then; its words are gone.
        #[ts(type = "number | null")]
        pub unsent_at: Option<i64>,
        /// It is on the customer's device since.
        #[ts(type = "number | null")]
        pub delivered_at: Option<i64>,
        /// The customer saw it then.
        #[ts(type = "number | null")]
        pub read_at: Option<i64>,
    }
    /// An episode's separator.
    pub struct EpisodeItem {
        /// `conversation:number`.
        pub id: String,
        /// Counted from 1.
        pub number: u32,
        /// Opened.
        #[ts(type = "number")]
        pub opened_at: i64,
        /// Resolved, if it is.
        #[ts(type = "number | null")]
        pub resolved_at: Option<i64>,
        /// Started by an agent.
        pub by_agent: bool,
        /// Seconds to the first response, if there was one.
        #[ts(type = "number | null")]
        pub first_response: Option<i64>,
        /// Who resolved it, if a person did.
        pub resolved_by: Option<String>,
        /// Messages in it, up to 1,000; 0 where they are not counted (in the customer's panel).
        pub messages: u32,
        /// Give as `before` to leave it out, as `after` to begin with it.
        pub start: String,
        /// Give as `after` for what follows it; null = nothing does.
        pub end: Option<String>,
    }
    /// A note.
    pub struct NoteItem {
        /// Log id of the note.
        pub id: String,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// Who.
        pub agent: String,
        /// Text.
        pub text: String,
    }
    /// A quiet line.
    pub struct ChangeItem {
        /// Log id.
        pub id: String,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// Who; `None` = a rule.
        pub agent: Option<String>,
        /// What.
        pub what: ChangeKind,
        /// Of what: a name, a tag, a stage key.
        pub value: Option<String>,
        /// Until when.
        #[ts(type = "number | null")]
        pub at_value: Option<i64>,
    }
    /// A stretch of the timeline, oldest first.
    pub struct Timeline {
        /// The items.
        pub items: Vec<TimelineItem>,
        /// Give as `before` for what is older.
        pub older: Option<String>,
        /// Give as `after` for what is newer.
        pub newer: Option<String>,
        /// The first message not read yet.
        pub first_unread: Option<MessageId>,
        /// The episode that the first item is in, where it began before.
        pub within: Option<EpisodeItem>,
    }
    /// Clean HTML of a message for the sandboxed frame.
    pub struct MessageHtml {
        /// HTML whose links are `part-link:N`.
        pub html: String,
        /// The host behind each link, to be shown.
        pub links: Vec<String>,
        /// Remote pictures that are not loaded and can be (`images_load`).
        pub blocked: u32,
        /// Pictures too small to be seen, there to tell that the mail was read. They are never loaded.
        pub trackers: u32,
        /// Remote pictures that were loaded.
        pub loaded: u32,
        /// The sender, where it is verified, so that pictures may be loaded always.
        pub sender: Option<String>,
        /// Whether pictures of this sender's verified mails are loaded always.
        pub always: bool,
    }
    /// The whole text of a message.
    pub struct MessageText {
        /// Text.
        pub text: String,
        /// What of it is quoted history or a signature, in order; none for a source.
        pub folds: Vec<FoldItem>,
        /// Its links.
        pub links: Vec<TextLink>,
        /// Whether it was cut when it was kept, and the mail itself has the rest (`message_rest`).
        pub rest: bool,
    }
}

/// One item of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TimelineItem {
    /// A separator.
    Episode(EpisodeItem),
    /// A message.
    Message(Box<MessageItem>),
    /// A note.
    Note(NoteItem),
    /// A quiet line.
    Change(ChangeItem),
}
