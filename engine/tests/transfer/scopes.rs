//! Customers whose ids only one account knows: what was imported and what comes live is one conversation.

use crate::scene::{Scene, folder};
use crate::support::put;
use parley_engine::model::{
    AccountConfig, Channel, CustomerId, Event, Incoming, MetaConfig, Party, Place,
};
use parley_engine::store::ingest;
use parley_engine::transfer::Options;
use parley_engine::transfer::export::Options as Export;

const HEAD: &str = "{\"parley\":\"interchange\",\"version\":1}\n";
const SHOP: &str = "17840000000000001";
const BEN: &str = "5550001";

fn config() -> AccountConfig {
    AccountConfig::Instagram(MetaConfig {
        id: SHOP.into(),
        name: "parley.shop".into(),
        ..MetaConfig::default()
    })
}

fn takes(s: &Scene, lines: &str) {
    takes_file(s, &format!("{HEAD}{lines}"));
}

fn takes_file(s: &Scene, content: &str) {
    let dir = folder();
    let file = put(dir.path(), "lines.jsonl", content);
    let i = s.imports(&file, Options::default());
    assert_eq!(s.problems(&i).len(), 0, "{:?}", s.problems(&i));
}

fn ben(s: &Scene, scope: &str) -> CustomerId {
    let ids = &s.store().identity().ids;
    CustomerId(ingest::handle_id(ids, Channel::Instagram, scope, BEN).0)
}

fn chat(s: &Scene, id: &str, ours: bool, text: &str) -> Event {
    let party = |address: &str| Party {
        name: None,
        address: address.into(),
    };
    let (from, to, place) = if ours {
        (SHOP, BEN, Place::Sent)
    } else {
        (BEN, SHOP, Place::Inbox)
    };
    Event::Message(Box::new(Incoming {
        from: Some(party(from)),
        to: vec![party(to)],
        text: text.into(),
        ..Incoming::chat(id, place, s.now())
    }))
}

const HISTORY: &str = r#"{"type":"account","id":"ig","channel":"instagram","address":"17840000000000001","name":"parley.shop"}
{"type":"message","id":"mid.1","account":"ig","channel":"instagram","direction":"inbound","author":{"name":"ben.b","address":"5550001"},"sent_at":1772000000000,"text":"Do you ship?"}
{"type":"message","id":"mid.2","account":"ig","channel":"instagram","direction":"outbound","agent":"Maria","to":[{"address":"5550001"}],"sent_at":1772000600000,"text":"Yes"}
"#;

#[test]
fn an_imported_conversation_goes_on_where_the_account_is_connected() {
    let s = Scene::new();
    takes(&s, HISTORY);
    let account = s.connect_to(&config());
    s.take(account, vec![chat(&s, "live", false, "Hello again")]);
    assert_eq!(s.timeline(ben(&s, SHOP)).len(), 3);
    assert_eq!(
        s.number("SELECT count(*) FROM handle WHERE channel = 'instagram'"),
        1,
        "one customer"
    );
    s.is_sound();
}

#[test]
fn a_part_of_a_workspace_keeps_who_wrote_and_whose_customer_it_was() {
    let s = Scene::new();
    let account = s.connect_to(&config());
    let said = [
        chat(&s, "m1", false, "Do you ship?"),
        chat(&s, "m2", true, "Yes, from the phone"),
    ];
    s.take(account, said.to_vec());
    assert_eq!(s.timeline(ben(&s, SHOP)).len(), 2);
    let part = s.exported(Export {
        conversations: vec![ben(&s, SHOP)],
        ..Export::default()
    });
    assert!(!part.contains("\"config\""));
    let other = Scene::new();
    takes_file(&other, &part);
    let theirs = |sql| other.number(sql);
    assert_eq!(
        theirs("SELECT count(*) FROM message WHERE direction = 0"),
        1
    );
    assert_eq!(
        theirs("SELECT count(*) FROM message WHERE direction = 1"),
        1,
        "the answer from the phone is ours"
    );
    assert_eq!(other.timeline(ben(&other, SHOP)).len(), 2);
    let account = other.connect_to(&config());
    other.take(account, vec![chat(&other, "m3", false, "And to Norway?")]);
    assert_eq!(other.timeline(ben(&other, SHOP)).len(), 3);
    other.is_sound();
}

#[test]
fn what_was_imported_without_its_scope_moves_once_that_is_known() {
    let s = Scene::new();
    let nameless = HISTORY.replace(SHOP, "parley.shop");
    let polled: String = nameless.lines().take(2).map(|l| format!("{l}\n")).collect();
    takes(&s, &polled);
    assert_eq!(s.timeline(ben(&s, "")).len(), 1);
    let scoped = polled.replace(
        "\"name\":\"parley.shop\"}",
        &format!("\"name\":\"parley.shop\",\"scope\":\"{SHOP}\"}}"),
    );
    takes(&s, &scoped);
    assert_eq!(s.timeline(ben(&s, SHOP)).len(), 1);
    assert_eq!(s.number("SELECT count(*) FROM message"), 1);
    assert_eq!(s.timeline(ben(&s, "")).len(), 0);
    s.is_sound();
}

#[test]
fn what_wrote_from_an_address_that_turns_out_to_be_ours_is_no_customers() {
    let s = Scene::new();
    takes(
        &s,
        r#"{"type":"account","id":"ig","channel":"instagram","address":"17840000000000001","name":"parley.shop"}
{"type":"message","id":"a","account":"ig","channel":"instagram","direction":"inbound","author":{"address":"9000009"},"sent_at":1772000000000,"text":"From our second hand"}
"#,
    );
    assert_eq!(s.number("SELECT direction FROM message"), 0);
    takes(
        &s,
        r#"{"type":"account","id":"ig","channel":"instagram","address":"17840000000000001","name":"parley.shop","own":["9000009"]}
"#,
    );
    assert_ne!(s.number("SELECT direction FROM message"), 0);
    s.is_sound();
}
