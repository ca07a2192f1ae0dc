//! A mail's parts: found in one pass over its lines, without recursion and without looking back, whatever is missing
//! or nested.

use super::budget::{MAX_MIME_DEPTH, MAX_PARTS};
use super::headers::{Headers, split_line};
use super::params::Params;
use super::transfer::Transfer;

/// One part.
pub(super) struct Part<'a> {
    /// Its header.
    pub(super) headers: Headers<'a>,
    /// `text/plain`, in lower case; what the part's place makes it where it says nothing.
    pub(super) kind: Params,
    /// `attachment` or `inline`, with the file's name.
    pub(super) disposition: Params,
    /// How its body travelled.
    pub(super) transfer: Transfer,
    /// Its body as it travelled.
    pub(super) body: &'a [u8],
    /// The parts in it: of a container, or the mail in a mail.
    pub(super) children: Vec<usize>,
    /// How deep it is nested; the mail itself is 1.
    pub(super) depth: usize,
}

impl Part<'_> {
    /// Whether its type is this.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.word == kind
    }

    /// Whether it holds parts by its type.
    pub(super) fn is_container(&self) -> bool {
        self.kind.word.starts_with("multipart/")
    }

    /// Whether it is a mail in the mail.
    pub(super) fn is_mail(&self) -> bool {
        matches!(self.kind.word.as_str(), "message/rfc822" | "message/global")
    }

    /// Its body as it was before it travelled.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.transfer.undo(self.body)
    }
}

/// A mail's parts; the first one is the mail itself, and a container stands before what it contains.
pub(super) struct Tree<'a> {
    /// Parts.
    pub(super) parts: Vec<Part<'a>>,
}

/// Why a mail's parts are not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// An open container: the lines that end its parts.
struct Open<'a> {
    boundary: Vec<u8>,
    /// The container.
    part: usize,
    /// The innermost part that is being read in it, from where on.
    _mark: std::marker::PhantomData<&'a ()>,
}

/// Finds the parts.
///
/// # Errors
/// [`TooMany`] beyond 500 parts or 32 levels.
pub(super) fn read(mail: &[u8]) -> Result<Tree<'_>, TooMany> {
    let tree = Reader::new(mail, None).run()?;
    // A container whose boundary never comes, or that names none: what looks like one is tried, once.
    if let Some(root) = tree.parts.first()
        && root.is_container()
        && root.children.is_empty()
        && let Some(guessed) = guess_boundary(root.body)
    {
        return Reader::new(mail, Some(guessed)).run();
    }
    Ok(tree)
}

/// The first line that looks like a boundary: dashes, and a field of a part's header on the next line.
fn guess_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = body;
    for _ in 0..200 {
        let (line, after) = split_line(rest);
        if after.is_empty() {
            return None;
        }
        let next = split_line(after).0;
        if line.len() > 4
            && line.starts_with(b"--")
            && next
                .get(..8)
                .is_some_and(|f| f.eq_ignore_ascii_case(b"content-"))
        {
            return Some(line.get(2..)?.trim_ascii_end().to_vec());
        }
        rest = after;
    }
    None
}

struct Reader<'a> {
    mail: &'a [u8],
    guessed: Option<Vec<u8>>,
    parts: Vec<Part<'a>>,
    stack: Vec<Open<'a>>,
    /// Parts that are being read, outermost first: where each one's body begins.
    reading: Vec<(usize, usize)>,
}

