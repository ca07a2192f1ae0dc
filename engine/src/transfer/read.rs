//! The reading side of an import, on a thread of its own ahead of the writer: finds, parses, sanitises, and hands over
//! pieces of bounded size.

use super::walk::{Found, Item, Position, Stop, walk};
use crate::connectors::email::convert::{MAX_MAIL, convert, safe_name};
use crate::connectors::email::{html, identity};
use crate::model::interchange::{Attachment, FORMAT, Line, VERSION};
use crate::model::{Channel, Event, Folds, Identity, IncomingFile, Place, RemoteId, address_key};
use crate::store::transfer::{Body, Counts, Problem, Told};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Most things in one transaction.
const CHUNK: usize = crate::model::BATCH_EVENTS;
/// Most bytes in one transaction, but for one thing that is larger alone.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of a line's files together.
const MAX_FILES: usize = 100 * 1024 * 1024;

/// What is ready to be stored.
#[derive(Debug)]
pub enum Ready {
    /// A mail.
    Mail(Event),
    /// A line of an interchange file.
    Line(Box<Line>, Box<Body>),
}

/// One thing, and where it stood.
#[derive(Debug)]
pub struct Thing {
    /// The file below the root.
    pub file: Arc<str>,
    /// Byte or line.
    pub at: u64,
    /// What it is.
    pub what: Ready,
}

/// What goes into one transaction.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The things.
    pub things: Vec<Thing>,
    /// Where to go on after them.
    pub next: Position,
    /// Bytes done.
    pub done: u64,
    /// What the reader counted itself.
    pub counts: Counts,
    /// What the reader refused.
    pub problems: Vec<Problem>,
    bytes: usize,
}

/// How many bytes are held between the file and the database.
#[derive(Debug, Default)]
pub struct Gauge {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Gauge {
    fn add(&self, n: usize) {
        let now = self.now.fetch_add(n, Ordering::SeqCst) + n;
        self.peak.fetch_max(now, Ordering::SeqCst);
    }
    /// The most that was held at once.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
    /// A chunk was stored.
    pub fn stored(&self, c: &Held) {
        self.now.fetch_sub(c.0, Ordering::SeqCst);
    }
}

/// The bytes of a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Held(usize);

impl Chunk {
    /// Its bytes.
    #[must_use]
    pub fn held(&self) -> Held {
        Held(self.bytes)
    }
}

/// What the reader must know.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The place that a person gave, whatever the folders are called.
    pub place: Option<Place>,
    /// Addresses that a person called ours: their mails count as sent where the folder says nothing.
    pub own: BTreeSet<String>,
}

/// Read a path into a channel until it ends, is cancelled, or nobody takes any more.
pub fn read(
    root: &Path,
    from: Option<Position>,
    rules: &Rules,
    gauge: &Gauge,
    cancel: &AtomicBool,
    out: &mpsc::Sender<Result<Chunk, String>>,
) {
    let mut reader = Reader {
        rules,
        gauge,
        chunk: Chunk::default(),
        header: None,
        ended: false,
        refused: None,
        out,
    };
    let walked = walk(root, from, &mut |item| {
        if cancel.load(Ordering::SeqCst) {
            return Err(Stop::Enough);
        }
        reader.take(item)
    });
    let flushed = reader.flush();
    if let Err(Stop::Failed(why)) = walked.and(flushed) {
        let _ = out.blocking_send(Err(why));
    }
}

struct Reader<'a> {
    rules: &'a Rules,
    gauge: &'a Gauge,
    chunk: Chunk,
    /// The file whose header was read, and whether Parley wrote it (then it has an end).
    header: Option<(Arc<str>, bool)>,
    ended: bool,
    /// A file that is no interchange file: its lines are not looked at.
    refused: Option<Arc<str>>,
    out: &'a mpsc::Sender<Result<Chunk, String>>,
}

