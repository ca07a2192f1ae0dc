//! Mails that came back: delivery reports (RFC 3464), and the letters of servers that write none.

use super::addresses;
use super::bounce_reason::{self as reason, Reason};
use super::budget::MAX_BOUNCED;
use super::headers::Headers;
use super::html::cut;
use super::mime::{Part, Tree};
use crate::model::{Bounce, Bounced, Party, email_key};

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

/// Whether its subject is that of a bounce.
fn named_as_one(subject: &str) -> bool {
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

fn looks_like_one(letter: &Letter<'_>, said: &Said) -> bool {
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

// ---- what is said to a person -------------------------------------------------------------------------

/// The text in front of the mail that came back, and that mail, as far as it is there.
struct Said {
    text: String,
    returned: Option<String>,
}

/// Lines that the returned mail stands behind.
const MARKERS: &[&str] = &[
    "below this line is a copy",
    "this is a copy of",
    "copy of your message",
    "original message follow",
    "----- original message",
    "---- original message",
    "--- original message",
    "message header follow",
    "original message header",
    "returned message",
    "------ returned",
    "unsent message below",
    "----- unsent message",
    "the header of the original",
    "message text follow",
    "original mail as follows",
    "headers of the original",
    "your message reads (in part)",
    "----- message header",
    "--- the header",
    "----- the following is",
    "content-type: message/rfc822",
    "--- undelivered message",
    "original message headers",
    "here is a copy",
    "the body of your",
    "message headers:",
    "included is a copy",
    "--------the header of",
    "- these recipients",
    "********  content",
    "received: from",
    "start of returned",
    "returned mail follow",
    "the original message",
    "your original message",
    "original e-mail",
    "### original mail",
];

fn human(letter: &Letter<'_>) -> Said {
    let inner = letter
        .tree
        .parts
        .iter()
        .find(|p| {
            matches!(
                p.kind.word.as_str(),
                "message/rfc822"
                    | "message/global"
                    | "text/rfc822-headers"
                    | "message/partial"
                    | "text/rfc822-header"
                    | "message/global-headers"
            )
        })
        .filter(|p| p.depth > 1);
    let returned = inner.map(|p| String::from_utf8_lossy(&p.bytes()).into_owned());
    let mut text = String::new();
    let mut tail: Option<String> = None;
    let own = cut(letter.text, 200_000);
    let mut rest = own;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let lower = line.trim().to_lowercase();
        let marks = MARKERS.iter().any(|m| lower.contains(m)) && !text.trim().is_empty();
        if marks && looks_like_header(rest) {
            tail = Some(rest.to_owned());
            break;
        }
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    Said {
        text,
        returned: returned.or(tail),
    }
}

/// Whether a mail's fields stand in the lines that follow.
fn looks_like_header(rest: &str) -> bool {
    let field = |l: &&str| {
        let l = l
            .trim_start_matches(['>', ' ', '\t', '|'])
            .to_ascii_lowercase();
        [
            "from:",
            "to:",
            "subject:",
            "date:",
            "message-id:",
            "received:",
            "return-path:",
        ]
        .iter()
        .any(|f| l.starts_with(f))
    };
    rest.lines().take(25).filter(field).count() >= 2
}

/// A field of the mail that came back.
fn returned_field(said: &Said, name: &str) -> Option<String> {
    let text = said.returned.as_deref()?;
    let prefix = format!("{name}:");
    let mut lines = cut(text, 60_000)
        .lines()
        .map(|l| l.trim_start_matches(['>', '|']).trim_end());
    let first = lines.find_map(|l| {
        let l = l.trim_start();
        l.get(..prefix.len())
            .filter(|p| p.eq_ignore_ascii_case(&prefix))
            .and_then(|_| l.get(prefix.len()..))
            .map(str::to_owned)
    })?;
    let mut value = first;
    for more in lines.take(20) {
        if !more.starts_with([' ', '\t']) {
            break;
        }
        value.push_str(more);
    }
    Some(value)
}

fn original_id(letter: &Letter<'_>, groups: &[Group], said: &Said) -> Option<String> {
    let id = |v: &str| {
        let inner = v.split_once('<').map_or(v, |(_, r)| r);
        let inner = inner.split('>').next().unwrap_or_default().trim();
        let plain: String = inner
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control())
            .collect();
        (plain.contains('@') || plain.len() > 8).then_some(plain)
    };
    let by_group = || {
        groups.iter().find_map(|g| {
            g.get("x-original-message-id")
                .or_else(|| g.get("original-message-id"))
        })
    };
    returned_field(said, "message-id")
        .as_deref()
        .and_then(id)
        .or_else(|| by_group().and_then(|v| id(&v)))
        .or_else(|| {
            letter
                .headers
                .first("x-original-message-id")
                .and_then(|v| id(&String::from_utf8_lossy(v)))
        })
        .or_else(|| {
            letter
                .headers
                .first("in-reply-to")
                .and_then(|v| id(&String::from_utf8_lossy(v)))
        })
        .or_else(|| {
            // Some only say it in words.
            said.text.lines().find_map(|l| {
                let at = l.to_ascii_lowercase().find("message-id")?;
                l.get(at + 10..)?
                    .trim_start_matches([':', ' '])
                    .split_whitespace()
                    .next()
                    .filter(|w| w.contains('@'))
                    .and_then(id)
            })
        })
}

// ---- the report for programs --------------------------------------------------------------------------

/// The fields about one recipient, or about the mail as a whole.
struct Group(Vec<(String, String)>);

impl Group {
    fn get(&self, name: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
            .filter(|v| !v.trim().is_empty())
    }

    fn action(&self) -> String {
        let word = self.get("action").unwrap_or_default().to_ascii_lowercase();
        word.split([' ', '(', ';'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    fn recipient(&self) -> Option<String> {
        [
            "final-recipient",
            "original-recipient",
            "x-actual-recipient",
        ]
        .iter()
        .filter_map(|n| self.get(n))
        .find_map(|v| typed_address(&v))
    }
}

/// `rfc822; <anna@shop.test>`, with whatever stands around it.
fn typed_address(value: &str) -> Option<String> {
    let after = value.split_once(';').map_or(value, |(_, v)| v).trim();
    let xtext = after.replace("+40", "@");
    let spot = |t: &str| {
        addresses::list(t)
            .into_iter()
            .find(|p| email_key(&p.address).is_some())
            .map(|p| p.address)
    };
    spot(after)
        .or_else(|| spot(&xtext))
        .or_else(|| found_in(after).into_iter().next())
}

fn status_groups(part: &Part<'_>) -> Vec<Group> {
    let text = String::from_utf8_lossy(&part.bytes()).replace("\r\n", "\n");
    let mut groups: Vec<Group> = Vec::new();
    let mut now: Vec<(String, String)> = Vec::new();
    for line in cut(&text, 512 * 1024).lines() {
        if line.trim().is_empty() {
            if !now.is_empty() {
                groups.push(Group(std::mem::take(&mut now)));
            }
            continue;
        }
        match (
            line.starts_with([' ', '\t']),
            now.last_mut(),
            line.split_once(':'),
        ) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (_, _, Some((name, value))) => {
                let name = name.trim().to_ascii_lowercase();
                // A second recipient without a blank line between.
                if name == "final-recipient" && now.iter().any(|(n, _)| n == "final-recipient") {
                    groups.push(Group(std::mem::take(&mut now)));
                }
                now.push((name, value.trim().to_owned()));
            }
            _ => {}
        }
        if groups.len() > 2 * MAX_BOUNCED {
            break;
        }
    }
    if !now.is_empty() {
        groups.push(Group(now));
    }
    groups
}

fn bounced(g: &Group, human: &str) -> Option<Bounced> {
    let address = g.recipient()?;
    let typed = g.get("diagnostic-code").unwrap_or_default();
    let diagnostic = typed
        .split_once(';')
        .filter(|(t, _)| t.len() < 20 && !t.contains(' '))
        .map_or(typed.as_str(), |(_, d)| d)
        .trim()
        .to_owned();
    let mut status = g.get("status").and_then(|s| reason::code_in(&s));
    if status.as_deref().is_none_or(|s| s.ends_with(".0.0"))
        && let Some(finer) = reason::code_in(&diagnostic)
        && !finer.ends_with(".0.0")
    {
        status = Some(finer);
    }
    let action = if g.action() == "delayed" {
        "delayed"
    } else {
        "failed"
    };
    let mut why = reason::of(status.as_deref(), &diagnostic);
    // Where the report says nothing, the words for a person may.
    if matches!(why.key, "other" | "policy" | "system" | "network")
        && (diagnostic.is_empty() || why.key == "other")
    {
        let by_words = reason::of(status.as_deref(), &about(human, &address));
        if by_words.key != "other" {
            why = by_words;
        }
    }
    Some(made(address, action, status, &diagnostic, why))
}

fn made(
    address: String,
    action: &str,
    status: Option<String>,
    diagnostic: &str,
    why: &Reason,
) -> Bounced {
    // What is still being tried may yet arrive.
    let temporary = action == "delayed"
        || status.as_deref().is_some_and(|s| s.starts_with('4'))
            && why.key != "host_unknown"
            && why.key != "user_unknown";
    Bounced {
        address,
        action: action.to_owned(),
        hard: why.hard && !temporary,
        status,
        diagnostic: cut(diagnostic, 1_000).to_owned(),
        reason: why.key.to_owned(),
        reason_words: why.words.to_owned(),
    }
}

// ---- servers that write letters only ------------------------------------------------------------------

/// The lines that speak of an address: from its own on, until another one's.
fn about(human: &str, address: &str) -> String {
    let lower = address.to_lowercase();
    let mut lines = human
        .lines()
        .skip_while(|l| !l.to_lowercase().contains(&lower));
    let mut out = String::new();
    for (i, line) in lines.by_ref().take(12).enumerate() {
        if i > 0
            && (leading(line).is_some_and(|a| !a.eq_ignore_ascii_case(address))
                || line.trim().is_empty() && out.len() > 40 && i > 3)
        {
            break;
        }
        out.push_str(line.trim());
        out.push(' ');
    }
    if out.trim().is_empty() {
        cut(human, 4_000).to_owned()
    } else {
        out
    }
}

fn by_text(letter: &Letter<'_>, said: &Said) -> Vec<Bounced> {
    let marked = letter
        .headers
        .first("x-failed-recipients")
        .map(|v| found_in(&String::from_utf8_lossy(v)))
        .unwrap_or_default();
    let candidates = [
        marked,
        strong(letter, &said.text),
        returned_field(said, "to")
            .map(|v| found_in(&v))
            .filter(|a| a.len() == 1)
            .unwrap_or_default(),
        weak(letter, &said.text),
        own(&said.text),
        returned_field(said, "to")
            .map(|v| found_in(&v))
            .unwrap_or_default(),
        returned_field(said, "x-original-to")
            .or_else(|| returned_field(said, "delivered-to"))
            .map(|v| found_in(&v))
            .unwrap_or_default(),
    ];
    let found = candidates
        .into_iter()
        .find(|c| !c.is_empty())
        .unwrap_or_default();
    found
        .into_iter()
        .take(MAX_BOUNCED)
        .map(|address| {
            let near = about(&said.text, &address);
            let near_code = reason::code_in(&near).or_else(|| reason::code_in(&said.text));
            let mut why = reason::of(near_code.as_deref(), &near);
            if why.key == "other" {
                why = reason::of(near_code.as_deref(), &said.text);
            }
            let delayed = is_delay(letter.subject, &said.text);
            made(
                address,
                if delayed { "delayed" } else { "failed" },
                near_code,
                near.trim(),
                why,
            )
        })
        .collect()
}

fn is_delay(subject: &str, text: &str) -> bool {
    let (subject, text) = (subject.to_lowercase(), cut(text, 10_000).to_lowercase());
    (subject.contains("delay") || subject.starts_with("warning")) && !text.contains("permanent")
        || text.contains("will continue to be attempted")
        || text.contains("you do not need to resend")
}

/// An address at the beginning of a line, alone or with what befell it: `<a@b>: 550 …`, `a@b`, `  a@b...`.
fn leading(line: &str) -> Option<String> {
    let l = line.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '-' | '>' | '|' | '+' | '\u{2022}')
    });
    let l = l.strip_prefix("mailto:").unwrap_or(l);
    if let Some(rest) = l.strip_prefix('<') {
        let (inner, _) = rest.split_once('>')?;
        return email_key(inner).map(|_| inner.trim().to_owned());
    }
    let word = l.split_whitespace().next()?;
    let word = word
        .split("...")
        .next()
        .unwrap_or(word)
        .trim_matches(|c: char| {
            matches!(
                c,
                ':' | ',' | ';' | '.' | '"' | '\'' | '(' | ')' | '[' | ']'
            )
        });
    let rest = l
        .get(word.len()..)
        .unwrap_or_default()
        .trim_start_matches([':', ',', '.', ';'])
        .trim();
    let alone = rest.is_empty()
        || l.get(word.len()..)
            .is_some_and(|r| r.starts_with([':', ',', ';']) || r.starts_with("..."))
        || rest.starts_with(['(', '<', '[']);
    (alone && is_bare(word)).then(|| word.to_owned())
}

