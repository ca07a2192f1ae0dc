//! Export: one snapshot of the store as an interchange file, a page in memory at a time.

use super::digest;
use crate::connectors::email::identity;
use crate::error::{Error, Result};
use crate::model::interchange::{Attachment, EndLine, FORMAT, Header, Ids, Instant, VERSION};
use crate::model::log::Entity;
use crate::model::{Channel, CustomerId, Identity};
use crate::store::files::{FileRow, Files};
use crate::store::transfer::{self as rows, Given, Scope};
use crate::store::{Identity as Ours, conversations, log};
use crate::time::Millis;
use rusqlite::Connection;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Messages and entries in memory at a time.
const PAGE: u32 = 200;

/// Where files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attached {
    /// Into their message's line, as base64.
    #[default]
    Inline,
    /// Beside the export, in `attachments/<sha256>`, each content once.
    Beside,
    /// Nowhere: only their names.
    Left,
}

/// What is exported, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only these conversations, as shown.
    pub conversations: Vec<CustomerId>,
    /// Files.
    pub attached: Attached,
    /// Also mails as they came.
    pub raw: bool,
    /// Make the content's digest.
    pub digest: bool,
}

/// What was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Messages.
    pub messages: u64,
    /// Entries of the log.
    pub entries: u64,
    /// Bytes of lines.
    pub bytes: u64,
    /// Files whose content is damaged or missing here.
    pub missing_files: u64,
    /// The content's digest, independent of ids.
    pub digest: Option<String>,
}

/// What an export reads from.
pub struct From<'a> {
    /// The store.
    pub conn: &'a Connection,
    /// Whose.
    pub ours: &'a Ours,
    /// Kept files.
    pub files: &'a Files,
    /// The present.
    pub now: Millis,
}