impl Reader<'_> {
    fn take(&mut self, item: Item) -> Result<(), Stop> {
        let Item {
            file,
            at,
            next,
            done,
            what,
        } = item;
        match what {
            Found::Mail {
                raw,
                place,
                seen,
                filed,
            } => {
                self.chunk.counts.read += 1;
                let size = raw.len();
                let event = mail(self.rules, &raw, place, seen, filed);
                drop(raw);
                self.push(Arc::clone(&file), at, Ready::Mail(event), size);
            }
            Found::Line { text, file: path } => self.line(&file, at, &text, &path),
            Found::EndOfLines => self.end_of_lines(&file, at),
            Found::Bad(why) => self.refuse(&file, at, why),
            Found::LeftOut => self.chunk.counts.left_out += 1,
        }
        self.chunk.next = next;
        self.chunk.done = done;
        let full = self.chunk.things.len() >= CHUNK
            || self.chunk.bytes >= CHUNK_BYTES
            || self.chunk.counts.refused + self.chunk.counts.left_out >= 1_000;
        if full { self.flush() } else { Ok(()) }
    }

    fn push(&mut self, file: Arc<str>, at: u64, what: Ready, size: usize) {
        self.gauge.add(size);
        self.chunk.bytes += size;
        self.chunk.things.push(Thing { file, at, what });
    }

    fn refuse(&mut self, file: &Arc<str>, at: u64, why: String) {
        self.chunk.counts.refused += 1;
        self.note(file, at, why);
    }

    fn note(&mut self, file: &Arc<str>, at: u64, why: String) {
        self.chunk.problems.push(Problem {
            file: file.to_string(),
            at,
            reason: why,
            kept: false,
        });
    }

    fn line(&mut self, file: &Arc<str>, at: u64, text: &[u8], path: &Path) {
        if self.refused.as_ref() == Some(file) {
            return;
        }
        let line = match Line::read(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)) {
            Ok(l) => l,
            Err(why) if self.in_header_of(file) => return self.refuse(file, at, why),
            Err(_) => return self.no_header(file, at),
        };
        match &line {
            Line::Header(h) if h.parley != FORMAT || h.version > VERSION || h.version == 0 => {
                self.refused = Some(Arc::clone(file));
                return self.refuse(
                    file,
                    at,
                    format!(
                        "its version {} is newer than this Parley reads ({VERSION}); update Parley",
                        h.version
                    ),
                );
            }
            Line::Header(h) => {
                self.header = Some((Arc::clone(file), h.by.is_some()));
                self.ended = false;
            }
            _ if !self.in_header_of(file) => return self.no_header(file, at),
            Line::End(_) => self.ended = true,
            _ => {}
        }
        self.chunk.counts.unknown_fields += line.unknown() as u64;
        let mut body = Body::default();
        if let Line::Message(m) = &line {
            self.chunk.counts.read += 1;
            let mut m = m.clone();
            body = match self.body(file, at, &mut m, path) {
                Ok(b) => b,
                Err(why) => return self.refuse(file, at, why),
            };
            return self.push(
                Arc::clone(file),
                at,
                Ready::Line(Box::new(Line::Message(m)), Box::new(body)),
                text.len(),
            );
        }
        if let Line::Draft(d) = &line {
            match self.files(file, at, &d.attachments, path) {
                Ok(files) => body.files = files,
                Err(why) => return self.refuse(file, at, why),
            }
        }
        self.push(
            Arc::clone(file),
            at,
            Ready::Line(Box::new(line), Box::new(body)),
            text.len(),
        );
    }

    fn in_header_of(&self, file: &Arc<str>) -> bool {
        self.header.as_ref().is_some_and(|h| h.0 == *file)
    }

    fn no_header(&mut self, file: &Arc<str>, at: u64) {
        self.refused = Some(Arc::clone(file));
        self.refuse(
            file,
            at,
            "it is no interchange file: its first line must be {\"parley\":\"interchange\",\"version\":1}".into(),
        );
    }

    fn end_of_lines(&mut self, file: &Arc<str>, at: u64) {
        if self.header.as_ref().is_some_and(|h| h.0 == *file && h.1) && !self.ended {
            self.refuse(
                file,
                at,
                "the file was cut: the line that ends it is missing".into(),
            );
        }
    }

    /// What lies in a message beside its plain fields. Files that cannot be had are noted; the message is taken.
    fn body(
        &mut self,
        file: &Arc<str>,
        at: u64,
        m: &mut crate::model::interchange::MessageLine,
        path: &Path,
    ) -> Result<Body, String> {
        let mut body = Body {
            raw: raw(m)?,
            ..Body::default()
        };
        body.identity = parts(&m.identity)?;
        if m.channel == Channel::Email && !body.raw.is_empty() {
            if body.identity.is_none()
                && let Identity::Content(parts) = identity::of(&body.raw)
            {
                body.identity = Some(parts);
            }
            fill(m, &mut body);
        }
        if body.html.is_none()
            && let Some(h) = m.html.take()
        {
            body.html = html::sanitise(&h).map(|s| s.clean);
        }
        if m.text.is_empty()
            && let Some(h) = &body.html
        {
            m.text = html::to_text(&h.html);
        }
        let all = std::mem::take(&mut m.attachments);
        body.files.extend(self.files(file, at, &all, path)?);
        m.raw = None;
        m.raw_zstd = None;
        Ok(body)
    }

    /// The files of a line. One that cannot be had is noted.
    fn files(
        &mut self,
        file: &Arc<str>,
        at: u64,
        all: &[Attachment],
        path: &Path,
    ) -> Result<Vec<IncomingFile>, String> {
        let (mut out, mut total) = (Vec::new(), 0);
        for (i, a) in all.iter().enumerate() {
            match attachment(a, i + 1, path) {
                Ok(f) => {
                    total += f.bytes.len();
                    if total > MAX_FILES {
                        return Err(format!("its files are larger than {} MB", MAX_FILES >> 20));
                    }
                    out.push(f);
                }
                Err(why) => self.note(file, at, why),
            }
        }
        Ok(out)
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let c = std::mem::take(&mut self.chunk);
        if c.things.is_empty() && c.counts == Counts::default() && c.problems.is_empty() {
            return Ok(());
        }
        self.chunk.next = c.next.clone();
        self.chunk.done = c.done;
        self.out.blocking_send(Ok(c)).map_err(|_| Stop::Enough)
    }
}

