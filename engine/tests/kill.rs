//! Killed at any write and started again, a workspace ends where it would have ended anyway, and no mail goes out
//! twice or never.
//!
//! The parent runs this very program again as a child that works through a script and aborts at the k-th row it
//! writes: triggers of its connection's own count the rows. Then the parent goes on with the same script.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned,
    clippy::drop_non_drop,
    clippy::type_complexity
)] // helpers fail as tests do

mod scene;

use parley_engine::api::args;
use parley_engine::model::OutboxState;
use parley_engine::store::outbox;
use rusqlite::functions::FunctionFlags;
use scene::{HOUR, MINUTE, MONDAY, Mail, Scene, folder, party};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Rows still to be written before the end.
static LEFT: AtomicI64 = AtomicI64::new(i64::MAX);

fn count_a_row() {
    if LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
        std::process::abort();
    }
}

/// Count every row that the writer writes, in whichever table.
fn count_rows(s: &Scene) {
    s.write(|tx| {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        tx.create_scalar_function("count_a_row", 0, flags, |_| {
            count_a_row();
            Ok(0)
        })?;
        let tables: Vec<String> = {
            let mut s = tx.prepare("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite_%'")?;
            s.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for t in &tables {
            for act in ["INSERT", "UPDATE", "DELETE"] {
                tx.execute_batch(&format!("CREATE TEMP TRIGGER \"kill_{t}_{act}\" AFTER {act} ON main.\"{t}\" BEGIN SELECT count_a_row(); END;"))?;
            }
        }
        Ok(())
    });
}

/// What the provider took, one Message-ID a line; it outlives us.
fn provider_took(dir: &Path) -> Vec<String> {
    std::fs::read_to_string(dir.join("provider.txt"))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn hand_over(dir: &Path, message_id: &str) {
    let mut f = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.join("provider.txt"))
        .unwrap();
    writeln!(f, "{message_id}").unwrap();
}

const BATCHES: usize = 6;
const REPLIES: [(&str, &str); 3] = [
    ("c0@shop.test", "Reply to zero"),
    ("c1@shop.test", "Reply to one"),
    ("c2@shop.test", "Reply to two"),
];

fn mails(batch: usize) -> Vec<Mail> {
    let mail = |i: usize| {
        let (n, at) = (
            batch * 4 + i,
            MONDAY + MINUTE * i64::try_from(batch * 4 + i).unwrap(),
        );
        match i {
            3 => Mail::sent_to("c9@shop.test")
                .named(&format!("m{n}"))
                .answering(&format!("m{}@mail.test", n + 2))
                .at(at),
            2 => Mail::from("list@shop.test")
                .named(&format!("m{n}"))
                .machine("list-id")
                .at(at)
                .file("a.txt", b"a file of a mail"),
            _ => Mail::from(&format!("c{}@shop.test", n % 5))
                .named(&format!("m{n}"))
                .text(&format!("number {n} asks"))
                .at(at),
        }
    };
    (0..4).map(mail).collect()
}

/// The whole story; each step does nothing if it was done before.
fn work(s: &Scene) {
    s.run(s.engine.recover()).unwrap();
    settle_uncertain(s);
    for b in 0..BATCHES {
        s.clock
            .set(MONDAY + HOUR + MINUTE * i64::try_from(b).unwrap());
        s.receive(&mails(b));
    }
    s.clock.set(MONDAY + 2 * HOUR);
    for (n, (to, text)) in REPLIES.iter().enumerate() {
        reply(s, to, text, n == 1);
    }
    let (c3, c4) = (s.customer("c3@shop.test"), s.customer("c4@shop.test"));
    let once = |sql: &str, act: &dyn Fn()| {
        if s.number(sql) == 0 {
            act();
        }
    };
    once(
        "SELECT count(*) FROM entry WHERE kind = 'stage_set'",
        &|| {
            drop(s.does(args::StageSet {
                customer: c3,
                stage: Some("won".into()),
                evidence: None,
            }))
        },
    );
    once("SELECT count(*) FROM entry WHERE kind = 'tag_set'", &|| {
        drop(s.does(args::TagSet {
            conversation: c3,
            tag: "lamp".into(),
            on: true,
        }))
    });
    once("SELECT count(*) FROM entry WHERE kind = 'link'", &|| {
        drop(s.does(args::Link { a: c3, b: c4 }))
    });
    once(
        "SELECT count(*) FROM entry WHERE kind = 'resolve' AND conversation <> (SELECT id FROM handle WHERE value = 'c1@shop.test')",
        &|| drop(s.does(args::Resolve { conversation: c3 })),
    );
    once(
        "SELECT count(*) FROM entry WHERE kind = 'undo.resolve'",
        &|| drop(s.does(args::Undo {})),
    );
}

/// Author and send, unless that happened.
fn reply(s: &Scene, to: &str, text: &str, resolve: bool) {
    let found = s.read({
        let text = text.to_owned();
        move |c| {
            let mut q = c.prepare("SELECT id FROM outbox WHERE instr(mail, ?1) > 0")?;
            Ok(q.query_map([text], |r| r.get(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?)
        }
    });
    let id = match found.first() {
        Some(id) => *id,
        None if resolve => s.writes_and_resolves(to, text),
        None => s.writes(to, text),
    };
    send(s, id);
}

fn send(s: &Scene, id: parley_engine::model::MessageId) {
    if !matches!(s.state_of(id), OutboxState::Held | OutboxState::Queued) {
        return;
    }
    s.write(move |tx| outbox::begin(tx, id));
    count_a_row();
    hand_over(s.dir(), &s.message_id_of(id));
    count_a_row();
    s.write(move |tx| outbox::sent(tx, id, None, false));
}

/// The provider's list confirms what went out; a person sends the rest again.
fn settle_uncertain(s: &Scene) {
    let uncertain = s.read(|c| {
        Ok(outbox::unfinished(c)?
            .into_iter()
            .filter(|o| o.state == OutboxState::Uncertain)
            .collect::<Vec<_>>())
    });
    for o in uncertain {
        if provider_took(s.dir()).contains(&o.message_id) {
            s.receive([&Mail::sent_to(&party(&o.mail.to[0].address).address)
                .message_id(&o.message_id)
                .text(&o.mail.text)
                .at(s.now())]);
            assert_eq!(
                s.state_of(o.id),
                OutboxState::Sent,
                "the echo did not confirm it"
            );
        } else {
            s.write(move |tx| outbox::again(tx, o.id));
            send(s, o.id);
        }
    }
}

/// A send that became uncertain took its resolve back; a person who saw that it had gone out resolves again.
fn resolve_again(s: &Scene) {
    let c1 = s.customer(REPLIES[1].0);
    if s.number("SELECT count(*) FROM entry WHERE kind = 'auto.send.reopen'") > 0 {
        assert!(
            s.is_open(c1),
            "an uncertain send must open the conversation again"
        );
        s.does(args::Resolve { conversation: c1 });
    }
}

/// What the workspace holds, without ids and instants that chance or the kill decides.
fn story(s: &Scene) -> BTreeMap<&'static str, Vec<String>> {
    let mut all = BTreeMap::new();
    for (name, sql) in [
        (
            "messages",
            "SELECT hex(id), hex(conversation), direction, class, live, sent_at, outside, opens, subject FROM message WHERE author IS NULL ORDER BY id",
        ),
        (
            "sends",
            "SELECT hex(conversation), state, mail FROM outbox ORDER BY mail",
        ),
        (
            "deliveries",
            "SELECT remote_id, place FROM delivery WHERE message NOT IN (SELECT id FROM outbox) ORDER BY 1",
        ),
        (
            "threads",
            "SELECT hex(ref), hex(message), nearness FROM naming WHERE message NOT IN (SELECT id FROM outbox) ORDER BY 1, 2",
        ),
        (
            "customers",
            "SELECT hex(id), hex(root), stage, messages, here, human, open, wait_since FROM customer ORDER BY id",
        ),
        (
            "rows",
            "SELECT hex(id), name, shelf, messages, wait_since, stage, tags, unread, problem FROM conversation ORDER BY id",
        ),
        (
            "waits",
            "SELECT hex(conversation), hex(message), started_at, ended FROM wait ORDER BY 1, 2",
        ),
        (
            "counters",
            "SELECT key, n FROM counter WHERE n <> 0 ORDER BY 1",
        ),
        (
            "decisions",
            "SELECT kind, count(*) FROM entry WHERE kind NOT LIKE 'auto.%' AND kind NOT IN ('account_save', 'resolve') GROUP BY kind ORDER BY kind",
        ),
        ("account", "SELECT cursor, messages FROM account"),
        (
            "files",
            "SELECT name, size, hex(hash) FROM file ORDER BY 1, 3",
        ),
    ] {
        let rows = s.read(move |c| {
            let mut q = c.prepare(sql)?;
            let n = q.column_count();
            let mut rows = q.query([])?;
            let mut out = Vec::new();
            while let Some(r) = rows.next()? {
                out.push(
                    (0..n)
                        .map(|i| cell(r.get_ref(i).unwrap()))
                        .collect::<Vec<_>>()
                        .join(" "),
                );
            }
            Ok(out)
        });
        all.insert(name, rows);
    }
    // How often a batch was polled is the script's matter, not the store's.
    all.remove("account");
    all
}

fn cell(v: rusqlite::types::ValueRef<'_>) -> String {
    match v {
        rusqlite::types::ValueRef::Text(t) => String::from_utf8_lossy(t).into_owned(),
        rusqlite::types::ValueRef::Integer(i) => i.to_string(),
        other => format!("{other:?}"),
    }
}

/// A copy of a prepared workspace, so that all runs share device, agent and ids.
fn copy_of(base: &Path) -> tempfile::TempDir {
    let dir = folder();
    std::fs::copy(base.join("parley.db"), dir.path().join("parley.db")).unwrap();
    dir
}

/// The child: works until it is killed. Without a folder given there is nothing to do.
#[test]
fn works_until_it_is_killed() {
    let Some(dir) = std::env::var_os("PARLEY_KILL_DIR") else {
        return;
    };
    let at: i64 = std::env::var("PARLEY_KILL_AT").unwrap().parse().unwrap();
    let s = Scene::in_folder(Path::new(&dir));
    count_rows(&s);
    LEFT.store(at, Ordering::SeqCst);
    work(&s);
    let written = at - LEFT.load(Ordering::SeqCst);
    std::fs::write(Path::new(&dir).join("written.txt"), written.to_string()).unwrap();
}

/// Whether it came to its end.
fn child(dir: &Path, at: i64) -> bool {
    let out = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "works_until_it_is_killed", "--test-threads=1"])
        .env("PARLEY_KILL_DIR", dir)
        .env("PARLEY_KILL_AT", at.to_string())
        .output()
        .unwrap();
    let finished = dir.join("written.txt").exists();
    assert_eq!(
        finished,
        out.status.success(),
        "the child failed otherwise: {}",
        String::from_utf8_lossy(&out.stdout)
    );
    finished
}

