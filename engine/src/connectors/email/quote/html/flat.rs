//! The tree as lines, and which pieces of it each line is made of.

use super::super::super::html::is_block;
use super::super::lines::{Found, Line, Mark};
use super::tree::{Kind, Node, Tree};
use crate::model::FoldKind;

/// Longest text of a line that is read; more says nothing new.
const LONGEST: usize = 4_000;

/// A stretch of a node that stands on one line.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    pub node: usize,
    /// In the node's source.
    pub from: usize,
    pub to: usize,
    line: usize,
    /// Where it begins in the line's text.
    offset: usize,
}

/// A piece with what became of it.
pub type Settled = (Piece, Option<FoldKind>);

#[derive(Default)]
struct Row {
    text: String,
    mark: Mark,
    content: bool,
}

/// Lines and pieces, in the order of the document.
#[derive(Default)]
pub struct Flat {
    rows: Vec<Row>,
    pieces: Vec<Piece>,
    /// Whether the last row may still grow.
    open: bool,
    /// The next row is the first of a header.
    header: bool,
}

/// What holds for a part of the tree.
#[derive(Clone, Copy, Default)]
struct Context {
    mark: Mark,
    pre: bool,
    /// In Gmail's box.
    boxed: bool,
    /// Nodes before this one introduce what the box quotes.
    intro: usize,
}

pub fn flatten(tree: &Tree<'_>) -> Flat {
    let mut flat = Flat::default();
    let cites = cites(tree);
    flat.node(tree, &cites, 0, Context::default());
    flat
}

/// For each node the first citing node in it, if any.
fn cites(tree: &Tree<'_>) -> Vec<Option<usize>> {
    let mut first = vec![None; tree.nodes.len()];
    for (i, n) in tree.nodes.iter().enumerate().rev() {
        let below = n
            .children
            .iter()
            .filter_map(|c| first.get(*c).copied().flatten())
            .min();
        let own = matches!(n.mark, Some('c' | 'b' | 'w')).then_some(i);
        if let Some(slot) = first.get_mut(i) {
            *slot = own.or(below);
        }
    }
    first
}

impl Flat {
    fn node(&mut self, tree: &Tree<'_>, cites: &[Option<usize>], id: usize, context: Context) {
        let Some(n) = tree.nodes.get(id) else {
            return;
        };
        match n.kind {
            Kind::Text => self.text(n, id, context),
            Kind::Stray => {}
            Kind::Element => self.element(tree, cites, n, id, context),
        }
    }

    fn element(
        &mut self,
        tree: &Tree<'_>,
        cites: &[Option<usize>],
        n: &Node<'_>,
        id: usize,
        context: Context,
    ) {
        match n.name {
            "br" => return self.end(context, true),
            "hr" => return self.rule(n, id, context),
            "img" => return self.picture(n, id, context),
            "td" | "th" => self.space(),
            _ => {}
        }
        let block = is_block(n.name);
        if block || n.mark.is_some() {
            self.end(context, false);
        }
        let cited = cites.get(id).copied().flatten();
        let is_box = n.mark == Some('g') && cited.is_some();
        let inner = Context {
            mark: inherited(n, context, cited.is_some()),
            pre: context.pre || n.name == "pre",
            boxed: context.boxed || is_box,
            // In the box the introduction stands before the quotation, and below it an answer may.
            intro: if is_box {
                context.intro.max(cited.unwrap_or(0))
            } else {
                context.intro
            },
        };
        if n.mark == Some('h') {
            self.header = true;
        }
        for child in &n.children {
            self.node(tree, cites, *child, inner);
        }
        if block || n.mark.is_some() {
            self.end(context, false);
        }
    }

    /// Ends the row; a break on an empty one makes an empty row.
    fn end(&mut self, context: Context, forced: bool) {
        if forced && !self.open {
            self.rows.push(Row {
                mark: quoted(context.mark),
                ..Row::default()
            });
        }
        self.open = false;
    }

    fn row(&mut self, context: Context) -> usize {
        if !self.open {
            self.rows.push(Row {
                mark: context.mark,
                ..Row::default()
            });
            self.open = true;
        }
        self.rows.len() - 1
    }

    fn space(&mut self) {
        if self.open
            && let Some(row) = self.rows.last_mut()
            && !row.text.is_empty()
        {
            row.text.push(' ');
        }
    }

    fn rule(&mut self, n: &Node<'_>, id: usize, context: Context) {
        self.open = false;
        let mark = if n.mark == Some('h') {
            Mark::Header
        } else {
            Mark::Rule
        };
        self.rows.push(Row {
            mark: if context.mark == Mark::None {
                mark
            } else {
                context.mark
            },
            ..Row::default()
        });
        self.pieces.push(Piece {
            node: id,
            from: 0,
            to: n.source.len(),
            line: self.rows.len() - 1,
            offset: 0,
        });
    }

    fn picture(&mut self, n: &Node<'_>, id: usize, context: Context) {
        let line = self.row(context);
        let Some(row) = self.rows.get_mut(line) else {
            return;
        };
        row.content = true;
        self.pieces.push(Piece {
            node: id,
            from: 0,
            to: n.source.len(),
            line,
            offset: row.text.len(),
        });
    }

