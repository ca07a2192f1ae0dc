//! What a customer wrote arrives, and once.

use crate::desk::Desk;
use crate::subject::{Act, Subject, Trouble, not_here};
use std::sync::Arc;

pub fn numbered(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("message number {i:03}")).collect()
}

pub async fn write_all(subject: &dyn Subject, texts: &[String]) {
    for text in texts {
        subject.writes(text).await;
    }
}

pub async fn what_was_read_is_not_read_again_after_a_restart(subject: Arc<dyn Subject>) {
    let mut desk = Desk::of(&*subject).await;
    let all = numbered(subject.more_than_a_page());
    write_all(&*subject, &all).await;
    desk.poll().await.unwrap();
    assert_eq!(desk.texts().await, all);
    let before = desk.digest().await["message"].clone();
    desk.again().await;
    desk.poll().await.unwrap();
    assert_eq!(desk.digest().await["message"], before);
    subject.writes("one more").await;
    assert_eq!(desk.poll().await.unwrap(), 1);
    desk.is_sound().await;
}

pub async fn pages_that_come_twice_or_out_of_order_bring_each_message_once(
    subject: Arc<dyn Subject>,
) {
    let desk = Desk::of(&*subject).await;
    let mut all = Vec::new();
    for (n, trouble) in [Trouble::Doubled, Trouble::Shuffled, Trouble::Doubled]
        .into_iter()
        .enumerate()
    {
        let texts: Vec<String> = (0..4).map(|i| format!("round {n} text {i}")).collect();
        write_all(&*subject, &texts).await;
        all.extend(texts);
        if !subject.suffers(trouble).await {
            not_here(&*subject, "pages");
        }
        desk.poll().await.unwrap();
    }
    desk.poll().await.unwrap();
    assert_eq!(desk.texts().await, all);
    desk.is_sound().await;
}

pub async fn a_lost_or_broken_cursor_doubles_nothing(subject: Arc<dyn Subject>) {
    let mut desk = Desk::of(&*subject).await;
    let mut all = numbered(4);
    write_all(&*subject, &all).await;
    desk.poll().await.unwrap();
    let broken = [None, Some("garbage"), Some("{\"v\":99}"), Some("")];
    for (n, cursor) in broken.into_iter().enumerate() {
        desk.set_cursor(cursor).await;
        desk.again().await;
        let text = format!("new after loss {n}");
        subject.writes(&text).await;
        all.push(text);
        desk.polls_until_quiet().await;
        assert_eq!(desk.texts().await, all, "the cursor was {cursor:?}");
    }
    desk.is_sound().await;
}

pub async fn polling_again_changes_nothing_at_all(subject: Arc<dyn Subject>) {
    let mut desk = Desk::of(&*subject).await;
    write_all(&*subject, &numbered(5)).await;
    desk.poll().await.unwrap();
    // Some confirm with the next question what they were given.
    desk.poll().await.unwrap();
    let (before, cursor) = (desk.digest().await, desk.cursor().await);
    for _ in 0..2 {
        assert_eq!(desk.poll().await.unwrap(), 0);
        assert_eq!(desk.cursor().await, cursor);
        for (table, rows) in &before {
            assert_eq!(&desk.digest().await[table], rows, "{table} changed");
        }
        desk.again().await;
    }
}

pub async fn clocks_that_jump_lose_and_double_nothing(subject: Arc<dyn Subject>) {
    const DAY: i64 = 86_400_000;
    let desk = Desk::of(&*subject).await;
    let mut all = Vec::new();
    for (n, by) in [0, DAY, -400 * DAY, 399 * DAY, 20 * 365 * DAY]
        .into_iter()
        .enumerate()
    {
        desk.clock.jump(by);
        let text = format!("after jump {n}");
        subject.writes(&text).await;
        all.push(text);
        desk.poll().await.unwrap();
        assert_eq!(desk.texts().await, all, "the clock jumped by {by} ms");
    }
    // Asked to wait, and then set back: it does not wait until the old hour comes again.
    if subject.suffers(Trouble::Busy(Some(1))).await {
        assert!(desk.poll().await.is_err());
        desk.clock.jump(-30 * DAY);
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let back = tokio::time::timeout(std::time::Duration::from_secs(15), desk.poll());
        back.await.expect("no wait for a month").unwrap();
    }
    desk.is_sound().await;
}

pub async fn a_file_arrives_as_it_was_sent(subject: Arc<dyn Subject>) {
    let desk = Desk::of(&*subject).await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR with some bytes of its own";
    let file = Act::File {
        name: "lamp.png",
        bytes: png,
    };
    if !subject.does(file).await {
        return not_here(&*subject, "files from customers");
    }
    desk.poll().await.unwrap();
    assert_eq!(desk.ask("SELECT mime FROM file").await, ["image/png"]);
    assert_eq!(
        desk.ask("SELECT size FROM file").await,
        [png.len().to_string()]
    );
    desk.is_sound().await;
}
