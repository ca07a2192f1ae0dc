//! Drafts of customers who are linked: none is hidden, and none is replaced that its writer has not seen.

use crate::desk::{MARA, Team};
use parley_engine::api::args;
use parley_engine::api::dto::{ConversationRow, Draft};
use parley_engine::model::*;

/// The team, and two customers: the one under whose id both are shown once they are linked, and the other.
fn two() -> (Team, CustomerId, CustomerId) {
    let t = Team::new();
    t.hears(t.sms, "SM1", MARA, "by text message");
    t.later(1_000);
    t.hears(t.telegram, "1:1", "42", "by the bot");
    let mut both = [
        t.customer_on(Channel::Sms, MARA),
        t.customer_on(Channel::Telegram, "42"),
    ];
    both.sort();
    (t, both[0], both[1])
}

fn draft(text: &str) -> Draft {
    Draft {
        note: false,
        text: text.into(),
        html: None,
        subject: None,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        account: None,
        from: None,
        quote: false,
        signature: false,
        forwarding: None,
        files: Vec::new(),
        of: Vec::new(),
        updated_at: 0,
    }
}

fn save(t: &Team, conversation: CustomerId, draft: Draft) -> Vec<CustomerId> {
    t.later(1_000);
    t.does(args::DraftSave {
        conversation,
        draft,
    })
    .of
}

fn shown(t: &Team, conversation: CustomerId) -> Vec<Draft> {
    t.does(args::Drafts { conversation })
}

fn texts(t: &Team, conversation: CustomerId) -> Vec<String> {
    shown(t, conversation).into_iter().map(|d| d.text).collect()
}

fn row(t: &Team, c: CustomerId) -> ConversationRow {
    t.does(args::ConversationRows { ids: vec![c] })
        .pop()
        .expect("it is listed")
}

fn link(t: &Team, a: CustomerId, b: CustomerId) {
    t.does(args::Link { a, b });
}

#[test]
fn a_draft_begun_before_the_link_is_listed_and_shown_after_it_and_back_with_its_own_after_the_cut()
{
    let (t, root, other) = two();
    save(&t, other, draft("Half a reply"));
    save(
        &t,
        other,
        Draft {
            note: true,
            ..draft("call her")
        },
    );
    link(&t, root, other);
    assert_eq!(texts(&t, root), ["Half a reply", "call her"]);
    assert!(row(&t, root).draft);
    t.does(args::Unlink { split: vec![other] });
    assert_eq!(texts(&t, root), [""; 0]);
    assert_eq!(texts(&t, other), ["Half a reply", "call her"]);
    assert!(!row(&t, root).draft && row(&t, other).draft);
}

#[test]
fn two_drafts_are_shown_one_below_the_other_and_saved_as_the_one_they_are_then() {
    let (t, root, other) = two();
    save(&t, root, draft("The older one"));
    save(&t, other, draft("The newer one"));
    link(&t, root, other);
    let both = shown(&t, root);
    assert_eq!(both[0].text, "The newer one\n\nThe older one");
    let edited = Draft {
        text: "Of both, one".into(),
        ..both[0].clone()
    };
    save(&t, root, edited);
    assert_eq!(texts(&t, root), ["Of both, one"]);
    assert_eq!(t.number("SELECT count(*) FROM draft"), 1);
}

#[test]
fn a_window_that_has_not_seen_a_draft_replaces_only_its_own() {
    let (t, root, other) = two();
    save(&t, root, draft("Written at the one"));
    link(&t, root, other);
    // It was open at the other one before the link.
    let kept = save(&t, other, draft("Written late at the other"));
    save(
        &t,
        other,
        Draft {
            of: kept,
            ..draft("Written late at the other.")
        },
    );
    let all = texts(&t, root).concat();
    assert!(
        all.contains("Written at the one") && all.contains("Written late at the other."),
        "{all}"
    );
    assert_eq!(t.number("SELECT count(*) FROM draft"), 2);
    // And one that was open at the first, before there was one at the other.
    let (t, root, other) = two();
    save(&t, other, draft("Written at the other"));
    link(&t, root, other);
    let kept = save(&t, root, draft("Written late at the one"));
    save(
        &t,
        root,
        Draft {
            of: kept,
            ..draft("Written late at the one.")
        },
    );
    let all = texts(&t, root).concat();
    assert!(
        all.contains("Written at the other") && all.contains("Written late at the one."),
        "{all}"
    );
}

#[test]
fn a_draft_lies_with_the_handle_that_it_answers() {
    let (t, root, other) = two();
    link(&t, root, other);
    let (sms, bot) = (
        t.customer_on(Channel::Sms, MARA),
        t.customer_on(Channel::Telegram, "42"),
    );
    let of = save(&t, root, draft("To whoever wrote last"));
    assert_eq!(of, [bot]);
    let to = vec![Party {
        name: None,
        address: MARA.into(),
    }];
    let of = save(
        &t,
        root,
        Draft {
            to,
            account: Some(t.sms),
            of,
            ..draft("By text message after all")
        },
    );
    assert_eq!(of, [sms]);
    t.does(args::Unlink { split: vec![other] });
    assert_eq!(texts(&t, sms), ["By text message after all"]);
    assert_eq!(texts(&t, bot), [""; 0]);
}

#[test]
fn a_send_and_a_note_take_all_that_was_shown_with_them_away() {
    let (t, root, other) = two();
    t.can(t.sms, |can| can.may_write_first = true);
    for c in [root, other] {
        save(&t, c, draft("Half a reply"));
        let note = Draft {
            note: true,
            ..draft("a note")
        };
        save(&t, c, note);
    }
    link(&t, root, other);
    let sent = t.does(t.send(t.sms, root, MARA, "All of it"));
    assert_eq!(shown(&t, root).len(), 1, "the note stays");
    t.does(args::NoteAdd {
        conversation: root,
        text: "a note".into(),
    });
    assert_eq!(t.number("SELECT count(*) FROM draft"), 0);
    t.does(args::OutboxCancel { id: sent.id });
    assert_eq!(texts(&t, root), ["All of it"]);
    assert!(row(&t, root).draft);
}
