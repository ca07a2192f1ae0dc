//! What an account tells becomes rows, once, in whatever order it comes.
//!
//! Two stores are compared by `check::digest`. It leaves out what is this installation's own: local row ids, when
//! something was polled, read marks, cursors and the accounts' counters.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned
)] // helpers fail as tests do

mod scene;

use parley_engine::api::args;
use parley_engine::model::{Class, Direction, Event, MessageId, Place, RemoteId, Times};
use parley_engine::store::ingest::sent_at;
use parley_engine::store::timeline::{self, Raw};
use parley_engine::store::{conversations, outbox};
use proptest::prelude::*;
use scene::{DAY, HOUR, MINUTE, MONDAY, Mail, Scene, TEAM};

const SALES: &str = "sales@parley.test";

fn direction(s: &Scene, id: MessageId) -> Direction {
    s.read(move |c| Ok(timeline::message(c, id)?.direction))
}

fn deliveries(s: &Scene, id: MessageId) -> i64 {
    s.read(move |c| {
        Ok(c.query_row(
            "SELECT count(*) FROM delivery WHERE message = ?1",
            [id],
            |r| r.get(0),
        )?)
    })
}

/// A mail of a history: who, to which mailbox, what it answers.
fn any_mail(n: usize) -> impl Strategy<Value = (Mail, bool)> {
    let who = prop_oneof![
        Just("anna@shop.test"),
        Just("Bert <bert@home.test>"),
        Just("anna.private@home.test")
    ];
    let place = prop_oneof![4 => Just(0), 3 => Just(1), 1 => Just(2), 1 => Just(3), 1 => Just(4)];
    (
        who,
        place,
        0usize..8,
        -6i64..6,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(move |(who, kind, back, hours, both, sales)| {
            let m = match kind {
                0 => Mail::from(who),
                1 => Mail::sent_to(who).authenticated(None),
                2 => Mail::from("colleague@parley.test")
                    .to(&[TEAM])
                    .authenticated(None),
                3 => Mail::from(TEAM).to(&[who, TEAM]).authenticated(None),
                _ => Mail::from(who).machine("auto-submitted"),
            };
            let m = m
                .named(&format!("m{n}"))
                .subject(&format!("Subject {n}"))
                .at(MONDAY + HOUR * hours + MINUTE * i64::try_from(n).unwrap());
            // A mail answers an older one, or one that nobody here ever sees, or (forged) a newer one.
            let m = match n.checked_sub(back) {
                _ if back == 7 => m.answering(&format!("m{}@mail.test", n + 1)),
                Some(older) if back > 0 => m.answering(&format!("m{older}@mail.test")),
                None => m.answering("never-seen@mail.test"),
                _ => m,
            };
            (
                if sales && kind != 0 {
                    m.cc(&[SALES])
                } else {
                    m
                },
                both,
            )
        })
}

fn history() -> impl Strategy<Value = Vec<(Mail, bool)>> {
    (0usize..12).prop_flat_map(|len| (0..len).map(any_mail).collect::<Vec<_>>())
}

/// Every appearance of every mail: (at the second mailbox?, mail). Some of ours lie in Inbox and in Sent.
fn appearances(history: &[(Mail, bool)]) -> Vec<(bool, Mail)> {
    let mut all = Vec::new();
    for (n, (m, both)) in history.iter().enumerate() {
        all.push((false, m.clone()));
        if *both {
            all.push((
                true,
                m.clone()
                    .received(Some(MONDAY - 2 * HOUR))
                    .remote(&format!("INBOX/second/{n}")),
            ));
        }
        if *both && n % 3 == 0 {
            // The same mail with other bodies, better or worse vouched for.
            for (i, word) in [None, Some(false), Some(true)].into_iter().enumerate() {
                all.push((
                    i == 1,
                    m.clone()
                        .text(&format!("altered {i}"))
                        .authenticated(word)
                        .remote(&format!("INBOX/altered/{n}/{i}")),
                ));
            }
        }
        if n % 3 == 1 {
            // A server of the right name, and one of another, said something into it.
            all.push((
                n % 2 == 0,
                m.clone()
                    .judged(
                        if n % 2 == 0 {
                            "parley.test"
                        } else {
                            "far.test"
                        },
                        n % 2 == 0,
                        Some(*both),
                    )
                    .remote(&format!("INBOX/judged/{n}")),
            ));
        }
        if *both && n % 2 == 0 {
            all.push((
                false,
                m.clone()
                    .place(Place::Sent)
                    .remote(&format!("Sent/copy/{n}"))
                    .authenticated(Some(n % 4 == 0)),
            ));
        }
    }
    all
}

fn deal(s: &Scene, all: &[(bool, Mail)], per_batch: usize) {
    let sales = s.connect(SALES);
    for some in all.chunks(per_batch.max(1)) {
        for second in [false, true] {
            let mails: Vec<&Mail> = some
                .iter()
                .filter(|(at, _)| *at == second)
                .map(|(_, m)| m)
                .collect();
            s.receive_at(if second { sales } else { s.account }, mails);
        }
    }
}

fn shuffle<T>(all: &mut [T], seed: u64) {
    let mut x = seed | 1;
    for i in (1..all.len()).rev() {
        x = x
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        all.swap(i, usize::try_from(x >> 33).unwrap() % (i + 1));
    }
}

proptest! {
    #![proptest_config(scene::histories(32))]

    #[test]
    fn polling_twice_is_polling_once(history in history(), per_batch in 1usize..6) {
        let s = Scene::new();
        let all = appearances(&history);
        deal(&s, &all, per_batch);
        let (once, entries) = (s.digest(), s.log().len());
        deal(&s, &all, 3);
        prop_assert_eq!(s.digest(), once);
        prop_assert_eq!(s.log().len(), entries, "ingest wrote to the log");
        s.is_sound();
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(history in history(), seed in any::<u64>(), per_batch in 1usize..6) {
        let a = Scene::new();
        a.connect(SALES);
        let b = a.colleague();
        let log = a.log();
        b.write(move |tx| log.iter().try_for_each(|e| parley_engine::store::log::append(tx, e).map(drop)));
        let log = b.log();
        a.write(move |tx| log.iter().try_for_each(|e| parley_engine::store::log::append(tx, e).map(drop)));
        let all = appearances(&history);
        deal(&a, &all, 100);
        let mut other = all.clone();
        shuffle(&mut other, seed);
        deal(&b, &other, per_batch);
        prop_assert!(a.digest() == b.digest(), "oldest first and shuffled differ: {}", differs(&a, &b));
        b.is_sound();
        let c = a.colleague();
        let log = a.log();
        c.write(move |tx| log.iter().try_for_each(|e| parley_engine::store::log::append(tx, e).map(drop)));
        let log = c.log();
        a.write(move |tx| log.iter().try_for_each(|e| parley_engine::store::log::append(tx, e).map(drop)));
        other.clone_from(&all);
        other.reverse();
        deal(&c, &other, 4);
        prop_assert!(a.digest() == c.digest(), "newest first differs: {}", differs(&a, &c));
        c.is_sound();
    }
}

fn differs(a: &Scene, b: &Scene) -> String {
    let rows = |s: &Scene| {
        s.read(|c| {
            let mut out = Vec::new();
            for t in [
                "SELECT subject, hex(conversation), hex(account), direction, class, machine_class, live, sent_at, outside, opens, verified FROM message ORDER BY id",
                "SELECT hex(conversation), sent_at, hex(message), home, live FROM timeline ORDER BY 1, 2, 3",
                "SELECT hex(id), value, name, not_customer FROM handle ORDER BY id",
                "SELECT hex(id), hex(root), messages, here, human, last_in, last_out, since, open, wait_since FROM customer WHERE messages > 0 ORDER BY id",
                "SELECT entity, id, field, stamp, value FROM register ORDER BY 1, 2, 3",
                "SELECT hex(ref), hex(message), nearness FROM naming ORDER BY 1, 2",
                "SELECT key, n FROM counter WHERE n <> 0 ORDER BY 1",
            ] {
                let mut q = c.prepare(t)?;
                let n = q.column_count();
                let mut r = q.query([])?;
                while let Some(x) = r.next()? {
                    let cells: Vec<String> = (0..n).map(|i| format!("{:?}", x.get_ref(i).unwrap())).collect();
                    out.push(format!("{}: {}", &t[7..25], cells.join(" ")));
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

#[test]
fn a_customers_first_mail_opens_a_conversation_and_tells_once() {
    let s = Scene::new();
    let mut told = s.store().announcements();
    let m = Mail::from("Anna <anna@shop.test>").subject("The lamp");
    let id = s.arrives(&m);
    let anna = s.customer("anna@shop.test");
    assert!(s.is_open(anna));
    assert_eq!(told.try_recv().unwrap().notices, [(anna, id)]);
    s.receive([&m]);
    assert!(
        told.try_recv().is_err() || told.try_recv().is_err(),
        "the same mail is told once"
    );
    s.is_sound();
}

#[test]
fn one_mail_in_two_mailboxes_is_one_message_with_two_deliveries() {
    let s = Scene::new();
    let sales = s.connect(SALES);
    let m = Mail::from("anna@shop.test").to(&[TEAM, SALES]);
    let id = s.arrives(&m);
    let again = s.receive_at(sales, [&m.clone().remote("INBOX/77")]);
    assert_eq!((again.new, again.known), (0, 1));
    assert_eq!(
        (s.number("SELECT count(*) FROM message"), deliveries(&s, id)),
        (1, 2)
    );
    assert_eq!(s.folded(s.customer("anna@shop.test")).waits.len(), 1);
    s.is_sound();
}

#[test]
fn the_earliest_of_several_times_stands() {
    let s = Scene::new();
    let sales = s.connect(SALES);
    let m = Mail::from("anna@shop.test").at(MONDAY - 3 * DAY);
    let id = s.arrives(&m.clone().received(Some(MONDAY + HOUR)));
    s.receive_at(
        sales,
        [&m.received(Some(MONDAY + MINUTE)).remote("INBOX/2")],
    );
    assert_eq!(
        s.read(move |c| Ok(timeline::message(c, id)?.sent_at)),
        MONDAY + MINUTE - DAY
    );
    s.is_sound();
}

#[test]
fn an_unreadable_mail_keeps_its_bytes_and_stops_nobody() {
    let s = Scene::new();
    let bad = Mail::from("anna@shop.test")
        .text("\u{fffd}broken")
        .unreadable();
    let brought = s.receive([&bad, &Mail::from("bert@home.test")]);
    assert_eq!((brought.new, brought.unreadable), (1, 1));
    let id = s.id(&bad);
    let (why, raw) = s.read(move |c| {
        let m = timeline::message(c, id)?;
        Ok((m.unreadable.clone(), timeline::raw(c, m.rid)?))
    });
    assert!(why.is_some());
    assert!(matches!(raw, Raw::Bytes(b) if String::from_utf8_lossy(&b).contains("broken")));
    assert!(s.is_open(s.customer("bert@home.test")));
    assert_eq!(
        s.number("SELECT count(*) FROM conversation WHERE shelf = 0"),
        1,
        "what cannot be read opens nothing"
    );
    let other = s.receive_at(s.connect(SALES), [&bad.remote("INBOX/5")]);
    assert_eq!(
        (other.unreadable, other.known),
        (0, 1),
        "the same one in another mailbox is no new one"
    );
    s.is_sound();
}

#[test]
fn our_own_echo_becomes_a_delivery_of_our_send() {
    let s = Scene::new();
    s.arrives(&Mail::from("anna@shop.test"));
    let id = s.replies("anna@shop.test", "Here it is.");
    let sent_at = s.read(move |c| Ok(timeline::message(c, id)?.sent_at));
    s.later(HOUR);
    s.receive([&Mail::sent_to("anna@shop.test")
        .message_id(&s.message_id_of(id))
        .text("Here it is.")]);
    assert_eq!(
        (s.number("SELECT count(*) FROM message"), deliveries(&s, id)),
        (2, 1)
    );
    assert_eq!(
        s.read(move |c| Ok(timeline::message(c, id)?.sent_at)),
        sent_at,
        "no echo changes when it was sent"
    );
    s.is_sound();
}

#[test]
fn an_echo_ends_doubt() {
    let s = Scene::new();
    let id = s.writes("anna@shop.test", "Did it go?");
    s.write(move |tx| {
        outbox::begin(tx, id)?;
        outbox::uncertain(tx, id, "the line broke")
    });
    s.receive([&Mail::sent_to("anna@shop.test")
        .message_id(&s.message_id_of(id))
        .text("Did it go?")]);
    assert_eq!(s.state_of(id), parley_engine::model::OutboxState::Sent);
    s.is_sound();
}

#[test]
fn an_echo_of_what_we_thought_had_failed_stops_the_next_try() {
    let s = Scene::new();
    let id = s.writes("anna@shop.test", "Once only");
    s.write(move |tx| {
        outbox::begin(tx, id)?;
        outbox::retry_later(tx, id, MONDAY + HOUR, "the line broke")
    });
    s.receive([&Mail::sent_to("anna@shop.test")
        .message_id(&s.message_id_of(id))
        .text("Once only")]);
    assert_eq!(s.state_of(id), parley_engine::model::OutboxState::Sent);
    let account = s.account;
    assert!(
        s.read(move |c| outbox::due(c, account, MONDAY + DAY))
            .0
            .is_none(),
        "it would go out twice"
    );
    s.is_sound();
}

#[test]
fn a_forged_message_id_swallows_nothing() {
    let s = Scene::new();
    s.arrives(&Mail::from("anna@shop.test"));
    let id = s.replies("anna@shop.test", "The true answer.");
    let ours = s.message_id_of(id);
    let stranger = Mail::from("mallory@evil.test")
        .message_id(&ours)
        .text("From a stranger");
    let as_us = Mail::from(TEAM)
        .message_id(&ours)
        .text("As if from us")
        .authenticated(Some(false));
    s.receive([&stranger, &as_us]);
    assert_eq!(direction(&s, s.id(&stranger)), Direction::Inbound);
    assert!(s.is_open(s.customer("mallory@evil.test")));
    assert_eq!(direction(&s, s.id(&as_us)), Direction::Internal);
    assert_eq!(deliveries(&s, id), 0);
    s.is_sound();
}

#[test]
fn two_customers_with_one_message_id_are_both_heard() {
    let s = Scene::new();
    s.receive([
        &Mail::from("anna@shop.test").message_id("same@x"),
        &Mail::from("bert@home.test").message_id("same@x"),
    ]);
    assert!(s.is_open(s.customer("anna@shop.test")) && s.is_open(s.customer("bert@home.test")));
}

#[test]
fn mail_from_us_is_ours_only_with_sent_or_dmarc() {
    let s = Scene::new();
    let claims = |n: &str, place, word| {
        Mail::from(TEAM)
            .named(n)
            .to(&["anna@shop.test"])
            .place(place)
            .authenticated(word)
    };
    let cases = [
        (
            claims("in inbox, unknown", Place::Inbox, None),
            Direction::Internal,
        ),
        (
            claims("in inbox, failed", Place::Inbox, Some(false)),
            Direction::Internal,
        ),
        (
            claims("in inbox, passed", Place::Inbox, Some(true)),
            Direction::Outbound,
        ),
        (claims("in sent", Place::Sent, None), Direction::Outbound),
    ];
    for (m, wanted) in &cases {
        let id = s.arrives(m);
        assert_eq!(direction(&s, id), *wanted, "{m:?}");
    }
    assert!(
        !s.is_open(s.customer("anna@shop.test")),
        "none of them opens anything"
    );
    s.is_sound();
}

#[test]
fn a_mail_of_ours_in_the_inbox_is_known_for_ours_when_it_turns_up_in_sent() {
    let s = Scene::new();
    s.arrives(&Mail::from("anna@shop.test").named("q"));
    s.later(HOUR);
    let copy = Mail::from(TEAM)
        .to(&["anna@shop.test"])
        .cc(&[TEAM])
        .named("a")
        .answering("q@mail.test")
        .authenticated(None)
        .at(s.now());
    let id = s.arrives(&copy);
    assert_eq!(direction(&s, id), Direction::Internal);
    assert!(
        s.folded(s.customer("anna@shop.test"))
            .wait_since()
            .is_some()
    );
    s.receive([&copy.place(Place::Sent).remote("Sent/1")]);
    assert_eq!(direction(&s, id), Direction::Outbound);
    assert_eq!(
        s.folded(s.customer("anna@shop.test")).wait_since(),
        None,
        "the reply ended the wait"
    );
    s.is_sound();
}

#[test]
fn internal_mail_stands_in_its_threads_conversation_and_opens_nothing() {
    let s = Scene::new();
    s.arrives(&Mail::from("anna@shop.test").named("q"));
    let anna = s.customer("anna@shop.test");
    s.does(args::Resolve { conversation: anna });
    s.later(MINUTE);
    let aside = Mail::from(TEAM)
        .to(&[TEAM])
        .named("aside")
        .answering("q@mail.test")
        .authenticated(None)
        .at(s.now());
    let aside2 = Mail::from(TEAM)
        .to(&[TEAM])
        .named("aside2")
        .answering("aside@mail.test")
        .authenticated(None)
        .at(s.now() + 1);
    s.receive([&aside2]);
    s.receive([&aside]);
    assert_eq!(
        s.timeline(anna).len(),
        3,
        "the answer to the aside followed it"
    );
    assert!(!s.is_open(anna));
    let alone = Mail::from(TEAM)
        .to(&[TEAM])
        .named("alone")
        .authenticated(None);
    s.receive([&alone]);
    assert_eq!(
        s.number("SELECT count(*) FROM conversation WHERE shelf = 3"),
        1
    );
    s.is_sound();
}

#[test]
fn an_address_that_becomes_ours_is_no_customer_any_more() {
    let s = Scene::new();
    let m = Mail::from(SALES).named("from sales");
    s.arrives(&m);
    assert!(s.is_open(s.customer(SALES)));
    s.connect(SALES);
    assert_eq!(s.shelf(s.customer(SALES)), None);
    assert_ne!(direction(&s, s.id(&m)), Direction::Inbound);
    s.is_sound();
}

#[test]
fn machine_mail_opens_nothing_waits_for_nothing_and_tells_nobody() {
    let s = Scene::new();
    let mut told = s.store().announcements();
    s.receive([
        &Mail::from("robot@shop.test").machine("auto-submitted"),
        &Mail::from("spam@evil.test").junk(),
    ]);
    assert!(told.try_recv().unwrap().notices.is_empty());
    assert_eq!(
        s.shelf(s.customer("robot@shop.test")),
        Some(conversations::AUTOMATIC)
    );
    assert_eq!(
        s.shelf(s.customer("spam@evil.test")),
        Some(conversations::AUTOMATIC)
    );
    assert_eq!(s.number("SELECT count(*) FROM wait"), 0);
    s.is_sound();
}

#[test]
fn becoming_human_opens_with_the_wait_from_when_it_was_sent() {
    let s = Scene::new();
    let id = s.arrives(
        &Mail::from("robot@shop.test")
            .machine("auto-submitted")
            .at(MONDAY + MINUTE),
    );
    s.later(3 * HOUR);
    s.does(args::ClassSet {
        message: id,
        class: Class::Human,
    });
    let c = s.customer("robot@shop.test");
    assert!(s.is_open(c));
    assert_eq!(s.folded(c).wait_since(), Some(MONDAY + MINUTE));
    s.is_sound();
}

#[test]
fn what_turns_up_outside_of_junk_is_no_junk_in_either_order() {
    for junk_first in [true, false] {
        let s = Scene::new();
        let good = Mail::from("anna@shop.test");
        let junk = good.clone().junk().remote("Junk/1");
        if junk_first {
            s.receive([&junk]);
            s.receive([&good]);
        } else {
            s.receive([&good]);
            s.receive([&junk]);
        }
        assert!(
            s.is_open(s.customer("anna@shop.test")),
            "junk first: {junk_first}"
        );
        s.is_sound();
    }
}

#[test]
fn mail_from_before_live_from_is_history() {
    let s = Scene::new();
    s.live_from(s.account, MONDAY + HOUR);
    s.receive([
        &Mail::from("old@shop.test").at(MONDAY),
        &Mail::from("new@shop.test").at(MONDAY + 2 * HOUR),
    ]);
    assert_eq!(
        s.shelf(s.customer("old@shop.test")),
        Some(conversations::RESOLVED)
    );
    assert!(s.is_open(s.customer("new@shop.test")));
    assert_eq!(s.number("SELECT count(*) FROM wait"), 1);
    s.does(args::Reopen {
        conversation: s.customer("old@shop.test"),
    });
    assert!(
        s.is_open(s.customer("old@shop.test")),
        "a person may open it by hand"
    );
    s.is_sound();
}

#[test]
fn a_later_live_from_makes_history_of_what_came_before() {
    let s = Scene::new();
    s.receive([&Mail::from("anna@shop.test").at(MONDAY)]);
    assert!(s.is_open(s.customer("anna@shop.test")));
    s.live_from(s.account, MONDAY + HOUR);
    assert!(!s.is_open(s.customer("anna@shop.test")));
    s.is_sound();
}

#[test]
fn an_outbound_is_shown_under_each_customer_it_went_to_and_belongs_to_one() {
    let s = Scene::new();
    s.receive([
        &Mail::from("anna@shop.test").named("q"),
        &Mail::from("bert@home.test"),
    ]);
    s.later(HOUR);
    let out = Mail::sent_to("anna@shop.test")
        .to(&["bert@home.test", "anna@shop.test"])
        .answering("q@mail.test")
        .at(s.now());
    let id = s.arrives(&out);
    assert!(
        s.timeline(s.customer("anna@shop.test")).contains(&id)
            && s.timeline(s.customer("bert@home.test")).contains(&id)
    );
    let anna = s.customer("anna@shop.test");
    assert_eq!(
        s.read(move |c| Ok(timeline::message(c, id)?.conversation)),
        Some(anna)
    );
    for who in ["anna@shop.test", "bert@home.test"] {
        assert_eq!(s.folded(s.customer(who)).wait_since(), None, "{who}");
    }
    s.is_sound();
}

#[test]
fn a_mail_gone_at_the_provider_stays_here() {
    let s = Scene::new();
    s.receive([&Mail::from("anna@shop.test").remote("INBOX/1")]);
    s.take(
        s.account,
        vec![Event::Vanished {
            remote_id: RemoteId("INBOX/1".into()),
        }],
    );
    assert_eq!(s.number("SELECT count(*) FROM message"), 1);
    assert_eq!(s.number("SELECT vanished FROM delivery"), 1);
    s.is_sound();
}

#[test]
fn a_batch_that_fails_leaves_nothing_and_the_cursor_where_it_was() {
    let s = Scene::new();
    s.receive([&Mail::from("anna@shop.test")]);
    let before = s.digest();
    let cursor = |s: &Scene| {
        s.read(|c| {
            Ok(c.query_row("SELECT cursor FROM account", [], |r| {
                r.get::<_, Option<String>>(0)
            })?)
        })
    };
    let was = cursor(&s);
    let batch = s.batch(vec![Mail::from("bert@home.test").event(MONDAY)]);
    let account = s.account;
    let out: parley_engine::Result<()> = s.try_write(move |tx| {
        parley_engine::store::ingest::batch(tx, account, &batch)?;
        Err(parley_engine::Error::Stopped)
    });
    assert!(out.is_err());
    assert_eq!((s.digest(), cursor(&s)), (before, was));
    s.is_sound();
}

#[test]
fn when_a_mail_was_sent_follows_the_servers_clock() {
    let live = MONDAY;
    let t = |claimed, received, provider| {
        sent_at(
            &Times {
                claimed,
                received,
                provider,
            },
            live,
            MONDAY + 9 * DAY,
        )
    };
    let server = MONDAY + 5 * DAY;
    for (name, got, wanted) in [
        (
            "a true Date stands",
            t(Some(server - HOUR), Some(server), Some(server)),
            server - HOUR,
        ),
        (
            "a Date in the future is capped",
            t(Some(server + DAY), Some(server), Some(server)),
            server,
        ),
        (
            "a Date too old is capped a day before",
            t(Some(server - 2 * DAY), Some(server), Some(server)),
            server - DAY,
        ),
        (
            "exactly a day before stands",
            t(Some(server - DAY), Some(server), Some(server)),
            server - DAY,
        ),
        (
            "Received wins over INTERNALDATE",
            t(Some(server - HOUR), Some(server), Some(server + 9 * DAY)),
            server - HOUR,
        ),
        (
            "without Received it is capped only from above",
            t(Some(MONDAY - 300 * DAY), None, Some(server)),
            MONDAY - 300 * DAY,
        ),
        (
            "without Received INTERNALDATE is the upper end",
            t(Some(server + HOUR), None, Some(server)),
            server,
        ),
        (
            "before live_from it is capped only from above",
            t(Some(MONDAY - 300 * DAY), Some(MONDAY - DAY), Some(server)),
            MONDAY - 300 * DAY,
        ),
        (
            "without a Date the server's time stands",
            t(None, Some(server), Some(server + 1)),
            server,
        ),
        (
            "without a Date and Received INTERNALDATE stands",
            t(None, None, Some(server)),
            server,
        ),
        (
            "without anything it is now",
            t(None, None, None),
            MONDAY + 9 * DAY,
        ),
        (
            "a Date before 1970 is 1970",
            t(Some(-5), None, Some(server)),
            0,
        ),
    ] {
        assert_eq!(got, wanted, "{name}");
    }
}
