//! A send in several messages, and what happens to sends that wait: taken back, held back, stopped, stranded.

use crate::desk::{MARA, NUMBER, Team, sms};
use parley_engine::api::args;
use parley_engine::api::dto::Undone;
use parley_engine::model::*;
use parley_engine::store::outbox;

const LONG: &str = "The first sentence. The second one. The third.";

fn ready() -> (Team, CustomerId) {
    let t = Team::new();
    t.can(t.sms, |can| {
        can.text_limit = Some(TextLimit {
            most: 20,
            unit: TextUnit::Chars,
        });
    });
    t.hears(t.sms, "SM1", MARA, "hello?");
    let c = t.customer_on(Channel::Sms, MARA);
    (t, c)
}

/// The ids of the parts, in their order.
fn in_three(t: &Team, c: CustomerId, resolve: bool) -> Vec<MessageId> {
    t.does(args::Send {
        split: true,
        resolve,
        ..t.send(t.sms, c, MARA, LONG)
    });
    t.read(|conn| {
        let mut s = conn.prepare("SELECT id FROM outbox ORDER BY authored_at DESC LIMIT 3")?;
        let mut ids: Vec<MessageId> = s
            .query_map([], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        ids.reverse();
        Ok(ids)
    })
}

fn says_next(t: &Team, remedy: Remedy, what: &str) {
    t.provider(NUMBER)
        .will_answer(Err(ChannelError::new(remedy, "send", what)));
}

fn drafted(t: &Team, c: CustomerId) -> Vec<String> {
    t.does(args::Drafts { conversation: c })
        .into_iter()
        .map(|d| d.text)
        .collect()
}

fn state(t: &Team, id: MessageId) -> OutboxState {
    t.state_of(id)
}

fn error(t: &Team, id: MessageId) -> String {
    t.read(move |c| outbox::get(c, id))
        .error
        .unwrap_or_default()
}

#[test]
fn the_undo_bar_takes_all_parts_back_and_they_are_one_draft_in_their_order() {
    let (t, c) = ready();
    let parts = in_three(&t, c, true);
    let done = t.does(args::OutboxCancel { id: parts[0] });
    assert_eq!((done.draft, done.gone), (true, 0));
    assert!(t.is_open(c));
    assert_eq!(t.goes(t.sms), 0);
    assert_eq!(
        drafted(&t, c),
        ["The first sentence.\n\nThe second one.\n\nThe third."]
    );
    // Pressed once more, it changes nothing.
    t.does(args::OutboxCancel { id: parts[0] });
    assert_eq!(drafted(&t, c)[0].matches("first").count(), 1);
    t.is_sound();
}

#[test]
fn whichever_part_is_taken_back_none_of_a_failed_send_goes_later() {
    let (t, c) = ready();
    let parts = in_three(&t, c, false);
    says_next(&t, Remedy::Final, "no such number.");
    t.goes(t.sms);
    t.does(args::OutboxCancel { id: parts[1] });
    for part in parts {
        assert_eq!(state(&t, part), OutboxState::Cancelled);
    }
    assert_eq!(t.goes(t.sms), 0);
    assert!(drafted(&t, c)[0].starts_with("The first"));
}

#[test]
fn one_key_takes_back_the_parts_that_have_not_gone_rather_than_an_older_action() {
    let (t, c) = ready();
    t.does(args::TagSet {
        conversation: c,
        tag: "vip".into(),
        on: true,
    });
    let parts = in_three(&t, c, false);
    says_next(&t, Remedy::Retry, "busy.");
    t.goes(t.sms);
    t.write({
        let id = parts[0];
        move |tx| {
            outbox::begin(tx, id)?;
            outbox::sent(tx, id, Some("SM2"), false)
        }
    });
    let Undone {
        command,
        draft,
        gone,
        ..
    } = t.does(args::Undo {});
    assert_eq!((command.as_str(), draft, gone), ("send", true, 1));
    assert_eq!(t.goes(t.sms), 0);
    assert_eq!(drafted(&t, c), ["The second one.\n\nThe third."]);
    assert_eq!(t.number("SELECT count(*) FROM tag WHERE active = 1"), 1);
    t.is_sound();
}

#[test]
fn a_part_that_failed_fails_those_after_it_and_holds_back_no_later_message() {
    for (remedy, first) in [
        (Remedy::Final, OutboxState::Failed),
        (Remedy::Uncertain, OutboxState::Uncertain),
    ] {
        let (t, c) = ready();
        let parts = in_three(&t, c, false);
        says_next(&t, remedy, "no.");
        t.goes(t.sms);
        assert_eq!(state(&t, parts[0]), first);
        for later in &parts[1..] {
            assert_eq!(state(&t, *later), OutboxState::Failed);
            assert!(error(&t, *later).contains("part before"));
        }
        let next = t.does(t.send(t.sms, c, MARA, "Something else"));
        assert_eq!(t.goes(t.sms), 1);
        assert_eq!(state(&t, next.id), OutboxState::Sent);
        t.is_sound();
    }
}

#[test]
fn a_failed_send_goes_again_with_all_its_parts_in_order() {
    let (t, c) = ready();
    let parts = in_three(&t, c, false);
    says_next(&t, Remedy::Final, "no credit.");
    t.goes(t.sms);
    t.does(args::OutboxRetry { id: parts[1] });
    assert_eq!(t.goes(t.sms), 3);
    let texts: Vec<String> = t.given(t.sms).into_iter().skip(1).map(|o| o.text).collect();
    assert_eq!(
        texts,
        ["The first sentence.", "The second one.", "The third."]
    );
    t.is_sound();
}

#[test]
fn a_part_does_not_go_again_before_one_that_may_have_gone() {
    let (t, c) = ready();
    let parts = in_three(&t, c, false);
    says_next(&t, Remedy::Uncertain, "no answer.");
    t.goes(t.sms);
    let said = t.ask(args::OutboxRetry { id: parts[1] }).unwrap_err();
    assert!(said.to_string().contains("may have gone"), "{said}");
    t.does(args::OutboxMarkSent { id: parts[0] });
    assert_eq!(
        t.goes(t.sms),
        0,
        "what is called failed goes by a person's word"
    );
    t.does(args::OutboxRetry { id: parts[1] });
    assert_eq!(t.goes(t.sms), 2);
}

#[test]
fn a_conversation_that_was_resolved_with_several_parts_opens_again_whichever_fails() {
    for (gone, remedy) in [
        (0, Remedy::Final),
        (0, Remedy::Uncertain),
        (1, Remedy::Final),
        (2, Remedy::Final),
    ] {
        let (t, c) = ready();
        in_three(&t, c, true);
        assert!(!t.is_open(c));
        for i in 0..gone {
            t.answers(t.sms, &format!("SM{}", i + 10));
        }
        says_next(&t, remedy, "no.");
        t.goes(t.sms);
        assert!(t.is_open(c), "after {gone}, {remedy:?}");
        t.is_sound();
    }
}

#[test]
fn what_is_held_back_wakes_nobody_before_what_holds_it_back_is_due() {
    let (t, c) = ready();
    in_three(&t, c, false);
    says_next(&t, Remedy::Retry, "busy.");
    t.goes(t.sms);
    let (account, now) = (t.sms, t.now());
    let (next, later) = t.read(move |c| outbox::due(c, account, now));
    assert!(next.is_none());
    let first: i64 = t.number("SELECT next_try FROM outbox WHERE state = 'queued'");
    assert_eq!(later, Some(first));
    assert!(first > now);
}

#[test]
fn what_waits_when_its_account_is_disconnected_fails_and_does_not_go_weeks_later() {
    let (t, c) = ready();
    t.can(t.sms, |can| can.text_limit = None);
    let going = t.does(t.send(t.sms, c, MARA, "On its way")).id;
    t.write(move |tx| outbox::begin(tx, going).map(drop));
    let waits = t.does(args::Send {
        resolve: true,
        ..t.send(t.sms, c, MARA, "Tomorrow it is")
    });
    t.does(args::AccountRemove {
        id: t.sms,
        erase: false,
    });
    assert_eq!(state(&t, going), OutboxState::Uncertain);
    assert_eq!(state(&t, waits.id), OutboxState::Failed);
    assert!(error(&t, waits.id).contains("disconnected"));
    assert!(t.is_open(c), "it opens again with the reason");
    let said = t.ask(args::OutboxRetry { id: waits.id }).unwrap_err();
    assert!(said.to_string().contains("not connected"), "{said}");
    t.later(20 * 86_400_000);
    t.connect_to(&sms(NUMBER));
    assert_eq!(t.goes(t.sms), 0);
    t.does(args::OutboxRetry { id: waits.id });
    assert_eq!(t.goes(t.sms), 1, "by a person's word it goes");
    t.is_sound();
}

#[test]
fn whoever_asks_for_no_more_messages_while_one_waits_does_not_get_it() {
    let wish = |t: &Team, out| {
        t.event(
            t.sms,
            Event::Person(PersonSays {
                address: MARA.into(),
                opted_out: Some(out),
                at: t.now(),
                ..PersonSays::default()
            }),
        );
    };
    let (t, c) = ready();
    let parts = in_three(&t, c, true);
    wish(&t, true);
    t.goes(t.sms);
    assert!(t.given(t.sms).is_empty(), "the vendor was not asked");
    assert!(error(&t, parts[0]).contains("no more messages"));
    assert_eq!(state(&t, parts[2]), OutboxState::Failed);
    assert!(t.is_open(c));
    let said = t.ask(args::OutboxRetry { id: parts[0] }).unwrap_err();
    assert!(said.to_string().contains("no more messages"), "{said}");
    t.later(1_000);
    wish(&t, false);
    t.does(args::OutboxRetry { id: parts[0] });
    assert_eq!(t.goes(t.sms), 3);
    t.is_sound();
}
