//! `inspect html`.

use super::text;
use crate::connectors::email::html::sanitise;
use serde::Serialize;

/// HTML after the sanitiser.
#[derive(Debug, Default, Serialize)]
pub struct Html {
    /// Clean HTML; empty where it was over its budget.
    pub html: String,
    /// What would have been loaded from elsewhere.
    pub blocked: Vec<String>,
}

/// Cleans HTML as ingest does.
#[must_use]
pub fn html(input: &[u8]) -> Html {
    sanitise(&text(input)).map_or_else(Html::default, |s| Html {
        html: s.clean.html,
        blocked: s.clean.blocked,
    })
}
