//! Archives: accounts that hold what was imported. They are never polled and send nothing.

use super::{Channel, address_key};
use serde::{Deserialize, Serialize};

/// An archive's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The channel its messages are of. (The word tells an archive's settings from a mailbox's.)
    #[serde(rename = "archive_of")]
    pub medium: Channel,
    /// What a person calls it; with the channel, its identity.
    pub name: String,
    /// What is shown where an account's address is shown.
    pub address: String,
    /// Addresses that are ours in its messages.
    #[serde(default)]
    pub own: Vec<String>,
}

impl Archive {
    /// An archive of a channel under a name.
    #[must_use]
    pub fn new(medium: Channel, name: &str, own: &[String]) -> Self {
        Self {
            medium,
            name: name.trim().to_owned(),
            address: own
                .first()
                .cloned()
                .unwrap_or_else(|| name.trim().to_owned()),
            own: own.to_vec(),
        }
    }

    /// Part of the account's identity: what no mailbox's can be, as it holds a slash and no host.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("archive/{}", self.name.trim().to_lowercase())
    }

    /// Every canonical address that is its own.
    #[must_use]
    pub fn own_addresses(&self) -> Vec<String> {
        self.own
            .iter()
            .filter_map(|a| address_key(self.medium, a))
            .collect()
    }
}
