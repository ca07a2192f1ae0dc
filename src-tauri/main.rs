//! The desktop shell: the only place that knows Tauri, notifications and the tray. It starts the engine, opens
//! its locked-down windows, and carries calls in and changes out.

// A program with a window must not open a console beside it.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod aside;
mod autostart;
mod engine;
mod frame;
mod host;
mod ipc;
mod launcher;
mod link;
mod log;
mod notify;
mod parts;
mod place;
#[cfg(all(test, target_os = "linux"))]
mod private_bus;
mod shell;
mod spelling;
mod tray;
mod wake;
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
        .plugin(tauri_plugin_single_instance::init(|app, args, _| {
            started_again(app, args);
        }))
        .register_asynchronous_uri_scheme_protocol(parts::SCHEME, |context, request, responder| {
            parts::answer(&context, &request, responder);
        })
        .invoke_handler(tauri::generate_handler![ipc::call])
        .manage(desk)
        .manage(aside::Asides::new(&place.data_dir))
        .manage(aside::Farewell::default())
        .manage(ipc::Pace::new())
        .manage(ipc::Opened::new())
        .manage(link::Waiting::default())
        .manage(place.clone())
        .setup(move |app| start(app.handle(), &place, passphrase))
        .build(context)?;
    app.run(|app, event| match event {
        RunEvent::ExitRequested { api, code, .. }
            if aside::say_farewell(app, code.unwrap_or_default()) =>
        {
            api.prevent_exit();
        }
        RunEvent::Exit => stop(app),
        // macOS hands links over as events, also the one that started Parley.
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            if let Some(arrived) = link::among(urls.into_iter().map(String::from)) {
                link::arrive(app, arrived);
            }
        }
        _ => {}
    });
    Ok(())
}

/// Somebody started Parley while it runs: with a link, by its icon, or the session did.
fn started_again(app: &AppHandle, args: Vec<String>) {
    let hidden = args.iter().any(|arg| arg == autostart::HIDDEN);
    match link::among(args.into_iter().skip(1)) {
        Some(arrived) => link::arrive(app, arrived),
        None if hidden => {}
        None => window::raise(app, None),
    }
}

fn start(
    app: &AppHandle,
    place: &place::Place,
    passphrase: Option<secrecy::SecretString>,
) -> Result<(), Box<dyn std::error::Error>> {
    let engine = engine::start(app, place, passphrase);
    app.manage(engine.clone());
    tray::put_up(app, &place.data_dir);
    let args: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let hidden = args.iter().any(|arg| arg == autostart::HIDDEN);
    let arrived = link::among(args);
    // Whoever follows a link wants to see where it leads.
    window::open(app, &engine, hidden && arrived.is_none())?;
    if let Some(arrived) = arrived {
        link::put(app, arrived);
    }
    tauri::async_runtime::spawn(ipc::forward(app.clone(), engine.changes()));
    tauri::async_runtime::spawn(notify::run(app.clone(), engine.clone()));
    tauri::async_runtime::spawn(tray::count(app.clone(), engine.clone()));
    tauri::async_runtime::spawn(window::obey(app.clone(), engine.clone()));
    tauri::async_runtime::spawn(wake::listen(engine));
    tauri::async_runtime::spawn(obey_signals(app.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    Ok(())
}

/// The last act: whatever ends the program, connections are closed and the window's place is kept.
fn stop(app: &AppHandle) {
    if let Some(desk) = app.try_state::<window::Desk>() {
        desk.remember();
    }
    if let Some(asides) = app.try_state::<aside::Asides>() {
        asides.remember();
    }
    if let Some(engine) = app.try_state::<engine::Handle>() {
        let stopped = tauri::async_runtime::block_on(async {
            tokio::time::timeout(FAREWELL, engine.stop()).await
        });
        let closed = parley_engine::api::databases_closed(FAREWELL);
        tracing::info!(in_time = stopped.is_ok() && closed, "stopped");
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
