//! What a person wrote in a mail, and what is only quoted or signed below it.

use crate::connectors::email::{convert, html, quote};
use crate::model::{Event, FoldedText, Place, RemoteId};
use serde::Serialize;

/// What the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hint {
    /// Plain text.
    #[default]
    Text,
    /// HTML as it came.
    Html,
    /// A whole mail.
    Eml,
}

impl Hint {
    /// From its word: `text`, `html` or `eml`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "text" => Some(Self::Text),
            "html" => Some(Self::Html),
            "eml" => Some(Self::Eml),
            _ => None,
        }
    }
}

/// A reply as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplySeen {
    /// What is shown at once.
    pub visible: String,
    /// What is folded away.
    pub hidden: String,
}

impl From<FoldedText> for ReplySeen {
    fn from(text: FoldedText) -> Self {
        let (visible, hidden) = text.parted();
        Self { visible, hidden }
    }
}

/// Parts a reply into what its author wrote and what is folded away. Never fails: what cannot be read as a mail or as
/// HTML is read as text.
#[must_use]
pub fn reply(input: &[u8], hint: Hint) -> ReplySeen {
    let text = || String::from_utf8_lossy(input).replace("\r\n", "\n");
    let plain = || quote::folded(text(), None);
    match hint {
        Hint::Text => plain(),
        Hint::Html => html::sanitise(&text())
            .map_or_else(plain, |s| quote::text_of(&s.clean.html, html::to_text)),
        Hint::Eml => mail(input).unwrap_or_else(plain),
    }
    .into()
}

fn mail(raw: &[u8]) -> Option<FoldedText> {
    match convert::convert(raw, RemoteId(String::new()), Place::Inbox, None, false) {
        Event::Message(m) => Some(FoldedText {
            text: m.text,
            folds: m.folds.ranges,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(input: &str, hint: Hint) -> (String, String) {
        let r = reply(input.as_bytes(), hint);
        (r.visible.trim().to_owned(), r.hidden.trim().to_owned())
    }

    #[test]
    fn a_reply_is_parted_the_same_as_text_as_html_and_as_a_mail() {
        let text =
            "Yes, please.\n\nOn Tue, 3 Mar 2026 at 10:12, Mara <mara@shop.test> wrote:\n> Blue?\n";
        let html = "<p>Yes, please.</p><div class=gmail_quote><div class=gmail_attr>On Tue, 3 Mar 2026 at 10:12, Mara &lt;mara@shop.test&gt; wrote:</div><blockquote class=gmail_quote>Blue?</blockquote></div>";
        let mail = format!("From: anna@home.test\nSubject: Re: Lamp\n\n{text}");
        for (input, hint) in [(text, Hint::Text), (html, Hint::Html), (&*mail, Hint::Eml)] {
            let (visible, hidden) = seen(input, hint);
            assert_eq!(visible, "Yes, please.", "{hint:?}");
            assert!(
                hidden.starts_with("On Tue") && hidden.ends_with("Blue?"),
                "{hint:?} {hidden}"
            );
        }
    }

    #[test]
    fn a_mail_with_nothing_but_html_is_parted_by_its_marks() {
        let mail = "From: a@b.test\nContent-Type: text/html\n\n<div>Fine.</div><div class=\"moz-signature\">Anna<br>ACME</div>";
        assert_eq!(
            seen(mail, Hint::Eml),
            ("Fine.".to_owned(), "Anna\nACME".to_owned())
        );
    }

    #[test]
    fn what_is_no_mail_is_read_as_text() {
        assert_eq!(seen("", Hint::Eml).0, "");
        assert_eq!(seen("\u{0}\u{1}", Hint::Html).1, "");
    }
}
