//! Sending what was written.

pub(super) mod chat;
mod claimed;

use super::dto::Queued;
use super::{Desk, args};
use crate::connectors::email::html::{self, Refers};
use crate::connectors::email::quote;
use crate::error::{Error, Result};
use crate::model::letter::{History, Picture, encoded_size};
use crate::model::rich::{MAX_TEXT, Rich};
use crate::model::threads::references_for_reply;
use crate::model::{
    AccountConfig, AccountId, Capabilities, CleanHtml, CustomerId, EmailConfig, FileId, MessageId,
    Party, email_key,
};
use crate::store::outbox::{self, Authored, Mail, OutboxItem};
use crate::store::timeline::{self as rows, StoredMessage};
use crate::store::transfer::sample;
use crate::store::{Tx, accounts, conversations, files};
use crate::time::SECOND;

/// Recipients of one mail.
const RECIPIENTS: usize = 100;

pub(super) async fn send(a: args::Send, desk: &Desk) -> Result<Queued> {
    let a = written(a)?;
    valid(&a)?;
    if let Some(m) = a.answering.or(a.forwarding).filter(|_| a.quote.is_some()) {
        // What goes out is what the sanitiser of today lets through.
        super::shown::renewed(desk.engine.store(), m).await?;
    }
    let can = capabilities(desk, a.account).await?;
    let known = desk.engine.running(a.account).and(can.max_attachment);
    desk.engine
        .store()
        .write(move |tx| {
            let about = a.answering.or(a.forwarding);
            let everybody = a.to.iter().chain(&a.cc).chain(&a.bcc);
            sample::check_send(tx, a.conversation, about, everybody)?;
            let account = accounts::get(tx, a.account)?;
            let conversation = home(tx, &a)?;
            let o = match &account.config {
                AccountConfig::Email(config) => {
                    letter(tx, &a, config, conversation, account.max_message, known)?
                }
                _ => chat::author(tx, &a, &account, &can, conversation)?,
            };
            claimed::link(tx, &a, &o)?;
            let root = conversations::root(tx, o.conversation)?;
            // The draft lay where it was written, which for a forwarded one is not where it goes.
            super::drafts::said(tx, a.conversation.unwrap_or(root), false)?;
            Ok(Queued {
                id: o.id,
                conversation: root,
                hold_until: o.hold_until,
            })
        })
        .await
}

/// What an account can do, whether it is running or not.
async fn capabilities(desk: &Desk, id: AccountId) -> Result<Capabilities> {
    if let Some(live) = desk.engine.running(id) {
        return Ok(live.connector.capabilities());
    }
    let row = desk
        .engine
        .store()
        .read(move |c| accounts::get(c, id))
        .await?;
    Ok(desk.engine.idle(id, &row.config).connector.capabilities())
}

/// Store a mail.
fn letter(
    tx: &mut Tx<'_>,
    a: &args::Send,
    config: &EmailConfig,
    conversation: Option<CustomerId>,
    said: Option<u64>,
    known: Option<u64>,
) -> Result<OutboxItem> {
    mail_addresses(a)?;
    let mail = mail(tx, a, config)?;
    fits(tx, &mail, said, known)?;
    let shown = shown(tx, &mail)?;
    let hold = super::settings::number(tx, "hold_seconds", 10)? * SECOND;
    let authored = Authored {
        conversation,
        account: a.account,
        mail,
        shown,
        hold,
        resolve: a.resolve,
        group: None,
        later: 0,
    };
    outbox::author(tx, &authored)
}

/// What was written in its one form: made anew of what it may say, the text made of it, and its pictures named.
fn written(a: args::Send) -> Result<args::Send> {
    let Some(rich) = formatted(a.html.as_deref())? else {
        return Ok(args::Send { html: None, ..a });
    };
    let mut inline = a.inline;
    inline.extend(rich.pictures());
    Ok(args::Send {
        text: rich.text(),
        html: (!rich.is_plain()).then(|| rich.html()),
        inline,
        ..a
    })
}

/// Formatting from the window, read by [`Rich`].
pub(super) fn formatted(html: Option<&str>) -> Result<Option<Rich>> {
    html.map(Rich::read)
        .transpose()
        .map_err(|e| Error::Invalid(format!("{e}; send the rest as a file")))
}

