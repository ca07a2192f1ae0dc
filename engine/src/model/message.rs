//! Messages as connectors hand them over.

use super::{Afterwards, Card, Cursor, Gap, Mark, MessageId, PersonSays, Reached, Touched, UpTo};
use crate::time::{Millis, SECOND};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The provider's own id of a thing at an account; opaque above `connectors/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RemoteId(pub String);

/// A name and an address as they stand in a message; not canonical.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
pub struct Party {
    /// Display name, if any.
    pub name: Option<String>,
    /// The address as written.
    pub address: String,
}

/// Which of the account's places a message was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Where customers' messages arrive.
    Inbox,
    /// What was sent from this account, by whatever program.
    Sent,
    /// What the provider takes for junk.
    Junk,
    /// Anywhere else.
    Other,
}

/// Who or what wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A person.
    Human,
    /// A program: auto-reply, list, bounce, notification (RFC 3834).
    Machine,
    /// Junk.
    Junk,
}

impl Class {
    /// The number in the database.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        match self {
            Self::Human => 0,
            Self::Machine => 1,
            Self::Junk => 2,
        }
    }
    /// From the number in the database; unknown numbers of later versions are machines.
    #[must_use]
    pub fn from_i64(n: i64) -> Self {
        match n {
            0 => Self::Human,
            2 => Self::Junk,
            _ => Self::Machine,
        }
    }
}

/// What wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person.
    #[default]
    Person,
    /// A mail server, about a mail that did not arrive.
    Bounce,
    /// Somebody's program while they are away.
    Vacation,
    /// Another program.
    Auto,
    /// A mailing list or newsletter.
    List,
}

/// A report that a mail did not arrive, or not yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bounce {
    /// Those it did not reach.
    pub recipients: Vec<Bounced>,
    /// The Message-ID of the mail that came back, without angle brackets.
    pub original_message_id: Option<String>,
}

/// One recipient of a mail that came back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bounced {
    /// The address as the server names it.
    pub address: String,
    /// `failed` or `delayed`.
    pub action: String,
    /// The enhanced status code (RFC 3463), where there is one.
    pub status: Option<String>,
    /// The address itself is no good: another try would fail as well.
    pub hard: bool,
    /// What the server said.
    pub diagnostic: String,
    /// Why, as a key: `user_unknown`, `mailbox_full`, …
    pub reason: String,
    /// Why, in words for a person.
    pub reason_words: String,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From a customer.
    Inbound,
    /// To a customer.
    Outbound,
    /// Between people of the team.
    Internal,
}

impl Direction {
    /// The number in the database.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        match self {
            Self::Inbound => 0,
            Self::Outbound => 1,
            Self::Internal => 2,
        }
    }
    /// From the number in the database.
    #[must_use]
    pub fn from_i64(n: i64) -> Self {
        match n {
            0 => Self::Inbound,
            1 => Self::Outbound,
            _ => Self::Internal,
        }
    }
}

/// A file inside a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingFile {
    /// Name as the sender gave it, already made safe to show and to save.
    pub name: String,
    /// Media type by content where it can be told, else as claimed.
    pub mime: String,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// Shown inside the text rather than listed.
    pub inline: bool,
    /// Content.
    pub bytes: Vec<u8>,
}

/// How a mail names itself and what it answers; ids without angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadRefs {
    /// Its own Message-ID.
    pub message_id: Option<String>,
    /// What it answers.
    pub in_reply_to: Vec<String>,
    /// The thread so far, oldest first.
    pub references: Vec<String>,
    /// The provider's own thread (`X-GM-THRID`), where it has one; means something at this account only.
    pub provider: Option<String>,
    /// The mailing list that it came over (`List-Id`), in lower case.
    pub list: Option<String>,
}

/// What makes a message the same message (`model.md`, Identity).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// By account and provider id.
    Provider,
    /// By content, so that one mail in two mailboxes is one message: the parts that are hashed.
    Content(Vec<Vec<u8>>),
    /// As this very workspace named it: only of its own export.
    Given(super::MessageId),
}

/// When a message was sent, as far as anybody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// What the sender claims (the Date header).
    pub claimed: Option<Millis>,
    /// The topmost Received header: the receiving server's word.
    pub received: Option<Millis>,
    /// INTERNALDATE, or the provider's own time.
    pub provider: Option<Millis>,
}

/// Why a stretch of a text is folded away on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum FoldKind {
    /// History that was quoted, with the line that introduces it.
    Quote,
    /// A signature, or what a phone or a lawyer adds.
    Signature,
}

