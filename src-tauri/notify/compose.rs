//! What notifications say.

use super::{Bill, held::Held};
use crate::words::{self, Words, words};
use parley_engine::api::dto::Notice;
use parley_engine::model::CustomerId;

/// Characters of a stranger's text that are shown.
const LONGEST: usize = 160;

/// How a notification may speak.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Names and texts are shown.
    pub text: bool,
    /// With a sound.
    pub sound: bool,
}

/// Messages of one conversation. Without text not even the name is shown: whoever looks over the shoulder learns only
/// that something came.
pub fn messages(
    manner: Manner,
    conversation: CustomerId,
    name: &str,
    snippet: &str,
    count: usize,
) -> Bill {
    let words = words();
    let many = (count > 1).then(|| words.many_messages(count));
    let (title, body) = if manner.text {
        let name = titled(name);
        let title = many.map_or_else(|| name.clone(), |many| format!("{name} · {many}"));
        (title, clean(snippet))
    } else {
        let said = many.unwrap_or_else(|| words.new_message.clone());
        (words::NAME.to_owned(), said)
    };
    Bill {
        title,
        body,
        conversation: Some(conversation),
        deeds: true,
        sound: manner.sound,
        message: true,
    }
}

/// One line of a message: its words, else what it is.
pub fn gist(notice: &Notice) -> String {
    match &notice.brief {
        Some(brief) if notice.snippet.is_empty() => words().brief(brief),
        _ => notice.snippet.clone(),
    }
}

/// Many messages of many customers; `customers` is unknown where some came too fast to be held.
pub fn summary(manner: Manner, messages: usize, customers: Option<usize>) -> Bill {
    plain(
        manner,
        words().many_messages(messages),
        customers.map_or_else(String::new, |n| words().many_customers(n)),
    )
}

/// A wait that has passed its target.
pub fn overdue(manner: Manner, conversation: CustomerId, name: &str) -> Bill {
    Bill {
        conversation: Some(conversation),
        deeds: true,
        ..named(manner, name, |w| &w.overdue)
    }
}

/// Many waits that have passed their target at once.
pub fn many_overdue(manner: Manner, count: usize) -> Bill {
    plain(manner, words().many_overdue(count), String::new())
}

/// A send that failed.
pub fn failed(manner: Manner, conversation: CustomerId, name: &str) -> Bill {
    Bill {
        conversation: Some(conversation),
        ..named(manner, name, |w| &w.send_failed)
    }
}

/// An account that needs a person.
pub fn account(manner: Manner, address: &str) -> Bill {
    named(manner, address, |w| &w.account)
}

/// Something that was asked for in a notification was not done.
pub fn not_done(what: &str, why: &str, conversation: CustomerId) -> Bill {
    Bill {
        conversation: Some(conversation),
        ..plain(
            Manner {
                text: true,
                sound: false,
            },
            what.to_owned(),
            clean(why),
        )
    }
}

/// What came in the quiet hours; none where nothing of it is left.
pub fn quiet(manner: Manner, held: &Held) -> Option<Bill> {
    let words = words();
    let mut lines = Vec::new();
    if held.messages() > 0 {
        let many = words.many_messages(held.messages());
        lines.push(match held.customers() {
            Some(n) => format!("{many}, {}", words.many_customers(n)),
            None => many,
        });
    }
    if !held.overdue.is_empty() {
        lines.push(words.many_overdue(held.overdue.len()));
    }
    if !held.failed.is_empty() {
        lines.push(words.send_failed.clone());
    }
    if !held.accounts.is_empty() {
        lines.push(words.account.clone());
    }
    let body = lines.join("\n");
    (!lines.is_empty()).then(|| Bill {
        conversation: held.only_conversation(),
        ..plain(manner, words.quiet_over.clone(), body)
    })
}

fn named(manner: Manner, name: &str, body: fn(&Words) -> &String) -> Bill {
    let title = if manner.text {
        titled(name)
    } else {
        words::NAME.to_owned()
    };
    plain(manner, title, body(&words()).clone())
}

fn plain(manner: Manner, title: String, body: String) -> Bill {
    Bill {
        title,
        body,
        conversation: None,
        deeds: false,
        sound: manner.sound,
        message: false,
    }
}

fn titled(name: &str) -> String {
    match clean(name) {
        name if name.is_empty() => words::NAME.to_owned(),
        name => name,
    }
}

/// One line of a stranger's text: no control or direction characters, no more than fits.
pub fn clean(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Manner = Manner {
        text: true,
        sound: true,
    };
    const DISCREET: Manner = Manner {
        text: false,
        sound: true,
    };

    #[test]
    fn neither_name_nor_text_is_shown_unless_the_settings_say_so() {
        let id = CustomerId::random();
        let said = |m: Manner| {
            [
                messages(m, id, "Ada Lovelace", "My card number is", 2),
                overdue(m, id, "Ada Lovelace"),
                failed(m, id, "Ada Lovelace"),
                account(m, "ada@shop.test"),
            ]
        };
        let shown = format!("{:?}", said(DISCREET));
        assert!(!shown.contains("Ada") && !shown.contains("card"), "{shown}");
        assert!(!shown.contains("ada@"), "{shown}");
        assert!(shown.contains("2 new messages"), "{shown}");
        let shown = said(OPEN);
        assert_eq!(shown[0].title, "Ada Lovelace · 2 new messages");
        assert_eq!(shown[0].body, "My card number is");
        assert!(shown[1..3].iter().all(|b| b.title == "Ada Lovelace"));
    }

    #[test]
    fn a_message_without_words_says_what_it_is() {
        use parley_engine::model::{Channel, MessageId};
        let mut notice = Notice {
            conversation: CustomerId::random(),
            message: MessageId::random(),
            name: "Ada".into(),
            channel: Channel::Instagram,
            snippet: String::new(),
            brief: Some("picture".into()),
        };
        assert_eq!(gist(&notice), "Photo");
        // Of a kind that the words do not know yet.
        notice.brief = Some("hologram".into());
        assert_eq!(gist(&notice), "New message");
        notice.snippet = "Look".into();
        assert_eq!(gist(&notice), "Look");
    }

    #[test]
    fn only_what_is_about_a_conversation_can_be_snoozed_and_answered() {
        let id = CustomerId::random();
        assert!(messages(OPEN, id, "Ada", "Hello", 1).deeds && overdue(OPEN, id, "Ada").deeds);
        assert!(!failed(OPEN, id, "Ada").deeds && !account(OPEN, "a@b.test").deeds);
        assert!(!summary(OPEN, 7, Some(3)).deeds);
    }

    #[test]
    fn a_strangers_text_cannot_steer_the_notification() {
        assert_eq!(clean("pay\u{202e}fdp.exe\n\u{7}now"), "pay fdp.exe  now");
        assert_eq!(clean(&"x".repeat(500)).chars().count(), LONGEST);
    }

    #[test]
    fn the_end_of_quiet_hours_is_one_notification_of_all_that_is_left() {
        let mut held = Held::default();
        assert_eq!(quiet(OPEN, &held), None);
        let (ada, bo) = (CustomerId::random(), CustomerId::random());
        held.message(ada, 2);
        assert_eq!(quiet(OPEN, &held).unwrap().conversation, Some(ada));
        held.message(bo, 1);
        held.overdue.insert(ada);
        let bill = quiet(DISCREET, &held).unwrap();
        assert_eq!(bill.conversation, None);
        assert_eq!(
            bill.body,
            "3 new messages, from 2 customers\n1 wait has passed its target"
        );
    }
}
