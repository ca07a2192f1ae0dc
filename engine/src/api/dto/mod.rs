//! What goes over the wire between the engine and a window or the command line. Instants are milliseconds
//! since 1970 UTC, durations of reports are seconds, ids are 32 hexadecimal digits.

use crate::model::filename::FileWarning;
use crate::model::{
    AccountConfig, AccountId, AccountState, AgentId, Capabilities, Channel, Class, CustomerId,
    Direction, FileId, Gap, HandleId, MessageId, OutboxState, Party, stage::Stage,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
mod within;
pub use within::*;

words! {
    /// A view of the sidebar.
    pub enum View {
        /// Everything open and not snoozed.
        Inbox,
        /// Open and assigned to me.
        Mine,
        /// Open and assigned to nobody.
        Unassigned,
        /// Open with a customer waiting for an answer.
        Waiting,
        /// Asleep until an hour.
        Snoozed,
        /// Done.
        Resolved,
        /// Machine mail and junk only: nobody waits.
        Automatic,
        /// A send that failed or is uncertain.
        Problems,
        /// Every conversation.
        All,
    }
    /// The order of a list.
    pub enum Sort {
        /// Latest activity first.
        Newest,
        /// Longest wait first.
        LongestWait,
    }
    /// Where a conversation stands.
    pub enum Status {
        /// Somebody has to do something.
        Open,
        /// Asleep.
        Snoozed,
        /// Done.
        Resolved,
    }
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
    /// What a report groups by.
    pub enum GroupBy {
        /// Who answered.
        Agent,
        /// The channel.
        Channel,
    }
    /// A figure of the response-time report.
    pub enum Metric {
        /// First response.
        First,
        /// Next response.
        Next,
        /// Resolution.
        Resolution,
        /// Episodes nobody answered.
        Unanswered,
    }
    /// What a proposed recipient is.
    pub enum RecipientKind {
        /// A handle of this customer.
        Handle,
        /// The Reply-To of the message, which differs from its sender: to be shown loudly.
        ReplyTo,
    }
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
    /// A number beside a view.
    pub struct ViewCount {
        /// The view.
        pub view: View,
        /// Conversations in it.
        pub count: u32,
    }
    /// A number beside a stage or tag.
    pub struct NamedCount {
        /// Stage key or tag.
        pub key: String,
        /// Open conversations with it.
        pub count: u32,
    }
    /// What the sidebar shows.
    pub struct Sidebar {
        /// The views with their counts.
        pub views: Vec<ViewCount>,
        /// Stages with open conversations.
        pub stages: Vec<NamedCount>,
        /// Tags with open conversations, most used first.
        pub tags: Vec<NamedCount>,
        /// Saved searches.
        pub saved: Vec<SavedView>,
        /// The accounts.
        pub accounts: Vec<AccountLight>,
        /// The person at this desktop.
        pub me: Agent,
    }
    /// An account in the sidebar.
    pub struct AccountLight {
        /// Id.
        pub id: AccountId,
        /// Channel.
        pub channel: Channel,
        /// Address.
        pub address: String,
        /// State.
        pub state: AccountState,
        /// The state in words.
        pub says: String,
        /// Older messages: read so far and expected, while they are being read.
        #[ts(type = "[number, number] | null")]
        pub progress: Option<(u64, u64)>,
        /// Whether older messages are read; else that rests.
        pub history: bool,
    }
    /// Ids of a view.
    pub struct IdPage {
        /// Conversations in order.
        pub ids: Vec<CustomerId>,
        /// Give this as `after` for the rest; `None` = all there is.
        pub next: Option<String>,
    }
    /// What one row of the list shows.
    pub struct ConversationRow {
        /// Conversation (its shown root).
        pub id: CustomerId,
        /// The customer's name, else the address.
        pub name: String,
        /// The customer's chief address.
        pub address: String,
        /// Channel of the last message.
        pub channel: Channel,
        /// Where it stands.
        pub status: Status,
        /// Unread inbound messages.
        pub unread: u32,
        /// Since when the customer waits.
        #[ts(type = "number | null")]
        pub wait_since: Option<i64>,
        /// Last activity.
        #[ts(type = "number")]
        pub last_at: i64,
        /// Which way the last message went.
        pub last_direction: Direction,
        /// Subject of the last message.
        pub subject: Option<String>,
        /// One line of the last message.
        pub snippet: String,
        /// Stage key.
        pub stage: Option<String>,
        /// Tags, sorted.
        pub tags: Vec<String>,
        /// Assignee.
        pub assignee: Option<Agent>,
        /// Asleep until.
        #[ts(type = "number | null")]
        pub snoozed_until: Option<i64>,
        /// Whether I have a draft here.
        pub draft: bool,
        /// Whether a send failed or is uncertain.
        pub problem: bool,
        /// Whether only machines ever wrote.
        pub automatic: bool,
        /// All messages.
        pub messages: u32,
    }
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
    }
    /// A customer's handle.
    pub struct HandleItem {
        /// Id.
        pub id: HandleId,
        /// Channel.
        pub channel: Channel,
        /// Canonical value.
        pub value: String,
        /// The name that came with it.
        pub name: Option<String>,
        /// A person said that this sender is not a customer.
        pub not_customer: bool,
    }
    /// One step in a lead's history.
    pub struct StageChange {
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// Who.
        pub agent: Option<String>,
        /// Stage key before.
        pub from: Option<String>,
        /// Stage key after.
        pub to: Option<String>,
        /// The message that was on screen.
        pub evidence: Option<MessageId>,
    }
    /// The customer panel.
    pub struct CustomerPanel {
        /// The list's row, for name, stage, tags, assignee, status.
        pub row: ConversationRow,
        /// Handles.
        pub handles: Vec<HandleItem>,
        /// Last message from the customer.
        #[ts(type = "number | null")]
        pub last_in: Option<i64>,
        /// Last message to the customer.
        #[ts(type = "number | null")]
        pub last_out: Option<i64>,
        /// The lead's history, newest first.
        pub stage_history: Vec<StageChange>,
        /// Episodes, newest first, at most 50.
        pub episodes: Vec<EpisodeItem>,
        /// Customers that were linked into this one.
        pub linked: Vec<LinkItem>,
        /// First contact.
        #[ts(type = "number | null")]
        pub since: Option<i64>,
    }
    /// A customer linked into another.
    pub struct LinkItem {
        /// The original customer.
        pub id: CustomerId,
        /// Its name.
        pub name: String,
    }
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
    }
    /// An account to send from.
    pub struct FromOption {
        /// Id.
        pub account: AccountId,
        /// Address.
        pub address: String,
        /// Name.
        pub name: String,
        /// The signature put under what is sent from it.
        pub signature: String,
        /// State.
        pub state: AccountState,
        /// What it can do.
        pub capabilities: Capabilities,
    }
    /// A proposed recipient.
    pub struct ToOption {
        /// The address.
        pub party: Party,
        /// Channel.
        pub channel: Channel,
        /// What it is.
        pub kind: RecipientKind,
    }
    /// What the composer starts from.
    pub struct ReplyOptions {
        /// Accounts to send from, the proposed one first.
        pub from: Vec<FromOption>,
        /// Recipients, the proposed one first.
        pub to: Vec<ToOption>,
        /// Others in the mail that is answered, for "reply to all".
        pub cc: Vec<Party>,
        /// Proposed subject.
        pub subject: Option<String>,
        /// The message that is answered.
        pub answering: Option<MessageId>,
        /// The message that may stand below: the one answered or passed on.
        pub history: Option<History>,
        /// Files of a message that is passed on, staged anew.
        pub files: Vec<FileItem>,
    }
    /// A message that stands below a letter.
    pub struct History {
        /// Who wrote it.
        pub from: Option<Party>,
        /// To whom.
        pub to: Vec<Party>,
        /// Copies.
        pub cc: Vec<Party>,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// Its subject.
        pub subject: Option<String>,
        /// How its text begins.
        pub preview: String,
    }
    /// A send was stored.
    pub struct Queued {
        /// Outbox id, also the message's id.
        pub id: MessageId,
        /// The conversation it is in.
        pub conversation: CustomerId,
        /// Until when it can be taken back.
        #[ts(type = "number")]
        pub hold_until: i64,
    }
    /// A draft of mine.
    pub struct Draft {
        /// A note rather than a reply.
        pub note: bool,
        /// Text.
        pub text: String,
        /// Subject, if changed.
        pub subject: Option<String>,
        /// Recipients, if changed.
        pub to: Vec<Party>,
        /// Copies.
        pub cc: Vec<Party>,
        /// Hidden copies.
        #[serde(default)]
        pub bcc: Vec<Party>,
        /// Account to send from, if chosen.
        pub account: Option<AccountId>,
        /// Address to send from, if chosen.
        #[serde(default)]
        pub from: Option<String>,
        /// Whether the answered message stands below.
        #[serde(default)]
        pub quote: bool,
        /// Whether the account's signature stands below.
        #[serde(default)]
        pub signature: bool,
        /// The message that is passed on.
        #[serde(default)]
        pub forwarding: Option<MessageId>,
        /// Staged files.
        pub files: Vec<FileItem>,
        /// Last change.
        #[ts(type = "number")]
        pub updated_at: i64,
    }
    /// Text with the found stretches, in UTF-16 units.
    pub struct Marked {
        /// Text.
        pub text: String,
        /// `[start, end)` pairs.
        pub marks: Vec<(u32, u32)>,
    }
    /// One found message.
    pub struct Hit {
        /// Conversation.
        pub conversation: CustomerId,
        /// Message.
        pub message: MessageId,
        /// Customer's name.
        pub name: String,
        /// When.
        #[ts(type = "number")]
        pub at: i64,
        /// Channel.
        pub channel: Channel,
        /// Which way.
        pub direction: Direction,
        /// Subject.
        pub subject: Option<Marked>,
        /// The stretch of text around the first hit.
        pub snippet: Marked,
    }
    /// Search results, newest first.
    pub struct SearchPage {
        /// Hits.
        pub hits: Vec<Hit>,
        /// Give as `before` for more.
        pub next: Option<String>,
        /// Words of the query that were not understood, in words.
        pub warnings: Vec<String>,
    }
    /// n, median, 90th percentile and mean, in seconds; empty when n = 0.
    pub struct Figure {
        /// Count.
        pub n: u32,
        /// Median, nearest rank.
        #[ts(type = "number | null")]
        pub p50: Option<i64>,
        /// 90th percentile, nearest rank.
        #[ts(type = "number | null")]
        pub p90: Option<i64>,
        /// Mean.
        pub mean: Option<f64>,
    }
    /// One row of the response-time report.
    pub struct ReportRow {
        /// Agent id, channel, `outside_app`, or `all`.
        pub key: String,
        /// Name for people.
        pub label: String,
        /// First response.
        pub first: Figure,
        /// Next response.
        pub next: Figure,
        /// Resolution.
        pub resolution: Figure,
        /// Episodes that began in the range and that nobody answered.
        pub unanswered: u32,
    }
    /// The response-time report.
    pub struct ResponseReport {
        /// Rows, by key.
        pub rows: Vec<ReportRow>,
        /// All together.
        pub total: ReportRow,
        /// From (inclusive).
        #[ts(type = "number")]
        pub from: i64,
        /// To (exclusive).
        #[ts(type = "number")]
        pub to: i64,
    }
    /// An episode behind a figure.
    pub struct FigureRow {
        /// Conversation.
        pub conversation: CustomerId,
        /// Customer's name.
        pub name: String,
        /// Episode number.
        pub episode: u32,
        /// Channel.
        pub channel: Channel,
        /// When the wait or episode began.
        #[ts(type = "number")]
        pub start: i64,
        /// When it ended.
        #[ts(type = "number | null")]
        pub end: Option<i64>,
        /// Seconds.
        #[ts(type = "number | null")]
        pub seconds: Option<i64>,
        /// Who answered.
        pub agent: Option<String>,
        /// The message to jump to.
        pub message: Option<MessageId>,
    }
    /// A customer who waits.
    pub struct WaitRow {
        /// The list's row.
        pub row: ConversationRow,
        /// Since when.
        #[ts(type = "number")]
        pub since: i64,
        /// Whether it is the first answer of the episode.
        pub first: bool,
    }
    /// Settings of this desktop and workspace.
    pub struct Settings {
        /// Seconds a send is held for undo.
        pub hold_seconds: u32,
        /// Days in which a message continues a resolved episode.
        pub reopen_days: u32,
        /// `system`, `light` or `dark`.
        pub theme: String,
        /// Show notifications.
        pub notify: bool,
        /// Show a message's text in notifications.
        pub notify_text: bool,
        /// Keep polling when the window is closed.
        pub close_to_tray: bool,
        /// The stages.
        pub stages: Vec<Stage>,
        /// My name.
        pub my_name: String,
        /// Seconds a wait may last before it is shown in red; amber at 75 %.
        pub wait_target: u32,
    }
    /// An account as the settings show it.
    pub struct AccountItem {
        /// Id.
        pub id: AccountId,
        /// How it is reached.
        pub config: AccountConfig,
        /// State.
        pub state: AccountState,
        /// The state in words, with what to do.
        pub says: String,
        /// Last successful poll.
        #[ts(type = "number | null")]
        pub last_success: Option<i64>,
        /// Next poll or try.
        #[ts(type = "number | null")]
        pub next_try: Option<i64>,
        /// First sync: messages done and expected.
        #[ts(type = "[number, number] | null")]
        pub progress: Option<(u64, u64)>,
        /// Whether older messages are read; else that rests.
        pub history: bool,
        /// The cursor, for support.
        pub cursor: Option<String>,
        /// Holes.
        pub gaps: Vec<Gap>,
        /// Since when messages count for waits.
        #[ts(type = "number")]
        pub live_from: i64,
        /// What it can do.
        pub capabilities: Capabilities,
        /// Messages stored.
        pub messages: u32,
    }
    /// A send that is not finished, or went wrong.
    pub struct OutboxRow {
        /// Id.
        pub id: MessageId,
        /// Conversation.
        pub conversation: CustomerId,
        /// Customer's name.
        pub name: String,
        /// Subject.
        pub subject: Option<String>,
        /// Start of the text.
        pub snippet: String,
        /// State.
        pub send: SendStatus,
        /// Authored.
        #[ts(type = "number")]
        pub authored_at: i64,
    }
    /// One broken invariant.
    pub struct Finding {
        /// I1 … I5 (`docs/security.md`).
        pub invariant: String,
        /// What is wrong, with ids.
        pub what: String,
    }
    /// The invariants.
    pub struct CheckReport {
        /// Nothing was found.
        pub ok: bool,
        /// What was found.
        pub findings: Vec<Finding>,
        /// How many things were looked at, by name.
        pub counted: Vec<NamedCount>,
    }
    /// Nothing to say.
    pub struct Nothing {}
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
    }
    /// An error as the window gets it.
    pub struct ErrorBody {
        /// Code where the window acts: `locked`, `refused`, `invalid`, `not_found`, `disk_full`, `storage`, `channel`, …
        pub code: String,
        /// In words.
        pub message: String,
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
