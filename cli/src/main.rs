//! `parleyctl`: Parley without a window.
//!
//! stdout carries a command's answer and nothing else; what goes wrong stands on stderr, and in the exit code.

mod args;
mod commands;
mod failure;
mod print;
mod secret;
mod session;
mod time;

use args::Cli;
use clap::Parser;
use failure::Failure;
use parley_engine::api::databases_closed;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

/// How long what was interrupted may take to put its tools away.
const FAREWELL: Duration = Duration::from_secs(5);

/// How a command ended that did not fail.
pub enum Outcome {
    /// Well.
    Done,
    /// With this exit code, which says something about the answer.
    Code(u8),
}

/// How a command ended that did fail.
pub enum Stop {
    /// It says why.
    Failed(Failure),
    /// Whoever read our answer had enough of it.
    NobodyReads,
}

impl<T: Into<Failure>> From<T> for Stop {
    fn from(f: T) -> Self {
        Self::Failed(f.into())
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(r) => r,
        Err(e) => {
            return complain(
                cli.json,
                &Failure::storage(format!("no threads can be started: {e}")),
            );
        }
    };
    let ended = runtime.block_on(commands::run(&cli));
    // A thread that still waits for the keyring must not keep us.
    runtime.shutdown_background();
    // What does not close in time would have to be killed anyway.
    let _ = databases_closed(FAREWELL);
    match ended {
        Ok(Outcome::Done) | Err(Stop::NobodyReads) => ExitCode::SUCCESS,
        Ok(Outcome::Code(code)) => ExitCode::from(code),
        Err(Stop::Failed(f)) => complain(cli.json, &f),
    }
}

/// One line on stderr.
fn complain(json: bool, f: &Failure) -> ExitCode {
    let mut err = std::io::stderr().lock();
    let _ = if json {
        writeln!(err, "{}", serde_json::json!({ "error": f }))
    } else {
        writeln!(err, "parleyctl: {}", print::line(&f.message))
    };
    ExitCode::from(f.exit)
}

/// Silent unless asked: `PARLEY_LOG=parley_engine=debug`.
fn start_log() {
    if let Some(filter) = std::env::var("PARLEY_LOG")
        .ok()
        .and_then(|s| tracing_subscriber::EnvFilter::try_new(s).ok())
    {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .try_init();
    }
}

/// What writing to stdout came to.
fn written(r: std::io::Result<()>) -> Result<(), Stop> {
    match r {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Err(Stop::NobodyReads),
        Err(e) => Err(Failure::storage(format!("the answer cannot be written: {e}")).into()),
    }
}