/// Words in front of the recipient's address in letters of servers.
const KEYS: &[&str] = &[
    "recipient",
    "to:",
    "rcpt to",
    "addressee",
    "user:",
    "user ",
    "account",
    "mailbox",
    "e-mail address",
    "address:",
    "delivery to",
    "for <",
    "for recipient",
    "your message to",
    "message to",
    "deliver to",
    "deliver mail to",
    "could not be delivered to",
    "delivered to",
    "sent to",
    "unknown",
    "an:",
    "empfänger",
    "destinataire",
    "destinatario",
    "failed:",
    "failure",
    "undeliverable",
    "following",
    "宛先",
    "did not reach",
];

fn strong(letter: &Letter<'_>, text: &str) -> Vec<String> {
    let fits = |a: &String| !is_other(letter, a);
    let lines = || text.lines().take(2_000);
    let leading: Vec<String> = lines().filter_map(leading).filter(fits).collect();
    if !leading.is_empty() {
        return leading;
    }
    let keyed = lines().filter(|l| {
        let lower = l.to_lowercase();
        KEYS.iter().any(|k| lower.contains(k))
            && !lower.contains("message-id")
            && !lower.trim_start().starts_with("from")
    });
    keyed.flat_map(found_in).filter(fits).collect()
}

/// Whoever wrote to himself, and it came back.
fn own(text: &str) -> Vec<String> {
    let line = |l: &str| match leading(l) {
        Some(address) => vec![address],
        None if l.to_ascii_lowercase().starts_with("final-recipient") => found_in(l),
        None => Vec::new(),
    };
    text.lines().take(2_000).flat_map(line).collect()
}

