//! The durable outbox: every send's state, each change of it a fact in the log (`model.md`, Sending).
//!
//! A crash between an attempt's record and its outcome leaves `sending`; [`recover`] makes that `uncertain`,
//! because it may have gone out.

use super::ingest::{Participants, Row, handle};
use super::log::{self, Writing, write};
use super::{Tx, conversations, search};
use crate::error::{Error, Result};
use crate::model::letter::{self, History};
use crate::model::log::Entity;
use crate::model::threads::{ref_hash, token};
use crate::model::{
    AccountId, Channel, Class, CustomerId, Direction, FileId, Folds, GroupId, MessageId,
    OutboxState, Party, ThreadRefs, email_key,
};
use crate::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is sent, as it was authored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Our address.
    pub from: Party,
    /// Recipients.
    pub to: Vec<Party>,
    /// Copies.
    pub cc: Vec<Party>,
    /// Hidden copies.
    #[serde(default)]
    pub bcc: Vec<Party>,
    /// Subject.
    pub subject: Option<String>,
    /// Text as it was typed.
    pub text: String,
    /// The signature below it.
    #[serde(default)]
    pub signature: String,
    /// What it answers or passes on, below both.
    #[serde(default)]
    pub history: Option<History>,
    /// Files.
    pub files: Vec<FileId>,
    /// The Message-ID that is answered.
    pub in_reply_to: Option<String>,
    /// The thread.
    pub references: Vec<String>,
    /// The message that is answered.
    pub answering: Option<MessageId>,
    /// The message that is passed on.
    #[serde(default)]
    pub forwarding: Option<MessageId>,
    /// Where it was passed on from, which is not where it goes.
    #[serde(default)]
    pub written_in: Option<CustomerId>,
}

impl Mail {
    /// The plain text that goes out: what was typed, the signature, the history.
    #[must_use]
    pub fn whole_text(&self) -> String {
        letter::plain(&self.text, &self.signature, self.history.as_ref())
    }

    /// The bytes of the history's HTML.
    #[must_use]
    pub fn html_size(&self) -> usize {
        let html = self.history.as_ref().and_then(|h| h.html.as_ref());
        html.map_or(0, String::len)
    }
}

/// A send to be stored.
#[derive(Debug, Clone)]
pub struct Authored {
    /// Its conversation (original customer); `None` = that of the first recipient.
    pub conversation: Option<CustomerId>,
    /// From which account.
    pub account: AccountId,
    /// The mail.
    pub mail: Mail,
    /// Milliseconds to hold it for undo.
    pub hold: Millis,
    /// Resolve as well.
    pub resolve: bool,
}

/// A send as it stands.
#[derive(Debug, Clone)]
pub struct OutboxItem {
    /// Id.
    pub id: MessageId,
    /// Original conversation.
    pub conversation: CustomerId,
    /// Account.
    pub account: AccountId,
    /// The mail.
    pub mail: Mail,
    /// Our Message-ID.
    pub message_id: String,
    /// State.
    pub state: OutboxState,
    /// Counts queueings: a state of a later one beats all of earlier ones.
    pub attempt: i64,
    /// Calls made to the provider.
    pub tries: i64,
    /// Held until.
    pub hold_until: Millis,
    /// Tried again at.
    pub next_try: Option<Millis>,
    /// Why it is not sent.
    pub error: Option<String>,
    /// Authored.
    pub authored_at: Millis,
    /// The group of the command.
    pub group: GroupId,
    /// The resolve made with it.
    pub resolve_act: Option<String>,
}

const COLUMNS: &str = "id, conversation, account, mail, message_id, state, attempt, tries, hold_until, next_try, error, authored_at, grp, resolve_act";

