//! Mails that came back: delivery reports (RFC 3464), and the letters of servers that write none.

mod letters;
mod report;
mod said;
mod signs;

use super::budget::MAX_BOUNCED;
use super::headers::Headers;
use super::html::cut;
use super::mime::{Part, Tree};
use crate::model::{Bounce, Bounced, Party, email_key};
use letters::by_text;
use report::{Group, bounced, status_groups};
use said::{human, original_id};
use signs::{looks_like_one, named_as_one};

/// A mail as far as it is read already.
pub(super) struct Letter<'a> {
    /// Its header.
    pub(super) headers: &'a Headers<'a>,
    /// Its parts.
    pub(super) tree: &'a Tree<'a>,
    /// Its text.
    pub(super) text: &'a str,
    /// Its subject.
    pub(super) subject: &'a str,
    /// Its sender.
    pub(super) from: Option<&'a Party>,
}

impl Letter<'_> {
    fn part(&self, kinds: &[&str]) -> Option<&Part<'_>> {
        self.tree
            .parts
            .iter()
            .find(|p| kinds.iter().any(|k| p.is(k)))
    }

    /// What kind of report it is, by its own word (RFC 6522).
    pub(super) fn report(&self) -> Option<String> {
        let root = self.tree.parts.first()?;
        let by_part = || {
            let direct = |p: &&Part<'_>| p.depth <= 2;
            self.tree
                .parts
                .iter()
                .filter(direct)
                .find_map(|p| match p.kind.word.as_str() {
                    "message/delivery-status" | "message/global-delivery-status" => {
                        Some("delivery-status")
                    }
                    "message/feedback-report" => Some("feedback-report"),
                    "message/disposition-notification" => Some("disposition-notification"),
                    _ => None,
                })
        };
        // The part says what it is; some servers name the wrong report.
        by_part().map(str::to_owned).or_else(|| {
            root.is("multipart/report").then(|| {
                root.kind
                    .get("report-type")
                    .unwrap_or_default()
                    .to_ascii_lowercase()
            })
        })
    }

    /// Whether a mail server seems to have written it.
    pub(super) fn server_wrote_it(&self) -> bool {
        let from = self.headers.text("from").unwrap_or_default();
        let null = self
            .headers
            .text("return-path")
            .is_some_and(|v| v.split_whitespace().collect::<String>() == "<>");
        let words = [
            "mailer-daemon",
            "mailerdaemon",
            "mail delivery",
            "maildelivery",
            "postmaster",
            "mail daemon",
            "mail-daemon",
            "mail system",
            "mail administrator",
            "mailsystem",
            "delivery subsystem",
            "post master",
            "post_master",
            "mail router",
            "e-mail admin",
            "mdaemon",
            "mailmaster",
            "mail server",
            "exchange",
        ];
        null || from.trim() == "<>" || words.iter().any(|w| from.contains(w))
    }
}

/// What a mail says of a mail of ours that did not arrive; `None` when it is no bounce.
pub(super) fn read(letter: &Letter<'_>) -> Option<Bounce> {
    let report = letter.report();
    let marked = letter.headers.first("x-failed-recipients").is_some();
    let kinds = ["message/delivery-status", "message/global-delivery-status"];
    // Nearly every mail ends here, before its words are looked at.
    if report.is_none()
        && !marked
        && letter.part(&kinds).is_none()
        && !letter.server_wrote_it()
        && !named_as_one(letter.subject)
    {
        return None;
    }
    if matches!(
        report.as_deref(),
        Some("feedback-report" | "disposition-notification")
    ) || is_complaint(letter)
    {
        return None;
    }
    let said = human(letter);
    let groups = letter.part(&kinds).map(status_groups).unwrap_or_default();
    let named: Vec<&Group> = groups
        .iter()
        .filter(|g| g.recipient().is_some() || g.get("action").is_some())
        .collect();
    // A receipt says that all is well.
    let well = |g: &&Group| {
        matches!(
            g.action().as_str(),
            "delivered" | "relayed" | "expanded" | "deliverable"
        )
    };
    if !named.is_empty() && named.iter().all(well) {
        return None;
    }
    let failed: Vec<Bounced> = named
        .iter()
        .filter(|g| !well(g))
        .filter_map(|g| bounced(g, &said.text))
        .take(MAX_BOUNCED)
        .collect();
    let certain = report.as_deref() == Some("delivery-status") || marked || !failed.is_empty();
    if !certain && !looks_like_one(letter, &said) {
        return None;
    }
    let recipients = if failed.is_empty() {
        by_text(letter, &said)
    } else {
        failed
    };
    Some(Bounce {
        recipients: once(recipients),
        original_message_id: original_id(letter, &groups, &said),
    })
}

/// A feedback loop in the old form, which has no part of its own for programs.
pub(super) fn is_complaint(letter: &Letter<'_>) -> bool {
    let start = cut(letter.text, 2_000).to_lowercase();
    start.contains("email abuse report for an email message")
        || start.contains("this is an email abuse report")
        || letter
            .headers
            .text("subject")
            .is_some_and(|s| s.starts_with("complaint about message from"))
}

fn once(all: Vec<Bounced>) -> Vec<Bounced> {
    let mut seen = std::collections::HashSet::new();
    all.into_iter()
        .filter(|b| seen.insert(email_key(&b.address).unwrap_or_else(|| b.address.clone())))
        .collect()
}
