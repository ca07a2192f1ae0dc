//! Providers fail; nothing is lost by it, and the remedy is right.

use crate::desk::{Desk, trouble};
use crate::reading::{numbered, write_all};
use crate::subject::{Subject, Trouble, not_here};
use parley_engine::model::Remedy;
use std::sync::Arc;

pub async fn asked_to_wait_it_waits_as_told(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    subject.writes("hello").await;
    for told in [Some(7), None] {
        if !subject.suffers(Trouble::Busy(told)).await {
            return not_here(&*subject, "way to ask for patience");
        }
        let e = desk.poll().await.unwrap_err();
        let e = trouble(&e);
        assert_eq!(e.remedy, Remedy::Wait, "{e}");
        match told {
            Some(s) => assert_eq!(e.retry_after, Some(i64::from(s) * 1_000)),
            // By itself: the pause of whoever polls, or one of its own, but not for ever.
            None => assert!(
                e.retry_after
                    .is_none_or(|w| (1_000..=3_600_000).contains(&w))
            ),
        }
        desk.clock.jump(3_600_000);
    }
    desk.poll().await.unwrap();
    assert_eq!(desk.texts().await, ["hello"]);
}

pub async fn a_provider_that_fails_loses_nothing(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    let mut all = Vec::new();
    for (n, t) in [Trouble::Broken, Trouble::Page, Trouble::Cut, Trouble::Drip]
        .into_iter()
        .enumerate()
    {
        let texts: Vec<String> = (0..3).map(|i| format!("trouble {n} text {i}")).collect();
        write_all(&*subject, &texts).await;
        all.extend(texts);
        if !subject.suffers(t).await {
            not_here(&*subject, &format!("trouble like {t:?}"));
        }
        match desk.poll().await {
            Ok(_) => {}
            Err(e) => {
                let e = trouble(&e);
                assert!(
                    matches!(e.remedy, Remedy::Retry | Remedy::Wait),
                    "{t:?} was taken for {:?}: {e}",
                    e.remedy
                );
                desk.clock.jump(600_000);
            }
        }
        subject.mends().await;
        desk.polls_until_quiet().await;
        assert_eq!(desk.texts().await, all, "after {t:?}");
    }
    desk.is_sound().await;
}

pub async fn a_token_that_ends_between_pages_is_said_and_nothing_is_lost(
    subject: Arc<dyn Subject>,
) {
    let mut desk = Desk::of(&*subject).await;
    let all = numbered(subject.more_than_a_page() * 3);
    write_all(&*subject, &all).await;
    if !subject.suffers(Trouble::Expired(3)).await {
        return not_here(&*subject, "token that ends");
    }
    let e = desk.poll().await.unwrap_err();
    assert_eq!(trouble(&e).remedy, Remedy::Reconnect, "{e}");
    let before = desk.texts().await;
    assert!(before.len() < all.len());
    desk.is_sound().await;
    subject.mends().await;
    desk.again().await;
    desk.polls_until_quiet().await;
    assert_eq!(desk.texts().await, all);
    desk.is_sound().await;
}

pub async fn two_at_once_stay_within_one_allowance(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    if subject.allowance().is_none() {
        return not_here(&*subject, "allowance that accounts share");
    }
    let other = desk.beside().await;
    let (mut one, mut two) = (None, None);
    for n in 0..3 {
        subject.writes(&format!("number {n}")).await;
        let both = tokio::join!(
            desk.live.connector.poll(one.as_ref()),
            other.connector.poll(two.as_ref())
        );
        (one, two) = (Some(both.0.unwrap().next), Some(both.1.unwrap().next));
    }
    let (most, mut times) = subject.allowance().expect("an allowance");
    times.sort_unstable();
    // Both ends of a second count, and what was saved up before the first call.
    let within = |from: &i64| {
        times
            .iter()
            .filter(|t| (*from..*from + 1_000).contains(*t))
            .count()
    };
    let busiest = times.iter().map(within).max().unwrap_or(0);
    assert!(times.len() > most * 2, "hardly anything was asked");
    assert!(busiest <= most * 2, "{busiest} calls within a second");
}
