//! Made-up conversations to look around with.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// Where the sample stands.
    pub enum SampleState {
        /// There is none.
        Absent,
        /// It is being loaded here and now.
        Loading,
        /// Loading or removing it was cut short.
        Half,
        /// It is here, whole.
        Here,
    }
}

dto! {
    /// The sample, as it stands.
    pub struct SampleStatus {
        /// Where it stands.
        pub state: SampleState,
        /// How much of a hundred is loaded.
        pub percent: u32,
        /// Accounts that hold it.
        pub accounts: u32,
        /// Its messages.
        pub messages: u32,
    }
}
