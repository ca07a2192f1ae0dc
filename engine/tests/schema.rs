//! The database's shape: migrations, the written schema, pragmas, encryption.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do

mod scene;

use parley_engine::Error;
use parley_engine::model::IdKey;
use parley_engine::secrets::Key;
use parley_engine::store::{Store, migrate};
use parley_engine::time::{Clock, ManualClock};
use rusqlite::Connection;
use scene::{MONDAY, Mail, Scene, folder, key};
use secrecy::SecretBox;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(MONDAY))
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The database of a folder, with the key but without the store.
fn raw(dir: &Path) -> Connection {
    let c = Connection::open(dir.join("parley.db")).unwrap();
    c.pragma_update(None, "key", format!("x'{}'", "2a".repeat(32)))
        .unwrap();
    c
}

fn migrated() -> Connection {
    let mut c = Connection::open_in_memory().unwrap();
    migrate::migrate(&mut c).unwrap();
    c
}

#[test]
fn the_written_schema_is_that_of_a_migrated_database() {
    let head = "-- The database as it stands after all migrations; kept true by engine/tests/schema.rs (PARLEY_WRITE_SCHEMA=1 writes it).\n\n";
    let now = format!("{head}{}", migrate::dump_schema(&migrated()).unwrap());
    let path = here("schema.sql");
    if std::env::var_os("PARLEY_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == now,
        "engine/schema.sql is out of date: run this test with PARLEY_WRITE_SCHEMA=1"
    );
    for must in [
        "CREATE TABLE entry",
        "the log: append-only",
        "CREATE VIRTUAL TABLE search",
        "CREATE INDEX entry_entity",
    ] {
        assert!(written.contains(must), "{must:?} is missing");
    }
}

#[test]
fn every_table_keeps_its_types() {
    let c = migrated();
    let loose: Vec<String> = c
        .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite_%'")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(loose.is_empty(), "these tables are not STRICT: {loose:?}");
}

#[test]
fn replicated_tables_carry_no_references() {
    let schema = migrate::dump_schema(&migrated()).unwrap();
    let code: String = schema
        .lines()
        .map(|l| l.split("--").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        code.contains("CREATE TABLE tag") && !code.to_uppercase().contains("REFERENCES"),
        "a tag may arrive before its customer"
    );
}

#[test]
fn migrating_again_changes_nothing() {
    let mut c = migrated();
    let before = migrate::dump_schema(&c).unwrap();
    let changes = c.total_changes();
    migrate::migrate(&mut c).unwrap();
    assert_eq!(migrate::dump_schema(&c).unwrap(), before);
    assert_eq!(c.total_changes(), changes);
    let version: i64 = c
        .query_row("PRAGMA user_version", [], |r| r.get(0))
        .unwrap();
    assert_eq!(usize::try_from(version).unwrap(), migrate::MIGRATIONS.len());
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let dir = folder();
    Store::open(dir.path(), &key(), clock()).unwrap().close();
    {
        let c = raw(dir.path());
        c.execute_batch("PRAGMA user_version = 999; PRAGMA journal_mode = DELETE;")
            .unwrap();
    }
    let before = std::fs::read(dir.path().join("parley.db")).unwrap();
    match Store::open(dir.path(), &key(), clock()) {
        Err(Error::Newer { found: 999, known }) => {
            assert_eq!(usize::try_from(known).unwrap(), migrate::MIGRATIONS.len())
        }
        Err(e) => panic!("refused for another reason: {e}"),
        Ok(_) => panic!("a newer database was opened"),
    }
    assert!(
        std::fs::read(dir.path().join("parley.db")).unwrap() == before,
        "the newer database was changed"
    );
}

#[test]
fn a_wrong_key_opens_nothing_and_changes_nothing() {
    let s = Scene::new();
    s.arrives(&Mail::from("anna@shop.test"));
    s.run(s.engine.stop());
    let before = std::fs::read(s.dir().join("parley.db")).unwrap();
    let wrong: Key = SecretBox::new(Box::new([1; 32]));
    assert!(matches!(
        Store::open(s.dir(), &wrong, clock()),
        Err(Error::Locked(_))
    ));
    assert!(std::fs::read(s.dir().join("parley.db")).unwrap() == before);
}

#[test]
fn nothing_of_a_mail_stands_in_the_files_in_the_clear() {
    let s = Scene::new();
    let marker = "zinnoberrot";
    s.arrives(
        &Mail::from("marker-zinnoberrot@shop.test")
            .subject(marker)
            .text(marker)
            .file("zinnoberrot.txt", b"zinnoberrot zinnoberrot zinnoberrot"),
    );
    let mut looked = 0;
    let mut open = vec![s.dir().to_path_buf()];
    while let Some(d) = open.pop() {
        for e in std::fs::read_dir(d).unwrap() {
            let path = e.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            looked += bytes.len();
            assert!(
                !path.to_string_lossy().contains(marker),
                "a file's name tells its content"
            );
            assert!(
                !bytes.windows(marker.len()).any(|w| w == marker.as_bytes()),
                "{} holds the marker in the clear",
                path.display()
            );
            assert!(
                !bytes.starts_with(b"SQLite format 3"),
                "{} is not encrypted",
                path.display()
            );
        }
    }
    assert!(looked > 10_000, "the files were not found");
}

