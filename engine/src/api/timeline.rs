//! The timeline: messages, episodes, notes and quiet lines in one order.

use super::dto::{
    ChangeItem, ChangeKind, DeliveryProblem, EpisodeItem, FileItem, MessageItem, NoteItem,
    ReactionItem, SendStatus, ThreadHint, Timeline, TimelineItem,
};
use super::{Desk, args, folds, shown};
use crate::connectors::email::quote;
use crate::error::{Error, Result};
use crate::model::filename::{FileWarning, warning};
use crate::model::log::{Entity, Entry, Hlc};
use crate::model::{AccountConfig, AccountId, AgentId, CustomerId, Fold, MessageId, email_key};
use crate::store::files::{self, FileRow};
use crate::store::timeline::{self as rows, Page, Place, StoredMessage, Window};
use crate::store::{afterwards, bounces, conversations, hints, log, persons, variants, within};
use crate::time::Millis;
use rusqlite::Connection;
use serde_json::Value;

/// Longest text in a timeline item, in characters; the rest by `message_text`.
const SHOWN: usize = 16_000;

pub(super) async fn page(a: args::TimelinePage, desk: &Desk) -> Result<Timeline> {
    desk.engine
        .store()
        .read(move |c| {
            let window = match (&a.before, &a.after, a.around) {
                (Some(p), _, _) => Window::Before(place_of(c, p)?),
                (_, Some(p), _) => Window::After(place_of(c, p)?),
                (_, _, Some(m)) => Window::Around((rows::message(c, m)?.sent_at, m)),
                _ => Window::Newest,
            };
            let page = rows::page(c, a.conversation, window, a.limit.clamp(1, 200) as usize)?;
            build(c, a.conversation, window, page)
        })
        .await
}

/// A place, or the place of a message that is named by its id.
fn place_of(c: &Connection, s: &str) -> Result<Place> {
    match MessageId::parse(s) {
        Some(id) => Ok((rows::message(c, id)?.sent_at, id)),
        None => place(s),
    }
}

pub(super) fn place(s: &str) -> Result<Place> {
    s.split_once('.')
        .and_then(|(at, id)| Some((at.parse().ok()?, MessageId::parse(id)?)))
        .ok_or_else(|| Error::Invalid("this is not a place in a timeline".into()))
}

pub(super) fn name_place(p: Place) -> String {
    format!("{}.{}", p.0, p.1)
}

/// Just before everything of an instant.
fn start_of(at: Millis) -> String {
    name_place((at - 1, MessageId([0xff; 16])))
}

fn build(c: &Connection, conversation: CustomerId, window: Window, page: Page) -> Result<Timeline> {
    let named = |m: &StoredMessage| name_place((m.sent_at, m.id));
    let older = page.messages.first().filter(|_| page.older).map(named);
    let newer = page.messages.last().filter(|_| page.newer).map(named);
    let from = match (page.messages.first(), page.older, window) {
        (_, _, Window::After(p)) => p.0 + 1,
        (Some(m), true, _) => m.sent_at,
        _ => 0,
    };
    let to = match (page.messages.last(), page.newer, window) {
        (_, _, Window::Before(p)) => p.0,
        (Some(m), true, _) => m.sent_at + 1,
        _ => Millis::MAX,
    };
    let mut items: Vec<(Millis, u8, TimelineItem)> = Vec::new();
    for m in page.messages {
        items.push((
            m.sent_at,
            2,
            TimelineItem::Message(Box::new(message(c, m)?)),
        ));
    }
    let mut within: Option<EpisodeItem> = None;
    for member in conversations::members(c, conversation)? {
        if older.is_some() {
            let before = begun_before(c, member, from)?;
            let later = |e: &EpisodeItem| within.as_ref().is_none_or(|w| w.opened_at < e.opened_at);
            within = before.filter(later).or(within);
        }
        items.extend(
            counted(c, member, episodes(c, member, from, to)?)?
                .into_iter()
                .map(|e| (e.opened_at, 0, TimelineItem::Episode(e))),
        );
        items.extend(
            notes(c, member, from, to)?
                .into_iter()
                .map(|n| (n.at, 3, TimelineItem::Note(n))),
        );
        items.extend(
            changes(c, member, from, to)?
                .into_iter()
                .map(|x| (x.at, 4, TimelineItem::Change(x))),
        );
    }
    items.sort_by_key(|i| (i.0, i.1));
    Ok(Timeline {
        items: items.into_iter().map(|i| i.2).collect(),
        older,
        newer,
        first_unread: rows::first_unread(c, conversation)?.map(|p| p.1),
        within,
    })
}

