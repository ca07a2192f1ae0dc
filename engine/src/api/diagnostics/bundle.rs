//! The texts of the bundle. Each is made of facts that are named here one by one; nothing is copied whole but the log,
//! and that goes through the redactor line by line.

use super::super::Desk;
use super::super::dto::{Diagnostics, DiagnosticsPart};
use super::super::session::blocking;
use super::redact::Redactor;
use super::size::counted;
use crate::error::{Error, Result};
use crate::model::SmsVia;
use crate::model::{AccountConfig, Auth, EmailConfig, MailServer};
use crate::store::accounts::{self, AccountRow};
use crate::store::keep::backup;
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Instant;

/// Lines of the log that are taken.
const LINES: usize = 2_000;
/// Names that are looked for in the log. A workspace with more customers than this has its newest ones looked for.
const NAMES: usize = 200_000;
/// A line that is longer is cut: it is no line of ours.
const LONGEST: usize = 2_000;

const READ_ME: &str = "This bundle describes how Parley runs on this computer. It was made because somebody asked for it, and was sent \
nowhere by itself.\n\n\
Inside: versions (versions.json), settings that change how the program behaves (settings.json), how the accounts are \
(accounts.json), how the data is kept and how much there is (data.json), how long a few questions took (timings.json), \
and the last lines of the log (log.txt).\n\n\
Not inside: messages, subjects, notes, names, addresses, telephone numbers, files, passwords, tokens, keys. Hosts, \
folders and ids are replaced by marks such as <host 1a2b3c>, which are the same for the same thing in this bundle and \
others in the next. Look through it before you send it on: it is plain text.\n";

/// Everything of the bundle.
pub(super) async fn parts(desk: &Desk) -> Result<Diagnostics> {
    let store = desk.engine.store();
    let dir = store.dir().to_path_buf();
    let (redactor, accounts, settings, facts, timings) = store
        .read(|c| {
            let rows = accounts::all(c)?;
            let redactor = Redactor::new(crate::model::id::random_id(), names(c, &rows)?);
            let described = rows.iter().map(|a| account(&redactor, a)).collect();
            Ok((
                redactor,
                Value::Array(described),
                settings(c)?,
                facts(c)?,
                timings(c)?,
            ))
        })
        .await?;
    let runs_on = desk.host.runs_on();
    let trouble = store.health().refusal().map(|e| e.code());
    blocking(move || {
        let log: String = tail(&dir.join("logs"))
            .iter()
            .map(|line| redactor.line(line) + "\n")
            .collect();
        let data = data(&dir, &facts, trouble);
        let part = |name: &str, text: String| DiagnosticsPart {
            name: name.to_owned(),
            text,
        };
        Ok(Diagnostics {
            parts: vec![
                part("README.txt", READ_ME.to_owned()),
                part("versions.json", pretty(&versions(&runs_on))?),
                part("settings.json", pretty(&settings)?),
                part("accounts.json", pretty(&accounts)?),
                part("data.json", pretty(&data)?),
                part("timings.json", pretty(&timings)?),
                part("log.txt", log),
            ],
        })
    })
    .await
}

fn pretty(v: &Value) -> Result<String> {
    serde_json::to_string_pretty(v)
        .map(|text| text + "\n")
        .map_err(|e| Error::Internal(e.to_string()))
}

/// Every name that the workspace knows: what must not be in the log, and is looked for all the same.
fn names(c: &Connection, accounts: &[AccountRow]) -> Result<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for sql in [
        "SELECT name FROM agent LIMIT ?1",
        "SELECT name FROM customer WHERE name IS NOT NULL LIMIT ?1",
        "SELECT name FROM handle WHERE name IS NOT NULL ORDER BY name_at DESC LIMIT ?1",
    ] {
        let mut s = c.prepare(sql)?;
        let found = s.query_map([i64::try_from(NAMES).unwrap_or(i64::MAX)], |r| r.get(0))?;
        all.extend(found.collect::<rusqlite::Result<Vec<String>>>()?);
    }
    for a in accounts {
        all.push(a.config.display_name().to_owned());
    }
    Ok(all)
}