fn item(r: &rusqlite::Row<'_>) -> rusqlite::Result<OutboxItem> {
    let bad = |i: usize, e: String| {
        rusqlite::Error::FromSqlConversionFailure(i, rusqlite::types::Type::Text, e.into())
    };
    Ok(OutboxItem {
        id: r.get(0)?,
        conversation: r.get(1)?,
        account: r.get(2)?,
        mail: serde_json::from_str(&r.get::<_, String>(3)?).map_err(|e| bad(3, e.to_string()))?,
        message_id: r.get(4)?,
        state: OutboxState::parse(&r.get::<_, String>(5)?)
            .ok_or_else(|| bad(5, "unknown state".into()))?,
        attempt: r.get(6)?,
        tries: r.get(7)?,
        hold_until: r.get(8)?,
        next_try: r.get(9)?,
        error: r.get(10)?,
        authored_at: r.get(11)?,
        group: r.get(12)?,
        resolve_act: r.get(13)?,
    })
}

/// One send.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn get(conn: &Connection, id: MessageId) -> Result<OutboxItem> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?
        .query_row([id], item)
        .optional()?
        .ok_or_else(|| Error::NotFound("this send".into()))
}

/// Sends that are not finished or went wrong, newest first.
///
/// # Errors
/// When the store fails.
pub fn unfinished(conn: &Connection) -> Result<Vec<OutboxItem>> {
    let mut s = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE state NOT IN ('sent', 'cancelled') ORDER BY authored_at DESC LIMIT 500"))?;
    Ok(s.query_map([], item)?.collect::<rusqlite::Result<_>>()?)
}

/// The next send of an account that is due, and when the next one will be.
///
/// # Errors
/// When the store fails.
pub fn due(
    conn: &Connection,
    account: AccountId,
    now: Millis,
) -> Result<(Option<OutboxItem>, Option<Millis>)> {
    let mut s = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE account = ?1 AND (state = 'held' AND hold_until <= ?2 OR state = 'queued' AND coalesce(next_try, 0) <= ?2) ORDER BY authored_at LIMIT 1"
    ))?;
    let next = s.query_row(params![account, now], item).optional()?;
    let later: Option<Millis> = conn
        .prepare_cached("SELECT min(CASE state WHEN 'held' THEN hold_until ELSE coalesce(next_try, 0) END) FROM outbox WHERE account = ?1 AND state IN ('held', 'queued')")?
        .query_row([account], |r| r.get(0))?;
    Ok((next, later))
}

/// Sends of an account whose copy must still be filed in Sent.
///
/// # Errors
/// When the store fails.
pub fn to_file(conn: &Connection, account: AccountId) -> Result<Vec<OutboxItem>> {
    let mut s = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE account = ?1 AND state = 'sent' AND filing = 1 ORDER BY authored_at LIMIT 20"))?;
    Ok(s.query_map([account], item)?
        .collect::<rusqlite::Result<_>>()?)
}

/// Store a send: its message is in the timeline at once, it goes out after the hold.
///
/// # Errors
/// [`Error::Invalid`] without a usable recipient.
pub fn author(tx: &mut Tx<'_>, a: &Authored) -> Result<OutboxItem> {
    let (conversation, also) = placed(tx, a)?;
    let id = MessageId::random();
    let group = GroupId::random();
    // What is passed on answers nobody.
    let answers = if a.mail.forwarding.is_some() {
        Vec::new()
    } else {
        conversations::folded(tx, conversation)?.unanswered
    };
    let message_id = own_message_id(tx, conversation, id, &a.mail.from.address);
    insert_message(tx, a, id, conversation, &also, &message_id, &answers)?;
    let hold_until = tx.now + a.hold;
    let mail = serde_json::to_string(&a.mail).map_err(|e| Error::Internal(e.to_string()))?;
    tx.execute(
        "INSERT INTO outbox (id, conversation, account, agent, grp, mail, message_id, ref, state, hold_until, authored_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'held', ?9, ?10)",
        params![id, conversation, a.account, tx.identity.agent, group, mail, message_id, &ref_hash(&message_id)[..], hold_until, tx.now],
    )?;
    let authored = json!({ "conversation": conversation, "account": a.account, "answers": answers, "at": tx.now });
    let fields = vec![
        ("authored", authored),
        ("state", state_value(0, OutboxState::Held)),
    ];
    write(
        tx,
        "send",
        group,
        Writing::new(Entity::Outbox, id.hex(), Some(conversation), fields),
    )?;
    if let Some(from) = a.mail.written_in {
        let to: Vec<&str> = a.mail.to.iter().map(|p| p.address.as_str()).collect();
        let fields = vec![("forwarded", json!(to.join(", ")))];
        let w = Writing::new(Entity::Conversation, from.hex(), Some(from), fields);
        write(tx, "send", group, w)?;
    }
    if a.resolve {
        // As for a resolve by hand: every open conversation of the customer as shown.
        let act = super::log_acts::resolve(tx, group, conversation)?;
        for other in conversations::open_members(tx, conversation)?
            .into_iter()
            .filter(|c| *c != conversation)
        {
            super::log_acts::resolve(tx, group, other)?;
        }
        tx.execute(
            "UPDATE outbox SET resolve_act = ?2 WHERE id = ?1",
            params![id, act],
        )?;
    }
    tx.changes.outbox = true;
    get(tx, id)
}

