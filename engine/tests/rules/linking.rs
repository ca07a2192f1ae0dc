//! Linking two customers by hand: whom the window proposes, what a cut leaves where; opening what a card leads to.

use crate::scene::{MINUTE, Mail, Scene, party};
use parley_engine::api::dto::{FoundWhy, TimelineItem};
use parley_engine::api::{Desk, Host, Role, args, ask};
use parley_engine::model::{
    Card, CardKind, CustomerId, Event, Incoming, MessageId, PersonSays, Place,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const ANNA: &str = "anna@shop.test";
const HOME: &str = "anna@home.test";
const BOB: &str = "bob@shop.test";

fn found(s: &Scene, with: CustomerId, query: &str) -> Vec<(String, FoundWhy)> {
    s.does(args::CustomersFind {
        with,
        query: query.into(),
        limit: 10,
    })
    .into_iter()
    .map(|f| (f.address, f.why))
    .collect()
}

fn three() -> Scene {
    let s = Scene::new();
    s.arrives(&Mail::from("Anna Berg <anna@shop.test>"));
    s.later(MINUTE);
    s.arrives(&Mail::from("anna  BERG <anna@home.test>"));
    s.later(MINUTE);
    s.arrives(&Mail::from("Bob <bob@shop.test>"));
    s
}

#[test]
fn the_same_name_comes_before_whoever_wrote_lately_and_nobody_is_proposed_to_themselves() {
    let s = three();
    assert_eq!(
        found(&s, s.customer(ANNA), ""),
        [
            (HOME.to_owned(), FoundWhy::Name),
            (BOB.to_owned(), FoundWhy::Lately)
        ]
    );
}

#[test]
fn whoever_has_a_user_name_is_found_with_it() {
    let s = three();
    let says = PersonSays {
        address: BOB.into(),
        name: None,
        username: Some("bob.lamps".into()),
        email: None,
        opted_out: None,
        at: s.now(),
    };
    s.take(s.account, vec![Event::Person(says)]);
    for query in ["", "bob.lamps"] {
        let all = s.does(args::CustomersFind {
            with: s.customer(ANNA),
            query: query.into(),
            limit: 10,
        });
        let bob = all.iter().find(|f| f.address == BOB).unwrap();
        assert_eq!(bob.username.as_deref(), Some("bob.lamps"), "{query:?}");
        let others = all.iter().filter(|f| f.address != BOB);
        assert!(others.into_iter().all(|f| f.username.is_none()));
    }
}

#[test]
fn every_word_of_a_name_or_an_address_finds() {
    let s = three();
    let anna = s.customer(ANNA);
    assert_eq!(
        found(&s, anna, "BOB shop"),
        [(BOB.to_owned(), FoundWhy::Asked)]
    );
    assert_eq!(found(&s, anna, "nobody"), []);
    assert_eq!(
        found(&s, anna, "@home"),
        [(HOME.to_owned(), FoundWhy::Asked)]
    );
}

#[test]
fn who_is_linked_already_is_not_proposed_again() {
    let s = three();
    s.does(args::Link {
        a: s.customer(ANNA),
        b: s.customer(HOME),
    });
    assert_eq!(
        found(&s, s.customer(HOME), ""),
        [(BOB.to_owned(), FoundWhy::Lately)]
    );
}

/// The lower of two original customers stays the root.
fn ends(s: &Scene, a: &str, b: &str) -> (CustomerId, CustomerId) {
    let (a, b) = (s.customer(a), s.customer(b));
    (a.min(b), a.max(b))
}

#[test]
fn a_cut_says_who_goes_and_what_was_written_meanwhile_and_stays() {
    let s = three();
    let (root, other) = ends(&s, ANNA, HOME);
    s.does(args::NoteAdd {
        conversation: root,
        text: "before".into(),
    });
    s.later(MINUTE);
    s.does(args::Link { a: root, b: other });
    s.later(MINUTE);
    s.does(args::NoteAdd {
        conversation: other,
        text: "meanwhile".into(),
    });
    let p = s.does(args::UnlinkPreview { id: other });
    assert_eq!(p.split, [other]);
    assert!(p.since.is_some() && !p.more);
    let notes: Vec<&str> = p
        .stays
        .iter()
        .filter_map(|i| match i {
            TimelineItem::Note(n) => Some(n.text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(notes, ["meanwhile"]);
    // The root is what the others are linked to: it cannot be cut off itself.
    assert!(s.ask(args::UnlinkPreview { id: root }).is_err());
    s.does(args::Unlink { split: p.split });
    assert!(s.ask(args::UnlinkPreview { id: other }).is_err());
}

#[test]
fn those_who_hang_on_the_one_that_is_cut_off_go_with_it() {
    let s = three();
    let mut all = [s.customer(ANNA), s.customer(HOME), s.customer(BOB)];
    all.sort_unstable();
    let [low, middle, high] = all;
    s.does(args::Link { a: middle, b: high });
    s.does(args::Link { a: low, b: middle });
    assert_eq!(
        s.does(args::UnlinkPreview { id: middle }).split,
        [middle, high]
    );
    assert_eq!(s.does(args::UnlinkPreview { id: high }).split, [high]);
}

/// A host that writes down what it is asked to open.
#[derive(Default)]
struct Browser(Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Host for Browser {
    async fn open_url(&self, url: &str) -> Result<(), String> {
        self.0.lock().unwrap().push(url.to_owned());
        Ok(())
    }
    async fn pick_files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
    async fn save_file(&self, _: &str) -> Option<PathBuf> {
        None
    }
}

fn carded(s: &Scene, card: Card) -> MessageId {
    let mut m = Incoming::chat("c1", Place::Inbox, s.now());
    m.from = Some(party("Anna <anna@shop.test>"));
    m.to = vec![party(crate::scene::TEAM)];
    m.cards = vec![card];
    s.take(s.account, vec![Event::Message(Box::new(m))]);
    s.read(|c| Ok(c.query_row("SELECT id FROM message", [], |r| r.get(0))?))
}

#[test]
fn a_card_opens_as_long_as_its_link_is_valid() {
    let s = Scene::new();
    let mut card = Card::of(CardKind::Media).leading("https://cdn.example/1");
    card.until = Some(s.now() + MINUTE);
    let message = carded(&s, card);
    let browser = Arc::new(Browser::default());
    let desk = Desk {
        engine: Arc::clone(&s.engine),
        host: browser.clone(),
        role: Role::Viewer,
    };
    s.run(ask(&desk, args::CardOpen { message, card: 0 }))
        .unwrap();
    assert!(
        s.run(ask(&desk, args::CardOpen { message, card: 1 }))
            .is_err()
    );
    s.later(2 * MINUTE);
    let late = s.run(ask(&desk, args::CardOpen { message, card: 0 }));
    assert!(late.unwrap_err().to_string().contains("no longer valid"));
    assert_eq!(*browser.0.lock().unwrap(), ["https://cdn.example/1"]);
}

#[test]
fn a_row_says_what_its_last_message_is_where_that_has_no_words() {
    let s = Scene::new();
    let mut card = Card::of(CardKind::Media).leading("https://cdn.example/1");
    card.mime = Some("image/jpeg".into());
    carded(&s, card);
    let rows = s.does(args::ConversationRows {
        ids: vec![s.customer(ANNA)],
    });
    assert_eq!(
        (rows[0].snippet.as_str(), rows[0].brief.as_deref()),
        ("", Some("picture"))
    );
}
