//! The first pass over HTML: tokens are read and written anew, each tag with few and well-quoted attributes, so
//! that the parser behind it can be made neither slow nor to see a tag where this pass saw text.

use super::super::quote;
use super::{GENERIC, MAX_DEPTH, MAX_HTML, MAX_TAGS, SILENT, TAGS, tag_attributes};
use std::collections::{HashMap, HashSet};

/// Most attributes of one tag that are looked at.
const MAX_ATTRIBUTES: usize = 64;

/// Elements whose content is no HTML: skipped whole.
const RAW: &[&str] = &[
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes",
];

/// Tags that are commonly left open, so that they say nothing of the depth.
const OFTEN_OPEN: &[&str] = &[
    "p", "li", "td", "tr", "th", "dd", "dt", "br", "img", "hr", "col", "wbr", "option", "tbody",
    "thead", "tfoot", "colgroup",
];

/// The HTML written anew, or `None` where it has too many tags, nests too deep or grows too long.
pub(super) fn tidy(html: &str) -> Option<String> {
    let mut pass = Pass {
        rest: html,
        out: String::with_capacity(html.len()),
        tags: 0,
        open: 0,
        by_name: HashMap::new(),
        allowed: tag_attributes(),
    };
    while let Some(at) = pass.rest.find('<') {
        let (text, tag) = pass.rest.split_at(at);
        pass.text(text);
        pass.rest = tag;
        pass.tag()?;
        if pass.out.len() > 2 * MAX_HTML {
            return None;
        }
    }
    let rest = pass.rest;
    pass.text(rest);
    Some(pass.out)
}

struct Pass<'a> {
    /// What is still to be read.
    rest: &'a str,
    out: String,
    tags: usize,
    open: usize,
    by_name: HashMap<String, usize>,
    allowed: HashMap<&'static str, HashSet<&'static str>>,
}

/// A tag as it was read.
struct Tag<'a> {
    name: String,
    attributes: Vec<(String, &'a str)>,
}

