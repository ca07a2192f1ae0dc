use super::*;
use crate::time::{ManualClock, Millis, SECOND};
use reqwest::header::{HeaderMap, HeaderValue};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(1_000_000))
}

#[test]
fn a_server_may_ask_to_wait_in_seconds_or_until_an_instant() {
    let wait = |said: &str, now: Millis| {
        let mut h = HeaderMap::new();
        h.insert("retry-after", HeaderValue::from_str(said).unwrap());
        retry_after(&h, now)
    };
    assert_eq!(wait("7", 0), Some(7_000));
    assert_eq!(wait("0.5", 0), Some(500));
    assert_eq!(wait("-1", 0), None);
    assert_eq!(wait("soon", 0), None);
    assert_eq!(
        wait("99999999", 0),
        Some(86_400_000),
        "nobody waits longer than a day"
    );
    let at = 1_445_412_480_000;
    assert_eq!(
        wait("Wed, 21 Oct 2015 07:28:00 GMT", at - 5_000),
        Some(5_000)
    );
    assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT", at + 5_000), Some(0));
}

#[test]
fn a_busy_server_is_asked_again_and_what_it_may_have_done_is_not_done_again() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static("5"));
    let busy = |status: u16| Answer {
        host: "vendor.test".into(),
        status,
        headers: headers.clone(),
        body: Vec::new(),
    };
    let e = busy(503).failure("poll", false, 0);
    assert_eq!((e.remedy, e.retry_after), (Remedy::Wait, Some(5_000)));
    assert_eq!(busy(503).failure("send", true, 0).remedy, Remedy::Uncertain);
    assert_eq!(busy(429).failure("send", true, 0).remedy, Remedy::Wait);
}

#[test]
fn plain_addresses_stay_within_the_computer_or_where_a_phone_answers_within_its_network() {
    let ok = |a: &str, r| Base::of(a, "https://vendor.test", r).is_ok();
    assert!(ok("", Reach::Loopback), "the vendor's own");
    assert!(ok("https://x.test/api", Reach::Loopback));
    assert!(ok("http://127.0.0.1:9000", Reach::Loopback));
    assert!(!ok("http://192.168.1.2:8080", Reach::Loopback));
    assert!(ok("http://192.168.1.2:8080", Reach::Network));
    assert!(ok("http://100.101.2.3:8080", Reach::Network));
    assert!(ok("http://pixel.local:8080", Reach::Network));
    for bad in [
        "http://93.184.216.34/",
        "http://shop.test",
        "ftp://x.test",
        "x.test",
        "https://u:p@x.test",
        "https://x.test/?a=b",
        "file:///etc/passwd",
    ] {
        assert!(!ok(bad, Reach::Network), "{bad}");
    }
    let base = Base::of("http://localhost:1/a", "", Reach::Loopback).unwrap();
    assert_eq!(
        base.at(&["b/c", "d"]).as_str(),
        "http://localhost:1/a/b%2Fc/d"
    );
    assert_eq!(
        base.on_same_host("/p?x=1").unwrap().as_str(),
        "http://localhost:1/p?x=1"
    );
    assert!(base.on_same_host("https://evil.test/p").is_none());
}

#[tokio::test]
async fn an_allowance_is_shared_and_never_overdrawn() {
    let c = clock();
    let net = Net::new(c.clone());
    let (a, b) = (net.budget("app", 2.0, 2), net.budget("app", 99.0, 99));
    a.turn().await;
    b.turn().await;
    let third = tokio::spawn(async move { b.turn().await });
    tokio::task::yield_now().await;
    assert!(
        !third.is_finished(),
        "two calls are all that may go at once"
    );
    c.advance(500);
    tokio::time::timeout(Duration::from_secs(10), third)
        .await
        .expect("its turn came")
        .unwrap();
    a.hold_until(c.now() + 60 * SECOND);
    assert_eq!(a.held(), Some(c.now() + 60 * SECOND));
}

#[test]
fn a_host_that_fails_again_and_again_is_left_alone_then_tried_once() {
    let circuits = Circuits::default();
    let now = 1_000;
    for _ in 0..5 {
        assert!(circuits.enter("h", "poll", now).is_ok());
        circuits.leave("h", false, now);
    }
    let e = circuits.enter("h", "poll", now).unwrap_err();
    assert_eq!((e.remedy, e.retry_after), (Remedy::Wait, Some(10_000)));
    assert!(circuits.enter("other", "poll", now).is_ok());
    assert!(
        circuits.enter("h", "poll", now + 10_000).is_ok(),
        "one tries"
    );
    assert!(
        circuits.enter("h", "poll", now + 10_000).is_err(),
        "and only one"
    );
    circuits.leave("h", true, now + 10_001);
    assert!(circuits.enter("h", "poll", now + 10_001).is_ok());
}

#[test]
fn a_clock_that_is_set_back_lengthens_no_rest() {
    let c = clock();
    let budget = Budget::new(c.clone(), 1.0, 1);
    budget.hold_until(c.now() + 60 * SECOND);
    c.set(c.now() - 900 * SECOND);
    assert_eq!(budget.held(), Some(c.now() + 60 * SECOND));
    let circuits = Circuits::default();
    for _ in 0..5 {
        circuits.leave("h", false, 900 * SECOND);
    }
    assert!(circuits.enter("h", "poll", 900 * SECOND).is_err());
    assert!(circuits.enter("h", "poll", 0).is_ok());
}
