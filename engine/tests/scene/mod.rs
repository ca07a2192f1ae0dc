//! A team's mailbox and its customers, for tests that read as sentences about them.
//!
//! A [`Scene`] is a workspace in a folder of its own, with a fixed key and a clock that stands still until it is
//! moved. Its providers are played ([`Played`]): what they have for us and what they say to a send is scripted.
#![allow(dead_code, missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do

use async_trait::async_trait;
use parley_engine::api::{Command, Desk, NoHost, Role, ask};
use parley_engine::connectors::{Connector, Factory, Live, Result as ChannelResult, Step};
use parley_engine::model::episode::Folded;
use parley_engine::model::log::Entry;
use parley_engine::model::{
    AccountConfig, AccountId, Batch, Capabilities, Channel, ChannelError, Class, Cursor,
    CustomerId, EmailConfig, Event, Formatting, HandleId, Identity, Incoming, IncomingFile,
    MailServer, MessageId, Outgoing, Party, Place, Profile, Receipt, RemoteId, Security, SentCopy,
    ServerWord, ThreadRefs, Times, email_key,
};
use parley_engine::secrets::Key;
use parley_engine::store::ingest::{self, Brought};
use parley_engine::store::outbox::{self, Authored};
use parley_engine::store::{Store, Tx, accounts, check, conversations, log};
use parley_engine::time::{Clock, ManualClock, Millis};
use parley_engine::{Engine, Result};
use rusqlite::Connection;
use secrecy::{SecretBox, SecretString};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Monday, 2 March 2026, 09:00 UTC: when every scene begins.
pub const MONDAY: Millis = 1_772_442_000_000;
pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60_000;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;
/// The team's own address.
pub const TEAM: &str = "team@parley.test";

/// The key of every scene.
pub fn key() -> Key {
    SecretBox::new(Box::new([42; 32]))
}

/// The settings of a played mailbox.
pub fn mailbox(address: &str) -> AccountConfig {
    let server = |port| MailServer {
        host: "mail.parley.test".into(),
        port,
        security: Security::Tls,
        user: address.into(),
    };
    AccountConfig::Email(EmailConfig {
        address: address.into(),
        display_name: "The team".into(),
        imap: server(993),
        smtp: server(465),
        aliases: Vec::new(),
        sent_copy: SentCopy::Server,
        trusted_certificate: None,
        auth: parley_engine::model::Auth::default(),
        trusted_fingerprints: Vec::new(),
        signature: String::new(),
        folders: Vec::new(),
        sync_read: false,
    })
}

/// A mail that arrives: from a customer to the team, unless said otherwise.
#[derive(Debug, Clone)]
pub struct Mail {
    name: Option<String>,
    from: Party,
    to: Vec<Party>,
    cc: Vec<Party>,
    reply_to: Vec<Party>,
    subject: String,
    text: String,
    date: Option<Millis>,
    undated: bool,
    received: Option<Option<Millis>>,
    provider: Option<Millis>,
    message_id: Option<Option<String>>,
    answers: Vec<String>,
    references: Vec<String>,
    place: Place,
    class: Class,
    reason: Option<&'static str>,
    authenticated: Option<bool>,
    word: Option<ServerWord>,
    gm_thread: Option<String>,
    seen: bool,
    remote: Option<String>,
    files: Vec<IncomingFile>,
    unreadable: bool,
}

/// `Anna <anna@shop.test>` or a bare address.
pub fn party(text: &str) -> Party {
    match text.split_once('<') {
        Some((name, address)) => Party {
            name: Some(name.trim().to_owned()),
            address: address.trim_end_matches('>').to_owned(),
        },
        None => Party {
            name: None,
            address: text.to_owned(),
        },
    }
}

