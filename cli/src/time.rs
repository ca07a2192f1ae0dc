//! Instants and durations as people write them.

use crate::failure::{Failure, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Local date and minute of an instant in milliseconds.
pub fn local(at: i64) -> String {
    Timestamp::from_millisecond(at).map_or_else(
        |_| at.to_string(),
        |t| {
            t.to_zoned(TimeZone::system())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        },
    )
}

/// The whole local days from the first to the last, as `[from, to)` in milliseconds.
pub fn days(first: &str, last: &str, zone: &TimeZone) -> Result<(i64, i64)> {
    let (first, last) = (date(first)?, date(last)?);
    if first > last {
        return Err(Failure::invalid("the range ends before it begins"));
    }
    let after = last
        .checked_add(1.day())
        .map_err(|_| Failure::invalid("this date is too far away"))?;
    Ok((midnight(first, zone)?, midnight(after, zone)?))
}

fn date(text: &str) -> Result<Date> {
    text.parse()
        .map_err(|_| Failure::invalid(format!("“{text}” is not a date; write it as 2026-01-31")))
}

/// The first instant of a day: not every day of every zone has a midnight.
fn midnight(d: Date, zone: &TimeZone) -> Result<i64> {
    zone.to_zoned(d.at(0, 0, 0, 0))
        .map(|z| z.timestamp().as_millisecond())
        .map_err(|_| Failure::invalid("this date is too far away"))
}

/// `h:mm:ss`.
pub fn duration(seconds: i64) -> String {
    format!(
        "{}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_last_day_whole() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // The clock is put forward on 29 March 2026: this day has 23 hours.
        let (from, to) = days("2026-03-29", "2026-03-29", &zone).unwrap();
        assert_eq!(to - from, 23 * 3_600_000);
        let (from, to) = days("2026-01-01", "2026-01-31", &zone).unwrap();
        assert_eq!((from, to - from), (1_767_222_000_000, 31 * 86_400_000));
    }

    #[test]
    fn nonsense_is_no_range() {
        for (from, to) in [
            ("2026-02-01", "2026-01-31"),
            ("yesterday", "2026-01-31"),
            ("2026-13-01", "2026-13-02"),
        ] {
            assert_eq!(
                days(from, to, &TimeZone::UTC).unwrap_err().exit,
                7,
                "{from} {to}"
            );
        }
    }

    #[test]
    fn a_duration_is_hours_minutes_and_seconds() {
        assert_eq!(duration(0), "0:00:00");
        assert_eq!(duration(3_725), "1:02:05");
        assert_eq!(duration(90_000), "25:00:00");
    }
}
