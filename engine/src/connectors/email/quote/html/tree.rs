//! The tree of HTML as the sanitiser writes it. Reading never fails and loses nothing: what does not fit is kept as it
//! stands.

use super::super::marks::ATTRIBUTE;

/// Elements without an end.
const VOID: &[&str] = &["br", "img", "hr", "col", "wbr", "input", "meta", "link"];

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Element,
    Text,
    /// An end without its beginning.
    Stray,
}

/// A node: an element with its children, or a stretch of text.
#[derive(Debug)]
pub struct Node<'a> {
    pub kind: Kind,
    pub name: &'a str,
    /// The tag that begins it, or the text.
    pub source: &'a str,
    /// Where that begins in the whole.
    pub start: usize,
    /// The tag that ends it.
    pub close: &'a str,
    /// What a mail program said of it.
    pub mark: Option<char>,
    pub children: Vec<usize>,
}

/// The whole; node 0 is the root.
#[derive(Debug)]
pub struct Tree<'a> {
    pub nodes: Vec<Node<'a>>,
    pub depth: usize,
    html: &'a str,
}

impl<'a> Tree<'a> {
    pub fn read(html: &'a str) -> Self {
        let mut tree = Self {
            nodes: vec![node(Kind::Element, "", "", 0)],
            depth: 0,
            html,
        };
        let mut open = vec![0usize];
        // Behind the last `>` nothing is a tag; looking for it each time would take forever.
        let last = html.rfind('>').unwrap_or(0);
        let mut at = 0;
        while let Some(rest) = html.get(at..).filter(|r| !r.is_empty()) {
            let begins = rest.starts_with('<')
                && at < last
                && rest
                    .get(1..)
                    .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'));
            let tag_end = begins.then(|| rest.find('>')).flatten();
            let is_tag = tag_end.is_some();
            let len = match tag_end {
                Some(end) if is_tag => end + 1,
                // A `<` that begins nothing is text.
                _ => rest
                    .char_indices()
                    .skip(1)
                    .find(|(_, c)| *c == '<')
                    .map_or(rest.len(), |(i, _)| i),
            };
            let Some(source) = rest.get(..len).filter(|_| html.is_char_boundary(at + len)) else {
                tree.add(&open, node(Kind::Text, "", rest, at));
                break;
            };
            if is_tag {
                tree.tag(&mut open, source, at);
            } else {
                tree.add(&open, node(Kind::Text, "", source, at));
            }
            at += len;
        }
        tree
    }

    fn add(&mut self, open: &[usize], n: Node<'a>) -> usize {
        let id = self.nodes.len();
        self.nodes.push(n);
        if let Some(parent) = open.last().and_then(|p| self.nodes.get_mut(*p)) {
            parent.children.push(id);
        }
        id
    }

    fn tag(&mut self, open: &mut Vec<usize>, source: &'a str, at: usize) {
        let inner = source.trim_start_matches('<').trim_start_matches('/');
        let end = inner
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(inner.len());
        let name = inner.get(..end).unwrap_or_default();
        if source.starts_with("</") {
            // Only the innermost open one is ended: what the sanitiser writes is nested well.
            let same = open
                .last()
                .and_then(|o| self.nodes.get_mut(*o))
                .filter(|n| n.name == name && !name.is_empty());
            match same {
                Some(n) if open.len() > 1 => {
                    n.close = source;
                    open.pop();
                }
                _ => {
                    self.add(open, node(Kind::Stray, "", source, at));
                }
            }
            return;
        }
        let mut n = node(Kind::Element, name, source, at);
        n.mark = mark(source);
        let id = self.add(open, n);
        if !VOID.contains(&name) {
            open.push(id);
            self.depth = self.depth.max(open.len());
        }
    }

    /// The HTML with nothing but our marks taken off.
    pub fn without_marks(&self) -> String {
        let mut out = String::with_capacity(self.html.len());
        let mut at = 0;
        for n in self.nodes.iter().filter(|n| n.mark.is_some()) {
            out.push_str(self.html.get(at..n.start).unwrap_or_default());
            out.push_str(&unmarked(n.source));
            at = n.start + n.source.len();
        }
        out.push_str(self.html.get(at..).unwrap_or_default());
        out
    }
}

fn node<'a>(kind: Kind, name: &'a str, source: &'a str, start: usize) -> Node<'a> {
    Node {
        kind,
        name,
        source,
        start,
        close: "",
        mark: None,
        children: Vec::new(),
    }
}

fn place(tag: &str) -> Option<usize> {
    // A quote inside a value is written as an entity, so that this stands only where an attribute stands.
    tag.find(&format!(" {ATTRIBUTE}=\""))
}

fn mark(tag: &str) -> Option<char> {
    let value = tag.get(place(tag)? + ATTRIBUTE.len() + 3..)?;
    let mark = value
        .chars()
        .next()
        .filter(|c| *c != '"' && c.is_ascii_lowercase())?;
    value
        .get(1..)
        .is_some_and(|v| v.starts_with('"'))
        .then_some(mark)
}

/// A tag without our mark.
pub fn unmarked(tag: &str) -> String {
    match (mark(tag), place(tag)) {
        (Some(_), Some(at)) => format!(
            "{}{}",
            tag.get(..at).unwrap_or_default(),
            tag.get(at + ATTRIBUTE.len() + 5..).unwrap_or_default()
        ),
        _ => tag.to_owned(),
    }
}
