//! What stands in a letter that we write: what was typed, the signature, and what it answers or passes on.

use super::rich::Rich;
use serde::{Deserialize, Serialize};

/// The mail that is answered or passed on, as it is put below what was typed. Fixed when the letter is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The line that introduces it (`On …, Anna wrote:`), or the lines that do for a forwarded one; in the writer's
    /// language, so it comes from the window.
    pub intro: String,
    /// Its text: only what its writer wrote, without the history that it carried itself.
    pub text: String,
    /// Passed on rather than answered: shown whole and not as a quotation.
    pub forwarded: bool,
    /// The same as HTML, where it had some: clean, and its pictures (`cid:`) by the ids of the files that go along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// Longest history that is sent along; the customer has the rest.
const HISTORY: usize = 20_000;
/// Longest HTML of an answered mail, in bytes; above it goes as text only.
const HISTORY_HTML: usize = 200_000;
/// The same of a mail that is passed on.
const FORWARDED_HTML: usize = 2 * 1024 * 1024;

impl History {
    /// A history of at most 20,000 characters.
    #[must_use]
    pub fn new(intro: &str, text: &str, forwarded: bool) -> Self {
        let most = if forwarded { usize::MAX } else { HISTORY };
        let mut kept: String = text.chars().take(most).collect();
        if kept.len() < text.len() {
            kept.push_str("\n[…]");
        }
        Self {
            intro: lines(intro.trim()),
            text: lines(kept.trim_end()),
            forwarded,
            html: None,
        }
    }

    /// The same with its HTML, unless that is too long to be sent along.
    #[must_use]
    pub fn with_html(self, html: Option<String>) -> Self {
        let most = if self.forwarded {
            FORWARDED_HTML
        } else {
            HISTORY_HTML
        };
        Self {
            html: html.filter(|h| h.len() <= most && !h.trim().is_empty()),
            ..self
        }
    }
}

const LINE_ENDS: [char; 2] = ['\r', '\n'];

/// Line ends as LF; no other control characters but tabs.
#[must_use]
pub fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// The plain text of a letter, everything that is sent.
#[must_use]
pub fn plain(text: &str, signature: &str, history: Option<&History>) -> String {
    let mut out = lines(text.trim_end_matches(LINE_ENDS));
    if !signature.trim().is_empty() {
        // The mark that every mail program knows: two hyphens and a space.
        out.push_str("\n\n-- \n");
        out.push_str(&lines(signature.trim()));
    }
    if let Some(h) = history {
        out.push_str("\n\n");
        out.push_str(&h.intro);
        out.push('\n');
        if h.forwarded {
            out.push('\n');
            out.push_str(&h.text);
        } else {
            out.push_str(&quoted(&h.text));
        }
    }
    out.push('\n');
    out
}

