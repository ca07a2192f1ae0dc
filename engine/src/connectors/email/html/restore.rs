//! Clean HTML made fit to go out again in a letter of ours: its links lead where they led, its own pictures are those
//! that go along, and remote pictures are links, so that nothing is loaded by whoever reads it.

use super::text::{Piece, pieces};
use std::fmt::Write as _;
use url::Url;

/// What clean HTML refers to by number and by Content-ID.
#[derive(Debug, Clone, Copy)]
pub struct Refers<'a> {
    /// Where link N leads.
    pub links: &'a [String],
    /// Remote address N that was left out.
    pub remote: &'a [String],
    /// The Content-IDs of the pictures that go along, each with what it is called in the letter.
    pub pictures: &'a [(String, String)],
}

/// The HTML with everything that was folded of it shown, or with `visible` without it.
#[must_use]
pub fn restored(clean: &str, refers: &Refers<'_>, visible: bool) -> String {
    let mut out = Restoring {
        out: String::with_capacity(clean.len()),
        refers,
        visible,
        folds: 0,
        links: 0,
    };
    for piece in pieces(clean) {
        match piece {
            Piece::Text(text) => out.text(text),
            Piece::Tag(tag) => out.tag(tag),
        }
    }
    out.out
}

struct Restoring<'a> {
    out: String,
    refers: &'a Refers<'a>,
    visible: bool,
    /// Folded pieces that are open.
    folds: usize,
    /// Links that are open.
    links: usize,
}

impl Restoring<'_> {
    fn shows(&self) -> bool {
        !self.visible || self.folds == 0
    }

    fn text(&mut self, text: &str) {
        if self.shows() {
            self.out.push_str(text);
        }
    }

    fn tag(&mut self, tag: &str) {
        let name = tag.split([' ', '\n', '/']).find(|n| !n.is_empty());
        match (name.unwrap_or_default(), tag.starts_with('/')) {
            // Wrapped around what is folded, by us alone.
            ("details", false) => self.folds += 1,
            ("details", true) => self.folds = self.folds.saturating_sub(1),
            ("summary", _) => {}
            _ if !self.shows() => {}
            ("a", false) => self.link(tag),
            ("a", true) => {
                self.links = self.links.saturating_sub(1);
                self.out.push_str("</a>");
            }
            ("img", _) => self.picture(tag),
            _ => {
                let _ = write!(self.out, "<{tag}>");
            }
        }
    }

    fn link(&mut self, tag: &str) {
        self.links += 1;
        self.out.push_str("<a");
        for (name, value) in attributes(tag) {
            match name {
                "target" | "rel" => {}
                "href" => {
                    let known = value
                        .strip_prefix("part-link:")
                        .and_then(|n| n.parse::<usize>().ok())
                        .and_then(|n| self.refers.links.get(n));
                    if let Some(url) = known {
                        self.put("href", &escaped(url));
                    }
                }
                _ => self.put(name, value),
            }
        }
        self.out.push('>');
    }

    fn picture(&mut self, tag: &str) {
        let value = |wanted: &str| attributes(tag).find(|(n, _)| *n == wanted).map(|a| a.1);
        let own = value("src")
            .and_then(|s| s.strip_prefix("part://localhost/cid/"))
            .map(super::links::percent_decode)
            .and_then(|cid| self.refers.pictures.iter().find(|p| p.0 == cid));
        if let Some((_, called)) = own {
            self.out.push_str("<img");
            for (name, value) in attributes(tag).filter(|(n, _)| *n != "data-remote") {
                if name == "src" {
                    self.put("src", &format!("cid:{}", escaped(called)));
                } else {
                    self.put(name, value);
                }
            }
            self.out.push('>');
            return;
        }
        let words = value("alt").unwrap_or_default();
        let remote = value("data-remote")
            .and_then(|n| n.parse::<usize>().ok())
            .and_then(|n| self.refers.remote.get(n));
        match remote {
            // A link inside of a link is none.
            Some(url) if self.links == 0 => {
                let host = Url::parse(url).ok();
                let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
                let shown = if words.trim().is_empty() {
                    escaped(host)
                } else {
                    words.to_owned()
                };
                let _ = write!(self.out, "<a href=\"{}\">{shown}</a>", escaped(url));
            }
            _ => self.out.push_str(words),
        }
    }

    /// An attribute whose value is escaped already.
    fn put(&mut self, name: &str, value: &str) {
        let _ = write!(self.out, " {name}=\"{value}\"");
    }
}

