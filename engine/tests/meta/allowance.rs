//! What the vendor allows: little of it is kept for what matters, and what counts for the app counts for all accounts.

use super::shop::{Its, Kept, Shop, messages};
use parley_engine::connectors::http::Net;
use parley_engine::connectors::meta::Meta;
use parley_engine::connectors::{Connector, Context};
use parley_engine::model::{Channel, Event, MetaConfig, MetaDoor, Remedy};
use parley_engine::time::Clock;
use parley_sandbox::graph::{ANNA, Options, Platform, Usage};
use parley_sandbox::http::Fault;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test]
async fn names_are_not_asked_for_while_little_is_left_and_are_later() {
    let shop = Shop::instagram().await;
    shop.poll().await.unwrap();
    let low = Usage {
        app: 10,
        business: 96,
        regain: 0,
    };
    shop.graph.api().with(|a, _| a.usage = low);
    for n in 0..5 {
        shop.graph
            .writes(Platform::Instagram, &format!("78000000{n:08}"), "Hello");
    }
    shop.graph.writes(Platform::Instagram, ANNA, "Hello");
    let events = shop.poll().await.unwrap();
    assert_eq!(messages(&events).len(), 6);
    assert_eq!(shop.asked_for(ANNA), 0);
    let named = |events: &[Event]| {
        let name = |e: &Event| match e {
            Event::Person(p) if p.address == ANNA => p.name.clone(),
            _ => None,
        };
        events.iter().find_map(name)
    };
    assert_eq!(named(&events), None);
    shop.graph.api().with(|a, _| a.usage.business = 20);
    shop.graph.world().time.advance(Duration::from_secs(400));
    // The first answer says that there is enough again.
    let mut events = shop.poll().await.unwrap();
    events.extend(shop.poll().await.unwrap());
    assert_eq!(named(&events).as_deref(), Some("Anna Berg"));
    assert_eq!(shop.asked_for(ANNA), 1);
    assert!(shop.poll().await.unwrap().is_empty());
}

/// Two accounts of one app, by the one way that a program has.
async fn two() -> (Shop, Meta, Meta) {
    let shop = Shop::open(Options::page(), Channel::Messenger, |_| {}).await;
    let clock: Arc<dyn Clock> = Arc::new(Its(shop.graph.world().time.clone()));
    let net = Arc::new(Net::new(Arc::clone(&clock)));
    let account = |config: MetaConfig| {
        let secret = Arc::new(Kept(Mutex::new(vec![shop.graph.token()])));
        let context = Context {
            net: Arc::clone(&net),
            credentials: secret,
            clock: Arc::clone(&clock),
        };
        Meta::new(Channel::Messenger, config, context)
    };
    let one = account(shop.config.clone());
    let other = account(MetaConfig {
        id: "104000000000002".into(),
        page: "104000000000002".into(),
        door: MetaDoor::Page,
        ..shop.config.clone()
    });
    (shop, one, other)
}

#[tokio::test]
async fn what_the_app_as_a_whole_has_used_slows_all_its_accounts() {
    let (shop, one, other) = two().await;
    let usage = |app, business| Usage {
        app,
        business,
        regain: 0,
    };
    shop.graph.api().with(|a, _| a.usage = usage(10, 80));
    one.poll(None).await.unwrap();
    let pace = |m: &Meta| m.capabilities().poll_seconds;
    assert_eq!((pace(&one), pace(&other)), (60, 15), "its own is its own");
    shop.graph.api().with(|a, _| a.usage = usage(80, 10));
    one.poll(None).await.unwrap();
    assert_eq!((pace(&one), pace(&other)), (60, 60));
    shop.graph.api().with(|a, _| a.usage = usage(97, 10));
    one.poll(None).await.unwrap();
    assert!(other.standing().held_until.is_some());
}

#[tokio::test]
async fn too_many_calls_of_the_app_rest_all_its_accounts_and_those_of_one_account_that_one() {
    for (code, all) in [(4, true), (17, true), (613, false), (80_002, false)] {
        let (shop, one, other) = two().await;
        let said = json!({ "error": { "code": code, "message": "Trop" } });
        let faults = &shop.graph.world().faults;
        faults
            .on("GET", "/v26.0/*/conversations")
            .once(Fault::answer(400, said));
        assert_eq!(one.poll(None).await.unwrap_err().remedy, Remedy::Wait);
        assert!(one.standing().held_until.is_some());
        assert_eq!(other.standing().held_until.is_some(), all, "{code}");
        let calls = shop.graph.world().calls.all().len();
        let e = other.poll(None).await.unwrap_err();
        assert_eq!(e.remedy == Remedy::Wait, all, "{code}: {e}");
        let asked = shop.graph.world().calls.all().len() > calls;
        assert_eq!(asked, !all, "calls while blocked prolong the block");
    }
}
