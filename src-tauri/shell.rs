//! What the page asks of the shell itself rather than of the engine: few words, none of which reaches the mail.

use crate::engine::Handle;
use crate::{autostart, link, place, tray, window, words};
use parley_engine::api::dto::ErrorBody;
use parley_engine::model::CustomerId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tauri::{AppHandle, Manager};

/// What the names of these commands begin with.
pub const PREFIX: &str = "shell_";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    conversation: Option<CustomerId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Autostart {
    /// `null` only asks.
    on: Option<bool>,
}

/// Answers a command of the shell.
pub async fn answer(
    app: &AppHandle,
    engine: &Handle,
    name: &str,
    args: Value,
) -> Result<Value, ErrorBody> {
    match name {
        words::COMMAND => {
            words::learn(args)?;
            tray::retell(app, engine).await;
            Ok(Value::Null)
        }
        "shell_seen" => {
            window::shows(app, read::<Seen>(args)?.conversation);
            Ok(Value::Null)
        }
        "shell_link" => Ok(json!({ "link": link::taken(app) })),
        "shell_autostart" => {
            let wanted = read::<Autostart>(args)?.on;
            let place = app.state::<place::Place>().inner().clone();
            tokio::task::spawn_blocking(move || start_at_login(&place, wanted))
                .await
                .map_err(|e| trouble("internal", &e.to_string()))?
        }
        _ => Err(trouble("invalid", "the shell has no such command")),
    }
}

fn start_at_login(place: &place::Place, wanted: Option<bool>) -> Result<Value, ErrorBody> {
    let entry = autostart::Entry::of(place).map_err(|e| trouble("host", &e))?;
    if let Some(on) = wanted {
        entry.set(on).map_err(|e| trouble("host", &e))?;
    }
    Ok(json!({ "on": entry.is_on() }))
}

fn read<T: DeserializeOwned>(args: Value) -> Result<T, ErrorBody> {
    serde_json::from_value(args).map_err(|e| trouble("invalid", &e.to_string()))
}

fn trouble(code: &str, message: &str) -> ErrorBody {
    ErrorBody {
        code: code.into(),
        message: message.into(),
    }
}