fn versions(runs_on: &[(&'static str, String)]) -> Value {
    let mut all = Map::new();
    all.insert("parley".into(), json!(env!("CARGO_PKG_VERSION")));
    all.insert("sqlite".into(), json!(rusqlite::version()));
    all.insert("system".into(), json!(system()));
    all.insert("architecture".into(), json!(std::env::consts::ARCH));
    all.insert("debug".into(), json!(cfg!(debug_assertions)));
    for name in ["XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP"] {
        all.insert(name.to_lowercase(), json!(plain_word(name)));
    }
    for (name, version) in runs_on {
        all.insert((*name).to_owned(), json!(version));
    }
    Value::Object(all)
}

/// A variable of the session, where it is the word one expects there.
fn plain_word(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| {
        v.len() <= 40
            && v.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'))
    })
}

/// The system's name and version, as it calls itself.
fn system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|l| l.strip_prefix("PRETTY_NAME="))
        .map(|v| v.trim_matches('"').to_owned());
    name.unwrap_or_else(|| std::env::consts::OS.to_owned())
}

/// Settings that change how the program behaves, by their names here: a new one is no part of it before somebody has
/// thought about what it may hold.
fn settings(c: &Connection) -> Result<Value> {
    const HARMLESS: &[&str] = &[
        "hold_seconds",
        "reopen_days",
        "wait_target",
        "theme",
        "notify",
        "notify_text",
        "close_to_tray",
        "zoom",
    ];
    let mut all = Map::new();
    let mut s = c.prepare("SELECT key, value FROM setting ORDER BY key")?;
    let rows = s.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))?;
    for row in rows {
        let (key, value) = row?;
        let value = serde_json::from_str(&value).unwrap_or(Value::Null);
        // A number, a switch or one word; anything longer is not what the name promises.
        let short = value.is_number()
            || value.is_boolean()
            || value.as_str().is_some_and(|s| s.len() <= 10);
        if HARMLESS.contains(&key.as_str()) && short {
            all.insert(key, value);
        }
    }
    Ok(Value::Object(all))
}

fn account(red: &Redactor, a: &AccountRow) -> Value {
    let gaps: Vec<Value> = a
        .gaps
        .iter()
        .map(|g| json!({ "place": red.mark(&g.place), "since": g.since, "reason": red.line(&g.reason) }))
        .collect();
    json!({
        "account": red.mark(&a.id.hex()),
        "channel": a.config.channel(),
        "address": match &a.config {
            AccountConfig::Email(e) => red.address(&e.address),
            other => red.mark(other.sender()),
        },
        "settings": match &a.config {
            AccountConfig::Email(e) => mailbox(red, e),
            other => reached(red, other),
        },
        "state": a.state,
        "says": red.line(&a.says),
        "paused": a.paused,
        "history": a.history,
        "last_success": a.last_success,
        "next_try": a.next_try,
        "progress": a.progress,
        "cursor_bytes": a.cursor.as_ref().map(|c| c.0.len()),
        "gaps": gaps,
        "messages": a.messages,
        "live_from": a.live_from,
        "max_message": a.max_message,
    })
}

fn mailbox(red: &Redactor, e: &EmailConfig) -> Value {
    json!({
        "reads_from": server(red, &e.imap),
        "sends_by": server(red, &e.smtp),
        "signs_in": signs_in(e),
        "aliases": e.aliases.len(),
        "folders_chosen": e.folders.len(),
        "trusted_certificates": e.trusted_fingerprints.len() + usize::from(e.trusted_certificate.is_some()),
        "sync_read": e.sync_read,
        "signature": !e.signature.is_empty(),
    })
}

/// How an account of another channel is reached: by which host and door, never by whom.
fn reached(red: &Redactor, config: &AccountConfig) -> Value {
    let host = |base: &str| {
        url::Url::parse(base)
            .ok()
            .and_then(|u| u.host_str().map(|h| red.host(h)))
    };
    match config {
        AccountConfig::Email(_) => Value::Null,
        AccountConfig::Instagram(m) | AccountConfig::Messenger(m) => json!({
            "door": m.door, "version": m.version, "host": host(&m.base_url), "keep_media": m.keep_media, "human_agent": m.human_agent,
        }),
        AccountConfig::Sms(s) => match &s.via {
            SmsVia::Twilio(t) => {
                json!({ "via": "twilio", "host": host(&t.base_url), "service": !t.messaging_service.is_empty() })
            }
            SmsVia::Phone(g) => json!({ "via": "phone", "host": host(&g.base_url) }),
        },
        AccountConfig::Whatsapp(w) => {
            json!({ "via": "twilio", "host": host(&w.twilio.base_url), "templates": w.templates.len() })
        }
        AccountConfig::Telegram(t) => json!({ "host": host(&t.base_url) }),
        AccountConfig::Matrix(m) | AccountConfig::Webchat(m) => {
            json!({ "host": host(&m.homeserver), "signs_in": m.sign_in })
        }
    }
}