#[test]
fn a_kill_at_any_write_changes_nothing_in_the_end() {
    let base = folder();
    let s = Scene::in_folder(base.path());
    s.write(|tx| Ok(tx.execute("UPDATE account SET says = says", [])?));
    s.run(s.engine.stop());
    drop(s);

    let whole = copy_of(base.path());
    assert!(
        child(whole.path(), i64::MAX),
        "the script does not reach its end"
    );
    let writes: i64 = std::fs::read_to_string(whole.path().join("written.txt"))
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        writes > 300,
        "only {writes} rows were counted: the kill points are not installed"
    );
    let s = Scene::in_folder(whole.path());
    let wanted = Arc::new(story(&s));
    s.is_sound();
    assert_eq!(provider_took(whole.path()).len(), REPLIES.len());

    // Spread over the whole story, closer together where mails are sent and people decide.
    let late = writes * 2 / 3;
    let points: Vec<i64> = (0..14)
        .map(|i| 1 + i * late / 14)
        .chain((0..26).map(|i| late + i * (writes - late) / 26))
        .collect();
    let mut killed = 0;
    for at in points {
        let dir = copy_of(base.path());
        killed += i32::from(!child(dir.path(), at));
        let s = Scene::in_folder(dir.path());
        s.is_sound();
        work(&s);
        resolve_again(&s);
        s.is_sound();
        let now = story(&s);
        for (name, rows) in wanted.iter() {
            assert_eq!(
                &now[name], rows,
                "{name} differ after a kill at write {at} of {writes}"
            );
        }
        let mut took = provider_took(dir.path());
        took.sort();
        let calls = took.len();
        took.dedup();
        assert_eq!(
            (took.len(), calls),
            (REPLIES.len(), REPLIES.len()),
            "a send was lost or doubled after a kill at write {at}"
        );
    }
    assert!(killed >= 38, "only {killed} children were killed");
}
