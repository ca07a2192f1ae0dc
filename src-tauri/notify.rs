//! Notifications of the operating system for new messages of customers.

use crate::engine::Handle;
use crate::window;
use crate::words::{self, words};
use notify_rust::{Notification, Timeout};
use parley_engine::api::dto::{Notice, Settings};
use parley_engine::model::CustomerId;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tauri::AppHandle;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

/// Messages within this time of the first are told together.
const TOGETHER: Duration = Duration::from_secs(2);
/// From this many on, one notification stands for all.
const MANY: usize = 4;
/// Notifications whose click is waited for at the same time; each costs a sleeping thread.
const MOST_WAITING: usize = 16;
/// Characters of a message's text that are shown.
const LONGEST: usize = 160;

/// A notification before it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    title: String,
    body: String,
    /// What a click opens; none for a summary of several.
    opens: Option<CustomerId>,
}

/// Shows notices for as long as the engine runs.
pub async fn run(app: AppHandle, engine: Handle) {
    let mut notices = engine.notices();
    let desk: &'static Desk = Box::leak(Box::new(Desk::default()));
    while let Some((batch, more)) = collect(&mut notices).await {
        if window::is_attended(&app) {
            continue;
        }
        let Some(settings) = settings(&engine).await else {
            continue;
        };
        if settings.notify {
            for shown in compose(&batch, more, settings.notify_text) {
                desk.show(&app, shown);
            }
        }
    }
}

/// The notices of the next [`TOGETHER`], and how many more were missed because they came too fast.
async fn collect(notices: &mut broadcast::Receiver<Notice>) -> Option<(Vec<Notice>, usize)> {
    let (mut batch, mut missed) = (Vec::new(), 0);
    let mut end: Option<Instant> = None;
    loop {
        let next = match end {
            None => notices.recv().await,
            Some(end) => match tokio::time::timeout_at(end, notices.recv()).await {
                Ok(next) => next,
                Err(_) => return Some((batch, missed)),
            },
        };
        match next {
            Ok(notice) => batch.push(notice),
            Err(RecvError::Lagged(n)) => missed += usize::try_from(n).unwrap_or(usize::MAX),
            Err(RecvError::Closed) if batch.is_empty() && missed == 0 => return None,
            Err(RecvError::Closed) => return Some((batch, missed)),
        }
        end.get_or_insert_with(|| Instant::now() + TOGETHER);
    }
}

async fn settings(engine: &Handle) -> Option<Settings> {
    let value = engine
        .call("settings_get", serde_json::json!({}))
        .await
        .ok()?;
    serde_json::from_value(value).ok()
}

fn compose(batch: &[Notice], missed: usize, text: bool) -> Vec<Shown> {
    if batch.len() + missed < MANY {
        return batch.iter().map(|notice| one(notice, text)).collect();
    }
    let customers: HashSet<_> = batch.iter().map(|n| n.conversation).collect();
    let only = (customers.len() == 1 && missed == 0).then(|| batch[0].conversation);
    let body = if missed == 0 {
        words().many_customers(customers.len())
    } else {
        String::new()
    };
    vec![Shown {
        title: words().many_messages(batch.len() + missed),
        body,
        opens: only,
    }]
}

/// Without text not even the name is shown: whoever looks over the shoulder learns only that something came.
fn one(notice: &Notice, text: bool) -> Shown {
    let (title, body) = if text {
        (clean(&notice.name), clean(&notice.snippet))
    } else {
        (words::NAME.to_owned(), words().new_message.clone())
    };
    Shown {
        title: if title.is_empty() {
            words::NAME.to_owned()
        } else {
            title
        },
        body,
        opens: Some(notice.conversation),
    }
}

/// One line of a stranger's text: no control or direction characters, no more than fits.
fn clean(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if words::is_steering(c) { ' ' } else { c })
        .take(LONGEST + 1)
        .collect();
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    out.trim().to_owned()
}

