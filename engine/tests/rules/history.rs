//! What one did lately, and taking back or doing again one action of it.

use crate::scene::{HOUR, MINUTE, Mail, Scene};
use parley_engine::api::args;
use parley_engine::api::dto::{BulkAct, UndoItem};
use parley_engine::error::Error;
use parley_engine::model::CustomerId;

const ANNA: &str = "Anna Berg <anna@shop.test>";
const BERT: &str = "bert@home.test";

fn two() -> (Scene, CustomerId, CustomerId) {
    let s = Scene::new();
    s.arrives(&Mail::from(ANNA));
    s.arrives(&Mail::from(BERT));
    s.later(HOUR);
    let (anna, bert) = (s.customer("anna@shop.test"), s.customer(BERT));
    (s, anna, bert)
}

fn history(s: &Scene) -> Vec<UndoItem> {
    s.does(args::UndoHistory { limit: 50 })
}

fn stage(s: &Scene, customer: CustomerId, stage: &str) {
    s.later(MINUTE);
    s.does(args::StageSet {
        customer,
        stage: Some(stage.into()),
        evidence: None,
    });
}

fn tag(s: &Scene, conversation: CustomerId, tag: &str) {
    s.later(MINUTE);
    s.does(args::TagSet {
        conversation,
        tag: tag.into(),
        on: true,
    });
}