impl Mail {
    /// A mail of a person to the team.
    pub fn from(from: &str) -> Self {
        Self {
            name: None,
            from: party(from),
            to: vec![party(TEAM)],
            cc: Vec::new(),
            reply_to: Vec::new(),
            subject: "A question".into(),
            text: "Hello, I have a question.".into(),
            date: None,
            undated: false,
            received: None,
            provider: None,
            message_id: None,
            answers: Vec::new(),
            references: Vec::new(),
            place: Place::Inbox,
            class: Class::Human,
            reason: None,
            authenticated: Some(true),
            word: None,
            gm_thread: None,
            seen: false,
            remote: None,
            files: Vec::new(),
            unreadable: false,
        }
    }
    /// A mail that the team sent from another program: it lies in Sent.
    pub fn sent_to(to: &str) -> Self {
        Self {
            to: vec![party(to)],
            place: Place::Sent,
            ..Self::from(TEAM)
        }
    }
    /// Sets its Message-ID and its id at the provider, so that two mails may say the same.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }
    pub fn to(mut self, to: &[&str]) -> Self {
        self.to = to.iter().map(|t| party(t)).collect();
        self
    }
    pub fn cc(mut self, cc: &[&str]) -> Self {
        self.cc = cc.iter().map(|t| party(t)).collect();
        self
    }
    pub fn reply_to(mut self, to: &str) -> Self {
        self.reply_to = vec![party(to)];
        self
    }
    pub fn subject(mut self, s: &str) -> Self {
        self.subject = s.into();
        self
    }
    pub fn text(mut self, s: &str) -> Self {
        self.text = s.into();
        self
    }
    /// When it was written and reached the server; the scene's present otherwise.
    pub fn at(mut self, at: Millis) -> Self {
        self.date = Some(at);
        self
    }
    /// What the topmost Received header says; the Date otherwise.
    pub fn received(mut self, at: Option<Millis>) -> Self {
        self.received = Some(at);
        self
    }
    /// INTERNALDATE.
    pub fn internal_date(mut self, at: Millis) -> Self {
        self.provider = Some(at);
        self
    }
    pub fn without_date(mut self) -> Self {
        self.undated = true;
        self
    }
    /// Its Message-ID, forged or not.
    pub fn message_id(mut self, id: &str) -> Self {
        self.message_id = Some(Some(id.into()));
        self
    }
    pub fn without_message_id(mut self) -> Self {
        self.message_id = Some(None);
        self
    }
    pub fn answering(mut self, message_id: &str) -> Self {
        self.answers = vec![message_id.into()];
        self.references.push(message_id.into());
        self
    }
    pub fn references(mut self, ids: &[&str]) -> Self {
        self.references = ids.iter().map(|i| (*i).to_owned()).collect();
        self
    }
    pub fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
    pub fn machine(mut self, reason: &'static str) -> Self {
        self.class = Class::Machine;
        self.reason = Some(reason);
        self
    }
    pub fn junk(mut self) -> Self {
        self.class = Class::Junk;
        self.place = Place::Junk;
        self
    }
    /// What the provider says of the sender's authenticity (DMARC).
    pub fn authenticated(mut self, word: Option<bool>) -> Self {
        self.authenticated = word;
        self
    }
    /// What a server wrote about the sender into the mail: its name, whether it is the one that received the mail.
    pub fn judged(mut self, server: &str, near: bool, dmarc: Option<bool>) -> Self {
        self.authenticated = dmarc.filter(|_| near);
        self.word = Some(ServerWord {
            server: server.into(),
            near,
            dmarc,
            says: format!("dmarc={dmarc:?}"),
        });
        self
    }
    /// The provider's own thread.
    pub fn provider_thread(mut self, thread: &str) -> Self {
        self.gm_thread = Some(thread.into());
        self
    }
    pub fn seen(mut self) -> Self {
        self.seen = true;
        self
    }
    /// Its id at the provider: folder and number.
    pub fn remote(mut self, id: &str) -> Self {
        self.remote = Some(id.into());
        self
    }
    pub fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.push(IncomingFile {
            name: name.into(),
            mime: "application/octet-stream".into(),
            content_id: None,
            inline: false,
            bytes: bytes.to_vec(),
        });
        self
    }
    /// Nobody can read it; its bytes are what there is.
    pub fn unreadable(mut self) -> Self {
        self.unreadable = true;
        self
    }

    fn word(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            let mut h = 0xcbf2_9ce4_8422_2325_u64;
            for b in format!(
                "{}|{:?}|{}|{}|{:?}",
                self.from.address, self.to, self.subject, self.text, self.date
            )
            .bytes()
            {
                h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
            }
            format!("{h:016x}")
        })
    }

    /// Its own Message-ID.
    pub fn own_id(&self) -> Option<String> {
        self.message_id
            .clone()
            .unwrap_or_else(|| Some(format!("{}@mail.test", self.word())))
    }

    fn remote_id(&self) -> RemoteId {
        RemoteId(
            self.remote
                .clone()
                .unwrap_or_else(|| format!("{:?}/{}", self.place, self.word())),
        )
    }

    /// What makes it the same mail elsewhere: Message-ID, From, Date, body.
    fn identity(&self) -> Identity {
        let date = self.date.map(|d| d.to_string()).unwrap_or_default();
        Identity::Content(vec![
            self.own_id().unwrap_or_default().into_bytes(),
            self.from.address.clone().into_bytes(),
            date.into_bytes(),
            format!("{}\n{}", self.subject, self.text).into_bytes(),
        ])
    }

    /// As a connector hands it over.
    pub fn event(&self, now: Millis) -> Event {
        let raw = format!(
            "From: {}\nSubject: {}\n\n{}",
            self.from.address, self.subject, self.text
        )
        .into_bytes();
        let date = self.date.unwrap_or(now);
        if self.unreadable {
            return Event::Unreadable {
                remote_id: self.remote_id(),
                place: self.place,
                identity: self.identity(),
                from: None,
                at: self.provider.or(Some(date)),
                reason: "its parts do not fit together".into(),
                raw,
            };
        }
        Event::Message(Box::new(Incoming {
            cards: Vec::new(),
            files_until: None,
            key: None,
            route: None,
            quarantine: None,
            remote_id: self.remote_id(),
            place: self.place,
            identity: self.identity(),
            from: Some(self.from.clone()),
            reply_to: self.reply_to.clone(),
            to: self.to.clone(),
            cc: self.cc.clone(),
            times: Times {
                claimed: (!self.undated).then_some(date),
                received: self.received.unwrap_or(Some(date)),
                provider: self.provider.or(Some(date)),
            },
            subject: Some(self.subject.clone()),
            text: self.text.clone(),
            folds: parley_engine::model::Folds::default(),
            html: None,
            html_left_out: None,
            files: self.files.clone(),
            thread: ThreadRefs {
                message_id: self.own_id(),
                in_reply_to: self.answers.clone(),
                references: self.references.clone(),
                provider: self.gm_thread.clone(),
                list: None,
            },
            class: self.class,
            class_reason: self.reason,
            kind: parley_engine::model::Kind::default(),
            bounce: None,
            authenticated: self.authenticated,
            word: self.word.clone(),
            seen: self.seen,
            raw,
        }))
    }
}