fn server(red: &Redactor, s: &MailServer) -> Value {
    json!({ "host": red.host(&s.host), "port": s.port, "security": s.security })
}

fn signs_in(e: &EmailConfig) -> Value {
    match &e.auth {
        Auth::Password => json!("password"),
        Auth::Oauth { provider, .. } => json!({ "oauth": provider }),
    }
}

fn facts(c: &Connection) -> Result<Value> {
    let counted: Map<String, Value> = counted(c)?
        .into_iter()
        .map(|n| (n.key, json!(n.count)))
        .collect();
    let pragma = |name: &str| -> Option<Value> {
        c.query_row(&format!("PRAGMA {name}"), [], |r| {
            r.get::<_, rusqlite::types::Value>(0)
        })
        .ok()
        .map(|v| match v {
            rusqlite::types::Value::Integer(n) => json!(n),
            rusqlite::types::Value::Text(t) => json!(t),
            _ => Value::Null,
        })
    };
    Ok(json!({
        "counted": counted,
        "schema": pragma("user_version"),
        "cipher": pragma("cipher_version"),
        "journal": pragma("journal_mode"),
        "page_size": pragma("page_size"),
        "pages": pragma("page_count"),
        "free_pages": pragma("freelist_count"),
    }))
}

fn data(dir: &Path, facts: &Value, trouble: Option<&'static str>) -> Value {
    let backups = backup::list(dir);
    json!({
        "database": facts,
        "backups": backups.len(),
        "backup_bytes": backup::size(&backups),
        "last_backup": backups.first().map(|e| e.manifest.at),
        "cannot_write": trouble,
        "risky_folder": crate::store::keep::folder::warning(dir).is_some(),
    })
}

/// How long a few questions take that the window asks all the time, in milliseconds.
fn timings(c: &Connection) -> Result<Value> {
    let mut all = Map::new();
    for (name, sql) in [
        (
            "newest conversations",
            "SELECT count(*) FROM (SELECT * FROM conversation LIMIT 50)",
        ),
        (
            "newest messages",
            "SELECT count(*) FROM (SELECT * FROM timeline LIMIT 200)",
        ),
        (
            "newest entries",
            "SELECT count(*) FROM (SELECT * FROM entry ORDER BY seq DESC LIMIT 200)",
        ),
    ] {
        let start = Instant::now();
        let _: i64 = c.query_row(sql, [], |r| r.get(0))?;
        let took = start.elapsed().as_secs_f64() * 1_000.0;
        all.insert(name.to_owned(), json!((took * 1_000.0).round() / 1_000.0));
    }
    Ok(Value::Object(all))
}

/// The last lines of the log, oldest first, also from the file before.
fn tail(logs: &Path) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in ["parley.log", "parley.1.log", "parley.2.log"] {
        if lines.len() >= LINES {
            break;
        }
        let Ok(bytes) = std::fs::read(logs.join(name)) else {
            break;
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut older: Vec<String> = text
            .lines()
            .rev()
            .take(LINES - lines.len())
            .map(|l| l.chars().take(LONGEST).collect())
            .collect();
        older.reverse();
        older.append(&mut lines);
        lines = older;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_goes_on_in_the_file_before() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, from: usize, to: usize| {
            let text: String = (from..to).map(|n| format!("{n}\n")).collect();
            std::fs::write(dir.path().join(name), text).unwrap();
        };
        write("parley.1.log", 0, 3_000);
        write("parley.log", 3_000, 3_500);
        let lines = tail(dir.path());
        assert_eq!(lines.len(), LINES);
        assert_eq!(
            (
                lines.first().unwrap().as_str(),
                lines.last().unwrap().as_str()
            ),
            ("1500", "3499")
        );
        assert!(tail(&dir.path().join("gone")).is_empty());
    }
}
