//! Sets of mails' numbers, as runs: a folder of a hundred thousand mails is a few characters.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers in rising runs that neither touch nor overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::connectors::email) struct Uids(Vec<(u32, u32)>);

impl Uids {
    /// How many.
    #[cfg(test)]
    pub(in crate::connectors::email) fn len(&self) -> u64 {
        self.0.iter().map(|(a, b)| u64::from(b - a) + 1).sum()
    }

    /// Whether there are none.
    pub(in crate::connectors::email) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this one is in it.
    pub(in crate::connectors::email) fn has(&self, uid: u32) -> bool {
        let at = self.0.partition_point(|(_, b)| *b < uid);
        self.0.get(at).is_some_and(|(a, _)| *a <= uid)
    }

    /// Puts one in.
    pub(in crate::connectors::email) fn add(&mut self, uid: u32) {
        self.add_run(uid, uid);
    }

    /// Puts a run in.
    pub(in crate::connectors::email) fn add_run(&mut self, from: u32, to: u32) {
        let start = self.0.partition_point(|(_, b)| b.saturating_add(1) < from);
        let end = self.0.partition_point(|(a, _)| *a <= to.saturating_add(1));
        let met = self.0.get(start..end).unwrap_or_default();
        let from = met.first().map_or(from, |(a, _)| from.min(*a));
        let to = met.last().map_or(to, |(_, b)| to.max(*b));
        self.0.splice(start..end.max(start), [(from, to)]);
    }

    /// Takes one out.
    pub(in crate::connectors::email) fn remove(&mut self, uid: u32) {
        let at = self.0.partition_point(|(_, b)| *b < uid);
        let Some((a, b)) = self.0.get(at).copied().filter(|(a, _)| *a <= uid) else {
            return;
        };
        let left = (a < uid).then(|| (a, uid - 1));
        let right = (uid < b).then(|| (uid + 1, b));
        self.0.splice(at..=at, left.into_iter().chain(right));
    }

    /// Those of it in a run.
    pub(in crate::connectors::email) fn within(&self, from: u32, to: u32) -> Self {
        let cut = self
            .0
            .iter()
            .filter(|(a, b)| *a <= to && *b >= from)
            .map(|(a, b)| (*a.max(&from), *b.min(&to)));
        Self(cut.collect())
    }

    /// The greatest ones, at most so many, greatest first.
    pub(in crate::connectors::email) fn newest(&self, most: usize) -> Vec<u32> {
        self.0
            .iter()
            .rev()
            .flat_map(|(a, b)| (*a..=*b).rev())
            .take(most)
            .collect()
    }

    /// The greatest ones at or below this one, at most so many, greatest first.
    pub(in crate::connectors::email) fn downward(&self, from: u32, most: usize) -> Vec<u32> {
        self.within(1, from).newest(most)
    }

    /// The least ones at or above this one, at most so many, least first.
    pub(in crate::connectors::email) fn upward(&self, from: u32, most: usize) -> Vec<u32> {
        let above = self.within(from, u32::MAX);
        let runs = above.0.iter().flat_map(|(a, b)| *a..=*b);
        runs.take(most).collect()
    }

    /// Forgets the least ones until what is left can be written in so many characters.
    pub(in crate::connectors::email) fn keep_within(&mut self, characters: usize) {
        let mut room = characters;
        let keep = self
            .0
            .iter()
            .rev()
            .take_while(|run| {
                let need = word(run).len() + 1;
                let fits = need <= room;
                room = room.saturating_sub(need);
                fits
            })
            .count();
        self.0.drain(..self.0.len() - keep);
    }

    /// The least one.
    pub(in crate::connectors::email) fn least(&self) -> Option<u32> {
        self.0.first().map(|r| r.0)
    }

    /// As an IMAP set: `1:3,7`.
    pub(in crate::connectors::email) fn text(&self) -> String {
        self.0.iter().map(word).collect::<Vec<_>>().join(",")
    }

    fn parse(text: &str) -> Self {
        let mut set = Self::default();
        for part in text.split(',') {
            let (a, b) = part.split_once(':').unwrap_or((part, part));
            if let (Ok(a), Ok(b)) = (a.parse::<u32>(), b.parse::<u32>())
                && 0 < a
                && a <= b
            {
                set.add_run(a, b);
            }
        }
        set
    }
}

impl FromIterator<u32> for Uids {
    fn from_iter<I: IntoIterator<Item = u32>>(uids: I) -> Self {
        let mut sorted: Vec<u32> = uids.into_iter().collect();
        sorted.sort_unstable();
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for uid in sorted {
            match runs.last_mut() {
                Some((_, end)) if end.saturating_add(1) >= uid => *end = (*end).max(uid),
                _ => runs.push((uid, uid)),
            }
        }
        Self(runs)
    }
}

fn word((a, b): &(u32, u32)) -> String {
    if a == b {
        a.to_string()
    } else {
        format!("{a}:{b}")
    }
}

impl Serialize for Uids {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Uids {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(d)?))
    }
}

/// Numbers as an IMAP set: `1:3,7`.
pub(super) fn uid_set(uids: &[u32]) -> String {
    uids.iter().copied().collect::<Uids>().text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_are_written_as_runs() {
        assert_eq!(uid_set(&[7, 3, 1, 2, 9, 8, 8]), "1:3,7:9");
        assert_eq!(uid_set(&[5]), "5");
        assert_eq!(Uids::parse("7:9,1:3,x,0,4").text(), "1:4,7:9");
    }

    #[test]
    fn it_holds_what_an_ordinary_set_holds() {
        let mut state = 3u64;
        let mut random = move |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            u32::try_from((state >> 33) % n).unwrap()
        };
        let (mut runs, mut plain) = (Uids::default(), BTreeSet::new());
        for _ in 0..3_000 {
            let uid = 1 + random(60);
            match random(5) {
                0 | 1 => {
                    runs.remove(uid);
                    plain.remove(&uid);
                }
                2 => {
                    let to = uid + random(6);
                    runs.add_run(uid, to);
                    plain.extend(uid..=to);
                }
                _ => {
                    runs.add(uid);
                    plain.insert(uid);
                }
            }
            assert_eq!(
                runs.newest(1_000),
                plain.iter().rev().copied().collect::<Vec<_>>()
            );
            assert_eq!(
                runs.upward(20, 7),
                plain.range(20..).take(7).copied().collect::<Vec<_>>()
            );
            assert_eq!(runs.len(), plain.len() as u64);
            assert_eq!(runs.has(uid), plain.contains(&uid));
            assert_eq!(runs, plain.iter().copied().collect());
            assert_eq!(Uids::parse(&runs.text()), runs);
            assert_eq!(
                runs.within(20, 40).newest(99),
                plain.range(20..=40).rev().copied().collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn the_newest_are_kept_where_room_is_short() {
        let mut set: Uids = (1..100).filter(|n| n % 2 == 0).collect();
        set.keep_within(9);
        assert_eq!(set.text(), "94,96,98");
        assert!(set.has(98) && !set.has(90) && set.least() == Some(94));
    }
}
