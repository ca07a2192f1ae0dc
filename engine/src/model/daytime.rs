//! Hours of the day where a person is: quiet hours, and "tomorrow morning".

use crate::time::Millis;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;
/// The hour at which something snoozed until tomorrow comes back, as in the window.
const MORNING: i8 = 9;

/// A time of the day in which nobody wants to be told of anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietHours {
    /// Where it begins, in minutes since midnight.
    pub from: u16,
    /// Where it ends; not after `from` = on the next day.
    pub to: u16,
    /// The days on which it begins: 1 = Monday to 7 = Sunday.
    pub days: Vec<u8>,
}

impl QuietHours {
    /// Until when it is quiet at an instant; `None` when it is not.
    #[must_use]
    pub fn until(&self, now: Millis, zone: &TimeZone) -> Option<Millis> {
        let at = Timestamp::from_millisecond(now).ok()?;
        let today = at.to_zoned(zone.clone()).date();
        // It may have begun yesterday; where both lie over each other, the later end counts.
        [today.yesterday().ok(), Some(today)]
            .into_iter()
            .flatten()
            .filter(|day| {
                u8::try_from(day.weekday().to_monday_one_offset())
                    .is_ok_and(|n| self.days.contains(&n))
            })
            .filter_map(|day| {
                let end = if self.to > self.from {
                    day
                } else {
                    day.tomorrow().ok()?
                };
                let begin = instant(day.to_datetime(clock(self.from)?), zone)?;
                let end = instant(end.to_datetime(clock(self.to)?), zone)?;
                (begin <= now && now < end).then_some(end)
            })
            .max()
    }
}

/// Tomorrow at nine where a person is; a day later where the calendar ends.
#[must_use]
pub fn tomorrow(now: Millis, zone: &TimeZone) -> Millis {
    Timestamp::from_millisecond(now)
        .ok()
        .and_then(|at| at.to_zoned(zone.clone()).checked_add(1.day()).ok())
        .and_then(|day| instant(day.date().at(MORNING, 0, 0, 0), zone))
        .unwrap_or(now + crate::time::DAY)
}

fn clock(minutes: u16) -> Option<Time> {
    let (hour, minute) = (minutes / 60, minutes % 60);
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// A time that the clock jumps over is read as if it had not; one that comes twice is the first one.
fn instant(local: DateTime, zone: &TimeZone) -> Option<Millis> {
    zone.to_zoned(local)
        .ok()
        .map(|z| z.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn at(text: &str) -> Millis {
        let local: DateTime = text.parse().unwrap();
        instant(local, &berlin()).unwrap()
    }

    fn nights() -> QuietHours {
        QuietHours {
            from: 22 * 60,
            to: 7 * 60,
            days: (1..=7).collect(),
        }
    }

    #[test]
    fn a_night_is_quiet_over_midnight_and_ends_to_the_minute() {
        let q = nights();
        let morning = at("2026-01-15T07:00");
        assert_eq!(q.until(at("2026-01-14T21:59"), &berlin()), None);
        assert_eq!(q.until(at("2026-01-14T22:00"), &berlin()), Some(morning));
        assert_eq!(q.until(at("2026-01-15T03:00"), &berlin()), Some(morning));
        assert_eq!(q.until(morning - 1, &berlin()), Some(morning));
        assert_eq!(q.until(morning, &berlin()), None);
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        // Friday only: 2026-01-16 is one.
        let q = QuietHours {
            days: vec![5],
            ..nights()
        };
        assert_eq!(q.until(at("2026-01-16T03:00"), &berlin()), None);
        assert!(q.until(at("2026-01-16T23:00"), &berlin()).is_some());
        assert!(q.until(at("2026-01-17T06:59"), &berlin()).is_some());
        assert_eq!(q.until(at("2026-01-17T23:00"), &berlin()), None);
        let never = QuietHours {
            days: Vec::new(),
            ..nights()
        };
        assert_eq!(never.until(at("2026-01-16T23:00"), &berlin()), None);
    }

    #[test]
    fn hours_within_a_day_and_a_whole_day_are_quiet_too() {
        let noon = QuietHours {
            from: 12 * 60,
            to: 13 * 60,
            ..nights()
        };
        assert_eq!(
            noon.until(at("2026-01-14T12:30"), &berlin()),
            Some(at("2026-01-14T13:00"))
        );
        assert_eq!(noon.until(at("2026-01-14T13:00"), &berlin()), None);
        // From midnight to midnight on a Sunday.
        let sunday = QuietHours {
            from: 0,
            to: 0,
            days: vec![7],
        };
        assert_eq!(
            sunday.until(at("2026-01-18T15:00"), &berlin()),
            Some(at("2026-01-19T00:00"))
        );
        assert_eq!(sunday.until(at("2026-01-19T00:00"), &berlin()), None);
    }

    #[test]
    fn the_night_of_a_clock_change_ends_when_the_clock_on_the_wall_says_so() {
        let q = nights();
        const HOUR: Millis = 3_600_000;
        // Nine hours on paper; eight and ten in truth.
        for (day, next, hours) in [
            ("2026-03-28T22:00", "2026-03-29T07:00", 8),
            ("2026-10-24T22:00", "2026-10-25T07:00", 10),
        ] {
            let begin = at(day);
            assert_eq!(q.until(begin, &berlin()), Some(begin + hours * HOUR));
            assert_eq!(at(next), begin + hours * HOUR);
        }
        // 02:30 does not exist on that night, and comes twice on the other.
        let early = QuietHours {
            from: 0,
            to: 150,
            ..nights()
        };
        assert_eq!(
            early.until(at("2026-03-29T00:30"), &berlin()),
            Some(at("2026-03-29T00:00") + 2 * HOUR + HOUR / 2)
        );
        assert_eq!(
            early.until(at("2026-10-25T00:30"), &berlin()),
            Some(at("2026-10-25T00:00") + 2 * HOUR + HOUR / 2)
        );
    }

    #[test]
    fn tomorrow_is_nine_in_the_morning_also_over_a_clock_change() {
        for (now, then) in [
            ("2026-01-14T23:59", "2026-01-15T09:00"),
            ("2026-01-14T00:00", "2026-01-15T09:00"),
            ("2026-03-28T12:00", "2026-03-29T09:00"),
            ("2026-10-24T12:00", "2026-10-25T09:00"),
            ("2026-12-31T12:00", "2027-01-01T09:00"),
        ] {
            assert_eq!(tomorrow(at(now), &berlin()), at(then), "{now}");
        }
    }
}