/// A mail as polling would have handed it over.
fn mail(
    rules: &Rules,
    raw: &[u8],
    place: Place,
    seen: bool,
    filed: Option<crate::time::Millis>,
) -> Event {
    let place = rules.place.unwrap_or(place);
    let mut event = convert(raw, RemoteId(String::new()), place, filed, seen);
    if let Event::Message(m) = &mut event {
        let from = m
            .from
            .as_ref()
            .and_then(|f| address_key(Channel::Email, &f.address));
        if m.place == Place::Other && from.is_some_and(|f| rules.own.contains(&f)) {
            m.place = Place::Sent;
        }
    }
    let id = match &event {
        Event::Message(m) => remote(&m.identity, m.place),
        Event::Unreadable {
            identity, place, ..
        } => remote(identity, *place),
        _ => RemoteId(String::new()),
    };
    match &mut event {
        Event::Message(m) => m.remote_id = id,
        Event::Unreadable { remote_id, .. } => *remote_id = id,
        _ => {}
    }
    event
}

/// The same mail in the same kind of place is the same delivery, whatever file it came in.
fn remote(identity: &Identity, place: Place) -> RemoteId {
    let mut h = Sha256::new();
    if let Identity::Content(parts) = identity {
        for p in parts {
            h.update((p.len() as u64).to_be_bytes());
            h.update(p);
        }
    }
    let place = match place {
        Place::Inbox => "inbox",
        Place::Sent => "sent",
        Place::Junk => "junk",
        Place::Other => "other",
    };
    let digest = h.finalize();
    RemoteId(format!(
        "import/{place}/{}",
        data_encoding::HEXLOWER.encode(digest.get(..16).unwrap_or_default())
    ))
}

fn base64(text: &str, what: &str) -> Result<Vec<u8>, String> {
    data_encoding::BASE64
        .decode(text.as_bytes())
        .map_err(|_| format!("its “{what}” is not base64"))
}

