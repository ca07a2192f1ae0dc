//! Linking two customers by hand, and cutting the link; opening what a card leads to.

use crate::model::{CustomerId, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Opens what a message's card leads to in the browser, by number.
    pub struct CardOpen { /** Message. */ pub message: MessageId, /** Number. */ pub card: u32 }
    /// Customers by a part of a name or an address; with nothing asked, those that may be the same person.
    pub struct CustomersFind { /** Which customer they would be linked with. */ pub with: CustomerId, /** What was typed. */ pub query: String, /** At most (50). */ pub limit: u32 }
    /// What cutting a customer off a linked one would do.
    pub struct UnlinkPreview { /** The original to cut off. */ pub id: CustomerId }
}
