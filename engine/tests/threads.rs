//! Threads, and who wrote what: forged headers put no mail into somebody's conversation, one mail with two bodies is
//! one message, and no order of arrival leaves a trace.
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
use parley_engine::api::args;
use parley_engine::api::dto::{MessageItem, ThreadHint, TimelineItem};
use parley_engine::model::{Direction, HintWhy, MessageId, Place};
use parley_engine::store::{log, threads, timeline};
use scene::{DAY, HOUR, MINUTE, MONDAY, Mail, Scene, TEAM};
use std::collections::BTreeSet;

const ANNA: &str = "anna@shop.test";
const BERT: &str = "bert@home.test";
const MALLORY: &str = "mallory@evil.test";

fn items(s: &Scene, who: &str) -> Vec<MessageItem> {
    let page = s.does(args::TimelinePage {
        conversation: s.customer(who),
        before: None,
        after: None,
        around: None,
        limit: 50,
    });
    page.items
        .into_iter()
        .filter_map(|i| match i {
            TimelineItem::Message(m) => Some(*m),
            _ => None,
        })
        .collect()
}

fn hint(s: &Scene, who: &str) -> Option<ThreadHint> {
    items(s, who).into_iter().find_map(|m| m.hint)
}

/// Anna asked, and the team answered from the app.
fn asked_and_answered() -> (Scene, String) {
    let s = Scene::new();
    s.arrives(&Mail::from("Anna <anna@shop.test>").named("q"));
    s.later(HOUR);
    let id = s.replies(ANNA, "Here it is.");
    let ours = s.message_id_of(id);
    s.later(HOUR);
    (s, ours)
}

fn home(s: &Scene, id: MessageId) -> parley_engine::model::CustomerId {
    s.read(move |c| Ok(timeline::message(c, id)?.conversation))
        .unwrap()
}

#[test]
fn a_stranger_who_names_somebodys_mail_has_a_conversation_of_his_own_and_a_hint() {
    let (s, ours) = asked_and_answered();
    let before = s.timeline(s.customer(ANNA));
    for (n, named) in ["q@mail.test", &ours].into_iter().enumerate() {
        let forged = Mail::from(MALLORY)
            .named(&format!("f{n}"))
            .answering(named)
            .authenticated(None)
            .at(s.now());
        let id = s.arrives(&forged);
        assert_eq!(home(&s, id), s.customer(MALLORY));
    }
    assert_eq!(s.timeline(s.customer(ANNA)), before);
    let hint = hint(&s, MALLORY).unwrap();
    assert_eq!(
        (hint.conversation, hint.name.as_str(), hint.why),
        (s.customer(ANNA), "Anna", HintWhy::Answers)
    );
    assert_eq!(
        s.folded(s.customer(ANNA)).wait_since(),
        None,
        "nobody else's mail makes Anna wait"
    );
    s.is_sound();
}

#[test]
fn whoever_was_asked_as_well_needs_no_hint() {
    let s = Scene::new();
    s.receive([
        &Mail::from(ANNA).named("q").cc(&[BERT]),
        &Mail::from(BERT).named("a").answering("q@mail.test"),
        &Mail::from(ANNA).named("b").answering("q@mail.test"),
        &Mail::from("robot@far.test")
            .named("c")
            .answering("q@mail.test")
            .machine("auto-submitted"),
    ]);
    for who in [ANNA, BERT, "robot@far.test"] {
        assert_eq!(hint(&s, who), None, "{who}");
    }
}