fn weak(letter: &Letter<'_>, text: &str) -> Vec<String> {
    let plain = |l: &&str| {
        !l.to_lowercase().contains("message-id")
            && !l.to_lowercase().trim_start().starts_with("from")
    };
    let all: Vec<String> = text
        .lines()
        .take(2_000)
        .filter(plain)
        .flat_map(found_in)
        .filter(|a| !is_other(letter, a))
        .collect();
    all.into_iter().take(1).collect()
}

/// Addresses that speak or are spoken to: the server, whoever sent the mail that came back, and those who help.
fn is_other(letter: &Letter<'_>, address: &str) -> bool {
    let Some(key) = email_key(address) else {
        return true;
    };
    let local = key.split('@').next().unwrap_or_default();
    if [
        "postmaster",
        "mailer-daemon",
        "abuse",
        "hostmaster",
        "helpdesk",
        "support",
        "unblock",
    ]
    .contains(&local)
    {
        return true;
    }
    let is = |p: &Party| email_key(&p.address).as_deref() == Some(&key);
    let to = letter
        .headers
        .first("to")
        .map(|v| addresses::list(&String::from_utf8_lossy(v)))
        .unwrap_or_default();
    letter.from.is_some_and(is) || to.iter().any(is)
}

/// Every address in a text, in order.
fn found_in(text: &str) -> Vec<String> {
    text.split(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | '"' | '\'' | '|'
            )
    })
    .filter(|w| w.contains('@'))
    .map(|w| {
        w.rsplit(':')
            .next()
            .unwrap_or(w)
            .trim_matches(|c: char| matches!(c, '.' | ':' | '!' | '?' | '`' | '*' | '=' | '-'))
    })
    .filter(|w| is_bare(w))
    .map(str::to_owned)
    .collect()
}

/// An address and nothing around it.
fn is_bare(word: &str) -> bool {
    !word.contains(['<', '>', ':', '(']) && email_key(word).is_some()
}

fn once(all: Vec<Bounced>) -> Vec<Bounced> {
    let mut seen = std::collections::HashSet::new();
    all.into_iter()
        .filter(|b| seen.insert(email_key(&b.address).unwrap_or_else(|| b.address.clone())))
        .collect()
}