/// What the timeline shows of formatting: cleaned like everybody's, and nothing of it folded away.
fn shown(tx: &Tx<'_>, mail: &Mail) -> Result<Option<CleanHtml>> {
    if mail.html.is_none() {
        return Ok(None);
    }
    let rich = mail.written();
    let files = rich
        .pictures()
        .into_iter()
        .map(|f| Ok((f.hex(), files::get(tx, f)?.name)))
        .collect::<Result<Vec<_>>>()?;
    let pictures: Vec<Picture<'_>> = files
        .iter()
        .map(|(key, name)| Picture {
            content_id: key,
            key,
            name,
        })
        .collect();
    Ok(html::unfolded(&rich.letter(&pictures)))
}

fn valid(a: &args::Send) -> Result<()> {
    let says = !a.text.trim().is_empty() || !a.files.is_empty();
    if !says && a.forwarding.is_none() && a.template.is_none() {
        return Err(Error::Invalid("write something, or add a file".into()));
    }
    if a.text.len() > MAX_TEXT {
        return Err(Error::Invalid(format!(
            "the text is longer than {} kB; send the rest as a file",
            MAX_TEXT / 1_000
        )));
    }
    if a.to.is_empty() {
        return Err(Error::Invalid("add a recipient".into()));
    }
    let everybody = || a.to.iter().chain(&a.cc).chain(&a.bcc);
    if everybody().count() > RECIPIENTS {
        return Err(Error::Invalid(format!(
            "a mail goes to at most {RECIPIENTS} recipients"
        )));
    }
    let subject = a.subject.as_deref().unwrap_or("");
    if subject.chars().any(char::is_control) {
        return Err(Error::Invalid("a subject has one line".into()));
    }
    if a.forwarding.is_some() && a.answering.is_some() {
        return Err(Error::Invalid(
            "a mail answers a message or passes one on, not both".into(),
        ));
    }
    Ok(())
}

fn mail_addresses(a: &args::Send) -> Result<()> {
    let mut everybody = a.to.iter().chain(&a.cc).chain(&a.bcc);
    match everybody.find(|p| email_key(&p.address).is_none()) {
        Some(p) => Err(Error::Invalid(format!(
            "“{}” is not a mail address",
            p.address
        ))),
        None => Ok(()),
    }
}

/// The conversation of the handle that is answered, even where several are shown as one. What is passed on belongs
/// to whom it goes: it answers nobody here.
fn home(tx: &Tx<'_>, a: &args::Send) -> Result<Option<CustomerId>> {
    if a.forwarding.is_some() {
        return Ok(None);
    }
    match (a.conversation, a.answering) {
        (Some(_), Some(m)) => Ok(rows::message(tx, m)?.conversation),
        (c, _) => Ok(c),
    }
}

fn mail(tx: &Tx<'_>, a: &args::Send, config: &EmailConfig) -> Result<Mail> {
    let (in_reply_to, references) = threading(tx, a.answering)?;
    for f in &a.files {
        files::set_listed(tx, *f)?;
    }
    for f in &a.inline {
        if !a.files.contains(f) {
            return Err(Error::Invalid(
                "a picture in the text is not among the files".into(),
            ));
        }
        files::set_inline(tx, *f)?;
    }
    Ok(Mail {
        from: Party {
            name: Some(config.display_name.clone()).filter(|n| !n.is_empty()),
            address: sender(config, a.from.as_deref())?,
        },
        to: a.to.clone(),
        cc: a.cc.clone(),
        bcc: a.bcc.clone(),
        subject: a.subject.clone(),
        text: a.text.clone(),
        html: a.html.clone(),
        signature: if a.signature {
            config.signature.clone()
        } else {
            String::new()
        },
        history: history(tx, a)?,
        files: a.files.clone(),
        template: None,
        in_reply_to,
        references,
        answering: a.answering,
        forwarding: a.forwarding,
        written_in: a.forwarding.and(a.conversation),
    })
}

/// The account's address or one of its aliases, as the account's settings write it.
fn sender(config: &EmailConfig, wanted: Option<&str>) -> Result<String> {
    let Some(wanted) = wanted else {
        return Ok(config.address.clone());
    };
    let key = email_key(wanted);
    std::iter::once(&config.address)
        .chain(&config.aliases)
        .find(|a| key.is_some() && email_key(a) == key)
        .cloned()
        .ok_or_else(|| Error::Invalid(format!("“{wanted}” is not an address of this account")))
}

