//! What a page asks of the shell itself, beside the engine: a few words, each with its own small arguments. They come
//! through the same one command, and mean the window that asks.

use crate::aside::{self, Farewell};
use crate::engine::Handle;
use crate::{autostart, link, place, spelling, tray, window, words};
use parley_engine::api::dto::ErrorBody;
use parley_engine::model::CustomerId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tauri::{Manager, WebviewWindow};

/// What these names begin with; no command of the engine does.
pub const PREFIX: &str = "shell_";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    conversation: CustomerId,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Answers a page.
pub async fn answer(
    asking: &WebviewWindow,
    engine: &Handle,
    name: &str,
    args: Value,
) -> Result<Value, ErrorBody> {
    let app = asking.app_handle();
    match name {
        words::COMMAND => {
            words::learn(args)?;
            spelling::check(app);
            tray::retell(app, engine).await;
        }
        "shell_window" => {
            let Which { conversation } = read(name, args)?;
            aside::open(app, engine, conversation)?;
        }
        "shell_show" => {
            let Which { conversation } = read(name, args)?;
            window::raise(app, Some(conversation));
        }
        "shell_print" => {
            let Nothing {} = read(name, args)?;
            print(asking)?;
        }
        "shell_kept" => {
            let Nothing {} = read(name, args)?;
            app.state::<Farewell>().hear(asking.label());
        }
        "shell_seen" => {
            let Seen { conversation } = read(name, args)?;
            window::shows(app, asking.label(), conversation);
        }
        "shell_link" => return Ok(json!({ "link": link::taken(app) })),
        "shell_autostart" => {
            let Autostart { on } = read(name, args)?;
            let place = app.state::<place::Place>().inner().clone();
            return tokio::task::spawn_blocking(move || start_at_login(&place, on))
                .await
                .map_err(|e| trouble("internal", e.to_string()))?;
        }
        _ => {
            return Err(trouble(
                "invalid",
                format!("the window has no command named {name:?}"),
            ));
        }
    }
    Ok(Value::Null)
}

fn start_at_login(place: &place::Place, wanted: Option<bool>) -> Result<Value, ErrorBody> {
    let entry = autostart::Entry::of(place).map_err(|e| trouble("host", e))?;
    if let Some(on) = wanted {
        entry.set(on).map_err(|e| trouble("host", e))?;
    }
    Ok(json!({ "on": entry.is_on() }))
}

fn read<T: DeserializeOwned>(name: &str, args: Value) -> Result<T, ErrorBody> {
    serde_json::from_value(args).map_err(|e| trouble("invalid", format!("{name}: {e}")))
}

/// The system's own dialog, for the window that asks and no other.
fn print(asking: &WebviewWindow) -> Result<(), ErrorBody> {
    asking.print().map_err(|e| {
        trouble(
            "print",
            format!("The dialog for printing could not be opened: {e}"),
        )
    })
}

fn trouble(code: &str, message: String) -> ErrorBody {
    ErrorBody {
        code: code.into(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_named_by_its_id_and_by_nothing_else() {
        let id = CustomerId::random();
        let which: Which = read("shell_window", json!({ "conversation": id })).unwrap();
        assert_eq!(which.conversation, id);
        for wrong in [
            json!({}),
            json!({ "conversation": "main" }),
            json!({ "conversation": "../x" }),
            json!({ "conversation": id, "url": "https://evil.example" }),
        ] {
            assert!(
                read::<Which>("shell_window", wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn no_command_of_the_engine_is_taken_for_one_of_the_shell() {
        let taken = parley_engine::api::COMMANDS
            .iter()
            .any(|(name, _)| name.starts_with(PREFIX));
        assert!(!taken);
        assert!(words::COMMAND.starts_with(PREFIX));
    }
}
