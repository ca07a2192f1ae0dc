//! What may stand in clean HTML: tags, their attributes, and what these may say.

use super::super::quote::ATTRIBUTE;
use super::{css, links};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

pub(super) const TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Tags whose content is no text of the mail.
pub(super) const SILENT: &[&str] = &[
    "script", "style", "title", "head", "svg", "math", "template", "noscript", "noembed",
    "noframes", "iframe", "object", "applet", "xmp", "textarea", "select", "option", "button",
    "audio", "video", "frameset",
];

/// Attributes that any tag may have.
pub(super) const GENERIC: &[&str] = &["style", "lang", "dir", "title", "align"];

/// Attributes by tag.
pub(super) fn tag_attributes() -> HashMap<&'static str, HashSet<&'static str>> {
    let cell = [
        "colspan", "rowspan", "width", "height", "valign", "bgcolor", "nowrap", "abbr", "scope",
    ];
    HashMap::from([
        ("a", ["href"].into()),
        (
            "img",
            [
                "src",
                "data-remote",
                "alt",
                "width",
                "height",
                "border",
                "hspace",
                "vspace",
            ]
            .into(),
        ),
        (
            "table",
            [
                "width",
                "height",
                "border",
                "cellpadding",
                "cellspacing",
                "bgcolor",
            ]
            .into(),
        ),
        ("tr", ["valign", "bgcolor", "height"].into()),
        ("tbody", ["valign", "bgcolor"].into()),
        ("td", cell.into()),
        ("th", cell.into()),
        ("col", ["span", "width"].into()),
        ("colgroup", ["span", "width"].into()),
        ("font", ["color", "face", "size"].into()),
        ("ol", ["start", "type", "reversed"].into()),
        ("ul", ["type"].into()),
        ("li", ["value", "type"].into()),
        ("hr", ["width", "size", "color", "noshade"].into()),
        ("time", ["datetime"].into()),
    ])
}

/// What an allowed attribute keeps of its value; `None` drops it. Last in line: whatever came before, only what has
/// one of these forms gets out.
pub(super) fn value<'a>(tag: &str, name: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let owned = |s: String| (!s.is_empty()).then_some(Cow::Owned(s));
    let word = |list: &[&str]| {
        let lower = value.trim().to_ascii_lowercase();
        list.contains(&lower.as_str()).then_some(Cow::Owned(lower))
    };
    match (tag, name) {
        ("a", "href") => links::is_numbered(value).then_some(Cow::Borrowed(value)),
        ("a", "target") => (value == "_blank").then_some(Cow::Borrowed(value)),
        ("a", "rel") => (value == "noopener noreferrer").then_some(Cow::Borrowed(value)),
        ("img", "src") => links::is_part(value).then_some(Cow::Borrowed(value)),
        ("img", "data-remote") => links::is_number(value).then_some(Cow::Borrowed(value)),
        (_, "style") => owned(css::style(value)),
        (_, "title" | "alt" | "abbr" | "datetime") => text(value),
        (_, "lang") => plain(value, 35, |c| c.is_ascii_alphanumeric() || c == '-'),
        (_, "dir") => word(&["ltr", "rtl", "auto"]),
        (_, "align" | "valign") => word(&[
            "left",
            "right",
            "center",
            "justify",
            "top",
            "middle",
            "bottom",
            "baseline",
            "absmiddle",
            "char",
        ]),
        (_, "bgcolor" | "color") => plain(value, 24, |c| c.is_ascii_alphanumeric() || c == '#'),
        (_, "face") => plain(value, 200, |c| {
            c.is_alphanumeric() || matches!(c, ' ' | ',' | '-' | '_' | '\'')
        }),
        ("font", "size") => plain(value, 3, |c| c.is_ascii_digit() || matches!(c, '+' | '-')),
        (_, "width" | "height") => owned(extent(value)?),
        (_, "border" | "hspace" | "vspace" | "cellpadding" | "cellspacing" | "size") => {
            owned(counted(value, 100)?)
        }
        (_, "colspan" | "span") => owned(counted(value, 100)?),
        (_, "rowspan") => owned(counted(value, 1_000)?),
        ("ol", "start") | ("li", "value") => owned(counted(value, 1_000_000)?),
        (_, "type") => {
            let one = matches!(value, "1" | "a" | "A" | "i" | "I");
            if one {
                Some(Cow::Borrowed(value))
            } else {
                word(&["disc", "circle", "square"])
            }
        }
        (_, "scope") => word(&["row", "col", "rowgroup", "colgroup"]),
        // What the first pass found of quotations; taken off where they are folded.
        (_, ATTRIBUTE) => plain(value, 1, |c| c.is_ascii_lowercase()),
        (_, "nowrap" | "noshade" | "reversed") => Some(Cow::Borrowed("")),
        _ => None,
    }
}

