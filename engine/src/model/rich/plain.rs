//! The tree as text, for who reads without formatting, for search and for the list.

use super::{Block, List, Piece, What};

pub(super) fn text(blocks: &[Block]) -> String {
    lines(blocks).join("\n")
}

fn lines(blocks: &[Block]) -> Vec<String> {
    let mut out = Vec::new();
    for block in blocks {
        match block {
            Block::Line(pieces) => out.extend(line(pieces).split('\n').map(str::to_owned)),
            Block::List(list) => out.extend(listed(list)),
            Block::Quote(inside) => out.extend(lines(inside).iter().map(|l| quoted(l))),
            Block::Code(code) => out.extend(code.split('\n').map(str::to_owned)),
        }
    }
    out
}

fn quoted(line: &str) -> String {
    match line {
        "" => ">".to_owned(),
        l if l.starts_with('>') => format!(">{l}"),
        l => format!("> {l}"),
    }
}

fn listed(list: &List) -> Vec<String> {
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
        for (i, line) in lines(item).into_iter().enumerate() {
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
        let said = match &piece.what {
            What::Text(text) => text.clone(),
            What::Break => "\n".to_owned(),
            What::Picture { alt, .. } if alt.is_empty() => String::new(),
            What::Picture { alt, .. } => format!("[{alt}]"),
        };
        match &mut link {
            Some((_, words)) => words.push_str(&said),
            None => out.push_str(&said),
        }
    }
    end_link(&mut out, link);
    out
}

fn end_link(out: &mut String, link: Option<(&str, String)>) {
    let Some((to, words)) = link else { return };
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
}
