//! What becomes of a send: never twice without a person, never silently lost.

use crate::scene::{MINUTE, Mail, SECOND, Scene, TEAM, accepted, folder};
use async_trait::async_trait;
use parley_engine::api::args;
use parley_engine::connectors::{Connector, Live, Result as ChannelResult, Step};
use parley_engine::model::{
    Batch, Capabilities, ChannelError, Cursor, MessageId, OutboxState, Outgoing, Profile, Receipt,
    Remedy, RemoteId,
};
use parley_engine::outbox;
use parley_engine::store::outbox as rows;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

const ANNA: &str = "anna@shop.test";

fn scene() -> (Scene, MessageId) {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA));
    let id = s.writes(ANNA, "Here is the answer.");
    (s, id)
}

fn flush(s: &Scene) -> u32 {
    let live = s.live();
    s.run(outbox::flush(s.store(), &live)).unwrap()
}

fn calls(s: &Scene) -> usize {
    s.provider(TEAM).sent.lock().unwrap().len()
}

fn says(s: &Scene, remedy: Remedy, words: &str) {
    s.provider(TEAM)
        .will_answer(Err(ChannelError::new(remedy, "data", words)));
}

fn item(s: &Scene, id: MessageId) -> rows::OutboxItem {
    s.read(move |c| rows::get(c, id))
}

/// The copy of a send, as the provider shows it in Sent.
fn echo(s: &Scene, id: MessageId) {
    s.receive([&Mail::sent_to(ANNA)
        .message_id(&s.message_id_of(id))
        .text("Here is the answer.")]);
}

fn sent_at(s: &Scene, id: MessageId) -> i64 {
    s.read(move |c| {
        Ok(
            c.query_row("SELECT sent_at FROM message WHERE id = ?1", [id], |r| {
                r.get(0)
            })?,
        )
    })
}

#[test]
fn a_send_is_held_and_goes_out_after_the_hold() {
    let (s, id) = scene();
    s.later(9 * SECOND);
    assert_eq!((flush(&s), s.state_of(id)), (0, OutboxState::Held));
    s.later(SECOND);
    assert_eq!((flush(&s), s.state_of(id)), (1, OutboxState::Sent));
    assert_eq!((flush(&s), calls(&s)), (0, 1));
    assert_eq!(sent_at(&s, id), s.now());
    s.is_sound();
}

#[test]
fn undo_during_the_hold_takes_it_back_into_a_draft() {
    let (s, id) = scene();
    assert!(s.does(args::Undo {}).draft);
    s.later(MINUTE);
    assert_eq!(
        (flush(&s), calls(&s), s.state_of(id)),
        (0, 0, OutboxState::Cancelled)
    );
    let drafts = s.does(args::Drafts {
        conversation: s.customer(ANNA),
    });
    assert_eq!(drafts[0].text, "Here is the answer.");
    s.is_sound();
}

#[test]
fn what_cannot_have_gone_out_is_tried_again_with_growing_pauses() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    let mut pauses = Vec::new();
    for _ in 0..4 {
        says(&s, Remedy::Retry, "the server is busy.");
        assert_eq!((flush(&s), s.state_of(id)), (1, OutboxState::Queued));
        let next = item(&s, id).next_try.unwrap();
        pauses.push(next - s.now());
        s.clock.set(next - 1);
        assert_eq!(flush(&s), 0, "it is not tried before its time");
        s.clock.set(next);
    }
    assert!(pauses.windows(2).all(|w| w[1] > w[0] * 3 / 2), "{pauses:?}");
    assert_eq!(
        (flush(&s), s.state_of(id), calls(&s)),
        (1, OutboxState::Sent, 5)
    );
    let ids: std::collections::BTreeSet<String> = s
        .provider(TEAM)
        .sent
        .lock()
        .unwrap()
        .iter()
        .map(|m| m.message_id.clone())
        .collect();
    assert_eq!(ids.len(), 1, "the Message-ID is fixed before the first try");
    s.is_sound();
}

#[test]
fn the_provider_says_how_long_to_wait() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    s.provider(TEAM).will_answer(Err(ChannelError {
        retry_after: Some(7 * MINUTE),
        hint: None,
        ..ChannelError::new(Remedy::Wait, "data", "too many.")
    }));
    flush(&s);
    assert_eq!(item(&s, id).next_try, Some(s.now() + 7 * MINUTE));
}

