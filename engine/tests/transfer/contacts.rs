//! Customers from a table: known before they write, once and not twice, and taken back whole.

use crate::scene::{Mail, Scene, folder};
use crate::support::put;
use parley_engine::api::args;
use parley_engine::api::dto::{ConversationRow, Sort, TimelineItem, View};
use parley_engine::model::{Channel, CustomerId};
use parley_engine::store::ingest::handle_id;
use parley_engine::store::transfer::Import;
use parley_engine::transfer::contacts::{self, Mapping};

const TABLE: &str = "Name;E-Mail;Telefon;Tags;Notiz\nAnna Berg;anna@shop.test;+49 30 2000000;VIP, Berlin;\"Likes\nlamps\"\nBo;bo@shop.test;;;\n;;;;\nNobody;;;;\n";

fn takes(s: &Scene, text: &str) -> Import {
    let dir = folder();
    let file = put(dir.path(), "customers.csv", text);
    s.run(contacts::run(s.store(), &file, Mapping::default()))
        .unwrap()
}

fn rows(s: &Scene) -> Vec<ConversationRow> {
    let ids = s
        .does(args::ConversationIds {
            saved: None,
            view: View::All,
            stage: None,
            tag: None,
            sort: Sort::Newest,
            after: None,
            limit: 50,
        })
        .ids;
    let mut all = s.does(args::ConversationRows { ids });
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

#[test]
fn a_row_becomes_a_customer_who_is_known_before_the_first_message() {
    let s = Scene::new();
    let i = takes(&s, TABLE);
    assert_eq!((i.counts.read, i.counts.new, i.counts.refused), (3, 2, 1));
    let told = s.problems(&i);
    assert_eq!((told[0].at, told[0].file.as_str()), (6, "customers.csv"));
    let all = rows(&s);
    assert_eq!(
        all.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(),
        ["Anna Berg", "Bo"]
    );
    assert_eq!(all[0].tags, ["berlin", "vip"]);
    assert_eq!(all[0].messages, 0);
    assert!(all[0].snippet.contains("anna@shop.test") && all[0].snippet.contains("+49302000000"));
    let panel = s.does(args::Customer { id: all[0].id });
    assert_eq!(panel.handles.len(), 2);
    let page = s.does(args::TimelinePage {
        conversation: all[0].id,
        before: None,
        after: None,
        around: None,
        limit: 50,
    });
    assert!(
        page.items
            .iter()
            .any(|i| matches!(i, TimelineItem::Note(n) if n.text == "Likes\nlamps"))
    );
    s.is_sound();
    // Nobody waits, nothing is open.
    assert_eq!(s.number("SELECT count(*) FROM customer WHERE open = 1"), 0);
    assert_eq!(
        s.number(
            "SELECT coalesce(sum(n), 0) FROM counter WHERE key IN ('shelf:0', 'shelf:2', 'shelf:3')"
        ),
        0
    );
    // The first mail comes into what is known.
    s.arrives(&Mail::from("Anna B. <anna@shop.test>"));
    let all = rows(&s);
    assert_eq!((all[0].name.as_str(), all[0].messages), ("Anna Berg", 1));
    s.is_sound();
}

#[test]
fn the_same_table_again_changes_nothing() {
    let s = Scene::new();
    takes(&s, TABLE);
    let (digest, entries) = (s.digest(), s.log().len());
    let again = takes(&s, TABLE);
    assert_eq!(
        (again.counts.new, again.counts.known, again.counts.events),
        (0, 2, 0)
    );
    assert_eq!((s.digest(), s.log().len()), (digest, entries));
}

#[test]
fn one_undo_takes_the_whole_table_back() {
    let s = Scene::new();
    s.arrives(&Mail::from("Bo Old <bo@shop.test>"));
    takes(&s, TABLE);
    assert_eq!(rows(&s).len(), 2);
    s.does(args::Undo {});
    let left = rows(&s);
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].name.as_str(), left[0].tags.len()), ("Bo Old", 0));
    s.is_sound();
    // And it can be brought in once more.
    takes(&s, TABLE);
    assert_eq!(rows(&s).len(), 2);
    s.is_sound();
}

#[test]
fn what_a_person_decided_here_stays() {
    let s = Scene::new();
    takes(&s, TABLE);
    let anna = rows(&s)[0].id;
    s.does(args::CustomerRename {
        id: anna,
        name: "Anna of the lamps".into(),
    });
    // A later table may still add, and does not rename.
    takes(&s, "E-Mail;Tags;Name\nanna@shop.test;new;Anna X\n");
    let all = rows(&s);
    assert_eq!(all[0].name, "Anna of the lamps");
    assert_eq!(all[0].tags, ["berlin", "new", "vip"]);
    // A link that was cut stays cut.
    let ids = s.store().identity().ids.clone();
    let phone = CustomerId(handle_id(&ids, Channel::Sms, "", "+49302000000").0);
    s.does(args::Unlink { split: vec![phone] });
    takes(&s, TABLE);
    assert_eq!(rows(&s).len(), 3);
    s.is_sound();
}

#[test]
fn our_own_addresses_are_nobodys_customers() {
    let s = Scene::new();
    let i = takes(&s, "E-Mail;Name\nteam@parley.test;Us\nbo@shop.test;Bo\n");
    assert_eq!((i.counts.new, i.counts.refused), (1, 1));
    assert!(s.problems(&i)[0].reason.contains("your own"));
}

#[test]
fn customers_of_a_table_travel_in_an_export() {
    let s = Scene::new();
    takes(&s, TABLE);
    let dir = folder();
    let file = put(
        dir.path(),
        "all.jsonl",
        s.exported(parley_engine::transfer::export::Options {
            digest: true,
            ..Default::default()
        }),
    );
    let other = Scene::new();
    other.takes(&file);
    assert_eq!(
        rows(&other)
            .iter()
            .map(|r| r.name.clone())
            .collect::<Vec<_>>(),
        ["Anna Berg", "Bo"]
    );
    other.is_sound();
}

#[test]
fn something_that_is_no_table_is_told_so() {
    let s = Scene::new();
    let dir = folder();
    let file = put(dir.path(), "x.csv", b"\x7fELF\x00\x01\x02\x00\x09");
    let e = s
        .run(contacts::run(s.store(), &file, Mapping::default()))
        .unwrap_err();
    assert_eq!(e.code(), "invalid");
    assert_eq!(s.number("SELECT count(*) FROM import"), 0);
}
