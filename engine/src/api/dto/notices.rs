//! Which news of the system's notifications a person wants, and when.

use crate::model::daytime::QuietHours;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

words! {
    /// Of which new messages one is told.
    pub enum NoticeMessages {
        /// Of all.
        All,
        /// Of those in conversations of one's own and in those of nobody.
        Mine,
        /// Of none.
        None,
    }
    /// What is not told because one is looking anyway.
    pub enum NoticeFocus {
        /// What happens in the conversation on screen.
        Conversation,
        /// Anything, as long as the window has the keyboard.
        Window,
    }
}

dto! {
    /// What is told by notifications of the system, and when.
    pub struct NoticeSettings {
        /// Of which new messages.
        pub messages: NoticeMessages,
        /// When a wait passes its target.
        pub overdue: bool,
        /// When a send failed.
        pub failed: bool,
        /// When an account waits for a person.
        pub accounts: bool,
        /// With a sound.
        pub sound: bool,
        /// What is not told while one looks.
        pub focus: NoticeFocus,
        /// Whether there are quiet hours.
        pub quiet: bool,
        /// Where quiet hours begin, in minutes since midnight.
        pub quiet_from: u16,
        /// Where they end; not after their beginning = on the next day.
        pub quiet_to: u16,
        /// Days on which they begin: 1 = Monday to 7 = Sunday.
        pub quiet_days: Vec<u8>,
    }
}

impl Default for NoticeSettings {
    fn default() -> Self {
        Self {
            messages: NoticeMessages::All,
            overdue: true,
            failed: true,
            accounts: true,
            sound: true,
            focus: NoticeFocus::Conversation,
            quiet: false,
            quiet_from: 22 * 60,
            quiet_to: 7 * 60,
            quiet_days: (1..=7).collect(),
        }
    }
}

impl NoticeSettings {
    /// The quiet hours, where there are any.
    #[must_use]
    pub fn quiet_hours(&self) -> Option<QuietHours> {
        self.quiet.then(|| QuietHours {
            from: self.quiet_from,
            to: self.quiet_to,
            days: self.quiet_days.clone(),
        })
    }
}
