//! A message of an interchange file becomes rows: what was polled goes through the same ingest as polling, what was
//! written in Parley gets its place, its state and its outbox row back.

use super::super::ingest::{self, Brought, Participants, Row};
use super::super::{Tx, files, outbox, places, threads, timeline};
use super::ids::Naming;
use super::{events, give};
use crate::error::{Error, Result};
use crate::model::interchange::{Delivery, Instant, MessageLine, Sending};
use crate::model::threads::ref_hash;
use crate::model::{
    AccountId, Afterwards, AgentId, Archive, Bounce, Channel, Class, CleanHtml, CustomerId,
    Direction, Event, FileId, Folds, GroupId, Identity, Incoming, IncomingFile, Kind, MessageId,
    OutboxState, Party, Place, RemoteId, ServerWord, ThreadRefs, Times, address_key,
};
use rusqlite::params;
use serde_json::{Value, json};

/// What a line holds beside its plain fields, made ready away from the writer.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// Sanitised HTML.
    pub html: Option<CleanHtml>,
    /// Files with their contents.
    pub files: Vec<IncomingFile>,
    /// The message as it came.
    pub raw: Vec<u8>,
    /// What makes it the same mail elsewhere.
    pub identity: Option<Vec<Vec<u8>>>,
    /// What only the message as it came can tell.
    pub told: Told,
}

/// What is read anew from the message as it came; a line without it cannot tell.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// It has HTML that is too much to be shown: the version of the sanitiser that left it out.
    pub html_left_out: Option<u32>,
    /// What is folded away of its text.
    pub folds: Folds,
    /// The mail of ours that it says did not arrive.
    pub bounce: Option<Bounce>,
    /// What a server wrote about its sender.
    pub word: Option<ServerWord>,
    /// What wrote it.
    pub kind: Kind,
}

/// Where messages go that name no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brings {
    /// Into this account.
    Account(AccountId),
    /// Into the archive of this name, of each channel its own.
    Archive {
        /// Name.
        name: String,
        /// Our addresses.
        own: Vec<String>,
        /// Counts as if it came today.
        measured: bool,
        /// It is made up.
        sample: bool,
    },
}

impl Brings {
    /// The account for a channel, made if need be.
    ///
    /// # Errors
    /// When the store fails, or an archive of history is to be measured.
    pub fn account(&self, tx: &mut Tx<'_>, channel: Channel) -> Result<AccountId> {
        match self {
            Self::Account(a) => Ok(*a),
            Self::Archive {
                name,
                own,
                measured,
                sample,
            } => super::archive(
                tx,
                &Archive::new(channel, name, own).of_sample(*sample),
                *measured,
            ),
        }
    }
}

/// Take in one message of an interchange file.
///
/// # Errors
/// [`Error::Invalid`] with the reason when this line cannot be taken; else when the store fails.
pub fn bring(
    tx: &mut Tx<'_>,
    naming: &Naming,
    to: &Brings,
    line: &MessageLine,
    body: Body,
) -> Result<Brought> {
    let account = match &line.account {
        None => to.account(tx, line.channel)?,
        Some(name) => AccountId(naming.known(tx, name)?.ok_or_else(|| {
            Error::Invalid(format!(
                "it names the account “{}”, which no line before it describes",
                short(name)
            ))
        })?),
    };
    let channel = super::channel_of(tx, account)?.ok_or_else(|| {
        Error::Invalid("its account is not here: the line that describes it was not taken".into())
    })?;
    if channel != line.channel {
        return Err(Error::Invalid(format!(
            "it is of the channel {}, its account of {}",
            line.channel.as_str(),
            channel.as_str()
        )));
    }
    let brought = if line.sending.is_some()
        || line.direction == Direction::Outbound && line.agent.is_some()
    {
        written(tx, naming, account, line, &body)?
    } else {
        polled(tx, naming, account, line, body)?
    };
    later(tx, naming, account, line)?;
    ingest::count_import(tx, account, brought)?;
    super::brought(tx, naming.import, account, brought)?;
    Ok(brought)
}

