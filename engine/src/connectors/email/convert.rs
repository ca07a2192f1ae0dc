//! A mail's bytes become an [`Event`]. Nothing in here can fail: what cannot be understood is kept as it is.

use super::budget::{CUT_MARK, STACK};
use super::headers::Headers;
use super::{
    addresses, authres, body, bounce, classify, clean, date, html, identity, mime, quote,
    threading, words,
};
use crate::model::{Event, Folds, Incoming, Party, Place, RemoteId, Times};
use crate::time::Millis;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use super::budget::{
    MAX_ADDRESSES, MAX_FILE_NAME, MAX_HEADER_BLOCK, MAX_HEADERS, MAX_MAIL, MAX_MIME_DEPTH,
    MAX_PARTS, MAX_TEXT,
};
use super::budget::{MAX_FIELD, MAX_HEADER};
pub use super::files::safe_name;
use super::files::turns_direction;

/// Reads a mail. Never panics; what is no mail, or over its budget, is [`Event::Unreadable`] with its bytes.
///
/// The work is done on a thread of its own, so that its stack is large enough whatever the caller's is.
#[must_use]
pub fn convert(
    raw: &[u8],
    remote_id: RemoteId,
    place: Place,
    internal_date: Option<Millis>,
    seen: bool,
) -> Event {
    let work = || {
        catch_unwind(AssertUnwindSafe(|| read(raw, place, internal_date)))
            .unwrap_or_else(|_| Err("its structure broke the reader".to_owned()))
    };
    let read = std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("mail".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match worker {
            Ok(w) => w
                .join()
                .unwrap_or_else(|_| Err("its structure broke the reader".to_owned())),
            Err(e) => Err(format!("no thread could be started to read it: {e}")),
        }
    });
    match read {
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
        from: None,
        at,
        reason,
        raw: raw.to_vec(),
    }
}

/// Where a text that was kept ends because it was too long, if it was: its rest is in [`whole_text`].
#[must_use]
pub fn cut_at(kept: &str) -> Option<usize> {
    (MAX_TEXT.saturating_sub(3)..=MAX_TEXT)
        .find(|at| kept.get(*at..).is_some_and(|r| r.starts_with(CUT_MARK)))
}

/// All of a mail's text, of which [`convert`] keeps the beginning; `None` where the mail cannot be read.
#[must_use]
pub fn whole_text(raw: &[u8]) -> Option<String> {
    let work = || {
        let clean = clean::clean(raw);
        let tree = mime::read(&clean).ok()?;
        Some(body::whole_text(&tree))
    };
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("mail".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                catch_unwind(AssertUnwindSafe(work)).ok().flatten()
            });
        worker.ok()?.join().ok().flatten()
    })
}

type Read<T> = Result<T, String>;

fn read(raw: &[u8], place: Place, internal_date: Option<Millis>) -> Read<Box<Incoming>> {
    if raw.len() > MAX_MAIL {
        return Err(format!(
            "it has {} MB; {} MB is the most that is read",
            raw.len() / 1_048_576,
            MAX_MAIL / 1_048_576
        ));
    }
    let clean = clean::clean(raw);
    let headers = Headers::block(&clean);
    check_header(&headers)?;
    let tree = mime::read(&clean).map_err(|_| {
        format!("it has more than {MAX_PARTS} parts or nests them deeper than {MAX_MIME_DEPTH}")
    })?;
    let declared = tree.parts.iter().find_map(|p| p.kind.get("charset"));
    let declared = declared.as_deref();
    let field = |name: &str| {
        headers
            .first(name)
            .map(|v| words::decode(within(v), declared))
    };
    let from = parties(&headers, "from", declared).into_iter().next();
    let subject = field("subject").map(|s| one_line(&s, MAX_FIELD));
    let bodies = body::read(&tree, declared, subject.as_deref());
    let word = authres::read(&headers, from.as_ref().map(|p| p.address.as_str()));
    let letter = bounce::Letter {
        headers: &headers,
        tree: &tree,
        text: &bodies.body.text,
        subject: subject.as_deref().unwrap_or_default(),
        from: from.as_ref(),
    };
    let bounce = bounce::read(&letter);
    let (kind, class, class_reason) =
        classify::classify(&letter, place, bounce.is_some(), bodies.calendar_only);
    let incoming = Incoming {
        remote_id: RemoteId(String::new()),
        place,
        identity: identity::of(raw),
        reply_to: parties(&headers, "reply-to", declared),
        to: parties(&headers, "to", declared),
        cc: parties(&headers, "cc", declared),
        times: Times {
            claimed: headers
                .first("date")
                .and_then(|d| date::read(&String::from_utf8_lossy(d))),
            received: received(&headers),
            provider: internal_date,
        },
        subject,
        text: bodies.body.text,
        folds: Folds {
            ranges: bodies.body.folds,
            version: quote::FOLD_VERSION,
        },
        html: bodies.html,
        html_left_out: bodies.left_out.then_some(html::SANITISER_VERSION),
        files: bodies.files,
        thread: threading::read(&headers),
        class,
        class_reason,
        kind,
        bounce,
        authenticated: word.as_ref().filter(|w| w.near).and_then(|w| w.dmarc),
        word,
        seen: false,
        from,
        raw: raw.to_vec(),
        cards: Vec::new(),
        files_until: None,
        key: None,
        route: None,
        quarantine: None,
    };
    let addresses = incoming.to.len() + incoming.cc.len() + incoming.reply_to.len();
    if addresses > MAX_ADDRESSES {
        return Err(format!(
            "it has more than {MAX_ADDRESSES} addresses, which is the most that is read"
        ));
    }
    Ok(Box::new(incoming))
}

fn check_header(headers: &Headers<'_>) -> Read<()> {
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
    Ok(())
}

/// As much of a field as is looked at.
fn within(value: &[u8]) -> &[u8] {
    value.get(..MAX_HEADER).unwrap_or(value)
}

// ---- addresses, times, ids ----------------------------------------------------------------------------

/// The people of a field. It may stand more than once, though it should not; of From, the first one counts.
fn parties(headers: &Headers<'_>, name: &str, declared: Option<&str>) -> Vec<Party> {
    headers
        .all(name)
        .flat_map(|v| addresses::list(&super::charset::header(within(v), declared)))
        .filter_map(party)
        .take(MAX_ADDRESSES + 1)
        .collect()
}

fn party(p: Party) -> Option<Party> {
    let address = one_line(&p.address, 320);
    let name = p.name.map(|n| one_line(&n, 320)).filter(|n| !n.is_empty());
    (!address.is_empty() || name.is_some()).then_some(Party { name, address })
}

fn received(headers: &Headers<'_>) -> Option<Millis> {
    let field = String::from_utf8_lossy(headers.first("received")?).into_owned();
    let (_, at) = field.rsplit_once(';')?;
    date::read(at)
}

/// The Message-ID in a header, without angle brackets, exactly as [`convert`] takes it.
#[must_use]
pub fn message_id(header: &[u8]) -> Option<String> {
    threading::read(&Headers::block(&clean::clean(header))).message_id
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

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
