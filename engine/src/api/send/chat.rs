//! Sends on channels of short texts: one person, no subject, and what the account can do is what is let through.

use crate::api::args;
use crate::api::settings;
use crate::error::{Error, Result};
use crate::model::{
    Capabilities, Channel, CustomerId, FileId, GroupId, HandleId, Party, TemplateUse, TextLimit,
    TextUnit, address_key, is_media_of, message_parts, sms,
};
use crate::store::accounts::AccountRow;
use crate::store::outbox::{self, Authored, Mail, OutboxItem};
use crate::store::{Tx, files, ingest, persons};
use crate::time::{Millis, SECOND};

/// Most messages that one text becomes.
const MOST_PARTS: usize = 10;

/// One step: words, or files.
struct Part {
    text: String,
    html: Option<String>,
    files: Vec<FileId>,
    template: Option<TemplateUse>,
}

/// Store a send with all its parts; they go one after the other. Returns the first.
pub(super) fn author(
    tx: &mut Tx<'_>,
    a: &args::Send,
    account: &AccountRow,
    can: &Capabilities,
    conversation: Option<CustomerId>,
) -> Result<OutboxItem> {
    let to = recipient(a, can)?;
    allowed(tx, a, account, can, &to)?;
    let parts = parts(tx, a, can)?;
    let hold = settings::number(tx, "hold_seconds", 10)? * SECOND;
    let group = GroupId::random();
    let last = parts.len() - 1;
    let mut first: Option<OutboxItem> = None;
    for (i, part) in parts.into_iter().enumerate() {
        let mail = Mail {
            from: Party {
                name: Some(account.config.display_name().to_owned()).filter(|n| !n.is_empty()),
                address: account.config.sender().to_owned(),
            },
            to: vec![to.clone()],
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: None,
            text: part.text,
            html: part.html,
            signature: String::new(),
            history: None,
            files: part.files,
            template: part.template,
            in_reply_to: None,
            references: Vec::new(),
            answering: a.answering,
            forwarding: None,
            written_in: None,
        };
        let shown = super::shown(tx, &mail)?;
        let o = outbox::author(
            tx,
            &Authored {
                conversation: conversation.or(first.as_ref().map(|f| f.conversation)),
                account: account.id,
                mail,
                shown,
                hold,
                // The conversation is resolved with the last part, so that each counts as an answer before it.
                resolve: a.resolve && i == last,
                group: Some(group),
                later: u32::try_from(last - i).unwrap_or(0),
            },
        )?;
        first.get_or_insert(o);
    }
    first.ok_or_else(|| Error::Invalid("write something, or add a file".into()))
}

fn recipient(a: &args::Send, can: &Capabilities) -> Result<Party> {
    let word = can.channel.as_str();
    let [to] = a.to.as_slice() else {
        return Err(Error::Invalid(format!(
            "a message by {word} goes to one person"
        )));
    };
    if !a.cc.is_empty()
        || !a.bcc.is_empty()
        || a.subject.as_deref().is_some_and(|s| !s.trim().is_empty())
    {
        return Err(Error::Invalid(format!(
            "a message by {word} has no copies and no subject"
        )));
    }
    if a.forwarding.is_some() {
        return Err(Error::Invalid(format!(
            "a message cannot be passed on by {word}; copy what matters"
        )));
    }
    if address_key(can.channel, &to.address).is_none() {
        return Err(Error::Invalid(format!(
            "“{}” is no address of {word}",
            to.address
        )));
    }
    Ok(to.clone())
}

/// Whether one may write to this person now.
fn allowed(
    tx: &Tx<'_>,
    a: &args::Send,
    account: &AccountRow,
    can: &Capabilities,
    to: &Party,
) -> Result<()> {
    let key = address_key(can.channel, &to.address).unwrap_or_default();
    let handle: HandleId = ingest::handle_id(
        &tx.identity.ids,
        can.channel,
        account.config.handle_scope(),
        &key,
    );
    if outbox::opted_out(tx, account.id, to)? {
        return Err(Error::Refused(outbox::STOPPED.into()));
    }
    if a.template.is_some() {
        return Ok(());
    }
    let last = persons::last_wrote(tx, account.id, handle)?;
    let route = persons::route(tx, account.id, handle)?;
    let can = &can.by_route(route.as_deref());
    match window(can, last, tx.now) {
        Window::Open(_) => Ok(()),
        Window::Over => Err(Error::Refused(format!(
            "the {} hours in which one may answer are over; {}",
            can.reply_window_hours.unwrap_or_default(),
            if can.templates.is_empty() {
                "write by another channel"
            } else {
                "send an approved text, or write by another channel"
            }
        ))),
        Window::NotYet => Err(Error::Refused(
            "this person has not written here yet, and one may not write first on this channel"
                .into(),
        )),
    }
}

