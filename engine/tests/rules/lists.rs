//! Grouped lists, their orders, and acts on many.

use crate::scene::{DAY, HOUR, Mail, Scene};
use parley_engine::api::args;
use parley_engine::api::dto::{BulkAct, Parting, Section, Sort, View};
use parley_engine::model::CustomerId;
use parley_engine::time::Millis;

/// `n` customers, one an hour: `c0` wrote first.
fn hourly(n: usize) -> (Scene, Vec<CustomerId>) {
    let s = Scene::new();
    for i in 0..n {
        s.later(HOUR);
        s.arrives(&Mail::from(&format!("c{i}@shop.test")).at(s.now()));
    }
    let ids = (0..n)
        .map(|i| s.customer(&format!("c{i}@shop.test")))
        .collect();
    (s, ids)
}

fn sections(s: &Scene, by: Parting, cuts: Vec<Millis>) -> Vec<(Section, u32)> {
    s.does(args::ConversationSections {
        view: View::Inbox,
        stage: None,
        tag: None,
        by,
        cuts,
    })
    .into_iter()
    .map(|c| (c.section, c.count))
    .collect()
}

fn within(s: &Scene, section: &Section, sort: Sort, limit: u32) -> Vec<CustomerId> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = s.does(args::SectionIds {
            view: View::Inbox,
            stage: None,
            tag: None,
            section: section.clone(),
            sort,
            after,
            limit,
        });
        seen.extend(page.ids);
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

fn inbox(s: &Scene, sort: Sort) -> Vec<CustomerId> {
    s.does(args::ConversationIds {
        saved: None,
        view: View::Inbox,
        stage: None,
        tag: None,
        sort,
        after: None,
        limit: 100,
    })
    .ids
}

fn bulk(s: &Scene, conversations: &[CustomerId], act: BulkAct) -> Vec<CustomerId> {
    s.does(args::Bulk {
        conversations: conversations.to_vec(),
        act,
        group: None,
    })
    .changed
}

#[test]
fn every_order_begins_with_what_its_name_says() {
    let (s, c) = hourly(4);
    assert_eq!(inbox(&s, Sort::Newest), [c[3], c[2], c[1], c[0]]);
    assert_eq!(inbox(&s, Sort::Oldest), [c[0], c[1], c[2], c[3]]);
    s.replies("c0@shop.test", "hello");
    assert_eq!(inbox(&s, Sort::LongestWait), [c[1], c[2], c[3], c[0]]);
    for (i, days) in [(2, 3), (1, 5)] {
        s.does(args::Snooze {
            conversation: c[i],
            until: Some(s.now() + days * DAY),
        });
    }
    let asleep = s.does(args::ConversationIds {
        saved: None,
        view: View::Snoozed,
        stage: None,
        tag: None,
        sort: Sort::WakesNext,
        after: None,
        limit: 10,
    });
    assert_eq!(asleep.ids, [c[2], c[1]]);
}

#[test]
fn the_groups_of_a_list_hold_each_conversation_once() {
    let (s, c) = hourly(9);
    let me = s.store().identity().agent;
    bulk(&s, &c[0..3], BulkAct::Assign { agent: Some(me) });
    bulk(
        &s,
        &c[2..6],
        BulkAct::Stage {
            stage: Some("won".into()),
        },
    );
    let cuts = vec![s.now() - 5 * HOUR, s.now() - 2 * HOUR];
    for (by, cuts, counts) in [
        (Parting::Assignee, vec![], vec![6, 3]),
        (Parting::Stage, vec![], vec![5, 4]),
        (Parting::Channel, vec![], vec![9]),
        (Parting::Day, cuts, vec![3, 3, 3]),
    ] {
        let found = sections(&s, by, cuts);
        assert_eq!(
            found.iter().map(|x| x.1).collect::<Vec<_>>(),
            counts,
            "{by:?}"
        );
        for sort in [Sort::Newest, Sort::Oldest, Sort::LongestWait] {
            let mut all = Vec::new();
            for (section, count) in &found {
                let ids = within(&s, section, sort, 2);
                assert_eq!(ids.len(), *count as usize, "{section:?}");
                all.extend(ids);
            }
            all.sort_unstable();
            let mut whole = c.clone();
            whole.sort_unstable();
            assert_eq!(all, whole, "{by:?} {sort:?}");
        }
    }
    assert!(
        s.ask(args::ConversationSections {
            view: View::Inbox,
            stage: None,
            tag: None,
            by: Parting::Day,
            cuts: vec![2, 1],
        })
        .is_err()
    );
}

