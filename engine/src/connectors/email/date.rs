//! Dates of mail (RFC 5322 §3.3, with the obsolete forms), also as programs really write them.

use crate::time::Millis;
use jiff::civil;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// Months as programs of other languages write them, where the first three letters differ.
const OTHER_MONTHS: &[(&str, i8)] = &[
    ("mär", 3),
    ("mrz", 3),
    ("mai", 5),
    ("okt", 10),
    ("dez", 12),
    ("fév", 2),
    ("avr", 4),
    ("aoû", 8),
    ("déc", 12),
    ("ene", 1),
    ("abr", 4),
    ("ago", 8),
    ("dic", 12),
    ("mag", 5),
    ("giu", 6),
    ("lug", 7),
    ("set", 9),
    ("ott", 10),
    ("gen", 1),
];

/// When a mail says it was written, or `None` where that cannot be read.
pub(super) fn read(value: &str) -> Option<Millis> {
    let text = without_comments(value.get(..200).unwrap_or(value));
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond()).filter(|m| *m >= 0);
    }
    let mut seen = Seen::default();
    for token in text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|t| !t.is_empty())
    {
        seen.take(token)?;
    }
    seen.finish()
}

fn without_comments(value: &str) -> String {
    let mut depth = 0usize;
    value
        .chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0 && (!c.is_control() || c.is_whitespace())
        })
        .collect()
}

#[derive(Default)]
struct Seen {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<(i8, i8, i8)>,
    offset: Option<i64>,
    afternoon: Option<bool>,
}

impl Seen {
    fn take(&mut self, token: &str) -> Option<()> {
        let lower = token.to_lowercase();
        if token.contains(':') {
            if let Some(o) = zone(&lower).filter(|_| self.time.is_some()) {
                self.offset.get_or_insert(o);
                return Some(());
            }
            return self.clock(&lower);
        }
        let signed = token.starts_with(['+', '-']);
        let bare = self.year.is_some() && token.len() == 4;
        if self.time.is_some()
            && (signed || bare)
            && let Some(o) = offset(token)
        {
            self.offset.get_or_insert(o);
            return Some(());
        }
        if let Ok(n) = token.trim_end_matches('.').parse::<i16>() {
            return self.number(n, token.len());
        }
        if token.contains(['-', '/', '.']) && token.chars().any(|c| c.is_ascii_digit()) {
            return self.joined(&lower);
        }
        match lower.as_str() {
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            _ => self.word(&lower),
        }
        Some(())
    }

    fn word(&mut self, lower: &str) {
        if self.month.is_none()
            && let Some(m) = month(lower)
        {
            self.month = Some(m);
        } else if self.time.is_some()
            && let Some(o) = zone(lower)
        {
            self.offset.get_or_insert(o);
        }
    }

    fn number(&mut self, n: i16, width: usize) -> Option<()> {
        if self.day.is_none() && (1..=31).contains(&n) && width <= 3 {
            self.day = i8::try_from(n).ok();
        } else if self.year.is_none() {
            self.year = year(n, width);
            self.year?;
        }
        Some(())
    }

    /// `2-Jan-24`, `2024-01-02`, `02.01.2024`, `2024/01/02`; day first where both could be.
    fn joined(&mut self, lower: &str) -> Option<()> {
        if let Some((date, time)) = lower.split_once('t').filter(|(d, _)| d.len() == 10) {
            self.joined(date)?;
            return self.clock(time);
        }
        let parts: Vec<&str> = lower
            .split(['-', '/', '.'])
            .filter(|p| !p.is_empty())
            .collect();
        let [a, b, c] = parts.as_slice() else {
            return Some(());
        };
        let number = |t: &str| t.parse::<i16>().ok();
        let (y, m, d) = if a.len() == 4 {
            (*a, *b, *c)
        } else {
            (*c, *b, *a)
        };
        self.year = year(number(y)?, y.len());
        self.month = month(m).or_else(|| number(m).and_then(|n| i8::try_from(n).ok()));
        self.day = number(d).and_then(|n| i8::try_from(n).ok());
        Some(())
    }

    fn clock(&mut self, token: &str) -> Option<()> {
        let split = token.find(['+', '-', 'z']).filter(|at| *at >= 4);
        let (clock, rest) = token.split_at(split.unwrap_or(token.len()));
        let clock = clock.trim_end_matches("am").trim_end_matches("pm");
        if token.ends_with("pm") {
            self.afternoon = Some(true);
        } else if token.ends_with("am") {
            self.afternoon = Some(false);
        }
        let whole = clock.split(['.', ',']).next().unwrap_or(clock);
        let mut n = whole.split(':').map(|p| p.parse::<i8>().ok());
        let (h, m) = (n.next()??, n.next()??);
        let s = match n.next() {
            Some(s) => s?,
            None => 0,
        };
        self.time = Some((h, m, s.min(59)));
        if !rest.is_empty() {
            self.offset = offset(&rest.replace(':', "")).or_else(|| zone(rest));
        }
        Some(())
    }

