//! `inspect phone`.

use super::text;
use crate::model::phone_key;
use serde::Serialize;

/// A phone number as a handle.
#[derive(Debug, Serialize)]
pub struct Phone {
    /// Whether somebody can be reached at it.
    pub valid: bool,
    /// Its canonical form.
    pub e164: Option<String>,
}

/// Reads a number as it was written in `region`.
#[must_use]
pub fn phone(input: &[u8], region: &str) -> Phone {
    let e164 = phone_key(&text(input), region);
    Phone {
        valid: e164.is_some(),
        e164,
    }
}
