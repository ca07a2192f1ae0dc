//! What a person's page and tests of other languages ask under `/_play/`.

use serde_json::{Value, json};

use super::{Played, Request, Response, Rule};

/// Answers one such request.
pub(super) fn answer(fake: &dyn Played, request: &Request) -> Response {
    if !is_own(request, fake.world().base()) {
        return failed(403, "only pages and programs of this computer may play");
    }
    let path = request.path.strip_prefix("/_play/").unwrap_or_default();
    match (request.method.as_str(), path) {
        ("GET", "" | "state") => Response::json(
            200,
            &json!({ "name": fake.name(), "state": fake.state(), "time": time(fake) }),
        ),
        ("POST", order) if order.starts_with("do/") => {
            let order = order.strip_prefix("do/").unwrap_or_default();
            match fake.act(order, &request.json().unwrap_or(Value::Null)) {
                Ok(done) => Response::json(200, &done),
                Err(why) => failed(400, &why),
            }
        }
        (_, "calls") => calls(fake, request),
        (_, "faults") => faults(fake, request),
        ("GET", "time") => Response::json(200, &time(fake)),
        ("POST", "time") => {
            set_time(fake, &request.json().unwrap_or(Value::Null));
            Response::json(200, &time(fake))
        }
        _ => failed(404, "there is state, do/NAME, calls, faults and time"),
    }
}

/// Whether it was asked by this address, and by no page of another one.
pub(crate) fn is_own(request: &Request, base: &str) -> bool {
    let port = base.rsplit(':').next().unwrap_or_default();
    let host = request.header("host").unwrap_or_default();
    let here = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    here.iter().any(|h| h == host)
        && request
            .header("origin")
            .is_none_or(|o| o == format!("http://{host}"))
}

fn failed(status: u16, why: &str) -> Response {
    Response::json(status, &json!({ "error": why }))
}

fn calls(fake: &dyn Played, request: &Request) -> Response {
    let calls = &fake.world().calls;
    match request.method.as_str() {
        "GET" => {
            let from = request.query("from").and_then(|n| n.parse().ok());
            Response::json(200, &json!({ "calls": calls.from(from.unwrap_or(0)) }))
        }
        "DELETE" => {
            calls.clear();
            Response::json(200, &json!({}))
        }
        _ => failed(405, "GET or DELETE"),
    }
}

fn faults(fake: &dyn Played, request: &Request) -> Response {
    let faults = &fake.world().faults;
    match request.method.as_str() {
        "GET" => Response::json(200, &json!({ "faults": faults.rules() })),
        "POST" => match serde_json::from_slice::<Rule>(&request.body) {
            Ok(rule) => {
                faults.set(rule);
                Response::json(200, &json!({ "faults": faults.rules() }))
            }
            Err(error) => failed(400, &format!("this is no rule: {error}")),
        },
        "DELETE" => {
            faults.clear();
            Response::json(200, &json!({ "faults": [] }))
        }
        _ => failed(405, "GET, POST or DELETE"),
    }
}

fn time(fake: &dyn Played) -> Value {
    let time = &fake.world().time;
    json!({ "now": time.now(), "runs": time.runs() })
}

fn set_time(fake: &dyn Played, wish: &Value) {
    let time = &fake.world().time;
    match wish.get("runs").and_then(Value::as_bool) {
        Some(true) => time.run(),
        Some(false) => time.hold(),
        None => {}
    }
    if let Some(now) = wish.get("set").and_then(Value::as_i64) {
        time.set(now);
    }
    if let Some(by) = wish.get("advance").and_then(Value::as_i64) {
        time.shift(by);
    }
    fake.touch();
}
