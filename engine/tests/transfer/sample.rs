//! The sample data: the same for the same moment, in every state, live, sent to nobody, and gone without a trace.

use crate::scene::{DAY, HOUR, MINUTE, Mail, Scene};
use crate::schema;
use parley_engine::api::args;
use parley_engine::api::dto::{GroupBy, SampleState, SampleStatus};
use parley_engine::model::interchange::Line;
use parley_engine::model::{AgentId, CustomerId, MessageId, Party};
use parley_engine::store::transfer::{self as rows, ImportState};
use parley_engine::transfer::run_with;
use parley_engine::transfer::sample::{self, Recipe};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Entries of the log that make a workspace one that is not empty.
const SAYS_SOMETHING: &str = "SELECT count(*) FROM entry WHERE entity NOT IN ('setting', 'agent') AND erased IS NULL AND kind <> 'archive_erase'";

fn recipe(now: i64, seed: u64) -> Recipe {
    Recipe {
        now,
        seed,
        me: AgentId([7; 16]),
        name: "Robin Ash".into(),
        turn: 0,
    }
}

/// Loaded as the window loads it.
fn loaded(s: &Scene) -> SampleStatus {
    let begun = s.does(args::SampleLoad {});
    assert!(matches!(
        begun.state,
        SampleState::Loading | SampleState::Here
    ));
    let patience = Instant::now();
    loop {
        let now = s.does(args::SampleStatus {});
        if now.state != SampleState::Loading {
            return now;
        }
        assert!(patience.elapsed() < Duration::from_secs(120), "{now:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn views(s: &Scene) -> BTreeMap<String, u32> {
    let views = s.does(args::Sidebar {}).views;
    views
        .into_iter()
        .map(|v| (format!("{:?}", v.view), v.count))
        .collect()
}

/// Every row of every table but the log and what counts its clock.
fn rows_of(s: &Scene) -> BTreeMap<String, Vec<String>> {
    s.read(|c| {
        let tables: Vec<String> = {
            let mut q = c.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' AND name NOT IN ('entry', 'meta')")?;
            q.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?
        };
        let mut out = BTreeMap::new();
        for t in tables {
            let only = if t == "counter" { " WHERE n <> 0" } else { "" };
            let mut q = c.prepare(&format!("SELECT * FROM \"{t}\"{only}"))?;
            let n = q.column_count();
            let mut found = q.query([])?;
            let mut all = Vec::new();
            while let Some(r) = found.next()? {
                let cells: Vec<String> = (0..n)
                    .map(|i| r.get_ref(i).map(|v| format!("{v:?}")))
                    .collect::<Result<_, _>>()?;
                all.push(cells.join(" "));
            }
            all.sort();
            out.insert(t, all);
        }
        out.insert("search".into(), vec![c.query_row("SELECT count(*) FROM search", [], |r| r.get::<_, i64>(0))?.to_string()]);
        Ok(out)
    })
}

/// Some conversation that somebody of the sample has on email, with its newest message of theirs.
fn somebody(s: &Scene) -> (CustomerId, MessageId) {
    s.read(|c| {
        Ok(c.query_row(
            "SELECT u.root, m.id FROM message m JOIN customer u ON u.id = m.conversation WHERE m.channel = 'email' AND m.direction = 0 AND m.class = 0 AND m.account IN (SELECT id FROM account WHERE archive = 1) ORDER BY m.rid DESC LIMIT 1",
            [],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?)
    })
}

#[test]
fn the_same_moment_and_seed_give_the_same_lines_and_others_do_not() {
    let now = 1_772_442_000_000;
    let one = sample::lines(&recipe(now, 1));
    assert_eq!(one, sample::lines(&recipe(now, 1)));
    assert_ne!(one, sample::lines(&recipe(now, 2)));
    assert_ne!(one, sample::lines(&recipe(now + MINUTE, 1)));
    println!(
        "{} lines, {} bytes",
        one.len(),
        one.iter().map(String::len).sum::<usize>()
    );
}

#[test]
fn the_sample_fits_the_schema_at_whatever_hour_it_is_made() {
    let root = schema::schema();
    for hours in [0, 11, 39, 110, 4_000] {
        let now = 1_772_442_000_000 + hours * HOUR;
        let mut moments = std::collections::BTreeSet::new();
        for line in sample::lines(&recipe(now, hours.unsigned_abs())) {
            let v = serde_json::from_str(&line).unwrap();
            schema::check(&root, &root, &v, "line", true).unwrap_or_else(|e| panic!("{e}: {line}"));
            assert_eq!(Line::read(line.as_bytes()).unwrap().unknown(), 0, "{line}");
            for open in ['{', '}', '[', ']', '|'] {
                let text = v["text"].as_str().unwrap_or_default();
                assert!(!text.contains(open), "a choice was left open: {text}");
            }
            let at = v["sent_at"].as_i64().or(v["at"].as_i64()).unwrap_or(0);
            assert!(at < now, "it lies in the future: {line}");
            // Of two messages of one moment nobody knows which answers which.
            if v["type"] == "message" && v["raw"].is_null() {
                let who = if v["direction"] == "inbound" {
                    &v["author"]
                } else {
                    &v["to"][0]
                };
                assert!(moments.insert((who["address"].to_string(), at)), "{line}");
            }
        }
    }
}

#[test]
fn it_is_taken_whole_in_five_languages_over_all_channels_and_in_every_state() {
    let s = Scene::new();
    let told = loaded(&s);
    let import = s.read(rows::sample::import).unwrap();
    let problems: Vec<String> = s.problems(&import).into_iter().map(|p| p.reason).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        (
            import.state,
            import.counts.refused,
            import.counts.unknown_fields
        ),
        (ImportState::Done, 0, 0)
    );
    assert_eq!(
        (told.state, told.accounts, told.percent),
        (SampleState::Here, 9, 100)
    );
    assert!((1_500..4_000).contains(&told.messages), "{told:?}");
    let v = views(&s);
    println!("{told:?}\n{v:?}");
    for (view, least) in [
        ("All", 280),
        ("Inbox", 90),
        ("Mine", 10),
        ("Unassigned", 15),
        ("Waiting", 35),
        ("Snoozed", 8),
        ("Resolved", 140),
        ("Automatic", 8),
        ("Problems", 2),
    ] {
        assert!(v[view] >= least, "{view}: {} of {least}", v[view]);
    }
    assert!(v["All"] <= 340, "{}", v["All"]);
    let by = |sql: &str| -> BTreeMap<String, i64> {
        let sql = sql.to_owned();
        s.read(move |c| {
            let mut q = c.prepare(&sql)?;
            Ok(
                q.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get(1)?)))?
                    .collect::<Result<_, _>>()?,
            )
        })
    };
    let channels = by("SELECT channel, count(*) FROM conversation GROUP BY 1");
    assert_eq!(channels.len(), 8, "{channels:?}");
    assert!(channels.values().all(|n| *n >= 5), "{channels:?}");
    let stages = by("SELECT stage, count(*) FROM conversation WHERE stage IS NOT NULL GROUP BY 1");
    assert_eq!(stages.len(), 6, "{stages:?}");
    let sends =
        by("SELECT send_state, count(*) FROM message WHERE send_state IS NOT NULL GROUP BY 1");
    assert!(
        sends["sent"] > 300 && sends["failed"] == 1 && sends["uncertain"] == 1,
        "{sends:?}"
    );
    let classes = by("SELECT CAST(class AS TEXT), count(*) FROM message GROUP BY 1");
    assert!(classes["1"] >= 10 && classes["2"] >= 4, "{classes:?}");
    let files = by("SELECT mime, count(*) FROM file GROUP BY 1");
    for mime in ["image/png", "application/pdf", "text/csv"] {
        assert!(files[mime] >= 3, "{files:?}");
    }
    println!("{channels:?} {stages:?} {sends:?} {classes:?} {files:?}");
    for (what, least) in [
        ("SELECT count(*) FROM message WHERE outside = 1", 12),
        ("SELECT count(*) FROM link WHERE linked = 1", 3),
        ("SELECT count(*) FROM note WHERE active = 1", 10),
        ("SELECT count(*) FROM draft", 2),
        ("SELECT count(*) FROM bounce WHERE hard = 1", 1),
        ("SELECT count(*) FROM message WHERE has_html = 1", 1),
        ("SELECT count(DISTINCT tag) FROM tag WHERE active = 1", 8),
        ("SELECT count(*) FROM act WHERE kind = 'no_reply'", 8),
        ("SELECT max(messages) FROM conversation", 400),
        (
            "SELECT max(n) FROM (SELECT count(*) AS n FROM episode GROUP BY conversation)",
            20,
        ),
        ("SELECT max(length(name)) FROM conversation", 100),
        ("SELECT count(*) FROM conversation WHERE unread > 0", 15),
        ("SELECT count(*) FROM agent", 5),
    ] {
        assert!(
            s.number(what) >= least,
            "{what}: {} of {least}",
            s.number(what)
        );
    }
    for word in ["Grüße", "groet", "Cordialement", "regards", "شكراً"] {
        let found = s.does(args::Search {
            query: word.into(),
            before: None,
            limit: 5,
            order: parley_engine::api::dto::SearchOrder::Newest,
        });
        assert!(!found.hits.is_empty(), "{word}");
    }
    s.is_sound();
}