/// Words of the sender in an attribute. No program may take them for an address or for markup.
fn text(value: &str) -> Option<Cow<'_, str>> {
    let lower = value.to_ascii_lowercase();
    let address = ["//", "javascript", "vbscript", "data:", "url(", "\\\\"]
        .iter()
        .any(|a| lower.contains(a));
    if address || value.len() > 2_000 {
        return None;
    }
    let odd = |c: char| matches!(c, '<' | '>' | '`') || (c.is_control() && c != '\n');
    if value.contains(odd) {
        return Some(Cow::Owned(value.replace(odd, "")));
    }
    Some(Cow::Borrowed(value))
}

fn plain(value: &str, most: usize, fits: impl Fn(char) -> bool) -> Option<Cow<'_, str>> {
    let value = value.trim();
    (!css::is_obeyed(value) && !value.is_empty() && value.len() <= most && value.chars().all(fits))
        .then_some(Cow::Borrowed(value))
}

/// A whole number of at most `most`.
fn counted(value: &str, most: u32) -> Option<String> {
    let digits: String = value
        .trim()
        .chars()
        .take_while(char::is_ascii_digit)
        .take(9)
        .collect();
    Some(digits.parse::<u32>().ok()?.min(most).to_string())
}

/// Pixels or a percentage.
fn extent(value: &str) -> Option<String> {
    if value.trim_end().ends_with('%') {
        return Some(format!("{}%", counted(value, 100)?));
    }
    counted(value, 2_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_say_only_what_they_are_for() {
        let kept = |tag: &str, name: &str, v: &str| value(tag, name, v).map(Cow::into_owned);
        for (tag, name, given, want) in [
            ("td", "width", "100%", "100%"),
            ("td", "width", "600px", "600"),
            ("td", "width", "9999999", "2000"),
            ("td", "colspan", "1000000000", "100"),
            ("td", "bgcolor", "#FFF", "#FFF"),
            ("font", "size", "+2", "+2"),
            ("font", "face", "Arial, 'Open Sans'", "Arial, 'Open Sans'"),
            ("p", "align", "CENTER", "center"),
            ("p", "dir", "rtl", "rtl"),
            ("p", "lang", "de-AT", "de-AT"),
            ("ol", "type", "A", "A"),
            ("img", "alt", "a <b> c", "a b c"),
            ("img", "data-remote", "12", "12"),
        ] {
            assert_eq!(
                kept(tag, name, given).as_deref(),
                Some(want),
                "{tag} {name} {given}"
            );
            assert_eq!(kept(tag, name, want).as_deref(), Some(want));
        }
        for (tag, name, given) in [
            ("td", "width", "expression(1)"),
            ("td", "bgcolor", "red;x"),
            ("td", "bgcolor", "url(x)"),
            ("font", "color", "javascript:x"),
            ("p", "lang", "a b"),
            ("p", "lang", "x-javascript"),
            ("font", "face", "Exposition, javascript"),
            ("p", "dir", "x"),
            ("img", "alt", "https://a.test/x"),
            ("p", "title", "JavaScript:alert(1)"),
            ("p", "class", "x"),
            ("a", "href", "https://a.test"),
            ("img", "src", "https://a.test"),
            ("img", "src", "part://localhost/f/1"),
            ("img", "src", "part://localhost/cid/../f/1"),
            ("img", "data-remote", "1 onerror=x"),
            ("p", "onclick", "x"),
        ] {
            assert_eq!(kept(tag, name, given), None, "{tag} {name} {given}");
        }
    }
}
