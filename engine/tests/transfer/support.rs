//! Files to import, and what came of them.

use crate::scene::Scene;
use parley_engine::store::transfer::{self as rows, Counts, Import, ImportState, Problem};
use parley_engine::transfer::{self, Options, Running, export};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// A mail of a customer, as other programs keep it.
pub fn mail(n: u32, text: &str) -> String {
    let day = n % 28 + 1;
    format!(
        "Message-ID: <m{n}@shop.test>\nFrom: Customer {n} <c{n}@shop.test>\nTo: team@parley.test\nDate: {day} Jan 2026 10:00:00 +0000\nSubject: Order {n}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

/// A mailbox file of these mails, as mboxrd has it.
pub fn mbox(mails: &[String]) -> String {
    let mut out = String::new();
    for m in mails {
        out.push_str("From someone@shop.test Thu Jan 15 10:00:05 2026\n");
        for line in m.lines() {
            if line.trim_start_matches('>').starts_with("From ") {
                out.push('>');
            }
            out.push_str(line);
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

pub fn put(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path
}

impl Scene {
    /// A file that was staged for a draft.
    pub fn stage(&self, name: &str, bytes: &[u8]) -> Vec<parley_engine::api::dto::FileItem> {
        let data = data_encoding::BASE64.encode(bytes);
        vec![self.does(parley_engine::api::args::FileStage {
            id: None,
            name: name.into(),
            data,
            last: true,
        })]
    }
    /// Import until the end.
    pub fn imports(&self, path: &Path, options: Options) -> Import {
        let import = self
            .run(transfer::begin(self.store(), path, options))
            .unwrap();
        self.run(transfer::run(self.store(), &Running::default(), import.id))
            .unwrap()
    }
    /// Import into the archive "Imported" until the end; it must end well.
    pub fn takes(&self, path: &Path) -> Counts {
        let i = self.imports(path, Options::default());
        assert_eq!((i.state, i.says.as_str()), (ImportState::Done, ""));
        i.counts
    }
    pub fn problems(&self, i: &Import) -> Vec<Problem> {
        let id = i.id;
        self.read(move |c| rows::problems(c, id, 100))
    }
    /// The texts of all messages, sorted.
    pub fn texts(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .exported(export::Options::default())
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap())
            .filter(|l| l["type"] == "message")
            .map(|l| l["text"].as_str().unwrap().to_owned())
            .collect();
        all.sort();
        all
    }
    /// The whole workspace as an interchange file.
    pub fn exported(&self, options: export::Options) -> String {
        self.exported_beside(options, None)
    }
    pub fn exported_beside(&self, options: export::Options, beside: Option<PathBuf>) -> String {
        let (files, ours, now) = (
            self.store().files(),
            self.store().identity().clone(),
            self.now(),
        );
        self.read(move |conn| {
            let from = export::From {
                conn,
                ours: &ours,
                files: &files,
                now,
            };
            let mut out = Vec::new();
            export::export(
                &from,
                &options,
                &mut out,
                beside.as_deref(),
                &AtomicBool::new(false),
                &mut |_, _| {},
            )?;
            Ok(String::from_utf8(out).unwrap())
        })
    }
    pub fn content(&self) -> String {
        self.read(transfer::digest::content)
    }
}
