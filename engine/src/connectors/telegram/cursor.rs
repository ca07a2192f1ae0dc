//! Up to where the news were read: the number of the next update.

use crate::model::Cursor;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct At {
    v: u32,
    /// 0 = whatever is there.
    pub(super) offset: i64,
}

impl At {
    /// What cannot be read is where a new account begins.
    pub(super) fn read(cursor: Option<&Cursor>) -> Self {
        cursor
            .and_then(|c| serde_json::from_str::<Self>(&c.0).ok())
            .filter(|at| at.v == VERSION && at.offset >= 0)
            .unwrap_or_else(|| Self::of(0))
    }

    pub(super) fn of(offset: i64) -> Self {
        Self { v: VERSION, offset }
    }

    pub(super) fn cursor(self) -> Cursor {
        Cursor(format!("{{\"v\":{},\"offset\":{}}}", self.v, self.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_cannot_be_read_begins_anew() {
        let at = At::of(42);
        assert_eq!(At::read(Some(&at.cursor())), at);
        for bad in [
            "",
            "{}",
            "garbage",
            "{\"v\":9,\"offset\":4}",
            "{\"v\":1,\"offset\":-4}",
        ] {
            assert_eq!(At::read(Some(&Cursor(bad.into()))).offset, 0, "{bad}");
        }
    }
}