/// Many notification servers read the body as markup, which may load pictures: a stranger's text must not be any.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Whether the server reads bodies as markup; asked once, and assumed when it does not say.
#[cfg(all(unix, not(target_os = "macos")))]
fn reads_markup() -> bool {
    static ANSWER: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *ANSWER.get_or_init(|| {
        notify_rust::get_capabilities().map_or(true, |all| all.iter().any(|c| c == "body-markup"))
    })
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn reads_markup() -> bool {
    false
}

/// Where notifications go out.
#[derive(Debug, Default)]
struct Desk {
    waiting: AtomicUsize,
    failed: AtomicBool,
}

impl Desk {
    /// Shows it from a thread of its own: the notification service may be slow, absent, or hang.
    fn show(&'static self, app: &AppHandle, shown: Shown) {
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= 2 * MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let app = app.clone();
        let started = std::thread::Builder::new()
            .name("notice".into())
            .spawn(move || {
                if let Err(e) = self.show_and_wait(&app, &shown) {
                    self.say_once(&e);
                }
                self.waiting.fetch_sub(1, Ordering::SeqCst);
            });
        if started.is_err() {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    fn show_and_wait(&self, app: &AppHandle, shown: &Shown) -> notify_rust::error::Result<()> {
        let handle = notification(shown)
            .action("default", &words().show)
            .hint(notify_rust::Hint::Category("im.received".into()))
            .hint(notify_rust::Hint::DesktopEntry(words::NAME.into()))
            .show()?;
        if self.waiting.load(Ordering::SeqCst) <= MOST_WAITING {
            handle.wait_for_action(|action| {
                if action == "default" {
                    window::raise(app, shown.opens);
                }
            });
        }
        Ok(())
    }

    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn show_and_wait(&self, _app: &AppHandle, shown: &Shown) -> notify_rust::error::Result<()> {
        notification(shown).show().map(|_| ())
    }

    fn say_once(&self, e: &notify_rust::error::Error) {
        if !self.failed.swap(true, Ordering::SeqCst) {
            tracing::warn!(error = %e, "notifications cannot be shown; this is said once");
        }
    }
}

fn notification(shown: &Shown) -> Notification {
    let body = if reads_markup() {
        escape(&shown.body)
    } else {
        shown.body.clone()
    };
    let mut notification = Notification::new();
    notification
        .appname(words::NAME)
        .summary(&shown.title)
        .body(&body)
        .icon("parley")
        .timeout(Timeout::Default);
    notification
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_engine::model::{Channel, MessageId};

    fn notice(conversation: CustomerId, name: &str, snippet: &str) -> Notice {
        Notice {
            conversation,
            message: MessageId::random(),
            name: name.into(),
            channel: Channel::Email,
            snippet: snippet.into(),
        }
    }

    #[test]
    fn three_messages_are_three_notifications_and_four_are_one() {
        let batch: Vec<_> = (0..4)
            .map(|n| notice(CustomerId::random(), &format!("Customer {n}"), "Hello"))
            .collect();
        assert_eq!(compose(&batch[..3], 0, true).len(), 3);
        let summary = compose(&batch, 0, true);
        assert_eq!(
            summary,
            [Shown {
                title: "4 new messages".into(),
                body: "from 4 customers".into(),
                opens: None
            }]
        );
    }

    #[test]
    fn a_click_opens_the_conversation_even_of_a_summary_when_there_is_but_one() {
        let id = CustomerId::random();
        let batch: Vec<_> = (0..5).map(|_| notice(id, "Ada", "Hello")).collect();
        assert_eq!(compose(&batch[..1], 0, true)[0].opens, Some(id));
        assert_eq!(compose(&batch, 0, true)[0].opens, Some(id));
    }

    #[test]
    fn messages_that_came_too_fast_to_be_held_are_counted() {
        let shown = compose(&[notice(CustomerId::random(), "Ada", "Hello")], 700, true);
        assert_eq!(
            (shown.len(), shown[0].title.as_str(), shown[0].opens),
            (1, "701 new messages", None)
        );
    }

    #[test]
    fn neither_name_nor_text_is_shown_unless_the_settings_say_so() {
        let batch = [notice(
            CustomerId::random(),
            "Ada Lovelace",
            "My card number is",
        )];
        let shown = format!("{:?}", compose(&batch, 0, false));
        assert!(!shown.contains("Ada") && !shown.contains("card"), "{shown}");
        let shown = compose(&batch, 0, true);
        assert_eq!(
            (shown[0].title.as_str(), shown[0].body.as_str()),
            ("Ada Lovelace", "My card number is")
        );
    }

    #[test]
    fn a_strangers_text_cannot_steer_the_notification() {
        assert_eq!(clean("pay\u{202e}fdp.exe\n\u{7}now"), "pay fdp.exe  now");
        assert_eq!(clean(&"x".repeat(500)).chars().count(), LONGEST);
        assert_eq!(
            escape("<img src='http://t/1'> & more"),
            "&lt;img src='http://t/1'&gt; &amp; more"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn messages_within_two_seconds_go_together_and_later_ones_apart() {
        let (send, mut receive) = broadcast::channel(64);
        tokio::spawn(async move {
            for pause in [0, 500, 1_000, 5_000] {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                send.send(notice(CustomerId::random(), "Ada", "Hello"))
                    .unwrap();
            }
        });
        let mut sizes = Vec::new();
        while let Some((batch, _)) = collect(&mut receive).await {
            sizes.push(batch.len());
        }
        assert_eq!(sizes, [3, 1]);
    }
}