fn stage_of(s: &Scene, c: CustomerId) -> Option<String> {
    s.does(args::Customer { id: c }).row.stage
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_history_names_what_was_done_to_whom_newest_first() {
    let (s, anna, bert) = two();
    tag(&s, anna, "lamp");
    stage(&s, bert, "won");
    s.later(MINUTE);
    s.does(args::NoteAdd {
        conversation: anna,
        text: "Ask Tom.".into(),
    });
    let told: Vec<_> = history(&s)
        .into_iter()
        .map(|i| (i.command, i.name, i.value, i.on, i.undone))
        .collect();
    let line =
        |c: &str, n: &str, v: &str| (c.to_owned(), Some(n.into()), Some(v.into()), true, false);
    assert_eq!(
        told,
        [
            line("note_add", "Anna Berg", "Ask Tom."),
            line("stage_set", BERT, "won"),
            line("tag_set", "Anna Berg", "lamp"),
        ]
    );
    assert_eq!(s.does(args::UndoHistory { limit: 1 }).len(), 1);
}

#[test]
fn many_conversations_are_one_line() {
    let (s, anna, bert) = two();
    s.does(args::Bulk {
        conversations: vec![anna, bert],
        act: BulkAct::Resolve,
        group: None,
    });
    let told = history(&s);
    assert_eq!(
        (told.len(), told[0].conversations, &told[0].name),
        (1, 2, &None)
    );
    s.does(args::UndoOne {
        group: told[0].group,
    });
    assert!(s.is_open(anna) && s.is_open(bert));
    s.is_sound();
}

#[test]
fn an_older_action_is_taken_back_alone_and_undo_goes_on_with_the_rest() {
    let (s, anna, _) = two();
    tag(&s, anna, "lamp");
    tag(&s, anna, "vip");
    let older = history(&s)[1].group;
    s.does(args::UndoOne { group: older });
    assert_eq!(s.does(args::Customer { id: anna }).row.tags, ["vip"]);
    let undone: Vec<bool> = history(&s).iter().map(|i| i.undone).collect();
    assert_eq!(undone, [false, true]);
    assert!(refused(s.ask(args::UndoOne { group: older })).contains("already"));
    s.does(args::Undo {});
    assert!(s.does(args::Customer { id: anna }).row.tags.is_empty());
    assert!(s.ask(args::Undo {}).is_err());
    s.is_sound();
}

#[test]
fn what_was_set_anew_since_is_refused_and_stays() {
    let (s, anna, _) = two();
    stage(&s, anna, "engaged");
    stage(&s, anna, "won");
    let older = history(&s)[1].group;
    assert!(refused(s.ask(args::UndoOne { group: older })).contains("changed again"));
    assert_eq!(stage_of(&s, anna).as_deref(), Some("won"));
    s.does(args::Undo {});
    s.does(args::UndoOne { group: older });
    assert_eq!(stage_of(&s, anna), None);
    s.is_sound();
}

#[test]
fn of_many_only_what_still_stands_is_taken_back() {
    let (s, anna, bert) = two();
    s.does(args::Bulk {
        conversations: vec![anna, bert],
        act: BulkAct::Stage {
            stage: Some("engaged".into()),
        },
        group: None,
    });
    stage(&s, bert, "won");
    let both = history(&s)[1].group;
    s.does(args::UndoOne { group: both });
    assert_eq!(stage_of(&s, anna), None);
    assert_eq!(stage_of(&s, bert).as_deref(), Some("won"));
    s.is_sound();
}

#[test]
fn a_resolve_is_not_taken_back_under_a_later_reopen() {
    let (s, anna, _) = two();
    s.does(args::Resolve { conversation: anna });
    s.later(MINUTE);
    s.does(args::Reopen { conversation: anna });
    let resolve = history(&s)[1].group;
    assert!(refused(s.ask(args::UndoOne { group: resolve })).contains("changed again"));
    assert!(s.is_open(anna));
}

#[test]
fn what_was_taken_back_is_done_again_as_a_new_action() {
    let (s, anna, _) = two();
    s.does(args::Resolve { conversation: anna });
    let resolve = history(&s)[0].group;
    assert!(refused(s.ask(args::Redo { group: resolve })).contains("not taken back"));
    s.does(args::Undo {});
    assert!(s.is_open(anna));
    s.later(MINUTE);
    s.does(args::Redo { group: resolve });
    assert!(!s.is_open(anna));
    let told = history(&s);
    assert_eq!(
        (told.len(), told[0].undone, told[1].undone),
        (2, false, true)
    );
    // Once is enough, and it can be taken back like any other.
    assert!(refused(s.ask(args::Redo { group: resolve })).contains("changed again"));
    s.does(args::Undo {});
    assert!(s.is_open(anna));
    s.is_sound();
}

#[test]
fn a_held_send_is_in_the_history_and_one_that_went_out_is_not() {
    let (s, _, _) = two();
    s.writes(BERT, "Too early");
    let told = history(&s);
    assert_eq!((told[0].command.as_str(), told[0].redo), ("send", false));
    assert!(
        s.does(args::UndoOne {
            group: told[0].group
        })
        .draft
    );
    assert!(history(&s)[0].undone && !history(&s)[0].redo);
    assert!(
        s.ask(args::Redo {
            group: told[0].group
        })
        .is_err()
    );
    let sent = s.replies(BERT, "Now");
    assert_eq!(s.state_of(sent), parley_engine::model::OutboxState::Sent);
    assert_eq!(history(&s).len(), 1, "a fact is no action to take back");
}

#[test]
fn a_colleagues_action_is_not_mine_to_take_back() {
    let (ours, anna, _) = two();
    let theirs = ours.colleague();
    theirs.arrives(&Mail::from(ANNA));
    stage(&theirs, theirs.customer("anna@shop.test"), "won");
    let group = history(&theirs)[0].group;
    let entries = theirs.log();
    ours.write(move |tx| {
        entries
            .iter()
            .try_for_each(|e| parley_engine::store::log::append(tx, e).map(drop))
    });
    assert!(history(&ours).is_empty());
    assert!(refused(ours.ask(args::UndoOne { group })).contains("your own"));
    assert_eq!(stage_of(&ours, anna).as_deref(), Some("won"));
}

#[test]
fn settings_are_no_action() {
    let (s, _, _) = two();
    s.does(args::SettingsSet {
        my_name: Some("Bo".into()),
        ..args::SettingsSet::default()
    });
    assert!(history(&s).is_empty());
}

#[test]
fn the_panel_says_where_each_fact_comes_from() {
    let (s, anna, bert) = two();
    let panel = s.does(args::Customer { id: anna });
    let named = panel.named.unwrap();
    assert_eq!(
        (named.agent, named.handle.as_deref()),
        (None, Some("anna@shop.test"))
    );
    assert!(panel.handles[0].first_seen.is_some() && panel.handles[0].last_in.is_some());
    assert_eq!(s.does(args::Customer { id: bert }).named, None);
    s.does(args::CustomerRename {
        id: anna,
        name: "Anna B.".into(),
    });
    s.does(args::NoteAdd {
        conversation: anna,
        text: "Ask Tom.".into(),
    });
    s.does(args::Link { a: anna, b: bert });
    let root = s.does(args::Customer { id: anna }).row.id;
    let panel = s.does(args::Customer { id: root });
    let named = panel.named.unwrap();
    assert!(named.agent.is_some() && named.handle.is_none() && named.at == s.now());
    assert_eq!(panel.notes[0].text, "Ask Tom.");
    assert_eq!(panel.linked.len(), 1);
    assert!(panel.linked[0].agent.is_some() && panel.linked[0].at == Some(s.now()));
    assert_eq!(panel.handles.len(), 2);
}
