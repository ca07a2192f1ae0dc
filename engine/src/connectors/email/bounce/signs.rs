//! By what a bounce without a report for programs is known.

use super::super::bounce_reason as reason;
use super::super::html::cut;
use super::Letter;
use super::said::Said;

/// Beginnings of the subjects of bounces, long enough that nobody types them.
const SUBJECTS: &[&str] = &[
    "undelivered mail returned to sender",
    "undeliverable:",
    "undeliverable mail",
    "undeliverable message",
    "undelivered mail",
    "undelivered message",
    "delivery status notification",
    "delivery failure",
    "delivery failed",
    "mail delivery failed",
    "mail delivery failure",
    "message delivery failure",
    "mail delivery system",
    "mail delivery status",
    "returned mail",
    "failure notice",
    "delivery notification",
    "non-delivery",
    "nondeliverable mail",
    "mail system error",
    "mail could not be delivered",
    "warning: could not send message",
    "warning: message",
    "warning - delayed mail",
    "message status - undeliverable",
    "returned message",
    "delivery report",
    "delivery error",
    "unzustellbar",
    "mail nicht zustellbar",
    "fehlgeschlagene zustellung",
    "échec de la remise",
    "non remis",
    "no se puede entregar",
    "não foi possível entregar",
    "impossibile recapitare",
    "onbestelbaar",
    "nie można dostarczyć",
    "mail delivery error",
    "permanent delivery failure",
    "message not delivered",
    "unable to deliver",
    "delivery has failed",
    "email delivery failure",
    "dsn: ",
    "dmail delivery",
    "user unknown",
    "there was an error sending your mail",
    "message delivery has failed",
    "undelivereable",
    "mail undeliverable",
    "message undeliverable",
    "mail failure",
    "failed mail",
    "mail error",
    "message you sent",
    "delivery unsuccessful",
    "postmaster notify",
    "mail failed, returning",
    "メールエラー",
    "deliver mail failed",
    "配信不能",
];

/// What bounces say and letters of persons do not, all at once with a server as the sender.
const PHRASES: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "can't be delivered",
    "was not delivered",
    "has not been delivered",
    "not delivered to",
    "unable to deliver",
    "undeliverable",
    "undelivered",
    "delivery failed",
    "delivery has failed",
    "delivery to the following",
    "failed to deliver",
    "delivery failure",
    "permanent error",
    "permanent fatal error",
    "fatal error",
    "user unknown",
    "unknown user",
    "no such user",
    "returned to sender",
    "returned message",
    "mailbox full",
    "mailbox is full",
    "over quota",
    "could not deliver",
    "rejected",
    "following address",
    "following recipient",
    "did not reach",
    "was undeliverable",
    "not be delivered",
    "recipient address",
    "mail delivery",
    "message delivery",
    "bounced",
    "no longer",
    "unable to send",
    "host unknown",
    "error occurred",
    "delivery status",
    "unzustellbar",
    "nicht zugestellt",
    "n'a pas pu être",
    "配信できません",
    "送信できません",
    "could not send",
];

/// Whether its subject is that of a bounce.
pub(super) fn named_as_one(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    let subject = subject
        .trim_start_matches("re: ")
        .trim_start_matches("fwd: ")
        .trim_start_matches("[bounce] ");
    SUBJECTS.iter().any(|s| {
        subject.starts_with(s)
            || subject
                .strip_prefix('*')
                .is_some_and(|r| r.trim_start_matches(['*', ' ']).starts_with(s))
    })
}

pub(super) fn looks_like_one(letter: &Letter<'_>, said: &Said) -> bool {
    let automatic = letter.headers.text("auto-submitted").unwrap_or_default();
    let by_subject = named_as_one(letter.subject);
    let lower = cut(&said.text, 20_000).to_lowercase();
    let phrase = PHRASES.iter().any(|p| lower.contains(p));
    let code = reason::code_in(&lower).is_some() || reason::reply_in(&lower).is_some();
    let server = letter.server_wrote_it();
    // Who is away answers with an empty sender as well.
    if automatic.starts_with("auto-replied") && !by_subject && !code {
        return false;
    }
    by_subject && (server || phrase && (code || said.returned.is_some()))
        || server && phrase && (code || said.returned.is_some())
}
