//! Two desktops that know the same are the same, in whatever order they learned it; and undo.
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

use parley_engine::Error;
use parley_engine::api::args;
use parley_engine::model::log::Entry;
use parley_engine::model::{Class, CustomerId};
use parley_engine::store::{conversations, log};
use proptest::prelude::*;
use scene::{DAY, HOUR, MINUTE, MONDAY, Mail, Scene};

const CUSTOMERS: [&str; 4] = [
    "anna@shop.test",
    "bert@home.test",
    "carla@work.test",
    "dora@club.test",
];

/// One thing that happens: to whom, where (our desktop or the colleague's), and how much later than the last one.
#[derive(Debug, Clone)]
struct Step {
    what: What,
    who: usize,
    other: usize,
    at_colleague: bool,
    pause: i64,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Mail,
    Automatic,
    Outside,
    Assign,
    Unassign,
    Snooze,
    Resolve,
    Reopen,
    NoReply,
    Note,
    Tag,
    Untag,
    Stage,
    Rename,
    NotCustomer,
    ACustomer,
    Class,
    Link,
    Unlink,
    Undo,
}

fn step() -> impl Strategy<Value = Step> {
    use What::*;
    let what = prop_oneof![
        4 => Just(Mail), 1 => Just(Automatic), 2 => Just(Outside), 1 => Just(Assign), 1 => Just(Unassign), 1 => Just(Snooze), 3 => Just(Resolve),
        2 => Just(Reopen), 2 => Just(NoReply), 1 => Just(Note), 1 => Just(Tag), 1 => Just(Untag), 1 => Just(Stage), 1 => Just(Rename),
        1 => Just(NotCustomer), 1 => Just(ACustomer), 1 => Just(Class), 2 => Just(Link), 2 => Just(Unlink), 4 => Just(Undo),
    ];
    (
        what,
        0..CUSTOMERS.len(),
        0..CUSTOMERS.len(),
        any::<bool>(),
        prop_oneof![
            Just(0),
            Just(1),
            Just(MINUTE),
            Just(5 * HOUR),
            Just(2 * DAY),
            Just(4 * DAY)
        ],
    )
        .prop_map(|(what, who, other, at_colleague, pause)| Step {
            what,
            who,
            other,
            at_colleague,
            pause,
        })
}

/// Do a step on a desktop; what makes no sense there is refused, and that is fine.
fn act(s: &Scene, step: &Step) {
    let c = s.customer(CUSTOMERS[step.who]);
    let d = s.customer(CUSTOMERS[step.other]);
    let me = s.store().identity().agent;
    let refused = |r: Result<(), Error>| {
        if let Err(e) = r {
            assert!(
                matches!(
                    e,
                    Error::Refused(_) | Error::Invalid(_) | Error::NotFound(_)
                ),
                "{:?} broke: {e}",
                step.what
            );
        }
    };
    let tag = ["lamp", "urgent"][step.other % 2].to_owned();
    let stage = ["engaged", "qualified", "won"][step.other % 3].to_owned();
    refused(match step.what {
        What::Mail | What::Automatic | What::Outside => Ok(()),
        What::Assign => s
            .ask(args::Assign {
                conversation: c,
                agent: Some(me),
            })
            .map(drop),
        What::Unassign => s
            .ask(args::Assign {
                conversation: c,
                agent: None,
            })
            .map(drop),
        What::Snooze => s
            .ask(args::Snooze {
                conversation: c,
                until: Some(s.now() + DAY),
            })
            .map(drop),
        What::Resolve => s.ask(args::Resolve { conversation: c }).map(drop),
        What::Reopen => s.ask(args::Reopen { conversation: c }).map(drop),
        What::NoReply => s.ask(args::NoReplyNeeded { conversation: c }).map(drop),
        What::Note => s
            .ask(args::NoteAdd {
                conversation: c,
                text: "Prefers blue.".into(),
            })
            .map(drop),
        What::Tag => s
            .ask(args::TagSet {
                conversation: c,
                tag,
                on: true,
            })
            .map(drop),
        What::Untag => s
            .ask(args::TagSet {
                conversation: c,
                tag,
                on: false,
            })
            .map(drop),
        What::Stage => s
            .ask(args::StageSet {
                customer: c,
                stage: Some(stage),
                evidence: None,
            })
            .map(drop),
        What::Rename => s
            .ask(args::CustomerRename {
                id: c,
                name: format!("Name {}", step.other),
            })
            .map(drop),
        What::NotCustomer => s
            .ask(args::NotCustomer {
                handle: s.handle(CUSTOMERS[step.who]),
                on: true,
            })
            .map(drop),
        What::ACustomer => s
            .ask(args::NotCustomer {
                handle: s.handle(CUSTOMERS[step.who]),
                on: false,
            })
            .map(drop),
        What::Class => match s.timeline(c).first() {
            Some(m) => s
                .ask(args::ClassSet {
                    message: *m,
                    class: [Class::Human, Class::Machine, Class::Junk][step.other % 3],
                })
                .map(drop),
            None => Ok(()),
        },
        What::Link => s.ask(args::Link { a: c, b: d }).map(drop),
        What::Unlink => s.ask(args::Unlink { split: vec![c] }).map(drop),
        What::Undo => s.ask(args::Undo {}).map(drop),
    });
}