#[test]
fn what_we_hold_back_ourselves_counts_as_no_try_however_often() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    for _ in 0..60 {
        let held = ChannelError {
            retry_after: Some(0),
            ..ChannelError::new(
                Remedy::Wait,
                "send",
                "mail.test is left alone for a moment.",
            )
        };
        s.provider(TEAM).will_answer(Err(held.before_asking()));
        assert_eq!(flush(&s), 1);
        let o = item(&s, id);
        assert_eq!((o.state, o.tries), (OutboxState::Queued, 0));
        assert!(o.next_try.unwrap() >= s.now() + SECOND);
        s.clock.set(o.next_try.unwrap());
    }
    assert_eq!((flush(&s), s.state_of(id)), (1, OutboxState::Sent));
    s.is_sound();
}

#[test]
fn a_provider_that_asks_for_hardly_any_rest_gets_ours() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    let begun = s.now();
    for _ in 0..12 {
        s.provider(TEAM).will_answer(Err(ChannelError {
            retry_after: Some(0),
            ..ChannelError::new(Remedy::Wait, "data", "too many.")
        }));
        assert_eq!((flush(&s), s.state_of(id)), (1, OutboxState::Queued));
        s.clock.set(item(&s, id).next_try.unwrap());
    }
    assert!(s.now() - begun > 120 * MINUTE);
}

#[test]
fn what_could_not_be_handed_over_in_two_days_of_trying_is_called_failed() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    let begun = s.now();
    let mut tries = 0;
    while s.state_of(id) != OutboxState::Failed {
        says(&s, Remedy::Retry, "no network.");
        tries += flush(&s);
        if let Some(next) = item(&s, id).next_try {
            s.clock.set(next);
        }
        assert!(tries < 1_000);
    }
    let days = 24 * 60 * MINUTE;
    assert!((2 * days..3 * days).contains(&(s.now() - begun)));
    assert!(item(&s, id).error.unwrap().contains("Given up"));
    s.is_sound();
}

#[test]
fn a_computer_that_slept_over_the_weekend_has_not_tried_yet() {
    let (s, id) = scene();
    s.later(3 * 24 * 60 * MINUTE);
    says(&s, Remedy::Retry, "no network yet.");
    assert_eq!((flush(&s), s.state_of(id)), (1, OutboxState::Queued));
    s.later(MINUTE);
    assert_eq!((flush(&s), s.state_of(id)), (1, OutboxState::Sent));
}

#[test]
fn an_uncertain_send_is_never_tried_again_by_itself() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    says(&s, Remedy::Uncertain, "the line broke after the text.");
    flush(&s);
    s.later(30 * 24 * 60 * MINUTE);
    assert_eq!(
        (flush(&s), calls(&s), s.state_of(id)),
        (0, 1, OutboxState::Uncertain)
    );
    assert!(
        s.ask(args::OutboxCheck { id }).is_err(),
        "not found proves nothing"
    );
    assert_eq!(s.state_of(id), OutboxState::Uncertain);
    s.does(args::OutboxRetry { id });
    assert_eq!(
        (flush(&s), calls(&s), s.state_of(id)),
        (1, 2, OutboxState::Sent),
        "a person may decide to send it again"
    );
    s.is_sound();
}

#[test]
fn its_copy_at_the_provider_turns_uncertain_into_sent() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    let tried = s.now();
    says(&s, Remedy::Uncertain, "the line broke.");
    flush(&s);
    s.later(2 * 24 * 60 * MINUTE);
    echo(&s, id);
    assert_eq!(
        (s.state_of(id), sent_at(&s, id)),
        (OutboxState::Sent, tried),
        "it counts from the attempt"
    );
    assert_eq!(
        s.timeline(s.customer(ANNA)).len(),
        2,
        "the copy is no second message"
    );
    s.is_sound();
}

#[test]
fn a_person_may_look_for_it_or_call_it_sent() {
    for look in [true, false] {
        let (s, id) = scene();
        s.later(10 * SECOND);
        says(&s, Remedy::Uncertain, "the line broke.");
        flush(&s);
        if look {
            s.provider(TEAM)
                .in_sent
                .lock()
                .unwrap()
                .insert(s.message_id_of(id));
            s.does(args::OutboxCheck { id });
        } else {
            s.does(args::OutboxMarkSent { id });
        }
        assert_eq!((s.state_of(id), calls(&s)), (OutboxState::Sent, 1));
        assert!(s.ask(args::OutboxRetry { id }).is_err());
        s.is_sound();
    }
}

