use crate::model::MessageId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Load the remote pictures of a message, through the guard.
    pub struct ImagesLoad { /** Message. */ pub message: MessageId, /** And always those of its sender, if it is verified. */ #[serde(default)] pub always: bool }
    /// The rest of a text that was cut when it was kept, piece by piece, from the mail itself.
    pub struct MessageRest { /** Message. */ pub id: MessageId, /** Where the piece begins: `next` of the one before. */ #[serde(default)] #[ts(type = "number | null")] pub from: Option<u64> }
    /// Save a message as it came, as a file.
    pub struct MessageSave { /** Message. */ pub id: MessageId }
    /// The senders whose verified mails show remote pictures at once.
    pub struct ImageSenders {}
    /// No longer show pictures of this sender at once.
    pub struct ImageSenderRemove { /** Address. */ pub address: String }
}
