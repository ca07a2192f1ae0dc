//! A disk that is full, or may not be written, is said in words; nothing is half written, and all goes on by itself
//! once there is room.

use super::scene::{Mail, Scene, TEAM};
use super::{back_up, close, listed, mail, names};
use parley_engine::model::OutboxState;
use parley_engine::store::keep::Trouble;
use parley_engine::store::keep::backup::{self, Kind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A small disk in memory; gone at the end.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` where mounting is not permitted.
    fn of(megabytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let args = ["-t", "tmpfs", "-o", &size, "none"];
        let mounted = Command::new("mount").args(args).arg(dir.path()).output();
        if mounted.is_ok_and(|o| o.status.success()) {
            return Some(Self(dir));
        }
        println!("skipped: mounting a small disk is not permitted here");
        None
    }
    fn path(&self) -> PathBuf {
        self.0.path().join("w")
    }
    fn remount(&self, how: &str) -> bool {
        let args = ["-o", how];
        Command::new("mount")
            .args(args)
            .arg(self.0.path())
            .status()
            .is_ok_and(|s| s.success())
    }
    /// Fill it to the last byte.
    fn fill(&self) {
        use std::io::Write;
        let mut f = std::fs::File::create(self.0.path().join("filler")).unwrap();
        for size in [65_536, 4_096, 512] {
            while f.write_all(&vec![1; size]).is_ok() {}
        }
    }
    fn empty(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn long(n: usize) -> Mail {
    let words: String = (0..20_000)
        .map(|i| format!("{} ", i * 7_919 + n * 104_729))
        .collect();
    mail(n).text(&words)
}

/// Time passes until the disk is looked at again.
fn patience() {
    std::thread::sleep(Duration::from_millis(2_100));
}

#[test]
fn on_a_full_disk_nothing_is_half_done_and_all_goes_on_when_there_is_room() {
    let Some(disk) = Disk::of(24) else { return };
    std::fs::create_dir(disk.path()).unwrap();
    let s = Scene::in_folder(&disk.path());
    s.receive(&(0..3).map(mail).collect::<Vec<_>>());
    let waits = s.writes("c0@shop.test", "Waits for its turn");
    back_up(&s, Kind::Hourly).unwrap();
    let before = names(&backup::place(s.dir()));
    disk.fill();
    // A kept file.
    let kept = s.store().files().keep(&vec![7; 300_000]);
    assert_eq!(kept.unwrap_err().code(), "disk_full");
    // Sync: the cursor stays where it is.
    let cursor = s.number("SELECT CAST(cursor AS INTEGER) FROM account");
    let batch = s.batch((10..14).map(|n| long(n).event(s.now())).collect());
    let account = s.account;
    let e = s
        .try_write(move |tx| parley_engine::store::ingest::batch(tx, account, &batch))
        .unwrap_err();
    assert_eq!(e.code(), "disk_full", "{e}");
    assert_eq!(s.store().health().trouble().unwrap().0, Trouble::Full);
    assert_eq!(
        s.number("SELECT CAST(cursor AS INTEGER) FROM account"),
        cursor
    );
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE author IS NULL"),
        3
    );
    // A draft and a send are refused with words, and nothing goes out that could not be recorded.
    s.later(60_000);
    let live = s.live();
    assert!(
        s.run(parley_engine::outbox::flush(s.store(), &live))
            .is_err()
    );
    assert!(s.provider(TEAM).sent.lock().unwrap().is_empty());
    // A backup: nothing half, nothing older taken away.
    assert_eq!(back_up(&s, Kind::Hourly).unwrap_err().code(), "disk_full");
    assert_eq!(names(&backup::place(s.dir())), before);
    assert!(s.engine.backups().error().unwrap().contains("full"));
    // Reading goes on.
    assert_eq!(s.number("SELECT count(*) FROM customer"), 3);

    disk.empty();
    patience();
    s.receive(&(10..14).map(long).collect::<Vec<_>>());
    assert!(s.store().health().trouble().is_none());
    s.run(parley_engine::outbox::flush(s.store(), &live))
        .unwrap();
    assert_eq!(s.state_of(waits), OutboxState::Sent);
    back_up(&s, Kind::Hourly).unwrap();
    assert_eq!((listed(&s).len(), s.engine.backups().error()), (2, None));
    s.is_sound();
    close(s);
}

#[test]
fn a_migration_on_a_full_disk_is_refused_whole_and_done_later() {
    let Some(disk) = Disk::of(3) else { return };
    let dir = disk.path();
    std::fs::create_dir(&dir).unwrap();
    disk.fill();
    let key = super::scene::key();
    let clock: std::sync::Arc<dyn parley_engine::time::Clock> =
        std::sync::Arc::new(parley_engine::time::ManualClock::at(1));
    let open = || parley_engine::store::Store::open(&dir, &key, std::sync::Arc::clone(&clock));
    let e = open().err().unwrap();
    assert!(e.is_of_the_disk(), "{e}");
    disk.empty();
    open().unwrap().close();
}

#[test]
fn without_room_in_the_database_the_same_holds_everywhere() {
    let s = Scene::new();
    s.receive(&[mail(0)]);
    let pages = s.number("SELECT page_count FROM pragma_page_count");
    s.write(move |tx| {
        tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        Ok(())
    });
    let batch = s.batch((1..9).map(|n| long(n).event(s.now())).collect());
    let account = s.account;
    let e = s
        .try_write(move |tx| parley_engine::store::ingest::batch(tx, account, &batch))
        .unwrap_err();
    assert_eq!(e.code(), "disk_full");
    assert_eq!(s.number("SELECT count(*) FROM message"), 1);
    // At once, without trying: a full disk is not hammered.
    let e = s
        .try_write(|tx| Ok(tx.execute("DELETE FROM draft", [])?))
        .unwrap_err();
    assert_eq!(e.code(), "disk_full");
    patience();
    s.write(|tx| Ok(tx.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))?));
    s.receive(&(1..9).map(long).collect::<Vec<_>>());
    s.is_sound();
}

#[test]
fn a_disk_that_may_not_be_written_is_told_at_the_start_and_while_running() {
    let s = Scene::new();
    s.write(|tx| Ok(tx.pragma_update(None, "query_only", true)?));
    let e = s
        .try_write(|tx| Ok(tx.execute("UPDATE account SET paused = 1", [])?))
        .unwrap_err();
    assert_eq!(e.code(), "read_only");
    assert_eq!(s.store().health().trouble().unwrap().0, Trouble::ReadOnly);

    let Some(disk) = Disk::of(8) else { return };
    std::fs::create_dir(disk.path()).unwrap();
    close(Scene::in_folder(&disk.path()));
    if !disk.remount("remount,ro") {
        println!("skipped: remounting is not permitted here");
        return;
    }
    let e = parley_engine::store::keep::folder::lock(&disk.path()).unwrap_err();
    assert_eq!(e.code(), "read_only", "{e}");
    assert!(disk.remount("remount,rw"));
    close(Scene::in_folder(&disk.path()));
    assert!(Path::new(&disk.path()).join("parley.db").exists());
}
