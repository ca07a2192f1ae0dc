//! A message written as a mail: plain text and HTML, pictures inside, files beside. The same message gives the same
//! bytes each time, so that the copy in Sent is the one that went out.

use crate::connectors::Result;
use crate::model::letter::{self, Picture};
use crate::model::rich::Rich;
use crate::model::{ChannelError, Outgoing, OutgoingFile, Party, Remedy};
use ammonia::Url;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, Mailbox, Message, MultiPart, MultiPartKind, SinglePart};
use std::time::{Duration, SystemTime};

/// Most ids in References: the first and the newest.
const MAX_REFERENCES: usize = 20;

/// A mail ready to be handed over or filed.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    /// The bytes, the same each time for the same [`Outgoing`].
    pub(super) raw: Vec<u8>,
    /// From whom and to whom, hidden copies included.
    pub(super) envelope: Envelope,
}

/// Writes the mail. A failure is final: the message itself is at fault.
pub(super) fn render(message: &Outgoing) -> Result<Rendered> {
    let from = mailbox(&message.from)?;
    let (to, cc) = (mailboxes(&message.to)?, mailboxes(&message.cc)?);
    // Hidden copies stand in the envelope and nowhere in the mail.
    let hidden = mailboxes(&message.bcc)?;
    let mut recipients: Vec<Address> = Vec::new();
    for m in to.iter().chain(&cc).chain(&hidden) {
        if !recipients.contains(&m.email) {
            recipients.push(m.email.clone());
        }
    }
    let envelope = Envelope::new(Some(from.email.clone()), recipients).map_err(|_| {
        refuse(
            "recipient",
            "The message has no recipient. Add an address and send it again.",
        )
    })?;
    let mut builder = Message::builder()
        .from(from)
        .date(date(message))
        .message_id(Some(bracketed(&message.message_id)?))
        .envelope(envelope.clone());
    builder = to
        .into_iter()
        .fold(builder, lettre::message::MessageBuilder::to);
    builder = cc
        .into_iter()
        .fold(builder, lettre::message::MessageBuilder::cc);
    builder = builder.subject(one_line(message.subject.as_deref().unwrap_or_default()));
    if let Some(id) = &message.in_reply_to {
        builder = builder.in_reply_to(bracketed(id)?);
    }
    let references = references(&message.references);
    if !references.is_empty() {
        builder = builder.references(references);
    }
    let mut raw = builder
        .multipart(body(message))
        .map_err(|e| {
            refuse(
                "message",
                format!("The message cannot be written as a mail ({e})."),
            )
        })?
        .formatted();
    while raw.ends_with(b"\r\n") {
        raw.truncate(raw.len() - 2);
    }
    raw.extend_from_slice(b"\r\n");
    Ok(Rendered { raw, envelope })
}

/// The message itself is at fault.
pub(super) fn refuse(step: &'static str, what: impl Into<String>) -> ChannelError {
    ChannelError::new(Remedy::Final, step, what)
}

fn mailboxes(parties: &[Party]) -> Result<Vec<Mailbox>> {
    parties.iter().map(mailbox).collect()
}

fn mailbox(party: &Party) -> Result<Mailbox> {
    let bad = || {
        refuse(
            "recipient",
            format!(
                "“{}” is no mail address. Correct it and send again.",
                one_line(&party.address)
            ),
        )
    };
    let (local, domain) = party.address.trim().rsplit_once('@').ok_or_else(bad)?;
    let address = Address::new(local, ascii_domain(domain).ok_or_else(bad)?).map_err(|_| bad())?;
    // The address parser allows what a server would read as more than one word.
    if AsRef::<str>::as_ref(&address)
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>'))
    {
        return Err(bad());
    }
    let name = party
        .name
        .as_deref()
        .map(one_line)
        .filter(|n| !n.is_empty());
    Ok(Mailbox::new(name, address))
}

/// A domain in the letters that every server reads (IDNA).
fn ascii_domain(domain: &str) -> Option<String> {
    if domain.is_ascii() {
        return Some(domain.to_owned());
    }
    Url::parse(&format!("http://{domain}/"))
        .ok()?
        .host_str()
        .map(str::to_owned)
}

/// Text that stands in one header line.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

fn date(message: &Outgoing) -> SystemTime {
    // A mail's Date counts whole seconds.
    SystemTime::UNIX_EPOCH
        + Duration::from_secs(u64::try_from(message.date.div_euclid(1000)).unwrap_or(0))
}

