//! A mail's bytes become an [`Event`]. Nothing in here can fail: what cannot be understood is kept as it is.

use super::headers::{Headers, split_line, strip_noise};
use super::{authres, classify, html, identity, quote, threading};
use crate::model::{
    CleanHtml, Event, FoldedText, Folds, Incoming, IncomingFile, Party, Place, RemoteId, Times,
    filename,
};
use crate::time::Millis;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{
    Address, DateTime, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders,
    PartType,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Largest mail that is read.
pub const MAX_MAIL: usize = 50 * 1024 * 1024;
/// Most MIME parts, nested mails included.
pub const MAX_PARTS: usize = 500;
/// Deepest nesting of MIME parts.
pub const MAX_MIME_DEPTH: usize = 32;
/// Most header fields.
pub const MAX_HEADERS: usize = 1_000;
/// Largest header block.
pub const MAX_HEADER_BLOCK: usize = 256 * 1024;
/// Most addresses in one mail.
pub const MAX_ADDRESSES: usize = 2_000;
/// Most text that is kept to be shown and searched.
pub const MAX_TEXT: usize = 1024 * 1024;
/// Most bytes that may have to be looked through for boundaries: forty containers in the largest mail.
const MAX_SEARCH: usize = 40 * MAX_MAIL;
/// Longest subject, name or id that is kept, in bytes.
const MAX_FIELD: usize = 2_000;
/// Stands at the end of a text that was cut.
const CUT_MARK: &str = "\n[…]";

/// Reads a mail. Never panics; what is no mail, or over its budget, is [`Event::Unreadable`] with its bytes.
#[must_use]
pub fn convert(
    raw: &[u8],
    remote_id: RemoteId,
    place: Place,
    internal_date: Option<Millis>,
    seen: bool,
) -> Event {
    let read = catch_unwind(AssertUnwindSafe(|| read(raw, place, internal_date)));
    match read.unwrap_or_else(|_| Err("its structure broke the reader".to_owned())) {
        Ok(mut incoming) => {
            incoming.remote_id = remote_id;
            incoming.seen = seen;
            Event::Message(incoming)
        }
        Err(reason) => unreadable(raw, remote_id, place, internal_date, reason),
    }
}

/// A mail that is kept but not understood.
#[must_use]
pub fn unreadable(
    raw: &[u8],
    remote_id: RemoteId,
    place: Place,
    at: Option<Millis>,
    reason: String,
) -> Event {
    Event::Unreadable {
        remote_id,
        place,
        identity: identity::of(raw),
        at,
        reason,
        raw: raw.to_vec(),
    }
}

type Read<T> = Result<T, String>;

fn read(raw: &[u8], place: Place, internal_date: Option<Millis>) -> Read<Box<Incoming>> {
    let headers = Headers::read(raw);
    check_before_parsing(raw, &headers)?;
    let clean = strip_noise(raw);
    let mut message = MessageParser::default()
        .parse(clean)
        .ok_or("it has no header")?;
    check_parts(&message)?;
    rescue_letters(&mut message, clean);
    let from = parties(first(&message, HeaderName::From).and_then(HeaderValue::as_address))
        .into_iter()
        .next();
    let (class, class_reason) =
        classify::classify(&headers, from.as_ref().map(|p| p.address.as_str()), place);
    let subject = subject(&message, &headers);
    let word = authres::read(&headers, from.as_ref().map(|p| p.address.as_str()));
    let (body, html, cids) = bodies(&message, subject.as_deref());
    let incoming = Incoming {
        remote_id: RemoteId(String::new()),
        place,
        identity: identity::of(raw),
        from,
        reply_to: parties(message.reply_to()),
        to: all_parties(message.all_to()),
        cc: all_parties(message.all_cc()),
        times: Times {
            claimed: first(&message, HeaderName::Date)
                .and_then(HeaderValue::as_datetime)
                .and_then(millis),
            received: received(&headers),
            provider: internal_date,
        },
        subject,
        text: body.text,
        folds: Folds {
            ranges: body.folds,
            version: quote::FOLD_VERSION,
        },
        html,
        files: files(&message, clean, &cids),
        thread: threading::read(&headers),
        class,
        class_reason,
        authenticated: word.as_ref().filter(|w| w.near).and_then(|w| w.dmarc),
        word,
        seen: false,
        raw: raw.to_vec(),
    };
    let addresses = incoming.to.len() + incoming.cc.len() + incoming.reply_to.len();
    if addresses > MAX_ADDRESSES {
        return Err(format!(
            "it has {addresses} addresses; {MAX_ADDRESSES} is the most that is read"
        ));
    }
    Ok(Box::new(incoming))
}

// ---- budgets ------------------------------------------------------------------------------------------

fn check_before_parsing(raw: &[u8], headers: &Headers<'_>) -> Read<()> {
    if raw.len() > MAX_MAIL {
        return Err(format!(
            "it has {} MB; {} MB is the most that is read",
            raw.len() / 1_048_576,
            MAX_MAIL / 1_048_576
        ));
    }
    if headers.len() == 0 {
        return Err("it has no header".to_owned());
    }
    if headers.len() > MAX_HEADERS || headers.block_len > MAX_HEADER_BLOCK {
        return Err(format!(
            "its header has {} fields in {} KB; {MAX_HEADERS} fields in {} KB is the most that is read",
            headers.len(),
            headers.block_len / 1024,
            MAX_HEADER_BLOCK / 1024
        ));
    }
    // The parser keeps every part before it can be counted, and drops nested mails recursively; so what could
    // make parts or nesting is counted first, generously.
    let (mut dashes, mut types, mut containers, mut rest) = (0usize, 0usize, 0usize, raw);
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        rest = after;
        dashes += usize::from(line.starts_with(b"--"));
        containers += usize::from(
            line.len() < 1_000
                && line.split(|b| *b == b'/').any(|w| {
                    w.len() >= 9
                        && w.get(w.len() - 9..)
                            .is_some_and(|w| w.eq_ignore_ascii_case(b"multipart"))
                }),
        );
        types += usize::from(
            line.trim_ascii_start()
                .get(..12)
                .is_some_and(|l| l.eq_ignore_ascii_case(b"content-type")),
        );
    }
    if dashes > 20_000 || types > MAX_PARTS + 100 {
        return Err(format!("it seems to have more than {MAX_PARTS} parts"));
    }
    // Each container may make the parser look through all the rest for its boundary.
    if containers.saturating_mul(raw.len()) > MAX_SEARCH {
        return Err(format!(
            "it has {containers} nested containers in {} MB",
            raw.len() / 1_048_576
        ));
    }
    Ok(())
}

