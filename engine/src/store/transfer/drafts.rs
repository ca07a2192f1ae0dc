//! Drafts travel too: each is its author's own row, kept with what it was begun for.

use super::super::Tx;
use super::super::files::{self, FileRow};
use super::ids::Naming;
use crate::error::{Error, Result};
use crate::model::filename::{FileWarning, warning};
use crate::model::interchange::{DraftLine, Instant};
use crate::model::rich::Rich;
use crate::model::{AccountId, AgentId, CustomerId, FileId, IncomingFile, MessageId, Party};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::collections::BTreeMap;

/// The row's body, as the window keeps it (`api::dto::Draft`).
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    note: bool,
    text: String,
    #[serde(default)]
    html: Option<String>,
    subject: Option<String>,
    to: Vec<Party>,
    cc: Vec<Party>,
    #[serde(default)]
    bcc: Vec<Party>,
    account: Option<AccountId>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    quote: bool,
    #[serde(default)]
    signature: bool,
    #[serde(default)]
    forwarding: Option<MessageId>,
    files: Vec<KeptFile>,
    updated_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptFile {
    id: FileId,
    name: String,
    mime: String,
    size: u64,
    inline: bool,
    risky: bool,
    warning: Option<FileWarning>,
}

/// A draft to be exported, and its staged files.
#[derive(Debug)]
pub struct GivenDraft {
    /// Its line, without files.
    pub line: DraftLine,
    /// Its files.
    pub files: Vec<FileRow>,
}

/// Formatting with its pictures as their files are called; none where it cannot be read.
fn with_pictures(html: Option<&str>, called: &BTreeMap<FileId, FileId>) -> Option<Rich> {
    let rich = Rich::read(html?).ok()?;
    Some(rich.with_pictures(|f| called.get(&f).copied()))
}

/// All drafts. One whose body cannot be read is left out.
///
/// # Errors
/// When the store fails.
pub fn given(conn: &Connection) -> Result<Vec<GivenDraft>> {
    let mut s = conn.prepare(
        "SELECT conversation, agent, body, updated_at FROM draft ORDER BY conversation, agent, note",
    )?;
    let rows = s
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?
        .collect::<rusqlite::Result<Vec<(CustomerId, AgentId, String, i64)>>>()?;
    let mut out = Vec::new();
    for (conversation, agent, body, at) in rows {
        let Ok(k) = serde_json::from_str::<Kept>(&body) else {
            continue;
        };
        let mut staged: Vec<FileRow> = Vec::new();
        let mut called = BTreeMap::new();
        for f in &k.files {
            match files::get(conn, f.id) {
                Ok(row) => {
                    // By its place, which is the same wherever the draft is.
                    let place = FileId((staged.len() as u128 + 1).to_be_bytes());
                    called.insert(f.id, place);
                    let content_id = k.html.is_some().then(|| place.hex());
                    staged.push(FileRow { content_id, ..row });
                }
                Err(Error::NotFound(_)) => {}
                Err(e) => return Err(e),
            }
        }
        out.push(GivenDraft {
            line: DraftLine {
                conversation: conversation.hex(),
                agent: Some(agent.hex()),
                note: k.note,
                text: k.text,
                html: with_pictures(k.html.as_deref(), &called).map(|r| r.html()),
                subject: k.subject,
                to: k.to,
                cc: k.cc,
                bcc: k.bcc,
                account: k.account.map(|a| a.hex()),
                from: k.from,
                quote: k.quote,
                signature: k.signature,
                forwarding: k.forwarding.map(|m| m.hex()),
                attachments: Vec::new(),
                updated_at: Instant(at),
                unknown: Map::new(),
            },
            files: staged,
        });
    }
    Ok(out)
}