fn clean_id(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    (!id.is_empty()
        && id.len() <= 900
        && id
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')))
    .then(|| id.to_owned())
}

fn bracketed(id: &str) -> Result<String> {
    clean_id(id)
        .map(|id| format!("<{id}>"))
        .ok_or_else(|| refuse("message", "The message's thread id cannot stand in a mail."))
}

fn references(ids: &[String]) -> String {
    let ids: Vec<String> = ids.iter().filter_map(|id| clean_id(id)).collect();
    let skip = ids.len().saturating_sub(MAX_REFERENCES);
    let kept = ids
        .iter()
        .enumerate()
        .filter(|(i, _)| *i == 0 || *i > skip || skip == 0)
        .map(|(_, id)| format!("<{id}>"));
    kept.collect::<Vec<_>>().join(" ")
}

/// Text and HTML say the same; files come after both.
fn body(message: &Outgoing) -> MultiPart {
    let (inline, files): (Vec<_>, Vec<_>) = message.files.iter().partition(|f| f.inline);
    let content = alternative(message, &inline);
    if files.is_empty() {
        return content;
    }
    let start = part(message, MultiPartKind::Mixed, "parley").multipart(content);
    files.iter().enumerate().fold(start, |parts, (i, f)| {
        let name = super::convert::safe_name(&f.name, &f.mime, i + 1);
        parts.singlepart(Attachment::new(name).body(file_body(f), kind(f)))
    })
}

fn alternative(message: &Outgoing, inline: &[&OutgoingFile]) -> MultiPart {
    let ids: Vec<String> = inline.iter().map(|f| content_id(message, f)).collect();
    let keys: Vec<String> = inline.iter().map(|f| f.id.hex()).collect();
    let pictures: Vec<Picture<'_>> = inline
        .iter()
        .zip(ids.iter().zip(&keys))
        .map(|(f, (content_id, key))| Picture {
            content_id,
            key,
            name: &f.name,
        })
        .collect();
    let history = message.history.as_ref();
    let plain = letter::plain(&message.text, &message.signature, history);
    let written = message.html.as_deref().and_then(|h| Rich::read(h).ok());
    let html = letter::html(
        &message.text,
        written.as_ref(),
        &message.signature,
        history,
        &pictures,
    );
    let start = part(message, MultiPartKind::Alternative, "alternative")
        .singlepart(text_part(&plain, ContentType::TEXT_PLAIN));
    let html = text_part(&html, ContentType::TEXT_HTML);
    if inline.is_empty() {
        return start.singlepart(html);
    }
    let related = part(message, MultiPartKind::Related, "related").singlepart(html);
    start.multipart(inline.iter().zip(ids).fold(related, |parts, (f, id)| {
        // A program that shows no HTML lists the picture among the files, and a person may save it: by its name.
        let picture = Attachment::new_inline_with_name(id, f.name.clone());
        parts.singlepart(picture.body(file_body(f), kind(f)))
    }))
}

/// The boundary comes from the message, so that the copy in Sent is the same to the byte.
fn part(message: &Outgoing, kind: MultiPartKind, word: &str) -> lettre::message::MultiPartBuilder {
    MultiPart::builder()
        .kind(kind)
        .boundary(format!("=_{word}_{}", message.key.hex()))
}

fn content_id(message: &Outgoing, f: &OutgoingFile) -> String {
    let domain = message
        .message_id
        .rsplit_once('@')
        .map_or("parley.invalid", |d| d.1);
    format!("{}@{domain}", f.id.hex())
}

fn file_body(f: &OutgoingFile) -> Body {
    encoded(f.bytes.clone(), ContentTransferEncoding::Base64)
}

fn kind(f: &OutgoingFile) -> ContentType {
    ContentType::parse(&one_line(&f.mime))
        .or_else(|_| ContentType::parse("application/octet-stream"))
        .unwrap_or(ContentType::TEXT_PLAIN)
}

fn text_part(text: &str, kind: ContentType) -> SinglePart {
    let text = text.replace('\n', "\r\n");
    // Letters beyond ASCII cost three bytes each in quoted-printable, and four thirds of one in base64.
    let odd = text.bytes().filter(|b| !b.is_ascii()).count();
    let encoding = if odd * 6 > text.len() {
        ContentTransferEncoding::Base64
    } else {
        ContentTransferEncoding::QuotedPrintable
    };
    SinglePart::builder()
        .header(kind)
        .header(encoding)
        .body(encoded(text.into_bytes(), encoding))
}

fn encoded(bytes: Vec<u8>, encoding: ContentTransferEncoding) -> Body {
    // Both encodings take any bytes, so the second way is never needed; it loses nothing either.
    Body::new_with_encoding(bytes, encoding).unwrap_or_else(Body::new)
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
