//! Against a real Secret Service: gnome-keyring on a private D-Bus with an own home folder. Each case runs this
//! test program again inside `dbus-run-session`, because a process has one session bus for life.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use parley_engine::secrets::{Key, Secrets, SecretsError};
use parley_keychain::{Keychain, SERVICE, SWITCH};
use secrecy::{ExposeSecret, SecretBox};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const INSIDE: &str = "PARLEY_TEST_INSIDE_BUS";
const WORKSPACE: &str = "00112233445566778899aabbccddeeff";

fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// A step of a scene on a private bus.
enum Step {
    /// A line for the shell.
    Shell(&'static str),
    /// The name of an ignored test below.
    Case(&'static str),
}
use Step::{Case, Shell};

/// Plays the steps on a bus of their own; the first that fails fails the test.
fn on_a_private_bus(steps: &[Step]) {
    for program in ["dbus-run-session", "dbus-send", "gnome-keyring-daemon"] {
        if !installed(program) {
            println!("skipped: {program} is not installed");
            return;
        }
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("run")).unwrap();
    let mut script = String::from("set -e\n");
    for step in steps {
        match step {
            Shell(line) => script += line,
            Case(name) => {
                script += &format!("\"$0\" --exact {name} --ignored --nocapture --test-threads 1");
            }
        }
        script.push('\n');
    }
    let out = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_RUNTIME_DIR", home.path().join("run"))
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    stop_keyring(home.path());
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(out.status.success(), "{said}");
    let cases = steps.iter().filter(|step| matches!(step, Case(_))).count();
    assert_eq!(
        said.matches("1 passed").count(),
        cases,
        "not every case ran: {said}"
    );
}

/// The daemon may outlive its bus; it is told to end by the pid that the shell noted.
fn stop_keyring(home: &Path) {
    if let Ok(pid) = std::fs::read_to_string(home.join("keyring.pid")) {
        let _ = Command::new("kill")
            .arg(pid.trim())
            .stderr(Stdio::null())
            .status();
    }
}

/// Waits for the name on the bus instead of calling it: a call would start a second daemon beside this one.
const UNLOCKED: Step = Shell(
    "printf pw | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
echo $! > \"$HOME/keyring.pid\"
owned() { dbus-send --session --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true; }
tries=0; until owned; do tries=$((tries+1)); [ $tries -lt 100 ]; sleep 0.1; done",
);

fn key(byte: u8) -> Key {
    SecretBox::new(Box::new([byte; 32]))
}

#[test]
fn a_key_is_kept_and_found_again() {
    on_a_private_bus(&[UNLOCKED, Case("inside_a_key_is_kept_and_found_again")]);
}

#[test]
#[ignore = "runs inside its own bus"]
fn inside_a_key_is_kept_and_found_again() {
    assert!(std::env::var_os(INSIDE).is_some());
    let keyring = Keychain::new();
    assert!(
        keyring.load(WORKSPACE).unwrap().is_none(),
        "a fresh keyring has no key, and that is no error"
    );
    keyring.save(WORKSPACE, &key(7)).unwrap();
    keyring.save("another", &key(9)).unwrap();
    assert_eq!(
        keyring.load(WORKSPACE).unwrap().unwrap().expose_secret(),
        &[7; 32]
    );
    keyring.save(WORKSPACE, &key(8)).unwrap();
    assert_eq!(
        Keychain::new()
            .load(WORKSPACE)
            .unwrap()
            .unwrap()
            .expose_secret(),
        &[8; 32],
        "saved again = replaced"
    );
    assert_eq!(
        keyring.load("another").unwrap().unwrap().expose_secret(),
        &[9; 32]
    );
}

#[test]
fn an_entry_somebody_else_wrote_is_damaged() {
    on_a_private_bus(&[
        UNLOCKED,
        Case("inside_an_entry_somebody_else_wrote_is_damaged"),
    ]);
}

#[test]
#[ignore = "runs inside its own bus"]
fn inside_an_entry_somebody_else_wrote_is_damaged() {
    assert!(std::env::var_os(INSIDE).is_some());
    keyring::Entry::new(SERVICE, WORKSPACE)
        .unwrap()
        .set_password("not a key")
        .unwrap();
    assert!(matches!(
        Keychain::new().load(WORKSPACE),
        Err(SecretsError::Damaged(_))
    ));
}

#[test]
fn without_a_service_it_is_unavailable() {
    on_a_private_bus(&[
        Shell("export DBUS_SESSION_BUS_ADDRESS=unix:path=$HOME/no-such-bus"),
        Case("inside_without_a_service_it_is_unavailable"),
    ]);
}

#[test]
#[ignore = "runs inside its own bus"]
fn inside_without_a_service_it_is_unavailable() {
    assert!(std::env::var_os(INSIDE).is_some());
    let keyring = Keychain::new();
    assert!(matches!(
        keyring.load(WORKSPACE),
        Err(SecretsError::Unavailable(_))
    ));
    assert!(matches!(
        keyring.save(WORKSPACE, &key(1)),
        Err(SecretsError::Unavailable(_))
    ));
}

#[test]
fn a_locked_keyring_is_told_from_an_empty_one() {
    on_a_private_bus(&[
        UNLOCKED,
        Case("inside_a_key_is_filed"),
        Shell(
            "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null",
        ),
        Case("inside_a_locked_keyring_is_told"),
    ]);
}

#[test]
#[ignore = "runs inside its own bus"]
fn inside_a_key_is_filed() {
    assert!(std::env::var_os(INSIDE).is_some());
    Keychain::new().save(WORKSPACE, &key(7)).unwrap();
}

#[test]
#[ignore = "runs inside its own bus"]
fn inside_a_locked_keyring_is_told() {
    assert!(std::env::var_os(INSIDE).is_some());
    // No prompter runs on this bus: the service refuses at once or waits for a person who is not there.
    let keyring = Keychain::new().with_patience(Duration::from_secs(5));
    let answer = keyring.load(WORKSPACE);
    assert!(
        matches!(&answer, Err(SecretsError::Locked(_))),
        "{:?}",
        answer.map(|key| key.is_some())
    );
}

#[test]
fn an_entry_that_was_deleted_is_none_and_no_failure() {
    on_a_private_bus(&[
        UNLOCKED,
        Case("inside_a_key_is_filed"),
        Case("inside_a_deleted_entry_is_none"),
    ]);
}

#[test]
#[ignore = "runs inside its own bus"]
fn inside_a_deleted_entry_is_none() {
    assert!(std::env::var_os(INSIDE).is_some());
    let keyring = Keychain::new();
    assert!(keyring.load(WORKSPACE).unwrap().is_some());
    keyring::Entry::new(SERVICE, WORKSPACE)
        .unwrap()
        .delete_credential()
        .unwrap();
    assert!(keyring.load(WORKSPACE).unwrap().is_none());
}

#[test]
fn the_switch_turns_a_working_keyring_off() {
    on_a_private_bus(&[
        UNLOCKED,
        Shell("export PARLEY_KEYRING=off"),
        Case("inside_the_switch_turns_a_working_keyring_off"),
    ]);
}

#[test]
#[ignore = "runs inside its own bus"]
fn inside_the_switch_turns_a_working_keyring_off() {
    assert!(std::env::var_os(INSIDE).is_some());
    assert!(
        matches!(Keychain::new().load(WORKSPACE), Err(SecretsError::Unavailable(why)) if why.contains(SWITCH))
    );
}