fn check_parts(message: &Message<'_>) -> Read<()> {
    let (mut parts, mut deepest) = (0usize, 0usize);
    let mut todo = vec![(message, 1usize)];
    while let Some((message, base)) = todo.pop() {
        parts += message.parts.len();
        let depths = part_depths(message, base);
        for (part, depth) in message.parts.iter().zip(depths) {
            deepest = deepest.max(depth);
            if let PartType::Message(nested) = &part.body {
                todo.push((nested, depth + 1));
            }
        }
        if parts > MAX_PARTS || deepest > MAX_MIME_DEPTH {
            return Err(format!(
                "it has more than {MAX_PARTS} parts or nests them deeper than {MAX_MIME_DEPTH}"
            ));
        }
    }
    Ok(())
}

/// How deep each part of one message is nested. A container always stands before what it contains.
fn part_depths(message: &Message<'_>, base: usize) -> Vec<usize> {
    let mut depths = vec![base; message.parts.len()];
    for i in 0..message.parts.len() {
        let own = depths.get(i).copied().unwrap_or(base);
        if let Some(PartType::Multipart(children)) = message.parts.get(i).map(|p| &p.body) {
            for child in children {
                if let Some(d) = depths.get_mut(*child as usize) {
                    *d = own + 1;
                }
            }
        }
    }
    depths
}

/// A field that may stand only once: the first one counts, as it does for the mail's identity.
fn first<'a>(message: &'a Message<'a>, name: HeaderName<'static>) -> Option<&'a HeaderValue<'a>> {
    message.header_values(name).next()
}