/// The attributes of a tag as a serialiser writes them.
fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag.split_once(' ').map_or("", |(_, r)| r);
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        rest = after;
        Some((name.trim_start(), value))
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::{sanitise, sanitise_as};
    use super::*;

    fn again(html: &str, pictures: &[(&str, &str)], visible: bool) -> String {
        let clean = sanitise_as(html, !visible).unwrap().clean;
        let pictures: Vec<(String, String)> = pictures
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        let refers = Refers {
            links: &clean.links,
            remote: &clean.blocked,
            pictures: &pictures,
        };
        restored(&clean.html, &refers, visible)
    }

    #[test]
    fn links_lead_where_they_led() {
        assert_eq!(
            again(
                "<p><a style='color:red' href='https://a.test/?x=1&y=\"2'>a</a> <a href='javascript:x'>b</a></p>",
                &[],
                false
            ),
            "<p><a style=\"color:red\" href=\"https://a.test/?x=1&amp;y=%222\">a</a> <a>b</a></p>"
        );
    }

    #[test]
    fn pictures_that_go_along_stay_and_others_are_words_or_links() {
        assert_eq!(
            again(
                "<img src='cid:one@x' alt=One width=9><img src='cid:two@x' alt='Two &amp; \"more\"'><img src='http://t.test/p' width=1 height=1>",
                &[("one@x", "k1")],
                false
            ),
            "<img src=\"cid:k1\" alt=\"One\" width=\"9\">Two &amp; &quot;more&quot;"
        );
        assert_eq!(
            again(
                "<img src='http://a.test/1?a&b'><img src='http://a.test/2' alt=Lamp><a href='https://b.test/'><img src='http://a.test/3' alt=Shop></a>",
                &[],
                false
            ),
            "<a href=\"http://a.test/1?a&amp;b\">a.test</a><a href=\"http://a.test/2\">Lamp</a><a href=\"https://b.test/\">Shop</a>"
        );
    }

    #[test]
    fn what_is_folded_is_shown_or_left_out_whole() {
        let html = "<p>New</p><div class=gmail_quote><div class=gmail_attr>On Monday, Tom wrote:</div><blockquote>Old <b>words</b></blockquote></div>";
        assert_eq!(again(html, &[], true), "<p>New</p>");
        let clean = sanitise(html).unwrap().clean;
        let refers = Refers {
            links: &[],
            remote: &[],
            pictures: &[],
        };
        let whole = restored(&clean.html, &refers, false);
        assert!(clean.html.contains("<details") && !whole.contains("details"));
        assert!(
            whole.contains("<blockquote>Old <b>words</b></blockquote>"),
            "{whole}"
        );
    }

    #[test]
    fn what_goes_out_again_loads_nothing() {
        for html in [
            "<p style='background:url(http://a.test/1)'>x</p><img src='http://a.test/2'><video poster='http://a.test/3'></video>",
            "<style>p{background:url(http://a.test/1)}</style><p title='<img src=x>'>x</p><link rel=preload href='http://a.test/2'>",
            "<a href='https://a.test/\"><img src=http://b.test/1>'>x</a>",
        ] {
            let out = again(html, &[], false);
            assert!(
                !out.contains("<img") && !out.contains("url(") && !out.contains("src=\""),
                "{out}"
            );
            assert!(sanitise(&out).unwrap().clean.blocked.is_empty(), "{out}");
        }
    }
}