impl FoldKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Signature => "signature",
        }
    }
}

/// A stretch of a text that is folded away, in bytes. Nothing is deleted: it is shown on demand, and searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub kind: FoldKind,
}

/// A text and what of it is folded away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoldedText {
    /// The whole text.
    pub text: String,
    /// Its folded stretches, in order, none touching another's inside.
    pub folds: Vec<Fold>,
}

impl FoldedText {
    /// What is shown, and what is folded; every part of the text is in one of them.
    #[must_use]
    pub fn parted(&self) -> (String, String) {
        part(&self.text, &self.folds)
    }
}

/// Parts a text into what is shown and what is folded. Folds that do not fit the text fold nothing.
#[must_use]
pub fn part(text: &str, folds: &[Fold]) -> (String, String) {
    let (mut shown, mut folded, mut at) = (String::new(), String::new(), 0);
    for f in folds {
        let (Some(before), Some(inside)) = (text.get(at..f.start), text.get(f.start..f.end)) else {
            continue;
        };
        shown.push_str(before);
        folded.push_str(inside);
        at = f.end;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    (shown, folded)
}

/// What was found to be folded in a text, and by which version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folds {
    /// The stretches.
    pub ranges: Vec<Fold>,
    /// The version of the rules; 0 where nobody looked yet.
    pub version: u32,
}

/// A message polled from an account.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The provider's id at this account.
    pub remote_id: RemoteId,
    /// Where it was found.
    pub place: Place,
    /// What makes it the same message elsewhere.
    pub identity: Identity,
    /// The sender.
    pub from: Option<Party>,
    /// Where answers are asked to go, if it differs.
    pub reply_to: Vec<Party>,
    /// Recipients.
    pub to: Vec<Party>,
    /// Visible copies.
    pub cc: Vec<Party>,
    /// When.
    pub times: Times,
    /// Subject, where the channel has one.
    pub subject: Option<String>,
    /// Text to read and to search; made from the HTML when there is nothing else.
    pub text: String,
    /// What of the text is quoted history or a signature.
    pub folds: Folds,
    /// Clean HTML, if the message has HTML.
    pub html: Option<CleanHtml>,
    /// It has HTML that is too much to be shown: the version of the sanitiser that left it out.
    pub html_left_out: Option<u32>,
    /// Files.
    pub files: Vec<IncomingFile>,
    /// Threading.
    pub thread: ThreadRefs,
    /// Person, program or junk, by the classifier.
    pub class: Class,
    /// Why, in a word (`auto-submitted`, `list-id`, `dsn`, …), when not a person.
    pub class_reason: Option<&'static str>,
    /// What wrote it, more finely than the class.
    pub kind: Kind,
    /// What it says of a message of ours that did not arrive.
    pub bounce: Option<Bounce>,
    /// The provider's word that the sender is who he says (DMARC pass or fail), where known.
    pub authenticated: Option<bool>,
    /// What a server wrote about the sender into the mail, whoever that server is; where this is given, it is the
    /// word that `authenticated` repeats if the server goes by the right name.
    pub word: Option<ServerWord>,
    /// Already read at the provider.
    pub seen: bool,
    /// Everything as it came; empty where the provider gives no raw form, or everything was understood.
    pub raw: Vec<u8>,
    /// What it carries besides text and files.
    pub cards: Vec<Card>,
    /// Until when its files may be kept, where their provider forbids to keep them for good.
    pub files_until: Option<Millis>,
    /// What our own program called it, where the provider gives that back.
    pub key: Option<MessageId>,
    /// What its connector needs to answer here: a room, a chat.
    pub route: Option<String>,
    /// It was not understood in whole by this version of the converter; `raw` is read again by a later one.
    pub quarantine: Option<u32>,
}

impl Incoming {
    /// Gives it its place among the messages of one second, where its provider tells time in whole seconds: those of
    /// one person are in order only that way. `place` is below 1,000 and always the same for one message.
    pub fn in_its_second(&mut self, place: Millis) {
        if let Some(at) = &mut self.times.provider
            && at.rem_euclid(SECOND) == 0
        {
            *at = at.saturating_add(place.clamp(0, SECOND - 1));
        }
    }

