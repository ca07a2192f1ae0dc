//! A message that cannot be read at first.

use super::shop::{Shop, later, texts};
use parley_engine::model::Event;
use parley_sandbox::graph::{ANNA, Platform};
use parley_sandbox::http::Fault;
use serde_json::json;

#[tokio::test]
async fn a_message_without_its_writer_lies_with_its_customer_and_is_told_whole_once_it_is_given_whole()
 {
    let shop = Shop::instagram().await;
    let first = shop.graph.writes(Platform::Instagram, ANNA, "first");
    shop.poll().await.unwrap();
    let second = shop.graph.writes(Platform::Instagram, ANNA, "second");
    let time = "2026-01-01T00:00:00+0000";
    let people =
        json!({ "data": [{ "id": ANNA, "username": "anna.paints" }, { "id": shop.config.id }] });
    let broken = json!({ "data": [{ "id": shop.talk(), "updated_time": time, "participants": people, "messages": { "data": [
        { "id": second, "created_time": time, "message": "second", "from": null },
        { "id": first, "created_time": time, "message": "first", "from": { "id": ANNA }, "to": { "data": [{ "id": shop.config.id }] } },
    ] } }] });
    shop.graph
        .world()
        .faults
        .on("GET", "/v26.0/*/conversations")
        .once(Fault::answer(200, broken));
    let events = shop.poll().await.unwrap();
    let aside = events.iter().find_map(|e| match e {
        Event::Unreadable {
            remote_id, from, ..
        } => Some((remote_id.0.clone(), from.clone().unwrap().address)),
        _ => None,
    });
    assert_eq!(aside, Some((second, ANNA.to_owned())));
    let events = shop.poll().await.unwrap();
    assert_eq!(texts(&events), ["second"]);
    assert_eq!(later(&events), [], "nobody has anything that was changed");
    assert!(shop.poll().await.unwrap().is_empty());
}