/// What a played provider has for us, and what it says to a send.
#[derive(Default)]
pub struct Played {
    /// Batches still to be polled.
    pub batches: Mutex<VecDeque<Batch>>,
    /// Answers to sends; a send without one is accepted.
    pub answers: Mutex<VecDeque<ChannelResult<Receipt>>>,
    /// Every call to send.
    pub sent: Mutex<Vec<Outgoing>>,
    /// Message-IDs that it holds in Sent.
    pub in_sent: Mutex<BTreeSet<String>>,
    /// Message-IDs of copies that we filed.
    pub filed: Mutex<Vec<String>>,
    /// What it can do, where that is not what a mailbox can.
    pub can: Mutex<Option<Capabilities>>,
    /// The version of what reads it, and what that makes of what was not understood before.
    pub reads: Mutex<(u32, Option<Vec<Event>>)>,
}

impl Played {
    /// What it will say to the next send.
    pub fn will_answer(&self, answer: ChannelResult<Receipt>) {
        self.answers.lock().unwrap().push_back(answer);
    }
}

/// Taken, nothing to add.
pub fn accepted() -> ChannelResult<Receipt> {
    Ok(Receipt {
        remote_id: None,
        max_message: None,
        note: "250 ok".into(),
        needs_filing: false,
    })
}

struct PlayedConnection(Arc<Played>);

