//! What the journeys share: real mail servers, a data folder, and parleyctl as a script would call it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use parley_sandbox::compose::Letter;
use parley_sandbox::{Dovecot, Relay, dovecot, oauth, relay};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub const TEAM: &str = "support@desk.test";
pub const ANNA: &str = "anna@shop.test";
pub const PASSWORD: &str = "pass \"w\\örd";
pub const PASSPHRASE: &str = "correct horse battery";

/// The end of a parleyctl that ran.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Its answer, once it ended well.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }

    /// Its error, with nothing on stdout.
    #[track_caller]
    pub fn error(&self, code: i32) -> Value {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        let v: Value =
            serde_json::from_str(&self.err).unwrap_or_else(|e| panic!("{e}: {}", self.err));
        v["error"].clone()
    }
}

/// Servers and a workspace's folder.
pub struct Place {
    pub dovecot: Dovecot,
    pub relay: Relay,
    folder: TempDir,
}

impl Place {
    pub async fn start() -> Self {
        let users = [(TEAM, PASSWORD), (ANNA, PASSWORD)];
        let dovecot = Dovecot::start(dovecot::Options {
            token_key: Some(oauth::KEY.to_vec()),
            ..dovecot::Options::users(&users)
        })
        .unwrap();
        let relay = Relay::start(relay::Options {
            users: users
                .iter()
                .map(|(u, p)| ((*u).into(), (*p).into()))
                .collect(),
            token_key: Some(oauth::KEY.to_vec()),
            login_needs_tls: true,
            certificates: Some(dovecot.certificates().clone()),
            delivery: Some(dovecot.lmtp()),
            mailboxes: vec![TEAM.into(), ANNA.into()],
            ..relay::Options::default()
        })
        .await
        .unwrap();
        let this = Self {
            dovecot,
            relay,
            folder: tempfile::tempdir().unwrap(),
        };
        this.write("ca.pem", this.dovecot.ca_pem());
        this.write("passphrase", PASSPHRASE);
        this.write("password", PASSWORD);
        this
    }

    /// A workspace with the team's mailbox in it.
    pub async fn connected() -> Self {
        let this = Self::start().await;
        this.ctl(&["init", "--name", "Ruth"]).json();
        this.add(PASSWORD).json();
        // Mail servers date a mail to the second: what comes in the second of the connection would count as older.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        this
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Connect the team's mailbox, with this password.
    pub fn add(&self, password: &str) -> Ran {
        self.write("password", &format!("{password}\n"));
        let (imap, smtp) = (
            self.dovecot.imaps_port().to_string(),
            self.relay.port().to_string(),
        );
        let ca = self.path("ca.pem");
        self.ctl(&[
            "account",
            "add",
            "--address",
            TEAM,
            "--display-name",
            "The Desk",
            "--imap-host",
            "localhost",
            "--imap-port",
            &imap,
            "--smtp-host",
            "localhost",
            "--smtp-port",
            &smtp,
            "--smtp-security",
            "starttls",
            "--trust-certificate",
            ca.to_str().unwrap(),
            "--password-fd",
            "4",
        ])
    }

    pub fn command(&self, args: &[&str]) -> Command {
        // A shell hands over the secrets on descriptors, as scripts do.
        let mut c = Command::new("sh");
        c.args([
            "-c",
            "exec \"$0\" \"$@\" 3<\"$PASSPHRASE_FILE\" 4<\"$PASSWORD_FILE\"",
            env!("CARGO_BIN_EXE_parleyctl"),
            "--passphrase-fd",
            "3",
        ])
        .args(args);
        c.env("PASSPHRASE_FILE", self.path("passphrase"))
            .env("PASSWORD_FILE", self.path("password"));
        c.env("PARLEY_DATA_DIR", self.data())
            .env("PARLEY_KEYRING", "off")
            .env("TZ", "Europe/Berlin")
            .env_remove("PARLEY_LOG");
        c.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        c
    }

    /// Run it with `--json`.
    pub fn ctl(&self, args: &[&str]) -> Ran {
        self.text(&[&["--json"], args].concat())
    }

    /// Run it.
    pub fn text(&self, args: &[&str]) -> Ran {
        ended(self.command(args).spawn().unwrap())
    }

    /// Run it with `--json` and this on stdin.
    pub fn fed(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self
            .command(&[&["--json"], args].concat())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .unwrap();
        ended(child)
    }

    /// A mail of a customer comes in.
    pub fn deliver(&self, from: &str, subject: &str, text: &str) {
        let letter = Letter {
            from: from.into(),
            to: TEAM.into(),
            subject: subject.into(),
            text: text.into(),
            in_reply_to: None,
        };
        self.dovecot
            .deliver(TEAM, &letter.to_mail().unwrap())
            .unwrap();
    }

    /// The only conversation's id.
    #[track_caller]
    pub fn only_conversation(&self) -> String {
        let all = self.ctl(&["conversations", "--view", "all"]).json();
        assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
        all[0]["id"].as_str().unwrap().to_owned()
    }
}

fn ended(child: Child) -> Ran {
    let o = child.wait_with_output().unwrap();
    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
    Ran {
        code: o.status.code().unwrap_or(-1),
        out: text(o.stdout),
        err: text(o.stderr),
    }
}

/// Every file below a folder.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for e in std::fs::read_dir(dir).into_iter().flatten() {
        let path = e.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push(path);
        }
    }
    out
}

/// A header of a raw mail, unfolded.
pub fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    mail.lines()
        .take_while(|l| !l.trim().is_empty())
        .find_map(|l| {
            l.split_once(": ")
                .filter(|(n, _)| n.eq_ignore_ascii_case(name))
                .map(|(_, v)| v.trim())
        })
}
