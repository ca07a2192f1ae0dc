//! The tree in the few tags that Telegram reads: bold, italic, underlined, struck, code, links and quotes that do not
//! stand inside of each other. Lists are said in text.

use super::plain::{self, Said, led};
use super::write::{escaped, line as tagged};
use super::{Block, Piece, Rich, What};

impl Rich {
    /// The text as Telegram's HTML. Its characters without the tags are what [`Rich::text`] has, but for links.
    #[must_use]
    pub fn words(&self) -> String {
        let mut out: Vec<String> = Vec::new();
        for block in &self.blocks {
            match block {
                // A quote may not hold another one, nor a program's lines.
                Block::Quote(inside) => {
                    let inside = plain::lines(inside, &QUOTED).join("\n");
                    out.push(format!("<blockquote>{inside}</blockquote>"));
                }
                other => out.push(plain::lines(std::slice::from_ref(other), &WORDS).join("\n")),
            }
        }
        out.join("\n")
    }
}

const WORDS: Said = Said {
    line,
    code: |code| format!("<pre>{}</pre>", escaped(code)),
    quote: "&gt;",
};

const QUOTED: Said = Said {
    code: escaped,
    ..WORDS
};

/// Links only lead to the web here; another one is said in text. Code holds nothing else.
fn line(pieces: &[Piece]) -> String {
    let mut plainer: Vec<Piece> = Vec::new();
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        let link = first.look.link.as_deref();
        let same = rest.iter().take_while(|p| p.look.link.as_deref() == link);
        let (some, after) = rest.split_at(same.count());
        rest = after;
        let words: String = some.iter().map(|p| plain::words(&p.what)).collect();
        match link.filter(|to| !leads(to) || words.trim().is_empty()) {
            Some(to) => plainer.push(Piece {
                what: What::Text(led(to, &words)),
                look: super::Look::default(),
            }),
            None => plainer.extend(some.iter().map(plain_code)),
        }
    }
    let mut out = String::new();
    tagged(&mut out, &plainer, &mut |out, piece| {
        out.push_str(&escaped(&plain::words(&piece.what)));
    });
    short(&out)
}

fn leads(to: &str) -> bool {
    to.starts_with("https://") || to.starts_with("http://")
}

fn plain_code(piece: &Piece) -> Piece {
    let mut piece = piece.clone();
    if piece.look.code {
        piece.look = super::Look {
            // Code in a link stays a link.
            code: piece.look.link.is_none(),
            link: piece.look.link.take(),
            ..super::Look::default()
        };
    }
    piece
}

/// The short names of the tags; what was text has no `<` any more.
fn short(html: &str) -> String {
    html.replace("<strong>", "<b>")
        .replace("</strong>", "</b>")
        .replace("<em>", "<i>")
        .replace("</em>", "</i>")
}

#[cfg(test)]
mod tests {
    use super::super::Rich;

    fn words(html: &str) -> String {
        Rich::read(html).unwrap().words()
    }

    #[test]
    fn words_keep_their_marks_and_links() {
        for (html, want) in [
            (
                "<p>a <strong>b <em>c</em></strong> <u>d</u> <s>e</s></p>",
                "a <b>b <i>c</i></b> <u>d</u> <s>e</s>",
            ),
            (
                "<p>1 &lt; 2 &amp; <a href=\"https://a.test/?x=1&amp;y=2\">here</a></p>",
                "1 &lt; 2 &amp; <a href=\"https://a.test/?x=1&amp;y=2\">here</a>",
            ),
            (
                "<p><a href=\"mailto:a@b.test\">write</a> me</p>",
                "write &lt;a@b.test&gt; me",
            ),
            (
                "<p><strong><code>x</code></strong><br>y</p>",
                "<code>x</code>\ny",
            ),
            ("<pre>a &lt; b\n c</pre>", "<pre>a &lt; b\n c</pre>"),
            (
                "<ol start=\"2\"><li><p><strong>a</strong></p></li><li><p>b</p></li></ol>",
                "2. <b>a</b>\n3. b",
            ),
            (
                "<blockquote><p>a</p><blockquote><p>b</p></blockquote><pre>c</pre></blockquote><p>d</p>",
                "<blockquote>a\n&gt; b\nc</blockquote>\nd",
            ),
            ("<p>a</p><p></p><p>b</p>", "a\n\nb"),
        ] {
            assert_eq!(words(html), want, "{html}");
        }
    }
}
