//! Mailbox files, Maildirs and single mails.

use crate::scene::{DAY, Mail, Scene, TEAM, folder};
use crate::support::{mail, mbox, put};
use parley_engine::connectors::email::convert::convert;
use parley_engine::model::{Direction, Event, Place, RemoteId};
use parley_engine::store::transfer::ImportState;
use parley_engine::transfer::mbox::Mbox;
use parley_engine::transfer::{self, Gauge, Options, Running};
use std::io::{BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn all(file: &[u8]) -> Vec<String> {
    let mut r = Mbox::new(BufReader::new(Cursor::new(file.to_vec())), 0, 1_000_000);
    let mut out = Vec::new();
    while let Some(m) = r.next_mail().unwrap() {
        out.push(String::from_utf8(m.raw.unwrap()).unwrap());
    }
    out
}

#[test]
fn a_mailbox_file_gives_its_mails_as_they_were() {
    let mails = [
        mail(
            1,
            "one\nFrom here on it is text\n>From quoted\n>>From twice",
        ),
        mail(2, "two"),
    ];
    assert_eq!(all(mbox(&mails).as_bytes()), mails);
}

#[test]
fn line_ends_of_windows_are_kept_and_do_not_matter() {
    let mails = [mail(1, "one"), mail(2, "two")];
    let windows = mbox(&mails).replace('\n', "\r\n");
    let read = all(windows.as_bytes());
    assert_eq!(read.len(), 2);
    assert!(read[0].ends_with("one\r\n"));
    let s = Scene::new();
    let dir = folder();
    let first = put(dir.path(), "a.mbox", mbox(&mails));
    assert_eq!(s.takes(&first).new, 2);
    let counts = s.takes(&put(dir.path(), "b.mbox", windows));
    assert_eq!((counts.new, counts.known), (0, 2));
}

#[test]
fn a_line_of_the_text_that_looks_like_a_beginning_begins_no_mail() {
    let file = "From a@b.test Thu Jan 15 10:00:05 2026\nFrom: a@b.test\n\nDear all,\n\nFrom the desk of Anna\nPhone: 123\n\nFrom now on, 10:00 in 2026:\nno header here\n";
    assert_eq!(all(file.as_bytes()).len(), 1);
}

#[test]
fn a_length_that_lies_changes_nothing() {
    let lie = |n: u32| mail(n, "text").replace("Subject:", "Content-Length: 999999\nSubject:");
    assert_eq!(all(mbox(&[lie(1), lie(2)]).as_bytes()).len(), 2);
    let short =
        mail(3, "a longer text than it says").replace("Subject:", "Content-Length: 2\nSubject:");
    assert!(all(mbox(&[short]).as_bytes())[0].contains("than it says"));
}

#[test]
fn where_nothing_was_marked_a_mark_is_the_senders_own() {
    let body = "From my side\n>From yours\n";
    let m = format!("From: a@b.test\nContent-Length: {}\n\n{body}", body.len());
    let file = format!("From a@b.test Thu Jan 15 10:00:05 2026\n{m}\n");
    assert_eq!(all(file.as_bytes()), [m]);
}

#[test]
fn a_file_without_times_is_read_by_its_blank_lines() {
    let file = "From anna\nFrom: a@b.test\n\none\n\nFrom berta\nFrom: b@b.test\n\ntwo\n";
    assert_eq!(all(file.as_bytes()).len(), 2);
}

#[test]
fn a_cut_file_keeps_its_last_mail() {
    let file = mbox(&[mail(1, "one"), mail(2, "this is cut in the mid")]);
    let cut = file.trim_end().trim_end_matches("mid");
    let s = Scene::new();
    let dir = folder();
    assert_eq!(s.takes(&put(dir.path(), "cut.mbox", cut)).new, 2);
    assert!(s.texts().iter().any(|t| t.contains("cut in the")));
}

#[test]
fn what_is_no_mailbox_file_is_said_so() {
    let s = Scene::new();
    let dir = folder();
    let i = s.imports(
        &put(dir.path(), "notes.mbox", "Dear diary\n"),
        Options::default(),
    );
    assert_eq!(i.state, ImportState::Done);
    assert_eq!(i.counts.refused, 1);
    assert!(s.problems(&i)[0].reason.contains("From"));
    let i = s.imports(
        &put(dir.path(), "photo.png", b"\x89PNG\r\n"),
        Options::default(),
    );
    assert_eq!(i.state, ImportState::Failed);
    assert!(i.says.contains("photo.png") && i.says.contains("Maildir"));
    assert_eq!(s.number("SELECT count(*) FROM message"), 0);
}

#[test]
fn a_mail_that_is_too_large_is_left_out_and_the_rest_is_read() {
    let file = mbox(&[
        mail(1, "small"),
        mail(2, &"x".repeat(9_000)),
        mail(3, "small"),
    ]);
    let mut r = Mbox::new(BufReader::new(Cursor::new(file.into_bytes())), 0, 4_000);
    let sizes: Vec<bool> = std::iter::from_fn(|| r.next_mail().unwrap())
        .map(|m| m.raw.is_some())
        .collect();
    assert_eq!(sizes, [true, false, true]);
}

#[test]
fn importing_twice_is_importing_once_wherever_the_file_lies() {
    let s = Scene::new();
    let dir = folder();
    let file = mbox(&[mail(1, "one"), mail(2, "two"), mail(1, "one")]);
    let first = s.takes(&put(dir.path(), "a.mbox", &file));
    assert_eq!((first.read, first.new, first.known), (3, 2, 1));
    let digest = s.digest();
    let again = s.takes(&dir.path().join("a.mbox"));
    assert_eq!((again.new, again.known), (0, 3));
    assert_eq!(s.takes(&put(dir.path(), "deep/b.mbox", &file)).new, 0);
    assert_eq!(s.digest(), digest);
    s.is_sound();
}

#[test]
fn a_mail_that_is_imported_and_polled_is_one_message() {
    let s = Scene::new();
    let dir = folder();
    s.takes(&put(dir.path(), "a.mbox", mbox(&[mail(1, "one")])));
    let polled = convert(
        mail(1, "one").replace('\n', "\r\n").as_bytes(),
        RemoteId("INBOX/1/1".into()),
        Place::Inbox,
        Some(s.now()),
        false,
    );
    let brought = s.take(s.account, vec![polled]);
    assert_eq!((brought.new, brought.known), (0, 1));
    assert_eq!(s.number("SELECT count(*) FROM message"), 1);
    assert_eq!(s.number("SELECT count(*) FROM delivery"), 2);
    s.is_sound();
}

#[test]
fn imported_mail_is_history_unless_it_is_to_be_measured() {
    let s = Scene::new();
    let dir = folder();
    let file = put(dir.path(), "a.mbox", mbox(&[mail(1, "one")]));
    s.takes(&file);
    assert!(!s.is_open(s.customer("c1@shop.test")));
    let s = Scene::new();
    let measured = Options {
        archive: Some("Measured".into()),
        measured: true,
        ..Options::default()
    };
    s.imports(&file, measured.clone());
    assert!(s.is_open(s.customer("c1@shop.test")));
    // What was history stays history.
    s.imports(
        &file,
        Options {
            archive: Some("Old".into()),
            ..Options::default()
        },
    );
    let i = s.imports(
        &file,
        Options {
            archive: Some("Old".into()),
            ..measured
        },
    );
    assert_eq!((i.counts.new, i.counts.refused), (0, 1));
    assert!(s.problems(&i)[0].reason.contains("new archive"));
}

#[test]
fn an_import_tells_nobody_of_each_message() {
    let s = Scene::new();
    let dir = folder();
    let mut heard = s.store().announcements();
    let file = put(dir.path(), "a.mbox", mbox(&[mail(1, "one")]));
    s.imports(
        &file,
        Options {
            archive: Some("Measured".into()),
            measured: true,
            ..Options::default()
        },
    );
    while let Ok(a) = heard.try_recv() {
        assert_eq!(a.notices, []);
    }
}

#[test]
fn our_own_mails_are_sent_ones_by_their_folder_or_by_a_persons_word() {
    let ours = format!(
        "Message-ID: <o1@parley.test>\nFrom: Us <{TEAM}>\nTo: c1@shop.test\nDate: 3 Jan 2026 10:00:00 +0000\nSubject: Re: Order\n\nIt is on its way.\n"
    );
    let direction = |name: &str, own: &[&str]| {
        let s = Scene::new();
        let dir = folder();
        let path = put(dir.path(), name, mbox(std::slice::from_ref(&ours)));
        let own = own.iter().map(|o| (*o).to_owned()).collect();
        s.imports(
            &path,
            Options {
                own,
                ..Options::default()
            },
        );
        Direction::from_i64(s.number("SELECT direction FROM message"))
    };
    assert_eq!(
        direction("Gesendete Elemente.mbox", &[]),
        Direction::Outbound
    );
    assert_eq!(direction("2025.mbox", &[]), Direction::Internal);
    assert_eq!(direction("2025.mbox", &[TEAM]), Direction::Outbound);
    // A forged sender in the inbox is not believed.
    assert_eq!(direction("Inbox.mbox", &[TEAM]), Direction::Internal);
}

#[test]
fn a_maildir_gives_its_folders_flags_and_odd_names() {
    let s = Scene::new();
    let dir = folder();
    let d = dir.path().join("Maildir");
    for sub in ["", ".Sent/", ".Work.Spam/"] {
        for leaf in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(d.join(format!("{sub}{leaf}"))).unwrap();
        }
    }
    put(&d, "cur/1700000000.M1P2.host:2,S", mail(1, "read"));
    put(&d, "cur/1700000000.M2P2.host:2,ST", mail(2, "thrown away"));
    put(&d, "new/1700000001.M1P2.host", mail(3, "new"));
    put(&d, "tmp/half", mail(9, "half written"));
    put(&d, "cur/ein \u{fc}bler name;2,S", mail(4, "odd"));
    put(&d, ".Work.Spam/cur/1.x:2,", mail(5, "junk"));
    put(&d, "dovecot-uidlist", "3 V1\n");
    let sent = format!(
        "Message-ID: <s@parley.test>\nFrom: {TEAM}\nTo: c1@shop.test\nDate: 2 Jan 2026 10:00:00 +0000\n\nours\n"
    );
    put(&d, ".Sent/cur/1.x:2,S", sent);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let odd = std::ffi::OsStr::from_bytes(b"cur/17.\xff\xfe:2,");
        std::fs::write(d.join(odd), mail(6, "no text for a name")).unwrap();
    }
    let counts = s.takes(&d);
    assert_eq!((counts.new, counts.refused), (6, 0));
    assert_eq!(counts.left_out, 3);
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE direction = 1"),
        1
    );
    assert_eq!(
        s.number("SELECT count(*) FROM delivery WHERE place = 'junk'"),
        1
    );
    assert_eq!(
        s.number("SELECT count(*) FROM delivery WHERE place = 'inbox'"),
        4
    );
    assert_eq!(s.takes(&d).new, 0);
    s.is_sound();
}