/// What was told of it later, told once more wherever it was delivered.
fn later(tx: &mut Tx<'_>, naming: &Naming, account: AccountId, line: &MessageLine) -> Result<()> {
    if line.later.is_empty() {
        return Ok(());
    }
    let mut places: Vec<(AccountId, RemoteId)> = Vec::new();
    for d in &line.deliveries {
        if let Some(a) = naming.known(tx, &d.account)? {
            places.push((AccountId(a), RemoteId(d.remote_id.clone())));
        }
    }
    if line.deliveries.is_empty() {
        places.push((account, RemoteId(delivery(line).remote_id)));
    }
    let mut brought = Brought::default();
    for (account, of) in places {
        let source = ingest::source(tx, account)?;
        for l in &line.later {
            let Some(what) = l.fact(&line.text) else {
                continue;
            };
            let told = Event::Later(Afterwards {
                of: of.clone(),
                at: l.at.0,
                what,
            });
            ingest::take(tx, &source, &told, &mut brought)?;
        }
    }
    Ok(())
}

fn short(s: &str) -> String {
    s.chars().take(60).collect()
}

fn refs(line: &MessageLine) -> ThreadRefs {
    let t = line.thread.clone().unwrap_or_default();
    ThreadRefs {
        message_id: t.message_id,
        in_reply_to: t.in_reply_to,
        references: t.references,
        provider: t.provider,
        list: t.list,
    }
}

// ---- what was polled ----------------------------------------------------------------------------------

fn polled(
    tx: &mut Tx<'_>,
    naming: &Naming,
    account: AccountId,
    line: &MessageLine,
    mut body: Body,
) -> Result<Brought> {
    let author = author(tx, account, line)?;
    let deliveries = if line.deliveries.is_empty() {
        vec![(account, delivery(line))]
    } else {
        line.deliveries
            .iter()
            .map(|d| {
                let a = naming.known(tx, &d.account)?.ok_or_else(|| {
                    Error::Invalid(format!(
                        "it was delivered to the account “{}”, which no line before it describes",
                        short(&d.account)
                    ))
                })?;
                Ok((AccountId(a), d.clone()))
            })
            .collect::<Result<Vec<_>>>()?
    };
    let identity = identity(naming, account, line, body.identity.take());
    let mut event = incoming(line, author, &identity, &mut body);
    let mut brought = Brought::default();
    let mut id = None;
    for (a, d) in deliveries {
        let source = ingest::source(tx, a)?;
        found(&mut event, line, &d);
        let remote = RemoteId(d.remote_id.clone());
        id.get_or_insert_with(|| ingest::message_id(&tx.identity.ids, &source, &identity, &remote));
        ingest::take(tx, &source, &event, &mut brought)?;
        if d.vanished {
            tx.execute(
                "UPDATE delivery SET vanished = 1 WHERE account = ?1 AND remote_id = ?2",
                params![a, d.remote_id],
            )?;
        }
    }
    if let Some(id) = id {
        if let (Some(reason), true) = (&line.kind_reason, brought.new > 0) {
            let reason: String = reason.chars().take(60).collect();
            tx.execute(
                "UPDATE message SET class_reason = ?2 WHERE id = ?1",
                params![id, reason],
            )?;
        }
        if let Some(theirs) = &line.id {
            naming.remember(tx, theirs, id.0)?;
        }
    }
    // Several deliveries are still one message.
    Ok(Brought {
        known: u32::from(brought.new + brought.unreadable == 0),
        ..brought
    })
}

