//! `inspect address`.

use super::text;
use crate::model::email_key;
use serde::Serialize;

/// A mail address as a handle.
#[derive(Debug, Serialize)]
pub struct Address {
    /// Whether somebody can be reached at it.
    pub valid: bool,
    /// Its canonical form.
    pub addr: Option<String>,
}

/// Reads an address, alone or behind a name.
#[must_use]
pub fn address(input: &[u8]) -> Address {
    let addr = email_key(text(input).trim_end_matches(['\r', '\n']));
    Address {
        valid: addr.is_some(),
        addr,
    }
}
