//! Tokens: found, kept, renewed, counted down, ended.

use super::shop::{Kept, Shop, context};
use parley_engine::connectors::{Connector, meta};
use parley_engine::model::{AccountConfig, Channel, MetaConfig, MetaDoor, Remedy};
use parley_sandbox::graph::{ANNA, Graph, Options, Platform};
use parley_sandbox::http::Fault;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const DAY: u64 = 86_400;

async fn find(
    graph: &Graph,
    channel: Channel,
    token: &str,
) -> parley_engine::connectors::Result<Vec<parley_engine::connectors::Found>> {
    let secret = Arc::new(Kept(Mutex::new(vec![token.into()])));
    let config = MetaConfig {
        base_url: graph.base(),
        ..MetaConfig::default()
    };
    meta::find(channel, &config, context(graph, &secret)).await
}

#[tokio::test]
async fn a_pasted_token_says_which_account_it_is_for_by_either_door() {
    let graph = Graph::start(Options::instagram()).await.unwrap();
    let found = find(&graph, Channel::Instagram, &graph.token())
        .await
        .unwrap();
    let AccountConfig::Instagram(m) = &found[0].config else {
        panic!()
    };
    assert_eq!(
        (m.id.as_str(), m.name.as_str(), m.door),
        ("17841400000000001", "the.shop", MetaDoor::Instagram)
    );
    assert!(found[0].notes.iter().any(|n| n.contains("Connected Tools")));
    assert!(
        found[0]
            .notes
            .iter()
            .any(|n| n.contains("Data Use Checkup"))
    );
    assert_eq!(
        find(&graph, Channel::Instagram, "wrong")
            .await
            .unwrap_err()
            .remedy,
        Remedy::Reconnect
    );
    let graph = Graph::start(Options::page()).await.unwrap();
    let person = graph.api().with(|a, _| a.person_token.clone());
    for token in [graph.token(), person] {
        let found = find(&graph, Channel::Instagram, &token).await.unwrap();
        let AccountConfig::Instagram(m) = &found[0].config else {
            panic!()
        };
        assert_eq!(
            (m.id.as_str(), m.page.as_str(), m.door),
            ("17841400000000001", "104000000000001", MetaDoor::Page)
        );
        let found = find(&graph, Channel::Messenger, &token).await.unwrap();
        let AccountConfig::Messenger(m) = &found[0].config else {
            panic!()
        };
        assert_eq!(
            (m.id.as_str(), m.name.as_str()),
            ("104000000000001", "The Shop")
        );
    }
}

