//! An import that is killed at any moment goes on where it was, and ends where an undisturbed one ends.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use serde_json::Value;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MAILS: usize = 300;

/// A workspace without servers.
struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let this = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::write(this.path("passphrase"), "correct horse").unwrap();
        this.done(&["init"]);
        this
    }

    /// Another workspace that holds the same, decisions and their times included.
    fn twin(&self) -> Self {
        let twin = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        copy(self.dir.path(), twin.dir.path());
        twin
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut c = Command::new("sh");
        c.args([
            "-c",
            "exec \"$0\" --json --passphrase-fd 3 \"$@\" 3<\"$D/passphrase\"",
            env!("CARGO_BIN_EXE_parleyctl"),
        ])
        .args(args)
        .env("D", self.dir.path())
        .env("PARLEY_DATA_DIR", self.path("data"))
        .env("PARLEY_KEYRING", "off")
        .stdin(Stdio::null());
        c
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> Value {
        let o = self.command(args).output().unwrap();
        let says = String::from_utf8_lossy(&o.stderr);
        assert_eq!(o.status.code(), Some(0), "{args:?}: {says}");
        serde_json::from_slice(&o.stdout).unwrap_or_else(|e| panic!("{args:?}: {e}"))
    }

    /// How many attachments are kept so far: they come with their mails, so they tell how far an import is.
    fn kept(&self) -> usize {
        count(&self.path("data/files"))
    }

    /// Imports, and is killed as soon as this many attachments are kept.
    fn killed_at(&self, mbox: &Path, attachments: usize) {
        let mut child = self
            .command(&["import", mbox.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let patience = Instant::now();
        while self.kept() < attachments {
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended before it could be killed"
            );
            assert!(patience.elapsed() < Duration::from_secs(120), "it stands");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        assert_eq!(
            ended.signal(),
            Some(9),
            "it ended before it could be killed"
        );
    }

    fn digest(&self) -> String {
        let made = self.done(&["export", self.path("out.jsonl").to_str().unwrap()]);
        assert_eq!(made["messages"], MAILS + 1);
        made["content_digest"].as_str().unwrap().to_owned()
    }
}

fn count(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|e| match e.file_type() {
            Ok(t) if t.is_dir() => count(&e.path()),
            Ok(_) => 1,
            Err(_) => 0,
        })
        .sum()
}

fn copy(from: &Path, to: &Path) {
    for e in std::fs::read_dir(from).unwrap().flatten() {
        let (path, there) = (e.path(), to.join(e.file_name()));
        if path.is_dir() {
            std::fs::create_dir_all(&there).unwrap();
            copy(&path, &there);
        } else {
            std::fs::copy(&path, &there).unwrap();
        }
    }
}

/// Mails of twenty customers, each with a file of its own.
fn mbox(numbers: std::ops::Range<usize>) -> String {
    let mut all = String::new();
    for n in numbers {
        let (who, day) = (n % 20, 1 + n % 28);
        let answers = if n < 20 {
            String::new()
        } else {
            format!("In-Reply-To: <kept-{}@shop.test>\n", n - 20)
        };
        let _ = write!(
            all,
            "From - Mon Jun  1 09:00:00 2020\nFrom: Customer {who} <c{who}@shop.test>\nTo: support@desk.test\n\
             Subject: Order {who}\nMessage-ID: <kept-{n}@shop.test>\n{answers}\
             Date: {day:02} Jun 2020 {:02}:{:02}:00 +0000\nMIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nNumber {n} asks for a lamp.\n\
             --b\nContent-Type: text/plain; name=note{n}.txt\nContent-Disposition: attachment; filename=note{n}.txt\n\n{}\n--b--\n\n",
            n % 24,
            n % 60,
            format!("note {n} ").repeat(900),
        );
    }
    all
}

#[test]
fn an_import_that_is_killed_again_and_again_ends_as_an_undisturbed_one() {
    // The archive is there already: when it was made is content too.
    let calm = Desk::new();
    let [first, file] = ["first.mbox", "mails.mbox"].map(|name| calm.path(name));
    std::fs::write(&first, mbox(MAILS..MAILS + 1)).unwrap();
    std::fs::write(&file, mbox(0..MAILS)).unwrap();
    calm.done(&["import", first.to_str().unwrap()]);
    let killed = calm.twin();
    let path = file.to_str().unwrap();
    let counts = |v: &Value| v["imports"][0]["report"]["import"]["counts"].clone();
    let undisturbed = counts(&calm.done(&["import", path]));
    assert_eq!(undisturbed["new"], MAILS, "{undisturbed}");

    for at in [2, 60, 140, 210] {
        killed.killed_at(&file, at);
        assert_eq!(killed.done(&["check"])["ok"], true, "killed at {at}");
    }
    let resumed = counts(&killed.done(&["import", path]));
    assert_eq!(resumed, undisturbed);
    assert_eq!(killed.digest(), calm.digest());
    assert_eq!(killed.kept(), calm.kept(), "files that belong to no mail");
    assert_eq!(killed.done(&["check"])["ok"], true);

    // Once more: everything is known, and nothing changes.
    let again = counts(&killed.done(&["import", path]));
    assert_eq!((&again["new"], &again["refused"]), (&0.into(), &0.into()));
    assert_eq!(killed.digest(), calm.digest());
}

#[test]
fn the_sample_is_printed_without_a_workspace_loaded_into_one_and_removed() {
    let d = Desk::new();
    let print = ["sample", "print", "--now", "1772442000000", "--seed", "3"];
    let printed = d.command(&print).output().unwrap().stdout;
    assert_eq!(printed, d.command(&print).output().unwrap().stdout);
    let text = String::from_utf8(printed).unwrap();
    assert!(text.starts_with("{") && text.lines().count() > 1_500);

    let told = d.done(&["sample", "load"]);
    assert_eq!(told["state"], "here");
    assert_eq!(told["percent"], 100);
    assert_eq!(
        d.done(&["sample", "load"]),
        told,
        "loaded twice is loaded once"
    );
    // What nobody brought is no archive, and no import.
    assert_eq!(d.done(&["archives"]), serde_json::json!([]));
    let waiting = d.done(&["conversations", "--view", "waiting"]);
    assert!(waiting.as_array().unwrap().len() > 20);

    let told = d.done(&["sample", "remove"]);
    assert_eq!(
        (&told["state"], &told["messages"]),
        (&"absent".into(), &0.into())
    );
    assert_eq!(
        d.done(&["conversations", "--view", "all"]),
        serde_json::json!([])
    );

    // A sample that somebody printed and imports is an archive like any other.
    let file = d.path("sample.jsonl");
    std::fs::write(&file, text).unwrap();
    let report = d.done(&["import", file.to_str().unwrap()]);
    let counts = &report["imports"][0]["report"]["import"]["counts"];
    assert_eq!(counts["refused"], 0, "{report}");
    assert_eq!(d.done(&["archives"]).as_array().unwrap().len(), 9);
}
