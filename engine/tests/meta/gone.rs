//! What was taken back, and what only looks so: nothing is erased that its writer did not take back.

use super::shop::{Shop, later, texts};
use parley_engine::model::{Event, Later};
use parley_sandbox::graph::{ANNA, HOLLOW, Platform, UNPAGED};
use parley_sandbox::http::Fault;
use serde_json::json;
use std::time::Duration;

const LIST: &str = "/v26.0/*/conversations";

fn unsent(events: &[Event]) -> Vec<&str> {
    let all = later(events).into_iter();
    all.filter(|(_, what)| **what == Later::Unsent)
        .map(|(of, _)| of)
        .collect()
}

/// Anna writes so many messages, a minute apart.
fn writes(shop: &Shop, what: &str, many: usize) -> Vec<String> {
    let each = (0..many).map(|n| {
        shop.graph.world().time.advance(Duration::from_secs(60));
        shop.graph
            .writes(Platform::Instagram, ANNA, &format!("{what} {n}"))
    });
    each.collect()
}

#[tokio::test]
async fn a_conversation_that_is_listed_without_its_messages_loses_none_of_them() {
    let shop = Shop::instagram().await;
    let known = writes(&shop, "known", 20);
    shop.poll().await.unwrap();
    writes(&shop, "new", 5);
    let faults = &shop.graph.world().faults;
    faults.on("GET", LIST).once(Fault::flag(HOLLOW));
    let events = shop.poll().await.unwrap();
    assert!(events.is_empty(), "{events:?}");
    // Meta says of the oldest that they were deleted, as of all that is older than the newest twenty.
    assert_eq!(known.iter().map(|id| shop.asked_for(id)).sum::<usize>(), 0);
    let events = shop.poll().await.unwrap();
    assert_eq!(
        texts(&events),
        ["new 0", "new 1", "new 2", "new 3", "new 4"]
    );
    assert_eq!(unsent(&events), [""; 0]);
}

#[tokio::test]
async fn a_new_conversation_that_is_first_listed_without_messages_comes_whole() {
    let shop = Shop::instagram().await;
    shop.poll().await.unwrap();
    writes(&shop, "new", 3);
    let faults = &shop.graph.world().faults;
    faults.on("GET", LIST).once(Fault::flag(HOLLOW));
    assert_eq!(texts(&shop.poll().await.unwrap()), [""; 0]);
    let events = shop.poll().await.unwrap();
    assert_eq!(texts(&events), ["new 0", "new 1", "new 2"]);
}

#[tokio::test]
async fn a_full_list_without_a_way_to_older_messages_is_not_taken_for_all_there_is() {
    let shop = Shop::instagram().await;
    writes(&shop, "known", 20);
    shop.poll().await.unwrap();
    writes(&shop, "new", 5);
    let faults = &shop.graph.world().faults;
    faults.on("GET", LIST).always(Fault::flag(UNPAGED));
    for _ in 0..3 {
        assert_eq!(unsent(&shop.poll().await.unwrap()), [""; 0]);
    }
    faults.clear();
    let more = writes(&shop, "more", 3);
    shop.poll().await.unwrap();
    shop.graph.unsends(&more[1]);
    let events = shop.poll().await.unwrap();
    assert_eq!(
        unsent(&events),
        [more[1].as_str()],
        "what was taken back is found"
    );
}

#[tokio::test]
async fn a_short_list_is_not_believed_about_messages_that_have_no_details_any_more() {
    let shop = Shop::instagram().await;
    let known = writes(&shop, "known", 20);
    shop.poll().await.unwrap();
    let new = writes(&shop, "new", 20);
    // All but the newest are missing from the list, and nothing says that there are older ones.
    let last = new.last().unwrap();
    let at = shop.graph.world().time.now();
    let at = jiff::Timestamp::from_millisecond(at).unwrap();
    let at = at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string();
    let row = json!({ "data": [{ "id": shop.talk(), "updated_time": at, "messages": { "data": [
        { "id": last, "created_time": at, "message": "new 19", "from": { "id": ANNA }, "to": { "data": [{ "id": shop.config.id }] } },
    ] } }] });
    let faults = &shop.graph.world().faults;
    faults.on("GET", LIST).once(Fault::answer(200, row));
    // Meta says of each that it was deleted, because twenty are newer; but their ids are listed.
    assert_eq!(unsent(&shop.poll().await.unwrap()), [""; 0]);
    assert_eq!(
        shop.asked_for(&known[0]),
        0,
        "of this one twenty are known to be newer"
    );
    assert_eq!(unsent(&shop.poll().await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_message_that_is_hidden_from_the_list_is_asked_for_once_and_keeps_nobody_waiting() {
    let shop = Shop::instagram().await;
    let ids = writes(&shop, "known", 15);
    shop.poll().await.unwrap();
    for id in &ids[3..14] {
        shop.graph.change(id, |m| m.hidden = true);
    }
    shop.graph.unsends(&ids[1]);
    let mut gone = Vec::new();
    for _ in 0..13 {
        let events = shop.poll().await.unwrap();
        gone.extend(unsent(&events).into_iter().map(str::to_owned));
    }
    assert_eq!(gone, [ids[1].clone()], "however many others are missing");
    let asked = |id: &String| shop.asked_for(id);
    assert!(ids[3..14].iter().all(|id| asked(id) == 1), "each once");
    shop.poll().await.unwrap();
    shop.graph.world().time.advance(Duration::from_secs(3_700));
    shop.poll().await.unwrap();
    assert!(
        ids[3..14].iter().any(|id| asked(id) == 2),
        "and again an hour later"
    );
}

#[tokio::test]
async fn a_question_for_one_message_that_fails_holds_up_nothing_and_is_asked_again() {
    let shop = Shop::instagram().await;
    let ids = writes(&shop, "known", 3);
    shop.poll().await.unwrap();
    shop.graph.unsends(&ids[1]);
    writes(&shop, "new", 1);
    let faults = &shop.graph.world().faults;
    let one = format!("/v26.0/{}", ids[1]);
    faults.on("GET", &one).once(Fault::status(500));
    let events = shop.poll().await.unwrap();
    assert_eq!(texts(&events), ["new 0"], "what is new is told");
    assert_eq!(unsent(&shop.poll().await.unwrap()), [ids[1].as_str()]);
}