#[test]
fn a_hint_is_taken_or_dismissed_by_a_person_and_either_can_be_undone() {
    let (s, _) = asked_and_answered();
    let other = Mail::from("anna.private@far.test")
        .answering("q@mail.test")
        .at(s.now());
    let id = s.arrives(&other);
    let private = "anna.private@far.test";
    let entries = s.log().len();
    s.does(args::HintDismiss { message: id });
    assert_eq!(hint(&s, private), None);
    assert_eq!(
        s.log().len(),
        entries + 1,
        "saying no is an entry of the log"
    );
    assert!(matches!(
        s.ask(args::HintAccept { message: id }),
        Err(Error::NotFound(_))
    ));
    s.does(args::Undo {});
    assert!(hint(&s, private).is_some());
    s.later(MINUTE);
    s.does(args::HintAccept { message: id });
    assert_eq!(hint(&s, private), None, "they are one");
    assert_eq!(items(&s, ANNA).len(), 3);
    let why = s
        .log()
        .into_iter()
        .find(|e| e.kind == "hint_accept")
        .unwrap()
        .why
        .unwrap();
    assert_eq!(why["message"], serde_json::json!(id));
    s.later(MINUTE);
    s.does(args::Undo {});
    assert!(hint(&s, private).is_some() && items(&s, ANNA).len() == 2);
    s.is_sound();
}

#[test]
fn an_answer_to_our_mail_is_known_by_its_token_where_the_mail_is_not() {
    let (ours, id) = asked_and_answered();
    let fresh = ours.colleague();
    fresh.arrives(&Mail::from("Anna <anna@shop.test>").named("later"));
    for (n, from) in ["anna.private@far.test", MALLORY].into_iter().enumerate() {
        // The second one replays what the first one got: it proves that a mail was seen, never who saw it.
        let m = Mail::from(from)
            .named(&format!("n{n}"))
            .answering(&id.to_uppercase());
        let got = fresh.arrives(&m);
        assert_eq!(home(&fresh, got), fresh.customer(from));
        let hint = hint(&fresh, from).unwrap();
        assert_eq!(
            (hint.conversation, hint.why),
            (fresh.customer(ANNA), HintWhy::Signed)
        );
    }
    fresh.receive([&Mail::from(ANNA).named("own").answering(&id)]);
    assert_eq!(hint(&fresh, ANNA), None, "where it belongs");
    fresh.is_sound();
}

#[test]
fn a_forged_token_is_no_token() {
    let (ours, id) = asked_and_answered();
    let fresh = ours.colleague();
    fresh.arrives(&Mail::from(ANNA).named("later"));
    let mut forged = id.clone().into_bytes();
    forged[10] = if forged[10] == b'a' { b'b' } else { b'a' };
    let forged = String::from_utf8(forged).unwrap();
    let cut = format!("{}@parley.test", &id[..30]);
    for (n, bad) in [forged, cut, "t.x.y@parley.test".into()]
        .into_iter()
        .enumerate()
    {
        fresh.arrives(&Mail::from(MALLORY).named(&format!("n{n}")).answering(&bad));
    }
    assert_eq!(hint(&fresh, MALLORY), None);
}

#[test]
fn a_forged_sender_is_shown_as_such_and_decides_nothing() {
    let (s, ours) = asked_and_answered();
    let forged = Mail::from(ANNA)
        .named("forged")
        .answering(&ours)
        .authenticated(Some(false))
        .at(s.now());
    let id = s.arrives(&forged);
    let shown = items(&s, ANNA).into_iter().find(|m| m.id == id).unwrap();
    assert_eq!(shown.verified, Some(false));
    assert_eq!(s.number("SELECT count(*) FROM link"), 0);
}

#[test]
fn our_own_address_forged_stays_out_of_customers_conversations() {
    let (s, ours) = asked_and_answered();
    let before = s.timeline(s.customer(ANNA));
    let claims = [
        ("failed", Mail::from(TEAM).authenticated(Some(false))),
        (
            "judged and not passed",
            Mail::from(TEAM).judged("parley.test", true, None),
        ),
    ];
    for (n, m) in claims {
        for named in ["q@mail.test", &ours] {
            let m = m
                .clone()
                .to(&[TEAM])
                .named(&format!("{n} {named}"))
                .answering(named)
                .at(s.now());
            let id = s.arrives(&m);
            assert_eq!(
                s.read(move |c| Ok(timeline::message(c, id)?.direction)),
                Direction::Internal
            );
        }
    }
    assert_eq!(s.timeline(s.customer(ANNA)), before);
    // What nobody judged was handed in at home.
    s.arrives(
        &Mail::from(TEAM)
            .to(&[TEAM])
            .named("aside")
            .answering("q@mail.test")
            .authenticated(None)
            .at(s.now()),
    );
    assert_eq!(s.timeline(s.customer(ANNA)).len(), before.len() + 1);
    s.is_sound();
}

