//! The tree as it stands in a letter that goes out: with the little style that mail programs need, the direction of
//! each line by its own words, and addresses of the web as links.

use super::write::{escaped, line};
use super::{Block, Piece, Rich, What};
use crate::model::letter::{Picture, rich_line};
use std::fmt::Write as _;

impl Rich {
    /// The HTML of a letter; pictures by their Content-IDs.
    #[must_use]
    pub fn letter(&self, pictures: &[Picture<'_>]) -> String {
        let mut out = String::new();
        blocks(&mut out, &self.blocks, pictures, true);
        out
    }
}

/// `alone` = its lines have each their own direction; those of a list have one, so that its marks stand on one side.
fn blocks(out: &mut String, all: &[Block], pictures: &[Picture<'_>], alone: bool) {
    let dir = if alone { " dir=\"auto\"" } else { "" };
    for block in all {
        match block {
            Block::Line(pieces) => {
                let _ = write!(out, "<div{dir}>");
                words(out, pieces, pictures);
                out.push_str("</div>\n");
            }
            Block::List(list) => {
                let tag = if list.start.is_some() { "ol" } else { "ul" };
                let _ = write!(out, "<{tag}{dir} style=\"margin:0\"");
                if let Some(n) = list.start.filter(|n| *n != 1) {
                    let _ = write!(out, " start=\"{n}\"");
                }
                out.push_str(">\n");
                for item in &list.items {
                    out.push_str("<li>");
                    self::item(out, item, pictures);
                    out.push_str("</li>\n");
                }
                let _ = writeln!(out, "</{tag}>");
            }
            Block::Quote(inside) => {
                out.push_str("<blockquote style=\"margin:0 0 0 8px;border-left:2px solid #cccccc;padding-left:8px\">");
                blocks(out, inside, pictures, alone);
                out.push_str("</blockquote>\n");
            }
            Block::Code(code) => {
                let _ = writeln!(
                    out,
                    "<pre style=\"margin:0;font-family:monospace;white-space:pre-wrap\">{}</pre>",
                    escaped(code)
                );
            }
        }
    }
}

/// An item's first line stands beside its mark.
fn item(out: &mut String, inside: &[Block], pictures: &[Picture<'_>]) {
    match inside.split_first() {
        Some((Block::Line(first), rest)) => {
            words(out, first, pictures);
            blocks(out, rest, pictures, false);
        }
        _ => blocks(out, inside, pictures, false),
    }
}

fn words(out: &mut String, pieces: &[Piece], pictures: &[Picture<'_>]) {
    if pieces.is_empty() {
        out.push_str("<br>");
        return;
    }
    line(out, pieces, &mut |out, piece| match &piece.what {
        What::Text(text) => {
            let own = piece.look.link.is_none() && !piece.look.code;
            out.push_str(&rich_line(text, own));
        }
        What::Break => out.push_str("<br>"),
        What::Picture { file, alt } => {
            let key = file.hex();
            if let Some(p) = pictures.iter().find(|p| p.key == key) {
                let alt = if alt.is_empty() { p.name } else { alt };
                let _ = write!(
                    out,
                    "<img src=\"cid:{}\" alt=\"{}\" style=\"max-width:100%\">",
                    escaped(p.content_id),
                    escaped(alt)
                );
            }
        }
    });
}
