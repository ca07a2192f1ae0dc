//! From a path to its mails and lines, in one order that is the same each time: mailbox files, single mails, Maildirs
//! with their subfolders, and interchange files. What stops in the middle goes on there.

use super::mbox::{Mbox, header};
use crate::connectors::email::{convert::MAX_MAIL, place_of};
use crate::model::Place;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Deepest folder that is looked into.
const MAX_DEPTH: usize = 32;
/// Longest line of an interchange file.
const MAX_LINE: usize = 160 * 1024 * 1024;
/// So much of a file's beginning tells it from another one of this name.
const MARK: usize = 4096;

/// Where an import goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The file, part by part below the root, as hexadecimal bytes: names need not be text.
    pub file: Vec<String>,
    /// The byte where the next mail or line begins.
    pub offset: u64,
    /// Lines before it.
    pub line: u64,
    /// Tells whether it is still the same file.
    pub mark: String,
}

/// What was found.
#[derive(Debug)]
pub enum Found {
    /// A mail.
    Mail {
        /// Its bytes.
        raw: Vec<u8>,
        /// Where it lay, by the folder's name.
        place: Place,
        /// Read already.
        seen: bool,
        /// When it was filed, as far as the file says.
        filed: Option<Millis>,
    },
    /// A line of an interchange file.
    Line {
        /// Its bytes.
        text: Vec<u8>,
        /// The file it stands in.
        file: PathBuf,
    },
    /// The end of an interchange file.
    EndOfLines,
    /// Something that cannot be read, and why.
    Bad(String),
    /// Left out on purpose.
    LeftOut,
}

/// A thing that was found, and where.
#[derive(Debug)]
pub struct Item {
    /// The file below the root.
    pub file: Arc<str>,
    /// Byte, or line of an interchange file.
    pub at: u64,
    /// Where to go on after it.
    pub next: Position,
    /// Bytes done with it, over all files.
    pub done: u64,
    /// What it is.
    pub what: Found,
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum Stop {
    /// Nobody wants more.
    Enough,
    /// The path itself cannot be read.
    Failed(String),
}

/// A walk over a path.
pub struct Walk<'a> {
    root: &'a Path,
    from: Option<Position>,
    done: u64,
    sink: &'a mut dyn FnMut(Item) -> Result<(), Stop>,
}

