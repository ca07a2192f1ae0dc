//! What of a mail is its text, its HTML and its files.

use super::budget::{CUT_MARK, MAX_TEXT};
use super::mime::{Part, Tree};
use super::{calendar, charset, files, flowed, html, quote};
use crate::model::{CleanHtml, FoldedText, IncomingFile};
use std::collections::HashSet;

/// Longest HTML over its budget that is stripped to its text.
const MAX_STRIPPED: usize = 16 * 1024 * 1024;

/// What is shown instead of a text that nobody here can read.
const ENCRYPTED: &str =
    "[This mail is encrypted. Parley cannot open it; what came is kept as a file.]";

/// Text, HTML and files.
pub(super) struct Bodies {
    /// To read and to search, with what of it is folded away.
    pub(super) body: FoldedText,
    /// To show.
    pub(super) html: Option<CleanHtml>,
    /// There is HTML, and it is too much to be shown.
    pub(super) left_out: bool,
    /// Everything else.
    pub(super) files: Vec<IncomingFile>,
    /// An answer to an invitation, and nothing typed beside it.
    pub(super) calendar_only: bool,
}

/// A piece of the body; alternatives say the same twice.
enum Item {
    Text(usize),
    Html(usize),
    Either { text: Vec<Item>, html: Vec<Item> },
}

#[derive(Default)]
struct Found {
    items: Vec<Item>,
    files: Vec<usize>,
    encrypted: bool,
}

/// Reads the bodies; `declared` is the charset that the mail names first. The subject says whether the mail passes
/// another one on, which is then what it wants to show.
pub(super) fn read(tree: &Tree<'_>, declared: Option<&str>, subject: Option<&str>) -> Bodies {
    let mut found = Found::default();
    walk(tree, 0, &mut found);
    let forward = subject.is_some_and(quote::is_forward);
    let source = html_source(tree, &found.items);
    let sanitised = source
        .as_deref()
        .and_then(|h| html::sanitise_as(h, forward));
    let left_out = source.is_some() && sanitised.is_none();
    let of_html = |s: &html::Sanitised| cut_folded(quote::text_of(&s.clean.html, html::to_text));
    let mut body = match &sanitised {
        // Where there is nothing but HTML, its text need not be made from the source once more.
        Some(s) if only_html(&found.items) => of_html(s),
        _ => quote::folded(shown(&text_of(tree, &found.items, MAX_TEXT)), subject),
    };
    if body.text.is_empty()
        && let Some(s) = &sanitised
    {
        body = of_html(s);
    }
    let mut calendar_only = false;
    if let Some(card) = invitation(tree, &found.files)
        && !card.is_said_in(&body.text)
    {
        calendar_only = body.text.is_empty();
        if !calendar_only {
            body.text.push_str("\n\n");
        }
        // What stands behind the folds moves none of them.
        body.text.push_str(&card.text());
    }
    if found.encrypted && body.text.is_empty() {
        ENCRYPTED.clone_into(&mut body.text);
    }
    let (html, cids) = sanitised.map_or((None, HashSet::new()), |s| (Some(s.clean), s.cids));
    let files = found
        .files
        .iter()
        .filter_map(|i| tree.parts.get(*i))
        .enumerate()
        .map(|(n, part)| files::file(part, n + 1, &cids, declared))
        .collect();
    Bodies {
        body,
        html,
        left_out,
        files,
        calendar_only,
    }
}

/// All of the text of which [`read`] gives the beginning, from the same source.
pub(super) fn whole_text(tree: &Tree<'_>) -> String {
    let mut found = Found::default();
    walk(tree, 0, &mut found);
    let of_html = || {
        let clean = html::sanitise(&html_source(tree, &found.items)?)?.clean;
        Some(quote::text_of(&clean.html, html::to_text).text)
    };
    let text = if only_html(&found.items) {
        of_html()
    } else {
        None
    };
    let text = text.unwrap_or_else(|| plain(&text_of(tree, &found.items, usize::MAX)));
    let text = if text.is_empty() {
        of_html().unwrap_or_default()
    } else {
        text
    };
    text.trim_end().to_owned()
}

// ---- which part is what -------------------------------------------------------------------------------