#[test]
fn a_folder_of_mails_is_read_with_all_below_it_and_no_link_is_followed() {
    let s = Scene::new();
    let dir = folder();
    put(dir.path(), "box/a.eml", mail(1, "one"));
    put(dir.path(), "box/deep/er/b.EML", mail(2, "two"));
    put(dir.path(), "box/deep/old.mbox", mbox(&[mail(3, "three")]));
    put(dir.path(), "box/readme.txt", "hello");
    put(dir.path(), "outside/c.eml", mail(4, "four"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path().join("outside"), dir.path().join("box/link"))
            .unwrap();
        std::os::unix::fs::symlink(dir.path().join("box"), dir.path().join("box/deep/round"))
            .unwrap();
    }
    let counts = s.takes(&dir.path().join("box"));
    assert_eq!((counts.new, counts.left_out), (3, 1));
    assert_eq!(s.takes(&dir.path().join("outside/c.eml")).new, 1);
}

#[test]
fn what_cannot_be_understood_is_kept_with_its_reason() {
    let s = Scene::new();
    let dir = folder();
    let mut fields = String::new();
    for n in 0..1_200 {
        fields.push_str(&format!("X-{n}: y\n"));
    }
    let odd = format!("From: a@b.test\n{fields}\nbody\n");
    let i = s.imports(
        &put(
            dir.path(),
            "a.mbox",
            mbox(&[mail(1, "good"), odd, mail(2, "good")]),
        ),
        Options::default(),
    );
    assert_eq!((i.counts.new, i.counts.unreadable), (2, 1));
    let p = s.problems(&i);
    assert!(p[0].kept && p[0].at > 0 && p[0].file == "a.mbox");
    assert!(p[0].reason.contains("1000"), "{}", p[0].reason);
    assert_eq!(s.takes(&dir.path().join("a.mbox")).known, 3);
    s.is_sound();
}