/// Write an export. `beside` is the folder that it lies in, where files may lie.
///
/// # Errors
/// When the store cannot be read, `out` not be written, or `cancel` was set ([`Error::Refused`]).
pub fn export(
    from: &From<'_>,
    options: &Options,
    out: &mut dyn Write,
    beside: Option<&Path>,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Exported> {
    // One snapshot: what arrives meanwhile is not half in it.
    let conn = &*from.conn.unchecked_transaction()?;
    let scope = scope(conn, &options.conversations)?;
    let total = conn.query_row("SELECT count(*) FROM message", [], |r| r.get::<_, i64>(0))?;
    let mut w = Writer {
        from,
        conn,
        options,
        scope,
        out,
        beside,
        cancel,
        did: Exported::default(),
        buffer: Vec::new(),
    };
    w.head(total.unsigned_abs())?;
    w.handles()?;
    w.entries(true)?;
    w.messages(total.unsigned_abs(), progress)?;
    w.entries(false)?;
    w.drafts()?;
    if options.digest && options.conversations.is_empty() {
        w.did.digest = Some(digest::content(conn)?);
    }
    let end = EndLine {
        messages: w.did.messages,
        entries: w.did.entries,
        digest: w.did.digest.clone(),
    };
    w.line("end", &end)?;
    w.flush()?;
    Ok(w.did)
}

fn scope(conn: &Connection, chosen: &[CustomerId]) -> Result<Scope> {
    if chosen.is_empty() {
        return Ok(None);
    }
    let mut all = BTreeSet::new();
    for c in chosen {
        all.extend(conversations::members(conn, *c)?);
    }
    Ok(Some(all))
}

struct Writer<'a> {
    from: &'a From<'a>,
    conn: &'a Connection,
    options: &'a Options,
    scope: Scope,
    out: &'a mut dyn Write,
    beside: Option<&'a Path>,
    cancel: &'a AtomicBool,
    did: Exported,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    /// `{"type":…,` and the rest of the object.
    fn line(&mut self, kind: &str, line: &impl Serialize) -> Result<()> {
        let start = self.buffer.len();
        serde_json::to_writer(&mut self.buffer, line)
            .map_err(|e| Error::Internal(e.to_string()))?;
        let empty = self.buffer.len() == start + 2;
        let head = if kind.is_empty() {
            String::from("{")
        } else {
            format!("{{\"type\":\"{kind}\"{}", if empty { "" } else { "," })
        };
        self.buffer.splice(start..=start, head.into_bytes());
        self.buffer.push(b'\n');
        if self.buffer.len() > 256 * 1024 {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.cancel.load(Ordering::SeqCst) {
            return Err(Error::Refused("the export was stopped".into()));
        }
        self.out
            .write_all(&self.buffer)
            .and_then(|()| self.out.flush())
            .map_err(|e| Error::io("writing the export", e))?;
        self.did.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn head(&mut self, total: u64) -> Result<()> {
        let whole = self.scope.is_none();
        let ids = &self.from.ours.ids;
        let header = Header {
            parley: FORMAT.to_owned(),
            version: VERSION,
            exported_at: Some(Instant(self.from.now)),
            by: Some(concat!("Parley ", env!("CARGO_PKG_VERSION")).to_owned()),
            whole: Some(whole),
            messages: whole.then_some(total),
            ids: Some(Ids {
                check: rows::check(ids),
                sealed: whole
                    .then(|| rows::sealed(ids, self.from.files))
                    .transpose()?,
            }),
            agent: Some(self.from.ours.agent.hex()),
        };
        self.line("", &header)?;
        for a in rows::given_accounts(self.conn, &self.scope)? {
            self.line("account", &a)?;
        }
        for a in rows::given_agents(self.conn)? {
            self.line("agent", &a)?;
        }
        Ok(())
    }

    fn handles(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let (lines, last) = rows::given_handles(self.conn, &self.scope, after, PAGE)?;
            for l in lines {
                self.line("handle", &l)?;
            }
            let Some(last) = last else { return Ok(()) };
            after = Some(last);
        }
    }

    /// Accounts, people and settings come before the messages, all else after them.
    fn entries(&mut self, first: bool) -> Result<()> {
        let mut after = 0;
        loop {
            let page = log::page(self.conn, after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = *last;
            for (_, e) in page {
                let early = matches!(e.entity, Entity::Account | Entity::Agent | Entity::Setting);
                let chosen = match &self.scope {
                    None => true,
                    Some(s) => {
                        e.entity == Entity::Agent
                            || !early && e.conversation.is_some_and(|c| s.contains(&c))
                    }
                };
                // Of erased ones there is nothing to tell.
                if early == first && chosen && !e.changes.is_empty() {
                    self.did.entries += 1;
                    self.line("entry", &rows::entry_line(&e))?;
                }
            }
        }
    }

    /// What was begun and not sent, of a whole workspace: whoever gets some conversations gets no half-written words.
    fn drafts(&mut self) -> Result<()> {
        if self.scope.is_some() {
            return Ok(());
        }
        for d in rows::drafts::given(self.conn)? {
            let mut line = d.line;
            for f in d.files {
                let a = self.attachment(&f)?;
                line.attachments.push(a);
            }
            self.line("draft", &line)?;
        }
        Ok(())
    }

    fn messages(&mut self, total: u64, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        let (mut after, mut seen) = (-1, 0);
        loop {
            let (page, last) = rows::given(self.conn, &self.scope, after, PAGE)?;
            let Some(last) = last else { return Ok(()) };
            after = last;
            seen += u64::from(PAGE);
            for g in page {
                self.message(g)?;
            }
            progress(seen.min(total), total);
        }
    }

    fn message(&mut self, mut g: Given) -> Result<()> {
        if let Some(h) = g.html.take() {
            g.line.html = Some(with_links(&h, &g.links));
        }
        let is_mail = g.line.channel == Channel::Email && g.polled;
        if is_mail || self.options.raw || g.line.unreadable.is_some() {
            self.raw(&mut g, is_mail)?;
        }
        for f in std::mem::take(&mut g.files) {
            let a = self.attachment(&f)?;
            g.line.attachments.push(a);
        }
        self.did.messages += 1;
        self.line("message", &g.line)
    }

    /// The raw form, where it is asked for or all there is; and the identity, as far as it follows from it.
    fn raw(&mut self, g: &mut Given, is_mail: bool) -> Result<()> {
        let Some(raw) = rows::raw(self.conn, self.from.files, g.rid)? else {
            return Ok(());
        };
        if is_mail && let Identity::Content(parts) = identity::of(&raw) {
            let mut all: Vec<&[u8]> = vec![b"message"];
            all.extend(parts.iter().map(Vec::as_slice));
            if self.from.ours.ids.id(&all) == g.id.0 {
                g.line.identity = parts
                    .iter()
                    .map(|p| data_encoding::BASE64.encode(p))
                    .collect();
            }
        }
        if self.options.raw || g.line.unreadable.is_some() {
            let packed =
                zstd::bulk::compress(&raw, 3).map_err(|e| Error::io("compressing a message", e))?;
            g.line.raw_zstd = Some(data_encoding::BASE64.encode(&packed));
        }
        Ok(())
    }

    fn attachment(&mut self, f: &FileRow) -> Result<Attachment> {
        let hash = data_encoding::HEXLOWER.encode(&f.hash);
        let mut a = Attachment {
            name: f.name.clone(),
            mime: f.mime.clone(),
            size: Some(f.size),
            sha256: Some(hash.clone()),
            content_id: f.content_id.clone(),
            inline: f.inline,
            content: None,
        };
        let beside = match self.options.attached {
            Attached::Left => return Ok(a),
            Attached::Inline => None,
            Attached::Beside => self.beside,
        };
        let path = beside.map(|b| b.join("attachments").join(&hash));
        if path.as_ref().is_some_and(|p| p.exists()) {
            return Ok(a);
        }
        // One damaged file must not keep all the rest from being exported.
        let Ok(bytes) = self.from.files.read(&f.hash) else {
            self.did.missing_files += 1;
            return Ok(a);
        };
        match path {
            None => a.content = Some(data_encoding::BASE64.encode(&bytes)),
            Some(p) => {
                let part = p.with_extension("part");
                p.parent()
                    .map_or(Ok(()), private_folder)
                    .and_then(|()| std::fs::write(&part, &bytes))
                    .and_then(|()| std::fs::rename(&part, &p))
                    .map_err(|e| Error::io(format!("writing {}", p.display()), e))?;
            }
        }
        Ok(a)
    }
}

/// A folder that its owner alone can look into.
fn private_folder(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Links by number become links again.
fn with_links(html: &str, links: &[String]) -> String {
    const MARK: &str = "\"part-link:";
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(i) = rest.find(MARK) {
        let (before, after) = rest.split_at(i);
        out.push_str(before);
        let after = after.strip_prefix(MARK).unwrap_or_default();
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (n, tail) = after.split_at(digits);
        let url = n.parse::<usize>().ok().and_then(|n| links.get(n));
        out.push('"');
        for c in url.map(String::as_str).unwrap_or_default().chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '"' => out.push_str("&quot;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                c => out.push(c),
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_by_number_become_links_again_and_cannot_break_out() {
        let html = "<a href=\"part-link:1\">x</a> <a href=\"part-link:0\">y</a> <a href=\"part-link:9\">z</a>";
        let links = vec![
            "https://a.test/?a=1&b=2".to_owned(),
            "https://b.test/\"><b>".to_owned(),
        ];
        assert_eq!(
            with_links(html, &links),
            "<a href=\"https://b.test/&quot;&gt;&lt;b&gt;\">x</a> <a href=\"https://a.test/?a=1&amp;b=2\">y</a> <a href=\"\">z</a>"
        );
    }
}