/// The message as a connector would have handed it over, but for where it was found.
fn incoming(
    line: &MessageLine,
    from: Option<Party>,
    identity: &Identity,
    body: &mut Body,
) -> Event {
    let nowhere = RemoteId(String::new());
    let raw = std::mem::take(&mut body.raw);
    if let Some(reason) = &line.unreadable {
        return Event::Unreadable {
            remote_id: nowhere,
            place: Place::Other,
            identity: identity.clone(),
            from,
            at: None,
            reason: reason.chars().take(300).collect(),
            raw,
        };
    }
    Event::Message(Box::new(Incoming {
        remote_id: nowhere,
        place: Place::Other,
        identity: identity.clone(),
        from,
        reply_to: line.reply_to.clone(),
        to: line.to.clone(),
        cc: line.cc.clone(),
        times: Times::default(),
        subject: line.subject.clone(),
        text: line.text.clone(),
        folds: std::mem::take(&mut body.told.folds),
        html: body.html.take(),
        html_left_out: body.told.html_left_out,
        files: std::mem::take(&mut body.files),
        thread: refs(line),
        class: line.kind.unwrap_or(Class::Human),
        class_reason: None,
        kind: body.told.kind,
        bounce: body.told.bounce.take(),
        authenticated: None,
        word: body.told.word.take(),
        seen: line.read.unwrap_or(false),
        raw,
        cards: line.cards.clone(),
        ..Incoming::chat("", Place::Other, 0)
    }))
}

/// Where it was found.
fn found(event: &mut Event, line: &MessageLine, d: &Delivery) {
    match event {
        Event::Message(m) => {
            m.remote_id = RemoteId(d.remote_id.clone());
            m.place = d.place;
            m.authenticated = d.authenticated;
            m.times = times(line, d);
        }
        Event::Unreadable {
            remote_id,
            place,
            at,
            ..
        } => {
            *remote_id = RemoteId(d.remote_id.clone());
            *place = d.place;
            *at = Some(d.server_at.0);
        }
        _ => {}
    }
}

/// Who wrote it; of what we sent, one of our own addresses.
fn author(tx: &mut Tx<'_>, account: AccountId, line: &MessageLine) -> Result<Option<Party>> {
    if line.direction != Direction::Outbound {
        if line.author.is_none() && line.unreadable.is_none() && line.deliveries.is_empty() {
            return Err(Error::Invalid("it has no “author”".into()));
        }
        return Ok(line.author.clone());
    }
    let ours: Option<String> = tx
        .prepare_cached("SELECT config FROM account WHERE id = ?1")?
        .query_row([account], |r| r.get::<_, String>(0))
        .ok()
        .and_then(|c| serde_json::from_str::<Value>(&c).ok())
        .map(|c| give::described(&c).address)
        .filter(|address| !address.is_empty());
    let author = match (&line.author, ours) {
        (Some(a), _) if !a.address.trim().is_empty() => a.clone(),
        (given, Some(address)) => Party {
            name: given.as_ref().and_then(|g| g.name.clone()),
            address,
        },
        (given, None) => return Ok(given.clone()),
    };
    let Some(key) = address_key(line.channel, &author.address) else {
        return Err(Error::Invalid(
            "it went out, and its author has no usable address".into(),
        ));
    };
    let ours = ingest::is_own(tx, &key)? || super::own(tx, account, &author.address)?;
    // Where it was found says as much.
    if !ours && line.deliveries.is_empty() {
        return Err(Error::Invalid(
            "it went out, and its author is none of the account's own addresses".into(),
        ));
    }
    Ok(Some(author))
}

/// The one appearance of a message whose file names none.
fn delivery(line: &MessageLine) -> Delivery {
    let name = match &line.id {
        Some(id) => format!("interchange/{id}"),
        None => {
            use sha2::{Digest, Sha256};
            let mut h = Sha256::new();
            for part in content(line) {
                h.update((part.len() as u64).to_be_bytes());
                h.update(part);
            }
            format!(
                "interchange/{}",
                data_encoding::HEXLOWER.encode(&h.finalize()[..16])
            )
        }
    };
    Delivery {
        account: String::new(),
        remote_id: name,
        place: match (line.direction, line.kind) {
            (Direction::Outbound, _) => Place::Sent,
            (_, Some(Class::Junk)) => Place::Junk,
            (Direction::Inbound, _) => Place::Inbox,
            (Direction::Internal, _) => Place::Other,
        },
        authenticated: None,
        server_at: line.sent_at,
        received: false,
        vanished: false,
    }
}

