//! `parley-sandbox`: mail servers and fakes of other services on this machine, to try Parley with.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use parley_sandbox::channels;
use parley_sandbox::chat::Chat;
use parley_sandbox::compose::Letter;
use parley_sandbox::demo::{Demo, Facts, Wishes, control, write_as_customer};
use parley_sandbox::{Error, Result};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

#[derive(Parser)]
#[command(about = "Servers on this machine to try Parley with", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a team's and some customers' mailboxes; prints a line of JSON when they answer
    DemoServers {
        /// Where mail, password and certificates are kept
        #[arg(long, value_name = "FOLDER")]
        dir: PathBuf,
        /// Take orders as lines of JSON from standard input, and end with it
        #[arg(long)]
        control: bool,
        /// Show one certificate that nobody vouches for
        #[arg(long)]
        home_made_certificate: bool,
    },
    /// Start our fakes of SMS, WhatsApp and chat services, and a page on which one plays the customer
    Channels {
        /// The page's port; the fakes take those after it. 0 for free ones
        #[arg(long, default_value_t = 18_400)]
        port: u16,
        /// Print one line of JSON instead of words
        #[arg(long)]
        json: bool,
    },
    /// Start a Matrix homeserver and a shop with the website chat; prints a line of JSON when they answer
    ChatServers {
        /// Where the homeserver keeps its data
        #[arg(long, value_name = "FOLDER")]
        dir: PathBuf,
        /// The built script, `widget/dist/parley-chat.js`
        #[arg(long, value_name = "FILE")]
        script: PathBuf,
    },
    /// Write to the team as a customer, while the demo servers run
    WriteAsCustomer {
        /// The folder the demo servers were started with
        #[arg(long, value_name = "FOLDER")]
        dir: PathBuf,
        /// The customer who writes
        #[arg(long, default_value = "Anna Berg <anna@shop.test>")]
        from: String,
        /// The team's address
        #[arg(long)]
        to: Option<String>,
        /// What about
        #[arg(long)]
        subject: String,
        /// What it says
        #[arg(long)]
        text: String,
        /// The Message-ID it answers, with its angle brackets
        #[arg(long)]
        in_reply_to: Option<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::DemoServers {
            dir,
            control,
            home_made_certificate,
        } => {
            let wishes = Wishes {
                home_made_certificate,
            };
            serve(&dir, control, wishes).await
        }
        Command::Channels { port, json } => play(port, json).await,
        Command::ChatServers { dir, script } => chat(dir, script).await,
        Command::WriteAsCustomer {
            dir,
            from,
            to,
            subject,
            text,
            in_reply_to,
        } => Facts::read(&dir).and_then(|facts| {
            let to = to.unwrap_or_else(|| facts.address.clone());
            write_as_customer(
                &facts,
                &Letter {
                    from,
                    to,
                    subject,
                    text,
                    in_reply_to,
                },
            )
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "parley-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(dir: &Path, control: bool, wishes: Wishes) -> Result<()> {
    let parent = std::os::unix::process::parent_id();
    // Listening for signals begins before anything is started that they should stop.
    let mut end = signals()?;
    let mut demo = Demo::start(dir, wishes).await?;
    print(&json!({ "event": "ready", "demo": demo.facts() }))?;
    let mut lines = if control { Some(input_lines()) } else { None };
    loop {
        tokio::select! {
            () = end.come() => return Ok(()),
            () = orphaned(parent) => return Ok(()),
            line = next_line(&mut lines) => match line {
                Some(line) => print(&control::obey(&mut demo, &line).await)?,
                None => return Ok(()),
            },
        }
    }
}

/// Runs a homeserver and a shop until we are ended.
async fn chat(dir: PathBuf, script: PathBuf) -> Result<()> {
    let parent = std::os::unix::process::parent_id();
    let mut end = signals()?;
    let starting = tokio::task::spawn_blocking(move || Chat::start(&dir, &script));
    let chat = starting.await.map_err(|error| Error::System {
        doing: "start the homeserver".into(),
        source: std::io::Error::other(error),
    })??;
    print(&json!({ "event": "ready", "chat": chat.facts() }))?;
    tokio::select! {
        () = end.come() => {}
        () = orphaned(parent) => {}
    }
    Ok(())
}

/// Runs the fakes and their page until we are ended.
async fn play(port: u16, json: bool) -> Result<()> {
    let parent = std::os::unix::process::parent_id();
    let mut end = signals()?;
    let channels = channels::start(port).await?;
    if json {
        let settings: serde_json::Map<String, Value> = channels
            .settings()
            .iter()
            .map(|(title, rows)| ((*title).to_owned(), json!(rows)))
            .collect();
        print(&json!({ "event": "ready", "page": channels.page(), "settings": settings }))?;
    } else {
        say(&channels.settings().iter().fold(
            format!("Play the customer at {}\n", channels.page()),
            |text, (title, rows)| {
                let rows = rows.iter();
                let rows = rows.map(|(label, value)| format!("  {label:<15} {value}\n"));
                format!("{text}\n{title}\n{}", rows.collect::<String>())
            },
        ))?;
    }
    tokio::select! {
        () = end.come() => {}
        () = orphaned(parent) => {}
    }
    Ok(())
}

/// Standard input's lines, read by a thread of its own: a pending read must not keep us from ending.
fn input_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin()
            .lock()
            .lines()
            .map_while(std::result::Result::ok)
        {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next order; never, where none are taken.
async fn next_line(lines: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

fn print(value: &Value) -> Result<()> {
    say(&value.to_string())
}

fn say(value: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")
        .and_then(|()| out.flush())
        .map_err(|source| Error::System {
            doing: "write to standard output".into(),
            source,
        })
}

struct Signals {
    kinds: [tokio::signal::unix::Signal; 3],
}

impl Signals {
    async fn come(&mut self) {
        let [interrupt, terminate, hang_up] = &mut self.kinds;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
}

fn signals() -> Result<Signals> {
    let listen = |kind| {
        signal(kind).map_err(|source| Error::System {
            doing: "listen for signals".into(),
            source,
        })
    };
    let kinds = [
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
        listen(SignalKind::hangup())?,
    ];
    Ok(Signals { kinds })
}

/// Returns when the process that started us has gone.
async fn orphaned(parent: u32) {
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
