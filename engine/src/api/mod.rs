//! Floor 3: every command a window or the command line may ask, in one typed table.

mod accounts;
mod actions;
mod archives;
pub mod args;
mod bulk;
mod compose;
mod connect;
mod contacts;
mod customer;
pub mod diagnostics;
mod drafts;
pub mod dto;
mod export;
mod files;
mod folds;
pub mod headless;
mod hints;
mod history;
mod inbox;
pub mod inspect;
mod keep;
mod language;
mod linking;
mod mailbox;
mod oauth;
mod origin;
mod original;
mod reply;
mod reports;
mod sample;
mod search;
mod sections;
mod send;
mod session;
mod settings;
mod shown;
mod table;
mod timeline;
mod transfer;
pub mod typescript;
mod vendor;
mod window;
mod within;

pub use crate::model::url::{Openable, openable};
pub use crate::store::all_closed as databases_closed;
pub use files::{part, stage_path};
pub use session::{App, AppOptions, NoHost, Unlock};

use crate::Engine;
use crate::error::{Error, Result};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;

/// What only a window can do; the engine asks it.
#[async_trait]
pub trait Host: Send + Sync + 'static {
    /// Ask the person for files to send.
    async fn pick_files(&self) -> Vec<PathBuf>;
    /// Ask the person where to save a file of this name.
    async fn save_file(&self, suggested: &str) -> Option<PathBuf>;
    /// Ask the person for files or, with `folder`, for a folder to import.
    async fn pick_import(&self, _folder: bool) -> Vec<PathBuf> {
        Vec::new()
    }
    /// Show a file in its folder, as the system's own file manager does.
    async fn show_file(&self, _path: &std::path::Path) -> std::result::Result<(), String> {
        Err("there is no window to show a folder from".into())
    }
    /// What the window runs on, by name: versions of its libraries. For the diagnostics.
    fn runs_on(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// Show where a link leads and open it in the browser if the person agrees. Only http, https, mailto and tel.
    async fn open_url(&self, url: &str) -> std::result::Result<(), String>;
    /// Ask the person whether to do something that cannot simply be taken back; `yes` is the word on the button.
    /// Without a window nobody agrees.
    async fn confirm(&self, _question: &str, _yes: &str) -> bool {
        false
    }
    /// Open a provider's sign-in page in the system's browser; the person has just asked for it.
    async fn open_browser(&self, _url: &str) -> std::result::Result<(), String> {
        Err("there is no window to open a page from".into())
    }
}

/// What a command may use.
pub struct Desk {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The window.
    pub host: Arc<dyn Host>,
    /// The role of the person at it.
    pub role: Role,
}

/// Who may ask a command, least first (`model.md`, Roles).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works on what is assigned.
    Restricted,
    /// Works.
    Agent,
    /// Also reports, views and others' assignments.
    Lead,
    /// Also accounts and people.
    Admin,
    /// Everything.
    Owner,
}

/// One command: its arguments are its type.
pub trait Command: DeserializeOwned + Send + 'static {
    /// Its name on the wire.
    const NAME: &'static str;
    /// The least role that may ask it.
    const ROLE: Role;
    /// What it answers.
    type Reply: Serialize + Send + 'static;
    /// Do it.
    fn run(self, desk: &Desk) -> impl Future<Output = Result<Self::Reply>> + Send;
}

macro_rules! dispatch { ($($args:ident $name:literal -> $reply:ty, $role:ident, $run:path;)*) => {
    $(impl Command for args::$args {
        const NAME: &'static str = $name;
        const ROLE: Role = Role::$role;
        type Reply = $reply;
        fn run(self, desk: &Desk) -> impl Future<Output = Result<Self::Reply>> + Send { $run(self, desk) }
    })*

    /// Every command's name and least role: the access list.
    pub const COMMANDS: &[(&str, Role)] = &[$(($name, Role::$role)),*];

    /// Answer a command by name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for unknown names or arguments, else what the command says.
    pub async fn call(desk: &Desk, name: &str, args: serde_json::Value) -> Result<serde_json::Value> {
        match name {
            $($name => answer::<args::$args>(desk, args).await,)*
            _ => Err(Error::Invalid(format!("there is no command named {name:?}"))),
        }
    }
}; }
table::table!(dispatch);

async fn answer<C: Command>(desk: &Desk, args: serde_json::Value) -> Result<serde_json::Value> {
    if desk.role < C::ROLE {
        return Err(Error::Refused("your role does not permit this".into()));
    }
    let command: C =
        serde_json::from_value(args).map_err(|e| Error::Invalid(format!("{}: {e}", C::NAME)))?;
    let reply = command.run(desk).await?;
    serde_json::to_value(reply).map_err(|e| Error::Internal(e.to_string()))
}

/// A typed call, for the command line and tests.
///
/// # Errors
/// What the command says.
pub async fn ask<C: Command>(desk: &Desk, command: C) -> Result<C::Reply> {
    if desk.role < C::ROLE {
        return Err(Error::Refused("your role does not permit this".into()));
    }
    command.run(desk).await
}

impl From<Error> for dto::ErrorBody {
    fn from(e: Error) -> Self {
        Self {
            code: e.code().to_owned(),
            message: e.to_string(),
        }
    }
}