/// The mail of a step, if it is one.
fn mail(step: &Step, n: usize, at: i64) -> Option<Mail> {
    let who = CUSTOMERS[step.who];
    let before = n.checked_sub(1 + step.other).map_or_else(
        || "never-seen@mail.test".into(),
        |older| format!("m{older}@mail.test"),
    );
    let m = match step.what {
        What::Mail => Mail::from(who),
        What::Automatic => Mail::from(who).machine("auto-submitted"),
        What::Outside => Mail::sent_to(who).answering(&before),
        _ => return None,
    };
    Some(m.named(&format!("m{n}")).at(at))
}

/// Shuffled by a seed, every third one twice.
fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut all: Vec<T> = items
        .iter()
        .cloned()
        .chain(items.iter().step_by(3).cloned())
        .collect();
    let mut x = seed | 1;
    for i in (1..all.len()).rev() {
        x = x
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        all.swap(i, usize::try_from(x >> 33).unwrap() % (i + 1));
    }
    all
}

#[derive(Clone)]
enum Item {
    Mail(Box<Mail>),
    Entry(Box<Entry>),
}

fn replay(s: &Scene, items: Vec<Item>) {
    let (account, events) = (s.account, s.now());
    let batch = |e| parley_engine::model::Batch {
        events: vec![e],
        next: parley_engine::model::Cursor("1".into()),
        more: false,
        gaps: Vec::new(),
        progress: None,
    };
    // A few at a time, so that several share a transaction.
    for some in items.chunks(5) {
        let some = some.to_vec();
        s.write(move |tx| {
            for item in &some {
                match item {
                    Item::Mail(m) => drop(parley_engine::store::ingest::batch(
                        tx,
                        account,
                        &batch(m.event(events)),
                    )?),
                    Item::Entry(e) => drop(log::append(tx, e)?),
                }
            }
            Ok(())
        });
    }
    s.write(|tx| conversations::wake(tx).map(drop));
}

/// What differs between two desktops, table by table, for a failure that can be read.
fn differs(a: &Scene, b: &Scene) -> String {
    let rows = |s: &Scene| {
        s.read(|c| {
            let mut out = Vec::new();
            for t in [
                "SELECT hex(id), hex(conversation), hex(account), direction, class, machine_class, live, sent_at, outside, opens, verified FROM message ORDER BY id",
                "SELECT hex(conversation), sent_at, hex(message), home, live FROM timeline ORDER BY 1, 2, 3",
                "SELECT entity, id, field, stamp, value FROM register ORDER BY 1, 2, 3",
                "SELECT hex(id), hex(root), name, stage, hex(assignee), snooze_until, messages, here, human, last_in, last_out, since, open, wait_since FROM customer ORDER BY id",
                "SELECT hex(conversation), number, opened_at, resolved_at, replied FROM episode ORDER BY 1, 2",
                "SELECT hex(conversation), hex(message), episode, started_at, ended, ended_at FROM wait ORDER BY 1, 2",
                "SELECT hex(id), name, shelf, last_at, messages, wait_since, hex(assignee), stage, tags FROM conversation ORDER BY id",
                "SELECT hex(ref), hex(message), nearness FROM naming ORDER BY 1, 2",
                "SELECT key, n FROM counter WHERE n <> 0 ORDER BY 1",
            ] {
                let mut q = c.prepare(t)?;
                let n = q.column_count();
                let mut r = q.query([])?;
                while let Some(x) = r.next()? {
                    let cells: Vec<String> = (0..n).map(|i| format!("{:?}", x.get_ref(i).unwrap())).collect();
                    out.push(format!("{}: {}", &t[7..30], cells.join(" ")));
                }
            }
            Ok(out)
        })
    };
    let (x, y) = (rows(a), rows(b));
    let only = |p: &[String], q: &[String]| {
        p.iter()
            .filter(|l| !q.contains(l))
            .take(8)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n  ")
    };
    format!(
        "only here:\n  {}\nonly there:\n  {}",
        only(&x, &y),
        only(&y, &x)
    )
}

