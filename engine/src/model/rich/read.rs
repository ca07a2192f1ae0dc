//! Tokens become a tree. There is always one, however broken the HTML is.

use super::tokens::{Token, attribute, decoded, tokens};
use super::{Block, List, Look, MAX_ALT, MAX_DEPTH, MAX_START, Piece, What};
use crate::model::FileId;
use crate::model::url::openable;

/// Most marks that are open at a time: nobody needs more than there are kinds of them.
const MAX_MARKS: usize = 64;

pub(super) fn read(html: &str) -> Vec<Block> {
    let mut reading = Reading::default();
    for token in tokens(html) {
        match token {
            Token::Text(text) => reading.text(&decoded(text)),
            Token::Open(name, attributes) => reading.open(&name, attributes),
            Token::Close(name) => reading.close(&name),
        }
    }
    reading.done()
}

/// What is open around a place.
enum Around {
    Quote(Vec<Block>),
    List(List),
    Item(Vec<Block>),
}

/// A look that is switched on until its end.
enum Mark {
    Strong,
    Em,
    Underlined,
    Struck,
    Code,
    /// A link; none where it leads nowhere that is allowed.
    Link(Option<String>),
}

#[derive(Default)]
struct Reading {
    done: Vec<Block>,
    around: Vec<Around>,
    marks: Vec<(String, Mark)>,
    line: Option<Vec<Piece>>,
    code: Option<String>,
}

/// Elements that begin a line of their own and say nothing else here.
fn breaks_line(name: &str) -> bool {
    matches!(
        name,
        "div"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "table"
            | "tr"
            | "td"
            | "th"
            | "dl"
            | "dt"
            | "dd"
            | "hr"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "address"
            | "center"
            | "figure"
            | "figcaption"
            | "form"
            | "body"
            | "html"
    )
}

impl Reading {
    fn open(&mut self, name: &str, attributes: &str) {
        if let Some(code) = &mut self.code {
            if name == "br" {
                code.push('\n');
            }
            return;
        }
        match name {
            "p" => {
                self.end_line();
                self.line = Some(Vec::new());
            }
            "br" => self.put(What::Break),
            "img" => self.picture(attributes),
            "ul" => self.enter(Around::List(List {
                start: None,
                items: Vec::new(),
            })),
            "ol" => {
                let start = attribute(attributes, "start")
                    .and_then(|s| s.trim().parse().ok())
                    .filter(|n| (1..=MAX_START).contains(n));
                self.enter(Around::List(List {
                    start: Some(start.unwrap_or(1)),
                    items: Vec::new(),
                }));
            }
            "li" => {
                self.end_line();
                self.leave_to(
                    |a| matches!(a, Around::List(_)),
                    false,
                    |a| matches!(a, Around::Quote(_)),
                );
                if matches!(self.around.last(), Some(Around::List(_))) {
                    self.around.push(Around::Item(Vec::new()));
                }
            }
            "blockquote" => self.enter(Around::Quote(Vec::new())),
            "pre" => {
                self.end_line();
                self.code = Some(String::new());
            }
            name if breaks_line(name) => self.end_line(),
            name => {
                if self.marks.len() < MAX_MARKS
                    && let Some(mark) = mark(name, attributes)
                {
                    self.marks.push((name.to_owned(), mark));
                }
            }
        }
    }