/// Bytes of all files under a path.
///
/// # Errors
/// When the path is not there.
pub fn measure(root: &Path) -> io::Result<u64> {
    let meta = std::fs::metadata(root)?;
    if !meta.is_dir() {
        return Ok(meta.len());
    }
    let mut total = 0;
    let mut open = vec![(root.to_path_buf(), 0)];
    while let Some((dir, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else {
            continue;
        };
        for e in entries.flatten() {
            match e.file_type() {
                Ok(t) if t.is_dir() && depth < MAX_DEPTH => open.push((e.path(), depth + 1)),
                Ok(t) if t.is_file() => total += e.metadata().map_or(0, |m| m.len()),
                _ => {}
            }
        }
    }
    Ok(total)
}

/// Walk a path from a position on.
///
/// # Errors
/// [`Stop`].
pub fn walk(
    root: &Path,
    from: Option<Position>,
    sink: &mut dyn FnMut(Item) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let meta = std::fs::metadata(root)
        .map_err(|e| Stop::Failed(format!("{} cannot be read: {e}", root.display())))?;
    let mut w = Walk {
        root,
        from,
        done: 0,
        sink,
    };
    if meta.is_dir() {
        w.folder(root, &mut Vec::new(), 0)
    } else {
        let name = stem(root);
        w.file(root, &[], meta.len(), &name, true)
    }
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn hex(name: &std::ffi::OsStr) -> String {
    data_encoding::HEXLOWER.encode(name.as_encoded_bytes())
}

impl Walk<'_> {
    fn folder(&mut self, dir: &Path, parts: &mut Vec<String>, depth: usize) -> Result<(), Stop> {
        let entries = match std::fs::read_dir(dir) {
            Ok(e) => e,
            Err(e) if parts.is_empty() => {
                return Err(Stop::Failed(format!(
                    "{} cannot be read: {e}",
                    dir.display()
                )));
            }
            Err(e) => return self.bad(dir, parts, format!("the folder cannot be read: {e}")),
        };
        let mut names: Vec<_> = entries
            .flatten()
            .map(|e| (hex(&e.file_name()), e))
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, e) in names {
            let path = e.path();
            let Ok(kind) = e.file_type() else { continue };
            if kind.is_dir() && depth < MAX_DEPTH {
                parts.push(name);
                let out = if self.is_before(parts) {
                    self.done += measure(&path).unwrap_or(0);
                    Ok(())
                } else {
                    self.folder(&path, parts, depth + 1)
                };
                parts.pop();
                out?;
            } else if kind.is_file() {
                let size = e.metadata().map_or(0, |m| m.len());
                parts.push(name);
                let out = if self.is_before(parts) {
                    self.done += size;
                    Ok(())
                } else {
                    self.file(&path, parts, size, &folder_name(self.root, &path), false)
                };
                parts.pop();
                out?;
            }
            // Links and devices are left alone: a link may lead round in a circle or out of the folder.
        }
        Ok(())
    }

    /// All of it was done before the import rested.
    fn is_before(&self, parts: &[String]) -> bool {
        self.from
            .as_ref()
            .is_some_and(|f| parts < f.file.get(..parts.len()).unwrap_or(&f.file))
    }

    fn file(
        &mut self,
        path: &Path,
        parts: &[String],
        size: u64,
        folder: &str,
        alone: bool,
    ) -> Result<(), Stop> {
        let before = self.done;
        let mut mark = None;
        let resumed = self.from.take_if(|f| f.file == parts).filter(|f| {
            let now = mark.insert(marked(path, size).unwrap_or_default());
            f.mark == *now
        });
        let mark = mark.unwrap_or_else(|| marked(path, size).unwrap_or_default());
        let at = Position {
            file: parts.to_vec(),
            mark,
            ..resumed.unwrap_or_default()
        };
        let shown: Arc<str> = path
            .strip_prefix(self.root)
            .ok()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new(path.file_name().unwrap_or_default()))
            .to_string_lossy()
            .into();
        let one = One {
            path,
            shown,
            at,
            size,
            before,
            place: place_of(folder),
        };
        let out = self.read(&one, alone);
        self.done = before + size;
        out
    }

    fn read(&mut self, one: &One<'_>, alone: bool) -> Result<(), Stop> {
        let opened = File::open(one.path).and_then(|mut f| {
            let mut head = vec![0u8; 512];
            let n = read_some(&mut f, &mut head)?;
            head.truncate(n);
            Ok((f, head))
        });
        let (file, head) = match opened {
            Ok(x) => x,
            Err(e) if alone => {
                return Err(Stop::Failed(format!(
                    "{} cannot be read: {e}",
                    one.path.display()
                )));
            }
            Err(e) => {
                return self.give(
                    one,
                    0,
                    one.size,
                    Found::Bad(format!("it cannot be read: {e}")),
                );
            }
        };
        match kind_of(one.path, &head) {
            Some(Kind::Mbox) => self.mbox(one, file),
            Some(Kind::Lines) => self.lines(one, file),
            Some(Kind::Mail) => self.mail(one, file),
            None if alone && one.size == 0 => Ok(()),
            None if alone => Err(Stop::Failed(format!(
                "{} is neither a mail (.eml), a mailbox file (it would begin with “From …”), a Maildir nor an interchange file (.jsonl)",
                one.path.display()
            ))),
            None => self.give(one, 0, one.size, Found::LeftOut),
        }
    }

    fn mbox(&mut self, one: &One<'_>, mut file: File) -> Result<(), Stop> {
        if let Err(e) = file.seek(SeekFrom::Start(one.at.offset)) {
            return self.give(
                one,
                one.at.offset,
                one.size,
                Found::Bad(format!("it cannot be read: {e}")),
            );
        }
        let mut mbox = Mbox::new(
            BufReader::with_capacity(256 * 1024, file),
            one.at.offset,
            MAX_MAIL,
        );
        let mut reached = one.at.offset;
        loop {
            match mbox.next_mail() {
                Ok(None) => return Ok(()),
                Ok(Some(m)) => {
                    reached = m.next;
                    let what = match m.raw {
                        Some(raw) if raw.iter().all(u8::is_ascii_whitespace) => Found::LeftOut,
                        Some(raw) if deleted(&raw) => Found::LeftOut,
                        Some(raw) => Found::Mail {
                            seen: was_read(&raw),
                            raw,
                            place: one.place,
                            filed: m.filed,
                        },
                        None => Found::Bad(too_large()),
                    };
                    self.give(one, m.at, m.next, what)?;
                }
                Err(e) => {
                    return self.give(
                        one,
                        reached,
                        one.size,
                        Found::Bad(format!("it cannot be read further: {e}")),
                    );
                }
            }
        }
    }

    fn mail(&mut self, one: &One<'_>, file: File) -> Result<(), Stop> {
        if one.at.offset >= one.size && one.size > 0 {
            return Ok(());
        }
        let flags = flags(one.path);
        if flags.contains(['T', 'D']) {
            return self.give(one, 0, one.size, Found::LeftOut);
        }
        if one.size > MAX_MAIL as u64 {
            return self.give(one, 0, one.size, Found::Bad(too_large()));
        }
        let mut raw = Vec::new();
        let what = match file_from_start(file)
            .and_then(|f| f.take(MAX_MAIL as u64 + 1).read_to_end(&mut raw))
        {
            Ok(_) => Found::Mail {
                raw,
                place: one.place,
                seen: flags.contains('S'),
                filed: None,
            },
            Err(e) => Found::Bad(format!("it cannot be read: {e}")),
        };
        self.give(one, 0, one.size, what)
    }

    fn lines(&mut self, one: &One<'_>, file: File) -> Result<(), Stop> {
        let mut from = match file_from_start(file) {
            Ok(f) => BufReader::with_capacity(256 * 1024, f),
            Err(e) => {
                return self.give(
                    one,
                    0,
                    one.size,
                    Found::Bad(format!("it cannot be read: {e}")),
                );
            }
        };
        // The header is read again, wherever the rest goes on.
        let (mut offset, mut line) = (0u64, 0u64);
        loop {
            let (text, n) = match bounded_line(&mut from) {
                Ok(None) => {
                    let end = Position {
                        offset,
                        line,
                        ..one.at.clone()
                    };
                    return self.give_at(one, line, end, Found::EndOfLines);
                }
                Ok(Some(l)) => l,
                Err(e) => {
                    return self.give(
                        one,
                        line + 1,
                        one.size,
                        Found::Bad(format!("it cannot be read further: {e}")),
                    );
                }
            };
            offset += n;
            line += 1;
            let next = Position {
                offset,
                line,
                ..one.at.clone()
            };
            let what = match text {
                None => Found::Bad(format!("the line is longer than {} MB", MAX_LINE >> 20)),
                Some(t) if t.iter().all(u8::is_ascii_whitespace) => {
                    continue;
                }
                Some(t) => Found::Line {
                    text: t,
                    file: one.path.to_path_buf(),
                },
            };
            self.give_at(one, line, next, what)?;
            if offset < one.at.offset {
                if let Err(e) = from.seek(SeekFrom::Start(one.at.offset)) {
                    return self.give(
                        one,
                        line,
                        one.size,
                        Found::Bad(format!("it cannot be read: {e}")),
                    );
                }
                (offset, line) = (one.at.offset, one.at.line);
            }
        }
    }

    fn give(&mut self, one: &One<'_>, at: u64, next: u64, what: Found) -> Result<(), Stop> {
        let next = Position {
            offset: next,
            ..one.at.clone()
        };
        self.give_at(one, at, next, what)
    }

    fn give_at(&mut self, one: &One<'_>, at: u64, next: Position, what: Found) -> Result<(), Stop> {
        let done = one.before + next.offset;
        (self.sink)(Item {
            file: Arc::clone(&one.shown),
            at,
            next,
            done,
            what,
        })
    }

    fn bad(&mut self, path: &Path, parts: &[String], why: String) -> Result<(), Stop> {
        let one = One {
            path,
            shown: path.to_string_lossy().into(),
            at: Position {
                file: parts.to_vec(),
                ..Position::default()
            },
            size: 0,
            before: self.done,
            place: Place::Other,
        };
        self.give(&one, 0, 0, Found::Bad(why))
    }
}

