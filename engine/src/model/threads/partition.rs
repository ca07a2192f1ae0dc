//! Which mails belong to one thread: a pure function of their heads, the same in every order.
//!
//! Anybody can write any Message-ID into `In-Reply-To`, and whoever got one mail of a thread knows its ids. So an id
//! alone joins nothing: whoever names a mail must be one of those who took part in its thread (From, Reply-To, To,
//! Cc), or both mails came over the same list. What only two strangers name joins them if each took part in what the
//! other one wrote. The subject is never asked.

use super::{Ref, all_refs, ref_hash};
use crate::model::{Identity, Incoming, email_key};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What of a mail decides about its thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    /// The same for copies of one mail; `None` where nothing tells one mail from another.
    pub copy_of: Option<Ref>,
    /// Its own Message-ID.
    pub own: Option<Ref>,
    /// What it names: In-Reply-To, References, the provider's own thread.
    pub names: Vec<Ref>,
    /// Its sender, canonical.
    pub from: Option<String>,
    /// All who take part, canonical, its sender included.
    pub people: BTreeSet<String>,
    /// The mailing lists that it came over.
    pub lists: BTreeSet<String>,
}

impl Heads {
    /// Of a mail as it was read.
    #[must_use]
    pub fn of(m: &Incoming) -> Self {
        let from = m.from.as_ref().and_then(|p| email_key(&p.address));
        let everybody = m.from.iter().chain(&m.reply_to).chain(&m.to).chain(&m.cc);
        let people: BTreeSet<String> = everybody.filter_map(|p| email_key(&p.address)).collect();
        let own = m.thread.message_id.as_deref().map(ref_hash);
        let mut names: Vec<Ref> = all_refs(&m.thread)
            .into_iter()
            .filter(|r| Some(*r) != own)
            .collect();
        names.extend(m.thread.provider.as_deref().map(provider_ref));
        let mut heads = Self {
            copy_of: copy(&m.identity),
            own,
            names,
            from,
            people,
            lists: BTreeSet::new(),
        };
        heads.add_lists(m.thread.list.as_deref());
        heads
    }

    /// Of a mail that could not be read: nothing but its copies belong to it.
    #[must_use]
    pub fn unreadable(identity: &Identity) -> Self {
        Self {
            copy_of: copy(identity),
            ..Self::default()
        }
    }

    /// The list that the mail names, and each recipient that looks like one.
    pub fn add_lists(&mut self, named: Option<&str>) {
        self.lists.extend(named.map(|l| format!("list:{l}")));
        let from = self.from.clone();
        let looks = self
            .people
            .iter()
            .filter(|p| Some(*p) != from.as_ref() && looks_like_a_list(p));
        self.lists.extend(looks.cloned());
    }
}

/// The digest of what makes a mail the same mail. Without any of Message-ID, From and Date there is nothing that tells
/// one mail from another.
fn copy(identity: &Identity) -> Option<Ref> {
    match identity {
        Identity::Content(parts) if parts.iter().skip(1).take(3).any(|p| !p.is_empty()) => {
            Some(digest(parts))
        }
        _ => None,
    }
}

/// A provider's thread as something that a mail names.
#[must_use]
pub fn provider_ref(thread: &str) -> Ref {
    digest(&[b"provider", thread.as_bytes()])
}

fn digest<T: AsRef<[u8]>>(parts: &[T]) -> Ref {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.as_ref().len() as u64).to_be_bytes());
        hash.update(part.as_ref());
    }
    let mut out = [0; 16];
    out.copy_from_slice(&hash.finalize()[..16]);
    out
}

/// Addresses under which many read and nobody writes.
fn looks_like_a_list(address: &str) -> bool {
    let Some((local, host)) = address.rsplit_once('@') else {
        return false;
    };
    let by_host = ["lists.", "list.", "listserv.", "groups."]
        .iter()
        .any(|p| host.starts_with(p))
        || [
            "googlegroups.com",
            "groups.io",
            "yahoogroups.com",
            "freelists.org",
        ]
        .iter()
        .any(|h| host == *h || host.strip_suffix(h).is_some_and(|r| r.ends_with('.')));
    let by_name = [
        "-list",
        "-users",
        "-user",
        "-dev",
        "-devel",
        "-discuss",
        "-announce",
        "-l",
    ]
    .iter()
    .any(|s| local.ends_with(s));
    by_host || by_name || local == "list"
}

/// Two mails that an id brings together, unless nobody vouches for it.
struct Link {
    /// The one that names the other, or one of two that name a third.
    a: usize,
    /// The one that is named.
    b: usize,
    /// Each must have taken part in the other's thread, not only `a` in that of `b`.
    both: bool,
}

/// Groups of mails that are one thread, as indices, each group and all groups in ascending order.
#[must_use]
pub fn partition(heads: &[Heads]) -> Vec<Vec<usize>> {
    let mut sets = Sets::new(heads);
    for same in copies(heads) {
        sets.join_all(&same);
    }
    let authors: BTreeSet<&str> = heads.iter().filter_map(|h| h.from.as_deref()).collect();
    let mut open = links(heads, &mut sets);
    loop {
        let before = open.len();
        open.retain(|l| {
            let agreed = sets.agree(heads, &authors, l);
            if agreed {
                sets.join(l.a, l.b);
            }
            !agreed && sets.root(l.a) != sets.root(l.b)
        });
        if open.len() == before {
            break;
        }
    }
    sets.groups()
}