#[test]
fn one_undo_takes_back_what_was_done_to_many_in_several_calls() {
    let (s, c) = hourly(6);
    let first = s.does(args::Bulk {
        conversations: c[0..3].to_vec(),
        act: BulkAct::Resolve,
        group: None,
    });
    let second = s.does(args::Bulk {
        conversations: c[3..5].to_vec(),
        act: BulkAct::Resolve,
        group: Some(first.group),
    });
    assert_eq!(second.group, first.group);
    assert!(second.undo);
    assert_eq!(inbox(&s, Sort::Newest), [c[5]]);
    assert_eq!(s.does(args::Undo {}).command, "resolve");
    assert_eq!(inbox(&s, Sort::Newest).len(), 6);
    assert!(s.ask(args::Undo {}).is_err());
    // What was taken back is not continued behind its back.
    assert!(
        s.ask(args::Bulk {
            conversations: vec![c[5]],
            act: BulkAct::Resolve,
            group: Some(first.group),
        })
        .is_err()
    );
    s.is_sound();
}

#[test]
fn an_act_on_many_passes_over_those_that_are_so_already_or_do_not_allow_it() {
    let (s, c) = hourly(3);
    assert_eq!(bulk(&s, &c[2..], BulkAct::NoReply), [c[2]]);
    assert_eq!(bulk(&s, &c[2..], BulkAct::NoReply), []);
    s.does(args::Resolve { conversation: c[0] });
    assert_eq!(bulk(&s, &c, BulkAct::Resolve), [c[1], c[2]]);
    assert_eq!(bulk(&s, &c, BulkAct::Resolve), []);
    assert_eq!(bulk(&s, &c[0..1], BulkAct::Reopen), [c[0]]);
    let vip = || BulkAct::Tag {
        tag: "#VIP".into(),
        on: true,
    };
    assert_eq!(bulk(&s, &c[0..1], vip()), [c[0]]);
    assert_eq!(bulk(&s, &c, vip()), [c[1], c[2]]);
    let until = Some(s.now() + DAY);
    assert_eq!(bulk(&s, &c, BulkAct::Snooze { until }), [c[0]]);
    assert_eq!(bulk(&s, &c, BulkAct::Snooze { until: None }), [c[0]]);
    let nobody = CustomerId::random();
    assert_eq!(bulk(&s, &[nobody], BulkAct::Resolve), []);
    let log = s.log().len();
    assert_eq!(bulk(&s, &c, vip()), []);
    assert_eq!(s.log().len(), log, "nothing happened, and nothing is told");
    assert!(
        s.ask(args::Bulk {
            conversations: c.clone(),
            act: BulkAct::Stage {
                stage: Some("no such".into())
            },
            group: None
        })
        .is_err()
    );
    assert!(
        s.ask(args::Bulk {
            conversations: vec![c[0]; 501],
            act: BulkAct::Resolve,
            group: None
        })
        .is_err()
    );
    s.is_sound();
}

#[test]
fn marking_many_read_tells_which_were_unread() {
    let (s, c) = hourly(3);
    assert_eq!(bulk(&s, &c[0..1], BulkAct::Read { read: true }), [c[0]]);
    let rest = s.does(args::Bulk {
        conversations: c.clone(),
        act: BulkAct::Read { read: true },
        group: None,
    });
    assert_eq!(rest.changed, [c[1], c[2]]);
    assert!(!rest.undo);
    assert_eq!(
        bulk(&s, &rest.changed, BulkAct::Read { read: false }),
        [c[1], c[2]]
    );
}