#[test]
fn an_answer_from_elsewhere_goes_to_whom_it_was_sent_whoever_bears_the_id() {
    for anna_first in [true, false] {
        let s = Scene::new();
        let anna = Mail::from(ANNA).message_id("same@x").named("q");
        let anna = anna.message_id("same@x");
        let copycat = Mail::from(MALLORY)
            .cc(&[ANNA])
            .named("m")
            .message_id("same@x");
        let answer = Mail::sent_to(ANNA)
            .named("a")
            .answering("same@x")
            .at(MONDAY + HOUR);
        let mut all = vec![&anna, &copycat, &answer];
        if !anna_first {
            all.reverse();
        }
        s.later(2 * HOUR);
        for m in all {
            s.receive([m]);
        }
        assert_eq!(home(&s, s.id(&answer)), s.customer(ANNA));
        assert!(!s.timeline(s.customer(MALLORY)).contains(&s.id(&answer)));
        assert!(
            s.folded(s.customer(MALLORY)).wait_since().is_some(),
            "the copycat waits on"
        );
        s.is_sound();
    }
}

#[test]
fn an_answer_from_elsewhere_to_somebody_new_is_theirs() {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA).named("q"));
    let id = s.arrives(
        &Mail::sent_to(BERT)
            .named("fwd")
            .answering("q@mail.test")
            .at(MONDAY + HOUR),
    );
    assert_eq!(home(&s, id), s.customer(BERT));
    assert!(
        s.folded(s.customer(ANNA)).wait_since().is_some(),
        "Anna was not answered"
    );
}

#[test]
fn our_message_id_under_other_words_swallows_nothing_even_with_a_pass() {
    let (s, ours) = asked_and_answered();
    let m = Mail::from(TEAM)
        .to(&[ANNA])
        .message_id(&ours)
        .text("Send the money elsewhere")
        .at(s.now());
    let id = s.arrives(&m);
    assert_eq!(
        s.read(move |c| Ok(timeline::message(c, id)?.id)),
        id,
        "it is kept as a message"
    );
    let shown: Vec<MessageItem> = items(&s, ANNA)
        .into_iter()
        .filter(|m| m.direction == Direction::Outbound)
        .collect();
    assert_eq!((shown.len(), shown[0].variants.as_slice()), (1, &[id][..]));
    assert_eq!(shown[0].text, "Here it is.");
    s.is_sound();
}

fn altered(n: &str) -> Mail {
    Mail::from(ANNA)
        .named("q")
        .at(MONDAY)
        .text(&format!("Hello in another coding, {n}"))
        .remote(n)
}

#[test]
fn a_copy_with_another_body_is_one_message_with_two_bodies() {
    let s = Scene::new();
    let mut told = s.store().announcements();
    s.receive([&altered("one")]);
    s.later(HOUR);
    s.receive([&altered("two")]);
    let mut notices = 0;
    while let Ok(a) = told.try_recv() {
        notices += a.notices.len();
    }
    assert_eq!(notices, 1);
    let all = items(&s, ANNA);
    assert_eq!((all.len(), all[0].variants.len()), (1, 1));
    assert!(all[0].unread);
    let other = s
        .does(args::MessageText {
            id: all[0].variants[0],
        })
        .text;
    let both: BTreeSet<String> = [other, all[0].text.clone()].into();
    assert_eq!(both.len(), 2, "both bodies can be read");
    assert_eq!(s.folded(s.customer(ANNA)).waits.len(), 1);
    assert_eq!(s.number("SELECT sum(unread) FROM conversation"), 1);
    assert_eq!(s.number("SELECT sum(messages) FROM conversation"), 1);
    s.is_sound();
}