#[test]
fn a_copy_that_is_polled_while_the_call_runs_decides_it() {
    for late in [Remedy::Uncertain, Remedy::Retry, Remedy::Final] {
        let (s, id) = scene();
        s.later(10 * SECOND);
        s.write(move |tx| rows::begin(tx, id).map(drop));
        echo(&s, id);
        assert_eq!(s.state_of(id), OutboxState::Sent);
        s.write(move |tx| match late {
            Remedy::Uncertain => rows::uncertain(tx, id, "late"),
            Remedy::Retry => rows::retry_later(tx, id, 0, "late"),
            _ => rows::failed(tx, id, "late"),
        });
        s.later(60 * MINUTE);
        assert_eq!(
            (s.state_of(id), flush(&s)),
            (OutboxState::Sent, 0),
            "{late:?}"
        );
        s.is_sound();
    }
}

#[test]
fn a_copy_stops_the_next_try() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    says(&s, Remedy::Retry, "busy.");
    flush(&s);
    echo(&s, id);
    s.later(60 * MINUTE);
    assert_eq!(
        (s.state_of(id), flush(&s), calls(&s)),
        (OutboxState::Sent, 0, 1)
    );
}

#[test]
fn a_copy_also_stops_a_second_sending_that_a_person_asked_for() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    says(&s, Remedy::Uncertain, "the line broke.");
    flush(&s);
    s.does(args::OutboxRetry { id });
    echo(&s, id);
    assert_eq!(
        (s.state_of(id), flush(&s), calls(&s)),
        (OutboxState::Sent, 0, 1)
    );
}

#[test]
fn no_copy_changes_when_it_was_sent() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    flush(&s);
    let at = sent_at(&s, id);
    s.later(5 * MINUTE);
    let early = s.now() - 60 * MINUTE;
    s.receive([&Mail::sent_to(ANNA)
        .message_id(&s.message_id_of(id))
        .at(early)]);
    echo(&s, id);
    assert_eq!(sent_at(&s, id), at);
}

#[test]
fn killed_while_sending_it_is_uncertain_after_the_start() {
    let dir = folder();
    let id = {
        let s = Scene::in_folder(dir.path());
        s.arrives(&Mail::from(ANNA));
        let id = s.writes_and_resolves(ANNA, "Done.");
        s.write(move |tx| rows::begin(tx, id).map(drop));
        id
    };
    let s = Scene::in_folder(dir.path());
    assert_eq!(s.run(s.engine.recover()).unwrap(), 1);
    assert_eq!(s.state_of(id), OutboxState::Uncertain);
    assert!(
        s.is_open(s.customer(ANNA)),
        "it opens again with the reason"
    );
    assert_eq!((flush(&s), calls(&s)), (0, 0));
    s.is_sound();
}

#[test]
fn a_hold_goes_on_after_a_restart() {
    let dir = folder();
    let id = {
        let s = Scene::in_folder(dir.path());
        s.arrives(&Mail::from(ANNA));
        s.writes(ANNA, "Soon.")
    };
    let s = Scene::in_folder(dir.path());
    assert_eq!((flush(&s), s.state_of(id)), (0, OutboxState::Held));
    s.later(10 * SECOND);
    assert_eq!((flush(&s), s.state_of(id)), (1, OutboxState::Sent));
}

#[test]
fn stopping_an_accounts_sender_leaves_nothing_in_sending() {
    let (s, id) = scene();
    s.write(move |tx| rows::begin(tx, id).map(drop));
    s.does(args::AccountPause {
        id: s.account,
        on: true,
    });
    assert_eq!(s.state_of(id), OutboxState::Uncertain);
}

#[test]
fn a_refusal_is_final_and_takes_the_resolve_back() {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA));
    let id = s.writes_and_resolves(ANNA, "Done.");
    assert!(!s.is_open(s.customer(ANNA)));
    s.later(10 * SECOND);
    says(&s, Remedy::Final, "550 there is no such mailbox.");
    flush(&s);
    assert_eq!(s.state_of(id), OutboxState::Failed);
    assert!(item(&s, id).error.unwrap().contains("no such mailbox"));
    assert!(s.is_open(s.customer(ANNA)));
    s.later(60 * MINUTE);
    assert_eq!((flush(&s), calls(&s)), (0, 1));
    s.is_sound();
}

#[test]
fn a_wrong_password_fails_the_send_and_says_what_to_do() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    says(&s, Remedy::Reconnect, "the server refused the password.");
    flush(&s);
    assert_eq!(s.state_of(id), OutboxState::Failed);
    assert!(item(&s, id).error.unwrap().contains("Mend the account"));
}