proptest! {
    #![proptest_config(scene::histories(24))]

    #[test]
    fn two_desktops_that_learned_the_same_in_any_order_agree(steps in proptest::collection::vec(step(), 5..40), seed in any::<u64>()) {
        let ours = Scene::new();
        let theirs = ours.colleague();
        let mut items = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            ours.later(step.pause);
            if let Some(m) = mail(step, n, ours.now()) {
                ours.receive([&m]);
                theirs.receive([&m]);
                items.push(Item::Mail(Box::new(m)));
            } else {
                act(if step.at_colleague { &theirs } else { &ours }, step);
            }
        }
        let (x, y) = (ours.colleague(), ours.colleague());
        for s in [&ours, &theirs, &x, &y] {
            items.extend(s.log().into_iter().map(|e| Item::Entry(Box::new(e))));
        }
        replay(&x, shuffled(&items, seed));
        replay(&y, shuffled(&items, seed.rotate_left(17) ^ 0x9e37_79b9));
        replay(&ours, shuffled(&items, seed.rotate_left(40)));
        prop_assert!(x.digest() == y.digest(), "two fresh desktops: {}", differs(&x, &y));
        prop_assert!(x.digest() == ours.digest(), "fresh and grown: {}", differs(&x, &ours));
        x.is_sound();
        y.is_sound();
        ours.is_sound();
    }

    #[test]
    fn merges_and_unmerges_in_any_order_end_in_the_same_customers(
        cuts in proptest::collection::vec((0usize..4, 0usize..4, any::<bool>(), any::<bool>()), 1..12), seed in any::<u64>(),
    ) {
        let ours = Scene::new();
        let theirs = ours.colleague();
        let mails: Vec<Mail> = CUSTOMERS.iter().map(|c| Mail::from(c)).collect();
        ours.receive(&mails);
        theirs.receive(&mails);
        for (a, b, link, at_colleague) in cuts {
            ours.later(1);
            let what = if link { What::Link } else { What::Unlink };
            act(if at_colleague { &theirs } else { &ours }, &Step { what, who: a, other: b, at_colleague, pause: 0 });
        }
        let entries: Vec<Item> = ours.log().into_iter().chain(theirs.log()).map(|e| Item::Entry(Box::new(e))).collect();
        replay(&ours, shuffled(&entries, seed));
        replay(&theirs, shuffled(&entries, !seed));
        prop_assert!(ours.digest() == theirs.digest(), "{}", differs(&ours, &theirs));
        ours.is_sound();
    }
}

/// Our desktop and the colleague's, both with a mail of Anna's and of Bert's.
fn two_desktops() -> (Scene, Scene, CustomerId, CustomerId) {
    let ours = Scene::new();
    let theirs = ours.colleague();
    let mails = [
        Mail::from("Anna <anna@shop.test>"),
        Mail::from("Bert <bert@home.test>"),
    ];
    ours.receive(&mails);
    theirs.receive(&mails);
    ours.later(HOUR);
    let (anna, bert) = (
        ours.customer("anna@shop.test"),
        ours.customer("bert@home.test"),
    );
    (ours, theirs, anna, bert)
}

fn tell(from: &Scene, to: &Scene) {
    let entries = from.log();
    to.write(move |tx| {
        entries
            .iter()
            .try_for_each(|e| log::append(tx, e).map(drop))
    });
}