/// The conversation of a send and where else it is shown: under each other To that is a customer.
fn placed(tx: &mut Tx<'_>, a: &Authored) -> Result<(CustomerId, Vec<CustomerId>)> {
    let mut shown = Vec::new();
    for p in &a.mail.to {
        let value = email_key(&p.address)
            .ok_or_else(|| Error::Invalid(format!("“{}” is not a mail address", p.address)))?;
        let own: bool = tx
            .prepare_cached("SELECT 1 FROM own_address WHERE value = ?1")?
            .exists([&value])?;
        if !own {
            shown.push(CustomerId(
                handle(tx, Channel::Email, "", &value, p.name.as_deref(), 0)?.0,
            ));
        }
    }
    let first = a
        .conversation
        .or(shown.first().copied())
        .or(a.mail.written_in)
        .ok_or_else(|| {
            Error::Invalid("add a recipient that is not one of your own addresses".into())
        })?;
    shown.retain(|c| *c != first);
    Ok((first, shown))
}

/// Unique, recognised as ours, and bound to its conversation by a signed token.
fn own_message_id(tx: &Tx<'_>, conversation: CustomerId, id: MessageId, from: &str) -> String {
    let domain = email_key(from)
        .and_then(|a| a.rsplit_once('@').map(|(_, d)| d.to_owned()))
        .unwrap_or_else(|| "parley.invalid".into());
    format!(
        "{}@{domain}",
        token::make(&tx.identity.ids, conversation, id)
    )
}

fn insert_message(
    tx: &mut Tx<'_>,
    a: &Authored,
    id: MessageId,
    conversation: CustomerId,
    also: &[CustomerId],
    message_id: &str,
    answers: &[MessageId],
) -> Result<()> {
    let names = a
        .mail
        .files
        .iter()
        .map(|f| Ok(super::files::get(tx, *f)?.name))
        .collect::<Result<Vec<_>>>()?;
    let people = Participants {
        from: Some(a.mail.from.clone()),
        reply_to: Vec::new(),
        to: a.mail.to.clone(),
        cc: a.mail.cc.clone(),
        list: None,
    };
    let refs = ThreadRefs {
        message_id: Some(message_id.to_owned()),
        in_reply_to: a.mail.in_reply_to.iter().cloned().collect(),
        references: a.mail.references.clone(),
        ..ThreadRefs::default()
    };
    let row = Row {
        id,
        conversation: Some(conversation),
        account: a.account,
        channel: Channel::Email,
        handle: None,
        direction: Direction::Outbound,
        class: Class::Human,
        machine_class: Class::Human,
        class_reason: None,
        live: true,
        sent_at: tx.now,
        claimed_at: None,
        outside: false,
        opens: true,
        own_ref: Some(ref_hash(message_id)),
        verified: None,
        signed_for: None,
        hidden: false,
        subject: a.mail.subject.as_deref(),
        text: &a.mail.text,
        folds: &Folds::default(),
        people: &people,
        has_html: false,
        files: names.iter().map(String::as_str).collect(),
        unread: false,
        also,
        thread_ids: std::iter::once(message_id.to_owned())
            .chain(a.mail.references.iter().cloned())
            .collect(),
        answers: &refs.in_reply_to,
        author: Some((tx.identity.agent, tx.now, answers)),
    };
    row.insert(tx)?;
    super::threads::keep(tx, id, &refs)?;
    for (i, f) in a.mail.files.iter().enumerate() {
        tx.execute(
            "UPDATE file SET message = ?2, position = ?3, staged_at = NULL WHERE id = ?1",
            params![f, id, i64::try_from(i).unwrap_or(0)],
        )?;
    }
    Ok(())
}