// ---- addresses, times, ids ----------------------------------------------------------------------------

fn parties(address: Option<&Address<'_>>) -> Vec<Party> {
    all_parties(address.into_iter())
}

fn all_parties<'a>(addresses: impl Iterator<Item = &'a Address<'a>>) -> Vec<Party> {
    addresses
        .flat_map(Address::iter)
        .filter_map(party)
        .take(MAX_ADDRESSES + 1)
        .collect()
}

fn party(addr: &mail_parser::Addr<'_>) -> Option<Party> {
    let address = one_line(addr.address.as_deref().unwrap_or_default(), 320);
    let name = addr
        .name
        .as_deref()
        .map(|n| one_line(n, 320))
        .filter(|n| !n.is_empty());
    match (address.is_empty(), name) {
        (true, None) => None,
        // A sender without an address: the name may be one that was written without brackets.
        (true, Some(n)) if n.contains('@') && !n.contains(' ') => Some(Party {
            name: None,
            address: n,
        }),
        (_, name) => Some(Party { name, address }),
    }
}

fn millis(date: &DateTime) -> Option<Millis> {
    (date.is_valid() && date.year >= 1970).then(|| date.to_timestamp().saturating_mul(1000))
}

fn received(headers: &Headers<'_>) -> Option<Millis> {
    let field = String::from_utf8_lossy(headers.first("received")?).into_owned();
    let (_, date) = field.rsplit_once(';')?;
    millis(&DateTime::parse_rfc822(date.trim())?)
}

/// The Message-ID in a header, without angle brackets, exactly as [`convert`] takes it.
#[must_use]
pub fn message_id(header: &[u8]) -> Option<String> {
    threading::read(&Headers::read(header)).message_id
}

/// Text of a header on one line, without control characters and marks that turn the reading direction.
fn one_line(text: &str, max: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !turns_direction(*c))
        .collect();
    html::cut(spaced.trim(), max).to_owned()
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

fn subject(message: &Message<'_>, headers: &Headers<'_>) -> Option<String> {
    let read = first(message, HeaderName::Subject).and_then(HeaderValue::as_text)?;
    let raw = headers
        .first("subject")
        .filter(|raw| read.contains(LOST) && std::str::from_utf8(raw).is_err());
    Some(one_line(
        &raw.and_then(western).unwrap_or_else(|| read.to_owned()),
        MAX_FIELD,
    ))
}

// ---- letters without a charset ------------------------------------------------------------------------

/// What stands for a letter that could not be read.
const LOST: char = '\u{FFFD}';

/// Reads text parts again that name no charset, or a wrong one, and are no UTF-8: in old mail nearly always the
/// western one. Encoded or not, their letters would else be lost.
fn rescue_letters(message: &mut Message<'_>, raw: &[u8]) {
    for part in &mut message.parts {
        let again = match &part.body {
            PartType::Text(t) | PartType::Html(t)
                if t.contains(LOST) && !names_its_letters(part) =>
            {
                bytes_of(part, raw)
                    .filter(|b| std::str::from_utf8(b).is_err())
                    .and_then(|b| western(&b))
            }
            _ => None,
        };
        if let (PartType::Text(t) | PartType::Html(t), Some(again)) = (&mut part.body, again) {
            *t = again.into();
        }
    }
}

fn names_its_letters(part: &MessagePart<'_>) -> bool {
    let charset = part
        .content_type()
        .and_then(|c| c.attribute("charset"))
        .unwrap_or_default()
        .to_ascii_lowercase();
    !matches!(
        charset.as_str(),
        "" | "us-ascii" | "ascii" | "utf-8" | "utf8"
    ) && charset_decoder(charset.as_bytes()).is_some()
}

/// A text part's own bytes, its transfer encoding undone.
fn bytes_of(part: &MessagePart<'_>, raw: &[u8]) -> Option<Vec<u8>> {
    let bytes = raw.get(part.offset_body as usize..part.offset_end as usize)?;
    match part.encoding {
        mail_parser::Encoding::None => Some(bytes.to_vec()),
        mail_parser::Encoding::QuotedPrintable => quoted_printable_decode(bytes),
        mail_parser::Encoding::Base64 => base64_decode(bytes),
    }
}

