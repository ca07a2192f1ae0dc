//! The everyday: what customers ask, in every state in which a conversation can be.

use super::casting::Casting;
use super::hours::{HOUR, MINUTE, open_from};
use super::talk::Talk;
use super::words::Topic;
use crate::model::Channel;
use crate::time::{DAY, Millis};
use serde_json::{Value, json};

/// Minutes for which somebody waits now: within the target of an hour, near it, and past it.
const WAITING: [i64; 34] = [
    2, 4, 7, 11, 15, 19, 24, 29, 33, 38, 46, 48, 50, 53, 56, 58, 63, 75, 90, 115, 150, 200, 260,
    340, 430, 560, 700, 1_100, 1_500, 1_900, 2_900, 4_400, 7_200, 10_000,
];
/// Hours for which a conversation still sleeps.
const SLEEPING: [i64; 10] = [1, 3, 14, 16, 17, 18, 40, 64, 88, 160];
const ANSWERED: usize = 24;
const THANKED: usize = 8;
const SILENT: usize = 4;
const REOPENED: usize = 16;
const TWICE: usize = 24;
const OUTSIDE: usize = 12;
const RESOLVED: usize = 100;

/// What everyday talks are about, as often as it comes.
const TOPICS: [&str; 20] = [
    "delivery", "delivery", "delivery", "late", "late", "return", "return", "broken", "broken",
    "invoice", "invoice", "product", "product", "dimmer", "showroom", "change", "warranty", "gift",
    "press", "product",
];

pub(super) fn lines(c: &mut Casting<'_>) -> Vec<Value> {
    let mut talks = Vec::new();
    for (n, minutes) in WAITING.into_iter().enumerate() {
        talks.extend(waiting(c, minutes * MINUTE, n % 2 == 1));
    }
    for hours in SLEEPING {
        talks.extend(snoozed(c, hours * HOUR));
    }
    for _ in 0..ANSWERED {
        talks.extend(lately(c, |t, topic| partly(t, topic, 2)));
    }
    for _ in 0..THANKED {
        talks.extend(lately(c, thanked));
    }
    for _ in 0..SILENT {
        talks.extend(over(c, silent));
    }
    for _ in 0..REOPENED {
        talks.extend(over(c, reopened));
    }
    for _ in 0..TWICE {
        talks.extend(over(c, twice));
    }
    for _ in 0..OUTSIDE {
        talks.extend(over(c, |t, topic| {
            t.outside = true;
            whole(t, topic);
        }));
    }
    for _ in 0..RESOLVED {
        talks.extend(over(c, whole));
    }
    talks.into_iter().flat_map(Talk::told).collect()
}

/// Somebody waits now, for the first answer or for the next one.
fn waiting<'w>(c: &mut Casting<'w>, age: Millis, again: bool) -> Option<Talk<'w>> {
    let (tongue, channel, key) = next(c);
    let since = c.world.now - age;
    let mut talk = if again {
        let at = since - c.dice.between(1, 6) * DAY;
        c.over_by(since - 2 * HOUR, at, (tongue, channel), |t| {
            with(t, key, |t, topic| partly(t, topic, 2));
        })?
    } else {
        c.talk(tongue, channel, since)?
    };
    let read = c.dice.chance(35);
    let mine = c.dice.chance(30);
    talk.at = since;
    talk.read = read;
    let topic = talk.words.topic(key)?.clone();
    if again {
        let more = topic.turns.get(2)?;
        talk.says(more.text, more.file);
        return Some(talk);
    }
    talk.begins(&topic);
    if age > 5 * HOUR {
        talk.at = since + age / 2;
        let nudge = talk.words.one("nudge", &mut talk.dice);
        talk.says(&nudge, None);
    }
    if read {
        talk.agent = if mine { 0 } else { talk.agent.max(1) };
        talk.assigned(since + age / 3);
    }
    Some(talk)
}

/// Put off until later, after an answer.
fn snoozed<'w>(c: &mut Casting<'w>, rest: Millis) -> Option<Talk<'w>> {
    let mut talk = lately(c, |t, topic| partly(t, topic, 2))?;
    let at = talk.at + 3 * MINUTE;
    let until = talk.world.now + rest;
    talk.deed("snoozed", at, talk.agent, &[("until", json!(until))]);
    Some(talk)
}

