//! An archive goes and keeps nothing; all the rest is as it was.

use crate::scene::{HOUR, Mail, Scene, folder};
use crate::support::{mail, mbox, put};
use parley_engine::api::args;
use parley_engine::model::{AccountId, Channel, MessageId};
use parley_engine::store::keep::pool;
use parley_engine::store::transfer as stored;
use parley_engine::store::transfer::erase::{self as rows, Weight};
use parley_engine::transfer::{self, Options};

/// A word that stands in imported mails and nowhere else.
const MARK: &str = "zebrafinch";

fn with_file(n: u32) -> String {
    let day = n % 28 + 1;
    let content = data_encoding::BASE64.encode(format!("{MARK} picture {n}").as_bytes());
    format!(
        "Message-ID: <f{n}@shop.test>\nFrom: Filer {n} <f{n}@shop.test>\nTo: team@parley.test\nDate: {day} Jan 2026 10:00:00 +0000\nSubject: File {n}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{MARK} has a file\n--b\nContent-Type: application/octet-stream; name={MARK}.bin\nContent-Transfer-Encoding: base64\n\n{content}\n--b--\n"
    )
}

fn imported(s: &Scene, mails: &[String], name: &str) -> AccountId {
    let dir = folder();
    let file = put(dir.path(), "old.mbox", mbox(mails));
    let i = s.imports(
        &file,
        Options {
            archive: Some(name.into()),
            ..Options::default()
        },
    );
    assert_eq!(i.counts.refused, 0);
    s.read(stored::archives)
        .into_iter()
        .find(|a| a.archive.name == name)
        .unwrap()
        .id
}

fn erased(s: &Scene, id: AccountId) -> Weight {
    let went = s
        .run(transfer::erase::archive(s.store(), id, |_, _| {}))
        .unwrap();
    s.run(pool::prune(s.store())).unwrap();
    went
}

/// Every text of every table, and the words of the index.
fn holds(s: &Scene, word: &str) -> bool {
    let word = word.to_owned();
    let files = s.store().files();
    s.write(move |tx| {
        let tables: Vec<String> = {
            let mut q = tx.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")?;
            q.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?
        };
        for t in tables {
            let mut q = tx.prepare(&format!("SELECT * FROM \"{t}\""))?;
            let n = q.column_count();
            let mut found = q.query([])?;
            while let Some(r) = found.next()? {
                for i in 0..n {
                    let bytes: Vec<u8> = match r.get_ref(i)? {
                        rusqlite::types::ValueRef::Text(b) => b.to_vec(),
                        rusqlite::types::ValueRef::Blob(b) => {
                            parley_engine::store::files::unpack_for_digest(b)
                        }
                        _ => continue,
                    };
                    if String::from_utf8_lossy(&bytes).to_lowercase().contains(&word) {
                        println!("{t}, column {i}");
                        return Ok(true);
                    }
                }
            }
        }
        tx.execute_batch("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab('main', 'search', 'row')")?;
        let indexed: bool = tx.query_row("SELECT EXISTS (SELECT 1 FROM temp.words WHERE term LIKE ?1)", [format!("%{word}%")], |r| r.get(0))?;
        let orphans = pool::orphans(tx, &files)?;
        Ok(indexed || !orphans.is_empty())
    })
}

/// A workspace of its own, before anything is imported.
fn lived_in() -> Scene {
    let s = Scene::new();
    s.arrives(
        &Mail::from("Anna <anna@shop.test>")
            .named("a1")
            .file("a.bin", b"her file"),
    );
    s.later(HOUR);
    s.replies("anna@shop.test", "It is on its way");
    s.does(args::TagSet {
        conversation: s.customer("anna@shop.test"),
        tag: "vip".into(),
        on: true,
    });
    s
}

