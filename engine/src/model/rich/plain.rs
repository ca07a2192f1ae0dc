//! The tree as text, for who reads without formatting, for search and for the list.

use super::{Block, List, Piece, What};

pub(super) fn text(blocks: &[Block]) -> String {
    lines(blocks, &PLAIN).join("\n")
}

/// How what stands in a line is said, where lists and quotes are said in text.
pub(super) struct Said {
    /// A line of words, which may become several.
    pub(super) line: fn(&[Piece]) -> String,
    /// A program's lines.
    pub(super) code: fn(&str) -> String,
    /// What begins a quoted line.
    pub(super) quote: &'static str,
}

const PLAIN: Said = Said {
    line,
    code: str::to_owned,
    quote: ">",
};

pub(super) fn lines(blocks: &[Block], said: &Said) -> Vec<String> {
    let mut out = Vec::new();
    for block in blocks {
        match block {
            Block::Line(pieces) => {
                out.extend((said.line)(pieces).split('\n').map(str::to_owned));
            }
            Block::List(list) => out.extend(listed(list, said)),
            Block::Quote(inside) => {
                let inside = lines(inside, said);
                out.extend(inside.iter().map(|l| quoted(l, said.quote)));
            }
            Block::Code(code) => out.extend((said.code)(code).split('\n').map(str::to_owned)),
        }
    }
    out
}

fn quoted(line: &str, mark: &str) -> String {
    match line {
        "" => mark.to_owned(),
        l if l.starts_with(mark) => format!("{mark}{l}"),
        l => format!("{mark} {l}"),
    }
}

fn listed(list: &List, said: &Said) -> Vec<String> {
    let mut out = Vec::new();
    let mut number = list.start;
    for item in &list.items {
        let mark = match &mut number {
            Some(n) => {
                let mark = format!("{n}. ");
                *n += 1;
                mark
            }
            None => "- ".to_owned(),
        };
        let indent = " ".repeat(mark.len());
        for (i, line) in lines(item, said).into_iter().enumerate() {
            out.push(match (i, line.is_empty()) {
                (0, _) => format!("{mark}{line}"),
                (_, true) => line,
                _ => format!("{indent}{line}"),
            });
        }
    }
    out
}

/// A line, each link followed by where it leads unless it says so itself.
fn line(pieces: &[Piece]) -> String {
    let mut out = String::new();
    let mut link: Option<(&str, String)> = None;
    for piece in pieces {
        let to = piece.look.link.as_deref();
        if link.as_ref().map(|l| l.0) != to {
            end_link(&mut out, link.take());
            link = to.map(|to| (to, String::new()));
        }
        let said = words(&piece.what);
        match &mut link {
            Some((_, words)) => words.push_str(&said),
            None => out.push_str(&said),
        }
    }
    end_link(&mut out, link);
    out
}

/// A piece without its look.
pub(super) fn words(what: &What) -> String {
    match what {
        What::Text(text) => text.clone(),
        What::Break => "\n".to_owned(),
        What::Picture { alt, .. } if alt.is_empty() => String::new(),
        What::Picture { alt, .. } => format!("[{alt}]"),
    }
}

fn end_link(out: &mut String, link: Option<(&str, String)>) {
    let Some((to, words)) = link else { return };
    out.push_str(&led(to, &words));
}

/// Words that are a link, with where it leads behind them unless they say so themselves.
pub(super) fn led(to: &str, words: &str) -> String {
    let mut out = String::new();
    let address = to.strip_prefix("mailto:").unwrap_or(to);
    let said = words.trim();
    out.push_str(words.trim_end());
    let same = said.trim_end_matches('/') == address.trim_end_matches('/');
    if said.is_empty() {
        out.push_str(address);
    } else if !same {
        out.push_str(&format!(" <{address}>"));
    }
    out.push_str(&words[words.trim_end().len()..]);
    out
}
