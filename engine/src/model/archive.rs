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
    /// Within which its customers' ids are unique, where the channel has such (`AccountConfig::handle_scope`). No part of
    /// its identity: it may become known later.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// What it holds is made up, to look around with.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sample: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks by reference
fn is_false(b: &bool) -> bool {
    !*b
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
            scope: String::new(),
            sample: false,
        }
    }

    /// The same for customers whose ids are unique within a scope.
    #[must_use]
    pub fn within(self, scope: &str) -> Self {
        Self {
            scope: scope.to_owned(),
            ..self
        }
    }

    /// The same, holding what is made up.
    #[must_use]
    pub fn of_sample(self, sample: bool) -> Self {
        Self { sample, ..self }
    }

    /// Part of the account's identity: what no mailbox's can be, as it holds a slash and no host.
    #[must_use]
    pub fn identity(&self) -> String {
        // What is made up never shares an archive with what is not.
        let kind = if self.sample { "sample" } else { "archive" };
        format!("{kind}/{}", self.name.trim().to_lowercase())
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