#[test]
fn a_person_who_tries_again_gets_all_tries_again() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    let busy = |times| {
        for _ in 0..times {
            says(&s, Remedy::Retry, "busy.");
            flush(&s);
            s.later(3 * 60 * MINUTE);
        }
    };
    busy(40);
    assert_eq!((s.state_of(id), calls(&s)), (OutboxState::Failed, 17));
    s.provider(TEAM).answers.lock().unwrap().clear();
    s.does(args::OutboxRetry { id });
    busy(16);
    assert_eq!(s.state_of(id), OutboxState::Queued, "two days anew");
    busy(1);
    assert_eq!(s.state_of(id), OutboxState::Failed);
}

#[test]
fn the_copy_in_sent_is_filed_once_the_send_is_known() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    s.provider(TEAM).will_answer(Ok(Receipt {
        needs_filing: true,
        ..accepted().unwrap()
    }));
    flush(&s);
    flush(&s);
    assert_eq!(
        *s.provider(TEAM).filed.lock().unwrap(),
        [s.message_id_of(id)]
    );
}

/// A provider that takes every mail and files the copy only at the third request.
#[derive(Default)]
struct Stubborn {
    sent: AtomicUsize,
    asked: AtomicUsize,
}

#[async_trait]
impl Connector for Stubborn {
    fn capabilities(&self) -> Capabilities {
        unreachable!("nobody asks")
    }
    async fn check(&self) -> (Vec<Step>, ChannelResult<Profile>) {
        unreachable!("nobody asks")
    }
    async fn poll(&self, _: Option<&Cursor>) -> ChannelResult<Batch> {
        unreachable!("nobody asks")
    }
    async fn send(&self, _: &Outgoing) -> ChannelResult<Receipt> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        Ok(Receipt {
            needs_filing: true,
            ..accepted()?
        })
    }
    async fn wait(&self, _: Option<&Cursor>) {}
    async fn file_sent(&self, _: &Outgoing) -> ChannelResult<Option<RemoteId>> {
        match self.asked.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Err(ChannelError::new(
                Remedy::Retry,
                "append",
                "the folder is locked.",
            )),
            _ => Ok(None),
        }
    }
}

#[test]
fn a_copy_that_could_not_be_filed_is_tried_again_and_the_mail_is_not() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    let stubborn = Arc::new(Stubborn::default());
    let live = Live {
        lively_until: 0.into(),
        refused: false.into(),
        id: s.account,
        connector: Arc::clone(&stubborn) as Arc<dyn Connector>,
        poll: Notify::new(),
        send: Notify::new(),
        rouse: Notify::new(),
    };
    for _ in 0..5 {
        s.run(outbox::flush(s.store(), &live)).unwrap();
    }
    assert_eq!(
        (
            stubborn.sent.load(Ordering::SeqCst),
            stubborn.asked.load(Ordering::SeqCst)
        ),
        (1, 3)
    );
    assert_eq!(s.state_of(id), OutboxState::Sent);
}

#[test]
fn taking_back_and_sending_at_once_end_in_one_of_both() {
    for _ in 0..20 {
        let (s, id) = scene();
        s.later(10 * SECOND);
        let live = s.live();
        let (cancelled, _) = s.run(async {
            tokio::join!(
                s.store().write(move |tx| rows::cancel(tx, id)),
                outbox::flush(s.store(), &live)
            )
        });
        match s.state_of(id) {
            OutboxState::Cancelled => assert_eq!((cancelled.is_ok(), calls(&s)), (true, 0)),
            OutboxState::Sent => assert_eq!((cancelled.is_err(), calls(&s)), (true, 1)),
            other => panic!("it is {other:?}"),
        }
    }
}

#[test]
fn two_senders_of_one_account_send_once() {
    let (s, id) = scene();
    s.later(10 * SECOND);
    let (a, b) = (s.live(), s.live());
    let (one, other) =
        s.run(async { tokio::join!(outbox::flush(s.store(), &a), outbox::flush(s.store(), &b)) });
    assert!(one.is_ok() && other.is_ok());
    assert_eq!((s.state_of(id), calls(&s)), (OutboxState::Sent, 1));
}

#[test]
fn what_is_gone_or_on_its_way_cannot_be_taken_back() {
    let (s, id) = scene();
    s.write(move |tx| rows::begin(tx, id).map(drop));
    assert!(
        s.ask(args::OutboxCancel { id })
            .unwrap_err()
            .to_string()
            .contains("being sent")
    );
    s.write(move |tx| rows::sent(tx, id, None, false));
    assert!(
        s.ask(args::OutboxCancel { id })
            .unwrap_err()
            .to_string()
            .contains("already gone")
    );
    assert!(s.ask(args::OutboxMarkSent { id }).is_err());
}