#[test]
fn what_was_decided_about_one_body_counts_for_all() {
    let copies = [
        altered("one"),
        altered("two"),
        altered("three"),
        altered("four"),
    ];
    // Whichever of them stands in the timeline at the end.
    for first in 0..copies.len() {
        let s = Scene::new();
        s.receive([&copies[first]]);
        s.later(HOUR);
        let anna = s.customer(ANNA);
        s.does(args::MarkRead { conversation: anna });
        s.replies(ANNA, "Answered.");
        s.does(args::Resolve { conversation: anna });
        let waited = s.folded(anna).waits;
        s.later(HOUR);
        s.receive(&copies);
        assert!(!s.is_open(anna), "another body opens nothing");
        assert_eq!(
            s.folded(anna)
                .waits
                .iter()
                .map(|w| (w.start, w.seconds()))
                .collect::<Vec<_>>(),
            waited
                .iter()
                .map(|w| (w.start, w.seconds()))
                .collect::<Vec<_>>()
        );
        assert_eq!(s.number("SELECT sum(unread) FROM conversation"), 0);
        s.is_sound();
    }
}

#[test]
fn the_body_that_is_vouched_for_stands_in_the_timeline_in_any_order() {
    let real = altered("real").authenticated(Some(true));
    let forged: Vec<Mail> = (0..6)
        .map(|n| altered(&format!("forged {n}")).authenticated([None, Some(false)][n % 2]))
        .collect();
    for real_first in [true, false] {
        let s = Scene::new();
        if real_first {
            s.receive([&real]);
        }
        for f in &forged {
            s.receive([f]);
        }
        s.receive([&real]);
        let shown = items(&s, ANNA);
        assert_eq!(
            (shown.len(), shown[0].id, shown[0].variants.len()),
            (1, s.id(&real), forged.len())
        );
        s.is_sound();
    }
}

#[test]
fn the_same_words_on_another_day_or_by_another_are_another_message() {
    let s = Scene::new();
    s.receive([
        &altered("one"),
        &altered("two").at(MONDAY + MINUTE),
        &Mail::from(BERT).named("q").at(MONDAY).remote("three"),
    ]);
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE variant_of IS NOT NULL"),
        0
    );
    assert_eq!(items(&s, ANNA).len(), 2);
}

#[test]
fn mails_of_ours_that_answer_each_other_in_a_circle_end_the_same_in_any_order() {
    let circle = |n: usize, to: &str| {
        Mail::sent_to(to)
            .named(&format!("c{n}"))
            .answering(&format!("c{}@mail.test", (n + 1) % 3))
            .at(MONDAY + MINUTE * i64::try_from(n).unwrap())
    };
    let aside = Mail::from(TEAM)
        .to(&[TEAM])
        .named("aside")
        .answering("c1@mail.test")
        .authenticated(None)
        .at(MONDAY + HOUR);
    let all = [
        circle(0, ANNA).cc(&[BERT]),
        circle(1, BERT).cc(&[ANNA]),
        circle(2, ANNA),
        aside,
    ];
    let mut ends = BTreeSet::new();
    for order in [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [1, 3, 0, 2],
        [2, 0, 3, 1],
        [3, 0, 2, 1],
        [0, 2, 1, 3],
    ] {
        let s = Scene::new();
        for i in order {
            s.receive([&all[i]]);
        }
        s.is_sound();
        ends.insert(s.read(|c| {
            let mut q = c.prepare("SELECT subject, hex(participants), direction, opens, h.value FROM message m JOIN handle h ON h.id = m.conversation ORDER BY m.participants, m.sent_at")?;
            let rows = q.query_map([], |r| Ok(format!("{:?}", (r.get::<_, String>(1)?, r.get::<_, i64>(2)?, r.get::<_, i64>(3)?, r.get::<_, String>(4)?))))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        }));
    }
    assert_eq!(ends.len(), 1, "{ends:#?}");
}

