//! The text of clean HTML, and clean HTML of text.

use super::is_block;

/// A piece of clean HTML.
pub(super) enum Piece<'a> {
    /// What stands between tags, as written.
    Text(&'a str),
    /// What stands between `<` and `>`.
    Tag(&'a str),
}

/// Clean HTML in pieces, in order. In clean HTML no value holds a `>`.
pub(super) fn pieces(clean: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = clean;
    let mut in_tag = false;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = if in_tag { '>' } else { '<' };
        let (piece, after) = rest.split_once(end).unwrap_or((rest, ""));
        rest = after;
        in_tag = !in_tag;
        Some(if in_tag {
            Piece::Text(piece)
        } else {
            Piece::Tag(piece)
        })
    })
}

/// The text of HTML that this sanitiser made, for search and for those who read without formatting.
#[must_use]
pub fn to_text(clean: &str) -> String {
    let mut out = Text::default();
    for piece in pieces(clean) {
        match piece {
            Piece::Text(text) => out.text(text),
            Piece::Tag(tag) => out.tag(tag),
        }
    }
    out.done.trim().to_owned()
}

#[derive(Default)]
struct Text {
    done: String,
    pre: usize,
}

impl Text {
    fn text(&mut self, escaped: &str) {
        let text = escaped
            .replace("&nbsp;", " ")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        for c in text.chars() {
            let space = c.is_whitespace() || c == '\u{a0}';
            if self.pre > 0 || !space {
                self.done.push(c);
            } else if !self.done.ends_with([' ', '\n']) && !self.done.is_empty() {
                self.done.push(' ');
            }
        }
    }

    fn tag(&mut self, tag: &str) {
        let closing = tag.starts_with('/');
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n', '/'])
            .next()
            .unwrap_or_default();
        match name {
            "br" => self.done.push('\n'),
            "td" | "th" if closing => self.done.push(' '),
            "li" if !closing => {
                self.line();
                self.done.push_str("• ");
            }
            _ if is_block(name) => self.line(),
            _ => {}
        }
        match (name, closing) {
            ("pre", false) => self.pre += 1,
            ("pre", true) => self.pre = self.pre.saturating_sub(1),
            ("p" | "h1" | "h2" | "h3" | "h4", true) if !self.done.ends_with("\n\n") => {
                self.done.push('\n');
            }
            _ => {}
        }
    }

    /// Begins a line unless one has just begun.
    fn line(&mut self) {
        self.done.truncate(self.done.trim_end_matches(' ').len());
        if !self.done.is_empty() && !self.done.ends_with('\n') {
            self.done.push('\n');
        }
    }
}

/// Plain text as HTML that keeps its lines.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push_str("<br>"),
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}
