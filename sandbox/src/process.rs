//! Programs that end with us: by request, when dropped, and when this process is killed.

use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use std::os::unix::process::CommandExt;

use crate::error::{Error, Result};

/// The guard is the server's parent and waits on a pipe only we hold. However we end, the pipe closes
/// and the guard ends the server, so a killed test run leaves nothing behind. A server whose own order
/// of shutdown takes longer than a moment (Dovecot's takes one to five seconds) is not waited for.
const GUARD: &str = r#"
trap : TERM
exec 3<&0 </dev/null
"$@" 3<&- & server=$!
(
    trap '' TERM
    read -r _ <&3
    kill -TERM 0
    sleep 0.3
    kill -KILL "$server"
) & watch=$!
exec 3<&-
while kill -0 "$server"; do wait "$server"; code=$?; done
kill -KILL "$watch"
exit "$code"
"#;

/// A running server that stops with its owner.
pub(crate) struct Guarded {
    guard: Child,
    lifeline: Option<ChildStdin>,
}

impl Guarded {
    /// Starts `command` (a program and its arguments); what it prints goes nowhere.
    pub(crate) fn spawn(command: &[String]) -> Result<Self> {
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "guard"]).args(command);
        // A terminal's Ctrl-C must reach us alone: we stop the servers in order.
        guard.process_group(0);
        guard
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let doing = || format!("start {}", command.first().map_or("", String::as_str));
        let mut guard = guard.spawn().map_err(Error::system(doing()))?;
        let lifeline = guard.stdin.take();
        Ok(Self { guard, lifeline })
    }

    /// Whether the server has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.guard.try_wait(), Ok(None))
    }

    /// Asks the server to end (SIGTERM) and waits until it has.
    pub(crate) fn stop(&mut self, patience: Duration) -> Result<()> {
        drop(self.lifeline.take());
        let deadline = Instant::now() + patience;
        while !self.ended() {
            if Instant::now() > deadline {
                return Err(Error::Start {
                    server: "a stopping server",
                    reason: format!("it still runs {} s after SIGTERM", patience.as_secs()),
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.stop(Duration::from_secs(10));
    }
}

/// Runs a program to its end and returns what it printed, trimmed.
pub(crate) fn output(program: &str, arguments: &[&str]) -> std::io::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(std::io::Error::other(said));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first of `places` that holds a program.
pub(crate) fn find(places: &[&str]) -> Option<String> {
    places
        .iter()
        .find(|place| std::path::Path::new(place).is_file())
        .map(|place| (*place).to_owned())
}

/// The user a server runs as.
pub(crate) struct User {
    /// Its name.
    pub(crate) name: String,
    /// Its group's name.
    pub(crate) group: String,
    /// Its number.
    pub(crate) uid: u32,
    /// Its group's number.
    pub(crate) gid: u32,
    /// Whether we are root and have to become this user first.
    pub(crate) become_it: bool,
}

impl User {
    /// We ourselves, or `nobody` where we are root: mail servers refuse to read mail as root.
    pub(crate) fn ordinary() -> Result<Self> {
        let id = |arguments: &[&str]| {
            output("id", arguments).map_err(Error::system(format!("id {}", arguments.join(" "))))
        };
        let number = |text: String| {
            text.parse::<u32>()
                .map_err(|_| Error::Option(format!("id printed {text:?}, not a number")))
        };
        if number(id(&["-u"])?)? == 0 {
            return Ok(Self {
                name: "nobody".into(),
                group: id(&["-gn", "nobody"])?,
                uid: number(id(&["-u", "nobody"])?)?,
                gid: number(id(&["-g", "nobody"])?)?,
                become_it: true,
            });
        }
        Ok(Self {
            name: id(&["-un"])?,
            group: id(&["-gn"])?,
            uid: number(id(&["-u"])?)?,
            gid: number(id(&["-g"])?)?,
            become_it: false,
        })
    }

    /// The words to put before a command so that it runs as this user.
    pub(crate) fn prefix(&self) -> Vec<String> {
        if !self.become_it {
            return Vec::new();
        }
        let (uid, gid) = (self.uid.to_string(), self.gid.to_string());
        [
            "setpriv",
            "--reuid",
            &uid,
            "--regid",
            &gid,
            "--clear-groups",
        ]
        .map(String::from)
        .to_vec()
    }
}