#[test]
fn people_wait_now_within_near_and_past_the_target_and_were_answered_at_a_believable_pace() {
    let s = Scene::new();
    loaded(&s);
    let waits = s.does(args::WaitBoard { limit: 200 });
    let minutes: Vec<i64> = waits.iter().map(|w| (s.now() - w.since) / MINUTE).collect();
    println!("{minutes:?}");
    for (from, to, least) in [(0, 45, 10), (45, 60, 5), (60, 100_000, 15)] {
        let n = minutes.iter().filter(|m| (from..to).contains(*m)).count();
        assert!(n >= least, "{from} to {to}: {n}");
    }
    for by in [GroupBy::Agent, GroupBy::Channel] {
        let r = s.does(args::ReportResponseTimes {
            from: s.now() - 60 * DAY,
            to: s.now(),
            by,
        });
        let f = &r.total.first;
        println!(
            "first {f:?}, next {:?}, resolution {:?}, unanswered {}",
            r.total.next, r.total.resolution, r.total.unanswered
        );
        assert!(f.n > 150 && r.total.next.n > 80 && r.total.resolution.n > 120);
        let (p50, p90) = (f.p50.unwrap() / 60, f.p90.unwrap() / 60);
        assert!(
            (8..60).contains(&p50) && p90 > 2 * p50 && p90 < 3 * 1_440,
            "{p50} {p90}"
        );
        assert!(r.rows.len() >= 5, "{} rows", r.rows.len());
    }
}