/// Whether one may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Window {
    /// Yes; until then, if it ends.
    Open(Option<Millis>),
    /// It ended.
    Over,
    /// They never wrote.
    NotYet,
}

/// The window of a person who wrote last then.
pub(in crate::api) fn window(can: &Capabilities, last: Option<Millis>, now: Millis) -> Window {
    match can.window_end(last) {
        _ if last.is_none() && !can.may_write_first => Window::NotYet,
        Some(end) if end > now => Window::Open(Some(end)),
        Some(_) => Window::Over,
        // Whoever may write first is not bound by a window that never began, but for its own rule.
        None if can.reply_window_hours.is_some() => Window::Over,
        None => Window::Open(None),
    }
}

fn parts(tx: &Tx<'_>, a: &args::Send, can: &Capabilities) -> Result<Vec<Part>> {
    if let Some(t) = &a.template {
        return filled(t, can).map(|p| vec![p]);
    }
    let files = fitting(tx, &a.files, can)?;
    let texts = texts(a, can)?;
    let mut out: Vec<Part> = Vec::new();
    let whole = texts.len() == 1;
    for text in texts {
        out.push(Part {
            html: a.html.clone().filter(|_| whole),
            text,
            files: Vec::new(),
            template: None,
        });
    }
    let most = if can.max_files == 0 {
        usize::MAX
    } else {
        can.max_files as usize
    };
    let mut rest = files.as_slice();
    // Where files may go along with words, the first ones go with the last words.
    if !can.files_apart
        && let Some(last) = out.last_mut()
    {
        let (with, later) = rest.split_at(rest.len().min(most));
        last.files = with.to_vec();
        rest = later;
    }
    for some in rest.chunks(most.min(rest.len().max(1))) {
        out.push(Part {
            text: String::new(),
            html: None,
            files: some.to_vec(),
            template: None,
        });
    }
    if out.is_empty() {
        return Err(Error::Invalid("write something, or add a file".into()));
    }
    Ok(out)
}

fn filled(t: &TemplateUse, can: &Capabilities) -> Result<Part> {
    let known = can.templates.iter().find(|k| k.id == t.id);
    let Some(known) = known else {
        return Err(Error::Invalid(
            "this text is not among the approved ones of the account".into(),
        ));
    };
    let mut text = known.text.clone();
    for (i, v) in t.values.iter().enumerate() {
        if v.trim().is_empty() || v.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "fill in {{{{{}}}}} with one line",
                i + 1
            )));
        }
        text = text.replace(&format!("{{{{{}}}}}", i + 1), v.trim());
    }
    if text.contains("{{") {
        return Err(Error::Invalid("something is not filled in yet".into()));
    }
    Ok(Part {
        text,
        html: None,
        files: Vec::new(),
        template: Some(t.clone()),
    })
}

fn texts(a: &args::Send, can: &Capabilities) -> Result<Vec<String>> {
    let text = a.text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(limit) = can.text_limit else {
        return Ok(vec![text.to_owned()]);
    };
    if measure(text, limit) <= limit.most as usize {
        return Ok(vec![text.to_owned()]);
    }
    if !a.split {
        return Err(Error::Invalid(format!(
            "the text is too long for one message here ({} at most); shorten it, or send it in several",
            limit.most
        )));
    }
    let parts = message_parts(text, |t| measure(t, limit) <= limit.most as usize);
    if parts.len() > MOST_PARTS {
        return Err(Error::Invalid(format!(
            "the text would need more than {MOST_PARTS} messages; send it as a file or by mail"
        )));
    }
    Ok(parts)
}

fn measure(text: &str, limit: TextLimit) -> usize {
    match limit.unit {
        TextUnit::Chars => text.chars().count(),
        TextUnit::Bytes => text.len(),
        TextUnit::Segments => sms::segments(text),
    }
}

fn fitting(tx: &Tx<'_>, staged: &[FileId], can: &Capabilities) -> Result<Vec<FileId>> {
    if !staged.is_empty() && !can.attachments {
        return Err(Error::Invalid(format!(
            "no files can be sent by {}; put a link into the text",
            can.channel.as_str()
        )));
    }
    for id in staged {
        let f = files::get(tx, *id)?;
        if let Some(most) = can.most_of(&f.mime).filter(|m| f.size > *m) {
            return Err(Error::Invalid(format!(
                "“{}” has {} MB, and at most {} MB can be sent here",
                f.name,
                f.size.div_ceil(1 << 20),
                most >> 20
            )));
        }
        let fits = |t: &String| is_media_of(t, &f.mime);
        if !can.file_types.is_empty() && !can.file_types.iter().any(fits) {
            return Err(Error::Invalid(format!(
                "“{}” is of a kind ({}) that cannot be sent by {}",
                f.name,
                f.mime,
                channel(can.channel)
            )));
        }
        files::set_listed(tx, *id)?;
    }
    Ok(staged.to_vec())
}

fn channel(c: Channel) -> &'static str {
    c.as_str()
}
