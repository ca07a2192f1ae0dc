//! Texts as carriers count them, and dates as the vendor writes them. Written by the standards and not with the
//! engine's code, which is judged by it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The seven-bit alphabet of GSM 03.38.
    Gsm7,
    /// Two bytes for everything.
    Ucs2,
}

/// The basic alphabet (GSM 03.38), in the order of its codes, without the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What is written with the escape in front.
const ESCAPED: &str = "\u{c}^{}\\[~]|€";

/// How many parts a text is sent and paid in, and how it travels. An empty text is one part.
#[must_use]
pub fn segments(text: &str) -> (usize, Encoding) {
    let septets = |c: char| match (BASIC.contains(c), ESCAPED.contains(c)) {
        (true, _) => Some(1),
        (_, true) => Some(2),
        _ => None,
    };
    let gsm: Option<Vec<usize>> = text.chars().map(septets).collect();
    match gsm {
        Some(units) => (parts(&units, 160, 153), Encoding::Gsm7),
        None => {
            let units: Vec<usize> = text.chars().map(char::len_utf16).collect();
            (parts(&units, 70, 67), Encoding::Ucs2)
        }
    }
}

/// A character is never divided between two parts.
fn parts(units: &[usize], alone: usize, joined: usize) -> usize {
    if units.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut count, mut filled) = (1, 0);
    for unit in units {
        if filled + unit > joined {
            count += 1;
            filled = 0;
        }
        filled += unit;
    }
    count
}

/// `Fri, 24 May 2019 17:44:46 +0000`.
pub(super) fn rfc2822(at: i64) -> String {
    Timestamp::from_millisecond(at)
        .map(|t| t.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
        .unwrap_or_default()
}

/// A date or a time of a filter, in milliseconds; a date stands for its beginning or its end.
pub(super) fn day_or_time(text: &str, end: bool) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let day: Date = text.parse().ok()?;
    let day = if end {
        day.checked_add(1.day()).ok()?
    } else {
        day
    };
    let begins = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(begins.as_millisecond() - i64::from(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_carriers_do() {
        let of = |text: &str| segments(text);
        assert_eq!(of(""), (1, Encoding::Gsm7));
        assert_eq!(of(&"a".repeat(160)), (1, Encoding::Gsm7));
        assert_eq!(of(&"a".repeat(161)), (2, Encoding::Gsm7));
        assert_eq!(of(&"a".repeat(306)), (2, Encoding::Gsm7));
        assert_eq!(of(&"a".repeat(307)), (3, Encoding::Gsm7));
        assert_eq!(of(&"€".repeat(80)), (1, Encoding::Gsm7));
        assert_eq!(of(&"€".repeat(81)), (2, Encoding::Gsm7));
        assert_eq!(of(&"ж".repeat(70)), (1, Encoding::Ucs2));
        assert_eq!(of(&"ж".repeat(71)), (2, Encoding::Ucs2));
        assert_eq!(of(&"😀".repeat(35)), (1, Encoding::Ucs2));
        assert_eq!(of(&"😀".repeat(36)), (2, Encoding::Ucs2));
        assert_eq!(
            of(&"😀".repeat(67)),
            (3, Encoding::Ucs2),
            "33 of them fit into 67 units"
        );
    }

    #[test]
    fn a_day_of_a_filter_has_a_beginning_and_an_end() {
        assert_eq!(day_or_time("1970-01-02", false), Some(86_400_000));
        assert_eq!(day_or_time("1970-01-02", true), Some(2 * 86_400_000 - 1));
        assert_eq!(day_or_time("1970-01-01T00:00:01Z", true), Some(1_000));
        assert_eq!(day_or_time("soon", true), None);
        assert_eq!(
            rfc2822(1_559_583_886_000),
            "Mon, 03 Jun 2019 17:44:46 +0000"
        );
    }
}