#[test]
fn every_connection_is_careful() {
    let s = Scene::new();
    let text = |c: &Connection, p: &str| {
        c.query_row(&format!("PRAGMA {p}"), [], |r| {
            r.get::<_, rusqlite::types::Value>(0)
        })
        .unwrap()
    };
    let look = move |c: &Connection| {
        use rusqlite::types::Value::{Integer, Text};
        assert_eq!(text(c, "journal_mode"), Text("wal".into()));
        assert_eq!(text(c, "synchronous"), Integer(2), "FULL");
        assert_eq!(text(c, "foreign_keys"), Integer(1));
        assert_eq!(text(c, "trusted_schema"), Integer(0));
        assert_eq!(text(c, "cell_size_check"), Integer(1));
        assert!(
            matches!(text(c, "cipher_version"), Text(v) if !v.is_empty()),
            "no SQLCipher"
        );
        let Integer(kib) = text(c, "cache_size") else {
            panic!("no cache size")
        };
        assert!(kib < 0, "the cache is counted in KiB");
        Ok((-kib, text(c, "query_only") == Integer(1)))
    };
    let (writer, writer_reads_only) = s.write(move |tx| look(tx));
    assert_eq!((writer, writer_reads_only), (24 * 1024, false));
    // Hold as many readers as there are, so that each of them is looked at.
    let (store, barrier) = (Arc::clone(s.store()), Arc::new(std::sync::Barrier::new(4)));
    let readers = s.run(async {
        let each = (0..4).map(|_| {
            let barrier = Arc::clone(&barrier);
            store.read(move |c| {
                barrier.wait();
                look(c)
            })
        });
        futures::future::join_all(each).await
    });
    let readers: Vec<(i64, bool)> = readers.into_iter().map(Result::unwrap).collect();
    assert!(readers.iter().all(|(_, only)| *only), "a reader can write");
    let all = writer + readers.iter().map(|(k, _)| k).sum::<i64>();
    assert!(all <= 64 * 1024, "{all} KiB of page cache");
}

#[test]
fn a_reader_cannot_write() {
    let s = Scene::new();
    let out = s.run(s.store().read(|c| Ok(c.execute("DELETE FROM entry", [])?)));
    assert!(out.is_err());
}

#[test]
fn a_desktop_that_joins_makes_the_same_ids_and_is_somebody_else() {
    let a = Scene::new();
    let b = a.colleague();
    assert_eq!(a.customer("anna@shop.test"), b.customer("anna@shop.test"));
    assert_eq!(a.account, b.account);
    assert_ne!(a.store().identity().device, b.store().identity().device);
    assert_ne!(a.store().identity().agent, b.store().identity().agent);
}

#[test]
fn a_database_of_another_workspace_does_not_join() {
    let dir = folder();
    Store::open(dir.path(), &key(), clock()).unwrap().close();
    assert!(matches!(
        Store::join(dir.path(), &key(), clock(), &IdKey::new([9; 32])),
        Err(Error::Refused(_))
    ));
    Store::open(dir.path(), &key(), clock()).unwrap().close();
}

/// A database as version 1 wrote it, with a customer, a reply and a resolve; never made anew once released.
#[test]
fn a_database_of_version_1_still_opens() {
    let frozen = here("tests/data/workspace-v1.db");
    if std::env::var_os("PARLEY_WRITE_FIXTURES").is_some() {
        let s = Scene::new();
        let anna = s.customer("anna@shop.test");
        s.arrives(
            &Mail::from("Anna <anna@shop.test>")
                .subject("The lamp")
                .text("Is the lamp still there?")
                .at(MONDAY),
        );
        s.later(scene::HOUR);
        s.replies("anna@shop.test", "It is.");
        s.does(parley_engine::api::args::Resolve { conversation: anna });
        let c = raw(s.dir());
        std::fs::create_dir_all(here("tests/data")).unwrap();
        c.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
        s.run(s.engine.stop());
        c.execute_batch("PRAGMA journal_mode = DELETE; VACUUM;")
            .unwrap();
        drop(c);
        std::fs::copy(s.dir().join("parley.db"), &frozen).unwrap();
    }
    let dir = folder();
    std::fs::copy(&frozen, dir.path().join("parley.db")).unwrap();
    let s = Scene::in_folder(dir.path());
    let anna = s.customer("anna@shop.test");
    assert_eq!(s.timeline(anna).len(), 2);
    let f = s.folded(anna);
    assert_eq!((f.episodes.len(), f.open, f.waits.len()), (1, false, 1));
    s.is_sound();
    assert_eq!(migrate_version(&s), migrate::MIGRATIONS.len());
}

fn migrate_version(s: &Scene) -> usize {
    usize::try_from(s.number("SELECT user_version FROM pragma_user_version")).unwrap()
}
