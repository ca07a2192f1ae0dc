//! What the window of this desktop remembers of how it is arranged, and how accounts are signed in.

use super::{Parting, Sort, View};
use crate::model::{AccountId, OauthProvider};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// How somebody wants to see one view of the list.
    pub struct ListChoice {
        /// The view.
        pub view: View,
        /// Its order.
        pub sort: Sort,
        /// What it is grouped by, if by anything.
        pub group: Option<Parting>,
        /// The groups that are closed, at most 200.
        pub closed: Vec<String>,
    }
    /// How the window of this desktop is arranged. It is nobody else's: not in the log, and not in an export.
    #[derive(Default)]
    pub struct WindowMemory {
        /// The views that were arranged by hand.
        pub lists: Vec<ListChoice>,
        /// Whether the customer's panel is shown; `None` where nobody has chosen.
        pub panel: Option<bool>,
        /// Width of the list, in pixels of its page.
        pub list_width: Option<u32>,
        /// Width of the customer's panel.
        pub panel_width: Option<u32>,
    }
    /// How an account is signed in at its provider.
    pub struct AccountToken {
        /// The account.
        pub account: AccountId,
        /// The provider.
        pub provider: OauthProvider,
        /// Until when the present token counts; it is renewed by itself before. `None` where there is none.
        #[ts(type = "number | null")]
        pub until: Option<i64>,
    }
}
