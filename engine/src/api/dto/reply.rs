//! Writing and sending.

use super::{FileItem, Reach, SendStatus};
use crate::model::{AccountId, AccountState, Capabilities, Channel, CustomerId, MessageId, Party};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// What a proposed recipient is.
    pub enum RecipientKind {
        /// A handle of this customer.
        Handle,
        /// The Reply-To of the message, which differs from its sender: to be shown loudly.
        ReplyTo,
        /// An address that the customer gave at another channel, and that nobody vouches for.
        Given,
    }
}

dto! {
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
        /// The largest whole message that its server said it takes, in bytes.
        #[ts(type = "number | null")]
        pub max_message: Option<u64>,
    }
    /// A proposed recipient.
    pub struct ToOption {
        /// The address.
        pub party: Party,
        /// Channel.
        pub channel: Channel,
        /// What it is.
        pub kind: RecipientKind,
        /// By which accounts they are reached, the proposed one first; empty = by none that is connected.
        pub by: Vec<Reach>,
        /// They want no more messages there, from none of the accounts.
        pub opted_out: bool,
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
        /// It is made up: nothing is sent, and a note is all that can be written.
        pub sample: bool,
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
        /// The same with its formatting, where it has some: in the few tags of `model::rich`.
        #[serde(default)]
        pub html: Option<String>,
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
        /// The original conversations at which it lay when it was read. Whoever saves what was made of it hands this
        /// back, so that no draft is replaced which its writer has not seen.
        #[serde(default)]
        pub of: Vec<CustomerId>,
        /// Last change.
        #[ts(type = "number")]
        pub updated_at: i64,
    }
    /// Where a draft was kept.
    pub struct DraftKept {
        /// The original conversation at which it lies; none where it was deleted.
        pub of: Vec<CustomerId>,
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
}