#[test]
fn each_decision_can_be_taken_back() {
    let (s, _, anna, bert) = two_desktops();
    let me = s.store().identity().agent;
    let message = s.timeline(anna)[0];
    let undone = |what: &str, did: &dyn Fn()| {
        s.later(MINUTE);
        let before = s.read(|c| Ok(shown(c)));
        did();
        s.later(MINUTE);
        assert_ne!(s.read(|c| Ok(shown(c))), before, "{what} did nothing");
        s.does(args::Undo {});
        assert_eq!(
            s.read(|c| Ok(shown(c))),
            before,
            "{what} was not taken back"
        );
        s.is_sound();
    };
    undone("assign", &|| {
        drop(s.does(args::Assign {
            conversation: anna,
            agent: Some(me),
        }))
    });
    undone("snooze", &|| {
        drop(s.does(args::Snooze {
            conversation: anna,
            until: Some(s.now() + DAY),
        }))
    });
    undone("resolve", &|| {
        drop(s.does(args::Resolve { conversation: anna }))
    });
    undone("note", &|| {
        drop(s.does(args::NoteAdd {
            conversation: anna,
            text: "A note".into(),
        }))
    });
    undone("tag", &|| {
        drop(s.does(args::TagSet {
            conversation: anna,
            tag: "lamp".into(),
            on: true,
        }))
    });
    undone("stage", &|| {
        drop(s.does(args::StageSet {
            customer: anna,
            stage: Some("won".into()),
            evidence: Some(message),
        }))
    });
    undone("rename", &|| {
        drop(s.does(args::CustomerRename {
            id: anna,
            name: "Anna B.".into(),
        }))
    });
    undone("link", &|| drop(s.does(args::Link { a: anna, b: bert })));
    undone("not a customer", &|| {
        drop(s.does(args::NotCustomer {
            handle: s.handle("anna@shop.test"),
            on: true,
        }))
    });
    undone("class", &|| {
        drop(s.does(args::ClassSet {
            message,
            class: Class::Junk,
        }))
    });
    undone("no reply needed", &|| {
        drop(s.does(args::NoReplyNeeded { conversation: anna }))
    });
    s.does(args::Resolve { conversation: anna });
    undone("reopen", &|| {
        drop(s.does(args::Reopen { conversation: anna }))
    });
}

/// What people see of conversations, notes and links.
fn shown(c: &rusqlite::Connection) -> Vec<String> {
    let mut out = Vec::new();
    for sql in [
        "SELECT hex(id), name, shelf, unread > 9, messages, wait_since, hex(assignee), stage, tags, snoozed_until FROM conversation ORDER BY id",
        "SELECT id, text FROM note WHERE active = 1 ORDER BY id",
        "SELECT hex(a), hex(b) FROM link WHERE linked = 1 ORDER BY a, b",
        "SELECT hex(conversation), number, resolved_at, no_reply_needed FROM episode ORDER BY 1, 2",
        "SELECT hex(conversation), hex(message), ended FROM wait ORDER BY 1, 2",
    ] {
        let mut s = c.prepare(sql).unwrap();
        let n = s.column_count();
        let mut rows = s.query([]).unwrap();
        while let Some(r) = rows.next().unwrap() {
            out.push(
                (0..n)
                    .map(|i| format!("{:?}", r.get_ref(i).unwrap()))
                    .collect::<Vec<_>>()
                    .join("|"),
            );
        }
    }
    out
}

#[test]
fn undo_twice_goes_to_the_older_one_and_then_there_is_nothing() {
    let (s, _, anna, _) = two_desktops();
    let stage = |k: &str| {
        drop(s.does(args::StageSet {
            customer: anna,
            stage: Some(k.into()),
            evidence: None,
        }))
    };
    let now = || {
        s.read(move |c| {
            Ok(c.query_row(
                "SELECT stage FROM conversation WHERE id = ?1",
                [anna],
                |r| r.get::<_, Option<String>>(0),
            )?)
        })
    };
    stage("engaged");
    stage("qualified");
    stage("won");
    s.does(args::Undo {});
    assert_eq!(now().as_deref(), Some("qualified"));
    s.does(args::Undo {});
    assert_eq!(now().as_deref(), Some("engaged"));
    s.does(args::Undo {});
    assert_eq!(now(), None);
    assert!(matches!(s.ask(args::Undo {}), Err(Error::Refused(_))));
}