fn raw(m: &crate::model::interchange::MessageLine) -> Result<Vec<u8>, String> {
    match (&m.raw, &m.raw_zstd) {
        (Some(r), _) => base64(r, "raw"),
        (None, Some(z)) => zstd::bulk::decompress(&base64(z, "raw_zstd")?, MAX_MAIL + 1024 * 1024)
            .map_err(|_| {
                "its “raw_zstd” cannot be unpacked, or is larger than a mail can be".to_owned()
            }),
        (None, None) => Ok(Vec::new()),
    }
}

fn parts(identity: &[String]) -> Result<Option<Vec<Vec<u8>>>, String> {
    if identity.is_empty() {
        return Ok(None);
    }
    identity
        .iter()
        .map(|p| base64(p, "identity"))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// What the line does not say, the mail itself says; its HTML is always made from the mail.
fn fill(m: &mut crate::model::interchange::MessageLine, body: &mut Body) {
    if m.unreadable.is_some() {
        return;
    }
    let bare = m.author.is_none() && m.text.is_empty() && m.subject.is_none();
    let Event::Message(read) = convert(
        &body.raw,
        RemoteId(String::new()),
        Place::Other,
        None,
        false,
    ) else {
        if bare {
            m.unreadable = Some("the mail in “raw” cannot be read".into());
        }
        return;
    };
    body.told = Told {
        // They are places in the text that was read.
        folds: if bare || m.text == read.text {
            read.folds
        } else {
            Folds::default()
        },
        html_left_out: read.html_left_out,
        bounce: read.bounce,
        word: read.word,
        kind: read.kind,
    };
    if bare || m.html.is_some() {
        body.html = read.html;
    }
    if bare {
        m.author = read.from;
        m.to = read.to;
        m.cc = read.cc;
        m.reply_to = read.reply_to;
        m.subject = read.subject;
        m.text = read.text;
        m.kind = m.kind.or(Some(read.class));
        body.files = read.files;
        m.thread = Some(crate::model::interchange::Thread {
            message_id: read.thread.message_id,
            in_reply_to: read.thread.in_reply_to,
            references: read.thread.references,
            provider: None,
            list: read.thread.list,
        });
    }
}

fn attachment(a: &Attachment, number: usize, beside: &Path) -> Result<IncomingFile, String> {
    let shown = || safe_name(&a.name, &a.mime, number);
    let bytes = match (&a.content, &a.sha256) {
        (Some(c), _) => base64(c, "content")?,
        (None, Some(hash)) => file_beside(hash, beside)
            .map_err(|e| format!("the file “{}” is not there: {e}", shown()))?,
        (None, None) => return Err(format!("the file “{}” has no content", shown())),
    };
    let is = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
    if a.sha256
        .as_ref()
        .is_some_and(|h| !h.eq_ignore_ascii_case(&is))
    {
        return Err(format!(
            "the file “{}” is not the one that was exported",
            shown()
        ));
    }
    let mime = infer::get(&bytes)
        .map(|t| t.mime_type().to_owned())
        .or_else(|| Some(a.mime.to_lowercase()).filter(|m| is_media_type(m)))
        .unwrap_or_else(|| "application/octet-stream".into());
    Ok(IncomingFile {
        name: safe_name(&a.name, &mime, number),
        mime,
        content_id: a.content_id.clone().filter(|c| c.len() <= 2_000),
        inline: a.inline,
        bytes,
    })
}

fn is_media_type(m: &str) -> bool {
    m.len() <= 100
        && m.split_once('/')
            .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
        && m.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b))
}

/// A file's name is its hash and nothing else, so that no line can name another file of this computer.
fn file_beside(hash: &str, beside: &Path) -> Result<Vec<u8>, String> {
    if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("its “sha256” is none".into());
    }
    let path = beside
        .parent()
        .unwrap_or(Path::new("."))
        .join("attachments")
        .join(hash.to_lowercase());
    let meta = std::fs::symlink_metadata(&path).map_err(|e| e.to_string())?;
    if !meta.is_file() || meta.len() > MAX_FILES as u64 {
        return Err("it is no file, or too large".into());
    }
    std::fs::read(&path).map_err(|e| e.to_string())
}