/// Sorts a part and what is in it; depth has its bound from the tree.
fn walk(tree: &Tree<'_>, at: usize, found: &mut Found) {
    let Some(part) = tree.parts.get(at) else {
        return;
    };
    if part.is_container() && !part.children.is_empty() {
        return match part.kind.word.as_str() {
            "multipart/alternative" => alternative(tree, part, found),
            "multipart/related" => related(tree, part, found),
            "multipart/encrypted" => {
                found.encrypted = true;
                found.files.extend(&part.children);
            }
            _ => part.children.iter().for_each(|c| walk(tree, *c, found)),
        };
    }
    match leaf(part, at, found) {
        Leaf::Text => found.items.push(Item::Text(at)),
        Leaf::Html => found.items.push(Item::Html(at)),
        Leaf::File => found.files.push(at),
        Leaf::Nothing => {}
    }
}

enum Leaf {
    Text,
    Html,
    File,
    Nothing,
}

fn leaf(part: &Part<'_>, at: usize, found: &mut Found) -> Leaf {
    let empty = part.body.trim_ascii().is_empty();
    if part.is_container() {
        // Nothing bounds its parts: what is there is shown.
        let looks = part.body.trim_ascii_start().first() == Some(&b'<');
        return if empty {
            Leaf::Nothing
        } else if looks {
            Leaf::Html
        } else {
            Leaf::Text
        };
    }
    let named = files::given_name(part, None).is_some();
    let apart = part.disposition.word == "attachment" && (at != 0 || named);
    match part.kind.word.as_str() {
        "text/x-amp-html" => Leaf::Nothing,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            found.encrypted |= part
                .kind
                .get("smime-type")
                .is_none_or(|t| t.eq_ignore_ascii_case("enveloped-data"));
            Leaf::File
        }
        "text/plain" | "text/html" | "text/enriched"
            if apart || named && !found.items.is_empty() =>
        {
            Leaf::File
        }
        "text/html" => {
            if empty {
                Leaf::Nothing
            } else {
                Leaf::Html
            }
        }
        "text/plain" | "text/enriched" => {
            if empty {
                Leaf::Nothing
            } else {
                Leaf::Text
            }
        }
        _ => Leaf::File,
    }
}

fn alternative(tree: &Tree<'_>, part: &Part<'_>, found: &mut Found) {
    let (mut text, mut html): (Vec<Item>, Vec<Item>) = (Vec::new(), Vec::new());
    for child in &part.children {
        let mut one = Found::default();
        walk(tree, *child, &mut one);
        found.files.append(&mut one.files);
        found.encrypted |= one.encrypted;
        if one.items.is_empty() {
            continue;
        }
        // The first plain one and the last rich one: the last is the richest that the sender has (RFC 2046 §5.1.4).
        if one.items.iter().all(|i| matches!(i, Item::Text(_))) {
            if text.is_empty() {
                text = one.items;
            }
        } else {
            html = one.items;
        }
    }
    match (text.is_empty(), html.is_empty()) {
        (true, true) => {}
        (false, true) => found.items.append(&mut text),
        (true, false) => found.items.append(&mut html),
        (false, false) => found.items.push(Item::Either { text, html }),
    }
}

/// The root is the body, the rest is what it shows.
fn related(tree: &Tree<'_>, part: &Part<'_>, found: &mut Found) {
    let start = part.kind.get("start").unwrap_or_default();
    let id = |i: &usize| {
        tree.parts
            .get(*i)
            .and_then(|p| p.headers.first("content-id"))
            .map(|c| String::from_utf8_lossy(c).into_owned())
    };
    let root = part
        .children
        .iter()
        .find(|c| !start.is_empty() && id(c).as_deref() == Some(start.as_str()))
        .or(part.children.first());
    for child in &part.children {
        if Some(child) == root {
            walk(tree, *child, found);
        } else {
            let mut one = Found::default();
            walk(tree, *child, &mut one);
            found.encrypted |= one.encrypted;
            let loose = one.items.iter().flat_map(leaves);
            found.files.extend(loose);
            found.files.append(&mut one.files);
        }
    }
}

fn leaves(item: &Item) -> Vec<usize> {
    match item {
        Item::Text(i) | Item::Html(i) => vec![*i],
        Item::Either { text, html } => text.iter().chain(html).flat_map(leaves).collect(),
    }
}

fn only_html(items: &[Item]) -> bool {
    items.iter().all(|i| matches!(i, Item::Html(_)))
}

// ---- their letters ------------------------------------------------------------------------------------

