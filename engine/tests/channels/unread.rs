//! A message that could not be read: it lies with its customer, and makes way for what can be read.

use crate::desk::{BOT, Team, instagram};
use parley_engine::api::args;
use parley_engine::model::*;

const SHOP: &str = "17840000000000001";
const RAW: &[u8] = b"{\"from\":null}";

fn broken(from: Option<&str>) -> Event {
    Event::Unreadable {
        remote_id: RemoteId("m2".into()),
        place: Place::Inbox,
        identity: Identity::Provider,
        from: from.map(|address| Party {
            name: Some("Mara".into()),
            address: address.into(),
        }),
        at: None,
        reason: "it does not say who wrote to whom".into(),
        raw: RAW.to_vec(),
    }
}

fn set_aside(t: &Team, account: AccountId) -> u32 {
    let all = t.does(args::Accounts {});
    all.iter().find(|a| a.id == account).unwrap().quarantined
}

#[test]
fn a_message_that_can_be_read_at_last_stands_in_the_place_of_the_card() {
    let t = Team::new();
    let account = t.scene.connect_to(&instagram(SHOP));
    t.hears(account, "m1", "61", "first");
    t.event(account, broken(Some("61")));
    let c = CustomerId(t.handle_on(Channel::Instagram, SHOP, "61").0);
    let shown = t.shown(c);
    assert_eq!(shown.len(), 2, "the card lies with its customer");
    let card = shown.iter().find(|m| m.unreadable.is_some()).unwrap();
    assert_eq!(set_aside(&t, account), 1);
    t.does(args::TagSet {
        conversation: c,
        tag: "vip".into(),
        on: true,
    });
    t.later(60_000);
    let whole = || Event::Message(Box::new(t.message("m2", "61", "what it was")));
    t.event(account, whole());
    let now = t.shown(c);
    let read = now.iter().find(|m| m.id == card.id).unwrap();
    assert_eq!((now.len(), read.text.as_str()), (2, "what it was"));
    assert_eq!(read.unreadable, None);
    assert_eq!(set_aside(&t, account), 0);
    assert_eq!(t.number("SELECT count(*) FROM tag"), 1);
    assert_eq!(
        t.number("SELECT count(*) FROM timeline WHERE unread = 1"),
        2,
        "it is news"
    );
    // It stays, whatever is told once more.
    t.event(account, broken(Some("61")));
    t.event(account, whole());
    assert_eq!(t.shown(c).len(), 2);
    t.is_sound();
}

#[test]
fn what_could_not_be_read_is_given_to_each_version_once_and_kept_where_none_can() {
    let t = Team::new();
    t.event(t.telegram, broken(None));
    assert_eq!(set_aside(&t, t.telegram), 1);
    let reads = |version, events| *t.provider(BOT).reads.lock().unwrap() = (version, events);
    reads(1, None);
    t.reads_again(t.telegram);
    assert_eq!(t.number("SELECT version FROM quarantine"), 1);
    reads(2, Some(vec![broken(None)]));
    t.reads_again(t.telegram);
    assert_eq!(t.number("SELECT version FROM quarantine"), 2, "no better");
    let understood = t.message("m2", "42", "understood");
    reads(3, Some(vec![Event::Message(Box::new(understood))]));
    t.reads_again(t.telegram);
    let c = t.customer_on(Channel::Telegram, "42");
    assert_eq!(t.shown(c)[0].text, "understood");
    assert_eq!(set_aside(&t, t.telegram), 0);
    t.is_sound();
}