fn western(bytes: &[u8]) -> Option<String> {
    charset_decoder(b"windows-1252").map(|decode| decode(bytes))
}

// ---- text and HTML ------------------------------------------------------------------------------------

type Cids = std::collections::HashSet<String>;

fn bodies(message: &Message<'_>, subject: Option<&str>) -> (FoldedText, Option<CleanHtml>, Cids) {
    let forward = subject.is_some_and(quote::is_forward);
    let plain = || quote::folded(text(message), subject);
    match html_source(message).and_then(|h| html::sanitise_as(&h, forward)) {
        None => (plain(), None, Cids::new()),
        // Where there is nothing but HTML, its text need not be made from the source once more.
        Some(s)
            if message
                .text_bodies()
                .all(|p| matches!(p.body, PartType::Html(_))) =>
        {
            let body = quote::text_of(&s.clean.html, html::to_text);
            (cut_folded(body), Some(s.clean), s.cids)
        }
        Some(s) => (plain(), Some(s.clean), s.cids),
    }
}

/// The HTML to show; plain parts between HTML parts are shown with them.
fn html_source(message: &Message<'_>) -> Option<String> {
    let parts: Vec<&MessagePart<'_>> = message.html_bodies().collect();
    if !parts.iter().any(|p| matches!(p.body, PartType::Html(_))) {
        return broken_off(message)
            .filter(|p| p.is_content_type("text", "html"))
            .map(|p| String::from_utf8_lossy(p.contents()).into_owned());
    }
    let piece = |p: &&MessagePart<'_>| match &p.body {
        PartType::Html(h) => h.to_string(),
        PartType::Text(t) => format!("<p>{}</p>", html::escape(t)),
        _ => String::new(),
    };
    Some(parts.iter().map(piece).collect::<Vec<_>>().join("\n"))
}

/// The text of HTML; HTML over its budget is only stripped.
fn html_text(source: &str) -> String {
    match html::sanitise(source) {
        Some(s) => html::to_text(&s.clean.html),
        None => html_to_text(html::cut(source, html::MAX_HTML)),
    }
}

/// The text of a mail that ends before its last boundary, or that names none; the parser takes it for a file.
fn broken_off<'a>(message: &'a Message<'a>) -> Option<&'a MessagePart<'a>> {
    let has_body = |mut all: Box<dyn Iterator<Item = &'a MessagePart<'a>> + 'a>| {
        all.any(|p| p.text_contents().is_some_and(|t| !t.trim().is_empty()))
    };
    if has_body(Box::new(message.text_bodies())) || has_body(Box::new(message.html_bodies())) {
        return None;
    }
    let cut = |p: &MessagePart<'_>| p.is_encoding_problem && matches!(p.body, PartType::Text(_));
    let without_boundary = |p: &MessagePart<'_>| {
        p.content_type().is_some_and(|c| c.ctype() == "multipart")
            && matches!(p.body, PartType::Binary(_))
    };
    message
        .attachments()
        .find(|p| p.attachment_name().is_none() && (cut(p) || without_boundary(p)))
}

fn text(message: &Message<'_>) -> String {
    let piece = |p: &MessagePart<'_>| match &p.body {
        PartType::Text(t) => t.to_string(),
        PartType::Html(h) => html_text(h),
        _ => String::new(),
    };
    let mut all = match broken_off(message).map(|p| (p, String::from_utf8_lossy(p.contents()))) {
        Some((p, html)) if p.is_content_type("text", "html") => html_text(&html),
        Some((_, text)) => text.into_owned(),
        None => String::new(),
    };
    for p in message.text_bodies() {
        let t = piece(p);
        if !all.is_empty() && !t.trim().is_empty() {
            all.push_str("\n\n");
        }
        all.push_str(&t);
        if all.len() > MAX_TEXT {
            break;
        }
    }
    shown(&all)
}