fn letters(part: &Part<'_>) -> String {
    let bytes = part.bytes();
    let label = part
        .kind
        .get("charset")
        .or_else(|| part.is("text/html").then(|| meta_charset(&bytes)).flatten());
    let text = charset::decode(label.as_deref(), &bytes);
    let flows = part.is("text/plain")
        && part
            .kind
            .get("format")
            .is_some_and(|f| f.eq_ignore_ascii_case("flowed"));
    if flows {
        let delsp = part
            .kind
            .get("delsp")
            .is_some_and(|d| d.eq_ignore_ascii_case("yes"));
        return flowed::unwrap(&text, delsp);
    }
    if part.is("text/enriched") {
        return html::to_text(&text);
    }
    text
}

/// The charset that HTML names in itself.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..2_048).unwrap_or(bytes)).to_ascii_lowercase();
    let (_, rest) = head.split_once("charset=")?;
    let label: String = rest
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
        .collect();
    (!label.is_empty() && !label.starts_with("utf-16")).then_some(label)
}

/// The HTML to show; plain pieces between HTML pieces are shown with them.
fn html_source(tree: &Tree<'_>, items: &[Item]) -> Option<String> {
    fn has(items: &[Item]) -> bool {
        items
            .iter()
            .any(|i| matches!(i, Item::Html(_) | Item::Either { .. }))
    }
    fn pieces(tree: &Tree<'_>, items: &[Item], out: &mut Vec<String>) {
        for item in items {
            match item {
                Item::Text(i) => out.extend(tree.parts.get(*i).map(|p| {
                    format!("<p>{}</p>", html::escape(&letters(p)).replace('\n', "<br>"))
                })),
                Item::Html(i) => out.extend(tree.parts.get(*i).map(letters)),
                Item::Either { html, .. } => pieces(tree, html, out),
            }
        }
    }
    let mut out = Vec::new();
    if has(items) {
        pieces(tree, items, &mut out);
    }
    (!out.is_empty()).then(|| out.join("\n"))
}

/// The text of these, and no further ones where that is more than `enough`.
fn text_of(tree: &Tree<'_>, items: &[Item], enough: usize) -> String {
    let mut all = String::new();
    for item in items {
        let piece = match item {
            Item::Text(i) => tree.parts.get(*i).map(letters).unwrap_or_default(),
            Item::Html(i) => tree
                .parts
                .get(*i)
                .map(|p| html_text(&letters(p)))
                .unwrap_or_default(),
            Item::Either { text, html } => Some(text_of(tree, text, enough))
                .filter(|t| !t.trim().is_empty())
                .unwrap_or_else(|| text_of(tree, html, enough)),
        };
        if !all.is_empty() && !piece.trim().is_empty() {
            all.push_str("\n\n");
        }
        all.push_str(&piece);
        if all.len() > enough {
            break;
        }
    }
    all
}

/// The text of HTML; HTML over its budget is only stripped.
pub(super) fn html_text(source: &str) -> String {
    match html::sanitise(source) {
        Some(s) => html::to_text(&s.clean.html),
        None => mail_parser::decoders::html::html_to_text(html::cut(source, MAX_STRIPPED)),
    }
}

/// Text with plain line ends.
fn plain(all: &str) -> String {
    all.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "")
}

/// Text as it is kept: with plain line ends, and cut where it is too long.
fn shown(all: &str) -> String {
    let all = plain(all);
    let all = all.trim_end();
    if all.len() <= MAX_TEXT {
        return all.to_owned();
    }
    format!("{}{CUT_MARK}", html::cut(all, MAX_TEXT))
}

/// The same for a text whose folds are known: they end where it was cut.
fn cut_folded(body: FoldedText) -> FoldedText {
    let trimmed = body.text.trim_end().len();
    let text = if trimmed <= MAX_TEXT {
        let mut text = body.text;
        text.truncate(trimmed);
        text
    } else {
        format!("{}{CUT_MARK}", html::cut(&body.text, MAX_TEXT))
    };
    let end = text.len().min(MAX_TEXT).min(trimmed);
    let mut folds = body.folds;
    for f in &mut folds {
        f.start = f.start.min(end);
        f.end = f.end.min(end);
    }
    folds.retain(|f| f.start < f.end);
    FoldedText { text, folds }
}

fn invitation(tree: &Tree<'_>, files: &[usize]) -> Option<calendar::Card> {
    files
        .iter()
        .filter_map(|i| tree.parts.get(*i))
        .find(|p| p.is("text/calendar") && p.body.len() <= MAX_TEXT)
        .and_then(|p| calendar::read(&letters(p)))
}