fn state_value(attempt: i64, state: OutboxState) -> Value {
    let rank = OutboxState::ALL
        .iter()
        .position(|s| *s == state)
        .unwrap_or(0);
    json!([attempt, rank, state.as_str()])
}

/// Record a state: the row is the executor's queue, the entry is the fact.
fn record(
    tx: &mut Tx<'_>,
    o: &OutboxItem,
    attempt: i64,
    state: OutboxState,
    error: Option<&str>,
    mut more: Vec<(&'static str, Value)>,
) -> Result<()> {
    tx.execute(
        "UPDATE outbox SET state = ?2, attempt = ?3, error = ?4 WHERE id = ?1",
        params![o.id, state.as_str(), attempt, error],
    )?;
    more.push(("state", state_value(attempt, state)));
    if let Some(e) = error {
        more.push(("error", json!(e)));
    }
    write(
        tx,
        &format!("auto.send.{}", state.as_str()),
        GroupId::random(),
        Writing::new(Entity::Outbox, o.id.hex(), Some(o.conversation), more),
    )?;
    tx.changes.outbox = true;
    conversations::touch_all(tx, o.id)
}

/// Record an attempt, before the call.
///
/// # Errors
/// [`Error::Refused`] when it was taken back meanwhile.
pub fn begin(tx: &mut Tx<'_>, id: MessageId) -> Result<OutboxItem> {
    let o = get(tx, id)?;
    if !matches!(o.state, OutboxState::Held | OutboxState::Queued) {
        return Err(Error::Refused("this send is not waiting any more".into()));
    }
    tx.execute(
        "UPDATE outbox SET tries = tries + 1, next_try = NULL WHERE id = ?1",
        [id],
    )?;
    record(tx, &o, o.attempt, OutboxState::Sending, None, Vec::new())?;
    get(tx, id)
}

/// The provider accepted it. No echo changes its time later.
///
/// # Errors
/// When the store fails.
pub fn sent(tx: &mut Tx<'_>, id: MessageId, provider_id: Option<&str>, filing: bool) -> Result<()> {
    let at = tx.now;
    sent_at(tx, id, at, provider_id, filing)
}

/// It went out with its last attempt, as we know only now.
fn sent_after_all(tx: &mut Tx<'_>, o: &OutboxItem) -> Result<()> {
    let tried = log::of_entity(tx, Entity::Outbox, &o.id.hex())?
        .into_iter()
        .rev()
        .find(|e| e.kind == "auto.send.sending");
    let at = tried.map_or(tx.now, |e| {
        e.stamp
            .clock()
            .millis()
            .clamp(o.authored_at, tx.now.max(o.authored_at))
    });
    sent_at(tx, o.id, at, None, false)
}

fn sent_at(
    tx: &mut Tx<'_>,
    id: MessageId,
    at: Millis,
    provider_id: Option<&str>,
    filing: bool,
) -> Result<()> {
    let o = get(tx, id)?;
    if o.state == OutboxState::Sent {
        return Ok(());
    }
    tx.execute(
        "UPDATE outbox SET sent_at = ?2, provider_id = ?3, filing = ?4 WHERE id = ?1",
        params![id, at, provider_id, filing],
    )?;
    let mut more = vec![("sent_at", json!(at))];
    if let Some(p) = provider_id {
        more.push(("provider_id", json!(p)));
    }
    record(tx, &o, o.attempt, OutboxState::Sent, None, more)
}

/// Nothing can have gone out: it is tried again at `next`. Says nothing when the attempt was decided meanwhile, as
/// by the provider's copy.
///
/// # Errors
/// When the store fails.
pub fn retry_later(tx: &mut Tx<'_>, id: MessageId, next: Millis, error: &str) -> Result<()> {
    let o = get(tx, id)?;
    if o.state != OutboxState::Sending {
        // Its copy was seen at the provider meanwhile: that outweighs a lost answer.
        return Ok(());
    }
    tx.execute(
        "UPDATE outbox SET next_try = ?2 WHERE id = ?1",
        params![id, next],
    )?;
    record(
        tx,
        &o,
        o.attempt + 1,
        OutboxState::Queued,
        Some(error),
        Vec::new(),
    )
}

/// The provider's answer is final. A resolve that was made with it is taken back. Says nothing when the attempt was
/// decided meanwhile.
///
/// # Errors
/// When the store fails.
pub fn failed(tx: &mut Tx<'_>, id: MessageId, error: &str) -> Result<()> {
    let o = get(tx, id)?;
    if o.state != OutboxState::Sending {
        // Its copy was seen at the provider meanwhile: that outweighs a lost answer.
        return Ok(());
    }
    record(
        tx,
        &o,
        o.attempt,
        OutboxState::Failed,
        Some(error),
        Vec::new(),
    )?;
    reopen(tx, &o)
}

/// It may have gone out. A resolve that was made with it is taken back. Says nothing when the attempt was decided
/// meanwhile.
///
/// # Errors
/// When the store fails.
pub fn uncertain(tx: &mut Tx<'_>, id: MessageId, error: &str) -> Result<()> {
    let o = get(tx, id)?;
    if o.state != OutboxState::Sending {
        // Its copy was seen at the provider meanwhile: that outweighs a lost answer.
        return Ok(());
    }
    record(
        tx,
        &o,
        o.attempt,
        OutboxState::Uncertain,
        Some(error),
        Vec::new(),
    )?;
    reopen(tx, &o)
}

fn reopen(tx: &mut Tx<'_>, o: &OutboxItem) -> Result<()> {
    if o.resolve_act.is_none() {
        return Ok(());
    }
    let back = GroupId::random();
    for act in log::of_group(tx, o.group)?
        .into_iter()
        .filter(|e| e.entity == Entity::Resolve)
    {
        write(
            tx,
            "auto.send.reopen",
            back,
            Writing::new(
                Entity::Resolve,
                act.entity_id,
                act.conversation,
                vec![("on", json!(false))],
            ),
        )?;
    }
    Ok(())
}

/// Its copy turned up at the provider: it went out, whatever we thought.
///
/// # Errors
/// When the store fails.
pub fn confirmed(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    tx.execute("UPDATE outbox SET filing = 0 WHERE id = ?1", [id])?;
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Uncertain | OutboxState::Sending => sent_after_all(tx, &o),
        // A failure was taken for harmless and was not: a second attempt would be a second mail. (A person's word
        // counts its tries anew, the attempt goes on counting.)
        OutboxState::Queued | OutboxState::Failed if o.tries > 0 || o.attempt > 0 => {
            sent_after_all(tx, &o)
        }
        _ => Ok(()),
    }
}