/// What people call an account: its address, else its name.
fn called(a: &AccountConfig) -> String {
    let address = a.address();
    if address.is_empty() {
        a.sender()
    } else {
        address
    }
    .to_owned()
}

pub(super) fn message(c: &Connection, m: StoredMessage) -> Result<MessageItem> {
    let (full, folds) = folded(c, &m)?;
    let text: String = full.chars().take(SHOWN).collect();
    let account = m
        .account_config
        .as_deref()
        .and_then(|j| serde_json::from_str::<AccountConfig>(j).ok())
        .map(|a| called(&a))
        .unwrap_or_default();
    let from_key = m.people.from.as_ref().and_then(|p| email_key(&p.address));
    let reply_to = m
        .people
        .reply_to
        .iter()
        .find(|p| email_key(&p.address) != from_key)
        .cloned();
    let hint = hints::of(c, &m)?.map(|h| ThreadHint {
        conversation: h.conversation,
        name: h.name,
        why: h.why,
    });
    let far = |x: &Millis| (*x - m.sent_at).abs() > 60_000;
    let became = afterwards::became(c, m.id)?;
    Ok(MessageItem {
        id: m.id,
        at: m.sent_at,
        claimed_at: m.claimed_at.filter(far),
        direction: m.direction,
        channel: m.channel,
        account,
        class: m.class,
        class_reason: m.class_reason,
        from: m.people.from,
        to: m.people.to,
        cc: m.people.cc,
        reply_to,
        subject: m.subject,
        text_cut: text.len() < full.len(),
        folds: folds::items(&text, &folds),
        links: shown::text_links(&full, text.len()),
        text,
        html: m.has_html,
        html_left_out: !m.has_html && rows::html_left_out(c, m.rid)?,
        files: if m.has_files {
            files::of_message(c, m.id)?.into_iter().map(file).collect()
        } else {
            Vec::new()
        },
        author: m.author.map(|a| a.1),
        outside_app: m.outside,
        send: m.send.map(|s| SendStatus {
            state: s.state,
            hold_until: s.hold_until,
            error: s.error,
            attempts: s.tries,
            next_try: s.next_try,
        }),
        unreadable: m.unreadable,
        verified: m.verified,
        sender_says: m.sender_says,
        hint,
        variants: variants::of(c, m.id)?,
        unread: m.unread,
        delivery: bounces::of_message(c, m.id)?
            .into_iter()
            .map(problem)
            .collect(),
        cards: afterwards::cards(c, m.rid)?,
        reactions: reactions(c, m.id, m.account)?,
        edited_at: became.edited_at,
        unsent_at: became.unsent_at,
        delivered_at: became.delivered_at,
        read_at: became.read_at,
    })
}

/// The reactions to a message, each with the name of whose it is.
fn reactions(c: &Connection, id: MessageId, account: AccountId) -> Result<Vec<ReactionItem>> {
    let all = afterwards::reactions(c, id)?;
    all.into_iter()
        .map(|r| {
            let ours = persons::is_own(c, account, &r.by)?;
            Ok(ReactionItem {
                name: if ours {
                    String::new()
                } else {
                    persons::name(c, account, &r.by)?
                },
                ours,
                emoji: r.emoji,
                at: r.at,
            })
        })
        .collect()
}