fn quoted(text: &str) -> String {
    let line = |l: &str| match l {
        "" => ">".to_owned(),
        l if l.starts_with('>') => format!(">{l}"),
        l => format!("> {l}"),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// An image that is shown inside the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture<'a> {
    /// Its Content-ID, without angle brackets.
    pub content_id: &'a str,
    /// What the history calls it, if it shows it.
    pub key: &'a str,
    /// Its name, for who cannot see it.
    pub name: &'a str,
}

/// The same letter as HTML: what was typed, with its formatting or in paragraphs, addresses of the web as links,
/// pictures below the text but for those that it or the history shows.
#[must_use]
pub fn html(
    text: &str,
    formatted: Option<&Rich>,
    signature: &str,
    history: Option<&History>,
    pictures: &[Picture<'_>],
) -> String {
    let told = history.map(|h| history_html(h, pictures));
    let told = told.as_deref().unwrap_or_default();
    let said = match formatted {
        Some(formatted) => formatted.letter(pictures),
        None => rich(text.trim_end_matches(LINE_ENDS)),
    };
    let mut out = format!("<html><body><div dir=\"auto\">{said}</div>");
    let shown = |p: &&Picture<'_>| {
        let src = shows(p.content_id);
        told.contains(&src) || formatted.is_some() && said.contains(&src)
    };
    for p in pictures.iter().filter(|p| !shown(p)) {
        out.push_str(&format!(
            "<p><img src=\"cid:{}\" alt=\"{}\" style=\"max-width:100%\"></p>",
            escaped(p.content_id),
            escaped(p.name)
        ));
    }
    if !signature.trim().is_empty() {
        out.push_str(&format!(
            "<div class=\"moz-signature\"><br>-- <br>{}</div>",
            rich(signature.trim())
        ));
    }
    out.push_str(told);
    out.push_str("</body></html>");
    out
}

fn shows(content_id: &str) -> String {
    format!("src=\"cid:{}\"", escaped(content_id))
}

/// Marked as other programs mark it, so that they fold it too.
fn history_html(h: &History, pictures: &[Picture<'_>]) -> String {
    let intro = rich(&h.intro);
    let said = match &h.html {
        Some(html) => pictures.iter().fold(html.clone(), |html, p| {
            html.replace(&shows(p.key), &shows(p.content_id))
        }),
        None => rich(&h.text),
    };
    if h.forwarded {
        return format!("<br><div>{intro}</div><br><div>{said}</div>");
    }
    format!(
        "<br><div class=\"gmail_quote\"><div class=\"gmail_attr\">{intro}</div><blockquote type=\"cite\" style=\"margin:0 0 0 8px;border-left:2px solid #cccccc;padding-left:8px\">{said}</blockquote></div>"
    )
}

/// Text as HTML: nothing of it can become markup.
fn rich(text: &str) -> String {
    lines(text)
        .split('\n')
        .map(|l| rich_line(l, true))
        .collect::<Vec<_>>()
        .join("<br>\n")
}

/// One line as HTML, addresses of the web as links if wanted.
pub(super) fn rich_line(line: &str, links: bool) -> String {
    line.split_inclusive(' ')
        .map(|w| if links { word(w) } else { escaped(w) })
        .collect::<String>()
        // Runs of spaces are somebody's columns.
        .replace("  ", "&nbsp; ")
}

fn word(w: &str) -> String {
    let bare = w.trim_end();
    let end = bare.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '>', '"', '\'', ']']);
    let is_link = (end.starts_with("https://") || end.starts_with("http://"))
        && end.len() > 8
        && !end.contains(['<', '"', '\\']);
    if is_link {
        let link = escaped(end);
        return format!("<a href=\"{link}\">{link}</a>{}", escaped(&w[end.len()..]));
    }
    escaped(w)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    out
}

/// How many bytes a mail with these files will have: base64 in lines of 76, and its parts' headers.
#[must_use]
pub fn encoded_size(text: usize, files: &[u64]) -> u64 {
    let body = |n: u64| n.div_ceil(57) * 78 + 400;
    // The text goes twice, as text and as HTML, and may need three bytes a byte.
    (text as u64) * 7 + 2_000 + files.iter().map(|n| body(*n)).sum::<u64>()
}

