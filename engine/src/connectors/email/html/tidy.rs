//! The first pass over HTML: tokens are read and written anew, each tag with few and well-quoted attributes, so
//! that the parser behind it can be made neither slow nor to see a tag where this pass saw text. On its way it turns
//! links and pictures into numbers, and notes what would have been loaded.

use super::super::quote;
use super::allow::{GENERIC, SILENT, TAGS, tag_attributes};
use super::links::{self, Found, decoded};
use super::{MAX_DEPTH, MAX_HTML, MAX_TAGS};
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

/// Elements that the parser opens again in every block behind them, until they are closed.
const FORMATTING: &[&str] = &[
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// Most elements that may come of tags and of what is opened again with them.
const MAX_COST: usize = 400_000;

/// The HTML written anew, or `None` where it has too many tags, nests too deep or grows too long. `ours` = this pass
/// wrote it before, so that its marks of quotations are true.
pub(super) fn tidy(html: &str, found: &mut Found, ours: bool) -> Option<String> {
    let mut pass = Pass {
        rest: html,
        out: String::with_capacity(html.len()),
        tags: 0,
        open: 0,
        formatting: 0,
        cost: 0,
        by_name: HashMap::new(),
        allowed: tag_attributes(),
        ours,
        found,
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

struct Pass<'a, 'f> {
    /// What is still to be read.
    rest: &'a str,
    out: String,
    tags: usize,
    open: usize,
    formatting: usize,
    cost: usize,
    by_name: HashMap<String, usize>,
    allowed: HashMap<&'static str, HashSet<&'static str>>,
    ours: bool,
    found: &'f mut Found,
}

/// A tag as it was read.
struct Tag<'a> {
    name: String,
    attributes: Vec<(String, &'a str)>,
}

impl<'a> Pass<'a, '_> {
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
        if !closing {
            self.note(&tag);
        }
        if RAW.contains(&tag.name.as_str()) {
            if !closing {
                let content = self.rest;
                self.skip_raw(&tag.name);
                if tag.name == "style" {
                    let long = content.len() - self.rest.len();
                    self.found.style(content.get(..long).unwrap_or_default());
                }
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

    /// Notes what a tag would load. A picture's own address is noted where it gets its number.
    fn note(&mut self, tag: &Tag<'_>) {
        for (name, value) in &tag.attributes {
            if tag.name != "img" || name != "src" {
                self.found.loads(&tag.name, name, &decoded(value));
            }
        }
    }

    fn count(&mut self, closing: bool, name: &str) -> Option<()> {
        self.tags += 1;
        self.cost += 1 + self.formatting;
        if FORMATTING.contains(&name) {
            let open = self.by_name.get(name).copied().unwrap_or_default();
            self.formatting = match closing {
                false => self.formatting + 1,
                true => self.formatting - usize::from(open > 0 && self.formatting > 0),
            };
        }
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
        (self.tags <= MAX_TAGS && self.open <= 4 * MAX_DEPTH && self.cost <= MAX_COST).then_some(())
    }

    /// Keeps what a mail program says of quotations by class or id, which the cleaning takes off.
    fn mark(&mut self, tag: &Tag<'_>) {
        let mut attributes = tag.attributes.iter().map(|(n, v)| (n.as_str(), *v));
        let mark = if self.ours {
            attributes
                .find(|(n, _)| *n == quote::ATTRIBUTE)
                .map(|a| a.1)
        } else {
            quote::mark(&tag.name, attributes)
        };
        if let Some(mark) = mark {
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
            match (tag.name.as_str(), name.as_str()) {
                ("a", "href") => {
                    if let Some(numbered) = self.found.link(&decoded(value)) {
                        put(&mut self.out, "href", &numbered);
                    }
                }
                ("img", "src") => {
                    if let Some((name, value)) = picture(self.found, tag, &decoded(value)) {
                        put(&mut self.out, name, &value);
                    }
                }
                _ => put(&mut self.out, name, value),
            }
        }
        self.out.push('>');
    }
}

fn put(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    out.push_str(
        &value
            .replace('\0', "")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
    );
    out.push('"');
}

/// What stands for a picture's address: its Content-ID, or its number among what was not loaded.
fn picture(found: &mut Found, tag: &Tag<'_>, src: &str) -> Option<(&'static str, String)> {
    if let Some(part) = found.own_picture(src) {
        return Some(("src", part));
    }
    let n = found.block(src)?;
    if is_pixel(tag) {
        found.pixels.insert(n);
        return None;
    }
    found.pixels.remove(&n);
    links::is_number(&n.to_string()).then(|| ("data-remote", n.to_string()))
}

/// Whether a picture is there to be fetched and not to be seen.
fn is_pixel(tag: &Tag<'_>) -> bool {
    let value = |name: &str| tag.attributes.iter().find(|a| a.0 == name).map(|a| a.1);
    let style: String = value("style")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .split_whitespace()
        .collect();
    let styled = |name: &str| {
        style.split(';').find_map(|d| {
            d.strip_prefix(name)?
                .strip_prefix(':')?
                .strip_suffix("px")?
                .parse::<f32>()
                .ok()
        })
    };
    let given =
        |name: &str| value(name).and_then(|v| v.trim().trim_end_matches("px").parse::<f32>().ok());
    let (width, height) = (
        styled("width").or(given("width")),
        styled("height").or(given("height")),
    );
    let small = |side: Option<f32>, most: f32| side.is_some_and(|s| s <= most);
    (small(width, 2.0) && small(height, 2.0))
        || small(width, 0.0)
        || small(height, 0.0)
        || style.contains("display:none")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(html: &str) -> String {
        tidy(html, &mut Found::default(), false).unwrap_or_default()
    }

    #[test]
    fn tags_are_written_anew_with_their_allowed_attributes() {
        assert_eq!(
            t("<P Align=center onclick=x STYLE='a:\"b\"'>1 < 2 > 0</p >"),
            "<p align=\"center\" style=\"a:&quot;b&quot;\">1 &lt; 2 &gt; 0</p>"
        );
        assert_eq!(
            t("<a href=http://x/y?a=1&b=2 href=z>k</a>"),
            "<a href=\"part-link:0\">k</a>"
        );
        assert_eq!(
            t("<img/alt=\"a>b\"/src=\"http://x\"><br/>"),
            "<img alt=\"a&gt;b\" data-remote=\"0\"><br>"
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
