//! Backups and the way back.

use super::scene::{self, DAY, HOUR, MINUTE, Mail, Scene, folder};
use super::{back_up, close, copy_dir, listed, mail, names, with_key_file};
use parley_engine::model::OutboxState;
use parley_engine::store::keep::backup::{self, Job, KEPT, Kind};
use parley_engine::store::keep::{rescue, restore};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[test]
fn a_backup_is_whole_unreadable_and_verifies() {
    let s = Scene::new();
    s.receive(&(0..6).map(mail).collect::<Vec<_>>());
    let made = back_up(&s, Kind::Manual).unwrap();
    assert_eq!(made.manifest.messages, 6);
    assert_eq!(made.manifest.files, 6);
    let raw = std::fs::read(made.path.join("parley.db")).unwrap();
    assert!(!raw.windows(4).any(|w| w == b"lamp") && !raw.starts_with(b"SQLite"));
    assert_eq!(backup::verify(&made, &scene::key()).unwrap(), 0);
    assert_eq!(
        names(&made.path),
        ["manifest.json", "parley.db"],
        "nothing else lies in it"
    );
    let mut bytes = raw.clone();
    bytes[9_000] ^= 1;
    std::fs::write(made.path.join("parley.db"), bytes).unwrap();
    assert!(backup::verify(&made, &scene::key()).is_err());
}

#[test]
fn seven_of_each_kind_are_kept_and_nothing_is_made_where_nothing_changed() {
    let s = Scene::new();
    s.receive(&[mail(0)]);
    let due = |s: &Scene| s.run(s.engine.backups().make_due(s.store())).unwrap();
    assert_eq!(due(&s).unwrap().manifest.kind, Kind::Daily);
    s.later(2 * DAY);
    assert!(due(&s).is_none(), "nothing changed");
    for n in 1..=10 {
        s.receive(&[mail(n)]);
        assert!(due(&s).is_some());
        assert!(due(&s).is_none(), "not due again so soon");
        s.later(HOUR);
    }
    for n in 11..20 {
        s.receive(&[mail(n)]);
        s.later(DAY);
        assert_eq!(due(&s).unwrap().manifest.kind, Kind::Daily);
    }
    let of = |k| listed(&s).iter().filter(|e| e.manifest.kind == k).count();
    assert_eq!((of(Kind::Hourly), of(Kind::Daily)), (KEPT, KEPT));
    assert!(
        names(&backup::place(s.dir()))
            .iter()
            .all(|n| !n.starts_with('.'))
    );
}

#[test]
fn a_backup_that_fails_or_is_stopped_leaves_nothing_and_takes_nothing_away() {
    let s = Scene::new();
    s.receive(&[mail(0)]);
    let first = back_up(&s, Kind::Hourly).unwrap();
    let stop = AtomicBool::new(true);
    let job = Job {
        dir: s.dir(),
        key: &scene::key(),
        kind: Kind::Hourly,
        to: None,
        now: s.now(),
        pace: Duration::ZERO,
        stop: &stop,
    };
    assert!(backup::make(&job).is_err());
    // What a kill leaves is swept by the next one.
    std::fs::create_dir(backup::place(s.dir()).join(".new-killed")).unwrap();
    back_up(&s, Kind::Hourly).unwrap();
    let all = names(&backup::place(s.dir()));
    assert!(all.contains(&first.name) && all.len() == 3, "{all:?}");
}

#[test]
fn writers_go_on_beside_a_backup_and_it_holds_one_instant() {
    let s = Scene::new();
    s.receive(&(0..4).map(mail).collect::<Vec<_>>());
    let (dir, now) = (s.dir().to_path_buf(), s.now());
    let copying = std::thread::spawn(move || {
        backup::make(&Job {
            dir: &dir,
            key: &scene::key(),
            kind: Kind::Manual,
            to: None,
            now,
            pace: Duration::from_millis(30),
            stop: &AtomicBool::new(false),
        })
    });
    let mut n = 4;
    while !copying.is_finished() {
        s.receive(&[mail(n)]);
        n += 1;
    }
    let made = copying.join().unwrap().unwrap();
    assert!(made.manifest.messages >= 4 && made.manifest.messages <= i64::try_from(n).unwrap());
    s.is_sound();
}