impl<'a> Pass<'a> {
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '>' => self.out.push_str("&gt;"),
                '\0' => {}
                c => self.out.push(c),
            }
        }
    }

    /// Reads what begins with `<`.
    fn tag(&mut self) -> Option<()> {
        let after = self.rest.get(1..).unwrap_or_default();
        let closing = after.starts_with('/');
        let name = if closing {
            after.get(1..).unwrap_or_default()
        } else {
            after
        };
        if after.starts_with("!--") {
            // `<!-->` is a whole comment.
            self.skip_past(2, "-->");
        } else if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.rest = name;
            return self.named(closing);
        } else if closing || after.starts_with(['!', '?']) {
            self.skip_past(1, ">");
        } else {
            self.out.push_str("&lt;");
            self.rest = after;
        }
        Some(())
    }

    /// Goes on behind `end`; without it nothing more is left, as for a browser.
    fn skip_past(&mut self, from: usize, end: &str) {
        let tail = self.rest.get(from..).unwrap_or_default();
        self.rest = tail
            .find(end)
            .and_then(|at| tail.get(at + end.len()..))
            .unwrap_or_default();
    }

    fn named(&mut self, closing: bool) -> Option<()> {
        // A tag that never ends is no tag.
        let Some(tag) = self.read_tag() else {
            self.rest = "";
            return Some(());
        };
        let known = TAGS.contains(&tag.name.as_str()) || SILENT.contains(&tag.name.as_str());
        if RAW.contains(&tag.name.as_str()) {
            if !closing {
                self.skip_raw(&tag.name);
            }
            return Some(());
        }
        if !known {
            return Some(());
        }
        self.count(closing, &tag.name)?;
        self.write(closing, &tag);
        Some(())
    }

    /// Goes on behind the end tag of an element whose content is no HTML.
    fn skip_raw(&mut self, name: &str) {
        let mut tail = self.rest;
        while let Some(at) = tail.find("</") {
            tail = tail.get(at + 2..).unwrap_or_default();
            let same = tail
                .get(..name.len())
                .is_some_and(|n| n.eq_ignore_ascii_case(name));
            let ends = tail.get(name.len()..).is_some_and(|t| {
                t.starts_with(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
            });
            if same && ends {
                self.rest = tail;
                self.skip_past(0, ">");
                return;
            }
        }
        self.rest = "";
    }

    fn read_tag(&mut self) -> Option<Tag<'a>> {
        let end = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')?;
        let name = self.rest.get(..end)?.to_ascii_lowercase();
        self.rest = self.rest.get(end..)?;
        let mut attributes = Vec::new();
        loop {
            self.rest = self
                .rest
                .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if let Some(after) = self.rest.strip_prefix('>') {
                self.rest = after;
                return Some(Tag { name, attributes });
            }
            let attribute = self.attribute()?;
            if attributes.len() < MAX_ATTRIBUTES {
                attributes.push(attribute);
            }
        }
    }

    /// One attribute. A quote opens a value only directly after `=`.
    fn attribute(&mut self) -> Option<(String, &'a str)> {
        // A name may begin with `=`, and with nothing else that ends one.
        let from = usize::from(self.rest.starts_with('='));
        let end = from
            + self
                .rest
                .get(from..)?
                .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='))?;
        let name = self.rest.get(..end)?.to_ascii_lowercase();
        self.rest = self.rest.get(end..)?;
        let spaced = self.rest.trim_ascii_start();
        let Some(value) = spaced.strip_prefix('=') else {
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let quote = value.chars().next()?;
        let (value, rest) = match quote {
            '"' | '\'' => value.get(1..)?.split_once(quote)?,
            '>' => ("", value),
            _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>')?),
        };
        self.rest = rest;
        Some((name, value))
    }

    fn count(&mut self, closing: bool, name: &str) -> Option<()> {
        self.tags += 1;
        if !OFTEN_OPEN.contains(&name) {
            // An end without its beginning closes nothing, or it could hide any depth.
            let same = self.by_name.entry(name.to_owned()).or_default();
            if !closing {
                *same += 1;
                self.open += 1;
            } else if *same > 0 {
                *same -= 1;
                self.open -= 1;
            }
        }
        (self.tags <= MAX_TAGS && self.open <= 4 * MAX_DEPTH).then_some(())
    }

    /// Keeps what a mail program says of quotations by class or id, which the cleaning takes off.
    fn mark(&mut self, tag: &Tag<'_>) {
        let attributes = tag.attributes.iter().map(|(n, v)| (n.as_str(), *v));
        if let Some(mark) = quote::mark(&tag.name, attributes) {
            self.out.push(' ');
            self.out.push_str(quote::ATTRIBUTE);
            self.out.push_str("=\"");
            self.out.push_str(mark);
            self.out.push('"');
        }
    }

    fn write(&mut self, closing: bool, tag: &Tag<'_>) {
        self.out.push_str(if closing { "</" } else { "<" });
        self.out.push_str(&tag.name);
        if !closing {
            self.mark(tag);
        }
        let own = self.allowed.get(tag.name.as_str());
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in tag.attributes.iter().filter(|_| !closing) {
            let wanted =
                GENERIC.contains(&name.as_str()) || own.is_some_and(|o| o.contains(name.as_str()));
            if !wanted || seen.contains(&name.as_str()) {
                continue;
            }
            seen.push(name);
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.out.push_str(
                &value
                    .replace('\0', "")
                    .replace('"', "&quot;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;"),
            );
            self.out.push('"');
        }
        self.out.push('>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(html: &str) -> String {
        tidy(html).unwrap_or_default()
    }

    #[test]
    fn tags_are_written_anew_with_their_allowed_attributes() {
        assert_eq!(
            t("<P Align=center onclick=x STYLE='a:\"b\"'>1 < 2 > 0</p >"),
            "<p align=\"center\" style=\"a:&quot;b&quot;\">1 &lt; 2 &gt; 0</p>"
        );
        assert_eq!(
            t("<a href=http://x/y?a=1&b=2 href=z>k</a>"),
            "<a href=\"http://x/y?a=1&b=2\">k</a>"
        );
        assert_eq!(
            t("<img/src=\"a>b\"/alt=x><br/>"),
            "<img src=\"a&gt;b\" alt=\"x\"><br>"
        );
        assert_eq!(t("<p a\"b=1 title=x>q"), "<p title=\"x\">q");
        assert_eq!(
            t("<foo>x</foo><font =a=b color = red>y"),
            "x<font color=\"red\">y"
        );
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        assert_eq!(
            t(
                "a<!-- <b> -->b<!--[if mso]><p><![endif]-->c<![if !mso]>d<![endif]>e<!doctype html>f<?xml x?>g"
            ),
            "abcdefg"
        );
        assert_eq!(t("a<!-->b<!--->c"), "abc");
        assert_eq!(
            t("a<script>if (a<b) \"</scripty>\"</SCRIPT x>b<style>p{}</style>c<title>t</title>"),
            "abc"
        );
        assert_eq!(t("a<script>b"), "a");
        assert_eq!(t("a<!-- b"), "a");
        assert_eq!(t("a<p title=\"b"), "a");
        assert_eq!(t("a</ b>c</>d"), "acd");
    }

    #[test]
    fn a_tag_with_countless_attributes_costs_no_time() {
        let flood: String = (0..100_000).map(|n| format!("a{n}=1 ")).collect();
        assert_eq!(t(&format!("<p {flood}>x")), "<p>x");
    }
}
