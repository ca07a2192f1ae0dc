//! Arguments of the commands about what a mailbox holds.

use crate::model::{AccountConfig, AccountId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// The folders at a mail server, to choose from.
    pub struct AccountFolders {
        /// Settings.
        pub config: AccountConfig,
        /// Password; without it the stored account's.
        #[serde(default)] pub password: Option<String>,
        /// A sign-in at the provider's page that has just been made.
        #[serde(default)] pub oauth_flow: Option<String>,
        /// The stored account.
        #[serde(default)] pub id: Option<AccountId>,
    }
    /// Let the reading of older messages rest, or go on with it.
    pub struct AccountHistory { /** Account. */ pub id: AccountId, /** Read. */ pub on: bool }
}
