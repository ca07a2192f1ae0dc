//! Arguments about writing.

use crate::model::{AccountId, CustomerId, FileId, MessageId, Party, TemplateUse};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Send a message; without a conversation it starts one with the first recipient.
    pub struct Send {
        /// Where it is written.
        #[serde(default)] pub conversation: Option<CustomerId>,
        /// From which account.
        pub account: AccountId,
        /// From which of its addresses; null = its own.
        #[serde(default)] pub from: Option<String>,
        /// To whom.
        pub to: Vec<Party>,
        /// Copies.
        #[serde(default)] pub cc: Vec<Party>,
        /// Hidden copies.
        #[serde(default)] pub bcc: Vec<Party>,
        /// Subject.
        #[serde(default)] pub subject: Option<String>,
        /// Text.
        pub text: String,
        /// The same with its formatting, where it has some; the text is then made of it.
        #[serde(default)] pub html: Option<String>,
        /// With the account's signature.
        #[serde(default)] pub signature: bool,
        /// The words that introduce the message that is answered or passed on; null = it does not stand below.
        #[serde(default)] pub quote: Option<String>,
        /// Staged files.
        #[serde(default)] pub files: Vec<FileId>,
        /// Those of them that are shown inside the text: pictures.
        #[serde(default)] pub inline: Vec<FileId>,
        /// The message that is answered.
        #[serde(default)] pub answering: Option<MessageId>,
        /// The message that is passed on.
        #[serde(default)] pub forwarding: Option<MessageId>,
        /// Resolve as well.
        #[serde(default)] pub resolve: bool,
        /// An approved text in the place of this one.
        #[serde(default)] pub template: Option<TemplateUse>,
        /// A text that is too long for one message goes in several.
        #[serde(default)] pub split: bool,
    }
    /// What passing a message on starts from; its files are staged.
    pub struct ForwardOptions { /** The message. */ pub message: MessageId }
}