/// A message's text and its folds, found anew where an older version of the rules found them.
pub(super) fn folded(c: &Connection, m: &StoredMessage) -> Result<(String, Vec<Fold>)> {
    let (text, folds) = rows::folded_text(c, m.rid)?;
    if folds.version >= quote::FOLD_VERSION {
        return Ok((text, folds.ranges));
    }
    let again = quote::folded(text, m.subject.as_deref());
    Ok((again.text, again.folds))
}

fn problem(p: bounces::Problem) -> DeliveryProblem {
    DeliveryProblem {
        recipient: p.recipient,
        hard: p.hard,
        delayed: p.delayed,
        reason: p.reason,
        words: p.words,
        diagnostic: p.diagnostic,
        at: p.at,
    }
}

pub(super) fn file(f: FileRow) -> FileItem {
    let warning = warning(&f.name, &f.mime);
    FileItem {
        risky: warning == Some(FileWarning::Runs),
        warning,
        id: f.id,
        name: f.name,
        mime: f.mime,
        size: f.size,
        inline: f.inline,
    }
}

pub(super) fn episodes(
    c: &Connection,
    member: CustomerId,
    from: Millis,
    to: Millis,
) -> Result<Vec<EpisodeItem>> {
    let mut s = c.prepare_cached(&format!("{EPISODES} WHERE e.conversation = ?1 AND e.opened_at >= ?2 AND e.opened_at < ?3 ORDER BY e.number DESC LIMIT 200"))?;
    let rows = s.query_map((member, from, to), |r| episode(r, member))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

const EPISODES: &str = "SELECT e.number, e.opened_at, e.resolved_at, e.by_agent, (SELECT seconds FROM wait w WHERE w.conversation = e.conversation AND w.episode = e.number AND w.first = 1), a.name
    FROM episode e LEFT JOIN agent a ON a.id = e.resolved_by";

fn episode(r: &rusqlite::Row<'_>, member: CustomerId) -> rusqlite::Result<EpisodeItem> {
    let number: u32 = r.get(0)?;
    let opened_at: Millis = r.get(1)?;
    Ok(EpisodeItem {
        id: format!("{member}:{number}"),
        number,
        opened_at,
        resolved_at: r.get(2)?,
        by_agent: r.get(3)?,
        first_response: r.get(4)?,
        resolved_by: r.get(5)?,
        messages: 0,
        start: start_of(opened_at),
        end: None,
    })
}

/// The last episode that began before an instant.
fn begun_before(c: &Connection, member: CustomerId, at: Millis) -> Result<Option<EpisodeItem>> {
    let mut s = c.prepare_cached(&format!(
        "{EPISODES} WHERE e.conversation = ?1 AND e.opened_at < ?2 ORDER BY e.number DESC LIMIT 1"
    ))?;
    let found = s.query_map((member, at), |r| episode(r, member))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(counted(c, member, found)?.pop())
}

/// With how many messages stand in each: up to where the next one begins.
fn counted(
    c: &Connection,
    member: CustomerId,
    mut all: Vec<EpisodeItem>,
) -> Result<Vec<EpisodeItem>> {
    let mut next = c.prepare_cached(
        "SELECT min(opened_at) FROM episode WHERE conversation = ?1 AND number > ?2",
    )?;
    for e in &mut all {
        let end: Option<Millis> = next.query_row((member, e.number), |r| r.get(0))?;
        e.messages = within::count(c, member, e.opened_at, end.unwrap_or(Millis::MAX))?;
        e.end = end.map(start_of);
    }
    Ok(all)
}

pub(super) fn notes(
    c: &Connection,
    member: CustomerId,
    from: Millis,
    to: Millis,
) -> Result<Vec<NoteItem>> {
    let mut s = c.prepare_cached(
        "SELECT n.id, n.at, coalesce(a.name, ''), n.text FROM note n LEFT JOIN agent a ON a.id = n.agent WHERE n.conversation = ?1 AND n.at >= ?2 AND n.at < ?3 AND n.active = 1 ORDER BY n.at DESC LIMIT 500",
    )?;
    let rows = s.query_map((member, from, to), |r| {
        Ok(NoteItem {
            id: r.get(0)?,
            at: r.get(1)?,
            agent: r.get(2)?,
            text: r.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn changes(
    c: &Connection,
    member: CustomerId,
    from: Millis,
    to: Millis,
) -> Result<Vec<ChangeItem>> {
    let stamp = |at: Millis| {
        format!(
            "{:016x}",
            Hlc((at.clamp(0, (1 << 47) - 1).cast_unsigned()) << 16).0
        )
    };
    let entries = log::of_conversation(c, member, &stamp(from), &stamp(to))?;
    let mut out = Vec::new();
    for e in entries.into_iter().take(1_000) {
        // What was taken back, and the taking back, would only tell of keys pressed.
        if e.undoes.is_some()
            || c.prepare_cached("SELECT 1 FROM entry WHERE undoes = ?1")?
                .exists([e.group])?
        {
            continue;
        }
        if let Some((what, value, at_value)) = change(c, &e)? {
            let agent = match e.agent {
                Some(a) => agent_name(c, a)?,
                None => None,
            };
            out.push(ChangeItem {
                id: e.id.hex(),
                at: e.stamp.clock().millis(),
                agent,
                what,
                value,
                at_value,
            });
        }
    }
    Ok(out)
}

fn agent_name(c: &Connection, a: AgentId) -> Result<Option<String>> {
    use rusqlite::OptionalExtension;
    Ok(c.prepare_cached("SELECT name FROM agent WHERE id = ?1")?
        .query_row([a], |r| r.get(0))
        .optional()?)
}

/// What changed, of what, until when.
type Line = (ChangeKind, Option<String>, Option<Millis>);

fn change(c: &Connection, e: &Entry) -> Result<Option<Line>> {
    let field = |f: &str| e.changes.iter().find(|x| x.field == f).map(|x| &x.value);
    let word = |f: &str| field(f).and_then(Value::as_str).map(str::to_owned);
    let on = field("on").and_then(Value::as_bool);
    let plain = |k: ChangeKind| Some((k, None, None));
    Ok(match (e.entity, on) {
        (Entity::Conversation, _) if field("assignee").is_some() => {
            let name = match word("assignee").as_deref().and_then(AgentId::parse) {
                Some(a) => agent_name(c, a)?,
                None => None,
            };
            Some((ChangeKind::Assigned, name, None))
        }
        (Entity::Conversation, _) if field("forwarded").is_some() => {
            Some((ChangeKind::Forwarded, word("forwarded"), None))
        }
        (Entity::Conversation, _) => match field("snooze")
            .and_then(|s| s.get("until"))
            .and_then(Value::as_i64)
        {
            Some(until) => Some((ChangeKind::Snoozed, None, Some(until))),
            None => plain(ChangeKind::Unsnoozed),
        },
        (Entity::Resolve, Some(true)) => plain(ChangeKind::Resolved),
        (Entity::Resolve, Some(false)) | (Entity::Reopen, Some(true)) => {
            plain(ChangeKind::Reopened)
        }
        (Entity::NoReply, Some(true)) => plain(ChangeKind::NoReplyNeeded),
        (Entity::Tag, Some(on)) => {
            let tag = e.entity_id.split_once(':').map(|t| t.1.to_owned());
            Some((
                if on {
                    ChangeKind::Tagged
                } else {
                    ChangeKind::Untagged
                },
                tag,
                None,
            ))
        }
        (Entity::Customer, _) if field("stage").is_some() => {
            Some((ChangeKind::Staged, word("stage"), None))
        }
        (Entity::Customer, _) => Some((ChangeKind::Renamed, word("name"), None)),
        (Entity::Link, Some(on)) => plain(if on {
            ChangeKind::Linked
        } else {
            ChangeKind::Unlinked
        }),
        (Entity::Handle, _) => plain(
            if field("not_customer").and_then(Value::as_bool) == Some(true) {
                ChangeKind::NotCustomer
            } else {
                ChangeKind::IsCustomer
            },
        ),
        _ => None,
    })
}
