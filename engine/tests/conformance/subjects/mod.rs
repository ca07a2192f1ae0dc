//! The channels.

use parley_sandbox::http::client::ask;
use parley_sandbox::http::{Fault, World};
use serde_json::Value;

pub mod email;
pub mod matrix;
pub mod smsgate;
pub mod telegram;
pub mod twilio;

pub mod sms {
    pub async fn start() -> Option<std::sync::Arc<dyn crate::subject::Subject>> {
        super::twilio::start(false).await
    }
}

pub mod whatsapp {
    pub async fn start() -> Option<std::sync::Arc<dyn crate::subject::Subject>> {
        super::twilio::start(true).await
    }
}

/// The next page that is read holds this row among its own; `rows` points to them.
async fn injected(
    world: &World,
    read: (&str, &str),
    page: &str,
    key: &str,
    rows: &str,
    row: Value,
) {
    let given = ask("GET", page, &[("authorization", key)], b"")
        .await
        .unwrap();
    let mut json = given.json();
    let all = json
        .pointer_mut(rows)
        .and_then(Value::as_array_mut)
        .expect("rows");
    all.insert(0, row);
    let count = all.len().to_string();
    let fault = Fault::answer(200, json).header("X-Total-Count", &count);
    world.faults.on(read.0, read.1).once(fault);
}
