//! The desktop shell: the only place that knows Tauri, notifications and the tray. It starts the engine, opens
//! one locked-down window, and carries calls in and changes out.

// A program with a window must not open a console beside it.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod engine;
mod host;
mod ipc;
mod log;
mod notify;
mod parts;
mod place;
mod spelling;
mod tray;
mod window;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tauri::{AppHandle, Manager, RunEvent};

/// How long the engine may take to close its connections.
const FAREWELL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            // The window is not there to say it, so stderr and a dialog of the system do.
            eprintln!("parley: {e}");
            if has_screen() {
                rfd::MessageDialog::new()
                    .set_level(rfd::MessageLevel::Error)
                    .set_title(words::NAME)
                    .set_description(host::spoken(&e.to_string()))
                    .show();
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    forbid_core_dumps();
    if !has_screen() {
        return Err("there is no screen (neither WAYLAND_DISPLAY nor DISPLAY is set); use parleyctl where there is none".into());
    }
    let place = place::Place::find(&usual_data_dir()?)?;
    log::start(&place.data_dir);
    let mut context = tauri::generate_context!();
    // One instance a data folder: the plugin knows instances by the identifier on every system.
    context.config_mut().identifier.clone_from(&place.instance);
    let passphrase = place::passphrase()?;
    let desk = window::Desk::new(&place.data_dir);
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            window::raise(app, None);
        }))
        .register_asynchronous_uri_scheme_protocol(parts::SCHEME, |context, request, responder| {
            parts::answer(&context, &request, responder);
        })
        .invoke_handler(tauri::generate_handler![ipc::call])
        .manage(desk)
        .manage(ipc::Pace::new())
        .manage(ipc::Opened::new())
        .setup(move |app| start(app.handle(), &place, passphrase))
        .build(context)?;
    app.run(|app, event| {
        if matches!(event, RunEvent::Exit) {
            stop(app);
        }
    });
    Ok(())
}

fn start(
    app: &AppHandle,
    place: &place::Place,
    passphrase: Option<secrecy::SecretString>,
) -> Result<(), Box<dyn std::error::Error>> {
    let engine = engine::start(app, place, passphrase);
    app.manage(engine.clone());
    tray::put_up(app, &place.data_dir);
    window::open(app, &engine)?;
    tauri::async_runtime::spawn(ipc::forward(app.clone(), engine.changes()));
    tauri::async_runtime::spawn(notify::run(app.clone(), engine.clone()));
    tauri::async_runtime::spawn(tray::count(app.clone(), engine.clone()));
    tauri::async_runtime::spawn(window::obey(app.clone(), engine));
    tauri::async_runtime::spawn(obey_signals(app.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    Ok(())
}

/// The last act: whatever ends the program, connections are closed and the window's place is kept.
fn stop(app: &AppHandle) {
    if let Some(desk) = app.try_state::<window::Desk>() {
        desk.remember();
    }
    if let Some(engine) = app.try_state::<engine::Handle>() {
        let stopped = tauri::async_runtime::block_on(async {
            tokio::time::timeout(FAREWELL, engine.stop()).await
        });
        tracing::info!(in_time = stopped.is_ok(), "stopped");
    }
}

/// A session that ends, or `kill`, ends Parley as its menu does.
#[cfg(unix)]
async fn obey_signals(app: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    app.exit(0);
}

#[cfg(not(unix))]
async fn obey_signals(_app: AppHandle) {}

/// Without a screen GTK can only stop the program without a word.
fn has_screen() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    cfg!(not(target_os = "linux")) || set("WAYLAND_DISPLAY") || set("DISPLAY")
}

/// A core dump would put messages and keys onto the disk in the clear.
fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Lowering a limit is always allowed; where it is not, there is nothing better to do.
        let _ = setrlimit(
            Resource::Core,
            Rlimit {
                current: Some(0),
                maximum: Some(0),
            },
        );
    }
}

/// The platform's folder for a program's data.
fn usual_data_dir() -> Result<PathBuf, &'static str> {
    let set = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let found = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        set("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")))
    };
    found.map(|dir| dir.join("parley")).ok_or("neither PARLEY_DATA_DIR nor a home folder is set; Parley does not know where to keep its files")
}

#[cfg(test)]
mod lockdown;
