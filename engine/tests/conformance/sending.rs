//! What a person sends leaves once, and only what can.

use crate::desk::Desk;
use crate::subject::{Act, Subject, Trouble, not_here};
use parley_engine::model::{OutboxState, TextUnit};
use parley_engine::outbox::look_for;
use parley_engine::store::outbox;
use std::sync::Arc;

/// A desk that may write to its customer.
async fn desk(subject: &dyn Subject) -> Desk {
    let desk = Desk::of(subject).await;
    subject.writes("Hello, do you have lamps?").await;
    desk.poll().await.unwrap();
    desk
}

pub async fn what_is_declared_can_be_sent(subject: Arc<dyn Subject>) {
    let desk = desk(&*subject).await;
    let can = desk.can();
    let mut wanted = vec!["Yes, in blue & <white>.".to_owned()];
    if let Some(limit) = can.text_limit
        && limit.unit != TextUnit::Segments
    {
        wanted.push("x".repeat(limit.most as usize));
    }
    for text in &wanted {
        let id = desk.writes(text, Vec::new()).await.unwrap();
        desk.sends_due().await;
        let (state, why) = desk.state(id).await;
        assert_eq!(state, OutboxState::Sent, "{why}");
    }
    assert_eq!(subject.took().await, wanted);
    if can.attachments {
        let id =
            if can.file_types.is_empty() || can.file_types.iter().any(|t| t.starts_with("image")) {
                desk.stages("lamp.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRsome bytes")
                    .await
            } else {
                desk.stages("lamp.pdf", b"%PDF-1.4 some bytes").await
            };
        let id = desk.writes("", vec![id]).await.unwrap();
        desk.sends_due().await;
        let (state, why) = desk.state(id).await;
        assert_eq!(state, OutboxState::Sent, "{why}");
        assert_eq!(subject.took_files().await, 1);
    }
    // What we sent does not come back as somebody's.
    let before = desk.texts().await;
    desk.polls_until_quiet().await;
    assert_eq!(desk.texts().await, before);
    let ours = desk.ask("SELECT count(*) FROM message WHERE direction = 1");
    let sent = wanted.len() + usize::from(can.attachments);
    assert_eq!(
        ours.await,
        [sent.to_string()],
        "an echo was taken for another message"
    );
    desk.is_sound().await;
}

pub async fn what_is_not_declared_is_refused_before_any_call(subject: Arc<dyn Subject>) {
    let stranger = Desk::of(&*subject).await;
    let can = stranger.can();
    let calls = subject.calls();
    let mut refused = 0;
    if !can.may_write_first {
        assert!(stranger.writes("Who are you?", Vec::new()).await.is_err());
        refused += 1;
    }
    if let Some(limit) = can.text_limit {
        let each = if limit.unit == TextUnit::Segments {
            200
        } else {
            1
        };
        let text = "x".repeat((limit.most as usize + 1) * each);
        assert!(stranger.writes(&text, Vec::new()).await.is_err());
        refused += 1;
    }
    if !can.attachments {
        let id = stranger.stages("a.png", b"\x89PNG\r\n\x1a\n").await;
        assert!(stranger.writes("", vec![id]).await.is_err());
        refused += 1;
    } else if let Some(most) = can.max_attachment.filter(|m| *m < 8 << 20) {
        let id = stranger
            .stages("a.png", &vec![0; usize::try_from(most).unwrap() + 1])
            .await;
        assert!(stranger.writes("", vec![id]).await.is_err());
        refused += 1;
    }
    stranger.sends_due().await;
    if refused == 0 {
        not_here(&*subject, "thing that it cannot do");
    }
    assert_eq!(
        subject.calls(),
        calls,
        "the provider was asked all the same"
    );
    assert!(subject.took().await.is_empty());
}

pub async fn a_token_that_ends_before_a_send_fails_it_with_words(subject: Arc<dyn Subject>) {
    let mut desk = desk(&*subject).await;
    if !subject.suffers(Trouble::SendExpired).await {
        return not_here(&*subject, "token that ends");
    }
    let id = desk.writes("Are you there?", Vec::new()).await.unwrap();
    desk.sends_due().await;
    let (state, why) = desk.state(id).await;
    assert_eq!(state, OutboxState::Failed, "{why}");
    assert!(why.contains("settings"), "what to do is not said: {why}");
    subject.mends().await;
    desk.again().await;
    desk.sends_due().await;
    assert!(
        subject.took().await.is_empty(),
        "it was sent without a person"
    );
    desk.is_sound().await;
}

pub async fn asked_to_wait_a_send_is_tried_later_and_goes_once(subject: Arc<dyn Subject>) {
    let desk = desk(&*subject).await;
    if !subject.suffers(Trouble::SendBusy).await {
        return not_here(&*subject, "way to ask for patience");
    }
    let id = desk.writes("In a moment", Vec::new()).await.unwrap();
    desk.sends_due().await;
    assert_eq!(desk.state(id).await.0, OutboxState::Queued);
    subject.mends().await;
    desk.clock.jump(3_600_000);
    desk.sends_due().await;
    let (state, why) = desk.state(id).await;
    assert_eq!(state, OutboxState::Sent, "{why}");
    assert_eq!(subject.took().await, ["In a moment"]);
}

pub async fn a_send_whose_answer_was_lost_never_goes_twice(subject: Arc<dyn Subject>) {
    let mut desk = desk(&*subject).await;
    let deduplicates = desk.can().deduplicates;
    if !subject.suffers(Trouble::SendLost).await {
        return not_here(&*subject, "answers that get lost");
    }
    let id = desk.writes("Only once", Vec::new()).await.unwrap();
    desk.sends_due().await;
    subject.mends().await;
    let (state, why) = desk.state(id).await;
    if deduplicates {
        // Tried again under the same key.
        assert!(
            matches!(
                state,
                OutboxState::Queued | OutboxState::Uncertain | OutboxState::Sent
            ),
            "{state:?}: {why}"
        );
    } else {
        assert_eq!(state, OutboxState::Uncertain, "{why}");
    }
    desk.again().await;
    desk.sends_due().await;
    if state == OutboxState::Uncertain {
        let o = desk
            .engine
            .store()
            .read(move |c| outbox::get(c, id))
            .await
            .unwrap();
        let found = look_for(desk.engine.store(), &desk.live, &o).await.unwrap();
        assert_eq!(found, subject.lists_own());
    }
    desk.polls_until_quiet().await;
    desk.clock.jump(3_600_000);
    desk.sends_due().await;
    let (state, why) = desk.state(id).await;
    if subject.lists_own() || deduplicates {
        assert_eq!(state, OutboxState::Sent, "{why}");
    } else {
        not_here(&*subject, "list of what we sent: a person decides");
        assert_eq!(state, OutboxState::Uncertain, "{why}");
    }
    assert_eq!(subject.took().await, ["Only once"]);
    desk.is_sound().await;
}

pub async fn who_refuses_messages_is_written_to_no_more(subject: Arc<dyn Subject>) {
    let desk = desk(&*subject).await;
    if !subject.does(Act::Refuse).await {
        return not_here(&*subject, "way to refuse messages");
    }
    desk.poll().await.unwrap();
    let calls = subject.calls();
    assert!(desk.writes("Buy a lamp!", Vec::new()).await.is_err());
    desk.sends_due().await;
    assert_eq!(subject.calls(), calls);
    assert!(subject.took().await.is_empty());
}
