//! A message as it came, and the whole of a text of which only the beginning is kept.

use super::dto::{Edition, MessageRest, MessageText, Nothing};
use super::session::blocking;
use super::{Desk, args, folds, shown, timeline};
use crate::connectors::email::convert;
use crate::error::{Error, Result};
use crate::model::{MessageId, filename};
use crate::store::afterwards;
use crate::store::timeline::{self as rows, Raw};

/// Most of an original that is shown, in bytes.
const SOURCE: usize = 1024 * 1024;
/// One piece of the rest of a text, in bytes: as much as a window draws without a pause.
const PIECE: usize = 128 * 1024;

pub(super) async fn text(a: args::MessageText, desk: &Desk) -> Result<MessageText> {
    desk.engine
        .store()
        .read(move |c| {
            let m = rows::message(c, a.id)?;
            let (text, folds) = timeline::folded(c, &m)?;
            let rest =
                convert::cut_at(&text).is_some() && !matches!(rows::raw(c, m.rid)?, Raw::None);
            Ok(MessageText {
                folds: folds::items(&text, &folds),
                links: shown::text_links(&text, text.len()),
                text,
                rest,
            })
        })
        .await
}

/// The mail as it came.
async fn kept(desk: &Desk, id: MessageId) -> Result<(Vec<u8>, String)> {
    let files = desk.engine.store().files();
    desk.engine
        .store()
        .read(move |c| {
            let m = rows::message(c, id)?;
            let bytes = match rows::raw(c, m.rid)? {
                Raw::Bytes(b) => b,
                Raw::File(h) => files.read(&h)?,
                Raw::None => {
                    return Err(Error::NotFound(
                        "the source of this message: it was written here".into(),
                    ));
                }
            };
            Ok((bytes, m.subject.unwrap_or_default()))
        })
        .await
}

pub(super) async fn source(a: args::MessageSource, desk: &Desk) -> Result<MessageText> {
    let (bytes, _) = kept(desk, a.id).await?;
    Ok(MessageText {
        links: Vec::new(),
        text: String::from_utf8_lossy(&bytes[..bytes.len().min(SOURCE)]).into_owned(),
        folds: Vec::new(),
        rest: false,
    })
}

pub(super) async fn save(a: args::MessageSave, desk: &Desk) -> Result<Nothing> {
    let (bytes, subject) = kept(desk, a.id).await?;
    let short: String = subject.chars().take(60).collect();
    let name = filename::safe(&format!("{}.eml", short.trim()))
        .filter(|n| n.len() > ".eml".len())
        .unwrap_or_else(|| "message.eml".into());
    super::files::save_bytes(desk, &name, bytes).await
}

/// The mail is read anew for each piece: that takes a moment for very long ones, and no memory in between.
pub(super) async fn rest(a: args::MessageRest, desk: &Desk) -> Result<MessageRest> {
    let (bytes, _) = kept(desk, a.id).await?;
    let text = desk
        .engine
        .store()
        .read(move |c| rows::text(c, rows::message(c, a.id)?.rid))
        .await?;
    let begins = convert::cut_at(&text)
        .ok_or_else(|| Error::NotFound("more of this text: all of it is shown".into()))?;
    let whole = blocking(move || {
        convert::whole_text(&bytes)
            .ok_or_else(|| Error::NotFound("more of this text in the mail as it came".into()))
    })
    .await?;
    let from = a.from.and_then(|f| usize::try_from(f).ok());
    Ok(piece(&whole, from.unwrap_or(begins).max(begins)))
}

/// From there to the last line that ends within a piece; a line longer than that is parted between two letters.
fn piece(whole: &str, from: usize) -> MessageRest {
    let from = whole.floor_char_boundary(from);
    let most = whole.floor_char_boundary(from.saturating_add(PIECE));
    let within = whole.get(from..most).unwrap_or_default();
    let end = match within.rfind('\n') {
        Some(at) if most < whole.len() => from + at + 1,
        _ => most,
    };
    MessageRest {
        text: whole.get(from..end).unwrap_or_default().to_owned(),
        next: (end < whole.len()).then_some(end as u64),
        total: whole.len() as u64,
    }
}

/// What a message said before each change of it.
pub(super) async fn editions(a: args::MessageEditions, desk: &Desk) -> Result<Vec<Edition>> {
    let all = desk
        .engine
        .store()
        .read(move |c| afterwards::editions(c, a.id))
        .await?;
    Ok(all
        .into_iter()
        .map(|(until, text)| Edition { until, text })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(whole: &str, from: usize) -> (String, usize) {
        let (mut out, mut at, mut pieces) = (String::new(), Some(from as u64), 0);
        while let Some(from) = at {
            let p = piece(whole, usize::try_from(from).unwrap());
            assert!(p.text.len() <= PIECE && p.total == whole.len() as u64);
            out.push_str(&p.text);
            at = p.next;
            pieces += 1;
        }
        (out, pieces)
    }

    #[test]
    fn pieces_joined_are_the_whole_and_end_with_their_lines() {
        let lines: String = (0..40_000).map(|n| format!("línea {n}\n")).collect();
        assert_eq!(joined(&lines, 0).0, lines);
        assert!(piece(&lines, 0).text.ends_with('\n'));
        let one = "é".repeat(PIECE);
        assert_eq!(joined(&one, 0), (one.clone(), 2));
        assert_eq!(joined("short", 2).0, "ort");
        assert_eq!(joined("short", 5), (String::new(), 1));
        assert_eq!(joined("short", 50), (String::new(), 1));
    }
}