/// Take in a draft. One that is here already and as new stays. `me` is who wrote the file: where the workspace was
/// empty, that is the person at it. Returns whether it was new.
///
/// # Errors
/// [`Error::Invalid`] with the reason when this line cannot be taken; else when the store fails.
pub fn draft(
    tx: &mut Tx<'_>,
    naming: &Naming,
    me: Option<AgentId>,
    line: &DraftLine,
    attached: &[IncomingFile],
) -> Result<bool> {
    const MOST: usize = 1_000_000;
    let conversation = naming
        .known(tx, &line.conversation)?
        .map(CustomerId)
        .ok_or_else(|| {
            Error::Invalid("it was begun in a conversation that no line before it describes".into())
        })?;
    if line.text.len() > MOST {
        return Err(Error::Invalid("its “text” is too long".into()));
    }
    let said = match line.agent.as_deref() {
        Some(a) => {
            AgentId::parse(a).ok_or_else(|| Error::Invalid("its “agent” is not one".into()))?
        }
        None => tx.identity.agent,
    };
    let agent = if naming.settings && Some(said) == me {
        tx.identity.agent
    } else {
        said
    };
    // Where it once became that of the person at the desk, the same file again brings no second one.
    let mine = (Some(said) == me).then_some(tx.identity.agent);
    for whose in [Some(agent), mine].into_iter().flatten() {
        let known: Option<i64> = tx
            .prepare_cached(
                "SELECT updated_at FROM draft WHERE conversation = ?1 AND agent = ?2 AND note = ?3",
            )?
            .query_row(params![conversation, whose, line.note], |r| r.get(0))
            .optional()?;
        if known.is_some_and(|k| k >= line.updated_at.0) {
            return Ok(false);
        }
    }
    let body = kept(tx, naming, line, conversation, agent, attached)?;
    let body = serde_json::to_string(&body).map_err(|e| Error::Internal(e.to_string()))?;
    tx.execute(
        "INSERT INTO draft (conversation, agent, note, body, updated_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
        params![conversation, agent, line.note, body, line.updated_at.0],
    )?;
    tx.touch(conversation);
    Ok(true)
}

fn kept(
    tx: &Tx<'_>,
    naming: &Naming,
    line: &DraftLine,
    conversation: CustomerId,
    agent: AgentId,
    attached: &[IncomingFile],
) -> Result<Kept> {
    let id = |theirs: &Option<String>| -> Result<Option<[u8; 16]>> {
        match theirs {
            Some(t) => naming.known(tx, t),
            None => Ok(None),
        }
    };
    let mut staged = Vec::new();
    let mut called = BTreeMap::new();
    for (i, f) in attached.iter().enumerate() {
        let at = line.updated_at.0.to_be_bytes();
        let file = FileId(tx.identity.ids.id(&[
            b"draft file",
            &conversation.0,
            &agent.0,
            &at,
            &(i as u64).to_be_bytes(),
        ]));
        let cid = f.content_id.as_deref();
        files::add(tx, file, None, 0, &f.name, &f.mime, cid, f.inline, &f.bytes)?;
        if let Some(theirs) = cid.and_then(FileId::parse) {
            called.insert(theirs, file);
        }
        let warning = warning(&f.name, &f.mime);
        staged.push(KeptFile {
            id: file,
            name: f.name.clone(),
            mime: f.mime.clone(),
            size: f.bytes.len() as u64,
            inline: f.inline,
            risky: warning == Some(FileWarning::Runs),
            warning,
        });
    }
    let rich = with_pictures(line.html.as_deref().filter(|_| !line.note), &called);
    let text = rich.as_ref().map_or_else(|| line.text.clone(), Rich::text);
    let html = rich.filter(|r| !r.is_plain()).map(|r| r.html());
    Ok(Kept {
        note: line.note,
        text,
        html,
        subject: line.subject.clone(),
        to: line.to.clone(),
        cc: line.cc.clone(),
        bcc: line.bcc.clone(),
        account: id(&line.account)?.map(AccountId),
        from: line.from.clone(),
        quote: line.quote,
        signature: line.signature,
        forwarding: id(&line.forwarding)?.map(MessageId),
        files: staged,
        updated_at: line.updated_at.0,
    })
}