fn copies(heads: &[Heads]) -> Vec<Vec<usize>> {
    let mut by: BTreeMap<Ref, Vec<usize>> = BTreeMap::new();
    for (i, h) in heads.iter().enumerate() {
        if let Some(c) = h.copy_of {
            by.entry(c).or_default().push(i);
        }
    }
    by.into_values().filter(|v| v.len() > 1).collect()
}

/// Who holds and who names each id. What one author wrote under or about one id is one thread without asking.
fn links(heads: &[Heads], sets: &mut Sets) -> Vec<Link> {
    #[derive(Default)]
    struct About {
        holders: Vec<usize>,
        naming: Vec<usize>,
    }
    let mut by: BTreeMap<Ref, About> = BTreeMap::new();
    for (i, h) in heads.iter().enumerate().filter(|(_, h)| h.from.is_some()) {
        if let Some(own) = h.own {
            by.entry(own).or_default().holders.push(i);
        }
        for n in &h.names {
            by.entry(*n).or_default().naming.push(i);
        }
    }
    let mut out = Vec::new();
    for about in by.values() {
        let holders = by_author(heads, &about.holders);
        for v in holders.values() {
            sets.join_all(v);
        }
        out.extend(pairs(&holders));
        if holders.len() > 1 {
            out.extend(meant(heads, &about.naming, &holders));
            continue;
        }
        let naming = by_author(heads, &about.naming);
        for v in naming.values() {
            sets.join_all(v);
        }
        out.extend(pairs(&naming));
        for a in naming.values() {
            let link = |b: &Vec<usize>| Link {
                a: a[0],
                b: b[0],
                both: false,
            };
            out.extend(holders.values().map(link));
        }
    }
    out
}

type ByAuthor<'a> = BTreeMap<&'a str, Vec<usize>>;

fn by_author<'a>(heads: &'a [Heads], all: &[usize]) -> ByAuthor<'a> {
    let mut by: ByAuthor<'a> = BTreeMap::new();
    for i in all {
        if let Some(from) = heads[*i].from.as_deref() {
            by.entry(from).or_default().push(*i);
        }
    }
    by
}

/// Each author's first mail with each other author's.
fn pairs(by: &ByAuthor<'_>) -> Vec<Link> {
    let firsts: Vec<usize> = by.values().map(|v| v[0]).collect();
    let mut out = Vec::new();
    for (n, a) in firsts.iter().enumerate() {
        out.extend(firsts.iter().skip(n + 1).map(|b| Link {
            a: *a,
            b: *b,
            both: true,
        }));
    }
    out
}

/// Several people wrote under one id: an answer means the one whom it speaks to, else the only one who wrote to its
/// author.
fn meant(heads: &[Heads], naming: &[usize], holders: &ByAuthor<'_>) -> Vec<Link> {
    let mut out = Vec::new();
    for a in naming {
        let Some(from) = heads[*a].from.as_deref() else {
            continue;
        };
        let wrote_to = |of: &[usize]| of.iter().any(|h| heads[*h].people.contains(from));
        let only = holders.values().filter(|v| wrote_to(v)).count() == 1;
        for (author, v) in holders {
            if heads[*a].people.contains(*author) || only && wrote_to(v) {
                out.push(Link {
                    a: *a,
                    b: v[0],
                    both: false,
                });
            }
        }
    }
    out
}

/// Sets of mails, with all who take part in each.
struct Sets {
    parent: Vec<usize>,
    people: Vec<BTreeSet<String>>,
    lists: Vec<BTreeSet<String>>,
}

impl Sets {
    fn new(heads: &[Heads]) -> Self {
        Self {
            parent: (0..heads.len()).collect(),
            people: heads.iter().map(|h| h.people.clone()).collect(),
            lists: heads.iter().map(|h| h.lists.clone()).collect(),
        }
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.parent[i] != i {
            self.parent[i] = self.parent[self.parent[i]];
            i = self.parent[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let (big, small) = if self.people[a].len() >= self.people[b].len() {
            (a, b)
        } else {
            (b, a)
        };
        self.parent[small] = big;
        let people = std::mem::take(&mut self.people[small]);
        self.people[big].extend(people);
        let lists = std::mem::take(&mut self.lists[small]);
        self.lists[big].extend(lists);
    }

    fn join_all(&mut self, all: &[usize]) {
        for pair in all.windows(2) {
            self.join(pair[0], pair[1]);
        }
    }

    fn agree(&mut self, heads: &[Heads], authors: &BTreeSet<&str>, l: &Link) -> bool {
        let (ra, rb) = (self.root(l.a), self.root(l.b));
        if ra == rb {
            return true;
        }
        let part = |who: &Option<String>, in_: &BTreeSet<String>| {
            who.as_ref().is_some_and(|w| in_.contains(w))
        };
        let there = part(&heads[l.a].from, &self.people[rb]);
        let back = !l.both || part(&heads[l.b].from, &self.people[ra]);
        // An address that writes itself is a mailbox, and everybody writes to ours.
        let list = || {
            self.lists[ra]
                .intersection(&self.lists[rb])
                .any(|x| !authors.contains(x.as_str()))
        };
        there && back || list()
    }

    fn groups(&mut self) -> Vec<Vec<usize>> {
        let mut by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut first: BTreeMap<usize, usize> = BTreeMap::new();
        for i in 0..self.parent.len() {
            let root = self.root(i);
            let name = *first.entry(root).or_insert(i);
            by.entry(name).or_default().push(i);
        }
        by.into_values().collect()
    }
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
