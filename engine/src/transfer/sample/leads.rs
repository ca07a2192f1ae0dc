//! People who might buy a lot: from the first word through the stages to won, lost, or never meant.

use super::casting::Casting;
use super::hours::{HOUR, MINUTE};
use super::talk::Talk;
use super::words::{Tongue, Topic};
use crate::model::Channel;
use crate::time::{DAY, Millis};
use serde_json::{Value, json};

const NEW: [i64; 9] = [9, 26, 41, 52, 70, 140, 320, 900, 1_600];
const ENGAGED: usize = 9;
const QUALIFIED: usize = 8;
const WON: usize = 7;
const LOST: usize = 5;
const NOT_ONE: usize = 3;

/// Where such people write.
const CHANNELS: [Channel; 6] = [
    Channel::Email,
    Channel::Email,
    Channel::Email,
    Channel::Instagram,
    Channel::Whatsapp,
    Channel::Messenger,
];

pub(super) fn lines(c: &mut Casting<'_>) -> Vec<Value> {
    let mut talks: Vec<Talk<'_>> = NEW.into_iter().filter_map(|m| new(c, m * MINUTE)).collect();
    for _ in 0..ENGAGED {
        talks.extend(played(c, 1..5, |t, topic| {
            upto(t, topic, 2);
        }));
    }
    for _ in 0..QUALIFIED {
        talks.extend(played(c, 2..9, |t, topic| {
            upto(t, topic, 4);
            qualified(t);
        }));
    }
    for _ in 0..WON {
        talks.extend(played(c, 12..55, won));
    }
    for _ in 0..LOST {
        talks.extend(played(c, 12..50, |t, topic| {
            upto(t, topic, 4);
            qualified(t);
            t.at += 6 * DAY;
            ended(t, "lost");
        }));
    }
    for _ in 0..NOT_ONE {
        talks.extend(played(c, 4..40, |t, topic| {
            upto(t, topic, 2);
            ended(t, "not_a_lead");
        }));
    }
    talks.into_iter().flat_map(Talk::told).collect()
}

fn who(c: &mut Casting<'_>) -> (Tongue, Channel, &'static str) {
    let tongue = c.tongue();
    let channel = CHANNELS
        .get(c.dice.below(CHANNELS.len()))
        .copied()
        .unwrap_or(Channel::Email);
    let key = if tongue == Tongue::Arabic || c.dice.chance(55) {
        "wholesale"
    } else {
        "project"
    };
    (tongue, channel, key)
}

/// Has just written for the first time; somebody saw that it is a lead.
fn new<'w>(c: &mut Casting<'w>, age: Millis) -> Option<Talk<'w>> {
    let (tongue, channel, key) = who(c);
    let mut t = c.talk(tongue, channel, c.world.now - age)?;
    t.trade();
    t.read = false;
    let topic = t.words.topic(key)?.clone();
    t.begins(&topic);
    t.staged(t.at + MINUTE, "new");
    t.tagged(t.at + MINUTE, tag(&topic));
    Some(t)
}

fn played<'w>(
    c: &mut Casting<'w>,
    days: std::ops::Range<i64>,
    play: impl Fn(&mut Talk<'_>, &Topic),
) -> Option<Talk<'w>> {
    let (tongue, channel, key) = who(c);
    let at = c.world.now - c.dice.between(days.start, days.end) * DAY;
    let latest = c.world.now - 30 * MINUTE;
    c.over_by(latest, at, (tongue, channel), |t| {
        t.trade();
        if let Some(topic) = t.words.topic(key).cloned() {
            play(t, &topic);
        }
    })
}

fn tag(topic: &Topic) -> &'static str {
    if topic.key == "project" {
        "project"
    } else {
        "wholesale"
    }
}

/// The first turns, with what is decided beside them.
fn upto(t: &mut Talk<'_>, topic: &Topic, turns: usize) {
    t.begins(topic);
    t.goes_on(topic.turns.get(1..turns).unwrap_or_default());
    let at = t.first_answer.unwrap_or(t.at);
    t.staged(at - 2 * MINUTE, "new");
    t.assigned(at - MINUTE);
    t.tagged(at - MINUTE, tag(topic));
    t.staged(at + MINUTE, "engaged");
}

fn qualified(t: &mut Talk<'_>) {
    t.staged(t.at + 2 * MINUTE, "qualified");
    let text = format!(
        "{} pcs, {}. Budget named, two people decide, wants to start this season.",
        t.filled("{qty}"),
        t.filled("{company}, {city}")
    );
    t.deed(
        "noted",
        t.at + 3 * MINUTE,
        t.agent,
        &[("text", json!(text))],
    );
}

fn won(t: &mut Talk<'_>, topic: &Topic) {
    upto(t, topic, 4);
    qualified(t);
    t.goes_on(topic.turns.get(4..).unwrap_or_default());
    t.at += HOUR;
    t.tagged(t.at, "vip");
    ended(t, "won");
}

fn ended(t: &mut Talk<'_>, stage: &str) {
    t.at = super::hours::open_from(t.at) + 10 * MINUTE;
    t.staged(t.at, stage);
    t.resolved();
}
