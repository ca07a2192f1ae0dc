//! What is told of a message later, and what nobody has heard of.

use crate::desk::Desk;
use crate::subject::{Act, Subject, not_here};
use std::sync::Arc;

pub async fn a_changed_message_says_what_it_says_now(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    let early = subject.writes("I want a red one").await;
    let edit = |of: &str, text: &'static str| {
        let (subject, of) = (Arc::clone(&subject), of.to_owned());
        async move { subject.does(Act::Edit { of: &of, text }).await }
    };
    // Changed before it was read, and after.
    if !edit(&early, "I want a blue one").await {
        return not_here(&*subject, "changed messages");
    }
    desk.poll().await.unwrap();
    assert_eq!(desk.texts().await, ["I want a blue one"]);
    edit(&early, "I want a green one").await;
    desk.poll().await.unwrap();
    assert_eq!(desk.texts().await, ["I want a green one"]);
    desk.is_sound().await;
}

pub async fn a_message_taken_back_is_gone(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    let id = subject.writes("please forget this").await;
    subject.writes("and keep this").await;
    desk.poll().await.unwrap();
    if !subject.does(Act::Unsend { of: &id }).await {
        return not_here(&*subject, "messages taken back");
    }
    desk.poll().await.unwrap();
    let texts = desk.texts().await;
    assert!(!texts.iter().any(|t| t.contains("forget")), "{texts:?}");
    assert!(texts.iter().any(|t| t == "and keep this"), "{texts:?}");
    let gone = desk.ask("SELECT count(*) FROM message WHERE unsent_at IS NOT NULL");
    assert_eq!(gone.await, ["1"], "a tombstone stays");
    desk.is_sound().await;
}

pub async fn a_reaction_comes_and_goes(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    desk.poll().await.unwrap();
    let id = subject.writes("nice lamp").await;
    desk.poll().await.unwrap();
    let react = |emoji| Act::React { of: &id, emoji };
    if !subject.does(react(Some("👍"))).await {
        return not_here(&*subject, "reactions");
    }
    desk.poll().await.unwrap();
    let there = || {
        desk.ask("SELECT count(*) FROM afterwards WHERE kind = 'reaction' AND value IS NOT NULL")
    };
    assert_eq!(there().await, ["1"]);
    subject.does(react(None)).await;
    desk.poll().await.unwrap();
    assert_eq!(there().await, ["0"]);
}

pub async fn what_is_not_known_is_a_card_and_kept(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    subject.writes("before").await;
    if !subject.does(Act::Unknown).await {
        return not_here(&*subject, "kinds that a program may not know");
    }
    subject.writes("after").await;
    desk.poll().await.unwrap();
    let texts = desk.texts().await;
    assert!(
        texts.contains(&"before".into()) && texts.contains(&"after".into()),
        "{texts:?}"
    );
    assert_eq!(desk.quarantined().await, 1);
    let kept = desk.ask("SELECT count(*) FROM raw");
    assert_eq!(kept.await, ["1"], "what came is kept");
    let cards = desk
        .ask("SELECT cards FROM body WHERE cards IS NOT NULL AND cards <> '[]'")
        .await;
    assert!(
        cards
            .iter()
            .any(|c| c.contains("unknown") || c.contains("unsupported")),
        "{cards:?}"
    );
    desk.is_sound().await;
}

pub async fn poison_is_set_aside_and_the_rest_comes(subject: Arc<dyn Subject>) {
    let mut desk = Desk::of(&*subject).await;
    subject.writes("before").await;
    if !subject.does(Act::Poison).await {
        return not_here(&*subject, "broken messages");
    }
    subject.writes("then").await;
    desk.polls_until_quiet().await;
    desk.again().await;
    subject.writes("third").await;
    desk.polls_until_quiet().await;
    assert_eq!(desk.texts().await, ["before", "then", "third"]);
    let aside = desk.ask("SELECT count(*) FROM message WHERE unreadable IS NOT NULL");
    assert_eq!(aside.await, ["1"]);
    desk.is_sound().await;
}
