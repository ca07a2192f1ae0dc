//! Keys, backups, the way back, and the check of all of it.

use super::{Context, End};
use crate::args::{Cli, Key};
use crate::print::Printer;
use crate::session;
use crate::{Outcome, failure, print, secret, time};
use parley_engine::api::args;
use parley_engine::api::dto::{BackupItem, KeepStatus, KeyPlace, RecoveryState, Restored};
use secrecy::ExposeSecret;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Make a backup, in the workspace or in another folder.
pub async fn backup(cx: &Context<'_>, to: Option<PathBuf>) -> End {
    let made = cx.session.app.back_up(to).await?;
    cx.answer(&made, |b| format!("made {}\n", row(b).join("  ")))
}

/// Write a bundle for support.
pub async fn diagnostics(cx: &Context<'_>, out: &Path) -> End {
    let bundle = parley_engine::api::diagnostics::archive(&cx.session.desk).await?;
    let path = out.to_path_buf();
    let bytes = bundle.len();
    let written = tokio::task::spawn_blocking(move || {
        // Never over something that somebody keeps.
        let mut file = std::fs::File::create_new(&path)?;
        file.write_all(&bundle)
    })
    .await
    .map_err(std::io::Error::other)
    .and_then(|r| r);
    written.map_err(|e| {
        failure::Failure::storage(format!("{} cannot be written: {e}", out.display()))
    })?;
    let answer = serde_json::json!({ "file": out.display().to_string(), "bytes": bytes });
    cx.answer(&answer, |_| {
        format!("wrote {}\n", print::line(&out.display().to_string()))
    })
}

/// The backups there are.
pub async fn backups(cx: &Context<'_>) -> End {
    let all = cx.session.app.backups(args::Backups {}).await?;
    cx.answer(&all, |all| {
        if all.is_empty() {
            return "no backup\n".into();
        }
        let rows: Vec<Vec<String>> = all.iter().map(row).collect();
        print::table(&["NAME", "MADE", "BYTES", "MESSAGES", "FILES"], &rows)
    })
}

fn row(b: &BackupItem) -> Vec<String> {
    vec![
        print::line(&b.name),
        time::local(b.at),
        b.bytes.to_string(),
        b.messages.to_string(),
        b.files.to_string(),
    ]
}

/// Go back to a backup, or make a workspace of it elsewhere. The workspace need not open for that.
pub async fn restore(cli: &Cli, out: &Printer, name: &str, to: Option<PathBuf>) -> End {
    let (app, unlock) = session::closed(cli, name, to.as_deref()).await?;
    let done = app.restore(name, to, unlock).await?;
    crate::written(out.answer(&done, restored))?;
    Ok(Outcome::Done)
}

fn restored(r: &Restored) -> String {
    let mut s = format!("restored {}\n", row(&r.backup).join("  "));
    if let Some(aside) = &r.set_aside {
        let _ = writeln!(s, "the former database lies in {}", print::line(aside));
    }
    if r.missing_files > 0 {
        let _ = writeln!(s, "{} kept files are nowhere", r.missing_files);
    }
    s.push_str("what waited to be sent is held until you decide: see parleyctl outbox\n");
    s
}

#[derive(Serialize)]
struct Verified {
    ok: bool,
    backups: Vec<One>,
}

#[derive(Serialize)]
struct One {
    backup: BackupItem,
    wrong: Option<String>,
}

/// Read every backup whole.
pub async fn check_backups(cx: &Context<'_>) -> End {
    let backups: Vec<One> = cx
        .session
        .app
        .verify_backups()
        .await?
        .into_iter()
        .map(|(backup, wrong)| One { backup, wrong })
        .collect();
    let v = Verified {
        ok: backups.iter().all(|b| b.wrong.is_none()),
        backups,
    };
    cx.answer(&v, |v| {
        let mut s = String::new();
        for b in &v.backups {
            let wrong = b.wrong.as_deref().unwrap_or("whole");
            let _ = writeln!(s, "{}  {}", print::line(&b.backup.name), print::line(wrong));
        }
        let _ = writeln!(s, "looked at {} backups", v.backups.len());
        s
    })?;
    Ok(if v.ok {
        Outcome::Done
    } else {
        Outcome::Code(failure::exit::FOUND)
    })
}

/// About the key.
pub async fn key(cx: &Context<'_>, what: &Key) -> End {
    let app = &cx.session.app;
    match what {
        Key::Status => {}
        Key::Keyring => drop(
            app.key_change(args::KeyChange {
                to: KeyPlace::Keyring,
                passphrase: None,
            })
            .await?,
        ),
        Key::Passphrase { new_passphrase_fd } => {
            let new = match new_passphrase_fd {
                Some(fd) => secret::from_fd("new passphrase", *fd)?,
                None => session::chosen("Choose a passphrase of at least 8 characters")?,
            };
            app.key_change(args::KeyChange {
                to: KeyPlace::Passphrase,
                passphrase: Some(new.expose_secret().to_owned()),
            })
            .await?;
        }
        Key::RecoveryWords => return words(cx).await,
    }
    let status = app.keep_status(args::KeepGet {}).await?;
    cx.answer(&status, told)
}

/// New words, printed once: whoever asks for them on a terminal has them.
pub async fn words(cx: &Context<'_>) -> End {
    let app = &cx.session.app;
    let issued = app.recovery_issue(args::RecoveryIssue {}).await?;
    // Only what was printed counts: if nobody reads us, the old words stay.
    cx.answer(&issued, |w| {
        let mut s = String::from(
            "The recovery key of this workspace. Write it down; it is not shown again.\n\n",
        );
        for (i, word) in w.words.iter().enumerate() {
            let _ = write!(s, "{:>2}. {word:<10}", i + 1);
            if i % 4 == 3 {
                s.push('\n');
            }
        }
        s
    })?;
    app.recovery_confirm(args::RecoveryConfirm {}).await?;
    Ok(Outcome::Done)
}

fn told(k: &KeepStatus) -> String {
    let mut s = match k.key {
        KeyPlace::Keyring => format!("the key is in {}\n", print::line(&k.keyring)),
        KeyPlace::Passphrase => "the key is under a passphrase\n".to_owned(),
    };
    s.push_str(match k.recovery {
        RecoveryState::Set => "there is a recovery key\n",
        RecoveryState::Shown => "a recovery key was made and never said to be written down\n",
        RecoveryState::None => {
            "there is no recovery key; make one with parleyctl key recovery-words\n"
        }
    });
    if let Some(f) = &k.folder {
        let _ = writeln!(s, "warning: {}", print::line(f));
    }
    s
}
