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
    fails_five_times(&circuits, now);
    let e = refused(&circuits, now);
    assert_eq!((e.remedy, e.retry_after), (Remedy::Wait, Some(10_000)));
    assert!(e.unasked, "nothing was asked of the host");
    assert!(circuits.enter("other", "poll", now).is_ok());
    let trial = circuits.enter("h", "poll", now + 10_000);
    let trial = trial.unwrap_or_else(|_| panic!("one tries"));
    assert_eq!(
        refused(&circuits, now + 10_000).retry_after,
        Some(5_000),
        "and only one"
    );
    trial.leave(true, now + 10_001);
    assert!(circuits.enter("h", "poll", now + 10_001).is_ok());
}

fn fails_five_times(circuits: &Circuits, now: Millis) {
    for _ in 0..5 {
        let pass = circuits.enter("h", "poll", now);
        pass.unwrap_or_else(|_| panic!("not yet open"))
            .leave(false, now);
    }
}

fn refused(circuits: &Circuits, now: Millis) -> ChannelError {
    match circuits.enter("h", "poll", now) {
        Ok(_) => panic!("it is let through"),
        Err(e) => e,
    }
}

#[test]
fn many_calls_that_fail_in_one_moment_open_a_circuit_once_and_failed_trials_longer() {
    let circuits = Circuits::default();
    let under_way: Vec<_> = (0..20)
        .map(|_| circuits.enter("h", "poll", 0).ok().unwrap())
        .collect();
    for pass in under_way {
        pass.leave(false, 0);
    }
    assert_eq!(refused(&circuits, 0).retry_after, Some(10_000));
    let mut now = 0;
    for pause in [20_000, 40_000, 80_000, 160_000, 300_000, 300_000] {
        now += 300_000;
        circuits
            .enter("h", "poll", now)
            .ok()
            .unwrap()
            .leave(false, now);
        assert_eq!(refused(&circuits, now).retry_after, Some(pause));
    }
}

#[test]
fn a_trial_that_is_given_up_in_the_middle_is_the_next_ones() {
    let circuits = Circuits::default();
    fails_five_times(&circuits, 0);
    let given_up = circuits.enter("h", "poll", 10_000).ok().unwrap();
    assert!(circuits.enter("h", "poll", 10_000).is_err());
    drop(given_up);
    let next = circuits.enter("h", "poll", 10_000).ok().unwrap();
    assert!(
        circuits.enter("h", "poll", 10_000).is_err(),
        "one at a time"
    );
    next.leave(true, 10_000);
    assert!(circuits.enter("h", "poll", 10_000).is_ok());
}

#[test]
fn on_another_network_every_host_is_asked_again() {
    let net = Net::new(clock());
    fails_five_times(&net.circuits, 0);
    let stale = net.circuits.enter("h", "poll", 10_000).ok().unwrap();
    net.rouse();
    assert!(net.circuits.enter("h", "poll", 0).is_ok());
    // What was asked on the network before takes nothing from what is asked on this one.
    fails_five_times(&net.circuits, 0);
    let trial = net.circuits.enter("h", "poll", 10_000).ok().unwrap();
    drop(stale);
    assert!(net.circuits.enter("h", "poll", 10_000).is_err());
    drop(trial);
}

#[test]
fn a_clock_that_is_set_back_lengthens_no_rest() {
    let c = clock();
    let budget = Budget::new(c.clone(), 1.0, 1);
    budget.hold_until(c.now() + 60 * SECOND);
    c.set(c.now() - 900 * SECOND);
    assert_eq!(budget.held(), Some(c.now() + 60 * SECOND));
    let circuits = Circuits::default();
    fails_five_times(&circuits, 900 * SECOND);
    assert!(circuits.enter("h", "poll", 900 * SECOND).is_err());
    assert!(circuits.enter("h", "poll", 0).is_ok());
}