#[test]
fn deleted_mails_that_a_program_only_marked_are_left_out() {
    let s = Scene::new();
    let dir = folder();
    let gone = format!("X-Mozilla-Status: 0009\n{}", mail(1, "gone"));
    let counts = s.takes(&put(dir.path(), "Archive", mbox(&[gone, mail(2, "there")])));
    assert_eq!((counts.new, counts.left_out), (1, 1));
}

#[test]
fn a_cancelled_import_rests_where_it_was_and_goes_on() {
    let s = Scene::new();
    let dir = folder();
    let mails: Vec<String> = (0..950).map(|n| mail(n, "text")).collect();
    let path = put(dir.path(), "big.mbox", mbox(&mails));
    let import = s
        .run(transfer::begin(s.store(), &path, Options::default()))
        .unwrap();
    let cancel = Arc::new(AtomicBool::new(false));
    let (store, stop) = (Arc::clone(s.store()), Arc::clone(&cancel));
    // The first piece that is stored asks for the end.
    let mut heard = s.store().announcements();
    let watch = std::thread::spawn(move || {
        let _ = heard.blocking_recv();
        stop.store(true, Ordering::SeqCst);
    });
    let rests = s
        .run(transfer::run_with(
            &store,
            import.id,
            cancel,
            Arc::default(),
        ))
        .unwrap();
    watch.join().unwrap();
    assert_eq!(rests.state, ImportState::Paused);
    assert!(
        rests.counts.read > 0 && rests.counts.read < 950,
        "{:?}",
        rests.counts
    );
    // Asked for again, it is the same import and reads nothing twice.
    let done = s.imports(&path, Options::default());
    assert_eq!(done.id, import.id);
    assert_eq!(
        (done.counts.read, done.counts.new, done.counts.known),
        (950, 950, 0)
    );
    assert_eq!(done.done, done.total);
    s.is_sound();
}

