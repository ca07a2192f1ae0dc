use super::*;
use crate::model::{Channel, MetaConfig};
use serde_json::json;

const NOW: Millis = 1_790_000_000_000;

fn owner() -> Owner {
    let config = MetaConfig {
        id: "1784".into(),
        ..MetaConfig::default()
    };
    Owner::of(Channel::Instagram, &config)
}

fn time(seconds: Millis) -> String {
    let at = jiff::Timestamp::from_second(NOW / 1_000 + seconds).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

fn said(id: &str, at: &str) -> Value {
    json!({ "id": id, "created_time": at, "message": "x", "from": { "id": "61" }, "to": { "data": [{ "id": "1784" }] } })
}

fn talk(updated: &str, messages: &[Value]) -> Talk {
    let row = json!({ "id": "t", "updated_time": updated, "messages": { "data": messages } });
    Talk::read(&row, &owner(), NOW).unwrap()
}

fn against(known: Option<&Seen>) -> Against<'_> {
    Against {
        known,
        edge: Some(NOW - 600_000),
        news: true,
        reactions: true,
        now: NOW,
    }
}

#[test]
fn messages_that_are_listed_without_details_are_counted_among_the_missing() {
    let bare = |id: &str, at| json!({ "id": id, "created_time": time(at) });
    let rows = [
        said("5", &time(-10)),
        bare("4", -20),
        bare("3", -30),
        bare("1", -900),
    ];
    let told = talk(&time(-10), &rows).told(&against(None));
    assert_eq!((told.gap_since, told.bare), (Some(NOW - 600_000), 2));
    let known = Seen {
        newest: NOW - 20_000,
        ..Seen::default()
    };
    let told = talk(&time(-10), &rows).told(&against(Some(&known)));
    assert_eq!((told.gap_since, told.bare), (Some(NOW - 20_000), 0));
}

#[test]
fn a_time_that_cannot_be_is_the_present() {
    let far = "2100-01-01T00:00:00+0000";
    let told = talk(far, &[said("2", far), said("1", &time(-60))]);
    assert_eq!(told.updated, NOW);
    let told = told.told(&against(None));
    assert!(told.seen.newest <= NOW && told.seen.low <= NOW);
    let told = talk(far, &[said("1", &time(-60))]);
    assert_eq!(told.updated, NOW - 60_000, "as its messages say");
    let ahead = time(3_600);
    assert_eq!(talk(&ahead, &[]).updated, NOW + 3_600_000, "clocks differ");
}