#[test]
fn nothing_of_an_erased_archive_remains_and_everything_else_stays_as_it_was() {
    let s = lived_in();
    let before = (
        s.digest(),
        s.content(),
        s.number("SELECT count(*) FROM file"),
    );
    let mut mails: Vec<String> = (1..=250).map(|n| mail(n, &format!("{MARK} {n}"))).collect();
    mails.push(with_file(1));
    mails.push(with_file(2));
    // A customer of ours wrote before, under another name.
    mails.push(
        mail(9, MARK)
            .replace(
                "Customer 9 <c9@shop.test>",
                "Annabel Zebrafinch <anna@shop.test>",
            )
            .replace("<m9@", "<old9@"),
    );
    let id = imported(&s, &mails, "Zebrafinch mail");
    let c = s.customer("c3@shop.test");
    s.does(args::NoteAdd {
        conversation: c,
        text: format!("a note about {MARK}"),
    });
    s.does(args::CustomerRename {
        id: c,
        name: "Mrs Zebrafinch".into(),
    });
    s.does(args::TagSet {
        conversation: c,
        tag: "old".into(),
        on: true,
    });
    assert!(holds(&s, MARK));
    assert_ne!(s.digest(), before.0);
    let weight = s.read(move |c| rows::weigh(c, id));
    assert_eq!(
        (weight.messages, weight.staying, weight.conversations),
        (253, 0, 252)
    );
    assert_eq!(erased(&s, id), weight);
    assert!(!holds(&s, MARK), "something of it is left");
    assert_eq!(
        (
            s.digest(),
            s.content(),
            s.number("SELECT count(*) FROM file")
        ),
        before
    );
    assert!(s.read(stored::archives).is_empty());
    assert_eq!(s.number("SELECT count(*) FROM import"), 0);
    s.is_sound();
    // The chain still verifies, that it went is in the log, and undo goes past it.
    assert!(s.log().iter().any(|e| e.kind == "archive_erase"));
    s.does(args::Undo {});
    s.is_sound();
}

#[test]
fn what_another_account_holds_too_stays_there() {
    let s = lived_in();
    let shared = mail(1, "in both");
    let first = imported(&s, &[shared.clone(), mail(2, "in the first")], "First");
    let second = imported(&s, &[shared, mail(3, "in the second")], "Second");
    let weight = erased(&s, first);
    assert_eq!(
        (weight.messages, weight.staying, weight.conversations),
        (1, 1, 1)
    );
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE snippet LIKE 'in the %'"),
        1
    );
    assert_eq!(
        s.number("SELECT count(*) FROM message m JOIN delivery d ON d.message = m.id WHERE m.snippet = 'in both'"),
        1
    );
    s.is_sound();
    erased(&s, second);
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE snippet LIKE 'in %'"),
        0
    );
    s.is_sound();
}

#[test]
fn an_erased_archive_comes_back_when_it_is_imported_again() {
    let s = lived_in();
    let mails = [mail(1, "once"), with_file(3)];
    let id = imported(&s, &mails, "Old");
    let after = s.content();
    erased(&s, id);
    assert_eq!(imported(&s, &mails, "Old"), id);
    assert_eq!(s.read(stored::archives)[0].messages, 2);
    // When it was imported is part of what it is.
    assert_ne!(after.len(), 0);
    s.is_sound();
}

#[test]
fn an_archive_says_where_it_came_from_and_can_be_called_something_else() {
    let s = lived_in();
    let id = imported(&s, &[mail(1, "x"), mail(2, "y")], "Old");
    let new = "Mail of 2025".to_owned();
    s.does(args::ArchiveRename {
        id,
        name: new.clone(),
    });
    let shown = s.does(args::Archives {});
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (
            shown[0].name.as_str(),
            shown[0].channel,
            shown[0].messages,
            shown[0].measured
        ),
        (new.as_str(), Channel::Email, 2, false)
    );
    assert!(shown[0].imports[0].import.path.ends_with("old.mbox"));
    assert_eq!(shown[0].imports[0].messages, 2);
    // Under its first name it is still the same archive.
    assert_eq!(imported(&s, &[mail(3, "z")], "Old"), id);
    assert_eq!(s.does(args::Archives {})[0].messages, 3);
    for bad in ["", "  ", "a\nb", &"x".repeat(101)] {
        assert!(
            s.ask(args::ArchiveRename {
                id,
                name: bad.into()
            })
            .is_err()
        );
    }
}