/// A talk of the last days.
fn lately<'w>(c: &mut Casting<'w>, play: impl Fn(&mut Talk<'_>, &Topic)) -> Option<Talk<'w>> {
    let (tongue, channel, key) = next(c);
    let at = c.world.now - c.dice.between(5, 80) * HOUR;
    let latest = c.world.now - 10 * MINUTE;
    c.over_by(latest, at, (tongue, channel), |t| with(t, key, &play))
}

/// A talk of the last weeks.
fn over<'w>(c: &mut Casting<'w>, play: impl Fn(&mut Talk<'_>, &Topic)) -> Option<Talk<'w>> {
    let (tongue, channel, key) = next(c);
    let days = if c.dice.chance(50) {
        c.dice.between(1, 14)
    } else {
        c.dice.between(14, 58)
    };
    let latest = c.world.now - 20 * MINUTE;
    let at = c.world.now - days * DAY;
    c.over_by(latest, at, (tongue, channel), |t| with(t, key, &play))
}

/// Who writes next, how, and of what.
fn next(c: &mut Casting<'_>) -> (super::words::Tongue, Channel, &'static str) {
    (c.tongue(), c.channel(), c.dice.one(&TOPICS))
}

fn with(t: &mut Talk<'_>, key: &str, play: impl Fn(&mut Talk<'_>, &Topic)) {
    if let Some(topic) = t.words.topic(key).cloned() {
        play(t, &topic);
    }
}

/// The first turns, and what the team notes beside them.
fn partly(t: &mut Talk<'_>, topic: &Topic, turns: usize) {
    t.begins(topic);
    t.goes_on(topic.turns.get(1..turns).unwrap_or_default());
    marked(t, topic);
}

fn marked(t: &mut Talk<'_>, topic: &Topic) {
    let Some(at) = t.first_answer.filter(|_| !t.outside) else {
        return;
    };
    if t.dice.chance(85) {
        t.assigned(at - MINUTE);
    }
    let tag = match topic.key {
        "delivery" | "late" | "broken" => "delivery",
        "return" => "return",
        "invoice" => "invoice",
        "warranty" => "repair",
        "showroom" => "showroom",
        "press" => "press",
        "gift" => "gift",
        "change" => "order",
        _ => "advice",
    };
    if t.dice.chance(70) {
        t.tagged(at + MINUTE, tag);
    }
    if matches!(topic.key, "late" | "broken") && t.dice.chance(60) {
        t.tagged(at + 2 * MINUTE, "complaint");
    }
    if t.dice.chance(12) {
        t.noted(at + 4 * MINUTE);
    }
}

/// From the question to the thanks, or to the last answer, and resolved.
fn whole(t: &mut Talk<'_>, topic: &Topic) {
    talked(t, topic);
    t.resolved();
}

fn talked(t: &mut Talk<'_>, topic: &Topic) {
    let all = topic.turns.len();
    let thanks = topic.turns.last().is_some_and(|last| !last.ours) && all > 1;
    let end = match t.dice.below(10) {
        0..3 => 2,
        3..6 if thanks => all - 1,
        _ => all,
    };
    partly(t, topic, end.min(all));
    if t.dice.chance(20) {
        t.at += t.dice.between(4, 50) * MINUTE;
        let ok = t.words.one("ok", &mut t.dice);
        t.says(&ok, None);
    }
}

/// The customer says thanks, and that needs no answer.
fn thanked(t: &mut Talk<'_>, topic: &Topic) {
    partly(t, topic, topic.turns.len());
    t.at += t.dice.between(20, 90) * MINUTE;
    let ok = t.words.one("ok", &mut t.dice);
    t.says(&ok, None);
    t.at = open_from(t.at) + 6 * MINUTE;
    t.deed("no_reply_needed", t.at, t.agent, &[]);
}

/// Put away without a word.
fn silent(t: &mut Talk<'_>, topic: &Topic) {
    t.begins(topic);
    t.at += t.dice.between(8, 30) * HOUR;
    t.resolved();
}

/// The customer comes back within two days, and it goes on.
fn reopened(t: &mut Talk<'_>, topic: &Topic) {
    whole(t, topic);
    t.at += t.dice.between(5, 40) * HOUR;
    let again = t.words.one("again", &mut t.dice);
    t.says(&again, None);
    t.at = super::hours::answer_to(t.at, t.quick(), &mut t.dice);
    let reagain = t.words.one("reagain", &mut t.dice);
    t.answers(&reagain, None);
    t.at += t.dice.between(3, 60) * MINUTE;
    let ok = t.words.one("ok", &mut t.dice);
    t.says(&ok, None);
    t.resolved();
}

/// Weeks later, about something else.
fn twice(t: &mut Talk<'_>, topic: &Topic) {
    whole(t, topic);
    t.at += t.dice.between(6, 24) * DAY;
    t.at = super::hours::some_hour(t.at, &mut t.dice);
    t.about();
    t.agent = t.dice.below(1 + super::cast::COLLEAGUES.len());
    let key = t.dice.one(&TOPICS);
    if let Some(other) = t.words.topic(key).cloned() {
        t.begins(&other);
        t.goes_on(other.turns.get(1..).unwrap_or_default());
        t.resolved();
    }
}