/// The copy was filed in Sent, or need not be.
///
/// # Errors
/// When the store fails.
pub fn filed(tx: &Tx<'_>, id: MessageId) -> Result<()> {
    tx.execute("UPDATE outbox SET filing = 0 WHERE id = ?1", [id])?;
    Ok(())
}

/// After a start: what was being sent when we stopped may have gone out.
///
/// # Errors
/// When the store fails.
pub fn recover(tx: &mut Tx<'_>) -> Result<usize> {
    Ok(interrupted(tx, None)? + went_back(tx)?)
}

/// The database came from a backup, or is a copy of another one: what waits in it may have gone out since, and a
/// person decides.
fn went_back(tx: &mut Tx<'_>) -> Result<usize> {
    if tx.execute("DELETE FROM meta WHERE key = 'came_back'", [])? == 0 {
        return Ok(0);
    }
    let ids: Vec<MessageId> = {
        let mut s = tx.prepare("SELECT id FROM outbox WHERE state IN ('held', 'queued')")?;
        s.query_map([], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for id in &ids {
        // An attempt of the other life of this workspace, as far as anybody knows.
        tx.execute(
            "UPDATE outbox SET tries = max(tries, 1) WHERE id = ?1",
            [id],
        )?;
        let o = get(tx, *id)?;
        record(
            tx,
            &o,
            o.attempt,
            OutboxState::Uncertain,
            Some(
                "This workspace was restored or copied, and this waited to be sent in it. It may have gone out since: check the Sent folder before sending it again.",
            ),
            Vec::new(),
        )?;
        reopen(tx, &o)?;
    }
    Ok(ids.len())
}

/// Before an account's sender starts: what its last one was sending when it was stopped may have gone out.
///
/// # Errors
/// When the store fails.
pub fn recover_account(tx: &mut Tx<'_>, account: AccountId) -> Result<usize> {
    interrupted(tx, Some(account))
}

fn interrupted(tx: &mut Tx<'_>, account: Option<AccountId>) -> Result<usize> {
    let ids: Vec<MessageId> = {
        let mut s = tx.prepare(
            "SELECT id FROM outbox WHERE state = 'sending' AND (?1 IS NULL OR account = ?1)",
        )?;
        s.query_map([account], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    for id in &ids {
        uncertain(
            tx,
            *id,
            "Parley stopped while this was being sent. It may have arrived: check the Sent folder or ask the customer before sending it again.",
        )?;
    }
    Ok(ids.len())
}

/// Take a send back before it goes. Its text returns as a draft; a resolve made with it is undone.
///
/// # Errors
/// [`Error::Refused`] when it is already on its way or gone.
pub fn cancel(tx: &mut Tx<'_>, id: MessageId) -> Result<OutboxItem> {
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Held | OutboxState::Queued | OutboxState::Failed => {}
        OutboxState::Cancelled => return Ok(o),
        OutboxState::Sending => {
            return Err(Error::Refused(
                "it is being sent right now and can no longer be taken back".into(),
            ));
        }
        OutboxState::Sent | OutboxState::Uncertain => {
            return Err(Error::Refused(
                "it has already gone out and cannot be taken back".into(),
            ));
        }
    }
    record(tx, &o, o.attempt, OutboxState::Cancelled, None, Vec::new())?;
    reopen(tx, &o)?;
    withdraw(tx, id)?;
    Ok(o)
}

/// A message that was taken back is shown and found nowhere; its files are staged again.
pub(super) fn withdraw(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let shown: Vec<CustomerId> = {
        let mut s = tx.prepare("SELECT conversation FROM timeline WHERE message = ?1")?;
        s.query_map([id], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?
    };
    tx.execute("DELETE FROM timeline WHERE message = ?1", [id])?;
    let rid: i64 = tx.query_row("SELECT rid FROM message WHERE id = ?1", [id], |r| r.get(0))?;
    search::index::remove(tx, rid)?;
    tx.execute(
        "UPDATE file SET message = NULL, staged_at = ?2 WHERE message = ?1",
        params![id, tx.now],
    )?;
    for c in shown {
        conversations::recount_customer(tx, c)?;
    }
    Ok(())
}

/// A person decided to send a failed or uncertain one again.
///
/// # Errors
/// [`Error::Refused`] in any other state.
pub fn again(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Failed | OutboxState::Uncertain | OutboxState::Queued => {
            // A person's word counts its tries anew.
            tx.execute(
                "UPDATE outbox SET next_try = NULL, tries = 0 WHERE id = ?1",
                [id],
            )?;
            record(tx, &o, o.attempt + 1, OutboxState::Queued, None, Vec::new())
        }
        _ => Err(Error::Refused(
            "only a failed or uncertain send can be tried again".into(),
        )),
    }
}

/// A person found an uncertain send delivered.
///
/// # Errors
/// [`Error::Refused`] in any other state.
pub fn mark_sent(tx: &mut Tx<'_>, id: MessageId) -> Result<()> {
    let o = get(tx, id)?;
    match o.state {
        OutboxState::Uncertain => sent_after_all(tx, &o),
        _ => Err(Error::Refused(
            "only an uncertain send can be marked as sent".into(),
        )),
    }
}