fn history(tx: &Tx<'_>, a: &args::Send) -> Result<Option<History>> {
    let (Some(intro), Some(m)) = (&a.quote, a.answering.or(a.forwarding)) else {
        return Ok(None);
    };
    let m = rows::message(tx, m)?;
    let text = rows::text(tx, m.rid)?;
    let html = html_history(tx, a, &m)?;
    if a.forwarding.is_some() {
        return Ok(Some(History::new(intro, &text, true).with_html(html)));
    }
    // Only what was written last: the customer has the rest, and it would grow with each answer.
    let said = quote::visible(&quote::fold_text(&text));
    let said = if said.trim().is_empty() { text } else { said };
    Ok(Some(History::new(intro, &said, false).with_html(html)))
}

/// The HTML of what is answered, as far as its writer wrote it last, or of what is passed on, whole and with those of
/// its pictures that go along as files.
fn html_history(tx: &Tx<'_>, a: &args::Send, m: &StoredMessage) -> Result<Option<String>> {
    let Some(kept) = rows::html(tx, m.rid)? else {
        return Ok(None);
    };
    let pictures = match a.forwarding {
        Some(m) => pictures_along(tx, m, &a.files)?,
        None => Vec::new(),
    };
    let remote: Vec<String> = kept.remote.into_iter().map(|r| r.0).collect();
    let refers = Refers {
        links: &kept.links,
        remote: &remote,
        pictures: &pictures,
    };
    let whole = || html::restored(&kept.html, &refers, false);
    if a.forwarding.is_some() {
        let out = whole();
        for (_, key) in &pictures {
            // A picture that the HTML does not show stays a file.
            if out.contains(&format!("src=\"cid:{key}\""))
                && let Some(id) = FileId::parse(key)
            {
                files::set_inline(tx, id)?;
            }
        }
        return Ok(Some(out));
    }
    let said = html::restored(&kept.html, &refers, true);
    let says_nothing = html::to_text(&said).trim().is_empty();
    Ok(Some(if says_nothing { whole() } else { said }))
}

/// The Content-IDs of a message's files with the ids of the staged files that are the same.
fn pictures_along(tx: &Tx<'_>, m: MessageId, along: &[FileId]) -> Result<Vec<(String, String)>> {
    let staged = along
        .iter()
        .map(|f| files::get(tx, *f))
        .collect::<Result<Vec<_>>>()?;
    let mut out = Vec::new();
    for f in files::of_message(tx, m)?.iter().filter(|f| f.inline) {
        let same = staged
            .iter()
            .find(|s| s.hash == f.hash && files::is_picture(&s.mime));
        if let (Some(cid), Some(same)) = (&f.content_id, same) {
            out.push((cid.clone(), same.id.hex()));
        }
    }
    Ok(out)
}

/// What the server said that it takes, else what the channel takes; before it is queued, so that nobody is told later.
fn fits(tx: &Tx<'_>, mail: &Mail, said: Option<u64>, known: Option<u64>) -> Result<()> {
    let sizes = mail
        .files
        .iter()
        .map(|f| Ok(files::get(tx, *f)?.size))
        .collect::<Result<Vec<u64>>>()?;
    let total: u64 = sizes.iter().sum();
    // HTML is seldom anything but ASCII.
    let whole = encoded_size(mail.whole_text().len(), &sizes) + mail.html_size() as u64 * 3 / 2;
    let (size, most, what) = match (said, known) {
        (Some(most), _) if whole > most => (whole, most, "the mail has"),
        (None, Some(most)) if total > most => (total, most, "the files have"),
        _ => return Ok(()),
    };
    Err(Error::Invalid(format!(
        "{what} {} MB, and this account's server takes at most {} MB; send fewer or smaller files",
        size.div_ceil(1 << 20),
        most >> 20
    )))
}

/// In-Reply-To and References of an answer.
fn threading(tx: &Tx<'_>, answering: Option<MessageId>) -> Result<(Option<String>, Vec<String>)> {
    let Some(m) = answering else {
        return Ok((None, Vec::new()));
    };
    let m = rows::message(tx, m)?;
    let mut ids = rows::thread_ids(tx, m.rid)?;
    let has_own: bool = tx.query_row(
        "SELECT ref IS NOT NULL FROM message WHERE rid = ?1",
        [m.rid],
        |r| r.get(0),
    )?;
    let own = (has_own && !ids.is_empty()).then(|| ids.remove(0));
    Ok((own.clone(), references_for_reply(&ids, own.as_deref())))
}