/// A file under way.
struct One<'a> {
    path: &'a Path,
    shown: Arc<str>,
    at: Position,
    size: u64,
    before: u64,
    place: Place,
}

enum Kind {
    Mbox,
    Mail,
    Lines,
}

/// By where it lies, by its name, by its beginning.
fn kind_of(path: &Path, head: &[u8]) -> Option<Kind> {
    if in_maildir(path) {
        return Some(Kind::Mail);
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = head.trim_ascii_start();
    let ends = |all: &[&str]| {
        path.extension()
            .is_some_and(|e| all.iter().any(|x| e.eq_ignore_ascii_case(x)))
    };
    if ends(&["jsonl", "ndjson"]) || start.starts_with(b"{\"parley\"") {
        return Some(Kind::Lines);
    }
    if start.starts_with(b"From ") {
        return Some(Kind::Mbox);
    }
    if ends(&["eml"]) {
        return Some(Kind::Mail);
    }
    ends(&["mbox", "mbx"]).then_some(Kind::Mbox)
}

fn in_maildir(path: &Path) -> bool {
    let Some(dir) = path.parent() else {
        return false;
    };
    let leaf = dir.file_name().is_some_and(|n| n == "cur" || n == "new");
    leaf && dir
        .parent()
        .is_some_and(|box_| box_.join("cur").is_dir() && box_.join("new").is_dir())
}

/// The name of the folder that a file's mails lie in: the Maildir's, the mailbox file's, else the directory's.
fn folder_name(root: &Path, path: &Path) -> String {
    let dir = path.parent().unwrap_or(root);
    let last = |p: &Path| {
        p.file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    if in_maildir(path) {
        let of = dir.parent().unwrap_or(root);
        if of == root {
            return "inbox".into();
        }
        let name = last(of);
        return name.rsplit('.').next().unwrap_or(&name).to_owned();
    }
    if path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("eml"))
    {
        return last(dir);
    }
    stem(path)
}

/// The flags of a Maildir's file name: what stands after `:2,`, or `;2,` and `!2,` where a colon may not.
fn flags(path: &Path) -> String {
    if !in_maildir(path) {
        return String::new();
    }
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    name.rsplit_once("2,")
        .filter(|(before, _)| before.ends_with([':', ';', '!']))
        .map(|(_, f)| f.to_owned())
        .unwrap_or_default()
}

fn too_large() -> String {
    format!(
        "it is larger than {} MB, the most that is read",
        MAX_MAIL >> 20
    )
}

/// Mozilla only marks what was deleted until the folder is compacted.
fn deleted(raw: &[u8]) -> bool {
    header(raw, "x-mozilla-status")
        .and_then(|v| u32::from_str_radix(&v, 16).ok())
        .is_some_and(|f| f & 0x0008 != 0)
}

fn was_read(raw: &[u8]) -> bool {
    header(raw, "status").is_some_and(|v| v.contains('R'))
        || header(raw, "x-mozilla-status")
            .and_then(|v| u32::from_str_radix(&v, 16).ok())
            .is_some_and(|f| f & 0x0001 != 0)
}

fn file_from_start(mut f: File) -> io::Result<File> {
    f.seek(SeekFrom::Start(0))?;
    Ok(f)
}

fn read_some(f: &mut File, into: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < into.len() {
        match f.read(into.get_mut(n..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(k) => n += k,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

/// What tells a file from another one of its name: size and beginning.
fn marked(path: &Path, size: u64) -> io::Result<String> {
    let mut head = vec![0u8; MARK];
    let n = read_some(&mut File::open(path)?, &mut head)?;
    head.truncate(n);
    let digest = Sha256::digest(&head);
    Ok(format!(
        "{size}-{}",
        data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default())
    ))
}

type BoundedLine = (Option<Vec<u8>>, u64);

/// A line without its end; `None` in place of one that is too long. Nothing more at the end.
fn bounded_line(from: &mut impl BufRead) -> io::Result<Option<BoundedLine>> {
    let (mut out, mut n, mut long) = (Vec::new(), 0u64, false);
    loop {
        let buffer = match from.fill_buf() {
            Ok(b) => b,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if buffer.is_empty() {
            return Ok((n > 0).then_some(((!long).then_some(out), n)));
        }
        let end = buffer.iter().position(|b| *b == b'\n');
        let take = end.map_or(buffer.len(), |i| i + 1);
        if !long {
            out.extend_from_slice(buffer.get(..end.unwrap_or(take)).unwrap_or_default());
            if out.len() > MAX_LINE {
                (out, long) = (Vec::new(), true);
            }
        }
        from.consume(take);
        n += take as u64;
        if end.is_some() {
            return Ok(Some(((!long).then_some(out), n)));
        }
    }
}