#[async_trait]
impl Connector for PlayedConnection {
    fn reads_version(&self) -> u32 {
        self.0.reads.lock().unwrap().0.max(1)
    }
    fn read_again(&self, _: &[u8]) -> Option<Vec<Event>> {
        self.0.reads.lock().unwrap().1.clone()
    }
    fn capabilities(&self) -> Capabilities {
        if let Some(can) = self.0.can.lock().unwrap().clone() {
            return can;
        }
        Capabilities {
            channel: Channel::Email,
            formatting: Formatting::Html,
            text_limit: None,
            subject: true,
            copies: true,
            attachments: true,
            max_attachment: None,
            reply_window_hours: None,
            may_write_first: true,
            deduplicates: false,
            pushes: true,
            poll_seconds: 60,
            may_keep_media: true,
            rereads: true,
            ..Capabilities::of_text(Channel::Email)
        }
    }
    async fn check(&self) -> (Vec<Step>, ChannelResult<Profile>) {
        (
            vec![Step {
                step: "login",
                ok: true,
                note: "Signed in".into(),
                hint: None,
            }],
            Ok(Profile {
                name: "played".into(),
                notes: Vec::new(),
            }),
        )
    }
    async fn poll(&self, cursor: Option<&Cursor>) -> ChannelResult<Batch> {
        let mut waiting = self.0.batches.lock().unwrap();
        let next = waiting.pop_front();
        let more = !waiting.is_empty();
        Ok(match next {
            Some(b) => Batch { more, ..b },
            None => Batch {
                events: Vec::new(),
                next: cursor.cloned().unwrap_or(Cursor("0".into())),
                more: false,
                gaps: Vec::new(),
                progress: None,
            },
        })
    }
    async fn send(&self, message: &Outgoing) -> ChannelResult<Receipt> {
        self.0.sent.lock().unwrap().push(message.clone());
        self.0
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(accepted)
    }
    async fn wait(&self, _: Option<&Cursor>) {
        std::future::pending::<()>().await;
    }
    async fn file_sent(
        &self,
        message: &Outgoing,
    ) -> std::result::Result<Option<RemoteId>, ChannelError> {
        self.0
            .filed
            .lock()
            .unwrap()
            .push(message.message_id.clone());
        Ok(None)
    }
    async fn find_sent(
        &self,
        message_id: &str,
    ) -> std::result::Result<Option<RemoteId>, ChannelError> {
        Ok(self
            .0
            .in_sent
            .lock()
            .unwrap()
            .contains(message_id)
            .then(|| RemoteId("Sent/1".into())))
    }
}

/// A workspace with a team's mailbox.
pub struct Scene {
    rt: tokio::runtime::Runtime,
    pub engine: Arc<Engine>,
    pub desk: Desk,
    pub clock: ManualClock,
    /// The team's mailbox.
    pub account: AccountId,
    providers: Providers,
    dir: Home,
    batches: Mutex<u64>,
}

type Providers = Arc<Mutex<BTreeMap<String, Arc<Played>>>>;

enum Home {
    Own(tempfile::TempDir),
    Kept(PathBuf),
}

impl Home {
    fn path(&self) -> &Path {
        match self {
            Self::Own(d) => d.path(),
            Self::Kept(p) => p,
        }
    }
}

/// So many random histories, the same ones each time. `PARLEY_CASES` and `PARLEY_SEED` look further.
pub fn histories(cases: u32) -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, RngSeed};
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let cases = number("PARLEY_CASES")
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(cases);
    Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 80,
        rng_seed: RngSeed::Fixed(number("PARLEY_SEED").unwrap_or(2)),
        ..Config::default()
    }
}