#[test]
fn loaded_twice_is_loaded_once() {
    let s = Scene::new();
    let one = loaded(&s);
    let before = rows_of(&s);
    s.later(HOUR);
    assert_eq!(loaded(&s), one);
    assert_eq!(rows_of(&s), before);
}

#[test]
fn removed_it_leaves_nothing_but_the_log_and_can_be_loaded_again() {
    let s = Scene::new();
    let (empty, said) = (rows_of(&s), s.number(SAYS_SOMETHING));
    loaded(&s);
    let before = views(&s);
    let (c, _) = somebody(&s);
    // A person plays with it: what is decided and written about it goes with it.
    s.does(args::TagSet {
        conversation: c,
        tag: "played".into(),
        on: true,
    });
    s.does(args::NoteAdd {
        conversation: c,
        text: "Only looking".into(),
    });
    s.does(args::Resolve { conversation: c });
    let gone = s.does(args::SampleRemove {});
    assert_eq!(
        (gone.state, gone.accounts, gone.messages),
        (SampleState::Absent, 0, 0)
    );
    let after = rows_of(&s);
    for (table, all) in &empty {
        assert_eq!(after[table], *all, "{table}");
    }
    assert!(!s.dir().join("sample.jsonl").exists());
    // An export of a whole workspace finds as little here as before, and may bring its ids back.
    assert_eq!(s.number(SAYS_SOMETHING), said);
    s.is_sound();
    s.later(MINUTE);
    assert_eq!(loaded(&s).state, SampleState::Here);
    assert_eq!(views(&s), before);
}

#[test]
fn only_the_sample_goes_and_real_customers_keep_all_that_is_theirs() {
    let (s, plain) = (Scene::new(), Scene::new());
    for x in [&s, &plain] {
        x.arrives(&Mail::from("Anna <anna@shop.test>"));
    }
    loaded(&s);
    s.arrives(&Mail::from("Ben <ben@shop.test>").text("Real, and in between"));
    plain.arrives(&Mail::from("Ben <ben@shop.test>").text("Real, and in between"));
    let colleague = sample::colleagues()[0];
    s.does(args::Assign {
        conversation: s.customer("ben@shop.test"),
        agent: Some(colleague),
    });
    s.does(args::SampleRemove {});
    assert_eq!(views(&s), views(&plain));
    assert_eq!(s.texts(), plain.texts());
    // Nobody who exists only in the sample has it any more.
    assert_eq!(
        s.number("SELECT count(*) FROM customer WHERE assignee IS NOT NULL"),
        0
    );
    assert_eq!(s.number("SELECT count(*) FROM agent"), 1);
    s.is_sound();
}

