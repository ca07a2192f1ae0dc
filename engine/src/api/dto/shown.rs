use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// A link in a text, in UTF-16 units.
    pub struct TextLink {
        /// Where it begins.
        pub start: u32,
        /// Where it ends.
        pub end: u32,
        /// The host behind it, or the address, to be shown.
        pub shown: String,
    }
    /// A piece of the rest of a long text, without its links.
    pub struct MessageRest {
        /// The piece.
        pub text: String,
        /// Where the next one begins, if there is one.
        #[ts(type = "number | null")]
        pub next: Option<u64>,
        /// Bytes of the whole text.
        #[ts(type = "number")]
        pub total: u64,
    }
    /// A sender whose verified mails show remote pictures at once.
    pub struct ImageSender {
        /// Address.
        pub address: String,
        /// Since when.
        #[ts(type = "number")]
        pub at: i64,
    }
}
