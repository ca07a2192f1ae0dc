//! Writes the tree again, each folded piece in a wrapping of its own.

use super::flat::{Settled, letter};
use super::tree::{Kind, Node, Tree, unmarked};
use super::{CLOSE, open};
use crate::model::FoldKind;

/// Elements whose children may be only certain others, so that nothing can be put around those.
const STRICT: &[&str] = &[
    "table", "tbody", "thead", "tfoot", "tr", "ul", "ol", "dl", "colgroup", "ruby",
];

/// What became of all that a node shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// It shows nothing.
    Empty,
    Shown,
    Folded(FoldKind),
    /// Some of both.
    Mixed,
}

impl State {
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Empty, s) | (s, Self::Empty) => s,
            (Self::Folded(a), Self::Folded(b)) => {
                Self::Folded(if a == b { a } else { FoldKind::Quote })
            }
            (Self::Shown, Self::Shown) => Self::Shown,
            _ => Self::Mixed,
        }
    }
}

struct Writer<'a, 't> {
    tree: &'t Tree<'a>,
    pieces: &'t [Settled],
    /// The pieces of each node: from, to.
    of: Vec<(usize, usize)>,
    states: Vec<State>,
    out: String,
}

pub fn write(tree: &Tree<'_>, pieces: &[Settled]) -> String {
    let mut of = vec![(0, 0); tree.nodes.len()];
    for (i, (p, _)) in pieces.iter().enumerate() {
        if let Some(range) = of.get_mut(p.node) {
            *range = if range.1 == 0 {
                (i, i + 1)
            } else {
                (range.0, i + 1)
            };
        }
    }
    let mut w = Writer {
        tree,
        pieces,
        of,
        states: vec![State::Empty; tree.nodes.len()],
        out: String::new(),
    };
    w.judge();
    w.children(0, false);
    w.out
}

impl Writer<'_, '_> {
    fn own(&self, id: usize) -> &[Settled] {
        let (from, to) = self.of.get(id).copied().unwrap_or_default();
        self.pieces.get(from..to).unwrap_or_default()
    }

    /// Children come after their parents, so that going backward each is judged before its parent.
    fn judge(&mut self) {
        for id in (0..self.tree.nodes.len()).rev() {
            let mut state = State::Empty;
            for (_, kind) in self.own(id) {
                state = state.with(kind.map_or(State::Shown, State::Folded));
            }
            if let Some(n) = self.tree.nodes.get(id) {
                // Room between shown and folded elements is nobody's.
                if n.kind == Kind::Text && n.source.chars().all(char::is_whitespace) {
                    state = State::Empty;
                }
                for c in &n.children {
                    state = state.with(self.state(*c));
                }
            }
            if let Some(s) = self.states.get_mut(id) {
                *s = state;
            }
        }
    }

    fn state(&self, id: usize) -> State {
        self.states.get(id).copied().unwrap_or(State::Empty)
    }

    /// Writes the children of a node; `inside`: something around them is folded already.
    fn children(&mut self, id: usize, inside: bool) {
        let tree = self.tree;
        let Some(n) = tree.nodes.get(id) else {
            return;
        };
        let strict = STRICT.contains(&n.name);
        let mut i = 0;
        while let Some(child) = n.children.get(i).copied() {
            let State::Folded(first) = self.state(child) else {
                self.node(child, inside, strict);
                i += 1;
                continue;
            };
            if inside || strict {
                self.node(child, inside, strict);
                i += 1;
                continue;
            }
            let end = self.run(&n.children, i, first);
            open(&mut self.out, first);
            for c in n.children.get(i..end).unwrap_or_default() {
                self.node(*c, true, false);
            }
            self.out.push_str(CLOSE);
            i = end;
        }
    }

    /// Where the folded children that begin at `from` end; empty ones between them are taken along.
    fn run(&self, children: &[usize], from: usize, kind: FoldKind) -> usize {
        let mut end = from + 1;
        for (i, c) in children.iter().enumerate().skip(from + 1) {
            match self.state(*c) {
                State::Folded(k) if k == kind => end = i + 1,
                State::Empty => {}
                _ => break,
            }
        }
        end
    }

    fn node(&mut self, id: usize, inside: bool, strict: bool) {
        let tree = self.tree;
        let Some(n) = tree.nodes.get(id) else {
            return;
        };
        match n.kind {
            Kind::Stray => self.out.push_str(n.source),
            Kind::Text if self.state(id) == State::Mixed && !inside => self.mixed(n, id),
            Kind::Text => self.out.push_str(n.source),
            Kind::Element => {
                self.out.push_str(&unmarked(n.source));
                // In a table or list, what is folded is wrapped within its cell or item.
                let whole = match self.state(id) {
                    State::Folded(k)
                        if strict
                            && !inside
                            && !STRICT.contains(&n.name)
                            && !n.children.is_empty() =>
                    {
                        Some(k)
                    }
                    _ => None,
                };
                if let Some(k) = whole {
                    open(&mut self.out, k);
                }
                self.children(id, inside || whole.is_some());
                if whole.is_some() {
                    self.out.push_str(CLOSE);
                }
                self.out.push_str(n.close);
            }
        }
    }

    /// A text of which only some is folded: lines of preformatted text, or an introduction on a line of own words.
    fn mixed(&mut self, n: &Node<'_>, id: usize) {
        let mut parts: Vec<(usize, usize, Option<FoldKind>)> = Vec::new();
        for (p, kind) in self.own(id) {
            match (p.cut(), parts.last_mut()) {
                (Some(stay), Some(last)) => {
                    let at = last.0
                        + source_place(n.source.get(last.0..last.1).unwrap_or_default(), stay);
                    let end = last.1;
                    last.1 = at;
                    parts.push((at, end, *kind));
                }
                (_, Some(last)) if last.2 == *kind => last.1 = p.to,
                _ => parts.push((p.from, p.to, *kind)),
            }
        }
        let mut at = 0;
        for (from, to, kind) in parts {
            self.out
                .push_str(n.source.get(at..from).unwrap_or_default());
            if let Some(k) = kind {
                open(&mut self.out, k);
            }
            self.out
                .push_str(n.source.get(from..to).unwrap_or_default());
            if kind.is_some() {
                self.out.push_str(CLOSE);
            }
            at = to;
        }
        self.out.push_str(n.source.get(at..).unwrap_or_default());
    }
}

/// Where in a source the words begin that come after `stay` bytes of its text, as [`super::flat::words`] makes it.
fn source_place(source: &str, stay: usize) -> usize {
    let (mut at, mut made) = (0, String::new());
    while made.len() < stay {
        let Some(c) = source.get(at..).and_then(|r| r.chars().next()) else {
            break;
        };
        let (_, len) = letter(source.get(at..).unwrap_or_default(), c);
        super::flat::words(source.get(at..at + len).unwrap_or_default(), &mut made);
        at += len;
    }
    at
}
