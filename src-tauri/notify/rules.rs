//! Whether a person is told of something, and when.

use crate::window::Look;
use jiff::tz::TimeZone;
use parley_engine::api::dto::{NoticeFocus, NoticeMessages, Settings};
use parley_engine::model::CustomerId;
use parley_engine::time::Millis;

/// What kind of news it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A customer wrote.
    Message,
    /// A wait passed its target.
    Overdue,
    /// A send failed.
    Failed,
    /// An account needs a person.
    Account,
}

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Matter {
    /// What it is.
    pub kind: Kind,
    /// Where, if it is about a conversation.
    pub conversation: Option<CustomerId>,
    /// Whether that conversation is assigned to somebody else.
    pub of_others: bool,
}

/// What is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Told now.
    Tell,
    /// Kept for the summary at the end of the quiet hours.
    Hold(Millis),
    /// Not told.
    Drop,
}

/// By the person's choice, by what is on screen, and by the hour.
pub fn judge(
    matter: Matter,
    settings: &Settings,
    look: Look,
    now: Millis,
    zone: &TimeZone,
) -> Verdict {
    let notices = &settings.notices;
    let theirs = matter.of_others && notices.messages == NoticeMessages::Mine;
    let wanted = settings.notify
        && match matter.kind {
            Kind::Message => notices.messages != NoticeMessages::None && !theirs,
            Kind::Overdue => notices.overdue && !theirs,
            Kind::Failed => notices.failed,
            Kind::Account => notices.accounts,
        };
    let seen = look.focused
        && match notices.focus {
            NoticeFocus::Window => true,
            NoticeFocus::Conversation => {
                matter.conversation.is_some() && matter.conversation == look.conversation
            }
        };
    if !wanted || seen {
        return Verdict::Drop;
    }
    quiet_until(settings, now, zone).map_or(Verdict::Tell, Verdict::Hold)
}

/// Until when it is quiet.
pub fn quiet_until(settings: &Settings, now: Millis, zone: &TimeZone) -> Option<Millis> {
    settings.notices.quiet_hours()?.until(now, zone)
}

#[cfg(test)]
pub fn settings() -> Settings {
    Settings {
        hold_seconds: 10,
        reopen_days: 3,
        theme: "system".into(),
        notify: true,
        notify_text: true,
        close_to_tray: true,
        stages: Vec::new(),
        my_name: "Bo".into(),
        wait_target: 3_600,
        notices: parley_engine::api::dto::NoticeSettings::default(),
        keys: std::collections::BTreeMap::new(),
        searches: Vec::new(),
        zoom: 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Millis {
        "2026-01-14T12:00:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .as_millisecond()
    }

    fn at(matter: Matter, settings: &Settings, look: Look, hours: i64) -> Verdict {
        judge(
            matter,
            settings,
            look,
            noon() + hours * 3_600_000,
            &TimeZone::UTC,
        )
    }

    const AWAY: Look = Look {
        focused: false,
        conversation: None,
    };

    fn of(kind: Kind) -> Matter {
        Matter {
            kind,
            conversation: None,
            of_others: false,
        }
    }

    const ALL: [Kind; 4] = [Kind::Message, Kind::Overdue, Kind::Failed, Kind::Account];

    #[test]
    fn every_kind_has_its_own_switch_and_one_is_over_all() {
        type Change = fn(&mut Settings);
        let switches: [Change; 4] = [
            |s| s.notices.messages = NoticeMessages::None,
            |s| s.notices.overdue = false,
            |s| s.notices.failed = false,
            |s| s.notices.accounts = false,
        ];
        for (off, switch) in switches.iter().enumerate() {
            let mut s = settings();
            switch(&mut s);
            for (n, kind) in ALL.into_iter().enumerate() {
                let expected = if n == off {
                    Verdict::Drop
                } else {
                    Verdict::Tell
                };
                assert_eq!(at(of(kind), &s, AWAY, 0), expected, "{kind:?}");
            }
        }
        let mut s = settings();
        s.notify = false;
        assert!(ALL.iter().all(|k| at(of(*k), &s, AWAY, 0) == Verdict::Drop));
    }

    #[test]
    fn mine_leaves_out_what_is_assigned_to_somebody_else() {
        let mut s = settings();
        s.notices.messages = NoticeMessages::Mine;
        for kind in [Kind::Message, Kind::Overdue] {
            let theirs = Matter {
                of_others: true,
                ..of(kind)
            };
            assert_eq!(at(theirs, &s, AWAY, 0), Verdict::Drop);
            assert_eq!(at(of(kind), &s, AWAY, 0), Verdict::Tell);
            assert_eq!(at(theirs, &settings(), AWAY, 0), Verdict::Tell);
        }
    }

    #[test]
    fn what_is_on_screen_is_not_told_and_what_lies_beside_it_only_if_wanted() {
        let (open, other) = (CustomerId::random(), CustomerId::random());
        let about = |c| Matter {
            conversation: Some(c),
            ..of(Kind::Message)
        };
        let here = Look {
            focused: true,
            conversation: Some(open),
        };
        let mut s = settings();
        assert_eq!(at(about(open), &s, here, 0), Verdict::Drop);
        assert_eq!(at(about(other), &s, here, 0), Verdict::Tell);
        let behind = Look {
            focused: false,
            ..here
        };
        assert_eq!(at(about(open), &s, behind, 0), Verdict::Tell);
        s.notices.focus = NoticeFocus::Window;
        assert_eq!(at(about(other), &s, here, 0), Verdict::Drop);
        assert_eq!(at(about(open), &s, behind, 0), Verdict::Tell);
        // No conversation is on screen: an account is not what somebody looks at.
        let list = Look {
            focused: true,
            conversation: None,
        };
        assert_eq!(at(of(Kind::Account), &settings(), list, 0), Verdict::Tell);
    }

    #[test]
    fn in_quiet_hours_what_is_wanted_is_held_and_what_is_not_is_not() {
        let mut s = settings();
        s.notices.quiet = true;
        let end = noon() + 19 * 3_600_000;
        assert_eq!(at(of(Kind::Message), &s, AWAY, 9), Verdict::Tell);
        assert_eq!(at(of(Kind::Message), &s, AWAY, 10), Verdict::Hold(end));
        assert_eq!(at(of(Kind::Message), &s, AWAY, 19), Verdict::Tell);
        s.notices.messages = NoticeMessages::None;
        assert_eq!(at(of(Kind::Message), &s, AWAY, 10), Verdict::Drop);
    }
}