#[test]
fn without_a_persons_word_nothing_is_erased() {
    let s = lived_in();
    let id = imported(&s, &[mail(1, "x")], "Old");
    let told = s.does(args::ArchiveErase { id });
    assert!(!told.done && told.weight.messages == 1);
    assert_eq!(s.does(args::Archives {}).len(), 1);
    // A mailbox is no archive, whoever asks.
    let mailbox = s.read(parley_engine::store::accounts::all)[0].id;
    assert!(s.ask(args::ArchiveWeigh { id: mailbox }).is_err());
    assert!(s.try_write(move |tx| rows::some(tx, mailbox, 10)).is_err());
}

#[test]
fn erasing_that_was_stopped_in_the_middle_is_whole_and_goes_on() {
    let s = lived_in();
    let before = s.digest();
    let mails: Vec<String> = (1..=30).map(|n| mail(n, MARK)).collect();
    let id = imported(&s, &mails, "Old");
    s.write(move |tx| rows::some(tx, id, 7));
    s.is_sound();
    assert_eq!(s.read(stored::archives)[0].messages, 23);
    assert_eq!(erased(&s, id).messages, 23);
    assert_eq!(s.digest(), before);
}

#[test]
fn a_kept_file_goes_when_nothing_names_it_and_never_before() {
    let s = lived_in();
    let id = imported(&s, &[with_file(1), with_file(2)], "Old");
    // The same content at a living message keeps the file.
    let content = format!("{MARK} picture 1");
    s.arrives(
        &Mail::from("bo@shop.test")
            .named("b1")
            .file("same.bin", content.as_bytes()),
    );
    let lying = |s: &Scene| {
        let files = s.store().files();
        s.read(move |c| pool::orphans(c, &files)).len()
    };
    assert_eq!(lying(&s), 0);
    s.run(transfer::erase::archive(s.store(), id, |_, _| {}))
        .unwrap();
    assert_eq!(lying(&s), 1);
    let report = {
        let files = s.store().files();
        s.read(move |c| parley_engine::store::check::check(c, &files))
    };
    assert!(report.counted.contains(&("files that nothing names", 1)));
    assert_eq!(report.findings, []);
    // One that was named again meanwhile stays.
    let files = s.store().files();
    let orphan = s.read(move |c| pool::orphans(c, &files));
    s.arrives(
        &Mail::from("cy@shop.test")
            .named("c1")
            .file("two.bin", format!("{MARK} picture 2").as_bytes()),
    );
    let again = orphan.clone();
    assert_eq!(s.write(move |tx| pool::remove(tx, &again)), (0, 0));
    assert_eq!(s.run(pool::prune(s.store())).unwrap().files, 0);
    s.is_sound();
}

#[test]
fn a_database_that_was_set_aside_keeps_its_files() {
    let s = lived_in();
    let id = imported(&s, &[with_file(1)], "Old");
    s.run(s.store().shorten_log()).unwrap();
    let aside = s.dir().join("set-aside-20260302");
    std::fs::create_dir(&aside).unwrap();
    std::fs::copy(s.dir().join("parley.db"), aside.join("parley.db")).unwrap();
    s.run(transfer::erase::archive(s.store(), id, |_, _| {}))
        .unwrap();
    assert_eq!(
        s.run(pool::prune(s.store())).unwrap(),
        pool::Pruned::default()
    );
    std::fs::write(aside.join("parley.db"), b"damaged").unwrap();
    assert!(s.run(pool::prune(s.store())).unwrap().blocked);
    std::fs::remove_dir_all(&aside).unwrap();
    assert_eq!(s.run(pool::prune(s.store())).unwrap().files, 1);
}

#[test]
fn a_reply_to_an_archived_mail_keeps_its_conversation() {
    let s = lived_in();
    let id = imported(&s, &[mail(1, "archived question")], "Old");
    let c = s.customer("c1@shop.test");
    let answer: MessageId = s.replies("c1@shop.test", "our answer");
    let shelf = s.shelf(c);
    erased(&s, id);
    assert_eq!(s.timeline(c), [answer]);
    assert_eq!(s.shelf(c), shelf);
    s.is_sound();
}
