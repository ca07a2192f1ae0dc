//! What channels bring goes along when a workspace is carried over.

use crate::desk::Team;
use crate::scene::folder;
use parley_engine::api::headless::{self, ExportOptions, ImportOptions};
use parley_engine::model::*;

#[test]
fn cards_changes_reactions_and_marks_come_along_with_an_export() {
    let t = Team::new();
    let mut m = t.message("1:1", "42", "first");
    m.cards.push(
        Card::of(CardKind::StoryReply)
            .saying("your story")
            .leading("https://x.test/s"),
    );
    t.event(t.telegram, Event::Message(Box::new(m)));
    t.later(1_000);
    t.hears(t.telegram, "1:2", "42", "to be taken back");
    t.later(1_000);
    t.later_event(
        t.telegram,
        "1:1",
        Later::Edited {
            text: "second".into(),
            html: None,
        },
    );
    t.later_event(
        t.telegram,
        "1:1",
        Later::Reaction {
            by: "42".into(),
            emoji: Some("❤".into()),
        },
    );
    t.later_event(t.telegram, "1:2", Later::Unsent);
    let dir = folder();
    let file = dir.path().join("all.jsonl");
    let told = Box::new(|_, _| ());
    t.run(headless::export_to_file(
        &t.desk,
        file.clone(),
        ExportOptions::default(),
        told,
    ))
    .unwrap();
    let other = Team::new();
    t.run(headless::import(
        &other.desk,
        &file,
        ImportOptions::default(),
        |_| {},
    ))
    .unwrap();
    let shown = other.shown(other.customer_on(Channel::Telegram, "42"));
    assert_eq!(shown.len(), 2);
    let (edited, unsent) = (&shown[0], &shown[1]);
    assert_eq!(
        (
            edited.text.as_str(),
            edited.cards.len(),
            edited.reactions.len()
        ),
        ("second", 1, 1)
    );
    assert!(edited.edited_at.is_some() && unsent.unsent_at.is_some());
    assert_eq!(unsent.text, "");
    other.is_sound();
}
