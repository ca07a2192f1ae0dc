//! What a person sees of a message's HTML, what is loaded for it on request, and where its links lead.

use super::dto::{ImageSender, MessageHtml, Nothing, TextLink};
use super::session::blocking;
use super::{Desk, args};
use crate::connectors::email::{convert, html as sanitiser};
use crate::error::{Error, Result};
use crate::model::url::openable;
use crate::model::{CleanHtml, Event, MessageId, Place, Remote, RemoteId, email_key, linkify};
use crate::store::timeline::{self as rows, Raw, StoredHtml, StoredMessage};
use crate::store::{Store, afterwards, pictures};
use rusqlite::Connection;

pub(super) async fn html(a: args::MessageHtml, desk: &Desk) -> Result<MessageHtml> {
    let store = desk.engine.store();
    renewed(store, a.id).await?;
    store.read(move |c| seen(c, a.id)).await
}

/// Sees to it that a message's HTML is what the sanitiser of today makes of it.
pub(super) async fn renewed(store: &Store, id: MessageId) -> Result<()> {
    let (fresh, rid) = store
        .read(move |c| {
            let rid = rows::message(c, id)?.rid;
            let version = rows::html(c, rid)?.map(|h| h.version);
            Ok((
                version.is_none_or(|v| v >= sanitiser::SANITISER_VERSION),
                rid,
            ))
        })
        .await?;
    if fresh {
        return Ok(());
    }
    renew(store, id, rid).await
}

/// Runs the sanitiser of today over a mail that was cleaned by one of yesterday, and keeps what it makes.
async fn renew(store: &Store, id: MessageId, rid: i64) -> Result<()> {
    let Some(raw) = raw_mail(store, rid).await? else {
        // Nothing to run over: what was cleaned once stays as it is.
        return Ok(());
    };
    let text = store.read(move |c| rows::text(c, rid)).await?;
    let clean = blocking(move || {
        Ok(clean_html(&raw).unwrap_or_else(|| CleanHtml {
            // What the sanitiser of today does not show is shown as its text.
            html: format!("<p>{}</p>", sanitiser::escape(&text)),
            version: sanitiser::SANITISER_VERSION,
            ..CleanHtml::default()
        }))
    })
    .await?;
    store
        .write(move |tx| pictures::renew(tx, id, rid, &clean))
        .await
}

async fn raw_mail(store: &Store, rid: i64) -> Result<Option<Vec<u8>>> {
    let kept = store.files();
    store
        .read(move |c| {
            Ok(match rows::raw(c, rid)? {
                Raw::Bytes(b) => Some(b),
                Raw::File(h) => Some(kept.read(&h)?),
                Raw::None => None,
            })
        })
        .await
}

/// The HTML of a mail by the very code that takes mail in.
fn clean_html(raw: &[u8]) -> Option<CleanHtml> {
    match convert::convert(raw, RemoteId(String::new()), Place::Inbox, None, false) {
        Event::Message(m) => m.html,
        _ => None,
    }
}

fn stored(c: &Connection, id: MessageId) -> Result<(StoredMessage, StoredHtml)> {
    let m = rows::message(c, id)?;
    let html =
        rows::html(c, m.rid)?.ok_or_else(|| Error::NotFound("the HTML of this message".into()))?;
    Ok((m, html))
}

fn seen(c: &Connection, id: MessageId) -> Result<MessageHtml> {
    let (m, kept) = stored(c, id)?;
    let loaded = pictures::loaded(c, id)?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let sender = verified_sender(&m);
    let always = match &sender {
        Some(s) => pictures::is_trusted(c, s)?,
        None => false,
    };
    Ok(MessageHtml {
        html: addressed(&kept.html, id, &loaded),
        links: kept
            .links
            .iter()
            .map(|l| openable(l).map(|o| o.shown()).unwrap_or_default())
            .collect(),
        blocked: count(pictures::missing(&kept, &loaded).len()),
        trackers: count(
            kept.remote
                .iter()
                .filter(|r| r.1 == Remote::Tracker)
                .count(),
        ),
        loaded: count(loaded.len()),
        sender,
        always,
    })
}

/// The sender's address, if its domain vouches for it. Only such a sender can be remembered: any other name could be
/// anybody's.
fn verified_sender(m: &StoredMessage) -> Option<String> {
    let from = m
        .people
        .from
        .as_ref()
        .filter(|_| m.verified == Some(true))?;
    email_key(&from.address)
}

/// Links and pictures carry the message's id, so that the shell can look them up: never a real address.
fn addressed(html: &str, id: MessageId, loaded: &[u32]) -> String {
    let mut html = html
        .replace("href=\"part-link:", &format!("href=\"part-link:{id}/"))
        .replace(
            "src=\"part://localhost/cid/",
            &format!("src=\"part://localhost/m/{id}/cid/"),
        );
    for n in loaded {
        html = html.replace(
            &format!(" data-remote=\"{n}\""),
            &format!(" src=\"part://localhost/m/{id}/img/{n}\""),
        );
    }
    html
}

