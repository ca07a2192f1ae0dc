//! Files that customers send, where they are kept: what fails keeps nothing else waiting, and what is no file is none.

use super::shop::{Shop, messages, only_card, texts};
use parley_engine::model::{CardKind, Channel, Remedy};
use parley_sandbox::graph::{ANNA, Kind, Message, Options, Platform, TOM};
use parley_sandbox::http::Fault;

async fn keeping() -> Shop {
    Shop::open(Options::instagram(), Channel::Instagram, |c| {
        c.keep_media = true;
    })
    .await
}

#[tokio::test]
async fn many_files_that_fail_hold_up_one_look_and_become_links() {
    let shop = keeping().await;
    for n in 0..4_u8 {
        let picture = shop.graph.keeps("image/png", &[0x89, b'P', b'N', b'G', n]);
        let who = if n % 2 == 0 { ANNA } else { TOM };
        let message = Message::with(Kind::Image, &picture);
        shop.graph.brings(Platform::Instagram, who, message);
    }
    shop.graph
        .writes(Platform::Instagram, ANNA, "Did they come?");
    let faults = &shop.graph.cdn().world().faults;
    faults.on("GET", "/").always(Fault::status(503));
    assert_eq!(shop.poll().await.unwrap_err().remedy, Remedy::Retry);
    // Their addresses are signed anew meanwhile.
    shop.graph
        .world()
        .time
        .advance(std::time::Duration::from_secs(2 * 3_600));
    let events = shop.poll().await.unwrap();
    let links = messages(&events).into_iter().filter(|m| m.text.is_empty());
    let links: Vec<_> = links.map(|m| only_card(m).kind).collect();
    assert_eq!(links, [CardKind::Media; 4]);
    assert!(texts(&events).contains(&"Did they come?"));
    faults.clear();
    shop.graph
        .world()
        .time
        .advance(std::time::Duration::from_secs(600));
    let picture = shop.graph.keeps("image/png", b"\x89PNG\r\n\x1a\n");
    let message = Message::with(Kind::Image, &picture);
    shop.graph.brings(Platform::Instagram, ANNA, message);
    faults.on("GET", "/").once(Fault::status(503));
    assert_eq!(
        shop.poll().await.unwrap_err().remedy,
        Remedy::Retry,
        "another page waits for its own"
    );
    assert_eq!(messages(&shop.poll().await.unwrap())[0].files.len(), 1);
}

#[tokio::test]
async fn a_page_or_nothing_in_the_place_of_a_picture_is_not_kept_as_one() {
    let shop = keeping().await;
    let page = b"<!DOCTYPE html><html><body>Sorry, this content is not available</body></html>";
    for bytes in [&page[..], b""] {
        let id = shop.graph.keeps("image/jpeg", bytes);
        shop.graph
            .brings(Platform::Instagram, ANNA, Message::with(Kind::Image, &id));
        let events = shop.poll().await.unwrap();
        let m = messages(&events)[0];
        assert!(m.files.is_empty(), "{:?}", m.files.len());
        assert_eq!(only_card(m).kind, CardKind::Media, "a link stays");
    }
}

#[tokio::test]
async fn large_files_of_one_conversation_come_in_several_batches() {
    let shop = keeping().await;
    let mut large = vec![7_u8; 17 << 20];
    large[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
    for _ in 0..6 {
        let id = shop.graph.keeps("image/png", &large);
        shop.graph
            .brings(Platform::Instagram, ANNA, Message::with(Kind::Image, &id));
    }
    let mut sizes = Vec::new();
    loop {
        let batch = shop.batch().await.unwrap();
        sizes.push(messages(&batch.events).len());
        if !batch.more {
            break;
        }
    }
    assert_eq!(sizes, [4, 2]);
    assert!(shop.poll().await.unwrap().is_empty());
}
