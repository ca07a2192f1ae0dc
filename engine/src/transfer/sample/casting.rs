//! Who writes next, over which channel, in which language: everybody once.

use super::World;
use super::cast::Person;
use super::dice::Dice;
use super::talk::Talk;
use super::words::Tongue;
use crate::model::Channel;
use crate::time::{DAY, Millis};
use std::collections::BTreeMap;

/// Languages, as often as they come.
const TONGUES: [(usize, Tongue); 5] = [
    (30, Tongue::English),
    (26, Tongue::German),
    (18, Tongue::Dutch),
    (15, Tongue::French),
    (11, Tongue::Arabic),
];

/// Channels, as often as they come.
const CHANNELS: [(usize, Channel); 8] = [
    (34, Channel::Email),
    (16, Channel::Instagram),
    (14, Channel::Whatsapp),
    (10, Channel::Messenger),
    (9, Channel::Webchat),
    (7, Channel::Sms),
    (6, Channel::Telegram),
    (4, Channel::Matrix),
];

/// How often a talk is begun earlier when it came too near to the present.
const TRIES: usize = 20;

/// Gives out people and dice.
pub(super) struct Casting<'w> {
    pub(super) world: &'w World,
    pub(super) dice: Dice,
    met: BTreeMap<Tongue, usize>,
    n: usize,
}

impl<'w> Casting<'w> {
    pub(super) fn new(world: &'w World, dice: Dice) -> Self {
        Self {
            world,
            dice,
            met: BTreeMap::new(),
            n: 0,
        }
    }

    pub(super) fn tongue(&mut self) -> Tongue {
        weighed(&TONGUES, &mut self.dice).unwrap_or(Tongue::English)
    }

    pub(super) fn channel(&mut self) -> Channel {
        weighed(&CHANNELS, &mut self.dice).unwrap_or(Channel::Email)
    }

    /// Somebody new.
    pub(super) fn person(&mut self, tongue: Tongue) -> Option<Person> {
        let words = self.world.words.get(&tongue)?;
        let n = self.met.entry(tongue).or_default();
        *n += 1;
        Some(Person::new(tongue, words, *n))
    }

    /// Somebody new begins a talk at `at`.
    pub(super) fn talk(
        &mut self,
        tongue: Tongue,
        channel: Channel,
        at: Millis,
    ) -> Option<Talk<'w>> {
        let person = self.person(tongue)?;
        self.talk_of(person, channel, at)
    }

    /// This person begins a talk at `at`.
    pub(super) fn talk_of(
        &mut self,
        person: Person,
        channel: Channel,
        at: Millis,
    ) -> Option<Talk<'w>> {
        self.n += 1;
        Talk::new(self.world, self.n, person, channel, at)
    }

    /// A talk that is over by `latest`, begun as late as that lets it, from `at` on.
    pub(super) fn over_by(
        &mut self,
        latest: Millis,
        mut at: Millis,
        (tongue, channel): (Tongue, Channel),
        play: impl Fn(&mut Talk<'_>),
    ) -> Option<Talk<'w>> {
        let person = self.person(tongue)?;
        self.n += 1;
        let mut hour = Dice::new(self.dice.between(0, i64::MAX).unsigned_abs());
        for _ in 0..TRIES {
            let begins = super::hours::some_hour(at, &mut hour);
            let mut talk = Talk::new(self.world, self.n, person.clone(), channel, begins)?;
            play(&mut talk);
            if talk.at <= latest {
                return Some(talk);
            }
            at -= DAY;
        }
        None
    }
}

fn weighed<T: Copy>(all: &[(usize, T)], dice: &mut Dice) -> Option<T> {
    let mut left = dice.below(all.iter().map(|(n, _)| n).sum());
    for (n, one) in all {
        match left.checked_sub(*n) {
            Some(rest) => left = rest,
            None => return Some(*one),
        }
    }
    None
}