#[tokio::test]
async fn the_test_button_goes_step_by_step_and_says_which_switch_is_off() {
    let shop = Shop::instagram().await;
    let (steps, profile) = shop.connector.check().await;
    assert!(steps.iter().all(|s| s.ok) && steps.len() == 3, "{steps:?}");
    assert_eq!(profile.unwrap().name, "the.shop");
    shop.graph.api().with(|a, _| a.access_off = true);
    let (steps, profile) = shop.connector.check().await;
    assert_eq!(profile.unwrap_err().remedy, Remedy::Reconnect);
    let last = steps.last().unwrap();
    assert!(
        !last.ok && last.note.contains("Connected Tools"),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_token_is_renewed_once_when_it_is_old_and_kept_before_it_is_used() {
    let shop = Shop::instagram().await;
    shop.poll().await.unwrap();
    let first = shop.secret.now();
    assert!(first.contains("got_at"), "kept with its time: {first}");
    shop.graph
        .world()
        .time
        .advance(Duration::from_secs(8 * DAY));
    let (a, b) = tokio::join!(shop.connector.poll(None), shop.connector.poll(None));
    a.and(b).unwrap();
    let world = shop.graph.world();
    assert_eq!(world.calls.count("GET", "/refresh_access_token"), 1);
    assert!(shop.secret.now().contains(&shop.graph.token()));
    let with_new = format!("Bearer {}", shop.graph.token());
    let last = world
        .calls
        .to("GET", "/v26.0/me/conversations")
        .pop()
        .unwrap();
    assert_eq!(last.header("authorization"), Some(with_new.as_str()));
    let until = shop.connector.standing().token_until.unwrap();
    let days = (until - world.time.now()) / 86_400_000;
    assert!((59..=60).contains(&days), "{days}");
    world.time.advance(Duration::from_secs(3 * DAY));
    shop.poll().await.unwrap();
    assert_eq!(
        world.calls.count("GET", "/refresh_access_token"),
        1,
        "young again"
    );
}

#[tokio::test]
async fn the_end_of_a_token_is_counted_down_warned_of_and_then_wants_a_person() {
    let shop = Shop::instagram().await;
    shop.poll().await.unwrap();
    assert!(
        shop.connector
            .standing()
            .notes
            .iter()
            .any(|n| n.contains("60 days"))
    );
    let time = &shop.graph.world().time;
    time.advance(Duration::from_secs(2 * DAY));
    shop.poll().await.unwrap();
    let notes = shop.connector.standing().notes;
    assert!(
        matches!(notes.as_slice(), [yearly] if yearly.contains("Data Use Checkup")),
        "{notes:?}"
    );
    shop.graph
        .world()
        .faults
        .on("GET", "/refresh_access_token")
        .always(Fault::status(500));
    time.advance(Duration::from_secs(52 * DAY));
    shop.poll().await.unwrap();
    let notes = shop.connector.standing().notes;
    assert!(
        notes
            .iter()
            .any(|n| n.contains("runs out on")
                && (n.contains("in 7 days") || n.contains("in 8 days"))),
        "{notes:?}"
    );
    time.advance(Duration::from_secs(9 * DAY));
    let before = shop.graph.world().calls.all().len();
    let e = shop.poll().await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Reconnect);
    assert!(e.what.contains("ran out"), "{}", e.what);
    assert_eq!(
        shop.graph.world().calls.all().len(),
        before,
        "a dead token is not shown"
    );
}

#[tokio::test]
async fn a_persons_token_is_exchanged_for_the_pages_own_and_another_accounts_is_refused() {
    let shop = Shop::messenger().await;
    let person = shop.graph.api().with(|a, _| a.person_token.clone());
    shop.secret.0.lock().unwrap().push(person);
    shop.graph.writes(Platform::Messenger, ANNA, "Hello");
    assert_eq!(super::shop::texts(&shop.poll().await.unwrap()), ["Hello"]);
    assert!(shop.secret.now().contains(&shop.graph.token()));
    let other = Shop::open(Options::instagram(), Channel::Instagram, |c| {
        c.id = "17841499999999999".into();
    })
    .await;
    let e = other.poll().await.unwrap_err();
    assert_eq!(e.remedy, Remedy::Reconnect);
    assert!(e.what.contains("the.shop"), "{}", e.what);
}

#[tokio::test]
async fn the_token_stands_in_no_error_no_note_and_no_cursor() {
    let shop = Shop::instagram().await;
    for n in 0..45 {
        shop.graph
            .writes(Platform::Instagram, &format!("62000000{n:08}"), "Hello");
    }
    shop.graph
        .api()
        .with(|a, _| a.quota = parley_sandbox::http::Quota::unlimited());
    shop.poll().await.unwrap();
    let mut said = vec![shop.cursor(), format!("{:?}", shop.connector.standing())];
    let faults = &shop.graph.world().faults;
    for fault in [
        Fault::status(500),
        Fault::Html,
        Fault::CloseAfter,
        Fault::Cut { after: 20 },
        Fault::answer(
            400,
            serde_json::json!({ "error": { "code": 777, "message": format!("bad token {}", shop.graph.token()) } }),
        ),
    ] {
        faults.clear();
        faults.on("GET", "/v26.0/").always(fault);
        said.push(format!("{:?}", shop.poll().await.unwrap_err()));
    }
    faults.clear();
    let token = shop.graph.token();
    for s in said {
        assert!(!s.contains(&token) && !s.contains("access_token"), "{s}");
    }
}

#[tokio::test]
async fn trouble_while_a_persons_token_is_exchanged_is_not_said_to_be_a_wrong_token() {
    let mut shop = Shop::open(Options::page(), Channel::Messenger, |_| {}).await;
    let person = shop.graph.api().with(|a, _| a.person_token.clone());
    shop.secret.0.lock().unwrap().push(person);
    shop.begin_anew();
    let said = |code: i64, sub: i64| {
        Fault::answer(
            400,
            serde_json::json!({ "error": { "code": code, "error_subcode": sub, "message": "Non" } }),
        )
    };
    let faults = &shop.graph.world().faults;
    let page = format!("/v26.0/{}", shop.config.page);
    for (fault, remedy) in [
        (Fault::status(500), Remedy::Retry),
        (said(2, 0), Remedy::Retry),
        (Fault::CloseBefore, Remedy::Retry),
        (Fault::Html, Remedy::Retry),
        (said(100, 33), Remedy::Reconnect),
        (Fault::too_many(Some(1)), Remedy::Wait),
    ] {
        let what = format!("{fault:?}");
        faults.on("GET", &page).once(fault);
        let e = shop.poll().await.unwrap_err();
        assert_eq!(e.remedy, remedy, "{what}: {e}");
    }
    shop.graph
        .world()
        .time
        .advance(std::time::Duration::from_secs(5));
    shop.poll().await.unwrap();
}