impl<'a> Reader<'a> {
    fn new(mail: &'a [u8], guessed: Option<Vec<u8>>) -> Self {
        Self {
            mail,
            guessed,
            parts: Vec::new(),
            stack: Vec::new(),
            reading: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Tree<'a>, TooMany> {
        let mut at = self.open(0, None)?;
        while at < self.mail.len() {
            let rest = self.mail.get(at..).unwrap_or_default();
            let (line, after) = split_line(rest);
            let next = self.mail.len() - after.len();
            match self.boundary(line) {
                None => at = next,
                Some((level, last)) => {
                    self.close_to(level, at);
                    if last {
                        self.stack.truncate(level);
                        at = next;
                    } else {
                        let container = self.stack.get(level).map(|o| o.part);
                        at = self.open(next, container)?;
                    }
                }
            }
        }
        let end = self.mail.len();
        while let Some((part, start)) = self.reading.pop() {
            self.end(part, start, end);
        }
        Ok(Tree { parts: self.parts })
    }

    /// Reads a part's header at that place; where its body begins is where reading goes on.
    fn open(&mut self, at: usize, parent: Option<usize>) -> Result<usize, TooMany> {
        let depth = parent
            .and_then(|p| self.parts.get(p))
            .map_or(1, |p| p.depth + 1);
        if self.parts.len() >= MAX_PARTS || depth > MAX_MIME_DEPTH {
            return Err(TooMany);
        }
        let rest = self.mail.get(at..).unwrap_or_default();
        let block = self.header_block(rest);
        let headers = Headers::block(rest.get(..block).unwrap_or_default());
        let body_at = at + block;
        let default = match parent.and_then(|p| self.parts.get(p)) {
            Some(p) if p.is("multipart/digest") => "message/rfc822",
            _ => "text/plain",
        };
        let mut kind = headers
            .first("content-type")
            .map(Params::read)
            .unwrap_or_default();
        if !kind.word.contains('/') {
            kind.word = match kind.word.as_str() {
                "text" | "html" => format!(
                    "text/{}",
                    if kind.word == "html" { "html" } else { "plain" }
                ),
                _ => default.to_owned(),
            };
        }
        let disposition = headers
            .first("content-disposition")
            .map(Params::read)
            .unwrap_or_default();
        let encoding = headers
            .text("content-transfer-encoding")
            .unwrap_or_default();
        let id = self.parts.len();
        let part = Part {
            headers,
            kind,
            disposition,
            transfer: Transfer::named(&encoding),
            body: &[],
            children: Vec::new(),
            depth,
        };
        let boundary = part
            .is_container()
            .then(|| part.kind.get("boundary"))
            .flatten();
        let boundary = if id == 0 {
            self.guessed
                .clone()
                .or_else(|| boundary.map(String::into_bytes))
        } else {
            boundary.map(String::into_bytes)
        };
        let inner_mail = part.is_mail() && part.transfer == Transfer::Plain;
        self.parts.push(part);
        if let Some(p) = parent.and_then(|p| self.parts.get_mut(p)) {
            p.children.push(id);
        }
        self.reading.push((id, body_at));
        if let Some(boundary) = boundary.filter(|b| !b.is_empty()) {
            self.stack.push(Open {
                boundary,
                part: id,
                _mark: std::marker::PhantomData,
            });
        } else if inner_mail {
            return self.open(body_at, Some(id));
        }
        Ok(body_at)
    }

    /// The length of the header at the beginning, with the blank line; a boundary ends it as well.
    fn header_block(&self, rest: &[u8]) -> usize {
        let mut left = rest;
        let mut first = true;
        while !left.is_empty() {
            let (line, after) = split_line(left);
            if line.is_empty() {
                return rest.len() - after.len();
            }
            let is_field = line
                .iter()
                .take(120)
                .position(|b| *b == b':')
                .is_some_and(|at| {
                    line.get(..at)
                        .is_some_and(|n| !n.is_empty() && !n.trim_ascii_end().contains(&b' '))
                });
            // A part that begins with its text has no header at all.
            if self.boundary(line).is_some() || first && !is_field && !line.starts_with(b"From ") {
                return rest.len() - left.len();
            }
            first = false;
            left = after;
        }
        rest.len()
    }

    /// Which open container the line bounds a part of, and whether it ends it. The innermost one counts.
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let marked = line.strip_prefix(b"--")?.trim_ascii_end();
        self.stack.iter().enumerate().rev().find_map(|(i, open)| {
            let rest = marked.strip_prefix(open.boundary.as_slice())?;
            match rest {
                [] => Some((i, false)),
                b"--" => Some((i, true)),
                _ => None,
            }
        })
    }