#[test]
fn going_back_loses_no_mail_doubles_none_and_sends_nothing_by_itself() {
    let dir = folder();
    let s = Scene::in_folder(dir.path());
    with_key_file(dir.path());
    let early: Vec<Mail> = (0..3).map(mail).collect();
    s.receive(&early);
    let waits = s.writes("c0@shop.test", "This waited in the backup");
    let made = back_up(&s, Kind::Daily).unwrap();
    // Since then: it went out, another answer was written, more mail came.
    s.later(MINUTE);
    s.goes_out(waits);
    let late: Vec<Mail> = (3..6).map(mail).collect();
    s.receive(&late);
    let message_id = s.message_id_of(waits);
    close(s);

    let back = restore::restore(dir.path(), &scene::key(), &made, 1).unwrap();
    let aside = back.set_aside.unwrap();
    assert!(
        aside.join("parley.db").exists(),
        "the former one is set aside"
    );
    assert_eq!(back.missing_files, 0);
    rescue::ready(dir.path(), &scene::key(), 1).unwrap();

    let s = Scene::in_folder(dir.path());
    s.later(HOUR);
    s.run(s.engine.start()).unwrap();
    assert_eq!(
        s.state_of(waits),
        OutboxState::Uncertain,
        "a person decides"
    );
    let live = s.live();
    s.run(parley_engine::outbox::flush(s.store(), &live))
        .unwrap();
    assert!(s.provider(scene::TEAM).sent.lock().unwrap().is_empty());
    // The mail server is read again from the older cursor: the early ones are known, the late ones come.
    s.receive(early.iter().chain(&late));
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE author IS NULL"),
        6
    );
    // Its copy in Sent tells that it went out.
    s.receive(&[Mail::sent_to("c0@shop.test")
        .message_id(&message_id)
        .text("This waited in the backup")]);
    assert_eq!(s.state_of(waits), OutboxState::Sent);
    s.is_sound();
    close(s);
}

#[test]
fn a_backup_elsewhere_makes_a_whole_workspace() {
    let (dir, out, anew) = (folder(), folder(), folder());
    let s = Scene::in_folder(dir.path());
    with_key_file(dir.path());
    s.receive(&(0..5).map(mail).collect::<Vec<_>>());
    let digest = s.digest();
    let to = Some(out.path().to_path_buf());
    let made = s
        .run(
            s.engine
                .backups()
                .make(s.store(), Kind::Manual, to, Duration::ZERO),
        )
        .unwrap();
    close(s);
    drop(dir);
    let target = anew.path().join("workspace");
    let back = restore::restore_to(&target, &scene::key(), &made, 1).unwrap();
    assert_eq!(back.missing_files, 0);
    let s = Scene::in_folder(&target);
    assert_eq!(s.digest(), digest);
    s.is_sound();
    close(s);
    assert!(restore::restore_to(&target, &scene::key(), &made, 1).is_err());
}

#[test]
fn a_restore_killed_at_any_step_is_finished_at_the_next_start() {
    let dir = folder();
    let s = Scene::in_folder(dir.path());
    with_key_file(dir.path());
    s.receive(&[mail(0)]);
    let made = back_up(&s, Kind::Manual).unwrap();
    s.receive(&[mail(1)]);
    close(s);
    // The new database is ready and the swap decided; killed before, between and after the moves.
    for killed_after in 0..3 {
        let here = folder();
        copy_dir(dir.path(), here.path());
        let new = here.path().join(".new-x");
        std::fs::create_dir(&new).unwrap();
        std::fs::copy(made.path.join("parley.db"), new.join("parley.db")).unwrap();
        std::fs::write(
            here.path().join("swap.json"),
            br#"{"new":".new-x","aside":"set-aside-x"}"#,
        )
        .unwrap();
        let aside = here.path().join("set-aside-x");
        if killed_after > 0 {
            std::fs::create_dir(&aside).unwrap();
            std::fs::rename(here.path().join("parley.db"), aside.join("parley.db")).unwrap();
        }
        if killed_after > 1 {
            std::fs::rename(new.join("parley.db"), here.path().join("parley.db")).unwrap();
        }
        rescue::ready(here.path(), &scene::key(), 1).unwrap();
        let s = Scene::in_folder(here.path());
        assert_eq!(s.number("SELECT count(*) FROM message"), 1);
        assert!(aside.join("parley.db").exists() && !here.path().join("swap.json").exists());
        close(s);
    }
}

#[test]
fn a_copy_of_the_folder_sends_nothing_by_itself_and_writes_under_another_name() {
    let (dir, other) = (folder(), folder());
    let s = Scene::in_folder(dir.path());
    s.receive(&[mail(0)]);
    let waits = s.writes("c0@shop.test", "Waits");
    // Copied while it is open.
    copy_dir(dir.path(), other.path());
    let copy = Scene::in_folder(other.path());
    copy.run(copy.engine.recover()).unwrap();
    assert_eq!(copy.state_of(waits), OutboxState::Uncertain);
    assert_eq!(s.state_of(waits), OutboxState::Held, "the original goes on");
    assert_ne!(copy.store().identity().device, s.store().identity().device);
    let again = copy.store().identity().device;
    close(copy);
    let copy = Scene::in_folder(other.path());
    assert_eq!(copy.store().identity().device, again, "only once");
    copy.is_sound();
}
