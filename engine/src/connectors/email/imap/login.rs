//! Signing in, and learning what the server can do and which folders it has.

use super::super::net::{self, Lines, Protocol, Wire, at, retry};
use super::answer::Answer;
use super::fault::{self, Fault, Outcome};
use super::folders::{self, Listed};
use super::talk::Talk;
use super::{Reader, Skills, sign_in};
use crate::connectors::email::Limits;
use crate::connectors::{Proof, Result, Step};
use crate::model::{EmailConfig, Security};
use std::collections::HashMap;
use tokio::time::timeout;

/// Opens the connection; signing in is a second step so that a test can tell them apart.
pub(in crate::connectors::email) async fn connect(
    config: &EmailConfig,
    limits: Limits,
    told: &mut Vec<Step>,
) -> Result<(Wire, Vec<String>)> {
    let server = &config.imap;
    let mut wire = net::open(server, &net::Trust::of(config), Protocol::Imap, told).await?;
    wire.patience.set(limits.idle);
    let greeted = server.security == Security::Starttls;
    let read = Lines::new(&mut wire, server).imap_capabilities(greeted, told);
    let capabilities = timeout(limits.total, read).await.map_err(|_| {
        retry(
            "greeting",
            format!("{} took too long to greet.", at(server)),
        )
    })??;
    Ok((wire, capabilities))
}

/// Signs in and learns which folders there are.
pub(in crate::connectors::email) async fn login(
    config: &EmailConfig,
    proof: &Proof,
    wire: Wire,
    offered: &[String],
    limits: Limits,
) -> Result<Reader> {
    let server = &config.imap;
    let mut talk = Talk::new(wire, server.clone(), limits);
    sign_in::sign_in(&mut talk, server, proof, offered).await?;
    let mut reader = Reader {
        talk,
        config: config.clone(),
        skills: Skills::default(),
        listed: Vec::new(),
        folders: Vec::new(),
        open: None,
        backlog: HashMap::new(),
        looked: false,
        looked_at: HashMap::new(),
        relist: false,
    };
    reader.learn().await.map_err(|f| reader.error("login", f))?;
    reader.list().await.map_err(|f| reader.error("folder", f))?;
    Ok(reader)
}

impl Reader {
    /// What the server can do; told who we are, which some servers want before they show folders.
    async fn learn(&mut self) -> Outcome<()> {
        let mut can: Vec<String> = Vec::new();
        self.ask("CAPABILITY", 0, |a| {
            if let Answer::Capability(all) = a {
                can.clone_from(all);
            }
        })
        .await?;
        let has = |c: &str| can.iter().any(|x| x == c);
        if has("ID") {
            let version = env!("CARGO_PKG_VERSION");
            let id = format!("ID (\"name\" \"Parley\" \"version\" \"{version}\")");
            unless_refused(self.ask(&id, 0, |_| {}).await)?;
        }
        let mut qresync = has("QRESYNC");
        if qresync {
            qresync = unless_refused(self.ask("ENABLE QRESYNC", 0, |_| {}).await)?;
        }
        self.skills = Skills {
            idle: has("IDLE"),
            condstore: has("CONDSTORE") || qresync,
            qresync,
            objectid: has("OBJECTID"),
            gmail: has("X-GM-EXT-1"),
            special_use: has("SPECIAL-USE") && has("LIST-EXTENDED"),
        };
        Ok(())
    }

    async fn list(&mut self) -> Outcome<()> {
        let plain = "LIST \"\" \"*\"";
        self.listed = if self.skills.special_use {
            match self.list_by(&format!("{plain} RETURN (SPECIAL-USE)")).await {
                Err(Fault::Refused(_)) => self.list_by(plain).await?,
                listed => listed?,
            }
        } else {
            self.list_by(plain).await?
        };
        self.folders = folders::choose(&self.listed, &self.config.folders, self.skills.gmail);
        Ok(())
    }

    async fn list_by(&mut self, command: &str) -> Outcome<Vec<Listed>> {
        let mut found: Vec<Listed> = Vec::new();
        self.ask(command, 0, |a| {
            if let Answer::List(line) = a
                && found.len() < folders::MOST
                && !found.iter().any(|l| l.name == line.name)
            {
                found.push(Listed::new(line));
            }
        })
        .await?;
        Ok(found)
    }
}

/// What a server may refuse without harm.
fn unless_refused(done: Outcome<()>) -> Outcome<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(Fault::Refused(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

impl Lines<'_> {
    /// What the server offers before anybody has signed in.
    async fn imap_capabilities(
        mut self,
        greeted: bool,
        told: &mut Vec<Step>,
    ) -> Result<Vec<String>> {
        if !greeted {
            let greeting = self.line().await?;
            if greeting.starts_with("* BYE") {
                return Err(fault::turned_away(self.server, &greeting));
            }
            if !greeting.starts_with("* OK") {
                return Err(retry(
                    "greeting",
                    format!(
                        "{} does not greet as an IMAP server does. Perhaps the port is wrong.",
                        at(self.server)
                    ),
                ));
            }
            let said = greeting.trim_start_matches("* OK");
            told.push(net::done("greeting", net::quoted(said)));
        }
        self.say("s2 CAPABILITY\r\n").await?;
        let mut found = Vec::new();
        for _ in 0..50 {
            let line = self.line().await?;
            if let Some(list) = line.strip_prefix("* CAPABILITY ") {
                found = list
                    .split_whitespace()
                    .map(str::to_ascii_uppercase)
                    .collect();
            }
            if line.starts_with("s2 ") {
                told.push(net::done("capabilities", found.join(" ")));
                return Ok(found);
            }
        }
        Err(retry(
            "greeting",
            format!("{} does not speak IMAP.", at(self.server)),
        ))
    }
}
