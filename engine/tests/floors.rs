//! The house stands on floors: whoever imports upwards or sideways is named here, with file and line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The engine's rooms and their floors.
const ROOMS: &[(&str, u8)] = &[
    ("error", 0),
    ("model", 0),
    ("secrets", 0),
    ("time", 0),
    ("connectors", 1),
    ("store", 1),
    ("identity", 2),
    ("keep", 2),
    ("metrics", 2),
    ("outbox", 2),
    ("qualify", 2),
    ("rules", 2),
    ("sync", 2),
    ("team", 2),
    ("transfer", 2),
    ("engine", DOOR),
    ("api", 4),
];
/// `engine.rs` joins floor 2 and is what `api` holds.
const DOOR: u8 = 3;

fn floor(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(r, _)| *r == room).map(|(_, f)| *f)
}

/// What stands at the crate's root under another name.
fn room_of(word: &str) -> &str {
    match word {
        "Engine" => "engine",
        "Error" | "Result" => "error",
        other => other,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn files(dir: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let Ok(entries) = std::fs::read_dir(dir) else {
        return out;
    };
    for e in entries {
        let path = e.unwrap().path();
        let hidden = path
            .file_name()
            .is_some_and(|n| n == "node_modules" || n == "target");
        if path.is_dir() && !hidden {
            out.extend(files(&path, ends));
        } else if ends
            .iter()
            .any(|x| path.extension().is_some_and(|e| e == *x))
        {
            out.push(path);
        }
    }
    out.sort();
    out
}

/// Code without comments and without what stands in quotes; lines stay lines.
fn code(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut last = ' ';
        for c in line.chars() {
            match c {
                '"' if last != '\\' && last != '\'' => quoted = !quoted,
                '/' if last == '/' && !quoted => {
                    out.pop();
                    break;
                }
                _ if quoted => {}
                c => out.push(c),
            }
            last = c;
        }
        out.push('\n');
    }
    out
}

/// The first words of the paths after `prefix`: `prefix::{a::b, c}` names a and c. With line numbers.
fn named_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + prefix.len()..];
        let words = match rest.strip_prefix('{') {
            Some(group) => first_words(group),
            None => vec![word(rest)],
        };
        out.extend(
            words
                .into_iter()
                .filter(|w| !w.is_empty())
                .map(|w| (line, w)),
        );
    }
    out
}

fn word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first word of each part of a group, whose end is its closing brace.
fn first_words(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut out) = (0, 0, Vec::new());
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                out.push(word(&group[start..i]));
                return out;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(word(&group[start..i]));
                start = i + 1;
            }
            _ => {}
        }
    }
    out
}

/// What one file of the engine imports against the floors. `path` is relative to `src/`.
fn against_the_floors(path: &Path, text: &str) -> Vec<String> {
    let parts: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    let own = parts[0].as_str();
    if own == "lib" {
        return Vec::new();
    }
    let Some(here) = floor(own) else {
        return vec![format!("{}: the room `{own}` has no floor", path.display())];
    };
    let code = code(text);
    let mut named = named_after(&code, "crate::");
    // `super::super::room` out of a file that deep is the same as `crate::room`.
    let depth = parts.len() - usize::from(parts.last().is_some_and(|p| p == "mod"));
    named.extend(
        named_after(&code, &"super::".repeat(depth))
            .into_iter()
            .filter(|(_, w)| floor(room_of(w)).is_some()),
    );
    let wrong = named.into_iter().filter_map(|(line, word)| {
        let room = room_of(&word);
        let place = format!("{}:{line}", path.display());
        match floor(room) {
            None => Some(format!("{place}: `{word}` is in no room of the house")),
            Some(_) if room == own => None,
            Some(0) => None,
            Some(there) if there < here => None,
            Some(there) if there == here => {
                Some(format!("{place}: `{own}` imports `{room}` sideways"))
            }
            Some(_) => Some(format!("{place}: `{own}` imports `{room}` upwards")),
        }
    });
    wrong.collect()
}