#[test]
fn a_stored_thread_is_the_partition_of_its_mails() {
    let (s, ours) = asked_and_answered();
    let at = s.now();
    s.receive([
        &Mail::from(ANNA)
            .named("more")
            .answering(&ours)
            .references(&["q@mail.test", &ours])
            .at(at),
        &Mail::from(MALLORY).named("forged").answering(&ours).at(at),
        &Mail::from(ANNA).named("other").at(at),
        &Mail::from(BERT).named("p1").provider_thread("77").at(at),
        &Mail::sent_to(BERT).named("p2").provider_thread("77").at(at),
        &Mail::from(MALLORY).named("p3").provider_thread("77").at(at),
    ]);
    let sizes = |m: Mail| {
        let id = s.id(&m.at(at));
        s.read(move |c| threads::of(c, id)).len()
    };
    assert_eq!(sizes(Mail::from(ANNA).named("more")), 3);
    assert_eq!(sizes(Mail::from(MALLORY).named("forged")), 1);
    assert_eq!(sizes(Mail::from(ANNA).named("other")), 1);
    assert_eq!(sizes(Mail::from(BERT).named("p1")), 2);
    assert_eq!(sizes(Mail::from(MALLORY).named("p3")), 1);
}

/// So many mails of so many people, judged by their server or not.
fn ordinary(n: usize, server: Option<&str>) -> Vec<Mail> {
    (0..n)
        .map(|i| {
            let m = Mail::from(&format!("c{i}@far{i}.test"))
                .named(&format!("o{i}"))
                .authenticated(None);
            match server {
                Some(name) => m.judged(name, true, Some(true)),
                None => m,
            }
        })
        .collect()
}

#[test]
fn a_word_under_the_servers_name_counts_only_if_that_server_gives_its_word() {
    let forged = Mail::from(ANNA)
        .named("forged")
        .judged("parley.test", true, Some(true));
    for (server, wanted) in [(None, None), (Some("parley.test"), Some(true))] {
        for late in [true, false] {
            let s = Scene::new();
            if !late {
                s.receive([&forged]);
            }
            s.receive(&ordinary(12, server));
            if late {
                s.receive([&forged]);
            }
            let shown = items(&s, ANNA).remove(0);
            assert_eq!(shown.verified, wanted, "{server:?}, late: {late}");
            assert_eq!(shown.sender_says.is_some(), wanted.is_some());
            s.is_sound();
        }
    }
}

#[test]
fn a_server_of_another_name_is_learned_from_what_all_mails_have_in_common() {
    let far = |n: usize| {
        let who = format!("c{n}@far.test");
        Mail::from(&who).named(&format!("m{n}")).judged(
            "filter.test",
            false,
            Some(n.is_multiple_of(2)),
        )
    };
    let s = Scene::new();
    s.receive(&(0..9).map(far).collect::<Vec<_>>());
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE verified IS NOT NULL"),
        0,
        "too few to tell"
    );
    s.receive(&(9..20).map(far).collect::<Vec<_>>());
    assert_eq!(s.number("SELECT sum(verified) FROM message"), 10);
    assert_eq!(
        s.number("SELECT count(*) FROM message WHERE verified IS NULL"),
        0
    );
    s.is_sound();
}

#[test]
fn the_log_of_one_desktop_brings_a_dismissal_to_the_other() {
    let (ours, _) = asked_and_answered();
    let theirs = ours.colleague();
    let (q, m) = (
        Mail::from("Anna <anna@shop.test>").named("q").at(MONDAY),
        Mail::from(MALLORY)
            .answering("q@mail.test")
            .at(MONDAY + DAY),
    );
    theirs.receive([&q, &m]);
    ours.receive([&m]);
    let id = ours.id(&m);
    assert!(hint(&theirs, MALLORY).is_some());
    ours.does(args::HintDismiss { message: id });
    let entries = ours.log();
    theirs.write(move |tx| {
        entries
            .iter()
            .try_for_each(|e| log::append(tx, e).map(drop))
    });
    assert_eq!(hint(&theirs, MALLORY), None);
    theirs.is_sound();
}

#[test]
fn an_altered_copy_of_our_mail_in_sent_is_our_mail() {
    let (s, ours) = asked_and_answered();
    s.receive([&Mail::sent_to(ANNA)
        .place(Place::Sent)
        .message_id(&ours)
        .text("Here it is.\n-- \nadded by a server")]);
    assert_eq!(s.number("SELECT count(*) FROM message"), 2);
    s.is_sound();
}
