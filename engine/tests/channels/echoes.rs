//! Our own sends, come back in the provider's list.

use crate::desk::{MARA, Team};
use parley_engine::model::*;

fn sent(t: &Team, text: &str) -> (CustomerId, MessageId) {
    t.can(t.sms, |can| can.may_write_first = true);
    t.hears(t.sms, "SM1", MARA, "hello?");
    let c = t.customer_on(Channel::Sms, MARA);
    let id = t.does(t.send(t.sms, c, MARA, text)).id;
    (c, id)
}

fn messages(t: &Team, c: CustomerId) -> usize {
    t.shown(c).len()
}

#[test]
fn by_the_id_that_the_provider_answered_with() {
    let t = Team::new();
    let (c, _) = sent(&t, "One");
    t.answers(t.sms, "SM2");
    t.goes(t.sms);
    let copy = t.listed(t.sms, "SM2", MARA, "something a network made of it");
    t.event(t.sms, Event::Message(Box::new(copy)));
    assert_eq!(messages(&t, c), 2);
}

#[test]
fn by_the_key_that_we_gave() {
    let t = Team::new();
    let (c, id) = sent(&t, "One");
    t.answers(t.sms, "SM2");
    t.goes(t.sms);
    let copy = Incoming {
        key: Some(id),
        ..t.listed(t.sms, "another", MARA, "other words")
    };
    t.event(t.sms, Event::Message(Box::new(copy)));
    assert_eq!(messages(&t, c), 2);
}

#[test]
fn by_text_and_time_where_the_ids_differ_and_each_copy_once() {
    let t = Team::new();
    let (c, _) = sent(&t, "*Yes*, of course");
    t.answers(t.sms, "SM2");
    t.goes(t.sms);
    let copy = t.listed(t.sms, "SM2-as-listed", MARA, "Yes, of course");
    t.event(t.sms, Event::Message(Box::new(copy.clone())));
    assert_eq!(messages(&t, c), 2);
    // The same words once more are another message, typed on a phone.
    let again = Incoming {
        remote_id: RemoteId("SM9".into()),
        ..copy
    };
    t.event(t.sms, Event::Message(Box::new(again)));
    let shown = t.shown(c);
    assert_eq!(shown.len(), 3);
    assert!(shown.iter().any(|m| m.outside_app));
}

#[test]
fn the_same_words_to_somebody_else_or_hours_later_are_another_message() {
    let t = Team::new();
    let (c, _) = sent(&t, "Yes");
    t.answers(t.sms, "SM2");
    t.goes(t.sms);
    let other = t.listed(t.sms, "SM5", "+491709999999", "Yes");
    t.event(t.sms, Event::Message(Box::new(other)));
    t.later(3 * 3_600_000);
    let late = t.listed(t.sms, "SM6", MARA, "Yes");
    t.event(t.sms, Event::Message(Box::new(late)));
    assert_eq!(messages(&t, c), 3);
}

#[test]
fn an_uncertain_send_that_is_listed_has_gone_and_is_not_sent_again() {
    let t = Team::new();
    let (c, id) = sent(&t, "Did it go?");
    t.provider(crate::desk::NUMBER)
        .will_answer(Err(ChannelError::new(
            Remedy::Uncertain,
            "send",
            "no answer.",
        )));
    t.goes(t.sms);
    assert_eq!(t.state_of(id), OutboxState::Uncertain);
    let copy = t.listed(t.sms, "SM2", MARA, "Did it go?");
    t.event(t.sms, Event::Message(Box::new(copy)));
    assert_eq!(t.state_of(id), OutboxState::Sent);
    assert_eq!((messages(&t, c), t.goes(t.sms)), (2, 0));
    t.is_sound();
}

#[test]
fn what_our_phone_sent_stands_in_the_customers_conversation_as_outside_the_app_and_ends_the_wait() {
    let t = Team::new();
    t.hears(t.sms, "SM1", MARA, "hello?");
    let c = t.customer_on(Channel::Sms, MARA);
    t.later(1_000);
    let typed = t.listed(t.sms, "SM2", MARA, "From my phone");
    t.event(t.sms, Event::Message(Box::new(typed)));
    let shown = t.shown(c);
    assert!(shown[1].outside_app && shown[1].direction == Direction::Outbound);
    assert!(t.folded(c).unanswered.is_empty());
    t.is_sound();
}

fn lost(t: &Team, remedy: Remedy) {
    t.provider(crate::desk::NUMBER)
        .will_answer(Err(ChannelError::new(remedy, "send", "no.")));
    t.goes(t.sms);
}

#[test]
fn an_uncertain_send_is_not_taken_for_the_same_word_typed_on_a_phone_hours_later() {
    let t = Team::new();
    let (c, id) = sent(&t, "Yes");
    lost(&t, Remedy::Uncertain);
    t.later(5 * 3_600_000);
    let typed = t.listed(t.sms, "SM9", MARA, "Yes");
    t.event(t.sms, Event::Message(Box::new(typed)));
    assert_eq!(t.state_of(id), OutboxState::Uncertain);
    assert_eq!(messages(&t, c), 3);
}

#[test]
fn a_send_that_the_provider_refused_is_not_what_its_list_shows() {
    let t = Team::new();
    let (c, id) = sent(&t, "Yes");
    lost(&t, Remedy::Final);
    let typed = t.listed(t.sms, "SM9", MARA, "Yes");
    t.event(t.sms, Event::Message(Box::new(typed)));
    assert_eq!(t.state_of(id), OutboxState::Failed);
    assert_eq!(messages(&t, c), 3);
}

#[test]
fn a_send_that_was_tried_again_days_later_is_found_by_its_last_attempt_and_by_its_first() {
    for (name, late) in [("the first", false), ("the last", true)] {
        let t = Team::new();
        let (c, id) = sent(&t, "Did it go?");
        lost(&t, Remedy::Uncertain);
        let first = t.now();
        t.later(3 * 86_400_000);
        t.does(parley_engine::api::args::OutboxRetry { id });
        lost(&t, Remedy::Uncertain);
        let mut copy = t.listed(t.sms, "SM2", MARA, "Did it go?");
        if !late {
            copy.times.provider = Some(first);
        }
        t.event(t.sms, Event::Message(Box::new(copy)));
        assert_eq!(t.state_of(id), OutboxState::Sent, "{name}");
        assert_eq!(messages(&t, c), 2, "{name}");
    }
}

#[test]
fn of_two_sends_that_say_the_same_the_nearest_is_meant() {
    let t = Team::new();
    let (c, first) = sent(&t, "Yes");
    t.goes(t.sms);
    t.later(30_000);
    let second = t.does(t.send(t.sms, c, MARA, "Yes")).id;
    t.goes(t.sms);
    let copy = t.listed(t.sms, "SM2", MARA, "Yes");
    t.event(t.sms, Event::Message(Box::new(copy)));
    assert_eq!(t.id_of(t.sms, "SM2"), second);
    assert_ne!(t.id_of(t.sms, "SM2"), first);
}