#[test]
fn no_room_imports_upwards_or_sideways() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let all = files(&src, &["rs"]);
    assert!(all.len() > 30, "the engine's sources were not found");
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|f| {
            against_the_floors(
                f.strip_prefix(&src).unwrap(),
                &std::fs::read_to_string(f).unwrap(),
            )
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "against the floors:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn a_planted_violation_is_found_however_it_is_written() {
    let found = |path: &str, text: &str| against_the_floors(Path::new(path), text).len();
    assert_eq!(
        found("store/log.rs", "use crate::connectors::email;"),
        1,
        "sideways"
    );
    assert_eq!(
        found(
            "connectors/email/mod.rs",
            "use crate::{\n error::Error,\n store::{Tx, log},\n};"
        ),
        1,
        "in a group over lines"
    );
    assert_eq!(
        found(
            "model/log.rs",
            "fn f() { let x = crate::store::Store::open; }"
        ),
        1,
        "in an expression, upwards"
    );
    assert_eq!(
        found("sync/mod.rs", "use crate::outbox;"),
        1,
        "sideways on floor 2"
    );
    assert_eq!(
        found("metrics/mod.rs", "use crate::api::dto;"),
        1,
        "to the roof"
    );
    assert_eq!(
        found("outbox/mod.rs", "use crate::Engine;"),
        1,
        "through the front door"
    );
    assert_eq!(
        found("store/ingest.rs", "use super::super::connectors;"),
        1,
        "by its relative name"
    );
    assert_eq!(found("helpers.rs", ""), 1, "a room without a floor");
    assert_eq!(
        found("store/log.rs", "use crate::helpers;"),
        1,
        "an unknown room"
    );
}

#[test]
fn what_is_allowed_or_only_mentioned_is_left_alone() {
    let fine = |path: &str, text: &str| {
        assert_eq!(
            against_the_floors(Path::new(path), text),
            Vec::<String>::new()
        )
    };
    fine(
        "store/log.rs",
        "use crate::{error::Result, model::log::Entity, store::Tx}; // never crate::connectors",
    );
    fine(
        "store/log.rs",
        "use super::Tx; mod tests { use super::*; const A: &str = \"crate::api\"; }",
    );
    fine(
        "api/inbox.rs",
        "use crate::{Engine, Error, metrics, store::conversations};",
    );
    fine("engine.rs", "use crate::{outbox, sync};");
}

/// What a package outside the engine uses of it.
fn used_of_the_engine(dir: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for f in files(&root().join(dir), &["rs"]) {
        let text = std::fs::read_to_string(&f).unwrap();
        for (line, w) in named_after(&code(&text), "parley_engine::") {
            out.push((
                format!("{}:{line}", f.strip_prefix(root()).unwrap().display()),
                w,
            ));
        }
    }
    out
}

#[test]
fn the_window_and_the_command_line_know_the_engine_by_its_api_alone() {
    let allowed = BTreeSet::from([
        "api", "model", "secrets", "time", "error", "Error", "Result",
    ]);
    for dir in ["src-tauri", "cli", "keychain"] {
        assert!(
            !files(&root().join(dir), &["rs"]).is_empty(),
            "{dir} was not found"
        );
        let wrong: Vec<_> = used_of_the_engine(dir)
            .into_iter()
            .filter(|(_, w)| !allowed.contains(w.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{dir} reaches below the api: {wrong:?}");
    }
}

#[test]
fn only_the_host_knows_the_shell() {
    let ui = root().join("ui/src");
    let all = files(&ui, &["ts", "svelte", "js"]);
    assert!(all.len() > 10, "the window's sources were not found");
    let wrong: Vec<_> = all
        .iter()
        .filter(|f| {
            !f.starts_with(ui.join("host"))
                && std::fs::read_to_string(f).unwrap().contains("@tauri-apps")
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "these import the shell outside ui/src/host: {wrong:?}"
    );
}

/// Package name → names it depends on, as the lock file has them.
fn lock_file() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in text.split("[[package]]").skip(1) {
        let name = package
            .lines()
            .find_map(|l| l.strip_prefix("name = "))
            .unwrap()
            .trim_matches('"')
            .to_owned();
        let needs = package
            .split_once("dependencies = [")
            .map_or("", |(_, d)| d.split_once(']').unwrap().0);
        let needs = needs
            .lines()
            .filter_map(|l| l.trim().trim_matches([',', '"']).split(' ').next())
            .filter(|n| !n.is_empty())
            .map(str::to_owned);
        out.entry(name).or_default().extend(needs);
    }
    out
}

#[test]
fn the_engine_needs_no_window_to_be_built() {
    let lock = lock_file();
    let (mut seen, mut open) = (BTreeSet::new(), vec!["parley-engine".to_owned()]);
    while let Some(p) = open.pop() {
        if seen.insert(p.clone()) {
            open.extend(
                lock.get(&p)
                    .unwrap_or_else(|| panic!("{p} is not in the lock file"))
                    .iter()
                    .cloned(),
            );
        }
    }
    assert!(seen.contains("rusqlite"), "the lock file was misread");
    let windows: Vec<_> = seen
        .iter()
        .filter(|p| {
            [
                "tauri",
                "wry",
                "tao",
                "webkit2gtk",
                "javascriptcore",
                "gtk",
                "notify-rust",
                "keyring",
            ]
            .iter()
            .any(|w| p.starts_with(w))
        })
        .collect();
    assert!(
        windows.is_empty(),
        "the engine pulls in a window: {windows:?}"
    );
}