fn times(line: &MessageLine, d: &Delivery) -> Times {
    let claimed = if line.deliveries.is_empty() {
        Some(line.claimed_at.unwrap_or(line.sent_at))
    } else {
        line.claimed_at
    };
    Times {
        claimed: claimed.map(|c| c.0),
        received: d.received.then_some(d.server_at.0),
        provider: (!d.received).then_some(d.server_at.0),
    }
}

/// What a message without a name of its own is told by.
fn content(line: &MessageLine) -> Vec<Vec<u8>> {
    let author = line.author.as_ref().map(|a| a.address.clone());
    let to: Vec<&str> = line.to.iter().map(|p| p.address.as_str()).collect();
    vec![
        line.channel.as_str().as_bytes().to_vec(),
        author.unwrap_or_default().into_bytes(),
        to.join("\n").into_bytes(),
        line.sent_at.0.to_be_bytes().to_vec(),
        line.subject.clone().unwrap_or_default().into_bytes(),
        line.text.clone().into_bytes(),
    ]
}

fn identity(
    naming: &Naming,
    account: AccountId,
    line: &MessageLine,
    parts: Option<Vec<Vec<u8>>>,
) -> Identity {
    let own = line.id.as_deref().and_then(MessageId::parse);
    match (own, parts) {
        (Some(id), _) if naming.same && !line.deliveries.is_empty() => Identity::Given(id),
        (_, Some(parts)) => Identity::Content(parts),
        (_, None) => {
            let mut all = vec![b"interchange1".to_vec(), account.0.to_vec()];
            match &line.id {
                Some(id) => all.push(id.clone().into_bytes()),
                None => all.extend(content(line)),
            }
            Identity::Content(all)
        }
    }
}

// ---- what was written here ----------------------------------------------------------------------------

fn written(
    tx: &mut Tx<'_>,
    naming: &Naming,
    account: AccountId,
    line: &MessageLine,
    body: &Body,
) -> Result<Brought> {
    let id = written_id(tx, account, line);
    if let Some(theirs) = &line.id {
        naming.remember(tx, theirs, id.0)?;
    }
    if tx
        .prepare_cached("SELECT 1 FROM message WHERE id = ?1")?
        .exists([id])?
    {
        delivered(tx, naming, line, id)?;
        return Ok(Brought {
            known: 1,
            ..Brought::default()
        });
    }
    let author = author(tx, account, line)?
        .ok_or_else(|| Error::Invalid("it went out and has no “author”".into()))?;
    let agent = events::agent(tx, naming, line.agent.as_deref().unwrap_or_default())?;
    insert(
        tx,
        naming,
        account,
        line,
        body,
        &Wrote { id, author, agent },
    )?;
    delivered(tx, naming, line, id)?;
    places::arrived(tx, id)?;
    Ok(Brought {
        new: 1,
        ..Brought::default()
    })
}

/// The id of a send is random and stays; another program's message gets one from its name.
fn written_id(tx: &Tx<'_>, account: AccountId, line: &MessageLine) -> MessageId {
    if let (Some(_), Some(id)) = (&line.sending, line.id.as_deref().and_then(MessageId::parse)) {
        return id;
    }
    let name = match &line.id {
        Some(id) => vec![id.clone().into_bytes()],
        None => content(line),
    };
    let mut parts: Vec<&[u8]> = vec![b"message", b"interchange1", &account.0];
    parts.extend(name.iter().map(Vec::as_slice));
    MessageId(tx.identity.ids.id(&parts))
}

struct Wrote {
    id: MessageId,
    author: Party,
    agent: AgentId,
}

