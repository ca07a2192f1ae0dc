//! Times as the interface writes them: `2022-07-12T19:11:07+0000`, or numbers in webhooks.

use crate::time::Millis;
use serde_json::Value;

/// Reads a time; none where it is none.
pub(super) fn read(value: &Value) -> Option<Millis> {
    match value {
        Value::String(text) => of_text(text),
        Value::Number(n) => {
            let n = n.as_i64().filter(|n| *n > 1_000_000_000)?;
            // Webhooks count milliseconds, and some of them seconds.
            Some(if n < 100_000_000_000 { n * 1_000 } else { n })
        }
        _ => None,
    }
}

fn of_text(text: &str) -> Option<Millis> {
    // The offset has no colon, which RFC 3339 wants.
    let without_colon = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text);
    let stamp = without_colon.and_then(|t| t.to_timestamp());
    let stamp = stamp.or_else(|_| text.parse::<jiff::Timestamp>()).ok()?;
    Some(stamp.as_millisecond()).filter(|at| *at > 0)
}

/// A day for a person to read.
pub(super) fn day(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map(|t| t.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_with_and_without_a_colon_in_their_offset_and_as_numbers() {
        let at = 1_657_653_067_000;
        for given in [
            json!("2022-07-12T19:11:07+0000"),
            json!("2022-07-12T19:11:07Z"),
            json!("2022-07-12T21:11:07+02:00"),
            json!("2022-07-12T21:11:07+0200"),
            json!(1_657_653_067),
            json!(1_657_653_067_000_i64),
        ] {
            assert_eq!(read(&given), Some(at), "{given}");
        }
        for bad in [
            json!("yesterday"),
            json!(7),
            json!(null),
            json!({}),
            json!(""),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
        assert_eq!(day(at), "2022-07-12");
    }
}
