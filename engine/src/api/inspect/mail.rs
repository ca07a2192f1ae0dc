//! `inspect mail`.

use crate::connectors::email::convert::convert;
use crate::model::{Bounce, Event, Incoming, Kind, Party, Place, RemoteId, part};
use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A mail as Parley understands it.
#[derive(Debug, Serialize)]
pub struct Mail {
    /// Subject.
    pub subject: Option<String>,
    /// Sender: none or one.
    pub from: Vec<Who>,
    /// Where answers are asked to go.
    pub reply_to: Vec<Who>,
    /// Recipients.
    pub to: Vec<Who>,
    /// Copies.
    pub cc: Vec<Who>,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// What it answers.
    pub in_reply_to: Option<String>,
    /// The thread so far, oldest first.
    pub references: Vec<String>,
    /// When its writer says it was written, in Unix seconds.
    pub date: Option<i64>,
    /// Text.
    pub text: String,
    /// HTML after the sanitiser.
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// What is shown of the text.
    pub visible: String,
    /// What is folded away.
    pub folded: String,
    /// Whether a program wrote it.
    pub machine_generated: bool,
    /// What wrote it.
    pub kind: Kind,
    /// Why it is no person's, in a word.
    pub reason: Option<&'static str>,
    /// The mail of ours that it says did not arrive.
    pub bounce: Option<Bounce>,
}

/// A name and an address.
#[derive(Debug, Serialize)]
pub struct Who {
    /// Name.
    pub name: Option<String>,
    /// Address.
    pub addr: String,
}

/// A file.
#[derive(Debug, Serialize)]
pub struct Attachment {
    /// Name, made safe.
    pub name: String,
    /// Type by content where it can be told.
    pub mime: String,
    /// Bytes.
    pub size: usize,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// Reads a mail as ingest does.
///
/// # Errors
/// With the reason, when it would be kept unread.
pub fn mail(input: &[u8]) -> Result<Mail, String> {
    match convert(input, RemoteId(String::new()), Place::Inbox, None, false) {
        Event::Message(m) => Ok(shown(*m)),
        Event::Unreadable { reason, .. } => Err(reason),
        _ => Err("it is no mail".to_owned()),
    }
}

fn shown(m: Incoming) -> Mail {
    let (visible, folded) = part(&m.text, &m.folds.ranges);
    Mail {
        subject: m.subject,
        from: who(m.from.into_iter().collect()),
        reply_to: who(m.reply_to),
        to: who(m.to),
        cc: who(m.cc),
        message_id: m.thread.message_id,
        in_reply_to: m.thread.in_reply_to.into_iter().next(),
        references: m.thread.references,
        date: m.times.claimed.map(|ms| ms.div_euclid(1_000)),
        text: m.text,
        html: m.html.map(|h| h.html),
        attachments: m
            .files
            .into_iter()
            .map(|f| Attachment {
                name: f.name,
                mime: f.mime,
                size: f.bytes.len(),
                sha256: HEXLOWER.encode(&Sha256::digest(&f.bytes)),
            })
            .collect(),
        visible,
        folded,
        machine_generated: m.kind != Kind::Person,
        kind: m.kind,
        reason: m.class_reason,
        bounce: m.bounce,
    }
}

fn who(all: Vec<Party>) -> Vec<Who> {
    all.into_iter()
        .map(|p| Who {
            name: p.name,
            addr: p.address,
        })
        .collect()
}