    fn text(&mut self, n: &Node<'_>, id: usize, context: Context) {
        let context = if id < context.intro && context.mark == Mark::None {
            Context {
                mark: Mark::Intro,
                ..context
            }
        } else {
            context
        };
        let mut from = 0;
        let parts: Vec<&str> = if context.pre {
            n.source.split_inclusive('\n').collect()
        } else {
            vec![n.source]
        };
        for part in parts {
            let to = from + part.len();
            let empty = part.chars().all(char::is_whitespace);
            // Room between elements is no line of its own.
            if !empty || self.open {
                let line = self.row(context);
                self.piece(
                    Piece {
                        node: id,
                        from,
                        to,
                        line,
                        offset: 0,
                    },
                    part,
                    empty,
                );
            }
            if context.pre && part.ends_with('\n') {
                self.end(context, true);
            }
            from = to;
        }
    }

    fn piece(&mut self, mut piece: Piece, part: &str, empty: bool) {
        let header = !empty && std::mem::take(&mut self.header);
        let Some(row) = self.rows.get_mut(piece.line) else {
            return;
        };
        piece.offset = row.text.len();
        if row.text.len() < LONGEST {
            words(part, &mut row.text);
        }
        if header && matches!(row.mark, Mark::None | Mark::Soft | Mark::Weak) {
            row.mark = Mark::Header;
        }
        self.pieces.push(piece);
    }

    /// The lines as the engine reads them.
    pub fn lines(&self) -> Vec<Line<'_>> {
        self.rows
            .iter()
            .map(|r| {
                let blank = r.text.chars().all(|c| {
                    c.is_whitespace()
                        || matches!(
                            c,
                            '\u{200b}' | '\u{feff}' | '\u{200c}' | '\u{ad}' | '\u{34f}'
                        )
                }) && !r.content;
                let angle = r.mark == Mark::None
                    && r.text.trim_start().starts_with('>')
                    && !r.text.trim_start().starts_with(">From ");
                Line {
                    text: &r.text,
                    mark: if angle { Mark::Quoted } else { r.mark },
                    blank,
                }
            })
            .collect()
    }

    /// Each piece with its fold; where one line is shown in part, its piece is cut in two.
    pub fn folds(&self, found: &Found) -> Vec<Settled> {
        let mut out = Vec::with_capacity(self.pieces.len() + 1);
        for p in &self.pieces {
            let kind = found.kinds.get(p.line).copied().flatten();
            let Some((_, split)) = found.split.filter(|s| s.0 == p.line) else {
                out.push((*p, kind));
                continue;
            };
            let end = self
                .pieces
                .iter()
                .find(|q| q.line == p.line && q.offset > p.offset)
                .map_or(usize::MAX, |q| q.offset);
            if p.offset >= split {
                out.push((*p, Some(FoldKind::Quote)));
            } else if end <= split || p.to - p.from < 2 {
                out.push((*p, None));
            } else {
                out.push((*p, None));
                // Where exactly is settled by whoever writes the piece: it knows the source.
                out.push((
                    Piece {
                        offset: split - p.offset,
                        from: p.to,
                        ..*p
                    },
                    Some(FoldKind::Quote),
                ));
            }
        }
        out
    }
}

impl Piece {
    /// For the second half of a piece that is cut: how many bytes of words stay before it.
    pub fn cut(&self) -> Option<usize> {
        (self.from == self.to).then_some(self.offset)
    }
}

/// Rows without words only keep what makes them quoted.
fn quoted(mark: Mark) -> Mark {
    if matches!(
        mark,
        Mark::Quoted | Mark::History | Mark::Signature | Mark::Soft | Mark::Weak
    ) {
        mark
    } else {
        Mark::None
    }
}

fn inherited(n: &Node<'_>, context: Context, cites: bool) -> Mark {
    let outer = context.mark;
    let own = match n.mark {
        Some('q') => Mark::History,
        Some('g') if !cites => Mark::History,
        Some('c') => Mark::Quoted,
        Some('b' | 'w') if context.boxed => Mark::Quoted,
        Some('b') => Mark::Soft,
        Some('w') => Mark::Weak,
        Some('i') => Mark::Intro,
        Some('s') => Mark::Signature,
        _ => return outer,
    };
    match outer {
        Mark::History | Mark::Quoted => outer,
        Mark::Signature
            if matches!(own, Mark::Soft | Mark::Weak | Mark::Signature | Mark::Intro) =>
        {
            outer
        }
        Mark::Soft | Mark::Weak if own == Mark::Signature || own == Mark::Intro => outer,
        _ => own,
    }
}

/// Appends the words of escaped HTML text, white space folded.
pub fn words(escaped: &str, out: &mut String) {
    let mut rest = escaped;
    while let Some(c) = rest.chars().next() {
        let (c, len) = letter(rest, c);
        if c.is_whitespace() || c == '\u{a0}' {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
        rest = rest.get(len..).unwrap_or_default();
    }
}

/// The character that a source begins with, and how long it is there.
pub fn letter(rest: &str, c: char) -> (char, usize) {
    if c == '&' {
        for (entity, real) in [
            ("&nbsp;", '\u{a0}'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&quot;", '"'),
            ("&amp;", '&'),
        ] {
            if rest.starts_with(entity) {
                return (real, entity.len());
            }
        }
    }
    (c, c.len_utf8())
}
