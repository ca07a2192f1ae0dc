//! Damage of any kind ends clean, recovered and told, or in an honest failure; never in silent loss or a crash.

use super::scene::{self, Scene, folder};
use super::{back_up, close, copy_dir, mail, names, with_key_file};
use parley_engine::Error;
use parley_engine::api::args;
use parley_engine::store::keep::backup::Kind;
use parley_engine::store::keep::rescue::{self, Rescued};
use std::path::Path;

/// A generator that is the same everywhere.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

struct Made {
    dir: tempfile::TempDir,
    messages: i64,
    entries: i64,
}

/// A workspace with a backup and more since then; closed, or as a power cut leaves it.
fn workspace(backup: bool, cut: bool) -> Made {
    let dir = folder();
    let s = Scene::in_folder(dir.path());
    with_key_file(dir.path());
    s.receive(&(0..30).map(mail).collect::<Vec<_>>());
    s.replies("c0@shop.test", "An answer in the backup");
    if backup {
        back_up(&s, Kind::Daily).unwrap();
    }
    s.later(1_000);
    s.receive(&(30..40).map(mail).collect::<Vec<_>>());
    s.replies("c1@shop.test", "An answer since then");
    s.does(args::NoteAdd {
        conversation: s.customer("c2@shop.test"),
        text: "a note since then".into(),
    });
    s.does(args::TagSet {
        conversation: s.customer("c3@shop.test"),
        tag: "lamp".into(),
        on: true,
    });
    let (messages, entries) = (
        s.number("SELECT count(*) FROM message"),
        s.number("SELECT count(*) FROM entry"),
    );
    if cut {
        let after = folder();
        copy_dir(dir.path(), after.path());
        close(s);
        return Made {
            dir: after,
            messages,
            entries,
        };
    }
    close(s);
    Made {
        dir,
        messages,
        entries,
    }
}

#[derive(Debug, PartialEq)]
enum End {
    Clean,
    Recovered,
    Refused,
}

/// Start on this folder as the app does, look at all of it as its background check does, and judge.
fn judge(dir: &Path, had: &Made, what: &str) -> End {
    let key = scene::key();
    let looked = rescue::ready(dir, &key, 5).and_then(|_| match rescue::examine(dir, &key)? {
        Some(w) => rescue::rescue(dir, &key, 5, &w).map(drop),
        None => Ok(()),
    });
    match looked {
        Ok(()) => {}
        Err(e) => {
            assert!(
                matches!(e, Error::Corrupt(_) | Error::Missing(_)),
                "{what}: {e}"
            );
            assert!(e.to_string().len() > 40, "{what}: {e} does not help");
            return End::Refused;
        }
    }
    let told = rescue::told(dir);
    let s = Scene::in_folder(dir);
    let (messages, entries) = (
        s.number("SELECT count(*) FROM message"),
        s.number("SELECT count(*) FROM entry"),
    );
    // A send that was under way asks a person: an entry more.
    let lost = messages < had.messages || entries < had.entries;
    assert!(
        !lost || told.is_some(),
        "{what}: silent loss, {messages} of {} messages and {entries} of {} entries",
        had.messages,
        had.entries
    );
    if let Some(r) = &told {
        told_truly(r, had, messages, entries, what);
    }
    s.is_sound();
    close(s);
    if told.is_some() {
        End::Recovered
    } else {
        End::Clean
    }
}

fn told_truly(r: &Rescued, had: &Made, messages: i64, entries: i64, what: &str) {
    assert!(!r.what.is_empty());
    if r.missing_messages > 0 || r.missing_entries > 0 || r.set_aside.is_none() {
        return;
    }
    // Where neither the mark nor the damaged file knows how much there was, the report must not claim completeness.
    assert!(
        (messages >= had.messages && entries >= had.entries) || !r.whole,
        "{what}: the report says that nothing is missing: {r:?}"
    );
}

fn fresh(m: &Made) -> tempfile::TempDir {
    let here = folder();
    copy_dir(m.dir.path(), here.path());
    here
}

fn cases(usual: usize) -> usize {
    std::env::var("PARLEY_CASES")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(usual)
}

