//! Made-up conversations to look around with.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// How the sample stands.
    pub struct SampleStatus {}
    /// Begin to load the sample, or go on with it; it loads while one waits for nothing.
    pub struct SampleLoad {}
    /// Remove all of the sample, and nothing else.
    pub struct SampleRemove {}
}
