//! The first pass over HTML: tokens are read and written anew, each tag with few and well-quoted attributes, so
//! that the parser behind it can be made neither slow nor to see a tag where this pass saw text. On its way it turns
//! links and pictures into numbers, and notes what would have been loaded.

use super::super::quote;
use super::allow::{GENERIC, SILENT, TAGS, tag_attributes};
use super::links::{self, Found, decoded};
use super::sheets::{self, Budget, Element, Open, Sheets};
use super::{MAX_DEPTH, MAX_HTML, MAX_TAGS, css};
use std::borrow::Cow;
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

/// What of a page's own style is put around the mail instead of it: what the mail inherits, and its colour. Its
/// margins and sizes are the frame's.
const OF_BODY: &[&str] = &[
    "background",
    "background-color",
    "color",
    "direction",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "letter-spacing",
    "line-height",
    "text-align",
];

/// The HTML written anew, or `None` where it has too many tags, nests too deep or grows too long. `ours` = this pass
/// wrote it before, so that its marks of quotations are true. The rules of `sheets` are put into the tags they mean;
/// where that costs too much, there is `None` as well.
pub(super) fn tidy(html: &str, found: &mut Found, ours: bool, sheets: &Sheets) -> Option<String> {
    let mut pass = Pass::new(html, found, ours, sheets);
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

/// The style sheets of a mail as they stand in it, those for screens.
pub(super) fn style_sheets(html: &str) -> Vec<&str> {
    let (none, mut found) = (Sheets::default(), Found::default());
    let mut pass = Pass::new(html, &mut found, false, &none);
    let mut all = Vec::new();
    while let Some(at) = pass.rest.find('<') {
        pass.rest = pass.rest.get(at..).unwrap_or_default();
        let Some((closing, tag)) = pass.next_tag() else {
            continue;
        };
        if closing || !RAW.contains(&tag.name.as_str()) {
            continue;
        }
        let content = pass.skip_raw(&tag.name);
        let is = |name: &str, fits: fn(&str) -> bool| {
            tag.attributes
                .iter()
                .find(|a| a.0 == name)
                .is_none_or(|a| fits(a.1))
        };
        if tag.name == "style"
            && is("media", sheets::applies_to_screens)
            && is("type", |t| {
                t.trim().is_empty() || t.trim().eq_ignore_ascii_case("text/css")
            })
        {
            all.push(content);
        }
    }
    all
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
    sheets: &'f Sheets,
    /// What is open around a tag, where there are sheets that ask for it.
    around: Open,
    budget: Budget,
    /// The page's own style was put around the mail.
    dressed: bool,
}

/// A tag as it was read.
struct Tag<'a> {
    name: String,
    attributes: Vec<(String, &'a str)>,
}

impl<'a, 'f> Pass<'a, 'f> {
    fn new(html: &'a str, found: &'f mut Found, ours: bool, sheets: &'f Sheets) -> Self {
        Self {
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
            sheets,
            around: Open::default(),
            budget: Budget::default(),
            dressed: ours,
        }
    }

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
        match self.next_tag() {
            Some((closing, tag)) => self.named(closing, &tag),
            None => Some(()),
        }
    }

    /// The tag that stands here, if it is one, and whether it ends an element.
    fn next_tag(&mut self) -> Option<(bool, Tag<'a>)> {
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
            let tag = self.read_tag();
            if tag.is_none() {
                // A tag that never ends is no tag.
                self.rest = "";
            }
            return tag.map(|t| (closing, t));
        } else if closing || after.starts_with(['!', '?']) {
            self.skip_past(1, ">");
        } else {
            self.out.push_str("&lt;");
            self.rest = after;
        }
        None
    }

    /// Goes on behind `end`; without it nothing more is left, as for a browser.
    fn skip_past(&mut self, from: usize, end: &str) {
        let tail = self.rest.get(from..).unwrap_or_default();
        self.rest = tail
            .find(end)
            .and_then(|at| tail.get(at + end.len()..))
            .unwrap_or_default();
    }

    fn named(&mut self, closing: bool, tag: &Tag<'a>) -> Option<()> {
        let known = TAGS.contains(&tag.name.as_str()) || SILENT.contains(&tag.name.as_str());
        if !closing {
            self.note(tag);
        }
        if RAW.contains(&tag.name.as_str()) {
            if !closing {
                let content = self.skip_raw(&tag.name);
                if tag.name == "style" {
                    self.found.style(content);
                }
            }
            return Some(());
        }
        let style = self.styled(closing, tag)?;
        if tag.name == "body" && !closing {
            return self.dress(style.as_deref().unwrap_or_default());
        }
        if !known {
            return Some(());
        }
        self.count(closing, &tag.name)?;
        self.write(closing, tag, style.as_deref());
        Some(())
    }

    /// The style of a tag: what it says itself and what the sheets say of it; `None` where that costs too much.
    fn styled(&mut self, closing: bool, tag: &Tag<'a>) -> Option<Option<Cow<'a, str>>> {
        let own = tag.value("style");
        if self.sheets.is_empty() {
            return Some(own.filter(|_| !closing).map(Cow::Borrowed));
        }
        if closing {
            self.around.close(&tag.name);
            return Some(None);
        }
        self.around.before(&tag.name);
        let element = Element::new(&tag.name, tag.value("class"), tag.value("id"));
        let known = TAGS.contains(&tag.name.as_str()) || tag.name == "body";
        let all = if known && !matches!(tag.name.as_str(), "br" | "wbr") {
            let own = decoded(own.unwrap_or_default());
            self.sheets
                .style(&element, &self.around, &own, &mut self.budget)
                .ok()?
        } else {
            None
        };
        self.around.push(element);
        Some(all.map(Cow::Owned).or(own.map(Cow::Borrowed)))
    }

    /// Puts the style of the page around the mail, which is no page of its own here.
    fn dress(&mut self, style: &str) -> Option<()> {
        let all = css::declarations(&decoded(style));
        let kept = all
            .iter()
            .filter(|d| OF_BODY.contains(&d.property.as_str()));
        let style = css::written(kept);
        if self.dressed || style.is_empty() {
            return Some(());
        }
        self.dressed = true;
        self.count(false, "div")?;
        self.out.push_str("<div");
        put(&mut self.out, "style", &style);
        self.out.push('>');
        Some(())
    }

    /// Goes on behind the end tag of an element whose content is no HTML, and gives that content.
    fn skip_raw(&mut self, name: &str) -> &'a str {
        let all = self.rest;
        let mut tail = all;
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
                return all.get(..all.len() - tail.len() - 2).unwrap_or_default();
            }
        }
        self.rest = "";
        all
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

    fn write(&mut self, closing: bool, tag: &Tag<'_>, style: Option<&str>) {
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
                    if let Some((name, value)) = picture(self.found, tag, style, &decoded(value)) {
                        put(&mut self.out, name, &value);
                    }
                }
                (_, "style") => put(&mut self.out, name, style.unwrap_or(value)),
                _ => put(&mut self.out, name, value),
            }
        }
        if let Some(style) = style.filter(|_| !closing && !seen.contains(&"style")) {
            put(&mut self.out, "style", style);
        }
        self.out.push('>');
    }
}

impl<'a> Tag<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|a| a.0 == name).map(|a| a.1)
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
fn picture(
    found: &mut Found,
    tag: &Tag<'_>,
    style: Option<&str>,
    src: &str,
) -> Option<(&'static str, String)> {
    if let Some(part) = found.own_picture(src) {
        return Some(("src", part));
    }
    let n = found.block(src)?;
    if is_pixel(tag, style) {
        found.pixels.insert(n);
        return None;
    }
    found.pixels.remove(&n);
    links::is_number(&n.to_string()).then(|| ("data-remote", n.to_string()))
}

/// Whether a picture is there to be fetched and not to be seen.
fn is_pixel(tag: &Tag<'_>, style: Option<&str>) -> bool {
    let value = |name: &str| tag.value(name);
    let style: String = style
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
        tidy(html, &mut Found::default(), false, &Sheets::default()).unwrap_or_default()
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