#[test]
fn a_command_with_several_entries_is_taken_back_whole() {
    let (s, _, anna, bert) = two_desktops();
    s.does(args::Link { a: anna, b: bert });
    s.does(args::Resolve { conversation: anna });
    assert_eq!(
        s.number("SELECT count(*) FROM act WHERE kind = 'resolve' AND active = 1"),
        2,
        "resolve writes to every open member"
    );
    s.does(args::Undo {});
    assert_eq!(
        s.number("SELECT count(*) FROM act WHERE kind = 'resolve' AND active = 1"),
        0
    );
    assert!(s.is_open(anna));
}

#[test]
fn undo_is_refused_with_the_colleagues_name_when_their_newer_word_would_be_lost() {
    let (ours, theirs, anna, _) = two_desktops();
    theirs.does(args::SettingsSet {
        hold_seconds: None,
        reopen_days: None,
        theme: None,
        notify: None,
        notify_text: None,
        close_to_tray: None,
        my_name: Some("Berta".into()),
        wait_target: None,
        zoom: None,
    });
    ours.does(args::StageSet {
        customer: anna,
        stage: Some("engaged".into()),
        evidence: None,
    });
    ours.later(MINUTE);
    theirs.does(args::StageSet {
        customer: anna,
        stage: Some("won".into()),
        evidence: None,
    });
    tell(&theirs, &ours);
    match ours.ask(args::Undo {}) {
        Err(Error::Refused(why)) => assert!(why.contains("Berta"), "{why}"),
        other => panic!("not refused: {other:?}"),
    }
    ours.is_sound();
}

#[test]
fn a_colleagues_word_that_was_taken_back_hinders_nobody() {
    let (ours, theirs, anna, _) = two_desktops();
    ours.does(args::StageSet {
        customer: anna,
        stage: Some("engaged".into()),
        evidence: None,
    });
    tell(&ours, &theirs);
    ours.later(MINUTE);
    theirs.does(args::StageSet {
        customer: anna,
        stage: Some("won".into()),
        evidence: None,
    });
    theirs.does(args::Undo {});
    tell(&theirs, &ours);
    ours.later(MINUTE);
    ours.does(args::Undo {});
    assert_eq!(
        ours.number("SELECT count(*) FROM conversation WHERE stage IS NOT NULL"),
        0
    );
}

#[test]
fn an_older_word_of_a_colleague_comes_back_with_undo() {
    let (ours, theirs, anna, _) = two_desktops();
    theirs.does(args::StageSet {
        customer: anna,
        stage: Some("won".into()),
        evidence: None,
    });
    tell(&theirs, &ours);
    ours.later(MINUTE);
    ours.does(args::StageSet {
        customer: anna,
        stage: Some("lost".into()),
        evidence: None,
    });
    ours.does(args::Undo {});
    assert_eq!(
        ours.number("SELECT count(*) FROM conversation WHERE stage = 'won'"),
        1
    );
}

#[test]
fn a_colleagues_actions_are_not_mine_to_take_back() {
    let (ours, theirs, anna, _) = two_desktops();
    theirs.does(args::NoteAdd {
        conversation: anna,
        text: "Theirs".into(),
    });
    tell(&theirs, &ours);
    assert!(matches!(ours.ask(args::Undo {}), Err(Error::Refused(_))));
}

#[test]
fn a_resolve_made_offline_never_hides_what_it_had_not_seen() {
    let (ours, theirs, anna, _) = two_desktops();
    let more = Mail::from("anna@shop.test")
        .text("And another thing")
        .at(MONDAY + 30 * MINUTE);
    theirs.receive([&more]);
    ours.does(args::Resolve { conversation: anna });
    tell(&ours, &theirs);
    assert!(
        theirs.is_open(anna),
        "the second mail was never seen by whoever resolved"
    );
    ours.receive([&more]);
    assert!(ours.is_open(anna));
}

#[test]
fn a_word_about_a_sender_counts_even_before_their_first_mail() {
    let (ours, _, _, _) = two_desktops();
    ours.receive([&Mail::from("news@shop.test").text("one")]);
    let news = ours.customer("news@shop.test");
    ours.does(args::NotCustomer {
        handle: ours.handle("news@shop.test"),
        on: true,
    });
    let late = ours.colleague();
    tell(&ours, &late);
    late.receive([&Mail::from("news@shop.test").text("one")]);
    assert_eq!(late.shelf(news), Some(conversations::AUTOMATIC));
    late.is_sound();
}