    /// A message of a channel of short texts: of a person, by the provider's time and id, and nothing else yet.
    #[must_use]
    pub fn chat(remote_id: impl Into<String>, place: Place, at: Millis) -> Self {
        Self {
            remote_id: RemoteId(remote_id.into()),
            place,
            identity: Identity::Provider,
            from: None,
            reply_to: Vec::new(),
            to: Vec::new(),
            cc: Vec::new(),
            times: Times {
                claimed: None,
                received: None,
                provider: Some(at),
            },
            subject: None,
            text: String::new(),
            folds: Folds::default(),
            html: None,
            html_left_out: None,
            files: Vec::new(),
            thread: ThreadRefs::default(),
            class: Class::Human,
            class_reason: None,
            kind: Kind::Person,
            bounce: None,
            authenticated: None,
            word: None,
            seen: false,
            raw: Vec::new(),
            cards: Vec::new(),
            files_until: None,
            key: None,
            route: None,
            quarantine: None,
        }
    }
}

/// What a server wrote about a mail's sender (RFC 8601).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerWord {
    /// Under which name: the domain of its operator.
    pub server: String,
    /// The name is that of a server through which the mail came in last.
    pub near: bool,
    /// DMARC passed or failed.
    pub dmarc: Option<bool>,
    /// All that it says, in its own short words, for a person to read.
    pub says: String,
}

/// Why a message may belong to another conversation than its sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum HintWhy {
    /// It names a mail of that conversation, and its sender took no part in it.
    Answers,
    /// It names a mail that this workspace sent into that conversation and signed.
    Signed,
}

/// The version of the classifier that fills [`Incoming::class`].
pub const CLASSIFIER_VERSION: i64 = 2;

/// HTML that went through the sanitiser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanHtml {
    /// No scripts, no styles but inline ones that are allowed, no remote loads; links are `part-link:N`.
    pub html: String,
    /// Where link N leads (absolute http, https, mailto or tel).
    pub links: Vec<String>,
    /// Everything remote that was left out: pictures, backgrounds, fonts, sheets.
    pub blocked: Vec<String>,
    /// What each of `blocked` is.
    pub kinds: Vec<Remote>,
    /// The sanitiser's version.
    pub version: u32,
}

/// What a remote address in a mail's HTML is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Remote {
    /// A picture with a place in the clean HTML; it can be loaded.
    Picture,
    /// A picture too small to be seen, there to tell that the mail was read. Never loaded.
    Tracker,
    /// Anything else. Never loaded.
    Other,
}

/// Something that an account has to tell.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message.
    Message(Box<Incoming>),
    /// A message that cannot be understood: its bytes are kept and shown as a card.
    Unreadable {
        /// The provider's id at this account.
        remote_id: RemoteId,
        /// Where it was found.
        place: Place,
        /// Its identity.
        identity: Identity,
        /// Whose conversation it lies in, where that is known.
        from: Option<Party>,
        /// The provider's time.
        at: Option<Millis>,
        /// Why, in words.
        reason: String,
        /// Its bytes.
        raw: Vec<u8>,
    },
    /// A message that is here already lies under another id: its bytes were not fetched again.
    Again {
        /// The provider's id.
        remote_id: RemoteId,
        /// Where it was found.
        place: Place,
        /// What it is known by.
        mark: Mark,
        /// Already read at the provider.
        seen: bool,
    },
    /// A message vanished from a place at the provider. Nothing is deleted here.
    Vanished {
        /// The provider's id.
        remote_id: RemoteId,
    },
    /// The read mark at the provider changed.
    Read {
        /// The provider's id.
        remote_id: RemoteId,
        /// Read or not.
        seen: bool,
    },
    /// All before and with a message was read at the provider.
    ReadUpTo(UpTo),
    /// All of ours before and with a message came so far.
    ReachedUpTo {
        /// Which.
        up_to: UpTo,
        /// When.
        at: Millis,
        /// How far.
        what: Reached,
    },
    /// What is told of a message after it was written.
    Later(Afterwards),
    /// What a person says of themselves.
    Person(PersonSays),
    /// How a person came here.
    Touched(Touched),
}

/// What one poll brought: at most 100 events.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The news and the history.
    pub events: Vec<Event>,
    /// Where the next poll goes on; stored in the same transaction as the events.
    pub next: Cursor,
    /// Whether more is waiting right now.
    pub more: bool,
    /// What could not be had.
    pub gaps: Vec<Gap>,
    /// First-sync or history progress: (done, expected), where known.
    pub progress: Option<(u64, u64)>,
}

/// At most so many events in a [`Batch`], so that its transaction stays short.
pub const BATCH_EVENTS: usize = 100;