#[test]
fn a_file_that_was_replaced_meanwhile_is_read_from_its_beginning() {
    let s = Scene::new();
    let dir = folder();
    let mails: Vec<String> = (0..300).map(|n| mail(n, "text")).collect();
    let path = put(dir.path(), "big.mbox", mbox(&mails));
    let import = s
        .run(transfer::begin(s.store(), &path, Options::default()))
        .unwrap();
    s.write(move |tx| {
        let at =
            serde_json::json!({ "file": [], "offset": 40_000, "line": 0, "mark": "another file" });
        tx.execute(
            "UPDATE import SET position = ?2 WHERE id = ?1",
            (import.id, at.to_string()),
        )?;
        Ok(())
    });
    assert_eq!(s.imports(&path, Options::default()).counts.new, 300);
}

#[test]
fn a_killed_import_goes_on_after_what_was_stored() {
    let s = Scene::new();
    let dir = folder();
    let mails: Vec<String> = (0..450).map(|n| mail(n, "text")).collect();
    let path = put(dir.path(), "big.mbox", mbox(&mails));
    let import = s
        .run(transfer::begin(s.store(), &path, Options::default()))
        .unwrap();
    // The writer is taken away in the middle, as a killed process is.
    let store = Arc::clone(s.store());
    let mut heard = s.store().announcements();
    let closer = {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            let _ = heard.blocking_recv();
            store.close();
        })
    };
    let _ = s.run(transfer::run(&store, &Running::default(), import.id));
    closer.join().unwrap();
    drop(store);
    let at = s.dir().to_path_buf();
    let again = Scene::in_folder(&at);
    let before = again.number("SELECT count(*) FROM message");
    assert!(before < 450, "it was too fast to be stopped");
    let done = again.imports(&path, Options::default());
    assert_eq!(done.state, ImportState::Done);
    assert_eq!((done.counts.new, done.counts.known), (450, 0));
    again.is_sound();
}