#[test]
fn flipped_bytes_anywhere_are_answered() {
    for (cut, backup) in [(false, true), (true, true), (false, false)] {
        let m = workspace(backup, cut);
        let mut recovered = 0;
        for seed in 0..cases(12) {
            let here = fresh(&m);
            let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (u64::try_from(seed).unwrap() + 1));
            let file = here.path().join("parley.db");
            let mut bytes = std::fs::read(&file).unwrap();
            for _ in 0..=dice.roll(64) {
                let at = dice.roll(bytes.len());
                bytes[at] ^= u8::try_from(1 + dice.roll(255)).unwrap();
            }
            std::fs::write(&file, bytes).unwrap();
            let end = judge(
                here.path(),
                &m,
                &format!("cut {cut}, backup {backup}, seed {seed}"),
            );
            assert!(backup || end != End::Clean || cut, "flips were not seen");
            recovered += usize::from(end == End::Recovered);
            if end == End::Recovered && backup && !cut {
                assert!(names(here.path()).iter().any(|n| n.starts_with("damaged-")));
            }
        }
        assert!(!backup || cut || recovered > 0);
    }
}

#[test]
fn truncation_and_zeroed_pages_are_answered() {
    let m = workspace(true, false);
    let size = std::fs::metadata(m.dir.path().join("parley.db"))
        .unwrap()
        .len();
    let pages = size / 4096;
    let step = usize::try_from(pages).unwrap() / cases(8).max(1) + 1;
    for page in (0..pages).step_by(step) {
        let here = fresh(&m);
        let file = here.path().join("parley.db");
        std::fs::File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_len(page * 4096)
            .unwrap();
        assert_ne!(
            judge(here.path(), &m, &format!("cut to {page} pages")),
            End::Clean
        );
        let here = fresh(&m);
        let file = here.path().join("parley.db");
        let mut bytes = std::fs::read(&file).unwrap();
        let at = usize::try_from(page * 4096).unwrap();
        bytes[at..at + 4096].fill(0);
        std::fs::write(&file, bytes).unwrap();
        assert_ne!(
            judge(here.path(), &m, &format!("page {page} zeroed")),
            End::Clean
        );
    }
}

#[test]
fn what_was_decided_since_the_backup_is_read_out_of_a_database_with_a_damaged_page() {
    let m = workspace(true, false);
    let mut whole = 0;
    let pages = usize::try_from(
        std::fs::metadata(m.dir.path().join("parley.db"))
            .unwrap()
            .len()
            / 4096,
    )
    .unwrap();
    for page in (2..pages).step_by(pages / 6 + 1) {
        let here = fresh(&m);
        let file = here.path().join("parley.db");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[page * 4096 + 100] ^= 0x55;
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(
            judge(here.path(), &m, &format!("page {page}")),
            End::Recovered
        );
        let r = rescue::told(here.path()).unwrap();
        assert!(r.backup.is_some());
        whole += usize::from(r.missing_entries == 0 && r.missing_messages == 0);
        rescue::read(here.path()).unwrap();
        assert!(rescue::told(here.path()).is_none());
    }
    assert!(whole >= 3, "of six single pages only {whole} lost nothing");
}

#[test]
fn a_write_ahead_file_that_is_gone_swapped_or_damaged_is_answered() {
    let m = workspace(true, true);
    let wal = |d: &Path| d.join("parley.db-wal");
    assert!(std::fs::metadata(wal(m.dir.path())).unwrap().len() > 0);
    let here = fresh(&m);
    std::fs::remove_file(wal(here.path())).unwrap();
    assert_eq!(judge(here.path(), &m, "removed"), End::Recovered);
    let here = fresh(&m);
    let mut bytes = std::fs::read(wal(here.path())).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(wal(here.path()), bytes).unwrap();
    assert_eq!(judge(here.path(), &m, "flipped"), End::Recovered);
    for seed in 0..cases(6) {
        let here = fresh(&m);
        let mut dice = Dice(0xD1CE ^ (u64::try_from(seed).unwrap() << 20 | 1));
        let mut bytes = std::fs::read(wal(here.path())).unwrap();
        for _ in 0..=dice.roll(16) {
            let at = dice.roll(bytes.len());
            bytes[at] ^= 0x10;
        }
        std::fs::write(wal(here.path()), bytes).unwrap();
        judge(here.path(), &m, &format!("flipped, seed {seed}"));
    }
    let here = fresh(&m);
    let _ = std::fs::remove_file(here.path().join("parley.db-shm"));
    assert_eq!(judge(here.path(), &m, "shm removed"), End::Clean);
}

#[test]
fn a_database_or_a_key_file_that_is_gone_is_missed_and_nothing_is_made_in_its_place() {
    let m = workspace(true, false);
    let here = fresh(&m);
    std::fs::remove_file(here.path().join("parley.db")).unwrap();
    let e = rescue::ready(here.path(), &scene::key(), 5).unwrap_err();
    assert!(
        matches!(&e, Error::Missing(_)) && e.to_string().contains("backup"),
        "{e}"
    );
    assert!(!here.path().join("parley.db").exists());
}
