//! Figures: response times and who waits.

use super::ConversationRow;
use crate::model::{Channel, CustomerId, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// What a report groups by.
    pub enum GroupBy {
        /// Who answered.
        Agent,
        /// The channel.
        Channel,
    }
    /// A figure of the response-time report.
    pub enum Metric {
        /// First response.
        First,
        /// Next response.
        Next,
        /// Resolution.
        Resolution,
        /// Episodes nobody answered.
        Unanswered,
    }
}

dto! {
    /// n, median, 90th percentile and mean, in seconds; empty when n = 0.
    pub struct Figure {
        /// Count.
        pub n: u32,
        /// Median, nearest rank.
        #[ts(type = "number | null")]
        pub p50: Option<i64>,
        /// 90th percentile, nearest rank.
        #[ts(type = "number | null")]
        pub p90: Option<i64>,
        /// Mean.
        pub mean: Option<f64>,
    }
    /// One row of the response-time report.
    pub struct ReportRow {
        /// Agent id, channel, `outside_app`, or `all`.
        pub key: String,
        /// Name for people.
        pub label: String,
        /// First response.
        pub first: Figure,
        /// Next response.
        pub next: Figure,
        /// Resolution.
        pub resolution: Figure,
        /// Episodes that began in the range and that nobody answered.
        pub unanswered: u32,
    }
    /// The response-time report.
    pub struct ResponseReport {
        /// Rows, by key.
        pub rows: Vec<ReportRow>,
        /// All together.
        pub total: ReportRow,
        /// From (inclusive).
        #[ts(type = "number")]
        pub from: i64,
        /// To (exclusive).
        #[ts(type = "number")]
        pub to: i64,
    }
    /// An episode behind a figure.
    pub struct FigureRow {
        /// Conversation.
        pub conversation: CustomerId,
        /// Customer's name.
        pub name: String,
        /// Episode number.
        pub episode: u32,
        /// Channel.
        pub channel: Channel,
        /// When the wait or episode began.
        #[ts(type = "number")]
        pub start: i64,
        /// When it ended.
        #[ts(type = "number | null")]
        pub end: Option<i64>,
        /// Seconds.
        #[ts(type = "number | null")]
        pub seconds: Option<i64>,
        /// Who answered.
        pub agent: Option<String>,
        /// The message to jump to.
        pub message: Option<MessageId>,
    }
    /// A customer who waits.
    pub struct WaitRow {
        /// The list's row.
        pub row: ConversationRow,
        /// Since when.
        #[ts(type = "number")]
        pub since: i64,
        /// Whether it is the first answer of the episode.
        pub first: bool,
    }
}
