//! What a person has said to be kept stays: through backups and the way back, damaged and missing files, a disk that
//! is full or may not be written, a keyring in any state, and copies of the folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do

mod scene;

#[path = "keep/backups.rs"]
mod backups;
#[path = "keep/damage.rs"]
mod damage;
#[path = "keep/disk.rs"]
mod disk;
#[path = "keep/door.rs"]
mod door;

use parley_engine::store::keep::backup::{self, Entry, Kind};
use parley_engine::store::keys;
use scene::{Mail, Scene};
use std::path::Path;
use std::time::Duration;

/// A mail of number `n`.
fn mail(n: usize) -> Mail {
    Mail::from(&format!("c{}@shop.test", n % 4))
        .named(&format!("m{n}"))
        .text(&format!("number {n} asks about a lamp"))
        .file("a.txt", format!("file {n}").as_bytes())
}

fn back_up(s: &Scene, kind: Kind) -> parley_engine::Result<Entry> {
    s.run(
        s.engine
            .backups()
            .make(s.store(), kind, None, Duration::ZERO),
    )
}

/// The key file of a scene's workspace, as of one that was opened.
fn with_key_file(dir: &Path) {
    let text = br#"{"backend":"keyring","version":1,"id":"ab"}"#;
    std::fs::write(keys::file(dir), text).unwrap();
    keys::note_opened(dir, &scene::key()).unwrap();
}

fn close(s: Scene) {
    s.run(s.engine.stop());
}

/// A folder with all that is in it.
fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for e in std::fs::read_dir(from).unwrap() {
        let e = e.unwrap();
        let target = to.join(e.file_name());
        if e.path().is_dir() {
            copy_dir(&e.path(), &target);
        } else {
            std::fs::copy(e.path(), target).unwrap();
        }
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut all: Vec<String> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    all.sort();
    all
}

fn listed(s: &Scene) -> Vec<Entry> {
    backup::list(s.dir())
}