/// `Fwd: ` before a subject, once.
#[must_use]
pub fn forward_subject(subject: &str) -> String {
    let s = subject.trim();
    let lower = s.to_lowercase();
    if ["fwd:", "fw:", "wg:", "tr:", "rv:"]
        .iter()
        .any(|p| lower.starts_with(p))
    {
        return s.to_owned();
    }
    format!("Fwd: {s}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered() -> History {
        History::new("On Monday, Anna wrote:", "Is it there?\n\n> earlier", false)
    }

    #[test]
    fn a_letter_is_what_was_typed_the_signature_and_what_it_answers() {
        assert_eq!(
            plain("It is.\r\n", "Tom\nLamp Shop\n", Some(&answered())),
            "It is.\n\n-- \nTom\nLamp Shop\n\nOn Monday, Anna wrote:\n> Is it there?\n>\n>> earlier\n"
        );
        assert_eq!(plain("It is.", " ", None), "It is.\n");
    }

    #[test]
    fn what_is_passed_on_is_not_a_quotation() {
        let h = History::new("Forwarded message\nFrom: Anna", "Hello", true);
        assert_eq!(
            plain("See below.", "", Some(&h)),
            "See below.\n\nForwarded message\nFrom: Anna\n\nHello\n"
        );
    }

    #[test]
    fn nothing_typed_becomes_markup_and_web_addresses_become_links() {
        let h = html(
            "<b>&</b> see https://x.test/a?b=1&c=2.\n  two",
            None,
            "<i>",
            None,
            &[],
        );
        assert!(h.contains("&lt;b&gt;&amp;&lt;/b&gt;"), "{h}");
        assert!(
            h.contains(
                "<a href=\"https://x.test/a?b=1&amp;c=2\">https://x.test/a?b=1&amp;c=2</a>."
            ),
            "{h}"
        );
        assert!(!h.contains("<i>") && h.contains("&nbsp; two"), "{h}");
        let evil = html(
            "https://x\"onmouseover=\"alert(1) javascript:alert(1)",
            None,
            "",
            None,
            &[],
        );
        assert!(!evil.contains("<a "), "{evil}");
    }

    #[test]
    fn history_keeps_its_html_and_its_pictures_their_places() {
        let clean = "<p>Is <b>it</b> there? <img src=\"cid:k1\" alt=\"x\"></p>";
        let picture = |key, content_id| Picture {
            content_id,
            key,
            name: "x.png",
        };
        let pictures = [picture("k1", "k1@x.test"), picture("k2", "k2@x.test")];
        let told = answered().with_html(Some(clean.into()));
        let out = html("It is.", None, "", Some(&told), &pictures);
        assert!(
            out.contains("8px\"><p>Is <b>it</b> there? <img src=\"cid:k1@x.test\" alt=\"x\"></p></blockquote>"),
            "{out}"
        );
        assert_eq!(out.matches("cid:k1@x.test").count(), 1);
        assert_eq!(out.matches("cid:k2@x.test").count(), 1);
        assert_eq!(
            plain("It is.", "", Some(&told)),
            plain("It is.", "", Some(&answered()))
        );
        let passed = History::new("Forwarded", "text", true).with_html(Some(clean.into()));
        let out = html("See.", None, "", Some(&passed), &pictures);
        assert!(
            out.contains("<div>Forwarded</div><br><div><p>Is <b>it</b>"),
            "{out}"
        );
    }

    #[test]
    fn html_that_is_too_long_to_be_quoted_goes_as_text() {
        let html = |n: usize| Some("x".repeat(n));
        let kept = |n| answered().with_html(html(n)).html.is_some();
        assert_eq!((kept(HISTORY_HTML), kept(HISTORY_HTML + 1)), (true, false));
        let passed = |n| History::new("", "", true).with_html(html(n)).html.is_some();
        assert_eq!(
            (passed(FORWARDED_HTML), passed(FORWARDED_HTML + 1)),
            (true, false)
        );
    }

    #[test]
    fn no_control_character_comes_through() {
        let h = History::new("a\r\nBcc: x\u{0}", "b\rc", false);
        assert_eq!((h.intro.as_str(), h.text.as_str()), ("a\nBcc: x", "b\nc"));
    }

    #[test]
    fn a_very_long_history_is_cut_and_says_so() {
        let h = History::new("x", &"a".repeat(30_000), false);
        assert!(h.text.ends_with("[…]") && h.text.len() < 20_100);
        assert_eq!(
            History::new("x", &"a".repeat(30_000), true).text.len(),
            30_000
        );
    }

    #[test]
    fn a_subject_gets_one_fwd() {
        assert_eq!(forward_subject("lamp"), "Fwd: lamp");
        assert_eq!(forward_subject("FW: lamp"), "FW: lamp");
    }
}
