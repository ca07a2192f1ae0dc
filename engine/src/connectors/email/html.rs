//! HTML of strangers made harmless: an allow-list of tags, attributes and inline styles; links by number;
//! no remote loads. What comes out needs no script, no network and no trust (`security.md` §3).
//!
//! Three rooms work one after another: `tidy` reads tokens and writes them anew, noting links and loads and putting the
//! rules of style sheets (`sheets`) into the tags they mean; ammonia makes a tree of that and keeps what `allow` lists;
//! and the result goes through both again until nothing changes, so that every later reader sees the same tree.

mod allow;
mod blocks;
mod css;
mod links;
mod restore;
mod sheets;
mod text;
mod tidy;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;

pub(super) use blocks::is_block;
pub use restore::{Refers, restored};
pub use text::{escape, to_text};

use super::quote;
use crate::model::{CleanHtml, Remote};
use ammonia::{Builder, UrlRelative};
use links::Found;
use sheets::Sheets;
use std::collections::{HashMap, HashSet};

/// The version stored beside what this sanitiser made; a greater one runs again over the raw mail.
pub const SANITISER_VERSION: u32 = 3;

/// Longest HTML that is looked at.
pub const MAX_HTML: usize = 2 * 1024 * 1024;
/// Most links that work.
pub const MAX_LINKS: usize = 500;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 256;
/// Most tags, counted before anything is parsed.
pub const MAX_TAGS: usize = 50_000;
/// So often what came out is read again before it is given up: real mail stands still at once.
const MAX_ROUNDS: usize = 4;

/// What the sanitiser made of a mail's HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitised {
    /// The clean HTML with its links and blocked images.
    pub clean: CleanHtml,
    /// The Content-IDs it shows.
    pub cids: HashSet<String>,
}

/// Cleans HTML, or `None` where it is over its budget: then the mail is shown as text.
#[must_use]
pub fn sanitise(html: &str) -> Option<Sanitised> {
    sanitise_as(html, false)
}

/// The same for a mail that passes another one on, which is then not folded away.
#[must_use]
pub fn sanitise_as(html: &str, forward: bool) -> Option<Sanitised> {
    let marked = cleaned(html)?;
    Some(Sanitised {
        clean: CleanHtml {
            html: quote::fold_html_as(&marked.clean.html, forward),
            ..marked.clean
        },
        cids: marked.cids,
    })
}

/// Clean HTML before anything of it is folded; it still carries what was found of quotations ([`quote::ATTRIBUTE`]).
pub(super) fn cleaned(html: &str) -> Option<Sanitised> {
    if html.len() > MAX_HTML {
        return None;
    }
    let sheets = Sheets::new(&tidy::style_sheets(html));
    // Sheets that cost too much are left out; the mail is shown without them.
    if !sheets.is_empty()
        && let Some(styled) = cleaned_with(html, &sheets)
    {
        return Some(styled);
    }
    cleaned_with(html, &Sheets::default())
}

fn cleaned_with(html: &str, sheets: &Sheets) -> Option<Sanitised> {
    let none = Sheets::default();
    let mut found = Found::default();
    let builder = builder();
    let mut clean = builder
        .clean(&tidy::tidy(html, &mut found, false, sheets)?)
        .to_string();
    let mut still = false;
    for _ in 0..MAX_ROUNDS {
        if depth(&clean) > MAX_DEPTH {
            return None;
        }
        // What it notes of its own work is nothing new.
        let again = builder
            .clean(&tidy::tidy(&clean, &mut Found::default(), true, &none)?)
            .to_string();
        still = again == clean;
        if still {
            break;
        }
        clean = again;
    }
    if !still {
        return None;
    }
    let kinds = kinds(&clean, &found);
    Some(Sanitised {
        clean: CleanHtml {
            html: clean,
            links: found.links,
            blocked: found.blocked,
            kinds,
            version: SANITISER_VERSION,
        },
        cids: found.cids,
    })
}

/// Cleans HTML and folds nothing of it, for who wants to see what the cleaning does.
#[must_use]
pub fn unfolded(html: &str) -> Option<CleanHtml> {
    let clean = cleaned(html)?.clean;
    Some(CleanHtml {
        html: quote::unmarked(&clean.html),
        ..clean
    })
}

/// What each blocked address is: only pictures that have a place in the clean HTML can be loaded later.
fn kinds(clean: &str, found: &Found) -> Vec<Remote> {
    let shown: HashSet<usize> = clean
        .split("data-remote=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next()?.parse().ok())
        .collect();
    (0..found.blocked.len())
        .map(|n| {
            if found.pixels.contains(&n) {
                Remote::Tracker
            } else if shown.contains(&n) {
                Remote::Picture
            } else {
                Remote::Other
            }
        })
        .collect()
}

/// HTML that is over its budget as plain text in paragraphs: nothing of it is read as HTML again.
#[must_use]
pub fn as_text(html: &str) -> String {
    let text = mail_parser::decoders::html::html_to_text(cut(html, MAX_HTML));
    format!("<p>{}</p>", escape(text.trim()))
}

fn builder() -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(allow::TAGS.iter().copied().collect())
        .clean_content_tags(allow::SILENT.iter().copied().collect())
        .generic_attributes(allow::GENERIC.iter().copied().collect())
        // What `tidy` found of quotations; taken off again where they are folded.
        .add_generic_attributes([quote::ATTRIBUTE])
        .tag_attributes(allow::tag_attributes())
        .set_tag_attribute_values(HashMap::from([(
            "a",
            HashMap::from([("target", "_blank")]),
        )]))
        .url_schemes(["part-link", "part"].into())
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true)
        .attribute_filter(allow::value);
    builder
}

/// How deep a well-formed serialisation is nested.
fn depth(clean: &str) -> usize {
    let (mut open, mut deepest) = (0usize, 0usize);
    for (closing, name) in tag_names(clean) {
        if matches!(name.as_str(), "br" | "img" | "hr" | "col" | "wbr") {
            continue;
        }
        open = if closing {
            open.saturating_sub(1)
        } else {
            open + 1
        };
        deepest = deepest.max(open);
    }
    deepest
}

fn tag_names(html: &str) -> impl Iterator<Item = (bool, String)> {
    html.split('<').skip(1).filter_map(|rest| {
        let (closing, rest) = match rest.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let name: String = rest
            .chars()
            .take(16)
            .take_while(|c| c.is_ascii_alphanumeric() || *c == ':')
            .collect();
        (!name.is_empty()).then(|| (closing, name.to_ascii_lowercase()))
    })
}

/// The longest start of `text` that has at most `max` bytes.
pub(super) fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}
