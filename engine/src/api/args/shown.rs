use crate::model::MessageId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Load the remote pictures of a message, through the guard.
    pub struct ImagesLoad { /** Message. */ pub message: MessageId, /** And always those of its sender, if it is verified. */ #[serde(default)] pub always: bool }
    /// The senders whose verified mails show remote pictures at once.
    pub struct ImageSenders {}
    /// No longer show pictures of this sender at once.
    pub struct ImageSenderRemove { /** Address. */ pub address: String }
}
