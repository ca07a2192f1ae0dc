//! How often accounts are looked at.

use crate::desk::Team;
use parley_engine::store::accounts;
use parley_engine::sync::pace;
use std::time::Duration;

#[test]
fn an_account_is_looked_at_often_while_somebody_writes_or_looks_and_seldom_else() {
    let t = Team::new();
    t.can(t.sms, |c| (c.poll_seconds, c.idle_seconds) = (15, 60));
    let row = t.read({
        let id = t.sms;
        move |c| accounts::get(c, id)
    });
    let live = t.run(t.engine.live(&row)).unwrap();
    let within = |seconds: u64| {
        let p = pace(&live, t.now());
        let whole = Duration::from_secs(seconds);
        p >= whole && p <= whole + whole / 10
    };
    assert!(within(60), "nobody is there");
    live.lively(t.now());
    assert!(within(15), "somebody wrote");
    t.later(301_000);
    assert!(within(60), "and went away");
    live.attended(t.now(), true);
    t.later(3_600_000);
    assert!(within(15), "the window is in front");
    live.lively(t.now());
    live.attended(t.now(), false);
    t.later(301_000);
    assert!(within(60));
}
