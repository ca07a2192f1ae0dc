//! What the server holds, and how it misbehaves.

use std::time::Duration;

/// What Gmail tells of a mail besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gmail {
    /// X-GM-MSGID.
    pub message: u64,
    /// X-GM-THRID.
    pub thread: u64,
    /// X-GM-LABELS.
    pub labels: Vec<String>,
}

/// A mail in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its number.
    pub uid: u32,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// When it arrived, in seconds since 1970; whole hours keep the written form short.
    pub at: i64,
    /// Whether it is read.
    pub seen: bool,
    /// The folder's state when it last changed.
    pub modseq: u64,
    /// Gmail's items.
    pub gmail: Gmail,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Its name on the wire; bytes, since some servers send what is no UTF-8.
    pub name: Vec<u8>,
    /// Its mark, such as `\Sent`.
    pub mark: Option<String>,
    /// Its own id (RFC 8474).
    pub id: String,
    /// Its numbering.
    pub validity: u32,
    /// The next mail's number.
    pub next: u32,
    /// Its state.
    pub modseq: u64,
    /// Its mails, in order of arrival.
    pub mails: Vec<Mail>,
    /// What was removed: number and state.
    pub removed: Vec<(u32, u64)>,
}

impl Mailbox {
    /// An empty folder.
    pub fn new(name: &str, validity: u32) -> Self {
        Self {
            name: name.into(),
            mark: None,
            id: format!("F{name}"),
            validity,
            next: 1,
            modseq: 1,
            mails: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// With a mark.
    pub fn marked(name: &str, validity: u32, mark: &str) -> Self {
        Self {
            mark: Some(mark.into()),
            ..Self::new(name, validity)
        }
    }

    /// A mail arrives.
    pub fn add(&mut self, raw: &[u8], at: i64) -> u32 {
        self.modseq += 1;
        let uid = self.next;
        self.next += 1;
        self.mails.push(Mail {
            uid,
            raw: raw.to_vec(),
            at,
            seen: false,
            modseq: self.modseq,
            gmail: Gmail::default(),
        });
        uid
    }

    /// A mail goes.
    pub fn remove(&mut self, uid: u32) -> Option<Mail> {
        let at = self.mails.iter().position(|m| m.uid == uid)?;
        self.modseq += 1;
        self.removed.push((uid, self.modseq));
        Some(self.mails.remove(at))
    }

    /// Its read mark is set or taken away.
    pub fn mark_seen(&mut self, uid: u32, seen: bool) {
        self.modseq += 1;
        let modseq = self.modseq;
        if let Some(m) = self.mails.iter_mut().find(|m| m.uid == uid) {
            (m.seen, m.modseq) = (seen, modseq);
        }
    }

    /// All mails get new numbers from 1 on, under a new numbering.
    pub fn renumber(&mut self, validity: u32) {
        self.validity = validity;
        self.number_anew();
    }

    /// All mails get new numbers from 1 on.
    pub fn number_anew(&mut self) {
        self.modseq += 1;
        self.removed.clear();
        let modseq = self.modseq;
        for (uid, m) in (1u32..).zip(&mut self.mails) {
            (m.uid, m.modseq) = (uid, modseq);
        }
        self.next = u32::try_from(self.mails.len()).unwrap_or(u32::MAX) + 1;
    }
}

/// How the server misbehaves; the default is not at all.
#[derive(Debug, Clone, Default)]
pub struct Quirks {
    /// Says this next number, whatever is true.
    pub uidnext: Option<u32>,
    /// Does not tell the next number.
    pub without_uidnext: bool,
    /// Says this count of mails, whatever is true.
    pub exists: Option<u32>,
    /// Says BYE instead of answering, once so many commands were heard from now on.
    pub bye_after: Option<usize>,
    /// Lines that are no IMAP stand before each answer.
    pub garbage: bool,
    /// Answers that nobody asked for stand before each answer.
    pub unsolicited: bool,
    /// A sentence that a person must read.
    pub alert: Option<String>,
    /// One byte at a time, with this pause after each.
    pub drip: Option<Duration>,
    /// Each search takes so long.
    pub slow_search: Option<Duration>,
    /// Does not tell sizes.
    pub without_size: bool,
    /// Tells no time of arrival but NIL.
    pub nil_dates: bool,
    /// Does not tell the number with a mail's text.
    pub without_uid: bool,
    /// Gives NIL for the text of this mail.
    pub nil_body: Option<u32>,
    /// Announces four gigabytes for the text of this mail.
    pub huge_literal: Option<u32>,
    /// Announces ten bytes too few for the text of this mail.
    pub short_literal: Option<u32>,
    /// Announces ten thousand bytes too many for the text of this mail.
    pub long_literal: Option<u32>,
    /// Hangs up in the middle of the text of this mail.
    pub cut_literal: Option<u32>,
    /// Removes this mail as soon as it was listed, once.
    pub expunge_on_list: Option<u32>,
    /// Numbers the open folder anew with the next fetch, once, and says so.
    pub renumber_on_fetch: Option<u32>,
    /// Gives the first mail's number to the second as well.
    pub same_number: bool,
    /// Keeps no state for this folder (NOMODSEQ).
    pub without_state: bool,
    /// Answers commands that begin so with this line, without its tag.
    pub refuse: Option<(String, String)>,
}

/// Everything the server knows.
#[derive(Debug, Clone)]
pub struct World {
    /// What it says that it can do.
    pub capability: String,
    /// The folders.
    pub folders: Vec<Mailbox>,
    /// Misbehaviour.
    pub quirks: Quirks,
    /// Commands heard, without tags.
    pub heard: Vec<String>,
}

impl World {
    /// A server of the plainest kind, with an inbox, Sent and Junk.
    pub fn plain() -> Self {
        Self {
            capability: "IMAP4rev1 AUTH=PLAIN".into(),
            folders: vec![
                Mailbox::new("INBOX", 11),
                Mailbox::marked("Sent", 12, "\\Sent"),
                Mailbox::marked("Junk", 13, "\\Junk"),
            ],
            quirks: Quirks::default(),
            heard: Vec::new(),
        }
    }

    /// One that keeps states, tells what went, and knows its folders.
    pub fn modern() -> Self {
        Self {
            capability: "IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS ENABLE CONDSTORE QRESYNC OBJECTID LIST-EXTENDED SPECIAL-USE LITERAL+ ID".into(),
            ..Self::plain()
        }
    }

    /// One that offers what Exchange Online offers, but for its sign-in.
    pub fn exchange() -> Self {
        Self {
            capability: "IMAP4 IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+".into(),
            ..Self::plain()
        }
    }

    /// Gmail: all mail in one folder, with labels.
    pub fn gmail() -> Self {
        let folder = |name: &str, validity, mark: &str| Mailbox::marked(name, validity, mark);
        Self {
            capability: "IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS ENABLE CONDSTORE X-GM-EXT-1 SPECIAL-USE LITERAL- ID".into(),
            folders: vec![
                Mailbox::new("INBOX", 1),
                folder("[Gmail]/All Mail", 2, "\\All"),
                folder("[Gmail]/Sent Mail", 3, "\\Sent"),
                folder("[Gmail]/Spam", 4, "\\Junk"),
                folder("[Gmail]/Trash", 5, "\\Trash"),
                Mailbox::new("Customers", 6),
            ],
            quirks: Quirks::default(),
            heard: Vec::new(),
        }
    }

    /// The folder of this name.
    ///
    /// # Panics
    /// When there is none: a test's mistake.
    #[expect(clippy::panic, reason = "a test's mistake should end the test")]
    pub fn folder(&mut self, name: &str) -> &mut Mailbox {
        match self.folders.iter_mut().find(|f| f.name == name.as_bytes()) {
            Some(folder) => folder,
            None => panic!("no folder {name}"),
        }
    }

    /// Moves a mail, as MOVE does: its time of arrival stays.
    pub fn move_mail(&mut self, uid: u32, from: &str, to: &str) {
        if let Some(mail) = self.folder(from).remove(uid) {
            let folder = self.folder(to);
            let uid = folder.add(&mail.raw, mail.at);
            folder.mark_seen(uid, mail.seen);
            if let Some(moved) = folder.mails.last_mut() {
                moved.gmail = mail.gmail;
            }
        }
    }

    pub(super) fn can(&self, what: &str) -> bool {
        self.capability.split(' ').any(|c| c == what)
    }
}
