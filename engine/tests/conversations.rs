//! Mails as real programs write them, through reading and ingest, told as conversations in `golden/conversations`.
//! `PARLEY_WRITE_GOLDEN=1` writes them anew; then read the difference before committing it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)] // helpers fail as tests do

mod scene;

use parley_engine::api::dto::{MessageItem, TimelineItem, View};
use parley_engine::api::{args, dto};
use parley_engine::connectors::email::convert::convert;
use parley_engine::model::{Event, FoldKind, Place, RemoteId};
use scene::{DAY, MONDAY, Scene, TEAM};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn here(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder)
}

fn mails() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(here("data/mails"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "eml"))
        .map(|p| {
            let name = p.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(p).unwrap())
        })
        .collect();
    all.sort();
    all
}

fn event(name: &str, raw: &[u8]) -> Event {
    let place = if name.ends_with("-sent") {
        Place::Sent
    } else {
        Place::Inbox
    };
    convert(raw, RemoteId(name.to_owned()), place, None, true)
}

/// The minute since the scene began, as day and time.
fn told(at: i64) -> String {
    let t = (at - MONDAY + 9 * 3_600_000) / 60_000;
    format!("day {} {:02}:{:02}", t / 1440, t / 60 % 24, t % 60)
}

fn parted(m: &MessageItem) -> String {
    let units: Vec<u16> = m.text.encode_utf16().collect();
    let piece =
        |from: u32, to: u32| String::from_utf16(&units[from as usize..to as usize]).unwrap();
    let mut out = String::new();
    let mut at = 0;
    for f in &m.folds {
        out.push_str(&piece(at, f.start));
        let mark = match f.kind {
            FoldKind::Quote => "quote",
            FoldKind::Signature => "signature",
        };
        let _ = write!(out, "⟦{mark}: {}⟧", piece(f.start, f.end));
        at = f.end;
    }
    out + &piece(at, u32::try_from(units.len()).unwrap())
}

fn message(m: &MessageItem) -> String {
    let who = m.from.as_ref().map_or("nobody".to_owned(), |p| {
        format!("{} <{}>", p.name.as_deref().unwrap_or("-"), p.address)
    });
    let way = format!("{:?}", m.direction).to_lowercase();
    let class = format!("{:?}", m.class).to_lowercase();
    let why = m.class_reason.as_deref().unwrap_or("-");
    let mut out = format!(
        "== {} · {who} · {way} · {class} ({why})\n   {}\n",
        told(m.at),
        m.subject.as_deref().unwrap_or("-")
    );
    for f in &m.files {
        let inline = if f.inline { ", inline" } else { "" };
        let _ = writeln!(
            out,
            "   file: {} ({}, {} bytes{inline})",
            f.name, f.mime, f.size
        );
    }
    for line in parted(m).lines() {
        let _ = writeln!(out, "   | {line}");
    }
    out
}

fn tell(s: &Scene, row: &dto::ConversationRow) -> String {
    let page = s.does(args::TimelinePage {
        conversation: row.id,
        before: None,
        after: None,
        around: None,
        limit: 200,
    });
    let mut out = format!("{} <{}>\nlist: {}\n\n", row.name, row.address, row.snippet);
    for item in &page.items {
        if let TimelineItem::Message(m) = item {
            out.push_str(&message(m));
            out.push('\n');
        }
    }
    out
}

/// All conversations by the name of their file.
fn conversations(s: &Scene) -> BTreeMap<String, String> {
    let page = s.does(args::ConversationIds {
        saved: None,
        view: View::All,
        stage: None,
        tag: None,
        sort: dto::Sort::Newest,
        after: None,
        limit: 200,
    });
    s.does(args::ConversationRows { ids: page.ids })
        .iter()
        .map(|row| {
            let name: String = row
                .address
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                .collect();
            (name, tell(s, row))
        })
        .collect()
}

#[test]
fn mails_of_real_programs_become_the_conversations_that_a_person_would_tell() {
    let mails = mails();
    assert!(mails.len() >= 60, "{} mails", mails.len());
    let s = Scene::new();
    let account = s.connect(TEAM);
    s.live_from(account, 0);
    s.later(5 * DAY);
    let events: Vec<Event> = mails.iter().map(|(n, raw)| event(n, raw)).collect();
    for some in events.chunks(20) {
        s.take(account, some.to_vec());
    }
    let told = conversations(&s);
    let folder = here("golden/conversations");
    if std::env::var_os("PARLEY_WRITE_GOLDEN").is_some() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &told {
            std::fs::write(folder.join(format!("{name}.txt")), text).unwrap();
        }
    }
    let kept = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(kept, told.len(), "as many conversations as there are told");
    for (name, text) in &told {
        let golden = std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
        assert_eq!(text, &golden, "{name}");
    }
    s.is_sound();
}

#[test]
fn what_is_shown_and_what_is_folded_is_the_whole_text_of_every_mail() {
    for (name, raw) in mails() {
        let Event::Message(m) = event(&name, &raw) else {
            panic!("{name} was not read");
        };
        let mut at = 0;
        for f in &m.folds.ranges {
            assert!(
                at <= f.start && f.start < f.end && f.end <= m.text.len(),
                "{name}"
            );
            assert!(m.text.get(f.start..f.end).is_some(), "{name}");
            at = f.end;
        }
        assert!(m.folds.version > 0, "{name}");
    }
}
