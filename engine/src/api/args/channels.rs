//! Accounts of every channel: found out from a secret, read again, looked at.

use crate::model::{AccountConfig, AccountId, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// What can be found out from a secret and what little was entered: which account, number or bot it is for.
    pub struct AccountFind { /** What was entered; empty fields are found out. */ pub config: AccountConfig, /** Token, key's secret or password. */ pub secret: String }
    /// Read what came since an instant once more; what is here stays as it is.
    pub struct AccountResync { /** Account. */ pub id: AccountId, /** Since when. */ #[ts(type = "number")] pub since: i64 }
    /// The window is in front, or no more: news are looked for more often while it is.
    pub struct Attention { /** In front. */ pub on: bool }
    /// What a message said before its writer changed it.
    pub struct MessageEditions { /** Message. */ pub id: MessageId }
}
