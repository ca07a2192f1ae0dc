//! Finding, making and opening a workspace.

use crate::args::Cli;
use crate::failure::{Failure, Result};
use crate::secret;
use parley_engine::api::dto::SessionState;
use parley_engine::api::headless::{Error, SystemClock};
use parley_engine::api::{App, AppOptions, Desk, NoHost, Unlock};
use parley_keychain::Keychain;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open workspace.
pub struct Session {
    /// The session.
    pub app: Arc<App>,
    /// What commands use.
    pub desk: Arc<Desk>,
}

/// Where the workspace lies.
pub fn folder(cli: &Cli) -> Result<PathBuf> {
    let chosen = cli.dir.clone().or_else(|| {
        std::env::var_os("PARLEY_DATA_DIR")
            .filter(|d| !d.is_empty())
            .map(PathBuf::from)
    });
    chosen.or_else(usual).ok_or_else(|| {
        Failure::invalid("neither --dir nor PARLEY_DATA_DIR nor a home folder is set")
    })
}

/// Where the desktop app keeps it.
fn usual() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let base = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        set("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")))
    };
    base.map(|dir| dir.join("parley"))
}

fn app(data_dir: PathBuf, keychain: Keychain) -> Arc<App> {
    App::new(AppOptions {
        data_dir,
        secrets: Arc::new(keychain),
        clock: Arc::new(SystemClock),
        host: Arc::new(NoHost),
        passphrase: None,
    })
}

/// Open what is there; a fresh folder is never made a workspace by the way.
pub async fn open(cli: &Cli) -> Result<Session> {
    let dir = folder(cli)?;
    let app = app(dir.clone(), Keychain::new());
    if let Some(fd) = cli.recovery_fd {
        app.open_by(Unlock::Words(secret::from_fd("recovery key", fd)?))
            .await?;
        return opened(app);
    }
    match app.status().await?.state {
        SessionState::Fresh => {
            return Err(Failure::not_found(format!(
                "there is no workspace in {}; make one with parleyctl init",
                dir.display()
            )));
        }
        SessionState::Open | SessionState::Opening => {}
        // Asked again for the reason as a code.
        SessionState::Failed => drop(app.open(None).await?),
        SessionState::Locked => {
            let passphrase = match cli.passphrase_fd {
                Some(fd) => secret::from_fd("passphrase", fd)?,
                None => secret::prompt("Passphrase of the workspace")?
                    .ok_or_else(|| Failure::locked("the workspace is locked: it opens with its passphrase; give it with --passphrase-fd"))?,
            };
            app.open(Some(passphrase)).await?;
        }
    }
    opened(app)
}

/// Make a workspace in a folder that holds none.
pub async fn create(cli: &Cli) -> Result<Session> {
    let dir = folder(cli)?;
    let passphrase = cli
        .passphrase_fd
        .map(|fd| secret::from_fd("passphrase", fd))
        .transpose()?;
    // With a passphrase the keyring has no part in it, and must not be woken.
    let keychain = if passphrase.is_some() {
        Keychain::off()
    } else {
        Keychain::new()
    };
    let app = app(dir.clone(), keychain);
    let status = app.status().await?;
    if status.state != SessionState::Fresh {
        app.stop().await;
        return Err(Error::Refused(format!("{} already holds a workspace", dir.display())).into());
    }
    let passphrase = match passphrase {
        None if !status.keyring => Some(chosen(
            "No keyring of the system answers. Choose a passphrase of at least 8 characters",
        )?),
        given => given,
    };
    app.open(passphrase).await?;
    opened(app)
}

/// A session that opens nothing, and what would open this backup.
pub async fn closed(cli: &Cli, backup: &str, to: Option<&Path>) -> Result<(Arc<App>, Unlock)> {
    let dir = folder(cli)?;
    let app = app(dir.clone(), Keychain::new());
    if let Some(fd) = cli.recovery_fd {
        return Ok((app, Unlock::Words(secret::from_fd("recovery key", fd)?)));
    }
    if let Some(fd) = cli.passphrase_fd {
        return Ok((app, Unlock::Usual(Some(secret::from_fd("passphrase", fd)?))));
    }
    let own = to.is_none() && dir.join("key.json").exists();
    let file = if own { dir } else { PathBuf::from(backup) }.join("key.json");
    let wants = std::fs::read_to_string(file).is_ok_and(|t| t.contains("\"passphrase\""));
    let given = if wants {
        secret::prompt("Passphrase of the workspace")?
    } else {
        None
    };
    Ok((app, Unlock::Usual(given)))
}

/// A new passphrase, typed twice.
pub fn chosen(question: &str) -> Result<SecretString> {
    let none = || {
        Failure::locked(
            "there is no passphrase, and no keyring of the system that would do without; give one with --passphrase-fd",
        )
    };
    let first = secret::prompt(question)?.ok_or_else(none)?;
    let again = secret::prompt("The same again")?.ok_or_else(none)?;
    if first.expose_secret() == again.expose_secret() {
        Ok(first)
    } else {
        Err(Failure::invalid("the two passphrases differ"))
    }
}

fn opened(app: Arc<App>) -> Result<Session> {
    let desk = app
        .desk()
        .ok_or_else(|| Failure::locked("the workspace is not open"))?;
    Ok(Session { app, desk })
}