    /// Ends every part inside of the container at that level.
    fn close_to(&mut self, level: usize, at: usize) {
        let Some(container) = self.stack.get(level).map(|o| o.part) else {
            return;
        };
        // The line end in front of a boundary belongs to the boundary.
        let before = self.mail.get(..at).unwrap_or_default();
        let trimmed = before.strip_suffix(b"\n").unwrap_or(before);
        let end = trimmed.strip_suffix(b"\r").unwrap_or(trimmed).len();
        while let Some((part, start)) = self.reading.last().copied() {
            if part == container {
                break;
            }
            self.reading.pop();
            self.end(part, start, end);
        }
        self.stack.truncate(level + 1);
    }

    fn end(&mut self, part: usize, start: usize, end: usize) {
        if let Some(p) = self.parts.get_mut(part) {
            p.body = self.mail.get(start..end.max(start)).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(mail: &str) -> Vec<(String, usize, String)> {
        let crlf = mail.replace('\n', "\r\n");
        let tree = read(crlf.as_bytes()).map_err(|_| "too many").unwrap();
        tree.parts
            .iter()
            .filter(|p| !p.is_container() && !p.is_mail())
            .map(|p| {
                (
                    p.kind.word.clone(),
                    p.depth,
                    String::from_utf8_lossy(p.body).replace("\r\n", "\n"),
                )
            })
            .collect()
    }

    fn leaf(kind: &str, depth: usize, body: &str) -> (String, usize, String) {
        (kind.to_owned(), depth, body.to_owned())
    }

    #[test]
    fn parts_are_found_where_their_boundaries_are() {
        let mail = "Content-Type: multipart/mixed; boundary=\"a\"\n\npreamble\n--a\n\none\n--a \nContent-Type: multipart/alternative; boundary=ab\n\n--ab\n\ntwo\n--ab\nContent-Type: text/html\n\n<p>\n--ab--\nepilogue\n--a\nContent-Type: message/rfc822\n\nSubject: x\n\ninner\n--a--\nend";
        assert_eq!(
            shape(mail),
            [
                leaf("text/plain", 2, "one"),
                leaf("text/plain", 3, "two"),
                leaf("text/html", 3, "<p>"),
                leaf("text/plain", 3, "inner")
            ]
        );
    }

    #[test]
    fn what_is_missing_is_made_up_for() {
        // No end, no inner end, no header, no blank line in front of a boundary.
        assert_eq!(
            shape("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\n\nx"),
            [leaf("text/html", 2, "x")]
        );
        assert_eq!(
            shape(
                "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--a\n\ny\n--a--"
            ),
            [leaf("text/plain", 3, "x"), leaf("text/plain", 2, "y")]
        );
        assert_eq!(
            shape("Content-Type: multipart/mixed; boundary=a\n\n--a\njust text\n--a--"),
            [leaf("text/plain", 2, "just text")]
        );
        assert_eq!(
            shape(
                "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\n--a\n\nx"
            ),
            [leaf("text/html", 2, ""), leaf("text/plain", 2, "x")]
        );
        // Another boundary than the one that is named, or none named.
        for named in ["; boundary=other", ""] {
            assert_eq!(
                shape(&format!(
                    "Content-Type: multipart/mixed{named}\n\n--real\nContent-Type: text/html\n\nx\n--real--"
                )),
                [leaf("text/html", 2, "x")]
            );
        }
    }

    #[test]
    fn parts_and_depth_end_at_their_limits() {
        let flat = |n: usize| {
            format!(
                "Content-Type: multipart/mixed; boundary=a\n\n{}--a--",
                "--a\n\nx\n".repeat(n)
            )
        };
        for (n, fits) in [
            (MAX_PARTS - 2, true),
            (MAX_PARTS - 1, true),
            (MAX_PARTS, false),
        ] {
            assert_eq!(read(flat(n).as_bytes()).is_ok(), fits, "{n}");
        }
        let deep = |n: usize| {
            (1..n)
                .map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}x\n\n--b{i}x\n"))
                .collect::<String>()
                + "\nend"
        };
        for (n, fits) in [
            (MAX_MIME_DEPTH - 1, true),
            (MAX_MIME_DEPTH, true),
            (MAX_MIME_DEPTH + 1, false),
        ] {
            assert_eq!(read(deep(n).as_bytes()).is_ok(), fits, "{n}");
        }
        assert!(read("Content-Type: message/rfc822\n\n".repeat(10_000).as_bytes()).is_err());
    }
}
