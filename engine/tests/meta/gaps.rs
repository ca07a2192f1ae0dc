//! Messages that came faster than they can be read: a mark says so, whatever goes wrong with counting them.

use super::shop::{Shop, messages, texts};
use parley_engine::model::{Batch, CardKind};
use parley_sandbox::graph::{ANNA, Platform, Usage};
use parley_sandbox::http::Fault;
use serde_json::json;
use std::time::Duration;

const EDGE: &str = "/v26.0/*/messages";

async fn bursts(shop: &Shop, many: usize) -> Vec<String> {
    shop.graph.writes(Platform::Instagram, ANNA, "before");
    shop.poll().await.unwrap();
    shop.graph.world().time.advance(Duration::from_secs(60));
    let each = (0..many).map(|n| {
        shop.graph
            .writes(Platform::Instagram, ANNA, &format!("burst {n}"))
    });
    each.collect()
}

fn marks(batch: &Batch) -> Vec<Option<u32>> {
    let all = messages(&batch.events).into_iter().flat_map(|m| &m.cards);
    all.filter(|c| c.kind == CardKind::Missing)
        .map(|c| c.count)
        .collect()
}

#[tokio::test]
async fn what_cannot_be_counted_by_one_way_is_counted_by_the_other() {
    let shop = Shop::instagram().await;
    bursts(&shop, 33).await;
    let no = json!({ "error": { "code": 100, "message": "Non" } });
    let faults = &shop.graph.world().faults;
    faults.on("GET", EDGE).always(Fault::answer(400, no));
    let batch = shop.batch().await.unwrap();
    assert_eq!(marks(&batch), [Some(13)]);
    assert!(batch.gaps[0].reason.starts_with("13 "), "{:?}", batch.gaps);
}

#[tokio::test]
async fn missing_messages_that_cannot_be_counted_are_marked_without_a_number_and_the_rest_comes() {
    let refused = json!({ "error": { "code": 10, "message": "Non" } });
    for (fault, both) in [
        (Fault::answer(403, refused), true),
        (Fault::status(500), false),
        (Fault::too_many(Some(60)), false),
        (Fault::CloseBefore, false),
    ] {
        let what = format!("{fault:?}");
        let shop = Shop::instagram().await;
        bursts(&shop, 33).await;
        let faults = &shop.graph.world().faults;
        faults.on("GET", EDGE).always(fault.clone());
        if both {
            faults
                .on("GET", &format!("/v26.0/{}", shop.talk()))
                .always(fault);
        }
        let batch = shop.batch().await.unwrap();
        assert_eq!(marks(&batch), [None], "{what}");
        let came = texts(&batch.events);
        assert_eq!(came.iter().filter(|t| t.starts_with("burst")).count(), 20);
        assert!(
            batch.gaps[0].reason.starts_with("Some "),
            "{:?}",
            batch.gaps
        );
        faults.clear();
        shop.graph.world().time.advance(Duration::from_secs(120));
        let again = shop.batch().await.unwrap();
        assert!(again.events.is_empty() && again.gaps.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn an_allowance_that_is_used_up_after_a_page_does_not_take_the_page_back() {
    let shop = Shop::instagram().await;
    bursts(&shop, 33).await;
    let low = Usage {
        app: 0,
        business: 96,
        regain: 0,
    };
    shop.graph.api().with(|a, _| a.usage = low);
    let batch = shop.batch().await.unwrap();
    assert_eq!(marks(&batch), [None]);
    assert_eq!(texts(&batch.events).len(), 21);
}

#[tokio::test]
async fn a_burst_is_marked_also_where_the_list_has_a_hole() {
    let shop = Shop::instagram().await;
    let ids = bursts(&shop, 30).await;
    shop.graph.change(&ids[25], |m| m.hidden = true);
    let batch = shop.batch().await.unwrap();
    assert_eq!(marks(&batch), [Some(10)]);
}