/// Mails without end, made as they are read.
struct Endless {
    left: u64,
    n: u32,
    ready: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.ready.is_empty() && self.left > 0 {
            self.n += 1;
            self.ready = mbox(&[mail(self.n, &"word ".repeat(800))]).into_bytes();
        }
        let n = self
            .ready
            .len()
            .min(buf.len())
            .min(usize::try_from(self.left).unwrap());
        buf[..n].copy_from_slice(&self.ready[..n]);
        self.ready.drain(..n);
        self.left -= n as u64;
        Ok(n)
    }
}

#[test]
fn a_huge_file_is_held_one_mail_at_a_time() {
    let huge = Endless {
        left: 24 << 20,
        n: 0,
        ready: Vec::new(),
    };
    let mut r = Mbox::new(BufReader::new(huge), 0, 1 << 20);
    let (mut mails, mut largest) = (0, 0);
    while let Some(m) = r.next_mail().unwrap() {
        mails += 1;
        largest = largest.max(m.raw.unwrap().len());
    }
    assert!(
        mails > 5_000 && largest < 10_000,
        "{mails} mails, {largest} bytes"
    );
}

#[test]
fn between_file_and_database_only_a_few_pieces_are_held() {
    let s = Scene::new();
    let dir = folder();
    let mails: Vec<String> = (0..24)
        .map(|n| {
            mail(n, &"line of a file\n".repeat(100_000))
                .replace("text/plain", "application/octet-stream")
        })
        .collect();
    let path = put(dir.path(), "big.mbox", mbox(&mails));
    let import = s
        .run(transfer::begin(s.store(), &path, Options::default()))
        .unwrap();
    let gauge: Arc<Gauge> = Arc::default();
    let store = Arc::clone(s.store());
    let done = s
        .run(transfer::run_with(
            &store,
            import.id,
            Arc::default(),
            Arc::clone(&gauge),
        ))
        .unwrap();
    assert_eq!(done.counts.new, 24);
    // 36 MB in all; four pieces of 4 MB and the mail that fills each are on their way at most.
    assert!(gauge.peak() < 24 << 20, "{} bytes", gauge.peak());
}

#[test]
fn old_mail_in_a_connected_mailbox_moves_no_cursor_and_waits_for_nobody() {
    let s = Scene::new();
    let dir = folder();
    s.later(DAY);
    let path = put(dir.path(), "a.mbox", mbox(&[mail(1, "one")]));
    let i = s.imports(
        &path,
        Options {
            account: Some(s.account),
            ..Options::default()
        },
    );
    assert_eq!(i.counts.new, 1);
    assert!(!s.is_open(s.customer("c1@shop.test")));
    assert_eq!(
        s.number("SELECT count(*) FROM account WHERE cursor IS NOT NULL"),
        0
    );
    s.is_sound();
    let Event::Message(m) = Mail::from("c1@shop.test").event(s.now()) else {
        panic!()
    };
    s.take(s.account, vec![Event::Message(m)]);
    assert!(s.is_open(s.customer("c1@shop.test")));
}
