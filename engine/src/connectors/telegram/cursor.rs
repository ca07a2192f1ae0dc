//! Up to where the news were read: the number of the next update, as one server counts them.

use crate::model::Cursor;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct At {
    v: u32,
    /// 0 = whatever is there.
    pub(super) offset: i64,
    /// Who counts: nothing for the vendor, else a mark of the server's address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    server: String,
}

impl At {
    /// What cannot be read, and what another server counted, is where a new account begins.
    pub(super) fn read(cursor: Option<&Cursor>, server: &str) -> Self {
        cursor
            .and_then(|c| serde_json::from_str::<Self>(&c.0).ok())
            .filter(|at| at.v == VERSION && at.offset >= 0 && at.server == server)
            .unwrap_or_else(|| Self::of(0, server))
    }

    pub(super) fn of(offset: i64, server: &str) -> Self {
        Self {
            v: VERSION,
            offset,
            server: server.to_owned(),
        }
    }

    pub(super) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_cannot_be_read_begins_anew() {
        let at = At::of(42, "");
        assert_eq!(At::read(Some(&at.cursor()), ""), at);
        assert_eq!(at.cursor().0, r#"{"v":1,"offset":42}"#);
        for bad in [
            "",
            "{}",
            "garbage",
            "{\"v\":9,\"offset\":4}",
            "{\"v\":1,\"offset\":-4}",
        ] {
            assert_eq!(At::read(Some(&Cursor(bad.into())), "").offset, 0, "{bad}");
        }
    }

    #[test]
    fn a_number_of_another_server_is_none_of_this_one() {
        let at = At::of(42, "5a");
        assert_eq!(At::read(Some(&at.cursor()), "5a").offset, 42);
        assert_eq!(At::read(Some(&at.cursor()), "").offset, 0);
        let at = At::of(42, "").cursor();
        assert_eq!(At::read(Some(&at), "5a").offset, 0);
    }
}
