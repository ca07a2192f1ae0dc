use serde::{Deserialize, Serialize};
use ts_rs::TS;

args! {
    /// Where the workspace lies, and how large it is.
    pub struct DataSize {}
    /// Show the workspace's folder in the system's file manager.
    pub struct DataShow {}
    /// What a bundle for support would hold.
    pub struct Diagnostics {}
    /// Save such a bundle where the person chooses.
    pub struct DiagnosticsSave {}
}