    fn close(&mut self, name: &str) {
        if self.code.is_some() {
            if name == "pre" {
                self.end_code();
            }
            return;
        }
        match name {
            "p" => self.end_line(),
            "ul" | "ol" => {
                self.end_line();
                self.leave_to(
                    |a| matches!(a, Around::List(_)),
                    true,
                    |a| matches!(a, Around::Quote(_)),
                );
            }
            "li" => {
                self.end_line();
                self.leave_to(
                    |a| matches!(a, Around::Item(_)),
                    true,
                    |a| matches!(a, Around::Quote(_) | Around::List(_)),
                );
            }
            "blockquote" => {
                self.end_line();
                self.leave_to(|a| matches!(a, Around::Quote(_)), true, |_| false);
            }
            name if breaks_line(name) => self.end_line(),
            name => {
                if let Some(at) = self.marks.iter().rposition(|(n, _)| n == name) {
                    self.marks.remove(at);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        let is_kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        if let Some(code) = &mut self.code {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            code.extend(text.chars().filter(is_kept));
            return;
        }
        // Space between blocks is how the HTML is laid out.
        if self.line.is_none() && text.trim().is_empty() {
            return;
        }
        let flat = |c: char| if matches!(c, '\n' | '\r') { ' ' } else { c };
        let text: String = text.chars().map(flat).filter(is_kept).collect();
        if !text.is_empty() {
            self.put(What::Text(text));
        }
    }

    fn picture(&mut self, attributes: &str) {
        let file = attribute(attributes, "src")
            .and_then(|s| FileId::parse(s.trim().strip_prefix("cid:")?));
        if let Some(file) = file {
            let alt = attribute(attributes, "alt").unwrap_or_default();
            let alt = alt.chars().filter(|c| !c.is_control()).take(MAX_ALT);
            self.put(What::Picture {
                file,
                alt: alt.collect(),
            });
        }
    }

    fn put(&mut self, what: What) {
        let look = self.look();
        let line = self.line.get_or_insert_default();
        if let (What::Text(text), Some(last)) = (&what, line.last_mut())
            && let What::Text(before) = &mut last.what
            && last.look == look
        {
            before.push_str(text);
            return;
        }
        line.push(Piece { what, look });
    }

    fn look(&self) -> Look {
        let mut look = Look::default();
        for (_, mark) in &self.marks {
            match mark {
                Mark::Strong => look.strong = true,
                Mark::Em => look.em = true,
                Mark::Underlined => look.underlined = true,
                Mark::Struck => look.struck = true,
                Mark::Code => look.code = true,
                Mark::Link(to) => look.link.clone_from(to),
            }
        }
        look
    }

    fn end_line(&mut self) {
        if let Some(line) = self.line.take() {
            self.add(Block::Line(line));
        }
    }

    fn end_code(&mut self) {
        if let Some(code) = self.code.take() {
            let code = code.trim_matches('\n');
            self.add(Block::Code(code.to_owned()));
        }
    }

    fn enter(&mut self, around: Around) {
        self.end_line();
        // A list inside a list without an item of its own gets one.
        if matches!(self.around.last(), Some(Around::List(_))) {
            self.around.push(Around::Item(Vec::new()));
        }
        let deep = |a: &&Around| !matches!(a, Around::Item(_));
        if self.around.iter().filter(deep).count() < MAX_DEPTH {
            self.around.push(around);
        }
    }

    /// Closes what is open up to the innermost that is wanted, `with` it or up to it, unless `not` stands between.
    fn leave_to(
        &mut self,
        wanted: impl Fn(&Around) -> bool,
        with: bool,
        not: impl Fn(&Around) -> bool,
    ) {
        let Some(at) = self.around.iter().rposition(|a| wanted(a) || not(a)) else {
            return;
        };
        if !self.around.get(at).is_some_and(&wanted) {
            return;
        }
        let keep = if with { at } else { at + 1 };
        while self.around.len() > keep {
            self.leave();
        }
    }

    fn leave(&mut self) {
        match self.around.pop() {
            Some(Around::Quote(inside)) if !inside.is_empty() => self.add(Block::Quote(inside)),
            Some(Around::List(list)) if !list.items.is_empty() => self.add(Block::List(list)),
            Some(Around::Item(mut blocks)) => {
                if !matches!(blocks.first(), Some(Block::Line(_))) {
                    blocks.insert(0, Block::Line(Vec::new()));
                }
                if let Some(Around::List(list)) = self.around.last_mut() {
                    list.items.push(blocks);
                }
            }
            Some(Around::Quote(_) | Around::List(_)) | None => {}
        }
    }

    fn add(&mut self, block: Block) {
        if matches!(self.around.last(), Some(Around::List(_))) {
            self.around.push(Around::Item(Vec::new()));
        }
        match self.around.last_mut() {
            Some(Around::Quote(inside) | Around::Item(inside)) => inside.push(block),
            Some(Around::List(_)) | None => self.done.push(block),
        }
    }

    fn done(mut self) -> Vec<Block> {
        self.end_code();
        self.end_line();
        while !self.around.is_empty() {
            self.leave();
        }
        self.done
    }
}

fn mark(name: &str, attributes: &str) -> Option<Mark> {
    Some(match name {
        "strong" | "b" => Mark::Strong,
        "em" | "i" => Mark::Em,
        "u" | "ins" => Mark::Underlined,
        "s" | "strike" | "del" => Mark::Struck,
        "code" | "tt" | "kbd" | "samp" => Mark::Code,
        "a" => Mark::Link(attribute(attributes, "href").and_then(|h| link(&h))),
        _ => return None,
    })
}

/// Where a link may lead: to the web or to a mailbox.
fn link(to: &str) -> Option<String> {
    let to = openable(to).ok()?;
    matches!(to.scheme.as_str(), "http" | "https" | "mailto").then_some(to.url)
}
