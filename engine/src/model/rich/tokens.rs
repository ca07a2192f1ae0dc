//! HTML in tokens. It need not be read as a browser would: nothing of it is passed on.

/// A token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text as written, with its references.
    Text(&'a str),
    /// The start of an element: its name in small letters, and its attributes as written.
    Open(String, &'a str),
    /// The end of an element.
    Close(String),
}

/// Elements whose content is nothing that is read.
const SILENT: [&str; 12] = [
    "script", "style", "title", "head", "textarea", "xmp", "iframe", "noembed", "noframes",
    "template", "svg", "math",
];

pub(super) struct Tokens<'a> {
    rest: &'a str,
}

pub(super) fn tokens(html: &str) -> Tokens<'_> {
    Tokens { rest: html }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(at) = self.tag_start() else {
                return Some(Token::Text(std::mem::take(&mut self.rest)));
            };
            if at > 0 {
                let (text, rest) = self.rest.split_at(at);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            if let Some(token) = self.tag() {
                return Some(token);
            }
        }
    }
}

impl<'a> Tokens<'a> {
    /// Where the next tag, comment or instruction begins. A `<` before anything else is text.
    fn tag_start(&self) -> Option<usize> {
        let starts = |b: Option<&u8>| {
            b.is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!' | b'?'))
        };
        let bytes = self.rest.as_bytes();
        self.rest
            .match_indices('<')
            .map(|(at, _)| at)
            .find(|at| starts(bytes.get(at + 1)))
    }

    /// What begins here with `<`; none where it says nothing.
    fn tag(&mut self) -> Option<Token<'a>> {
        let all = self.rest;
        let inside = all.get(1..).unwrap_or_default();
        if inside.starts_with("!--") {
            let end = all.find("-->").map_or(all.len(), |e| e + 3);
            self.rest = all.get(end..).unwrap_or_default();
            return None;
        }
        let end = tag_end(inside);
        let tag = inside.get(..end).unwrap_or_default();
        self.rest = inside.get(end + 1..).unwrap_or_default();
        if tag.starts_with(['!', '?']) {
            return None;
        }
        let (closing, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let name_end = tag
            .find(|c: char| c.is_ascii_whitespace() || c == '/')
            .unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(name_end);
        let name = name.to_ascii_lowercase();
        if name.is_empty() {
            return None;
        }
        if closing {
            return Some(Token::Close(name));
        }
        if SILENT.contains(&name.as_str()) {
            self.skip(&name);
            return None;
        }
        Some(Token::Open(name, attributes))
    }

    /// Goes behind the end of an element.
    fn skip(&mut self, name: &str) {
        let end = self.rest.match_indices("</").find(|(at, _)| {
            self.rest
                .as_bytes()
                .get(at + 2..at + 2 + name.len())
                .is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
        });
        let Some((at, _)) = end else {
            self.rest = "";
            return;
        };
        let tail = self.rest.get(at..).unwrap_or_default();
        self.rest = tail.find('>').map_or("", |e| &tail[e + 1..]);
    }
}

/// Where a tag ends: at the first `>` outside of a quoted value.
fn tag_end(inside: &str) -> usize {
    let mut quote = None;
    let mut after_equals = false;
    for (at, b) in inside.bytes().enumerate() {
        match (quote, b) {
            (Some(q), b) if b == q => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return at,
            (None, b'"' | b'\'') if after_equals => quote = Some(b),
            _ => {}
        }
        if !b.is_ascii_whitespace() {
            after_equals = b == b'=';
        }
    }
    inside.len()
}

/// The value of an attribute, its references read.
pub(super) fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_ascii_whitespace() || matches!(c, '=' | '/'))
            .map_or(rest.len(), |(at, _)| at);
        let (name, after) = rest.split_at(end);
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => value_of(value.trim_start()),
            None => ("", after),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(decoded(value));
        }
        rest = after;
    }
}

fn value_of(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let end = text
        .find(|c: char| c.is_ascii_whitespace())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Text with its references read: those by number, and the few by name that editors write.
pub(super) fn decoded(text: &str) -> String {
    const LONGEST: usize = 10;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST).position(|b| b == b';');
        match end.and_then(|e| Some((reference(rest.get(1..e)?)?, e))) {
            Some((c, e)) => {
                out.push(c);
                rest = &rest[e + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => return None,
    })
}