#[test]
fn nothing_made_up_goes_out_and_nobody_made_up_is_written_to() {
    let s = Scene::new();
    s.arrives(&Mail::from("Anna <anna@shop.test>"));
    loaded(&s);
    let (conversation, message) = somebody(&s);
    let options = s.does(args::ReplyOptions {
        conversation,
        answering: None,
    });
    assert!(options.sample);
    let anna = s.customer("anna@shop.test");
    assert!(
        !s.does(args::ReplyOptions {
            conversation: anna,
            answering: None
        })
        .sample
    );
    let send = |conversation, answering, forwarding, to: &str| {
        s.ask(args::Send {
            template: None,
            split: false,
            conversation,
            account: s.account,
            from: None,
            to: vec![Party {
                name: None,
                address: to.into(),
            }],
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: Some("Hello".into()),
            text: "Hello".into(),
            html: None,
            signature: false,
            quote: None,
            files: Vec::new(),
            inline: Vec::new(),
            answering,
            forwarding,
            resolve: false,
        })
    };
    let theirs = options.to[0].party.address.clone();
    for refused in [
        send(Some(conversation), Some(message), None, &theirs),
        send(Some(conversation), None, None, "anna@shop.test"),
        send(None, None, Some(message), "anna@shop.test"),
        send(None, None, None, &theirs),
    ] {
        let e = refused.unwrap_err();
        assert_eq!(e.code(), "refused");
        assert!(e.to_string().contains("sample data"), "{e}");
    }
    send(Some(anna), None, None, "anna@shop.test").unwrap();
    let failed: MessageId = s.read(|c| {
        Ok(
            c.query_row("SELECT id FROM outbox WHERE state = 'failed'", [], |r| {
                r.get(0)
            })?,
        )
    });
    assert!(
        s.ask(args::OutboxRetry { id: failed })
            .unwrap_err()
            .to_string()
            .contains("sample data")
    );
    s.does(args::NoteAdd {
        conversation,
        text: "A note is all right".into(),
    });
}

#[test]
fn cut_short_it_says_so_goes_on_where_it_was_or_is_removed() {
    let undisturbed = Scene::new();
    loaded(&undisturbed);
    let s = Scene::new();
    let empty = rows_of(&s);
    let half = |s: &Scene| {
        let import = s.run(sample::begin(s.store())).unwrap();
        let options: parley_engine::transfer::Options =
            serde_json::from_str(&import.options).unwrap();
        std::fs::write(
            &import.path,
            sample::lines(&options.sample.unwrap()).join("\n") + "\n",
        )
        .unwrap();
        // Told to rest at once, it rests after its first piece.
        let cancel = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&cancel);
        let store = Arc::clone(s.store());
        s.run(async move {
            let work = run_with(&store, import.id, cancel, Arc::default());
            let watch = async {
                loop {
                    if store
                        .read(rows::sample::accounts)
                        .await
                        .unwrap()
                        .iter()
                        .any(|(_, n)| *n > 0)
                    {
                        stop.store(true, std::sync::atomic::Ordering::SeqCst);
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            let (done, ()) = tokio::join!(work, watch);
            assert_eq!(done.unwrap().state, ImportState::Paused);
        });
        let told = s.does(args::SampleStatus {});
        assert_eq!(told.state, SampleState::Half);
        assert!(told.messages > 0 && told.percent < 100, "{told:?}");
    };
    half(&s);
    assert_eq!(loaded(&s).state, SampleState::Here);
    assert_eq!(views(&s), views(&undisturbed));
    let sizes = |s: &Scene| -> BTreeMap<String, usize> {
        rows_of(s)
            .into_iter()
            .map(|(t, all)| (t, all.len()))
            .collect()
    };
    assert_eq!(sizes(&s), sizes(&undisturbed));
    s.does(args::SampleRemove {});
    s.later(MINUTE);
    half(&s);
    s.does(args::SampleRemove {});
    for (table, all) in rows_of(&s) {
        assert_eq!(all, empty[&table], "{table}");
    }
}
