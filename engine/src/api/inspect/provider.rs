//! Whose data it is, where nobody says.

use serde_json::Value;

/// The provider whose data has this shape, where exactly one has.
pub(super) fn guess(json: &Value) -> Option<&'static str> {
    type Test = (&'static str, fn(&Value) -> bool);
    let tests: [Test; 6] = [
        ("telegram", is_telegram),
        ("twilio", is_twilio),
        ("smsgate", is_smsgate),
        ("matrix", is_matrix),
        ("instagram", |json| json["object"] == "instagram"),
        ("messenger", |json| json["object"] == "page"),
    ];
    let mut fits = tests.iter().filter(|(_, is)| is(json));
    match (fits.next(), fits.next()) {
        (Some((provider, _)), None) => Some(provider),
        _ => None,
    }
}

/// Whether it, or what stands in a list of it by one of these names, is so.
fn any(json: &Value, lists: &[&str], is: fn(&Value) -> bool) -> bool {
    let named = lists.iter().filter_map(|n| json.get(n)?.as_array());
    let mut rows = json.as_array().into_iter().chain(named).flatten();
    is(json) || rows.any(is)
}

fn has_text(json: &Value, name: &str) -> bool {
    json.get(name).is_some_and(Value::is_string)
}

fn is_telegram(json: &Value) -> bool {
    any(json, &["result"], |one| {
        let message = one["message_id"].is_i64() && one["chat"].is_object();
        one["update_id"].is_i64() || message || (one["result"]["message_id"].is_i64())
    })
}

fn is_twilio(json: &Value) -> bool {
    any(json, &["messages"], |one| {
        let hook = has_text(one, "MessageSid") || has_text(one, "SmsSid");
        hook || (has_text(one, "sid") && has_text(one, "status") && one.get("direction").is_some())
    })
}

fn is_smsgate(json: &Value) -> bool {
    any(json, &[], |one| {
        let event = one["event"].as_str().unwrap_or_default();
        let hook = ["sms:", "mms:"].iter().any(|of| event.starts_with(of));
        let received = has_text(one, "contentPreview") && has_text(one, "sender");
        hook || received || (one["recipients"].is_array() && has_text(one, "state"))
    })
}

fn is_matrix(json: &Value) -> bool {
    let sync = has_text(json, "next_batch") || json["rooms"]["join"].is_object();
    sync || any(json, &["chunk", "events"], |one| {
        let writer = one["sender"].as_str().unwrap_or_default();
        has_text(one, "type") && writer.starts_with('@')
    })
}
