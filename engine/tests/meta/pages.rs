//! Pages of conversations: what moves is found wherever it stands, and one wrong time hides nothing.

use super::shop::{Shop, texts};
use parley_engine::connectors::Connector;
use parley_sandbox::graph::{ANNA, Message, Platform, TOM};
use std::time::Duration;

#[tokio::test]
async fn what_moved_on_a_late_page_before_something_on_the_first_is_found_by_the_look_over_all() {
    let shop = Shop::messenger().await;
    shop.graph.api().with(|a, _| a.unordered = true);
    let pass = |seconds| {
        shop.graph
            .world()
            .time
            .advance(Duration::from_secs(seconds));
    };
    let people: Vec<String> = (0..60).map(|n| format!("75000000{n:08}")).collect();
    for person in &people {
        shop.graph.writes(Platform::Messenger, person, "old");
        pass(60);
    }
    shop.poll().await.unwrap();
    let listed = shop
        .graph
        .api()
        .with(|a, _| a.listed_people(Platform::Messenger));
    // One who wrote long ago, so that nothing of the conversation is remembered, on the last page; one on the first.
    let late = people[..20].iter().find(|p| listed[40..].contains(*p));
    let late = late.expect("one of the first twenty stands on the last page");
    pass(200);
    shop.graph
        .writes(Platform::Messenger, late, "from the last page");
    pass(200);
    shop.graph
        .writes(Platform::Messenger, &listed[0], "from the first");
    let new = async || {
        let events = shop.poll().await.unwrap();
        let new = texts(&events).into_iter().filter(|t| *t != "old");
        new.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(new().await, ["from the first"]);
    pass(1_000);
    assert_eq!(new().await, ["from the last page"]);
}

#[tokio::test]
async fn a_look_over_all_pages_happens_also_where_nobody_wants_old_conversations() {
    let shop = Shop::messenger().await;
    shop.connector.read_history(false);
    shop.graph.api().with(|a, _| a.unordered = true);
    for n in 0..45 {
        let person = format!("76000000{n:08}");
        shop.graph.writes(Platform::Messenger, &person, "old");
        shop.graph.world().time.advance(Duration::from_secs(60));
    }
    assert_eq!(texts(&shop.poll().await.unwrap()).len(), 20);
    shop.graph.world().time.advance(Duration::from_secs(3_600));
    let listed = shop
        .graph
        .api()
        .with(|a, _| a.listed_people(Platform::Messenger));
    shop.graph
        .writes(Platform::Messenger, &listed[44], "new on the last page");
    shop.graph
        .world()
        .time
        .advance(Duration::from_secs(7 * 3_600));
    let events = shop.poll().await.unwrap();
    let came = texts(&events);
    let new = came.iter().filter(|t| **t == "new on the last page");
    assert_eq!(new.count(), 1);
    assert!(came.len() < 10, "of the others nothing is read: {came:?}");
}

#[tokio::test]
async fn a_time_in_a_far_future_hides_nothing_that_comes() {
    let mut shop = Shop::instagram().await;
    shop.graph.writes(Platform::Instagram, ANNA, "One");
    shop.poll().await.unwrap();
    let far = Message {
        at: 4_102_444_800_000,
        ..Message::saying("from the year 2100")
    };
    shop.graph.brings(Platform::Instagram, TOM, far);
    assert_eq!(texts(&shop.poll().await.unwrap()), ["from the year 2100"]);
    for n in 0..3 {
        shop.graph.world().time.advance(Duration::from_secs(600));
        let person = format!("77000000{n:08}");
        shop.graph.writes(Platform::Instagram, &person, "new");
        shop.graph.writes(Platform::Instagram, TOM, "Tom again");
        shop.begin_anew();
        let events = shop.poll().await.unwrap();
        let mut came = texts(&events);
        came.sort_unstable();
        assert_eq!(came, ["Tom again", "new"]);
    }
}