    fn finish(self) -> Option<Millis> {
        let (mut h, m, s) = self.time.unwrap_or((0, 0, 0));
        match self.afternoon {
            Some(true) if h < 12 => h += 12,
            Some(false) if h == 12 => h = 0,
            _ => {}
        }
        let at = civil::DateTime::new(self.year?, self.month?, self.day?, h, m, s, 0).ok()?;
        let utc = at
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second();
        let seconds = utc - self.offset.unwrap_or(0);
        (seconds >= 0).then(|| seconds.saturating_mul(1_000))
    }
}

fn month(lower: &str) -> Option<i8> {
    let three: String = lower.chars().take(3).collect();
    let at = MONTHS.iter().position(|m| *m == three);
    at.and_then(|i| i8::try_from(i + 1).ok()).or_else(|| {
        OTHER_MONTHS
            .iter()
            .find(|(m, _)| *m == three)
            .map(|(_, n)| *n)
    })
}

/// Two digits are of this or the last century (RFC 5322 §4.3), three count from 1900.
fn year(n: i16, width: usize) -> Option<i16> {
    match (width, n) {
        (1 | 2, 0..=49) => Some(2000 + n),
        (2 | 3, 50..=999) => Some(1900 + n),
        (4, 1970..=9998) => Some(n),
        _ => None,
    }
}

/// `+0200`, `+02:00`, `-5`, in seconds; what lies beyond a day is none.
fn offset(token: &str) -> Option<i64> {
    let (sign, digits) = match token.split_at_checked(1)? {
        ("-", d) => (-1, d),
        ("+", d) => (1, d),
        _ => (1, token),
    };
    let digits = digits.replace(':', "");
    let n: i64 = digits.parse().ok()?;
    let (h, m) = match digits.len() {
        1 | 2 => (n, 0),
        3 | 4 => (n / 100, n % 100),
        _ => return None,
    };
    (h < 24 && m < 60).then_some(sign * (h * 3_600 + m * 60))
}

/// Zones by name (RFC 5322 §4.3, and what is seen besides).
fn zone(lower: &str) -> Option<i64> {
    if let Some(rest) = lower
        .strip_prefix("gmt")
        .or_else(|| lower.strip_prefix("utc"))
    {
        return if rest.is_empty() {
            Some(0)
        } else {
            offset(rest)
        };
    }
    let hours = match lower {
        "ut" | "z" | "wet" => 0,
        "cet" | "mez" | "bst" | "west" => 1,
        "cest" | "mesz" | "eet" | "sast" => 2,
        "eest" | "msk" => 3,
        "jst" | "kst" => 9,
        "aest" => 10,
        "edt" => -4,
        "est" | "cdt" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        "ist" => return Some(19_800),
        // Letters of the military were wrong in the first standard and mean nothing.
        one if one.len() == 1 => 0,
        _ => return None,
    };
    Some(hours * 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_instant_in_every_way_it_is_written() {
        for text in [
            "Tue, 2 Jan 2024 10:00:00 +0100",
            "2 Jan 2024 10:00:00 +0100 (CET)",
            "Tue, 02 Jan 24 09:00 GMT",
            "Tue, 2 Jan 124 09:00:00 UT",
            "Tue Jan  2 09:00:00 2024",
            "Tue Jan  2 10:00:00 +0100 2024",
            "Tue, 2 January 2024 04:00:00 EST",
            "2024-01-02T10:00:00+01:00",
            "2024-01-02 09:00:00",
            "2-Jan-2024 10:00:00 +0100",
            "Tue, 2 Jan 2024 9:00:00 AM GMT",
            "Tue, 2 Jan 2024 10:00:00 GMT+01:00",
            "Di, 2 Jan 2024 10:00:00 MEZ",
            "Tue, 2 Jan 2024 10:00:00 0100",
            "Tue,2 Jan 2024 10:00:00+0100",
            "Tue, 2 Jan 2024 10.00:00 +0100",
        ] {
            if text.contains("10.00") {
                assert_eq!(read(text), None, "{text}");
            } else {
                assert_eq!(read(text), Some(1_704_186_000_000), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "yesterday",
            "Tue, 32 Jan 2024 10:00:00 +0000",
            "Tue, 2 Foo 2024 10:00:00",
            "2 Jan 1950 10:00:00 +0000",
            "99:99",
            "Wed, 31 Dec 1969 23:00:00 +0000",
            &"9".repeat(500),
            "ü".repeat(300).as_str(),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