fn insert(
    tx: &mut Tx<'_>,
    naming: &Naming,
    account: AccountId,
    line: &MessageLine,
    body: &Body,
    wrote: &Wrote,
) -> Result<()> {
    let source = ingest::source(tx, account)?;
    let shown = shown_in(tx, naming, line, &source.scope)?;
    let (conversation, also) = shown.split_first().ok_or_else(|| {
        Error::Invalid("it went out to nobody: it has neither “to” nor “shown_in”".into())
    })?;
    let live_from = source.live_from;
    let thread = refs(line);
    let answers = covered(tx, naming, line.answers.as_deref().unwrap_or_default())?;
    let authored = line.authored_at.unwrap_or(line.sent_at).0;
    let people = Participants {
        from: Some(wrote.author.clone()),
        reply_to: line.reply_to.clone(),
        to: line.to.clone(),
        cc: line.cc.clone(),
        list: None,
    };
    let row = Row {
        id: wrote.id,
        conversation: Some(*conversation),
        account,
        channel: line.channel,
        handle: None,
        direction: Direction::Outbound,
        class: Class::Human,
        machine_class: Class::Human,
        class_reason: None,
        live: line.sending.is_some() || line.sent_at.0 >= live_from,
        sent_at: line.sent_at.0,
        claimed_at: line.claimed_at.map(|c| c.0),
        outside: false,
        opens: true,
        own_ref: thread.message_id.as_deref().map(ref_hash),
        verified: None,
        signed_for: None,
        hidden: false,
        folds: &Folds::default(),
        subject: line.subject.as_deref(),
        text: &line.text,
        people: &people,
        has_html: body.html.is_some(),
        files: body.files.iter().map(|f| f.name.as_str()).collect(),
        unread: false,
        also,
        thread_ids: thread
            .message_id
            .iter()
            .chain(&thread.references)
            .cloned()
            .collect(),
        answers: &thread.in_reply_to,
        author: Some((wrote.agent, authored, &answers)),
    };
    let rid = row.insert(tx)?;
    threads::keep(tx, wrote.id, &thread)?;
    if let Some(h) = &body.html {
        timeline::put_html(tx, rid, h)?;
    }
    let files = keep_files(tx, wrote.id, &body.files)?;
    let state = line.delivery.unwrap_or(OutboxState::Sent);
    // Another program says nothing of what its author saw: then it answers all that came before.
    let seen = line.answers.is_some();
    tx.execute(
        "UPDATE message SET send_state = ?2, answers = CASE WHEN ?3 THEN answers ELSE NULL END WHERE id = ?1",
        params![wrote.id, state.as_str(), seen],
    )?;
    match &line.sending {
        Some(s) => queue(tx, naming, line, s, *conversation, account, wrote, &files),
        None => Ok(()),
    }
}

fn keep_files(tx: &Tx<'_>, id: MessageId, all: &[IncomingFile]) -> Result<Vec<FileId>> {
    all.iter()
        .enumerate()
        .map(|(i, f)| {
            let file = FileId(
                tx.identity
                    .ids
                    .id(&[b"file", &id.0, &(i as u64).to_be_bytes()]),
            );
            let cid = f.content_id.as_deref();
            files::add(
                tx,
                file,
                Some(id),
                i,
                &f.name,
                &f.mime,
                cid,
                f.inline,
                &f.bytes,
            )?;
            Ok(file)
        })
        .collect()
}

/// The conversation it was written in first, then where else it is shown.
fn shown_in(
    tx: &Tx<'_>,
    naming: &Naming,
    line: &MessageLine,
    scope: &str,
) -> Result<Vec<CustomerId>> {
    let mut out = Vec::new();
    for c in &line.shown_in {
        let ours = naming.known(tx, c)?.map(CustomerId).ok_or_else(|| {
            Error::Invalid("it is shown in a conversation that no line before it describes".into())
        })?;
        out.push(ours);
    }
    if out.is_empty() {
        for p in &line.to {
            if let Some(a) = address_key(line.channel, &p.address)
                && !ingest::is_own(tx, &a)?
            {
                let h = ingest::handle(tx, line.channel, scope, &a, p.name.as_deref(), 0)?;
                out.push(CustomerId(h.0));
            }
        }
        out.dedup();
    }
    Ok(out)
}

fn covered(tx: &Tx<'_>, naming: &Naming, theirs: &[String]) -> Result<Vec<MessageId>> {
    theirs
        .iter()
        .map(|t| {
            naming
                .known(tx, t)
                .map(|known| known.map(MessageId).or_else(|| MessageId::parse(t)))
        })
        .filter_map(Result::transpose)
        .collect()
}

