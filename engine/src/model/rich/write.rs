//! The tree as HTML in its one form.

use super::{Block, Look, Piece, What};
use std::fmt::Write as _;

pub(super) fn html(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        write(&mut out, block);
    }
    out
}

fn write(out: &mut String, block: &Block) {
    match block {
        Block::Line(pieces) => {
            out.push_str("<p>");
            line(out, pieces, &mut |out, piece| match &piece.what {
                What::Text(text) => out.push_str(&escaped(text)),
                What::Break => out.push_str("<br>"),
                What::Picture { file, alt } => {
                    let _ = write!(
                        out,
                        "<img src=\"cid:{}\" alt=\"{}\">",
                        file.hex(),
                        escaped(alt)
                    );
                }
            });
            out.push_str("</p>");
        }
        Block::List(list) => {
            let tag = if list.start.is_some() { "ol" } else { "ul" };
            match list.start {
                Some(n) if n != 1 => {
                    let _ = write!(out, "<ol start=\"{n}\">");
                }
                _ => {
                    let _ = write!(out, "<{tag}>");
                }
            }
            for item in &list.items {
                out.push_str("<li>");
                out.push_str(&html(item));
                out.push_str("</li>");
            }
            let _ = write!(out, "</{tag}>");
        }
        Block::Quote(inside) => {
            let _ = write!(out, "<blockquote>{}</blockquote>", html(inside));
        }
        Block::Code(code) => {
            let _ = write!(out, "<pre>{}</pre>", escaped(code));
        }
    }
}

/// The pieces of a line with their tags around them; a tag that two neighbours share is written once.
pub(super) fn line(
    out: &mut String,
    pieces: &[Piece],
    content: &mut dyn FnMut(&mut String, &Piece),
) {
    let mut open: Vec<Tag<'_>> = Vec::new();
    for piece in pieces {
        let wanted = tags(&piece.look);
        let same = open.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        for tag in open.drain(same..).rev() {
            let _ = write!(out, "</{}>", tag.name);
        }
        for tag in wanted.into_iter().skip(same) {
            match tag.href {
                Some(href) => {
                    let _ = write!(out, "<a href=\"{}\">", escaped(href));
                }
                None => {
                    let _ = write!(out, "<{}>", tag.name);
                }
            }
            open.push(tag);
        }
        content(out, piece);
    }
    for tag in open.iter().rev() {
        let _ = write!(out, "</{}>", tag.name);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    name: &'static str,
    href: Option<&'a str>,
}

fn tags(look: &Look) -> Vec<Tag<'_>> {
    let tag = |name, on: bool| on.then_some(Tag { name, href: None });
    let link = look.link.as_deref().map(|href| Tag {
        name: "a",
        href: Some(href),
    });
    [
        link,
        tag("strong", look.strong),
        tag("em", look.em),
        tag("u", look.underlined),
        tag("s", look.struck),
        tag("code", look.code),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Text between tags or inside of a quoted value.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
