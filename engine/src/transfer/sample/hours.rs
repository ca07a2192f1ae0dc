//! When things are said: a shop that is open on weekdays, answers that take their time, customers who write whenever
//! they like.

use super::dice::Dice;
use crate::time::{DAY, Millis, SECOND};

pub(super) const MINUTE: Millis = 60 * SECOND;
pub(super) const HOUR: Millis = 60 * MINUTE;

const OPENS: i64 = 8 * HOUR;
const CLOSES: i64 = 18 * HOUR;

/// Monday is 0.
fn weekday(at: Millis) -> i64 {
    // The first day of 1970 was a Thursday.
    (at.div_euclid(DAY) + 3).rem_euclid(7)
}

fn of_day(at: Millis) -> i64 {
    at.rem_euclid(DAY)
}

fn is_open(at: Millis) -> bool {
    weekday(at) < 5 && (OPENS..CLOSES).contains(&of_day(at))
}

/// When somebody is there again; now, if somebody is.
pub(super) fn open_from(at: Millis) -> Millis {
    if is_open(at) {
        return at;
    }
    let today = at - of_day(at) + OPENS;
    let mut day = if at < today { today } else { today + DAY };
    while weekday(day) > 4 {
        day += DAY;
    }
    day
}

/// A customer's hour on the day of `at`: mostly a working day's, now and then an evening or a Sunday.
pub(super) fn some_hour(at: Millis, dice: &mut Dice) -> Millis {
    let midnight = at - of_day(at);
    if dice.chance(85) {
        let day = open_from(midnight + OPENS);
        return day - of_day(day) + OPENS + dice.between(0, (CLOSES - OPENS) / 1000) * 1000;
    }
    midnight + dice.between(6 * 3600, 23 * 3600) * 1000
}

/// When the team answers what came at `at`. `quick` are the channels on which one talks at once.
pub(super) fn answer_to(at: Millis, quick: bool, dice: &mut Dice) -> Millis {
    let minutes = match dice.below(100) {
        0..25 => dice.between(3, 12),
        25..62 => dice.between(12, 34),
        62..80 => dice.between(34, 58),
        80..94 => dice.between(58, 150),
        _ => dice.between(150, 320),
    };
    let took = minutes * MINUTE / if quick { 3 } else { 1 } + dice.between(5, 55) * 1000;
    let open = open_from(at);
    let there = open
        + if open == at {
            took
        } else {
            took / 2 + 4 * MINUTE
        };
    if is_open(there) {
        there
    } else {
        open_from(there) + dice.between(6, 45) * MINUTE
    }
}

/// When the customer comes back to what was said at `at`.
pub(super) fn comes_back(at: Millis, quick: bool, dice: &mut Dice) -> Millis {
    let minutes = match dice.below(10) {
        0..5 => dice.between(4, 40),
        5..8 => dice.between(40, 280),
        _ if quick => dice.between(3, 15),
        _ => dice.between(900, 1_700),
    };
    at + minutes * MINUTE + dice.between(1, 59) * 1000
}
