//! Answers about mails.

use super::set::chosen;
use super::world::{Mail, World};

/// What to write, and whether to hang up after it.
pub(super) type Written = (Vec<u8>, bool);

/// `UID FETCH set (items) (CHANGEDSINCE n)`.
pub(super) fn fetch(world: &mut World, folder: &str, args: &str) -> Written {
    let (set, items) = args.split_once(' ').unwrap_or((args, ""));
    let since = number_after(items, "CHANGEDSINCE ");
    let lists = items.contains("RFC822.SIZE");
    if let Some(validity) = world.quirks.renumber_on_fetch.take() {
        world.folder(folder).renumber(validity);
        let line = format!("* OK [UIDVALIDITY {validity}] numbered anew\r\n");
        return (line.into_bytes(), false);
    }
    let mails = world.folder(folder).mails.clone();
    let there: Vec<u32> = mails.iter().map(|m| m.uid).collect();
    let wanted = chosen(set, &there);
    let mut out = Vec::new();
    for (at, mail) in mails.iter().enumerate() {
        let shown = Mail {
            uid: if world.quirks.same_number && at == 1 {
                there.first().copied().unwrap_or(mail.uid)
            } else {
                mail.uid
            },
            ..mail.clone()
        };
        if !wanted.contains(&shown.uid) || since.is_some_and(|s| mail.modseq <= s) {
            continue;
        }
        if one(world, at + 1, &shown, items, since.is_some(), &mut out) {
            return (out, true);
        }
    }
    if lists && let Some(uid) = world.quirks.expunge_on_list.take() {
        let seq = there.iter().position(|u| *u == uid).map_or(1, |n| n + 1);
        world.folder(folder).remove(uid);
        out.extend(format!("* {seq} EXPUNGE\r\n").into_bytes());
    }
    (out, false)
}

/// Writes about one mail. Whether to hang up then.
fn one(
    world: &World,
    seq: usize,
    mail: &Mail,
    items: &str,
    state: bool,
    out: &mut Vec<u8>,
) -> bool {
    let quirks = &world.quirks;
    let body = items.contains("BODY.PEEK[]");
    let mut words = Vec::new();
    if !(body && quirks.without_uid) {
        words.push(format!("UID {}", mail.uid));
    }
    if items.contains("RFC822.SIZE") && !quirks.without_size {
        words.push(format!("RFC822.SIZE {}", mail.raw.len()));
    }
    if items.contains("INTERNALDATE") {
        let date = if quirks.nil_dates {
            "NIL".to_owned()
        } else {
            format!("\"{}\"", date(mail.at))
        };
        words.push(format!("INTERNALDATE {date}"));
    }
    if items.contains("FLAGS") {
        let seen = if mail.seen { "\\Seen" } else { "" };
        words.push(format!("FLAGS ({seen})"));
    }
    if items.contains("X-GM-MSGID") {
        words.push(format!("X-GM-MSGID {}", mail.gmail.message));
    }
    if items.contains("X-GM-THRID") {
        words.push(format!("X-GM-THRID {}", mail.gmail.thread));
    }
    if items.contains("X-GM-LABELS") {
        let quoted = |l: &String| format!("\"{}\"", l.replace('\\', "\\\\"));
        let labels: Vec<String> = mail.gmail.labels.iter().map(quoted).collect();
        words.push(format!("X-GM-LABELS ({})", labels.join(" ")));
    }
    if state {
        words.push(format!("MODSEQ ({})", mail.modseq));
    }
    out.extend(format!("* {seq} FETCH ({}", words.join(" ")).into_bytes());
    if items.contains("HEADER.FIELDS (MESSAGE-ID)") {
        let field = format!("{}\r\n\r\n", message_id(&mail.raw));
        let name = "BODY[HEADER.FIELDS (MESSAGE-ID)]";
        out.extend(format!(" {name} {{{}}}\r\n{field}", field.len()).into_bytes());
    } else if items.contains("BODY.PEEK[HEADER]") {
        let header = header(&mail.raw);
        out.extend(format!(" BODY[HEADER] {{{}}}\r\n", header.len()).into_bytes());
        out.extend(header);
    } else if body && text(world, mail, out) {
        return true;
    }
    out.extend(b")\r\n");
    false
}

/// The mail's text, in the way that was switched on. Whether to hang up then.
fn text(world: &World, mail: &Mail, out: &mut Vec<u8>) -> bool {
    let quirks = &world.quirks;
    let is = |which: Option<u32>| which == Some(mail.uid);
    if is(quirks.nil_body) {
        out.extend(b" BODY[] NIL");
        return false;
    }
    let size = if is(quirks.huge_literal) {
        4_000_000_000
    } else if is(quirks.short_literal) {
        mail.raw.len().saturating_sub(10)
    } else if is(quirks.long_literal) {
        mail.raw.len() + 10_000
    } else {
        mail.raw.len()
    };
    let given = if is(quirks.cut_literal) {
        mail.raw.len() / 2
    } else {
        mail.raw.len()
    };
    out.extend(format!(" BODY[] {{{size}}}\r\n").into_bytes());
    out.extend(mail.raw.iter().take(given));
    is(quirks.cut_literal)
}

fn header(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|w| w == b"\r\n\r\n");
    raw.get(..end.map_or(raw.len(), |n| n + 4)).unwrap_or(raw)
}

fn message_id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(header(raw)).into_owned();
    let is_id = |l: &&str| l.to_lowercase().starts_with("message-id:");
    text.lines().find(is_id).unwrap_or_default().to_owned()
}

/// The number after these words.
fn number_after(text: &str, words: &str) -> Option<u64> {
    let (_, rest) = text.split_once(words)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn date(at: i64) -> String {
    jiff::Timestamp::from_second(at).map_or_else(
        |_| "01-Jan-1970 00:00:00 +0000".into(),
        |t| t.strftime("%d-%b-%Y %H:%M:%S +0000").to_string(),
    )
}
