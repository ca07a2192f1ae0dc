//! Notifications of macOS and Windows. Nobody has run this yet.

use super::{Bill, Deed, Event, Key, Outlet};
use crate::words::{self, words};
use async_trait::async_trait;
use notify_rust::{CloseReason, Notification, NotificationResponse};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Notifications whose click is waited for at the same time; each costs a sleeping thread.
const MOST_WAITING: usize = 16;
const SNOOZE: &str = "snooze";

/// A thread waits for each notification that is shown.
pub struct Thread {
    events: mpsc::Sender<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Thread {
    /// The system's notifications.
    pub fn new(events: mpsc::Sender<Event>) -> Self {
        Self {
            events,
            waiting: Arc::default(),
        }
    }
}

#[async_trait]
impl Outlet for Thread {
    async fn show(&mut self, key: Key, bill: &Bill) -> Result<(), String> {
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err("too many notifications are on screen".into());
        }
        let (events, waiting) = (self.events.clone(), Arc::clone(&self.waiting));
        let notification = notification(bill);
        let started = std::thread::Builder::new()
            .name("notice".into())
            .spawn(move || {
                let waited = notification.show().and_then(|shown| {
                    shown.wait_for_response(move |response: &NotificationResponse| {
                        if let Some(deed) = deed(response) {
                            let _ = events.blocking_send(Event::Did(key, deed));
                        }
                    })
                });
                if let Err(e) = waited {
                    tracing::warn!(error = %e, "a notification could not be shown");
                }
                waiting.fetch_sub(1, Ordering::SeqCst);
            });
        started.map(|_| ()).map_err(|e| e.to_string())
    }

    // The library knows no way to take one back.
    async fn close(&mut self, _key: Key) {}
}

fn deed(response: &NotificationResponse) -> Option<Deed> {
    match response {
        NotificationResponse::Default => Some(Deed::Open),
        NotificationResponse::Action(action) if action == SNOOZE => Some(Deed::Snooze),
        // macOS gives an action back by its words.
        NotificationResponse::Action(action) if *action == words().snooze => Some(Deed::Snooze),
        NotificationResponse::Action(_) => Some(Deed::Open),
        NotificationResponse::Reply(text) => Some(Deed::Reply(text.clone())),
        NotificationResponse::Closed(CloseReason::Expired) => None,
        NotificationResponse::Closed(_) => Some(Deed::Dismiss),
    }
}

fn notification(bill: &Bill) -> Notification {
    let mut notification = Notification::new();
    notification
        .appname(words::NAME)
        .summary(&bill.title)
        .body(&bill.body);
    #[cfg(windows)]
    notification.app_id(crate::place::IDENTIFIER);
    if bill.sound {
        notification.sound_name("Default");
    }
    if bill.deeds {
        // On macOS a field to answer in takes the place of buttons.
        #[cfg(target_os = "macos")]
        notification.reply(&words().reply);
        #[cfg(not(target_os = "macos"))]
        notification.action(SNOOZE, &words().snooze);
    }
    notification
}
