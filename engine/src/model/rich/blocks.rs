//! The tree as a chat message's HTML, as Matrix has it: without pictures, and with lines kept close together.

use super::plain;
use super::write::{escaped, line};
use super::{Block, Piece, Rich, What};
use std::fmt::Write as _;

impl Rich {
    /// The text as `org.matrix.custom.html`; pictures are said in words.
    #[must_use]
    pub fn blocks(&self) -> String {
        let mut out = String::new();
        blocks(&mut out, &self.blocks);
        out
    }
}

/// Lines one below the other: a paragraph each would tear what was typed apart.
fn blocks(out: &mut String, all: &[Block]) {
    let mut after_line = false;
    for block in all {
        if after_line && matches!(block, Block::Line(_)) {
            out.push_str("<br>");
        }
        after_line = matches!(block, Block::Line(_));
        match block {
            Block::Line(pieces) => words(out, pieces),
            Block::List(list) => {
                let tag = if list.start.is_some() { "ol" } else { "ul" };
                match list.start.filter(|n| *n != 1) {
                    Some(n) => {
                        let _ = write!(out, "<ol start=\"{n}\">");
                    }
                    None => {
                        let _ = write!(out, "<{tag}>");
                    }
                }
                for item in &list.items {
                    out.push_str("<li>");
                    blocks(out, item);
                    out.push_str("</li>");
                }
                let _ = write!(out, "</{tag}>");
            }
            Block::Quote(inside) => {
                out.push_str("<blockquote>");
                blocks(out, inside);
                out.push_str("</blockquote>");
            }
            Block::Code(code) => {
                let _ = write!(out, "<pre><code>{}</code></pre>", escaped(code));
            }
        }
    }
}

fn words(out: &mut String, pieces: &[Piece]) {
    line(out, pieces, &mut |out, piece| match &piece.what {
        What::Break => out.push_str("<br>"),
        what => out.push_str(&escaped(&plain::words(what))),
    });
}

#[cfg(test)]
mod tests {
    use super::super::Rich;

    #[test]
    fn lines_stay_together_and_blocks_stay_blocks() {
        for (html, want) in [
            ("<p>a</p><p></p><p>b</p>", "a<br><br>b"),
            (
                "<p>a</p><ul><li><p>b</p><ul><li><p>c</p></li></ul></li></ul><p>d</p>",
                "a<ul><li>b<ul><li>c</li></ul></li></ul>d",
            ),
            (
                "<blockquote><p>q</p><p>r</p></blockquote><pre>1 &lt; 2</pre>",
                "<blockquote>q<br>r</blockquote><pre><code>1 &lt; 2</code></pre>",
            ),
            (
                "<p>see <img src=\"cid:000102030405060708090a0b0c0d0e0f\" alt=\"a plan\"> <strong>now</strong></p>",
                "see [a plan] <strong>now</strong>",
            ),
        ] {
            assert_eq!(Rich::read(html).unwrap().blocks(), want, "{html}");
        }
    }
}