/// A folder in memory where there is one: the tests are about what is stored, not about the disk.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    }
    .unwrap()
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    /// A new workspace, connected to the team's mailbox.
    pub fn new() -> Self {
        Self::at(Home::Own(folder()))
    }

    /// The workspace in this folder, new or as it was left.
    pub fn in_folder(dir: &Path) -> Self {
        Self::at(Home::Kept(dir.to_path_buf()))
    }

    /// A colleague's desktop in the same workspace: same ids, another device, another agent.
    pub fn colleague(&self) -> Self {
        let dir = folder();
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Store::join(dir.path(), &key(), clock, &self.store().identity().ids)
            .unwrap()
            .close();
        Self::with_clock(Home::Own(dir), self.clock.clone())
    }

    fn at(dir: Home) -> Self {
        Self::with_clock(dir, ManualClock::at(MONDAY))
    }

    fn with_clock(dir: Home, clock: ManualClock) -> Self {
        let rt = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let providers: Providers = Arc::default();
        let known = Arc::clone(&providers);
        let factory: Factory = Arc::new(move |config, _| {
            Arc::new(PlayedConnection(Arc::clone(
                known
                    .lock()
                    .unwrap()
                    .entry(config.address().to_owned())
                    .or_default(),
            )))
        });
        let engine = Engine::open(dir.path(), &key(), Arc::new(clock.clone()), factory).unwrap();
        let desk = Desk {
            engine: Arc::clone(&engine),
            host: Arc::new(NoHost),
            role: Role::Owner,
        };
        let mut scene = Self {
            rt,
            engine,
            desk,
            clock,
            account: AccountId([0; 16]),
            providers,
            dir,
            batches: Mutex::new(0),
        };
        scene.account = scene.connect(TEAM);
        scene
    }

    /// Connect a mailbox; once is enough.
    pub fn connect(&self, address: &str) -> AccountId {
        let config = mailbox(address);
        let id = accounts::id_of(&self.store().identity().ids, &config);
        if self.read(move |c| Ok(accounts::get(c, id).is_ok())) {
            return id;
        }
        self.write(move |tx| accounts::save(tx, &config, Some(&SecretString::from("secret"))))
    }

    /// Connect an account of any channel; what it can do is that of a channel of short texts.
    pub fn connect_to(&self, config: &AccountConfig) -> AccountId {
        let config = config.clone();
        self.provider(config.address())
            .can
            .lock()
            .unwrap()
            .get_or_insert_with(|| Capabilities::of_text(config.channel()));
        self.write(move |tx| accounts::save(tx, &config, Some(&SecretString::from("secret"))))
    }

    /// The account counts human mail from this instant on.
    pub fn live_from(&self, account: AccountId, at: Millis) {
        self.write(move |tx| {
            let w = log::Writing::new(
                parley_engine::model::log::Entity::Account,
                account.hex(),
                None,
                vec![("live_from", serde_json::json!(at))],
            );
            log::write(
                tx,
                "account_save",
                parley_engine::model::GroupId::random(),
                w,
            )
        });
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
    pub fn store(&self) -> &Arc<Store> {
        self.engine.store()
    }
    pub fn now(&self) -> Millis {
        self.clock.now()
    }
    pub fn later(&self, by: Millis) {
        self.clock.advance(by);
    }
    pub fn run<T>(&self, f: impl Future<Output = T>) -> T {
        self.rt.block_on(f)
    }

    pub fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> T {
        self.rt.block_on(self.store().read(f)).unwrap()
    }
    pub fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.try_write(f).unwrap()
    }
    pub fn try_write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.rt.block_on(self.store().write(f))
    }
    /// One number out of the database.
    pub fn number(&self, sql: &str) -> i64 {
        let sql = sql.to_owned();
        self.read(move |c| {
            Ok(c.query_row(&sql, [], |r| r.get::<_, Option<i64>>(0))?
                .unwrap_or(0))
        })
    }

    /// Ask a command as the window would.
    pub fn ask<C: Command>(&self, command: C) -> Result<C::Reply> {
        self.rt.block_on(ask(&self.desk, command))
    }
    /// Do something that must work.
    pub fn does<C: Command>(&self, command: C) -> C::Reply {
        self.ask(command).unwrap()
    }

    /// Mails arrive at the team's mailbox, in one batch.
    pub fn receive<'m>(&self, mails: impl IntoIterator<Item = &'m Mail>) -> Brought {
        self.receive_at(self.account, mails)
    }
    /// Mails arrive at a mailbox, in one batch.
    pub fn receive_at<'m>(
        &self,
        account: AccountId,
        mails: impl IntoIterator<Item = &'m Mail>,
    ) -> Brought {
        let now = self.now();
        self.take(account, mails.into_iter().map(|m| m.event(now)).collect())
    }
    /// A mail arrives; its id.
    pub fn arrives(&self, mail: &Mail) -> MessageId {
        self.receive([mail]);
        self.id(mail)
    }
    /// Events of an account, as one batch.
    pub fn take(&self, account: AccountId, events: Vec<Event>) -> Brought {
        let batch = self.batch(events);
        self.write(move |tx| ingest::batch(tx, account, &batch))
    }
    /// A batch with a cursor of its own.
    pub fn batch(&self, events: Vec<Event>) -> Batch {
        let mut n = self.batches.lock().unwrap();
        *n += 1;
        Batch {
            events,
            next: Cursor(n.to_string()),
            more: false,
            gaps: Vec::new(),
            progress: None,
        }
    }

    /// The id of a mail here (of the team's mailbox).
    pub fn id(&self, mail: &Mail) -> MessageId {
        let source = ingest::Source {
            scope: String::new(),
            id: self.account,
            channel: Channel::Email,
            live_from: 0,
        };
        ingest::message_id(
            &self.store().identity().ids,
            &source,
            &mail.identity(),
            &mail.remote_id(),
        )
    }
    /// The handle of an address.
    pub fn handle(&self, address: &str) -> HandleId {
        let value = email_key(address).unwrap_or_else(|| address.to_owned());
        ingest::handle_id(&self.store().identity().ids, Channel::Email, "", &value)
    }
    /// The original customer, and conversation, of an address.
    pub fn customer(&self, address: &str) -> CustomerId {
        CustomerId(self.handle(address).0)
    }

    /// What follows from a conversation's history.
    pub fn folded(&self, c: CustomerId) -> Folded {
        self.read(move |conn| conversations::folded(conn, c))
    }
    /// The shelf of a shown conversation; `None` when it is not shown.
    pub fn shelf(&self, c: CustomerId) -> Option<i64> {
        self.read(move |conn| {
            let root = conversations::root(conn, c)?;
            Ok(conn
                .query_row(
                    "SELECT shelf FROM conversation WHERE id = ?1",
                    [root],
                    |r| r.get(0),
                )
                .ok())
        })
    }
    pub fn is_open(&self, c: CustomerId) -> bool {
        self.shelf(c) == Some(conversations::OPEN)
    }
    /// Messages shown in an original conversation, in order.
    pub fn timeline(&self, c: CustomerId) -> Vec<MessageId> {
        self.read(move |conn| {
            let mut s = conn.prepare(
                "SELECT message FROM timeline WHERE conversation = ?1 ORDER BY sent_at, message",
            )?;
            Ok(s.query_map([c], |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A reply to be sent after the hold (10 s), as the composer stores it; its id.
    pub fn writes(&self, to: &str, text: &str) -> MessageId {
        self.authors(to, text, false)
    }
    /// The same, and the conversation is resolved.
    pub fn writes_and_resolves(&self, to: &str, text: &str) -> MessageId {
        self.authors(to, text, true)
    }
    fn authors(&self, to: &str, text: &str, resolve: bool) -> MessageId {
        let mail = outbox::Mail {
            template: None,
            from: party(TEAM),
            to: vec![party(to)],
            cc: Vec::new(),
            bcc: Vec::new(),
            signature: String::new(),
            history: None,
            subject: Some("Re: A question".into()),
            text: text.into(),
            html: None,
            files: Vec::new(),
            in_reply_to: None,
            references: Vec::new(),
            answering: None,
            forwarding: None,
            written_in: None,
        };
        let a = Authored {
            group: None,
            later: 0,
            conversation: Some(self.customer(to)),
            account: self.account,
            mail,
            shown: None,
            hold: 10_000,
            resolve,
        };
        self.write(move |tx| Ok(outbox::author(tx, &a)?.id))
    }
    /// The provider takes a send, now.
    pub fn goes_out(&self, id: MessageId) {
        self.write(move |tx| {
            outbox::begin(tx, id)?;
            outbox::sent(tx, id, None, false)
        });
    }
    /// A reply that has gone out; its id.
    pub fn replies(&self, to: &str, text: &str) -> MessageId {
        let id = self.writes(to, text);
        self.goes_out(id);
        id
    }
    /// Where a send stands.
    pub fn state_of(&self, id: MessageId) -> parley_engine::model::OutboxState {
        self.read(move |c| Ok(outbox::get(c, id)?.state))
    }
    /// The Message-ID under which a send goes out.
    pub fn message_id_of(&self, id: MessageId) -> String {
        self.read(move |c| Ok(outbox::get(c, id)?.message_id))
    }

    /// The played provider behind an address.
    pub fn provider(&self, address: &str) -> Arc<Played> {
        Arc::clone(
            self.providers
                .lock()
                .unwrap()
                .entry(address.to_owned())
                .or_default(),
        )
    }
    /// A connection to the team's mailbox, for `sync` and `outbox`.
    pub fn live(&self) -> Arc<Live> {
        let id = self.account;
        let row = self.read(move |c| accounts::get(c, id));
        self.rt.block_on(self.engine.live(&row)).unwrap()
    }

    /// The whole log.
    pub fn log(&self) -> Vec<Entry> {
        self.read(log::all)
    }
    /// What two replicas that know the same agree on.
    pub fn digest(&self) -> String {
        self.read(check::digest)
    }
    /// Every invariant holds.
    pub fn is_sound(&self) {
        let files = self.store().files();
        let report = self.read(move |c| check::check(c, &files));
        assert_eq!(report.findings, [], "the store is not sound");
    }
}
