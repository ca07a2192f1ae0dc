//! `parley-serve`: the engine behind an address of this computer, so that the window's pages run in an ordinary
//! browser, against a real workspace. For development and tests; nothing of it is in what ships.

mod browser;
mod doors;
mod guard;

use browser::Browser;
use clap::Parser;
use parley_engine::api::headless::SystemClock;
use parley_engine::api::{App, AppOptions, databases_closed};
use parley_keychain::Keychain;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How long what was interrupted may take to close its databases.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serve Parley's pages and its engine to a browser of this computer.
#[derive(Parser)]
struct Options {
    /// The workspace's folder. It opens with its passphrase: the keyring is not asked.
    #[arg(long)]
    dir: PathBuf,
    /// The built pages (`npm --prefix ui run build:scripted`).
    #[arg(long, default_value = "ui/dist-scripted")]
    pages: PathBuf,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = run(Options::parse()).await;
    let _ = databases_closed(FAREWELL);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("parley-serve: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    if !options.pages.join("index.html").is_file() {
        return Err(format!(
            "there are no pages in {}; build them: npm --prefix ui run build:scripted",
            options.pages.display()
        ));
    }
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .map_err(|e| format!("port {} of this computer: {e}", options.port))?;
    let port = listener
        .local_addr()
        .map_err(|e| format!("the chosen port: {e}"))?
        .port();
    let guard = guard::Guard::new(port).map_err(|e| format!("a random token: {e}"))?;
    let engine = App::new(AppOptions {
        data_dir: options.dir.clone(),
        secrets: Arc::new(Keychain::off()),
        clock: Arc::new(SystemClock),
        host: Arc::new(Browser::new(&options.dir)),
        passphrase: None,
    });
    engine.go_online();
    let address = guard.address();
    say(&address)?;
    let served = axum::serve(
        listener,
        doors::doors(Arc::clone(&engine), guard, options.pages),
    )
    .with_graceful_shutdown(ended())
    .await;
    engine.stop().await;
    served.map_err(|e| format!("serving {address}: {e}"))
}

/// The address is the one line on stdout, for a person to click and for a program to read.
fn say(address: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{address}")
        .and_then(|()| out.flush())
        .map_err(|e| format!("saying the address: {e}"))
}

/// Returns when somebody ends the program.
async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = term.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without signals the program ends the hard way, which the store survives.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