/// The same for a text whose folds are known: they end where it was cut.
fn cut_folded(body: FoldedText) -> FoldedText {
    if body.text.len() <= MAX_TEXT {
        return body;
    }
    let text = shown(&body.text);
    let end = text.len() - CUT_MARK.len();
    let mut folds = body.folds;
    for f in &mut folds {
        f.start = f.start.min(end);
        f.end = f.end.min(end);
    }
    folds.retain(|f| f.start < f.end);
    FoldedText { text, folds }
}

/// Text as it is kept: with plain line ends, and cut where it is too long.
fn shown(all: &str) -> String {
    let all = all.replace("\r\n", "\n").replace('\0', "");
    if all.len() <= MAX_TEXT {
        return all.trim_end().to_owned();
    }
    format!("{}{CUT_MARK}", html::cut(&all, MAX_TEXT))
}

// ---- files --------------------------------------------------------------------------------------------

fn files(message: &Message<'_>, raw: &[u8], shown: &Cids) -> Vec<IncomingFile> {
    let text = broken_off(message);
    message
        .attachments()
        .filter(|p| !text.is_some_and(|t| std::ptr::eq(t, *p)))
        .enumerate()
        .map(|(i, part)| file(part, raw, i + 1, shown))
        .collect()
}

fn file(part: &MessagePart<'_>, raw: &[u8], number: usize, shown: &Cids) -> IncomingFile {
    let bytes = content(part, raw);
    let claimed = part.content_type().map(|c| {
        format!("{}/{}", c.ctype(), c.subtype().unwrap_or("octet-stream")).to_ascii_lowercase()
    });
    let mime = media_type(&bytes, claimed.as_deref(), &part.body);
    let content_id = part
        .content_id()
        .map(|c| {
            c.trim()
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_owned()
        })
        .filter(|c| !c.is_empty() && c.len() <= MAX_FIELD);
    // A picture that the text does not show would be lost if it were not listed, whatever its disposition says.
    let inline = content_id.as_ref().is_some_and(|c| shown.contains(c));
    let given = part
        .attachment_name()
        .map(str::to_owned)
        .or_else(|| nested_name(part));
    IncomingFile {
        name: safe_name(given.as_deref().unwrap_or_default(), &mime, number),
        mime,
        content_id,
        inline,
        bytes,
    }
}

fn content(part: &MessagePart<'_>, raw: &[u8]) -> Vec<u8> {
    let PartType::Message(nested) = &part.body else {
        return part.contents().to_vec();
    };
    let own = raw
        .get(part.offset_body as usize..part.offset_end as usize)
        .filter(|b| !b.is_empty());
    match part.encoding {
        mail_parser::Encoding::None => own.unwrap_or_else(|| nested.raw_message()).to_vec(),
        _ => nested.raw_message().to_vec(),
    }
}

fn nested_name(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Message(nested) => nested
            .subject()
            .map(|s| format!("{}.eml", html::cut(s, 80))),
        _ => None,
    }
}

fn media_type(bytes: &[u8], claimed: Option<&str>, body: &PartType<'_>) -> String {
    if matches!(body, PartType::Message(_)) {
        return "message/rfc822".to_owned();
    }
    let plain = |m: &str| {
        m.len() <= 127
            && m.contains('/')
            && m.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '+' | '-' | '_'))
    };
    let told = infer::get(bytes).map(|k| k.mime_type());
    match (told, claimed.filter(|m| plain(m))) {
        // Office documents are zip archives: the claim is the finer word there.
        (Some("application/zip"), Some(claim)) if claim.starts_with("application/vnd.") => {
            claim.to_owned()
        }
        (Some(told), _) => told.to_owned(),
        (None, Some(claim)) => claim.to_owned(),
        (None, None) => if matches!(body, PartType::Text(_)) {
            "text/plain"
        } else {
            "application/octet-stream"
        }
        .to_owned(),
    }
}

/// A name that is safe to show and to save; where none is left, one by number and kind.
#[must_use]
pub fn safe_name(given: &str, mime: &str, number: usize) -> String {
    filename::safe(given).unwrap_or_else(|| format!("file-{number}.{}", extension(mime)))
}

fn extension(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "text/plain" | "message/delivery-status" | "text/rfc822-headers" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "message/rfc822" => "eml",
        _ => "bin",
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
