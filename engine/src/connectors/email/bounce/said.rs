//! What is said to a person, and the mail that came back with it.

use super::super::html::cut;
use super::Letter;
use super::report::Group;

/// The text in front of the mail that came back, and that mail, as far as it is there.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) returned: Option<String>,
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

pub(super) fn human(letter: &Letter<'_>) -> Said {
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
pub(super) fn returned_field(said: &Said, name: &str) -> Option<String> {
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

pub(super) fn original_id(letter: &Letter<'_>, groups: &[Group], said: &Said) -> Option<String> {
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
