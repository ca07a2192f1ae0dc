//! Selectors that mail lives on: names of tags, classes and ids, inside of each other.

use super::tree::{Element, Open};
use cssparser::{Parser, Token};

/// Most simple selectors of one selector.
const MAX_PARTS: usize = 16;

/// What one element is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compound {
    pub(super) tag: Option<String>,
    pub(super) id: Option<String>,
    pub(super) classes: Vec<String>,
}

/// How strong a selector is: ids, classes, tags.
pub(super) type Weight = (usize, usize, usize);

/// A selector: the element that it means, and what that one must stand in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selector {
    /// From the element outwards; with each whether the one before stands directly in it.
    parts: Vec<(Compound, bool)>,
    pub(super) weight: Weight,
    /// The rule that it belongs to.
    pub(super) block: usize,
}

impl Selector {
    /// What the element itself is asked for.
    pub(super) fn subject(&self) -> &Compound {
        static ANY: Compound = Compound {
            tag: None,
            id: None,
            classes: Vec::new(),
        };
        self.parts.first().map_or(&ANY, |p| &p.0)
    }

    /// Whether it means this element, which stands in those that are open; `None` where the budget is spent.
    pub(super) fn means(&self, element: &Element, open: &Open, work: &mut usize) -> Option<bool> {
        let Some((subject, around)) = self.parts.split_first() else {
            return Some(false);
        };
        if !subject.0.fits(element, work)? {
            return Some(false);
        }
        inside(around, open.elements(), work)
    }
}

/// Whether the rest of a selector fits those that are open, from the innermost outwards.
fn inside(parts: &[(Compound, bool)], open: &[Element], work: &mut usize) -> Option<bool> {
    let Some(((compound, direct), further)) = parts.split_first() else {
        return Some(true);
    };
    let mut open = open;
    while let Some((element, outer)) = open.split_last() {
        if compound.fits(element, work)? {
            let rest = inside(further, outer, work)?;
            // Where what follows stands anywhere outside, the innermost that fits leaves it the most room.
            if rest || !*direct && further.iter().all(|f| !f.1) {
                return Some(rest);
            }
        }
        if *direct {
            return Some(false);
        }
        open = outer;
    }
    Some(false)
}

impl Compound {
    fn parts(&self) -> usize {
        usize::from(self.tag.is_some()) + usize::from(self.id.is_some()) + self.classes.len()
    }

    fn fits(&self, e: &Element, work: &mut usize) -> Option<bool> {
        *work = work.checked_sub(1 + self.classes.len() * e.classes.len())?;
        Some(
            self.tag.as_ref().is_none_or(|t| *t == e.name)
                && (self.id.is_none() || self.id == e.id)
                && self.classes.iter().all(|c| e.classes.contains(c)),
        )
    }
}

/// The selectors of a list that can be followed, at most `room`. One that asks for more than names (a state, an
/// attribute, a sibling) means nothing here; the others of its list count all the same.
pub(super) fn list(p: &mut Parser<'_>, room: usize) -> Vec<Selector> {
    let mut out = Vec::new();
    let mut reading = Reading::default();
    while let Ok(token) = p.next_including_whitespace().cloned() {
        match token {
            Token::Comma => out.extend(std::mem::take(&mut reading).done()),
            Token::Delim('.') => {
                // Its name follows at once.
                match p.next_including_whitespace() {
                    Ok(Token::Ident(name)) => reading.class(name),
                    _ => reading.odd = true,
                }
            }
            other => reading.take(&other),
        }
        if out.len() > room {
            break;
        }
    }
    // Whoever reads a prelude reads all of it.
    while p.next_including_whitespace().is_ok() {}
    out.extend(reading.done());
    out.truncate(room);
    out
}

/// A selector while it is read, from the outermost inwards.
#[derive(Default)]
struct Reading {
    /// What is behind, and whether the next one stands directly in it.
    behind: Vec<(Compound, bool)>,
    now: Compound,
    /// Whether something of `now` was read, be it `*`.
    begun: bool,
    /// White space or `>` stood behind it.
    gap: Option<bool>,
    odd: bool,
}

impl Reading {
    fn take(&mut self, token: &Token<'_>) {
        match token {
            Token::WhiteSpace(_) => {
                if self.begun && self.gap.is_none() {
                    self.gap = Some(false);
                }
            }
            Token::Delim('>') if self.begun && self.gap != Some(true) => self.gap = Some(true),
            Token::Delim('*') => {
                self.begin();
                self.odd |= self.begun;
                self.begun = true;
            }
            Token::Ident(name) => {
                self.begin();
                self.odd |= self.begun;
                self.begun = true;
                self.now.tag = Some(name.to_ascii_lowercase());
            }
            Token::IDHash(name) => {
                self.begin();
                self.begun = true;
                let name = name.to_ascii_lowercase();
                self.odd |= self.now.id.as_ref().is_some_and(|i| *i != name);
                self.now.id = Some(name);
            }
            _ => self.odd = true,
        }
        self.bound();
    }

    fn class(&mut self, name: &str) {
        self.begin();
        self.begun = true;
        self.now.classes.push(name.to_ascii_lowercase());
        self.bound();
    }

    /// A gap ends what was read so far.
    fn begin(&mut self) {
        if let Some(direct) = self.gap.take() {
            self.behind.push((std::mem::take(&mut self.now), direct));
            self.begun = false;
        }
    }

    /// What is too long is no longer kept.
    fn bound(&mut self) {
        if self.behind.len() + self.now.parts() > MAX_PARTS {
            self.odd = true;
            self.behind.clear();
            self.now = Compound::default();
        }
    }

    fn done(self) -> Option<Selector> {
        if self.odd || !self.begun || self.gap == Some(true) {
            return None;
        }
        let mut parts = vec![(self.now, false)];
        parts.extend(self.behind.into_iter().rev());
        let weight = parts.iter().fold((0, 0, 0), |w: Weight, (c, _)| {
            let tag = usize::from(c.tag.is_some());
            (
                w.0 + usize::from(c.id.is_some()),
                w.1 + c.classes.len(),
                w.2 + tag,
            )
        });
        Some(Selector {
            parts,
            weight,
            block: 0,
        })
    }
}
