//! Finding one's way within one conversation: by day, by file, by word, and from one message on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)] // helpers fail as tests do

mod scene;

use parley_engine::api::args;
use parley_engine::api::dto::{Timeline, TimelineItem};
use parley_engine::model::MessageId;
use scene::{DAY, MONDAY, Mail, Scene};

const ANNA: &str = "anna@home.test";

fn letter(n: i64, text: &str) -> Mail {
    Mail::from(ANNA)
        .subject("Lamps")
        .text(text)
        .at(MONDAY - 10 * DAY + n * DAY)
}

fn find(s: &Scene, query: &str) -> Vec<MessageId> {
    let asked = args::FindWithin {
        conversation: s.customer(ANNA),
        query: query.into(),
        before: None,
        limit: 100,
    };
    let found = s.does(asked).found;
    found.into_iter().map(|f| f.message).collect()
}

fn page(s: &Scene, before: Option<String>, after: Option<String>, limit: u32) -> Timeline {
    s.does(args::TimelinePage {
        conversation: s.customer(ANNA),
        before,
        after,
        around: None,
        limit,
    })
}

fn messages(t: &Timeline) -> Vec<MessageId> {
    t.items
        .iter()
        .filter_map(|i| match i {
            TimelineItem::Message(m) => Some(m.id),
            _ => None,
        })
        .collect()
}

#[test]
fn a_date_leads_to_its_first_message_or_the_nearest_there_is() {
    let s = Scene::new();
    let ids: Vec<MessageId> = [0, 2, 4].map(|n| s.arrives(&letter(n, "Lamp"))).into();
    let at = |day: i64| {
        let asked = args::MessageAt {
            conversation: s.customer(ANNA),
            at: MONDAY - 10 * DAY + day * DAY,
        };
        s.does(asked).message.unwrap()
    };
    assert_eq!(at(-5), ids[0]);
    assert_eq!(at(2), ids[1]);
    assert_eq!(at(3), ids[2]);
    assert_eq!(at(9), ids[2], "after the last one it is the last one");
}

#[test]
fn days_with_messages_are_told_from_empty_ones() {
    let s = Scene::new();
    s.receive([&letter(0, "Lamp"), &letter(2, "Lamp")]);
    let bounds: Vec<i64> = (-1..4).map(|n| MONDAY - 10 * DAY + n * DAY).collect();
    let asked = |bounds: Vec<i64>| args::MessageDays {
        conversation: s.customer(ANNA),
        bounds,
    };
    assert_eq!(s.does(asked(bounds)).written, [false, true, false, true]);
    assert!(s.ask(asked(vec![2, 1])).is_err());
    assert!(s.ask(asked(vec![0; 64])).is_err());
}

#[test]
fn files_come_newest_first_and_a_page_at_a_time() {
    let s = Scene::new();
    for n in 0..6 {
        let mail = letter(n, "Lamp");
        s.arrives(&if n % 2 == 0 {
            mail.file(&format!("plan-{n}.pdf"), b"%PDF")
        } else {
            mail
        });
    }
    s.receive([&Mail::from("bert@home.test").file("other.pdf", b"%PDF")]);
    let mut names = Vec::new();
    let mut before = None;
    loop {
        let asked = args::ConversationFiles {
            conversation: s.customer(ANNA),
            before: before.take(),
            limit: 1,
        };
        let page = s.does(asked);
        names.extend(page.files.into_iter().map(|f| f.file.name));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(names, ["plan-4.pdf", "plan-2.pdf", "plan-0.pdf"]);
}

#[test]
fn words_are_found_in_this_conversation_only_and_not_in_names() {
    let s = Scene::new();
    let first = s.arrives(&letter(0, "The shade is cracked"));
    s.arrives(&letter(1, "The foot is fine"));
    let last = s.arrives(&letter(2, "A new shade, please"));
    s.receive([&Mail::from("bert@home.test").text("My shade is fine")]);
    assert_eq!(find(&s, "shade"), [last, first]);
    assert_eq!(
        find(&s, "sha"),
        [last, first],
        "the last word may be a beginning"
    );
    assert!(find(&s, "anna").is_empty(), "who wrote is no hit");
    assert!(find(&s, "has:attachment").is_empty());
}

#[test]
fn what_is_found_in_a_long_conversation_comes_in_pages() {
    let s = Scene::new();
    let mails: Vec<Mail> = (0..450)
        .map(|n| {
            Mail::from(ANNA)
                .text(if n % 100 == 0 { "shade" } else { "foot" })
                .at(MONDAY - 10 * DAY + n * 60_000)
        })
        .collect();
    s.receive(&mails);
    let asked = |before: Option<String>| args::FindWithin {
        conversation: s.customer(ANNA),
        query: "shade".into(),
        before,
        limit: 3,
    };
    let one = s.does(asked(None));
    let two = s.does(asked(one.next.clone()));
    assert_eq!((one.found.len(), two.found.len()), (3, 2));
    assert!(one.found[2].at > two.found[0].at);
    assert_eq!(two.next, None);
}

#[test]
fn a_message_is_a_place_to_read_on_from() {
    let s = Scene::new();
    let ids: Vec<MessageId> = (0..6).map(|n| s.arrives(&letter(n, "Lamp"))).collect();
    let name = |i: usize| Some(ids[i].to_string());
    assert_eq!(messages(&page(&s, name(3), None, 2)), ids[1..3]);
    assert_eq!(messages(&page(&s, None, name(3), 9)), ids[4..]);
    assert!(
        s.ask(args::TimelinePage {
            conversation: s.customer(ANNA),
            before: Some("f".repeat(32)),
            after: None,
            around: None,
            limit: 2,
        })
        .is_err()
    );
}

#[test]
fn an_episode_says_how_much_is_in_it_and_where_it_begins() {
    let s = Scene::new();
    let ids: Vec<MessageId> = (0..5)
        .map(|_| {
            s.later(60_000);
            s.arrives(&Mail::from(ANNA).text("Lamp").at(s.now()))
        })
        .collect();
    let whole = page(&s, None, None, 9);
    assert_eq!(whole.within, None, "nothing began before the beginning");
    let TimelineItem::Episode(e) = &whole.items[0] else {
        panic!("a conversation begins with an episode");
    };
    assert_eq!(e.messages, 5);
    let part = page(&s, None, None, 2);
    let begun = part.within.expect("the page begins inside an episode");
    assert_eq!((begun.id.clone(), begun.messages), (e.id.clone(), 5));
    let from = page(&s, None, Some(begun.start.clone()), 9);
    assert_eq!(messages(&from), ids, "after its start comes all of it");
    assert!(messages(&page(&s, Some(begun.start), None, 9)).is_empty());
}

#[test]
fn from_one_message_on_everything_of_the_customer_is_unread() {
    let s = Scene::new();
    let ids: Vec<MessageId> = (0..4).map(|n| s.arrives(&letter(n, "Lamp"))).collect();
    let conversation = s.customer(ANNA);
    s.does(args::MarkRead { conversation });
    s.does(args::MarkUnreadFrom { message: ids[2] });
    let t = page(&s, None, None, 9);
    assert_eq!(t.first_unread, Some(ids[2]));
    assert_eq!(
        s.number("SELECT count(*) FROM timeline WHERE unread = 1"),
        2
    );
    s.is_sound();
}