/// The outbox row. What was not finished when it was exported may go out there: here a person decides.
#[allow(clippy::too_many_arguments)]
fn queue(
    tx: &mut Tx<'_>,
    naming: &Naming,
    line: &MessageLine,
    s: &Sending,
    conversation: CustomerId,
    account: AccountId,
    wrote: &Wrote,
    files: &[FileId],
) -> Result<()> {
    let state = line.delivery.unwrap_or(OutboxState::Sent);
    let kept = if state.is_open() {
        OutboxState::Sending
    } else {
        state
    };
    let group = GroupId::parse(&s.group).unwrap_or_else(GroupId::random);
    let message_id = line
        .thread
        .as_ref()
        .and_then(|t| t.message_id.clone())
        .unwrap_or_default();
    let mail = mail(tx, naming, line, s, &wrote.author, files)?;
    let at = |i: Option<Instant>| i.map(|i| i.0);
    tx.execute(
        "INSERT INTO outbox (id, conversation, account, agent, grp, mail, message_id, ref, state, attempt, tries, hold_until, error, provider_id, resolve_act, authored_at, sent_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        params![
            wrote.id,
            conversation,
            account,
            wrote.agent,
            group,
            mail,
            message_id,
            &ref_hash(&message_id)[..],
            kept.as_str(),
            s.attempt,
            // Sent without a try would look like a send that nobody made.
            if kept == OutboxState::Sent { s.tries.max(1) } else { s.tries },
            s.hold_until.0,
            s.error,
            s.provider_id,
            s.resolve_act,
            line.authored_at.unwrap_or(line.sent_at).0,
            at(s.sent_at).or((kept == OutboxState::Sent).then_some(line.sent_at.0)),
        ],
    )?;
    if state.is_open() {
        outbox::uncertain(
            tx,
            wrote.id,
            "It was not sent yet when it was exported, and may have gone out there since. Check the Sent folder or ask the customer before sending it again.",
        )?;
    }
    if state == OutboxState::Cancelled {
        outbox::withdraw(tx, wrote.id)?;
    }
    Ok(())
}

/// The mail of an outbox row: what the line says, and what only Parley says.
fn mail(
    tx: &Tx<'_>,
    naming: &Naming,
    line: &MessageLine,
    s: &Sending,
    author: &Party,
    files: &[FileId],
) -> Result<String> {
    let Value::Object(mut mail) = naming.value(tx, Value::Object(s.mail.clone()))? else {
        return Err(Error::Internal("an object stayed none".into()));
    };
    let thread = line.thread.clone().unwrap_or_default();
    for (key, value) in [
        ("from", json!(author)),
        ("to", json!(line.to)),
        ("cc", json!(line.cc)),
        ("subject", json!(line.subject)),
        ("text", json!(line.text)),
        ("files", json!(files)),
        ("in_reply_to", json!(thread.in_reply_to.first())),
        ("references", json!(thread.references)),
    ] {
        mail.insert(key.to_owned(), value);
    }
    let mail = Value::Object(mail);
    serde_json::from_value::<outbox::Mail>(mail.clone())
        .map_err(|e| Error::Invalid(format!("its “sending.mail” cannot be read: {e}")))?;
    Ok(mail.to_string())
}

/// The copies of a send that were seen at the provider.
fn delivered(tx: &Tx<'_>, naming: &Naming, line: &MessageLine, id: MessageId) -> Result<()> {
    for d in &line.deliveries {
        let Some(account) = naming.known(tx, &d.account)?.map(AccountId) else {
            continue;
        };
        if super::channel_of(tx, account)?.is_none() {
            continue;
        }
        let place = serde_json::to_value(d.place)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        tx.prepare_cached("INSERT OR IGNORE INTO delivery (account, remote_id, message, place, authenticated, server_at, received, vanished) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![account, d.remote_id, id, place, d.authenticated, d.server_at.0, d.received, d.vanished])?;
    }
    Ok(())
}