pub(super) async fn images_load(a: args::ImagesLoad, desk: &Desk) -> Result<MessageHtml> {
    let store = desk.engine.store();
    let id = a.message;
    let (sender, wanted) = store
        .read(move |c| {
            let (m, html) = stored(c, id)?;
            Ok((
                verified_sender(&m),
                pictures::missing(&html, &pictures::loaded(c, id)?),
            ))
        })
        .await?;
    if a.always {
        let sender = sender.ok_or_else(|| {
            Error::Refused(
                "this sender is not verified: its pictures can be loaded, but not always".into(),
            )
        })?;
        store.write(move |tx| pictures::trust(tx, &sender)).await?;
    }
    let mut got = Vec::new();
    for (n, picture) in desk.engine.fetcher().pictures(wanted).await {
        match picture {
            Ok(p) => got.push((n, p.bytes)),
            Err(e) => {
                tracing::info!(message = %id, number = n, kind = kind_of(&e), "a picture was not loaded");
            }
        }
    }
    store
        .write(move |tx| {
            got.iter()
                .try_for_each(|(n, bytes)| pictures::keep(tx, id, *n, bytes))
        })
        .await?;
    store.read(move |c| seen(c, id)).await
}

/// A word for the log, which names no host of a customer's mail.
fn kind_of(e: &crate::connectors::fetch::FetchError) -> &'static str {
    use crate::connectors::fetch::FetchError;
    match e {
        FetchError::Refused(_) => "refused",
        FetchError::NoHost(_) => "no host",
        FetchError::Status { .. } => "status",
        FetchError::Redirects(_) => "redirects",
        FetchError::TooLarge(_) => "too large",
        FetchError::Slow(_) => "slow",
        FetchError::Lost(_) => "lost",
        FetchError::Picture(..) => "no picture",
    }
}

pub(super) async fn image_senders(_: args::ImageSenders, desk: &Desk) -> Result<Vec<ImageSender>> {
    let all = desk.engine.store().read(pictures::trusted).await?;
    Ok(all
        .into_iter()
        .map(|(address, at)| ImageSender { address, at })
        .collect())
}

pub(super) async fn image_sender_remove(
    a: args::ImageSenderRemove,
    desk: &Desk,
) -> Result<Nothing> {
    let known = desk
        .engine
        .store()
        .write(move |tx| pictures::distrust(tx, &a.address))
        .await?;
    if known {
        Ok(Nothing {})
    } else {
        Err(Error::NotFound("this sender in the list".into()))
    }
}

/// The links of a text that end within its first `shown` bytes, in order: what is cut off the end keeps its number.
pub(super) fn text_links(full: &str, shown: usize) -> Vec<TextLink> {
    let found = linkify::links(full);
    let within: Vec<_> = found.iter().take_while(|f| f.end <= shown).collect();
    let offsets: Vec<usize> = within.iter().flat_map(|f| [f.start, f.end]).collect();
    let units = linkify::utf16(full, &offsets);
    within
        .iter()
        .zip(units.chunks_exact(2))
        .map(|(f, place)| TextLink {
            start: place[0],
            end: place[1],
            shown: f.shown.clone(),
        })
        .collect()
}

/// Opens what a card leads to, as long as it does.
pub(super) async fn card_open(a: args::CardOpen, desk: &Desk) -> Result<Nothing> {
    let now = desk.engine.store().clock().now();
    let url = desk
        .engine
        .store()
        .read(move |c| {
            let m = rows::message(c, a.message)?;
            let card = afterwards::cards(c, m.rid)?
                .into_iter()
                .nth(a.card as usize)
                .ok_or_else(|| Error::NotFound("this card".into()))?;
            if card.until.is_some_and(|until| until <= now) {
                return Err(Error::Refused(
                    "the provider's link is no longer valid; look at it in the provider's own program".into(),
                ));
            }
            card.link
                .ok_or_else(|| Error::NotFound("a link on this card".into()))
        })
        .await?;
    let link = openable(&url).map_err(|e| Error::Refused(e.to_string()))?;
    desk.host
        .open_url(&link.url)
        .await
        .map_err(Error::Refused)?;
    Ok(Nothing {})
}

pub(super) async fn link_open(a: args::LinkOpen, desk: &Desk) -> Result<Nothing> {
    let url = desk
        .engine
        .store()
        .read(move |c| {
            let m = rows::message(c, a.message)?;
            let links: Vec<String> = if a.text {
                linkify::links(&rows::text(c, m.rid)?)
                    .into_iter()
                    .map(|f| f.url)
                    .collect()
            } else {
                rows::html(c, m.rid)?.map(|h| h.links).unwrap_or_default()
            };
            links
                .get(a.link as usize)
                .cloned()
                .ok_or_else(|| Error::NotFound("this link".into()))
        })
        .await?;
    // It was looked at when the mail came; a stricter rule of today holds for it too.
    let link = openable(&url).map_err(|e| Error::Refused(e.to_string()))?;
    desk.host
        .open_url(&link.url)
        .await
        .map_err(Error::Refused)?;
    Ok(Nothing {})
}
